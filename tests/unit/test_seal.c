/* SPDX-License-Identifier: Apache-2.0 */
#include "core/seal.h"

#include <openssl/err.h>
#include <string.h>

#include "core/text.h"
#include "unit.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static uint8_t keys[UP_SEAL_KEYS * 32], nonce[UP_SEAL_NONCE];

/* Computed with another implementation of AES-GCM: the first key, purpose "session". */
static const char known[] =
    "AeeWHKHIycrLzM3Oz9DR0tN5HQ236eDbUxFdc9t6Jpx7kuuIBqDNW4umfzh-T6Z7EhfZGQ";
static const char hello[] = "hello, sealed world";

static struct up_seal *ring(size_t first, size_t n)
{
	struct up_seal *s = NULL;

	for (size_t i = 0; i < sizeof(keys); i++)
		keys[i] = (uint8_t)i;
	for (size_t i = 0; i < sizeof(nonce); i++)
		nonce[i] = (uint8_t)(200 + i);
	CU_ASSERT_EQUAL(up_seal_new(keys + first * 32, n, &s), UP_OK);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	return s;
}

static enum up_err take(struct up_seal *s, const char *purpose, struct up_span text)
{
	uint8_t out[256];
	size_t n;
	bool old;
	enum up_err err;

	memset(out, 0x55, sizeof(out));
	err = up_seal_take(s, up_span_str(purpose), text, out, sizeof(out), &n, &old);
	if (err != UP_OK) {
		static const uint8_t zero[sizeof(out)];

		CU_ASSERT_EQUAL(memcmp(out, zero, sizeof(out)), 0);
		CU_ASSERT_EQUAL(n, 0);
		CU_ASSERT_EQUAL(ERR_peek_error(), 0);
	}
	return err;
}

static void test_known_answer(void)
{
	struct up_seal *s = ring(0, 1);
	struct up_buf b = { 0 };
	uint8_t out[64];
	char print[9];
	size_t n;
	bool old = true;

	CU_ASSERT_EQUAL(
	    up_seal_put(s, UP_SPAN_LIT("session"), nonce, up_span_str(hello), &b), UP_OK);
	CU_ASSERT_STRING_EQUAL(up_buf_cstr(&b), known);
	CU_ASSERT_EQUAL(
	    up_seal_take(s, UP_SPAN_LIT("session"), up_span_str(known), out, sizeof(out), &n, &old),
	    UP_OK);
	CU_ASSERT(up_span_eq_str(up_span_of(out, n), hello));
	CU_ASSERT(!old);
	up_seal_fingerprint(s, print);
	CU_ASSERT_STRING_EQUAL(print, "e7961ca1");
	up_buf_free(&b);
	up_seal_free(&s);
	CU_ASSERT_PTR_NULL(s);
	up_seal_free(&s);
}

/* Lengths around the pieces in which text is coded, and an empty purpose and value. */
static void test_lengths(void)
{
	static uint8_t plain[10000], out[10000];
	struct up_seal *s = ring(0, 2);
	struct up_buf b = { 0 };

	for (size_t i = 0; i < sizeof(plain); i++)
		plain[i] = (uint8_t)(i * 31);
	for (size_t len = 0; len < sizeof(plain); len +=
	     len < 100 || (len > 3020 && len < 3100) || (len > 6100 && len < 6160) ? 1 : 97) {
		size_t n = 0;
		bool old;

		up_buf_reset(&b);
		CU_ASSERT_EQUAL(
		    up_seal_put(s, UP_SPAN_LIT(""), nonce, up_span_of(plain, len), &b), UP_OK);
		CU_ASSERT_EQUAL(b.n, up_text_b64url_len(len + UP_SEAL_OVERHEAD));
		CU_ASSERT_EQUAL(
		    up_seal_take(s, UP_SPAN_LIT(""), up_buf_span(&b), out, len, &n, &old), UP_OK);
		CU_ASSERT(n == len && memcmp(out, plain, len) == 0);
		if (len > 0)
			CU_ASSERT_EQUAL(up_seal_take(s, UP_SPAN_LIT(""), up_buf_span(&b), out,
					    len - 1, &n, &old),
			    UP_E_FORMAT);
	}
	up_buf_free(&b);
	up_seal_free(&s);
}

/* Each character replaced by each other one, and by some that are not in the alphabet. */
static void test_every_changed_character_fails(void)
{
	struct up_seal *s = ring(0, 2);
	char text[sizeof(known)];
	size_t n = sizeof(known) - 1;

	for (size_t i = 0; i < n; i++) {
		for (unsigned c = 0; c < 256; c++) {
			if ((char)c == known[i])
				continue;
			memcpy(text, known, sizeof(known));
			text[i] = (char)c;
			CU_ASSERT_NOT_EQUAL(take(s, "session", up_span_of(text, n)), UP_OK);
		}
	}
	CU_ASSERT_EQUAL(take(s, "session", up_span_str(known)), UP_OK);
	up_seal_free(&s);
}

