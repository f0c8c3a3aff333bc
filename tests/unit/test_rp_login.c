/* SPDX-License-Identifier: Apache-2.0
 * A login from the first page to the session, with a provider that does everything right. */
#include "test_rp_scene.h"

static void test_whole_login(void)
{
	struct fake_browser b;
	struct up_rp *rp = setup(&b);
	struct up_rp_response r;
	struct claims c;
	char id[32], text[512];
	const char *da;

	CU_ASSERT_EQUAL(
	    begin(rp, &b, "return=%2Freports%3Fyear%3D2026&item=annual-report", id), 200);
	CU_ASSERT_EQUAL(strlen(id), 11);
	da = fake_last("/da");
	CU_ASSERT_PTR_NOT_NULL(strstr(da, "Authorization: Basic "));
	CU_ASSERT_STRING_EQUAL(fake_member(da, "item"), "annual-report");
	CU_ASSERT_STRING_EQUAL(fake_member(da, "initiator_ip"), "192.0.2.7");
	CU_ASSERT_EQUAL(strlen(fake_member(da, "browser")), 22);
	CU_ASSERT_EQUAL(strlen(fake_member(da, "nonce")), 22);
	CU_ASSERT_PTR_NOT_NULL(strstr(da, "scope=openid%20unit"));
	CU_ASSERT_PTR_NULL(strstr(da, FAKE_SECRET));
	CU_ASSERT_EQUAL(complete(rp, &b, id, text, sizeof(text)), 409);
	CU_ASSERT_STRING_EQUAL(fake_member(text, "error"), "authorization_pending");
	CU_ASSERT_FALSE(signed_in(rp, &b));
	c = right_claims();
	answer_token(&c, key);
	CU_ASSERT_EQUAL(complete(rp, &b, id, text, sizeof(text)), 200);
	CU_ASSERT_STRING_EQUAL(text, "{\"return\":\"/reports?year=2026\"}");
	CU_ASSERT_PTR_NOT_NULL(strstr(fake_last("/token"), "device_code=" DEVICE));
	fake_fetch(rp, &b, "GET", "/.unitpass/session", NULL, &r);
	CU_ASSERT_STRING_EQUAL(body_of(&r),
	    "{\"unit\":{\"code\":\"" FAKE_UNIT
	    "\",\"name\":\"某研究院\",\"certificate\":\"C1\",\"certificate_version\":2},"
	    "\"holder\":{\"ref\":\"H1\",\"role\":\"user\",\"name\":\"张三\"},\"items\":[\"annual-"
	    "report\"],\"session\":\"sid-1\",\"auth_time\":1699999990}");
	up_rp_response_free(&r);
	/* the attempt left the cookie */
	CU_ASSERT_EQUAL(complete(rp, &b, id, text, sizeof(text)), 409);
	CU_ASSERT_STRING_EQUAL(fake_member(text, "error"), "expired_token");
	CU_ASSERT_EQUAL(fake_count("/token"), 2);
	CU_ASSERT_EQUAL(fake_count("/jwks"), 1);
	CU_ASSERT_EQUAL(fake_count("/.well-known/openid-configuration"), 1);
	CU_ASSERT_PTR_NULL(strstr(fake_logged, DEVICE));
	CU_ASSERT_PTR_NULL(strstr(fake_logged, FAKE_SECRET));
	up_rp_free(&rp);
}

