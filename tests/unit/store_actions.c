/* SPDX-License-Identifier: Apache-2.0 */
#include "store_actions.h"

#include <string.h>

/* What failed holds nothing. */
static bool is_empty(const struct up_op *op)
{
	const struct up_op_decide *decide = (const void *)op;
	const struct up_op_redeem *redeem = (const void *)op;
	const struct up_op_enrol *enrol = (const void *)op;
	const struct up_op_open *open = (const void *)op;

	if (op->out_seq != 0)
		return false;
	if (op->kind == UP_OP_OPEN)
		return open->out_enrolment == NULL;
	if (op->kind == UP_OP_DECIDE)
		return decide->out_role == NULL && decide->tries_left == 0;
	if (op->kind == UP_OP_REDEEM)
		return redeem->out_role == NULL;
	if (op->kind == UP_OP_ENROL)
		return enrol->out_role == NULL && enrol->tries_left == 0 && enrol->out_device == 0;
	return true;
}

enum up_err action_run(struct fixture *f, struct up_op *op)
{
	enum up_err err;

	fixture_tried[op->kind] = true;
	err = up_store_run(f->store, op);
	CU_ASSERT(err != UP_E_STORE || is_empty(op));
	up_op_clear(op);
	return err;
}

/* --- a login --- */

static enum up_err act_record(struct fixture *f)
{
	struct up_op_record note = fixture_note("login.expire");

	note.device = f->device;
	note.role = f->role;
	return action_run(f, &note.op);
}

static enum up_err act_counted(struct fixture *f)
{
	struct up_op_record note = fixture_note("login.scan");

	note.device = f->device;
	note.op.refused_by = UP_SPAN_LIT("phone");
	note.op.record.result = UP_SPAN_LIT("refused");
	return action_run(f, &note.op);
}

static enum up_err act_spent_code(struct fixture *f)
{
	char ref[23];
	struct up_op_enrol enrol = fixture_enrolling("first", &fixture_li, ref);

	enrol.op.refused_by = UP_SPAN_LIT("strangers");
	return action_run(f, &enrol.op);
}

static enum up_err act_deny(struct fixture *f)
{
	struct up_op_decide decide = fixture_decide(f, true);

	decide.approve = false;
	return action_run(f, &decide.op);
}

static enum up_err act_approve(struct fixture *f)
{
	struct up_op_decide decide = fixture_decide(f, true);

	decide.item = UP_SPAN_LIT("annual-report");
	return action_run(f, &decide.op);
}

static enum up_err act_wrong(struct fixture *f)
{
	struct up_op_decide decide = fixture_decide(f, false);

	return action_run(f, &decide.op);
}

/* Who approves names the role; the only one that the phone holds is not taken for it. */
static enum up_err act_unnamed(struct fixture *f)
{
	struct up_op_decide decide = fixture_decide(f, true);

	decide.role = 0;
	decide.item = UP_SPAN_LIT("annual-report");
	return action_run(f, &decide.op);
}

/* A phone that holds no such role is read by itself. */
static enum up_err act_no_role(struct fixture *f)
{
	struct up_op_redeem redeem = fixture_redeem(f, "ssssssssssssssssssssss");

	redeem.role = f->role + 1;
	redeem.item = UP_SPAN_LIT("annual-report");
	return action_run(f, &redeem.op);
}

static enum up_err act_redeem(struct fixture *f)
{
	struct up_op_redeem redeem = fixture_redeem(f, "ssssssssssssssssssssss");

	redeem.item = UP_SPAN_LIT("annual-report");
	return action_run(f, &redeem.op);
}

static enum up_err act_replay(struct fixture *f)
{
	struct up_op_replay replay = fixture_replay(f, "qqqqqqqqqqqqqqqqqqqqqq");

	return action_run(f, &replay.op);
}

static enum up_err act_enrol(struct fixture *f)
{
	char ref[23];
	struct up_op_enrol enrol = fixture_enrolling("next", &fixture_li, ref);

	return action_run(f, &enrol.op);
}

static enum up_err act_known_phone(struct fixture *f)
{
	char ref[23];
	struct up_op_enrol enrol = fixture_enrolling("next", &fixture_li, ref);

	enrol.device = f->device;
	return action_run(f, &enrol.op);
}

static enum up_err act_stranger(struct fixture *f)
{
	char ref[23];
	struct up_op_enrol enrol = fixture_enrolling("next", &fixture_zhang, ref);

	return action_run(f, &enrol.op);
}

static enum up_err act_code(struct fixture *f)
{
	return fixture_put_code(f->store, U2, &fixture_zhang, "zhang");
}

static enum up_err act_answer(struct fixture *f, const char *outcome)
{
	struct fixture_pending p;
	struct up_op_realname op;

	CU_ASSERT(fixture_pending(f->store, 0, &p));
	op = fixture_realname(&p, outcome);
	return action_run(f, &op.op);
}

static enum up_err act_confirmed(struct fixture *f)
{
	return act_answer(f, "match");
}

static enum up_err act_unknown(struct fixture *f)
{
	return act_answer(f, "not_found");
}

static enum up_err act_mismatch(struct fixture *f)
{
	return fixture_open_code(f->store, "next", &fixture_zhang);
}

static enum up_err act_open(struct fixture *f)
{
	return fixture_open_code(f->store, "next", &fixture_li);
}

static enum up_err act_data_key(struct fixture *f)
{
	char ids[UP_SEAL_KEYS][UP_VAULT_ID + 1];

	CU_ASSERT_EQUAL(up_data_keys_ids(fixture_keys(), ids), 1);
	return fixture_data_key(f->store, ids[0], NOW);
}

