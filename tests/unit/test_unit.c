/* SPDX-License-Identifier: Apache-2.0 */
#include "core/unit.h"

#include <string.h>

#include "core/day.h"
#include "unit.h"

static const struct up_unit_authority authorities[] = {
	{ (char *)"11430000006122244L", (char *)"省局" },
	{ (char *)"114301000000000195", (char *)"市局" },
	{ (char *)"114301000000000208", (char *)"市局" },
};

/* A right one, and one with TEXT in the place of FIELD. */
static struct up_unit_given given_with(enum up_unit_field field, const char *text)
{
	struct up_unit_given g = { .authorities = authorities, .n_authorities = 1 };

	g.values[UP_UNIT_CODE] = UP_SPAN_LIT("12430000100000016Y");
	g.values[UP_UNIT_NAME] = UP_SPAN_LIT("甲");
	g.values[UP_UNIT_REPRESENTATIVE] = UP_SPAN_LIT("张三");
	g.values[UP_UNIT_CERTIFICATE] = UP_SPAN_LIT("c1");
	g.values[UP_UNIT_FROM] = UP_SPAN_LIT("2021-11-11");
	if (field < UP_UNIT_FIELDS)
		g.values[field] = up_span_str(text);
	return g;
}

struct told { unsigned n; enum up_unit_field field; char en[80], zh[120]; };

static void tell(void *arg, enum up_unit_field field, const char *en, const char *zh)
{
	struct told *t = arg;

	t->n++;
	t->field = field;
	snprintf(t->en, sizeof(t->en), "%s", en);
	snprintf(t->zh, sizeof(t->zh), "%s", zh);
}

static struct told check(const struct up_unit_given *g, struct up_unit_found *found)
{
	struct told t = { 0 };

	up_unit_check(g, tell, &t, found);
	return t;
}

static void test_rules(void)
{
	/* EN: how what is told begins; NULL: nothing is */
	static const struct { enum up_unit_field field; const char *text, *en; } rows[] = {
		{ UP_UNIT_FIELDS, "", NULL },
		{ UP_UNIT_CODE, "", "is missing" },
		{ UP_UNIT_CODE, "12430000100000016X", "check character" },
		{ UP_UNIT_CODE, "11430000006122244L", "is not a public institution's" },
		{ UP_UNIT_CODE, "1243000010000001", "must be 18" },
		{ UP_UNIT_CODE, "1243000010000001IY", "must be 18" },
		{ UP_UNIT_CODE, "12430000100000016y", "must be 18" },    /* not in its spelling */
		{ UP_UNIT_NAME, "", "is missing" },
		{ UP_UNIT_REPRESENTATIVE, "", "is missing" },
		{ UP_UNIT_CERTIFICATE, "", "is missing" },
		{ UP_UNIT_CERTIFICATE, "0123456789012345678901234567890123456789", NULL },
		{ UP_UNIT_CERTIFICATE, "01234567890123456789012345678901234567890", "is too long" },
		{ UP_UNIT_FROM, "", "is missing" },
		{ UP_UNIT_FROM, "2021-02-29", "must be a real date" },
		{ UP_UNIT_FROM, "2021/11/11", "must be a real date" },
		{ UP_UNIT_TO, "2026-11-10", NULL },
		{ UP_UNIT_TO, "2021-11-11", NULL },
		{ UP_UNIT_TO, "2026-11-11", "is more than 5 years" },
		{ UP_UNIT_TO, "2021-11-10", "is before" },
		{ UP_UNIT_TO, "x", "must be a real date" },
		{ UP_UNIT_AUTHORITY, "省局", NULL },
		{ UP_UNIT_AUTHORITY, "11430000006122244L", NULL },
		{ UP_UNIT_AUTHORITY, "别局", "is unknown" },
		{ UP_UNIT_PURPOSE, "科研", NULL },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		struct up_unit_given g = given_with(rows[i].field, rows[i].text);
		struct up_unit_found found;
		struct told t = check(&g, &found);
		const char *en = rows[i].en != NULL ? rows[i].en : "";

		UP_CHECK(t.n == (rows[i].en != NULL), rows[i].text);
		UP_CHECK(strncmp(t.en, en, strlen(en)) == 0, rows[i].text);
		UP_CHECK(t.n == 0 || (t.field == rows[i].field && t.zh[0] != '\0'), rows[i].text);
	}
}

