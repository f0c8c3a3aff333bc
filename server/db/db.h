/* SPDX-License-Identifier: Apache-2.0
 * The database as the store sees it: connections, statements, transactions, errors. It knows no
 * rule and no table.
 *
 * Which engine keeps the data follows from the name of the database: a path is an SQLite file,
 * postgresql://... (libpq's URI, with sslmode, passfile and the rest as parameters) a PostgreSQL
 * server. A connection belongs to one thread at a time. What speaks to the database answers
 * UP_E_STORE when it fails; the cause stays in the connection until the next failure.
 *
 * Statements are written once, in what both engines understand, with parameters ?1 ... ?N. Text is
 * UTF-8, compared and ordered by its bytes; numbers have 64 bits; a truth is 1 or 0. */
#ifndef UP_DB_H
#define UP_DB_H

#include "core/err.h"
#include "core/span.h"

struct up_db;                            /* a connection */
struct up_db_rows;                       /* a running statement, and the row that it stands at */

/* What went wrong. */
enum up_db_trouble {
	UP_DB_FINE,
	UP_DB_DOWN,                      /* disk, file, foreign lock, connection: others fail too */
	UP_DB_RETRY,                     /* deadlock, serialization: the transaction may work now */
	UP_DB_CONSTRAINT,                /* UNIQUE, CHECK, REFERENCES, NOT NULL, or a trigger */
	UP_DB_OTHER,
	/* Of a commit alone: the connection was cut, and for UP_DB_LOOKUP_MS nobody could be asked
	 * whether it was kept. */
	UP_DB_UNKNOWN,
};

/* --- connections --- */

struct up_db_settings {
	const char *database;            /* path or URI */
	/* For the server, when it wants one and the URI says none; copied. NULL: none. */
	const char *password;
	/* Make what is missing: the file (mode 0600). A server's database must be there. */
	bool create;
	bool reader;                     /* refuses to write */
	/* The statements of this connection, by their number. Borrowed until the close. */
	const char *const *texts;
	unsigned n_texts;
	/* When not NULL: asked before every step, begin and commit; what it answers but
	 * UP_DB_FINE, that fails with. For tests. */
	enum up_db_trouble (*fault)(void);
};
/* WHY gets a text for people, without a password. UP_E_CONFIG: there is no such database, or it
 * is not ours to use; UP_E_STORE; UP_E_NOMEM. */
UP_MUST_USE enum up_err up_db_open(
    const struct up_db_settings *, struct up_db **out, char why[256]);
void up_db_close(struct up_db **);       /* takes NULL; ends a transaction without keeping it */

/* The file of DATABASE, or NULL when a server keeps it. */
const char *up_db_file(const char *database);
/* Why nobody can understand DATABASE, in words that quote nothing of it; NULL: one can. */
const char *up_db_wrong(const char *database);
/* Is there a password in the URI, of whatever kind and however it is written? Neither a
 * configuration nor a command line is a place for one. False where it cannot be understood. */
bool up_db_has_password(const char *database);
/* DATABASE as people and logs may see it: a path as it is; of a server who comes to which database
 * where, and no other parameter. What cannot be understood is not shown. */
void up_db_show(const char *database, char out[256]);

/* --- what went wrong --- */

