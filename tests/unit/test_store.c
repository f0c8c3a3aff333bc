/* SPDX-License-Identifier: Apache-2.0
 * The contract of server/store/store.h and op.h, call by call: opening, administration, a login. */
#include <string.h>
#include <sys/stat.h>

#include "server/db/schema.h"
#include "test_store_fixture.h"

static void test_open(void)
{
	struct up_store_settings o = { .database = "/tmp/unitpass-none/none.db" };
	struct up_store *s;
	struct fixture f;
	struct stat st;
	char why[256];

	CU_ASSERT_EQUAL(up_store_open(&o, &s, why), UP_E_CONFIG);
	CU_ASSERT_PTR_NULL(s);
	CU_ASSERT(strstr(why, "none.db") != NULL);
	up_store_close(&s);

	umask(0);
	fixture_open(&f, true);
	if (!fixture_on_postgres()) {
		CU_ASSERT_EQUAL(stat(f.database, &st), 0);
		CU_ASSERT_EQUAL(st.st_mode & 0777, 0600);
	}
	CU_ASSERT_EQUAL(up_store_healthy(f.store), UP_OK);
	fixture_reopen(&f, false);
	CU_ASSERT_EQUAL(up_store_healthy(f.store), UP_OK);
	fixture_close(&f);
}

/* Make the database with another schema than the newest. */
static enum up_err migrate(
    struct fixture *f, const struct up_db_schema *schema, char why[256])
{
	const struct up_db_settings settings = { .database = f->database, .create = true };
	struct up_db *db;
	enum up_err err = up_db_open(&settings, &db, why);

	if (err == UP_OK)
		err = up_schema_migrate(db, schema, why);
	up_db_close(&db);
	return err;
}

/* A database made by an older release is brought up to date and keeps its rows; a newer one, and
 * another program's, are refused. */
static void test_migrate(void)
{
	struct up_db_schema schema = *fixture_schema();
	const int n = schema.n;
	struct fixture f;
	char why[256];

	for (int older = 1; older <= n; older++) {
		fixture_make(&f);
		schema.n = older;
		CU_ASSERT_EQUAL(migrate(&f, &schema, why), UP_OK);
		CU_ASSERT_EQUAL(fixture_change(&f, "INSERT INTO authority (code, name, created_ms)"
		    " VALUES ('old', 'old', 1)"), UP_OK);
		CU_ASSERT_EQUAL_FATAL(fixture_connect(f.database, false, &f.store), UP_OK);
		CU_ASSERT_EQUAL(fixture_count(&f, "SELECT max(version) FROM schema_version"), n);
		CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM authority"
		    " WHERE code = 'old'"), 1);
		CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM usage"), 0);
		up_store_close(&f.store);
		CU_ASSERT_EQUAL(fixture_change(&f, "INSERT INTO schema_version"
		    " (version, applied_s) VALUES (99, 1)"), UP_OK);
		CU_ASSERT_EQUAL(fixture_connect(f.database, false, &f.store), UP_E_CONFIG);
		fixture_close(&f);
	}
	fixture_make(&f);
	CU_ASSERT_EQUAL(fixture_change(&f, "CREATE TABLE other (a INTEGER)"), UP_OK);
	CU_ASSERT_EQUAL(fixture_connect(f.database, false, &f.store), UP_E_CONFIG);
	fixture_close(&f);
}