static void test_without_script(void)
{
	struct fake_browser b;
	struct up_rp *rp = setup(&b);
	struct up_rp_response r;
	struct claims c;
	char id[32], target[128], form[64];

	fake_visit(rp, &b, "GET", "/.unitpass/login?return=%2Fa%3Fb", NULL, &r);
	CU_ASSERT_EQUAL(r.status, 200);
	CU_ASSERT_PTR_NOT_NULL(
	    strstr(fake_header(&r, "Content-Security-Policy"), "script-src 'nonce-"));
	CU_ASSERT_PTR_NOT_NULL(strstr(fake_header(&r, "Content-Security-Policy"), issuer));
	CU_ASSERT_STRING_EQUAL(fake_header(&r, "Referrer-Policy"), "no-referrer");
	CU_ASSERT_STRING_EQUAL(fake_header(&r, "Cache-Control"), "no-store");
	snprintf(id, sizeof(id), "%.11s", strstr(body_of(&r), "data-attempt=\"") + 14);
	CU_ASSERT_PTR_NULL(strstr(body_of(&r), DEVICE));
	up_rp_response_free(&r);
	CU_ASSERT_EQUAL(fake_count("/da"), 1);
	/* the page reloads: the same attempt goes on, through all its states */
	snprintf(target, sizeof(target), "/.unitpass/login?return=%%2Fa%%3Fb&attempt=%s", id);
	for (size_t i = 0; i < 4; i++) {
		static const char *const states[] = { "pending", "scanned", "approved", "denied" };
		char want[32];

		answer_watch(states[i]);
		fake_visit(rp, &b, "GET", target, NULL, &r);
		CU_ASSERT_EQUAL(r.status, 200);
		snprintf(want, sizeof(want), "data-state=\"%s\"", states[i]);
		UP_CHECK(strstr(body_of(&r), want) != NULL, states[i]);
		up_rp_response_free(&r);
	}
	CU_ASSERT_EQUAL(fake_count("/da"), 1);
	c = right_claims();
	answer_token(&c, key);
	snprintf(form, sizeof(form), "attempt=%s", id);
	fake_visit(rp, &b, "POST", "/.unitpass/complete", form, &r);
	CU_ASSERT_EQUAL(r.status, 303);
	CU_ASSERT_STRING_EQUAL(fake_header(&r, "Location"), "/a?b");
	up_rp_response_free(&r);
	CU_ASSERT_TRUE(signed_in(rp, &b));
	/* with a session the login page sends on; again=1 asks anew */
	fake_visit(rp, &b, "GET", "/.unitpass/login?return=%2Fc", NULL, &r);
	CU_ASSERT_EQUAL(r.status, 302);
	CU_ASSERT_STRING_EQUAL(fake_header(&r, "Location"), "/c");
	up_rp_response_free(&r);
	fake_visit(rp, &b, "GET", "/.unitpass/login?return=%2Fc&again=1", NULL, &r);
	CU_ASSERT_EQUAL(r.status, 200);
	up_rp_response_free(&r);
	CU_ASSERT_EQUAL(fake_count("/da"), 2);
	up_rp_free(&rp);
}

static void test_hostile_returns(void)
{
	static const char *const forms[] = { "return=%2F%2Fevil.example.org",
		"return=https%3A%2F%2Fevil.example.org%2F", "return=%2F%5Cevil.example.org",
		"return=%2F.unitpass%2Flogout", "return=%2Fa%0d%0ab", "" };

	for (size_t i = 0; i < UP_ARRAY_LEN(forms); i++) {
		struct fake_browser b;
		struct up_rp *rp = setup(&b);
		struct claims c;
		char id[32], text[512];

		UP_CHECK(begin(rp, &b, forms[i], id) == 200, forms[i]);
		c = right_claims();
		answer_token(&c, key);
		UP_CHECK(complete(rp, &b, id, text, sizeof(text)) == 200, forms[i]);
		UP_CHECK(strcmp(text, "{\"return\":\"/\"}") == 0, forms[i]);
		up_rp_free(&rp);
	}
}

