/* SPDX-License-Identifier: Apache-2.0
 * What becomes of a transaction whose connection is cut: the answer must agree with what the
 * database holds, every time. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "server/db/schema.h"
#include "test_postgres.h"

enum { ADD, COUNT, FILL, N_TEXTS };

static const char *const texts[N_TEXTS] = {
	[ADD] = "INSERT INTO thing (id) VALUES (?1)",
	[COUNT] = "SELECT count(*) FROM thing WHERE id = ?1",
	[FILL] = "INSERT INTO heap (bytes) VALUES (?1)",
};

/* With a commit that takes two seconds where the number is 7. */
static const char things[] =
    "CREATE TABLE thing (id bigint PRIMARY KEY);"
    "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    " IF NEW.id = 7 THEN PERFORM pg_sleep(2); END IF; RETURN NULL; END $$;"
    "CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON thing DEFERRABLE INITIALLY DEFERRED"
    " FOR EACH ROW EXECUTE FUNCTION slow();";

#define SLOW 7
#define IN_COMMIT "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"

static struct up_db *connect_to(const char *url, bool reader)
{
	struct up_db_settings set = {
		.database = url, .reader = reader, .texts = texts, .n_texts = N_TEXTS };
	struct up_db *db;
	char why[256];

	CU_ASSERT_EQUAL_FATAL(up_db_open(&set, &db, why), UP_OK);
	return db;
}

static struct up_db *make_things(const char *url)
{
	struct up_db *db = connect_to(url, false);
	char why[256];

	CU_ASSERT_EQUAL_FATAL(up_schema_migrate(db, up_schema_of(db), why), UP_OK);
	CU_ASSERT_EQUAL_FATAL(up_db_script(db, things), UP_OK);
	return db;
}

static enum up_err add(struct up_db *db, int64_t id)
{
	const struct up_db_arg arg = up_db_int(id);
	enum up_err err = up_db_begin(db);

	if (err == UP_OK && (err = up_db_run_one(db, ADD, &arg, 1)) != UP_OK)
		up_db_rollback(db);
	return err == UP_OK ? up_db_commit(db) : err;
}

