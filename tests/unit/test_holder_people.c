/* SPDX-License-Identifier: Apache-2.0
 * Managers, users, grants and phones over the wire: what is answered, what is signed and kept, and
 * what is answered again. */
#include <string.h>

#include "core/hash.h"
#include "core/text.h"
#include "test_holder_fixture.h"

#define NOBODY "AAAAAAAAAAAAAAAAAAAAAA"
#define Q "?certificate=CERT-1"

static char path[512];
#define PATH(...) (snprintf(path, sizeof(path), __VA_ARGS__), path)

static int64_t records(void)
{
	return fixture_count(&wire_f, "SELECT count(*) FROM usage");
}

/* --- managers and users --- */

static void test_add_and_see(void)
{
	struct phone li;
	struct holder m = { .who = 1, .is = UP_ROLE_MANAGER };

	wire_begin();
	li = wire_principal();
	CU_ASSERT_EQUAL(wire_get(&li, "/holder/managers" Q), 200);
	CU_ASSERT_STRING_EQUAL(wire_body(), "{\"managers\":[]}");
	CU_ASSERT_EQUAL(wire_post(&li, "/holder/managers", wire_person(1)), 200);
	CU_ASSERT_STRING_EQUAL(wire_member("status"), "waiting");
	CU_ASSERT_STRING_EQUAL(wire_member("expires"), "1764000300");
	CU_ASSERT_EQUAL(strlen(wire_member("code")), 22);
	CU_ASSERT_TRUE(wire_says("\"usage_receipt\":{\"record\":\""));
	strcpy(m.ref, wire_member("ref"));
	strcpy(m.code, wire_member("code"));
	/* the code that was shown is what her phone takes */
	CU_ASSERT_EQUAL(people_take(&wire_f, &m, m.code), UP_OK);
	CU_ASSERT_EQUAL(wire_get(&li, "/holder/managers" Q), 200);
	CU_ASSERT_STRING_EQUAL(wire_member("ref"), m.ref);
	CU_ASSERT_STRING_EQUAL(wire_member("name"), "王芳");
	CU_ASSERT_STRING_EQUAL(wire_member("mobile"), "137****0001");
	CU_ASSERT_STRING_EQUAL(wire_member("status"), "live");
	CU_ASSERT_STRING_EQUAL(wire_member("since"), "1764000000");
	CU_ASSERT_STRING_EQUAL(wire_member("may_authorise"), "true");
	CU_ASSERT_EQUAL(wire_get(&li, PATH("/holder/managers/%s" Q, m.ref)), 200);
	CU_ASSERT_STRING_EQUAL(wire_member("mobile"), "13700000001");
	/* she is no user, and nobody's list else */
	CU_ASSERT_EQUAL(wire_get(&li, PATH("/holder/users/%s" Q, m.ref)), 404);
	CU_ASSERT_EQUAL(wire_get(&li, "/holder/users" Q), 200);
	CU_ASSERT_STRING_EQUAL(wire_body(), "{\"users\":[]}");
	CU_ASSERT_EQUAL(wire_post(&li, PATH("/holder/managers/%s/code", m.ref), PLAIN), 200);
	CU_ASSERT_EQUAL(strlen(wire_member("code")), 22);
	CU_ASSERT_EQUAL(wire_post(&li, PATH("/holder/managers/%s/delete", m.ref), PLAIN), 200);
	CU_ASSERT_STRING_EQUAL(wire_member("ref"), m.ref);
	CU_ASSERT_STRING_EQUAL(wire_member("role"), "manager");
	CU_ASSERT_EQUAL(wire_get(&li, "/holder/managers" Q), 200);
	CU_ASSERT_STRING_EQUAL(wire_body(), "{\"managers\":[]}");
	wire_hang_up(&li);
	wire_end();
}

