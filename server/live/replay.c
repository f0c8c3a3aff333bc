/* SPDX-License-Identifier: Apache-2.0 */
#include "server/live/replay.h"

#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "server/live/siphash.h"
#include "server/live/wheel.h"

#define STRIPES 16
#define LEAST_MS 1000

struct entry {
	struct up_wheel_link wheel;
	uint8_t key[16];
	uint32_t next;                   /* in its chain, or in the free list */
};

/* One stripe holds the keys that hash to it; it has some more room than its share, because hashing
 * is not even. */
struct stripe {
	alignas(64) pthread_mutex_t lock;
	struct up_wheel wheel;
	struct entry *entries;
	uint32_t *chains;
	uint32_t free, fresh;            /* given back; never used yet: fresh+1 and on */
};

struct up_replay {
	struct stripe stripes[STRIPES];
	uint64_t seed[2];
	uint32_t room, chains;           /* of one stripe; chains is a power of two */
	size_t entries;
	atomic_size_t used;
};

static uint32_t room_of_stripe(size_t entries)
{
	size_t mean = entries / STRIPES, root = 1, room;

	while (root * root < mean)
		root++;
	room = mean + 6 * root + 8;      /* six standard deviations: it is the total that bounds */
	return (uint32_t)(room < entries ? room : entries);
}

static bool open_stripe(struct up_replay *r, struct stripe *s)
{
	s->entries = calloc(r->room, sizeof(*s->entries));
	s->chains = calloc(r->chains, sizeof(*s->chains));
	if (s->entries == NULL || s->chains == NULL) {
		free(s->entries);
		free(s->chains);
		return false;
	}
	up_wheel_init(&s->wheel, &s->entries[0].wheel, sizeof(s->entries[0]));
	pthread_mutex_init(&s->lock, NULL);
	return true;
}

static void close_stripes(struct up_replay *r, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		pthread_mutex_destroy(&r->stripes[i].lock);
		free(r->stripes[i].entries);
		free(r->stripes[i].chains);
	}
	free(r);
}

enum up_err up_replay_new(size_t entries, const uint64_t seed[2], struct up_replay **out)
{
	struct up_replay *r;

	*out = NULL;
	if ((r = aligned_alloc(alignof(struct up_replay), sizeof(*r))) == NULL)
		return UP_E_NOMEM;
	memset(r, 0, sizeof(*r));
	memcpy(r->seed, seed, sizeof(r->seed));
	r->entries = entries;
	r->room = room_of_stripe(entries);
	for (r->chains = 1; r->chains < r->room; r->chains *= 2)
		;
	for (size_t i = 0; i < STRIPES; i++) {
		if (!open_stripe(r, &r->stripes[i])) {
			close_stripes(r, i);
			return UP_E_NOMEM;
		}
	}
	*out = r;
	return UP_OK;
}

void up_replay_free(struct up_replay **r)
{
	if (*r != NULL)
		close_stripes(*r, STRIPES);
	*r = NULL;
}

static uint64_t hash(const struct up_replay *r, const uint8_t key[16])
{
	return up_siphash(r->seed, up_span_of(key, 16));
}

static uint32_t *chain(struct up_replay *r, struct stripe *s, uint64_t h)
{
	return &s->chains[(h >> 32) & (r->chains - 1)];
}

/* Forget what has had its time. */
static void tidy(struct up_replay *r, struct stripe *s, int64_t now_ms)
{
	uint32_t i;

	while ((i = up_wheel_pop(&s->wheel, now_ms)) != 0) {
		struct entry *e = &s->entries[i - 1];
		uint32_t *at = chain(r, s, hash(r, e->key));

		while (*at != i)
			at = &s->entries[*at - 1].next;
		*at = e->next;
		e->next = s->free;
		s->free = i;
		atomic_fetch_sub(&r->used, 1);
	}
}

static void tidy_all(struct up_replay *r, int64_t now_ms)
{
	for (size_t i = 0; i < STRIPES; i++) {
		pthread_mutex_lock(&r->stripes[i].lock);
		tidy(r, &r->stripes[i], now_ms);
		pthread_mutex_unlock(&r->stripes[i].lock);
	}
}

static uint32_t draw(struct up_replay *r, struct stripe *s)
{
	uint32_t i = s->free;

	if (i == 0 && s->fresh == r->room)
		return 0;
	if (atomic_fetch_add(&r->used, 1) >= r->entries) {
		atomic_fetch_sub(&r->used, 1);
		return 0;
	}
	if (i == 0)
		return ++s->fresh;
	s->free = s->entries[i - 1].next;
	return i;
}

static enum up_err add(struct up_replay *r, const uint8_t key[16], int64_t until_ms, int64_t now_ms)
{
	uint64_t h = hash(r, key);
	struct stripe *s = &r->stripes[h % STRIPES];
	uint32_t *head = chain(r, s, h);
	uint32_t i;

	pthread_mutex_lock(&s->lock);
	tidy(r, s, now_ms);
	for (i = *head; i != 0 && memcmp(s->entries[i - 1].key, key, 16) != 0;
	     i = s->entries[i - 1].next)
		;
	if (i != 0) {
		pthread_mutex_unlock(&s->lock);
		return UP_E_REPLAY;
	}
	if ((i = draw(r, s)) != 0) {
		memcpy(s->entries[i - 1].key, key, 16);
		s->entries[i - 1].next = *head;
		*head = i;
		up_wheel_put(&s->wheel, i, until_ms);
	}
	pthread_mutex_unlock(&s->lock);
	return i != 0 ? UP_OK : UP_E_BUSY;
}

enum up_err up_replay_once(
    struct up_replay *r, const uint8_t key[16], int64_t until_ms, int64_t now_ms)
{
	enum up_err err;

	if (until_ms < now_ms + LEAST_MS)
		until_ms = now_ms + LEAST_MS;
	err = add(r, key, until_ms, now_ms);
	if (err != UP_E_BUSY)
		return err;
	tidy_all(r, now_ms);             /* what lapsed in other stripes counts against the total */
	return add(r, key, until_ms, now_ms);
}

void up_replay_tick(struct up_replay *r, int64_t now_ms)
{
	tidy_all(r, now_ms);
}

size_t up_replay_count(struct up_replay *r)
{
	return atomic_load(&r->used);
}
