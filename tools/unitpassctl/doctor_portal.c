/* SPDX-License-Identifier: Apache-2.0
 * A portal as browsers meet it: is our module there, and do its pages and cookies arrive as it
 * sends them? */
#include <config.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/json.h"
#include "tools/common/terminal.h"
#include "tools/unitpassctl/doctor.h"
#include "tools/unitpassctl/doctor_http.h"
#include "tools/unitpassctl/doctor_web.h"

#define LOGIN_COOKIE "__Host-unitpass-login="

/* --- the module --- */

/* True: our module's own answer to nobody. */
static bool is_ours(const struct up_doctor_answer *a)
{
	const char *login;
	json_t *o = NULL;
	bool is;

	if (a->status != 401 || up_json_parse(up_buf_span(&a->body), &o) != UP_OK)
		return false;
	login = json_string_value(json_object_get(o, "login"));
	is = login != NULL && strcmp(login, "/.unitpass/login") == 0;
	json_decref(o);
	return is;
}

static void find_absent(struct up_doctor *d, const char *url, const struct up_doctor_answer *a)
{
	if (a->status == 0) {
		up_doctor_find(d, UP_DOCTOR_ERROR, "portal",
		    up_say("%s cannot be reached: %s", "无法访问 %s：%s"), url, a->why);
		up_doctor_remedy(d, "%s",
		    a->certificate_refused
			? up_say("give the portal a certificate for this host with its whole chain "
				 "(own authority: --ca)",
			      "请为业务系统配置与主机名相符、含完整链的证书（自建 CA 用 --ca）")
			: up_say(
			      "check name resolution, the firewall, and that the web server runs",
			      "请检查域名解析、防火墙及 Web 服务器是否运行"));
		return;
	}
	up_doctor_find(d, UP_DOCTOR_ERROR, "module",
	    up_say("%s/.unitpass/session answers %ld, not our module's 401: the module is not "
		   "active there",
		"%s/.unitpass/session 返回 %ld，而非本模块的 401：模块未生效"),
	    url, a->status);
	up_doctor_remedy(d, "%s",
	    up_say("load the module (nginx: load_module, unitpass_issuer; Apache: a2enmod "
		   "auth_unitpass), set it for this virtual host, let no other proxy keep "
		   "/.unitpass/ for itself, and reload",
		"请加载模块（nginx：load_module、unitpass_issuer；Apache：a2enmod "
		"auth_unitpass），在该虚拟主机上配置，勿让其他代理截留 /.unitpass/，然后重新加载"));
}

static bool check_session(struct up_doctor *d, const char *url)
{
	struct up_doctor_call call = { .ca = d->ca };
	struct up_doctor_answer a;
	char at[600];
	bool ours;

	snprintf(at, sizeof(at), "%s/.unitpass/session", url);
	call.url = at;
	if (up_doctor_http(&call, &a) != UP_OK)
		d->failed = true;
	ours = is_ours(&a);
	if (ours) {
		up_doctor_find(d, UP_DOCTOR_OK, "module",
		    up_say("our module answers at %s", "%s 上的模块有应答"), url);
		up_doctor_front_clock(d, url, a.date_s, (int64_t)time(NULL));
	} else {
		find_absent(d, url, &a);
	}
	up_doctor_http_free(&a);
	return ours;
}

/* --- the login page --- */

