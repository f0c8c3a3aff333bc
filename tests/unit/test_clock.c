/* SPDX-License-Identifier: Apache-2.0 */
#include "core/clock.h"

#include "unit.h"

#define NOW INT64_C(1764000000000)
#define HOUR INT64_C(3600000)
#define BOOT INT64_C(5000)

#define RIGHT UP_CLOCK_RIGHT
#define UNSET UP_CLOCK_UNSET
#define AHEAD UP_CLOCK_AHEAD
#define BEHIND UP_CLOCK_BEHIND

/* A server that has run for a while, and then the wall clock by the steady one, in ms since. */
static void test_steps(void)
{
	static const struct {
		const char *what;
		struct { int64_t steady, wall; enum up_clock_state want; } at[5];
	} rows[] = {
		{ "as it should be", { { 0, 0, RIGHT }, { 1000, 1000, RIGHT },
		    { HOUR, HOUR, RIGHT } } },
		{ "an hour ahead for one login", { { 1000, 1000 + HOUR, AHEAD },
			{ 9000, 9000 + HOUR, AHEAD },
			{ 10000, 10000, RIGHT }, { 10001, 10001, RIGHT } } },
		{ "a second ahead", { { 1000, 2000, RIGHT }, { 2000, 2000, RIGHT },
			{ 2001, 2001, RIGHT } } },
		{ "a minute ahead, and back", { { 1000, 61000, RIGHT }, { 2000, 2000, BEHIND },
			{ 58999, 58999, BEHIND }, { 59001, 59001, RIGHT } } },
		{ "an hour behind, and right again", { { 1000, 1000 - HOUR, BEHIND },
		    { 2000, 2000, RIGHT } } },
		{ "slewed by 500 ppm", { { HOUR, HOUR + 1800, RIGHT },
			{ 2 * HOUR, 2 * HOUR + 3600, RIGHT },
			{ 40 * HOUR, 40 * HOUR + 50000, RIGHT } } },
		{ "asleep", { { 9 * HOUR, 9 * HOUR, RIGHT } } },
		{ "battery empty", { { 1000, -NOW, UNSET }, { 2000, 2000, RIGHT } } },
		{ "back by a second", { { 5000, 5000, RIGHT }, { 5010, 4010, RIGHT } } },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		struct up_clock c;
		int64_t now, last = NOW;

		up_clock_begin(&c, NOW - HOUR);
		CU_ASSERT_EQUAL(up_clock_read(&c, NOW, BOOT, &now), UP_CLOCK_RIGHT);
		for (size_t k = 0; k < 5 && (k == 0 || rows[i].at[k].steady != 0); k++) {
			int64_t wall = NOW + rows[i].at[k].wall;

			UP_CHECK(up_clock_read(&c, wall, BOOT + rows[i].at[k].steady, &now) ==
				     rows[i].at[k].want,
			    rows[i].what);
			UP_CHECK(
			    (now == 0) == (rows[i].at[k].want != UP_CLOCK_RIGHT), rows[i].what);
			if (now == 0)
				continue;
			UP_CHECK(now >= wall && now - wall <= UP_CLOCK_BACK_MS && now >= last,
			    rows[i].what);
			last = now;
		}
	}
}

/* A step that lasts is a clock that was set; one that wavers is not. */
static void test_settle(void)
{
	struct up_clock c;
	int64_t now, t;

	up_clock_begin(&c, 0);
	CU_ASSERT_EQUAL(up_clock_read(&c, NOW, BOOT, &now), UP_CLOCK_RIGHT);
	for (t = 0; t < UP_CLOCK_SETTLE_MS; t += 200)
		CU_ASSERT_FALSE(up_clock_settle(&c, NOW + HOUR + t, BOOT + t));
	CU_ASSERT_EQUAL(up_clock_off(&c, NOW + HOUR + t, BOOT + t), HOUR);
	/* elsewhere: from the beginning */
	CU_ASSERT_FALSE(up_clock_settle(&c, NOW + 2 * HOUR + t, BOOT + t));
	CU_ASSERT_EQUAL(up_clock_read(&c, NOW + 2 * HOUR + t, BOOT + t, &now), UP_CLOCK_AHEAD);
	t += UP_CLOCK_SETTLE_MS;
	CU_ASSERT_TRUE(up_clock_settle(&c, NOW + 2 * HOUR + t, BOOT + t));
	CU_ASSERT_EQUAL(up_clock_read(&c, NOW + 2 * HOUR + t, BOOT + t, &now), UP_CLOCK_RIGHT);
	CU_ASSERT_EQUAL(now, NOW + 2 * HOUR + t);
	/* it came and went */
	CU_ASSERT_FALSE(up_clock_settle(&c, NOW + 4 * HOUR + t, BOOT + t));
	CU_ASSERT_FALSE(up_clock_settle(&c, NOW + 2 * HOUR + t + 1, BOOT + t + 1));
	t += UP_CLOCK_SETTLE_MS;
	CU_ASSERT_FALSE(up_clock_settle(&c, NOW + 4 * HOUR + t, BOOT + t));
}

/* Set right after being wrong, both ways; and at the start behind what is on record. */
static void test_accept(void)
{
	struct up_clock c;
	int64_t now;

	up_clock_begin(&c, NOW + HOUR);
	CU_ASSERT_EQUAL(up_clock_read(&c, NOW, BOOT, &now), UP_CLOCK_BEHIND);
	CU_ASSERT_EQUAL(up_clock_off(&c, NOW, BOOT), -HOUR);
	up_clock_accept(&c, NOW, BOOT);
	CU_ASSERT_EQUAL(up_clock_read(&c, NOW + 1, BOOT + 1, &now), UP_CLOCK_RIGHT);
	CU_ASSERT_EQUAL(now, NOW + 1);
	CU_ASSERT_EQUAL(up_clock_read(&c, NOW + HOUR + 2, BOOT + 2, &now), UP_CLOCK_AHEAD);
	up_clock_accept(&c, NOW + HOUR + 3, BOOT + 3);
	CU_ASSERT_EQUAL(up_clock_read(&c, NOW + HOUR + 4, BOOT + 4, &now), UP_CLOCK_RIGHT);
	CU_ASSERT_EQUAL(up_clock_off(&c, NOW + HOUR + 4, BOOT + 4), 0);
}

static void test_texts(void)
{
	CU_ASSERT_STRING_EQUAL(up_clock_name(UP_CLOCK_RIGHT), "ok");
	for (unsigned s = UP_CLOCK_UNSET; s < UP_CLOCK_STATES; s++) {
		CU_ASSERT(up_clock_cure(s, false)[0] != '\0' && up_clock_cure(s, true)[0] != '\0');
		CU_ASSERT_STRING_NOT_EQUAL(up_clock_name(s), "ok");
	}
}

UP_SUITE("clock", test_steps, test_settle, test_accept, test_texts)
