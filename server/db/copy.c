/* SPDX-License-Identifier: Apache-2.0 */
#include "server/db/copy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/db/schema.h"

#define PAGE 500                         /* rows that are read at once */
#define COLUMNS_MAX 12
#define KEY_MAX 3

static const struct up_copy_table tables[] = {
	{ "authority", "id, code, name, created_ms", "itti", 1 },
	{ "unit", "id, code, name, authority, status, created_ms, ended_ms", "ittitii", 1 },
	{ "certificate",
	    "id, unit, number, version, status, valid_from_s, valid_to_s, fields, created_ms,"
	    " ended_ms, name",
	    "iititiitiit", 1 },
	{ "person",
	    "id, ref, resident_index, resident, name, masked, mobile, key_id, outcome, assurance,"
	    " checked_ms, created_ms",
	    "itttttttttii", 1 },
	{ "device",
	    "id, ref, person, key, token_hash, verifier, errors, status, name, created_ms,"
	    " ended_ms",
	    "itibbbittii", 1 },
	{ "holder", "id, ref, unit, person, created_ms", "itiii", 1 },
	{ "role",
	    "id, holder, unit, role, grantor, status, device, created_ms, live_ms, ended_ms,"
	    " may_authorise, suspended_ms",
	    "iiititiiiiii", 1 },
	{ "item_grant",
	    "id, ref, edge, unit, grantor, from_day, to_day, status, created_ms, live_ms,"
	    " ended_ms",
	    "itiiiiitiii", 1 },
	{ "enrolment",
	    "id, code_hash, role, status, expires_ms, used_ms, mismatches, clerk, \"window\","
	    " created_ms, item_grant",
	    "ibitiiittii", 1 },
	{ "agreement", "id, role, device, version, agreed_ms", "iiiti", 1 },
	{ "client",
	    "id, code, name, origin, is_static, secret_hash, jwks, status, created_ms, removed_ms,"
	    " since_ms",
	    "itttibttiii", 1 },
	{ "item", "code, name, client, created_ms, ended_ms", "ttiii", 1 },
	{ "grant_item", "item_grant, item", "it", 2 },
	{ "session", "id, client, role, device, created_ms, revoked_ms, items", "tiiiiit", 1 },
	{ "browser", "client, browser, unit, first_ms", "itii", 3 },
	{ "usage", "seq, time_ms, owner, login, body", "iittb", 1 },
	{ "usage_block", "block, first_ms, last_ms", "iii", 1 },
	{ "proof", "seq, proof", "it", 1 },
	{ "answer", "device, key, request, kept_ms, err, tries, sealed", "ibbitit", 2 },
	{ "refusal", "source, event, reason, day, n", "tttii", 3 },
	{ "catalogue", "version", "i", 1 },
	{ "chore", "name", "t", 1 },
};
#define TABLES UP_ARRAY_LEN(tables)

/* A new database has a row here already; it gives way. */
#define FILLED "catalogue"

const struct up_copy_table *up_copy_tables(size_t *n)
{
	*n = TABLES;
	return tables;
}

/* --- texts --- */

/* The statements of table I begin at I * TEXTS. */
enum { FIRST, NEXT, INSERT, COUNT, TEXTS };

struct texts { char *text[TABLES * TEXTS]; };

static void put_parameters(struct up_buf *b, int n)
{
	for (int i = 1; i <= n; i++)
		up_buf_printf(b, "%s?%d", i > 1 ? ", " : "", i);
}

/* The names of the first N columns. */
static void put_columns(struct up_buf *b, const struct up_copy_table *t, int n)
{
	const char *end = t->columns;

	for (int i = 0; end != NULL && i < n; i++)
		end = strchr(end + (i > 0), ',');
	up_buf_put(b, t->columns, end != NULL ? (size_t)(end - t->columns) : strlen(t->columns));
}

static void put_text(struct up_buf *b, const struct up_copy_table *t, int kind)
{
	if (kind == COUNT) {
		up_buf_printf(b, "SELECT count(*) FROM %s", t->name);
		return;
	}
	if (kind == INSERT) {
		up_buf_printf(b, "INSERT INTO %s (%s) VALUES (", t->name, t->columns);
		put_parameters(b, (int)strlen(t->types));
		up_buf_put_char(b, ')');
		return;
	}
	up_buf_printf(b, "SELECT %s FROM %s", t->columns, t->name);
	if (kind == NEXT) {
		up_buf_put_str(b, " WHERE (");
		put_columns(b, t, t->key);
		up_buf_put_str(b, ") > (");
		put_parameters(b, t->key);
		up_buf_put_char(b, ')');
	}
	up_buf_put_str(b, " ORDER BY ");
	put_columns(b, t, t->key);
	up_buf_printf(b, " LIMIT %d", PAGE);
}

static bool make_texts(struct texts *texts)
{
	bool made = true;

	for (size_t i = 0; i < TABLES * TEXTS; i++) {
		struct up_buf b = { 0 };

		put_text(&b, &tables[i / TEXTS], (int)(i % TEXTS));
		texts->text[i] = b.failed ? NULL : up_span_dup(up_buf_span(&b));
		made = made && texts->text[i] != NULL;
		up_buf_free(&b);
	}
	return made;
}

