/* SPDX-License-Identifier: Apache-2.0
 * unitpass-holder grant add (rules 15, 16): items and a period for one or several users, each of
 * whom then scans her own code. */
#include <config.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/day.h"
#include "core/grant.h"
#include "tools/common/terminal.h"
#include "tools/holder/people.h"

/* --- what is asked --- */

/* A day as it was given, or today of Asia/Shanghai. */
static int64_t take_day(const char *option, const char *text, char out[16])
{
	int64_t start_s = (int64_t)time(NULL);

	if (text != NULL && up_day_parse(up_span_str(text), &start_s) != UP_OK)
		up_command_wrong(up_say("--%s: '%s' is not a day YYYY-MM-DD",
				     "--%s：“%s”不是 YYYY-MM-DD 格式的日期"), option, text);
	up_day_text(start_s, out);
	return start_s;
}

/* What the server will say of its own day, said here before a password is asked for. What begins
 * before today by this phone's clock is the server's to judge. */
static void check_period(int64_t from_s, int64_t to_s)
{
	enum up_err err = up_grant_period(up_day_number(from_s), up_day_number(to_s),
	    up_day_number(from_s));
	const struct up_reply *r = up_err_reply(err);

	if (err != UP_OK)
		up_command_wrong("--to: %s", up_say(r->en, r->zh));
}

/* The values of KEY, as they were given. NULL: no memory. */
static json_t *values_of(const struct up_command_line *l, int key, size_t max, const char *option)
{
	json_t *all = json_array();
	size_t n = 0;

	for (size_t i = 0; i < l->n_repeated; i++) {
		if (l->repeated[i].key != key)
			continue;
		json_array_append_new(all, json_string(l->repeated[i].value));
		n++;
	}
	if (n > max)
		up_command_wrong(up_say("--%s: at most %zu at once", "--%s：一次最多 %zu 个"),
		    option, max);
	return json_array_size(all) == n ? all : NULL;
}

static void check_users(const struct up_command_line *l)
{
	for (size_t i = 0; i < l->n_repeated; i++)
		if (l->repeated[i].key == UP_GRANT_USER && !up_command_id(l->repeated[i].value))
			up_command_wrong(
			    up_say("--user: '%s' is not a reference as 'user list' shows it",
				"--user：“%s”不是 user list 中的编号"), l->repeated[i].value);
}

static json_t *read_body(const struct up_command_line *l)
{
	char from[16], to[16];
	int64_t from_s = take_day("from", l->values[UP_GRANT_FROM], from),
		to_s = take_day("to", l->values[UP_GRANT_TO], to);

	check_users(l);
	check_period(from_s, to_s);
	return json_pack("{s:o, s:o, s:s, s:s}",
	    "users", values_of(l, UP_GRANT_USER, UP_GRANT_USERS_MAX, "user"),
	    "items", values_of(l, UP_GRANT_ITEM, UP_GRANT_ITEMS_MAX, "item"),
	    "from", from, "to", to);
}

/* --- to whom, for people --- */

/* {reference: name} of the users, who are asked for one by one: each code is for one of them. */
static int read_names(struct up_holder_act *x, const json_t *users, json_t *names)
{
	const json_t *ref;
	char path[128];
	int status = 0;
	size_t i;

	json_array_foreach(users, i, ref) {
		up_holder_act_path(path, up_holder_user.path, json_string_value(ref), NULL);
		status = up_holder_act_get(x, path, NULL);
		if (status != 0)
			break;
		json_object_set(names, json_string_value(ref),
		    json_object_get(x->answer.body, "name"));
	}
	return status;
}

/* One code after the other. */
static int report(const struct up_holder_act *x, const json_t *names)
{
	const json_t *grants = json_object_get(x->answer.body, "grants"), *g;
	int status = 0;
	size_t i;

	json_array_foreach(grants, i, g) {
		const char *user = json_string_value(json_object_get(g, "user"));
		struct up_span name = up_holder_text(names, user != NULL ? user : "");
		bool coded = json_object_get(g, "code") != NULL;

		puts(coded ? up_say("Granted; it begins when the user has scanned this:",
				 "已生成授权，使用人扫描以下授权二维码后生效：")
			   : up_say("Granted; the user's real-name check has not answered yet:",
				 "已保存授权；使用人实名核验尚无结果，核验通过后可面对面授权："));
		up_terminal_line(stdout, up_say("user", "使用人"), name);
		up_terminal_line(stdout, up_say("grant", "授权编号"), up_holder_text(g, "grant"));
		putchar('\n');
		if (status == 0 && coded)
			status = up_holder_code_show(x->h, g, name);
		putchar('\n');
	}
	return status;
}

static int grant(struct up_holder_act *x, json_t *body)
{
	json_t *names = json_object();
	int status = x->h->json ? 0 : read_names(x, json_object_get(body, "users"), names);

	if (status == 0)
		status = up_holder_act_change(x, "/holder/grants", json_incref(body));
	if (status == 0 && x->h->json)
		status = up_holder_print(json_incref(x->answer.body));
	else if (status == 0)
		status = report(x, names);
	json_decref(names);
	return status;
}

int up_holder_grant_add(struct up_command_line *l)
{
	json_t *body = read_body(l);
	struct up_holder_act x;
	int status = up_holder_act_begin(&x, l);

	if (status == 0)
		status = grant(&x, body);
	json_decref(body);
	up_holder_act_end(&x);
	return status;
}