/* Characters count, not bytes: a hundred Chinese ones are a name. */
static void test_length(void)
{
	struct up_buf b = { 0 };
	struct up_unit_found found;
	struct up_unit_given g;

	for (int i = 0; i < 100; i++)
		up_buf_put_str(&b, "中");
	g = given_with(UP_UNIT_NAME, up_buf_cstr(&b));
	CU_ASSERT_EQUAL(check(&g, &found).n, 0);
	up_buf_put_str(&b, "中");
	g = given_with(UP_UNIT_NAME, up_buf_cstr(&b));
	CU_ASSERT_STRING_EQUAL(check(&g, &found).en, "is too long");
	up_buf_free(&b);
}

/* What had no spelling was told already, and is not missing as well. */
static void test_faulty(void)
{
	struct up_unit_given g = given_with(UP_UNIT_NAME, "");
	struct up_unit_found found;

	g.faulty[UP_UNIT_NAME] = true;
	g.values[UP_UNIT_AUTHORITY] = UP_SPAN_LIT("x");
	g.faulty[UP_UNIT_AUTHORITY] = true;
	CU_ASSERT_EQUAL(check(&g, &found).n, 0);
	CU_ASSERT_EQUAL(found.authority.n, 0);
}

static void test_period(void)
{
	static const struct { const char *from, *to; const char *last; } rows[] = {
		{ "2021-11-11", "", "2026-11-10" }, { "2024-02-29", "", "2029-02-28" },
		{ "2023-03-01", "", "2028-02-29" }, { "2021-11-11", "2022-01-01", "2022-01-01" },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		struct up_unit_given g = given_with(UP_UNIT_FROM, rows[i].from);
		struct up_unit_found found;
		char first[16], last[16], next[16];

		g.values[UP_UNIT_TO] = up_span_str(rows[i].to);
		UP_CHECK(check(&g, &found).n == 0, rows[i].from);
		up_day_text(found.valid_from_s, first);
		up_day_text(found.valid_to_s, last);
		up_day_text(found.valid_to_s + 1, next);
		UP_CHECK_TEXT(up_span_str(first), rows[i].from);
		UP_CHECK_TEXT(up_span_str(last), rows[i].last);
		UP_CHECK(strcmp(next, last) != 0, rows[i].from);     /* to the last second */
	}
}

/* By name, by code, and by nothing where one is all there are. */
static void test_authority(void)
{
	static const struct { size_t n; const char *named, *code, *en; } rows[] = {
		{ 0, "", "", "there is no authority yet" },
		{ 0, "省局", "", "there is no authority yet" },
		{ 1, "", "11430000006122244L", NULL }, { 3, "省局", "11430000006122244L", NULL },
		{ 3, "", "114301000000000208", "is missing, and there is more" },
		{ 3, "市局", "114301000000000208", "fits more than one" },
		{ 3, "114301000000000195", "114301000000000195", NULL },
		{ 3, "114301000000000181", "", "is unknown" },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		struct up_unit_given g = given_with(UP_UNIT_AUTHORITY, rows[i].named);
		struct up_unit_found found;
		struct told t;
		const char *en = rows[i].en != NULL ? rows[i].en : "";

		g.n_authorities = rows[i].n;
		t = check(&g, &found);
		UP_CHECK(t.n == (rows[i].en != NULL), rows[i].named);
		UP_CHECK(strncmp(t.en, en, strlen(en)) == 0, rows[i].named);
		UP_CHECK_TEXT(found.authority, rows[i].code);
	}
}

static void test_names(void)
{
	bool chinese;

	for (unsigned i = 0; i < UP_UNIT_FIELDS; i++)
		for (int zh = 0; zh < 2; zh++) {
			const char *name = up_unit_field_name(i, zh != 0);

			UP_CHECK(up_unit_field_of(up_span_str(name), &chinese) == i, name);
			UP_CHECK(chinese == (zh != 0), name);
		}
	CU_ASSERT_EQUAL(up_unit_field_of(UP_SPAN_LIT(" valid_to "), &chinese), UP_UNIT_TO);
	CU_ASSERT_EQUAL(up_unit_field_of(UP_SPAN_LIT("Code"), &chinese), UP_UNIT_FIELDS);
	CU_ASSERT_FALSE(chinese);
	CU_ASSERT_EQUAL(up_unit_field_of(UP_SPAN_LIT(""), &chinese), UP_UNIT_FIELDS);
	CU_ASSERT_TRUE(up_unit_field_required(UP_UNIT_FROM));
	CU_ASSERT_FALSE(up_unit_field_required(UP_UNIT_TO));
}

