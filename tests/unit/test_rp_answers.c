/* SPDX-License-Identifier: Apache-2.0
 * What the module's own pages answer without a provider: methods, origins, targets, assets,
 * logout. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "web/embedded.h"
#include "module/rp/rplog.h"
#include "test_rp_portal.h"

static int handle(struct up_rp_request *req, struct up_rp_response *r)
{
	struct up_rp_opener *o;

	req->now_s = NOW;
	if (req->host.n == 0)
		req->host = UP_SPAN_LIT("portal.example.org");
	CU_ASSERT_EQUAL_FATAL(up_rp_opener_new(rp, &o), UP_OK);
	up_rp_handle(rp, o, req, r);
	up_rp_opener_free(&o);
	return r->status;
}

static void test_methods(void)
{
	static const struct { const char *method, *path; int status; const char *allow;
	} rows[] = {
		{ "OPTIONS", "login", 204, "GET, HEAD, POST, OPTIONS" },
		{ "OPTIONS", "complete", 204, "POST, OPTIONS" },
		{ "OPTIONS", "state", 204, "GET, HEAD, OPTIONS" },
		{ "OPTIONS", "assets/unitpass.css", 204, "GET, HEAD, OPTIONS" },
		{ "DELETE", "login", 405, "GET, HEAD, POST, OPTIONS" },
		{ "GET", "complete", 405, "POST, OPTIONS" },
		{ "HEAD", "complete", 405, "POST, OPTIONS" },
		{ "PUT", "state", 405, "GET, HEAD, OPTIONS" },
		{ "POST", "session", 405, "GET, HEAD, OPTIONS" },
		{ "POST", "assets/unitpass.css", 405, "GET, HEAD, OPTIONS" },
		{ "get", "session", 405, "GET, HEAD, OPTIONS" },
		{ "", "login", 405, "GET, HEAD, POST, OPTIONS" },
		{ "GET", "nothing", 404, NULL },
		{ "OPTIONS", "nothing", 404, NULL },
		{ "GET", "", 404, NULL },
		{ "GET", "login/", 404, NULL },
		{ "GET", "assets/", 404, NULL },
		{ "GET", "assets/../login.html", 404, NULL },
		{ "GET", "login.html", 404, NULL },
		{ "HEAD", "login", 200, NULL },
		{ "HEAD", "state", 200, NULL },
		{ "HEAD", "qr.svg", 200, NULL },
		{ "HEAD", "session", 401, NULL },
		{ "GET", "session", 401, NULL },
		{ "GET", "logout", 200, NULL },
		{ "HEAD", "assets/unitpass.css", 200, NULL },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		struct up_rp_request req = { .method = up_span_str(rows[i].method) };
		struct up_rp_response r;
		char path[128];
		const char *allow;

		snprintf(path, sizeof(path), "%s%s", UP_RP_PREFIX, rows[i].path);
		req.path = up_span_str(path);
		UP_CHECK(handle(&req, &r) == rows[i].status, rows[i].path);
		allow = fake_header(&r, "Allow");
		UP_CHECK((allow == NULL) == (rows[i].allow == NULL) &&
			(allow == NULL || strcmp(allow, rows[i].allow) == 0),
		    rows[i].path);
		UP_CHECK(fake_header(&r, "Set-Cookie") == NULL, rows[i].path);
		up_rp_response_free(&r);
	}
}

static void test_needs(void)
{
	static const struct { const char *method, *path; bool network, body; } rows[] = {
		{ "GET", "login", true, false }, { "POST", "login", true, true },
		{ "GET", "state", true, false }, { "GET", "qr.svg", true, false },
		{ "POST", "complete", true, true }, { "GET", "complete", false, false },
		{ "GET", "session", false, false }, { "GET", "logout", false, false },
		{ "POST", "logout", false, true }, { "GET", "assets/unitpass.js", false, false },
		{ "HEAD", "login", false, false }, { "POST", "session", false, false },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		char path[64];

		snprintf(path, sizeof(path), "%s%s", UP_RP_PREFIX, rows[i].path);
		UP_CHECK(up_rp_needs_network(up_span_str(rows[i].method), up_span_str(path)) ==
			rows[i].network,
		    rows[i].path);
		UP_CHECK(up_rp_needs_body(up_span_str(rows[i].method), up_span_str(path)) ==
			rows[i].body,
		    rows[i].path);
	}
	CU_ASSERT_FALSE(up_rp_needs_network(UP_SPAN_LIT("GET"), UP_SPAN_LIT("/login")));
}

/* Who may change state. A logout shows it: it needs no provider. */
static void test_origins(void)
{
	static const struct { const char *site, *origin, *host; int status;
	} rows[] = {
		{ "same-origin", "", "portal.example.org", 200 },
		{ "same-origin", "null", "portal.example.org", 200 },
		{ "same-origin", "https://portal.example.org", "portal.example.org", 200 },
		{ "same-site", "https://portal.example.org", "portal.example.org", 403 },
		{ "cross-site", "https://portal.example.org", "portal.example.org", 403 },
		{ "none", "", "portal.example.org", 403 },
		{ "", "https://portal.example.org", "portal.example.org", 200 },
		{ "", "https://PORTAL.example.org", "portal.example.org", 200 },
		{ "", "https://portal.example.org:8443", "portal.example.org:8443", 200 },
		{ "", "https://portal.example.org:8443", "portal.example.org", 403 },
		{ "", "https://portal.example.org", "portal.example.org:443", 200 },
		{ "", "https://portal.example.org:443", "portal.example.org", 200 },
		{ "", "http://portal.example.org", "portal.example.org:80", 200 },
		{ "", "https://[2001:db8::1]", "[2001:db8::1]:443", 200 },
		{ "", "https://portal.example.org", "portal.example.org:", 200 },
		{ "", "https://portal.example.org", "portal.example.org:80", 403 },
		{ "", "http://portal.example.org", "portal.example.org:443", 403 },
		{ "", "https://portal.example.org", "portal.example.org:4430", 403 },
		{ "", "https://[2001:db8::443]", "[2001:db8::]", 403 },
		{ "", "https://:443", ":443", 403 },
		{ "", "https://443", "443", 200 },
		{ "", "https://evil.example.org", "portal.example.org", 403 },
		{ "", "https://portal.example.org.evil", "portal.example.org", 403 },
		{ "", "null", "portal.example.org", 403 },
		{ "", "", "portal.example.org", 403 },
		{ "", "portal.example.org", "portal.example.org", 403 },
		{ "", "ftp://portal.example.org", "portal.example.org", 403 },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		struct up_rp_request req = {
			.method = UP_SPAN_LIT("POST"),
			.path = UP_SPAN_LIT("/.unitpass/logout"),
			.accept = UP_SPAN_LIT("application/json"),
			.content_type = UP_SPAN_LIT(
			    "application/x-www-form-urlencoded;charset=UTF-8"),
			.body = UP_SPAN_LIT("return=%2F"),
			.sec_fetch_site = up_span_str(rows[i].site),
			.origin = up_span_str(rows[i].origin),
			.host = up_span_str(rows[i].host),
		};
		struct up_rp_response r;

		UP_CHECK(handle(&req, &r) == rows[i].status, rows[i].origin);
		UP_CHECK((fake_header(&r, "Set-Cookie") != NULL) == (rows[i].status == 200),
		    rows[i].origin);
		up_rp_response_free(&r);
	}
}

