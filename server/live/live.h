/* SPDX-License-Identifier: Apache-2.0
 * Short-lived state behind one interface: login transactions, replay and rate counters. memory.c is
 * the default engine; one that several nodes share comes behind the same functions (engine.h).
 * Bounded memory, sharded locks, expiry without full scans; every consuming step is atomic, and the
 * states are core/login.h's. Time is an argument: milliseconds since the epoch, from a clock that
 * does not go back.
 *
 * Every operation may fail with UP_E_LIVE: the state cannot be reached. The step may or may not
 * have been taken then, and the caller fails closed: nobody gets what he asked for, and what is
 * held ends by itself (UP_LIVE_HELD_MS). Outputs are zero, NULL, false, or "expired" unless said
 * otherwise. Memory never gives it.
 *
 * A record first, then the step. What a person or a portal is told stands on disk before the step
 * is taken here, so the step may fail after its record. It is never taken back by force, and never
 * taken for done:
 *
 *   approved   the phone is told to try again later; up_live_give_up ends the transaction, and a
 *              second record (login.expire, live_failed) says that nothing came of the first
 *   denied     as good as done: what is not approved is never redeemed. Given up too, without
 *              another record
 *   redeemed   the session is on disk: it is revoked, with a record (login.redeem, refused,
 *              live_failed), the portal gets 503 and no token, and the transaction is given up
 *   undone     (record or password failed) the caller hears that; what he still holds ends by
 *              itself
 *   unsure     nobody knows whether the record was kept (op.h): not undone, for what is done again
 *              would be recorded twice, but given up as "approved" and "redeemed" are, with the
 *              same second record for the reason store_failed
 *
 * When giving up fails too, the held step ends by itself and the tick reports it as HELD; a step
 * that had been taken after all is what it is: she approved, and the session that nobody has the
 * token of is revoked.
 *
 * A secret is never here: the caller gives keys, the first 16 bytes of the secret's SHA-256. */
#ifndef UP_LIVE_H
#define UP_LIVE_H

#include "core/login.h"
#include "core/span.h"

#define UP_LIVE_KEY 16
#define UP_LIVE_ID 22                    /* a transaction's public name: base64url of 128 bits */

#define UP_LIVE_PENDING_MS (300 * 1000)  /* unscanned (SECURITY 4) */
#define UP_LIVE_SCANNED_MS (120 * 1000)  /* scanned, waits for the decision */
#define UP_LIVE_APPROVED_MS (120 * 1000) /* approved, waits for its redemption */
#define UP_LIVE_HELD_MS (60 * 1000)      /* a held step ends that long after its deadline */
#define UP_LIVE_INTERVAL_S 5             /* RFC 8628 section 3.2 */
#define UP_LIVE_CODE_TRIES 5             /* wrong endings of a user code lock the transaction */
#define UP_LIVE_CALLS_MAX 255
#define UP_LIVE_PER_BROWSER 4            /* waiting transactions of one (client, browser): one more
                                          * ends the oldest */
#define UP_LIVE_WATCHERS 4               /* pages that watch one transaction */

struct up_live;

struct up_live_settings {
	size_t transactions, replays, rates; /* upper bounds of entries; powers of two are best */
	uint8_t seed[16];                /* keys the hash tables */
	/* Told of each transaction that ended unscanned, under a lock: must only count. Or NULL. */
	void (*abandoned)(struct up_span client);
	/* Told of each change of a transaction that is watched here, by its id; under a lock or on
	 * an engine's own thread: must only note it. An engine that may have missed some tells of
	 * all it watches. Or NULL. */
	void (*woken)(const char *id);
};

UP_MUST_USE enum up_err up_live_memory_new(const struct up_live_settings *, struct up_live **out);
void up_live_free(struct up_live **);
/* Whether a call may wait for another machine: then it is made on no thread that serves others
 * (server/http/steps.h). */
bool up_live_waits(const struct up_live *);
/* Whether what was used once (up_live_once) is known to all processes, and after a restart. */
bool up_live_shared(const struct up_live *);

/* --- what a transaction began with: immutable, shared by reference count --- */

struct up_login_info {
	char id[UP_LIVE_ID + 1];
	int64_t started_ms;
	bool is_static;                  /* client registered with --static-qr: static form and user
	                                  * code accepted */
	struct up_span client, item, purpose, scope, nonce /* the portal's */, initiator_ip,
	    initiator_agent, browser;
	char challenge[UP_LIVE_ID + 1];  /* the nonce that the decision signs */
	char handle_hash[33];            /* hex of the handle's key: "hash of the code" of
	                                  * records */
};

struct up_login_start {                  /* ids and keys come from the caller's CSPRNG */
	struct up_login_info info;       /* spans are copied */
	uint8_t handle[UP_LIVE_KEY], device[UP_LIVE_KEY], watch[UP_LIVE_KEY];
	char user_code[9];               /* 8 characters, or "" */
	bool supersedes;                 /* old_device is set */
	uint8_t old_device[UP_LIVE_KEY]; /* ends if it is the same client's and browser's and still
	                                  * waits; silently ignored otherwise */
};

