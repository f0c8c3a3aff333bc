/* SPDX-License-Identifier: Apache-2.0 */
#include "core/jwt.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "core/text.h"
#include "unit.h"

#define NOW 1700000000
static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static struct up_jwk *key;

static void need_key(void)
{
	if (key == NULL)
		CU_ASSERT_EQUAL_FATAL(up_jwk_generate(&key), UP_OK);
}

/* A token with any header and claims, rightly signed. */
static void make(const char *header, const char *claims, struct up_buf *out)
{
	need_key();
	up_buf_reset(out);
	CU_ASSERT_EQUAL(
	    up_jwt_sign_header(key, up_span_str(header), up_span_str(claims), out), UP_OK);
}

/* The whole way: parse, verify, expect. */
static enum up_err judge(struct up_span text, const char *typ, const struct up_jwt_expect *x)
{
	struct up_jwt t;
	enum up_err err = up_jwt_parse(text, typ, &t);

	if (err == UP_OK && (err = up_jwt_verify(&t, key)) == UP_OK)
		err = up_jwt_expect(&t, x);
	up_jwt_free(&t);
	return err;
}

static const struct up_jwt_expect anything = { .now_s = NOW };

/* RFC 7515 appendix A.3. */
#define A3_SIG \
	"DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
static const char a3[] = "eyJhbGciOiJFUzI1NiJ9."
			 "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvb"
			 "S9pc19yb290Ijp0cnVlfQ." A3_SIG;

