/* SPDX-License-Identifier: Apache-2.0
 * What every usage record of a login has in common. */
#ifndef UP_LOGIN_RECORD_H
#define UP_LOGIN_RECORD_H

#include "server/http/http.h"
#include "server/store/facts.h"

/* Fill the record for EVENT of the transaction INFO (NULL: unknown): transaction, portal, item,
 * purpose, initiator, channel; result "ok". ID (lives as long as the record) receives a fresh
 * record id. What is borrowed from INFO and the catalogue lives as long as their references. */
void up_login_record(struct up_record *, const struct up_catalogue *,
    const struct up_login_info *info, const char *event, char id[23]);
/* A step of INFO's login could not be ended in live, where it ends by itself: told in the log under
 * TAG. UP_OK: nothing to tell. */
void up_login_note(enum up_err, const char *tag, const struct up_login_info *info);

#endif
