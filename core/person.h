/* SPDX-License-Identifier: Apache-2.0
 * What identifies a person: resident ID number (GB 11643-1999), mobile number, name; and how
 * they are masked wherever they are shown (DOMAIN, formats). */
#ifndef UP_PERSON_H
#define UP_PERSON_H

#include "core/span.h"

#define UP_RESIDENT_LEN 18

/* 18 characters, region (a province's two digits), a real date from 1900 to TODAY (yyyymmdd as a number), check character
 * (lower-case x is refused). UP_E_FORMAT, UP_E_RANGE, UP_E_CHECK. */
UP_MUST_USE enum up_err up_person_check_resident(struct up_span id, uint32_t today);
/* 1[3-9] and 9 digits; spaces, dashes and a leading +86 or 0086 fold away. OUT: 11 digits and NUL. UP_E_FORMAT. */
UP_MUST_USE enum up_err up_person_parse_mobile(struct up_span in, char out[12]);
/* A real name: 2-30 code points, valid UTF-8, no controls, digits, symbols or punctuation but the
 * middle dot (U+00B7, U+2022 folds to it) and, for Latin names, space . ' -; begins with a letter, ends with one or
 * '.', no separator twice in a row. UP_E_FORMAT. */
UP_MUST_USE enum up_err up_person_check_name(struct up_span name);
/* Append NAME as it is stored and compared: U+2022 becomes U+00B7. */
void up_person_put_name(struct up_buf *b, struct up_span name);

void up_person_mask_resident(struct up_buf *b, struct up_span id);        /* 430102********0010 */
void up_person_mask_resident_anonymous(struct up_buf *b, struct up_span id); /* first and last character only */
void up_person_mask_name(struct up_buf *b, struct up_span name);          /* 张*, 欧阳**: compound surnames known */
void up_person_mask_mobile(struct up_buf *b, struct up_span mobile);      /* 138****5678 */

#endif
