/* SPDX-License-Identifier: Apache-2.0 */
#include "core/jwk.h"

#include <openssl/err.h>
#include <pthread.h>
#include <string.h>

#include "core/text.h"
#include "unit.h"

/* RFC 7515 appendix A.3: the key, and r||s over "header.payload". */
#define A3_X "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define A3_Y "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
#define A3_D "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"
#define A3_DATA \
	"eyJhbGciOiJFUzI1NiJ9." \
	"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0" \
	"cnVlfQ"
#define A3_SIG \
	"DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"

/* The order n of the group, and n - 1. */
#define ORDER "_____wAAAAD__________7zm-q2nF56E87nKwvxjJVE"
#define ORDER_1 "_____wAAAAD__________7zm-q2nF56E87nKwvxjJVA"

#define KEY(more) "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" A3_X "\",\"y\":\"" A3_Y "\"" more "}"

static enum up_err from(const char *json, bool need_public, struct up_jwk **out)
{
	json_t *o = json_loads(json, 0, NULL);
	enum up_err err;

	CU_ASSERT_PTR_NOT_NULL_FATAL(o);
	err = up_jwk_from_json(o, need_public, out);
	json_decref(o);
	return err;
}

static struct up_jwk *a3(void)
{
	struct up_jwk *k = NULL;

	CU_ASSERT_EQUAL(from(KEY(",\"d\":\"" A3_D "\""), false, &k), UP_OK);
	CU_ASSERT_PTR_NOT_NULL_FATAL(k);
	return k;
}

static void test_known_signature(void)
{
	struct up_jwk *k = a3(), *public = NULL;
	uint8_t sig[64];

	CU_ASSERT_EQUAL(up_text_b64url_fixed(UP_SPAN_LIT(A3_SIG), sig, 64), UP_OK);
	CU_ASSERT_EQUAL(up_jwk_verify(k, UP_SPAN_LIT(A3_DATA), sig), UP_OK);
	CU_ASSERT_EQUAL(from(KEY(""), true, &public), UP_OK);
	CU_ASSERT_EQUAL(up_jwk_verify(public, UP_SPAN_LIT(A3_DATA), sig), UP_OK);
	CU_ASSERT(up_jwk_is_private(k));
	CU_ASSERT(!up_jwk_is_private(public));
	CU_ASSERT_EQUAL(up_jwk_sign(public, UP_SPAN_LIT(A3_DATA), sig), UP_E_KEY);
	up_jwk_free(&k);
	up_jwk_free(&public);
	CU_ASSERT_PTR_NULL(public);
}

