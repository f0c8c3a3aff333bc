/* SPDX-License-Identifier: Apache-2.0
 * unitpassctl doctor: looks at an installation from the outside, as its parties meet it, and says
 * of each finding what to do. Nothing is changed, but that opening the database brings its schema
 * to this release's, as every command does, and that the check of a client begins one login, which
 * expires. doctor.c is the command and the report; each doctor_*.c is one group of checks. */
#ifndef UP_DOCTOR_H
#define UP_DOCTOR_H

#include <jansson.h>

#include "core/span.h"
#include "tools/common/command.h"

enum up_doctor_level {
	UP_DOCTOR_OK,
	UP_DOCTOR_INFO,
	UP_DOCTOR_WARNING,
	UP_DOCTOR_ERROR,
	UP_DOCTOR_LEVELS
};

struct up_config;

struct up_doctor {
	const char *ca;                          /* file of further trusted authorities, or NULL */
	/* what the web server runs with; NULL: its own default */
	const char *nginx_config, *apache_config;
	json_t *checks;                          /* array of {"check","level","text","remedy"} */
	unsigned counts[UP_DOCTOR_LEVELS];
	bool failed;                             /* no memory: the report is not whole */
};

/* One line of the report. CHECK: stable word for scripts. Text of others is made harmless when it
 * is printed. */
void up_doctor_find(struct up_doctor *, enum up_doctor_level, const char *check, const char *fmt,
    ...) __attribute__((format(printf, 4, 5)));
/* What to do about the newest line. */
void up_doctor_remedy(struct up_doctor *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* doctor_server.c: the machine of unitpassd. */
void up_doctor_server(struct up_doctor *, const char *config_file);

/* doctor_front.c: the issuer as others see it, through the web server in front. */
struct up_doctor_issuer {
	char device_endpoint[512]; /* "" when the discovery document could not be had */
	bool reachable;
};
void up_doctor_front_issuer(struct up_doctor *, const char *issuer, struct up_doctor_issuer *out);
/* doctor_provider.c: the issuer's DOCUMENT, judged as the module judges it;
 * and what it answers to a login that BEGUN. */
void up_doctor_provider(struct up_doctor *, const json_t *document, struct up_doctor_issuer *out);
void up_doctor_provider_code(struct up_doctor *, const json_t *begun);
/* What only the server's own machine can ask: /watch/ is routed, the operators' listener is not;
 * the web server's configuration sets X-Forwarded-For. */
void up_doctor_front_routes(struct up_doctor *, const struct up_config *);
/* SECONDS that the clock of this machine is ahead of the one that says DATE (0: unknown). */
void up_doctor_front_clock(struct up_doctor *, const char *who, int64_t date_s, int64_t now_s);

/* doctor_portal.c: a portal; members NULL when not given. */
struct up_doctor_portal {
	const char *url, *issuer, *client, *secret_file, *key_file;
	/* url is http and not of a loopback host: nothing of it can work */
	bool plain;
};
void up_doctor_portal(struct up_doctor *, const struct up_doctor_portal *);

/* doctor_client.c: does the server take this client, and does a waiting page get its events? */
void up_doctor_client(
    struct up_doctor *, const struct up_doctor_portal *, const struct up_doctor_issuer *);

/* doctor_keys.c: LIST and FINGERPRINTS are separated by commas; either may be NULL. */
void up_doctor_keys_session(struct up_doctor *, const char *files, const char *fingerprints);
/* Mode and owner of a file or folder of secrets. UID: who must own it, or -1 for root or whoever
 * asks. False: an error was found. */
bool up_doctor_keys_private(struct up_doctor *, const char *check, const char *path, long uid);

int up_doctor_run(struct up_command_line *);
extern const struct argp_option up_doctor_options[];

#endif
