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

static enum up_err take(int year, int month, int day, int64_t *start_s)
{
	struct tm tm;

	*start_s = 0;
	if (year < 1992 || year > 2199)
		return UP_E_RANGE;
	tm = civil(start_of(year, month, day));
	if (tm.tm_mon + 1 != month || tm.tm_mday != day)
		return UP_E_RANGE;
	*start_s = start_of(year, month, day);
	return UP_OK;
}

enum up_err up_day_parse(struct up_span text, int64_t *start_s)
{
	int v[3] = { 0, 0, 0 };
	size_t part = 0;

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
	return take(v[0], v[1], v[2], start_s);
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

enum up_err up_day_start(uint32_t number, int64_t *start_s)
{
	return take((int)(number / 10000), (int)(number / 100 % 100), (int)(number % 100), start_s);
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
