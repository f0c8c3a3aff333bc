/* SPDX-License-Identifier: Apache-2.0
 * What a holder sees of others: people, grants, phones, items (rule 11). */
#include <string.h>

#include "test_people_fixture.h"

static struct fixture f;
static struct holder li, m, n, u, v;     /* principal; managers; M's user, the principal's */

static void begin(void)
{
	people_now_ms = NOW;
	fixture_open(&f, false);
	people_principal(&f, &li);
	m = people_make(&f, &li, UP_ROLE_MANAGER, 1);
	n = people_make(&f, &li, UP_ROLE_MANAGER, 2);
	u = people_make(&f, &m, UP_ROLE_USER, 3);
	v = (struct holder){ .who = 4, .is = UP_ROLE_USER };
	CU_ASSERT_EQUAL_FATAL(people_add(&f, &li, &v), UP_OK);
}

/* What was seen, in one line. */
struct seen { char text[2048]; size_t n; int64_t number; };

static int see_person(void *arg, const struct up_people_view *p)
{
	struct seen *s = arg;
	size_t at = strlen(s->text);

	snprintf(s->text + at, sizeof(s->text) - at, "%.*s:%.*s:%.*s:%d:%d ", (int)p->ref.n,
	    (const char *)p->ref.p, (int)p->status.n, (const char *)p->status.p,
	    (int)p->grantor.n, (const char *)p->grantor.p, p->may_authorise, (int)p->grants);
	CU_ASSERT(up_span_eq_str(p->name, "王芳") && up_span_eq_str(p->masked, "王*"));
	CU_ASSERT(p->mobile.n == 11 && p->since_ms == NOW);
	s->n++;
	s->number = p->number;
	return 0;
}

static struct seen people(
    const struct holder *by, enum up_authority_role which, struct up_page page)
{
	struct seen s = { "", 0, 0 };
	struct up_role *viewer;

	CU_ASSERT_EQUAL_FATAL(up_store_role(f.store, by->role, by->device, &viewer), UP_OK);
	CU_ASSERT_EQUAL(up_store_people(f.store, viewer, which, &page, see_person, &s), UP_OK);
	up_store_role_free(&viewer);
	return s;
}

static bool has(const struct seen *s, const struct holder *one, const char *status,
    const struct holder *grantor)
{
	char part[128];

	snprintf(part, sizeof(part), "%s:%s:%s:", one->ref, status, grantor->ref);
	return strstr(s->text, part) != NULL;
}

static void test_people(void)
{
	const struct up_page all = { 0, 0 };
	struct seen s;

	begin();
	s = people(&li, UP_ROLE_MANAGER, all);
	CU_ASSERT(s.n == 2 && has(&s, &m, "live", &li) && has(&s, &n, "live", &li));
	s = people(&li, UP_ROLE_USER, all);
	CU_ASSERT(s.n == 2 && has(&s, &u, "live", &m) && has(&s, &v, "waiting", &li));
	s = people(&m, UP_ROLE_USER, all);
	CU_ASSERT(s.n == 1 && has(&s, &u, "live", &m));
	CU_ASSERT_EQUAL(people(&m, UP_ROLE_MANAGER, all).n, 0);
	CU_ASSERT_EQUAL(people(&n, UP_ROLE_USER, all).n, 0);
	CU_ASSERT_EQUAL(people(&u, UP_ROLE_USER, all).n, 0);
	CU_ASSERT_EQUAL(people(&u, UP_ROLE_MANAGER, all).n, 0);
	CU_ASSERT_EQUAL(people_delete(&f, &li, &u, NULL), UP_OK);
	CU_ASSERT_EQUAL(people(&m, UP_ROLE_USER, all).n, 0);
	CU_ASSERT_EQUAL(fixture_change(&f, "UPDATE person SET outcome = 'pending'"
	    " WHERE id = (SELECT max(id) FROM person)"), UP_OK);
	s = people(&li, UP_ROLE_USER, all);
	CU_ASSERT(s.n == 1 && has(&s, &v, "pending", &li));
	fixture_close(&f);
}

