/* SPDX-License-Identifier: Apache-2.0
 * Who acts for whom, as administrators and auditors see it: now, ever, on a day that is over. */
#include <string.h>

#include "server/store/view.h"
#include "test_people_fixture.h"

#define DAY_MS 86400000LL
#define MIDNIGHT 1764000000000           /* NOW is 2025-11-25 00:00 in Shanghai */

static struct fixture f;
static struct holder li, m, n, u;        /* principal, two managers, a user of both */
static struct given g;

/* TODAY + D, from midnight to midnight. */
static struct up_when day(int d)
{
	return (struct up_when){
	    .from_ms = MIDNIGHT + d * DAY_MS, .to_ms = MIDNIGHT + (d + 1) * DAY_MS};
}

static void at(int d, int hour)
{
	people_now_ms = MIDNIGHT + d * DAY_MS + hour * 3600000LL;
}

/* Day 0: LI, M, U by M. Day 1: the grant, U by N. Day 3: M is deleted. Day 5: U, then the unit. */
static void begin(void)
{
	at(0, 0);
	fixture_open(&f, false);
	people_principal(&f, &li);
	m = people_make(&f, &li, UP_ROLE_MANAGER, 1);
	n = people_make(&f, &li, UP_ROLE_MANAGER, 2);
	u = people_make(&f, &m, UP_ROLE_USER, 3);
	at(1, 8);
	CU_ASSERT_EQUAL_FATAL(people_grant(&f, &m, &u, TODAY + 1, TODAY + 2, &g), UP_OK);
	at(1, 9);
	CU_ASSERT_EQUAL_FATAL(people_add(&f, &n, &u), UP_OK);
	at(2, 9);
	CU_ASSERT_EQUAL_FATAL(people_code(&f, &m, &u), UP_OK);
	CU_ASSERT_EQUAL_FATAL(people_take(&f, &u, u.code), UP_OK);
	at(3, 12);
	CU_ASSERT_EQUAL_FATAL(people_delete(&f, &li, &m, NULL), UP_OK);
}

static void end(void)
{
	fixture_close(&f);
}

/* --- edges --- */

struct seen { char text[1000]; };

static const char *name_of(struct up_span ref)
{
	const struct { const struct holder *who; const char *name; } all[] = {
		{ &li, "li" }, { &m, "m" }, { &n, "n" }, { &u, "u" } };

	for (size_t i = 0; i < UP_ARRAY_LEN(all); i++)
		if (up_span_eq_str(ref, all[i].who->ref))
			return all[i].name;
	return "-";
}

static int see(void *arg, const struct up_edge_view *e)
{
	struct seen *s = arg;
	size_t at_end = strlen(s->text);

	snprintf(s->text + at_end, sizeof(s->text) - at_end, "%s<%s ", name_of(e->ref),
	    name_of(e->grantor));
	CU_ASSERT((e->grantor_number == 0) == (e->role == UP_ROLE_PRINCIPAL));
	return 0;
}

static void check_edges(struct up_edge_of of, const char *want)
{
	struct seen s = { "" };

	CU_ASSERT_EQUAL(up_store_edges(f.store, &of, see, &s), UP_OK);
	UP_CHECK(strcmp(s.text, want) == 0, s.text);
}

static void test_edges(void)
{
	const struct up_span unit = UP_SPAN_LIT(U1);

	begin();
	check_edges((struct up_edge_of){ .unit = unit }, "li<- n<li u<n ");
	check_edges((struct up_edge_of){ .when = { 0 } }, "li<- n<li u<n ");
	check_edges((struct up_edge_of){ .unit = unit, .when.all = true },
	    "li<- m<li n<li u<m u<n ");
	check_edges((struct up_edge_of){ .unit = unit, .when = day(-1) }, "");
	check_edges((struct up_edge_of){ .unit = unit, .when = day(0) }, "li<- m<li n<li u<m ");
	/* the whole day of the deletion, and no longer */
	check_edges((struct up_edge_of){ .unit = unit, .when = day(3) },
	    "li<- m<li n<li u<m u<n ");
	check_edges((struct up_edge_of){ .unit = unit, .when = day(4) }, "li<- n<li u<n ");
	check_edges((struct up_edge_of){ .ref = up_span_str(u.ref), .when = day(2) }, "u<m u<n ");
	check_edges((struct up_edge_of){ .ref = UP_SPAN_LIT("nobody") }, "");
	check_edges((struct up_edge_of){ .unit = UP_SPAN_LIT(U2), .when.all = true }, "");
	end();
}

