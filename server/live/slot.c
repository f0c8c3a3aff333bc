/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "server/live/memory.h"

/* Somebody holds the step and will end it, or has died. */
static bool is_held(enum up_login_state s)
{
	return s == UP_LOGIN_DECIDING || s == UP_LOGIN_REDEEMING || s == UP_LOGIN_CONTESTED;
}

/* States that end by themselves. */
static bool is_timed(enum up_login_state s)
{
	return s == UP_LOGIN_PENDING || s == UP_LOGIN_SCANNED || s == UP_LOGIN_RETURNING ||
	    s == UP_LOGIN_APPROVED || is_held(s);
}

static bool is_finished(enum up_login_state s)
{
	return s == UP_LOGIN_REDEEMED || s == UP_LOGIN_DENIED || s == UP_LOGIN_EXPIRED ||
	    s == UP_LOGIN_REVOKED;
}

/* --- lists --- */

static void append(struct up_memory *l, struct up_list *list, uint32_t i)
{
	struct up_slot *s = up_memory_slot(l, i);

	s->before = list->tail;
	s->after = 0;
	if (list->tail != 0)
		up_memory_slot(l, list->tail)->after = i;
	else
		list->head = i;
	list->tail = i;
}

static void take_out(struct up_memory *l, struct up_list *list, uint32_t i)
{
	struct up_slot *s = up_memory_slot(l, i);

	if (s->before != 0)
		up_memory_slot(l, s->before)->after = s->after;
	else
		list->head = s->after;
	if (s->after != 0)
		up_memory_slot(l, s->after)->before = s->before;
	else
		list->tail = s->before;
	s->before = s->after = 0;
}

static void note_oldest(struct up_memory *l, struct up_shard *h)
{
	uint32_t i = h->finished.head;

	atomic_store_explicit(&h->oldest_ms, i != 0 ? up_memory_slot(l, i)->since_ms : INT64_MAX,
	    memory_order_relaxed);
}

/* --- free slots --- */

static void add_room(struct up_shard *h, int n)
{
	uint_fast32_t room = atomic_load_explicit(&h->room, memory_order_relaxed);

	atomic_store_explicit(&h->room, room + (uint_fast32_t)n, memory_order_relaxed);
}

uint32_t up_slot_draw(struct up_memory *l, struct up_shard *h)
{
	uint32_t i = h->unused.head;

	if (i != 0)
		take_out(l, &h->unused, i);
	else if (h->fresh < h->slots)
		i = h->number + 1 + h->fresh++ * UP_MEMORY_SHARDS;
	if (i != 0)
		add_room(h, -1);
	return i;
}

void up_slot_give_back(struct up_memory *l, uint32_t i)
{
	struct up_shard *h = up_memory_home(l, i);

	append(l, &h->unused, i);
	add_room(h, 1);
}

/* --- a state's surroundings --- */

static void stop_timer(struct up_memory *l, uint32_t i)
{
	struct up_slot *s = up_memory_slot(l, i);

	if (s->in_wheel)
		up_wheel_cut(&up_memory_home(l, i)->wheel, i);
	s->in_wheel = false;
}

static void set_timer(struct up_memory *l, uint32_t i, int64_t due_ms)
{
	stop_timer(l, i);
	up_wheel_put(&up_memory_home(l, i)->wheel, i, due_ms);
	up_memory_slot(l, i)->in_wheel = true;
}

/* By which keys it can still be found. */
static void arrange_tables(struct up_memory *l, uint32_t i)
{
	struct up_slot *s = up_memory_slot(l, i);

	if (s->state != UP_LOGIN_PENDING) {
		up_index_cut(l, UP_BY_HANDLE, i);
		up_index_cut(l, UP_BY_CODE, i);
	}
	if (s->state != UP_LOGIN_PENDING && s->state != UP_LOGIN_SCANNED)
		up_index_cut(l, UP_BY_BROWSER, i);
	else if (s->info->browser.n > 0 && (s->tables & 1u << UP_BY_BROWSER) == 0)
		(void)up_index_put(l, UP_BY_BROWSER, i);
}

int64_t up_slot_deadline(const struct up_slot *s)
{
	return s->wheel.due_ms - (is_held(s->state) ? UP_LIVE_HELD_MS : 0);
}