static void test_bad_bodies(void)
{
	static const struct { const char *type, *body; int status;
	} rows[] = {
		{ "application/json", "{}", 415 },
		{ "", "return=%2F", 415 },
		{ "text/plain", "return=%2F", 415 },
		{ "application/x-www-form-urlencoded", "a=1&a=2", 400 },
		{ "application/x-www-form-urlencoded", "a=%00", 400 },
		{ "application/x-www-form-urlencoded", "a=%ff", 400 },
		{ "application/x-www-form-urlencoded", "a=%zz", 400 },
		{ "application/x-www-form-urlencoded", "", 200 },
	};
	char *large = calloc(1, UP_RP_BODY_MAX + 2);
	struct up_rp_request req = { .method = UP_SPAN_LIT("POST"),
		.path = UP_SPAN_LIT("/.unitpass/logout"),
		.accept = UP_SPAN_LIT("application/json"),
		.sec_fetch_site = UP_SPAN_LIT("same-origin") };
	struct up_rp_response r;

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		req.content_type = up_span_str(rows[i].type);
		req.body = up_span_str(rows[i].body);
		UP_CHECK(handle(&req, &r) == rows[i].status, rows[i].body);
		up_rp_response_free(&r);
	}
	CU_ASSERT_PTR_NOT_NULL_FATAL(large);
	memset(large, 'a', UP_RP_BODY_MAX + 1);
	req.body = up_span_str(large);
	CU_ASSERT_EQUAL(handle(&req, &r), 413);
	up_rp_response_free(&r);
	free(large);
}

