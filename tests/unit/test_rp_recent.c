/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "module/rp/recent.h"

#define TEXT 300
#define MANY (UP_RECENT_SETS * UP_RECENT_WAYS)

/* Cookie I: head alike, then what differs, as a nonce does; *PLAIN tells them apart as well. */
static struct up_span text_of(unsigned i, char buf[TEXT + 1])
{
	memset(buf, 'x', TEXT);
	buf[TEXT] = '\0';
	snprintf(buf + 8, 9, "%08x", i * 2654435761u);
	buf[16] = 'x';
	return up_span_of(buf, TEXT);
}

static bool remembered(struct up_recent *r, unsigned i)
{
	char buf[TEXT + 1];
	uint8_t plain[16];
	unsigned got;
	size_t n;

	if (!up_recent_take(r, text_of(i, buf), plain, sizeof(plain), &n))
		return false;
	CU_ASSERT_EQUAL(n, sizeof(got));
	memcpy(&got, plain, sizeof(got));
	CU_ASSERT_EQUAL(got, i);
	return true;
}

static void keep(struct up_recent *r, unsigned i)
{
	char buf[TEXT + 1];

	up_recent_keep(r, text_of(i, buf), up_span_of(&i, sizeof(i)));
}

static void test_whole_text(void)
{
	struct up_recent *r = up_recent_new();
	char buf[TEXT + 1];
	struct up_span text = text_of(7, buf);
	uint8_t plain[16];
	size_t n;

	CU_ASSERT_FALSE(remembered(r, 7));
	keep(r, 7);
	CU_ASSERT_TRUE(remembered(r, 7));
	/* another byte anywhere, or another length, is another cookie */
	for (size_t i = 0; i < TEXT; i++) {
		buf[i] ^= 1;
		CU_ASSERT_FALSE(up_recent_take(r, text, plain, sizeof(plain), &n));
		buf[i] ^= 1;
	}
	CU_ASSERT_FALSE(up_recent_take(r, up_span_of(text.p, TEXT - 1), plain, sizeof(plain), &n));
	CU_ASSERT_FALSE(up_recent_take(r, up_span_of(text.p, 12), plain, sizeof(plain), &n));
	CU_ASSERT_FALSE(up_recent_take(r, text, plain, 3, &n));
	CU_ASSERT_TRUE(up_recent_take(r, text, plain, 4, &n));
	up_recent_free(&r);
	CU_ASSERT_PTR_NULL(r);
	up_recent_free(&r);
}

static void test_bounds(void)
{
	struct up_recent *r = up_recent_new();
	static char longest[UP_RECENT_TEXT_MAX + 1];
	uint8_t plain[16];
	size_t n;

	memset(longest, 'y', sizeof(longest));
	for (size_t more = 0; more < 2; more++) {
		struct up_span text = up_span_of(longest, UP_RECENT_TEXT_MAX + more);

		up_recent_keep(r, text, UP_SPAN_LIT("abc"));
		CU_ASSERT_EQUAL(up_recent_take(r, text, plain, sizeof(plain), &n), more == 0);
	}
	up_recent_keep(r, up_span_of(longest, 15), UP_SPAN_LIT("abc"));
	CU_ASSERT_FALSE(up_recent_take(r, up_span_of(longest, 15), plain, sizeof(plain), &n));
	up_recent_free(&r);
}

/* A thousand in turn, as many as people work at once, stay; of more than there is room for, the
 * latest do. */
static void test_many(void)
{
	struct up_recent *r = up_recent_new();
	unsigned stayed = 0;

	for (unsigned i = 0; i < 1000; i++)
		keep(r, i);
	for (unsigned i = 0; i < 1000; i++)
		stayed += remembered(r, i);
	CU_ASSERT(stayed >= 950);
	for (unsigned i = 0; i < 10 * MANY; i++) {
		keep(r, i);
		CU_ASSERT_TRUE(remembered(r, i));
	}
	CU_ASSERT_FALSE(remembered(r, 0));
	up_recent_free(&r);
}

static atomic_uint hits;

static void *use(void *arg)
{
	for (unsigned turn = 0; turn < 200; turn++)
		for (unsigned i = 0; i < 50; i++) {
			if (remembered(arg, i))
				atomic_fetch_add(&hits, 1);
			else
				keep(arg, i);
		}
	return NULL;
}

static void test_threads(void)
{
	struct up_recent *r = up_recent_new();
	pthread_t threads[4];

	for (size_t i = 0; i < UP_ARRAY_LEN(threads); i++)
		CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, use, r), 0);
	for (size_t i = 0; i < UP_ARRAY_LEN(threads); i++)
		pthread_join(threads[i], NULL);
	CU_ASSERT(atomic_load(&hits) > 0);
	up_recent_free(&r);
}

UP_SUITE("rp_recent", test_whole_text, test_bounds, test_many, test_threads)
