/* SPDX-License-Identifier: Apache-2.0
 * The server as the portal sees it: discovery, keys, and the three calls of a login (RFC 8414, RFC
 * 7517, RFC 8628). Any provider of RFC 8628 whose ID tokens carry unit and holder will do; ours
 * adds watch_uri. Blocks; may be used from several threads. */
#ifndef UP_PROVIDER_H
#define UP_PROVIDER_H

#include "core/jwt.h"
#include "module/rp/inside.h"

#define UP_PROVIDER_KEEP_S 3600          /* metadata and keys are asked for again after this */
#define UP_PROVIDER_THROTTLE_S \
	10 /* between two questions for an unknown key id, or for moved endpoints */
#define UP_PROVIDER_RETRY_S 2            /* after a failed question */
#define UP_PROVIDER_EXPIRES_MAX 3600

/* Exactly one of SECRET and KEY (taken over in all cases). KID: how the provider knows the key;
 * empty: by its thumbprint. ISSUER and CLIENT are borrowed for the provider's life. */
UP_MUST_USE enum up_err up_provider_new(const char *issuer, const char *client,
    struct up_span secret, struct up_jwk *key, struct up_span kid, struct up_provider **out);
void up_provider_free(struct up_provider **);

struct up_provider_ask {                 /* borrowed; empty: not sent */
	struct up_span nonce, item, purpose, initiator_ip, initiator_user_agent, browser,
	    supersedes, ui_locales;
	int64_t now_s;
};

struct up_provider_begun {               /* texts empty when the provider did not give them */
	char device_code[UP_RP_CODE_MAX + 1];
	char watch_uri[UP_RP_URL_MAX + 1];
	char verification_uri[UP_RP_URL_MAX + 1], complete_uri[UP_RP_URL_MAX + 1];
	char user_code[UP_RP_USER_CODE_MAX + 1];
	char client_name[UP_RP_NAME_MAX + 1], item_name[UP_RP_NAME_MAX + 1];
	int64_t expires_in_s, interval_s, frame_interval_s;
};

/* POST to the device authorization endpoint. UP_E_ITEM: refused as the request's fault (an item
 * that is not the client's); UP_E_RATE; UP_E_PROVIDER: it answers, but refuses us, or its answer
 * does not do; UP_E_UPSTREAM for all else; the last two logged. */
UP_MUST_USE enum up_err up_provider_begin(
    struct up_provider *, const struct up_provider_ask *, struct up_provider_begun *);

/* POST to the token endpoint. *ID_TOKEN is the caller's (wipe it). UP_E_PENDING, UP_E_SLOW_DOWN,
 * UP_E_DENIED, UP_E_EXPIRED, UP_E_GRANT, UP_E_PROVIDER, UP_E_UPSTREAM. */
UP_MUST_USE enum up_err up_provider_redeem(
    struct up_provider *, const char *device_code, int64_t now_s, char **id_token);

struct up_provider_state {
	char state[16];                  /* pending scanned approved denied expired */
	int64_t expires_in_s, t;
	char text[256];                  /* the frame; empty when there is none */
};

/* One snapshot of the watch; no redemption. UP_E_EXPIRED: the server does not know it (any more).
 * UP_E_UPSTREAM. */
UP_MUST_USE enum up_err up_provider_watch(
    struct up_provider *, const char *watch_uri, struct up_provider_state *);

/* Is JWT signed by a key of the provider's JWK Set (core/jws.h)? The set is kept, and asked for
 * again at most every UP_PROVIDER_THROTTLE_S for a key that it lacks. Call it only for a token
 * whose claims already fit. UP_E_KEY, UP_E_SIGNATURE, UP_E_UPSTREAM: no keys to be had. */
UP_MUST_USE enum up_err up_provider_verify(struct up_provider *, const struct up_jwt *);

#endif
