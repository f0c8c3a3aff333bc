/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include "core/day.h"

#include <stdio.h>
#include <time.h>

#define OFFSET_S (8 * 3600)

static struct tm civil(int64_t s)
{
	time_t t = (time_t)(s + OFFSET_S);
	struct tm tm;

	gmtime_r(&t, &tm);
	return tm;
}

static int64_t start_of(int year, int month, int day)
{
	struct tm tm = { .tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day };

	return (int64_t)timegm(&tm) - OFFSET_S;
}

enum up_err up_day_parse(struct up_span text, int64_t *start_s)
{
	int v[3] = { 0, 0, 0 };
	size_t part = 0;
	struct tm tm;

	*start_s = 0;
	if (text.n != 10)
		return UP_E_FORMAT;
	for (size_t i = 0; i < 10; i++) {
		bool dash = i == 4 || i == 7;

		if (dash ? text.p[i] != '-' : text.p[i] < '0' || text.p[i] > '9')
			return UP_E_FORMAT;
		part += dash;
		if (!dash)
			v[part] = v[part] * 10 + text.p[i] - '0';
	}
	if (v[0] < 1992 || v[0] > 2199)
		return UP_E_RANGE;
	*start_s = start_of(v[0], v[1], v[2]);
	tm = civil(*start_s);
	return tm.tm_mon + 1 == v[1] && tm.tm_mday == v[2] ? UP_OK : UP_E_RANGE;
}

int64_t up_day_last(int64_t start_s, int years)
{
	struct tm tm = civil(start_s);

	return start_of(tm.tm_year + 1900 + years, tm.tm_mon + 1, tm.tm_mday) - UP_DAY_S;
}

uint32_t up_day_number(int64_t s)
{
	struct tm tm = civil(s);

	return (uint32_t)((tm.tm_year + 1900) * 10000 + (tm.tm_mon + 1) * 100 + tm.tm_mday);
}

void up_day_text(int64_t s, char out[16])
{
	struct tm tm = civil(s);

	strftime(out, 16, "%Y-%m-%d", &tm);
}

void up_day_time_text(int64_t ms, char out[32])
{
	struct tm tm = civil(ms / 1000);

	strftime(out, 32, "%Y-%m-%d %H:%M:%S", &tm);
}
