/* SPDX-License-Identifier: Apache-2.0
 * Private to server/store: by what right somebody acts. */
#ifndef UP_RIGHT_H
#define UP_RIGHT_H

#include "server/store/act.h"
#include "server/store/people.h"

/* EDGE and those above it, with what GRANT (NULL, or none) says of the last. UP_E_ROLE: one of
 * them does not live. */
UP_MUST_USE enum up_err up_right_chain(
    struct up_db *, int64_t edge, const struct up_act_grant *grant, struct up_chain **out);

#endif