static void test_known_token(void)
{
	const struct up_jwt_expect then = { .iss = "joe", .need_exp = true, .now_s = 1300819379 },
				   late = { .now_s = 1300819380 };
	json_t *jwk = json_pack("{s:s, s:s, s:s, s:s}", "kty", "EC", "crv", "P-256", "x",
	    "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y",
	    "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
	struct up_jwk *k = NULL;
	struct up_jwt t;

	CU_ASSERT_EQUAL(up_jwk_from_json(jwk, true, &k), UP_OK);
	CU_ASSERT_EQUAL(up_jwt_parse(up_span_str(a3), NULL, &t), UP_OK);
	CU_ASSERT_EQUAL(up_jwt_verify(&t, k), UP_OK);
	CU_ASSERT_EQUAL(up_jwt_expect(&t, &then), UP_OK);
	CU_ASSERT_EQUAL(up_jwt_expect(&t, &late), UP_E_EXPIRED);
	up_jwt_free(&t);
	CU_ASSERT_EQUAL(up_jwt_parse(up_span_str(a3), "JWT", &t), UP_E_CLAIM);   /* it has no typ */
	up_jwt_free(&t);
	up_jwk_free(&k);
	json_decref(jwk);
}

static void test_sign(void)
{
	struct up_buf b = { 0 };
	struct up_jwt t;

	need_key();
	up_buf_put_str(&b, "kept");
	CU_ASSERT_EQUAL(up_jwt_sign(key, "logout+jwt", UP_SPAN_LIT("{\"sub\":\"a\"}"), &b), UP_OK);
	CU_ASSERT_EQUAL(memcmp(b.p, "kept", 4), 0);
	CU_ASSERT_EQUAL(up_jwt_parse(up_span_of(b.p + 4, b.n - 4), "logout+jwt", &t), UP_OK);
	CU_ASSERT_EQUAL(up_jwt_verify(&t, key), UP_OK);
	CU_ASSERT_STRING_EQUAL(
	    json_string_value(json_object_get(t.header, "kid")), up_jwk_thumbprint(key));
	CU_ASSERT_EQUAL(json_object_size(t.header), 3);
	up_jwt_free(&t);
	CU_ASSERT_PTR_NULL(t.claims);
	up_buf_free(&b);
}

static void test_sign_needs_private(void)
{
	struct up_jwk *public = NULL;
	struct up_buf b = { 0 };
	uint8_t xy[64];

	need_key();
	up_jwk_public(key, xy);
	CU_ASSERT_EQUAL(up_jwk_from_public(xy, &public), UP_OK);
	up_buf_put_str(&b, "kept");
	CU_ASSERT_EQUAL(up_jwt_sign(public, NULL, UP_SPAN_LIT("{}"), &b), UP_E_KEY);
	CU_ASSERT_EQUAL(b.n, 4);
	up_jwk_free(&public);
	up_buf_free(&b);
}

/* Each character of the signature by each other one; each of header and payload by another. */
static void test_every_changed_character_fails(void)
{
	struct up_buf b = { 0 };
	size_t sig;

	make("{\"alg\":\"ES256\",\"typ\":\"JWT\"}", "{\"sub\":\"someone\",\"exp\":1700000100}", &b);
	CU_ASSERT_EQUAL(judge(up_buf_span(&b), "JWT", &anything), UP_OK);
	sig = b.n - 86;
	for (size_t i = 0; i < b.n; i++) {
		uint8_t was = b.p[i];

		for (size_t c = i < sig ? i % 8 : 0; c < 64; c += i < sig ? 8 : 1) {
			b.p[i] = (uint8_t)alphabet[c];
			if (b.p[i] != was)
				CU_ASSERT_NOT_EQUAL(
				    judge(up_buf_span(&b), "JWT", &anything), UP_OK);
		}
		for (const char *c = "=+/. \n"; *c != '\0'; c++) {
			b.p[i] = (uint8_t)*c;
			if (b.p[i] != was)
				CU_ASSERT_NOT_EQUAL(
				    judge(up_buf_span(&b), "JWT", &anything), UP_OK);
		}
		b.p[i] = was;
	}
	CU_ASSERT_EQUAL(judge(up_buf_span(&b), "JWT", &anything), UP_OK);
	up_buf_free(&b);
}

/* One signature has one text: 87 characters (which libcjose takes), trailing bytes, more or fewer
 * parts. */
static void test_form(void)
{
	struct up_buf b = { 0 };
	char text[1024];
	struct up_jwt t;
	size_t n;

	make("{\"alg\":\"ES256\",\"typ\":\"JWT\"}", "{}", &b);
	n = b.n;
	for (const char *c = alphabet; *c != '\0'; c++) {
		snprintf(text, sizeof(text), "%s%c", up_buf_cstr(&b), *c);
		CU_ASSERT_EQUAL(up_jwt_parse(up_span_of(text, n + 1), "JWT", &t), UP_E_FORMAT);
	}
	static const char *const tails[] = { "=", "==", ".", ".x", " ", "\n", "AA", "AAAA",
		".e30" };

	for (size_t i = 0; i < UP_ARRAY_LEN(tails); i++) {
		snprintf(text, sizeof(text), "%s%s", up_buf_cstr(&b), tails[i]);
		UP_CHECK(up_jwt_parse(up_span_str(text), "JWT", &t) == UP_E_FORMAT, tails[i]);
		snprintf(text, sizeof(text), "%s%s", tails[i], up_buf_cstr(&b));
		UP_CHECK(up_jwt_parse(up_span_str(text), "JWT", &t) != UP_OK, tails[i]);
	}
	for (size_t i = 0; i < n; i++)
		CU_ASSERT_NOT_EQUAL(up_jwt_parse(up_span_of(b.p, i), "JWT", &t), UP_OK);
	CU_ASSERT_EQUAL(up_jwt_parse(up_span_of(b.p, n + 0), "JWT", &t), UP_OK);
	up_jwt_free(&t);
	up_buf_free(&b);
}

static void test_too_large(void)
{
	struct up_buf claims = { 0 }, b = { 0 };
	struct up_jwt t;

	up_buf_put_str(&claims, "{\"pad\":\"");
	for (size_t i = 0; i < 6030; i++)
		up_buf_put_char(&claims, 'p');
	up_buf_put_str(&claims, "\"}");
	make("{\"alg\":\"ES256\",\"typ\":\"JWT\"}", up_buf_cstr(&claims), &b);
	CU_ASSERT(b.n <= UP_JWT_MAX);
	CU_ASSERT_EQUAL(judge(up_buf_span(&b), "JWT", &anything), UP_OK);
	claims.n -= 2;
	for (size_t i = 0; i < 60; i++)
		up_buf_put_char(&claims, 'p');
	up_buf_put_str(&claims, "\"}");
	make("{\"alg\":\"ES256\",\"typ\":\"JWT\"}", up_buf_cstr(&claims), &b);
	CU_ASSERT(b.n > UP_JWT_MAX);
	CU_ASSERT_EQUAL(up_jwt_parse(up_buf_span(&b), "JWT", &t), UP_E_TOO_LARGE);
	up_buf_free(&claims);
	up_buf_free(&b);
}

/* All of these are rightly signed: the header alone is what is wrong with them. */
static void test_headers(void)
{
#define JWK \
	"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"," \
	"\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}"
	static const struct { const char *header, *typ; enum up_err err;
	} rows[] = {
		{ "{\"alg\":\"ES256\",\"typ\":\"JWT\"}", "JWT", UP_OK },
		{ "{\"alg\":\"ES256\",\"typ\":\"jwt\"}", "JWT", UP_OK },
		{ "{\"alg\":\"ES256\",\"typ\":\"application/JWT\"}", "JWT", UP_OK },
		{ "{\"alg\":\"ES256\",\"typ\":\"Application/dpop+JWT\"}", "dpop+jwt", UP_OK },
		{ "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"any\",\"cty\":\"x\"}", NULL,
		    UP_OK },
		{ "{\"alg\":\"ES256\"}", NULL, UP_OK },
		{ "{\"alg\":\"ES256\"}", "JWT", UP_E_CLAIM },
		{ "{\"alg\":\"ES256\",\"typ\":\"dpop+jwt\"}", "JWT", UP_E_CLAIM },
		{ "{\"alg\":\"ES256\",\"typ\":\"dpop+jwt\"}", NULL, UP_E_CLAIM },
		{ "{\"alg\":\"ES256\",\"typ\":\"client-authentication+jwt\"}", UP_JWT_TYP_CLIENT,
		    UP_OK },
		{ "{\"alg\":\"ES256\",\"typ\":\"client-authentication+jwt\"}", NULL, UP_E_CLAIM },
		{ "{\"alg\":\"ES256\",\"typ\":\"JWT\"}", "dpop+jwt", UP_E_CLAIM },
		{ "{\"alg\":\"ES256\",\"typ\":\"logout+jwt\"}", "JWT", UP_E_CLAIM },
		{ "{\"alg\":\"ES256\",\"typ\":\"application/\"}", "JWT", UP_E_CLAIM },
		{ "{\"alg\":\"ES256\",\"typ\":\"application/application/JWT\"}", "JWT",
		    UP_E_CLAIM },
		{ "{\"alg\":\"ES256\",\"typ\":\"\"}", NULL, UP_E_CLAIM },
		{ "{\"alg\":\"ES256\",\"typ\":null}", NULL, UP_E_CLAIM },
		{ "{\"alg\":\"ES256\",\"typ\":[\"JWT\"]}", "JWT", UP_E_CLAIM },
		{ "{\"typ\":\"JWT\"}", "JWT", UP_E_ALG },
		{ "{\"alg\":\"none\",\"typ\":\"JWT\"}", "JWT", UP_E_ALG },
		{ "{\"alg\":\"None\",\"typ\":\"JWT\"}", "JWT", UP_E_ALG },
		{ "{\"alg\":\"\",\"typ\":\"JWT\"}", "JWT", UP_E_ALG },
		{ "{\"alg\":\"HS256\",\"typ\":\"JWT\"}", "JWT", UP_E_ALG },
		{ "{\"alg\":\"RS256\",\"typ\":\"JWT\"}", "JWT", UP_E_ALG },
		{ "{\"alg\":\"ES384\",\"typ\":\"JWT\"}", "JWT", UP_E_ALG },
		{ "{\"alg\":\"es256\",\"typ\":\"JWT\"}", "JWT", UP_E_ALG },
		{ "{\"alg\":\"ES256 \",\"typ\":\"JWT\"}", "JWT", UP_E_ALG },
		{ "{\"alg\":[\"ES256\"],\"typ\":\"JWT\"}", "JWT", UP_E_ALG },
		{ "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"crit\":[\"exp\"]}", "JWT", UP_E_CLAIM },
		{ "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"crit\":[]}", "JWT", UP_E_CLAIM },
		{ "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"crit\":null}", "JWT", UP_E_CLAIM },
		{ "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"b64\":false}", "JWT", UP_E_CLAIM },
		{ "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"b64\":true}", "JWT", UP_E_CLAIM },
		{ "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"jwk\":" JWK "}", "JWT", UP_E_CLAIM },
		{ "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"jwk\":" JWK "}", NULL, UP_E_CLAIM },
		{ "{\"alg\":\"ES256\",\"typ\":\"dpop+jwt\",\"jwk\":" JWK "}", "dpop+jwt", UP_OK },
		{ "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"jku\":\"https://evil.example/\"}", "JWT",
		    UP_E_CLAIM },
		{ "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"x5u\":\"https://evil.example/\"}", "JWT",
		    UP_E_CLAIM },
		{ "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"x5c\":[]}", "JWT", UP_E_CLAIM },
		{ "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"zip\":\"DEF\"}", "JWT", UP_E_CLAIM },
		{ "{\"alg\":\"ES256\",\"alg\":\"ES256\",\"typ\":\"JWT\"}", "JWT", UP_E_FORMAT },
		{ "{\"alg\":\"none\",\"alg\":\"ES256\",\"typ\":\"JWT\"}", "JWT", UP_E_FORMAT },
		{ "{\"alg\":\"ES256\",\"typ\":\"JWT\"} ", "JWT", UP_OK },
		{ "{\"alg\":\"ES256\",\"typ\":\"JWT\"}{}", "JWT", UP_E_FORMAT },
		{ "{\"alg\":\"ES256\",\"typ\":\"JWT\\u0000\"}", "JWT", UP_E_FORMAT },
		{ "[\"alg\",\"ES256\"]", "JWT", UP_E_FORMAT },
		{ "\"ES256\"", "JWT", UP_E_FORMAT },
		{ "{\"alg\":\"ES256\",\"typ\":\"\xff\"}", "JWT", UP_E_FORMAT },
		{ "", "JWT", UP_E_FORMAT },
	};
	struct up_buf b = { 0 };

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		make(rows[i].header, "{}", &b);
		UP_CHECK(
		    judge(up_buf_span(&b), rows[i].typ, &anything) == rows[i].err, rows[i].header);
	}
	up_buf_free(&b);
}