static bool sets(const struct up_rp_response *r, const char *cookie)
{
	for (size_t i = 0; i < r->n_headers; i++)
		if (strcmp(r->headers[i].name, "Set-Cookie") == 0 &&
		    strcmp(r->headers[i].value, cookie) == 0)
			return true;
	return false;
}

static void test_return_targets(void)
{
	static const struct { const char *form, *location;
	} rows[] = {
		{ "return=%2Fa%2Fb%3Fc%3Dd", "/a/b?c=d" },
		{ "return=%2F%2Fevil.example.org", "/" },
		{ "return=%2F%5Cevil.example.org", "/" },
		{ "return=https%3A%2F%2Fevil.example.org", "/" },
		{ "return=%2Fa%0d%0aSet-Cookie%3A%20x%3Dy", "/" },
		{ "return=%2F%252fevil", "/" },
		{ "return=%2Fa%2F..%2F..%2F..%2Fb", "/" },
		{ "return=javascript%3Aalert(1)", "/" },
		{ "return=%2F.unitpass%2Flogout", "/" },
		{ "return=%40evil", "/" },
		/* nowhere to go on to: a page that says it is done */
		{ "return=", "/.unitpass/logout" },
		{ "", "/.unitpass/logout" },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		struct up_rp_request req = {
			.method = UP_SPAN_LIT("POST"),
			.path = UP_SPAN_LIT("/.unitpass/logout"),
			.accept = UP_SPAN_LIT("text/html"),
			.sec_fetch_mode = UP_SPAN_LIT("navigate"),
			.content_type = UP_SPAN_LIT("application/x-www-form-urlencoded"),
			.body = up_span_str(rows[i].form),
			.sec_fetch_site = UP_SPAN_LIT("same-origin"),
		};
		struct up_rp_response r;

		UP_CHECK(handle(&req, &r) == 303, rows[i].form);
		UP_CHECK(strcmp(fake_header(&r, "Location"), rows[i].location) == 0, rows[i].form);
		CU_ASSERT_PTR_NOT_NULL(strstr(fake_header(&r, "Set-Cookie"),
		    "__Host-unitpass=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"));
		CU_ASSERT_TRUE(sets(&r, "__Host-unitpass-seen=; Path=/; Secure; HttpOnly; "
		    "SameSite=Lax; Max-Age=0"));
		up_rp_response_free(&r);
	}
}

static char *session_cookie(void)
{
	struct up_rp_opener *o;
	struct up_buf b = { 0 };
	char *text;

	CU_ASSERT_EQUAL_FATAL(up_rp_opener_new(rp, &o), UP_OK);
	CU_ASSERT_EQUAL_FATAL(up_rp_session_cookie(o, &someone, NOW, &b), UP_OK);
	up_rp_opener_free(&o);
	text = up_buf_take(&b);
	*strchr(text, ';') = '\0';
	return text;
}

