/* SPDX-License-Identifier: Apache-2.0
 * Persons' data at rest: sealed in their place, found by their index, brought there from an older
 * release, and sealed anew under another key. */
#define _GNU_SOURCE 1                    /* memmem */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test_store_fixture.h"

#define PERSONS 230                      /* more than two batches */
#define RESIDENT "430102198808080010"
#define LI "李明"

/* --- keys of a folder --- */

struct folder { char dir[64]; };

static void write_key(const struct folder *f, const char *name, char digit)
{
	char path[128], text[66];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	memset(text, digit, 64);
	strcpy(text + 64, "\n");
	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	CU_ASSERT_FATAL(fd >= 0 && write(fd, text, 65) == 65);
	close(fd);
}

static void folder_make(struct folder *f)
{
	strcpy(f->dir, "/tmp/unitpass-keys-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(f->dir));
	write_key(f, "server.key", 'a');
}

static void folder_drop(const struct folder *f)
{
	static const char *const names[] = { "server.key", UP_DATA_KEYS_FILE };
	char path[128];

	for (size_t i = 0; i < UP_ARRAY_LEN(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", f->dir, names[i]);
		unlink(path);
	}
	rmdir(f->dir);
}

static struct up_data_keys *keys_of(const struct folder *f)
{
	struct up_data_keys *keys;
	char why[256] = "";

	CU_ASSERT_EQUAL_FATAL(up_data_keys_open(f->dir, &keys, why), UP_OK);
	return keys;
}

static enum up_err connect_with(const struct fixture *f, struct up_data_keys *keys,
    struct up_store **out, char why[256])
{
	struct up_store_settings o = { .database = f->database, .administrator = "root-li",
		.create = true, .data_keys = keys };

	memset(o.password_key, 7, sizeof(o.password_key));
	return up_store_open(&o, out, why);
}

/* --- in their place --- */

static bool clear_in(struct fixture *f)
{
	return fixture_count(f, "SELECT count(*) FROM person WHERE resident_index LIKE '%4301%'"
	    " OR resident LIKE '%4301%' OR mobile LIKE '%138%123%' OR name LIKE '%" LI "%'"
	    " OR key_id = ''") != 0;
}

static enum up_err name_of(struct fixture *f, char name[UP_PERSON_NAME_SIZE])
{
	struct up_role *role;
	enum up_err err;

	CU_ASSERT_EQUAL_FATAL(up_store_role(f->store, f->role, f->device, &role), UP_OK);
	err = up_store_name(f->store, role, name);
	up_store_role_free(&role);
	return err;
}

static void test_sealed(void)
{
	char name[UP_PERSON_NAME_SIZE];
	struct fixture f;

	fixture_open(&f, false);
	fixture_enrol(&f);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM person"), 1);
	CU_ASSERT_FALSE(clear_in(&f));
	CU_ASSERT_EQUAL(name_of(&f, name), UP_OK);
	CU_ASSERT_STRING_EQUAL(name, LI);
	/* found again by her index: no second row */
	CU_ASSERT_EQUAL(fixture_put_code(f.store, U2, &fixture_li, "again"), UP_OK);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM person"), 1);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM holder"), 2);
	fixture_close(&f);
}

/* What CHANGE moved elsewhere opens nowhere: no name, no code, no session. */
static void moved(const char *change)
{
	char name[UP_PERSON_NAME_SIZE];
	struct up_op_redeem redeem;
	struct fixture f;

	fixture_open(&f, false);
	fixture_enrol(&f);
	CU_ASSERT_EQUAL(fixture_put_code(f.store, U2, &fixture_zhang, "zhang"), UP_OK);
	CU_ASSERT_EQUAL(fixture_put_code(f.store, U1, &fixture_li, "li"), UP_OK);
	CU_ASSERT_EQUAL(fixture_open_code(f.store, "li", &fixture_li), UP_OK);
	UP_CHECK(fixture_change(&f, change) == UP_OK, change);
	UP_CHECK(name_of(&f, name) == UP_E_STORE, change);
	CU_ASSERT_STRING_EQUAL(name, "");
	UP_CHECK(fixture_open_code(f.store, "li", &fixture_li) == UP_E_STORE, change);
	redeem = fixture_redeem(&f, "ssssssssssssssssssssss");
	UP_CHECK(fixture_run(&f, &redeem.op) == UP_E_STORE, change);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM session"), 0);
	CU_ASSERT(fixture_gapless(&f));
	fixture_close(&f);
}

