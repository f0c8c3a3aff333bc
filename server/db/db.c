/* SPDX-License-Identifier: Apache-2.0
 * What is the same for every engine. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "server/db/engine.h"

/* --- which engine --- */

static const struct { const char *prefix; const struct up_db_engine *engine; } servers[] = {
	{ "postgresql://", &up_db_postgres },
	{ "postgres://", &up_db_postgres },
};

static const struct up_db_engine *server_of(const char *database)
{
	for (size_t i = 0; i < UP_ARRAY_LEN(servers); i++)
		if (strncmp(database, servers[i].prefix, strlen(servers[i].prefix)) == 0)
			return servers[i].engine;
	return NULL;
}

const char *up_db_file(const char *database)
{
	return server_of(database) == NULL ? database : NULL;
}

const char *up_db_wrong(const char *database)
{
	const struct up_db_engine *engine = server_of(database);

	return engine != NULL ? engine->uri_wrong(database) : NULL;
}

bool up_db_has_password(const char *database)
{
	const struct up_db_engine *engine = server_of(database);

	return engine != NULL && engine->uri_has_secret(database);
}

void up_db_show(const char *database, char out[256])
{
	const struct up_db_engine *engine = server_of(database);

	if (engine != NULL)
		engine->uri_show(database, out);
	else
		snprintf(out, 256, "%s", database);
}

enum up_err up_db_open(const struct up_db_settings *set, struct up_db **out, char why[256])
{
	const struct up_db_engine *engine = server_of(set->database);

	*out = NULL;
	why[0] = '\0';
	if (engine == NULL)
		engine = &up_db_sqlite;
	return engine->open(set, out, why);
}

void up_db_head(
    struct up_db *db, const struct up_db_engine *engine, const struct up_db_settings *set)
{
	db->engine = engine;
	db->texts = set->texts;
	db->n_texts = set->n_texts;
	db->fault = set->fault;
}

void up_db_close(struct up_db **dbp)
{
	struct up_db *db = *dbp;

	*dbp = NULL;
	if (db != NULL)
		db->engine->close(db);
}

/* --- what went wrong --- */

enum up_db_trouble up_db_trouble(const struct up_db *db)
{
	return db->trouble;
}

const char *up_db_code(const struct up_db *db)
{
	return db->code;
}

const char *up_db_message(const struct up_db *db)
{
	return db->message;
}

void up_db_clear(struct up_db *db)
{
	db->trouble = UP_DB_FINE;
	db->code[0] = db->message[0] = '\0';
}

enum up_err up_db_failed(
    struct up_db *db, enum up_db_trouble trouble, const char *code, const char *message)
{
	db->trouble = trouble;
	snprintf(db->code, sizeof(db->code), "%s", code);
	snprintf(db->message, sizeof(db->message), "%s", message);
	return UP_E_STORE;
}

enum up_err up_db_fail(struct up_db *db, enum up_db_trouble trouble, const char *format, ...)
{
	va_list args;

	db->trouble = trouble;
	db->code[0] = '\0';
	va_start(args, format);
	vsnprintf(db->message, sizeof(db->message), format, args);
	va_end(args);
	return UP_E_STORE;
}

/* May the next step be made? Tests say when it may not. */
static bool may(struct up_db *db)
{
	enum up_db_trouble trouble = db->fault == NULL ? UP_DB_FINE : db->fault();

	if (trouble != UP_DB_FINE)
		(void)up_db_fail(db, trouble, "made to fail");
	return trouble == UP_DB_FINE;
}

/* --- statements --- */

struct up_db_arg up_db_int(int64_t v)
{
	return (struct up_db_arg){ .type = UP_DB_INT, .i = v };
}

struct up_db_arg up_db_text(struct up_span s)
{
	return (struct up_db_arg){ .type = UP_DB_TEXT, .s = s };
}

struct up_db_arg up_db_optional(struct up_span s)
{
	return (struct up_db_arg){ .type = UP_DB_TEXT, .is_null = s.n == 0, .s = s };
}

struct up_db_arg up_db_blob(const void *p, size_t n)
{
	return (struct up_db_arg){
		.type = UP_DB_BLOB, .is_null = p == NULL, .s = up_span_of(p, n) };
}

