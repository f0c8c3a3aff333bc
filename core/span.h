/* SPDX-License-Identifier: Apache-2.0
 * Borrowed bytes (span), growing bytes (buf), and the few operations on
 * secrets that must be done one way everywhere. */
#ifndef UP_SPAN_H
#define UP_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/err.h"

struct up_span {
	const uint8_t *p;
	size_t n;
};

#define UP_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define UP_SPAN_LIT(s) ((struct up_span){ (const uint8_t *)("" s), sizeof(s) - 1 })

/* Small ones are here: beside a literal, nearly all that they do is done by the compiler. */
static inline struct up_span up_span_of(const void *p, size_t n)
{
	return (struct up_span){ p, n };
}

/* NULL gives an empty span */
static inline struct up_span up_span_str(const char *s)
{
	return up_span_of(s, s == NULL ? 0 : strlen(s));
}

/* not for secrets */
static inline bool up_span_eq(struct up_span a, struct up_span b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool up_span_eq_str(struct up_span a, const char *s)
{
	return up_span_eq(a, up_span_str(s));
}

bool up_span_eq_ct(struct up_span a, struct up_span b);      /* constant time in the content */
bool up_span_ieq(struct up_span a, struct up_span b);        /* ASCII case-insensitive */

static inline bool up_span_ieq_str(struct up_span a, const char *s)
{
	return a.n == up_span_str(s).n && up_span_ieq(a, up_span_str(s));
}

bool up_span_starts(struct up_span a, const char *prefix);
/* Split at the first C: *head before it, *rest after it. False (and *head = a, *rest empty) when
 * absent. */
bool up_span_cut(struct up_span a, char c, struct up_span *head, struct up_span *rest);
struct up_span up_span_trim(struct up_span a);               /* spaces and tabs */
/* Decimal digits only, no sign, no leading zero but "0" itself. UP_E_FORMAT, UP_E_RANGE over MAX.
 */
UP_MUST_USE enum up_err up_span_u64(struct up_span a, uint64_t max, uint64_t *out);
/* malloc'ed, NUL-terminated; NULL: no memory */
char *up_span_dup(struct up_span a);

/* Growing bytes.  Zero-initialised is empty.  Once an append fails the buffer
 * is marked and every later append fails too: check once, at the end. */
struct up_buf {
	uint8_t *p;
	size_t n, cap;
	bool failed;
};

/* the next N bytes will not move b->p */
void up_buf_reserve(struct up_buf *b, size_t n);
void up_buf_put(struct up_buf *b, const void *p, size_t n);  /* P must not point into B */
void up_buf_put_span(struct up_buf *b, struct up_span s);
void up_buf_put_str(struct up_buf *b, const char *s);
void up_buf_put_char(struct up_buf *b, char c);
void up_buf_put_i64(struct up_buf *b, int64_t v);            /* decimal */
void up_buf_printf(struct up_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* JSON string literal with its quotes; minimal escapes (RFC 8785 section 3.2.2.2). S must be valid
 * UTF-8. */
void up_buf_put_json(struct up_buf *b, struct up_span s);
void up_buf_put_html(struct up_buf *b, struct up_span s);    /* & < > " ' escaped */
/* RFC 3986 unreserved characters stay, all else becomes %XX (upper case). */
void up_buf_put_percent(struct up_buf *b, struct up_span s);
struct up_span up_buf_span(const struct up_buf *b);
/* NUL-terminated view; NULL if failed */
const char *up_buf_cstr(struct up_buf *b);
/* hand over as NUL-terminated string; NULL if failed; resets */
char *up_buf_take(struct up_buf *b);
/* keep the memory, forget (and wipe) the content */
void up_buf_reset(struct up_buf *b);
void up_buf_free(struct up_buf *b);                          /* wipes */

/* Zeros that no compiler leaves out (explicit_bzero); P may be NULL when N is 0. */
void up_wipe(void *p, size_t n);
/* The stack below the caller: what functions of libraries that got a secret left there. */
void up_wipe_stack(void);

#endif
