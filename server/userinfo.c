/* SPDX-License-Identifier: Apache-2.0
 * GET /userinfo (OpenID Connect Core 5.3): the identity as it stands now, as long as session, role and unit live. */
#include "server/log.h"
#include "server/routes.h"
#include "server/token_access.h"

static enum up_err find(struct up_request *r, struct up_session **session, struct up_role **role)
{
	struct up_span a = r->h.authorization;
	char id[23];
	enum up_err err;

	err = up_clock_now(r->server, &r->now_ms);
	if (err != UP_OK)
		return err;
	if (a.n < 8 || !up_span_ieq_str(up_span_of(a.p, 7), "bearer "))
		return UP_E_TOKEN;
	err = up_token_access_take(r->catalogue, up_span_trim(up_span_of(a.p + 7, a.n - 7)), r->now_ms, id);
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
	struct up_session *session = NULL;
	struct up_role *role = NULL;
	enum up_err err = find(r, &session, &role);

	if (err == UP_OK) {
		up_buf_put_char(&r->out, '{');
		up_put_member(&r->out, "sub", up_span_str(role->ref));
		up_token_put_identity(&r->out, role, up_span_str(session->items));
		up_buf_put_char(&r->out, '}');
		up_reply(r, "application/json");
	} else {
		up_reply_err(r, err);
	}
	up_store_session_free(&session);
	up_store_role_free(&role);
}