static enum up_err act_clock(struct fixture *f)
{
	int64_t newest;

	return fixture_clock_accept(f->store, NOW, &newest);
}

static enum up_err act_units(struct fixture *f)
{
	static const struct up_unit_row rows[] = {
		{ UP_SPAN_LIT("12430000100000016Y"), UP_SPAN_LIT("三"), UP_SPAN_LIT("{}"),
		    UP_SPAN_LIT("hn"), UP_SPAN_LIT("CERT-3"), 1, 2 },
		{ UP_SPAN_LIT("1243000010000042XX"), UP_SPAN_LIT("四"), UP_SPAN_LIT("{}"),
		    UP_SPAN_LIT("hn"), UP_SPAN_LIT("CERT-4"), 1, 2 },
	};
	size_t added, bad;

	return fixture_units_put(f->store, rows, 2, NOW, &added, &bad);
}

static enum up_err act_client(struct fixture *f)
{
	static const struct up_client c = {
		.id = (char *)"p2", .name = (char *)"n", .origin = (char *)"https://p2.example.org"
	};

	return fixture_client_put(f->store, &c, NOW);
}

static enum up_err act_rotate(struct fixture *f)
{
	static const struct up_client c = { .id = (char *)"portal", .has_secret = true };

	return fixture_client_rotate(f->store, &c, NOW);
}

static enum up_err act_disable(struct fixture *f)
{
	return fixture_client_set(f->store, UP_SPAN_LIT("portal"), "disabled", NOW);
}

static enum up_err act_item(struct fixture *f)
{
	return fixture_item_put(
	    f->store, UP_SPAN_LIT("change"), UP_SPAN_LIT("变更"), UP_SPAN_LIT("portal"), NOW);
}

static enum up_err act_item_end(struct fixture *f)
{
	return fixture_item_end(f->store, UP_SPAN_LIT("annual-report"), NOW);
}

/* the principal is suspended by it */
static enum up_err act_unit_change(struct fixture *f)
{
	return fixture_unit_change(f->store, U1, UP_UNIT_REPRESENTATIVE, "赵六", NULL);
}

static enum up_err act_unit_name(struct fixture *f)
{
	return fixture_unit_change(f->store, U1, UP_UNIT_NAME, "新名", NULL);
}

static enum up_err act_unit_renew(struct fixture *f)
{
	return fixture_unit_renew(f->store, U1, 1899990000000, NULL);
}

static enum up_err act_authority(struct fixture *f)
{
	return fixture_authority_put(f->store, UP_SPAN_LIT("hn"), UP_SPAN_LIT("另一名称"), NOW);
}

static enum up_err act_end_phone(struct fixture *f)
{
	struct up_device d;

	return up_store_device(f->store, f->token_hash, &d) == UP_OK
		   ? fixture_device_end(f->store, up_span_str(d.ref), NOW)
		   : UP_E_TOKEN;
}

const struct action store_actions[] = {
	{ "record", act_record, UP_OK },
	{ "counted refusal", act_counted, UP_OK },
	{ "spent code", act_spent_code, UP_E_CODE },
	{ "deny", act_deny, UP_OK },
	{ "approve", act_approve, UP_OK },
	{ "approve without role", act_unnamed, UP_E_ROLE },
	{ "wrong password", act_wrong, UP_E_PASSWORD },
	{ "redeem", act_redeem, UP_OK },
	{ "redeem without role", act_no_role, UP_E_ROLE },
	{ "replay", act_replay, UP_OK },
	{ "enrol", act_enrol, UP_OK },
	{ "enrol a known phone", act_known_phone, UP_OK },
	{ "enrol another person", act_stranger, UP_E_PERSON },
	{ "code", act_code, UP_OK },
	{ "confirmed", act_confirmed, UP_OK },
	{ "not found", act_unknown, UP_E_NO_PERSON },
	{ "open", act_open, UP_OK },
	{ "mismatch", act_mismatch, UP_E_PERSON },
	{ "units", act_units, UP_OK },
	{ "client", act_client, UP_OK },
	{ "rotate", act_rotate, UP_OK },
	{ "disable", act_disable, UP_OK },
	{ "item", act_item, UP_OK },
	{ "item ends", act_item_end, UP_OK },
	{ "authority", act_authority, UP_OK },
	{ "unit changes", act_unit_change, UP_OK },
	{ "unit's name changes", act_unit_name, UP_OK },
	{ "unit is renewed", act_unit_renew, UP_OK },
	{ "clock", act_clock, UP_OK },
	{ "data key", act_data_key, UP_OK },
	{ "phone ends", act_end_phone, UP_OK },
};
const size_t store_actions_n = UP_ARRAY_LEN(store_actions);

/* --- all of them --- */

size_t actions_n(void)
{
	return store_actions_n + people_actions_n;
}

bool action_of_people(size_t i)
{
	return i >= store_actions_n;
}

const struct action *action_at(size_t i)
{
	return action_of_people(i) ? &people_actions[i - store_actions_n] : &store_actions[i];
}

void action_prepare(struct fixture *f, size_t i)
{
	struct up_op_redeem session;

	fixture_open(f, false);
	fixture_enrol(f);
	session = fixture_redeem(f, "qqqqqqqqqqqqqqqqqqqqqq");
	CU_ASSERT_EQUAL(action_run(f, &session.op), UP_OK);
	CU_ASSERT_EQUAL(fixture_put_code(f->store, U1, &fixture_li, "next"), UP_OK);
	CU_ASSERT_EQUAL(fixture_put_pending(f->store, U2, &fixture_wang), UP_E_PENDING);
	if (action_of_people(i))
		people_actions_prepare(f);
}
