/* SPDX-License-Identifier: Apache-2.0 */
#include "peer.h"

#include "../http.h"

#include <errno.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JAR_MAX 8
#define COOKIE_MAX 512
#define CLIENT_AUTH "Authorization: Basic YmVuY2g6YmVuY2gtc2VjcmV0\r\n"	/* bench:bench-secret */
#define FORM "Content-Type: application/x-www-form-urlencoded\r\n"
#define JSON "Content-Type: application/json\r\n"

struct peer {
	const char *name;
	const char *device_path;
	const char *device_body;
	const char *token_path;
	bool (*sign_in)(struct up_peer_user *);
	bool (*approve)(struct up_peer_user *);
};

struct up_peer_user {
	const struct peer *peer;
	struct up_bench_conn *conn;
	struct up_bench_response res;
	struct up_bench_field fields[JAR_MAX + 1];	/* Location, Set-Cookie... */
	char jar[JAR_MAX][COOKIE_MAX];			/* "name=value" */
	char device_code[256];
	char user_code[64];
};

/* Say what went wrong, the first time only; always false. */
static bool unexpected(const struct up_peer_user *u, const char *step)
{
	static atomic_bool told;

	if (!atomic_exchange(&told, true))
		fprintf(stderr, "%s: %s: status %d: %.300s %.300s\n", u->peer->name, step,
		    u->res.status, u->fields[0].value != NULL ? u->fields[0].value : "",
		    u->res.body.p != NULL ? u->res.body.p : "");
	return false;
}

static bool send_request(struct up_peer_user *u, const struct up_bench_request *req)
{
	if (up_bench_conn_request(u->conn, req, &u->res) == 0)
		return true;
	u->res.status = 0;
	u->res.body.n = 0;
	up_bench_buf_put(&u->res.body, strerror(errno), strlen(strerror(errno)));
	return unexpected(u, req->path);
}

/* Keep the cookies of the reply; an empty value deletes.  Paths are not kept:
 * a user has one interaction at a time. */
static bool jar_update(struct up_peer_user *u)
{
	for (size_t i = 1; i <= JAR_MAX && u->fields[i].value != NULL; i++) {
		const char *set = u->fields[i].value;
		size_t n = strcspn(set, ";");
		size_t name = strcspn(set, "=") + 1;
		size_t slot = JAR_MAX;
		for (size_t j = 0; j < JAR_MAX; j++)
			if (strncmp(u->jar[j], set, name) == 0 ||
			    (slot == JAR_MAX && u->jar[j][0] == '\0'))
				slot = j;
		if (name > n || n >= COOKIE_MAX || slot == JAR_MAX)
			return unexpected(u, "cookie");
		memcpy(u->jar[slot], set, n);
		u->jar[slot][n == name ? 0 : n] = '\0';
	}
	return true;
}

/* A request of the browser: with her cookies, and keeping the new ones. */
static bool browse(struct up_peer_user *u, const char *method, const char *path, const char *type,
    const char *body)
{
	char headers[JAR_MAX * COOKIE_MAX + 128];
	size_t n = 0;

	for (size_t i = 0; i < JAR_MAX; i++)
		if (u->jar[i][0] != '\0')
			n += (size_t)snprintf(headers + n, sizeof(headers) - n, "%s%s",
			    n == 0 ? "Cookie: " : "; ", u->jar[i]);
	snprintf(headers + n, sizeof(headers) - n, "%s%s", n > 0 ? "\r\n" : "", type);
	const struct up_bench_request req = {
		.method = method, .path = path, .headers = headers,
		.body = body, .body_len = strlen(body),
	};
	return send_request(u, &req) && jar_update(u);
}

/* A request of the device: with the client's secret. */
static json_t *ask(struct up_peer_user *u, const char *path, const char *body)
{
	const struct up_bench_request req = {
		.method = "POST", .path = path, .headers = CLIENT_AUTH FORM,
		.body = body, .body_len = strlen(body),
	};

	if (!send_request(u, &req))
		return NULL;
	return json_loadb(u->res.body.p, u->res.body.n, 0, NULL);
}

static bool copy_member(const json_t *o, const char *name, char *out, size_t size)
{
	const char *s = json_string_value(json_object_get(o, name));

	return s != NULL && (size_t)snprintf(out, size, "%s", s) < size;
}

