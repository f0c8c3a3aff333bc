/* SPDX-License-Identifier: Apache-2.0
 * The clock of records and deadlines (SECURITY 28: no login without one). */
#include <stdio.h>
#include <time.h>

#include "server/log.h"
#include "server/server.h"

#define ACCEPTED_MS 600000               /* so long an administrator's word is good */

static int64_t in_ms(struct timespec ts)
{
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* The steady clock counts what the machine slept, so that waking up is no step. */
static bool read_clocks(struct up_server *s, int64_t *wall_ms, int64_t *steady_ms)
{
	struct timespec wall, steady;

	*wall_ms = *steady_ms = 0;
	if (s->read_clocks != NULL)
		return s->read_clocks(wall_ms, steady_ms);
	if (clock_gettime(CLOCK_REALTIME, &wall) != 0 ||
	    clock_gettime(CLOCK_BOOTTIME, &steady) != 0)
		return false;
	*wall_ms = in_ms(wall);
	*steady_ms = in_ms(steady);
	return true;
}

enum up_clock_state up_clock_look(struct up_server *s, int64_t *now_ms, int64_t *off_ms)
{
	int64_t wall, steady;

	*now_ms = *off_ms = 0;
	if (!read_clocks(s, &wall, &steady))
		return UP_CLOCK_UNSET;
	*off_ms = up_clock_off(&s->clock, wall, steady);
	return up_clock_read(&s->clock, wall, steady, now_ms);
}

enum up_err up_clock_now(struct up_server *s, int64_t *now_ms)
{
	int64_t wall, steady;

	*now_ms = 0;
	if (!read_clocks(s, &wall, &steady) ||
	    up_clock_read(&s->clock, wall, steady, now_ms) != UP_CLOCK_RIGHT)
		return UP_E_CLOCK;
	return UP_OK;
}

int64_t up_clock_steady(struct up_server *s)
{
	int64_t wall, steady;

	return read_clocks(s, &wall, &steady) ? steady : -1;
}

enum up_err up_clock_start(struct up_server *s)
{
	int64_t shown;
	bool accepted;
	enum up_err err = up_store_clock(s->store, &shown, &accepted);

	up_clock_begin(&s->clock, shown);
	return err;
}

/* Has somebody said just now, by "unitpassctl clock accept", that this time is right? Nothing else
 * is on record since. */
static bool is_accepted(struct up_server *s, int64_t wall_ms)
{
	int64_t shown;
	bool accepted;

	return up_store_clock(s->store, &shown, &accepted) == UP_OK && accepted &&
	       shown <= wall_ms + UP_CLOCK_BACK_MS && wall_ms - shown <= ACCEPTED_MS;
}

static void tell(struct up_server *s, enum up_clock_state state, int64_t off_ms)
{
	char seconds[24];

	if (state == s->clock_told)
		return;
	s->clock_told = state;
	snprintf(seconds, sizeof(seconds), "%lld", (long long)(off_ms / 1000));
	if (state == UP_CLOCK_RIGHT)
		up_log(UP_LOG_WARNING, "clock_is_right", "effect", "logins go on", NULL);
	else
		up_log(UP_LOG_ERROR, "clock_wrong", "state", up_clock_name(state), "off_s", seconds,
		    "cure", up_clock_cure(state, false), NULL);
}

bool up_clock_watch(struct up_server *s)
{
	int64_t wall, steady, now, off;
	enum up_clock_state state;
	bool set_back = false;

	if (!read_clocks(s, &wall, &steady)) {
		tell(s, UP_CLOCK_UNSET, 0);
		return false;
	}
	off = up_clock_off(&s->clock, wall, steady);
	state = up_clock_read(&s->clock, wall, steady, &now);
	if (up_clock_settle(&s->clock, wall, steady)) {
		up_log(UP_LOG_WARNING, "clock_believed", "reason", "the step ahead lasted", NULL);
		state = UP_CLOCK_RIGHT;
	} else if ((state == UP_CLOCK_AHEAD || state == UP_CLOCK_BEHIND) && is_accepted(s, wall)) {
		up_clock_accept(&s->clock, wall, steady);
		up_log(UP_LOG_WARNING, "clock_believed", "reason", "an administrator accepted it",
		    NULL);
		set_back = state == UP_CLOCK_BEHIND;
		state = UP_CLOCK_RIGHT;
	}
	tell(s, state, off);
	return set_back;
}
