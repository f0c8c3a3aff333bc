/* SPDX-License-Identifier: Apache-2.0
 * kill -9 at any moment of every operation: it was never made, or whole, with its records; and who
 * asks for it again has it. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "server/db/copy.h"
#include "server/db/engine.h"
#include "server/store/act.h"
#include "store_actions.h"

/* Of each: 200 in all, and on a server, where a database and a process cost, fewer. */
#define KILLS (fixture_on_postgres() ? 2 : 5)

static int steps;                        /* left until it is told */
static int teller = -1;                  /* by a byte, here */
static bool stays;                       /* there, until it is killed: else it goes on */
static unsigned seed;

static enum up_db_trouble step(void)
{
	if (steps-- == 0 && teller >= 0) {
		(void)!write(teller, "", 1);
		while (stays)
			pause();
	}
	return UP_DB_FINE;
}

/* --- what stands, in a number --- */

static int64_t weight(void)
{
	static uint64_t state;

	state = state * 6364136223846793005u + 1442695040888963407u;
	return (int64_t)(state >> 27);
}

/* Rows, and values in each column; of a status, how often each. */
static void put_table(const struct up_copy_table *table, struct up_buf *sql)
{
	char columns[400], *rest = columns;
	const char *column;

	up_buf_printf(sql, "(SELECT %lld * count(*)", (long long)weight());
	snprintf(columns, sizeof(columns), "%s", table->columns);
	while ((column = strsep(&rest, ",")) != NULL) {
		column += strspn(column, " ");
		up_buf_printf(sql, " + %lld * count(%s)", (long long)weight(), column);
		if (strcmp(column, "status") == 0)
			up_buf_printf(sql, " + %lld * coalesce(sum(CASE status WHEN 'live' THEN 1"
			    " WHEN 'ended' THEN 100 WHEN 'open' THEN 10000 ELSE 1000 END), 0)",
			    (long long)weight());
	}
	up_buf_printf(sql, " FROM %s)", table->name);
}

static int64_t stands(struct fixture *f)
{
	static struct up_buf sql;
	size_t n;
	const struct up_copy_table *tables = up_copy_tables(&n);

	if (sql.n == 0) {
		up_buf_put_str(&sql, "SELECT 0");
		for (size_t i = 0; i < n; i++) {
			up_buf_put_str(&sql, " + ");
			put_table(&tables[i], &sql);
		}
	}
	return fixture_count(f, up_buf_cstr(&sql));
}

/* --- one action --- */

struct whole { int steps; int64_t stands; };

static struct whole run_whole(size_t i)
{
	const int many = 1000;
	struct whole whole;
	struct fixture f;

	action_prepare(&f, i);
	f.store->write.db->fault = step;
	steps = many;
	UP_CHECK(action_at(i)->act(&f) == action_at(i)->good, action_at(i)->name);
	whole.steps = many - steps;
	whole.stands = stands(&f);
	fixture_close(&f);
	return whole;
}

/* In a process of its own: acts, and waits to be killed. */
static void live(struct fixture *f, size_t i, int at)
{
	if (fixture_connect(f->database, false, &f->store) != UP_OK)
		_exit(1);
	f->store->write.db->fault = step;
	steps = at;
	(void)!action_at(i)->act(f);
	(void)!write(teller, "", 1);     /* if that step did not come */
	for (;;)
		pause();
}

/* Before the step AT, or a little later: a process that runs is some steps further, and mostly at
 * its commit, when a signal comes. */
static void kill_at(struct fixture *f, size_t i, int at)
{
	const struct timespec wait = { 0, rand_r(&seed) % 400 * 1000L };
	int ends[2];
	char c;
	pid_t child;

	stays = rand_r(&seed) % 2 == 0;
	CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		teller = ends[1];
		live(f, i, at);
	}
	close(ends[1]);
	CU_ASSERT_EQUAL(read(ends[0], &c, 1), 1);
	if (!stays)
		nanosleep(&wait, NULL);
	kill(child, SIGKILL);
	CU_ASSERT_EQUAL(waitpid(child, NULL, 0), child);
	close(ends[0]);
	fixture_quiet(f);
}

/* Often the last one, the commit, or after it. */
static int some_step(const struct whole *whole)
{
	return rand_r(&seed) % 3 == 0 ? whole->steps - rand_r(&seed) % 2
				      : rand_r(&seed) % whole->steps;
}

static int nothing, all;

/* Once; is the database as it was? */
static bool killed(struct fixture *f, size_t i, const struct whole *whole)
{
	uint8_t before[32], after[32];
	bool same;

	fixture_digest(f, before);
	up_store_close(&f->store);
	kill_at(f, i, some_step(whole));
	CU_ASSERT_EQUAL_FATAL(fixture_connect(f->database, false, &f->store), UP_OK);
	fixture_digest(f, after);
	same = memcmp(before, after, 32) == 0;
	UP_CHECK(same || stands(f) == whole->stands, action_at(i)->name);
	UP_CHECK(fixture_gapless(f), action_at(i)->name);
	*(same ? &nothing : &all) += 1;
	return same;
}

static void kill_action(size_t i)
{
	const struct whole whole = run_whole(i);
	struct fixture f;
	bool same = true;

	action_prepare(&f, i);
	for (int n = 0; n < KILLS; n++) {
		if (!same) {
			fixture_close(&f);
			action_prepare(&f, i);
		}
		same = killed(&f, i, &whole);
	}
	if (same) {
		UP_CHECK(action_at(i)->act(&f) == action_at(i)->good, action_at(i)->name);
		UP_CHECK(stands(&f) == whole.stands, action_at(i)->name);
	}
	fixture_close(&f);
}

static void test_each(void)
{
	seed = (unsigned)time(NULL);
	for (size_t i = 0; i < actions_n(); i++)
		kill_action(i);
	CU_ASSERT_EQUAL(nothing + all, KILLS * (int)actions_n());
	printf(" %d as before, %d whole ", nothing, all);
	/* an operation that nobody kills here is missed */
	for (size_t kind = 0; kind < UP_OPS; kind++)
		UP_CHECK(fixture_tried[kind], up_op_rows[kind].name);
}

UP_SUITE("store kill", test_each)
