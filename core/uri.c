/* SPDX-License-Identifier: Apache-2.0 */
#include "core/uri.h"

#include <string.h>

#include "core/text.h"

#define URI_MAX 512

/* The normal form being written: as long as the text or shorter, but for one '/'. */
struct normal {
	uint8_t p[URI_MAX + 1];
	size_t n;
};

static void put(struct normal *out, const void *p, size_t n)
{
	memcpy(out->p + out->n, p, n);
	out->n += n;
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

/* RFC 3986 section 2.3 */
static bool unreserved(uint8_t c)
{
	if ((lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9'))
		return true;
	return c == '-' || c == '.' || c == '_' || c == '~';
}

/* TEXT with its escapes in capitals and those of unreserved characters resolved (6.2.2.1, 6.2.2.2);
 * FOLD: all else in lower case. */
static bool put_escaped(struct normal *out, struct up_span text, bool fold)
{
	static const char digits[] = "0123456789ABCDEF";
	uint8_t c;

	for (size_t i = 0; i < text.n; i++) {
		c = text.p[i];
		if (c != '%') {
			out->p[out->n++] = fold ? lower(c) : c;
			continue;
		}
		if (text.n - i < 3)
			return false;
		if (up_text_hex_decode(up_span_of(text.p + i + 1, 2), &c, 1) != UP_OK)
			return false;
		if (unreserved(c)) {
			out->p[out->n++] = fold ? lower(c) : c;
		} else {
			out->p[out->n++] = '%';
			out->p[out->n++] = (uint8_t)digits[c >> 4];
			out->p[out->n++] = (uint8_t)digits[c & 15];
		}
		i += 2;
	}
	return true;
}

/* Without "." and ".." segments (RFC 3986 section 5.2.4); the path begins at BASE with '/'. */
static void remove_dots(struct normal *out, size_t base)
{
	struct up_span segment, rest = up_span_of(out->p + base + 1, out->n - base - 1);
	size_t to = base;                /* of the next segment's '/': never past what is unread */
	bool more = true, dots = false;

	while (more) {
		more = up_span_cut(rest, '/', &segment, &rest);
		dots = up_span_eq_str(segment, ".") || up_span_eq_str(segment, "..");
		if (up_span_eq_str(segment, ".."))
			while (to > base && out->p[--to] != '/')
				;
		if (dots)
			continue;
		out->p[to++] = '/';
		memmove(out->p + to, segment.p, segment.n);
		to += segment.n;
	}
	if (dots)
		out->p[to++] = '/';
	out->n = to;
}

/* Host and port; a default or empty port goes (6.2.3). */
static bool put_authority(struct normal *out, struct up_span authority, const char *standard)
{
	size_t host = authority.n;
	struct up_span port;

	if (memchr(authority.p, '@', authority.n) != NULL)
		return false;
	while (host > 0 && authority.p[host - 1] >= '0' && authority.p[host - 1] <= '9')
		host--;
	if (host == 0 || authority.p[host - 1] != ':')
		return authority.n > 0 && put_escaped(out, authority, true);
	port = up_span_of(authority.p + host, authority.n - host);
	if (host == 1 || !put_escaped(out, up_span_of(authority.p, host - 1), true))
		return false;
	if (port.n > 0 && !up_span_eq_str(port, standard))
		put(out, authority.p + host - 1, port.n + 1);
	return true;
}

static size_t until(struct up_span s, const char *stops)
{
	size_t n = 0;

	while (n < s.n && strchr(stops, s.p[n]) == NULL)
		n++;
	return n;
}

static bool normalise(struct up_span uri, struct normal *out)
{
	struct up_span scheme, rest;
	bool secure;
	size_t n;

	out->n = 0;
	for (size_t i = 0; i < uri.n; i++)
		if (uri.p[i] <= ' ' || uri.p[i] >= 0x7f || uri.p[i] == '\\')
			return false;
	if (uri.n > URI_MAX || !up_span_cut(uri, ':', &scheme, &rest))
		return false;
	if (!up_span_starts(rest, "//"))
		return false;
	secure = up_span_ieq_str(scheme, "https");
	if (!secure && !up_span_ieq_str(scheme, "http"))
		return false;
	put(out, secure ? "https://" : "http://", secure ? 8 : 7);
	rest = up_span_of(rest.p + 2, rest.n - 2);
	n = until(rest, "/?#");
	if (!put_authority(out, up_span_of(rest.p, n), secure ? "443" : "80"))
		return false;
	rest = up_span_of(rest.p + n, rest.n - n);
	n = until(rest, "?#");
	if (n == 0) {
		put(out, "/", 1);
		return true;
	}
	size_t base = out->n;

	if (!put_escaped(out, up_span_of(rest.p, n), false))
		return false;
	remove_dots(out, base);
	return true;
}

bool up_uri_same(struct up_span a, struct up_span b)
{
	struct normal x, y;

	if (!normalise(a, &x) || !normalise(b, &y))
		return false;
	return up_span_eq(up_span_of(x.p, x.n), up_span_of(y.p, y.n));
}
