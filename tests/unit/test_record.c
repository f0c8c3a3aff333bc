/* SPDX-License-Identifier: Apache-2.0 */
#include "core/record.h"

#include <string.h>

#include "core/text.h"
#include "unit.h"

#define S(member) { #member, offsetof(struct up_record, member) }
static const struct { const char *name; size_t offset; } texts[] = {
	S(id), S(event), S(result), S(reason), S(transaction), S(code_hash), S(unit_code),
	S(unit_name), S(certificate), S(holder_ref),
	S(person_ref), S(person_name), S(role), S(grant), S(grantor), S(items), S(period),
	S(device), S(client), S(client_name),
	S(client_origin), S(item), S(purpose), S(business), S(window),
	{ "operator", offsetof(struct up_record, operator_) }, S(channel),
	S(initiator_ip), S(initiator_agent), S(browser), S(holder_ip), S(assurance), S(disclosed),
	S(session), S(evidence), S(before), S(after),
};
#define N_INTEGERS 5

static struct up_span *text_at(struct up_record *r, size_t i)
{
	return (struct up_span *)(void *)((char *)r + texts[i].offset);
}

static char values[UP_ARRAY_LEN(texts)][64];

static void fill(struct up_record *r)
{
	memset(r, 0, sizeof(*r));
	r->seq = 9007199254740991;
	r->time_ms = 1700000000123;
	r->certificate_version = -2;
	r->count = 8;
	r->clock_ms = 1700000000001;
	for (size_t i = 0; i < UP_ARRAY_LEN(texts); i++) {
		snprintf(values[i], sizeof(values[i]), "%s \"\\\n\x01/ 张\xf0\x9f\x98\x80",
		    texts[i].name);
		*text_at(r, i) = up_span_str(values[i]);
	}
}

/* Every member of the struct is in one of the lists above: a new one that is not written would be
 * lost from the log. */
static void test_lists_are_whole(void)
{
	CU_ASSERT_EQUAL(sizeof(struct up_record),
	    UP_ARRAY_LEN(texts) * sizeof(struct up_span) + N_INTEGERS * sizeof(int64_t));
}

static void test_round_trip(void)
{
	struct up_record r;
	struct up_buf b = { 0 };
	json_t *o;

	fill(&r);
	CU_ASSERT_EQUAL(up_record_put(&b, &r), UP_OK);
	o = json_loadb((const char *)b.p, b.n, JSON_REJECT_DUPLICATES, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(o);
	CU_ASSERT_EQUAL(json_object_size(o), UP_ARRAY_LEN(texts) + N_INTEGERS);
	for (size_t i = 0; i < UP_ARRAY_LEN(texts); i++) {
		const char *got = json_string_value(json_object_get(o, texts[i].name));

		CU_ASSERT(got != NULL && strcmp(got, values[i]) == 0);
	}
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(o, "seq")), r.seq);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(o, "time_ms")), r.time_ms);
	CU_ASSERT_EQUAL(
	    json_integer_value(json_object_get(o, "certificate_version")), r.certificate_version);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(o, "count")), r.count);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(o, "clock_ms")), r.clock_ms);
	json_decref(o);
	up_buf_free(&b);
}

/* Sorted, and no space: jansson's own compact sorted form agrees byte for byte (for values without
 * control characters, which it escapes in capitals). */
static void test_sorted(void)
{
	struct up_record r;
	struct up_buf b = { 0 };
	char *want;
	json_t *o;

	fill(&r);
	for (size_t i = 0; i < UP_ARRAY_LEN(texts); i++)
		*text_at(&r, i) = UP_SPAN_LIT("a\"\\/\n 中文");
	CU_ASSERT_EQUAL(up_record_put(&b, &r), UP_OK);
	o = json_loadb((const char *)b.p, b.n, JSON_REJECT_DUPLICATES, NULL);
	want = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS);
	CU_ASSERT_PTR_NOT_NULL_FATAL(want);
	CU_ASSERT_STRING_EQUAL(up_buf_cstr(&b), want);
	free(want);
	json_decref(o);
	up_buf_free(&b);
}

