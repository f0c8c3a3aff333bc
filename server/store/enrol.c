/* SPDX-License-Identifier: Apache-2.0
 * Taking a role on a phone: the enrolment code read and used up. */
#include <stdlib.h>
#include <string.h>

#include "core/day.h"
#include "core/enrolment.h"
#include "core/grant.h"
#include "core/password.h"
#include "core/person.h"
#include "server/store/edge.h"
#include "server/store/persons.h"

/* A code as it stands, beside what the outside may see of it. */
struct code {
	struct up_enrolment *enrolment;  /* NULL: unknown */
	int64_t role, person, device;    /* device: that held the role until now, or 0 */
	struct up_enrolment_code facts;
	bool named;
	int64_t made_ms;
	int64_t grant;                   /* that it takes as well, or 0 */
	bool grant_waits;
};

/* All three are compared whatever the first one says; a name without regard to capitals. */
static bool is_named(const struct up_named *who, const struct up_person *person)
{
	struct up_buf given = { 0 }, kept = { 0 };
	bool same = up_person_put_key(&given, who->name) == UP_OK;

	same &= up_person_put_key(&kept, up_span_str(person->name)) == UP_OK;
	same &= up_span_eq_ct(up_buf_span(&given), up_buf_span(&kept));
	same &= up_span_eq_ct(who->resident, up_span_str(person->resident));
	same &= up_span_eq_ct(who->mobile, up_span_str(person->mobile));
	up_buf_free(&given);
	up_buf_free(&kept);
	return same;
}

static enum up_err judge_named(struct up_db *db, struct up_data_keys *keys,
    const struct up_db_rows *rows, const struct up_named *who, bool *named)
{
	const struct up_persons_sealed sealed = {
	    .name = up_db_column(rows, UP_ROWS_EDGE + 8),
	    .resident = up_db_column(rows, UP_ROWS_EDGE + 9),
	    .mobile = up_db_column(rows, UP_ROWS_EDGE + 10),
	    .ref = up_db_column(rows, UP_ROWS_EDGE + 13),
	};
	struct up_person person;
	enum up_err err = up_persons_open_all(db, keys, &sealed, &person);

	*named = err == UP_OK && is_named(who, &person);
	up_wipe(&person, sizeof(person));
	return err;
}

static const struct up_rows_text code_texts[] = {
	{ offsetof(struct up_enrolment, role), UP_ROWS_EDGE_ROLE },
	{ offsetof(struct up_enrolment, unit_code), UP_ROWS_EDGE_UNIT },
	{ offsetof(struct up_enrolment, certificate), UP_ROWS_EDGE_CERTIFICATE },
	{ offsetof(struct up_enrolment, unit_name), UP_ROWS_EDGE + 1 },
	{ offsetof(struct up_enrolment, fields), UP_ROWS_EDGE + 2 },
	{ offsetof(struct up_enrolment, person_masked), UP_ROWS_EDGE + 3 },
};

static void take_grant(const struct up_db_rows *rows, struct code *out)
{
	struct up_enrolment *e = out->enrolment;

	out->grant = up_db_column_int(rows, UP_ROWS_EDGE + 15);
	up_rows_copy_ref(rows, UP_ROWS_EDGE + 16, e->grant);
	e->from_day = (uint32_t)up_db_column_int(rows, UP_ROWS_EDGE + 17);
	e->to_day = (uint32_t)up_db_column_int(rows, UP_ROWS_EDGE + 18);
	out->grant_waits = up_db_column_int(rows, UP_ROWS_EDGE + 19) != 0;
}

static enum up_err read_items(struct up_db *db, struct code *out)
{
	struct up_buf words = { 0 };
	enum up_err err =
	    up_rows_words(db, UP_SQL_GRANT_ITEMS, up_db_int(out->grant), &words);

	if (err == UP_OK) {
		out->enrolment->items = up_span_dup(up_buf_span(&words));
		err = out->enrolment->items != NULL ? UP_OK : UP_E_NOMEM;
	}
	up_buf_free(&words);
	return err;
}

