/* SPDX-License-Identifier: Apache-2.0 */
#include "core/json_put.h"

#include <string.h>

#include "core/json.h"
#include "unit.h"

static void test_members(void)
{
	struct up_buf b = { 0 };
	struct up_json_put j = { .b = &b };

	up_json_put_object(&j, NULL);
	up_json_put_text(&j, "text", UP_SPAN_LIT("a\"b\n张"));
	up_json_put_text(&j, "empty", (struct up_span){ NULL, 0 });
	up_json_put_opt(&j, "none", (struct up_span){ NULL, 0 });
	up_json_put_opt(&j, "some", UP_SPAN_LIT("x"));
	up_json_put_str(&j, "str", "s");
	up_json_put_str(&j, "null", NULL);
	up_json_put_int(&j, "low", INT64_MIN);
	up_json_put_int(&j, "high", INT64_MAX);
	up_json_put_bool(&j, "yes", true);
	up_json_put_bool(&j, "no", false);
	up_json_put_b64url(&j, "bytes", UP_SPAN_LIT("\xff\xfe"));
	up_json_put_raw(&j, "raw", UP_SPAN_LIT("{\"a\":1}"));
	up_json_put_open(&j, "url");
	up_buf_put_str(&b, "https://id.example.org");
	up_buf_put_str(&b, "/q/");
	up_json_put_close(&j);
	up_json_put_end(&j);
	UP_CHECK_TEXT(up_buf_span(&b), "{\"text\":\"a\\\"b\\n张\",\"empty\":\"\",\"some\":\"x\","
	    "\"str\":\"s\",\"null\":\"\",\"low\":-9223372036854775808,"
	    "\"high\":9223372036854775807,\"yes\":true,\"no\":false,\"bytes\":\"__4\","
	    "\"raw\":{\"a\":1},\"url\":\"https://id.example.org/q/\"}");
	up_buf_free(&b);
}

/* Commas come from what was written, whatever the bytes before it are. */
static void test_commas(void)
{
	static const char *const words[] = { "one", "{", NULL }, *const none[] = { NULL };
	struct up_buf b = { 0 };
	struct up_json_put j = { .b = &b };

	up_buf_put_str(&b, "data: ");
	up_json_put_object(&j, NULL);
	up_json_put_object(&j, "o");
	up_json_put_end(&j);
	up_json_put_array(&j, "a");
	up_json_put_text(&j, NULL, UP_SPAN_LIT("{"));
	up_json_put_text(&j, NULL, UP_SPAN_LIT("["));
	up_json_put_object(&j, NULL);
	up_json_put_raw(&j, "x", UP_SPAN_LIT("{"));
	up_json_put_int(&j, "y", 1);
	up_json_put_end(&j);
	up_json_put_array(&j, NULL);
	up_json_put_end(&j);
	up_json_put_end(&j);
	up_json_put_words(&j, "w", words);
	up_json_put_words(&j, "n", none);
	up_json_put_int(&j, "z", 0);
	up_json_put_end(&j);
	UP_CHECK_TEXT(up_buf_span(&b), "data: {\"o\":{},\"a\":[\"{\",\"[\",{\"x\":{,\"y\":1},[]],"
	    "\"w\":[\"one\",\"{\"],\"n\":[],\"z\":0}");
	up_buf_free(&b);
}

/* A value that begins in one function and goes on in another, for a second buffer as well. */
static void test_top(void)
{
	struct up_buf b = { 0 };
	struct up_json_put j = { .b = &b };

	up_json_put_text(&j, NULL, UP_SPAN_LIT("alone"));
	UP_CHECK_TEXT(up_buf_span(&b), "\"alone\"");
	up_buf_free(&b);
}

static void test_depth(void)
{
	struct up_buf b = { 0 };
	struct up_json_put j = { .b = &b };

	for (unsigned i = 0; i < UP_JSON_PUT_DEPTH; i++)
		if (i % 2 == 0)
			up_json_put_array(&j, NULL);
		else
			up_json_put_object(&j, NULL);
	CU_ASSERT_FALSE(b.failed);
	for (unsigned i = 0; i < UP_JSON_PUT_DEPTH; i++)
		up_json_put_end(&j);
	UP_CHECK_TEXT(
	    up_buf_span(&b), "[{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[]}]}]}]}]}]}]}]}]}]}]}]}]}]}]}]");
	up_buf_free(&b);
	j = (struct up_json_put){ .b = &b };
	for (unsigned i = 0; i <= UP_JSON_PUT_DEPTH; i++)
		up_json_put_array(&j, NULL);
	CU_ASSERT_TRUE(b.failed);
	up_buf_free(&b);
	/* one end too many */
	j = (struct up_json_put){ .b = &b };
	up_json_put_end(&j);
	CU_ASSERT_TRUE(b.failed);
	up_buf_free(&b);
}

/* Once the buffer failed, nothing moves any more, and nothing is written. */
static void test_failed(void)
{
	struct up_buf b = { 0 };
	struct up_json_put j = { .b = &b };

	up_json_put_object(&j, NULL);
	b.failed = true;
	up_json_put_int(&j, "a", 1);
	up_json_put_array(&j, "b");
	up_json_put_text(&j, NULL, UP_SPAN_LIT("c"));
	up_json_put_end(&j);
	up_json_put_end(&j);
	up_json_put_end(&j);
	CU_ASSERT_TRUE(b.failed);
	CU_ASSERT_EQUAL(b.n, 1);
	up_buf_free(&b);
}

/* What is written can be read. */
static void test_read_back(void)
{
	static const char hard[] = "\x01\x1f \"\\/\b\f\n\r\t\x7f é 中 😀";
	struct up_buf b = { 0 };
	struct up_json_put j = { .b = &b };
	struct up_span got;
	json_t *o;

	up_json_put_object(&j, NULL);
	up_json_put_str(&j, "hard", hard);
	up_json_put_end(&j);
	CU_ASSERT_EQUAL_FATAL(up_json_parse(up_buf_span(&b), &o), UP_OK);
	CU_ASSERT_EQUAL(up_json_text(o, "hard", 100, &got), UP_OK);
	UP_CHECK_TEXT(got, hard);
	json_decref(o);
	up_buf_free(&b);
}

UP_SUITE("json_put", test_members, test_commas, test_top, test_depth, test_failed, test_read_back)
