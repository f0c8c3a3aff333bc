/* SPDX-License-Identifier: Apache-2.0
 * What an engine of short-lived state is: this table, and a struct of its own that begins with
 * struct up_live. live.h is the contract of each function, told there of the function up_live_NAME;
 * live.c clears the outputs before it calls, so whoever fails leaves them alone. The handlers and
 * the tests of live.h know no engine: another one is one file with this table and its "new".
 *
 * An engine on another machine (Redis, Valkey):
 *   - WAITS is true, and its functions simply wait, for a bounded time: each is called on a thread
 *     that may (server/http/steps.h), so that a client library's blocking calls and a connection of
 * each thread's own will do. No handler has to be cut into pieces for it. Too late, or no
 *     connection: UP_E_LIVE, at once while it is known to be away.
 *   - SHARED is true: "once" remembers for all processes, and through their restarts; else DPoP
 *     nonces are each process's own (server/secrets.h).
 *   - Each function is one atomic step there (a script). Keys and ids are given; what belongs to a
 *     transaction stands under one id, the keys lead to it.
 *   - A held step (deciding, redeeming, contested) has an end of its own, UP_LIVE_HELD_MS after the
 *     deadline that it had: the process that holds it may die.
 *   - Changes are published by the transaction's id; each process tells its settings' "woken" of
 *     those it hears of, from a thread of its own. Ids that nobody watches here cost a look-up.
 * After
 *     the connection was lost it tells of every id that is watched here.
 *   - Of several processes that tick one is given each end.
 *   - The hash of keys is not ours there: what settings' "seed" is for is memory's affair. */
#ifndef UP_LIVE_ENGINE_H
#define UP_LIVE_ENGINE_H

#include "server/live/live.h"

struct up_live_engine {
	const char *name;
	bool waits;
	bool shared;                     /* up_live_shared */
	void (*free)(struct up_live *);
	enum up_err (*start)(struct up_live *, const struct up_login_start *, int64_t now_ms);
	enum up_err (*peek)(struct up_live *, const uint8_t handle[UP_LIVE_KEY], int64_t now_ms,
	    const struct up_login_info **out);
	enum up_err (*peek_user_code)(struct up_live *, const char code[9], int64_t now_ms,
	    uint8_t handle[UP_LIVE_KEY], const struct up_login_info **out);
	enum up_err (*scan)(struct up_live *, const uint8_t handle[UP_LIVE_KEY], int64_t device,
	    const char *frame, int64_t now_ms, int64_t *deadline_ms);
	enum up_err (*decide)(struct up_live *, const char *id, int64_t device, int64_t now_ms,
	    const struct up_login_info **out, char frame[16], int64_t *deadline_ms);
	enum up_err (*decide_approve)(struct up_live *, const char *id,
	    const struct up_live_approval *, int64_t now_ms);
	enum up_err (*decide_deny)(struct up_live *, const char *id, int64_t now_ms);
	enum up_err (*decide_undo)(struct up_live *, const char *id, int64_t now_ms);
	enum up_err (*give_up)(struct up_live *, const char *id, int64_t now_ms);
	enum up_err (*known)(struct up_live *, const char *id, int64_t now_ms,
	    const struct up_login_info **out, int64_t *device);
	enum up_err (*call)(struct up_live *, const char *id, int64_t now_ms, unsigned *calls);
	enum up_err (*end)(struct up_live *, const char *id, int64_t now_ms);
	enum up_err (*end_client)(struct up_live *, struct up_span client, int64_t now_ms);
	enum up_err (*redeem)(struct up_live *, const uint8_t device_code[UP_LIVE_KEY],
	    struct up_span client, int64_t now_ms, struct up_live_redeemed *out);
	enum up_err (*redeem_commit)(struct up_live *, const char *id, const char *session,
	    int64_t now_ms, bool *contested);
	enum up_err (*redeem_undo)(struct up_live *, const char *id, int64_t now_ms,
	    bool *contested);
	enum up_err (*replay_undo)(struct up_live *, const char *id, int64_t now_ms);
	enum up_err (*watch_open)(struct up_live *, const uint8_t watch[UP_LIVE_KEY],
	    int64_t now_ms, const struct up_login_info **info);
	enum up_err (*watch_close)(struct up_live *, const char *id);
	enum up_err (*watch_state)(struct up_live *, const char *id, int64_t now_ms,
	    enum up_login_state *state, int64_t *left_ms);
	enum up_err (*watch_peek)(struct up_live *, const uint8_t watch[UP_LIVE_KEY],
	    int64_t now_ms, const struct up_login_info **info, enum up_login_state *state,
	    int64_t *left_ms);
	enum up_err (*tick)(struct up_live *, int64_t now_ms, up_live_expired expired, void *arg);
	enum up_err (*once)(struct up_live *, const uint8_t key[16], int64_t until_ms,
	    int64_t now_ms);
	/* SHARED NULL: of OWN alone (up_live_rate) */
	enum up_err (*rate)(struct up_live *, const struct up_live_bucket *own,
	    const struct up_live_bucket *shared, int64_t now_ms);
	enum up_err (*rate_spend)(struct up_live *, const struct up_live_bucket *own, unsigned n,
	    int64_t now_ms);
	enum up_err (*stats)(struct up_live *, struct up_live_stats *out);
};

struct up_live {                         /* first in the engine's own struct */
	const struct up_live_engine *engine;
};

#endif
