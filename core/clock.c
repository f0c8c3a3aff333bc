/* SPDX-License-Identifier: Apache-2.0 */
#include "core/clock.h"

#include <stddef.h>

#define EARLIEST_MS 1735689600000        /* 2025-01-01 */

static const struct { const char *name, *en, *zh; } states[UP_CLOCK_STATES] = {
	[UP_CLOCK_RIGHT] = { "ok", "", "" },
	[UP_CLOCK_UNSET] = { "unset",
	    "the clock was never set, so nobody can sign in; let the machine follow a time server: "
	    "timedatectl set-ntp true",
	    "时钟从未校准，暂停登录；请让本机与时间服务器同步：timedatectl set-ntp true" },
	[UP_CLOCK_AHEAD] = { "ahead",
	    "the clock stepped ahead while the server ran, so nobody can sign in; set it right "
	    "(timedatectl set-ntp true) and logins go on at once; if it is right now, wait "
	    "five minutes or run: unitpassctl clock accept",
	    "服务器运行中时钟突然向前跳变，暂停登录；请校准时钟（timedatectl set-ntp true），"
	    "校准后立即恢复；如果现在的时间正确，请等待五分钟或运行：unitpassctl clock accept" },
	[UP_CLOCK_BEHIND] = { "behind",
	    "the clock is behind the newest usage record, so nobody can sign in; set it right "
	    "(timedatectl set-ntp true); if it is right now and was ahead before, run: "
	    "unitpassctl clock accept",
	    "时钟早于最新使用记录，暂停登录；请校准时钟（timedatectl set-ntp true）；"
	    "如果现在的时间正确、是以前快了，请运行：unitpassctl clock accept" },
};

void up_clock_begin(struct up_clock *c, int64_t newest_ms)
{
	atomic_store(&c->newest_ms, newest_ms);
	atomic_store(&c->offset_ms, 0);
	c->step_ms = c->since_ms = 0;
}

static enum up_clock_state judge(
    int64_t newest_ms, int64_t offset_ms, int64_t wall_ms, int64_t steady_ms)
{
	if (wall_ms < EARLIEST_MS)
		return UP_CLOCK_UNSET;
	if (wall_ms < newest_ms - UP_CLOCK_BACK_MS)
		return UP_CLOCK_BEHIND;
	if (offset_ms != 0 && wall_ms - steady_ms > offset_ms + UP_CLOCK_AHEAD_MS)
		return UP_CLOCK_AHEAD;
	return UP_CLOCK_RIGHT;
}

enum up_clock_state up_clock_read(
    struct up_clock *c, int64_t wall_ms, int64_t steady_ms, int64_t *now_ms)
{
	int64_t newest = atomic_load_explicit(&c->newest_ms, memory_order_relaxed);
	int64_t offset = atomic_load_explicit(&c->offset_ms, memory_order_relaxed);
	enum up_clock_state state = judge(newest, offset, wall_ms, steady_ms);

	*now_ms = 0;
	if (state != UP_CLOCK_RIGHT)
		return state;
	*now_ms = wall_ms > newest ? wall_ms : newest;
	/* Whoever was overtaken since leaves it as it is: his reading may be older than an
	 * acceptance. */
	if (wall_ms > newest)
		atomic_compare_exchange_strong_explicit(
		    &c->newest_ms, &newest, wall_ms, memory_order_relaxed, memory_order_relaxed);
	if (wall_ms - steady_ms != offset)
		atomic_compare_exchange_strong_explicit(&c->offset_ms, &offset, wall_ms - steady_ms,
		    memory_order_relaxed, memory_order_relaxed);
	return UP_CLOCK_RIGHT;
}

int64_t up_clock_off(const struct up_clock *c, int64_t wall_ms, int64_t steady_ms)
{
	int64_t newest = atomic_load_explicit(&c->newest_ms, memory_order_relaxed);
	int64_t offset = atomic_load_explicit(&c->offset_ms, memory_order_relaxed);

	if (wall_ms < newest)
		return wall_ms - newest;
	return offset != 0 ? wall_ms - steady_ms - offset : 0;
}

bool up_clock_settle(struct up_clock *c, int64_t wall_ms, int64_t steady_ms)
{
	int64_t step = wall_ms - steady_ms, moved = step - c->step_ms, ignored;

	if (up_clock_read(c, wall_ms, steady_ms, &ignored) != UP_CLOCK_AHEAD) {
		c->since_ms = 0;
		return false;
	}
	if (c->since_ms == 0 || moved < -UP_CLOCK_BACK_MS || moved > UP_CLOCK_BACK_MS) {
		c->step_ms = step;
		c->since_ms = steady_ms;
		return false;
	}
	if (steady_ms - c->since_ms < UP_CLOCK_SETTLE_MS)
		return false;
	up_clock_accept(c, wall_ms, steady_ms);
	return true;
}

void up_clock_accept(struct up_clock *c, int64_t wall_ms, int64_t steady_ms)
{
	atomic_store(&c->newest_ms, wall_ms);
	atomic_store(&c->offset_ms, wall_ms - steady_ms);
	c->since_ms = 0;
}

const char *up_clock_name(enum up_clock_state state)
{
	return states[state].name;
}

const char *up_clock_cure(enum up_clock_state state, bool zh)
{
	return zh ? states[state].zh : states[state].en;
}
