/* SPDX-License-Identifier: Apache-2.0
 * What is folded, what is refused, and that both are named. */
#include "core/normal.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#define P UP_NORMAL_PERSON
#define L UP_NORMAL_LINE
#define T UP_NORMAL_PROSE
#define N UP_NORMAL_NUMBER

static const struct { enum up_normal kind; const char *in, *want; } folded[] = {
	{ P, "", "" }, { P, "张三", "张三" }, { P, " 张三\t", "张三" }, { P, "张　三", "张三" },
	{ P, "张 三", "张三" },
	{ P, "\u00a0张\u2003三\u202f", "张三" },
	{ P, "⻁", NULL }, { P, "⽊村", "木村" }, { P, "\u2f00二", "一二" },
	{ P, "\uf9dd娜", "利娜" }, { P, "\U0002f81a三", "冬三" },
	{ P, "阿依古丽•买买提", "阿依古丽·买买提" }, { P, "阿依古丽・买买提", "阿依古丽·买买提" },
	{ P, "阿依古丽･买买提", "阿依古丽·买买提" },
	{ P, "阿依古丽‧买买提", "阿依古丽·买买提" }, { P, "阿依古丽∙买买提", "阿依古丽·买买提" },
	{ P, "阿依古丽⋅买买提", "阿依古丽·买买提" },
	{ P, "阿依古丽 · 买买提", "阿依古丽·买买提" },
	{ P, "阿依古丽\u0387买买提", "阿依古丽·买买提" },
	{ P, "𠮷田", "𠮷田" }, { P, "㐂子", "㐂子" }, { P, "\U0002ebf0三", "\U0002ebf0三" },
	{ P, "\U00031350三", "\U00031350三" },
	{ P, "\U000323af三", "\U000323af三" }, { P, "䶮三", "䶮三" }, { P, "〇一", "〇一" },
	{ P, "佐々", "佐々" },
	{ P, "Ｊｏｈｎ　Ｓｍｉｔｈ", "John Smith" }, { P, "John  Smith", "John Smith" },
	{ P, "O’Neil", "O'Neil" },
	{ P, "Anne\u2010Marie", "Anne-Marie" }, { P, "Anne－Marie", "Anne-Marie" },
	{ P, "Jose\u0301", "José" },
	{ P, "ཚེ་རིང", "ཚེ་རིང" }, { P, "مەريەم", "مەريەم" },
	{ L, "长沙市图书馆\u00a0", "长沙市图书馆" }, { L, "长沙市　图书馆", "长沙市图书馆" },
	{ L, "长沙市\n图书馆", "长沙市图书馆" },
	{ L, "⻓沙市", NULL }, { L, "⾧沙市⼀中", "長沙市一中" }, { L, "ＩＴ中心", "IT中心" },
	{ L, "Unit  One ", "Unit One" },
	{ L, "长沙市(岳麓区)图书馆", "长沙市（岳麓区）图书馆" },
	{ L, "长沙市（岳麓区）图书馆", "长沙市（岳麓区）图书馆" },
	{ L, "Unit（One）", "Unit(One)" }, { L, "事证第１号", "事证第1号" },
	{ L, "中国—东盟中心", "中国-东盟中心" },
	{ L, "八〇一医院", "八〇一医院" }, { L, "“甲、乙”研究所", "“甲、乙”研究所" },
	{ L, "\U0002a700镇", "\U0002a700镇" },
	{ T, "科研，推广（①）。\r\n１００万元；500㎡ ", "科研，推广（①）。 100万元；500㎡" },
	{ T, "\u2f00般", "一般" }, { T, "a\u00a0b", "a b" },
	{ N, "43010219880808007x", "43010219880808007X" },
	{ N, "４３０１０２　１９８８０８０８　００７ｘ", "43010219880808007X" },
	{ N, "12430100mb0a12342m", "12430100MB0A12342M" },
	{ N, "+86 138\u20131234\u22125678", "+86138-1234-5678" },
	{ N, "\t2021－11－11 ", "2021-11-11" }, { N, "ＢＣＤＦ－ＧＨＪＫ", "BCDF-GHJK" },
};

