/* SPDX-License-Identifier: Apache-2.0 */
#include "module/rp/recent.h"

#include <openssl/rand.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define NONCE_AT 8 /* characters before that are version and key id, the same for all */
#define END 16                           /* characters, all of them of the tag */
#define LINE 64                          /* bytes that memory gives at once */

#define TEXTS 9

typedef unsigned __int128 digest;

/* Two lines of memory, which come together. */
struct up_recent_one {
	alignas(2 * LINE) atomic_bool busy;      /* somebody reads or writes here */
	atomic_uint holders;             /* while there are any, it stays */
	uint16_t text_n;
	uint64_t end[END / 8];
	digest whole;
	uint8_t *bytes;                  /* the texts, each with a NUL behind it; NULL: free */
	uint32_t bytes_n;
	uint32_t mark;                   /* of the nonce, no secret: tells most apart */
	int64_t created_s, seen_s, auth_time_s, certificate_version;
	uint16_t n[TEXTS];               /* of the texts, as text_of orders them */
};

/* One more of them would be fetched each time. */
_Static_assert(sizeof(struct up_recent_one) == 2 * LINE, "grows");

struct up_recent {
	uint64_t key[UP_RECENT_TEXT_MAX / 8];
	struct up_recent_one *all;       /* aligned, within MEMORY */
	void *memory;
};

/* --- telling texts apart --- */

static uint64_t spread_of(struct up_span text)
{
	uint64_t nonce;

	memcpy(&nonce, text.p + NONCE_AT, sizeof(nonce));
	return nonce * UINT64_C(0x9e3779b97f4a7c15);
}

static uint32_t mark_of(uint64_t spread)
{
	return (uint32_t)(spread >> 16);
}

/* NH. Texts of another length do not come to be compared by it. */
static digest hash(const uint64_t *key, struct up_span text)
{
	digest sum = 0;
	uint64_t w[2];

	for (; text.n >= sizeof(w); text.n -= sizeof(w), text.p += sizeof(w), key += 2) {
		memcpy(w, text.p, sizeof(w));
		sum += (digest)(w[0] + key[0]) * (w[1] + key[1]);
	}
	if (text.n > 0) {
		memset(w, 0, sizeof(w));
		memcpy(w, text.p, text.n);
		sum += (digest)(w[0] + key[0]) * (w[1] + key[1]);
	}
	return sum;
}

static void put_end(struct up_span text, uint64_t end[END / 8])
{
	memcpy(end, text.p + text.n - END, END);
}

/* A text, and what is known of it wherever it stands. */
struct sought {
	struct up_span text;
	uint64_t spread;
	digest whole;
};

/* A guess must not learn how far it was right. */
static bool is_it(const struct up_recent_one *one, const struct sought *it)
{
	digest differ = it->whole ^ one->whole;
	uint64_t end[END / 8];

	put_end(it->text, end);
	differ |= (end[0] ^ one->end[0]) | (end[1] ^ one->end[1]);
	return one->mark == mark_of(it->spread) && one->text_n == it->text.n && differ == 0;
}

/* --- one of them --- */

static struct up_span *text_of(struct up_rp_session *s, size_t i)
{
	struct up_span *const texts[TEXTS] = { &s->unit_code, &s->unit_name, &s->certificate,
		&s->role, &s->holder_ref, &s->holder_name, &s->items, &s->sid, &s->sub };

	return texts[i];
}

static bool enter(struct up_recent_one *one)
{
	return !atomic_exchange_explicit(&one->busy, true, memory_order_acquire);
}

static void go(struct up_recent_one *one)
{
	atomic_store_explicit(&one->busy, false, memory_order_release);
}

static void clear(struct up_recent_one *one)
{
	if (one->bytes != NULL)
		up_wipe(one->bytes, one->bytes_n);
	free(one->bytes);
	one->bytes = NULL;
}

static size_t bytes_of(struct up_rp_session s)
{
	size_t n = 0;

	for (size_t i = 0; i < TEXTS; i++)
		n += text_of(&s, i)->n + 1;
	return n;
}

static void put(struct up_recent_one *one, const struct sought *it, struct up_rp_session s,
    uint8_t *bytes)
{
	one->bytes = bytes;
	one->text_n = (uint16_t)it->text.n;
	one->mark = mark_of(it->spread);
	one->whole = it->whole;
	put_end(it->text, one->end);
	one->created_s = s.created_s;
	one->seen_s = s.seen_s;
	one->auth_time_s = s.auth_time_s;
	one->certificate_version = s.certificate_version;
	for (size_t i = 0; i < TEXTS; i++) {
		struct up_span from = *text_of(&s, i);

		one->n[i] = (uint16_t)from.n;
		if (from.n > 0)
			memcpy(bytes, from.p, from.n);
		bytes[from.n] = '\0';
		bytes += from.n + 1;
	}
	one->bytes_n = (uint32_t)(bytes - one->bytes);
}

