/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static void test_compare(void)
{
	static const struct { const char *a, *b; bool eq, ieq; } rows[] = {
		{ "", "", true, true }, { "a", "a", true, true }, { "a", "A", false, true },
		{ "a", "ab", false, false },
		{ "ab", "a", false, false }, { "DPoP", "dpop", false, true },
		{ "@", "`", false, false }, { "[", "{", false, false },
		{ "é", "É", false, false }, { NULL, "", true, true },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		struct up_span a = up_span_str(rows[i].a);

		UP_CHECK(up_span_eq_str(a, rows[i].b) == rows[i].eq, rows[i].b);
		UP_CHECK(up_span_eq_ct(a, up_span_str(rows[i].b)) == rows[i].eq, rows[i].b);
		UP_CHECK(up_span_ieq_str(a, rows[i].b) == rows[i].ieq, rows[i].b);
	}
	CU_ASSERT_TRUE(up_span_starts(UP_SPAN_LIT("https://x"), "https://"));
	CU_ASSERT_TRUE(up_span_starts(up_span_str(NULL), ""));
	CU_ASSERT_FALSE(up_span_starts(UP_SPAN_LIT("http"), "https"));
	CU_ASSERT_FALSE(up_span_eq(UP_SPAN_LIT("a\0b"), UP_SPAN_LIT("a\0c")));
}

static void test_cut(void)
{
	static const struct { const char *in; bool found; const char *head, *rest; } rows[] = {
		{ "a=b", true, "a", "b" }, { "a=b=c", true, "a", "b=c" }, { "=", true, "", "" },
		{ "a=", true, "a", "" },
		{ "=b", true, "", "b" }, { "ab", false, "ab", "" }, { "", false, "", "" },
		{ NULL, false, "", "" },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		struct up_span head, rest;

		UP_CHECK(up_span_cut(up_span_str(rows[i].in), '=', &head, &rest) == rows[i].found,
		    rows[i].in);
		UP_CHECK_TEXT(head, rows[i].head);
		UP_CHECK_TEXT(rest, rows[i].rest);
	}
}

static void test_trim(void)
{
	UP_CHECK_TEXT(up_span_trim(UP_SPAN_LIT(" \t a b\t ")), "a b");
	UP_CHECK_TEXT(up_span_trim(UP_SPAN_LIT("   ")), "");
	UP_CHECK_TEXT(up_span_trim(UP_SPAN_LIT("\r\n")), "\r\n");
	UP_CHECK_TEXT(up_span_trim(up_span_str(NULL)), "");
}

static void test_u64(void)
{
	static const struct {
		const char *in;
		uint64_t max;
		enum up_err err;
		uint64_t v;
	} rows[] = {
		{ "0", 0, UP_OK, 0 },
		{ "7", 7, UP_OK, 7 },
		{ "8", 7, UP_E_RANGE, 0 },
		{ "65535", 65535, UP_OK, 65535 },
		{ "18446744073709551615", UINT64_MAX, UP_OK, UINT64_MAX },
		{ "18446744073709551616", UINT64_MAX, UP_E_RANGE, 0 },
		{ "99999999999999999999999", UINT64_MAX, UP_E_RANGE, 0 },
		{ "9999999999999999999999x", UINT64_MAX, UP_E_FORMAT, 0 },
		{ "", 9, UP_E_FORMAT, 0 },
		{ "00", 9, UP_E_FORMAT, 0 },
		{ "01", 9, UP_E_FORMAT, 0 },
		{ "+1", 9, UP_E_FORMAT, 0 },
		{ "-1", 9, UP_E_FORMAT, 0 },
		{ " 1", 9, UP_E_FORMAT, 0 },
		{ "1 ", 9, UP_E_FORMAT, 0 },
		{ "1.0", 9, UP_E_FORMAT, 0 },
		{ "0x1", 9, UP_E_FORMAT, 0 },
		{ "１", 9, UP_E_FORMAT, 0 },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		uint64_t v = 99;

		UP_CHECK(up_span_u64(up_span_str(rows[i].in), rows[i].max, &v) == rows[i].err,
		    rows[i].in);
		UP_CHECK(v == rows[i].v, rows[i].in);
	}
}

static void test_dup(void)
{
	char *s = up_span_dup(UP_SPAN_LIT("abc"));

	CU_ASSERT_STRING_EQUAL_FATAL(s, "abc");
	free(s);
	s = up_span_dup(up_span_str(NULL));
	CU_ASSERT_STRING_EQUAL_FATAL(s, "");
	free(s);
}

static void test_buf_grows(void)
{
	struct up_buf b = { 0 };
	char *s;

	for (int i = 0; i < 1000; i++)
		up_buf_printf(&b, "%03d.", i);
	CU_ASSERT_EQUAL(b.n, 4000);
	CU_ASSERT_FALSE(b.failed);
	CU_ASSERT_EQUAL(memcmp(b.p + 3996, "999.", 4), 0);
	up_buf_reset(&b);
	CU_ASSERT_EQUAL(b.n, 0);
	up_buf_put_i64(&b, INT64_MIN);
	up_buf_put_char(&b, ' ');
	up_buf_put_i64(&b, INT64_MAX);
	up_buf_put_char(&b, ' ');
	up_buf_put_i64(&b, 0);
	CU_ASSERT_STRING_EQUAL(up_buf_cstr(&b), "-9223372036854775808 9223372036854775807 0");
	s = up_buf_take(&b);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(strlen(s), 42);
	CU_ASSERT_PTR_NULL(b.p);
	free(s);
	up_buf_free(&b);
	up_buf_free(&b);
}