static void test_folded(void)
{
	for (size_t i = 0; i < UP_ARRAY_LEN(folded); i++) {
		struct up_normal_fault fault;
		struct up_buf b = { 0 }, again = { 0 };
		enum up_err err = up_normal_put(&b, up_span_str(folded[i].in), folded[i].kind,
		    &fault);

		UP_CHECK(err == (folded[i].want != NULL ? UP_OK : UP_E_CHARACTER), folded[i].in);
		UP_CHECK_TEXT(up_buf_span(&b), folded[i].want != NULL ? folded[i].want : "");
		/* What is normal stays. */
		UP_CHECK(up_normal_put(&again, up_buf_span(&b), folded[i].kind, &fault) == UP_OK,
		    folded[i].in);
		UP_CHECK(up_span_eq(up_buf_span(&again), up_buf_span(&b)), folded[i].in);
		up_buf_free(&b);
		up_buf_free(&again);
	}
}

static const struct {
	enum up_normal kind;
	const char *in;
	enum up_normal_why why;
	uint32_t cp;
	size_t place;
} refused[] = {
	{ P, "张\u200b三", UP_NORMAL_HIDDEN, 0x200b, 2 },
	{ L, "甲\u200d乙", UP_NORMAL_HIDDEN, 0x200d, 2 },
	{ L, "甲乙\u202e丙", UP_NORMAL_HIDDEN, 0x202e, 3 },
	{ T, "甲\u2066乙", UP_NORMAL_HIDDEN, 0x2066, 2 },
	{ P, "张\ufe00三", UP_NORMAL_HIDDEN, 0xfe00, 2 },
	{ P, "邊\U000e0100三", UP_NORMAL_HIDDEN, 0xe0100, 2 },
	{ L, "甲\U000e0041", UP_NORMAL_HIDDEN, 0xe0041, 2 },
	{ N, "430102\ufeff", UP_NORMAL_HIDDEN, 0xfeff, 7 },
	{ L, "甲\u3164乙", UP_NORMAL_HIDDEN, 0x3164, 2 },
	{ L, "甲\u2800", UP_NORMAL_HIDDEN, 0x2800, 2 },
	{ L, "甲\u00ad乙", UP_NORMAL_HIDDEN, 0xad, 2 }, { T, "甲\x01", UP_NORMAL_HIDDEN, 1, 2 },
	{ L, "甲\u034f", UP_NORMAL_HIDDEN, 0x34f, 2 },
	{ P, "张\u0338三", UP_NORMAL_HIDDEN, 0x338, 2 },
	{ L, "甲\u20dd乙", UP_NORMAL_HIDDEN, 0x20dd, 2 },
	{ P, "\ue863三", UP_NORMAL_PRIVATE, 0xe863, 1 },
	{ L, "甲\U000f0000", UP_NORMAL_PRIVATE, 0xf0000, 2 },
	{ L, "甲\ufffd", UP_NORMAL_PRIVATE, 0xfffd, 2 },
	{ T, "\u0378", UP_NORMAL_PRIVATE, 0x378, 1 },
	{ T, "\U0002ffff", UP_NORMAL_PRIVATE, 0x2ffff, 1 },
	{ P, "\u0410nna", UP_NORMAL_IMITATES, 0x410, 1 },
	{ P, "Alic\u0435", UP_NORMAL_IMITATES, 0x435, 5 },
	{ P, "\u039fNeil", UP_NORMAL_IMITATES, 0x39f, 1 },
	{ P, "张エ", UP_NORMAL_IMITATES, 0x30a8, 2 }, { P, "张A", UP_NORMAL_IMITATES, 'A', 2 },
	{ L, "\u0410级中心", UP_NORMAL_IMITATES, 0x410, 1 },
	{ L, "海\u30ed市", UP_NORMAL_IMITATES, 0x30ed, 2 },
	{ L, "\u31d0中", UP_NORMAL_IMITATES, 0x31d0, 1 },
	{ L, "\u2ed3沙市", UP_NORMAL_IMITATES, 0x2ed3, 1 },
	{ T, "\u2ed3沙市", UP_NORMAL_IMITATES, 0x2ed3, 1 },
	{ L, "中\u30fc", UP_NORMAL_IMITATES, 0x30fc, 2 },
	{ L, "\u0251级", UP_NORMAL_IMITATES, 0x251, 1 },
	{ L, "第\u0661号", UP_NORMAL_IMITATES, 0x661, 2 },
	{ L, "中\u3105", UP_NORMAL_IMITATES, 0x3105, 2 },
	{ N, "1243\u041e", UP_NORMAL_IMITATES, 0x41e, 5 },
	{ N, "1243\u0661", UP_NORMAL_IMITATES, 0x661, 5 },
	{ N, "1243。", UP_NORMAL_STRANGE, 0x3002, 5 },
	{ P, "张3", UP_NORMAL_STRANGE, '3', 2 }, { P, "张３", UP_NORMAL_STRANGE, 0xff13, 2 },
	{ P, "张;", UP_NORMAL_STRANGE, ';', 2 },
	{ P, "张😀", UP_NORMAL_STRANGE, 0x1f600, 2 }, { L, "中心★", UP_NORMAL_STRANGE, 0x2605, 3 },
	{ P, "张（三）", UP_NORMAL_STRANGE, 0xff08, 2 },
	{ P, "张\xd5", UP_NORMAL_BROKEN, 0xd5, 2 },
	{ P, "\xed\xa0\x80", UP_NORMAL_BROKEN, 0xed, 1 },
};

