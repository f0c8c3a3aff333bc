/* SPDX-License-Identifier: Apache-2.0
 * Role edges as the tests of core/authority want them: a living one, with one fact spoilt. */
#ifndef UP_AUTHORITY_EDGES_H
#define UP_AUTHORITY_EDGES_H

#include "core/authority.h"
#include "core/day.h"
#include "unit.h"

#define UNIT "124300001000001390"
#define OTHER_UNIT_CODE "12430000100000016Y"
#define NUMBER "143000001234"

/* How an edge stands. */
enum stand {
	ALIVE, WAITING, DELETED, OTHER_UNIT, UNIT_ENDED, NO_CERTIFICATE, NOT_BEGUN, EXPIRED,
	PERSON_PENDING, PHONE_ENDED, SUSPENDED, STANDS
};
static const char *const stands[STANDS] = { "alive", "waiting", "deleted", "other unit",
	"unit ended", "no certificate", "not begun", "expired", "person pending", "phone ended",
	"suspended" };

static inline int64_t day(const char *text)
{
	int64_t s;

	CU_ASSERT_EQUAL(up_day_parse(up_span_str(text), &s), UP_OK);
	return s;
}

/* Of id 7, as of 2026-03-01. */
static inline struct up_authority_edge edge_of(enum up_authority_role role, enum stand stand)
{
	struct up_authority_edge x = { .id = 7, .holder = 70, .role = role,
		.grantor = role == UP_ROLE_PRINCIPAL ? 0 : 6, .state = UP_EDGE_LIVE,
		.unit = UP_SPAN_LIT(UNIT), .certificate = UP_SPAN_LIT(NUMBER),
		.valid_from_s = day("2021-11-11"), .valid_to_s = day("2026-11-11") - 1,
		.may_authorise = true };

	x.state = stand == WAITING ? UP_EDGE_WAITING : stand == DELETED ? UP_EDGE_ENDED : x.state;
	x.phone_live = stand != WAITING && stand != PHONE_ENDED;   /* who waits has none yet */
	x.unit_live = stand != UNIT_ENDED;
	x.person_confirmed = stand != PERSON_PENDING;
	x.suspended = stand == SUSPENDED;
	if (stand == OTHER_UNIT)
		x.unit = UP_SPAN_LIT(OTHER_UNIT_CODE);
	if (stand == NO_CERTIFICATE) {
		x.certificate.n = 0;
		x.valid_from_s = x.valid_to_s = 0;
	}
	if (stand == NOT_BEGUN)
		x.valid_from_s = day("2026-03-02");
	if (stand == EXPIRED)
		x.valid_to_s = day("2026-03-01") - 1;
	return x;
}

#endif
