/* SPDX-License-Identifier: Apache-2.0
 * The contract of server/store/store.h, call by call. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/text.h"
#include "server/db/schema.h"
#include "server/store/usage.h"
#include "test_store_fixture.h"

struct seen { size_t n; int64_t first, last; char body[4096]; };

static int see(void *arg, int64_t seq, struct up_span canonical)
{
	struct seen *s = arg;

	s->n++;
	s->first = s->first == 0 ? seq : s->first;
	s->last = seq;
	snprintf(s->body, sizeof(s->body), "%.*s", (int)canonical.n, (const char *)canonical.p);
	return 0;
}

static struct seen query(struct up_store *s, struct up_usage_filter filter)
{
	struct seen seen = { 0 };

	CU_ASSERT_EQUAL(up_store_usage(s, &filter, see, &seen), UP_OK);
	return seen;
}

static struct seen newest(struct up_store *s)
{
	return query(s, (struct up_usage_filter){ .limit = 1 });
}

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

/* A step that fails leaves the version before it. */
static void test_migrate_fails(void)
{
	static const char *const steps[] = {
		"CREATE TABLE a (x INTEGER)",
		"CREATE TABLE b (x INTEGER); CREATE TABLE a (x INTEGER)",
	};
	struct up_db_schema schema = { fixture_schema()->mark, steps, 2, NULL };
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

static void test_admin(void)
{
	struct up_unit_row u = { UP_SPAN_LIT("12430000100000016Y"), UP_SPAN_LIT("第三中学"), UP_SPAN_LIT("{}"), UP_SPAN_LIT("hn"), UP_SPAN_LIT("CERT-3"), 1, 2 };
	struct up_unit_row rows[2] = { u, { UP_SPAN_LIT(U1), UP_SPAN_LIT("改名"), UP_SPAN_LIT("{}"), UP_SPAN_LIT("hn"), UP_SPAN_LIT("CERT-1"), 1, 2 } };
	struct up_client c = { .id = (char *)"p2", .name = (char *)"n", .origin = (char *)"https://p2.example.org", .is_static = true, .has_secret = true,
		.jwks = (char *)"{\"keys\":[]}" };
	struct up_client **clients;
	struct up_item *items;
	struct fixture f;
	size_t added, bad, n;

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
	CU_ASSERT_EQUAL(fixture_units_put(f.store, rows, 1, NOW, &added, &bad), UP_E_STATE);    /* certificate number taken */
	rows[0].certificate = UP_SPAN_LIT("CERT-4");
	rows[0].authority = UP_SPAN_LIT("gd");
	CU_ASSERT_EQUAL(fixture_units_put(f.store, rows, 1, NOW, &added, &bad), UP_E_NOT_FOUND);

	memset(c.secret_hash, 9, 32);
	CU_ASSERT_EQUAL(fixture_client_put(f.store, &c, NOW), UP_OK);
	CU_ASSERT_EQUAL(fixture_client_put(f.store, &c, NOW), UP_E_STATE);
	CU_ASSERT_EQUAL(fixture_item_put(f.store, UP_SPAN_LIT("x"), UP_SPAN_LIT("X"), UP_SPAN_LIT("nobody"), NOW), UP_E_CLIENT);
	CU_ASSERT_EQUAL(fixture_item_put(f.store, UP_SPAN_LIT("annual-report"), UP_SPAN_LIT("X"), UP_SPAN_LIT("p2"), NOW), UP_E_STATE);
	CU_ASSERT_EQUAL(fixture_item_put(f.store, UP_SPAN_LIT("change"), UP_SPAN_LIT("X"), UP_SPAN_LIT("portal"), NOW), UP_OK);

	CU_ASSERT_EQUAL_FATAL(up_store_clients(f.store, false, &clients, &n), UP_OK);
	CU_ASSERT_EQUAL_FATAL(n, 2);
	CU_ASSERT_STRING_EQUAL(clients[0]->id, "portal");
	CU_ASSERT_STRING_EQUAL(clients[0]->items, "annual-report change");
	CU_ASSERT_PTR_NULL(clients[0]->jwks);
	CU_ASSERT(!clients[0]->has_secret && !clients[0]->is_static);
	CU_ASSERT_STRING_EQUAL(clients[1]->jwks, c.jwks);
	CU_ASSERT_STRING_EQUAL(clients[1]->items, "");
	CU_ASSERT(clients[1]->has_secret && clients[1]->is_static && memcmp(clients[1]->secret_hash, c.secret_hash, 32) == 0);
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
	CU_ASSERT(clients[1]->has_secret && clients[1]->is_static && memcmp(clients[1]->secret_hash, c.secret_hash, 32) == 0);
	CU_ASSERT_PTR_NULL(clients[1]->jwks);
	CU_ASSERT(!clients[0]->has_secret);
	up_store_clients_free(&clients, n);
	CU_ASSERT_EQUAL_FATAL(up_store_items(f.store, &items, &n), UP_OK);
	CU_ASSERT_EQUAL_FATAL(n, 2);
	CU_ASSERT_STRING_EQUAL(items[0].client, "portal");
	up_store_items_free(&items, n);
	fixture_close(&f);
}

static struct up_op_code window_row(const struct up_named *who, const char *outcome)
{
	struct up_op_code r = { .unit = UP_SPAN_LIT(U1), .role = UP_SPAN_LIT("principal"), .outcome = up_span_str(outcome), .assurance = UP_SPAN_LIT("roster"),
		.clerk = UP_SPAN_LIT("c"), .window = UP_SPAN_LIT("w"), .named = *who, .expires_ms = NOW + 300000 };

	fixture_code(outcome, r.code_hash);
	return r;
}

static void test_window(void)
{
	struct up_op_enrol enrol;
	struct up_op_code r = window_row(&fixture_li, "unavailable");
	struct up_enrolment *e;
	struct fixture f;
	char ref[23];

	fixture_open(&f, false);
	CU_ASSERT_EQUAL(fixture_code_put(f.store, &r, NOW), UP_E_PENDING);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM person WHERE outcome = 'pending'"), 1);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM enrolment"), 0);
	CU_ASSERT(strstr(newest(f.store).body, "\"reason\":\"unavailable\"") != NULL);
	r = window_row(&fixture_zhang, "mismatch");
	CU_ASSERT_EQUAL(fixture_code_put(f.store, &r, NOW), UP_E_PERSON);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM person"), 1);
	r = window_row(&fixture_li, "match");
	r.unit = UP_SPAN_LIT("12430100MB0A12342M");
	CU_ASSERT_EQUAL(fixture_code_put(f.store, &r, NOW), UP_E_NOT_FOUND);

	/* the wrong person was written down, never enrolled, and gives way to the right one; her code ends */
	CU_ASSERT_EQUAL(fixture_put_code(f.store, U1, &fixture_zhang, "wrong"), UP_OK);
	CU_ASSERT_EQUAL(fixture_put_code(f.store, U1, &fixture_li, "one"), UP_OK);
	fixture_code("wrong", r.code_hash);
	CU_ASSERT_EQUAL(up_store_enrolment(f.store, r.code_hash, &fixture_zhang, NOW, &e), UP_E_CODE);
	/* a new code for the same person ends the old one */
	CU_ASSERT_EQUAL(fixture_put_code(f.store, U1, &fixture_li, "two"), UP_OK);
	fixture_code("one", r.code_hash);
	CU_ASSERT_EQUAL(up_store_enrolment(f.store, r.code_hash, &fixture_li, NOW, &e), UP_E_CODE);
	fixture_code("two", r.code_hash);
	CU_ASSERT_EQUAL_FATAL(up_store_enrolment(f.store, r.code_hash, &fixture_li, NOW, &e), UP_OK);
	CU_ASSERT_STRING_EQUAL(e->unit_code, U1);
	CU_ASSERT_STRING_EQUAL(e->certificate, "CERT-1");
	CU_ASSERT_STRING_EQUAL(e->person_masked, "李*");
	CU_ASSERT_EQUAL(e->certificate_version, 1);
	up_store_enrolment_free(&e);
	CU_ASSERT_EQUAL(up_store_enrolment(f.store, r.code_hash, &fixture_li, NOW + 300000, &e), UP_E_CODE);

	enrol = fixture_enrolling("two", &fixture_li, ref);

	CU_ASSERT_EQUAL_FATAL(up_store_run(f.store, &enrol.op), UP_OK);
	up_store_role_free(&enrol.out_role);
	CU_ASSERT_EQUAL(fixture_put_code(f.store, U1, &fixture_zhang, "other"), UP_E_STATE);
	CU_ASSERT(fixture_gapless(&f));
	fixture_close(&f);
}