/* A site as release 5 of the schema left it: a principal who lives, with her phone and a code. */
static void put_site(struct fixture *f)
{
	static const char rows[] =
	    "INSERT INTO authority (id, code, name, created_ms) VALUES (1, 'hn', 'hn', 1);"
	    "INSERT INTO unit (id, code, name, authority, status, created_ms)"
	    " VALUES (1, '" U1 "', 'one', 1, 'live', 1);"
	    "INSERT INTO certificate (id, unit, number, version, status, valid_from_s, valid_to_s,"
	    " fields, created_ms) VALUES (1, 1, 'CERT-1', 1, 'live', 1700000000, 1900000000,"
	    " '{}', 1);"
	    "INSERT INTO person (id, ref, resident, name, masked, mobile, outcome, assurance,"
	    " checked_ms, created_ms) VALUES (1, 'person', '430102198808080010', 'li', 'l*',"
	    " '13812345678', 'match', 'roster', 1, 1);"
	    "INSERT INTO device (id, ref, person, key, token_hash, verifier, errors, status, name,"
	    " created_ms) VALUES (1, 'device', 1, %1$s64%2$s, %1$s32%2$s, %1$s32%2$s, 0, 'live',"
	    " 'phone', 1);"
	    "INSERT INTO holder (id, ref, unit, person, created_ms) VALUES (1, 'holder', 1, 1, 1);"
	    "INSERT INTO role (id, holder, unit, role, status, device, created_ms, live_ms)"
	    " VALUES (1, 1, 1, 'principal', 'live', 1, 1, 1);"
	    "INSERT INTO enrolment (id, code_hash, role, status, expires_ms, mismatches, clerk,"
	    " \"window\", created_ms) VALUES (1, %1$s32%2$s, 1, 'open', 2, 0, 'c', 'w', 1);"
	    "INSERT INTO client (id, code, name, origin, is_static, status, created_ms)"
	    " VALUES (1, 'portal', 'p', 'https://p.example.org', 0, 'live', 1);"
	    "INSERT INTO item (code, name, client, created_ms) VALUES ('report', 'r', 1, 1)";
	char sql[4096];

	if (fixture_on_postgres())
		snprintf(sql, sizeof(sql), rows, "decode(repeat('00', ", "), 'hex')");
	else
		snprintf(sql, sizeof(sql), rows, "zeroblob(", ")");
	CU_ASSERT_EQUAL_FATAL(fixture_change(f, sql), UP_OK);
}

/* It goes on as it was: her edge has no grantor, nobody suspended her, and nothing was granted. */
static void test_migrate_site(void)
{
	struct up_db_schema schema = *fixture_schema();
	struct up_role **roles;
	struct up_item *items;
	struct fixture f;
	char why[256];
	size_t n;

	fixture_make(&f);
	schema.n = 5;
	CU_ASSERT_EQUAL(migrate(&f, &schema, why), UP_OK);
	put_site(&f);
	CU_ASSERT_EQUAL_FATAL(fixture_connect(f.database, false, &f.store), UP_OK);
	CU_ASSERT_EQUAL_FATAL(up_store_roles(f.store, 1, &roles, &n), UP_OK);
	CU_ASSERT_EQUAL_FATAL(n, 1);
	CU_ASSERT_EQUAL(roles[0]->edge.state, UP_EDGE_LIVE);
	CU_ASSERT_EQUAL(roles[0]->edge.grantor, 0);
	CU_ASSERT(roles[0]->edge.may_authorise && !roles[0]->edge.suspended);
	CU_ASSERT_STRING_EQUAL(roles[0]->person_masked, "l*");
	up_store_roles_free(&roles, n);
	CU_ASSERT_EQUAL_FATAL(up_store_items(f.store, &items, &n), UP_OK);
	CU_ASSERT_EQUAL(n, 1);
	up_store_items_free(&items, n);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM enrolment"
	    " WHERE item_grant IS NULL"), 1);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM item_grant"), 0);
	CU_ASSERT(fixture_gapless(&f));
	fixture_close(&f);
}

/* A step that fails leaves the version before it. */
static void test_migrate_fails(void)
{
	static const char *const steps[] = {
		"CREATE TABLE a (x INTEGER)",
		"CREATE TABLE b (x INTEGER); CREATE TABLE a (x INTEGER)",
	};
	struct up_db_schema schema = {
	    .mark = fixture_schema()->mark, .steps = steps, .n = 2 };
	struct fixture f;
	char why[256];

	fixture_make(&f);
	CU_ASSERT_EQUAL(migrate(&f, &schema, why), UP_E_STORE);
	CU_ASSERT(strstr(why, "step 2") != NULL);
	schema.n = 1;
	CU_ASSERT_EQUAL(migrate(&f, &schema, why), UP_OK);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM a"), 0);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM b"), -1);
	fixture_close(&f);
}

