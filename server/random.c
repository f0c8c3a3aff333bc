/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "server/server.h"

/* One call of the generator costs the same for 16 bytes as for 512; what was given out is wiped at
 * once. */
static _Thread_local struct { uint8_t bytes[512]; size_t left; } pool;

void up_random(void *out, size_t n)
{
	if (n > sizeof(pool.bytes))
		abort();
	if (pool.left < n) {
		if (RAND_bytes(pool.bytes, sizeof(pool.bytes)) != 1)
			abort();
		pool.left = sizeof(pool.bytes);
	}
	pool.left -= n;
	memcpy(out, pool.bytes + pool.left, n);
	up_wipe(pool.bytes + pool.left, n);
}

void up_random_id(char out[23])
{
	uint8_t raw[16];

	up_random(raw, sizeof(raw));
	up_text_b64url(up_span_of(raw, 16), out);
	out[22] = '\0';
}

void up_random_ordered_id(int64_t now_ms, char out[23])
{
	uint8_t raw[16];

	for (int i = 0; i < 6; i++)
		raw[i] = (uint8_t)((uint64_t)now_ms >> (40 - 8 * i));
	up_random(raw + 6, sizeof(raw) - 6);
	up_text_b64url(up_span_of(raw, 16), out);
	out[22] = '\0';
}
