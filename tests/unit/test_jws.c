/* SPDX-License-Identifier: Apache-2.0
 * Tokens of other issuers: which algorithm, which key of their set, and whose signature. */
#include "core/jws.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <string.h>

#include "core/text.h"
#include "unit.h"

#define EC 2 /* after the RSA keys */
static EVP_PKEY *keys[3]; /* RSA, RSA, P-256 */

static void put_number(struct up_buf *b, const char *before, EVP_PKEY *k, const char *name, int n)
{
	uint8_t raw[512];
	BIGNUM *bn = NULL;

	CU_ASSERT_EQUAL_FATAL(EVP_PKEY_get_bn_param(k, name, &bn), 1);
	if (n == 0)
		n = BN_num_bytes(bn);
	CU_ASSERT_EQUAL(BN_bn2binpad(bn, raw, n), n);
	up_buf_put_str(b, before);
	up_text_put_b64url(b, up_span_of(raw, (size_t)n));
	up_buf_put_char(b, '"');
	BN_free(bn);
}

/* Key I as JWK with MORE members, appended. */
static void put_jwk(struct up_buf *b, int i, const char *more)
{
	if (i == EC) {
		put_number(b, "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"", keys[i],
		    OSSL_PKEY_PARAM_EC_PUB_X, 32);
		put_number(b, ",\"y\":\"", keys[i], OSSL_PKEY_PARAM_EC_PUB_Y, 32);
	} else {
		put_number(b, "{\"kty\":\"RSA\",\"n\":\"", keys[i], OSSL_PKEY_PARAM_RSA_N, 0);
		put_number(b, ",\"e\":\"", keys[i], OSSL_PKEY_PARAM_RSA_E, 0);
	}
	up_buf_printf(b, "%s%s}", more[0] != '\0' ? "," : "", more);
}

/* "0 kid" ... : the keys of SPEC, each as its number and further members, separated by '|'. */
static json_t *set_of(const char *spec)
{
	struct up_span one, rest = up_span_str(spec);
	struct up_buf b = { 0 };
	json_t *o;

	up_buf_put_str(&b, "{\"keys\":[");
	for (const char *sep = ""; rest.n > 0; sep = ",") {
		char more[256];

		up_span_cut(rest, '|', &one, &rest);
		snprintf(more, sizeof(more), "%.*s", (int)one.n - 1, (const char *)one.p + 1);
		up_buf_put_str(&b, sep);
		put_jwk(&b, one.p[0] - '0', more);
	}
	up_buf_put_str(&b, "]}");
	o = json_loadb((const char *)b.p, b.n, 0, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(o);
	up_buf_free(&b);
	return o;
}

/* DER of an ECDSA signature to r||s. */
static size_t raw_ec(const uint8_t *der, uint8_t *out)
{
	size_t at = 2;

	for (int i = 0; i < 2; i++) {
		size_t n = der[at + 1], skip = n > 32 ? n - 32 : 0;

		memset(out + 32 * i, 0, 32);
		memcpy(out + 32 * i + 32 - (n - skip), der + at + 2 + skip, n - skip);
		at += 2 + n;
	}
	return 64;
}

/* PADDING 0: as the key does by itself; SALT of PSS. */
static void sign(const char *header, int i, int padding, int salt, struct up_buf *out)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *ctx;
	uint8_t sig[512], raw[64];
	size_t n = sizeof(sig);

	up_buf_reset(out);
	up_text_put_b64url(out, up_span_str(header));
	up_buf_put_char(out, '.');
	up_text_put_b64url(out, UP_SPAN_LIT("{\"sub\":\"s\"}"));
	CU_ASSERT_EQUAL_FATAL(EVP_DigestSignInit(md, &ctx, EVP_sha256(), NULL, keys[i]), 1);
	if (padding != 0) {
		CU_ASSERT(EVP_PKEY_CTX_set_rsa_padding(ctx, padding) == 1);
		CU_ASSERT(padding != RSA_PKCS1_PSS_PADDING ||
			  EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, salt) == 1);
	}
	CU_ASSERT_EQUAL_FATAL(EVP_DigestSign(md, sig, &n, out->p, out->n), 1);
	up_buf_put_char(out, '.');
	if (i == EC)
		up_text_put_b64url(out, up_span_of(raw, raw_ec(sig, raw)));
	else
		up_text_put_b64url(out, up_span_of(sig, n));
	EVP_MD_CTX_free(md);
}