/* UP_E_BUSY: full of live transactions (finished ones are dropped first, oldest first). UP_E_STATE:
 * the first four characters of the user code are taken: draw again. */
UP_MUST_USE enum up_err up_live_start(
    struct up_live *, const struct up_login_start *, int64_t now_ms);

/* A reference to what was found; up_live_info_unref gives it back (NULL is fine). It is this
 * process's copy, and outlives the transaction and its engine. */
void up_live_info_unref(const struct up_login_info **);

/* --- the scan --- */

/* Who has the handle, without consuming anything. UP_E_CODE: unknown, or no longer pending. */
UP_MUST_USE enum up_err up_live_peek(struct up_live *, const uint8_t handle[UP_LIVE_KEY],
    int64_t now_ms, const struct up_login_info **out);
/* The same by user code. The first four characters find, the last four are compared in constant
 * time; the fifth wrong ending expires the transaction. UP_E_CODE for everything but success.
 * HANDLE receives the handle's key. */
UP_MUST_USE enum up_err up_live_peek_user_code(struct up_live *, const char code[9],
    int64_t now_ms, uint8_t handle[UP_LIVE_KEY], const struct up_login_info **out);
/* pending -> scanned, by DEVICE (store id, > 0), which FRAME it scanned (text for the decision).
 * Exactly one caller wins. UP_E_CODE. *deadline_ms: by when it must be decided. */
UP_MUST_USE enum up_err up_live_scan(struct up_live *, const uint8_t handle[UP_LIVE_KEY],
    int64_t device, const char *frame, int64_t now_ms, int64_t *deadline_ms);

/* --- the decision --- */

/* scanned -> deciding, by the device that scanned. UP_E_CODE: unknown, another device's, or
 * expired; UP_E_STATE: already decided or being decided. FRAME: what up_live_scan got. */
UP_MUST_USE enum up_err up_live_decide(struct up_live *, const char *id, int64_t device,
    int64_t now_ms, const struct up_login_info **out, char frame[16], int64_t *deadline_ms);
/* What a decision came to, written once, and given back at the redemption: by which edge and grant
 * she decided (store ids; GRANT 0: none), and when. UP_E_STATE: the step is not held any more. */
struct up_live_approval { int64_t role, grant, auth_ms; };
UP_MUST_USE enum up_err up_live_decide_approve(
    struct up_live *, const char *id, const struct up_live_approval *, int64_t now_ms);
UP_MUST_USE enum up_err up_live_decide_deny(struct up_live *, const char *id, int64_t now_ms);
/* Store failed, password wrong: scanned again, same deadline. Nothing if it is not held. */
UP_MUST_USE enum up_err up_live_decide_undo(struct up_live *, const char *id, int64_t now_ms);
/* What could not be ended as its record says ends without outcome: deciding, approved, redeeming,
 * contested -> expired, and the tick does not report it, the caller records it. UP_OK also when it
 * is over already, or gone; UP_E_STATE: it came about all the same, it is redeemed. */
UP_MUST_USE enum up_err up_live_give_up(struct up_live *, const char *id, int64_t now_ms);
/* A reference to what ID began with, whatever became of it. *DEVICE scanned it, 0: none.
 * UP_E_NOT_FOUND. */
UP_MUST_USE enum up_err up_live_known(struct up_live *, const char *id, int64_t now_ms,
    const struct up_login_info **out, int64_t *device);
/* Phones' calls about a transaction so far, this one included; at most UP_LIVE_CALLS_MAX, also when
 * it is gone, or cannot be reached. */
UP_MUST_USE enum up_err up_live_call(
    struct up_live *, const char *id, int64_t now_ms, unsigned *calls);
/* The scan's record could not be written, or the transaction must end: expired. Nothing while
 * somebody holds a step. */
UP_MUST_USE enum up_err up_live_end(struct up_live *, const char *id, int64_t now_ms);
/* CLIENT is no more: all of its transactions that wait for something expire. Empty: those of all
 * clients (the clock was set back, deadlines have moved away). Goes through all of them: for
 * administration only. UP_E_LIVE: do it again. */
UP_MUST_USE enum up_err up_live_end_client(
    struct up_live *, struct up_span client, int64_t now_ms);

/* --- the redemption --- */

struct up_live_redeemed {
	const struct up_login_info *info; /* unref after use */
	int64_t device, role, grant, auth_ms;
	char session[UP_LIVE_ID + 1];    /* of a transaction redeemed before (UP_E_REPLAY) */
	bool record_end;                 /* UP_E_REPLAY: the caller revokes SESSION and records */
};

/* One poll with a device code by CLIENT. UP_OK: approved -> redeeming, the caller now owns the step
 * and ends it with commit or undo. UP_E_PENDING, UP_E_SLOW_DOWN (RFC 8628 section 3.5; only while
 * waiting; the first poll never), UP_E_DENIED, UP_E_EXPIRED; UP_E_GRANT: unknown, another client's;
 * UP_E_REPLAY: answered like UP_E_GRANT. A code is redeemed once. Another caller who comes with it
 * finds it
 *
 *   redeeming: -> contested. The first one learns of it at its commit or undo, revokes what it
 *     issued and records the replay
 *   contested: nothing happens, the first one knows already
 *   redeemed: -> revoked. The first one has or gets its answer; RECORD_END tells this one to revoke
 *     and record
 *   revoked: nothing happens
 *
 * so that each transaction has one record of a replay at most,
 * and never a live session after it. */
