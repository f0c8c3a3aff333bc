/* SPDX-License-Identifier: Apache-2.0
 * What live state counts beside logins: what was shown once, and who asks how often. */
#include "server/live/siphash.h"
#include "test_live.h"

static void test_once(void)
{
	struct up_live *l = live_new(4, 100, 4);
	struct up_live_stats stats;
	uint8_t key[16];
	unsigned n;

	live_key(1, 'k', key);
	CU_ASSERT_EQUAL(up_live_once(l, key, T0 + 60000, T0), UP_OK);
	CU_ASSERT_EQUAL(up_live_once(l, key, T0 + 60000, T0), UP_E_REPLAY);
	CU_ASSERT_EQUAL(up_live_once(l, key, T0 + 90000, T0 + 59999), UP_E_REPLAY);
	CU_ASSERT_EQUAL(up_live_once(l, key, T0 - 5, T0), UP_E_REPLAY);
	CU_ASSERT_EQUAL(up_live_once(l, key, T0 + 90000, T0 + 60000), UP_OK);
	live_key(2, 'k', key);
	/* on the last millisecond */
	CU_ASSERT_EQUAL(up_live_once(l, key, T0 + 60000, T0 + 60000), UP_OK);
	CU_ASSERT_EQUAL(up_live_once(l, key, T0 + 60000, T0 + 60999), UP_E_REPLAY);
	for (n = 3; n <= 100; n++) {
		live_key(n, 'k', key);
		UP_CHECK(up_live_once(l, key, T0 + 200000 + n, T0 + 60000) == UP_OK, "fills");
	}
	live_key(101, 'k', key);
	CU_ASSERT_EQUAL(up_live_once(l, key, T0 + 300000, T0 + 60000), UP_E_BUSY);
	CU_ASSERT_EQUAL(up_live_once(l, key, T0 + 300000, T0 + 61000), UP_OK); /* 2 has left */
	CU_ASSERT_EQUAL(up_live_tick(l, T0 + 250000, NULL, NULL), UP_OK);
	CU_ASSERT_EQUAL(up_live_stats(l, &stats), UP_OK);
	CU_ASSERT_EQUAL(stats.replays, 1);
	/* whatever the clock does */
	CU_ASSERT_EQUAL(up_live_once(l, key, T0 + 300000, T0 + 61000), UP_E_REPLAY);
	live_key(102, 'k', key);         /* many turns of the wheel ahead */
	CU_ASSERT_EQUAL(up_live_once(l, key, T0 + 86400000, T0 + 250000), UP_OK);
	for (int64_t now = T0 + 250000; now < T0 + 86400000; now += 250000) {
		CU_ASSERT_EQUAL(up_live_tick(l, now, NULL, NULL), UP_OK);
		CU_ASSERT_EQUAL(up_live_once(l, key, T0 + 86400000, now), UP_E_REPLAY);
	}
	CU_ASSERT_EQUAL(up_live_once(l, key, T0 + 90000000, T0 + 86400000), UP_OK);
	up_live_free(&l);
}

/* Every key is taken once however many there are, and all the room can be used. */
static void test_once_many(void)
{
	struct up_live *l = live_new(4, 20000, 4);
	unsigned n, bad = 0;
	uint8_t key[16];

	for (n = 0; n < 40000; n++) {
		live_key(n % 20000, 'k', key);
		bad += up_live_once(l, key, T0 + 60000, T0) != (n < 20000 ? UP_OK : UP_E_REPLAY);
	}
	CU_ASSERT_EQUAL(bad, 0);
	live_key(n, 'k', key);
	CU_ASSERT_EQUAL(up_live_once(l, key, T0 + 120000, T0), UP_E_BUSY);
	CU_ASSERT_EQUAL(up_live_once(l, key, T0 + 120000, T0 + 60000), UP_OK);
	up_live_free(&l);
}

