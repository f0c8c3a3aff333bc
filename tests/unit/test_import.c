/* SPDX-License-Identifier: Apache-2.0 */
#include "core/day.h"
#include "tools/unitpassctl/import.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#define HEAD "code,name,legal_representative,certificate,valid_from,valid_to\n"
#define GOOD "12430000100000016Y,甲,张三,c1,2021-11-11,2026-11-10\n"

static struct up_unit_authority authorities[] = {
	{ (char *)"11430000006122244L", (char *)"省局" },
	{ (char *)"114301000000000195", (char *)"市局" },
};

/* PROBLEM: "LINE COLUMN" of the only one, or NULL for none. */
static const struct { const char *text, *problem; size_t rows;
} csv[] = {
	{ HEAD GOOD, NULL, 1 },
	{ "\xef\xbb\xbf" HEAD GOOD, NULL, 1 },
	/* no line end */
	{ HEAD "12430000100000016Y,甲,张三,c1,2021-11-11,2026-11-10", NULL, 1 },
	/* empty rows */
	{ HEAD "\n" GOOD ",,,,,\n \n", NULL, 1 },
	{ HEAD "12430000100000016Y,\"甲,\"\"乙\"\"\r\n丙\",张三,c1,2021-11-11,\r\n", NULL, 1 },
	{ "统一社会信用代码,名称,法定代表人,证书号,有效期自,有效期至\n" GOOD, NULL, 1 },
	{ "code,name,法定代表人,certificate,valid_from\n12430000100000016Y,甲,张三,c1,2021-11-11\n",
	    NULL, 1 },
	{ "", "0 ", 0 },
	{ "\n\n", "0 ", 0 },
	{ "code,name,certificate,valid_from\n", "1 legal_representative", 0 },
	{ "code,code,name,legal_representative,certificate,valid_from\n" GOOD, "1 code", 0 },
	{ "code,name,legal_representative,certificate,valid_from,colour\n" GOOD, "1 colour", 0 },
	/* cells at the end are empty */
	{ HEAD GOOD "124300001000001390,乙,李四,c2\n", "3 valid_from", 1 },
	{ HEAD "12430000100000016Y,甲,张三,c1,2021-11-11\n", NULL, 1 },
	{ HEAD GOOD "124300001000001390,乙,李四,c2,2021-11-11,,x\n", "3 ", 1 },
	{ HEAD GOOD "124300001000001390,乙,李四,c2,2021-11-11,,\n", NULL, 2 },
	{ "code,name,legal_representative,certificate,valid_from\r12430000100000016Y,甲,张三,c1,"
	  "2021-11-11\r\r,乙,李四,c2,2021-11-11\r",
	    "4 code", 1 },
	{ HEAD GOOD "124300001000001390,\"乙\n丙\",李四,c2,2021-11-11,\n,丁,李四,c3,2021-11-11,\n",
	    "5 code", 2 },
	{ HEAD
	    "\"12430000100000016Y,甲,张三,c1,2021-11-11,2026-11-10\n124300001000001390,乙,李四,c2,"
	    "2021-11-11,\n",
	    "2 ", 1 },
	{ "\xff\xfe"
	  "c",
	    "1 ", 0 },
	{ "\xb4\xfa\xc2\xeb,name\n", "1 ", 0 },
	{ HEAD GOOD "\"124300001000001390,乙,李四,c2,2021-11-11,\n", "3 ", 1 },
	{ HEAD GOOD "12430000\"1000001390,乙,李四,c2,2021-11-11,\n", "3 ", 1 },
	{ HEAD GOOD "124300001000001390,\xd2\xd2,李四,c2,2021-11-11,\n", "3 ", 1 },
	{ HEAD "12430000100000016X,甲,张三,c1,2021-11-11,\n", "2 code", 0 },
	/* forms of the same */
	{ HEAD "12430000100000016y,甲,张三,c1,2021-11-11,\n", NULL, 1 },
	{ HEAD "１２４３００００ １００００００１６ｙ,甲\u00a0,张三,c1,２０２１－１１－１１,\n",
	    NULL, 1 },
	/* a Cyrillic letter for the Y */
	{ HEAD "12430000100000016\u0423,甲,张三,c1,2021-11-11,\n", "2 code", 0 },
	{ HEAD "12430000100000016Y,\u0410级中心,张三,c1,2021-11-11,\n", "2 name", 0 },
	{ HEAD "12430000100000016Y,甲\u200b,张三,c1,2021-11-11,\n", "2 name", 0 },
	{ HEAD "12430000100000016Y,甲,张\ue863,c1,2021-11-11,\n", "2 legal_representative", 0 },
	/* an authority's, not a unit's */
	{ HEAD "11430000006122244L,甲,张三,c1,2021-11-11,\n", "2 code", 0 },
	{ HEAD ",甲,张三,c1,2021-11-11,\n", "2 code", 0 },
	{ HEAD "12430000100000016Y,,张三,c1,2021-11-11,\n", "2 name", 0 },
	/* right-to-left override */
	{ HEAD "12430000100000016Y,甲\xe2\x80\xae乙,张三,c1,2021-11-11,\n", "2 name", 0 },
	{ HEAD "12430000100000016Y,甲,张三,,2021-11-11,\n", "2 certificate", 0 },
	{ HEAD "12430000100000016Y,甲,张三,c1,,\n", "2 valid_from", 0 },
	{ HEAD "12430000100000016Y,甲,张三,c1,2021-02-29,\n", "2 valid_from", 0 },
	{ HEAD "12430000100000016Y,甲,张三,c1,2021/11/11,\n", "2 valid_from", 0 },
	{ HEAD "12430000100000016Y,甲,张三,c1,2021-11-11,2026-11-11\n", "2 valid_to", 0 },
	{ HEAD "12430000100000016Y,甲,张三,c1,2021-11-11,2021-11-10\n", "2 valid_to", 0 },
	{ HEAD "12430000100000016Y,甲,张三,c1,2021-11-11,2021-11-11\n", NULL, 1 },
	{ HEAD GOOD "12430000100000016Y,乙,李四,c2,2021-11-11,\n", "3 code", 1 },
	{ HEAD GOOD "\"124300001000001390\",\"乙\n\",李四,c1,2021-11-11,\n", "3 certificate", 1 },
	{ "登记管理机关,统一社会信用代码,名称,法定代表人,证书号,有效期自\n别局,12430000100000016Y,"
	  "甲,张三,c1,2021-11-11\n",
	    "2 登记管理机关", 0 },
};

