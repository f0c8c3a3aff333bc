/* SPDX-License-Identifier: Apache-2.0
 * Live state in this process's memory: its life, new transactions, and the tick. */
#include "server/live/memory.h"

#include <stdlib.h>
#include <string.h>

#define ENTRIES_MAX (UINT32_C(1) << 30)  /* a slot's number has a bit to spare */
#define BATCH 64                         /* entries of a tick under one hold of a lock */

/* --- life --- */

static bool allocate(struct up_memory *l)
{
	size_t bytes = ((size_t)l->n * sizeof(*l->slots) + 4095) & ~(size_t)4095;

	/* zeroed lazily by the system: what was never used costs no memory */
	if ((l->slots = calloc(1, bytes)) == NULL)
		return false;
	for (int t = 0; t < UP_MEMORY_TABLES; t++) {
		if ((l->tables[t].heads = calloc(l->buckets, sizeof(*l->tables[t].heads))) == NULL)
			return false;
	}
	return true;
}

static void open_shards(struct up_memory *l)
{
	for (uint32_t k = 0; k < UP_MEMORY_SHARDS; k++) {
		struct up_shard *h = &l->shards[k];

		pthread_mutex_init(&h->lock, NULL);
		h->number = k;
		h->slots = (l->n + UP_MEMORY_SHARDS - 1 - k) / UP_MEMORY_SHARDS;
		atomic_init(&h->room, h->slots);
		atomic_init(&h->oldest_ms, INT64_MAX);
		if (l->slots != NULL)
			up_wheel_init(&h->wheel, &l->slots[0].wheel, sizeof(l->slots[0]));
		for (int t = 0; t < UP_MEMORY_TABLES; t++)
			pthread_mutex_init(&l->tables[t].stripes[k].lock, NULL);
	}
}

static bool in_range(size_t n)
{
	return n > 0 && n <= ENTRIES_MAX;
}

static void free_slots(struct up_memory *l)
{
	for (uint32_t k = 0; k < UP_MEMORY_SHARDS; k++) {
		for (uint32_t i = 0; i < l->shards[k].fresh; i++)
			up_live_info_unref(&l->slots[k + i * UP_MEMORY_SHARDS].info);
	}
	free(l->slots);
}

static void free_memory(struct up_live *live)
{
	struct up_memory *l = up_memory_of(live);

	free_slots(l);
	for (int t = 0; t < UP_MEMORY_TABLES; t++) {
		for (uint32_t k = 0; k < UP_MEMORY_SHARDS; k++)
			pthread_mutex_destroy(&l->tables[t].stripes[k].lock);
		free(l->tables[t].heads);
	}
	for (uint32_t k = 0; k < UP_MEMORY_SHARDS; k++)
		pthread_mutex_destroy(&l->shards[k].lock);
	up_replay_free(&l->replay);
	up_rate_free(&l->rate);
	up_wipe(l->seed, sizeof(l->seed));
	free(l);
}

/* --- from a key to a locked slot --- */

struct up_index_key up_memory_key(enum up_memory_table table, const uint8_t key[UP_LIVE_KEY])
{
	return (struct up_index_key){ table, { key, UP_LIVE_KEY }, { NULL, 0 } };
}

static bool lock_slot(struct up_memory *l, uint32_t i, struct up_index_key k)
{
	pthread_mutex_lock(&up_memory_home(l, i)->lock);
	if (up_index_has(l, i, k))
		return true;
	pthread_mutex_unlock(&up_memory_home(l, i)->lock);
	return false;
}

struct up_index_key up_memory_id(const char *id)
{
	/* a text of another length finds nothing: no transaction has it */
	return (struct up_index_key){
		UP_BY_ID, up_span_of(id, strnlen(id, UP_LIVE_ID + 1)), { NULL, 0 } };
}

uint32_t up_memory_find(struct up_memory *l, struct up_index_key k)
{
	uint32_t i = up_index_find(l, k);

	return i != 0 && lock_slot(l, i, k) ? i : 0;
}

uint32_t up_memory_enter(struct up_memory *l, struct up_index_key k, int64_t now_ms)
{
	uint32_t i = up_memory_find(l, k);

	if (i != 0)
		up_slot_lapse(l, i, now_ms);
	return i;
}

