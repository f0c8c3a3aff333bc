/* SPDX-License-Identifier: Apache-2.0
 * A holder adds managers and users, makes their codes anew, and deletes them (rules 3-5, 7, 10-14).
 */
#include <stdlib.h>
#include <string.h>

#include "core/enrolment.h"
#include "core/json_put.h"
#include "server/store/edge.h"
#include "server/store/persons.h"

#define ANY_DAY 99991231                 /* whether she is born yet, the caller has judged */

/* --- up_op_people_add --- */

struct add {
	struct up_op_people_add *ask;
	struct up_act *a;
	bool match, live;
	struct up_person known;          /* her data in the one spelling that is kept */
	struct up_span masked;
	struct up_persons_row person;
	int64_t holder, edge;            /* edge: that she has already, or that was made */
};

static enum up_err count_managers(struct up_act *a, size_t *n)
{
	const struct up_db_arg unit = up_db_int(a->found.unit);
	struct up_db_rows *rows;
	bool row;
	enum up_err err = up_db_first(a->tx->db, UP_SQL_MANAGERS, &unit, 1, &rows, &row);

	*n = err == UP_OK && row ? (size_t)up_db_column_int(rows, 0) : 0;
	up_db_end(&rows);
	return err;
}

/* Her edges in this unit, which may be none. */
static enum up_err read_hers(
    struct add *p, struct up_authority_edge hers[UP_EDGE_TARGETS], size_t *n)
{
	const struct up_db_arg args[] = {
	    up_db_int(p->a->found.unit), up_db_int(p->person.id)};
	struct up_rows_target target;
	struct up_db_rows *rows;
	bool row;
	enum up_err err = up_db_first(p->a->tx->db, UP_SQL_EDGES_OF_PERSON, args,
	    UP_ARRAY_LEN(args), &rows, &row);

	for (*n = 0; err == UP_OK && row && *n < UP_EDGE_TARGETS; ++*n) {
		up_rows_target(rows, &target);
		hers[*n] = target.edge;
		hers[*n].unit = (struct up_span){ NULL, 0 };     /* TARGET's own */
		err = up_db_next(rows, &row);
	}
	up_db_end(&rows);
	return err;
}

/* An edge of hers by this grantor gets another code; what it may is not edited (rule 10). */
static void take_same(struct add *p, const struct up_authority_edge *hers, size_t n, int64_t same)
{
	for (size_t i = 0; i < n; i++) {
		if (hers[i].id != same)
			continue;
		p->edge = same;
		p->live = hers[i].state == UP_EDGE_LIVE;
		up_act_judge(p->a, p->ask->role != UP_ROLE_MANAGER ||
		    hers[i].may_authorise == p->ask->may_authorise, UP_E_STATE);
	}
}

static enum up_err find_place(struct add *p)
{
	struct up_authority_edge hers[UP_EDGE_TARGETS];
	struct up_enrolment_adding adding = { .role = p->ask->role,
		.grantor = p->a->found.role->edge.id, .hers = hers };
	int64_t same = 0;
	enum up_err err = up_persons_find(p->a->tx, up_span_str(p->known.resident), &p->person);

	if (err == UP_OK)
		err = read_hers(p, hers, &adding.n_hers);
	if (err == UP_OK)
		err = count_managers(p->a, &adding.managers);
	if (err != UP_OK)
		return err;
	p->a->merit = up_enrolment_add(&adding, &same);
	take_same(p, hers, adding.n_hers, same);
	return UP_OK;
}

/* Do her data stand as they are: confirmed, or waited for by whoever added her, in any unit? */
static enum up_err find_kept(struct add *p, bool *kept)
{
	const struct up_db_arg person = up_db_int(p->person.id);
	struct up_db_rows *rows;
	enum up_err err;

	*kept = p->person.confirmed;
	if (*kept || p->person.id == 0)
		return UP_OK;
	err = up_db_first(p->a->tx->db, UP_SQL_PERSON_STANDS, &person, 1, &rows, kept);
	up_db_end(&rows);
	return err;
}

/* While the platform is silent nobody's data become others: one unit's wrong ones would end the
 * edges of all when it speaks again. */
static enum up_err judge_outcome(struct add *p)
{
	struct up_span outcome = p->ask->outcome;
	struct up_person now;
	enum up_err err;
	bool same, kept;

