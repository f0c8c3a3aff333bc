/* SPDX-License-Identifier: Apache-2.0 */
#include "server/expiry.h"

#include <stdlib.h>
#include <time.h>

#include "server/log.h"
#include "server/login_record.h"
#include "server/metrics.h"
#include "server/outcome.h"

#define TICK_NS 200000000

static pthread_t thread;
static atomic_bool stop, running;

struct expired {
	struct up_job job;
	struct up_catalogue *catalogue;  /* the record borrows from both */
	struct up_login_info info;
	struct up_buf text;
	char record_id[23];
};

static void free_expired(struct expired *x)
{
	up_catalogue_put(&x->catalogue);
	up_store_role_free(&x->job.out_role);
	up_buf_free(&x->text);
	free(x);
}

static void done(struct up_job *job)
{
	struct expired *x = job->arg;

	if (job->err != UP_OK)
		up_log(UP_LOG_ERROR, "expiry_not_recorded", "transaction", x->info.id, "reason", up_err_name(job->err), NULL);
	free_expired(x);
}

/* INFO is borrowed for the call only, the record is written later: its texts are copied. */
static struct up_span keep(struct expired *x, struct up_span s, size_t *at)
{
	struct up_span copy = { x->text.p + *at, s.n };

	*at += s.n;
	return copy;
}

static bool copy_info(struct expired *x, const struct up_login_info *in)
{
	const struct up_span from[] = { in->client, in->item, in->purpose, in->initiator_ip, in->initiator_agent, in->browser };
	struct up_span *to[] = { &x->info.client, &x->info.item, &x->info.purpose, &x->info.initiator_ip, &x->info.initiator_agent, &x->info.browser };
	size_t at = 0;

	x->info = *in;
	for (size_t i = 0; i < UP_ARRAY_LEN(from); i++)
		up_buf_put_span(&x->text, from[i]);
	for (size_t i = 0; !x->text.failed && i < UP_ARRAY_LEN(from); i++)
		*to[i] = keep(x, from[i], &at);
	return !x->text.failed;
}

static void on_expired(void *arg, const struct up_login_info *info, int64_t device, int64_t role)
{
	const struct up_outcome_of of = {
	    .info = info, .reason = role != 0 ? "not_redeemed" : "not_decided"};
	struct up_server *s = arg;
	struct expired *x = calloc(1, sizeof(*x));
	int64_t now;

	up_metrics_count(UP_METRIC_EXPIRED);
	up_outcome_tell(UP_OUTCOME_EXPIRED, &of);
	if (x == NULL || !copy_info(x, info) || up_clock_now(s, &now) != UP_OK) {
		up_log(UP_LOG_ERROR, "expiry_not_recorded", "transaction", info->id, NULL);
		if (x != NULL)
			free_expired(x);
		return;
	}
	x->catalogue = up_catalogue_get(s);
	up_login_record_fill(&x->job.record, x->catalogue, &x->info, "login.expire", x->record_id);
	x->job.record.result = UP_SPAN_LIT("expired");
	x->job.record.time_ms = now;
	x->job.record.reason = up_span_str(of.reason);
	x->job.kind = UP_JOB_RECORD;
	x->job.now_ms = now;
	x->job.device = device;
	x->job.role = role;
	x->job.done = done;
	x->job.arg = x;
	if (up_store_submit(s->store, &x->job) != UP_OK) {
		x->job.err = UP_E_STORE;
		done(&x->job);
	}
}

static void *run(void *arg)
{
	const struct timespec pause = { 0, TICK_NS };
	struct up_server *s = arg;
	bool set_back;
	int64_t now;

	while (!atomic_load(&stop)) {
		set_back = up_clock_watch(s);
		if (up_clock_now(s, &now) == UP_OK) {
			if (set_back)
				up_live_end_client(s->live, (struct up_span){ NULL, 0 }, now);
			up_live_tick(s->live, now, on_expired, s);
		}
		up_catalogue_follow(s);
		nanosleep(&pause, NULL);
	}
	return NULL;
}

enum up_err up_expiry_start(struct up_server *s)
{
	atomic_store(&stop, false);
	if (pthread_create(&thread, NULL, run, s) != 0)
		return UP_E_NOMEM;
	atomic_store(&running, true);
	return UP_OK;
}

void up_expiry_stop(void)
{
	if (!atomic_load(&running))
		return;
	atomic_store(&stop, true);
	pthread_join(thread, NULL);
	atomic_store(&running, false);
}
