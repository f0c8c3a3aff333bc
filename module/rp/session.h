/* SPDX-License-Identifier: Apache-2.0
 * The bounds of a session's texts, in bytes: what is longer does not become a session. Their sum fits the cookie. */
#ifndef UP_SESSION_H
#define UP_SESSION_H

#include "module/rp/inside.h"

#define UP_SESSION_UNIT_NAME_MAX 300
#define UP_SESSION_ID_MAX 64             /* certificate number, references, sid */
#define UP_SESSION_ROLE_MAX 16
#define UP_SESSION_HOLDER_NAME_MAX 128
#define UP_SESSION_ITEMS_MAX 1400
#define UP_SESSION_SUB_MAX 255

#endif