/* Who is signed in is asked and may stay; who is not is told so, and how to come back. */
static void test_logout_page(void)
{
	struct up_rp_request req = { .method = UP_SPAN_LIT("GET"),
		.path = UP_SPAN_LIT("/.unitpass/logout"), .query = UP_SPAN_LIT("return=%2Fb"),
		.accept = UP_SPAN_LIT("text/html"), .accept_language = UP_SPAN_LIT("en") };
	struct up_rp_response r;
	char *cookie = session_cookie();

	CU_ASSERT_EQUAL(handle(&req, &r), 200);
	CU_ASSERT_PTR_NULL(strstr(text_of(&r), "<form"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of(&r), "You are signed out"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of(&r), "href=\"/.unitpass/login?return=%2Fb\""));
	up_rp_response_free(&r);
	req.cookies = up_span_str(cookie);
	CU_ASSERT_EQUAL(handle(&req, &r), 200);
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of(&r), "<form"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of(&r), "Unit &lt;One&gt;"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of(&r), "href=\"/b\">Cancel</a>"));
	up_rp_response_free(&r);
	free(cookie);
}

/* Errors that a person meets are in words of every day; a program gets the table's. */
static void test_errors_in_words(void)
{
	static const struct { const char *method, *path, *query, *words; } rows[] = {
		{ "GET", "/.unitpass/login", "return=a&return=b", "start again from the website" },
		{ "GET", "/.unitpass/nothing", "", "There is no such page" },
		{ "GET", "/.unitpass/complete", "", "start again from the website" },
		{ "GET", "/.unitpass/login", "again=1&return=%2F", "does not answer right now" },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		struct up_rp_request req = { .method = up_span_str(rows[i].method),
			.path = up_span_str(rows[i].path), .query = up_span_str(rows[i].query),
			.accept = UP_SPAN_LIT("text/html"), .accept_language = UP_SPAN_LIT("en") };
		struct up_rp_response r;

		CU_ASSERT(handle(&req, &r) >= 400);
		UP_CHECK(strstr(text_of(&r), rows[i].words) != NULL, text_of(&r));
		UP_CHECK(strstr(text_of(&r), "parameter") == NULL &&
		    strstr(text_of(&r), "Allow") == NULL, text_of(&r));
		up_rp_response_free(&r);
	}
}

static void test_languages(void)
{
	static const struct {
		const char *accept, *lang;
	} rows[] = { { "", "zh-CN" }, { "zh-TW,en;q=0.5", "zh-CN" }, { "en-GB", "en" },
		{ "fr", "en" } };

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		struct up_rp_request req = { .method = UP_SPAN_LIT("GET"),
			.path = UP_SPAN_LIT("/.unitpass/logout"),
			.accept = UP_SPAN_LIT("text/html"),
			.accept_language = up_span_str(rows[i].accept) };
		struct up_rp_response r;
		char want[32];

		CU_ASSERT_EQUAL(handle(&req, &r), 200);
		snprintf(want, sizeof(want), "<html lang=\"%s\"", rows[i].lang);
		UP_CHECK(strstr(text_of(&r), want) != NULL, rows[i].accept);
		up_rp_response_free(&r);
	}
}

