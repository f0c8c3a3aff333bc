/* SPDX-License-Identifier: Apache-2.0 */
#include "core/form.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static void test_good(void)
{
	static const struct { const char *body; size_t n; const char *name, *value;
	} rows[] = {
		{ "a=1", 1, "a", "1" },
		{ "a=1&b=2", 2, "b", "2" },
		{ "a=&b=2", 2, "a", "" },
		{ "a", 1, "a", "" },
		{ "a=b=c", 1, "a", "b=c" },
		{ "%61=%31", 1, "a", "1" },
		{ "a+b=c+d", 1, "a b", "c d" },
		{ "name=%E5%BC%A0%E4%B8%89", 1, "name", "张三" },
		{ "a=%26%3D%2B", 1, "a", "&=+" },
		{ "a=1;b=2", 1, "a", "1;b=2" },
		{ "A=1&a=2", 2, "a", "2" },
		{ "a=1&", 1, "a", "1" },
		{ "&a=1", 1, "a", "1" },
		{ "a=1&&b=2", 2, "b", "2" },
		{ "&", 0, "a", "" },
		{ "a=1&a%20=2", 2, "a ", "2" },
		{ "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&device_code=x",
		    2, "grant_type", "urn:ietf:params:oauth:grant-type:device_code" },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		struct up_form f;

		UP_CHECK(up_form_parse(up_span_str(rows[i].body), &f) == UP_OK, rows[i].body);
		UP_CHECK(f.n == rows[i].n, rows[i].body);
		UP_CHECK((up_form_get(&f, rows[i].name).p != NULL) == (rows[i].value[0] != '\0'),
		    rows[i].body);
		UP_CHECK_TEXT(up_form_get(&f, rows[i].name), rows[i].value);
		UP_CHECK(up_form_get(&f, "absent").p == NULL, rows[i].body);
		up_form_free(&f);
	}
}

static void test_empty_body(void)
{
	struct up_form f;

	CU_ASSERT_EQUAL(up_form_parse(up_span_str(NULL), &f), UP_OK);
	CU_ASSERT_EQUAL(f.n, 0);
	CU_ASSERT_PTR_NULL(up_form_get(&f, "").p);
	up_form_free(&f);
	up_form_free(&f);
}

static void test_bad(void)
{
	static const struct { const char *body; enum up_err err; } rows[] = {
		{ "a=1&a=2", UP_E_REQUEST }, { "a=1&%61=2", UP_E_REQUEST },
		{ "a=1&b=2&a", UP_E_REQUEST }, { "a=&a=1", UP_E_REQUEST }, { "=1", UP_E_REQUEST },
		{ "a=%", UP_E_REQUEST }, { "a=%4", UP_E_REQUEST }, { "a=%4g", UP_E_REQUEST },
		{ "%zz=1", UP_E_REQUEST },
		{ "a=%00", UP_E_UTF8 }, { "a%00b=1", UP_E_UTF8 }, { "a=%ff", UP_E_UTF8 },
		{ "a=\xff", UP_E_UTF8 },
		{ "a=%c0%80", UP_E_UTF8 }, { "a=%E5%BC", UP_E_UTF8 },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		struct up_form f;

		UP_CHECK(up_form_parse(up_span_str(rows[i].body), &f) == rows[i].err, rows[i].body);
		UP_CHECK(f.n == 0 && f.store.p == NULL, rows[i].body);
	}
	struct up_form f;

	CU_ASSERT_EQUAL(up_form_parse(UP_SPAN_LIT("a=1\0&b=2"), &f), UP_E_UTF8);
}

static void test_bounds(void)
{
	struct up_buf b = { 0 };
	struct up_form f;

	for (int i = 0; i < UP_FORM_MAX; i++)
		up_buf_printf(&b, "%sp%d=%d", i == 0 ? "" : "&", i, i);
	CU_ASSERT_EQUAL(up_form_parse(up_buf_span(&b), &f), UP_OK);
	UP_CHECK_TEXT(up_form_get(&f, "p31"), "31");
	up_form_free(&f);
	up_buf_put_str(&b, "&more=1");
	CU_ASSERT_EQUAL(up_form_parse(up_buf_span(&b), &f), UP_E_REQUEST);
	up_buf_reset(&b);

	up_buf_put_str(&b, "a=");
	while (b.n < (size_t)64 * 1024)
		up_buf_put_char(&b, 'x');
	CU_ASSERT_EQUAL(up_form_parse(up_buf_span(&b), &f), UP_OK);
	CU_ASSERT_EQUAL(up_form_get(&f, "a").n, 64 * 1024 - 2);
	up_form_free(&f);
	up_buf_put_char(&b, 'x');
	CU_ASSERT_EQUAL(up_form_parse(up_buf_span(&b), &f), UP_E_TOO_LARGE);
	up_buf_free(&b);
}

UP_SUITE("form", test_good, test_empty_body, test_bad, test_bounds)
