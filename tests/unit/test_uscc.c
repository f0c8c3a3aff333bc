/* SPDX-License-Identifier: Apache-2.0 */
#include "core/uscc.h"
#include "unit.h"

#include <string.h>

static const struct { const char *code; enum up_err code_is, unit_is; } rows[] = {
	{ "124300000000000000", UP_OK, UP_OK },
	{ "124300001000001390", UP_OK, UP_OK },
	{ "12430000100000016Y", UP_OK, UP_OK },
	{ "1243000010000042XX", UP_OK, UP_OK },
	{ "12430100MB0A12342M", UP_OK, UP_OK },
	{ "11430000006122244L", UP_OK, UP_E_RANGE },
	{ "91330000755918469E", UP_OK, UP_E_RANGE },
	{ "91350100M000100Y43", UP_OK, UP_E_RANGE },
	{ "91350100M000100Y4Z", UP_E_FORMAT, UP_E_FORMAT },      /* Z is not in the alphabet */
	{ "91350100M000100Y44", UP_E_CHECK, UP_E_CHECK },
	/* the whole fits, the organisation code's own check does not */
	{ "124300001000000172", UP_E_CHECK, UP_E_CHECK },
	{ "1243010000000000XY", UP_E_CHECK, UP_E_CHECK },
	{ "12430100mb0a12342m", UP_E_FORMAT, UP_E_FORMAT },
	{ "1243010OMB0A12342M", UP_E_FORMAT, UP_E_FORMAT },      /* letter O */
	{ "12A30100MB0A12342M", UP_E_FORMAT, UP_E_FORMAT },      /* the region is digits */
	{ "12430000100000016", UP_E_FORMAT, UP_E_FORMAT },
	{ "12430000100000016Y0", UP_E_FORMAT, UP_E_FORMAT },
	{ "12430000 100000016Y", UP_E_FORMAT, UP_E_FORMAT },
	{ "", UP_E_FORMAT, UP_E_FORMAT },
	{ NULL, UP_E_FORMAT, UP_E_FORMAT },
};

static void test_vectors(void)
{
	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		UP_CHECK(up_uscc_check(up_span_str(rows[i].code)) == rows[i].code_is, rows[i].code);
		UP_CHECK(
		    up_uscc_check_unit(up_span_str(rows[i].code)) == rows[i].unit_is, rows[i].code);
	}
	CU_ASSERT_EQUAL(up_uscc_check(UP_SPAN_LIT("12430000\0000000000")), UP_E_FORMAT);
}

/* Of every right code, every other byte at every place. */
static void test_any_change_fails(void)
{
	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		char code[UP_USCC_LEN + 1];

		if (rows[i].code_is != UP_OK)
			continue;
		strcpy(code, rows[i].code);
		for (size_t at = 0; at < UP_USCC_LEN; at++) {
			for (int c = 0; c < 256; c++) {
				code[at] = (char)c;
				if (code[at] != rows[i].code[at] &&
				    up_uscc_check(up_span_of(code, UP_USCC_LEN)) == UP_OK)
					UP_CHECK(false, code);
			}
			code[at] = rows[i].code[at];
		}
	}
}

UP_SUITE("uscc", test_vectors, test_any_change_fails)
