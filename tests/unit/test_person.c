/* SPDX-License-Identifier: Apache-2.0
 * The ID numbers are the standard's own examples and made-up ones. */
#include "core/person.h"
#include "unit.h"

#include <string.h>

#define TODAY 20260310

static const char *const right_ids[] = {
	"11010519491231002X", "34052419800101001X", "430102198808080010", "430102198808080061",
	"43010219880808007X",
};

static void test_resident(void)
{
	static const struct { const char *id; uint32_t today; enum up_err err;
	} rows[] = {
		{ "43010219880808007x", TODAY, UP_E_FORMAT },
		{ "430102880808001", TODAY, UP_E_FORMAT },
		{ "", TODAY, UP_E_FORMAT },
		{ NULL, TODAY, UP_E_FORMAT },
		{ "4301021988080800100", TODAY, UP_E_FORMAT },
		{ "43010219880808A010", TODAY, UP_E_FORMAT },
		{ "X30102198808080010", TODAY, UP_E_FORMAT },
		{ "４30102198808080", TODAY, UP_E_FORMAT },
		{ "43010219880808001 ", TODAY, UP_E_FORMAT },
		/* right check characters, impossible content */
		{ "430102198802300011", TODAY, UP_E_RANGE }, /* 30 February */
		{ "430102190002290019", TODAY, UP_E_RANGE }, /* 1900 was no leap year */
		{ "430102198813010015", TODAY, UP_E_RANGE },
		{ "430102198800010017", TODAY, UP_E_RANGE },
		{ "430102198808000011", TODAY, UP_E_RANGE },
		{ "430102188808080014", TODAY, UP_E_RANGE },
		{ "000102198808080010", TODAY, UP_E_RANGE },
		{ "990102198808080010", TODAY, UP_E_RANGE },
		{ "430102198808080010", 19880807, UP_E_RANGE },
		{ "430102198808080010", 19880808, UP_OK },
		{ "430102198808080011", TODAY, UP_E_CHECK },
		{ "43010219880808001X", TODAY, UP_E_CHECK },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(right_ids); i++)
		UP_CHECK(up_person_check_resident(up_span_str(right_ids[i]), TODAY) == UP_OK,
		    right_ids[i]);
	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++)
		UP_CHECK(
		    up_person_check_resident(up_span_str(rows[i].id), rows[i].today) == rows[i].err,
		    rows[i].id);
}

static void test_resident_any_change_fails(void)
{
	for (size_t i = 0; i < UP_ARRAY_LEN(right_ids); i++) {
		char id[UP_RESIDENT_LEN + 1];

		strcpy(id, right_ids[i]);
		for (size_t at = 0; at < UP_RESIDENT_LEN; at++) {
			for (int c = 0; c < 256; c++) {
				id[at] = (char)c;
				if (id[at] != right_ids[i][at] &&
				    up_person_check_resident(
					up_span_of(id, UP_RESIDENT_LEN), TODAY) == UP_OK)
					UP_CHECK(false, id);
			}
			id[at] = right_ids[i][at];
		}
	}
}

/* 29 February: give the number its right check character, then only the calendar may object. */
static void test_leap_days(void)
{
	static const struct { const char *date; enum up_err err; } rows[] = {
		{ "20000229", UP_OK }, { "20240229", UP_OK }, { "20230229", UP_E_RANGE },
		{ "19000229", UP_E_RANGE },
		{ "20260310", UP_OK }, { "20260311", UP_E_RANGE }, { "19880431", UP_E_RANGE },
		{ "19880430", UP_OK },
		{ "18991231", UP_E_RANGE }, { "19000101", UP_OK }, { "99991231", UP_E_RANGE },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		bool fits = false, other = false;
		char id[UP_RESIDENT_LEN + 1];

		for (int c = 0; c <= 10; c++) {
			snprintf(id, sizeof id, "430102%s001%c", rows[i].date, "0123456789X"[c]);
			enum up_err err = up_person_check_resident(up_span_str(id), TODAY);

			fits = fits || err == rows[i].err;
			other = other || (err != rows[i].err && err != UP_E_CHECK);
		}
		UP_CHECK(fits && !other, rows[i].date);
	}
}

