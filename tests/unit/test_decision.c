/* SPDX-License-Identifier: Apache-2.0
 * The decision that a holder's phone signs: what it says, and that nothing of it can be changed. */
#include <string.h>

#include "core/json.h"
#include "test_dpop.h"

static struct up_decision decision(void)
{
	return (struct up_decision) { .transaction = UP_SPAN_LIT("abcdefghijklmnopqrstuv"),
		.client = UP_SPAN_LIT("portal"),
		.origin = UP_SPAN_LIT("https://portal.example.org"),
		.issuer = UP_SPAN_LIT("https://id.example.org"),
		.unit = UP_SPAN_LIT("12430000100000016Y"),
		.certificate = UP_SPAN_LIT("certificate"),
		.role = UP_SPAN_LIT("principal"),
		.item = UP_SPAN_LIT("annual-report"),
		.nonce = UP_SPAN_LIT("nonce"),
		.frame = UP_SPAN_LIT("17"),
		.decision = UP_SPAN_LIT("approve"),
		.exp = NOW + 100 };
}

#define MEMBER(name) { #name, offsetof(struct up_decision, name) }
static const struct { const char *name; size_t offset; } members[] = {
	MEMBER(transaction), MEMBER(client), MEMBER(origin), MEMBER(issuer), MEMBER(unit),
	MEMBER(certificate), MEMBER(role), MEMBER(item),
	MEMBER(nonce), MEMBER(frame), MEMBER(decision),
};

static struct up_span *at(struct up_decision *d, size_t i)
{
	return (struct up_span *)(void *)((char *)d + members[i].offset);
}

/* {"decision":{...}} as JSON. */
static json_t *claims_of(const struct up_decision *d)
{
	struct up_buf b = { 0 };
	struct up_json_put j = { .b = &b };
	json_t *o = NULL;

	up_json_put_object(&j, NULL);
	up_decision_put(&j, d);
	up_json_put_end(&j);
	CU_ASSERT_EQUAL(up_json_parse(up_buf_span(&b), &o), UP_OK);
	up_buf_free(&b);
	return o;
}

/* Every member of the struct is in the list above; a new one would otherwise go untested. */
static void test_list_is_whole(void)
{
	CU_ASSERT_EQUAL(sizeof(struct up_decision),
	    UP_ARRAY_LEN(members) * sizeof(struct up_span) + sizeof(int64_t));
}

/* From the phone through the proof to the server. */
static void test_decision_in_proof(void)
{
	struct up_dpop_make m = maker();
	struct up_dpop_expect x = expected();
	struct up_decision want = decision(), got;
	struct up_buf b = { 0 };
	struct up_dpop d;

	m.decision = &want;
	CU_ASSERT_EQUAL(up_dpop_make(&m, &b), UP_OK);
	CU_ASSERT_EQUAL(up_dpop_parse(up_buf_span(&b), &x, &d), UP_OK);
	CU_ASSERT_EQUAL(up_dpop_verify(&d, &x), UP_OK);
	CU_ASSERT_EQUAL(up_decision_parse(d.jwt.claims, &got), UP_OK);
	CU_ASSERT_EQUAL(up_decision_match(&got, &want, NOW), UP_OK);
	for (size_t i = 0; i < UP_ARRAY_LEN(members); i++)
		UP_CHECK(up_span_eq(*at(&got, i), *at(&want, i)), members[i].name);
	up_dpop_free(&d);
	/* each byte of the proof, one bit and one other */
	for (size_t i = 0; i < b.n; i++) {
		uint8_t was = b.p[i];

		b.p[i] = was ^ 1;
		CU_ASSERT_EQUAL(judge(up_buf_span(&b), &x), UP_E_PROOF);
		b.p[i] = was == 'A' ? 'Q' : 'A';
		CU_ASSERT_EQUAL(judge(up_buf_span(&b), &x), UP_E_PROOF);
		b.p[i] = was;
	}
	CU_ASSERT_EQUAL(judge(up_buf_span(&b), &x), UP_OK);
	up_buf_free(&b);
}

/* Each byte of each member changed, a member cut, lengthened or emptied: the server's own view does
 * not fit any more. */
