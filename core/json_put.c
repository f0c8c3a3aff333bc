/* SPDX-License-Identifier: Apache-2.0 */
#include "core/json_put.h"

#include <string.h>

#include "core/text.h"

/* What stands before a value: a comma if it is not the first, and its name. One reservation: a
 * record has forty members. */
static void begin(struct up_json_put *j, const char *name)
{
	struct up_buf *b = j->b;
	size_t n = name != NULL ? strlen(name) : 0;

	up_buf_reserve(b, n + 4);
	if (b->failed)
		return;
	if ((j->filled & 1) != 0)
		b->p[b->n++] = ',';
	j->filled |= 1;
	if (name == NULL)
		return;
	b->p[b->n++] = '"';
	memcpy(b->p + b->n, name, n);
	b->n += n;
	b->p[b->n++] = '"';
	b->p[b->n++] = ':';
}

static void open_level(struct up_json_put *j, const char *name, bool array)
{
	if (j->depth == UP_JSON_PUT_DEPTH)
		j->b->failed = true;
	begin(j, name);
	up_buf_put_char(j->b, array ? '[' : '{');
	if (j->b->failed)
		return;
	j->depth++;
	j->filled <<= 1;
	j->arrays = j->arrays << 1 | array;
}

void up_json_put_object(struct up_json_put *j, const char *name)
{
	open_level(j, name, false);
}

void up_json_put_array(struct up_json_put *j, const char *name)
{
	open_level(j, name, true);
}

void up_json_put_end(struct up_json_put *j)
{
	if (j->depth == 0) {             /* an opening failed, and with it the buffer */
		j->b->failed = true;
		return;
	}
	up_buf_put_char(j->b, (j->arrays & 1) != 0 ? ']' : '}');
	j->depth--;
	j->filled >>= 1;
	j->arrays >>= 1;
}

void up_json_put_text(struct up_json_put *j, const char *name, struct up_span value)
{
	begin(j, name);
	up_buf_put_json(j->b, value);
}

void up_json_put_opt(struct up_json_put *j, const char *name, struct up_span value)
{
	if (value.n > 0)
		up_json_put_text(j, name, value);
}

void up_json_put_str(struct up_json_put *j, const char *name, const char *value)
{
	up_json_put_text(j, name, up_span_str(value));
}

void up_json_put_int(struct up_json_put *j, const char *name, int64_t value)
{
	begin(j, name);
	up_buf_put_i64(j->b, value);
}

void up_json_put_bool(struct up_json_put *j, const char *name, bool value)
{
	begin(j, name);
	up_buf_put_str(j->b, value ? "true" : "false");
}

void up_json_put_b64url(struct up_json_put *j, const char *name, struct up_span bytes)
{
	up_json_put_open(j, name);
	up_text_put_b64url(j->b, bytes);
	up_json_put_close(j);
}

void up_json_put_raw(struct up_json_put *j, const char *name, struct up_span value)
{
	begin(j, name);
	up_buf_put_span(j->b, value);
}

void up_json_put_words(struct up_json_put *j, const char *name, const char *const *words)
{
	up_json_put_array(j, name);
	for (; *words != NULL; words++)
		up_json_put_str(j, NULL, *words);
	up_json_put_end(j);
}

void up_json_put_open(struct up_json_put *j, const char *name)
{
	begin(j, name);
	up_buf_put_char(j->b, '"');
}

void up_json_put_close(struct up_json_put *j)
{
	up_buf_put_char(j->b, '"');
}
