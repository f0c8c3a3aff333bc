/* SPDX-License-Identifier: Apache-2.0
 * Adding a manager or a user (rules 3, 4, 5, 14): who it is, the password, and the code that she
 * scans, if the real-name check has answered. */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "tools/common/terminal.h"
#include "tools/holder/people.h"

/* A slip is not mended later: she is deleted and added anew (rule 10). */
static int agree_to_data(const struct up_holder_act *x, const struct up_holder_given *given,
    const struct up_person *p)
{
	if (x->h->json || given->file != NULL ||
	    (given->name != NULL && given->resident != NULL && given->mobile != NULL))
		return 0;
	fputc('\n', stderr);
	up_terminal_line(stderr, up_say("name", "姓名"), up_span_str(p->name));
	up_terminal_line(stderr, up_say("resident ID", "身份证号"), up_span_str(p->resident));
	up_terminal_line(stderr, up_say("mobile", "手机号"), up_span_str(p->mobile));
	return up_holder_act_agree(x, up_say("Add this person? [y/N] ", "以上信息无误，确定添加吗？[y/N] "));
}

static json_t *body_of(const struct up_command_line *l, const struct up_person *p)
{
	json_t *body = json_pack("{s:{s:s, s:s, s:s}}", "person", "name", p->name, "resident_id",
	    p->resident, "mobile", p->mobile);

	if (l->values[UP_PEOPLE_NO_AUTHORISE] != NULL)
		json_object_set_new(body, "may_authorise", json_false());
	return body;
}

static int report(const struct up_holder_act *x, const struct up_people_kind *kind,
    const struct up_person *p)
{
	struct up_span ref = up_holder_text(x->answer.body, "ref");

	if (x->h->json)
		return up_holder_print(json_incref(x->answer.body));
	if (kind == &up_holder_manager)
		printf(up_say("The manager %s was added.\n", "已添加管理人 %s。\n"), p->name);
	else
		printf(up_say("The user %s was added.\n", "已添加使用人 %s。\n"), p->name);
	up_terminal_line(stdout, up_say("reference", "编号"), ref);
	if (json_object_get(x->answer.body, "code") != NULL) {
		putchar('\n');
		return up_holder_code_show(x->h, x->answer.body, up_span_str(p->name));
	}
	printf(up_say("The real-name check has not answered yet. When it has: "
		      "unitpass-holder %s code %.*s\n",
		   "实名核验尚无结果，核验通过后方可面对面授权：unitpass-holder %s code %.*s\n"),
	    kind->name, (int)ref.n, (const char *)ref.p);
	return 0;
}

static int add(struct up_command_line *l, const struct up_people_kind *kind)
{
	const struct up_holder_given given = { l->values[UP_PEOPLE_PERSON_FILE],
		l->values[UP_PEOPLE_NAME], l->values[UP_PEOPLE_RESIDENT],
		l->values[UP_PEOPLE_MOBILE] };
	struct up_person person = { 0 };
	struct up_holder_act x;
	int status;

	if (given.file != NULL &&
	    (given.name != NULL || given.resident != NULL || given.mobile != NULL))
		up_command_wrong("%s",
		    up_say("--person-file excludes --name, --resident-id and --mobile",
			"--person-file 不能与 --name、--resident-id、--mobile 同时使用"));
	status = up_holder_act_begin(&x, l);
	if (status == 0)
		status = up_holder_person(x.h, &given, up_say("Name: ", "姓名："), &person);
	if (status == 0)
		status = agree_to_data(&x, &given, &person);
	if (status == 0)
		status = up_holder_act_change(&x, kind->path, body_of(l, &person));
	if (status == 0)
		status = report(&x, kind, &person);
	up_wipe(&person, sizeof(person));
	up_holder_act_end(&x);
	return status;
}

int up_holder_manager_add(struct up_command_line *l)
{
	return add(l, &up_holder_manager);
}

int up_holder_user_add(struct up_command_line *l)
{
	return add(l, &up_holder_user);
}
