/* SPDX-License-Identifier: Apache-2.0 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE               /* memmem */
#endif
#include "core/text.h"

#include <string.h>

static const char b64url_chars[64] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

size_t up_text_b64url_len(size_t n)
{
	static const size_t tail[3] = { 0, 2, 3 };

	return n / 3 * 4 + tail[n % 3];
}

void up_text_b64url(struct up_span in, char *out)
{
	const uint8_t *p = in.p;
	size_t left = in.n;

	for (; left >= 3; left -= 3, p += 3) {
		*out++ = b64url_chars[p[0] >> 2];
		*out++ = b64url_chars[(p[0] & 3) << 4 | p[1] >> 4];
		*out++ = b64url_chars[(p[1] & 15) << 2 | p[2] >> 6];
		*out++ = b64url_chars[p[2] & 63];
	}
	if (left == 0)
		return;
	*out++ = b64url_chars[p[0] >> 2];
	if (left == 1) {
		*out = b64url_chars[(p[0] & 3) << 4];
		return;
	}
	*out++ = b64url_chars[(p[0] & 3) << 4 | p[1] >> 4];
	*out = b64url_chars[(p[1] & 15) << 2];
}

void up_text_put_b64url(struct up_buf *b, struct up_span in)
{
	size_t n = up_text_b64url_len(in.n);

	up_buf_reserve(b, n);
	if (b->failed || n == 0)
		return;
	up_text_b64url(in, (char *)b->p + b->n);
	b->n += n;
}

/* 0-63, or 255 for what is not in the alphabet. */
static const uint8_t b64url_value[256] = {
	[0 ... ','] = 255, ['.' ... '/'] = 255, [':' ... '@'] = 255, ['[' ... '^'] = 255,
	['`'] = 255, ['{' ... 255] = 255,
	['A'] = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22,
	23, 24, 25,
	['a'] = 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46,
	47, 48, 49, 50, 51,
	['0'] = 52, 53, 54, 55, 56, 57, 58, 59, 60, 61,
	['-'] = 62, ['_'] = 63,
};

/* The last 2 or 3 characters; the bits that carry nothing must be zero, so that a value has one
 * spelling. */
static bool decode_tail(const uint8_t *p, size_t left, uint8_t *out)
{
	unsigned a = b64url_value[p[0]], b = b64url_value[p[1]];
	unsigned c = left == 3 ? b64url_value[p[2]] : 0;

	if ((a | b | c) & 0x80)
		return false;
	if (left == 2 ? (b & 15) != 0 : (c & 3) != 0)
		return false;
	out[0] = (uint8_t)(a << 2 | b >> 4);
	if (left == 3)
		out[1] = (uint8_t)(b << 4 | c >> 2);
	return true;
}

enum up_err up_text_b64url_decode(struct up_span in, uint8_t *out, size_t cap, size_t *n)
{
	const uint8_t *p = in.p;
	size_t left = in.n, want = in.n / 4 * 3 + (in.n % 4 == 0 ? 0 : in.n % 4 - 1);
	uint8_t *to = out;

	*n = 0;
	if (in.n % 4 == 1 || want > cap)
		return UP_E_FORMAT;
	for (; left >= 4; left -= 4, p += 4, to += 3) {
		unsigned a = b64url_value[p[0]], b = b64url_value[p[1]], c = b64url_value[p[2]],
			 d = b64url_value[p[3]];

		if ((a | b | c | d) & 0x80)
			goto bad;
		to[0] = (uint8_t)(a << 2 | b >> 4);
		to[1] = (uint8_t)(b << 4 | c >> 2);
		to[2] = (uint8_t)(c << 6 | d);
	}
	if (left > 0 && !decode_tail(p, left, to))
		goto bad;
	*n = want;
	return UP_OK;
bad:
	up_wipe(out, want);
	return UP_E_FORMAT;
}

enum up_err up_text_b64url_fixed(struct up_span in, uint8_t *out, size_t n)
{
	size_t got;

