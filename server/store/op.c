/* SPDX-License-Identifier: Apache-2.0
 * The table of operations, and how each is run: its own part, then its record. */
#include "server/store/op.h"

#include <stdlib.h>
#include <string.h>

#include "server/store/act.h"
#include "server/store/usage.h"

#define DAY_MS 86400000

/* --- what they hold: results to clear, secrets to wipe --- */

static void reset_open(struct up_op *op)
{
	struct up_op_open *open = (void *)op;

	up_store_enrolment_free(&open->out_enrolment);
}

static void reset_decide(struct up_op *op)
{
	struct up_op_decide *d = (void *)op;

	up_store_role_free(&d->out_role);
	d->tries_left = 0;
	d->out_grant = 0;
}

static void wipe_decide(struct up_op *op)
{
	struct up_op_decide *d = (void *)op;

	up_wipe(d->password, sizeof(d->password));
}

static void reset_redeem(struct up_op *op)
{
	struct up_op_redeem *d = (void *)op;

	up_store_role_free(&d->out_role);
	up_chain_free(&d->out_chain);
}

static void reset_enrol(struct up_op *op)
{
	struct up_op_enrol *e = (void *)op;

	up_store_role_free(&e->out_role);
	e->tries_left = 0;
	e->out_device = 0;
}

static void wipe_enrol(struct up_op *op)
{
	struct up_op_enrol *e = (void *)op;

	up_wipe(e->password, sizeof(e->password));
}

/* The head of every operation by a holder. */
static void reset_by(struct up_op *op)
{
	struct up_op_by *by = (void *)op;

	by->tries_left = 0;
}

static void wipe_by(struct up_op *op)
{
	struct up_op_by *by = (void *)op;

	up_wipe(by->password, sizeof(by->password));
}

static void reset_people_add(struct up_op *op)
{
	struct up_op_people_add *add = (void *)op;

	reset_by(op);
	memset(add->out_ref, 0, sizeof(add->out_ref));
	add->out_status = NULL;
}

static void reset_people_delete(struct up_op *op)
{
	struct up_op_people_delete *delete = (void *)op;

	reset_by(op);
	free(delete->out_ended);
	delete->out_ended = NULL;
	delete->out_n = 0;
}

static void reset_grant_add(struct up_op *op)
{
	struct up_op_grant_add *add = (void *)op;

	reset_by(op);
	memset(add->out_grants, 0, sizeof(add->out_grants));
}

static void reset_units(struct up_op *op)
{
	struct up_op_units *u = (void *)op;

	u->added = u->bad = 0;
}

static void reset_unit_change(struct up_op *op)
{
	struct up_op_unit_change *c = (void *)op;

	c->out_n = 0;
	c->out_suspended = false;
	c->out_version = 0;
	c->bad = UP_UNIT_FIELDS;
	c->bad_en = c->bad_zh = NULL;
}

static void reset_unit_renew(struct up_op *op)
{
	struct up_op_unit_renew *renew = (void *)op;

	renew->out_from_s = renew->out_to_s = renew->out_version = 0;
}

static void reset_unit_cancel(struct up_op *op)
{
	struct up_op_unit_cancel *cancel = (void *)op;

	cancel->out_roles = 0;
}

static void reset_holder_end(struct up_op *op)
{
	struct up_op_holder_end *end = (void *)op;

	end->out_roles = 0;
}

