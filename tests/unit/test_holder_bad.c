/* SPDX-License-Identifier: Apache-2.0
 * Each member of each change that a phone asks for, with each kind of what is no value: refused by
 * the member's name, in Chinese and English, and nothing done. Ids of others and of nobody. */
#include <ctype.h>
#include <string.h>

#include "test_holder_fixture.h"

#define NOBODY "AAAAAAAAAAAAAAAAAAAAAA"
#define X64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X576 X64 X64 X64 X64 X64 X64 X64 X64 X64

enum kind { TEXT, DATE, LIST, YES_NO, OBJECT };

/* MEMBER of a body: GOOD as JSON; of TEXT and DATE without the quotes, of LIST one element. PERSON:
 * it stands in the member "person". */
struct part { const char *member, *good; enum kind kind; bool person, optional; };

static const struct part adding[] = {
	{ "certificate", "CERT-1", TEXT, false, false },
	{ "password", PASSWORD, TEXT, false, false },
	{ "may_authorise", "false", YES_NO, false, true },
	{ "person", "", OBJECT, false, false },
	{ "name", "王芳", TEXT, true, false },
	{ "resident_id", "430102198808080010", TEXT, true, false },
	{ "mobile", "13700000001", TEXT, true, false },
};
static const struct part granting[] = {
	{ "certificate", "CERT-1", TEXT, false, false },
	{ "password", PASSWORD, TEXT, false, false },
	{ "users", NOBODY, LIST, false, false },
	{ "items", "annual-report", LIST, false, false },
	{ "from", "2025-12-01", DATE, false, false },
	{ "to", "2026-01-31", DATE, false, false },
};

/* Whose value it is. */
enum whose { OF_NONE, OF_MANAGER, OF_USER, OF_GRANT, OF_PHONE };
static const struct call { const char *path; enum whose whose; const struct part *parts; size_t n; }
calls[] = {
	{ "/holder/managers", OF_NONE, adding, 7 },
	{ "/holder/users", OF_NONE, adding, 7 },
	{ "/holder/grants", OF_NONE, granting, 6 },
	{ "/holder/managers/*/code", OF_MANAGER, adding, 2 },
	{ "/holder/managers/*/delete", OF_MANAGER, adding, 2 },
	{ "/holder/users/*/code", OF_USER, adding, 2 },
	{ "/holder/users/*/delete", OF_USER, adding, 2 },
	{ "/holder/grants/*/cancel", OF_GRANT, granting, 2 },
	{ "/holder/devices/*/end", OF_PHONE, granting, 2 },
};

/* No value of any kind but the one that KIND is. */
static const struct { enum kind kind; const char *json; } types[] = {
	{ OBJECT, "{\"a\":\"b\"}" }, { LIST, "[\"a\",1]" }, { YES_NO, "true" }, { TEXT, "\"a\"" },
	{ DATE, "20251201" }, { DATE, "1.5e3" }, { DATE, "null" },
};

/* In the midst of what is good otherwise. */
static const char *const within[] = {
	"\\ud800", "\\udc00", "\\ude00\\ud83d", "\\ud800\\ud800",        /* half a character */
	"\xc0\xaf", "\xe0\x80\xaf", "\xf0\x80\x80\xaf",                   /* overlong */
	"\xed\xa0\x80", "\xf4\x90\x80\x80", "\x80", "\xe7\x8e",           /* none */
	"\\u0000", "\\u0007", "\\u007f", "\xc2\x80",                     /* controls */
	"\u202e", "\u2066", "\u200f", "\u061c",                           /* directions */
	"\u200b", "\u200d", "\u2060", "\ufeff", "\u00ad",                 /* nothing to see */
	X576,
};

static const char *const dates[] = {
	"", "20251201", "2025/12/01", "2025.12.01", "2025-12-1", "2025-1-01", "25-12-01",
	"01-12-2025", "12/01/2025", "2025-12", "2025-W49-1", "2025-335", "2025-13-01", "2025-00-01",
	"2025-12-00", "2025-12-32", "2025-11-31", "2025-02-29", "2100-02-29", "0000-01-01",
	"9999-12-01", "12025-12-01", "+2025-12-01", "-2025-12-01", " 2025-12-01", "2025-12-01 ",
	"2025-12-01T00:00:00Z", "2025-12-01Z", "2025-12-01+08:00", "2025年12月1日",
	"2025年12月01日", "２０２５-１２-０１", "2025－12－01", "2025–12–01", "二〇二五-12-01",
	"1764000000", "today", "2025-12-0x",
};

static struct phone li;
static struct holder manager, user;
static struct given given;

