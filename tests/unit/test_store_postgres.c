/* SPDX-License-Identifier: Apache-2.0
 * The store on a PostgreSQL that is disturbed: cut connections, restarts, deadlocks, and two
 * servers for one database. What was answered is on record, what failed is not. */
#include <libpq-fe.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "test_store_fixture.h"

static struct fixture shared;
static atomic_int good, bad;
static atomic_bool stop;

static void pause_ms(long ms)
{
	const struct timespec t = { ms / 1000, ms % 1000 * 1000000L };

	nanosleep(&t, NULL);
}

static int64_t records_of(struct fixture *f, const char *event)
{
	char sql[160];

	snprintf(sql, sizeof(sql), "SELECT count(*) FROM usage"
	    " WHERE convert_from(body, 'UTF8') LIKE '%%\"event\":\"%s\"%%'", event);
	return fixture_count(f, sql);
}

/* Filled, and its store closed: the tests open it in their own ways. */
static void make_database(struct fixture *f)
{
	fixture_open(f, false);
	fixture_enrol(f);
	up_store_close(&f->store);
}

static void *approve(void *arg)
{
	while (!atomic_load(&stop))
		atomic_fetch_add(fixture_decide_often(&shared, 1) == 0 ? &good : &bad, 1);
	return arg;
}

static void *load(void *arg)
{
	fixture_threads(8, approve, NULL);
	return arg;
}

static pthread_t start_load(const struct fixture *f, const char *database)
{
	pthread_t thread;

	shared = *f;
	atomic_store(&stop, false);
	atomic_store(&good, 0);
	atomic_store(&bad, 0);
	CU_ASSERT_EQUAL_FATAL(fixture_connect(database, true, &shared.store), UP_OK);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, load, NULL), 0);
	return thread;
}

static void end_load(pthread_t thread)
{
	atomic_store(&stop, true);
	pthread_join(thread, NULL);
	up_store_close(&shared.store);
}

/* --- the connection is cut around commits --- */

static void test_cut(void)
{
	static const enum proxy_mode modes[] = { PROXY_CUT_BEFORE, PROXY_CUT_AFTER,
		PROXY_CUT_AT_ONCE, PROXY_HALF_BEFORE, PROXY_HALF_AFTER };
	struct fixture f;
	struct proxy *proxy;
	char url[POSTGRES_URL];
	pthread_t thread;
	int cuts = 0;

	make_database(&f);
	proxy = proxy_start(f.database, url);
	thread = start_load(&f, url);
	for (int i = 0; i < 20; i++) {
		proxy_arm(proxy, modes[(size_t)i % UP_ARRAY_LEN(modes)]);
		for (int waited = 0; waited < 3000 && !proxy_did(proxy); waited += 10)
			pause_ms(10);
		cuts += proxy_did(proxy);
		pause_ms(100);
	}
	end_load(thread);
	CU_ASSERT_EQUAL(cuts, 20);
	CU_ASSERT(atomic_load(&good) > 0);
	CU_ASSERT_EQUAL(records_of(&f, "login.approve"), atomic_load(&good));
	CU_ASSERT(fixture_gapless(&f));
	proxy_stop(&proxy);
	fixture_close(&f);
}

/* --- the server stops and comes back --- */

static bool healthy_soon(void)
{
	for (int i = 0; i < 100; i++) {
		if (up_store_healthy(shared.store) == UP_OK)
			return true;
		pause_ms(100);
	}
	return false;
}

static void test_restart(void)
{
	static const char *const modes[] = { "fast", "immediate", "fast" };
	const char *usual = getenv("UNITPASS_POSTGRES");
	struct postgres_server server = { 0 };
	struct fixture f;
	pthread_t thread;

	postgres_server_start(&server, "");
	setenv("UNITPASS_POSTGRES", server.base, 1);
	make_database(&f);
	thread = start_load(&f, f.database);
	for (size_t i = 0; i < UP_ARRAY_LEN(modes); i++) {
		int before = atomic_load(&good);

		pause_ms(500);
		postgres_server_stop(&server, modes[i]);
		pause_ms(300);
		UP_CHECK(up_store_healthy(shared.store) != UP_OK, modes[i]);
		postgres_server_start(&server, "");
		UP_CHECK(healthy_soon(), modes[i]);
		pause_ms(500);
		UP_CHECK(atomic_load(&good) > before, modes[i]);
	}
	end_load(thread);
	CU_ASSERT(atomic_load(&bad) > 0);
	CU_ASSERT_EQUAL(records_of(&f, "login.approve"), atomic_load(&good));
	CU_ASSERT(fixture_gapless(&f));
	fixture_close(&f);
	if (usual != NULL)
		setenv("UNITPASS_POSTGRES", usual, 1);
	else
		unsetenv("UNITPASS_POSTGRES");
	postgres_server_drop(&server);
}

/* --- a transaction that the database asks to make again --- */

