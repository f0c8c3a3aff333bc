/* SPDX-License-Identifier: Apache-2.0
 * The real-name check inside a request: asked where waiting hurts nobody (server/checks.h), while
 * the connection is suspended. */
#ifndef UP_HTTP_CHECK_H
#define UP_HTTP_CHECK_H

#include "server/checks.h"
#include "server/http/http.h"

/* Have CHECK->person checked, and go on in THEN with CHECK->answer, on the request's own thread. It
 * is UNAVAILABLE, at once, when too many wait, or when nobody hears the answer any more. CHECK lies
 * in r->state, or lives as long; nothing of R may be touched after this call. */
void up_http_check(
    struct up_request *, struct up_check *check, void (*then)(struct up_request *));

#endif
