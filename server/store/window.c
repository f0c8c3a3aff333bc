/* SPDX-License-Identifier: Apache-2.0
 * The window writes a principal and makes the code for her phone (up_store_enrol_put). */
#include "core/enrolment.h"
#include "core/person.h"
#include "core/text.h"
#include "server/store/change.h"
#include "server/store/act.h"
#include "server/store/usage.h"

#define ANY_DAY 99991231                 /* whether she is born yet, the window has judged */

struct put {
	const struct up_enrol_row *row;
	int64_t now_ms;
	struct up_tx *tx;
	struct up_record record;
	enum up_err merit;
	int64_t unit, person, holder, role;
	bool match;
	struct up_buf texts;             /* what the record borrows; reserved once, so that it does not move */
	struct up_person known;          /* her data in the one spelling that is kept */
	struct up_buf masked;
	char person_ref[UP_STORE_REF + 1], holder_ref[UP_STORE_REF + 1], hex[32];
	uint8_t leaf[32];
};

static struct up_span keep(struct put *p, struct up_span s)
{
	size_t at = p->texts.n;

	up_buf_put_span(&p->texts, s);
	return p->texts.failed ? (struct up_span){ NULL, 0 } : up_span_of(p->texts.p + at, s.n);
}

static enum up_err put_unit(struct put *p)
{
	const struct up_db_arg arg = up_db_text(p->row->unit);
	struct up_db_rows *rows;
	bool row;
	enum up_err e = up_db_first(p->tx->db, UP_SQL_UNIT, &arg, 1, &rows, &row);

	if (e == UP_OK && !row)
		p->merit = UP_E_NOT_FOUND;
	if (e == UP_OK && row) {
		p->unit = up_db_column_int(rows, 0);
		p->merit = up_db_column_int(rows, 1) != 0 ? UP_OK : UP_E_STATE;
		up_buf_reserve(&p->texts, up_db_column(rows, 2).n + up_db_column(rows, 4).n);
		p->record.unit_name = keep(p, up_db_column(rows, 2));
		p->record.certificate = keep(p, up_db_column(rows, 4));
		p->record.certificate_version = up_db_column_int(rows, 5);
		e = p->texts.failed ? UP_E_NOMEM : UP_OK;
	}
	up_db_end(&rows);
	return e;
}

/* Her row comes to be or is brought up to date; what the platform confirmed is not undone because it is unavailable today. */
static enum up_err put_person(struct put *p)
{
	const struct up_enrol_row *r = p->row;
	const struct up_db_arg key = up_db_text(up_span_str(p->known.resident));
	const struct up_db_arg outcome = up_db_text(up_span_str(p->match ? "match" : "pending"));
	const struct up_db_arg name = up_db_text(up_span_str(p->known.name));
	const struct up_db_arg masked = up_db_text(up_buf_span(&p->masked));
	const struct up_db_arg mobile = up_db_text(up_span_str(p->known.mobile)),
			       assurance = up_db_text(r->assurance);
	struct up_db_rows *rows;
	bool row, confirmed;
	enum up_err e = up_db_first(p->tx->db, UP_SQL_PERSON, &key, 1, &rows, &row);

	confirmed = e == UP_OK && row && up_span_eq_str(up_db_column(rows, 4), "match");
	if (e == UP_OK && row) {
		p->person = up_db_column_int(rows, 0);
		up_rows_copy_ref(rows, 1, p->person_ref);
	}
	up_db_end(&rows);
	if (e != UP_OK || (confirmed && !p->match))
		return e;
	if (row) {
		const struct up_db_arg set[] = {up_db_int(p->person), name, masked, mobile, outcome,
		    assurance, up_db_int(p->now_ms)};

		return up_db_run_one(p->tx->db, UP_SQL_PERSON_SET, set, UP_ARRAY_LEN(set));
	}
	if (up_tx_draw(p->person_ref) != UP_OK)
		return UP_E_CRYPTO;

	const struct up_db_arg add[] = {up_db_text(up_span_str(p->person_ref)), key, name, masked,
	    mobile, outcome, assurance, up_db_int(p->now_ms)};

	return up_db_add(p->tx->db, UP_SQL_PERSON_ADD, add, UP_ARRAY_LEN(add), &p->person);
}

static enum up_err put_holder(struct put *p)
{
	const struct up_db_arg key[] = {up_db_int(p->unit), up_db_int(p->person)};
	struct up_db_rows *rows;
	bool row;
	enum up_err e = up_db_first(p->tx->db, UP_SQL_HOLDER, key, UP_ARRAY_LEN(key), &rows, &row);

	if (e == UP_OK && row) {
		p->holder = up_db_column_int(rows, 0);
		up_rows_copy_ref(rows, 1, p->holder_ref);
	}
	up_db_end(&rows);
	if (e != UP_OK || row)
		return e;
	if (up_tx_draw(p->holder_ref) != UP_OK)
		return UP_E_CRYPTO;

	const struct up_db_arg add[] = {
	    up_db_text(up_span_str(p->holder_ref)), key[0], key[1], up_db_int(p->now_ms)};

	return up_db_add(p->tx->db, UP_SQL_HOLDER_ADD, add, UP_ARRAY_LEN(add), &p->holder);
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
		p->merit = UP_E_STATE;
	}
}

/* Another person in the way: a live one stays, one who never took the role gives way (wrong data is not edited: rule 10). */
static enum up_err find_principal(struct put *p, int64_t *other)
{
	const struct up_db_arg arg = up_db_int(p->unit), key = up_db_text(p->row->named.resident);
	struct up_db_rows *rows;
	bool row;
	int64_t person = 0;
	enum up_err e = up_db_first(p->tx->db, UP_SQL_PERSON, &key, 1, &rows, &row);

