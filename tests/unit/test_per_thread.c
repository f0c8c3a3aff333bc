/* SPDX-License-Identifier: Apache-2.0
 * Objects of each thread's own: one of a kind, made zero, kept, and dropped with the thread. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "server/per_thread.h"
#include "unit.h"

#define THREADS 8

struct box { char *held; unsigned seen; };

static atomic_uint dropped_boxes, dropped_words;

static void drop_box(void *object)
{
	struct box *b = object;

	free(b->held);
	atomic_fetch_add(&dropped_boxes, 1);
}

static void drop_word(void *object)
{
	(void)object;
	atomic_fetch_add(&dropped_words, 1);
}

static const struct up_per_thread boxes = { sizeof(struct box), drop_box };
static const struct up_per_thread words = { 100, drop_word };

/* What went wrong is counted: CUnit's checks are for one thread. */
static void *use_both(void *fault)
{
	static const char zero[100];
	struct box *b = up_per_thread_get(&boxes);
	char *w = up_per_thread_get(&words);
	unsigned *faults = fault;

	if (b == NULL || w == NULL || b->held != NULL || b->seen != 0 ||
	    memcmp(w, zero, 100) != 0) {
		++*faults;
		return NULL;
	}
	b->held = malloc(10);
	memset(w, 'w', 100);
	for (int i = 0; i < 1000; i++) {
		*faults += up_per_thread_get(&boxes) != b || up_per_thread_get(&words) != w;
		*faults += b->seen++ != (unsigned)i;
	}
	return b;
}

static void test_each_its_own(void)
{
	unsigned faults[THREADS] = { 0 };
	pthread_t threads[THREADS];

	dropped_boxes = dropped_words = 0;
	for (size_t i = 0; i < THREADS; i++)
		CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, use_both, &faults[i]), 0);
	for (size_t i = 0; i < THREADS; i++) {
		CU_ASSERT_EQUAL(pthread_join(threads[i], NULL), 0);
		CU_ASSERT_EQUAL(faults[i], 0);
	}
	CU_ASSERT_EQUAL(dropped_boxes, THREADS);
	CU_ASSERT_EQUAL(dropped_words, THREADS);
}

static void *use_one(void *unused)
{
	(void)unused;
	return up_per_thread_get(&words);
}

static void test_only_what_was_used(void)
{
	pthread_t thread;
	void *got = NULL;

	dropped_boxes = dropped_words = 0;
	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, use_one, NULL), 0);
	CU_ASSERT_EQUAL(pthread_join(thread, &got), 0);
	CU_ASSERT_PTR_NOT_NULL(got);
	CU_ASSERT_EQUAL(dropped_boxes, 0);
	CU_ASSERT_EQUAL(dropped_words, 1);
}

UP_SUITE("per thread", test_each_its_own, test_only_what_was_used)