static void begin(void)
{
	wire_begin();
	li = wire_principal();
	manager = people_make(&wire_f, &li.h, UP_ROLE_MANAGER, 11);
	user = people_make(&wire_f, &li.h, UP_ROLE_USER, 12);
	CU_ASSERT_EQUAL_FATAL(
	    people_grant(&wire_f, &li.h, &user, TODAY, TODAY, &given), UP_OK);
	/* the first call learns a nonce */
	CU_ASSERT_EQUAL(wire_get(&li, "/holder/items?certificate=CERT-1"), 200);
}

static void end(void)
{
	wire_hang_up(&li);
	wire_end();
}

/* PATH with REF where it has a star. */
static const char *with(const char *path, const char *ref)
{
	static char text[160];
	const int n = (int)strcspn(path, "*");

	snprintf(text, sizeof(text), "%.*s%s%s", n, path, path[n] == '*' ? ref : "",
	    path[n] == '*' ? path + n + 1 : "");
	return text;
}

static const char *path_of(const struct call *call, const char *ref)
{
	const char *const refs[] = { "", manager.ref, user.ref, given.grant, user.phone };

	return with(call->path, ref != NULL ? ref : refs[call->whose]);
}

/* --- bodies --- */

static void put_good(const struct part *part, struct up_buf *out)
{
	const char *before = part->kind == LIST ? "[\"" : part->kind == YES_NO ? "" : "\"";
	const char *after = part->kind == LIST ? "\"]" : part->kind == YES_NO ? "" : "\"";

	up_buf_printf(out, "%s%s%s", before, part->good, after);
}

/* The body of CALL, where BAD stands for what PART is; NULL: it is missing. */
static const char *body_of(const struct call *call, const struct part *bad_part, const char *bad)
{
	static struct up_buf body;
	bool first = true;

	up_buf_reset(&body);
	up_buf_put_str(&body, "{");
	for (size_t i = 0; i < call->n; i++) {
		const struct part *part = &call->parts[i];
		const bool is = part == bad_part;

		if ((is && bad == NULL) || (part->optional && !is))
			continue;
		if (part->person && (bad_part->kind == OBJECT))
			continue;
		up_buf_printf(&body, "%s\"%s\":", first ? "" : ",", part->member);
		first = part->kind == OBJECT && !is;
		if (first)
			up_buf_put_str(&body, "{");
		else if (is)
			up_buf_put_str(&body, bad);
		else
			put_good(part, &body);
	}
	up_buf_put_str(&body, call->n == 7 && bad_part->kind != OBJECT ? "}}" : "}");
	return up_buf_cstr(&body);
}

static bool is_chinese(const char *text)
{
	while (*text != '\0' && isascii((unsigned char)*text))
		text++;
	return *text != '\0';
}

/* BAD as JSON, told in both languages. */
static void check(const struct call *call, const struct part *part, const char *bad)
{
	const char *body = body_of(call, part, bad);

	for (int zh = 0; zh < 2; zh++) {
		wire_language = zh ? "Accept-Language: zh-CN\r\n" : "Accept-Language: en\r\n";
		UP_CHECK(wire_post(&li, path_of(call, NULL), body) == 400, body);
		UP_CHECK(strcmp(wire_member("error"), "invalid_request") == 0, body);
		UP_CHECK(strcmp(wire_member("member"), part->member) == 0, body);
		UP_CHECK(wire_member("detail")[0] != '\0' &&
		    is_chinese(wire_member("detail")) == zh, body);
	}
	wire_language = "Accept-Language: en\r\n";
}

static void check_types(const struct call *call, const struct part *part)
{
	const enum kind kind = part->kind == DATE ? TEXT : part->kind;

	if (!part->optional)
		check(call, part, NULL);
	for (size_t i = 0; i < UP_ARRAY_LEN(types); i++)
		if (types[i].kind != kind)
			check(call, part, types[i].json);
}

static void check_text(const struct call *call, const struct part *part)
{
	const int half = (int)strlen(part->good) / 2 / 3 * 3;    /* between Chinese characters */
	const char *before = part->kind == LIST ? "[\"" : "\"";
	const char *after = part->kind == LIST ? "]" : "";
	char bad[1024];

	for (size_t i = 0; i < UP_ARRAY_LEN(within); i++) {
		snprintf(bad, sizeof(bad), "%s%.*s%s%s\"%s", before, half, part->good, within[i],
		    part->good + half, after);
		check(call, part, bad);
	}
	snprintf(bad, sizeof(bad), "%s\"%s", before, after);
	check(call, part, bad);
}

