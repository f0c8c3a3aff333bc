/* SPDX-License-Identifier: Apache-2.0 */
#include "core/person.h"

#include "core/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <uninorm.h>

#define NAME_MIN 2
#define NAME_MAX 30
#define FOLDED_MAX 512                   /* a name in any form; a longer one lies elsewhere */
#define MIDDLE_DOT 0x00b7

static bool digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool real_province(struct up_span id)
{
	/* GB/T 2260; 83 stands in residence permits of people from Taiwan. */
	static const char codes[] =
	    "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 "
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

enum up_err up_person_parse_mobile(struct up_span in, char out[12], struct up_normal_fault *fault)
{
	static const char *const prefixes[] = { "+86", "0086" };
	char text[32], digits[16] = "";
	struct up_span s;
	enum up_err err = up_normal_take(in, UP_NORMAL_NUMBER, text, sizeof(text), fault);
	size_t n = 0;

	memset(out, 0, 12);
	if (err != UP_OK)
		return err;
	for (const char *at = text; *at != '\0' && n < sizeof(digits) - 1; at++)
		if (*at != '-')
			digits[n++] = *at;
	s = up_span_of(digits, n);
	for (size_t i = 0; i < UP_ARRAY_LEN(prefixes) && s.n == n; i++)
		if (n == 11 + strlen(prefixes[i]) && up_span_starts(s, prefixes[i]))
			s = up_span_of(digits + strlen(prefixes[i]), 11);
	err = s.n == 11 && s.p[0] == '1' && s.p[1] >= '3' ? UP_OK : UP_E_FORMAT;
	for (size_t i = 0; i < s.n; i++)
		if (!digit(s.p[i]))
			err = UP_E_FORMAT;
	if (err == UP_OK)
		memcpy(out, s.p, 11);
	up_wipe(text, sizeof(text));
	up_wipe(digits, sizeof(digits));
	return err;
}

/* What may stand between letters; that these are of one script is known (core/normal.h). */
static bool separator(uint32_t cp)
{
	return cp == MIDDLE_DOT || (cp < 0x80 && strchr(" .'-", (int)cp) != NULL);
}

static bool latin(uint32_t cp)
{
	return cp < 0x250 || (cp >= 0x1e00 && cp <= 0x1eff);
}

enum up_err up_person_check_name(struct up_span name)
{
	uint32_t cp, before = ' ';
	size_t count = 0, n;
	bool all_latin = true, marks = false;

	for (; name.n > 0; name = up_span_of(name.p + n, name.n - n)) {
		n = up_text_utf8_next(name, &cp);
		if (n == 0 || cp == 0 || ++count > NAME_MAX)
			return UP_E_FORMAT;
		/* "L. King": a blank may follow the full stop */
		if (separator(cp) && separator(before) && !(cp == ' ' && before == '.'))
			return UP_E_FORMAT;
		marks = marks || cp == '.' || cp == '\'' || cp == '-';
		all_latin = all_latin && latin(cp);
		before = cp;
	}
	if (count < NAME_MIN || (marks && !all_latin))
		return UP_E_FORMAT;
	return !separator(before) || before == '.' ? UP_OK : UP_E_FORMAT;
}

/* A place of ours, or one of the library's, which is let go. */
static void drop(uint8_t *p, size_t n, uint8_t place[FOLDED_MAX])
{
	if (p != NULL && p != place) {
		up_wipe(p, n);
		free(p);
	}
	up_wipe(place, FOLDED_MAX);
}

/* In two steps, each into a place of ours: in one the library keeps what lies between in memory
 * that it does not wipe. */
static enum up_err put_folded(struct up_buf *b, struct up_span normal)
{
	uint8_t folded[FOLDED_MAX], composed[FOLDED_MAX], *fold, *key = NULL;
	size_t n_fold = sizeof(folded), n = sizeof(composed);

	fold = u8_casefold(normal.p, normal.n, NULL, NULL, folded, &n_fold);
	if (fold != NULL)
		key = u8_normalize(UNINORM_NFC, fold, n_fold, composed, &n);
	if (key != NULL)
		up_buf_put(b, key, n);
	drop(fold, n_fold, folded);
	drop(key, n, composed);
	return key != NULL ? UP_OK : UP_E_NOMEM;
}

enum up_err up_person_put_key(struct up_buf *b, struct up_span name)
{
	struct up_normal_fault fault;
	struct up_buf normal = { 0 };
	enum up_err err = up_normal_put(&normal, name, UP_NORMAL_PERSON, &fault);

	if (err == UP_OK && normal.n > 0)
		err = put_folded(b, up_buf_span(&normal));
	up_buf_free(&normal);
	up_wipe_stack();
	return err == UP_OK && b->failed ? UP_E_NOMEM : err;
}

static enum up_err take_members(const struct up_person_given *given, uint32_t today,
    struct up_person *out, struct up_person_fault *fault)
{
	enum up_err err;

	fault->member = "name";
	err = up_normal_take(given->name, UP_NORMAL_PERSON, out->name, sizeof(out->name),
	    &fault->character);
	if (err == UP_OK)
		err = up_person_check_name(up_span_str(out->name));
	if (err != UP_OK)
		return err;
	fault->member = "resident_id";
	err = up_normal_take(given->resident, UP_NORMAL_NUMBER, out->resident,
	    sizeof(out->resident), &fault->character);
	if (err == UP_OK)
		err = up_person_check_resident(up_span_str(out->resident), today);
	if (err != UP_OK)
		return err;
	fault->member = "mobile";
	return up_person_parse_mobile(given->mobile, out->mobile, &fault->character);
}

enum up_err up_person_take(const struct up_person_given *given, uint32_t today,
    struct up_person *out, struct up_person_fault *fault)
{
	memset(out, 0, sizeof(*out));
	memset(fault, 0, sizeof(*fault));
	fault->err = take_members(given, today, out, fault);
	if (fault->err != UP_OK)
		up_wipe(out, sizeof(*out));
	return fault->err;
}

void up_person_fault_text(const struct up_person_fault *fault, bool chinese,
    char out[UP_PERSON_FAULT_TEXT])
{
	static const struct { const char *member, *label[2], *want[2]; } members[] = {
		{ "name", { "name", "姓名" },
		    { "must be 2 to 30 letters or characters", "应为 2 至 30 个字" } },
		{ "resident_id", { "resident ID number", "身份证号" },
		    { "must be 18 characters with a real date", "应为 18 位且日期真实" } },
		{ "mobile", { "mobile number", "手机号" },
		    { "must be 11 digits beginning with 13 to 19",
		    "应为 11 位，以 13 至 19 开头" } },
	};
	char character[UP_NORMAL_FAULT_TEXT];
	size_t i = 0;
	const char *text;

	while (i + 1 < UP_ARRAY_LEN(members) && strcmp(members[i].member, fault->member) != 0)
		i++;
	text = members[i].want[chinese];
	if (fault->err == UP_E_CHECK)
		text = chinese ? "校验码不符，可能录入有误"
		    : "the check character does not fit; check it for typing errors";
	if (fault->err == UP_E_CHARACTER) {
		up_normal_fault_text(&fault->character, chinese, character);
		text = character;
	}
	snprintf(out, UP_PERSON_FAULT_TEXT, chinese ? "%s：%s" : "%s: %s", members[i].label[chinese],
	    text);
}

/* The first HEAD and last TAIL bytes of S, stars between; stars alone when it is not LEN bytes
 * long. */
static void mask(struct up_buf *b, struct up_span s, size_t len, size_t head, size_t tail)
{
	for (size_t i = 0; i < s.n; i++)
		up_buf_put_char(
		    b, s.n == len && (i < head || i >= len - tail) ? (char)s.p[i] : '*');
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

/* Bytes of a compound surname that NAME begins with and that leaves a given name; else of the first
 * character. */
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
