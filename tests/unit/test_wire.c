/* SPDX-License-Identifier: Apache-2.0
 * What goes over the wire, in bytes: what anybody may ask, who may not, and heads of every size. */
#include <string.h>

#include "server/http/streams.h"
#include "server/public/pages.h"
#include "test_wire.h"

/* --- what anybody may know --- */

static void test_discovery(void)
{
	static const char *const paths[] = { "/.well-known/openid-configuration",
	    "/.well-known/oauth-authorization-server" };
	/* what clients refuse, or take for what it is not */
	static const char *const absent[] = { "[]", "response_types_supported", "dpop_",
	    "\"authorization_endpoint", "no-store" };

	begin();
	for (size_t i = 0; i < UP_ARRAY_LEN(paths); i++) {
		CU_ASSERT_EQUAL(get(paths[i], "Origin: https://other.example\r\n"), 200);
		for (size_t k = 0; k < UP_ARRAY_LEN(absent); k++)
			UP_CHECK(!says(absent[k]), absent[k]);
		CU_ASSERT_TRUE(says("\r\nCache-Control: public, max-age=300\r\n"));
		CU_ASSERT_TRUE(says("\r\nAccess-Control-Allow-Origin: *\r\n"));
		CU_ASSERT_TRUE(says("\"request_uri_parameter_supported\":false"));
	}
	CU_ASSERT_EQUAL(get("/jwks", ""), 200);
	CU_ASSERT_TRUE(says("\r\nCache-Control: public, max-age=300\r\n") &&
	    says("\r\nAccess-Control-Allow-Origin: *\r\n"));
	/* what is refused is kept by nobody */
	CU_ASSERT_EQUAL(post("/jwks", FORM, "a=b"), 405);
	CU_ASSERT_TRUE(says("no-store") && !says("Access-Control") &&
	    says("\r\nAllow: GET, HEAD\r\n"));
	end();
}

/* --- who may call, and how it is told that he may not --- */

/* One who shows nothing at all. */
static void check_stranger(const struct up_room *room, const struct up_route *route)
{
	/* 0: the handler answers him; anybody may read a page, if there is one of that name */
	static const int status[UP_WHOS] = { [UP_CLIENT] = 401, [UP_BEARER] = 401,
		[UP_WATCH_KEY] = 404, [UP_PHONE] = 401, [UP_SIGNED_PHONE] = 401,
		[UP_NEW_PHONE] = 401, [UP_SIGNED_NEW_PHONE] = 401 };
	static const char *const challenge[UP_WHOS] = { [UP_CLIENT] = "WWW-Authenticate: Basic ",
		[UP_BEARER] = "WWW-Authenticate: Bearer ", [UP_PHONE] = "WWW-Authenticate: DPoP ",
		[UP_SIGNED_PHONE] = "WWW-Authenticate: DPoP ",
		[UP_NEW_PHONE] = "WWW-Authenticate: DPoP ",
		[UP_SIGNED_NEW_PHONE] = "WWW-Authenticate: DPoP " };
	const char *type = route->body == UP_BODY_JSON ? "Content-Type: application/json\r\n" : "";
	const char *body = route->body == UP_BODY_JSON ? "{}" : "";
	int got = strcmp(route->method, "GET") == 0 ? get(route->path, type)
	    : post(route->path, type, body);

	UP_CHECK(status[route->who] == 0 ? got == 200 || got == 404 : got == status[route->who],
	    route->path);
	if (challenge[route->who] != NULL)
		UP_CHECK(says(challenge[route->who]), route->path);
	UP_CHECK(got < 400 || says("\"error_description\":\""), route->path);
	UP_CHECK(says("\"message\":\"") == (room->style == UP_STYLE_HOLDER), route->path);
	UP_CHECK(says("\r\nDPoP-Nonce: ") == (room->style == UP_STYLE_HOLDER), route->path);
	UP_CHECK(says("\r\nPragma: no-cache\r\n") == (route->who == UP_CLIENT), route->path);
}

static void test_strangers(void)
{
	char why[256];

	begin();
	CU_ASSERT_EQUAL_FATAL(up_pages_start(why), UP_OK);
	for (const struct up_room *const *room = up_rooms_main; *room != NULL; room++)
		for (size_t i = 0; i < (*room)->n; i++)
			check_stranger(*room, &(*room)->routes[i]);
	/* what is nobody's room, and the operator's, which is elsewhere */
	CU_ASSERT_EQUAL(get("/nothing", ""), 404);
	CU_ASSERT_FALSE(says("\"message\":"));
	CU_ASSERT_EQUAL(get("/healthz", ""), 404);
	CU_ASSERT_EQUAL(ask_at(watch_address, "GET /userinfo HTTP/1.1\r\nHost: a\r\n"
	    "Connection: close\r\n\r\n"), 404);
	up_pages_stop();
	end();
}

/* --- heads of every size that nginx lets through --- */

/* The status of GET PATH with FIELDS more fields of SIZE bytes each. */
static int get_with(const char *where, const char *path, size_t fields, size_t size)
{
	size_t n = (size_t)snprintf(question, sizeof(question),
	    "GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n", path);

	for (size_t i = 0; i < fields; i++) {
		n += (size_t)snprintf(question + n, 16, "X-%03zu: ", i);
		memset(question + n, 'x', size - 9);
		n += size - 9;
		memcpy(question + n, "\r\n", 3);
		n += 2;
	}
	memcpy(question + n, "\r\n", 3);
	return ask_at(where, question);
}

