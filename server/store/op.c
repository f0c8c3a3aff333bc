/* SPDX-License-Identifier: Apache-2.0
 * The table of operations, and how each is run: its own part, then its record. */
#include "server/store/op.h"

#include <string.h>

#include "server/store/act.h"
#include "server/store/usage.h"

#define DAY_MS 86400000

/* --- what they hold: results to clear, secrets to wipe --- */

static void reset_decide(struct up_op *op)
{
	struct up_op_decide *d = (void *)op;

	up_store_role_free(&d->out_role);
	d->tries_left = 0;
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

const struct up_op_row up_op_rows[UP_OPS] = {
	[UP_OP_RECORD] = { "record", NULL, up_act_record, NULL, NULL },
	[UP_OP_DECIDE] = { "decide", NULL, up_act_decide, reset_decide, wipe_decide },
	[UP_OP_REDEEM] = { "redeem", "login.redeem", up_act_redeem, reset_redeem, NULL },
	[UP_OP_REPLAY] = { "replay", "login.replay", up_act_replay, NULL, NULL },
	[UP_OP_ENROL] = { "enrol", "enrolment.done", up_act_enrol, reset_enrol, wipe_enrol },
};

static void reset(struct up_op *op)
{
	if (up_op_rows[op->kind].reset != NULL)
		up_op_rows[op->kind].reset(op);
	op->counted = false;
	op->out_seq = 0;
	memset(op->out_leaf, 0, sizeof(op->out_leaf));
}

void up_op_fail(struct up_op *op)
{
	reset(op);
	op->err = UP_E_STORE;
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
		r->reason = up_span_str(up_err_name(a->merit));
	}
	up_act_fill(&r->result, "ok");
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

static enum up_err append(struct up_act *a)
{
	struct up_record *r = &a->record;
	char id[UP_STORE_REF + 1];
	enum up_err err;

	if (r->id.n == 0) {
		if (up_tx_draw(id) != UP_OK)
			return UP_E_CRYPTO;
		r->id = up_span_str(id);
	}
	err = up_usage_add(a->tx, r, a->op->out_leaf);
	if (err != UP_OK)
		return err;
	a->op->out_seq = r->seq;
	a->recorded++;
	return UP_OK;
}

static enum up_err conclude(struct up_act *a)
{
	enum up_err err;
	bool keep;

	set_result(a);
	err = count_refusal(a, &keep);
	a->op->counted = !keep;
	return err == UP_OK && keep ? append(a) : err;
}

/* --- one operation --- */

static void release(struct up_act *a)
{
	up_store_role_free(&a->found.role);
	up_store_enrolment_free(&a->enrolment);
	up_wipe(&a->device, sizeof(a->device));
	up_wipe(&a->found, sizeof(a->found));
}

enum up_err up_op_apply(struct up_tx *tx, struct up_op *op)
{
	const struct up_op_row *row = &up_op_rows[op->kind];
	struct up_act a = {
	    .tx = tx, .op = op, .record = op->record, .source = op->refused_by};
	enum up_err err;

	reset(op);
	if (row->event != NULL)
		up_act_fill(&a.record.event, row->event);
	err = row->apply(&a);
	if (err == UP_OK)
		err = conclude(&a);
	op->err = a.merit;
	release(&a);
	return err == UP_OK ? UP_OK : UP_E_STORE;
}