/* What an undone step comes back to keeps the deadline that it had. */
static void arrange_timer(
    struct up_memory *l, uint32_t i, enum up_login_state from, int64_t now_ms)
{
	struct up_slot *s = up_memory_slot(l, i);
	int64_t due = s->wheel.due_ms - (is_held(from) ? UP_LIVE_HELD_MS : 0);

	if (s->state == UP_LOGIN_SCANNED && from == UP_LOGIN_PENDING)
		due = now_ms + UP_LIVE_SCANNED_MS;
	if (s->state == UP_LOGIN_APPROVED && from != UP_LOGIN_REDEEMING)
		due = now_ms + UP_LIVE_APPROVED_MS;
	if (is_held(s->state))
		due += UP_LIVE_HELD_MS;
	if (is_timed(s->state))
		set_timer(l, i, due);
	else
		stop_timer(l, i);
}

bool up_slot_cut_short(struct up_memory *l, uint32_t i, int64_t now_ms)
{
	struct up_slot *s = up_memory_slot(l, i);

	if (!is_held(s->state))
		return false;
	set_timer(l, i, now_ms + UP_LIVE_HELD_MS);
	return true;
}

static void become_approved(struct up_slot *s)
{
	s->role = s->grant = s->auth_ms = 0;
	memset(s->session, 0, sizeof(s->session));
	s->approved = true;
}

/* Forget what no record needs any more. Without memory for the smaller copy the whole stays. */
static void trim(struct up_memory *l, uint32_t i)
{
	struct up_slot *s = up_memory_slot(l, i);
	const struct up_login_info *old = s->info;
	const struct up_login_info *less = up_info_trim(
	    old, s->state == UP_LOGIN_REDEEMED ? UP_INFO_RECORD : UP_INFO_CLIENT);

	if (less == NULL)
		return;
	up_index_set_info(l, i, less);
	up_live_info_unref(&old);
}

static void become_droppable(struct up_memory *l, uint32_t i)
{
	struct up_shard *h = up_memory_home(l, i);

	append(l, &h->finished, i);
	note_oldest(l, h);
	set_timer(l, i, up_memory_slot(l, i)->wheel.due_ms);
	trim(l, i);
}

static void finish(struct up_memory *l, uint32_t i, int64_t now_ms)
{
	struct up_slot *s = up_memory_slot(l, i);
	struct up_shard *h = up_memory_home(l, i);
	int64_t life = s->since_ms + UP_LIVE_PENDING_MS, linger = now_ms + UP_MEMORY_LINGER_MS;

	s->wheel.due_ms = life > linger ? life : linger;
	s->since_ms = now_ms;
	s->unreported = s->state == UP_LOGIN_EXPIRED && s->device != 0 && !s->given_up;
	if (s->state == UP_LOGIN_EXPIRED && s->device == 0 && l->abandoned != NULL)
		l->abandoned(s->info->client);
	if (s->unreported)
		append(l, &h->unreported, i);
	else
		become_droppable(l, i);
}

static void wake(struct up_memory *l, const struct up_slot *s)
{
	if (s->watching > 0 && l->woken != NULL)
		l->woken(s->info->id);
}

bool up_slot_step(struct up_memory *l, uint32_t i, enum up_login_event event, int64_t now_ms)
{
	struct up_slot *s = up_memory_slot(l, i);
	struct up_shard *h = up_memory_home(l, i);
	enum up_login_state from = s->state, to = from;

	if (up_login_step(&to, event) != UP_OK)
		return false;
	s->state = (uint8_t)to;
	h->states[from]--;
	h->states[to]++;
	if (to == UP_LOGIN_APPROVED && !s->approved)
		become_approved(s);
	arrange_tables(l, i);
	if (!is_finished(from)) {
		arrange_timer(l, i, from, now_ms);
		if (is_finished(to))
			finish(l, i, now_ms);
	}
	wake(l, s);
	return true;
}

static void expire(struct up_memory *l, uint32_t i, int64_t now_ms)
{
	struct up_slot *s = up_memory_slot(l, i);

	s->held = is_held(s->state);
	up_slot_step(l, i, s->held ? UP_LOGIN_GIVE_UP : UP_LOGIN_EXPIRE, now_ms);
}

void up_slot_lapse(struct up_memory *l, uint32_t i, int64_t now_ms)
{
	struct up_slot *s = up_memory_slot(l, i);

	if (is_timed(s->state) && now_ms >= s->wheel.due_ms)
		expire(l, i, now_ms);
}

