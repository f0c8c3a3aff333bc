/* SPDX-License-Identifier: Apache-2.0
 * Pages that the server itself shows to people: what a phone's camera opens. */
#ifndef UP_PAGES_H
#define UP_PAGES_H

#include "core/span.h"

/* Words and template are good? WHY for people. */
UP_MUST_USE enum up_err up_pages_start(char why[256]);
void up_pages_stop(void);

#endif
