/* SPDX-License-Identifier: Apache-2.0
 * What the administrator may say to pam_unitpass, and what it then decides. */
#include <stdlib.h>
#include <string.h>

#include "module/pam/decide.h"
#include "module/pam/map.h"
#include "unit.h"

#define UNIT "12430000100000016Y"
#define OTHER_UNIT "12430100MB0A12342M"
#define NEEDED "issuer = https://id.example.org\nclient=host\nmap_file=/m\n"

static enum up_err file(struct up_options *o, const char *text, char why[UP_OPTIONS_WHY])
{
	enum up_err err;

	*o = (struct up_options){ 0 };
	why[0] = '\0';
	err = up_options_file(o, up_span_str(text), why);
	return err == UP_OK ? up_options_finish(o, why) : err;
}

static void test_file(void)
{
	static const struct { const char *text; enum up_err want; const char *why;
	} rows[] = {
		{ NEEDED, UP_OK, "" },
		{ "# comment\r\n\n \t\n" NEEDED "secret_file = \"/a b\"", UP_OK, "" },
		{ NEEDED "unit = " UNIT " " OTHER_UNIT
			 "\nrole=principal,manager\nitem=a.b:c-1\ntimeout=10\nqr=off\nlang=zh-"
			 "CN\ndebug=yes",
		    UP_OK, "" },
		{ "client=host\nmap_file=/m\n", UP_E_CONFIG, "issuer: is missing" },
		{ "issuer=https://id.example.org\nclient=host\n", UP_E_CONFIG,
		    "map_file: is missing" },
		{ NEEDED "client = again", UP_E_CONFIG, "line 4: client: is given twice" },
		{ NEEDED "\nspam = 1", UP_E_CONFIG, "line 5: spam: is no option" },
		{ NEEDED "debug", UP_E_CONFIG, "line 4: is not of the form" },
		{ NEEDED "config = /x", UP_E_CONFIG, "line 4: config: stands" },
		{ NEEDED "= 1", UP_E_CONFIG, "line 4: : is no option" },
		{ NEEDED "ROLE = user", UP_E_CONFIG, "line 4: ROLE: is no option" },
		{ NEEDED "role = User", UP_E_CONFIG, "line 4: role:" },
		{ NEEDED "role = ,", UP_E_CONFIG, "line 4: role:" },
		{ NEEDED "unit = 12430000100000016X", UP_E_CONFIG, "line 4: unit:" },
		{ NEEDED "unit = *", UP_E_CONFIG, "line 4: unit:" },
		{ NEEDED "item = a b", UP_E_CONFIG, "line 4: item:" },
		{ NEEDED "item =", UP_E_CONFIG, "line 4: item:" },
		{ NEEDED "timeout = 9", UP_E_CONFIG, "line 4: timeout:" },
		{ NEEDED "timeout = 601", UP_E_CONFIG, "line 4: timeout:" },
		{ NEEDED "timeout = 0060", UP_E_CONFIG, "line 4: timeout:" },
		{ NEEDED "timeout = 60s", UP_E_CONFIG, "line 4: timeout:" },
		{ NEEDED "secret_file = key", UP_E_CONFIG, "line 4: secret_file:" },
		{ NEEDED "lang = \xff", UP_E_CONFIG, "line 4: lang:" },
		{ NEEDED "debug = 1", UP_E_CONFIG, "line 4: debug:" },
	};
	char why[UP_OPTIONS_WHY];
	struct up_options o;

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		UP_CHECK(file(&o, rows[i].text, why) == rows[i].want, rows[i].text);
		UP_CHECK(strncmp(why, rows[i].why, strlen(rows[i].why)) == 0, why);
		up_options_free(&o);
	}
}

static void test_values(void)
{
	struct up_options o;
	char why[UP_OPTIONS_WHY];

	CU_ASSERT_EQUAL(file(&o, NEEDED, why), UP_OK);
	CU_ASSERT(o.timeout_s == 120 && o.qr == UP_OPTIONS_QR_AUTO &&
	    o.lang == UP_OPTIONS_LANG_AUTO && !o.debug);
	CU_ASSERT_STRING_EQUAL(o.value[UP_OPTIONS_ISSUER], "https://id.example.org");
	CU_ASSERT_EQUAL(up_options_argument(&o, UP_SPAN_LIT("debug"), why), UP_OK);
	CU_ASSERT_EQUAL(up_options_argument(&o, UP_SPAN_LIT("timeout=30"), why), UP_OK);
	CU_ASSERT_EQUAL(up_options_argument(&o, UP_SPAN_LIT("qr=light"), why), UP_OK);
	CU_ASSERT_EQUAL(up_options_finish(&o, why), UP_OK);
	CU_ASSERT(o.timeout_s == 30 && o.qr == UP_OPTIONS_QR_LIGHT && o.debug);
	CU_ASSERT_EQUAL(up_options_argument(&o, UP_SPAN_LIT("client=b"), why), UP_E_CONFIG);
	CU_ASSERT_EQUAL(up_options_argument(&o, UP_SPAN_LIT("nullok"), why), UP_E_CONFIG);
	CU_ASSERT_EQUAL(up_options_argument(&o, UP_SPAN_LIT(""), why), UP_E_CONFIG);
	up_options_free(&o);
	CU_ASSERT_PTR_NULL(o.value[UP_OPTIONS_ISSUER]);
}

