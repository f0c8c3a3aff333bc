/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include "tools/unitpassctl/import.h"

#include <jansson.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "core/lines.h"
#include "core/text.h"
#include "server/connect/csv.h"
#include "tools/unitpassctl/import_row.h"

#define UNKNOWN_EN \
	"no such column; known: code name purpose address legal_representative funding capital " \
	"organiser authority certificate valid_from valid_to"
#define UNKNOWN_ZH \
	"没有这一列；可用：统一社会信用代码 名称 宗旨和业务范围 住所 法定代表人 经费来源 开办资金 举办单位 登记管理机关 " \
	"证书号 有效期自 有效期至"

struct heads {
	struct up_import *x;
	bool read, chinese;
	size_t n;
	enum up_unit_field column[UP_CSV_COLUMNS];
};

/* --- CSV --- */

static void take_heads(struct heads *h, unsigned long line, const struct up_span *cells, size_t n)
{
	bool seen[UP_UNIT_FIELDS] = { false }, chinese;

	h->read = true;
	h->n = n;
	for (size_t i = 0; i < n; i++) {
		enum up_unit_field c = up_unit_field_of(cells[i], &chinese);

		h->column[i] = c;
		h->chinese = h->chinese || chinese;
		if (c == UP_UNIT_FIELDS)
			up_import_problem(h->x, line, cells[i], UNKNOWN_EN, UNKNOWN_ZH);
		else if (seen[c])
			up_import_problem(h->x, line, cells[i], "stands in the head twice",
			    "列名重复");
		else
			seen[c] = true;
	}
	for (unsigned c = 0; c < UP_UNIT_FIELDS; c++)
		if (up_unit_field_required(c) && !seen[c])
			up_import_problem(h->x, line,
			    up_span_str(up_unit_field_name(c, h->chinese)),
			    "this column is missing", "缺少这一列");
}

static enum up_err take_cells(void *arg, unsigned long line, const struct up_span *cells, size_t n)
{
	struct heads *h = arg;
	struct up_import_row r = { .x = h->x, .line = line, .chinese = h->chinese };

	if (!h->read) {
		take_heads(h, line, cells, n);
		/* without heads the rows mean nothing */
		return h->x->n_problems == 0 ? UP_OK : UP_E_REQUEST;
	}
	if (up_csv_overfull(cells, n, h->n)) {
		up_import_problem(h->x, line, up_span_str(""), UP_CSV_OVERFULL_EN,
		    UP_CSV_OVERFULL_ZH);
		return UP_OK;
	}
	for (size_t i = 0; i < h->n; i++)
		up_import_set(&r, h->column[i], up_csv_cell(cells, n, i));
	up_import_end_row(&r);
	return h->x->failed ? UP_E_NOMEM : UP_OK;
}

static enum up_err take_bad(void *arg, unsigned long line, const char *en, const char *zh)
{
	struct heads *h = arg;
	bool head = !h->read;

	h->read = true;
	up_import_problem(h->x, line, up_span_str(""), en, zh);
	return head ? UP_E_REQUEST : UP_OK;
}

static void read_csv(struct up_import *x, struct up_span text)
{
	struct heads h = { .x = x };
	const struct up_csv_taker taker = { .arg = &h, .row = take_cells, .bad = take_bad };

	if (up_csv_read(text, &taker) == UP_E_NOMEM)
		x->failed = true;
	else if (!h.read)
		up_import_problem(x, 0, up_span_str(""), "the file is empty", "文件为空");
}

/* --- JSON --- */

static void take_object(struct up_import *x, unsigned long line, json_t *object)
{
	struct up_import_row r = { .x = x, .line = line };
	const char *name;
	json_t *value;

	if (!json_is_object(object)) {
		up_import_problem(x, line, up_span_str(""), "must be a JSON object",
		    "应为 JSON 对象");
		return;
	}
	json_object_foreach(object, name, value) {
		enum up_unit_field c = up_unit_field_of(up_span_str(name), &r.chinese);

		if (c == UP_UNIT_FIELDS) {
			up_import_problem(x, line, up_span_str(name), UNKNOWN_EN, UNKNOWN_ZH);
			r.bad = true;
		} else if (json_is_string(value)) {
			up_import_set(&r, c, up_span_of(json_string_value(value),
			    json_string_length(value)));
		} else if (!json_is_null(value)) {
			up_import_bad_cell(&r, c, "must be text in quotes", "应为带引号的文本");
		}
	}
	up_import_end_row(&r);
}

