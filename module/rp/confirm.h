/* SPDX-License-Identifier: Apache-2.0
 * "Is it you?": a stranger who sees the screen may scan its code before the person who sits there,
 * and she would go on in the stranger's name. Where the unit has never used this browser the
 * session is therefore held back, sealed in the attempt's cookie,
 * until she says at the browser that it is her. */
#ifndef UP_CONFIRM_H
#define UP_CONFIRM_H

#include "module/rp/attempt.h"
#include "module/rp/respond.h"

#define UP_CONFIRM_HOLD_S 300

/* A was redeemed just now and is held: keep it, and ask. */
void up_confirm_ask(struct up_exchange *, struct up_attempts *, struct up_attempt *a);
/* A is held: what does the form say? "yes" gives the session, "no" ends it here and at the server,
 * anything else is asked again. */
void up_confirm_post(struct up_exchange *, struct up_attempts *, struct up_attempt *a);
/* Have the server end what A holds, as far as it can be reached.
 * Does nothing when A holds nothing. */
void up_confirm_give_back(struct up_exchange *, struct up_attempt *a);

#endif