static void check_headers(struct up_doctor *d, const struct up_doctor_answer *a)
{
	static const struct { const char *name, *holds;
	} wanted[] = {
		{ "Content-Security-Policy", "frame-ancestors" },
		{ "X-Content-Type-Options", "nosniff" },
		{ "X-Frame-Options", "DENY" },
		{ "Referrer-Policy", "no-referrer" },
		{ "Cache-Control", "no-store" },
	};
	struct up_buf lost = { 0 };
	const char *text;

	for (size_t i = 0; i < UP_ARRAY_LEN(wanted); i++) {
		struct up_span v = up_doctor_http_header(a, wanted[i].name);

		if (v.n == 0 || memmem(v.p, v.n, wanted[i].holds, strlen(wanted[i].holds)) == NULL)
			up_buf_printf(&lost, "%s%s", lost.n > 0 ? ", " : "", wanted[i].name);
	}
	text = up_buf_cstr(&lost);
	d->failed = d->failed || text == NULL;
	if (lost.n == 0) {
		up_doctor_find(d, UP_DOCTOR_OK, "headers", "%s",
		    up_say("the login page has its security headers", "登录页的安全响应头齐全"));
	} else if (text != NULL) {
		up_doctor_find(d, UP_DOCTOR_WARNING, "headers",
		    up_say("the login page lost its headers: %s", "登录页缺少响应头：%s"), text);
		up_doctor_remedy(d, "%s",
		    up_say("remove what replaces or hides them (proxy_hide_header, Header unset, a "
			   "proxy or cache in front)",
			"请去掉替换或隐藏它们的设置（proxy_hide_header、Header "
			"unset、前端代理或缓存）"));
	}
	up_buf_free(&lost);
}

static void check_cookie(struct up_doctor *d, const char *url, const struct up_doctor_answer *a)
{
	struct up_span cookie = up_doctor_http_header(a, "Set-Cookie");
	bool whole = up_span_starts(cookie, LOGIN_COOKIE) &&
	    memmem(cookie.p, cookie.n, "Secure", 6) != NULL &&
	    memmem(cookie.p, cookie.n, "Path=/;", 7) != NULL &&
	    memmem(cookie.p, cookie.n, "Domain=", 7) == NULL;

	if (whole) {
		up_doctor_find(d, UP_DOCTOR_OK, "cookie",
		    up_say("the login cookie arrives, and browsers send it back (%s)",
			"登录 Cookie 能送达，浏览器会带回（%s）"),
		    strncmp(url, "https:", 6) == 0 ? "https" : up_say("loopback", "本机地址"));
		return;
	}
	up_doctor_find(d, UP_DOCTOR_ERROR, "cookie", "%s",
	    cookie.n == 0 ? up_say("the login page sets no cookie", "登录页没有设置 Cookie")
			  : up_say("the login cookie was changed on its way: browsers drop it",
				"登录 Cookie 在途中被改动：浏览器会丢弃"));
	up_doctor_remedy(d, "%s",
	    up_say("let nothing in front remove or rewrite Set-Cookie (proxy_cookie_path, "
		   "proxy_cookie_domain, Header edit, caches)",
		"请勿让前端删除或改写 Set-Cookie（proxy_cookie_path、proxy_cookie_domain、Header "
		"edit、缓存）"));
}

static void check_login(struct up_doctor *d, const char *url)
{
	struct up_doctor_call call = { .ca = d->ca, .accept = "text/html" };
	struct up_doctor_answer a;
	char at[600];

	snprintf(at, sizeof(at), "%s/.unitpass/login?return=/", url);
	call.url = at;
	if (up_doctor_http(&call, &a) != UP_OK)
		d->failed = true;
	if (a.status == 200) {
		up_doctor_find(d, UP_DOCTOR_OK, "login", "%s",
		    up_say("the login page comes, so the portal reaches its server",
			"登录页可打开，业务系统能连通其服务器"));
		check_headers(d, &a);
		check_cookie(d, url, &a);
	} else {
		up_doctor_find(d, UP_DOCTOR_ERROR, "login",
		    up_say("the login page answers %ld %s", "登录页返回 %ld %s"), a.status, a.why);
		up_doctor_remedy(d, "%s",
		    up_say("the portal cannot begin a login: read its error log for rp_provider, "
		    "rp_metadata or rp_upstream, and check --issuer and --client from its machine",
		    "业务系统无法开始登录：请在其错误日志中查找 rp_provider、rp_metadata 或 rp_upstream，"
		    "并在该机上用 --issuer 和 --client 检查"));
	}
	up_doctor_http_free(&a);
}

