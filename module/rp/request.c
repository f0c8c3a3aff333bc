/* SPDX-License-Identifier: Apache-2.0 */
#include "module/rp/request.h"

#include <string.h>

#include "module/rp/inside.h"

static bool is_zero_q(struct up_span params)
{
	struct up_span one;

	while (params.n > 0) {
		up_span_cut(params, ';', &one, &params);
		one = up_span_trim(one);
		if (one.n < 3 || (one.p[0] | 0x20) != 'q' || one.p[1] != '=' || one.p[2] != '0')
			continue;
		for (size_t i = 3; i < one.n; i++)
			if (one.p[i] != '.' && one.p[i] != '0')
				return false;
		return true;
	}
	return false;
}

bool up_request_accepts(const struct up_rp_request *r, const char *media)
{
	struct up_span rest = r->accept, one, type, params;

	while (rest.n > 0) {
		up_span_cut(rest, ',', &one, &rest);
		up_span_cut(one, ';', &type, &params);
		if (up_span_ieq_str(up_span_trim(type), media))
			return !is_zero_q(params);
	}
	return false;
}

/* A person leaves one page for another. */
static bool is_leaving(const struct up_rp_request *r)
{
	if (r->sec_fetch_mode.n > 0)
		return up_span_eq_str(r->sec_fetch_mode, "navigate");
	return r->requested_with.n == 0 && up_request_accepts(r, "text/html");
}

bool up_request_is_navigation(const struct up_rp_request *r)
{
	return (up_span_eq_str(r->method, "GET") || up_span_eq_str(r->method, "HEAD")) &&
	    is_leaving(r);
}

bool up_request_is_sent_form(const struct up_rp_request *r)
{
	return up_span_eq_str(r->method, "POST") && is_leaving(r);
}

/* Sec-Purpose "prefetch", "prefetch;prerender"; Purpose, X-Purpose, X-Moz "prefetch", "preview". */
bool up_request_is_ahead(const struct up_rp_request *r)
{
	return up_span_starts(up_span_trim(r->purpose), "pre");
}

bool up_request_is_framed(const struct up_rp_request *r)
{
	static const char *const frames[] = { "iframe", "frame", "embed", "object", "fencedframe" };

	for (size_t i = 0; i < UP_ARRAY_LEN(frames); i++)
		if (up_span_eq_str(r->sec_fetch_dest, frames[i]))
			return true;
	return false;
}

bool up_request_is_seen(const struct up_rp_request *r)
{
	if (up_request_is_ahead(r))
		return false;
	return r->sec_fetch_dest.n > 0 ? up_span_eq_str(r->sec_fetch_dest, "document")
	    : up_request_is_navigation(r);
}

bool up_request_wants_page(const struct up_rp_request *r)
{
	if (r->requested_with.n > 0 || up_request_accepts(r, "application/json"))
		return false;
	if (r->sec_fetch_mode.n > 0 && !up_span_eq_str(r->sec_fetch_mode, "navigate"))
		return false;
	return up_request_accepts(r, "text/html") || up_span_eq_str(r->sec_fetch_mode, "navigate");
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

/* Without a port that says no more than the scheme does; browsers leave it out,
 * proxies may add it. */
static struct up_span without_port(struct up_span host, const char *standard)
{
	size_t n = host.n;

	while (n > 0 && host.p[n - 1] >= '0' && host.p[n - 1] <= '9')
		n--;
	if (n == 0 || host.p[n - 1] != ':')
		return host;
	return n == host.n || up_span_eq_str(up_span_of(host.p + n, host.n - n), standard)
	    ? up_span_of(host.p, n - 1) : host;
}

static bool origin_is_host(struct up_span origin, struct up_span host)
{
	bool secure = up_span_starts(origin, "https://");
	size_t scheme = secure ? 8 : up_span_starts(origin, "http://") ? 7 : 0;
	struct up_span a = without_port(up_span_of(origin.p + scheme, origin.n - scheme),
	    secure ? "443" : "80");
	struct up_span b = without_port(host, secure ? "443" : "80");

	if (scheme == 0 || b.n == 0 || a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

bool up_request_same_origin(const struct up_rp_request *r)
{
	if (r->sec_fetch_site.n > 0)
		return up_span_eq_str(r->sec_fetch_site, "same-origin");
	return origin_is_host(r->origin, r->host);
}

bool up_request_is_form(const struct up_rp_request *r)
{
	struct up_span type, params;

	up_span_cut(r->content_type, ';', &type, &params);
	return up_span_ieq_str(up_span_trim(type), "application/x-www-form-urlencoded");
}

bool up_request_item_ok(struct up_span item)
{
	for (size_t i = 0; i < item.n; i++) {
		uint8_t c = item.p[i], l = c | 0x20;

		if (!((c >= '0' && c <= '9') || (l >= 'a' && l <= 'z') || c == '.' || c == '_' ||
			c == ':' || c == '-'))
			return false;
	}
	return item.n > 0 && item.n <= UP_RP_ITEM_MAX;
}
