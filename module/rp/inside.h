/* SPDX-License-Identifier: Apache-2.0
 * What the rooms of the relying party share: the two opaque structs of rp.h and its bounds. */
#ifndef UP_RP_INSIDE_H
#define UP_RP_INSIDE_H

#include "module/rp/recent.h"
#include "module/rp/rp.h"

/* Longest values that we carry, in bytes; what is longer is refused where it enters. */
#define UP_RP_RETURN_MAX 1024
#define UP_RP_ITEM_MAX 64
#define UP_RP_NAME_MAX 200
#define UP_RP_URL_MAX 512
#define UP_RP_CODE_MAX 512               /* device code of another provider; ours has 22 */
#define UP_RP_USER_CODE_MAX 31
#define UP_RP_PLAIN_MAX 3072             /* plain content of either cookie */
/* "name=value" as sent, and the login cookies of a browser together */
#define UP_RP_COOKIE_MAX 3900
#define UP_RP_TRIES 8                    /* cookies of one name that we try to open */

struct up_provider;
struct up_words;

struct up_rp {
	char *issuer, *client;
	uint8_t keys[UP_SEAL_KEYS * 32];
	size_t n_keys;
	char *session_purpose, *seen_purpose, *login_purpose;
	char *page;                      /* login template of the site, or NULL: the embedded one */
	char *marks[UP_RP_MARKS];
	int64_t idle_s, max_s;
	bool confirm;                    /* ask before a unit's first session in a browser */
	struct up_provider *provider;
	struct up_words *words;
	struct up_recent *recent;        /* sessions, of all openers */
};

struct up_rp_opener {
	const struct up_rp *rp;
	struct up_seal *seal;
	struct up_span session_purpose;
	struct up_recent_one *held;      /* of the session opened last, or */
	uint8_t plain[UP_RP_PLAIN_MAX];  /* where it is not remembered */
};

#endif
