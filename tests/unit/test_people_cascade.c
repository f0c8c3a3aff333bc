/* SPDX-License-Identifier: Apache-2.0
 * What the store's statements end when somebody is deleted, beside what core says that ends
 * (up_authority_delete): people are added, taken and deleted by chance, and after each deletion the
 * rows of all edges are compared. */
#include <string.h>

#include "test_people_fixture.h"

#define MANAGERS 3
#define USERS 6
#define EDGES_MAX 300
#define STEPS 90

static struct fixture f;
static struct holder givers[1 + MANAGERS];       /* the principal first; role 0: not there */
static struct holder users[1 + MANAGERS][USERS]; /* by whom she was added last; ref "": by nobody */
static struct up_authority_edge edges[EDGES_MAX];
static size_t n_edges;
static uint64_t state;
static unsigned took_along, refused;

static int below(int n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (int)(state % (uint64_t)n);
}

/* One number an edge: a connection each time is what it costs. */
static struct up_authority_edge read_edge(size_t i)
{
	char sql[400];
	int64_t v;

	snprintf(sql, sizeof(sql), "SELECT ((holder * 10000 + coalesce(grantor, 0)) * 10"
	    " + CASE role WHEN 'principal' THEN %d WHEN 'manager' THEN %d ELSE %d END) * 10"
	    " + CASE status WHEN 'waiting' THEN %d WHEN 'live' THEN %d ELSE %d END"
	    " FROM role WHERE id = %d", UP_ROLE_PRINCIPAL, UP_ROLE_MANAGER, UP_ROLE_USER,
	    UP_EDGE_WAITING, UP_EDGE_LIVE, UP_EDGE_ENDED, (int)i + 1);
	v = fixture_count(&f, sql);
	return (struct up_authority_edge){ .id = (int64_t)i + 1, .holder = v / 1000000,
		.grantor = v / 100 % 10000, .role = (enum up_authority_role)(v / 10 % 10),
		.state = (enum up_authority_state)(v % 10) };
}

/* Ids count from 1: no edge is ever removed. */
static void read_edges(void)
{
	n_edges = (size_t)fixture_count(&f, "SELECT count(*) FROM role");
	CU_ASSERT_FATAL(n_edges <= EDGES_MAX);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT max(id) FROM role"), (int64_t)n_edges);
	for (size_t i = 0; i < n_edges; i++)
		edges[i] = read_edge(i);
}

static int64_t number_of(const struct holder *one)
{
	char sql[80];

	snprintf(sql, sizeof(sql), "SELECT id FROM holder WHERE ref = '%s'", one->ref);
	return fixture_count(&f, sql);
}

/* Hers, or any one for a principal; NULL: there is none that BY may delete. */
static const struct up_authority_edge *target_of(
    const struct holder *by, const struct holder *one)
{
	int64_t holder = number_of(one);

	for (size_t i = 0; i < n_edges; i++)
		if (edges[i].state != UP_EDGE_ENDED && edges[i].holder == holder &&
		    edges[i].role == one->is &&
		    (by->is == UP_ROLE_PRINCIPAL || edges[i].grantor == by->role))
			return &edges[i];
	return NULL;
}

static void compare(const bool ends[], size_t ended)
{
	char row[80];

	for (size_t i = 0; i < n_edges; i++) {
		struct up_authority_edge now = read_edge(i);

		snprintf(row, sizeof(row), "edge %zu of %zu, %zu end", i + 1, n_edges, ended);
		UP_CHECK(now.state == (ends[i] ? UP_EDGE_ENDED : edges[i].state), row);
		UP_CHECK(now.grantor == edges[i].grantor && now.holder == edges[i].holder, row);
	}
}

static void delete(const struct holder *by, const struct holder *one)
{
	const struct up_authority_edge *target;
	bool ends[EDGES_MAX] = { false };
	size_t want = 0, n;
	enum up_err err;

	read_edges();
	target = target_of(by, one);
	if (target != NULL)
		want = up_authority_delete(edges, n_edges, &edges[by->role - 1], target, ends);
	err = people_delete(&f, by, one, &n);
	CU_ASSERT_EQUAL(err, target != NULL ? UP_OK : UP_E_NOT_FOUND);
	CU_ASSERT_EQUAL(n, want);
	compare(ends, want);
	took_along += want > 1;
	refused += err != UP_OK;
}

static void drop_manager(int i)
{
	delete(&givers[0], &givers[i]);
	givers[i].role = 0;
}

static void make_manager(int i)
{
	givers[i] = people_make(&f, &givers[0], UP_ROLE_MANAGER, i);
}

static void step(void)
{
	int by = below(1 + MANAGERS), who = below(USERS), other = below(1 + MANAGERS);
	struct holder *user = &users[by][who];
	bool take = below(100) < 70;

	if (givers[by].role == 0) {
		make_manager(by);
	} else if (by > 0 && below(100) < 12) {
		drop_manager(by);
	} else if (below(100) < 70) {
		*user = (struct holder){ .who = 10 + who, .is = UP_ROLE_USER };
		CU_ASSERT_EQUAL(people_add(&f, &givers[by], user), UP_OK);
		if (take)
			CU_ASSERT_EQUAL(people_take(&f, user, user->code), UP_OK);
	} else if (givers[other].role != 0 && user->ref[0] != '\0') {
		delete(&givers[other], user);
	}
}

static void test_deletions(void)
{
	state = 0x9e3779b97f4a7c15u;
	people_now_ms = NOW;
	fixture_open(&f, false);
	people_principal(&f, &givers[0]);
	CU_ASSERT_EQUAL_FATAL(givers[0].role, 1);
	for (int i = 0; i < STEPS; i++)
		step();
	CU_ASSERT(took_along > 3 && refused > 3);
	CU_ASSERT(fixture_gapless(&f));
	fixture_close(&f);
}

UP_SUITE("people_cascade", test_deletions)
