/* SPDX-License-Identifier: Apache-2.0 */
#include "core/jwk.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/hash.h"
#include "core/text.h"

#define COORD 32
#define COORD_CHARS 43
#define POINT (1 + 2 * COORD)            /* 0x04 || x || y */
#define DER_MAX (2 + 2 * (2 + 1 + COORD))

/* OpenSSL finds the implementation of ECDSA by name each time an operation is begun.  We begin each
 * operation once per key and give every call a copy: the copies make it thread-safe. */
struct up_jwk {
	EVP_PKEY *pkey;
	/* templates, never used themselves; sign is NULL for a public key */
	EVP_PKEY_CTX *sign, *verify;
	uint8_t xy[2 * COORD];
	char thumbprint[UP_JWK_THUMBPRINT + 1];
};

static enum up_err thumbprint(const uint8_t xy[2 * COORD], char out[UP_JWK_THUMBPRINT + 1])
{
	char x[COORD_CHARS] = "", y[COORD_CHARS] = "";
	const struct up_span parts[] = {
		UP_SPAN_LIT("{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\""), up_span_of(x, sizeof(x)),
		UP_SPAN_LIT("\",\"y\":\""), up_span_of(y, sizeof(y)), UP_SPAN_LIT("\"}"),
	};
	uint8_t hash[UP_HASH_LEN];
	enum up_err err;

	up_text_b64url(up_span_of(xy, COORD), x);
	up_text_b64url(up_span_of(xy + COORD, COORD), y);
	if ((err = up_hash_sha256(parts, UP_ARRAY_LEN(parts), hash)) != UP_OK)
		return err;
	up_text_b64url(up_span_of(hash, sizeof(hash)), out);
	out[UP_JWK_THUMBPRINT] = '\0';
	return UP_OK;
}

static EVP_PKEY_CTX *template(EVP_PKEY *pkey, int (*init)(EVP_PKEY_CTX *))
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);

	if (ctx != NULL && init(ctx) != 1) {
		EVP_PKEY_CTX_free(ctx);
		ctx = NULL;
	}
	return ctx;
}

/* Takes over PKEY, also when it fails. */
static enum up_err wrap(
    EVP_PKEY *pkey, const uint8_t xy[2 * COORD], bool private, struct up_jwk **out)
{
	struct up_jwk *k = calloc(1, sizeof(*k));
	enum up_err err;

	if (k == NULL) {
		EVP_PKEY_free(pkey);
		return UP_E_NOMEM;
	}
	k->pkey = pkey;
	memcpy(k->xy, xy, sizeof(k->xy));
	err = thumbprint(k->xy, k->thumbprint);
	k->verify = template(pkey, EVP_PKEY_verify_init);
	k->sign = private ? template(pkey, EVP_PKEY_sign_init) : NULL;
	if (err == UP_OK && (k->verify == NULL || (private && k->sign == NULL)))
		err = UP_E_CRYPTO;
	if (err != UP_OK)
		up_jwk_free(&k);
	*out = k;
	return err;
}

enum up_err up_jwk_generate(struct up_jwk **out)
{
	EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	uint8_t point[POINT];
	size_t n = 0;

	*out = NULL;
	if (pkey == NULL)
		return UP_E_CRYPTO;
	if (EVP_PKEY_get_octet_string_param(
		pkey, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point), &n) != 1 ||
	    n != POINT || point[0] != 4) {
		EVP_PKEY_free(pkey);
		return UP_E_CRYPTO;
	}
	return wrap(pkey, point + 1, true, out);
}

static EVP_PKEY *import_key(OSSL_PARAM *params, int selection)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *pkey = NULL;

	if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &pkey, selection, params) != 1)
		pkey = NULL;
	EVP_PKEY_CTX_free(ctx);
	if (pkey == NULL)
		ERR_clear_error();
	return pkey;
}

/* P-256 without a point.  Building the group from its name takes four times as long as copying it,
 * and a key is made for every call of a phone.  Whoever comes first publishes it, for the life of
 * the process. */
static EVP_PKEY *curve(void)
{
	static _Atomic(EVP_PKEY *) shared;
	char group[] = "P-256";
	OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(
				    OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
		OSSL_PARAM_construct_end() };
	EVP_PKEY *pkey = atomic_load(&shared), *first = NULL;

	if (pkey != NULL || (pkey = import_key(params, EVP_PKEY_KEY_PARAMETERS)) == NULL)
		return pkey;
	if (atomic_compare_exchange_strong(&shared, &first, pkey))
		return pkey;
	EVP_PKEY_free(pkey);
	return first;
}

enum up_err up_jwk_from_public(const uint8_t xy[64], struct up_jwk **out)
{
	uint8_t point[POINT] = { 4 };
	EVP_PKEY *group = curve(), *pkey;

