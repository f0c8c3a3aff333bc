/* SPDX-License-Identifier: Apache-2.0
 * Which records a holder sees on her phone (rules 11 and 25): uses or changes, nothing that is
 * neither. Of both a principal sees all of her unit. Of uses a manager sees her own and those of
 * whom she authorised; a user her own. Of changes these see those that they made, those that are
 * about them or about whom they authorised, and those of the unit and its certificate. */
#ifndef UP_HOLDER_SIGHT_H
#define UP_HOLDER_SIGHT_H

#include "server/http/http.h"

struct up_sight {
	const struct up_role *viewer;    /* borrowed; she lives */
	bool whole;                      /* of the unit */
	bool changes;                    /* these; else uses */
	char (*below)[UP_STORE_REF + 1]; /* whom she authorised, in order */
	size_t n, cap;
	bool failed;
};

UP_MUST_USE enum up_err up_sight_open(struct up_request *, const struct up_role *viewer,
    bool changes, struct up_sight *out);
/* Of the viewer's unit: does she see this record? Fits up_usage_filter. */
bool up_sight_sees(void *sight, struct up_span canonical);
/* Append the record as she sees it: of a change by somebody whom she does not see, without that
 * one's phone, address and person. Otherwise the canonical bytes. */
void up_sight_put(const struct up_sight *, struct up_span canonical, struct up_buf *out);
void up_sight_close(struct up_sight *);

#endif
