/* SPDX-License-Identifier: Apache-2.0
 * Grants: given, taken with a code, used, cancelled, over (rules 15-20); by what right (the chain).
 */
#include <stdlib.h>
#include <string.h>

#include "test_people_fixture.h"

#define ITEM "annual-report"
#define DAY_MS 86400000LL

static struct fixture f;
static struct holder li, m, u;           /* principal, manager, her user */

static void begin(void)
{
	people_now_ms = NOW;
	fixture_open(&f, false);
	people_principal(&f, &li);
	m = people_make(&f, &li, UP_ROLE_MANAGER, 1);
	u = people_make(&f, &m, UP_ROLE_USER, 2);
}

static void end(void)
{
	CU_ASSERT(fixture_gapless(&f));
	fixture_close(&f);
}

/* --- given and used --- */

static void test_use(void)
{
	struct given g;

	begin();
	CU_ASSERT_EQUAL(people_grant(&f, &m, &u, TODAY, TODAY + 1, &g), UP_OK);
	CU_ASSERT(fixture_newest_has(&f, "\"event\":\"grant.add\"") &&
	    fixture_newest_has(&f, "\"period\":\"2025-11-25/2025-11-26\""));
	CU_ASSERT(fixture_newest_has(&f, g.grant) && fixture_newest_has(&f, u.ref));
	CU_ASSERT_EQUAL(people_login(&f, &u, ITEM), UP_E_ITEM_GRANT);    /* it waits */
	CU_ASSERT_EQUAL(people_take(&f, &u, g.code), UP_OK);
	CU_ASSERT_EQUAL(fixture_having(&f, "\"event\":\"grant.take\""), 1);
	CU_ASSERT_EQUAL(people_take(&f, &u, g.code), UP_E_CODE);
	CU_ASSERT_EQUAL(people_login(&f, &u, ITEM), UP_OK);
	/* the record tells by which grant, and who gave it */
	CU_ASSERT(fixture_newest_has(&f, g.grant) && fixture_newest_has(&f, m.ref));
	CU_ASSERT(fixture_newest_has(&f, "\"items\":\"annual-report\""));
	CU_ASSERT_EQUAL(people_login(&f, &u, "another"), UP_E_ITEM_GRANT);
	CU_ASSERT_EQUAL(people_login(&f, &m, ITEM), UP_OK);              /* needs none */
	/* judged when it is used: the second day's last millisecond, and the one after it */
	people_now_ms = NOW + 2 * DAY_MS - 1;
	CU_ASSERT_EQUAL(people_login(&f, &u, ITEM), UP_OK);
	people_now_ms = NOW + 2 * DAY_MS;
	CU_ASSERT_EQUAL(people_login(&f, &u, ITEM), UP_E_ITEM_GRANT);
	CU_ASSERT_EQUAL(people_redeem(&f, &u, ITEM, "uuuuuuuuuuuuuuuuuuuuuu", NULL),
	    UP_E_ITEM_GRANT);
	end();
}

