/* SPDX-License-Identifier: Apache-2.0
 * unitpassctl unit: units and their certificates. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/uscc.h"
#include "core/day.h"
#include "tools/common/file.h"
#include "tools/common/terminal.h"
#include "tools/unitpassctl/ctl.h"
#include "tools/unitpassctl/import.h"
#include "tools/unitpassctl/unit.h"

#define FILE_MAX (256 * 1024 * 1024)
#define AUTHORITIES_MAX 1000
#define SLOW 2000                        /* rows from which one is told how far it has come */
#define TELL_EACH 100                    /* of them, on a terminal; into a file a tenth of all */

enum { FORMAT = 1 };
enum { AT = 1 };

const struct argp_option up_unit_import_options[] = {
	{ "format", FORMAT, "csv|json", 0, UP_WORDS("instead of judging by the file's name",
	    "不按文件名判断，直接指定格式"), 0 },
	{ 0 },
};

const struct argp_option up_unit_show_options[] = {
	{ "at", AT, "DAY", 0, UP_WORDS("as it stood on that day, YYYY-MM-DD",
	    "该日的情况，YYYY-MM-DD"), 0 },
	{ 0 },
};

/* --- import --- */

struct authorities { struct up_unit_authority at[AUTHORITIES_MAX]; size_t n; };

static int take_authority(void *arg, struct up_span code, struct up_span name)
{
	struct authorities *a = arg;
	struct up_unit_authority *x = &a->at[a->n];

	*x = (struct up_unit_authority){ up_span_dup(code), up_span_dup(name) };
	a->n++;
	return x->code == NULL || x->name == NULL || a->n == AUTHORITIES_MAX;
}

static void free_authorities(struct authorities *a)
{
	for (size_t i = 0; i < a->n; i++) {
		free(a->at[i].code);
		free(a->at[i].name);
	}
	free(a);
}

static bool ends(const char *path, const char *tail)
{
	size_t n = strlen(path), m = strlen(tail);

	return n > m && strcasecmp(path + n - m, tail) == 0;
}

/* *json, or false: cannot be told. */
static bool choose_format(const char *path, const char *format, bool *json)
{
	static const struct {
		const char *tail;
		bool json;
	} tails[] = { { ".csv", false }, { ".json", true }, { ".jsonl", true },
		{ ".ndjson", true } };

	*json = format != NULL && strcmp(format, "json") == 0;
	if (format != NULL)
		return *json || strcmp(format, "csv") == 0;
	for (size_t i = 0; i < UP_ARRAY_LEN(tails); i++)
		if (ends(path, tails[i].tail)) {
			*json = tails[i].json;
			return true;
		}
	return false;
}

static void print_problem(const struct up_import *x, const struct up_import_problem *p)
{
	if (p->line > 0)
		fprintf(stderr,
		    x->elements ? up_say("record %lu", "第 %lu 条")
				: up_say("line %lu", "第 %lu 行"),
		    p->line);
	if (p->column[0] != '\0') {
		fputs(up_say(", ", "，"), stderr);
		up_terminal_put(stderr, up_span_str(p->column), 60);
	}
	fprintf(stderr, "%s%s\n", p->line > 0 ? up_say(": ", "：") : "", up_say(p->en, p->zh));
}

static int report_problems(const struct up_ctl *ctl, const struct up_import *x)
{
	json_t *list = ctl->json ? json_array() : NULL;

	for (size_t i = 0; i < x->n_problems; i++) {
		const struct up_import_problem *p = &x->problems[i];

		print_problem(x, p);
		if (ctl->json)
			json_array_append_new(list,
			    json_pack("{s:I, s:s, s:s, s:s}", x->elements ? "record" : "line",
				(json_int_t)p->line, "column", p->column, "reason", p->en,
				"message", up_say(p->en, p->zh)));
	}
	fprintf(stderr,
	    up_say("unitpassctl: %zu problems, %zu rows right; nothing was imported\n",
		"unitpassctl：发现 %zu 处问题，%zu 行无误；未导入任何数据\n"),
	    x->n_problems, x->n);
	if (ctl->json)
		up_ctl_print(ctl,
		    json_pack(
			"{s:s, s:i, s:o}", "error", "bad_rows", "imported", 0, "problems", list));
	return 1;
}

