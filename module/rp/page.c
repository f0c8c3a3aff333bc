/* SPDX-License-Identifier: Apache-2.0 */
#include "module/rp/page.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "core/target.h"
#include "core/template.h"
#include "core/text.h"
#include "web/embedded.h"

#define NONCE 16
#define NONCE_TEXT 22
#define VARS_MAX 40
#define ASSET_CACHE "public, max-age=300, must-revalidate"

struct var { const char *name; struct up_span value; };

struct view {                            /* what a template may name: the variables, then the words */
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
	set(v, name, key != NULL ? up_words_get(v->words, v->lang, up_span_str(key)) : (struct up_span){ 0 });
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

static void page_headers(struct up_rp_response *r, const char *nonce, struct up_span connect)
{
	struct up_buf csp = { 0 };

	up_buf_printf(&csp, "default-src 'none'; script-src 'nonce-%s'; style-src 'nonce-%s'; img-src 'self'; connect-src 'self'", nonce, nonce);
	if (connect.n > 0) {
		up_buf_put_char(&csp, ' ');
		up_buf_put_span(&csp, connect);
	}
	up_buf_put_str(&csp, "; form-action 'self'; base-uri 'none'; frame-ancestors 'none'");
	up_respond_header(r, "Content-Type", "text/html; charset=utf-8");
	up_respond_header_buf(r, "Content-Security-Policy", &csp);
	up_respond_header(r, "X-Frame-Options", "DENY");
	up_respond_header(r, "Cross-Origin-Opener-Policy", "same-origin");
	up_respond_header(r, "Cross-Origin-Resource-Policy", "same-origin");
	up_respond_header(r, "Permissions-Policy", "camera=(), microphone=(), geolocation=()");
	up_respond_header(r, "Vary", "Accept, Accept-Language, Cookie");
	up_respond_common(r);
}

static void render(struct up_exchange *x, int status, struct up_span text, struct view *v, const char *nonce, struct up_span connect)
{
	x->resp->status = status;
	if (text.n == 0 || up_template_render(text, get, v, &x->resp->body) != UP_OK)
		x->resp->body.failed = true;
	else
		page_headers(x->resp, nonce, connect);
}

/* --- the login page ----------------------------------------------------------------------------------------------------------- */

struct login_text { char nonce[NONCE_TEXT + 1], expires[24], interval[24]; struct up_buf again, refresh, qr; };

/* What to do with a code that stands still, at a provider whose pages confirm it: other words in the same places. */
static void set_still_words(struct view *v)
{
	set_word(v, "state_pending_title", "state_still_title");
	set_word(v, "state_pending_hint", "state_still_hint");
	set_word(v, "login_step_1", "login_still_step_1");
	set_word(v, "login_step_2", "login_still_step_2");
	set_word(v, "login_step_3", "login_still_step_3");
}

static void login_view(const struct up_rp *rp, const char *lang, const struct up_page_login *p, struct login_text *t, struct view *v)
{
	static const char *const states[] = { "pending", "scanned", "approved", "denied", "expired" };
	static const char *const flags[] = { "is_pending", "is_scanned", "is_approved", "is_denied", "is_expired" };

	snprintf(t->expires, sizeof(t->expires), "%lld", (long long)p->expires_in_s);
	snprintf(t->interval, sizeof(t->interval), "%lld", (long long)p->frame_interval_s);
	up_respond_put_login(&t->again, true, p->return_to, p->item, p->attempt);
	up_respond_put_login(&t->refresh, false, p->return_to, p->item, p->attempt);
	up_buf_put_str(&t->qr, UP_RP_PREFIX "qr.svg?attempt=");
	up_buf_put_percent(&t->qr, p->attempt);
	*v = (struct view){ .words = rp->words, .lang = lang };
	set(v, "lang", up_span_str(lang));
	/* for a page's own words */
	set(v, "is_zh", up_span_str(strcmp(lang, "en") != 0 ? "1" : ""));
	set(v, "is_en", up_span_str(strcmp(lang, "en") == 0 ? "1" : ""));
	set(v, "nonce", up_span_str(t->nonce));
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
	up_buf_free(&t->qr);
}

static struct up_span login_template(const struct up_rp *rp)
{
	return rp->page != NULL ? up_span_str(rp->page) : template_of("login.html");
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
	if (t.again.failed || t.refresh.failed || t.qr.failed)
		x->resp->body.failed = true;
	else
		render(x, 200, login_template(x->rp), &v, t.nonce, origin);
	login_text_free(&t);
}

bool up_page_check(const struct up_rp *rp, char *why, size_t cap)
{
	struct up_page_login p = { .state = "pending", .attempt = UP_SPAN_LIT("AAAAAAAAAAA"), .return_to = UP_SPAN_LIT("/") };
	struct login_text t = { 0 };
	struct up_buf out = { 0 };
	struct view v;
	enum up_err e;

	login_view(rp, "zh-CN", &p, &t, &v);
	e = up_template_render(login_template(rp), get, &v, &out);
	if (e == UP_E_NOT_FOUND)
		snprintf(why, cap, "names a value in {{...}} that does not exist; doc/WIDGET.md lists them");
	else if (e != UP_OK)
		snprintf(why, cap, "has a {{...}} that is not closed, or sections that do not match");
	login_text_free(&t);
	up_buf_free(&out);
	return e == UP_OK;
}

/* --- messages -------------------------------------------------------------------------------------------------------------------- */

void up_page_message(struct up_exchange *x, const struct up_page_message *p)
{
	struct view v = { .words = x->rp->words, .lang = x->lang };
	char nonce[NONCE_TEXT + 1];

	if (!make_nonce(nonce)) {
		x->resp->body.failed = true;
		return;
	}
	set(&v, "lang", up_span_str(x->lang));
	set(&v, "nonce", up_span_str(nonce));
	set_word(&v, "title", p->title_key);
	set(&v, "text", p->text);
	set(&v, "action_uri", p->action_uri);
	set_word(&v, "action_text", p->action_key);
	set(&v, "post_uri", p->post_uri);
	set_word(&v, "post_text", p->post_key);
	set(&v, "return", p->return_to);
	set(&v, "hint", p->hint);
	set(&v, "detail", p->detail);
	render(x, p->status, template_of("message.html"), &v, nonce, (struct up_span){ 0 });
}

void up_page_error(struct up_exchange *x, enum up_err e, int status)
{
	const struct up_reply *reply = up_err_reply(e);
	struct up_span return_to = up_form_get(&x->query, "return");
	struct up_buf uri = { 0 };

	if (return_to.n == 0)
		return_to = up_form_get(&x->body, "return");
	if (!up_target_ok(return_to))
		return_to = (struct up_span){ 0 };
	up_respond_put_login(&uri, false, return_to, (struct up_span){ 0 }, (struct up_span){ 0 });
	up_page_message(x, &(struct up_page_message){
		.status = status, .title_key = status == 503 ? "unavailable_title" : "error_title",
		.text = up_span_str(strcmp(x->lang, "en") == 0 ? reply->en : reply->zh),
		.action_uri = up_buf_span(&uri), .action_key = "again", .detail = up_span_str(up_err_name(e)),
		.hint = status == 503 ? up_words_get(x->rp->words, x->lang, UP_SPAN_LIT("unavailable_hint")) : (struct up_span){ 0 },
	});
	up_buf_free(&uri);
}

/* --- assets ------------------------------------------------------------------------------------------------------------------------ */

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
	snprintf(name, sizeof(name), "words/%.*s", (int)(path.n - (sizeof(prefix) - 1)), (const char *)path.p + sizeof(prefix) - 1);
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
