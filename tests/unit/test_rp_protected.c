/* SPDX-License-Identifier: Apache-2.0
 * What stands before an application's own pages: the way to the login, and who may not. */
#include "unit.h"

#include <string.h>

#include "test_rp_portal.h"

static void test_protected(void)
{
	static const struct {
		const char *method, *uri, *accept, *mode, *with, *item;
		int status;
		const char *location;
	} rows[] = {
		{ "GET", "/a?b=c&d", "text/html", "navigate", "", "", 302,
		    "/.unitpass/login?return=%2Fa%3Fb%3Dc%26d" },
		{ "GET", "/a", "text/html,*/*;q=0.8", "", "", "annual-report", 302,
		    "/.unitpass/login?return=%2Fa&item=annual-report" },
		{ "HEAD", "/a", "text/html", "", "", "", 302, "/.unitpass/login?return=%2Fa" },
		{ "GET", "//evil", "text/html", "navigate", "", "", 302, "/.unitpass/login" },
		{ "GET", "/\xe4", "text/html", "navigate", "", "", 302, "/.unitpass/login" },
		{ "GET", "/a", "text/html", "cors", "", "", 401, NULL },
		{ "GET", "/a", "text/html", "no-cors", "", "", 401, NULL },
		{ "GET", "/a", "text/html", "websocket", "", "", 401, NULL },
		{ "GET", "/a", "text/html", "", "XMLHttpRequest", "", 401, NULL },
		{ "GET", "/a", "application/json", "", "", "", 401, NULL },
		{ "GET", "/a", "*/*", "", "", "", 401, NULL },
		{ "GET", "/a", "", "", "", "", 401, NULL },
		{ "PUT", "/a", "text/html", "navigate", "", "", 401, NULL },
		{ "POST", "/a", "text/html", "cors", "", "", 401, NULL },
		{ "POST", "/a", "text/html", "", "XMLHttpRequest", "", 401, NULL },
		{ "GET", "/a", "text/html;q=0", "", "", "", 401, NULL },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		struct up_rp_request req = {
			.method = up_span_str(rows[i].method), .uri = up_span_str(rows[i].uri),
			.accept = up_span_str(rows[i].accept),
			.sec_fetch_mode = up_span_str(rows[i].mode),
			.requested_with = up_span_str(rows[i].with), .now_s = NOW,
		};
		struct up_rp_response r;

		up_rp_login_required(rp, &req, up_span_str(rows[i].item), &r);
		UP_CHECK(r.status == rows[i].status, rows[i].uri);
		UP_CHECK(fake_header(&r, "Set-Cookie") == NULL, rows[i].uri);
		if (rows[i].location != NULL) {
			UP_CHECK(strcmp(fake_header(&r, "Location"), rows[i].location) == 0,
			    fake_header(&r, "Location"));
		} else {
			CU_ASSERT_STRING_EQUAL(fake_header(&r, "WWW-Authenticate"),
			    "Unitpass realm=\"unitpass\", login=\"/.unitpass/login\"");
			CU_ASSERT_STRING_EQUAL(text_of(&r),
			    "{\"error\":\"login_required\",\"login\":\"/.unitpass/login\"}");
		}
		up_rp_response_free(&r);
	}
}

/* Whatever a person would see is a page: of a form that she sent, and in a frame, where a
 * redirection would show nothing. */
static void test_protected_pages(void)
{
	static const struct { const char *method, *dest, *link; } rows[] = {
		{ "POST", "document",
		    "href=\"/.unitpass/login\" target=\"_blank\" rel=\"noopener\"" },
		{ "POST", "", "href=\"/.unitpass/login\" target=\"_blank\"" },
		{ "GET", "iframe", "href=\"/.unitpass/login?return=%2Fa%3Fb\" target=\"_top\"" },
		{ "GET", "frame", "target=\"_top\"" }, { "GET", "object", "target=\"_top\"" },
		{ "POST", "iframe", "target=\"_top\"" },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		struct up_rp_request req = { .method = up_span_str(rows[i].method),
			.uri = UP_SPAN_LIT("/a?b"), .accept = UP_SPAN_LIT("text/html"),
			.sec_fetch_mode = UP_SPAN_LIT("navigate"),
			.sec_fetch_dest = up_span_str(rows[i].dest), .now_s = NOW };
		struct up_rp_response r;

		up_rp_login_required(rp, &req, (struct up_span){ 0 }, &r);
		UP_CHECK(r.status == 401, rows[i].link);
		UP_CHECK(strstr(fake_header(&r, "Content-Type"), "text/html") != NULL,
		    rows[i].link);
		UP_CHECK(strstr(text_of(&r), rows[i].link) != NULL, text_of(&r));
		UP_CHECK((fake_header(&r, "X-Frame-Options") == NULL) ==
		    (strstr(rows[i].dest, "document") == NULL && rows[i].dest[0] != '\0'),
		    rows[i].dest);
		CU_ASSERT_STRING_EQUAL(fake_header(&r, "WWW-Authenticate"),
		    "Unitpass realm=\"unitpass\", login=\"/.unitpass/login\"");
		up_rp_response_free(&r);
	}
}