	if (in.n != up_text_b64url_len(n))
		return UP_E_FORMAT;
	return up_text_b64url_decode(in, out, n, &got);
}

void up_text_hex(struct up_span in, char *out)
{
	static const char digits[16] = "0123456789abcdef";

	for (size_t i = 0; i < in.n; i++) {
		out[2 * i] = digits[in.p[i] >> 4];
		out[2 * i + 1] = digits[in.p[i] & 15];
	}
}

/* 0-15, or -1. */
static int hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

enum up_err up_text_hex_decode(struct up_span in, uint8_t *out, size_t n)
{
	if (in.n % 2 != 0 || in.n / 2 != n)
		return UP_E_FORMAT;
	for (size_t i = 0; i < n; i++) {
		int hi = hex_value(in.p[2 * i]), lo = hex_value(in.p[2 * i + 1]);

		if (hi < 0 || lo < 0) {
			up_wipe(out, i);
			return UP_E_FORMAT;
		}
		out[i] = (uint8_t)(hi << 4 | lo);
	}
	return UP_OK;
}

static const char base20_chars[20] = "BCDFGHJKLMNPQRSTVWXZ";

void up_text_base20(const uint8_t rnd[16], char out[10])
{
	uint8_t number[16];

	memcpy(number, rnd, sizeof number);
	for (size_t at = 0; at < 9; at++) {
		unsigned rest = 0;

		if (at == 4) {
			out[at] = '-';
			continue;
		}
		for (size_t i = 0; i < sizeof number; i++) {
			rest = rest << 8 | number[i];
			number[i] = (uint8_t)(rest / 20);
			rest %= 20;
		}
		out[at] = base20_chars[rest];
	}
	out[9] = '\0';
	up_wipe(number, sizeof number);
}

struct up_span up_text_scanned(struct up_span text)
{
	while (text.n > 0 && text.p[text.n - 1] <= ' ')
		text.n--;
	while (text.n > 0 && text.p[0] <= ' ')
		text = up_span_of(text.p + 1, text.n - 1);
	return text;
}

enum up_err up_text_base20_parse(struct up_span in, char out[9])
{
	size_t n = 0;

	memset(out, 0, 9);
	for (size_t i = 0; i < in.n; i++) {
		uint8_t c = in.p[i];

		if (c == ' ' || c == '-')
			continue;
		if (c >= 'a' && c <= 'z')
			c = (uint8_t)(c - 'a' + 'A');
		if (n == 8 || memchr(base20_chars, c, sizeof base20_chars) == NULL)
			goto bad;
		out[n++] = (char)c;
	}
	if (n == 8)
		return UP_OK;
bad:
	memset(out, 0, 9);
	return UP_E_FORMAT;
}

enum up_err up_text_form_decode(struct up_span in, struct up_buf *out)
{
	size_t begin = out->n;
	enum up_err err = UP_E_FORMAT;

	up_buf_reserve(out, in.n);
	if (out->failed)
		return UP_E_NOMEM;
	uint8_t *to = out->p + begin;

	for (size_t i = 0; i < in.n; i++) {
		uint8_t c = in.p[i];

		if (c == '%') {
			int hi = in.n - i > 2 ? hex_value(in.p[i + 1]) : -1;
			int lo = in.n - i > 2 ? hex_value(in.p[i + 2]) : -1;

			if (hi < 0 || lo < 0)
				goto bad;
			c = (uint8_t)(hi << 4 | lo);
			i += 2;
		} else if (c == '+') {
			c = ' ';
		}
		*to++ = c;
	}
	err = UP_E_UTF8;
	size_t n = (size_t)(to - (out->p + begin));

	if (!up_text_utf8_valid(up_span_of(out->p + begin, n)))
		goto bad;
	out->n = begin + n;
	return UP_OK;
bad:
	up_wipe(out->p + begin, (size_t)(to - (out->p + begin)));
	return err;
}

