/* SPDX-License-Identifier: Apache-2.0
 * Unified social credit code (统一社会信用代码, GB 32100-2015). */
#ifndef UP_USCC_H
#define UP_USCC_H

#include "core/normal.h"

#define UP_USCC_LEN 18

/* 18 characters of the standard's alphabet, positions 3-8 digits, organisation code (9-17)
 * with its own check (GB 11714), check character.  UP_E_FORMAT, UP_E_CHECK. */
UP_MUST_USE enum up_err up_uscc_check(struct up_span s);
/* The same and begins with 12: a public institution. UP_E_RANGE when a right code is not a unit's.
 */
UP_MUST_USE enum up_err up_uscc_check_unit(struct up_span s);

/* As people type it: width, blanks and case fold away. OUT: 18 characters and NUL, "" on error.
 * UP_E_CHARACTER, or as above. */
UP_MUST_USE enum up_err up_uscc_parse(struct up_span in, char out[UP_USCC_LEN + 1],
    struct up_normal_fault *fault);

#endif
