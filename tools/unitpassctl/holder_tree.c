/* SPDX-License-Identifier: Apache-2.0
 * unitpassctl holder show and end: by whose right everybody acts, as a tree of edges with what is
 * granted by them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/room.h"
#include "tools/common/terminal.h"
#include "tools/common/words.h"
#include "tools/unitpassctl/holder.h"

enum { AT = 1, ALL };
enum { YES = 1 };

const struct argp_option up_ctl_holder_show_options[] = {
	{ "at", AT, "DAY", 0, UP_WORDS("as it stood on that day, YYYY-MM-DD",
	    "该日的情况，YYYY-MM-DD"), 0 },
	{ "all", ALL, NULL, 0, UP_WORDS("with all that has ended", "包括已停用的"), 0 },
	{ 0 },
};
const struct argp_option up_ctl_holder_end_options[] = {
	{ "yes", YES, NULL, 0, UP_WORDS("do not ask first", "不再询问"), 0 },
	{ 0 },
};

struct node {
	int64_t number, grantor;
	json_t *json;
	bool meant, shown;
};
struct tree {
	struct up_ctl *ctl;
	struct up_when when;
	uint32_t today;
	char ref[UP_STORE_REF + 1];      /* hers; "": of the whole unit */
	char unit[UP_USCC_LEN + 1];
	struct node *nodes;              /* in the order of their making: a grantor comes first */
	size_t n, cap;
};

/* --- what there is --- */

static int add_edge(void *arg, const struct up_edge_view *e)
{
	struct tree *t = arg;
	struct node *more = up_room(t->nodes, t->n, &t->cap, sizeof(*more));

	if (more == NULL)
		return 1;
	t->nodes = more;
	t->nodes[t->n++] = (struct node){ .number = e->number, .grantor = e->grantor_number,
		.json = up_ctl_holder_json(e, &t->when),
		.meant = t->ref[0] == '\0' || up_span_eq_str(e->ref, t->ref) };
	return 0;
}

static struct node *find(const struct tree *t, int64_t number)
{
	for (size_t i = 0; number != 0 && i < t->n; i++)
		if (t->nodes[i].number == number)
			return &t->nodes[i];
	return NULL;
}

static json_t *list_in(json_t *o, const char *name)
{
	json_t *list = json_object_get(o, name);

	if (list == NULL) {
		list = json_array();
		json_object_set_new(o, name, list);
	}
	return list;
}

static int add_grant(void *arg, const struct up_granted_view *g)
{
	struct tree *t = arg;
	const struct node *node = find(t, g->edge);

	if (node != NULL)
		json_array_append_new(
		    list_in(node->json, "grants"), up_ctl_grant_json(g, &t->when, t->today));
	return 0;
}

/* Those meant, who gave them their right, and to whom they gave it. */
static void choose(struct tree *t)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct node *above = find(t, t->nodes[i].grantor);

		t->nodes[i].meant = t->nodes[i].meant || (above != NULL && above->meant);
		t->nodes[i].shown = t->nodes[i].meant;
	}
	for (size_t i = t->n; i-- > 0;) {
		struct node *above = find(t, t->nodes[i].grantor);

		if (t->nodes[i].shown && above != NULL)
			above->shown = true;
	}
}

static enum up_err read_tree(struct tree *t)
{
	const struct up_edge_of edges = { .unit = up_span_str(t->unit), .when = t->when };
	struct up_granted_of grants = { .unit = edges.unit, .when = t->when };
	enum up_err err = up_store_edges(t->ctl->store, &edges, add_edge, t);

	t->today = up_ctl_grant_today(t->ctl, &t->when);
	grants.to_day = t->when.all ? 0 : t->today;
	if (err == UP_OK)
		err = up_store_granted(t->ctl->store, &grants, add_grant, t);
	choose(t);
	return err;
}

/* Nested in each other; the caller's. */
static json_t *make_json(const struct tree *t)
{
	json_t *top = json_array();

	for (size_t i = 0; i < t->n; i++) {
		const struct node *node = &t->nodes[i], *above = find(t, node->grantor);

		if (node->shown)
			json_array_append(above != NULL ? list_in(above->json, "holders") : top,
			    node->json);
	}
	return top;
}

static void free_tree(struct tree *t)
{
	for (size_t i = 0; i < t->n; i++)
		json_decref(t->nodes[i].json);
	free(t->nodes);
}

/* --- whose tree --- */

static int take_unit(void *arg, const struct up_edge_view *e)
{
	struct tree *t = arg;

	snprintf(t->unit, sizeof(t->unit), "%.*s", (int)e->unit.n, (const char *)e->unit.p);
	return 1;
}

static bool find_holder(struct tree *t, const char *ref)
{
	const struct up_edge_of of = { .ref = up_span_str(ref), .when = { .all = true } };
	enum up_err err;

	snprintf(t->ref, sizeof(t->ref), "%s", ref);
	if (!up_ctl_open(t->ctl) || !up_ctl_knows(t->ctl, UP_KNOWN_HOLDER, ref))
		return false;
	err = up_store_edges(t->ctl->store, &of, take_unit, t);
	if (err != UP_OK)
		up_ctl_fail_err(t->ctl, err, ref);
	return err == UP_OK;
}

/* WHAT: a unit's code as people type it, else a holder's reference. */
static bool find_what(struct tree *t, const char *what)
{
	struct up_normal_fault fault;

	if (up_command_id(what) || up_uscc_parse(up_span_str(what), t->unit, &fault) != UP_OK)
		return find_holder(t, what);
	return up_ctl_open(t->ctl) && up_ctl_knows(t->ctl, UP_KNOWN_UNIT, t->unit);
}