static void test_mobile(void)
{
	static const struct { const char *in, *want; enum up_err err; } rows[] = {
		{ "13812345678", "13812345678", UP_OK }, { "+8613812345678", "13812345678", UP_OK },
		{ "008613812345678", "13812345678", UP_OK },
		{ "+86 138-1234-5678", "13812345678", UP_OK },
		{ " 138 1234 5678 ", "13812345678", UP_OK },
		{ "19912345678", "19912345678", UP_OK },
		{ "１３８１２３４５６７８", "13812345678", UP_OK },
		{ "＋８６　138\u20111234\u22125678", "13812345678", UP_OK },
		{ "12812345678", NULL, UP_E_FORMAT }, { "23812345678", NULL, UP_E_FORMAT },
		{ "1381234567", NULL, UP_E_FORMAT },
		{ "138123456789", NULL, UP_E_FORMAT }, { "8613812345678", NULL, UP_E_FORMAT },
		{ "+8513812345678", NULL, UP_E_FORMAT },
		{ "+86+8613812345678", NULL, UP_E_FORMAT }, { "1381234567a", NULL, UP_E_FORMAT },
		{ "1a812345678", NULL, UP_E_FORMAT },
		{ "13812345678,", NULL, UP_E_FORMAT }, { "", NULL, UP_E_FORMAT },
		{ NULL, NULL, UP_E_FORMAT }, { "+86", NULL, UP_E_FORMAT },
		{ "0086", NULL, UP_E_FORMAT }, { "- -", NULL, UP_E_FORMAT },
		{ "0000000000000000000000000", NULL, UP_E_FORMAT },
		{ "138\u200b12345678", NULL, UP_E_CHARACTER },
		{ "138\u0661234567", NULL, UP_E_CHARACTER },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		char out[12] = "untouched";
		struct up_normal_fault fault;

		UP_CHECK(up_person_parse_mobile(up_span_str(rows[i].in), out,
		    &fault) == rows[i].err, rows[i].in);
		CU_ASSERT_STRING_EQUAL(out, rows[i].want != NULL ? rows[i].want : "");
	}
}

