/* SPDX-License-Identifier: Apache-2.0
 * GET /q/... and /e/...: a camera read a code that is meant for the app. The page explains, in both
 * languages, and opens the app with the same text; it neither checks nor consumes the code. */
#include "server/public/pages.h"

#include <stdio.h>
#include <string.h>

#include "core/template.h"
#include "core/text.h"
#include "server/http/limits.h"
#include "server/http/routes.h"
#include "web/words.h"

#define CODE_MAX 80

static struct up_words *words;

struct view {
	const char *lang, *other;
	const char *inside;           /* key of the word for the app whose browser this is, or "" */
	struct up_span nonce, app_uri, is_login, is_enrolment;
};

enum up_err up_pages_start(char why[256])
{
	enum up_err err = up_words_new(&words);

	if (err != UP_OK)
		strcpy(why, "the word tables of the pages are damaged: install again");
	return err;
}

void up_pages_stop(void)
{
	up_words_free(&words);
}

static struct up_span app_name(const struct view *v, const char *lang)
{
	return v->inside[0] != '\0' ? up_words_get(words, lang, up_span_str(v->inside))
	    : up_span_of("", 0);
}

static struct up_span get(void *arg, struct up_span name)
{
	const struct view *v = arg;
	const struct { const char *name; struct up_span value; } own[] = {
		{ "lang", up_span_str(v->lang) }, { "other_lang", up_span_str(v->other) },
		{ "nonce", v->nonce }, { "app_uri", v->app_uri },
		{ "is_login", v->is_login }, { "is_enrolment", v->is_enrolment },
		{ "app", app_name(v, v->lang) }, { "other_app", app_name(v, v->other) },
		{ "outside", up_span_of("1", v->inside[0] == '\0') },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(own); i++)
		if (up_span_eq_str(name, own[i].name))
			return own[i].value;
	if (up_span_starts(name, "other_"))
		return up_words_get(words, v->other, up_span_of(name.p + 6, name.n - 6));
	return up_words_get(words, v->lang, name);
}

/* What may stand in a code: nothing that could leave the link's attribute or its scheme. */
static bool is_code(struct up_span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.",
			s.p[i]) == NULL)
			return false;
	return s.n > 0 && s.n <= CODE_MAX;
}

static void protect(struct up_request *r, const char *nonce)
{
	char csp[256];

	snprintf(csp, sizeof(csp),
	    "default-src 'none'; style-src 'nonce-%s'; base-uri 'none'; form-action 'none'; "
	    "frame-ancestors 'none'",
	    nonce);
	up_reply_header(r, "Content-Security-Policy", up_span_str(csp));
	up_reply_header(r, "Referrer-Policy", UP_SPAN_LIT("no-referrer"));
	up_reply_header(r, "Cross-Origin-Opener-Policy", UP_SPAN_LIT("same-origin"));
	up_reply_header(r, "Vary", UP_SPAN_LIT("Accept-Language, User-Agent"));
}

static void page(struct up_request *r, bool is_login)
{
	static const struct up_span yes = { (const uint8_t *)"1", 1 },
				    no = { (const uint8_t *)"", 0 };
	struct view v = { .is_login = is_login ? yes : no, .is_enrolment = is_login ? no : yes };
	char nonce[23], uri[1024];
	struct up_span text;
	enum up_err err;

	err = up_clock_now(r->server, &r->now_ms);
	if (err == UP_OK)
		err = up_limits_spend_source(r->server, UP_LIMIT_PAGE, r->ip, r->now_ms);
	/* Without a code: where one who was given a code to type is sent (RFC 8628 section 3.3). */
	if (err == UP_OK && !is_code(r->tail) && !(is_login && r->tail.n == 0))
		err = UP_E_NOT_FOUND;
	if (err != UP_OK) {
		up_reply_err(r, err);
		return;
	}
	up_random_id(nonce);
	snprintf(uri, sizeof(uri), "unitpass:%s%s%.*s", r->server->config->issuer, r->route->path,
	    (int)r->tail.n, (const char *)r->tail.p);
	v.lang = up_request_language(r);
	v.inside = up_text_in_app(r->h.user_agent);
	v.other = strcmp(v.lang, "en") == 0 ? "zh-CN" : "en";
	v.nonce = up_span_str(nonce);
	v.app_uri = up_span_str(uri);
	text = up_words_file("q.html");
	err = text.p != NULL ? up_template_render(text, get, &v, &r->out) : UP_E_NOT_FOUND;
	if (err != UP_OK) {
		up_reply_err(r, UP_E_CONFIG);
		return;
	}
	protect(r, nonce);
	up_reply(r, "text/html; charset=utf-8");
}

void up_pages_q(struct up_request *r)
{
	page(r, true);
}

void up_pages_e(struct up_request *r)
{
	page(r, false);
}