static void test_large_heads(void)
{
	static const struct { size_t fields, size; int status; } rows[] = {
		{ 1, 8000, 200 }, { 1, 15000, 200 }, { 2, 7900, 200 }, { 60, 100, 200 },
		{ 1, 17000, 431 }, { 3, 8000, 431 }, { 4, 8190, 431 }, { 1, 33000, 431 },
		{ 60, 500, 431 }, { 300, 64, 431 },
	};
	static const struct { size_t fields, size; int status; } waiting[] = {
		{ 1, 10, 404 }, { 1, 2700, 404 }, { 20, 60, 404 }, { 1, 3200, 431 },
		{ 1, 3500, 431 }, { 30, 50, 431 },
	};
	char row[40], path[9000] = "/";

	begin();
	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		snprintf(row, sizeof(row), "%zu fields of %zu", rows[i].fields, rows[i].size);
		UP_CHECK(get_with(address, "/jwks", rows[i].fields, rows[i].size) == rows[i].status,
		    row);
		UP_CHECK(rows[i].status == 200 || says("\"error\":\"invalid_request\""), row);
	}
	for (size_t i = 0; i < UP_ARRAY_LEN(waiting); i++) {
		snprintf(row, sizeof(row), "waiting, %zu fields of %zu", waiting[i].fields,
		    waiting[i].size);
		UP_CHECK(get_with(watch_address, "/watch/x", waiting[i].fields, waiting[i].size) ==
		    waiting[i].status, row);
		UP_CHECK(says("\"error\":\"invalid_request\""), row);
	}
	memset(path + 1, 'a', 8000);
	CU_ASSERT_EQUAL(get(path, ""), 404);
	CU_ASSERT_TRUE(says("\"error\":\"invalid_request\""));
	end();
}

/* --- waiting pages of one address --- */

static void test_streams(void)
{
	unsigned places[UP_STREAMS_OF_ONE], one, other;

	begin();
	config.rate_percent = 100;
	CU_ASSERT_EQUAL_FATAL(up_target_cidr(UP_SPAN_LIT("127.0.0.1"), &config.proxies[0]), UP_OK);
	config.n_proxies = 1;
	for (size_t i = 0; i < UP_STREAMS_OF_ONE; i++)
		CU_ASSERT_EQUAL(up_streams_enter(&server, "2001:db8::1", &places[i]), UP_OK);
	CU_ASSERT_EQUAL(up_streams_enter(&server, "2001:db8::1", &one), UP_E_RATE);
	CU_ASSERT_EQUAL(one, 0);
	CU_ASSERT_EQUAL(up_streams_enter(&server, "2001:db8::ffff:1", &one), UP_E_RATE);
	CU_ASSERT_EQUAL(up_streams_enter(&server, "2001:db8:0:1::1", &other), UP_OK);
	up_streams_leave(other);
	up_streams_leave(places[0]);
	CU_ASSERT_EQUAL(up_streams_enter(&server, "2001:db8::1", &places[0]), UP_OK);
	CU_ASSERT_EQUAL(up_streams_enter(&server, "2001:db8::1", &one), UP_E_RATE);
	for (size_t i = 0; i < UP_STREAMS_OF_ONE; i++)
		up_streams_leave(places[i]);
	/* behind a proxy that names no address all look alike */
	for (size_t i = 0; i < 2 * UP_STREAMS_OF_ONE; i++)
		CU_ASSERT_EQUAL(up_streams_enter(&server, "127.0.0.1", &one), UP_OK);
	CU_ASSERT_EQUAL(one, 0);
	config.n_proxies = 0;
	end();
}

/* --- what a camera opens --- */

#define WECHAT \
	"User-Agent: Mozilla/5.0 (Linux; Android 14) Mobile Safari/537.36 " \
	"MicroMessenger/8.0.42.2460\r\n"

static void test_page_inside_an_app(void)
{
	static const char *const paths[] = { "/q/", "/q/AAAAAAAAAAAAAAAAAAAAAA.3.AAAA",
	    "/e/AAAAAAAAAAAAAAAAAAAAAA" };
	char why[256];

	begin();
	CU_ASSERT_EQUAL_FATAL(up_pages_start(why), UP_OK);
	for (size_t i = 0; i < UP_ARRAY_LEN(paths); i++) {
		CU_ASSERT_EQUAL(get(paths[i], "Accept-Language: zh-CN\r\n" WECHAT), 200);
		UP_CHECK(says("您是用微信打开本页的") && says("You opened this page inside WeChat"),
		    paths[i]);
		/* what cannot work there is not offered */
		UP_CHECK(!says("href=\"unitpass:"), paths[i]);
		CU_ASSERT_EQUAL(get(paths[i],
		    "Accept-Language: en\r\nUser-Agent: Mozilla/5.0 Firefox/120.0\r\n"), 200);
		UP_CHECK(says("href=\"unitpass:") && !says("WeChat"), paths[i]);
		CU_ASSERT_EQUAL(get(paths[i], ""), 200);
		UP_CHECK(says("href=\"unitpass:"), paths[i]);
	}
	up_pages_stop();
	end();
}

UP_SUITE("wire", test_discovery, test_strangers, test_large_heads, test_streams,
    test_page_inside_an_app)
