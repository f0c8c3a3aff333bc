/* SPDX-License-Identifier: Apache-2.0
 * What an administrator writes: its records, and what ends with a client or a phone. */
#include <string.h>

#include "test_store_fixture.h"

#define SESSION "ssssssssssssssssssssss"

struct newest { char text[1024]; };

static int keep(void *arg, int64_t seq, struct up_span canonical)
{
	struct newest *n = arg;

	(void)seq;
	snprintf(n->text, sizeof(n->text), "%.*s", (int)canonical.n, (const char *)canonical.p);
	return 1;
}

static bool newest_has(struct fixture *f, const char *part)
{
	const struct up_usage_filter filter = { .limit = 1 };
	struct newest n = { "" };

	CU_ASSERT_EQUAL(up_store_usage(f->store, &filter, keep, &n), UP_OK);
	return strstr(n.text, part) != NULL;
}

static bool session_lives(struct fixture *f, const char *id)
{
	struct up_session *session;
	bool lives;

	CU_ASSERT_EQUAL_FATAL(up_store_session(f->store, id, &session), UP_OK);
	lives = !session->revoked;
	up_store_session_free(&session);
	return lives;
}

static enum up_err decide(struct fixture *f, int64_t now_ms)
{
	struct up_op_decide op = fixture_decide(f, true);

	op.op.now_ms = now_ms;
	return fixture_run(f, &op.op);
}

static enum up_err redeem(struct fixture *f, const char *session, int64_t now_ms)
{
	struct up_op_redeem op = fixture_redeem(f, session);

	op.op.now_ms = now_ms;
	return fixture_run(f, &op.op);
}

static enum up_err set(struct fixture *f, const char *status, int64_t now_ms)
{
	return fixture_client_set(f->store, UP_SPAN_LIT("portal"), status, now_ms);
}

/* Every write from the command line leaves one record that names what, from what, to what, and who;
 * what changes nothing leaves none. */
static void test_records(void)
{
	static const struct up_client p2 = {.id = (char *)"p2",
	    .name = (char *)"二号",
	    .origin = (char *)"https://p2.example.org",
	    .has_secret = true};
	static const struct up_client keys = {.id = (char *)"p2", .jwks = (char *)"{\"keys\":[]}"};
	struct fixture f;

	fixture_open(&f, false);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM usage"), FIXTURE_CHANGES);
	CU_ASSERT_EQUAL(fixture_client_put(f.store, &p2, NOW), UP_OK);
	CU_ASSERT(newest_has(&f, "\"event\":\"client.add\"") &&
		  newest_has(&f, "\"after\":\"{\\\"authentication\\\":\\\"client_secret\\\"}\""));
	CU_ASSERT(newest_has(&f, "\"client\":\"p2\"") &&
		  newest_has(&f, "\"client_name\":\"二号\"") &&
		  newest_has(&f, "\"operator\":\"root-li\""));
	CU_ASSERT(
	    newest_has(&f, "\"channel\":\"command-line\"") && newest_has(&f, "\"result\":\"ok\""));
	CU_ASSERT_EQUAL(fixture_client_rotate(f.store, &keys, NOW), UP_OK);
	CU_ASSERT(newest_has(&f, "\"event\":\"client.rotate\"") &&
		  newest_has(&f, "\"before\":\"{\\\"authentication\\\":\\\"client_secret\\\"}\""));
	CU_ASSERT_EQUAL(fixture_item_put(f.store, UP_SPAN_LIT("change"), UP_SPAN_LIT("变更"),
			    UP_SPAN_LIT("p2"), NOW),
	    UP_OK);
	CU_ASSERT(
	    newest_has(&f, "\"event\":\"item.add\"") && newest_has(&f, "\"item\":\"change\""));
	CU_ASSERT_EQUAL(
	    fixture_authority_put(f.store, UP_SPAN_LIT("hn"), UP_SPAN_LIT("新名"), NOW), UP_OK);
	CU_ASSERT(
	    newest_has(&f, "\"event\":\"authority.change\"") && newest_has(&f, "省登记管理局"));
	CU_ASSERT_EQUAL(
	    fixture_authority_put(f.store, UP_SPAN_LIT("hn"), UP_SPAN_LIT("新名"), NOW), UP_OK);
	CU_ASSERT_EQUAL(set(&f, "disabled", NOW), UP_OK);
	CU_ASSERT(newest_has(&f, "\"event\":\"client.disable\"") &&
		  newest_has(&f, "\"before\":\"{\\\"status\\\":\\\"live\\\"}\""));
	CU_ASSERT_EQUAL(set(&f, "disabled", NOW), UP_E_STATE);
	CU_ASSERT_EQUAL(set(&f, "live", NOW), UP_OK);
	CU_ASSERT(newest_has(&f, "\"event\":\"client.enable\""));
	CU_ASSERT_EQUAL(set(&f, "removed", NOW), UP_OK);
	CU_ASSERT(newest_has(&f, "\"event\":\"client.remove\""));
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM usage"), FIXTURE_CHANGES + 7);
	CU_ASSERT(fixture_gapless(&f));
	fixture_close(&f);
}

