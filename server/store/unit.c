/* SPDX-License-Identifier: Apache-2.0
 * What unitpassctl puts in: authorities, units with their certificates. */
#include "core/json_put.h"
#include "server/store/act.h"

/* --- units --- */

static bool same_unit(struct up_db_rows *rows, const struct up_unit_row *r)
{
	return up_db_column_int(rows, 1) != 0 && up_span_eq(up_db_column(rows, 2), r->name) &&
	       up_span_eq(up_db_column(rows, 3), r->authority) &&
	       up_span_eq(up_db_column(rows, 4), r->certificate) &&
	       up_span_eq(up_db_column(rows, 6), r->fields) &&
	       up_db_column_int(rows, 7) == r->valid_from_s &&
	       up_db_column_int(rows, 8) == r->valid_to_s;
}

static enum up_err record_unit(struct up_act *a, const struct up_unit_row *r, struct up_buf *after)
{
	struct up_json_put j = { .b = after };

	up_buf_reset(after);
	up_json_put_object(&j, NULL);
	up_json_put_text(&j, "authority", r->authority);
	up_json_put_end(&j);
	a->record.unit_code = r->code;
	a->record.unit_name = r->name;
	a->record.certificate = r->certificate;
	a->record.certificate_version = 1;
	a->record.after = up_buf_span(after);
	return up_act_append(a);
}

static enum up_err insert_unit(struct up_act *a, const struct up_unit_row *r, int64_t authority)
{
	const struct up_db_arg now = up_db_int(a->op->now_ms);
	const struct up_db_arg row[] = {
	    up_db_text(r->code), up_db_text(r->name), up_db_int(authority), now};
	int64_t unit;
	enum up_err err = up_db_add(a->tx->db, UP_SQL_UNIT_ADD, row, UP_ARRAY_LEN(row), &unit);

	if (err != UP_OK)
		return err;

	const struct up_db_arg certificate[] = {
	    up_db_int(unit),
	    up_db_text(r->certificate),
	    up_db_int(r->valid_from_s),
	    up_db_int(r->valid_to_s),
	    up_db_text(r->fields),
	    now,
	};

	return up_db_run_one(
	    a->tx->db, UP_SQL_CERTIFICATE_ADD, certificate, UP_ARRAY_LEN(certificate));
}

static enum up_err add_unit(struct up_act *a, const struct up_unit_row *r, struct up_buf *after)
{
	int64_t authority = 0;
	bool known, taken = false;
	enum up_err err = up_act_exists(a, UP_SQL_AUTHORITY, r->authority, &known, &authority);

	if (err == UP_OK)
		err = up_act_exists(a, UP_SQL_CERTIFICATE_TAKEN, r->certificate, &taken, NULL);
	up_act_judge(a, known, UP_E_NOT_FOUND);
	up_act_judge(a, !taken, UP_E_STATE);
	if (err == UP_OK && a->merit == UP_OK)
		err = insert_unit(a, r, authority);
	return err == UP_OK && a->merit == UP_OK ? record_unit(a, r, after) : err;
}

static enum up_err put_unit(struct up_act *a, const struct up_unit_row *r, struct up_buf *after)
{
	const struct up_db_arg arg = up_db_text(r->code);
	struct up_op_units *u = (void *)a->op;
	struct up_db_rows *rows;
	bool row, same;
	enum up_err err;

	up_act_judge(a, r->code.n > 0 && r->name.n > 0 && r->certificate.n > 0, UP_E_FORMAT);
	up_act_judge(a, r->valid_from_s <= r->valid_to_s, UP_E_RANGE);
	if (a->merit != UP_OK)
		return UP_OK;
	err = up_db_first(a->tx->db, UP_SQL_UNIT, &arg, 1, &rows, &row);
	same = err == UP_OK && row && same_unit(rows, r);
	up_db_end(&rows);
	if (err != UP_OK || same)
		return err;
	up_act_judge(a, !row, UP_E_STATE);
	if (a->merit != UP_OK)
		return UP_OK;
	u->added++;
	return add_unit(a, r, after);
}

enum up_err up_act_units(struct up_act *a)
{
	struct up_op_units *u = (void *)a->op;
	struct up_buf *after = up_act_buffer(a);
	enum up_err err = UP_OK;

	a->told = true;
	for (size_t i = 0; err == UP_OK && a->merit == UP_OK && i < u->n; i++) {
		u->bad = i;
		err = put_unit(a, &u->rows[i], after);
		if (err == UP_OK && a->merit == UP_OK && u->tell != NULL)
			u->tell(u->tell_arg, i + 1);
	}
	if (a->merit != UP_OK)
		u->added = 0;
	return err;
}

/* --- authorities --- */

static struct up_span both(struct up_act *a, const struct up_op_authority *put)
{
	struct up_buf *b = up_act_buffer(a);
	struct up_json_put j = { .b = b };

	up_json_put_object(&j, NULL);
	up_json_put_text(&j, "code", put->code);
	up_json_put_text(&j, "name", put->name);
	up_json_put_end(&j);
	return up_buf_span(b);
}

enum up_err up_act_authority(struct up_act *a)
{
	const struct up_op_authority *put = (void *)a->op;
	const struct up_db_arg args[] = {
	    up_db_text(put->code), up_db_text(put->name), up_db_int(a->op->now_ms)};
	struct up_db_rows *rows;
	bool row;
	enum up_err err = up_db_first(a->tx->db, UP_SQL_AUTHORITY, args, 1, &rows, &row);

	a->told = err == UP_OK && row && up_span_eq(up_db_column(rows, 1), put->name);
	if (err == UP_OK && row)
		a->record.before = up_act_word(a, "name", up_db_column(rows, 1));
	up_db_end(&rows);
	if (err != UP_OK || a->told)
		return err;
	a->record.event = up_span_str(row ? "authority.change" : "authority.add");
	a->record.after = both(a, put);
	return up_db_run_one(a->tx->db, UP_SQL_AUTHORITY_PUT, args, UP_ARRAY_LEN(args));
}
