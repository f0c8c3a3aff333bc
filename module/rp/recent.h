/* SPDX-License-Identifier: Apache-2.0
 * The sessions that an opener opened last: a page and its pictures come with the same cookie, which need not be decrypted each time. What is
 * remembered is that exactly this text was genuine; limits are judged anew at each use. */
#ifndef UP_RECENT_H
#define UP_RECENT_H

#include "core/span.h"

#define UP_RECENT_SLOTS 32
#define UP_RECENT_TEXT_MAX 2048          /* longer cookies are opened each time */

struct up_recent {
	/* bytes: text, then plain */
	struct { uint8_t *bytes; size_t text_n, plain_n; } at[UP_RECENT_SLOTS];
};

/* True: TEXT was opened before (compared in constant time). *PLAIN is borrowed until the next keep. */
bool up_recent_find(const struct up_recent *, struct up_span text, struct up_span *plain);
/* Remember; without memory it is not, which costs time alone. */
void up_recent_keep(struct up_recent *, struct up_span text, struct up_span plain);
void up_recent_clear(struct up_recent *);  /* wipes */

#endif
