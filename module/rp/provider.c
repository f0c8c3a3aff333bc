/* SPDX-License-Identifier: Apache-2.0 */
#include "module/rp/provider.h"

#include <oauth2/mem.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "core/oauth.h"
#include "core/text.h"
#include "module/rp/metadata.h"
#include "module/rp/rplog.h"
#include "module/rp/transport.h"

#define GRANT_TYPE "urn:ietf:params:oauth:grant-type:device_code"
#define ID_TOKEN_MAX UP_JWT_MAX

struct up_provider {
	const char *issuer, *client;
	char *secret, *kid;
	struct up_jwk *key;
	struct up_transport *transport;
	struct up_metadata *metadata;
};

enum up_err up_provider_new(const char *issuer, const char *client, struct up_span secret,
    struct up_jwk *key, struct up_span kid, struct up_provider **out)
{
	enum up_err err = UP_E_NOMEM;
	struct up_provider *p = calloc(1, sizeof(*p));

	*out = NULL;
	if (p == NULL) {
		up_jwk_free(&key);
		return UP_E_NOMEM;
	}
	p->issuer = issuer;
	p->client = client;
	p->key = key;
	if (key == NULL && (p->secret = up_span_dup(secret)) == NULL)
		goto out;
	if (key != NULL &&
	    (p->kid = up_span_dup(kid.n > 0 ? kid : up_span_str(up_jwk_thumbprint(key)))) == NULL)
		goto out;
	err = up_transport_new(&p->transport);
	if (err == UP_OK)
		err = up_metadata_new(issuer, p->transport, &p->metadata);
	if (err != UP_OK)
		goto out;
	*out = p;
	p = NULL;
out:
	up_provider_free(&p);
	return err;
}

void up_provider_free(struct up_provider **pp)
{
	struct up_provider *p = *pp;

	if (p == NULL)
		return;
	if (p->secret != NULL)
		up_wipe(p->secret, strlen(p->secret));
	free(p->secret);
	free(p->kid);
	up_jwk_free(&p->key);
	up_metadata_free(&p->metadata);
	up_transport_free(&p->transport);
	free(p);
	*pp = NULL;
}

/* --- the form and the client's authentication --- */

static bool add(oauth2_nv_list_t *list, const char *name, struct up_span value)
{
	char *text;
	bool ok;

	if (value.n == 0)
		return true;
	text = up_span_dup(value);
	ok = text != NULL && oauth2_nv_list_add(up_rplog_oauth2(), list, name, text);
	if (text != NULL)
		up_wipe(text, value.n);
	free(text);
	return ok;
}

static enum up_err put_assertion(const struct up_provider *p, int64_t now_s, oauth2_nv_list_t *list)
{
	struct up_oauth_assertion a = { .key = p->key, .kid = up_span_str(p->kid),
		.client = p->client, .issuer = p->issuer, .now_s = now_s };
	struct up_buf token = { 0 };
	enum up_err err = UP_E_CRYPTO;

	if (RAND_bytes(a.jti, sizeof(a.jti)) == 1)
		err = up_oauth_assertion_put(&a, &token);
	if (err == UP_OK &&
	    !(add(list, "client_id", up_span_str(p->client)) &&
		add(list, "client_assertion_type", UP_SPAN_LIT(UP_OAUTH_ASSERTION_TYPE)) &&
		add(list, "client_assertion", up_buf_span(&token))))
		err = UP_E_NOMEM;
	up_buf_free(&token);
	return err;
}

static void free_secret(char *s)
{
	if (s == NULL)
		return;
	up_wipe(s, strlen(s));
	oauth2_mem_free(s);
}

/* POST LIST, with the client's authentication added. */
static enum up_err post(struct up_provider *p, const char *url, oauth2_nv_list_t *list,
    int64_t now_s, long *status, struct up_buf *body)
{
	struct up_transport_call call = { .url = url, .accept = "application/json" };
	oauth2_log_t *log = up_rplog_oauth2();
	char *form = NULL, *user = NULL, *password = NULL;
	enum up_err err = UP_OK;

	if (p->key != NULL) {
		err = put_assertion(p, now_s, list);
	} else {
		call.user = user = oauth2_url_encode(log, p->client);
		call.password = password = oauth2_url_encode(log, p->secret);
		err = user != NULL && password != NULL ? UP_OK : UP_E_NOMEM;
	}
	if (err != UP_OK)
		goto out;
	call.form = form = oauth2_http_url_form_encode(log, list);
	err = form != NULL ? up_transport_call(p->transport, &call, status, body) : UP_E_NOMEM;
out:
	free_secret(form);
	free_secret(user);
	free_secret(password);
	return err;
}

