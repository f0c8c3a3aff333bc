/* SPDX-License-Identifier: Apache-2.0
 * A site moved from one database to another, of the same engine and of the other. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/db/copy.h"
#include "test_store_fixture.h"

#define RECORDS 1203                     /* more than two pages */

/* A site with something in every table. */
static void fill(struct fixture *f)
{
	struct up_op_redeem redeem;
	struct up_op_record note;

	fixture_open(f, false);
	fixture_enrol(f);
	redeem = fixture_redeem(f, "ssssssssssssssssssssss");
	CU_ASSERT_EQUAL_FATAL(fixture_run(f, &redeem.op), UP_OK);
	CU_ASSERT_EQUAL(
	    fixture_client_set(f->store, UP_SPAN_LIT("portal"), "disabled", NOW), UP_OK);
	CU_ASSERT_EQUAL(fixture_client_set(f->store, UP_SPAN_LIT("portal"), "live", NOW), UP_OK);
	do {
		note = fixture_note("login.scan");
		CU_ASSERT_EQUAL_FATAL(up_store_run(f->store, &note.op), UP_OK);
	} while (note.op.out_seq < RECORDS);
	note = fixture_note("login.scan");
	note.op.refused_by = UP_SPAN_LIT("phone");
	note.op.record.result = UP_SPAN_LIT("refused");
	CU_ASSERT_EQUAL(fixture_run(f, &note.op), UP_OK);
}

struct told { int tables; int64_t copied, compared; };

static void tell(void *arg, const char *table, int64_t done, int64_t total, bool comparing)
{
	struct told *t = arg;

	CU_ASSERT_PTR_NOT_NULL(table);
	CU_ASSERT(done <= total);
	if (done == total && comparing)
		t->tables++;
	if (done == total)
		*(comparing ? &t->compared : &t->copied) += total;
}

static enum up_err copy(const struct fixture *from, const struct fixture *to, struct told *told,
    char why[256])
{
	struct up_copy c = { .from = { .database = from->database },
		.to = { .database = to->database, .create = true }, .tell = tell, .arg = told };
	enum up_err err;

	*told = (struct told){ 0 };
	err = up_copy_run(&c, why);
	CU_ASSERT(err != UP_OK || (c.rows == told->copied && c.rows == told->compared));
	return err;
}

/* All tables, all their columns: a schema step that adds one must tell the copy of it. */
static void test_tables(void)
{
	static const char in_postgres[] = "SELECT count(*) FROM information_schema.columns"
	    " WHERE table_schema = current_schema()"
	    " AND table_name NOT IN ('schema_version', 'commit_mark')";
	static const char in_sqlite[] = "SELECT count(*) FROM sqlite_schema s"
	    " JOIN pragma_table_info(s.name) WHERE s.type = 'table'"
	    " AND s.name <> 'schema_version'";
	const struct up_copy_table *tables;
	int64_t columns = 0;
	struct fixture f;
	size_t n;

	fixture_open(&f, false);
	tables = up_copy_tables(&n);
	for (size_t i = 0; i < n; i++)
		columns += (int64_t)strlen(tables[i].types);
	CU_ASSERT_EQUAL(fixture_count(&f, fixture_on_postgres() ? in_postgres : in_sqlite),
	    columns);
	fixture_close(&f);
}

/* The copy holds the same rows, and the site goes on there as it would have here. */
static void goes_on(struct fixture *f, const struct fixture *of)
{
	int64_t records = fixture_count(f, "SELECT max(seq) FROM usage");
	struct up_op_decide decide;

	f->device = of->device;
	f->role = of->role;
	CU_ASSERT_EQUAL_FATAL(fixture_connect(f->database, true, &f->store), UP_OK);
	decide = fixture_decide(f, true);
	CU_ASSERT_EQUAL(up_store_run(f->store, &decide.op), UP_OK);
	CU_ASSERT_EQUAL(decide.op.out_seq, records + 1);
	up_store_role_free(&decide.out_role);
	/* a new person, holder, role, code: numbers that nobody has */
	CU_ASSERT_EQUAL(fixture_put_code(f->store, U2, &fixture_zhang, "zhang"), UP_OK);
	CU_ASSERT_EQUAL(fixture_count(f, "SELECT max(id) FROM person"), 2);
	CU_ASSERT(fixture_gapless(f));
	up_store_close(&f->store);
}

static void test_copy(void)
{
	uint8_t before[32], after[32];
	struct fixture from, to, back;
	struct told told;
	char why[256];
	size_t n;

	fill(&from);
	up_store_close(&from.store);
	fixture_digest(&from, before);
	fixture_make(&to);
	CU_ASSERT_EQUAL_FATAL(copy(&from, &to, &told, why), UP_OK);
	(void)up_copy_tables(&n);
	CU_ASSERT_EQUAL(told.tables, (int)n);
	CU_ASSERT(told.copied > RECORDS);
	fixture_digest(&to, after);
	CU_ASSERT_EQUAL(memcmp(before, after, 32), 0);
	fixture_digest(&from, after);
	CU_ASSERT_EQUAL(memcmp(before, after, 32), 0);
	/* not again, and not over what is there */
	CU_ASSERT_EQUAL(copy(&from, &to, &told, why), UP_E_STATE);
	CU_ASSERT(strstr(why, "not empty") != NULL);
	fixture_make(&back);
	CU_ASSERT_EQUAL(copy(&to, &back, &told, why), UP_OK);
	fixture_digest(&back, after);
	CU_ASSERT_EQUAL(memcmp(before, after, 32), 0);
	goes_on(&to, &from);
	fixture_close(&back);
	fixture_close(&to);
	fixture_close(&from);
}

