/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE 1                    /* memmem */
#include "test_store_fixture.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/hash.h"
#include "server/db/copy.h"

const struct up_named fixture_li = { { (const uint8_t *)"李明", 6 },
	{ (const uint8_t *)"430102198808080010", 18 }, { (const uint8_t *)"13812345678", 11 } };
const struct up_named fixture_zhang = { { (const uint8_t *)"张伟", 6 },
	{ (const uint8_t *)"430102198808080061", 18 }, { (const uint8_t *)"13912345678", 11 } };
const struct up_named fixture_wang = { { (const uint8_t *)"王芳", 6 },
	{ (const uint8_t *)"43010219880808007X", 18 }, { (const uint8_t *)"13712345678", 11 } };

/* What failed on purpose is told as well: with UNITPASS_LOG only. */
static void tell(char level, const char *line)
{
	if (getenv("UNITPASS_LOG") != NULL)
		fprintf(stderr, "%c %s\n", level, line);
}

enum up_err fixture_connect(const char *database, bool writer, struct up_store **out)
{
	struct up_store_settings o = { .database = database, .administrator = "root-li",
		.create = true, .writer = writer, .log = tell, .data_keys = fixture_keys() };
	char why[256];

	memset(o.password_key, 7, sizeof(o.password_key));
	return up_store_open(&o, out, why);
}

static void fill(struct up_store *s)
{
	static const struct up_client portal = { .id = (char *)"portal",
		.name = (char *)"年报系统",
		.origin = (char *)"https://portal.example.org" };
	static const struct up_unit_row units[] = {
		{ UP_SPAN_LIT(U1), UP_SPAN_LIT("第一中学"), UP_SPAN_LIT("{}"), UP_SPAN_LIT("hn"),
		    UP_SPAN_LIT("CERT-1"), 1700000000, 1900000000 },
		{ UP_SPAN_LIT(U2), UP_SPAN_LIT("第二中学"), UP_SPAN_LIT("{}"), UP_SPAN_LIT("hn"),
		    UP_SPAN_LIT("CERT-2"), 1700000000, 1900000000 },
	};
	size_t added, bad;

	CU_ASSERT_EQUAL_FATAL(
	    fixture_authority_put(s, UP_SPAN_LIT("hn"), UP_SPAN_LIT("省登记管理局"), NOW), UP_OK);
	CU_ASSERT_EQUAL_FATAL(fixture_units_put(s, units, 2, NOW, &added, &bad), UP_OK);
	CU_ASSERT_EQUAL(added, 2);
	CU_ASSERT_EQUAL_FATAL(fixture_client_put(s, &portal, NOW), UP_OK);
	CU_ASSERT_EQUAL_FATAL(fixture_item_put(s, UP_SPAN_LIT("annual-report"),
				  UP_SPAN_LIT("年度报告"), UP_SPAN_LIT("portal"), NOW),
	    UP_OK);
}

bool fixture_on_postgres(void)
{
	const char *engine = getenv("UNITPASS_ENGINE");

	return engine != NULL && strcmp(engine, "postgresql") == 0;
}

const struct up_db_schema *fixture_schema(void)
{
	return fixture_on_postgres() ? &up_schema_postgres : &up_schema_sqlite;
}

