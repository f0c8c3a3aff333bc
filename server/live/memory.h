/* SPDX-License-Identifier: Apache-2.0
 * The inside of the memory implementation: a fixed array of slots, numbered from 1, each of one
 * transaction.
 *
 * A slot belongs to one of SHARDS shards by its number; the shard's lock ("home") covers all of the
 * slot but its chain links. Six tables (five keys, and client with browser) lead from a key to a
 * slot. Each bucket of a table belongs to one of the table's stripes, whose lock covers the chain
 * and the key while the slot is in the chain. A key is written before the slot goes into a chain
 * and stays until it has left.
 *
 * Lock order: home, then one stripe; never two homes, never two stripes. Whoever comes from a key
 * takes the stripe alone, notes the slot's number, lets go, takes the home and looks whether the
 * slot still has that key. Slots are never given back to the system, so a number that has become
 * stale is harmless. */
#ifndef UP_MEMORY_H
#define UP_MEMORY_H

#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>

#include "server/live/engine.h"
#include "server/live/info.h"
#include "server/live/rate.h"
#include "server/live/replay.h"
#include "server/live/wheel.h"

#define UP_MEMORY_SHARDS 16
#define UP_MEMORY_LINGER_MS \
	(120 * 1000) /* a finished transaction is told of for this long at least */
#define UP_MEMORY_INTERVAL_MAX_S 60      /* slow_down does not go further */

enum up_memory_table {
	UP_BY_HANDLE,
	UP_BY_DEVICE,
	UP_BY_WATCH,
	UP_BY_ID,
	UP_BY_CODE,
	UP_BY_BROWSER,
	UP_MEMORY_TABLES
};

struct up_slot {
	struct up_wheel_link wheel;      /* due: the state's deadline, and UP_LIVE_HELD_MS more
	                                  * of a held step; of a finished one when it is dropped */
	uint8_t key[UP_BY_WATCH + 1][UP_LIVE_KEY];
	const struct up_login_info *info; /* NULL: the slot is free */
	int64_t since_ms;                /* began; once finished: ended, or told of by the tick */
	int64_t device;                  /* that scanned; 0: none */
	union {
		struct {                 /* until approved */
			int64_t polled_ms;
			char frame[16];
		};
		struct {                 /* from then on */
			int64_t role, grant, auth_ms;
			char session[UP_LIVE_ID];
		};
	};
	char code[8];
	uint8_t state;                   /* enum up_login_state; written by up_slot_step alone */
	uint8_t tables;                  /* bit of each table that it is in */
	uint8_t tries, watching, calls;
	uint8_t interval_s;
	bool polled, approved, in_wheel, unreported; /* approved: which half of the union holds */
	bool given_up, held;             /* the caller records its end; it ended while held */
	uint32_t chain[UP_MEMORY_TABLES]; /* next in the chain: the stripe's lock */
	uint32_t before, after;          /* in a list of the shard, once finished or free */
};

struct up_list {
	uint32_t head, tail;
};

struct up_shard {
	alignas(64) pthread_mutex_t lock;
	uint32_t number, slots;          /* its slots are number + 1 + k * SHARDS, k < slots */
	uint32_t fresh;                  /* of them never used yet: from this k on */
	struct up_list unused;           /* given back */
	struct up_list finished;         /* oldest first: these may be dropped for room */
	struct up_list unreported;       /* finished, and the tick has still to tell of it */
	size_t states[UP_LOGIN_STATES], watchers;
	/* free slots; written under the lock, read without to choose a shard */
	atomic_uint_fast32_t room;
	/* end of the first of FINISHED, INT64_MAX: none; the same */
	_Atomic int64_t oldest_ms;
	struct up_wheel wheel;
};

struct up_stripe {
	alignas(64) pthread_mutex_t lock;
};

struct up_table {
	uint32_t *heads;
	struct up_stripe stripes[UP_MEMORY_SHARDS];
};

struct up_memory {
	struct up_live base;             /* first: live.h's functions come with it */
	struct up_shard shards[UP_MEMORY_SHARDS];
	struct up_table tables[UP_MEMORY_TABLES];
	struct up_slot *slots;
	uint32_t n, buckets;             /* slots; buckets of each table, a power of two */
	uint64_t seed[2];
	struct up_replay *replay;
	struct up_rate *rate;
	void (*abandoned)(struct up_span client);
	void (*woken)(const char *id);
};

static inline struct up_memory *
up_memory_of(struct up_live *live)
{
	return (struct up_memory *)live;
}

static inline struct up_slot *
up_memory_slot(struct up_memory *l, uint32_t i)
{
	return &l->slots[i - 1];
}

static inline struct up_shard *
up_memory_home(struct up_memory *l, uint32_t i)
{
	return &l->shards[(i - 1) % UP_MEMORY_SHARDS];
}

/* --- index.c: the tables --- */

/* What a table is asked for. */
struct up_index_key {
	enum up_memory_table table;
	struct up_span key, browser;     /* BY_BROWSER: key is the client */
};

/* The slot that has the key now, 0: none. No lock held before or after. */
uint32_t up_index_find(struct up_memory *, struct up_index_key);
/* Of those waiting of the same client and browser as INFO the Nth, the newest is 0; its device key
 * into KEY. 0: none. */
uint32_t up_index_browser(
    struct up_memory *, const struct up_login_info *info, unsigned n, uint8_t key[UP_LIVE_KEY]);
