/* SPDX-License-Identifier: Apache-2.0
 * unitpass-holder device: the phones that one may end (rule 28), as a lost one. */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "tools/common/terminal.h"
#include "tools/common/words.h"
#include "tools/holder/list.h"

static void put_phone(struct up_table *t, const json_t *d)
{
	struct up_buf since = { 0 }, role = { 0 };

	up_holder_put_time(&since, json_object_get(d, "since"));
	up_words_put_role(&role, up_holder_text(d, "role"));
	up_table_put(t, up_holder_text(d, "device"));
	up_table_put(t, up_holder_text(d, "name"));
	up_table_put(t, up_holder_text(d, "person"));
	up_table_put(t, up_buf_span(&role));
	up_table_put(t, up_buf_span(&since));
	up_table_put(t, up_span_str(json_is_true(json_object_get(d, "own"))
	    ? up_say("your own", "本人") : ""));
	up_buf_free(&since);
	up_buf_free(&role);
}

int up_holder_device_list(struct up_command_line *l)
{
	const char *const heads[] = { up_say("REF", "编号"), up_say("PHONE", "手机"),
		up_say("PERSON", "持有人"), up_say("ROLE", "角色"), up_say("SINCE", "启用时间"), "" };
	const struct up_holder_list list = { .member = "devices", .heads = heads,
		.columns = UP_ARRAY_LEN(heads), .put_row = put_phone,
		.none = up_say("There is no phone that you may end.", "没有可停用的手机。"),
		.command = "device list", .options = "" };
	struct up_holder_act x;
	int status = up_holder_act_begin(&x, l);

	if (status == 0)
		status = up_holder_act_page(&x, "/holder/devices", NULL);
	if (status == 0)
		status = up_holder_list_print(&x, &list);
	up_holder_act_end(&x);
	return status;
}

int up_holder_device_end(struct up_command_line *l)
{
	struct up_holder_act x;
	char path[128];
	bool own;
	int status;

	up_holder_act_path(path, "/holder/devices", l->argument, "end");
	status = up_holder_act_begin(&x, l);
	own = status == 0 && x.h->device != NULL && strcmp(l->argument, x.h->device) == 0;
	if (status == 0 && !x.h->json && l->values[UP_ACT_YES] == NULL)
		fprintf(stderr, "%s\n", own
		    ? up_say("This is the phone in your hand: all its certificates end at once.",
			  "这是您正在使用的手机：其上的所有证书立即失效。")
		    : up_say("All certificates on that phone end at once; new codes bring them to "
			     "another phone.",
			  "该手机上的所有证书立即失效；可凭新的授权二维码在其他手机重新领取。"));
	if (status == 0)
		status = up_holder_act_agree(&x,
		    up_say("End this phone? [y/N] ", "确定停用该手机吗？[y/N] "));
	if (status == 0)
		status = up_holder_act_change(&x, path, json_object());
	if (status == 0 && x.h->json)
		status = up_holder_print(json_incref(x.answer.body));
	else if (status == 0)
		puts(up_say("The phone was ended.", "已停用该手机。"));
	up_holder_act_end(&x);
	return status;
}