static void test_forbidden(void)
{
	const struct up_span roles[] = { UP_SPAN_LIT("principal"), UP_SPAN_LIT("manager") };
	const struct up_rp_rule rule = { UP_RP_ROLE, roles, 2 };
	struct up_rp_request req = { .method = UP_SPAN_LIT("GET"),
		.uri = UP_SPAN_LIT("/a"),
		.accept = UP_SPAN_LIT("text/html"),
		.accept_language = UP_SPAN_LIT("en") };
	struct up_rp_response r;

	up_rp_forbidden(rp, &req, &someone, &rule, &r);
	CU_ASSERT_EQUAL(r.status, 403);
	CU_ASSERT_PTR_NOT_NULL(strstr(fake_header(&r, "Content-Type"), "text/html"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of(&r), "/.unitpass/login?again=1&amp;return=%2Fa"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of(&r), "You may not open this page"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of(&r), "Unit &lt;One&gt;"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of(&r), "<dd>user</dd>"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of(&r), "first responsible manager, manager"));
	CU_ASSERT_PTR_NOT_NULL(fake_header(&r, "X-Frame-Options"));
	up_rp_response_free(&r);
	/* in a frame it is seen, and leads out of it */
	req.sec_fetch_dest = UP_SPAN_LIT("iframe");
	up_rp_forbidden(rp, &req, &someone, NULL, &r);
	CU_ASSERT_PTR_NULL(fake_header(&r, "X-Frame-Options"));
	CU_ASSERT_PTR_NOT_NULL(strstr(fake_header(&r, "Content-Security-Policy"),
	    "frame-ancestors *"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of(&r), "target=\"_top\""));
	up_rp_response_free(&r);
	req.accept = UP_SPAN_LIT("*/*");
	up_rp_forbidden(rp, &req, &someone, &rule, &r);
	CU_ASSERT_EQUAL(r.status, 403);
	CU_ASSERT_STRING_EQUAL(fake_header(&r, "Content-Type"), "application/json");
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of(&r),
	    "\"unit\":\"" FAKE_UNIT "\",\"role\":\"user\",\"wanted\":{\"role\":[\"principal\","
	    "\"manager\"]}"));
	up_rp_response_free(&r);
}

/* A session is for the item that its login asked for: the way on is a login for this one. */
static void test_forbidden_item(void)
{
	const struct up_span items[] = { UP_SPAN_LIT("annual-report"), UP_SPAN_LIT("change") };
	const struct up_rp_rule rule = { UP_RP_ITEM, items, 2 };
	struct up_rp_request req = { .method = UP_SPAN_LIT("GET"),
		.uri = UP_SPAN_LIT("/a"),
		.accept = UP_SPAN_LIT("text/html"),
		.accept_language = UP_SPAN_LIT("en") };
	struct up_rp_response r;

	up_rp_forbidden(rp, &req, &someone, &rule, &r);
	CU_ASSERT_EQUAL(r.status, 403);
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of(&r),
	    "/.unitpass/login?again=1&amp;return=%2Fa&amp;item=annual-report\""));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of(&r), "Sign in for it"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of(&r), "annual-report, change"));
	up_rp_response_free(&r);
	req.accept = UP_SPAN_LIT("*/*");
	up_rp_forbidden(rp, &req, &someone, &rule, &r);
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of(&r),
	    "\"wanted\":{\"item\":[\"annual-report\",\"change\"]},"
	    "\"login\":\"/.unitpass/login?again=1&return=%2Fa&item=annual-report\""));
	up_rp_response_free(&r);
}

UP_SUITE("rp_protected", open_portal, test_protected, test_protected_pages, test_forbidden,
    test_forbidden_item, close_portal)
