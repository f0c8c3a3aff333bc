/* SPDX-License-Identifier: Apache-2.0 */
#include "core/json.h"
#include "core/json_plain.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static void test_parse(void)
{
	static const struct { const char *text; enum up_err err;
	} rows[] = {
		{ "{}", UP_OK },
		{ " {\"a\": 1}\n", UP_OK },
		{ "{\"a\":{\"b\":[1,2,{}]}}", UP_OK },
		{ "{\"名\":\"张\"}", UP_OK },
		{ "{\"a\":\"\\u5f20 \\ud842\\udfb7\"}", UP_OK },
		{ "{\"a\":\"[[[[[[[[[[[{{{{{\"}", UP_OK },
		{ "{\"a\":\"\\\"[[[[[[[[[[[\"}", UP_OK },
		{ "", UP_E_REQUEST },
		{ NULL, UP_E_REQUEST },
		{ "[]", UP_E_REQUEST },
		{ "1", UP_E_REQUEST },
		{ "\"a\"", UP_E_REQUEST },
		{ "null", UP_E_REQUEST },
		{ "{", UP_E_REQUEST },
		{ "}", UP_E_REQUEST },
		{ "{}x", UP_E_REQUEST },
		{ "{}{}", UP_E_REQUEST },
		{ "{\"a\":1,}", UP_E_REQUEST },
		{ "{a:1}", UP_E_REQUEST },
		{ "{'a':1}", UP_E_REQUEST },
		{ "{\"a\":01}", UP_E_REQUEST },
		{ "{\"a\":NaN}", UP_E_REQUEST },
		{ "{\"a\":1e999}", UP_E_REQUEST },
		{ "{\"a\":99999999999999999999}", UP_E_REQUEST },
		{ "{\"a\":1,\"a\":1}", UP_E_REQUEST },
		{ "{\"a\":1,\"\\u0061\":2}", UP_E_REQUEST },
		{ "{\"x\":{\"a\":1,\"a\":2}}", UP_E_REQUEST },
		{ "/**/{}", UP_E_REQUEST },
		{ "\xef\xbb\xbf{}", UP_E_REQUEST },
		{ "{\"a\":\"\n\"}", UP_E_REQUEST },
		{ "{\"a\":\"\\x\"}", UP_E_REQUEST },
		{ "{\"a\":\"\\ud800\"}", UP_E_REQUEST },
		{ "{\"a\":\"\\u0000\"}", UP_E_UTF8 },
		{ "{\"\\u0000a\":1}", UP_E_UTF8 },
		{ "{\"a\":\"\xff\"}", UP_E_UTF8 },
		{ "{\"a\":\"\xc0\xaf\"}", UP_E_UTF8 },
		{ "{\"a\":\"\xed\xa0\x80\"}", UP_E_UTF8 },
		{ "{\"a\":[[[[[[[1]]]]]]]}", UP_OK },
		{ "{\"a\":[[[[[[[[1]]]]]]]]}", UP_E_TOO_LARGE },
		{ "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1}}}}}}}}", UP_OK },
		{ "[[[[[[[[[[[[[[[[", UP_E_TOO_LARGE },
		{ "{\"a\":\"\\", UP_E_REQUEST },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		json_t *o;

		UP_CHECK(up_json_parse(up_span_str(rows[i].text), &o) == rows[i].err, rows[i].text);
		UP_CHECK((o != NULL) == (rows[i].err == UP_OK), rows[i].text);
		json_decref(o);
	}
	json_t *o;

	CU_ASSERT_EQUAL(up_json_parse(UP_SPAN_LIT("{}\0"), &o), UP_E_UTF8);
}

static void test_size(void)
{
	struct up_buf b = { 0 };
	json_t *o;

	up_buf_put_str(&b, "{\"a\":\"");
	while (b.n < (size_t)64 * 1024 - 2)
		up_buf_put_char(&b, 'x');
	up_buf_put_str(&b, "\"}");
	CU_ASSERT_EQUAL(up_json_parse(up_buf_span(&b), &o), UP_OK);
	json_decref(o);
	up_buf_put_char(&b, ' ');
	CU_ASSERT_EQUAL(up_json_parse(up_buf_span(&b), &o), UP_E_TOO_LARGE);
	up_buf_free(&b);
}

static const char object[] = "{\"text\":\"four\",\"empty\":\"\",\"null\":null,\"n\":5,\"big\":"
			     "9223372036854775807,\"neg\":-1,"
			     "\"real\":5.0,\"string\":\"5\",\"true\":true,\"zh\":\"张三\"}";

