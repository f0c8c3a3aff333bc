/* SPDX-License-Identifier: Apache-2.0
 * The Apache module: thin glue over module/rp. settings.c reads directives, parties.c makes the
 * relying parties and checks the whole configuration, access.c guards locations, require.c gives
 * the words of Require, pages.c answers /.unitpass/, identity.c moves identity in and spoofs out,
 * cache.c tells caches what to keep, openers.c keeps one opener a thread, child.c begins a process
 * and keeps its end from coming at a bad time. */
#ifndef UP_APACHE_MODULE_H
#define UP_APACHE_MODULE_H

#include <signal.h>

#include <httpd.h>
#include <http_config.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>

#include "module/rp/rp.h"

extern module AP_MODULE_DECLARE_DATA auth_unitpass_module;

#define UP_APACHE_TYPE "unitpass"        /* AuthType */

/* One relying party, shared by all servers and locations with the same settings. */
typedef struct {
	struct up_rp_settings settings;
	struct up_rp *rp;
	size_t index;                    /* its place among a thread's openers */
	pid_t maker;                     /* the process that read the configuration */
} up_apache_party_t;

enum { UP_APACHE_ISSUER, UP_APACHE_CLIENT, UP_APACHE_SECRET, UP_APACHE_KEY, UP_APACHE_SESSION_KEY,
	UP_APACHE_PAGE, UP_APACHE_MARKS, UP_APACHE_TEXTS = UP_APACHE_MARKS + UP_RP_MARKS };

typedef struct {
	const char *value;               /* NULL: not said */
	const char *file;                /* where it was said */
	int line;
} up_apache_text_t;

typedef struct {                         /* of a server */
	up_apache_text_t texts[UP_APACHE_TEXTS];
	apr_array_header_t *proxies;     /* struct up_cidr */
	int confirm;                     /* -1: not said */
	bool said;                       /* this very server says something of its own */
	/* For every idle and longest time said anywhere: parties[idle * main->maxes->nelts + max].
	 * NULL: no portal here. */
	up_apache_party_t **parties;
} up_apache_server_t;

typedef struct {                         /* of a directory or location */
	int headers, cache;              /* -1: not said */
	int idle, max;                   /* places in the lists of up_apache_main_t; 0: not said */
} up_apache_dir_t;

typedef struct {                         /* of one configuration */
	apr_pool_t *pool;
	apr_array_header_t *idles, *maxes;       /* int64_t, seconds; the first is 0, the default */
	apr_array_header_t *parties;     /* up_apache_party_t * */
	const char *variables[UP_RP_VALUES];     /* UNITPASS_UNIT_CODE ... */
} up_apache_main_t;

extern up_apache_main_t *up_apache_main;

/* Who asks, in the request's own memory. */
typedef struct {
	const up_apache_party_t *party;
	struct up_rp_session session;
	uint8_t texts[];
} up_apache_identity_t;

typedef struct {                         /* of a request */
	const up_apache_identity_t *who; /* NULL: not known (yet) */
	struct up_span item;             /* the first item that was required */
	const struct up_rp_rule *wanted; /* the first that the session did not satisfy */
	bool denies; /* "not" or RequireNone asked about the session before it was opened */
	bool inside;                     /* within our own call of the authorization hooks */
} up_apache_state_t;

/* settings.c */
extern const command_rec up_apache_settings_commands[];
extern const char *const up_apache_settings_names[UP_APACHE_TEXTS];      /* "UnitpassIssuer" ... */
/* pre_config */
int up_apache_settings_begin(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp);
void *up_apache_settings_server(apr_pool_t *p, server_rec *s);
void *up_apache_settings_server_merge(apr_pool_t *p, void *parent, void *child);
void *up_apache_settings_dir(apr_pool_t *p, char *dir);
void *up_apache_settings_dir_merge(apr_pool_t *p, void *parent, void *child);

/* parties.c */
/* check_config */
int up_apache_parties_check(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s);
/* by the server and the limits in force; NULL: none */
const up_apache_party_t *up_apache_parties_of(request_rec *r);

/* child.c */
void up_apache_child_begin(apr_pool_t *pchild, server_rec *s);           /* child_init */
/* Around what allocates or calls a library while a request is served, not nested: the end of the
 * process waits until LEAVE. */
void up_apache_child_enter(sigset_t *kept);
void up_apache_child_leave(const sigset_t *kept);

/* openers.c */
bool up_apache_openers_begin(void);
/* this thread's; NULL: no memory, or the process could not begin */
struct up_rp_opener *up_apache_openers_get(const up_apache_party_t *);

/* identity.c */
/* post_read_request: identity headers of the client */
int up_apache_identity_strip(request_rec *r);
/* pre_translate_name: our own of an earlier pass */
int up_apache_identity_strip_again(request_rec *r);
/* REMOTE_USER, environment, headers */
void up_apache_identity_publish(request_rec *r, const up_apache_identity_t *);
/* fixups: the same where httpd took over the verdict */
int up_apache_identity_fixups(request_rec *r);
struct up_span up_apache_identity_cookies(request_rec *r);
up_apache_state_t *up_apache_identity_state(request_rec *r);
/* What this request, or one it stems from, found under the same settings. NULL: nothing. */
const up_apache_identity_t *up_apache_identity_known(request_rec *r, const up_apache_party_t *);
bool up_apache_identity_anybody(const request_rec *r);   /* under whatever settings */

/* pages.c */
/* quick_handler: /.unitpass/ */
int up_apache_pages_handler(request_rec *r, int lookup);
void up_apache_pages_request(request_rec *r, struct up_rp_request *out);
void up_apache_pages_send(request_rec *r, struct up_rp_response *resp);  /* frees RESP */

/* access.c */
bool up_apache_access_is_ours(request_rec *r);
int up_apache_access_authenticate(request_rec *r);       /* check_user_id */
int up_apache_access_authorize(request_rec *r);          /* auth_checker */
int up_apache_access_force(request_rec *r);              /* force_authn */

/* cache.c */
void up_apache_cache_register(void);

/* require.c */
void up_apache_require_register(apr_pool_t *p);

#endif
