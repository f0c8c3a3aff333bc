/* SPDX-License-Identifier: Apache-2.0
 * The server's own routes behind a real listener, asked in bytes. Included by one program each. */
#ifndef UP_TEST_WIRE_H
#define UP_TEST_WIRE_H

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/hash.h"
#include "server/http/http.h"
#include "server/http/routes.h"
#include "test_store_fixture.h"

#define HOUR_MS INT64_C(3600000)
#define ISSUER "https://id.example.org"
#define FORM "Content-Type: application/x-www-form-urlencoded\r\n"
#define BASIC "Authorization: Basic c2VjcmV0Om9wZW4=\r\n"        /* secret:open */

static struct fixture f;
static struct up_config config;
static struct up_server server = { .catalogue_lock = PTHREAD_MUTEX_INITIALIZER };
static struct up_jwk *key;               /* of the client "keyed" */
static char address[128], watch_address[128];
static char answer[1 << 16];             /* the last one, whole */
static char question[1 << 16];
static struct up_listener *listener, *watch;
static char keys[96];

static inline void put_clients(void)
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

/* The live state of a process that began AGO_MS ago. */
static inline void begin_live(int64_t ago_ms)
{
	struct up_live_settings live = { .transactions = 1000, .replays = 1000, .rates = 1000 };

	up_live_free(&server.live);
	CU_ASSERT_EQUAL_FATAL(up_live_memory_new(&live, &server.live), UP_OK);
	server.live_began_ms = up_clock_steady(&server) - ago_ms;
}

static inline void begin(void)
{
	const struct up_listener_settings settings = { .address = address, .rooms = up_rooms_main,
		.threads = 1, .connections = 200,
		.pool = UP_HTTP_POOL, .head_max = UP_HTTP_HEAD_MAX, .idle_s = 60 };
	const struct up_listener_settings waiting = { .address = watch_address,
		.rooms = up_rooms_watch, .threads = 1, .connections = 200,
		.pool = UP_HTTP_WATCH_POOL, .head_max = UP_HTTP_WATCH_HEAD_MAX, .idle_s = 60 };
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
	begin_live(HOUR_MS);
	CU_ASSERT_EQUAL_FATAL(up_catalogue_load(&server, why), UP_OK);
	CU_ASSERT_EQUAL_FATAL(up_listener_bind(&server, &settings, &listener, why), UP_OK);
	CU_ASSERT_EQUAL_FATAL(up_listener_start(listener), UP_OK);
	CU_ASSERT_EQUAL_FATAL(up_listener_bind(&server, &waiting, &watch, why), UP_OK);
	CU_ASSERT_EQUAL_FATAL(up_listener_start(watch), UP_OK);
}

static inline void end(void)
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

static inline void write_all(int fd, const char *p, size_t n)
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
static inline int ask_at(const char *where, const char *text)
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

/* HEADERS: lines, each with CRLF, or "". */
static inline int get(const char *path, const char *headers)
{
	return SEND("GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n%s\r\n", path, headers);
}

static inline int post(const char *path, const char *headers, const char *body)
{
	return SEND("POST %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n%sContent-Length: "
	    "%zu\r\n\r\n%s", path, headers,
	    strlen(body), body);
}

static inline bool says(const char *text)
{
	return strstr(answer, text) != NULL;
}

#endif