static int64_t count(const char *url, int64_t id)
{
	char sql[100];

	snprintf(sql, sizeof(sql), "SELECT count(*) FROM thing WHERE id = %lld", (long long)id);
	return postgres_number(url, sql);
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* --- by a proxy, around the COMMIT --- */

static void test_cut_commit(void)
{
	static const struct { const char *name; enum proxy_mode mode; int kept; } table[] = {
		{ "before", PROXY_CUT_BEFORE, 0 },
		{ "after", PROXY_CUT_AFTER, 1 },
		{ "half before", PROXY_HALF_BEFORE, 0 },
		{ "half after", PROXY_HALF_AFTER, 1 },
		{ "through", PROXY_THROUGH, 1 },
	};
	struct postgres_base base;
	struct proxy *proxy;
	struct up_db *db;
	char url[POSTGRES_URL];

	postgres_make(&base);
	proxy = proxy_start(base.url, url);
	db = make_things(url);
	for (int64_t i = 0; i < (int64_t)UP_ARRAY_LEN(table) * 3; i++) {
		size_t k = (size_t)i % UP_ARRAY_LEN(table);
		int64_t since = now_ms(), id = 100 + i;
		enum up_err err;

		proxy_arm(proxy, table[k].mode);
		err = add(db, id);
		UP_CHECK(proxy_did(proxy) == (table[k].mode != PROXY_THROUGH), table[k].name);
		UP_CHECK(now_ms() - since < UP_DB_LOOKUP_MS, table[k].name);
		UP_CHECK((err == UP_OK) == table[k].kept, table[k].name);
		UP_CHECK(err == UP_OK || up_db_trouble(db) == UP_DB_DOWN, up_db_message(db));
		UP_CHECK(count(base.url, id) == table[k].kept, table[k].name);
	}
	up_db_close(&db);
	proxy_stop(&proxy);
	postgres_drop(&base);
}

/* Either way may be right; the answer and the table must agree. */
static void test_cut_at_once(void)
{
	struct postgres_base base;
	struct proxy *proxy;
	struct up_db *db;
	char url[POSTGRES_URL];

	postgres_make(&base);
	proxy = proxy_start(base.url, url);
	db = make_things(url);
	for (int64_t id = 100; id < 160; id++) {
		enum up_err err;

		proxy_arm(proxy, PROXY_CUT_AT_ONCE);
		err = add(db, id);
		CU_ASSERT(proxy_did(proxy));
		CU_ASSERT_EQUAL(err == UP_OK, count(base.url, id) == 1);
		CU_ASSERT(err == UP_OK || up_db_trouble(db) == UP_DB_DOWN);
	}
	up_db_close(&db);
	proxy_stop(&proxy);
	postgres_drop(&base);
}

/* --- by an administrator --- */

#define TERMINATE \
	"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity" \
	" WHERE datname = current_database() AND pid <> pg_backend_pid()"

/* Between transactions nobody notices; inside one it has failed, and the next one works. */
static void test_terminate(void)
{
	const struct up_db_arg one = up_db_int(1), two = up_db_int(2);
	struct postgres_base base;
	struct up_db_rows *rows;
	struct up_db *db, *reader;
	bool row;

	postgres_make(&base);
	db = make_things(base.url);
	reader = connect_to(base.url, true);
	CU_ASSERT_EQUAL(postgres_number(base.admin, TERMINATE), 2);
	CU_ASSERT_EQUAL(add(db, 1), UP_OK);
	CU_ASSERT_EQUAL(up_db_first(reader, COUNT, &one, 1, &rows, &row), UP_OK);
	CU_ASSERT_EQUAL(up_db_column_int(rows, 0), 1);
	up_db_end(&rows);
	CU_ASSERT_EQUAL(up_db_begin(db), UP_OK);
	CU_ASSERT_EQUAL(up_db_run_one(db, ADD, &two, 1), UP_OK);
	CU_ASSERT_EQUAL(postgres_number(base.admin, TERMINATE), 2);
	CU_ASSERT_EQUAL(up_db_first(db, COUNT, &one, 1, &rows, &row), UP_E_STORE);
	CU_ASSERT_EQUAL(up_db_trouble(db), UP_DB_DOWN);
	up_db_end(&rows);
	/* no statement after it reaches a new connection, where it would stand alone */
	CU_ASSERT_EQUAL(up_db_run_one(db, ADD, &two, 1), UP_E_STORE);
	CU_ASSERT_EQUAL(up_db_commit(db), UP_E_STORE);
	CU_ASSERT_EQUAL(up_db_trouble(db), UP_DB_DOWN);
	CU_ASSERT_EQUAL(count(base.url, 2), 0);
	CU_ASSERT_EQUAL(add(db, 2), UP_OK);
	up_db_close(&reader);
	up_db_close(&db);
	postgres_drop(&base);
}

static void *terminate_in_commit(void *arg)
{
	struct postgres_base *base = arg;

	CU_ASSERT(postgres_wait(base->admin, IN_COMMIT " AND datname = current_database()", 1));
	CU_ASSERT_EQUAL(postgres_number(base->admin, TERMINATE), 1);
	return NULL;
}

static void test_terminate_in_commit(void)
{
	struct postgres_base base;
	struct up_db *db;
	pthread_t thread;

	postgres_make(&base);
	db = make_things(base.url);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, terminate_in_commit, &base), 0);
	CU_ASSERT_EQUAL(add(db, SLOW), UP_E_STORE);
	CU_ASSERT_EQUAL(up_db_trouble(db), UP_DB_DOWN);
	pthread_join(thread, NULL);
	CU_ASSERT_EQUAL(count(base.url, SLOW), 0);
	CU_ASSERT_EQUAL(add(db, 8), UP_OK);
	up_db_close(&db);
	postgres_drop(&base);
}

/* --- the server stops --- */

struct crash { struct postgres_server *server; bool comes_back; int64_t away_ms; };

static void *crash_in_commit(void *arg)
{
	struct crash *c = arg;
	int64_t since;

	CU_ASSERT(postgres_wait(c->server->base, IN_COMMIT, 1));
	since = now_ms();
	postgres_server_stop(c->server, "immediate");
	if (c->comes_back)
		postgres_server_start(c->server, "");
	c->away_ms = now_ms() - since;
	return NULL;
}

/* Who was refused a moment ago is refused without asking: for two seconds at most. */
static enum up_err add_soon(struct up_db *db, int64_t id)
{
	static const struct timespec pause = { 0, 50000000 };
	int64_t until = now_ms() + 4000;
	enum up_err err;

	while ((err = add(db, id)) != UP_OK && now_ms() < until)
		nanosleep(&pause, NULL);
	return err;
}

static void crash_and_come_back(struct postgres_server *server, struct up_db *db)
{
	struct crash crash = { .server = server, .comes_back = true };
	enum up_db_trouble trouble;
	pthread_t thread;

	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, crash_in_commit, &crash), 0);
	CU_ASSERT_EQUAL(add(db, SLOW), UP_E_STORE);
	trouble = up_db_trouble(db);
	pthread_join(thread, NULL);
	/* on a busy machine it may come back too late to be asked */
	CU_ASSERT(trouble == UP_DB_DOWN ||
	    (trouble == UP_DB_UNKNOWN && crash.away_ms > UP_DB_LOOKUP_MS - 1000));
	CU_ASSERT_EQUAL(count(server->base, SLOW), 0);
	CU_ASSERT_EQUAL(add_soon(db, 2), UP_OK);
}

