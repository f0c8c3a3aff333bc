/* SPDX-License-Identifier: Apache-2.0 */
#include "module/rp/recent.h"

#include <stdlib.h>
#include <string.h>

#define NONCE_AT 8                       /* characters before that are version and key id, the same for all */

static size_t slot_of(struct up_span text)
{
	uint64_t nonce;

	memcpy(&nonce, text.p + NONCE_AT, sizeof(nonce));
	return (nonce * UINT64_C(0x9e3779b97f4a7c15)) >> 59;
}

static bool fits(struct up_span text)
{
	return text.n >= NONCE_AT + sizeof(uint64_t) && text.n <= UP_RECENT_TEXT_MAX;
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

bool up_recent_find(const struct up_recent *r, struct up_span text, struct up_span *plain)
{
	size_t i;

	if (!fits(text))
		return false;
	i = slot_of(text);
	if (r->at[i].bytes == NULL || r->at[i].text_n != text.n || !same(r->at[i].bytes, text.p, text.n))
		return false;
	*plain = up_span_of(r->at[i].bytes + text.n, r->at[i].plain_n);
	return true;
}

static void drop(struct up_recent *r, size_t i)
{
	if (r->at[i].bytes != NULL)
		up_wipe(r->at[i].bytes, r->at[i].text_n + r->at[i].plain_n);
	free(r->at[i].bytes);
	r->at[i].bytes = NULL;
}

void up_recent_keep(struct up_recent *r, struct up_span text, struct up_span plain)
{
	size_t i;

	if (!fits(text))
		return;
	i = slot_of(text);
	drop(r, i);
	r->at[i].bytes = malloc(text.n + plain.n);
	if (r->at[i].bytes == NULL)
		return;
	memcpy(r->at[i].bytes, text.p, text.n);
	memcpy(r->at[i].bytes + text.n, plain.p, plain.n);
	r->at[i].text_n = text.n;
	r->at[i].plain_n = plain.n;
}

void up_recent_clear(struct up_recent *r)
{
	for (size_t i = 0; i < UP_RECENT_SLOTS; i++)
		drop(r, i);
}
