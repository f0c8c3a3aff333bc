/* SPDX-License-Identifier: Apache-2.0
 * A unit that goes on: its certificate changes or is renewed (rules 28, 30), each time as another
 * version. */
#include "core/day.h"
#include "core/json.h"
#include "core/json_put.h"
#include "server/store/edge.h"

/* The unit as it stands. */
struct unit {
	int64_t id, version, from_s, to_s;
	struct up_span name, authority, certificate, fields;     /* kept by the operation */
	char from[16], to[16];
	json_t *json;                    /* FIELDS, from which GIVEN borrows */
	struct up_unit_given given;
	struct up_unit_authority of;     /* the authority, with which it stays */
};

static enum up_err find(struct up_act *a, struct up_span code, struct unit *out)
{
	const struct up_db_arg arg = up_db_text(code);
	struct up_db_rows *rows;
	bool row;
	enum up_err err = up_db_first(a->tx->db, UP_SQL_UNIT, &arg, 1, &rows, &row);

	*out = (struct unit){ .id = 0 };
	up_act_judge(a, row, UP_E_NOT_FOUND);
	if (err == UP_OK && row) {
		up_act_judge(a, up_db_column_int(rows, 1) != 0, UP_E_STATE);
		out->id = up_db_column_int(rows, 0);
		out->name = up_act_keep(a, up_db_column(rows, 2));
		out->authority = up_act_keep(a, up_db_column(rows, 3));
		out->certificate = up_act_keep(a, up_db_column(rows, 4));
		out->version = up_db_column_int(rows, 5);
		out->fields = up_act_keep(a, up_db_column(rows, 6));
		out->from_s = up_db_column_int(rows, 7);
		out->to_s = up_db_column_int(rows, 8);
	}
	up_db_end(&rows);
	return err;
}

static enum up_err read_fields(struct unit *u, struct up_span code)
{
	struct up_unit_given *g = &u->given;
	enum up_err err = up_json_parse(u->fields, &u->json);

	if (err != UP_OK)
		return err;
	for (unsigned i = 0; i < UP_UNIT_FIELDS; i++)
		g->values[i] = up_span_str(json_string_value(json_object_get(
		    u->json, up_unit_field_name((enum up_unit_field)i, false))));
	up_day_text(u->from_s, u->from);
	up_day_text(u->to_s, u->to);
	g->values[UP_UNIT_CODE] = code;
	g->values[UP_UNIT_NAME] = u->name;
	g->values[UP_UNIT_CERTIFICATE] = u->certificate;
	g->values[UP_UNIT_FROM] = up_span_str(u->from);
	g->values[UP_UNIT_TO] = up_span_str(u->to);
	g->authorities = &u->of;         /* the only one there is, and not named */
	g->n_authorities = 1;
	return UP_OK;
}

/* --- another version --- */

struct version {
	struct up_span certificate, fields;
	int64_t number, from_s, to_s;
};

static enum up_err put_version(
    struct up_act *a, const struct unit *u, const struct version *next)
{
	const struct up_db_arg end[] = { up_db_int(u->id), up_db_int(a->op->now_ms) };
	const struct up_db_arg add[] = {
	    end[0],
	    up_db_text(next->certificate),
	    up_db_int(next->from_s),
	    up_db_int(next->to_s),
	    up_db_text(next->fields),
	    end[1],
	    up_db_int(next->number),
	};
	enum up_err err =
	    up_db_run_one(a->tx->db, UP_SQL_CERTIFICATE_END, end, UP_ARRAY_LEN(end));

	if (err != UP_OK)
		return err;
	a->record.certificate = next->certificate;
	a->record.certificate_version = next->number;
	return up_db_run_one(a->tx->db, UP_SQL_CERTIFICATE_NEXT, add, UP_ARRAY_LEN(add));
}

/* --- up_op_unit_change --- */

