/* SPDX-License-Identifier: Apache-2.0
 * unitpassctl grant: what users were granted. */
#include <stdio.h>
#include <string.h>

#include "core/day.h"
#include "tools/common/terminal.h"
#include "tools/unitpassctl/holder.h"

enum { UNIT = 1, USER, ITEM, ALL, AT };

const struct argp_option up_ctl_grant_options[] = {
	{ "unit", UNIT, "CODE", 0, UP_WORDS("of this unit", "该单位的"), 0 },
	{ "user", USER, "REF", 0, UP_WORDS("of this holder (ref of holder list)",
	    "该持证人的（holder list 中的编号）"), 0 },
	{ "item", ITEM, "CODE", 0, UP_WORDS("for this item", "该授权事项的"), 0 },
	{ "all", ALL, NULL, 0, UP_WORDS("those too that have ended or are over",
	    "包括已停用和已过期的"), 0 },
	{ "at", AT, "DAY", 0, UP_WORDS("that stood on that day and had not run out, YYYY-MM-DD",
	    "该日存在且未过期的，YYYY-MM-DD"), 0 },
	{ 0 },
};

static void day_text(uint32_t day, char out[16])
{
	snprintf(out, 16, "%04u-%02u-%02u", day / 10000 % 10000, day / 100 % 100, day % 100);
}

/* Whether it is good for anything that day is judged as at a use (rule 18). */
static const char *state_of(
    const struct up_granted_view *g, const struct up_when *when, uint32_t today)
{
	const char *state = up_ctl_state(when, g->live_ms, g->ended_ms);

	if (strcmp(state, "ended") != 0 && g->to_day < today)
		return "over";
	return strcmp(state, "live") == 0 && g->from_day > today ? "not_yet" : state;
}

uint32_t up_ctl_grant_today(const struct up_ctl *ctl, const struct up_when *when)
{
	return up_day_number((when->to_ms != 0 ? when->from_ms : ctl->now_ms) / 1000);
}

static json_t *items_json(struct up_span items)
{
	json_t *list = json_array();
	struct up_span one, rest = items;

	while (rest.n > 0) {
		up_span_cut(rest, ' ', &one, &rest);
		if (one.n > 0)
			json_array_append_new(list, up_ctl_text(one));
	}
	return list;
}

json_t *up_ctl_grant_json(
    const struct up_granted_view *g, const struct up_when *when, uint32_t today)
{
	char from[16], to[16];
	json_t *o;

	day_text(g->from_day, from);
	day_text(g->to_day, to);
	o = json_pack("{s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:s, s:s, s:s, s:I}", "grant",
	    up_ctl_text(g->ref), "unit", up_ctl_text(g->unit), "user", up_ctl_text(g->user),
	    "person", up_ctl_text(g->person), "grantor", up_ctl_text(g->grantor), "grantor_role",
	    up_authority_role_name(g->grantor_role), "items", items_json(g->items), "from", from,
	    "to", to, "status", state_of(g, when, today), "created_ms",
	    (json_int_t)g->created_ms);
	if (g->live_ms != 0)
		json_object_set_new(o, "live_ms", json_integer(g->live_ms));
	if (g->ended_ms != 0)
		json_object_set_new(o, "ended_ms", json_integer(g->ended_ms));
	return o;
}

struct listing {
	struct up_ctl_list x;
	struct up_when when;
	uint32_t today;
};

static int list_one(void *arg, const struct up_granted_view *g)
{
	struct listing *l = arg;
	char from[16], to[16];

	if (l->x.json != NULL)
		return json_array_append_new(l->x.json, up_ctl_grant_json(g, &l->when, l->today));
	day_text(g->from_day, from);
	day_text(g->to_day, to);
	up_table_put(l->x.table, g->unit);
	up_table_put(l->x.table, g->ref);
	up_table_put(l->x.table, g->user);
	up_table_put(l->x.table, g->person);
	up_table_put(l->x.table, g->items);
	up_table_put(l->x.table, up_span_str(from));
	up_table_put(l->x.table, up_span_str(to));
	up_table_put(l->x.table,
	    up_span_str(up_ctl_state_word(state_of(g, &l->when, l->today))));
	up_table_put(l->x.table, g->grantor);
	return 0;
}

static enum up_err list_all(struct listing *l, struct up_granted_of *of)
{
	const struct up_ctl *ctl = l->x.ctl;

	l->today = up_ctl_grant_today(ctl, &l->when);
	of->when = l->when;
	of->to_day = l->when.all ? 0 : l->today;
	return up_store_granted(ctl->store, of, list_one, l);
}

int up_ctl_grant_list(struct up_command_line *l)
{
	const char *const heads[] = { up_say("UNIT", "单位"), up_say("GRANT", "授权"),
		up_say("USER", "使用人"), up_say("PERSON", "人员"), up_say("ITEMS", "事项"),
		up_say("FROM", "自"), up_say("TO", "至"), up_say("STATUS", "状态"),
		up_say("BY", "授权人") };
	struct listing list = { .when = up_ctl_when(l->values[AT], l->values[ALL] != NULL) };
	struct up_ctl *ctl = l->program;
	char code[UP_USCC_LEN + 1];
	const char *unit = up_ctl_unit_option(l->values[UNIT], code);
	struct up_granted_of of = { .unit = up_span_str(unit),
		.user = up_span_str(l->values[USER]), .item = up_span_str(l->values[ITEM]) };
	int status = 1;

	if (up_ctl_list_begin(&list.x, ctl, heads, UP_ARRAY_LEN(heads)) &&
	    up_ctl_knows(ctl, UP_KNOWN_UNIT, unit) &&
	    up_ctl_knows(ctl, UP_KNOWN_HOLDER, l->values[USER]) &&
	    up_ctl_knows(ctl, UP_KNOWN_ITEM, l->values[ITEM]))
		status =
		    up_ctl_list_end(&list.x, list_all(&list, &of), "grant list", "grants");
	up_ctl_list_free(&list.x);
	return status;
}
