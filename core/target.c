/* SPDX-License-Identifier: Apache-2.0 */
#include "core/target.h"

#include "core/text.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define RETURN_TO_MAX 1024
#define ROUNDS_MAX 4                     /* nobody honest escapes an escape that often */
#define OWN_PATH ".unitpass"

enum { FAMILY_UNIX = 1, FAMILY_4 = 4, FAMILY_6 = 6 };

static int hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One round of percent-decoding in place.  *CHANGED: there was an escape.  False: an escape
 * hides what must not be hidden.  In the FIRST round "%2F" may stand within a name
 * ("/repo/group%2Fproject"), and no escape be broken (later rounds meet a lone '%' that stood as
 * %25). */
static bool decode_round(uint8_t *path, size_t *n, bool first, bool *changed)
{
	size_t to = 0;

	*changed = false;
	for (size_t i = 0; i < *n; i++) {
		uint8_t c = path[i];

		if (c == '%') {
			int hi = *n - i > 2 ? hex_value(path[i + 1]) : -1;
			int lo = *n - i > 2 ? hex_value(path[i + 2]) : -1;

			if (hi >= 0 && lo >= 0) {
				c = (uint8_t)(hi << 4 | lo);
				if (c < 0x20 || c == 0x7f || (c == '/' && !first) || c == '\\')
					return false;
				i += 2;
				*changed = true;
			} else if (first) {
				return false;
			}
		}
		if (c == '/' && to > 0 && path[to - 1] == '/')
			return false;
		path[to++] = c;
	}
	*n = to;
	return true;
}

/* Do the segments stay within the root, and out of our own endpoints?  Some servers cut ";x" off a
 * segment before they judge its dots, so we do too. */
static bool segments_ok(struct up_span path)
{
	size_t depth = 0;
	struct up_span segment, plain, rest = up_span_of(path.p + 1, path.n - 1);
	bool more = true;

	while (more) {
		more = up_span_cut(rest, '/', &segment, &rest);
		up_span_cut(segment, ';', &plain, &(struct up_span){ 0 });
		if (up_span_eq_str(plain, "..")) {
			if (depth-- == 0)
				return false;
		} else if (!up_span_eq_str(plain, ".") && segment.n > 0) {
			if (depth++ == 0 && up_span_ieq_str(plain, OWN_PATH))
				return false;
		}
	}
	return true;
}

bool up_target_ok(struct up_span to)
{
	uint8_t path[RETURN_TO_MAX];
	size_t n = 0;
	bool changed = true;

	if (to.n == 0 || to.n > RETURN_TO_MAX || to.p[0] != '/')
		return false;
	for (size_t i = 0; i < to.n; i++)
		if (to.p[i] <= ' ' || to.p[i] >= 0x7f || to.p[i] == '\\')
			return false;
	while (n < to.n && to.p[n] != '?' && to.p[n] != '#') {
		if (to.p[n] == '/' && n > 0 && to.p[n - 1] == '/')
			return false;
		path[n] = to.p[n];
		n++;
	}
	if (!segments_ok(up_span_of(path, n)))
		return false;
	for (unsigned round = 0; changed; round++)
		if (round == ROUNDS_MAX || !decode_round(path, &n, round == 0, &changed) ||
		    !segments_ok(up_span_of(path, n)))
			return false;
	return up_text_utf8_valid(up_span_of(path, n));
}

/* ---- addresses ---- */

struct address {
	uint8_t bytes[16];
	uint8_t family;
};

