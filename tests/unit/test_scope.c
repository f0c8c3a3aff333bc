/* SPDX-License-Identifier: Apache-2.0 */
#include "core/scope.h"
#include "unit.h"

#include <string.h>

static void test_grant(void)
{
	static const struct { const char *asked, *granted; } rows[] = {
		{ NULL, UP_SCOPES }, { "", UP_SCOPES }, { "openid unit", UP_SCOPES },
		{ "unit openid", UP_SCOPES }, { "openid", "openid" }, { "unit", "unit" },
		{ "openid profile email", "openid" }, { "profile unit offline_access", "unit" },
		{ "openid openid", "openid" }, { "profile", UP_SCOPES }, { "OpenID", UP_SCOPES },
		{ " openid  ", "openid" }, { "https://x/y:z~!#%[]", UP_SCOPES },
		{ "openid\tunit", NULL }, { "openid \"", NULL }, { "openid \\", NULL },
		{ "openid\n", NULL }, { "单位", NULL }, { "openid\x7f", NULL },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		struct up_span got;

		UP_CHECK(up_scope_grant(up_span_str(rows[i].asked), &got) ==
		    (rows[i].granted ? UP_OK : UP_E_SCOPE), rows[i].asked);
		UP_CHECK_TEXT(got, rows[i].granted ? rows[i].granted : "");
	}
}

UP_SUITE("scope", test_grant)