/* From SQLite to PostgreSQL and back; on either run of the tests. */
static void test_engines(void)
{
	uint8_t before[32], after[32];
	struct fixture file, server, back;
	struct told told;
	char why[256], engine[16] = "";

	if (fixture_on_postgres())
		strcpy(engine, "postgresql");
	unsetenv("UNITPASS_ENGINE");
	fill(&file);
	up_store_close(&file.store);
	fixture_digest(&file, before);
	fixture_make(&back);
	setenv("UNITPASS_ENGINE", "postgresql", 1);
	fixture_make(&server);
	CU_ASSERT_EQUAL(copy(&file, &server, &told, why), UP_OK);
	CU_ASSERT_EQUAL(copy(&server, &back, &told, why), UP_OK);
	goes_on(&server, &file);
	fixture_close(&server);
	unsetenv("UNITPASS_ENGINE");
	fixture_digest(&back, after);
	CU_ASSERT_EQUAL(memcmp(before, after, 32), 0);
	goes_on(&back, &file);
	fixture_close(&back);
	fixture_close(&file);
	if (engine[0] != '\0')
		setenv("UNITPASS_ENGINE", engine, 1);
}

/* What the target does not take, or keeps otherwise than it got it, leaves nothing there. */
static void test_nothing_kept(void)
{
	static const char bend[] = "CREATE TRIGGER bend AFTER INSERT ON item BEGIN"
	    " UPDATE item SET name = 'x' WHERE code = new.code; END";
	static const char *const more[] = { "DROP TRIGGER bend",
		"CREATE TRIGGER drop_one AFTER INSERT ON session BEGIN DELETE FROM session; END" };
	struct fixture from, to;
	struct told told;
	char why[256];

	if (fixture_on_postgres())       /* triggers in SQLite's words */
		return;
	fill(&from);
	fixture_make(&to);
	CU_ASSERT_EQUAL_FATAL(fixture_connect(to.database, false, &to.store), UP_OK);
	CU_ASSERT_EQUAL(fixture_change(&to, bend), UP_OK);
	CU_ASSERT_EQUAL(copy(&from, &to, &told, why), UP_E_STORE);
	CU_ASSERT(strstr(why, "table item: row 1 ") != NULL);
	CU_ASSERT_EQUAL(fixture_count(&to, "SELECT count(*) FROM authority"), 0);
	CU_ASSERT_EQUAL(fixture_change(&to, more[0]), UP_OK);
	CU_ASSERT_EQUAL(fixture_change(&to, more[1]), UP_OK);
	CU_ASSERT_EQUAL(copy(&from, &to, &told, why), UP_E_STORE);
	CU_ASSERT(strstr(why, "table session: row 1 ") != NULL);
	CU_ASSERT_EQUAL(fixture_change(&to, "DROP TRIGGER drop_one"), UP_OK);
	/* a row that the source should never have had */
	CU_ASSERT_EQUAL(fixture_change(&from, "PRAGMA ignore_check_constraints = ON;"
	    " UPDATE device SET errors = 9"), UP_OK);
	CU_ASSERT_EQUAL(copy(&from, &to, &told, why), UP_E_STORE);
	CU_ASSERT(strstr(why, "table device: ") != NULL);
	CU_ASSERT_EQUAL(fixture_count(&to, "SELECT count(*) FROM authority"), 0);
	CU_ASSERT_EQUAL(fixture_change(&from, "UPDATE device SET errors = 0"), UP_OK);
	CU_ASSERT_EQUAL(copy(&from, &to, &told, why), UP_OK);
	fixture_close(&to);
	fixture_close(&from);
}

/* Who is there already does not write meanwhile. */
static void test_in_use(void)
{
	struct up_db_settings set = { 0 };
	struct fixture from, to;
	struct told told;
	struct up_db *db;
	char why[256];

	fixture_open(&from, false);
	fixture_make(&to);
	set.database = from.database;
	CU_ASSERT_EQUAL_FATAL(up_db_open(&set, &db, why), UP_OK);
	CU_ASSERT_EQUAL(up_db_begin(db), UP_OK);
	CU_ASSERT_EQUAL(copy(&from, &to, &told, why), UP_E_STORE);
	CU_ASSERT(strstr(why, "source is in use") != NULL);
	up_db_close(&db);
	fixture_close(&to);
	fixture_close(&from);
}

UP_SUITE("copy", test_tables, test_copy, test_engines, test_nothing_kept, test_in_use)
