/* SPDX-License-Identifier: Apache-2.0 */
#include "module/rp/page.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "core/target.h"
#include "core/template.h"
#include "core/text.h"
#include "module/rp/request.h"
#include "web/embedded.h"

#define NONCE 16
#define NONCE_TEXT 22
#define VARS_MAX 48
#define ASSET_CACHE "public, max-age=300, must-revalidate"

struct var { const char *name; struct up_span value; };

/* what a template may name: the variables, then the words */
struct view {
	const struct up_words *words;
	const char *lang;
	struct var vars[VARS_MAX];
	size_t n;
};

static const struct up_embedded *find(struct up_span name)
{
	for (size_t i = 0; i < up_embedded_n; i++)
		if (up_span_eq_str(name, up_embedded_files[i].name))
			return &up_embedded_files[i];
	return NULL;
}

static struct up_span template_of(const char *name)
{
	const struct up_embedded *f = find(up_span_str(name));

	return f != NULL ? up_span_of(f->bytes, f->n) : (struct up_span){ 0 };
}

/* An empty value is known, an absent one is not (core/template.h). */
static void set(struct view *v, const char *name, struct up_span value)
{
	if (v->n < VARS_MAX)
		v->vars[v->n++] = (struct var){ name, value.n > 0 ? value : UP_SPAN_LIT("") };
}

static void set_word(struct view *v, const char *name, const char *key)
{
	set(v, name,
	    key != NULL ? up_words_get(v->words, v->lang, up_span_str(key))
			: (struct up_span) { 0 });
}

static struct up_span get(void *arg, struct up_span name)
{
	const struct view *v = arg;

	for (size_t i = 0; i < v->n; i++)
		if (up_span_eq_str(name, v->vars[i].name))
			return v->vars[i].value;
	return up_words_get(v->words, v->lang, name);
}

static bool make_nonce(char out[NONCE_TEXT + 1])
{
	uint8_t rnd[NONCE];

	if (RAND_bytes(rnd, sizeof(rnd)) != 1)
		return false;
	up_text_b64url(up_span_of(rnd, sizeof(rnd)), out);
	out[NONCE_TEXT] = '\0';
	return true;
}

static void page_headers(struct up_rp_response *r, const char *nonce, struct up_span connect,
    bool framed)
{
	struct up_buf csp = { 0 };

	up_buf_printf(&csp,
	    "default-src 'none'; script-src 'nonce-%s'; style-src 'nonce-%s'; img-src 'self'; "
	    "connect-src 'self'",
	    nonce, nonce);
	if (connect.n > 0) {
		up_buf_put_char(&csp, ' ');
		up_buf_put_span(&csp, connect);
	}
	up_buf_printf(&csp, "; form-action 'self'; base-uri 'none'; frame-ancestors %s",
	    framed ? "*" : "'none'");
	up_respond_header(r, "Content-Type", "text/html; charset=utf-8");
	up_respond_header_buf(r, "Content-Security-Policy", &csp);
	if (!framed)
		up_respond_header(r, "X-Frame-Options", "DENY");
	up_respond_header(r, "Cross-Origin-Opener-Policy", "same-origin");
	up_respond_header(r, "Cross-Origin-Resource-Policy", "same-origin");
	up_respond_header(r, "Permissions-Policy", "camera=(), microphone=(), geolocation=()");
	up_respond_header(r, "Vary", "Accept, Accept-Language, Cookie");
	up_respond_common(r);
}

static bool render(struct up_exchange *x, int status, struct up_span text, struct view *v)
{
	x->resp->status = status;
	if (text.n == 0 || up_template_render(text, get, v, &x->resp->body) != UP_OK)
		x->resp->body.failed = true;
	return !x->resp->body.failed;
}

/* What every page may name. */
static void set_common(struct view *v, const struct up_rp *rp, const char *lang, const char *nonce)
{
	static const char *const names[UP_RP_MARKS] = { "mark_name", "mark_emblem", "mark_favicon",
	    "mark_telephone", "mark_app" };

	*v = (struct view){ .words = rp->words, .lang = lang };
	set(v, "lang", up_span_str(lang));
	set(v, "nonce", up_span_str(nonce));
	for (size_t i = 0; i < UP_RP_MARKS; i++)
		set(v, names[i], up_span_str(rp->marks[i]));
}

