/* SPDX-License-Identifier: Apache-2.0
 * Ending a phone from the command line (rule 28): its key, and with it what stands on the key. */
#include <stdio.h>

#include "server/store/change.h"
#include "server/store/rows.h"

struct end {
	struct up_span ref;
	int64_t now_ms, device;
	char person_ref[UP_STORE_REF + 1], person[64];
	unsigned recorded;
};

static enum up_err find(struct up_sqlite *c, struct end *x)
{
	const struct up_sqlite_arg arg = up_sqlite_text(x->ref);
	sqlite3_stmt *st;
	bool row;
	enum up_err e = up_sqlite_first(c, UP_SQL_DEVICE_VIEW, &arg, 1, &st, &row);

	if (e == UP_OK && !row)
		e = UP_E_NOT_FOUND;
	if (e == UP_OK) {
		x->device = sqlite3_column_int64(st, 0);
		up_rows_copy_ref(st, 2, x->person_ref);
		snprintf(
		    x->person, sizeof(x->person), "%s", (const char *)sqlite3_column_text(st, 3));
		e = sqlite3_column_int(st, 1) != 0 ? UP_OK : UP_E_STATE;
	}
	up_sqlite_end(&st);
	return e;
}

/* ROW: a role that the phone holds, or NULL. */
static enum up_err record(struct up_sqlite *c, struct end *x, sqlite3_stmt *row)
{
	struct up_record rec = {.event = UP_SPAN_LIT("device.end"),
	    .device = x->ref,
	    .person_ref = up_span_str(x->person_ref),
	    .person_name = up_span_str(x->person),
	    .before = UP_SPAN_LIT("{\"status\":\"live\"}"),
	    .after = UP_SPAN_LIT("{\"status\":\"ended\"}")};

	if (row != NULL) {
		rec.unit_code = up_sqlite_column(row, 0);
		rec.unit_name = up_sqlite_column(row, 1);
		rec.holder_ref = up_sqlite_column(row, 2);
		rec.role = up_sqlite_column(row, 3);
		rec.certificate = up_sqlite_column(row, 4);
		rec.certificate_version = sqlite3_column_int64(row, 5);
	}
	x->recorded++;
	return up_change_record(c, &rec, x->now_ms);
}

/* One record for each unit in which the phone holds a role, so that each finds it among its own; at
 * least one. */
static enum up_err record_all(struct up_sqlite *c, struct end *x)
{
	const struct up_sqlite_arg arg = up_sqlite_int(x->device);
	sqlite3_stmt *st;
	bool row;
	enum up_err e = up_sqlite_first(c, UP_SQL_DEVICE_ROLES, &arg, 1, &st, &row);

	while (e == UP_OK && row) {
		e = record(c, x, st);
		if (e == UP_OK)
			e = up_sqlite_next(c, st, &row);
	}
	up_sqlite_end(&st);
	return e == UP_OK && x->recorded == 0 ? record(c, x, NULL) : e;
}

static enum up_err end(struct up_sqlite *c, void *arg)
{
	struct end *x = arg;
	enum up_err e = find(c, x);
	const struct up_sqlite_arg args[] = { up_sqlite_int(x->device), up_sqlite_int(x->now_ms) };

	if (e == UP_OK)
		e = up_sqlite_run_one(c, UP_SQL_DEVICE_END, args, UP_ARRAY_LEN(args));
	return e == UP_OK ? record_all(c, x) : e;
}

enum up_err up_store_device_end(struct up_store *s, struct up_span ref, int64_t now_ms)
{
	struct end x = { .ref = ref, .now_ms = now_ms };

	return up_sqlite_write(s, end, &x);
}
