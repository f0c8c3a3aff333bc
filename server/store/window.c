/* SPDX-License-Identifier: Apache-2.0
 * The window writes a principal and makes the code for her phone (up_op_code). */
#include <string.h>

#include "core/enrolment.h"
#include "server/store/edge.h"
#include "server/store/persons.h"

#define ANY_DAY 99991231                 /* whether she is born yet, the window has judged */

struct put {
	const struct up_op_code *ask;
	struct up_act *a;
	int64_t unit, holder, role;
	struct up_persons_row person;
	bool match;
	struct up_person known;          /* her data in the one spelling that is kept */
	char holder_ref[UP_STORE_REF + 1];
};

static enum up_err put_unit(struct put *p)
{
	const struct up_db_arg arg = up_db_text(p->ask->unit);
	struct up_db_rows *rows;
	bool row;
	enum up_err err = up_db_first(p->a->tx->db, UP_SQL_UNIT, &arg, 1, &rows, &row);

	if (err == UP_OK && !row)
		p->a->merit = UP_E_NOT_FOUND;
	if (err == UP_OK && row) {
		p->unit = up_db_column_int(rows, 0);
		p->a->merit = up_db_column_int(rows, 1) != 0 ? UP_OK : UP_E_STATE;
		p->a->record.unit_name = up_act_keep(p->a, up_db_column(rows, 2));
		p->a->record.certificate = up_act_keep(p->a, up_db_column(rows, 4));
		p->a->record.certificate_version = up_db_column_int(rows, 5);
	}
	up_db_end(&rows);
	return err;
}

static enum up_err put_person(struct put *p)
{
	const struct up_persons_put put = {
	    .person = &p->known,
	    .masked = p->a->record.person_name,
	    .assurance = p->ask->assurance,
	    .match = p->match,
	    .now_ms = p->a->op->now_ms,
	};

	return up_persons_put(p->a->tx, &put, &p->person);
}

static enum up_err put_holder(struct put *p)
{
	struct up_edge_holder holder = { .unit = p->unit, .person = p->person.id };
	enum up_err err = up_edge_put_holder(p->a, &holder);

	p->holder = holder.id;
	memcpy(p->holder_ref, holder.ref, sizeof(p->holder_ref));
	return err;
}

/* ROWS: the principal's edge that stands. */
static void take_place(
    struct put *p, const struct up_db_rows *rows, int64_t person, int64_t *other)
{
	enum up_authority_state state =
	    up_db_column_int(rows, 2) != 0 ? UP_EDGE_LIVE : UP_EDGE_WAITING;
	int64_t role = up_db_column_int(rows, 0);

	switch (up_enrolment_place(state, up_db_column_int(rows, 1) == person)) {
	case UP_PLACE_FREE:
		return;
	case UP_PLACE_HERS:
		p->role = role;
		return;
	case UP_PLACE_GIVES_WAY:
		*other = role;
		return;
	case UP_PLACE_TAKEN:
		*other = role;
		up_act_judge(p->a, p->ask->replace, UP_E_STATE);
	}
}

/* Another person in the way: a live one stays, one who never took the role gives way (wrong data is
 * not edited: rule 10). */
static enum up_err find_principal(struct put *p, int64_t *other)
{
	const struct up_db_arg arg = up_db_int(p->unit);
	struct up_persons_row named;
	struct up_db_rows *rows = NULL;
	bool row = false;
	enum up_err err = up_persons_find(p->a->tx, up_span_str(p->known.resident), &named);

	if (err == UP_OK)
		err = up_db_first(p->a->tx->db, UP_SQL_PRINCIPAL, &arg, 1, &rows, &row);
	*other = 0;
	if (err == UP_OK && row)
		take_place(p, rows, named.id, other);
	up_db_end(&rows);
	return err;
}

/* She who gave way, or whose place was taken, with all who act by her right (rule 13). */
static enum up_err end_role(struct put *p, int64_t role)
{
	const struct up_record mine = p->a->record;
	struct up_edge_ends ends = { 0 };
	enum up_err err = up_edge_end_add(p->a, &ends, role);

	/* of these the clerk is the one who acts, not the person whom she writes */
	p->a->record.person_name = p->a->record.role = p->a->record.assurance =
	    (struct up_span){ NULL, 0 };
	if (err == UP_OK)
		err = up_edge_end_all(p->a, &ends, false);
	p->a->record = mine;
	up_edge_ends_free(&ends);
	return err;
}

