/* SPDX-License-Identifier: Apache-2.0
 * Who may do what to whom: every use by every role to every kind of target, whoever acts how she
 * stands, and what ends with an edge. */
#include <string.h>

#include "authority_edges.h"

/* Whom it is done to. She who acts is edge 7, of a unit whose principal is edge 1 or she. */
enum target {
	NOBODY, USER_LIVE, USER_WAITING, USER_ENDED, USER_PENDING, USER_PHONELESS, MANAGER_OWN,
	USER_OF_OTHER, USER_OF_OTHER_WAITING, USER_OF_OTHER_ENDED, MANAGER_OTHER, PRINCIPAL,
	HERSELF, FOREIGN, FOREIGN_OWN, NO_ROLE, NO_STATE, TARGETS
};
static const char *const targets[TARGETS] = { "nobody", "her user", "her waiting user",
	"her ended user", "her pending user", "her user without phone", "her manager",
	"other's user", "other's waiting user", "other's ended user", "other manager", "principal",
	"herself", "another unit's", "another unit's by her number", "no role", "no state" };

static struct up_authority_edge target_of(enum target which)
{
	static const struct { enum up_authority_role role; enum stand stand; int64_t id, grantor;
	} rows[TARGETS] = {
		[USER_LIVE] =      { UP_ROLE_USER, ALIVE, 20, 7 },
		[USER_WAITING] =   { UP_ROLE_USER, WAITING, 21, 7 },
		[USER_ENDED] =     { UP_ROLE_USER, DELETED, 22, 7 },
		[USER_PENDING] =   { UP_ROLE_USER, PERSON_PENDING, 23, 7 },
		[USER_PHONELESS] = { UP_ROLE_USER, PHONE_ENDED, 24, 7 },
		[MANAGER_OWN] =    { UP_ROLE_MANAGER, ALIVE, 25, 7 },
		[USER_OF_OTHER] =  { UP_ROLE_USER, ALIVE, 26, 8 },
		[USER_OF_OTHER_WAITING] = { UP_ROLE_USER, WAITING, 27, 8 },
		[USER_OF_OTHER_ENDED] = { UP_ROLE_USER, DELETED, 28, 8 },
		[MANAGER_OTHER] =  { UP_ROLE_MANAGER, ALIVE, 8, 1 },
		[PRINCIPAL] =      { UP_ROLE_PRINCIPAL, ALIVE, 1, 0 },
		[HERSELF] =        { UP_ROLE_USER, ALIVE, 7, 7 },
		[FOREIGN] =        { UP_ROLE_USER, OTHER_UNIT, 30, 29 },
		[FOREIGN_OWN] =    { UP_ROLE_USER, OTHER_UNIT, 31, 7 },
		[NO_ROLE] =        { UP_ROLES, ALIVE, 32, 7 },
		[NO_STATE] =       { UP_ROLE_USER, ALIVE, 33, 7 },
	};
	struct up_authority_edge edge = edge_of(rows[which].role, rows[which].stand);

	edge.id = rows[which].id;
	edge.holder = edge.id * 10;
	edge.grantor = rows[which].grantor;
	if (which == NO_STATE)
		edge.state = 9;
	return edge;
}

/* --- the matrix --- */

/* Y may; R UP_E_ROLE; A UP_E_AUTHORISE; N UP_E_NOT_FOUND, which is one answer for all that she has
 * nothing to do with. Columns as enum target; a manager has no manager of her own, were it so she
 * might do to her as to a user, but grant. */