static void test_moved(void)
{
	moved("UPDATE person SET name = (SELECT name FROM person WHERE id = 2) WHERE id = 1");
	moved("UPDATE person SET name = mobile, mobile = name WHERE id = 1");
	moved("UPDATE person SET name = resident WHERE id = 1");
	moved("UPDATE person SET name = '' WHERE id = 1");
	moved("UPDATE person SET name = 'AeeWHKHIycrLzM3Oz9DR' WHERE id = 1");
	moved("UPDATE person SET ref = 'AAAAAAAAAAAAAAAAAAAAAA' WHERE id = 1");
}

/* --- from an older release --- */

/* The version before persons' data were sealed. */
static int version_before(const struct up_db_schema *schema)
{
	int i = 0;

	while (i < schema->n && strstr(schema->steps[i], "resident_index") == NULL)
		i++;
	return i;
}

static const char old_rows[] =
    "INSERT INTO authority (id, code, name, created_ms) VALUES (1, 'hn', 'a', 1);"
    "INSERT INTO unit (id, code, name, authority, status, created_ms)"
    " VALUES (1, '" U1 "', 'u', 1, 'live', 1);"
    "INSERT INTO certificate (unit, number, version, status, valid_from_s, valid_to_s, fields,"
    " created_ms) VALUES (1, 'CERT-1', 1, 'live', 1700000000, 1900000000, '{}', 1);"
    "INSERT INTO person (id, ref, resident, name, masked, mobile, outcome, assurance, checked_ms,"
    " created_ms) VALUES (1, 'AAAAAAAAAAAAAAAAAAAAAA', '" RESIDENT "', '" LI "', '李*',"
    " '13812345678', 'match', 'roster', 1, 1);"
    "INSERT INTO holder (id, ref, unit, person, created_ms)"
    " VALUES (1, 'HHHHHHHHHHHHHHHHHHHHHH', 1, 1, 1);"
    "INSERT INTO role (id, holder, unit, role, status, created_ms)"
    " VALUES (1, 1, 1, 'principal', 'waiting', 1);";

static void make_old(struct fixture *f, int more)
{
	struct up_db_schema schema = *fixture_schema();
	const struct up_db_settings settings = { .database = f->database, .create = true };
	char why[256], row[400];
	struct up_db *db;

	schema.n = version_before(&schema);
	CU_ASSERT_EQUAL_FATAL(up_db_open(&settings, &db, why), UP_OK);
	CU_ASSERT_EQUAL_FATAL(up_schema_migrate(db, &schema, why), UP_OK);
	CU_ASSERT_EQUAL_FATAL(up_db_script(db, old_rows), UP_OK);
	for (int i = 0; i < more; i++) {
		snprintf(row, sizeof(row), "INSERT INTO person (id, ref, resident, name, masked,"
		    " mobile, outcome, assurance, checked_ms, created_ms) VALUES (%d,"
		    " 'BBBBBBBBBBBBBBBBBB%04d', '4301021988%08d', '" LI "%d', '李*',"
		    " '138%04d1235', 'match', 'roster', 1, 1)", i + 2, i, i, i, i);
		CU_ASSERT_EQUAL_FATAL(up_db_script(db, row), UP_OK);
	}
	up_db_close(&db);
}

/* Is TEXT in a file of the database? */
static bool in_files(const struct fixture *f, const char *text)
{
	static const char *const ends[] = { "", "-wal", "-shm" };
	bool found = false;

	for (size_t i = 0; i < UP_ARRAY_LEN(ends); i++) {
		static char bytes[8 << 20];
		char path[POSTGRES_URL + 8];
		FILE *file;
		size_t n;

		snprintf(path, sizeof(path), "%s%s", f->database, ends[i]);
		if ((file = fopen(path, "rb")) == NULL)
			continue;
		n = fread(bytes, 1, sizeof(bytes), file);
		fclose(file);
		CU_ASSERT(n < sizeof(bytes));
		found = found || memmem(bytes, n, text, strlen(text)) != NULL;
	}
	return found;
}

