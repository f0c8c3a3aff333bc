/* SPDX-License-Identifier: Apache-2.0 */
#include "module/pam/decide.h"

#include "module/pam/map.h"

/* A requirement that is not set holds. */
static bool holds(const struct up_options *o, enum up_options_key key, enum up_rp_what what,
    const struct up_rp_session *s)
{
	struct up_span rest = up_span_str(o->value[key]), value;

	if (o->value[key] == NULL)
		return true;
	while (up_options_next(&rest, &value)) {
		struct up_rp_rule rule = { what, &value, 1 };

		if (up_rp_rule_holds(&rule, s))
			return true;
	}
	return false;
}

enum up_wire_verdict up_decide(const struct up_options *o, struct up_span map,
    const struct up_rp_session *s, struct up_span account, const char **reason)
{
	static const struct {
		enum up_options_key key;
		enum up_rp_what what;
		const char *reason;
	} rules[] = {
		{ UP_OPTIONS_UNIT, UP_RP_UNIT, "unit_required" },
		{ UP_OPTIONS_ROLE, UP_RP_ROLE, "role_required" },
		{ UP_OPTIONS_ITEM, UP_RP_ITEM, "item_required" },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rules); i++)
		if (!holds(o, rules[i].key, rules[i].what, s)) {
			*reason = rules[i].reason;
			return UP_WIRE_FORBIDDEN;
		}
	switch (up_map_find(map, s->unit_code, s->holder_ref, account)) {
	case UP_OK:
		*reason = "mapped";
		return UP_WIRE_ACCEPT;
	case UP_E_ROLE:
		*reason = "other_account";
		return UP_WIRE_FORBIDDEN;
	default:
		*reason = "not_in_map";
		return UP_WIRE_UNKNOWN;
	}
}
