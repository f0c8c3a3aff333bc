/* SPDX-License-Identifier: Apache-2.0
 * Thousands of things that happen in two units, by chance: after each one the rows of edges and
 * grants that core's functions drive must say what an independent model says, nobody may more than
 * living grantors gave, and nothing that ended may change.
 * UP_SEED=N runs sequence N alone, and tells it step by step. */
#include <stdlib.h>
#include <string.h>

#include "authority_world.h"
#include "unit.h"

#define SEQUENCES 1000
#define STEPS 300

static uint64_t state;

static int below(int n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (int)(state % (uint64_t)n);
}

static bool chance(int percent)
{
	return below(100) < percent;
}

static void make_calendar(void)
{
	for (int i = 0; i < DAYS; i++)
		calendar[i] = up_day_number(FIRST_S + (int64_t)i * UP_DAY_S);
}

/* --- what happens next; likely enough to get somewhere --- */

static int64_t some_edge(const struct world *w, bool giver)
{
	size_t i = 0;

	for (int tries = 0; tries < 12; tries++) {
		i = (size_t)below((int)w->n_edges);
		if (chance(8) || (w->edges[i].state == UP_EDGE_LIVE &&
		    giver == (w->edges[i].role != UP_ROLE_USER)))
			break;
	}
	return (int64_t)i + 1;
}

static int64_t waiting_edge(const struct world *w)
{
	size_t i = 0;

	for (int tries = 0; tries < 12; tries++) {
		i = (size_t)below((int)w->n_edges);
		if (w->edges[i].state == UP_EDGE_WAITING || !w->edges[i].phone_live)
			break;
	}
	return (int64_t)i + 1;
}

static int64_t some_grant(const struct world *w, enum grant_state want)
{
	size_t i = 0;

	for (int tries = 0; tries < 12; tries++) {
		i = (size_t)below((int)w->n_grants);
		if (w->grants[i].state == want)
			break;
	}
	return (int64_t)i + 1;
}

static enum event_kind some_kind(void)
{
	static const int weights[EVENTS] = { [EV_WINDOW] = 40, [EV_REPLACE] = 4, [EV_ADD] = 250,
		[EV_TAKE] = 200, [EV_DELETE] = 50, [EV_GRANT] = 150, [EV_TAKE_GRANT] = 130,
		[EV_CANCEL] = 25, [EV_END_PHONE] = 20, [EV_SUSPEND] = 8, [EV_CONFIRM] = 25,
		[EV_RENEW] = 10, [EV_UNIT_END] = 1, [EV_DAYS] = 87 };
	int left = below(1000), kind = 0;

	while (left >= weights[kind])
		left -= weights[kind++];
	return (enum event_kind)kind;
}

/* Mostly of a right length, else near one of the edges. */
static void some_period(const struct world *w, struct event *ev)
{
	ev->from = w->today + (chance(70) ? below(3) : below(60)) - (chance(5) ? 1 : 0);
	if (ev->from < 0)
		ev->from = 0;
	ev->last = ev->from + (chance(60) ? below(40) : chance(60) ? 363 + below(5) : below(3) - 1);
	if (ev->last < 0)
		ev->last = 0;
}

static struct event some_event(const struct world *w)
{
	struct event ev = { .kind = some_kind(), .unit = below(UNITS), .person = below(PERSONS),
		.item = below(ITEMS), .second = chance(50) ? below(86400) : chance(50) ? 0 : 86399,
		.role = chance(35) ? UP_ROLE_MANAGER : UP_ROLE_USER, .authorise = chance(80) };

