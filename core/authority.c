/* SPDX-License-Identifier: Apache-2.0 */
#include "core/authority.h"

#include "core/day.h"

#define ROLE (UP_NEED_UNIT | UP_NEED_PERSON | UP_NEED_STANDING | UP_NEED_TAKEN | UP_NEED_PHONE)
#define ALIVE (ROLE | UP_NEED_CERTIFICATE)
#define OPEN (UP_NEED_UNIT | UP_NEED_CERTIFICATE | UP_NEED_PERSON | UP_NEED_STANDING)
#define GRANTED (ALIVE | UP_NEED_GRANT)
#define ANY 0
#define NEVER UP_NEED_OTHER_ROLE

/* Who may do what. */
static const unsigned needs[UP_USES][UP_ROLES] = {
	/*                     principal manager  user */
	[UP_USE_TAKE] =      { OPEN,     OPEN,    OPEN },
	[UP_USE_SCAN] =      { ALIVE,    ALIVE,   ALIVE },
	[UP_USE_LOGIN] =     { ALIVE,    ALIVE,   GRANTED },     /* rule 20 */
	/* who declines needs no right to do so */
	[UP_USE_DECLINE] =   { ANY,      ANY,     ANY },
	/* a session outlives the certificate's period, the identity that it shows does not */
	[UP_USE_SESSION] =   { ROLE,     ROLE,    ROLE },
	[UP_USE_IDENTITY] =  { ALIVE,    ALIVE,   ALIVE },
	[UP_USE_SEE_OWN] =   { ALIVE,    ALIVE,   ALIVE },       /* rule 11 */
	[UP_USE_SEE_UNIT] =  { ALIVE,    NEVER,   NEVER },
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
	if (edge->state != UP_EDGE_WAITING && edge->state != UP_EDGE_LIVE)
		lacks |= UP_NEED_STANDING;
	if (edge->state != UP_EDGE_LIVE)
		lacks |= UP_NEED_TAKEN;
	if (!edge->phone_live)
		lacks |= UP_NEED_PHONE;
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

static enum up_err said_by(const struct up_authority_answer *answer)
{
	if (answer->edge == NULL)
		return UP_E_ROLE;
	if (answer->lacks == 0)
		return UP_OK;
	return answer->lacks == UP_NEED_GRANT ? UP_E_ITEM_GRANT : UP_E_ROLE;
}

enum up_err up_authority_may(const struct up_authority_ask *ask,
    const struct up_authority_edge *edge, struct up_authority_answer *out)
{
	unsigned want = needs_of(ask->use, edge->role);

	*out = (struct up_authority_answer){ .edge = edge };
	out->lacks = want & (lacks_of(edge, ask->now_s) | UP_NEED_OTHER_ROLE);
	if (!is_asked_for(ask, edge))
		out->lacks |= UP_NEED_OTHER_EDGE;
	if ((want & UP_NEED_GRANT) != 0 && ask->item.n > 0) {
		out->grant = grant_of(ask, edge->id);
		if (out->grant == NULL)
			out->lacks |= UP_NEED_GRANT;
	}
	return said_by(out);
}

/* Smaller is better. */
static int rank(enum up_err said)
{
	return said == UP_OK ? 0 : said == UP_E_ITEM_GRANT ? 1 : 2;
}

enum up_err up_authority_consider(const struct up_authority_ask *ask,
    const struct up_authority_edge *edge, struct up_authority_answer *best)
{
	struct up_authority_answer one;
	enum up_err said = up_authority_may(ask, edge, &one);

	if ((one.lacks & UP_NEED_OTHER_EDGE) != 0)
		return said_by(best);
	if (best->edge == NULL || rank(said) < rank(said_by(best)))
		*best = one;
	return said_by(best);
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
