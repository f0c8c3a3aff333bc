/* SPDX-License-Identifier: Apache-2.0
 * From the interface to its engine. */
#include <string.h>

#include "server/live/engine.h"

void up_live_free(struct up_live **live)
{
	struct up_live *l = *live;

	*live = NULL;
	if (l != NULL)
		l->engine->free(l);
}

bool up_live_waits(const struct up_live *l)
{
	return l->engine->waits;
}

bool up_live_shared(const struct up_live *l)
{
	return l->engine->shared;
}

enum up_err up_live_start(struct up_live *l, const struct up_login_start *start, int64_t now_ms)
{
	return l->engine->start(l, start, now_ms);
}

/* --- scan --- */

enum up_err up_live_peek(struct up_live *l, const uint8_t handle[UP_LIVE_KEY], int64_t now_ms,
    const struct up_login_info **out)
{
	*out = NULL;
	return l->engine->peek(l, handle, now_ms, out);
}

enum up_err up_live_peek_user_code(struct up_live *l, const char code[9], int64_t now_ms,
    uint8_t handle[UP_LIVE_KEY], const struct up_login_info **out)
{
	*out = NULL;
	memset(handle, 0, UP_LIVE_KEY);
	return l->engine->peek_user_code(l, code, now_ms, handle, out);
}

enum up_err up_live_scan(struct up_live *l, const uint8_t handle[UP_LIVE_KEY], int64_t device,
    const char *frame, int64_t now_ms, int64_t *deadline_ms)
{
	*deadline_ms = 0;
	return l->engine->scan(l, handle, device, frame, now_ms, deadline_ms);
}

/* --- decision --- */

enum up_err up_live_decide(struct up_live *l, const char *id, int64_t device, int64_t now_ms,
    const struct up_login_info **out, char frame[16], int64_t *deadline_ms)
{
	*out = NULL;
	*deadline_ms = 0;
	frame[0] = '\0';
	return l->engine->decide(l, id, device, now_ms, out, frame, deadline_ms);
}

enum up_err up_live_decide_approve(
    struct up_live *l, const char *id, const struct up_live_approval *approval, int64_t now_ms)
{
	return l->engine->decide_approve(l, id, approval, now_ms);
}

enum up_err up_live_decide_deny(struct up_live *l, const char *id, int64_t now_ms)
{
	return l->engine->decide_deny(l, id, now_ms);
}

enum up_err up_live_decide_undo(struct up_live *l, const char *id, int64_t now_ms)
{
	return l->engine->decide_undo(l, id, now_ms);
}

enum up_err up_live_give_up(struct up_live *l, const char *id, int64_t now_ms)
{
	return l->engine->give_up(l, id, now_ms);
}

enum up_err up_live_known(struct up_live *l, const char *id, int64_t now_ms,
    const struct up_login_info **out, int64_t *device)
{
	*out = NULL;
	*device = 0;
	return l->engine->known(l, id, now_ms, out, device);
}

enum up_err up_live_call(struct up_live *l, const char *id, int64_t now_ms, unsigned *calls)
{
	*calls = UP_LIVE_CALLS_MAX;
	return l->engine->call(l, id, now_ms, calls);
}

enum up_err up_live_end(struct up_live *l, const char *id, int64_t now_ms)
{
	return l->engine->end(l, id, now_ms);
}

enum up_err up_live_end_client(struct up_live *l, struct up_span client, int64_t now_ms)
{
	return l->engine->end_client(l, client, now_ms);
}

/* --- redemption --- */

enum up_err up_live_redeem(struct up_live *l, const uint8_t device_code[UP_LIVE_KEY],
    struct up_span client, int64_t now_ms, struct up_live_redeemed *out)
{
	memset(out, 0, sizeof(*out));
	return l->engine->redeem(l, device_code, client, now_ms, out);
}

enum up_err up_live_redeem_commit(
    struct up_live *l, const char *id, const char *session, int64_t now_ms, bool *contested)
{
	*contested = false;
	return l->engine->redeem_commit(l, id, session, now_ms, contested);
}

enum up_err up_live_redeem_undo(
    struct up_live *l, const char *id, int64_t now_ms, bool *contested)
{
	*contested = false;
	return l->engine->redeem_undo(l, id, now_ms, contested);
}

enum up_err up_live_replay_undo(struct up_live *l, const char *id, int64_t now_ms)
{
	return l->engine->replay_undo(l, id, now_ms);
}

/* --- watching --- */

enum up_err up_live_watch_open(struct up_live *l, const uint8_t watch[UP_LIVE_KEY],
    int64_t now_ms, const struct up_login_info **info)
{
	*info = NULL;
	return l->engine->watch_open(l, watch, now_ms, info);
}

enum up_err up_live_watch_close(struct up_live *l, const char *id)
{
	return l->engine->watch_close(l, id);
}

enum up_err up_live_watch_state(struct up_live *l, const char *id, int64_t now_ms,
    enum up_login_state *state, int64_t *left_ms)
{
	*state = UP_LOGIN_EXPIRED;
	*left_ms = 0;
	return l->engine->watch_state(l, id, now_ms, state, left_ms);
}

enum up_err up_live_watch_peek(struct up_live *l, const uint8_t watch[UP_LIVE_KEY],
    int64_t now_ms, const struct up_login_info **info, enum up_login_state *state,
    int64_t *left_ms)
{
	*info = NULL;
	*state = UP_LOGIN_EXPIRED;
	*left_ms = 0;
	return l->engine->watch_peek(l, watch, now_ms, info, state, left_ms);
}

/* --- expiry, replay, rates --- */

enum up_err up_live_tick(struct up_live *l, int64_t now_ms, up_live_expired expired, void *arg)
{
	return l->engine->tick(l, now_ms, expired, arg);
}

enum up_err up_live_once(
    struct up_live *l, const uint8_t key[16], int64_t until_ms, int64_t now_ms)
{
	return l->engine->once(l, key, until_ms, now_ms);
}

enum up_err up_live_rate(struct up_live *l, const char *kind, struct up_span who, unsigned burst,
    int64_t every_ms, int64_t now_ms)
{
	const struct up_live_bucket own = { kind, who, burst, every_ms };

	return l->engine->rate(l, &own, NULL, now_ms);
}

enum up_err up_live_rate_share(struct up_live *l, const struct up_live_bucket *own,
    const struct up_live_bucket *shared, int64_t now_ms)
{
	return l->engine->rate(l, own, shared, now_ms);
}

enum up_err up_live_rate_spend(
    struct up_live *l, const struct up_live_bucket *own, unsigned n, int64_t now_ms)
{
	return l->engine->rate_spend(l, own, n, now_ms);
}

enum up_err up_live_stats(struct up_live *l, struct up_live_stats *out)
{
	memset(out, 0, sizeof(*out));
	return l->engine->stats(l, out);
}