const struct up_op_row up_op_rows[UP_OPS] = {
	[UP_OP_RECORD] = { "record", NULL, up_act_record, NULL, NULL },
	[UP_OP_OPEN] = { "open", "enrolment.open", up_act_open, reset_open, NULL },
	[UP_OP_DECIDE] = { "decide", NULL, up_act_decide, reset_decide, wipe_decide },
	[UP_OP_REDEEM] = { "redeem", "login.redeem", up_act_redeem, reset_redeem, NULL },
	[UP_OP_REPLAY] = { "replay", "login.replay", up_act_replay, NULL, NULL },
	[UP_OP_ENROL] = { "enrol", "enrolment.done", up_act_enrol, reset_enrol, wipe_enrol },
	[UP_OP_DEVICE_END] = { .name = "device-end",
	    "device.end",
	    up_act_device_end,
	    .administrative = true },
	[UP_OP_CODE] = { "code", "enrolment.code", up_act_code, NULL, NULL },
	[UP_OP_PEOPLE_ADD] = { "people-add", "people.add", up_act_people_add, reset_people_add,
	    wipe_by },
	[UP_OP_PEOPLE_CODE] = { "people-code", "people.code", up_act_people_code, reset_by,
	    wipe_by },
	[UP_OP_PEOPLE_DELETE] = { "people-delete", "people.delete", up_act_people_delete,
	    reset_people_delete, wipe_by },
	[UP_OP_GRANT_ADD] = { "grant-add", "grant.add", up_act_grant_add, reset_grant_add,
	    wipe_by },
	[UP_OP_GRANT_CANCEL] = { "grant-cancel", "grant.cancel", up_act_grant_cancel, reset_by,
	    wipe_by },
	[UP_OP_PHONE_END] = { "phone-end", "device.end", up_act_phone_end, reset_by, wipe_by },
	[UP_OP_REALNAME] = { "realname", "person.check", up_act_realname, NULL, NULL },
	[UP_OP_AUTHORITY] = { .name = "authority", NULL, up_act_authority, .administrative = true },
	[UP_OP_UNITS] = { "units", "unit.add", up_act_units, reset_units, NULL,
	    .administrative = true },
	[UP_OP_UNIT_CHANGE] = { "unit-change", "unit.change", up_act_unit_change,
	    reset_unit_change, NULL, .administrative = true },
	[UP_OP_UNIT_RENEW] = { "unit-renew", "unit.renew", up_act_unit_renew, reset_unit_renew,
	    NULL, .administrative = true },
	[UP_OP_UNIT_CANCEL] = { "unit-cancel", "unit.cancel", up_act_unit_cancel,
	    reset_unit_cancel, NULL, .administrative = true },
	[UP_OP_HOLDER_END] = { "holder-end", "people.delete", up_act_holder_end,
	    reset_holder_end, NULL, .administrative = true },
	[UP_OP_CLIENT_ADD] = { .name = "client-add",
	    "client.add",
	    up_act_client_add,
	    .administrative = true },
	[UP_OP_CLIENT_ROTATE] = { .name = "client-rotate",
	    "client.rotate",
	    up_act_client_rotate,
	    .administrative = true },
	[UP_OP_CLIENT_SET] = { .name = "client-set",
	    NULL,
	    up_act_client_set,
	    .administrative = true },
	[UP_OP_ITEM] = { .name = "item", "item.add", up_act_item, .administrative = true },
	[UP_OP_ITEM_END] = { .name = "item-end",
	    "item.end",
	    up_act_item_end,
	    .administrative = true },
	[UP_OP_DATA_KEY] = { .name = "data-key",
	    "key.rotate",
	    up_act_data_key,
	    .administrative = true },
	[UP_OP_CLOCK] = { .name = "clock",
	    "clock.accept",
	    up_act_clock,
	    .administrative = true,
	    .any_time = true },
};

static void reset(struct up_op *op)
{
	if (up_op_rows[op->kind].reset != NULL)
		up_op_rows[op->kind].reset(op);
	op->unsure = op->counted = false;
	op->out_seq = 0;
	memset(op->out_leaf, 0, sizeof(op->out_leaf));
}

void up_op_fail(struct up_op *op, bool unsure)
{
	reset(op);
	op->err = UP_E_STORE;
	op->unsure = unsure;
}

void up_op_undone(struct up_op *op)
{
	op->out_seq = 0;
	memset(op->out_leaf, 0, sizeof(op->out_leaf));
}

void up_op_wipe(struct up_op *op)
{
	if (up_op_rows[op->kind].wipe != NULL)
		up_op_rows[op->kind].wipe(op);
}

void up_op_clear(struct up_op *op)
{
	reset(op);
	up_op_wipe(op);
}

/* --- the record --- */

static void set_result(struct up_act *a)
{
	struct up_record *r = &a->record;

	if (r->time_ms == 0)
		r->time_ms = a->op->now_ms;
	if (a->merit != UP_OK) {
		r->result = UP_SPAN_LIT("refused");
		up_facts_str(&r->reason, up_err_name(a->merit));
	}
	up_facts_str(&r->result, "ok");
}

/* *KEEP: it gets a record. Counting costs a commit as a record does: the answer does not tell which
 * it was (SECURITY 12). */
static enum up_err count_refusal(struct up_act *a, bool *keep)
{
	const struct up_db_arg args[] = {
	    up_db_text(a->source),
	    up_db_text(a->record.event),
	    up_db_text(a->record.reason),
	    up_db_int(a->record.time_ms / DAY_MS),
	};
	struct up_db_rows *rows;
	enum up_err err;
	int64_t n = 0;