/* Against a bucket that is filled and emptied in plain words. */
static void test_rate(void)
{
	struct up_live *l = live_new(4, 4, 1024);
	struct { int64_t level, last; unsigned burst, every; } bucket[20];
	unsigned seed = 12345, bad = 0;
	int64_t now = T0;

	for (unsigned i = 0; i < 20; i++) {
		bucket[i].burst = i % 7;
		bucket[i].every = 1 + 37 * i;
		bucket[i].level = (int64_t)bucket[i].burst * bucket[i].every;
		bucket[i].last = now;
	}
	for (int k = 0; k < 100000; k++) {
		unsigned i = (seed = seed * 1103515245 + 12345) >> 16 & 15;
		char who[8];
		int64_t most = (int64_t)bucket[i].burst * bucket[i].every;
		bool ok;

		now += seed >> 20 & 15;
		snprintf(who, sizeof(who), "%u", i / 2);
		bucket[i].level += now - bucket[i].last;
		bucket[i].last = now;
		if (bucket[i].level > most)
			bucket[i].level = most;
		ok = bucket[i].burst > 0 && bucket[i].level >= bucket[i].every;
		if (ok)
			bucket[i].level -= bucket[i].every;
		bad += (up_live_rate(l, i % 2 ? "odd" : "even", up_span_str(who), bucket[i].burst,
			    bucket[i].every, now) == UP_OK) != ok;
	}
	CU_ASSERT_EQUAL(bad, 0);
	up_live_free(&l);
}

static void test_rate_edges(void)
{
	struct up_live *l = live_new(4, 4, 64);
	unsigned passed = 0;
	char who[24];

	for (int i = 0; i < 5; i++)
		passed += up_live_rate(l, "a", S("x"), 3, 1000, T0) == UP_OK;
	CU_ASSERT_EQUAL(passed, 3);
	CU_ASSERT_EQUAL(up_live_rate(l, "b", S("x"), 3, 1000, T0), UP_OK);
	/* set back by an hour: the bucket is empty, but no more than that */
	CU_ASSERT_EQUAL(up_live_rate(l, "a", S("x"), 3, 1000, T0 - 3600000), UP_E_RATE);
	CU_ASSERT_EQUAL(up_live_rate(l, "a", S("x"), 3, 1000, T0 - 3599000), UP_OK);
	CU_ASSERT_EQUAL(up_live_rate(l, "a", S("y"), 0, 1000, T0), UP_E_RATE);
	CU_ASSERT_EQUAL(up_live_rate(l, "a", S("z"), 4000000000u, INT64_MAX / 2, T0), UP_E_RATE);
	/* a flood from 100 000 sources: each gets its first, and the honest its own; memory is 64
	 * cells */
	passed = 0;
	for (int i = 0; i < 100000; i++) {
		snprintf(who, sizeof(who), "flood-%d", i);
		passed += up_live_rate(l, "f", up_span_str(who), 1, 1000, T0 + i / 100) == UP_OK;
	}
	CU_ASSERT_EQUAL(passed, 100000);
	CU_ASSERT_EQUAL(up_live_rate(l, "f", S("honest"), 1, 1000, T0 + 1000), UP_OK);
	CU_ASSERT_EQUAL(up_live_rate(l, "f", S("honest"), 1, 1000, T0 + 1000), UP_E_RATE);
	up_live_free(&l);
}

/* As many as one by one, but at once; more than there are: all. */
static void test_rate_spend(void)
{
	static const struct { unsigned taken, spent, left; } rows[] = {
		{ 0, 0, 10 }, { 0, 5, 5 }, { 0, 10, 0 }, { 0, 4000000000u, 0 }, { 7, 2, 1 },
		{ 7, 5, 0 }, { 10, 5, 0 },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		struct up_live *l = live_new(4, 4, 64);
		const struct up_live_bucket own = { "a", S("x"), 10, 1000 };
		unsigned left = 0;

		for (unsigned n = 0; n < rows[i].taken; n++)
			CU_ASSERT_EQUAL(up_live_rate(l, "a", S("x"), 10, 1000, T0), UP_OK);
		CU_ASSERT_EQUAL(up_live_rate_spend(l, &own, rows[i].spent, T0), UP_OK);
		while (up_live_rate(l, "a", S("x"), 10, 1000, T0) == UP_OK)
			left++;
		CU_ASSERT_EQUAL(left, rows[i].left);
		/* never in debt */
		CU_ASSERT_EQUAL(up_live_rate(l, "a", S("x"), 10, 1000, T0 + 1000), UP_OK);
		up_live_free(&l);
	}
}

/* The worked example of the SipHash paper, appendix A: key 00 01 .. 0f, input 00 01 .. 0e. */
static void test_siphash(void)
{
	static const uint64_t key[2] = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };
	uint8_t in[15];

	for (uint8_t i = 0; i < sizeof(in); i++)
		in[i] = i;
	CU_ASSERT_EQUAL(up_siphash(key, up_span_of(in, sizeof(in))), 0xa129ca6149be45e5);
}

UP_SUITE("live once", test_siphash, test_once, test_once_many, test_rate, test_rate_edges,
    test_rate_spend)
