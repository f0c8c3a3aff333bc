/* SPDX-License-Identifier: Apache-2.0
 * GET and POST /userinfo (OpenID Connect Core 5.3): the identity as it stands now, as long as
 * session, role, unit and all by whose right she acts live, and what she was granted if it was for
 * an item. */
#include "server/http/routes.h"
#include "server/http/access_token.h"

void up_userinfo(struct up_request *r)
{
	struct up_json_put j = { .b = &r->out };
	struct up_token_identity told = { .role = r->role,
		.client = up_catalogue_client(r->catalogue, up_span_str(r->session->client)),
		.item = up_span_str(r->session->items) };
	struct up_chain *chain = NULL;
	enum up_err err = up_store_chain(
	    r->server->store, r->role->id, told.item, r->now_ms / 1000, &chain);

	if (err != UP_OK) {
		up_reply_err(r, err == UP_E_ROLE || err == UP_E_ITEM_GRANT ? UP_E_TOKEN : err);
		return;
	}
	told.chain = chain;

	up_json_put_object(&j, NULL);
	up_json_put_str(&j, "sub", r->role->ref);
	err = up_token_put_identity(&j, r->server->store, &told);
	up_json_put_end(&j);
	up_chain_free(&chain);
	if (err == UP_OK)
		up_reply(r, "application/json");
	else
		up_reply_err(r, err);
}