/* --- the login page --- */

struct login_text {
	char nonce[NONCE_TEXT + 1], expires[24], interval[24];
	struct up_buf again, refresh, plain, qr;
};

static void put_login(struct up_buf *b, bool again, bool plain, const struct up_page_login *p)
{
	up_respond_put_login(b, again, p->return_to, p->item, p->attempt);
	if (plain)
		up_buf_put_str(b, "&plain=1");
}

/* What to do with a code that stands still, at a provider whose pages confirm it:
 * other words in the same places. */
static void set_still_words(struct view *v)
{
	set_word(v, "state_pending_title", "state_still_title");
	set_word(v, "state_pending_hint", "state_still_hint");
	set_word(v, "login_step_1", "login_still_step_1");
	set_word(v, "login_step_2", "login_still_step_2");
	set_word(v, "login_step_3", "login_still_step_3");
}

static void login_view(const struct up_rp *rp, const char *lang, const struct up_page_login *p,
    struct login_text *t, struct view *v)
{
	static const char *const states[] = { "pending", "scanned", "approved", "denied",
		"expired" };
	static const char *const flags[] = { "is_pending", "is_scanned", "is_approved", "is_denied",
		"is_expired" };

	snprintf(t->expires, sizeof(t->expires), "%lld", (long long)p->expires_in_s);
	snprintf(t->interval, sizeof(t->interval), "%lld", (long long)p->frame_interval_s);
	put_login(&t->again, true, p->plain, p);
	put_login(&t->refresh, false, p->plain, p);
	put_login(&t->plain, false, true, p);
	up_buf_put_str(&t->qr, UP_RP_PREFIX "qr.svg?attempt=");
	up_buf_put_percent(&t->qr, p->attempt);
	set_common(v, rp, lang, t->nonce);
	/* for a page's own words */
	set(v, "is_zh", up_span_str(strcmp(lang, "en") != 0 ? "1" : ""));
	set(v, "is_en", up_span_str(strcmp(lang, "en") == 0 ? "1" : ""));
	set(v, "is_script", up_span_str(p->plain ? "" : "1"));
	set(v, "attempt", p->attempt);
	set(v, "watch_uri", p->watch_uri);
	set(v, "frame_interval", up_span_str(t->interval));
	set(v, "expires_in", up_span_str(t->expires));
	set(v, "state", up_span_str(p->state));
	for (size_t i = 0; i < UP_ARRAY_LEN(states); i++)
		set(v, flags[i], up_span_str(strcmp(p->state, states[i]) == 0 ? "1" : ""));
	set(v, "item_name", p->item_name);
	set(v, "return", p->return_to);
	set(v, "again_uri", up_buf_span(&t->again));
	set(v, "refresh_uri", up_buf_span(&t->refresh));
	set(v, "plain_uri", up_buf_span(&t->plain));
	set(v, "qr_uri", up_buf_span(&t->qr));
	set(v, "client_name", p->client_name);
	set(v, "verification_uri", p->verification_uri);
	set(v, "user_code", p->user_code);
	if (p->watch_uri.n == 0)
		set_still_words(v);
}

static void login_text_free(struct login_text *t)
{
	up_buf_free(&t->again);
	up_buf_free(&t->refresh);
	up_buf_free(&t->plain);
	up_buf_free(&t->qr);
}

/* The site's own page is made around the widget; without it, ours. */
static struct up_span login_template(const struct up_rp *rp, bool plain)
{
	return rp->page != NULL && !plain ? up_span_str(rp->page) : template_of("login.html");
}

void up_page_login(struct up_exchange *x, const struct up_page_login *p)
{
	struct up_span origin = { 0 }, path;
	struct login_text t = { 0 };
	struct view v;

	if (p->watch_uri.n > 0 && up_target_url(p->watch_uri, &origin, &path) != UP_OK)
		origin = (struct up_span){ 0 };
	if (!make_nonce(t.nonce)) {
		x->resp->body.failed = true;
		return;
	}
	login_view(x->rp, x->lang, p, &t, &v);
	if (t.again.failed || t.refresh.failed || t.plain.failed || t.qr.failed)
		x->resp->body.failed = true;
	else if (render(x, 200, login_template(x->rp, p->plain), &v))
		page_headers(x->resp, t.nonce, origin, false);
	login_text_free(&t);
}