	if (w->n_edges == 0 && ev.kind < EV_SUSPEND)
		ev.kind = EV_WINDOW;
	if (w->n_grants == 0 && (ev.kind == EV_TAKE_GRANT || ev.kind == EV_CANCEL))
		ev.kind = EV_DAYS;
	ev.days = ev.kind == EV_RENEW ? 30 + below(800) : chance(85) ? 1 + below(3) : below(200);
	if (w->today + ev.days > DAYS - 900)
		ev.days = 0;
	if (w->n_edges > 0) {
		ev.by = some_edge(w, true);
		ev.to = ev.kind == EV_TAKE ? waiting_edge(w) : some_edge(w, chance(25));
	}
	if (w->n_grants > 0)
		ev.grant = some_grant(w, ev.kind == EV_CANCEL ? GRANT_LIVE : GRANT_WAITING);
	if (ev.kind == EV_TAKE && chance(90))
		ev.person = world_person(&w->edges[ev.to - 1]);
	if (ev.kind == EV_TAKE_GRANT && chance(90))
		ev.person = world_person(&w->edges[w->grants[ev.grant - 1].facts.edge - 1]);
	some_period(w, &ev);
	return ev;
}

/* --- what has to be so after each step --- */

static const char *same_edges(const struct world *w, const struct model *m)
{
	if ((int64_t)w->n_edges != m->n_edges)
		return "as many edges";
	for (size_t i = 0; i < w->n_edges; i++) {
		const struct up_authority_edge *edge = &w->edges[i];
		struct place at = model_find(m, edge->id);

		if ((at.slot != NULL) != (edge->state != UP_EDGE_ENDED))
			return "the same edges stand";
		if (at.slot == NULL)
			continue;
		if (at.role != edge->role || at.unit != world_unit(edge) ||
		    at.person != world_person(edge) ||
		    at.slot->live != (edge->state == UP_EDGE_LIVE) ||
		    at.slot->phone != edge->phone_live || at.slot->authorise != edge->may_authorise)
			return "edges are the same";
		if (edge->role == UP_ROLE_PRINCIPAL &&
		    edge->suspended != m->units[at.unit].suspended)
			return "suspended alike";
	}
	return NULL;
}

static const char *same_grants(const struct world *w, const struct model *m)
{
	if ((int64_t)w->n_grants != m->n_grants)
		return "as many grants";
	for (size_t i = 0; i < w->n_grants; i++) {
		const struct world_grant *a = &w->grants[i];
		const struct model_grant *b = &m->grants[i];

		if (a->state != b->state || a->facts.edge != b->edge ||
		    a->facts.from_day != calendar[b->from] ||
		    a->facts.to_day != calendar[b->last] ||
		    !up_span_eq(a->facts.item, world_items[b->item]))
			return "grants are the same";
	}
	return NULL;
}

static unsigned logins[UP_E_N];

static const char *same_rights(const struct world *w, const struct model *m, int second)
{
	for (int unit = 0; unit < UNITS; unit++)
		for (int person = 0; person < PERSONS; person++)
			for (int item = 0; item < ITEMS; item++) {
				enum up_err said = world_login(w, unit, person, item, second);

				if (said != model_login(m, unit, person, item))
					return "the same may log in";
				logins[said]++;
			}
	return NULL;
}

/* Each that stands has a grantor that stands, up to a principal (rules 12, 13). */
static const char *grantors_stand(const struct world *w)
{
	for (size_t i = 0; i < w->n_edges; i++) {
		const struct up_authority_edge *edge = &w->edges[i], *by;

		if (edge->state == UP_EDGE_ENDED || edge->role == UP_ROLE_PRINCIPAL)
			continue;
		if (edge->grantor <= 0 || edge->grantor >= edge->id)
			return "a grantor was there before";
		by = &w->edges[edge->grantor - 1];
		if (by->state == UP_EDGE_ENDED)
			return "a dead grantor leaves nobody";
		if (world_unit(by) != world_unit(edge) || by->role == UP_ROLE_USER ||
		    (edge->role == UP_ROLE_MANAGER && by->role != UP_ROLE_PRINCIPAL))
			return "a grantor is one who may be";
	}
	for (size_t i = 0; i < w->n_grants; i++)
		if (w->grants[i].state != GRANT_ENDED &&
		    w->edges[w->grants[i].facts.edge - 1].state == UP_EDGE_ENDED)
			return "a dead edge leaves no grant";
	return NULL;
}

