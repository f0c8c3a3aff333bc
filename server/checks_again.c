/* SPDX-License-Identifier: Apache-2.0
 * Asks again for those who are pending, in the order in which they came. A round ends with the
 * last of them, or when nobody answers any more; then the next one begins where it ended, so that
 * those whom the platform cannot judge do not keep it from the others. */
#include <stdlib.h>

#include "server/checks.h"
#include "server/connect/breaker.h"
#include "server/log.h"
#include "server/server.h"
#include "server/store/op.h"

#define ROUND_BREAKS 3                   /* checks in a row without an answer */
#define LONGEST 8                        /* times the usual pause between two rounds */

struct up_checks_again {
	struct up_server *server;
	struct up_checks *checks;
	pthread_t thread;
	int64_t after;                   /* where the next round begins */
	unsigned unanswered, in_vain;    /* in a row: checks of this round; rounds */
};

static void log_answer(const struct up_pending *p, const char *outcome, enum up_err err)
{
	bool done = err == UP_OK || err == UP_E_MISMATCH || err == UP_E_NO_PERSON;

	if (done || err == UP_E_STATE)
		up_log(UP_LOG_INFO, "realname_answered", "person", p->ref, "outcome", outcome,
		    "effect", done ? "recorded" : "none: it was about other data", NULL);
	else
		up_log(UP_LOG_ERROR, "realname_not_recorded", "person", p->ref, "reason",
		    up_err_name(err), NULL);
}

static void record(struct up_checks_again *g, const struct up_pending *p,
    const struct up_realname_answer *a)
{
	const char *outcome = up_realname_name(a->outcome);
	struct up_op_realname op = {
		.op = { .kind = UP_OP_REALNAME },
		.person = p->number,
		.asked = p->person,
		.outcome = up_span_str(outcome),
		.assurance = up_span_str(a->assurance),
	};
	enum up_err err = up_clock_now(g->server, &op.op.now_ms);

	if (err == UP_OK)
		err = up_store_run(g->server->store, &op.op);
	log_answer(p, outcome, err);
	up_op_clear(&op.op);
}

/* Non-zero: the round ends here. */
static int ask(void *arg, const struct up_pending *p)
{
	struct up_checks_again *g = arg;
	struct up_realname_answer answer;

	up_checks_ask(g->checks, p->person, &answer);
	if (atomic_load(&g->server->stopping))
		return 1;
	g->after = p->number;
	if (answer.outcome != UP_REALNAME_UNAVAILABLE) {
		g->unanswered = 0;
		record(g, p, &answer);
		return 0;
	}
	return ++g->unanswered >= ROUND_BREAKS;
}

static void go_round(struct up_checks_again *g)
{
	enum up_err err;
	int64_t from;

	g->unanswered = 0;
	do {
		from = g->after;
		err = up_store_pending(g->server->store, from, UP_PENDING_MAX, ask, g);
	} while (err == UP_OK && g->after != from && g->unanswered < ROUND_BREAKS &&
	    !atomic_load(&g->server->stopping));
	if (g->unanswered < ROUND_BREAKS)
		g->after = 0;
	g->in_vain = g->unanswered > 0 ? g->in_vain + 1 : 0;
	if (err != UP_OK)
		up_log(UP_LOG_ERROR, "pending_not_read", "reason", up_err_name(err), NULL);
}

static void *run(void *arg)
{
	struct up_checks_again *g = arg;
	int64_t usual = g->server->config->realname_again_s * 1000;
	uint32_t random;

	do {
		go_round(g);
		up_random(&random, sizeof(random));
	} while (!up_checks_pause(g->checks,
	    up_breaker_backoff(g->in_vain + 1, usual, usual * LONGEST, random)));
	return NULL;
}

enum up_err up_checks_again_start(
    struct up_server *s, struct up_checks *checks, struct up_checks_again **out)
{
	struct up_checks_again *g = NULL;

	*out = NULL;
	if (!up_checks_configured(s->config))
		return UP_OK;
	g = calloc(1, sizeof(*g));
	if (g == NULL)
		return UP_E_NOMEM;
	g->server = s;
	g->checks = checks;
	if (pthread_create(&g->thread, NULL, run, g) != 0) {
		free(g);
		return UP_E_NOMEM;
	}
	*out = g;
	return UP_OK;
}

void up_checks_again_end(struct up_checks_again **again)
{
	struct up_checks_again *g = *again;

	*again = NULL;
	if (g == NULL)
		return;
	pthread_join(g->thread, NULL);
	free(g);
}
