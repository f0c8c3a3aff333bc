/* SPDX-License-Identifier: Apache-2.0
 * A sealed value from a browser, and a key file. The first byte chooses. */
#include "core/seal.h"
#include "fuzz.h"

static const struct up_span purpose = { (const uint8_t *)"session", 7 };

/* What opens must be what we would have written: a value has one spelling. */
static void fuzz_take(struct up_seal *s, struct up_span text)
{
	size_t cap = text.n, n;
	uint8_t *out = malloc(cap + 1);
	struct up_buf again = { 0 };
	bool old;

	if (out == NULL)
		return;
	if (up_seal_take(s, purpose, text, out, cap, &n, &old) == UP_OK) {
		static const uint8_t nonce[UP_SEAL_NONCE] = { 200, 201, 202, 203, 204, 205, 206,
			207, 208, 209, 210, 211 };

		FUZZ_HOLDS(
		    !old && up_seal_put(s, purpose, nonce, up_span_of(out, n), &again) == UP_OK);
		FUZZ_HOLDS(up_span_eq(up_buf_span(&again), text));
	}
	up_buf_free(&again);
	free(out);
}

static void fuzz_keys(struct up_span text)
{
	uint8_t keys[UP_SEAL_KEYS * 32];
	size_t n = 0;
	unsigned line;
	struct up_seal *s;

	if (up_seal_parse_keys(text, keys, &n, &line) != UP_OK)
		return;
	FUZZ_HOLDS(n >= 1 && n <= UP_SEAL_KEYS && up_seal_new(keys, n, &s) == UP_OK);
	up_seal_free(&s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct up_seal *s;

	if (s == NULL) {
		uint8_t key[32];

		for (size_t i = 0; i < sizeof(key); i++)
			key[i] = (uint8_t)i;
		FUZZ_HOLDS(up_seal_new(key, 1, &s) == UP_OK);
	}
	if (size == 0)
		return 0;
	if (data[0] == 'k')
		fuzz_keys(up_span_of(data + 1, size - 1));
	else
		fuzz_take(s, up_span_of(data + 1, size - 1));
	return 0;
}
