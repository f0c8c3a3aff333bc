/* SPDX-License-Identifier: Apache-2.0
 * What may go wrong around the store: failing statements, a full disk, a foreign lock, kill -9, and many at once. */
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

/* --- every statement fails in turn ------------------------------------------------------------------------------------------------- */

static int steps_left;                   /* fail when it reaches 0 */
static bool for_ever;

static bool may_step(void)
{
	if (steps_left != 0) {
		steps_left -= steps_left > 0;
		return true;
	}
	if (!for_ever)
		steps_left = -1;
	return false;
}

/* Each ACTION works once and leaves the database changed. */
static bool tried[UP_JOB_ENROL + 1];

static enum up_err run_job(struct fixture *f, struct up_job job)
{
	enum up_err e;

	tried[job.kind] = true;
	e = up_store_run(f->store, &job);
	CU_ASSERT(e != UP_E_STORE || (job.out_role == NULL && job.tries_left == 0 && job.out_seq == 0));
	up_store_role_free(&job.out_role);
	return e;
}

/* All that a login's job may carry: a step that is not for this kind must not trip over it. */
static enum up_err run_full(struct fixture *f, struct up_job job)
{
	job.device = f->device;
	job.role = f->role;
	job.item = UP_SPAN_LIT("annual-report");
	return run_job(f, job);
}

static enum up_err act_record(struct fixture *f)
{
	struct up_job job = {
	    .kind = UP_JOB_RECORD, .now_ms = NOW, .record = fixture_record("login.expire") };

	return run_full(f, job);
}

static enum up_err act_counted(struct fixture *f)
{
	struct up_job job = { .kind = UP_JOB_RECORD,
	    .now_ms = NOW,
	    .record = fixture_record("login.scan"),
	    .refused_by = UP_SPAN_LIT("phone") };

	job.record.result = UP_SPAN_LIT("refused");
	return run_full(f, job);
}

static enum up_err act_spent_code(struct fixture *f)
{
	char ref[23];
	struct up_job job = fixture_enrol_job("first", &fixture_li, ref);

	job.refused_by = UP_SPAN_LIT("strangers");
	return run_job(f, job);
}

static enum up_err act_deny(struct fixture *f)
{
	struct up_job job = fixture_decide(f, true);

	job.with_password = false;
	return run_full(f, job);
}

static enum up_err act_approve(struct fixture *f)
{
	return run_full(f, fixture_decide(f, true));
}

static enum up_err act_wrong(struct fixture *f)
{
	return run_full(f, fixture_decide(f, false));
}

/* The role is found by its certificate. */
static enum up_err act_certificate(struct fixture *f)
{
	struct up_job job = fixture_decide(f, true);

	job.role = 0;
	job.certificate = UP_SPAN_LIT("CERT-1");
	job.item = UP_SPAN_LIT("annual-report");
	return run_job(f, job);
}

/* A phone that holds no such role is read by itself. */
static enum up_err act_no_role(struct fixture *f)
{
	struct up_job job = fixture_redeem(f, "ssssssssssssssssssssss");

	job.role = f->role + 1;
	job.item = UP_SPAN_LIT("annual-report");
	return run_job(f, job);
}

static enum up_err act_redeem(struct fixture *f)
{
	return run_full(f, fixture_redeem(f, "ssssssssssssssssssssss"));
}

static enum up_err act_replay(struct fixture *f)
{
	struct up_job job = fixture_redeem(f, "qqqqqqqqqqqqqqqqqqqqqq");

	job.kind = UP_JOB_REPLAY;
	return run_full(f, job);
}

static enum up_err act_enrol(struct fixture *f)
{
	char ref[23];
	struct up_job job = fixture_enrol_job("next", &fixture_li, ref);

	job.item = UP_SPAN_LIT("annual-report");
	return run_job(f, job);
}

static enum up_err act_known_phone(struct fixture *f)
{
	char ref[23];

	return run_full(f, fixture_enrol_job("next", &fixture_li, ref));
}

