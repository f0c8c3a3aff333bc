/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/hash.h"
#include "core/jws.h"
#include "core/oauth.h"
#include "core/text.h"
#include "server/http/auth.h"
#include "server/http/limits.h"
#include "server/log.h"

#define ASSERTION_MAX_S 300
#define LEEWAY_S 30

/* RFC 7617 base64 has '+', '/' and padding; bytes are otherwise those of base64url. */
static enum up_err basic_decode(struct up_span in, uint8_t *out, size_t cap, size_t *n)
{
	uint8_t text[1024];

	while (in.n > 0 && in.p[in.n - 1] == '=')
		in.n--;
	if (in.n > sizeof(text))
		return UP_E_CLIENT;
	for (size_t i = 0; i < in.n; i++)
		text[i] = in.p[i] == '+' ? '-' : in.p[i] == '/' ? '_' : in.p[i];
	return up_text_b64url_decode(up_span_of(text, in.n), out, cap, n);
}

static enum up_err check_secret(struct up_request *r, struct up_span id, struct up_span secret)
{
	const struct up_client *c = up_catalogue_client(r->catalogue, id);
	static const uint8_t nobody[32];
	uint8_t hash[32];
	bool right;

	if (up_hash_sha256(&secret, 1, hash) != UP_OK)
		return UP_E_CRYPTO;
	right = up_span_eq_ct(
	    up_span_of(hash, 32), up_span_of(c != NULL ? c->secret_hash : nobody, 32));
	up_wipe(hash, sizeof(hash));
	if (!right || c == NULL || !c->has_secret)
		return UP_E_CLIENT;
	r->client = c;
	return UP_OK;
}

static enum up_err by_basic(struct up_request *r)
{
	struct up_span value = up_span_of(r->h.authorization.p + 6, r->h.authorization.n - 6), id,
		       secret;
	struct up_buf user = { 0 }, pass = { 0 };
	uint8_t raw[768];
	enum up_err err;
	size_t n;

	if (basic_decode(up_span_trim(value), raw, sizeof(raw), &n) != UP_OK)
		return UP_E_CLIENT;
	/* RFC 6749 section 2.3.1: both halves are form-encoded first. */
	err = up_span_cut(up_span_of(raw, n), ':', &id, &secret) ? UP_OK : UP_E_CLIENT;
	if (err == UP_OK)
		err = up_text_form_decode(id, &user);
	if (err == UP_OK)
		err = up_text_form_decode(secret, &pass);
	if (err == UP_OK)
		err = check_secret(r, up_buf_span(&user), up_buf_span(&pass));
	up_wipe(raw, sizeof(raw));
	up_buf_free(&user);
	up_buf_free(&pass);
	return err == UP_OK ? UP_OK : UP_E_CLIENT;
}

/* The assertion's jti is taken once, for as long as the assertion could be shown again. */
static enum up_err take_once(struct up_request *r, const struct up_jwt *jwt, const char *id)
{
	const json_t *jti = json_object_get(jwt->claims, "jti");
	struct up_span parts[] = { UP_SPAN_LIT("assertion"), up_span_of(id, strlen(id) + 1),
	    up_span_of(json_string_value(jti), json_string_length(jti)) };
	uint8_t hash[32];
	int64_t exp;

	if (up_json_time(jwt->claims, "exp", &exp) != UP_OK)
		return UP_E_CLAIM;
	if (up_hash_sha256(parts, UP_ARRAY_LEN(parts), hash) != UP_OK)
		return UP_E_CRYPTO;
	return up_live_once(r->server->live, hash, (exp + 60) * 1000, r->now_ms);
}

/* Where the process that was here before may have taken it, nobody remembers its jti. When it was
 * made it says itself, to the second; without iat it is as old as its exp lets it be. What is left
 * is the assertion of a client whose clock is ahead, for as long as that. By the steady clock,
 * which no correction moves. */
static enum up_err check_age(struct up_request *r, const struct up_jwt *jwt)
{
	int64_t made_s, steady_ms = up_clock_steady(r->server);
	int64_t began_s = (r->now_ms - (steady_ms - r->server->live_began_ms)) / 1000;

	if (up_live_shared(r->server->live))
		return UP_OK;
	if (steady_ms < 0)
		return UP_E_CLOCK;
	if (up_json_time(jwt->claims, "iat", &made_s) == UP_OK)
		return made_s >= began_s ? UP_OK : UP_E_ASSERTION;
	if (up_json_time(jwt->claims, "exp", &made_s) != UP_OK)
		return UP_E_CLAIM;
	return made_s - ASSERTION_MAX_S - LEEWAY_S > began_s ? UP_OK : UP_E_ASSERTION;
}