static void test_pages(void)
{
	struct up_page page = { 0, 3 };
	size_t got = 0;
	struct seen s;

	begin();
	for (int i = 0; i < 8; i++) {
		struct holder one = { .who = 10 + i, .is = UP_ROLE_USER };

		CU_ASSERT_EQUAL(people_add(&f, &m, &one), UP_OK);
	}
	for (int i = 0; i < 4; i++) {
		s = people(&m, UP_ROLE_USER, page);
		got += s.n;
		CU_ASSERT_EQUAL(s.n, i < 3 ? 3 : 0);
		CU_ASSERT(page.before == 0 || s.number < page.before);
		page.before = s.number;
	}
	CU_ASSERT_EQUAL(got, 9);
	fixture_close(&f);
}

static enum up_err look_up(const struct holder *by, const struct holder *one, const char *ref)
{
	struct seen s = { "", 0, 0 };
	struct up_role *viewer;
	enum up_err err;

	CU_ASSERT_EQUAL_FATAL(up_store_role(f.store, by->role, by->device, &viewer), UP_OK);
	err = up_store_person(f.store, viewer, one->is, up_span_str(ref), see_person, &s);
	CU_ASSERT((err == UP_OK) == (s.n > 0));
	up_store_role_free(&viewer);
	return err;
}

/* Of another unit, somebody's else, and nobody's: one answer. */
static void test_person(void)
{
	struct holder other;

	begin();
	people_other_unit(&f, &other);
	CU_ASSERT_EQUAL(look_up(&li, &m, m.ref), UP_OK);
	CU_ASSERT_EQUAL(look_up(&li, &u, u.ref), UP_OK);
	CU_ASSERT_EQUAL(look_up(&m, &u, u.ref), UP_OK);
	CU_ASSERT_EQUAL(look_up(&n, &u, u.ref), UP_E_NOT_FOUND);
	CU_ASSERT_EQUAL(look_up(&m, &u, v.ref), UP_E_NOT_FOUND);
	CU_ASSERT_EQUAL(look_up(&m, &m, n.ref), UP_E_NOT_FOUND);
	CU_ASSERT_EQUAL(look_up(&u, &u, u.ref), UP_E_NOT_FOUND);
	CU_ASSERT_EQUAL(look_up(&other, &u, u.ref), UP_E_NOT_FOUND);
	CU_ASSERT_EQUAL(look_up(&li, &u, m.ref), UP_E_NOT_FOUND);
	CU_ASSERT_EQUAL(look_up(&li, &u, "nnnnnnnnnnnnnnnnnnnnnn"), UP_E_NOT_FOUND);
	fixture_close(&f);
}

static int see_grant(void *arg, const struct up_grant_view *g)
{
	struct seen *s = arg;
	size_t at = strlen(s->text);

	snprintf(s->text + at, sizeof(s->text) - at, "%.*s:%.*s:%.*s:%.*s ", (int)g->ref.n,
	    (const char *)g->ref.p, (int)g->user.n, (const char *)g->user.p, (int)g->grantor.n,
	    (const char *)g->grantor.p, (int)g->status.n, (const char *)g->status.p);
	CU_ASSERT(up_span_eq_str(g->items, "annual-report") && g->from_day == TODAY);
	s->n++;
	s->number = g->number;
	return 0;
}

static struct seen grants(
    const struct holder *by, const char *user, const char *grant, enum up_err *err)
{
	const struct up_grant_filter filter = {
	    .user = up_span_str(user), .grant = up_span_str(grant) };
	const struct up_page all = { 0, 0 };
	struct seen s = { "", 0, 0 };
	struct up_role *viewer;

	CU_ASSERT_EQUAL_FATAL(up_store_role(f.store, by->role, by->device, &viewer), UP_OK);
	*err = up_store_grants(f.store, viewer, &filter, &all, see_grant, &s);
	up_store_role_free(&viewer);
	return s;
}