/* --- for people --- */

static const char *text(const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));

	return s != NULL ? s : "";
}

static void indent(int depth)
{
	printf("%*s", 2 * depth, "");
}

static void print_grant(const json_t *g, int depth)
{
	const json_t *items = json_object_get(g, "items");

	indent(depth);
	printf("· ");
	for (size_t i = 0; i < json_array_size(items); i++)
		printf("%s%s", i > 0 ? " " : "", json_string_value(json_array_get(items, i)));
	printf(up_say("  %s to %s  %s  %s\n", "  %s 至 %s  %s  %s\n"), text(g, "from"),
	    text(g, "to"), up_ctl_state_word(text(g, "status")), text(g, "grant"));
}

static void print_holder(const json_t *h, int depth)
{
	const json_t *live = json_object_get(h, "live_ms");
	struct up_buf role = { 0 };
	char since[16], ended[16];

	if (live == NULL)
		live = json_object_get(h, "created_ms");
	up_words_put_role(&role, up_span_str(text(h, "role")));
	indent(depth);
	up_terminal_put(stdout, up_span_str(text(h, "person")), 60);
	printf("  %s  %s  %s  %s", up_buf_cstr(&role), up_ctl_state_word(text(h, "status")),
	    up_ctl_day(json_integer_value(live), since), text(h, "ref"));
	up_ctl_day(json_integer_value(json_object_get(h, "ended_ms")), ended);
	if (ended[0] != '\0')
		printf(up_say("  ended %s", "  停用 %s"), ended);
	putchar('\n');
	up_buf_free(&role);
}

static void print_all(const json_t *holders, int depth)
{
	for (size_t i = 0; i < json_array_size(holders); i++) {
		const json_t *h = json_array_get(holders, i),
			     *grants = json_object_get(h, "grants");

		print_holder(h, depth);
		for (size_t k = 0; k < json_array_size(grants); k++)
			print_grant(json_array_get(grants, k), depth + 2);
		print_all(json_object_get(h, "holders"), depth + 1);
	}
}

static int show(const struct tree *t)
{
	json_t *top = make_json(t);

	if (t->ctl->json)
		return up_ctl_print(
		    t->ctl, json_pack("{s:s, s:o}", "unit", t->unit, "holders", top));
	if (json_array_size(top) == 0)
		puts(up_say("nobody", "无"));
	print_all(top, 0);
	json_decref(top);
	return 0;
}

int up_ctl_holder_show(struct up_command_line *l)
{
	struct tree t = { .ctl = l->program,
		.when = up_ctl_when(l->values[AT], l->values[ALL] != NULL) };
	int status = 1;
	enum up_err err;

	if (find_what(&t, l->argument)) {
		err = read_tree(&t);
		status = err == UP_OK ? show(&t) : up_ctl_fail_err(t.ctl, err, l->argument);
	}
	free_tree(&t);
	return status;
}

/* --- end --- */

/* She and those below her. False: she has ended. */
static bool keep_ending(struct tree *t)
{
	bool any = false;

	for (size_t i = 0; i < t->n; i++) {
		any = any || t->nodes[i].meant;
		t->nodes[i].shown = t->nodes[i].meant;
		if (find(t, t->nodes[i].grantor) != NULL &&
		    !find(t, t->nodes[i].grantor)->meant)
			t->nodes[i].grantor = 0;
	}
	return any;
}

static int fail_ended(const struct tree *t)
{
	return up_ctl_fail(t->ctl, "unchanged",
	    up_say("holder '%s' has ended already", "持证人“%s”此前已停用"), t->ref);
}

static bool ask(struct tree *t, bool yes)
{
	enum up_err err = read_tree(t);
	json_t *top;

	if (err != UP_OK) {
		up_ctl_fail_err(t->ctl, err, t->ref);
		return false;
	}
	if (!keep_ending(t)) {
		fail_ended(t);
		return false;
	}
	if (!t->ctl->json) {
		top = make_json(t);
		puts(up_say("These end at once, with their grants, codes and sessions:",
		    "以下角色及其授权、码和会话将立即停用："));
		print_all(top, 1);
		json_decref(top);
	}
	return up_ctl_confirm(t->ctl, yes, up_say("End them? [y/N] ", "确认停用？[y/N] "));
}

static int end(const struct tree *t)
{
	struct up_op_holder_end op = { .ref = up_span_str(t->ref) };
	enum up_err err = up_ctl_run(t->ctl, UP_OP_HOLDER_END, &op.op);

	if (err == UP_E_STATE)
		return fail_ended(t);
	if (err != UP_OK)
		return up_ctl_fail_err(t->ctl, err, t->ref);
	if (t->ctl->json)
		return up_ctl_print(t->ctl,
		    json_pack("{s:s, s:s, s:I}", "ref", t->ref, "status", "ended", "roles_ended",
			(json_int_t)op.out_roles));
	printf(up_say("%zu roles have ended.\n", "已停用 %zu 个角色。\n"), op.out_roles);
	return 0;
}

int up_ctl_holder_end(struct up_command_line *l)
{
	struct tree t = { .ctl = l->program };
	int status = 1;

	if (find_holder(&t, l->argument) && ask(&t, l->values[YES] != NULL))
		status = end(&t);
	free_tree(&t);
	return status;
}