/* The classic: MAC under the public key's bytes, in the forms in which others have taken it for a
 * secret. */
static void test_hmac_with_public_key(void)
{
	static const char *const headers[] = { "{\"alg\":\"HS256\",\"typ\":\"JWT\"}",
		"{\"alg\":\"ES256\",\"typ\":\"JWT\"}" };
	struct up_buf b = { 0 };
	uint8_t xy[64], mac[64] = { 0 };
	unsigned n;

	need_key();
	up_jwk_public(key, xy);
	for (size_t i = 0; i < UP_ARRAY_LEN(headers); i++) {
		for (size_t len = 32; len <= 64; len += 32) {
			up_buf_reset(&b);
			up_text_put_b64url(&b, up_span_str(headers[i]));
			up_buf_put_char(&b, '.');
			up_text_put_b64url(&b, UP_SPAN_LIT("{}"));
			CU_ASSERT_PTR_NOT_NULL(HMAC(len == 32 ? EVP_sha256() : EVP_sha512(), xy,
			    sizeof(xy), b.p, b.n, mac, &n));
			up_buf_put_char(&b, '.');
			up_text_put_b64url(&b, up_span_of(mac, len));
			CU_ASSERT_NOT_EQUAL(judge(up_buf_span(&b), "JWT", &anything), UP_OK);
		}
	}
	up_buf_free(&b);
}

