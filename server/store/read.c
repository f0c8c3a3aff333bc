/* SPDX-License-Identifier: Apache-2.0
 * The reads of store.h that are neither roles (rows.c), enrolments (enrol.c) nor usage (usage.c).
 */
#include <stdlib.h>
#include <string.h>

#include "core/room.h"
#include "server/store/rows.h"

static const struct up_rows_text client_texts[] = {
    {offsetof(struct up_client, id), 1},
    {offsetof(struct up_client, name), 2},
    {offsetof(struct up_client, origin), 3},
    {offsetof(struct up_client, jwks), 4},
    {offsetof(struct up_client, status), 7},
};

/* The items stand between the struct and its other texts. */
static enum up_err take_client(
    const struct up_db_rows *rows, struct up_span items, struct up_client **out)
{
	struct up_client *client = up_rows_pack(
	    rows, sizeof(*client) + items.n + 1, client_texts, UP_ARRAY_LEN(client_texts));
	enum up_err err = UP_OK;

	*out = client;
	if (client == NULL)
		return UP_E_NOMEM;
	client->items = (char *)(client + 1);
	if (items.n > 0)
		memcpy(client->items, items.p, items.n);
	client->number = up_db_column_int(rows, 0);
	client->is_static = up_db_column_int(rows, 5) != 0;
	client->created_ms = up_db_column_int(rows, 8);
	client->since_ms = up_db_column_int(rows, 9);
	client->has_secret = !up_db_column_null(rows, 6);
	if (client->has_secret)
		err = up_db_column_fixed(rows, 6, client->secret_hash, sizeof(client->secret_hash));
	if (up_db_column_null(rows, 4))
		client->jwks = NULL;
	return err;
}

struct clients {
	struct up_client **list;
	size_t n, cap;
	struct up_buf items;
};

static enum up_err add_client(struct up_db *db, const struct up_db_rows *rows, struct clients *c)
{
	const struct up_db_arg number = up_db_int(up_db_column_int(rows, 0));
	struct up_client **more = up_room(c->list, c->n, &c->cap, sizeof(struct up_client *));
	enum up_err err;

	if (more == NULL)
		return UP_E_NOMEM;
	c->list = more;
	err = up_rows_words(db, UP_SQL_CLIENT_ITEMS, number, &c->items);
	if (err != UP_OK)
		return err;
	err = take_client(rows, up_buf_span(&c->items), &c->list[c->n]);
	c->n++; /* NULL is freed as well */
	return err;
}

enum up_err up_store_clients(struct up_store *s, bool all, struct up_client ***out, size_t *n)
{
	const struct up_db_arg arg = up_db_int(all);
	struct clients clients = {0};
	struct up_tx_read r;
	enum up_err err = up_tx_read(s, UP_SQL_CLIENTS, &arg, 1, &r);

	while (err == UP_OK && r.row) {
		err = add_client(r.db, r.rows, &clients);
		if (err == UP_OK)
			err = up_db_next(r.rows, &r.row);
	}
	up_tx_read_end(&r);
	up_buf_free(&clients.items);
	if (err != UP_OK)
		up_store_clients_free(&clients.list, clients.n);
	*out = clients.list;
	*n = err == UP_OK ? clients.n : 0;
	return err;
}

void up_store_clients_free(struct up_client ***clients, size_t n)
{
	for (size_t i = 0; *clients != NULL && i < n; i++) {
		struct up_client *c = (*clients)[i];

		if (c != NULL)
			up_wipe(c->secret_hash, sizeof(c->secret_hash));
		free(c);
	}
	free(*clients);
	*clients = NULL;
}

enum up_err up_store_items(struct up_store *s, struct up_item **out, size_t *n)
{
	struct up_item *items = NULL;
	size_t count = 0, cap = 0;
	struct up_tx_read r;
	enum up_err err = up_tx_read(s, UP_SQL_ITEMS, NULL, 0, &r);

