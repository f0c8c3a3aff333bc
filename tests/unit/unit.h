/* SPDX-License-Identifier: Apache-2.0
 * What every unit test program shares: a main over one CUnit suite, and a check that names its
 * table row. */
#ifndef UP_UNIT_H
#define UP_UNIT_H

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <stdio.h>

#include "core/span.h"

/* int main: UP_SUITE("span", test_cut, test_trim).  Ends non-zero on any failure. */
typedef void (*unit_test)(void);
#define UP_SUITE(name, ...) \
	int main(void) \
	{ \
		static const unit_test tests[] = { __VA_ARGS__ }; \
		return unit_run(name, #__VA_ARGS__, tests, UP_ARRAY_LEN(tests)); \
	}

/* Check COND, which is about ROW (a string) of a table. */
#define UP_CHECK(cond, row) unit_check((cond), __FILE__, __LINE__, #cond, row)
/* Bytes S must be the string WANT. */
#define UP_CHECK_TEXT(s, want) unit_check_text(s, want, __FILE__, __LINE__)

static inline void
unit_check(bool ok, const char *file, unsigned line, const char *cond, const char *row)
{
	char text[1600];

	snprintf(text, sizeof text, "%.500s  [%.1000s]", cond, row == NULL ? "NULL" : row);
	CU_assertImplementation(ok, line, text, file, "", CU_FALSE);
}

static inline void
unit_check_text(struct up_span s, const char *want, const char *file, unsigned line)
{
	char text[600];

	snprintf(text, sizeof text, "\"%.*s\" should be \"%s\"", (int)s.n,
	    s.p == NULL ? "" : (const char *)s.p, want == NULL ? "" : want);
	CU_assertImplementation(up_span_eq_str(s, want), line, text, file, "", CU_FALSE);
}

/* NAMES is the macro's argument list as text: "a, b, c". */
static inline int
unit_run(const char *suite_name, const char *names, const unit_test *tests, size_t n)
{
	struct up_span name, rest = up_span_str(names);
	CU_pSuite suite;
	int failed = 1;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return 1;
	if ((suite = CU_add_suite(suite_name, NULL, NULL)) == NULL)
		goto out;
	for (size_t i = 0; i < n; i++) {
		char text[80];

		up_span_cut(rest, ',', &name, &rest);
		name = up_span_trim(name);
		snprintf(text, sizeof text, "%.*s", (int)name.n, (const char *)name.p);
		if (CU_add_test(suite, text, tests[i]) == NULL)
			goto out;
	}
	CU_basic_set_mode(CU_BRM_NORMAL);
	if (CU_basic_run_tests() == CUE_SUCCESS)
		failed = CU_get_number_of_failures() != 0;
out:
	CU_cleanup_registry();
	return failed;
}

#endif
