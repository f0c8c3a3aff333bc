/* SPDX-License-Identifier: Apache-2.0
 * The period of a grant, DOMAIN rules 16 and 17. Pure. Days are numbers yyyymmdd, as of
 * Asia/Shanghai (core/day.h), both ends inclusive: from 00:00:00 of the first to 23:59:59 of the
 * last. Who may give one, and whether one is good at this moment (rule 18): core/authority.h. */
#ifndef UP_GRANT_H
#define UP_GRANT_H

#include "core/span.h"

#define UP_GRANT_ITEMS_MAX 32            /* of one grant */
#define UP_GRANT_USERS_MAX 32            /* who are given one in one call */

/* May a grant for FROM to TO be made on TODAY? UP_E_RANGE: FROM or TO is no day of the calendar;
 * UP_E_PERIOD_PAST, UP_E_PERIOD_SHORT, UP_E_PERIOD_LONG: the first of these that is so. */
UP_MUST_USE enum up_err up_grant_period(uint32_t from, uint32_t to, uint32_t today);

/* A grant that was made is scanned on TODAY: *FROM becomes the day on which it begins, which is
 * TODAY if it should have begun before. UP_E_PERIOD_OVER: it ended already, *FROM stays. */
UP_MUST_USE enum up_err up_grant_begin(uint32_t *from, uint32_t to, uint32_t today);

#endif