static void test_buf_printf_long(void)
{
	struct up_buf b = { 0 };
	char text[2001];

	memset(text, 'x', 2000);
	text[2000] = '\0';
	up_buf_printf(&b, "<%s>", text);
	CU_ASSERT_EQUAL(b.n, 2002);
	CU_ASSERT_EQUAL(b.p[2001], '>');
	up_buf_free(&b);
}

static void test_buf_empty(void)
{
	struct up_buf b = { 0 };
	char *s;

	CU_ASSERT_EQUAL(up_buf_span(&b).n, 0);
	CU_ASSERT_STRING_EQUAL(up_buf_cstr(&b), "");
	up_buf_free(&b);
	s = up_buf_take(&b);
	CU_ASSERT_STRING_EQUAL(s, "");
	free(s);
	up_buf_put(&b, NULL, 0);
	up_buf_put_str(&b, NULL);
	CU_ASSERT_FALSE(b.failed);
	up_buf_free(&b);
}

/* One failure marks the buffer: what follows must not make a text with a hole in it. */
static void test_buf_failure_stays(void)
{
	struct up_buf b = { 0 };

	up_buf_put_str(&b, "begin");
	up_buf_reserve(&b, SIZE_MAX / 2);
	CU_ASSERT_TRUE(b.failed);
	up_buf_put_str(&b, "end");
	up_buf_printf(&b, "%d", 1);
	up_buf_put_char(&b, 'x');
	CU_ASSERT_EQUAL(b.n, 5);
	CU_ASSERT_PTR_NULL(up_buf_cstr(&b));
	CU_ASSERT_PTR_NULL(up_buf_take(&b));
	CU_ASSERT_FALSE(b.failed);
	CU_ASSERT_PTR_NULL(b.p);
}

static void test_buf_escapes(void)
{
	static const struct {
		void (*put)(struct up_buf *, struct up_span);
		const char *in, *want;
	} rows[] = {
		{ up_buf_put_json, "", "\"\"" },
		{ up_buf_put_json, "a\"b\\c/", "\"a\\\"b\\\\c/\"" },
		{ up_buf_put_json, "\b\f\n\r\t\x01\x1f\x7f",
		    "\"\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\"" },
		{ up_buf_put_json, "事业单位</script>", "\"事业单位</script>\"" },
		{ up_buf_put_html, "", "" },
		{ up_buf_put_html, "plain 单位", "plain 单位" },
		{ up_buf_put_html, "<a b='c' d=\"e\">&amp;",
		    "&lt;a b=&#39;c&#39; d=&quot;e&quot;&gt;&amp;amp;" },
		{ up_buf_put_percent, "aZ09-._~", "aZ09-._~" },
		{ up_buf_put_percent, "a b+c/%\n", "a%20b%2Bc%2F%25%0A" },
		{ up_buf_put_percent, "张", "%E5%BC%A0" },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		struct up_buf b = { 0 };

		rows[i].put(&b, up_span_str(rows[i].in));
		UP_CHECK_TEXT(up_buf_span(&b), rows[i].want);
		up_buf_free(&b);
	}
}

static void test_wipe(void)
{
	char secret[8] = "secret";

	up_wipe(secret, sizeof secret);
	for (size_t i = 0; i < sizeof secret; i++)
		CU_ASSERT_EQUAL(secret[i], 0);
	up_wipe(NULL, 0);
}

/* Every byte at every place of a text of two eights and some: as it comes out alone. */
static void test_json_every_byte(void)
{
	char text[19];

	for (size_t at = 0; at < sizeof(text); at++)
		for (int c = 0; c < 256; c++) {
			struct up_buf got = {0}, want = {0}, alone = {0};
			const char *fill = c % 2 != 0 ? "x" : "\xc3";

			memset(text, fill[0], sizeof(text));
			text[at] = (char)c;
			up_buf_put_json(&got, up_span_of(text, sizeof(text)));
			up_buf_put_json(&alone, up_span_of(text + at, 1));
			up_buf_put_char(&want, '"');
			for (size_t i = 0; i < at; i++)
				up_buf_put(&want, fill, 1);
			up_buf_put(&want, alone.p + 1, alone.n - 2);
			for (size_t i = at + 1; i < sizeof(text); i++)
				up_buf_put(&want, fill, 1);
			up_buf_put_char(&want, '"');
			CU_ASSERT(up_span_eq(up_buf_span(&got), up_buf_span(&want)));
			up_buf_free(&got);
			up_buf_free(&want);
			up_buf_free(&alone);
		}
}

UP_SUITE("span", test_json_every_byte, test_compare, test_cut, test_trim, test_u64, test_dup,
    test_buf_grows, test_buf_printf_long, test_buf_empty, test_buf_failure_stays, test_buf_escapes,
    test_wipe)