/* Rules 2 and 3, and one role a person. */
static const char *places_kept(const struct world *w)
{
	for (int unit = 0; unit < UNITS; unit++) {
		unsigned n[UP_ROLES] = { 0 }, roles[PERSONS] = { 0 };

		for (size_t i = 0; i < w->n_edges; i++) {
			const struct up_authority_edge *edge = &w->edges[i];

			if (edge->state == UP_EDGE_ENDED || world_unit(edge) != unit)
				continue;
			n[edge->role]++;
			roles[world_person(edge)] |= 1u << edge->role;
		}
		if (n[UP_ROLE_PRINCIPAL] > 1 || n[UP_ROLE_MANAGER] > 3)
			return "one principal, three managers";
		for (int p = 0; p < PERSONS; p++)
			if ((roles[p] & (roles[p] - 1)) != 0)
				return "one role a person";
	}
	return NULL;
}

/* BEFORE the step to after it: what ended stays as it was, and who an edge is never changes. */
static const char *past_kept(const struct world *before, const struct world *w)
{
	if (w->n_edges < before->n_edges || w->n_grants < before->n_grants)
		return "nothing goes";
	for (size_t i = 0; i < before->n_edges; i++) {
		const struct up_authority_edge *a = &before->edges[i], *b = &w->edges[i];

		if (a->state == UP_EDGE_ENDED && memcmp(a, b, sizeof(*a)) != 0)
			return "an ended edge stays";
		if (a->id != b->id || a->holder != b->holder || a->grantor != b->grantor ||
		    a->role != b->role || (a->state == UP_EDGE_LIVE && b->state == UP_EDGE_WAITING))
			return "an edge stays whose it is";
	}
	for (size_t i = 0; i < before->n_grants; i++)
		if (before->grants[i].state == GRANT_ENDED &&
		    memcmp(&before->grants[i], &w->grants[i], sizeof(w->grants[i])) != 0)
			return "an ended grant stays";
	return NULL;
}

/* What must be so whatever the model says. */
static const char *broken(const struct world *before, const struct world *w)
{
	const char *wrong = past_kept(before, w);

	if (wrong == NULL)
		wrong = places_kept(w);
	return wrong != NULL ? wrong : grantors_stand(w);
}

static const char *differs(const struct world *w, const struct model *m, const struct event *ev)
{
	const char *wrong = same_edges(w, m);

	if (wrong == NULL)
		wrong = same_grants(w, m);
	return wrong != NULL ? wrong : same_rights(w, m, ev->second);
}

/* --- sequences --- */

static unsigned seen[EVENTS][UP_E_N];
static bool told;

static void tell(int step, const struct event *ev, enum up_err err)
{
	printf("%3d kind %2d unit %d person %d role %d by %d to %d grant %d item %d from %d to %d"
	    " days %d: %s\n", step, (int)ev->kind, ev->unit, ev->person, (int)ev->role,
	    (int)ev->by, (int)ev->to, (int)ev->grant, ev->item, ev->from, ev->last, ev->days,
	    up_err_name(err));
}

static bool run_step(struct world *w, struct model *m, int sequence, int step)
{
	static struct world before;
	const struct event ev = some_event(w);
	const char *wrong;
	enum up_err said, want;
	char row[120];

	memcpy(&before, w, sizeof(before));
	said = world_happens(w, &ev);
	want = model_happens(m, &ev);
	if (told)
		tell(step, &ev, said);
	seen[ev.kind][said]++;
	wrong = broken(&before, w);
	if (wrong == NULL)
		wrong = said != want ? up_err_name(want) : differs(w, m, &ev);
	if (wrong == NULL)
		return true;
	snprintf(row, sizeof(row), "UP_SEED=%d, step %d, kind %d, said %s: %s", sequence, step,
	    (int)ev.kind, up_err_name(said), wrong);
	UP_CHECK(false, row);
	return false;
}

