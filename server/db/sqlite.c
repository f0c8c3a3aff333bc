/* SPDX-License-Identifier: Apache-2.0
 * SQLite: a file with a write-ahead log. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "server/db/engine.h"
#include "server/db/schema.h"

#define WAL_RETRY_MS 20

struct rows { struct up_db_rows head; sqlite3_stmt *st; };

struct sqlite {
	struct up_db head;
	sqlite3 *handle;
	struct rows begin, commit;
	struct rows kept[];              /* one for each text */
};

/* trusted_schema off: nothing in the file may call functions with side effects. What is deleted is
 * overwritten. */
static const char settings[] =
    "PRAGMA foreign_keys=ON; PRAGMA synchronous=FULL; PRAGMA trusted_schema=OFF;"
    " PRAGMA secure_delete=ON;"
    " PRAGMA wal_autocheckpoint=2000; PRAGMA journal_size_limit=67108864;";

static struct sqlite *own(struct up_db *db)
{
	return (struct sqlite *)db;
}

static sqlite3_stmt *statement(const struct up_db_rows *rows)
{
	return ((const struct rows *)rows)->st;
}

/* --- what went wrong --- */

/* A lock that is not to be had stands here too: it was waited for. */
static enum up_db_trouble trouble_of(int rc)
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
		return UP_DB_DOWN;
	case SQLITE_CONSTRAINT:
		return UP_DB_CONSTRAINT;
	default:
		return UP_DB_OTHER;
	}
}

static enum up_err failed(struct up_db *db, int rc)
{
	char code[16];

	snprintf(code, sizeof(code), "%d", rc);
	return up_db_failed(db, trouble_of(rc), code, sqlite3_errmsg(own(db)->handle));
}

/* --- opening --- */

/* SQLite would make the file with the umask's mode; its companions (-wal, -shm) take the mode of
 * the file. An existing file is not even opened here: closing a second descriptor would drop the
 * locks of another connection of this process. */
static enum up_err make_file(const struct up_db_settings *set, char why[256])
{
	int fd;

	if (!set->create) {
		if (access(set->database, R_OK | W_OK) == 0)
			return UP_OK;
		snprintf(why, 256, "database %s: %s", set->database, strerror(errno));
		return UP_E_CONFIG;
	}
	fd = open(set->database, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0)
		close(fd);
	if (fd >= 0 || errno == EEXIST)
		return UP_OK;
	snprintf(why, 256, "database %s: %s", set->database, strerror(errno));
	return UP_E_CONFIG;
}

static int set_wal(sqlite3 *handle)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(handle, "PRAGMA journal_mode=WAL", -1, &st, NULL);

	if (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW)
		rc = strcmp((const char *)sqlite3_column_text(st, 0), "wal") == 0 ? SQLITE_OK
										  : SQLITE_ERROR;
	sqlite3_finalize(st);
	return rc;
}

/* The change of mode does not wait for another program that makes the same change: wait here. */
static enum up_err use_wal(struct sqlite *db, char why[256])
{
	const struct timespec pause = { 0, WAL_RETRY_MS * 1000000L };
	int rc = set_wal(db->handle);

	for (int waited = 0; (rc & 0xff) == SQLITE_BUSY && waited < UP_DB_BUSY_MS;
	     waited += WAL_RETRY_MS) {
		nanosleep(&pause, NULL);
		rc = set_wal(db->handle);
	}
	if (rc == SQLITE_OK)
		return UP_OK;
	snprintf(why, 256, "the database cannot use a write-ahead log: %s",
	    sqlite3_errmsg(db->handle));
	return UP_E_STORE;
}

static enum up_err configure(struct sqlite *db, bool reader)
{
	const char *mode = reader ? "PRAGMA query_only=ON" : "PRAGMA cache_size=-32768";
	int rc = sqlite3_busy_timeout(db->handle, UP_DB_BUSY_MS);

