/* SPDX-License-Identifier: Apache-2.0
 * A person's data as a tool is given them: a JSON file {"name","resident_id","mobile"}, or three
 * texts. */
#ifndef UP_PERSON_FILE_H
#define UP_PERSON_FILE_H

#include "core/person.h"

struct up_person_problem {
	/* for scripts: "person_file", or what is wrong: "name" "resident_id" "mobile" */
	const char *code;
	char text[512];                  /* for people, in their language */
};

/* In the one spelling that is stored and sent (core/person.h). PATH "-" is standard input. TODAY:
 * yyyymmdd. UP_OK, or *PROBLEM says what; the caller wipes *OUT. */
UP_MUST_USE enum up_err up_person_data_read(const char *path, uint32_t today, struct up_person *out,
    struct up_person_problem *);
UP_MUST_USE enum up_err up_person_data_take(const struct up_person_given *, uint32_t today,
    struct up_person *out,
    struct up_person_problem *);

#endif
