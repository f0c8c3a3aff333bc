/* SPDX-License-Identifier: Apache-2.0
 * What the URI of a server's database holds: secrets, however they are written, and what is shown
 * of it. No server is needed. */
#include <stdlib.h>
#include <string.h>

#include "server/db/postgres.h"
#include "unit.h"

#define LONG_NAME 300

/* SHOWN NULL: it cannot be understood. No line of SHOWN holds "secret". */
static const struct { const char *uri; bool has_password; const char *shown; } uris[] = {
	{ "/var/lib/unitpass/db", false, "/var/lib/unitpass/db" },
	{ "postgresql://u@h/db", false, "postgresql://u@h/db" },
	{ "postgres://u@h:5433/db?sslmode=verify-full", false, "postgresql://u@h:5433/db" },
	{ "postgresql://u@/db?host=/run/postgresql", false,
	    "postgresql://u@/db?host=/run/postgresql" },
	{ "postgresql://a,b/db?user=u", false, "postgresql://u@/db?host=a,b&port=," },
	{ "postgresql://u@[::1]:5432/db", false, "postgresql://u@/db?host=::1&port=5432" },
	{ "postgresql://u%40x@h/d%20b", false, "postgresql://u%40x@h/d%20b" },
	{ "postgresql:///db?hostaddr=10.0.0.1", false, "postgresql:///db?hostaddr=10.0.0.1" },
	{ "postgresql:///?service=site", false, "postgresql:///?service=site" },
	{ "postgresql://u:@h/db", false, "postgresql://u@h/db" },
	{ "postgresql://u:secret@h/db", true, "postgresql://u@h/db" },
	{ "postgresql://u:sec?secret@h/db", true, "postgresql://u@h/db" },
	{ "postgresql://u:?secret@h/db", true, "postgresql://u@h/db" },
	{ "postgresql://u@h/db?password=secret", true, "postgresql://u@h/db" },
	{ "postgresql://u@h/db?pass%77ord=secret", true, "postgresql://u@h/db" },
	{ "postgresql://u@h/db?sslmode=require&%70assword=secret", true, "postgresql://u@h/db" },
	{ "postgresql://u:secret@h/db?password=secret2", true, "postgresql://u@h/db" },
	{ "postgresql://u@h/db?sslpassword=secret", true, "postgresql://u@h/db" },
	{ "postgresql://u:secret@h/db?sslpassword=secret", true, "postgresql://u@h/db" },
	{ "postgresql://u:secret%zz@h/db", false, NULL },
	{ "postgresql://u:secret@[::1]secret/db", false, NULL },
	{ "postgresql://u@h/db?nothing=secret", false, NULL },
	{ "postgresql://u@h/db?secret", false, NULL },
	{ "postgresql://u:secret/db", false, NULL },     /* the host forgotten */
	{ "postgresql://u:secret/pass@h/db", false, NULL },
	/* half a password as the name of a database, or of a host */
	{ "postgresql://u:12/secret@h/db", false, NULL },
	{ "postgresql://u:/secret@h/db", false, NULL },
	{ "postgresql://u:12/secret@h/db?sslmode=require", false, NULL },
	{ "postgresql://u:x@y/secret@h/db", false, NULL },
	{ "postgresql://u:x@secret@h/db", false, NULL },
	{ "postgresql://u:12%2F34@h/db", true, "postgresql://u@h/db" },
	{ "postgresql://h:12/d%40b", false, "postgresql://h:12/d%40b" },
	{ "postgresql://h/db?user=u@site", false, "postgresql://u%40site@h/db" },
	{ "postgresql://h/?user=u@site/x", false, "postgresql://u%40site%2Fx@h/" },
};

static void test_show(void)
{
	for (size_t i = 0; i < UP_ARRAY_LEN(uris); i++) {
		const char *uri = uris[i].uri, *shown = uris[i].shown;
		char out[256];

		up_db_show(uri, out);
		UP_CHECK(strcmp(out, shown != NULL ? shown : "postgresql://...") == 0, out);
		UP_CHECK(up_db_has_password(uri) == uris[i].has_password, uri);
		UP_CHECK((up_db_wrong(uri) != NULL) == (shown == NULL), uri);
	}
}

/* What is shown ends after 255 bytes; what is asked does not. */
static void test_long(void)
{
	char name[LONG_NAME + 1], uri[2 * LONG_NAME], out[256];

	memset(name, 'x', LONG_NAME);
	name[LONG_NAME] = '\0';
	snprintf(uri, sizeof(uri), "postgresql://u@h/%s?password=secret", name);
	CU_ASSERT_TRUE(up_db_has_password(uri));
	up_db_show(uri, out);
	CU_ASSERT_EQUAL(strlen(out), 255);
	snprintf(uri, sizeof(uri), "postgresql://%s:secret@h/db", name);
	CU_ASSERT_TRUE(up_db_has_password(uri));
	up_db_show(uri, out);
	CU_ASSERT_PTR_NULL(strstr(out, "secret"));
	snprintf(uri, sizeof(uri), "postgresql://u@h/%s", name);
	CU_ASSERT_FALSE(up_db_has_password(uri));
}

