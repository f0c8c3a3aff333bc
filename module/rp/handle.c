/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/template.h"
#include "module/rp/begin.h"
#include "module/rp/complete.h"
#include "module/rp/page.h"
#include "module/rp/request.h"
#include "module/rp/signout.h"

struct route {
	const char *path;                /* after the prefix */
	void (*get)(struct up_exchange *);
	void (*post)(struct up_exchange *);
	bool get_asks, post_asks;        /* needs the network */
	const char *type;                /* of what GET gives */
};

static const struct route routes[] = {
	{ "login", up_begin_page, up_begin_json, true, true, "text/html; charset=utf-8" },
	{ "state", up_begin_state, NULL, true, false, "application/json" },
	{ "qr.svg", up_begin_qr, NULL, true, false, "image/svg+xml" },
	{ "complete", NULL, up_complete_post, false, true, NULL },
	{ "session", up_signout_who, NULL, false, false, "application/json" },
	{ "logout", up_signout_ask, up_signout_post, false, false, "text/html; charset=utf-8" },
};

static struct up_span below_prefix(struct up_span path)
{
	const size_t n = sizeof(UP_RP_PREFIX) - 1;

	return up_span_starts(path, UP_RP_PREFIX) ? up_span_of(path.p + n, path.n - n)
						  : (struct up_span) { 0 };
}

static const struct route *find(struct up_span path)
{
	for (size_t i = 0; i < UP_ARRAY_LEN(routes); i++)
		if (up_span_eq_str(below_prefix(path), routes[i].path))
			return &routes[i];
	return NULL;
}

bool up_rp_needs_network(struct up_span method, struct up_span path)
{
	const struct route *r = find(path);

	return r != NULL &&
	    ((r->get_asks && up_span_eq_str(method, "GET")) ||
		(r->post_asks && up_span_eq_str(method, "POST")));
}

bool up_rp_needs_body(struct up_span method, struct up_span path)
{
	const struct route *r = find(path);

	return r != NULL && r->post != NULL && up_span_eq_str(method, "POST");
}

/* --- one exchange --- */

static struct up_exchange open_exchange(const struct up_rp *rp, struct up_rp_opener *o,
    const struct up_rp_request *req, struct up_rp_response *resp)
{
	struct up_exchange x = { .rp = rp, .opener = o, .req = req, .resp = resp };

	memset(resp, 0, sizeof(*resp));
	x.lang = up_template_language(req->accept_language);
	return x;
}

static void close_exchange(struct up_exchange *x)
{
	up_form_free(&x->query);
	up_form_free(&x->body);
	up_respond_finish(x->resp);
}

static void allow(struct up_exchange *x, const struct route *r)
{
	bool get = r == NULL || r->get != NULL, post = r != NULL && r->post != NULL;

	up_respond_header(x->resp, "Allow",
	    get && post ? "GET, HEAD, POST, OPTIONS"
		: get   ? "GET, HEAD, OPTIONS"
			: "POST, OPTIONS");
}

static void answer_options(struct up_exchange *x, const struct route *r)
{
	x->resp->status = 204;
	allow(x, r);
	up_respond_common(x->resp);
}

static void answer_post(struct up_exchange *x, const struct route *r)
{
	enum up_err err = UP_OK;

	if (x->req->body.n > UP_RP_BODY_MAX)
		err = UP_E_TOO_LARGE;
	else if (!up_request_is_form(x->req))
		err = UP_E_TYPE;
	else
		err = up_form_parse(x->req->body, &x->body);
	if (err != UP_OK)
		up_respond_error(x, err, 0);
	else if (!up_request_same_origin(x->req))
		up_respond_error(x, UP_E_REQUEST, 403);
	else
		r->post(x);
}

/* HEAD begins nothing, asks nobody, and sets no cookie. */
static void answer_head(struct up_exchange *x, const struct route *r)
{
	x->resp->status = 200;
	up_respond_header(x->resp, "Content-Type", r->type);
	up_respond_common(x->resp);
}

static void answer_get(struct up_exchange *x, const struct route *r)
{
	enum up_err err = up_form_parse(x->req->query, &x->query);

	if (err != UP_OK)
		up_respond_error(x, err, 0);
	else if (r->get_asks && up_span_eq_str(x->req->method, "HEAD"))
		answer_head(x, r);
	else
		r->get(x);
}

void up_rp_handle(const struct up_rp *rp, struct up_rp_opener *o, const struct up_rp_request *req,
    struct up_rp_response *resp)
{
	struct up_exchange x = open_exchange(rp, o, req, resp);
	struct up_span path = below_prefix(req->path);
	const struct route *r = find(req->path);
	bool asset = up_span_starts(path, "assets/");
	bool get = up_span_eq_str(req->method, "GET") || up_span_eq_str(req->method, "HEAD");

