/* SPDX-License-Identifier: Apache-2.0
 * What a provider can do wrong: nobody is signed in, and the person gets an answer that fits. */
#include "test_rp_scene.h"

#include <time.h>

#include "core/text.h"

static const struct token {
	const char *what, *claim;
	bool missing;
	const char *iss, *aud, *nonce, *times, *unit, *holder, *rest;
} refused_tokens[] = {
	{ .what = "iss", .claim = "iss", .iss = "https://evil.example.org" },
	{ .what = "aud", .claim = "aud", .aud = "\"other\"" },
	{ .what = "aud of several without ours", .claim = "aud", .aud = "[\"a\",\"b\"]" },
	{ .what = "nonce", .claim = "nonce", .nonce = "AAAAAAAAAAAAAAAAAAAAAA" },
	{ .what = "exp passed", .claim = "exp",
	    .times = "\"exp\":1699999900,\"iat\":1699999800" },
	{ .what = "exp missing", .claim = "exp", .missing = true,
	    .times = "\"iat\":1700000000" },
	{ .what = "exp as text", .claim = "exp",
	    .times = "\"exp\":\"1700000600\",\"iat\":1700000000" },
	{ .what = "iat missing", .claim = "iat", .missing = true,
	    .times = "\"exp\":1700000600" },
	{ .what = "iat old", .claim = "iat",
	    .times = "\"exp\":1700000600,\"iat\":1699999000" },
	{ .what = "iat to come", .claim = "iat",
	    .times = "\"exp\":1700000600,\"iat\":1700000300" },
	{ .what = "nbf to come", .claim = "nbf",
	    .times = "\"exp\":1700000600,\"iat\":1700000000,\"nbf\":1700000400" },
	{ .what = "jti no text", .claim = "jti", .rest = ",\"sub\":\"S1\",\"jti\":7" },
	{ .what = "sub missing", .claim = "sub", .missing = true,
	    .rest = ",\"jti\":\"jjjjjjjjjjjjjjjj\"" },
	{ .what = "unit code", .claim = "unit.code",
	    .unit = "{\"code\":\"12430000100000016X\",\"name\":\"n\",\"certificate\":\"C\","
	    "\"certificate_version\":1}" },
	{ .what = "not a unit", .claim = "unit.code",
	    .unit = "{\"code\":\"91330000755918469E\",\"name\":\"n\",\"certificate\":\"C\","
	    "\"certificate_version\":1}" },
	{ .what = "unit missing", .claim = "unit.code", .missing = true, .unit = "null" },
	{ .what = "certificate with a break", .claim = "unit.certificate",
	    .unit = "{\"code\":\"" FAKE_UNIT "\",\"name\":\"n\","
	    "\"certificate\":\"C\\r\\nX: y\",\"certificate_version\":1}" },
	{ .what = "certificate version as text", .claim = "unit.certificate_version",
	    .unit = "{\"code\":\"" FAKE_UNIT "\",\"name\":\"n\",\"certificate\":\"C\","
	    "\"certificate_version\":\"1\"}" },
	{ .what = "role", .claim = "holder.role",
	    .holder = "{\"ref\":\"H\",\"role\":\"root\",\"name\":\"n\"}" },
	{ .what = "role missing", .claim = "holder.role", .missing = true,
	    .holder = "{\"ref\":\"H\",\"name\":\"n\"}" },
	{ .what = "name with a control", .claim = "holder.name",
	    .holder = "{\"ref\":\"H\",\"role\":\"user\",\"name\":\"a\\u0007\"}" },
	{ .what = "item with a space", .claim = "items",
	    .rest = ",\"jti\":\"jjjjjjjjjjjjjjjj\",\"sub\":\"S1\",\"items\":[\"a b\"]" },
	{ .what = "item no text", .claim = "items",
	    .rest = ",\"jti\":\"jjjjjjjjjjjjjjjj\",\"sub\":\"S1\",\"items\":[1]" },
};

