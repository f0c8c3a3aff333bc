/* SPDX-License-Identifier: Apache-2.0
 * Token buckets by the generic cell rate algorithm (ITU-T I.371), in a set-associative table of
 * fixed size. */
#ifndef UP_RATE_H
#define UP_RATE_H

#include "server/live/live.h"

struct up_rate;

UP_MUST_USE enum up_err up_rate_new(size_t entries, const uint64_t seed[2], struct up_rate **out);
void up_rate_free(struct up_rate **);
UP_MUST_USE enum up_err up_rate_take(
    struct up_rate *, const struct up_live_bucket *, int64_t now_ms);
UP_MUST_USE enum up_err up_rate_share(struct up_rate *, const struct up_live_bucket *own,
	const struct up_live_bucket *shared, int64_t now_ms);
/* Up to N at once. */
void up_rate_spend(struct up_rate *, const struct up_live_bucket *, unsigned n, int64_t now_ms);

#endif
