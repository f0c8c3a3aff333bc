/* SPDX-License-Identifier: Apache-2.0
 * Cookie headers in, Set-Cookie values out, and the byte form of what our cookies hold:
 * integers of 8 bytes big-endian, texts as 2 bytes of length and the bytes. */
#ifndef UP_COOKIE_H
#define UP_COOKIE_H

#include "module/rp/inside.h"

/* Next cookie called NAME in *REST, which moves past it. False: no more. No allocation. */
bool up_cookie_next(struct up_span *rest, struct up_span name, struct up_span *value);

/* The same for cookies whose name begins with PREFIX; *REST_OF_NAME is what follows it. */
bool up_cookie_next_below(struct up_span *rest, struct up_span prefix, struct up_span *rest_of_name,
    struct up_span *value);

/* "NAME=" and PLAIN sealed for PURPOSE, with the attributes that each of our cookies has. MAX_AGE_S
 * < 0: ends with the browser. */
UP_MUST_USE enum up_err up_cookie_put(struct up_seal *, const char *name, struct up_span purpose,
    struct up_span plain, int64_t max_age_s, struct up_buf *out);
/* A Set-Cookie value that deletes NAME. */
void up_cookie_put_gone(const char *name, struct up_buf *out);

struct up_cookie_writer { uint8_t *p; size_t n, cap; bool failed; };
void up_cookie_write_i64(struct up_cookie_writer *, int64_t v);
void up_cookie_write_text(struct up_cookie_writer *, struct up_span s);
void up_cookie_write_bytes(struct up_cookie_writer *, const uint8_t *p, size_t n);

struct up_cookie_reader { const uint8_t *p; size_t n; bool failed; };
int64_t up_cookie_read_i64(struct up_cookie_reader *);
/* A moment or a span, in seconds. */
int64_t up_cookie_read_time(struct up_cookie_reader *);
struct up_span up_cookie_read_text(struct up_cookie_reader *, size_t max);
struct up_span up_cookie_read_bytes(struct up_cookie_reader *, size_t n);

#endif
