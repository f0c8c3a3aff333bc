/* SPDX-License-Identifier: Apache-2.0
 * The pool of readers when there is nobody to come to. */
#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "server/db/pool.h"
#include "unit.h"

#define TAKERS 8
#define CONNECT_MS 2000                  /* what a try at a silent server takes */
#define AT_ONCE_MS 1500                  /* less; with room for a busy machine */

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The pause after a failure goes on for ever, or is over now, however busy the machine is. */
static void set_paused(struct up_pool *pool, bool paused)
{
	CU_ASSERT(pool->pause_ms > 0);
	pool->not_before_ms = paused ? INT64_MAX : 0;
}

/* --- a server that takes connections and says nothing --- */

struct silent { int fd, port; };

static void listen_silently(struct silent *s)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(at);

	s->fd = socket(AF_INET, SOCK_STREAM, 0);
	CU_ASSERT_EQUAL_FATAL(bind(s->fd, (struct sockaddr *)&at, n), 0);
	CU_ASSERT_EQUAL_FATAL(listen(s->fd, 64), 0);
	CU_ASSERT_EQUAL_FATAL(getsockname(s->fd, (struct sockaddr *)&at, &n), 0);
	s->port = ntohs(at.sin_port);
}

/* How many came since the last call? */
static int arrivals(struct silent *s)
{
	struct pollfd p = { .fd = s->fd, .events = POLLIN };
	int n = 0;

	for (; poll(&p, 1, 0) == 1; n++)
		close(accept(s->fd, NULL, NULL));
	return n;
}

/* --- many who want a reader --- */

struct taker { pthread_t thread; struct up_pool *pool; enum up_err err; int64_t took_ms; };

static void *take(void *arg)
{
	struct taker *t = arg;
	int64_t since = now_ms();
	struct up_db *db;
	char why[256];

	t->err = up_pool_take(t->pool, &db, why);
	t->took_ms = now_ms() - since;
	if (t->err == UP_OK)
		up_pool_put(t->pool, &db);
	return NULL;
}

/* All at the same time; how many had to wait? None gets one. */
static int take_together(struct up_pool *pool)
{
	struct taker takers[TAKERS];
	int waited = 0;

	for (int i = 0; i < TAKERS; i++) {
		takers[i].pool = pool;
		CU_ASSERT_EQUAL_FATAL(
		    pthread_create(&takers[i].thread, NULL, take, &takers[i]), 0);
	}
	for (int i = 0; i < TAKERS; i++) {
		pthread_join(takers[i].thread, NULL);
		CU_ASSERT_EQUAL(takers[i].err, UP_E_STORE);
		waited += takers[i].took_ms > AT_ONCE_MS;
	}
	return waited;
}

/* After the first failure one waits at a time, and nobody soon after him. */
static void test_silent_server(void)
{
	struct silent server;
	struct up_pool pool;
	char uri[120];
	const struct up_db_settings set = { .database = uri };

	listen_silently(&server);
	snprintf(uri, sizeof(uri), "postgresql://u@127.0.0.1:%d/db?connect_timeout=%d&"
	    "sslmode=disable&gssencmode=disable", server.port, CONNECT_MS / 1000);
	up_pool_init(&pool, &set);
	take(&(struct taker){ .pool = &pool });
	CU_ASSERT_EQUAL(arrivals(&server), 1);
	set_paused(&pool, true);
	CU_ASSERT_EQUAL(take_together(&pool), 0);
	CU_ASSERT_EQUAL(arrivals(&server), 0);
	set_paused(&pool, false);
	CU_ASSERT_EQUAL(take_together(&pool), 1);
	CU_ASSERT_EQUAL(arrivals(&server), 1);
	up_pool_free(&pool);
	close(server.fd);
}

/* --- it comes back --- */

static enum up_err take_one(struct up_pool *pool)
{
	struct up_db *db;
	char why[256];
	enum up_err err = up_pool_take(pool, &db, why);

	up_pool_put(pool, &db);
	return err;
}

static void test_return(void)
{
	char folder[] = "/tmp/unitpass-pool-XXXXXX", path[80], why[256];
	struct up_db_settings set = { .database = path, .create = true };
	struct up_db *db;
	struct up_pool pool;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/db", folder);
	up_pool_init(&pool, &set);
	CU_ASSERT_EQUAL(take_one(&pool), UP_E_CONFIG);
	CU_ASSERT(pool.not_before_ms > now_ms() - 10000);
	set_paused(&pool, true);
	CU_ASSERT_EQUAL_FATAL(up_db_open(&set, &db, why), UP_OK);
	CU_ASSERT_EQUAL(take_one(&pool), UP_E_STORE);    /* not even tried */
	set_paused(&pool, false);
	CU_ASSERT_EQUAL(take_one(&pool), UP_OK);
	CU_ASSERT_EQUAL(pool.n_idle, 1);
	CU_ASSERT_EQUAL(pool.pause_ms, 0);
	up_db_close(&db);
	up_pool_free(&pool);
	unlink(path);
	CU_ASSERT_EQUAL(rmdir(folder), 0);
}

/* --- one that was cut does not come back --- */

static atomic_bool is_down;

static enum up_db_trouble fault(void)
{
	return atomic_load(&is_down) ? UP_DB_DOWN : UP_DB_FINE;
}

static void test_cut(void)
{
	static const char *const texts[] = { "SELECT 1" };
	char path[] = "/tmp/unitpass-pool-XXXXXX", why[256];
	const struct up_db_settings set = {
		.database = path, .texts = texts, .n_texts = 1, .fault = fault };
	struct up_pool pool;
	struct up_db *db;

	close(mkstemp(path));
	up_pool_init(&pool, &set);
	for (int down = 0; down < 2; down++) {
		CU_ASSERT_EQUAL_FATAL(up_pool_take(&pool, &db, why), UP_OK);
		atomic_store(&is_down, down == 1);
		CU_ASSERT_EQUAL(
		    up_db_run(db, 0, NULL, 0, NULL), down == 1 ? UP_E_STORE : UP_OK);
		atomic_store(&is_down, false);
		up_pool_put(&pool, &db);
		CU_ASSERT_EQUAL(pool.n_idle, down == 1 ? 0 : 1);
	}
	up_pool_free(&pool);
	unlink(path);
}

UP_SUITE("db_pool", test_silent_server, test_return, test_cut)
