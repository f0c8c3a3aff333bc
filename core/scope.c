/* SPDX-License-Identifier: Apache-2.0 */
#include "core/scope.h"

enum { OPENID = 1, UNIT = 2 };

/* NQCHAR of RFC 6749 appendix A */
static bool well_formed(struct up_span word)
{
	for (size_t i = 0; i < word.n; i++)
		if (word.p[i] <= ' ' || word.p[i] >= 0x7f || word.p[i] == '"' || word.p[i] == '\\')
			return false;
	return true;
}

enum up_err up_scope_grant(struct up_span asked, struct up_span *granted)
{
	static const struct up_span all = { (const uint8_t *)UP_SCOPES, sizeof(UP_SCOPES) - 1 };
	unsigned known = 0;
	struct up_span word;

	*granted = up_span_of(NULL, 0);
	while (asked.n > 0) {
		up_span_cut(asked, ' ', &word, &asked);
		if (!well_formed(word))
			return UP_E_SCOPE;
		known |= up_span_eq_str(word, "openid") ? OPENID : 0;
		known |= up_span_eq_str(word, "unit") ? UNIT : 0;
	}
	*granted = all;
	if (known == OPENID)
		*granted = UP_SPAN_LIT("openid");
	else if (known == UNIT)
		*granted = UP_SPAN_LIT("unit");
	return UP_OK;
}
