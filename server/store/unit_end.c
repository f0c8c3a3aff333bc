/* SPDX-License-Identifier: Apache-2.0
 * An administrator ends a unit, or one of its holders, with all that stands on them (rules 13, 28).
 */
#include "server/store/edge.h"

/* The edges that STATEMENT gives for KEY. */
static enum up_err gather(struct up_act *a, enum up_sql statement, struct up_db_arg key,
    struct up_edge_ends *ends)
{
	struct up_db_rows *rows;
	bool row;
	enum up_err err = up_db_first(a->tx->db, statement, &key, 1, &rows, &row);

	while (err == UP_OK && row) {
		err = up_edge_end_add(a, ends, up_db_column_int(rows, 0));
		if (err == UP_OK)
			err = up_db_next(rows, &row);
	}
	up_db_end(&rows);
	return err;
}

/* --- up_op_unit_cancel --- */

static enum up_err find_unit(struct up_act *a, struct up_span code, int64_t *unit)
{
	const struct up_db_arg arg = up_db_text(code);
	struct up_db_rows *rows;
	bool row;
	enum up_err err = up_db_first(a->tx->db, UP_SQL_UNIT_VIEW, &arg, 1, &rows, &row);

	up_act_judge(a, row, UP_E_NOT_FOUND);
	if (err == UP_OK && row) {
		*unit = up_db_column_int(rows, 0);
		up_act_judge(a, up_db_column_int(rows, 2) != 0, UP_E_STATE);
		a->record.unit_code = code;
		a->record.unit_name = up_act_keep(a, up_db_column(rows, 1));
		a->record.certificate = up_act_keep(a, up_db_column(rows, 3));
		a->record.certificate_version = up_db_column_int(rows, 4);
	}
	up_db_end(&rows);
	return err;
}

static enum up_err end_unit(struct up_act *a, int64_t unit)
{
	const struct up_db_arg args[] = { up_db_int(unit), up_db_int(a->op->now_ms) };
	enum up_err err = up_db_run(
	    a->tx->db, UP_SQL_CERTIFICATE_END, args, UP_ARRAY_LEN(args), NULL);

	if (err == UP_OK)
		err = up_db_run_one(a->tx->db, UP_SQL_UNIT_END, args, UP_ARRAY_LEN(args));
	a->record.before = UP_SPAN_LIT("{\"status\":\"live\"}");
	a->record.after = UP_SPAN_LIT("{\"status\":\"ended\"}");
	return err;
}

enum up_err up_act_unit_cancel(struct up_act *a)
{
	struct up_op_unit_cancel *ask = (void *)a->op;
	struct up_edge_ends ends = { 0 };
	int64_t unit = 0;
	enum up_err err = find_unit(a, ask->code, &unit);

	if (err == UP_OK && a->merit == UP_OK)
		err = gather(a, UP_SQL_UNIT_TOPS, up_db_int(unit), &ends);
	if (err == UP_OK && a->merit == UP_OK)
		err = up_edge_end_all(a, &ends, false);
	if (err == UP_OK && a->merit == UP_OK)
		err = end_unit(a, unit);
	ask->out_roles = ends.n;
	up_edge_ends_free(&ends);
	return err;
}

/* --- up_op_holder_end --- */

/* Whose holder this is; a stranger's reference is nobody's. */
static enum up_err find_holder(struct up_act *a, struct up_span ref)
{
	const struct up_db_arg arg = up_db_text(ref);
	struct up_db_rows *rows;
	bool row;
	enum up_err err = up_db_first(a->tx->db, UP_SQL_HOLDER_VIEW, &arg, 1, &rows, &row);

	up_act_judge(a, row, UP_E_NOT_FOUND);
	if (err == UP_OK && row) {
		a->record.unit_code = up_act_keep(a, up_db_column(rows, 0));
		a->record.unit_name = up_act_keep(a, up_db_column(rows, 1));
		a->record.certificate = up_act_keep(a, up_db_column(rows, 2));
		a->record.certificate_version = up_db_column_int(rows, 3);
	}
	up_db_end(&rows);
	return err;
}

enum up_err up_act_holder_end(struct up_act *a)
{
	struct up_op_holder_end *ask = (void *)a->op;
	struct up_edge_ends ends = { 0 };
	enum up_err err = find_holder(a, ask->ref);

	if (err == UP_OK && a->merit == UP_OK)
		err = gather(a, UP_SQL_EDGES_OF_REF, up_db_text(ask->ref), &ends);
	up_act_judge(a, ends.n > 0, UP_E_STATE);
	if (err == UP_OK && a->merit == UP_OK) {
		a->told = true;
		err = up_edge_end_all(a, &ends, true);
	}
	ask->out_roles = ends.n;
	up_edge_ends_free(&ends);
	return err;
}
