/* SPDX-License-Identifier: Apache-2.0
 * What a browser's request says about itself. */
#ifndef UP_REQUEST_H
#define UP_REQUEST_H

#include "module/rp/rp.h"

/* MEDIA is named in the Accept header (not by a wildcard) and not with q=0. */
bool up_request_accepts(const struct up_rp_request *, const char *media);
/* A person is about to see the answer (SECURITY 22). */
bool up_request_is_navigation(const struct up_rp_request *);
/* That answer is a page of its own: neither a picture, a script or a frame, nor fetched before
 * anybody asked for it. Where the browser does not say what it wants it for,
 * a navigation is taken for one. */
bool up_request_is_seen(const struct up_rp_request *);
/* Fetched or rendered in advance. */
bool up_request_is_ahead(const struct up_rp_request *);
/* It is for a frame within another page. */
bool up_request_is_framed(const struct up_rp_request *);
/* A form that a person sent by leaving its page. */
bool up_request_is_sent_form(const struct up_rp_request *);
/* An error or a question should be a page rather than JSON. */
bool up_request_wants_page(const struct up_rp_request *);
/* A state change that our own pages asked for: Sec-Fetch-Site is same-origin or, where the browser
 * does not send it, Origin names our host. Neither header: no. (Referrer-Policy: no-referrer makes
 * the Origin of our forms "null": Sec-Fetch-Site decides.) */
bool up_request_same_origin(const struct up_rp_request *);
bool up_request_is_form(const struct up_rp_request *);
/* The item's syntax: [A-Za-z0-9._:-]{1,64}. */
bool up_request_item_ok(struct up_span item);

#endif