/* It begins on the day it says, or at the scan (rule 17); what is over is refused. */
static void test_period(void)
{
	static const struct { uint32_t from, to; enum up_err err; } rows[] = {
		{ TODAY, TODAY, UP_OK },
		{ TODAY, 20261124, UP_OK },
		{ TODAY, 20261125, UP_E_PERIOD_LONG },
		{ TODAY - 1, TODAY, UP_E_PERIOD_PAST },
		{ TODAY + 1, TODAY, UP_E_PERIOD_SHORT },
		{ 20251131, 20251201, UP_E_RANGE },
	};
	struct given g;

	begin();
	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++)
		UP_CHECK(people_grant(&f, &m, &u, rows[i].from, rows[i].to, &g) == rows[i].err,
		    "period");
	CU_ASSERT_EQUAL(people_grant(&f, &m, &u, TODAY + 1, TODAY + 2, &g), UP_OK);
	CU_ASSERT_EQUAL(people_take(&f, &u, g.code), UP_OK);
	CU_ASSERT_EQUAL(people_login(&f, &u, ITEM), UP_E_ITEM_GRANT);    /* tomorrow */
	people_now_ms += DAY_MS;
	CU_ASSERT_EQUAL(people_login(&f, &u, ITEM), UP_OK);
	/* taken a day late */
	people_now_ms = NOW + 10 * DAY_MS - 1000;
	CU_ASSERT_EQUAL(people_grant(&f, &m, &u, 20251204, 20251206, &g), UP_OK);
	people_now_ms += 2000;
	CU_ASSERT_EQUAL(people_take(&f, &u, g.code), UP_OK);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT max(from_day) FROM item_grant"
	    " WHERE status = 'live'"), 20251205);
	CU_ASSERT_EQUAL(fixture_having(&f, "\"period\":\"2025-12-05/2025-12-06\""), 1);
	/* too late */
	people_now_ms = NOW + 12 * DAY_MS - 1000;
	CU_ASSERT_EQUAL(people_grant(&f, &m, &u, 20251206, 20251206, &g), UP_OK);
	people_now_ms += 2000;
	CU_ASSERT_EQUAL(people_take(&f, &u, g.code), UP_E_PERIOD_OVER);
	CU_ASSERT(fixture_newest_has(&f, "period_over"));
	CU_ASSERT_EQUAL(people_login(&f, &u, ITEM), UP_E_ITEM_GRANT);
	end();
}

/* --- codes --- */

/* One who has not enrolled yet may be given several; each has its code. */
static void test_codes(void)
{
	struct holder v = { .who = 3, .is = UP_ROLE_USER };
	struct given a, b, c;
	char plain[24];

	begin();
	CU_ASSERT_EQUAL(people_add(&f, &m, &v), UP_OK);
	memcpy(plain, v.code, sizeof(plain));
	people_now_ms += 1;
	CU_ASSERT_EQUAL(people_grant(&f, &m, &v, TODAY, TODAY, &a), UP_OK);
	CU_ASSERT_EQUAL(people_grant(&f, &m, &v, TODAY, TODAY + 1, &b), UP_OK);
	/* the plain one takes no grant that was not there when it was made */
	CU_ASSERT_EQUAL(people_take(&f, &v, plain), UP_OK);
	CU_ASSERT_EQUAL(people_login(&f, &v, ""), UP_OK);
	CU_ASSERT_EQUAL(people_login(&f, &v, ITEM), UP_E_ITEM_GRANT);
	CU_ASSERT_EQUAL(people_take(&f, &v, b.code), UP_OK);
	CU_ASSERT_EQUAL(people_login(&f, &v, ITEM), UP_OK);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM item_grant"
	    " WHERE status = 'waiting'"), 1);
	/* made anew, it takes all that wait, and other codes end */
	CU_ASSERT_EQUAL(people_grant(&f, &m, &v, TODAY, TODAY, &c), UP_OK);
	CU_ASSERT_EQUAL(people_code(&f, &m, &v), UP_OK);
	CU_ASSERT_EQUAL(people_take(&f, &v, a.code), UP_E_CODE);
	CU_ASSERT_EQUAL(people_take(&f, &v, v.code), UP_OK);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM item_grant"
	    " WHERE status = 'live'"), 3);
	/* somebody else's */
	CU_ASSERT_EQUAL(people_grant(&f, &m, &v, TODAY, TODAY, &c), UP_OK);
	CU_ASSERT_EQUAL(people_take(&f, &u, c.code), UP_E_PERSON);
	end();
}

