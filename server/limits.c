/* SPDX-License-Identifier: Apache-2.0 */
#include "server/limits.h"

/* BURST at once, then one per EVERY_MS. Offices share one address: per-address limits leave room for a building. */
static const struct { const char *kind; unsigned burst; int64_t every_ms; } limits[UP_LIMITS] = {
	[UP_LIMIT_START_CLIENT] = { "start-client", 4000, 2 },
	[UP_LIMIT_START_SOURCE] = { "start-source", 120, 1000 },
	[UP_LIMIT_BAD_CLIENT] = { "bad-client", 30, 2000 },
	[UP_LIMIT_PHONE] = { "phone", 60, 500 },
	[UP_LIMIT_PHONE_ADDRESS] = { "phone-address", 120, 500 },
	[UP_LIMIT_BAD_CODE] = { "bad-code", 20, 3000 },
	[UP_LIMIT_ENROL] = { "enrol", 30, 4000 },
	[UP_LIMIT_UNIT] = { "unit", 300, 100 },
	[UP_LIMIT_WATCH] = { "watch", 20, 500 },
	[UP_LIMIT_PAGE] = { "page", 120, 500 },
};

enum up_err up_limits_spend(struct up_server *s, enum up_limit which, struct up_span who, int64_t now_ms)
{
	long percent = s->config->rate_percent;
	uint64_t burst = (uint64_t)limits[which].burst * (uint64_t)percent / 100;
	int64_t every = limits[which].every_ms * 100 / percent;

	/* Scaled beyond one a millisecond there is no limit left to keep. */
	if (every < 1)
		return UP_OK;
	return up_live_rate(s->live, limits[which].kind, who, burst < 1 ? 1 : (unsigned)burst, every, now_ms);
}

void up_limits_punish(struct up_server *s, enum up_limit which, struct up_span who, int64_t now_ms)
{
	for (unsigned i = 0; i < limits[which].burst / 2; i++)
		if (up_limits_spend(s, which, who, now_ms) != UP_OK)
			return;
}
