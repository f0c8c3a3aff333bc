/* SPDX-License-Identifier: Apache-2.0 */
#include "web/legal.h"

#include "core/hash.h"
#include "core/text.h"
#include "unit.h"

/* What was agreed to under a version stays what it was: whoever changes a text gives it a new
 * version and adds a row. SHA-256 of both texts, the first eight bytes. */
static const struct { const char *version, *hash; } agreed[] = {
	{ "2026-11", "b4e05f5720d5a4c0" },
};

static void test_download(void)
{
	struct up_legal *x;
	struct up_span parts[2];
	uint8_t hash[UP_HASH_LEN];
	char hex[17] = "";
	size_t i = 0;

	CU_ASSERT_EQUAL_FATAL(up_legal_new("download", &x), UP_OK);
	parts[0] = up_legal_text(x, "zh-CN");
	parts[1] = up_legal_text(x, "en");
	CU_ASSERT_TRUE(up_text_utf8_valid(parts[0]) && up_text_utf8_valid(parts[1]));
	CU_ASSERT_FALSE(up_span_eq(parts[0], parts[1]));
	CU_ASSERT_EQUAL(up_hash_sha256(parts, 2, hash), UP_OK);
	up_text_hex(up_span_of(hash, 8), hex);
	while (i + 1 < UP_ARRAY_LEN(agreed) &&
	    !up_span_eq_str(up_legal_version(x), agreed[i].version))
		i++;
	UP_CHECK_TEXT(up_legal_version(x), agreed[i].version);
	UP_CHECK_TEXT(up_span_str(hex), agreed[i].hash);
	up_legal_free(&x);
	CU_ASSERT_PTR_NULL(x);
	up_legal_free(&x);
}

static void test_bad(void)
{
	static const char *const bad[] = {
		"", "{}", "[]", "{\"version\":\"1\",\"zh-CN\":\"a\"}",
		"{\"version\":\"1\",\"zh-CN\":\"a\",\"en\":\"\"}",
		"{\"version\":1,\"zh-CN\":\"a\",\"en\":\"b\"}",
		"{\"version\":\"1\",\"zh-CN\":\"a\",\"en\":\"b\",\"fr\":\"c\"}",
		"{\"version\":\"012345678901234567890123456789012\",\"zh-CN\":\"a\",\"en\":\"b\"}",
	};
	struct up_legal *x;

	for (size_t i = 0; i < UP_ARRAY_LEN(bad); i++) {
		UP_CHECK(up_legal_parse(up_span_str(bad[i]), &x) == UP_E_FORMAT, bad[i]);
		UP_CHECK(x == NULL, bad[i]);
	}
	CU_ASSERT_EQUAL(up_legal_new("nothing", &x), UP_E_NOT_FOUND);
	CU_ASSERT_PTR_NULL(x);
	CU_ASSERT_EQUAL_FATAL(up_legal_parse(
	    UP_SPAN_LIT("{\"version\":\"1\",\"zh-CN\":\"a\",\"en\":\"b\"}"), &x), UP_OK);
	UP_CHECK_TEXT(up_legal_text(x, "en"), "b");
	UP_CHECK_TEXT(up_legal_text(x, "zh-CN"), "a");
	up_legal_free(&x);
}

UP_SUITE("legal", test_download, test_bad)
