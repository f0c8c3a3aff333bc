/* SPDX-License-Identifier: Apache-2.0 */
#include "core/frame.h"

#include <string.h>

#include "unit.h"

static uint8_t key[UP_FRAME_KEY], handle[UP_FRAME_HANDLE];

static void fill(void)
{
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)i;
	for (size_t i = 0; i < sizeof(handle); i++)
		handle[i] = (uint8_t)(100 + i);
}

/* What the whole path says about a scanned text. */
static enum up_err scan(struct up_span text, uint32_t now)
{
	struct up_frame f;
	enum up_err err = up_frame_parse(text, &f);

	return err != UP_OK ? err : up_frame_check(&f, key, now);
}

/* Computed with another implementation of HMAC. */
static const char known[] = "ZGVmZ2hpamtsbW5vcHFycw.17.BV9UofIoKM6e8oJyvpVIoQ";

static void test_known_answer(void)
{
	struct up_buf b = { 0 };
	struct up_frame f;

	fill();
	CU_ASSERT_EQUAL(up_frame_put(key, handle, 17, &b), UP_OK);
	CU_ASSERT_STRING_EQUAL(up_buf_cstr(&b), known);
	CU_ASSERT_EQUAL(up_frame_parse(up_buf_span(&b), &f), UP_OK);
	CU_ASSERT(!f.is_static);
	CU_ASSERT_EQUAL(f.t, 17);
	CU_ASSERT_EQUAL(memcmp(f.handle, handle, sizeof(handle)), 0);
	CU_ASSERT_EQUAL(up_frame_check(&f, key, 17), UP_OK);
	up_buf_free(&b);
}

static void test_longest(void)
{
	struct up_buf b = { 0 };

	fill();
	CU_ASSERT_EQUAL(up_frame_put(key, handle, UINT32_MAX, &b), UP_OK);
	CU_ASSERT(b.n <= UP_FRAME_TEXT_MAX);
	CU_ASSERT_EQUAL(scan(up_buf_span(&b), UINT32_MAX), UP_OK);
	CU_ASSERT_EQUAL(scan(up_buf_span(&b), 0), UP_E_EXPIRED);
	up_buf_free(&b);
}

static void test_every_changed_byte_fails(void)
{
	char text[sizeof(known)];
	size_t n = sizeof(known) - 1;

	fill();
	for (size_t i = 0; i < n; i++) {
		for (unsigned x = 1; x < 256; x++) {
			enum up_err err;

			memcpy(text, known, sizeof(known));
			text[i] = (char)(text[i] ^ (char)x);
			err = scan(up_span_of(text, n), 17);
			CU_ASSERT(err == UP_E_SIGNATURE || err == UP_E_FORMAT);
		}
		CU_ASSERT_NOT_EQUAL(scan(up_span_of(known, i), 17), UP_OK);
	}
}

static void test_every_changed_key_byte_fails(void)
{
	for (size_t i = 0; i < sizeof(key); i++) {
		fill();
		key[i] ^= 1;
		CU_ASSERT_EQUAL(scan(up_span_str(known), 17), UP_E_SIGNATURE);
	}
	fill();
}

static void test_window(void)
{
	static const struct { uint32_t now; enum up_err err; } rows[] = {
		{ 17, UP_OK }, { 27, UP_OK }, { 28, UP_E_EXPIRED }, { 7, UP_OK },
		{ 6, UP_E_EXPIRED }, { 0, UP_E_EXPIRED }, { UINT32_MAX, UP_E_EXPIRED },
	};

	fill();
	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++)
		CU_ASSERT_EQUAL(scan(up_span_str(known), rows[i].now), rows[i].err);
}

/* A forged frame is a forged frame, stale or not: nothing tells a forger which t would be fresh. */
static void test_forged_and_stale(void)
{
	char text[sizeof(known)];

	fill();
	memcpy(text, known, sizeof(known));
	text[sizeof(known) - 3] ^= 1;
	CU_ASSERT_EQUAL(scan(up_span_str(text), 5000), UP_E_SIGNATURE);
}