bool up_page_check(const struct up_rp *rp, char *why, size_t cap)
{
	struct up_page_login p = { .state = "pending",
		.attempt = UP_SPAN_LIT("AAAAAAAAAAA"),
		.return_to = UP_SPAN_LIT("/") };
	struct login_text t = { 0 };
	struct up_buf out = { 0 };
	struct view v;
	enum up_err err;

	login_view(rp, "zh-CN", &p, &t, &v);
	err = up_template_render(login_template(rp, false), get, &v, &out);
	if (err == UP_E_NOT_FOUND)
		snprintf(why, cap,
		    "names a value in {{...}} that does not exist; doc/WIDGET.md lists them");
	else if (err != UP_OK)
		snprintf(
		    why, cap, "has a {{...}} that is not closed, or sections that do not match");
	login_text_free(&t);
	up_buf_free(&out);
	return err == UP_OK;
}

/* --- messages --- */

static struct up_span word_of(const struct view *v, const char *prefix, struct up_span name)
{
	char key[80];
	struct up_span word;

	snprintf(key, sizeof(key), "%s%.*s", prefix, (int)(name.n < 40 ? name.n : 40),
	    (const char *)name.p);
	word = up_words_get(v->words, v->lang, up_span_str(key));
	return word.n > 0 ? word : name;
}

static void set_who(struct view *v, const struct up_page_message *p)
{
	const struct up_rp_session *s = p->who;

	set(v, "who_unit", s != NULL ? s->unit_name : (struct up_span){ 0 });
	set(v, "who_code", s != NULL ? s->unit_code : (struct up_span){ 0 });
	set(v, "who_role", s != NULL ? word_of(v, "role_", s->role) : (struct up_span){ 0 });
	set(v, "who_person", p->person);
	set(v, "attempt", p->attempt);
}

static void set_wanted(struct view *v, const struct up_rp_rule *wanted, struct up_buf *values)
{
	static const char *const labels[] = { "wanted_unit", "wanted_role", "wanted_item",
	    "wanted_certificate" };

	for (size_t i = 0; wanted != NULL && i < wanted->n; i++) {
		up_buf_put_str(values, i > 0 ? ", " : "");
		up_buf_put_span(values, wanted->what == UP_RP_ROLE
		    ? word_of(v, "role_", wanted->values[i]) : wanted->values[i]);
	}
	set_word(v, "wanted_label", wanted != NULL ? labels[wanted->what] : NULL);
	set(v, "wanted", up_buf_span(values));
}

void up_page_message(struct up_exchange *x, const struct up_page_message *p)
{
	bool framed = up_request_is_framed(x->req) && p->post_uri.n == 0 && p->attempt.n == 0;
	struct up_buf wanted = { 0 };
	char nonce[NONCE_TEXT + 1];
	struct view v;

	if (!make_nonce(nonce)) {
		x->resp->body.failed = true;
		return;
	}
	set_common(&v, x->rp, x->lang, nonce);
	set_word(&v, "title", p->title_key);
	set(&v, "text", p->text);
	set(&v, "action_uri", p->action_uri);
	set_word(&v, "action_text", p->action_key);
	set(&v, "is_link", p->post_uri.n == 0 ? p->action_uri : (struct up_span){ 0 });
	set(&v, "action_target", up_span_str(framed ? "_top" : p->action_target));
	set(&v, "post_uri", p->post_uri);
	set_word(&v, "post_text", p->post_key);
	set(&v, "return", p->return_to);
	set(&v, "hint", p->hint);
	set(&v, "detail", p->detail);
	set_who(&v, p);
	set_wanted(&v, p->wanted, &wanted);
	if (wanted.failed)
		x->resp->body.failed = true;
	else if (render(x, p->status, template_of("message.html"), &v))
		page_headers(x->resp, nonce, (struct up_span){ 0 }, framed);
	up_buf_free(&wanted);
}

static struct up_span word(const struct up_exchange *x, const char *key)
{
	return up_words_get(x->rp->words, x->lang, up_span_str(key));
}

void up_page_way_out(struct up_exchange *x, struct up_span return_to, struct up_span item)
{
	struct up_buf uri = { 0 };

	up_respond_put_login(&uri, false, return_to, item, (struct up_span){ 0 });
	up_page_message(x, &(struct up_page_message){
		.status = 401, .title_key = "ended_title", .text = word(x, "ended_frame"),
		.action_uri = up_buf_span(&uri), .action_key = "again",
	});
	up_buf_free(&uri);
}

