/* SPDX-License-Identifier: Apache-2.0 */
#include "core/grant.h"

#include "core/day.h"

/* The same month and day of the next year, which need not be there: of days that are, those before
 * it are a year at most (2024-02-29: up to 2025-02-28; 2027-03-01: up to 2028-02-29). */
static uint32_t next_year(uint32_t day)
{
	return day + 10000;
}

enum up_err up_grant_period(uint32_t from, uint32_t to, uint32_t today)
{
	int64_t start_s;

	if (up_day_start(from, &start_s) != UP_OK || up_day_start(to, &start_s) != UP_OK)
		return UP_E_RANGE;
	if (from < today)
		return UP_E_PERIOD_PAST;
	if (to < from)
		return UP_E_PERIOD_SHORT;
	return to < next_year(from) ? UP_OK : UP_E_PERIOD_LONG;
}

enum up_err up_grant_begin(uint32_t *from, uint32_t to, uint32_t today)
{
	if (to < today)
		return UP_E_PERIOD_OVER;
	if (*from < today)
		*from = today;
	return UP_OK;
}