struct row {
	enum up_authority_use use;
	char principal[TARGETS + 1], manager[TARGETS + 1], without[TARGETS + 1] /* permission */,
	    user[TARGETS + 1];
};
#define NO_ONE "RRRRRRRRRRRRRRRRR"
#define NONE_A "AAAAAAAAAAAAAAAAA"
#define ALL    "YYYYYYYYYYYYYYYYY"
static const struct row rows[] = {
	/* nobody, live waiting ended pending phoneless user, manager; other's live waiting ended
	 * user, manager; principal, herself; foreign, foreign by number; no role, no state */
	{ UP_USE_ADD_MANAGER,   ALL, NO_ONE, NO_ONE, NO_ONE },
	{ UP_USE_ADD_USER,      ALL, ALL, NONE_A, NO_ONE },
	{ UP_USE_SEE,
	    "YYYNYYYYYNYNNNNNN", "YYYNYYYNNNNNNNNNN", "YYYNYYYNNNNNNNNNN", NO_ONE },
	{ UP_USE_SEE_USAGE_OF,
	    "NYYNYYYYYNYNNNNNN", "NYYNYYYNNNNNNNNNN", "NYYNYYYNNNNNNNNNN", NO_ONE },
	{ UP_USE_CODE,
	    "NYYNYYYNNNNNNNNNN", "NYYNYYYNNNNNNNNNN", NONE_A, NO_ONE },
	{ UP_USE_DELETE,
	    "NYYNYYYYYNYNNNNNN", "NYYNYYYNNNNNNNNNN", "NYYNYYYNNNNNNNNNN", NO_ONE },
	{ UP_USE_GRANT,
	    "YYYNYYNYYNNNNNNNN", "YYYNYYNNNNNNNNNNN", NONE_A, NO_ONE },
	{ UP_USE_CANCEL,
	    "NYYNYYNYYNNNNNNNN", "NYYNYYNNNNNNNNNNN", "NYYNYYNNNNNNNNNNN", NO_ONE },
	{ UP_USE_END_PHONE,
	    "NYYNYYYYYNYNNNNNN", "NYYNYYYNNNNNNNNNN", "NYYNYYYNNNNNNNNNN", NO_ONE },
	{ UP_USE_END_OWN_PHONE, ALL, ALL, ALL, ALL },
};

static enum up_err error_of(char cell)
{
	switch (cell) {
	case 'Y': return UP_OK;
	case 'R': return UP_E_ROLE;
	case 'A': return UP_E_AUTHORISE;
	case 'N': return UP_E_NOT_FOUND;
	}
	return UP_E_N;
}

/* Who may not act as things stand hears that, whatever she wants to do to whom. */
static enum up_err want_of(const struct row *row, enum up_authority_role role, bool authorise,
    enum stand stand, enum target target)
{
	const char *cells = role == UP_ROLE_PRINCIPAL ? row->principal :
	    role == UP_ROLE_USER ? row->user : authorise ? row->manager : row->without;

	if (cells[target] == 'R')
		return UP_E_ROLE;
	if (stand == SUSPENDED)
		return UP_E_SUSPENDED;
	return stand == ALIVE ? error_of(cells[target]) : UP_E_ROLE;
}

static void check_cell(const struct row *row, enum up_authority_role role, bool authorise,
    enum stand stand, enum target which)
{
	struct up_authority_edge edge = edge_of(role, stand);
	const struct up_authority_edge target = target_of(which);
	const struct up_authority_ask ask = { .use = row->use, .unit = UP_SPAN_LIT(UNIT),
		.now_s = day("2026-03-01") + 12 * 3600,
		.target = which == NOBODY ? NULL : &target };
	const enum up_err want = want_of(row, role, authorise, stand, which);
	struct up_authority_answer out;
	char text[160];

	edge.may_authorise = authorise;
	snprintf(text, sizeof(text), "use %d, %s%s, %s, to %s: %s", (int)row->use,
	    up_authority_role_name(role), authorise ? "" : " without permission", stands[stand],
	    targets[which], up_err_name(want));
	UP_CHECK(up_authority_may(&ask, &edge, &out) == want, text);
	UP_CHECK((out.lacks == 0) == (want == UP_OK), text);
}

