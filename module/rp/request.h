/* SPDX-License-Identifier: Apache-2.0
 * What a browser's request says about itself. */
#ifndef UP_REQUEST_H
#define UP_REQUEST_H

#include "module/rp/rp.h"

/* MEDIA is named in the Accept header (not by a wildcard) and not with q=0. */
bool up_request_accepts(const struct up_rp_request *, const char *media);
/* A person is about to see the answer (SECURITY 22). */
bool up_request_is_navigation(const struct up_rp_request *);
/* An error or a question should be a page rather than JSON. */
bool up_request_wants_page(const struct up_rp_request *);
/* A state change that our own pages asked for: Sec-Fetch-Site is same-origin or, where the browser does not send it, Origin
 * names our host. Neither header: no. (Referrer-Policy: no-referrer makes the Origin of our forms "null": Sec-Fetch-Site decides.) */
bool up_request_same_origin(const struct up_rp_request *);
bool up_request_is_form(const struct up_rp_request *);
/* The item's syntax: [A-Za-z0-9._:-]{1,64}. */
bool up_request_item_ok(struct up_span item);

#endif
