/* SPDX-License-Identifier: Apache-2.0 */
#include "core/json.h"

#include "core/json_plain.h"
#include "core/text.h"

#include <string.h>

#define TEXT_MAX ((size_t)64 * 1024)
#define LEVELS_MAX 8
#define TIME_MAX INT64_C(253402300799)   /* end of the year 9999: sums cannot overflow */

/* jansson recurses far deeper than any message of ours goes, so depth is judged before it sees the
 * text. Brackets within strings do not count; whether they match is jansson's to say. */
static bool too_deep(struct up_span text)
{
	unsigned level = 0;
	bool in_string = false;

	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = text.p[i];

		if (in_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = false;
			continue;
		}
		if (c == '"')
			in_string = true;
		else if (c == '{' || c == '[') {
			if (++level > LEVELS_MAX)
				return true;
		} else if ((c == '}' || c == ']') && level > 0) {
			level--;
		}
	}
	return false;
}

static enum up_err error_of(const json_error_t *error)
{
	switch (json_error_code(error)) {
	case json_error_unknown:         /* nothing named: an allocation failed */
	case json_error_out_of_memory:
		return UP_E_NOMEM;
	case json_error_null_character:
	case json_error_null_byte_in_key:
		return UP_E_UTF8;
	default:
		return UP_E_REQUEST;
	}
}

enum up_err up_json_parse(struct up_span text, json_t **out)
{
	json_error_t error = { 0 };      /* when memory fails jansson leaves the code as it is */

	*out = NULL;
	if (text.n > TEXT_MAX)
		return UP_E_TOO_LARGE;
	*out = up_json_plain(text, LEVELS_MAX);
	if (*out != NULL)
		return UP_OK;
	if (!up_text_utf8_valid(text))
		return UP_E_UTF8;
	if (too_deep(text))
		return UP_E_TOO_LARGE;
	json_t *o = json_loadb(
	    text.n > 0 ? (const char *)text.p : "", text.n, JSON_REJECT_DUPLICATES, &error);

	if (o == NULL)
		return error_of(&error);
	if (!json_is_object(o)) {
		json_decref(o);
		return UP_E_REQUEST;
	}
	*out = o;
	return UP_OK;
}

enum up_err up_json_text(const json_t *o, const char *name, size_t max, struct up_span *out)
{
	const json_t *v = json_object_get(o, name);

	*out = (struct up_span){ NULL, 0 };
	if (!json_is_string(v))
		return UP_E_REQUEST;
	size_t n = json_string_length(v);

	if (n == 0 || n > max)
		return UP_E_REQUEST;
	*out = up_span_of(json_string_value(v), n);
	return UP_OK;
}

enum up_err up_json_text_opt(const json_t *o, const char *name, size_t max, struct up_span *out)
{
	if (json_object_get(o, name) != NULL)
		return up_json_text(o, name, max, out);
	*out = (struct up_span){ NULL, 0 };
	return UP_OK;
}

enum up_err up_json_int(const json_t *o, const char *name, int64_t min, int64_t max, int64_t *out)
{
	const json_t *v = json_object_get(o, name);

	*out = 0;
	if (!json_is_integer(v))
		return UP_E_REQUEST;
	json_int_t n = json_integer_value(v);

	if (n < min || n > max)
		return UP_E_REQUEST;
	*out = n;
	return UP_OK;
}

enum up_err up_json_time(const json_t *o, const char *name, int64_t *out)
{
	const json_t *v = json_object_get(o, name);
	double seconds = json_real_value(v);     /* never a NaN: JSON has none */

	if (!json_is_real(v))
		return up_json_int(o, name, 0, TIME_MAX, out);
	*out = 0;
	if (seconds < 0 || seconds > (double)TIME_MAX)
		return UP_E_REQUEST;
	*out = (int64_t)seconds;
	return UP_OK;
}

static bool listed(const char *name, const char *const *names)
{
	for (; *names != NULL; names++)
		if (strcmp(name, *names) == 0)
			return true;
	return false;
}

enum up_err up_json_only(const json_t *o, const char *const *names)
{
	json_t *all = (json_t *)(uintptr_t)o;    /* jansson's iterator takes no const */

	if (!json_is_object(o))
		return UP_E_REQUEST;
	for (void *at = json_object_iter(all); at != NULL; at = json_object_iter_next(all, at))
		if (!listed(json_object_iter_key(at), names))
			return UP_E_REQUEST;
	return UP_OK;
}
