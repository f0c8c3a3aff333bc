/* SPDX-License-Identifier: Apache-2.0
 * A person decides about a login: approve or decline; and what is only noted. */
#include "server/store/act.h"

/* Role before password: a phone whose role is dead gives nobody a try, right or wrong. */
static enum up_err approve(struct up_act *a, struct up_op_decide *d)
{
	enum up_err err = up_act_may(a, UP_USE_LOGIN, d->item);

	if (err == UP_OK && a->record.client.n > 0)
		err = up_act_find_client(a);
	if (err == UP_OK)
		err = up_act_password(a, d->password, &d->tries_left);
	if (err == UP_OK && a->merit == UP_OK) {
		d->out_role = up_act_take_role(a);
		d->out_grant = a->grant.id;
	}
	return err;
}

enum up_err up_act_decide(struct up_act *a)
{
	struct up_op_decide *d = (void *)a->op;
	enum up_err err = up_act_find_role(a, d->device, d->role);

	if (err == UP_OK && d->approve)
		return approve(a, d);
	a->merit = UP_OK;                        /* declining wants nothing (UP_USE_DECLINE) */
	return err;
}

enum up_err up_act_record(struct up_act *a)
{
	const struct up_op_record *r = (void *)a->op;

	return up_act_note(a, r->device, r->role);
}
