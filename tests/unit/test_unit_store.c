/* SPDX-License-Identifier: Apache-2.0
 * What an administrator does to a unit that is there: its certificate changes or is renewed, it is
 * cancelled, a holder or an item ends (rules 13, 28, 30). */
#include <string.h>

#include "test_people_fixture.h"

#define LIVE_VERSIONS "SELECT count(*) FROM certificate WHERE status = 'live' AND unit = 1"

static struct fixture f;
static struct holder li;                 /* principal of U1 */

static void begin(void)
{
	people_now_ms = NOW;
	fixture_open(&f, false);
	people_principal(&f, &li);
}

static void end(void)
{
	CU_ASSERT(fixture_gapless(&f));
	fixture_close(&f);
}

static bool newest_has(const char *part)
{
	return fixture_newest_has(&f, part);
}

static int64_t count(const char *sql)
{
	return fixture_count(&f, sql);
}

static enum up_err change(enum up_unit_field field, const char *value,
    struct up_op_unit_change *out)
{
	return fixture_unit_change(f.store, U1, field, value, out);
}

/* --- change --- */

static void test_change(void)
{
	struct up_op_unit_change out;

	begin();
	CU_ASSERT_EQUAL(change(UP_UNIT_NAME, "新第一中学", &out), UP_OK);
	CU_ASSERT(out.out_n == 1 && out.out_version == 2 && !out.out_suspended);
	CU_ASSERT(newest_has("\"event\":\"unit.change\"") && newest_has("新第一中学"));
	CU_ASSERT(newest_has(
	    "\"before\":\"{\\\"name\\\":\\\"第一中学\\\",\\\"certificate_version\\\":1}\""));
	CU_ASSERT(newest_has("\"operator\":\"root-li\""));
	CU_ASSERT(newest_has("\"certificate\":\"CERT-1\""));
	CU_ASSERT_EQUAL(count(LIVE_VERSIONS " AND version = 2 AND name = ''"), 1);
	CU_ASSERT_EQUAL(count("SELECT count(*) FROM certificate WHERE status = 'ended'"
	    " AND version = 1 AND name = '第一中学' AND ended_ms IS NOT NULL"), 1);
	/* she goes on with the new version */
	CU_ASSERT_EQUAL(people_login(&f, &li, ""), UP_OK);
	CU_ASSERT(newest_has("\"certificate_version\":2") && newest_has("新第一中学"));
	/* the same once more: nothing, and no record */
	CU_ASSERT_EQUAL(change(UP_UNIT_NAME, "新第一中学", &out), UP_OK);
	CU_ASSERT(out.out_n == 0 && newest_has("login.approve"));
	CU_ASSERT_EQUAL(change(UP_UNIT_ADDRESS, "某路 1 号", &out), UP_OK);
	CU_ASSERT_EQUAL(count(LIVE_VERSIONS " AND version = 3"
	    " AND fields = '{\"address\":\"某路 1 号\"}'"), 1);
	end();
}

static void test_change_refused(void)
{
	static const struct {
		enum up_unit_field field; const char *value; enum up_err err;
	} rows[] = {
		{ UP_UNIT_NAME, "", UP_E_FORMAT },
		{ UP_UNIT_CODE, U2, UP_E_FORMAT },
		{ UP_UNIT_TO, "2031-01-01", UP_E_FORMAT },
		{ UP_UNIT_CERTIFICATE, "CERT-2", UP_E_STATE },   /* the other unit's */
	};
	struct up_op_unit_change out;
	int64_t records;

	begin();
	records = count("SELECT count(*) FROM usage");
	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		UP_CHECK(change(rows[i].field, rows[i].value, &out) == rows[i].err, rows[i].value);
		UP_CHECK(rows[i].err != UP_E_FORMAT || out.bad == rows[i].field, rows[i].value);
	}
	CU_ASSERT_EQUAL(fixture_unit_change(f.store, "nobody", UP_UNIT_NAME, "x", NULL),
	    UP_E_NOT_FOUND);
	CU_ASSERT_EQUAL(count("SELECT count(*) FROM usage"), records);
	CU_ASSERT_EQUAL(count("SELECT count(*) FROM certificate"), 2);
	CU_ASSERT_EQUAL(fixture_unit_cancel(f.store, U1, NOW, NULL), UP_OK);
	CU_ASSERT_EQUAL(change(UP_UNIT_NAME, "x", NULL), UP_E_STATE);
	CU_ASSERT_EQUAL(fixture_unit_renew(f.store, U1, 1899990000000, NULL), UP_E_STATE);
	end();
}

