/* SPDX-License-Identifier: Apache-2.0 */
#include "server/login/expiry.h"

#include <stdlib.h>
#include <time.h>

#include "server/log.h"
#include "server/login/record.h"
#include "server/http/metrics.h"
#include "server/login/outcome.h"

#define TICK_NS 200000000

static pthread_t thread;
static atomic_bool stop, running;

struct expired {
	struct up_op_record write;
	struct up_catalogue *catalogue;  /* the record borrows from both */
	struct up_login_info info;
	struct up_buf text;
	char record_id[23];
};

static void free_expired(struct expired *x)
{
	up_catalogue_put(&x->catalogue);
	up_buf_free(&x->text);
	free(x);
}

static void done(struct up_op *op)
{
	struct expired *x = op->arg;

	if (op->err != UP_OK)
		up_log(UP_LOG_ERROR, "expiry_not_recorded", "transaction", x->info.id, "reason",
		    up_err_name(op->err), NULL);
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
	const struct up_span from[] = { in->client, in->item, in->purpose, in->initiator_ip,
		in->initiator_agent, in->browser };
	struct up_span *to[] = { &x->info.client, &x->info.item, &x->info.purpose,
		&x->info.initiator_ip, &x->info.initiator_agent, &x->info.browser };
	size_t at = 0;

	x->info = *in;
	for (size_t i = 0; i < UP_ARRAY_LEN(from); i++)
		up_buf_put_span(&x->text, from[i]);
	for (size_t i = 0; !x->text.failed && i < UP_ARRAY_LEN(from); i++)
		*to[i] = keep(x, from[i], &at);
	return !x->text.failed;
}

/* HELD: what the last record says may not have come about (live.h). */
static const char *reason_of(const struct up_live_ended *ended)
{
	if (ended->held)
		return up_err_name(UP_E_LIVE);
	return ended->role != 0 ? "not_redeemed" : "not_decided";
}

static void on_expired(void *arg, const struct up_live_ended *ended)
{
	const struct up_login_info *info = ended->info;
	const struct up_outcome_of of = { .info = info, .reason = reason_of(ended) };
	struct up_server *s = arg;
	struct expired *x = calloc(1, sizeof(*x));
	struct up_op *op;
	int64_t now;

	up_metrics_count(UP_METRIC_EXPIRED);
	up_outcome_tell(UP_OUTCOME_EXPIRED, &of);
	if (x == NULL || !copy_info(x, info) || up_clock_now(s, &now) != UP_OK) {
		up_log(UP_LOG_ERROR, "expiry_not_recorded", "transaction", info->id, NULL);
		if (x != NULL)
			free_expired(x);
		return;
	}
	op = &x->write.op;
	x->catalogue = up_catalogue_get(s);
	up_login_record(&op->record, x->catalogue, &x->info, "login.expire", x->record_id);
	op->record.result = UP_SPAN_LIT("expired");
	op->record.time_ms = now;
	op->record.reason = up_span_str(of.reason);
	op->kind = UP_OP_RECORD;
	op->now_ms = now;
	op->done = done;
	op->arg = x;
	x->write.device = ended->device;
	x->write.role = ended->role;
	if (up_store_submit(s->store, op) != UP_OK) {
		op->err = UP_E_STORE;
		done(op);
	}
}

/* END_ALL: still to be done, until it is. */
static enum up_err advance(struct up_server *s, int64_t now, bool *end_all)
{
	enum up_err err = UP_OK;

	if (*end_all)
		err = up_live_end_client(s->live, (struct up_span){ NULL, 0 }, now);
	*end_all = err != UP_OK;
	return err == UP_OK ? up_live_tick(s->live, now, on_expired, s) : err;
}

/* Told once, not five times a second. */
static void tell(enum up_err before, enum up_err err)
{
	if (err == before)
		return;
	if (err != UP_OK)
		up_log(UP_LOG_ERROR, "live_failed", "reason", up_err_name(err), "effect",
		    "logins are refused until it can be reached", NULL);
	else
		up_log(UP_LOG_INFO, "live_again", NULL);
}

static void *run(void *arg)
{
	const struct timespec pause = { 0, TICK_NS };
	enum up_err before = UP_OK, err;
	struct up_server *s = arg;
	bool end_all = false;
	int64_t now;

	while (!atomic_load(&stop)) {
		end_all = up_clock_watch(s) || end_all;
		if (up_clock_now(s, &now) == UP_OK) {
			err = advance(s, now, &end_all);
			tell(before, err);
			before = err;
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
