/* SPDX-License-Identifier: Apache-2.0 */
#include "core/password.h"
#include "core/text.h"
#include "unit.h"

#include <string.h>

static void test_check(void)
{
	static const struct { const char *password; enum up_err err;
	} rows[] = {
		{ "294618", UP_OK },
		{ "Xk9$2m", UP_OK },
		{ "correct horse battery", UP_OK },
		{ "四海升平日月长", UP_OK },
		{ "135790", UP_OK },
		{ "880808x", UP_E_WEAK },
		{ "my430102pw", UP_E_WEAK },
		{ "08007x", UP_E_WEAK },
		{ "8007X", UP_E_FORMAT },
		{ "8808081", UP_E_WEAK },
		{ "88080a", UP_OK },
		{ "138123a", UP_E_WEAK },
		{ "a345678", UP_E_WEAK },
		{ "34567a", UP_OK },
		{ "", UP_E_FORMAT },
		{ NULL, UP_E_FORMAT },
		{ "29461", UP_E_FORMAT },
		{ "张三李四五", UP_E_FORMAT },
		{ "29461\xff", UP_E_FORMAT },
		{ "29461\xc0\x80", UP_E_FORMAT },
		{ "000000", UP_E_WEAK },
		{ "aaaaaaaa", UP_E_WEAK },
		{ "张张张张张张", UP_E_WEAK },
		{ "123456", UP_E_WEAK },
		{ "654321", UP_E_WEAK },
		{ "12345678", UP_E_WEAK },
		{ "567890", UP_E_WEAK },
		{ "098765", UP_E_WEAK },
		{ "789012", UP_E_WEAK },
		{ "abcdef", UP_E_WEAK },
		{ "FEDCBA", UP_E_WEAK },
		{ "112233", UP_E_WEAK },
		{ "111222", UP_E_WEAK },
		{ "332211", UP_E_WEAK },
		{ "123123", UP_E_WEAK },
		{ "121212", UP_E_WEAK },
		{ "1231231", UP_E_WEAK },
		{ "abab12abab12", UP_E_WEAK },
		{ "794794", UP_E_WEAK },
		{ "password", UP_E_WEAK },
		{ "PassWord", UP_E_WEAK },
		{ "qwerty", UP_E_WEAK },
		{ "1qaz2wsx", UP_E_WEAK },
		{ "123321", UP_E_WEAK },
		{ "5201314", UP_E_WEAK },
		{ "admin123", UP_E_WEAK },
		{ "1234567890123456789012345678901234567890123456789012345678901234", UP_E_WEAK },
		/* 65 */
		{ "294618294618x2946182946182946182946182946182946182946182946182946",
		    UP_E_FORMAT },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++)
		UP_CHECK(up_password_check(up_span_str(rows[i].password),
			     UP_SPAN_LIT("43010219880808007X"),
			     UP_SPAN_LIT("13812345678")) == rows[i].err,
		    rows[i].password);
	CU_ASSERT_EQUAL(
	    up_password_check(UP_SPAN_LIT("880808x"), up_span_str(NULL), up_span_str(NULL)), UP_OK);
	CU_ASSERT_EQUAL(up_password_check(UP_SPAN_LIT("2946\0"
						      "18"),
			    up_span_str(NULL), up_span_str(NULL)),
	    UP_E_FORMAT);
}

/* The published vectors have other salt lengths; these come from Python's hashlib and hmac. */
static void test_stretch(void)
{
	static const struct {
		const char *password, *salt;
		unsigned iterations;
		const char *hex;
	} rows[] = {
		{ "294618", "0123456789abcdef", 1,
		    "9a725cad5344a7262c9ec0e77b4b64178d20cc143da6381948248cd10dad448e" },
		{ "Xk9$2m", "NaClNaClNaClNaCl", 2,
		    "2ce09fb9121493a0b0453332dcb239e6b181eb3b2ce1eb7f77b866b810a6d72f" },
		{ "四海升平日月长", "fedcba9876543210", 1000,
		    "b9d8c448737405dc8d2981cc3185b0aac9a3dd22e4378b279fd6350a55c364ff" },
	};
	uint8_t out[UP_PASSWORD_STRETCHED];

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		char hex[2 * UP_PASSWORD_STRETCHED];

		UP_CHECK(up_password_stretch(up_span_str(rows[i].password),
			     (const uint8_t *)rows[i].salt, rows[i].iterations, out) == UP_OK,
		    rows[i].password);
		up_text_hex(up_span_of(out, sizeof out), hex);
		UP_CHECK_TEXT(up_span_of(hex, sizeof hex), rows[i].hex);
	}
	CU_ASSERT_EQUAL(
	    up_password_stretch(up_span_str(NULL), (const uint8_t *)"0123456789abcdef", 1, out),
	    UP_E_FORMAT);
	CU_ASSERT_EQUAL(
	    up_password_stretch(UP_SPAN_LIT("294618"), (const uint8_t *)"0123456789abcdef", 0, out),
	    UP_E_FORMAT);
}

static void test_verifier(void)
{
	uint8_t a[32], b[32];
	char hex[64];
	struct up_span key = UP_SPAN_LIT("0123456789abcdef0123456789abcdef"),
		       stretched = UP_SPAN_LIT("ABCDEFGHIJKLMNOPQRSTUVWXYZ012345");

	CU_ASSERT_EQUAL(up_password_verifier(key, UP_SPAN_LIT("device-1"), stretched, a), UP_OK);
	up_text_hex(up_span_of(a, 32), hex);
	UP_CHECK_TEXT(up_span_of(hex, 64),
	    "3ff22ec14099fc0b32282d97ff58e53b7274c3bb1936851b836a3ff8e6fbe1d5");
	CU_ASSERT_EQUAL(up_password_verifier(key, UP_SPAN_LIT("device-2"), stretched, b), UP_OK);
	CU_ASSERT_NOT_EQUAL(memcmp(a, b, 32), 0);
	CU_ASSERT_EQUAL(up_password_verifier(UP_SPAN_LIT("1123456789abcdef0123456789abcdef"),
			    UP_SPAN_LIT("device-1"), stretched, b),
	    UP_OK);
	CU_ASSERT_NOT_EQUAL(memcmp(a, b, 32), 0);
	CU_ASSERT_EQUAL(
	    up_password_verifier(up_span_str(NULL), UP_SPAN_LIT("device-1"), stretched, b),
	    UP_E_KEY);
}

/* Rule 27: six errors in a row lock, a success resets, a lock stays. */
static void test_step(void)
{
	static const struct {
		unsigned errors;
		bool right;
		enum up_err err;
		unsigned next;
	} rows[] = {
		{ 0, true, UP_OK, 0 },
		{ 5, true, UP_OK, 0 },
		{ 0, false, UP_E_PASSWORD, 1 },
		{ 4, false, UP_E_PASSWORD, 5 },
		{ 5, false, UP_E_LOCKED, 6 },
		{ 6, false, UP_E_LOCKED, 6 },
		{ 6, true, UP_E_LOCKED, 6 },
		{ 7, true, UP_E_LOCKED, 7 },
		{ UINT32_MAX, false, UP_E_LOCKED, UINT32_MAX },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		unsigned next = 99;

		CU_ASSERT_EQUAL(
		    up_password_step(rows[i].errors, rows[i].right, &next), rows[i].err);
		CU_ASSERT_EQUAL(next, rows[i].next);
	}
}

UP_SUITE("password", test_check, test_stretch, test_verifier, test_step)