/* Another certificate, under a number of its own: the phones' decisions name it from now on. */
static void test_reissue(void)
{
	struct up_op_unit_change out;

	begin();
	CU_ASSERT_EQUAL(change(UP_UNIT_CERTIFICATE, "CERT-9", &out), UP_OK);
	CU_ASSERT_EQUAL(out.out_version, 2);
	CU_ASSERT_EQUAL(count(
	    LIVE_VERSIONS " AND number = 'CERT-9' AND valid_to_s = 1900000000"), 1);
	CU_ASSERT_EQUAL(change(UP_UNIT_CERTIFICATE, "CERT-1", NULL), UP_E_STATE);
	end();
}

/* Rule 28: her managers go on, she does not, until the window confirms her. */
static void test_suspended(void)
{
	struct up_op_unit_change out;
	struct holder m, u;

	begin();
	m = people_make(&f, &li, UP_ROLE_MANAGER, 1);
	CU_ASSERT_EQUAL(fixture_put_code(f.store, U1, &fixture_li, "before"), UP_OK);
	CU_ASSERT_EQUAL(change(UP_UNIT_REPRESENTATIVE, "赵六", &out), UP_OK);
	CU_ASSERT(out.out_suspended);
	CU_ASSERT(newest_has("unit.change") && newest_has("赵*") && !newest_has("赵六"));
	CU_ASSERT_EQUAL(fixture_having(&f, "\"event\":\"people.suspend\""), 1);
	CU_ASSERT_EQUAL(people_login(&f, &li, ""), UP_E_SUSPENDED);
	u = (struct holder){ .who = 2, .is = UP_ROLE_USER };
	CU_ASSERT_EQUAL(people_add(&f, &li, &u), UP_E_SUSPENDED);
	CU_ASSERT_EQUAL(people_add(&f, &m, &u), UP_OK);
	CU_ASSERT_EQUAL(people_login(&f, &m, ""), UP_OK);
	/* a code from before the change confirms nothing */
	CU_ASSERT_EQUAL(people_take(&f, &li, "before"), UP_E_CODE);
	CU_ASSERT_EQUAL(fixture_put_code(f.store, U1, &fixture_li, "after"), UP_OK);
	CU_ASSERT_EQUAL(people_login(&f, &li, ""), UP_E_SUSPENDED);
	/* nor does one from before the next change */
	CU_ASSERT_EQUAL(change(UP_UNIT_REPRESENTATIVE, "孙七", &out), UP_OK);
	CU_ASSERT(out.out_suspended);
	CU_ASSERT_EQUAL(fixture_having(&f, "\"event\":\"people.suspend\""), 1);
	CU_ASSERT_EQUAL(people_take(&f, &li, "after"), UP_E_CODE);
	CU_ASSERT_EQUAL(fixture_put_code(f.store, U1, &fixture_li, "again"), UP_OK);
	CU_ASSERT_EQUAL(people_take(&f, &li, "again"), UP_OK);
	CU_ASSERT_EQUAL(people_login(&f, &li, ""), UP_OK);
	end();
}

/* One who has not taken the role yet, and a unit without any. */
static void test_suspended_waiting(void)
{
	struct up_op_unit_change out;

	fixture_open(&f, false);
	CU_ASSERT_EQUAL(change(UP_UNIT_REPRESENTATIVE, "赵六", &out), UP_OK);
	CU_ASSERT(!out.out_suspended);
	CU_ASSERT_EQUAL(fixture_put_code(f.store, U1, &fixture_li, "early"), UP_OK);
	CU_ASSERT_EQUAL(change(UP_UNIT_REPRESENTATIVE, "孙七", &out), UP_OK);
	CU_ASSERT(out.out_suspended);
	li = (struct holder){ .who = LI, .is = UP_ROLE_PRINCIPAL };
	CU_ASSERT_EQUAL(people_take(&f, &li, "early"), UP_E_CODE);
	CU_ASSERT_EQUAL(fixture_put_code(f.store, U1, &fixture_li, "now"), UP_OK);
	CU_ASSERT_EQUAL(people_take(&f, &li, "now"), UP_OK);
	CU_ASSERT_EQUAL(people_login(&f, &li, ""), UP_OK);
	end();
}

/* --- renewal --- */

