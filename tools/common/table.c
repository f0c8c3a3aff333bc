/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/common/table.h"

#include <stdlib.h>

#include "core/room.h"
#include "core/text.h"
#include "tools/common/terminal.h"

#define CELL_MAX 60

struct cell {
	size_t at, n, width;             /* in text */
};

struct up_table {
	const char *const *heads;
	size_t columns, n, cap;
	size_t widths[UP_TABLE_COLUMNS];
	struct cell *cells;
	struct up_buf text;
	bool failed;
};

struct up_table *up_table_new(const char *const *heads, size_t n)
{
	struct up_table *t = n <= UP_TABLE_COLUMNS ? calloc(1, sizeof(*t)) : NULL;

	if (t == NULL)
		return NULL;
	t->heads = heads;
	t->columns = n;
	for (size_t i = 0; i < n; i++)
		t->widths[i] = up_terminal_width(up_span_str(heads[i]));
	return t;
}

void up_table_put(struct up_table *t, struct up_span text)
{
	struct cell *c, *cells = up_room(t->cells, t->n, &t->cap, sizeof(*cells));

	if (cells == NULL) {
		t->failed = true;
		return;
	}
	t->cells = cells;
	c = &t->cells[t->n];
	c->at = t->text.n;
	up_text_put_safe(&t->text, text, CELL_MAX);
	if (t->text.failed) {
		t->failed = true;
		return;
	}
	c->n = t->text.n - c->at;
	c->width = up_terminal_width(up_span_of(t->text.p + c->at, c->n));
	if (c->width > t->widths[t->n % t->columns])
		t->widths[t->n % t->columns] = c->width;
	t->n++;
}

static void print_cell(
    const struct up_table *t, FILE *f, size_t column, struct up_span text, size_t width)
{
	bool last = column + 1 == t->columns;

	if (text.n > 0)
		fwrite(text.p, 1, text.n, f);
	if (last)
		fputc('\n', f);
	else
		fprintf(f, "%*s", (int)(t->widths[column] - width + 2), "");
}

enum up_err up_table_print(const struct up_table *t, FILE *f)
{
	for (size_t i = 0; i < t->columns; i++)
		print_cell(
		    t, f, i, up_span_str(t->heads[i]), up_terminal_width(up_span_str(t->heads[i])));
	for (size_t i = 0; i < t->n - t->n % t->columns; i++) {
		const struct cell *c = &t->cells[i];

		print_cell(t, f, i % t->columns, up_span_of(t->text.p + c->at, c->n), c->width);
	}
	return t->failed ? UP_E_NOMEM : UP_OK;
}

void up_table_free(struct up_table **t)
{
	if (*t == NULL)
		return;
	free((*t)->cells);
	up_buf_free(&(*t)->text);
	free(*t);
	*t = NULL;
}
