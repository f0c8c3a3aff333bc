/* SPDX-License-Identifier: Apache-2.0
 * What phones send wrongly: each member missing, of the wrong type, too long, not text, or what
 * only looks right. One clear error that names the member, in Chinese and English, and nothing
 * done. */
#include <string.h>

#include "core/json_where.h"
#include "test_holder_fixture.h"

#define REF22 "AAAAAAAAAAAAAAAAAAAAAA"
#define X64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X576 X64 X64 X64 X64 X64 X64 X64 X64 X64
#define CERTIFICATE "\"certificate\":\"CERT-1\""
#define SECRET "\"password\":\"" PASSWORD "\""
#define ID "430102198808080061"
#define MOBILE "13700000001"
#define NAME "王芳"
#define HER(name, id, mobile) \
	"{" WHO ",\"person\":{\"name\":" name ",\"resident_id\":" id ",\"mobile\":" mobile "}}"

static struct phone li;

/* What was refused left nothing: no record, no change. */
static void check(const char *path, const char *body, const char *member)
{
	uint8_t before[32], after[32];
	int status;

	fixture_digest(&wire_f, before);
	status = wire_post(&li, path, body);
	UP_CHECK(status == 400, body);
	UP_CHECK(strcmp(wire_member("error"), "invalid_request") == 0, body);
	UP_CHECK(strcmp(wire_member("member"), member) == 0, body);
	UP_CHECK(member[0] == '\0' || wire_member("detail")[0] != '\0', body);
	fixture_digest(&wire_f, after);
	UP_CHECK(memcmp(before, after, sizeof(after)) == 0, body);
}

/* --- a person --- */

struct row { const char *body, *member; };

