/* SPDX-License-Identifier: Apache-2.0
 * What somebody tries who has a phone but no password, or a right in one unit and none in another.
 */
#include <stdlib.h>
#include <string.h>

#include "test_holder_fixture.h"
#include "web/legal.h"

#define Q "?certificate=CERT-1"
#define HERS "{\"certificate\":\"CERT-2\",\"password\":\"" PASSWORD "\"}"
#define GUESS "{\"certificate\":\"CERT-1\",\"password\":\"" OTHER_PASSWORD "\"}"

static char path[512];
#define PATH(...) (snprintf(path, sizeof(path), __VA_ARGS__), path)

/* Rule 27: a lock ends at the window or by SMS, not by a code that any manager can make. */
static void test_unlock_by_a_friend(void)
{
	struct fixture f;
	struct holder li, zhao, one = { .who = LI, .is = UP_ROLE_USER };
	struct up_op_enrol enrol;
	char ref[23];

	people_now_ms = NOW;
	fixture_open(&f, true);
	people_principal(&f, &li);
	people_other_unit(&f, &zhao);
	CU_ASSERT_EQUAL_FATAL(people_add(&f, &zhao, &one), UP_OK);
	CU_ASSERT_EQUAL(fixture_change(&f, "UPDATE device SET errors = 6"), UP_OK);
	for (int i = 0; i < 2; i++) {
		enrol = fixture_enrolling(one.code, &fixture_li, ref);
		enrol.device = li.device;
		enrol.unlock = i > 0;
		memset(enrol.password, 9, sizeof(enrol.password));
		CU_ASSERT_EQUAL(fixture_run(&f, &enrol.op), UP_E_LOCKED);
	}
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT min(errors) FROM device"), 6);
	CU_ASSERT_EQUAL(fixture_put_code(f.store, U1, &fixture_li, "window"), UP_OK);
	enrol = fixture_enrolling("window", &fixture_li, ref);
	enrol.device = li.device;
	enrol.unlock = true;
	CU_ASSERT_EQUAL(fixture_run(&f, &enrol.op), UP_OK);
	fixture_close(&f);
}

/* Rule 27: "the same as before" is no answer by which a password could be guessed for nothing. */
static void test_guess_by_key(void)
{
	struct phone li, u;

	wire_begin();
	li = wire_principal();
	u = wire_make(&li, UP_ROLE_USER, 1);
	PATH("/holder/users/%s/delete", u.h.ref);
	wire_headers = "Idempotency-Key: one\r\n";
	CU_ASSERT_EQUAL(wire_post(&li, path, PLAIN), 200);
	for (int left = 5; left > 0; left--) {
		CU_ASSERT_EQUAL(wire_post(&li, path, GUESS), 403);
		CU_ASSERT_STRING_EQUAL(wire_member("error"), "wrong_password");
		CU_ASSERT_EQUAL(atoi(wire_member("tries_left")), left);
		/* what was asked is answered again, and wins no tries back */
		CU_ASSERT_EQUAL(wire_post(&li, path, PLAIN), 200);
	}
	CU_ASSERT_EQUAL(wire_post(&li, path, GUESS), 403);
	CU_ASSERT_STRING_EQUAL(wire_member("error"), "password_locked");
	CU_ASSERT_EQUAL(wire_post(&li, path, PLAIN), 403);
	CU_ASSERT_STRING_EQUAL(wire_member("error"), "password_locked");
	CU_ASSERT(fixture_newest_has(&wire_f, "\"reason\":\"password_locked\""));
	wire_hang_up(&li);
	wire_hang_up(&u);
	wire_end();
}

/* Refusals that are counted rather than recorded do not grow another table instead. */
static void test_keys_without_end(void)
{
	struct phone li;
	char header[64];

	wire_begin();
	li = wire_principal();
	wire_headers = header;
	for (int i = 0; i < 16; i++) {
		snprintf(header, sizeof(header), "Idempotency-Key: %d\r\n", i);
		CU_ASSERT_EQUAL(
		    wire_post(&li, "/holder/users/AAAAAAAAAAAAAAAAAAAAAA/delete", PLAIN), 404);
	}
	CU_ASSERT_EQUAL(fixture_count(&wire_f, "SELECT count(*) FROM answer"), 5);
	wire_hang_up(&li);
	wire_end();
}

