/* SPDX-License-Identifier: Apache-2.0
 * core/form.h: what parses, parses to the same parameters once encoded again. */
#include "core/form.h"
#include "core/text.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct up_form f, again;
	struct up_buf b = { 0 };

	if (up_form_parse(up_span_of(data, size), &f) != UP_OK) {
		FUZZ_HOLDS(f.n == 0 && f.store.p == NULL);
		return 0;
	}
	for (size_t i = 0; i < f.n; i++) {
		FUZZ_HOLDS(f.at[i].name.n > 0 && f.at[i].value.p != NULL);
		FUZZ_HOLDS(up_text_utf8_valid(f.at[i].name) && up_text_utf8_valid(f.at[i].value));
		if (i > 0)
			up_buf_put_char(&b, '&');
		up_buf_put_percent(&b, f.at[i].name);
		up_buf_put_char(&b, '=');
		up_buf_put_percent(&b, f.at[i].value);
	}
	if (b.n <= (size_t)64 * 1024) {
		FUZZ_HOLDS(up_form_parse(up_buf_span(&b), &again) == UP_OK && again.n == f.n);
		for (size_t i = 0; i < f.n; i++)
			FUZZ_HOLDS(up_span_eq(f.at[i].name, again.at[i].name) &&
			    up_span_eq(f.at[i].value, again.at[i].value));
		up_form_free(&again);
	}
	up_buf_free(&b);
	up_form_free(&f);
	return 0;
}
