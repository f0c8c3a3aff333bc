/* SPDX-License-Identifier: Apache-2.0 */
#include "test_store_fixture.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/hash.h"

const struct up_named fixture_li = { { (const uint8_t *)"李明", 6 }, { (const uint8_t *)"430102198808080010", 18 }, { (const uint8_t *)"13812345678", 11 } };
const struct up_named fixture_zhang = { { (const uint8_t *)"张伟", 6 }, { (const uint8_t *)"430102198808080061", 18 }, { (const uint8_t *)"13912345678", 11 } };

enum up_err fixture_connect(const char *path, bool writer, struct up_store **out)
{
	struct up_store_settings o = {
	    .database = path, .administrator = "root-li", .create = true, .writer = writer};
	char why[256];

	memset(o.password_key, 7, sizeof(o.password_key));
	return up_store_open(&o, out, why);
}

static void fill(struct up_store *s)
{
	static const struct up_client portal = { .id = (char *)"portal", .name = (char *)"年报系统", .origin = (char *)"https://portal.example.org" };
	static const struct up_unit_row units[] = {
		{ UP_SPAN_LIT(U1), UP_SPAN_LIT("第一中学"), UP_SPAN_LIT("{}"), UP_SPAN_LIT("hn"), UP_SPAN_LIT("CERT-1"), 1700000000, 1900000000 },
		{ UP_SPAN_LIT(U2), UP_SPAN_LIT("第二中学"), UP_SPAN_LIT("{}"), UP_SPAN_LIT("hn"), UP_SPAN_LIT("CERT-2"), 1700000000, 1900000000 },
	};
	size_t added, bad;

	CU_ASSERT_EQUAL_FATAL(up_store_authority_put(s, UP_SPAN_LIT("hn"), UP_SPAN_LIT("省登记管理局"), NOW), UP_OK);
	CU_ASSERT_EQUAL_FATAL(up_store_units_put(s, units, 2, NOW, &added, &bad), UP_OK);
	CU_ASSERT_EQUAL(added, 2);
	CU_ASSERT_EQUAL_FATAL(up_store_client_put(s, &portal, NOW), UP_OK);
	CU_ASSERT_EQUAL_FATAL(up_store_item_put(s, UP_SPAN_LIT("annual-report"), UP_SPAN_LIT("年度报告"), UP_SPAN_LIT("portal"), NOW), UP_OK);
}

void fixture_open(struct fixture *f, bool writer)
{
	memset(f, 0, sizeof(*f));
	strcpy(f->folder, "/tmp/unitpass-store-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(f->folder));
	snprintf(f->path, sizeof(f->path), "%s/store.db", f->folder);
	CU_ASSERT_EQUAL_FATAL(fixture_connect(f->path, writer, &f->store), UP_OK);
	fill(f->store);
}

void fixture_reopen(struct fixture *f, bool writer)
{
	up_store_close(&f->store);
	CU_ASSERT_EQUAL_FATAL(fixture_connect(f->path, writer, &f->store), UP_OK);
}

void fixture_close(struct fixture *f)
{
	static const char *const ends[] = { "", "-wal", "-shm" };
	char path[128];

	up_store_close(&f->store);
	for (size_t i = 0; i < UP_ARRAY_LEN(ends); i++) {
		snprintf(path, sizeof(path), "%s%s", f->path, ends[i]);
		unlink(path);
	}
	rmdir(f->folder);
}

void fixture_code(const char *text, uint8_t hash[32])
{
	const struct up_span s = up_span_str(text);

	CU_ASSERT_EQUAL_FATAL(up_hash_sha256(&s, 1, hash), UP_OK);
}

enum up_err fixture_put_code(struct up_store *s, const char *unit, const struct up_named *who, const char *code)
{
	struct up_enrol_row r = { .unit = up_span_str(unit), .role = UP_SPAN_LIT("principal"), .outcome = UP_SPAN_LIT("match"), .assurance = UP_SPAN_LIT("roster"),
		.clerk = UP_SPAN_LIT("clerk-1"), .window = UP_SPAN_LIT("w1"), .named = *who, .expires_ms = NOW + 300000 };

	fixture_code(code, r.code_hash);
	return up_store_enrol_put(s, &r, NOW);
}

struct up_job fixture_enrol_job(const char *code, const struct up_named *who, char ref[23])
{
	struct up_job job = { .kind = UP_JOB_ENROL, .now_ms = NOW, .named = who, .statement_version = UP_SPAN_LIT("2025-01"), .device_name = UP_SPAN_LIT("phone"),
		.record = fixture_record("enrolment.done") };

	snprintf(ref, 23, "%s%0*d", code, (int)(22 - strlen(code)), 0);
	job.device_ref = up_span_str(ref);
	memset(job.password, 1, sizeof(job.password));
	memset(job.device_key, 5, sizeof(job.device_key));
	fixture_code(code, job.code_hash);
	fixture_code(ref, job.device_token_hash);
	return job;
}

void fixture_enrol(struct fixture *f)
{
	char ref[23];
	struct up_job job = fixture_enrol_job("first", &fixture_li, ref);

	memset(f->password, 1, sizeof(f->password));
	memcpy(f->token_hash, job.device_token_hash, 32);
	CU_ASSERT_EQUAL_FATAL(fixture_put_code(f->store, U1, &fixture_li, "first"), UP_OK);
	CU_ASSERT_EQUAL_FATAL(up_store_run(f->store, &job), UP_OK);
	f->device = job.out_device;
	f->role = job.out_role->id;
	up_store_role_free(&job.out_role);
}

struct up_record fixture_record(const char *event)
{
	return (struct up_record){ .time_ms = NOW, .event = up_span_str(event), .client = UP_SPAN_LIT("portal"), .transaction = UP_SPAN_LIT("tttttttttttttttttttttt") };
}

struct up_job fixture_decide(const struct fixture *f, bool right)
{
	struct up_job job = { .kind = UP_JOB_DECIDE, .now_ms = NOW, .device = f->device, .role = f->role, .with_password = true,
		.record = fixture_record("login.approve") };

	memset(job.password, right ? 1 : 2, sizeof(job.password));
	return job;
}

struct up_job fixture_redeem(const struct fixture *f, const char *session)
{
	struct up_job job = { .kind = UP_JOB_REDEEM, .now_ms = NOW, .device = f->device, .role = f->role, .record = fixture_record("login.redeem") };

	job.record.browser = UP_SPAN_LIT("browser-1");
	snprintf(job.session, sizeof(job.session), "%s", session);
	return job;
}

int64_t fixture_count(struct fixture *f, const char *sql)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *st = NULL;
	int64_t n = -1;

	if (sqlite3_open_v2(f->path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK && sqlite3_busy_timeout(db, 10000) == SQLITE_OK &&
	    sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW)
		n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	sqlite3_close(db);
	return n;
}

bool fixture_gapless(struct fixture *f)
{
	return fixture_count(f, "SELECT count(*) = coalesce(max(seq), 0) AND coalesce(min(seq), 1) = 1 FROM usage") == 1 &&
	    fixture_count(f, "SELECT count(*) FROM usage LEFT JOIN usage_block ON block = seq >> 12"
	                     " WHERE block IS NULL OR time_ms NOT BETWEEN first_ms AND last_ms") == 0 &&
	    fixture_count(f, "SELECT integrity_check = 'ok' FROM pragma_integrity_check") == 1 &&
	    fixture_count(f, "SELECT count(*) FROM pragma_foreign_key_check") == 0;
}
