/* SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"
#include "unit.h"

#include <string.h>

static void test_b64url_vectors(void)
{
	/* RFC 4648 section 10, without padding, and the two characters of section 5 */
	static const struct { const char *plain, *text; } rows[] = {
		{ "", "" }, { "f", "Zg" }, { "fo", "Zm8" }, { "foo", "Zm9v" }, { "foob", "Zm9vYg" },
		{ "fooba", "Zm9vYmE" },
		{ "foobar", "Zm9vYmFy" }, { "\xff\xef\xbe", "_---" }, { "\xfb\xff", "-_8" },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		struct up_span plain = up_span_str(rows[i].plain);
		struct up_buf b = { 0 };
		uint8_t back[16];
		size_t n;

		up_text_put_b64url(&b, plain);
		UP_CHECK_TEXT(up_buf_span(&b), rows[i].text);
		UP_CHECK(up_text_b64url_len(plain.n) == b.n, rows[i].text);
		UP_CHECK(up_text_b64url_decode(up_buf_span(&b), back, plain.n, &n) == UP_OK,
		    rows[i].text);
		UP_CHECK(up_span_eq(up_span_of(back, n), plain), rows[i].text);
		UP_CHECK(
		    up_text_b64url_fixed(up_buf_span(&b), back, plain.n) == UP_OK, rows[i].text);
		UP_CHECK(up_text_b64url_fixed(up_buf_span(&b), back, plain.n + 1) == UP_E_FORMAT,
		    rows[i].text);
		if (plain.n > 0)
			UP_CHECK(up_text_b64url_decode(up_buf_span(&b), back, plain.n - 1, &n) ==
				UP_E_FORMAT,
			    rows[i].text);
		up_buf_free(&b);
	}
}

static void test_b64url_strict(void)
{
	static const char *const rows[] = {
		"Z", "Zg==", "Zg=", "Zm8=", "Zh", "Zm9", "Zm9vZ", "Zm+v", "Zm/v", "Zm v", "Zm9v\n",
		" Zm9v", "Zm9v.", "Zm9vYm\x80y",
		"Zm9vYmF\xff",
	};
	uint8_t out[32];
	size_t n;

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		n = 7;
		UP_CHECK(
		    up_text_b64url_decode(up_span_str(rows[i]), out, sizeof out, &n) == UP_E_FORMAT,
		    rows[i]);
		UP_CHECK(n == 0, rows[i]);
	}
	CU_ASSERT_EQUAL(
	    up_text_b64url_decode(UP_SPAN_LIT("Zm\09"), out, sizeof out, &n), UP_E_FORMAT);
}

/* Every 2-character text decodes only if encoding gives it back: one spelling for each value. */
static void test_b64url_one_spelling(void)
{
	unsigned good = 0;

	for (unsigned v = 0; v < 65536; v++) {
		uint8_t in[2] = { (uint8_t)(v >> 8), (uint8_t)v }, out[1];
		char again[2];
		size_t n;

		if (up_text_b64url_decode(up_span_of(in, 2), out, 1, &n) != UP_OK)
			continue;
		up_text_b64url(up_span_of(out, 1), again);
		UP_CHECK(memcmp(in, again, 2) == 0, "two characters");
		good++;
	}
	CU_ASSERT_EQUAL(good, 256);
}

static void test_hex(void)
{
	uint8_t out[4];
	char text[9] = { 0 };

	up_text_hex(UP_SPAN_LIT("\x00\x1f\xab\xff"), text);
	CU_ASSERT_STRING_EQUAL(text, "001fabff");
	CU_ASSERT_EQUAL(up_text_hex_decode(UP_SPAN_LIT("001FabFf"), out, 4), UP_OK);
	CU_ASSERT_EQUAL(memcmp(out, "\x00\x1f\xab\xff", 4), 0);
	CU_ASSERT_EQUAL(up_text_hex_decode(UP_SPAN_LIT("001fabf"), out, 4), UP_E_FORMAT);
	CU_ASSERT_EQUAL(up_text_hex_decode(UP_SPAN_LIT("001fabfff"), out, 4), UP_E_FORMAT);
	CU_ASSERT_EQUAL(up_text_hex_decode(UP_SPAN_LIT("001fabfg"), out, 4), UP_E_FORMAT);
	CU_ASSERT_EQUAL(up_text_hex_decode(UP_SPAN_LIT("001fab@1"), out, 4), UP_E_FORMAT);
	CU_ASSERT_EQUAL(up_text_hex_decode(UP_SPAN_LIT("0x1fabff"), out, 4), UP_E_FORMAT);
	CU_ASSERT_EQUAL(up_text_hex_decode(UP_SPAN_LIT("001fab\x10\x11"), out, 4), UP_E_FORMAT);
	CU_ASSERT_EQUAL(up_text_hex_decode(up_span_str(NULL), out, 0), UP_OK);
}

