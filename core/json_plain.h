/* SPDX-License-Identifier: Apache-2.0
 * Private to json.c: plain documents, as phones and portals write them, read in one pass. A proof's
 * two halves and a body cost a phone's call more in jansson's reader than anything of ours.
 *
 * Plain is an object of members that are strings of printable ASCII without escapes, whole numbers
 * from 0 to 15 digits, true, false, null, and objects and arrays of these. Nothing is refused here:
 * what is not plain, is malformed, has a member twice or finds no memory answers NULL, and jansson
 * judges. So what is accepted, and every error, is jansson's; only the tree of a plain document is
 * made here, the same that jansson would have made (tests/unit/test_json.c compares them). */
#ifndef UP_JSON_PLAIN_H
#define UP_JSON_PLAIN_H

#include <jansson.h>

#include "core/span.h"

/* Owned by the caller; at most LEVELS deep. */
json_t *up_json_plain(struct up_span text, unsigned levels);

#endif
