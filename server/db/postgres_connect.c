/* SPDX-License-Identifier: Apache-2.0
 * Coming to a PostgreSQL server, the first time and again. */
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "server/db/postgres.h"

#define VERSION_MIN 150000
#define PAUSE_MIN_MS 100
#define PAUSE_MAX_MS 2000
#define KEYWORDS 16

/* Nobody waits for long, neither for us nor we for others: a server that is gone is noticed within
 * seconds (settings of the connection), what we left open is ended by the server. Plans are made
 * once; just-in-time compilation costs a query of ours more than it gives. What a commit says is
 * kept must be on disk. */
static const char session[] =
    "SET client_min_messages = error; SET default_transaction_isolation = 'read committed';"
    "SET statement_timeout = '30s'; SET idle_in_transaction_session_timeout = '10s';"
    "SET plan_cache_mode = force_generic_plan; SET jit = off;"
    "SELECT set_config('synchronous_commit', 'on', false)"
    " WHERE current_setting('synchronous_commit') = 'off';";

int64_t up_postgres_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void up_postgres_sleep_ms(unsigned ms)
{
	const struct timespec pause = { ms / 1000, ms % 1000 * 1000000L };

	nanosleep(&pause, NULL);
}

bool up_postgres_is_cut(const struct up_postgres *p)
{
	return PQstatus(p->conn) != CONNECTION_OK;       /* takes NULL */
}

/* --- parameters of the connection --- */

struct keywords { const char *names[KEYWORDS], *values[KEYWORDS]; int n; };

static void put(struct keywords *k, const char *name, const char *value)
{
	k->names[k->n] = name;
	k->values[k->n++] = value;
	k->names[k->n] = k->values[k->n] = NULL;
}

/* What stands before the URI is overruled by it, what stands behind it overrules. */
static void fill(const struct up_postgres *p, const PQconninfoOption *options, struct keywords *k)
{
	k->n = 0;
	put(k, "connect_timeout", "3");
	put(k, "keepalives_idle", "5");
	put(k, "keepalives_interval", "2");
	put(k, "keepalives_count", "3");
	put(k, "tcp_user_timeout", "10000");
	put(k, "target_session_attrs", "read-write");
	put(k, "sslmode", up_postgres_sslmode(options));
	put(k, "fallback_application_name", "unitpass");
	if (p->password != NULL)
		put(k, "password", p->password);
	put(k, "dbname", p->uri);
	put(k, "client_encoding", "UTF8");
}

/* --- one attempt --- */

static void be_silent(void *arg, const PGresult *r)
{
	(void)arg;
	(void)r;
}

/* A server as it must be? */
static enum up_err examine(struct up_postgres *p)
{
	const char *encoding = PQparameterStatus(p->conn, "server_encoding");

	if (PQserverVersion(p->conn) < VERSION_MIN)
		return up_db_fail(&p->head, UP_DB_OTHER,
		    "the server is PostgreSQL %d; 15 is wanted", PQserverVersion(p->conn) / 10000);
	if (encoding == NULL || strcmp(encoding, "UTF8") != 0)
		return up_db_fail(&p->head, UP_DB_OTHER,
		    "the database has encoding %s; make it with ENCODING 'UTF8'",
		    encoding != NULL ? encoding : "unknown");
	return UP_OK;
}

static enum up_err set_up(struct up_postgres *p)
{
	char mode[120];
	PGresult *r = NULL;
	enum up_err err = up_postgres_exec(p, session, NULL);

	snprintf(mode, sizeof(mode),
	    "SET lock_timeout = %u; SET default_transaction_read_only = %s", p->patience_ms,
	    p->is_reader ? "on" : "off");
	if (err == UP_OK)
		err = up_postgres_exec(p, mode, NULL);
	if (err == UP_OK)
		err = up_postgres_exec(p, UP_POSTGRES_HAS_MARKS, &r);
	if (err == UP_OK)
		p->has_marks = PQgetvalue(r, 0, 0)[0] == '1';
	PQclear(r);
	return err;
}

/* One line of the message: the others repeat it for the next way (address, without TLS). */
static enum up_err no_connection(struct up_postgres *p)
{
	const char *message = p->conn != NULL ? PQerrorMessage(p->conn) : "no memory";

	return up_db_fail(
	    &p->head, UP_DB_DOWN, "%.*s", (int)strcspn(message, "\n"), message);
}