static void test_attempts(void)
{
	struct fake_browser b, empty;
	struct up_rp *rp = setup(&b);
	char id[5][32], text[512], browser[64], form[128];

	for (int i = 0; i < 5; i++) {
		char device[24];

		snprintf(device, sizeof(device), "device-code-number-%03d", i);
		answer_begin(device, true);
		CU_ASSERT_EQUAL(begin(rp, &b, "return=%2Fsome%2Fpage", id[i]), 200);
		if (i == 0)
			snprintf(browser, sizeof(browser), "%s",
			    fake_member(fake_last("/da"), "browser"));
		CU_ASSERT_STRING_EQUAL(fake_member(fake_last("/da"), "browser"), browser);
		CU_ASSERT_STRING_EQUAL(fake_member(fake_last("/da"), "supersedes"),
		    i == 3       ? "device-code-number-000"
			: i == 4 ? "device-code-number-001"
				 : "");
		CU_ASSERT(strlen(b.cookies) < 3900);
	}
	CU_ASSERT_EQUAL(complete(rp, &b, id[1], text, sizeof(text)), 409);
	CU_ASSERT_STRING_EQUAL(fake_member(text, "error"), "expired_token");
	CU_ASSERT_EQUAL(complete(rp, &b, id[2], text, sizeof(text)), 409);
	CU_ASSERT_STRING_EQUAL(fake_member(text, "error"), "authorization_pending");
	CU_ASSERT_PTR_NOT_NULL(strstr(fake_last("/token"), "device-code-number-002"));
	/* the page's own earlier attempt is the one that ends */
	snprintf(form, sizeof(form), "return=%%2F&attempt=%s", id[3]);
	CU_ASSERT_EQUAL(begin(rp, &b, form, text), 200);
	CU_ASSERT_STRING_EQUAL(
	    fake_member(fake_last("/da"), "supersedes"), "device-code-number-003");
	CU_ASSERT_EQUAL(complete(rp, &b, id[2], text, sizeof(text)), 409);
	CU_ASSERT_STRING_EQUAL(fake_member(text, "error"), "authorization_pending");
	/* another browser has nothing of it; neither has this one once it is long over */
	empty = (struct fake_browser){ .now_s = NOW };
	CU_ASSERT_EQUAL(complete(rp, &empty, id[2], text, sizeof(text)), 409);
	CU_ASSERT_STRING_EQUAL(fake_member(text, "error"), "expired_token");
	b.now_s = NOW + 3600;
	CU_ASSERT_EQUAL(begin(rp, &b, "return=%2F", id[0]), 200);
	CU_ASSERT_STRING_EQUAL(fake_member(fake_last("/da"), "supersedes"), "");
	CU_ASSERT_STRING_EQUAL(fake_member(fake_last("/da"), "browser"), browser);
	up_rp_free(&rp);
}

/* What a browser sends that asks for several pages before it has the answer to any:
 * nothing of each other. */
static void begin_at_once(struct up_rp *rp, struct fake_browser *b, size_t n, char id[][32])
{
	struct fake_browser before = *b;

	for (size_t i = 0; i < n; i++) {
		struct fake_browser one = before;
		char device[48], want[64];

		snprintf(device, sizeof(device), "device-code-number-%03zu", i);
		answer_begin(device, true);
		CU_ASSERT_EQUAL(begin(rp, &one, "return=%2Fsome%2Fpage", id[i]), 200);
		snprintf(want, sizeof(want), "__Host-unitpass-login-%s", id[i]);
		CU_ASSERT_PTR_NOT_NULL_FATAL(fake_cookie(&one, want));
		snprintf(b->cookies + strlen(b->cookies), sizeof(b->cookies) - strlen(b->cookies),
		    "; %s", fake_cookie(&one, want));
		/* what is not the attempt's own is the last answer's */
		if (i + 1 == n && fake_cookie(&before, "__Host-unitpass-login") == NULL)
			snprintf(b->cookies + strlen(b->cookies),
			    sizeof(b->cookies) - strlen(b->cookies), "; %s",
			    fake_cookie(&one, "__Host-unitpass-login"));
	}
}

/* Tabs that begin at once do not take each other's attempts away, whichever answer comes last. */
static void test_at_once(void)
{
	for (int known = 0; known < 2; known++) {
		struct fake_browser b;
		struct up_rp *rp = setup(&b);
		char id[8][32], text[512], code[64];

		if (known)
			CU_ASSERT_EQUAL(begin(rp, &b, "return=%2F", text), 200);
		begin_at_once(rp, &b, known ? 7 : 8, id);
		for (size_t i = 0; i < (known ? 7 : 8); i++) {
			CU_ASSERT_EQUAL(complete(rp, &b, id[i], text, sizeof(text)), 409);
			CU_ASSERT_STRING_EQUAL(fake_member(text, "error"), "authorization_pending");
			snprintf(code, sizeof(code), "device-code-number-%03zu", i);
			CU_ASSERT_PTR_NOT_NULL(strstr(fake_last("/token"), code));
		}
		/* the next one makes room again */
		CU_ASSERT_EQUAL(begin(rp, &b, "return=%2F", text), 200);
		CU_ASSERT(strlen(b.cookies) < 3900);
		CU_ASSERT_EQUAL(complete(rp, &b, id[0], text, sizeof(text)), 409);
		CU_ASSERT_STRING_EQUAL(fake_member(text, "error"), "expired_token");
		up_rp_free(&rp);
	}
}

