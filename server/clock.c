/* SPDX-License-Identifier: Apache-2.0
 * The clock of records and deadlines (SECURITY 28: no login without one). */
#include <time.h>

#include "server/server.h"

#define EARLIEST_MS 1735689600000        /* 2025-01-01: a clock before that was never set */
#define BACKWARD_MS 2000

enum up_err up_clock_now(struct up_server *s, int64_t *now_ms)
{
	int64_t floor = atomic_load_explicit(&s->clock_floor_ms, memory_order_relaxed), now;
	struct timespec ts;

	*now_ms = 0;
	if (clock_gettime(CLOCK_REALTIME, &ts) != 0)
		return UP_E_STORE;
	now = (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
	if (now < EARLIEST_MS || now < floor - BACKWARD_MS)
		return UP_E_STORE;
	/* A small step back shows as a standstill: deadlines never move away. */
	if (now < floor)
		now = floor;
	else
		atomic_store_explicit(&s->clock_floor_ms, now, memory_order_relaxed);
	*now_ms = now;
	return UP_OK;
}
