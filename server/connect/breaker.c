/* SPDX-License-Identifier: Apache-2.0 */
#include "server/connect/breaker.h"

/* The one setter. */
static void enter(struct up_breaker *b, enum up_breaker_state state)
{
	b->state = state;
	b->failures = 0;
	b->since++;
}

bool up_breaker_ask(struct up_breaker *b, const struct up_breaker_limits *limits, int64_t now_ms,
    uint64_t *ticket)
{
	bool may = b->state == UP_BREAKER_CLOSED || now_ms >= b->until_ms;

	if (may && b->state != UP_BREAKER_CLOSED) {
		enter(b, UP_BREAKER_TRYING);
		b->until_ms = now_ms + limits->pause_max_ms;
	}
	*ticket = may ? b->since : 0;
	return may;
}

/* PART quarters of WHOLE, and as much of the rest as RANDOM says. */
static int64_t spread(int64_t whole, int64_t part, uint32_t random)
{
	int64_t least = whole * part / 4;

	return least + (int64_t)((uint64_t)(whole - least) * random / UINT32_MAX);
}

static void open_for(struct up_breaker *b, int64_t pause_ms, int64_t now_ms, uint32_t random)
{
	enter(b, UP_BREAKER_OPEN);
	b->pause_ms = pause_ms;
	b->until_ms = now_ms + spread(pause_ms, 3, random);
}

static int64_t longer(int64_t pause_ms, int64_t max_ms)
{
	return pause_ms < max_ms / 2 ? pause_ms * 2 : max_ms;
}

void up_breaker_tell(struct up_breaker *b, const struct up_breaker_limits *limits, uint64_t ticket,
    bool answered, int64_t now_ms, uint32_t random)
{
	if (ticket != b->since || b->state == UP_BREAKER_OPEN)
		return;
	if (b->state == UP_BREAKER_TRYING && answered)
		enter(b, UP_BREAKER_CLOSED);
	else if (b->state == UP_BREAKER_TRYING)
		open_for(b, longer(b->pause_ms, limits->pause_max_ms), now_ms, random);
	else if (answered)
		b->failures = 0;
	else if (++b->failures >= limits->failures)
		open_for(b, limits->pause_ms, now_ms, random);
}

int64_t up_breaker_backoff(unsigned n, int64_t first_ms, int64_t max_ms, uint32_t random)
{
	int64_t pause = first_ms < max_ms ? first_ms : max_ms;

	while (n-- > 1 && pause < max_ms)
		pause = longer(pause, max_ms);
	return spread(pause, 2, random);
}