static void test_base20(void)
{
	static const struct { uint8_t rnd[16]; const char *want;
	} rows[] = {
		{ { 0 }, "BBBB-BBBB" },
		{ { [15] = 19 }, "ZBBB-BBBB" },
		{ { [15] = 20 }, "BCBB-BBBB" },
		{ { [14] = 1, [15] = 144 }, "BBCB-BBBB" }, /* 400 = 20^2 */
		{ { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		      0xff, 0xff, 0xff },
		    NULL },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		char code[10], back[9];

		up_text_base20(rows[i].rnd, code);
		UP_CHECK(rows[i].want == NULL || strcmp(code, rows[i].want) == 0, code);
		UP_CHECK(strlen(code) == 9 && code[4] == '-', code);
		UP_CHECK(up_text_base20_parse(up_span_str(code), back) == UP_OK, code);
		UP_CHECK(memcmp(back, code, 4) == 0 && memcmp(back + 4, code + 5, 4) == 0, code);
	}
}

static void test_scanned(void)
{
	static const struct { const char *in, *want; } rows[] = {
		{ "https://x/q/a\r\n", "https://x/q/a" }, { "a\n", "a" }, { "a\r", "a" },
		{ "a\t", "a" }, { "a ", "a" }, { " \r\n a", "a" }, { "\x1e" "a\x04", "a" },
		{ "a b", "a b" }, { "a\nb", "a\nb" }, { "", "" }, { "\r\n", "" }, { NULL, "" },
		{ "a\x7f", "a\x7f" },
		{ "码\n", "码" },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++)
		UP_CHECK_TEXT(up_text_scanned(up_span_str(rows[i].in)), rows[i].want);
}

static void test_base20_parse(void)
{
	static const struct { const char *in, *want;
	} rows[] = {
		{ "BCDF-GHJK", "BCDFGHJK" },
		{ "bcdfghjk", "BCDFGHJK" },
		{ " bc df-gh--jk ", "BCDFGHJK" },
		{ "BCDF-GHJ", NULL },
		{ "BCDF-GHJKL", NULL },
		{ "ACDF-GHJK", NULL },
		{ "BCDF-GHJ1", NULL },
		{ "BCDFYGHJ", NULL },
		{ "BCDF_GHJK", NULL },
		{ "", NULL },
		{ NULL, NULL },
		{ "ＢCDFGHJK", NULL },
		{ "BCDFGHJK\n", NULL },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		char out[9] = "untouchd";

		UP_CHECK(up_text_base20_parse(up_span_str(rows[i].in), out) ==
			(rows[i].want ? UP_OK : UP_E_FORMAT),
		    rows[i].in);
		CU_ASSERT_STRING_EQUAL(out, rows[i].want ? rows[i].want : "");
	}
	CU_ASSERT_EQUAL(
	    up_text_base20_parse(UP_SPAN_LIT("BCDF\0GHJK"), (char[9]) { 0 }), UP_E_FORMAT);
}

static void test_utf8(void)
{
	static const struct { const char *in; bool ok;
	} rows[] = {
		{ "", true },
		{ "plain ASCII text, longer than eight bytes", true },
		{ "张三é𠮷", true },
		{ "\x7f", true },
		{ "\xc2\x80", true },
		{ "\xdf\xbf", true },
		{ "\xe0\xa0\x80", true },
		{ "\xed\x9f\xbf", true },
		{ "\xee\x80\x80", true },
		{ "\xf0\x90\x80\x80", true },
		{ "\xf4\x8f\xbf\xbf", true },
		{ "\x80", false },
		{ "\xbf", false },
		{ "\xc0\x80", false },
		{ "\xc0\xaf", false },
		{ "\xc1\xbf", false },
		{ "\xe0\x80\xaf", false },
		{ "\xe0\x9f\xbf", false },
		{ "\xed\xa0\x80", false },
		{ "\xed\xbf\xbf", false },
		{ "\xf0\x80\x80\xaf", false },
		{ "\xf0\x8f\xbf\xbf", false },
		{ "\xf4\x90\x80\x80", false },
		{ "\xf5\x80\x80\x80", false },
		{ "\xf8\x88\x80\x80\x80", false },
		{ "\xfe", false },
		{ "\xff", false },
		{ "\xc2", false },
		{ "\xe5\xbc", false },
		{ "\xf0\xa0\xae", false },
		{ "\xc2 ", false },
		{ "\xe5\xbc ", false },
		{ "eight ok\xff", false },
		{ "1234567\xff"
		  "12345678",
		    false },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++)
		UP_CHECK(up_text_utf8_valid(up_span_str(rows[i].in)) == rows[i].ok, rows[i].in);
	CU_ASSERT_FALSE(up_text_utf8_valid(UP_SPAN_LIT("\0")));
	/* a NUL at each place of the eight that are judged at once */
	for (size_t at = 0; at < 16; at++) {
		char text[17] = "ABCDEFGHabcdefgh";

		text[at] = '\0';
		CU_ASSERT_FALSE(up_text_utf8_valid(up_span_of(text, 16)));
		text[at] = '\x01';
		CU_ASSERT_TRUE(up_text_utf8_valid(up_span_of(text, 16)));
		text[at] = '\x80';
		CU_ASSERT_FALSE(up_text_utf8_valid(up_span_of(text, 16)));
	}
	CU_ASSERT_EQUAL(up_text_utf8_count(UP_SPAN_LIT("a张é𠮷")), 4);
	CU_ASSERT_EQUAL(up_text_utf8_count(up_span_str(NULL)), 0);
}