static const struct row person_rows[] = {
	{ "{" SECRET ",\"person\":{}}", "certificate" },
	{ "{\"certificate\":1," SECRET ",\"person\":{}}", "certificate" },
	{ "{\"certificate\":\"\"," SECRET ",\"person\":{}}", "certificate" },
	{ "{\"certificate\":\"" X576 "\"," SECRET ",\"person\":{}}", "certificate" },
	{ "{\"certificate\":\"CERT\u200b-1\"," SECRET ",\"person\":{}}", "certificate" },
	{ "{\"certificate\":\"CERT\\u202e-1\"," SECRET ",\"person\":{}}", "certificate" },
	{ "{" CERTIFICATE ",\"person\":{}}", "password" },
	{ "{" CERTIFICATE ",\"password\":123456,\"person\":{}}", "password" },
	{ "{" CERTIFICATE ",\"password\":null,\"person\":{}}", "password" },
	{ "{" CERTIFICATE ",\"password\":\"123456\",\"person\":{}}", "password" },
	{ "{" CERTIFICATE ",\"password\":\"" PASSWORD "=\",\"person\":{}}", "password" },
	{ "{" CERTIFICATE ",\"password\":\"" X576 "\",\"person\":{}}", "password" },
	{ "{" WHO "}", "person" },
	{ "{" WHO ",\"person\":[]}", "person" },
	{ "{" WHO ",\"person\":\"" NAME "\"}", "person" },
	{ "{" WHO ",\"person\":{}}", "name" },
	{ "{" WHO ",\"person\":{\"name\":\"" NAME "\",\"mobile\":\"" MOBILE "\"}}", "resident_id" },
	{ "{" WHO ",\"person\":{\"name\":\"" NAME "\",\"resident_id\":\"" ID "\"}}", "mobile" },
	{ "{" WHO ",\"person\":{\"name\":\"" NAME "\",\"sex\":\"f\"}}", "sex" },
	{ "{" WHO ",\"role\":\"principal\",\"person\":{}}", "role" },
	{ "{" WHO ",\"may_authorise\":\"yes\",\"person\":{}}", "may_authorise" },
	{ HER("1", "\"" ID "\"", "\"" MOBILE "\""), "name" },
	{ HER("\"\"", "\"" ID "\"", "\"" MOBILE "\""), "name" },
	{ HER("\"" X576 "\"", "\"" ID "\"", "\"" MOBILE "\""), "name" },
	{ HER("\"王\u200b芳\"", "\"" ID "\"", "\"" MOBILE "\""), "name" },
	{ HER("\"王\u202e芳\"", "\"" ID "\"", "\"" MOBILE "\""), "name" },
	{ HER("\"王\\ud800芳\"", "\"" ID "\"", "\"" MOBILE "\""), "name" },
	{ HER("\"王\\udc00芳\"", "\"" ID "\"", "\"" MOBILE "\""), "name" },
	{ HER("\"王\\u0000芳\"", "\"" ID "\"", "\"" MOBILE "\""), "name" },
	{ HER("\"王\xc0\xaf芳\"", "\"" ID "\"", "\"" MOBILE "\""), "name" },
	{ HER("\"王\xed\xa0\x80芳\"", "\"" ID "\"", "\"" MOBILE "\""), "name" },
	{ HER("\"王芳1\"", "\"" ID "\"", "\"" MOBILE "\""), "name" },
	{ HER("\"·王芳\"", "\"" ID "\"", "\"" MOBILE "\""), "name" },
	{ HER("\"" NAME "\"", "19", "\"" MOBILE "\""), "resident_id" },
	{ HER("\"" NAME "\"", "\"43010219700101101\"", "\"" MOBILE "\""), "resident_id" },
	{ HER("\"" NAME "\"", "\"430102700101101\"", "\"" MOBILE "\""), "resident_id" },
	{ HER("\"" NAME "\"", "\"430102198802300010\"", "\"" MOBILE "\""), "resident_id" },
	{ HER("\"" NAME "\"", "\"430102198808080011\"", "\"" MOBILE "\""), "resident_id" },
	{ HER("\"" NAME "\"", "\"430102209908080010\"", "\"" MOBILE "\""), "resident_id" },
	{ HER("\"" NAME "\"", "\"430102\\u000019880808\"", "\"" MOBILE "\""), "resident_id" },
	{ HER("\"" NAME "\"", "\"430102198808080010\"", "13700000001"), "mobile" },
	{ HER("\"" NAME "\"", "\"430102198808080010\"", "\"1370000000\""), "mobile" },
	{ HER("\"" NAME "\"", "\"430102198808080010\"", "\"12700000001\""), "mobile" },
	{ HER("\"" NAME "\"", "\"430102198808080010\"", "\"+8513700000001\""), "mobile" },
	{ HER("\"" NAME "\"", "\"430102198808080010\"", "\"" MOBILE "\u2066\""), "mobile" },
	/* what is no object at all */
	{ "[]", "" }, { "{", "" }, { "{" WHO "," WHO "}", "" }, { "{\"\\ud800\":1}", "" },
};

static void test_person(void)
{
	wire_begin();
	li = wire_principal();
	CU_ASSERT_EQUAL(wire_get(&li, "/holder/managers?certificate=CERT-1"), 200);
	for (size_t i = 0; i < UP_ARRAY_LEN(person_rows); i++) {
		check("/holder/managers", person_rows[i].body, person_rows[i].member);
		if (strstr(person_rows[i].body, "may_authorise") == NULL)
			check("/holder/users", person_rows[i].body, person_rows[i].member);
	}
	check("/holder/users", "{" WHO ",\"may_authorise\":true,\"person\":{}}", "may_authorise");
	wire_hang_up(&li);
	wire_end();
}

/* What folds away, and names that are rare but right; fixture_zhang has 430102198808080061. */
static void test_person_folds(void)
{
	static const char *const bodies[] = {
		HER("\" 欧阳 芳\"", "\"４３０１０２１９８８０８０８００６１\"", "\"+86 139-1234-5678\""),
		HER("\"阿卜杜拉·买买提\"", "\"43010219880808007x\"", "\"00861３７12345678\""),
		HER("\"𠮷野\"", "\"430102 19880808 0010\"", "\"13812345670\""),
	};

	wire_begin();
	li = wire_principal();
	/* right as they are: what is wrong is that the roster does not know them */
	for (size_t i = 0; i < UP_ARRAY_LEN(bodies); i++) {
		UP_CHECK(wire_post(&li, "/holder/users", bodies[i]) >= 400, bodies[i]);
		UP_CHECK(strncmp(wire_member("error"), "person_", 7) == 0 ||
		    strcmp(wire_member("error"), "other_role") == 0, bodies[i]);
	}
	wire_hang_up(&li);
	wire_end();
}

