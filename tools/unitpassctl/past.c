/* SPDX-License-Identifier: Apache-2.0
 * What commands share that ask about the past, and before they end something. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/day.h"
#include "tools/common/terminal.h"
#include "tools/unitpassctl/ctl.h"

struct up_when up_ctl_when(const char *at, bool all)
{
	struct up_when when = { .all = all };
	int64_t start_s;

	if (at == NULL)
		return when;
	if (all)
		up_command_wrong("%s", up_say("--at and --all exclude each other",
		    "--at 与 --all 不能同时使用"));
	if (up_day_parse(up_span_str(at), &start_s) != UP_OK || start_s > (int64_t)time(NULL))
		up_command_wrong(up_say("--at: '%s' is no day of the past; write YYYY-MM-DD",
		    "--at：“%s”不是过去的日期，格式为 YYYY-MM-DD"), at);
	when.from_ms = start_s * 1000;
	when.to_ms = (start_s + UP_DAY_S) * 1000;
	return when;
}

const char *up_ctl_state(const struct up_when *when, int64_t live_ms, int64_t ended_ms)
{
	const int64_t to_ms = when->to_ms != 0 ? when->to_ms : INT64_MAX;

	if (ended_ms != 0 && ended_ms < to_ms)
		return "ended";
	return live_ms != 0 && live_ms < to_ms ? "live" : "waiting";
}

const char *up_ctl_state_word(const char *state)
{
	static const struct { const char *state, *en, *zh; } words[] = {
		{ "waiting", "waiting", "待领取" },
		{ "live", "live", "有效" },
		{ "ended", "ended", "已停用" },
		{ "pending", "pending", "待核验" },
		{ "suspended", "suspended", "待重新确认" },
		{ "not_yet", "not begun", "未开始" },
		{ "over", "over", "已过期" },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(words); i++)
		if (strcmp(state, words[i].state) == 0)
			return up_say(words[i].en, words[i].zh);
	return state;
}

const char *up_ctl_day(int64_t ms, char out[16])
{
	out[0] = '\0';
	if (ms != 0)
		up_day_text(ms / 1000, out);
	return out;
}

bool up_ctl_confirm(const struct up_ctl *ctl, bool yes, const char *question)
{
	char line[64];

	if (yes || !up_terminal_there())
		return true;
	if (up_terminal_ask(question, line, sizeof(line)) == UP_OK &&
	    (strcmp(line, "y") == 0 || strcmp(line, "Y") == 0 || strcmp(line, "yes") == 0 ||
	    strcmp(line, "是") == 0))
		return true;
	up_ctl_fail(ctl, "not_confirmed", "%s",
	    up_say("nothing was changed", "未作任何更改"));
	return false;
}