static void test_unsigned(void)
{
	struct up_buf b = { 0 };
	struct up_jwt t;

	up_text_put_b64url(&b, UP_SPAN_LIT("{\"alg\":\"none\",\"typ\":\"JWT\"}"));
	up_buf_put_str(&b, ".e30.");
	CU_ASSERT_EQUAL(up_jwt_parse(up_buf_span(&b), "JWT", &t), UP_E_FORMAT);
	up_buf_put_str(&b, A3_SIG);
	CU_ASSERT_EQUAL(up_jwt_parse(up_buf_span(&b), "JWT", &t), UP_E_ALG);
	up_buf_free(&b);
}

#define TIMES "\"exp\":1700000100,\"iat\":1699999990"
#define FULL "\"iss\":\"i\",\"aud\":\"a\",\"sub\":\"s\",\"nonce\":\"n\",\"jti\":\"j\""

static void test_claims(void)
{
	static const struct up_jwt_expect all = { .iss = "i",
		.aud = "a",
		.sub = "s",
		.nonce = "n",
		.need_exp = true,
		.need_iat = true,
		.need_jti = true,
		.now_s = NOW,
		.leeway_s = 5,
		.max_age_s = 300 };
	static const struct { const char *claims; enum up_err err;
	} rows[] = {
		{ "{" FULL "," TIMES "}", UP_OK },
		{ "{" FULL "," TIMES ",\"nbf\":1700000000,\"more\":[{}]}", UP_OK },
		/* who and for whom */
		{ "{\"iss\":\"i2\",\"aud\":\"a\",\"sub\":\"s\",\"nonce\":\"n\",\"jti\":\"j\"," TIMES
		  "}",
		    UP_E_CLAIM },
		{ "{\"aud\":\"a\",\"sub\":\"s\",\"nonce\":\"n\",\"jti\":\"j\"," TIMES "}",
		    UP_E_CLAIM },
		{ "{\"iss\":[\"i\"],\"aud\":\"a\",\"sub\":\"s\",\"nonce\":\"n\",\"jti\":"
		  "\"j\"," TIMES "}",
		    UP_E_CLAIM },
		{ "{\"iss\":\"i\",\"aud\":\"a\",\"sub\":\"S\",\"nonce\":\"n\",\"jti\":\"j\"," TIMES
		  "}",
		    UP_E_CLAIM },
		{ "{\"iss\":\"i\",\"aud\":\"a\",\"nonce\":\"n\",\"jti\":\"j\"," TIMES "}",
		    UP_E_CLAIM },
		{ "{\"iss\":\"i\",\"aud\":\"a\",\"sub\":\"s\",\"nonce\":\"N\",\"jti\":\"j\"," TIMES
		  "}",
		    UP_E_CLAIM },
		{ "{\"iss\":\"i\",\"aud\":\"a\",\"sub\":\"s\",\"jti\":\"j\"," TIMES "}",
		    UP_E_CLAIM },
		{ "{\"iss\":\"i\",\"aud\":\"a\",\"sub\":\"s\",\"nonce\":\"n\"," TIMES "}",
		    UP_E_CLAIM },
		{ "{\"iss\":\"i\",\"aud\":\"a\",\"sub\":\"s\",\"nonce\":\"n\",\"jti\":\"\"," TIMES
		  "}",
		    UP_E_CLAIM },
		{ "{\"iss\":\"i\",\"aud\":\"a\",\"sub\":\"s\",\"nonce\":\"n\",\"jti\":7," TIMES "}",
		    UP_E_CLAIM },
		/* missing, string, negative, huge, null exp; fraction and exponent are numbers (RFC
		 * 7519 section 2) */
		{ "{" FULL ",\"iat\":1699999990}", UP_E_CLAIM },
		{ "{" FULL ",\"iat\":1699999990,\"exp\":\"1700000100\"}", UP_E_CLAIM },
		{ "{" FULL ",\"iat\":1699999990,\"exp\":1700000100.0}", UP_OK },
		{ "{" FULL ",\"iat\":1699999990.25,\"exp\":1700000100.75,\"nbf\":1699999990.5}",
		    UP_OK },
		{ "{" FULL ",\"iat\":1699999990,\"exp\":1.7000001e9}", UP_OK },
		{ "{" FULL ",\"iat\":1699999990,\"exp\":1.7000001e99}", UP_E_CLAIM },
		{ "{" FULL ",\"iat\":1699999990,\"exp\":253402300799.5}", UP_E_CLAIM },
		{ "{" FULL ",\"iat\":1699999990,\"exp\":-0.5}", UP_E_CLAIM },
		{ "{" FULL ",\"iat\":1699999990,\"exp\":-1}", UP_E_CLAIM },
		{ "{" FULL ",\"iat\":1699999990,\"exp\":9223372036854775807}", UP_E_CLAIM },
		{ "{" FULL ",\"iat\":1699999990,\"exp\":99999999999999999999}", UP_E_FORMAT },
		{ "{" FULL ",\"iat\":1699999990,\"exp\":null}", UP_E_CLAIM },
		{ "{" FULL ",\"iat\":1699999990,\"exp\":true}", UP_E_CLAIM },
		{ "{" FULL "," TIMES ",\"exp\":1700000101}", UP_E_FORMAT }, /* twice */
		{ "{" FULL "," TIMES ",\"sub\":\"s\"}", UP_E_FORMAT },
		{ "{" FULL "," TIMES ",\"o\":{\"p\":1,\"p\":1}}", UP_E_FORMAT },
		/* expired: the last second of the leeway and the one after */
		{ "{" FULL ",\"iat\":1699999900,\"exp\":1699999996}", UP_OK },
		{ "{" FULL ",\"iat\":1699999900,\"exp\":1699999995}", UP_E_EXPIRED },
		{ "{" FULL ",\"iat\":1699999900,\"exp\":1699999995.9}", UP_E_EXPIRED },
		{ "{" FULL ",\"iat\":0,\"exp\":0}", UP_E_EXPIRED },
		/* not yet */
		{ "{" FULL "," TIMES ",\"nbf\":1700000005}", UP_OK },
		{ "{" FULL "," TIMES ",\"nbf\":1700000006}", UP_E_CLAIM },
		{ "{" FULL "," TIMES ",\"nbf\":\"0\"}", UP_E_CLAIM },
		{ "{" FULL ",\"exp\":1700000100,\"iat\":1700000005}", UP_OK },
		{ "{" FULL ",\"exp\":1700000100,\"iat\":1700000006}", UP_E_CLAIM },
		{ "{" FULL ",\"exp\":1700000100,\"iat\":\"1700000000\"}", UP_E_CLAIM },
		{ "{" FULL ",\"exp\":1700000100}", UP_E_CLAIM },
		/* too old, and good for too long */
		{ "{" FULL ",\"exp\":1699999997,\"iat\":1699999697}", UP_OK },
		{ "{" FULL ",\"exp\":1699999997,\"iat\":1699999694}", UP_E_CLAIM },
		{ "{" FULL ",\"exp\":1700000290,\"iat\":1699999990}", UP_OK },
		{ "{" FULL ",\"exp\":1700000291,\"iat\":1699999990}", UP_E_CLAIM },
	};
	struct up_buf b = { 0 };

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		make("{\"alg\":\"ES256\",\"typ\":\"JWT\"}", rows[i].claims, &b);
		UP_CHECK(judge(up_buf_span(&b), "JWT", &all) == rows[i].err, rows[i].claims);
	}
	up_buf_free(&b);
}