/* Each bit of the decoded bytes: none of them is without meaning. */
static void test_every_changed_bit_fails(void)
{
	struct up_seal *s = ring(0, 2);
	uint8_t raw[128];
	char text[128];
	size_t n;

	CU_ASSERT_EQUAL(up_text_b64url_decode(up_span_str(known), raw, sizeof(raw), &n), UP_OK);
	for (size_t i = 0; i < n * 8; i++) {
		enum up_err err,
		    want = i / 8 < 1 ? UP_E_FORMAT
		    : i / 8 < 5      ? UP_E_KEY
				     : UP_E_SIGNATURE;

		raw[i / 8] ^= (uint8_t)(1 << i % 8);
		up_text_b64url(up_span_of(raw, n), text);
		err = take(s, "session", up_span_of(text, sizeof(known) - 1));
		CU_ASSERT_EQUAL(err, want);
		raw[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	up_seal_free(&s);
}

static void test_lengthened_and_cut(void)
{
	struct up_seal *s = ring(0, 2);
	char text[sizeof(known) + 4];

	for (size_t n = 0; n < sizeof(known) - 1; n++)
		CU_ASSERT_NOT_EQUAL(take(s, "session", up_span_of(known, n)), UP_OK);
	for (const char *c = alphabet; *c != '\0'; c++) {
		size_t n = (size_t)snprintf(text, sizeof(text), "%s%c", known, *c);

		CU_ASSERT_NOT_EQUAL(take(s, "session", up_span_of(text, n)), UP_OK);
	}
	snprintf(text, sizeof(text), "%s==", known);
	CU_ASSERT_EQUAL(take(s, "session", up_span_str(text)), UP_E_FORMAT);
	snprintf(text, sizeof(text), "%sAAAA", known);
	CU_ASSERT_EQUAL(take(s, "session", up_span_str(text)), UP_E_SIGNATURE);
	CU_ASSERT_EQUAL(take(s, "session", up_span_of(known, sizeof(known))), UP_E_FORMAT);
	up_seal_free(&s);
}

static void test_purpose(void)
{
	static const char *const others[] = { "", "sessio", "session ", "Session", "login",
		"sessionsession" };
	struct up_seal *s = ring(0, 2);

	for (size_t i = 0; i < UP_ARRAY_LEN(others); i++)
		CU_ASSERT_EQUAL(take(s, others[i], up_span_str(known)), UP_E_SIGNATURE);
	up_seal_free(&s);
}

/* A failed opening must leave nothing in the context that the next one would use. */
static void test_contexts_are_clean(void)
{
	struct up_seal *s = ring(0, 2);
	char text[sizeof(known)];

	memcpy(text, known, sizeof(known));
	text[30] = text[30] == 'A' ? 'B' : 'A';
	for (int i = 0; i < 3; i++) {
		struct up_buf b = { 0 };

		CU_ASSERT_EQUAL(take(s, "session", up_span_str(text)), UP_E_SIGNATURE);
		CU_ASSERT_EQUAL(take(s, "session", up_span_str(known)), UP_OK);
		CU_ASSERT_EQUAL(
		    take(s, "session",
			UP_SPAN_LIT("AeeWHKHIycrLzM3Oz9DR0tN5HQ236eDbUxFdc9t6Jpx7kuuIBqDN=")),
		    UP_E_FORMAT);
		CU_ASSERT_EQUAL(take(s, "session", up_span_str(known)), UP_OK);
		CU_ASSERT_EQUAL(
		    up_seal_put(s, UP_SPAN_LIT("session"), nonce, up_span_str(hello), &b), UP_OK);
		CU_ASSERT_STRING_EQUAL(up_buf_cstr(&b), known);
		up_buf_free(&b);
	}
	up_seal_free(&s);
}

static void test_rotation(void)
{
	struct up_seal *newer = ring(1, 1), *both, *foreign = ring(2, 3);
	uint8_t two[64], out[64];
	struct up_buf b = { 0 };
	size_t n;
	bool old = false;

	memcpy(two, keys + 32, 32);
	memcpy(two + 32, keys, 32);
	CU_ASSERT_EQUAL(up_seal_new(two, 2, &both), UP_OK);
	CU_ASSERT_EQUAL(up_seal_take(both, UP_SPAN_LIT("session"), up_span_str(known), out,
			    sizeof(out), &n, &old),
	    UP_OK);
	CU_ASSERT(old);
	CU_ASSERT_EQUAL(
	    up_seal_put(both, UP_SPAN_LIT("session"), nonce, up_span_str(hello), &b), UP_OK);
	CU_ASSERT_EQUAL(
	    up_seal_take(both, UP_SPAN_LIT("session"), up_buf_span(&b), out, sizeof(out), &n, &old),
	    UP_OK);
	CU_ASSERT(!old);
	CU_ASSERT_EQUAL(take(newer, "session", up_buf_span(&b)), UP_OK);
	CU_ASSERT_EQUAL(take(newer, "session", up_span_str(known)), UP_E_KEY);
	CU_ASSERT_EQUAL(take(foreign, "session", up_span_str(known)), UP_E_KEY);
	up_buf_free(&b);
	up_seal_free(&newer);
	up_seal_free(&both);
	up_seal_free(&foreign);
}

static void test_ring_bounds(void)
{
	struct up_seal *s = ring(0, UP_SEAL_KEYS);
	uint8_t same[64] = { 0 };

	up_seal_free(&s);
	CU_ASSERT_EQUAL(up_seal_new(keys, 0, &s), UP_E_KEY);
	CU_ASSERT_PTR_NULL(s);
	CU_ASSERT_EQUAL(up_seal_new(keys, UP_SEAL_KEYS + 1, &s), UP_E_KEY);
	CU_ASSERT_EQUAL(up_seal_new(same, 2, &s), UP_E_KEY);
	CU_ASSERT_PTR_NULL(s);
}

#define HEX_A "000102030405060708090A0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define B64_A "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define B64_B "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8"

static void test_key_file(void)
{
	static const struct {
		const char *text;
		enum up_err err;
		size_t n;
		unsigned line;
	} rows[] = {
		{ HEX_A "\n", UP_OK, 1, 1 },
		{ "# keys\n\n  " B64_B "\t\n" HEX_A, UP_OK, 2, 4 },
		{ "", UP_E_KEY, 0, 0 },
		{ "# nothing\n\n", UP_E_KEY, 0, 2 },
		{ HEX_A "\n# again\n" B64_A "\n", UP_E_KEY, 0, 3 },
		{ B64_B "\n" HEX_A "0\n", UP_E_FORMAT, 0, 2 },
		{ B64_B "=\n", UP_E_FORMAT, 0, 1 },
		{ B64_B " # newest\n", UP_E_FORMAT, 0, 1 },
		{ "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj9\n", UP_E_FORMAT, 0, 1 },
		{ "xyz\n", UP_E_FORMAT, 0, 1 },
		{ B64_B "\r\n", UP_E_FORMAT, 0, 1 },
	};
	uint8_t got[UP_SEAL_KEYS * 32], zero[32] = { 0 };

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		size_t n = 0;
		unsigned line = 99;

		memset(got, 0, sizeof(got));
		CU_ASSERT_EQUAL(
		    up_seal_parse_keys(up_span_str(rows[i].text), got, &n, &line), rows[i].err);
		CU_ASSERT_EQUAL(n, rows[i].n);
		CU_ASSERT_EQUAL(line, rows[i].line);
		if (rows[i].err != UP_OK)
			CU_ASSERT_EQUAL(memcmp(got, zero, 32), 0);
	}
}

static void test_too_many_keys(void)
{
	struct up_buf b = { 0 };
	uint8_t got[UP_SEAL_KEYS * 32];
	size_t n = 0;
	unsigned line;

	for (int i = 0; i < UP_SEAL_KEYS; i++)
		up_buf_printf(&b, "%064x\n", i);
	CU_ASSERT_EQUAL(up_seal_parse_keys(up_buf_span(&b), got, &n, &line), UP_OK);
	CU_ASSERT_EQUAL(n, UP_SEAL_KEYS);
	CU_ASSERT_EQUAL(got[63], 1);
	n = 0;
	up_buf_printf(&b, "%064x\n", UP_SEAL_KEYS);
	CU_ASSERT_EQUAL(up_seal_parse_keys(up_buf_span(&b), got, &n, &line), UP_E_FORMAT);
	CU_ASSERT_EQUAL(line, UP_SEAL_KEYS + 1);
	up_buf_free(&b);
}

UP_SUITE("seal", test_known_answer, test_lengths, test_every_changed_character_fails,
    test_every_changed_bit_fails, test_lengthened_and_cut, test_purpose, test_contexts_are_clean,
    test_rotation, test_ring_bounds, test_key_file, test_too_many_keys)
