/* SPDX-License-Identifier: Apache-2.0 */
#include "core/jws.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <string.h>

#include "core/text.h"

#define KEYS_MAX 64     /* of a set that we look at */
#define MODULUS_MIN 256 /* bytes: RFC 7518 section 3.3 wants 2048 bits */
#define MODULUS_MAX 1024
#define EXPONENT_MAX 8  /* a huge exponent makes verifying slow */

enum up_err up_jws_parse(struct up_span text, struct up_jwt *out)
{
	return up_jwt_parse_alg(text, NULL, UP_JWS_ALGS, out);
}

/* --- which key --- */

static struct up_span member(const json_t *o, const char *name)
{
	const json_t *v = json_object_get(o, name);

	return json_is_string(v) ? up_span_of(json_string_value(v), json_string_length(v))
				 : (struct up_span){ NULL, 0 };
}

static bool absent_or(const json_t *jwk, const char *name, const char *want)
{
	return json_object_get(jwk, name) == NULL || up_span_eq_str(member(jwk, name), want);
}

static bool may_verify(const json_t *jwk)
{
	const json_t *ops = json_object_get(jwk, "key_ops"), *v;
	size_t i;

	if (!absent_or(jwk, "use", "sig"))
		return false;
	json_array_foreach(ops, i, v)
		if (json_is_string(v) && strcmp(json_string_value(v), "verify") == 0)
			return true;
	return ops == NULL;
}

/* Could this public key verify a token of ALG? */
static bool suits(const json_t *jwk, enum up_jwt_alg alg)
{
	static const struct {
		enum up_jwt_alg alg;
		const char *name, *kty;
	} rows[] = {
		{ UP_JWT_ES256, "ES256", "EC" },
		{ UP_JWT_RS256, "RS256", "RSA" },
		{ UP_JWT_PS256, "PS256", "RSA" },
	};

	if (!json_is_object(jwk) || !may_verify(jwk) || up_jwk_has_private(jwk))
		return false;
	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++)
		if (rows[i].alg == alg)
			return up_span_eq_str(member(jwk, "kty"), rows[i].kty) &&
			       absent_or(jwk, "alg", rows[i].name) &&
			       (alg != UP_JWT_ES256 || up_span_eq_str(member(jwk, "crv"), "P-256"));
	return false;
}

/* The key that T means, NULL when there is none or nothing tells which. A set may hold keys of
 * other kinds under the same id (RFC 7517 section 4.5). */
static const json_t *key_of(const struct up_jwt *t, const json_t *jwks)
{
	const json_t *kid = json_object_get(t->header, "kid"), *jwk, *found = NULL;
	size_t i;

	json_array_foreach(json_object_get(jwks, "keys"), i, jwk) {
		if (i >= KEYS_MAX)
			break;
		if (!suits(jwk, t->alg))
			continue;
		if (kid != NULL && json_is_string(kid) &&
		    json_equal(kid, json_object_get(jwk, "kid")))
			return jwk;
		if (kid == NULL && found != NULL)
			return NULL;
		if (kid == NULL)
			found = jwk;
	}
	return found;
}

bool up_jws_usable(const json_t *jwks)
{
	const json_t *jwk;
	size_t i;

	json_array_foreach(json_object_get(jwks, "keys"), i, jwk)
		if (i < KEYS_MAX && (suits(jwk, UP_JWT_ES256) || suits(jwk, UP_JWT_RS256) ||
					suits(jwk, UP_JWT_PS256)))
			return true;
	return false;
}

/* --- RSA --- */

static BIGNUM *number(const json_t *jwk, const char *name, size_t min, size_t max)
{
	uint8_t raw[MODULUS_MAX];
	size_t n;

	if (up_text_b64url_decode(member(jwk, name), raw, max, &n) != UP_OK || n < min ||
	    raw[0] == 0)
		return NULL;
	return BN_bin2bn(raw, (int)n, NULL);
}

/* NULL: not a public key that we take, or no memory. */
static EVP_PKEY *rsa_key(const json_t *jwk)
{
	BIGNUM *n = number(jwk, "n", MODULUS_MIN, MODULUS_MAX),
	       *e = number(jwk, "e", 1, EXPONENT_MAX);
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	OSSL_PARAM *params = NULL;
	EVP_PKEY *key = NULL;

	if (n != NULL && e != NULL && BN_is_odd(n) && BN_is_odd(e) && !BN_is_one(e) &&
	    bld != NULL && ctx != NULL &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, e) == 1 &&
	    (params = OSSL_PARAM_BLD_to_param(bld)) != NULL && EVP_PKEY_fromdata_init(ctx) == 1 &&
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(bld);
	EVP_PKEY_CTX_free(ctx);
	BN_free(n);
	BN_free(e);
	return key;
}

static bool rsa_verifies(EVP_PKEY *key, const struct up_jwt *t, struct up_span sig)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *ctx = NULL;
	bool ok = md != NULL && EVP_DigestVerifyInit(md, &ctx, EVP_sha256(), NULL, key) == 1;

	/* RFC 7518 section 3.5: the salt is as long as the hash, and MGF1 uses the same hash, which
	 * is the default */
	if (ok && t->alg == UP_JWT_PS256)
		ok = EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
		     EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1;
	ok = ok && EVP_DigestVerify(md, sig.p, sig.n, t->signed_part.p, t->signed_part.n) == 1;
	EVP_MD_CTX_free(md);
	return ok;
}

static enum up_err verify_rsa(const struct up_jwt *t, const json_t *jwk)
{
	EVP_PKEY *key = rsa_key(jwk);
	uint8_t sig[MODULUS_MAX];
	enum up_err err = UP_E_KEY;
	size_t n;

	if (key != NULL) {
		err = up_text_b64url_decode(t->sig_text, sig, sizeof(sig), &n) == UP_OK &&
			    n == (size_t)EVP_PKEY_get_size(key) &&
			    rsa_verifies(key, t, up_span_of(sig, n))
			? UP_OK
			: UP_E_SIGNATURE;
		EVP_PKEY_free(key);
	}
	/* a stranger's bad signature must not look like an error of the next TLS connection */
	if (err != UP_OK)
		ERR_clear_error();
	return err;
}

/* --- either --- */

static enum up_err verify_ec(const struct up_jwt *t, const json_t *jwk)
{
	struct up_jwk *key;
	enum up_err err = up_jwk_from_json(jwk, true, &key);

	if (err != UP_OK)
		return err == UP_E_NOMEM || err == UP_E_CRYPTO ? err : UP_E_KEY;
	err = up_jwt_verify(t, key);
	up_jwk_free(&key);
	return err;
}

enum up_err up_jws_verify(const struct up_jwt *t, const json_t *jwks)
{
	const json_t *jwk = key_of(t, jwks);

	if (jwk == NULL)
		return UP_E_KEY;
	return t->alg == UP_JWT_ES256 ? verify_ec(t, jwk) : verify_rsa(t, jwk);
}