bool up_peer_user_authorize(struct up_peer_user *u)
{
	json_t *o = ask(u, u->peer->device_path, u->peer->device_body);
	bool ok = o != NULL && u->res.status == 200 &&
	    copy_member(o, "device_code", u->device_code, sizeof(u->device_code)) &&
	    copy_member(o, "user_code", u->user_code, sizeof(u->user_code));

	json_decref(o);
	return ok || unexpected(u, "device authorization");
}

static json_t *poll_token(struct up_peer_user *u)
{
	char body[128 + sizeof(u->device_code)];

	snprintf(body, sizeof(body), "grant_type=%s&device_code=%s",
	    "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code", u->device_code);
	return ask(u, u->peer->token_path, body);
}

bool up_peer_user_poll_pending(struct up_peer_user *u)
{
	json_t *o = poll_token(u);
	const char *error = json_string_value(json_object_get(o, "error"));
	bool ok = u->res.status == 400 && error != NULL &&
	    strcmp(error, "authorization_pending") == 0;

	json_decref(o);
	return ok || unexpected(u, "pending poll");
}

/* True when the JOSE header of a compact JWS with three parts names ES256. */
static bool is_es256(const char *jws)
{
	unsigned char header[513];
	char b64[684] = "";
	size_t n = jws != NULL ? strcspn(jws, ".") : 0;
	const char *second = n > 0 && jws[n] == '.' ? strchr(jws + n + 1, '.') : NULL;

	if (second == NULL || strlen(second) != 1 + 86 || n + 4 > sizeof(b64))
		return false;	/* 64 bytes of signature are 86 characters */
	for (size_t i = 0; i < (n + 3) / 4 * 4; i++)
		b64[i] = (char)(i >= n ? '=' : jws[i] == '-' ? '+' : jws[i] == '_' ? '/' : jws[i]);
	int len = EVP_DecodeBlock(header, (unsigned char *)b64, (int)((n + 3) / 4 * 4));
	if (len < 0)
		return false;
	header[len] = '\0';
	return strstr((char *)header, "\"alg\":\"ES256\"") != NULL;
}

bool up_peer_user_redeem(struct up_peer_user *u)
{
	json_t *o = poll_token(u);
	bool ok = u->res.status == 200 &&
	    is_es256(json_string_value(json_object_get(o, "id_token")));

	json_decref(o);
	return ok || unexpected(u, "redeem");
}

/* -- oidc-provider: pages and forms of its own device flow and interactions -- */

/* The value of the hidden input "xsrf" of the page just read. */
static bool read_xsrf(struct up_peer_user *u, char *out, size_t size)
{
	static const char mark[] = "name=\"xsrf\" value=\"";
	const char *p = u->res.status == 200 ? strstr(u->res.body.p, mark) : NULL;
	size_t n = p != NULL ? strcspn(p + sizeof(mark) - 1, "\"") : 0;

	if (n == 0 || n >= size)
		return unexpected(u, "xsrf");
	memcpy(out, p + sizeof(mark) - 1, n);
	out[n] = '\0';
	return true;
}

/* Open the link, send its form, confirm: ends at the success page, or at an
 * interaction when she is not signed in. */
static bool oidcp_confirm(struct up_peer_user *u)
{
	char path[128], xsrf[128], form[320];

	snprintf(path, sizeof(path), "/device?user_code=%s", u->user_code);
	if (!browse(u, "GET", path, "", "") || !read_xsrf(u, xsrf, sizeof(xsrf)))
		return false;
	snprintf(form, sizeof(form), "xsrf=%s&user_code=%s", xsrf, u->user_code);
	if (!browse(u, "POST", "/device", FORM, form) || !read_xsrf(u, xsrf, sizeof(xsrf)))
		return false;
	snprintf(form, sizeof(form), "xsrf=%s&user_code=%s&confirm=yes", xsrf, u->user_code);
	return browse(u, "POST", "/device", FORM, form);
}

static bool oidcp_approve(struct up_peer_user *u)
{
	return oidcp_confirm(u) && (u->res.status == 200 || unexpected(u, "approval"));
}

