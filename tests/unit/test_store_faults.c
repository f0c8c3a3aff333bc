/* SPDX-License-Identifier: Apache-2.0
 * What may go wrong around the store: a full disk, a foreign lock, other processes, kill -9. */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "server/db/engine.h"
#include "server/store/writer.h"
#include "test_store_fixture.h"

static struct fixture shared;

/* --- disk and locks --- */

static enum up_err scan(struct fixture *f)
{
	struct up_op_record note = fixture_note("login.scan");

	return up_store_run(f->store, &note.op);
}

/* In a process of its own: no file may grow past LIMIT, as if the disk were full. */
static int fill_disk(struct fixture *f)
{
	struct rlimit limit = { 200000, RLIM_INFINITY };
	int64_t answered = 0;
	enum up_err err = UP_OK;

	signal(SIGXFSZ, SIG_IGN);
	if (fixture_connect(f->database, true, &f->store) != UP_OK ||
	    setrlimit(RLIMIT_FSIZE, &limit) != 0)
		return 1;
	for (int i = 0; i < 2000 && err == UP_OK; i++) {
		err = scan(f);
		answered += err == UP_OK;
	}
	limit.rlim_cur = 1;                      /* nor for the smallest change */
	if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
		return 6;
	if (err != UP_E_STORE || scan(f) != UP_E_STORE || up_store_healthy(f->store) != UP_E_STORE)
		return 2;
	limit.rlim_cur = RLIM_INFINITY;
	if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
		return 3;
	sleep(1);                                /* the next probe */
	if (up_store_healthy(f->store) != UP_OK || scan(f) != UP_OK)
		return 4;
	up_store_close(&f->store);
	return fixture_count(f, "SELECT count(*) FROM usage") == answered + 1 + FIXTURE_CHANGES ? 0
												: 5;
}

static void test_disk_full(void)
{
	struct fixture f;
	pid_t child;
	int status = -1;

	if (fixture_on_postgres())       /* the server's disk: test_db_postgres */
		return;
	fixture_open(&f, false);
	up_store_close(&f.store);
	child = fork();
	if (child == 0)
		_exit(fill_disk(&f));
	CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
	CU_ASSERT(WIFEXITED(status));
	CU_ASSERT_EQUAL(WEXITSTATUS(status), 0);
	CU_ASSERT(fixture_gapless(&f));
	fixture_close(&f);
}

/* Another program that holds the lock for too long. */
static void test_foreign_lock(void)
{
	struct up_db_settings set = { 0 };
	struct fixture f;
	struct up_db *db;
	char why[256];

	fixture_open(&f, true);
	set.database = f.database;
	up_db_set_patience(f.store->write.db, 50);
	CU_ASSERT_EQUAL_FATAL(up_db_open(&set, &db, why), UP_OK);
	CU_ASSERT_EQUAL(up_db_begin(db), UP_OK);
	CU_ASSERT_EQUAL(scan(&f), UP_E_STORE);
	CU_ASSERT_EQUAL(up_store_healthy(f.store), UP_E_STORE);
	CU_ASSERT_EQUAL(up_db_commit(db), UP_OK);
	CU_ASSERT_EQUAL(scan(&f), UP_OK);
	CU_ASSERT_EQUAL(up_store_healthy(f.store), UP_OK);
	up_db_close(&db);
	fixture_close(&f);
}

/* --- processes --- */

static atomic_int failed;

static void *many(void *arg)
{
	atomic_fetch_add(&failed, fixture_decide_often(&shared, 100));
	return arg;
}

static int write_many(struct fixture *f)
{
	if (fixture_connect(f->database, true, &f->store) != UP_OK)
		return 1;
	shared = *f;
	atomic_store(&failed, 0);
	fixture_threads(4, many, NULL);
	up_store_close(&f->store);
	return atomic_load(&failed) != 0;
}