	*keep = true;
	if (a->source.n == 0 || !up_span_eq_str(a->record.result, "refused"))
		return UP_OK;
	err = up_db_first(a->tx->db, UP_SQL_REFUSAL_COUNT, args, UP_ARRAY_LEN(args), &rows, keep);
	if (err == UP_OK && *keep)
		n = up_db_column_int(rows, 0);
	up_db_end(&rows);
	a->record.count = n;
	*keep = (n & (n - 1)) == 0;
	return err;
}

static bool has_failed(const struct up_act *a)
{
	bool failed = false;

	for (size_t i = 0; i < a->n_kept; i++)
		failed = failed || a->kept[i].failed;
	return failed;
}

static enum up_err append(struct up_act *a)
{
	struct up_record *r = &a->record;
	char id[UP_STORE_REF + 1];
	enum up_err err;

	if (has_failed(a))
		return UP_E_NOMEM;
	if (r->id.n == 0) {
		if (up_tx_draw(id) != UP_OK)
			return UP_E_CRYPTO;
		r->id = up_span_str(id);
	}
	err = up_usage_add(a->tx, r, a->op->out_leaf);
	if (err != UP_OK)
		return err;
	err = up_act_keep_proof(a);
	if (err != UP_OK)
		return err;
	r->id = a->op->record.id;
	a->op->out_seq = r->seq;
	a->recorded++;
	return UP_OK;
}

/* He is named; and nothing is dated by a clock that went back, unless he says that it is right. */
static enum up_err sign(struct up_act *a)
{
	a->record.channel = UP_SPAN_LIT("command-line");
	a->record.operator_ = up_span_str(a->tx->administrator);
	return a->recorded > 0 || up_op_rows[a->op->kind].any_time ? UP_OK : up_act_ask_clock(a);
}

enum up_err up_act_append(struct up_act *a)
{
	bool administrative = up_op_rows[a->op->kind].administrative;
	enum up_err err = administrative ? sign(a) : UP_OK;
	bool keep;

	if (err != UP_OK || (administrative && a->merit != UP_OK))
		return err;
	set_result(a);
	err = count_refusal(a, &keep);
	a->op->counted = !keep;
	return err == UP_OK && keep ? append(a) : err;
}

/* --- one operation --- */

static void release(struct up_act *a)
{
	for (size_t i = 0; i < a->n_kept; i++)
		up_buf_free(&a->kept[i]);
	up_store_role_free(&a->found.role);
	up_store_role_free(&a->named);
	up_store_enrolment_free(&a->enrolment);
	up_wipe(&a->device, sizeof(a->device));
	up_wipe(&a->found, sizeof(a->found));
}

/* No change without a record: an operation that forgot it is not kept. */
static enum up_err check(const struct up_act *a, bool wrote)
{
	if (!wrote || a->recorded > 0 || a->op->counted)
		return UP_OK;
	return up_db_fail(a->tx->db, UP_DB_OTHER, "%s wrote something without a record",
	    up_op_rows[a->op->kind].name);
}

static enum up_err perform(struct up_act *a)
{
	const struct up_op_row *row = &up_op_rows[a->op->kind];
	uint64_t before = up_db_writes(a->tx->db);
	enum up_err err;
	bool wrote;

	if (row->event != NULL)
		up_facts_str(&a->record.event, row->event);
	err = up_act_sign(a);
	if (err == UP_OK)
		err = up_act_again(a);
	if (err == UP_OK && !a->told && !a->judged)
		err = row->apply(a);
	if (err == UP_OK && !a->told && (a->merit == UP_OK || !row->administrative))
		err = up_act_append(a);
	if (err == UP_OK)
		err = up_act_keep_answer(a);
	if (err != UP_OK)
		return UP_E_STORE;
	wrote = up_db_writes(a->tx->db) != before;
	if (a->merit != UP_OK && row->administrative)
		return wrote ? a->merit : UP_OK;
	return check(a, wrote);
}

enum up_err up_op_apply(struct up_tx *tx, struct up_op *op)
{
	struct up_act a = {
	    .tx = tx, .op = op, .record = op->record, .source = op->refused_by};
	enum up_err err;

	reset(op);
	err = perform(&a);
	op->err = a.merit;
	release(&a);
	return err;
}
