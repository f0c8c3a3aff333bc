/* SPDX-License-Identifier: Apache-2.0
 * One login is begun in the client's name, as its web server would; nobody scans it, and it
 * expires. */
#include <config.h>

#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/json.h"
#include "core/oauth.h"
#include "core/target.h"
#include "core/text.h"
#include "tools/common/file.h"
#include "tools/common/terminal.h"
#include "tools/unitpassctl/doctor.h"
#include "tools/unitpassctl/doctor_http.h"

#define FILE_MAX 4096
#define KID_MAX 128
#define SCOPE "scope=openid%20unit"

static bool read_credential(struct up_doctor *d, const char *path, struct up_buf *out)
{
	char why[256];

	*out = (struct up_buf){ 0 };
	if (!up_doctor_keys_private(d, "client-file", path, -1))
		return false;
	if (up_file_read(path, FILE_MAX, true, out, why) == UP_OK)
		return true;
	up_doctor_find(d, UP_DOCTOR_ERROR, "client-file", "%s", why);
	return false;
}

/* The request, with the client's authentication as the module makes it. */
static enum up_err put_form(const struct up_doctor_portal *p, const struct up_jwk *key,
    const char *kid, struct up_buf *form)
{
	struct up_oauth_assertion a = { .key = key, .kid = up_span_str(kid), .client = p->client,
		.issuer = p->issuer, .now_s = (int64_t)time(NULL) };

	if (RAND_bytes(a.jti, sizeof(a.jti)) != 1)
		return UP_E_CRYPTO;
	up_buf_printf(form, "%s&client_id=", SCOPE);
	up_buf_put_percent(form, up_span_str(p->client));
	up_buf_put_str(form, "&client_assertion_type=");
	up_buf_put_percent(form, UP_SPAN_LIT(UP_OAUTH_ASSERTION_TYPE));
	up_buf_put_str(form, "&client_assertion=");
	return up_oauth_assertion_put(&a, form);
}

/* KID: the id its owner gave it, else its thumbprint. */
static struct up_jwk *read_key(struct up_doctor *d, const char *path, char kid[KID_MAX + 1])
{
	struct up_span name = { NULL, 0 };
	struct up_jwk *key = NULL;
	struct up_buf text;
	json_t *o = NULL;

	if (!read_credential(d, path, &text))
		return NULL;
	if (up_json_parse(up_buf_span(&text), &o) != UP_OK ||
	    up_jwk_from_json(o, false, &key) != UP_OK || !up_jwk_is_private(key)) {
		up_jwk_free(&key);
		up_doctor_find(d, UP_DOCTOR_ERROR, "client-file",
		    up_say("%s is not a private P-256 key as JWK, with member d",
			"%s 不是含 d 的 P-256 私钥 JWK"),
		    path);
		up_doctor_remedy(d, "%s",
		    up_say("make a new key, and register its public half: unitpassctl client add "
			   "--jwks",
			"请生成新密钥并登记公钥：unitpassctl client add --jwks"));
	}
	if (key != NULL && up_json_text_opt(o, "kid", KID_MAX, &name) != UP_OK)
		name.n = 0;
	if (key != NULL)
		snprintf(kid, KID_MAX + 1, "%.*s", (int)name.n,
		    name.n > 0 ? (const char *)name.p : "");
	if (key != NULL && name.n == 0)
		snprintf(kid, KID_MAX + 1, "%s", up_jwk_thumbprint(key));
	up_buf_free(&text);
	json_decref(o);
	return key;
}

/* The request with the client's authentication. False: said why. */
static bool ask_with_key(struct up_doctor *d, const struct up_doctor_portal *p,
    struct up_doctor_call *call, struct up_doctor_answer *a)
{
	char kid[KID_MAX + 1];
	struct up_jwk *key = read_key(d, p->key_file, kid);
	struct up_buf form = { 0 };
	bool good = false;

	if (key == NULL)
		return false;
	if (put_form(p, key, kid, &form) == UP_OK && (call->form = up_buf_cstr(&form)) != NULL)
		good = up_doctor_http(call, a) == UP_OK;
	d->failed = d->failed || !good;
	call->form = NULL;
	up_buf_free(&form);
	up_jwk_free(&key);
	return good;
}

