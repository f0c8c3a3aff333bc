/* SPDX-License-Identifier: Apache-2.0
 * What a phone sends, member by member: what is taken is what it says it is, and the first fault
 * has a name that can be shown. */
#include <string.h>

#include "core/day.h"
#include "core/json.h"
#include "core/text.h"
#include "fuzz.h"
#include "server/http/body.h"

static bool is_plain(struct up_span text)
{
	uint32_t cp;
	size_t n;

	for (; text.n > 0; text = up_span_of(text.p + n, text.n - n)) {
		n = up_text_utf8_next(text, &cp);
		if (n == 0 || up_text_unsafe(cp))
			return false;
	}
	return true;
}

static void read_all(struct up_body_reader *b)
{
	static const char *const members[] = { "certificate", "password", "person", "users", "from",
		"may_authorise", NULL };
	static const struct up_body_list users = { "users", 4, 64, true };
	struct up_span list[4], certificate;
	struct up_person person = { .name = "" };
	uint8_t password[32];
	int64_t start_s;
	uint32_t from;
	size_t n;

	up_body_only(b, members);
	certificate = up_body_text(b, "certificate", 16);
	up_body_secret(b, "password", password, sizeof(password));
	(void)up_body_flag(b, "may_authorise", true);
	n = up_body_list(b, &users, list);
	from = up_body_day(b, "from");
	up_body_person(b, &person);
	if (b->err != UP_OK)
		return;
	FUZZ_HOLDS(certificate.n > 0 && certificate.n <= 16 && is_plain(certificate));
	FUZZ_HOLDS(n > 0 && n <= 4 && up_day_start(from, &start_s) == UP_OK);
	for (size_t i = 0; i < n; i++)
		FUZZ_HOLDS(list[i].n == 22 && is_plain(list[i]));
	FUZZ_HOLDS(is_plain(up_span_str(person.name)) && strlen(person.resident) == 18 &&
	    strlen(person.mobile) == 11);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct up_body_reader b = { .chinese = size % 2 != 0, .today = 20251125 };
	json_t *o;

	if (up_json_parse(up_span_of(data, size), &o) != UP_OK)
		return 0;
	b.o = o;
	read_all(&b);
	FUZZ_HOLDS(is_plain(up_span_str(b.member)) && is_plain(up_span_str(b.detail)));
	FUZZ_HOLDS(b.err != UP_OK || (b.member[0] == '\0' && b.detail[0] == '\0'));
	json_decref(o);
	return 0;
}