static enum up_err add_unseen(struct fixture *f, const struct holder *by, struct holder *one,
    const struct up_named *named)
{
	struct up_op_people_add op = people_adding(by, one, named);
	enum up_err err;

	op.outcome = UP_SPAN_LIT("unavailable");
	err = up_store_run(f->store, &op.by.op);
	memcpy(one->ref, op.out_ref, sizeof(one->ref));
	up_op_clear(&op.by.op);
	return err;
}

/* Rule 5: she waits in one unit for the platform's answer; what another types meanwhile would make
 * that a mismatch, and end her everywhere. */
static void test_typed_over(void)
{
	struct fixture f;
	struct holder li, zhao, one = { .who = 7, .is = UP_ROLE_USER, .code = "a" },
	    two = { .who = 7, .is = UP_ROLE_USER, .code = "b" };
	struct up_named named = people_named(7), other = named;
	struct fixture_pending p;

	other.mobile = UP_SPAN_LIT("13700009999");
	people_now_ms = NOW;
	fixture_open(&f, true);
	people_principal(&f, &li);
	people_other_unit(&f, &zhao);
	CU_ASSERT_EQUAL(add_unseen(&f, &li, &one, &named), UP_OK);
	CU_ASSERT_EQUAL(add_unseen(&f, &zhao, &two, &other), UP_E_UNCHECKED);
	CU_ASSERT_FATAL(fixture_pending(f.store, 0, &p));
	CU_ASSERT(up_span_eq_str(named.mobile, p.person.mobile));
	/* the same is no harm, and what nobody waits for is typed anew (rule 10) */
	CU_ASSERT_EQUAL(add_unseen(&f, &zhao, &two, &named), UP_OK);
	CU_ASSERT_EQUAL(people_delete(&f, &zhao, &two, NULL), UP_OK);
	CU_ASSERT_EQUAL(people_delete(&f, &li, &one, NULL), UP_OK);
	CU_ASSERT_EQUAL(add_unseen(&f, &zhao, &two, &other), UP_OK);
	CU_ASSERT_FATAL(fixture_pending(f.store, 0, &p));
	CU_ASSERT(up_span_eq_str(other.mobile, p.person.mobile));
	fixture_close(&f);
}

/* SECURITY 36: who does not know the password has nobody asked about anybody. */
static void test_no_password_no_check(void)
{
	static struct up_config config;
	struct phone li;
	char why[256], body[512], *at;

	wire_begin();
	config = *wire_server.config;
	config.realname_per_minute = 1;
	wire_server.config = &config;
	up_checks_free(&wire_server.checks);
	CU_ASSERT_EQUAL_FATAL(up_checks_start(&wire_server, &wire_server.checks, why), UP_OK);
	li = wire_principal();
	snprintf(body, sizeof(body), "%s", wire_person(1));
	at = strstr(body, PASSWORD);
	memcpy(at, OTHER_PASSWORD, strlen(OTHER_PASSWORD));
	CU_ASSERT_EQUAL(wire_post(&li, "/holder/users", body), 403);
	CU_ASSERT_STRING_EQUAL(wire_member("tries_left"), "5");
	/* the one check that there is goes to her who knows it */
	CU_ASSERT_EQUAL(wire_post(&li, "/holder/users", wire_person(1)), 200);
	CU_ASSERT_STRING_EQUAL(wire_member("status"), "waiting");
	wire_hang_up(&li);
	wire_end();
}

