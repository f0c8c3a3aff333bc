/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/body.h"

#include <stdio.h>
#include <string.h>

#include "core/day.h"
#include "core/json_where.h"
#include "core/normal.h"
#include "core/text.h"

#define GIVEN_MAX 512                    /* bytes of a person's value as typed, blanks and all */
#define REF_CHARS 22

static const struct { enum up_err err; const char *en, *zh; } words[UP_BODY_WRONGS] = {
	[UP_BODY_MISSING] = { UP_E_REQUEST, "is missing; add it", "缺少此项，请补充" },
	[UP_BODY_UNKNOWN] = { UP_E_REQUEST, "is not known here; leave it out",
	    "此处不接受此项，请去掉" },
	[UP_BODY_TEXT] = { UP_E_REQUEST, "must be a text", "此项应为文本" },
	[UP_BODY_OBJECT] = { UP_E_REQUEST, "must be an object", "此项应为对象" },
	[UP_BODY_BOOL] = { UP_E_REQUEST, "must be true or false", "此项应为 true 或 false" },
	[UP_BODY_LIST] = { UP_E_REQUEST, "must be a list of texts", "此项应为文本列表" },
	[UP_BODY_EMPTY] = { UP_E_REQUEST, "is empty; fill it in", "此项为空，请填写" },
	[UP_BODY_LONG] = { UP_E_REQUEST, "is too long; shorten it", "此项过长，请缩短" },
	[UP_BODY_COUNT] = { UP_E_REQUEST, "has none or too many; name 1 to 32",
	    "数量为零或过多，请填写 1 至 32 个" },
	[UP_BODY_TWICE] = { UP_E_REQUEST, "has one twice; name each once",
	    "有重复，每个只填写一次" },
	[UP_BODY_DAY] = { UP_E_FORMAT, "is not a day as 2026-03-01; write year, month and day so",
	    "日期格式不对，请按 2026-03-01 的格式填写" },
	[UP_BODY_NO_DAY] = { UP_E_RANGE, "is no day of the calendar; correct it",
	    "没有这一天，请更正" },
	[UP_BODY_SECRET] = { UP_E_FORMAT,
	    "must be 32 bytes in base64url: 43 characters, without padding",
	    "应为 32 字节的 base64url 编码：43 个字符，不带填充" },
	[UP_BODY_REF] = { UP_E_FORMAT, "is not a reference: 22 characters of base64url",
	    "不是有效的编号：应为 22 个 base64url 字符" },
	[UP_BODY_NUMBER] = { UP_E_RANGE, "must be a whole number within its bounds, from 1 on",
	    "应为范围内的正整数" },
	[UP_BODY_KEY] = { UP_E_REQUEST, "must be 1 to 128 visible ASCII characters, once",
	    "应为 1 至 128 个可见 ASCII 字符，且只出现一次" },
	[UP_BODY_ENCODING] = { UP_E_UTF8,
	    "holds what is no character: a half of a surrogate pair, or bytes that are not UTF-8",
	    "含有不是字符的内容：不成对的代理项，或不是 UTF-8 的字节" },
	[UP_BODY_NUL] = { UP_E_UTF8, "holds a NUL; leave it out", "含有空字符（NUL），请去掉" },
};

static bool is_chinese(const struct up_request *r)
{
	return strcmp(up_request_language(r), "en") != 0;
}

struct up_body_reader up_body_of(const struct up_request *r, const struct up_form *query)
{
	return (struct up_body_reader){
	    .chinese = is_chinese(r),
	    .today = up_day_number(r->now_ms / 1000),
	    .o = query == NULL ? r->json : NULL,
	    .query = query,
	};
}

/* --- faults --- */

static void name_member(struct up_body_reader *b, struct up_span name)
{
	struct up_buf safe = { 0 };

	up_text_put_safe(&safe, name, UP_BODY_MEMBER);
	snprintf(b->member, sizeof(b->member), "%.*s", (int)safe.n, (const char *)safe.p);
	up_buf_free(&safe);
}

void up_body_fault(struct up_body_reader *b, const char *name, enum up_body_wrong wrong)
{
	if (b->err != UP_OK)
		return;
	b->err = words[wrong].err;
	name_member(b, up_span_str(name));
	snprintf(b->detail, sizeof(b->detail), "%s",
	    b->chinese ? words[wrong].zh : words[wrong].en);
}

static void put_fault(struct up_json_put *j, const void *arg)
{
	const struct up_body_reader *b = arg;

	up_json_put_opt(j, "member", up_span_str(b->member));
	up_json_put_opt(j, "detail", up_span_str(b->detail));
}

void up_body_refuse(struct up_request *r, const struct up_body_reader *b)
{
	up_reply_err_with(r, b->err, put_fault, b);
}

