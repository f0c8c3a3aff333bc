/* SPDX-License-Identifier: Apache-2.0
 * The rules of DOMAIN once more, over who is what now: nothing of core is asked here. */
#include "authority_world.h"

#include <string.h>

#define NOWHERE ((struct place){ NULL, 0, 0, 0, UP_ROLES })

uint32_t calendar[DAYS];

struct place model_find(const struct model *m, int64_t id)
{
	for (int u = 0; u < UNITS && id != 0; u++) {
		if (m->units[u].first.id == id)
			return (struct place){ &m->units[u].first, u, m->units[u].principal, -1,
				UP_ROLE_PRINCIPAL };
		for (int p = 0; p < PERSONS; p++) {
			if (m->units[u].managers[p].id == id)
				return (struct place){ &m->units[u].managers[p], u, p,
					m->units[u].principal, UP_ROLE_MANAGER };
			for (int by = 0; by < PERSONS; by++)
				if (m->units[u].users[p][by].id == id)
					return (struct place){ &m->units[u].users[p][by], u, p, by,
						UP_ROLE_USER };
		}
	}
	return NOWHERE;
}

static struct slot *slot_of(struct model *m, const struct place *at)
{
	if (at->role == UP_ROLE_PRINCIPAL)
		return &m->units[at->unit].first;
	return at->role == UP_ROLE_MANAGER ? &m->units[at->unit].managers[at->person]
					   : &m->units[at->unit].users[at->person][at->by];
}

static void clear(struct model *m, struct slot *slot)
{
	for (int64_t i = 0; slot->id != 0 && i < m->n_grants; i++)
		if (m->grants[i].edge == slot->id)
			m->grants[i].state = GRANT_ENDED;
	*slot = (struct slot){ 0 };
}

static void clear_manager(struct model *m, int unit, int who)
{
	clear(m, &m->units[unit].managers[who]);
	for (int p = 0; p < PERSONS; p++)
		clear(m, &m->units[unit].users[p][who]);
}

static void clear_unit(struct model *m, int unit)
{
	for (int p = 0; p < PERSONS; p++)
		clear_manager(m, unit, p);
	clear(m, &m->units[unit].first);
	m->units[unit].suspended = false;
}

static void fill(struct model *m, struct slot *slot, bool authorise)
{
	*slot = (struct slot){ .id = ++m->n_edges, .authorise = authorise };
}

/* --- who may --- */

static bool open_unit(const struct model *m, int unit, int person)
{
	return !m->units[unit].ended && m->today <= m->units[unit].last && m->confirmed[person];
}

static bool acts(const struct model *m, const struct place *at)
{
	return at->slot != NULL && at->slot->live && at->slot->phone &&
	    open_unit(m, at->unit, at->person);
}

/* The one who acts: UP_E_ROLE, UP_E_SUSPENDED. MANAGERS: may they too? */
static enum up_err actor(const struct model *m, int64_t id, bool managers, struct place *out)
{
	*out = model_find(m, id);
	if (!acts(m, out) || out->role == UP_ROLE_USER ||
	    (out->role == UP_ROLE_MANAGER && !managers))
		return UP_E_ROLE;
	if (out->role == UP_ROLE_PRINCIPAL && m->units[out->unit].suspended)
		return UP_E_SUSPENDED;
	return UP_OK;
}

/* One whom she has to do with: a principal with all others, a manager with those she added. */
static bool reaches(const struct place *who, const struct place *target)
{
	if (target->slot == NULL || target->unit != who->unit ||
	    target->role == UP_ROLE_PRINCIPAL)
		return false;
	return who->role == UP_ROLE_PRINCIPAL ||
	    (target->role == UP_ROLE_USER && target->by == who->person);
}

static bool gives(const struct place *who)
{
	return who->role == UP_ROLE_PRINCIPAL || who->slot->authorise;
}

/* --- what happens --- */

static enum up_err window(struct model *m, const struct event *ev)
{
	bool there = m->units[ev->unit].first.id != 0;

	if (m->units[ev->unit].ended)
		return UP_E_NOT_FOUND;
	if (there && m->units[ev->unit].principal == ev->person)
		return UP_OK;
	if (m->units[ev->unit].first.live && ev->kind == EV_WINDOW)
		return UP_E_STATE;
	clear_unit(m, ev->unit);
	m->units[ev->unit].principal = ev->person;
	fill(m, &m->units[ev->unit].first, true);
	return UP_OK;
}