/* SECURITY 17: what a client began ends with it, and does not come back when the client does. */
static void test_client_ends(void)
{
	int64_t before, after;
	struct fixture f;

	fixture_open(&f, false);
	fixture_enrol(&f);
	CU_ASSERT_EQUAL(redeem(&f, SESSION, NOW), UP_OK);
	CU_ASSERT_EQUAL(up_store_clients_version(f.store, &before), UP_OK);
	CU_ASSERT_EQUAL(set(&f, "disabled", NOW + 1000), UP_OK);
	CU_ASSERT_EQUAL(up_store_clients_version(f.store, &after), UP_OK);
	CU_ASSERT(after > before);
	CU_ASSERT(!session_lives(&f, SESSION));
	CU_ASSERT_EQUAL(decide(&f, NOW + 2000), UP_E_CLIENT);
	CU_ASSERT_EQUAL(
	    redeem(&f, "rrrrrrrrrrrrrrrrrrrrrr", NOW + 2000), UP_E_CLIENT);
	CU_ASSERT_EQUAL(set(&f, "live", NOW + 3000), UP_OK);
	CU_ASSERT(!session_lives(&f, SESSION));
	CU_ASSERT_EQUAL(redeem(&f, "rrrrrrrrrrrrrrrrrrrrrr", NOW + 4000), UP_OK);
	CU_ASSERT(session_lives(&f, "rrrrrrrrrrrrrrrrrrrrrr"));
	CU_ASSERT_EQUAL(set(&f, "removed", NOW + 5000), UP_OK);
	CU_ASSERT(!session_lives(&f, "rrrrrrrrrrrrrrrrrrrrrr"));
	CU_ASSERT_EQUAL(set(&f, "live", NOW + 6000), UP_E_NOT_FOUND);
	CU_ASSERT_EQUAL(set(&f, "removed", NOW + 6000), UP_E_NOT_FOUND);
	CU_ASSERT_EQUAL(
	    fixture_client_set(f.store, UP_SPAN_LIT("nobody"), "disabled", NOW), UP_E_NOT_FOUND);
	CU_ASSERT_EQUAL(fixture_item_put(f.store, UP_SPAN_LIT("late"), UP_SPAN_LIT("X"),
			    UP_SPAN_LIT("portal"), NOW),
	    UP_E_CLIENT);
	fixture_close(&f);
}

