/* SPDX-License-Identifier: Apache-2.0 */
#include "live_faulty.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "server/live/engine.h"

struct faulty {
	struct up_live base;
	struct up_live_engine engine;    /* our table, with WAITS as wanted */
	struct up_live *inner;
	pthread_mutex_t lock;
	enum faulty_way way;
	const char *only, *hit;
	unsigned n, times, calls, delay_ms;
};

static struct faulty *of(struct up_live *l)
{
	return (struct faulty *)l;
}

static struct up_live *in(struct up_live *l)
{
	return of(l)->inner;
}

/* What becomes of this call. */
static enum faulty_way draw(struct up_live *l, const char *what)
{
	struct faulty *f = of(l);
	enum faulty_way way = FAULTY_NOT;
	struct timespec t = { 0, 0 };

	pthread_mutex_lock(&f->lock);
	t.tv_nsec = f->delay_ms * 1000000L;
	if (f->only == NULL || strcmp(f->only, what) == 0) {
		f->calls++;
		if (f->calls >= f->n && f->calls < f->n + f->times)
			way = f->way;
	}
	if (way != FAULTY_NOT)
		f->hit = what;
	pthread_mutex_unlock(&f->lock);
	if (t.tv_nsec > 0)
		nanosleep(&t, NULL);
	return way;
}

/* Draw, call unless it is lost, and let the answer through unless it is not heard. */
#define THROUGH(what, call) \
	enum faulty_way way = draw(l, what); \
	enum up_err err = way == FAULTY_LOST ? UP_E_LIVE : (call); \
	return way == FAULTY_NOT ? err : UP_E_LIVE
/* The same, with a reference in *OUT. */
#define THROUGH_INFO(what, call) \
	enum faulty_way way = draw(l, what); \
	enum up_err err = way == FAULTY_LOST ? UP_E_LIVE : (call); \
	if (way != FAULTY_NOT) \
		up_live_info_unref(out); \
	return way == FAULTY_NOT ? err : UP_E_LIVE

static void end_it(struct up_live *l)
{
	up_live_free(&of(l)->inner);
	pthread_mutex_destroy(&of(l)->lock);
	free(l);
}

static enum up_err start(struct up_live *l, const struct up_login_start *s, int64_t now)
{
	THROUGH("start", up_live_start(in(l), s, now));
}

static enum up_err peek(struct up_live *l, const uint8_t *handle, int64_t now,
    const struct up_login_info **out)
{
	THROUGH_INFO("peek", up_live_peek(in(l), handle, now, out));
}

static enum up_err peek_user_code(struct up_live *l, const char code[9], int64_t now,
    uint8_t *handle, const struct up_login_info **out)
{
	THROUGH_INFO("peek_user_code", up_live_peek_user_code(in(l), code, now, handle, out));
}

static enum up_err scan(struct up_live *l, const uint8_t *handle, int64_t device,
    const char *frame, int64_t now, int64_t *deadline)
{
	THROUGH("scan", up_live_scan(in(l), handle, device, frame, now, deadline));
}

static enum up_err decide(struct up_live *l, const char *id, int64_t device, int64_t now,
    const struct up_login_info **out, char frame[16], int64_t *deadline)
{
	THROUGH_INFO("decide", up_live_decide(in(l), id, device, now, out, frame, deadline));
}

static enum up_err decide_approve(
    struct up_live *l, const char *id, const struct up_live_approval *approval, int64_t now)
{
	THROUGH("decide_approve", up_live_decide_approve(in(l), id, approval, now));
}

static enum up_err decide_deny(struct up_live *l, const char *id, int64_t now)
{
	THROUGH("decide_deny", up_live_decide_deny(in(l), id, now));
}

static enum up_err decide_undo(struct up_live *l, const char *id, int64_t now)
{
	THROUGH("decide_undo", up_live_decide_undo(in(l), id, now));
}

static enum up_err give_up(struct up_live *l, const char *id, int64_t now)
{
	THROUGH("give_up", up_live_give_up(in(l), id, now));
}

static enum up_err known(struct up_live *l, const char *id, int64_t now,
    const struct up_login_info **out, int64_t *device)
{
	THROUGH_INFO("known", up_live_known(in(l), id, now, out, device));
}

static enum up_err call(struct up_live *l, const char *id, int64_t now, unsigned *calls)
{
	THROUGH("call", up_live_call(in(l), id, now, calls));
}

static enum up_err end(struct up_live *l, const char *id, int64_t now)
{
	THROUGH("end", up_live_end(in(l), id, now));
}

static enum up_err end_client(struct up_live *l, struct up_span client, int64_t now)
{
	THROUGH("end_client", up_live_end_client(in(l), client, now));
}

static enum up_err redeem(struct up_live *l, const uint8_t *code, struct up_span client,
    int64_t now, struct up_live_redeemed *r)
{
	const struct up_login_info **out = &r->info;

	THROUGH_INFO("redeem", up_live_redeem(in(l), code, client, now, r));
}

