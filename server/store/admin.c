/* SPDX-License-Identifier: Apache-2.0
 * What unitpassctl puts in: authorities, units with their certificates. Each change leaves its
 * record. */
#include <string.h>

#include "server/store/change.h"

/* Is there a row? *ID (may be NULL) is its first column. */
static enum up_err exists(
    struct up_tx *tx, enum up_sql id, struct up_span key, bool *found, int64_t *number)
{
	const struct up_db_arg arg = up_db_text(key);
	struct up_db_rows *rows;
	enum up_err e = up_db_first(tx->db, id, &arg, 1, &rows, found);

	if (e == UP_OK && *found && number != NULL)
		*number = up_db_column_int(rows, 0);
	up_db_end(&rows);
	return e;
}

/* --- units --- */

struct units { const struct up_unit_row *rows; size_t n; int64_t now_ms; size_t added, bad; };

static bool same_unit(struct up_db_rows *rows, const struct up_unit_row *r)
{
	return up_db_column_int(rows, 1) != 0 && up_span_eq(up_db_column(rows, 2), r->name) &&
	       up_span_eq(up_db_column(rows, 3), r->authority) &&
	       up_span_eq(up_db_column(rows, 4), r->certificate) &&
	       up_span_eq(up_db_column(rows, 6), r->fields) &&
	       up_db_column_int(rows, 7) == r->valid_from_s &&
	       up_db_column_int(rows, 8) == r->valid_to_s;
}

static enum up_err record_unit(struct up_tx *tx, const struct up_unit_row *r, int64_t now_ms)
{
	struct up_record rec = {.event = UP_SPAN_LIT("unit.add"),
	    .unit_code = r->code,
	    .unit_name = r->name,
	    .certificate = r->certificate,
	    .certificate_version = 1};
	struct up_buf after = { 0 };
	enum up_err e;

	up_change_word(&after, "authority", r->authority);
	rec.after = up_buf_span(&after);
	e = after.failed ? UP_E_NOMEM : up_change_record(tx, &rec, now_ms);
	up_buf_free(&after);
	return e;
}

static enum up_err add_unit(struct up_tx *tx, const struct up_unit_row *r, int64_t now_ms)
{
	int64_t authority = 0;
	bool known, taken;
	enum up_err e = exists(tx, UP_SQL_AUTHORITY, r->authority, &known, &authority);

	if (e == UP_OK && !known)
		return UP_E_NOT_FOUND;
	if (e == UP_OK)
		e = exists(tx, UP_SQL_CERTIFICATE_TAKEN, r->certificate, &taken, NULL);
	if (e == UP_OK && taken)
		return UP_E_STATE;
	if (e != UP_OK)
		return e;

	const struct up_db_arg row[] = {
	    up_db_text(r->code), up_db_text(r->name), up_db_int(authority), up_db_int(now_ms)};
	int64_t unit;

	e = up_db_add(tx->db, UP_SQL_UNIT_ADD, row, UP_ARRAY_LEN(row), &unit);
	if (e != UP_OK)
		return e;

	const struct up_db_arg certificate[] = {
	    up_db_int(unit),
	    up_db_text(r->certificate),
	    up_db_int(r->valid_from_s),
	    up_db_int(r->valid_to_s),
	    up_db_text(r->fields),
	    up_db_int(now_ms),
	};

	e = up_db_run_one(tx->db, UP_SQL_CERTIFICATE_ADD, certificate, UP_ARRAY_LEN(certificate));
	return e == UP_OK ? record_unit(tx, r, now_ms) : e;
}

static enum up_err put_unit(
    struct up_tx *tx, const struct up_unit_row *r, int64_t now_ms, size_t *added)
{
	const struct up_db_arg arg = up_db_text(r->code);
	struct up_db_rows *rows;
	bool row, same;
	enum up_err e;

	if (r->code.n == 0 || r->name.n == 0 || r->certificate.n == 0)
		return UP_E_FORMAT;
	if (r->valid_from_s > r->valid_to_s)
		return UP_E_RANGE;
	e = up_db_first(tx->db, UP_SQL_UNIT, &arg, 1, &rows, &row);
	same = e == UP_OK && row && same_unit(rows, r);
	up_db_end(&rows);
	if (e != UP_OK || same)
		return e;
	if (row)
		return UP_E_STATE;
	e = add_unit(tx, r, now_ms);
	*added += e == UP_OK;
	return e;
}

static enum up_err put_units(struct up_tx *tx, void *arg)
{
	struct units *u = arg;
	enum up_err e = UP_OK;

	u->added = 0;
	for (size_t i = 0; e == UP_OK && i < u->n; i++) {
		u->bad = i;
		e = put_unit(tx, &u->rows[i], u->now_ms, &u->added);
	}
	return e;
}

enum up_err up_store_units_put(struct up_store *s, const struct up_unit_row *rows, size_t n, int64_t now_ms, size_t *added, size_t *bad)
{
	struct units u = { .rows = rows, .n = n, .now_ms = now_ms };
	enum up_err e = up_tx_write(s, put_units, &u);

	*added = e == UP_OK ? u.added : 0;
	*bad = u.bad;
	return e;
}

/* --- authorities --- */

struct authority { struct up_span code, name; int64_t now_ms; };

/* Added, or another name; the same name again changes nothing. */
static enum up_err put_authority(struct up_tx *tx, void *arg)
{
	const struct authority *r = arg;
	const struct up_db_arg args[] = {
	    up_db_text(r->code), up_db_text(r->name), up_db_int(r->now_ms)};
	struct up_record rec = { .event = UP_SPAN_LIT("authority.add") };
	struct up_buf before = { 0 }, after = { 0 };
	struct up_json_put j = { .b = &after };
	struct up_db_rows *rows;
	bool row, same;
	enum up_err e = up_db_first(tx->db, UP_SQL_AUTHORITY, args, 1, &rows, &row);

	same = e == UP_OK && row && up_span_eq(up_db_column(rows, 1), r->name);
	if (e == UP_OK && row) {
		rec.event = UP_SPAN_LIT("authority.change");
		up_change_word(&before, "name", up_db_column(rows, 1));
	}
	up_db_end(&rows);
	if (e == UP_OK && !same) {
		up_json_put_object(&j, NULL);
		up_json_put_text(&j, "code", r->code);
		up_json_put_text(&j, "name", r->name);
		up_json_put_end(&j);
		rec.before = up_buf_span(&before);
		rec.after = up_buf_span(&after);
		e = before.failed || after.failed
			? UP_E_NOMEM
			: up_db_run_one(tx->db, UP_SQL_AUTHORITY_PUT, args, UP_ARRAY_LEN(args));
	}
	if (e == UP_OK && !same)
		e = up_change_record(tx, &rec, r->now_ms);
	up_buf_free(&before);
	up_buf_free(&after);
	return e;
}

enum up_err up_store_authority_put(struct up_store *s, struct up_span code, struct up_span name, int64_t now_ms)
{
	struct authority r = { .code = code, .name = name, .now_ms = now_ms };

	return up_tx_write(s, put_authority, &r);
}
