/* SPDX-License-Identifier: Apache-2.0
 * The sessions that a process opened last: a page and its pictures, and the next page of the same
 * person, come with the same cookie, which need not be decrypted each time. What is remembered is
 * that exactly this text was genuine, and what was in it; limits are judged anew at each use.
 *
 * Many people in turn find none of this in the processor's caches: so what a session needs for a
 * verdict is two lines of memory, and the cookie's text is not among them. In its place stands a
 * hash of the whole text under a key of this process (NH, of UMAC: RFC 4418 section 5.2), which two
 * given texts share with a chance of 2^-64, beside its last characters as they are: over 90 bits of
 * the tag, without which the hash helps nobody.
 *
 * For all threads. None waits: who comes while another is at the same place does without. */
#ifndef UP_RECENT_H
#define UP_RECENT_H

#include "module/rp/rp.h"

#define UP_RECENT_SETS 512               /* a power of two */
#define UP_RECENT_WAYS 8                 /* sessions that share a set */
#define UP_RECENT_TEXT_MAX 2048          /* longer cookies are opened each time */

struct up_recent;
struct up_recent_one;                    /* a session that somebody holds */

struct up_recent *up_recent_new(void);   /* NULL: no memory, no randomness */
void up_recent_free(struct up_recent **);  /* wipes; nobody holds anything any more */
/* True: TEXT was opened before (compared in constant time), *S is its session, with S->all, and
 * *HELD (NULL, or from the call before) is now what keeps the bytes that S points to. */
bool up_recent_take(struct up_recent *, struct up_span text, struct up_recent_one **held,
    struct up_rp_session *s);
void up_recent_leave(struct up_recent_one **held);       /* takes NULL, clears */
/* Remember S; without memory it is not, which costs time alone. */
void up_recent_keep(struct up_recent *, struct up_span text, const struct up_rp_session *s);

#endif