static enum up_err redeem_commit(
    struct up_live *l, const char *id, const char *session, int64_t now, bool *contested)
{
	THROUGH("redeem_commit", up_live_redeem_commit(in(l), id, session, now, contested));
}

static enum up_err redeem_undo(struct up_live *l, const char *id, int64_t now, bool *contested)
{
	THROUGH("redeem_undo", up_live_redeem_undo(in(l), id, now, contested));
}

static enum up_err replay_undo(struct up_live *l, const char *id, int64_t now)
{
	THROUGH("replay_undo", up_live_replay_undo(in(l), id, now));
}

static enum up_err watch_open(
    struct up_live *l, const uint8_t *watch, int64_t now, const struct up_login_info **out)
{
	THROUGH_INFO("watch_open", up_live_watch_open(in(l), watch, now, out));
}

static enum up_err watch_close(struct up_live *l, const char *id)
{
	THROUGH("watch_close", up_live_watch_close(in(l), id));
}

static enum up_err watch_state(struct up_live *l, const char *id, int64_t now,
    enum up_login_state *state, int64_t *left)
{
	THROUGH("watch_state", up_live_watch_state(in(l), id, now, state, left));
}

static enum up_err watch_peek(struct up_live *l, const uint8_t *watch, int64_t now,
    const struct up_login_info **out, enum up_login_state *state, int64_t *left)
{
	THROUGH_INFO("watch_peek", up_live_watch_peek(in(l), watch, now, out, state, left));
}

static enum up_err tick(struct up_live *l, int64_t now, up_live_expired expired, void *arg)
{
	THROUGH("tick", up_live_tick(in(l), now, expired, arg));
}

static enum up_err once(struct up_live *l, const uint8_t key[16], int64_t until, int64_t now)
{
	THROUGH("once", up_live_once(in(l), key, until, now));
}

static enum up_err rate(struct up_live *l, const struct up_live_bucket *own,
    const struct up_live_bucket *shared, int64_t now)
{
	THROUGH("rate", shared != NULL ? up_live_rate_share(in(l), own, shared, now)
	    : up_live_rate(in(l), own->kind, own->who, own->burst, own->every_ms, now));
}

static enum up_err rate_spend(
    struct up_live *l, const struct up_live_bucket *own, unsigned n, int64_t now)
{
	THROUGH("rate_spend", up_live_rate_spend(in(l), own, n, now));
}

static enum up_err stats(struct up_live *l, struct up_live_stats *out)
{
	THROUGH("stats", up_live_stats(in(l), out));
}

static const struct up_live_engine engine = {
	.name = "faulty", .free = end_it, .start = start, .peek = peek,
	.peek_user_code = peek_user_code, .scan = scan, .decide = decide,
	.decide_approve = decide_approve, .decide_deny = decide_deny, .decide_undo = decide_undo,
	.give_up = give_up, .known = known, .call = call, .end = end, .end_client = end_client,
	.redeem = redeem, .redeem_commit = redeem_commit, .redeem_undo = redeem_undo,
	.replay_undo = replay_undo, .watch_open = watch_open, .watch_close = watch_close,
	.watch_state = watch_state, .watch_peek = watch_peek, .tick = tick, .once = once,
	.rate = rate, .rate_spend = rate_spend, .stats = stats,
};

enum up_err faulty_new(struct up_live *inner, bool waits, struct up_live **out)
{
	struct faulty *f = calloc(1, sizeof(*f));

	*out = NULL;
	if (f == NULL)
		return UP_E_NOMEM;
	f->engine = engine;
	f->engine.waits = waits;
	f->base.engine = &f->engine;
	f->inner = inner;
	f->hit = "";
	pthread_mutex_init(&f->lock, NULL);
	*out = &f->base;
	return UP_OK;
}

void faulty_set(
    struct up_live *l, enum faulty_way way, const char *only, unsigned n, unsigned times)
{
	struct faulty *f = of(l);

	pthread_mutex_lock(&f->lock);
	f->way = way;
	f->only = only;
	f->n = n;
	f->times = times;
	f->calls = 0;
	f->hit = "";
	pthread_mutex_unlock(&f->lock);
}

void faulty_delay(struct up_live *l, unsigned ms)
{
	pthread_mutex_lock(&of(l)->lock);
	of(l)->delay_ms = ms;
	pthread_mutex_unlock(&of(l)->lock);
}

unsigned faulty_calls(struct up_live *l)
{
	unsigned n;

	pthread_mutex_lock(&of(l)->lock);
	n = of(l)->calls;
	pthread_mutex_unlock(&of(l)->lock);
	return n;
}

const char *faulty_hit(struct up_live *l)
{
	const char *hit;

	pthread_mutex_lock(&of(l)->lock);
	hit = of(l)->hit;
	pthread_mutex_unlock(&of(l)->lock);
	return hit;
}

struct up_live *faulty_inner(struct up_live *l)
{
	return in(l);
}