/* What one sees who opens the code of a grant. */
static void test_open(void)
{
	const struct up_named named = people_named(2);
	struct up_enrolment *seen;
	struct given g;
	uint8_t hash[32];

	begin();
	CU_ASSERT_EQUAL(people_grant(&f, &m, &u, TODAY, TODAY + 3, &g), UP_OK);
	fixture_code(g.code, hash);
	CU_ASSERT_EQUAL_FATAL(up_store_enrolment(f.store, hash, &named, NOW, &seen), UP_OK);
	CU_ASSERT_STRING_EQUAL(seen->grant, g.grant);
	CU_ASSERT_STRING_EQUAL(seen->items, ITEM);
	CU_ASSERT_EQUAL(seen->from_day, TODAY);
	CU_ASSERT_EQUAL(seen->to_day, TODAY + 3);
	up_store_enrolment_free(&seen);
	CU_ASSERT_EQUAL(fixture_open_code(f.store, g.code, &named), UP_OK);
	CU_ASSERT_EQUAL(people_cancel(&f, &m, g.grant), UP_OK);
	CU_ASSERT_EQUAL(fixture_open_code(f.store, g.code, &named), UP_E_CODE);
	end();
}

/* --- who may --- */

static void test_who(void)
{
	struct holder n, other, p;
	struct given g, h;

	begin();
	people_other_unit(&f, &other);
	n = people_make(&f, &li, UP_ROLE_MANAGER, 3);
	p = people_make(&f, &other, UP_ROLE_USER, 4);
	CU_ASSERT_EQUAL(people_grant(&f, &n, &u, TODAY, TODAY, &g), UP_E_NOT_FOUND);
	CU_ASSERT_EQUAL(people_grant(&f, &m, &p, TODAY, TODAY, &g), UP_E_NOT_FOUND);
	CU_ASSERT_EQUAL(people_grant(&f, &li, &p, TODAY, TODAY, &g), UP_E_NOT_FOUND);
	CU_ASSERT_EQUAL(people_grant(&f, &li, &m, TODAY, TODAY, &g), UP_E_NOT_FOUND);
	CU_ASSERT_EQUAL(people_grant(&f, &u, &u, TODAY, TODAY, &g), UP_E_ROLE);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM item_grant"), 0);
	CU_ASSERT_EQUAL(people_grant(&f, &m, &u, TODAY, TODAY, &g), UP_OK);
	CU_ASSERT_EQUAL(people_cancel(&f, &n, g.grant), UP_E_NOT_FOUND);
	CU_ASSERT_EQUAL(people_cancel(&f, &other, g.grant), UP_E_NOT_FOUND);
	CU_ASSERT_EQUAL(people_cancel(&f, &m, "nnnnnnnnnnnnnnnnnnnnnn"), UP_E_NOT_FOUND);
	CU_ASSERT(!fixture_newest_has(&f, u.ref));
	CU_ASSERT_EQUAL(people_cancel(&f, &u, g.grant), UP_E_ROLE);
	CU_ASSERT_EQUAL(people_take(&f, &u, g.code), UP_OK);
	CU_ASSERT_EQUAL(people_cancel(&f, &li, g.grant), UP_OK);         /* any of her unit */
	CU_ASSERT(fixture_newest_has(&f, "\"event\":\"grant.cancel\"") &&
	    fixture_newest_has(&f, g.grant) && fixture_newest_has(&f, u.ref));
	CU_ASSERT_EQUAL(people_login(&f, &u, ITEM), UP_E_ITEM_GRANT);
	CU_ASSERT_EQUAL(people_cancel(&f, &m, g.grant), UP_E_STATE);
	/* the principal grants to a manager's user by an edge of her own */
	CU_ASSERT_EQUAL(people_grant(&f, &li, &u, TODAY, TODAY, &h), UP_OK);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM role WHERE role = 'user'"
	    " AND unit = 1 AND status <> 'ended'"), 2);
	CU_ASSERT_EQUAL(people_take(&f, &u, h.code), UP_OK);
	CU_ASSERT_EQUAL(people_login(&f, &u, ITEM), UP_OK);
	CU_ASSERT_EQUAL(people_delete(&f, &m, &u, NULL), UP_OK);
	CU_ASSERT_EQUAL(people_login(&f, &u, ITEM), UP_OK);
	end();
}

