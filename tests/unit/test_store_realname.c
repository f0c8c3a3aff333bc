/* SPDX-License-Identifier: Apache-2.0
 * Who is pending, and what an answer of the real-name check does (rule 5). */
#include <string.h>

#include "test_store_fixture.h"

#define WANG "(SELECT id FROM person WHERE masked = '王*')"
#define EDGES "SELECT count(*) FROM role r JOIN holder h ON h.id = r.holder" \
	" WHERE h.person = " WANG " AND r.status = "

static enum up_err answer(struct fixture *f, const struct fixture_pending *p, const char *outcome)
{
	struct up_op_realname op = fixture_realname(p, outcome);
	enum up_err err = up_store_run(f->store, &op.op);

	up_op_clear(&op.op);
	return err;
}

static int64_t records(struct fixture *f)
{
	return fixture_count(f, "SELECT count(*) FROM usage");
}

static void check_record(struct fixture *f, const char *const *texts)
{
	CU_ASSERT(fixture_newest_has(f, "\"event\":\"person.check\""));
	for (; *texts != NULL; texts++)
		UP_CHECK(fixture_newest_has(f, *texts), *texts);
	CU_ASSERT(!fixture_newest_has(f, "43010219880808007"));
	CU_ASSERT(!fixture_newest_has(f, "王芳"));
	CU_ASSERT(!fixture_newest_has(f, "13712345678"));
}

/* WANG waits in U2 with a code, and in U1; both pending. */
static void make_waiting(struct fixture *f)
{
	fixture_open(f, false);
	CU_ASSERT_EQUAL_FATAL(fixture_put_code(f->store, U2, &fixture_wang, "w2"), UP_OK);
	CU_ASSERT_EQUAL_FATAL(fixture_put_code(f->store, U1, &fixture_wang, "w1"), UP_OK);
	CU_ASSERT_EQUAL_FATAL(fixture_change(f, "UPDATE person SET outcome = 'pending'"), UP_OK);
}

/* The window wrote her, and there is no edge yet. */
static void test_alone(void)
{
	static const char *const matched[] = { "\"result\":\"ok\"", "{\\\"check\\\":\\\"match\\\"}",
		"{\\\"check\\\":\\\"pending\\\"}", "\"assurance\":\"platform\"",
		"\"person_name\":\"王*\"", "\"channel\":\"server\"", NULL };
	struct fixture_pending p;
	struct fixture f;

	fixture_open(&f, false);
	CU_ASSERT(!fixture_pending(f.store, 0, &p));
	CU_ASSERT_EQUAL(fixture_put_pending(f.store, U1, &fixture_wang), UP_E_PENDING);
	CU_ASSERT_FATAL(fixture_pending(f.store, 0, &p));
	CU_ASSERT_STRING_EQUAL(p.person.name, "王芳");
	CU_ASSERT_STRING_EQUAL(p.person.resident, "43010219880808007X");
	CU_ASSERT_STRING_EQUAL(p.person.mobile, "13712345678");
	CU_ASSERT_EQUAL(answer(&f, &p, "match"), UP_OK);
	check_record(&f, matched);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM person WHERE outcome = 'match'"
	    " AND assurance = 'platform'"), 1);
	CU_ASSERT(!fixture_pending(f.store, 0, &p));
	CU_ASSERT(fixture_gapless(&f));
	fixture_close(&f);
}

/* Nothing of her is kept but the record. */
static void test_forgotten(void)
{
	static const char *const refused[] = { "\"result\":\"refused\"",
		"\"reason\":\"not_found\"", "{\\\"check\\\":\\\"not_found\\\"}", NULL };
	struct fixture_pending p;
	struct fixture f;

	fixture_open(&f, false);
	CU_ASSERT_EQUAL(fixture_put_pending(f.store, U1, &fixture_wang), UP_E_PENDING);
	CU_ASSERT_FATAL(fixture_pending(f.store, 0, &p));
	CU_ASSERT_EQUAL(answer(&f, &p, "not_found"), UP_E_NO_PERSON);
	check_record(&f, refused);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM person"), 0);
	CU_ASSERT(!fixture_pending(f.store, 0, &p));
	fixture_close(&f);
}

static void test_edges_confirmed(void)
{
	static const char *const matched[] = { "\"result\":\"ok\"", "\"role\":\"principal\"",
		"{\\\"check\\\":\\\"match\\\",\\\"status\\\":\\\"waiting\\\"}", NULL };
	struct fixture_pending p;
	struct fixture f;
	int64_t before;

	make_waiting(&f);
	CU_ASSERT_FATAL(fixture_pending(f.store, 0, &p));
	before = records(&f);
	CU_ASSERT_EQUAL(answer(&f, &p, "match"), UP_OK);
	CU_ASSERT_EQUAL(records(&f), before + 2);
	check_record(&f, matched);
	CU_ASSERT_EQUAL(fixture_having(&f, "person.check"), 2);
	CU_ASSERT_EQUAL(fixture_count(&f, EDGES "'waiting'"), 2);
	CU_ASSERT_EQUAL(
	    fixture_count(&f, "SELECT count(*) FROM enrolment WHERE status = 'open'"), 2);
	fixture_close(&f);
}

