/* SPDX-License-Identifier: Apache-2.0
 * unitpassctl item: the items (授权事项) that portals register. */
#include <stdio.h>

#include "tools/common/terminal.h"
#include "tools/unitpassctl/ctl.h"

enum { NAME = 1, CLIENT };
enum { ALL = 1, AT };
enum { YES = 1 };

const struct argp_option up_item_options[] = {
	{ "name", NAME, "NAME", 0, UP_WORDS("as phones show it", "手机上显示的名称"), 0 },
	{ "client", CLIENT, "ID", 0, UP_WORDS("the portal it belongs to", "所属的业务系统"), 0 },
	{ 0 },
};

const struct argp_option up_item_list_options[] = {
	{ "all", ALL, NULL, 0, UP_WORDS("those too that have ended", "包括已停用的"), 0 },
	{ "at", AT, "DAY", 0,
	    UP_WORDS("that stood on that day, YYYY-MM-DD", "该日存在的，YYYY-MM-DD"), 0 },
	{ 0 },
};
const struct argp_option up_item_end_options[] = {
	{ "yes", YES, NULL, 0, UP_WORDS("do not ask first", "不再询问"), 0 },
	{ 0 },
};

int up_item_add(struct up_command_line *l)
{
	struct up_ctl *ctl = l->program;
	const char *client = l->values[CLIENT];
	char name[UP_CTL_NAME_SIZE];
	struct up_op_item put;
	enum up_err err;

	if (!up_ctl_id_ok(l->argument))
		return up_ctl_fail(ctl, "item", "%s",
		    up_say("CODE: 1 to 64 of a-z 0-9 . _ -, beginning with a letter or digit",
			"CODE：1 至 64 个小写字母、数字或 . _ -，以字母或数字开头"));
	if (!up_ctl_name(ctl, "--name", l->values[NAME], name))
		return 1;
	if (!up_ctl_open(ctl))
		return 1;
	put = (struct up_op_item){.code = up_span_str(l->argument),
	    .name = up_span_str(name),
	    .client = up_span_str(client)};
	err = up_ctl_run(ctl, UP_OP_ITEM, &put.op);
	if (err == UP_E_STATE)
		return up_ctl_fail(ctl, "taken",
		    up_say("there is an item '%s' already", "授权事项“%s”已存在"), l->argument);
	if (err == UP_E_CLIENT)
		return up_ctl_fail(ctl, "client",
		    up_say("there is no client '%s'; see: unitpassctl client list",
			"没有业务系统“%s”，请查看：unitpassctl client list"),
		    client);
	if (err != UP_OK)
		return up_ctl_fail_err(ctl, err, l->argument);
	if (ctl->json)
		return up_ctl_print(ctl,
		    json_pack(
			"{s:s, s:s, s:s}", "item", l->argument, "name", name, "client", client));
	printf("%s  %s  (%s)\n", l->argument, name, client);
	puts(up_say("A server that runs knows it within seconds.",
	    "运行中的服务器数秒内即可识别该事项。"));
	return 0;
}

struct listing {
	struct up_ctl_list x;
	struct up_when when;
};

static int list_one(void *arg, const struct up_item_state *item)
{
	const struct listing *l = arg;
	const char *state = up_ctl_state(&l->when, item->created_ms, item->ended_ms);
	json_t *o;

	if (l->x.json != NULL) {
		o = json_pack("{s:o, s:o, s:o, s:s}", "item", up_ctl_text(item->item), "name",
		    up_ctl_text(item->name), "client", up_ctl_text(item->client), "status",
		    state);
		if (item->ended_ms != 0)
			json_object_set_new(o, "ended_ms", json_integer(item->ended_ms));
		return json_array_append_new(l->x.json, o);
	}
	up_table_put(l->x.table, item->item);
	up_table_put(l->x.table, item->name);
	up_table_put(l->x.table, item->client);
	up_table_put(l->x.table, up_span_str(up_ctl_state_word(state)));
	return 0;
}

int up_item_list(struct up_command_line *l)
{
	const char *const heads[] = { up_say("CODE", "代码"), up_say("NAME", "名称"),
		up_say("CLIENT", "业务系统"), up_say("STATUS", "状态") };
	struct listing list = { .when = up_ctl_when(l->values[AT], l->values[ALL] != NULL) };
	struct up_ctl *ctl = l->program;
	int status = 1;

	if (up_ctl_list_begin(&list.x, ctl, heads, UP_ARRAY_LEN(heads)))
		status = up_ctl_list_end(&list.x,
		    up_store_item_states(ctl->store, &list.when, list_one, &list), "item list",
		    "items");
	up_ctl_list_free(&list.x);
	return status;
}

struct found { struct up_span code; bool is_there, ended; };

static int find_one(void *arg, const struct up_item_state *item)
{
	struct found *f = arg;

	if (!up_span_eq(item->item, f->code))
		return 0;
	f->is_there = true;
	f->ended = item->ended_ms != 0;
	return 1;
}

static int end_refused(const struct up_ctl *ctl, const char *code, enum up_err err)
{
	if (err == UP_E_NOT_FOUND)
		return up_ctl_fail(ctl, "item",
		    up_say("there is no item '%s'; see: unitpassctl item list",
			"没有授权事项“%s”，请查看：unitpassctl item list"), code);
	if (err == UP_E_STATE)
		return up_ctl_fail(ctl, "unchanged",
		    up_say("item '%s' has ended already", "授权事项“%s”此前已停用"), code);
	return up_ctl_fail_err(ctl, err, code);
}

int up_item_end(struct up_command_line *l)
{
	struct up_ctl *ctl = l->program;
	struct up_op_item_end end = { .code = up_span_str(l->argument) };
	struct found found = { .code = end.code };
	const struct up_when all = { .all = true };
	enum up_err err;

	if (!up_ctl_open(ctl))
		return 1;
	err = up_store_item_states(ctl->store, &all, find_one, &found);
	if (err == UP_OK && (!found.is_there || found.ended))
		err = found.is_there ? UP_E_STATE : UP_E_NOT_FOUND;
	if (err != UP_OK)
		return end_refused(ctl, l->argument, err);
	if (!ctl->json)
		puts(up_say("What was granted for this item is void at once; its code is never "
			    "given again.",
		    "该事项的授权将立即失效，其代码不再使用。"));
	if (!up_ctl_confirm(ctl, l->values[YES] != NULL,
		up_say("End it? [y/N] ", "确认停用？[y/N] ")))
		return 1;
	err = up_ctl_run(ctl, UP_OP_ITEM_END, &end.op);
	if (err != UP_OK)
		return end_refused(ctl, l->argument, err);
	if (ctl->json)
		return up_ctl_print(
		    ctl, json_pack("{s:s, s:s}", "item", l->argument, "status", "ended"));
	printf(up_say("Item %s has ended.\n", "授权事项 %s 已停用。\n"), l->argument);
	return 0;
}
