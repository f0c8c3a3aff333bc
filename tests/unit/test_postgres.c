/* SPDX-License-Identifier: Apache-2.0 */
#include "test_postgres.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* --- servers --- */

static void script(const char *verb, const char *folder, const char *more)
{
	const char *top = getenv("srcdir");
	char command[600];

	/* as make check sets it; the sanitizers' settings are not for bash and initdb */
	snprintf(command, sizeof(command), "%s/script/postgres %s %s %s >%s.log 2>&1",
	    top != NULL ? top : ".", verb, folder, more, folder);
	if (system(command) != 0) {
		fprintf(stderr, "%s failed; see %s.log\n", command, folder);
		exit(1);
	}
}

static void read_url(const char *folder, char url[POSTGRES_URL])
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/admin.url", folder);
	f = fopen(path, "r");
	if (f == NULL || fgets(url, POSTGRES_URL, f) == NULL) {
		fprintf(stderr, "%s cannot be read\n", path);
		exit(1);
	}
	fclose(f);
}

void postgres_server_start(struct postgres_server *s, const char *settings)
{
	if (s->folder[0] == '\0') {
		strcpy(s->folder, "/tmp/unitpass-postgres-XXXXXX");
		CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(s->folder));
	}
	script("start", s->folder, settings);
	read_url(s->folder, s->base);
}

void postgres_server_stop(struct postgres_server *s, const char *mode)
{
	script("stop", s->folder, mode);
}

void postgres_server_drop(struct postgres_server *s)
{
	char log[80];

	script("drop", s->folder, "");
	snprintf(log, sizeof(log), "%s.log", s->folder);
	unlink(log);
	s->folder[0] = '\0';
}

static struct postgres_server own_server;

static void end_own_server(void)
{
	postgres_server_drop(&own_server);
}

static const char *admin(void)
{
	const char *given = getenv("UNITPASS_POSTGRES");

	if (given != NULL)
		return given;
	if (own_server.folder[0] == '\0') {
		postgres_server_start(&own_server, "");
		atexit(end_own_server);
	}
	return own_server.base;
}

/* --- databases --- */

int64_t postgres_number(const char *url, const char *sql)
{
	PGconn *conn = PQconnectdb(url);
	PGresult *r = PQexec(conn, sql);
	ExecStatusType status = PQresultStatus(r);
	int64_t n = -1;

	if (status == PGRES_COMMAND_OK || (status == PGRES_TUPLES_OK && PQntuples(r) == 0))
		n = 0;
	else if (status == PGRES_TUPLES_OK && PQgetvalue(r, 0, 0)[0] == 't')
		n = 1;
	else if (status == PGRES_TUPLES_OK)
		n = strtoll(PQgetvalue(r, 0, 0), NULL, 10);
	else
		fprintf(stderr, "%s: %s", sql, PQerrorMessage(conn));
	PQclear(r);
	PQfinish(conn);
	return n;
}

bool postgres_wait(const char *url, const char *sql, int64_t n)
{
	static const struct timespec pause = { 0, 20000000 };

	for (int i = 0; i < 500; i++) {
		if (postgres_number(url, sql) == n)
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

/* The URL of WHO (role and password) for DATABASE, made from the superuser's. */
static void make_url(
    const char *from, const char *who, const char *database, char out[POSTGRES_URL])
{
	const char *head = who != NULL ? who : from + strlen("postgresql://");
	const char *at = strchr(from, '@');
	int n = who != NULL ? (int)strlen(who) : (int)(at - head);

	snprintf(out, POSTGRES_URL, "postgresql://%.*s@/%s%s", n, head, database, strchr(at, '?'));
}

void postgres_make(struct postgres_base *b)
{
	static unsigned n;
	char sql[200];

	snprintf(b->name, sizeof(b->name), "t%d_%u", (int)getpid(), ++n);
	(void)postgres_number(admin(),
	    "DO $$ BEGIN CREATE ROLE tester LOGIN PASSWORD 'tester';"
	    " EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$");
	snprintf(sql, sizeof(sql), "CREATE DATABASE %s OWNER tester", b->name);
	CU_ASSERT_EQUAL_FATAL(postgres_number(admin(), sql), 0);
	make_url(admin(), "tester:tester", b->name, b->url);
	make_url(admin(), NULL, b->name, b->admin);
}

void postgres_drop(struct postgres_base *b)
{
	char sql[100];

	snprintf(sql, sizeof(sql), "DROP DATABASE %s WITH (FORCE)", b->name);
	CU_ASSERT_EQUAL(postgres_number(admin(), sql), 0);
}

bool postgres_is_here(const struct postgres_base *b)
{
	return strcmp(strchr(b->admin, '?'), strchr(admin(), '?')) == 0;
}

#define EACH_TABLE(todo) \
	"FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP" \
	" EXECUTE format('" todo "', t); END LOOP;"

void postgres_keep(struct postgres_base *b)
{
	CU_ASSERT_EQUAL_FATAL(postgres_number(b->admin, "CREATE SCHEMA kept;"
	    " CREATE TABLE kept.\"the sequences\" AS SELECT sequencename AS name, last_value"
	    " FROM pg_sequences WHERE schemaname = 'public';"
	    " DO $$ DECLARE t text; BEGIN "
	    EACH_TABLE("CREATE TABLE kept.%1$I AS TABLE public.%1$I")
	    " END $$"), 0);
}

/* As replica: the triggers that keep usage records, and references, are not asked. */
void postgres_restore(struct postgres_base *b)
{
	CU_ASSERT_EQUAL_FATAL(postgres_number(b->admin,
	    "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity"
	    " WHERE datname = current_database() AND pid <> pg_backend_pid();"
	    " SET session_replication_role = replica;"
	    " DO $$ DECLARE t text; BEGIN "
	    EACH_TABLE("DELETE FROM public.%1$I; INSERT INTO public.%1$I TABLE kept.%1$I")
	    " PERFORM setval(format('public.%I', name)::regclass, coalesce(last_value, 1),"
	    " last_value IS NOT NULL) FROM kept.\"the sequences\";"
	    " END $$"), 0);
}