	if (e == UP_OK && row)
		person = up_db_column_int(rows, 0);
	up_db_end(&rows);
	if (e == UP_OK)
		e = up_db_first(p->tx->db, UP_SQL_PRINCIPAL, &arg, 1, &rows, &row);
	*other = 0;
	if (e == UP_OK && row)
		take_place(p, rows, person, other);
	up_db_end(&rows);
	return e;
}

static enum up_err end_role(struct put *p, int64_t role)
{
	const struct up_db_arg args[] = {up_db_int(role), up_db_int(p->now_ms)};
	enum up_err e = up_db_run(p->tx->db, UP_SQL_ENROLMENT_END, args, 1, NULL);

	return e == UP_OK ? up_db_run_one(p->tx->db, UP_SQL_ROLE_END, args, UP_ARRAY_LEN(args)) : e;
}

static enum up_err put_role(struct put *p)
{
	const struct up_db_arg args[] = {up_db_int(p->holder), up_db_int(p->unit),
	    up_db_text(p->row->role), up_db_int(p->now_ms)};
	const struct up_db_arg role = up_db_int(p->role);

	if (p->role != 0)                /* hers already: older codes end */
		return up_db_run(p->tx->db, UP_SQL_ENROLMENT_END, &role, 1, NULL);
	return up_db_add(p->tx->db, UP_SQL_ROLE_ADD, args, UP_ARRAY_LEN(args), &p->role);
}

static enum up_err put_code(struct put *p)
{
	const struct up_db_arg args[] = {
	    up_db_blob(p->row->code_hash, 32),
	    up_db_int(p->role),
	    up_db_int(p->row->expires_ms),
	    up_db_text(p->row->clerk),
	    up_db_text(p->row->window),
	    up_db_int(p->now_ms),
	};

	return up_db_run_one(p->tx->db, UP_SQL_ENROLMENT_ADD, args, UP_ARRAY_LEN(args));
}

static enum up_err put_all(struct put *p)
{
	int64_t other = 0;
	enum up_err e = put_unit(p);

	if (e == UP_OK && p->merit == UP_OK)
		e = find_principal(p, &other);
	if (e == UP_OK && p->merit == UP_OK && !p->match && !up_span_eq_str(p->row->outcome, "unavailable"))
		p->merit = UP_E_PERSON;
	if (e != UP_OK || p->merit != UP_OK)
		return e;
	e = put_person(p);
	if (!p->match)
		p->merit = UP_E_PENDING;
	if (e != UP_OK || p->merit != UP_OK)
		return e;
	if (other != 0)
		e = end_role(p, other);
	if (e == UP_OK)
		e = put_holder(p);
	if (e == UP_OK)
		e = put_role(p);
	return e == UP_OK ? put_code(p) : e;
}

static enum up_err put_record(struct put *p)
{
	struct up_record *r = &p->record;
	char id[UP_STORE_REF + 1];

	if (r->id.n == 0 && up_tx_draw(id) != UP_OK)
		return UP_E_CRYPTO;
	up_act_fill(&r->id, id);
	up_act_fill(&r->event, "enrolment.code");
	up_act_fill(&r->channel, "window");
	up_act_fill(&r->person_ref, p->person_ref);
	up_act_fill(&r->holder_ref, p->holder_ref);
	if (p->merit == UP_OK) {
		up_text_hex(up_span_of(p->row->code_hash, 16), p->hex);
		r->code_hash = up_span_of(p->hex, sizeof(p->hex));
	} else {
		/* what the real-name check said tells an auditor more than what we made of it */
		r->reason = p->match || p->merit == UP_E_STATE || p->merit == UP_E_NOT_FOUND ? up_span_str(up_err_name(p->merit)) : p->row->outcome;
	}
	r->result = up_span_str(p->merit == UP_OK ? "ok" : "refused");
	r->time_ms = r->time_ms != 0 ? r->time_ms : p->now_ms;
	r->unit_code = p->row->unit;
	r->role = p->row->role;
	r->person_name = up_buf_span(&p->masked);
	r->window = p->row->window;
	r->operator_ = p->row->clerk;
	r->assurance = p->row->assurance;
	return up_usage_add(p->tx, r, p->leaf);
}

static enum up_err put(struct up_tx *tx, void *arg)
{
	struct put *p = arg;
	enum up_err e;

	/* it may be another try */
	p->tx = tx;
	p->record = p->row->record;
	p->merit = UP_OK;
	p->unit = p->person = p->holder = p->role = 0;
	p->person_ref[0] = p->holder_ref[0] = '\0';
	up_buf_reset(&p->texts);
	e = up_change_clock(tx, p->now_ms);
	if (e == UP_OK)
		e = put_all(p);
	return e == UP_OK ? put_record(p) : e;
}

enum up_err up_store_enrol_put(struct up_store *s, const struct up_enrol_row *row, int64_t now_ms)
{
	struct put p = {
	    .row = row, .now_ms = now_ms, .match = up_span_eq_str(row->outcome, "match")};
	const struct up_person_given given = { row->named.name, row->named.resident,
	    row->named.mobile };
	struct up_person_fault fault;
	enum up_err e;

	if (!up_span_eq_str(row->role, "principal") || row->expires_ms <= now_ms)
		return UP_E_REQUEST;
	e = up_person_take(&given, ANY_DAY, &p.known, &fault);
	if (e != UP_OK)
		return e;
	up_person_mask_name(&p.masked, up_span_str(p.known.name));
	e = p.masked.failed ? UP_E_NOMEM : up_tx_write(s, put, &p);
	up_buf_free(&p.texts);
	up_buf_free(&p.masked);
	up_wipe(&p.known, sizeof(p.known));
	return e == UP_OK ? p.merit : e;
}
