/* SPDX-License-Identifier: Apache-2.0 */
#include "core/authority.h"

#include "core/day.h"

#define ROLE \
	(UP_NEED_UNIT | UP_NEED_PERSON | UP_NEED_STANDING | UP_NEED_TAKEN | UP_NEED_PHONE | \
	    UP_NEED_CONFIRMED)
#define ALIVE (ROLE | UP_NEED_CERTIFICATE)
#define OPEN (UP_NEED_UNIT | UP_NEED_CERTIFICATE | UP_NEED_PERSON | UP_NEED_STANDING)
#define GRANTED (ALIVE | UP_NEED_GRANT)
#define GIVES (ALIVE | UP_NEED_AUTHORISE)
#define ANY 0
#define NEVER UP_NEED_OTHER_ROLE

/* of the target, which has to be there with ONE only */
#define ONE UP_NEED_TARGET
#define UNDER UP_NEED_UNDER
#define OWN (UP_NEED_UNDER | UP_NEED_OWN)
#define USER (UP_NEED_UNDER | UP_NEED_USER)
#define OF_TARGET (ONE | OWN | USER)

/* Who may do what. */
static const unsigned needs[UP_USES][UP_ROLES] = {
	/*                        principal            manager                    user */
	[UP_USE_TAKE] =         { OPEN,                OPEN,                      OPEN },
	[UP_USE_SCAN] =         { ALIVE,               ALIVE,                     ALIVE },
	[UP_USE_LOGIN] =        { ALIVE,               ALIVE,                     GRANTED },
	/* who declines needs no right to do so */
	[UP_USE_DECLINE] =      { ANY,                 ANY,                       ANY },
	/* a session outlives the certificate's period, the identity that it shows does not */
	[UP_USE_SESSION] =      { ROLE,                ROLE,                      ROLE },
	[UP_USE_IDENTITY] =     { ALIVE,               ALIVE,                     ALIVE },
	[UP_USE_SEE_OWN] =      { ALIVE,               ALIVE,                     ALIVE },
	[UP_USE_SEE_UNIT] =     { ALIVE,               NEVER,                     NEVER },

	[UP_USE_ADD_MANAGER] =  { ALIVE,               NEVER,                     NEVER },
	[UP_USE_ADD_USER] =     { ALIVE,               GIVES,                     NEVER },
	[UP_USE_SEE] =          { ALIVE | UNDER,       ALIVE | OWN,               NEVER },
	[UP_USE_SEE_USAGE_OF] = { ALIVE | ONE | UNDER, ALIVE | ONE | OWN,         NEVER },
	/* face to face: by whom she knows as the one who added her */
	[UP_USE_CODE] =         { ALIVE | ONE | OWN,   GIVES | ONE | OWN,         NEVER },
	[UP_USE_DELETE] =       { ALIVE | ONE | UNDER, ALIVE | ONE | OWN,         NEVER },
	[UP_USE_GRANT] =        { ALIVE | USER,        GIVES | USER | OWN,        NEVER },
	[UP_USE_CANCEL] =       { ALIVE | ONE | USER,  ALIVE | ONE | USER | OWN,  NEVER },
	[UP_USE_END_PHONE] =    { ALIVE | ONE | UNDER, ALIVE | ONE | OWN,         NEVER },
	[UP_USE_END_OWN_PHONE] = { ALIVE,              ALIVE,                     ALIVE },
};

static const char *const names[UP_ROLES] = {
	[UP_ROLE_PRINCIPAL] = "principal",
	[UP_ROLE_MANAGER] = "manager",
	[UP_ROLE_USER] = "user",
};

static unsigned needs_of(enum up_authority_use use, enum up_authority_role role)
{
	if ((unsigned)use >= UP_USES || (unsigned)role >= UP_ROLES)
		return NEVER;
	return needs[use][role];
}

static bool stands(const struct up_authority_edge *edge)
{
	return edge->state == UP_EDGE_WAITING || edge->state == UP_EDGE_LIVE;
}

/* What the facts of EDGE fail of, whoever asks for it. */
static unsigned lacks_of(const struct up_authority_edge *edge, int64_t now_s)
{
	unsigned lacks = 0;

	if (!edge->unit_live)
		lacks |= UP_NEED_UNIT;
	if (edge->certificate.n == 0 || now_s < edge->valid_from_s || now_s > edge->valid_to_s)
		lacks |= UP_NEED_CERTIFICATE;
	if (!edge->person_confirmed)
		lacks |= UP_NEED_PERSON;
	if (!stands(edge))
		lacks |= UP_NEED_STANDING;
	if (edge->state != UP_EDGE_LIVE)
		lacks |= UP_NEED_TAKEN;
	if (!edge->phone_live)
		lacks |= UP_NEED_PHONE;
	if (edge->suspended)
		lacks |= UP_NEED_CONFIRMED;
	if (!edge->may_authorise)
		lacks |= UP_NEED_AUTHORISE;
	return lacks;
}

/* What TARGET, or its absence, fails of for one who acts by EDGE. */
static unsigned target_lacks(
    const struct up_authority_edge *edge, const struct up_authority_edge *target)
{
	unsigned lacks = 0;

	if (target == NULL)
		return UP_NEED_TARGET;
	if (!stands(target) || target->id == edge->id || edge->unit.n == 0 ||
	    !up_span_eq(target->unit, edge->unit) ||
	    (target->role != UP_ROLE_MANAGER && target->role != UP_ROLE_USER))
		lacks |= UP_NEED_UNDER;
	if (edge->id == 0 || target->grantor != edge->id)
		lacks |= UP_NEED_OWN;
	if (target->role != UP_ROLE_USER)
		lacks |= UP_NEED_USER;
	return lacks;
}