size_t up_text_utf8_next(struct up_span s, uint32_t *cp)
{
	static const uint32_t least[5] = { 0, 0, 0x80, 0x800, 0x10000 };   /* below: overlong */
	size_t n;
	uint32_t v;

	*cp = 0;
	if (s.n == 0)
		return 0;
	if (s.p[0] < 0x80) {
		*cp = s.p[0];
		return 1;
	}
	if (s.p[0] >= 0xc2 && s.p[0] <= 0xdf) {
		n = 2;
		v = s.p[0] & 0x1fu;
	} else if ((s.p[0] & 0xf0) == 0xe0) {
		n = 3;
		v = s.p[0] & 0x0fu;
	} else if (s.p[0] >= 0xf0 && s.p[0] <= 0xf4) {
		n = 4;
		v = s.p[0] & 0x07u;
	} else {
		return 0;
	}
	if (s.n < n)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((s.p[i] & 0xc0) != 0x80)
			return 0;
		v = v << 6 | (s.p[i] & 0x3fu);
	}
	if (v < least[n] || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
		return 0;
	*cp = v;
	return n;
}

/* Eight bytes of ASCII without NUL. */
static bool plain_eight(const uint8_t *p)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), highs = ones * 0x80;
	uint64_t v;

	memcpy(&v, p, sizeof v);
	return ((v | (v - ones)) & highs) == 0;
}

bool up_text_utf8_valid(struct up_span s)
{
	size_t i = 0;

	while (i < s.n) {
		uint32_t cp;

		if (s.n - i >= 8 && plain_eight(s.p + i)) {
			i += 8;
			continue;
		}
		size_t n = up_text_utf8_next(up_span_of(s.p + i, s.n - i), &cp);

		if (n == 0 || cp == 0)
			return false;
		i += n;
	}
	return true;
}

size_t up_text_utf8_count(struct up_span s)
{
	size_t count = 0;

	for (size_t i = 0; i < s.n; i++)
		count += (s.p[i] & 0xc0) != 0x80;
	return count;
}

bool up_text_unsafe(uint32_t cp)
{
	static const struct { uint32_t first, last; } ranges[] = {
		{ 0x0000, 0x001f }, { 0x007f, 0x009f }, { 0x00ad, 0x00ad }, { 0x061c, 0x061c },
		{ 0x180e, 0x180e },
		{ 0x200b, 0x200f }, { 0x2028, 0x202e }, { 0x2060, 0x206f }, { 0xfeff, 0xfeff },
		{ 0xfff9, 0xfffb },
		{ 0xe0000, 0xe007f },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(ranges); i++)
		if (cp >= ranges[i].first && cp <= ranges[i].last)
			return true;
	return false;
}

/* Length of the first character; of bad UTF-8 one byte, which counts as unsafe. */
static size_t next_shown(struct up_span s, bool *bad)
{
	uint32_t cp;
	size_t n = up_text_utf8_next(s, &cp);

	*bad = n == 0 || up_text_unsafe(cp);
	return n == 0 ? 1 : n;
}

/* Printable ASCII, the usual case, is shown as it is. */
static bool all_shown(struct up_span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 0x20 || s.p[i] > 0x7e)
			return false;
	return true;
}

void up_text_put_safe(struct up_buf *b, struct up_span s, size_t max)
{
	size_t count = 0, end = 0, n;
	bool bad, cut;

	if (s.n <= max && all_shown(s)) {
		up_buf_put_span(b, s);
		return;
	}
	/* How far MAX characters reach, and whether that is all: an ellipsis takes the place of the
	 * last one. */
	while (end < s.n && count < max) {
		end += next_shown(up_span_of(s.p + end, s.n - end), &bad);
		count++;
	}
	cut = end < s.n;
	if (cut && count > 0)
		count--;
	for (size_t i = 0; count > 0; count--, i += n) {
		n = next_shown(up_span_of(s.p + i, s.n - i), &bad);
		if (bad)
			up_buf_put_str(b, "\xef\xbf\xbd");
		else
			up_buf_put(b, s.p + i, n);
	}
	if (cut && max > 0)
		up_buf_put_str(b, "\xe2\x80\xa6");
}

struct word {
	const char *mark, *name;
};

