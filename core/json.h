/* SPDX-License-Identifier: Apache-2.0
 * Strict JSON over jansson: duplicate members, NULs, bad UTF-8, trailing bytes,
 * more than 64 KiB or more than 8 levels are refused (SECURITY 26). */
#ifndef UP_JSON_H
#define UP_JSON_H

#include <jansson.h>

#include "core/span.h"

/* *OUT is an object, the caller's (json_decref). UP_E_REQUEST, UP_E_UTF8, UP_E_TOO_LARGE. */
UP_MUST_USE enum up_err up_json_parse(struct up_span text, json_t **out);
/* Member as text of at most MAX bytes: UP_E_REQUEST when missing, not a string, empty or longer. */
UP_MUST_USE enum up_err up_json_text(
    const json_t *o, const char *name, size_t max, struct up_span *out);
/* The same, but absent gives UP_OK and an empty span. */
UP_MUST_USE enum up_err up_json_text_opt(
    const json_t *o, const char *name, size_t max, struct up_span *out);
/* Integer member within [min,max]. UP_E_REQUEST otherwise. */
UP_MUST_USE enum up_err up_json_int(
    const json_t *o, const char *name, int64_t min, int64_t max, int64_t *out);
/* A NumericDate (RFC 7519 section 2): seconds since 1970, up to the year 9999, perhaps with a
 * fraction, which is cut off. *OUT 0 and UP_E_REQUEST otherwise. */
UP_MUST_USE enum up_err up_json_time(const json_t *o, const char *name, int64_t *out);
/* UP_E_REQUEST when O has a member that is not in the NULL-terminated list. */
UP_MUST_USE enum up_err up_json_only(const json_t *o, const char *const *names);

#endif
