/* SPDX-License-Identifier: Apache-2.0 */
#include "module/rp/cache.h"

#include "module/rp/request.h"

const char *const up_cache_others[] = { "Expires", "X-Accel-Expires", "Surrogate-Control",
	"CDN-Cache-Control", NULL };

/* Up to the next comma that stands outside quotes. */
static struct up_span next_directive(struct up_span *rest)
{
	struct up_span one = { rest->p, 0 };
	bool quoted = false;

	while (one.n < rest->n && (quoted || one.p[one.n] != ',')) {
		if (one.p[one.n] == '"')
			quoted = !quoted;
		one.n++;
	}
	rest->p += one.n + (one.n < rest->n);
	rest->n -= one.n + (one.n < rest->n);
	return up_span_trim(one);
}

static bool is_zero(struct up_span seconds)
{
	for (size_t i = 0; i < seconds.n; i++)
		if (seconds.p[i] != '0' && seconds.p[i] != '"')
			return false;
	return true;
}

/* With an argument "private" and "no-cache" speak of single headers only. */
void up_cache_read(struct up_cache *c, struct up_span value)
{
	struct up_span name, argument;

	while (value.n > 0) {
		up_span_cut(next_directive(&value), '=', &name, &argument);
		if (up_span_ieq_str(name, "no-store"))
			c->never = true;
		else if (up_span_ieq_str(name, "public") || up_span_ieq_str(name, "s-maxage"))
			c->shared = true;
		else if (up_span_ieq_str(name, "private") && argument.n == 0)
			c->own = true;
		else if (up_span_ieq_str(name, "no-cache") && argument.n == 0)
			c->asks = true;
		else if (up_span_ieq_str(name, "max-age"))
			c->dated = true;
		if (up_span_ieq_str(name, "max-age") && !is_zero(argument))
			c->fresh = true;
	}
}

const char *up_cache_add(const struct up_cache *c, bool page, bool *vary)
{
	static const char *const texts[2][2] = {
		{ NULL, "no-cache" }, { "private", "private, no-cache" },
	};

	*vary = false;
	if (c->never || c->shared)
		return NULL;
	if (page && !c->fresh)
		return UP_CACHE_NEVER;
	*vary = true;
	return texts[!c->own][!c->asks && !c->dated];
}

bool up_cache_varies(struct up_span value)
{
	while (value.n > 0) {
		struct up_span one = next_directive(&value);

		if (up_span_ieq_str(one, "Cookie") || up_span_eq_str(one, "*"))
			return true;
	}
	return false;
}

bool up_cache_is_page(struct up_span content_type, const struct up_rp_request *r)
{
	struct up_span type, params;

	up_span_cut(content_type, ';', &type, &params);
	type = up_span_trim(type);
	return up_span_ieq_str(type, "text/html") ||
	    up_span_ieq_str(type, "application/xhtml+xml") ||
	    up_span_eq_str(r->sec_fetch_mode, "navigate") || up_request_is_navigation(r);
}

bool up_cache_is_cookie(struct up_span set_cookie)
{
	return up_span_starts(set_cookie, UP_RP_SESSION_COOKIE);
}
