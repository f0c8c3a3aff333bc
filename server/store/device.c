/* SPDX-License-Identifier: Apache-2.0
 * An administrator ends a phone (rule 28): its key, and with it what stands on the key. */
#include "server/store/act.h"

static enum up_err find(struct up_act *a, struct up_span ref, int64_t *device)
{
	const struct up_db_arg arg = up_db_text(ref);
	struct up_db_rows *rows;
	bool row;
	enum up_err err = up_db_first(a->tx->db, UP_SQL_DEVICE_VIEW, &arg, 1, &rows, &row);

	if (err == UP_OK && row) {
		*device = up_db_column_int(rows, 0);
		up_act_judge(a, up_db_column_int(rows, 1) != 0, UP_E_STATE);
		a->record.person_ref = up_act_keep(a, up_db_column(rows, 2));
		a->record.person_name = up_act_keep(a, up_db_column(rows, 3));
	}
	up_act_judge(a, row, UP_E_NOT_FOUND);
	up_db_end(&rows);
	return err;
}

/* One record for each unit in which the phone holds a role, so that each finds it among its own;
 * without any, there is one left to append. */
static enum up_err record_units(struct up_act *a, int64_t device)
{
	const struct up_db_arg arg = up_db_int(device);
	struct up_db_rows *rows;
	bool row;
	enum up_err err = up_db_first(a->tx->db, UP_SQL_DEVICE_ROLES, &arg, 1, &rows, &row);

	while (err == UP_OK && row && a->merit == UP_OK) {
		a->told = true;
		a->record.unit_code = up_db_column(rows, 0);
		a->record.unit_name = up_db_column(rows, 1);
		a->record.holder_ref = up_db_column(rows, 2);
		a->record.role = up_db_column(rows, 3);
		a->record.certificate = up_db_column(rows, 4);
		a->record.certificate_version = up_db_column_int(rows, 5);
		err = up_act_append(a);
		if (err == UP_OK)
			err = up_db_next(rows, &row);
	}
	up_db_end(&rows);
	return err;
}

enum up_err up_act_device_end(struct up_act *a)
{
	const struct up_op_device_end *end = (void *)a->op;
	int64_t device = 0;
	enum up_err err = find(a, end->ref, &device);
	const struct up_db_arg args[] = {up_db_int(device), up_db_int(a->op->now_ms)};

	if (err != UP_OK || a->merit != UP_OK)
		return err;
	a->record.device = end->ref;
	a->record.before = UP_SPAN_LIT("{\"status\":\"live\"}");
	a->record.after = UP_SPAN_LIT("{\"status\":\"ended\"}");
	err = up_db_run_one(a->tx->db, UP_SQL_DEVICE_END, args, UP_ARRAY_LEN(args));
	return err == UP_OK ? record_units(a, device) : err;
}