enum up_err up_db_first(struct up_db *db, unsigned id, const struct up_db_arg *args, size_t n,
    struct up_db_rows **out, bool *row)
{
	enum up_err err;

	*out = NULL;
	*row = false;
	err = db->engine->start(db, id, args, n, out);
	return err == UP_OK ? up_db_next(*out, row) : err;
}

enum up_err up_db_next(struct up_db_rows *rows, bool *row)
{
	*row = false;
	return may(rows->db) ? rows->db->engine->next(rows, row) : UP_E_STORE;
}

void up_db_end(struct up_db_rows **rows)
{
	if (*rows != NULL)
		(*rows)->db->engine->end(*rows);
	*rows = NULL;
}

enum up_err up_db_run(
    struct up_db *db, unsigned id, const struct up_db_arg *args, size_t n, int64_t *changed)
{
	struct up_db_rows *rows;
	bool row;
	enum up_err err;

	db->writes++;
	if (changed == NULL && db->engine->later != NULL)
		return may(db) ? db->engine->later(db, id, args, n, false) : UP_E_STORE;
	err = up_db_first(db, id, args, n, &rows, &row);
	if (err == UP_OK && changed != NULL)
		*changed = db->engine->changed(rows);
	up_db_end(&rows);
	return err;
}

enum up_err up_db_run_one(
    struct up_db *db, unsigned id, const struct up_db_arg *args, size_t n)
{
	int64_t changed = 0;
	enum up_err err;

	if (db->engine->later != NULL) {
		db->writes++;
		return may(db) ? db->engine->later(db, id, args, n, true) : UP_E_STORE;
	}
	err = up_db_run(db, id, args, n, &changed);

	if (err == UP_OK && changed != 1)
		return up_db_fail(db, UP_DB_OTHER, "%lld rows changed instead of one: %.80s",
		    (long long)changed, db->texts[id]);
	return err;
}

enum up_err up_db_add(struct up_db *db, unsigned id, const struct up_db_arg *args, size_t n,
    int64_t *number)
{
	struct up_db_rows *rows;
	bool row;
	enum up_err err = up_db_first(db, id, args, n, &rows, &row);

	*number = err == UP_OK && row ? up_db_column_int(rows, 0) : 0;
	up_db_end(&rows);
	db->writes++;
	if (err == UP_OK && !row)
		return up_db_fail(db, UP_DB_OTHER, "no row was added: %.80s", db->texts[id]);
	return err;
}

uint64_t up_db_writes(const struct up_db *db)
{
	return db->writes;
}

int64_t up_db_column_int(const struct up_db_rows *rows, int column)
{
	return rows->db->engine->column_int(rows, column);
}

bool up_db_column_null(const struct up_db_rows *rows, int column)
{
	return rows->db->engine->column_null(rows, column);
}

struct up_span up_db_column(const struct up_db_rows *rows, int column)
{
	return rows->db->engine->column(rows, column);
}

enum up_err up_db_column_fixed(const struct up_db_rows *rows, int column, void *out, size_t n)
{
	struct up_span s = up_db_column(rows, column);

	if (s.n != n)
		return up_db_fail(rows->db, UP_DB_DOWN, "column %d has %zu bytes instead of %zu",
		    column, s.n, n);
	memcpy(out, s.p, n);
	return UP_OK;
}

/* --- transactions, texts --- */

enum up_err up_db_begin(struct up_db *db)
{
	db->engine->rollback(db);        /* an earlier one may have failed */
	return may(db) ? db->engine->begin(db) : UP_E_STORE;
}

enum up_err up_db_commit(struct up_db *db)
{
	enum up_err err = may(db) ? db->engine->commit(db) : UP_E_STORE;

	if (err != UP_OK)
		db->engine->rollback(db);
	return err;
}

void up_db_rollback(struct up_db *db)
{
	db->engine->rollback(db);
}

void up_db_set_patience(struct up_db *db, unsigned ms)
{
	db->engine->set_patience(db, ms);
}

enum up_err up_db_script(struct up_db *db, const char *sql)
{
	return db->engine->script(db, sql);
}

enum up_err up_db_number(struct up_db *db, const char *sql, int64_t *out)
{
	*out = 0;
	return db->engine->number(db, sql, out);
}
