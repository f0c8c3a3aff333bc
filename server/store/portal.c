/* SPDX-License-Identifier: Apache-2.0
 * What unitpassctl does with portals: clients and their items. Each change leaves its record. */
#include <stdio.h>
#include <string.h>

#include "server/store/change.h"
#include "server/store/rows.h"

/* A client as a change finds it. */
struct found {
	bool known, has_secret;
	int64_t number;
	char status[16];                 /* live disabled removed */
	struct up_buf name, origin;
};

static void free_found(struct found *f)
{
	up_buf_free(&f->name);
	up_buf_free(&f->origin);
}

static enum up_err find(struct up_tx *tx, struct up_span id, struct found *out)
{
	const struct up_db_arg arg = up_db_text(id);
	struct up_db_rows *rows;
	enum up_err e = up_db_first(tx->db, UP_SQL_CLIENT_VIEW, &arg, 1, &rows, &out->known);

	if (e == UP_OK && out->known) {
		out->number = up_db_column_int(rows, 0);
		up_rows_copy(rows, 1, out->status, sizeof(out->status));
		up_buf_put_span(&out->name, up_db_column(rows, 2));
		up_buf_put_span(&out->origin, up_db_column(rows, 3));
		out->has_secret = up_db_column_int(rows, 4) != 0;
	}
	up_db_end(&rows);
	return out->name.failed || out->origin.failed ? UP_E_NOMEM : e;
}

static bool gone(const struct found *f)
{
	return !f->known || strcmp(f->status, "removed") == 0;
}

/* The record of EVENT for client ID; BEFORE (may be empty) and AFTER: values of the member WORD. */
struct change { const char *event, *word; struct up_span before, after, id, item; int64_t now_ms; };

static enum up_err record(
    struct up_tx *tx, const struct change *x, struct up_span name, struct up_span origin)
{
	struct up_record rec = {.event = up_span_str(x->event),
	    .client = x->id,
	    .client_name = name,
	    .client_origin = origin,
	    .item = x->item};
	struct up_buf before = { 0 }, after = { 0 };
	enum up_err e;

	if (x->before.n > 0)
		up_change_word(&before, x->word, x->before);
	up_change_word(&after, x->word, x->after);
	rec.before = up_buf_span(&before);
	rec.after = up_buf_span(&after);
	e = before.failed || after.failed ? UP_E_NOMEM : up_change_record(tx, &rec, x->now_ms);
	up_buf_free(&before);
	up_buf_free(&after);
	return e;
}

static struct up_span authentication(bool has_secret)
{
	return has_secret ? UP_SPAN_LIT("client_secret") : UP_SPAN_LIT("private_key_jwt");
}

static struct up_db_arg secret_of(const struct up_client *client)
{
	return up_db_blob(
	    client->has_secret ? client->secret_hash : NULL, sizeof(client->secret_hash));
}

/* --- add, rotate --- */

struct credentials { const struct up_client *client; int64_t now_ms; };

static enum up_err add(struct up_tx *tx, void *arg)
{
	const struct credentials *r = arg;
	const struct up_client *client = r->client;
	const struct change x = {.event = "client.add",
	    .word = "authentication",
	    .after = authentication(client->has_secret),
	    .id = up_span_str(client->id),
	    .now_ms = r->now_ms};
	const struct up_db_arg args[] = {
	    up_db_text(up_span_str(client->id)),
	    up_db_text(up_span_str(client->name)),
	    up_db_text(up_span_str(client->origin)),
	    up_db_int(client->is_static),
	    secret_of(client),
	    up_db_optional(up_span_str(client->jwks)),
	    up_db_int(r->now_ms),
	};
	struct found f = { 0 };
	enum up_err e = find(tx, up_span_str(client->id), &f);

	if (e == UP_OK && f.known)
		e = UP_E_STATE;
	if (e == UP_OK)
		e = up_db_run_one(tx->db, UP_SQL_CLIENT_ADD, args, UP_ARRAY_LEN(args));
	if (e == UP_OK)
		e = record(tx, &x, up_span_str(client->name), up_span_str(client->origin));
	free_found(&f);
	return e;
}

enum up_err up_store_client_put(struct up_store *s, const struct up_client *client, int64_t now_ms)
{
	struct credentials r = { client, now_ms };

	return up_tx_write(s, add, &r);
}

