/* SPDX-License-Identifier: Apache-2.0
 * Unified social credit code (统一社会信用代码, GB 32100-2015). */
#ifndef UP_USCC_H
#define UP_USCC_H

#include "core/span.h"

#define UP_USCC_LEN 18

/* 18 characters of the standard's alphabet, positions 3-8 digits, organisation code (9-17)
 * with its own check (GB 11714), check character.  UP_E_FORMAT, UP_E_CHECK. */
UP_MUST_USE enum up_err up_uscc_check(struct up_span s);
/* The same and begins with 12: a public institution. UP_E_RANGE when a right code is not a unit's. */
UP_MUST_USE enum up_err up_uscc_check_unit(struct up_span s);

#endif
