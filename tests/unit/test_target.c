/* SPDX-License-Identifier: Apache-2.0 */
#include "core/target.h"
#include "unit.h"

#include <arpa/inet.h>

#include <string.h>

static void test_return_to(void)
{
	static const char *const good[] = {
		"/", "/a", "/a/", "/a/b?x=1#top", "/?next=//evil",
		"/a?u=https://evil.example/%2f%5c", "/a#//x", "/a/./b", "/a/../b", "/a/b/../../c",
		"/%E4%BA%8B%E4%B8%9A/list", "/a%20b", "/a%25", "/100%25/x", "/a%3Ab", "/a:b@c",
		"/@user", "/a..b", "/...", "/..a", "/a;x=1/b",
		"/unitpass/x", "/.unitpassx", "/a/.unitpass/x", "/.well-known/x", "/a?x=%zz",
		"/a%3Fb", "/a?%00",
		"/repo/group%2Fproject", "/a%2fb", "/a%2f", "/a%2f../b", "/a%2f.unitpass",
	};
	static const char *const bad[] = {
		/* other origins */
		"", "a", "https://evil.example/", "//evil.example", "///evil.example", "//",
		"/a//b", "/a//", "javascript:alert(1)",
		"data:text/html,x", "http:evil", "@evil.example", "user:pw@evil.example", ":80/",
		"?x", "#x", ".", "..", "*",
		/* backslash */
		"/\\evil.example", "\\\\evil.example", "\\/evil.example", "/a\\b", "/a?x=\\",
		"/a#\\",
		/* encoded, once and more often */
		"/%2fevil.example", "/%2Fevil.example", "/%5cevil.example", "/%5Cevil.example",
		"/a%2f%2fb", "/a%2f/b", "/a/%2fb", "/a%5cb", "/%252fevil", "/a%252fb", "/%255cevil",
		"/%25252fevil", "/%%32%66evil", "/%25%32%66evil", "/%%35%63", "/%c0%afevil",
		"/%e0%80%af", "/%c1%9c", "/%f0%80%80%af", "/%ff",
		"/%25c0%25af", "/%252525252541",
		/* control characters */
		"/a\r\nSet-Cookie:x=1", "/a\n", "/a\t", "/\tevil", "/\x01", "/\x7f", "/a b", " /a",
		"/a ", "/%0d%0aSet-Cookie:x", "/%0a", "/%0D",
		"/%09/evil", "/%00", "/%01", "/%1f", "/%7f", "/%250d%250a", "/%2500",
		/* broken escapes */
		"/%", "/%2", "/%zz", "/a%u002f", "/%2", "/%2g", "/%g2", "/%-1",
		/* beyond ASCII */
		"/事业", "/\xc2\xa0", "/\xe2\x80\xae", "/\xef\xbc\x8f", "/\xff", "/a?x=张",
		/* out of the root */
		"/..", "/../", "/../a", "/a/../..", "/a/../../b", "/./..", "/%2e%2e", "/%2e%2e/a",
		"/.%2e/a", "/%2E./a", "/%252e%252e/a",
		"/..%2fa", "/a%2f..%2f..", "/a%2fb/../..", "/a%2fb/../../c",
		"/..;/a", "/..;x=1/a", "/%2e%2e;/a", "/..%3b/a", "/a/..;/../b",
		/* our own endpoints */
		"/.unitpass", "/.unitpass/", "/.unitpass/login", "/.UnitPass/login", "/.unitpass?x",
		"/.unitpass#x", "/%2eunitpass/login",
		"/.unit%70ass/login", "/.unit%2570ass/login", "/./.unitpass/login",
		"/a/../.unitpass/login", "/a/%2e%2e/.unitpass", "/.unitpass;x/login",
		"/.unitpass%2flogin", "/a%2f..%2f.unitpass/login",
		"/.unitpass/../a",
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(good); i++)
		UP_CHECK(up_target_ok(up_span_str(good[i])), good[i]);
	for (size_t i = 0; i < UP_ARRAY_LEN(bad); i++)
		UP_CHECK(!up_target_ok(up_span_str(bad[i])), bad[i]);
	CU_ASSERT_FALSE(up_target_ok(up_span_str(NULL)));
	CU_ASSERT_FALSE(up_target_ok(UP_SPAN_LIT("/a\0b")));
	CU_ASSERT_FALSE(up_target_ok(UP_SPAN_LIT("/a?\0")));
	/* every byte in path and query that must never stand there */
	for (unsigned c = 0; c < 256; c++) {
		char path[] = "/a_b", query[] = "/a?_";

		path[2] = query[3] = (char)c;
		if (c <= ' ' || c >= 0x7f || c == '\\') {
			CU_ASSERT_FALSE(up_target_ok(up_span_of(path, 4)));
			CU_ASSERT_FALSE(up_target_ok(up_span_of(query, 4)));
		}
	}
}

