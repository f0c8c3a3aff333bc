/* SPDX-License-Identifier: Apache-2.0 */
#include "core/grant.h"

#include "core/authority.h"
#include "core/day.h"
#include "unit.h"

#define YEAR UP_E_PERIOD_LONG
#define PAST UP_E_PERIOD_PAST
#define SHORT UP_E_PERIOD_SHORT

/* Rule 16, every edge from both sides. */
static void test_period(void)
{
	static const struct { uint32_t today, from, to; enum up_err want; } rows[] = {
		/* DOMAIN's own */
		{ 20260301, 20260301, 20270228, UP_OK }, { 20260301, 20260301, 20270301, YEAR },
		{ 20240229, 20240229, 20250228, UP_OK }, { 20240229, 20240229, 20250301, YEAR },
		{ 20270301, 20270301, 20280229, UP_OK }, { 20270301, 20270301, 20280301, YEAR },
		/* one day at least */
		{ 20260301, 20260301, 20260301, UP_OK }, { 20260301, 20260302, 20260301, SHORT },
		{ 20260301, 20260501, 20260430, SHORT }, { 20260301, 20270101, 20261231, SHORT },
		{ 20240201, 20240229, 20240229, UP_OK }, { 20240201, 20240301, 20240229, SHORT },
		/* not before today, but as late as one likes */
		{ 20260301, 20260228, 20260401, PAST }, { 20260301, 20260302, 20260401, UP_OK },
		{ 20270101, 20261231, 20270101, PAST }, { 20240301, 20240229, 20240301, PAST },
		{ 20260301, 20300101, 20301231, UP_OK }, { 20260301, 20300101, 20310101, YEAR },
		/* a year at most: round about leap days and year ends */
		{ 20240101, 20240101, 20241231, UP_OK }, { 20240101, 20240101, 20250101, YEAR },
		{ 20240101, 20241231, 20251230, UP_OK }, { 20240101, 20241231, 20251231, YEAR },
		{ 20240101, 20240228, 20250227, UP_OK }, { 20240101, 20240228, 20250228, YEAR },
		{ 20240101, 20240301, 20250228, UP_OK }, { 20240101, 20240301, 20250301, YEAR },
		{ 20270101, 20270228, 20280227, UP_OK }, { 20270101, 20270228, 20280228, YEAR },
		{ 20230101, 20230301, 20240229, UP_OK }, { 20230101, 20230301, 20240301, YEAR },
		{ 20990101, 20990301, 21000228, UP_OK }, { 20990101, 20990301, 21000301, YEAR },
		{ 20260301, 20260301, 20280101, YEAR },
		/* the first that is wrong */
		{ 20260301, 20260228, 20260227, PAST }, { 20260301, 20250301, 20270301, PAST },
		/* no days */
		{ 20260301, 20260301, 20260431, UP_E_RANGE },
		{ 20260301, 20260229, 20260301, UP_E_RANGE },
		{ 20260301, 20260301, 20270229, UP_E_RANGE },
		{ 20260301, 0, 20260301, UP_E_RANGE },
		{ 20260301, 20260301, UINT32_MAX, UP_E_RANGE },
		{ 0, 19911231, 19920101, UP_E_RANGE },
		{ 20990101, 21000228, 21000229, UP_E_RANGE },
	};
	char row[64];

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		enum up_err said = up_grant_period(rows[i].from, rows[i].to, rows[i].today);

		snprintf(row, sizeof(row), "on %u: %u to %u", rows[i].today, rows[i].from,
		    rows[i].to);
		UP_CHECK(said == rows[i].want, row);
	}
}

/* --- all days of nine years, counted by hand --- */

#define DAYS (9 * 366)
static uint32_t calendar[DAYS];
static size_t n_days;