static void test_refused_tokens(void)
{
	for (size_t i = 0; i < UP_ARRAY_LEN(refused_tokens); i++) {
		const struct token *row = &refused_tokens[i];
		struct fake_browser b;
		struct up_rp *rp = setup(&b);
		struct claims c;
		char id[32], text[512], log[80];

		CU_ASSERT_EQUAL(begin(rp, &b, "return=%2F", id), 200);
		c = right_claims();
		c.iss = row->iss != NULL ? row->iss : c.iss;
		c.aud = row->aud != NULL ? row->aud : c.aud;
		c.nonce = row->nonce != NULL ? row->nonce : c.nonce;
		c.times = row->times != NULL ? row->times : c.times;
		c.unit = row->unit != NULL ? row->unit : c.unit;
		c.holder = row->holder != NULL ? row->holder : c.holder;
		c.rest = row->rest != NULL ? row->rest : c.rest;
		answer_token(&c, key);
		UP_CHECK(complete(rp, &b, id, text, sizeof(text)) == 502, row->what);
		UP_CHECK(strcmp(fake_member(text, "error"), "unusable_answer") == 0, row->what);
		UP_CHECK(!signed_in(rp, &b), row->what);
		snprintf(log, sizeof(log), "claim=%s fault=%s\n", row->claim,
		    row->missing ? "missing" : "unfit");
		UP_CHECK(strstr(fake_logged, "rp_login refused") != NULL &&
		    strstr(fake_logged, log) != NULL, row->what);
		up_rp_free(&rp);
	}
}

/* A right token with another HEADER (empty: its own), or without its signature. */
static void answer_bent(const char *header, bool cut_signature)
{
	struct claims c = right_claims();
	char *token = token_of(&c, key);
	struct up_buf body = { 0 };

	if (cut_signature)
		strrchr(token, '.')[1] = '\0';
	up_buf_put_str(&body, "{\"id_token\":\"");
	if (header[0] != '\0')
		up_text_put_b64url(&body, up_span_str(header));
	up_buf_printf(&body, "%s\"}", header[0] != '\0' ? strchr(token, '.') : token);
	fake_answer("/token", 200, "", up_buf_cstr(&body));
	up_buf_free(&body);
	free(token);
}

static void test_refused_signatures(void)
{
	static const struct { const char *header; bool cut;
	} rows[] = {
		{ "{\"alg\":\"none\",\"typ\":\"JWT\"}", true },
		{ "{\"alg\":\"none\",\"typ\":\"JWT\"}", false },
		{ "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"x\"}", false },
		{ "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"x\"}", false },
		{ "{\"alg\":\"ES256\",\"typ\":\"JWT\"}", false },
		{ "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"x\",\"crit\":[\"b64\"]}", false },
		{ "", true },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		struct fake_browser b;
		struct up_rp *rp = setup(&b);
		char id[32], text[512];

		CU_ASSERT_EQUAL(begin(rp, &b, "return=%2F", id), 200);
		answer_bent(rows[i].header, rows[i].cut);
		UP_CHECK(complete(rp, &b, id, text, sizeof(text)) == 502, rows[i].header);
		UP_CHECK(!signed_in(rp, &b), rows[i].header);
		up_rp_free(&rp);
	}
}

/* The right kid over a signature that is another key's, or bent. */
static void test_forged_signature(void)
{
	for (int forged = 0; forged < 2; forged++) {
		struct fake_browser b;
		struct up_rp *rp = setup(&b);
		struct claims c;
		char id[32], text[512], body[4096], *right, *other;

		CU_ASSERT_EQUAL(begin(rp, &b, "return=%2F", id), 200);
		c = right_claims();
		right = token_of(&c, key);
		other = token_of(&c, other_key);
		if (forged)
			strcpy(strrchr(right, '.') + 1, strrchr(other, '.') + 1);
		else
			right[strlen(right) - 40] = right[strlen(right) - 40] == 'A' ? 'B' : 'A';
		snprintf(body, sizeof(body), "{\"id_token\":\"%s\"}", right);
		fake_answer("/token", 200, "", body);
		CU_ASSERT_EQUAL(complete(rp, &b, id, text, sizeof(text)), 502);
		CU_ASSERT_FALSE(signed_in(rp, &b));
		free(right);
		free(other);
		up_rp_free(&rp);
	}
}

