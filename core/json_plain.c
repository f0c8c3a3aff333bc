/* SPDX-License-Identifier: Apache-2.0 */
#include "core/json_plain.h"

#include <string.h>

#define NAME_MAX_PLAIN 48                /* of a member; ours have at most 30 */
#define DIGITS_MAX 15                    /* no sum can overflow, no rounding matters */

struct reader {
	const uint8_t *p, *end;
	unsigned levels;                 /* that may still be opened */
};

static json_t *value(struct reader *r);

/* The next character that is no blank, 0 at the end; it stays to be read. */
static uint8_t look(struct reader *r)
{
	while (r->p < r->end && (*r->p == ' ' || *r->p == '\n' || *r->p == '\r' || *r->p == '\t'))
		r->p++;
	return r->p < r->end ? *r->p : 0;
}

static bool take(struct reader *r, uint8_t c)
{
	if (look(r) != c)
		return false;
	r->p++;
	return true;
}

/* What stands between two quotes. */
static bool text(struct reader *r, struct up_span *out)
{
	const uint8_t *from;

	if (!take(r, '"'))
		return false;
	for (from = r->p; r->p < r->end && *r->p != '"'; r->p++)
		if (*r->p < 0x20 || *r->p > 0x7e || *r->p == '\\')
			return false;
	if (r->p == r->end)
		return false;
	*out = up_span_of(from, (size_t)(r->p++ - from));
	return true;
}

static json_t *string(struct reader *r)
{
	struct up_span s;

	return text(r, &s) ? json_stringn_nocheck((const char *)s.p, s.n) : NULL;
}

static json_t *number(struct reader *r)
{
	const uint8_t *from = r->p;
	json_int_t v = 0;

	for (; r->p < r->end && *r->p >= '0' && *r->p <= '9'; r->p++) {
		if (r->p - from == DIGITS_MAX)
			return NULL;
		v = v * 10 + (*r->p - '0');
	}
	/* a fraction or an exponent follows? then it ends at no comma or bracket */
	return *from == '0' && r->p - from > 1 ? NULL : json_integer(v);
}

static bool word(struct reader *r, const char *w)
{
	size_t n = strlen(w);

	if ((size_t)(r->end - r->p) < n || memcmp(r->p, w, n) != 0)
		return false;
	r->p += n;
	return true;
}

static bool add_element(struct reader *r, json_t *array)
{
	json_t *v = value(r);

	return v != NULL && json_array_append_new(array, v) == 0;
}

static bool add_member(struct reader *r, json_t *object)
{
	char name[NAME_MAX_PLAIN + 1];
	struct up_span s;
	json_t *v;

	if (!text(r, &s) || s.n > NAME_MAX_PLAIN)
		return false;
	memcpy(name, s.p, s.n);
	name[s.n] = '\0';
	if (!take(r, ':') || json_object_get(object, name) != NULL || (v = value(r)) == NULL)
		return false;
	return json_object_set_new_nocheck(object, name, v) == 0;
}

/* From after the bracket that opens to the one that closes. */
static json_t *fill(struct reader *r, json_t *o, uint8_t close,
    bool (*add)(struct reader *, json_t *))
{
	bool good = o != NULL && r->levels > 0;

	if (good && take(r, close))
		return o;
	if (good) {
		r->levels--;
		do
			good = add(r, o);
		while (good && take(r, ','));
		r->levels++;
	}
	if (good && take(r, close))
		return o;
	json_decref(o);
	return NULL;
}

static json_t *value(struct reader *r)
{
	uint8_t c = look(r);

	switch (c) {
	case '"':
		return string(r);
	case '{':
		r->p++;
		return fill(r, json_object(), '}', add_member);
	case '[':
		r->p++;
		return fill(r, json_array(), ']', add_element);
	case 't':
		return word(r, "true") ? json_true() : NULL;
	case 'f':
		return word(r, "false") ? json_false() : NULL;
	case 'n':
		return word(r, "null") ? json_null() : NULL;
	default:
		return c >= '0' && c <= '9' ? number(r) : NULL;
	}
}

json_t *up_json_plain(struct up_span document, unsigned levels)
{
	struct reader r = { document.p, document.p, levels };
	json_t *o;

	if (document.n == 0)             /* where P may be NULL */
		return NULL;
	r.end += document.n;
	if (look(&r) != '{')
		return NULL;
	o = value(&r);
	if (o != NULL && look(&r) == 0 && r.p == r.end)
		return o;
	json_decref(o);
	return NULL;
}