static void test_text(void)
{
	static const struct {
		const char *name;
		size_t max;
		enum up_err err, opt;
		const char *want;
	} rows[] = {
		{ "text", 4, UP_OK, UP_OK, "four" },
		{ "text", 3, UP_E_REQUEST, UP_E_REQUEST, "" },
		{ "zh", 6, UP_OK, UP_OK, "张三" },
		{ "zh", 5, UP_E_REQUEST, UP_E_REQUEST, "" },
		{ "empty", 9, UP_E_REQUEST, UP_E_REQUEST, "" },
		{ "null", 9, UP_E_REQUEST, UP_E_REQUEST, "" },
		{ "n", 9, UP_E_REQUEST, UP_E_REQUEST, "" },
		{ "true", 9, UP_E_REQUEST, UP_E_REQUEST, "" },
		{ "absent", 9, UP_E_REQUEST, UP_OK, "" },
	};
	json_t *o;

	CU_ASSERT_EQUAL_FATAL(up_json_parse(up_span_str(object), &o), UP_OK);
	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		struct up_span s;

		UP_CHECK(
		    up_json_text(o, rows[i].name, rows[i].max, &s) == rows[i].err, rows[i].name);
		UP_CHECK_TEXT(s, rows[i].want);
		UP_CHECK(up_json_text_opt(o, rows[i].name, rows[i].max, &s) == rows[i].opt,
		    rows[i].name);
		UP_CHECK_TEXT(s, rows[i].want);
	}
	json_decref(o);
}

static void test_int(void)
{
	static const struct {
		const char *name;
		int64_t min, max;
		enum up_err err;
		int64_t want;
	} rows[] = {
		{ "n", 5, 5, UP_OK, 5 },
		{ "n", 6, 9, UP_E_REQUEST, 0 },
		{ "n", 0, 4, UP_E_REQUEST, 0 },
		{ "big", 0, INT64_MAX, UP_OK, INT64_MAX },
		{ "neg", -1, 0, UP_OK, -1 },
		{ "neg", 0, 9, UP_E_REQUEST, 0 },
		{ "real", 0, 9, UP_E_REQUEST, 0 },
		{ "string", 0, 9, UP_E_REQUEST, 0 },
		{ "true", 0, 9, UP_E_REQUEST, 0 },
		{ "null", 0, 9, UP_E_REQUEST, 0 },
		{ "absent", 0, 9, UP_E_REQUEST, 0 },
	};
	json_t *o;

	CU_ASSERT_EQUAL_FATAL(up_json_parse(up_span_str(object), &o), UP_OK);
	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		int64_t v = 99;

		UP_CHECK(up_json_int(o, rows[i].name, rows[i].min, rows[i].max, &v) == rows[i].err,
		    rows[i].name);
		UP_CHECK(v == rows[i].want, rows[i].name);
	}
	json_decref(o);
}

static void test_time(void)
{
	static const struct { const char *text; enum up_err err; int64_t want; } rows[] = {
		{ "{\"t\":0}", UP_OK, 0 }, { "{\"t\":1700000000}", UP_OK, 1700000000 },
		{ "{\"t\":1700000000.0}", UP_OK, 1700000000 },
		{ "{\"t\":1700000000.999}", UP_OK, 1700000000 },
		{ "{\"t\":1.7e9}", UP_OK, 1700000000 }, { "{\"t\":0.5}", UP_OK, 0 },
		{ "{\"t\":253402300799}", UP_OK, 253402300799 },
		{ "{\"t\":253402300800}", UP_E_REQUEST, 0 },
		{ "{\"t\":253402300799.5}", UP_E_REQUEST, 0 }, { "{\"t\":1e300}", UP_E_REQUEST, 0 },
		{ "{\"t\":-1}", UP_E_REQUEST, 0 }, { "{\"t\":-0.25}", UP_E_REQUEST, 0 },
		{ "{\"t\":\"1700000000\"}", UP_E_REQUEST, 0 }, { "{\"t\":true}", UP_E_REQUEST, 0 },
		{ "{\"t\":null}", UP_E_REQUEST, 0 }, { "{\"t\":[1]}", UP_E_REQUEST, 0 },
		{ "{}", UP_E_REQUEST, 0 },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		int64_t v = 99;
		json_t *o;

		CU_ASSERT_EQUAL_FATAL(up_json_parse(up_span_str(rows[i].text), &o), UP_OK);
		UP_CHECK(up_json_time(o, "t", &v) == rows[i].err, rows[i].text);
		UP_CHECK(v == rows[i].want, rows[i].text);
		json_decref(o);
	}
}

static void test_only(void)
{
	static const char *const all[] = { "b", "a", "c", NULL }, *const some[] = { "a", NULL },
				 *const none[] = { NULL };
	json_t *o, *empty;

	CU_ASSERT_EQUAL_FATAL(up_json_parse(UP_SPAN_LIT("{\"a\":1,\"b\":2}"), &o), UP_OK);
	CU_ASSERT_EQUAL_FATAL(up_json_parse(UP_SPAN_LIT("{}"), &empty), UP_OK);
	CU_ASSERT_EQUAL(up_json_only(o, all), UP_OK);
	CU_ASSERT_EQUAL(up_json_only(o, some), UP_E_REQUEST);
	CU_ASSERT_EQUAL(up_json_only(o, none), UP_E_REQUEST);
	CU_ASSERT_EQUAL(up_json_only(empty, none), UP_OK);
	CU_ASSERT_EQUAL(up_json_only(NULL, none), UP_E_REQUEST);
	json_decref(o);
	json_decref(empty);
}

