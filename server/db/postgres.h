/* SPDX-License-Identifier: Apache-2.0
 * Private to server/db: what the files of the PostgreSQL engine share.
 *
 * postgres.c runs statements, postgres_uri.c reads where the server is, postgres_connect.c comes to
 * it, postgres_commit.c has the
 * transactions and finds out what became of one whose connection was cut.
 * Source: documentation of PostgreSQL 15, chapters 34 (libpq) and 55 (protocol), appendix A. */
#ifndef UP_DB_POSTGRES_H
#define UP_DB_POSTGRES_H

#include <libpq-fe.h>

#include "server/db/engine.h"

#define UP_POSTGRES_ARGS 16              /* parameters of a statement */
/* Is there a schema? */
#define UP_POSTGRES_HAS_MARKS "SELECT (to_regclass('commit_mark') IS NOT NULL)::int"

/* A statement of the texts. */
struct up_postgres_rows {
	struct up_db_rows head;
	bool is_prepared, is_checked;    /* at this server; the types of its columns */
	PGresult *result;                /* of the running one */
	int at, n;                       /* row that it stands at; rows */
	/* what it was bound to */
	int n_args;
	Oid types[UP_POSTGRES_ARGS];
	const char *values[UP_POSTGRES_ARGS];
	int lengths[UP_POSTGRES_ARGS];
	uint8_t numbers[UP_POSTGRES_ARGS][8];
};

struct up_postgres {
	struct up_db head;
	PGconn *conn;                    /* NULL after one could not be had */
	char *uri, *password;
	bool is_reader, in_transaction;
	bool has_fixed;                  /* the statements of postgres_commit.c are prepared */
	bool has_marks;                  /* the table commit_mark is there */
	/* Of the transaction: statements that were sent and whose results were not asked for yet,
	 * in pipeline mode as long as there are any; bit I: the Ith must have changed one row. */
	unsigned n_pending;
	uint64_t must_change;
	unsigned patience_ms;            /* for the write lock */
	int64_t writer, mark;            /* who we are, and the newest transaction (commit_mark) */
	int64_t not_before_ms;           /* no attempt to connect before */
	unsigned pause_ms;               /* after the next failed attempt */
	struct up_postgres_rows rows[];  /* one for each text */
};

/* --- postgres_uri.c --- */

/* What URI says; end with PQconninfoFree. NULL: it cannot be understood, and *WRONG says why, in
 * words that quote nothing of it (static). */
PQconninfoOption *up_postgres_uri(const char *uri, const char **wrong);
/* sslmode where the URI says none: verify-full, but prefer when the way ends on this machine for
 * certain. Looks at what libpq takes from the environment, too. Static. */
const char *up_postgres_sslmode(const PQconninfoOption *);
/* The engine's own, see engine.h. */
const char *up_postgres_uri_wrong(const char *uri);
bool up_postgres_uri_has_secret(const char *uri);
void up_postgres_uri_show(const char *uri, char out[256]);

/* --- postgres_connect.c --- */

enum up_err up_postgres_open(
    const struct up_db_settings *, struct up_db **out, char why[256]);
void up_postgres_close(struct up_db *);
/* Connected? Else connect, but soon after a failed attempt not even try. UP_E_STORE (UP_DB_DOWN).
 * Not inside a transaction. */
enum up_err up_postgres_connect(struct up_postgres *);
/* A connection of which nobody knows in what state it is: it ends, and with it its transaction. */
void up_postgres_drop(struct up_postgres *);
/* Is there no use in going on with this connection? */
bool up_postgres_is_cut(const struct up_postgres *);
int64_t up_postgres_now_ms(void);        /* of a clock that nobody sets */
void up_postgres_sleep_ms(unsigned ms);

/* --- postgres.c --- */

/* Keep the cause of the failure that R (may be NULL: the connection) tells of. UP_E_STORE. */
enum up_err up_postgres_failed(struct up_postgres *, const PGresult *r);
/* Run SQL, one or more statements. The last result is *OUT (may be NULL). UP_E_STORE. */
enum up_err up_postgres_exec(struct up_postgres *, const char *sql, PGresult **out);
/* Are all pending statements done well? UP_E_STORE: the first that was not. */
enum up_err up_postgres_settle(struct up_postgres *);
void up_postgres_put64(uint8_t out[8], int64_t v);      /* as the wire has it */

/* --- postgres_commit.c: the engine's own, see engine.h --- */

enum up_err up_postgres_begin(struct up_db *);
enum up_err up_postgres_commit(struct up_db *);
void up_postgres_rollback(struct up_db *);
void up_postgres_set_patience(struct up_db *, unsigned ms);

#endif
