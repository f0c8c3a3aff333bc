/* SPDX-License-Identifier: Apache-2.0 */
#include "module/rp/signout.h"

#include "core/target.h"
#include "module/rp/complete.h"
#include "module/rp/cookie.h"
#include "module/rp/page.h"

/* --- who am I --------------------------------------------------------------------------------- */

static void put_items(struct up_json_put *j, struct up_span items)
{
	struct up_span item;

	up_json_put_array(j, "items");
	while (items.n > 0) {
		up_span_cut(items, ' ', &item, &items);
		up_json_put_text(j, NULL, item);
	}
	up_json_put_end(j);
}

static void put_session(struct up_json_put *j, const struct up_rp_session *s)
{
	up_json_put_object(j, NULL);
	up_json_put_object(j, "unit");
	up_json_put_text(j, "code", s->unit_code);
	up_json_put_text(j, "name", s->unit_name);
	up_json_put_text(j, "certificate", s->certificate);
	up_json_put_int(j, "certificate_version", s->certificate_version);
	up_json_put_end(j);
	up_json_put_object(j, "holder");
	up_json_put_text(j, "ref", s->holder_ref);
	up_json_put_text(j, "role", s->role);
	up_json_put_text(j, "name", s->holder_name);
	up_json_put_end(j);
	put_items(j, s->items);
	up_json_put_text(j, "session", s->sid);
	up_json_put_int(j, "auth_time", s->auth_time_s);
	up_json_put_end(j);
}

void up_signout_who(struct up_exchange *x)
{
	struct up_json_put j = { .b = &x->resp->body };
	struct up_rp_session s;
	bool refresh;

	if (up_rp_session_open(x->opener, x->req->cookies, x->req->now_s, &s, &refresh) != UP_OK) {
		up_respond_login_required(x);
		up_respond_header(x->resp, "WWW-Authenticate", UP_RESPOND_REALM);
		return;
	}
	put_session(&j, &s);
	up_respond_json(x->resp, 200);
}

/* --- logout ----------------------------------------------------------------------------------- */

static struct up_span word(const struct up_exchange *x, const char *key)
{
	return up_words_get(x->rp->words, x->lang, up_span_str(key));
}

static struct up_span return_of(const struct up_form *f)
{
	struct up_span s = up_form_get(f, "return");

	return up_target_ok(s) ? s : UP_SPAN_LIT("/");
}

static void say_signed_out(struct up_exchange *x)
{
	struct up_buf login = { 0 };

	up_respond_put_login(&login, false, return_of(&x->query), (struct up_span){ 0 },
	    (struct up_span){ 0 });
	up_page_message(x, &(struct up_page_message){
		.status = 200, .title_key = "logged_out_title", .text = word(x, "logged_out_text"),
		.action_uri = up_buf_span(&login), .action_key = "again",
	});
	up_buf_free(&login);
}

void up_signout_ask(struct up_exchange *x)
{
	struct up_rp_session s;
	bool refresh;

	if (up_rp_session_open(x->opener, x->req->cookies, x->req->now_s, &s, &refresh) != UP_OK) {
		say_signed_out(x);
		return;
	}
	up_page_message(x, &(struct up_page_message){
		.status = 200, .title_key = "logout_title", .text = word(x, "logout_text"),
		.who = &s, .person = s.holder_name,
		.post_uri = UP_SPAN_LIT(UP_RP_PREFIX "logout"), .post_key = "logout_button",
		.return_to = up_form_get(&x->query, "return"),
		.action_uri = return_of(&x->query), .action_key = "cancel",
	});
}

static void forget(struct up_exchange *x, const char *name)
{
	struct up_buf gone = { 0 };

	up_cookie_put_gone(name, &gone);
	up_respond_header_buf(x->resp, "Set-Cookie", &gone);
}

/* The session cookie is set by a login alone, so an answer still under way cannot bring it back.
 * Without a word where to go on, to a page that says it is done:
 * the portal's first page would ask to sign in at once. */
void up_signout_post(struct up_exchange *x)
{
	forget(x, UP_RP_SESSION_COOKIE);
	forget(x, UP_RP_SEEN_COOKIE);
	up_respond_back(x, up_form_get(&x->body, "return").n > 0 ? return_of(&x->body)
	    : UP_SPAN_LIT(UP_RP_PREFIX "logout"));
}
