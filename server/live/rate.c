/* SPDX-License-Identifier: Apache-2.0 */
#include "server/live/rate.h"

#include <pthread.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "server/live/siphash.h"

#define WAYS 8
#define STRIPES 16

struct cell {
	uint64_t tag;
	/* when the bucket is full again: the algorithm's theoretical arrival time */
	int64_t full_ms;
};

/* The cells of a set stand in order of use, the latest first. */
struct set {
	struct cell cells[WAYS];
};

struct stripe {
	alignas(64) pthread_mutex_t lock;
};

struct up_rate {
	struct stripe stripes[STRIPES];
	uint64_t seed[2];
	size_t n;
	struct set *sets;
};

enum up_err up_rate_new(size_t entries, const uint64_t seed[2], struct up_rate **out)
{
	struct up_rate *r;

	*out = NULL;
	if ((r = aligned_alloc(alignof(struct up_rate), sizeof(*r))) == NULL)
		return UP_E_NOMEM;
	memset(r, 0, sizeof(*r));
	memcpy(r->seed, seed, sizeof(r->seed));
	r->n = (entries + WAYS - 1) / WAYS;
	if ((r->sets = calloc(r->n, sizeof(*r->sets))) == NULL) {
		free(r);
		return UP_E_NOMEM;
	}
	for (size_t i = 0; i < STRIPES; i++)
		pthread_mutex_init(&r->stripes[i].lock, NULL);
	*out = r;
	return UP_OK;
}

void up_rate_free(struct up_rate **r)
{
	if (*r == NULL)
		return;
	for (size_t i = 0; i < STRIPES; i++)
		pthread_mutex_destroy(&(*r)->stripes[i].lock);
	free((*r)->sets);
	free(*r);
	*r = NULL;
}

/* Two hashes: one finds the set, the other tells the cells of a set apart. KIND's own hash keys
 * both. */
static void place(
    const struct up_rate *r, const char *kind, struct up_span who, size_t *set, uint64_t *tag)
{
	uint64_t key[2] = { up_siphash(r->seed, up_span_str(kind)), r->seed[1] };

	*set = (size_t)(((unsigned __int128)up_siphash(key, who) * r->n) >> 64);
	key[1] = ~key[1];
	*tag = up_siphash(key, who) | 1; /* 0 is an empty cell */
}

/* The cell of TAG, moved to the front. A new one takes the place of one that has nothing to say any
 * more, else of the least recently used. */
static struct cell *find(struct set *set, uint64_t tag, int64_t now_ms)
{
	struct cell found = { tag, now_ms };
	size_t i, idle = WAYS - 1;

	for (i = 0; i < WAYS && set->cells[i].tag != tag; i++) {
		if (set->cells[i].tag == 0 || set->cells[i].full_ms <= now_ms)
			idle = i;
	}
	if (i < WAYS)
		found = set->cells[i];
	else
		i = idle;
	memmove(&set->cells[1], &set->cells[0], i * sizeof(found));
	set->cells[0] = found;
	return &set->cells[0];
}

/* The bucket's cell, up to date and its stripe locked. False: no such rate, refuse rather than
 * guess. */
static bool enter(struct up_rate *r, const struct up_live_bucket *b, int64_t now_ms,
    struct cell **c, pthread_mutex_t **lock)
{
	int64_t most;
	uint64_t tag;
	size_t set;

	if (__builtin_mul_overflow(b->every_ms, (int64_t)b->burst, &most) || most > INT64_MAX / 4)
		return false;
	place(r, b->kind, b->who, &set, &tag);
	*lock = &r->stripes[set % STRIPES].lock;
	pthread_mutex_lock(*lock);
	*c = find(&r->sets[set], tag, now_ms);
	if ((*c)->full_ms < now_ms)
		(*c)->full_ms = now_ms;
	/* the clock was set back: nobody waits longer for it */
	if ((*c)->full_ms > now_ms + most)
		(*c)->full_ms = now_ms + most;
	return true;
}

/* Take one of the first AT_MOST; *SPENT, of B's burst, are gone then. */
static enum up_err take(struct up_rate *r, const struct up_live_bucket *bucket, unsigned at_most,
    int64_t now_ms, unsigned *spent)
{
	struct up_live_bucket b = *bucket;
	enum up_err err = UP_E_RATE;
	pthread_mutex_t *lock;
	struct cell *c;

	*spent = 0;
	if (b.every_ms < 1)
		b.every_ms = 1;
	if (!enter(r, &b, now_ms, &c, &lock))
		return UP_E_RATE;
	if (c->full_ms - now_ms + b.every_ms <= b.every_ms * at_most) {
		c->full_ms += b.every_ms;
		err = UP_OK;
	}
	*spent = (unsigned)((c->full_ms - now_ms + b.every_ms - 1) / b.every_ms);
	pthread_mutex_unlock(lock);
	return err;
}

static void give_back(struct up_rate *r, const struct up_live_bucket *b, int64_t now_ms)
{
	pthread_mutex_t *lock;
	struct cell *c;

	if (!enter(r, b, now_ms, &c, &lock))
		return;
	c->full_ms -= b->every_ms;
	pthread_mutex_unlock(lock);
}

enum up_err up_rate_take(struct up_rate *r, const struct up_live_bucket *b, int64_t now_ms)
{
	unsigned spent;

	return take(r, b, b->burst, now_ms, &spent);
}

enum up_err up_rate_share(struct up_rate *r, const struct up_live_bucket *own,
    const struct up_live_bucket *shared, int64_t now_ms)
{
	unsigned spent, ignored;
	uint64_t left_to_others;
	enum up_err err = take(r, own, own->burst, now_ms, &spent);

	if (err != UP_OK)
		return err;
	/* His first one is free: who comes for the first time may take the last. */
	left_to_others = (uint64_t)shared->burst * (spent - 1) / own->burst / 2;
	err = take(r, shared, shared->burst - (unsigned)left_to_others, now_ms, &ignored);
	if (err != UP_OK)
		give_back(r, own, now_ms);
	return err;
}

void up_rate_spend(
    struct up_rate *r, const struct up_live_bucket *bucket, unsigned n, int64_t now_ms)
{
	struct up_live_bucket b = *bucket;
	pthread_mutex_t *lock;
	struct cell *c;
	int64_t left;

	if (b.every_ms < 1)
		b.every_ms = 1;
	if (!enter(r, &b, now_ms, &c, &lock))
		return;
	left = (b.every_ms * b.burst - (c->full_ms - now_ms)) / b.every_ms;
	c->full_ms += b.every_ms * (left < n ? left : n);
	pthread_mutex_unlock(lock);
}
