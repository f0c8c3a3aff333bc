/* SPDX-License-Identifier: Apache-2.0
 * The sessions that a process opened last: a page and its pictures, and the next page of the same
 * person, come with the same cookie, which need not be decrypted each time. What is remembered is
 * that exactly this text was genuine; limits are judged anew at each use.
 *
 * For all threads. None waits: who comes while another is at the same place does without. */
#ifndef UP_RECENT_H
#define UP_RECENT_H

#include "core/span.h"

#define UP_RECENT_SETS 1024              /* a power of two */
#define UP_RECENT_WAYS 4                 /* sessions that share a set */
#define UP_RECENT_TEXT_MAX 2048          /* longer cookies are opened each time */

struct up_recent;

struct up_recent *up_recent_new(void);   /* NULL: no memory */
void up_recent_free(struct up_recent **);  /* wipes */
/* True: TEXT was opened before (compared in constant time), and what was in it is in PLAIN. */
bool up_recent_take(struct up_recent *, struct up_span text, uint8_t *plain, size_t cap, size_t *n);
/* Remember; without memory it is not, which costs time alone. */
void up_recent_keep(struct up_recent *, struct up_span text, struct up_span plain);

#endif
