/* SPDX-License-Identifier: Apache-2.0
 * The real-name check (rule 5): does the population platform know this person by name, resident ID number and mobile number?
 * A platform is a connector; the built-in one checks formats and looks in a roster file. */
#ifndef UP_REALNAME_H
#define UP_REALNAME_H

#include "core/span.h"

enum up_realname_outcome {
	UP_REALNAME_UNAVAILABLE,         /* no answer: pending, never passed */
	UP_REALNAME_MATCH,
	UP_REALNAME_MISMATCH,            /* the number is known, name or mobile are others */
	UP_REALNAME_NOT_FOUND,
};

struct up_realname_person { struct up_span name, resident, mobile; };    /* mobile: 11 digits */

struct up_realname_answer {
	enum up_realname_outcome outcome;
	const char *assurance;           /* how it was checked, for records: "roster", "formats"; static */
	char why[256];                   /* UNAVAILABLE: what to do, for the operator; holds nothing of the person */
};

/* A connector: CHECK must set all of ANSWER; it may block. */
struct up_realname {
	void (*check)(const struct up_realname *, const struct up_realname_person *, struct up_realname_answer *answer);
	const char *source;              /* the roster's path, the platform's address; borrowed */
};

/* The roster FILE: CSV with the columns name, resident_id, mobile (also 姓名, 公民身份号码, 手机号). It must not be writable by group or
 * others, nor readable by others, and holds each number once; otherwise, as without FILE (NULL or ""), every answer is UNAVAILABLE. */
struct up_realname up_realname_roster(const char *file);

/* Formats first (core/person.h): UP_E_FORMAT, UP_E_RANGE, UP_E_CHECK with *WRONG "name", "resident_id" or "mobile". Then the connector.
 * TODAY: yyyymmdd. */
UP_MUST_USE enum up_err up_realname_check(const struct up_realname *, const struct up_realname_person *, uint32_t today,
    struct up_realname_answer *answer, const char **wrong);

const char *up_realname_name(enum up_realname_outcome);  /* "match" "mismatch" "not_found" "unavailable" */

#endif
