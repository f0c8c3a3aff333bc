/* SPDX-License-Identifier: Apache-2.0
 * Providers that are not unitpassd: what their tokens, metadata, codes and secrets may look like.
 */
#include "test_rp_scene.h"

#include <openssl/evp.h>

#include "core/text.h"

#define ENDLESS "\"exp\":2000000000,\"iat\":1700000000"
#define SUB ",\"sub\":\"S1\""
#define UNIT "{\"code\":\"" FAKE_UNIT "\"}"

/* A provider without watch, as RFC 8628 has it. */
static struct up_rp *set_up(struct fake_browser *b)
{
	struct up_rp *rp = setup(b);

	answer_begin(DEVICE, false);
	return rp;
}

static void answer_claims(const char *header, const char *claims)
{
	struct up_buf token = { 0 }, body = { 0 };

	CU_ASSERT_EQUAL_FATAL(
	    up_jwt_sign_header(key, up_span_str(header), up_span_str(claims), &token), UP_OK);
	up_buf_printf(&body, "{\"id_token\":\"%.*s\"}", (int)token.n, (const char *)token.p);
	fake_answer("/token", 200, "", up_buf_cstr(&body));
	up_buf_free(&token);
	up_buf_free(&body);
}

/* STATE's state, once its time has come. */
static const char *state_of(struct up_rp *rp, struct fake_browser *b, const char *id, int *status)
{
	static char state[32];
	char target[64];
	struct up_rp_response r;

	snprintf(target, sizeof(target), "/.unitpass/state?attempt=%s", id);
	fake_fetch(rp, b, "GET", target, NULL, &r);
	*status = r.status;
	snprintf(state, sizeof(state), "%s",
	    fake_member(body_of(&r), r.status == 200 ? "state" : "error"));
	up_rp_response_free(&r);
	return state;
}

static void get_session(struct up_rp *rp, struct fake_browser *b, char *text, size_t cap)
{
	struct up_rp_response r;

	fake_fetch(rp, b, "GET", "/.unitpass/session", NULL, &r);
	snprintf(text, cap, "%s", body_of(&r));
	up_rp_response_free(&r);
}

/* A whole login with such claims; what the session then says. */
static int sign_in(const char *header, const char *more, char *session, size_t cap)
{
	struct fake_browser b;
	struct up_rp *rp = set_up(&b);
	struct up_buf claims = { 0 };
	char id[32];
	int status;

	CU_ASSERT_EQUAL(begin(rp, &b, "return=%2F", id), 200);
	up_buf_printf(&claims, "{\"iss\":\"%s\",\"aud\":\"" FAKE_CLIENT "\",%s}", issuer, more);
	answer_claims(header, up_buf_cstr(&claims));
	b.now_s += 5;
	(void)state_of(rp, &b, id, &status);
	get_session(rp, &b, session, cap);
	up_buf_free(&claims);
	up_rp_free(&rp);
	return status;
}

