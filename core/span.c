/* SPDX-License-Identifier: Apache-2.0 */
#include "core/span.h"

#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool up_span_eq_ct(struct up_span a, struct up_span b)
{
	return a.n == b.n && (a.n == 0 || CRYPTO_memcmp(a.p, b.p, a.n) == 0);
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

bool up_span_ieq(struct up_span a, struct up_span b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

bool up_span_starts(struct up_span a, const char *prefix)
{
	size_t n = strlen(prefix);

	return a.n >= n && (n == 0 || memcmp(a.p, prefix, n) == 0);
}

bool up_span_cut(struct up_span a, char c, struct up_span *head, struct up_span *rest)
{
	const uint8_t *at = a.n == 0 ? NULL : memchr(a.p, (unsigned char)c, a.n);

	if (at == NULL) {
		*head = a;
		*rest = (struct up_span){ NULL, 0 };
		return false;
	}
	size_t n = (size_t)(at - a.p);

	*head = (struct up_span){ a.p, n };
	*rest = (struct up_span){ at + 1, a.n - n - 1 };
	return true;
}

struct up_span up_span_trim(struct up_span a)
{
	while (a.n > 0 && (a.p[0] == ' ' || a.p[0] == '\t')) {
		a.p++;
		a.n--;
	}
	while (a.n > 0 && (a.p[a.n - 1] == ' ' || a.p[a.n - 1] == '\t'))
		a.n--;
	return a;
}

enum up_err up_span_u64(struct up_span a, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;

	*out = 0;
	if (a.n == 0 || (a.n > 1 && a.p[0] == '0'))
		return UP_E_FORMAT;
	for (size_t i = 0; i < a.n; i++)
		if (a.p[i] < '0' || a.p[i] > '9')
			return UP_E_FORMAT;
	for (size_t i = 0; i < a.n; i++) {
		unsigned d = (unsigned)(a.p[i] - '0');

		if (v > (UINT64_MAX - d) / 10)
			return UP_E_RANGE;
		v = v * 10 + d;
	}
	if (v > max)
		return UP_E_RANGE;
	*out = v;
	return UP_OK;
}

char *up_span_dup(struct up_span a)
{
	char *s = malloc(a.n + 1);

	if (s == NULL)
		return NULL;
	if (a.n > 0)
		memcpy(s, a.p, a.n);
	s[a.n] = '\0';
	return s;
}

#define FIRST_CAP 256                    /* an answer is moved twice at most */

/* realloc would leave the old bytes, which may be secret, in the heap. */
static bool grow(struct up_buf *b, size_t more)
{
	size_t cap = b->cap < FIRST_CAP / 2 ? FIRST_CAP : b->cap * 2;
	uint8_t *p = NULL;

	if (b->failed)
		return false;
	if (more <= SIZE_MAX / 4 - b->n - 1) {
		if (cap < b->n + more + 1)
			cap = b->n + more + 1;
		p = malloc(cap);
	}
	if (p == NULL) {
		b->failed = true;
		return false;
	}
	if (b->n > 0)
		memcpy(p, b->p, b->n);
	if (b->p != NULL) {
		up_wipe(b->p, b->cap);
		free(b->p);
	}
	b->p = p;
	b->cap = cap;
	return true;
}

/* Room for MORE bytes and a NUL. */
static inline bool reserve(struct up_buf *b, size_t more)
{
	return (!b->failed && b->p != NULL && more < b->cap - b->n) || grow(b, more);
}

void up_buf_reserve(struct up_buf *b, size_t n)
{
	(void)reserve(b, n);
}

void up_buf_put(struct up_buf *b, const void *p, size_t n)
{
	if (!reserve(b, n) || n == 0)
		return;
	memcpy(b->p + b->n, p, n);
	b->n += n;
}

void up_buf_put_span(struct up_buf *b, struct up_span s)
{
	up_buf_put(b, s.p, s.n);
}

void up_buf_put_str(struct up_buf *b, const char *s)
{
	up_buf_put_span(b, up_span_str(s));
}

void up_buf_put_char(struct up_buf *b, char c)
{
	if (reserve(b, 1))
		b->p[b->n++] = (uint8_t)c;
}

void up_buf_put_i64(struct up_buf *b, int64_t v)
{
	char text[24], *at = text + sizeof text;
	uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

	do {
		*--at = (char)('0' + u % 10);
		u /= 10;
	} while (u != 0);
	if (v < 0)
		*--at = '-';
	up_buf_put(b, at, (size_t)(text + sizeof text - at));
}

void up_buf_printf(struct up_buf *b, const char *fmt, ...)
{
	va_list ap;

	/* One pass in the common case: try with what there is, then with what it takes. */
	for (size_t want = 128; reserve(b, want);) {
		size_t room = b->cap - b->n;

		va_start(ap, fmt);
		int n = vsnprintf((char *)b->p + b->n, room, fmt, ap);
		va_end(ap);
		if (n < 0) {
			b->failed = true;
			return;
		}
		if ((size_t)n < room) {
			b->n += (size_t)n;
			return;
		}
		want = (size_t)n + 1;
	}
}

static const char hex_lower[] = "0123456789abcdef";

static void put_json_escape(struct up_buf *b, uint8_t c)
{
	static const char names[] = "\"\"\\\\\bb\ff\nn\rr\tt";

	for (size_t i = 0; i + 1 < sizeof names; i += 2)
		if ((uint8_t)names[i] == c) {
			up_buf_put(b, (char[]){ '\\', names[i + 1] }, 2);
			return;
		}
	up_buf_put(b, (char[]){ '\\', 'u', '0', '0', hex_lower[c >> 4], hex_lower[c & 15] }, 6);
}

static bool needs_escape(uint8_t c)
{
	return c < 0x20 || c == '"' || c == '\\';
}

/* Of the eight at P, by their sign bits: a byte below 0x20, or of value 0 once the quote or the
 * backslash is taken away from all, borrows from its own and has none itself. */
static bool eight_need_none(const uint8_t *p)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), signs = ones << 7;
	uint64_t v, quote, slash;

	memcpy(&v, p, sizeof(v));
	quote = v ^ ones * '"';
	slash = v ^ ones * '\\';
	return ((((v - ones * 0x20) & ~v) | ((quote - ones) & ~quote) | ((slash - ones) & ~slash)) &
	    signs) == 0;
}

