/* SPDX-License-Identifier: Apache-2.0
 * A client's authentication, and a server's errors. */
#include "core/oauth.h"

#include <string.h>

#include "core/jwt.h"
#include "unit.h"

#define NOW INT64_C(1700000000)

static void test_assertion(void)
{
	struct up_oauth_assertion a = { .kid = UP_SPAN_LIT("mine"), .client = "portal",
		.issuer = "https://id.example.org", .now_s = NOW, .jti = "fifteen letters" };
	const struct up_jwt_expect want = { .iss = "portal", .sub = "portal",
		.aud = "https://id.example.org", .need_exp = true, .need_iat = true,
		.need_jti = true, .now_s = NOW, .max_age_s = UP_OAUTH_ASSERTION_LIFE_S };
	struct up_buf b = { 0 };
	struct up_jwk *key;
	struct up_jwt jwt;

	CU_ASSERT_EQUAL_FATAL(up_jwk_generate(&key), UP_OK);
	a.key = key;
	CU_ASSERT_EQUAL(up_oauth_assertion_put(&a, &b), UP_OK);
	CU_ASSERT_EQUAL(up_jwt_parse(up_buf_span(&b), NULL, &jwt), UP_OK);
	CU_ASSERT_EQUAL(up_jwt_verify(&jwt, key), UP_OK);
	CU_ASSERT_EQUAL(up_jwt_expect(&jwt, &want), UP_OK);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(jwt.header, "kid")), "mine");
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(jwt.claims, "jti")),
	    "ZmlmdGVlbiBsZXR0ZXJzAA");
	up_jwt_free(&jwt);
	up_jwk_free(&key);
	up_buf_free(&b);
}

static void test_error(void)
{
#define X63 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	static const struct { const char *body, *error, *why; } rows[] = {
		{ "{\"error\":\"invalid_client\"}", "invalid_client", "" },
		{ "{\"error\":\"slow_down\",\"error_description\":\"wait\"}", "slow_down", "wait" },
		{ "{\"error\":\"a\",\"error_description\":7}", "a", "" },
		{ "{\"error\":\"a\",\"error_description\":\"" X63 X63 X63 "12345678901\"}",
		    "a", "" },
		{ "{\"error\":\"" X63 "\"}", X63, "" },
		{ "{\"error\":\"" X63 "x\"}", "", "" },
		{ "{\"error\":\"\",\"error_description\":\"why\"}", "", "why" },
		{ "{\"error\":\"a\",\"error_description\":\"" X63 X63 X63 "1234567890\"}",
		    "a", X63 X63 X63 "1234567890" },
		{ "{\"error\":{\"code\":1}}", "", "" }, { "{}", "", "" }, { "[]", "", "" },
		{ "<html>", "", "" }, { "", "", "" },
	};
	char error[UP_OAUTH_ERROR], why[UP_OAUTH_WHY];

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		const struct up_span body = up_span_str(rows[i].body);
		bool has = rows[i].error[0] != '\0';

		UP_CHECK(up_oauth_error(body, error, why) == has, rows[i].body);
		UP_CHECK(strcmp(error, rows[i].error) == 0, rows[i].body);
		UP_CHECK(strcmp(why, rows[i].why) == 0, rows[i].body);
		UP_CHECK(up_oauth_error(body, error, NULL) == has, rows[i].body);
	}
}

UP_SUITE("oauth", test_assertion, test_error)