static void test_put_safe(void)
{
	static const struct { const char *in; size_t max; const char *want;
	} rows[] = {
		{ "", 5, "" },
		{ "abc", 3, "abc" },
		{ "abcd", 3, "ab…" },
		{ "省级财政支付平台", 8, "省级财政支付平台" },
		{ "省级财政支付平台", 5, "省级财政…" },
		{ "abc", 1, "…" },
		{ "abc", 0, "" },
		{ "a\nb\tc\x7f", 99, "a\ufffdb\ufffdc\ufffd" },
		{ "\xc2\x85\xc2\x9b", 99, "\ufffd\ufffd" },
		{ "a\u202egnp.exe", 99, "a\ufffdgnp.exe" },
		{ "\u061c\u200e\u200f\u202a\u2066\u2069", 99,
		    "\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd" },
		{ "x\u200b\u200c\u200d\u2028\u2029\u2060\ufeffy", 99,
		    "x\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffdy" },
		{ "soft\u00adhyphen", 99, "soft\ufffdhyphen" },
		{ "tag\U000e0041", 99, "tag\ufffd" },
		{ "bad\xff\xe5\xbc", 99, "bad\ufffd\ufffd\ufffd" },
		{ "<b>&\"", 99, "<b>&\"" },
		{ "\xff\xff\xff", 2, "\ufffd…" },
		{ "😀é𠮷", 99, "😀é𠮷" },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		struct up_buf b = { 0 };

		up_text_put_safe(&b, up_span_str(rows[i].in), rows[i].max);
		UP_CHECK_TEXT(up_buf_span(&b), rows[i].want);
		up_buf_free(&b);
	}
}

static void test_form_decode(void)
{
	static const struct { const char *in; enum up_err err; const char *want; } rows[] = {
		{ "", UP_OK, "" }, { "a+b%20c", UP_OK, "a b c" }, { "%E5%bc%A0", UP_OK, "张" },
		{ "%2B%25", UP_OK, "+%" },
		{ "%252f", UP_OK, "%2f" }, { "%", UP_E_FORMAT, "" }, { "%2", UP_E_FORMAT, "" },
		{ "a%zz", UP_E_FORMAT, "" },
		{ "%+1", UP_E_FORMAT, "" }, { "% 1", UP_E_FORMAT, "" },
		{ "%u0041", UP_E_FORMAT, "" }, { "%%41", UP_E_FORMAT, "" },
		{ "%00", UP_E_UTF8, "" }, { "%ff", UP_E_UTF8, "" }, { "%c0%af", UP_E_UTF8, "" },
		{ "%ed%a0%80", UP_E_UTF8, "" },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		struct up_buf b = { 0 };

		up_buf_put_char(&b, '>');
		UP_CHECK(
		    up_text_form_decode(up_span_str(rows[i].in), &b) == rows[i].err, rows[i].in);
		UP_CHECK(b.n >= 1 && b.p[0] == '>', rows[i].in);
		UP_CHECK_TEXT(up_span_of(b.p + 1, b.n - 1), rows[i].want);
		up_buf_free(&b);
	}
}

static void test_no_memory(void)
{
	struct up_buf b = { .failed = true };

	CU_ASSERT_EQUAL(up_text_form_decode(UP_SPAN_LIT("a"), &b), UP_E_NOMEM);
	up_text_put_b64url(&b, UP_SPAN_LIT("a"));
	up_text_put_safe(&b, UP_SPAN_LIT("a"), 1);
	CU_ASSERT_TRUE(b.failed && b.n == 0);
	up_buf_free(&b);
}

