/* SPDX-License-Identifier: Apache-2.0
 * What goes over the wire at the endpoints for clients, in bytes. */
#include <string.h>

#include "core/jwt.h"
#include "server/http/access_token.h"
#include "test_wire.h"

#define GRANT "grant_type=urn:ietf:params:oauth:grant-type:device_code"

/* --- POST /device_authorization, POST /token --- */

static void test_client_authentication(void)
{
	static const struct { const char *headers, *body; int status; } rows[] = {
		{ FORM BASIC, GRANT "&device_code=x", 400 },
		{ FORM, GRANT "&device_code=x&client_id=secret&client_secret=open", 400 },
		/* without a value it is left out (RFC 6749 section 3.2) */
		{ FORM BASIC, GRANT "&device_code=x&client_id=secret&client_secret=", 400 },
		{ FORM BASIC, GRANT "&device_code=x&client_id=&client_secret=&client_assertion="
		    "&client_assertion_type=", 400 },
		{ FORM "Authorization: basic  c2VjcmV0Om9wZW4=\r\n", GRANT "&device_code=x&", 400 },
		{ FORM, GRANT "&device_code=x&client_id=secret&client_secret=", 401 },
		{ FORM, GRANT "&device_code=x", 401 },
		{ FORM BASIC, GRANT "&device_code=x&client_id=keyed", 401 },
	};

	begin();
	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		UP_CHECK(post("/token", rows[i].headers, rows[i].body) == rows[i].status,
		    rows[i].body);
		UP_CHECK(says(rows[i].status == 400 ? "\"error\":\"invalid_grant\""
		    : "\"error\":\"invalid_client\""), rows[i].body);
		UP_CHECK(says("\r\nCache-Control: no-store\r\n") &&
		    says("\r\nPragma: no-cache\r\n"), rows[i].body);
	}
	/* two methods at once, one parameter twice */
	CU_ASSERT_EQUAL(post("/token", FORM BASIC, GRANT "&device_code=x&client_secret=open"), 400);
	CU_ASSERT_TRUE(says("\"error\":\"invalid_request\""));
	CU_ASSERT_EQUAL(post("/token", FORM BASIC, GRANT "&device_code=&device_code=x"), 400);
	CU_ASSERT_TRUE(says("\"error\":\"invalid_request\""));
	CU_ASSERT_EQUAL(post("/token", FORM BASIC, GRANT "&device_code="), 400);
	CU_ASSERT_TRUE(says("\"error\":\"invalid_request\""));
	/* nothing at all, of no type: refused for what it lacks */
	CU_ASSERT_EQUAL(post("/token", BASIC, ""), 400);
	CU_ASSERT_EQUAL(post("/token", "", ""), 401);
	CU_ASSERT_EQUAL(post("/token", BASIC "Content-Type: application/json\r\n", "{}"), 415);
	end();
}

/* An assertion of "keyed" with MORE in its header, and its answer at /device_authorization. TIMES:
 * what follows "exp": in its claims. */
static int assert_with(const char *more, const char *times, const char *jti)
{
	struct up_buf header = { 0 }, claims = { 0 }, text = { 0 };
	int status;

	up_buf_printf(&header, "{\"alg\":\"ES256\"%s}", more);
	up_buf_printf(&claims, "{\"iss\":\"keyed\",\"sub\":\"keyed\",\"aud\":\"" ISSUER "\","
	    "\"exp\":%s,\"jti\":\"%s\"}", times, jti);
	CU_ASSERT_EQUAL_FATAL(up_jwt_sign_header(key, up_buf_span(&header), up_buf_span(&claims),
	    &text), UP_OK);
	up_buf_reset(&claims);
	up_buf_printf(&claims,
	    "client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	    "&client_assertion=%s",
	    up_buf_cstr(&text));
	status = post("/device_authorization", FORM, up_buf_cstr(&claims));
	up_buf_free(&header);
	up_buf_free(&claims);
	up_buf_free(&text);
	return status;
}