static void test_mismatches(void)
{
	struct up_op_enrol enrol;
	const struct up_named almost = { fixture_li.name, fixture_li.resident, fixture_zhang.mobile };
	struct up_enrolment *e;
	struct fixture f;
	uint8_t code[32];
	char ref[23];

	fixture_open(&f, false);
	CU_ASSERT_EQUAL(fixture_put_code(f.store, U1, &fixture_li, "first"), UP_OK);
	fixture_code("first", code);

	enrol = fixture_enrolling("first", &almost, ref);

	for (int i = 0; i < 4; i++)
		CU_ASSERT_EQUAL(
		    fixture_open_code(f.store, "first", i % 2 ? &fixture_zhang : &almost),
		    UP_E_PERSON);
	CU_ASSERT_EQUAL(up_store_enrolment(f.store, code, &fixture_li, NOW, &e), UP_OK);
	up_store_enrolment_free(&e);
	CU_ASSERT_EQUAL(up_store_run(f.store, &enrol.op), UP_E_PERSON);
	CU_ASSERT_PTR_NULL(enrol.out_role);
	CU_ASSERT(strstr(newest(f.store).body, "\"reason\":\"wrong_person\"") != NULL);
	CU_ASSERT(strstr(newest(f.store).body, "person_ref") == NULL);
	CU_ASSERT_EQUAL(up_store_enrolment(f.store, code, &fixture_li, NOW, &e), UP_E_CODE);
	fixture_close(&f);
}