/* --- grants --- */

static int count_granted(void *arg, const struct up_granted_view *v)
{
	int *count = arg;

	CU_ASSERT(up_span_eq_str(v->ref, g.grant) && up_span_eq_str(v->user, u.ref));
	CU_ASSERT(up_span_eq_str(v->grantor, m.ref) && v->grantor_role == UP_ROLE_MANAGER);
	CU_ASSERT(up_span_eq_str(v->items, "annual-report") && v->edge == u.role);
	CU_ASSERT(v->from_day == TODAY + 2 && v->to_day == TODAY + 2);   /* rule 17 */
	++*count;
	return 0;
}

static int granted(struct up_granted_of of)
{
	int count = 0;

	CU_ASSERT_EQUAL(up_store_granted(f.store, &of, count_granted, &count), UP_OK);
	return count;
}

static void test_grants(void)
{
	begin();
	CU_ASSERT_EQUAL(granted((struct up_granted_of){ .unit = UP_SPAN_LIT(U1) }), 0);
	CU_ASSERT_EQUAL(granted((struct up_granted_of){ .when = { 0 } }), 0);
	CU_ASSERT_EQUAL(granted((struct up_granted_of){ .when.all = true }), 1);
	CU_ASSERT_EQUAL(granted((struct up_granted_of){ .when = day(0) }), 0);
	CU_ASSERT_EQUAL(granted((struct up_granted_of){ .when = day(1) }), 1);
	CU_ASSERT_EQUAL(granted((struct up_granted_of){ .when = day(3) }), 1);
	CU_ASSERT_EQUAL(granted((struct up_granted_of){ .when = day(3), .to_day = TODAY + 3 }), 0);
	CU_ASSERT_EQUAL(granted((struct up_granted_of){ .when = day(2), .to_day = TODAY + 2 }), 1);
	CU_ASSERT_EQUAL(granted((struct up_granted_of){ .when = day(4) }), 0);
	CU_ASSERT_EQUAL(granted((struct up_granted_of){
	    .user = up_span_str(u.ref), .when = day(2), .item = UP_SPAN_LIT("annual-report") }), 1);
	CU_ASSERT_EQUAL(granted((struct up_granted_of){
	    .unit = UP_SPAN_LIT(U1), .when = day(2), .item = UP_SPAN_LIT("another") }), 0);
	CU_ASSERT_EQUAL(granted((struct up_granted_of){
	    .user = up_span_str(n.ref), .when.all = true }), 0);
	end();
}

/* --- units, items, phones --- */

struct unit_seen { int n; char name[100], status[8], principal[8]; int64_t version; };

static int see_unit(void *arg, const struct up_unit_view *v)
{
	struct unit_seen *s = arg;

	s->n++;
	s->version = v->certificate_version;
	snprintf(s->name, sizeof(s->name), "%.*s", (int)v->name.n, (const char *)v->name.p);
	snprintf(s->status, sizeof(s->status), "%.*s", (int)v->status.n,
	    (const char *)v->status.p);
	snprintf(s->principal, sizeof(s->principal), "%.*s", (int)v->principal_status.n,
	    (const char *)v->principal_status.p);
	return 0;
}

static void check_unit(int d, int n_units, int64_t version, const char *name, const char *status,
    const char *principal)
{
	const struct up_when when = day(d);
	struct unit_seen s = { 0 };

	CU_ASSERT_EQUAL(
	    up_store_units_at(f.store, UP_SPAN_LIT(U1), &when, see_unit, &s), UP_OK);
	UP_CHECK(s.n == n_units && s.version == version, name);
	UP_CHECK(strcmp(s.name, name) == 0 && strcmp(s.status, status) == 0, s.name);
	UP_CHECK(strcmp(s.principal, principal) == 0, s.principal);
}