static void test_assertions(void)
{
	static const struct { const char *typ; int status; } rows[] = {
		{ "", 200 }, { ",\"typ\":\"JWT\"", 200 },
		{ ",\"typ\":\"client-authentication+jwt\"", 200 },
		/* the only key there is needs no name; another's name does not fit */
		{ ",\"kid\":\"of-nobody\"", 401 }, { ",\"kid\":1", 401 },
		{ ",\"typ\":\"application/Client-Authentication+JWT\"", 200 },
		{ ",\"typ\":\"dpop+jwt\"", 401 }, { ",\"typ\":\"at+jwt\"", 401 },
	};
	char exp[32], jti[8];

	begin();
	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		snprintf(exp, sizeof(exp), "%lld", (long long)time(NULL) + 60);
		snprintf(jti, sizeof(jti), "j%zu", i);
		UP_CHECK(assert_with(rows[i].typ, exp, jti) == rows[i].status, rows[i].typ);
	}
	/* a fraction of a second, and still once */
	snprintf(exp, sizeof(exp), "%lld.5", (long long)time(NULL) + 60);
	CU_ASSERT_EQUAL(assert_with("", exp, "fraction"), 200);
	CU_ASSERT_EQUAL(assert_with("", exp, "fraction"), 401);
	end();
}

/* MADE and EXP: seconds from NOW_S; MADE NULL: without iat. */
static int assert_made(const char *made, int exp, int64_t now_s, const char *jti)
{
	char times[80];
	int n = snprintf(times, sizeof(times), "%lld", (long long)now_s + exp);

	if (made != NULL)
		snprintf(times + n, sizeof(times) - (size_t)n, ",\"iat\":%lld",
		    (long long)now_s + atoi(made));
	return assert_with("", times, jti);
}

/* Another process begins: it knows no jti of the one before, and takes nothing that that one may
 * have taken. */
static void test_assertions_after_a_restart(void)
{
	static const struct { const char *made; int exp, status; } rows[] = {
		{ "-11", 60, 401 }, { "-250", 40, 401 }, { NULL, 60, 401 }, { NULL, 300, 401 },
		{ "-5", 60, 200 }, { "0", 60, 200 }, { "20", 60, 200 }, { NULL, 325, 200 },
	};
	int64_t now_s;
	char jti[8];

	begin();
	now_s = (int64_t)time(NULL);
	CU_ASSERT_EQUAL(assert_made("-20", 60, now_s, "used"), 200);
	CU_ASSERT_EQUAL(assert_made("-20", 60, now_s, "used"), 401);
	CU_ASSERT_FALSE(says("make a new one"));
	begin_live(10000);
	CU_ASSERT_EQUAL(assert_made("-20", 60, now_s, "used"), 401);
	CU_ASSERT(says("\"error\":\"invalid_client\"") && says("make a new one"));
	CU_ASSERT(says("\r\nWWW-Authenticate: Basic "));
	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		snprintf(jti, sizeof(jti), "r%zu", i);
		UP_CHECK(assert_made(rows[i].made, rows[i].exp, now_s, jti) == rows[i].status, jti);
		UP_CHECK(says("make a new one") == (rows[i].status == 401), jti);
	}
	end();
}

static void test_scopes(void)
{
	begin();
	CU_ASSERT_EQUAL(post("/device_authorization", FORM BASIC, "scope=openid+profile+unit"),
	    200);
	CU_ASSERT_EQUAL(post("/device_authorization", FORM BASIC, "scope=profile"), 200);
	CU_ASSERT_EQUAL(post("/device_authorization", FORM BASIC, "scope="), 200);
	CU_ASSERT_EQUAL(post("/device_authorization", FORM BASIC, "scope=openid%0aunit"), 400);
	CU_ASSERT_TRUE(says("\"error\":\"invalid_scope\""));
	CU_ASSERT_EQUAL(post("/device_authorization", FORM BASIC,
	    "initiator_ip=203.0.113.9%3A51008"), 200);
	CU_ASSERT_EQUAL(post("/device_authorization", FORM BASIC, "initiator_ip=unknown"), 400);
	end();
}

/* --- /userinfo --- */

static void sign_in(char *token, size_t cap)
{
	struct up_op_redeem redeem;
	struct up_catalogue *c = up_catalogue_get(&server);
	struct up_buf text = { 0 };
	int64_t now;

	fixture_enrol(&f);
	redeem = fixture_redeem(&f, "ssssssssssssssssssssss");
	CU_ASSERT_EQUAL_FATAL(up_store_run(f.store, &redeem.op), UP_OK);
	up_op_clear(&redeem.op);
	CU_ASSERT_EQUAL_FATAL(up_clock_now(&server, &now), UP_OK);
	CU_ASSERT_EQUAL_FATAL(up_token_access_put(c, redeem.session, UP_SPAN_LIT("portal"), now,
	    &text), UP_OK);
	snprintf(token, cap, "%s", up_buf_cstr(&text));
	up_buf_free(&text);
	up_catalogue_put(&c);
}