static void test_migrate(void)
{
	static const char *const clear[] = { RESIDENT, LI, "13812345678", "4301021988" };
	struct fixture f;

	fixture_make(&f);
	make_old(&f, PERSONS);
	if (!fixture_on_postgres())
		for (size_t i = 0; i < UP_ARRAY_LEN(clear); i++)
			UP_CHECK(in_files(&f, clear[i]), clear[i]);
	CU_ASSERT_EQUAL_FATAL(fixture_connect(f.database, false, &f.store), UP_OK);
	CU_ASSERT_FALSE(clear_in(&f));
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM person"), PERSONS + 1);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM chore"), 0);
	if (!fixture_on_postgres())
		for (size_t i = 0; i < UP_ARRAY_LEN(clear); i++)
			UP_CHECK(!in_files(&f, clear[i]), clear[i]);
	/* she is who she was, for the window and for her phone */
	CU_ASSERT_EQUAL(fixture_put_code(f.store, U1, &fixture_li, "li"), UP_OK);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM person"), PERSONS + 1);
	CU_ASSERT_EQUAL(fixture_open_code(f.store, "li", &fixture_zhang), UP_E_PERSON);
	CU_ASSERT_EQUAL(fixture_open_code(f.store, "li", &fixture_li), UP_OK);
	fixture_close(&f);
}

/* What was interrupted between sealing and clearing away is done at the next opening; without keys
 * nothing is opened that must be sealed. */
static void test_migrate_again(void)
{
	struct up_store *store;
	struct fixture f;
	char why[256];

	fixture_make(&f);
	make_old(&f, 1);
	CU_ASSERT_EQUAL(connect_with(&f, NULL, &store, why), UP_E_KEY);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM person WHERE key_id = ''"), 2);
	CU_ASSERT_EQUAL_FATAL(fixture_connect(f.database, false, &f.store), UP_OK);
	up_store_close(&f.store);
	CU_ASSERT_EQUAL(
	    fixture_change(&f, "INSERT INTO chore (name) VALUES ('person.scrub')"), UP_OK);
	CU_ASSERT_EQUAL_FATAL(fixture_connect(f.database, false, &f.store), UP_OK);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM chore"), 0);
	fixture_close(&f);
}

/* --- the right keys --- */

static void refused(const struct fixture *f, const struct folder *k, const char *word)
{
	struct up_data_keys *keys = keys_of(k);
	struct up_store *store;
	char why[256] = "";

	CU_ASSERT_EQUAL(connect_with(f, keys, &store, why), UP_E_KEY);
	CU_ASSERT_PTR_NULL(store);
	UP_CHECK(strstr(why, word) != NULL, why);
	up_data_keys_free(&keys);
}

static void test_right_keys(void)
{
	struct up_data_keys *keys;
	struct folder k;
	struct fixture f;
	struct stat st;
	char path[128], why[256];

	folder_make(&k);
	snprintf(path, sizeof(path), "%s/" UP_DATA_KEYS_FILE, k.dir);
	fixture_make(&f);
	/* a database without persons: the key is made */
	keys = keys_of(&k);
	CU_ASSERT_FALSE(up_data_keys_ready(keys));
	CU_ASSERT_EQUAL_FATAL(connect_with(&f, keys, &f.store, why), UP_OK);
	CU_ASSERT(up_data_keys_ready(keys));
	CU_ASSERT(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600 && st.st_size == 65);
	up_store_close(&f.store);
	up_data_keys_free(&keys);
	fixture_close(&f);
	folder_drop(&k);
}

