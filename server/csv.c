/* SPDX-License-Identifier: Apache-2.0 */
#include "server/csv.h"

#include <csv.h>
#include <string.h>

#include "core/text.h"

struct reading {
	up_csv_row_fn fn;
	void *arg;
	enum up_err err;
	bool within;                     /* a row began and has not ended */
	unsigned long line, began;
	struct up_buf text;
	size_t ends[UP_CSV_COLUMNS], n;
};

static void take_cell(void *cell, size_t n, void *arg)
{
	struct reading *r = arg;

	if (r->err != UP_OK)
		return;
	if (r->n == UP_CSV_COLUMNS || n > UP_CSV_CELL_MAX) {
		r->err = UP_E_TOO_LARGE;
		return;
	}
	up_buf_put(&r->text, cell, n);
	r->ends[r->n++] = r->text.n;
}

static void take_row(int c, void *arg)
{
	struct reading *r = arg;
	struct up_span cells[UP_CSV_COLUMNS];
	size_t at = 0;

	(void)c;
	if (r->err == UP_OK && r->text.failed)
		r->err = UP_E_NOMEM;
	if (r->err == UP_OK) {
		for (size_t i = 0; i < r->n; i++) {
			cells[i] = up_span_of(r->text.p + at, r->ends[i] - at);
			at = r->ends[i];
		}
		r->err = r->fn(r->arg, r->began, cells, r->n);
	}
	up_buf_reset(&r->text);
	r->n = 0;
	r->within = false;
}

static bool is_blank(struct up_span line)
{
	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] != ' ' && line.p[i] != '\t' && line.p[i] != '\r' && line.p[i] != '\n')
			return false;
	return true;
}

/* Line by line, so that every row knows where it began. */
static void read_line(struct reading *r, struct csv_parser *p, struct up_span line)
{
	r->line++;
	if (!r->within)
		r->began = r->line;
	if (!up_text_utf8_valid(line)) {
		r->err = UP_E_UTF8;
		return;
	}
	r->within = r->within || !is_blank(line);
	if (csv_parse(p, line.p, line.n, take_cell, take_row, r) != line.n && r->err == UP_OK)
		r->err = csv_error(p) == CSV_EPARSE ? UP_E_FORMAT : UP_E_NOMEM;
}

enum up_err up_csv_read(struct up_span text, up_csv_row_fn fn, void *arg, unsigned long *line)
{
	struct reading r = { .fn = fn, .arg = arg };
	struct csv_parser p;

	*line = 0;
	if (csv_init(&p, CSV_STRICT | CSV_STRICT_FINI) != 0)
		return UP_E_NOMEM;
	if (up_span_starts(text, "\xef\xbb\xbf"))
		text = up_span_of(text.p + 3, text.n - 3);
	while (text.n > 0 && r.err == UP_OK) {
		const uint8_t *end = memchr(text.p, '\n', text.n);
		size_t n = end != NULL ? (size_t)(end - text.p) + 1 : text.n;

		read_line(&r, &p, up_span_of(text.p, n));
		text = up_span_of(text.p + n, text.n - n);
	}
	if (r.err == UP_OK && csv_fini(&p, take_cell, take_row, &r) != 0 && r.err == UP_OK)
		r.err = csv_error(&p) == CSV_EPARSE ? UP_E_FORMAT : UP_E_NOMEM;
	*line = r.within ? r.began : r.line;
	csv_free(&p);
	up_buf_free(&r.text);
	return r.err;
}
