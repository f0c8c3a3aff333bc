/* SPDX-License-Identifier: Apache-2.0 */
#include "core/lines.h"

#include <string.h>

#include "core/text.h"

#define LOOK 512                         /* bytes in which UTF-16 without a mark shows itself */
#define NULS 4

/* Every other byte NUL: letters, commas and line ends of UTF-16. */
static bool looks_utf16(struct up_span s)
{
	size_t at[2] = { 0, 0 };

	for (size_t i = 0; i < s.n && i < LOOK; i++)
		at[i % 2] += s.p[i] == '\0';
	return (at[0] >= NULS && at[1] == 0) || (at[1] >= NULS && at[0] == 0);
}

enum up_lines_fault up_lines_open(struct up_span raw, struct up_span *text)
{
	*text = raw;
	if (up_span_starts(raw, "\xef\xbb\xbf"))
		*text = up_span_of(raw.p + 3, raw.n - 3);
	else if (up_span_starts(raw, "\xff\xfe") || up_span_starts(raw, "\xfe\xff") ||
	    looks_utf16(raw))
		return UP_LINES_UTF16;
	return UP_LINES_UTF8;
}

bool up_lines_next(struct up_span *rest, struct up_span *line)
{
	size_t n = 0;

	while (n < rest->n && rest->p[n] != '\n' && rest->p[n] != '\r')
		n++;
	if (n < rest->n)
		n += rest->p[n] == '\r' && n + 1 < rest->n && rest->p[n + 1] == '\n' ? 2 : 1;
	*line = up_span_of(rest->p, n);
	*rest = up_span_of(n > 0 ? rest->p + n : rest->p, rest->n - n);
	return n > 0;
}

struct up_span up_lines_chop(struct up_span line)
{
	while (line.n > 0 && (line.p[line.n - 1] == '\n' || line.p[line.n - 1] == '\r'))
		line.n--;
	return line;
}

static bool between(uint8_t c, uint8_t first, uint8_t last)
{
	return c >= first && c <= last;
}

/* Bytes of the character of GB 18030 that P begins with, or 0. */
static size_t gb_step(const uint8_t *p, size_t n)
{
	if (p[0] < 0x80)
		return 1;
	if (n < 2 || !between(p[0], 0x81, 0xfe))
		return 0;
	if (between(p[1], 0x40, 0xfe) && p[1] != 0x7f)
		return 2;
	return n >= 4 && between(p[1], '0', '9') && between(p[2], 0x81, 0xfe) &&
	    between(p[3], '0', '9') ? 4 : 0;
}

static bool looks_gbk(struct up_span s)
{
	size_t step;

	for (size_t i = 0; i < s.n; i += step) {
		step = gb_step(s.p + i, s.n - i);
		if (step == 0)
			return false;
	}
	return true;
}

enum up_lines_fault up_lines_check(struct up_span line)
{
	if (up_text_utf8_valid(line))
		return UP_LINES_UTF8;
	if (memchr(line.p, '\0', line.n) != NULL)
		return UP_LINES_NUL;
	return looks_gbk(line) ? UP_LINES_GBK : UP_LINES_BROKEN;
}

enum up_lines_fault up_lines_whole(struct up_span raw, struct up_span *text, unsigned long *line)
{
	enum up_lines_fault fault = up_lines_open(raw, text);
	struct up_span rest, one;

	*line = 1;
	if (fault != UP_LINES_UTF8 || up_text_utf8_valid(*text))
		return fault;
	for (rest = *text; up_lines_next(&rest, &one); ++*line) {
		fault = up_lines_check(one);
		if (fault != UP_LINES_UTF8)
			break;
	}
	return fault;
}

const char *up_lines_fault_text(enum up_lines_fault fault, bool chinese)
{
	static const char *const texts[][2] = {
		[UP_LINES_UTF8] = { "is UTF-8", "是 UTF-8 编码" },
		[UP_LINES_UTF16] = {
		    "is UTF-16; save the file as UTF-8 (in a spreadsheet: CSV UTF-8)",
		    "是 UTF-16 编码，请另存为 UTF-8（电子表格选“CSV UTF-8”）" },
		[UP_LINES_GBK] = { "is GBK (GB 18030), not UTF-8; save the file as UTF-8 "
		    "(in a spreadsheet: CSV UTF-8)",
		    "是 GBK（GB 18030）编码，不是 UTF-8；请另存为 UTF-8（电子表格选“CSV UTF-8”）" },
		[UP_LINES_NUL] = { "holds a NUL byte: the file is damaged or no text",
		    "含有 NUL 字节，文件已损坏或不是文本" },
		[UP_LINES_BROKEN] = { "is not UTF-8; save the file as UTF-8",
		    "不是 UTF-8 编码，请另存为 UTF-8" },
	};

	return texts[fault][chinese];
}