/* TEXT as an IP address, IPv4-mapped as IPv4, or "unix:". */
static bool parse_address(struct up_span text, struct address *out)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	char s[INET6_ADDRSTRLEN];

	*out = (struct address){ 0 };
	if (up_span_eq_str(text, "unix:")) {
		out->family = FAMILY_UNIX;
		return true;
	}
	if (text.n == 0 || text.n >= sizeof s || memchr(text.p, '\0', text.n) != NULL)
		return false;
	memcpy(s, text.p, text.n);
	s[text.n] = '\0';
	if (inet_pton(AF_INET, s, out->bytes) == 1) {
		out->family = FAMILY_4;
		return true;
	}
	if (inet_pton(AF_INET6, s, out->bytes) != 1)
		return false;
	out->family = FAMILY_6;
	if (memcmp(out->bytes, mapped, sizeof mapped) == 0) {
		memmove(out->bytes, out->bytes + 12, 4);
		memset(out->bytes + 4, 0, 12);
		out->family = FAMILY_4;
	}
	return true;
}

/* As inet_ntop() writes it, without its sprintf(): this is done for each request. */
void up_target_put4(const uint8_t a[4], char out[16])
{
	for (size_t i = 0; i < 4; i++) {
		if (a[i] >= 100)
			*out++ = (char)('0' + a[i] / 100);
		if (a[i] >= 10)
			*out++ = (char)('0' + a[i] / 10 % 10);
		*out++ = (char)('0' + a[i] % 10);
		*out++ = i < 3 ? '.' : '\0';
	}
}

static void address_text(const struct address *a, char out[46])
{
	if (a->family == FAMILY_UNIX)
		memcpy(out, "unix:", 6);
	else if (a->family == FAMILY_4)
		up_target_put4(a->bytes, out);
	else if (inet_ntop(AF_INET6, a->bytes, out, 46) == NULL)
		out[0] = '\0';
}

