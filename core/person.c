/* SPDX-License-Identifier: Apache-2.0 */
#include "core/person.h"

#include "core/text.h"

#include <string.h>

#define NAME_MIN 2
#define NAME_MAX 30
#define MIDDLE_DOT 0x00b7
#define BULLET 0x2022

static bool digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool real_province(struct up_span id)
{
	/* GB/T 2260; 83 stands in residence permits of people from Taiwan. */
	static const char codes[] = "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 "
	    "50 51 52 53 54 61 62 63 64 65 71 81 82 83";

	for (const char *at = codes;; at += 3) {
		if (memcmp(at, id.p, 2) == 0)
			return true;
		if (at[2] == '\0')
			return false;
	}
}

static bool real_date(uint32_t date)
{
	static const uint8_t days[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	uint32_t year = date / 10000, month = date / 100 % 100, day = date % 100;
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	if (year < 1900 || month < 1 || month > 12 || day < 1)
		return false;
	return day <= days[month - 1] + (uint32_t)(month == 2 && leap);
}

enum up_err up_person_check_resident(struct up_span id, uint32_t today)
{
	static const unsigned weights[17] = { 7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2 };
	unsigned sum = 0;
	uint32_t date = 0;

	if (id.n != UP_RESIDENT_LEN || !(digit(id.p[17]) || id.p[17] == 'X'))
		return UP_E_FORMAT;
	for (size_t i = 0; i < 17; i++) {
		if (!digit(id.p[i]))
			return UP_E_FORMAT;
		sum += (unsigned)(id.p[i] - '0') * weights[i];
		if (i >= 6 && i < 14)
			date = date * 10 + (uint32_t)(id.p[i] - '0');
	}
	if (!real_province(id) || !real_date(date) || date > today)
		return UP_E_RANGE;
	return id.p[17] == (uint8_t)"10X98765432"[sum % 11] ? UP_OK : UP_E_CHECK;
}

enum up_err up_person_parse_mobile(struct up_span in, char out[12])
{
	char text[15] = { 0 };
	size_t n = 0, skip = 0;

	memset(out, 0, 12);
	for (size_t i = 0; i < in.n; i++) {
		if (in.p[i] == ' ' || in.p[i] == '-')
			continue;
		if (n == 15)
			return UP_E_FORMAT;
		text[n++] = (char)in.p[i];
	}
	if (up_span_starts(up_span_of(text, n), "+86"))
		skip = 3;
	else if (up_span_starts(up_span_of(text, n), "0086"))
		skip = 4;
	if (n - skip != 11 || text[skip] != '1' || text[skip + 1] < '3')
		return UP_E_FORMAT;
	for (size_t i = skip; i < n; i++)
		if (!digit((uint8_t)text[i]))
			return UP_E_FORMAT;
	memcpy(out, text + skip, 11);
	return UP_OK;
}

enum kind { LETTER, DOT, LATIN_MARK, REFUSED };

static bool latin(uint32_t cp)
{
	return (cp >= 'A' && cp <= 'Z') || (cp >= 'a' && cp <= 'z') || (cp >= 0xc0 && cp <= 0x24f)
	    || (cp >= 0x300 && cp <= 0x36f) || (cp >= 0x1e00 && cp <= 0x1eff);
}

static enum kind kind_of(uint32_t cp)
{
	/* Digits, symbols, punctuation and pictures beyond ASCII; what the standard has not assigned is not listed. */
	static const struct { uint32_t first, last; } refused[] = {
		{ 0x80, 0xbf }, { 0xd7, 0xd7 }, { 0xf7, 0xf7 }, { 0x660, 0x669 }, { 0x6f0, 0x6f9 }, { 0x966, 0x96f },
		{ 0x2000, 0x2bff }, { 0x2e00, 0x2e7f }, { 0x2ff0, 0x3004 }, { 0x3006, 0x3006 }, { 0x3008, 0x303f },
		{ 0x30fb, 0x30fb }, { 0x3164, 0x3164 }, { 0x3200, 0x33ff }, { 0xfdd0, 0xfdef }, { 0xfe10, 0xfe6f },
		{ 0xff00, 0xff20 }, { 0xff3b, 0xff40 }, { 0xff5b, 0xff65 }, { 0xffa0, 0xffa0 }, { 0xffe0, 0xffff },
		{ 0x1d000, 0x1ffff },
	};

	if (cp == MIDDLE_DOT || cp == BULLET)
		return DOT;
	if (latin(cp) && cp != 0xd7 && cp != 0xf7)
		return LETTER;
	if (cp == ' ' || cp == '.' || cp == '\'' || cp == '-')
		return LATIN_MARK;
	if (cp < 0x80 || up_text_unsafe(cp))
		return REFUSED;
	for (size_t i = 0; i < UP_ARRAY_LEN(refused); i++)
		if (cp >= refused[i].first && cp <= refused[i].last)
			return REFUSED;
	return LETTER;
}

enum up_err up_person_check_name(struct up_span name)
{
	uint32_t cp, before = 0;
	size_t count = 0, n;
	bool all_latin = true, marks = false;
	enum kind kind = REFUSED;

	for (; name.n > 0; name = up_span_of(name.p + n, name.n - n)) {
		n = up_text_utf8_next(name, &cp);
		if (n == 0 || ++count > NAME_MAX)
			return UP_E_FORMAT;
		kind = kind_of(cp);
		if (kind == REFUSED || (kind != LETTER && (count == 1 || cp == before)))
			return UP_E_FORMAT;
		if (kind == LATIN_MARK)
			marks = true;
		if (kind == LETTER && !latin(cp))
			all_latin = false;
		before = cp;
	}
	if (count < NAME_MIN || (marks && !all_latin))
		return UP_E_FORMAT;
	return kind == LETTER || before == '.' ? UP_OK : UP_E_FORMAT;
}

void up_person_put_name(struct up_buf *b, struct up_span name)
{
	uint32_t cp;
	size_t n;

	for (; name.n > 0; name = up_span_of(name.p + n, name.n - n)) {
		n = up_text_utf8_next(name, &cp);
		if (n == 0)
			n = 1;
		if (cp == BULLET)
			up_buf_put_str(b, "\xc2\xb7");
		else
			up_buf_put(b, name.p, n);
	}
}

/* The first HEAD and last TAIL bytes of S, stars between; stars alone when it is not LEN bytes long. */
static void mask(struct up_buf *b, struct up_span s, size_t len, size_t head, size_t tail)
{
	for (size_t i = 0; i < s.n; i++)
		up_buf_put_char(b, s.n == len && (i < head || i >= len - tail) ? (char)s.p[i] : '*');
}

void up_person_mask_resident(struct up_buf *b, struct up_span id)
{
	mask(b, id, UP_RESIDENT_LEN, 6, 4);
}

void up_person_mask_resident_anonymous(struct up_buf *b, struct up_span id)
{
	mask(b, id, UP_RESIDENT_LEN, 1, 1);
}

void up_person_mask_mobile(struct up_buf *b, struct up_span mobile)
{
	mask(b, mobile, 11, 3, 4);
}

/* Bytes of a compound surname that NAME begins with and that leaves a given name; else of the first character. */
static size_t surname_len(struct up_span name)
{
	static const char *const compound[] = {
		"欧阳", "歐陽", "上官", "司马", "司馬", "诸葛", "諸葛", "东方", "東方", "独孤", "獨孤", "南宫", "南宮", "万俟",
		"闻人", "聞人", "夏侯", "尉迟", "尉遲", "公羊", "赫连", "赫連", "澹台", "澹臺", "皇甫", "宗政", "濮阳", "濮陽",
		"公冶", "太叔", "申屠", "公孙", "公孫", "慕容", "仲孙", "仲孫", "钟离", "鍾離", "长孙", "長孫", "宇文", "司徒",
		"鲜于", "鮮于", "司空", "闾丘", "閭丘", "令狐", "端木", "第五", "呼延", "轩辕", "軒轅", "拓跋", "百里", "东郭",
		"南门", "西门", "西門", "左丘", "梁丘", "东门", "淳于", "单于", "公西", "漆雕", "乐正", "樂正", "壤驷", "夹谷",
		"宰父", "谷梁", "巫马", "子车", "颛孙", "亓官", "司寇", "羊舌", "微生", "段干", "纳兰", "納蘭", "完颜", "叶赫",
	};
	uint32_t cp;
	size_t n = up_text_utf8_next(name, &cp);

	for (size_t i = 0; i < UP_ARRAY_LEN(compound); i++) {
		size_t len = strlen(compound[i]);

		if (name.n > len && up_span_starts(name, compound[i]))
			return len;
	}
	return n;
}

void up_person_mask_name(struct up_buf *b, struct up_span name)
{
	uint32_t cp;
	size_t n = surname_len(name);

	up_buf_put(b, name.p, n);
	while (n < name.n) {
		size_t step = up_text_utf8_next(up_span_of(name.p + n, name.n - n), &cp);

		up_buf_put_char(b, '*');
		n += step == 0 ? 1 : step;
	}
}
