/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include "tools/unitpassctl/import.h"

#include <jansson.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "core/uscc.h"
#include "server/csv.h"
#include "tools/common/day.h"

enum { CODE, NAME, PURPOSE, ADDRESS, REPRESENTATIVE, FUNDING, CAPITAL, ORGANISER, AUTHORITY, CERTIFICATE, FROM, TO, COLUMNS };

static const struct column {
	const char *en, *zh;
	bool required;
	size_t max;              /* characters */
} columns[COLUMNS] = {
	[CODE] = { "code", "统一社会信用代码", true, 18 },
	[NAME] = { "name", "名称", true, 100 },
	[PURPOSE] = { "purpose", "宗旨和业务范围", false, 1000 },
	[ADDRESS] = { "address", "住所", false, 200 },
	[REPRESENTATIVE] = { "legal_representative", "法定代表人", true, 60 },
	[FUNDING] = { "funding", "经费来源", false, 200 },
	[CAPITAL] = { "capital", "开办资金", false, 60 },
	[ORGANISER] = { "organiser", "举办单位", false, 200 },
	[AUTHORITY] = { "authority", "登记管理机关", false, 100 },
	[CERTIFICATE] = { "certificate", "证书号", true, 40 },
	[FROM] = { "valid_from", "有效期自", true, 10 },
	[TO] = { "valid_to", "有效期至", false, 10 },
};

/* What goes into the certificate's fields, in this order. */
static const int fields[] = { PURPOSE, ADDRESS, REPRESENTATIVE, FUNDING, CAPITAL, ORGANISER };

/* A row under way. Cells are its own until the row is good. */
struct row {
	struct up_import *x;
	unsigned long line;
	bool chinese, bad;
	char *cells[COLUMNS];
};

struct heads {
	struct up_import *x;
	bool read, chinese;
	size_t n;
	int column[UP_CSV_COLUMNS];
};

/* --- problems --- */

static void add_problem(struct up_import *x, unsigned long line, struct up_span column, const char *en, const char *zh)
{
	struct up_import_problem *p;

	if (x->n_problems == x->cap_problems) {
		size_t cap = x->cap_problems * 2 + 16;
		struct up_import_problem *more = reallocarray(x->problems, cap, sizeof(*more));

		if (more == NULL) {
			x->failed = true;
			return;
		}
		x->problems = more;
		x->cap_problems = cap;
	}
	p = &x->problems[x->n_problems];
	*p = (struct up_import_problem){ line, up_span_dup(column), en, zh };
	if (p->column == NULL)
		x->failed = true;
	else
		x->n_problems++;
}

static void bad_cell(struct row *r, int column, const char *en, const char *zh)
{
	add_problem(r->x, r->line, up_span_str(r->chinese ? columns[column].zh : columns[column].en), en, zh);
	r->bad = true;
}

static int column_of(struct up_span name, bool *chinese)
{
	for (int i = 0; i < COLUMNS; i++) {
		*chinese = up_span_eq_str(name, columns[i].zh);
		if (*chinese || up_span_eq_str(name, columns[i].en))
			return i;
	}
	return -1;
}

#define UNKNOWN_EN "no such column; known: code name purpose address legal_representative funding capital organiser authority certificate valid_from valid_to"
#define UNKNOWN_ZH "没有这一列；可用：统一社会信用代码 名称 宗旨和业务范围 住所 法定代表人 经费来源 开办资金 举办单位 登记管理机关 证书号 有效期自 有效期至"

/* --- checking one row --- */

/* Line breaks and tabs within a cell become one space, outer spaces go. */
static char *tidy(struct up_span s)
{
	char *out = malloc(s.n + 1), *to = out;

	if (out == NULL)
		return NULL;
	for (size_t i = 0; i < s.n; i++) {
		bool space = s.p[i] == ' ' || s.p[i] == '\t' || s.p[i] == '\r' || s.p[i] == '\n';

		if (!space)
			*to++ = (char)s.p[i];
		else if (to > out && to[-1] != ' ')
			*to++ = ' ';
	}
	if (to > out && to[-1] == ' ')
		to--;
	*to = '\0';
	return out;
}