static enum up_err act_stranger(struct fixture *f)
{
	char ref[23];

	return run_job(f, fixture_enrol_job("next", &fixture_zhang, ref));
}

static enum up_err act_code(struct fixture *f)
{
	return fixture_put_code(f->store, U2, &fixture_zhang, "zhang");
}

static enum up_err act_mismatch(struct fixture *f)
{
	struct up_enrolment *e;
	uint8_t code[32];

	fixture_code("next", code);
	return up_store_enrolment(f->store, code, &fixture_zhang, NOW, &e);
}

static enum up_err act_units(struct fixture *f)
{
	static const struct up_unit_row rows[] = {
		{ UP_SPAN_LIT("12430000100000016Y"), UP_SPAN_LIT("三"), UP_SPAN_LIT("{}"), UP_SPAN_LIT("hn"), UP_SPAN_LIT("CERT-3"), 1, 2 },
		{ UP_SPAN_LIT("1243000010000042XX"), UP_SPAN_LIT("四"), UP_SPAN_LIT("{}"), UP_SPAN_LIT("hn"), UP_SPAN_LIT("CERT-4"), 1, 2 },
	};
	size_t added, bad;

	return up_store_units_put(f->store, rows, 2, NOW, &added, &bad);
}

static enum up_err act_client(struct fixture *f)
{
	static const struct up_client c = { .id = (char *)"p2", .name = (char *)"n", .origin = (char *)"https://p2.example.org" };

	return up_store_client_put(f->store, &c, NOW);
}

static enum up_err act_rotate(struct fixture *f)
{
	static const struct up_client c = { .id = (char *)"portal", .has_secret = true };

	return up_store_client_rotate(f->store, &c, NOW);
}

static enum up_err act_disable(struct fixture *f)
{
	return up_store_client_set(f->store, UP_SPAN_LIT("portal"), "disabled", NOW);
}

static enum up_err act_item(struct fixture *f)
{
	return up_store_item_put(
	    f->store, UP_SPAN_LIT("change"), UP_SPAN_LIT("变更"), UP_SPAN_LIT("portal"), NOW);
}

static enum up_err act_authority(struct fixture *f)
{
	return up_store_authority_put(f->store, UP_SPAN_LIT("hn"), UP_SPAN_LIT("另一名称"), NOW);
}

static enum up_err act_end_phone(struct fixture *f)
{
	struct up_device d;

	return up_store_device(f->store, f->token_hash, &d) == UP_OK
		   ? up_store_device_end(f->store, up_span_str(d.ref), NOW)
		   : UP_E_TOKEN;
}

static const struct { const char *name; enum up_err (*act)(struct fixture *); enum up_err good; bool job; } actions[] = {
	{ "record", act_record, UP_OK, true },
	{ "counted refusal", act_counted, UP_OK, true },
	{ "spent code", act_spent_code, UP_E_CODE, true },
	{ "deny", act_deny, UP_OK, true },
	{ "approve", act_approve, UP_OK, true },
	{ "approve by certificate", act_certificate, UP_OK, true },
	{ "wrong password", act_wrong, UP_E_PASSWORD, true },
	{ "redeem", act_redeem, UP_OK, true },
	{ "redeem without role", act_no_role, UP_E_ROLE, true },
	{ "replay", act_replay, UP_OK, true },
	{ "enrol", act_enrol, UP_OK, true },
	{ "enrol a known phone", act_known_phone, UP_OK, true },
	{ "enrol another person", act_stranger, UP_E_PERSON, true },
	{ "code", act_code, UP_OK, false },
	{ "mismatch", act_mismatch, UP_E_PERSON, false },
	{ "units", act_units, UP_OK, false },
	{ "client", act_client, UP_OK, false },
	{ "rotate", act_rotate, UP_OK, false },
	{ "disable", act_disable, UP_OK, false },
	{ "item", act_item, UP_OK, false },
	{ "authority", act_authority, UP_OK, false },
	{ "phone ends", act_end_phone, UP_OK, false },
};

