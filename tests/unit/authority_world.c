/* SPDX-License-Identifier: Apache-2.0
 * Role edges and grants, as a store would keep them; every judgement is core's. */
#include "authority_world.h"

#include "core/enrolment.h"
#include "core/grant.h"

static const struct up_span codes[UNITS] = { UP_SPAN_LIT("124300001000001390"),
	UP_SPAN_LIT("12430000100000016Y") };
static const struct up_span certificates[UNITS] = { UP_SPAN_LIT("c1"), UP_SPAN_LIT("c2") };
const struct up_span world_items[ITEMS] = { UP_SPAN_LIT("annual-report"), UP_SPAN_LIT("change") };

/* A holder is a person in a unit. */
int world_unit(const struct up_authority_edge *edge)
{
	return (int)(edge->holder - 1) / PERSONS;
}

int world_person(const struct up_authority_edge *edge)
{
	return (int)(edge->holder - 1) % PERSONS;
}

static int64_t seconds(int day, int second)
{
	return FIRST_S + (int64_t)day * UP_DAY_S + second;
}

static bool stands(const struct up_authority_edge *edge)
{
	return edge->state != UP_EDGE_ENDED;
}

/* The facts that are not the edge's own, as a statement would join them. */
static struct up_authority_edge read_edge(const struct world *w, size_t i)
{
	struct up_authority_edge edge = w->edges[i];
	int unit = world_unit(&edge);

	edge.unit = codes[unit];
	edge.certificate = certificates[unit];
	edge.valid_from_s = FIRST_S;
	edge.valid_to_s = seconds(w->units[unit].last + 1, -1);
	edge.unit_live = !w->units[unit].ended;
	edge.person_confirmed = w->confirmed[world_person(&edge)];
	return edge;
}

static struct up_authority_edge *edge_of(struct world *w, int64_t id)
{
	return &w->edges[id - 1];
}

static int64_t add_edge(struct world *w, int unit, int person, enum up_authority_role role,
    int64_t grantor, bool authorise)
{
	w->edges[w->n_edges] = (struct up_authority_edge){
		.id = (int64_t)w->n_edges + 1,
		.holder = unit * PERSONS + person + 1,
		.grantor = grantor,
		.role = role,
		.state = UP_EDGE_WAITING,
		.may_authorise = authorise,
	};
	return (int64_t)++w->n_edges;
}

static void end_marked(struct world *w, const bool ends[EDGES_MAX])
{
	for (size_t i = 0; i < w->n_edges; i++)
		if (ends[i])
			w->edges[i].state = UP_EDGE_ENDED;
	for (size_t i = 0; i < w->n_grants; i++)
		if (ends[w->grants[i].facts.edge - 1])
			w->grants[i].state = GRANT_ENDED;
}

static void end_with(struct world *w, int64_t id)
{
	bool ends[EDGES_MAX];

	up_authority_cascade(w->edges, w->n_edges, id, ends);
	end_marked(w, ends);
}

/* TARGET may be NULL. */
static enum up_err may(const struct world *w, const struct event *ev, enum up_authority_use use,
    int64_t to)
{
	struct up_authority_edge edge = read_edge(w, (size_t)ev->by - 1), target;
	struct up_authority_ask ask = { .use = use, .now_s = seconds(w->today, ev->second) };
	struct up_authority_answer answer;

	if (to != 0) {
		target = read_edge(w, (size_t)to - 1);
		ask.target = &target;
	}
	return up_authority_may(&ask, &edge, &answer);
}

static struct up_authority_edge *principal_of(struct world *w, int unit)
{
	for (size_t i = 0; i < w->n_edges; i++)
		if (w->edges[i].role == UP_ROLE_PRINCIPAL && stands(&w->edges[i]) &&
		    world_unit(&w->edges[i]) == unit)
			return &w->edges[i];
	return NULL;
}

/* --- at the window --- */

static enum up_err window(struct world *w, const struct event *ev)
{
	struct up_authority_edge *there = principal_of(w, ev->unit);
	enum up_enrolment_place place = up_enrolment_place(
	    there != NULL ? there->state : UP_EDGE_ENDED,
	    there != NULL && world_person(there) == ev->person);

