/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <string.h>

#include "module/rp/cache.h"

static void test_add(void)
{
	static const struct {
		const char *said, *page, *rest;
		bool page_varies, rest_varies;
	} rows[] = {
		{ "", "no-store", "private, no-cache", false, true },
		/* stricter, or as strict */
		{ "no-store", NULL, NULL, false, false },
		{ "No-Store, must-revalidate", NULL, NULL, false, false },
		{ "private, no-cache", "no-store", NULL, false, true },
		{ "private", "no-store", "no-cache", false, true },
		{ "no-cache", "no-store", "private", false, true },
		{ "max-age=0, private, must-revalidate", "no-store", NULL, false, true },
		{ "must-revalidate", "no-store", "private, no-cache", false, true },
		/* on purpose */
		{ "public", NULL, NULL, false, false },
		{ "public, max-age=3600", NULL, NULL, false, false },
		{ "s-maxage=60", NULL, NULL, false, false },
		{ "max-age=3600", "private", "private", true, true },
		{ "private, max-age=\"60\"", NULL, NULL, true, true },
		/* of single headers only; and what merely looks like a directive */
		{ "private=\"set-cookie, public\"", "no-store", "private, no-cache", false, true },
		{ "no-cache=\"no-store\"", "no-store", "private, no-cache", false, true },
		{ "x=\"public", "no-store", "private, no-cache", false, true },
		{ " , ,publics, max-age-x=5, max-age=", "no-store", "private", false, true },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++)
		for (int page = 0; page < 2; page++) {
			const char *want = page ? rows[i].page : rows[i].rest;
			const char *said = rows[i].said, *got;
			struct up_cache c = { 0 };
			bool vary;

			up_cache_read(&c, up_span_str(said));
			got = up_cache_add(&c, page, &vary);
			UP_CHECK((got == NULL) == (want == NULL), said);
			UP_CHECK(got == NULL || want == NULL || strcmp(got, want) == 0, said);
			UP_CHECK(vary == (page ? rows[i].page_varies : rows[i].rest_varies), said);
		}
}

static void test_page(void)
{
	static const struct {
		const char *type, *method, *mode, *accept, *with;
		bool page;
	} rows[] = {
		{ "text/html", "GET", "cors", "*/*", "", true },
		{ "Text/HTML; charset=x", "POST", "", "", "", true },
		{ "application/xhtml+xml", "GET", "", "", "", true },
		{ "application/pdf", "GET", "navigate", "", "", true },
		{ "text/plain", "POST", "navigate", "", "", true },
		{ "text/plain", "GET", "", "text/html", "", true },
		{ "", "GET", "", "text/html", "", true },
		{ "text/plain", "GET", "", "text/html", "X", false },
		{ "image/png", "GET", "no-cors", "image/*", "", false },
		{ "application/json", "GET", "cors", "text/html", "", false },
		{ "text/html5", "GET", "cors", "", "", false },
		{ "", "GET", "", "", "", false },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		struct up_rp_request r = {
			.method = up_span_str(rows[i].method),
			.accept = up_span_str(rows[i].accept),
			.sec_fetch_mode = up_span_str(rows[i].mode),
			.requested_with = up_span_str(rows[i].with),
		};

		UP_CHECK(up_cache_is_page(up_span_str(rows[i].type), &r) == rows[i].page,
		    rows[i].type);
	}
}

static void test_names(void)
{
	static const struct { const char *value; bool varies; } varies[] = {
		{ "", false }, { "Accept", false }, { "accept, COOKIE", true }, { "*", true },
		{ "Cookies", false },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(varies); i++)
		UP_CHECK(up_cache_varies(up_span_str(varies[i].value)) == varies[i].varies,
		    varies[i].value);
	CU_ASSERT_TRUE(up_cache_is_cookie(UP_SPAN_LIT(UP_RP_SEEN_COOKIE "=x")));
	CU_ASSERT_FALSE(up_cache_is_cookie(UP_SPAN_LIT("theme=" UP_RP_SEEN_COOKIE)));
}

UP_SUITE("rp_cache", test_add, test_page, test_names)