void fixture_make(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	if (fixture_on_postgres()) {
		postgres_make(&f->base);
		strcpy(f->database, f->base.url);
		return;
	}
	strcpy(f->folder, "/tmp/unitpass-store-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(f->folder));
	snprintf(f->database, sizeof(f->database), "%s/store.db", f->folder);
}

/* --- a database of PostgreSQL that was closed and can be had again --- */

static struct postgres_base spare;       /* the last one ends with the server */
static pid_t spare_of;                   /* 0: there is none */

static bool has_spare(void)
{
	return spare_of == getpid() && postgres_is_here(&spare);
}

/* A database whose tables are there and empty. */
static void make_kept(struct fixture *f)
{
	if (has_spare()) {
		memset(f, 0, sizeof(*f));
		f->base = spare;
		strcpy(f->database, f->base.url);
		spare_of = 0;
		postgres_restore(&f->base);
	} else {
		fixture_make(f);
		CU_ASSERT_EQUAL_FATAL(fixture_connect(f->database, false, &f->store), UP_OK);
		up_store_close(&f->store);
		postgres_keep(&f->base);
	}
	f->kept = true;
}

static void give_back(struct fixture *f)
{
	if (!f->kept || has_spare()) {
		postgres_drop(&f->base);
		return;
	}
	spare = f->base;
	spare_of = getpid();
}

void fixture_open(struct fixture *f, bool writer)
{
	if (fixture_on_postgres()) {
		make_kept(f);
	} else {
		fixture_make(f);
		fixture_copy(f->database, fill);
	}
	CU_ASSERT_EQUAL_FATAL(fixture_connect(f->database, writer, &f->store), UP_OK);
	if (fixture_on_postgres())
		fill(f->store);
}

void fixture_reopen(struct fixture *f, bool writer)
{
	up_store_close(&f->store);
	CU_ASSERT_EQUAL_FATAL(fixture_connect(f->database, writer, &f->store), UP_OK);
}

void fixture_close(struct fixture *f)
{
	static const char *const ends[] = { "", "-wal", "-shm" };
	char path[POSTGRES_URL + 8];

	up_store_close(&f->store);
	if (fixture_on_postgres()) {
		give_back(f);
		return;
	}
	for (size_t i = 0; i < UP_ARRAY_LEN(ends); i++) {
		snprintf(path, sizeof(path), "%s%s", f->database, ends[i]);
		unlink(path);
	}
	rmdir(f->folder);
}

/* A server finds out a little later that a client was killed. */
void fixture_quiet(struct fixture *f)
{
	if (fixture_on_postgres())
		CU_ASSERT(postgres_wait(f->base.admin, "SELECT count(*) FROM pg_stat_activity"
		    " WHERE datname = current_database() AND pid <> pg_backend_pid()", 0));
}

void fixture_code(const char *text, uint8_t hash[32])
{
	const struct up_span s = up_span_str(text);

	CU_ASSERT_EQUAL_FATAL(up_hash_sha256(&s, 1, hash), UP_OK);
}

enum up_err fixture_put_code(
    struct up_store *s, const char *unit, const struct up_named *who, const char *code)
{
	struct up_op_code r = { .unit = up_span_str(unit),
		.role = UP_SPAN_LIT("principal"),
		.outcome = UP_SPAN_LIT("match"),
		.assurance = UP_SPAN_LIT("roster"),
		.clerk = UP_SPAN_LIT("clerk-1"),
		.window = UP_SPAN_LIT("w1"),
		.named = *who,
		.expires_ms = NOW + 300000 };

	fixture_code(code, r.code_hash);
	return fixture_code_put(s, &r, NOW);
}

enum up_err fixture_put_pending(
    struct up_store *s, const char *unit, const struct up_named *who)
{
	struct up_op_code r = { .unit = up_span_str(unit),
		.role = UP_SPAN_LIT("principal"),
		.outcome = UP_SPAN_LIT("unavailable"),
		.assurance = UP_SPAN_LIT("formats"),
		.named = *who,
		.expires_ms = NOW + 300000 };

	return fixture_code_put(s, &r, NOW);
}

static int take_pending(void *arg, const struct up_pending *p)
{
	struct fixture_pending *out = arg;

	out->number = p->number;
	strcpy(out->ref, p->ref);
	out->person = *p->person;
	return 1;
}

bool fixture_pending(struct up_store *s, int64_t after, struct fixture_pending *out)
{
	memset(out, 0, sizeof(*out));
	CU_ASSERT_EQUAL(up_store_pending(s, after, 64, take_pending, out), UP_OK);
	return out->number != 0;
}

struct up_op_realname fixture_realname(const struct fixture_pending *p, const char *outcome)
{
	return (struct up_op_realname){ .op = { .kind = UP_OP_REALNAME, .now_ms = NOW },
		.person = p->number,
		.asked = &p->person,
		.outcome = up_span_str(outcome),
		.assurance = UP_SPAN_LIT("platform") };
}

struct up_op_enrol fixture_enrolling(
    const char *code, const struct up_named *who, char ref[23])
{
	struct up_op_enrol op = {.op = {.kind = UP_OP_ENROL,
				     .now_ms = NOW,
				     .record = fixture_record("enrolment.done")},
	    .named = who,
	    .statement_version = UP_SPAN_LIT("2025-01"),
	    .device_name = UP_SPAN_LIT("phone")};

	snprintf(ref, 23, "%s%0*d", code, (int)(22 - strlen(code)), 0);
	op.device_ref = up_span_str(ref);
	memset(op.password, 1, sizeof(op.password));
	memset(op.device_key, 5, sizeof(op.device_key));
	fixture_code(code, op.code_hash);
	fixture_code(ref, op.device_token_hash);
	return op;
}

enum up_err fixture_run(struct fixture *f, struct up_op *op)
{
	enum up_err err = up_store_run(f->store, op);

	up_op_clear(op);
	return err;
}

void fixture_enrol(struct fixture *f)
{
	char ref[23];
	struct up_op_enrol op = fixture_enrolling("first", &fixture_li, ref);

	memset(f->password, 1, sizeof(f->password));
	memcpy(f->token_hash, op.device_token_hash, 32);
	CU_ASSERT_EQUAL_FATAL(fixture_put_code(f->store, U1, &fixture_li, "first"), UP_OK);
	CU_ASSERT_EQUAL_FATAL(up_store_run(f->store, &op.op), UP_OK);
	f->device = op.out_device;
	f->role = op.out_role->id;
	up_store_role_free(&op.out_role);
}

struct up_record fixture_record(const char *event)
{
	return (struct up_record) { .time_ms = NOW,
		.event = up_span_str(event),
		.client = UP_SPAN_LIT("portal"),
		.transaction = UP_SPAN_LIT("tttttttttttttttttttttt") };
}

struct up_op_decide fixture_decide(const struct fixture *f, bool right)
{
	struct up_op_decide op = {.op = {.kind = UP_OP_DECIDE,
				      .now_ms = NOW,
				      .record = fixture_record("login.approve")},
	    .device = f->device,
	    .role = f->role,
	    .approve = true};

	memset(op.password, right ? 1 : 2, sizeof(op.password));
	return op;
}

int fixture_decide_often(struct fixture *f, int n)
{
	int failed = 0;

	for (int i = 0; i < n; i++) {
		struct up_op_decide op = fixture_decide(f, true);

		failed += fixture_run(f, &op.op) != UP_OK;
	}
	return failed;
}

void fixture_threads(int n, void *(*fn)(void *), void *arg)
{
	pthread_t t[64];

	for (int i = 0; i < n; i++)
		CU_ASSERT_EQUAL_FATAL(pthread_create(&t[i], NULL, fn, arg), 0);
	for (int i = 0; i < n; i++)
		pthread_join(t[i], NULL);
}

struct up_op_redeem fixture_redeem(const struct fixture *f, const char *session)
{
	struct up_op_redeem op = {.op = {.kind = UP_OP_REDEEM,
				      .now_ms = NOW,
				      .record = fixture_record("login.redeem")},
	    .device = f->device,
	    .role = f->role};

	op.op.record.browser = UP_SPAN_LIT("browser-1");
	snprintf(op.session, sizeof(op.session), "%s", session);
	return op;
}

struct up_op_replay fixture_replay(const struct fixture *f, const char *session)
{
	struct up_op_replay op = {.op = {.kind = UP_OP_REPLAY,
				      .now_ms = NOW,
				      .record = fixture_record("login.replay")},
	    .device = f->device,
	    .role = f->role};

	snprintf(op.session, sizeof(op.session), "%s", session);
	return op;
}

struct up_op_record fixture_note(const char *event)
{
	return (struct up_op_record){
	    .op = {.kind = UP_OP_RECORD, .now_ms = NOW, .record = fixture_record(event)}};
}

int64_t fixture_count(struct fixture *f, const char *sql)
{
	const struct up_db_settings set = { .database = f->database, .reader = true };
	struct up_db *db;
	char why[256];
	int64_t n = -1;

	if (up_db_open(&set, &db, why) == UP_OK && up_db_number(db, sql, &n) != UP_OK)
		n = -1;
	up_db_close(&db);
	return n;
}

enum up_err fixture_change(struct fixture *f, const char *sql)
{
	const struct up_db_settings set = { .database = f->database, .create = true };
	struct up_db *db;
	char why[256];
	enum up_err err = up_db_open(&set, &db, why);

	f->kept = false;                 /* it may alter tables */
	if (err == UP_OK)
		err = up_db_script(db, sql);
	up_db_close(&db);
	return err;
}

bool fixture_gapless(struct fixture *f)
{
	if (!fixture_on_postgres() &&
	    (fixture_count(f, "SELECT integrity_check = 'ok' FROM pragma_integrity_check") != 1 ||
		fixture_count(f, "SELECT count(*) FROM pragma_foreign_key_check") != 0))
		return false;
	return fixture_count(f, "SELECT CASE WHEN count(*) = coalesce(max(seq), 0)"
	    " AND coalesce(min(seq), 1) = 1 THEN 1 ELSE 0 END FROM usage") == 1 &&
	    fixture_count(f, "SELECT count(*) FROM usage LEFT JOIN usage_block ON block = seq >> 12"
	    " WHERE block IS NULL OR time_ms NOT BETWEEN first_ms AND last_ms") == 0;
}

struct having { const char *text; int64_t n; };

static int count_having(void *arg, int64_t seq, struct up_span canonical)
{
	struct having *h = arg;

	(void)seq;
	h->n += memmem(canonical.p, canonical.n, h->text, strlen(h->text)) != NULL;
	return 0;
}

int64_t fixture_having(struct fixture *f, const char *text)
{
	const struct up_usage_filter all = { 0 };
	struct having h = { text, 0 };

	CU_ASSERT_EQUAL(up_store_usage(f->store, &all, count_having, &h), UP_OK);
	return h.n;
}

bool fixture_newest_has(struct fixture *f, const char *text)
{
	const struct up_usage_filter newest = { .limit = 1 };
	struct having h = { text, 0 };

	CU_ASSERT_EQUAL(up_store_usage(f->store, &newest, count_having, &h), UP_OK);
	return h.n == 1;
}

static void put_rows(struct up_db *db, unsigned id, size_t columns, struct up_buf *out)
{
	struct up_db_rows *rows;
	bool row;
	enum up_err err = up_db_first(db, id, NULL, 0, &rows, &row);

	while (err == UP_OK && row) {
		for (size_t i = 0; i < columns; i++) {
			up_buf_printf(out, "%lld ", (long long)up_db_column_int(rows, (int)i));
			up_buf_put_span(out, up_db_column(rows, (int)i));
			up_buf_put_char(out, '|');
		}
		err = up_db_next(rows, &row);
	}
	up_db_end(&rows);
	CU_ASSERT_EQUAL(err, UP_OK);
}

void fixture_digest(struct fixture *f, uint8_t out[32])
{
	size_t n;
	const struct up_copy_table *tables = up_copy_tables(&n);
	char texts[32][400];
	const char *list[32];
	const struct up_db_settings set = { .database = f->database, .reader = true,
		.texts = list, .n_texts = (unsigned)n };
	struct up_buf all = { 0 };
	struct up_db *db;
	struct up_span s;
	char why[256];

	CU_ASSERT_FATAL(n <= UP_ARRAY_LEN(list));
	for (size_t i = 0; i < n; i++) {
		snprintf(texts[i], sizeof(texts[i]), "SELECT %s FROM %s ORDER BY 1, 2, 3",
		    tables[i].columns, tables[i].name);
		if (strlen(tables[i].types) < 3)
			*strstr(texts[i], strlen(tables[i].types) < 2 ? ", 2" : ", 3") = '\0';
		list[i] = texts[i];
	}
	CU_ASSERT_EQUAL_FATAL(up_db_open(&set, &db, why), UP_OK);
	for (size_t i = 0; i < n; i++)
		put_rows(db, (unsigned)i, strlen(tables[i].types), &all);
	up_db_close(&db);
	s = up_buf_span(&all);
	CU_ASSERT_EQUAL_FATAL(up_hash_sha256(&s, 1, out), UP_OK);
	up_buf_free(&all);
}

int fixture_see(void *arg, int64_t seq, struct up_span canonical)
{
	struct fixture_seen *s = arg;

	s->n++;
	s->first = s->first == 0 ? seq : s->first;
	s->last = seq;
	snprintf(s->body, sizeof(s->body), "%.*s", (int)canonical.n, (const char *)canonical.p);
	return 0;
}

struct fixture_seen fixture_query(struct up_store *s, struct up_usage_filter filter)
{
	struct fixture_seen seen = { 0 };

	CU_ASSERT_EQUAL(up_store_usage(s, &filter, fixture_see, &seen), UP_OK);
	return seen;
}

struct fixture_seen fixture_newest(struct up_store *s)
{
	return fixture_query(s, (struct up_usage_filter){ .limit = 1 });
}