static enum up_err check_assertion(
    struct up_request *r, const struct up_jwt *jwt, const struct up_client *c)
{
	const char *issuer = r->server->config->issuer;
	struct up_jwt_expect want = { .iss = c->id,
		.sub = c->id,
		.aud = issuer,
		.need_exp = true,
		.need_jti = true,
		.now_s = r->now_ms / 1000,
		.leeway_s = LEEWAY_S,
		.max_age_s = ASSERTION_MAX_S };
	json_t *jwks = NULL;
	char endpoint[512];
	enum up_err err;

	err = up_json_parse(up_span_str(c->jwks), &jwks);
	if (err == UP_OK)
		err = up_jws_verify(jwt, jwks);
	if (err == UP_OK && up_jwt_expect(jwt, &want) != UP_OK) {
		/* RFC 7523 section 3: the token endpoint's URL is an audience too; so is the
		 * endpoint called. */
		snprintf(endpoint, sizeof(endpoint), "%s%s", issuer, r->route->path);
		want.aud = endpoint;
		err = up_jwt_expect(jwt, &want);
		if (err != UP_OK) {
			snprintf(endpoint, sizeof(endpoint), "%s/token", issuer);
			err = up_jwt_expect(jwt, &want);
		}
	}
	if (err == UP_OK)
		err = check_age(r, jwt);
	if (err == UP_OK)
		err = take_once(r, jwt, c->id);
	json_decref(jwks);
	return err;
}

/* An assertion says what it is, says "JWT", or says nothing: RFC 7523 leaves it open. */
static enum up_err parse_assertion(struct up_span text, struct up_jwt *out)
{
	enum up_err err = up_jwt_parse(text, NULL, out);

	return err == UP_E_CLAIM ? up_jwt_parse(text, UP_JWT_TYP_CLIENT, out) : err;
}

static enum up_err by_assertion(struct up_request *r, struct up_span id, struct up_span assertion)
{
	const struct up_client *c;
	struct up_jwt jwt;
	struct up_span iss;
	enum up_err err;

	err = parse_assertion(assertion, &jwt);
	if (err == UP_OK)
		err = up_json_text(jwt.claims, "iss", 200, &iss);
	c = err == UP_OK ? up_catalogue_client(r->catalogue, iss) : NULL;
	if (c == NULL || c->jwks == NULL || (id.p != NULL && !up_span_eq_str(id, c->id)))
		err = UP_E_CLIENT;
	if (err == UP_OK)
		err = check_assertion(r, &jwt, c);
	up_jwt_free(&jwt);
	if (err == UP_OK)
		r->client = c;
	return err;
}

static enum up_err authenticate(struct up_request *r)
{
	struct up_span id = up_form_get(&r->form, "client_id"),
		       secret = up_form_get(&r->form, "client_secret"),
		       assertion = up_form_get(&r->form, "client_assertion"),
		       type = up_form_get(&r->form, "client_assertion_type");
	bool basic = r->h.authorization.n > 6 &&
	    up_span_ieq_str(up_span_of(r->h.authorization.p, 6), "basic ");
	enum up_err err;

	if (r->h.n_authorization > 0 && !basic)
		return UP_E_CLIENT;
	if (basic + (secret.p != NULL) + (assertion.p != NULL) > 1)
		return UP_E_REQUEST;
	if (basic) {
		err = by_basic(r);
		return err == UP_OK && id.p != NULL && !up_span_eq_str(id, r->client->id)
		    ? UP_E_CLIENT
		    : err;
	}
	if (secret.p != NULL)
		return check_secret(r, id, secret);
	if (assertion.p != NULL && up_span_eq_str(type, UP_OAUTH_ASSERTION_TYPE))
		return by_assertion(r, id, assertion);
	return UP_E_CLIENT;
}

enum up_err up_auth_client(struct up_request *r)
{
	enum up_err err = authenticate(r), spent;

	if (err == UP_OK || err == UP_E_REQUEST || err == UP_E_LIVE)
		return err;
	r->client = NULL;
	if (err == UP_E_ASSERTION) {     /* it is his own, and he is told so */
		up_log(UP_LOG_WARNING, "client_refused", "reason", up_err_name(err), "ip", r->ip,
		    "path", r->route->path, NULL);
		return err;
	}
	spent = up_limits_spend_source(r->server, UP_LIMIT_BAD_CLIENT, r->ip, r->now_ms);
	if (spent != UP_OK)
		return spent;
	up_log(UP_LOG_WARNING, "client_refused", "reason", up_err_name(err), "ip", r->ip, "path",
	    r->route->path, NULL);
	return err == UP_E_BUSY ? UP_E_BUSY : UP_E_CLIENT;
}