static void run_sequence(int sequence)
{
	static struct world w;
	static struct model m;

	memset(&w, 0, sizeof(w));
	memset(&m, 0, sizeof(m));
	state = 0x9e3779b97f4a7c15u * (uint64_t)(sequence + 1);
	w.today = m.today = below(1500);
	for (int unit = 0; unit < UNITS; unit++)
		w.units[unit].last = m.units[unit].last = w.today + 100 + below(900);
	for (int person = 0; person < PERSONS; person++)
		w.confirmed[person] = m.confirmed[person] = chance(85);
	for (int step = 0; step < STEPS; step++)
		if (w.n_edges == EDGES_MAX || w.n_grants == GRANTS_MAX ||
		    !run_step(&w, &m, sequence, step))
			return;
}

static void test_sequences(void)
{
	const char *seed = getenv("UP_SEED");

	make_calendar();
	told = seed != NULL;
	if (told) {
		run_sequence(atoi(seed));
		return;
	}
	for (int i = 0; i < SEQUENCES; i++)
		run_sequence(i);
}

/* The sequences came to every answer that there is, so that none was compared by luck. */
static void test_all_seen(void)
{
	static const struct { enum event_kind kind; enum up_err err; } want[] = {
		{ EV_WINDOW, UP_OK }, { EV_WINDOW, UP_E_STATE }, { EV_WINDOW, UP_E_NOT_FOUND },
		{ EV_REPLACE, UP_OK },
		{ EV_ADD, UP_OK }, { EV_ADD, UP_E_ROLE }, { EV_ADD, UP_E_SUSPENDED },
		{ EV_ADD, UP_E_AUTHORISE }, { EV_ADD, UP_E_MANAGERS }, { EV_ADD, UP_E_OTHER_ROLE },
		{ EV_TAKE, UP_OK }, { EV_TAKE, UP_E_CODE }, { EV_TAKE, UP_E_PERSON },
		{ EV_DELETE, UP_OK }, { EV_DELETE, UP_E_ROLE }, { EV_DELETE, UP_E_SUSPENDED },
		{ EV_DELETE, UP_E_NOT_FOUND },
		{ EV_GRANT, UP_OK }, { EV_GRANT, UP_E_ROLE }, { EV_GRANT, UP_E_SUSPENDED },
		{ EV_GRANT, UP_E_AUTHORISE }, { EV_GRANT, UP_E_NOT_FOUND },
		{ EV_GRANT, UP_E_PERIOD_PAST }, { EV_GRANT, UP_E_PERIOD_SHORT },
		{ EV_GRANT, UP_E_PERIOD_LONG },
		{ EV_TAKE_GRANT, UP_OK }, { EV_TAKE_GRANT, UP_E_CODE },
		{ EV_TAKE_GRANT, UP_E_PERSON }, { EV_TAKE_GRANT, UP_E_PERIOD_OVER },
		{ EV_CANCEL, UP_OK }, { EV_CANCEL, UP_E_ROLE }, { EV_CANCEL, UP_E_NOT_FOUND },
		{ EV_END_PHONE, UP_OK }, { EV_END_PHONE, UP_E_NOT_FOUND },
		{ EV_UNIT_END, UP_OK },
	};
	static const enum up_err login[] = { UP_OK, UP_E_ROLE, UP_E_SUSPENDED, UP_E_ITEM_GRANT };
	char row[64];

	for (size_t i = 0; i < UP_ARRAY_LEN(want) && !told; i++) {
		snprintf(row, sizeof(row), "kind %d: %s", (int)want[i].kind,
		    up_err_name(want[i].err));
		UP_CHECK(seen[want[i].kind][want[i].err] > 0, row);
	}
	for (size_t i = 0; i < UP_ARRAY_LEN(login) && !told; i++)
		UP_CHECK(logins[login[i]] > 0, up_err_name(login[i]));
}

UP_SUITE("authority_model", test_sequences, test_all_seen)