/* RFC 6749 section 2.3.1: both are form-encoded. */
static bool post_basic(struct up_doctor *d, const struct up_doctor_portal *p, struct up_span secret,
    struct up_doctor_call *call, struct up_doctor_answer *a)
{
	struct up_buf user = { 0 }, password = { 0 };
	bool good = false;

	up_buf_put_percent(&user, up_span_str(p->client));
	up_buf_put_percent(&password, secret);
	call->form = SCOPE;
	call->user = up_buf_cstr(&user);
	call->password = up_buf_cstr(&password);
	if (call->user != NULL && call->password != NULL)
		good = up_doctor_http(call, a) == UP_OK;
	d->failed = d->failed || !good;
	call->user = call->password = call->form = NULL;
	up_buf_free(&user);
	up_buf_free(&password);
	return good;
}

static bool ask_with_secret(struct up_doctor *d, const struct up_doctor_portal *p,
    struct up_doctor_call *call, struct up_doctor_answer *a)
{
	struct up_span secret;
	struct up_buf text;
	bool good = false;

	if (!read_credential(d, p->secret_file, &text))
		return false;
	secret = up_text_line(up_buf_span(&text));
	if (secret.n > 0) {
		good = post_basic(d, p, secret, call, a);
	} else {
		up_doctor_find(d, UP_DOCTOR_ERROR, "client-file", up_say("%s is empty", "%s 为空"),
		    p->secret_file);
		up_doctor_remedy(d, "%s",
		    up_say("write the client's secret in it, one line",
			"请写入该业务系统的密钥，一行"));
	}
	up_buf_free(&text);
	return good;
}

static void find_refused(
    struct up_doctor *d, const struct up_doctor_portal *p, const struct up_doctor_answer *a)
{
	char error[UP_OAUTH_ERROR];

	up_doctor_http_error(a, error);
	if (a->status == 0) {
		up_doctor_find(d, UP_DOCTOR_ERROR, "client", "%s", a->why);
		return;
	}
	up_doctor_find(d, UP_DOCTOR_ERROR, "client",
	    up_say("the server refuses client '%s': %ld %s", "服务器拒绝业务系统“%s”：%ld %s"),
	    p->client, a->status, error);
	if (strcmp(error, "invalid_client") == 0)
		up_doctor_remedy(d, "%s", up_say("compare id and secret or key with `unitpassctl "
		    "client list` on the server, and reload unitpassd after adding a client",
		    "请与服务器上 unitpassctl client list 核对代码和密钥；新增业务系统后须重新加载 unitpassd"));
	else if (strcmp(error, "invalid_scope") == 0)
		up_doctor_remedy(d, "%s",
		    up_say("let this client ask for the scopes openid and unit at the provider",
		    "请在该服务处允许本业务系统使用 openid 和 unit 两个 scope"));
	else if (a->status == 429)
		up_doctor_remedy(d, "%s", up_say("wait a minute and try again", "请等一分钟再试"));
	else
		up_doctor_remedy(d, "%s",
		    up_say("see the server's log: journalctl -u unitpassd",
			"请查看服务器日志：journalctl -u unitpassd"));
}

/* --- the waiting page's stream --- */

static void check_registered_origin(
    struct up_doctor *d, const char *portal, const struct up_doctor_answer *a)
{
	struct up_span origin = up_doctor_http_header(a, "Access-Control-Allow-Origin");

	if (portal == NULL)
		return;
	if (up_span_eq_str(origin, portal)) {
		up_doctor_find(d, UP_DOCTOR_OK, "origin",
		    up_say("the client is registered for %s", "该业务系统登记的来源是 %s"), portal);
		return;
	}
	up_doctor_find(d, UP_DOCTOR_ERROR, "origin",
	    up_say("the client is registered for %.*s, the portal is %s: browsers refuse the "
		   "waiting page's stream",
		"该业务系统登记的来源是 %.*s，而实际地址是 %s：浏览器会拒绝等待页面的事件流"),
	    (int)origin.n, (const char *)origin.p, portal);
	up_doctor_remedy(d, "%s",
	    up_say("register the client with --origin as browsers see the portal",
		"请按浏览器地址栏中的来源登记 --origin"));
}

