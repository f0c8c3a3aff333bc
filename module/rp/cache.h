/* SPDX-License-Identifier: Apache-2.0
 * What the answer of a guarded location says to caches. A page is kept nowhere, so that Back shows
 * nothing after a sign-out; the rest by the browser alone, which asks before each use. What the
 * application or the administrator said holds where it is stricter, or says on purpose that answers
 * may be kept. An answer that sets a cookie of ours says UP_CACHE_NEVER and nothing else. */
#ifndef UP_CACHE_H
#define UP_CACHE_H

#include "module/rp/rp.h"

#define UP_CACHE_NEVER "no-store"

struct up_cache {                     /* zeroed at first */
	bool never, shared, own, asks, dated, fresh;
};

/* Take in the value of a Cache-Control line. */
void up_cache_read(struct up_cache *, struct up_span value);
/* What to add as a further Cache-Control line; NULL: nothing. *VARY: Vary should name Cookie. */
const char *up_cache_add(const struct up_cache *, bool page, bool *vary);
/* Does the value of a Vary line name Cookie, or everything? */
bool up_cache_varies(struct up_span value);
/* A person looks at the answer: of the type, or asked for by a navigation. R: method, accept,
 * sec_fetch_mode and requested_with matter. */
bool up_cache_is_page(struct up_span content_type, const struct up_rp_request *r);
/* Other headers that tell caches to keep an answer, whatever Cache-Control says; ends with NULL. */
extern const char *const up_cache_others[];
/* The value of a Set-Cookie line: one of ours? */
bool up_cache_is_cookie(struct up_span set_cookie);

#endif