static void test_units_put(void)
{
	struct up_unit_row u = { UP_SPAN_LIT("12430000100000016Y"), UP_SPAN_LIT("第三中学"),
		UP_SPAN_LIT("{}"), UP_SPAN_LIT("hn"), UP_SPAN_LIT("CERT-3"), 1, 2 };
	struct up_unit_row rows[2] = { u,
		{ UP_SPAN_LIT(U1), UP_SPAN_LIT("改名"), UP_SPAN_LIT("{}"), UP_SPAN_LIT("hn"),
		    UP_SPAN_LIT("CERT-1"), 1, 2 } };
	struct fixture f;
	size_t added, bad;

	fixture_open(&f, false);
	CU_ASSERT_EQUAL(fixture_units_put(f.store, rows, 2, NOW, &added, &bad), UP_E_STATE);
	CU_ASSERT_EQUAL(bad, 1);
	CU_ASSERT_EQUAL(added, 0);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM unit"), 2);
	CU_ASSERT_EQUAL(fixture_units_put(f.store, rows, 1, NOW, &added, &bad), UP_OK);
	CU_ASSERT_EQUAL(added, 1);
	CU_ASSERT_EQUAL(fixture_units_put(f.store, rows, 1, NOW, &added, &bad), UP_OK);
	CU_ASSERT_EQUAL(added, 0);
	rows[0].code = UP_SPAN_LIT("1243000010000042XX");
	/* certificate number taken */
	CU_ASSERT_EQUAL(fixture_units_put(f.store, rows, 1, NOW, &added, &bad), UP_E_STATE);
	rows[0].certificate = UP_SPAN_LIT("CERT-4");
	rows[0].authority = UP_SPAN_LIT("gd");
	CU_ASSERT_EQUAL(fixture_units_put(f.store, rows, 1, NOW, &added, &bad), UP_E_NOT_FOUND);
	fixture_close(&f);
}

static void count_rows(void *arg, size_t done)
{
	size_t *n = arg;

	CU_ASSERT(done == *n + 1 || done == 1);  /* what is refused runs again */
	*n = done;
}

static void test_units_progress(void)
{
	const struct up_unit_row rows[2] = {
		{ UP_SPAN_LIT("12430000100000016Y"), UP_SPAN_LIT("第三中学"), UP_SPAN_LIT("{}"),
		    UP_SPAN_LIT("hn"), UP_SPAN_LIT("CERT-3"), 1, 2 },
		{ UP_SPAN_LIT(U1), UP_SPAN_LIT("改名"), UP_SPAN_LIT("{}"), UP_SPAN_LIT("hn"),
		    UP_SPAN_LIT("CERT-1"), 1, 2 } };
	size_t n = 0;
	struct up_op_units put = { .op = { .kind = UP_OP_UNITS, .now_ms = NOW }, .rows = rows,
		.n = 2, .tell = count_rows, .tell_arg = &n };
	struct fixture f;

	fixture_open(&f, false);
	CU_ASSERT_EQUAL(up_store_run(f.store, &put.op), UP_E_STATE);
	CU_ASSERT_EQUAL(n, 1);           /* the second was refused */
	n = 0;
	put.n = 1;
	CU_ASSERT_EQUAL(up_store_run(f.store, &put.op), UP_OK);
	CU_ASSERT_EQUAL(n, 1);
	fixture_close(&f);
}

