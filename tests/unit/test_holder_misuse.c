/* SPDX-License-Identifier: Apache-2.0
 * What somebody tries who has a phone but no password, or a right in one unit and none in another.
 */
#include <string.h>

#include "test_holder_fixture.h"

/* Rule 27: a lock ends at the window or by SMS, not by a code that any manager can make. */
static void test_unlock_by_a_friend(void)
{
	struct fixture f;
	struct holder li, zhao, one = { .who = LI, .is = UP_ROLE_USER };
	struct up_op_enrol enrol;
	char ref[23];

	people_now_ms = NOW;
	fixture_open(&f, true);
	people_principal(&f, &li);
	people_other_unit(&f, &zhao);
	CU_ASSERT_EQUAL_FATAL(people_add(&f, &zhao, &one), UP_OK);
	CU_ASSERT_EQUAL(fixture_change(&f, "UPDATE device SET errors = 6"), UP_OK);
	for (int i = 0; i < 2; i++) {
		enrol = fixture_enrolling(one.code, &fixture_li, ref);
		enrol.device = li.device;
		enrol.unlock = i > 0;
		memset(enrol.password, 9, sizeof(enrol.password));
		CU_ASSERT_EQUAL(fixture_run(&f, &enrol.op), UP_E_LOCKED);
	}
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT min(errors) FROM device"), 6);
	CU_ASSERT_EQUAL(fixture_put_code(f.store, U1, &fixture_li, "window"), UP_OK);
	enrol = fixture_enrolling("window", &fixture_li, ref);
	enrol.device = li.device;
	enrol.unlock = true;
	CU_ASSERT_EQUAL(fixture_run(&f, &enrol.op), UP_OK);
	fixture_close(&f);
}

UP_SUITE("holder_misuse", test_unlock_by_a_friend)
