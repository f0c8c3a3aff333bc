/* SPDX-License-Identifier: Apache-2.0 */
#include "module/rp/confirm.h"

#include <stdlib.h>
#include <string.h>

#include "core/person.h"
#include "module/rp/complete.h"
#include "module/rp/page.h"
#include "module/rp/provider.h"
#include "module/rp/request.h"
#include "module/rp/rplog.h"

/* A code that comes a second time makes the server end what it gave for the first (RFC 9700 section
 * 4.13, SECURITY 5). */
void up_confirm_give_back(struct up_exchange *x, struct up_attempt *a)
{
	char *token = NULL;

	if (a->held_n == 0)
		return;
	(void)!up_provider_redeem(x->rp->provider, a->device_code, x->req->now_s, &token);
	if (token != NULL)
		up_wipe(token, strlen(token));
	free(token);
	up_rplog('w', "rp_login declined at the browser");
}

static void put_confirm(struct up_buf *b, const struct up_rp_session *s, struct up_span name)
{
	struct up_json_put j = { .b = b };

	up_json_put_object(&j, NULL);
	up_json_put_object(&j, "confirm");
	up_json_put_object(&j, "unit");
	up_json_put_text(&j, "code", s->unit_code);
	up_json_put_text(&j, "name", s->unit_name);
	up_json_put_end(&j);
	up_json_put_object(&j, "holder");
	up_json_put_text(&j, "role", s->role);
	up_json_put_text(&j, "name", name);
	up_json_put_end(&j);
	up_json_put_end(&j);
	up_json_put_end(&j);
}

static void ask(struct up_exchange *x, const struct up_attempt *a, const struct up_rp_session *s)
{
	struct up_buf name = { 0 };
	char id[UP_ATTEMPT_ID_TEXT + 1];

	up_attempt_id_text(a, id);
	up_person_mask_name(&name, s->holder_name);
	if (up_request_wants_page(x->req)) {
		up_page_message(x, &(struct up_page_message){
			.status = 200, .title_key = "confirm_title",
			.text = up_words_get(x->rp->words, x->lang, UP_SPAN_LIT("confirm_text")),
			.attempt = up_span_str(id), .who = s, .person = up_buf_span(&name),
		});
	} else {
		put_confirm(&x->resp->body, s, up_buf_span(&name));
		up_respond_json(x->resp, 200);
	}
	up_buf_free(&name);
}

static void decline(struct up_exchange *x, struct up_attempts *all, struct up_attempt *a)
{
	struct up_json_put j = { .b = &x->resp->body };
	struct up_buf login = { 0 };

	up_confirm_give_back(x, a);
	up_respond_put_login(&login, true, up_span_str(a->return_to), up_span_str(a->item),
	    (struct up_span){ 0 });
	up_attempt_remove(all, a);
	up_complete_keep(x, all, NULL);
	if (up_request_wants_page(x->req)) {
		up_page_message(x, &(struct up_page_message){
			.status = 200, .title_key = "state_declined_title",
			.action_uri = up_buf_span(&login), .action_key = "again",
			.text = up_words_get(x->rp->words, x->lang,
			    UP_SPAN_LIT("state_declined_hint")),
		});
	} else {
		up_json_put_object(&j, NULL);
		up_json_put_bool(&j, "declined", true);
		up_json_put_end(&j);
		up_respond_json(x->resp, 200);
	}
	up_buf_free(&login);
}

static bool open_held(const struct up_exchange *x, const struct up_attempt *a,
    struct up_rp_session *s)
{
	return a->expires_s >= x->req->now_s && up_session_take(up_span_of(a->held, a->held_n), s);
}

static void expire(struct up_exchange *x, struct up_attempts *all, struct up_attempt *a)
{
	up_confirm_give_back(x, a);
	up_attempt_remove(all, a);
	up_complete_keep(x, all, NULL);
	up_complete_fail(x, UP_E_EXPIRED);
}

void up_confirm_ask(struct up_exchange *x, struct up_attempts *all, struct up_attempt *a)
{
	struct up_attempt *kept;
	struct up_rp_session s;
	char id[UP_ATTEMPT_ID_TEXT + 1];

	up_attempt_id_text(a, id);
	up_complete_keep(x, all, a);
	kept = up_attempt_find(all, up_span_str(id));
	if (kept != NULL && open_held(x, kept, &s))
		ask(x, kept, &s);
	else
		up_complete_fail(x, UP_E_EXPIRED);
}

void up_confirm_post(struct up_exchange *x, struct up_attempts *all, struct up_attempt *a)
{
	struct up_span said = up_form_get(&x->body, "confirm");
	struct up_rp_session s;
	enum up_err err;

	if (!open_held(x, a, &s))
		expire(x, all, a);
	else if (up_span_eq_str(said, "no"))
		decline(x, all, a);
	else if (!up_span_eq_str(said, "yes"))
		ask(x, a, &s);
	else if ((err = up_attempt_learn(all, s.unit_code)) == UP_OK &&
	    (err = up_complete_session(x, &s)) == UP_OK)
		up_complete_finish(x, all, a);
	else
		up_complete_fail(x, err);
}