/* Rule 5: what the check says decides, and who may not add causes none. */
static void test_real_name(void)
{
	struct phone li, m, u;

	wire_begin();
	li = wire_principal();
	m = wire_make(&li, UP_ROLE_MANAGER, 1);
	u = wire_make(&m, UP_ROLE_USER, 2);
	CU_ASSERT_EQUAL(wire_post(&li, "/holder/users", wire_person(100)), 400);
	CU_ASSERT_STRING_EQUAL(wire_member("error"), "person_mismatch");
	CU_ASSERT_EQUAL(wire_post(&li, "/holder/users", wire_person(200)), 400);
	CU_ASSERT_STRING_EQUAL(wire_member("error"), "person_unknown");
	CU_ASSERT_STRING_EQUAL(wire_member("member"), "resident_id");
	CU_ASSERT_EQUAL(wire_post(&u, "/holder/users", wire_person(3)), 403);
	CU_ASSERT_STRING_EQUAL(wire_member("error"), "role_not_live");
	CU_ASSERT_EQUAL(wire_post(&m, "/holder/managers", wire_person(3)), 403);
	/* nobody is there to be asked */
	up_checks_stop(wire_server.checks);
	CU_ASSERT_EQUAL(wire_post(&m, "/holder/users", wire_person(3)), 200);
	CU_ASSERT_STRING_EQUAL(wire_member("status"), "pending");
	CU_ASSERT_STRING_EQUAL(wire_member("code"), "");
	CU_ASSERT_EQUAL(
	    wire_post(&m, PATH("/holder/users/%s/code", wire_member("ref")), PLAIN), 409);
	CU_ASSERT_STRING_EQUAL(wire_member("error"), "realname_pending");
	wire_hang_up(&li);
	wire_hang_up(&m);
	wire_hang_up(&u);
	wire_end();
}

/* Of another unit, ended, not hers to see, a manager asked for as a user, nobody's, none at all:
 * one answer, to reads and to changes. */
static void test_one_negative(void)
{
	static const char *const forms[][2] = {
	    { "/holder/users/", Q }, { "/holder/users/", "/code" }, { "/holder/users/", "/delete" },
	    { "/holder/grants/", Q }, { "/holder/grants/", "/cancel" },
	    { "/holder/devices/", "/end" } };
	struct phone li, zhao, m, u, theirs, gone;
	const char *refs[8];
	char first[512] = "";

	wire_begin();
	li = wire_principal();
	zhao = wire_stranger();
	m = wire_make(&li, UP_ROLE_MANAGER, 1);
	u = wire_make(&li, UP_ROLE_USER, 2);
	theirs = wire_make(&zhao, UP_ROLE_USER, 3);
	gone = wire_make(&m, UP_ROLE_USER, 4);
	CU_ASSERT_EQUAL(people_delete(&wire_f, &m.h, &gone.h, NULL), UP_OK);
	refs[0] = NOBODY;
	refs[1] = theirs.h.ref;
	refs[2] = u.h.ref;
	refs[3] = gone.h.ref;
	refs[4] = m.h.ref;
	refs[5] = "x";
	refs[6] = "%00";
	refs[7] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
	for (size_t i = 0; i < UP_ARRAY_LEN(forms); i++)
		for (size_t k = 0; k < UP_ARRAY_LEN(refs); k++) {
			const char *at = PATH("%s%s%s", forms[i][0], refs[k], forms[i][1]);
			int status = strchr(at, '?') != NULL ? wire_get(&m, at)
							     : wire_post(&m, at, PLAIN);

			UP_CHECK(status == 404, at);
			if (k == 0)
				snprintf(first, sizeof(first), "%s", wire_body());
			UP_CHECK(strcmp(wire_body(), first) == 0, at);
		}
	wire_hang_up(&li);
	wire_hang_up(&zhao);
	wire_hang_up(&m);
	wire_hang_up(&u);
	wire_hang_up(&theirs);
	wire_hang_up(&gone);
	wire_end();
}

static void test_pages(void)
{
	struct phone li;
	char refs[5][23], next[32];
	char at[64] = "";
	size_t seen = 0;

	wire_begin();
	li = wire_principal();
	for (int i = 0; i < 5; i++) {
		CU_ASSERT_EQUAL(wire_post(&li, "/holder/users", wire_person(1 + i)), 200);
		strcpy(refs[i], wire_member("ref"));
	}
	for (int page = 0; page < 3; page++) {
		CU_ASSERT_EQUAL(wire_get(&li, PATH("/holder/users" Q "&limit=2%s", at)), 200);
		for (size_t i = 0; i < (page < 2 ? 2u : 1u); i++, seen++)
			UP_CHECK(wire_says(refs[4 - seen]), refs[4 - seen]);
		snprintf(next, sizeof(next), "%s", wire_member("next"));
		CU_ASSERT_EQUAL(next[0] != '\0', page < 2);
		snprintf(at, sizeof(at), "&before=%.20s", next);
	}
	wire_hang_up(&li);
	wire_end();
}

