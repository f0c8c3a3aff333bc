/* SPDX-License-Identifier: Apache-2.0
 * unitpass-holder usage and changes: what was done with this phone's certificates, and what changed
 * in their units and people, by page. */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "core/record.h"
#include "tools/common/terminal.h"
#include "tools/common/usage.h"
#include "tools/holder/holder.h"

#define LIMIT_MAX 500

enum { CERTIFICATE = 1, EVENT, FROM, TO, BEFORE, LIMIT };

const struct argp_option up_holder_usage_options[] = {
	{ "certificate", CERTIFICATE, "NO", 0,
	    UP_WORDS("of this certificate alone", "仅此证书的"), 0 },
	{ "event", EVENT, "NAME", 0,
	    UP_WORDS("of this event alone", "仅此事项的"), 0 },
	UP_USAGE_PAGE_OPTIONS(FROM, TO, BEFORE),
	{ "limit", LIMIT, "N", 0, UP_WORDS("at most so many, 1 to 500 (default 50)",
	    "最多条数，1 至 500（默认 50）"), 0 },
	{ 0 },
};

static bool number_ok(const char *text, uint64_t max)
{
	uint64_t n;

	return text == NULL || (up_span_u64(up_span_str(text), max, &n) == UP_OK && n > 0);
}

/* The list, usage or changes, that is about KIND; and its events, for who asked for another. */
static void wrong_event(const char *event, enum up_record_kind kind, const char *command)
{
	const enum up_record_kind is = up_record_kind(up_span_str(event));
	struct up_buf all = { 0 };

	for (size_t i = 0; up_record_event(i) != NULL; i++)
		if (up_record_kind(up_span_str(up_record_event(i))) == kind)
			up_buf_printf(&all, "%s%s", all.n > 0 ? " " : "", up_record_event(i));
	if (is == UP_RECORD_USE || is == UP_RECORD_CHANGE)
		up_command_wrong(up_say("records of '%s' are listed by unitpass-holder %s; here "
		    "there are: %s", "事项为“%s”的记录请用 unitpass-holder %s 查看；此处可用的有：%s"),
		    event, is == UP_RECORD_USE ? "usage" : "changes", up_buf_cstr(&all));
	up_command_wrong(up_say("%s has no records of the event '%s'; there are: %s",
	    "%s 没有事项为“%s”的记录，可用的有：%s"), command, event, up_buf_cstr(&all));
}

static void check(const struct up_command_line *l, const char *command)
{
	const enum up_record_kind kind =
	    strcmp(command, "changes") == 0 ? UP_RECORD_CHANGE : UP_RECORD_USE;
	const char *event = l->values[EVENT];

	if (!number_ok(l->values[BEFORE], INT64_MAX))
		up_command_wrong("%s", up_say("--before: the number of a record",
		    "--before：应为记录序号"));
	if (!number_ok(l->values[LIMIT], LIMIT_MAX))
		up_command_wrong("%s", up_say("--limit: a number from 1 to 500",
		    "--limit：应为 1 至 500 的整数"));
	for (int key = FROM; key <= TO; key++)
		up_usage_day(up_holder_usage_options, l, key);
	if (event != NULL && up_record_kind(up_span_str(event)) != kind)
		wrong_event(event, kind, command);
}

static void put_query(struct up_buf *b, const struct up_command_line *l)
{
	for (int key = CERTIFICATE; key <= LIMIT; key++)
		up_holder_query_put(b, up_holder_usage_options[key - 1].name, l->values[key]);
}

static enum up_err print(
    const struct up_command_line *l, const json_t *answer, const char *command)
{
	const json_t *records = json_object_get(answer, "records"),
		     *next = json_object_get(answer, "next"), *r;
	struct up_usage_table *t = up_usage_table_new();
	enum up_err err = UP_E_NOMEM;
	size_t i;

	if (t == NULL)
		return UP_E_NOMEM;
	json_array_foreach(records, i, r)
		up_usage_table_put_json(t, r);
	err = up_usage_table_print(t, stdout);
	up_usage_table_free(&t);
	if (!json_is_integer(next))
		return err;
	printf(up_say("%zu shown, next: unitpass-holder %s",
		   "已显示 %zu 条，下一页：unitpass-holder %s"),
	    json_array_size(records), command);
	up_usage_print_next(stdout, up_holder_usage_options, l, BEFORE, json_integer_value(next));
	printf(" -d %s\n", ((const struct up_holder *)l->program)->dir_name);
	return err;
}

static int read_page(struct up_command_line *l, const char *path, const char *command)
{
	struct up_holder *h = l->program;
	struct up_holder_answer a;
	struct up_buf query = { 0 };
	int status;

	check(l, command);
	put_query(&query, l);
	status = up_holder_get(h, path, up_buf_cstr(&query), &a);
	if (status == 0 && h->json)
		status = up_holder_print(json_incref(a.body));
	else if (status == 0 && print(l, a.body, command) != UP_OK)
		status = up_holder_fail_err(h, UP_HOLDER_FAILED, UP_E_NOMEM);
	up_holder_answer_free(&a);
	up_buf_free(&query);
	return status;
}

int up_holder_usage(struct up_command_line *l)
{
	return read_page(l, "/holder/usage", "usage");
}

int up_holder_changes(struct up_command_line *l)
{
	return read_page(l, "/holder/changes", "changes");
}