struct progress { size_t total; bool is_terminal; };

/* On a terminal one line that goes on, else ten in all. They are kept when the last is written, and
 * that takes a moment as well. */
static void tell(void *arg, size_t done)
{
	const struct progress *p = arg;
	const bool last = done == p->total;

	if (!last && done % (p->is_terminal ? TELL_EACH : (p->total + 9) / 10) != 0)
		return;
	fprintf(stderr, "%s", p->is_terminal ? "\r" : "");
	fprintf(stderr, up_say("written: %zu of %zu", "已写入 %zu/%zu"), done, p->total);
	fprintf(stderr, "%s%s", last ? up_say("; saving ...", "，正在保存……") : "",
	    p->is_terminal && !last ? "" : "\n");
	fflush(stderr);
}

static int put_rows(struct up_ctl *ctl, const struct up_import *x)
{
	const char *where = x->elements ? up_say("record", "第几条") : up_say("line", "行");
	struct progress progress = { x->n, isatty(STDERR_FILENO) == 1 };
	struct up_op_units put = {.rows = x->rows, .n = x->n,
	    .tell = x->n >= SLOW ? tell : NULL, .tell_arg = &progress};
	size_t bad;
	enum up_err err;

	err = up_ctl_run(ctl, UP_OP_UNITS, &put.op);
	if (err != UP_OK && put.tell != NULL && progress.is_terminal)
		fputc('\n', stderr);
	bad = put.bad;
	if (err == UP_E_STATE && bad < x->n)
		return up_ctl_fail(ctl, "taken",
		    up_say("%s %lu: unit %.18s or certificate %.60s is there already with other "
			   "content; nothing was imported",
			"%s %lu：单位 %.18s 或证书号 %.60s "
			"已存在且内容不同；未导入任何数据"),
		    where, x->lines[bad], (const char *)x->rows[bad].code.p,
		    (const char *)x->rows[bad].certificate.p);
	if (err != UP_OK)
		return up_ctl_fail_err(ctl, err, up_say("nothing was imported", "未导入任何数据"));
	if (ctl->json)
		return up_ctl_print(ctl,
		    json_pack("{s:I, s:I}", "imported", (json_int_t)put.added, "unchanged",
			(json_int_t)(x->n - put.added)));
	printf(up_say("units imported: %zu, there already: %zu\n",
		   "已导入 %zu 个单位，%zu 个此前已有\n"),
	    put.added, x->n - put.added);
	return 0;
}

int up_unit_import(struct up_command_line *l)
{
	struct up_ctl *ctl = l->program;
	struct authorities *a = calloc(1, sizeof(*a));
	struct up_import x = { 0 };
	struct up_buf text = { 0 };
	char why[256];
	int status = 1;
	enum up_err err;
	bool json;

	if (a == NULL)
		return up_ctl_fail_err(ctl, UP_E_NOMEM, "import");
	if (!choose_format(l->argument, l->values[FORMAT], &json))
		up_command_wrong("%s",
		    up_say("the file's name must end in .csv, .json or .jsonl; or say --format csv "
			   "or --format json",
			"文件名应以 .csv、.json 或 .jsonl 结尾；否则请用 --format csv 或 --format json"));
	if (up_file_read(l->argument, FILE_MAX, false, &text, why) != UP_OK) {
		status = up_ctl_fail(ctl, "io", "%s", why);
		goto out;
	}
	if (!up_ctl_open(ctl))
		goto out;
	err = up_store_authorities(ctl->store, take_authority, a);
	if (err == UP_OK)
		err = up_import_read(up_buf_span(&text), json, a->at, a->n, &x);
	if (err != UP_OK)
		status = up_ctl_fail_err(ctl, err, l->argument);
	else
		status = x.n_problems > 0 ? report_problems(ctl, &x) : put_rows(ctl, &x);
out:
	up_import_free(&x);
	up_buf_free(&text);
	free_authorities(a);
	return status;
}