static enum up_err judge(const struct up_buf *text, const char *spec)
{
	json_t *set = set_of(spec);
	struct up_jwt t;
	enum up_err err = up_jws_parse(up_buf_span(text), &t);

	if (err == UP_OK)
		err = up_jws_verify(&t, set);
	up_jwt_free(&t);
	json_decref(set);
	return err;
}

static void test_algorithms(void)
{
	static const struct {
		const char *header;
		int key, padding, salt;
		enum up_err err;
	} rows[] = {
		{ "{\"alg\":\"ES256\",\"kid\":\"c\"}", EC, 0, 0, UP_OK },
		{ "{\"alg\":\"RS256\",\"kid\":\"a\"}", 0, RSA_PKCS1_PADDING, 0, UP_OK },
		{ "{\"alg\":\"RS256\",\"kid\":\"a\",\"typ\":\"JWT\"}", 0, RSA_PKCS1_PADDING, 0,
		    UP_OK },
		{ "{\"alg\":\"PS256\",\"kid\":\"a\"}", 0, RSA_PKCS1_PSS_PADDING, 32, UP_OK },
		/* one padding is not the other, and the salt is as long as the hash */
		{ "{\"alg\":\"PS256\",\"kid\":\"a\"}", 0, RSA_PKCS1_PADDING, 0, UP_E_SIGNATURE },
		{ "{\"alg\":\"RS256\",\"kid\":\"a\"}", 0, RSA_PKCS1_PSS_PADDING, 32,
		    UP_E_SIGNATURE },
		{ "{\"alg\":\"PS256\",\"kid\":\"a\"}", 0, RSA_PKCS1_PSS_PADDING, 20,
		    UP_E_SIGNATURE },
		/* another's key */
		{ "{\"alg\":\"RS256\",\"kid\":\"b\"}", 0, RSA_PKCS1_PADDING, 0, UP_E_SIGNATURE },
		{ "{\"alg\":\"RS256\",\"kid\":\"c\"}", 0, RSA_PKCS1_PADDING, 0, UP_E_KEY },
		{ "{\"alg\":\"RS256\",\"kid\":\"x\"}", 0, RSA_PKCS1_PADDING, 0, UP_E_KEY },
		{ "{\"alg\":\"RS256\",\"kid\":7}", 0, RSA_PKCS1_PADDING, 0, UP_E_KEY },
		{ "{\"alg\":\"RS256\"}", 0, RSA_PKCS1_PADDING, 0, UP_E_KEY }, /* two would do */
		/* not on the list */
		{ "{\"alg\":\"none\",\"kid\":\"a\"}", 0, RSA_PKCS1_PADDING, 0, UP_E_ALG },
		{ "{\"alg\":\"HS256\",\"kid\":\"a\"}", 0, RSA_PKCS1_PADDING, 0, UP_E_ALG },
		{ "{\"alg\":\"RS1\",\"kid\":\"a\"}", 0, RSA_PKCS1_PADDING, 0, UP_E_ALG },
		{ "{\"alg\":\"RS384\",\"kid\":\"a\"}", 0, RSA_PKCS1_PADDING, 0, UP_E_ALG },
		{ "{\"alg\":\"rs256\",\"kid\":\"a\"}", 0, RSA_PKCS1_PADDING, 0, UP_E_ALG },
		{ "{\"kid\":\"a\"}", 0, RSA_PKCS1_PADDING, 0, UP_E_ALG },
		{ "{\"alg\":\"ES256\",\"kid\":\"a\"}", 0, RSA_PKCS1_PADDING, 0, UP_E_FORMAT },
		{ "{\"alg\":\"RS256\",\"kid\":\"a\",\"typ\":\"at+jwt\"}", 0, RSA_PKCS1_PADDING, 0,
		    UP_E_CLAIM },
		{ "{\"alg\":\"RS256\",\"kid\":\"a\",\"crit\":[\"x\"]}", 0, RSA_PKCS1_PADDING, 0,
		    UP_E_CLAIM },
		{ "{\"alg\":\"RS256\",\"jwk\":{\"kty\":\"RSA\"}}", 0, RSA_PKCS1_PADDING, 0,
		    UP_E_CLAIM },
		{ "{\"alg\":\"RS256\",\"jku\":\"https://evil.example/\"}", 0, RSA_PKCS1_PADDING, 0,
		    UP_E_CLAIM },
		{ "{\"alg\":\"RS256\",\"x5c\":[]}", 0, RSA_PKCS1_PADDING, 0, UP_E_CLAIM },
	};
	struct up_buf b = { 0 };

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		sign(rows[i].header, rows[i].key, rows[i].padding, rows[i].salt, &b);
		UP_CHECK(judge(&b, "0\"kid\":\"a\"|1\"kid\":\"b\"|2\"kid\":\"c\"") == rows[i].err,
		    rows[i].header);
	}
	up_buf_free(&b);
}