	if (w->units[ev->unit].ended)
		return UP_E_NOT_FOUND;
	if (place == UP_PLACE_HERS)
		return UP_OK;
	if (place == UP_PLACE_TAKEN && ev->kind != EV_REPLACE)
		return UP_E_STATE;
	if (place != UP_PLACE_FREE)
		end_with(w, there->id);
	add_edge(w, ev->unit, ev->person, UP_ROLE_PRINCIPAL, 0, true);
	return UP_OK;
}

static enum up_err end_unit(struct world *w, const struct event *ev)
{
	struct up_authority_edge *there = principal_of(w, ev->unit);

	if (there != NULL)
		end_with(w, there->id);
	w->units[ev->unit].ended = true;
	return UP_OK;
}

static enum up_err suspend(struct world *w, const struct event *ev)
{
	struct up_authority_edge *there = principal_of(w, ev->unit);

	if (there != NULL)
		there->suspended = true;
	return UP_OK;
}

/* --- people --- */

/* *ID: her edge of this grantor, old or new. */
static enum up_err place_for(struct world *w, const struct event *ev, int unit, int person,
    int64_t *id)
{
	struct up_authority_edge hers[EDGES_MAX];
	struct up_enrolment_adding adding = { .role = ev->role, .grantor = ev->by, .hers = hers };
	enum up_err err;

	for (size_t i = 0; i < w->n_edges; i++) {
		const struct up_authority_edge *one = &w->edges[i];

		if (world_unit(one) != unit)
			continue;
		adding.managers += stands(one) && one->role == UP_ROLE_MANAGER;
		if (world_person(one) == person)
			hers[adding.n_hers++] = *one;
	}
	err = up_enrolment_add(&adding, id);
	if (err == UP_OK && *id == 0)
		*id = add_edge(w, unit, person, ev->role, ev->by,
		    ev->role == UP_ROLE_MANAGER && ev->authorise);
	return err;
}

static enum up_err add(struct world *w, const struct event *ev)
{
	int64_t id;
	enum up_err err = may(w, ev,
	    ev->role == UP_ROLE_MANAGER ? UP_USE_ADD_MANAGER : UP_USE_ADD_USER, 0);

	return err == UP_OK
	    ? place_for(w, ev, world_unit(edge_of(w, ev->by)), ev->person, &id) : err;
}

static enum up_err judge_code(const struct world *w, const struct event *ev, int64_t id)
{
	const struct up_authority_edge edge = read_edge(w, (size_t)id - 1);
	const int64_t now_ms = seconds(w->today, ev->second) * 1000;
	const struct up_enrolment_code code = { .open = true, .expires_ms = now_ms + 1,
		.edge = edge };

	return up_enrolment_judge(&code, world_person(&edge) == ev->person, now_ms);
}

static void take_edge(struct world *w, int64_t id)
{
	struct up_authority_edge *edge = edge_of(w, id);

	edge->state = UP_EDGE_LIVE;
	edge->phone_live = true;
	edge->suspended = false;
}

static enum up_err take(struct world *w, const struct event *ev)
{
	enum up_err err = judge_code(w, ev, ev->to);

	if (err == UP_OK)
		take_edge(w, ev->to);
	return err;
}

static enum up_err delete(struct world *w, const struct event *ev)
{
	bool ends[EDGES_MAX];
	enum up_err err = may(w, ev, UP_USE_DELETE, ev->to);

	if (err != UP_OK)
		return err;
	up_authority_delete(w->edges, w->n_edges, edge_of(w, ev->by), edge_of(w, ev->to), ends);
	end_marked(w, ends);
	return UP_OK;
}

static enum up_err end_phone(struct world *w, const struct event *ev)
{
	enum up_err err = may(w, ev, UP_USE_END_PHONE, ev->to);

	if (err == UP_OK)
		edge_of(w, ev->to)->phone_live = false;
	return err;
}

