/* SPDX-License-Identifier: Apache-2.0
 * GET /holder/items: what can be granted (rule 15). */
#include "server/holder/list.h"
#include "server/http/routes.h"

static int put_item(void *arg, const struct up_item_view *v)
{
	struct up_list *l = arg;

	up_json_put_object(&l->j, NULL);
	up_json_put_text(&l->j, "item", v->item);
	up_json_put_text(&l->j, "name", v->name);
	up_json_put_text(&l->j, "client", v->client);
	up_json_put_text(&l->j, "client_name", v->client_name);
	up_json_put_end(&l->j);
	return l->j.b->failed;
}

void up_holder_items(struct up_request *r)
{
	static const char *const names[] = { "certificate", NULL };
	static const struct up_list_call call = { .names = names, .users = true };
	struct up_list l;
	enum up_err err;

	if (!up_list_begin(r, &call, &l))
		return;
	up_json_put_object(&l.j, NULL);
	up_json_put_array(&l.j, "items");
	err = up_store_catalogue(r->server->store, put_item, &l);
	up_json_put_end(&l.j);
	up_list_end(r, &l, err);
}
