/* SPDX-License-Identifier: Apache-2.0
 * core/json.h: what parses is an object, and its members come out again as they went in; and
 * nothing in it is spoilt (core/json_where.h). */
#include "core/json.h"
#include "core/json_where.h"
#include "core/text.h"
#include "fuzz.h"

static void read_member(const json_t *o, const char *name)
{
	struct up_span text, optional;
	int64_t v;

	if (up_json_text(o, name, 64, &text) == UP_OK)
		FUZZ_HOLDS(text.n > 0 && text.n <= 64 && up_text_utf8_valid(text));
	if (up_json_text_opt(o, name, 64, &optional) == UP_OK)
		FUZZ_HOLDS(up_span_eq(text, optional));
	if (up_json_int(o, name, -5, 5, &v) == UP_OK)
		FUZZ_HOLDS(v >= -5 && v <= 5);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "a", "client_id", "decision", NULL };
	json_t *o, *again, *v;
	const char *name;
	const struct up_json_where where = up_json_where(up_span_of(data, size));

	enum up_err err = up_json_parse(up_span_of(data, size), &o);

	FUZZ_HOLDS(where.member.n == 0 || (where.member.p > data &&
	    where.member.p + where.member.n < data + size));
	FUZZ_HOLDS(err != UP_OK || where.why == UP_JSON_NOWHERE);
	if (err != UP_OK) {
		FUZZ_HOLDS(o == NULL &&
		    (err == UP_E_REQUEST || err == UP_E_UTF8 || err == UP_E_TOO_LARGE));
		return 0;
	}
	FUZZ_HOLDS(json_is_object(o));
	json_object_foreach(o, name, v)
		read_member(o, name);
	read_member(o, "absent");
	if (up_json_only(o, names) == UP_OK)
		FUZZ_HOLDS(json_object_size(o) <= 3);
	char *text = json_dumps(o, JSON_COMPACT);

	if (text != NULL && up_json_parse(up_span_str(text), &again) == UP_OK) {
		FUZZ_HOLDS(json_equal(o, again));
		json_decref(again);
	}
	free(text);
	json_decref(o);
	return 0;
}
