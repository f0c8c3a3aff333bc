/* SPDX-License-Identifier: Apache-2.0
 * unitpass-holder grant (rules 15-19): list, detail, cancel; giving them is in grant_add.c. */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "tools/common/terminal.h"
#include "tools/common/words.h"
#include "tools/holder/list.h"
#include "tools/holder/people.h"

#define GRANTS "/holder/grants"

/* --- one --- */

static void put_items(struct up_buf *b, const json_t *items)
{
	const json_t *i;
	size_t n;

	json_array_foreach(items, n, i) {
		up_buf_put_str(b, n > 0 ? up_say(", ", "、") : "");
		up_buf_put_str(b, json_is_string(i) ? json_string_value(i) : "");
	}
}

static void rename_items(json_t *items, const json_t *catalogue)
{
	const json_t *known;
	size_t i, k;
	json_t *code;

	json_array_foreach(items, i, code)
		json_array_foreach(catalogue, k, known)
			if (json_equal(json_object_get(known, "item"), code)) {
				json_array_set(items, i, json_object_get(known, "name"));
				break;
			}
}

int up_holder_grants_name(struct up_holder_act *x)
{
	json_t *answer = x->answer.body, *one;
	const json_t *catalogue;
	int status;
	size_t i;

	x->answer.body = NULL;
	status = up_holder_act_get(x, "/holder/items", NULL);
	catalogue = json_object_get(x->answer.body, "items");
	json_array_foreach(json_object_get(answer, "grants"), i, one)
		rename_items(json_object_get(one, "items"), catalogue);
	rename_items(json_object_get(answer, "items"), catalogue);
	up_holder_answer_free(&x->answer);
	x->answer.body = answer;
	return status;
}

static void put_period(struct up_buf *b, const json_t *g)
{
	up_buf_put_span(b, up_holder_text(g, "from"));
	up_buf_put_str(b, up_say(" to ", " 至 "));
	up_buf_put_span(b, up_holder_text(g, "to"));
}

static void show_grant(const json_t *g)
{
	struct up_buf items = { 0 }, status = { 0 }, since = { 0 };

	put_items(&items, json_object_get(g, "items"));
	up_words_put_status(&status, up_holder_text(g, "status"));
	up_holder_put_time(&since, json_object_get(g, "since"));
	up_terminal_line(stdout, up_say("user", "使用人"), up_holder_text(g, "name"));
	up_terminal_line(stdout, up_say("items", "授权事项"), up_buf_span(&items));
	up_terminal_line(stdout, up_say("from", "授权开始时间"), up_holder_text(g, "from"));
	up_terminal_line(stdout, up_say("to", "授权结束时间"), up_holder_text(g, "to"));
	up_terminal_line(stdout, up_say("status", "状态"), up_buf_span(&status));
	up_terminal_line(stdout, up_say("since", "状态时间"), up_buf_span(&since));
	up_holder_word_line(up_say("given by", "授权人"), up_words_put_role,
	    up_holder_text(g, "grantor_role"));
	up_terminal_line(stdout, up_say("grant", "授权编号"), up_holder_text(g, "grant"));
	up_buf_free(&items);
	up_buf_free(&status);
	up_buf_free(&since);
}

int up_holder_grant_show(struct up_command_line *l)
{
	struct up_holder_act x;
	char path[128];
	int status;

	up_holder_act_path(path, GRANTS, l->argument, NULL);
	status = up_holder_act_begin(&x, l);
	if (status == 0)
		status = up_holder_act_get(&x, path, NULL);
	if (status == 0 && !x.h->json)
		status = up_holder_grants_name(&x);
	if (status == 0 && x.h->json)
		status = up_holder_print(json_incref(x.answer.body));
	else if (status == 0)
		show_grant(x.answer.body);
	up_holder_act_end(&x);
	return status;
}

/* --- the list --- */

static void put_row(struct up_table *t, const json_t *g)
{
	struct up_buf items = { 0 }, period = { 0 }, status = { 0 };

	put_items(&items, json_object_get(g, "items"));
	put_period(&period, g);
	up_words_put_status(&status, up_holder_text(g, "status"));
	up_table_put(t, up_holder_text(g, "grant"));
	up_table_put(t, up_holder_text(g, "name"));
	up_table_put(t, up_buf_span(&items));
	up_table_put(t, up_buf_span(&period));
	up_table_put(t, up_buf_span(&status));
	up_buf_free(&items);
	up_buf_free(&period);
	up_buf_free(&status);
}

int up_holder_grants_print(const struct up_holder_act *x, const char *options)
{
	const char *const heads[] = { up_say("GRANT", "授权编号"), up_say("USER", "使用人"),
		up_say("ITEMS", "授权事项"), up_say("PERIOD", "授权时间"),
		up_say("STATUS", "状态") };
	const struct up_holder_list list = { .member = "grants", .heads = heads,
		.columns = UP_ARRAY_LEN(heads), .put_row = put_row,
		.none = up_say("There is no grant.", "没有授权。"),
		.command = "grant list", .options = options };

	return up_holder_list_print(x, &list);
}

int up_holder_grant_list(struct up_command_line *l)
{
	const char *user = l->values[UP_GRANT_USER];
	struct up_holder_act x;
	char more[64], option[64];
	int status;

	if (user != NULL && !up_command_id(user))
		up_command_wrong(up_say("--user: '%s' is not a reference as 'user list' shows it",
		    "--user：“%s”不是 user list 中的编号"), user);
	snprintf(more, sizeof(more), "user=%s", user != NULL ? user : "");
	snprintf(option, sizeof(option), " --user %s", user != NULL ? user : "");
	status = up_holder_act_begin(&x, l);
	if (status == 0)
		status = up_holder_act_page(&x, GRANTS, user != NULL ? more : NULL);
	if (status == 0 && !x.h->json)
		status = up_holder_grants_name(&x);
	if (status == 0)
		status = up_holder_grants_print(&x, user != NULL ? option : "");
	up_holder_act_end(&x);
	return status;
}

/* --- cancel --- */

/* Says what will end, before it is asked. */
static int agree_to_cancel(struct up_holder_act *x, const char *ref)
{
	const char *question = up_say("Cancel it? [y/N] ", "确定取消吗？[y/N] ");
	char path[128];
	int status;

	if (x->line->values[UP_ACT_YES] != NULL || x->h->json)
		return up_holder_act_agree(x, question);
	up_holder_act_path(path, GRANTS, ref, NULL);
	status = up_holder_act_get(x, path, NULL);
	if (status == 0)
		status = up_holder_grants_name(x);
	if (status != 0)
		return status;
	puts(up_say("This grant ends at once:", "以下授权将立即取消："));
	show_grant(x->answer.body);
	return up_holder_act_agree(x, question);
}

int up_holder_grant_cancel(struct up_command_line *l)
{
	struct up_holder_act x;
	char path[128];
	int status;

	up_holder_act_path(path, GRANTS, l->argument, "cancel");
	status = up_holder_act_begin(&x, l);
	if (status == 0)
		status = agree_to_cancel(&x, l->argument);
	if (status == 0)
		status = up_holder_act_change(&x, path, json_object());
	if (status == 0 && x.h->json)
		status = up_holder_print(json_incref(x.answer.body));
	else if (status == 0)
		puts(up_say("The grant was cancelled.", "已取消授权。"));
	up_holder_act_end(&x);
	return status;
}