/* The text of N bytes at *P, which goes on behind it. */
static struct up_span next(const uint8_t **p, size_t n)
{
	struct up_span text = { *p, n };

	*p += n + 1;
	return text;
}

static void get(const struct up_recent_one *one, struct up_rp_session *s)
{
	const uint8_t *p = one->bytes;

	s->created_s = one->created_s;
	s->seen_s = one->seen_s;
	s->auth_time_s = one->auth_time_s;
	s->certificate_version = one->certificate_version;
	s->unit_code = next(&p, one->n[0]);
	s->unit_name = next(&p, one->n[1]);
	s->certificate = next(&p, one->n[2]);
	s->role = next(&p, one->n[3]);
	s->holder_ref = next(&p, one->n[4]);
	s->holder_name = next(&p, one->n[5]);
	s->items = next(&p, one->n[6]);
	s->sid = next(&p, one->n[7]);
	s->sub = next(&p, one->n[8]);
	s->all = up_span_of(one->bytes, one->bytes_n);
}

static void hold(struct up_recent_one *one, struct up_recent_one **held)
{
	if (*held == one)
		return;
	atomic_fetch_add_explicit(&one->holders, 1, memory_order_relaxed);
	up_recent_leave(held);
	*held = one;
}

void up_recent_leave(struct up_recent_one **held)
{
	if (*held != NULL)
		atomic_fetch_sub_explicit(&(*held)->holders, 1, memory_order_release);
	*held = NULL;
}

/* --- all of them --- */

/* The I-th place where a text may be: its own first, then others of the same set. Nothing is ever
 * taken out, so where a place is free, none that comes after it is in use. */
static struct up_recent_one *place(const struct up_recent *r, uint64_t spread, size_t i)
{
	return &r->all[(spread >> 40) % (UP_RECENT_SETS * UP_RECENT_WAYS) ^ i];
}

/* False: it is too short or too long to be here. */
static bool seek(const struct up_recent *r, struct up_span text, struct sought *it)
{
	if (text.n < END || text.n > UP_RECENT_TEXT_MAX)
		return false;
	it->text = text;
	it->spread = spread_of(text);
	/* It comes while the text is hashed. */
	__builtin_prefetch(place(r, it->spread, 0), 1);
	__builtin_prefetch((const char *)place(r, it->spread, 0) + LINE);
	it->whole = hash(r->key, text);
	return true;
}

bool up_recent_take(struct up_recent *r, struct up_span text, struct up_recent_one **held,
    struct up_rp_session *s)
{
	struct sought it;
	bool found = false, more = seek(r, text, &it);

	for (size_t i = 0; i < UP_RECENT_WAYS && more; i++) {
		struct up_recent_one *one = place(r, it.spread, i);

		if (!enter(one))
			return false;
		found = one->bytes != NULL && is_it(one, &it);
		more = one->bytes != NULL && !found;
		if (found) {
			hold(one, held);
			get(one, s);
		}
		go(one);
	}
	return found;
}

/* Into a place that is free, else one that the nonce chooses. Two that opened the same at once
 * would keep it twice, which does no harm. */
void up_recent_keep(struct up_recent *r, struct up_span text, const struct up_rp_session *s)
{
	struct sought it;
	uint8_t *bytes = seek(r, text, &it) ? malloc(bytes_of(*s)) : NULL;

	for (size_t i = 0; i <= UP_RECENT_WAYS && bytes != NULL; i++) {
		bool last = i == UP_RECENT_WAYS;
		size_t any = it.spread >> 32 & (UP_RECENT_WAYS - 1);
		struct up_recent_one *one = place(r, it.spread, last ? any : i);

		if (!enter(one))
			break;
		if (one->bytes == NULL || (last &&
		    atomic_load_explicit(&one->holders, memory_order_acquire) == 0)) {
			clear(one);
			put(one, &it, *s, bytes);
			bytes = NULL;
		}
		go(one);
	}
	free(bytes);
}

/* Pages of the table that nobody came to are never touched. */
struct up_recent *up_recent_new(void)
{
	const size_t n = UP_RECENT_SETS * UP_RECENT_WAYS + 1, align = alignof(struct up_recent_one);
	struct up_recent *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->memory = calloc(n, sizeof(struct up_recent_one));
	if (r->memory == NULL || RAND_bytes((unsigned char *)r->key, sizeof(r->key)) != 1) {
		free(r->memory);
		free(r);
		return NULL;
	}
	r->all = (struct up_recent_one *)(((uintptr_t)r->memory + align - 1) / align * align);
	return r;
}

void up_recent_free(struct up_recent **rp)
{
	struct up_recent *r = *rp;

	if (r == NULL)
		return;
	for (size_t i = 0; i < UP_RECENT_SETS * UP_RECENT_WAYS; i++)
		clear(&r->all[i]);
	free(r->memory);
	up_wipe(r->key, sizeof(r->key));
	free(r);
	*rp = NULL;
}
