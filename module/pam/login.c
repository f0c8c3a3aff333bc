/* SPDX-License-Identifier: Apache-2.0 */
#include "module/pam/login.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/target.h"
#include "core/text.h"
#include "module/pam/decide.h"
#include "module/pam/draw.h"
#include "module/rp/rplog.h"

#define FAILURES 3 /* passing failures in a row before the server counts as away, */
#define FAILING_MS 15000                 /* or so long */
#define AWAY 0

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static enum up_texts_lang lang_of(const struct up_pam_login *l)
{
	if (l->options->lang == UP_OPTIONS_LANG_AUTO)
		return up_texts_lang_of(l->locale);
	return l->options->lang == UP_OPTIONS_LANG_ZH ? UP_TEXTS_ZH : UP_TEXTS_EN;
}

void up_pam_login_tell(const struct up_pam_login *l, enum up_texts_key key)
{
	(void)!up_wire_send(l->fd, UP_WIRE_RESULT, up_span_str(up_texts_get(lang_of(l), key)));
}

/* --- what is shown --- */

/* A host that names a device is at the terminal itself, which takes escape sequences. What goes to
 * an ssh client does not: it shows them as text. There, the picture is for a dark background;
 * phones read its negative as well, and there is the code. */
static enum up_options_qr style_of(const struct up_pam_login *l)
{
	if (l->options->qr != UP_OPTIONS_QR_AUTO)
		return l->options->qr;
	if (!up_texts_utf8(l->locale))
		return UP_OPTIONS_QR_OFF;
	return up_span_starts(l->tty, "/dev/") ? UP_OPTIONS_QR_COLOUR : UP_OPTIONS_QR_DARK;
}

static bool draw(struct up_buf *b, struct up_span text, enum up_options_qr style)
{
	static const enum up_draw_style styles[] = {
		[UP_OPTIONS_QR_COLOUR] = UP_DRAW_COLOUR,
		[UP_OPTIONS_QR_DARK] = UP_DRAW_DARK,
		[UP_OPTIONS_QR_LIGHT] = UP_DRAW_LIGHT,
	};

	return style != UP_OPTIONS_QR_OFF && text.n > 0 &&
	    up_draw_lines(b, text, styles[style]) == UP_OK;
}

static void put_line(struct up_buf *b, const char *words, struct up_span value)
{
	up_buf_put_str(b, words);
	up_buf_put_span(b, value);
	up_buf_put_char(b, '\n');
}

static void compose(const struct up_pam_login *l, const struct up_terminal_view *v,
    struct up_span purpose, struct up_buf *b)
{
	enum up_texts_lang lang = lang_of(l);
	struct up_buf qr = { 0 };
	bool drawn = draw(&qr, v->qr, style_of(l));

	/* hosts put a prefix before the first line */
	put_line(
	    b, up_texts_get(lang, drawn ? UP_TEXTS_SCAN : UP_TEXTS_TYPE), (struct up_span) { 0 });
	if (drawn)
		up_buf_put_span(b, up_buf_span(&qr));
	if (!drawn && v->uri.n > 0)
		put_line(b, up_texts_get(lang, UP_TEXTS_OPEN), v->uri);
	if (v->user_code.n > 0)
		put_line(
		    b, up_texts_get(lang, drawn ? UP_TEXTS_OR_TYPE : UP_TEXTS_CODE), v->user_code);
	put_line(b, up_texts_get(lang, UP_TEXTS_COMPARE), purpose);
	b->failed = b->failed || qr.failed;
	up_buf_free(&qr);
}