static void prepare(struct fixture *f)
{
	fixture_open(f, false);
	fixture_enrol(f);
	CU_ASSERT_EQUAL(run_job(f, fixture_redeem(f, "qqqqqqqqqqqqqqqqqqqqqq")), UP_OK);
	CU_ASSERT_EQUAL(fixture_put_code(f->store, U1, &fixture_li, "next"), UP_OK);
}

static void test_failing_steps(void)
{
	uint8_t before[32], after[32];
	struct fixture f;
	enum up_err e;

	for (size_t i = 0; i < UP_ARRAY_LEN(actions); i++) {
		int n = 0;

		prepare(&f);
		fixture_digest(&f, before);
		do {
			f.store->write.db->may_step = may_step;
			for_ever = true;
			steps_left = n;
			e = actions[i].act(&f);
			f.store->write.db->may_step = NULL;
			fixture_digest(&f, after);
			UP_CHECK(e == actions[i].good || (e == UP_E_STORE && memcmp(before, after, 32) == 0), actions[i].name);
		} while (e == UP_E_STORE && ++n < 200);
		UP_CHECK(n >= 4 && n < 200 && memcmp(before, after, 32) != 0, actions[i].name);
		UP_CHECK(fixture_gapless(&f), actions[i].name);
		fixture_close(&f);
		/* one hiccup: a job is tried once more by itself and comes through */
		for (int at = 0; actions[i].job && at < n; at++) {
			prepare(&f);
			f.store->write.db->may_step = may_step;
			for_ever = false;
			steps_left = at;
			UP_CHECK(actions[i].act(&f) == actions[i].good, actions[i].name);
			f.store->write.db->may_step = NULL;
			UP_CHECK(fixture_gapless(&f), actions[i].name);
			UP_CHECK(up_store_healthy(f.store) == UP_OK, actions[i].name);
			fixture_close(&f);
		}
	}
	for (size_t kind = 0; kind < UP_ARRAY_LEN(tried); kind++)
		CU_ASSERT(tried[kind]);
}

/* --- groups -------------------------------------------------------------------------------------------------------------------------- */

static atomic_int finished;

static void count_done(struct up_job *job)
{
	(void)job;
	atomic_fetch_add(&finished, 1);
}

static void wait_for(int n)
{
	const struct timespec tick = { 0, 1000000 };

	for (int i = 0; i < 20000 && atomic_load(&finished) < n; i++)
		nanosleep(&tick, NULL);
	CU_ASSERT_EQUAL(atomic_load(&finished), n);
}

/* One job that cannot be written harms no other of its group. */
static void test_bad_job(void)
{
	struct up_job jobs[21];
	struct up_store_stats stats;
	struct fixture f;

	fixture_open(&f, true);
	fixture_enrol(&f);
	atomic_store(&finished, 0);
	pthread_mutex_lock(&f.store->write_lock);        /* the writer waits, the others gather */
	for (int i = 0; i < 21; i++) {
		jobs[i] = fixture_decide(&f, i != 5);
		jobs[i].done = count_done;
		if (i == 10)
			jobs[i].record.purpose = UP_SPAN_LIT("\xff");
		CU_ASSERT_EQUAL(up_store_submit(f.store, &jobs[i]), UP_OK);
	}
	pthread_mutex_unlock(&f.store->write_lock);
	wait_for(21);
	for (int i = 0; i < 21; i++) {
		CU_ASSERT_EQUAL(jobs[i].err, i == 10 ? UP_E_STORE : i == 5 ? UP_E_PASSWORD : UP_OK);
		CU_ASSERT_EQUAL(jobs[i].out_role != NULL, i != 5 && i != 10);
		up_store_role_free(&jobs[i].out_role);
	}
	up_store_stats(f.store, &stats);
	CU_ASSERT_EQUAL(stats.failures, 1);
	CU_ASSERT_EQUAL(up_store_healthy(f.store), UP_OK);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT max(seq) FROM usage"), 22 + FIXTURE_CHANGES);
	CU_ASSERT(fixture_gapless(&f));
	fixture_close(&f);
}

