/* SPDX-License-Identifier: Apache-2.0
 * Clients, items and keys, loaded whole and swapped whole. */
#include <stdlib.h>
#include <string.h>

#include "server/log.h"
#include "server/server.h"

static int by_id(const void *a, const void *b)
{
	return strcmp((*(struct up_client *const *)a)->id, (*(struct up_client *const *)b)->id);
}

static void catalogue_free(struct up_catalogue *c)
{
	up_keys_free(&c->keys);
	up_store_clients_free(&c->clients, c->n_clients);
	up_store_items_free(&c->items, c->n_items);
	free(c);
}

static enum up_err build(struct up_server *s, struct up_catalogue **out, char why[256])
{
	struct up_catalogue *c = calloc(1, sizeof(*c));
	enum up_err err;

	*out = NULL;
	if (c == NULL)
		return UP_E_NOMEM;
	atomic_init(&c->refs, 1);
	err = up_keys_load(s->config->keys, &c->keys, why);
	if (err == UP_OK) /* before the clients: a change in between is seen the next time */
		err = up_store_clients_version(s->store, &c->version);
	if (err == UP_OK)
		err = up_store_clients(s->store, false, &c->clients, &c->n_clients);
	if (err == UP_OK)
		err = up_store_items(s->store, &c->items, &c->n_items);
	if (err != UP_OK) {
		if (why[0] == '\0')
			strcpy(why, "the database cannot be read");
		catalogue_free(c);
		return err;
	}
	if (c->n_clients > 0)
		qsort(c->clients, c->n_clients, sizeof(*c->clients), by_id);
	*out = c;
	return UP_OK;
}

/* A client that is missing now, or was enabled anew, had ended in between: what it began is void.
 */
static enum up_err end_logins(
    struct up_server *s, const struct up_catalogue *old, const struct up_catalogue *fresh)
{
	enum up_err err;
	int64_t now;

	if (s->live == NULL)
		return UP_OK;
	err = up_clock_now(s, &now);
	for (size_t i = 0; err == UP_OK && i < old->n_clients; i++) {
		struct up_span id = up_span_str(old->clients[i]->id);
		const struct up_client *client = up_catalogue_client(fresh, id);

		if (client == NULL || client->since_ms != old->clients[i]->since_ms)
			err = up_live_end_client(s->live, id, now);
	}
	return err;
}

/* FROM, whose reference is given, is compared with FRESH; again later when live cannot be reached,
 * or while the clock is wrong. What is owed already goes further back. */
static void settle(
    struct up_server *s, struct up_catalogue *from, const struct up_catalogue *fresh)
{
	struct up_catalogue *owed;

	pthread_mutex_lock(&s->catalogue_lock);
	owed = s->owed;
	s->owed = NULL;
	pthread_mutex_unlock(&s->catalogue_lock);
	if (owed == NULL) {
		owed = from;
		from = NULL;
	}
	if (owed != NULL && end_logins(s, owed, fresh) != UP_OK) {
		pthread_mutex_lock(&s->catalogue_lock);
		if (s->owed == NULL) {
			s->owed = owed;
			owed = NULL;
		}
		pthread_mutex_unlock(&s->catalogue_lock);
	}
	up_catalogue_put(&owed);
	up_catalogue_put(&from);
}

enum up_err up_catalogue_load(struct up_server *s, char why[256])
{
	struct up_catalogue *fresh, *old;
	enum up_err err;

	why[0] = '\0';
	err = build(s, &fresh, why);
	if (err != UP_OK)
		return err;
	atomic_fetch_add(&fresh->refs, 1);       /* ours, while another load may be under way */
	pthread_mutex_lock(&s->catalogue_lock);
	old = s->catalogue;
	s->catalogue = fresh;
	pthread_mutex_unlock(&s->catalogue_lock);
	settle(s, old, fresh);
	up_catalogue_put(&fresh);
	return UP_OK;
}

void up_catalogue_follow(struct up_server *s)
{
	static int64_t failed; /* of the one thread that follows: a failure is told once */
	struct up_catalogue *c = up_catalogue_get(s);
	bool changed;
	int64_t version;
	char why[256];

	settle(s, NULL, c);
	changed = up_store_clients_version(s->store, &version) == UP_OK && version != c->version;
	up_catalogue_put(&c);
	if (!changed)
		return;
	if (up_catalogue_load(s, why) == UP_OK) {
		up_log(UP_LOG_INFO, "reloaded", "because",
		    "a client was disabled, enabled or removed, or an item changed", NULL);
	} else if (version != failed) {
		failed = version;
		up_log(UP_LOG_ERROR, "reload_failed", "reason", why, "effect",
		    "tried again until it works", NULL);
	}
}

struct up_catalogue *up_catalogue_get(struct up_server *s)
{
	struct up_catalogue *c;

	pthread_mutex_lock(&s->catalogue_lock);
	c = s->catalogue;
	atomic_fetch_add(&c->refs, 1);
	pthread_mutex_unlock(&s->catalogue_lock);
	return c;
}

void up_catalogue_put(struct up_catalogue **c)
{
	if (*c != NULL && atomic_fetch_sub(&(*c)->refs, 1) == 1)
		catalogue_free(*c);
	*c = NULL;
}

static int compare(struct up_span id, const char *other)
{
	size_t n = strlen(other);
	int d = memcmp(id.p, other, id.n < n ? id.n : n);

	return d != 0 ? d : id.n < n ? -1 : id.n > n;
}

const struct up_client *up_catalogue_client(const struct up_catalogue *c, struct up_span id)
{
	size_t lo = 0, hi = c->n_clients;

	while (id.n > 0 && lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int d = compare(id, c->clients[mid]->id);

		if (d == 0)
			return c->clients[mid];
		if (d < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

const struct up_item *up_catalogue_item(const struct up_catalogue *c, struct up_span code)
{
	for (size_t i = 0; i < c->n_items; i++)
		if (up_span_eq_str(code, c->items[i].code))
			return &c->items[i];
	return NULL;
}
