/* SPDX-License-Identifier: Apache-2.0
 * core/hash.h: known answers, parts, and many threads at once. */
#include "core/hash.h"

#include <arpa/inet.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "unit.h"

#define THREADS 24                       /* more than there are contexts waiting */
#define ROUNDS 2000

/* --- what stays behind --- */

/* What OpenSSL holds, while IS_WATCHED. */
#define BLOCKS 8192
static struct { uint8_t *p; size_t n; } blocks[BLOCKS];
static bool is_watched;

static void forget_block(const void *p)
{
	for (size_t i = 0; is_watched && p != NULL && i < BLOCKS; i++)
		if (blocks[i].p == p)
			blocks[i].p = NULL;
}

static void *note_block(void *p, size_t n)
{
	size_t i = 0;

	if (!is_watched || p == NULL)
		return p;
	while (blocks[i].p != NULL)
		if (++i == BLOCKS)
			abort();
	blocks[i].p = p;
	blocks[i].n = n;
	return p;
}

static void *watched_malloc(size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return note_block(calloc(1, n), n);
}

static void *watched_realloc(void *p, size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	forget_block(p);
	return note_block(realloc(p, n), n);
}

static void watched_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	forget_block(p);
	free(p);
}

static bool is_held(const void *what, size_t n)
{
	for (size_t i = 0; i < BLOCKS; i++)
		for (size_t at = 0; blocks[i].p != NULL && at + n <= blocks[i].n; at++)
			if (memcmp(blocks[i].p + at, what, n) == 0)
				return true;
	return false;
}

/* No context keeps a result: neither its bytes nor the words that a state is of. */
static void check_gone(const uint8_t result[UP_HASH_LEN], const char *row)
{
	uint32_t words[UP_HASH_LEN / 4];

	memcpy(words, result, UP_HASH_LEN);
	for (size_t i = 0; i < UP_ARRAY_LEN(words); i++)
		words[i] = ntohl(words[i]);
	UP_CHECK(!is_held(words, sizeof(words)), row);
	UP_CHECK(!is_held(result, UP_HASH_LEN), row);
}

/* Comes first: later OpenSSL takes no other memory. */
static void test_nothing_kept(void)
{
	const struct up_span part = UP_SPAN_LIT("part"), key = UP_SPAN_LIT("secret");
	uint8_t out[UP_HASH_LEN];

	CU_ASSERT_EQUAL_FATAL(
	    CRYPTO_set_mem_functions(watched_malloc, watched_realloc, watched_free), 1);
	is_watched = true;
	CU_ASSERT_EQUAL(up_hash_sha256(&part, 1, out), UP_OK);
	check_gone(out, "sha256");
	CU_ASSERT_EQUAL(up_hash_hmac(key, &part, 1, out), UP_OK);
	check_gone(out, "hmac");
	CU_ASSERT_EQUAL(up_hash_hkdf(key, key, part, out, sizeof(out)), UP_OK);
	check_gone(out, "hkdf");
	CU_ASSERT(is_held("SHA256", 6)); /* blocks are seen at all */
	is_watched = false;
}

/* --- known answers --- */

static void check_hex(const uint8_t got[UP_HASH_LEN], const char *want, const char *row)
{
	char hex[2 * UP_HASH_LEN + 1] = "";

	up_text_hex(up_span_of(got, UP_HASH_LEN), hex);
	UP_CHECK(strcmp(hex, want) == 0, row);
}

/* FIPS 180-2 appendix B. */
static void test_sha256(void)
{
	static const struct { const char *text, *want; } rows[] = {
		{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	};
	uint8_t hash[UP_HASH_LEN];

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		const struct up_span all = up_span_str(rows[i].text);

		CU_ASSERT_EQUAL(up_hash_sha256(&all, 1, hash), UP_OK);
		check_hex(hash, rows[i].want, rows[i].text);
		for (size_t cut = 0; cut <= all.n; cut++) {
			const struct up_span parts[] = { up_span_of(all.p, cut),
				up_span_of(NULL, 0), up_span_of(all.p + cut, all.n - cut) };

			CU_ASSERT_EQUAL(up_hash_sha256(parts, 3, hash), UP_OK);
			check_hex(hash, rows[i].want, rows[i].text);
		}
	}
}