static const struct { const char *text, *problem; size_t rows;
} json[] = {
	{ "[{\"code\":\"12430000100000016Y\",\"name\":\"甲\",\"legal_representative\":\"张三\","
	  "\"certificate\":\"c1\",\"valid_from\":\"2021-11-11\",\"capital\":null}]",
	    NULL, 1 },
	{ "\n{\"code\":\"12430000100000016Y\",\"name\":\"甲\",\"法定代表人\":\"张三\",\"证书号\":"
	  "\"c1\",\"valid_from\":\"2021-11-11\"}\r\n",
	    NULL, 1 },
	{ "\xef\xbb\xbf[{\"code\":\"12430000100000016y\",\"name\":\"甲\\u00a0\","
	  "\"legal_representative\":\"张三\",\"certificate\":\"c1\","
	  "\"valid_from\":\"2021-11-11\"}]",
	    NULL, 1 },
	{ "{\"code\":\"12430000100000016Y\",\"name\":\"甲\\u200b\",\"法定代表人\":\"张三\","
	  "\"证书号\":\"c1\","
	  "\"valid_from\":\"2021-11-11\"}",
	    "1 name", 0 },
	{ "\r{\"code\":\"12430000100000016Y\",\"name\":\"甲\",\"法定代表人\":\"张三\",\"证书号\":"
	  "\"c1\","
	  "\"valid_from\":\"2021-11-11\"}\r{\r",
	    "3 ", 1 },
	{ "[\r\r{\"code\" 1}]", "3 ", 0 },
	{ "\xff\xfe[", "1 ", 0 },
	{ "{\"name\":\"\xb4\xfa\"}\n", "1 ", 0 },
	{ "[\n{\"name\":\"\xb4\xfa\"}]\n", "2 ", 0 },
	{ "[]", "0 ", 0 },
	{ "", "0 ", 0 },
	{ "[{\"code\":\"12430000100000016Y\"", "1 ", 0 },
	{ "{\"code\":1", "1 ", 0 },
	{ "[7]", "1 ", 0 },
	{ "[{\"code\":\"12430000100000016Y\",\"name\":\"甲\",\"legal_representative\":\"张三\","
	  "\"certificate\":\"c1\",\"valid_from\":\"2021-11-11\",\"capital\":100}]",
	    "1 capital", 0 },
	{ "[{\"code\":\"12430000100000016Y\",\"name\":\"甲\",\"legal_representative\":\"张三\","
	  "\"certificate\":\"c1\",\"valid_from\":\"2021-11-11\",\"x\":\"\"}]",
	    "1 x", 0 },
};

static void check_one(const char *text, bool is_json, const char *problem, size_t rows)
{
	char got[80] = "";
	struct up_import x;

	UP_CHECK(up_import_read(up_span_str(text), is_json, authorities, 1, &x) == UP_OK, text);
	UP_CHECK(x.n_problems == (problem != NULL), text);
	UP_CHECK(x.n == rows, text);
	if (x.n_problems > 0)
		snprintf(got, sizeof(got), "%lu %s", x.problems[0].line, x.problems[0].column);
	UP_CHECK_TEXT(up_span_str(got), problem != NULL ? problem : "");
	up_import_free(&x);
}

static void test_csv(void)
{
	for (size_t i = 0; i < UP_ARRAY_LEN(csv); i++)
		check_one(csv[i].text, false, csv[i].problem, csv[i].rows);
}

static void test_json(void)
{
	for (size_t i = 0; i < UP_ARRAY_LEN(json); i++)
		check_one(json[i].text, true, json[i].problem, json[i].rows);
}

