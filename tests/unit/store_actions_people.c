/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "store_actions.h"

static struct holder principal, manager, user, added;
static struct given waiting;

void people_actions_prepare(struct fixture *f)
{
	struct up_role *role;

	principal = (struct holder){ .who = LI, .device = f->device, .role = f->role };
	CU_ASSERT_EQUAL_FATAL(up_store_role(f->store, f->role, f->device, &role), UP_OK);
	memcpy(principal.ref, role->ref, sizeof(principal.ref));
	up_store_role_free(&role);
	manager = people_make(f, &principal, UP_ROLE_MANAGER, 1);
	user = people_make(f, &manager, UP_ROLE_USER, 2);
	CU_ASSERT_EQUAL_FATAL(
	    people_grant(f, &manager, &user, TODAY, TODAY + 1, &waiting), UP_OK);
}

static enum up_err act_people_add(struct fixture *f)
{
	added = (struct holder){ .who = 3, .is = UP_ROLE_MANAGER };
	return people_add(f, &principal, &added);
}

static enum up_err act_people_code(struct fixture *f)
{
	return people_code(f, &manager, &user);
}

static void put_answer(struct up_op *op, struct up_buf *out)
{
	CU_ASSERT_EQUAL(op->err, UP_OK);
	up_buf_put_str(out, "the answer");
}

/* Signed, and with a key under which it is answered again: proof and answer are kept with it. */
static enum up_err act_signed(struct fixture *f)
{
	struct up_again again = { .device = f->device, .answer = put_answer };
	enum up_err err;

	people_proof = UP_SPAN_LIT("a.b.c");
	people_again = &again;
	err = people_code(f, &principal, &manager);
	if (err == UP_OK)
		UP_CHECK_TEXT(up_buf_span(&again.out), "the answer");
	people_proof = (struct up_span){ NULL, 0 };
	people_again = NULL;
	up_buf_free(&again.out);
	return err;
}

static enum up_err act_people_delete(struct fixture *f)
{
	return people_delete(f, &principal, &manager, NULL);
}

static enum up_err act_grant_add(struct fixture *f)
{
	struct given given;

	return people_grant(f, &principal, &user, TODAY, TODAY, &given);
}

static enum up_err act_grant_take(struct fixture *f)
{
	return people_take(f, &user, waiting.code);
}

static enum up_err act_grant_cancel(struct fixture *f)
{
	return people_cancel(f, &manager, waiting.grant);
}

static enum up_err act_holder_end(struct fixture *f)
{
	return fixture_holder_end(f->store, manager.ref, NOW, NULL);
}

static enum up_err act_no_grant(struct fixture *f)
{
	return people_login(f, &user, "annual-report");
}

static enum up_err act_phone_end(struct fixture *f)
{
	return people_end_phone(f, &manager, user.phone);
}

static enum up_err act_replace(struct fixture *f)
{
	const struct up_named named = people_named(9);
	struct up_op_code code = { .unit = UP_SPAN_LIT(U1), .role = UP_SPAN_LIT("principal"),
		.outcome = UP_SPAN_LIT("match"), .assurance = UP_SPAN_LIT("roster"),
		.clerk = UP_SPAN_LIT("c"), .window = UP_SPAN_LIT("w"), .named = named,
		.expires_ms = NOW + 300000, .replace = true };

	fixture_code("replace", code.code_hash);
	return fixture_code_put(f->store, &code, NOW);
}

static enum up_err act_unit_cancel(struct fixture *f)
{
	return fixture_unit_cancel(f->store, U1, NOW, NULL);
}

const struct action people_actions[] = {
	{ "people add", act_people_add, UP_OK },
	{ "people code", act_people_code, UP_OK },
	{ "signed, with a key", act_signed, UP_OK },
	{ "people delete", act_people_delete, UP_OK },
	{ "grant add", act_grant_add, UP_OK },
	{ "grant take", act_grant_take, UP_OK },
	{ "grant cancel", act_grant_cancel, UP_OK },
	{ "login without grant", act_no_grant, UP_E_ITEM_GRANT },
	{ "holder ends a phone", act_phone_end, UP_OK },
	{ "replace the principal", act_replace, UP_OK },
	{ "holder ends", act_holder_end, UP_OK },
	{ "unit is cancelled", act_unit_cancel, UP_OK },
};
const size_t people_actions_n = UP_ARRAY_LEN(people_actions);
