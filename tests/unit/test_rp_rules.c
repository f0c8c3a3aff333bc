/* SPDX-License-Identifier: Apache-2.0
 * What an application learns of a session, and what it asks of one: rules, identity headers,
 * their values, and what Connection may name. */
#include "unit.h"

#include "test_rp_sample.h"

static void test_rules(void)
{
	static const struct {
		enum up_rp_what what;
		const char *a, *b, *role;
		bool holds;
	} rows[] = {
		{ UP_RP_UNIT, FAKE_UNIT, "x", "user", true },
		{ UP_RP_UNIT, "12430000100000016y", "", "user", false },
		{ UP_RP_UNIT, "12430000100000016", "", "user", false },
		{ UP_RP_ROLE, "principal", "user", "user", true },
		{ UP_RP_ROLE, "principal", "manager", "user", false },
		{ UP_RP_ROLE, "use", "users", "user", false },
		{ UP_RP_ITEM, "change", "none", "user", true },
		{ UP_RP_ITEM, "annual", "report", "user", false },
		{ UP_RP_ITEM, "annual-report change", "", "user", false },
		{ UP_RP_ITEM, "none", "", "manager", true },
		{ UP_RP_ITEM, "none", "", "principal", true },
		{ UP_RP_ITEM, "none", "", "managers", false },
		{ UP_RP_CERTIFICATE, "143000001234", "", "user", true },
		{ UP_RP_CERTIFICATE, "14300000123", "", "user", false },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		const struct up_span values[] = { up_span_str(rows[i].a), up_span_str(rows[i].b) };
		struct up_rp_rule r = { rows[i].what, values, 2 };
		struct up_rp_session s = sample();

		s.role = up_span_str(rows[i].role);
		UP_CHECK(up_rp_rule_holds(&r, &s) == rows[i].holds, rows[i].a);
		r.n = 0;
		UP_CHECK(!up_rp_rule_holds(&r, &s) || (rows[i].what == UP_RP_ITEM && rows[i].holds),
		    rows[i].a);
	}
}

static void test_identity_headers(void)
{
	static const char *const ours[] = { "X-Unitpass-Unit-Code", "x_unitpass_unit_code",
		"X-UNITPASS_Role", "x_Unitpass-anything", "X.Unitpass.Role", "X-Unitpass-",
		"X_UNITPASS_", "X-Unitpass_Session", "x-unitpass.x" };
	static const char *const others[] = { "X-Unitpas", "X-Unitpass", "XUnitpass-Role",
		"X-Unitpasses-Role", "Y-Unitpass-Role", "", "X-", "Cookie", "X-Unit-Code" };

	for (size_t i = 0; i < UP_ARRAY_LEN(ours); i++)
		UP_CHECK(up_rp_is_identity_header(up_span_str(ours[i])), ours[i]);
	for (size_t i = 0; i < UP_ARRAY_LEN(others); i++)
		UP_CHECK(!up_rp_is_identity_header(up_span_str(others[i])), others[i]);
	for (size_t i = 0; i < UP_RP_VALUES; i++)
		UP_CHECK(up_rp_is_identity_header(up_span_str(up_rp_value_header[i])),
		    up_rp_value_header[i]);
}

static void test_connection(void)
{
	static const struct { const char *value, *kept; } rows[] = {
		{ "close", NULL }, { "keep-alive, Upgrade", NULL },
		{ "Upgrade, HTTP2-Settings", NULL },
		{ " , TE,, trailer ,", NULL }, { "", NULL }, { "X-Unitpass-Role", "" },
		{ "close, X-Unitpass-Role", "close" },
		{ "x_unitpass_role ,\tKEEP-ALIVE", "KEEP-ALIVE" },
		{ "Cookie", "" }, { "Upgrade,REMOTE_USER,,X-Remote-User, te", "Upgrade, te" },
		{ "keep-alive X-Unitpass-Role", "" }, { "\"close\"", "" },
	};
	static const struct { const char *value; bool h2c; } upgrades[] = {
		{ "h2c", true }, { "websocket, H2C", true }, { "websocket", false }, { "", false },
		{ "h2", false }, { "h2c-16", false },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		struct up_buf b = { 0 };
		bool others = up_rp_connection_put(up_span_str(rows[i].value), &b);

		UP_CHECK(others == (rows[i].kept != NULL), rows[i].value);
		UP_CHECK_TEXT(up_buf_span(&b), rows[i].kept != NULL ? rows[i].kept : "");
		up_buf_free(&b);
	}
	for (size_t i = 0; i < UP_ARRAY_LEN(upgrades); i++)
		UP_CHECK(up_rp_upgrade_is_h2c(up_span_str(upgrades[i].value)) == upgrades[i].h2c,
		    upgrades[i].value);
}

static void test_values(void)
{
	static const char *const want[UP_RP_VALUES] = { FAKE_UNIT,
		"%E6%B9%96%E5%8D%97%E7%9C%81%E6%9F%90%E6%9F%90%E7%A0%94%E7%A9%B6%E9%99%A2",
		"143000001234", "user", "0123456789abcdefABCDEF", "%E5%BC%A0%E4%B8%89",
		"annual-report%20change", "1699999995", "ABCDEFGHIJKLMNOPQRSTUV" };
	struct up_rp_session s = sample();
	struct up_buf b = { 0 };

	for (size_t i = 0; i < UP_RP_VALUES; i++) {
		up_buf_reset(&b);
		up_rp_value(&s, i, true, &b);
		UP_CHECK_TEXT(up_buf_span(&b), want[i]);
	}
	up_buf_reset(&b);
	up_rp_value(&s, 5, false, &b);
	UP_CHECK_TEXT(up_buf_span(&b), "张三");
	up_buf_free(&b);
}

UP_SUITE("rp_rules", test_rules, test_identity_headers, test_connection, test_values)
