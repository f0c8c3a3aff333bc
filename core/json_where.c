/* SPDX-License-Identifier: Apache-2.0 */
#include "core/json_where.h"

#include "core/text.h"

#define NO_ESCAPE UINT32_MAX

/* The four digits of the escape "\uXXXX" at P. */
static uint32_t escape_at(struct up_span text, size_t p)
{
	uint8_t raw[2];

	if (p + 6 > text.n || text.p[p] != '\\' || text.p[p + 1] != 'u' ||
	    up_text_hex_decode(up_span_of(text.p + p + 2, 4), raw, 2) != UP_OK)
		return NO_ESCAPE;
	return (uint32_t)raw[0] << 8 | raw[1];
}

static bool is_high(uint32_t unit)
{
	return unit >= 0xD800 && unit <= 0xDBFF;
}

static bool is_low(uint32_t unit)
{
	return unit >= 0xDC00 && unit <= 0xDFFF;
}

/* One character or escape of a string at P: its bytes, or 0 and WHY. */
static size_t step(struct up_span text, size_t p, enum up_json_why *why)
{
	uint32_t unit = escape_at(text, p), cp;
	size_t n;

	*why = UP_JSON_ENCODING;
	if (unit != NO_ESCAPE) {
		if (is_high(unit))
			return is_low(escape_at(text, p + 6)) ? 12 : 0;
		*why = unit == 0 ? UP_JSON_NUL : UP_JSON_ENCODING;
		return unit == 0 || is_low(unit) ? 0 : 6;
	}
	if (text.p[p] == '\\')
		return p + 1 < text.n ? 2 : 1;
	n = up_text_utf8_next(up_span_of(text.p + p, text.n - p), &cp);
	if (n > 0 && cp == 0) {
		*why = UP_JSON_NUL;
		return 0;
	}
	return n;
}

/* The string whose first byte is at P: *END is behind its quote. */
static enum up_json_why read_string(struct up_span text, size_t p, size_t *end)
{
	enum up_json_why why;

	while (p < text.n && text.p[p] != '"') {
		size_t n = step(text, p, &why);

		if (n == 0)
			return why;
		p += n;
	}
	*end = p < text.n ? p + 1 : text.n;
	return UP_JSON_NOWHERE;
}

static bool is_name(struct up_span text, size_t end)
{
	while (end < text.n && (text.p[end] == ' ' || text.p[end] == '\t' ||
	    text.p[end] == '\n' || text.p[end] == '\r'))
		end++;
	return end < text.n && text.p[end] == ':';
}

struct up_json_where up_json_where(struct up_span text)
{
	struct up_json_where where = { UP_JSON_NOWHERE, { NULL, 0 } };
	size_t end;

	for (size_t p = 0; p < text.n; p = end) {
		end = p + 1;
		if (text.p[p] != '"')
			continue;
		where.why = read_string(text, p + 1, &end);
		if (where.why != UP_JSON_NOWHERE)
			return where;
		if (is_name(text, end) && end >= p + 2)
			where.member = up_span_of(text.p + p + 1, end - p - 2);
	}
	where.member = (struct up_span){ NULL, 0 };
	return where;
}
