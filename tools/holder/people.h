/* SPDX-License-Identifier: Apache-2.0
 * Managers and users of a unit, which the same calls read and change. */
#ifndef UP_HOLDER_PEOPLE_H
#define UP_HOLDER_PEOPLE_H

#include "tools/holder/act.h"

struct up_people_kind {
	const char *name, *list, *path;          /* role; member of the list; of the call */
};
extern const struct up_people_kind up_holder_manager, up_holder_user;

/* For people: items of the answer's grants, or of its one, by their names in the catalogue; one
 * that ended since stays a code. 0, or the exit status. */
UP_MUST_USE int up_holder_grants_name(struct up_holder_act *);
/* The answer's grants as a list; OPTIONS as in struct up_holder_list. 0, or UP_HOLDER_FAILED. */
UP_MUST_USE int up_holder_grants_print(const struct up_holder_act *, const char *options);

#endif
