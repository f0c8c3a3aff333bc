/* SPDX-License-Identifier: Apache-2.0
 * Token buckets by the generic cell rate algorithm (ITU-T I.371), in a set-associative table of fixed size. */
#ifndef UP_RATE_H
#define UP_RATE_H

#include "core/span.h"

struct up_rate;

UP_MUST_USE enum up_err up_rate_new(size_t entries, const uint64_t seed[2], struct up_rate **out);
void up_rate_free(struct up_rate **);
UP_MUST_USE enum up_err up_rate_take(struct up_rate *, const char *kind, struct up_span who, unsigned burst, int64_t every_ms, int64_t now_ms);

#endif
