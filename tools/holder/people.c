/* SPDX-License-Identifier: Apache-2.0
 * unitpass-holder manager and user (rules 3, 4, 7, 10-14): list, detail, a code face to face,
 * delete; adding is in people_add.c. */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "tools/common/terminal.h"
#include "tools/common/words.h"
#include "tools/holder/list.h"
#include "tools/holder/people.h"

const struct up_people_kind up_holder_manager = { "manager", "managers", "/holder/managers" };
const struct up_people_kind up_holder_user = { "user", "users", "/holder/users" };

static bool are_managers(const struct up_people_kind *kind)
{
	return kind == &up_holder_manager;
}

/* --- one person --- */

static void put_status(struct up_buf *b, const json_t *p)
{
	up_words_put_status(b, up_holder_text(p, "status"));
}

/* "yes", "no" of the permission to authorise users (rule 14). */
static const char *authorises(const json_t *p)
{
	return json_is_true(json_object_get(p, "may_authorise")) ? up_say("yes", "有")
								 : up_say("no", "无");
}

/* By what she acts: of several who authorised her, each one's, with when and how it stands. */
static void show_edge(const json_t *edge)
{
	struct up_buf b = { 0 };

	up_words_put_role(&b, up_holder_text(edge, "grantor_role"));
	up_buf_put_str(&b, up_say(", ", "，"));
	put_status(&b, edge);
	up_buf_put_str(&b, up_say(", since ", "，"));
	up_holder_put_time(&b, json_object_get(edge, "since"));
	up_buf_printf(&b, up_say(", grants %d", "，授权 %d 项"),
	    (int)json_integer_value(json_object_get(edge, "grants")));
	up_terminal_line(stdout, up_say("authorised by", "授权人"), up_buf_span(&b));
	up_buf_free(&b);
}

static void show_edges(const json_t *p)
{
	const json_t *edges = json_object_get(p, "edges"), *edge;
	size_t i;

	json_array_foreach(edges, i, edge)
		show_edge(edge);
	if (edges == NULL)
		up_holder_word_line(up_say("authorised by", "授权人"), up_words_put_role,
		    up_holder_text(p, "grantor_role"));
}

static void show_person(const struct up_people_kind *kind, const json_t *p)
{
	struct up_buf status = { 0 }, since = { 0 };

	put_status(&status, p);
	up_holder_put_time(&since, json_object_get(p, "since"));
	up_holder_word_line(up_say("role", "角色"), up_words_put_role, up_span_str(kind->name));
	up_terminal_line(stdout, up_say("name", "姓名"), up_holder_text(p, "name"));
	up_terminal_line(stdout, up_say("mobile", "手机号"), up_holder_text(p, "mobile"));
	up_terminal_line(stdout, up_say("status", "状态"), up_buf_span(&status));
	up_terminal_line(stdout, up_say("since", "时间"), up_buf_span(&since));
	if (are_managers(kind))
		up_terminal_line(stdout, up_say("authorises users", "使用人授权"),
		    up_span_str(authorises(p)));
	else
		show_edges(p);
	up_terminal_line(stdout, up_say("reference", "编号"), up_holder_text(p, "ref"));
	up_buf_free(&status);
	up_buf_free(&since);
}

static int show(struct up_command_line *l, const struct up_people_kind *kind)
{
	struct up_holder_act x;
	char path[128], more[64];
	int status;

	up_holder_act_path(path, kind->path, l->argument, NULL);
	status = up_holder_act_begin(&x, l);
	if (status == 0)
		status = up_holder_act_get(&x, path, NULL);
	if (status == 0 && x.h->json)
		status = up_holder_print(json_incref(x.answer.body));
	else if (status == 0)
		show_person(kind, x.answer.body);
	if (status == 0 && !x.h->json && !are_managers(kind)) {
		snprintf(more, sizeof(more), "user=%s", l->argument);
		status = up_holder_act_get(&x, "/holder/grants", more);
		if (status == 0)
			status = up_holder_grants_name(&x);
		if (status == 0)
			status = up_holder_grants_print(&x, "");
	}
	up_holder_act_end(&x);
	return status;
}

/* --- the list --- */

static void put_person(struct up_table *t, const json_t *p)
{
	struct up_buf status = { 0 }, since = { 0 };

	put_status(&status, p);
	up_holder_put_time(&since, json_object_get(p, "since"));
	up_table_put(t, up_holder_text(p, "ref"));
	up_table_put(t, up_holder_text(p, "name"));
	up_table_put(t, up_holder_text(p, "mobile"));
	up_table_put(t, up_buf_span(&status));
	up_table_put(t, up_buf_span(&since));
	up_buf_free(&status);
	up_buf_free(&since);
}

