/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/limits.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* BURST at once, then one per EVERY_MS. Offices share one address: per-address limits leave room
 * for a building, where 800 people sign in within five minutes. One client's logins under way, at
 * most 4000 + 300 s / 3 ms, stay under half of the transactions that a server keeps by default. */
static const struct { const char *kind; unsigned burst; int64_t every_ms; } limits[UP_LIMITS] = {
	[UP_LIMIT_START_CLIENT] = { "start-client", 4000, 3 },
	[UP_LIMIT_START_SOURCE] = { "start-source", 300, 500 },
	[UP_LIMIT_BAD_CLIENT] = { "bad-client", 30, 2000 },
	[UP_LIMIT_PHONE] = { "phone", 60, 500 },
	[UP_LIMIT_PHONE_ADDRESS] = { "phone-address", 120, 500 },
	[UP_LIMIT_BAD_CODE] = { "bad-code", 20, 3000 },
	[UP_LIMIT_ENROL] = { "enrol", 30, 4000 },
	[UP_LIMIT_ENROL_ALL] = { "enrol-all", 300, 1000 },
	[UP_LIMIT_DECISION] = { "decision", 60, 500 },
	[UP_LIMIT_UNIT] = { "unit", 300, 100 },
	[UP_LIMIT_WATCH] = { "watch", 20, 500 },
	[UP_LIMIT_PAGE] = { "page", 120, 500 },
	[UP_LIMIT_REALNAME_PHONE] = { "realname-phone", 60, 10000 },
	[UP_LIMIT_REALNAME_PERSON] = { "realname-person", 10, 60000 },
};

/* False: scaled beyond one a millisecond there is no limit left to keep. */
static bool bucket(
    const struct up_server *s, enum up_limit which, struct up_span who, struct up_live_bucket *out)
{
	long percent = s->config->rate_percent;
	uint64_t burst = (uint64_t)limits[which].burst * (uint64_t)percent / 100;

	*out = (struct up_live_bucket){ limits[which].kind, who, burst < 1 ? 1 : (unsigned)burst,
		limits[which].every_ms * 100 / percent };
	return out->every_ms >= 1;
}

enum up_err up_limits_spend(
    struct up_server *s, enum up_limit which, struct up_span who, int64_t now_ms)
{
	struct up_live_bucket b;

	if (!bucket(s, which, who, &b))
		return UP_OK;
	return up_live_rate(s->live, b.kind, b.who, b.burst, b.every_ms, now_ms);
}

enum up_err up_limits_share(struct up_server *s, enum up_limit own, struct up_span who,
    enum up_limit shared, struct up_span of, int64_t now_ms)
{
	struct up_live_bucket mine, all;

	if (!bucket(s, own, who, &mine))
		return up_limits_spend(s, shared, of, now_ms);
	if (!bucket(s, shared, of, &all))
		return up_limits_spend(s, own, who, now_ms);
	return up_live_rate_share(s->live, &mine, &all, now_ms);
}

void up_limits_network(const char *ip, char out[UP_LIMITS_NETWORK])
{
	struct in6_addr a;

	snprintf(out, UP_LIMITS_NETWORK, "%s", ip);
	if (strchr(ip, ':') == NULL || inet_pton(AF_INET6, ip, &a) != 1 || IN6_IS_ADDR_V4MAPPED(&a))
		return;
	memset(a.s6_addr + 8, 0, 8);
	inet_ntop(AF_INET6, &a, out, UP_LIMITS_NETWORK);
}

enum up_err up_limits_spend_source(
    struct up_server *s, enum up_limit which, const char *ip, int64_t now_ms)
{
	char net[UP_LIMITS_NETWORK];

	up_limits_network(ip, net);
	return up_limits_spend(s, which, up_span_str(net), now_ms);
}

enum up_err up_limits_share_source(
    struct up_server *s, enum up_limit own, const char *ip, enum up_limit shared, int64_t now_ms)
{
	char net[UP_LIMITS_NETWORK];

	up_limits_network(ip, net);
	return up_limits_share(s, own, up_span_str(net), shared, UP_SPAN_LIT("all"), now_ms);
}

void up_limits_source_of(const char *client, struct up_span ip, char out[160])
{
	char text[UP_LIMITS_NETWORK], net[UP_LIMITS_NETWORK];

	snprintf(text, sizeof(text), "%.*s", (int)ip.n, (const char *)ip.p);
	up_limits_network(text, net);
	snprintf(out, 160, "%.100s %s", client, net);
}

void up_limits_punish(struct up_server *s, enum up_limit which, struct up_span who, int64_t now_ms)
{
	const unsigned most = limits[which].burst / 2;
	struct up_live_bucket b;

	/* Nothing is lost where it cannot be reached: what was declined stays so. */
	if (bucket(s, which, who, &b))
		(void)!up_live_rate_spend(
		    s->live, &b, b.burst / 2 < most ? b.burst / 2 : most, now_ms);
}
