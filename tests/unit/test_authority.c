/* SPDX-License-Identifier: Apache-2.0 */
#include "core/authority.h"

#include <string.h>

#include "authority_edges.h"

/* --- the matrix, written out whole and apart from the table under test --- */

/* Y may; R UP_E_ROLE; S UP_E_SUSPENDED; G may with a live grant, else UP_E_ITEM_GRANT. Columns as
 * enum stand: alive, waiting, deleted, other unit, unit ended, no certificate, not begun, expired,
 * person pending, phone ended, suspended. Who does something to others does it to a user of hers;
 * other targets: test_authority_target. */
static const char expected[UP_USES][UP_ROLES][STANDS + 1] = {
	/*                         principal      manager        user */
	[UP_USE_TAKE] =            { "YYRRRRRRRYY", "YYRRRRRRRYY", "YYRRRRRRRYY" },
	[UP_USE_SCAN] =            { "YRRRRRRRRRS", "YRRRRRRRRRS", "YRRRRRRRRRS" },
	[UP_USE_LOGIN] =           { "YRRRRRRRRRS", "YRRRRRRRRRS", "GRRRRRRRRRS" },
	[UP_USE_DECLINE] =         { "YYYRYYYYYYY", "YYYRYYYYYYY", "YYYRYYYYYYY" },
	[UP_USE_SESSION] =         { "YRRRRYYYRRS", "YRRRRYYYRRS", "YRRRRYYYRRS" },
	[UP_USE_IDENTITY] =        { "YRRRRRRRRRS", "YRRRRRRRRRS", "YRRRRRRRRRS" },
	[UP_USE_SEE_OWN] =         { "YRRRRRRRRRS", "YRRRRRRRRRS", "YRRRRRRRRRS" },
	[UP_USE_SEE_UNIT] =        { "YRRRRRRRRRS", "RRRRRRRRRRR", "RRRRRRRRRRR" },
	[UP_USE_ADD_MANAGER] =     { "YRRRRRRRRRS", "RRRRRRRRRRR", "RRRRRRRRRRR" },
	[UP_USE_ADD_USER] =        { "YRRRRRRRRRS", "YRRRRRRRRRS", "RRRRRRRRRRR" },
	[UP_USE_SEE] =             { "YRRRRRRRRRS", "YRRRRRRRRRS", "RRRRRRRRRRR" },
	[UP_USE_SEE_USAGE_OF] =    { "YRRRRRRRRRS", "YRRRRRRRRRS", "RRRRRRRRRRR" },
	[UP_USE_CODE] =            { "YRRRRRRRRRS", "YRRRRRRRRRS", "RRRRRRRRRRR" },
	[UP_USE_DELETE] =          { "YRRRRRRRRRS", "YRRRRRRRRRS", "RRRRRRRRRRR" },
	[UP_USE_GRANT] =           { "YRRRRRRRRRS", "YRRRRRRRRRS", "RRRRRRRRRRR" },
	[UP_USE_CANCEL] =          { "YRRRRRRRRRS", "YRRRRRRRRRS", "RRRRRRRRRRR" },
	[UP_USE_END_PHONE] =       { "YRRRRRRRRRS", "YRRRRRRRRRS", "RRRRRRRRRRR" },
	[UP_USE_END_OWN_PHONE] =   { "YRRRRRRRRRS", "YRRRRRRRRRS", "YRRRRRRRRRS" },
};

static struct up_authority_ask ask_for(enum up_authority_use use, const char *item,
    const struct up_authority_grant *grant)
{
	return (struct up_authority_ask){ .use = use, .unit = UP_SPAN_LIT(UNIT),
		.item = up_span_str(item), .now_s = day("2026-03-01") + 12 * 3600,
		.grants = grant, .n_grants = grant != NULL ? 1 : 0 };
}

