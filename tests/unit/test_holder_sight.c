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

/* What a viewer may see of a person's records, one letter each: 'u' her uses, 'a' that she was
 * added, 't' that she took it on her phone. */
struct row { const char *viewer; int who; const char *of[PEOPLE]; };

static void check(const struct row *row, int whose)
{
	const struct phone *p = &of[row->who];
	const char *ref = of[whose].h.ref, *want = row->of[whose];
	char text[96], got[4] = "", *at = got;

	if (shown(p, "/holder/usage", "login.approve", ref) == 1)
		*at++ = 'u';
	if (shown(p, "/holder/changes", "people.add", ref) == 1)
		*at++ = 'a';
	if (shown(p, "/holder/changes", "enrolment.done", ref) == 1)
		*at++ = 't';
	snprintf(text, sizeof(text), "%s of %s: %s, not %s", row->viewer, names[whose], got, want);
	UP_CHECK(strcmp(got, want) == 0, text);
}

static bool begins(const char *text, const char *const *with)
{
	while (*with != NULL && strncmp(text, *with, strlen(*with)) != 0)
		with++;
	return *with != NULL;
}

/* One list has nothing of the other's, nor what is neither, as a look at a code. */
static void check_kinds(const struct row *row)
{
	static const char *const uses[] = { "login.", NULL },
		*const changes[] = { "enrolment.code", "enrolment.done", "people.", "person.",
			"grant.", "device.", "unit.", NULL };
	json_t *body = NULL, *one;
	size_t i;

	for (int changed = 0; changed < 2; changed++) {
		UP_CHECK(wire_get(&of[row->who],
		    changed ? "/holder/changes" : "/holder/usage") == 200, row->viewer);
		CU_ASSERT_EQUAL_FATAL(up_json_parse(up_span_str(wire_body()), &body), UP_OK);
		UP_CHECK(json_array_size(json_object_get(body, "records")) > 0, row->viewer);
		json_array_foreach(json_object_get(body, "records"), i, one) {
			UP_CHECK(begins(text_of(one, "event"), changed ? changes : uses),
			    text_of(one, "event"));
			/* of her own unit alone */
			UP_CHECK(strcmp(text_of(one, "unit_code"), row->who == Z ? U2 : U1) == 0,
			    row->viewer);
		}
		json_decref(body);
	}
}

/* One row a viewer, one column a person. The window added the principals. */
static void test_table(void)
{
	static const struct row rows[] = {
		/*                       P     M1     M2     U1     U2     Z */
		{ "principal", P,      { "ut", "uat", "uat", "uat", "uat", "" } },
		{ "manager 1", M1,     { "",   "uat", "",    "uat", "",    "" } },
		{ "manager 2", M2,     { "",   "",    "uat", "",    "uat", "" } },
		{ "user 1", U1_,       { "",   "",    "",    "uat", "",    "" } },
		{ "user 2", U2_,       { "",   "",    "",    "",    "uat", "" } },
		{ "another unit's", Z, { "",   "",    "",    "",    "",    "ut" } },
	};

	begin();
	for (size_t r = 0; r < UP_ARRAY_LEN(rows); r++) {
		for (int whose = 0; whose < PEOPLE; whose++)
			check(&rows[r], whose);
		check_kinds(&rows[r]);
		/* what becomes of the unit concerns all who act for it */
		UP_CHECK(shown(&of[rows[r].who], "/holder/changes", "unit.add", "") == 1,
		    rows[r].viewer);
	}
	end();
}