static void check_dates(const struct call *call, const struct part *part)
{
	char bad[64];

	for (size_t i = 0; i < UP_ARRAY_LEN(dates); i++) {
		snprintf(bad, sizeof(bad), "\"%s\"", dates[i]);
		check(call, part, bad);
	}
}

static void test_members(void)
{
	uint8_t before[32], after[32];

	begin();
	fixture_digest(&wire_f, before);
	for (size_t i = 0; i < UP_ARRAY_LEN(calls); i++)
		for (size_t k = 0; k < calls[i].n; k++) {
			const struct part *part = &calls[i].parts[k];

			check_types(&calls[i], part);
			if (part->kind == TEXT || part->kind == LIST || part->kind == DATE)
				check_text(&calls[i], part);
			if (part->kind == DATE)
				check_dates(&calls[i], part);
			fixture_digest(&wire_f, after);
			UP_CHECK(memcmp(before, after, sizeof(after)) == 0, calls[i].path);
		}
	end();
}

/* --- ids --- */

/* One answer to all, status and body. */
struct alike { int status; char body[512]; };

static void check_alike(struct alike *first, int status, const char *row)
{
	if (first->status == 0) {
		first->status = status;
		snprintf(first->body, sizeof(first->body), "%s", wire_body());
	}
	UP_CHECK(status == first->status, row);
	UP_CHECK(strcmp(first->body, wire_body()) == 0, row);
}

/* Another unit's certificate, nobody's, and one that has no such form. */
static void test_certificates(void)
{
	static const char *const numbers[] = { "CERT-2", "CERT-9", "143000000016", "年", "-" };
	char quoted[64];

	begin();
	for (size_t i = 0; i < UP_ARRAY_LEN(calls); i++) {
		struct alike first = { 0 };

		for (size_t k = 0; k < UP_ARRAY_LEN(numbers); k++) {
			snprintf(quoted, sizeof(quoted), "\"%s\"", numbers[k]);
			check_alike(&first, wire_post(&li, path_of(&calls[i], NULL),
			    body_of(&calls[i], &calls[i].parts[0], quoted)), calls[i].path);
		}
		UP_CHECK(first.status == 403, calls[i].path);
	}
	end();
}

/* REFS in all places that take one, by a path, a query or a body. */
static void check_refs(const char *const refs[], size_t n)
{
	static const char *const reads[] = { "/holder/managers/*?certificate=CERT-1",
		"/holder/users/*?certificate=CERT-1", "/holder/grants/*?certificate=CERT-1",
		"/holder/grants?certificate=CERT-1&user=*",
		"/holder/devices?certificate=CERT-1&user=*" };

	for (size_t i = 0; i < UP_ARRAY_LEN(reads); i++) {
		struct alike first = { 0 };

		for (size_t k = 0; k < n; k++) {
			const char *path = with(reads[i], refs[k]);

			check_alike(&first, wire_get(&li, path), path);
		}
	}
	for (size_t i = 0; i < UP_ARRAY_LEN(calls); i++) {
		struct alike first = { 0 };

		for (size_t k = 0; k < n && calls[i].whose != OF_NONE; k++) {
			const char *path = path_of(&calls[i], refs[k]);

			check_alike(&first, wire_post(&li, path, PLAIN), path);
		}
	}
}

static void test_refs(void)
{
	struct phone zhao;
	struct holder theirs, gone;
	struct given of_theirs;
	struct alike first = { 0 };
	char list[64];

	begin();
	zhao = wire_stranger();
	theirs = people_make(&wire_f, &zhao.h, UP_ROLE_USER, 21);
	CU_ASSERT_EQUAL(
	    people_grant(&wire_f, &zhao.h, &theirs, TODAY, TODAY, &of_theirs), UP_OK);
	gone = people_make(&wire_f, &li.h, UP_ROLE_USER, 22);
	CU_ASSERT_EQUAL(people_delete(&wire_f, &li.h, &gone, NULL), UP_OK);

	const char *const refs[] = { NOBODY, theirs.ref, zhao.h.ref, of_theirs.grant, gone.ref,
		theirs.phone };

	check_refs(refs, UP_ARRAY_LEN(refs));
	/* all but the phone's, which has the form of a reference in a path only */
	for (size_t k = 0; k + 1 < UP_ARRAY_LEN(refs); k++) {
		snprintf(list, sizeof(list), "[\"%s\"]", refs[k]);
		check_alike(&first, wire_post(&li, "/holder/grants",
		    body_of(&calls[2], &granting[2], list)), list);
	}
	UP_CHECK(first.status == 404, "users of a grant");
	wire_hang_up(&zhao);
	end();
}

UP_SUITE("holder_bad", test_members, test_certificates, test_refs)