static void test_grants(void)
{
	struct holder other;
	struct given g, h;
	enum up_err err;
	struct seen s;

	begin();
	people_other_unit(&f, &other);
	CU_ASSERT_EQUAL(people_grant(&f, &m, &u, TODAY, TODAY, &g), UP_OK);
	CU_ASSERT_EQUAL(people_grant(&f, &li, &v, TODAY, TODAY + 1, &h), UP_OK);
	s = grants(&li, "", "", &err);
	CU_ASSERT(err == UP_OK && s.n == 2);
	CU_ASSERT(strncmp(s.text, h.grant, 22) == 0);    /* newest first */
	s = grants(&m, "", "", &err);
	CU_ASSERT(s.n == 1 && strncmp(s.text, g.grant, 22) == 0);
	CU_ASSERT(strstr(s.text, u.ref) != NULL && strstr(s.text, m.ref) != NULL);
	CU_ASSERT_EQUAL(grants(&n, "", "", &err).n, 0);
	CU_ASSERT_EQUAL(grants(&li, u.ref, "", &err).n, 1);
	CU_ASSERT_EQUAL(grants(&n, u.ref, "", &err).n, 0);
	CU_ASSERT_EQUAL(grants(&m, v.ref, "", &err).n, 0);
	CU_ASSERT_EQUAL(grants(&other, "", "", &err).n, 0);
	CU_ASSERT_EQUAL(grants(&other, u.ref, "", &err).n, 0);
	s = grants(&u, "", "", &err);             /* her own */
	CU_ASSERT(s.n == 1 && strncmp(s.text, g.grant, 22) == 0);
	CU_ASSERT_EQUAL(grants(&u, v.ref, "", &err).n, 1);
	/* one */
	CU_ASSERT_EQUAL(grants(&u, "", g.grant, &err).n, 1);
	CU_ASSERT(grants(&u, "", h.grant, &err).n == 0 && err == UP_E_NOT_FOUND);
	CU_ASSERT(grants(&m, "", h.grant, &err).n == 0 && err == UP_E_NOT_FOUND);
	CU_ASSERT(grants(&other, "", h.grant, &err).n == 0 && err == UP_E_NOT_FOUND);
	CU_ASSERT(grants(&li, "", h.grant, &err).n == 1 && err == UP_OK);
	CU_ASSERT_EQUAL(people_cancel(&f, &m, g.grant), UP_OK);
	CU_ASSERT_EQUAL(grants(&li, "", "", &err).n, 1);
	CU_ASSERT_EQUAL(grants(&m, "", "", &err).n, 0);
	CU_ASSERT_EQUAL(grants(&m, "", g.grant, &err).n, 1);      /* it can be looked up */
	fixture_close(&f);
}

static int see_item(void *arg, const struct up_item_view *i)
{
	struct seen *s = arg;

	CU_ASSERT(up_span_eq_str(i->item, "annual-report") && up_span_eq_str(i->client, "portal"));
	CU_ASSERT(up_span_eq_str(i->name, "年度报告") &&
	    up_span_eq_str(i->client_name, "年报系统"));
	s->n++;
	return 0;
}

static void test_items(void)
{
	struct seen s = { "", 0, 0 };

	begin();
	CU_ASSERT_EQUAL(up_store_catalogue(f.store, see_item, &s), UP_OK);
	CU_ASSERT_EQUAL(s.n, 1);
	CU_ASSERT_EQUAL(fixture_change(&f, "UPDATE item SET ended_ms = 1"), UP_OK);
	CU_ASSERT_EQUAL(up_store_catalogue(f.store, see_item, &s), UP_OK);
	CU_ASSERT_EQUAL(s.n, 1);
	fixture_close(&f);
}

struct phones { size_t n, own; char last[23]; };

static int see_phone(void *arg, const struct up_phone_view *p)
{
	struct phones *s = arg;

	s->n++;
	s->own += p->own;
	snprintf(s->last, sizeof(s->last), "%.*s", (int)p->ref.n, (const char *)p->ref.p);
	return 0;
}

static struct phones phones(const struct holder *by)
{
	const struct up_page all = { 0, 0 };
	struct phones s = { 0, 0, "" };
	struct up_role *viewer;

