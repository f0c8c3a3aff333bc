/* SPDX-License-Identifier: Apache-2.0 */
#include "module/rp/recent.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define NONCE_AT 8                       /* characters before that are version and key id, the same for all */

struct entry {
	uint64_t nonce;                  /* no secret: tells apart without a look at BYTES */
	uint8_t *bytes;                  /* text, then plain; NULL: free */
	size_t text_n, plain_n;
};

struct set {
	atomic_bool busy;
	unsigned oldest;
	struct entry at[UP_RECENT_WAYS];
};

struct up_recent {
	struct set sets[UP_RECENT_SETS];
};

static bool fits(struct up_span text)
{
	return text.n >= NONCE_AT + sizeof(uint64_t) && text.n <= UP_RECENT_TEXT_MAX;
}

static uint64_t nonce_of(struct up_span text)
{
	uint64_t nonce;

	memcpy(&nonce, text.p + NONCE_AT, sizeof(nonce));
	return nonce;
}

/* The set of NONCE, for us alone until we leave it; NULL when another thread is there. */
static struct set *enter(struct up_recent *r, uint64_t nonce)
{
	size_t i = (nonce * UINT64_C(0x9e3779b97f4a7c15)) >> 32 & (UP_RECENT_SETS - 1);

	return atomic_exchange_explicit(&r->sets[i].busy, true, memory_order_acquire)
	    ? NULL : &r->sets[i];
}

static void leave(struct set *set)
{
	atomic_store_explicit(&set->busy, false, memory_order_release);
}

/* A guess must not learn how far it was right. Word by word: a byte-wise comparison would cost as much as opening. */
static bool same(const uint8_t *a, const uint8_t *b, size_t n)
{
	uint64_t differ = 0, x, y;

	for (; n >= sizeof(x); n -= sizeof(x), a += sizeof(x), b += sizeof(x)) {
		memcpy(&x, a, sizeof(x));
		memcpy(&y, b, sizeof(y));
		differ |= x ^ y;
	}
	for (; n > 0; n--)
		differ |= (uint64_t)(*a++ ^ *b++);
	return differ == 0;
}

static const struct entry *find(const struct set *set, uint64_t nonce, struct up_span text)
{
	for (size_t i = 0; i < UP_RECENT_WAYS; i++) {
		const struct entry *at = &set->at[i];

		if (at->bytes != NULL && at->nonce == nonce && at->text_n == text.n &&
		    same(at->bytes, text.p, text.n))
			return at;
	}
	return NULL;
}

bool up_recent_take(struct up_recent *r, struct up_span text, uint8_t *plain, size_t cap, size_t *n)
{
	const struct entry *found;
	struct set *set;
	uint64_t nonce;

	if (!fits(text))
		return false;
	nonce = nonce_of(text);
	set = enter(r, nonce);
	if (set == NULL)
		return false;
	found = find(set, nonce, text);
	if (found != NULL && found->plain_n > cap)
		found = NULL;
	if (found != NULL) {
		memcpy(plain, found->bytes + text.n, found->plain_n);
		*n = found->plain_n;
	}
	leave(set);
	return found != NULL;
}

static void drop(struct entry *at)
{
	if (at->bytes != NULL)
		up_wipe(at->bytes, at->text_n + at->plain_n);
	free(at->bytes);
	at->bytes = NULL;
}

/* Two that opened the same at once would keep it twice, which does no harm. */
void up_recent_keep(struct up_recent *r, struct up_span text, struct up_span plain)
{
	struct entry fresh = { .text_n = text.n, .plain_n = plain.n };
	struct set *set;

	if (!fits(text))
		return;
	fresh.nonce = nonce_of(text);
	set = enter(r, fresh.nonce);
	if (set == NULL)
		return;
	fresh.bytes = malloc(text.n + plain.n);
	if (fresh.bytes != NULL) {
		struct entry *at = &set->at[set->oldest++ % UP_RECENT_WAYS];

		memcpy(fresh.bytes, text.p, text.n);
		memcpy(fresh.bytes + text.n, plain.p, plain.n);
		drop(at);
		*at = fresh;
	}
	leave(set);
}

struct up_recent *up_recent_new(void)
{
	return calloc(1, sizeof(struct up_recent));
}

void up_recent_free(struct up_recent **rp)
{
	struct up_recent *r = *rp;

	if (r == NULL)
		return;
	for (size_t i = 0; i < UP_RECENT_SETS; i++)
		for (size_t way = 0; way < UP_RECENT_WAYS; way++)
			drop(&r->sets[i].at[way]);
	free(r);
	*rp = NULL;
}