static void keep_problem(void *arg, enum up_unit_field field, const char *en, const char *zh)
{
	struct up_op_unit_change *ask = arg;

	if (ask->bad_en != NULL)
		return;
	ask->bad = field;
	ask->bad_en = en;
	ask->bad_zh = zh;
}

/* What differs, as GIVEN has it; a person's name is masked. */
static struct up_span tell_side(struct up_act *a, const struct up_unit_given *given,
    const struct up_unit_changed *changed, int64_t version)
{
	struct up_buf *b = up_act_buffer(a);
	struct up_json_put j = { .b = b };

	up_json_put_object(&j, NULL);
	for (unsigned i = 0; i < UP_UNIT_FIELDS; i++) {
		struct up_span value = given->values[i];
		struct up_buf masked = { 0 };

		if (!changed->differs[i])
			continue;
		if (i == UP_UNIT_REPRESENTATIVE && value.n > 0) {
			up_person_mask_name(&masked, value);
			value = up_buf_span(&masked);
		}
		up_json_put_text(&j, up_unit_field_name((enum up_unit_field)i, false), value);
		b->failed = b->failed || masked.failed;
		up_buf_free(&masked);
	}
	up_json_put_int(&j, "certificate_version", version);
	up_json_put_end(&j);
	return up_buf_span(b);
}

/* Her codes from before would confirm her by the papers of before. */
static enum up_err suspend(struct up_act *a, int64_t edge, int64_t *n)
{
	const struct up_db_arg args[] = { up_db_int(edge), up_db_int(a->op->now_ms) };
	enum up_err err = up_db_run(a->tx->db, UP_SQL_ENROLMENT_END, args, 1, NULL);

	return err == UP_OK
	    ? up_db_run(a->tx->db, UP_SQL_ROLE_SUSPEND, args, UP_ARRAY_LEN(args), n) : err;
}

/* A second time there is nothing to record; but she has to be confirmed again. */
static enum up_err suspend_principal(struct up_act *a, int64_t unit)
{
	struct up_op_unit_change *ask = (void *)a->op;
	struct up_edge_change change = { .event = "people.suspend",
		.after = UP_SPAN_LIT("{\"status\":\"suspended\"}") };
	const struct up_db_arg arg = up_db_int(unit);
	struct up_edge_ends ends = { 0 };
	bool there;
	int64_t edge = 0, n = 0;
	struct up_db_rows *rows;
	enum up_err err = up_db_first(a->tx->db, UP_SQL_PRINCIPAL, &arg, 1, &rows, &there);

	if (err == UP_OK && there)
		edge = up_db_column_int(rows, 0);
	up_db_end(&rows);
	if (err == UP_OK && there)
		err = up_edge_end_add(a, &ends, edge);   /* as she stood, for the record */
	if (err == UP_OK && there)
		err = suspend(a, edge, &n);
	ask->out_suspended = err == UP_OK && there;
	if (err == UP_OK && n > 0) {
		change.before = up_buf_span(&ends.list[0].before);
		err = up_edge_record(a, &change);
	}
	up_edge_ends_free(&ends);
	return err;
}

static enum up_err put_name(struct up_act *a, int64_t unit, struct up_span name)
{
	const struct up_db_arg args[] = { up_db_int(unit), up_db_text(name) };

	return up_db_run_one(a->tx->db, UP_SQL_UNIT_NAME, args, UP_ARRAY_LEN(args));
}

/* The version before ends under the name of before, so the name comes after. */
static enum up_err put_change(
    struct up_act *a, const struct unit *u, const struct up_unit_changed *changed)
{
	struct up_op_unit_change *ask = (void *)a->op;
	const struct up_span *values = changed->after.values;
	const bool period = changed->differs[UP_UNIT_FROM] || changed->differs[UP_UNIT_TO];
	struct up_buf *fields = up_act_buffer(a);
	struct up_json_put j = { .b = fields };
	struct version next = { .certificate = up_act_keep(a, values[UP_UNIT_CERTIFICATE]),
		.number = u->version + 1,
		.from_s = period ? changed->found.valid_from_s : u->from_s,
		.to_s = period ? changed->found.valid_to_s : u->to_s };
	enum up_err err;

