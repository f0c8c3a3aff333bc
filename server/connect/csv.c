/* SPDX-License-Identifier: Apache-2.0 */
#include "server/connect/csv.h"

#include <csv.h>

#include "core/lines.h"

struct fault {
	const char *en, *zh;             /* NULL: none */
	bool line;                       /* of this very line, not of the row that it is part of */
};

struct reading {
	const struct up_csv_taker *taker;
	struct csv_parser parser;
	enum up_err err;
	struct fault fault;
	bool within;                     /* a row began and has not ended */
	unsigned long line, began;
	struct up_span rest, behind;     /* of the text; behind the line where the row began */
	struct up_buf text;
	size_t ends[UP_CSV_COLUMNS], n;
};

static void find_fault(struct reading *r, const char *en, const char *zh)
{
	r->fault = (struct fault){ en, zh, false };
}

static void take_cell(void *cell, size_t n, void *arg)
{
	struct reading *r = arg;

	if (r->fault.en != NULL)
		return;
	if (r->n == UP_CSV_COLUMNS || n > UP_CSV_CELL_MAX) {
		find_fault(r, "has too many cells or a cell that is too long", "单元格过多或过长");
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
	if (r->err == UP_OK && r->fault.en == NULL) {
		for (size_t i = 0; i < r->n; i++) {
			cells[i] = up_span_of(r->text.p + at, r->ends[i] - at);
			at = r->ends[i];
		}
		r->err = r->taker->row(r->taker->arg, r->began, cells, r->n);
	}
	up_buf_reset(&r->text);
	r->n = 0;
	r->within = false;
}

static bool is_blank(struct up_span line)
{
	return up_span_trim(up_lines_chop(line)).n == 0;
}

static void misplaced_quote(struct reading *r)
{
	find_fault(r, "a quote is out of place or not closed (RFC 4180)",
	    "引号位置不对或未闭合（RFC 4180）");
}

/* Line by line, so that every row knows where it began. */
static void read_line(struct reading *r, struct up_span line)
{
	enum up_lines_fault coding = up_lines_check(line);

	r->line++;
	if (!r->within) {
		r->began = r->line;
		r->behind = r->rest;
	}
	if (coding != UP_LINES_UTF8) {
		r->fault = (struct fault){ up_lines_fault_text(coding, false),
		    up_lines_fault_text(coding, true), true };
		return;
	}
	r->within = r->within || !is_blank(line);
	if (csv_parse(&r->parser, line.p, line.n, take_cell, take_row, r) != line.n &&
	    csv_error(&r->parser) == CSV_EPARSE)
		misplaced_quote(r);
	else if (csv_error(&r->parser) == CSV_ENOMEM)
		r->err = UP_E_NOMEM;
	/* A quote that is never closed must not swallow the file. */
	if (r->within && r->parser.entry_pos > UP_CSV_CELL_MAX)
		misplaced_quote(r);
}

static void begin(struct reading *r)
{
	if (csv_init(&r->parser, CSV_STRICT | CSV_STRICT_FINI) != 0)
		r->err = UP_E_NOMEM;
}

/* The row is given up; the line behind its first one may be good again. */
static void skip(struct reading *r)
{
	unsigned long line = r->fault.line ? r->line : r->began;

	if (r->err == UP_OK)
		r->err = r->taker->bad(r->taker->arg, line, r->fault.en, r->fault.zh);
	if (!r->fault.line) {
		r->rest = r->behind;
		r->line = r->began;
	}
	csv_free(&r->parser);
	begin(r);
	up_buf_reset(&r->text);
	r->n = 0;
	r->within = false;
	r->fault = (struct fault){ NULL, NULL, false };
}

static void finish(struct reading *r)
{
	if (csv_fini(&r->parser, take_cell, take_row, r) == 0)
		return;
	if (csv_error(&r->parser) == CSV_EPARSE)
		misplaced_quote(r);
	else
		r->err = UP_E_NOMEM;
}

enum up_err up_csv_read(struct up_span raw, const struct up_csv_taker *taker)
{
	struct reading r = { .taker = taker };
	enum up_lines_fault coding = up_lines_open(raw, &r.rest);
	struct up_span line;

	if (coding != UP_LINES_UTF8)
		return taker->bad(taker->arg, 1, up_lines_fault_text(coding, false),
		    up_lines_fault_text(coding, true));
	begin(&r);
	if (r.err != UP_OK)
		return r.err;
	do {
		while (r.err == UP_OK && r.fault.en == NULL && up_lines_next(&r.rest, &line))
			read_line(&r, line);
		if (r.err == UP_OK && r.fault.en == NULL)
			finish(&r);
		if (r.fault.en == NULL)
			break;
		skip(&r);
	} while (r.err == UP_OK);
	csv_free(&r.parser);
	up_buf_free(&r.text);
	return r.err;
}

struct up_span up_csv_cell(const struct up_span *cells, size_t n, size_t i)
{
	return i < n ? cells[i] : up_span_of(NULL, 0);
}

bool up_csv_overfull(const struct up_span *cells, size_t n, size_t width)
{
	for (size_t i = width; i < n; i++)
		if (up_span_trim(cells[i]).n > 0)
			return true;
	return false;
}
