/* SPDX-License-Identifier: Apache-2.0
 * One row of an import: its columns, and what must hold before it is stored. */
#include <config.h>

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "core/uscc.h"
#include "core/day.h"
#include "tools/unitpassctl/import_row.h"

enum { CODE, NAME, PURPOSE, ADDRESS, REPRESENTATIVE, FUNDING, CAPITAL, ORGANISER, AUTHORITY,
    CERTIFICATE, FROM, TO, COLUMNS = UP_IMPORT_COLUMNS };

static const struct column {
	const char *en, *zh;
	bool required;
	enum up_normal kind;
	size_t max;              /* characters */
} columns[COLUMNS] = {
	[CODE] = { "code", "统一社会信用代码", true, UP_NORMAL_NUMBER, 18 },
	[NAME] = { "name", "名称", true, UP_NORMAL_LINE, 100 },
	[PURPOSE] = { "purpose", "宗旨和业务范围", false, UP_NORMAL_PROSE, 1000 },
	[ADDRESS] = { "address", "住所", false, UP_NORMAL_PROSE, 200 },
	[REPRESENTATIVE] = { "legal_representative", "法定代表人", true, UP_NORMAL_LINE, 60 },
	[FUNDING] = { "funding", "经费来源", false, UP_NORMAL_PROSE, 200 },
	[CAPITAL] = { "capital", "开办资金", false, UP_NORMAL_PROSE, 60 },
	[ORGANISER] = { "organiser", "举办单位", false, UP_NORMAL_LINE, 200 },
	[AUTHORITY] = { "authority", "登记管理机关", false, UP_NORMAL_LINE, 100 },
	[CERTIFICATE] = { "certificate", "证书号", true, UP_NORMAL_LINE, 40 },
	[FROM] = { "valid_from", "有效期自", true, UP_NORMAL_NUMBER, 10 },
	[TO] = { "valid_to", "有效期至", false, UP_NORMAL_NUMBER, 10 },
};

/* What goes into the certificate's fields, in this order. */
static const int fields[] = { PURPOSE, ADDRESS, REPRESENTATIVE, FUNDING, CAPITAL, ORGANISER };

/* --- problems --- */

void up_import_problem(struct up_import *x, unsigned long line, struct up_span column,
    const char *en, const char *zh)
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
	*p = (struct up_import_problem){ line, up_span_dup(column), strdup(en), strdup(zh) };
	x->n_problems++;
	if (p->column == NULL || p->en == NULL || p->zh == NULL)
		x->failed = true;
}

void up_import_bad_cell(struct up_import_row *r, int column, const char *en, const char *zh)
{
	up_import_problem(r->x, r->line, up_span_str(r->chinese ? columns[column].zh
	    : columns[column].en), en, zh);
	r->bad = true;
}

int up_import_column(struct up_span name, bool *chinese)
{
	struct up_normal_fault fault;
	char text[64];

	*chinese = false;
	if (up_normal_take(name, UP_NORMAL_LINE, text, sizeof(text), &fault) != UP_OK)
		return -1;
	for (int i = 0; i < COLUMNS; i++) {
		*chinese = strcmp(text, columns[i].zh) == 0;
		if (*chinese || strcmp(text, columns[i].en) == 0)
			return i;
	}
	return -1;
}

bool up_import_required(int column, bool chinese, const char **name)
{
	*name = chinese ? columns[column].zh : columns[column].en;
	return columns[column].required;
}

/* --- checking one row --- */

/* In the one spelling that is stored; what cannot have one is a problem. */
void up_import_set(struct up_import_row *r, int column, struct up_span text)
{
	struct up_normal_fault fault;
	struct up_buf b = { 0 };
	enum up_err err = up_normal_put(&b, text, columns[column].kind, &fault);
	char en[UP_NORMAL_FAULT_TEXT], zh[UP_NORMAL_FAULT_TEXT];

	free(r->cells[column]);
	r->cells[column] = up_buf_take(&b);
	if (err == UP_E_NOMEM || r->cells[column] == NULL)
		r->x->failed = true;
	if (err != UP_E_CHARACTER)
		return;
	up_normal_fault_text(&fault, false, en);
	up_normal_fault_text(&fault, true, zh);
	up_import_bad_cell(r, column, en, zh);
	r->faulty[column] = true;
}

static void check_text(struct up_import_row *r, int column)
{
	struct up_span s = up_span_str(r->cells[column]);

	if (s.n == 0 && columns[column].required && !r->faulty[column])
		up_import_bad_cell(r, column, "is missing", "不能为空");
	if (up_text_utf8_count(s) > columns[column].max)
		up_import_bad_cell(r, column, "is too long", "过长");
}