UP_MUST_USE enum up_err up_live_redeem(struct up_live *, const uint8_t device_code[UP_LIVE_KEY],
    struct up_span client, int64_t now_ms, struct up_live_redeemed *out);
/* SESSION is on disk: -> redeemed. *CONTESTED: it was; -> revoked, and the caller revokes and
 * records. UP_E_STATE: the step is not held any more. */
UP_MUST_USE enum up_err up_live_redeem_commit(
    struct up_live *, const char *id, const char *session, int64_t now_ms, bool *contested);
/* Nothing was issued: -> approved. *CONTESTED: it was; -> expired, and the caller records. */
UP_MUST_USE enum up_err up_live_redeem_undo(
    struct up_live *, const char *id, int64_t now_ms, bool *contested);

/* The replay could not be revoked and recorded: the next one is told to. */
UP_MUST_USE enum up_err up_live_replay_undo(struct up_live *, const char *id, int64_t now_ms);

/* --- watching --- */

/* Subscribe: until as many closes as opens, "woken" is told of this transaction's changes by its
 * id; its state is asked for then. What changed before this returned may not be told of.
 * UP_E_NOT_FOUND: unknown token. UP_E_RATE: already UP_LIVE_WATCHERS. INFO, with its id: a
 * reference. */
UP_MUST_USE enum up_err up_live_watch_open(struct up_live *, const uint8_t watch[UP_LIVE_KEY],
    int64_t now_ms, const struct up_login_info **info);
/* One of those that watch ID goes. Nothing if the transaction was dropped. UP_E_LIVE: it counts as
 * one until the transaction ends. */
UP_MUST_USE enum up_err up_live_watch_close(struct up_live *, const char *id);
/* Where it stands: state as told to pages, and the milliseconds left in it. UP_OK with "expired"
 * after the transaction was dropped. */
UP_MUST_USE enum up_err up_live_watch_state(struct up_live *, const char *id, int64_t now_ms,
    enum up_login_state *state, int64_t *left_ms);
/* The same by token and without subscribing, for snapshots. UP_E_NOT_FOUND. */
UP_MUST_USE enum up_err up_live_watch_peek(struct up_live *, const uint8_t watch[UP_LIVE_KEY],
    int64_t now_ms, const struct up_login_info **info, enum up_login_state *state,
    int64_t *left_ms);

/* --- expiry, replay, rates --- */

/* A transaction that ended without outcome after a scan, with what a record needs; INFO is
 * borrowed. HELD: while somebody held its step, who may have died; its last record may say what did
 * not come about. */
struct up_live_ended {
	const struct up_login_info *info;
	int64_t device, role;
	bool held;
};
typedef void (*up_live_expired)(void *arg, const struct up_live_ended *);
/* Advance to NOW: expire, wake, drop. EXPIRED is called (no lock held) for each that so ended, once
 * and in one process. Call it every 100-1000 ms from one thread; its cost follows what ends, not
 * what waits. */
UP_MUST_USE enum up_err up_live_tick(
    struct up_live *, int64_t now_ms, up_live_expired expired, void *arg);

/* KEY may be used once until UNTIL (jti of proofs and assertions). UP_E_REPLAY; UP_E_BUSY: full:
 * fail closed. */
UP_MUST_USE enum up_err up_live_once(
    struct up_live *, const uint8_t key[16], int64_t until_ms, int64_t now_ms);
/* Token bucket (GCRA): at most BURST at once, refilled one per EVERY_MS. UP_E_RATE. KIND separates
 * counters. Bounded memory: the least recently used of a small set makes room, so a flood of keys
 * costs nobody else his right. */
UP_MUST_USE enum up_err up_live_rate(struct up_live *, const char *kind, struct up_span who,
    unsigned burst, int64_t every_ms, int64_t now_ms);
struct up_live_bucket {
	const char *kind;
	struct up_span who;
	unsigned burst;
	int64_t every_ms;
};
/* Take one of OWN and one of SHARED, or none of either. What one may still take of the shared
 * bucket shrinks with what is gone from his own, to a half when that is empty: many who take all
 * they can leave room for another. */
UP_MUST_USE enum up_err up_live_rate_share(struct up_live *, const struct up_live_bucket *own,
    const struct up_live_bucket *shared, int64_t now_ms);

/* Take up to N of OWN at once: as many as there are. */
UP_MUST_USE enum up_err up_live_rate_spend(
    struct up_live *, const struct up_live_bucket *own, unsigned n, int64_t now_ms);

struct up_live_stats { size_t pending, scanned, approved, finished, watchers, replays; };
/* Also the cheapest way to learn whether the state can be reached. */
UP_MUST_USE enum up_err up_live_stats(struct up_live *, struct up_live_stats *out);

#endif
