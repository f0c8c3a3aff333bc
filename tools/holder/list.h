/* SPDX-License-Identifier: Apache-2.0
 * Lists of the server's answers: a table for people, its own words where it is empty, the answer
 * itself for scripts. */
#ifndef UP_HOLDER_LIST_H
#define UP_HOLDER_LIST_H

#include "tools/common/table.h"
#include "tools/holder/act.h"

struct up_holder_list {
	const char *member;              /* of the answer: the array */
	const char *const *heads;
	size_t columns;
	void (*put_row)(struct up_table *, const json_t *row);
	const char *none;                /* said where there is none */
	/* for the line that says how to go on: "user list", and its own options or "" */
	const char *command, *options;
};

/* Print the last answer. 0, or UP_HOLDER_FAILED. */
UP_MUST_USE int up_holder_list_print(
    const struct up_holder_act *, const struct up_holder_list *);

#endif
