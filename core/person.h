/* SPDX-License-Identifier: Apache-2.0
 * What identifies a person: resident ID number (GB 11643-1999), mobile number, name; and how
 * they are masked wherever they are shown (DOMAIN, formats). */
#ifndef UP_PERSON_H
#define UP_PERSON_H

#include "core/normal.h"

#define UP_RESIDENT_LEN 18
#define UP_PERSON_NAME_SIZE 121          /* 30 characters of four bytes, and NUL */

/* A person as typed, read from a file or sent by a phone; and as it is kept and compared. */
struct up_person_given {
	struct up_span name, resident, mobile;
};

struct up_person {
	char name[UP_PERSON_NAME_SIZE], resident[UP_RESIDENT_LEN + 1], mobile[12];
};

struct up_person_fault {
	const char *member;              /* "name" "resident_id" "mobile" */
	/* UP_E_CHARACTER (with the character), UP_E_FORMAT, UP_E_RANGE, UP_E_CHECK */
	enum up_err err;
	struct up_normal_fault character;
};

/* The one way in. TODAY: yyyymmdd. UP_OK; UP_E_NOMEM; what *FAULT says. OUT holds secrets: up_wipe
 * it. */
UP_MUST_USE enum up_err up_person_take(const struct up_person_given *given, uint32_t today,
    struct up_person *out, struct up_person_fault *fault);
/* What is wrong and what is wanted, in both languages; nothing of the value but the character. */
#define UP_PERSON_FAULT_TEXT 400
void up_person_fault_text(const struct up_person_fault *fault, bool chinese,
    char out[UP_PERSON_FAULT_TEXT]);

/* 18 characters, region (a province's two digits), a real date from 1900 to TODAY (yyyymmdd as a
 * number), check character; in normal form (a lower-case x is refused). UP_E_FORMAT, UP_E_RANGE,
 * UP_E_CHECK. */
UP_MUST_USE enum up_err up_person_check_resident(struct up_span id, uint32_t today);
/* 1[3-9] and 9 digits; blanks, dashes, width and a leading +86 or 0086 fold away. OUT: 11 digits
 * and NUL. UP_E_CHARACTER, UP_E_FORMAT. */
UP_MUST_USE enum up_err up_person_parse_mobile(struct up_span in, char out[12],
    struct up_normal_fault *fault);
/* A real name in normal form: 2-30 code points, letters with the middle dot or, for Latin names, .
 * ' - between them, and blanks where the script has them; begins with a letter, ends with one or
 * '.', no separator twice in a row. UP_E_FORMAT. */
UP_MUST_USE enum up_err up_person_check_name(struct up_span name);
/* Append what two spellings of one name share: the normal form without case. UP_E_CHARACTER,
 * UP_E_NOMEM. */
UP_MUST_USE enum up_err up_person_put_key(struct up_buf *b, struct up_span name);

void up_person_mask_resident(struct up_buf *b, struct up_span id);        /* 430102********0010 */
/* first and last character only */
void up_person_mask_resident_anonymous(struct up_buf *b, struct up_span id);
/* 张*, 欧阳**: compound surnames known */
void up_person_mask_name(struct up_buf *b, struct up_span name);
void up_person_mask_mobile(struct up_buf *b, struct up_span mobile);      /* 138****5678 */

#endif