static void check_cell(enum up_authority_use use, enum up_authority_role role, enum stand stand)
{
	const struct up_authority_grant grant = { 3, 7, UP_SPAN_LIT("change"), 20260301, 20260301,
		false };
	const struct up_authority_edge edge = edge_of(role, stand);
	const struct up_authority_edge hers = { .id = 8, .grantor = 7, .role = UP_ROLE_USER,
		.state = UP_EDGE_WAITING, .unit = edge.unit };
	const char want = expected[use][role][stand];
	const enum up_err granted =
	    want == 'R' ? UP_E_ROLE : want == 'S' ? UP_E_SUSPENDED : UP_OK;
	const enum up_err without = want == 'G' ? UP_E_ITEM_GRANT : granted;
	struct up_authority_ask ask = ask_for(use, "change", NULL);
	struct up_authority_answer out;
	char row[80];

	snprintf(row, sizeof(row), "use %d, %s, %s", (int)use, up_authority_role_name(role),
	    stands[stand]);
	ask.target = &hers;
	UP_CHECK(up_authority_may(&ask, &edge, &out) == without, row);
	UP_CHECK(out.edge == &edge && out.grant == NULL, row);
	UP_CHECK((out.lacks == 0) == (without == UP_OK), row);
	ask = ask_for(use, "change", &grant);
	ask.target = &hers;
	UP_CHECK(up_authority_may(&ask, &edge, &out) == granted, row);
	UP_CHECK((out.grant != NULL) == (use == UP_USE_LOGIN && role == UP_ROLE_USER), row);
	/* without an item no grant is wanted */
	ask = ask_for(use, "", NULL);
	ask.target = &hers;
	UP_CHECK(up_authority_may(&ask, &edge, &out) == granted, row);
}

static void test_matrix(void)
{
	for (unsigned use = 0; use < UP_USES; use++)
		for (unsigned role = 0; role < UP_ROLES; role++)
			for (unsigned stand = 0; stand < STANDS; stand++)
				check_cell(use, role, stand);
}

/* Whatever comes from memory or another version: nothing may. */
static void test_unknown(void)
{
	struct up_authority_edge edge = edge_of(UP_ROLE_PRINCIPAL, ALIVE);
	struct up_authority_ask ask = ask_for(UP_USES, "", NULL);
	struct up_authority_answer out;

	CU_ASSERT_EQUAL(up_authority_may(&ask, &edge, &out), UP_E_ROLE);
	ask.use = UP_USE_LOGIN;
	edge.role = UP_ROLES;
	CU_ASSERT_EQUAL(up_authority_may(&ask, &edge, &out), UP_E_ROLE);
	edge.role = UP_ROLE_PRINCIPAL;
	edge.state = 9;
	CU_ASSERT_EQUAL(up_authority_may(&ask, &edge, &out), UP_E_ROLE);
	CU_ASSERT_TRUE((out.lacks & UP_NEED_TAKEN) != 0);
}

/* --- grants --- */

static void test_grants(void)
{
	static const struct {
		const char *name, *item;
		int64_t edge;
		uint32_t from, to;
		bool cancelled, good;
	} rows[] = {
		{ "that day only", "change", 7, 20260301, 20260301, false, true },
		{ "a year", "change", 7, 20260301, 20270228, false, true },
		{ "its last day", "change", 7, 20250302, 20260301, false, true },
		{ "expired yesterday", "change", 7, 20250301, 20260228, false, false },
		{ "begins tomorrow", "change", 7, 20260302, 20270301, false, false },
		{ "cancelled", "change", 7, 20260301, 20270228, true, false },
		{ "another item", "annual", 7, 20260301, 20270228, false, false },
		{ "a longer item", "changes", 7, 20260301, 20270228, false, false },
		{ "another edge", "change", 8, 20260301, 20270228, false, false },
	};
	const struct up_authority_edge edge = edge_of(UP_ROLE_USER, ALIVE);

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		const struct up_authority_grant grant = { 3, rows[i].edge,
			up_span_str(rows[i].item), rows[i].from, rows[i].to, rows[i].cancelled };
		struct up_authority_ask ask = ask_for(UP_USE_LOGIN, "change", &grant);
		struct up_authority_answer out;

		const enum up_err want = rows[i].good ? UP_OK : UP_E_ITEM_GRANT;

		UP_CHECK(up_authority_may(&ask, &edge, &out) == want, rows[i].name);
		UP_CHECK((out.grant == &grant) == rows[i].good, rows[i].name);
		/* days are Chinese: from 00:00:00 to 23:59:59 there */
		ask.now_s = day("2026-03-01");
		UP_CHECK(up_authority_may(&ask, &edge, &out) == want, rows[i].name);
		ask.now_s += UP_DAY_S - 1;
		UP_CHECK(up_authority_may(&ask, &edge, &out) == want, rows[i].name);
	}
}

/* The second after the last day, and the second before the first. */
static void test_grant_ends(void)
{
	const struct up_authority_grant grant = { 3, 7, UP_SPAN_LIT("change"), 20260301, 20260301,
		false };
	const struct up_authority_edge edge = edge_of(UP_ROLE_USER, ALIVE);
	struct up_authority_ask ask = ask_for(UP_USE_LOGIN, "change", &grant);
	struct up_authority_answer out;

	ask.now_s = day("2026-03-01") - 1;
	CU_ASSERT_EQUAL(up_authority_may(&ask, &edge, &out), UP_E_ITEM_GRANT);
	ask.now_s = day("2026-03-02");
	CU_ASSERT_EQUAL(up_authority_may(&ask, &edge, &out), UP_E_ITEM_GRANT);
}