	up_unit_put_fields(&j, &changed->after);
	next.fields = up_buf_span(fields);
	a->record.unit_name = up_act_keep(a, values[UP_UNIT_NAME]);
	err = put_version(a, u, &next);
	if (err == UP_OK && changed->differs[UP_UNIT_NAME])
		err = put_name(a, u->id, values[UP_UNIT_NAME]);
	if (err == UP_OK && changed->suspends)
		err = suspend_principal(a, u->id);
	a->record.before = tell_side(a, &u->given, changed, u->version);
	a->record.after = tell_side(a, &changed->after, changed, next.number);
	ask->out_n = changed->n;
	ask->out_version = next.number;
	return err;
}

static enum up_err judge_change(
    struct up_act *a, struct unit *u, struct up_unit_changed *changed)
{
	struct up_op_unit_change *ask = (void *)a->op;
	bool taken = false;
	enum up_err err = read_fields(u, ask->code);

	if (err != UP_OK)
		return err;
	up_unit_judge_change(&u->given, ask->change, keep_problem, ask, changed);
	up_act_judge(a, ask->bad_en == NULL, UP_E_FORMAT);
	if (a->merit == UP_OK && changed->differs[UP_UNIT_CERTIFICATE])
		err = up_act_exists(a, UP_SQL_CERTIFICATE_TAKEN,
		    changed->after.values[UP_UNIT_CERTIFICATE], &taken, NULL);
	up_act_judge(a, !taken, UP_E_STATE);
	return err;
}

enum up_err up_act_unit_change(struct up_act *a)
{
	const struct up_op_unit_change *ask = (void *)a->op;
	struct up_unit_changed changed = { .n = 0 };
	struct unit u;
	enum up_err err = find(a, ask->code, &u);

	if (err == UP_OK && a->merit == UP_OK)
		err = judge_change(a, &u, &changed);
	a->record.unit_code = ask->code;
	if (err == UP_OK && a->merit == UP_OK && changed.n > 0)
		err = put_change(a, &u, &changed);
	a->told = changed.n == 0;
	json_decref(u.json);
	return err;
}

/* --- up_op_unit_renew --- */

static struct up_span tell_period(
    struct up_act *a, int64_t from_s, int64_t to_s, int64_t version)
{
	struct up_buf *b = up_act_buffer(a);
	struct up_json_put j = { .b = b };
	char from[16], to[16];

	up_day_text(from_s, from);
	up_day_text(to_s, to);
	up_json_put_object(&j, NULL);
	up_json_put_str(&j, "valid_from", from);
	up_json_put_str(&j, "valid_to", to);
	up_json_put_int(&j, "certificate_version", version);
	up_json_put_end(&j);
	return up_buf_span(b);
}

enum up_err up_act_unit_renew(struct up_act *a)
{
	struct up_op_unit_renew *ask = (void *)a->op;
	struct version next;
	struct unit u;
	enum up_err err = find(a, ask->code, &u);

	if (err != UP_OK || a->merit != UP_OK)
		return err;
	next = (struct version){
	    .certificate = u.certificate, .fields = u.fields, .number = u.version + 1};
	a->merit = up_unit_renew(u.to_s, a->op->now_ms / 1000, &next.from_s, &next.to_s);
	if (a->merit != UP_OK)
		return UP_OK;
	a->record.unit_code = ask->code;
	a->record.unit_name = u.name;
	a->record.before = tell_period(a, u.from_s, u.to_s, u.version);
	a->record.after = tell_period(a, next.from_s, next.to_s, next.number);
	ask->out_from_s = next.from_s;
	ask->out_to_s = next.to_s;
	ask->out_version = next.number;
	return put_version(a, &u, &next);
}