/* --- grants and phones --- */

#define GRANT "{" WHO ",\"users\":[\"%s\"],\"items\":[\"annual-report\"]," \
	"\"from\":\"%s\",\"to\":\"%s\"}"

static int grant(const struct phone *by, const char *user, const char *from, const char *to)
{
	char body[512];

	snprintf(body, sizeof(body), GRANT, user, from, to);
	return wire_post(by, "/holder/grants", body);
}

static void test_grants(void)
{
	struct phone li, m, u;
	char ref[23], code[23];

	wire_begin();
	li = wire_principal();
	m = wire_make(&li, UP_ROLE_MANAGER, 1);
	u = wire_make(&m, UP_ROLE_USER, 2);
	CU_ASSERT_EQUAL(wire_get(&m, "/holder/items" Q), 200);
	CU_ASSERT_STRING_EQUAL(wire_body(), "{\"items\":[{\"item\":\"annual-report\",\"name\":"
	    "\"年度报告\",\"client\":\"portal\",\"client_name\":\"年报系统\"}]}");
	CU_ASSERT_EQUAL(grant(&m, u.h.ref, "2025-11-25", "2026-11-24"), 200);
	strcpy(ref, wire_member("grant"));
	strcpy(code, wire_member("code"));
	CU_ASSERT_STRING_EQUAL(wire_member("user"), u.h.ref);
	CU_ASSERT_STRING_EQUAL(wire_member("status"), "waiting");
	CU_ASSERT_EQUAL(people_take(&wire_f, &u.h, code), UP_OK);
	for (int i = 0; i < 3; i++) {    /* the principal, the manager, and she herself see it */
		const struct phone *who[] = { &li, &m, &u };

		CU_ASSERT_EQUAL(wire_get(who[i], "/holder/grants" Q), 200);
		CU_ASSERT_STRING_EQUAL(wire_member("grant"), ref);
		CU_ASSERT_STRING_EQUAL(wire_member("status"), "live");
		CU_ASSERT_STRING_EQUAL(wire_member("from"), "2025-11-25");
		CU_ASSERT_STRING_EQUAL(wire_member("to"), "2026-11-24");
		CU_ASSERT_STRING_EQUAL(wire_member("grantor"), m.h.ref);
		CU_ASSERT_TRUE(wire_says("\"items\":[\"annual-report\"]"));
		CU_ASSERT_EQUAL(wire_get(who[i], PATH("/holder/grants/%s" Q, ref)), 200);
	}
	CU_ASSERT_EQUAL(wire_get(&u, "/holder/users" Q), 403);
	CU_ASSERT_EQUAL(wire_post(&u, PATH("/holder/grants/%s/cancel", ref), PLAIN), 403);
	CU_ASSERT_EQUAL(wire_post(&m, PATH("/holder/grants/%s/cancel", ref), PLAIN), 200);
	CU_ASSERT_STRING_EQUAL(wire_member("status"), "ended");
	CU_ASSERT_EQUAL(wire_post(&m, PATH("/holder/grants/%s/cancel", ref), PLAIN), 409);
	CU_ASSERT_EQUAL(wire_get(&m, "/holder/grants" Q), 200);
	CU_ASSERT_STRING_EQUAL(wire_body(), "{\"grants\":[]}");
	CU_ASSERT_EQUAL(wire_get(&m, PATH("/holder/grants/%s" Q, ref)), 200);
	CU_ASSERT_STRING_EQUAL(wire_member("ended"), "1764000000");
	wire_hang_up(&li);
	wire_hang_up(&m);
	wire_hang_up(&u);
	wire_end();
}