/* --- a grant --- */

#define GRANT(users, items, from, to) \
	"{" WHO ",\"users\":" users ",\"items\":" items ",\"from\":" from ",\"to\":" to "}"
#define US "[\"" REF22 "\"]"
#define IT "[\"annual-report\"]"
#define FROM "\"2025-12-01\""
#define TO "\"2026-01-31\""

static const struct row grant_rows[] = {
	{ "{" WHO ",\"items\":" IT ",\"from\":" FROM ",\"to\":" TO "}", "users" },
	{ "{" WHO ",\"users\":" US ",\"from\":" FROM ",\"to\":" TO "}", "items" },
	{ "{" WHO ",\"users\":" US ",\"items\":" IT ",\"to\":" TO "}", "from" },
	{ "{" WHO ",\"users\":" US ",\"items\":" IT ",\"from\":" FROM "}", "to" },
	{ GRANT("\"" REF22 "\"", IT, FROM, TO), "users" },
	{ GRANT("[]", IT, FROM, TO), "users" },
	{ GRANT("[1]", IT, FROM, TO), "users" },
	{ GRANT("[\"\"]", IT, FROM, TO), "users" },
	{ GRANT("[\"" REF22 "A\"]", IT, FROM, TO), "users" },
	{ GRANT("[\"AAAAAAAAAAAAAAAAAAAA'=\"]", IT, FROM, TO), "users" },
	{ GRANT("[\"" REF22 "\",\"" REF22 "\"]", IT, FROM, TO), "users" },
	{ GRANT("[\"\\ud800\"]", IT, FROM, TO), "users" },
	{ GRANT(US, "\"annual-report\"", FROM, TO), "items" },
	{ GRANT(US, "{}", FROM, TO), "items" },
	{ GRANT(US, "[]", FROM, TO), "items" },
	{ GRANT(US, "[null]", FROM, TO), "items" },
	{ GRANT(US, "[\"a\",\"a\"]", FROM, TO), "items" },
	{ GRANT(US, "[\"" X64 "x\"]", FROM, TO), "items" },
	{ GRANT(US, "[\"annual\u200breport\"]", FROM, TO), "items" },
	{ GRANT(US, IT, "20251201", TO), "from" },
	{ GRANT(US, IT, "\"\"", TO), "from" },
	{ GRANT(US, IT, "\"20251201\"", TO), "from" },
	{ GRANT(US, IT, "\"2025/12/01\"", TO), "from" },
	{ GRANT(US, IT, "\"2025.12.01\"", TO), "from" },
	{ GRANT(US, IT, "\"2025-12-1\"", TO), "from" },
	{ GRANT(US, IT, "\"25-12-01\"", TO), "from" },
	{ GRANT(US, IT, "\"01-12-2025\"", TO), "from" },
	{ GRANT(US, IT, "\"2025-13-01\"", TO), "from" },
	{ GRANT(US, IT, "\"2025-12-00\"", TO), "from" },
	{ GRANT(US, IT, "\"2025-02-29\"", TO), "from" },
	{ GRANT(US, IT, "\"2025-12-01T00:00:00Z\"", TO), "from" },
	{ GRANT(US, IT, "\"2025-12-01 \"", TO), "from" },
	{ GRANT(US, IT, "\"+025-12-01\"", TO), "from" },
	{ GRANT(US, IT, "\"２０２５-12-01\"", TO), "from" },
	{ GRANT(US, IT, "\"2025年12月1日\"", TO), "from" },
	{ GRANT(US, IT, "\"1764000000\"", TO), "from" },
	{ GRANT(US, IT, "\"9999-12-01\"", TO), "from" },
	{ GRANT(US, IT, "\"2025-12-01\\u0000\"", TO), "from" },
	{ GRANT(US, IT, FROM, "\"2026-1-31\""), "to" },
	{ GRANT(US, IT, FROM, "\"2026-02-30\""), "to" },
	{ GRANT(US, IT, FROM, "null"), "to" },
	{ GRANT(US, IT, FROM, TO ",\"x\":1"), "x" },
};