/* The MAC of one transaction's frame does not serve another's, nor another second. */
static void test_transplanted(void)
{
	CU_ASSERT_EQUAL(scan(up_span_str("ZGVmZ2hpamtsbW5vcHFycg.17.BV9UofIoKM6e8oJyvpVIoQ"), 17),
	    UP_E_SIGNATURE);
	CU_ASSERT_EQUAL(scan(up_span_str("YGVmZ2hpamtsbW5vcHFycw.17.BV9UofIoKM6e8oJyvpVIoQ"), 17),
	    UP_E_SIGNATURE);
	CU_ASSERT_EQUAL(scan(up_span_str("ZGVmZ2hpamtsbW5vcHFycw.18.BV9UofIoKM6e8oJyvpVIoQ"), 17),
	    UP_E_SIGNATURE);
}

static void test_static(void)
{
	struct up_frame f;

	fill();
	CU_ASSERT_EQUAL(up_frame_parse(UP_SPAN_LIT("ZGVmZ2hpamtsbW5vcHFycw"), &f), UP_OK);
	CU_ASSERT(f.is_static);
	CU_ASSERT_EQUAL(memcmp(f.handle, handle, sizeof(handle)), 0);
	CU_ASSERT_EQUAL(up_frame_check(&f, key, 0), UP_E_SIGNATURE);
	/* not even with a MAC that would do */
	CU_ASSERT_EQUAL(up_frame_parse(up_span_str(known), &f), UP_OK);
	f.is_static = true;
	CU_ASSERT_EQUAL(up_frame_check(&f, key, 17), UP_E_SIGNATURE);
}

static void test_bad_form(void)
{
	static const char *const rows[] = {
		"",
		".",
		"..",
		"ZGVmZ2hpamtsbW5vcHFycw.",
		"ZGVmZ2hpamtsbW5vcHFycw..",
		"ZGVmZ2hpamtsbW5vcHFycw.17",
		"ZGVmZ2hpamtsbW5vcHFycw.17.",
		"ZGVmZ2hpamtsbW5vcHFycw..BV9UofIoKM6e8oJyvpVIoQ",
		"ZGVmZ2hpamtsbW5vcHFycw.017.BV9UofIoKM6e8oJyvpVIoQ",
		"ZGVmZ2hpamtsbW5vcHFycw.+17.BV9UofIoKM6e8oJyvpVIoQ",
		"ZGVmZ2hpamtsbW5vcHFycw.-1.BV9UofIoKM6e8oJyvpVIoQ",
		"ZGVmZ2hpamtsbW5vcHFycw. 17.BV9UofIoKM6e8oJyvpVIoQ",
		"ZGVmZ2hpamtsbW5vcHFycw.0x11.BV9UofIoKM6e8oJyvpVIoQ",
		"ZGVmZ2hpamtsbW5vcHFycw.4294967296.BV9UofIoKM6e8oJyvpVIoQ",
		"ZGVmZ2hpamtsbW5vcHFycw.17.BV9UofIoKM6e8oJyvpVIoQ==",
		"ZGVmZ2hpamtsbW5vcHFycw.17.BV9UofIoKM6e8oJyvpVIoQ.",
		"ZGVmZ2hpamtsbW5vcHFycw.17.BV9UofIoKM6e8oJyvpVIoQA",
		"ZGVmZ2hpamtsbW5vcHFycw.17.BV9UofIoKM6e8oJyvpVIoR",
		"ZGVmZ2hpamtsbW5vcHFycx",
		"ZGVmZ2hpamtsbW5vcHFyc",
		"ZGVmZ2hpamtsbW5vcHFycw==",
		"ZGVmZ2hpamtsbW5vcHFycw\n",
		" ZGVmZ2hpamtsbW5vcHFycw",
		"ZGVmZ2hpamtsbW5vcHFyc+",
		"ZGVmZ2hpamtsbW5vcHFycw/17/BV9UofIoKM6e8oJyvpVIoQ",
	};
	struct up_frame f;

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++)
		CU_ASSERT_EQUAL(up_frame_parse(up_span_str(rows[i]), &f), UP_E_FORMAT);
}

UP_SUITE("frame", test_known_answer, test_longest, test_every_changed_byte_fails,
    test_every_changed_key_byte_fails, test_window, test_forged_and_stale, test_transplanted,
    test_static, test_bad_form)