/* However many cookies have piled up, keys changed or tabs opened by the dozen: the next login goes
 * through and tidies up, and what ends is gone. */
static void test_piled_up(void)
{
	struct fake_browser b;
	struct up_rp *rp = setup(&b);
	char id[8][32], text[512];
	size_t n = 0;

	for (int i = 0; i < 60; i++)
		n += (size_t)snprintf(b.cookies + n, sizeof(b.cookies) - n,
		    "%s__Host-unitpass-login-AAAAAAA%02dAA=x", i > 0 ? "; " : "", i);
	begin_at_once(rp, &b, UP_ARRAY_LEN(id), id);
	answer_error("/token", 400, "access_denied");
	CU_ASSERT_EQUAL(complete(rp, &b, id[7], text, sizeof(text)), 409);
	CU_ASSERT_STRING_EQUAL(fake_member(text, "error"), "access_denied");
	CU_ASSERT_PTR_NULL(strstr(b.cookies, id[7]));
	for (int i = 0; i < 8; i++)
		CU_ASSERT_EQUAL(begin(rp, &b, "return=%2F", text), 200);
	CU_ASSERT_PTR_NULL(strstr(b.cookies, "-AAAAAAA"));
	CU_ASSERT(strlen(b.cookies) < 3900);
	up_rp_free(&rp);
}

/* An attempt's cookie under another attempt's name is nobody's. */
static void test_renamed_cookie(void)
{
	struct fake_browser b, other;
	struct up_rp *rp = setup(&b);
	char id[32], name[64], text[512];

	CU_ASSERT_EQUAL(begin(rp, &b, "return=%2F", id), 200);
	snprintf(name, sizeof(name), "__Host-unitpass-login-%s", id);
	other = (struct fake_browser){ .now_s = NOW };
	snprintf(other.cookies, sizeof(other.cookies),
	    "__Host-unitpass-login-AAAAAAAAAAA=%s; __Host-unitpass-login-%s=",
	    strchr(fake_cookie(&b, name), '=') + 1, id);
	CU_ASSERT_EQUAL(complete(rp, &other, id, text, sizeof(text)), 409);
	CU_ASSERT_STRING_EQUAL(fake_member(text, "error"), "expired_token");
	CU_ASSERT_EQUAL(complete(rp, &other, "AAAAAAAAAAA", text, sizeof(text)), 409);
	CU_ASSERT_STRING_EQUAL(fake_member(text, "error"), "expired_token");
	up_rp_free(&rp);
}

/* A page that nobody sees begins no login and ends none. */
static void test_unseen(void)
{
	static const struct {
		const char *dest, *purpose, *method;
		int status;
		bool begins;
	} rows[] = {
		{ "document", NULL, "GET", 200, true }, { NULL, NULL, "GET", 200, true },
		{ "image", NULL, "GET", 403, false }, { "script", NULL, "GET", 403, false },
		{ "style", NULL, "GET", 403, false }, { "empty", NULL, "GET", 403, false },
		{ "iframe", NULL, "GET", 401, false }, { "frame", NULL, "GET", 401, false },
		{ "embed", NULL, "GET", 401, false }, { "object", NULL, "GET", 401, false },
		{ "document", "prefetch", "GET", 503, false },
		{ "document", "prefetch;prerender", "GET", 503, false },
		{ NULL, "prefetch", "GET", 503, false }, { NULL, "preview", "GET", 503, false },
		{ "document", NULL, "HEAD", 200, false },
		{ "document", "prefetch", "POST", 400, false },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		struct fake_browser b;
		struct up_rp *rp = setup(&b);
		struct up_rp_response r;
		char cookies[16384], target[128];
		bool post = strcmp(rows[i].method, "POST") == 0;

		CU_ASSERT_EQUAL(begin(rp, &b, "return=%2F", target), 200);
		snprintf(cookies, sizeof(cookies), "%s", b.cookies);
		b.dest = rows[i].dest;
		b.purpose = rows[i].purpose;
		fake_visit(rp, &b, rows[i].method, "/.unitpass/login?return=%2Fa&again=1",
		    post ? "return=%2F" : NULL, &r);
		UP_CHECK(r.status == rows[i].status, rows[i].dest != NULL ? rows[i].dest : "none");
		UP_CHECK(fake_count("/da") == (rows[i].begins ? 2 : 1),
		    rows[i].dest != NULL ? rows[i].dest : "none");
		UP_CHECK((strcmp(b.cookies, cookies) == 0) == !rows[i].begins, "cookies");
		if (rows[i].status == 401) {
			CU_ASSERT_PTR_NOT_NULL(strstr(body_of(&r),
			    "href=\"/.unitpass/login?return=%2Fa\" target=\"_top\""));
			CU_ASSERT_PTR_NULL(fake_header(&r, "X-Frame-Options"));
		}
		up_rp_response_free(&r);
		up_rp_free(&rp);
	}
}