/* --- begin and end of a slot's use --- */

static void clear(struct up_slot *s)
{
	/* the links of chains stay: they belong to the stripes */
	s->info = NULL;
	up_wipe(s->key, sizeof(s->key));
	up_wipe(s->code, sizeof(s->code));
	memset(s->session, 0, sizeof(s->session));
	s->device = s->since_ms = s->role = s->grant = s->auth_ms = 0;
	s->state = s->tables = s->tries = s->watching = s->calls = s->interval_s = 0;
	s->polled = s->approved = s->in_wheel = s->unreported = s->given_up = s->held = false;
}

static void fill(struct up_slot *s, const struct up_login_start *start,
    const struct up_login_info *info, int64_t now_ms)
{
	clear(s);
	memcpy(s->key[UP_BY_HANDLE], start->handle, UP_LIVE_KEY);
	memcpy(s->key[UP_BY_DEVICE], start->device, UP_LIVE_KEY);
	memcpy(s->key[UP_BY_WATCH], start->watch, UP_LIVE_KEY);
	memcpy(s->code, start->user_code, sizeof(s->code));
	s->info = info;
	s->since_ms = now_ms;
	s->interval_s = UP_LIVE_INTERVAL_S;
	s->state = UP_LOGIN_PENDING;
}

static bool put_all(struct up_memory *l, uint32_t i)
{
	const struct up_slot *s = up_memory_slot(l, i);

	return up_index_put(l, UP_BY_HANDLE, i) && up_index_put(l, UP_BY_DEVICE, i) &&
	    up_index_put(l, UP_BY_WATCH, i) && up_index_put(l, UP_BY_ID, i) &&
	    (s->code[0] == '\0' || !s->info->is_static || up_index_put(l, UP_BY_CODE, i)) &&
	    (s->info->browser.n == 0 || up_index_put(l, UP_BY_BROWSER, i));
}

static void cut_all(struct up_memory *l, uint32_t i)
{
	for (int t = 0; t < UP_MEMORY_TABLES; t++)
		up_index_cut(l, (enum up_memory_table)t, i);
}

enum up_err up_slot_open(struct up_memory *l, uint32_t i, const struct up_login_start *start,
    const struct up_login_info *info, int64_t now_ms)
{
	struct up_slot *s = up_memory_slot(l, i);

	fill(s, start, info, now_ms);
	if (!put_all(l, i)) {
		cut_all(l, i);
		clear(s);
		return UP_E_STATE;
	}
	up_memory_home(l, i)->states[UP_LOGIN_PENDING]++;
	set_timer(l, i, now_ms + UP_LIVE_PENDING_MS);
	return UP_OK;
}

void up_slot_drop(struct up_memory *l, uint32_t i)
{
	struct up_slot *s = up_memory_slot(l, i);
	struct up_shard *h = up_memory_home(l, i);
	const struct up_login_info *info = s->info;

	stop_timer(l, i);
	cut_all(l, i);
	take_out(l, &h->finished, i);
	note_oldest(l, h);
	h->states[s->state]--;
	h->watchers -= s->watching;      /* woken: they are told "expired" from now on */
	wake(l, s);
	clear(s);
	up_live_info_unref(&info);
	up_slot_give_back(l, i);
}

bool up_slot_sweep(struct up_memory *l, struct up_shard *h, int64_t now_ms)
{
	uint32_t i = up_wheel_pop(&h->wheel, now_ms);
	struct up_slot *s;

	if (i == 0)
		return false;
	s = up_memory_slot(l, i);
	s->in_wheel = false;
	if (is_timed(s->state))
		expire(l, i, now_ms);
	else
		up_slot_drop(l, i);
	return true;
}

bool up_slot_report(struct up_memory *l, struct up_shard *h, int64_t now_ms,
    struct up_live_ended *out)
{
	uint32_t i = h->unreported.head;
	struct up_slot *s;

	if (i == 0)
		return false;
	s = up_memory_slot(l, i);
	*out = (struct up_live_ended){ up_info_ref(s->info), s->device,
		s->approved ? s->role : 0, s->held };
	s->unreported = false;
	s->since_ms = now_ms;            /* its place in the order in which they are dropped */
	take_out(l, &h->unreported, i);
	become_droppable(l, i);
	return true;
}
