/* SPDX-License-Identifier: Apache-2.0
 * GET and POST /userinfo (OpenID Connect Core 5.3): the identity as it stands now, as long as
 * session, role and unit live. */
#include "server/http/routes.h"
#include "server/http/access_token.h"

void up_userinfo(struct up_request *r)
{
	struct up_json_put j = { .b = &r->out };
	enum up_err err;

	up_json_put_object(&j, NULL);
	up_json_put_str(&j, "sub", r->role->ref);
	err = up_token_put_identity(
	    &j, r->server->store, r->role, up_span_str(r->session->items));
	up_json_put_end(&j);
	if (err == UP_OK)
		up_reply(r, "application/json");
	else
		up_reply_err(r, err);
}
