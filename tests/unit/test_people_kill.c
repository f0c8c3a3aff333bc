/* SPDX-License-Identifier: Apache-2.0
 * kill -9 at any moment of what holders do: what the records tell, and what stands, are the
 * same. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "test_people_fixture.h"

#define KILLS 40                         /* or UNITPASS_KILLS */

static struct fixture f;
static struct holder li;

/* Users of LI come, are given something, take it, lose it, and go; each thread has its own. */
static void *live(void *arg)
{
	static atomic_int threads;
	int who = 10 + atomic_fetch_add(&threads, 1) * 20;

	for (int i = 0;; i++) {
		struct holder one = { .who = who + i % 20, .is = UP_ROLE_USER };
		struct given given;

		if (people_add(&f, &li, &one) == UP_OK &&
		    people_grant(&f, &li, &one, TODAY, TODAY, &given) == UP_OK &&
		    people_take(&f, &one, given.code) == UP_OK) {
			(void)people_login(&f, &one, "annual-report");
			(void)people_cancel(&f, &li, given.grant);
			(void)people_end_phone(&f, &li, one.phone);
		}
		(void)people_delete(&f, &li, &one, NULL);
	}
	return arg;
}

struct left { struct holder list[8]; size_t n; };

static int leave(void *arg, const struct up_people_view *p)
{
	struct left *left = arg;
	struct holder *one = &left->list[left->n++];

	one->is = p->role;
	snprintf(one->ref, sizeof(one->ref), "%.*s", (int)p->ref.n, (const char *)p->ref.p);
	return left->n == UP_ARRAY_LEN(left->list);
}

/* Those go first whom the one who was killed left: to add them would make a code, and no edge. */
static void clear_away(void)
{
	const struct up_page all = { 0, 0 };
	struct left left = { .n = 0 };
	struct up_role *viewer;

	if (up_store_role(f.store, li.role, li.device, &viewer) != UP_OK ||
	    up_store_people(f.store, viewer, UP_ROLE_USER, &all, leave, &left) != UP_OK)
		_exit(1);
	up_store_role_free(&viewer);
	for (size_t i = 0; i < left.n; i++)
		if (people_delete(&f, &li, &left.list[i], NULL) != UP_OK)
			_exit(1);
}

static void killed_once(unsigned *seed)
{
	const struct timespec wait = { 0, rand_r(seed) % 60 * 1000000L };
	int ends[2];
	char c;
	pid_t child;

	CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		if (fixture_connect(f.database, true, &f.store) != UP_OK)
			_exit(1);
		clear_away();
		(void)!write(ends[1], "", 1);
		fixture_threads(4, live, NULL);
		_exit(1);
	}
	close(ends[1]);
	CU_ASSERT_EQUAL(read(ends[0], &c, 1), 1);
	close(ends[0]);
	nanosleep(&wait, NULL);
	kill(child, SIGKILL);
	CU_ASSERT_EQUAL(waitpid(child, NULL, 0), child);
	fixture_quiet(&f);
	CU_ASSERT_EQUAL_FATAL(fixture_connect(f.database, false, &f.store), UP_OK);
	people_agree(&f);
	up_store_close(&f.store);
}

static void test_kill(void)
{
	const char *often = getenv("UNITPASS_KILLS");
	unsigned seed = (unsigned)time(NULL);

	people_now_ms = NOW;
	fixture_open(&f, false);
	people_principal(&f, &li);
	up_store_close(&f.store);
	for (int i = 0; i < (often != NULL ? atoi(often) : KILLS); i++)
		killed_once(&seed);
	printf(" %lld records ", (long long)fixture_count(&f, "SELECT max(seq) FROM usage"));
	fixture_close(&f);
}

UP_SUITE("people kill", test_kill)
