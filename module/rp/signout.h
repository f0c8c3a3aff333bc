/* SPDX-License-Identifier: Apache-2.0
 * Who is signed in, and ending that. */
#ifndef UP_SIGNOUT_H
#define UP_SIGNOUT_H

#include "module/rp/respond.h"

void up_signout_who(struct up_exchange *);       /* GET session */
void up_signout_ask(struct up_exchange *);       /* GET logout */
void up_signout_post(struct up_exchange *);      /* POST logout */

#endif
