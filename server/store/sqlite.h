/* SPDX-License-Identifier: Apache-2.0
 * Private to server/store: connections to SQLite, their prepared statements and transactions.
 *
 * A connection belongs to one thread at a time. Statements are prepared at first use and kept. Every function that speaks to the
 * database answers UP_E_STORE when it fails; the cause stays in the connection for the one who logs it. */
#ifndef UP_SQLITE_H
#define UP_SQLITE_H

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>

#include "core/span.h"
#include "server/store/sql.h"
#include "server/store/store.h"

#define UP_SQLITE_BUSY_MS 5000           /* how long a writer waits for another process */
#define UP_SQLITE_IDLE 16                /* read connections kept for later */

struct up_sqlite {
	sqlite3 *db;
	sqlite3_stmt *statement[UP_SQL_N];
	int (*step)(sqlite3_stmt *);     /* sqlite3_step; tests put a failing one here */
	int rc;                          /* of the last failure */
	char message[160];
	struct up_sqlite *next;          /* in the pool */
	/* of the running write transaction */
	int64_t last_seq, last_ms;       /* of the newest record */
	struct { int64_t number, first_ms, last_ms; bool dirty; } block;
	struct up_buf body;
	const uint8_t *password_key;     /* the store's */
	const char *administrator;       /* the store's */
};

struct up_store {
	char *path;
	uint8_t password_key[32];
	char *administrator;             /* who makes the changes of this process; may be NULL */
	void (*log)(char level, const char *line);
	int (*step)(sqlite3_stmt *);

	pthread_mutex_t pool_lock;
	struct up_sqlite *idle;
	unsigned n_idle;

	pthread_mutex_t write_lock;      /* the write connection: one transaction at a time in this process */
	struct up_sqlite *write;
	atomic_bool failed;              /* the last commit */
	int64_t probed_ms;               /* under write_lock */

	pthread_mutex_t queue_lock;      /* all from here to ASLEEP */
	pthread_cond_t queue_filled;
	pthread_t writer;
	bool has_writer;
	struct up_job *first, **last;
	size_t queued;
	bool closing, asleep;

	atomic_uint_least64_t commits, jobs, failures, counted;
};

/* READER: refuses to write. UP_E_STORE with WHY, UP_E_NOMEM. */
UP_MUST_USE enum up_err up_sqlite_open(const struct up_store *, bool reader, struct up_sqlite **out, char why[256]);
void up_sqlite_close(struct up_sqlite **);
/* A read connection of one's own until it is put back. */
UP_MUST_USE enum up_err up_sqlite_take(struct up_store *, struct up_sqlite **out);
void up_sqlite_put(struct up_store *, struct up_sqlite **);

/* --- statements ------------------------------------------------------------------------------------------------------------- */

struct up_sqlite_arg { enum { UP_SQLITE_INT, UP_SQLITE_TEXT, UP_SQLITE_BLOB, UP_SQLITE_NULL } type; int64_t i; struct up_span s; };
struct up_sqlite_arg up_sqlite_int(int64_t v);
struct up_sqlite_arg up_sqlite_text(struct up_span s);           /* the bytes must stay until the statement ends */
struct up_sqlite_arg up_sqlite_optional(struct up_span s);       /* text, NULL when empty */
struct up_sqlite_arg up_sqlite_blob(const void *p, size_t n);

/* Bind ARGS to statement ID; *out is ready for up_sqlite_next and must be ended. */
UP_MUST_USE enum up_err up_sqlite_start(struct up_sqlite *, enum up_sql id, const struct up_sqlite_arg *args, size_t n, sqlite3_stmt **out);
UP_MUST_USE enum up_err up_sqlite_next(struct up_sqlite *, sqlite3_stmt *, bool *row);
void up_sqlite_end(sqlite3_stmt **);     /* takes NULL */
/* Start and step once: *row says whether there is one; the statement must be ended in any case. */
UP_MUST_USE enum up_err up_sqlite_first(struct up_sqlite *, enum up_sql id, const struct up_sqlite_arg *args, size_t n, sqlite3_stmt **out, bool *row);
/* For statements without rows; *changed (may be NULL) is the number of rows changed. */
UP_MUST_USE enum up_err up_sqlite_run(struct up_sqlite *, enum up_sql id, const struct up_sqlite_arg *args, size_t n, int *changed);
/* Must change exactly one row: anything else is UP_E_STORE. */
UP_MUST_USE enum up_err up_sqlite_run_one(struct up_sqlite *, enum up_sql id, const struct up_sqlite_arg *args, size_t n);

struct up_span up_sqlite_column(sqlite3_stmt *, int column);     /* text or blob, until the next step; empty for NULL */
/* Exactly N bytes or UP_E_STORE. */
UP_MUST_USE enum up_err up_sqlite_column_fixed(struct up_sqlite *, sqlite3_stmt *, int column, void *out, size_t n);

/* --- write transactions ------------------------------------------------------------------------------------------------------ */

UP_MUST_USE enum up_err up_sqlite_begin(struct up_sqlite *);
UP_MUST_USE enum up_err up_sqlite_commit(struct up_sqlite *);    /* rolled back when it fails */
void up_sqlite_rollback(struct up_sqlite *);
/* Is RC about the disk or the file rather than about one statement? */
bool up_sqlite_is_disk(int rc);

/* One transaction of the write connection, from any thread: committed when FN answers UP_OK, else rolled back. What FN answers is answered,
 * UP_E_STORE when the commit failed. */
typedef enum up_err (*up_sqlite_fn)(struct up_sqlite *, void *arg);
UP_MUST_USE enum up_err up_sqlite_write(struct up_store *, up_sqlite_fn fn, void *arg);

/* 22 characters and NUL of fresh randomness. UP_E_CRYPTO. */
UP_MUST_USE enum up_err up_sqlite_draw(char out[UP_STORE_REF + 1]);
void up_sqlite_log(const struct up_store *, char level, const char *what, const struct up_sqlite *);

#endif