static void test_phones(void)
{
	struct phone li, m, u;

	wire_begin();
	li = wire_principal();
	m = wire_make(&li, UP_ROLE_MANAGER, 1);
	u = wire_make(&m, UP_ROLE_USER, 2);
	CU_ASSERT_EQUAL(wire_get(&m, "/holder/devices" Q), 200);
	CU_ASSERT_STRING_EQUAL(wire_member("device"), m.h.phone);
	CU_ASSERT_STRING_EQUAL(wire_member("own"), "true");
	CU_ASSERT_TRUE(wire_says(u.h.phone) && wire_says(u.h.ref));
	CU_ASSERT_EQUAL(wire_post(&m, PATH("/holder/devices/%s/end", u.h.phone), PLAIN), 200);
	CU_ASSERT_STRING_EQUAL(wire_member("device"), u.h.phone);
	CU_ASSERT_EQUAL(wire_get(&u, "/holder/devices" Q), 401);
	CU_ASSERT_STRING_EQUAL(wire_member("error"), "device_ended");
	wire_hang_up(&li);
	wire_hang_up(&m);
	wire_hang_up(&u);
	wire_end();
}

/* --- what is signed, and kept --- */

static void test_signed_body(void)
{
	struct phone li;
	int64_t before;

	wire_begin();
	li = wire_principal();
	CU_ASSERT_EQUAL(wire_get(&li, "/holder/managers" Q), 200);
	before = records();
	for (int i = 0; i < 2; i++) {
		wire_sign = i == 0 ? SIGN_NO_BODY : SIGN_OTHER_BODY;
		CU_ASSERT_EQUAL(wire_post(&li, "/holder/managers", wire_person(1)), 401);
		CU_ASSERT_STRING_EQUAL(wire_member("error"), "invalid_dpop_proof");
	}
	CU_ASSERT_EQUAL(records(), before);
	wire_sign = SIGN_BODY;
	CU_ASSERT_EQUAL(wire_post(&li, "/holder/managers", wire_person(1)), 200);
	wire_hang_up(&li);
	wire_end();
}

static void evidence_of(const char *proof, char out[65])
{
	const struct up_span text = up_span_str(proof);
	uint8_t hash[32];

	CU_ASSERT_EQUAL(up_hash_sha256(&text, 1, hash), UP_OK);
	up_text_hex(up_span_of(hash, 32), out);
	out[64] = '\0';
}

/* Done and refused alike; a cascade's records have it once. */
static void test_proof_is_kept(void)
{
	struct phone li, m;
	struct up_buf sql = { 0 };
	char evidence[65];

	wire_begin();
	li = wire_principal();
	m = wire_make(&li, UP_ROLE_MANAGER, 1);
	CU_ASSERT_EQUAL(wire_post(&m, "/holder/users", wire_person(2)), 200);
	CU_ASSERT_EQUAL(wire_post(&m, "/holder/users", wire_person(200)), 400);
	evidence_of(wire_proof, evidence);
	CU_ASSERT_TRUE(fixture_newest_has(&wire_f, evidence));
	up_buf_printf(&sql, "SELECT count(*) FROM proof WHERE proof = '%s' AND seq ="
	    " (SELECT max(seq) FROM usage)", wire_proof);
	CU_ASSERT_EQUAL(fixture_count(&wire_f, up_buf_cstr(&sql)), 1);
	CU_ASSERT_EQUAL(
	    wire_post(&li, PATH("/holder/managers/%s/delete", m.h.ref), PLAIN), 200);
	evidence_of(wire_proof, evidence);
	CU_ASSERT_EQUAL(fixture_having(&wire_f, evidence), 3);   /* two edges, and a phone */
	CU_ASSERT_EQUAL(fixture_count(&wire_f, "SELECT count(*) FROM proof"), 3);
	/* nobody changes one afterwards */
	CU_ASSERT_EQUAL(fixture_change(&wire_f, "UPDATE proof SET seq = 0"), UP_E_STORE);
	CU_ASSERT_EQUAL(fixture_change(&wire_f, "DELETE FROM proof"), UP_E_STORE);
	up_buf_free(&sql);
	wire_hang_up(&li);
	wire_hang_up(&m);
	wire_end();
}

/* --- what is answered again --- */