/* A kid that nobody published: refused, and the keys are asked for no more than the throttle
 * allows. */
static void test_unknown_kid(void)
{
	struct fake_browser b;
	struct up_rp *rp = setup(&b);
	char id[32], text[512];

	for (int i = 0; i < 5; i++) {
		struct claims c;

		CU_ASSERT_EQUAL(begin(rp, &b, "return=%2F", id), 200);
		c = right_claims();
		answer_token(&c, other_key);
		CU_ASSERT_EQUAL(complete(rp, &b, id, text, sizeof(text)), 502);
	}
	CU_ASSERT_EQUAL(fake_count("/jwks"), 1);
	CU_ASSERT_FALSE(signed_in(rp, &b));
	up_rp_free(&rp);
}

/* What the token endpoint may do wrong; nobody is signed in, and the person gets an answer that
 * fits. */
static void test_bad_token_answers(void)
{
	static const struct {
		int status;
		const char *headers, *body;
		int want;
		const char *error;
	} rows[] = {
		{ 400, "", "{\"error\":\"authorization_pending\"}", 409, "authorization_pending" },
		{ 400, "", "{\"error\":\"slow_down\"}", 409, "slow_down" },
		{ 400, "", "{\"error\":\"access_denied\"}", 409, "access_denied" },
		{ 400, "", "{\"error\":\"expired_token\"}", 409, "expired_token" },
		{ 400, "", "{\"error\":\"invalid_grant\"}", 409, "expired_token" },
		{ 401, "", "{\"error\":\"invalid_client\"}", 502, "unusable_answer" },
		{ 428, "", "{\"error\":\"authorization_pending\"}", 409, "authorization_pending" },
		{ 403, "", "{\"error\":\"access_denied\"}", 409, "access_denied" },
		{ 429, "", "", 409, "slow_down" },
		{ 500, "", "{\"error\":\"authorization_pending\"}", 503,
		    "temporarily_unavailable" },
		{ 500, "", "oops", 503, "temporarily_unavailable" },
		{ 200, "", "", 503, "temporarily_unavailable" },
		{ 200, "", "{}", 502, "unusable_answer" },
		{ 200, "", "[1]", 503, "temporarily_unavailable" },
		{ 200, "", "{\"id_token\":1}", 502, "unusable_answer" },
		{ 200, "", "{\"id_token\":\"a.b.c\"}", 502, "unusable_answer" },
		{ 200, "", "{\"id_token\":\"x\",\"id_token\":\"y\"}", 503,
		    "temporarily_unavailable" },
		{ 204, "", "", 503, "temporarily_unavailable" },
		{ 307, "Location: /elsewhere\r\n", "", 503, "temporarily_unavailable" },
		{ 302, "Location: /elsewhere\r\n", "", 503, "temporarily_unavailable" },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		struct fake_browser b;
		struct up_rp *rp = setup(&b);
		char id[32], text[512];

		CU_ASSERT_EQUAL(begin(rp, &b, "return=%2F", id), 200);
		fake_answer("/token", rows[i].status, rows[i].headers, rows[i].body);
		UP_CHECK(complete(rp, &b, id, text, sizeof(text)) == rows[i].want, rows[i].body);
		UP_CHECK(strcmp(fake_member(text, "error"), rows[i].error) == 0, rows[i].body);
		UP_CHECK(!signed_in(rp, &b), rows[i].body);
		CU_ASSERT_EQUAL(fake_count("/elsewhere"), 0);
		CU_ASSERT_EQUAL(fake_count("/token"), 1);
		up_rp_free(&rp);
	}
}