static void test_max_age_alone(void)
{
	static const struct up_jwt_expect x = { .now_s = NOW, .max_age_s = 300 };
	static const struct { const char *claims; enum up_err err; } rows[] = {
		{ "{}", UP_E_CLAIM },
		{ "{\"iat\":1699999700}", UP_OK },
		{ "{\"iat\":1699999699}", UP_E_CLAIM },
		{ "{\"exp\":1700000300}", UP_OK },
		{ "{\"exp\":1700000301}", UP_E_CLAIM },
		{ "{\"iat\":1699999700,\"exp\":1700000001}", UP_E_CLAIM },
	};
	struct up_buf b = { 0 };

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		make("{\"alg\":\"ES256\",\"typ\":\"JWT\"}", rows[i].claims, &b);
		UP_CHECK(judge(up_buf_span(&b), "JWT", &x) == rows[i].err, rows[i].claims);
	}
	up_buf_free(&b);
}

static void test_audience(void)
{
	static const struct up_jwt_expect x = { .aud = "me", .now_s = NOW };
	static const struct { const char *claims; enum up_err err; } rows[] = {
		{ "{\"aud\":\"me\"}", UP_OK },
		{ "{\"aud\":[\"me\"]}", UP_OK },
		{ "{\"aud\":[\"you\",\"me\"]}", UP_OK },
		{ "{\"aud\":[\"you\",\"me\"],\"azp\":\"me\"}", UP_OK },
		{ "{\"aud\":\"me\",\"azp\":\"me\"}", UP_OK },
		{ "{\"aud\":[\"you\",\"me\"],\"azp\":\"you\"}", UP_E_CLAIM },
		{ "{\"aud\":\"me\",\"azp\":\"you\"}", UP_E_CLAIM },
		{ "{\"aud\":[\"me\"],\"azp\":null}", UP_E_CLAIM },
		{ "{\"aud\":[\"you\"]}", UP_E_CLAIM },
		{ "{\"aud\":[]}", UP_E_CLAIM },
		{ "{\"aud\":[\"me\",1]}", UP_E_CLAIM },
		{ "{\"aud\":[1,\"me\"]}", UP_E_CLAIM },
		{ "{\"aud\":[[\"me\"]]}", UP_E_CLAIM },
		{ "{\"aud\":{\"me\":\"me\"}}", UP_E_CLAIM },
		{ "{\"aud\":\"ME\"}", UP_E_CLAIM },
		{ "{\"aud\":\"me \"}", UP_E_CLAIM },
		{ "{\"aud\":\"\"}", UP_E_CLAIM },
		{ "{\"aud\":null}", UP_E_CLAIM },
		{ "{}", UP_E_CLAIM },
	};
	struct up_buf b = { 0 };

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		make("{\"alg\":\"ES256\",\"typ\":\"JWT\"}", rows[i].claims, &b);
		UP_CHECK(judge(up_buf_span(&b), "JWT", &x) == rows[i].err, rows[i].claims);
	}
	up_buf_free(&b);
}

static void test_end(void)
{
	up_jwk_free(&key);
	CU_ASSERT_PTR_NULL(key);
}

UP_SUITE("jwt", test_known_token, test_sign, test_sign_needs_private,
    test_every_changed_character_fails, test_form, test_too_large, test_headers,
    test_hmac_with_public_key, test_unsigned, test_claims, test_max_age_alone, test_audience,
    test_end)
