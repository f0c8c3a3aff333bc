/* SPDX-License-Identifier: Apache-2.0
 * The real-name check (rule 5): does the population platform know this person by name, resident ID
 * number and mobile number? A platform is a connector; the built-in one looks in a roster file,
 * platform.h asks one behind HTTPS. */
#ifndef UP_REALNAME_H
#define UP_REALNAME_H

#include "core/person.h"

enum up_realname_outcome {
	UP_REALNAME_UNAVAILABLE,         /* no answer: pending, never passed */
	UP_REALNAME_MATCH,
	UP_REALNAME_MISMATCH,            /* the number is known, name or mobile are others */
	UP_REALNAME_NOT_FOUND,
	UP_REALNAME_OUTCOMES
};

struct up_realname_answer {
	enum up_realname_outcome outcome;
	/* how, for records: "platform", "roster", "formats" (not at all); static */
	const char *assurance;
	/* What the operator must mend, in both languages: UNAVAILABLE says always why, the others
	 * when rows could not be read. */
	char why_en[512], why_zh[512];   /* nothing of the person but a character */
};

/* A connector: CHECK must set all of ANSWER; it may block, so it is called neither inside a
 * transaction nor on a thread that others need. */
struct up_realname {
	void (*check)(const struct up_realname *, const struct up_person *,
	    struct up_realname_answer *answer);
	const char *source;              /* the roster's path, the platform's address; borrowed */
	void *state;                     /* the connector's own */
};

/* The roster FILE: CSV with the columns name, resident_id, mobile (also 姓名, 公民身份号码,
 * 手机号); others are skipped, cells at the end of a row may be missing. It must not be writable by
 * group or others, nor readable by others, and holds each number once; otherwise, as without FILE
 * (NULL or ""), every answer is UNAVAILABLE. A row that cannot be read costs the person in it
 * alone: who is not found while there are such rows gets UNAVAILABLE, for she may be one of them.
 * */
struct up_realname up_realname_roster(const char *file);

/* PERSON is as up_person_take made it. */
void up_realname_check(const struct up_realname *, const struct up_person *person,
    struct up_realname_answer *answer);

const char *up_realname_name(
    enum up_realname_outcome); /* "match" "mismatch" "not_found" "unavailable" */

#endif