static void check_stream(
    struct up_doctor *d, const struct up_doctor_portal *p, const char *watch_uri)
{
	struct up_doctor_call call = {
		.url = watch_uri, .ca = d->ca, .accept = "text/event-stream", .first_event = true
	};
	struct up_doctor_answer a;

	if (up_doctor_http(&call, &a) != UP_OK)
		d->failed = true;
	if (a.status == 200) {
		up_doctor_find(d, UP_DOCTOR_OK, "stream", "%s",
		    up_say("waiting pages get their events at once", "等待页面能即时收到事件"));
		check_registered_origin(d, p->url, &a);
	} else {
		up_doctor_find(d, UP_DOCTOR_ERROR, "stream",
		    up_say(
			"no event came from watch_uri: %ld %s", "watch_uri 没有送来事件：%ld %s"),
		    a.status, a.why);
		up_doctor_remedy(d, "%s",
		    a.timed_out
			? up_say("something in front buffers the answer: proxy_buffering off for "
				 "/watch/, and no proxy_ignore_headers X-Accel-Buffering",
			      "前端在缓冲应答：请对 /watch/ 设 proxy_buffering off，勿用 "
			      "proxy_ignore_headers X-Accel-Buffering")
			: up_say("route /watch/ to unitpassd's `watch_listen`",
			      "请把 /watch/ 转发到 unitpassd 的 watch_listen"));
	}
	up_doctor_http_free(&a);
}

static void take_begun(
    struct up_doctor *d, const struct up_doctor_portal *p, const struct up_doctor_answer *a)
{
	struct up_span name = { NULL, 0 }, uri;
	char *watch_uri = NULL;
	json_t *o = NULL;

	if (up_json_parse(up_buf_span(&a->body), &o) != UP_OK) {
		find_refused(d, p, a);
		return;
	}
	if (up_json_text_opt(o, "client_name", 512, &name) != UP_OK)
		name = up_span_of(NULL, 0);
	up_doctor_find(d, UP_DOCTOR_OK, "client",
	    up_say("the server takes client '%s' (%.*s); the login begun here expires by itself",
		"服务器接受业务系统“%s”（%.*s）；此次试探的登录会自行过期"),
	    p->client, (int)name.n, name.n > 0 ? (const char *)name.p : "");
	if (up_json_text(o, "watch_uri", 1024, &uri) == UP_OK &&
	    (watch_uri = up_span_dup(uri)) != NULL)
		check_stream(d, p, watch_uri);
	else
		up_doctor_provider_code(d, o);
	if (watch_uri != NULL)
		up_wipe(watch_uri, strlen(watch_uri));
	free(watch_uri);
	json_decref(o);
}

void up_doctor_client(
    struct up_doctor *d, const struct up_doctor_portal *p, const struct up_doctor_issuer *issuer)
{
	struct up_doctor_call call = { .url = issuer->device_endpoint, .ca = d->ca };
	struct up_doctor_answer a = { 0 };
	struct up_span origin, path;

	/* Credentials go where the module sends them: nowhere in the clear. */
	if (up_target_url(up_span_str(call.url), &origin, &path) != UP_OK) {
		up_doctor_find(d, UP_DOCTOR_ERROR, "client", "%s",
		    up_say("device_authorization_endpoint is neither https nor of this machine; "
		    "the client was not tried",
		    "device_authorization_endpoint 既非 https 也非本机地址；未试业务系统认证"));
		up_doctor_remedy(
		    d, "%s", up_say("put the discovery document right first", "请先改正发现文档"));
		return;
	}
	if (p->key_file != NULL ? ask_with_key(d, p, &call, &a)
				: ask_with_secret(d, p, &call, &a)) {
		if (a.status == 200)
			take_begun(d, p, &a);
		else
			find_refused(d, p, &a);
	}
	up_doctor_http_free(&a);
}