static enum up_err load(struct up_db *db, struct up_data_keys *keys, const uint8_t code_hash[32],
    const struct up_named *who, struct code *out)
{
	const struct up_db_arg arg = up_db_blob(code_hash, 32);
	struct up_db_rows *rows;
	bool row;
	enum up_err err = up_db_first(db, UP_SQL_ENROLMENT, &arg, 1, &rows, &row);

	memset(out, 0, sizeof(*out));
	if (err != UP_OK || !row)
		goto out;
	out->enrolment =
	    up_rows_pack(rows, sizeof(*out->enrolment), code_texts, UP_ARRAY_LEN(code_texts));
	if (out->enrolment == NULL) {
		err = UP_E_NOMEM;
		goto out;
	}
	out->facts.edge =
	    up_rows_edge(rows, out->enrolment->unit_code, out->enrolment->certificate);
	out->role = out->facts.edge.id;
	out->enrolment->id = up_db_column_int(rows, UP_ROWS_EDGE);
	out->enrolment->certificate_version = up_db_column_int(rows, UP_ROWS_EDGE + 4);
	out->enrolment->expires_ms = up_db_column_int(rows, UP_ROWS_EDGE + 5);
	out->facts.expires_ms = out->enrolment->expires_ms;
	out->facts.mismatches = (unsigned)up_db_column_int(rows, UP_ROWS_EDGE + 6);
	out->facts.open = up_db_column_int(rows, UP_ROWS_EDGE + 7) != 0;
	out->device = up_db_column_int(rows, UP_ROWS_EDGE + 11);
	out->person = up_db_column_int(rows, UP_ROWS_EDGE + 12);
	out->made_ms = up_db_column_int(rows, UP_ROWS_EDGE + 14);
	take_grant(rows, out);
	err = judge_named(db, keys, rows, who, &out->named);
out:
	up_db_end(&rows);
	return err == UP_OK && out->grant != 0 ? read_items(db, out) : err;
}

/* Rule 17: what is over is not taken, with one's own code neither. */
static enum up_err judge(const struct code *code, int64_t now_ms)
{
	enum up_err answer = up_enrolment_judge(
	    code->enrolment != NULL ? &code->facts : NULL, code->named, now_ms);
	uint32_t from;

	if (answer != UP_OK || code->grant == 0)
		return answer;
	if (!code->grant_waits)
		return UP_E_CODE;
	from = code->enrolment->from_day;
	return up_grant_begin(&from, code->enrolment->to_day, up_day_number(now_ms / 1000));
}

static enum up_err count_mismatch(struct up_tx *tx, const struct code *code)
{
	const struct up_db_arg arg = up_db_int(code->enrolment->id);

	return up_db_run_one(tx->db, UP_SQL_ENROLMENT_MISMATCH, &arg, 1);
}

/* --- what is only read --- */

static enum up_err look(struct up_store *s, const uint8_t code_hash[32],
    const struct up_named *who, int64_t now_ms, struct code *out, enum up_err *answer)
{
	struct up_db *db;
	enum up_err err = up_tx_take(s, &db);

	memset(out, 0, sizeof(*out));
	if (err != UP_OK)
		return err;
	err = load(db, s->data_keys, code_hash, who, out);
	*answer = judge(out, now_ms);
	up_tx_put(s, &db);
	return err;
}

enum up_err up_store_enrolment_known(
    struct up_store *s, const uint8_t code_hash[32], int64_t now_ms)
{
	const struct up_named nobody = { 0 };
	enum up_err answer;
	struct code code;
	enum up_err err = look(s, code_hash, &nobody, now_ms, &code, &answer);

	up_store_enrolment_free(&code.enrolment);
	return err != UP_OK ? err : answer == UP_E_CODE ? UP_E_CODE : UP_OK;
}

enum up_err up_store_enrolment(struct up_store *s, const uint8_t code_hash[32],
    const struct up_named *who, int64_t now_ms, struct up_enrolment **out)
{
	enum up_err answer;
	struct code code;
	enum up_err err = look(s, code_hash, who, now_ms, &code, &answer);

	*out = NULL;
	if (err == UP_OK && answer == UP_OK)
		*out = code.enrolment;
	else
		up_store_enrolment_free(&code.enrolment);
	return err == UP_OK ? answer : err;
}

void up_store_enrolment_free(struct up_enrolment **e)
{
	if (*e != NULL)
		free((*e)->items);
	free(*e);
	*e = NULL;
}

/* --- up_op_enrol --- */

static struct up_op_enrol *asked(const struct up_act *a)
{
	return (void *)a->op;
}

static enum up_err make_verifier(const struct up_act *a, const char *ref, uint8_t out[32])
{
	return up_password_verifier(up_span_of(a->tx->password_key, 32), up_span_str(ref),
	    up_span_of(asked(a)->password, 32), out);
}

/* The window knows the person by her papers, which is more than the SMS that else ends a lock (rule
 * 27). Only a principal's code is made there: whoever holds somebody's phone and has a manager for
 * a friend, of whatever unit, gets no password of it so. */
