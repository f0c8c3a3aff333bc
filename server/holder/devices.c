/* SPDX-License-Identifier: Apache-2.0
 * /holder/devices: phones that one may end (rules 12, 28). */
#include "server/holder/change.h"
#include "server/holder/list.h"
#include "server/http/routes.h"

/* One's own stand before the first page and do not count. */
static int put_phone(void *arg, const struct up_phone_view *v)
{
	struct up_list *l = arg;

	if (!v->own && !up_list_row(l, v->number))
		return 1;
	up_json_put_object(&l->j, NULL);
	up_json_put_text(&l->j, "device", v->ref);
	up_json_put_text(&l->j, "name", v->name);
	up_json_put_text(&l->j, "holder", v->user);
	up_json_put_text(&l->j, "person", v->person);
	up_json_put_str(&l->j, "role", up_authority_role_name(v->role));
	up_json_put_bool(&l->j, "own", v->own);
	up_json_put_int(&l->j, "since", v->since_ms / 1000);
	up_json_put_end(&l->j);
	return 0;
}

void up_holder_devices(struct up_request *r)
{
	static const char *const names[] = { "certificate", "before", "limit", NULL };
	static const struct up_list_call call = { .names = names, .users = true };
	struct up_list l;
	enum up_err err;

	if (!up_list_begin(r, &call, &l))
		return;
	up_json_put_object(&l.j, NULL);
	up_json_put_array(&l.j, "devices");
	err = up_store_phones(r->server->store, l.viewer, &l.page, put_phone, &l);
	up_json_put_end(&l.j);
	up_list_end(r, &l, err);
}

struct end {
	struct up_change change;
	struct up_op_phone_end ask;
};

static void put_ended(const struct up_change *c, struct up_json_put *j)
{
	const struct end *x = (const void *)c;

	up_json_put_text(j, "device", x->ask.ref);
	up_json_put_str(j, "status", "ended");
}

void up_holder_device_end(struct up_request *r)
{
	static const char *const members[] = { "certificate", "password", NULL };
	static const struct up_change_call call = { UP_OP_PHONE_END, "device.end",
		sizeof(struct end), offsetof(struct end, ask), members, put_ended };
	struct end *x = up_change_begin(r, &call);

	if (x == NULL)
		return;
	x->ask.ref = up_change_ref(r);
	up_change_go(r);
}
