/* SPDX-License-Identifier: Apache-2.0
 * The issuer as portals and phones meet it, through the web server in front. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/json.h"
#include "core/target.h"
#include "server/config.h"
#include "tools/common/terminal.h"
#include "tools/unitpassctl/doctor.h"
#include "tools/unitpassctl/doctor_http.h"
#include "tools/unitpassctl/doctor_web.h"

#define SKEW_WARNING_S 5
#define SKEW_ERROR_S 60
#define DAYS_WARNING 21
#define DAYS_ERROR 0
#define DAY_S 86400
#define NO_WATCH "AAAAAAAAAAAAAAAAAAAAAA"  /* well formed, and nobody's */

void up_doctor_front_clock(struct up_doctor *d, const char *who, int64_t date_s, int64_t now_s)
{
	int64_t skew = now_s - date_s;
	enum up_doctor_level level = llabs(skew) > SKEW_ERROR_S ? UP_DOCTOR_ERROR
	    : llabs(skew) > SKEW_WARNING_S                      ? UP_DOCTOR_WARNING
								: UP_DOCTOR_OK;

	if (date_s == 0)
		return;
	if (level == UP_DOCTOR_OK) {
		up_doctor_find(d, level, "clock",
		    up_say("this machine's clock agrees with %s", "本机时钟与 %s 一致"), who);
		return;
	}
	if (skew > 0)
		up_doctor_find(d, level, "clock",
		    up_say("this machine's clock is %lld s ahead of %s",
			"本机时钟比 %2$s 快 %1$lld 秒"),
		    (long long)skew, who);
	else
		up_doctor_find(d, level, "clock",
		    up_say(
			"this machine's clock is %lld s behind %s", "本机时钟比 %2$s 慢 %1$lld 秒"),
		    (long long)-skew, who);
	up_doctor_remedy(d, "%s",
	    up_say("let both machines follow a time server: timedatectl set-ntp true",
		"请让两台机器都与时间服务器同步：timedatectl set-ntp true"));
}

/* --- reachable, certificate, discovery --- */

static void find_unreachable(
    struct up_doctor *d, const char *issuer, const struct up_doctor_answer *a)
{
	if (a->certificate_refused) {
		up_doctor_find(d, UP_DOCTOR_ERROR, "tls", "%s: %s", issuer, a->why);
		up_doctor_remedy(d, "%s",
		    up_say("give the web server a certificate for this host, not expired, with the "
			   "whole chain (ssl_certificate: own certificate first, then the "
			   "intermediates); "
			   "for an authority of your own use --ca and add it to the system: "
			   "update-ca-certificates",
			"请为 Web "
			"服务器配置与主机名相符、未过期、含完整证书链的证书（ssl_"
			"certificate：先自身证书，后中间证书）；自建 CA 请用 "
			"--ca，并加入系统信任：update-ca-certificates"));
		return;
	}
	up_doctor_find(d, UP_DOCTOR_ERROR, "issuer",
	    up_say("%s cannot be reached: %s", "无法访问 %s：%s"), issuer, a->why);
	up_doctor_remedy(d, "%s",
	    up_say("check name resolution, the firewall, and that the web server in front listens "
		   "there",
		"请检查域名解析、防火墙，以及前端 Web 服务器是否在此监听"));
}

static void check_certificate(
    struct up_doctor *d, const char *issuer, const struct up_doctor_answer *a, int64_t now_s)
{
	long long days = (long long)((a->expires_s - now_s) / DAY_S);
	enum up_doctor_level level = days <= DAYS_ERROR ? UP_DOCTOR_ERROR
	    : days < DAYS_WARNING                       ? UP_DOCTOR_WARNING
							: UP_DOCTOR_OK;

	if (strncmp(issuer, "https:", 6) != 0) {
		up_doctor_find(d, UP_DOCTOR_INFO, "tls",
		    up_say("%s is plain http: for trials on this machine only",
			"%s 是明文 http：仅限本机试用"),
		    issuer);
		return;
	}
	if (!a->has_certificates)
		return;
	up_doctor_find(d, level, "tls",
	    up_say("the certificate chain is good for another %lld days (%s)",
		"证书链还有 %lld 天到期（%s）"),
	    days, a->subject);
	if (level != UP_DOCTOR_OK)
		up_doctor_remedy(d, "%s",
		    up_say("renew it and reload the web server", "请续期并重新加载 Web 服务器"));
}