static bool is_manager(const struct model *m, int unit, int person)
{
	return m->units[unit].managers[person].id != 0;
}

static bool is_user(const struct model *m, int unit, int person)
{
	for (int by = 0; by < PERSONS; by++)
		if (m->units[unit].users[person][by].id != 0)
			return true;
	return false;
}

static bool is_principal(const struct model *m, int unit, int person)
{
	return m->units[unit].first.id != 0 && m->units[unit].principal == person;
}

static enum up_err add_manager(struct model *m, const struct event *ev)
{
	int managers = 0;
	struct place who;
	enum up_err err = actor(m, ev->by, false, &who);

	if (err != UP_OK)
		return err;
	if (is_principal(m, who.unit, ev->person) || is_user(m, who.unit, ev->person))
		return UP_E_OTHER_ROLE;
	if (is_manager(m, who.unit, ev->person))
		return UP_OK;
	for (int p = 0; p < PERSONS; p++)
		managers += is_manager(m, who.unit, p);
	if (managers >= 3)
		return UP_E_MANAGERS;
	fill(m, &m->units[who.unit].managers[ev->person], ev->authorise);
	return UP_OK;
}

static enum up_err add_user(struct model *m, const struct event *ev)
{
	struct place who;
	enum up_err err = actor(m, ev->by, true, &who);

	if (err == UP_OK && !gives(&who))
		err = UP_E_AUTHORISE;
	if (err != UP_OK)
		return err;
	if (is_principal(m, who.unit, ev->person) || is_manager(m, who.unit, ev->person))
		return UP_E_OTHER_ROLE;
	if (m->units[who.unit].users[ev->person][who.person].id == 0)
		fill(m, &m->units[who.unit].users[ev->person][who.person], false);
	return UP_OK;
}

static enum up_err judge_code(const struct model *m, const struct place *at, int person)
{
	if (at->slot == NULL || !open_unit(m, at->unit, at->person))
		return UP_E_CODE;
	return person == at->person ? UP_OK : UP_E_PERSON;
}

static void take_slot(struct model *m, const struct place *at)
{
	struct slot *slot = slot_of(m, at);

	slot->live = slot->phone = true;
	if (at->role == UP_ROLE_PRINCIPAL)
		m->units[at->unit].suspended = false;
}

static enum up_err take(struct model *m, const struct event *ev)
{
	struct place at = model_find(m, ev->to);
	enum up_err err = judge_code(m, &at, ev->person);

	if (err == UP_OK)
		take_slot(m, &at);
	return err;
}

static enum up_err delete(struct model *m, const struct event *ev)
{
	struct place who, target = model_find(m, ev->to);
	enum up_err err = actor(m, ev->by, true, &who);

	if (err == UP_OK && !reaches(&who, &target))
		err = UP_E_NOT_FOUND;
	if (err != UP_OK)
		return err;
	if (target.role == UP_ROLE_MANAGER)
		clear_manager(m, target.unit, target.person);
	else if (who.role == UP_ROLE_MANAGER)
		clear(m, &m->units[who.unit].users[target.person][who.person]);
	else
		for (int by = 0; by < PERSONS; by++)
			clear(m, &m->units[who.unit].users[target.person][by]);
	return UP_OK;
}

static enum up_err end_phone(struct model *m, const struct event *ev)
{
	struct place who, target = model_find(m, ev->to);
	enum up_err err = actor(m, ev->by, true, &who);

	if (err == UP_OK && !reaches(&who, &target))
		err = UP_E_NOT_FOUND;
	if (err == UP_OK)
		slot_of(m, &target)->phone = false;
	return err;
}

/* 365 days, or 366 with a 29th of February among them. */
static int longest(int from)
{
	for (int i = from; i < from + 366; i++)
		if (calendar[i] % 10000 == 229)
			return 366;
	return 365;
}

static enum up_err grant(struct model *m, const struct event *ev)
{
	struct place who, target = model_find(m, ev->to);
	enum up_err err = actor(m, ev->by, true, &who);
	struct slot *hers;