enum up_db_trouble up_db_trouble(const struct up_db *);  /* of the last failure */
const char *up_db_code(const struct up_db *);            /* the engine's own, "" for ours */
const char *up_db_message(const struct up_db *);         /* for the log */
void up_db_clear(struct up_db *);                        /* no failure yet */
/* The caller found the database wrong: UP_E_STORE, with its words. */
enum up_err up_db_fail(struct up_db *, enum up_db_trouble, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* --- statements --- */

enum up_db_type { UP_DB_INT, UP_DB_TEXT, UP_DB_BLOB };

/* A parameter. A statement gets the same types whenever it runs: the engine may prepare it for
 * those of the first time. */
struct up_db_arg { enum up_db_type type; bool is_null; int64_t i; struct up_span s; };
struct up_db_arg up_db_int(int64_t v);
/* The bytes of texts and blobs must stay until the statement ends. */
struct up_db_arg up_db_text(struct up_span s);           /* empty text is not NULL */
struct up_db_arg up_db_optional(struct up_span s);       /* text, NULL when empty */
struct up_db_arg up_db_blob(const void *p, size_t n);    /* NULL when P is */

/* Run statement ID up to its first row; *ROW: there is one. *OUT must be ended in any case, and may
 * be NULL after a failure. Other statements may run before it is ended, the same one may not.
 * ARGS[i] is ?(i + 1); the text names the last one, and need not name all before it. An engine may
 * fetch the whole answer at once: a text whose answer has no bound by its nature says LIMIT. */
UP_MUST_USE enum up_err up_db_first(struct up_db *, unsigned id, const struct up_db_arg *args,
    size_t n, struct up_db_rows **out, bool *row);
UP_MUST_USE enum up_err up_db_next(struct up_db_rows *, bool *row);
void up_db_end(struct up_db_rows **);    /* takes NULL; clears */
/* For statements whose rows nobody wants; *CHANGED (may be NULL): rows changed. */
UP_MUST_USE enum up_err up_db_run(
    struct up_db *, unsigned id, const struct up_db_arg *args, size_t n, int64_t *changed);
/* Must change exactly one row: anything else is UP_E_STORE. Inside a transaction an engine may
 * answer before it knows (as up_db_run without CHANGED): what went wrong is then the failure of a
 * later statement, at the latest of the commit, and the transaction is not kept. */
UP_MUST_USE enum up_err up_db_run_one(
    struct up_db *, unsigned id, const struct up_db_arg *args, size_t n);
/* INSERT ... RETURNING id: *NUMBER of the one new row; no row is UP_E_STORE. */
UP_MUST_USE enum up_err up_db_add(
    struct up_db *, unsigned id, const struct up_db_arg *args, size_t n, int64_t *number);

/* Statements that up_db_run, _run_one and _add have run so far, kept or not. */
uint64_t up_db_writes(const struct up_db *);

/* Columns of the row, from 0. */
int64_t up_db_column_int(const struct up_db_rows *, int column);         /* 0 for NULL */
bool up_db_column_null(const struct up_db_rows *, int column);
/* Text or blob, until the next step; empty for NULL. */
struct up_span up_db_column(const struct up_db_rows *, int column);
/* Exactly N bytes or UP_E_STORE. */
UP_MUST_USE enum up_err up_db_column_fixed(
    const struct up_db_rows *, int column, void *out, size_t n);

/* --- transactions --- */

/* How long a commit whose connection was cut is asked after before it is UP_DB_UNKNOWN. */
#define UP_DB_LOOKUP_MS 5000
/* How long one waits for the write lock, unless up_db_set_patience said otherwise. */
#define UP_DB_BUSY_MS 5000

/* One writer at a time, of all connections and programs of this database: what is read inside is
 * the newest and stays so. A transaction that was left open is given up first. A connection that
 * was cut is made again here, never inside. UP_DB_DOWN: the lock or the server is not to be had. */
UP_MUST_USE enum up_err up_db_begin(struct up_db *);
/* UP_OK: kept, and on disk. UP_E_STORE: not kept, and the transaction is over; but UP_DB_UNKNOWN.
 * Where the connection was cut the outcome is looked up, never guessed. */
UP_MUST_USE enum up_err up_db_commit(struct up_db *);
void up_db_rollback(struct up_db *);     /* nothing to do without a transaction */
void up_db_set_patience(struct up_db *, unsigned ms);

/* --- texts that are not kept: schema, tools --- */

/* One or more statements without parameters and rows. */
UP_MUST_USE enum up_err up_db_script(struct up_db *, const char *sql);
/* The first column of the first row, 0 when it is NULL or there is none. */
UP_MUST_USE enum up_err up_db_number(struct up_db *, const char *sql, int64_t *out);

#endif
