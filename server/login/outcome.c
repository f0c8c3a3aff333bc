/* SPDX-License-Identifier: Apache-2.0 */
#include "server/login/outcome.h"

#include <stdio.h>
#include <string.h>

#include "server/log.h"
#include "server/http/metrics.h"

#define GOES_ON UP_METRIC_RESULTS

static const struct {
	const char *tag;
	enum up_log_level level;
	enum up_metric_result ends;
} rows[] = {
    [UP_OUTCOME_LOGIN] = {"login", UP_LOG_INFO, UP_METRIC_OK},
    [UP_OUTCOME_DENIED] = {"login_denied", UP_LOG_INFO, UP_METRIC_DENIED_BY_HOLDER},
    [UP_OUTCOME_NOT_MINE] = {"login_denied", UP_LOG_WARNING, UP_METRIC_DENIED_BY_HOLDER},
    [UP_OUTCOME_EXPIRED] = {"login_expired", UP_LOG_INFO, UP_METRIC_TIMED_OUT},
    [UP_OUTCOME_PASSWORD] = {"wrong_password", UP_LOG_WARNING, GOES_ON},
    [UP_OUTCOME_REFUSED] = {"refused", UP_LOG_INFO, GOES_ON},
};

/* NULL when there is nothing: the line leaves it out. */
static const char *text(struct up_span s, char *out, size_t cap)
{
	size_t n = s.n < cap ? s.n : cap - 1;

	if (n == 0)
		return NULL;
	memcpy(out, s.p, n);
	out[n] = '\0';
	return out;
}

static const char *given(const char *s)
{
	return s != NULL && s[0] != '\0' ? s : NULL;
}

static void write_line(enum up_outcome what, const struct up_outcome_of *of)
{
	static const struct up_login_info nothing;
	static const struct up_role nobody;
	const struct up_login_info *in = of->info != NULL ? of->info : &nothing;
	const struct up_role *role = of->role != NULL ? of->role : &nobody;
	char client[101], item[65], ip[46], took[24];

	snprintf(took, sizeof(took), "%lld", (long long)(of->now_ms - in->started_ms));
	up_log(rows[what].level, rows[what].tag, "event", given(of->event), "reason",
	    given(of->reason), "unit", given(role->unit_code), "role", given(role->role), "holder",
	    given(role->ref), "client", text(in->client, client, sizeof(client)), "item",
	    text(in->item, item, sizeof(item)), "transaction", given(in->id), "ip",
	    text(in->initiator_ip, ip, sizeof(ip)), "phone", given(of->phone), "phone_ip",
	    given(of->phone_ip), "ms", what == UP_OUTCOME_LOGIN ? took : NULL, NULL);
}

void up_outcome_tell(enum up_outcome what, const struct up_outcome_of *of)
{
	write_line(what, of);
	if (rows[what].ends != GOES_ON && of->info != NULL)
		up_metrics_login(of->info->client, rows[what].ends);
	if (what == UP_OUTCOME_LOGIN && of->info != NULL)
		up_metrics_took(of->now_ms - of->info->started_ms);
}