static enum up_err put_role(struct put *p)
{
	const struct up_db_arg args[] = {up_db_int(p->holder), up_db_int(p->unit),
	    up_db_text(p->ask->role), up_db_int(p->a->op->now_ms)};
	const struct up_db_arg role = up_db_int(p->role);

	if (p->role != 0)                /* hers already: older codes end */
		return up_db_run(p->a->tx->db, UP_SQL_ENROLMENT_END, &role, 1, NULL);
	return up_db_add(p->a->tx->db, UP_SQL_ROLE_ADD, args, UP_ARRAY_LEN(args), &p->role);
}

static enum up_err put_code(struct put *p)
{
	const struct up_edge_code code = {
	    .edge = p->role,
	    .hash = p->ask->code_hash,
	    .expires_ms = p->ask->expires_ms,
	    .clerk = p->ask->clerk,
	    .window = p->ask->window,
	};

	return up_edge_put_code(p->a, &code);
}

static enum up_err put_all(struct put *p)
{
	int64_t other = 0;
	enum up_err err = put_unit(p);

	if (err == UP_OK && p->a->merit == UP_OK)
		err = find_principal(p, &other);
	if (err == UP_OK && p->a->merit == UP_OK && !p->match &&
	    !up_span_eq_str(p->ask->outcome, "unavailable"))
		p->a->merit = UP_E_PERSON;
	if (err != UP_OK || p->a->merit != UP_OK)
		return err;
	err = put_person(p);
	if (!p->match)
		p->a->merit = UP_E_PENDING;
	if (err != UP_OK || p->a->merit != UP_OK)
		return err;
	if (other != 0)
		err = end_role(p, other);
	if (err == UP_OK)
		err = put_holder(p);
	if (err == UP_OK)
		err = put_role(p);
	return err == UP_OK ? put_code(p) : err;
}

/* What the real-name check said tells an auditor more than what we made of it. */
static void give_reason(struct put *p)
{
	enum up_err merit = p->a->merit;

	if (!p->match && merit != UP_OK && merit != UP_E_STATE && merit != UP_E_NOT_FOUND)
		p->a->record.reason = p->ask->outcome;
}

static void begin_record(struct put *p)
{
	struct up_record *r = &p->a->record;
	struct up_buf *masked = up_act_buffer(p->a);

	up_person_mask_name(masked, up_span_str(p->known.name));
	r->person_name = up_buf_span(masked);
	up_facts_str(&r->channel, "window");
	r->unit_code = p->ask->unit;
	r->role = p->ask->role;
	r->window = p->ask->window;
	r->operator_ = p->ask->clerk;
	r->assurance = p->ask->assurance;
}

static enum up_err end_record(struct put *p)
{
	struct up_record *r = &p->a->record;

	r->person_ref = up_act_keep(p->a, up_span_str(p->person.ref));
	r->holder_ref = up_act_keep(p->a, up_span_str(p->holder_ref));
	if (p->a->merit == UP_OK)
		up_act_fill_code(p->a, p->ask->code_hash);
	give_reason(p);
	return UP_OK;
}

/* What is no person is nobody's: nothing is recorded. */
static enum up_err take_person(struct put *p)
{
	const struct up_named *named = &p->ask->named;
	const struct up_person_given given = { named->name, named->resident, named->mobile };
	struct up_person_fault fault;

	if (!up_span_eq_str(p->ask->role, "principal") || p->ask->expires_ms <= p->a->op->now_ms)
		return UP_E_REQUEST;
	return up_person_take(&given, ANY_DAY, &p->known, &fault);
}

enum up_err up_act_code(struct up_act *a)
{
	struct put p = { .ask = (void *)a->op, .a = a };
	enum up_err err = UP_OK;

	p.match = up_span_eq_str(p.ask->outcome, "match");
	a->merit = take_person(&p);
	if (a->merit == UP_OK)
		err = up_act_ask_clock(a);
	a->told = a->merit != UP_OK;
	if (err == UP_OK && !a->told) {
		begin_record(&p);
		err = put_all(&p);
	}
	if (err == UP_OK && !a->told)
		err = end_record(&p);
	up_wipe(&p.known, sizeof(p.known));
	return err;
}