static void test_queue(void)
{
	struct fixture f;
	struct up_job *jobs = calloc(UP_WRITER_QUEUE * 2 + 2, sizeof(*jobs));
	int taken = 0;
	enum up_err e = UP_OK;

	CU_ASSERT_PTR_NOT_NULL_FATAL(jobs);
	fixture_open(&f, true);
	atomic_store(&finished, 0);
	pthread_mutex_lock(&f.store->write_lock);
	while (e == UP_OK && taken < UP_WRITER_QUEUE * 2 + 1) {
		jobs[taken] = (struct up_job){ .kind = UP_JOB_RECORD, .now_ms = NOW, .record = fixture_record("login.scan"), .done = count_done };
		e = up_store_submit(f.store, &jobs[taken]);
		taken += e == UP_OK;
	}
	CU_ASSERT_EQUAL(e, UP_E_BUSY);
	CU_ASSERT(taken >= UP_WRITER_QUEUE);
	pthread_mutex_unlock(&f.store->write_lock);
	up_store_close(&f.store);                /* finishes what waits */
	CU_ASSERT_EQUAL(atomic_load(&finished), taken);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM usage"), taken + FIXTURE_CHANGES);
	CU_ASSERT(fixture_gapless(&f));
	fixture_close(&f);
	free(jobs);
}

static struct fixture shared;
static atomic_int wrong, locked, other;
static void *many(void *arg)
{
	int n = *(int *)arg;

	for (int i = 0; i < n; i++) {
		struct up_job job = fixture_decide(&shared, true);
		enum up_err e = up_store_run(shared.store, &job);

		atomic_fetch_add(&other, e != UP_OK);
		up_store_role_free(&job.out_role);
	}
	return NULL;
}

static void in_threads(int n, void *(*fn)(void *), void *arg)
{
	pthread_t t[64];

	for (int i = 0; i < n; i++)
		CU_ASSERT_EQUAL_FATAL(pthread_create(&t[i], NULL, fn, arg), 0);
	for (int i = 0; i < n; i++)
		pthread_join(t[i], NULL);
}