static bool same_bits(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	if (memcmp(a, b, whole) != 0)
		return false;
	return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

/* Nothing set beyond the prefix: "10.0.0.1/8" is more likely a slip than a wish. */
static bool bits_clear_after(const uint8_t addr[16], unsigned bits)
{
	for (unsigned i = bits; i < 128; i++)
		if (addr[i / 8] & (0x80 >> i % 8))
			return false;
	return true;
}

enum up_err up_target_cidr(struct up_span text, struct up_cidr *out)
{
	struct up_span ip, prefix;
	struct address a;
	uint64_t bits;
	bool has_prefix = up_span_cut(text, '/', &ip, &prefix);

	*out = (struct up_cidr){ 0 };
	if (!parse_address(ip, &a) || (has_prefix && a.family == FAMILY_UNIX))
		return UP_E_FORMAT;
	/* A mapped address is written in the terms of IPv6, its prefix too. */
	bool mapped = a.family == FAMILY_4 && memchr(ip.p, ':', ip.n) != NULL;
	unsigned most = a.family == FAMILY_4 && !mapped ? 32 : 128;

	bits = a.family == FAMILY_UNIX ? 0 : most;
	if (has_prefix) {
		enum up_err err = up_span_u64(prefix, most, &bits);

		if (err != UP_OK)
			return err;
	}
	if (mapped) {
		if (bits < 96)
			return UP_E_RANGE;
		bits -= 96;
	}
	if (!bits_clear_after(a.bytes, (unsigned)bits))
		return UP_E_RANGE;
	memcpy(out->addr, a.bytes, sizeof out->addr);
	out->bits = (uint8_t)bits;
	out->family = a.family;
	return UP_OK;
}

static bool address_in(const struct address *a, const struct up_cidr *nets, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (nets[i].family == a->family && same_bits(nets[i].addr, a->bytes, nets[i].bits))
			return true;
	return false;
}

bool up_target_in(struct up_span ip, const struct up_cidr *nets, size_t n)
{
	struct address a;

	return parse_address(ip, &a) && address_in(&a, nets, n);
}

/* ---- addresses as proxies write them ---- */

/* RFC 7239 section 6: digits, or "_" and a name in a port's place. */
static bool is_port(struct up_span port)
{
	size_t digits = 0;

	if (up_span_starts(port, "_"))
		return port.n > 1;
	while (digits < port.n && port.p[digits] >= '0' && port.p[digits] <= '9')
		digits++;
	return digits == port.n && digits > 0 && digits <= 5;
}

static struct up_span without_quotes(struct up_span s)
{
	bool quoted = s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"';

	return quoted ? up_span_trim(up_span_of(s.p + 1, s.n - 2)) : s;
}

/* The address in "1.2.3.4:80", "[::1]:80", "[::1]"; S itself when nothing is around it. */
static struct up_span without_port(struct up_span s)
{
	struct up_span ip, port, rest;

	if (up_span_starts(s, "[")) {
		if (!up_span_cut(up_span_of(s.p + 1, s.n - 1), ']', &ip, &rest) ||
		    memchr(ip.p, ':', ip.n) == NULL)
			return s;
		if (rest.n == 0)
			return ip;
		return rest.p[0] == ':' && is_port(up_span_of(rest.p + 1, rest.n - 1)) ? ip : s;
	}
	/* one ':' only: more belong to an IPv6 address */
	return up_span_cut(s, ':', &ip, &port) && is_port(port) ? ip : s;
}

/* The zone of a link-local address (RFC 4007) names an interface of the machine that wrote it:
 * nothing to us. */
static struct up_span without_zone(struct up_span s)
{
	struct up_span ip, zone;

	if (!up_span_cut(s, '%', &ip, &zone) || zone.n == 0 || memchr(ip.p, ':', ip.n) == NULL)
		return s;
	return ip;
}

static bool parse_written(struct up_span text, struct address *out)
{
	if (parse_address(text, out))
		return true;
	return parse_address(without_zone(without_port(without_quotes(up_span_trim(text)))), out);
}

bool up_target_address(struct up_span text, char out[46])
{
	struct address a;

	out[0] = '\0';
	if (!parse_written(text, &a) || a.family == FAMILY_UNIX)
		return false;
	address_text(&a, out);
	return true;
}

/* The last member that is not empty (RFC 9110 section 5.6.1.2) into *HOP,
 * those before it stay in *LIST. False: none. */
static bool take_last_hop(struct up_span *list, struct up_span *hop)
{
	*hop = up_span_of(NULL, 0);
	while (list->n > 0 && hop->n == 0) {
		size_t at = list->n;

		while (at > 0 && list->p[at - 1] != ',')
			at--;
		*hop = up_span_trim(up_span_of(list->p + at, list->n - at));
		*list = up_span_of(list->p, at > 0 ? at - 1 : 0);
	}
	return hop->n > 0;
}

void up_target_client_ip(
    struct up_span peer, struct up_span xff, const struct up_cidr *trusted, size_t n, char out[46])
{
	struct address at, next;
	struct up_span hop;

	out[0] = '\0';
	if (!parse_written(peer, &at))
		return;
	while (address_in(&at, trusted, n) && take_last_hop(&xff, &hop)) {
		if (!parse_written(hop, &next))
			break;
		if (next.family == FAMILY_UNIX && !address_in(&next, trusted, n))
			break;
		at = next;
	}
	address_text(&at, out);
}

/* ---- URLs ---- */

static bool label_char(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

/* Labels of 1-63 characters, no dash at an end. */
static bool good_name(struct up_span host)
{
	size_t label = 0;

	if (host.n == 0 || host.n > 253)
		return false;
	for (size_t i = 0; i <= host.n; i++) {
		if (i < host.n && host.p[i] != '.') {
			if (!label_char(host.p[i]) || (label == 0 && host.p[i] == '-') ||
			    ++label > 63)
				return false;
			continue;
		}
		if (label == 0 || host.p[i - 1] == '-')
			return false;
		label = 0;
	}
	return true;
}

/* Browsers read a host whose last label is a number, in decimal or 0x form, as an IPv4 address. */
static bool ends_in_number(struct up_span host)
{
	size_t at = host.n;

	while (at > 0 && host.p[at - 1] != '.')
		at--;
	struct up_span last = up_span_of(host.p + at, host.n - at);

	if (up_span_starts(last, "0x"))
		return true;
	for (size_t i = 0; i < last.n; i++)
		if (last.p[i] < '0' || last.p[i] > '9')
			return false;
	return true;
}

static bool good_host(struct up_span host, bool *loopback)
{
	static const uint8_t one[16] = { [15] = 1 };
	struct address a;
	char text[46];

	if (host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']') {
		host = up_span_of(host.p + 1, host.n - 2);
		if (!parse_address(host, &a) || a.family != FAMILY_6)
			return false;
		address_text(&a, text);
		*loopback = memcmp(a.bytes, one, sizeof one) == 0;
		return up_span_eq_str(host, text);
	}
	*loopback = up_span_eq_str(host, "localhost");
	if (!good_name(host))
		return false;
	if (!ends_in_number(host))
		return true;
	if (!parse_address(host, &a) || a.family != FAMILY_4)
		return false;
	*loopback = a.bytes[0] == 127;
	return true;
}

static bool good_port(struct up_span port, uint64_t standard)
{
	uint64_t v;

	return up_span_u64(port, 65535, &v) == UP_OK && v != 0 && v != standard;
}

/* Where the host ends: at the ':' of a port, which in "[::1]:80" follows the bracket. */
static size_t host_len(struct up_span authority)
{
	const uint8_t *from = authority.p;

	if (authority.n == 0)
		return 0;
	if (authority.p[0] == '[' && (from = memchr(authority.p, ']', authority.n)) == NULL)
		return 0;
	size_t skip = (size_t)(from - authority.p);
	const uint8_t *colon = memchr(from, ':', authority.n - skip);

	return colon == NULL ? authority.n : (size_t)(colon - authority.p);
}

enum up_err up_target_url(struct up_span url, struct up_span *origin, struct up_span *path)
{
	bool secure = up_span_starts(url, "https://"), loopback = false;
	size_t scheme = secure ? 8 : 7, end;

	*origin = *path = up_span_of(NULL, 0);
	if (!secure && !up_span_starts(url, "http://"))
		return UP_E_FORMAT;
	for (size_t i = 0; i < url.n; i++)
		if (url.p[i] <= ' ' || url.p[i] >= 0x7f || url.p[i] == '\\' || url.p[i] == '#')
			return UP_E_FORMAT;
	for (end = scheme; end < url.n && url.p[end] != '/'; end++)
		;
	struct up_span authority = up_span_of(url.p + scheme, end - scheme);
	size_t host = host_len(authority);

	if (!good_host(up_span_of(authority.p, host), &loopback) || (!secure && !loopback))
		return UP_E_FORMAT;
	if (host < authority.n &&
	    !good_port(
		up_span_of(authority.p + host + 1, authority.n - host - 1), secure ? 443 : 80))
		return UP_E_FORMAT;
	*origin = up_span_of(url.p, end);
	*path = up_span_of(url.p + end, url.n - end);
	return UP_OK;
}

bool up_target_metadata(const char *issuer, unsigned i, char url[UP_TARGET_METADATA_MAX])
{
	static const struct { const char *name; bool between; } places[] = {
		{ "/.well-known/openid-configuration", false },
		{ "/.well-known/oauth-authorization-server", true },
		{ "/.well-known/openid-configuration", true },
		{ "/.well-known/oauth-authorization-server", false },
	};
	struct up_span origin, path;
	int n;

	if (up_target_url(up_span_str(issuer), &origin, &path) != UP_OK)
		return false;
	if (path.n > 0 && path.p[path.n - 1] == '/')
		path.n--;
	/* without a path the last two are the first two */
	if (i >= (path.n > 0 ? UP_ARRAY_LEN(places) : 2))
		return false;
	if (places[i].between)
		n = snprintf(url, UP_TARGET_METADATA_MAX, "%.*s%s%.*s", (int)origin.n,
		    (const char *)origin.p, places[i].name, (int)path.n, (const char *)path.p);
	else
		n = snprintf(url, UP_TARGET_METADATA_MAX, "%.*s%.*s%s", (int)origin.n,
		    (const char *)origin.p, (int)path.n, (const char *)path.p, places[i].name);
	return n > 0 && n < UP_TARGET_METADATA_MAX;
}