static bool is_live(const struct up_role *role, int64_t now_ms)
{
	const struct up_authority_ask ask = { .use = UP_USE_SCAN, .now_s = now_ms / 1000 };
	struct up_authority_answer answer;

	return up_authority_may(&ask, &role->edge, &answer) == UP_OK;
}

static void test_enrol(void)
{
	struct up_op_enrol enrol;
	struct up_op_decide decide;
	struct up_device d;
	struct up_role **roles, *role;
	struct up_enrolment *e;
	struct fixture f;
	uint8_t code[32];
	char ref[23];
	size_t n;

	fixture_open(&f, true);
	fixture_enrol(&f);
	fixture_code("first", code);
	CU_ASSERT_EQUAL(up_store_enrolment(f.store, code, &fixture_li, NOW, &e), UP_E_CODE);
	CU_ASSERT_EQUAL(up_store_device(f.store, f.token_hash, &d), UP_OK);
	CU_ASSERT_EQUAL(d.id, f.device);
	CU_ASSERT_EQUAL(d.key[63], 5);
	CU_ASSERT_STRING_EQUAL(d.person_masked, "李*");
	CU_ASSERT_EQUAL_FATAL(up_store_roles(f.store, f.device, &roles, &n), UP_OK);
	CU_ASSERT_EQUAL_FATAL(n, 1);
	CU_ASSERT(is_live(roles[0], NOW));
	CU_ASSERT_STRING_EQUAL(roles[0]->person_name, "李明");
	CU_ASSERT_STRING_EQUAL(roles[0]->assurance, "roster");
	up_store_roles_free(&roles, n);
	CU_ASSERT_EQUAL(up_store_role(f.store, f.role, f.device + 1, &role), UP_E_ROLE);
	CU_ASSERT_EQUAL_FATAL(up_store_role(f.store, f.role, f.device, &role), UP_OK);
	CU_ASSERT(!is_live(role, 1900000001000));        /* the certificate's period is over */
	CU_ASSERT(is_live(role, 1900000000999));
	up_store_role_free(&role);

	/* no statement, and a token hash that is taken */
	CU_ASSERT_EQUAL(fixture_put_code(f.store, U1, &fixture_li, "second"), UP_OK);
	enrol = fixture_enrolling("second", &fixture_li, ref);
	enrol.statement_version = up_span_str("");
	CU_ASSERT_EQUAL(up_store_run(f.store, &enrol.op), UP_E_STATEMENT);
	enrol = fixture_enrolling("second", &fixture_li, ref);
	memcpy(enrol.device_token_hash, f.token_hash, 32);
	CU_ASSERT_EQUAL(up_store_run(f.store, &enrol.op), UP_E_STATE);
	CU_ASSERT_EQUAL(up_store_device(f.store, f.token_hash, &d), UP_OK);
	/* rule 28: the new phone ends the old one */
	enrol = fixture_enrolling("second", &fixture_li, ref);
	CU_ASSERT_EQUAL_FATAL(up_store_run(f.store, &enrol.op), UP_OK);
	CU_ASSERT_NOT_EQUAL(enrol.out_device, f.device);
	CU_ASSERT_EQUAL(enrol.out_role->id, f.role);
	up_store_role_free(&enrol.out_role);
	CU_ASSERT_EQUAL(up_store_device(f.store, f.token_hash, &d), UP_E_ENDED);
	CU_ASSERT_EQUAL(d.id, f.device);
	decide = fixture_decide(&f, true);
	CU_ASSERT_EQUAL(up_store_run(f.store, &decide.op), UP_E_ENDED);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM agreement WHERE version = '2025-01'"), 2);
	fixture_close(&f);
}