/* Line by line: PAM_MAX_MSG_SIZE is 512. */
static enum up_err show(
    const struct up_pam_login *l, const struct up_terminal_view *v, struct up_span purpose)
{
	struct up_buf b = { 0 };
	struct up_span rest, line;
	enum up_err err;

	compose(l, v, purpose, &b);
	err = b.failed ? UP_E_NOMEM : UP_OK;
	rest = up_buf_span(&b);
	while (err == UP_OK && rest.n > 0) {
		up_span_cut(rest, '\n', &line, &rest);
		err = up_wire_send(l->fd, UP_WIRE_INFO, line);
	}
	if (err == UP_OK)
		err = up_wire_send(
		    l->fd, UP_WIRE_PROMPT, up_span_str(up_texts_get(lang_of(l), UP_TEXTS_PROMPT)));
	up_buf_free(&b);
	return err;
}

/* --- begin --- */

static enum up_err begin(
    const struct up_pam_login *l, struct up_span purpose, struct up_terminal_view *v)
{
	struct up_buf agent = { 0 };
	char ip[46];
	/* names are no addresses */
	struct up_terminal_ask ask = {
		.item = up_span_str(l->options->value[UP_OPTIONS_ITEM]),
		.purpose = purpose,
		.initiator_ip = up_span_str(up_target_address(l->rhost, ip) ? ip : NULL),
		.ui_locales = lang_of(l) == UP_TEXTS_ZH ? UP_SPAN_LIT("zh-CN") : UP_SPAN_LIT("en"),
		.now_s = time(NULL),
	};
	enum up_err err;

	up_buf_put_str(&agent, "pam_unitpass ");
	up_text_put_safe(&agent, l->service, 32);
	ask.initiator_user_agent = up_buf_span(&agent);
	err = agent.failed ? UP_E_NOMEM : up_terminal_begin(l->terminal, &ask, v);
	up_buf_free(&agent);
	return err;
}

/* --- endings --- */

/* Too many attempts are the person's own doing: not "unavailable", for which a stack may have
 * another way in. */
static const struct {
	enum up_err err;
	enum up_wire_verdict verdict;
	enum up_texts_key text;
} endings[] = {
	{ UP_E_DENIED, UP_WIRE_DENY, UP_TEXTS_DENIED },
	{ UP_E_EXPIRED, UP_WIRE_DENY, UP_TEXTS_EXPIRED },
	{ UP_E_PENDING, UP_WIRE_DENY, UP_TEXTS_TIMEOUT },
	{ UP_E_UPSTREAM, UP_WIRE_UNAVAILABLE, UP_TEXTS_UNAVAILABLE },
	{ UP_E_RATE, UP_WIRE_DENY, UP_TEXTS_BUSY },
	{ UP_E_PROVIDER, UP_WIRE_UNAVAILABLE, UP_TEXTS_BROKEN },
	{ UP_E_CONFIG, UP_WIRE_BROKEN, UP_TEXTS_BROKEN },
	{ UP_E_ITEM, UP_WIRE_BROKEN, UP_TEXTS_BROKEN },
	{ UP_E_NOMEM, UP_WIRE_BROKEN, UP_TEXTS_BROKEN },
	{ UP_E_CRYPTO, UP_WIRE_BROKEN, UP_TEXTS_BROKEN },
};

static int end(const struct up_pam_login *l, const char *step, enum up_err err)
{
	if (err == UP_E_IO)
		return AWAY;
	if (err == UP_E_ITEM)
		up_rplog('e',
		    "pam_login refused by the server: item: is not one of this client's, or "
		    "another parameter is wrong");
	up_rplog('w', "pam_login ended step=%s reason=%s", step,
	    err == UP_E_PENDING ? "timeout" : up_err_name(err));
	for (size_t i = 0; i < UP_ARRAY_LEN(endings); i++)
		if (endings[i].err == err) {
			up_pam_login_tell(l, endings[i].text);
			return endings[i].verdict;
		}
	up_pam_login_tell(l, UP_TEXTS_REFUSED);
	return UP_WIRE_DENY;
}

