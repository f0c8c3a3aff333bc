/* SPDX-License-Identifier: Apache-2.0
 * What the parts of unitpassd share: one struct up_server, made by main.c before the first request.
 */
#ifndef UP_SERVER_H
#define UP_SERVER_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/clock.h"
#include "core/seal.h"
#include "server/config.h"
#include "server/keys/data_keys.h"
#include "server/keys/keys.h"
#include "server/live/live.h"
#include "server/store/store.h"

struct up_checks;
struct up_legal;

/* Clients, items and keys as of one (re)load: immutable, swapped whole by SIGHUP, freed with the
 * last request that uses it. */
struct up_catalogue {
	atomic_int refs;
	struct up_keys *keys;
	struct up_client **clients;      /* sorted by id */
	size_t n_clients;
	struct up_item *items;
	size_t n_items;
	int64_t version;                 /* of the clients in the store */
};

struct up_server {
	struct up_config *config;
	struct up_data_keys *data_keys;
	struct up_store *store;
	struct up_live *live;
	struct up_steps *steps;          /* when live waits (steps.h); or NULL */
	struct up_checks *checks;        /* the real-name check (checks.h) */
	struct up_catalogue *catalogue;  /* under catalogue_lock */
	/* As it was before clients ended whose logins live could not be told to end; or NULL. Under
	 * the same lock. */
	struct up_catalogue *owed;
	pthread_mutex_t catalogue_lock;
	struct up_legal *statement;      /* the download statement (rule 8) */
	/* secrets.c: the same in all processes that share one "live_secret" */
	uint8_t watch_key[32];           /* derives handle and frame key from a watch token */
	uint8_t streams_key[32];         /* places of addresses among the streams */
	uint8_t nonce_key[32];           /* DPoP nonces; the same only where live is shared */
	/* When live began to know what was used once (up_live_once), by the steady clock; of no
	 * meaning where it is shared. */
	int64_t live_began_ms;
	struct up_clock clock;
	enum up_clock_state clock_told;  /* up_clock_watch's: what the log said last */
	/* Both clocks: false when there are none. NULL: the system's; tests put theirs here. */
	bool (*read_clocks)(int64_t *wall_ms, int64_t *steady_ms);
	atomic_bool stopping;
};

/* catalogue.c */
/* Also the reload: on error the old one stays. Logins of a client that is no more, or was away,
 * end. */
UP_MUST_USE enum up_err up_catalogue_load(struct up_server *, char why[256]);
/* Load when a client was disabled, enabled or removed since: ending one must not wait for
 * somebody's signal (SECURITY 17). */
void up_catalogue_follow(struct up_server *);
struct up_catalogue *up_catalogue_get(struct up_server *);
void up_catalogue_put(struct up_catalogue **);
/* NULL: unknown */
const struct up_client *up_catalogue_client(const struct up_catalogue *, struct up_span id);
const struct up_item *up_catalogue_item(const struct up_catalogue *, struct up_span code);

/* clock.c. Milliseconds since the epoch, as far as core/clock.h believes them; UP_E_CLOCK: no login
 * without a clock. */
UP_MUST_USE enum up_err up_clock_now(struct up_server *, int64_t *now_ms);
/* The same with the reason, and how far the clock is from what is believed. */
enum up_clock_state up_clock_look(struct up_server *, int64_t *now_ms, int64_t *off_ms);
/* Milliseconds by the steady clock, which nobody sets; -1: there is none. */
int64_t up_clock_steady(struct up_server *);
/* From where the records stand. */
UP_MUST_USE enum up_err up_clock_start(struct up_server *);
/* One thread calls this several times a second: says when the clock goes wrong and right, and
 * believes it again when it may. True: it was set back, and what began before must not go on. */
bool up_clock_watch(struct up_server *);

/* random.c: OpenSSL's CSPRNG through a small per-thread pool. Aborts the process when it fails:
 * nothing safe could follow. */
void up_random(void *out, size_t n);
void up_random_id(char out[23]);                  /* base64url of 128 bits, NUL */
/* A name, never a secret: 48 bits of time, then 80 random ones, so that names given in turn lie
 * side by side in an index. */
void up_random_ordered_id(int64_t now_ms, char out[23]);

#endif
