/* SPDX-License-Identifier: Apache-2.0
 * Beginning a login and following it: login, state, qr.svg. */
#ifndef UP_BEGIN_H
#define UP_BEGIN_H

#include "module/rp/attempt.h"
#include "module/rp/respond.h"

void up_begin_page(struct up_exchange *);        /* GET login */
void up_begin_json(struct up_exchange *);        /* POST login */
void up_begin_state(struct up_exchange *);       /* GET state */
void up_begin_qr(struct up_exchange *);          /* GET qr.svg */

#endif
