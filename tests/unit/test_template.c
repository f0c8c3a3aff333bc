/* SPDX-License-Identifier: Apache-2.0 */
#include "core/template.h"
#include "unit.h"

#include <string.h>

static struct up_span get(void *arg, struct up_span name)
{
	static const struct { const char *name, *value; } values[] = {
		{ "name", "张三 <b>&\"'" }, { "yes", "1" }, { "empty", "" }, { "tag", "{{name}}" },
		{ "a-b_c.d", "x" }, { "braces", "}}{{" },
	};

	++*(unsigned *)arg;
	for (size_t i = 0; i < UP_ARRAY_LEN(values); i++)
		if (up_span_eq_str(name, values[i].name))
			return up_span_str(values[i].value);
	return (struct up_span){ NULL, 0 };
}

static void test_render(void)
{
	static const struct { const char *text; enum up_err err; const char *want;
	} rows[] = {
		{ "", UP_OK, "" },
		{ "plain { } } {", UP_OK, "plain { } } {" },
		{ "<p>{{name}}</p>", UP_OK, "<p>张三 &lt;b&gt;&amp;&quot;&#39;</p>" },
		{ "{{&name}}", UP_OK, "张三 <b>&\"'" },
		{ "{{empty}}|{{&empty}}", UP_OK, "|" },
		{ "{{a-b_c.d}}{{yes}}", UP_OK, "x1" },
		/* a value is never read again */
		{ "{{tag}}", UP_OK, "{{name}}" },
		{ "{{&braces}}", UP_OK, "}}{{" },
		{ "[{{?yes}}in{{/yes}}]", UP_OK, "[in]" },
		{ "[{{?empty}}in{{/empty}}]", UP_OK, "[]" },
		{ "{{?yes}}a{{?empty}}b{{?yes}}c{{/yes}}{{name}}{{/empty}}d{{/yes}}e", UP_OK,
		    "ade" },
		{ "{{?empty}}a{{?yes}}b{{/yes}}c{{/empty}}d", UP_OK, "d" },
		{ "{{?yes}}{{?yes}}x{{/yes}}{{/yes}}", UP_OK, "x" },
		{ "{{?empty}}{{?empty}}x{{/empty}}y{{/empty}}z", UP_OK, "z" },
		{ "x{{unknown}}", UP_E_NOT_FOUND, "" },
		{ "{{&unknown}}", UP_E_NOT_FOUND, "" },
		{ "{{?empty}}{{unknown}}{{/empty}}", UP_E_NOT_FOUND, "" },
		{ "{{?unknown}}{{/unknown}}", UP_E_NOT_FOUND, "" },
		{ "x{{name", UP_E_FORMAT, "" },
		{ "x{{name}", UP_E_FORMAT, "" },
		{ "{{", UP_E_FORMAT, "" },
		{ "{{}}", UP_E_FORMAT, "" },
		{ "{{&}}", UP_E_FORMAT, "" },
		{ "{{?}}", UP_E_FORMAT, "" },
		{ "{{/}}", UP_E_FORMAT, "" },
		{ "{{ name }}", UP_E_FORMAT, "" },
		{ "{{{name}}}", UP_E_FORMAT, "" },
		{ "{{#name}}", UP_E_FORMAT, "" },
		{ "{{&&name}}", UP_E_FORMAT, "" },
		{ "{{?yes}}x", UP_E_FORMAT, "" },
		{ "x{{/yes}}", UP_E_FORMAT, "" },
		{ "{{?yes}}x{{/name}}", UP_E_FORMAT, "" },
		{ "{{?yes}}{{?name}}{{/yes}}{{/name}}", UP_E_FORMAT, "" },
		{ "{{?yes}}{{?yes}}{{?yes}}{{?yes}}{{?yes}}{{?yes}}{{?yes}}{{?yes}}{{?yes}}",
		    UP_E_FORMAT, "" },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		struct up_buf b = { 0 };
		unsigned calls = 0;

		up_buf_put_char(&b, '>');
		UP_CHECK(
		    up_template_render(up_span_str(rows[i].text), get, &calls, &b) == rows[i].err,
		    rows[i].text);
		UP_CHECK_TEXT(up_span_of(b.p + 1, b.n - 1), rows[i].want);
		up_buf_free(&b);
	}
}

static void test_no_memory(void)
{
	struct up_buf b = { .failed = true };
	unsigned calls = 0;

	CU_ASSERT_EQUAL(
	    up_template_render(UP_SPAN_LIT("<p>{{name}}</p>"), get, &calls, &b), UP_E_NOMEM);
	CU_ASSERT_EQUAL(b.n, 0);
	up_buf_free(&b);
}

static void test_language(void)
{
	static const struct { const char *header, *want; } rows[] = {
		{ "", "zh-CN" }, { NULL, "zh-CN" }, { "  ", "zh-CN" },
		{ "zh-CN,zh;q=0.9,en;q=0.8", "zh-CN" }, { "en-US,en;q=0.9", "en" },
		{ "en-US,en;q=0.9,zh-CN;q=0.8", "en" }, { "zh-TW", "zh-CN" },
		{ "ZH-hans-cn", "zh-CN" }, { "zh", "zh-CN" },
		{ "EN", "en" }, { "fr", "en" }, { "fr,de;q=0.5", "en" },
		{ "fr, zh;q=0.1", "zh-CN" }, { "en;q=0.5,zh;q=0.6", "zh-CN" },
		{ "en;q=0.50 , zh;q=0.499", "en" }, { "zh;q=0", "en" }, { "zh;q=0,*", "en" },
		{ "*", "zh-CN" }, { "fr,*;q=0.5", "zh-CN" },
		{ "en;q=0,*", "zh-CN" }, { "en;q=0", "en" }, { "*;q=0.5,en;q=0.4", "zh-CN" },
		{ "*;q=0.3,en;q=0.4", "en" },
		{ "en,zh", "en" }, { "zh,en", "zh-CN" }, { "zh;q=1.001,en;q=0.1", "en" },
		{ "zh;q=abc,en;q=0.1", "en" },
		{ "zh;q=,en;q=0.1", "en" }, { "zh;level=1,en;q=0.1", "en" },
		{ "zh ; Q=0.7 ,en;q=0.1", "zh-CN" }, { "zhx,en", "en" },
		{ "zh_CN", "en" }, { ",,,", "en" }, { ";;;q=1", "en" },
		{ "zh;q=1.,en;q=0.2", "zh-CN" },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++)
		UP_CHECK(
		    strcmp(up_template_language(up_span_str(rows[i].header)), rows[i].want) == 0,
		    rows[i].header);
}

UP_SUITE("template", test_render, test_no_memory, test_language)