static void test_return_to_length(void)
{
	char text[1025];

	memset(text, 'a', sizeof text);
	text[0] = '/';
	CU_ASSERT_TRUE(up_target_ok(up_span_of(text, 1024)));
	CU_ASSERT_FALSE(up_target_ok(up_span_of(text, 1025)));
}

static void test_url(void)
{
	static const struct { const char *url, *origin, *path;
	} rows[] = {
		{ "https://id.example.org", "https://id.example.org", "" },
		{ "https://id.example.org/", "https://id.example.org", "/" },
		{ "https://id.example.org:8443/q/x?y=1", "https://id.example.org:8443",
		    "/q/x?y=1" },
		{ "https://a-b.c1/", "https://a-b.c1", "/" },
		{ "http://localhost:8080/cb", "http://localhost:8080", "/cb" },
		{ "http://127.0.0.1", "http://127.0.0.1", "" },
		{ "http://127.255.0.9:1/", "http://127.255.0.9:1", "/" },
		{ "http://[::1]:8080/x", "http://[::1]:8080", "/x" },
		{ "https://10.0.0.1/", "https://10.0.0.1", "/" },
		{ "https://[2001:db8::1]", "https://[2001:db8::1]", "" },
		{ "https://x.example/a:b@c", "https://x.example", "/a:b@c" },
		{ "https://xn--fiqs8s.example/", "https://xn--fiqs8s.example", "/" },
		{ "http://id.example.org/", NULL, NULL },
		{ "http://128.0.0.1/", NULL, NULL },
		{ "http://[::2]/", NULL, NULL },
		{ "http://localhost.evil.example/", NULL, NULL },
		{ "http://127.0.0.1.evil.example/", NULL, NULL },
		{ "http://127.1/", NULL, NULL },
		{ "http://[::ffff:127.0.0.1]/", NULL, NULL },
		{ "https://", NULL, NULL },
		{ "https:///x", NULL, NULL },
		{ "https:/x", NULL, NULL },
		{ "ftp://x", NULL, NULL },
		{ "HTTPS://x", NULL, NULL },
		{ "javascript:alert(1)", NULL, NULL },
		{ "//x", NULL, NULL },
		{ "", NULL, NULL },
		{ "https://user@x.example/", NULL, NULL },
		{ "https://user:pw@x.example/", NULL, NULL },
		{ "https://x.example@evil/", NULL, NULL },
		{ "https://X.example/", NULL, NULL },
		{ "https://x_y.example/", NULL, NULL },
		{ "https://x..y/", NULL, NULL },
		{ "https://.x/", NULL, NULL },
		{ "https://x./", NULL, NULL },
		{ "https://-x/", NULL, NULL },
		{ "https://x-/", NULL, NULL },
		{ "https://x-.y/", NULL, NULL },
		{ "https://x/#f", NULL, NULL },
		{ "https://x?y", NULL, NULL },
		{ "https://x/\\", NULL, NULL },
		{ "https://x\\y/", NULL, NULL },
		{ "https://x /", NULL, NULL },
		{ "https://x/ ", NULL, NULL },
		{ "https://x/\n", NULL, NULL },
		{ "https://中国/", NULL, NULL },
		{ "https://x/中", NULL, NULL },
		{ "https://x%2ey/", NULL, NULL },
		{ "https://x:/", NULL, NULL },
		{ "https://x:0/", NULL, NULL },
		{ "https://x:65536/", NULL, NULL },
		{ "https://x:08443/", NULL, NULL },
		{ "https://x:80a/", NULL, NULL },
		{ "https://x:443/", NULL, NULL },
		{ "http://localhost:80/", NULL, NULL },
		{ "https://x:1:2/", NULL, NULL },
		{ "https://[::1/", NULL, NULL },
		{ "https://[::1]x/", NULL, NULL },
		{ "https://[::1]]/", NULL, NULL },
		{ "https://[]/", NULL, NULL },
		{ "https://[0:0::1]/", NULL, NULL },
		{ "https://[2001:DB8::1]/", NULL, NULL },
		{ "https://[127.0.0.1]/", NULL, NULL },
		{ "https://[unix:]/", NULL, NULL },
		{ "https://[fe80::1%25eth0]/", NULL, NULL },
		{ "https://10.0.0/", NULL, NULL },
		{ "https://256.0.0.1/", NULL, NULL },
		{ "https://010.0.0.1/", NULL, NULL },
		{ "https://0x7f000001/", NULL, NULL },
		{ "https://2130706433/", NULL, NULL },
		{ "https://a.0x1/", NULL, NULL },
		{ "https://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/",
		    NULL, NULL },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		struct up_span origin, path;
		enum up_err err = up_target_url(up_span_str(rows[i].url), &origin, &path);

		UP_CHECK(err == (rows[i].origin ? UP_OK : UP_E_FORMAT), rows[i].url);
		UP_CHECK_TEXT(origin, rows[i].origin ? rows[i].origin : "");
		UP_CHECK_TEXT(path, rows[i].path ? rows[i].path : "");
	}
	struct up_span origin, path;

	CU_ASSERT_EQUAL(up_target_url(UP_SPAN_LIT("https://x\0.y/"), &origin, &path), UP_E_FORMAT);
}