/* Named by one edge she acts by another that is granted, if it is of this unit and phone. */
static void test_other_edge(void)
{
	struct holder n, by_m;
	struct given g;
	struct up_chain *chain;

	begin();
	n = people_make(&f, &li, UP_ROLE_MANAGER, 3);
	by_m = u;
	CU_ASSERT_EQUAL(people_add(&f, &n, &u), UP_OK);
	CU_ASSERT_EQUAL(people_take(&f, &u, u.code), UP_OK);
	CU_ASSERT_NOT_EQUAL(u.role, by_m.role);
	CU_ASSERT_EQUAL(people_grant(&f, &n, &u, TODAY, TODAY, &g), UP_OK);
	CU_ASSERT_EQUAL(people_take(&f, &u, g.code), UP_OK);
	CU_ASSERT_EQUAL(
	    people_redeem(&f, &by_m, ITEM, "uuuuuuuuuuuuuuuuuuuuuu", &chain), UP_OK);
	CU_ASSERT_EQUAL_FATAL(chain->n, 3);
	CU_ASSERT_STRING_EQUAL(chain->links[1].ref, n.ref);
	up_chain_free(&chain);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT role FROM session"), u.role);
	CU_ASSERT_EQUAL(people_delete(&f, &n, &u, NULL), UP_OK);
	CU_ASSERT_EQUAL(people_login(&f, &by_m, ITEM), UP_E_ITEM_GRANT);
	end();
}

static enum up_err ask(struct up_op_grant_add *op)
{
	enum up_err err;

	op->by.op.kind = UP_OP_GRANT_ADD;
	op->by.op.now_ms = NOW;
	op->by.device = m.device;
	op->by.role = m.role;
	op->expires_ms = NOW + 1000;
	op->from_day = op->to_day = TODAY;
	memset(op->by.password, 1, sizeof(op->by.password));
	err = up_store_run(f.store, &op->by.op);
	up_op_clear(&op->by.op);
	return err;
}

/* All or none. */
static void test_several(void)
{
	uint8_t hashes[40][32] = { { 1 }, { 2 }, { 3 } };
	struct up_span users[40], items[40];
	struct up_op_grant_add op = { .users = users, .items = items,
		.code_hashes = (const uint8_t (*)[32])hashes };
	struct holder v;

	begin();
	v = people_make(&f, &m, UP_ROLE_USER, 3);
	for (size_t i = 0; i < 40; i++)
		users[i] = items[i] = UP_SPAN_LIT("x");
	CU_ASSERT_EQUAL(ask(&op), UP_E_REQUEST);
	op.n_users = 33;
	op.n_items = 1;
	CU_ASSERT_EQUAL(ask(&op), UP_E_REQUEST);
	op.n_users = 2;
	CU_ASSERT_EQUAL(ask(&op), UP_E_REQUEST);         /* one twice */
	users[0] = up_span_str(u.ref);
	CU_ASSERT_EQUAL(ask(&op), UP_E_NOT_FOUND);       /* X is nobody */
	users[1] = up_span_str(v.ref);
	CU_ASSERT_EQUAL(ask(&op), UP_E_ITEM);            /* X is no item */
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM item_grant"), 0);
	items[0] = UP_SPAN_LIT(ITEM);
	CU_ASSERT_EQUAL(ask(&op), UP_OK);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM item_grant"), 2);
	CU_ASSERT_EQUAL(fixture_having(&f, "\"event\":\"grant.add\",\"grant\""), 2);
	CU_ASSERT_EQUAL(fixture_change(&f, "UPDATE item SET ended_ms = 1"), UP_OK);
	hashes[0][0] = 9;
	CU_ASSERT_EQUAL(ask(&op), UP_E_ITEM);
	end();
}

