/* SPDX-License-Identifier: Apache-2.0
 * Private to server/store: sealing persons' data anew, under the newest key or for the first time.
 */
#ifndef UP_RESEAL_H
#define UP_RESEAL_H

#include "server/store/tx.h"

/* When a store is opened: see that its keys are those of the database, seal what is not, and clear
 * away what it lay in. UP_E_KEY, UP_E_STORE; WHY for people. */
UP_MUST_USE enum up_err up_reseal_prepare(struct up_store *, char why[256]);

#endif
