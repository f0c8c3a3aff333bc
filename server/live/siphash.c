/* SPDX-License-Identifier: Apache-2.0 */
#include "server/live/siphash.h"

#include <string.h>

struct sip {
	uint64_t a, b, c, d;
};

static uint64_t left(uint64_t x, int n)
{
	return x << n | x >> (64 - n);
}

static inline void round_once(struct sip *s)
{
	s->a += s->b;
	s->c += s->d;
	s->b = left(s->b, 13) ^ s->a;
	s->d = left(s->d, 16) ^ s->c;
	s->a = left(s->a, 32);
	s->c += s->b;
	s->a += s->d;
	s->b = left(s->b, 17) ^ s->c;
	s->d = left(s->d, 21) ^ s->a;
	s->c = left(s->c, 32);
}

static uint64_t little(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

static void take(struct sip *s, uint64_t word)
{
	s->d ^= word;
	round_once(s);
	round_once(s);
	s->a ^= word;
}

uint64_t up_siphash(const uint64_t key[2], struct up_span in)
{
	struct sip s = { key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d,
		key[0] ^ 0x6c7967656e657261, key[1] ^ 0x7465646279746573 };
	size_t i = 0;

	for (; i + 8 <= in.n; i += 8)
		take(&s, little(in.p + i, 8));
	take(&s, (in.n > i ? little(in.p + i, in.n - i) : 0) | (uint64_t)in.n << 56);
	s.c ^= 0xff;
	for (int k = 0; k < 4; k++)
		round_once(&s);
	return s.a ^ s.b ^ s.c ^ s.d;
}