void up_body_refuse_member(struct up_request *r, enum up_err err, const char *member)
{
	struct up_body_reader b = { .err = err };

	name_member(&b, up_span_str(member));
	up_body_refuse(r, &b);
}

void up_body_refuse_unread(struct up_request *r, enum up_err err)
{
	struct up_body_reader b = up_body_of(r, NULL);
	struct up_json_where where = { UP_JSON_NOWHERE, { NULL, 0 } };
	char name[UP_BODY_MEMBER * 4 + 1];

	if (err == UP_E_REQUEST || err == UP_E_UTF8)
		where = up_json_where(up_buf_span(&r->body));
	if (where.why == UP_JSON_NOWHERE) {
		up_reply_err(r, err);
		return;
	}
	snprintf(name, sizeof(name), "%.*s",
	    (int)(where.member.n < UP_BODY_MEMBER ? where.member.n : UP_BODY_MEMBER),
	    (const char *)where.member.p);
	up_body_fault(&b, name, where.why == UP_JSON_NUL ? UP_BODY_NUL : UP_BODY_ENCODING);
	up_body_refuse(r, &b);
}

/* --- members --- */

static bool is_listed(const char *const *names, struct up_span name)
{
	for (; *names != NULL; names++)
		if (up_span_eq_str(name, *names))
			return true;
	return false;
}

static void unknown(struct up_body_reader *b, struct up_span name)
{
	if (b->err != UP_OK)
		return;
	up_body_fault(b, "", UP_BODY_UNKNOWN);
	name_member(b, name);
}

void up_body_only(struct up_body_reader *b, const char *const *names)
{
	json_t *all = (json_t *)(uintptr_t)b->o;         /* jansson's iterator takes no const */

	if (b->query != NULL) {
		for (size_t i = 0; i < b->query->n; i++)
			if (!is_listed(names, b->query->at[i].name))
				unknown(b, b->query->at[i].name);
		return;
	}
	for (void *at = json_object_iter(all); at != NULL; at = json_object_iter_next(all, at))
		if (!is_listed(names, up_span_str(json_object_iter_key(at))))
			unknown(b, up_span_str(json_object_iter_key(at)));
}

/* Invisible characters, and those that steer others, are in no name or number of ours. */
static void check_plain(struct up_body_reader *b, const char *name, struct up_span text)
{
	char why[UP_NORMAL_FAULT_TEXT];
	struct up_normal_fault fault = { .place = 1 };
	size_t n;

	for (; text.n > 0; text = up_span_of(text.p + n, text.n - n), fault.place++) {
		n = up_text_utf8_next(text, &fault.cp);
		if (n > 0 && !up_text_unsafe(fault.cp))
			continue;
		fault.why = n == 0 ? UP_NORMAL_BROKEN : UP_NORMAL_HIDDEN;
		up_normal_fault_text(&fault, b->chinese, why);
		up_body_fault(b, name, UP_BODY_TEXT);
		b->err = UP_E_CHARACTER;
		snprintf(b->detail, sizeof(b->detail), "%s", why);
		return;
	}
}

static struct up_span check_text(
    struct up_body_reader *b, const char *name, struct up_span text, size_t max)
{
	if (text.n == 0)
		up_body_fault(b, name, UP_BODY_EMPTY);
	if (text.n > max)
		up_body_fault(b, name, UP_BODY_LONG);
	if (b->err == UP_OK)
		check_plain(b, name, text);
	return b->err == UP_OK ? text : (struct up_span){ NULL, 0 };
}

static struct up_span take_text(
    struct up_body_reader *b, const char *name, const json_t *v, size_t max)
{
	struct up_span text = { NULL, 0 };

	if (!json_is_string(v))
		up_body_fault(b, name, UP_BODY_TEXT);
	else
		text = up_span_of(json_string_value(v), json_string_length(v));
	return check_text(b, name, text, max);
}

struct up_span up_body_text_opt(struct up_body_reader *b, const char *name, size_t max)
{
	struct up_span text = { NULL, 0 };

	if (b->err != UP_OK)
		return text;
	if (b->query != NULL) {
		text = up_form_get(b->query, name);
		return text.n > 0 ? check_text(b, name, text, max) : text;
	}
	if (json_object_get(b->o, name) == NULL)
		return text;
	return take_text(b, name, json_object_get(b->o, name), max);
}

struct up_span up_body_text(struct up_body_reader *b, const char *name, size_t max)
{
	struct up_span text = up_body_text_opt(b, name, max);

	if (text.n == 0)
		up_body_fault(b, name, UP_BODY_MISSING);
	return text;
}

bool up_body_flag(struct up_body_reader *b, const char *name, bool otherwise)
{
	const json_t *v = json_object_get(b->o, name);

	if (v == NULL)
		return otherwise;
	if (!json_is_boolean(v))
		up_body_fault(b, name, UP_BODY_BOOL);
	return json_is_true(v);
}