	up_act_judge(p->a, !up_span_eq_str(outcome, "mismatch"), UP_E_MISMATCH);
	up_act_judge(p->a, p->match || up_span_eq_str(outcome, "unavailable"), UP_E_NO_PERSON);
	if (p->a->merit != UP_OK || p->match)
		return UP_OK;
	err = find_kept(p, &kept);
	if (err != UP_OK || !kept)
		return err;
	err = up_persons_read(p->a->tx, p->person.id, &now);
	same = err == UP_OK && strcmp(now.name, p->known.name) == 0 &&
	    strcmp(now.mobile, p->known.mobile) == 0;
	up_wipe(&now, sizeof(now));
	up_act_judge(p->a, same, UP_E_UNCHECKED);
	return err;
}

static enum up_err put_person(struct add *p)
{
	const struct up_persons_put put = {
	    .person = &p->known,
	    .masked = p->masked,
	    .assurance = p->ask->assurance,
	    .match = p->match,
	    .now_ms = p->a->op->now_ms,
	};

	return up_persons_put(p->a->tx, &put, &p->person);
}

static enum up_err put_edge(struct add *p)
{
	const struct up_db_arg args[] = {
	    up_db_int(p->holder),
	    up_db_int(p->a->found.unit),
	    up_db_text(up_span_str(up_authority_role_name(p->ask->role))),
	    up_db_int(p->a->op->now_ms),
	    up_db_int(p->a->found.role->edge.id),
	    up_db_int(p->ask->role != UP_ROLE_MANAGER || p->ask->may_authorise),
	};
	const struct up_db_arg edge = up_db_int(p->edge);

	if (p->edge != 0)                /* hers already: older codes end */
		return up_db_run(p->a->tx->db, UP_SQL_ENROLMENT_END, &edge, 1, NULL);
	return up_db_add(p->a->tx->db, UP_SQL_EDGE_ADD, args, UP_ARRAY_LEN(args), &p->edge);
}

static enum up_err put_all(struct add *p)
{
	struct up_edge_code code = { .hash = p->ask->code_hash, .expires_ms = p->ask->expires_ms };
	struct up_edge_holder holder = { .unit = p->a->found.unit };
	enum up_err err = put_person(p);

	holder.person = p->person.id;
	if (err == UP_OK)
		err = up_edge_put_holder(p->a, &holder);
	p->holder = holder.id;
	memcpy(p->ask->out_ref, holder.ref, sizeof(holder.ref));
	if (err == UP_OK)
		err = put_edge(p);
	code.edge = p->edge;
	if (err == UP_OK && p->person.confirmed)
		err = up_edge_put_code(p->a, &code);
	return err;
}

static void put_after(struct add *p)
{
	struct up_buf *b = up_act_buffer(p->a);
	struct up_json_put j = { .b = b };

	up_json_put_object(&j, NULL);
	up_json_put_opt(&j, "ref", up_span_str(p->ask->out_ref));
	up_json_put_text(&j, "name", p->masked);
	up_json_put_str(&j, "role", up_authority_role_name(p->ask->role));
	up_json_put_opt(&j, "status", up_span_str(p->ask->out_status));
	if (p->ask->role == UP_ROLE_MANAGER)
		up_json_put_bool(&j, "may_authorise", p->ask->may_authorise);
	up_json_put_opt(&j, "assurance", p->ask->assurance);
	up_json_put_end(&j);
	p->a->record.after = up_buf_span(b);
}

static enum up_err add(struct add *p)
{
	enum up_err err = up_edge_actor(p->a);

	up_edge_may(p->a,
	    p->ask->role == UP_ROLE_MANAGER ? UP_USE_ADD_MANAGER : UP_USE_ADD_USER);
	if (err == UP_OK)
		err = up_edge_password(p->a);
	if (err == UP_OK && p->a->merit == UP_OK)
		err = find_place(p);
	if (err == UP_OK && p->a->merit == UP_OK)
		err = judge_outcome(p);
	if (err != UP_OK || p->a->merit != UP_OK)
		return err;
	err = put_all(p);
	p->ask->out_status = !p->person.confirmed ? "pending" : p->live ? "live" : "waiting";
	if (err == UP_OK && p->person.confirmed)
		up_act_fill_code(p->a, p->ask->code_hash);
	return err;
}

/* What is no person is nobody's: nothing is recorded. */
static enum up_err take_person(struct add *p)
{
	const struct up_named *named = &p->ask->named;
	const struct up_person_given given = { named->name, named->resident, named->mobile };
	struct up_person_fault fault;

	if ((p->ask->role != UP_ROLE_MANAGER && p->ask->role != UP_ROLE_USER) ||
	    p->ask->expires_ms <= p->a->op->now_ms)
		return UP_E_REQUEST;
	return up_person_take(&given, ANY_DAY, &p->known, &fault);
}

enum up_err up_act_people_add(struct up_act *a)
{
	struct add p = { .ask = (void *)a->op, .a = a };
	struct up_buf *masked = up_act_buffer(a);
	enum up_err err = UP_OK;