/* The page for a browser in which the widget does not run needs no script,
 * also where the site has a page of its own. */
static void test_plain(void)
{
	struct fake_browser b;
	struct up_rp *rp = setup(&b);
	struct up_rp_response r;

	fake_visit(rp, &b, "GET", "/.unitpass/login?return=%2Fa", NULL, &r);
	CU_ASSERT_PTR_NOT_NULL(strstr(body_of(&r), "&amp;plain=1\">"));
	up_rp_response_free(&r);
	fake_visit(rp, &b, "GET", "/.unitpass/login?return=%2Fa&plain=1", NULL, &r);
	CU_ASSERT_PTR_NULL(strstr(body_of(&r), "<script"));
	CU_ASSERT_PTR_NULL(strstr(body_of(&r), "noscript"));
	CU_ASSERT_PTR_NOT_NULL(strstr(body_of(&r),
	    "<img class=\"unitpass-code\" src=\"/.unitpass/qr.svg?attempt="));
	CU_ASSERT_PTR_NOT_NULL(strstr(body_of(&r),
	    "http-equiv=\"refresh\" content=\"5;url=/.unitpass/login?return=%2Fa&amp;attempt="));
	up_rp_response_free(&r);
	up_rp_free(&rp);
}

/* The longest return targets: fewer attempts, never a cookie that a browser drops. */
static void test_long_returns(void)
{
	struct fake_browser b;
	struct up_rp *rp = setup(&b);
	char form[1200], id[32];

	memset(form, 'a', sizeof(form));
	memcpy(form, "return=%2F", 10);
	form[10 + 1023] = '\0';
	for (int i = 0; i < 4; i++) {
		struct up_rp_response r;
		char target[64];

		CU_ASSERT_EQUAL(begin(rp, &b, form, id), 200);
		CU_ASSERT(strlen(b.cookies) < 3900);
		snprintf(target, sizeof(target), "/.unitpass/state?attempt=%s", id);
		fake_fetch(rp, &b, "GET", target, NULL, &r);
		CU_ASSERT_EQUAL(r.status, 200);
		up_rp_response_free(&r);
	}
	up_rp_free(&rp);
}

static void test_state_and_qr(void)
{
	struct fake_browser b;
	struct up_rp *rp = setup(&b);
	struct up_rp_response r;
	char id[32], state[64], qr[64], want[256];

	CU_ASSERT_EQUAL(begin(rp, &b, "return=%2F", id), 200);
	snprintf(state, sizeof(state), "/.unitpass/state?attempt=%s", id);
	snprintf(qr, sizeof(qr), "/.unitpass/qr.svg?attempt=%s", id);
	fake_fetch(rp, &b, "GET", state, NULL, &r);
	snprintf(want, sizeof(want),
	    "{\"state\":\"pending\",\"expires_in\":297,\"frame\":{\"t\":3,\"text\":\"%s/q/"
	    "HHHHHHHHHHHHHHHHHHHHHH.3.MMMMMMMMMMMMMMMMMMMMMM\"}}",
	    issuer);
	CU_ASSERT_STRING_EQUAL(body_of(&r), want);
	up_rp_response_free(&r);
	fake_fetch(rp, &b, "GET", qr, NULL, &r);
	CU_ASSERT_EQUAL(r.status, 200);
	CU_ASSERT_STRING_EQUAL(fake_header(&r, "Content-Type"), "image/svg+xml");
	CU_ASSERT_PTR_NOT_NULL(strstr(body_of(&r), "<path"));
	up_rp_response_free(&r);
	CU_ASSERT_EQUAL(fake_count("/token"), 0);
	answer_watch("scanned");
	fake_fetch(rp, &b, "GET", qr, NULL, &r);
	CU_ASSERT_EQUAL(r.status, 409);
	up_rp_response_free(&r);
	fake_answer(WATCH, 404, "", "{\"error\":\"invalid_request\"}");
	fake_fetch(rp, &b, "GET", state, NULL, &r);
	CU_ASSERT_PTR_NOT_NULL(strstr(body_of(&r), "\"state\":\"expired\""));
	up_rp_response_free(&r);
	fake_answer(WATCH, 200, "", "{\"state\":\"winning\",\"expires_in\":3}");
	fake_fetch(rp, &b, "GET", state, NULL, &r);
	CU_ASSERT_EQUAL(r.status, 503);
	up_rp_response_free(&r);
	fake_fetch(rp, &b, "GET", "/.unitpass/state?attempt=AAAAAAAAAAA", NULL, &r);
	CU_ASSERT_EQUAL(r.status, 404);
	up_rp_response_free(&r);
	up_rp_free(&rp);
}

