/* SPDX-License-Identifier: Apache-2.0
 * Many operations at once: groups in one commit, a full queue, the end of the store. */
#include <sched.h>
#include <stdlib.h>
#include <time.h>

#include "server/store/writer.h"
#include "test_store_fixture.h"

static atomic_int finished;

static void count_done(struct up_op *op)
{
	(void)op;
	atomic_fetch_add(&finished, 1);
}

static void wait_for(int n)
{
	const struct timespec tick = { 0, 1000000 };

	for (int i = 0; i < 20000 && atomic_load(&finished) < n; i++)
		nanosleep(&tick, NULL);
	CU_ASSERT_EQUAL(atomic_load(&finished), n);
}

/* One operation that cannot be written harms no other of its group. */
static void test_bad_job(void)
{
	struct up_op_decide ops[21];
	struct up_store_stats stats;
	struct fixture f;

	fixture_open(&f, true);
	fixture_enrol(&f);
	atomic_store(&finished, 0);
	pthread_mutex_lock(&f.store->write_lock);        /* the writer waits, the others gather */
	for (int i = 0; i < 21; i++) {
		ops[i] = fixture_decide(&f, i != 5);
		ops[i].op.done = count_done;
		if (i == 10)
			ops[i].op.record.purpose = UP_SPAN_LIT("\xff");
		CU_ASSERT_EQUAL(up_store_submit(f.store, &ops[i].op), UP_OK);
	}
	pthread_mutex_unlock(&f.store->write_lock);
	wait_for(21);
	for (int i = 0; i < 21; i++) {
		CU_ASSERT_EQUAL(ops[i].op.err,
		    i == 10      ? UP_E_STORE
			: i == 5 ? UP_E_PASSWORD
				 : UP_OK);
		CU_ASSERT_EQUAL(ops[i].out_role != NULL, i != 5 && i != 10);
		up_store_role_free(&ops[i].out_role);
	}
	up_store_stats(f.store, &stats);
	CU_ASSERT_EQUAL(stats.failures, 1);
	CU_ASSERT_EQUAL(up_store_healthy(f.store), UP_OK);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT max(seq) FROM usage"), 22 + FIXTURE_CHANGES);
	CU_ASSERT(fixture_gapless(&f));
	fixture_close(&f);
}

/* What an administrator is refused is undone, and harms no other of its group. */
static void test_refused(void)
{
	const struct up_unit_row rows[] = {
		{ UP_SPAN_LIT("12430000100000016Y"), UP_SPAN_LIT("三"), UP_SPAN_LIT("{}"),
		    UP_SPAN_LIT("hn"), UP_SPAN_LIT("CERT-3"), 1, 2 },
		{ UP_SPAN_LIT(U1), UP_SPAN_LIT("另"), UP_SPAN_LIT("{}"), UP_SPAN_LIT("hn"),
		    UP_SPAN_LIT("CERT-1"), 1, 2 },
	};
	struct up_op_units units = {
		.op = { .kind = UP_OP_UNITS, .now_ms = NOW }, .rows = rows, .n = 2 };
	struct up_op_decide before, after;
	struct up_store_stats stats;
	struct fixture f;

	fixture_open(&f, true);
	fixture_enrol(&f);
	before = after = fixture_decide(&f, true);
	before.op.done = units.op.done = after.op.done = count_done;
	atomic_store(&finished, 0);
	pthread_mutex_lock(&f.store->write_lock);
	CU_ASSERT_EQUAL(up_store_submit(f.store, &before.op), UP_OK);
	CU_ASSERT_EQUAL(up_store_submit(f.store, &units.op), UP_OK);
	CU_ASSERT_EQUAL(up_store_submit(f.store, &after.op), UP_OK);
	pthread_mutex_unlock(&f.store->write_lock);
	wait_for(3);
	CU_ASSERT(before.op.err == UP_OK && after.op.err == UP_OK);
	CU_ASSERT(units.op.err == UP_E_STATE && units.bad == 1 && units.added == 0);
	CU_ASSERT_EQUAL(units.op.out_seq, 0);
	up_op_clear(&before.op);
	up_op_clear(&after.op);
	up_store_stats(f.store, &stats);
	CU_ASSERT_EQUAL(stats.failures, 0);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM unit"), 2);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT max(seq) FROM usage"), 4 + FIXTURE_CHANGES);
	CU_ASSERT(fixture_gapless(&f));
	fixture_close(&f);
}

