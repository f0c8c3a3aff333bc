/* SPDX-License-Identifier: Apache-2.0
 * By what right, as a portal hears it: a user logs in under a manager's grant, over the real
 * handlers; and what dies between her decision and the redemption takes the login along. */
#include <string.h>
#include <time.h>

#include "core/day.h"
#include "core/text.h"
#include "live_login.h"
#include "test_people_fixture.h"

#define ITEM "change"                    /* of the client that asks; the fixture's is another's */
#define OTHER_ITEM "annual-report"

static struct fixture *f = &login_store;
static struct holder principal, manager, user;   /* of U2; USER has the phone that scans */
static struct given granted;
static uint32_t today;

/* An administrator dates nothing before the newest record. */
static void refresh_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	people_now_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The phone of LI, principal of U1, takes what MANAGER gives. */
static void begin_user(void)
{
	fixture_item_put(f->store, UP_SPAN_LIT(ITEM), UP_SPAN_LIT("变更"), UP_SPAN_LIT("secret"),
	    NOW);
	people_now_ms = NOW;                     /* as the fixture makes its codes */
	people_other_unit(f, &principal);
	manager = people_make(f, &principal, UP_ROLE_MANAGER, 5);
	user = (struct holder){ .who = LI, .is = UP_ROLE_USER,
		.device = fixture_count(f, "SELECT min(id) FROM device") };
	CU_ASSERT_EQUAL_FATAL(people_add(f, &manager, &user), UP_OK);
	CU_ASSERT_EQUAL_FATAL(people_take(f, &user, user.code), UP_OK);
	refresh_clock();
	today = up_day_number(people_now_ms / 1000);
}

static void begin(void)
{
	char why[256];

	login_begin(false);
	begin_user();
	up_catalogue_put(&login_server.catalogue);
	CU_ASSERT_EQUAL_FATAL(up_catalogue_load(&login_server, why), UP_OK);
}

static void end(void)
{
	CU_ASSERT(fixture_gapless(f));
	login_end();
}

/* Both items, by BY, and taken. */
static void grant(const struct holder *by, const char *code, struct given *out)
{
	static const struct up_span items[] = { UP_SPAN_LIT(OTHER_ITEM), UP_SPAN_LIT(ITEM) };
	const struct up_span users[] = { up_span_str(user.ref) };
	uint8_t hashes[1][32];
	struct up_op_grant_add op = { .by = { .op = { .kind = UP_OP_GRANT_ADD,
		.now_ms = people_now_ms }, .device = by->device, .role = by->role },
		.users = users, .n_users = 1, .items = items, .n_items = 2, .from_day = today,
		.to_day = today, .code_hashes = (const uint8_t (*)[32])hashes,
		.expires_ms = people_now_ms + 300000 };

	memset(op.by.password, 1, sizeof(op.by.password));
	fixture_code(code, hashes[0]);
	CU_ASSERT_EQUAL_FATAL(up_store_run(f->store, &op.by.op), UP_OK);
	memcpy(out->grant, op.out_grants[0].grant, sizeof(out->grant));
	up_op_clear(&op.by.op);
	CU_ASSERT_EQUAL_FATAL(people_take(f, &user, code), UP_OK);
}

static void approve(struct login *x)
{
	memset(x, 0, sizeof(*x));
	strcpy(x->item, ITEM);
	CU_ASSERT_EQUAL(login_start(x), 200);
	CU_ASSERT_EQUAL(login_frame(x), 200);
	CU_ASSERT_EQUAL(login_scan(x), 200);
	strcpy(x->unit, U2);
	strcpy(x->certificate, "CERT-2");
	strcpy(x->role, "user");
	CU_ASSERT_EQUAL(login_approve(x), 200);
}

/* --- what the portal gets --- */

/* The text member NAME of the last answer. */
static void member(const char *name, char *out, size_t cap)
{
	const char *p = strstr(login_answer, name);

	p = p != NULL ? p + strlen(name) : "";
	snprintf(out, cap, "%.*s", (int)strcspn(p, "\""), p);
}

static void claims_of(const char *token, char *out, size_t cap)
{
	const char *body = strchr(token, '.');
	size_t n = body != NULL ? strcspn(body + 1, ".") : 0;

	CU_ASSERT_FATAL(n > 0);
	CU_ASSERT_EQUAL_FATAL(up_text_b64url_decode(up_span_of(body + 1, n), (uint8_t *)out,
	    cap - 1, &n), UP_OK);
	out[n] = '\0';
}

/* The chain as it stands in the rows. */
static void chain_text(char *out, size_t cap)
{
	const struct holder *all[] = { &principal, &manager, &user };
	long long since[3];
	int64_t start_s;

	for (int i = 0; i < 3; i++) {
		char sql[100];

		snprintf(sql, sizeof(sql), "SELECT live_ms / 1000 FROM role WHERE id = %lld",
		    (long long)all[i]->role);
		since[i] = fixture_count(f, sql);
	}
	CU_ASSERT_EQUAL(up_day_start(today, &start_s), UP_OK);
	snprintf(out, cap,
	    "\"items\":[\"" ITEM "\"],\"authority\":["
	    "{\"role\":\"principal\",\"ref\":\"%s\",\"since\":%lld},"
	    "{\"role\":\"manager\",\"ref\":\"%s\",\"since\":%lld},"
	    "{\"role\":\"user\",\"ref\":\"%s\",\"since\":%lld,\"until\":%lld,"
	    "\"items\":[\"" ITEM "\"]}]", principal.ref, since[0], manager.ref, since[1], user.ref,
	    since[2], (long long)start_s + UP_DAY_S - 1);
}