static void free_texts(struct texts *texts)
{
	for (size_t i = 0; i < TABLES * TEXTS; i++)
		free(texts->text[i]);
}

/* --- a walk through a table in the order of its key --- */

struct walk {
	struct up_db *db;
	size_t table;
	struct up_db_rows *rows;
	bool row;
	int in_page;
	struct up_buf key[KEY_MAX];      /* of the last row of a page */
};

static struct up_db_arg column(const struct up_db_rows *rows, char type, int i)
{
	struct up_db_arg a;

	if (type == 'i')
		a = up_db_int(up_db_column_int(rows, i));
	else if (type == 't')
		a = up_db_text(up_db_column(rows, i));
	else
		a = up_db_blob("", 0);
	if (type == 'b')
		a.s = up_db_column(rows, i);
	a.is_null = up_db_column_null(rows, i);
	return a;
}

static enum up_err walk_begin(struct walk *w, struct up_db *db, size_t table)
{
	*w = (struct walk){ .db = db, .table = table };
	return up_db_first(
	    db, (unsigned)(table * TEXTS + FIRST), NULL, 0, &w->rows, &w->row);
}

static void walk_end(struct walk *w)
{
	up_db_end(&w->rows);
	for (int i = 0; i < KEY_MAX; i++)
		up_buf_free(&w->key[i]);
}

/* The row's key goes with its page: keep it. */
static enum up_err next_page(struct walk *w)
{
	const struct up_copy_table *t = &tables[w->table];
	struct up_db_arg args[KEY_MAX];

	for (int i = 0; i < t->key; i++) {
		args[i] = column(w->rows, t->types[i], i);
		up_buf_reset(&w->key[i]);
		up_buf_put_span(&w->key[i], args[i].s);
		if (w->key[i].failed)
			return UP_E_NOMEM;
		args[i].s = up_buf_span(&w->key[i]);
	}
	up_db_end(&w->rows);
	w->in_page = 0;
	return up_db_first(w->db, (unsigned)(w->table * TEXTS + NEXT), args, (size_t)t->key,
	    &w->rows, &w->row);
}

static enum up_err walk_on(struct walk *w)
{
	return ++w->in_page == PAGE ? next_page(w) : up_db_next(w->rows, &w->row);
}

/* --- the steps --- */

struct run {
	struct up_copy *copy;
	struct up_db *from, *to;
	char *why;
};

/* UP_E_STORE: what DB said stands in why. */
static enum up_err explain(const struct run *r, enum up_err err, const struct up_db *db,
    const char *table)
{
	if (err == UP_E_STORE && r->why[0] == '\0')
		snprintf(r->why, 256, "table %s: %s", table, up_db_message(db));
	return err;
}

static enum up_err count(struct up_db *db, size_t table, int64_t *n)
{
	struct up_db_rows *rows;
	bool row;
	enum up_err err =
	    up_db_first(db, (unsigned)(table * TEXTS + COUNT), NULL, 0, &rows, &row);

	*n = err == UP_OK && row ? up_db_column_int(rows, 0) : 0;
	up_db_end(&rows);
	return err;
}

static void tell(const struct run *r, size_t table, int64_t done, int64_t total, bool comparing)
{
	if (r->copy->tell != NULL && (done % PAGE == 0 || done == total))
		r->copy->tell(r->copy->arg, tables[table].name, done, total, comparing);
}

static enum up_err check_empty(const struct run *r)
{
	for (size_t i = 0; i < TABLES; i++) {
		int64_t n = 0;
		enum up_err err = strcmp(tables[i].name, FILLED) == 0 ? UP_OK
								      : count(r->to, i, &n);

		if (err != UP_OK)
			return explain(r, err, r->to, tables[i].name);
		if (n > 0) {
			snprintf(r->why, 256, "the target is not empty: table %s has %lld rows",
			    tables[i].name, (long long)n);
			return UP_E_STATE;
		}
	}
	return explain(r, up_db_script(r->to, "DELETE FROM " FILLED), r->to, FILLED);
}

static enum up_err put_row(const struct run *r, size_t table, const struct up_db_rows *rows)
{
	const char *types = tables[table].types;
	struct up_db_arg args[COLUMNS_MAX];
	int n = (int)strlen(types);

	for (int i = 0; i < n; i++)
		args[i] = column(rows, types[i], i);
	return up_db_run_one(
	    r->to, (unsigned)(table * TEXTS + INSERT), args, (size_t)n);
}

static enum up_err copy_table(const struct run *r, size_t table)
{
	const char *name = tables[table].name;
	int64_t done = 0, total;
	struct walk w = { 0 };
	enum up_err err = explain(r, count(r->from, table, &total), r->from, name);