/* An address that does not answer as it should may have moved: ask for the metadata again, for the
 * next caller. */
static enum up_err lost(struct up_provider *p, const char *what, long status)
{
	up_rplog('e', "rp_upstream failed call=%s status=%ld", what, status);
	up_metadata_doubt(p->metadata);
	return UP_E_UPSTREAM;
}

/* --- device authorization --- */

static bool copy_text(const json_t *o, const char *name, char *out, size_t cap)
{
	struct up_span s;

	out[0] = '\0';
	if (up_json_text_opt(o, name, cap - 1, &s) != UP_OK)
		return false;
	if (s.n > 0)
		memcpy(out, s.p, s.n);
	out[s.n] = '\0';
	return true;
}

static bool int_or(
    const json_t *o, const char *name, int64_t min, int64_t max, int64_t absent, int64_t *out)
{
	*out = absent;
	return json_object_get(o, name) == NULL || up_json_int(o, name, min, max, out) == UP_OK;
}

/* An address that people open, or that our page opens. */
static bool copy_url(const json_t *o, const char *name, char *out)
{
	return copy_text(o, name, out, UP_RP_URL_MAX + 1) &&
	    (out[0] == '\0' || up_metadata_url_ok(out));
}

/* Nothing that hides, steers or cannot be found on a keyboard. */
static bool is_typable(const char *s)
{
	for (; *s != '\0'; s++)
		if (*s < 0x20 || *s >= 0x7f)
			return false;
	return true;
}

static bool take_lifetime(const json_t *o, struct up_provider_begun *b)
{
	if (up_json_int(o, "expires_in", 1, INT32_MAX, &b->expires_in_s) != UP_OK)
		return false;
	if (b->expires_in_s > UP_PROVIDER_EXPIRES_MAX)
		b->expires_in_s = UP_PROVIDER_EXPIRES_MAX;
	return true;
}

/* The address to open, as RFC 8628 calls it or as older providers do;
 * with a watch_uri there need be none. */
static const char *take_uris(const json_t *o, struct up_provider_begun *b)
{
	if (!copy_url(o, "watch_uri", b->watch_uri))
		return "watch_uri";
	if (!copy_url(o, "verification_uri", b->verification_uri))
		return "verification_uri";
	if (b->verification_uri[0] == '\0' && !copy_url(o, "verification_url", b->verification_uri))
		return "verification_url";
	if (!copy_url(o, "verification_uri_complete", b->complete_uri))
		return "verification_uri_complete";
	if (b->watch_uri[0] != '\0' || b->complete_uri[0] != '\0')
		return NULL;
	if (b->verification_uri[0] == '\0')
		return "verification_uri";
	return b->user_code[0] == '\0' ? "user_code" : NULL;
}

/* NULL, or the first member that does not do. */
static const char *take_begun(const json_t *o, struct up_provider_begun *b)
{
	if (!copy_text(o, "device_code", b->device_code, sizeof(b->device_code)) ||
	    b->device_code[0] == '\0')
		return "device_code";
	/* names, and the code where there is a QR, are a nicety: one that does not fit is left out
	 */
	if (!copy_text(o, "user_code", b->user_code, sizeof(b->user_code)) ||
	    !is_typable(b->user_code))
		b->user_code[0] = '\0';
	(void)!copy_text(o, "client_name", b->client_name, sizeof(b->client_name));
	(void)!copy_text(o, "item_name", b->item_name, sizeof(b->item_name));
	if (!take_lifetime(o, b))
		return "expires_in";
	if (!int_or(o, "interval", 0, 600, 5, &b->interval_s))
		return "interval";
	return int_or(o, "frame_interval", 1, 60, 5, &b->frame_interval_s) ? take_uris(o, b)
	    : "frame_interval";
}

static enum up_err accept_begun(struct up_provider *p, struct up_span body,
    struct up_provider_begun *b)
{
	const char *member;
	json_t *o = NULL;