static int decide(const struct up_pam_login *l, const struct up_rp_session *s)
{
	const char *reason;
	enum up_wire_verdict verdict = up_decide(l->options, l->map, s, l->user, &reason);
	struct up_buf who = { 0 };

	up_text_put_safe(&who, l->user, 64);
	up_rplog('n',
	    "pam_login %s unit=%.*s holder=%.*s role=%.*s sid=%.*s account=%.*s reason=%s",
	    verdict == UP_WIRE_ACCEPT ? "accepted" : "refused", (int)s->unit_code.n,
	    (const char *)s->unit_code.p, (int)s->holder_ref.n, (const char *)s->holder_ref.p,
	    (int)s->role.n, (const char *)s->role.p, (int)s->sid.n, (const char *)s->sid.p,
	    (int)who.n, (const char *)who.p, reason);
	up_buf_free(&who);
	if (verdict != UP_WIRE_ACCEPT)
		up_pam_login_tell(l, UP_TEXTS_FORBIDDEN);
	return verdict;
}

/* --- the login --- */

/* UP_E_IO: the module said something out of turn or went away. UP_E_EXPIRED: nothing came. */
static enum up_err hear(const struct up_pam_login *l, int64_t wait_ms)
{
	uint8_t packet[UP_WIRE_MAX];
	struct up_span text;
	char kind;
	enum up_err err = up_wire_receive(l->fd, wait_ms, packet, &kind, &text);

	return err == UP_OK && kind != UP_WIRE_GO ? UP_E_IO : err;
}

/* Until DEADLINE. UP_E_PENDING: it came. */
static enum up_err poll_server(
    const struct up_pam_login *l, int64_t deadline, struct up_identity *id)
{
	int64_t now, since = 0, wait, left;
	unsigned failures = 0;
	enum up_err err;

	while ((now = now_ms()) < deadline) {
		if (failures == 0)
			since = now;
		up_idtoken_free(id);
		err = up_terminal_poll(l->terminal, time(NULL), id);
		failures = err == UP_E_UPSTREAM ? failures + 1 : 0;
		if (err != UP_E_PENDING && err != UP_E_UPSTREAM)
			return err;
		now = now_ms();
		if (failures == FAILURES || (failures > 0 && now - since >= FAILING_MS))
			return err;
		wait = up_terminal_interval(l->terminal) * 1000;
		left = deadline - now;
		/* the module has nothing more to say: anything but silence is its end */
		if (hear(l, wait < left ? wait : left) != UP_E_EXPIRED)
			return UP_E_IO;
	}
	return UP_E_PENDING;
}

static int follow(const struct up_pam_login *l, int64_t deadline)
{
	struct up_identity id;
	enum up_err err;
	int verdict;

	memset(&id, 0, sizeof(id));
	err = hear(l, deadline - now_ms());
	if (err != UP_OK)
		return end(l, "prompt", err == UP_E_EXPIRED ? UP_E_PENDING : err);
	err = poll_server(l, deadline, &id);
	verdict = err == UP_OK ? decide(l, &id.session) : end(l, "poll", err);
	up_idtoken_free(&id);
	return verdict;
}

int up_pam_login(const struct up_pam_login *l)
{
	struct up_terminal_view view;
	struct up_buf purpose = { 0 };
	int64_t seconds;
	enum up_err err;

	up_texts_purpose(&purpose, lang_of(l), l->service, l->host, l->user);
	err = purpose.failed ? UP_E_NOMEM : begin(l, up_buf_span(&purpose), &view);
	if (err != UP_OK) {
		up_buf_free(&purpose);
		return end(l, "begin", err == UP_E_IO ? UP_E_UPSTREAM : err);
	}
	seconds = view.expires_in_s < l->options->timeout_s ? view.expires_in_s
							    : l->options->timeout_s;
	up_rplog('i', "pam_login begun seconds=%lld interval=%lld", (long long)seconds,
	    (long long)up_terminal_interval(l->terminal));
	err = show(l, &view, up_buf_span(&purpose));
	up_buf_free(&purpose);
	return err == UP_OK ? follow(l, now_ms() + seconds * 1000) : end(l, "show", err);
}