static enum up_err rotate(struct up_tx *tx, void *arg)
{
	const struct credentials *r = arg;
	const struct up_client *client = r->client;
	const struct up_db_arg args[] = {up_db_text(up_span_str(client->id)), secret_of(client),
	    up_db_optional(up_span_str(client->jwks))};
	struct change x = {.event = "client.rotate",
	    .word = "authentication",
	    .after = authentication(client->has_secret),
	    .id = up_span_str(client->id),
	    .now_ms = r->now_ms};
	struct found f = { 0 };
	enum up_err e = find(tx, up_span_str(client->id), &f);

	if (e == UP_OK && gone(&f))
		e = UP_E_NOT_FOUND;
	x.before = authentication(f.has_secret);
	if (e == UP_OK)
		e = up_db_run_one(tx->db, UP_SQL_CLIENT_ROTATE, args, UP_ARRAY_LEN(args));
	if (e == UP_OK)
		e = record(tx, &x, up_buf_span(&f.name), up_buf_span(&f.origin));
	free_found(&f);
	return e;
}

enum up_err up_store_client_rotate(
    struct up_store *s, const struct up_client *client, int64_t now_ms)
{
	struct credentials r = { client, now_ms };

	return up_tx_write(s, rotate, &r);
}

/* --- disable, enable, remove --- */

static const struct { const char *status, *event;
} states[] = {
    {"live", "client.enable"},
    {"disabled", "client.disable"},
    {"removed", "client.remove"},
};

struct setting { struct up_span id; const char *status; int64_t now_ms; };

static enum up_err set(struct up_tx *tx, void *arg)
{
	const struct setting *r = arg;
	const struct up_db_arg args[] = {
	    up_db_text(r->id), up_db_text(up_span_str(r->status)), up_db_int(r->now_ms)};
	struct change x = {
	    .word = "status", .after = up_span_str(r->status), .id = r->id, .now_ms = r->now_ms};
	struct found f = { 0 };
	enum up_err e = find(tx, r->id, &f);

	for (size_t i = 0; i < UP_ARRAY_LEN(states); i++)
		if (strcmp(states[i].status, r->status) == 0)
			x.event = states[i].event;
	x.before = up_span_str(f.status);
	if (e == UP_OK && gone(&f))
		e = UP_E_NOT_FOUND;
	if (e == UP_OK && strcmp(f.status, r->status) == 0)
		e = UP_E_STATE;
	if (e == UP_OK)
		e = up_db_run_one(tx->db, UP_SQL_CLIENT_SET, args, UP_ARRAY_LEN(args));
	if (e == UP_OK)
		e = record(tx, &x, up_buf_span(&f.name), up_buf_span(&f.origin));
	free_found(&f);
	return e;
}

enum up_err up_store_client_set(
    struct up_store *s, struct up_span id, const char *status, int64_t now_ms)
{
	struct setting r = { id, status, now_ms };

	return up_tx_write(s, set, &r);
}

/* --- items --- */

struct item { struct up_span code, name, client; int64_t now_ms; };

static enum up_err taken(struct up_tx *tx, struct up_span code)
{
	const struct up_db_arg arg = up_db_text(code);
	struct up_db_rows *rows;
	bool row;
	enum up_err e = up_db_first(tx->db, UP_SQL_ITEM, &arg, 1, &rows, &row);

	up_db_end(&rows);
	return e == UP_OK && row ? UP_E_STATE : e;
}

static enum up_err add_item(struct up_tx *tx, void *arg)
{
	const struct item *r = arg;
	const struct change x = {.event = "item.add",
	    .word = "name",
	    .after = r->name,
	    .id = r->client,
	    .item = r->code,
	    .now_ms = r->now_ms};
	struct found f = { 0 };
	enum up_err e = find(tx, r->client, &f);

	if (e == UP_OK && gone(&f))
		e = UP_E_CLIENT;
	if (e == UP_OK)
		e = taken(tx, r->code);
	if (e == UP_OK) {
		const struct up_db_arg args[] = {up_db_text(r->code), up_db_text(r->name),
		    up_db_int(f.number), up_db_int(r->now_ms)};

		e = up_db_run_one(tx->db, UP_SQL_ITEM_ADD, args, UP_ARRAY_LEN(args));
	}
	if (e == UP_OK)
		e = record(tx, &x, up_buf_span(&f.name), up_buf_span(&f.origin));
	free_found(&f);
	return e;
}

enum up_err up_store_item_put(struct up_store *s, struct up_span code, struct up_span name,
    struct up_span client, int64_t now_ms)
{
	struct item r = { .code = code, .name = name, .client = client, .now_ms = now_ms };

	return up_tx_write(s, add_item, &r);
}