static void check_discovery(struct up_doctor *d, const char *issuer,
    const struct up_doctor_answer *a, struct up_doctor_issuer *out)
{
	struct up_span told;
	json_t *o = NULL;

	if (a->status != 200 || up_json_parse(up_buf_span(&a->body), &o) != UP_OK ||
	    up_json_text(o, "issuer", 512, &told) != UP_OK) {
		up_doctor_find(d, UP_DOCTOR_ERROR, "discovery",
		    up_say(
			"%s/.well-known/openid-configuration answers %ld, not unitpassd's document",
			"%s/.well-known/openid-configuration 返回 %ld，不是 unitpassd 的文档"),
		    issuer, a->status);
		up_doctor_remedy(d, "%s",
		    a->status == 502 || a->status == 503 || a->status == 504
			? up_say("unitpassd does not answer the web server: systemctl status "
				 "unitpassd, and compare proxy_pass with `listen`",
			      "unitpassd 未响应 Web 服务器：请查看 systemctl status "
			      "unitpassd，并核对 proxy_pass 与 listen")
			: up_say("pass everything of this host on to unitpassd's `listen`; see "
				 "nginx-issuer.conf among the examples",
			      "请把该主机的全部请求转发到 unitpassd 的 listen，参见示例 "
			      "nginx-issuer.conf"));
		goto out;
	}
	if (!up_span_eq_str(told, issuer)) {
		up_doctor_find(d, UP_DOCTOR_ERROR, "discovery",
		    up_say("the server calls itself %.*s, not %s", "服务器自称 %.*s，而非 %s"),
		    (int)told.n, (const char *)told.p, issuer);
		up_doctor_remedy(d, "%s",
		    up_say("write the same origin, byte for byte, as `issuer` in unitpassd.conf "
			   "and at the portals",
			"请让 unitpassd.conf 的 issuer 与各业务系统所写的来源逐字一致"));
		goto out;
	}
	up_doctor_find(d, UP_DOCTOR_OK, "discovery",
	    up_say("%s answers, and its document names it", "%s 有应答，文档与之相符"), issuer);
	up_doctor_provider(d, o, out);
out:
	json_decref(o);
}

static bool is_document(const struct up_doctor_answer *a)
{
	json_t *o = NULL;
	bool is = a->status == 200 && up_json_parse(up_buf_span(&a->body), &o) == UP_OK;

	json_decref(o);
	return is;
}

/* The first answer that is a document, of all places where it may be;
 * else what the first place answers. */
static void ask_metadata(struct up_doctor *d, const char *issuer, struct up_doctor_answer *a)
{
	struct up_doctor_call call = { .ca = d->ca };
	struct up_doctor_answer other;
	char url[UP_TARGET_METADATA_MAX];

	for (unsigned i = 0; up_target_metadata(issuer, i, url); i++) {
		call.url = url;
		if (up_doctor_http(&call, i == 0 ? a : &other) != UP_OK)
			d->failed = true;
		if (i > 0 && is_document(&other)) {
			up_doctor_http_free(a);
			*a = other;
		} else if (i > 0) {
			up_doctor_http_free(&other);
		}
		if (a->status == 0 || is_document(a))
			return;
	}
}

void up_doctor_front_issuer(struct up_doctor *d, const char *issuer, struct up_doctor_issuer *out)
{
	struct up_doctor_answer a = { 0 };
	int64_t now_s;

	*out = (struct up_doctor_issuer){ .reachable = false };
	ask_metadata(d, issuer, &a);
	now_s = (int64_t)time(NULL);
	out->reachable = a.status != 0;
	if (!out->reachable) {
		find_unreachable(d, issuer, &a);
	} else {
		check_certificate(d, issuer, &a, now_s);
		check_discovery(d, issuer, &a, out);
		up_doctor_front_clock(d, issuer, a.date_s, now_s);
	}
	up_doctor_http_free(&a);
}

/* --- routes --- */

static void check_watch(struct up_doctor *d, const char *issuer)
{
	struct up_doctor_call call = { .ca = d->ca };
	struct up_doctor_answer a;
	char url[600], error[UP_OAUTH_ERROR];

	snprintf(url, sizeof(url), "%s/watch/" NO_WATCH, issuer);
	call.url = url;
	if (up_doctor_http(&call, &a) != UP_OK)
		d->failed = true;
	up_doctor_http_error(&a, error);
	if (a.status == 404 && strcmp(error, up_err_reply(UP_E_NOT_FOUND)->oauth) == 0) {
		up_doctor_find(d, UP_DOCTOR_OK, "watch",
		    up_say("%s/watch/ reaches unitpassd", "%s/watch/ 可到达 unitpassd"), issuer);
	} else {
		up_doctor_find(d, UP_DOCTOR_ERROR, "watch",
		    up_say(
			"%s/watch/ answers %ld, not unitpassd's 404: waiting pages get no QR code",
			"%s/watch/ 返回 %ld，不是 unitpassd 的 404：等待页面收不到二维码"),
		    issuer, a.status);
		up_doctor_remedy(d, "%s",
		    up_say("route /watch/ to unitpassd's `watch_listen`, with proxy_buffering off; "
			   "see nginx-issuer.conf among the examples",
			"请把 /watch/ 转发到 unitpassd 的 watch_listen，并设 proxy_buffering "
			"off，参见示例 nginx-issuer.conf"));
	}
	up_doctor_http_free(&a);
}

