/* SPDX-License-Identifier: Apache-2.0
 * A population platform behind HTTPS as a connector of the real-name check; what is said is in
 * platform_wire.h and doc/REALNAME.md.
 *
 * A check is one or several tries: what failed on the way, or because the platform is busy, is
 * tried again after a pause that doubles and varies, all within one total time. A circuit breaker
 * (breaker.h) stands before each try. Only an answer with the right signature counts; everything
 * else is UNAVAILABLE, with the reason. Nothing of the person is in URLs or reasons. */
#ifndef UP_PLATFORM_H
#define UP_PLATFORM_H

#include "server/connect/breaker.h"
#include "server/connect/platform_wire.h"

struct up_platform_settings {
	const char *url;                 /* https, or http to a loopback host */
	const char *key_id;              /* sent along; visible ASCII without blanks */
	const char *ca;                  /* file of authorities instead of the system's; or "" */
	struct up_span secret;           /* copied */
	struct up_platform_mapping mapping;
	long connect_ms, timeout_ms;     /* of one connection; of a whole check */
	unsigned tries;                  /* at most, for one check */
	long pause_ms;                   /* before the second */
	struct up_breaker_limits breaker;
};

struct up_platform;

/* The texts of SETTINGS are borrowed until the free. UP_E_FORMAT: the URL; UP_E_NOMEM. */
UP_MUST_USE enum up_err up_platform_new(
    const struct up_platform_settings *settings, struct up_platform **out);
void up_platform_free(struct up_platform **);
/* Good until the free; from any number of threads. */
struct up_realname up_platform_connector(struct up_platform *);
/* Is the platform left in peace now? From any thread. */
enum up_breaker_state up_platform_breaker(struct up_platform *);
/* From another thread: checks under way end within a second or so, and later ones at once, all
 * UNAVAILABLE. */
void up_platform_stop(struct up_platform *);

#endif