static void test_which_key(void)
{
	static const struct {
		const char *set;
		bool kid;
		enum up_err err;
	} rows[] = {
		{ "0", false, UP_OK },
		{ "0|2", false, UP_OK },
		{ "0\"alg\":\"RS256\"|1\"alg\":\"PS256\"", false, UP_OK },
		{ "0\"use\":\"sig\"|1\"use\":\"enc\"", false, UP_OK },
		{ "0\"key_ops\":[\"verify\"]|1\"key_ops\":[\"encrypt\"]", false, UP_OK },
		{ "0|1", false, UP_E_KEY },
		{ "1", false, UP_E_SIGNATURE },
		{ "2", false, UP_E_KEY },
		{ "", false, UP_E_KEY },
		{ "0\"use\":\"enc\"", false, UP_E_KEY },
		{ "0\"alg\":\"RS512\"", false, UP_E_KEY },
		{ "0\"alg\":7", false, UP_E_KEY },
		{ "0\"d\":\"AQ\"", false, UP_E_KEY },
		{ "0\"k\":\"AQ\"", false, UP_E_KEY },
		{ "0\"kid\":\"k\"", true, UP_OK },
		{ "1\"kid\":\"j\"|0\"kid\":\"k\"", true, UP_OK },
		{ "2\"kid\":\"k\"|0\"kid\":\"k\"", true, UP_OK },
		{ "0", true, UP_E_KEY },
		{ "0\"kid\":\"K\"", true, UP_E_KEY },
		{ "1\"kid\":\"k\"|0\"kid\":\"j\"", true, UP_E_SIGNATURE },
		{ "0\"kid\":\"k\",\"use\":\"enc\"", true, UP_E_KEY },
		{ "0\"kid\":\"k\",\"alg\":\"ES256\"", true, UP_E_KEY },
	};
	struct up_buf b = { 0 };

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		sign(rows[i].kid ? "{\"alg\":\"RS256\",\"kid\":\"k\"}" : "{\"alg\":\"RS256\"}", 0,
		    RSA_PKCS1_PADDING, 0, &b);
		UP_CHECK(judge(&b, rows[i].set) == rows[i].err, rows[i].set);
	}
	up_buf_free(&b);
}

