/* SPDX-License-Identifier: Apache-2.0
 * A timer wheel over entries known by number (1..): put, cut and pop cost the same whatever waits,
 * and nothing is ever scanned. The links are embedded in the entries, which lie STRIDE bytes apart.
 * No lock: the owner's covers it. */
#ifndef UP_WHEEL_H
#define UP_WHEEL_H

#include <stddef.h>
#include <stdint.h>

#define UP_WHEEL_BITS 8                  /* a bucket is 256 ms */
#define UP_WHEEL_BUCKETS 2048 /* one turn is 524 s; what lies further ahead waits for its turn */

struct up_wheel_link {
	int64_t due_ms;
	uint32_t prev, next;             /* entry, or END and the bucket */
};

struct up_wheel {
	struct { uint32_t head, tail; } bucket[UP_WHEEL_BUCKETS];
	int64_t cursor;                  /* nothing is due in a bucket before this one */
	char *first;                     /* the link of entry 1 */
	size_t stride;
};

/* the wheel is zeroed memory */
void up_wheel_init(struct up_wheel *, struct up_wheel_link *first, size_t stride);
void up_wheel_put(struct up_wheel *, uint32_t entry, int64_t due_ms);
void up_wheel_cut(struct up_wheel *, uint32_t entry);        /* it must be in */
uint32_t up_wheel_pop(struct up_wheel *, int64_t now_ms);    /* cut one that is due; 0: none */

#endif
