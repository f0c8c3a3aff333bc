/* SPDX-License-Identifier: Apache-2.0 */
#include "core/disclosure.h"

#include <stdio.h>
#include <string.h>

#define OBJECT_MAX 15                    /* characters of an object's name, below */

enum form { TEXT, NUMBER, LIST, CHAIN };

/* Members of one object stand together. */
static const struct row {
	const char *name;
	size_t offset;
	enum form form;
	const char *en, *zh;
} rows[] = {
	{ "unit.code", offsetof(struct up_disclosure, unit_code), TEXT, "unit code",
	    "统一社会信用代码" },
	{ "unit.name", offsetof(struct up_disclosure, unit_name), TEXT, "unit name", "单位名称" },
	{ "unit.certificate", offsetof(struct up_disclosure, certificate), TEXT, "certificate",
	    "证书号" },
	{ "unit.certificate_version", offsetof(struct up_disclosure, certificate_version), NUMBER,
	    "certificate version", "证书版本" },
	{ "holder.ref", offsetof(struct up_disclosure, holder_ref), TEXT, "holder number",
	    "本人在本单位的编号" },
	{ "holder.role", offsetof(struct up_disclosure, role), TEXT, "role", "角色" },
	{ "holder.name", offsetof(struct up_disclosure, holder_name), TEXT, "name", "姓名" },
	{ "items", offsetof(struct up_disclosure, item), LIST, "item", "授权事项" },
	{ "authority", offsetof(struct up_disclosure, authority), CHAIN, "by whose right",
	    "授权关系" },
};

const char *up_disclosure_word(struct up_span name, bool chinese)
{
	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++)
		if (up_span_eq_str(name, rows[i].name))
			return chinese ? rows[i].zh : rows[i].en;
	return NULL;
}

const char *up_disclosure_name(size_t i)
{
	return i < UP_ARRAY_LEN(rows) ? rows[i].name : NULL;
}

/* "unit" of "unit.code"; empty for a member of the top. */
static struct up_span object_of(const struct row *row)
{
	const char *dot = strchr(row->name, '.');

	return up_span_of(row->name, dot != NULL ? (size_t)(dot - row->name) : 0);
}

static void put_words(struct up_json_put *j, const char *name, struct up_span words)
{
	struct up_span one;

	up_json_put_array(j, name);
	while (words.n > 0) {
		up_span_cut(words, ' ', &one, &words);
		up_json_put_opt(j, NULL, one);
	}
	up_json_put_end(j);
}

static void put_chain(
    struct up_json_put *j, const char *name, const struct up_disclosure_chain *chain)
{
	up_json_put_array(j, name);
	for (size_t i = 0; i < chain->n; i++) {
		const struct up_disclosure_link *link = &chain->links[i];

		up_json_put_object(j, NULL);
		up_json_put_text(j, "role", link->role);
		up_json_put_text(j, "ref", link->ref);
		up_json_put_int(j, "since", link->since_s);
		if (link->until_s != 0) {
			up_json_put_int(j, "until", link->until_s);
			put_words(j, "items", link->items);
		}
		up_json_put_end(j);
	}
	up_json_put_end(j);
}

static void put_value(struct up_json_put *j, const struct row *row, const void *at)
{
	struct up_span object = object_of(row);
	const char *member = row->name + (object.n > 0 ? object.n + 1 : 0);

	switch (row->form) {
	case NUMBER:
		up_json_put_int(j, member, *(const int64_t *)at);
		return;
	case TEXT:
		up_json_put_opt(j, member, *(const struct up_span *)at);
		return;
	case LIST:
		up_json_put_array(j, member);
		up_json_put_opt(j, NULL, *(const struct up_span *)at);
		up_json_put_end(j);
		return;
	case CHAIN:
		put_chain(j, member, at);
	}
}

static void open_object(struct up_json_put *j, struct up_span name)
{
	char text[OBJECT_MAX + 1] = "";

	memcpy(text, name.p, name.n < sizeof(text) ? name.n : OBJECT_MAX);
	up_json_put_object(j, text);
}

void up_disclosure_put_claims(struct up_json_put *j, const struct up_disclosure *d)
{
	struct up_span open = { NULL, 0 };

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		struct up_span object = object_of(&rows[i]);

		if (!up_span_eq(object, open)) {
			if (open.n > 0)
				up_json_put_end(j);
			if (object.n > 0)
				open_object(j, object);
			open = object;
		}
		put_value(j, &rows[i], (const char *)d + rows[i].offset);
	}
	if (open.n > 0)
		up_json_put_end(j);
}

void up_disclosure_put_array(struct up_json_put *j, const char *name)
{
	up_json_put_array(j, name);
	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++)
		up_json_put_str(j, NULL, rows[i].name);
	up_json_put_end(j);
}

void up_disclosure_words(char out[UP_DISCLOSURE_WORDS])
{
	size_t n = 0;

	for (size_t i = 0; i < UP_ARRAY_LEN(rows) && n < UP_DISCLOSURE_WORDS; i++)
		n += (size_t)snprintf(
		    out + n, UP_DISCLOSURE_WORDS - n, "%s%s", i > 0 ? " " : "", rows[i].name);
}