/* --- the web server on this machine --- */

static void find_loaded(struct up_doctor *d, const char *server, bool loaded, bool *any)
{
	*any = *any || loaded;
	if (loaded)
		up_doctor_find(d, UP_DOCTOR_OK, "module-loaded",
		    up_say("%s on this machine has the module", "本机的 %s 已配置模块"), server);
}

static void find_refused(struct up_doctor *d, const char *program, const struct up_buf *out)
{
	struct up_span last = up_doctor_web_complaint(up_buf_span(out));

	up_doctor_find(d, UP_DOCTOR_INFO, "module-loaded",
	    up_say("`%s` failed: %.*s", "`%s` 执行失败：%.*s"), program, (int)last.n,
	    last.n > 0 ? (const char *)last.p : "");
	up_doctor_remedy(d, "%s",
	    up_say("if it is the portal's server, correct its configuration, or run this as root",
		"若这是业务系统的服务器，请改正其配置，或以 root 运行"));
}

/* ANSWERS: the portal did, so its own server is fine, wherever that is. */
static void check_loaded(struct up_doctor *d, bool answers)
{
	enum up_doctor_web_run nginx, apache;
	struct up_buf dump, list;
	bool any = false;

	nginx = up_doctor_web_nginx(d->nginx_config, &dump);
	apache = up_doctor_web_apache(d->apache_config, &list);
	if (nginx == UP_DOCTOR_WEB_DONE)
		find_loaded(
		    d, "nginx", up_doctor_web_uses(up_buf_span(&dump), "unitpass_issuer"), &any);
	if (apache == UP_DOCTOR_WEB_DONE)
		find_loaded(d, "Apache",
		    list.n > 0 && memmem(list.p, list.n, "auth_unitpass_module", 20) != NULL, &any);
	if (!answers && nginx == UP_DOCTOR_WEB_FAILED)
		find_refused(d, "nginx -T", &dump);
	if (!answers && apache == UP_DOCTOR_WEB_FAILED)
		find_refused(d, "apachectl -M", &list);
	if (!answers && !any && (nginx == UP_DOCTOR_WEB_DONE || apache == UP_DOCTOR_WEB_DONE)) {
		up_doctor_find(d, UP_DOCTOR_WARNING, "module-loaded", "%s",
		    up_say("no web server on this machine has the module",
			"本机没有 Web 服务器配置了模块"));
		up_doctor_remedy(d, "%s",
		    up_say("nginx: load_module modules/ngx_http_unitpass_module.so; Apache: "
			   "a2enmod auth_unitpass",
			"nginx：load_module modules/ngx_http_unitpass_module.so；Apache：a2enmod "
			"auth_unitpass"));
	}
	up_buf_free(&dump);
	up_buf_free(&list);
}

void up_doctor_portal(struct up_doctor *d, const struct up_doctor_portal *p)
{
	struct up_doctor_issuer issuer;
	bool answers;

	if (p->issuer != NULL) {
		up_doctor_front_issuer(d, p->issuer, &issuer);
		if (p->client != NULL && issuer.device_endpoint[0] != '\0')
			up_doctor_client(d, p, &issuer);
	}
	if (p->url == NULL)
		return;
	if (p->plain) {
		up_doctor_find(d, UP_DOCTOR_ERROR, "cookie",
		    up_say("%s is plain http: browsers drop the login cookie, and come back to the "
			   "login page again and again",
			"%s 是明文 http：浏览器会丢弃登录 Cookie，一再回到登录页"),
		    p->url);
		up_doctor_remedy(d,
		    up_say("serve the portal over https, send http there (nginx: return 301 "
			   "https://$host$request_uri;), and name it to me as https",
			"请用 https 提供业务系统，把 http 转到 https（nginx：return 301 "
			"https://$host$request_uri;），并以 https 地址再查"));
		return;
	}
	answers = check_session(d, p->url);
	if (answers)
		check_login(d, p->url);
	check_loaded(d, answers);
}
