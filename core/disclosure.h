/* SPDX-License-Identifier: Apache-2.0
 * What a portal is told about unit and person. One list: the ID token and /userinfo are built from
 * it, the phone is told its names before the person consents, and the usage record keeps them. */
#ifndef UP_DISCLOSURE_H
#define UP_DISCLOSURE_H

#include "core/json_put.h"

/* One edge of the chain from the principal to the person: who (a holder's reference, opaque), in
 * which role, since when; and of one who acts by a grant, until when (seconds, the last one
 * included; 0: without end) and for what (space-separated codes). */
struct up_disclosure_link {
	struct up_span role, ref, items;
	int64_t since_s, until_s;
};
struct up_disclosure_chain { const struct up_disclosure_link *links; size_t n; };

struct up_disclosure {                   /* the values; texts are valid UTF-8 */
	struct up_span unit_code, unit_name, certificate;
	int64_t certificate_version;
	struct up_span holder_ref, role, holder_name, item;
	struct up_disclosure_chain authority;    /* the principal first */
};

/* What people call NAME, in either language; NULL for a name that is not on the list. */
const char *up_disclosure_word(struct up_span name, bool chinese);
/* The Ith name: "unit.code", a claim's path in the ID token; NULL after the last one. */
const char *up_disclosure_name(size_t i);
/* Members of the open object: "unit":{...},"holder":{...},"items":[...],"authority":[{...}]; a text
 * that is empty is left out, and so is what a link has not. */
void up_disclosure_put_claims(struct up_json_put *, const struct up_disclosure *);
void up_disclosure_put_array(struct up_json_put *, const char *name);    /* of the names */
#define UP_DISCLOSURE_WORDS 128
void up_disclosure_words(char out[UP_DISCLOSURE_WORDS]); /* the names, a space between */

#endif