static bool is_leap(uint32_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static void make_calendar(uint32_t first_year, uint32_t years)
{
	static const uint32_t lengths[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	n_days = 0;
	for (uint32_t year = first_year; year < first_year + years; year++)
		for (uint32_t m = 0; m < 12; m++)
			for (uint32_t d = 1; d <= lengths[m] + (m == 1 && is_leap(year)); d++)
				calendar[n_days++] = year * 10000 + (m + 1) * 100 + d;
}

/* A period that holds a 29th of February has 366 days at most, any other 365. */
static size_t longest(size_t from)
{
	for (size_t i = from; i < from + 366; i++)
		if (calendar[i] % 10000 == 229)
			return 366;
	return 365;
}

static void check_year(uint32_t first_year)
{
	char row[64];
	size_t wrong = 0;

	make_calendar(first_year, 9);
	for (size_t from = 2; from + 370 < n_days; from++)
		for (size_t to = from - 2; to < from + 370; to++) {
			const enum up_err want = to < from ? SHORT :
			    to - from + 1 > longest(from) ? YEAR : UP_OK;

			if (up_grant_period(calendar[from], calendar[to], calendar[from]) == want)
				continue;
			snprintf(row, sizeof(row), "%u to %u", calendar[from], calendar[to]);
			UP_CHECK(wrong++ > 3, row);
		}
}

static void test_all_days(void)
{
	check_year(2023);                        /* leap: 2024, 2028 */
	check_year(2096);                        /* leap: 2096, 2104, not 2100 */
}

/* A number is that day, and they follow one another by 86400 seconds. */
static void test_day_start(void)
{
	static const uint32_t wrong[] = { 0, 1, 20260000, 20260100, 20260132, 20261301, 20250229,
		21000229, 19911231, 22000101, 4294967295u, 20260230, 20260931 };
	int64_t s, before;

	make_calendar(2023, 9);
	CU_ASSERT_EQUAL(up_day_start(20230101, &before), UP_OK);
	before -= UP_DAY_S;
	for (size_t i = 0; i < n_days; i++) {
		CU_ASSERT_EQUAL_FATAL(up_day_start(calendar[i], &s), UP_OK);
		CU_ASSERT_EQUAL_FATAL(s, before + UP_DAY_S);
		CU_ASSERT_EQUAL_FATAL(up_day_number(s), calendar[i]);
		CU_ASSERT_EQUAL_FATAL(up_day_number(s + UP_DAY_S - 1), calendar[i]);
		before = s;
	}
	for (size_t i = 0; i < UP_ARRAY_LEN(wrong); i++) {
		s = 1;
		CU_ASSERT_EQUAL(up_day_start(wrong[i], &s), UP_E_RANGE);
		CU_ASSERT_EQUAL(s, 0);
	}
	CU_ASSERT_EQUAL(up_day_start(19920101, &s), UP_OK);
	CU_ASSERT_EQUAL(up_day_start(21991231, &s), UP_OK);
}

/* --- midnight in Shanghai is 16:00 UTC --- */

#define MIDNIGHT 1772294400              /* 2026-02-28T16:00:00Z: 1 March there */

static void test_midnight(void)
{
	static const struct { int64_t s; uint32_t today; enum up_err begins_1, begins_28;
	} rows[] = {
		{ MIDNIGHT - UP_DAY_S - 1, 20260227, UP_OK, UP_OK },
		{ MIDNIGHT - UP_DAY_S, 20260228, UP_OK, UP_OK },
		{ MIDNIGHT - 1, 20260228, UP_OK, UP_OK },
		{ MIDNIGHT, 20260301, UP_OK, PAST },
		{ MIDNIGHT + UP_DAY_S - 1, 20260301, UP_OK, PAST },
		{ MIDNIGHT + UP_DAY_S, 20260302, PAST, PAST },
		/* midnight of UTC is 8 in the morning there */
		{ MIDNIGHT + 8 * 3600 - 1, 20260301, UP_OK, PAST },
		{ MIDNIGHT + 8 * 3600, 20260301, UP_OK, PAST },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		uint32_t today = up_day_number(rows[i].s);

		CU_ASSERT_EQUAL(today, rows[i].today);
		CU_ASSERT_EQUAL(up_grant_period(20260301, 20260301, today), rows[i].begins_1);
		CU_ASSERT_EQUAL(up_grant_period(20260228, 20260301, today), rows[i].begins_28);
	}
}

/* The last second of the last day, and the first of the first, at use (rule 18). */
static void test_use(void)
{
	static const struct { int64_t s; bool good; } rows[] = {
		{ MIDNIGHT - 1, false }, { MIDNIGHT, true }, { MIDNIGHT + UP_DAY_S - 1, true },
		{ MIDNIGHT + UP_DAY_S, true }, { MIDNIGHT + 2 * UP_DAY_S - 1, true },
		{ MIDNIGHT + 2 * UP_DAY_S, false },
	};
	const struct up_authority_edge edge = { .id = 7, .role = UP_ROLE_USER,
		.state = UP_EDGE_LIVE, .unit = UP_SPAN_LIT("u"),
		.certificate = UP_SPAN_LIT("c"), .valid_to_s = INT64_MAX,
		.unit_live = true, .person_confirmed = true, .phone_live = true };
	const struct up_authority_grant grant = { 3, 7, UP_SPAN_LIT("item"), 20260301, 20260302,
		false };

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		const struct up_authority_ask ask = { .use = UP_USE_LOGIN, .item = grant.item,
			.now_s = rows[i].s, .grants = &grant, .n_grants = 1 };
		struct up_authority_answer out;

		CU_ASSERT_EQUAL(up_authority_may(&ask, &edge, &out),
		    rows[i].good ? UP_OK : UP_E_ITEM_GRANT);
	}
}

/* --- rule 17 --- */

static void test_begin(void)
{
	static const struct { uint32_t today, from, to, begins; enum up_err want; } rows[] = {
		{ 20260301, 20260301, 20260331, 20260301, UP_OK },      /* on its first day */
		{ 20260228, 20260301, 20260331, 20260301, UP_OK },      /* ahead: it stays */
		{ 20260302, 20260301, 20260331, 20260302, UP_OK },      /* it waited a day */
		{ 20260331, 20260301, 20260331, 20260331, UP_OK },      /* its last day is left */
		{ 20260401, 20260301, 20260331, 20260301, UP_E_PERIOD_OVER },
		{ 20260301, 20260301, 20260301, 20260301, UP_OK },
		{ 20260302, 20260301, 20260301, 20260301, UP_E_PERIOD_OVER },
		{ 20280229, 20270301, 20280229, 20280229, UP_OK },
		{ 20280301, 20270301, 20280229, 20270301, UP_E_PERIOD_OVER },
		{ 20270101, 20261231, 20270101, 20270101, UP_OK },
	};
	char row[64];

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		uint32_t from = rows[i].from;

		snprintf(row, sizeof(row), "on %u: %u to %u", rows[i].today, from, rows[i].to);
		UP_CHECK(up_grant_begin(&from, rows[i].to, rows[i].today) == rows[i].want, row);
		UP_CHECK(from == rows[i].begins, row);
	}
}

UP_SUITE("grant", test_period, test_all_days, test_day_start, test_midnight, test_use, test_begin)
