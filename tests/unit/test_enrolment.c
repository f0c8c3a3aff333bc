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

UP_SUITE("enrolment", test_judge, test_place)