static bool is_asked_for(const struct up_authority_ask *ask, const struct up_authority_edge *edge)
{
	if (ask->unit.n > 0 && !up_span_eq(ask->unit, edge->unit))
		return false;
	return ask->certificate.n == 0 || up_span_eq(ask->certificate, edge->certificate);
}

/* Judged at the moment of use: nothing runs at night that would end a grant (rule 18). */
static const struct up_authority_grant *grant_of(const struct up_authority_ask *ask, int64_t edge)
{
	uint32_t today = up_day_number(ask->now_s);

	for (size_t i = 0; i < ask->n_grants; i++) {
		const struct up_authority_grant *g = &ask->grants[i];

		if (g->edge == edge && !g->cancelled && up_span_eq(g->item, ask->item) &&
		    g->from_day <= today && today <= g->to_day)
			return g;
	}
	return NULL;
}

/* What is told of all that is lacking: the first that is. Whether she may at all comes before what
 * the target is, so that she learns nothing of one when she may not. */
static const struct { unsigned lacks; enum up_err err; } lack_errors[] = {
	{ ~(unsigned)(UP_NEED_CONFIRMED | UP_NEED_AUTHORISE | OF_TARGET | UP_NEED_GRANT),
	    UP_E_ROLE },
	{ UP_NEED_CONFIRMED, UP_E_SUSPENDED },
	{ UP_NEED_AUTHORISE, UP_E_AUTHORISE },
	{ OF_TARGET, UP_E_NOT_FOUND },
	{ UP_NEED_GRANT, UP_E_ITEM_GRANT },
};

static enum up_err said_by(const struct up_authority_answer *answer)
{
	if (answer->edge == NULL)
		return UP_E_ROLE;
	for (size_t i = 0; i < UP_ARRAY_LEN(lack_errors); i++)
		if ((answer->lacks & lack_errors[i].lacks) != 0)
			return lack_errors[i].err;
	return UP_OK;
}

enum up_err up_authority_may(const struct up_authority_ask *ask,
    const struct up_authority_edge *edge, struct up_authority_answer *out)
{
	unsigned want = needs_of(ask->use, edge->role);

	*out = (struct up_authority_answer){ .edge = edge };
	out->lacks = want & (lacks_of(edge, ask->now_s) | target_lacks(edge, ask->target) |
	    UP_NEED_OTHER_ROLE);
	if (!is_asked_for(ask, edge))
		out->lacks |= UP_NEED_OTHER_EDGE;
	if ((want & UP_NEED_GRANT) != 0 && ask->item.n > 0) {
		out->grant = grant_of(ask, edge->id);
		if (out->grant == NULL)
			out->lacks |= UP_NEED_GRANT;
	}
	return said_by(out);
}

/* Greater is better: what is told first is the worst. */
static size_t rank(enum up_err said)
{
	size_t i = 0;

	while (i < UP_ARRAY_LEN(lack_errors) && lack_errors[i].err != said)
		i++;
	return i;
}

enum up_err up_authority_consider(const struct up_authority_ask *ask,
    const struct up_authority_edge *edge, struct up_authority_answer *best)
{
	struct up_authority_answer one;
	enum up_err said = up_authority_may(ask, edge, &one);

	if ((one.lacks & UP_NEED_OTHER_EDGE) != 0)
		return said_by(best);
	if (best->edge == NULL || rank(said) > rank(said_by(best)))
		*best = one;
	return said_by(best);
}

static bool ends_by_grantor(
    const struct up_authority_edge *edges, size_t n, size_t which, const bool ends[])
{
	const struct up_authority_edge *edge = &edges[which];

	if (edge->grantor == 0 || !stands(edge))
		return false;
	for (size_t i = 0; i < n; i++)
		if (ends[i] && edges[i].id == edge->grantor)
			return true;
	return false;
}

/* Marks what ends with those that are marked; gives the number of all. */
static size_t spread(const struct up_authority_edge *edges, size_t n, bool ends[])
{
	size_t marked = 0, before;

	for (size_t i = 0; i < n; i++)
		marked += ends[i];
	do {
		before = marked;
		for (size_t i = 0; i < n; i++)
			ends[i] = ends[i] || ends_by_grantor(edges, n, i, ends);
		marked = 0;
		for (size_t i = 0; i < n; i++)
			marked += ends[i];
	} while (marked > before);
	return marked;
}

size_t up_authority_cascade(
    const struct up_authority_edge *edges, size_t n, int64_t ended, bool ends[])
{
	for (size_t i = 0; i < n; i++)
		ends[i] = edges[i].id == ended && stands(&edges[i]);
	return spread(edges, n, ends);
}

size_t up_authority_delete(const struct up_authority_edge *edges, size_t n,
    const struct up_authority_edge *by, const struct up_authority_edge *target, bool ends[])
{
	bool all = by->role == UP_ROLE_PRINCIPAL && target->holder != 0;

	for (size_t i = 0; i < n; i++)
		ends[i] = stands(&edges[i]) && (edges[i].id == target->id ||
		    (all && edges[i].role == UP_ROLE_USER && edges[i].holder == target->holder));
	return spread(edges, n, ends);
}

bool up_authority_needs_grant(enum up_authority_use use, enum up_authority_role role)
{
	return (needs_of(use, role) & (UP_NEED_GRANT | UP_NEED_OTHER_ROLE)) != 0;
}

enum up_authority_role up_authority_role(struct up_span name)
{
	unsigned i = 0;

	while (i < UP_ROLES && !up_span_eq_str(name, names[i]))
		i++;
	return (enum up_authority_role)i;
}

const char *up_authority_role_name(enum up_authority_role role)
{
	return (unsigned)role < UP_ROLES ? names[role] : "";
}
