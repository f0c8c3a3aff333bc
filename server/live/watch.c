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
	int64_t left = s->wheel.due_ms - now_ms;

	if (state == UP_LOGIN_DENIED || state == UP_LOGIN_EXPIRED || s->state == UP_LOGIN_REDEEMED || left < 0)
		left = 0;
	*left_ms = left;
	return state;
}

enum up_err up_live_watch_open(struct up_live *l, const uint8_t watch[UP_LIVE_KEY], struct up_live_watch *w, int64_t now_ms)
{
	uint32_t i = up_memory_enter(l, up_memory_key(UP_BY_WATCH, watch), now_ms);
	enum up_err e = UP_E_RATE;
	struct up_slot *s;

	w->next = NULL;
	w->link = NULL;
	w->transaction = NULL;
	w->info = NULL;
	if (i == 0)
		return UP_E_NOT_FOUND;
	s = up_memory_slot(l, i);
	if (s->watching < UP_MEMORY_WATCHERS) {
		s->watching++;
		up_memory_home(l, i)->watchers++;
		w->transaction = s;
		w->info = up_info_ref(s->info);
		w->next = s->watchers;
		w->link = &s->watchers;
		if (w->next != NULL)
			w->next->link = &w->next;
		s->watchers = w;
		e = UP_OK;
	}
	up_memory_leave(l, i);
	return e;
}

/* The slot's number stays right even if another transaction has the slot by now; without a link W is no longer in its list. */
static uint32_t number(const struct up_live *l, const struct up_live_watch *w)
{
	return (uint32_t)((const struct up_slot *)w->transaction - l->slots) + 1;
}

void up_live_watch_close(struct up_live *l, struct up_live_watch *w)
{
	uint32_t i;

	if (w->transaction == NULL)
		return;
	i = number(l, w);
	pthread_mutex_lock(&up_memory_home(l, i)->lock);
	if (w->link != NULL) {
		*w->link = w->next;
		if (w->next != NULL)
			w->next->link = w->link;
		up_memory_slot(l, i)->watching--;
		up_memory_home(l, i)->watchers--;
	}
	up_memory_leave(l, i);
	w->next = NULL;
	w->link = NULL;
	w->transaction = NULL;
	up_live_info_unref(&w->info);
}

enum up_login_state up_live_watch_state(struct up_live *l, struct up_live_watch *w, int64_t now_ms, int64_t *left_ms)
{
	enum up_login_state state = UP_LOGIN_EXPIRED;
	uint32_t i;

	*left_ms = 0;
	if (w->transaction == NULL)
		return state;
	i = number(l, w);
	pthread_mutex_lock(&up_memory_home(l, i)->lock);
	if (w->link != NULL) {
		up_slot_lapse(l, i, now_ms);
		state = look(up_memory_slot(l, i), now_ms, left_ms);
	}
	up_memory_leave(l, i);
	return state;
}

enum up_err up_live_watch_peek(struct up_live *l, const uint8_t watch[UP_LIVE_KEY], int64_t now_ms, const struct up_login_info **info,
	enum up_login_state *state, int64_t *left_ms)
{
	uint32_t i = up_memory_enter(l, up_memory_key(UP_BY_WATCH, watch), now_ms);

	*info = NULL;
	*state = UP_LOGIN_EXPIRED;
	*left_ms = 0;
	if (i == 0)
		return UP_E_NOT_FOUND;
	*info = up_info_ref(up_memory_slot(l, i)->info);
	*state = look(up_memory_slot(l, i), now_ms, left_ms);
	up_memory_leave(l, i);
	return UP_OK;
}
