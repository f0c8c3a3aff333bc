/* SPDX-License-Identifier: Apache-2.0
 * core/text.h, normal.h and the parsers of core/person.h, uscc.h, password.h: one spelling for each
 * value, and safe text. */
#include "core/text.h"

#include "core/password.h"
#include "core/person.h"
#include "core/uscc.h"
#include "fuzz.h"

#include <string.h>

static void try_encodings(struct up_span in)
{
	uint8_t *out = malloc(in.n + 1);
	struct up_buf b = { 0 };
	size_t n;

	FUZZ_HOLDS(out != NULL);
	if (up_text_b64url_decode(in, out, in.n, &n) == UP_OK) {
		up_text_put_b64url(&b, up_span_of(out, n));
		FUZZ_HOLDS(up_span_eq(up_buf_span(&b), in));
		FUZZ_HOLDS(up_text_b64url_fixed(in, out, n) == UP_OK);
		up_buf_reset(&b);
	}
	up_text_put_b64url(&b, in);
	FUZZ_HOLDS(up_text_b64url_fixed(up_buf_span(&b), out, in.n) == UP_OK &&
	    up_span_eq(up_span_of(out, in.n), in));
	if (up_text_hex_decode(in, out, in.n / 2) == UP_OK)
		FUZZ_HOLDS(in.n % 2 == 0);
	up_buf_free(&b);
	free(out);
}

static bool all_safe(struct up_span s, size_t max)
{
	size_t n, count = 0;
	uint32_t cp;

	for (; s.n > 0; s = up_span_of(s.p + n, s.n - n), count++) {
		n = up_text_utf8_next(s, &cp);
		if (n == 0 || up_text_unsafe(cp))
			return false;
	}
	return count <= max;
}

static void try_text(struct up_span in)
{
	const char *browser, *os;
	struct up_buf b = { 0 };
	size_t max = in.n > 0 ? in.p[0] % 40 : 3;

	up_text_put_safe(&b, in, max);
	FUZZ_HOLDS(all_safe(up_buf_span(&b), max) && up_text_utf8_valid(up_buf_span(&b)));
	if (up_text_utf8_valid(in))
		FUZZ_HOLDS(up_text_utf8_count(in) <= in.n);
	up_buf_reset(&b);
	if (up_text_form_decode(in, &b) == UP_OK)
		FUZZ_HOLDS(b.n <= in.n && up_text_utf8_valid(up_buf_span(&b)));
	else
		FUZZ_HOLDS(b.n == 0);
	up_text_user_agent(in, &browser, &os);
	FUZZ_HOLDS(strlen(browser) < 20 && strlen(os) < 20);
	up_buf_free(&b);
}

/* What comes out is text, and stays as it is when it comes in again. */
static void try_normal(struct up_span in, enum up_normal kind)
{
	struct up_buf once = { 0 }, twice = { 0 };
	struct up_normal_fault fault;
	char words[UP_NORMAL_FAULT_TEXT];

	if (up_normal_put(&once, in, kind, &fault) == UP_OK) {
		FUZZ_HOLDS(up_text_utf8_valid(up_buf_span(&once)));
		FUZZ_HOLDS(up_normal_put(&twice, up_buf_span(&once), kind, &fault) == UP_OK);
		FUZZ_HOLDS(up_span_eq(up_buf_span(&once), up_buf_span(&twice)));
	} else {
		FUZZ_HOLDS(once.n == 0 && fault.place > 0 && fault.place <= in.n);
		up_normal_fault_text(&fault, in.n % 2 == 0, words);
		FUZZ_HOLDS(up_text_utf8_valid(up_span_str(words)));
	}
	up_buf_free(&once);
	up_buf_free(&twice);
}

static void try_values(struct up_span in)
{
	const struct up_person_given given = { in, UP_SPAN_LIT("43010219880808007X"),
	    UP_SPAN_LIT("13812345678") };
	struct up_normal_fault fault;
	struct up_person_fault wrong;
	struct up_person person;
	char code[9], mobile[12], again[12], unit[UP_USCC_LEN + 1];
	struct up_buf b = { 0 };

	if (up_text_base20_parse(in, code) == UP_OK)
		FUZZ_HOLDS(strlen(code) == 8);
	if (up_person_parse_mobile(in, mobile, &fault) == UP_OK)
		FUZZ_HOLDS(up_person_parse_mobile(up_span_str(mobile), again, &fault) == UP_OK &&
		    strcmp(mobile, again) == 0);
	if (up_person_check_resident(in, 20260101) == UP_OK)
		FUZZ_HOLDS(in.n == UP_RESIDENT_LEN);
	if (up_uscc_check_unit(in) == UP_OK)
		FUZZ_HOLDS(up_uscc_check(in) == UP_OK && in.n == UP_USCC_LEN);
	if (up_uscc_parse(in, unit, &fault) == UP_OK)
		FUZZ_HOLDS(up_uscc_check(up_span_str(unit)) == UP_OK);
	if (up_person_take(&given, 20260101, &person, &wrong) == UP_OK) {
		FUZZ_HOLDS(up_person_check_name(up_span_str(person.name)) == UP_OK);
		up_person_mask_name(&b, up_span_str(person.name));
		FUZZ_HOLDS(memchr(b.p, '*', b.n) != NULL && up_text_utf8_valid(up_buf_span(&b)));
		up_buf_reset(&b);
	}
	up_person_mask_name(&b, in);
	up_person_mask_resident(&b, in);
	up_person_mask_resident_anonymous(&b, in);
	up_person_mask_mobile(&b, in);
	up_buf_free(&b);
	if (up_password_check(in, UP_SPAN_LIT("43010219880808007X"), UP_SPAN_LIT("13812345678")) ==
	    UP_OK)
		FUZZ_HOLDS(up_text_utf8_count(in) >= 6 && up_text_utf8_count(in) <= 64);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct up_span in = up_span_of(data, size);

	try_encodings(in);
	try_text(in);
	try_values(in);
	for (int kind = UP_NORMAL_PERSON; kind <= UP_NORMAL_NUMBER; kind++)
		try_normal(in, (enum up_normal)kind);
	return 0;
}
