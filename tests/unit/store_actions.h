/* SPDX-License-Identifier: Apache-2.0
 * Every operation of the store once, by name, each in a database that is prepared for it: for tests
 * that let it fail, stop or die at each of its steps. */
#ifndef UP_STORE_ACTIONS_H
#define UP_STORE_ACTIONS_H

#include "test_people_fixture.h"

struct action {
	const char *name;
	enum up_err (*act)(struct fixture *);    /* works once, and leaves the database changed */
	enum up_err good;                        /* what it says then */
};

/* What a phone, a portal, the window and an administrator do: LI is principal of U1, with a session
 * and a code for another phone; somebody of U2 is pending. */
extern const struct action store_actions[];
extern const size_t store_actions_n;
/* What is done to LI's manager, her user and a grant that waits, which are there as well. */
extern const struct action people_actions[];
extern const size_t people_actions_n;

/* All of them, these after those. */
const struct action *action_at(size_t i);
size_t actions_n(void);
bool action_of_people(size_t i);
/* The database for action I, in F. */
void action_prepare(struct fixture *f, size_t i);

/* Run and clear an operation; one that failed by the store must have told nothing. */
enum up_err action_run(struct fixture *, struct up_op *);
void people_actions_prepare(struct fixture *);

#endif