static int ask_userinfo(const char *access)
{
	char headers[1024];

	snprintf(headers, sizeof(headers), "Authorization: Bearer %s\r\n", access);
	return login_post("/userinfo", headers, "");
}

/* Each edge from the principal to her; of the grant, what it is for at this portal alone. */
static void test_told(void)
{
	char token[4096], access[512], claims[4096], want[1024];
	struct login x;

	begin();
	grant(&manager, "g-told", &granted);
	approve(&x);
	CU_ASSERT_EQUAL_FATAL(login_poll(&x), 200);
	member("\"id_token\":\"", token, sizeof(token));
	member("\"access_token\":\"", access, sizeof(access));
	claims_of(token, claims, sizeof(claims));
	chain_text(want, sizeof(want));
	CU_ASSERT_PTR_NOT_NULL(strstr(claims, want));
	CU_ASSERT(fixture_newest_has(f, "holder.name items authority"));
	CU_ASSERT(fixture_newest_has(f, granted.grant) && fixture_newest_has(f, manager.ref));
	CU_ASSERT_EQUAL(ask_userinfo(access), 200);
	CU_ASSERT(login_says(want));
	/* as it stands now: no more, once what she was granted for it is gone */
	CU_ASSERT_EQUAL(people_cancel(f, &manager, granted.grant), UP_OK);
	CU_ASSERT_EQUAL(ask_userinfo(access), 401);
	end();
}

/* --- what dies in between --- */

static void cancel_grant(void)
{
	struct given more;

	grant(&manager, "g-more", &more);        /* another one does not stand in for it */
	CU_ASSERT_EQUAL(people_cancel(f, &manager, granted.grant), UP_OK);
}

static void delete_manager(void)
{
	CU_ASSERT_EQUAL(people_delete(f, &principal, &manager, NULL), UP_OK);
}

static void delete_user(void)
{
	CU_ASSERT_EQUAL(people_delete(f, &manager, &user, NULL), UP_OK);
}

static void end_principal(void)
{
	CU_ASSERT_EQUAL(fixture_holder_end(f->store, principal.ref, people_now_ms, NULL), UP_OK);
}

static void cancel_unit(void)
{
	CU_ASSERT_EQUAL(fixture_unit_cancel(f->store, U2, people_now_ms, NULL), UP_OK);
}

static int take_first(void *arg, const struct up_device_view *d)
{
	snprintf(arg, 23, "%.*s", (int)d->ref.n, (const char *)d->ref.p);
	return 1;
}

static void end_phone(void)
{
	const struct up_device_filter all = { .ended_too = false };
	char ref[23] = "";

	CU_ASSERT_EQUAL(up_store_devices(f->store, &all, take_first, ref), UP_OK);
	CU_ASSERT_EQUAL(fixture_device_end(f->store, up_span_str(ref), people_now_ms), UP_OK);
}

static void end_item(void)
{
	CU_ASSERT_EQUAL(fixture_item_end(f->store, UP_SPAN_LIT(ITEM), people_now_ms), UP_OK);
}

static void disable_client(void)
{
	CU_ASSERT_EQUAL(fixture_client_set(f->store, UP_SPAN_LIT("secret"), "disabled",
	    people_now_ms), UP_OK);
}

/* Her approval is void, whatever it rested on; the record says why. */
static void test_died(void)
{
	static const struct { const char *what; void (*dies)(void); const char *reason; } rows[] = {
		{ "grant", cancel_grant, "item_not_granted" },
		{ "item", end_item, "item_not_granted" },
		{ "user", delete_user, "role_not_live" },
		{ "manager", delete_manager, "role_not_live" },
		{ "principal", end_principal, "role_not_live" },
		{ "unit", cancel_unit, "role_not_live" },
		{ "phone", end_phone, "device_ended" },
		{ "client", disable_client, "bad_client" },
	};
	struct login x;

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		begin();
		grant(&manager, "g-died", &granted);
		approve(&x);
		refresh_clock();
		rows[i].dies();
		UP_CHECK(login_poll(&x) >= 400 && !login_says("access_token"), rows[i].what);
		UP_CHECK(fixture_having(f, "\"event\":\"login.redeem\"") == 1, rows[i].what);
		UP_CHECK(fixture_newest_has(f, "login.redeem") &&
		    fixture_newest_has(f, rows[i].reason), rows[i].what);
		UP_CHECK(fixture_count(f, "SELECT count(*) FROM session") == 0, rows[i].what);
		UP_CHECK(login_poll(&x) >= 400, rows[i].what);
		end();
	}
}

/* What another grant of hers is for does not matter: the one by which she decided lives. */
static void test_other_grant(void)
{
	struct given more;
	struct login x;

	begin();
	grant(&manager, "g-first", &granted);
	grant(&manager, "g-second", &more);
	approve(&x);
	CU_ASSERT_EQUAL(people_cancel(f, &manager, more.grant), UP_OK);
	CU_ASSERT_EQUAL(login_poll(&x), 200);
	CU_ASSERT(fixture_newest_has(f, granted.grant));
	end();
}

UP_SUITE("by what right", test_told, test_died, test_other_grant)