static void test_clients_and_items(void)
{
	struct up_client c = { .id = (char *)"p2",
		.name = (char *)"n",
		.origin = (char *)"https://p2.example.org",
		.is_static = true,
		.has_secret = true,
		.jwks = (char *)"{\"keys\":[]}" };
	struct up_client **clients;
	struct up_item *items;
	struct fixture f;
	size_t n;

	fixture_open(&f, false);
	memset(c.secret_hash, 9, 32);
	CU_ASSERT_EQUAL(fixture_client_put(f.store, &c, NOW), UP_OK);
	CU_ASSERT_EQUAL(fixture_client_put(f.store, &c, NOW), UP_E_STATE);
	CU_ASSERT_EQUAL(fixture_item_put(f.store, UP_SPAN_LIT("x"), UP_SPAN_LIT("X"),
			    UP_SPAN_LIT("nobody"), NOW),
	    UP_E_CLIENT);
	CU_ASSERT_EQUAL(fixture_item_put(f.store, UP_SPAN_LIT("annual-report"), UP_SPAN_LIT("X"),
			    UP_SPAN_LIT("p2"), NOW),
	    UP_E_STATE);
	CU_ASSERT_EQUAL(fixture_item_put(f.store, UP_SPAN_LIT("change"), UP_SPAN_LIT("X"),
			    UP_SPAN_LIT("portal"), NOW),
	    UP_OK);

	CU_ASSERT_EQUAL_FATAL(up_store_clients(f.store, false, &clients, &n), UP_OK);
	CU_ASSERT_EQUAL_FATAL(n, 2);
	CU_ASSERT_STRING_EQUAL(clients[0]->id, "portal");
	CU_ASSERT_STRING_EQUAL(clients[0]->items, "annual-report change");
	CU_ASSERT_PTR_NULL(clients[0]->jwks);
	CU_ASSERT(!clients[0]->has_secret && !clients[0]->is_static);
	CU_ASSERT_STRING_EQUAL(clients[1]->jwks, c.jwks);
	CU_ASSERT_STRING_EQUAL(clients[1]->items, "");
	CU_ASSERT(clients[1]->has_secret && clients[1]->is_static &&
	    memcmp(clients[1]->secret_hash, c.secret_hash, 32) == 0);
	up_store_clients_free(&clients, n);
	CU_ASSERT_PTR_NULL(clients);

	memset(c.secret_hash, 7, 32);
	c.jwks = NULL;
	CU_ASSERT_EQUAL(fixture_client_rotate(f.store, &c, NOW), UP_OK);
	CU_ASSERT_EQUAL(
	    fixture_client_rotate(f.store, &(struct up_client){.id = (char *)"nobody"}, NOW),
	    UP_E_NOT_FOUND);
	CU_ASSERT_EQUAL_FATAL(up_store_clients(f.store, false, &clients, &n), UP_OK);
	CU_ASSERT_EQUAL_FATAL(n, 2);
	CU_ASSERT(clients[1]->has_secret && clients[1]->is_static &&
	    memcmp(clients[1]->secret_hash, c.secret_hash, 32) == 0);
	CU_ASSERT_PTR_NULL(clients[1]->jwks);
	CU_ASSERT(!clients[0]->has_secret);
	up_store_clients_free(&clients, n);
	CU_ASSERT_EQUAL_FATAL(up_store_items(f.store, &items, &n), UP_OK);
	CU_ASSERT_EQUAL_FATAL(n, 2);
	CU_ASSERT_STRING_EQUAL(items[0].client, "portal");
	up_store_items_free(&items, n);
	fixture_close(&f);
}

