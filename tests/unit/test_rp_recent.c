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

static void keep_text(struct up_recent *r, struct up_span text, int64_t seen_s, const char *words)
{
	struct up_rp_session s = { .seen_s = seen_s };

	s.unit_code = s.unit_name = s.certificate = s.role = s.holder_ref = s.holder_name =
	    s.items = s.sid = s.sub = up_span_str(words);
	up_recent_keep(r, text, &s);
}

static void keep(struct up_recent *r, unsigned i)
{
	char buf[TEXT + 1], words[16];

	snprintf(words, sizeof(words), "%u", i);
	keep_text(r, text_of(i, buf), i, words);
}

static bool finds(struct up_recent *r, struct up_span text)
{
	struct up_recent_one *held = NULL;
	struct up_rp_session s;
	bool found = up_recent_take(r, text, &held, &s);

	CU_ASSERT_EQUAL(found, held != NULL);
	up_recent_leave(&held);
	return found;
}

static bool remembered_by(struct up_recent *r, unsigned i, struct up_recent_one **held)
{
	char buf[TEXT + 1], words[16];
	struct up_rp_session s;

	if (!up_recent_take(r, text_of(i, buf), held, &s))
		return false;
	snprintf(words, sizeof(words), "%u", i);
	CU_ASSERT_EQUAL(s.seen_s, i);
	CU_ASSERT(up_span_eq_str(s.unit_code, words));
	CU_ASSERT(up_span_eq_str(s.sub, words));
	return true;
}

static bool remembered(struct up_recent *r, unsigned i)
{
	struct up_recent_one *held = NULL;
	bool found = remembered_by(r, i, &held);

	up_recent_leave(&held);
	return found;
}

static void test_whole_text(void)
{
	struct up_recent *r = up_recent_new();
	char buf[TEXT + 1];
	struct up_span text = text_of(7, buf);

	CU_ASSERT_FALSE(remembered(r, 7));
	keep(r, 7);
	CU_ASSERT_TRUE(remembered(r, 7));
	/* another byte anywhere, or another length, is another cookie */
	for (size_t i = 0; i < TEXT; i++) {
		buf[i] ^= 1;
		CU_ASSERT_FALSE(finds(r, text));
		buf[i] ^= 1;
	}
	CU_ASSERT_FALSE(finds(r, up_span_of(text.p, TEXT - 1)));
	CU_ASSERT_FALSE(finds(r, up_span_of(text.p, 12)));
	CU_ASSERT_TRUE(finds(r, text));
	up_recent_free(&r);
	CU_ASSERT_PTR_NULL(r);
	up_recent_free(&r);
}

/* All lengths: what is left over behind the last whole words counts, too. */
static void test_lengths(void)
{
	struct up_recent *r = up_recent_new();
	char buf[TEXT + 3];
	struct up_span text = text_of(7, buf);

	memset(buf + TEXT, 0, 3);
	for (size_t n = TEXT - 20; n <= TEXT; n++) {
		text.n = n;
		keep_text(r, text, 1, "abc");
		CU_ASSERT_TRUE(finds(r, text));
		for (size_t i = 0; i < n; i++) {
			buf[i] ^= 1;
			CU_ASSERT_FALSE(finds(r, text));
			buf[i] ^= 1;
		}
		/* as one that ends in what the hash is filled up with would be */
		CU_ASSERT_FALSE(finds(r, up_span_of(buf, n + 1)));
	}
	up_recent_free(&r);
}

static void test_bounds(void)
{
	struct up_recent *r = up_recent_new();
	static char longest[UP_RECENT_TEXT_MAX + 1];

	memset(longest, 'y', sizeof(longest));
	for (size_t more = 0; more < 2; more++) {
		struct up_span text = up_span_of(longest, UP_RECENT_TEXT_MAX + more);

		keep_text(r, text, 1, "abc");
		CU_ASSERT_EQUAL(finds(r, text), more == 0);
	}
	keep_text(r, up_span_of(longest, 15), 1, "abc");
	CU_ASSERT_FALSE(finds(r, up_span_of(longest, 15)));
	up_recent_free(&r);
}

/* What somebody holds stays while others want its place, and goes after that. */
static void test_held(void)
{
	struct up_recent *r = up_recent_new();
	struct up_recent_one *held = NULL, *other = NULL;
	struct up_rp_session s = { 0 };
	char buf[TEXT + 1];

	keep(r, 7);
	CU_ASSERT_TRUE(up_recent_take(r, text_of(7, buf), &held, &s));
	CU_ASSERT_TRUE(remembered_by(r, 7, &held));
	CU_ASSERT_TRUE(remembered_by(r, 7, &other));
	for (unsigned i = 100; i < 20 * MANY; i++)
		keep(r, i);
	CU_ASSERT(up_span_eq_str(s.unit_code, "7"));
	CU_ASSERT_EQUAL(s.unit_code.p, s.all.p);
	CU_ASSERT_EQUAL(s.all.n, 9 * sizeof("7"));
	CU_ASSERT_TRUE(remembered_by(r, 20 * MANY - 1, &other));
	up_recent_leave(&held);
	CU_ASSERT_PTR_NULL(held);
	for (unsigned i = 100; i < 20 * MANY; i++)
		keep(r, i);
	CU_ASSERT_FALSE(remembered(r, 7));
	up_recent_leave(&other);
	up_recent_leave(&other);
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
	CU_ASSERT(stayed >= 990);
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
	struct up_recent_one *held = NULL;

	for (unsigned turn = 0; turn < 200; turn++)
		for (unsigned i = 0; i < 50; i++) {
			if (turn % 8 != 7 && remembered_by(arg, i, &held))
				atomic_fetch_add(&hits, 1);
			else
				keep(arg, i);
		}
	up_recent_leave(&held);
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

UP_SUITE("rp_recent", test_whole_text, test_lengths, test_bounds, test_held, test_many,
    test_threads)
