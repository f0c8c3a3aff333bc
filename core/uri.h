/* SPDX-License-Identifier: Apache-2.0
 * When two spellings of an http(s) URI are one (RFC 3986 section 6.2). */
#ifndef UP_URI_H
#define UP_URI_H

#include "core/span.h"

/* Do A and B name the same resource, query and fragment aside (RFC 9449 section 4.3)? Normalised as
 * RFC 3986 sections 6.2.2 and 6.2.3 have it: case of scheme and host, case of escapes, escaped
 * unreserved characters, dot segments, default or empty port, empty path. False: other schemes,
 * userinfo, broken escapes, bytes that no URI has, more than 512 bytes. */
bool up_uri_same(struct up_span a, struct up_span b);

#endif
