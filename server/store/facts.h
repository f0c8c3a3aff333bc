/* SPDX-License-Identifier: Apache-2.0
 * What a record says, from what is known: of who (person, role, phone, unit, certificate), of the
 * portal, and of what came of it. Nobody else copies these members one by one. Each call fills what
 * is still empty, so who knows better goes first; the texts are borrowed. */
#ifndef UP_FACTS_H
#define UP_FACTS_H

#include "server/store/store.h"

/* When empty. */
void up_facts_text(struct up_span *member, struct up_span value);
void up_facts_str(struct up_span *member, const char *value);

/* --- who --- */

/* The phone alone, and where it called from. */
void up_facts_phone(struct up_record *, const struct up_device *, const char *ip);
void up_facts_person(struct up_record *, const struct up_device *);      /* it, and whose it is */
void up_facts_role(struct up_record *, const struct up_role *);
/* The edge that somebody is about to take or has scanned for, by name: no certificate. */
void up_facts_edge(struct up_record *, const char *unit_code, const char *unit_name,
    const char *role);
/* A code's unit, certificate and role; no person. */
void up_facts_code(struct up_record *, const struct up_enrolment *);

/* --- the portal --- */

void up_facts_client(struct up_record *, const struct up_client *);      /* NULL: unknown */

/* --- what came of it --- */

void up_facts_refused(struct up_record *, const char *reason);           /* whatever stood there */

#endif
