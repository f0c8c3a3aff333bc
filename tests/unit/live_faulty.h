/* SPDX-License-Identifier: Apache-2.0
 * An engine around another one, whose n-th call fails: before it does anything, or after, so that
 * the caller does not hear of it. Or every call takes its time, as one to another machine does. */
#ifndef UP_LIVE_FAULTY_H
#define UP_LIVE_FAULTY_H

#include "server/live/live.h"

enum faulty_way { FAULTY_NOT, FAULTY_LOST /* before */, FAULTY_UNHEARD /* after */ };

/* Takes INNER. WAITS: as up_live_waits tells. */
enum up_err faulty_new(struct up_live *inner, bool waits, struct up_live **out);
/* From now on TIMES calls fail so, the N-th first; ONLY: of that operation, NULL: of any. */
void faulty_set(struct up_live *, enum faulty_way, const char *only, unsigned n, unsigned times);
void faulty_delay(struct up_live *, unsigned ms);
unsigned faulty_calls(struct up_live *);                 /* since faulty_set */
const char *faulty_hit(struct up_live *);                /* which failed last since then; "" */
struct up_live *faulty_inner(struct up_live *);

#endif
