/* SPDX-License-Identifier: Apache-2.0
 * unitpassctl device: the phones that hold certificates. */
#include <config.h>

#include <stdio.h>

#include "core/uscc.h"
#include "core/day.h"
#include "tools/common/terminal.h"
#include "tools/unitpassctl/ctl.h"

enum { UNIT = 1, PERSON, ALL, AT };

const struct argp_option up_device_options[] = {
    {"unit", UNIT, "CODE", 0, UP_WORDS("that hold a role in this unit", "在该单位有角色的手机"), 0},
    {"person", PERSON, "REF", 0,
	UP_WORDS("of this person (person_ref)", "该人员的手机（person_ref）"), 0},
    {"all", ALL, NULL, 0, UP_WORDS("those too that have ended", "包括已停用的手机"), 0},
    {"at", AT, "DAY", 0,
	UP_WORDS("that lived on that day, YYYY-MM-DD", "该日使用中的手机，YYYY-MM-DD"), 0},
    {0},
};

static const char *status_word(const struct up_device_view *d)
{
	if (up_span_eq_str(d->status, "ended"))
		return up_say("ended", "已停用");
	return d->locked ? up_say("locked", "密码已锁定") : up_say("live", "使用中");
}

static json_t *device_json(const struct up_device_view *d)
{
	json_t *o =
	    json_pack("{s:o, s:o, s:o, s:b, s:o, s:o, s:o, s:I}", "device", up_ctl_text(d->ref),
		"name", up_ctl_text(d->name), "status", up_ctl_text(d->status), "locked", d->locked,
		"person_ref", up_ctl_text(d->person_ref), "person", up_ctl_text(d->person), "units",
		up_ctl_text(d->units), "created_ms", (json_int_t)d->created_ms);

	if (d->ended_ms != 0)
		json_object_set_new(o, "ended_ms", json_integer(d->ended_ms));
	return o;
}

static int list_one(void *arg, const struct up_device_view *d)
{
	struct up_ctl_list *x = arg;
	char since[32];

	if (x->json != NULL)
		return json_array_append_new(x->json, device_json(d));
	up_day_time_text(d->created_ms, since);
	up_table_put(x->table, d->ref);
	up_table_put(x->table, d->name);
	up_table_put(x->table, up_span_str(status_word(d)));
	up_table_put(x->table, d->person);
	up_table_put(x->table, d->person_ref);
	up_table_put(x->table, d->units);
	up_table_put(x->table, up_span_str(since));
	return 0;
}

int up_device_list(struct up_command_line *l)
{
	const char *const heads[] = {up_say("DEVICE", "手机"), up_say("NAME", "名称"),
	    up_say("STATUS", "状态"), up_say("PERSON", "人员"), up_say("PERSON REF", "人员编号"),
	    up_say("UNITS", "单位"), up_say("SINCE", "启用时间")};
	struct up_ctl *ctl = l->program;
	char code[UP_USCC_LEN + 1];
	const char *unit = up_ctl_unit_option(l->values[UNIT], code);
	const struct up_when when = up_ctl_when(l->values[AT], l->values[ALL] != NULL);
	const struct up_device_filter f = {.unit = up_span_str(unit),
	    .person_ref = up_span_str(l->values[PERSON]),
	    .ended_too = when.all,
	    .from_ms = when.from_ms,
	    .to_ms = when.to_ms};
	struct up_ctl_list x;
	int status = 1;

	if (up_ctl_list_begin(&x, ctl, heads, UP_ARRAY_LEN(heads)) &&
	    up_ctl_knows(ctl, UP_KNOWN_UNIT, unit) &&
	    up_ctl_knows(ctl, UP_KNOWN_PERSON, l->values[PERSON]))
		status = up_ctl_list_end(&x, up_store_devices(ctl->store, &f, list_one, &x),
		    "device list", "devices");
	up_ctl_list_free(&x);
	return status;
}

int up_device_end(struct up_command_line *l)
{
	struct up_ctl *ctl = l->program;
	struct up_op_device_end end = {.ref = up_span_str(l->argument)};
	enum up_err err;

	if (!up_ctl_open(ctl))
		return 1;
	err = up_ctl_run(ctl, UP_OP_DEVICE_END, &end.op);
	if (err == UP_E_NOT_FOUND)
		return up_ctl_fail(ctl, "device",
		    up_say("there is no phone '%s'; see: unitpassctl device list",
			"没有手机“%s”，请查看：unitpassctl device list"),
		    l->argument);
	if (err == UP_E_STATE)
		return up_ctl_fail(ctl, "unchanged",
		    up_say("phone '%s' has ended already", "手机“%s”此前已停用"), l->argument);
	if (err != UP_OK)
		return up_ctl_fail_err(ctl, err, l->argument);
	if (ctl->json)
		return up_ctl_print(
		    ctl, json_pack("{s:s, s:s}", "device", l->argument, "status", "ended"));
	printf(up_say("phone %s has ended: its key, codes and sessions are void. A new code from "
		      "the window puts the certificate on another phone.\n",
		   "手机 %s "
		   "已停用：其密钥、登录码和会话均已失效。可由窗口重新生成领取码，在另一部手机上领"
		   "取证书。\n"),
	    l->argument);
	return 0;
}