	if (rc == SQLITE_OK)
		rc = sqlite3_extended_result_codes(db->handle, 1);
	if (rc == SQLITE_OK)
		rc = sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db->handle, settings, NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db->handle, mode, NULL, NULL, NULL);
	return rc == SQLITE_OK ? UP_OK : failed(&db->head, rc);
}

/* SQLite's own count of its memory costs a lock on every allocation, and nobody reads it. No effect
 * once SQLite is in use. */
static void set_up(void)
{
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static void sqlite_close(struct up_db *head)
{
	struct sqlite *db = own(head);

	sqlite3_finalize(db->begin.st);
	sqlite3_finalize(db->commit.st);
	for (unsigned i = 0; i < head->n_texts; i++)
		sqlite3_finalize(db->kept[i].st);
	sqlite3_close(db->handle);
	free(db);
}

/* No mutex: a connection is one thread's at a time. No create: the file was made with its mode. */
static enum up_err connect_to(struct sqlite *db, const struct up_db_settings *set, char why[256])
{
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
	int rc = sqlite3_open_v2(set->database, &db->handle, flags, NULL);
	enum up_err err = rc == SQLITE_OK ? configure(db, set->reader) : failed(&db->head, rc);

	if (err != UP_OK)
		snprintf(why, 256, "cannot open the database: %s", db->head.message);
	else if (!set->reader)
		err = use_wal(db, why);
	return err;
}

static enum up_err sqlite_open(const struct up_db_settings *set, struct up_db **out, char why[256])
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct sqlite *db;
	enum up_err err = make_file(set, why);

	pthread_once(&once, set_up);
	if (err != UP_OK)
		return err;
	db = calloc(1, sizeof(*db) + set->n_texts * sizeof(db->kept[0]));
	if (db == NULL)
		return UP_E_NOMEM;
	up_db_head(&db->head, &up_db_sqlite, set);
	err = connect_to(db, set, why);
	if (err != UP_OK) {
		sqlite_close(&db->head);
		return err;
	}
	*out = &db->head;
	return UP_OK;
}

/* --- statements --- */

static int bind(sqlite3_stmt *st, int i, const struct up_db_arg *a)
{
	/* A NULL pointer would bind NULL: empty text is not NULL. */
	const void *p = a->s.n > 0 ? (const void *)a->s.p : "";

	if (a->is_null)
		return sqlite3_bind_null(st, i);
	if (a->type == UP_DB_INT)
		return sqlite3_bind_int64(st, i, a->i);
	if (a->type == UP_DB_TEXT)
		return sqlite3_bind_text64(st, i, p, a->s.n, SQLITE_STATIC, SQLITE_UTF8);
	return sqlite3_bind_blob64(st, i, p, a->s.n, SQLITE_STATIC);
}

static enum up_err prepare(struct sqlite *db, struct rows *rows, const char *text)
{
	int rc = sqlite3_prepare_v3(
	    db->handle, text, -1, SQLITE_PREPARE_PERSISTENT, &rows->st, NULL);

	rows->head.db = &db->head;
	return rc == SQLITE_OK ? UP_OK : failed(&db->head, rc);
}

static enum up_err sqlite_start(struct up_db *head, unsigned id, const struct up_db_arg *args,
    size_t n, struct up_db_rows **out)
{
	struct sqlite *db = own(head);
	struct rows *rows = &db->kept[id];

	if (rows->st == NULL) {
		enum up_err err = prepare(db, rows, head->texts[id]);

		if (err != UP_OK)
			return err;
	}
	for (size_t i = 0; i < n; i++) {
		int rc = bind(rows->st, (int)i + 1, &args[i]);

		if (rc != SQLITE_OK)
			return failed(head, rc);
	}
	*out = &rows->head;
	return UP_OK;
}

static enum up_err sqlite_next(struct up_db_rows *rows, bool *row)
{
	int rc = sqlite3_step(statement(rows));