	*out = NULL;
	if (group == NULL || (pkey = EVP_PKEY_dup(group)) == NULL)
		return UP_E_CRYPTO;
	memcpy(point + 1, xy, 2 * COORD);
	/* a point that is not on the curve fails here */
	if (EVP_PKEY_set1_encoded_public_key(pkey, point, sizeof(point)) != 1) {
		ERR_clear_error();
		EVP_PKEY_free(pkey);
		return UP_E_KEY;
	}
	return wrap(pkey, xy, false, out);
}

/* Is d in range and x,y = d * G? */
static bool pair_fits(EVP_PKEY *pkey)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	bool ok = ctx != NULL && EVP_PKEY_check(ctx) == 1;

	EVP_PKEY_CTX_free(ctx);
	if (!ok)
		ERR_clear_error();
	return ok;
}

static enum up_err from_private(
    const uint8_t xy[2 * COORD], const uint8_t d[COORD], struct up_jwk **out)
{
	uint8_t point[POINT] = { 4 };
	BIGNUM *bn = BN_secure_new();
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;
	EVP_PKEY *pkey = NULL;

	memcpy(point + 1, xy, 2 * COORD);
	if (bn != NULL && bld != NULL && BN_bin2bn(d, COORD, bn) != NULL &&
	    OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) == 1 &&
	    OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)) ==
		1 &&
	    OSSL_PARAM_BLD_push_BN_pad(bld, OSSL_PKEY_PARAM_PRIV_KEY, bn, COORD) == 1 &&
	    (params = OSSL_PARAM_BLD_to_param(bld)) != NULL)
		pkey = import_key(params, EVP_PKEY_KEYPAIR);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(bld);
	BN_clear_free(bn);
	if (pkey == NULL)
		return UP_E_KEY;
	if (!pair_fits(pkey)) {
		EVP_PKEY_free(pkey);
		return UP_E_KEY;
	}
	return wrap(pkey, xy, true, out);
}

static struct up_span member(const json_t *o, const char *name)
{
	const json_t *v = json_object_get(o, name);

	if (!json_is_string(v))
		return (struct up_span){ NULL, 0 };
	return up_span_of(json_string_value(v), json_string_length(v));
}

bool up_jwk_has_private(const json_t *jwk)
{
	static const char *const members[] = { "d", "k", "p", "q", "dp", "dq", "qi", "oth" };

	for (size_t i = 0; i < UP_ARRAY_LEN(members); i++)
		if (json_object_get(jwk, members[i]) != NULL)
			return true;
	return false;
}

enum up_err up_jwk_xy(const json_t *jwk, bool need_public, uint8_t xy[64])
{
	if (!json_is_object(jwk) || !json_is_string(json_object_get(jwk, "kty")))
		return UP_E_KEY;
	if (!up_span_eq_str(member(jwk, "kty"), "EC") ||
	    !up_span_eq_str(member(jwk, "crv"), "P-256"))
		return UP_E_ALG;
	if (json_object_get(jwk, "alg") != NULL && !up_span_eq_str(member(jwk, "alg"), "ES256"))
		return UP_E_ALG;
	if (json_object_get(jwk, "use") != NULL && !up_span_eq_str(member(jwk, "use"), "sig"))
		return UP_E_KEY;
	if (need_public && up_jwk_has_private(jwk))
		return UP_E_KEY;
	if (up_text_b64url_fixed(member(jwk, "x"), xy, COORD) != UP_OK ||
	    up_text_b64url_fixed(member(jwk, "y"), xy + COORD, COORD) != UP_OK)
		return UP_E_KEY;
	return UP_OK;
}

enum up_err up_jwk_from_json(const json_t *jwk, bool need_public, struct up_jwk **out)
{
	uint8_t xy[2 * COORD], d[COORD];
	enum up_err err;

	*out = NULL;
	if ((err = up_jwk_xy(jwk, need_public, xy)) != UP_OK)
		return err;
	if (json_object_get(jwk, "d") == NULL)
		return up_jwk_from_public(xy, out);
	err = UP_E_KEY;
	if (up_text_b64url_fixed(member(jwk, "d"), d, COORD) == UP_OK)
		err = from_private(xy, d, out);
	up_wipe(d, sizeof(d));
	return err;
}

void up_jwk_public(const struct up_jwk *k, uint8_t xy[64])
{
	memcpy(xy, k->xy, sizeof(k->xy));
}

static bool put_coord(json_t *o, const char *name, const uint8_t v[COORD])
{
	char text[COORD_CHARS];
	bool ok;

	up_text_b64url(up_span_of(v, COORD), text);
	ok = json_object_set_new(o, name, json_stringn_nocheck(text, sizeof(text))) == 0;
	up_wipe(text, sizeof(text));
	return ok;
}

