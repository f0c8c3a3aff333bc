/* SPDX-License-Identifier: Apache-2.0
 * One row of an import: core/unit says what must hold, here it is said where; and no unit twice. */
#include <config.h>

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "core/room.h"
#include "tools/unitpassctl/import_row.h"

/* --- problems --- */

void up_import_problem(struct up_import *x, unsigned long line, struct up_span column,
    const char *en, const char *zh)
{
	struct up_import_problem *p,
	    *problems = up_room(x->problems, x->n_problems, &x->cap_problems, sizeof(*problems));

	if (problems == NULL) {
		x->failed = true;
		return;
	}
	x->problems = problems;
	p = &x->problems[x->n_problems];
	*p = (struct up_import_problem){ line, up_span_dup(column), strdup(en), strdup(zh) };
	x->n_problems++;
	if (p->column == NULL || p->en == NULL || p->zh == NULL)
		x->failed = true;
}

void up_import_bad_cell(struct up_import_row *r, enum up_unit_field field, const char *en,
    const char *zh)
{
	up_import_problem(r->x, r->line, up_span_str(up_unit_field_name(field, r->chinese)), en,
	    zh);
	r->bad = true;
}

/* --- checking one row --- */

/* In the one spelling that is stored; what cannot have one is a problem. */
void up_import_set(struct up_import_row *r, enum up_unit_field field, struct up_span text)
{
	struct up_normal_fault fault;
	struct up_buf b = { 0 };
	enum up_err err = up_unit_put_value(&b, field, text, &fault);
	char en[UP_NORMAL_FAULT_TEXT], zh[UP_NORMAL_FAULT_TEXT];

	free(r->cells[field]);
	r->cells[field] = up_buf_take(&b);
	if (err == UP_E_NOMEM || r->cells[field] == NULL)
		r->x->failed = true;
	if (err != UP_E_CHARACTER)
		return;
	up_normal_fault_text(&fault, false, en);
	up_normal_fault_text(&fault, true, zh);
	up_import_bad_cell(r, field, en, zh);
	r->given.faulty[field] = true;
}

static void tell(void *arg, enum up_unit_field field, const char *en, const char *zh)
{
	up_import_bad_cell(arg, field, en, zh);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void check_once(struct up_import_row *r, enum up_unit_field field, void **tree)
{
	const void *const *node;

	if (r->cells[field][0] == '\0')
		return;
	node = tfind(r->cells[field], tree, by_text);
	if (node != NULL) {
		up_import_bad_cell(r, field, "stands in the file twice", "在文件中重复出现");
		return;
	}
	char *copy = strdup(r->cells[field]);

	if (copy == NULL || tsearch(copy, tree, by_text) == NULL) {
		free(copy);
		r->x->failed = true;
	}
}

static bool put_fields(const struct up_import_row *r, struct up_unit_row *out)
{
	struct up_buf b = { 0 };
	struct up_json_put j = { .b = &b };
	char *text;

	up_unit_put_fields(&j, &r->given);
	text = up_buf_take(&b);
	out->fields = up_span_str(text);
	return text != NULL;
}

/* --- rows --- */

static bool room(struct up_import *x)
{
	size_t cap = x->cap * 2 + 64;
	struct up_unit_row *rows;
	unsigned long *lines;

	if (x->n < x->cap)
		return true;
	rows = reallocarray(x->rows, cap, sizeof(*rows));
	x->rows = rows != NULL ? rows : x->rows;
	lines = reallocarray(x->lines, cap, sizeof(*lines));
	x->lines = lines != NULL ? lines : x->lines;
	if (rows == NULL || lines == NULL)
		return false;
	x->cap = cap;
	return true;
}

/* Hand over what a good row keeps. */
static struct up_span give(struct up_import_row *r, enum up_unit_field field)
{
	struct up_span s = up_span_str(r->cells[field]);

	r->cells[field] = NULL;
	return s;
}

/* False: an empty row, as spreadsheets leave them, or no memory. */
static bool fill(struct up_import_row *r)
{
	bool any = false;

	for (unsigned i = 0; i < UP_UNIT_FIELDS && !r->x->failed; i++) {
		if (r->cells[i] == NULL)
			up_import_set(r, (enum up_unit_field)i, up_span_str(""));
		r->given.values[i] = up_span_str(r->cells[i]);
		any = any || r->given.values[i].n > 0;
	}
	r->given.authorities = r->x->authorities;
	r->given.n_authorities = r->x->n_authorities;
	return !r->x->failed && (any || r->bad);
}

static void end_row(struct up_import_row *r)
{
	struct up_import *x = r->x;
	struct up_unit_found found;
	struct up_unit_row out = { 0 };

	if (!fill(r))
		return;
	up_unit_check(&r->given, tell, r, &found);
	check_once(r, UP_UNIT_CODE, &x->codes);
	check_once(r, UP_UNIT_CERTIFICATE, &x->certificates);
	if (r->bad || x->failed)
		return;
	if (!room(x) || !put_fields(r, &out)) {
		x->failed = true;
		return;
	}
	out.authority = found.authority;
	out.valid_from_s = found.valid_from_s;
	out.valid_to_s = found.valid_to_s;
	out.code = give(r, UP_UNIT_CODE);
	out.name = give(r, UP_UNIT_NAME);
	out.certificate = give(r, UP_UNIT_CERTIFICATE);
	x->lines[x->n] = r->line;
	x->rows[x->n++] = out;
}

void up_import_end_row(struct up_import_row *r)
{
	end_row(r);
	for (unsigned i = 0; i < UP_UNIT_FIELDS; i++)
		free(r->cells[i]);
}