static void test_decision(void)
{
	struct up_op_decide decide;
	struct fixture f;

	fixture_open(&f, true);
	fixture_enrol(&f);
	decide = fixture_decide(&f, true);
	decide.item = UP_SPAN_LIT("annual-report");
	CU_ASSERT_EQUAL_FATAL(up_store_run(f.store, &decide.op), UP_OK);
	CU_ASSERT_EQUAL(decide.out_role->id, f.role);
	struct fixture_seen last = fixture_newest(f.store);
	CU_ASSERT_EQUAL(last.last, decide.op.out_seq);
	CU_ASSERT(strstr(last.body, "\"result\":\"ok\"") && strstr(last.body, U1) &&
	    strstr(last.body, decide.out_role->ref) && strstr(last.body, "第一中学") &&
	    strstr(last.body, "\"certificate_version\":1") &&
	    strstr(last.body, "first00000000000000000") && strstr(last.body, "李*"));
	CU_ASSERT(strstr(last.body, "李明") == NULL);
	uint8_t leaf[32];
	CU_ASSERT_EQUAL(up_record_leaf(up_span_str(last.body), leaf), UP_OK);
	CU_ASSERT(memcmp(leaf, decide.op.out_leaf, 32) == 0);
	up_store_role_free(&decide.out_role);

	decide = fixture_decide(&f, true);
	decide.role = 0;                         /* a decision names its edge */
	CU_ASSERT_EQUAL(up_store_run(f.store, &decide.op), UP_E_ROLE);
	decide = fixture_decide(&f, true);
	decide.role = f.role + 1;
	CU_ASSERT_EQUAL(up_store_run(f.store, &decide.op), UP_E_ROLE);
	CU_ASSERT(strstr(fixture_newest(f.store).body,
		      "\"reason\":\"role_not_live\",\"result\":\"refused\"") != NULL);
	decide = fixture_decide(&f, false);
	decide.approve = false;               /* a denial */
	CU_ASSERT_EQUAL(up_store_run(f.store, &decide.op), UP_OK);
	CU_ASSERT_PTR_NULL(decide.out_role);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT errors FROM device"), 0);
	CU_ASSERT(fixture_gapless(&f));
	fixture_close(&f);
}

static void test_session(void)
{
	struct up_op_redeem redeem;
	struct up_op_replay replay;
	struct fixture f;
	struct up_session *session;
	bool known;

	fixture_open(&f, true);
	fixture_enrol(&f);
	redeem = fixture_redeem(&f, "ssssssssssssssssssssss");
	CU_ASSERT_EQUAL(up_store_browser_known(f.store, UP_SPAN_LIT("portal"),
			    UP_SPAN_LIT("browser-1"), UP_SPAN_LIT(U1), &known),
	    UP_OK);
	CU_ASSERT(!known);
	CU_ASSERT_EQUAL_FATAL(up_store_run(f.store, &redeem.op), UP_OK);
	up_op_clear(&redeem.op);
	CU_ASSERT_EQUAL(up_store_browser_known(f.store, UP_SPAN_LIT("portal"),
			    UP_SPAN_LIT("browser-1"), UP_SPAN_LIT(U1), &known),
	    UP_OK);
	CU_ASSERT(known);
	CU_ASSERT_EQUAL(up_store_browser_known(f.store, UP_SPAN_LIT("portal"),
			    UP_SPAN_LIT("browser-1"), UP_SPAN_LIT(U2), &known),
	    UP_OK);
	CU_ASSERT(!known);
	redeem = fixture_redeem(&f, "ssssssssssssssssssssss");
	CU_ASSERT_EQUAL(up_store_run(f.store, &redeem.op), UP_E_STATE);
	CU_ASSERT_PTR_NULL(redeem.out_chain);
	CU_ASSERT_EQUAL_FATAL(up_store_session(f.store, "ssssssssssssssssssssss", &session), UP_OK);
	CU_ASSERT(!session->revoked);
	CU_ASSERT_STRING_EQUAL(session->client, "portal");
	up_store_session_free(&session);
	replay = fixture_replay(&f, redeem.session);
	CU_ASSERT_EQUAL(up_store_run(f.store, &replay.op), UP_OK);
	CU_ASSERT_EQUAL_FATAL(up_store_session(f.store, "ssssssssssssssssssssss", &session), UP_OK);
	CU_ASSERT(session->revoked);
	up_store_session_free(&session);
	CU_ASSERT(fixture_newest_has(&f, "\"unit_code\":\"" U1 "\""));
	CU_ASSERT(fixture_newest_has(&f, "\"unit_name\":"));
	CU_ASSERT(fixture_newest_has(&f, "\"person_name\":"));
	CU_ASSERT(fixture_newest_has(&f, "\"person_ref\":"));
	CU_ASSERT(fixture_newest_has(&f, "\"device\":"));
	CU_ASSERT(fixture_newest_has(&f, "\"holder_ref\":"));
	CU_ASSERT(fixture_newest_has(&f, "\"role\":\"principal\""));
	CU_ASSERT_EQUAL(up_store_session(f.store, "nnnnnnnnnnnnnnnnnnnnnn", &session), UP_E_TOKEN);
	redeem = fixture_redeem(&f, "rrrrrrrrrrrrrrrrrrrrrr");
	redeem.op.record.client = UP_SPAN_LIT("nobody");
	CU_ASSERT_EQUAL(up_store_run(f.store, &redeem.op), UP_E_CLIENT);
	CU_ASSERT(fixture_gapless(&f));
	fixture_close(&f);
}