static void test_oversized_and_silent(void)
{
	struct fake_browser b;
	struct up_rp *rp = setup(&b);
	char id[32], text[512];
	struct timespec t0, t1;

	CU_ASSERT_EQUAL(begin(rp, &b, "return=%2F", id), 200);
	fake_answer_many("/token", 200, 1000000);
	CU_ASSERT_EQUAL(complete(rp, &b, id, text, sizeof(text)), 503);
	CU_ASSERT_PTR_NOT_NULL(strstr(fake_logged, "answer too large"));
	fake_answer("/token", 0, "", "");
	clock_gettime(CLOCK_MONOTONIC, &t0);
	CU_ASSERT_EQUAL(complete(rp, &b, id, text, sizeof(text)), 503);
	clock_gettime(CLOCK_MONOTONIC, &t1);
	CU_ASSERT(t1.tv_sec - t0.tv_sec >= 4 && t1.tv_sec - t0.tv_sec <= 6);
	up_rp_free(&rp);
}

static void test_bad_metadata(void)
{
	static const struct { const char *text; int status; } documents[] = {
		{ "{\"issuer\":\"https://evil.example.org\","
		    "\"device_authorization_endpoint\":\"%s/da\",\"token_endpoint\":\"%s/token\","
		    "\"jwks_uri\":\"%s/jwks\"}", 502 },
		{ "{\"device_authorization_endpoint\":\"%s/da\",\"token_endpoint\":\"%s/token\","
		    "\"jwks_uri\":\"%s/jwks\"}", 502 },
		{ "{\"issuer\":\"%s\",\"token_endpoint\":\"%s/token\",\"jwks_uri\":\"%s/jwks\"}",
		    502 },
		{ "{\"issuer\":\"%s\",\"device_authorization_endpoint\":\"http://example.org/da\","
		    "\"token_endpoint\":\"%s/token\",\"jwks_uri\":\"%s/jwks\"}", 502 },
		{ "{\"issuer\":\"%s/\",\"device_authorization_endpoint\":\"%s/da\","
		    "\"token_endpoint\":\"%s/token\",\"jwks_uri\":\"/jwks\"}", 502 },
		{ "not json", 503 }, { "", 503 },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(documents); i++) {
		struct fake_browser b;
		struct up_rp *rp = setup(&b);
		struct up_buf text = { 0 };
		struct up_rp_response r;
		char id[32];

		for (const char *p = documents[i].text; *p != '\0'; p++) {
			if (*p == '%')
				up_buf_put_str(&text, issuer), p++;
			else
				up_buf_put_char(&text, *p);
		}
		fake_answer("/.well-known/openid-configuration", 200, "",
		    text.n > 0 ? up_buf_cstr(&text) : "");
		UP_CHECK(begin(rp, &b, "return=%2F", id) == documents[i].status, documents[i].text);
		CU_ASSERT_EQUAL(fake_count("/da"), 0);
		fake_visit(rp, &b, "GET", "/.unitpass/login?return=%2Fx", NULL, &r);
		UP_CHECK(r.status == documents[i].status, documents[i].text);
		UP_CHECK((fake_header(&r, "Retry-After") != NULL) == (r.status == 503),
		    documents[i].text);
		UP_CHECK((strstr(body_of(&r), "does not answer right now") != NULL) ==
		    (r.status == 503), documents[i].text);
		CU_ASSERT_PTR_NOT_NULL(strstr(body_of(&r), "/.unitpass/login?return=%2Fx"));
		/* asked once, not again within the throttle */
		CU_ASSERT_EQUAL(fake_count("/.well-known/openid-configuration"), 1);
		up_rp_response_free(&r);
		up_buf_free(&text);
		up_rp_free(&rp);
	}
}