static void set_cell(struct row *r, int column, struct up_span text)
{
	free(r->cells[column]);
	r->cells[column] = tidy(text);
	if (r->cells[column] == NULL)
		r->x->failed = true;
}

static void check_text(struct row *r, int column)
{
	struct up_span s = up_span_str(r->cells[column]);
	uint32_t cp;
	size_t n, count = 0;

	if (s.n == 0 && columns[column].required)
		bad_cell(r, column, "is missing", "不能为空");
	for (; s.n > 0; s = up_span_of(s.p + n, s.n - n)) {
		n = up_text_utf8_next(s, &cp);
		if (n == 0 || up_text_unsafe(cp)) {
			bad_cell(r, column, "holds a character that is invisible or not text", "含有不可见或非文字字符");
			return;
		}
		if (++count > columns[column].max) {
			bad_cell(r, column, "is too long", "过长");
			return;
		}
	}
}

static void check_code(struct row *r)
{
	enum up_err err = up_uscc_check_unit(up_span_str(r->cells[CODE]));

	if (r->cells[CODE][0] == '\0' || err == UP_OK)
		return;
	if (err == UP_E_CHECK)
		bad_cell(r, CODE, "check character is wrong: mistyped?", "校验码不符，可能录入有误");
	else if (err == UP_E_RANGE)
		bad_cell(r, CODE, "is not a public institution's: those begin with 12", "不是事业单位的代码（应以 12 开头）");
	else
		bad_cell(r, CODE, "must be 18 digits and capital letters (no I O S V Z)", "应为 18 位数字和大写字母（不含 I O S V Z）");
}

static void check_days(struct row *r, struct up_unit_row *out)
{
	struct up_span to = up_span_str(r->cells[TO]);
	int64_t from_s, to_s, last_s;

	if (r->cells[FROM][0] == '\0')
		return;
	if (up_day_parse(up_span_str(r->cells[FROM]), &from_s) != UP_OK) {
		bad_cell(r, FROM, "must be a real date YYYY-MM-DD", "应为真实日期，格式 YYYY-MM-DD");
		return;
	}
	last_s = up_day_last(from_s, UP_IMPORT_YEARS);
	to_s = last_s;
	if (to.n > 0 && up_day_parse(to, &to_s) != UP_OK)
		bad_cell(r, TO, "must be a real date YYYY-MM-DD", "应为真实日期，格式 YYYY-MM-DD");
	else if (to_s < from_s)
		bad_cell(r, TO, "is before valid_from", "早于有效期起始日");
	else if (to_s > last_s)
		bad_cell(r, TO, "is more than 5 years: 2021-11-11 runs to 2026-11-10", "超过 5 年：2021-11-11 起应至 2026-11-10");
	out->valid_from_s = from_s;
	out->valid_to_s = to_s + UP_DAY_S - 1;
}

static void check_authority(struct row *r, struct up_unit_row *out)
{
	const struct up_import *x = r->x;
	const char *text = r->cells[AUTHORITY], *found = NULL;
	size_t names = 0;

	for (size_t i = 0; i < x->n_authorities; i++) {
		bool all = text[0] == '\0' || strcmp(text, x->authorities[i].name) == 0;

		names += all;
		if (all || strcmp(text, x->authorities[i].code) == 0)
			found = x->authorities[i].code;
	}
	out->authority = up_span_str(found);
	if (x->n_authorities == 0)
		bad_cell(r, AUTHORITY, "there is no authority yet: unitpassctl authority add", "尚无登记管理机关：请先运行 unitpassctl authority add");
	else if (found == NULL)
		bad_cell(r, AUTHORITY, "is unknown; see: unitpassctl authority list", "未登记；请查看：unitpassctl authority list");
	else if (names > 1)
		bad_cell(r, AUTHORITY, "fits more than one: give the code", "对应不止一个机关，请填写其代码");
}

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void check_once(struct row *r, int column, void **tree, const char *en, const char *zh)
{
	const void *const *node;

	if (r->cells[column][0] == '\0')
		return;
	node = tfind(r->cells[column], tree, by_text);
	if (node != NULL) {
		bad_cell(r, column, en, zh);
		return;
	}
	char *copy = strdup(r->cells[column]);

	if (copy == NULL || tsearch(copy, tree, by_text) == NULL) {
		free(copy);
		r->x->failed = true;
	}
}