/* 33 of the kind, each another. */
static void test_too_many(void)
{
	struct up_buf body = { 0 };

	for (int users = 0; users < 2; users++) {
		up_buf_reset(&body);
		up_buf_put_str(&body, "{" WHO ",\"from\":" FROM ",\"to\":" TO);
		up_buf_put_str(&body, users ? ",\"items\":" IT ",\"users\":["
					    : ",\"users\":" US ",\"items\":[");
		for (int i = 0; i < 33; i++)
			up_buf_printf(&body, "%s\"AAAAAAAAAAAAAAAAAAAA%02d\"", i > 0 ? "," : "", i);
		up_buf_put_str(&body, "]}");
		check("/holder/grants", up_buf_cstr(&body), users ? "users" : "items");
	}
	up_buf_free(&body);
}

static void test_grant(void)
{
	wire_begin();
	li = wire_principal();
	CU_ASSERT_EQUAL(wire_get(&li, "/holder/grants?certificate=CERT-1"), 200);
	for (size_t i = 0; i < UP_ARRAY_LEN(grant_rows); i++)
		check("/holder/grants", grant_rows[i].body, grant_rows[i].member);
	test_too_many();
	wire_hang_up(&li);
	wire_end();
}

/* What only the operation can know, it tells by name as well. */
static void test_judged_grant(void)
{
	static const struct { const char *items, *from, *to, *error, *member; } rows[] = {
		{ "[\"nothing\"]", FROM, TO, "invalid_request", "items" },
		{ IT, "\"2025-11-24\"", TO, "period_past", "from" },
		{ IT, FROM, "\"2025-11-30\"", "period_too_short", "to" },
		{ IT, FROM, "\"2026-12-01\"", "period_too_long", "to" },
	};
	struct phone u;
	char body[512];

	wire_begin();
	li = wire_principal();
	u = wire_make(&li, UP_ROLE_USER, 1);
	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		snprintf(body, sizeof(body), "{" WHO ",\"users\":[\"%s\"],\"items\":%s,"
		    "\"from\":%s,\"to\":%s}", u.h.ref, rows[i].items, rows[i].from, rows[i].to);
		UP_CHECK(wire_post(&li, "/holder/grants", body) == 400, rows[i].error);
		UP_CHECK(strcmp(wire_member("error"), rows[i].error) == 0, rows[i].error);
		UP_CHECK(strcmp(wire_member("member"), rows[i].member) == 0, rows[i].error);
	}
	CU_ASSERT_EQUAL(fixture_count(&wire_f, "SELECT count(*) FROM item_grant"), 0);
	wire_hang_up(&u);
	wire_hang_up(&li);
	wire_end();
}

/* --- the rest --- */

static void test_queries(void)
{
	static const struct { const char *path, *member; } rows[] = {
		{ "/holder/managers", "certificate" },
		{ "/holder/users?certificate=", "certificate" },
		{ "/holder/items?certificate=" X576, "certificate" },
		{ "/holder/users?certificate=CERT-1&limit=0", "limit" },
		{ "/holder/users?certificate=CERT-1&limit=501", "limit" },
		{ "/holder/users?certificate=CERT-1&limit=x", "limit" },
		{ "/holder/users?certificate=CERT-1&before=-1", "before" },
		{ "/holder/grants?certificate=CERT-1&before=1e3", "before" },
		{ "/holder/devices?certificate=CERT-1&user=x", "user" },
		{ "/holder/grants?certificate=CERT%E2%80%8B-1", "certificate" },
		/* no form at all */
		{ "/holder/users?certificate=CERT-1&certificate=CERT-1", "" },
		{ "/holder/users?certificate=CERT-1%00", "" },
		{ "/holder/users?certificate=%ED%A0%80", "" },
	};

	wire_begin();
	li = wire_principal();
	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		UP_CHECK(wire_get(&li, rows[i].path) == 400, rows[i].path);
		UP_CHECK(strcmp(wire_member("member"), rows[i].member) == 0, rows[i].path);
	}
	/* nobody's certificate, and another unit's: one answer */
	CU_ASSERT_EQUAL(wire_get(&li, "/holder/users?certificate=CERT-2"), 403);
	CU_ASSERT_STRING_EQUAL(wire_member("error"), "role_not_live");
	CU_ASSERT_EQUAL(wire_get(&li, "/holder/users?certificate=CERT-9"), 403);
	wire_hang_up(&li);
	wire_end();
}

