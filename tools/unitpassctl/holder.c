/* SPDX-License-Identifier: Apache-2.0
 * unitpassctl holder list and end: who acts for a unit. The tree of them: holder_tree.c. */
#include <stdio.h>
#include <string.h>

#include "tools/common/terminal.h"
#include "tools/common/words.h"
#include "tools/unitpassctl/holder.h"

enum { UNIT = 1, ROLE, ALL, AT };

const struct argp_option up_ctl_holder_options[] = {
	{ "unit", UNIT, "CODE", 0, UP_WORDS("of this unit", "该单位的"), 0 },
	{ "role", ROLE, "ROLE", 0, UP_WORDS("principal, manager or user",
	    "principal（第一管理责任人）、manager（管理人）或 user（使用人）"), 0 },
	{ "all", ALL, NULL, 0, UP_WORDS("those too that have ended", "包括已停用的"), 0 },
	{ "at", AT, "DAY", 0,
	    UP_WORDS("that stood on that day, YYYY-MM-DD", "该日存在的，YYYY-MM-DD"), 0 },
	{ 0 },
};

/* --- one edge --- */

static const char *state_of(const struct up_edge_view *e, const struct up_when *when)
{
	const char *state = up_ctl_state(when, e->live_ms, e->ended_ms);

	if (when->to_ms != 0 || strcmp(state, "ended") == 0)
		return state;            /* what else she is now says nothing of then */
	if (!e->confirmed)
		return "pending";
	return e->suspended ? "suspended" : state;
}

json_t *up_ctl_holder_json(const struct up_edge_view *e, const struct up_when *when)
{
	json_t *o = json_pack("{s:o, s:o, s:o, s:s, s:s, s:o, s:o}", "ref", up_ctl_text(e->ref),
	    "person", up_ctl_text(e->person), "person_ref", up_ctl_text(e->person_ref), "role",
	    up_authority_role_name(e->role), "status", state_of(e, when), "unit",
	    up_ctl_text(e->unit), "unit_name", up_ctl_text(e->unit_name));

	if (e->grantor.n > 0)
		json_object_set_new(o, "grantor", up_ctl_text(e->grantor));
	if (e->role == UP_ROLE_MANAGER)
		json_object_set_new(o, "may_authorise", json_boolean(e->may_authorise));
	json_object_set_new(o, "created_ms", json_integer(e->created_ms));
	if (e->live_ms != 0)
		json_object_set_new(o, "live_ms", json_integer(e->live_ms));
	if (e->ended_ms != 0)
		json_object_set_new(o, "ended_ms", json_integer(e->ended_ms));
	return o;
}

/* --- list --- */

struct listing {
	struct up_ctl_list x;
	struct up_when when;
	const char *role;                /* NULL: whichever */
};

static void put_row(const struct listing *l, const struct up_edge_view *e)
{
	char since[16], ended[16];
	struct up_buf role = { 0 };

	up_words_put_role(&role, up_span_str(up_authority_role_name(e->role)));
	up_table_put(l->x.table, e->unit);
	up_table_put(l->x.table, e->ref);
	up_table_put(l->x.table, e->person);
	up_table_put(l->x.table, up_buf_span(&role));
	up_table_put(l->x.table, up_span_str(up_ctl_state_word(state_of(e, &l->when))));
	up_table_put(l->x.table, e->grantor);
	up_table_put(l->x.table,
	    up_span_str(up_ctl_day(e->live_ms != 0 ? e->live_ms : e->created_ms, since)));
	up_table_put(l->x.table, up_span_str(up_ctl_day(e->ended_ms, ended)));
	up_buf_free(&role);
}

static int list_one(void *arg, const struct up_edge_view *e)
{
	struct listing *l = arg;

	if (l->role != NULL && strcmp(l->role, up_authority_role_name(e->role)) != 0)
		return 0;
	if (l->x.json != NULL)
		return json_array_append_new(l->x.json, up_ctl_holder_json(e, &l->when));
	put_row(l, e);
	return 0;
}

int up_ctl_holder_list(struct up_command_line *l)
{
	const char *const heads[] = { up_say("UNIT", "单位"), up_say("HOLDER", "持证人"),
		up_say("PERSON", "人员"), up_say("ROLE", "角色"), up_say("STATUS", "状态"),
		up_say("BY", "授权人"), up_say("SINCE", "起始"), up_say("ENDED", "停用") };
	struct listing list = { .when = up_ctl_when(l->values[AT], l->values[ALL] != NULL),
		.role = l->values[ROLE] };
	struct up_ctl *ctl = l->program;
	char code[UP_USCC_LEN + 1];
	const char *unit = up_ctl_unit_option(l->values[UNIT], code);
	const struct up_edge_of of = { .unit = up_span_str(unit), .when = list.when };
	int status = 1;

	if (list.role != NULL && up_authority_role(up_span_str(list.role)) == UP_ROLES)
		up_command_wrong(up_say("--role: '%s' is no role: principal, manager or user",
		    "--role：没有角色“%s”，应为 principal、manager 或 user"), list.role);
	if (up_ctl_list_begin(&list.x, ctl, heads, UP_ARRAY_LEN(heads)) &&
	    up_ctl_knows(ctl, UP_KNOWN_UNIT, unit))
		status = up_ctl_list_end(&list.x,
		    up_store_edges(ctl->store, &of, list_one, &list), "holder list", "holders");
	up_ctl_list_free(&list.x);
	return status;
}