/* What the reader of plain documents takes, jansson takes, and makes the same of it. */
static bool as_jansson(struct up_span text)
{
	json_t *o = up_json_plain(text, 8), *want;
	bool same;

	if (o == NULL)
		return true;
	want = json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
	same = want != NULL && json_equal(o, want);
	json_decref(o);
	json_decref(want);
	return same;
}

static const char claims[] = "{\"iat\":1700000000,\"htm\":\"POST\",\"ok\":[true,false,null, {}],"
    "\"jti\":\"AAAAAAAAAAAAAAAAAAAAAA\" ,\n\"decision\":{\"exp\":0,\"item\":\"\"} }\n";

static void test_plain(void)
{
	static const struct { const char *text; bool plain;
	} rows[] = {
		{ claims, true },
		{ "{}", true },
		{ " { } ", true },
		{ "{\"\":\"\"}", true },
		{ "{\"a\":0,\"b\":999999999999999}", true },
		{ "{\"a\":[]}", true },
		{ "{\"a\":[[[[[[[1]]]]]]]}", true },
		{ "{\"a\":[[[[[[[[1]]]]]]]]}", false },
		{ "{\"a\":1000000000000000}", false },
		{ "{\"a\":-1}", false },
		{ "{\"a\":1.5}", false },
		{ "{\"a\":1e3}", false },
		{ "{\"a\":01}", false },
		{ "{\"a\":00}", false },
		{ "{\"a\":\"\\n\"}", false },
		{ "{\"a\":\"张\"}", false },
		{ "{\"a\":1,\"a\":2}", false },
		{ "{\"a\":truer}", false },
		{ "{\"a\":tru}", false },
		{ "[]", false },
		{ "{}{}", false },
		{ "{\"a\":1,}", false },
		{ "{,}", false },
		{ "{\"a\"}", false },
		{ "{\"a\":[1,]}", false },
		{ "{\"a\":[1}", false },
		{ "{\"a\":\"\t\"}", false },
		{ "", false },
		{ "{\"a\":", false },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		json_t *o = up_json_plain(up_span_str(rows[i].text), 8);

		UP_CHECK((o != NULL) == rows[i].plain, rows[i].text);
		UP_CHECK(as_jansson(up_span_str(rows[i].text)), rows[i].text);
		json_decref(o);
	}
	CU_ASSERT(up_json_plain(UP_SPAN_LIT("{}\0"), 8) == NULL);
}

/* Every byte of a proof's claims made every other, cut out, and the rest cut off. */
static void test_plain_spoilt(void)
{
	const size_t n = sizeof(claims) - 1;

	for (size_t at = 0; at < n; at++) {
		char text[sizeof(claims)];
		bool same = true;

		for (int c = 0; c < 256; c++) {
			memcpy(text, claims, n);
			text[at] = (char)c;
			same = same && as_jansson(up_span_of(text, n));
		}
		memcpy(text, claims, n);
		memmove(text + at, text + at + 1, n - at - 1);
		same = same && as_jansson(up_span_of(text, n - 1));
		UP_CHECK(same && as_jansson(up_span_of(claims, at)), claims + at);
	}
}

static int allocations_left;

static void *failing_malloc(size_t n)
{
	return allocations_left-- > 0 ? malloc(n) : NULL;
}

/* Every allocation of the library made to fail in turn: an error each time, and nothing leaked (the
 * sanitizers look). */
static void test_no_memory(void)
{
	enum up_err err = UP_E_NOMEM;
	json_t *o;
	int n, named = 0;

	json_set_alloc_funcs(failing_malloc, free);
	for (n = 0; err != UP_OK && n < 1000; n++) {
		allocations_left = n;
		err = up_json_parse(
		    UP_SPAN_LIT("{\"a\":{\"b\":[1,2.5,\"three\"]},\"c\":\"four\"}"), &o);
		/* within a token jansson takes it for a bad token */
		CU_ASSERT_TRUE(err == UP_OK
			? o != NULL
			: o == NULL && (err == UP_E_NOMEM || err == UP_E_REQUEST));
		named += err == UP_E_NOMEM;
	}
	json_set_alloc_funcs(malloc, free);
	CU_ASSERT_TRUE(n > 5 && n < 1000 && named > 5);
	json_decref(o);
}

UP_SUITE("json", test_no_memory, test_plain, test_plain_spoilt, test_parse, test_size, test_text,
    test_int, test_time, test_only)
