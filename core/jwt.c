/* SPDX-License-Identifier: Apache-2.0 */
#include "core/jwt.h"

#include <string.h>

#include "core/json.h"
#include "core/json_put.h"
#include "core/text.h"

#define SIG 64
#define SIG_CHARS 86 /* libcjose takes 87: an exact length makes the text of a signature unique */
#define CLAIM_MAX 1024
#define DPOP_TYP "dpop+jwt"

enum up_err up_jwt_sign_header(
    const struct up_jwk *key, struct up_span header, struct up_span claims, struct up_buf *out)
{
	size_t start = out->n;
	uint8_t sig[SIG];
	enum up_err err;

	up_text_put_b64url(out, header);
	up_buf_put_char(out, '.');
	up_text_put_b64url(out, claims);
	if (out->failed)
		return UP_E_NOMEM;
	if ((err = up_jwk_sign(key, up_span_of(out->p + start, out->n - start), sig)) != UP_OK) {
		out->n = start;
		return err;
	}
	up_buf_put_char(out, '.');
	up_text_put_b64url(out, up_span_of(sig, SIG));
	return out->failed ? UP_E_NOMEM : UP_OK;
}

enum up_err up_jwt_sign(
    const struct up_jwk *key, const char *typ, struct up_span claims, struct up_buf *out)
{
	return up_jwt_sign_kid(key, up_span_str(up_jwk_thumbprint(key)), typ, claims, out);
}

enum up_err up_jwt_sign_kid(const struct up_jwk *key, struct up_span kid, const char *typ,
    struct up_span claims, struct up_buf *out)
{
	struct up_buf header = { 0 };
	struct up_json_put j = { .b = &header };
	enum up_err err = UP_E_NOMEM;

	up_json_put_object(&j, NULL);
	up_json_put_str(&j, "alg", "ES256");
	up_json_put_text(&j, "kid", kid);
	up_json_put_str(&j, "typ", typ == NULL ? "JWT" : typ);
	up_json_put_end(&j);
	if (!header.failed)
		err = up_jwt_sign_header(key, up_buf_span(&header), claims, out);
	up_buf_free(&header);
	return err;
}

/* One part of the compact form: base64url of a JSON object. */
static enum up_err object(struct up_span part, json_t **out)
{
	uint8_t text[UP_JWT_MAX / 4 * 3];
	size_t n = 0;
	enum up_err err = UP_E_FORMAT;

	*out = NULL;
	if (up_text_b64url_decode(part, text, sizeof(text), &n) == UP_OK &&
	    up_json_parse(up_span_of(text, n), out) == UP_OK)
		err = UP_OK;
	up_wipe(text, n);
	return err;
}

static struct up_span text_of(const json_t *v)
{
	return json_is_string(v) ? up_span_of(json_string_value(v), json_string_length(v))
				 : (struct up_span) { NULL, 0 };
}

static bool typ_fits(const json_t *header, const char *typ)
{
	static const char prefix[] = "application/";
	const json_t *v = json_object_get(header, "typ");
	struct up_span got = text_of(v);

	if (v == NULL)
		return typ == NULL;
	if (got.n > sizeof(prefix) - 1 &&
	    up_span_ieq_str(up_span_of(got.p, sizeof(prefix) - 1), prefix)) {
		got.p += sizeof(prefix) - 1;
		got.n -= sizeof(prefix) - 1;
	}
	return got.n > 0 && up_span_ieq_str(got, typ == NULL ? "JWT" : typ);
}

static bool alg_of(struct up_span name, enum up_jwt_alg *out)
{
	static const struct { const char *name; enum up_jwt_alg alg; } algs[] = {
		{ "ES256", UP_JWT_ES256 }, { "RS256", UP_JWT_RS256 }, { "PS256", UP_JWT_PS256 },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(algs); i++) {
		if (up_span_eq_str(name, algs[i].name)) {
			*out = algs[i].alg;
			return true;
		}
	}
	return false;
}

static enum up_err check_header(const json_t *header, const char *typ, unsigned allowed,
    enum up_jwt_alg *alg)
{
	/* extensions that change what is signed or understood, and keys that the sender brings
	 * along */
	static const char *const refused[] = { "crit", "b64", "jku", "x5u", "x5c", "zip", "enc" };

	if (!alg_of(text_of(json_object_get(header, "alg")), alg) || (*alg & allowed) == 0)
		return UP_E_ALG;
	if (!typ_fits(header, typ))
		return UP_E_CLAIM;
	for (size_t i = 0; i < UP_ARRAY_LEN(refused); i++)
		if (json_object_get(header, refused[i]) != NULL)
			return UP_E_CLAIM;
	if (json_object_get(header, "jwk") != NULL && (typ == NULL || strcmp(typ, DPOP_TYP) != 0))
		return UP_E_CLAIM;
	return UP_OK;
}

/* An RSA key's length says how long its signatures are: core/jws.c. */
static enum up_err take_signature(struct up_jwt *t)
{
	if (t->alg != UP_JWT_ES256)
		return UP_OK;
	return t->sig_text.n == SIG_CHARS && up_text_b64url_fixed(t->sig_text, t->sig, SIG) == UP_OK
	    ? UP_OK : UP_E_FORMAT;
}

enum up_err up_jwt_parse_alg(struct up_span text, const char *typ, unsigned allowed,
    struct up_jwt *out)
{
	struct up_span header, claims, rest;
	enum up_err err;