static void test_wrong_keys(void)
{
	struct up_data_keys *keys;
	struct folder k;
	struct fixture f;
	char path[128], why[256];

	folder_make(&k);
	write_key(&k, UP_DATA_KEYS_FILE, 'b');
	snprintf(path, sizeof(path), "%s/" UP_DATA_KEYS_FILE, k.dir);
	fixture_make(&f);
	make_old(&f, 0);
	keys = keys_of(&k);
	CU_ASSERT_EQUAL_FATAL(connect_with(&f, keys, &f.store, why), UP_OK);
	up_store_close(&f.store);
	up_data_keys_free(&keys);
	unlink(path);                    /* never another in its place */
	refused(&f, &k, "restore");
	CU_ASSERT_NOT_EQUAL(access(path, F_OK), 0);
	write_key(&k, UP_DATA_KEYS_FILE, 'c');
	refused(&f, &k, "restore");
	write_key(&k, UP_DATA_KEYS_FILE, 'b');
	write_key(&k, "server.key", 'd');
	refused(&f, &k, "server.key");
	write_key(&k, "server.key", 'a');
	chmod(path, 0640);
	CU_ASSERT_EQUAL(up_data_keys_open(k.dir, &keys, why), UP_E_KEY);
	CU_ASSERT_PTR_NULL(keys);
	fixture_close(&f);
	folder_drop(&k);
}

/* --- another key --- */

/* A person of U1 whose number has the serial N: each takes the place of the last. */
static enum up_err put_person(struct up_store *s, int n)
{
	static const int weights[17] = { 7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2 };
	static int codes;
	char number[24], code[16], mobile[24];
	int sum = 0;
	struct up_named who = { UP_SPAN_LIT(LI), { 0 }, { 0 } };

	snprintf(number, sizeof(number), "43010219880808%03d", n % 1000);
	for (int i = 0; i < 17; i++)
		sum += weights[i] * (number[i] - '0');
	number[17] = "10X98765432"[sum % 11];
	number[18] = '\0';
	snprintf(code, sizeof(code), "n%d", ++codes);
	snprintf(mobile, sizeof(mobile), "138%08d", n);
	who.resident = up_span_str(number);
	who.mobile = up_span_str(mobile);
	return fixture_put_code(s, U2, &who, code);
}

struct rotating { struct fixture f; struct folder k; struct up_data_keys *server, *tool; };

static void rotating_make(struct rotating *r)
{
	char why[256];

	folder_make(&r->k);
	write_key(&r->k, UP_DATA_KEYS_FILE, 'b');
	fixture_open(&r->f, false);
	up_store_close(&r->f.store);
	r->server = keys_of(&r->k);
	r->tool = keys_of(&r->k);
	CU_ASSERT_EQUAL_FATAL(connect_with(&r->f, r->server, &r->f.store, why), UP_OK);
	fixture_enrol(&r->f);
	for (int i = 100; i < 100 + PERSONS; i++)
		CU_ASSERT_EQUAL_FATAL(put_person(r->f.store, i), UP_OK);
}

static void rotating_drop(struct rotating *r)
{
	fixture_close(&r->f);
	up_data_keys_free(&r->server);
	up_data_keys_free(&r->tool);
	folder_drop(&r->k);
}

static void newest(struct up_data_keys *keys, char id[UP_VAULT_ID + 1])
{
	char ids[UP_SEAL_KEYS][UP_VAULT_ID + 1];

	CU_ASSERT_FATAL(up_data_keys_ids(keys, ids) > 0);
	memcpy(id, ids[0], sizeof(ids[0]));
}

struct beside { struct rotating *r; int told; int64_t last; };

/* A server goes on: it reads what is sealed either way, and adds a person. */
static void go_on(void *arg, int64_t done, int64_t total)
{
	char name[UP_PERSON_NAME_SIZE];
	struct beside *b = arg;

	CU_ASSERT(done > b->last && done <= total);
	b->last = done;
	CU_ASSERT_EQUAL(name_of(&b->r->f, name), UP_OK);
	CU_ASSERT_STRING_EQUAL(name, LI);
	CU_ASSERT_EQUAL(put_person(b->r->f.store, 500 + b->told++), UP_OK);
}

