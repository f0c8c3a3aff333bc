/* SPDX-License-Identifier: Apache-2.0
 * Keys that may be used once until a time. Bounded; striped locks; entries leave by a timer wheel.
 */
#ifndef UP_REPLAY_H
#define UP_REPLAY_H

#include "core/span.h"

struct up_replay;

UP_MUST_USE enum up_err up_replay_new(
    size_t entries, const uint64_t seed[2], struct up_replay **out);
void up_replay_free(struct up_replay **);
/* UP_E_REPLAY, UP_E_BUSY. A key is remembered for a second at least, so that one accepted on the
 * last millisecond of its life does not come twice. */
UP_MUST_USE enum up_err up_replay_once(
    struct up_replay *, const uint8_t key[16], int64_t until_ms, int64_t now_ms);
void up_replay_tick(struct up_replay *, int64_t now_ms);
size_t up_replay_count(struct up_replay *);

#endif