static void test_cidr(void)
{
	static const struct { const char *text; enum up_err err; unsigned family, bits;
	} rows[] = {
		{ "10.0.0.0/8", UP_OK, 4, 8 },
		{ "10.1.2.3", UP_OK, 4, 32 },
		{ "0.0.0.0/0", UP_OK, 4, 0 },
		{ "192.168.1.0/31", UP_OK, 4, 31 },
		{ "::1", UP_OK, 6, 128 },
		{ "2001:db8::/32", UP_OK, 6, 32 },
		{ "::/0", UP_OK, 6, 0 },
		{ "unix:", UP_OK, 1, 0 },
		{ "::ffff:10.0.0.0/104", UP_OK, 4, 8 },
		{ "::ffff:10.1.2.3", UP_OK, 4, 32 },
		{ "10.0.0.1/8", UP_E_RANGE, 0, 0 },
		{ "10.0.0.0/33", UP_E_RANGE, 0, 0 },
		{ "2001:db8::1/64", UP_E_RANGE, 0, 0 },
		{ "::/129", UP_E_RANGE, 0, 0 },
		{ "::ffff:10.0.0.0/8", UP_E_RANGE, 0, 0 },
		{ "10.0.0.0/99999999999999999999999", UP_E_RANGE, 0, 0 },
		{ "", UP_E_FORMAT, 0, 0 },
		{ "/8", UP_E_FORMAT, 0, 0 },
		{ "10.0.0.0/", UP_E_FORMAT, 0, 0 },
		{ "10.0.0.0/08", UP_E_FORMAT, 0, 0 },
		{ "10.0.0.0/-1", UP_E_FORMAT, 0, 0 },
		{ "10.0.0/8", UP_E_FORMAT, 0, 0 },
		{ "10.0.0.0/8/8", UP_E_FORMAT, 0, 0 },
		{ " 10.0.0.0/8", UP_E_FORMAT, 0, 0 },
		{ "unix:/8", UP_E_FORMAT, 0, 0 },
		{ "unix:/run/x", UP_E_FORMAT, 0, 0 },
		{ "fe80::1%eth0", UP_E_FORMAT, 0, 0 },
		{ "localhost", UP_E_FORMAT, 0, 0 },
		{ "010.0.0.0/8", UP_E_FORMAT, 0, 0 },
		{ "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb", UP_E_FORMAT, 0, 0 },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		struct up_cidr net;

		UP_CHECK(
		    up_target_cidr(up_span_str(rows[i].text), &net) == rows[i].err, rows[i].text);
		UP_CHECK(net.family == rows[i].family && net.bits == rows[i].bits, rows[i].text);
	}
}