static void test_taken_tokens(void)
{
	static const struct {
		const char *header, *claims, *session;
	} rows[] = {
		/* the least that will do: no typ, kid, jti, nonce, names */
		{ "{\"alg\":\"ES256\"}",
		    ENDLESS SUB ",\"unit\":" UNIT ",\"holder\":{\"role\":\"user\"}",
		    "{\"unit\":{\"code\":\"" FAKE_UNIT
		    "\",\"name\":\"\",\"certificate\":\"\",\"certificate_version\":0},\"holder\":{"
		    "\"ref\":\"S1\",\"role\":\"user\",\"name\":\"\"}" },
		{ "{\"alg\":\"ES256\",\"typ\":\"JWT\"}",
		    ENDLESS SUB ",\"unit_code\":\"" FAKE_UNIT "\",\"holder_role\":\"manager\"",
		    "\"role\":\"manager\"" },
		{ "{\"alg\":\"ES256\"}",
		    ENDLESS SUB
		    ",\"unit_code\":\"" FAKE_UNIT "\",\"unit_name\":\"某所\",\"unit_certificate\":"
						  "\"C9\",\"unit_certificate_version\":3,"
		    "\"holder_role\":\"principal\",\"holder_ref\":\"H9\",\"holder_name\":\"李四\"",
		    "{\"unit\":{\"code\":\"" FAKE_UNIT
		    "\",\"name\":\"某所\",\"certificate\":\"C9\",\"certificate_version\":3},"
		    "\"holder\":{\"ref\":\"H9\",\"role\":\"principal\",\"name\":\"李四\"}" },
		/* nested goes before flat, and both before OpenID Connect's own */
		{ "{\"alg\":\"ES256\"}",
		    ENDLESS SUB ",\"unit\":" UNIT ",\"unit_code\":\"x\",\"holder\":{\"role\":"
						  "\"user\",\"name\":\"甲\"},\"name\":\"乙\"",
		    "\"name\":\"甲\"" },
		{ "{\"alg\":\"ES256\"}",
		    ENDLESS SUB ",\"unit\":" UNIT ",\"holder\":{\"role\":\"user\"},\"name\":\"乙\"",
		    "\"name\":\"乙\"" },
		{ "{\"alg\":\"ES256\"}",
		    ENDLESS SUB
		    ",\"unit\":" UNIT
		    ",\"holder\":{\"role\":\"user\",\"name\":null},\"sid\":\"s-7\",\"jti\":\"j\"",
		    "\"session\":\"s-7\"" },
		{ "{\"alg\":\"ES256\"}",
		    ENDLESS SUB ",\"unit\":" UNIT
				",\"holder\":{\"role\":\"user\"},\"items\":\"a b\"",
		    "\"items\":[\"a\",\"b\"]" },
		{ "{\"alg\":\"ES256\"}",
		    ENDLESS SUB ",\"unit\":" UNIT
				",\"holder\":{\"role\":\"user\"},\"auth_time\":1699990000.25",
		    "\"auth_time\":1699990000}" },
	};
	char session[1024];

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		UP_CHECK(sign_in(rows[i].header, rows[i].claims, session, sizeof(session)) == 200,
		    rows[i].claims);
		UP_CHECK(strstr(session, rows[i].session) != NULL, rows[i].session);
	}
}

/* What is missing is named; nobody hears that the service is away. */
static void test_lacking_tokens(void)
{
	static const struct {
		const char *claims, *log;
	} rows[] = {
		{ ENDLESS SUB, "claim=unit.code fault=missing" },
		{ ENDLESS SUB ",\"unit\":{}", "claim=unit.code fault=missing" },
		{ ENDLESS SUB ",\"unit\":" UNIT, "claim=holder.role fault=missing" },
		{ ENDLESS SUB ",\"unit\":" UNIT ",\"holder\":{\"role\":\"admin\"}",
		    "claim=holder.role fault=unfit" },
		{ ENDLESS SUB ",\"unit_code\":\"" FAKE_UNIT "X\"", "claim=unit.code fault=unfit" },
		{ ENDLESS ",\"unit\":" UNIT, "claim=sub fault=missing" },
		{ ENDLESS SUB ",\"nonce\":\"AAAAAAAAAAAAAAAAAAAAAA\",\"unit\":" UNIT,
		    "claim=nonce fault=unfit" },
		{ ENDLESS SUB ",\"nonce\":null,\"unit\":" UNIT, "claim=nonce fault=unfit" },
		{ ENDLESS SUB ",\"jti\":\"\",\"unit\":" UNIT, "claim=jti fault=unfit" },
		{ ENDLESS SUB ",\"azp\":\"other\",\"unit\":" UNIT, "claim=aud fault=unfit" },
	};
	char session[1024];

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		UP_CHECK(
		    sign_in("{\"alg\":\"ES256\"}", rows[i].claims, session, sizeof(session)) == 502,
		    rows[i].claims);
		UP_CHECK(strstr(session, "login_required") != NULL, rows[i].claims);
		UP_CHECK(strstr(fake_logged, rows[i].log) != NULL, rows[i].log);
	}
}