/* Whoever cannot open it says why without quoting it. */
static void test_open(void)
{
	for (size_t i = 0; i < UP_ARRAY_LEN(uris); i++) {
		struct up_db_settings set = { .database = uris[i].uri };
		struct up_db *db;
		char why[256];

		if (uris[i].shown != NULL)
			continue;
		UP_CHECK(up_db_open(&set, &db, why) == UP_E_CONFIG, why);
		CU_ASSERT_PTR_NULL(db);
		UP_CHECK(strstr(why, "secret") == NULL && strstr(why, "zz") == NULL, why);
		UP_CHECK(strstr(why, "invalid URI") != NULL, why);
		UP_CHECK(strstr(up_db_wrong(uris[i].uri), "secret") == NULL, uris[i].uri);
	}
}

/* What can be done about it is said where it is noticed. */
static void test_password_in_pieces(void)
{
	const char *wrong = up_db_wrong("postgresql://u:12/34@h/db");

	CU_ASSERT_PTR_NOT_NULL_FATAL(wrong);
	CU_ASSERT_PTR_NOT_NULL(strstr(wrong, "percent-encode"));
	CU_ASSERT_PTR_NOT_NULL(strstr(wrong, "database_password_file"));
	CU_ASSERT_PTR_NULL(strstr(wrong, "34"));
}

/* --- how the server is proven --- */

/* VARIABLE: NAME=VALUE of the environment, or NULL. */
static const struct { const char *uri, *variable; bool is_local; } ways[] = {
	{ "postgresql:///db", NULL, true },
	{ "postgresql:///db?host=/run/postgresql", NULL, true },
	{ "postgresql:///db?host=@abstract", NULL, true },
	{ "postgresql://localhost/db", NULL, true },
	{ "postgresql://127.0.0.1/db", NULL, true },
	{ "postgresql://127.8.9.10/db", NULL, true },
	{ "postgresql://[::1]/db", NULL, true },
	{ "postgresql://127.0.0.1,localhost/db", NULL, true },
	{ "postgresql://db.example.org/db?hostaddr=127.0.0.1", NULL, true },
	{ "postgresql:///db", "PGHOST=/run/postgresql", true },
	{ "postgresql:///db", "PGHOSTADDR=127.0.0.1", true },
	{ "postgresql://localhost/db", "PGHOST=db.example.org", true },
	{ "postgresql://db.example.org/db", NULL, false },
	{ "postgresql://127.example.com/db", NULL, false },
	{ "postgresql://127.0.0.1.example.com/db", NULL, false },
	{ "postgresql://localhost.example.com/db", NULL, false },
	{ "postgresql://10.0.0.1/db", NULL, false },
	{ "postgresql://[::2]/db", NULL, false },
	{ "postgresql://127.0.0.1,db.example.org/db", NULL, false },
	{ "postgresql://localhost/db?hostaddr=10.0.0.1", NULL, false },
	{ "postgresql://a,db.example.org/db?hostaddr=127.0.0.1,", NULL, false },
	{ "postgresql://db.example.org,a/db?hostaddr=,127.0.0.1", NULL, false },
	{ "postgresql:///db?service=site", NULL, false },
	{ "postgresql://localhost/db?service=site", NULL, false },
	{ "postgresql:///db", "PGSERVICE=site", false },
	{ "postgresql:///db", "PGHOST=db.example.org", false },
	{ "postgresql:///db", "PGHOSTADDR=10.0.0.1", false },
	{ "postgresql://localhost/db", "PGHOSTADDR=10.0.0.1", false },
	{ "postgresql://db.example.org/db?hostaddr=", "PGHOSTADDR=127.0.0.1", false },
};

static const char *const variables[] = { "PGHOST", "PGHOSTADDR", "PGSERVICE" };

static void test_proof(void)
{
	for (size_t i = 0; i < UP_ARRAY_LEN(ways); i++) {
		const char *wrong, *mode, *want = ways[i].is_local ? "prefer" : "verify-full";
		PQconninfoOption *options = up_postgres_uri(ways[i].uri, &wrong);
		char row[200];

		CU_ASSERT_PTR_NOT_NULL_FATAL(options);
		for (size_t j = 0; j < UP_ARRAY_LEN(variables); j++)
			unsetenv(variables[j]);
		if (ways[i].variable != NULL)
			CU_ASSERT_EQUAL(putenv((char *)ways[i].variable), 0);
		mode = up_postgres_sslmode(options);
		snprintf(row, sizeof(row), "%s %s", ways[i].uri,
		    ways[i].variable != NULL ? ways[i].variable : "");
		UP_CHECK(strcmp(mode, want) == 0, row);
		PQconninfoFree(options);
	}
}

UP_SUITE("db_uri", test_show, test_long, test_open, test_password_in_pieces,
    test_proof)