static void test_refused(void)
{
	for (size_t i = 0; i < UP_ARRAY_LEN(refused); i++) {
		struct up_normal_fault f;
		struct up_buf b = { 0 };
		char row[120];

		snprintf(row, sizeof(row), "%zu: %s", i, refused[i].in);
		up_buf_put_str(&b, "x");
		UP_CHECK(up_normal_put(&b, up_span_str(refused[i].in), refused[i].kind,
		    &f) == UP_E_CHARACTER, row);
		UP_CHECK(f.why == refused[i].why && f.cp == refused[i].cp &&
		    f.place == refused[i].place, row);
		UP_CHECK_TEXT(up_buf_span(&b), "x");
		up_buf_free(&b);
	}
}

/* U+0000 and the characters at the ends of each plane: no crash, and nothing passes that is not
 * text. */
static void test_every_character(void)
{
	for (uint32_t cp = 0; cp <= 0x10ffff; cp += cp < 0x32000 ? 1 : 251) {
		char text[8];
		size_t n = 0;
		struct up_normal_fault f;
		char out[128];

		if (cp >= 0xd800 && cp < 0xe000)
			continue;
		if (cp < 0x80)
			text[n++] = (char)cp;
		else if (cp < 0x800)
			text[n++] = (char)(0xc0 | cp >> 6);
		else if (cp < 0x10000)
			text[n++] = (char)(0xe0 | cp >> 12);
		else
			text[n++] = (char)(0xf0 | cp >> 18);
		for (int shift = cp < 0x80 ? -6 : cp < 0x800 ? 0 : cp < 0x10000 ? 6
		    : 12; shift >= 0; shift -= 6)
			text[n++] = (char)(0x80 | ((cp >> shift) & 0x3f));
		for (int kind = P; kind <= N; kind++) {
			struct up_normal_fault again;

			if (up_normal_take(up_span_of(text, n), (enum up_normal)kind, out,
			    sizeof(out), &f) != UP_OK)
				continue;
			if (up_normal_take(up_span_str(out), (enum up_normal)kind, out, sizeof(out),
			    &again) != UP_OK) {
				snprintf(out, sizeof(out), "U+%04X", (unsigned)cp);
				UP_CHECK(false, out);
			}
		}
	}
}

static void test_take(void)
{
	struct up_normal_fault f;
	char out[4] = "old";

	CU_ASSERT_EQUAL(up_normal_take(UP_SPAN_LIT("ＡＢＣ"), N, out, sizeof(out), &f), UP_OK);
	CU_ASSERT_STRING_EQUAL(out, "ABC");
	CU_ASSERT_EQUAL(up_normal_take(UP_SPAN_LIT("abcd"), N, out, sizeof(out), &f), UP_E_FORMAT);
	CU_ASSERT_STRING_EQUAL(out, "");
	CU_ASSERT_EQUAL(up_normal_take(UP_SPAN_LIT("a\0b"), N, out, sizeof(out), &f),
	    UP_E_CHARACTER);
}

static void test_words(void)
{
	const struct up_normal_fault hidden = { UP_NORMAL_HIDDEN, 0x200b, 3 },
	    broken = { UP_NORMAL_BROKEN, 0xd5, 1 },
		lost = { UP_NORMAL_PRIVATE, 0xe863, 1 };
	char text[UP_NORMAL_FAULT_TEXT];

	up_normal_fault_text(&hidden, false, text);
	CU_ASSERT_STRING_EQUAL(text,
	    "character 3 (U+200B ZERO WIDTH SPACE) is invisible or changes its "
	    "neighbours; delete it");
	up_normal_fault_text(&hidden, true, text);
	CU_ASSERT_STRING_EQUAL(text,
	    "第 3 个字符（U+200B ZERO WIDTH SPACE）不可见或会改变相邻文字的显示，请删除");
	up_normal_fault_text(&broken, false, text);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "character 1 (byte D5)"));
	up_normal_fault_text(&lost, true, text);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "U+E863）"));
}

UP_SUITE("normal", test_folded, test_refused, test_every_character, test_take, test_words)