/* Names as they are typed; WANT: as they are kept, NULL: refused with ERR. */
static void test_name(void)
{
	static const struct { const char *name, *want; enum up_err err; } rows[] = {
		{ "张三", "张三", UP_OK }, { "欧阳娜娜", "欧阳娜娜", UP_OK },
		{ "阿依古丽·买买提", "阿依古丽·买买提", UP_OK },
		{ "阿依古丽•买买提", "阿依古丽·买买提", UP_OK }, { "𠮷田", "𠮷田", UP_OK },
		{ "〇一", "〇一", UP_OK },
		{ "张 三", "张三", UP_OK }, { "张　三", "张三", UP_OK }, { "张三 ", "张三", UP_OK },
		{ "张三\u00a0", "张三", UP_OK }, { "张\n三", "张三", UP_OK },
		{ "John Smith", "John Smith", UP_OK }, { " John  Smith", "John Smith", UP_OK },
		{ "Anne-Marie O'Neil", "Anne-Marie O'Neil", UP_OK },
		{ "Martin L. King Jr.", "Martin L. King Jr.", UP_OK },
		{ "José Núñez", "José Núñez", UP_OK }, { "ཚེ་རིང", "ཚེ་རིང", UP_OK },
		{ "一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十",
		    "一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十", UP_OK },
		{ "一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一", NULL,
		    UP_E_FORMAT },
		{ "张", NULL, UP_E_FORMAT }, { "", NULL, UP_E_FORMAT }, { NULL, NULL, UP_E_FORMAT },
		{ "张3", NULL, UP_E_CHARACTER },
		{ "张３", NULL, UP_E_CHARACTER }, { "张-三", NULL, UP_E_FORMAT },
		{ "·张三", NULL, UP_E_FORMAT }, { "张三·", NULL, UP_E_FORMAT },
		{ "张··三", NULL, UP_E_FORMAT }, { "John-", NULL, UP_E_FORMAT },
		{ "O''Neil", NULL, UP_E_FORMAT }, { "--", NULL, UP_E_FORMAT },
		{ "··", NULL, UP_E_FORMAT }, { "张三;", NULL, UP_E_CHARACTER },
		{ "张三，", NULL, UP_E_CHARACTER }, { "<b>", NULL, UP_E_CHARACTER },
		{ "张\x7f三", NULL, UP_E_CHARACTER }, { "张\u202e三", NULL, UP_E_CHARACTER },
		{ "张\u200b三", NULL, UP_E_CHARACTER },
		{ "张\ufeff三", NULL, UP_E_CHARACTER }, { "张😀", NULL, UP_E_CHARACTER },
		{ "张\xff", NULL, UP_E_CHARACTER },
		{ "张\xe4\xb8", NULL, UP_E_CHARACTER },
		{ "\xed\xa0\x80\xed\xb0\x80", NULL, UP_E_CHARACTER },
		{ "=cmd", NULL, UP_E_CHARACTER },
		{ "张@三", NULL, UP_E_CHARACTER }, { "张①", NULL, UP_E_CHARACTER },
		{ "ab×", NULL, UP_E_CHARACTER }, { "张A", NULL, UP_E_CHARACTER },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		const struct up_person_given given = { up_span_str(rows[i].name),
		    UP_SPAN_LIT("430102198808080010"), UP_SPAN_LIT("13812345678") };
		struct up_person_fault fault;
		struct up_person p;

		UP_CHECK(up_person_take(&given, TODAY, &p, &fault) == rows[i].err, rows[i].name);
		UP_CHECK_TEXT(up_span_str(p.name), rows[i].want != NULL ? rows[i].want : "");
		UP_CHECK(rows[i].err == UP_OK || strcmp(fault.member, "name") == 0, rows[i].name);
	}
	CU_ASSERT_EQUAL(up_person_check_name(UP_SPAN_LIT("ab\0c")), UP_E_FORMAT);
}

static void test_take(void)
{
	static const struct { const char *name, *id, *mobile,
	    *member; enum up_err err; const char *en, *zh; } rows[] = {
		{ "张三", "43010219880808007x", "13812345678", "mobile", UP_OK, "", "" },
		{ "张三", "４３０１０２　１９８８０８０８　００７ｘ", "+86 138-1234-5678", "mobile",
		    UP_OK, "", "" },
		{ "张三", "430102198808080071", "13812345678", "resident_id", UP_E_CHECK,
		    "resident ID number: the check character does not fit; check it for typing "
		    "errors", "身份证号：校验码不符，可能录入有误" },
		{ "张三", "43010219880230007X", "13812345678", "resident_id", UP_E_RANGE,
		    "resident ID number: must be 18 characters with a real date",
		    "身份证号：应为 18 位且日期真实" },
		{ "张三", "43010219880808007\u0425", "13812345678", "resident_id", UP_E_CHARACTER,
		    "resident ID number: character 18 (U+0425 CYRILLIC CAPITAL LETTER HA) is of "
		    "another script or form and only looks like it; type it anew", NULL },
		{ "张三", "43010219880808007X", "1381234567", "mobile", UP_E_FORMAT,
		    "mobile number: must be 11 digits beginning with 13 to 19", NULL },
		{ "张\u200b三", "43010219880808007X", "13812345678", "name", UP_E_CHARACTER, NULL,
		    "姓名：第 2 个字符（U+200B ZERO WIDTH SPACE）不可见或会改变相邻文字的显示，请删除" },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		const struct up_person_given given = { up_span_str(rows[i].name),
		    up_span_str(rows[i].id), up_span_str(rows[i].mobile) };
		char text[UP_PERSON_FAULT_TEXT];
		struct up_person_fault fault;
		struct up_person p;

		UP_CHECK(up_person_take(&given, TODAY, &p, &fault) == rows[i].err, rows[i].id);
		UP_CHECK_TEXT(up_span_str(p.resident), rows[i].err == UP_OK ? "43010219880808007X"
		    : "");
		UP_CHECK_TEXT(up_span_str(fault.member), rows[i].member);
		up_person_fault_text(&fault, false, text);
		UP_CHECK(rows[i].err == UP_OK || rows[i].en == NULL ||
		    strcmp(text, rows[i].en) == 0, text);
		up_person_fault_text(&fault, true, text);
		UP_CHECK(rows[i].err == UP_OK || rows[i].zh == NULL ||
		    strcmp(text, rows[i].zh) == 0, text);
	}
}