void up_memory_leave(struct up_memory *l, uint32_t i)
{
	pthread_mutex_unlock(&up_memory_home(l, i)->lock);
}

/* --- start --- */

static enum up_err check(const struct up_login_start *start)
{
	size_t code = strnlen(start->user_code, sizeof(start->user_code));

	if (strnlen(start->info.id, sizeof(start->info.id)) != UP_LIVE_ID)
		return UP_E_FORMAT;
	return code == 0 || code == sizeof(start->user_code) - 1 ? UP_OK : UP_E_FORMAT;
}

static void sweep_all(struct up_memory *l, int64_t now_ms)
{
	for (uint32_t k = 0; k < UP_MEMORY_SHARDS; k++) {
		bool more = true;

		while (more) {
			pthread_mutex_lock(&l->shards[k].lock);
			for (int n = 0; n < BATCH && more; n++)
				more = up_slot_sweep(l, &l->shards[k], now_ms);
			pthread_mutex_unlock(&l->shards[k].lock);
		}
	}
}

/* A free slot with its home locked, 0: none. START says where to look first. */
static uint32_t draw_free(struct up_memory *l, const struct up_login_start *start)
{
	uint32_t i;

	for (uint32_t n = 0; n < UP_MEMORY_SHARDS; n++) {
		struct up_shard *h = &l->shards[(start->device[0] + n) % UP_MEMORY_SHARDS];

		if (atomic_load_explicit(&h->room, memory_order_relaxed) == 0)
			continue;
		pthread_mutex_lock(&h->lock);
		if ((i = up_slot_draw(l, h)) != 0)
			return i;
		pthread_mutex_unlock(&h->lock);
	}
	return 0;
}

/* The same, dropping the finished transaction that ended first. */
static uint32_t draw_oldest(struct up_memory *l)
{
	for (;;) {
		struct up_shard *h = NULL;
		int64_t oldest = INT64_MAX;

		for (uint32_t k = 0; k < UP_MEMORY_SHARDS; k++) {
			int64_t t = atomic_load_explicit(
			    &l->shards[k].oldest_ms, memory_order_relaxed);

			if (t < oldest) {
				oldest = t;
				h = &l->shards[k];
			}
		}
		if (h == NULL)
			return 0;
		pthread_mutex_lock(&h->lock);
		if (h->finished.head != 0) {
			up_slot_drop(l, h->finished.head);
			return up_slot_draw(l, h);
		}
		pthread_mutex_unlock(&h->lock);
	}
}

static uint32_t draw(struct up_memory *l, const struct up_login_start *start, int64_t now_ms)
{
	uint32_t i = draw_free(l, start);

	if (i == 0)
		i = draw_oldest(l);
	if (i != 0)
		return i;
	sweep_all(l, now_ms);            /* what lapsed since the last tick */
	i = draw_free(l, start);
	return i != 0 ? i : draw_oldest(l);
}

/* End what is beyond the newest few of the same client and browser; what has lapsed does not count.
 */
static void limit_browser(struct up_memory *l, const struct up_login_info *info, int64_t now_ms)
{
	uint8_t key[UP_LIVE_KEY];
	uint32_t i;

	if (info->browser.n == 0 || up_index_browser(l, info, UP_LIVE_PER_BROWSER, key) == 0)
		return;
	for (unsigned n = 0; (i = up_index_browser(l, info, n, key)) != 0;) {
		if (!lock_slot(l, i, up_memory_key(UP_BY_DEVICE, key)))
			continue;
		up_slot_lapse(l, i, now_ms);
		if (n >= UP_LIVE_PER_BROWSER)
			up_slot_step(l, i, UP_LOGIN_SUPERSEDE, now_ms);
		n += up_memory_slot(l, i)->tables >> UP_BY_BROWSER & 1;
		up_memory_leave(l, i);
	}
}

