/* SPDX-License-Identifier: Apache-2.0 */
#include "core/dpop.h"

#include <openssl/err.h>
#include <string.h>

#include "core/json.h"
#include "core/text.h"
#include "unit.h"

#define NOW 1700000000
#define URL "https://id.example.org/holder/decisions"
static struct up_jwk *key, *other;

static void need_keys(void)
{
	if (key == NULL)
		CU_ASSERT_EQUAL_FATAL(up_jwk_generate(&key), UP_OK);
	if (other == NULL)
		CU_ASSERT_EQUAL_FATAL(up_jwk_generate(&other), UP_OK);
}

static struct up_dpop_make maker(void)
{
	need_keys();
	return (struct up_dpop_make) { .key = key,
		.method = "POST",
		.url = UP_SPAN_LIT(URL),
		.token = UP_SPAN_LIT("the-device-token"),
		.nonce = UP_SPAN_LIT("the-nonce"),
		.jti = UP_SPAN_LIT("0123456789abcdef"),
		.now_s = NOW };
}

static struct up_dpop_expect expected(void)
{
	need_keys();
	return (struct up_dpop_expect) { .method = "POST",
		.url = UP_SPAN_LIT(URL),
		.token = UP_SPAN_LIT("the-device-token"),
		.key = key,
		.now_s = NOW };
}

static enum up_err judge(struct up_span proof, const struct up_dpop_expect *x)
{
	struct up_dpop d;
	enum up_err err = up_dpop_parse(proof, x, &d);

	if (err == UP_OK)
		err = up_dpop_verify(&d, x);
	CU_ASSERT(err == UP_OK || err == UP_E_PROOF);
	CU_ASSERT_EQUAL(ERR_peek_error(), 0);
	up_dpop_free(&d);
	return err;
}

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

static struct up_decision decision(void)
{
	return (struct up_decision) { .transaction = UP_SPAN_LIT("abcdefghijklmnopqrstuv"),
		.client = UP_SPAN_LIT("portal"),
		.origin = UP_SPAN_LIT("https://portal.example.org"),
		.issuer = UP_SPAN_LIT("https://id.example.org"),
		.unit = UP_SPAN_LIT("12430000100000016Y"),
		.certificate = UP_SPAN_LIT("certificate"),
		.role = UP_SPAN_LIT("principal"),
		.item = UP_SPAN_LIT("annual-report"),
		.nonce = UP_SPAN_LIT("nonce"),
		.frame = UP_SPAN_LIT("17"),
		.decision = UP_SPAN_LIT("approve"),
		.exp = NOW + 100 };
}

#define MEMBER(name) { #name, offsetof(struct up_decision, name) }
static const struct { const char *name; size_t offset; } members[] = {
	MEMBER(transaction), MEMBER(client), MEMBER(origin), MEMBER(issuer), MEMBER(unit),
	MEMBER(certificate), MEMBER(role), MEMBER(item),
	MEMBER(nonce), MEMBER(frame), MEMBER(decision),
};

static struct up_span *at(struct up_decision *d, size_t i)
{
	return (struct up_span *)(void *)((char *)d + members[i].offset);
}

/* {"decision":{...}} as JSON. */
static json_t *claims_of(const struct up_decision *d)
{
	struct up_buf b = { 0 };
	struct up_json_put j = { .b = &b };
	json_t *o = NULL;

	up_json_put_object(&j, NULL);
	up_decision_put(&j, d);
	up_json_put_end(&j);
	CU_ASSERT_EQUAL(up_json_parse(up_buf_span(&b), &o), UP_OK);
	up_buf_free(&b);
	return o;
}

/* Every member of the struct is in the list above; a new one would otherwise go untested. */
static void test_list_is_whole(void)
{
	CU_ASSERT_EQUAL(sizeof(struct up_decision),
	    UP_ARRAY_LEN(members) * sizeof(struct up_span) + sizeof(int64_t));
}

/* From the phone through the proof to the server. */
static void test_decision_in_proof(void)
{
	struct up_dpop_make m = maker();
	struct up_dpop_expect x = expected();
	struct up_decision want = decision(), got;
	struct up_buf b = { 0 };
	struct up_dpop d;

	m.decision = &want;
	CU_ASSERT_EQUAL(up_dpop_make(&m, &b), UP_OK);
	CU_ASSERT_EQUAL(up_dpop_parse(up_buf_span(&b), &x, &d), UP_OK);
	CU_ASSERT_EQUAL(up_dpop_verify(&d, &x), UP_OK);
	CU_ASSERT_EQUAL(up_decision_parse(d.jwt.claims, &got), UP_OK);
	CU_ASSERT_EQUAL(up_decision_match(&got, &want, NOW), UP_OK);
	for (size_t i = 0; i < UP_ARRAY_LEN(members); i++)
		UP_CHECK(up_span_eq(*at(&got, i), *at(&want, i)), members[i].name);
	up_dpop_free(&d);
	/* each byte of the proof, one bit and one other */
	for (size_t i = 0; i < b.n; i++) {
		uint8_t was = b.p[i];

		b.p[i] = was ^ 1;
		CU_ASSERT_EQUAL(judge(up_buf_span(&b), &x), UP_E_PROOF);
		b.p[i] = was == 'A' ? 'Q' : 'A';
		CU_ASSERT_EQUAL(judge(up_buf_span(&b), &x), UP_E_PROOF);
		b.p[i] = was;
	}
	CU_ASSERT_EQUAL(judge(up_buf_span(&b), &x), UP_OK);
	up_buf_free(&b);
}