void up_buf_put_json(struct up_buf *b, struct up_span s)
{
	size_t from = 0;

	up_buf_put_char(b, '"');
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c;

		while (s.n - i > 8 && eight_need_none(s.p + i))
			i += 8;
		c = s.p[i];
		if (!needs_escape(c))
			continue;
		up_buf_put(b, s.p + from, i - from);
		put_json_escape(b, c);
		from = i + 1;
	}
	if (s.n > from)
		up_buf_put(b, s.p + from, s.n - from);
	up_buf_put_char(b, '"');
}

static const char *html_entity(uint8_t c)
{
	switch (c) {
	case '&': return "&amp;";
	case '<': return "&lt;";
	case '>': return "&gt;";
	case '"': return "&quot;";
	case '\'': return "&#39;";
	default: return NULL;
	}
}

void up_buf_put_html(struct up_buf *b, struct up_span s)
{
	size_t from = 0;

	for (size_t i = 0; i < s.n; i++) {
		const char *entity = html_entity(s.p[i]);

		if (entity == NULL)
			continue;
		up_buf_put(b, s.p + from, i - from);
		up_buf_put_str(b, entity);
		from = i + 1;
	}
	if (s.n > from)
		up_buf_put(b, s.p + from, s.n - from);
}

static bool unreserved(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
	    || c == '-' || c == '.' || c == '_' || c == '~';
}

void up_buf_put_percent(struct up_buf *b, struct up_span s)
{
	static const char hex[] = "0123456789ABCDEF";

	/* room for the worst once, then byte by byte: this runs nine times a signed-in request */
	if (s.n > SIZE_MAX / 3 || !reserve(b, s.n * 3)) {
		b->failed = true;
		return;
	}
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];

		if (unreserved(c)) {
			b->p[b->n++] = c;
		} else {
			b->p[b->n++] = '%';
			b->p[b->n++] = (uint8_t)hex[c >> 4];
			b->p[b->n++] = (uint8_t)hex[c & 15];
		}
	}
}

struct up_span up_buf_span(const struct up_buf *b)
{
	return (struct up_span){ b->p, b->n };
}

const char *up_buf_cstr(struct up_buf *b)
{
	if (!reserve(b, 0))
		return NULL;
	b->p[b->n] = '\0';
	return (const char *)b->p;
}

char *up_buf_take(struct up_buf *b)
{
	char *s = NULL;

	if (up_buf_cstr(b) != NULL) {
		s = (char *)b->p;
		*b = (struct up_buf){ 0 };
	}
	up_buf_free(b);
	return s;
}

void up_buf_reset(struct up_buf *b)
{
	if (b->p != NULL)
		up_wipe(b->p, b->n);
	b->n = 0;
	b->failed = false;
}

void up_buf_free(struct up_buf *b)
{
	if (b->p != NULL) {
		up_wipe(b->p, b->cap);      /* all of it: callers may have cut N back */
		free(b->p);
	}
	*b = (struct up_buf){ 0 };
}

void up_wipe(void *p, size_t n)
{
	/* not OPENSSL_cleanse(): the C library wipes 32 bytes at a time, that one 8 */
	if (p != NULL && n > 0)
		explicit_bzero(p, n);
}

#define STACK_BELOW 16384                /* more than libunistring goes down */

__attribute__((noinline)) void up_wipe_stack(void)
{
	uint8_t below[STACK_BELOW];

	up_wipe(below, sizeof(below));
}