static bool put_fields(const struct row *r, struct up_unit_row *out)
{
	struct up_buf b = { 0 };
	char *text;

	for (size_t i = 0; i < UP_ARRAY_LEN(fields); i++) {
		if (r->cells[fields[i]][0] == '\0')
			continue;
		up_buf_printf(&b, "%s\"%s\":", b.n > 0 ? "," : "{", columns[fields[i]].en);
		up_buf_put_json(&b, up_span_str(r->cells[fields[i]]));
	}
	up_buf_put_str(&b, b.n > 0 ? "}" : "{}");
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
static struct up_span give(struct row *r, int column)
{
	struct up_span s = up_span_str(r->cells[column]);

	r->cells[column] = NULL;
	return s;
}

static void end_row(struct row *r)
{
	struct up_import *x = r->x;
	struct up_unit_row out = { 0 };
	bool any = false;

	for (int i = 0; i < COLUMNS && !x->failed; i++) {
		if (r->cells[i] == NULL)
			set_cell(r, i, up_span_str(""));
		any = any || (r->cells[i] != NULL && r->cells[i][0] != '\0');
	}
	if (x->failed || (!any && !r->bad))      /* an empty row, as spreadsheets leave them */
		return;
	for (int i = 0; i < COLUMNS; i++)
		check_text(r, i);
	check_code(r);
	check_days(r, &out);
	check_authority(r, &out);
	check_once(r, CODE, &x->codes, "stands in the file twice", "在文件中重复出现");
	check_once(r, CERTIFICATE, &x->certificates, "stands in the file twice", "在文件中重复出现");
	if (r->bad || x->failed)
		return;
	if (!room(x) || !put_fields(r, &out)) {
		x->failed = true;
		return;
	}
	out.code = give(r, CODE);
	out.name = give(r, NAME);
	out.certificate = give(r, CERTIFICATE);
	x->lines[x->n] = r->line;
	x->rows[x->n++] = out;
}

static void free_row(struct row *r)
{
	for (int i = 0; i < COLUMNS; i++)
		free(r->cells[i]);
}

/* --- CSV --- */

static void take_heads(struct heads *h, unsigned long line, const struct up_span *cells, size_t n)
{
	bool seen[COLUMNS] = { false }, chinese;

	h->read = true;
	h->n = n;
	for (size_t i = 0; i < n; i++) {
		int c = column_of(up_span_trim(cells[i]), &chinese);

		h->column[i] = c;
		h->chinese = h->chinese || chinese;
		if (c < 0)
			add_problem(h->x, line, cells[i], UNKNOWN_EN, UNKNOWN_ZH);
		else if (seen[c])
			add_problem(h->x, line, cells[i], "stands in the head twice", "列名重复");
		else
			seen[c] = true;
	}
	for (int c = 0; c < COLUMNS; c++)
		if (columns[c].required && !seen[c])
			add_problem(h->x, line, up_span_str(h->chinese ? columns[c].zh : columns[c].en), "this column is missing", "缺少这一列");
}

static enum up_err take_cells(void *arg, unsigned long line, const struct up_span *cells, size_t n)
{
	struct heads *h = arg;
	struct row r = { .x = h->x, .line = line, .chinese = h->chinese };

	if (!h->read) {
		take_heads(h, line, cells, n);
		return h->x->n_problems == 0 ? UP_OK : UP_E_REQUEST;     /* without heads the rows mean nothing */
	}
	if (n != h->n) {
		add_problem(h->x, line, up_span_str(""), "has another number of cells than the head: a comma or quote too many or too few?",
		    "单元格个数与表头不符，可能多或少了逗号、引号");
		return UP_OK;
	}
	for (size_t i = 0; i < n; i++)
		set_cell(&r, h->column[i], cells[i]);
	end_row(&r);
	free_row(&r);
	return h->x->failed ? UP_E_NOMEM : UP_OK;
}

static void read_csv(struct up_import *x, struct up_span text)
{
	struct heads h = { .x = x };
	unsigned long line;
	enum up_err err = up_csv_read(text, take_cells, &h, &line);

	if (err == UP_E_NOMEM)
		x->failed = true;
	else if (err == UP_E_UTF8)
		add_problem(x, line, up_span_str(""), "is not UTF-8: save the file as CSV UTF-8", "不是 UTF-8 编码：请另存为“CSV UTF-8”");
	else if (err == UP_E_FORMAT)
		add_problem(x, line, up_span_str(""), "a quote is out of place or not closed (RFC 4180)", "引号位置不对或未闭合（RFC 4180）");
	else if (err == UP_E_TOO_LARGE)
		add_problem(x, line, up_span_str(""), "has too many cells or a cell that is too long", "单元格过多或过长");
	else if (err == UP_OK && !h.read)
		add_problem(x, 0, up_span_str(""), "the file is empty", "文件为空");
}

/* --- JSON --- */

static void take_object(struct up_import *x, unsigned long line, json_t *object)
{
	struct row r = { .x = x, .line = line };
	const char *name;
	json_t *value;

	if (!json_is_object(object)) {
		add_problem(x, line, up_span_str(""), "must be a JSON object", "应为 JSON 对象");
		return;
	}
	json_object_foreach(object, name, value) {
		int c = column_of(up_span_str(name), &r.chinese);

		if (c < 0) {
			add_problem(x, line, up_span_str(name), UNKNOWN_EN, UNKNOWN_ZH);
			r.bad = true;
		} else if (json_is_string(value)) {
			set_cell(&r, c, up_span_of(json_string_value(value), json_string_length(value)));
		} else if (!json_is_null(value)) {
			bad_cell(&r, c, "must be text in quotes", "应为带引号的文本");
		}
	}
	end_row(&r);
	free_row(&r);
}

static void read_array(struct up_import *x, struct up_span text)
{
	json_error_t error;
	json_t *array = json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, &error), *object;
	size_t i;

	if (array == NULL) {
		add_problem(x, (unsigned long)(error.line > 0 ? error.line : 0), up_span_str(""), "is not right JSON", "JSON 格式有误");
		return;
	}
	x->elements = true;
	json_array_foreach(array, i, object)
		take_object(x, i + 1, object);
	if (json_array_size(array) == 0)
		add_problem(x, 0, up_span_str(""), "the file is empty", "文件为空");
	json_decref(array);
}