/* Without script too, the person reads what it is. */
static void test_page_of_unusable(void)
{
	struct fake_browser b;
	struct up_rp *rp = set_up(&b);
	struct up_buf claims = { 0 };
	struct up_rp_response r;
	char id[32], target[64];

	CU_ASSERT_EQUAL(begin(rp, &b, "return=%2F", id), 200);
	up_buf_printf(
	    &claims, "{\"iss\":\"%s\",\"aud\":\"" FAKE_CLIENT "\"," ENDLESS SUB "}", issuer);
	answer_claims("{\"alg\":\"ES256\"}", up_buf_cstr(&claims));
	b.now_s += 5;
	snprintf(target, sizeof(target), "/.unitpass/login?attempt=%s", id);
	fake_visit(rp, &b, "GET", target, NULL, &r);
	CU_ASSERT_EQUAL(r.status, 502);
	CU_ASSERT_PTR_NOT_NULL(strstr(body_of(&r),
	    "something this site needs is missing from its answer"));
	CU_ASSERT_PTR_NULL(strstr(body_of(&r), "cannot be reached"));
	up_rp_response_free(&r);
	up_buf_free(&claims);
	up_rp_free(&rp);
}

/* The key is the only one of its set, and changes: a signature that fails is reason to look for a
 * newer one, when no kid tells. */
static void test_key_without_kid(void)
{
	struct fake_browser b;
	struct up_rp *rp = set_up(&b);
	json_t *old = up_jwk_to_json(other_key, false), *new = up_jwk_to_json(key, false);
	struct up_buf text = { 0 };
	char id[32], *jwk;
	int status;

	json_object_del(old, "kid");
	json_object_del(new, "kid");
	jwk = json_dumps(old, 0);
	up_buf_printf(&text, "{\"keys\":[%s]}", jwk);
	free(jwk);
	fake_answer("/jwks", 200, "", up_buf_cstr(&text));
	CU_ASSERT_EQUAL(begin(rp, &b, "return=%2F", id), 200);
	up_buf_reset(&text);
	up_buf_printf(&text,
	    "{\"iss\":\"%s\",\"aud\":\"" FAKE_CLIENT "\"," ENDLESS SUB ",\"unit\":" UNIT
	    ",\"holder\":{\"role\":\"user\"}}",
	    issuer);
	answer_claims("{\"alg\":\"ES256\"}", up_buf_cstr(&text));
	b.now_s += 5;
	CU_ASSERT_STRING_EQUAL(state_of(rp, &b, id, &status), "unusable_answer");
	CU_ASSERT_PTR_NOT_NULL(strstr(fake_logged, "reason=bad_signature"));
	/* asked when the login began, and not again within the throttle */
	CU_ASSERT_EQUAL(fake_count("/jwks"), 1);
	json_decref(old);
	json_decref(new);
	up_buf_free(&text);
	up_rp_free(&rp);
}

/* --- codes --- */

/* RFC 8628 section 3.3.1: the code to type and where, beside a QR that holds both where the
 * provider gives one. */