/* Whatever dies, the session dies with it, and nothing can be redeemed or decided. */
static void test_dead(void)
{
	struct up_op_redeem redeem;
	struct up_op_decide decide;
	static const struct { const char *kill, *revive; enum up_err decide, redeem;
	} rows[] = {
		{ "UPDATE role SET status = 'ended'", "UPDATE role SET status = 'live'", UP_E_ROLE,
		    UP_E_ROLE },
		{ "UPDATE device SET status = 'ended'", "UPDATE device SET status = 'live'",
		    UP_E_ENDED, UP_E_ENDED },
		{ "UPDATE unit SET status = 'ended' WHERE id = 1",
		    "UPDATE unit SET status = 'live'", UP_E_ROLE, UP_E_ROLE },
		{ "UPDATE person SET outcome = 'pending'", "UPDATE person SET outcome = 'match'",
		    UP_E_ROLE, UP_E_ROLE },
		{ "UPDATE client SET status = 'ended'", "UPDATE client SET status = 'live'",
		    UP_E_CLIENT, UP_E_CLIENT },
	};
	struct up_session *session;
	struct fixture f;

	fixture_open(&f, true);
	fixture_enrol(&f);
	redeem = fixture_redeem(&f, "ssssssssssssssssssssss");
	CU_ASSERT_EQUAL_FATAL(up_store_run(f.store, &redeem.op), UP_OK);
	up_op_clear(&redeem.op);
	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		UP_CHECK(fixture_change(&f, rows[i].kill) == UP_OK, rows[i].kill);
		decide = fixture_decide(&f, true);
		UP_CHECK(up_store_run(f.store, &decide.op) == rows[i].decide, rows[i].kill);
		redeem = fixture_redeem(&f, "rrrrrrrrrrrrrrrrrrrrrr");
		UP_CHECK(up_store_run(f.store, &redeem.op) == rows[i].redeem, rows[i].kill);
		UP_CHECK(up_store_session(f.store, "ssssssssssssssssssssss", &session) == UP_OK &&
			session->revoked,
		    rows[i].kill);
		up_store_session_free(&session);
		UP_CHECK(fixture_change(&f, rows[i].revive) == UP_OK, rows[i].revive);
		UP_CHECK(up_store_session(f.store, "ssssssssssssssssssssss", &session) == UP_OK &&
			!session->revoked,
		    rows[i].revive);
		up_store_session_free(&session);
	}
	/* an expired certificate, and a user without a grant */
	redeem = fixture_redeem(&f, "rrrrrrrrrrrrrrrrrrrrrr");
	redeem.op.now_ms = 1900000001000;
	CU_ASSERT_EQUAL(up_store_run(f.store, &redeem.op), UP_E_ROLE);
	CU_ASSERT_EQUAL(fixture_change(&f, "UPDATE role SET role = 'user'"), UP_OK);
	decide = fixture_decide(&f, true);
	decide.item = UP_SPAN_LIT("annual-report");
	CU_ASSERT_EQUAL(up_store_run(f.store, &decide.op), UP_E_ITEM_GRANT);
	redeem = fixture_redeem(&f, "rrrrrrrrrrrrrrrrrrrrrr");
	redeem.item = UP_SPAN_LIT("annual-report");
	CU_ASSERT_EQUAL(up_store_run(f.store, &redeem.op), UP_E_ITEM_GRANT);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM session"), 1);
	fixture_close(&f);
}

UP_SUITE("store", test_open, test_migrate, test_migrate_site, test_migrate_fails, test_units_put,
    test_units_progress, test_clients_and_items, test_decision, test_session, test_dead)
