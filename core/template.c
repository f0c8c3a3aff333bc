/* SPDX-License-Identifier: Apache-2.0 */
#include "core/template.h"

#include <string.h>

#define NEST_MAX 8

struct run {
	struct up_span open[NEST_MAX];   /* names of the sections around */
	size_t depth;
	size_t hidden;                   /* depth of the outermost empty section, 0: none */
	up_template_get get;
	void *arg;
	struct up_buf *out;
};

static bool good_name(struct up_span name)
{
	for (size_t i = 0; i < name.n; i++) {
		uint8_t c = name.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
			c == '_' || c == '-' || c == '.'))
			return false;
	}
	return name.n > 0;
}

static enum up_err open_section(struct run *r, struct up_span name, struct up_span value)
{
	if (r->depth == NEST_MAX)
		return UP_E_FORMAT;
	r->open[r->depth++] = name;
	if (r->hidden == 0 && value.n == 0)
		r->hidden = r->depth;
	return UP_OK;
}

static enum up_err close_section(struct run *r, struct up_span name)
{
	if (r->depth == 0 || !up_span_eq(r->open[r->depth - 1], name))
		return UP_E_FORMAT;
	if (r->hidden == r->depth)
		r->hidden = 0;
	r->depth--;
	return UP_OK;
}

/* What stands between the braces.  Names are looked up even where hidden, so that a wrong one never
 * lies in wait. */
static enum up_err put_tag(struct run *r, struct up_span tag)
{
	uint8_t sign = tag.n > 0 ? tag.p[0] : 0;
	struct up_span name = tag, value;

	if (sign == '&' || sign == '?' || sign == '/')
		name = up_span_of(tag.p + 1, tag.n - 1);
	if (!good_name(name))
		return UP_E_FORMAT;
	if (sign == '/')
		return close_section(r, name);
	value = r->get(r->arg, name);
	if (value.p == NULL)
		return UP_E_NOT_FOUND;
	if (sign == '?')
		return open_section(r, name, value);
	if (r->hidden != 0)
		return UP_OK;
	if (sign == '&')
		up_buf_put_span(r->out, value);
	else
		up_buf_put_html(r->out, value);
	return UP_OK;
}

static size_t find(struct up_span s, const char mark[2])
{
	const uint8_t *at = s.p, *end = s.p + s.n;

	while (end - at >= 2 && (at = memchr(at, mark[0], (size_t)(end - at) - 1)) != NULL) {
		if (at[1] == (uint8_t)mark[1])
			return (size_t)(at - s.p);
		at++;
	}
	return SIZE_MAX;
}

static enum up_err render(struct run *r, struct up_span text)
{
	while (text.n > 0) {
		size_t at = find(text, "{{");
		size_t plain = at == SIZE_MAX ? text.n : at;

		if (r->hidden == 0)
			up_buf_put(r->out, text.p, plain);
		if (at == SIZE_MAX)
			break;
		text = up_span_of(text.p + at + 2, text.n - at - 2);
		size_t end = find(text, "}}");

		if (end == SIZE_MAX)
			return UP_E_FORMAT;
		enum up_err err = put_tag(r, up_span_of(text.p, end));

		if (err != UP_OK)
			return err;
		text = up_span_of(text.p + end + 2, text.n - end - 2);
	}
	return r->depth == 0 ? UP_OK : UP_E_FORMAT;
}

enum up_err up_template_render(
    struct up_span text, up_template_get get, void *arg, struct up_buf *out)
{
	struct run r = { .get = get, .arg = arg, .out = out };
	size_t begin = out->n;
	enum up_err err = render(&r, text);

	if (err == UP_OK && out->failed)
		err = UP_E_NOMEM;
	if (err != UP_OK)
		out->n = begin;          /* half a page is worse than none */
	return err;
}

/* RFC 9110 section 12.4.2 in thousandths: "0", "0.5", "1.000"; -1 when malformed. */
static int quality(struct up_span q)
{
	int value, scale = 100;

	if (q.n == 0 || q.n > 5 || (q.p[0] != '0' && q.p[0] != '1') || (q.n > 1 && q.p[1] != '.'))
		return -1;
	value = (q.p[0] - '0') * 1000;
	for (size_t i = 2; i < q.n; i++, scale /= 10) {
		if (q.p[i] < '0' || q.p[i] > '9')
			return -1;
		value += (q.p[i] - '0') * scale;
	}
	return value > 1000 ? -1 : value;
}

struct range {
	int q;                           /* -1: not mentioned */
	unsigned place;                  /* of the mention, for equal q */
};

static void note(struct range *r, int q, unsigned place)
{
	if (q > r->q)
		*r = (struct range){ q, place };
}

static bool is_language(struct up_span tag, const char *primary)
{
	struct up_span head, rest;

	up_span_cut(tag, '-', &head, &rest);
	return up_span_ieq_str(head, primary);
}

const char *up_template_language(struct up_span accept)
{
	struct range zh = { -1, 0 }, en = { -1, 0 }, any = { -1, 0 };
	bool more = true;

	if (up_span_trim(accept).n == 0)
		return "zh-CN";
	for (unsigned place = 0; more; place++) {
		struct up_span item, tag, weight;
		int q = 1000;

		more = up_span_cut(accept, ',', &item, &accept);
		if (up_span_cut(item, ';', &tag, &weight)) {
			weight = up_span_trim(weight);
			bool ok = weight.n > 2 && (weight.p[0] | 0x20) == 'q' && weight.p[1] == '=';

			q = ok ? quality(up_span_of(weight.p + 2, weight.n - 2)) : -1;
		}
		tag = up_span_trim(tag);
		if (is_language(tag, "zh"))
			note(&zh, q, place);
		else if (is_language(tag, "en"))
			note(&en, q, place);
		else if (up_span_eq_str(tag, "*"))
			note(&any, q, place);
	}
	if (zh.q < 0)
		zh = any;
	if (en.q < 0)
		en = any;
	if (zh.q <= 0)
		return "en";
	if (zh.q != en.q)
		return zh.q > en.q ? "zh-CN" : "en";
	return zh.place <= en.place ? "zh-CN" : "en";
}
