/* SPDX-License-Identifier: Apache-2.0 */
#include "core/enrolment.h"

#include <string.h>

#include "unit.h"

#define NOW 1800000000000

static struct up_enrolment_code good(void)
{
	return (struct up_enrolment_code){ .open = true, .expires_ms = NOW + 1,
		.edge = { .role = UP_ROLE_PRINCIPAL, .state = UP_EDGE_WAITING,
		    .unit = UP_SPAN_LIT("124300001000001390"), .certificate = UP_SPAN_LIT("c"),
		    .valid_from_s = NOW / 1000, .valid_to_s = NOW / 1000,
		    .unit_live = true, .person_confirmed = true } };
}

/* Each spoils one fact of a good code. */
static void spoil(struct up_enrolment_code *c, unsigned which)
{
	switch (which) {
	case 0: c->open = false; return;
	case 1: c->expires_ms = NOW; return;
	case 2: c->mismatches = UP_ENROLMENT_MISMATCHES; return;
	case 3: c->edge.state = UP_EDGE_ENDED; return;
	case 4: c->edge.unit_live = false; return;
	case 5: c->edge.person_confirmed = false; return;
	case 6: c->edge.certificate.n = 0; return;
	case 7: c->edge.valid_to_s--; return;
	case 8: c->edge.valid_from_s++; return;
	}
}
#define SPOILT 9

static void test_judge(void)
{
	struct up_enrolment_code code = good();
	char row[8];

	CU_ASSERT_EQUAL(up_enrolment_judge(&code, true, NOW), UP_OK);
	CU_ASSERT_EQUAL(up_enrolment_judge(&code, false, NOW), UP_E_PERSON);
	CU_ASSERT_EQUAL(up_enrolment_judge(NULL, true, NOW), UP_E_CODE);
	/* whoever shows a code that is not good learns nothing of whom it names */
	for (unsigned i = 0; i < SPOILT; i++) {
		code = good();
		spoil(&code, i);
		snprintf(row, sizeof(row), "%u", i);
		UP_CHECK(up_enrolment_judge(&code, true, NOW) == UP_E_CODE, row);
		UP_CHECK(up_enrolment_judge(&code, false, NOW) == UP_E_CODE, row);
	}
	code = good();
	code.mismatches = UP_ENROLMENT_MISMATCHES - 1;
	CU_ASSERT_EQUAL(up_enrolment_judge(&code, true, NOW), UP_OK);
	/* a role that lives on another phone moves to this one (rule 28) */
	code.edge.state = UP_EDGE_LIVE;
	CU_ASSERT_EQUAL(up_enrolment_judge(&code, true, NOW), UP_OK);
}

static void test_place(void)
{
	CU_ASSERT_EQUAL(up_enrolment_place(UP_EDGE_ENDED, false), UP_PLACE_FREE);
	CU_ASSERT_EQUAL(up_enrolment_place(UP_EDGE_ENDED, true), UP_PLACE_FREE);
	CU_ASSERT_EQUAL(up_enrolment_place(UP_EDGE_WAITING, true), UP_PLACE_HERS);
	CU_ASSERT_EQUAL(up_enrolment_place(UP_EDGE_LIVE, true), UP_PLACE_HERS);
	CU_ASSERT_EQUAL(up_enrolment_place(UP_EDGE_WAITING, false), UP_PLACE_GIVES_WAY);
	CU_ASSERT_EQUAL(up_enrolment_place(UP_EDGE_LIVE, false), UP_PLACE_TAKEN);
}

/* --- a manager or a user is added --- */

enum { NONE, M, U };                     /* what she has: nothing, a manager's, a user's edge */

