/* SPDX-License-Identifier: Apache-2.0
 * unitpassctl item: the items (授权事项) that portals register. */
#include <stdio.h>

#include "tools/common/terminal.h"
#include "tools/unitpassctl/ctl.h"

enum { NAME = 1, CLIENT };

const struct argp_option up_item_options[] = {
	{ "name", NAME, "NAME", 0, UP_WORDS("as phones show it", "手机上显示的名称"), 0 },
	{ "client", CLIENT, "ID", 0, UP_WORDS("the portal it belongs to", "所属的业务系统"), 0 },
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
	puts(up_say(
	    "Reload the server so that it knows this item: systemctl reload unitpassd (SIGHUP).",
	    "请让服务器重新加载以识别该事项：systemctl reload unitpassd（SIGHUP）。"));
	return 0;
}

static void list_one(const struct up_ctl_list *x, const struct up_item *item)
{
	if (x->json != NULL) {
		json_array_append_new(x->json, json_pack("{s:s, s:s, s:s}", "item", item->code,
						   "name", item->name, "client", item->client));
		return;
	}
	up_table_put(x->table, up_span_str(item->code));
	up_table_put(x->table, up_span_str(item->name));
	up_table_put(x->table, up_span_str(item->client));
}

int up_item_list(struct up_command_line *l)
{
	const char *const heads[] = {
	    up_say("CODE", "代码"), up_say("NAME", "名称"), up_say("CLIENT", "业务系统")};
	struct up_ctl *ctl = l->program;
	struct up_item *items = NULL;
	struct up_ctl_list x;
	int status = 1;
	enum up_err err;
	size_t n = 0;

	if (up_ctl_list_begin(&x, ctl, heads, UP_ARRAY_LEN(heads))) {
		err = up_store_items(ctl->store, &items, &n);
		for (size_t i = 0; i < n; i++)
			list_one(&x, &items[i]);
		status = up_ctl_list_end(&x, err, "item list", "items");
	}
	up_store_items_free(&items, n);
	up_ctl_list_free(&x);
	return status;
}