/* Who made her a user she may know, but not whose phone that is, and where. */
static void test_of_others(void)
{
	static const char *const members[] = { "device", "holder_ip", "person_ref" };
	static const struct { int viewer; bool whole; } rows[] = {
	    { U1_, false }, { M1, false }, { P, true } };
	json_t *body = NULL, *one;
	size_t i, n = 0;

	begin();
	CU_ASSERT_EQUAL(people_delete(&wire_f, &of[P].h, &of[U2_].h, NULL), UP_OK);
	CU_ASSERT_EQUAL(people_code(&wire_f, &of[M1].h, &of[U1_].h), UP_OK);
	for (size_t r = 0; r < UP_ARRAY_LEN(rows); r++) {
		CU_ASSERT_EQUAL(wire_get(&of[rows[r].viewer], "/holder/changes"), 200);
		CU_ASSERT_EQUAL_FATAL(up_json_parse(up_span_str(wire_body()), &body), UP_OK);
		json_array_foreach(json_object_get(body, "records"), i, one) {
			const bool own = rows[r].whole || text_of(one, "holder_ref")[0] == '\0' ||
			    strcmp(text_of(one, "holder_ref"), of[rows[r].viewer].h.ref) == 0;

			n += !own;
			for (size_t m = 0; !own && rows[r].viewer != M1 && m < 3; m++)
				UP_CHECK(json_object_get(one, members[m]) == NULL, members[m]);
		}
		json_decref(body);
		CU_ASSERT_EQUAL(wire_says(of[M2].h.phone), rows[r].whole);
	}
	CU_ASSERT(n > 0);
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

/* Whose phone goes on for another unit sees that one's; of the one she lost nothing, though she
 * managed it. */
static void test_ended_in_one_unit(void)
{
	static const char *const paths[] = { "/holder/usage", "/holder/changes" };
	struct holder two;
	char path[64];

	begin();
	two = (struct holder){ .who = of[M1].h.who, .is = UP_ROLE_USER,
		.device = of[M1].h.device };
	CU_ASSERT_EQUAL(people_add(&wire_f, &of[Z].h, &two), UP_OK);
	CU_ASSERT_EQUAL(people_take(&wire_f, &two, two.code), UP_OK);
	CU_ASSERT_EQUAL(people_login(&wire_f, &two, ""), UP_OK);
	CU_ASSERT_EQUAL(shown(&of[M1], paths[0], "login.approve", of[U1_].h.ref), 1);
	CU_ASSERT_EQUAL(people_delete(&wire_f, &of[P].h, &of[M1].h, NULL), UP_OK);
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s?certificate=CERT-1", paths[i]);
		CU_ASSERT_EQUAL(wire_get(&of[M1], path), 403);
		CU_ASSERT_STRING_EQUAL(wire_member("error"), "role_not_live");
		CU_ASSERT_EQUAL(wire_get(&of[M1], paths[i]), 200);
		CU_ASSERT(!wire_says(U1) && wire_says(U2));
		CU_ASSERT(!wire_says(of[M1].h.ref));
	}
	CU_ASSERT_EQUAL(shown(&of[M1], paths[0], "login.approve", two.ref), 1);
	end();
}

/* Rule 28: who is to be confirmed anew is told that, not that there are no records; others go on.
 */
static void test_suspended(void)
{
	begin();
	CU_ASSERT_EQUAL(fixture_change(&wire_f, "UPDATE role SET suspended_ms = 1"
	    " WHERE role = 'principal' AND id = 1"), UP_OK);
	for (int i = 0; i < 4; i++) {
		CU_ASSERT_EQUAL(wire_get(&of[P], ((const char *[]){ "/holder/usage",
		    "/holder/usage?certificate=CERT-1", "/holder/changes",
		    "/holder/changes?certificate=CERT-1" })[i]), 403);
		CU_ASSERT_STRING_EQUAL(wire_member("error"), "principal_suspended");
		CU_ASSERT(wire_says("window") && !wire_says("records"));
	}
	CU_ASSERT_EQUAL(shown(&of[M1], "/holder/usage", "login.approve", of[U1_].h.ref), 1);
	CU_ASSERT_EQUAL(wire_get(&of[Z], "/holder/usage"), 200);
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

UP_SUITE("holder_sight", test_table, test_of_others, test_after_deletion, test_ended_in_one_unit,
    test_suspended, test_changes_by_page)