/* RFC 9449 section 6: the key of the examples and its jkt. */
static void test_known_thumbprint(void)
{
	struct up_jwk *k = NULL;

	CU_ASSERT_EQUAL(
	    from("{\"kty\":\"EC\",\"x\":\"l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs\","
		 "\"y\":\"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA\",\"crv\":\"P-256\"}",
		true, &k),
	    UP_OK);
	CU_ASSERT_STRING_EQUAL(up_jwk_thumbprint(k), "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
	up_jwk_free(&k);
}

static void test_every_changed_bit_fails(void)
{
	struct up_jwk *k = a3();
	uint8_t sig[64], data[] = A3_DATA;
	struct up_span d = up_span_of(data, sizeof(data) - 1);

	CU_ASSERT_EQUAL(up_text_b64url_fixed(UP_SPAN_LIT(A3_SIG), sig, 64), UP_OK);
	for (size_t i = 0; i < 512; i++) {
		sig[i / 8] ^= (uint8_t)(1 << i % 8);
		CU_ASSERT_EQUAL(up_jwk_verify(k, d, sig), UP_E_SIGNATURE);
		CU_ASSERT_EQUAL(ERR_peek_error(), 0);
		sig[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	for (size_t i = 0; i < d.n; i++) {
		data[i] ^= 1;
		CU_ASSERT_EQUAL(up_jwk_verify(k, d, sig), UP_E_SIGNATURE);
		data[i] ^= 1;
	}
	CU_ASSERT_EQUAL(up_jwk_verify(k, up_span_of(data, d.n - 1), sig), UP_E_SIGNATURE);
	CU_ASSERT_EQUAL(up_jwk_verify(k, d, sig), UP_OK);
	up_jwk_free(&k);
}

/* r or s of zero, of n, and of 2^256 - 1: the values that broke others ("psychic signatures"). */
static void test_degenerate_signatures(void)
{
	struct up_jwk *k = a3();
	uint8_t value[4][32], sig[64];

	memset(value[0], 0, 32);
	memset(value[1], 0xff, 32);
	CU_ASSERT_EQUAL(up_text_b64url_fixed(UP_SPAN_LIT(ORDER), value[2], 32), UP_OK);
	CU_ASSERT_EQUAL(up_text_b64url_fixed(UP_SPAN_LIT(A3_SIG), sig, 64), UP_OK);
	memcpy(value[3], sig, 32);
	for (size_t r = 0; r < 4; r++) {
		for (size_t s = 0; s < 4; s++) {
			memcpy(sig, value[r], 32);
			memcpy(sig + 32, value[s], 32);
			CU_ASSERT_EQUAL(
			    up_jwk_verify(k, UP_SPAN_LIT(A3_DATA), sig), UP_E_SIGNATURE);
		}
	}
	up_jwk_free(&k);
}

/* Enough of them that r and s with leading zeros, and with the first bit set, occur in both. */
static void test_sign_and_verify(void)
{
	struct up_jwk *k = NULL, *other = NULL;
	bool zero[2] = { false, false }, high[2] = { false, false };
	uint8_t sig[64];

	CU_ASSERT_EQUAL(up_jwk_generate(&k), UP_OK);
	CU_ASSERT_EQUAL(up_jwk_generate(&other), UP_OK);
	for (int i = 0; i < 20000 && !(i >= 200 && zero[0] && zero[1] && high[0] && high[1]); i++) {
		struct up_span data = up_span_of(&i, sizeof(i));

		CU_ASSERT_EQUAL(up_jwk_sign(k, data, sig), UP_OK);
		for (int j = 0; j < 2; j++) {
			zero[j] |= sig[32 * j] == 0;
			high[j] |= sig[32 * j] > 127;
		}
		if (i < 200 || sig[0] == 0 || sig[32] == 0)
			CU_ASSERT_EQUAL(up_jwk_verify(k, data, sig), UP_OK);
	}
	CU_ASSERT(zero[0] && zero[1] && high[0] && high[1]);
	CU_ASSERT_EQUAL(up_jwk_sign(k, UP_SPAN_LIT(""), sig), UP_OK);
	CU_ASSERT_EQUAL(up_jwk_verify(k, UP_SPAN_LIT(""), sig), UP_OK);
	CU_ASSERT_EQUAL(up_jwk_verify(other, UP_SPAN_LIT(""), sig), UP_E_SIGNATURE);
	CU_ASSERT_STRING_NOT_EQUAL(up_jwk_thumbprint(k), up_jwk_thumbprint(other));
	up_jwk_free(&k);
	up_jwk_free(&other);
}

static void test_round_trip(void)
{
	struct up_jwk *k = NULL, *again = NULL, *public = NULL, *stored = NULL;
	uint8_t xy[64], xy2[64], sig[64];
	json_t *o;

	CU_ASSERT_EQUAL(up_jwk_generate(&k), UP_OK);
	o = up_jwk_to_json(k, true);
	CU_ASSERT_EQUAL(json_object_size(o), 6);
	CU_ASSERT_EQUAL(up_jwk_from_json(o, false, &again), UP_OK);
	CU_ASSERT_EQUAL(up_jwk_from_json(o, true, &public), UP_E_KEY);
	CU_ASSERT_PTR_NULL(public);
	json_decref(o);
	o = up_jwk_to_json(k, false);
	CU_ASSERT_EQUAL(json_object_size(o), 5);
	CU_ASSERT_PTR_NULL(json_object_get(o, "d"));
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(o, "kid")), up_jwk_thumbprint(k));
	CU_ASSERT_EQUAL(up_jwk_from_json(o, true, &public), UP_OK);
	json_decref(o);
	CU_ASSERT_PTR_NULL(up_jwk_to_json(public, true));
	up_jwk_public(k, xy);
	up_jwk_public(again, xy2);
	CU_ASSERT_EQUAL(memcmp(xy, xy2, 64), 0);
	CU_ASSERT_EQUAL(up_jwk_from_public(xy, &stored), UP_OK);
	CU_ASSERT_EQUAL(up_jwk_sign(again, UP_SPAN_LIT("data"), sig), UP_OK);
	CU_ASSERT_EQUAL(up_jwk_verify(stored, UP_SPAN_LIT("data"), sig), UP_OK);
	CU_ASSERT_EQUAL(up_jwk_verify(public, UP_SPAN_LIT("data"), sig), UP_OK);
	CU_ASSERT_STRING_EQUAL(up_jwk_thumbprint(stored), up_jwk_thumbprint(k));
	up_jwk_free(&k);
	up_jwk_free(&again);
	up_jwk_free(&public);
	up_jwk_free(&stored);
}

static void test_refused_keys(void)
{
	static const struct { const char *json; bool need_public; enum up_err err;
	} rows[] = {
		{ "{}", true, UP_E_KEY },
		{ "[]", true, UP_E_KEY },
		{ "{\"kty\":1}", true, UP_E_KEY },
		{ "{\"kty\":\"oct\",\"k\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\"}", false,
		    UP_E_ALG },
		{ "{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}", true, UP_E_ALG },
		{ "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" A3_X "\"}", true, UP_E_ALG },
		{ "{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"" A3_X "\",\"y\":\"" A3_Y "\"}", true,
		    UP_E_ALG },
		{ "{\"kty\":\"EC\",\"x\":\"" A3_X "\",\"y\":\"" A3_Y "\"}", true, UP_E_ALG },
		{ "{\"kty\":\"ec\",\"crv\":\"P-256\",\"x\":\"" A3_X "\",\"y\":\"" A3_Y "\"}", true,
		    UP_E_ALG },
		{ KEY(",\"alg\":\"HS256\""), true, UP_E_ALG },
		{ KEY(",\"alg\":256"), true, UP_E_ALG },
		{ KEY(",\"use\":\"enc\""), true, UP_E_KEY },
		{ KEY(",\"alg\":\"ES256\",\"use\":\"sig\",\"kid\":\"any\""), true, UP_OK },
		{ KEY(",\"d\":\"" A3_D "\""), true, UP_E_KEY },
		{ KEY(",\"d\":null"), true, UP_E_KEY },
		{ KEY(",\"d\":null"), false, UP_E_KEY },
		{ KEY(",\"k\":\"AAAA\""), true, UP_E_KEY },
		{ KEY(",\"d\":\"" A3_X "\""), false, UP_E_KEY }, /* not this point's */
		{ KEY(",\"d\":\"" ORDER "\""), false, UP_E_KEY },
		{ KEY(",\"d\":\"" ORDER_1 "\""), false, UP_E_KEY },
		{ KEY(",\"d\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\""), false, UP_E_KEY },
		{ KEY(",\"d\":\"" A3_D "A\""), false, UP_E_KEY },
		/* not on the curve: x and y exchanged, zero, y one bit off, x over the field's
		   prime */
		{ "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" A3_Y "\",\"y\":\"" A3_X "\"}", true,
		    UP_E_KEY },
		{ "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":"
		  "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
		  "\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
		    true, UP_E_KEY },
		{ "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" A3_X
		  "\",\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5aw\"}",
		    true, UP_E_KEY },
		{ "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"______________________________________"
		  "____8\",\"y\":\"" A3_Y "\"}",
		    true, UP_E_KEY },
		/* lengths and spelling */
		{ "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" A3_X "A\",\"y\":\"" A3_Y "\"}", true,
		    UP_E_KEY },
		{ "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" A3_X "=\",\"y\":\"" A3_Y "\"}", true,
		    UP_E_KEY },
		{ "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"\",\"y\":\"" A3_Y "\"}", true,
		    UP_E_KEY },
		{ "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" A3_X "\"}", true, UP_E_KEY },
		{ "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" A3_X "\",\"y\":1}", true, UP_E_KEY },
		{ "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":"
		  "\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEV\",\"y\":\"" A3_Y "\"}",
		    true, UP_E_KEY },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		struct up_jwk *k = NULL;

		UP_CHECK(from(rows[i].json, rows[i].need_public, &k) == rows[i].err, rows[i].json);
		UP_CHECK((k != NULL) == (rows[i].err == UP_OK), rows[i].json);
		UP_CHECK(ERR_peek_error() == 0, rows[i].json);
		up_jwk_free(&k);
	}
	CU_ASSERT_EQUAL(up_jwk_from_json(NULL, true, &(struct up_jwk *){ NULL }), UP_E_KEY);
}

static void test_stored_point_off_the_curve(void)
{
	struct up_jwk *k = a3(), *bad = k;
	uint8_t xy[64];

	up_jwk_public(k, xy);
	xy[63] ^= 1;
	CU_ASSERT_EQUAL(up_jwk_from_public(xy, &bad), UP_E_KEY);
	CU_ASSERT_PTR_NULL(bad);
	memset(xy, 0, sizeof(xy));
	CU_ASSERT_EQUAL(up_jwk_from_public(xy, &bad), UP_E_KEY);
	CU_ASSERT_EQUAL(ERR_peek_error(), 0);
	up_jwk_free(&k);
}

static void *work(void *arg)
{
	const struct up_jwk *k = arg;
	uint8_t sig[64], xy[64];
	size_t bad = 0;

	up_jwk_public(k, xy);
	for (int i = 0; i < 200; i++) {
		struct up_jwk *mine = NULL;
		struct up_span data = up_span_of(&i, sizeof(i));

		bad += up_jwk_sign(k, data, sig) != UP_OK || up_jwk_verify(k, data, sig) != UP_OK;
		bad += up_jwk_from_public(xy, &mine) != UP_OK ||
		    up_jwk_verify(mine, data, sig) != UP_OK;
		sig[5] ^= 1;
		bad += up_jwk_verify(k, data, sig) != UP_E_SIGNATURE;
		up_jwk_free(&mine);
	}
	return (void *)bad;
}

static void test_shared_between_threads(void)
{
	struct up_jwk *k = a3();
	pthread_t thread[4];
	void *bad;

	for (size_t i = 0; i < UP_ARRAY_LEN(thread); i++)
		CU_ASSERT_EQUAL_FATAL(pthread_create(&thread[i], NULL, work, k), 0);
	for (size_t i = 0; i < UP_ARRAY_LEN(thread); i++) {
		CU_ASSERT_EQUAL(pthread_join(thread[i], &bad), 0);
		CU_ASSERT_PTR_NULL(bad);
	}
	up_jwk_free(&k);
}

UP_SUITE("jwk", test_known_signature, test_known_thumbprint, test_every_changed_bit_fails,
    test_degenerate_signatures, test_sign_and_verify, test_round_trip, test_refused_keys,
    test_stored_point_off_the_curve, test_shared_between_threads)
