/* SPDX-License-Identifier: Apache-2.0
 * What the process gives up (SECURITY 29, 30). */
#ifndef UP_HARDEN_H
#define UP_HARDEN_H

#include "core/span.h"

/* No core dumps, no new privileges, as many open files as allowed. */
void up_harden_process(void);
/* Become USER (and GROUP, or the user's own when empty). As root a user is required. UP_E_CONFIG
 * with WHY. */
UP_MUST_USE enum up_err up_harden_drop(const char *user, const char *group, char why[256]);
/* Ids of USER and GROUP, -1 when USER is empty. UP_E_CONFIG with WHY when unknown. */
UP_MUST_USE enum up_err up_harden_ids(
    const char *user, const char *group, long *uid, long *gid, char why[256]);

#endif