static enum up_err change_name(const char *name)
{
	struct up_unit_change ask = { .asked = { [UP_UNIT_NAME] = true } };
	struct up_op_unit_change change = {
	    .op = { .kind = UP_OP_UNIT_CHANGE, .now_ms = people_now_ms },
	    .code = UP_SPAN_LIT(U1), .change = &ask };

	ask.values[UP_UNIT_NAME] = up_span_str(name);
	return up_store_run(f.store, &change.op);
}

static void test_units(void)
{
	struct up_standing standing;

	begin();
	CU_ASSERT_EQUAL(up_store_standing_unit(f.store, UP_SPAN_LIT(U1), &standing), UP_OK);
	CU_ASSERT(standing.principals == 1 && standing.managers == 1 && standing.users == 1 &&
	    standing.grants == 0 && standing.codes == 1);
	at(4, 1);
	CU_ASSERT_EQUAL(change_name("新名"), UP_OK);
	at(6, 1);
	CU_ASSERT_EQUAL(fixture_unit_cancel(f.store, U1, people_now_ms, NULL), UP_OK);
	check_unit(-1, 0, 0, "", "", "");
	check_unit(0, 1, 1, "第一中学", "live", "live");
	check_unit(3, 1, 1, "第一中学", "live", "live");
	check_unit(4, 1, 2, "新名", "live", "live");
	check_unit(5, 1, 2, "新名", "live", "live");
	check_unit(6, 1, 2, "新名", "ended", "live");
	check_unit(7, 1, 0, "新名", "ended", "");
	end();
}

static int count_items(void *arg, const struct up_item_state *v)
{
	int *count = arg;

	CU_ASSERT(up_span_eq_str(v->item, "annual-report") && up_span_eq_str(v->client, "portal"));
	++*count;
	return 0;
}

static int items(struct up_when when)
{
	int count = 0;

	CU_ASSERT_EQUAL(up_store_item_states(f.store, &when, count_items, &count), UP_OK);
	return count;
}

static int count_phones(void *arg, const struct up_device_view *v)
{
	int *count = arg;

	(void)v;
	++*count;
	return 0;
}

static int phones(struct up_device_filter filter)
{
	int count = 0;

	CU_ASSERT_EQUAL(up_store_devices(f.store, &filter, count_phones, &count), UP_OK);
	return count;
}

static void test_items_and_phones(void)
{
	begin();
	at(4, 1);
	CU_ASSERT_EQUAL(
	    fixture_item_end(f.store, UP_SPAN_LIT("annual-report"), people_now_ms), UP_OK);
	CU_ASSERT_EQUAL(items((struct up_when){ 0 }), 0);
	CU_ASSERT_EQUAL(items((struct up_when){ .all = true }), 1);
	CU_ASSERT_EQUAL(items(day(-1)), 0);
	CU_ASSERT_EQUAL(items(day(4)), 1);
	CU_ASSERT_EQUAL(items(day(5)), 0);
	/* M's ended with her on day 3; U's too, until she takes what N gave her */
	CU_ASSERT_EQUAL(phones((struct up_device_filter){ 0 }), 2);
	CU_ASSERT_EQUAL(phones((struct up_device_filter){ .ended_too = true }), 4);
	CU_ASSERT_EQUAL(phones((struct up_device_filter){ .from_ms = day(3).from_ms,
	    .to_ms = day(3).to_ms }), 4);
	CU_ASSERT_EQUAL(phones((struct up_device_filter){ .from_ms = day(4).from_ms,
	    .to_ms = day(4).to_ms }), 2);
	CU_ASSERT_EQUAL(phones((struct up_device_filter){ .from_ms = day(-1).from_ms,
	    .to_ms = day(-1).to_ms }), 0);
	end();
}

UP_SUITE("views", test_edges, test_grants, test_units, test_items_and_phones)