static enum up_err attempt(struct up_postgres *p)
{
	const char *wrong;
	PQconninfoOption *options = up_postgres_uri(p->uri, &wrong);
	struct keywords k;
	enum up_err err;

	if (options == NULL)
		return up_db_fail(&p->head, UP_DB_OTHER, "%s", wrong);
	fill(p, options, &k);
	p->conn = PQconnectdbParams(k.names, k.values, 1);
	PQconninfoFree(options);
	if (up_postgres_is_cut(p))
		return no_connection(p);
	PQsetNoticeReceiver(p->conn, be_silent, NULL);
	err = examine(p);
	return err == UP_OK ? set_up(p) : err;
}

/* --- again --- */

void up_postgres_drop(struct up_postgres *p)
{
	PQfinish(p->conn);
	p->conn = NULL;
}

static void forget(struct up_postgres *p)
{
	up_postgres_drop(p);
	p->has_fixed = false;
	for (unsigned i = 0; i < p->head.n_texts; i++)
		p->rows[i].is_prepared = false;
}

enum up_err up_postgres_connect(struct up_postgres *p)
{
	enum up_err err;

	if (!up_postgres_is_cut(p))
		return UP_OK;
	forget(p);
	if (up_postgres_now_ms() < p->not_before_ms)
		return up_db_fail(&p->head, UP_DB_DOWN, "no connection a moment ago");
	err = attempt(p);
	if (err == UP_OK) {
		p->pause_ms = PAUSE_MIN_MS;
		return UP_OK;
	}
	forget(p);
	p->not_before_ms = up_postgres_now_ms() + p->pause_ms;
	p->pause_ms = p->pause_ms * 2 < PAUSE_MAX_MS ? p->pause_ms * 2 : PAUSE_MAX_MS;
	return err;
}

/* --- opening and closing --- */

/* What to do about it, where the message has words that we know. */
static const char *remedy(const char *message)
{
	static const struct { const char *word, *remedy; } table[] = {
		{ "password", ": see database_password_file" },
		{ "certificate", ": see sslrootcert in unitpassd.conf(5)" },
		{ "does not exist", ": make it with createuser and createdb" },
		{ "o such file", ": is PostgreSQL running, and its socket there?" },
		{ "refused", ": is PostgreSQL running, and does it listen there?" },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(table); i++)
		if (strstr(message, table[i].word) != NULL)
			return table[i].remedy;
	return "";
}

static enum up_err make(const struct up_db_settings *set, struct up_postgres **out)
{
	struct up_postgres *p = calloc(1, sizeof(*p) + set->n_texts * sizeof(p->rows[0]));

	*out = p;
	if (p == NULL)
		return UP_E_NOMEM;
	up_db_head(&p->head, &up_db_postgres, set);
	p->is_reader = set->reader;
	p->patience_ms = UP_DB_BUSY_MS;
	p->pause_ms = PAUSE_MIN_MS;
	p->uri = strdup(set->database);
	p->password = set->password != NULL ? strdup(set->password) : NULL;
	if (p->uri == NULL || (set->password != NULL && p->password == NULL))
		return UP_E_NOMEM;
	return RAND_bytes((uint8_t *)&p->writer, sizeof(p->writer)) == 1 ? UP_OK : UP_E_CRYPTO;
}

enum up_err up_postgres_open(
    const struct up_db_settings *set, struct up_db **out, char why[256])
{
	struct up_postgres *p;
	enum up_err err = make(set, &p);

	if (err == UP_OK && up_postgres_connect(p) != UP_OK) {
		const char *message = p->head.message;

		snprintf(why, 256, "cannot open the database: %s%s", message, remedy(message));
		err = p->head.trouble == UP_DB_OTHER ? UP_E_CONFIG : UP_E_STORE;
	}
	if (err == UP_OK)
		*out = &p->head;
	else if (p != NULL)
		up_postgres_close(&p->head);
	return err;
}

static void wipe_and_free(char *secret)
{
	if (secret != NULL)
		up_wipe(secret, strlen(secret));
	free(secret);
}

void up_postgres_close(struct up_db *head)
{
	struct up_postgres *p = (struct up_postgres *)head;

	PQfinish(p->conn);
	for (unsigned i = 0; i < p->head.n_texts; i++)
		PQclear(p->rows[i].result);
	wipe_and_free(p->uri);
	wipe_and_free(p->password);
	free(p);
}