static void test_matrix(void)
{
	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++)
		for (unsigned role = 0; role < UP_ROLES; role++)
			for (unsigned stand = 0; stand < STANDS; stand++)
				for (unsigned target = 0; target < TARGETS; target++) {
					check_cell(&rows[i], role, true, stand, target);
					check_cell(&rows[i], role, false, stand, target);
				}
	/* the table has a row for every use with others */
	CU_ASSERT_EQUAL(UP_ARRAY_LEN(rows), UP_USES - UP_USE_ADD_MANAGER);
}

/* Facts that nobody read permit nothing. */
static void test_empty(void)
{
	const struct up_authority_edge zero = { 0 };
	struct up_authority_edge edge = edge_of(UP_ROLE_MANAGER, ALIVE);
	struct up_authority_edge target = target_of(USER_LIVE);
	struct up_authority_ask ask = { .use = UP_USE_DELETE, .now_s = day("2026-03-01"),
		.target = &zero };
	struct up_authority_answer out;

	CU_ASSERT_EQUAL(up_authority_may(&ask, &edge, &out), UP_E_NOT_FOUND);
	ask.target = &target;
	target.unit.n = edge.unit.n = 0;
	CU_ASSERT_EQUAL(up_authority_may(&ask, &edge, &out), UP_E_NOT_FOUND);
	edge = edge_of(UP_ROLE_MANAGER, ALIVE);
	target = target_of(USER_LIVE);
	edge.id = target.grantor = 0;
	CU_ASSERT_EQUAL(up_authority_may(&ask, &edge, &out), UP_E_NOT_FOUND);
}

/* By the second of two edges she may; where neither does, the first tells why. */
static void test_consider(void)
{
	struct up_authority_edge user = edge_of(UP_ROLE_USER, ALIVE);
	const struct up_authority_edge manager = edge_of(UP_ROLE_MANAGER, ALIVE);
	const struct up_authority_edge hers = target_of(USER_LIVE);
	const struct up_authority_edge other = target_of(USER_OF_OTHER);
	struct up_authority_ask ask = { .use = UP_USE_DELETE, .now_s = day("2026-03-01"),
		.target = &hers };
	struct up_authority_answer best = { 0 };

	user.id = 6;
	CU_ASSERT_EQUAL(up_authority_consider(&ask, &user, &best), UP_E_ROLE);
	CU_ASSERT_EQUAL(up_authority_consider(&ask, &manager, &best), UP_OK);
	CU_ASSERT_PTR_EQUAL(best.edge, &manager);
	best = (struct up_authority_answer){ 0 };
	ask.target = &other;
	CU_ASSERT_EQUAL(up_authority_consider(&ask, &manager, &best), UP_E_NOT_FOUND);
	CU_ASSERT_EQUAL(up_authority_consider(&ask, &user, &best), UP_E_NOT_FOUND);
	CU_ASSERT_PTR_EQUAL(best.edge, &manager);
}

/* --- what ends --- */

/* A unit: principal 1, managers 2 and 3 (waiting), users; holders in tens, the person of 20 twice:
 * by manager 2 and by the principal. Edge 6 ended before, with the user 26 whom nobody ended. */
static const struct { int64_t id, grantor, holder; enum up_authority_role role;
    enum up_authority_state state; } unit[] = {
	{ 20, 2, 200, UP_ROLE_USER, UP_EDGE_LIVE },         /* before her grantor in the array */
	{ 1, 0, 10, UP_ROLE_PRINCIPAL, UP_EDGE_LIVE },
	{ 2, 1, 21, UP_ROLE_MANAGER, UP_EDGE_LIVE },
	{ 3, 1, 31, UP_ROLE_MANAGER, UP_EDGE_WAITING },
	{ 21, 2, 210, UP_ROLE_USER, UP_EDGE_WAITING },
	{ 22, 2, 220, UP_ROLE_USER, UP_EDGE_ENDED },
	{ 23, 1, 200, UP_ROLE_USER, UP_EDGE_LIVE },
	{ 24, 3, 240, UP_ROLE_USER, UP_EDGE_LIVE },
	{ 6, 1, 61, UP_ROLE_MANAGER, UP_EDGE_ENDED },
	{ 26, 6, 260, UP_ROLE_USER, UP_EDGE_LIVE },
};
#define EDGES UP_ARRAY_LEN(unit)