static void read_lines(struct up_import *x, struct up_span text)
{
	unsigned long line = 0, found = 0;
	struct up_span one;

	while (text.n > 0) {
		json_error_t error;
		json_t *object;

		up_span_cut(text, '\n', &one, &text);
		line++;
		if (one.n > 0 && one.p[one.n - 1] == '\r')
			one.n--;
		if (up_span_trim(one).n == 0)
			continue;
		found++;
		object = json_loadb((const char *)one.p, one.n, JSON_REJECT_DUPLICATES, &error);
		if (object == NULL)
			add_problem(x, line, up_span_str(""), "is not right JSON (one object a line, or one array)", "JSON 格式有误（每行一个对象，或整体一个数组）");
		else
			take_object(x, line, object);
		json_decref(object);
	}
	if (found == 0)
		add_problem(x, 0, up_span_str(""), "the file is empty", "文件为空");
}

static void read_json(struct up_import *x, struct up_span text)
{
	size_t at = 0;

	if (up_span_starts(text, "\xef\xbb\xbf"))
		text = up_span_of(text.p + 3, text.n - 3);
	while (at < text.n && memchr(" \t\r\n", text.p[at], 4) != NULL)
		at++;
	if (at < text.n && text.p[at] == '[')
		read_array(x, text);
	else
		read_lines(x, text);
}

enum up_err up_import_read(struct up_span text, bool json, const struct up_import_authority *authorities, size_t n, struct up_import *x)
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
	for (size_t i = 0; i < x->n_problems; i++)
		free(x->problems[i].column);
	tdestroy(x->codes, free);
	tdestroy(x->certificates, free);
	free(x->rows);
	free(x->lines);
	free(x->problems);
	memset(x, 0, sizeof(*x));
}
