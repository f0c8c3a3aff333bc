/* SPDX-License-Identifier: Apache-2.0
 * Proofs of possession: made, read, and refused for the wrong request, header, key or claim. */
#include <string.h>

#include "core/text.h"
#include "test_dpop.h"

/* RFC 9449 section 4.2, and its key and thumbprint from section 6. */
static const char rfc[] = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6"
			  "Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFV"
			  "ZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2"
			  "R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwi"
			  "aHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwi"
			  "aWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvw"
			  "nQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg";

static void test_known_proof(void)
{
	struct up_dpop_expect x = { .method = "POST",
		.url = UP_SPAN_LIT("https://server.example.com/token"),
		.now_s = 1562262616 };
	struct up_dpop d;

	CU_ASSERT_EQUAL(up_dpop_parse(up_span_str(rfc), &x, &d), UP_OK);
	CU_ASSERT_EQUAL(up_dpop_verify(&d, &x), UP_OK);
	CU_ASSERT_PTR_NOT_NULL_FATAL(d.key);
	CU_ASSERT_STRING_EQUAL(
	    up_jwk_thumbprint(d.key), "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
	UP_CHECK_TEXT(d.jti, "-BwC3ESc6acc2lTc");
	CU_ASSERT_EQUAL(d.nonce.n, 0);
	up_dpop_free(&d);
	CU_ASSERT_PTR_NULL(d.key);
}

static void test_make_and_check(void)
{
	struct up_dpop_make m = maker();
	struct up_dpop_expect x = expected();
	struct up_buf b = { 0 };
	struct up_dpop d;

	CU_ASSERT_EQUAL(up_dpop_make(&m, &b), UP_OK);
	CU_ASSERT_EQUAL(up_dpop_parse(up_buf_span(&b), &x, &d), UP_OK);
	UP_CHECK_TEXT(d.nonce, "the-nonce");
	UP_CHECK_TEXT(d.jti, "0123456789abcdef");
	CU_ASSERT_PTR_NULL(d.key);
	CU_ASSERT_EQUAL(up_dpop_verify(&d, &x), UP_OK);
	up_dpop_free(&d);
	/* enrolment: no token, no key known yet */
	m.token = x.token = UP_SPAN_LIT("");
	m.nonce = UP_SPAN_LIT("");
	x.key = NULL;
	up_buf_reset(&b);
	CU_ASSERT_EQUAL(up_dpop_make(&m, &b), UP_OK);
	CU_ASSERT_EQUAL(up_dpop_parse(up_buf_span(&b), &x, &d), UP_OK);
	CU_ASSERT_STRING_EQUAL(up_jwk_thumbprint(d.key), up_jwk_thumbprint(key));
	CU_ASSERT_EQUAL(d.nonce.n, 0);
	CU_ASSERT_EQUAL(up_dpop_verify(&d, &x), UP_OK);
	up_dpop_free(&d);
	up_buf_free(&b);
}

/* A good proof with a single thing of the request being another. */
static void test_other_request(void)
{
	struct up_dpop_make m = maker();
	struct up_buf b = { 0 };
	struct up_dpop_expect x = expected();

	CU_ASSERT_EQUAL(up_dpop_make(&m, &b), UP_OK);
	CU_ASSERT_EQUAL(judge(up_buf_span(&b), &x), UP_OK);
#define OTHER(member, value) \
	do { \
		x = expected(); \
		x.member = value; \
		CU_ASSERT_EQUAL(judge(up_buf_span(&b), &x), UP_E_PROOF); \
	} while (0)
	OTHER(method, "GET");
	OTHER(method, "post");
	OTHER(url, UP_SPAN_LIT("https://id.example.org/holder/decision"));
	OTHER(url, UP_SPAN_LIT("https://id.example.org/holder/decisions/"));
	OTHER(url, UP_SPAN_LIT("http://id.example.org/holder/decisions"));
	OTHER(url, UP_SPAN_LIT(""));
	OTHER(token, UP_SPAN_LIT("the-device-tokeN"));
	OTHER(token, UP_SPAN_LIT("the-device-token2"));
	OTHER(token, UP_SPAN_LIT(""));
	OTHER(key, other);
	OTHER(now_s, NOW + 61);
	OTHER(now_s, NOW - 61);
	x = expected();
	x.now_s = NOW + 60;
	CU_ASSERT_EQUAL(judge(up_buf_span(&b), &x), UP_OK);
	x.now_s = NOW - 60;
	CU_ASSERT_EQUAL(judge(up_buf_span(&b), &x), UP_OK);
	up_buf_free(&b);
}

/* The body is what was signed, to the byte; whoever does not ask takes a proof with and without. */
static void test_body_hash(void)
{
	static const struct up_span bodies[] = { UP_SPAN_LIT("{\"a\":1}"), UP_SPAN_LIT("{\"a\":2}"),
		UP_SPAN_LIT("{\"a\": 1}"), UP_SPAN_LIT("") };
	struct up_dpop_make m = maker();
	struct up_dpop_expect x = expected();
	struct up_buf with = { 0 }, without = { 0 };

	CU_ASSERT_EQUAL(up_dpop_make(&m, &without), UP_OK);
	m.body = &bodies[0];
	CU_ASSERT_EQUAL(up_dpop_make(&m, &with), UP_OK);
	CU_ASSERT_EQUAL(judge(up_buf_span(&with), &x), UP_OK);
	for (size_t i = 0; i < UP_ARRAY_LEN(bodies); i++) {
		x.body = &bodies[i];
		UP_CHECK(judge(up_buf_span(&with), &x) == (i == 0 ? UP_OK : UP_E_PROOF),
		    (const char *)bodies[i].p);
		UP_CHECK(judge(up_buf_span(&without), &x) == UP_E_PROOF,
		    (const char *)bodies[i].p);
	}
	up_buf_free(&with);
	up_buf_free(&without);
}

/* Proof with any header and claims, rightly signed by the key whose public half stands in for "@".
 */
static void make(const char *header, const char *claims, struct up_buf *out)
{
	struct up_buf h = { 0 };
	struct up_span head, rest;
	uint8_t xy[64];

	need_keys();
	up_jwk_public(key, xy);
	if (up_span_cut(up_span_str(header), '@', &head, &rest)) {
		up_buf_put_span(&h, head);
		up_buf_put_str(&h, "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"");
		up_text_put_b64url(&h, up_span_of(xy, 32));
		up_buf_put_str(&h, "\",\"y\":\"");
		up_text_put_b64url(&h, up_span_of(xy + 32, 32));
		up_buf_put_str(&h, "\"");
		up_buf_put_span(&h, rest);
	} else {
		up_buf_put_str(&h, header);
	}
	up_buf_reset(out);
	CU_ASSERT_EQUAL(up_jwt_sign_header(key, up_buf_span(&h), up_span_str(claims), out), UP_OK);
	up_buf_free(&h);
}

#define HEADER "{\"alg\":\"ES256\",\"jwk\":{@},\"typ\":\"dpop+jwt\"}"
#define CLAIMS \
	"{\"htm\":\"POST\",\"htu\":\"" URL \
	"\",\"iat\":1700000000,\"jti\":\"0123456789abcdef\",\"nonce\":\"n\"}"

static void test_headers(void)
{
	static const struct { const char *header; enum up_err err;
	} rows[] = {
		{ HEADER, UP_OK },
		{ "{\"alg\":\"ES256\",\"jwk\":{@,\"kid\":\"mine\"},\"typ\":\"dpop+jwt\"}", UP_OK },
		{ "{\"alg\":\"ES256\",\"jwk\":{@},\"typ\":\"JWT\"}", UP_E_PROOF },
		{ "{\"alg\":\"ES256\",\"jwk\":{@},\"typ\":\"jwt+dpop\"}", UP_E_PROOF },
		{ "{\"alg\":\"ES256\",\"jwk\":{@}}", UP_E_PROOF },
		{ "{\"alg\":\"ES256\",\"typ\":\"dpop+jwt\"}", UP_E_PROOF },
		{ "{\"alg\":\"ES256\",\"jwk\":null,\"typ\":\"dpop+jwt\"}", UP_E_PROOF },
		{ "{\"alg\":\"ES256\",\"jwk\":[{@}],\"typ\":\"dpop+jwt\"}", UP_E_PROOF },
		{ "{\"alg\":\"none\",\"jwk\":{@},\"typ\":\"dpop+jwt\"}", UP_E_PROOF },
		{ "{\"alg\":\"HS256\",\"jwk\":{\"kty\":\"oct\",\"k\":\"AAAA\"},\"typ\":\"dpop+"
		  "jwt\"}",
		    UP_E_PROOF },
		{ "{\"alg\":\"ES256\",\"jwk\":{\"kty\":\"oct\",\"k\":\"AAAA\"},\"typ\":\"dpop+"
		  "jwt\"}",
		    UP_E_PROOF },
		{ "{\"jwk\":{@},\"typ\":\"dpop+jwt\"}", UP_E_PROOF },
		{ "{\"alg\":\"ES256\",\"jwk\":{@,\"d\":\"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-"
		  "E9LI\"},\"typ\":\"dpop+jwt\"}",
		    UP_E_PROOF },
		{ "{\"alg\":\"ES256\",\"jwk\":{@,\"kty\":\"EC\"},\"typ\":\"dpop+jwt\"}",
		    UP_E_PROOF },
		{ "{\"alg\":\"ES256\",\"jwk\":{@},\"jwk\":{@},\"typ\":\"dpop+jwt\"}", UP_E_PROOF },
		{ "{\"alg\":\"ES256\",\"jwk\":{@},\"typ\":\"dpop+jwt\",\"crit\":[\"x\"]}",
		    UP_E_PROOF },
		{ "{\"alg\":\"ES256\",\"jwk\":{@},\"typ\":\"dpop+jwt\",\"b64\":false}",
		    UP_E_PROOF },
		{ "{\"alg\":\"ES256\",\"jwk\":{@},\"typ\":\"dpop+jwt\",\"jku\":\"https://"
		  "evil.example\"}",
		    UP_E_PROOF },
		/* another's key, whatever it was signed with */
		{ "{\"alg\":\"ES256\",\"jwk\":{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"l8tFrhx-"
		  "34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs\","
		  "\"y\":\"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA\"},\"typ\":\"dpop+jwt\"}",
		    UP_E_PROOF },
	};
	struct up_dpop_expect known = expected(), fresh;
	struct up_buf b = { 0 };

	known.token = UP_SPAN_LIT("");
	fresh = known;
	fresh.key = NULL;
	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		make(rows[i].header, CLAIMS, &b);
		UP_CHECK(judge(up_buf_span(&b), &known) == rows[i].err, rows[i].header);
		UP_CHECK(judge(up_buf_span(&b), &fresh) == rows[i].err, rows[i].header);
	}
	up_buf_free(&b);
}

/* The device's own key, but with its private half, or with a y that is not its own. */
static void test_key_not_quite(void)
{
	struct up_dpop_expect known = expected(), fresh;
	struct up_buf b = { 0 };
	json_t *header;
	char *text;

	known.token = UP_SPAN_LIT("");
	fresh = known;
	fresh.key = NULL;
	for (int private = 0; private < 2; private++) {
		header = json_pack("{s:s, s:s, s:o}", "alg", "ES256", "typ", "dpop+jwt", "jwk",
		    up_jwk_to_json(key, private != 0));
		text = json_dumps(header, 0);
		make(text, CLAIMS, &b);
		CU_ASSERT_EQUAL(judge(up_buf_span(&b), &known), private ? UP_E_PROOF : UP_OK);
		CU_ASSERT_EQUAL(judge(up_buf_span(&b), &fresh), private ? UP_E_PROOF : UP_OK);
		free(text);
		json_decref(header);
	}
	header = json_pack("{s:s, s:s, s:o}", "alg", "ES256", "typ", "dpop+jwt", "jwk",
	    up_jwk_to_json(key, false));
	json_object_set_new(json_object_get(header, "jwk"), "y",
	    json_string("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"));
	text = json_dumps(header, 0);
	make(text, CLAIMS, &b);
	CU_ASSERT_EQUAL(judge(up_buf_span(&b), &known), UP_E_PROOF);
	free(text);
	json_decref(header);
	up_buf_free(&b);
}

/* Whoever takes a device's public key for the header must still have its private one. */
static void test_signed_by_another(void)
{
	struct up_dpop_expect x = expected();
	struct up_buf b = { 0 }, forged = { 0 };
	struct up_dpop_make m = maker();
	uint8_t sig[64];

	CU_ASSERT_EQUAL(up_dpop_make(&m, &b), UP_OK);
	up_buf_put(&forged, b.p, b.n - 87);
	CU_ASSERT_EQUAL(up_jwk_sign(other, up_buf_span(&forged), sig), UP_OK);
	up_buf_put_char(&forged, '.');
	up_text_put_b64url(&forged, up_span_of(sig, 64));
	CU_ASSERT_EQUAL(judge(up_buf_span(&forged), &x), UP_E_PROOF);
	x.key = NULL;
	CU_ASSERT_EQUAL(judge(up_buf_span(&forged), &x), UP_E_PROOF);
	up_buf_free(&b);
	up_buf_free(&forged);
}

#define BASE "\"htm\":\"POST\",\"htu\":\"" URL "\",\"iat\":1700000000"

static void test_claims(void)
{
#define X16 "xxxxxxxxxxxxxxxx"
	static const struct { const char *claims; enum up_err err;
	} rows[] = {
		{ CLAIMS, UP_OK },
		{ "{" BASE ",\"jti\":\"" X16 "\"}", UP_OK },
		{ "{" BASE ",\"jti\":\"" X16 X16 X16 X16 X16 X16 X16 X16 "\"}", UP_OK },
		{ "{" BASE ",\"jti\":\"" X16 X16 X16 X16 X16 X16 X16 X16 "x\"}", UP_E_PROOF },
		{ "{" BASE ",\"jti\":\"xxxxxxxxxxxxxxx\"}", UP_E_PROOF },
		{ "{" BASE ",\"jti\":1234567890123456}", UP_E_PROOF },
		{ "{" BASE "}", UP_E_PROOF },
		{ "{" BASE ",\"jti\":\"" X16 "\",\"jti\":\"" X16 "\"}", UP_E_PROOF },
		{ "{" BASE ",\"jti\":\"" X16 "\",\"nonce\":1}", UP_E_PROOF },
		{ "{" BASE ",\"jti\":\"" X16 "\",\"nonce\":\"\"}", UP_E_PROOF },
		{ "{" BASE ",\"jti\":\"" X16 "\",\"nonce\":null}", UP_E_PROOF },
		{ "{" BASE ",\"jti\":\"" X16 "\",\"nonce\":\"" X16 X16 X16 X16 X16 X16 X16 X16
		  "x\"}",
		    UP_E_PROOF },
		{ "{" BASE ",\"jti\":\"" X16
		  "\",\"ath\":\"fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo\"}",
		    UP_E_PROOF },
		{ "{" BASE ",\"jti\":\"" X16 "\",\"ath\":null}", UP_E_PROOF },
		{ "{\"htu\":\"" URL "\",\"iat\":1700000000,\"jti\":\"" X16 "\"}", UP_E_PROOF },
		{ "{\"htm\":\"POST\",\"iat\":1700000000,\"jti\":\"" X16 "\"}", UP_E_PROOF },
		{ "{\"htm\":\"POST\",\"htu\":\"" URL "?a=b\",\"iat\":1700000000,"
		  "\"jti\":\"" X16 "\"}",
		    UP_OK },
		{ "{\"htm\":\"POST\",\"htu\":\"" URL "#f\",\"iat\":1700000000,\"jti\":\"" X16 "\"}",
		    UP_OK },
		{ "{\"htm\":\"POST\",\"htu\":\"HTTPS://id.Example.org:443/holder/%64ecisions\","
		  "\"iat\":1700000000,\"jti\":\"" X16 "\"}",
		    UP_OK },
		{ "{\"htm\":\"POST\",\"htu\":\"https://id.example.org/holder/x/../decisions\","
		  "\"iat\":1700000000,\"jti\":\"" X16 "\"}",
		    UP_OK },
		{ "{\"htm\":\"POST\",\"htu\":\"https://id.example.org:80/holder/decisions\","
		  "\"iat\":1700000000,\"jti\":\"" X16 "\"}",
		    UP_E_PROOF },
		{ "{\"htm\":\"POST\",\"htu\":\"https://id.example.org/holder%2Fdecisions\","
		  "\"iat\":1700000000,\"jti\":\"" X16 "\"}",
		    UP_E_PROOF },
		{ "{\"htm\":[\"POST\"],\"htu\":\"" URL "\",\"iat\":1700000000,\"jti\":\"" X16 "\"}",
		    UP_E_PROOF },
		{ "{\"htm\":\"POST\",\"htu\":\"" URL "\",\"jti\":\"" X16 "\"}", UP_E_PROOF },
		{ "{\"htm\":\"POST\",\"htu\":\"" URL "\",\"iat\":\"1700000000\",\"jti\":\"" X16
		  "\"}",
		    UP_E_PROOF },
		{ "{\"htm\":\"POST\",\"htu\":\"" URL "\",\"iat\":1700000000.5,\"jti\":\"" X16 "\"}",
		    UP_OK },
		{ "{\"htm\":\"POST\",\"htu\":\"" URL "\",\"iat\":9223372036854775807,\"jti\":\"" X16
		  "\"}",
		    UP_E_PROOF },
		{ "{\"htm\":\"POST\",\"htu\":\"" URL
		  "\",\"iat\":-9223372036854775808,\"jti\":\"" X16 "\"}",
		    UP_E_PROOF },
	};
	struct up_dpop_expect x = expected();
	struct up_buf b = { 0 };

	x.token = UP_SPAN_LIT("");
	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		make(HEADER, rows[i].claims, &b);
		UP_CHECK(judge(up_buf_span(&b), &x) == rows[i].err, rows[i].claims);
	}
	up_buf_free(&b);
}