	if (up_json_parse(body, &o) != UP_OK)
		return lost(p, "device_authorization", 200);
	member = take_begun(o, b);
	json_decref(o);
	if (member == NULL)
		return UP_OK;
	up_rplog('e', "rp_provider unusable: its answer does not do call=device_authorization "
	    "member=%s", member);
	up_metadata_doubt(p->metadata);
	return UP_E_PROVIDER;
}

/* False: it is no error of a provider's (RFC 6749 section 5.2). WHY may be logged. */
static bool read_error(long status, struct up_span body, char error[UP_OAUTH_ERROR],
    char why[UP_OAUTH_WHY])
{
	char text[UP_OAUTH_WHY];
	bool has = status >= 400 && status <= 499 && up_oauth_error(body, error, text);

	up_rplog_redact(has ? text : "", why, UP_OAUTH_WHY);
	return has;
}

/* It understood us and will not have us. */
static enum up_err refused(struct up_provider *p, const char *what, long status, const char *error,
    const char *why)
{
	bool is_word = error[strspn(error, "abcdefghijklmnopqrstuvwxyz_")] == '\0';

	up_rplog('e', "rp_provider refused call=%s status=%ld error=%s description=\"%s\"", what,
	    status, is_word ? error : "other", why);
	if (strcmp(error, "invalid_client") == 0)
		up_rplog('e',
		    "rp_client refused by the server; check client and its secret or key");
	up_metadata_doubt(p->metadata);
	return UP_E_PROVIDER;
}

static enum up_err take_begin_error(struct up_provider *p, bool has_item, long status,
    struct up_span body)
{
	char error[UP_OAUTH_ERROR], why[UP_OAUTH_WHY];

	if (status == 429)
		return UP_E_RATE;
	if (!read_error(status, body, error, why))
		return lost(p, "device_authorization", status);
	if (has_item && strcmp(error, "invalid_request") == 0)
		return UP_E_ITEM;
	return refused(p, "device_authorization", status, error, why);
}

enum up_err up_provider_begin(
    struct up_provider *p, const struct up_provider_ask *ask, struct up_provider_begun *begun)
{
	oauth2_log_t *log = up_rplog_oauth2();
	oauth2_nv_list_t *list = NULL;
	struct up_buf body = { 0 };
	char url[UP_RP_URL_MAX + 1];
	enum up_err err;
	long status;

	memset(begun, 0, sizeof(*begun));
	err = up_metadata_endpoint(p->metadata, UP_METADATA_DEVICE, url);
	if (err != UP_OK)
		return err;
	list = oauth2_nv_list_init(log);
	err = UP_E_NOMEM;
	if (list == NULL || !add(list, "scope", UP_SPAN_LIT("openid unit")) ||
	    !add(list, "nonce", ask->nonce) || !add(list, "item", ask->item) ||
	    !add(list, "purpose", ask->purpose) || !add(list, "initiator_ip", ask->initiator_ip) ||
	    !add(list, "initiator_user_agent", ask->initiator_user_agent) ||
	    !add(list, "browser", ask->browser) || !add(list, "supersedes", ask->supersedes) ||
	    !add(list, "ui_locales", ask->ui_locales))
		goto out;
	err = post(p, url, list, ask->now_s, &status, &body);
	if (err == UP_E_UPSTREAM)
		up_metadata_doubt(p->metadata);
	if (err != UP_OK)
		goto out;
	err = status == 200 ? accept_begun(p, up_buf_span(&body), begun)
	    : take_begin_error(p, ask->item.n > 0, status, up_buf_span(&body));
	if (err == UP_OK)
		up_metadata_warm(p->metadata);
out:
	if (list != NULL)
		oauth2_nv_list_free(log, list);
	up_buf_free(&body);
	return err;
}

/* --- redemption --- */

static enum up_err take_token(struct up_provider *p, struct up_span body, char **id_token)
{
	struct up_span s;
	json_t *o = NULL;
	enum up_err err;

	if (up_json_parse(body, &o) != UP_OK)
		return lost(p, "token", 200);
	err = up_json_text(o, "id_token", ID_TOKEN_MAX, &s) == UP_OK ? UP_OK : UP_E_PROVIDER;
	if (err != UP_OK)
		up_rplog('e',
		    "rp_provider unusable: its answer does not do call=token member=id_token");
	else if ((*id_token = up_span_dup(s)) == NULL)
		err = UP_E_NOMEM;
	json_decref(o);
	return err;
}

