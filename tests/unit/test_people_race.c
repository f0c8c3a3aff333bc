/* SPDX-License-Identifier: Apache-2.0
 * Two who do what excludes the other at the same time: one of two outcomes, and none between. */
#include <pthread.h>
#include <string.h>

#include "test_people_fixture.h"

#define PAIRS 100
#define ITEM "annual-report"

static struct fixture f;
static struct holder li, m;

static void begin(void)
{
	people_now_ms = NOW;
	fixture_open(&f, true);
	people_principal(&f, &li);
	m = people_make(&f, &li, UP_ROLE_MANAGER, 0);
}

/* Each who was refused has a record of it, and nobody else. */
static int64_t refused(const char *event)
{
	return people_records(&f, event, "refused");
}

static void end(void)
{
	people_agree(&f);
	fixture_close(&f);
}

struct side {
	enum up_err (*act)(struct side *);
	pthread_barrier_t *start;
	struct holder by, one;
	struct given given;
	enum up_err err;
};

static void *run(void *arg)
{
	struct side *side = arg;

	pthread_barrier_wait(side->start);
	side->err = side->act(side);
	return NULL;
}

static void both(struct side *a, struct side *b)
{
	pthread_barrier_t start;
	pthread_t t[2];

	pthread_barrier_init(&start, NULL, 2);
	a->start = b->start = &start;
	CU_ASSERT_EQUAL_FATAL(pthread_create(&t[0], NULL, run, a), 0);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&t[1], NULL, run, b), 0);
	pthread_join(t[0], NULL);
	pthread_join(t[1], NULL);
	pthread_barrier_destroy(&start);
}

static enum up_err add(struct side *s)
{
	return people_add(&f, &s->by, &s->one);
}

static enum up_err take(struct side *s)
{
	return people_take(&f, &s->one, s->one.code);
}

static enum up_err delete(struct side *s)
{
	return people_delete(&f, &s->by, &s->one, NULL);
}

static enum up_err grant(struct side *s)
{
	return people_grant(&f, &s->by, &s->one, TODAY, TODAY, &s->given);
}

static enum up_err cancel(struct side *s)
{
	return people_cancel(&f, &s->by, s->given.grant);
}

static enum up_err redeem(struct side *s)
{
	return people_redeem(&f, &s->one, ITEM, s->given.grant, NULL);
}

/* The last place of three. */
static void test_last_place(void)
{
	struct holder kept = { .who = 1, .is = UP_ROLE_MANAGER };
	int first = 0;

	begin();
	CU_ASSERT_EQUAL(people_add(&f, &li, &kept), UP_OK);
	for (int i = 0; i < PAIRS; i++) {
		struct side a = { .act = add, .by = li };
		struct side b = { .act = add, .by = li };

		a.one = (struct holder){ .who = 2, .is = UP_ROLE_MANAGER };
		b.one = (struct holder){ .who = 3, .is = UP_ROLE_MANAGER };
		both(&a, &b);
		CU_ASSERT((a.err == UP_OK && b.err == UP_E_MANAGERS) ||
		    (a.err == UP_E_MANAGERS && b.err == UP_OK));
		CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM role"
		    " WHERE role = 'manager' AND status <> 'ended'"), 3);
		first += a.err == UP_OK;
		CU_ASSERT_EQUAL(
		    people_delete(&f, &li, a.err == UP_OK ? &a.one : &b.one, NULL), UP_OK);
	}
	CU_ASSERT_EQUAL(refused("people.add"), PAIRS);
	CU_ASSERT_EQUAL(refused("people.delete"), 0);
	printf(" %d:%d ", first, PAIRS - first);
	end();
}

/* Deleted while she takes the role: it is over in both orders. */
static void test_delete_take(void)
{
	int taken = 0;

	begin();
	for (int i = 0; i < PAIRS; i++) {
		struct side a = { .act = delete, .by = m, .one = { .who = 1, .is = UP_ROLE_USER } };
		struct side b = { .act = take, .one = a.one };

		CU_ASSERT_EQUAL_FATAL(people_add(&f, &m, &a.one), UP_OK);
		b.one = a.one;
		both(&a, &b);
		CU_ASSERT_EQUAL(a.err, UP_OK);
		CU_ASSERT(b.err == UP_OK || b.err == UP_E_CODE);
		taken += b.err == UP_OK;
		CU_ASSERT(b.err != UP_OK || people_login(&f, &b.one, "") == UP_E_ENDED);
	}
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM role"
	    " WHERE role = 'user' AND status <> 'ended'"), 0);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM device"
	    " WHERE status = 'live'"), 2);
	CU_ASSERT_EQUAL(people_records(&f, "people.delete", "ok"), PAIRS);
	CU_ASSERT_EQUAL(refused("enrolment.done"), PAIRS - taken);
	printf(" %d:%d ", taken, PAIRS - taken);
	end();
}

/* Granted while she is deleted, by the cascade: the grant ends with her, or is refused. */
static void test_grant_delete(void)
{
	int granted = 0;

	begin();
	for (int i = 0; i < PAIRS; i++) {
		struct side a = { .act = delete, .by = li };
		struct side b = { .act = grant };

		a.one = people_make(&f, &li, UP_ROLE_MANAGER, 1);
		b.by = a.one;
		b.one = people_make(&f, &a.one, UP_ROLE_USER, 2);
		both(&a, &b);
		CU_ASSERT_EQUAL(a.err, UP_OK);
		CU_ASSERT(b.err == UP_OK || b.err == UP_E_ENDED);
		granted += b.err == UP_OK;
	}
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM item_grant"), granted);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM item_grant"
	    " WHERE status <> 'ended'"), 0);
	CU_ASSERT_EQUAL(people_records(&f, "people.delete", "ok"), 2 * PAIRS);
	CU_ASSERT_EQUAL(refused("grant.add"), PAIRS - granted);
	printf(" %d:%d ", granted, PAIRS - granted);
	end();
}

/* Cancelled while what she approved is redeemed: a session, or none; no further one. */
static void test_cancel_redeem(void)
{
	struct holder u;
	int redeemed = 0;

	begin();
	u = people_make(&f, &m, UP_ROLE_USER, 1);
	for (int i = 0; i < PAIRS; i++) {
		struct side a = { .act = cancel, .by = m };
		struct side b = { .act = redeem, .one = u };

		CU_ASSERT_EQUAL_FATAL(
		    people_grant(&f, &m, &u, TODAY, TODAY, &a.given), UP_OK);
		CU_ASSERT_EQUAL_FATAL(people_take(&f, &u, a.given.code), UP_OK);
		CU_ASSERT_EQUAL(people_login(&f, &u, ITEM), UP_OK);
		b.given = a.given;
		both(&a, &b);
		CU_ASSERT_EQUAL(a.err, UP_OK);
		CU_ASSERT(b.err == UP_OK || b.err == UP_E_ITEM_GRANT);
		redeemed += b.err == UP_OK;
		CU_ASSERT_EQUAL(people_login(&f, &u, ITEM), UP_E_ITEM_GRANT);
	}
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM session"), redeemed);
	CU_ASSERT_EQUAL(people_records(&f, "grant.cancel", "ok"), PAIRS);
	CU_ASSERT_EQUAL(refused("login.redeem"), PAIRS - redeemed);
	printf(" %d:%d ", redeemed, PAIRS - redeemed);
	end();
}

UP_SUITE("people race", test_last_place, test_delete_take, test_grant_delete, test_cancel_redeem)
