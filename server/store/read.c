/* SPDX-License-Identifier: Apache-2.0
 * The reads of store.h that are neither roles (rows.c), enrolments (enrol.c) nor usage (usage.c). */
#include <stdlib.h>
#include <string.h>

#include "server/store/rows.h"

static const struct up_rows_text client_texts[] = {
	{ offsetof(struct up_client, id), 1 },
	{ offsetof(struct up_client, name), 2 },
	{ offsetof(struct up_client, origin), 3 },
	{ offsetof(struct up_client, jwks), 4 },
	{ offsetof(struct up_client, items), 5 },
	{ offsetof(struct up_client, status), 8 },
};

static enum up_err take_client(struct up_sqlite *c, sqlite3_stmt *st, struct up_client **out)
{
	struct up_client *client = up_rows_pack(st, sizeof(*client), client_texts, UP_ARRAY_LEN(client_texts));
	enum up_err e = UP_OK;

	*out = client;
	if (client == NULL)
		return UP_E_NOMEM;
	client->number = sqlite3_column_int64(st, 0);
	client->is_static = sqlite3_column_int(st, 6) != 0;
	client->created_ms = sqlite3_column_int64(st, 9);
	client->since_ms = sqlite3_column_int64(st, 10);
	client->has_secret = sqlite3_column_type(st, 7) != SQLITE_NULL;
	if (client->has_secret)
		e = up_sqlite_column_fixed(c, st, 7, client->secret_hash, sizeof(client->secret_hash));
	if (sqlite3_column_type(st, 4) == SQLITE_NULL)
		client->jwks = NULL;
	return e;
}

enum up_err up_store_clients(struct up_store *s, bool all, struct up_client ***out, size_t *n)
{
	const struct up_sqlite_arg arg = up_sqlite_int(all);
	struct up_client **clients = NULL;
	size_t count = 0;
	sqlite3_stmt *st;
	struct up_sqlite *c;
	bool row;
	enum up_err e = up_sqlite_take(s, &c);

	*out = NULL;
	*n = 0;
	if (e != UP_OK)
		return e;
	e = up_sqlite_first(c, UP_SQL_CLIENTS, &arg, 1, &st, &row);
	while (e == UP_OK && row) {
		struct up_client **more = reallocarray(clients, count + 1, sizeof(struct up_client *));

		if (more == NULL) {
			e = UP_E_NOMEM;
			break;
		}
		clients = more;
		e = take_client(c, st, &clients[count]);
		count++;                 /* NULL is freed as well */
		if (e == UP_OK)
			e = up_sqlite_next(c, st, &row);
	}
	up_sqlite_end(&st);
	up_sqlite_put(s, &c);
	if (e != UP_OK)
		up_store_clients_free(&clients, count);
	*out = clients;
	*n = e == UP_OK ? count : 0;
	return e;
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
	size_t count = 0;
	sqlite3_stmt *st;
	struct up_sqlite *c;
	bool row;
	enum up_err e = up_sqlite_take(s, &c);

	*out = NULL;
	*n = 0;
	if (e != UP_OK)
		return e;
	e = up_sqlite_first(c, UP_SQL_ITEMS, NULL, 0, &st, &row);
	while (e == UP_OK && row) {
		struct up_item *more = reallocarray(items, count + 1, sizeof(*items));

		if (more == NULL) {
			e = UP_E_NOMEM;
			break;
		}
		items = more;
		items[count].code = up_span_dup(up_sqlite_column(st, 0));
		items[count].name = up_span_dup(up_sqlite_column(st, 1));
		items[count].client = up_span_dup(up_sqlite_column(st, 2));
		e = items[count].code != NULL && items[count].name != NULL && items[count].client != NULL ? UP_OK : UP_E_NOMEM;
		count++;
		if (e == UP_OK)
			e = up_sqlite_next(c, st, &row);
	}
	up_sqlite_end(&st);
	up_sqlite_put(s, &c);
	if (e != UP_OK)
		up_store_items_free(&items, count);
	*out = items;
	*n = e == UP_OK ? count : 0;
	return e;
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

enum up_err up_store_session(struct up_store *s, const char *id, struct up_session **out)
{
	static const struct up_rows_text texts[] = { { offsetof(struct up_session, client), 1 }, { offsetof(struct up_session, items), 2 } };
	const struct up_sqlite_arg arg = up_sqlite_text(up_span_str(id));
	struct up_session *session;
	sqlite3_stmt *st;
	struct up_sqlite *c;
	bool row;
	enum up_err e = up_sqlite_take(s, &c);

	*out = NULL;
	if (e != UP_OK)
		return e;
	e = up_sqlite_first(c, UP_SQL_SESSION, &arg, 1, &st, &row);
	if (e == UP_OK && !row)
		e = UP_E_TOKEN;
	if (e != UP_OK)
		goto out;
	session = up_rows_pack(st, sizeof(*session), texts, UP_ARRAY_LEN(texts));
	if (session == NULL) {
		e = UP_E_NOMEM;
		goto out;
	}
	up_rows_copy_ref(st, 0, session->id);
	session->role = sqlite3_column_int64(st, 3);
	session->device = sqlite3_column_int64(st, 4);
	session->created_ms = sqlite3_column_int64(st, 5);
	session->revoked = sqlite3_column_int(st, 6) != 0;
	*out = session;
out:
	up_sqlite_end(&st);
	up_sqlite_put(s, &c);
	return e;
}

void up_store_session_free(struct up_session **session)
{
	free(*session);
	*session = NULL;
}

enum up_err up_store_browser_known(struct up_store *s, struct up_span client, struct up_span browser, struct up_span unit, bool *known)
{
	const struct up_sqlite_arg args[] = { up_sqlite_text(client), up_sqlite_text(browser), up_sqlite_text(unit) };
	sqlite3_stmt *st;
	struct up_sqlite *c;
	enum up_err e;

	*known = false;
	if (browser.n == 0)
		return UP_OK;
	e = up_sqlite_take(s, &c);
	if (e != UP_OK)
		return e;
	e = up_sqlite_first(c, UP_SQL_BROWSER, args, UP_ARRAY_LEN(args), &st, known);
	up_sqlite_end(&st);
	up_sqlite_put(s, &c);
	return e;
}