static enum up_err take_token_error(struct up_provider *p, long status, struct up_span body)
{
	static const struct { const char *error; enum up_err err;
	} errors[] = {
		{ "authorization_pending", UP_E_PENDING },
		{ "slow_down", UP_E_SLOW_DOWN },
		{ "access_denied", UP_E_DENIED },
		{ "expired_token", UP_E_EXPIRED },
		{ "invalid_grant", UP_E_GRANT },
	};
	char error[UP_OAUTH_ERROR], why[UP_OAUTH_WHY];

	if (status == 429)
		return UP_E_SLOW_DOWN;
	if (!read_error(status, body, error, why))
		return lost(p, "token", status);
	for (size_t i = 0; i < UP_ARRAY_LEN(errors); i++)
		if (strcmp(error, errors[i].error) == 0)
			return errors[i].err;
	return refused(p, "token", status, error, why);
}

enum up_err up_provider_redeem(
    struct up_provider *p, const char *device_code, int64_t now_s, char **id_token)
{
	oauth2_log_t *log = up_rplog_oauth2();
	oauth2_nv_list_t *list = NULL;
	struct up_buf body = { 0 };
	char url[UP_RP_URL_MAX + 1];
	enum up_err err;
	long status;

	*id_token = NULL;
	err = up_metadata_endpoint(p->metadata, UP_METADATA_TOKEN, url);
	if (err != UP_OK)
		return err;
	list = oauth2_nv_list_init(log);
	err = UP_E_NOMEM;
	if (list == NULL || !add(list, "grant_type", UP_SPAN_LIT(GRANT_TYPE)) ||
	    !add(list, "device_code", up_span_str(device_code)))
		goto out;
	err = post(p, url, list, now_s, &status, &body);
	if (err == UP_E_UPSTREAM)
		up_metadata_doubt(p->metadata);
	if (err != UP_OK)
		goto out;
	err = status == 200 ? take_token(p, up_buf_span(&body), id_token)
			    : take_token_error(p, status, up_buf_span(&body));
out:
	if (list != NULL)
		oauth2_nv_list_free(log, list);
	up_buf_free(&body);
	return err;
}

/* --- progress --- */

static bool take_state(struct up_span body, struct up_provider_state *s)
{
	static const char *const states[] = { "pending", "scanned", "approved", "denied",
		"expired" };
	json_t *o = NULL, *frame;
	bool ok = false;

	if (up_json_parse(body, &o) != UP_OK)
		return false;
	if (!copy_text(o, "state", s->state, sizeof(s->state)) ||
	    up_json_int(o, "expires_in", 0, UP_PROVIDER_EXPIRES_MAX, &s->expires_in_s) != UP_OK)
		goto out;
	for (size_t i = 0; i < UP_ARRAY_LEN(states); i++)
		ok = ok || strcmp(s->state, states[i]) == 0;
	frame = json_object_get(o, "frame");
	if (ok && frame != NULL)
		ok = copy_text(frame, "text", s->text, sizeof(s->text)) && s->text[0] != '\0' &&
		    up_json_int(frame, "t", 0, UP_PROVIDER_EXPIRES_MAX, &s->t) == UP_OK;
out:
	json_decref(o);
	return ok;
}

enum up_err up_provider_watch(
    struct up_provider *p, const char *watch_uri, struct up_provider_state *s)
{
	struct up_transport_call call = { .url = watch_uri, .accept = "application/json" };
	struct up_buf body = { 0 };
	enum up_err err;
	long status;

	memset(s, 0, sizeof(*s));
	err = up_transport_call(p->transport, &call, &status, &body);
	if (err == UP_OK && status == 404)
		err = UP_E_EXPIRED;
	else if (err == UP_OK && (status != 200 || !take_state(up_buf_span(&body), s)))
		err = lost(p, "watch", status);
	up_buf_free(&body);
	return err;
}

enum up_err up_provider_verify(struct up_provider *p, const struct up_jwt *jwt)
{
	return up_metadata_verify(p->metadata, jwt);
}
