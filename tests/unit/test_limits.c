/* SPDX-License-Identifier: Apache-2.0
 * Fair shares by numbers, with the limits as they ship: what some take all they can of, others
 * still find. */
#include "server/http/limits.h"

#include "test_live.h"

#define SECOND 1000
#define MINUTE 60000
#define FIVE (5 * MINUTE)
#define CLIENT S("portal")

static struct up_config config = { .rate_percent = 100 };
static struct up_server server = { .config = &config };

static void begin(void)
{
	server.live = live_new(16, 16, 1u << 16);
}

static void end(void)
{
	up_live_free(&server.live);
}

/* One login from SOURCE, as POST /device_authorization asks. */
static bool start(unsigned source, int64_t at)
{
	char ip[40], who[160];

	snprintf(ip, sizeof(ip), "10.%u.%u.%u", source >> 16, source >> 8 & 255, source & 255);
	up_limits_source_of("portal", up_span_str(ip), who);
	return up_limits_share(&server, UP_LIMIT_START_SOURCE, up_span_str(who),
		   UP_LIMIT_START_CLIENT, CLIENT, T0 + at) == UP_OK;
}

/* SOURCES of them try all they can from AT to TO, each every STEP ms. What they get together. */
static unsigned storm(unsigned sources, int64_t at, int64_t to, int64_t step)
{
	unsigned got = 0;

	for (int64_t t = at; t < to; t += step)
		for (unsigned i = 0; i < sources; i++)
			got += start(1000 + i, t);
	return got;
}

#define OFFICE 7

/* "I did not start this" takes half of what may be taken at once; of raised limits, as much as of
 * those that ship. */
static void test_punished(void)
{
	static const struct { long percent; unsigned left; } rows[] = {
		{ 100, 150 }, { 10, 15 }, { 200, 450 } };
	const struct up_span who = S("portal 10.0.0.7");

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		unsigned left = 0;

		begin();
		config.rate_percent = rows[i].percent;
		up_limits_punish(&server, UP_LIMIT_START_SOURCE, who, T0);
		while (up_limits_spend(&server, UP_LIMIT_START_SOURCE, who, T0) == UP_OK)
			left++;
		CU_ASSERT_EQUAL(left, rows[i].left);
		config.rate_percent = 100;
		end();
	}
}

/* 800 people behind one address within five minutes, and 300 of them in the same second. */
static void test_office(void)
{
	unsigned refused = 0;

	begin();
	for (unsigned i = 0; i < 800; i++)
		refused += !start(OFFICE, i * (int64_t)FIVE / 800);
	CU_ASSERT_EQUAL(refused, 0);
	end();
	begin();
	for (unsigned i = 0; i < 300; i++)
		refused += !start(OFFICE, i * 3);
	CU_ASSERT_EQUAL(refused, 0);
	end();
}

/* One source, as often as it likes: it gets its own and leaves the client's. */
static void test_one_source(void)
{
	unsigned got;

	begin();
	got = storm(1, 0, FIVE, 5);
	CU_ASSERT(got >= 890 && got <= 910);
	for (unsigned i = 0; i < 2000; i++)
		CU_ASSERT_TRUE(start(20000 + i, FIVE));
	end();
}

/* 70 sources take all they can for ten minutes. An office that comes in between notices nothing. */
static void test_seventy_sources(void)
{
	unsigned refused = 0, got;

	begin();
	got = storm(70, 0, 10 * SECOND, 100);
	CU_ASSERT(got > 70 * 40);
	for (unsigned i = 0; i < 800; i++) {
		int64_t t = 10 * SECOND + i * (int64_t)FIVE / 800;

		storm(70, t, t + 300, 100);
		refused += !start(OFFICE, t + 301);
	}
	CU_ASSERT_EQUAL(refused, 0);
	end();
	/* all at once: before the first of them has got back anything */
	begin();
	CU_ASSERT(storm(70, 0, 1000, 1) < 4000);
	for (unsigned i = 0; i < 40; i++)
		CU_ASSERT_TRUE(start(OFFICE, 1000));
	end();
}

/* 1500 sources want ten times what the client has. They share it alike, and who comes for the first
 * time comes in. */
static void test_many_sources(void)
{
	static unsigned got[1500];
	unsigned least = UINT32_MAX, most = 0, refused = 0, seed = 1;

	begin();
	for (int64_t t = 0; t < MINUTE; t += 2)          /* in no order */
		for (unsigned k = 0; k < 12; k++) {
			unsigned i = ((seed = seed * 1103515245 + 12345) >> 12) % 1500;

			got[i] += start(1000 + i, t);
		}
	for (unsigned i = 0; i < 1500; i++) {
		least = got[i] < least ? got[i] : least;
		most = got[i] > most ? got[i] : most;
	}
	CU_ASSERT(least >= 4 && most <= 40);     /* alike would be 16 */
	for (unsigned i = 0; i < 100; i++) {
		storm(1500, MINUTE + i * SECOND, MINUTE + i * SECOND + 1, 1);
		refused += !start(50000 + i, MINUTE + i * SECOND + 20);
	}
	CU_ASSERT_EQUAL(refused, 0);
	end();
}

/* What is refused for lack of the shared costs nothing of one's own. */
static void test_nothing_is_lost(void)
{
	begin();
	for (unsigned i = 0; i < 4000; i++)
		CU_ASSERT_EQUAL(up_limits_spend(&server, UP_LIMIT_START_CLIENT, CLIENT, T0), UP_OK);
	for (unsigned i = 0; i < 1000; i++)
		CU_ASSERT_FALSE(start(OFFICE, 0));
	for (unsigned i = 0; i < 300; i++)
		CU_ASSERT_TRUE(start(OFFICE, 10 * SECOND));
	end();
}

/* The same of strangers' enrolment codes, and of a unit's phones. */
static void test_other_pairs(void)
{
	unsigned codes = 0, decisions = 0;
	char who[24];

	begin();
	for (unsigned i = 0; i < 70 * 100; i++) {
		snprintf(who, sizeof(who), "192.0.2.%u", i % 70);
		codes += up_limits_share_source(
			     &server, UP_LIMIT_ENROL, who, UP_LIMIT_ENROL_ALL, T0) == UP_OK;
		snprintf(who, sizeof(who), "phone-%u", i % 70);
		decisions += up_limits_share(&server, UP_LIMIT_DECISION, up_span_str(who),
				 UP_LIMIT_UNIT, S("unit"), T0) == UP_OK;
	}
	CU_ASSERT(codes > 150 && codes < 300);
	CU_ASSERT(decisions > 150 && decisions < 300);
	CU_ASSERT_EQUAL(
	    up_limits_share_source(&server, UP_LIMIT_ENROL, "198.51.100.1", UP_LIMIT_ENROL_ALL, T0),
	    UP_OK);
	CU_ASSERT_EQUAL(
	    up_limits_share(&server, UP_LIMIT_DECISION, S("late"), UP_LIMIT_UNIT, S("unit"), T0),
	    UP_OK);
	end();
}

UP_SUITE("limits", test_punished, test_office, test_one_source, test_seventy_sources,
    test_many_sources, test_nothing_is_lost, test_other_pairs)
