/* SPDX-License-Identifier: Apache-2.0
 * The catalogue of items that portals register. */
#include "server/store/act.h"

enum up_err up_act_item(struct up_act *a)
{
	const struct up_op_item *put = (void *)a->op;
	struct up_act_client found;
	bool taken = false;
	enum up_err err = up_act_read_client(a, put->client, &found);

	if (err == UP_OK)
		err = up_act_exists(a, UP_SQL_ITEM, put->code, &taken, NULL);
	if (err != UP_OK)
		return err;
	up_act_judge(a, found.standing, UP_E_CLIENT);
	up_act_judge(a, !taken, UP_E_STATE);
	if (a->merit != UP_OK)
		return UP_OK;

	const struct up_db_arg args[] = {up_db_text(put->code), up_db_text(put->name),
	    up_db_int(found.number), up_db_int(a->op->now_ms)};

	a->record.item = put->code;
	a->record.after = up_act_word(a, "name", put->name);
	err = up_db_run_one(a->tx->db, UP_SQL_ITEM_ADD, args, UP_ARRAY_LEN(args));
	/* servers that run look at it, and read the catalogue again */
	return err == UP_OK ? up_db_run_one(a->tx->db, UP_SQL_CATALOGUE_NEXT, NULL, 0) : err;
}

enum up_err up_act_item_end(struct up_act *a)
{
	const struct up_op_item_end *end = (void *)a->op;
	const struct up_db_arg args[] = { up_db_text(end->code), up_db_int(a->op->now_ms) };
	struct up_db_rows *rows;
	bool row;
	enum up_err err = up_db_first(a->tx->db, UP_SQL_ITEM_VIEW, args, 1, &rows, &row);

	if (err == UP_OK && row) {
		a->record.before = up_act_word(a, "name", up_db_column(rows, 0));
		a->record.client = up_act_keep(a, up_db_column(rows, 1));
		a->record.client_name = up_act_keep(a, up_db_column(rows, 2));
		a->record.client_origin = up_act_keep(a, up_db_column(rows, 3));
		up_act_judge(a, up_db_column_int(rows, 4) != 0, UP_E_STATE);
	}
	up_db_end(&rows);
	up_act_judge(a, row, UP_E_NOT_FOUND);
	if (err != UP_OK || a->merit != UP_OK)
		return err;
	a->record.item = end->code;
	a->record.after = UP_SPAN_LIT("{\"status\":\"ended\"}");
	return up_db_run_one(a->tx->db, UP_SQL_ITEM_END, args, UP_ARRAY_LEN(args));
}