/* The path of the redirect just received, on any host. */
static bool redirect_path(struct up_peer_user *u, char *out, size_t size)
{
	const char *to = u->fields[0].value;
	const char *host = to != NULL ? strstr(to, "://") : NULL;

	if (u->res.status != 303 || to == NULL)
		return unexpected(u, "redirect");
	if (host != NULL)
		to = strchr(host + 3, '/');
	return (to != NULL && (size_t)snprintf(out, size, "%s", to) < size) ||
	    unexpected(u, "redirect");
}

/* Follow the redirect to a prompt's page, send its form, follow back. */
static bool oidcp_prompt(struct up_peer_user *u, const char *form)
{
	char path[256];

	return redirect_path(u, path, sizeof(path)) && browse(u, "GET", path, "", "") &&
	    (u->res.status == 200 || unexpected(u, "prompt")) &&
	    browse(u, "POST", path, FORM, form) &&
	    redirect_path(u, path, sizeof(path)) && browse(u, "GET", path, "", "");
}

/* A first whole login: it asks for her name, then for consent, and both last. */
static bool oidcp_sign_in(struct up_peer_user *u)
{
	return up_peer_user_authorize(u) && oidcp_confirm(u) &&
	    oidcp_prompt(u, "prompt=login&login=alice&password=alice") &&
	    oidcp_prompt(u, "prompt=consent") &&
	    (u->res.status == 200 || unexpected(u, "sign-in")) && up_peer_user_redeem(u);
}

/* -- glewlwyd: the calls its login page makes -- */

static bool glewlwyd_sign_in(struct up_peer_user *u)
{
	return browse(u, "POST", "/api/auth/", JSON,
	    "{\"username\":\"alice\",\"password\":\"alice-password\"}") &&
	    (u->res.status == 200 || unexpected(u, "sign-in")) &&
	    browse(u, "PUT", "/api/auth/grant/bench", JSON, "{\"scope\":\"openid\"}") &&
	    (u->res.status == 200 || unexpected(u, "consent"));
}

/* Open the link, then press "continue". */
static bool glewlwyd_approve(struct up_peer_user *u)
{
	char path[160];

	snprintf(path, sizeof(path), "/api/oidc/device?code=%s", u->user_code);
	if (!browse(u, "GET", path, "", "") || u->res.status != 302)
		return unexpected(u, "verification link");
	strcat(path, "&g_continue");
	return browse(u, "GET", path, "", "") &&
	    ((u->res.status == 302 && u->fields[0].value != NULL &&
	    strstr(u->fields[0].value, "prompt=deviceComplete") != NULL) ||
	    unexpected(u, "approval"));
}

static const struct peer peers[] = {
	{ "oidc-provider", "/device/auth", "scope=openid", "/token", oidcp_sign_in, oidcp_approve },
	{ "glewlwyd", "/api/oidc/device_authorization",
	    "grant_type=device_authorization&scope=openid", "/api/oidc/token", glewlwyd_sign_in,
	    glewlwyd_approve },
};

struct up_peer_user *up_peer_user_new(const char *peer, long port)
{
	struct up_peer_user *u = calloc(1, sizeof(*u));
	char addr[32];

	if (u == NULL)
		return NULL;
	for (size_t i = 0; i < sizeof(peers) / sizeof(peers[0]); i++)
		if (strcmp(peers[i].name, peer) == 0)
			u->peer = &peers[i];
	u->fields[0].name = "Location";
	for (size_t i = 1; i <= JAR_MAX; i++)
		u->fields[i].name = "Set-Cookie";
	u->res.fields = u->fields;
	u->res.nfields = JAR_MAX + 1;
	snprintf(addr, sizeof(addr), "127.0.0.1:%ld", port);
	if (u->peer == NULL || up_bench_conn_new(addr, &u->conn) != 0)
		up_peer_user_free(&u);
	return u;
}

void up_peer_user_free(struct up_peer_user **up)
{
	struct up_peer_user *u = *up;

	*up = NULL;
	if (u == NULL)
		return;
	up_bench_conn_free(&u->conn);
	up_bench_buf_free(&u->res.body);
	free(u);
}

bool up_peer_user_sign_in(struct up_peer_user *u)
{
	return u->peer->sign_in(u);
}

bool up_peer_user_approve(struct up_peer_user *u)
{
	return u->peer->approve(u);
}