	if (err == UP_OK && !gives(&who))
		return UP_E_AUTHORISE;
	if (err == UP_OK && (!reaches(&who, &target) || target.role != UP_ROLE_USER))
		return UP_E_NOT_FOUND;
	if (err != UP_OK)
		return err;
	if (ev->from < m->today)
		return UP_E_PERIOD_PAST;
	if (ev->last < ev->from)
		return UP_E_PERIOD_SHORT;
	if (ev->last - ev->from + 1 > longest(ev->from))
		return UP_E_PERIOD_LONG;
	hers = &m->units[who.unit].users[target.person][who.person];
	if (hers->id == 0)
		fill(m, hers, false);
	m->grants[m->n_grants++] = (struct model_grant){ hers->id, ev->item, ev->from, ev->last,
		GRANT_WAITING };
	return UP_OK;
}

static enum up_err take_grant(struct model *m, const struct event *ev)
{
	struct model_grant *g = &m->grants[ev->grant - 1];
	struct place at = model_find(m, g->edge);
	enum up_err err = g->state == GRANT_WAITING ? judge_code(m, &at, ev->person) : UP_E_CODE;

	if (err != UP_OK)
		return err;
	if (g->last < m->today)
		return UP_E_PERIOD_OVER;
	g->state = GRANT_LIVE;
	if (m->today > g->from)
		g->from = m->today;
	take_slot(m, &at);
	return UP_OK;
}

static enum up_err cancel(struct model *m, const struct event *ev)
{
	struct model_grant *g = &m->grants[ev->grant - 1];
	struct place who, target = model_find(m, g->edge);
	enum up_err err = actor(m, ev->by, true, &who);

	if (err == UP_OK && (!reaches(&who, &target) || g->state == GRANT_ENDED))
		err = UP_E_NOT_FOUND;
	if (err == UP_OK)
		g->state = GRANT_ENDED;
	return err;
}

static enum up_err suspend(struct model *m, const struct event *ev)
{
	if (m->units[ev->unit].first.id != 0)
		m->units[ev->unit].suspended = true;
	return UP_OK;
}

static enum up_err end_unit(struct model *m, const struct event *ev)
{
	clear_unit(m, ev->unit);
	m->units[ev->unit].ended = true;
	return UP_OK;
}

enum up_err model_happens(struct model *m, const struct event *ev)
{
	switch (ev->kind) {
	case EV_WINDOW:
	case EV_REPLACE: return window(m, ev);
	case EV_ADD: return ev->role == UP_ROLE_MANAGER ? add_manager(m, ev) : add_user(m, ev);
	case EV_TAKE: return take(m, ev);
	case EV_DELETE: return delete(m, ev);
	case EV_GRANT: return grant(m, ev);
	case EV_TAKE_GRANT: return take_grant(m, ev);
	case EV_CANCEL: return cancel(m, ev);
	case EV_END_PHONE: return end_phone(m, ev);
	case EV_SUSPEND: return suspend(m, ev);
	case EV_CONFIRM: m->confirmed[ev->person] = ev->authorise; return UP_OK;
	case EV_RENEW: m->units[ev->unit].last = m->today + ev->days; return UP_OK;
	case EV_UNIT_END: return end_unit(m, ev);
	case EV_DAYS: m->today += ev->days; return UP_OK;
	case EVENTS: break;
	}
	return UP_E_N;
}

static bool granted(const struct model *m, int64_t edge, int item)
{
	for (int64_t i = 0; i < m->n_grants; i++) {
		const struct model_grant *g = &m->grants[i];

		if (g->edge == edge && g->item == item && g->state == GRANT_LIVE &&
		    g->from <= m->today && m->today <= g->last)
			return true;
	}
	return false;
}

enum up_err model_login(const struct model *m, int unit, int person, int item)
{
	enum up_err best = UP_E_ROLE;

	if (is_principal(m, unit, person) && m->units[unit].suspended &&
	    m->units[unit].first.live && m->units[unit].first.phone && open_unit(m, unit, person))
		return UP_E_SUSPENDED;
	if (is_principal(m, unit, person) || is_manager(m, unit, person)) {
		struct place at = model_find(m, is_principal(m, unit, person)
		    ? m->units[unit].first.id : m->units[unit].managers[person].id);

		return acts(m, &at) ? UP_OK : UP_E_ROLE;
	}
	for (int by = 0; by < PERSONS; by++) {
		struct place at = model_find(m, m->units[unit].users[person][by].id);

		if (!acts(m, &at))
			continue;
		if (granted(m, at.slot->id, item))
			return UP_OK;
		best = UP_E_ITEM_GRANT;
	}
	return best;
}