static void test_every_changed_member_fails(void)
{
	struct up_decision want = decision(), got;
	char text[64];

	for (size_t i = 0; i < UP_ARRAY_LEN(members); i++) {
		struct up_span is = *at(&want, i);

		if (strcmp(members[i].name, "decision") == 0)
			continue;
		for (size_t j = 0; j < is.n; j++) {
			got = want;
			memcpy(text, is.p, is.n);
			text[j] ^= 1;
			*at(&got, i) = up_span_of(text, is.n);
			UP_CHECK(
			    up_decision_match(&got, &want, NOW) == UP_E_SIGNATURE, members[i].name);
			*at(&got, i) = up_span_of(is.p, j);
			UP_CHECK(
			    up_decision_match(&got, &want, NOW) == UP_E_SIGNATURE, members[i].name);
		}
		memcpy(text, is.p, is.n);
		text[is.n] = 'x';
		*at(&got, i) = up_span_of(text, is.n + 1);
		UP_CHECK(up_decision_match(&got, &want, NOW) == UP_E_SIGNATURE, members[i].name);
	}
	got = want;
	CU_ASSERT_EQUAL(up_decision_match(&got, &want, NOW), UP_OK);
	got.decision = UP_SPAN_LIT("deny");
	CU_ASSERT_EQUAL(up_decision_match(&got, &want, NOW), UP_OK);
}

static void test_decision_expiry(void)
{
	static const struct { int64_t exp; enum up_err err; } rows[] = {
		{ NOW + 100, UP_OK }, { NOW + 1, UP_OK }, { NOW + 101, UP_E_SIGNATURE },
		{ NOW, UP_E_SIGNATURE }, { 0, UP_E_SIGNATURE }, { INT64_MAX, UP_E_SIGNATURE },
	};
	struct up_decision want = decision(), got = want;

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		got.exp = rows[i].exp;
		CU_ASSERT_EQUAL(up_decision_match(&got, &want, NOW), rows[i].err);
	}
}

/* Missing, wrong type, empty, too long; an unknown member; not an object. */
static void test_decision_form(void)
{
	struct up_decision d = decision(), got;
	char longer[600];
	json_t *o, *in;

	memset(longer, 'x', sizeof(longer));
	longer[599] = '\0';
	for (size_t i = 0; i <= UP_ARRAY_LEN(members); i++) {
		const char *name = i < UP_ARRAY_LEN(members) ? members[i].name : "exp";
		json_t *wrong[] = { json_null(), json_integer(17), json_array(),
			json_string(longer), json_string(""), json_real(1700000100.0) };

		o = claims_of(&d);
		in = json_object_get(o, "decision");
		for (size_t j = 0; j < UP_ARRAY_LEN(wrong); j++) {
			bool fine = (strcmp(name, "exp") == 0 && json_is_integer(wrong[j])) ||
			    (strcmp(name, "item") == 0 && j == 4);

			json_object_set_new(in, name, wrong[j]);
			UP_CHECK(up_decision_parse(o, &got) == (fine ? UP_OK : UP_E_PROOF), name);
		}
		json_object_del(in, name);
		UP_CHECK(up_decision_parse(o, &got) == UP_E_PROOF, name);
		/* the number of members is right again */
		json_object_set_new(in, "unknown", json_string("x"));
		UP_CHECK(up_decision_parse(o, &got) == UP_E_PROOF, name);
		json_decref(o);
	}
	o = claims_of(&d);
	CU_ASSERT_EQUAL(up_decision_parse(o, &got), UP_OK);
	json_object_set_new(json_object_get(o, "decision"), "unknown", json_string("x"));
	CU_ASSERT_EQUAL(up_decision_parse(o, &got), UP_E_PROOF);
	json_object_set_new(o, "decision", json_string("approve"));
	CU_ASSERT_EQUAL(up_decision_parse(o, &got), UP_E_PROOF);
	json_object_del(o, "decision");
	CU_ASSERT_EQUAL(up_decision_parse(o, &got), UP_E_PROOF);
	json_decref(o);
}

static void test_decision_words(void)
{
	static const struct { const char *word; enum up_err err; } rows[] = {
		{ "approve", UP_OK }, { "deny", UP_OK }, { "not_mine", UP_OK },
		{ "Approve", UP_E_PROOF }, { "approved", UP_E_PROOF }, { "yes", UP_E_PROOF },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		struct up_decision d = decision(), got;
		json_t *o;

		d.decision = up_span_str(rows[i].word);
		d.item = UP_SPAN_LIT("");
		o = claims_of(&d);
		UP_CHECK(up_decision_parse(o, &got) == rows[i].err, rows[i].word);
		json_decref(o);
	}
}

static void test_end(void)
{
	up_jwk_free(&key);
	up_jwk_free(&other);
	CU_ASSERT_PTR_NULL(key);
}

UP_SUITE("decision", test_list_is_whole, test_decision_in_proof, test_every_changed_member_fails,
    test_decision_expiry, test_decision_form, test_decision_words, test_end)