static void test_client_list(void)
{
	static const struct up_client again = {
	    .id = (char *)"portal", .name = (char *)"n", .origin = (char *)"https://p.example.org"};
	struct up_client **clients;
	struct fixture f;
	bool known;
	size_t n;

	fixture_open(&f, false);
	CU_ASSERT_EQUAL(set(&f, "removed", NOW), UP_OK);
	CU_ASSERT_EQUAL_FATAL(up_store_clients(f.store, false, &clients, &n), UP_OK);
	CU_ASSERT_EQUAL(n, 0);
	up_store_clients_free(&clients, n);
	CU_ASSERT_EQUAL_FATAL(up_store_clients(f.store, true, &clients, &n), UP_OK);
	CU_ASSERT_EQUAL_FATAL(n, 1);
	CU_ASSERT_STRING_EQUAL(clients[0]->status, "removed");
	up_store_clients_free(&clients, n);
	CU_ASSERT_EQUAL(fixture_client_put(f.store, &again, NOW), UP_E_STATE);
	CU_ASSERT(
	    up_store_known(f.store, UP_KNOWN_CLIENT, UP_SPAN_LIT("portal"), &known) == UP_OK &&
	    known);
	CU_ASSERT(up_store_known(f.store, UP_KNOWN_CLIENT, UP_SPAN_LIT("porta"), &known) == UP_OK &&
		  !known);
	CU_ASSERT(
	    up_store_known(f.store, UP_KNOWN_UNIT, UP_SPAN_LIT(U1), &known) == UP_OK && known);
	CU_ASSERT(
	    up_store_known(f.store, UP_KNOWN_PERSON, UP_SPAN_LIT("nobody"), &known) == UP_OK &&
	    !known);
	fixture_close(&f);
}

struct phones { size_t n; char ref[23]; bool ended; };

static int see(void *arg, const struct up_device_view *d)
{
	struct phones *p = arg;

	p->n++;
	snprintf(p->ref, sizeof(p->ref), "%.*s", (int)d->ref.n, (const char *)d->ref.p);
	p->ended = up_span_eq_str(d->status, "ended");
	CU_ASSERT(up_span_eq_str(d->units, U1));
	return 0;
}

static struct phones phones(struct fixture *f, struct up_device_filter filter)
{
	struct phones p = { 0 };

	CU_ASSERT_EQUAL(up_store_devices(f->store, &filter, see, &p), UP_OK);
	return p;
}

static void test_phone_ends(void)
{
	struct up_device d;
	struct phones p;
	struct fixture f;

	fixture_open(&f, false);
	fixture_enrol(&f);
	CU_ASSERT_EQUAL(redeem(&f, SESSION, NOW), UP_OK);
	p = phones(&f, (struct up_device_filter){ .unit = UP_SPAN_LIT(U1) });
	CU_ASSERT_EQUAL_FATAL(p.n, 1);
	CU_ASSERT_EQUAL(phones(&f, (struct up_device_filter){ .unit = UP_SPAN_LIT(U2) }).n, 0);
	CU_ASSERT_EQUAL(fixture_device_end(f.store, up_span_str(p.ref), NOW), UP_OK);
	CU_ASSERT(newest_has(&f, "\"event\":\"device.end\"") &&
		  newest_has(&f, "\"unit_code\":\"" U1 "\"") && newest_has(&f, p.ref));
	CU_ASSERT_EQUAL(up_store_device(f.store, f.token_hash, &d), UP_E_ENDED);
	CU_ASSERT(!session_lives(&f, SESSION));
	CU_ASSERT_EQUAL(decide(&f, NOW), UP_E_ENDED);
	CU_ASSERT_EQUAL(redeem(&f, "rrrrrrrrrrrrrrrrrrrrrr", NOW), UP_E_ENDED);
	CU_ASSERT_EQUAL(phones(&f, (struct up_device_filter){ 0 }).n, 0);
	CU_ASSERT(phones(&f, (struct up_device_filter){ .ended_too = true }).ended);
	CU_ASSERT_EQUAL(fixture_device_end(f.store, up_span_str(p.ref), NOW), UP_E_STATE);
	CU_ASSERT_EQUAL(fixture_device_end(f.store, UP_SPAN_LIT("nobody"), NOW), UP_E_NOT_FOUND);
	/* the window gives her another phone */
	CU_ASSERT_EQUAL(fixture_put_code(f.store, U1, &fixture_li, "next"), UP_OK);
	CU_ASSERT(fixture_gapless(&f));
	fixture_close(&f);
}

UP_SUITE("store admin", test_records, test_client_ends, test_client_list, test_phone_ends)