static void test_serialization(void)
{
	struct up_op_redeem redeem;
	struct fixture f;

	make_database(&f);
	CU_ASSERT_EQUAL(fixture_change(&f, "CREATE SEQUENCE tries;"
	    "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
	    " IF nextval('tries') < 3 THEN RAISE EXCEPTION USING ERRCODE = '40001'; END IF;"
	    " RETURN NEW; END $$;"
	    "CREATE TRIGGER refuse BEFORE INSERT ON session"
	    " FOR EACH ROW EXECUTE FUNCTION refuse()"), UP_OK);
	CU_ASSERT_EQUAL_FATAL(fixture_connect(f.database, true, &f.store), UP_OK);
	redeem = fixture_redeem(&f, "s000000000000000000001");
	CU_ASSERT_EQUAL(fixture_run(&f, &redeem.op), UP_OK);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT last_value FROM tries"), 3);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM session"), 1);
	CU_ASSERT_EQUAL(records_of(&f, "login.redeem"), 1);
	CU_ASSERT(fixture_gapless(&f));
	fixture_close(&f);
}

/* The foreigner has a row that we want, and wants the lock that we have. */
static void *want_lock(void *arg)
{
	PGconn *foreign = arg;

	PQclear(PQexec(foreign, "SELECT pg_advisory_xact_lock(8461816698698298227)"));
	PQclear(PQexec(foreign, "COMMIT"));
	return NULL;
}

static void *approve_wrongly(void *arg)
{
	struct up_op_decide decide = fixture_decide(&shared, false);

	*(enum up_err *)arg = fixture_run(&shared, &decide.op);
	return NULL;
}

static void test_deadlock(void)
{
	pthread_t ours, theirs;
	enum up_err err = UP_OK;
	struct fixture f;
	PGconn *foreign;

	make_database(&f);
	CU_ASSERT_EQUAL_FATAL(fixture_connect(f.database, true, &f.store), UP_OK);
	shared = f;
	foreign = PQconnectdb(f.base.admin);
	PQclear(
	    PQexec(foreign, "SET deadlock_timeout = '60s'; BEGIN; UPDATE device SET name = ''"));
	CU_ASSERT_EQUAL_FATAL(pthread_create(&ours, NULL, approve_wrongly, &err), 0);
	CU_ASSERT(postgres_wait(f.base.admin, "SELECT count(*) FROM pg_stat_activity"
	    " WHERE wait_event_type = 'Lock' AND datname = current_database()", 1));
	CU_ASSERT_EQUAL_FATAL(pthread_create(&theirs, NULL, want_lock, foreign), 0);
	pthread_join(ours, NULL);
	pthread_join(theirs, NULL);
	CU_ASSERT_EQUAL(err, UP_E_PASSWORD);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT errors FROM device"), 1);
	CU_ASSERT_EQUAL(records_of(&f, "login.approve"), 1);
	CU_ASSERT(fixture_gapless(&f));
	PQfinish(foreign);
	up_store_close(&f.store);        /* what it counted is told with its end */
	CU_ASSERT(postgres_wait(f.base.admin, "SELECT deadlocks FROM pg_stat_database"
	    " WHERE datname = current_database()", 1));
	fixture_close(&f);
}

/* --- two servers, one database --- */

#define SESSIONS 200

/* How many of the same sessions became ours. */
static int redeem_all(struct fixture *f)
{
	int mine = 0;

	if (fixture_connect(f->database, true, &f->store) != UP_OK)
		return 255;
	for (int i = 0; i < SESSIONS; i++) {
		char session[UP_STORE_REF + 1];
		struct up_op_redeem redeem;

		snprintf(session, sizeof(session), "s%021d", i);
		redeem = fixture_redeem(f, session);
		mine += fixture_run(f, &redeem.op) == UP_OK;
	}
	up_store_close(&f->store);
	return mine;
}

static void test_two_servers(void)
{
	struct fixture f;
	pid_t child[2];
	int all = 0;

	make_database(&f);
	for (int i = 0; i < 2; i++) {
		child[i] = fork();
		if (child[i] == 0)
			_exit(redeem_all(&f));
	}
	for (int i = 0; i < 2; i++) {
		int status = -1;

		CU_ASSERT_EQUAL(waitpid(child[i], &status, 0), child[i]);
		CU_ASSERT_FATAL(WIFEXITED(status));
		all += WEXITSTATUS(status);
	}
	CU_ASSERT_EQUAL(all, SESSIONS);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM session"), SESSIONS);
	CU_ASSERT_EQUAL(records_of(&f, "login.redeem"), 2 * SESSIONS);
	CU_ASSERT(fixture_gapless(&f));
	fixture_close(&f);
}

/* The fixture's engine is PostgreSQL here, always. */
static void test_engine(void)
{
	CU_ASSERT_EQUAL_FATAL(setenv("UNITPASS_ENGINE", "postgresql", 1), 0);
	CU_ASSERT(fixture_on_postgres());
}

UP_SUITE("store postgres", test_engine, test_cut, test_restart, test_serialization, test_deadlock,
    test_two_servers)