static enum up_err unlock(struct up_act *a, const struct code *code)
{
	const struct up_device *d = &a->device.device;
	uint8_t verifier[32];
	enum up_err err;

	up_act_judge(a, d->errors >= UP_PASSWORD_ERRORS_MAX, UP_E_STATE);
	up_act_judge(a, code->facts.edge.role == UP_ROLE_PRINCIPAL, UP_E_LOCKED);
	if (a->merit != UP_OK)
		return UP_OK;
	if (make_verifier(a, d->ref, verifier) != UP_OK)
		return UP_E_CRYPTO;

	const struct up_db_arg args[] = {
	    up_db_int(d->id), up_db_blob(verifier, 32), up_db_int(d->errors)};

	err = up_db_run_one(a->tx->db, UP_SQL_DEVICE_UNLOCK, args, UP_ARRAY_LEN(args));
	up_wipe(verifier, sizeof(verifier));
	up_facts_str(&a->record.before, "{\"password\":\"locked\"}");
	up_facts_str(&a->record.after, "{\"password\":\"new\"}");
	return err;
}

/* A phone that is registered already: of the same person, and she knows its password. */
static enum up_err known_phone(struct up_act *a, const struct code *code)
{
	struct up_op_enrol *ask = asked(a);
	bool found;
	enum up_err err = up_rows_device(
	    a->tx->db, UP_SQL_DEVICE, up_db_int(ask->device), &a->device, &found);

	if (err != UP_OK)
		return err;
	if (!found || !a->device.live) {
		a->merit = found ? UP_E_ENDED : UP_E_TOKEN;
		return UP_OK;
	}
	up_facts_str(&a->record.device, a->device.device.ref);
	if (a->device.device.person != code->person) {
		a->merit = UP_E_PERSON;
		return count_mismatch(a->tx, code);
	}
	ask->out_device = ask->device;
	return ask->unlock ? unlock(a, code) : up_act_password(a, ask->password, &ask->tries_left);
}

static enum up_err add_phone(struct up_act *a, const struct code *code)
{
	struct up_op_enrol *ask = asked(a);
	uint8_t verifier[32];
	enum up_err err;

	if (make_verifier(a, a->device.device.ref, verifier) != UP_OK)
		return UP_E_CRYPTO;

	const struct up_db_arg args[] = {
	    up_db_text(ask->device_ref),
	    up_db_int(code->person),
	    up_db_blob(ask->device_key, 64),
	    up_db_blob(ask->device_token_hash, 32),
	    up_db_blob(verifier, 32),
	    up_db_text(ask->device_name),
	    up_db_int(a->op->now_ms),
	};

	err = up_db_add(a->tx->db, UP_SQL_DEVICE_ADD, args, UP_ARRAY_LEN(args), &ask->out_device);
	up_wipe(verifier, sizeof(verifier));
	return err;
}

static enum up_err new_phone(struct up_act *a, const struct code *code)
{
	const struct up_op_enrol *ask = asked(a);
	struct up_device *d = &a->device.device;
	struct up_rows_device other;
	bool taken;
	enum up_err err = up_rows_device(a->tx->db, UP_SQL_DEVICE_BY_TOKEN,
	    up_db_blob(ask->device_token_hash, 32), &other, &taken);

	up_wipe(&other, sizeof(other));
	if (err != UP_OK)
		return err;
	if (taken || ask->device_ref.n != UP_STORE_REF) {
		a->merit = UP_E_STATE;
		return UP_OK;
	}
	memcpy(d->ref, ask->device_ref.p, UP_STORE_REF);
	up_facts_str(&a->record.device, d->ref);
	return add_phone(a, code);
}

/* The code is used up, the role moves to the phone, and a phone left without any role ends with its
 * key (rule 28). */
static enum up_err move_role(struct up_act *a, const struct code *code)
{
	const struct up_op_enrol *ask = asked(a);
	struct up_db *db = a->tx->db;
	const struct up_db_arg now = up_db_int(a->op->now_ms);
	const struct up_db_arg use[] = {up_db_int(code->enrolment->id), now};
	const struct up_db_arg take[] = {up_db_int(code->role), up_db_int(ask->out_device), now};
	const struct up_db_arg agree[] = {
	    take[0], take[1], up_db_text(ask->statement_version), now};
	enum up_err err = up_db_run_one(db, UP_SQL_ENROLMENT_USE, use, UP_ARRAY_LEN(use));

