/* SPDX-License-Identifier: Apache-2.0
 * One configured secret, the same keys in every process; without it, keys of this process alone.
 * Nonces are shared only by those that share what was used. */
#include "server/secrets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

#define SECRET "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"

static char path[] = "/tmp/unitpass-secret-XXXXXX";
static struct up_config config;

static void put(const char *text, mode_t mode)
{
	FILE *f = fopen(path, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CU_ASSERT_EQUAL(fchmod(fileno(f), mode), 0);
	CU_ASSERT(fputs(text, f) >= 0);
	CU_ASSERT_EQUAL(fclose(f), 0);
}

static enum up_err start(struct up_server *s, uint8_t seed[16], char why[256])
{
	memset(s, 0, sizeof(*s));
	why[0] = '\0';
	s->config = &config;
	return up_secrets_start(s, seed, why);
}

static bool alike(const struct up_server *a, const struct up_server *b)
{
	return memcmp(a->watch_key, b->watch_key, 32) == 0 &&
	    memcmp(a->streams_key, b->streams_key, 32) == 0;
}

static bool same_nonces(const struct up_server *a, const struct up_server *b)
{
	return memcmp(a->nonce_key, b->nonce_key, 32) == 0;
}

static void test_same_file(void)
{
	/* HKDF-SHA-256 without salt, as any other program would derive it */
	static const uint8_t watch[8] = { 0x24, 0x6c, 0x07, 0xf3, 0x34, 0x82, 0x70, 0x42 };
	static struct up_server a, b;
	uint8_t seed[2][16];
	char why[256];

	config.live_secret = path;
	put(SECRET, 0600);
	CU_ASSERT_EQUAL(start(&a, seed[0], why), UP_OK);
	CU_ASSERT_EQUAL(start(&b, seed[1], why), UP_OK);
	CU_ASSERT(alike(&a, &b) && memcmp(seed[0], seed[1], 16) == 0);
	CU_ASSERT_EQUAL(memcmp(a.watch_key, watch, sizeof(watch)), 0);
	/* one use, one key */
	CU_ASSERT(memcmp(a.watch_key, a.nonce_key, 32) != 0);
	CU_ASSERT(memcmp(a.watch_key, a.streams_key, 32) != 0);
	CU_ASSERT(memcmp(a.watch_key, seed[0], 16) != 0);
}

/* Whoever does not know which proofs were used, before his start or by another process, takes none
 * by a nonce of that time: not by accident either, for memory does not say that it is shared. */
static void test_nonces(void)
{
	static const struct up_live_settings set = { .transactions = 8, .replays = 8, .rates = 8 };
	static struct up_server a, b;
	struct up_live *live;
	uint8_t seed[16];
	char why[256];

	config.live_secret = path;
	put(SECRET, 0600);
	CU_ASSERT_EQUAL(start(&a, seed, why), UP_OK);
	CU_ASSERT_EQUAL(start(&b, seed, why), UP_OK);
	CU_ASSERT(alike(&a, &b) && !same_nonces(&a, &b));
	CU_ASSERT_EQUAL_FATAL(up_live_memory_new(&set, &live), UP_OK);
	CU_ASSERT_FALSE(up_live_shared(live));
	up_live_free(&live);
	/* an engine that is */
	CU_ASSERT_EQUAL(up_secrets_share_nonces(&a, why), UP_OK);
	CU_ASSERT_EQUAL(up_secrets_share_nonces(&b, why), UP_OK);
	CU_ASSERT(same_nonces(&a, &b));
	CU_ASSERT(memcmp(a.watch_key, a.nonce_key, 32) != 0);
	CU_ASSERT(memcmp(a.streams_key, a.nonce_key, 32) != 0);
}

static void test_no_file(void)
{
	static struct up_server a, b;
	uint8_t seed[2][16];
	char why[256];

	config.live_secret = (char *)"";
	CU_ASSERT_EQUAL(start(&a, seed[0], why), UP_OK);
	CU_ASSERT_EQUAL(start(&b, seed[1], why), UP_OK);
	CU_ASSERT(!alike(&a, &b) && memcmp(seed[0], seed[1], 16) != 0);
	CU_ASSERT_FALSE(same_nonces(&a, &b));
}

static void test_refused(void)
{
	static const struct { const char *text; mode_t mode; const char *says; } rows[] = {
		{ SECRET, 0644, "chmod 600" }, { "0001\n", 0600, "64 hex digits" },
		{ SECRET SECRET, 0600, "64 hex digits" }, { "", 0600, "64 hex digits" },
	};
	static struct up_server s;
	uint8_t seed[16];
	char why[256];

	config.live_secret = path;
	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		put(rows[i].text, rows[i].mode);
		UP_CHECK(start(&s, seed, why) == UP_E_KEY, rows[i].says);
		UP_CHECK(strstr(why, rows[i].says) != NULL && strstr(why, path) != NULL, why);
	}
	config.live_secret = (char *)"/nowhere/at/all";
	CU_ASSERT_EQUAL(start(&s, seed, why), UP_E_IO);
	unlink(path);
}

static void test_begin(void)
{
	int fd = mkstemp(path);

	CU_ASSERT_FATAL(fd >= 0);
	close(fd);
}

UP_SUITE("secrets", test_begin, test_same_file, test_nonces, test_no_file,
    test_refused)