void up_body_secret(struct up_body_reader *b, const char *name, uint8_t *out, size_t n)
{
	struct up_span text = up_body_text(b, name, GIVEN_MAX);

	if (b->err == UP_OK && up_text_b64url_fixed(text, out, n) != UP_OK)
		up_body_fault(b, name, UP_BODY_SECRET);
}

uint32_t up_body_day(struct up_body_reader *b, const char *name)
{
	struct up_span text = up_body_text(b, name, GIVEN_MAX);
	int64_t start_s = 0;
	enum up_err err;

	if (b->err != UP_OK)
		return 0;
	err = up_day_parse(text, &start_s);
	if (err != UP_OK)
		up_body_fault(b, name, err == UP_E_RANGE ? UP_BODY_NO_DAY : UP_BODY_DAY);
	return err == UP_OK ? up_day_number(start_s) : 0;
}

static bool is_ref(struct up_span text)
{
	uint8_t raw[16];

	return text.n == REF_CHARS && up_text_b64url_fixed(text, raw, sizeof(raw)) == UP_OK;
}

static void take_one(struct up_body_reader *b, const struct up_body_list *list, const json_t *v,
    struct up_span *out, size_t i)
{
	out[i] = take_text(b, list->name, v, list->text_max);
	if (b->err == UP_OK && list->refs && !is_ref(out[i]))
		up_body_fault(b, list->name, UP_BODY_REF);
	for (size_t k = 0; b->err == UP_OK && k < i; k++)
		if (up_span_eq(out[k], out[i]))
			up_body_fault(b, list->name, UP_BODY_TWICE);
}

size_t up_body_list(
    struct up_body_reader *b, const struct up_body_list *list, struct up_span *out)
{
	const json_t *v = json_object_get(b->o, list->name);
	size_t n = json_array_size(v);

	if (v == NULL)
		up_body_fault(b, list->name, UP_BODY_MISSING);
	else if (!json_is_array(v))
		up_body_fault(b, list->name, UP_BODY_LIST);
	else if (n == 0 || n > list->max)
		up_body_fault(b, list->name, UP_BODY_COUNT);
	for (size_t i = 0; b->err == UP_OK && i < n; i++)
		take_one(b, list, json_array_get(v, i), out, i);
	return b->err == UP_OK ? n : 0;
}

/* What is wrong with a character of hers, core/person says better. */
static struct up_span take_given(struct up_body_reader *b, const json_t *person, const char *name)
{
	const json_t *v = json_object_get(person, name);

	if (v == NULL)
		up_body_fault(b, name, UP_BODY_MISSING);
	else if (!json_is_string(v))
		up_body_fault(b, name, UP_BODY_TEXT);
	else if (json_string_length(v) == 0)
		up_body_fault(b, name, UP_BODY_EMPTY);
	else if (json_string_length(v) > GIVEN_MAX)
		up_body_fault(b, name, UP_BODY_LONG);
	else
		return up_span_of(json_string_value(v), json_string_length(v));
	return (struct up_span){ NULL, 0 };
}

static void judge_person(struct up_body_reader *b, const struct up_person_given *given,
    struct up_person *out)
{
	struct up_person_fault fault;
	enum up_err err = up_person_take(given, b->today, out, &fault);

	if (err == UP_OK)
		return;
	b->err = err;
	if (err == UP_E_NOMEM)
		return;
	name_member(b, up_span_str(fault.member));
	up_person_fault_text(&fault, b->chinese, b->detail);
}

void up_body_person(struct up_body_reader *b, struct up_person *out)
{
	static const char *const members[] = { "name", "resident_id", "mobile", NULL };
	const json_t *body = b->o, *person = json_object_get(body, "person");
	struct up_person_given given;

	if (person == NULL)
		up_body_fault(b, "person", UP_BODY_MISSING);
	else if (!json_is_object(person))
		up_body_fault(b, "person", UP_BODY_OBJECT);
	if (b->err != UP_OK)
		return;
	b->o = person;
	up_body_only(b, members);
	b->o = body;
	given.name = take_given(b, person, "name");
	given.resident = take_given(b, person, "resident_id");
	given.mobile = take_given(b, person, "mobile");
	if (b->err == UP_OK)
		judge_person(b, &given, out);
}

int64_t up_body_number(
    struct up_body_reader *b, const char *name, uint64_t max, int64_t otherwise)
{
	struct up_span text = up_form_get(b->query, name);
	uint64_t n = 0;

	if (text.n == 0)
		return otherwise;
	if (up_span_u64(text, max, &n) != UP_OK || n == 0)
		up_body_fault(b, name, UP_BODY_NUMBER);
	return (int64_t)n;
}
