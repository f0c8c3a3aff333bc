/* SPDX-License-Identifier: Apache-2.0
 * Opening, closing and health of the store. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "server/store/schema.h"
#include "server/store/sqlite.h"
#include "server/store/writer.h"

#define PROBE_EVERY_MS 1000
#define WAL_RETRY_MS 20

/* SQLite would make the file with the umask's mode; its companions (-wal, -shm) take the mode of the file. An existing file is not even
 * opened here: closing a second descriptor would drop the locks of another connection of this process. */
static enum up_err make_file(const struct up_store_settings *o, char why[256])
{
	int fd;

	if (!o->create) {
		if (access(o->path, R_OK | W_OK) == 0)
			return UP_OK;
		snprintf(why, 256, "database %s: %s", o->path, strerror(errno));
		return UP_E_CONFIG;
	}
	fd = open(o->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0)
		close(fd);
	if (fd >= 0 || errno == EEXIST)
		return UP_OK;
	snprintf(why, 256, "database %s: %s", o->path, strerror(errno));
	return UP_E_CONFIG;
}

static int set_wal(sqlite3 *db)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(db, "PRAGMA journal_mode=WAL", -1, &st, NULL);

	if (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW)
		rc = strcmp((const char *)sqlite3_column_text(st, 0), "wal") == 0 ? SQLITE_OK : SQLITE_ERROR;
	sqlite3_finalize(st);
	return rc;
}

/* The change of mode does not wait for another program that makes the same change: wait here. */
static enum up_err use_wal(struct up_sqlite *c, char why[256])
{
	const struct timespec pause = { 0, WAL_RETRY_MS * 1000000L };
	int rc = set_wal(c->db);

	for (int waited = 0; (rc & 0xff) == SQLITE_BUSY && waited < UP_SQLITE_BUSY_MS; waited += WAL_RETRY_MS) {
		nanosleep(&pause, NULL);
		rc = set_wal(c->db);
	}
	if (rc == SQLITE_OK)
		return UP_OK;
	snprintf(why, 256, "the database cannot use a write-ahead log: %s", sqlite3_errmsg(c->db));
	return UP_E_STORE;
}

/* SQLite's own count of its memory costs a lock on every allocation, and nobody reads it. No effect once SQLite is in use. */
static void set_up_sqlite(void)
{
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static enum up_err prepare(struct up_store *s, const struct up_store_settings *o, char why[256])
{
	int n;
	const char *const *steps = up_schema_steps(&n);
	enum up_err e = make_file(o, why);

	if (e == UP_OK)
		e = up_sqlite_open(s, false, &s->write, why);
	if (e == UP_OK)
		e = use_wal(s->write, why);
	if (e == UP_OK)
		e = up_schema_migrate(s->write->db, steps, n, why);
	if (e == UP_OK && o->writer) {
		e = up_writer_start(s);
		if (e != UP_OK)
			snprintf(why, 256, "cannot start the writer thread");
	}
	return e;
}

enum up_err up_store_open(const struct up_store_settings *o, struct up_store **out, char why[256])
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct up_store *s = calloc(1, sizeof(*s));
	enum up_err e;

	pthread_once(&once, set_up_sqlite);
	*out = NULL;
	why[0] = '\0';
	if (s == NULL || (s->path = strdup(o->path)) == NULL ||
	    (o->administrator != NULL && (s->administrator = strdup(o->administrator)) == NULL)) {
		if (s != NULL)
			free(s->path);
		free(s);
		snprintf(why, 256, "no memory");
		return UP_E_NOMEM;
	}
	memcpy(s->password_key, o->password_key, sizeof(s->password_key));
	s->log = o->log;
	s->step = sqlite3_step;
	s->last = &s->first;
	pthread_mutex_init(&s->pool_lock, NULL);
	pthread_mutex_init(&s->write_lock, NULL);
	pthread_mutex_init(&s->queue_lock, NULL);
	pthread_cond_init(&s->queue_filled, NULL);
	e = prepare(s, o, why);
	if (e != UP_OK)
		up_store_close(&s);
	*out = s;
	return e;
}

void up_store_close(struct up_store **sp)
{
	struct up_store *s = *sp;

	*sp = NULL;
	if (s == NULL)
		return;
	up_writer_stop(s);
	while (s->idle != NULL) {
		struct up_sqlite *c = s->idle;

		s->idle = c->next;
		up_sqlite_close(&c);
	}
	up_sqlite_close(&s->write);      /* last: it folds the write-ahead log into the file */
	pthread_mutex_destroy(&s->pool_lock);
	pthread_mutex_destroy(&s->write_lock);
	pthread_mutex_destroy(&s->queue_lock);
	pthread_cond_destroy(&s->queue_filled);
	up_wipe(s->password_key, sizeof(s->password_key));
	free(s->path);
	free(s->administrator);
	free(s);
}

static int64_t monotonic_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* After a failed commit nobody may come to try again (a balancer sends no logins to the unhealthy): so try, at most once a second. */
static void probe(struct up_store *s)
{
	const struct up_sqlite_arg arg = up_sqlite_int(monotonic_ms());
	enum up_err e;

	if (pthread_mutex_trylock(&s->write_lock) != 0)
		return;
	if (s->probed_ms == 0 || arg.i - s->probed_ms >= PROBE_EVERY_MS) {
		s->probed_ms = arg.i;
		e = up_sqlite_begin(s->write);
		if (e == UP_OK && (e = up_sqlite_run_one(s->write, UP_SQL_PROBE, &arg, 1)) != UP_OK)
			up_sqlite_rollback(s->write);
		if (e == UP_OK)
			e = up_sqlite_commit(s->write);
		atomic_store(&s->failed, e != UP_OK);
	}
	pthread_mutex_unlock(&s->write_lock);
}

enum up_err up_store_healthy(struct up_store *s)
{
	struct up_sqlite *c;
	sqlite3_stmt *st;
	bool row;
	enum up_err e;

	if (atomic_load(&s->failed))
		probe(s);
	if (atomic_load(&s->failed))
		return UP_E_STORE;
	e = up_sqlite_take(s, &c);
	if (e != UP_OK)
		return e;
	e = up_sqlite_first(c, UP_SQL_PING, NULL, 0, &st, &row);
	up_sqlite_end(&st);
	up_sqlite_put(s, &c);
	return e == UP_OK && row ? UP_OK : UP_E_STORE;
}

void up_store_stats(struct up_store *s, struct up_store_stats *out)
{
	pthread_mutex_lock(&s->queue_lock);
	out->queue = s->queued;
	pthread_mutex_unlock(&s->queue_lock);
	out->commits = atomic_load(&s->commits);
	out->jobs = atomic_load(&s->jobs);
	out->failures = atomic_load(&s->failures);
	out->counted = atomic_load(&s->counted);
}