/* Two spellings of one name. */
static void test_key(void)
{
	static const struct { const char *a, *b; bool same; } rows[] = {
		{ "阿依古丽•买买提", "阿依古丽·买买提", true },
		{ "JOHN SMITH", "John Smith", true }, { "Straße", "STRASSE", true },
		{ "⽊村", "木村", true }, { "张三", "张四", false },
		{ "John Smith", "JohnSmith", false },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		struct up_buf a = { 0 }, b = { 0 };

		UP_CHECK(up_person_put_key(&a, up_span_str(rows[i].a)) == UP_OK &&
		    up_person_put_key(&b, up_span_str(rows[i].b)) == UP_OK, rows[i].a);
		UP_CHECK(up_span_eq(up_buf_span(&a), up_buf_span(&b)) == rows[i].same, rows[i].a);
		up_buf_free(&a);
		up_buf_free(&b);
	}
}

static void test_mask(void)
{
	static const struct {
		void (*mask)(struct up_buf *, struct up_span);
		const char *in, *want;
	} rows[] = {
		{ up_person_mask_resident, "430102198808080010", "430102********0010" },
		{ up_person_mask_resident, "11010519491231002X", "110105********002X" },
		{ up_person_mask_resident, "4301021988", "**********" },
		{ up_person_mask_resident, "", "" },
		{ up_person_mask_resident_anonymous, "430102198808080010", "4****************0" },
		{ up_person_mask_resident_anonymous, "11010519491231002X", "1****************X" },
		{ up_person_mask_resident_anonymous, "4", "*" },
		{ up_person_mask_mobile, "13812345678", "138****5678" },
		{ up_person_mask_mobile, "12345", "*****" },
		{ up_person_mask_name, "张三", "张*" },
		{ up_person_mask_name, "张三丰", "张**" },
		{ up_person_mask_name, "欧阳娜娜", "欧阳**" },
		{ up_person_mask_name, "欧阳修", "欧阳*" },
		{ up_person_mask_name, "欧阳", "欧*" },
		{ up_person_mask_name, "司馬遷", "司馬*" },
		{ up_person_mask_name, "阿依·买", "阿***" },
		{ up_person_mask_name, "𠮷田", "𠮷*" },
		{ up_person_mask_name, "Li Na", "L****" },
		{ up_person_mask_name, "", "" },
		{ up_person_mask_name, "\xff\xfe", "**" },
		{ up_person_mask_name, "张\xe4\xb8", "张**" },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		struct up_buf b = { 0 };

		rows[i].mask(&b, up_span_str(rows[i].in));
		UP_CHECK_TEXT(up_buf_span(&b), rows[i].want);
		up_buf_free(&b);
	}
}

UP_SUITE("person", test_resident, test_resident_any_change_fails, test_leap_days, test_mobile,
    test_name, test_take, test_key,
    test_mask)
