/* SPDX-License-Identifier: Apache-2.0
 * What happens in two units, told twice: to a world of role edges and grants that asks core's
 * functions, and to a model that keeps who is what, and knows the rules by itself. Days are counted
 * from 2024-01-01; CALENDAR has their numbers yyyymmdd. Ids of edges and grants count from 1, in
 * the order in which they were made, over both units. */
#ifndef UP_AUTHORITY_WORLD_H
#define UP_AUTHORITY_WORLD_H

#include "core/authority.h"
#include "core/day.h"

#define UNITS 2
#define PERSONS 8
#define ITEMS 2
#define EDGES_MAX 400
#define GRANTS_MAX 400
#define DAYS 5479                        /* to 2038-12-31 */
#define FIRST_S 1704038400               /* 2024-01-01 in Shanghai */

enum event_kind {
	EV_WINDOW,                       /* UNIT, PERSON: a principal, if there is a place */
	EV_REPLACE,                      /* UNIT, PERSON: for another one than is there */
	EV_ADD,                          /* BY, PERSON, ROLE, AUTHORISE */
	EV_TAKE,                         /* PERSON takes the edge TO by its own code */
	EV_DELETE,                       /* BY, TO */
	EV_GRANT,                        /* BY, TO, ITEM, FROM, LAST */
	EV_TAKE_GRANT,                   /* PERSON takes GRANT, and its edge if that waits */
	EV_CANCEL,                       /* BY, GRANT */
	EV_END_PHONE,                    /* BY, TO */
	EV_SUSPEND,                      /* UNIT: another legal representative */
	EV_CONFIRM,                      /* PERSON: the real-name check answers, AUTHORISE: yes */
	EV_RENEW,                        /* UNIT: its certificate, for DAYS from now */
	EV_UNIT_END,                     /* UNIT */
	EV_DAYS,                         /* DAYS go by */
	EVENTS
};

struct event {
	enum event_kind kind;
	int unit, person, item, days;
	int from, last;                  /* days; both inclusive */
	int second;                      /* of the day on which it happens */
	int64_t by, to;                  /* edges */
	int64_t grant;
	enum up_authority_role role;
	bool authorise;
};

enum grant_state { GRANT_WAITING, GRANT_LIVE, GRANT_ENDED };

extern uint32_t calendar[DAYS];

/* --- the world: edges and grants as rows, never deleted --- */

struct world_grant {
	struct up_authority_grant facts;
	enum grant_state state;
};

struct world {
	int today;
	struct { bool ended; int last; } units[UNITS];     /* last day of the certificate */
	bool confirmed[PERSONS];
	struct up_authority_edge edges[EDGES_MAX];         /* of id i + 1 */
	size_t n_edges;
	struct world_grant grants[GRANTS_MAX];
	size_t n_grants;
};

enum up_err world_happens(struct world *, const struct event *);
/* May PERSON log in for UNIT and ITEM? */
enum up_err world_login(const struct world *, int unit, int person, int item, int second);
int world_unit(const struct up_authority_edge *);
int world_person(const struct up_authority_edge *);
extern const struct up_span world_items[ITEMS];

/* --- the model: who is what now; there is no past in it --- */

struct slot {
	int64_t id;                      /* 0: nobody */
	bool live, phone, authorise;
};

struct model_grant {
	int64_t edge;
	int item, from, last;
	enum grant_state state;
};

struct model {
	int today;
	bool confirmed[PERSONS];
	struct {
		bool ended, suspended;
		int last;
		int principal;                         /* who */
		struct slot first;                     /* hers */
		struct slot managers[PERSONS];
		struct slot users[PERSONS][PERSONS];   /* who, by whom */
	} units[UNITS];
	int64_t n_edges;
	struct model_grant grants[GRANTS_MAX];
	int64_t n_grants;
};

/* Where the edge ID is; NULL: it is not, any more. */
struct place {
	const struct slot *slot;
	int unit, person, by;            /* by: the grantor, if she is a person */
	enum up_authority_role role;
};
struct place model_find(const struct model *, int64_t id);
enum up_err model_happens(struct model *, const struct event *);
enum up_err model_login(const struct model *, int unit, int person, int item);

#endif