/* CERT-1 ends 2030-03-18 01:46:40 in China; judged when it is used. */
static void test_renew(void)
{
	const int64_t last_ms = INT64_C(1900000000) * 1000, day_ms = 86400000;
	struct up_op_unit_renew out;

	begin();
	CU_ASSERT_EQUAL(fixture_unit_renew(f.store, U1, last_ms - 30 * day_ms, &out), UP_E_RANGE);
	CU_ASSERT_EQUAL(fixture_unit_renew(f.store, U1, last_ms + 1000, &out), UP_E_EXPIRED);
	CU_ASSERT_EQUAL(fixture_unit_renew(f.store, "nobody", last_ms, &out), UP_E_NOT_FOUND);
	CU_ASSERT_EQUAL(count("SELECT count(*) FROM certificate"), 2);
	people_now_ms = last_ms + 1000;
	CU_ASSERT_EQUAL(people_login(&f, &li, ""), UP_E_ROLE);
	end();

	begin();
	people_now_ms = last_ms - 29 * day_ms;
	CU_ASSERT_EQUAL(fixture_unit_renew(f.store, U1, people_now_ms, &out), UP_OK);
	CU_ASSERT_EQUAL(out.out_version, 2);
	CU_ASSERT(newest_has("\"event\":\"unit.renew\"") &&
	    newest_has("\\\"valid_from\\\":\\\"2030-02-17\\\"") &&
	    newest_has("\\\"valid_to\\\":\\\"2035-02-16\\\""));
	CU_ASSERT_EQUAL(people_login(&f, &li, ""), UP_OK);
	people_now_ms = last_ms + 1000;
	CU_ASSERT_EQUAL(people_login(&f, &li, ""), UP_OK);
	people_now_ms = out.out_to_s * 1000;
	CU_ASSERT_EQUAL(people_login(&f, &li, ""), UP_OK);
	people_now_ms += 1000;
	CU_ASSERT_EQUAL(people_login(&f, &li, ""), UP_E_ROLE);
	end();
}

/* --- cancellation --- */

#define STANDING "SELECT (SELECT count(*) FROM role WHERE unit = 1 AND status <> 'ended')" \
	" + (SELECT count(*) FROM item_grant WHERE unit = 1 AND status <> 'ended')" \
	" + (SELECT count(*) FROM enrolment e JOIN role r ON r.id = e.role WHERE r.unit = 1" \
	" AND e.status = 'open')"

static bool session_lives(const char *id)
{
	struct up_session *session;
	bool lives;

	CU_ASSERT_EQUAL_FATAL(up_store_session(f.store, id, &session), UP_OK);
	lives = !session->revoked;
	up_store_session_free(&session);
	return lives;
}

static void test_cancel(void)
{
	struct holder m, u, waits = { .who = 3, .is = UP_ROLE_USER }, other;
	struct given grant, open;
	size_t roles;

	begin();
	people_other_unit(&f, &other);
	m = people_make(&f, &li, UP_ROLE_MANAGER, 1);
	u = people_make(&f, &m, UP_ROLE_USER, 2);
	CU_ASSERT_EQUAL(people_add(&f, &m, &waits), UP_OK);
	CU_ASSERT_EQUAL(people_grant(&f, &m, &u, TODAY, TODAY, &grant), UP_OK);
	CU_ASSERT_EQUAL(people_take(&f, &u, grant.code), UP_OK);
	CU_ASSERT_EQUAL(people_grant(&f, &li, &u, TODAY, TODAY, &open), UP_OK);
	CU_ASSERT_EQUAL(people_redeem(&f, &u, "annual-report", "uuuuuuuuuuuuuuuuuuuuuu", NULL),
	    UP_OK);
	CU_ASSERT_EQUAL(people_redeem(&f, &other, "", "oooooooooooooooooooooo", NULL), UP_OK);
	CU_ASSERT_EQUAL(fixture_unit_cancel(f.store, U1, NOW, &roles), UP_OK);
	CU_ASSERT_EQUAL(roles, 5);               /* li m u waits, and li's own edge to u */
	CU_ASSERT(newest_has("\"event\":\"unit.cancel\"") && newest_has(U1));
	CU_ASSERT_EQUAL(fixture_having(&f, "\"event\":\"people.delete\""), 5);
	CU_ASSERT_EQUAL(fixture_having(&f, "\"event\":\"device.end\""), 3);
	CU_ASSERT_EQUAL(count(STANDING), 0);
	CU_ASSERT_EQUAL(count(LIVE_VERSIONS), 0);
	CU_ASSERT_EQUAL(count("SELECT count(*) FROM unit WHERE status = 'ended'"
	    " AND ended_ms IS NOT NULL"), 1);
	CU_ASSERT_EQUAL(people_login(&f, &li, ""), UP_E_ENDED);
	CU_ASSERT_EQUAL(people_login(&f, &u, "annual-report"), UP_E_ENDED);
	CU_ASSERT_EQUAL(people_take(&f, &waits, waits.code), UP_E_CODE);
	CU_ASSERT(!session_lives("uuuuuuuuuuuuuuuuuuuuuu"));
	/* nobody else's */
	CU_ASSERT(session_lives("oooooooooooooooooooooo"));
	CU_ASSERT_EQUAL(people_login(&f, &other, ""), UP_OK);
	CU_ASSERT_EQUAL(fixture_unit_cancel(f.store, U1, NOW, NULL), UP_E_STATE);
	CU_ASSERT_EQUAL(fixture_unit_cancel(f.store, "nobody", NOW, NULL), UP_E_NOT_FOUND);
	CU_ASSERT_EQUAL(fixture_put_code(f.store, U1, &fixture_li, "late"), UP_E_STATE);
	end();
}