/* Home locked: whether the slot is in use and in the table with this key. */
bool up_index_has(struct up_memory *, uint32_t i, struct up_index_key);
/* Home locked. False: another slot has this key (never of BY_BROWSER). */
bool up_index_put(struct up_memory *, enum up_memory_table, uint32_t i);
/* home locked; nothing if it is not in */
void up_index_cut(struct up_memory *, enum up_memory_table, uint32_t i);
/* Home locked. The slot gets another info with the same id. */
void up_index_set_info(struct up_memory *, uint32_t i, const struct up_login_info *);

/* --- slot.c: one slot, its shard's lists and the one setter; all with the home locked --- */

/* A free slot of the shard, 0: none. It is filled by up_slot_open, or given back. */
uint32_t up_slot_draw(struct up_memory *, struct up_shard *);
void up_slot_give_back(struct up_memory *, uint32_t i);
/* Waits from NOW on. INFO becomes the slot's. UP_E_STATE: one of the keys is taken; the slot is as
 * drawn then and INFO the caller's. */
UP_MUST_USE enum up_err up_slot_open(struct up_memory *, uint32_t i, const struct up_login_start *,
    const struct up_login_info *info, int64_t now_ms);
/* The only writer of a state, with all that hangs on it. False: core/login.h has no such step, and
 * nothing was done. */
bool up_slot_step(struct up_memory *, uint32_t i, enum up_login_event, int64_t now_ms);
/* Expire what is over, but not swept yet: before every look at the state. */
void up_slot_lapse(struct up_memory *, uint32_t i, int64_t now_ms);
void up_slot_drop(struct up_memory *, uint32_t i);             /* finished ones only */
/* Handle one entry of the wheel that is due; false: none. */
bool up_slot_sweep(struct up_memory *, struct up_shard *, int64_t now_ms);

/* The shard's next unreported end, with a reference to its info; from now on it may be dropped.
 * False: none. */
bool up_slot_report(
    struct up_memory *, struct up_shard *, int64_t now_ms, struct up_live_ended *);
/* The deadline of the state, without what a held step has more. */
int64_t up_slot_deadline(const struct up_slot *);
/* Of a step that somebody holds: what it falls back to is over at NOW. False: nobody does. */
bool up_slot_cut_short(struct up_memory *, uint32_t i, int64_t now_ms);

/* --- memory.c --- */

/* Find, lock its home. 0: no such slot and nothing is locked. */
uint32_t up_memory_find(struct up_memory *, struct up_index_key);
/* The same, and expire it if it is over. */
uint32_t up_memory_enter(struct up_memory *, struct up_index_key, int64_t now_ms);
void up_memory_leave(struct up_memory *, uint32_t i);
/* handle, device or watch */
struct up_index_key up_memory_key(enum up_memory_table, const uint8_t key[UP_LIVE_KEY]);

struct up_index_key up_memory_id(const char *id);

/* --- step.c, watch.c: what the engine's table names (engine.h) --- */

enum up_err up_memory_peek(struct up_live *, const uint8_t handle[UP_LIVE_KEY], int64_t now_ms,
    const struct up_login_info **out);
enum up_err up_memory_peek_user_code(struct up_live *, const char code[9], int64_t now_ms,
    uint8_t handle[UP_LIVE_KEY], const struct up_login_info **out);
enum up_err up_memory_scan(struct up_live *, const uint8_t handle[UP_LIVE_KEY], int64_t device,
    const char *frame, int64_t now_ms, int64_t *deadline_ms);
enum up_err up_memory_decide(struct up_live *, const char *id, int64_t device, int64_t now_ms,
    const struct up_login_info **out, char frame[16], int64_t *deadline_ms);
enum up_err up_memory_decide_approve(
    struct up_live *, const char *id, const struct up_live_approval *, int64_t now_ms);
enum up_err up_memory_decide_deny(struct up_live *, const char *id, int64_t now_ms);
enum up_err up_memory_decide_undo(struct up_live *, const char *id, int64_t now_ms);
enum up_err up_memory_give_up(struct up_live *, const char *id, int64_t now_ms);
enum up_err up_memory_known(struct up_live *, const char *id, int64_t now_ms,
    const struct up_login_info **out, int64_t *device);
enum up_err up_memory_call(struct up_live *, const char *id, int64_t now_ms, unsigned *calls);
enum up_err up_memory_end(struct up_live *, const char *id, int64_t now_ms);
enum up_err up_memory_redeem(struct up_live *, const uint8_t device_code[UP_LIVE_KEY],
    struct up_span client, int64_t now_ms, struct up_live_redeemed *out);
enum up_err up_memory_redeem_commit(struct up_live *, const char *id, const char *session,
    int64_t now_ms, bool *contested);
enum up_err up_memory_redeem_undo(
    struct up_live *, const char *id, int64_t now_ms, bool *contested);
enum up_err up_memory_replay_undo(struct up_live *, const char *id, int64_t now_ms);
enum up_err up_memory_watch_open(struct up_live *, const uint8_t watch[UP_LIVE_KEY],
    int64_t now_ms, const struct up_login_info **info);
enum up_err up_memory_watch_close(struct up_live *, const char *id);
enum up_err up_memory_watch_state(struct up_live *, const char *id, int64_t now_ms,
    enum up_login_state *state, int64_t *left_ms);
enum up_err up_memory_watch_peek(struct up_live *, const uint8_t watch[UP_LIVE_KEY],
    int64_t now_ms, const struct up_login_info **info, enum up_login_state *state,
    int64_t *left_ms);

#endif
