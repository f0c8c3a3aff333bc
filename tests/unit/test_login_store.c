/* SPDX-License-Identifier: Apache-2.0
 * What the store does behind the back of the real handlers. Others write between a look and its
 * record: the answer is what the record's transaction saw. */
#include <string.h>
#include <time.h>

#include "core/text.h"
#include "live_login.h"
#include "server/db/engine.h"
#include "web/legal.h"

static const struct up_db_engine *real;
static struct up_db_engine ours;         /* the same, but for what a test puts in */

static void begin(void)
{
	login_begin(false);
	real = login_store.store->write.db->engine;
	ours = *real;
	login_store.store->write.db->engine = &ours;
	CU_ASSERT_EQUAL_FATAL(up_legal_new("download", &login_server.statement), UP_OK);
}

static void end(void)
{
	login_store.store->write.db->engine = real;
	login_end();
	up_legal_free(&login_server.statement);
}

/* --- a code, looked at --- */

static char code[23];                    /* that the phone shows */

/* By the window, which is another process: a code for LI in U2, which ends those before it. */
static void put_code(const char *text)
{
	const int64_t now = (int64_t)time(NULL) * 1000;
	struct up_op_code put = { .unit = UP_SPAN_LIT(U2), .role = UP_SPAN_LIT("principal"),
		.outcome = UP_SPAN_LIT("match"), .assurance = UP_SPAN_LIT("roster"),
		.clerk = UP_SPAN_LIT("clerk-1"), .window = UP_SPAN_LIT("w1"),
		.named = fixture_li, .expires_ms = now + 300000 };
	struct up_store *window;

	fixture_code(text, put.code_hash);
	CU_ASSERT_EQUAL_FATAL(fixture_connect(login_store.database, false, &window), UP_OK);
	CU_ASSERT_EQUAL(fixture_code_put(window, &put, now), UP_OK);
	up_store_close(&window);
}

static const char *meanwhile;            /* the window makes this code before the next record */

static enum up_err begin_late(struct up_db *db)
{
	const char *text = meanwhile;

	meanwhile = NULL;
	if (text != NULL)
		put_code(text);
	return real->begin(db);
}

static int look(void)
{
	char body[500];

	snprintf(body, sizeof(body), "{\"code\":\"%s\",\"person\":{\"name\":\"%.*s\","
	    "\"resident_id\":\"%.*s\",\"mobile\":\"%.*s\"}}", code,
	    (int)fixture_li.name.n, (const char *)fixture_li.name.p,
	    (int)fixture_li.resident.n, (const char *)fixture_li.resident.p,
	    (int)fixture_li.mobile.n, (const char *)fixture_li.mobile.p);
	return login_call("/holder/enrolments", body);
}

static void draw_code(void)
{
	uint8_t raw[16];

	up_random(raw, sizeof(raw));
	up_text_b64url(up_span_of(raw, sizeof(raw)), code);
	code[22] = '\0';
}

/* The code is written after it was not found: she sees what it gives. */
static void test_found_late(void)
{
	begin();
	ours.begin = begin_late;
	draw_code();
	meanwhile = code;
	CU_ASSERT_EQUAL(look(), 200);
	CU_ASSERT_PTR_NULL(meanwhile);
	CU_ASSERT(login_says("\"unit\":\"" U2 "\"") && login_says("\"certificate\":\"CERT-2\""));
	CU_ASSERT(fixture_newest_has(&login_store, "\"result\":\"ok\""));
	CU_ASSERT_EQUAL(look(), 200);
	end();
}

/* It ends after it was found: she sees nothing of it. */
static void test_gone_late(void)
{
	begin();
	ours.begin = begin_late;
	draw_code();
	put_code(code);
	CU_ASSERT_EQUAL(look(), 200);
	meanwhile = "another";
	CU_ASSERT_EQUAL(look(), 400);
	CU_ASSERT_PTR_NULL(meanwhile);
	CU_ASSERT_FALSE(login_says(U2));
	CU_ASSERT(fixture_newest_has(&login_store, "\"result\":\"refused\""));
	end();
}

UP_SUITE("login and store", test_found_late, test_gone_late)
