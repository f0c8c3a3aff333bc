/* SPDX-License-Identifier: Apache-2.0
 * Edges that something is done to: who may do it, and what ends with one (rules 12, 13, 19). */
#include "server/store/edge.h"

#include <stdlib.h>
#include <string.h>

#include "core/json_put.h"
#include "core/room.h"

/* --- who acts, and to whom --- */

enum up_err up_edge_actor(struct up_act *a)
{
	const struct up_op_by *by = (void *)a->op;

	up_facts_str(&a->record.channel, "phone");
	return up_act_find_role(a, by->device, by->role);
}

enum up_err up_edge_password(struct up_act *a)
{
	struct up_op_by *by = (void *)a->op;

	return up_act_password(a, by->password, &by->tries_left);
}

static enum up_err ask(
    const struct up_act *a, enum up_authority_use use, const struct up_authority_edge *target)
{
	const struct up_authority_ask what = {
		.use = use, .target = target, .now_s = a->op->now_ms / 1000 };
	struct up_authority_answer answer;

	return up_authority_may(&what, &a->found.role->edge, &answer);
}

void up_edge_may(struct up_act *a, enum up_authority_use use)
{
	up_act_judge(a, a->found.role != NULL, UP_E_ROLE);       /* the reading failed */
	if (a->merit == UP_OK)
		a->merit = ask(a, use, NULL);
}

enum up_err up_edge_targets(struct up_act *a, const struct up_edge_asked *asked,
    struct up_rows_target *out, size_t cap, size_t *n)
{
	struct up_db_rows *rows = NULL;
	bool row = false;
	enum up_err err = UP_OK;

	*n = 0;
	if (a->merit != UP_OK)
		return UP_OK;
	err = up_db_first(a->tx->db, asked->statement, &asked->key, 1, &rows, &row);
	while (err == UP_OK && row && *n < cap) {
		up_rows_target(rows, &out[*n]);
		if (ask(a, asked->use, &out[*n].edge) == UP_OK &&
		    (asked->role == UP_ROLES || out[*n].edge.role == asked->role))
			++*n;
		err = up_db_next(rows, &row);
	}
	up_db_end(&rows);
	/* What she hears who asks for nobody; she who may not at all hears that first. */
	if (*n == 0)
		a->merit = ask(a, asked->use, NULL);
	up_act_judge(a, *n > 0, UP_E_NOT_FOUND);
	return err;
}

/* --- what comes to be --- */

enum up_err up_edge_put_holder(struct up_act *a, struct up_edge_holder *holder)
{
	const struct up_db_arg key[] = {up_db_int(holder->unit), up_db_int(holder->person)};
	struct up_db_rows *rows;
	bool row;
	enum up_err err =
	    up_db_first(a->tx->db, UP_SQL_HOLDER, key, UP_ARRAY_LEN(key), &rows, &row);

	if (err == UP_OK && row) {
		holder->id = up_db_column_int(rows, 0);
		up_rows_copy_ref(rows, 1, holder->ref);
	}
	up_db_end(&rows);
	if (err != UP_OK || row)
		return err;
	if (up_tx_draw(holder->ref) != UP_OK)
		return UP_E_CRYPTO;

	const struct up_db_arg add[] = {
	    up_db_text(up_span_str(holder->ref)), key[0], key[1], up_db_int(a->op->now_ms)};

	return up_db_add(a->tx->db, UP_SQL_HOLDER_ADD, add, UP_ARRAY_LEN(add), &holder->id);
}

enum up_err up_edge_put_code(struct up_act *a, const struct up_edge_code *code)
{
	struct up_db_arg args[] = {
	    up_db_blob(code->hash, 32),
	    up_db_int(code->edge),
	    up_db_int(code->expires_ms),
	    up_db_text(code->clerk),
	    up_db_text(code->window),
	    up_db_int(a->op->now_ms),
	    up_db_int(code->grant),
	};

	args[6].is_null = code->grant == 0;
	return up_db_run_one(a->tx->db, UP_SQL_ENROLMENT_ADD, args, UP_ARRAY_LEN(args));
}

/* --- what ends --- */

static void put_before(struct up_json_put *j, const struct up_db_rows *rows)
{
	up_json_put_object(j, NULL);
	up_json_put_text(j, "ref", up_db_column(rows, 0));
	up_json_put_text(j, "name", up_db_column(rows, 1));
	up_json_put_text(j, "role", up_db_column(rows, 2));
	up_json_put_text(j, "status", up_db_column(rows, 3));
	up_json_put_opt(j, "grantor", up_db_column(rows, 5));
	if (up_span_eq_str(up_db_column(rows, 2), "manager"))
		up_json_put_bool(j, "may_authorise", up_db_column_int(rows, 6) != 0);
}

static enum up_err put_grants(struct up_db *db, struct up_json_put *j, int64_t edge)
{
	const struct up_db_arg key = up_db_int(edge);
	struct up_db_rows *rows;
	bool row, any;
	enum up_err err = up_db_first(db, UP_SQL_EDGE_GRANTS, &key, 1, &rows, &row);

	any = err == UP_OK && row;
	if (any)
		up_json_put_array(j, "grants");
	while (err == UP_OK && row) {
		up_json_put_text(j, NULL, up_db_column(rows, 0));
		err = up_db_next(rows, &row);
	}
	up_db_end(&rows);
	if (any)
		up_json_put_end(j);
	return err;
}

