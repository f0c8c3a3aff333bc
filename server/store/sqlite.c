/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/sqlite.h"

#include <inttypes.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "server/store/usage.h"

/* trusted_schema off: nothing in the file may call functions with side effects. */
static const char settings[] =
    "PRAGMA foreign_keys=ON; PRAGMA synchronous=FULL; PRAGMA trusted_schema=OFF; PRAGMA wal_autocheckpoint=2000; PRAGMA journal_size_limit=67108864;";

static enum up_err failed(struct up_sqlite *c, int rc)
{
	c->rc = rc;
	snprintf(c->message, sizeof(c->message), "%s", sqlite3_errmsg(c->db));
	return UP_E_STORE;
}

static enum up_err configure(struct up_sqlite *c, bool reader)
{
	int rc = sqlite3_busy_timeout(c->db, UP_SQLITE_BUSY_MS);

	if (rc == SQLITE_OK)
		rc = sqlite3_extended_result_codes(c->db, 1);
	if (rc == SQLITE_OK)
		rc = sqlite3_db_config(c->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(c->db, settings, NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(c->db, reader ? "PRAGMA query_only=ON" : "PRAGMA cache_size=-32768", NULL, NULL, NULL);
	return rc == SQLITE_OK ? UP_OK : failed(c, rc);
}

enum up_err up_sqlite_open(const struct up_store *s, bool reader, struct up_sqlite **out, char why[256])
{
	struct up_sqlite *c = calloc(1, sizeof(*c));
	enum up_err e;
	int rc;

	*out = NULL;
	if (c == NULL)
		return UP_E_NOMEM;
	c->step = s->step;
	c->password_key = s->password_key;
	c->administrator = s->administrator;
	/* No mutex: a connection is one thread's at a time. No create: the caller made the file with its mode. */
	rc = sqlite3_open_v2(s->path, &c->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	e = rc == SQLITE_OK ? configure(c, reader) : failed(c, rc);
	if (e != UP_OK) {
		snprintf(why, 256, "cannot open the database: %s", c->message);
		up_sqlite_close(&c);
		return e;
	}
	*out = c;
	return UP_OK;
}

void up_sqlite_close(struct up_sqlite **cp)
{
	struct up_sqlite *c = *cp;

	*cp = NULL;
	if (c == NULL)
		return;
	for (size_t i = 0; i < UP_SQL_N; i++)
		sqlite3_finalize(c->statement[i]);
	sqlite3_close(c->db);
	up_buf_free(&c->body);
	free(c);
}

enum up_err up_sqlite_take(struct up_store *s, struct up_sqlite **out)
{
	char why[256];

	pthread_mutex_lock(&s->pool_lock);
	*out = s->idle;
	if (*out != NULL) {
		s->idle = (*out)->next;
		s->n_idle--;
	}
	pthread_mutex_unlock(&s->pool_lock);
	if (*out != NULL)
		return UP_OK;
	if (up_sqlite_open(s, true, out, why) == UP_OK)
		return UP_OK;
	up_sqlite_log(s, 'e', why, NULL);
	return UP_E_STORE;
}

void up_sqlite_put(struct up_store *s, struct up_sqlite **cp)
{
	struct up_sqlite *c = *cp;

	*cp = NULL;
	if (c == NULL)
		return;
	pthread_mutex_lock(&s->pool_lock);
	if (s->n_idle < UP_SQLITE_IDLE) {
		c->next = s->idle;
		s->idle = c;
		s->n_idle++;
		c = NULL;
	}
	pthread_mutex_unlock(&s->pool_lock);
	up_sqlite_close(&c);
}

struct up_sqlite_arg up_sqlite_int(int64_t v)
{
	return (struct up_sqlite_arg){ .type = UP_SQLITE_INT, .i = v };
}

struct up_sqlite_arg up_sqlite_text(struct up_span s)
{
	return (struct up_sqlite_arg){ .type = UP_SQLITE_TEXT, .s = s };
}

struct up_sqlite_arg up_sqlite_optional(struct up_span s)
{
	return (struct up_sqlite_arg){ .type = s.n > 0 ? UP_SQLITE_TEXT : UP_SQLITE_NULL, .s = s };
}

struct up_sqlite_arg up_sqlite_blob(const void *p, size_t n)
{
	return (struct up_sqlite_arg){ .type = UP_SQLITE_BLOB, .s = up_span_of(p, n) };
}

static int bind(sqlite3_stmt *st, int i, const struct up_sqlite_arg *a)
{
	/* A NULL pointer would bind NULL: empty text is not NULL. */
	const void *p = a->s.n > 0 ? (const void *)a->s.p : "";

	switch (a->type) {
	case UP_SQLITE_INT:
		return sqlite3_bind_int64(st, i, a->i);
	case UP_SQLITE_TEXT:
		return sqlite3_bind_text64(st, i, p, a->s.n, SQLITE_STATIC, SQLITE_UTF8);
	case UP_SQLITE_BLOB:
		return sqlite3_bind_blob64(st, i, p, a->s.n, SQLITE_STATIC);
	default:
		return sqlite3_bind_null(st, i);
	}
}

enum up_err up_sqlite_start(struct up_sqlite *c, enum up_sql id, const struct up_sqlite_arg *args, size_t n, sqlite3_stmt **out)
{
	sqlite3_stmt *st = c->statement[id];

	*out = NULL;
	if (st == NULL) {
		int rc = sqlite3_prepare_v3(c->db, up_sql_text(id), -1, SQLITE_PREPARE_PERSISTENT, &st, NULL);

		if (rc != SQLITE_OK)
			return failed(c, rc);
		c->statement[id] = st;
	}
	for (size_t i = 0; i < n; i++) {
		int rc = bind(st, (int)i + 1, &args[i]);

		if (rc != SQLITE_OK)
			return failed(c, rc);
	}
	*out = st;
	return UP_OK;
}

enum up_err up_sqlite_next(struct up_sqlite *c, sqlite3_stmt *st, bool *row)
{
	int rc = c->step(st);

	*row = rc == SQLITE_ROW;
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? UP_OK : failed(c, rc);
}

void up_sqlite_end(sqlite3_stmt **st)
{
	if (*st != NULL)
		sqlite3_reset(*st);
	*st = NULL;
}

enum up_err up_sqlite_first(struct up_sqlite *c, enum up_sql id, const struct up_sqlite_arg *args, size_t n, sqlite3_stmt **out, bool *row)
{
	enum up_err e = up_sqlite_start(c, id, args, n, out);

	*row = false;
	return e == UP_OK ? up_sqlite_next(c, *out, row) : e;
}

enum up_err up_sqlite_run(struct up_sqlite *c, enum up_sql id, const struct up_sqlite_arg *args, size_t n, int *changed)
{
	sqlite3_stmt *st;
	bool row;
	enum up_err e = up_sqlite_first(c, id, args, n, &st, &row);

	up_sqlite_end(&st);
	if (e == UP_OK && changed != NULL)
		*changed = sqlite3_changes(c->db);
	return e;
}

enum up_err up_sqlite_run_one(struct up_sqlite *c, enum up_sql id, const struct up_sqlite_arg *args, size_t n)
{
	int changed = 0;
	enum up_err e = up_sqlite_run(c, id, args, n, &changed);

	if (e == UP_OK && changed != 1) {
		c->rc = SQLITE_MISMATCH;
		snprintf(c->message, sizeof(c->message), "%d rows changed instead of one: %.80s", changed, up_sql_text(id));
		return UP_E_STORE;
	}
	return e;
}

struct up_span up_sqlite_column(sqlite3_stmt *st, int column)
{
	const void *p = sqlite3_column_blob(st, column);

	return up_span_of(p, p != NULL ? (size_t)sqlite3_column_bytes(st, column) : 0);
}

enum up_err up_sqlite_column_fixed(struct up_sqlite *c, sqlite3_stmt *st, int column, void *out, size_t n)
{
	struct up_span s = up_sqlite_column(st, column);

	if (s.n != n) {
		c->rc = SQLITE_CORRUPT;
		snprintf(c->message, sizeof(c->message), "column %d has %zu bytes instead of %zu", column, s.n, n);
		return UP_E_STORE;
	}
	memcpy(out, s.p, n);
	return UP_OK;
}

enum up_err up_sqlite_begin(struct up_sqlite *c)
{
	enum up_err e;

	if (!sqlite3_get_autocommit(c->db))      /* an earlier rollback failed */
		up_sqlite_rollback(c);
	e = up_sqlite_run(c, UP_SQL_BEGIN, NULL, 0, NULL);
	if (e != UP_OK)
		return e;
	e = up_usage_begin(c);
	if (e != UP_OK)
		up_sqlite_rollback(c);
	return e;
}

enum up_err up_sqlite_commit(struct up_sqlite *c)
{
	enum up_err e = up_usage_flush(c);

	if (e == UP_OK)
		e = up_sqlite_run(c, UP_SQL_COMMIT, NULL, 0, NULL);
	if (e != UP_OK)
		up_sqlite_rollback(c);
	return e;
}

void up_sqlite_rollback(struct up_sqlite *c)
{
	/* SQLite has rolled back by itself after some errors; a rollback never fails for lack of space. */
	if (!sqlite3_get_autocommit(c->db))
		sqlite3_exec(c->db, "ROLLBACK", NULL, NULL, NULL);
}

bool up_sqlite_is_disk(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_READONLY:
	case SQLITE_IOERR:
	case SQLITE_CORRUPT:
	case SQLITE_FULL:
	case SQLITE_CANTOPEN:
	case SQLITE_PROTOCOL:
	case SQLITE_NOTADB:
		return true;
	default:
		return false;
	}
}

enum up_err up_sqlite_write(struct up_store *s, up_sqlite_fn fn, void *arg)
{
	enum up_err e;

	pthread_mutex_lock(&s->write_lock);
	e = up_sqlite_begin(s->write);
	if (e == UP_OK && (e = fn(s->write, arg)) != UP_OK)
		up_sqlite_rollback(s->write);
	if (e == UP_OK)
		e = up_sqlite_commit(s->write);
	if (e == UP_OK) {
		atomic_fetch_add(&s->commits, 1);
		atomic_store(&s->failed, false);
	} else if (e == UP_E_STORE) {
		atomic_store(&s->failed, up_sqlite_is_disk(s->write->rc));
		up_sqlite_log(s, 'e', "store: transaction failed", s->write);
	}
	pthread_mutex_unlock(&s->write_lock);
	return e;
}

enum up_err up_sqlite_draw(char out[UP_STORE_REF + 1])
{
	uint8_t rnd[16];

	if (RAND_bytes(rnd, sizeof(rnd)) != 1)
		return UP_E_CRYPTO;
	up_text_b64url(up_span_of(rnd, sizeof(rnd)), out);
	out[UP_STORE_REF] = '\0';
	return UP_OK;
}

void up_sqlite_log(const struct up_store *s, char level, const char *what, const struct up_sqlite *c)
{
	char line[512];

	if (s->log == NULL)
		return;
	if (c != NULL)
		snprintf(line, sizeof(line), "%s code=%d cause=\"%s\"", what, c->rc, c->message);
	else
		snprintf(line, sizeof(line), "%s", what);
	s->log(level, line);
}
