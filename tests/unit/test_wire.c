/* SPDX-License-Identifier: Apache-2.0
 * What goes over the wire at the endpoints for clients, in bytes:
 * the server's own routes behind a real listener. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/hash.h"
#include "core/jwt.h"
#include "core/text.h"
#include "server/http/http.h"
#include "server/public/pages.h"
#include "server/http/routes.h"
#include "server/http/streams.h"
#include "server/http/access_token.h"
#include "test_store_fixture.h"

#define ISSUER "https://id.example.org"
#define GRANT "grant_type=urn:ietf:params:oauth:grant-type:device_code"
#define FORM "Content-Type: application/x-www-form-urlencoded\r\n"
#define BASIC "Authorization: Basic c2VjcmV0Om9wZW4=\r\n"        /* secret:open */

static struct fixture f;
static struct up_config config;
static struct up_server server = { .catalogue_lock = PTHREAD_MUTEX_INITIALIZER };
static struct up_listener *listener, *watch;
static struct up_jwk *key;               /* of the client "keyed" */
static char address[128], watch_address[128], keys[96];

/* --- a server, and what it answers --- */

static void put_clients(void)
{
	static struct up_client secret = { .id = (char *)"secret", .name = (char *)"S",
		.origin = (char *)"https://s.example.org", .has_secret = true };
	static struct up_client keyed = { .id = (char *)"keyed", .name = (char *)"K",
	    .origin = (char *)"https://k.example.org" };
	const struct up_span text = UP_SPAN_LIT("open");
	json_t *set;

	CU_ASSERT_EQUAL_FATAL(up_hash_sha256(&text, 1, secret.secret_hash), UP_OK);
	CU_ASSERT_EQUAL_FATAL(up_jwk_generate(&key), UP_OK);
	set = json_pack("{s:[o]}", "keys", up_jwk_to_json(key, false));
	keyed.jwks = json_dumps(set, JSON_COMPACT);
	CU_ASSERT_EQUAL_FATAL(fixture_client_put(f.store, &secret, NOW), UP_OK);
	CU_ASSERT_EQUAL_FATAL(fixture_client_put(f.store, &keyed, NOW), UP_OK);
	free(keyed.jwks);
	json_decref(set);
}

static void begin(void)
{
	const struct up_listener_settings settings = { .address = address, .rooms = up_rooms_main,
		.threads = 1, .connections = 200,
		.pool = UP_HTTP_POOL, .head_max = UP_HTTP_HEAD_MAX, .idle_s = 60 };
	const struct up_listener_settings waiting = { .address = watch_address,
		.rooms = up_rooms_watch, .threads = 1, .connections = 200,
		.pool = UP_HTTP_WATCH_POOL, .head_max = UP_HTTP_WATCH_HEAD_MAX, .idle_s = 60 };
	struct up_live_settings live = { .transactions = 1000, .replays = 1000, .rates = 1000 };
	char why[256];

	fixture_open(&f, true);
	snprintf(address, sizeof(address), "unix:%s/http.sock", f.folder);
	snprintf(watch_address, sizeof(watch_address), "unix:%s/watch.sock", f.folder);
	snprintf(keys, sizeof(keys), "%s/keys", f.folder);
	CU_ASSERT_EQUAL_FATAL(up_keys_create(keys, -1, -1, why), UP_OK);
	config.issuer = (char *)ISSUER;
	config.keys = keys;
	config.rate_percent = 1000000;
	config.frame_interval = 2;
	server.config = &config;
	server.store = f.store;
	put_clients();
	CU_ASSERT_EQUAL_FATAL(up_live_memory_new(&live, &server.live), UP_OK);
	CU_ASSERT_EQUAL_FATAL(up_catalogue_load(&server, why), UP_OK);
	CU_ASSERT_EQUAL_FATAL(up_listener_bind(&server, &settings, &listener, why), UP_OK);
	CU_ASSERT_EQUAL_FATAL(up_listener_start(listener), UP_OK);
	CU_ASSERT_EQUAL_FATAL(up_listener_bind(&server, &waiting, &watch, why), UP_OK);
	CU_ASSERT_EQUAL_FATAL(up_listener_start(watch), UP_OK);
}

static void end(void)
{
	char path[128];

	up_listener_stop(&listener);
	up_listener_stop(&watch);
	up_catalogue_put(&server.catalogue);
	up_live_free(&server.live);
	up_jwk_free(&key);
	snprintf(path, sizeof(path), "%s/server.key", keys);
	unlink(path);
	snprintf(path, sizeof(path), "%s/signing.jwks", keys);
	unlink(path);
	rmdir(keys);
	fixture_close(&f);
}

static char answer[1 << 16];             /* the last one, whole */

static void write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);

		/* whoever refuses what is too large need not read all of it */
		if (sent <= 0)
			return;
		p += sent;
		n -= (size_t)sent;
	}
}

/* Sends TEXT to WHERE; the status. */
static int ask_at(const char *where, const char *text)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t n = 0;
	ssize_t got;

	strcpy(sa.sun_path, where + strlen("unix:"));
	CU_ASSERT_EQUAL_FATAL(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	write_all(fd, text, strlen(text));
	while (n < sizeof(answer) - 1 && (got = read(fd, answer + n, sizeof(answer) - 1 - n)) > 0)
		n += (size_t)got;
	answer[n] = '\0';
	close(fd);
	return n > 12 ? atoi(answer + 9) : 0;
}

#define SEND(...) (snprintf(question, sizeof(question), __VA_ARGS__), ask_at(address, question))
static char question[1 << 16];

static int get(const char *path, const char *headers)
{
	return SEND("GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n%s\r\n", path, headers);
}

static int post(const char *path, const char *headers, const char *body)
{
	return SEND("POST %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n%sContent-Length: "
	    "%zu\r\n\r\n%s", path, headers,
	    strlen(body), body);
}

static bool says(const char *text)
{
	return strstr(answer, text) != NULL;
}

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
		[UP_WATCH_KEY] = 404, [UP_PHONE] = 401, [UP_NEW_PHONE] = 401 };
	static const char *const challenge[UP_WHOS] = { [UP_CLIENT] = "WWW-Authenticate: Basic ",
		[UP_BEARER] = "WWW-Authenticate: Bearer ", [UP_PHONE] = "WWW-Authenticate: DPoP ",
		[UP_NEW_PHONE] = "WWW-Authenticate: DPoP " };
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

/* An assertion of "keyed" with MORE in its header and EXP seconds from now, and its answer at
 * /device_authorization. */
static int assert_with(const char *more, const char *exp, const char *jti)
{
	struct up_buf header = { 0 }, claims = { 0 }, text = { 0 };
	int status;

	up_buf_printf(&header, "{\"alg\":\"ES256\"%s}", more);
	up_buf_printf(&claims, "{\"iss\":\"keyed\",\"sub\":\"keyed\",\"aud\":\"" ISSUER "\","
	    "\"exp\":%s,\"jti\":\"%s\"}", exp, jti);
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
	up_store_role_free(&redeem.out_role);
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

UP_SUITE("wire", test_discovery, test_strangers, test_client_authentication, test_assertions,
    test_scopes, test_userinfo, test_userinfo_challenge, test_large_heads, test_streams,
    test_page_inside_an_app)