	memset(out, 0, sizeof(*out));
	if (text.n > UP_JWT_MAX)
		return UP_E_TOO_LARGE;
	if (!up_span_cut(text, '.', &header, &rest) ||
	    !up_span_cut(rest, '.', &claims, &out->sig_text))
		return UP_E_FORMAT;
	if (out->sig_text.n == 0 || memchr(out->sig_text.p, '.', out->sig_text.n) != NULL)
		return UP_E_FORMAT;
	out->signed_part = up_span_of(text.p, header.n + 1 + claims.n);
	if ((err = object(header, &out->header)) == UP_OK &&
	    (err = check_header(out->header, typ, allowed, &out->alg)) == UP_OK)
		err = take_signature(out);
	if (err == UP_OK)
		err = object(claims, &out->claims);
	if (err != UP_OK)
		up_jwt_free(out);
	return err;
}

enum up_err up_jwt_parse(struct up_span text, const char *typ, struct up_jwt *out)
{
	return up_jwt_parse_alg(text, typ, UP_JWT_ES256, out);
}

enum up_err up_jwt_verify(const struct up_jwt *t, const struct up_jwk *key)
{
	return t->alg == UP_JWT_ES256 ? up_jwk_verify(key, t->signed_part, t->sig) : UP_E_ALG;
}

void up_jwt_free(struct up_jwt *t)
{
	json_decref(t->header);
	json_decref(t->claims);
	memset(t, 0, sizeof(*t));
}

/* A time claim: UP_OK and *HAVE false when absent. A string is an error, never a guess. */
static enum up_err time_claim(
    const json_t *claims, const char *name, bool need, bool *have, int64_t *out)
{
	*have = json_object_get(claims, name) != NULL;
	*out = 0;
	if (!*have)
		return need ? UP_E_CLAIM : UP_OK;
	return up_json_time(claims, name, out) == UP_OK ? UP_OK : UP_E_CLAIM;
}

static enum up_err misfit(const char *name, const char **claim)
{
	*claim = name;
	return UP_E_CLAIM;
}

static enum up_err check_times(const json_t *claims, const struct up_jwt_expect *x,
    const char **claim)
{
	bool has_exp, has_iat, has_nbf;
	int64_t exp, iat, nbf;

	if (time_claim(claims, "exp", x->need_exp, &has_exp, &exp) != UP_OK)
		return misfit("exp", claim);
	if (time_claim(claims, "iat", x->need_iat, &has_iat, &iat) != UP_OK)
		return misfit("iat", claim);
	if (time_claim(claims, "nbf", false, &has_nbf, &nbf) != UP_OK)
		return misfit("nbf", claim);
	if (has_exp && x->now_s - x->leeway_s >= exp) {
		*claim = "exp";
		return UP_E_EXPIRED;
	}
	if (has_nbf && nbf > x->now_s + x->leeway_s)
		return misfit("nbf", claim);
	if (has_iat && iat > x->now_s + x->leeway_s)
		return misfit("iat", claim);
	if (x->max_age_s == 0)
		return UP_OK;
	if (!has_iat && !has_exp)
		return misfit("exp", claim);
	if (has_iat && iat < x->now_s - x->leeway_s - x->max_age_s)
		return misfit("iat", claim);
	if (has_exp && exp - (has_iat ? iat : x->now_s + x->leeway_s) > x->max_age_s)
		return misfit("exp", claim);
	return UP_OK;
}

static bool text_fits(const json_t *claims, const char *name, const char *want)
{
	return want == NULL || up_span_eq_str(text_of(json_object_get(claims, name)), want);
}

static bool audience_fits(const json_t *claims, const char *want)
{
	const json_t *aud = json_object_get(claims, "aud"), *azp = json_object_get(claims, "azp"),
		     *v;
	bool found = false;
	size_t i;

	if (want == NULL)
		return true;
	if (azp != NULL && !up_span_eq_str(text_of(azp), want))
		return false;
	if (!json_is_array(aud))
		return up_span_eq_str(text_of(aud), want);
	json_array_foreach(aud, i, v) {
		if (!json_is_string(v))
			return false;
		found = found || up_span_eq_str(text_of(v), want);
	}
	return found;
}

static bool nonce_fits(const json_t *claims, const struct up_jwt_expect *x)
{
	return (x->nonce_optional && json_object_get(claims, "nonce") == NULL) ||
	    text_fits(claims, "nonce", x->nonce);
}

static bool jti_fits(const json_t *claims, const struct up_jwt_expect *x)
{
	struct up_span jti;

	return (!x->need_jti && json_object_get(claims, "jti") == NULL) ||
	    up_json_text(claims, "jti", CLAIM_MAX, &jti) == UP_OK;
}

enum up_err up_jwt_expect_named(const struct up_jwt *t, const struct up_jwt_expect *x,
    const char **claim)
{
	*claim = NULL;
	if (!text_fits(t->claims, "iss", x->iss))
		return misfit("iss", claim);
	if (!text_fits(t->claims, "sub", x->sub))
		return misfit("sub", claim);
	if (!audience_fits(t->claims, x->aud))
		return misfit("aud", claim);
	if (!nonce_fits(t->claims, x))
		return misfit("nonce", claim);
	if (!jti_fits(t->claims, x))
		return misfit("jti", claim);
	return check_times(t->claims, x, claim);
}

enum up_err up_jwt_expect(const struct up_jwt *t, const struct up_jwt_expect *x)
{
	const char *claim;

	return up_jwt_expect_named(t, x, &claim);
}