static void test_queue(void)
{
	struct fixture f;
	struct up_op_record *ops = calloc(UP_WRITER_QUEUE * 2 + 2, sizeof(*ops));
	int taken = 0;
	enum up_err err = UP_OK;

	CU_ASSERT_PTR_NOT_NULL_FATAL(ops);
	fixture_open(&f, true);
	atomic_store(&finished, 0);
	pthread_mutex_lock(&f.store->write_lock);
	while (err == UP_OK && taken < UP_WRITER_QUEUE * 2 + 1) {
		ops[taken] = fixture_note("login.scan");
		ops[taken].op.done = count_done;
		err = up_store_submit(f.store, &ops[taken].op);
		taken += err == UP_OK;
	}
	CU_ASSERT_EQUAL(err, UP_E_BUSY);
	CU_ASSERT(taken >= UP_WRITER_QUEUE);
	pthread_mutex_unlock(&f.store->write_lock);
	up_store_close(&f.store);                /* finishes what waits */
	CU_ASSERT_EQUAL(atomic_load(&finished), taken);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM usage"), taken + FIXTURE_CHANGES);
	CU_ASSERT(fixture_gapless(&f));
	fixture_close(&f);
	free(ops);
}

static struct fixture shared;
static atomic_int wrong, locked, other;

static void *many(void *arg)
{
	atomic_fetch_add(&other, fixture_decide_often(&shared, *(int *)arg));
	return NULL;
}

static void test_threads(void)
{
	struct up_store_stats stats;
	int each = 1000;

	fixture_open(&shared, true);
	fixture_enrol(&shared);
	atomic_store(&other, 0);
	fixture_threads(8, many, &each);
	up_store_stats(shared.store, &stats);
	printf(" %.1f jobs a commit ", (double)stats.jobs / (double)stats.commits);
	CU_ASSERT_EQUAL(atomic_load(&other), 0);
	CU_ASSERT(stats.commits * 2 < stats.jobs);
	CU_ASSERT_EQUAL(
	    fixture_count(&shared, "SELECT max(seq) FROM usage"), 8002 + FIXTURE_CHANGES);
	CU_ASSERT(fixture_gapless(&shared));
	fixture_close(&shared);
}

static atomic_int accepted;
static atomic_bool drained;

static void count_and_free(struct up_op *op)
{
	free(op);
	atomic_fetch_add(&finished, 1);
}

static void *submit_until_drained(void *arg)
{
	while (!atomic_load(&drained)) {
		struct up_op_record *note = calloc(1, sizeof(*note));

		if (note == NULL)
			abort();
		*note = fixture_note("login.scan");
		note->op.done = count_and_free;
		atomic_fetch_add(&accepted, 1);
		if (up_store_submit(shared.store, &note->op) != UP_OK) {
			atomic_fetch_sub(&accepted, 1);
			free(note);
		}
	}
	return arg;
}

/* The store closes while others submit: what it took is done, what comes later is refused. Worth
 * most under ThreadSanitizer. */
static void test_drain(void)
{
	struct up_op_record late = fixture_note("login.scan");
	pthread_t t[4];

	fixture_open(&shared, true);
	atomic_store(&finished, 0);
	atomic_store(&accepted, 0);
	atomic_store(&drained, false);
	for (size_t i = 0; i < UP_ARRAY_LEN(t); i++)
		CU_ASSERT_EQUAL_FATAL(pthread_create(&t[i], NULL, submit_until_drained, NULL), 0);
	while (atomic_load(&finished) < 100)
		sched_yield();
	up_store_drain(shared.store);
	atomic_store(&drained, true);
	for (size_t i = 0; i < UP_ARRAY_LEN(t); i++)
		pthread_join(t[i], NULL);
	CU_ASSERT_EQUAL(up_store_run(shared.store, &late.op), UP_E_BUSY);
	CU_ASSERT_EQUAL(atomic_load(&finished), atomic_load(&accepted));
	CU_ASSERT_EQUAL(fixture_count(&shared, "SELECT count(*) FROM usage"),
	    atomic_load(&accepted) + FIXTURE_CHANGES);
	CU_ASSERT(fixture_gapless(&shared));
	fixture_close(&shared);
}

static void *try_wrong(void *arg)
{
	struct up_op_decide decide;
	decide = fixture_decide(&shared, false);
	enum up_err err = up_store_run(shared.store, &decide.op);

	(void)arg;
	atomic_fetch_add(&wrong, err == UP_E_PASSWORD);
	atomic_fetch_add(&locked, err == UP_E_LOCKED);
	return NULL;
}

static void test_parallel_guesses(void)
{
	struct up_op_decide right;

	fixture_open(&shared, true);
	fixture_enrol(&shared);
	atomic_store(&wrong, 0);
	atomic_store(&locked, 0);
	fixture_threads(64, try_wrong, NULL);
	CU_ASSERT_EQUAL(atomic_load(&wrong), 5);
	CU_ASSERT_EQUAL(atomic_load(&locked), 59);       /* the sixth error locks */
	CU_ASSERT_EQUAL(fixture_count(&shared, "SELECT errors FROM device"), 6);
	fixture_reopen(&shared, true);
	right = fixture_decide(&shared, true);
	CU_ASSERT_EQUAL(fixture_run(&shared, &right.op), UP_E_LOCKED);
	CU_ASSERT_EQUAL(fixture_count(&shared, "SELECT max(seq) FROM usage"), 67 + FIXTURE_CHANGES);
	fixture_close(&shared);
}

UP_SUITE("store group", test_bad_job, test_refused, test_queue, test_threads, test_drain,
    test_parallel_guesses)
