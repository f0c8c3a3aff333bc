/* SPDX-License-Identifier: Apache-2.0
 * The ID numbers are the standard's own examples and made-up ones. */
#include "core/person.h"
#include "unit.h"

#include <string.h>

#define TODAY 20260310

static const char *const right_ids[] = {
	"11010519491231002X", "34052419800101001X", "430102198808080010", "430102198808080061", "43010219880808007X",
};

static void test_resident(void)
{
	static const struct { const char *id; uint32_t today; enum up_err e; } rows[] = {
		{ "43010219880808007x", TODAY, UP_E_FORMAT }, { "430102880808001", TODAY, UP_E_FORMAT }, { "", TODAY, UP_E_FORMAT },
		{ NULL, TODAY, UP_E_FORMAT }, { "4301021988080800100", TODAY, UP_E_FORMAT }, { "43010219880808A010", TODAY, UP_E_FORMAT },
		{ "X30102198808080010", TODAY, UP_E_FORMAT }, { "４30102198808080", TODAY, UP_E_FORMAT },
		{ "43010219880808001 ", TODAY, UP_E_FORMAT },
		/* right check characters, impossible content */
		{ "430102198802300011", TODAY, UP_E_RANGE },            /* 30 February */
		{ "430102190002290019", TODAY, UP_E_RANGE },            /* 1900 was no leap year */
		{ "430102198813010015", TODAY, UP_E_RANGE }, { "430102198800010017", TODAY, UP_E_RANGE },
		{ "430102198808000011", TODAY, UP_E_RANGE }, { "430102188808080014", TODAY, UP_E_RANGE },
		{ "000102198808080010", TODAY, UP_E_RANGE }, { "990102198808080010", TODAY, UP_E_RANGE },
		{ "430102198808080010", 19880807, UP_E_RANGE }, { "430102198808080010", 19880808, UP_OK },
		{ "430102198808080011", TODAY, UP_E_CHECK }, { "43010219880808001X", TODAY, UP_E_CHECK },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(right_ids); i++)
		UP_CHECK(up_person_check_resident(up_span_str(right_ids[i]), TODAY) == UP_OK, right_ids[i]);
	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++)
		UP_CHECK(up_person_check_resident(up_span_str(rows[i].id), rows[i].today) == rows[i].e, rows[i].id);
}

static void test_resident_any_change_fails(void)
{
	for (size_t i = 0; i < UP_ARRAY_LEN(right_ids); i++) {
		char id[UP_RESIDENT_LEN + 1];

		strcpy(id, right_ids[i]);
		for (size_t at = 0; at < UP_RESIDENT_LEN; at++) {
			for (int c = 0; c < 256; c++) {
				id[at] = (char)c;
				if (id[at] != right_ids[i][at]
				    && up_person_check_resident(up_span_of(id, UP_RESIDENT_LEN), TODAY) == UP_OK)
					UP_CHECK(false, id);
			}
			id[at] = right_ids[i][at];
		}
	}
}

/* 29 February: give the number its right check character, then only the calendar may object. */
static void test_leap_days(void)
{
	static const struct { const char *date; enum up_err e; } rows[] = {
		{ "20000229", UP_OK }, { "20240229", UP_OK }, { "20230229", UP_E_RANGE }, { "19000229", UP_E_RANGE },
		{ "20260310", UP_OK }, { "20260311", UP_E_RANGE }, { "19880431", UP_E_RANGE }, { "19880430", UP_OK },
		{ "18991231", UP_E_RANGE }, { "19000101", UP_OK }, { "99991231", UP_E_RANGE },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		bool fits = false, other = false;
		char id[UP_RESIDENT_LEN + 1];

		for (int c = 0; c <= 10; c++) {
			snprintf(id, sizeof id, "430102%s001%c", rows[i].date, "0123456789X"[c]);
			enum up_err e = up_person_check_resident(up_span_str(id), TODAY);

			fits = fits || e == rows[i].e;
			other = other || (e != rows[i].e && e != UP_E_CHECK);
		}
		UP_CHECK(fits && !other, rows[i].date);
	}
}