static void test_add(void)
{
	static const struct {
		const char *name;
		enum up_authority_role role;
		struct { int what; int64_t id, grantor; enum up_authority_state state; } hers[2];
		size_t managers;
		enum up_err want;
		int64_t same;
	} rows[] = {
		{ "first manager", UP_ROLE_MANAGER, { { 0 } }, 0, UP_OK, 0 },
		{ "third", UP_ROLE_MANAGER, { { 0 } }, 2, UP_OK, 0 },
		{ "fourth", UP_ROLE_MANAGER, { { 0 } }, 3, UP_E_MANAGERS, 0 },
		{ "more than there may be", UP_ROLE_MANAGER, { { 0 } }, 4, UP_E_MANAGERS, 0 },
		{ "one of three again", UP_ROLE_MANAGER, { { M, 5, 1, UP_EDGE_WAITING } }, 3,
		    UP_OK, 5 },
		{ "one of three again, live", UP_ROLE_MANAGER, { { M, 5, 1, UP_EDGE_LIVE } }, 3,
		    UP_OK, 5 },
		{ "one who was", UP_ROLE_MANAGER, { { M, 5, 1, UP_EDGE_ENDED } }, 3,
		    UP_E_MANAGERS, 0 },
		{ "users without limit", UP_ROLE_USER, { { 0 } }, 3, UP_OK, 0 },
		{ "user again", UP_ROLE_USER, { { U, 5, 1, UP_EDGE_WAITING } }, 0, UP_OK, 5 },
		{ "another's user", UP_ROLE_USER, { { U, 5, 2, UP_EDGE_LIVE } }, 0, UP_OK, 0 },
		{ "another's and hers", UP_ROLE_USER, { { U, 5, 2, UP_EDGE_LIVE },
		    { U, 6, 1, UP_EDGE_LIVE } }, 0, UP_OK, 6 },
		{ "user who was", UP_ROLE_USER, { { U, 5, 1, UP_EDGE_ENDED } }, 0, UP_OK, 0 },
		{ "manager as user", UP_ROLE_USER, { { M, 5, 1, UP_EDGE_WAITING } }, 1,
		    UP_E_OTHER_ROLE, 0 },
		{ "user as manager", UP_ROLE_MANAGER, { { U, 5, 1, UP_EDGE_LIVE } }, 0,
		    UP_E_OTHER_ROLE, 0 },
		{ "that comes before three", UP_ROLE_MANAGER, { { U, 5, 1, UP_EDGE_LIVE } }, 3,
		    UP_E_OTHER_ROLE, 0 },
		{ "manager who was, as user", UP_ROLE_USER, { { M, 5, 1, UP_EDGE_ENDED } }, 0,
		    UP_OK, 0 },
		{ "both, as nobody is", UP_ROLE_USER, { { U, 6, 1, UP_EDGE_LIVE },
		    { M, 5, 1, UP_EDGE_LIVE } }, 1, UP_E_OTHER_ROLE, 0 },
		{ "a principal", UP_ROLE_PRINCIPAL, { { 0 } }, 0, UP_E_ROLE, 0 },
		{ "no role", UP_ROLES, { { 0 } }, 0, UP_E_ROLE, 0 },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		struct up_authority_edge hers[2] = { { 0 } };
		struct up_enrolment_adding adding = { rows[i].role, 1, hers, 0, rows[i].managers };
		int64_t same = -1;

		for (size_t k = 0; k < 2 && rows[i].hers[k].what != NONE; k++)
			hers[adding.n_hers++] = (struct up_authority_edge){
				.id = rows[i].hers[k].id, .grantor = rows[i].hers[k].grantor,
				.state = rows[i].hers[k].state,
				.role = rows[i].hers[k].what == M ? UP_ROLE_MANAGER
							  : UP_ROLE_USER };
		UP_CHECK(up_enrolment_add(&adding, &same) == rows[i].want, rows[i].name);
		UP_CHECK(same == rows[i].same, rows[i].name);
	}
}

/* Who is to be confirmed anew takes the window's code: that is how she is. */
static void test_suspended(void)
{
	struct up_enrolment_code code = good();

	code.edge.suspended = true;
	CU_ASSERT_EQUAL(up_enrolment_judge(&code, true, NOW), UP_OK);
}

UP_SUITE("enrolment", test_judge, test_place, test_add, test_suspended)