/* What is handed to the store. */
static void test_row(void)
{
	static const char text[] =
	    "name,code,purpose,legal_representative,certificate,valid_from,authority\n"
	    " 甲 ,12430000100000016Y,\"科研、\n推广\",张三,事证第1号,2024-02-29,市局\n";
	struct up_import x;

	CU_ASSERT(up_import_read(up_span_str(text), false, authorities, 2, &x) == UP_OK);
	CU_ASSERT_FATAL(x.n == 1 && x.n_problems == 0);
	UP_CHECK_TEXT(x.rows[0].name, "甲");
	UP_CHECK_TEXT(x.rows[0].authority, "114301000000000195");
	UP_CHECK_TEXT(x.rows[0].fields, "{\"purpose\":\"科研、 推广\",\"legal_representative\":\"张三\"}");
	CU_ASSERT_EQUAL(x.rows[0].valid_from_s, 1709136000);     /* 2024-02-29T00:00:00+08:00 */
	CU_ASSERT_EQUAL(x.rows[0].valid_to_s, 1866988799);       /* 2029-02-28T23:59:59+08:00 */
	up_import_free(&x);
}

/* Without an authority in the row: the only one there is; of two, none. */
static void test_authority(void)
{
	for (size_t n = 0; n <= 2; n++) {
		struct up_import x;

		CU_ASSERT(
		    up_import_read(UP_SPAN_LIT(HEAD GOOD), false, authorities, n, &x) == UP_OK);
		CU_ASSERT_EQUAL(x.n, n == 1);
		CU_ASSERT_EQUAL(x.n_problems, n != 1);
		up_import_free(&x);
	}
}

/* Two files with the same unit in two forms are the same unit; the problem names the character in
 * both languages. */
static void test_forms(void)
{
	static const char text[] =
	    "code,name,legal_representative,certificate,valid_from,organiser\n"
	    "１２４３００００１００００００１６ｙ,⾧沙　市(岳麓区)图书馆\u00a0,买买提•张,事证第１号,2021-11-11,省\u202e厅\n";
	static const char good[] =
	    "code,name,legal_representative,certificate,valid_from,organiser\n"
	    "１２４３００００１００００００１６ｙ,⾧沙　市(岳麓区)图书馆\u00a0,买买提•张,事证第１号,2021-11-11,省厅 \n";
	struct up_import x;

	CU_ASSERT(up_import_read(up_span_str(text), false, authorities, 1, &x) == UP_OK);
	CU_ASSERT_FATAL(x.n == 0 && x.n_problems == 1);
	CU_ASSERT_STRING_EQUAL(x.problems[0].en,
	    "character 2 (U+202E RIGHT-TO-LEFT OVERRIDE) is invisible or changes its "
	    "neighbours; delete it");
	CU_ASSERT_STRING_EQUAL(x.problems[0].zh,
	    "第 2 个字符（U+202E RIGHT-TO-LEFT OVERRIDE）不可见或会改变相邻文字的显示，请删除");
	up_import_free(&x);
	CU_ASSERT(up_import_read(up_span_str(good), false, authorities, 1, &x) == UP_OK);
	CU_ASSERT_FATAL(x.n == 1 && x.n_problems == 0);
	UP_CHECK_TEXT(x.rows[0].code, "12430000100000016Y");
	UP_CHECK_TEXT(x.rows[0].name, "長沙市（岳麓区）图书馆");
	UP_CHECK_TEXT(x.rows[0].certificate, "事证第1号");
	UP_CHECK_TEXT(x.rows[0].fields,
	    "{\"legal_representative\":\"买买提·张\",\"organiser\":\"省厅\"}");
	up_import_free(&x);
}

static const struct { const char *from, *last; } periods[] = {
	{ "2021-11-11", "2026-11-10" }, { "2024-02-29", "2029-02-28" },
	{ "2024-03-01", "2029-02-28" }, { "2023-03-01", "2028-02-29" },
	{ "2026-01-01", "2030-12-31" },
};

static void test_days(void)
{
	static const char *const wrong[] = { "", "2021-1-01", "2021-13-01", "2021-00-10",
		"2021-04-31", "1991-12-31", "2021-11-1x", "20211-1-11", " 2021-11-1" };
	int64_t s;

	for (size_t i = 0; i < UP_ARRAY_LEN(periods); i++) {
		char text[16];

		UP_CHECK(up_day_parse(up_span_str(periods[i].from), &s) == UP_OK, periods[i].from);
		up_day_text(up_day_last(s, 5), text);
		UP_CHECK_TEXT(up_span_str(text), periods[i].last);
	}
	for (size_t i = 0; i < UP_ARRAY_LEN(wrong); i++)
		UP_CHECK(up_day_parse(up_span_str(wrong[i]), &s) != UP_OK, wrong[i]);
	CU_ASSERT_EQUAL(up_day_number(1795392000), 20261123);
}

UP_SUITE("import", test_csv, test_json, test_row, test_authority, test_forms, test_days)
