/* SPDX-License-Identifier: Apache-2.0
 * Enrolment codes, and the places that a unit has for people: DOMAIN rules 2, 3, 7, 8, 10 and 13.
 * Pure. */
#ifndef UP_ENROLMENT_H
#define UP_ENROLMENT_H

#include "core/authority.h"

#define UP_ENROLMENT_LIFE_MS 300000      /* no code lives longer (rule 7) */
#define UP_ENROLMENT_MISMATCHES 5        /* others who may try one; then it is void */
#define UP_MANAGERS_MAX 3                /* of a unit, beside its principal (rule 3) */

/* Facts of one code. */
struct up_enrolment_code {
	bool open;                       /* neither used nor ended */
	unsigned mismatches;
	int64_t expires_ms;
	struct up_authority_edge edge;   /* that it puts on a phone */
};

/* May the role be taken with CODE (NULL: there is none such)? NAMED: by the person whom it names.
 * UP_E_CODE: unknown, expired, used, void, or nothing is left to take -- one answer for all.
 * UP_E_PERSON: it is good, for another; the caller counts that. */
UP_MUST_USE enum up_err up_enrolment_judge(const struct up_enrolment_code *code, bool named,
    int64_t now_ms);

/* The window writes a principal, of whom a unit has exactly one. */
enum up_enrolment_place {
	UP_PLACE_FREE,
	UP_PLACE_HERS,                   /* written already: she gets another code */
	UP_PLACE_GIVES_WAY,              /* another's, who never took it (rule 10) */
	UP_PLACE_TAKEN                   /* another's, who lives */
};
/* STATE of the principal's edge that stands, UP_EDGE_ENDED for none; SAME: the same person's. */
enum up_enrolment_place up_enrolment_place(enum up_authority_state state, bool same);

/* A phone adds a manager or a user: facts of her and of the unit. */
struct up_enrolment_adding {
	enum up_authority_role role;
	int64_t grantor;                           /* the edge that adds her */
	const struct up_authority_edge *hers;      /* all that she has in this unit */
	size_t n_hers;
	size_t managers;                           /* that the unit has, waiting or live */
};
/* Is there a place for her? UP_OK: *SAME is 0, or the edge that she has of this grantor already,
 * which gets another code (as UP_PLACE_HERS). UP_E_OTHER_ROLE: a person has one role in a unit;
 * UP_E_MANAGERS: there are three; UP_E_ROLE: nobody adds a principal so. */
UP_MUST_USE enum up_err up_enrolment_add(const struct up_enrolment_adding *, int64_t *same);

#endif
