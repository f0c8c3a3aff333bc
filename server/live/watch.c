/* SPDX-License-Identifier: Apache-2.0
 * Watching transactions in memory. */
#include "server/live/memory.h"

static enum up_login_state told(enum up_login_state s)
{
	switch (s) {
	case UP_LOGIN_DECIDING: case UP_LOGIN_RETURNING:
		return UP_LOGIN_SCANNED;
	case UP_LOGIN_REDEEMING: case UP_LOGIN_CONTESTED: case UP_LOGIN_REDEEMED:
		return UP_LOGIN_APPROVED;
	case UP_LOGIN_REVOKED:
		return UP_LOGIN_EXPIRED;
	default:
		return s;
	}
}

static enum up_login_state look(const struct up_slot *s, int64_t now_ms, int64_t *left_ms)
{
	enum up_login_state state = told(s->state);
	int64_t left = up_slot_deadline(s) - now_ms;

	if (state == UP_LOGIN_DENIED || state == UP_LOGIN_EXPIRED ||
	    s->state == UP_LOGIN_REDEEMED || left < 0)
		left = 0;
	*left_ms = left;
	return state;
}

enum up_err up_memory_watch_open(struct up_live *live, const uint8_t watch[UP_LIVE_KEY],
    int64_t now_ms, const struct up_login_info **info)
{
	struct up_memory *l = up_memory_of(live);
	uint32_t i = up_memory_enter(l, up_memory_key(UP_BY_WATCH, watch), now_ms);
	struct up_slot *s;

	if (i == 0)
		return UP_E_NOT_FOUND;
	s = up_memory_slot(l, i);
	if (s->watching < UP_LIVE_WATCHERS) {
		s->watching++;
		up_memory_home(l, i)->watchers++;
		*info = up_info_ref(s->info);
	}
	up_memory_leave(l, i);
	return *info != NULL ? UP_OK : UP_E_RATE;
}

enum up_err up_memory_watch_close(struct up_live *live, const char *id)
{
	struct up_memory *l = up_memory_of(live);
	uint32_t i = up_memory_find(l, up_memory_id(id));
	struct up_slot *s;

	if (i == 0)
		return UP_OK;
	s = up_memory_slot(l, i);
	if (s->watching > 0) {
		s->watching--;
		up_memory_home(l, i)->watchers--;
	}
	up_memory_leave(l, i);
	return UP_OK;
}

enum up_err up_memory_watch_state(struct up_live *live, const char *id, int64_t now_ms,
    enum up_login_state *state, int64_t *left_ms)
{
	struct up_memory *l = up_memory_of(live);
	uint32_t i = up_memory_enter(l, up_memory_id(id), now_ms);

	if (i == 0)
		return UP_OK;
	*state = look(up_memory_slot(l, i), now_ms, left_ms);
	up_memory_leave(l, i);
	return UP_OK;
}

enum up_err up_memory_watch_peek(struct up_live *live, const uint8_t watch[UP_LIVE_KEY],
    int64_t now_ms, const struct up_login_info **info, enum up_login_state *state,
    int64_t *left_ms)
{
	struct up_memory *l = up_memory_of(live);
	uint32_t i = up_memory_enter(l, up_memory_key(UP_BY_WATCH, watch), now_ms);

	if (i == 0)
		return UP_E_NOT_FOUND;
	*info = up_info_ref(up_memory_slot(l, i)->info);
	*state = look(up_memory_slot(l, i), now_ms, left_ms);
	up_memory_leave(l, i);
	return UP_OK;
}
