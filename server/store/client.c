/* SPDX-License-Identifier: Apache-2.0
 * What unitpassctl does with the clients of portals. */
#include <string.h>

#include "server/store/act.h"

static struct up_span authentication(bool has_secret)
{
	return has_secret ? UP_SPAN_LIT("client_secret") : UP_SPAN_LIT("private_key_jwt");
}

static struct up_db_arg secret_of(const struct up_client *client)
{
	return up_db_blob(
	    client->has_secret ? client->secret_hash : NULL, sizeof(client->secret_hash));
}

enum up_err up_act_client_add(struct up_act *a)
{
	const struct up_op_client *put = (void *)a->op;
	const struct up_client *client = put->client;
	const struct up_db_arg args[] = {
	    up_db_text(up_span_str(client->id)),
	    up_db_text(up_span_str(client->name)),
	    up_db_text(up_span_str(client->origin)),
	    up_db_int(client->is_static),
	    secret_of(client),
	    up_db_optional(up_span_str(client->jwks)),
	    up_db_int(a->op->now_ms),
	};
	struct up_act_client found;
	enum up_err err = up_act_read_client(a, up_span_str(client->id), &found);

	if (err != UP_OK)
		return err;
	up_act_judge(a, !found.known, UP_E_STATE);
	if (a->merit != UP_OK)
		return UP_OK;
	up_facts_client(&a->record, client);
	a->record.after = up_act_word(a, "authentication", authentication(client->has_secret));
	return up_db_run_one(a->tx->db, UP_SQL_CLIENT_ADD, args, UP_ARRAY_LEN(args));
}

enum up_err up_act_client_rotate(struct up_act *a)
{
	const struct up_op_client *put = (void *)a->op;
	const struct up_client *client = put->client;
	const struct up_db_arg args[] = {up_db_text(up_span_str(client->id)), secret_of(client),
	    up_db_optional(up_span_str(client->jwks))};
	struct up_act_client found;
	enum up_err err = up_act_read_client(a, up_span_str(client->id), &found);

	if (err != UP_OK)
		return err;
	up_act_judge(a, found.standing, UP_E_NOT_FOUND);
	if (a->merit != UP_OK)
		return UP_OK;
	a->record.before = up_act_word(a, "authentication", authentication(found.has_secret));
	a->record.after = up_act_word(a, "authentication", authentication(client->has_secret));
	return up_db_run_one(a->tx->db, UP_SQL_CLIENT_ROTATE, args, UP_ARRAY_LEN(args));
}

static const struct { const char *status, *event;
} states[] = {
    {"live", "client.enable"},
    {"disabled", "client.disable"},
    {"removed", "client.remove"},
};

enum up_err up_act_client_set(struct up_act *a)
{
	const struct up_op_client_set *set = (void *)a->op;
	const struct up_db_arg args[] = {up_db_text(set->id), up_db_text(up_span_str(set->status)),
	    up_db_int(a->op->now_ms)};
	struct up_act_client found;
	enum up_err err = up_act_read_client(a, set->id, &found);

	if (err != UP_OK)
		return err;
	up_act_judge(a, found.standing, UP_E_NOT_FOUND);
	up_act_judge(a, strcmp(found.status, set->status) != 0, UP_E_STATE);
	if (a->merit != UP_OK)
		return UP_OK;
	for (size_t i = 0; i < UP_ARRAY_LEN(states); i++)
		if (strcmp(states[i].status, set->status) == 0)
			a->record.event = up_span_str(states[i].event);
	a->record.before = up_act_word(a, "status", up_span_str(found.status));
	a->record.after = up_act_word(a, "status", up_span_str(set->status));
	return up_db_run_one(a->tx->db, UP_SQL_CLIENT_SET, args, UP_ARRAY_LEN(args));
}

enum up_err up_act_read_client(struct up_act *a, struct up_span id, struct up_act_client *out)
{
	const struct up_db_arg arg = up_db_text(id);
	struct up_db_rows *rows;
	enum up_err err =
	    up_db_first(a->tx->db, UP_SQL_CLIENT_VIEW, &arg, 1, &rows, &out->known);

	out->status[0] = '\0';
	out->number = 0;
	out->has_secret = false;
	a->record.client = id;
	if (err == UP_OK && out->known) {
		out->number = up_db_column_int(rows, 0);
		up_rows_copy(rows, 1, out->status, sizeof(out->status));
		a->record.client_name = up_act_keep(a, up_db_column(rows, 2));
		a->record.client_origin = up_act_keep(a, up_db_column(rows, 3));
		out->has_secret = up_db_column_int(rows, 4) != 0;
	}
	up_db_end(&rows);
	out->standing = out->known && strcmp(out->status, "removed") != 0;
	return err;
}