/* A provider that knows no watch_uri: the module asks its token endpoint, no faster than it allows.
 */
static void test_other_provider(void)
{
	struct fake_browser b;
	struct up_rp *rp = setup(&b);
	struct up_rp_response r;
	struct claims c;
	char id[32], state[64], text[512];

	answer_begin("another-providers-device-code", false);
	CU_ASSERT_EQUAL(begin(rp, &b, "return=%2Fx", id), 200);
	snprintf(state, sizeof(state), "/.unitpass/state?attempt=%s", id);
	fake_fetch(rp, &b, "GET", state, NULL, &r);
	CU_ASSERT_PTR_NOT_NULL(strstr(body_of(&r), "\"state\":\"pending\""));
	CU_ASSERT_PTR_NOT_NULL(strstr(body_of(&r), "/v?c=1"));
	up_rp_response_free(&r);
	CU_ASSERT_EQUAL(fake_count("/token"), 0);
	answer_error("/token", 400, "slow_down");
	for (int i = 0; i < 20; i++) {
		b.now_s++;
		fake_fetch(rp, &b, "GET", state, NULL, &r);
		CU_ASSERT_EQUAL(r.status, 200);
		up_rp_response_free(&r);
	}
	CU_ASSERT_EQUAL(fake_count("/token"), 2);          /* at 5, then at 15 seconds */
	c = right_claims();
	answer_token(&c, key);
	b.now_s += 15;
	fake_fetch(rp, &b, "GET", state, NULL, &r);
	CU_ASSERT_PTR_NOT_NULL(strstr(body_of(&r), "\"state\":\"approved\""));
	up_rp_response_free(&r);
	CU_ASSERT_EQUAL(fake_count("/token"), 3);
	CU_ASSERT_EQUAL(complete(rp, &b, id, text, sizeof(text)), 200);
	CU_ASSERT_STRING_EQUAL(text, "{\"return\":\"/x\"}");
	CU_ASSERT_EQUAL(fake_count("/token"), 3);
	CU_ASSERT_TRUE(signed_in(rp, &b));
	up_rp_free(&rp);
}

static void test_damaged_login_cookie(void)
{
	static const char *const junk[] = { "__Host-unitpass-login=",
		"__Host-unitpass-login-AAAAAAAAAAA=AAAA; __Host-unitpass-login-%0d%0a=x",
		"__Host-unitpass-login=AAAA", "__Host-unitpass-login=%00; __Host-unitpass=;;;=",
		"__Host-unitpass-login="
		"AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKywtLi8w" };

	for (size_t i = 0; i < UP_ARRAY_LEN(junk); i++) {
		struct fake_browser b;
		struct up_rp *rp = setup(&b);
		struct up_rp_response r;
		char id[32];

		snprintf(b.cookies, sizeof(b.cookies), "%s", junk[i]);
		fake_visit(rp, &b, "GET", "/.unitpass/login", NULL, &r);
		UP_CHECK(r.status == 200, junk[i]);
		up_rp_response_free(&r);
		UP_CHECK(begin(rp, &b, "return=%2F", id) == 200, junk[i]);
		up_rp_free(&rp);
	}
}

UP_SUITE("rp_login", begin_server, test_whole_login, test_without_script, test_hostile_returns,
    test_attempts, test_at_once, test_renamed_cookie,
    test_piled_up, test_unseen, test_plain, test_long_returns,
    test_state_and_qr, test_other_provider, test_damaged_login_cookie, end_server)