static void check_operators(struct up_doctor *d, const char *issuer)
{
	struct up_doctor_call call = { .ca = d->ca };
	struct up_doctor_answer a;
	char url[600];

	snprintf(url, sizeof(url), "%s/metrics", issuer);
	call.url = url;
	if (up_doctor_http(&call, &a) != UP_OK)
		d->failed = true;
	if (a.status == 200 && memmem(a.body.p, a.body.n, "unitpass_", 9) != NULL) {
		up_doctor_find(d, UP_DOCTOR_WARNING, "admin-private",
		    up_say("%s/metrics is open to everybody", "%s/metrics 对外公开"), issuer);
		up_doctor_remedy(d, "%s",
		    up_say("do not route anything from outside to `admin_listen`",
			"请勿把外部请求转发到 admin_listen"));
	} else if (a.status != 0) {
		up_doctor_find(d, UP_DOCTOR_OK, "admin-private", "%s",
		    up_say("the operators' listener is not open to the outside",
			"运维监听未对外公开"));
	}
	up_doctor_http_free(&a);
}

/* --- X-Forwarded-For --- */

static void find_unknown(struct up_doctor *d, const char *why)
{
	up_doctor_find(d, UP_DOCTOR_INFO, "forwarded-for",
	    up_say("the web server's configuration could not be looked at (%s)",
		"无法查看 Web 服务器的配置（%s）"),
	    why);
	up_doctor_remedy(d, "%s",
	    up_say("make sure that it sets X-Forwarded-For itself: proxy_set_header "
		   "X-Forwarded-For $remote_addr;",
		"请确认由它自己设置 X-Forwarded-For：proxy_set_header X-Forwarded-For "
		"$remote_addr;"));
}

static void judge_forwarded(struct up_doctor *d, enum up_doctor_web_forwarded found)
{
	if (found == UP_DOCTOR_WEB_SET) {
		up_doctor_find(d, UP_DOCTOR_OK, "forwarded-for", "%s",
		    up_say("nginx sets X-Forwarded-For itself", "nginx 自行设置 X-Forwarded-For"));
		return;
	}
	if (found == UP_DOCTOR_WEB_ELSEWHERE) {
		find_unknown(d,
		    up_say("nginx here passes nothing on to `listen`",
			"本机 nginx 没有转发到 listen"));
		return;
	}
	up_doctor_find(d, UP_DOCTOR_ERROR, "forwarded-for", "%s",
	    found == UP_DOCTOR_WEB_ABSENT
		? up_say("nginx does not set X-Forwarded-For: anybody can claim any address",
		      "nginx 未设置 X-Forwarded-For：任何人都能冒充任意地址")
		: up_say("nginx passes on the X-Forwarded-For that the client sent: anybody can "
			 "claim any address",
		      "nginx 原样转发客户端的 X-Forwarded-For：任何人都能冒充任意地址"));
	up_doctor_remedy(d, "%s",
	    up_say("in the location that passes on to `listen`: proxy_set_header X-Forwarded-For "
		   "$remote_addr;",
		"请在转发到 listen 的 location 中写：proxy_set_header X-Forwarded-For "
		"$remote_addr;"));
}

/* mod_proxy appends the peer's address of its own accord. */
static bool apache_is_proxy(const struct up_doctor *d)
{
	struct up_buf out;
	bool is = up_doctor_web_apache(d->apache_config, &out) == UP_DOCTOR_WEB_DONE &&
	    memmem(out.p, out.n, "proxy_http_module", 17) != NULL;

	up_buf_free(&out);
	return is;
}

static void check_forwarded(struct up_doctor *d, const char *listen)
{
	enum up_doctor_web_forwarded found = UP_DOCTOR_WEB_ELSEWHERE;
	enum up_doctor_web_run run;
	struct up_span last;
	struct up_buf dump;
	char why[256];

	run = up_doctor_web_nginx(d->nginx_config, &dump);
	last = up_doctor_web_complaint(up_buf_span(&dump));
	snprintf(why, sizeof(why), "nginx -T: %.*s", (int)(last.n < 200 ? last.n : 200),
	    (const char *)last.p);
	if (run == UP_DOCTOR_WEB_DONE &&
	    up_doctor_web_forwarded(up_buf_span(&dump), listen, &found) != UP_OK)
		d->failed = true;
	if (found == UP_DOCTOR_WEB_ELSEWHERE && apache_is_proxy(d))
		up_doctor_find(d, UP_DOCTOR_INFO, "forwarded-for", "%s",
		    up_say("Apache adds the client's address to X-Forwarded-For itself, unless "
			   "ProxyAddHeaders is Off",
			"Apache 会自行把客户端地址加入 X-Forwarded-For，除非设了 ProxyAddHeaders "
			"Off"));
	else if (run == UP_DOCTOR_WEB_DONE)
		judge_forwarded(d, found);
	else
		find_unknown(d,
		    run == UP_DOCTOR_WEB_MISSING
			? up_say("neither nginx nor Apache is here", "本机没有 nginx 或 Apache")
			: why);
	up_buf_free(&dump);
}

void up_doctor_front_routes(struct up_doctor *d, const struct up_config *c)
{
	check_watch(d, c->issuer);
	check_operators(d, c->issuer);
	check_forwarded(d, c->listen);
}
