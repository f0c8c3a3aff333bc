/* SPDX-License-Identifier: Apache-2.0
 * GET /holder/certificates: the roles that a phone holds. */
#include "server/http/routes.h"
#include "server/login/holder.h"

void up_holder_certificates(struct up_request *r)
{
	struct up_json_put j = { .b = &r->out };
	struct up_role **roles;
	enum up_err err;
	size_t n;

	err = up_store_roles(r->server->store, r->device.id, &roles, &n);
	if (err != UP_OK) {
		up_reply_err(r, err);
		return;
	}
	up_json_put_object(&j, NULL);
	up_json_put_array(&j, "certificates");
	for (size_t i = 0; i < n; i++)
		up_holder_put_role(&j, NULL, r, roles[i], (struct up_span){ NULL, 0 });
	up_json_put_end(&j);
	up_json_put_end(&j);
	up_store_roles_free(&roles, n);
	up_reply(r, "application/json");
}