static void test_user_code(void)
{
	static const struct {
		const char *members, *qr, *shown, *typed;
	} rows[] = {
		{ "\"user_code\":\"WDJB-MJHT\",\"verification_uri\":\"https://id.example.org/"
		  "device\",\"verification_uri_complete\":\"https://id.example.org/"
		  "device?user_code=WDJB-MJHT\"",
		    "https://id.example.org/device?user_code=WDJB-MJHT", "WDJB-MJHT",
		    "https://id.example.org/device" },
		{ "\"user_code\":\"1234 "
		  "5678\",\"verification_uri\":\"https://id.example.org/device\"",
		    "https://id.example.org/device", "1234 5678", "https://id.example.org/device" },
		{ "\"user_code\":\"<b>&'\",\"verification_url\":\"https://id.example.org/device\"",
		    "https://id.example.org/device", "&lt;b&gt;&amp;&#39;",
		    "https://id.example.org/device" },
		{ "\"verification_uri_complete\":\"https://id.example.org/d?c=1\"",
		    "https://id.example.org/d?c=1", NULL, NULL },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		struct fake_browser b;
		struct up_rp *rp = set_up(&b);
		struct up_rp_response r;
		char text[1024], target[64], id[32];

		snprintf(text, sizeof(text), "{\"device_code\":\"d\",\"expires_in\":600,%s}",
		    rows[i].members);
		fake_answer("/da", 200, "", text);
		fake_visit(rp, &b, "GET", "/.unitpass/login?return=%2F", NULL, &r);
		UP_CHECK(r.status == 200 &&
			     (rows[i].shown == NULL || strstr(body_of(&r), rows[i].shown) != NULL),
		    rows[i].members);
		UP_CHECK(rows[i].typed == NULL || strstr(body_of(&r), rows[i].typed) != NULL,
		    rows[i].members);
		UP_CHECK((strstr(body_of(&r), "unitpass-typed") != NULL) == (rows[i].shown != NULL),
		    rows[i].members);
		UP_CHECK(strstr(body_of(&r), "Scan this code with your phone") != NULL,
		    "words of a code that stands still");
		CU_ASSERT_PTR_NULL(strstr(body_of(&r), "certificate app on your phone"));
		up_rp_response_free(&r);
		CU_ASSERT_EQUAL(begin(rp, &b, "return=%2F", id), 200);
		snprintf(target, sizeof(target), "/.unitpass/state?attempt=%s", id);
		fake_fetch(rp, &b, "GET", target, NULL, &r);
		UP_CHECK(strcmp(fake_member(body_of(&r), "text"), rows[i].qr) == 0, rows[i].qr);
		up_rp_response_free(&r);
		up_rp_free(&rp);
	}
}

/* From answer to question no less than the interval, to the millisecond; slow_down adds five
 * seconds. */
static void test_never_early(void)
{
	static const struct {
		int64_t at_ms;
		unsigned asked;
	} rows[] = {
		{ 0, 0 }, { 4999, 0 }, { 5000, 1 }, { 5999, 1 }, { 9999, 1 }, { 10100, 2 },
		{ 15100, 2 }, { 20099, 2 }, { 20300, 3 }, /* slower since the second */
	};
	struct fake_browser b;
	struct up_rp *rp = set_up(&b);
	char id[32], text[256];
	int status;

	b.more_ms = 900; /* begun late in its second */
	CU_ASSERT_EQUAL(begin(rp, &b, "return=%2F", id), 200);
	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		answer_error(
		    "/token", 400, rows[i].asked == 2 ? "slow_down" : "authorization_pending");
		b.more_ms = 900 + rows[i].at_ms;
		/* a page that asks for the end at once gains nothing */
		if (i % 2 == 1)
			CU_ASSERT_EQUAL(complete(rp, &b, id, text, sizeof(text)), 409);
		(void)state_of(rp, &b, id, &status);
		UP_CHECK(fake_count("/token") == rows[i].asked, "asked early, or not at all");
	}
	up_rp_free(&rp);
}

/* --- issuers and secrets --- */

static void answer_metadata(const char *path, const char *name)
{
	struct up_buf b = { 0 };

	up_buf_printf(&b,
	    "{\"issuer\":\"%s\",\"device_authorization_endpoint\":\"%s/"
	    "da\",\"token_endpoint\":\"%s/token\",\"jwks_uri\":\"%s/jwks\"}",
	    name, issuer, issuer, issuer);
	fake_answer(path, 200, "", up_buf_cstr(&b));
	up_buf_free(&b);
}