static void make(struct up_authority_edge edges[EDGES])
{
	for (size_t i = 0; i < EDGES; i++)
		edges[i] = (struct up_authority_edge){ .id = unit[i].id, .grantor = unit[i].grantor,
			.holder = unit[i].holder, .role = unit[i].role, .state = unit[i].state };
}

/* The ids of those that end, in the array's order. */
static void check_ends(const bool ends[EDGES], size_t n, const char *want)
{
	char text[100] = "";
	size_t count = 0;

	for (size_t i = 0; i < EDGES; i++)
		if (ends[i]) {
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%d",
			    count > 0 ? " " : "", (int)unit[i].id);
			count++;
		}
	UP_CHECK_TEXT(up_span_str(text), want);
	UP_CHECK(count == n, want);
}

static void test_cascade(void)
{
	static const struct { int64_t id; const char *want; } cases[] = {
		{ 1, "20 1 2 3 21 23 24" },
		{ 2, "20 2 21" },
		{ 3, "3 24" },
		{ 20, "20" },
		{ 22, "" },                    /* what ended does not end again */
		{ 6, "" },                     /* nor take anybody along */
		{ 0, "" },
		{ 99, "" },
	};
	struct up_authority_edge edges[EDGES];
	bool ends[EDGES];

	make(edges);
	for (size_t i = 0; i < UP_ARRAY_LEN(cases); i++) {
		memset(ends, 1, sizeof(ends));
		check_ends(ends, up_authority_cascade(edges, EDGES, cases[i].id, ends),
		    cases[i].want);
	}
	CU_ASSERT_EQUAL(up_authority_cascade(NULL, 0, 1, NULL), 0);
}

/* Rule 13: deletion by the principal ends all edges of a user, by a manager hers only. */
static void test_delete(void)
{
	static const struct { size_t by, target; const char *want; } cases[] = {
		{ 1, 0, "20 23" }, { 1, 6, "20 23" }, { 2, 0, "20" },
		{ 1, 2, "20 2 21" }, { 1, 4, "21" }, { 1, 5, "" }, { 1, 9, "26" },
	};
	struct up_authority_edge edges[EDGES];
	bool ends[EDGES];

	make(edges);
	for (size_t i = 0; i < UP_ARRAY_LEN(cases); i++)
		check_ends(ends, up_authority_delete(edges, EDGES, &edges[cases[i].by],
		    &edges[cases[i].target], ends), cases[i].want);
	/* who did not read the holder ends the edge */
	edges[0].holder = edges[4].holder = 0;
	check_ends(ends, up_authority_delete(edges, EDGES, &edges[1], &edges[0], ends), "20");
}

/* Rows that point at each other, which there are none of, end at last. */
static void test_circle(void)
{
	const struct up_authority_edge edges[] = {
		{ .id = 1, .grantor = 2, .state = UP_EDGE_LIVE },
		{ .id = 2, .grantor = 1, .state = UP_EDGE_LIVE },
		{ .id = 3, .grantor = 3, .state = UP_EDGE_LIVE },
		{ .id = 0, .grantor = 0, .state = UP_EDGE_LIVE },
		{ .id = 4, .grantor = 0, .state = UP_EDGE_LIVE },
	};
	bool ends[5];

	CU_ASSERT_EQUAL(up_authority_cascade(edges, 5, 1, ends), 2);
	CU_ASSERT_TRUE(ends[0] && ends[1] && !ends[2] && !ends[3]);
	CU_ASSERT_EQUAL(up_authority_cascade(edges, 5, 3, ends), 1);
	/* no grantor is not edge 0 */
	CU_ASSERT_EQUAL(up_authority_cascade(edges, 5, 0, ends), 1);
	CU_ASSERT_TRUE(ends[3]);
}

UP_SUITE("authority_target", test_matrix, test_empty, test_consider, test_cascade, test_delete,
    test_circle)
