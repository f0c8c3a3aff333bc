/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/auth.h"

#include "core/text.h"

#define WATCH_CHARS 22                   /* base64url of 16 bytes */

/* That it is the secret of a login that still is, live.h tells when it is watched. */
static enum up_err take_watch_key(struct up_request *r)
{
	if (r->tail.n != WATCH_CHARS ||
	    up_text_b64url_fixed(r->tail, r->watch, sizeof(r->watch)) != UP_OK)
		return UP_E_NOT_FOUND;
	return UP_OK;
}

static const struct {
	bool clock;
	enum up_err (*check)(struct up_request *);       /* NULL: nothing to check */
} callers[UP_WHOS] = {
	[UP_ANYONE] = { false, NULL },
	[UP_OPERATOR] = { false, NULL },         /* his listener stands for him */
	[UP_CLIENT] = { true, up_auth_client },
	[UP_BEARER] = { true, up_auth_bearer },
	[UP_WATCH_KEY] = { true, take_watch_key },
	[UP_PHONE] = { true, up_auth_phone },
	[UP_SIGNED_PHONE] = { true, up_auth_phone },
	[UP_NEW_PHONE] = { true, up_auth_phone },
	[UP_SIGNED_NEW_PHONE] = { true, up_auth_phone },
};

bool up_auth_wants_clock(enum up_who who)
{
	return callers[who].clock;
}

enum up_err up_auth_caller(struct up_request *r)
{
	enum up_err (*check)(struct up_request *) = callers[r->route->who].check;

	return check != NULL ? check(r) : UP_OK;
}