static void test_page_headers(void)
{
	static const struct { const char *name, *value;
	} rows[] = {
		{ "Cache-Control", "no-store" },
		{ "Referrer-Policy", "no-referrer" },
		{ "X-Content-Type-Options", "nosniff" },
		{ "X-Frame-Options", "DENY" },
		{ "Cross-Origin-Opener-Policy", "same-origin" },
		{ "Content-Type", "text/html; charset=utf-8" },
	};
	static const char *const policy[] = { "default-src 'none'", "frame-ancestors 'none'",
		"base-uri 'none'", "form-action 'self'", "script-src 'nonce-" };
	struct up_rp_request req = { .method = UP_SPAN_LIT("GET"),
		.path = UP_SPAN_LIT("/.unitpass/logout"),
		.accept = UP_SPAN_LIT("text/html") };
	struct up_rp_response r, again;

	CU_ASSERT_EQUAL(handle(&req, &r), 200);
	CU_ASSERT_EQUAL(handle(&req, &again), 200);
	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++)
		UP_CHECK(fake_header(&r, rows[i].name) != NULL &&
			strcmp(fake_header(&r, rows[i].name), rows[i].value) == 0,
		    rows[i].name);
	for (size_t i = 0; i < UP_ARRAY_LEN(policy); i++)
		UP_CHECK(strstr(fake_header(&r, "Content-Security-Policy"), policy[i]) != NULL,
		    policy[i]);
	CU_ASSERT_STRING_NOT_EQUAL(fake_header(&r, "Content-Security-Policy"),
	    fake_header(&again, "Content-Security-Policy"));
	up_rp_response_free(&r);
	up_rp_response_free(&again);
}

static void test_assets(void)
{
	char path[128], etag[64], list[96];

	for (size_t i = 0; i < up_embedded_n; i++) {
		struct up_rp_request req = { .method = UP_SPAN_LIT("GET") };
		struct up_rp_response r;

		if (strncmp(up_embedded_files[i].name, "assets/", 7) != 0)
			continue;
		snprintf(path, sizeof(path), "/.unitpass/%s", up_embedded_files[i].name);
		req.path = up_span_str(path);
		UP_CHECK(handle(&req, &r) == 200, path);
		UP_CHECK(up_span_eq(up_buf_span(&r.body),
			     up_span_of(up_embedded_files[i].bytes, up_embedded_files[i].n)),
		    path);
		snprintf(etag, sizeof(etag), "%s", fake_header(&r, "ETag"));
		up_rp_response_free(&r);
		snprintf(list, sizeof(list), "\"x\", W/%s", etag);
		req.if_none_match = up_span_str(list);
		UP_CHECK(handle(&req, &r) == 304 && r.body.n == 0, path);
		up_rp_response_free(&r);
		req.if_none_match = UP_SPAN_LIT("\"x\"");
		UP_CHECK(handle(&req, &r) == 200, path);
		up_rp_response_free(&r);
	}
	{
		struct up_rp_request req = { .method = UP_SPAN_LIT("GET"),
			.path = UP_SPAN_LIT("/.unitpass/assets/words.zh-CN.json") };
		struct up_rp_response r;

		CU_ASSERT_EQUAL(handle(&req, &r), 200);
		CU_ASSERT_STRING_EQUAL(fake_header(&r, "Content-Type"), "application/json");
		up_rp_response_free(&r);
	}
}

static void test_redaction(void)
{
	static const struct { const char *in, *out;
	} rows[] = {
		{ "plain words stay", "plain words stay" },
		{ "key 0123456789abcdefABCDEF end", "key ... end" },
		{ "http://h/a?token=x y", "http://h/a?... y" },
		{ "code=DDDDDDDDDDDDDDDDDDDDDD&x", "...&x" },
		{ "a\nb\x01\xe4", "a?b??" },
		{ "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0x.c2lnbmF0dXJlc2ln",
		    "....."
		    "..."
		    "..." },
		{ "", "" },
	};
	char out[128];

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		up_rplog_redact(rows[i].in, out, sizeof(out));
		UP_CHECK(strcmp(out, rows[i].out) == 0, out);
	}
	up_rplog_redact("0123456789", out, 5);
	CU_ASSERT_STRING_EQUAL(out, "0123");
}

UP_SUITE("rp_answers", open_portal, test_methods, test_needs, test_origins, test_bad_bodies,
    test_return_targets, test_logout_page, test_errors_in_words, test_languages, test_page_headers,
    test_assets, test_redaction, close_portal)
