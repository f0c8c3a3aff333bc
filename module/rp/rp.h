/* SPDX-License-Identifier: Apache-2.0
 * The relying party, once for all doors (Apache, nginx, PAM): plain blocking C that knows no web
 * server.
 *
 * A process calls up_rp_init once after fork (nginx init_process, Apache child_init). An up_rp (one
 * issuer, client and key file) is made from settings at configuration time, when nothing of the
 * network is touched; it is immutable but for its JWKS cache, and may be used from several threads.
 * Sessions are opened through an up_rp_opener, which belongs to one thread. */
#ifndef UP_RP_H
#define UP_RP_H

#include "core/seal.h"
#include "core/target.h"

#define UP_RP_PREFIX "/.unitpass/"
#define UP_RP_SESSION_COOKIE "__Host-unitpass"
#define UP_RP_SEEN_COOKIE "__Host-unitpass-seen"
#define UP_RP_LOGIN_COOKIE "__Host-unitpass-login"

/* --- settings --- */

/* By what people know whose page it is: the issuer's name; the paths of emblem and small icon on
 * this portal; a telephone; where to get the app. */
enum up_rp_mark { UP_RP_MARK_NAME, UP_RP_MARK_EMBLEM, UP_RP_MARK_FAVICON, UP_RP_MARK_TELEPHONE,
    UP_RP_MARK_APP, UP_RP_MARKS };

struct up_rp_settings {
	const char *issuer;                  /* required */
	const char *client;                  /* required */
	/* exactly one: shared secret (one line), or private JWK for private_key_jwt */
	const char *secret_file, *key_file;
	const char *session_key_file;        /* required */
	const char *page_file;               /* own login page, or NULL */
	int64_t idle_s, max_s;               /* 0: 30 min, 8 h */
	const char *marks[UP_RP_MARKS];      /* NULL: not shown */
	bool unasked;                /* sign in at once where the unit has never used the browser */
};

/* Do A and B make the same relying party? */
bool up_rp_settings_same(const struct up_rp_settings *a, const struct up_rp_settings *b);

struct up_rp;

/* Files are read here and must not be readable or writable by group or others (group-read allowed
 * for none). On error *OUT is NULL and WHY says what is wrong and what to do, naming the setting as
 * in "issuer", "session_key_file". UP_E_CONFIG, UP_E_NOMEM. */
UP_MUST_USE enum up_err up_rp_new(const struct up_rp_settings *, struct up_rp **out, char why[256]);
/* After all of its openers: the session that one opened last is the party's memory. Takes NULL,
 * clears. */
void up_rp_free(struct up_rp **);

/* Where log lines go: LEVEL is 'e' error, 'w' warning, 'i' info; never a secret in LINE. */
typedef void (*up_rp_log)(void *arg, char level, const char *line);
/* per process, after fork: liboauth2, libcurl */
UP_MUST_USE enum up_err up_rp_init(up_rp_log log, void *arg);
void up_rp_shutdown(void);

/* --- the hot path: no I/O, no lock --- */

/* spans point into what the opener keeps, valid until its next use */
struct up_rp_session {
	int64_t created_s, seen_s, auth_time_s, certificate_version;
	struct up_span unit_code, unit_name, certificate, role, holder_ref, holder_name;
	struct up_span items;            /* space-separated */
	struct up_span sid, sub;
	/* Of up_rp_session_open: the piece of memory that all texts lie in, each with a NUL behind
	 * it. */
	struct up_span all;
};

/* One per thread and up_rp: cipher contexts kept. Its up_rp must outlive it: recent sessions are
 * borrowed from there. */
struct up_rp_opener;
UP_MUST_USE enum up_err up_rp_opener_new(const struct up_rp *, struct up_rp_opener **out);
void up_rp_opener_free(struct up_rp_opener **);          /* before its party */

/* Find and open the session in a Cookie header's value (several lines joined by "; "; a comma
 * separates nothing). UP_OK: *S is set, *REFRESH says that up_rp_session_refresh should follow: S
 * was seen longer ago than a quarter of its idle time, and 60 s. UP_E_TOKEN: none, foreign, stale,
 * over its limits, or two different ones: there is nobody. */
UP_MUST_USE enum up_err up_rp_session_open(struct up_rp_opener *, struct up_span cookies,
    int64_t now_s, struct up_rp_session *s, bool *refresh);
/* FROM, of up_rp_session_open, for longer: its texts go to BYTES, which has room for FROM->all. */
void up_rp_session_copy(const struct up_rp_session *from, struct up_rp_session *to, uint8_t *bytes);
/* Append the full Set-Cookie value of a new session S. */
UP_MUST_USE enum up_err up_rp_session_cookie(struct up_rp_opener *, const struct up_rp_session *s,
    int64_t now_s, struct up_buf *set_cookie);