static void test_rotate(void)
{
	struct up_store *tool;
	struct rotating r;
	struct beside b = { .r = &r };
	char before[UP_VAULT_ID + 1], after[UP_VAULT_ID + 1], why[256], name[UP_PERSON_NAME_SIZE];
	int64_t left;

	rotating_make(&r);
	CU_ASSERT_EQUAL_FATAL(connect_with(&r.f, r.tool, &tool, why), UP_OK);
	newest(r.tool, before);
	CU_ASSERT_EQUAL(up_data_keys_add(r.tool, why), UP_OK);
	newest(r.tool, after);
	CU_ASSERT_STRING_NOT_EQUAL(before, after);
	CU_ASSERT_EQUAL(fixture_data_key(tool, after, NOW), UP_E_STATE);
	CU_ASSERT_EQUAL(up_store_reseal(tool, go_on, &b), UP_OK);
	CU_ASSERT(b.told >= 3);
	CU_ASSERT_EQUAL(up_store_under_others(tool, after, &left), UP_OK);
	CU_ASSERT_EQUAL(left, 0);
	CU_ASSERT_EQUAL(fixture_data_key(tool, after, NOW), UP_OK);
	CU_ASSERT(fixture_having(&r.f, "key.rotate") == 1);
	CU_ASSERT_EQUAL(up_store_reseal(tool, go_on, &b), UP_OK);        /* nothing is left */
	CU_ASSERT_FALSE(clear_in(&r.f));
	up_store_close(&tool);
	/* the index has stayed */
	CU_ASSERT_EQUAL(put_person(r.f.store, 100), UP_OK);
	CU_ASSERT_EQUAL(fixture_count(&r.f, "SELECT count(*) FROM person"),
	    PERSONS + 1 + b.told);
	CU_ASSERT_EQUAL(name_of(&r.f, name), UP_OK);
	rotating_drop(&r);
}

static void die(void *arg, int64_t done, int64_t total)
{
	(void)arg;
	(void)total;
	if (done > 0)
		raise(SIGKILL);
}

/* Killed after its first batch: some lie under the new key, the others under the old one; all can
 * be read, and it goes on. */
static void test_killed(void)
{
	struct rotating r;
	char after[UP_VAULT_ID + 1], why[256], name[UP_PERSON_NAME_SIZE];
	int64_t left;
	int status;
	pid_t pid;

	rotating_make(&r);
	up_store_close(&r.f.store);
	pid = fork();
	if (pid == 0) {
		struct up_store *tool;

		if (connect_with(&r.f, r.tool, &tool, why) == UP_OK &&
		    up_data_keys_add(r.tool, why) == UP_OK)
			(void)!up_store_reseal(tool, die, NULL);
		_exit(3);
	}
	CU_ASSERT(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
	CU_ASSERT_EQUAL_FATAL(connect_with(&r.f, r.server, &r.f.store, why), UP_OK);
	newest(r.server, after);
	CU_ASSERT_EQUAL(up_store_under_others(r.f.store, after, &left), UP_OK);
	CU_ASSERT(left > 0 && left < PERSONS + 1);
	CU_ASSERT_EQUAL(name_of(&r.f, name), UP_OK);
	CU_ASSERT_EQUAL(up_store_reseal(r.f.store, NULL, NULL), UP_OK);
	CU_ASSERT_EQUAL(up_store_under_others(r.f.store, after, &left), UP_OK);
	CU_ASSERT_EQUAL(left, 0);
	CU_ASSERT_EQUAL(name_of(&r.f, name), UP_OK);
	CU_ASSERT(fixture_gapless(&r.f));
	rotating_drop(&r);
}

static void test_lock(void)
{
	struct up_data_keys *one, *other;
	struct folder k;
	char why[256];

	folder_make(&k);
	write_key(&k, UP_DATA_KEYS_FILE, 'b');
	one = keys_of(&k);
	other = keys_of(&k);
	CU_ASSERT_EQUAL(up_data_keys_lock(one, why), UP_OK);
	CU_ASSERT_EQUAL(up_data_keys_lock(other, why), UP_E_BUSY);
	up_data_keys_free(&one);
	CU_ASSERT_EQUAL(up_data_keys_lock(other, why), UP_OK);
	for (int i = 1; i < UP_SEAL_KEYS; i++)
		CU_ASSERT_EQUAL(up_data_keys_add(other, why), UP_OK);
	CU_ASSERT_EQUAL(up_data_keys_add(other, why), UP_E_STATE);
	up_data_keys_free(&other);
	folder_drop(&k);
}

UP_SUITE("store seal", test_sealed, test_moved, test_migrate, test_migrate_again, test_right_keys,
    test_wrong_keys, test_rotate, test_killed, test_lock)