static void test_bad_begin(void)
{
#define URI ",\"verification_uri\":\"https://example.org/v\",\"user_code\":\"BCDF\""
	static const struct { int status; const char *body; int want; const char *log; } rows[] = {
		{ 200, "{}", 502, "member=device_code" },
		{ 200, "{\"device_code\":\"\",\"expires_in\":300" URI "}", 502,
		    "member=device_code" },
		{ 200, "{\"device_code\":\"d\"" URI "}", 502, "member=expires_in" },
		{ 200, "{\"device_code\":\"d\",\"expires_in\":\"300\"" URI "}", 502,
		    "member=expires_in" },
		{ 200, "{\"device_code\":\"d\",\"expires_in\":0" URI "}", 502,
		    "member=expires_in" },
		{ 200, "{\"device_code\":\"d\",\"expires_in\":300,"
		    "\"watch_uri\":\"http://example.org/w\"" URI "}", 502, "member=watch_uri" },
		{ 200, "{\"device_code\":\"d\",\"expires_in\":300,"
		    "\"watch_uri\":\"https://example.org/w;x\"" URI "}", 502, "member=watch_uri" },
		{ 200, "{\"device_code\":\"d\",\"expires_in\":300,\"interval\":-1" URI "}", 502,
		    "member=interval" },
		{ 200, "{\"device_code\":\"d\",\"expires_in\":300}", 502,
		    "member=verification_uri" },
		{ 200, "{\"device_code\":\"d\",\"expires_in\":300,\"user_code\":\"BCDF\"}", 502,
		    "member=verification_uri" },
		{ 200, "{\"device_code\":\"d\",\"expires_in\":300,"
		    "\"verification_uri\":\"https://example.org/v\"}", 502, "member=user_code" },
		{ 200, "{\"device_code\":\"d\",\"expires_in\":300,"
		    "\"verification_uri\":\"javascript:alert(1)\",\"user_code\":\"B\"}", 502,
		    "member=verification_uri" },
		{ 200,
		    "{\"device_code\":\"d\",\"expires_in\":300" URI ","
		    "\"verification_uri_complete\":\"http://example.org/\"}", 502,
		    "member=verification_uri_complete" },
		{ 200, "{\"device_code\":\"d\",\"expires_in\":300" URI "}", 200, "" },
		{ 200, "{\"device_code\":\"d\",\"expires_in\":86400" URI "}", 200, "" },
		{ 200, "{\"device_code\":\"d\",\"expires_in\":300,"
		    "\"verification_url\":\"https://example.org/v\",\"user_code\":\"B\"}", 200,
		    "" },
		{ 200, "{\"device_code\":\"d\",\"expires_in\":300,"
		    "\"verification_uri_complete\":\"https://example.org/v?c=1\"}", 200, "" },
		{ 200, "no json", 503, "status=200" },
		{ 401, "{\"error\":\"invalid_client\"}", 502, "error=invalid_client" },
		{ 401, "", 503, "status=401" },
		{ 400, "{\"error\":\"invalid_scope\",\"error_description\":\"unknown scope\"}", 502,
		    "error=invalid_scope description=\"unknown scope\"" },
		{ 400, "{\"error\":\"invalid_request\"}", 502, "error=invalid_request" },
		{ 429, "{}", 429, "" }, { 500, "", 503, "" }, { 307, "", 503, "" },
		{ 404, "", 503, "status=404" },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		struct fake_browser b;
		struct up_rp *rp = setup(&b);
		char id[32];

		fake_answer("/da", rows[i].status, "", rows[i].body);
		UP_CHECK(begin(rp, &b, "return=%2F", id) == rows[i].want, rows[i].body);
		UP_CHECK(strstr(fake_logged, rows[i].log) != NULL, rows[i].body);
		up_rp_free(&rp);
	}
#undef URI
}

