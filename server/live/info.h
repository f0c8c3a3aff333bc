/* SPDX-License-Identifier: Apache-2.0
 * What a transaction began with: one allocation with its strings, shared by reference count, never
 * changed. */
#ifndef UP_INFO_H
#define UP_INFO_H

#include "server/live/live.h"

/* What a copy keeps. */
enum up_info_part {
	UP_INFO_ALL,
	UP_INFO_RECORD,                  /* what usage records hold: all but scope and nonce */
	UP_INFO_CLIENT                   /* what a page that still watches needs */
};

/* NULL: no memory */
const struct up_login_info *up_info_copy(const struct up_login_info *, enum up_info_part);
/* A smaller copy; NULL when there is no memory, or hardly any to win. */
const struct up_login_info *up_info_trim(const struct up_login_info *, enum up_info_part);
const struct up_login_info *up_info_ref(const struct up_login_info *);

#endif