static void test_map_check(void)
{
	static const struct { const char *text; enum up_err want; unsigned line;
	} rows[] = {
		{ "", UP_OK, 0 },
		{ "# nothing\n\n  \n", UP_OK, 0 },
		{ UNIT " * a\n" UNIT "\th1\t b \r\n", UP_OK, 0 },
		{ UNIT " *\n", UP_E_FORMAT, 1 },
		{ "\n" UNIT " * a b\n", UP_E_FORMAT, 2 },
		{ "* * root\n", UP_E_FORMAT, 1 },
		{ "12430000100000016X * a\n", UP_E_FORMAT, 1 },
		{ UNIT " * a\n" UNIT "\n", UP_E_FORMAT, 2 },
		{ "\xff", UP_E_FORMAT, 0 },
		{ UNIT " * a # b\n", UP_E_FORMAT, 1 },
	};
	unsigned line;

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		UP_CHECK(
		    up_map_check(up_span_str(rows[i].text), &line) == rows[i].want, rows[i].text);
		UP_CHECK(rows[i].want == UP_OK || line == rows[i].line, rows[i].text);
	}
}

static void test_map_find(void)
{
	static const char map[] = "# who\n" UNIT " h1 alice\n" UNIT " h1 reports\n" OTHER_UNIT
				  " * guest\n";
	static const struct { const char *unit, *holder, *account; enum up_err want;
	} rows[] = {
		{ UNIT, "h1", "alice", UP_OK },
		{ UNIT, "h1", "reports", UP_OK },
		{ UNIT, "h1", "root", UP_E_ROLE },
		{ UNIT, "h2", "alice", UP_E_NOT_FOUND },
		{ UNIT, "*", "alice", UP_E_NOT_FOUND },
		{ UNIT, "H1", "alice", UP_E_NOT_FOUND },
		{ OTHER_UNIT, "anyone", "guest", UP_OK },
		{ OTHER_UNIT, "anyone", "alice", UP_E_ROLE },
		{ OTHER_UNIT, "anyone", "gues", UP_E_ROLE },
		{ OTHER_UNIT, "anyone", "guest ", UP_E_ROLE },
		{ OTHER_UNIT, "", "guest", UP_E_NOT_FOUND },
		{ OTHER_UNIT, "x", "", UP_E_NOT_FOUND },
		{ "", "h1", "alice", UP_E_NOT_FOUND },
		{ "#", "who", "", UP_E_NOT_FOUND },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++)
		UP_CHECK(
		    up_map_find(up_span_str(map), up_span_str(rows[i].unit),
			up_span_str(rows[i].holder), up_span_str(rows[i].account)) == rows[i].want,
		    rows[i].account);
}

static void test_decide(void)
{
	static const struct {
		const char *more, *unit, *role, *items, *account;
		enum up_wire_verdict want;
		const char *reason;
	} rows[] = {
		{ "", UNIT, "user", "", "alice", UP_WIRE_ACCEPT, "mapped" },
		{ "", UNIT, "user", "", "root", UP_WIRE_FORBIDDEN, "other_account" },
		{ "", OTHER_UNIT, "user", "", "alice", UP_WIRE_UNKNOWN, "not_in_map" },
		{ "unit=" OTHER_UNIT, UNIT, "user", "", "alice", UP_WIRE_FORBIDDEN,
		    "unit_required" },
		{ "unit=" OTHER_UNIT "," UNIT, UNIT, "user", "", "alice", UP_WIRE_ACCEPT,
		    "mapped" },
		{ "role=principal manager", UNIT, "user", "", "alice", UP_WIRE_FORBIDDEN,
		    "role_required" },
		{ "role=principal manager", UNIT, "manager", "", "alice", UP_WIRE_ACCEPT,
		    "mapped" },
		{ "item=shell", UNIT, "user", "shel shell2", "alice", UP_WIRE_FORBIDDEN,
		    "item_required" },
		{ "item=shell", UNIT, "user", "other shell", "alice", UP_WIRE_ACCEPT, "mapped" },
		{ "item=shell", UNIT, "principal", "", "alice", UP_WIRE_ACCEPT, "mapped" },
		{ "item=shell\nrole=user", UNIT, "principal", "", "alice", UP_WIRE_FORBIDDEN,
		    "role_required" },
	};
	char why[UP_OPTIONS_WHY], text[256];
	struct up_options o;
	const char *reason;

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		struct up_rp_session s = { .unit_code = up_span_str(rows[i].unit),
			.role = up_span_str(rows[i].role),
			.items = up_span_str(rows[i].items),
			.holder_ref = UP_SPAN_LIT("h1") };

		snprintf(text, sizeof(text), NEEDED "%s", rows[i].more);
		CU_ASSERT_EQUAL_FATAL(file(&o, text, why), UP_OK);
		UP_CHECK(up_decide(&o, UP_SPAN_LIT(UNIT " * alice\n"), &s,
			     up_span_str(rows[i].account), &reason) == rows[i].want,
		    rows[i].reason);
		UP_CHECK(strcmp(reason, rows[i].reason) == 0, reason);
		up_options_free(&o);
	}
}

UP_SUITE("pam_options", test_file, test_values, test_map_check, test_map_find, test_decide)
