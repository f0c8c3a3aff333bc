/* SPDX-License-Identifier: Apache-2.0
 * Ending a phone from the command line (rule 28): its key, and with it what stands on the key. */
#include "server/store/change.h"
#include "server/store/rows.h"

struct end {
	struct up_span ref;
	int64_t now_ms, device;
	char person_ref[UP_STORE_REF + 1], person[64];
	unsigned recorded;
};

static enum up_err find(struct up_tx *tx, struct end *x)
{
	const struct up_db_arg arg = up_db_text(x->ref);
	struct up_db_rows *rows;
	bool row;
	enum up_err e = up_db_first(tx->db, UP_SQL_DEVICE_VIEW, &arg, 1, &rows, &row);

	if (e == UP_OK && !row)
		e = UP_E_NOT_FOUND;
	if (e == UP_OK) {
		x->device = up_db_column_int(rows, 0);
		up_rows_copy_ref(rows, 2, x->person_ref);
		up_rows_copy(rows, 3, x->person, sizeof(x->person));
		e = up_db_column_int(rows, 1) != 0 ? UP_OK : UP_E_STATE;
	}
	up_db_end(&rows);
	return e;
}

/* ROW: a role that the phone holds, or NULL. */
static enum up_err record(struct up_tx *tx, struct end *x, struct up_db_rows *row)
{
	struct up_record rec = {.event = UP_SPAN_LIT("device.end"),
	    .device = x->ref,
	    .person_ref = up_span_str(x->person_ref),
	    .person_name = up_span_str(x->person),
	    .before = UP_SPAN_LIT("{\"status\":\"live\"}"),
	    .after = UP_SPAN_LIT("{\"status\":\"ended\"}")};

	if (row != NULL) {
		rec.unit_code = up_db_column(row, 0);
		rec.unit_name = up_db_column(row, 1);
		rec.holder_ref = up_db_column(row, 2);
		rec.role = up_db_column(row, 3);
		rec.certificate = up_db_column(row, 4);
		rec.certificate_version = up_db_column_int(row, 5);
	}
	x->recorded++;
	return up_change_record(tx, &rec, x->now_ms);
}

/* One record for each unit in which the phone holds a role, so that each finds it among its own; at
 * least one. */
static enum up_err record_all(struct up_tx *tx, struct end *x)
{
	const struct up_db_arg arg = up_db_int(x->device);
	struct up_db_rows *rows;
	bool row;
	enum up_err e = up_db_first(tx->db, UP_SQL_DEVICE_ROLES, &arg, 1, &rows, &row);

	x->recorded = 0;
	while (e == UP_OK && row) {
		e = record(tx, x, rows);
		if (e == UP_OK)
			e = up_db_next(rows, &row);
	}
	up_db_end(&rows);
	return e == UP_OK && x->recorded == 0 ? record(tx, x, NULL) : e;
}

static enum up_err end(struct up_tx *tx, void *arg)
{
	struct end *x = arg;
	enum up_err e = find(tx, x);
	const struct up_db_arg args[] = {up_db_int(x->device), up_db_int(x->now_ms)};

	if (e == UP_OK)
		e = up_db_run_one(tx->db, UP_SQL_DEVICE_END, args, UP_ARRAY_LEN(args));
	return e == UP_OK ? record_all(tx, x) : e;
}

enum up_err up_store_device_end(struct up_store *s, struct up_span ref, int64_t now_ms)
{
	struct end x = { .ref = ref, .now_ms = now_ms };

	return up_tx_write(s, end, &x);
}