static void test_issuers(void)
{
	static const struct {
		const char *issuer, *where;
		int want;
	} rows[] = {
		{ "", "/.well-known/openid-configuration", 200 },
		{ "", "/.well-known/oauth-authorization-server", 200 },
		{ "/", "/.well-known/openid-configuration", 200 },
		{ "/", "/.well-known/oauth-authorization-server", 200 },
		{ "/realms/a", "/realms/a/.well-known/openid-configuration", 200 },
		{ "/realms/a", "/.well-known/oauth-authorization-server/realms/a", 200 },
		{ "/realms/a", "/.well-known/openid-configuration/realms/a", 200 },
		{ "/realms/a", "/realms/a/.well-known/oauth-authorization-server", 200 },
		{ "/realms/a/", "/realms/a/.well-known/openid-configuration", 200 },
		{ "/realms/a/", "/.well-known/oauth-authorization-server/realms/a", 200 },
		{ "/realms/a", "/.well-known/openid-configuration", 503 },
		{ "/realms/a", "/realms/a//.well-known/openid-configuration", 503 },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		struct fake_browser b;
		struct up_rp *unused = set_up(&b), *rp;
		char name[128], other[136], id[32];

		snprintf(name, sizeof(name), "%s%s", issuer, rows[i].issuer);
		fake_answer("/.well-known/openid-configuration", 404, "", "");
		answer_metadata(rows[i].where, name);
		rp = fake_rp(name, FAKE_CLIENT, fake_key_a);
		UP_CHECK(begin(rp, &b, "return=%2F", id) == rows[i].want, rows[i].where);
		up_rp_free(&rp);
		/* compared byte for byte: the slash is part of the name */
		snprintf(other, sizeof(other), "%s%s", issuer, rows[i].issuer);
		if (other[strlen(other) - 1] == '/')
			other[strlen(other) - 1] = '\0';
		else
			strcat(other, "/");
		rp = fake_rp(other, FAKE_CLIENT, fake_key_a);
		UP_CHECK(begin(rp, &b, "return=%2F", id) == (rows[i].want == 200 ? 502 : 503),
		    rows[i].where);
		up_rp_free(&rp);
		up_rp_free(&unused);
	}
}

/* RFC 6749 section 2.3.1: what was in the file arrives, blanks and all; one line end does not. */
static void test_secrets(void)
{
	static const struct {
		const char *file, *secret;
	} rows[] = {
		{ "bench-secret\n", "bench-secret" },
		{ "12345678", "12345678" },
		{ "1234567a\r\n", "1234567a" },
		{ "  a  b  \n", "  a  b  " },
		{ "p+%&=:/?#\"\\\n", "p+%&=:/?#\"\\" },
		{ "密钥~~\n", "密钥~~" },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		struct fake_browser b;
		struct up_rp *unused = set_up(&b), *rp;
		struct up_rp_settings s = { .issuer = issuer, .client = "a:b" };
		struct up_buf got = { 0 };
		unsigned char plain[256] = "";
		char why[256], id[32], request[8192], *at, *colon;

		s.secret_file = fake_file("secret", rows[i].file, 0600);
		s.session_key_file = fake_file("keys", fake_key_a, 0600);
		CU_ASSERT_EQUAL_FATAL(up_rp_new(&s, &rp, why), UP_OK);
		fake_clean();
		CU_ASSERT_EQUAL(begin(rp, &b, "return=%2F", id), 200);
		snprintf(request, sizeof(request), "%s", fake_last("/da"));
		at = strstr(request, "Authorization: Basic ");
		CU_ASSERT_PTR_NOT_NULL_FATAL(at);
		at[strcspn(at, "\r")] = '\0';
		CU_ASSERT(
		    EVP_DecodeBlock(plain, (unsigned char *)at + 21, (int)strlen(at + 21)) > 0);
		colon = strchr((char *)plain, ':');
		CU_ASSERT_PTR_NOT_NULL_FATAL(colon);
		UP_CHECK_TEXT(up_span_of(plain, (size_t)(colon - (char *)plain)), "a%3Ab");
		CU_ASSERT_EQUAL(up_text_form_decode(up_span_str(colon + 1), &got), UP_OK);
		UP_CHECK_TEXT(up_buf_span(&got), rows[i].secret);
		up_buf_free(&got);
		up_rp_free(&rp);
		up_rp_free(&unused);
	}
}

UP_SUITE("rp_foreign", begin_server, test_taken_tokens, test_lacking_tokens, test_page_of_unusable,
    test_key_without_kid, test_user_code, test_never_early, test_issuers, test_secrets, end_server)