static void bad_line(struct up_import *x, unsigned long line, const char *en, const char *zh)
{
	up_import_problem(x, line, up_span_str(""), en, zh);
}

static void bad_coding(struct up_import *x, unsigned long line, enum up_lines_fault fault)
{
	bad_line(x, line, up_lines_fault_text(fault, false), up_lines_fault_text(fault, true));
}

/* The JSON library counts line feeds only. */
static unsigned long line_of(struct up_span text, const json_error_t *error)
{
	struct up_span rest = text, one;
	unsigned long line = 0;

	do
		line++;
	while (up_lines_next(&rest, &one) && rest.n > 0 && error->position >= 0 &&
	    text.n - rest.n < (size_t)error->position);
	return line;
}

static void read_array(struct up_import *x, struct up_span text)
{
	json_error_t error;
	json_t *array = json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, &error),
	       *object;
	size_t i;

	if (array == NULL) {
		bad_line(x, line_of(text, &error), "is not right JSON", "JSON 格式有误");
		return;
	}
	x->elements = true;
	json_array_foreach(array, i, object)
		take_object(x, i + 1, object);
	if (json_array_size(array) == 0)
		bad_line(x, 0, "the file is empty", "文件为空");
	json_decref(array);
}

static void read_line(struct up_import *x, unsigned long line, struct up_span one)
{
	enum up_lines_fault fault = up_lines_check(one);
	json_error_t error;
	json_t *object;

	if (fault != UP_LINES_UTF8) {
		bad_coding(x, line, fault);
		return;
	}
	object = json_loadb((const char *)one.p, one.n, JSON_REJECT_DUPLICATES, &error);
	if (object == NULL)
		bad_line(x, line, "is not right JSON (one object a line, or one array)",
		    "JSON 格式有误（每行一个对象，或整体一个数组）");
	else
		take_object(x, line, object);
	json_decref(object);
}

static void read_json_lines(struct up_import *x, struct up_span text)
{
	unsigned long found = 0;
	struct up_span one;

	for (unsigned long line = 1; up_lines_next(&text, &one); line++) {
		if (up_span_trim(up_lines_chop(one)).n == 0)
			continue;
		found++;
		read_line(x, line, one);
	}
	if (found == 0)
		bad_line(x, 0, "the file is empty", "文件为空");
}

static void read_json(struct up_import *x, struct up_span raw)
{
	enum up_lines_fault fault;
	struct up_span text;
	unsigned long line;
	size_t at = 0;

	fault = up_lines_open(raw, &text);
	while (at < text.n && memchr(" \t\r\n", text.p[at], 4) != NULL)
		at++;
	if (fault == UP_LINES_UTF8 && (at == text.n || text.p[at] != '[')) {
		read_json_lines(x, text);
		return;
	}
	fault = up_lines_whole(raw, &text, &line);
	if (fault == UP_LINES_UTF8)
		read_array(x, text);
	else
		bad_coding(x, line, fault);
}

enum up_err up_import_read(struct up_span text, bool json,
    const struct up_unit_authority *authorities, size_t n, struct up_import *x)
{
	memset(x, 0, sizeof(*x));
	x->authorities = authorities;
	x->n_authorities = n;
	if (json)
		read_json(x, text);
	else
		read_csv(x, text);
	return x->failed ? UP_E_NOMEM : UP_OK;
}

void up_import_free(struct up_import *x)
{
	for (size_t i = 0; i < x->n; i++) {
		free((void *)x->rows[i].code.p);
		free((void *)x->rows[i].name.p);
		free((void *)x->rows[i].certificate.p);
		free((void *)x->rows[i].fields.p);
	}
	for (size_t i = 0; i < x->n_problems; i++) {
		free(x->problems[i].column);
		free(x->problems[i].en);
		free(x->problems[i].zh);
	}
	tdestroy(x->codes, free);
	tdestroy(x->certificates, free);
	free(x->rows);
	free(x->lines);
	free(x->problems);
	memset(x, 0, sizeof(*x));
}
