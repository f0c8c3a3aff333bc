/* SPDX-License-Identifier: Apache-2.0
 * An administrator, or a holder, ends a phone (rule 28): its key, and with it what stands on the
 * key. */
#include <string.h>

#include "server/store/edge.h"

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

/* --- by a holder: up_op_phone_end --- */

struct phone {
	int64_t id;                      /* 0: there is none */
	bool live;
	char person[UP_STORE_REF + 1], masked[64];
	char user[UP_STORE_REF + 1];     /* the holder's reference in the acting unit, or "" */
};

static enum up_err view(struct up_act *a, struct up_span ref, struct phone *out)
{
	const struct up_db_arg arg = up_db_text(ref);
	struct up_db_rows *rows;
	bool row;
	enum up_err err = up_db_first(a->tx->db, UP_SQL_DEVICE_VIEW, &arg, 1, &rows, &row);

	memset(out, 0, sizeof(*out));
	if (err == UP_OK && row) {
		out->id = up_db_column_int(rows, 0);
		out->live = up_db_column_int(rows, 1) != 0;
		up_rows_copy_ref(rows, 2, out->person);
		up_rows_copy(rows, 3, out->masked, sizeof(out->masked));
	}
	up_db_end(&rows);
	return err;
}

/* The one in her hand, or one on which she holds an edge of this unit. That it is the same person's
 * is not enough: another unit may have taken somebody for her. */
static enum up_err find_own(struct up_act *a, const struct phone *phone, bool *own)
{
	const struct up_db_arg key = up_db_int(phone->id);
	struct up_rows_target target;
	struct up_db_rows *rows;
	bool row;
	enum up_err err;

	*own = phone->id != 0 && phone->id == a->device.device.id;
	if (*own || a->found.role == NULL)
		return UP_OK;
	err = up_db_first(a->tx->db, UP_SQL_EDGES_ON_PHONE, &key, 1, &rows, &row);
	while (err == UP_OK && row && !*own) {
		up_rows_target(rows, &target);
		*own = target.edge.holder == a->found.role->edge.holder;
		err = up_db_next(rows, &row);
	}
	up_db_end(&rows);
	return err;
}

/* Her own, or one with an edge whose phone she may end. */
static enum up_err judge(struct up_act *a, const struct phone *phone)
{
	const struct up_edge_asked asked = {
	    UP_USE_END_PHONE, UP_SQL_EDGES_ON_PHONE, up_db_int(phone->id), UP_ROLES};
	struct up_rows_target target;
	bool own;
	size_t n;
	enum up_err err = find_own(a, phone, &own);

	if (err != UP_OK)
		return err;
	if (!own)
		return up_edge_targets(a, &asked, &target, 1, &n);
	up_edge_may(a, UP_USE_END_OWN_PHONE);
	return UP_OK;
}

/* Another unit is told that its holder's phone ended, not by whom. */
static enum up_err tell_unit(struct up_act *a, const struct up_db_rows *rows,
    const struct phone *phone, struct up_span ref)
{
	const struct up_record mine = a->record;
	struct up_edge_change change = {
	    .event = "device.end", .before = UP_SPAN_LIT("{\"status\":\"live\"}"),
	    .after = UP_SPAN_LIT("{\"status\":\"ended\"}") };
	enum up_err err;

	a->record.unit_code = up_db_column(rows, 0);
	a->record.unit_name = up_db_column(rows, 1);
	a->record.holder_ref = up_db_column(rows, 2);
	a->record.role = up_db_column(rows, 3);
	a->record.certificate = up_db_column(rows, 4);
	a->record.certificate_version = up_db_column_int(rows, 5);
	a->record.person_ref = up_span_str(phone->person);
	a->record.person_name = up_span_str(phone->masked);
	a->record.device = ref;
	a->record.holder_ip = a->record.assurance = (struct up_span){ NULL, 0 };
	err = up_edge_record(a, &change);
	a->record = mine;
	return err;
}

static enum up_err tell_units(struct up_act *a, struct phone *phone, struct up_span ref)
{
	const struct up_db_arg arg = up_db_int(phone->id);
	struct up_db_rows *rows;
	bool row;
	enum up_err err = up_db_first(a->tx->db, UP_SQL_DEVICE_ROLES, &arg, 1, &rows, &row);

	while (err == UP_OK && row) {
		if (up_span_eq(up_db_column(rows, 0), a->record.unit_code))
			up_rows_copy_ref(rows, 2, phone->user);
		else
			err = tell_unit(a, rows, phone, ref);
		if (err == UP_OK)
			err = up_db_next(rows, &row);
	}
	up_db_end(&rows);
	return err;
}

static enum up_err end_phone(struct up_act *a, struct phone *phone, struct up_span ref)
{
	const struct up_db_arg args[] = { up_db_int(phone->id), up_db_int(a->op->now_ms) };
	struct up_buf *before = up_act_buffer(a);
	char text[UP_STORE_REF + 1];
	enum up_err err = up_db_run_one(a->tx->db, UP_SQL_DEVICE_END, args, UP_ARRAY_LEN(args));

	if (err == UP_OK)
		err = tell_units(a, phone, ref);
	snprintf(text, sizeof(text), "%.*s", (int)ref.n, (const char *)ref.p);
	up_edge_put_phone(before, text, phone->user);
	a->record.before = up_buf_span(before);
	a->record.after = UP_SPAN_LIT("{\"status\":\"ended\"}");
	return err;
}

enum up_err up_act_phone_end(struct up_act *a)
{
	const struct up_op_phone_end *ask = (void *)a->op;
	struct phone phone = { .id = 0 };
	enum up_err err = up_edge_actor(a);

	if (err == UP_OK)
		err = view(a, ask->ref, &phone);
	if (err == UP_OK)
		err = judge(a, &phone);
	if (err == UP_OK)
		err = up_edge_password(a);
	up_act_judge(a, phone.live, UP_E_STATE);
	return err == UP_OK && a->merit == UP_OK ? end_phone(a, &phone, ask->ref) : err;
}
