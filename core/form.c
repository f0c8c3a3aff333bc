/* SPDX-License-Identifier: Apache-2.0 */
#include "core/form.h"

#include "core/text.h"

#include <string.h>

#define BODY_MAX ((size_t)64 * 1024)

static bool known(const struct up_form *f, struct up_span name)
{
	for (size_t i = 0; i < f->n; i++)
		if (up_span_eq(f->at[i].name, name))
			return true;
	return false;
}

/* Decoded into F->store, which has room: spans into it stay valid. */
static enum up_err decode(struct up_form *f, struct up_span in, struct up_span *out)
{
	size_t begin = f->store.n;
	enum up_err err = up_text_form_decode(in, &f->store);

	if (err != UP_OK)
		return err == UP_E_FORMAT ? UP_E_REQUEST : err;
	*out = up_span_of(f->store.p + begin, f->store.n - begin);
	return UP_OK;
}

static enum up_err put_pair(struct up_form *f, struct up_span pair)
{
	struct up_span name, value, raw_name, raw_value;
	enum up_err err;

	up_span_cut(pair, '=', &raw_name, &raw_value);
	if (raw_name.n == 0 || f->n == UP_FORM_MAX)
		return UP_E_REQUEST;
	if ((err = decode(f, raw_name, &name)) != UP_OK)
		return err;
	if ((err = decode(f, raw_value, &value)) != UP_OK)
		return err;
	if (known(f, name))
		return UP_E_REQUEST;
	f->at[f->n].name = name;
	f->at[f->n].value = value;
	f->n++;
	return UP_OK;
}

enum up_err up_form_parse(struct up_span body, struct up_form *f)
{
	enum up_err err = UP_OK;
	bool more = body.n > 0;

	f->n = 0;
	f->store = (struct up_buf){ 0 };
	if (body.n > BODY_MAX)
		return UP_E_TOO_LARGE;
	/* Decoding never lengthens, so one allocation holds all and AT may point into it. */
	up_buf_reserve(&f->store, body.n);
	if (f->store.failed) {
		up_form_free(f);
		return UP_E_NOMEM;
	}
	while (err == UP_OK && more) {
		struct up_span pair;

		more = up_span_cut(body, '&', &pair, &body);
		/* "a=1&" and "a=1&&b=2" hold nothing more than they say */
		if (pair.n > 0)
			err = put_pair(f, pair);
	}
	if (err != UP_OK)
		up_form_free(f);
	return err;
}

struct up_span up_form_get(const struct up_form *f, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < f->n; i++)
		if (f->at[i].name.n == n && memcmp(f->at[i].name.p, name, n) == 0)
			return f->at[i].value.n > 0 ? f->at[i].value : (struct up_span){ NULL, 0 };
	return (struct up_span){ NULL, 0 };
}

void up_form_free(struct up_form *f)
{
	up_buf_free(&f->store);
	f->n = 0;
}