/* --- a holder, an item --- */

static void test_holder_end(void)
{
	struct holder m, n, u;
	size_t roles;

	begin();
	m = people_make(&f, &li, UP_ROLE_MANAGER, 1);
	n = people_make(&f, &li, UP_ROLE_MANAGER, 4);
	u = people_make(&f, &m, UP_ROLE_USER, 2);
	CU_ASSERT_EQUAL(people_add(&f, &n, &u), UP_OK);  /* two edges */
	CU_ASSERT_EQUAL(fixture_holder_end(f.store, u.ref, NOW, &roles), UP_OK);
	CU_ASSERT_EQUAL(roles, 2);
	CU_ASSERT(newest_has("\"event\":\"people.delete\"") &&
	    newest_has("\"channel\":\"command-line\"") && newest_has(u.ref));
	CU_ASSERT_EQUAL(people_login(&f, &u, ""), UP_E_ENDED);
	CU_ASSERT_EQUAL(fixture_holder_end(f.store, u.ref, NOW, NULL), UP_E_STATE);
	CU_ASSERT_EQUAL(fixture_holder_end(f.store, "nobody", NOW, NULL), UP_E_NOT_FOUND);
	u = people_make(&f, &m, UP_ROLE_USER, 5);
	CU_ASSERT_EQUAL(fixture_holder_end(f.store, li.ref, NOW, &roles), UP_OK);
	CU_ASSERT_EQUAL(roles, 4);
	CU_ASSERT_EQUAL(people_login(&f, &u, ""), UP_E_ENDED);
	/* the unit goes on */
	CU_ASSERT_EQUAL(fixture_put_code(f.store, U1, &fixture_li, "anew"), UP_OK);
	end();
}

static void test_item_end(void)
{
	int64_t before, after;
	struct given grant;
	struct holder u;

	begin();
	u = people_make(&f, &li, UP_ROLE_USER, 2);
	CU_ASSERT_EQUAL(people_grant(&f, &li, &u, TODAY, TODAY, &grant), UP_OK);
	CU_ASSERT_EQUAL(people_take(&f, &u, grant.code), UP_OK);
	CU_ASSERT_EQUAL(people_login(&f, &u, "annual-report"), UP_OK);
	CU_ASSERT_EQUAL(up_store_clients_version(f.store, &before), UP_OK);
	CU_ASSERT_EQUAL(fixture_item_end(f.store, UP_SPAN_LIT("annual-report"), NOW), UP_OK);
	CU_ASSERT(newest_has("\"event\":\"item.end\"") && newest_has("\"client\":\"portal\""));
	CU_ASSERT_EQUAL(up_store_clients_version(f.store, &after), UP_OK);
	CU_ASSERT(after > before);
	CU_ASSERT_EQUAL(people_login(&f, &u, "annual-report"), UP_E_ITEM_GRANT);
	CU_ASSERT_EQUAL(people_grant(&f, &li, &u, TODAY, TODAY, &grant), UP_E_ITEM);
	CU_ASSERT_EQUAL(fixture_item_end(f.store, UP_SPAN_LIT("annual-report"), NOW), UP_E_STATE);
	CU_ASSERT_EQUAL(fixture_item_end(f.store, UP_SPAN_LIT("none"), NOW), UP_E_NOT_FOUND);
	CU_ASSERT_EQUAL(fixture_item_put(f.store, UP_SPAN_LIT("annual-report"), UP_SPAN_LIT("x"),
	    UP_SPAN_LIT("portal"), NOW), UP_E_STATE);
	end();
}

UP_SUITE("unit in the store", test_change, test_change_refused, test_reissue, test_suspended,
    test_suspended_waiting, test_renew, test_cancel, test_holder_end, test_item_end)
