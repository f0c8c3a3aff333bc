/* SPDX-License-Identifier: Apache-2.0 */
#include "core/dpop.h"

#include <string.h>

#include "core/hash.h"
#include "core/json.h"
#include "core/text.h"
#include "core/uri.h"

#define TYP "dpop+jwt"
#define WINDOW_S 60
#define JTI_MIN 16
#define JTI_MAX 128
#define NONCE_MAX 128
#define MEMBER_MAX 512
#define HASH_CHARS 43

static enum up_err hash_text(struct up_span what, char out[HASH_CHARS])
{
	uint8_t hash[UP_HASH_LEN];
	enum up_err err = up_hash_sha256(&what, 1, hash);

	up_text_b64url(up_span_of(hash, sizeof(hash)), out);
	return err;
}

static bool hash_fits(const json_t *claims, const char *name, struct up_span what)
{
	struct up_span got;
	char want[HASH_CHARS];

	if (up_json_text(claims, name, HASH_CHARS, &got) != UP_OK ||
	    hash_text(what, want) != UP_OK)
		return false;
	return up_span_eq_ct(got, up_span_of(want, HASH_CHARS));
}

/* A token's hash where a token is presented; none where there is none. */
static bool ath_fits(const json_t *claims, struct up_span token)
{
	if (token.n == 0)
		return json_object_get(claims, "ath") == NULL;
	return hash_fits(claims, "ath", token);
}

static bool is_url(struct up_span htu, struct up_span url)
{
	return up_span_eq(htu, url) || up_uri_same(htu, url);
}

static bool claims_fit(const json_t *claims, const struct up_dpop_expect *x, struct up_dpop *out)
{
	struct up_span htm, htu;
	int64_t iat;

	if (up_json_text(claims, "htm", 16, &htm) != UP_OK || !up_span_eq_str(htm, x->method))
		return false;
	if (up_json_text(claims, "htu", MEMBER_MAX, &htu) != UP_OK || !is_url(htu, x->url))
		return false;
	if (up_json_time(claims, "iat", &iat) != UP_OK)
		return false;
	if (iat < x->now_s - WINDOW_S || iat > x->now_s + WINDOW_S)
		return false;
	if (up_json_text(claims, "jti", JTI_MAX, &out->jti) != UP_OK || out->jti.n < JTI_MIN)
		return false;
	if (up_json_text_opt(claims, "nonce", NONCE_MAX, &out->nonce) != UP_OK)
		return false;
	return ath_fits(claims, x->token) &&
	       (x->body == NULL || hash_fits(claims, "bh", *x->body));
}

/* The key in the header is the registered one, or at enrolment becomes it. Equal x and y are an
 * equal thumbprint. */
static bool key_fits(const json_t *header, const struct up_jwk *want, struct up_jwk **out)
{
	const json_t *jwk = json_object_get(header, "jwk");
	uint8_t got[64], registered[64];

	if (want == NULL)
		return up_jwk_from_json(jwk, true, out) == UP_OK;
	up_jwk_public(want, registered);
	return up_jwk_xy(jwk, true, got) == UP_OK && memcmp(got, registered, sizeof(got)) == 0;
}

enum up_err up_dpop_parse(struct up_span proof, const struct up_dpop_expect *x, struct up_dpop *out)
{
	memset(out, 0, sizeof(*out));
	if (up_jwt_parse(proof, TYP, &out->jwt) != UP_OK)
		return UP_E_PROOF;
	/* claims first: making a key of the header's costs more than all of them */
	if (!claims_fit(out->jwt.claims, x, out) || !key_fits(out->jwt.header, x->key, &out->key))
		return UP_E_PROOF;
	return UP_OK;
}

enum up_err up_dpop_verify(const struct up_dpop *d, const struct up_dpop_expect *x)
{
	const struct up_jwk *key = x->key != NULL ? x->key : d->key;

	if (key == NULL || d->jwt.claims == NULL)
		return UP_E_PROOF;
	return up_jwt_verify(&d->jwt, key) == UP_OK ? UP_OK : UP_E_PROOF;
}

void up_dpop_free(struct up_dpop *d)
{
	up_jwt_free(&d->jwt);
	up_jwk_free(&d->key);
	memset(d, 0, sizeof(*d));
}

static void put_header(struct up_buf *b, const struct up_jwk *key)
{
	struct up_json_put j = { .b = b };
	uint8_t xy[64];

	up_jwk_public(key, xy);
	up_json_put_object(&j, NULL);
	up_json_put_str(&j, "alg", "ES256");
	up_json_put_object(&j, "jwk");
	up_json_put_str(&j, "crv", "P-256");
	up_json_put_str(&j, "kty", "EC");
	up_json_put_b64url(&j, "x", up_span_of(xy, 32));
	up_json_put_b64url(&j, "y", up_span_of(xy + 32, 32));
	up_json_put_end(&j);
	up_json_put_str(&j, "typ", TYP);
	up_json_put_end(&j);
}