/* Append the Set-Cookie value that says S was seen NOW_S. It is no session: it is worth something
 * beside the session that it names alone, so that one which arrives after a sign-out brings nothing
 * back. */
UP_MUST_USE enum up_err up_rp_session_refresh(struct up_rp_opener *, const struct up_rp_session *s,
    int64_t now_s, struct up_buf *set_cookie);

enum up_rp_what { UP_RP_UNIT, UP_RP_ROLE, UP_RP_ITEM, UP_RP_CERTIFICATE };
/* one of VALUES, compared exactly */
struct up_rp_rule { enum up_rp_what what; const struct up_span *values; size_t n; };
/* May VALUE stand in a rule of that kind? NULL: yes; else what is wrong, for the administrator. */
const char *up_rp_rule_refuses(enum up_rp_what, struct up_span value);
/* UP_RP_ITEM: the session's items hold it, or the role is principal or manager (rule 20).
 * CERTIFICATE: its number. */
bool up_rp_rule_holds(const struct up_rp_rule *, const struct up_rp_session *);

/* The nine values for the application, in this order: Unit-Code Unit-Name Certificate Role
 * Holder-Ref Holder-Name Items Auth-Time Session. */
#define UP_RP_VALUES 9
extern const char *const up_rp_value_header[UP_RP_VALUES];      /* "X-Unitpass-Unit-Code" ... */
extern const char *const up_rp_value_variable[UP_RP_VALUES];    /* "unitpass_unit_code" ... */
/* Append value I; PERCENT: percent-encoded (headers, nginx variables), else raw UTF-8. */
void up_rp_value(const struct up_rp_session *, size_t i, bool percent, struct up_buf *out);
/* Value I in raw UTF-8, with a NUL behind it, within S of up_rp_session_open or its copy. NULL: it
 * is a number, or there is none. */
const char *up_rp_value_text(const struct up_rp_session *s, size_t i);
/* Is NAME a spelling of an identity header ("x-unitpass-", with '-' and '_' alike, any case)? Such
 * headers from a client are removed. */
bool up_rp_is_identity_header(struct up_span name);
/* Connection names header fields that whoever passes the request on takes out: by it a client could
 * take out what the web server adds. Append of VALUE, the field's, what speaks of the connection
 * itself; the rest is left out, and what it names goes on as if it were not named. False: VALUE
 * holds nothing else, and OUT is as it was. */
bool up_rp_connection_put(struct up_span value, struct up_buf *out);
/* Does VALUE, of an Upgrade field, ask for HTTP/2? In such a connection further requests would pass
 * through the web server unseen. */
bool up_rp_upgrade_is_h2c(struct up_span value);

/* --- everything under /.unitpass/, and the answers of protected locations --- */

struct up_rp_request {                   /* borrowed; empty spans for absent headers */
	struct up_span method, path /* decoded path, no query */, query /* raw */, host, cookies,
	    accept, accept_language, content_type, origin, sec_fetch_site, sec_fetch_mode,
	    sec_fetch_dest, requested_with, if_none_match, body;
	/* Sec-Purpose, or what it was called before: Purpose, X-Purpose, X-Moz */
	struct up_span purpose;
	/* raw request target as received: the return target of a protected page */
	struct up_span uri;
	struct up_span client_ip, user_agent;
	int64_t now_s, now_ms;           /* the same moment */
};

struct up_rp_response {
	int status;
	struct { char *name, *value; } headers[40];  /* owned; room for a cookie of each attempt */
	size_t n_headers;
	struct up_buf body;                  /* with HEAD the glue leaves it out */
};
void up_rp_response_free(struct up_rp_response *);

/* Does answering need the network (run it in a thread that may block), or the request's body first?
 */
bool up_rp_needs_network(struct up_span method, struct up_span path);
bool up_rp_needs_body(struct up_span method, struct up_span path);
#define UP_RP_BODY_MAX 8192

/* Answer a request whose path starts with UP_RP_PREFIX. Always gives a response (a 500 at worst).
 * May block when up_rp_needs_network says so. */
void up_rp_handle(const struct up_rp *, struct up_rp_opener *, const struct up_rp_request *,
    struct up_rp_response *);
/* The answer for a protected location without a session: 302 to login for a navigation, else 401
 * JSON (SECURITY 22). ITEM: what the location requires, or empty. */
void up_rp_login_required(const struct up_rp *, const struct up_rp_request *, struct up_span item,
    struct up_rp_response *);
/* S does not satisfy RULE (NULL: it is not known which): 403, page or JSON, with what it has and
 * what is wanted, and the way to sign in as another, or for the item that RULE wants. */
void up_rp_forbidden(const struct up_rp *, const struct up_rp_request *,
    const struct up_rp_session *s, const struct up_rp_rule *rule, struct up_rp_response *);
/* The glue cannot even ask: 503, page or JSON. */
void up_rp_unavailable(const struct up_rp *, const struct up_rp_request *, struct up_rp_response *);

#endif