static void put_manager(struct up_table *t, const json_t *p)
{
	put_person(t, p);
	up_table_put(t, up_span_str(authorises(p)));
}

static void put_user(struct up_table *t, const json_t *p)
{
	struct up_buf grants = { 0 }, grantor = { 0 };

	put_person(t, p);
	up_buf_put_i64(&grants, json_integer_value(json_object_get(p, "grants")));
	up_words_put_role(&grantor, up_holder_text(p, "grantor_role"));
	up_table_put(t, up_buf_span(&grants));
	up_table_put(t, up_buf_span(&grantor));
	up_buf_free(&grants);
	up_buf_free(&grantor);
}

static int print_list(const struct up_holder_act *x, const struct up_people_kind *kind)
{
	bool managers = are_managers(kind);
	const char *const heads[] = { up_say("REF", "编号"), up_say("NAME", "姓名"),
		up_say("MOBILE", "手机号"), up_say("STATUS", "状态"), up_say("SINCE", "时间"),
		managers ? up_say("AUTHORISES USERS", "使用人授权") : up_say("GRANTS", "授权数"),
		up_say("AUTHORISED BY", "授权人") };
	const struct up_holder_list list = {
		.member = kind->list,
		.heads = heads,
		.columns = UP_ARRAY_LEN(heads) - managers,
		.put_row = managers ? put_manager : put_user,
		.none = managers ? up_say("There is no manager that you may see.", "没有您可查看的管理人。")
				 : up_say("There is no user that you may see.", "没有您可查看的使用人。"),
		.command = managers ? "manager list" : "user list",
		.options = "",
	};

	return up_holder_list_print(x, &list);
}

static int list(struct up_command_line *l, const struct up_people_kind *kind)
{
	struct up_holder_act x;
	int status = up_holder_act_begin(&x, l);

	if (status == 0)
		status = up_holder_act_page(&x, kind->path, NULL);
	if (status == 0)
		status = print_list(&x, kind);
	up_holder_act_end(&x);
	return status;
}

/* --- face to face, once more --- */

/* *OUT is the caller's in all cases. */
static int read_person(struct up_holder_act *x, const struct up_people_kind *kind, const char *ref,
    json_t **out)
{
	char path[128];
	int status;

	up_holder_act_path(path, kind->path, ref, NULL);
	status = up_holder_act_get(x, path, NULL);
	*out = json_incref(x->answer.body);
	return status;
}

static int code(struct up_command_line *l, const struct up_people_kind *kind)
{
	struct up_holder_act x;
	json_t *person = NULL;
	char path[128];
	int status;

	up_holder_act_path(path, kind->path, l->argument, "code");
	status = up_holder_act_begin(&x, l);
	if (status == 0 && !x.h->json)
		status = read_person(&x, kind, l->argument, &person);
	if (status == 0)
		status = up_holder_act_change(&x, path, json_object());
	if (status == 0 && x.h->json)
		status = up_holder_print(json_incref(x.answer.body));
	else if (status == 0)
		status = up_holder_code_show(x.h, x.answer.body, up_holder_text(person, "name"));
	json_decref(person);
	up_holder_act_end(&x);
	return status;
}

/* --- delete --- */

#define NAMES_SHOWN 5

/* The users whom manager REF authorised: how many, and some names. */
static int put_authorised(
    struct up_holder_act *x, const char *ref, struct up_buf *names, size_t *n)
{
	char more[64] = "limit=500";
	const json_t *next, *p;
	int status;
	size_t i;

	do {
		status = up_holder_act_get(x, up_holder_user.path, more);
		json_array_foreach(json_object_get(x->answer.body, up_holder_user.list), i, p) {
			if (!up_span_eq_str(up_holder_text(p, "grantor"), ref))
				continue;
			if (*n < NAMES_SHOWN)
				up_buf_put_str(names, *n > 0 ? up_say(", ", "、") : "");
			if (*n < NAMES_SHOWN)
				up_buf_put_span(names, up_holder_text(p, "name"));
			(*n)++;
		}
		next = json_object_get(x->answer.body, "next");
		snprintf(more, sizeof(more), "limit=500&before=%lld",
		    (long long)json_integer_value(next));
	} while (status == 0 && json_is_integer(next));
	if (*n > NAMES_SHOWN)
		up_buf_put_str(names, up_say(", …", "等"));
	return status;
}

