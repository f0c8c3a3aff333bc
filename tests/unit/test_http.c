/* SPDX-License-Identifier: Apache-2.0
 * A handler that waits for the store, and the ways in which its connection ends meanwhile. Each
 * continuation runs once, whoever is still there. */
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "server/http/http.h"
#include "test_store_fixture.h"

static atomic_uint begun, firsts, seconds, ended, stored;
static struct fixture f;
static struct up_config config;
static struct up_catalogue catalogue = { .refs = 1 };
static struct up_server server = { .catalogue_lock = PTHREAD_MUTEX_INITIALIZER };
static struct up_listener *listener;
static char address[128];

/* --- a handler that writes two records, one after the other --- */

static void over(void *state)
{
	free(state);
	atomic_fetch_add(&ended, 1);
}

static void second(struct up_request *r)
{
	atomic_fetch_add(&seconds, 1);
	atomic_fetch_add(&stored, r->op->err == UP_OK);
	up_buf_put_str(&r->out, "done");
	up_reply(r, "text/plain");
}

static void first(struct up_request *r)
{
	atomic_fetch_add(&firsts, 1);
	atomic_fetch_add(&stored, r->op->err == UP_OK);
	r->op->record = fixture_record("login.replay");
	up_http_commit(r, r->op, second);
}

static void handle(struct up_request *r)
{
	struct up_op_record *note = malloc(sizeof(*note));

	if (note == NULL)
		abort();
	*note = fixture_note("login.redeem");
	r->now_ms = NOW;
	r->state = note;
	r->free_state = over;
	/* last: whoever waits for it finds the operation submitted or about to be */
	up_http_commit(r, &note->op, first);
	atomic_fetch_add(&begun, 1);
}

static const struct up_route routes[] = { { "GET", "/", UP_ANYONE, UP_BODY_NONE, handle } };
static const struct up_room room = { "test", UP_STYLE_OAUTH, routes, 1 };
static const struct up_room *const rooms[] = { &room, NULL };

/* --- a server and its callers --- */

static void wait_for(atomic_uint *what, unsigned n)
{
	while (atomic_load(what) < n)
		sched_yield();
}

static void begin(unsigned threads)
{
	const struct up_listener_settings settings = { address, rooms, threads, 200,
	    UP_HTTP_POOL, UP_HTTP_HEAD_MAX, 60 };
	char why[256];

	atomic_store(&begun, 0);
	atomic_store(&firsts, 0);
	atomic_store(&seconds, 0);
	atomic_store(&ended, 0);
	atomic_store(&stored, 0);
	fixture_open(&f, true);
	snprintf(address, sizeof(address), "unix:%s/http.sock", f.folder);
	config.issuer = (char *)"https://id.example.org";
	server.config = &config;
	server.catalogue = &catalogue;
	server.store = f.store;
	CU_ASSERT_EQUAL_FATAL(up_listener_bind(&server, &settings, &listener, why), UP_OK);
	CU_ASSERT_EQUAL_FATAL(up_listener_start(listener), UP_OK);
}

static void end(void)
{
	up_listener_stop(&listener);
	unlink(address + strlen("unix:"));
	fixture_close(&f);
}

static int call(void)
{
	static const char text[] = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(sa.sun_path, address + strlen("unix:"));
	CU_ASSERT_EQUAL_FATAL(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	CU_ASSERT_EQUAL_FATAL(write(fd, text, sizeof(text) - 1), (ssize_t)sizeof(text) - 1);
	return fd;
}

static bool answered(int fd)
{
	char text[1024] = "";
	size_t n = 0;
	ssize_t got;

	while (n < sizeof(text) - 1 && (got = read(fd, text + n, sizeof(text) - 1 - n)) > 0)
		n += (size_t)got;
	close(fd);
	return strncmp(text, "HTTP/1.1 200 ", 13) == 0 && strcmp(text + n - 4, "done") == 0;
}

/* --- the ways --- */

#define CALLS 50

static void test_stays(void)
{
	int fd[CALLS];

	begin(2);
	for (int i = 0; i < CALLS; i++)
		fd[i] = call();
	for (int i = 0; i < CALLS; i++)
		CU_ASSERT_TRUE(answered(fd[i]));
	wait_for(&ended, CALLS);
	CU_ASSERT_EQUAL(atomic_load(&firsts), CALLS);
	CU_ASSERT_EQUAL(atomic_load(&seconds), CALLS);
	CU_ASSERT_EQUAL(
	    fixture_count(&f, "SELECT count(*) FROM usage"), 2 * CALLS + FIXTURE_CHANGES);
	end();
}

/* All callers hang up while the first record is being written: both are written all the same. */
static void test_goes(void)
{
	int fd[CALLS];

	begin(2);
	pthread_mutex_lock(&f.store->write_lock);
	for (int i = 0; i < CALLS; i++)
		fd[i] = call();
	wait_for(&begun, CALLS);
	for (int i = 0; i < CALLS; i++)
		close(fd[i]);
	pthread_mutex_unlock(&f.store->write_lock);
	wait_for(&ended, CALLS);
	CU_ASSERT_EQUAL(atomic_load(&firsts), CALLS);
	CU_ASSERT_EQUAL(atomic_load(&seconds), CALLS);
	CU_ASSERT_EQUAL(
	    fixture_count(&f, "SELECT count(*) FROM usage"), 2 * CALLS + FIXTURE_CHANGES);
	end();
}

static void *drain(void *arg)
{
	up_store_drain(f.store);
	return arg;
}

/* The server stops: what waits is written, and what would have followed is refused, once each. */
static void test_stops(void)
{
	pthread_t drainer;
	int fd[CALLS];

	begin(1);
	pthread_mutex_lock(&f.store->write_lock);
	for (int i = 0; i < CALLS; i++)
		fd[i] = call();
	wait_for(&begun, CALLS);
	up_listener_quiesce(listener);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&drainer, NULL, drain, NULL), 0);
	sched_yield();
	pthread_mutex_unlock(&f.store->write_lock);
	pthread_join(drainer, NULL);
	up_listener_stop(&listener);
	for (int i = 0; i < CALLS; i++)
		close(fd[i]);
	CU_ASSERT_EQUAL(atomic_load(&firsts), CALLS);
	CU_ASSERT_EQUAL(atomic_load(&seconds), CALLS);
	CU_ASSERT_EQUAL(atomic_load(&ended), CALLS);
	CU_ASSERT(atomic_load(&stored) >= CALLS);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM usage"),
	    atomic_load(&stored) + FIXTURE_CHANGES);
	end();
}

UP_SUITE("http", test_stays, test_goes, test_stops)
