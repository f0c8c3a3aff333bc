/* SPDX-License-Identifier: Apache-2.0
 * What was approved becomes a session; what is redeemed twice ends it. */
#include <string.h>

#include "server/store/persons.h"
#include "server/store/right.h"

static enum up_err add_session(struct up_act *a, const struct up_op_redeem *d)
{
	const struct up_db_arg args[] = {
	    up_db_text(up_span_str(d->session)),
	    up_db_int(a->client),
	    up_db_int(a->found.role->id),
	    up_db_int(d->device),
	    up_db_int(d->op.now_ms),
	    up_db_text(d->item),
	};
	int64_t added = 0;
	enum up_err err =
	    up_db_run(a->tx->db, UP_SQL_SESSION_ADD, args, UP_ARRAY_LEN(args), &added);

	up_act_judge(a, added == 1, UP_E_STATE);
	up_facts_str(&a->record.session, d->session);
	return err;
}

static enum up_err add_browser(struct up_act *a)
{
	const struct up_db_arg args[] = {
	    up_db_int(a->client),
	    up_db_text(a->record.browser),
	    up_db_int(a->found.unit),
	    up_db_int(a->op->now_ms),
	};

	if (a->record.browser.n == 0)
		return UP_OK;
	return up_db_run(a->tx->db, UP_SQL_BROWSER_ADD, args, UP_ARRAY_LEN(args), NULL);
}

/* The portal is told the name: where it cannot be read, no session comes to be. */
static enum up_err try_name(struct up_act *a)
{
	const struct up_role *role = a->found.role;
	char name[UP_PERSON_NAME_SIZE];
	enum up_err err = up_persons_open(a->tx->db, a->tx->data_keys, UP_DATA_NAME,
	    up_span_str(role->person_ref), up_span_str(role->sealed_name), name, sizeof(name));

	up_wipe(name, sizeof(name));
	return err;
}

/* Nobody has a right that no living grantor gave: what is not whole is no right. */
static enum up_err take_chain(struct up_act *a, struct up_op_redeem *d)
{
	enum up_err err = up_right_chain(a->tx->db, a->found.role->id, &a->grant, &d->out_chain);

	up_act_judge(a, err != UP_E_ROLE, UP_E_ROLE);
	return err == UP_E_ROLE ? UP_OK : err;
}

enum up_err up_act_redeem(struct up_act *a)
{
	struct up_op_redeem *d = (void *)a->op;
	enum up_err err = up_act_find_role(a, d->device, d->role);

	a->only_grant = d->grant;
	if (err == UP_OK)
		err = up_act_may(a, UP_USE_LOGIN, d->item);
	if (err == UP_OK)
		err = up_act_find_client(a);
	up_act_judge(a, strlen(d->session) == UP_STORE_REF, UP_E_STATE);
	if (err == UP_OK && a->merit == UP_OK)
		err = take_chain(a, d);
	if (err == UP_OK && a->merit == UP_OK)
		err = add_session(a, d);
	if (err == UP_OK && a->merit == UP_OK)
		err = add_browser(a);
	if (err == UP_OK && a->merit == UP_OK)
		err = try_name(a);
	if (err == UP_OK && a->merit == UP_OK)
		d->out_role = up_act_take_role(a);
	else
		up_chain_free(&d->out_chain);    /* refused after all */
	return err;
}

/* Whose session it was stands in the record: unit, person and phone. Nothing else revokes one, so
 * that what is revoked has its record: of an attempt whose caller did not hear of it. */
enum up_err up_act_replay(struct up_act *a)
{
	const struct up_op_replay *d = (void *)a->op;
	const struct up_db_arg args[] = {
	    up_db_text(up_span_str(d->session)), up_db_int(d->op.now_ms)};
	enum up_err err = up_act_exists(
	    a, UP_SQL_SESSION_REVOKED, up_span_str(d->session), &a->told, NULL);

	if (err != UP_OK || a->told)
		return err;
	err = up_act_note(a, d->device, d->role);
	up_facts_str(&a->record.session, d->session);
	if (err != UP_OK)
		return err;
	return up_db_run(a->tx->db, UP_SQL_SESSION_REVOKE, args, UP_ARRAY_LEN(args), NULL);
}
