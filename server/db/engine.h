/* SPDX-License-Identifier: Apache-2.0
 * Private to server/db: what an engine is. db.c calls it, checks what it was given, and does all
 * that is the same for every engine. */
#ifndef UP_DB_ENGINE_H
#define UP_DB_ENGINE_H

#include "server/db/db.h"

struct up_db_schema;

/* The head of an engine's own connection; engines embed it first. */
struct up_db {
	const struct up_db_engine *engine;
	const char *const *texts;
	unsigned n_texts;
	enum up_db_trouble (*fault)(void);
	enum up_db_trouble trouble;
	char code[8];
	char message[160];
	uint64_t writes;                 /* up_db_writes */
	struct up_db *next;              /* in the pool */
};

/* The head of an engine's own running statement; engines embed it first. It lives as long as the
 * connection: nothing is allocated when a statement runs again. */
struct up_db_rows { struct up_db *db; };

struct up_db_engine {
	const char *name;
	const struct up_db_schema *schema;

	/* Of engines whose databases are named by a URI; see up_db_wrong, _has_password, _show. */
	const char *(*uri_wrong)(const char *uri);
	bool (*uri_has_secret)(const char *uri);
	void (*uri_show)(const char *uri, char out[256]);

	/* Sees that there is a database (makes it, if it may), connects, makes the connection
	 * ready. OPEN allocates (zeroed) and calls up_db_head; CLOSE frees. WHY as in db.h. */
	enum up_err (*open)(const struct up_db_settings *, struct up_db **out, char why[256]);
	void (*close)(struct up_db *);

	/* Prepare statement ID (texts[ID]) unless it is, and bind. *OUT is set once there is
	 * something to end. */
	enum up_err (*start)(struct up_db *, unsigned id, const struct up_db_arg *args, size_t n,
	    struct up_db_rows **out);
	enum up_err (*next)(struct up_db_rows *, bool *row);
	int64_t (*changed)(const struct up_db_rows *);   /* after NEXT said that there is no row */
	/* NULL, or: run the statement, whose rows nobody wants; ONE: it must change exactly one.
	 * Inside a transaction it may answer UP_OK at once, see up_db_run_one. */
	enum up_err (*later)(struct up_db *, unsigned id, const struct up_db_arg *args, size_t n,
	    bool one);
	void (*end)(struct up_db_rows *);
	int64_t (*column_int)(const struct up_db_rows *, int column);
	bool (*column_null)(const struct up_db_rows *, int column);
	struct up_span (*column)(const struct up_db_rows *, int column);

	enum up_err (*begin)(struct up_db *);
	enum up_err (*commit)(struct up_db *);
	void (*rollback)(struct up_db *);
	void (*set_patience)(struct up_db *, unsigned ms);

	enum up_err (*script)(struct up_db *, const char *sql);
	enum up_err (*number)(struct up_db *, const char *sql, int64_t *out);
	/* Is there nothing in it yet? Is it one of ours? */
	enum up_err (*identify)(struct up_db *, bool *empty, bool *ours);
};

extern const struct up_db_engine up_db_sqlite, up_db_postgres;

void up_db_head(struct up_db *, const struct up_db_engine *, const struct up_db_settings *);
/* Keep the cause of a failure: the engine's CODE and words. UP_E_STORE. */
enum up_err up_db_failed(
    struct up_db *, enum up_db_trouble, const char *code, const char *message);

#endif