/* Her edges end with their codes, in each unit, and are found among the unit's records. */
static void test_edges_refused(void)
{
	static const char *const refused[] = { "\"result\":\"refused\"", "\"reason\":\"mismatch\"",
		"{\\\"check\\\":\\\"mismatch\\\",\\\"status\\\":\\\"ended\\\"}",
		"\"unit_code\":\"" U1 "\"", NULL };
	struct fixture_pending p;
	struct fixture f;
	int64_t before;

	make_waiting(&f);
	CU_ASSERT_FATAL(fixture_pending(f.store, 0, &p));
	before = records(&f);
	CU_ASSERT_EQUAL(answer(&f, &p, "mismatch"), UP_E_MISMATCH);
	CU_ASSERT_EQUAL(records(&f), before + 2);
	check_record(&f, refused);
	CU_ASSERT_EQUAL(fixture_having(&f, "person.check"), 2);
	CU_ASSERT_EQUAL(fixture_count(&f, EDGES "'ended'"), 2);
	CU_ASSERT_EQUAL(
	    fixture_count(&f, "SELECT count(*) FROM enrolment WHERE status = 'open'"), 0);
	/* nobody waits for her any more */
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM person WHERE id = " WANG), 1);
	CU_ASSERT(!fixture_pending(f.store, 0, &p));
	/* until she is asked for again */
	CU_ASSERT_EQUAL(fixture_put_code(f.store, U1, &fixture_wang, "w3"), UP_OK);
	CU_ASSERT_EQUAL(fixture_count(&f, EDGES "'waiting'"), 1);
	CU_ASSERT(fixture_gapless(&f));
	fixture_close(&f);
}

/* An answer that comes late says nothing of what was typed anew, and is not applied twice. */
static void test_late(void)
{
	struct fixture_pending p, other;
	struct fixture f;
	int64_t before;

	make_waiting(&f);
	CU_ASSERT_FATAL(fixture_pending(f.store, 0, &p));
	other = p;
	strcpy(other.person.mobile, "13712345679");
	before = records(&f);
	CU_ASSERT_EQUAL(answer(&f, &other, "mismatch"), UP_E_STATE);
	other = p;
	strcpy(other.person.name, "王方");
	CU_ASSERT_EQUAL(answer(&f, &other, "match"), UP_E_STATE);
	other = p;
	other.number += 1000;
	CU_ASSERT_EQUAL(answer(&f, &other, "match"), UP_E_STATE);
	CU_ASSERT_EQUAL(records(&f), before);
	CU_ASSERT_EQUAL(answer(&f, &p, "match"), UP_OK);
	CU_ASSERT_EQUAL(answer(&f, &p, "match"), UP_E_STATE);
	CU_ASSERT_EQUAL(answer(&f, &p, "mismatch"), UP_E_STATE);
	CU_ASSERT_EQUAL(fixture_count(&f, EDGES "'waiting'"), 2);
	fixture_close(&f);
}

static int count(void *arg, const struct up_pending *p)
{
	int64_t *last = arg;

	CU_ASSERT(p->number > last[1]);
	last[0]++;
	last[1] = p->number;
	return 0;
}

/* In order, from where one stopped; the confirmed are not among them. */
static void test_pages(void)
{
	int64_t seen[2] = { 0, 0 }, first;
	struct fixture_pending p;
	struct fixture f;

	fixture_open(&f, false);
	CU_ASSERT_EQUAL(fixture_put_code(f.store, U1, &fixture_li, "li"), UP_OK);
	CU_ASSERT_EQUAL(fixture_put_pending(f.store, U2, &fixture_wang), UP_E_PENDING);
	CU_ASSERT_EQUAL(fixture_put_pending(f.store, U2, &fixture_zhang), UP_E_PENDING);
	CU_ASSERT_EQUAL(up_store_pending(f.store, 0, 64, count, seen), UP_OK);
	CU_ASSERT_EQUAL(seen[0], 2);
	CU_ASSERT_FATAL(fixture_pending(f.store, 0, &p));
	first = p.number;
	CU_ASSERT_FATAL(fixture_pending(f.store, first, &p));
	CU_ASSERT(p.number > first && !fixture_pending(f.store, p.number, &p));
	memset(seen, 0, sizeof(seen));
	CU_ASSERT_EQUAL(up_store_pending(f.store, 0, 1, count, seen), UP_OK);
	CU_ASSERT(seen[0] == 1 && seen[1] == first);
	fixture_close(&f);
}

/* One row that is damaged keeps nobody else waiting. */
static void test_damaged(void)
{
	struct fixture_pending p;
	struct fixture f;
	int64_t seen[2] = { 0, 0 };

	fixture_open(&f, false);
	CU_ASSERT_EQUAL(fixture_put_pending(f.store, U2, &fixture_wang), UP_E_PENDING);
	CU_ASSERT_EQUAL(fixture_put_pending(f.store, U2, &fixture_zhang), UP_E_PENDING);
	CU_ASSERT_EQUAL(fixture_change(&f, "UPDATE person SET mobile = name WHERE id = " WANG),
	    UP_OK);
	CU_ASSERT_FATAL(fixture_pending(f.store, 0, &p));
	CU_ASSERT(up_span_eq_str(fixture_zhang.name, p.person.name));
	CU_ASSERT_EQUAL(fixture_change(&f, "UPDATE person SET mobile = name"), UP_OK);
	CU_ASSERT_EQUAL(up_store_pending(f.store, 0, 64, count, seen), UP_E_STORE);
	CU_ASSERT_EQUAL(seen[0], 0);
	fixture_close(&f);
}

UP_SUITE("store realname", test_alone, test_forgotten, test_edges_confirmed, test_edges_refused,
    test_late, test_pages, test_damaged)
