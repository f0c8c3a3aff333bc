/* SPDX-License-Identifier: Apache-2.0
 * core/template.h: a page with escaped values only has no more markup than its template; an error
 * leaves nothing. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE               /* memmem */
#endif
#include "core/template.h"
#include "fuzz.h"

#include <string.h>

static struct up_span get(void *arg, struct up_span name)
{
	(void)arg;
	if (up_span_eq_str(name, "a"))
		return UP_SPAN_LIT("<{{b}}>&'\"");
	if (up_span_eq_str(name, "b"))
		return UP_SPAN_LIT("");
	if (up_span_starts(name, "c"))
		return name;
	return (struct up_span){ NULL, 0 };
}

static size_t count(struct up_span s, uint8_t c)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == c;
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct up_span text = up_span_of(data, size);
	struct up_buf b = { 0 };
	const char *language = up_template_language(text);

	FUZZ_HOLDS(strcmp(language, "zh-CN") == 0 || strcmp(language, "en") == 0);
	up_buf_put_char(&b, '>');
	enum up_err err = up_template_render(text, get, NULL, &b);

	if (err != UP_OK)
		FUZZ_HOLDS(b.n == 1 && (err == UP_E_FORMAT || err == UP_E_NOT_FOUND));
	else if (text.n > 0 && memmem(text.p, text.n, "{{&", 3) == NULL)
		FUZZ_HOLDS(count(up_buf_span(&b), '<') <= count(text, '<'));
	up_buf_free(&b);
	return 0;
}