static void test_mobile(void)
{
	static const struct { const char *in, *want; } rows[] = {
		{ "13812345678", "13812345678" }, { "+8613812345678", "13812345678" }, { "008613812345678", "13812345678" },
		{ "+86 138-1234-5678", "13812345678" }, { " 138 1234 5678 ", "13812345678" }, { "19912345678", "19912345678" },
		{ "12812345678", NULL }, { "23812345678", NULL }, { "1381234567", NULL }, { "138123456789", NULL },
		{ "8613812345678", NULL }, { "+8513812345678", NULL }, { "+86+8613812345678", NULL }, { "1381234567a", NULL },
		{ "1a812345678", NULL }, { "１3812345678", NULL }, { "13812345678,", NULL }, { "", NULL }, { NULL, NULL },
		{ "+86", NULL }, { "0086", NULL }, { "- -", NULL }, { "0000000000000000000000000", NULL },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		char out[12] = "untouched";
		enum up_err e = up_person_parse_mobile(up_span_str(rows[i].in), out);

		UP_CHECK(e == (rows[i].want != NULL ? UP_OK : UP_E_FORMAT), rows[i].in);
		CU_ASSERT_STRING_EQUAL(out, rows[i].want != NULL ? rows[i].want : "");
	}
}

static void test_name(void)
{
	static const struct { const char *name; bool ok; } rows[] = {
		{ "张三", true }, { "欧阳娜娜", true }, { "阿依古丽·买买提", true }, { "阿依古丽•买买提", true }, { "𠮷田", true },
		{ "〇一", true }, { "John Smith", true }, { "Anne-Marie O'Neil", true }, { "Martin L. King Jr.", true },
		{ "José Núñez", true }, { "ཚེ་རིང", true },
		{ "一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十", true },
		{ "一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一", false },
		{ "张", false }, { "", false }, { NULL, false }, { "张3", false }, { "张３", false }, { "张 三", false },
		{ "张　三", false }, { "张-三", false }, { "·张三", false }, { "张三·", false }, { "张··三", false }, { "张三 ", false },
		{ " John", false }, { "John  Smith", false }, { "John-", false }, { "O''Neil", false }, { "--", false }, { "··", false },
		{ "张三;", false }, { "张三，", false }, { "<b>", false }, { "张\n三", false }, { "张\x7f三", false }, { "张\u202e三", false },
		{ "张\u200b三", false }, { "张\ufeff三", false }, { "张😀", false }, { "张\xff", false }, { "张\xe4\xb8", false },
		{ "\xed\xa0\x80\xed\xb0\x80", false }, { "=cmd", false }, { "张@三", false }, { "张①", false }, { "ab×", false },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++)
		UP_CHECK(up_person_check_name(up_span_str(rows[i].name)) == (rows[i].ok ? UP_OK : UP_E_FORMAT), rows[i].name);
	CU_ASSERT_EQUAL(up_person_check_name(UP_SPAN_LIT("ab\0c")), UP_E_FORMAT);
}

static void test_put_name(void)
{
	struct up_buf b = { 0 };

	up_person_put_name(&b, UP_SPAN_LIT("阿依古丽•买买提"));
	UP_CHECK_TEXT(up_buf_span(&b), "阿依古丽·买买提");
	up_buf_free(&b);
}

static void test_mask(void)
{
	static const struct { void (*mask)(struct up_buf *, struct up_span); const char *in, *want; } rows[] = {
		{ up_person_mask_resident, "430102198808080010", "430102********0010" },
		{ up_person_mask_resident, "11010519491231002X", "110105********002X" },
		{ up_person_mask_resident, "4301021988", "**********" }, { up_person_mask_resident, "", "" },
		{ up_person_mask_resident_anonymous, "430102198808080010", "4****************0" },
		{ up_person_mask_resident_anonymous, "11010519491231002X", "1****************X" },
		{ up_person_mask_resident_anonymous, "4", "*" },
		{ up_person_mask_mobile, "13812345678", "138****5678" }, { up_person_mask_mobile, "12345", "*****" },
		{ up_person_mask_name, "张三", "张*" }, { up_person_mask_name, "张三丰", "张**" },
		{ up_person_mask_name, "欧阳娜娜", "欧阳**" }, { up_person_mask_name, "欧阳修", "欧阳*" },
		{ up_person_mask_name, "欧阳", "欧*" }, { up_person_mask_name, "司馬遷", "司馬*" },
		{ up_person_mask_name, "阿依·买", "阿***" }, { up_person_mask_name, "𠮷田", "𠮷*" },
		{ up_person_mask_name, "Li Na", "L****" }, { up_person_mask_name, "", "" },
		{ up_person_mask_name, "\xff\xfe", "**" }, { up_person_mask_name, "张\xe4\xb8", "张**" },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		struct up_buf b = { 0 };

		rows[i].mask(&b, up_span_str(rows[i].in));
		UP_CHECK_TEXT(up_buf_span(&b), rows[i].want);
		up_buf_free(&b);
	}
}

UP_SUITE("person", test_resident, test_resident_any_change_fails, test_leap_days, test_mobile, test_name, test_put_name, test_mask)