static void put_claims(struct up_json_put *j, const struct up_dpop_make *m, struct up_span ath,
    struct up_span bh)
{
	up_json_put_object(j, NULL);
	up_json_put_int(j, "iat", m->now_s);
	up_json_put_str(j, "htm", m->method);
	up_json_put_text(j, "htu", m->url);
	up_json_put_text(j, "jti", m->jti);
	up_json_put_opt(j, "nonce", m->nonce);
	up_json_put_opt(j, "ath", ath);
	up_json_put_opt(j, "bh", bh);
	if (m->decision != NULL)
		up_decision_put(j, m->decision);
	up_json_put_end(j);
}

enum up_err up_dpop_make(const struct up_dpop_make *m, struct up_buf *out)
{
	struct up_buf header = { 0 }, claims = { 0 };
	struct up_json_put j = { .b = &claims };
	char ath[HASH_CHARS], bh[HASH_CHARS];
	enum up_err err = m->token.n > 0 ? hash_text(m->token, ath) : UP_OK;

	if (err == UP_OK && m->body != NULL)
		err = hash_text(*m->body, bh);
	if (err != UP_OK)
		return err;
	put_header(&header, m->key);
	put_claims(&j, m, up_span_of(ath, m->token.n > 0 ? HASH_CHARS : 0),
	    up_span_of(bh, m->body != NULL ? HASH_CHARS : 0));
	err = UP_E_NOMEM;
	if (!header.failed && !claims.failed)
		err = up_jwt_sign_header(m->key, up_buf_span(&header), up_buf_span(&claims), out);
	up_buf_free(&header);
	up_buf_free(&claims);
	return err;
}

/* The text members, in the order in which they are written. */
#define MEMBER(name, optional) { #name, offsetof(struct up_decision, name), optional }
static const struct member {
	const char *name;
	size_t offset;
	bool optional;                   /* may be "" */
} members[] = {
	MEMBER(transaction, false),
	MEMBER(client, false),
	MEMBER(origin, false),
	MEMBER(issuer, false),
	MEMBER(unit, false),
	MEMBER(certificate, false),
	MEMBER(role, false),
	MEMBER(item, true),
	MEMBER(nonce, false),
	MEMBER(frame, false),
	MEMBER(decision, false),
};

static struct up_span member_of(const struct up_decision *d, const struct member *m)
{
	return *(const struct up_span *)(const void *)((const char *)d + m->offset);
}

void up_decision_put(struct up_json_put *j, const struct up_decision *d)
{
	up_json_put_object(j, "decision");
	up_json_put_int(j, "exp", d->exp);
	for (size_t i = 0; i < UP_ARRAY_LEN(members); i++)
		up_json_put_text(j, members[i].name, member_of(d, &members[i]));
	up_json_put_end(j);
}

static bool take_member(const json_t *o, const struct member *m, struct up_decision *out)
{
	const json_t *v = json_object_get(o, m->name);
	size_t n;

	if (!json_is_string(v))
		return false;
	n = json_string_length(v);
	if (n > MEMBER_MAX || (n == 0 && !m->optional))
		return false;
	*(struct up_span *)(void *)((char *)out + m->offset) = up_span_of(json_string_value(v), n);
	return true;
}

enum up_err up_decision_parse(const json_t *claims, struct up_decision *out)
{
	const json_t *o = json_object_get(claims, "decision");

	memset(out, 0, sizeof(*out));
	/* as many members as there are names, and each name there: nothing else is */
	if (!json_is_object(o) || json_object_size(o) != UP_ARRAY_LEN(members) + 1)
		return UP_E_PROOF;
	for (size_t i = 0; i < UP_ARRAY_LEN(members); i++)
		if (!take_member(o, &members[i], out))
			return UP_E_PROOF;
	if (up_json_int(o, "exp", 0, INT64_MAX, &out->exp) != UP_OK)
		return UP_E_PROOF;
	if (!up_span_eq_str(out->decision, "approve") && !up_span_eq_str(out->decision, "deny") &&
	    !up_span_eq_str(out->decision, "not_mine"))
		return UP_E_PROOF;
	return UP_OK;
}

enum up_err up_decision_match(
    const struct up_decision *got, const struct up_decision *want, int64_t now_s)
{
	bool same = true;

	for (size_t i = 0; i < UP_ARRAY_LEN(members); i++)
		if (members[i].offset != offsetof(struct up_decision, decision))
			same &= up_span_eq_ct(
			    member_of(got, &members[i]), member_of(want, &members[i]));
	return same && got->exp > now_s && got->exp <= want->exp ? UP_OK : UP_E_SIGNATURE;
}