static void crash_for_good(struct postgres_server *server, struct up_db *db)
{
	struct crash crash = { .server = server };
	pthread_t thread;
	int64_t since;

	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, crash_in_commit, &crash), 0);
	CU_ASSERT_EQUAL(add(db, SLOW), UP_E_STORE);
	CU_ASSERT_EQUAL(up_db_trouble(db), UP_DB_UNKNOWN);
	pthread_join(thread, NULL);
	/* who comes while it is down is not kept waiting */
	since = now_ms();
	CU_ASSERT_EQUAL(add(db, 3), UP_E_STORE);
	CU_ASSERT_EQUAL(up_db_trouble(db), UP_DB_DOWN);
	CU_ASSERT(now_ms() - since < 1000);
	postgres_server_start(server, "");
	CU_ASSERT_EQUAL(add_soon(db, 3), UP_OK);
}

static void test_crash(void)
{
	struct postgres_server server = { 0 };
	struct up_db *db;

	postgres_server_start(&server, "");
	db = make_things(server.base);
	CU_ASSERT_EQUAL(add(db, 1), UP_OK);
	crash_and_come_back(&server, db);
	crash_for_good(&server, db);
	CU_ASSERT_EQUAL(postgres_number(server.base, "SELECT count(*) FROM thing"), 3);
	up_db_close(&db);
	postgres_server_drop(&server);
}

/* --- a full disk --- */

#define HEAP \
	"CREATE TABLE heap (bytes bytea) TABLESPACE full_disk;" \
	"ALTER TABLE heap ALTER bytes SET STORAGE EXTERNAL"

/* Four megabytes in FOLDER for the server's user; only root can make such a disk. */
static bool make_disk(const struct postgres_base *base, const char *folder)
{
	char text[200];

	if (geteuid() != 0 ||
	    mount("none", folder, "tmpfs", MS_NOSUID | MS_NODEV, "size=4m,mode=0700") != 0)
		return false;
	snprintf(text, sizeof(text), "chown postgres: %s", folder);
	CU_ASSERT_EQUAL_FATAL(system(text), 0);
	snprintf(text, sizeof(text), "CREATE TABLESPACE full_disk LOCATION '%s'", folder);
	CU_ASSERT_EQUAL_FATAL(postgres_number(base->admin, text), 0);
	return postgres_number(base->admin, "GRANT CREATE ON TABLESPACE full_disk TO tester") == 0;
}

static enum up_err fill(struct up_db *db, const uint8_t *bytes, size_t n)
{
	const struct up_db_arg arg = up_db_blob(bytes, n);
	enum up_err err = up_db_begin(db);

	if (err == UP_OK && (err = up_db_run_one(db, FILL, &arg, 1)) != UP_OK)
		up_db_rollback(db);
	return err == UP_OK ? up_db_commit(db) : err;
}

static void fill_disk(const struct postgres_base *base)
{
	static uint8_t bytes[100000];
	struct up_db *db = make_things(base->url);
	int64_t n = 0;

	CU_ASSERT_EQUAL(up_db_script(db, HEAP), UP_OK);
	while (n < 100 && fill(db, bytes, sizeof(bytes)) == UP_OK)
		n++;
	CU_ASSERT(n > 5 && n < 100);
	CU_ASSERT_EQUAL(up_db_trouble(db), UP_DB_DOWN);
	CU_ASSERT_STRING_EQUAL(up_db_code(db), "53100");
	CU_ASSERT_EQUAL(postgres_number(base->url, "SELECT count(*) FROM heap"), n);
	CU_ASSERT_EQUAL(add(db, 1), UP_OK);
	CU_ASSERT_EQUAL(up_db_script(db, "DROP TABLE heap"), UP_OK);
	CU_ASSERT_EQUAL(up_db_script(db, HEAP), UP_OK);
	up_db_close(&db);
	db = connect_to(base->url, false);
	CU_ASSERT_EQUAL(fill(db, bytes, sizeof(bytes)), UP_OK);
	CU_ASSERT_EQUAL(up_db_script(db, "DROP TABLE heap"), UP_OK);
	up_db_close(&db);
}

static void test_full_disk(void)
{
	char folder[] = "/tmp/unitpass-full-XXXXXX";
	struct postgres_base base;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
	postgres_make(&base);
	if (make_disk(&base, folder)) {
		fill_disk(&base);
		CU_ASSERT_EQUAL(postgres_number(base.admin, "DROP TABLESPACE full_disk"), 0);
		CU_ASSERT_EQUAL(umount(folder), 0);
	} else {
		puts("no small disk can be made here: a full one is not tried");
	}
	postgres_drop(&base);
	rmdir(folder);
}

UP_SUITE("db_postgres_cut", test_cut_commit, test_cut_at_once, test_terminate,
    test_terminate_in_commit, test_crash, test_full_disk)