void up_page_unsent(struct up_exchange *x, struct up_span item)
{
	struct up_buf uri = { 0 };

	up_respond_put_login(&uri, false, (struct up_span){ 0 }, item, (struct up_span){ 0 });
	up_page_message(x, &(struct up_page_message){
		.status = 401, .title_key = "ended_title", .text = word(x, "ended_form"),
		.action_uri = up_buf_span(&uri),
		.action_key = "ended_action", .action_target = "_blank",
	});
	up_buf_free(&uri);
}

/* What went wrong in words of every day; the table of errors speaks to those who write programs. */
static const char *error_key(enum up_err err, int status)
{
	static const struct { enum up_err err; const char *key; } keys[] = {
		{ UP_E_NOT_FOUND, "error_nowhere" }, { UP_E_RATE, "error_often" },
		{ UP_E_DENIED, "state_denied_hint" }, { UP_E_EXPIRED, "error_late" },
		{ UP_E_PENDING, "error_early" }, { UP_E_SLOW_DOWN, "error_early" },
		{ UP_E_ITEM, "error_item" },
		{ UP_E_PROVIDER, "state_unusable_hint" },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(keys); i++)
		if (keys[i].err == err)
			return keys[i].key;
	return status >= 500 ? "error_service" : "error_request";
}

void up_page_error(struct up_exchange *x, enum up_err err, int status)
{
	struct up_span return_to = up_form_get(&x->query, "return");
	struct up_buf uri = { 0 };

	if (return_to.n == 0)
		return_to = up_form_get(&x->body, "return");
	if (!up_target_ok(return_to))
		return_to = (struct up_span){ 0 };
	up_respond_put_login(&uri, false, return_to, (struct up_span){ 0 }, (struct up_span){ 0 });
	up_page_message(x,
	    &(struct up_page_message) {
		.status = status,
		.title_key = status == 503 ? "unavailable_title" : "error_title",
		.text = word(x, error_key(err, status)),
		.action_uri = up_buf_span(&uri),
		.action_key = "again",
		.detail = up_span_str(up_err_name(err)),
		.hint = status == 503 ? word(x, "unavailable_hint") : (struct up_span) { 0 },
	    });
	up_buf_free(&uri);
}

/* --- assets --- */

/* RFC 9110 section 13.1.2: weak comparison, a list, or "*". */
static bool matches(struct up_span none_match, const char *etag)
{
	struct up_span one;

	while (none_match.n > 0) {
		up_span_cut(none_match, ',', &one, &none_match);
		one = up_span_trim(one);
		if (up_span_starts(one, "W/"))
			one = up_span_of(one.p + 2, one.n - 2);
		if (up_span_eq_str(one, etag) || up_span_eq_str(one, "*"))
			return true;
	}
	return false;
}

/* "assets/words.en.json" is the table words/en.json, which lies once. */
static const struct up_embedded *find_asset(struct up_span path)
{
	static const char prefix[] = "assets/words.";
	const struct up_embedded *f = up_span_starts(path, "assets/") ? find(path) : NULL;
	char name[64];

	if (f != NULL || !up_span_starts(path, prefix))
		return f;
	snprintf(name, sizeof(name), "words/%.*s", (int)(path.n - (sizeof(prefix) - 1)),
	    (const char *)path.p + sizeof(prefix) - 1);
	return find(up_span_str(name));
}

void up_page_asset(struct up_exchange *x, struct up_span path)
{
	const struct up_embedded *f = find_asset(path);
	struct up_rp_response *r = x->resp;

	if (f == NULL) {
		up_respond_error(x, UP_E_NOT_FOUND, 0);
		return;
	}
	up_respond_header(r, "ETag", f->etag);
	up_respond_header(r, "Cache-Control", ASSET_CACHE);
	if (matches(x->req->if_none_match, f->etag)) {
		r->status = 304;
		return;
	}
	r->status = 200;
	up_respond_header(r, "Content-Type", f->type);
	up_respond_header(r, "X-Content-Type-Options", "nosniff");
	up_respond_header(r, "Cross-Origin-Resource-Policy", "same-origin");
	up_buf_put(&r->body, f->bytes, f->n);
}