static void supersede(struct up_memory *l, const uint8_t device[UP_LIVE_KEY],
    const struct up_login_info *by, int64_t now_ms)
{
	uint32_t i = up_memory_enter(l, up_memory_key(UP_BY_DEVICE, device), now_ms);
	const struct up_login_info *info;

	if (i == 0)
		return;
	info = up_memory_slot(l, i)->info;
	if (info != by && up_span_eq(info->client, by->client) &&
	    up_span_eq(info->browser, by->browser))
		up_slot_step(l, i, UP_LOGIN_SUPERSEDE, now_ms);
	up_memory_leave(l, i);
}

/* Let go of the user code's prefix if its transaction has lapsed. */
static void free_code(struct up_memory *l, const char *code, int64_t now_ms)
{
	uint32_t i = up_memory_enter(
	    l, (struct up_index_key) { UP_BY_CODE, up_span_of(code, 4), { NULL, 0 } }, now_ms);

	if (i != 0)
		up_memory_leave(l, i);
}

static enum up_err begin(
    struct up_live *live, const struct up_login_start *start, int64_t now_ms)
{
	struct up_memory *l = up_memory_of(live);
	const struct up_login_info *info, *mine;
	enum up_err err = check(start);
	uint32_t i;

	if (err != UP_OK)
		return err;
	if ((info = up_info_copy(&start->info, UP_INFO_ALL)) == NULL)
		return UP_E_NOMEM;
	mine = up_info_ref(info);
	if (start->user_code[0] != '\0')
		free_code(l, start->user_code, now_ms);
	err = UP_E_BUSY;
	if ((i = draw(l, start, now_ms)) != 0) {
		err = up_slot_open(l, i, start, info, now_ms);
		if (err != UP_OK)
			up_slot_give_back(l, i);
		up_memory_leave(l, i);
	}
	if (err == UP_OK) {
		limit_browser(l, mine, now_ms);
		if (start->supersedes)
			supersede(l, start->old_device, mine, now_ms);
	} else {
		up_live_info_unref(&info);
	}
	up_live_info_unref(&mine);
	return err;
}

/* --- tick --- */

static void report_all(
    struct up_memory *l, struct up_shard *h, int64_t now_ms, up_live_expired expired, void *arg)
{
	struct up_live_ended r[BATCH];
	size_t n;

	do {
		pthread_mutex_lock(&h->lock);
		for (n = 0; n < BATCH && up_slot_report(l, h, now_ms, &r[n]); n++)
			;
		pthread_mutex_unlock(&h->lock);
		for (size_t i = 0; i < n; i++) {
			if (expired != NULL)
				expired(arg, &r[i]);
			up_live_info_unref(&r[i].info);
		}
	} while (n == BATCH);
}

static enum up_err tick(
    struct up_live *live, int64_t now_ms, up_live_expired expired, void *arg)
{
	struct up_memory *l = up_memory_of(live);

	sweep_all(l, now_ms);
	for (uint32_t k = 0; k < UP_MEMORY_SHARDS; k++)
		report_all(l, &l->shards[k], now_ms, expired, arg);
	up_replay_tick(l->replay, now_ms);
	return UP_OK;
}

/* Who holds a step (deciding, redeeming) ends it himself; what it falls back to is over then. */
static void end_slot(struct up_memory *l, uint32_t i, struct up_span client, int64_t now_ms)
{
	struct up_slot *s = up_memory_slot(l, i);

	if (s->info == NULL || (client.n > 0 && !up_span_eq(s->info->client, client)) ||
	    up_slot_cut_short(l, i, now_ms))
		return;
	up_slot_step(l, i, UP_LOGIN_EXPIRE, now_ms);
}

static enum up_err end_client(struct up_live *live, struct up_span client, int64_t now_ms)
{
	struct up_memory *l = up_memory_of(live);

	for (uint32_t k = 0; k < UP_MEMORY_SHARDS; k++) {
		struct up_shard *h = &l->shards[k];
		uint32_t n = 0, fresh = 1;

		while (n < fresh) {
			pthread_mutex_lock(&h->lock);
			fresh = h->fresh;
			for (uint32_t end = n + BATCH; n < fresh && n < end; n++)
				end_slot(l, k + 1 + n * UP_MEMORY_SHARDS, client, now_ms);
			pthread_mutex_unlock(&h->lock);
		}
	}
	return UP_OK;
}

/* --- counters --- */