static void test_in(void)
{
	static const struct { const char *ip, *net; bool in;
	} rows[] = {
		{ "10.255.0.1", "10.0.0.0/8", true },
		{ "11.0.0.1", "10.0.0.0/8", false },
		{ "192.168.1.1", "192.168.1.0/31", true },
		{ "192.168.1.2", "192.168.1.0/31", false },
		{ "1.2.3.4", "0.0.0.0/0", true },
		{ "::1", "0.0.0.0/0", false },
		{ "1.2.3.4", "::/0", false },
		{ "::ffff:10.0.0.1", "10.0.0.0/8", true },
		{ "2001:db8:ffff::1", "2001:db8::/32", true },
		{ "2001:db9::1", "2001:db8::/32", false },
		{ "2001:db8:7fff::", "2001:db8::/33", true },
		{ "2001:db8:8000::", "2001:db8::/33", false },
		{ "unix:", "unix:", true },
		{ "unix:", "0.0.0.0/0", false },
		{ "127.0.0.1", "unix:", false },
		{ "", "0.0.0.0/0", false },
		{ "10.0.0.1x", "10.0.0.0/8", false },
		{ "10.0.0.1:80", "10.0.0.0/8", false },
		{ "10.0.0.1", "10.0.0.1", true },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		struct up_cidr net;

		CU_ASSERT_EQUAL_FATAL(up_target_cidr(up_span_str(rows[i].net), &net), UP_OK);
		UP_CHECK(up_target_in(up_span_str(rows[i].ip), &net, 1) == rows[i].in, rows[i].ip);
		UP_CHECK(!up_target_in(up_span_str(rows[i].ip), &net, 0), rows[i].ip);
	}
}

static void test_client_ip(void)
{
	static const struct { const char *peer, *xff, *want;
	} rows[] = {
		/* not a proxy of ours */
		{ "203.0.113.9", "", "203.0.113.9" },
		{ "203.0.113.9", "198.51.100.1", "203.0.113.9" },
		{ "10.0.0.1", "", "10.0.0.1" },
		{ "10.0.0.1", "198.51.100.1", "198.51.100.1" },
		/* what a client adds is on the left */
		{ "10.0.0.1", "1.1.1.1, 198.51.100.1", "198.51.100.1" },
		{ "10.0.0.1", "1.1.1.1, 198.51.100.1 ,\t10.0.0.2", "198.51.100.1" },
		{ "10.0.0.1", "10.0.0.3,10.0.0.2", "10.0.0.3" },
		{ "10.0.0.1", "1.1.1.1,junk", "10.0.0.1" },
		{ "10.0.0.1", "1.1.1.1,junk,10.0.0.2", "10.0.0.2" },
		{ "10.0.0.1", "1.1.1.1,", "1.1.1.1" },
		{ "10.0.0.1", ",,,", "10.0.0.1" },
		{ "10.0.0.1", "1.1.1.1, ,, 10.0.0.2 ,", "1.1.1.1" },
		{ "10.0.0.1", "1.1.1.1:80", "1.1.1.1" },
		{ "10.0.0.1", "1.1.1.1:80, [2001:db8::7]:51008, 10.0.0.2:4711", "2001:db8::7" },
		{ "203.0.113.9", "1.1.1.1:80", "203.0.113.9" },
		{ "10.0.0.1", "\"1.1.1.1\"", "1.1.1.1" },
		{ "10.0.0.1", "1.1.1.1, unknown", "10.0.0.1" },
		{ "10.0.0.1", "1.1.1.1, _hidden", "10.0.0.1" },
		{ "10.0.0.1", "1.1.1.1, unknown, 10.0.0.2:80", "10.0.0.2" },
		{ "10.0.0.1", "for=1.1.1.1", "10.0.0.1" },
		{ "10.0.0.1", "1.1.1.1, unix:", "1.1.1.1" },
		{ "unix:", "1.1.1.1, unix:, 10.0.0.2", "1.1.1.1" },
		{ "fe80::5%eth0", "1.1.1.1", "fe80::5" },
		{ "10.0.0.1", "1.1.1.1\r\nX: y", "10.0.0.1" },
		{ "unix:", "198.51.100.1", "198.51.100.1" },
		{ "unix:", "", "unix:" },
		{ "::ffff:10.0.0.1", "2001:DB8:0::1", "2001:db8::1" },
		{ "::ffff:203.0.113.9", "", "203.0.113.9" },
		{ "", "1.1.1.1", "" },
		{ "junk", "1.1.1.1", "" },
		{ NULL, NULL, "" },
		{ "10.0.0.1", NULL, "10.0.0.1" },
		{ "2001:db8::5", "1.1.1.1", "2001:db8::5" },
	};
	static const char *const trusted[] = { "10.0.0.0/8", "unix:" };
	struct up_cidr nets[2];

	for (size_t i = 0; i < 2; i++)
		CU_ASSERT_EQUAL_FATAL(up_target_cidr(up_span_str(trusted[i]), &nets[i]), UP_OK);
	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		char out[46] = "untouched";

		up_target_client_ip(
		    up_span_str(rows[i].peer), up_span_str(rows[i].xff), nets, 2, out);
		UP_CHECK_TEXT(up_span_str(out), rows[i].want);
		up_target_client_ip(
		    up_span_str(rows[i].peer), UP_SPAN_LIT("1.1.1.1"), nets, 0, out);
		UP_CHECK(strcmp(out, "1.1.1.1") != 0, rows[i].peer);
	}
}