	if (err == UP_OK)
		err = explain(r, walk_begin(&w, r->from, table), r->from, name);
	if (err == UP_OK && !w.row)
		tell(r, table, 0, 0, false);
	while (err == UP_OK && w.row) {
		err = explain(r, put_row(r, table, w.rows), r->to, name);
		if (err == UP_OK)
			err = explain(r, walk_on(&w), r->from, name);
		tell(r, table, ++done, total, false);
	}
	walk_end(&w);
	return err;
}

static bool same_row(size_t table, const struct up_db_rows *a, const struct up_db_rows *b)
{
	const char *types = tables[table].types;

	for (int i = 0; types[i] != '\0'; i++) {
		struct up_db_arg x = column(a, types[i], i), y = column(b, types[i], i);

		if (x.is_null != y.is_null || x.i != y.i || !up_span_eq(x.s, y.s))
			return false;
	}
	return true;
}

static enum up_err differ(const struct run *r, size_t table, int64_t row)
{
	snprintf(r->why, 256, "table %s: row %lld of the copy is not as in the source",
	    tables[table].name, (long long)row);
	return UP_E_STORE;
}

static enum up_err compare_table(const struct run *r, size_t table)
{
	const char *name = tables[table].name;
	struct walk a = { 0 }, b = { 0 };
	int64_t done = 0, total;
	enum up_err err = explain(r, count(r->to, table, &total), r->to, name);

	if (err == UP_OK)
		err = explain(r, walk_begin(&a, r->from, table), r->from, name);
	if (err == UP_OK)
		err = explain(r, walk_begin(&b, r->to, table), r->to, name);
	if (err == UP_OK && !b.row)
		tell(r, table, 0, 0, true);
	while (err == UP_OK && a.row && b.row) {
		done++;
		if (!same_row(table, a.rows, b.rows))
			err = differ(r, table, done);
		if (err == UP_OK)
			err = explain(r, walk_on(&a), r->from, name);
		if (err == UP_OK)
			err = explain(r, walk_on(&b), r->to, name);
		tell(r, table, done, total, true);
	}
	if (err == UP_OK && (a.row || b.row || done != total))
		err = differ(r, table, done + 1);
	walk_end(&a);
	walk_end(&b);
	r->copy->rows += done;
	return err;
}

/* What lies in the clear would lie so in the target's files too. */
static enum up_err check_sealed(const struct run *r)
{
	int64_t clear = 0;
	enum up_err err =
	    up_db_number(r->from, "SELECT count(*) FROM person WHERE key_id = ''", &clear);

	if (err != UP_OK)
		return explain(r, err, r->from, "person");
	if (clear == 0)
		return UP_OK;
	snprintf(r->why, 256, "the data of %lld persons are not sealed yet", (long long)clear);
	return UP_E_KEY;
}

static enum up_err copy_all(const struct run *r)
{
	const char *after = up_schema_of(r->to)->after_copy;
	enum up_err err = check_sealed(r);

	if (err == UP_OK)
		err = check_empty(r);
	for (size_t i = 0; err == UP_OK && i < TABLES; i++)
		err = copy_table(r, i);
	for (size_t i = 0; err == UP_OK && i < TABLES; i++)
		err = compare_table(r, i);
	if (err == UP_OK && after != NULL)
		err = explain(r, up_db_script(r->to, after), r->to, "(numbers)");
	return err;
}

/* The locks of both, so that nobody writes meanwhile. The source keeps nothing of it. */
static enum up_err locked(const struct run *r)
{
	enum up_err err = up_db_begin(r->from);

	if (err != UP_OK) {
		snprintf(r->why, 256, "the source is in use: %s", up_db_message(r->from));
		return err;
	}
	err = up_db_begin(r->to);
	if (err != UP_OK)
		snprintf(r->why, 256, "the target is in use: %s", up_db_message(r->to));
	if (err == UP_OK) {
		err = copy_all(r);
		if (err == UP_OK)
			err = explain(r, up_db_commit(r->to), r->to, "(commit)");
		else
			up_db_rollback(r->to);
	}
	up_db_rollback(r->from);
	return err;
}

static enum up_err open_one(
    struct up_db_settings set, const struct texts *texts, struct up_db **out, char why[256])
{
	enum up_err err;

	set.texts = (const char *const *)texts->text;
	set.n_texts = TABLES * TEXTS;
	err = up_db_open(&set, out, why);
	return err == UP_OK ? up_schema_migrate(*out, up_schema_of(*out), why) : err;
}

enum up_err up_copy_run(struct up_copy *copy, char why[256])
{
	struct run r = { .copy = copy, .why = why };
	struct texts texts;
	enum up_err err;

	copy->rows = 0;
	why[0] = '\0';
	err = make_texts(&texts) ? UP_OK : UP_E_NOMEM;
	if (err == UP_OK)
		err = open_one(copy->from, &texts, &r.from, why);
	if (err == UP_OK)
		err = open_one(copy->to, &texts, &r.to, why);
	if (err == UP_OK)
		err = locked(&r);
	up_db_close(&r.from);
	up_db_close(&r.to);
	free_texts(&texts);
	if (err == UP_E_NOMEM && why[0] == '\0')
		snprintf(why, 256, "no memory");
	return err;
}
