/* SPDX-License-Identifier: Apache-2.0 */
#include "core/uri.h"
#include "unit.h"

#include <string.h>

#define URL "https://id.example.org/holder/a~b"

static void test_same(void)
{
	static const struct { const char *a, *b; } rows[] = {
		{ URL, URL }, { "HTTPS://ID.Example.ORG/holder/a~b", URL },
		{ "https://id.example.org:443/holder/a~b", URL },
		{ "https://id.example.org:/holder/a~b", URL },
		{ "https://id.example.org/holder/a%7eb", URL },
		{ "https://id.example.org/h%6Flder/%61~b", URL },
		{ "https://id.example.org/./holder/x/../a~b", URL },
		{ "https://id.example.org/../holder/a~b", URL },
		{ "https://id.example.org/%2e%2E/holder/./a~b", URL }, { URL "?x=1", URL },
		{ URL "#f", URL }, { URL "?x=1#f", URL "?y" }, { URL "?/../x", URL },
		{ "https://%69d.example.org/holder/a~b", URL },
		{ "https://x", "https://x/" }, { "https://x?q", "https://x/" },
		{ "https://x#f", "https://X:443/#g" }, { "http://x:80/", "http://x/" },
		{ "https://x/a%2fb", "https://x/a%2Fb" }, { "https://x/a/.", "https://x/a/" },
		{ "https://x/a/..", "https://x/" }, { "https://x/a/b/..", "https://x/a/" },
		{ "https://x/..", "https://x/" }, { "https://x/a//b", "https://x/a//b" },
		{ "https://x/a//../b", "https://x/a/b" }, { "https://x/a/...", "https://x/a/..." },
		{ "https://[2001:DB8::1]:443/a", "https://[2001:db8::1]/a" },
		{ "https://[::1]/", "https://[::1]:/" },
		{ "https://x:8443/a", "https://x:8443/a" },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		UP_CHECK(up_uri_same(up_span_str(rows[i].a), up_span_str(rows[i].b)), rows[i].a);
		UP_CHECK(up_uri_same(up_span_str(rows[i].b), up_span_str(rows[i].a)), rows[i].a);
	}
}

static void test_other(void)
{
	static const struct { const char *a, *b; } rows[] = {
		{ "http://id.example.org/holder/a~b", URL },
		{ "https://id.example.org:80/holder/a~b", URL },
		{ "https://id.example.org:8443/holder/a~b", URL },
		{ "https://id.example.org/holder/a~b/", URL },
		{ "https://id.example.org/Holder/a~b", URL },
		{ "https://id.example.org/holder//a~b", URL },
		{ "https://id.example.org/holder%2Fa~b", URL },
		{ "https://id.example.org/holder/a~b%3Fx", URL },
		{ "https://id.example.org./holder/a~b", URL },
		{ "https://evil.example/holder/a~b", URL },
		{ "https://id.example.org@evil.example/holder/a~b", URL },
		{ "https://u@id.example.org/holder/a~b", URL },
		{ "https://id.example.org%2fholder/a~b", URL },
		{ "//id.example.org/holder/a~b", URL }, { "/holder/a~b", URL }, { "", URL },
		{ "https:/id.example.org/holder/a~b", URL },
		{ "https:id.example.org/holder/a~b", URL }, { URL " ", URL }, { " " URL, URL },
		{ URL "\n", URL }, { "https://id.example.org\\holder/a~b", URL },
		{ "https://id.example.org/holder/a%7", URL },
		{ "https://id.example.org/holder/a%zzb", URL },
		{ "https://id.example.org/holder/a%25 7eb", URL },
		{ "https://id.example.org/holder/a%257Eb", URL }, { "ftp://x/", "ftp://x/" },
		{ "https:///x", "https:///x" }, { "https://:443/x", "https://:443/x" },
		{ "https://", "https://" }, { "x", "x" }, { "", "" },
		{ "https://x/%", "https://x/%" }, { "https://x:0443/", "https://x/" },
		{ "https://[::1]:80/", "https://[::1]/" },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		UP_CHECK(!up_uri_same(up_span_str(rows[i].a), up_span_str(rows[i].b)), rows[i].a);
		UP_CHECK(!up_uri_same(up_span_str(rows[i].b), up_span_str(rows[i].a)), rows[i].a);
	}
	CU_ASSERT_FALSE(up_uri_same(UP_SPAN_LIT("https://x/\0"), UP_SPAN_LIT("https://x/\0")));
	CU_ASSERT_FALSE(up_uri_same(up_span_str(NULL), up_span_str(NULL)));
}

static void test_length(void)
{
	char text[600];

	memset(text, 'a', sizeof(text));
	memcpy(text, "https://x", 9);
	CU_ASSERT_TRUE(up_uri_same(up_span_of(text, 512), up_span_of(text, 512)));
	CU_ASSERT_FALSE(up_uri_same(up_span_of(text, 513), up_span_of(text, 513)));
	for (size_t i = 9; i < sizeof(text); i++)
		text[i] = "/.."[i % 3];
	CU_ASSERT_TRUE(up_uri_same(up_span_of(text, 510), UP_SPAN_LIT("https://x/")));
}

UP_SUITE("uri", test_same, test_other, test_length)