	if (err == UP_OK)
		err = up_db_run(db, UP_SQL_PLAIN_CODES_END, take, 1, NULL);
	if (err == UP_OK)
		err = up_db_run_one(db, UP_SQL_ROLE_TAKE, take, UP_ARRAY_LEN(take));
	if (err == UP_OK)
		err = up_db_run_one(db, UP_SQL_AGREEMENT_ADD, agree, UP_ARRAY_LEN(agree));
	return err;
}

static enum up_err take_role(struct up_act *a, const struct code *code)
{
	struct up_op_enrol *ask = asked(a);
	const struct up_db_arg key[] = {up_db_int(code->role), up_db_int(ask->out_device)};
	const struct up_edge_take grants = { code->role, code->grant, code->made_ms };
	enum up_err err = move_role(a, code);

	if (err == UP_OK)
		err = up_rows_role(a->tx->db, UP_SQL_ROLE, key, UP_ARRAY_LEN(key), &a->found);
	if (err == UP_OK && a->found.role == NULL)
		return up_db_fail(a->tx->db, UP_DB_OTHER, "a role that was taken is gone");
	if (err != UP_OK)
		return err;
	up_facts_role(&a->record, a->found.role);
	err = up_edge_take_grants(a, &grants);
	if (err == UP_OK)
		err = up_edge_phone_unused(a, code->device, a->found.role->ref);
	ask->out_role = up_act_take_role(a);
	return err;
}

static enum up_err put_on_phone(struct up_act *a, const struct code *code)
{
	struct up_op_enrol *ask = asked(a);
	enum up_err err;

	a->merit = judge(code, a->op->now_ms);
	if (a->merit == UP_E_PERSON)
		return count_mismatch(a->tx, code);
	if (a->merit == UP_OK && ask->statement_version.n == 0)
		a->merit = UP_E_STATEMENT;
	if (a->merit != UP_OK)
		return UP_OK;
	err = ask->device > 0 ? known_phone(a, code) : new_phone(a, code);
	if (err == UP_OK && a->merit == UP_OK)
		err = take_role(a, code);
	if (a->merit != UP_OK)
		ask->out_device = 0;
	return err;
}

/* The record borrows the code's unit; it names no person: who held the phone is not known. */
static void name_unit(struct up_act *a, const struct code *code)
{
	const struct up_enrolment *e = code->enrolment;

	a->enrolment = code->enrolment;
	if (e == NULL)
		return;
	up_facts_code(&a->record, e);
}

/* The same, of one who is named in it, and may see it. */
static void name_person(struct up_act *a, const struct up_enrolment *e)
{
	up_facts_edge(&a->record, e->unit_code, e->unit_name, e->role);
	up_facts_str(&a->record.person_name, e->person_masked);
}

/* A code that was ours is the source of its own refusals, whoever shows it. */
static void set_source(struct up_act *a, const struct code *code)
{
	if (a->merit != UP_E_CODE && a->merit != UP_E_PERIOD_OVER)
		a->source.n = 0;
	else if (code->enrolment != NULL)
		a->source = up_span_of(a->code_hex, sizeof(a->code_hex));
}

enum up_err up_act_open(struct up_act *a)
{
	struct up_op_open *ask = (void *)a->op;
	struct code code;
	enum up_err err =
	    load(a->tx->db, a->tx->data_keys, ask->code_hash, ask->named, &code);

	a->enrolment = code.enrolment;           /* whatever comes of it: it is freed */
	if (err != UP_OK)
		return err;
	up_act_fill_code(a, ask->code_hash);
	a->merit = judge(&code, a->op->now_ms);
	set_source(a, &code);
	if (a->merit == UP_E_CODE) {
		name_unit(a, &code);
	} else if (a->merit == UP_OK) {
		name_person(a, code.enrolment);
		ask->out_enrolment = code.enrolment;
		a->enrolment = NULL;
	} else if (a->merit == UP_E_PERSON) {
		err = count_mismatch(a->tx, &code);
	} else {
		name_person(a, code.enrolment);
	}
	return err;
}

enum up_err up_act_enrol(struct up_act *a)
{
	const struct up_op_enrol *ask = asked(a);
	struct code code;
	enum up_err err =
	    load(a->tx->db, a->tx->data_keys, ask->code_hash, ask->named, &code);

	if (err == UP_OK)
		err = put_on_phone(a, &code);
	up_act_fill_code(a, ask->code_hash);
	/* Everything else that a code can be refused for ends it after a few times, or with it. */
	set_source(a, &code);
	name_unit(a, &code);
	return err;
}
