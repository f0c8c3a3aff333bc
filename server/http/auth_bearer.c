/* SPDX-License-Identifier: Apache-2.0
 * A portal's call for one of its sessions: the access token that it got for it (RFC 6750). */
#include "server/http/auth.h"
#include "server/http/access_token.h"

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

enum up_err up_auth_bearer(struct up_request *r)
{
	const struct up_authority_ask ask = {
		.use = UP_USE_IDENTITY, .now_s = r->now_ms / 1000 };
	struct up_authority_answer answer;
	struct up_span token;
	char id[23];
	enum up_err err = take_token(r, &token);

	if (err == UP_OK)
		err = up_token_access_take(r->catalogue, token, r->now_ms, id);
	if (err == UP_OK)
		err = up_store_session(r->server->store, id, &r->session);
	if (err != UP_OK)
		return err;
	if (r->session->revoked ||
	    up_catalogue_client(r->catalogue, up_span_str(r->session->client)) == NULL)
		return UP_E_TOKEN;
	err = up_store_role(r->server->store, r->session->role, r->session->device, &r->role);
	if (err == UP_OK)
		err = up_authority_may(&ask, &r->role->edge, &answer);
	return err == UP_E_ROLE || err == UP_E_SUSPENDED ? UP_E_TOKEN : err;
}