	p.match = up_span_eq_str(p.ask->outcome, "match");
	a->merit = take_person(&p);
	a->told = a->merit != UP_OK;
	if (!a->told) {
		up_person_mask_name(masked, up_span_str(p.known.name));
		p.masked = up_buf_span(masked);
		err = add(&p);
		put_after(&p);
	}
	up_wipe(&p.known, sizeof(p.known));
	return err;
}

/* --- up_op_people_code --- */

/* Who was asked for stands in the record when she is not found as well. */
static void note_asked(struct up_act *a, struct up_span ref, enum up_authority_role role)
{
	struct up_buf *b = up_act_buffer(a);
	struct up_json_put j = { .b = b };

	up_json_put_object(&j, NULL);
	if (ref.n == UP_STORE_REF)
		up_json_put_text(&j, "ref", ref);
	up_json_put_str(&j, "role", up_authority_role_name(role));
	up_json_put_end(&j);
	a->record.after = up_buf_span(b);
}

static enum up_err renew_code(
    struct up_act *a, const struct up_op_people_code *ask, const struct up_rows_target *target)
{
	const struct up_edge_code code = { .edge = target->edge.id,
		.hash = ask->code_hash, .expires_ms = ask->expires_ms };
	const struct up_db_arg edge = up_db_int(target->edge.id);
	enum up_err err = up_db_run(a->tx->db, UP_SQL_ENROLMENT_END, &edge, 1, NULL);

	up_act_fill_code(a, ask->code_hash);
	return err == UP_OK ? up_edge_put_code(a, &code) : err;
}

enum up_err up_act_people_code(struct up_act *a)
{
	const struct up_op_people_code *ask = (void *)a->op;
	const struct up_edge_asked asked = {
	    UP_USE_CODE, UP_SQL_EDGES_OF_REF, up_db_text(ask->ref), ask->role};
	struct up_rows_target targets[UP_EDGE_TARGETS];
	size_t n = 0;
	enum up_err err = up_edge_actor(a);

	note_asked(a, ask->ref, ask->role);
	if (err == UP_OK)
		err = up_edge_targets(a, &asked, targets, UP_EDGE_TARGETS, &n);
	if (err == UP_OK)
		err = up_edge_password(a);
	up_act_judge(a, ask->expires_ms > a->op->now_ms, UP_E_REQUEST);
	up_act_judge(a, n > 0 && targets[0].edge.person_confirmed, UP_E_UNCHECKED);
	return err == UP_OK && a->merit == UP_OK ? renew_code(a, ask, &targets[0]) : err;
}

/* --- up_op_people_delete --- */

static enum up_err tell_ended(
    struct up_op_people_delete *ask, const struct up_edge_ends *ends)
{
	ask->out_ended = calloc(ends->n, sizeof(*ask->out_ended));
	if (ask->out_ended == NULL)
		return UP_E_NOMEM;
	for (ask->out_n = 0; ask->out_n < ends->n; ask->out_n++) {
		struct up_ended *out = &ask->out_ended[ask->out_n];

		memcpy(out->ref, ends->list[ask->out_n].ref, sizeof(out->ref));
		out->role = ends->list[ask->out_n].role;
	}
	return UP_OK;
}

static enum up_err delete(struct up_act *a, const struct up_rows_target *targets, size_t n)
{
	struct up_op_people_delete *ask = (void *)a->op;
	struct up_edge_ends ends = { 0 };
	enum up_err err = UP_OK;

	a->told = true;
	for (size_t i = 0; err == UP_OK && i < n; i++)
		err = up_edge_end_add(a, &ends, targets[i].edge.id);
	if (err == UP_OK)
		err = up_edge_end_all(a, &ends, true);
	if (err == UP_OK)
		err = tell_ended(ask, &ends);
	up_edge_ends_free(&ends);
	return err;
}

enum up_err up_act_people_delete(struct up_act *a)
{
	const struct up_op_people_delete *ask = (void *)a->op;
	const struct up_edge_asked asked = {
	    UP_USE_DELETE, UP_SQL_EDGES_OF_REF, up_db_text(ask->ref), ask->role};
	struct up_rows_target targets[UP_EDGE_TARGETS];
	size_t n = 0;
	enum up_err err = up_edge_actor(a);

	note_asked(a, ask->ref, ask->role);
	if (err == UP_OK)
		err = up_edge_targets(a, &asked, targets, UP_EDGE_TARGETS, &n);
	if (err == UP_OK)
		err = up_edge_password(a);
	return err == UP_OK && a->merit == UP_OK ? delete(a, targets, n) : err;
}
