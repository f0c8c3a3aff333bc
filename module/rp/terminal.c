/* SPDX-License-Identifier: Apache-2.0 */
#include "module/rp/terminal.h"

#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "module/rp/provider.h"
#include "module/rp/rplog.h"
#include "module/rp/settings.h"

#define INTERVAL_MIN_S 1
#define SLOWER_S 5

struct up_terminal {
	struct up_rp *rp;
	struct up_provider_begun begun;
	char nonce[23];
	int64_t interval_s;
};

enum up_err up_terminal_new(const struct up_rp_settings *s, struct up_terminal **out, char why[256])
{
	struct up_terminal *t = calloc(1, sizeof(*t));
	enum up_err err = UP_E_NOMEM;

	*out = NULL;
	why[0] = '\0';
	if (t == NULL)
		return UP_E_NOMEM;
	err = up_settings_bare(s, &t->rp, why);
	if (err != UP_OK) {
		free(t);
		return err;
	}
	*out = t;
	return UP_OK;
}

void up_terminal_free(struct up_terminal **tp)
{
	struct up_terminal *t = *tp;

	if (t == NULL)
		return;
	up_rp_free(&t->rp);
	up_wipe(t, sizeof(*t));
	free(t);
	*tp = NULL;
}

/* What goes to a terminal must not steer it. */
static bool is_plain(const char *s)
{
	for (; *s != '\0'; s++)
		if (*s <= 0x20 || *s >= 0x7f)
			return false;
	return true;
}

/* Frames and no static code: the phone would refuse what a terminal can show. */
static enum up_err check(const struct up_provider_begun *b)
{
	if (!is_plain(b->user_code) || !is_plain(b->verification_uri) ||
	    !is_plain(b->complete_uri)) {
		up_rplog(
		    'e', "rp_terminal refused: verification_uri or user_code is no plain text");
		return UP_E_PROVIDER;
	}
	if (b->complete_uri[0] != '\0' || (b->watch_uri[0] == '\0' && b->user_code[0] != '\0' &&
	    b->verification_uri[0] != '\0'))
		return UP_OK;
	up_rplog('e',
	    "rp_terminal client is not registered for terminals; register it with --static-qr");
	return UP_E_CONFIG;
}

static void put_view(const struct up_provider_begun *b, struct up_terminal_view *v)
{
	if (b->complete_uri[0] != '\0')
		v->qr = up_span_str(b->complete_uri);
	else
		v->uri = up_span_str(b->verification_uri);
	v->user_code = up_span_str(b->user_code);
	v->client_name = up_span_str(b->client_name);
	v->item_name = up_span_str(b->item_name);
	v->expires_in_s = b->expires_in_s;
}

enum up_err up_terminal_begin(
    struct up_terminal *t, const struct up_terminal_ask *a, struct up_terminal_view *v)
{
	struct up_provider_ask ask = {
		.item = a->item, .purpose = a->purpose, .initiator_ip = a->initiator_ip,
		.initiator_user_agent = a->initiator_user_agent,
		.ui_locales = a->ui_locales, .now_s = a->now_s,
	};
	uint8_t rnd[16];
	enum up_err err;

	*v = (struct up_terminal_view){ 0 };
	up_wipe(&t->begun, sizeof(t->begun));
	if (RAND_bytes(rnd, sizeof(rnd)) != 1)
		return UP_E_CRYPTO;
	up_text_b64url(up_span_of(rnd, sizeof(rnd)), t->nonce);
	t->nonce[22] = '\0';
	ask.nonce = up_span_str(t->nonce);
	err = up_provider_begin(t->rp->provider, &ask, &t->begun);
	if (err == UP_OK)
		err = check(&t->begun);
	if (err != UP_OK) {
		up_wipe(&t->begun, sizeof(t->begun));
		return err;
	}
	t->interval_s = t->begun.interval_s > INTERVAL_MIN_S ? t->begun.interval_s : INTERVAL_MIN_S;
	put_view(&t->begun, v);
	return UP_OK;
}

/* The code is used: whatever is wrong from here on ends the login. A provider without keys is no
 * reason to ask again with it. */
static enum up_err accept_token(
    struct up_terminal *t, const char *token, int64_t now_s, struct up_identity *id)
{
	enum up_err err = up_idtoken_check(t->rp, up_span_str(token), t->nonce, now_s, id);

	up_wipe(&t->begun, sizeof(t->begun));
	if (err != UP_OK)
		up_idtoken_refused(id, err);
	return err == UP_E_UPSTREAM || err == UP_E_PENDING ? UP_E_KEY : err;
}

enum up_err up_terminal_poll(struct up_terminal *t, int64_t now_s, struct up_identity *id)
{
	char *token = NULL;
	enum up_err err;

	memset(id, 0, sizeof(*id));
	if (t->begun.device_code[0] == '\0')
		return UP_E_EXPIRED;
	err = up_provider_redeem(t->rp->provider, t->begun.device_code, now_s, &token);
	if (err == UP_OK)
		err = accept_token(t, token, now_s, id);
	if (token != NULL)
		up_wipe(token, strlen(token));
	free(token);
	if (err == UP_E_SLOW_DOWN) {
		t->interval_s += SLOWER_S;
		err = UP_E_PENDING;
	}
	return err == UP_E_GRANT ? UP_E_EXPIRED : err;
}

int64_t up_terminal_interval(const struct up_terminal *t)
{
	return t->interval_s;
}