	CU_ASSERT_EQUAL_FATAL(up_store_role(f.store, by->role, by->device, &viewer), UP_OK);
	CU_ASSERT_EQUAL(up_store_phones(f.store, viewer, &all, see_phone, &s), UP_OK);
	up_store_role_free(&viewer);
	return s;
}

static void phone_of(const struct holder *h, char out[23])
{
	snprintf(out, 23, "%s", phones(h).last);
}

static void test_phones(void)
{
	struct holder other;
	char of_u[23], of_m[23], of_li[23];

	begin();
	people_other_unit(&f, &other);
	CU_ASSERT(phones(&u).n == 1 && phones(&u).own == 1);
	CU_ASSERT(phones(&m).n == 2 && phones(&m).own == 1);
	CU_ASSERT(phones(&li).n == 4 && phones(&li).own == 1);
	CU_ASSERT_EQUAL(phones(&other).n, 1);
	phone_of(&u, of_u);
	phone_of(&n, of_m);
	snprintf(of_li, sizeof(of_li), "first00000000000000000");
	CU_ASSERT_EQUAL(people_end_phone(&f, &other, of_u), UP_E_NOT_FOUND);
	CU_ASSERT_EQUAL(people_end_phone(&f, &n, of_u), UP_E_NOT_FOUND);
	CU_ASSERT_EQUAL(people_end_phone(&f, &m, of_li), UP_E_NOT_FOUND);
	CU_ASSERT_EQUAL(people_end_phone(&f, &m, of_m), UP_E_NOT_FOUND);
	CU_ASSERT_EQUAL(people_end_phone(&f, &u, of_m), UP_E_ROLE);
	CU_ASSERT_EQUAL(people_end_phone(&f, &li, "nnnnnnnnnnnnnnnnnnnnnn"), UP_E_NOT_FOUND);
	CU_ASSERT_EQUAL(people_end_phone(&f, &m, of_u), UP_OK);
	CU_ASSERT(fixture_newest_has(&f, "\"event\":\"device.end\"") &&
	    fixture_newest_has(&f, of_u) && fixture_newest_has(&f, m.ref));
	CU_ASSERT_EQUAL(people_login(&f, &u, ""), UP_E_ENDED);
	CU_ASSERT_EQUAL(people_end_phone(&f, &m, of_u), UP_E_STATE);
	/* her role waits for another phone; and she ends her own */
	CU_ASSERT_EQUAL(people_code(&f, &m, &u), UP_OK);
	u.device = 0;
	CU_ASSERT_EQUAL(people_take(&f, &u, u.code), UP_OK);
	phone_of(&u, of_u);
	CU_ASSERT_EQUAL(people_end_phone(&f, &u, of_u), UP_OK);
	CU_ASSERT_EQUAL(people_login(&f, &u, ""), UP_E_ENDED);
	CU_ASSERT(fixture_gapless(&f));
	fixture_close(&f);
}

/* A phone of two units: each has a record, and the other is not told by whom. */
static void test_phone_of_two_units(void)
{
	struct holder other, both = { .who = 3, .is = UP_ROLE_USER };
	struct fixture_seen seen;
	char of_u[23];

	begin();
	people_other_unit(&f, &other);
	CU_ASSERT_EQUAL(people_add(&f, &other, &both), UP_OK);
	both.device = u.device;
	CU_ASSERT_EQUAL(people_take(&f, &both, both.code), UP_OK);
	phone_of(&u, of_u);
	CU_ASSERT_EQUAL(people_end_phone(&f, &m, of_u), UP_OK);
	seen = fixture_query(f.store, (struct up_usage_filter){
	    .unit = UP_SPAN_LIT(U2), .event = UP_SPAN_LIT("device.end") });
	CU_ASSERT(seen.n == 1 && strstr(seen.body, both.ref) != NULL);
	CU_ASSERT(strstr(seen.body, m.ref) == NULL && strstr(seen.body, u.ref) == NULL);
	CU_ASSERT_EQUAL(people_login(&f, &both, ""), UP_E_ENDED);
	fixture_close(&f);
}

UP_SUITE("people lists", test_people, test_pages, test_person, test_grants, test_items, test_phones,
    test_phone_of_two_units)
