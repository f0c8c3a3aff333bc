/* SPDX-License-Identifier: Apache-2.0
 * The thread that moves live state forward in time, and records logins that were scanned and came
 * to nothing. */
#ifndef UP_EXPIRY_H
#define UP_EXPIRY_H

#include "server/server.h"

UP_MUST_USE enum up_err up_expiry_start(struct up_server *);
void up_expiry_stop(void);

#endif
