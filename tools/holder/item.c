/* SPDX-License-Identifier: Apache-2.0
 * unitpass-holder item list: what users can be granted (授权事项), as portals registered it. */
#include <config.h>

#include "tools/common/terminal.h"
#include "tools/holder/list.h"

static void put_item(struct up_table *t, const json_t *i)
{
	struct up_span client = up_holder_text(i, "client_name");

	up_table_put(t, up_holder_text(i, "item"));
	up_table_put(t, up_holder_text(i, "name"));
	up_table_put(t, client.n > 0 ? client : up_holder_text(i, "client"));
}

int up_holder_item_list(struct up_command_line *l)
{
	const char *const heads[] = { up_say("ITEM", "事项代码"), up_say("NAME", "授权事项"),
		up_say("PORTAL", "业务系统") };
	const struct up_holder_list list = { .member = "items", .heads = heads,
		.columns = UP_ARRAY_LEN(heads), .put_row = put_item,
		.none = up_say("No portal has registered an item yet.",
		    "尚无业务系统登记授权事项。"),
		.command = "item list", .options = "" };
	struct up_holder_act x;
	int status = up_holder_act_begin(&x, l);

	if (status == 0)
		status = up_holder_act_get(&x, "/holder/items", NULL);
	if (status == 0)
		status = up_holder_list_print(&x, &list);
	up_holder_act_end(&x);
	return status;
}