/* A certificate's period to the second, both ends inclusive. */
static void test_period(void)
{
	static const struct { int64_t off; enum up_err want; } rows[] = {
		{ -1, UP_E_ROLE }, { 0, UP_OK }, { 100, UP_OK }, { 101, UP_E_ROLE },
	};
	struct up_authority_edge edge = edge_of(UP_ROLE_PRINCIPAL, ALIVE);
	struct up_authority_ask ask = ask_for(UP_USE_LOGIN, "", NULL);
	struct up_authority_answer out;

	edge.valid_to_s = edge.valid_from_s + 100;
	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		ask.now_s = edge.valid_from_s + rows[i].off;
		CU_ASSERT_EQUAL(up_authority_may(&ask, &edge, &out), rows[i].want);
	}
}

/* --- several edges --- */

static enum up_err consider(const struct up_authority_ask *ask,
    const struct up_authority_edge *edges, size_t n, struct up_authority_answer *best)
{
	enum up_err err = UP_E_ROLE;

	memset(best, 0, sizeof(*best));
	for (size_t i = 0; i < n; i++)
		err = up_authority_consider(ask, &edges[i], best);
	return err;
}

static void test_consider(void)
{
	struct up_authority_edge edges[] = { edge_of(UP_ROLE_USER, OTHER_UNIT),
		edge_of(UP_ROLE_USER, DELETED), edge_of(UP_ROLE_USER, ALIVE),
		edge_of(UP_ROLE_MANAGER, ALIVE), edge_of(UP_ROLE_PRINCIPAL, ALIVE) };
	struct up_authority_ask ask = ask_for(UP_USE_LOGIN, "change", NULL);
	struct up_authority_answer best;

	CU_ASSERT_EQUAL(consider(&ask, edges, 0, &best), UP_E_ROLE);
	CU_ASSERT_EQUAL(consider(&ask, edges, 1, &best), UP_E_ROLE);
	CU_ASSERT_PTR_NULL(best.edge);               /* another unit's is no answer */
	CU_ASSERT_EQUAL(consider(&ask, edges, 2, &best), UP_E_ROLE);
	CU_ASSERT_PTR_EQUAL(best.edge, &edges[1]);
	CU_ASSERT_EQUAL(consider(&ask, edges, 3, &best), UP_E_ITEM_GRANT);
	CU_ASSERT_PTR_EQUAL(best.edge, &edges[2]);
	CU_ASSERT_EQUAL(consider(&ask, edges, 5, &best), UP_OK);
	CU_ASSERT_PTR_EQUAL(best.edge, &edges[3]);   /* the first by which she may */
	CU_ASSERT_EQUAL(best.lacks, 0);
	ask.certificate = UP_SPAN_LIT("143000009999");
	CU_ASSERT_EQUAL(consider(&ask, edges, 5, &best), UP_E_ROLE);
	CU_ASSERT_PTR_NULL(best.edge);
}

/* --- names --- */

static void test_names(void)
{
	static const char *const none[] = { "", "Principal", "users", "use", "admin" };

	for (unsigned i = 0; i < UP_ROLES; i++)
		CU_ASSERT_EQUAL(up_authority_role(up_span_str(up_authority_role_name(i))), i);
	for (size_t i = 0; i < UP_ARRAY_LEN(none); i++)
		UP_CHECK(up_authority_role(up_span_str(none[i])) == UP_ROLES, none[i]);
	CU_ASSERT_STRING_EQUAL(up_authority_role_name(UP_ROLES), "");
	CU_ASSERT_FALSE(up_authority_needs_grant(UP_USE_LOGIN, UP_ROLE_PRINCIPAL));
	CU_ASSERT_FALSE(up_authority_needs_grant(UP_USE_LOGIN, UP_ROLE_MANAGER));
	CU_ASSERT_TRUE(up_authority_needs_grant(UP_USE_LOGIN, UP_ROLE_USER));
	CU_ASSERT_TRUE(up_authority_needs_grant(UP_USE_LOGIN, UP_ROLES));
	CU_ASSERT_FALSE(up_authority_needs_grant(UP_USE_SCAN, UP_ROLE_USER));
}

UP_SUITE("authority", test_matrix, test_unknown, test_grants, test_grant_ends, test_period,
    test_consider, test_names)