/* --- grants --- */

static uint32_t today(const struct world *w, const struct event *ev)
{
	return up_day_number(seconds(w->today, ev->second));
}

static enum up_err grant(struct world *w, const struct event *ev)
{
	struct event adding = *ev;
	struct world_grant *g = &w->grants[w->n_grants];
	int64_t id;
	enum up_err err = may(w, ev, UP_USE_GRANT, ev->to);

	if (err == UP_OK)
		err = up_grant_period(calendar[ev->from], calendar[ev->last], today(w, ev));
	if (err != UP_OK)
		return err;
	adding.role = UP_ROLE_USER;
	err = place_for(w, &adding, world_unit(edge_of(w, ev->to)),
	    world_person(edge_of(w, ev->to)), &id);
	if (err != UP_OK)
		return err;
	*g = (struct world_grant){ { (int64_t)++w->n_grants, id, world_items[ev->item],
	    calendar[ev->from], calendar[ev->last], false }, GRANT_WAITING };
	return UP_OK;
}

static enum up_err take_grant(struct world *w, const struct event *ev)
{
	struct world_grant *g = &w->grants[ev->grant - 1];
	enum up_err err = g->state != GRANT_WAITING ? UP_E_CODE : judge_code(w, ev, g->facts.edge);

	if (err == UP_OK)
		err = up_grant_begin(&g->facts.from_day, g->facts.to_day, today(w, ev));
	if (err != UP_OK)
		return err;
	g->state = GRANT_LIVE;
	take_edge(w, g->facts.edge);
	return UP_OK;
}

static enum up_err cancel(struct world *w, const struct event *ev)
{
	struct world_grant *g = &w->grants[ev->grant - 1];
	enum up_err err = may(w, ev, UP_USE_CANCEL, g->facts.edge);

	if (err == UP_OK && g->state == GRANT_ENDED)
		err = UP_E_NOT_FOUND;
	if (err == UP_OK)
		g->state = GRANT_ENDED;
	return err;
}

enum up_err world_happens(struct world *w, const struct event *ev)
{
	switch (ev->kind) {
	case EV_WINDOW:
	case EV_REPLACE: return window(w, ev);
	case EV_ADD: return add(w, ev);
	case EV_TAKE: return take(w, ev);
	case EV_DELETE: return delete(w, ev);
	case EV_GRANT: return grant(w, ev);
	case EV_TAKE_GRANT: return take_grant(w, ev);
	case EV_CANCEL: return cancel(w, ev);
	case EV_END_PHONE: return end_phone(w, ev);
	case EV_SUSPEND: return suspend(w, ev);
	case EV_CONFIRM: w->confirmed[ev->person] = ev->authorise; return UP_OK;
	case EV_RENEW: w->units[ev->unit].last = w->today + ev->days; return UP_OK;
	case EV_UNIT_END: return end_unit(w, ev);
	case EV_DAYS: w->today += ev->days; return UP_OK;
	case EVENTS: break;
	}
	return UP_E_N;
}

enum up_err world_login(const struct world *w, int unit, int person, int item, int second)
{
	struct up_authority_grant grants[GRANTS_MAX];
	struct up_authority_edge edges[EDGES_MAX];
	struct up_authority_ask ask = { .use = UP_USE_LOGIN, .item = world_items[item],
		.now_s = seconds(w->today, second), .grants = grants };
	struct up_authority_answer best = { 0 };
	enum up_err err = UP_E_ROLE;

	for (size_t i = 0; i < w->n_grants; i++)
		if (w->grants[i].state != GRANT_WAITING) {
			grants[ask.n_grants] = w->grants[i].facts;
			grants[ask.n_grants++].cancelled = w->grants[i].state == GRANT_ENDED;
		}
	for (size_t i = 0; i < w->n_edges; i++) {
		if (world_unit(&w->edges[i]) != unit || world_person(&w->edges[i]) != person)
			continue;
		edges[i] = read_edge(w, i);
		err = up_authority_consider(&ask, &edges[i], &best);
	}
	return err;
}