/* And the phone is not told to ask for a new one, which it would not get. */
static void test_locked_looks(void)
{
	struct phone li, zhao, u;
	struct up_named n;
	char body[512];

	wire_begin();
	li = wire_principal();
	zhao = wire_stranger();
	u = wire_make(&li, UP_ROLE_USER, 1);
	snprintf(body, sizeof(body), "%s", wire_person(1));
	memcpy(strstr(body, "CERT-1"), "CERT-2", 6);
	CU_ASSERT_EQUAL(wire_post(&zhao, "/holder/users", body), 200);
	n = people_named(1);
	snprintf(body, sizeof(body), "{\"code\":\"%s\",\"person\":{\"name\":\"%.*s\","
	    "\"resident_id\":\"%.*s\",\"mobile\":\"%.*s\"}}", wire_member("code"),
	    (int)n.name.n, (const char *)n.name.p, (int)n.resident.n,
	    (const char *)n.resident.p, (int)n.mobile.n, (const char *)n.mobile.p);
	CU_ASSERT_EQUAL(fixture_change(&wire_f, "UPDATE device SET errors = 6"), UP_OK);
	CU_ASSERT_EQUAL_FATAL(up_legal_new("download", &wire_server.statement), UP_OK);
	CU_ASSERT_EQUAL(wire_post(&u, "/holder/enrolments", body), 200);
	CU_ASSERT_STRING_EQUAL(wire_member("password_state"), "set");
	up_legal_free(&wire_server.statement);
	wire_hang_up(&li);
	wire_hang_up(&zhao);
	wire_hang_up(&u);
	wire_end();
}

/* Rule 28: who was taken for somebody in another unit ends no phone of hers but there. */
static void test_false_friend(void)
{
	struct holder other = { .who = LI, .is = UP_ROLE_USER };
	struct phone li, zhao, friend;
	char phone[23], first[4096];

	wire_begin();
	li = wire_principal();
	zhao = wire_stranger();
	CU_ASSERT_EQUAL_FATAL(people_add(&wire_f, &zhao.h, &other), UP_OK);
	CU_ASSERT_EQUAL_FATAL(people_take(&wire_f, &other, other.code), UP_OK);
	friend = wire_phone(&other);
	CU_ASSERT_EQUAL(wire_get(&li, "/holder/devices" Q), 200);
	strcpy(phone, wire_member("device"));
	CU_ASSERT_EQUAL(
	    wire_post(&friend, "/holder/devices/AAAAAAAAAAAAAAAAAAAAAA/end", HERS), 403);
	snprintf(first, sizeof(first), "%s", wire_body());
	CU_ASSERT_EQUAL(wire_post(&friend, PATH("/holder/devices/%s/end", phone), HERS), 403);
	CU_ASSERT_STRING_EQUAL(wire_body(), first);
	CU_ASSERT_EQUAL(wire_get(&li, "/holder/devices" Q), 200);
	/* what is in her hand she ends */
	CU_ASSERT_EQUAL(
	    wire_post(&friend, PATH("/holder/devices/%s/end", other.phone), HERS), 200);
	CU_ASSERT_EQUAL(wire_post(&li, PATH("/holder/devices/%s/end", phone), PLAIN), 200);
	wire_hang_up(&li);
	wire_hang_up(&zhao);
	wire_hang_up(&friend);
	wire_end();
}

/* SECURITY 31: what a phone takes is signed as what it gives: which code, for whom. */
static void test_signed_accept(void)
{
	static const enum wire_sign wrong[] = { SIGN_NO_BODY, SIGN_OTHER_BODY };
	struct phone li;

	wire_begin();
	li = wire_principal();
	CU_ASSERT_EQUAL(wire_post(&li, "/holder/enrolments/accept", PLAIN), 400);
	for (size_t i = 0; i < UP_ARRAY_LEN(wrong); i++) {
		wire_sign = wrong[i];
		CU_ASSERT_EQUAL(wire_post(&li, "/holder/enrolments/accept", PLAIN), 401);
		CU_ASSERT_STRING_EQUAL(wire_member("error"), "invalid_dpop_proof");
	}
	wire_hang_up(&li);
	wire_end();
}

/* What cannot be read filters nothing: it is refused by its name. */
static void test_filter(void)
{
	struct phone li;

	wire_begin();
	li = wire_principal();
	CU_ASSERT_EQUAL(wire_get(&li, PATH("/holder/grants" Q "&user=%0100d", 0)), 400);
	CU_ASSERT_STRING_EQUAL(wire_member("member"), "user");
	CU_ASSERT_EQUAL(wire_get(&li, "/holder/grants" Q "&user=x"), 200);
	CU_ASSERT_STRING_EQUAL(wire_body(), "{\"grants\":[]}");
	wire_hang_up(&li);
	wire_end();
}

UP_SUITE("holder_misuse", test_unlock_by_a_friend, test_locked_looks, test_guess_by_key,
    test_keys_without_end, test_typed_over, test_no_password_no_check, test_false_friend,
    test_signed_accept, test_filter)