static void test_fields(void)
{
	struct up_unit_given g = given_with(UP_UNIT_PURPOSE, "科研\"");
	struct up_buf b = { 0 };
	struct up_json_put j = { .b = &b };

	up_unit_put_fields(&j, &g);
	UP_CHECK_TEXT(up_buf_span(&b),
	    "{\"purpose\":\"科研\\\"\",\"legal_representative\":\"张三\"}");
	up_buf_reset(&b);
	j = (struct up_json_put){ .b = &b };
	memset(&g, 0, sizeof(g));
	up_unit_put_fields(&j, &g);
	UP_CHECK_TEXT(up_buf_span(&b), "{}");
	up_buf_free(&b);
}

/* Each field in the one spelling that is kept. */
static void test_values(void)
{
	static const struct { enum up_unit_field field; const char *text, *want; } rows[] = {
		{ UP_UNIT_CODE, "１２４３００００ １００００００１６ｙ", "12430000100000016Y" },
		{ UP_UNIT_FROM, "２０２１－１１－１１", "2021-11-11" },
		{ UP_UNIT_NAME, " 长沙 市(岳麓区) ", "长沙市（岳麓区）" },
		{ UP_UNIT_PURPOSE, "科研、\n推广", "科研、 推广" },
	};
	struct up_normal_fault fault;
	struct up_buf b = { 0 };

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		up_buf_reset(&b);
		UP_CHECK(up_unit_put_value(&b, rows[i].field, up_span_str(rows[i].text), &fault) ==
		    UP_OK, rows[i].text);
		UP_CHECK_TEXT(up_buf_span(&b), rows[i].want);
	}
	CU_ASSERT_EQUAL(up_unit_put_value(&b, UP_UNIT_NAME, UP_SPAN_LIT("甲\u200b"), &fault),
	    UP_E_CHARACTER);
	up_buf_free(&b);
}

/* --- what changes later --- */

static struct up_unit_changed changed;

static struct told judge(enum up_unit_field field, const char *text, enum up_unit_field more,
    const char *other)
{
	struct up_unit_given now = given_with(UP_UNIT_TO, "2026-11-10");
	struct up_unit_change ask = { 0 };
	struct told t = { 0 };

	ask.asked[field] = true;
	ask.values[field] = up_span_str(text);
	if (more < UP_UNIT_FIELDS) {
		ask.asked[more] = true;
		ask.values[more] = up_span_str(other);
	}
	up_unit_judge_change(&now, &ask, tell, &t, &changed);
	return t;
}