static void test_put4(void)
{
	for (int v = 0; v < 256; v++)
		for (size_t at = 0; at < 4; at++) {
			uint8_t a[4] = { 1, 20, 255, 0 };
			char got[16], want[INET_ADDRSTRLEN];

			a[at] = (uint8_t)v;
			up_target_put4(a, got);
			CU_ASSERT_STRING_EQUAL(got, inet_ntop(AF_INET, a, want, sizeof(want)));
		}
}

static void test_address(void)
{
	static const struct { const char *text, *want; } rows[] = {
		{ "203.0.113.9", "203.0.113.9" }, { "203.0.113.9:51008", "203.0.113.9" },
		{ "203.0.113.9:0", "203.0.113.9" }, { "203.0.113.9:_port", "203.0.113.9" },
		{ "[2001:db8::1]:51008", "2001:db8::1" }, { "[2001:DB8:0::1]", "2001:db8::1" },
		{ "2001:db8::1", "2001:db8::1" }, { "2001:db8::1:443", "2001:db8::1:443" },
		{ "[::ffff:203.0.113.9]:443", "203.0.113.9" },
		{ "::ffff:203.0.113.9", "203.0.113.9" }, { "fe80::1%eth0", "fe80::1" },
		{ "fe80::1%25eth0", "fe80::1" }, { "[fe80::1%eth0]:80", "fe80::1" },
		{ "\"203.0.113.9:80\"", "203.0.113.9" }, { "\"[2001:db8::1]:80\"", "2001:db8::1" },
		{ " 203.0.113.9 ", "203.0.113.9" }, { "\t\"203.0.113.9\"", "203.0.113.9" },
		{ "fe80:1111:2222:3333:4444:5555:6666:7777%a-long-interface-name",
		    "fe80:1111:2222:3333:4444:5555:6666:7777" },
		{ "", "" }, { " ", "" }, { "\"\"", "" }, { "\"", "" }, { "unknown", "" },
		{ "_hidden", "" }, { "_hidden:80", "" }, { "unix:", "" }, { "unix:80", "" },
		{ "[203.0.113.9]", "" }, { "[203.0.113.9]:80", "" }, { "203.0.113.9:", "" },
		{ "203.0.113.9:x", "" }, { "203.0.113.9:-1", "" }, { "203.0.113.9:123456", "" },
		{ "203.0.113.9:_", "" }, { "203.0.113.9:80:80", "" }, { "203.0.113.9%eth0", "" },
		{ "203.0.113.9/32", "" }, { "[2001:db8::1", "" }, { "2001:db8::1]", "" },
		{ "[2001:db8::1]80", "" }, { "[2001:db8::1]:", "" }, { "[]", "" }, { "[]:80", "" },
		{ "[%eth0]", "" }, { "fe80::1%", "" }, { "\"203.0.113.9", "" },
		{ "'203.0.113.9'", "" }, { "for=203.0.113.9", "" },
		{ "203.0.113.9 198.51.100.1", "" }, { "203.0.113.9;proto=https", "" },
		{ "example.org", "" }, { "example.org:80", "" }, { "010.0.0.1", "" },
		{ "1.2.3", "" }, { NULL, "" },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		char out[46] = "untouched";

		UP_CHECK(up_target_address(up_span_str(rows[i].text), out) ==
		    (rows[i].want[0] != '\0'), rows[i].text);
		UP_CHECK_TEXT(up_span_str(out), rows[i].want);
	}
	char out[46];

	CU_ASSERT_FALSE(up_target_address(UP_SPAN_LIT("203.0.113.9\0:80"), out));
}

UP_SUITE("target", test_return_to, test_return_to_length, test_url, test_cidr, test_in,
    test_client_ip, test_put4, test_address)