/* A registered phone takes a second unit: same person, her password, no new device. */
static void test_second_unit(void)
{
	struct up_op_enrol enrol;
	struct up_device d;
	struct up_role **roles;
	struct fixture f;
	char ref[23];
	size_t n;

	fixture_open(&f, true);
	fixture_enrol(&f);
	CU_ASSERT_EQUAL(fixture_put_code(f.store, U2, &fixture_li, "second"), UP_OK);
	enrol = fixture_enrolling("second", &fixture_li, ref);
	enrol.device = f.device;
	enrol.password[0] = 9;
	CU_ASSERT_EQUAL(up_store_run(f.store, &enrol.op), UP_E_PASSWORD);
	CU_ASSERT_EQUAL(enrol.tries_left, 5);
	CU_ASSERT_EQUAL(enrol.password[1], 0);     /* wiped */
	CU_ASSERT_EQUAL(up_store_device(f.store, f.token_hash, &d), UP_OK);
	CU_ASSERT_EQUAL(d.errors, 1);
	enrol = fixture_enrolling("second", &fixture_li, ref);
	enrol.device = f.device;
	CU_ASSERT_EQUAL_FATAL(up_store_run(f.store, &enrol.op), UP_OK);
	CU_ASSERT_EQUAL(enrol.out_device, f.device);
	CU_ASSERT_STRING_EQUAL(enrol.out_role->unit_code, U2);
	up_store_role_free(&enrol.out_role);
	CU_ASSERT_EQUAL(up_store_device(f.store, f.token_hash, &d), UP_OK);
	CU_ASSERT_EQUAL(d.errors, 0);
	CU_ASSERT_EQUAL(up_store_roles(f.store, f.device, &roles, &n), UP_OK);
	CU_ASSERT_EQUAL(n, 2);
	up_store_roles_free(&roles, n);

	/* Zhang's code on Li's phone */
	CU_ASSERT_EQUAL(
	    fixture_change(&f, "UPDATE role SET status = 'ended' WHERE unit = 2"), UP_OK);
	CU_ASSERT_EQUAL(fixture_put_code(f.store, U2, &fixture_zhang, "zhang"), UP_OK);
	enrol = fixture_enrolling("zhang", &fixture_zhang, ref);
	enrol.device = f.device;
	CU_ASSERT_EQUAL(up_store_run(f.store, &enrol.op), UP_E_PERSON);
	/* a new phone for U2's successor leaves the first phone with U1 alive */
	enrol = fixture_enrolling("zhang", &fixture_zhang, ref);
	CU_ASSERT_EQUAL(up_store_run(f.store, &enrol.op), UP_OK);
	up_store_role_free(&enrol.out_role);
	CU_ASSERT_EQUAL(up_store_device(f.store, f.token_hash, &d), UP_OK);
	fixture_close(&f);
}