static enum up_err once(
    struct up_live *live, const uint8_t key[16], int64_t until_ms, int64_t now_ms)
{
	return up_replay_once(up_memory_of(live)->replay, key, until_ms, now_ms);
}

static enum up_err rate(struct up_live *live, const struct up_live_bucket *own,
    const struct up_live_bucket *shared, int64_t now_ms)
{
	struct up_rate *r = up_memory_of(live)->rate;

	return shared == NULL ? up_rate_take(r, own, now_ms)
	    : up_rate_share(r, own, shared, now_ms);
}

static enum up_err rate_spend(
    struct up_live *live, const struct up_live_bucket *own, unsigned n, int64_t now_ms)
{
	up_rate_spend(up_memory_of(live)->rate, own, n, now_ms);
	return UP_OK;
}

static enum up_err stats(struct up_live *live, struct up_live_stats *out)
{
	struct up_memory *l = up_memory_of(live);

	out->replays = up_replay_count(l->replay);
	for (uint32_t k = 0; k < UP_MEMORY_SHARDS; k++) {
		struct up_shard *h = &l->shards[k];
		const size_t *of = h->states;

		pthread_mutex_lock(&h->lock);
		out->pending += of[UP_LOGIN_PENDING];
		out->scanned +=
		    of[UP_LOGIN_SCANNED] + of[UP_LOGIN_DECIDING] + of[UP_LOGIN_RETURNING];
		out->approved +=
		    of[UP_LOGIN_APPROVED] + of[UP_LOGIN_REDEEMING] + of[UP_LOGIN_CONTESTED];
		out->finished += of[UP_LOGIN_REDEEMED] + of[UP_LOGIN_DENIED] +
		    of[UP_LOGIN_EXPIRED] + of[UP_LOGIN_REVOKED];
		out->watchers += h->watchers;
		pthread_mutex_unlock(&h->lock);
	}
	return UP_OK;
}

/* --- the engine --- */

static const struct up_live_engine engine = {
	.name = "memory",
	.free = free_memory,
	.start = begin,
	.peek = up_memory_peek,
	.peek_user_code = up_memory_peek_user_code,
	.scan = up_memory_scan,
	.decide = up_memory_decide,
	.decide_approve = up_memory_decide_approve,
	.decide_deny = up_memory_decide_deny,
	.decide_undo = up_memory_decide_undo,
	.give_up = up_memory_give_up,
	.known = up_memory_known,
	.call = up_memory_call,
	.end = up_memory_end,
	.end_client = end_client,
	.redeem = up_memory_redeem,
	.redeem_commit = up_memory_redeem_commit,
	.redeem_undo = up_memory_redeem_undo,
	.replay_undo = up_memory_replay_undo,
	.watch_open = up_memory_watch_open,
	.watch_close = up_memory_watch_close,
	.watch_state = up_memory_watch_state,
	.watch_peek = up_memory_watch_peek,
	.tick = tick,
	.once = once,
	.rate = rate,
	.rate_spend = rate_spend,
	.stats = stats,
};

enum up_err up_live_memory_new(const struct up_live_settings *settings, struct up_live **out)
{
	struct up_memory *l;
	enum up_err err = UP_E_NOMEM;

	*out = NULL;
	if (!in_range(settings->transactions) || !in_range(settings->replays) ||
	    !in_range(settings->rates))
		return UP_E_RANGE;
	if ((l = aligned_alloc(alignof(struct up_memory), sizeof(*l))) == NULL)
		return UP_E_NOMEM;
	memset(l, 0, sizeof(*l));
	l->base.engine = &engine;
	memcpy(l->seed, settings->seed, sizeof(l->seed));
	l->n = (uint32_t)settings->transactions;
	l->abandoned = settings->abandoned;
	l->woken = settings->woken;
	for (l->buckets = UP_MEMORY_SHARDS; l->buckets < l->n; l->buckets *= 2)
		;
	if (allocate(l))
		err = UP_OK;
	open_shards(l);
	if (err == UP_OK)
		err = up_replay_new(settings->replays, l->seed, &l->replay);
	if (err == UP_OK)
		err = up_rate_new(settings->rates, l->seed, &l->rate);
	if (err == UP_OK)
		*out = &l->base;
	else
		free_memory(&l->base);
	return err;
}