static void print_manager_end(const json_t *p, size_t users, struct up_span names)
{
	fputs(up_say("Delete the manager ", "删除管理人 "), stderr);
	up_terminal_put(stderr, up_holder_text(p, "name"), 60);
	fputs(up_say("?\n  Her downloaded certificate and all her rights end at once.\n",
		  "？\n  其已下载的电子证书及相应权限立即失效。\n"), stderr);
	if (users == 0)
		return;
	fprintf(stderr, up_say("  So do the roles and grants that she gave to %zu: ",
			    "  其授权的 %zu 名使用人的角色和授权一并取消："), users);
	up_terminal_put(stderr, names, 400);
	fputs(up_say(".\n", "。\n"), stderr);
}

/* Hers by all who authorised her: what a principal ends (rule 13). */
static int grants_of(const json_t *p)
{
	const json_t *edges = json_object_get(p, "edges"), *edge;
	json_int_t n = json_integer_value(json_object_get(p, "grants"));
	size_t i;

	if (edges != NULL)
		n = 0;
	json_array_foreach(edges, i, edge)
		n += json_integer_value(json_object_get(edge, "grants"));
	return (int)n;
}

static void print_user_end(const json_t *p)
{
	const size_t edges = json_array_size(json_object_get(p, "edges"));

	fputs(up_say("Delete the user ", "删除使用人 "), stderr);
	up_terminal_put(stderr, up_holder_text(p, "name"), 60);
	fputs(up_say("?\n  Her role and all her grants end at once", "？\n  其角色和所有授权立即失效"),
	    stderr);
	fprintf(stderr, up_say(" (grants now: %d).\n", "（现有授权 %d 项）。\n"), grants_of(p));
	if (edges > 1)
		fprintf(stderr, up_say("  %zu authorised her; all of that ends.\n",
		    "  共由 %zu 人授权，一并取消。\n"), edges);
}

/* Says what will end, before it is asked. */
static int agree_to_end(struct up_holder_act *x, const struct up_people_kind *kind, const char *ref)
{
	const char *question = up_say("Delete? [y/N] ", "确定删除吗？[y/N] ");
	struct up_buf names = { 0 };
	json_t *person;
	size_t n = 0;
	int status;

	if (x->line->values[UP_ACT_YES] != NULL || x->h->json)
		return up_holder_act_agree(x, question);
	status = read_person(x, kind, ref, &person);
	if (status == 0 && are_managers(kind))
		status = put_authorised(x, ref, &names, &n);
	if (status == 0 && are_managers(kind))
		print_manager_end(person, n, up_buf_span(&names));
	else if (status == 0)
		print_user_end(person);
	json_decref(person);
	up_buf_free(&names);
	return status == 0 ? up_holder_act_agree(x, question) : status;
}

/* "manager 1, users 3": what ended with it. */
static void report_ended(const json_t *answer, const struct up_people_kind *kind)
{
	const json_t *ended = json_object_get(answer, "ended"), *e;
	size_t users = 0, i;

	json_array_foreach(ended, i, e)
		users += up_span_eq_str(up_holder_text(e, "role"), "user");
	puts(are_managers(kind) ? up_say("The manager was deleted.", "已删除管理人。")
				: up_say("The user was deleted.", "已删除使用人。"));
	if (are_managers(kind) && users > 0)
		printf(up_say("Users who lost what she gave them: %zu\n",
			   "一并取消的使用人角色：%zu\n"), users);
}

static int delete(struct up_command_line *l, const struct up_people_kind *kind)
{
	struct up_holder_act x;
	char path[128];
	int status;

	up_holder_act_path(path, kind->path, l->argument, "delete");
	status = up_holder_act_begin(&x, l);
	if (status == 0)
		status = agree_to_end(&x, kind, l->argument);
	if (status == 0)
		status = up_holder_act_change(&x, path, json_object());
	if (status == 0 && x.h->json)
		status = up_holder_print(json_incref(x.answer.body));
	else if (status == 0)
		report_ended(x.answer.body, kind);
	up_holder_act_end(&x);
	return status;
}

/* --- the commands --- */

int up_holder_manager_list(struct up_command_line *l)
{
	return list(l, &up_holder_manager);
}

int up_holder_manager_show(struct up_command_line *l)
{
	return show(l, &up_holder_manager);
}

int up_holder_manager_code(struct up_command_line *l)
{
	return code(l, &up_holder_manager);
}

int up_holder_manager_delete(struct up_command_line *l)
{
	return delete(l, &up_holder_manager);
}

int up_holder_user_list(struct up_command_line *l)
{
	return list(l, &up_holder_user);
}

int up_holder_user_show(struct up_command_line *l)
{
	return show(l, &up_holder_user);
}

int up_holder_user_code(struct up_command_line *l)
{
	return code(l, &up_holder_user);
}

int up_holder_user_delete(struct up_command_line *l)
{
	return delete(l, &up_holder_user);
}