static void test_two_processes(void)
{
	struct fixture f;
	pid_t child[2];

	fixture_open(&f, false);
	fixture_enrol(&f);
	up_store_close(&f.store);
	for (int i = 0; i < 2; i++) {
		child[i] = fork();
		if (child[i] == 0)
			_exit(write_many(&f));
	}
	for (int i = 0; i < 2; i++) {
		int status = -1;

		CU_ASSERT_EQUAL(waitpid(child[i], &status, 0), child[i]);
		CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT max(seq) FROM usage"), 802 + FIXTURE_CHANGES);
	CU_ASSERT(fixture_gapless(&f));
	fixture_close(&f);
}

/* Eight programs make the same database at once. */
static void test_create_together(void)
{
	struct fixture f;
	pid_t child[8];

	fixture_make(&f);
	for (int i = 0; i < 8; i++) {
		child[i] = fork();
		if (child[i] == 0)
			_exit((int)fixture_connect(f.database, true, &f.store));
	}
	for (int i = 0; i < 8; i++) {
		int status = -1;

		CU_ASSERT_EQUAL(waitpid(child[i], &status, 0), child[i]);
		CU_ASSERT(WIFEXITED(status));
		CU_ASSERT_EQUAL(WEXITSTATUS(status), UP_OK);
	}
	CU_ASSERT(fixture_gapless(&f));
	fixture_close(&f);
}

struct answered { int64_t seq; uint8_t leaf[32]; };
static int answers;                      /* the writing end */

static void *tell(void *arg)
{
	struct up_op_redeem redeem;
	(void)arg;
	for (;;) {
		redeem = fixture_redeem(&shared, "");
		struct answered a;

		if (up_tx_draw(redeem.session) != UP_OK ||
		    up_store_run(shared.store, &redeem.op) != UP_OK)
			_exit(1);
		a.seq = redeem.op.out_seq;
		memcpy(a.leaf, redeem.op.out_leaf, 32);
		up_op_clear(&redeem.op);
		if (write(answers, &a, sizeof(a)) != sizeof(a))  /* atomic: under PIPE_BUF */
			_exit(1);
	}
}

static int is_there(void *arg, int64_t seq, struct up_span canonical)
{
	struct answered *a = arg;
	uint8_t leaf[32];

	CU_ASSERT_EQUAL(up_record_leaf(canonical, leaf), UP_OK);
	if (seq == a->seq && memcmp(leaf, a->leaf, 32) == 0)
		a->seq = 0;
	return 1;
}

static void killed_once(struct fixture *f, long after_ms)
{
	const struct timespec wait = { after_ms / 1000, after_ms % 1000 * 1000000 };
	struct answered a;
	int ends[2], n = 0;
	struct pollfd first;
	pid_t child;

	CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		answers = ends[1];
		shared = *f;
		if (fixture_connect(f->database, true, &shared.store) != UP_OK)
			_exit(1);
		fixture_threads(8, tell, NULL);
		_exit(1);
	}
	close(ends[1]);
	/* a busy machine may take its time to the first answer */
	first = (struct pollfd){ .fd = ends[0], .events = POLLIN };
	CU_ASSERT_EQUAL(poll(&first, 1, 60000), 1);
	nanosleep(&wait, NULL);
	kill(child, SIGKILL);
	CU_ASSERT_EQUAL(waitpid(child, NULL, 0), child);
	fixture_quiet(f);
	CU_ASSERT_EQUAL_FATAL(fixture_connect(f->database, false, &f->store), UP_OK);
	while (read(ends[0], &a, sizeof(a)) == sizeof(a)) {
		const struct up_usage_filter one = { .after_seq = a.seq - 1, .oldest_first = true };

		CU_ASSERT_EQUAL(up_store_usage(f->store, &one, is_there, &a), UP_OK);
		CU_ASSERT_EQUAL(a.seq, 0);
		n++;
	}
	close(ends[0]);
	CU_ASSERT(n > 0);
	CU_ASSERT(fixture_gapless(f));
	CU_ASSERT_EQUAL(fixture_count(f, "SELECT count(*) + 2 FROM session") + FIXTURE_CHANGES,
	    fixture_count(f, "SELECT max(seq) FROM usage"));
	up_store_close(&f->store);
}

static void test_kill(void)
{
	struct fixture f;
	unsigned seed = (unsigned)time(NULL);

	fixture_open(&f, false);
	fixture_enrol(&f);
	up_store_close(&f.store);
	for (int i = 0; i < 20; i++)
		killed_once(&f, rand_r(&seed) % 120);
	printf(" %lld records ", (long long)fixture_count(&f, "SELECT max(seq) FROM usage"));
	fixture_close(&f);
}

UP_SUITE("store faults", test_create_together, test_two_processes, test_kill, test_disk_full,
    test_foreign_lock)