/* Numbers that make no key worth trusting: a right key with one member replaced. */
static void test_weak_keys(void)
{
	static const struct {
		const char *name, *value;
	} rows[] = {
		{ "e", "AQ" },
		{ "e", "Ag" },
		{ "e", "AAEAAQ" },
		{ "e", "AQAAAAAAAAAB" },
		{ "e", "" },
		{ "e", "AQAB=" },
		{ "n", "AQAB" },
		{ "n", "" },
		{ "kty", "oct" },
		{ "kty", "EC" },
	};
	struct up_buf b = { 0 };
	struct up_jwt t;

	sign("{\"alg\":\"RS256\"}", 0, RSA_PKCS1_PADDING, 0, &b);
	CU_ASSERT_EQUAL_FATAL(up_jws_parse(up_buf_span(&b), &t), UP_OK);
	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		json_t *set = set_of("0"), *jwk = json_array_get(json_object_get(set, "keys"), 0);

		CU_ASSERT_EQUAL(up_jws_verify(&t, set), UP_OK);
		json_object_set_new(jwk, rows[i].name, json_string(rows[i].value));
		UP_CHECK(up_jws_verify(&t, set) == UP_E_KEY, rows[i].value);
		json_object_del(jwk, rows[i].name);
		UP_CHECK(up_jws_verify(&t, set) == UP_E_KEY, rows[i].name);
		json_decref(set);
	}
	CU_ASSERT_EQUAL(up_jws_verify(&t, NULL), UP_E_KEY);
	up_jwt_free(&t);
	up_buf_free(&b);
}

/* A signature that is shorter, longer, of another text, or followed by another part. */
static void test_bent(void)
{
	struct up_buf b = { 0 }, bent = { 0 };

	sign("{\"alg\":\"RS256\"}", 0, RSA_PKCS1_PADDING, 0, &b);
	CU_ASSERT_EQUAL(judge(&b, "0"), UP_OK);
	up_buf_put(&bent, b.p, b.n - 4);
	CU_ASSERT_EQUAL(judge(&bent, "0"), UP_E_SIGNATURE);
	up_buf_reset(&bent);
	up_buf_printf(&bent, "%.*sAAAA", (int)b.n, (const char *)b.p);
	CU_ASSERT_EQUAL(judge(&bent, "0"), UP_E_SIGNATURE);
	up_buf_reset(&bent);
	up_buf_printf(&bent, "%.*s.AAAA", (int)b.n, (const char *)b.p);
	CU_ASSERT_EQUAL(judge(&bent, "0"), UP_E_FORMAT);
	up_buf_reset(&bent);
	up_buf_put(&bent, b.p, b.n);
	for (size_t i = 0; i < b.n; i += 7) {
		uint8_t was = bent.p[i];

		bent.p[i] = was == 'A' ? 'B' : 'A';
		UP_CHECK(was == '.' || judge(&bent, "0") != UP_OK, "a changed character");
		bent.p[i] = was;
	}
	up_buf_free(&bent);
	up_buf_free(&b);
}

static void test_usable(void)
{
	static const struct {
		const char *set;
		bool yes;
	} rows[] = {
		{ "0", true },
		{ "2", true },
		{ "", false },
		{ "0\"use\":\"enc\"", false },
		{ "2\"alg\":\"ES384\"|0\"alg\":\"RS512\"", false },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		json_t *set = set_of(rows[i].set);

		UP_CHECK(up_jws_usable(set) == rows[i].yes, rows[i].set);
		json_decref(set);
	}
}

static void make_keys(void)
{
	keys[0] = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	keys[1] = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	keys[EC] = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	for (size_t i = 0; i < UP_ARRAY_LEN(keys); i++)
		CU_ASSERT_PTR_NOT_NULL_FATAL(keys[i]);
}

static void free_keys(void)
{
	for (size_t i = 0; i < UP_ARRAY_LEN(keys); i++)
		EVP_PKEY_free(keys[i]);
}

UP_SUITE("jws", make_keys, test_algorithms, test_which_key, test_weak_keys, test_bent, test_usable,
    free_keys)