/* --- show, list --- */

json_t *up_unit_view_json(const struct up_unit_view *u)
{
	json_t *o = json_pack("{s:o, s:o, s:o, s:o, s:o}", "code", up_ctl_text(u->code), "name",
	    up_ctl_text(u->name), "status", up_ctl_text(u->status), "authority",
	    up_ctl_text(u->authority), "authority_name", up_ctl_text(u->authority_name));
	char from[16], to[16];

	if (u->certificate.n > 0) {
		up_day_text(u->valid_from_s, from);
		up_day_text(u->valid_to_s, to);
		json_object_set_new(o, "certificate", up_ctl_text(u->certificate));
		json_object_set_new(o, "certificate_version", json_integer(u->certificate_version));
		json_object_set_new(o, "valid_from", json_string(from));
		json_object_set_new(o, "valid_to", json_string(to));
		json_object_set_new(
		    o, "fields", json_loadb((const char *)u->fields.p, u->fields.n, 0, NULL));
	}
	if (u->principal.n > 0)
		json_object_set_new(o, "principal",
		    json_pack("{s:o, s:o}", "name", up_ctl_text(u->principal), "status",
			up_ctl_text(u->principal_status)));
	return o;
}

const char *up_unit_period(const struct up_unit_view *u, int64_t from_ms, int64_t to_ms)
{
	if (u->certificate.n == 0)
		return NULL;
	if (from_ms / 1000 > u->valid_to_s)
		return "over";
	return to_ms / 1000 < u->valid_from_s ? "not_yet" : "live";
}

struct listing { struct up_ctl_list x; int64_t from_ms, to_ms; };

static struct listing listing_of(const struct up_ctl *ctl, const struct up_when *when)
{
	if (when->to_ms == 0)
		return (struct listing){ .from_ms = ctl->now_ms, .to_ms = ctl->now_ms };
	return (struct listing){ .from_ms = when->from_ms, .to_ms = when->to_ms - 1 };
}

static json_t *view_json(const struct listing *l, const struct up_unit_view *u)
{
	const char *period = up_unit_period(u, l->from_ms, l->to_ms);
	json_t *o = up_unit_view_json(u);

	if (period != NULL)
		json_object_set_new(o, "certificate_status", json_string(period));
	return o;
}

/* Of a unit or of its principal's role. */
static struct up_span status_word(struct up_span status)
{
	if (up_span_eq_str(status, "live"))
		return up_span_str(up_say("live", "有效"));
	if (up_span_eq_str(status, "waiting"))
		return up_span_str(up_say("waits for her phone", "待领取"));
	if (up_span_eq_str(status, "suspended"))
		return up_span_str(up_say("suspended", "待重新确认"));
	if (up_span_eq_str(status, "ended"))
		return up_span_str(up_say("ended", "已停用"));
	return status;
}

/* Nobody signs in for a unit that lives under a certificate that does not. */
static struct up_span unit_word(const struct listing *l, const struct up_unit_view *u)
{
	const char *period = up_unit_period(u, l->from_ms, l->to_ms);

	if (!up_span_eq_str(u->status, "live") || period == NULL || strcmp(period, "live") == 0)
		return status_word(u->status);
	return up_span_str(strcmp(period, "over") == 0
		? up_say("certificate ran out", "证书已到期")
		: up_say("certificate not valid yet", "证书未生效"));
}

static int list_one(void *arg, const struct up_unit_view *u)
{
	const struct listing *l = arg;
	char to[16] = "";

	if (u->certificate.n > 0)
		up_day_text(u->valid_to_s, to);
	if (l->x.json != NULL)
		return json_array_append_new(l->x.json, view_json(l, u));
	up_table_put(l->x.table, u->code);
	up_table_put(l->x.table, u->name);
	up_table_put(l->x.table, u->certificate);
	up_table_put(l->x.table, up_span_str(to));
	up_table_put(l->x.table, u->principal);
	up_table_put(l->x.table, status_word(u->principal_status));
	up_table_put(l->x.table, unit_word(l, u));
	return 0;
}