	if (r == NULL && !asset)
		up_respond_error(&x, UP_E_NOT_FOUND, 0);
	else if (up_span_eq_str(req->method, "OPTIONS"))
		answer_options(&x, r);
	else if (asset && get)
		up_page_asset(&x, path);
	else if (get && r != NULL && r->get != NULL)
		answer_get(&x, r);
	else if (up_span_eq_str(req->method, "POST") && r != NULL && r->post != NULL)
		answer_post(&x, r);
	else {
		allow(&x, r);
		up_respond_error(&x, UP_E_METHOD, 0);
	}
	close_exchange(&x);
}

/* --- protected locations --- */

static struct up_span return_to(const struct up_rp_request *req)
{
	bool get = up_span_eq_str(req->method, "GET") || up_span_eq_str(req->method, "HEAD");

	return get && up_target_ok(req->uri) ? req->uri : (struct up_span){ 0 };
}

static void say_login_required(struct up_exchange *x, struct up_span item)
{
	struct up_rp_response *resp = x->resp;

	if (up_request_is_framed(x->req) && up_request_wants_page(x->req)) {
		up_page_way_out(x, return_to(x->req), item);
	} else if (up_request_is_sent_form(x->req) && up_request_wants_page(x->req)) {
		up_page_unsent(x, item);
	} else {
		up_respond_login_required(x);
	}
	up_respond_header(resp, "WWW-Authenticate", UP_RESPOND_REALM);
}

void up_rp_login_required(const struct up_rp *rp, const struct up_rp_request *req,
    struct up_span item, struct up_rp_response *resp)
{
	struct up_exchange x = open_exchange(rp, NULL, req, resp);
	struct up_buf location = { 0 };

	if (up_request_is_navigation(req) && !up_request_is_framed(req)) {
		up_respond_put_login(&location, false, return_to(req), item, (struct up_span){ 0 });
		up_respond_redirect(resp, 302, &location);
	} else {
		say_login_required(&x, item);
	}
	up_respond_header(resp, "Vary",
	    "Cookie, Accept, Accept-Language, Sec-Fetch-Mode, Sec-Fetch-Dest");
	close_exchange(&x);
}

static void put_wanted(struct up_json_put *j, const struct up_rp_rule *rule)
{
	static const char *const whats[] = { "unit", "role", "item", "certificate" };

	if (rule == NULL || rule->n == 0)
		return;
	up_json_put_object(j, "wanted");
	up_json_put_array(j, whats[rule->what]);
	for (size_t i = 0; i < rule->n; i++)
		up_json_put_text(j, NULL, rule->values[i]);
	up_json_put_end(j);
	up_json_put_end(j);
}

/* A session is for the one item that its login asked for: who was granted another may just have to
 * sign in for that. */
static bool wants_item(const struct up_rp_rule *rule)
{
	return rule != NULL && rule->what == UP_RP_ITEM && rule->n > 0;
}

static const struct forbidden_words { const char *text, *action; } *forbidden_words(
    const struct up_rp_rule *rule)
{
	static const struct forbidden_words another = { "forbidden_text", "forbidden_action" },
		item = { "forbidden_item_text", "forbidden_item_action" };

	return wants_item(rule) ? &item : &another;
}

static void forbid_json(struct up_exchange *x, const struct up_rp_session *s,
    const struct up_rp_rule *rule, struct up_span login)
{
	struct up_json_put j = { .b = &x->resp->body };

	up_json_put_object(&j, NULL);
	up_json_put_str(&j, "error", "access_denied");
	up_json_put_str(&j, "error_description", "the session does not have what this location "
	    "requires; sign in as another");
	up_json_put_text(&j, "message",
	    up_words_get(x->rp->words, x->lang, up_span_str(forbidden_words(rule)->text)));
	up_json_put_text(&j, "unit", s->unit_code);
	up_json_put_text(&j, "role", s->role);
	put_wanted(&j, rule);
	up_json_put_text(&j, "login", login);
	up_json_put_end(&j);
	up_respond_json(x->resp, 403);
}

void up_rp_forbidden(const struct up_rp *rp, const struct up_rp_request *req,
    const struct up_rp_session *s, const struct up_rp_rule *rule, struct up_rp_response *resp)
{
	struct up_exchange x = open_exchange(rp, NULL, req, resp);
	const struct forbidden_words *words = forbidden_words(rule);
	struct up_buf login = { 0 };

	up_respond_put_login(&login, true, return_to(req),
	    wants_item(rule) ? rule->values[0] : (struct up_span){ 0 }, (struct up_span){ 0 });
	if (up_request_wants_page(req))
		up_page_message(&x,
		    &(struct up_page_message) {
			.status = 403,
			.title_key = "forbidden_title",
			.text = up_words_get(rp->words, x.lang, up_span_str(words->text)),
			.action_uri = up_buf_span(&login),
			.action_key = words->action,
			.who = s,
			.person = s->holder_name,
			.wanted = rule,
		    });
	else
		forbid_json(&x, s, rule, up_buf_span(&login));
	up_buf_free(&login);
	close_exchange(&x);
}

void up_rp_unavailable(
    const struct up_rp *rp, const struct up_rp_request *req, struct up_rp_response *resp)
{
	struct up_exchange x = open_exchange(rp, NULL, req, resp);

	up_respond_error(&x, UP_E_UPSTREAM, 0);
	close_exchange(&x);
}
