/* SPDX-License-Identifier: Apache-2.0
 * Which time is believed (SECURITY 28: no login without a clock). The wall clock is compared with a
 * steady one, which nobody sets, and with the newest usage record:
 *
 *   before 2025: no; it was never set (UNSET)
 *   more than a minute further on than the steady one: no (AHEAD), until it is back, or has lasted
 *     five minutes, or is accepted
 *   a little behind the newest time: time stands still
 *   more behind: no (BEHIND), until it has caught up, or is accepted
 *
 * So a clock that is wrong for a moment is not believed for that moment, and nothing is dated by
 * it. What is believed at once locks out for a minute at most. */
#ifndef UP_CLOCK_H
#define UP_CLOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define UP_CLOCK_BACK_MS 2000
#define UP_CLOCK_AHEAD_MS 60000
#define UP_CLOCK_SETTLE_MS 300000

enum up_clock_state {
	UP_CLOCK_RIGHT, UP_CLOCK_UNSET, UP_CLOCK_AHEAD, UP_CLOCK_BEHIND, UP_CLOCK_STATES
};

struct up_clock {
	_Atomic int64_t newest_ms;       /* newest time given out, or on record */
	_Atomic int64_t offset_ms;       /* wall clock less steady one, when believed; 0: never */
	int64_t step_ms, since_ms;       /* up_clock_settle's: where it stepped to, and when */
};

/* NEWEST_MS: of the newest record, 0 without any. */
void up_clock_begin(struct up_clock *, int64_t newest_ms);
/* *NOW_MS never goes back but by up_clock_accept; 0 unless RIGHT. From any thread. */
enum up_clock_state up_clock_read(
    struct up_clock *, int64_t wall_ms, int64_t steady_ms, int64_t *now_ms);
/* How far the wall clock is from what is believed; behind is negative. */
int64_t up_clock_off(const struct up_clock *, int64_t wall_ms, int64_t steady_ms);
/* One thread calls this now and then. True: a step ahead has lasted and is believed from now on. */
bool up_clock_settle(struct up_clock *, int64_t wall_ms, int64_t steady_ms);
/* An administrator says that the wall clock is right. */
void up_clock_accept(struct up_clock *, int64_t wall_ms, int64_t steady_ms);

const char *up_clock_name(enum up_clock_state);         /* "ok" "unset" "ahead" "behind" */
/* What happened and what to do; "" when right. */
const char *up_clock_cure(enum up_clock_state, bool zh);

#endif