enum up_err up_edge_end_add(struct up_act *a, struct up_edge_ends *ends, int64_t edge)
{
	const struct up_db_arg key = up_db_int(edge);
	struct up_edge_end *more = up_room(ends->list, ends->n, &ends->cap, sizeof(*more));
	struct up_json_put j = { 0 };
	struct up_db_rows *rows;
	bool row;
	enum up_err err;

	if (more == NULL)
		return UP_E_NOMEM;
	ends->list = more;
	more = &ends->list[ends->n];
	memset(more, 0, sizeof(*more));
	err = up_db_first(a->tx->db, UP_SQL_EDGE_VIEW, &key, 1, &rows, &row);
	if (err == UP_OK && row) {
		ends->n++;
		more->id = edge;
		more->device = up_db_column_int(rows, 4);
		more->role = up_authority_role(up_db_column(rows, 2));
		up_rows_copy_ref(rows, 0, more->ref);
		j.b = &more->before;
		put_before(&j, rows);
		err = put_grants(a->tx->db, &j, edge);
		up_json_put_end(&j);
	}
	up_db_end(&rows);
	return err == UP_OK && more->before.failed ? UP_E_NOMEM : err;
}

/* Behind each edge those that it gave. */
static enum up_err gather(struct up_act *a, struct up_edge_ends *ends)
{
	enum up_err err = UP_OK;

	for (size_t i = 0; err == UP_OK && i < ends->n; i++) {
		const struct up_db_arg key = up_db_int(ends->list[i].id);
		struct up_db_rows *rows;
		bool row;

		err = up_db_first(a->tx->db, UP_SQL_EDGE_GIVEN, &key, 1, &rows, &row);
		while (err == UP_OK && row) {
			err = up_edge_end_add(a, ends, up_db_column_int(rows, 0));
			if (err == UP_OK)
				err = up_db_next(rows, &row);
		}
		up_db_end(&rows);
	}
	return err;
}

static enum up_err end_one(struct up_act *a, int64_t edge)
{
	const struct up_db_arg args[] = { up_db_int(edge), up_db_int(a->op->now_ms) };
	struct up_db *db = a->tx->db;
	enum up_err err = up_db_run(db, UP_SQL_ENROLMENT_END, args, 1, NULL);

	if (err == UP_OK)
		err = up_db_run(db, UP_SQL_EDGE_GRANTS_END, args, UP_ARRAY_LEN(args), NULL);
	if (err == UP_OK)
		err = up_db_run_one(db, UP_SQL_ROLE_END, args, UP_ARRAY_LEN(args));
	return err;
}

enum up_err up_edge_record(struct up_act *a, const struct up_edge_change *change)
{
	const struct up_record mine = a->record;
	enum up_err err;

	a->record.event = up_span_str(change->event);
	a->record.before = change->before;
	a->record.after = change->after;
	if (change->grant != NULL)
		up_edge_fill_grant(&a->record, change->grant);
	if (!change->last)               /* the operation's own id is the last one's */
		a->record.id = (struct up_span){ NULL, 0 };
	err = up_act_append(a);
	a->record = mine;
	return err;
}

enum up_err up_edge_phone_unused(struct up_act *a, int64_t device, const char *user)
{
	const struct up_db_arg args[] = { up_db_int(device), up_db_int(a->op->now_ms) };
	struct up_edge_change change = {
	    .event = "device.end", .after = UP_SPAN_LIT("{\"status\":\"ended\"}") };
	struct up_rows_device phone = { .live = false };
	struct up_buf before = { 0 };
	int64_t ended = 0;
	bool found = false;
	enum up_err err = UP_OK;

	if (device != 0)
		err = up_db_run(
		    a->tx->db, UP_SQL_DEVICE_END_UNUSED, args, UP_ARRAY_LEN(args), &ended);
	if (err != UP_OK || ended == 0)
		return err;
	err = up_rows_device(a->tx->db, UP_SQL_DEVICE, args[0], &phone, &found);
	up_edge_put_phone(&before, phone.device.ref, user);
	change.before = up_buf_span(&before);
	if (err == UP_OK)
		err = before.failed ? UP_E_NOMEM : up_edge_record(a, &change);
	up_wipe(&phone, sizeof(phone));
	up_buf_free(&before);
	return err;
}

void up_edge_put_phone(struct up_buf *b, const char *phone, const char *user)
{
	struct up_json_put j = { .b = b };

	up_json_put_object(&j, NULL);
	up_json_put_str(&j, "device", phone);
	up_json_put_str(&j, "status", "live");
	up_json_put_opt(&j, "ref", up_span_str(user));
	up_json_put_end(&j);
}

enum up_err up_edge_end_all(struct up_act *a, struct up_edge_ends *ends, bool last)
{
	struct up_edge_change change = {
	    .event = "people.delete", .after = UP_SPAN_LIT("{\"status\":\"ended\"}") };
	enum up_err err = gather(a, ends);

	for (size_t i = ends->n; err == UP_OK && i-- > 0;)
		err = end_one(a, ends->list[i].id);
	for (size_t i = 0; err == UP_OK && i < ends->n; i++)
		err = up_edge_phone_unused(a, ends->list[i].device, ends->list[i].ref);
	for (size_t i = ends->n; err == UP_OK && i-- > 0;) {
		change.before = up_buf_span(&ends->list[i].before);
		change.last = last && i == 0;
		err = up_edge_record(a, &change);
	}
	return err;
}

void up_edge_ends_free(struct up_edge_ends *ends)
{
	for (size_t i = 0; i < ends->n; i++)
		up_buf_free(&ends->list[i].before);
	free(ends->list);
	*ends = (struct up_edge_ends){ 0 };
}
