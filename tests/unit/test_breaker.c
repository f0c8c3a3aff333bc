/* SPDX-License-Identifier: Apache-2.0 */
#include "server/connect/breaker.h"
#include "unit.h"

#define PAUSE 1000
#define LONGEST 5000

static const struct up_breaker_limits limits = { 3, PAUSE, LONGEST };

/* One step of a story: somebody asks ('a', may he?), or a call that was let through ends well ('+')
 * or not ('-'). CALL: which one, by the number of its asking. */
struct step { char what; int64_t at; unsigned call; bool may; enum up_breaker_state then; };

#define C UP_BREAKER_CLOSED
#define O UP_BREAKER_OPEN
#define T UP_BREAKER_TRYING

/* RANDOM is the greatest: pauses are whole. */
static const struct step opens[] = {
	{ 'a', 0, 0, true, C }, { '-', 1, 0, 0, C }, { 'a', 2, 1, true, C }, { '-', 3, 1, 0, C },
	{ 'a', 4, 2, true, C }, { '-', 10, 2, 0, O }, { 'a', 10, 3, false, O },
	{ 'a', 1009, 4, false, O },
	/* one tries, the others wait for what becomes of it */
	{ 'a', 1010, 5, true, T }, { 'a', 1011, 6, false, T }, { '-', 1100, 5, 0, O },
	/* twice as long, then four times, then no longer */
	{ 'a', 3099, 7, false, O }, { 'a', 3100, 8, true, T }, { '-', 3200, 8, 0, O },
	{ 'a', 7199, 9, false, O }, { 'a', 7200, 10, true, T }, { '-', 7200, 10, 0, O },
	{ 'a', 12199, 11, false, O }, { 'a', 12200, 12, true, T }, { '-', 12200, 12, 0, O },
	{ 'a', 17199, 13, false, O }, { 'a', 17200, 14, true, T }, { '+', 17300, 14, 0, C },
	/* and all is as at first: the pause too */
	{ 'a', 17301, 15, true, C }, { '-', 17301, 15, 0, C }, { 'a', 17301, 16, true, C },
	{ '-', 17301, 16, 0, C }, { 'a', 17301, 17, true, C }, { '-', 17301, 17, 0, O },
	{ 'a', 18300, 18, false, O }, { 'a', 18301, 19, true, T },
};

/* An answer in between, and failures are not in a row. */
static const struct step forgives[] = {
	{ 'a', 0, 0, true, C }, { 'a', 0, 1, true, C }, { 'a', 0, 2, true, C },
	{ 'a', 0, 3, true, C }, { 'a', 0, 4, true, C },
	{ '-', 1, 0, 0, C }, { '-', 2, 1, 0, C }, { '+', 3, 2, 0, C }, { '-', 4, 3, 0, C },
	{ '-', 5, 4, 0, C }, { 'a', 6, 5, true, C },
};

/* Calls that began before the state changed change nothing. */
static const struct step late[] = {
	{ 'a', 0, 0, true, C }, { 'a', 0, 1, true, C }, { 'a', 0, 2, true, C },
	{ 'a', 0, 3, true, C }, { 'a', 0, 4, true, C }, { 'a', 0, 5, true, C },
	{ '-', 1, 0, 0, C }, { '-', 1, 1, 0, C }, { '-', 1, 2, 0, O },
	{ '+', 2, 3, 0, O }, { 'a', 1001, 6, true, T }, { '+', 1002, 4, 0, T },
	{ '-', 1003, 5, 0, T }, { '+', 1004, 6, 0, C },
};

/* He who tries never comes back. */
static const struct step lost[] = {
	{ 'a', 0, 0, true, C }, { '-', 0, 0, 0, C }, { 'a', 0, 1, true, C }, { '-', 0, 1, 0, C },
	{ 'a', 0, 2, true, C }, { '-', 0, 2, 0, O }, { 'a', 1000, 3, true, T },
	{ 'a', 5999, 4, false, T }, { 'a', 6000, 5, true, T }, { '+', 6001, 3, 0, T },
	{ '+', 6002, 5, 0, C },
};

static void play(const struct step *steps, size_t n, const char *name)
{
	uint64_t tickets[32] = { 0 };
	struct up_breaker b = { 0 };
	char row[80];

	for (size_t i = 0; i < n; i++) {
		const struct step *s = &steps[i];

		snprintf(row, sizeof(row), "%s, step %zu", name, i);
		if (s->what == 'a')
			UP_CHECK(up_breaker_ask(&b, &limits, s->at, &tickets[s->call]) == s->may,
			    row);
		else
			up_breaker_tell(&b, &limits, tickets[s->call], s->what == '+', s->at,
			    UINT32_MAX);
		UP_CHECK(b.state == s->then, row);
	}
}

static void test_stories(void)
{
	play(opens, UP_ARRAY_LEN(opens), "opens");
	play(forgives, UP_ARRAY_LEN(forgives), "forgives");
	play(late, UP_ARRAY_LEN(late), "late");
	play(lost, UP_ARRAY_LEN(lost), "lost");
}

static void test_spread(void)
{
	const struct up_breaker_limits one = { 1, PAUSE, LONGEST };
	static const struct { uint32_t random; int64_t until; } rows[] = {
		{ 0, 750 }, { UINT32_MAX / 2, 874 }, { UINT32_MAX, 1000 },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		struct up_breaker b = { 0 };
		uint64_t ticket;

		CU_ASSERT(up_breaker_ask(&b, &one, 0, &ticket));
		up_breaker_tell(&b, &one, ticket, false, 0, rows[i].random);
		CU_ASSERT_EQUAL(b.until_ms, rows[i].until);
	}
}

/* A refused ticket tells nothing. */
static void test_refused(void)
{
	const struct up_breaker_limits one = { 1, PAUSE, LONGEST };
	struct up_breaker b = { 0 };
	uint64_t first, refused;

	CU_ASSERT(up_breaker_ask(&b, &one, 0, &first));
	up_breaker_tell(&b, &one, first, false, 0, 0);
	CU_ASSERT(!up_breaker_ask(&b, &one, 1, &refused));
	up_breaker_tell(&b, &one, refused, true, 2, 0);
	CU_ASSERT_EQUAL(b.state, UP_BREAKER_OPEN);
}

static void test_backoff(void)
{
	static const struct { unsigned n; uint32_t random; int64_t pause; } rows[] = {
		{ 1, 0, 100 }, { 1, UINT32_MAX, 200 }, { 2, 0, 200 }, { 2, UINT32_MAX, 400 },
		{ 3, 0, 400 }, { 3, UINT32_MAX, 800 }, { 4, UINT32_MAX, 1000 },
		{ 9, 0, 500 }, { 1000000, UINT32_MAX, 1000 },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++)
		CU_ASSERT_EQUAL(up_breaker_backoff(rows[i].n, 200, 1000, rows[i].random),
		    rows[i].pause);
	CU_ASSERT_EQUAL(up_breaker_backoff(1, 5000, 1000, UINT32_MAX), 1000);
}

UP_SUITE("breaker", test_stories, test_spread, test_refused, test_backoff)