/* An item that ended is granted no more, whatever was. */
static void test_item_ends(void)
{
	struct given g;
	struct up_authority_grant *grants;
	size_t n;

	begin();
	CU_ASSERT_EQUAL(people_grant(&f, &m, &u, TODAY, TODAY, &g), UP_OK);
	CU_ASSERT_EQUAL(people_take(&f, &u, g.code), UP_OK);
	CU_ASSERT_EQUAL(
	    up_store_grants_for(f.store, u.device, UP_SPAN_LIT(ITEM), &grants, &n), UP_OK);
	CU_ASSERT(n == 1 && grants[0].edge == u.role && grants[0].to_day == TODAY);
	free(grants);
	CU_ASSERT_EQUAL(people_login(&f, &u, ITEM), UP_OK);
	CU_ASSERT_EQUAL(fixture_change(&f, "UPDATE item SET ended_ms = 1"), UP_OK);
	CU_ASSERT_EQUAL(people_login(&f, &u, ITEM), UP_E_ITEM_GRANT);
	CU_ASSERT_EQUAL(
	    up_store_grants_for(f.store, u.device, UP_SPAN_LIT(ITEM), &grants, &n), UP_OK);
	CU_ASSERT_EQUAL(n, 0);
	free(grants);
	end();
}

/* --- by what right --- */

static void test_chain(void)
{
	const struct up_span item = UP_SPAN_LIT(ITEM), none = { NULL, 0 };
	struct up_chain *chain;
	struct given g;

	begin();
	CU_ASSERT_EQUAL_FATAL(up_store_chain(f.store, li.role, none, NOW / 1000, &chain), UP_OK);
	CU_ASSERT(chain->n == 1 && chain->links[0].role == UP_ROLE_PRINCIPAL);
	CU_ASSERT_STRING_EQUAL(chain->links[0].ref, li.ref);
	CU_ASSERT_EQUAL(chain->links[0].since_s, NOW / 1000);
	up_chain_free(&chain);
	CU_ASSERT_EQUAL(
	    up_store_chain(f.store, u.role, item, NOW / 1000, &chain), UP_E_ITEM_GRANT);
	CU_ASSERT_PTR_NULL(chain);
	CU_ASSERT_EQUAL(people_grant(&f, &m, &u, TODAY, TODAY + 1, &g), UP_OK);
	CU_ASSERT_EQUAL(people_take(&f, &u, g.code), UP_OK);
	CU_ASSERT_EQUAL_FATAL(up_store_chain(f.store, u.role, item, NOW / 1000, &chain), UP_OK);
	CU_ASSERT_EQUAL(chain->n, 3);
	CU_ASSERT_STRING_EQUAL(chain->links[0].ref, li.ref);
	CU_ASSERT_STRING_EQUAL(chain->links[1].ref, m.ref);
	CU_ASSERT_STRING_EQUAL(chain->links[2].ref, u.ref);
	CU_ASSERT_EQUAL(chain->links[2].until_s, NOW / 1000 + 2 * 86400 - 1);
	CU_ASSERT_STRING_EQUAL(chain->links[2].items, ITEM);
	CU_ASSERT(chain->links[1].until_s == 0 && chain->links[1].items[0] == '\0');
	up_chain_free(&chain);
	/* its period is over */
	CU_ASSERT_EQUAL(up_store_chain(f.store, u.role, item, NOW / 1000 + 2 * 86400, &chain),
	    UP_E_ITEM_GRANT);
	CU_ASSERT_EQUAL(people_delete(&f, &li, &m, NULL), UP_OK);
	CU_ASSERT_EQUAL(up_store_chain(f.store, u.role, none, NOW / 1000, &chain), UP_E_ROLE);
	CU_ASSERT_EQUAL(up_store_chain(f.store, 99, none, NOW / 1000, &chain), UP_E_ROLE);
	end();
}

UP_SUITE("grants in the store", test_use, test_period, test_codes, test_open, test_who,
    test_other_edge, test_several, test_item_ends, test_chain)