	while (err == UP_OK && r.row) {
		struct up_item *more = up_room(items, count, &cap, sizeof(*items));

		if (more == NULL) {
			err = UP_E_NOMEM;
			break;
		}
		items = more;
		items[count].code = up_span_dup(up_db_column(r.rows, 0));
		items[count].name = up_span_dup(up_db_column(r.rows, 1));
		items[count].client = up_span_dup(up_db_column(r.rows, 2));
		err = items[count].code != NULL && items[count].name != NULL &&
			items[count].client != NULL
		    ? UP_OK
		    : UP_E_NOMEM;
		count++;
		if (err == UP_OK)
			err = up_db_next(r.rows, &r.row);
	}
	up_tx_read_end(&r);
	if (err != UP_OK)
		up_store_items_free(&items, count);
	*out = items;
	*n = err == UP_OK ? count : 0;
	return err;
}

void up_store_items_free(struct up_item **items, size_t n)
{
	for (size_t i = 0; *items != NULL && i < n; i++) {
		free((*items)[i].code);
		free((*items)[i].name);
		free((*items)[i].client);
	}
	free(*items);
	*items = NULL;
}

/* Judged when asked: whatever ends role, device, person, unit or client ends the session too. */
static bool is_over(const struct up_db_rows *rows, const struct up_session *session)
{
	const struct up_authority_ask ask = { .use = UP_USE_SESSION };
	const struct up_authority_edge edge = up_rows_edge(rows, "", "");
	struct up_authority_answer answer;
	bool revoked = up_db_column_int(rows, UP_ROWS_EDGE + 5) != 0;
	bool client_live = up_db_column_int(rows, UP_ROWS_EDGE + 6) != 0;
	int64_t client_since_ms = up_db_column_int(rows, UP_ROWS_EDGE + 7);

	return revoked || !client_live || session->created_ms < client_since_ms ||
	    up_authority_may(&ask, &edge, &answer) != UP_OK;
}

enum up_err up_store_session(struct up_store *s, const char *id, struct up_session **out)
{
	static const struct up_rows_text texts[] = {
		{ offsetof(struct up_session, client), UP_ROWS_EDGE + 1 },
		{ offsetof(struct up_session, items), UP_ROWS_EDGE + 2 },
	};
	const struct up_db_arg arg = up_db_text(up_span_str(id));
	struct up_session *session;
	struct up_tx_read r;
	enum up_err err = up_tx_read(s, UP_SQL_SESSION, &arg, 1, &r);

	*out = NULL;
	if (err == UP_OK && !r.row)
		err = UP_E_TOKEN;
	if (err != UP_OK)
		goto out;
	session = up_rows_pack(r.rows, sizeof(*session), texts, UP_ARRAY_LEN(texts));
	if (session == NULL) {
		err = UP_E_NOMEM;
		goto out;
	}
	up_rows_copy_ref(r.rows, UP_ROWS_EDGE, session->id);
	session->role = up_db_column_int(r.rows, 0);
	session->device = up_db_column_int(r.rows, UP_ROWS_EDGE + 3);
	session->created_ms = up_db_column_int(r.rows, UP_ROWS_EDGE + 4);
	session->revoked = is_over(r.rows, session);
	*out = session;
out:
	up_tx_read_end(&r);
	return err;
}

void up_store_session_free(struct up_session **session)
{
	free(*session);
	*session = NULL;
}

enum up_err up_store_browser_known(struct up_store *s, struct up_span client,
    struct up_span browser, struct up_span unit, bool *known)
{
	const struct up_db_arg args[] = {up_db_text(client), up_db_text(browser), up_db_text(unit)};
	struct up_tx_read r;
	enum up_err err;

	*known = false;
	if (browser.n == 0)
		return UP_OK;
	err = up_tx_read(s, UP_SQL_BROWSER, args, UP_ARRAY_LEN(args), &r);
	*known = r.row;
	up_tx_read_end(&r);
	return err;
}