/* RFC 9449 section 7.1: the token and its ath. */
static void test_token_hash(void)
{
#define ATH "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQE"
	static const struct { const char *more; enum up_err err; } rows[] = {
		{ ",\"ath\":\"" ATH "o\"}", UP_OK }, { ",\"ath\":\"" ATH "p\"}", UP_E_PROOF },
		{ ",\"ath\":\"" ATH "\"}", UP_E_PROOF }, { "}", UP_E_PROOF },
	};
	struct up_dpop_expect x = expected();
	struct up_buf b = { 0 };
	char claims[256];

	x.token = UP_SPAN_LIT("Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU");
	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		snprintf(claims, sizeof(claims), "{" BASE ",\"jti\":\"" X16 "\"%s", rows[i].more);
		make(HEADER, claims, &b);
		UP_CHECK(judge(up_buf_span(&b), &x) == rows[i].err, rows[i].more);
	}
	up_buf_free(&b);
}

static void test_end(void)
{
	up_jwk_free(&key);
	up_jwk_free(&other);
	CU_ASSERT_PTR_NULL(key);
}

UP_SUITE("dpop", test_known_proof, test_make_and_check, test_other_request, test_body_hash,
    test_headers, test_key_not_quite, test_signed_by_another, test_claims, test_token_hash,
    test_end)