/* The name whose mark comes first in the table, not in the header: derived browsers also carry
 * their parents' marks. */
static const char *find_word(struct up_span ua, const struct word *words, size_t n)
{
	for (size_t i = 0; i < n && ua.n > 0; i++)
		if (memmem(ua.p, ua.n, words[i].mark, strlen(words[i].mark)) != NULL)
			return words[i].name;
	return "";
}

void up_text_user_agent(struct up_span ua, const char **browser, const char **os)
{
	static const struct word browsers[] = {
		{ "MicroMessenger/", "WeChat" },
		{ "DingTalk/", "DingTalk" },
		{ "AlipayClient/", "Alipay" },
		{ "HuaweiBrowser/", "Huawei Browser" },
		{ "MiuiBrowser/", "Mi Browser" },
		{ "SamsungBrowser/", "Samsung Internet" },
		{ "QQBrowser/", "QQ Browser" },
		{ "UCBrowser/", "UC Browser" },
		{ "UBrowser/", "UC Browser" },
		{ "Quark/", "Quark" },
		{ "360SE", "360 Browser" },
		{ "360EE", "360 Browser" },
		{ "QihooBrowser", "360 Browser" },
		{ "MetaSr", "Sogou Browser" },
		{ "Edg/", "Edge" },
		{ "EdgA/", "Edge" },
		{ "EdgiOS/", "Edge" },
		{ "Edge/", "Edge" },
		{ "OPR/", "Opera" },
		{ "Vivaldi/", "Vivaldi" },
		{ "FxiOS/", "Firefox" },
		{ "Firefox/", "Firefox" },
		{ "CriOS/", "Chrome" },
		{ "Chrome/", "Chrome" },
		{ "Chromium/", "Chromium" },
		{ "Trident/", "Internet Explorer" },
		{ "MSIE ", "Internet Explorer" },
		{ "Safari/", "Safari" },
	};
	static const struct word systems[] = {
		{ "OpenHarmony", "HarmonyOS" }, { "HarmonyOS", "HarmonyOS" },
		{ "Android", "Android" }, { "iPhone", "iOS" },
		{ "iPad", "iPadOS" }, { "Windows", "Windows" }, { "Macintosh", "macOS" },
		{ "CrOS", "ChromeOS" },
		{ "Kylin", "Kylin" }, { "UOS", "UOS" }, { "FreeBSD", "FreeBSD" },
		{ "OpenBSD", "OpenBSD" }, { "Linux", "Linux" },
	};

	if (ua.n > 1024)
		ua.n = 1024;             /* the rest cannot matter, and the search is per word */
	*browser = find_word(ua, browsers, UP_ARRAY_LEN(browsers));
	*os = find_word(ua, systems, UP_ARRAY_LEN(systems));
}

struct up_span up_text_line(struct up_span text)
{
	if (text.n > 0 && text.p[text.n - 1] == '\n') {
		text.n--;
		if (text.n > 0 && text.p[text.n - 1] == '\r')
			text.n--;
	}
	return text;
}

const char *up_text_in_app(struct up_span ua)
{
	static const struct word apps[] = {
		{ "wxwork/", "app_wecom" }, { "MicroMessenger/", "app_wechat" },
		{ " QQ/", "app_qq" }, { "AlipayClient/", "app_alipay" },
		{ "DingTalk", "app_dingtalk" }, { "Weibo", "app_weibo" },
		{ "__weibo__", "app_weibo" }, { "Lark/", "app_feishu" },
		{ "Feishu/", "app_feishu" }, { "aweme", "app_douyin" },
		{ "baiduboxapp", "app_baidu" },
	};

	return find_word(ua, apps, UP_ARRAY_LEN(apps));
}

bool up_text_locale_chinese(const char *lc_all, const char *lc_messages, const char *lang)
{
	const char *const values[] = { lc_all, lc_messages, lang };

	for (size_t i = 0; i < UP_ARRAY_LEN(values); i++)
		if (values[i] != NULL && values[i][0] != '\0')
			return strncmp(values[i], "zh", 2) == 0;
	return false;
}
