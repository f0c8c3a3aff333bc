/* SPDX-License-Identifier: Apache-2.0
 * Days of Asia/Shanghai (UTC+8 without summer time since 1992), in seconds of the epoch. */
#ifndef UP_DAY_H
#define UP_DAY_H

#include "core/span.h"

#define UP_DAY_S 86400

/* "YYYY-MM-DD", a real date of 1992 to 2199: *start_s is its 00:00:00. UP_E_FORMAT, UP_E_RANGE. */
UP_MUST_USE enum up_err up_day_parse(struct up_span text, int64_t *start_s);
/* 00:00:00 of the last day of a period of YEARS that begins on START_S: 2021-11-11, 5 ->
 * 2026-11-10; 2024-02-29, 5 -> 2029-02-28. */
int64_t up_day_last(int64_t start_s, int years);
uint32_t up_day_number(int64_t s);                       /* yyyymmdd */
/* *start_s is 00:00:00 of the day NUMBER, yyyymmdd; years as up_day_parse. UP_E_RANGE. */
UP_MUST_USE enum up_err up_day_start(uint32_t number, int64_t *start_s);
void up_day_text(int64_t s, char out[16]);               /* "2026-11-10" */
void up_day_time_text(int64_t ms, char out[32]);         /* "2026-11-10 08:15:00" */

#endif
