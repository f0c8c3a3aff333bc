/* SPDX-License-Identifier: Apache-2.0
 * unitpassctl clock: an administrator's word about the time. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>

#include "core/day.h"
#include "tools/common/terminal.h"
#include "tools/unitpassctl/ctl.h"

int up_ctl_clock_accept(struct up_command_line *l)
{
	struct up_ctl *ctl = l->program;
	char now[32], newest[32];
	struct up_op_clock accept = {0};
	enum up_err err;

	if (!up_ctl_open(ctl))
		return 1;
	err = up_ctl_run(ctl, UP_OP_CLOCK, &accept.op);
	if (err != UP_OK)
		return up_ctl_fail_err(ctl, err, "clock accept");
	if (ctl->json)
		return up_ctl_print(ctl, json_pack("{s:I, s:I}", "time_ms", (json_int_t)ctl->now_ms,
					     "newest_ms", (json_int_t)accept.newest_ms));
	up_day_time_text(ctl->now_ms, now);
	up_day_time_text(accept.newest_ms, newest);
	printf(up_say("It is on record that %s is right (the newest record before: %s).\n",
		   "已记录：现在是 %s（此前最新记录：%s）。\n"),
	    now, newest);
	puts(up_say(
	    "A running server goes on within a second; logins that were under way begin anew.",
	    "运行中的服务器一秒内恢复；进行中的登录需重新开始。"));
	return 0;
}