static void test_change(void)
{
	static const struct {
		enum up_unit_field field; const char *text;
		enum up_unit_field more; const char *other;
		size_t n; bool suspends; unsigned told;
	} rows[] = {
		{ UP_UNIT_NAME, "乙", UP_UNIT_FIELDS, "", 1, false, 0 },
		{ UP_UNIT_NAME, "甲", UP_UNIT_FIELDS, "", 0, false, 0 },
		{ UP_UNIT_NAME, "", UP_UNIT_FIELDS, "", 1, false, 1 },
		{ UP_UNIT_ADDRESS, "某路", UP_UNIT_NAME, "乙", 2, false, 0 },
		{ UP_UNIT_PURPOSE, "", UP_UNIT_FIELDS, "", 0, false, 0 },
		{ UP_UNIT_REPRESENTATIVE, "李四", UP_UNIT_FIELDS, "", 1, true, 0 },
		{ UP_UNIT_REPRESENTATIVE, "张三", UP_UNIT_NAME, "乙", 1, false, 0 },
		{ UP_UNIT_REPRESENTATIVE, "", UP_UNIT_FIELDS, "", 1, true, 1 },
		{ UP_UNIT_CODE, "124300000000000000", UP_UNIT_FIELDS, "", 1, false, 1 },
		{ UP_UNIT_AUTHORITY, "省局", UP_UNIT_FIELDS, "", 1, false, 1 },
		/* the period is another certificate's, or a renewal's */
		{ UP_UNIT_FROM, "2022-01-01", UP_UNIT_FIELDS, "", 1, false, 1 },
		{ UP_UNIT_TO, "2026-11-09", UP_UNIT_FIELDS, "", 1, false, 1 },
		{ UP_UNIT_CERTIFICATE, "c2", UP_UNIT_FIELDS, "", 1, false, 0 },
		{ UP_UNIT_CERTIFICATE, "c2", UP_UNIT_FROM, "2022-01-01", 2, false, 0 },
		{ UP_UNIT_CERTIFICATE, "c2", UP_UNIT_TO, "2026-11-09", 2, false, 0 },
		{ UP_UNIT_CERTIFICATE, "c2", UP_UNIT_TO, "2026-11-11", 2, false, 1 },
		{ UP_UNIT_CERTIFICATE, "c2", UP_UNIT_FROM, "2022-02-29", 2, false, 1 },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		struct told t = judge(rows[i].field, rows[i].text, rows[i].more, rows[i].other);
		char row[40];

		snprintf(row, sizeof(row), "row %zu: %u told", i, t.n);
		UP_CHECK(changed.n == rows[i].n && changed.suspends == rows[i].suspends, row);
		UP_CHECK(t.n == rows[i].told, row);
	}
	(void)judge(UP_UNIT_CERTIFICATE, "c2", UP_UNIT_FROM, "2022-01-01");
	CU_ASSERT_EQUAL(changed.found.valid_from_s, 1640966400);         /* 2022-01-01 */
	CU_ASSERT_EQUAL(changed.found.valid_to_s, 1798732799);           /* 2026-12-31 23:59:59 */
	CU_ASSERT(!up_unit_field_changes(UP_UNIT_FIELDS) && up_unit_field_changes(UP_UNIT_NAME));
}

/* What was wrong before, nobody who changes something else has to mend. */
static void test_change_of_faulty(void)
{
	struct up_unit_given now = given_with(UP_UNIT_REPRESENTATIVE, "");
	struct up_unit_change ask = { 0 };
	struct told t = { 0 };

	now.values[UP_UNIT_TO] = UP_SPAN_LIT("2036-11-11");
	ask.asked[UP_UNIT_NAME] = true;
	ask.values[UP_UNIT_NAME] = UP_SPAN_LIT("乙");
	up_unit_judge_change(&now, &ask, tell, &t, &changed);
	CU_ASSERT_EQUAL(t.n, 0);
	CU_ASSERT_EQUAL(changed.n, 1);
}

static int64_t at(const char *day, int hour, int minute, int second)
{
	int64_t s;

	CU_ASSERT_EQUAL_FATAL(up_day_parse(up_span_str(day), &s), UP_OK);
	return s + hour * 3600 + minute * 60 + second;
}

/* Rule 30: 2021-11-11 to 2026-11-10, renewable from 2026-10-12 on, both days in Shanghai. */
static void test_renew(void)
{
	static const struct {
		const char *day; int h, m, s;
		enum up_err err; const char *to;
	} rows[] = {
		{ "2026-10-11", 23, 59, 59, UP_E_RANGE, "" },
		{ "2026-10-12", 0, 0, 0, UP_OK, "2031-10-11" },
		{ "2026-11-10", 23, 59, 59, UP_OK, "2031-11-09" },
		{ "2026-11-11", 0, 0, 0, UP_E_EXPIRED, "" },
	};
	const int64_t last = at("2026-11-10", 23, 59, 59);
	int64_t from, to;

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		enum up_err err = up_unit_renew(
		    last, at(rows[i].day, rows[i].h, rows[i].m, rows[i].s), &from, &to);

		UP_CHECK(err == rows[i].err, rows[i].day);
		UP_CHECK(err != UP_OK || from == at(rows[i].day, 0, 0, 0), rows[i].day);
		UP_CHECK(err == UP_OK ? to == at(rows[i].to, 23, 59, 59) : from == 0 && to == 0,
		    rows[i].day);
	}
	/* 29 February has no fifth birthday */
	CU_ASSERT_EQUAL(up_unit_renew(at("2024-03-10", 23, 59, 59), at("2024-02-29", 8, 0, 0),
	    &from, &to), UP_OK);
	CU_ASSERT_EQUAL(to, at("2029-02-28", 23, 59, 59));
}

UP_SUITE("unit", test_change, test_change_of_faulty, test_renew, test_rules, test_length,
    test_faulty, test_period, test_authority, test_names, test_fields, test_values)