static void test_threads(void)
{
	struct up_store_stats stats;
	int each = 1000;

	fixture_open(&shared, true);
	fixture_enrol(&shared);
	atomic_store(&other, 0);
	in_threads(8, many, &each);
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

static void count_and_free(struct up_job *job)
{
	free(job);
	atomic_fetch_add(&finished, 1);
}

static void *submit_until_drained(void *arg)
{
	while (!atomic_load(&drained)) {
		struct up_job *job = calloc(1, sizeof(*job));

		if (job == NULL)
			abort();
		*job = (struct up_job){ .kind = UP_JOB_RECORD, .now_ms = NOW,
			.record = fixture_record("login.scan"), .done = count_and_free };
		atomic_fetch_add(&accepted, 1);
		if (up_store_submit(shared.store, job) != UP_OK) {
			atomic_fetch_sub(&accepted, 1);
			free(job);
		}
	}
	return arg;
}

/* The store closes while others submit: what it took is done, what comes later is refused. Worth
 * most under ThreadSanitizer. */
static void test_drain(void)
{
	struct up_job late = {
	    .kind = UP_JOB_RECORD, .now_ms = NOW, .record = fixture_record("login.scan") };
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
	CU_ASSERT_EQUAL(up_store_run(shared.store, &late), UP_E_BUSY);
	CU_ASSERT_EQUAL(atomic_load(&finished), atomic_load(&accepted));
	CU_ASSERT_EQUAL(fixture_count(&shared, "SELECT count(*) FROM usage"),
	    atomic_load(&accepted) + FIXTURE_CHANGES);
	CU_ASSERT(fixture_gapless(&shared));
	fixture_close(&shared);
}

static void *try_wrong(void *arg)
{
	struct up_job job = fixture_decide(&shared, false);
	enum up_err e = up_store_run(shared.store, &job);

	(void)arg;
	atomic_fetch_add(&wrong, e == UP_E_PASSWORD);
	atomic_fetch_add(&locked, e == UP_E_LOCKED);
	return NULL;
}

static void test_parallel_guesses(void)
{
	fixture_open(&shared, true);
	fixture_enrol(&shared);
	atomic_store(&wrong, 0);
	atomic_store(&locked, 0);
	in_threads(64, try_wrong, NULL);
	CU_ASSERT_EQUAL(atomic_load(&wrong), 5);
	CU_ASSERT_EQUAL(atomic_load(&locked), 59);       /* the sixth error locks */
	CU_ASSERT_EQUAL(fixture_count(&shared, "SELECT errors FROM device"), 6);
	fixture_reopen(&shared, true);
	CU_ASSERT_EQUAL(run_job(&shared, fixture_decide(&shared, true)), UP_E_LOCKED);
	CU_ASSERT_EQUAL(fixture_count(&shared, "SELECT max(seq) FROM usage"), 67 + FIXTURE_CHANGES);
	fixture_close(&shared);
}

/* --- disk and locks --------------------------------------------------------------------------------------------------------------------- */

static struct up_job scan(void)
{
	return (struct up_job){ .kind = UP_JOB_RECORD, .now_ms = NOW, .record = fixture_record("login.scan") };
}

/* In a process of its own: no file may grow past LIMIT, as if the disk were full. */
static int fill_disk(struct fixture *f)
{
	struct rlimit limit = { 200000, RLIM_INFINITY };
	int64_t answered = 0;
	enum up_err e = UP_OK;

	signal(SIGXFSZ, SIG_IGN);
	if (fixture_connect(f->database, true, &f->store) != UP_OK ||
	    setrlimit(RLIMIT_FSIZE, &limit) != 0)
		return 1;
	for (int i = 0; i < 2000 && e == UP_OK; i++) {
		e = run_job(f, scan());
		answered += e == UP_OK;
	}
	limit.rlim_cur = 1;                      /* nor for the smallest change */
	if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
		return 6;
	if (e != UP_E_STORE || run_job(f, scan()) != UP_E_STORE || up_store_healthy(f->store) != UP_E_STORE)
		return 2;
	limit.rlim_cur = RLIM_INFINITY;
	if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
		return 3;
	sleep(1);                                /* the next probe */
	if (up_store_healthy(f->store) != UP_OK || run_job(f, scan()) != UP_OK)
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
	CU_ASSERT_EQUAL(run_job(&f, scan()), UP_E_STORE);
	CU_ASSERT_EQUAL(up_store_healthy(f.store), UP_E_STORE);
	CU_ASSERT_EQUAL(up_db_commit(db), UP_OK);
	CU_ASSERT_EQUAL(run_job(&f, scan()), UP_OK);
	CU_ASSERT_EQUAL(up_store_healthy(f.store), UP_OK);
	up_db_close(&db);
	fixture_close(&f);
}

/* --- processes --------------------------------------------------------------------------------------------------------------------------- */

static int write_many(struct fixture *f)
{
	int each = 100;

	if (fixture_connect(f->database, true, &f->store) != UP_OK)
		return 1;
	shared = *f;
	atomic_store(&other, 0);
	in_threads(4, many, &each);
	up_store_close(&f->store);
	return atomic_load(&other) != 0;
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
	(void)arg;
	for (;;) {
		struct up_job job = fixture_redeem(&shared, "");
		struct answered a;

		if (up_tx_draw(job.session) != UP_OK || up_store_run(shared.store, &job) != UP_OK)
			_exit(1);
		up_store_role_free(&job.out_role);
		a.seq = job.out_seq;
		memcpy(a.leaf, job.out_leaf, 32);
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
		in_threads(8, tell, NULL);
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
    test_failing_steps, test_bad_job, test_queue, test_threads, test_drain, test_parallel_guesses,
    test_foreign_lock)