/* RFC 4231 sections 4.2-4.5, 4.7, 4.8: keys shorter than a block, and longer. */
static const struct hmac_row {
	uint8_t key_byte;
	size_t key_n;
	const char *key, *text, *want;
} hmac_rows[] = {
	{ 0x0b, 20, NULL, "Hi There",
	    "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
	{ 0, 4, "Jefe", "what do ya want for nothing?",
	    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
	{ 0xaa, 131, NULL, "Test Using Larger Than Block-Size Key - Hash Key First",
	    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
	{ 0xaa, 131, NULL, "This is a test using a larger than block-size key and a larger than "
	    "block-size data. The key needs to be hashed before being used by the HMAC algorithm.",
	    "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2" },
};

static bool hmac_fits(const struct hmac_row *row)
{
	uint8_t key[131], mac[UP_HASH_LEN];
	char hex[2 * UP_HASH_LEN + 1] = "";
	const struct up_span text = up_span_str(row->text), parts[] = { up_span_of(text.p, 3),
		up_span_of(text.p + 3, text.n - 3) };

	memset(key, row->key_byte, sizeof(key));
	if (row->key != NULL)
		memcpy(key, row->key, row->key_n);
	if (up_hash_hmac(up_span_of(key, row->key_n), parts, 2, mac) != UP_OK)
		return false;
	up_text_hex(up_span_of(mac, sizeof(mac)), hex);
	return strcmp(hex, row->want) == 0;
}

static void test_hmac(void)
{
	uint8_t mac[UP_HASH_LEN], block[65];
	const struct up_span part = UP_SPAN_LIT("part");

	for (size_t i = 0; i < UP_ARRAY_LEN(hmac_rows); i++)
		UP_CHECK(hmac_fits(&hmac_rows[i]), hmac_rows[i].text);
	memset(mac, 1, sizeof(mac));
	CU_ASSERT_EQUAL(up_hash_hmac(up_span_of("", 0), &part, 1, mac), UP_E_CRYPTO);
	CU_ASSERT(mac[0] == 0 && mac[UP_HASH_LEN - 1] == 0);
	/* at a block's edge: made with Python's hmac */
	memset(block, 0x61, sizeof(block));
	CU_ASSERT_EQUAL(up_hash_hmac(up_span_of(block, 64), &part, 1, mac), UP_OK);
	check_hex(mac, "db6cb44b755404a0eb379b5e8b62f74124a1a69d83b36682037495d63eba9ca6", "64");
	CU_ASSERT_EQUAL(up_hash_hmac(up_span_of(block, 65), &part, 1, mac), UP_OK);
	check_hex(mac, "e2e6fcd640d6b8afc4868e6cd89f8d15ef51321adcd3cbb616150aee665d5169", "65");
}

/* N bytes FROM, FROM + 1, ...; or all the same. */
struct run {
	uint8_t from;
	bool same;
	size_t n;
};

static struct up_span bytes_of(struct run r, uint8_t out[80])
{
	for (size_t i = 0; i < r.n; i++)
		out[i] = (uint8_t)(r.from + (r.same ? 0 : i));
	return up_span_of(out, r.n);
}

/* RFC 5869 appendix A, tests 1 to 3. */
static void test_hkdf(void)
{
	static const struct { struct run ikm, salt, info; const char *okm; } rows[] = {
		{ { 0x0b, true, 22 }, { 0x00, false, 13 }, { 0xf0, false, 10 },
		    "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b8"
		    "87185865" },
		{ { 0x00, false, 80 }, { 0x60, false, 80 }, { 0xb0, false, 80 },
		    "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7"
		    "827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5"
		    "c1f3434f1d87" },
		{ { 0x0b, true, 22 }, { 0, true, 0 }, { 0, true, 0 },
		    "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4"
		    "b61a96c8" },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		uint8_t ikm[80], salt[80], info[80], want[82], got[82];
		size_t n = strlen(rows[i].okm) / 2;

		CU_ASSERT_EQUAL_FATAL(up_text_hex_decode(up_span_str(rows[i].okm), want, n), UP_OK);
		CU_ASSERT_EQUAL(
		    up_hash_hkdf(bytes_of(rows[i].ikm, ikm), bytes_of(rows[i].salt, salt),
			bytes_of(rows[i].info, info), got, n),
		    UP_OK);
		UP_CHECK(memcmp(got, want, n) == 0, rows[i].okm);
	}
}

static void test_hkdf_bounds(void)
{
	static uint8_t out[255 * UP_HASH_LEN + 1];
	const struct up_span ikm = UP_SPAN_LIT("secret"), none = { NULL, 0 };

	CU_ASSERT_EQUAL(up_hash_hkdf(ikm, none, none, out, 255 * UP_HASH_LEN), UP_OK);
	CU_ASSERT_EQUAL(up_hash_hkdf(ikm, none, none, out, sizeof(out)), UP_E_RANGE);
	CU_ASSERT_EQUAL(up_hash_hkdf(ikm, none, none, out, 0), UP_OK);
}

static void *hash_much(void *arg)
{
	bool *good = arg;

	for (int i = 0; i < ROUNDS; i++)
		*good = hmac_fits(&hmac_rows[i % UP_ARRAY_LEN(hmac_rows)]) && *good;
	return NULL;
}

static void test_threads(void)
{
	pthread_t threads[THREADS];
	bool good[THREADS];

	for (size_t i = 0; i < THREADS; i++) {
		good[i] = true;
		CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, hash_much, &good[i]), 0);
	}
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		CU_ASSERT(good[i]);
	}
}

UP_SUITE("hash", test_nothing_kept, test_sha256, test_hmac, test_hkdf, test_hkdf_bounds,
    test_threads)
