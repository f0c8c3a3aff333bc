/* SPDX-License-Identifier: Apache-2.0
 * QR codes in a terminal: two modules a character (half blocks), quiet zone of four. */
#ifndef UP_QR_H
#define UP_QR_H

#include <stdio.h>

#include "core/span.h"

/* COLOUR: set black on white by escape sequences, right on dark and light terminals alike; without
 * it the characters alone, right where ink is darker than paper. UP_E_TOO_LARGE, UP_E_NOMEM. */
UP_MUST_USE enum up_err up_qr_print(FILE *, const char *text, bool colour);

#endif
