/* SPDX-License-Identifier: Apache-2.0
 * A circuit breaker: whether to call a service that may be down. After so many failures in a row it
 * opens, and nobody calls; when the pause is over one call is let through, to try it. That decides:
 * it closes again, or stays open twice as long, up to the longest pause. Pure: times (milliseconds
 * of a clock that does not go back) and random numbers are arguments; who shares one locks it.
 *
 *	state       event                           then
 *	closed      answered                        closed, no failures
 *	closed      failed, fewer than the limit    closed
 *	closed      failed, the limit               open, for the first pause
 *	open        asked, before the pause is over (refused)
 *	open        asked, later                    trying: this one may call
 *	trying      asked                           (refused), unless the one who tries was not
 *	                                            heard of for the longest pause: this one may
 *	                                            call
 *	trying      answered                        closed
 *	trying      failed                          open, for twice the pause
 *
 * What is told of calls that began before the state changed changes nothing. */
#ifndef UP_BREAKER_H
#define UP_BREAKER_H

#include "core/span.h"

struct up_breaker_limits {
	unsigned failures;               /* in a row, at least 1 */
	int64_t pause_ms, pause_max_ms;  /* the first one, and the longest */
};

enum up_breaker_state { UP_BREAKER_CLOSED, UP_BREAKER_OPEN, UP_BREAKER_TRYING };

struct up_breaker {                      /* zeroed: closed */
	enum up_breaker_state state;
	unsigned failures;               /* in a row */
	uint64_t since;                  /* which state this is, counted: the ticket of its calls */
	int64_t pause_ms, until_ms;
};

/* May somebody call now? *TICKET is to be handed back with what came of it, whatever it was. */
bool up_breaker_ask(struct up_breaker *, const struct up_breaker_limits *, int64_t now_ms,
    uint64_t *ticket);
/* RANDOM spreads the pause (three quarters of it to the whole), so that many servers do not come
 * back at once. */
void up_breaker_tell(struct up_breaker *, const struct up_breaker_limits *, uint64_t ticket,
    bool answered, int64_t now_ms, uint32_t random);

/* The pause before try N + 1, N tries having failed: FIRST_MS doubled each time, at most MAX_MS,
 * and of that between half and the whole, as RANDOM has it. */
int64_t up_breaker_backoff(unsigned n, int64_t first_ms, int64_t max_ms, uint32_t random);

#endif