static void test_keys(void)
{
	static const char *const wrong[] = {
		"Idempotency-Key: \r\n", "Idempotency-Key: a b\r\n", "Idempotency-Key: é\r\n",
		"Idempotency-Key: a\r\nIdempotency-Key: b\r\n",
		"Idempotency-Key: " X64 X64 "x\r\n",
	};

	wire_begin();
	li = wire_principal();
	CU_ASSERT_EQUAL(wire_get(&li, "/holder/users?certificate=CERT-1"), 200);
	for (size_t i = 0; i < UP_ARRAY_LEN(wrong); i++) {
		wire_headers = wrong[i];
		check("/holder/users", wire_person(1), "Idempotency-Key");
	}
	wire_headers = "Idempotency-Key: " X64 X64 "\r\n";
	CU_ASSERT_EQUAL(wire_post(&li, "/holder/users", wire_person(1)), 200);
	wire_hang_up(&li);
	wire_end();
}

/* The same in Chinese: as a phone asks for it. */
static void test_chinese(void)
{
	wire_begin();
	li = wire_principal();
	wire_headers = "Accept-Language: zh-CN\r\n";
	wire_language = "";
	CU_ASSERT_EQUAL(wire_post(&li, "/holder/users", "{" WHO "}"), 400);
	CU_ASSERT_STRING_EQUAL(wire_member("detail"), "缺少此项，请补充");
	wire_language = "Accept-Language: en\r\n";
	wire_headers = "";
	CU_ASSERT_EQUAL(wire_post(&li, "/holder/users", "{" WHO "}"), 400);
	CU_ASSERT_STRING_EQUAL(wire_member("detail"), "is missing; add it");
	wire_hang_up(&li);
	wire_end();
}

/* --- core/json_where --- */

static void test_where(void)
{
	static const struct { const char *text; enum up_json_why why; const char *member;
	} rows[] = {
		{ "{\"a\":\"b\"}", UP_JSON_NOWHERE, "" },
		{ "{\"a\":\"b\",\"c\" : \"\\ud83d\\ude00\"}", UP_JSON_NOWHERE, "" },
		{ "{\"a\":\"b\",\"c\" :\t\"\\ud83d\"}", UP_JSON_ENCODING, "c" },
		{ "{\"a\":\"\\ude00\"}", UP_JSON_ENCODING, "a" },
		{ "{\"a\":[\"x\",{\"b\":\"\\ud800\\ud800\"}]}", UP_JSON_ENCODING, "b" },
		{ "{\"a\":[\"x\",\"\xff\"]}", UP_JSON_ENCODING, "a" },
		{ "{\"a\":\"\\u0000\"}", UP_JSON_NUL, "a" },
		{ "{\"a\":\"\\\\u0000\"}", UP_JSON_NOWHERE, "" },
		{ "{\"a\":\"\\\"\\ud800\"}", UP_JSON_ENCODING, "a" },
		{ "{\"\\ud800\":1}", UP_JSON_ENCODING, "" },
		{ "{\"a\":\"open", UP_JSON_NOWHERE, "" }, { "\"", UP_JSON_NOWHERE, "" },
		{ "{\"a\":\"\\u12", UP_JSON_NOWHERE, "" }, { "", UP_JSON_NOWHERE, "" },
		{ "{\"a\":\"\\", UP_JSON_NOWHERE, "" }, { "\xff{}", UP_JSON_NOWHERE, "" },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		const struct up_json_where where = up_json_where(up_span_str(rows[i].text));

		UP_CHECK(where.why == rows[i].why, rows[i].text);
		UP_CHECK(up_span_eq_str(where.member, rows[i].member), rows[i].text);
	}
}

UP_SUITE("holder_input", test_person, test_person_folds, test_grant, test_judged_grant,
    test_queries, test_keys, test_chinese, test_where)
