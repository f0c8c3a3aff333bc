/* SPDX-License-Identifier: Apache-2.0
 * GET and POST /userinfo (OpenID Connect Core 5.3): the identity as it stands now, as long as
 * session, role and unit live. */
#include "server/log.h"
#include "server/routes.h"
#include "server/token_access.h"

static bool in_query(const struct up_request *r)
{
	struct up_form query;
	bool found = up_form_parse(r->query, &query) == UP_OK;

	found = found && up_form_get(&query, "access_token").n > 0;
	up_form_free(&query);
	return found;
}

/* RFC 6750 section 2: in the header or in the form, by one way at a time. Not in the query, which
 * ends in logs and histories: a token there is none shown. */
static enum up_err take_token(const struct up_request *r, struct up_span *token)
{
	struct up_span scheme, shown = { NULL, 0 }, posted = up_form_get(&r->form, "access_token");
	bool header = r->h.n_authorization > 0;

	*token = posted;
	if (header + (posted.n > 0) + in_query(r) > 1)
		return UP_E_REQUEST;
	if (posted.n > 0)
		return UP_OK;
	up_span_cut(r->h.authorization, ' ', &scheme, &shown);
	*token = up_span_trim(shown);
	return up_span_ieq_str(scheme, "bearer") && token->n > 0 ? UP_OK : UP_E_NO_TOKEN;
}

static enum up_err find(struct up_request *r, struct up_session **session, struct up_role **role)
{
	struct up_span token;
	char id[23];
	enum up_err err;

	err = up_clock_now(r->server, &r->now_ms);
	if (err == UP_OK)
		err = take_token(r, &token);
	if (err == UP_OK)
		err = up_token_access_take(r->catalogue, token, r->now_ms, id);
	if (err == UP_OK)
		err = up_store_session(r->server->store, id, session);
	if (err != UP_OK)
		return err;
	if ((*session)->revoked || up_catalogue_client(r->catalogue, up_span_str((*session)->client)) == NULL)
		return UP_E_TOKEN;
	err = up_store_role(r->server->store, (*session)->role, (*session)->device, r->now_ms, role);
	if (err == UP_E_ROLE || (err == UP_OK && !(*role)->live))
		return UP_E_TOKEN;
	return err;
}

void up_userinfo(struct up_request *r)
{
	struct up_json_put j = { .b = &r->out };
	struct up_session *session = NULL;
	struct up_role *role = NULL;
	enum up_err err = find(r, &session, &role);

	if (err == UP_OK) {
		up_json_put_object(&j, NULL);
		up_json_put_str(&j, "sub", role->ref);
		up_token_put_identity(&j, role, up_span_str(session->items));
		up_json_put_end(&j);
		up_reply(r, "application/json");
	} else {
		up_reply_err(r, err);
	}
	up_store_session_free(&session);
	up_store_role_free(&role);
}
