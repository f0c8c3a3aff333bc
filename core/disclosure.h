/* SPDX-License-Identifier: Apache-2.0
 * What a portal is told about unit and person. One list: the ID token and /userinfo are built from
 * it, the phone is told its names before the person consents, and the usage record keeps them. */
#ifndef UP_DISCLOSURE_H
#define UP_DISCLOSURE_H

#include "core/json_put.h"

struct up_disclosure {                   /* the values; texts are valid UTF-8 */
	struct up_span unit_code, unit_name, certificate;
	int64_t certificate_version;
	struct up_span holder_ref, role, holder_name, item;
};

/* What people call NAME, in either language; NULL for a name that is not on the list. */
const char *up_disclosure_word(struct up_span name, bool chinese);
/* The Ith name: "unit.code", a claim's path in the ID token; NULL after the last one. */
const char *up_disclosure_name(size_t i);
/* Members of the open object: "unit":{...},"holder":{...},"items":[...]; a text that is empty is
 * left out. */
void up_disclosure_put_claims(struct up_json_put *, const struct up_disclosure *);
void up_disclosure_put_array(struct up_json_put *, const char *name);    /* of the names */
#define UP_DISCLOSURE_WORDS 128
void up_disclosure_words(char out[UP_DISCLOSURE_WORDS]); /* the names, a space between */

#endif
