/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "server/live/memory.h"
#include "server/live/siphash.h"

static struct up_index_key key_of(struct up_memory *l, enum up_memory_table t, uint32_t i)
{
	const struct up_slot *s = up_memory_slot(l, i);
	struct up_index_key k = { t, { NULL, 0 }, { NULL, 0 } };

	switch (t) {
	case UP_BY_ID:
		k.key = up_span_of(s->info->id, UP_LIVE_ID);
		break;
	case UP_BY_CODE:
		k.key = up_span_of(s->code, 4);
		break;
	case UP_BY_BROWSER:
		k.key = s->info->client;
		k.browser = s->info->browser;
		break;
	default:
		k.key = up_span_of(s->key[t], UP_LIVE_KEY);
	}
	return k;
}

static uint32_t bucket_of(const struct up_memory *l, struct up_index_key k)
{
	uint64_t seed[2] = { l->seed[0] ^ k.table, l->seed[1] };

	if (k.table == UP_BY_BROWSER)
		seed[1] ^= up_siphash(l->seed, k.browser);
	return (uint32_t)up_siphash(seed, k.key) & (l->buckets - 1);
}

static bool same(struct up_index_key a, struct up_index_key b)
{
	return up_span_eq(a.key, b.key) && up_span_eq(a.browser, b.browser);
}

static pthread_mutex_t *stripe(struct up_memory *l, enum up_memory_table t, uint32_t bucket)
{
	return &l->tables[t].stripes[bucket % UP_MEMORY_SHARDS].lock;
}

static uint32_t look(struct up_memory *l, struct up_index_key k, uint32_t i)
{
	while (i != 0 && !same(k, key_of(l, k.table, i)))
		i = up_memory_slot(l, i)->chain[k.table];
	return i;
}

uint32_t up_index_find(struct up_memory *l, struct up_index_key k)
{
	uint32_t b = bucket_of(l, k), i;

	pthread_mutex_lock(stripe(l, k.table, b));
	i = look(l, k, l->tables[k.table].heads[b]);
	pthread_mutex_unlock(stripe(l, k.table, b));
	return i;
}

/* New ones come first in a chain. */
uint32_t up_index_browser(
    struct up_memory *l, const struct up_login_info *info, unsigned n, uint8_t key[UP_LIVE_KEY])
{
	struct up_index_key k = { UP_BY_BROWSER, info->client, info->browser };
	uint32_t b = bucket_of(l, k), i;

	pthread_mutex_lock(stripe(l, k.table, b));
	i = look(l, k, l->tables[k.table].heads[b]);
	while (i != 0 && n-- > 0)
		i = look(l, k, up_memory_slot(l, i)->chain[k.table]);
	if (i != 0)
		memcpy(key, up_memory_slot(l, i)->key[UP_BY_DEVICE], UP_LIVE_KEY);
	pthread_mutex_unlock(stripe(l, k.table, b));
	return i;
}

bool up_index_has(struct up_memory *l, uint32_t i, struct up_index_key k)
{
	return (up_memory_slot(l, i)->tables & 1u << k.table) != 0 &&
	    same(k, key_of(l, k.table, i));
}

bool up_index_put(struct up_memory *l, enum up_memory_table t, uint32_t i)
{
	struct up_index_key k = key_of(l, t, i);
	uint32_t b = bucket_of(l, k), *head = &l->tables[t].heads[b];
	struct up_slot *s = up_memory_slot(l, i);
	bool taken;

	pthread_mutex_lock(stripe(l, t, b));
	taken = t != UP_BY_BROWSER && look(l, k, *head) != 0;
	if (!taken) {
		s->chain[t] = *head;
		*head = i;
	}
	pthread_mutex_unlock(stripe(l, t, b));
	if (!taken)
		s->tables |= (uint8_t)(1u << t);
	return !taken;
}

void up_index_cut(struct up_memory *l, enum up_memory_table t, uint32_t i)
{
	struct up_slot *s = up_memory_slot(l, i);
	uint32_t b, *at;

	if ((s->tables & 1u << t) == 0)
		return;
	b = bucket_of(l, key_of(l, t, i));
	at = &l->tables[t].heads[b];
	pthread_mutex_lock(stripe(l, t, b));
	while (*at != i)
		at = &up_memory_slot(l, *at)->chain[t];
	*at = s->chain[t];
	pthread_mutex_unlock(stripe(l, t, b));
	s->tables &= (uint8_t)~(1u << t);
}

void up_index_set_info(struct up_memory *l, uint32_t i, const struct up_login_info *info)
{
	uint32_t b = bucket_of(l, key_of(l, UP_BY_ID, i));

	/* others compare ids through the slot's info under the stripe alone */
	pthread_mutex_lock(stripe(l, UP_BY_ID, b));
	up_memory_slot(l, i)->info = info;
	pthread_mutex_unlock(stripe(l, UP_BY_ID, b));
}