static void test_login(void)
{
	struct up_op_decide decide;
	struct up_op_redeem redeem;
	struct up_op_replay replay;
	struct fixture f;
	struct up_session *session;
	bool known;

	fixture_open(&f, true);
	fixture_enrol(&f);
	decide = fixture_decide(&f, true);
	decide.item = UP_SPAN_LIT("annual-report");
	CU_ASSERT_EQUAL_FATAL(up_store_run(f.store, &decide.op), UP_OK);
	CU_ASSERT_EQUAL(decide.out_role->id, f.role);
	struct seen last = newest(f.store);
	CU_ASSERT_EQUAL(last.last, decide.op.out_seq);
	CU_ASSERT(strstr(last.body, "\"result\":\"ok\"") && strstr(last.body, U1) && strstr(last.body, decide.out_role->ref) && strstr(last.body, "第一中学") &&
	    strstr(last.body, "\"certificate_version\":1") && strstr(last.body, "first00000000000000000") && strstr(last.body, "李*"));
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
	CU_ASSERT(strstr(newest(f.store).body, "\"reason\":\"role_not_live\",\"result\":\"refused\"") != NULL);
	decide = fixture_decide(&f, false);
	decide.approve = false;               /* a denial */
	CU_ASSERT_EQUAL(up_store_run(f.store, &decide.op), UP_OK);
	CU_ASSERT_PTR_NULL(decide.out_role);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT errors FROM device"), 0);

	redeem = fixture_redeem(&f, "ssssssssssssssssssssss");
	CU_ASSERT_EQUAL(up_store_browser_known(f.store, UP_SPAN_LIT("portal"), UP_SPAN_LIT("browser-1"), UP_SPAN_LIT(U1), &known), UP_OK);
	CU_ASSERT(!known);
	CU_ASSERT_EQUAL_FATAL(up_store_run(f.store, &redeem.op), UP_OK);
	up_store_role_free(&redeem.out_role);
	CU_ASSERT_EQUAL(up_store_browser_known(f.store, UP_SPAN_LIT("portal"), UP_SPAN_LIT("browser-1"), UP_SPAN_LIT(U1), &known), UP_OK);
	CU_ASSERT(known);
	CU_ASSERT_EQUAL(up_store_browser_known(f.store, UP_SPAN_LIT("portal"), UP_SPAN_LIT("browser-1"), UP_SPAN_LIT(U2), &known), UP_OK);
	CU_ASSERT(!known);
	redeem = fixture_redeem(&f, "ssssssssssssssssssssss");
	CU_ASSERT_EQUAL(up_store_run(f.store, &redeem.op), UP_E_STATE);
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

static struct up_op_record refusal(const char *reason, struct up_span by, int64_t now_ms)
{
	struct up_op_record note = fixture_note("login.approve");

	note.op.now_ms = note.op.record.time_ms = now_ms;
	note.op.refused_by = by;
	note.op.record.result = UP_SPAN_LIT("refused");
	note.op.record.reason = up_span_str(reason);
	return note;
}

static unsigned refuse(
    struct fixture *f, unsigned times, const char *reason, struct up_span by, int64_t now_ms)
{
	struct up_op_record note;
	int64_t before = fixture_count(f, "SELECT count(*) FROM usage");

	for (unsigned i = 0; i < times; i++) {
		note = refusal(reason, by, now_ms);

		CU_ASSERT_EQUAL(up_store_run(f->store, &note.op), UP_OK);
		CU_ASSERT_EQUAL(note.op.out_seq != 0, ((i + 1) & i) == 0 || by.n == 0);
	}
	return (unsigned)(fixture_count(f, "SELECT count(*) FROM usage") - before);
}

/* A phone or a stranger makes the log grow by the logarithm of what he tries. */
static void test_counted(void)
{
	struct up_op_record note;
	struct up_store_stats stats;
	struct fixture f;

	fixture_open(&f, false);
	CU_ASSERT_EQUAL(refuse(&f, 5, "unknown_transaction", (struct up_span){ NULL, 0 }, NOW), 5);
	CU_ASSERT_EQUAL(refuse(&f, 1000, "unknown_transaction", UP_SPAN_LIT("phone-1"), NOW), 10);
	CU_ASSERT(fixture_newest_has(&f, "\"count\":512,"));
	up_store_stats(f.store, &stats);
	CU_ASSERT_EQUAL(stats.counted, 990);
	/* another phone, another reason, another day: each from one on */
	CU_ASSERT_EQUAL(refuse(&f, 3, "unknown_transaction", UP_SPAN_LIT("phone-2"), NOW), 2);
	CU_ASSERT_EQUAL(refuse(&f, 3, "unknown_code", UP_SPAN_LIT("phone-1"), NOW), 2);
	CU_ASSERT_EQUAL(
	    refuse(&f, 3, "unknown_transaction", UP_SPAN_LIT("phone-1"), NOW + 86400000), 2);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM refusal"), 3);
	/* what succeeds is recorded whoever did it */
	for (int i = 0; i < 5; i++) {
		note = refusal("", UP_SPAN_LIT("phone-1"), NOW);
		note.op.record.result = UP_SPAN_LIT("ok");
		CU_ASSERT_EQUAL(up_store_run(f.store, &note.op), UP_OK);
		CU_ASSERT(note.op.out_seq != 0);
	}
	CU_ASSERT(fixture_gapless(&f));
	fixture_close(&f);
}

static unsigned enrol_often(struct fixture *f, const char *code, enum up_err want)
{
	struct up_op_enrol enrol;
	int64_t before = fixture_count(f, "SELECT count(*) FROM usage");
	char ref[23];

	for (int i = 0; i < 100; i++) {
		enrol = fixture_enrolling(code, &fixture_li, ref);

		enrol.op.refused_by = UP_SPAN_LIT("strangers");
		CU_ASSERT_EQUAL(up_store_run(f->store, &enrol.op), want);
		up_store_role_free(&enrol.out_role);
	}
	return (unsigned)(fixture_count(f, "SELECT count(*) FROM usage") - before);
}

static enum up_err look_as(struct fixture *f, const char *code, int64_t *seq)
{
	struct up_op_open look = {.op = {.kind = UP_OP_OPEN,
				      .now_ms = NOW,
				      .refused_by = UP_SPAN_LIT("strangers"),
				      .record = fixture_record("enrolment.open")},
	    .named = &fixture_li};
	enum up_err err;

	fixture_code(code, look.code_hash);
	err = up_store_run(f->store, &look.op);
	*seq = look.op.out_seq;
	return err;
}

/* All strangers share one count; a code that was ours has its own, so that their noise does not
 * hide what becomes of it. */
static void test_counted_codes(void)
{
	struct fixture f;
	int64_t seq;

	fixture_open(&f, false);
	fixture_enrol(&f);
	CU_ASSERT_EQUAL(enrol_often(&f, "made-up", UP_E_CODE), 7);
	CU_ASSERT_EQUAL(enrol_often(&f, "made-up-too", UP_E_CODE), 1);   /* the 128th */
	CU_ASSERT_EQUAL(enrol_often(&f, "first", UP_E_CODE), 7);         /* used up */
	for (int i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(look_as(&f, "another", &seq), UP_E_CODE);
	CU_ASSERT_EQUAL(seq, 0);
	CU_ASSERT_EQUAL(look_as(&f, "first", &seq), UP_E_CODE);
	CU_ASSERT(seq != 0);
	CU_ASSERT(fixture_gapless(&f));
	fixture_close(&f);
}

/* Whatever dies, the session dies with it, and nothing can be redeemed or decided. */
static void test_dead(void)
{
	struct up_op_redeem redeem;
	struct up_op_decide decide;
	static const struct { const char *kill, *revive; enum up_err decide, redeem; } rows[] = {
		{ "UPDATE role SET status = 'ended'", "UPDATE role SET status = 'live'", UP_E_ROLE, UP_E_ROLE },
		{ "UPDATE device SET status = 'ended'", "UPDATE device SET status = 'live'",
		    UP_E_ENDED, UP_E_ENDED },
		{ "UPDATE unit SET status = 'ended' WHERE id = 1", "UPDATE unit SET status = 'live'", UP_E_ROLE, UP_E_ROLE },
		{ "UPDATE person SET outcome = 'pending'", "UPDATE person SET outcome = 'match'", UP_E_ROLE, UP_E_ROLE },
		{ "UPDATE client SET status = 'ended'", "UPDATE client SET status = 'live'", UP_E_CLIENT, UP_E_CLIENT },
	};
	struct up_session *session;
	struct fixture f;

	fixture_open(&f, true);
	fixture_enrol(&f);
	redeem = fixture_redeem(&f, "ssssssssssssssssssssss");
	CU_ASSERT_EQUAL_FATAL(up_store_run(f.store, &redeem.op), UP_OK);
	up_store_role_free(&redeem.out_role);
	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		UP_CHECK(fixture_change(&f, rows[i].kill) == UP_OK, rows[i].kill);
		decide = fixture_decide(&f, true);
		UP_CHECK(up_store_run(f.store, &decide.op) == rows[i].decide, rows[i].kill);
		redeem = fixture_redeem(&f, "rrrrrrrrrrrrrrrrrrrrrr");
		UP_CHECK(up_store_run(f.store, &redeem.op) == rows[i].redeem, rows[i].kill);
		UP_CHECK(up_store_session(f.store, "ssssssssssssssssssssss", &session) == UP_OK && session->revoked, rows[i].kill);
		up_store_session_free(&session);
		UP_CHECK(fixture_change(&f, rows[i].revive) == UP_OK, rows[i].revive);
		UP_CHECK(up_store_session(f.store, "ssssssssssssssssssssss", &session) == UP_OK && !session->revoked, rows[i].revive);
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

/* Rule 27 ends a lock by SMS; the window, which has seen her papers, may give a code for it as
 * well. */
static void unlock_at_window(struct fixture *f)
{
	struct up_op_enrol enrol;
	struct up_op_decide decide;
	char ref[23];

	CU_ASSERT_EQUAL_FATAL(fixture_put_code(f->store, U1, &fixture_li, "unlock"), UP_OK);
	enrol = fixture_enrolling("unlock", &fixture_li, ref);
	enrol.device = f->device;
	/* her old one does not do */
	CU_ASSERT_EQUAL(up_store_run(f->store, &enrol.op), UP_E_LOCKED);
	enrol = fixture_enrolling("unlock", &fixture_zhang, ref);
	enrol.device = f->device;
	enrol.unlock = true;
	CU_ASSERT_EQUAL(up_store_run(f->store, &enrol.op), UP_E_PERSON);
	enrol = fixture_enrolling("unlock", &fixture_li, ref);
	enrol.device = f->device;
	enrol.unlock = true;
	memset(enrol.password, 9, sizeof(enrol.password));
	CU_ASSERT_EQUAL_FATAL(up_store_run(f->store, &enrol.op), UP_OK);
	CU_ASSERT_EQUAL(enrol.out_device, f->device);
	up_store_role_free(&enrol.out_role);
	CU_ASSERT(strstr(newest(f->store).body, "\"event\":\"enrolment.done\"") != NULL);
	CU_ASSERT(strstr(newest(f->store).body,
	    "\"before\":\"{\\\"password\\\":\\\"locked\\\"}\"") != NULL);
	CU_ASSERT_EQUAL(fixture_count(f, "SELECT errors FROM device"), 0);
	decide = fixture_decide(f, true);
	/* the old one is no more */
	CU_ASSERT_EQUAL(up_store_run(f->store, &decide.op), UP_E_PASSWORD);
	decide = fixture_decide(f, true);
	memset(decide.password, 9, sizeof(decide.password));
	CU_ASSERT_EQUAL(up_store_run(f->store, &decide.op), UP_OK);
	up_store_role_free(&decide.out_role);
	/* a phone that is not locked keeps its password */
	CU_ASSERT_EQUAL_FATAL(fixture_put_code(f->store, U1, &fixture_li, "again"), UP_OK);
	enrol = fixture_enrolling("again", &fixture_li, ref);
	enrol.device = f->device;
	enrol.unlock = true;
	CU_ASSERT_EQUAL(up_store_run(f->store, &enrol.op), UP_E_STATE);
}

static void test_password(void)
{
	struct up_op_decide decide;
	struct fixture f;

	fixture_open(&f, true);
	fixture_enrol(&f);
	for (int round = 0; round < 2; round++) {
		for (unsigned i = 0; i < 5; i++) {
			decide = fixture_decide(&f, false);
			CU_ASSERT_EQUAL(up_store_run(f.store, &decide.op), UP_E_PASSWORD);
			CU_ASSERT_EQUAL(decide.tries_left, 5 - i);
			if (i == 2)
				fixture_reopen(&f, true);
		}
		if (round == 1)
			break;
		decide = fixture_decide(&f, true);  /* a right one resets */
		CU_ASSERT_EQUAL(up_store_run(f.store, &decide.op), UP_OK);
		up_store_role_free(&decide.out_role);
	}
	decide = fixture_decide(&f, false);
	CU_ASSERT_EQUAL(up_store_run(f.store, &decide.op), UP_E_LOCKED);
	fixture_reopen(&f, false);
	decide = fixture_decide(&f, true);
	CU_ASSERT_EQUAL(up_store_run(f.store, &decide.op), UP_E_LOCKED);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT errors FROM device"), 6);
	CU_ASSERT(strstr(newest(f.store).body, "password_locked") != NULL);
	unlock_at_window(&f);
	fixture_close(&f);
}

static int stop(void *arg, int64_t seq, struct up_span canonical)
{
	see(arg, seq, canonical);
	return 1;
}

/* 9000 records over three blocks, two units and a clock that runs back now and then, which no date
 * follows. */
static void test_usage(void)
{
	struct fixture f;
	struct seen seen;
	size_t u1 = 0, in_time = 0, newest = 9000 + FIXTURE_CHANGES;
	char transaction[23];

	fixture_open(&f, false);
	CU_ASSERT_EQUAL(fixture_put_code(f.store, U1, &fixture_li, "first"), UP_OK);
	CU_ASSERT_EQUAL(up_tx_begin(&f.store->write), UP_OK);
	for (int i = 2; i <= 9000; i++) {
		struct up_record r = fixture_record(i % 3 == 0 ? "login.scan" : "login.approve");
		uint8_t leaf[32];

		snprintf(transaction, sizeof(transaction), "%022d", i / 3);
		r.transaction = up_span_str(transaction);
		r.time_ms = NOW + i * 1000 - (i % 100 == 0 ? 5000000 : 0);
		r.unit_code = i % 3 == 0 ? up_span_str("") : i % 2 ? UP_SPAN_LIT(U1) : UP_SPAN_LIT(U2);
		r.purpose = i == 77 ? UP_SPAN_LIT("\",\"event\":\"fake\",\"") : up_span_str("");
		u1 += r.unit_code.n > 0 && i % 2;
		CU_ASSERT_EQUAL_FATAL(up_usage_add(&f.store->write, &r, leaf), UP_OK);
		in_time += r.time_ms >= NOW + 5000000 && r.time_ms < NOW + 5100000;
	}
	CU_ASSERT_EQUAL(up_tx_commit(&f.store->write), UP_OK);
	CU_ASSERT(fixture_gapless(&f));
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM usage a"
	    " JOIN usage b ON b.seq = a.seq + 1 WHERE b.time_ms < a.time_ms"), 0);
	CU_ASSERT_EQUAL(fixture_having(&f, "\"clock_ms\":"), 90);

	seen = query(f.store, (struct up_usage_filter){ 0 });
	CU_ASSERT(seen.n == newest && seen.first == (int64_t)newest && seen.last == 1);
	seen = query(f.store, (struct up_usage_filter){ .oldest_first = true });
	CU_ASSERT(seen.n == newest && seen.first == 1 && seen.last == (int64_t)newest);
	seen = query(f.store, (struct up_usage_filter){ .unit = UP_SPAN_LIT(U1) });
	CU_ASSERT_EQUAL(seen.n, u1 + 2);         /* unit.add, enrolment.code */
	seen = query(f.store, (struct up_usage_filter){ .from_ms = NOW + 5000000, .to_ms = NOW + 5100000 });
	CU_ASSERT_EQUAL(seen.n, in_time);
	seen = query(f.store, (struct up_usage_filter){ .from_ms = NOW + 99000000 });
	CU_ASSERT_EQUAL(seen.n, 0);
	seen = query(f.store, (struct up_usage_filter){ .transaction = UP_SPAN_LIT("0000000000000000000500") });
	CU_ASSERT(seen.n == 3 && seen.last == 1500 + FIXTURE_CHANGES);
	seen = query(f.store, (struct up_usage_filter){ .event = UP_SPAN_LIT("fake") });
	CU_ASSERT_EQUAL(seen.n, 0);
	seen = query(f.store, (struct up_usage_filter){.event = UP_SPAN_LIT("login.scan"),
				  .limit = 10,
				  .after_seq = 8000 + FIXTURE_CHANGES});
	CU_ASSERT(seen.n == 10 && seen.first == 7998 + FIXTURE_CHANGES);
	seen = query(f.store, (struct up_usage_filter){ .oldest_first = true, .limit = 1, .after_seq = 8000 });
	CU_ASSERT_EQUAL(seen.first, 8001);
	seen = query(f.store, (struct up_usage_filter){ .client = UP_SPAN_LIT("port") });
	CU_ASSERT_EQUAL(seen.n, 0);
	seen = query(f.store, (struct up_usage_filter){ .unit = UP_SPAN_LIT("' OR 1") });
	CU_ASSERT_EQUAL(seen.n, 0);
	memset(&seen, 0, sizeof(seen));
	CU_ASSERT_EQUAL(up_store_usage(f.store, &(struct up_usage_filter){ 0 }, stop, &seen), UP_OK);
	CU_ASSERT_EQUAL(seen.n, 1);
	CU_ASSERT_EQUAL(fixture_change(&f, "UPDATE usage SET time_ms = 0"), UP_E_STORE);
	CU_ASSERT_EQUAL(fixture_change(&f, "DELETE FROM usage"), UP_E_STORE);
	fixture_close(&f);
}

/* By person and by holder: what happened before a unit was chosen too. */
static void test_usage_person(void)
{
	struct up_op_decide decide;
	struct up_op_record note;
	struct up_usage_filter by = { 0 };
	struct up_device d;
	struct up_role *role;
	struct fixture f;

	fixture_open(&f, true);
	fixture_enrol(&f);                       /* enrolment.code, enrolment.done */
	CU_ASSERT_EQUAL(up_store_device(f.store, f.token_hash, &d), UP_OK);
	note = fixture_note("login.scan");
	note.op.record.person_ref = up_span_str(d.person_ref);
	CU_ASSERT_EQUAL(up_store_run(f.store, &note.op), UP_OK);
	decide = fixture_decide(&f, true);
	CU_ASSERT_EQUAL(up_store_run(f.store, &decide.op), UP_OK);
	role = decide.out_role;
	by.person_ref = up_span_str(d.person_ref);
	CU_ASSERT_EQUAL(query(f.store, by).n, 4);
	CU_ASSERT_EQUAL(query(f.store, by).first, 4 + FIXTURE_CHANGES);
	by = (struct up_usage_filter){ .holder_ref = up_span_str(role->ref), .event = UP_SPAN_LIT("login.approve") };
	CU_ASSERT_EQUAL(query(f.store, by).n, 1);
	by.unit = UP_SPAN_LIT(U2);
	CU_ASSERT_EQUAL(query(f.store, by).n, 0);
	up_store_role_free(&role);
	fixture_close(&f);
}

UP_SUITE("store", test_open, test_migrate, test_migrate_fails, test_admin, test_window, test_mismatches, test_enrol, test_second_unit, test_login,
    test_dead, test_password, test_usage, test_usage_person, test_counted, test_counted_codes)