static void test_literal(void)
{
	const struct up_record r = {
		.seq = 1,
		.time_ms = 1700000000000,
		.id = UP_SPAN_LIT("abcdefghijklmnopqrstuv"),
		.event = UP_SPAN_LIT("login.approve"),
		.result = UP_SPAN_LIT("ok"),
		.unit_name = UP_SPAN_LIT("某\x1f单位"),
		.operator_ = UP_SPAN_LIT("w1"),
	};
	struct up_buf b = { 0 };

	CU_ASSERT_EQUAL(up_record_put(&b, &r), UP_OK);
	CU_ASSERT_STRING_EQUAL(up_buf_cstr(&b),
	    "{\"event\":\"login.approve\",\"id\":\"abcdefghijklmnopqrstuv\",\"operator\":\"w1\","
	    "\"result\":\"ok\",\"seq\":1,\"time_ms\":1700000000000,\"unit_name\":"
	    "\"某\\u001f单位\"}");
	up_buf_free(&b);
}

static void test_empty(void)
{
	const struct up_record r = { 0 };
	struct up_buf b = { 0 };

	CU_ASSERT_EQUAL(up_record_put(&b, &r), UP_OK);
	CU_ASSERT_STRING_EQUAL(up_buf_cstr(&b), "{}");
	up_buf_free(&b);
}

static void test_bad_utf8(void)
{
	static const char *const bad[] = { "\xff", "a\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
		"\xe4\xb8" };
	struct up_record r;
	struct up_buf b = { 0 };

	up_buf_put_str(&b, "before");
	for (size_t i = 0; i < UP_ARRAY_LEN(texts); i++) {
		for (size_t j = 0; j < UP_ARRAY_LEN(bad); j++) {
			fill(&r);
			*text_at(&r, i) = up_span_str(bad[j]);
			CU_ASSERT_EQUAL(up_record_put(&b, &r), UP_E_UTF8);
			CU_ASSERT_EQUAL(b.n, 6);
		}
	}
	up_buf_free(&b);
}

static void test_leaf(void)
{
	uint8_t hash[32], other[32];
	char hex[65] = "";

	CU_ASSERT_EQUAL(up_record_leaf(UP_SPAN_LIT("{\"a\":1}"), hash), UP_OK);
	up_text_hex(up_span_of(hash, 32), hex);
	CU_ASSERT_STRING_EQUAL(
	    hex, "c7261463ebd776f4650b6d0fe942d9cc38c925d90f77d440ab6df8d5dd258c5f");
	CU_ASSERT_EQUAL(up_record_leaf(UP_SPAN_LIT("{\"a\":2}"), other), UP_OK);
	CU_ASSERT_NOT_EQUAL(memcmp(hash, other, 32), 0);
	/* RFC 6962 section 2.1: the leaf of nothing */
	CU_ASSERT_EQUAL(up_record_leaf(UP_SPAN_LIT(""), hash), UP_OK);
	up_text_hex(up_span_of(hash, 32), hex);
	CU_ASSERT_STRING_EQUAL(
	    hex, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
}

/* What holders may ask about, each kind by itself (rule 25); a part of a name is none. */
static void test_kinds(void)
{
	static const struct { const char *event; enum up_record_kind kind; } cases[] = {
		{ "login.redeem", UP_RECORD_USE }, { "enrolment.open", UP_RECORD_OTHER },
		{ "enrolment.done", UP_RECORD_CHANGE }, { "people.suspend", UP_RECORD_CHANGE },
		{ "unit.renew", UP_RECORD_CHANGE }, { "grant.take", UP_RECORD_CHANGE },
		{ "device.end", UP_RECORD_CHANGE }, { "item.end", UP_RECORD_OTHER },
		{ "login.", UP_RECORD_UNKNOWN }, { "login", UP_RECORD_UNKNOWN },
		{ "unit.renewal", UP_RECORD_UNKNOWN }, { "", UP_RECORD_UNKNOWN },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(cases); i++)
		UP_CHECK(up_record_kind(up_span_str(cases[i].event)) == cases[i].kind,
		    cases[i].event);
	for (size_t i = 0; up_record_event(i) != NULL; i++)
		for (size_t k = 0; k < i; k++)
			UP_CHECK(strcmp(up_record_event(i), up_record_event(k)) != 0,
			    up_record_event(i));
}

UP_SUITE("record", test_lists_are_whole, test_round_trip, test_sorted, test_literal, test_empty,
    test_bad_utf8, test_leaf, test_kinds)