static enum up_err units(const struct up_ctl *ctl, const char *code, const struct up_when *when,
    up_unit_fn fn, void *arg)
{
	if (when->to_ms != 0)
		return up_store_units_at(ctl->store, up_span_str(code), when, fn, arg);
	return up_store_units(ctl->store, up_span_str(code), fn, arg);
}

int up_unit_list(struct up_command_line *l)
{
	const char *const heads[] = { up_say("CODE", "统一社会信用代码"), up_say("NAME", "名称"),
		up_say("CERTIFICATE", "证书号"), up_say("VALID TO", "有效期至"),
		up_say("PRINCIPAL", "第一管理责任人"), up_say("HER ROLE", "责任人状态"),
		up_say("UNIT", "单位状态") };
	struct up_ctl *ctl = l->program;
	const struct up_when when = up_ctl_when(l->values[AT], false);
	struct listing list = { 0 };
	int status = 1;

	if (up_ctl_list_begin(&list.x, ctl, heads, UP_ARRAY_LEN(heads))) {
		const struct up_ctl_list x = list.x;

		list = listing_of(ctl, &when);
		list.x = x;
		status = up_ctl_list_end(
		    &list.x, units(ctl, "", &when, list_one, &list), "unit list", "units");
	}
	up_ctl_list_free(&list.x);
	return status;
}

static void print_field(const json_t *fields, const char *name, const char *en, const char *zh)
{
	up_terminal_line(
	    stdout, up_say(en, zh), up_span_str(json_string_value(json_object_get(fields, name))));
}

struct shown { struct listing moment; json_t *unit; };

static int show_one(void *arg, const struct up_unit_view *u)
{
	struct shown *shown = arg;
	json_t **out = &shown->unit, *fields;

	*out = up_unit_view_json(u);
	if (*out == NULL)
		return 1;
	fields = json_object_get(*out, "fields");
	print_field(*out, "code", "code", "统一社会信用代码");
	print_field(*out, "name", "name", "名称");
	up_terminal_line(stdout, up_say("status", "状态"), unit_word(&shown->moment, u));
	print_field(fields, "purpose", "purpose", "宗旨和业务范围");
	print_field(fields, "address", "address", "住所");
	print_field(fields, "legal_representative", "legal repr.", "法定代表人");
	print_field(fields, "funding", "funding", "经费来源");
	print_field(fields, "capital", "capital", "开办资金");
	print_field(fields, "organiser", "organiser", "举办单位");
	print_field(*out, "authority_name", "authority", "登记管理机关");
	print_field(*out, "certificate", "certificate", "证书号");
	print_field(*out, "valid_from", "valid from", "有效期自");
	print_field(*out, "valid_to", "valid to", "有效期至");
	print_field(json_object_get(*out, "principal"), "name", "principal", "第一管理责任人");
	up_terminal_line(stdout, up_say("her role", "责任人状态"), status_word(u->principal_status));
	return 0;
}

static int keep_one(void *arg, const struct up_unit_view *u)
{
	struct shown *shown = arg;

	shown->unit = view_json(&shown->moment, u);
	return 0;
}

int up_unit_show(struct up_command_line *l)
{
	struct up_ctl *ctl = l->program;
	const struct up_when when = up_ctl_when(l->values[AT], false);
	char code[UP_USCC_LEN + 1];
	struct shown shown = { 0 };
	enum up_err err;

	if (!up_ctl_uscc(ctl, "code", l->argument, false, code))
		return 1;
	if (!up_ctl_open(ctl))
		return 1;
	shown.moment = listing_of(ctl, &when);
	err = units(ctl, code, &when, ctl->json ? keep_one : show_one, &shown);
	if (err != UP_OK)
		return up_ctl_fail_err(ctl, err, l->argument);
	if (shown.unit == NULL)
		return up_ctl_fail(ctl, "not_found", up_say("there is no unit %s", "没有单位 %s"),
		    code);
	if (ctl->json)
		return up_ctl_print(ctl, shown.unit);
	json_decref(shown.unit);
	return 0;
}