/* Each byte of each member changed, a member cut, lengthened or emptied: the server's own view does
 * not fit any more. */
static void test_every_changed_member_fails(void)
{
	struct up_decision want = decision(), got;
	char text[64];

	for (size_t i = 0; i < UP_ARRAY_LEN(members); i++) {
		struct up_span is = *at(&want, i);

		if (strcmp(members[i].name, "decision") == 0)
			continue;
		for (size_t j = 0; j < is.n; j++) {
			got = want;
			memcpy(text, is.p, is.n);
			text[j] ^= 1;
			*at(&got, i) = up_span_of(text, is.n);
			UP_CHECK(
			    up_decision_match(&got, &want, NOW) == UP_E_SIGNATURE, members[i].name);
			*at(&got, i) = up_span_of(is.p, j);
			UP_CHECK(
			    up_decision_match(&got, &want, NOW) == UP_E_SIGNATURE, members[i].name);
		}
		memcpy(text, is.p, is.n);
		text[is.n] = 'x';
		*at(&got, i) = up_span_of(text, is.n + 1);
		UP_CHECK(up_decision_match(&got, &want, NOW) == UP_E_SIGNATURE, members[i].name);
	}
	got = want;
	CU_ASSERT_EQUAL(up_decision_match(&got, &want, NOW), UP_OK);
	got.decision = UP_SPAN_LIT("deny");
	CU_ASSERT_EQUAL(up_decision_match(&got, &want, NOW), UP_OK);
}

static void test_decision_expiry(void)
{
	static const struct { int64_t exp; enum up_err err; } rows[] = {
		{ NOW + 100, UP_OK }, { NOW + 1, UP_OK }, { NOW + 101, UP_E_SIGNATURE },
		{ NOW, UP_E_SIGNATURE }, { 0, UP_E_SIGNATURE }, { INT64_MAX, UP_E_SIGNATURE },
	};
	struct up_decision want = decision(), got = want;

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		got.exp = rows[i].exp;
		CU_ASSERT_EQUAL(up_decision_match(&got, &want, NOW), rows[i].err);
	}
}

/* Missing, wrong type, empty, too long; an unknown member; not an object. */
static void test_decision_form(void)
{
	struct up_decision d = decision(), got;
	char longer[600];
	json_t *o, *in;

	memset(longer, 'x', sizeof(longer));
	longer[599] = '\0';
	for (size_t i = 0; i <= UP_ARRAY_LEN(members); i++) {
		const char *name = i < UP_ARRAY_LEN(members) ? members[i].name : "exp";
		json_t *wrong[] = { json_null(), json_integer(17), json_array(),
			json_string(longer), json_string(""), json_real(1700000100.0) };

		o = claims_of(&d);
		in = json_object_get(o, "decision");
		for (size_t j = 0; j < UP_ARRAY_LEN(wrong); j++) {
			bool fine = (strcmp(name, "exp") == 0 && json_is_integer(wrong[j])) ||
			    (strcmp(name, "item") == 0 && j == 4);

			json_object_set_new(in, name, wrong[j]);
			UP_CHECK(up_decision_parse(o, &got) == (fine ? UP_OK : UP_E_PROOF), name);
		}
		json_object_del(in, name);
		UP_CHECK(up_decision_parse(o, &got) == UP_E_PROOF, name);
		/* the number of members is right again */
		json_object_set_new(in, "unknown", json_string("x"));
		UP_CHECK(up_decision_parse(o, &got) == UP_E_PROOF, name);
		json_decref(o);
	}
	o = claims_of(&d);
	CU_ASSERT_EQUAL(up_decision_parse(o, &got), UP_OK);
	json_object_set_new(json_object_get(o, "decision"), "unknown", json_string("x"));
	CU_ASSERT_EQUAL(up_decision_parse(o, &got), UP_E_PROOF);
	json_object_set_new(o, "decision", json_string("approve"));
	CU_ASSERT_EQUAL(up_decision_parse(o, &got), UP_E_PROOF);
	json_object_del(o, "decision");
	CU_ASSERT_EQUAL(up_decision_parse(o, &got), UP_E_PROOF);
	json_decref(o);
}

static void test_decision_words(void)
{
	static const struct { const char *word; enum up_err err; } rows[] = {
		{ "approve", UP_OK }, { "deny", UP_OK }, { "not_mine", UP_OK },
		{ "Approve", UP_E_PROOF }, { "approved", UP_E_PROOF }, { "yes", UP_E_PROOF },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		struct up_decision d = decision(), got;
		json_t *o;

		d.decision = up_span_str(rows[i].word);
		d.item = UP_SPAN_LIT("");
		o = claims_of(&d);
		UP_CHECK(up_decision_parse(o, &got) == rows[i].err, rows[i].word);
		json_decref(o);
	}
}

static void test_end(void)
{
	up_jwk_free(&key);
	up_jwk_free(&other);
	CU_ASSERT_PTR_NULL(key);
}

UP_SUITE("dpop", test_known_proof, test_make_and_check, test_other_request, test_headers,
    test_key_not_quite, test_signed_by_another, test_claims, test_token_hash, test_list_is_whole,
    test_decision_in_proof, test_every_changed_member_fails, test_decision_expiry,
    test_decision_form, test_decision_words, test_end)