static void test_user_agent(void)
{
	static const struct { const char *ua, *browser, *os;
	} rows[] = {
		{ "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 "
		  "Firefox/128.0",
		    "Firefox", "Windows" },
		{ "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
		  "Chrome/126.0.0.0 Safari/537.36",
		    "Chrome", "Linux" },
		{ "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, "
		  "like Gecko) Version/17.5 Safari/605.1.15",
		    "Safari", "macOS" },
		{ "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 "
		  "Mobile/15E148 MicroMessenger/8.0.49",
		    "WeChat", "iOS" },
		{ "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36 "
		  "Edg/126.0.0.0",
		    "Edge", "Windows" },
		{ "Mozilla/5.0 (Linux; Android 12; HarmonyOS; NOH-AN00) Chrome/99 "
		  "HuaweiBrowser/14.0 Mobile Safari/537.36",
		    "Huawei Browser", "HarmonyOS" },
		{ "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126 Mobile "
		  "Safari/537.36",
		    "Chrome", "Android" },
		{ "Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0) like Gecko",
		    "Internet Explorer", "Windows" },
		{ "Mozilla/5.0 (X11; Linux aarch64; Kylin) Chrome/109 Safari/537.36", "Chrome",
		    "Kylin" },
		{ "<script>alert(1)</script>", "", "" },
		{ "", "", "" },
		{ NULL, "", "" },
		{ "curl/7.88", "", "" },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		const char *browser, *os;

		up_text_user_agent(up_span_str(rows[i].ua), &browser, &os);
		CU_ASSERT_STRING_EQUAL(browser, rows[i].browser);
		CU_ASSERT_STRING_EQUAL(os, rows[i].os);
	}
}

static void test_in_app(void)
{
#define WEBKIT "Mozilla/5.0 (Linux; Android 14; V2301A) AppleWebKit/537.36 (KHTML, " \
	"like Gecko) Version/4.0 Chrome/116.0 Mobile Safari/537.36 "
	static const struct { const char *ua, *want; } rows[] = {
		{ WEBKIT "XWEB/1160 MMWEBSDK/2023 MicroMessenger/8.0.42.2460(0x28002A3B) "
		    "WeChat/arm64 NetType/WIFI Language/zh_CN", "app_wechat" },
		{ WEBKIT "wxwork/4.1.10 MicroMessenger/7.0.1 NetType/WIFI", "app_wecom" },
		{ WEBKIT "V1_AND_SQ_9.0.0_4690 QQ/9.0.0.14110 NetType/WIFI", "app_qq" },
		{ WEBKIT "MQQBrowser/14.7 Mobile", "" },
		{ WEBKIT "NebulaSDK/1.8 AlipayDefined(nt:WIFI) AliApp(AP/10.5) "
		    "AlipayClient/10.5.20", "app_alipay" },
		{ WEBKIT "AliApp(DingTalk/7.5.5) com.alibaba.android.rimet/123 Channel/10",
		    "app_dingtalk" },
		{ "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Mobile/15E148 Weibo "
		    "(iPhone15,2__weibo__13.9.0__iphone__os17.0)", "app_weibo" },
		{ WEBKIT "Lark/7.4.8 LarkLocale/zh_CN ChannelName/Feishu", "app_feishu" },
		{ WEBKIT "aweme_270600 JsSdk/1.0", "app_douyin" },
		{ WEBKIT "baiduboxapp/13.42.0.10", "app_baidu" }, { WEBKIT, "" }, { "", "" },
		{ NULL, "" }, { "QQ/1", "" },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++)
		UP_CHECK(strcmp(up_text_in_app(up_span_str(rows[i].ua)), rows[i].want) == 0,
		    rows[i].ua);
}

static void test_locale(void)
{
	static const struct { const char *all, *messages, *lang; bool chinese;
	} rows[] = {
	    {NULL, NULL, NULL, false},
	    {NULL, NULL, "zh_CN.UTF-8", true},
	    {"C", NULL, "zh_CN", false},
	    {"", "", "zh_TW", true},
	    {"zh_CN", "C", "C", true},
	    {NULL, "en_US", "zh_CN", false},
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++)
		CU_ASSERT_EQUAL(up_text_locale_chinese(rows[i].all, rows[i].messages, rows[i].lang),
		    rows[i].chinese);
}

UP_SUITE("text", test_locale, test_b64url_vectors, test_b64url_strict, test_b64url_one_spelling,
    test_hex, test_base20, test_scanned, test_base20_parse, test_utf8, test_put_safe,
    test_form_decode, test_no_memory, test_user_agent, test_in_app)