/* Only an item that was asked for can be at fault. */
static void test_refused_item(void)
{
	struct fake_browser b;
	struct up_rp *rp = setup(&b);
	char id[32];

	answer_error("/da", 400, "invalid_request");
	CU_ASSERT_EQUAL(begin(rp, &b, "return=%2F&item=annual-report", id), 400);
	up_rp_free(&rp);
}

static void test_unreachable(void)
{
	struct fake_browser b;
	struct up_rp *up = setup(&b), *rp = fake_rp("http://127.0.0.1:1", FAKE_CLIENT, fake_key_a);
	struct up_rp_response r;
	char id[32];

	CU_ASSERT_EQUAL(begin(rp, &b, "return=%2F", id), 503);
	fake_visit(rp, &b, "GET", "/.unitpass/login", NULL, &r);
	CU_ASSERT_EQUAL(r.status, 503);
	CU_ASSERT_PTR_NOT_NULL(strstr(fake_header(&r, "Content-Type"), "text/html"));
	up_rp_response_free(&r);
	up_rp_free(&up);
	up_rp_free(&rp);
}

static void test_moved_endpoints(void)
{
	struct fake_browser b;
	struct up_rp *rp = setup(&b);
	char id[32];

	CU_ASSERT_EQUAL(begin(rp, &b, "return=%2F", id), 200);
	fake_answer("/da", 404, "", "");
	CU_ASSERT_EQUAL(begin(rp, &b, "return=%2F", id), 503);
	answer_begin(DEVICE, true);
	/* within the throttle the known addresses are used on */
	CU_ASSERT_EQUAL(begin(rp, &b, "return=%2F", id), 200);
	CU_ASSERT_EQUAL(fake_count("/.well-known/openid-configuration"), 1);
	up_rp_free(&rp);
}

static void test_private_key(void)
{
	struct fake_browser b;
	struct up_rp *rp, *with_secret = setup(&b);
	struct up_rp_settings s = { .issuer = issuer, .client = FAKE_CLIENT };
	struct up_jwt jwt;
	json_t *o = up_jwk_to_json(other_key, true);
	char why[256], id[32], *text = json_dumps(o, 0), assertion[1024];

	s.key_file = fake_file("jwk", text, 0600);
	s.session_key_file = fake_file("keys", fake_key_a, 0600);
	CU_ASSERT_EQUAL_FATAL(up_rp_new(&s, &rp, why), UP_OK);
	CU_ASSERT_EQUAL(begin(rp, &b, "return=%2F", id), 200);
	CU_ASSERT_PTR_NULL(strstr(fake_last("/da"), "Authorization:"));
	snprintf(
	    assertion, sizeof(assertion), "%s", fake_member(fake_last("/da"), "client_assertion"));
	CU_ASSERT_EQUAL_FATAL(up_jwt_parse(up_span_str(assertion), "JWT", &jwt), UP_OK);
	CU_ASSERT_EQUAL(up_jwt_verify(&jwt, other_key), UP_OK);
	CU_ASSERT_EQUAL(up_jwt_expect(&jwt,
			    &(struct up_jwt_expect) { .iss = FAKE_CLIENT,
				.sub = FAKE_CLIENT,
				.aud = issuer,
				.need_exp = true,
				.need_iat = true,
				.need_jti = true,
				.now_s = NOW,
				.max_age_s = 300 }),
	    UP_OK);
	up_jwt_free(&jwt);
	free(text);
	json_decref(o);
	fake_clean();
	up_rp_free(&rp);
	up_rp_free(&with_secret);
}

UP_SUITE("rp_provider", begin_server, test_refused_tokens, test_refused_signatures,
    test_forged_signature, test_unknown_kid, test_bad_token_answers, test_oversized_and_silent,
    test_bad_metadata, test_bad_begin, test_refused_item, test_unreachable, test_moved_endpoints,
    test_private_key, end_server)