static bool put_private(json_t *o, const struct up_jwk *k)
{
	uint8_t d[COORD];
	BIGNUM *bn = NULL;
	bool ok = k->sign != NULL &&
	    EVP_PKEY_get_bn_param(k->pkey, OSSL_PKEY_PARAM_PRIV_KEY, &bn) == 1 &&
	    BN_bn2binpad(bn, d, COORD) == COORD && put_coord(o, "d", d);

	BN_clear_free(bn);
	up_wipe(d, sizeof(d));
	return ok;
}

json_t *up_jwk_to_json(const struct up_jwk *k, bool private_too)
{
	json_t *o = json_pack("{s:s, s:s, s:s}", "kty", "EC", "crv", "P-256", "kid", k->thumbprint);

	if (o != NULL && put_coord(o, "x", k->xy) && put_coord(o, "y", k->xy + COORD) &&
	    (!private_too || put_private(o, k)))
		return o;
	json_decref(o);
	return NULL;
}

const char *up_jwk_thumbprint(const struct up_jwk *k)
{
	return k->thumbprint;
}

bool up_jwk_is_private(const struct up_jwk *k)
{
	return k->sign != NULL;
}

void up_jwk_free(struct up_jwk **kp)
{
	struct up_jwk *k = *kp;

	if (k == NULL)
		return;
	EVP_PKEY_CTX_free(k->sign);
	EVP_PKEY_CTX_free(k->verify);
	EVP_PKEY_free(k->pkey);
	free(k);
	*kp = NULL;
}

/* DER INTEGER of a 32-byte number: no needless zeros, but one where the first bit would make it
 * negative. */
static size_t put_integer(uint8_t *der, const uint8_t v[COORD])
{
	size_t skip = 0, pad, n;

	while (skip < COORD - 1 && v[skip] == 0)
		skip++;
	n = COORD - skip;
	pad = v[skip] >> 7;
	der[0] = 2;
	der[1] = (uint8_t)(pad + n);
	der[2] = 0;
	memcpy(der + 2 + pad, v + skip, n);
	return 2 + pad + n;
}

/* The inverse; what is left of *DER afterwards. False when it is not such a number. */
static bool take_integer(struct up_span *der, uint8_t v[COORD])
{
	size_t n, pad;

	if (der->n < 3 || der->p[0] != 2 || (n = der->p[1]) == 0 || n > der->n - 2)
		return false;
	pad = der->p[2] == 0 ? 1 : 0;
	if (n - pad > COORD)
		return false;
	memset(v, 0, COORD);
	memcpy(v + COORD - (n - pad), der->p + 2 + pad, n - pad);
	der->p += 2 + n;
	der->n -= 2 + n;
	return true;
}

enum up_err up_jwk_sign(const struct up_jwk *k, struct up_span data, uint8_t sig[64])
{
	uint8_t hash[UP_HASH_LEN], der[DER_MAX];
	size_t n = sizeof(der);
	struct up_span rest;
	EVP_PKEY_CTX *ctx;
	bool ok;
	enum up_err err;

	if (k->sign == NULL)
		return UP_E_KEY;
	if ((err = up_hash_sha256(&data, 1, hash)) != UP_OK)
		return err;
	if ((ctx = EVP_PKEY_CTX_dup(k->sign)) == NULL)
		return UP_E_CRYPTO;
	ok = EVP_PKEY_sign(ctx, der, &n, hash, sizeof(hash)) == 1 && n > 2 && der[0] == 0x30 &&
	    der[1] == n - 2;
	EVP_PKEY_CTX_free(ctx);
	if (!ok)
		return UP_E_CRYPTO;
	rest = up_span_of(der + 2, n - 2);
	return take_integer(&rest, sig) && take_integer(&rest, sig + COORD) && rest.n == 0
	    ? UP_OK
	    : UP_E_CRYPTO;
}

enum up_err up_jwk_verify(const struct up_jwk *k, struct up_span data, const uint8_t sig[64])
{
	uint8_t hash[UP_HASH_LEN], der[DER_MAX] = { 0x30 };
	size_t n = 2;
	EVP_PKEY_CTX *ctx;
	bool ok;
	enum up_err err;

	n += put_integer(der + n, sig);
	n += put_integer(der + n, sig + COORD);
	der[1] = (uint8_t)(n - 2);
	if ((err = up_hash_sha256(&data, 1, hash)) != UP_OK)
		return err;
	if ((ctx = EVP_PKEY_CTX_dup(k->verify)) == NULL)
		return UP_E_CRYPTO;
	ok = EVP_PKEY_verify(ctx, der, n, hash, sizeof(hash)) == 1;
	EVP_PKEY_CTX_free(ctx);
	/* a stranger's bad signature must not look like an error of the TLS connection served next
	 */
	if (!ok)
		ERR_clear_error();
	return ok ? UP_OK : UP_E_SIGNATURE;
}