static void test_userinfo(void)
{
	char token[512], header[640], form[640], query[640];
	int status;

	begin();
	sign_in(token, sizeof(token));
	snprintf(header, sizeof(header), "Authorization: Bearer %s\r\n", token);
	snprintf(form, sizeof(form), "access_token=%s", token);
	snprintf(query, sizeof(query), "/userinfo?access_token=%s", token);
	CU_ASSERT_EQUAL(get("/userinfo", header), 200);
	CU_ASSERT_TRUE(says("\"code\":\"" U1 "\"") && says("no-store"));
	/* RFC 6750 section 2.2, OpenID Connect Core 5.3.1 */
	CU_ASSERT_EQUAL(post("/userinfo", FORM, form), 200);
	CU_ASSERT_TRUE(says("\"code\":\"" U1 "\""));
	CU_ASSERT_EQUAL(post("/userinfo", header, ""), 200);
	CU_ASSERT_EQUAL(
	    SEND("POST /userinfo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
	    "%s" FORM "Content-Length: 3\r\n\r\na=b", header), 200);
	/* one way at a time, as RFC 6750 section 2 has it */
	status = SEND("POST /userinfo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
	    "%s" FORM "Content-Length: %zu\r\n\r\n%s", header,
	    strlen(form), form);
	CU_ASSERT_EQUAL(status, 400);
	CU_ASSERT_TRUE(says("\"error\":\"invalid_request\""));
	CU_ASSERT_EQUAL(get(query, header), 400);
	CU_ASSERT_EQUAL(post(query, FORM, form), 400);
	CU_ASSERT_EQUAL(
	    SEND("PUT /userinfo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
	    "Content-Length: 0\r\n\r\n"), 405);
	CU_ASSERT_TRUE(says("\r\nAllow: GET, HEAD, POST\r\n"));
	end();
}

/* A principal who is to be confirmed anew may do nothing (rule 28): a portal hears what it hears of
 * any token that ended. */
static void test_userinfo_suspended(void)
{
	char token[512], header[640];

	begin();
	sign_in(token, sizeof(token));
	snprintf(header, sizeof(header), "Authorization: Bearer %s\r\n", token);
	CU_ASSERT_EQUAL(fixture_change(&f, "UPDATE role SET suspended_ms = 1"), UP_OK);
	CU_ASSERT_EQUAL(get("/userinfo", header), 401);
	CU_ASSERT_TRUE(says("\"error\":\"invalid_token\""));
	CU_ASSERT_EQUAL(fixture_change(&f, "UPDATE role SET suspended_ms = NULL"), UP_OK);
	CU_ASSERT_EQUAL(get("/userinfo", header), 200);
	end();
}

/* RFC 6750 section 3.1: an error code for whoever showed a token,
 * a bare challenge for who did not. */
static void test_userinfo_challenge(void)
{
	char query[700] = "/userinfo?access_token=x";

	begin();
	CU_ASSERT_EQUAL(get("/userinfo", "Authorization: Bearer x\r\n"), 401);
	CU_ASSERT_TRUE(
	    says("\r\nWWW-Authenticate: Bearer realm=\"" ISSUER "\", error=\"invalid_token\"\r\n"));
	CU_ASSERT_EQUAL(post("/userinfo", FORM, "access_token=x"), 401);
	CU_ASSERT_TRUE(says("error=\"invalid_token\""));
	CU_ASSERT_EQUAL(get("/userinfo", ""), 401);
	CU_ASSERT_TRUE(says("\r\nWWW-Authenticate: Bearer realm=\"" ISSUER "\"\r\n") &&
	    !says("\"error\""));
	CU_ASSERT_EQUAL(post("/userinfo", FORM, "access_token="), 401);
	CU_ASSERT_FALSE(says("error="));
	CU_ASSERT_EQUAL(get("/userinfo", "Authorization: Bearer \r\n"), 401);
	CU_ASSERT_FALSE(says("error="));
	CU_ASSERT_EQUAL(get("/userinfo", BASIC), 401);
	CU_ASSERT_FALSE(says("error="));
	CU_ASSERT_EQUAL(get(query, ""), 401);
	CU_ASSERT_FALSE(says("error="));
	/* the phone's calls are ours: the app goes by the code */
	CU_ASSERT_EQUAL(get("/holder/certificates", ""), 401);
	CU_ASSERT_TRUE(
	    says("\r\nWWW-Authenticate: DPoP realm=\"" ISSUER "\", algs=\"ES256\", "
	    "error=\"invalid_token\"\r\n"));
	end();
}

UP_SUITE("wire_client", test_client_authentication, test_assertions,
    test_assertions_after_a_restart, test_scopes, test_userinfo,
    test_userinfo_suspended, test_userinfo_challenge)
