/* SPDX-License-Identifier: Apache-2.0
 * Memory running out at each allocation in turn; linked with
 * -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc. */
#include <stdlib.h>

#include "test_live.h"

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_aligned_alloc(size_t align, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_aligned_alloc(size_t align, size_t n);

static long left = -1;                   /* allocations that still succeed; -1: all */
static unsigned refused;

static bool refuse(void)
{
	if (left == 0) {
		refused++;
		return true;
	}
	left -= left > 0;
	return false;
}

void *__wrap_malloc(size_t n)
{
	return refuse() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return refuse() ? NULL : __real_calloc(n, size);
}

void *__wrap_aligned_alloc(size_t align, size_t n)
{
	return refuse() ? NULL : __real_aligned_alloc(align, n);
}

static void test_new(void)
{
	struct up_live_settings settings = { 100, 100, 100, "0123456789abcde", NULL, NULL };
	enum up_err err = UP_E_NOMEM;
	long n;

	for (n = 0; err != UP_OK; n++) {
		struct up_live *l;

		left = n;
		err = up_live_memory_new(&settings, &l);
		left = -1;
		CU_ASSERT(err == UP_OK || (err == UP_E_NOMEM && l == NULL));
		up_live_free(&l);
	}
	CU_ASSERT(n > 40);
}

static void test_start(void)
{
	struct up_live *l = live_new(4, 4, 4);
	struct up_live_stats s;

	left = 0;
	CU_ASSERT_EQUAL(live_begin(l, 1, T0), UP_E_NOMEM);
	left = -1;
	CU_ASSERT_EQUAL(up_live_stats(l, &s), UP_OK);
	CU_ASSERT_EQUAL(s.pending, 0);
	CU_ASSERT_EQUAL(live_told(l, 1, T0, NULL), UP_LOGIN_STATES);
	for (unsigned n = 1; n <= 4; n++)
		CU_ASSERT_EQUAL(live_begin(l, n, T0), UP_OK);
	left = 0;                        /* all else does without memory */
	CU_ASSERT_EQUAL(live_peek(l, 1, T0), UP_OK);
	left = -1;
	up_live_free(&l);
}

/* The smaller copy of what a finished transaction began with is a saving, not a need. */
static void test_finish(void)
{
	struct up_live *l = live_new(8, 8, 8);
	struct up_live_redeemed r;
	struct up_live_stats s;
	uint8_t key[16] = { 1 };

	live_bring(l, 1, UP_LOGIN_REDEEMING, T0);
	live_bring(l, 2, UP_LOGIN_DECIDING, T0);
	live_bring(l, 3, UP_LOGIN_SCANNED, T0);
	live_bring(l, 4, UP_LOGIN_PENDING, T0);
	refused = 0;
	left = 0;
	live_commit(l, 1, T0);
	CU_ASSERT_EQUAL(live_redeem(l, 1, T0, &r), UP_E_REPLAY);
	CU_ASSERT_STRING_EQUAL(r.session, "session-00000000000001");
	live_call(l, up_live_decide_deny, 2, T0);
	CU_ASSERT_EQUAL(up_live_tick(l, T0 + UP_LIVE_PENDING_MS - 1, NULL, NULL), UP_OK);
	CU_ASSERT_EQUAL(up_live_tick(l, T0 + UP_LIVE_PENDING_MS, NULL, NULL), UP_OK);
	CU_ASSERT_EQUAL(live_told(l, 4, T0, NULL), UP_LOGIN_EXPIRED);
	CU_ASSERT_EQUAL(up_live_once(l, key, T0 + 9000, T0), UP_OK);
	CU_ASSERT_EQUAL(up_live_rate(l, "x", S("y"), 1, 1000, T0), UP_OK);
	CU_ASSERT_EQUAL(up_live_tick(l, T0 + 3 * UP_LIVE_PENDING_MS, NULL, NULL), UP_OK);
	left = -1;
	CU_ASSERT(refused >= 3);
	CU_ASSERT_EQUAL(up_live_stats(l, &s), UP_OK);
	CU_ASSERT_EQUAL(s.pending + s.scanned + s.approved + s.finished, 0);
	up_live_free(&l);
}

UP_SUITE("live without memory", test_new, test_start, test_finish)