	*row = rc == SQLITE_ROW;
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? UP_OK : failed(rows->db, rc);
}

static int64_t sqlite_changed(const struct up_db_rows *rows)
{
	return sqlite3_changes64(own(rows->db)->handle);
}

static void sqlite_end(struct up_db_rows *rows)
{
	sqlite3_reset(statement(rows));
}

static int64_t sqlite_column_int(const struct up_db_rows *rows, int column)
{
	return sqlite3_column_int64(statement(rows), column);
}

static bool sqlite_column_null(const struct up_db_rows *rows, int column)
{
	return sqlite3_column_type(statement(rows), column) == SQLITE_NULL;
}

static struct up_span sqlite_column(const struct up_db_rows *rows, int column)
{
	const void *p = sqlite3_column_blob(statement(rows), column);

	return up_span_of(
	    p, p != NULL ? (size_t)sqlite3_column_bytes(statement(rows), column) : 0);
}

/* --- transactions --- */

static enum up_err once_through(struct sqlite *db, struct rows *rows, const char *text)
{
	enum up_err err = rows->st != NULL ? UP_OK : prepare(db, rows, text);
	bool row;

	if (err != UP_OK)
		return err;
	err = sqlite_next(&rows->head, &row);
	sqlite_end(&rows->head);
	return err;
}

static enum up_err sqlite_begin(struct up_db *head)
{
	return once_through(own(head), &own(head)->begin, "BEGIN IMMEDIATE");
}

static enum up_err sqlite_commit(struct up_db *head)
{
	return once_through(own(head), &own(head)->commit, "COMMIT");
}

/* SQLite has rolled back by itself after some errors; a rollback never fails for lack of space. */
static void sqlite_rollback(struct up_db *head)
{
	if (!sqlite3_get_autocommit(own(head)->handle))
		sqlite3_exec(own(head)->handle, "ROLLBACK", NULL, NULL, NULL);
}

static void sqlite_set_patience(struct up_db *head, unsigned ms)
{
	(void)sqlite3_busy_timeout(own(head)->handle, (int)ms);
}

/* --- texts that are not kept --- */

static enum up_err sqlite_script(struct up_db *head, const char *sql)
{
	int rc = sqlite3_exec(own(head)->handle, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? UP_OK : failed(head, rc);
}

static enum up_err sqlite_number(struct up_db *head, const char *sql, int64_t *out)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(own(head)->handle, sql, -1, &st, NULL);
	enum up_err err;

	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		*out = sqlite3_column_int64(st, 0);
	err = rc == SQLITE_ROW || rc == SQLITE_DONE ? UP_OK : failed(head, rc);
	sqlite3_finalize(st);
	return err;
}

static enum up_err sqlite_identify(struct up_db *head, bool *empty, bool *ours)
{
	int64_t application, tables;
	enum up_err err = sqlite_number(head, "PRAGMA application_id", &application);

	if (err == UP_OK)
		err = sqlite_number(head, "SELECT count(*) FROM sqlite_schema", &tables);
	*empty = err == UP_OK && tables == 0;
	*ours = err == UP_OK && application == UP_SCHEMA_SQLITE_APPLICATION;
	return err;
}

const struct up_db_engine up_db_sqlite = {
	.name = "sqlite",
	.schema = &up_schema_sqlite,
	.open = sqlite_open,
	.close = sqlite_close,
	.start = sqlite_start,
	.next = sqlite_next,
	.changed = sqlite_changed,
	.end = sqlite_end,
	.column_int = sqlite_column_int,
	.column_null = sqlite_column_null,
	.column = sqlite_column,
	.begin = sqlite_begin,
	.commit = sqlite_commit,
	.rollback = sqlite_rollback,
	.set_patience = sqlite_set_patience,
	.script = sqlite_script,
	.number = sqlite_number,
	.identify = sqlite_identify,
};
