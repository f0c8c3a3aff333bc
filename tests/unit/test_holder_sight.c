/* SPDX-License-Identifier: Apache-2.0
 * Which records each role sees on her phone (rules 11 and 25), and nothing else: one table. */
#include <string.h>

#include "core/json.h"
#include "test_holder_fixture.h"

/* Two managers with a user each, in one unit; and the principal of another. */
enum who { P, M1, M2, U1_, U2_, Z, PEOPLE };
static struct phone of[PEOPLE];
static const char *const names[PEOPLE] = { "principal", "manager 1", "manager 2", "user 1",
	"user 2", "of another unit" };

static void begin(void)
{
	wire_begin();
	of[P] = wire_principal();
	of[M1] = wire_make(&of[P], UP_ROLE_MANAGER, 1);
	of[M2] = wire_make(&of[P], UP_ROLE_MANAGER, 2);
	of[U1_] = wire_make(&of[M1], UP_ROLE_USER, 3);
	of[U2_] = wire_make(&of[M2], UP_ROLE_USER, 4);
	of[Z] = wire_stranger();
	for (int i = 0; i < PEOPLE; i++)
		CU_ASSERT_EQUAL(people_login(&wire_f, &of[i].h, ""), UP_OK);
}

static void end(void)
{
	for (int i = 0; i < PEOPLE; i++)
		wire_hang_up(&of[i]);
	wire_end();
}

static const char *text_of(const json_t *o, const char *name)
{
	const char *text = json_string_value(json_object_get(o, name));

	return text != NULL ? text : "";
}

/* Records of EVENT by REF, or of a change that is about her ("": whoever's). */
static size_t shown(const struct phone *p, const char *path, const char *event, const char *ref)
{
	const bool about = strncmp(event, "people.", 7) == 0;
	json_t *body = NULL, *records, *one;
	size_t i, n = 0;

	UP_CHECK(wire_get(p, path) == 200, path);
	CU_ASSERT_EQUAL_FATAL(up_json_parse(up_span_str(wire_body()), &body), UP_OK);
	records = json_object_get(body, "records");
	json_array_foreach(records, i, one)
		n += strcmp(text_of(one, "event"), event) == 0 &&
		    (about ? strstr(text_of(one, "before"), ref) != NULL ||
			    strstr(text_of(one, "after"), ref) != NULL
			   : strstr(text_of(one, "holder_ref"), ref) != NULL);
	json_decref(body);
	return n;
}

/* Does she see what became of whom? One row a viewer, one column a person. */
static const bool uses[PEOPLE][PEOPLE] = {
	[P]   = { true,  true,  true,  true,  true,  false },
	[M1]  = { false, true,  false, true,  false, false },
	[M2]  = { false, false, true,  false, true,  false },
	[U1_] = { false, false, false, true,  false, false },
	[U2_] = { false, false, false, false, true,  false },
	[Z]   = { false, false, false, false, false, true },
};
/* What was added: who did it and whom it is about see it, and the principal. */
static const bool changes[PEOPLE][PEOPLE] = {
	[P]   = { false, true,  true,  true,  true,  false },
	[M1]  = { false, true,  false, true,  false, false },
	[M2]  = { false, false, true,  false, true,  false },
	[U1_] = { false, false, false, true,  false, false },
	[U2_] = { false, false, false, false, true,  false },
	[Z]   = { false, false, false, false, false, false },
};

static void check(int viewer, int whose)
{
	const struct phone *p = &of[viewer];
	const char *ref = of[whose].h.ref;
	char row[64];

	snprintf(row, sizeof(row), "%s of %s", names[viewer], names[whose]);
	UP_CHECK((shown(p, "/holder/usage", "login.approve", ref) == 1) == uses[viewer][whose],
	    row);
	UP_CHECK((shown(p, "/holder/changes", "people.add", ref) == 1) == changes[viewer][whose],
	    row);
	/* taking it on her phone is a change of hers: seen as a use of hers is */
	UP_CHECK((shown(p, "/holder/changes", "enrolment.done", ref) == 1) ==
	    uses[viewer][whose], row);
	/* changes are no uses */
	UP_CHECK(shown(p, "/holder/changes", "login.approve", ref) == 0, row);
}

static void test_table(void)
{
	begin();
	for (int viewer = 0; viewer < PEOPLE; viewer++) {
		for (int whose = 0; whose < PEOPLE; whose++)
			check(viewer, whose);
		/* what becomes of the unit concerns all who act for it, and of theirs alone */
		UP_CHECK(shown(&of[viewer], "/holder/changes", "unit.add", "") == 1,
		    names[viewer]);
		UP_CHECK(strstr(wire_body(), viewer == Z ? U1 : U2) == NULL, names[viewer]);
	}
	end();
}

/* Who is deleted is told to whom she belonged, by whoever did it; she herself sees nothing more. */
static void test_after_deletion(void)
{
	begin();
	CU_ASSERT_EQUAL(people_delete(&wire_f, &of[P].h, &of[U1_].h, NULL), UP_OK);
	CU_ASSERT_EQUAL(shown(&of[M1], "/holder/changes", "people.delete", of[U1_].h.ref), 1);
	CU_ASSERT_EQUAL(shown(&of[M2], "/holder/changes", "people.delete", of[U1_].h.ref), 0);
	CU_ASSERT_EQUAL(shown(&of[M1], "/holder/usage", "login.approve", of[U1_].h.ref), 0);
	CU_ASSERT_EQUAL(shown(&of[P], "/holder/usage", "login.approve", of[U1_].h.ref), 1);
	CU_ASSERT_EQUAL(wire_get(&of[U1_], "/holder/usage"), 401);
	end();
}

/* Page by page it is the same, in the same order. */
static void test_changes_by_page(void)
{
	char all[1 << 16], path[128] = "/holder/changes?certificate=CERT-1&limit=1";
	size_t pages = 0, whole;

	begin();
	CU_ASSERT_EQUAL(wire_get(&of[M1], "/holder/changes?certificate=CERT-1"), 200);
	snprintf(all, sizeof(all), "%s", wire_body());
	whole = 0;
	for (const char *at = all; (at = strstr(at, "\"seq\":")) != NULL; at++)
		whole++;
	do {
		CU_ASSERT_EQUAL(wire_get(&of[M1], path), 200);
		pages++;
		snprintf(path, sizeof(path),
		    "/holder/changes?certificate=CERT-1&limit=1&before=%.20s", wire_member("next"));
	} while (wire_member("next")[0] != '\0' && pages < 100);
	CU_ASSERT_EQUAL(pages, whole);
	CU_ASSERT_TRUE(whole > 3);
	end();
}

UP_SUITE("holder_sight", test_table, test_after_deletion, test_changes_by_page)
