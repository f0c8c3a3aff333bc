/* SPDX-License-Identifier: Apache-2.0
 * The real-name check (rule 5) as the configuration has it: which connector is asked, and in
 * unitpassd the threads that wait for it, so that nobody else does.
 *
 * A platform may take seconds, or never answer. So a check is made neither inside a transaction nor
 * on a thread that serves requests: it is handed to one of a few threads (up_checks_submit; for a
 * request, http/check.h), and told when it is done. One thread more asks again for those who are
 * pending, until there is an answer, and submits UP_OP_REALNAME with it. */
#ifndef UP_CHECKS_H
#define UP_CHECKS_H

#include "core/person.h"
#include "server/config.h"
#include "server/connect/breaker.h"
#include "server/connect/realname.h"

/* --- which connector --- */

struct up_platform;
struct up_checks_source {
	struct up_realname connector;
	struct up_platform *platform;    /* NULL: the roster */
};
/* C is borrowed until the close. UP_E_KEY, UP_E_IO, UP_E_CONFIG: the secret, with WHY; UP_E_NOMEM.
 */
UP_MUST_USE enum up_err up_checks_open(
    const struct up_config *c, struct up_checks_source *out, char why[256]);
void up_checks_close(struct up_checks_source *);
/* Is anybody there to be asked? */
bool up_checks_configured(const struct up_config *);
/* What is wrong with the keys of the check, and which it is; NULL: nothing. */
const char *up_checks_wrong(const struct up_config *, const char **key);

/* --- threads --- */

struct up_server;
struct up_checks;

UP_MUST_USE enum up_err up_checks_start(
    struct up_server *, struct up_checks **out, char why[256]);
/* All that was submitted is done soon, unavailable. Whoever waits for the store is next. */
void up_checks_stop(struct up_checks *);
void up_checks_free(struct up_checks **);

/* One check; the caller keeps it until DONE, which a thread of the checks calls. */
struct up_check {
	struct up_person person;
	struct up_realname_answer answer;
	void (*done)(struct up_check *);
	void *arg;
	struct up_check *next;           /* the checks' */
};
/* False: too many wait already, or it has stopped. DONE is not called; the answer is UNAVAILABLE.
 */
UP_MUST_USE bool up_checks_submit(struct up_checks *, struct up_check *);
/* On the caller's thread, which waits. Beyond "realname_per_minute" nobody is asked. */
void up_checks_ask(struct up_checks *, const struct up_person *, struct up_realname_answer *);
/* Sleep until it is over or the checks stop; true: they have. */
bool up_checks_pause(struct up_checks *, int64_t ms);

struct up_checks_stats {                 /* since the start */
	uint64_t answers[UP_REALNAME_OUTCOMES];  /* by outcome, asked or not */
	uint64_t limited;                /* of them unavailable because nobody was asked */
	uint64_t waiting;                /* checks now, for a thread */
	enum up_breaker_state breaker;   /* closed for a roster */
};
void up_checks_stats(struct up_checks *, struct up_checks_stats *out);

/* --- checks_again.c: the thread that asks again --- */

struct up_checks_again;
UP_MUST_USE enum up_err up_checks_again_start(
    struct up_server *, struct up_checks *, struct up_checks_again **out);
/* The checks have stopped. */
void up_checks_again_end(struct up_checks_again **);

#endif