static void test_asked_again(void)
{
	struct phone li, m;
	char first[4096];
	int64_t before;

	wire_begin();
	li = wire_principal();
	wire_headers = "Idempotency-Key: one\r\n";
	CU_ASSERT_EQUAL(wire_post(&li, "/holder/managers", wire_person(1)), 200);
	snprintf(first, sizeof(first), "%s", wire_body());
	before = records();
	for (int i = 0; i < 3; i++) {    /* twice here, once after a restart */
		if (i == 2)
			wire_restart();
		CU_ASSERT_EQUAL(wire_post(&li, "/holder/managers", wire_person(1)), 200);
		CU_ASSERT_STRING_EQUAL(wire_body(), first);
		CU_ASSERT_EQUAL(records(), before);
	}
	/* another body, another call */
	CU_ASSERT_EQUAL(wire_post(&li, "/holder/managers", wire_person(2)), 422);
	CU_ASSERT_STRING_EQUAL(wire_member("error"), "idempotency_key_reused");
	CU_ASSERT_EQUAL(wire_post(&li, "/holder/users", wire_person(1)), 422);
	CU_ASSERT_EQUAL(records(), before + 2);          /* that they were refused */
	CU_ASSERT_EQUAL(fixture_count(&wire_f, "SELECT count(*) FROM role WHERE role = 'manager'"),
	    1);
	/* another phone's key is another one */
	wire_headers = "";
	m = wire_make(&li, UP_ROLE_MANAGER, 3);
	wire_headers = "Idempotency-Key: one\r\n";
	CU_ASSERT_EQUAL(wire_post(&m, "/holder/users", wire_person(4)), 200);
	/* after a day it is a new one */
	people_now_ms += UP_AGAIN_MS;
	wire_restart();
	CU_ASSERT_EQUAL(wire_post(&li, "/holder/managers", wire_person(1)), 200);
	CU_ASSERT_STRING_NOT_EQUAL(wire_body(), first);
	CU_ASSERT_EQUAL(fixture_count(&wire_f, "SELECT count(*) FROM answer"), 1);
	wire_hang_up(&li);
	wire_hang_up(&m);
	wire_end();
}

/* The same delete of another person is another call; a wrong password counts once. */
static void test_refused_again(void)
{
	struct phone li, a, b;
	char body[256];

	wire_begin();
	li = wire_principal();
	a = wire_make(&li, UP_ROLE_USER, 1);
	b = wire_make(&li, UP_ROLE_USER, 2);
	snprintf(body, sizeof(body),
	    "{\"certificate\":\"CERT-1\",\"password\":\"" OTHER_PASSWORD "\"}");
	wire_headers = "Idempotency-Key: two\r\n";
	for (int i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(
		    wire_post(&li, PATH("/holder/users/%s/delete", a.h.ref), body), 403);
		CU_ASSERT_STRING_EQUAL(wire_member("error"), "wrong_password");
		CU_ASSERT_STRING_EQUAL(wire_member("tries_left"), "5");
	}
	wire_headers = "Idempotency-Key: three\r\n";
	CU_ASSERT_EQUAL(wire_post(&li, PATH("/holder/users/%s/delete", a.h.ref), PLAIN), 200);
	CU_ASSERT_EQUAL(wire_post(&li, PATH("/holder/users/%s/delete", b.h.ref), PLAIN), 422);
	CU_ASSERT_EQUAL(wire_get(&li, PATH("/holder/users/%s" Q, b.h.ref)), 200);
	CU_ASSERT_EQUAL(wire_post(&li, PATH("/holder/users/%s/delete", a.h.ref), PLAIN), 200);
	wire_hang_up(&li);
	wire_hang_up(&a);
	wire_hang_up(&b);
	wire_end();
}

/* A code that was shown lies nowhere in the database, though it is shown again. */
static void test_answers_are_sealed(void)
{
	struct phone li;
	char sql[256];

	wire_begin();
	li = wire_principal();
	wire_headers = "Idempotency-Key: one\r\n";
	CU_ASSERT_EQUAL(wire_post(&li, "/holder/managers", wire_person(1)), 200);
	snprintf(sql, sizeof(sql), "SELECT count(*) FROM answer WHERE sealed LIKE '%%%s%%'",
	    wire_member("code"));
	CU_ASSERT_EQUAL(fixture_count(&wire_f, sql), 0);
	CU_ASSERT_EQUAL(fixture_count(&wire_f, "SELECT count(*) FROM answer"), 1);
	wire_hang_up(&li);
	wire_end();
}

UP_SUITE("holder_people", test_add_and_see, test_real_name, test_one_negative, test_pages,
    test_grants, test_phones, test_signed_body, test_proof_is_kept, test_asked_again,
    test_refused_again, test_answers_are_sealed)
