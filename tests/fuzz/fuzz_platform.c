/* SPDX-License-Identifier: Apache-2.0
 * What a population platform answers. The first byte chooses: 'm' a mapping of six lines, 's' lines
 * of time and signature before the body, anything else a body. */
#include <string.h>

#include "core/json.h"
#include "fuzz.h"
#include "server/connect/platform_wire.h"

#define NOW_S 1700000000

static const struct up_platform_mapping plain = { "name", "resident_id", "mobile", "data.result",
	"match 1 true", "mismatch 0", "not_found 2 false" };

static void fuzz_answer(const struct up_platform_mapping *m, struct up_span body)
{
	enum up_realname_outcome out = UP_REALNAME_MATCH;

	/* whatever is not understood has passed nobody */
	if (up_platform_read_answer(m, body, &out) != UP_OK)
		FUZZ_HOLDS(out == UP_REALNAME_UNAVAILABLE);
	else
		FUZZ_HOLDS(out != UP_REALNAME_UNAVAILABLE);
}

static char *line(struct up_span *rest)
{
	struct up_span one;
	char *text;

	up_span_cut(*rest, '\n', &one, rest);
	text = malloc(one.n + 1);
	FUZZ_HOLDS(text != NULL);
	if (one.n > 0)
		memcpy(text, one.p, one.n);
	text[one.n] = '\0';
	return text;
}

/* One that is good writes a request that can be read. */
static void fuzz_mapping(struct up_span text)
{
	char *at[7];
	const char *which = NULL;
	struct up_person person = { .name = "x" };
	struct up_buf b = { 0 };
	json_t *o = NULL;

	for (size_t i = 0; i < 7; i++)
		at[i] = line(&text);
	const struct up_platform_mapping m = {
	    at[0], at[1], at[2], at[3], at[4], at[5], at[6]};

	if (up_platform_mapping_wrong(&m, &which) == NULL) {
		up_platform_put_request(&b, &m, &person);
		FUZZ_HOLDS(up_json_parse(up_buf_span(&b), &o) == UP_OK &&
		    json_object_size(o) == 3);
		fuzz_answer(&m, text);
	} else {
		FUZZ_HOLDS(which != NULL);
	}
	json_decref(o);
	up_buf_free(&b);
	for (size_t i = 0; i < 7; i++)
		free(at[i]);
}

/* Nobody signs without the secret; and what is signed is not good for another nonce. */
static void fuzz_signature(struct up_span text)
{
	const struct up_span secret = UP_SPAN_LIT("0123456789abcdef0123456789abcdef");
	struct up_platform_signed of = { .what = UP_SPAN_LIT("200"),
		.nonce = UP_SPAN_LIT("AAAAAAAAAAAAAAAAAAAAAA") };
	struct up_span signature;

	up_span_cut(text, '\n', &of.time, &text);
	up_span_cut(text, '\n', &signature, &text);
	FUZZ_HOLDS(up_platform_check_answer(secret, &of, text, signature, NOW_S) != UP_OK);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct up_span text = up_span_of(data, size);

	if (size == 0)
		return 0;
	if (data[0] == 'm')
		fuzz_mapping(up_span_of(data + 1, size - 1));
	else if (data[0] == 's')
		fuzz_signature(up_span_of(data + 1, size - 1));
	else
		fuzz_answer(&plain, text);
	return 0;
}
