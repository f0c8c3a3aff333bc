/* SPDX-License-Identifier: Apache-2.0
 * The login cookies: what this browser has begun here, and which units have used it.
 *
 * Each attempt has a cookie of its own, "__Host-unitpass-login-ID", since answers to tabs that
 * begin at once overtake each other: in one cookie the last would take the others' attempts with
 * it. "__Host-unitpass-login" is the browser itself and outlives them. All are sealed. At most
 * three attempts, fewer when they would not fit UP_RP_COOKIE_MAX together;
 * the oldest goes first. */
#ifndef UP_ATTEMPT_H
#define UP_ATTEMPT_H

#include "module/rp/inside.h"
#include "module/rp/session.h"

#define UP_ATTEMPTS 3
#define UP_ATTEMPTS_SEEN 8               /* so many begun at once are all known */
#define UP_ATTEMPT_ID 8                  /* bytes */
#define UP_ATTEMPT_ID_TEXT 11            /* characters of base64url */
#define UP_ATTEMPT_NONCE 16
#define UP_ATTEMPT_KEEP_S \
	600 /* an ended attempt is known that much longer, so that its page can say so */
#define UP_ATTEMPT_BROWSER 16
#define UP_ATTEMPT_UNITS 16              /* that a browser is known to; then the first goes */
#define UP_ATTEMPT_UNIT 8                /* bytes of a unit's hash */

struct up_attempt {
	uint8_t id[UP_ATTEMPT_ID], nonce[UP_ATTEMPT_NONCE], browser[UP_ATTEMPT_BROWSER];
	int64_t started_s, expires_s;    /* expires_s: a moment */
	int64_t interval_s, polled_ms, frame_interval_s;
	char device_code[UP_RP_CODE_MAX + 1];
	char watch_uri[UP_RP_URL_MAX + 1];         /* empty: another provider, poll instead */
	/* What the page shows beside or instead of frames (RFC 8628 section 3.3.1); empty:
	 * there is none. */
	char complete_uri[UP_RP_URL_MAX + 1], verification_uri[UP_RP_URL_MAX + 1],
	    user_code[UP_RP_USER_CODE_MAX + 1];
	char return_to[UP_RP_RETURN_MAX + 1];
	char item[UP_RP_ITEM_MAX + 1];
	/* Who signed in, while the person at the browser has not said that it is her
	 * (up_session_put); nobody else can open it. */
	uint8_t held[UP_SESSION_MAX];
	size_t held_n;
	/* as the server calls them; for the first page only, not kept in the cookie */
	char client_name[UP_RP_NAME_MAX + 1], item_name[UP_RP_NAME_MAX + 1];
	size_t size;                     /* of its cookie */
	bool changed;                    /* its cookie has to be sent */
};

struct up_attempts {
	uint8_t browser[UP_ATTEMPT_BROWSER];
	uint8_t units[UP_ATTEMPT_UNITS][UP_ATTEMPT_UNIT];
	size_t n_units;
	bool changed;                    /* browser or units */
	size_t n;
	/* oldest first; one more while a new one is added */
	struct up_attempt at[UP_ATTEMPTS_SEEN + 1];
	/* cookies to be taken away: as many that served nothing, and each of AT */
	char gone[2 * UP_ATTEMPTS_SEEN + 1][UP_ATTEMPT_ID_TEXT + 1];
	size_t n_gone;
};

/* The attempts of this browser; none, with a new browser id, when no cookie opens. UP_E_CRYPTO:
 * no randomness. */
UP_MUST_USE enum up_err up_attempt_load(
    struct up_rp_opener *, struct up_span cookies, int64_t now_s, struct up_attempts *out);
/* Drop what does not fit beside KEEP (NULL: the newest), then give each Set-Cookie value to PUT,
 * which takes its content. */
typedef void (*up_attempt_put)(void *arg, struct up_buf *set_cookie);
UP_MUST_USE enum up_err up_attempt_save(struct up_rp_opener *, struct up_attempts *,
    struct up_attempt *keep, up_attempt_put put, void *arg);
struct up_attempt *up_attempt_find(struct up_attempts *, struct up_span id_text);
void up_attempt_remove(struct up_attempts *, struct up_attempt *);
/* Its result was collected while its progress was asked for: the session cookie went out, only
 * `complete` is to come. An empty device code with expires_s 0 is one whose result was refused. */
bool up_attempt_is_done(const struct up_attempt *);
/* What the QR says when there is no watch_uri: the complete address,
 * else the one where the code is typed. */
const char *up_attempt_qr(const struct up_attempt *);
void up_attempt_id_text(const struct up_attempt *, char out[UP_ATTEMPT_ID_TEXT + 1]);

/* Has somebody of this unit said in this browser that it is her? */
UP_MUST_USE enum up_err up_attempt_knows(const struct up_attempts *, struct up_span unit_code,
    bool *yes);
UP_MUST_USE enum up_err up_attempt_learn(struct up_attempts *, struct up_span unit_code);

#endif
