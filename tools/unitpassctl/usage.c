/* SPDX-License-Identifier: Apache-2.0
 * unitpassctl usage: the usage records (证书使用记录). */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/uscc.h"
#include "tools/common/day.h"
#include "tools/common/table.h"
#include "tools/common/terminal.h"
#include "tools/common/usage.h"
#include "tools/unitpassctl/ctl.h"

#define LIMIT 50
#define LIMIT_MAX 100000000

enum { UNIT = 1, PERSON, CLIENT, ITEM, EVENT, RESULT, TRANSACTION, FROM, TO, LIMIT_KEY };

const struct argp_option up_usage_options[] = {
	{ "unit", UNIT, "CODE", 0, "of this unit", 0 },
	{ "person", PERSON, "REF", 0, "of this person (person_ref of a record)", 0 },
	{ "client", CLIENT, "ID", 0, "at this portal", 0 },
	{ "item", ITEM, "CODE", 0, "for this item", 0 },
	{ "event", EVENT, "NAME", 0, "login.scan login.approve login.deny login.expire login.redeem login.replay enrolment.code enrolment.open enrolment.done clock.accept", 0 },
	{ "result", RESULT, "ok|refused", 0, "only these", 0 },
	{ "transaction", TRANSACTION, "ID", 0, "of this login", 0 },
	{ "from", FROM, "DAY", 0, "from this day on, YYYY-MM-DD (Asia/Shanghai)", 0 },
	{ "to", TO, "DAY", 0, "to this day, inclusive", 0 },
	{ "limit", LIMIT_KEY, "N", 0, "at most so many (default 50; 0: all)", 0 },
	{ 0 },
};

struct listing {
	const struct up_ctl *ctl;
	struct up_usage_table *table;
	bool failed;
};

static int list_one(void *arg, int64_t seq, struct up_span canonical)
{
	struct listing *x = arg;

	(void)seq;
	if (x->ctl->json)
		x->failed = fwrite(canonical.p, 1, canonical.n, stdout) != canonical.n || fputc('\n', stdout) == EOF;
	else
		x->failed = up_usage_table_put(x->table, canonical) != UP_OK;
	return x->failed;
}

static void read_filter(const struct up_command_line *l, struct up_usage_filter *f,
    char unit[UP_USCC_LEN + 1])
{
	const char *result = l->values[RESULT];
	uint64_t limit = LIMIT;
	int64_t day;

	*f = (struct up_usage_filter){ .unit = up_span_str(l->values[UNIT]), .person_ref = up_span_str(l->values[PERSON]),
		.client = up_span_str(l->values[CLIENT]), .item = up_span_str(l->values[ITEM]), .event = up_span_str(l->values[EVENT]),
		.result = up_span_str(result), .transaction = up_span_str(l->values[TRANSACTION]) };
	for (int key = UNIT; key <= TRANSACTION; key++)
		if (l->values[key] != NULL && l->values[key][0] == '\0')
			up_command_wrong("--%s is empty", up_usage_options[key - 1].name);
	f->unit = up_span_str(up_ctl_unit_option(l->values[UNIT], unit));
	if (result != NULL && strcmp(result, "ok") != 0 && strcmp(result, "refused") != 0)
		up_command_wrong("--result is ok or refused");
	if (l->values[FROM] != NULL && up_day_parse(up_span_str(l->values[FROM]), &f->from_ms) != UP_OK)
		up_command_wrong("--from: '%s' is not a day YYYY-MM-DD", l->values[FROM]);
	if (l->values[TO] != NULL && up_day_parse(up_span_str(l->values[TO]), &day) != UP_OK)
		up_command_wrong("--to: '%s' is not a day YYYY-MM-DD", l->values[TO]);
	if (l->values[LIMIT_KEY] != NULL && up_span_u64(up_span_str(l->values[LIMIT_KEY]), LIMIT_MAX, &limit) != UP_OK)
		up_command_wrong("--limit: a number from 0 to %d", LIMIT_MAX);
	f->from_ms *= 1000;
	f->to_ms = l->values[TO] != NULL ? (day + UP_DAY_S) * 1000 : 0;
	f->limit = (int64_t)limit;
	if (f->to_ms != 0 && f->from_ms >= f->to_ms)
		up_command_wrong("--from is after --to");
}

int up_usage_list(struct up_command_line *l)
{
	struct listing x = { .ctl = l->program, .table = up_usage_table_new() };
	struct up_ctl *ctl = l->program;
	struct up_usage_filter f;
	char unit[UP_USCC_LEN + 1];
	int status = 1;
	enum up_err err;

	read_filter(l, &f, unit);
	if (x.table == NULL || !up_ctl_open(ctl))
		goto out;
	err = up_store_usage(ctl->store, &f, list_one, &x);
	if (err == UP_OK && !ctl->json)
		err = up_usage_table_print(x.table, stdout);
	status = err == UP_OK && !x.failed ? 0 : up_ctl_fail_err(ctl, err != UP_OK ? err : UP_E_IO, "usage list");
out:
	up_usage_table_free(&x.table);
	return status;
}

struct one { int64_t seq; json_t *record; const struct up_ctl *ctl; };

static int take_one(void *arg, int64_t seq, struct up_span canonical)
{
	struct one *x = arg;

	if (seq == x->seq)
		x->record = json_loadb((const char *)canonical.p, canonical.n, 0, NULL);
	return 1;
}

int up_usage_show(struct up_command_line *l)
{
	struct up_ctl *ctl = l->program;
	struct up_usage_filter f = { .limit = 1, .oldest_first = true };
	struct one x = { .ctl = ctl };
	uint64_t seq;
	const char *name;
	json_t *value;
	enum up_err err;

	if (up_span_u64(up_span_str(l->argument), INT64_MAX, &seq) != UP_OK || seq == 0)
		up_command_wrong("SEQ is the number in the first column of: usage list");
	if (!up_ctl_open(ctl))
		return 1;
	x.seq = (int64_t)seq;
	f.after_seq = x.seq - 1;
	err = up_store_usage(ctl->store, &f, take_one, &x);
	if (err != UP_OK)
		return up_ctl_fail_err(ctl, err, "usage show");
	if (x.record == NULL)
		return up_ctl_fail(ctl, "not_found", up_say("there is no record %s", "没有第 %s 号记录"), l->argument);
	if (ctl->json)
		return up_ctl_print(ctl, x.record);
	json_object_foreach(x.record, name, value) {
		char *text = json_is_string(value) ? NULL : json_dumps(value, JSON_ENCODE_ANY);

		up_terminal_line(stdout, name, up_span_str(text != NULL ? text : json_string_value(value)));
		free(text);
	}
	json_decref(x.record);
	return 0;
}