static void check_code(struct up_import_row *r)
{
	enum up_err err = up_uscc_check_unit(up_span_str(r->cells[CODE]));

	if (r->cells[CODE][0] == '\0' || err == UP_OK)
		return;
	if (err == UP_E_CHECK)
		up_import_bad_cell(r, CODE, "check character is wrong: mistyped?",
		    "校验码不符，可能录入有误");
	else if (err == UP_E_RANGE)
		up_import_bad_cell(r, CODE, "is not a public institution's: those begin with 12",
		    "不是事业单位的代码（应以 12 开头）");
	else
		up_import_bad_cell(r, CODE, "must be 18 digits and letters (no I O S V Z)",
		    "应为 18 位数字和字母（不含 I O S V Z）");
}

static void check_days(struct up_import_row *r, struct up_unit_row *out)
{
	struct up_span to = up_span_str(r->cells[TO]);
	int64_t from_s, to_s, last_s;

	if (r->cells[FROM][0] == '\0')
		return;
	if (up_day_parse(up_span_str(r->cells[FROM]), &from_s) != UP_OK) {
		up_import_bad_cell(r, FROM, "must be a real date YYYY-MM-DD",
		    "应为真实日期，格式 YYYY-MM-DD");
		return;
	}
	last_s = up_day_last(from_s, UP_IMPORT_YEARS);
	to_s = last_s;
	if (to.n > 0 && up_day_parse(to, &to_s) != UP_OK)
		up_import_bad_cell(r, TO, "must be a real date YYYY-MM-DD",
		    "应为真实日期，格式 YYYY-MM-DD");
	else if (to_s < from_s)
		up_import_bad_cell(r, TO, "is before valid_from", "早于有效期起始日");
	else if (to_s > last_s)
		up_import_bad_cell(r, TO, "is more than 5 years: 2021-11-11 runs to 2026-11-10",
		    "超过 5 年：2021-11-11 起应至 2026-11-10");
	out->valid_from_s = from_s;
	out->valid_to_s = to_s + UP_DAY_S - 1;
}

static void check_authority(struct up_import_row *r, struct up_unit_row *out)
{
	const struct up_import *x = r->x;
	const char *text = r->cells[AUTHORITY], *found = NULL;
	struct up_normal_fault fault;
	char code[UP_USCC_LEN + 1];
	size_t names = 0;

	if (r->faulty[AUTHORITY])
		return;
	/* An empty code is nobody's. */
	if (up_uscc_parse(up_span_str(text), code, &fault) != UP_OK)
		code[0] = '\0';

	for (size_t i = 0; i < x->n_authorities; i++) {
		bool all = text[0] == '\0' || strcmp(text, x->authorities[i].name) == 0;

		names += all;
		if (all || strcmp(code, x->authorities[i].code) == 0)
			found = x->authorities[i].code;
	}
	out->authority = up_span_str(found);
	if (x->n_authorities == 0)
		up_import_bad_cell(r, AUTHORITY,
		    "there is no authority yet: unitpassctl authority add",
		    "尚无登记管理机关：请先运行 unitpassctl authority add");
	else if (found == NULL)
		up_import_bad_cell(r, AUTHORITY, "is unknown; see: unitpassctl authority list",
		    "未登记；请查看：unitpassctl authority list");
	else if (names > 1 && text[0] == '\0')
		up_import_bad_cell(r, AUTHORITY, "is missing, and there is more than one",
		    "未填写，而登记管理机关不止一个");
	else if (names > 1)
		up_import_bad_cell(r, AUTHORITY, "fits more than one: give the code",
		    "对应不止一个机关，请填写其代码");
}

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void check_once(struct up_import_row *r, int column, void **tree, const char *en,
    const char *zh)
{
	const void *const *node;

	if (r->cells[column][0] == '\0')
		return;
	node = tfind(r->cells[column], tree, by_text);
	if (node != NULL) {
		up_import_bad_cell(r, column, en, zh);
		return;
	}
	char *copy = strdup(r->cells[column]);

	if (copy == NULL || tsearch(copy, tree, by_text) == NULL) {
		free(copy);
		r->x->failed = true;
	}
}

static bool put_fields(const struct up_import_row *r, struct up_unit_row *out)
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
static struct up_span give(struct up_import_row *r, int column)
{
	struct up_span s = up_span_str(r->cells[column]);

	r->cells[column] = NULL;
	return s;
}

static void end_row(struct up_import_row *r)
{
	struct up_import *x = r->x;
	struct up_unit_row out = { 0 };
	bool any = false;

	for (int i = 0; i < COLUMNS && !x->failed; i++) {
		if (r->cells[i] == NULL)
			up_import_set(r, i, up_span_str(""));
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
	check_once(r, CERTIFICATE, &x->certificates, "stands in the file twice",
	    "在文件中重复出现");
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

void up_import_end_row(struct up_import_row *r)
{
	end_row(r);
	for (int i = 0; i < COLUMNS; i++)
		free(r->cells[i]);
}
