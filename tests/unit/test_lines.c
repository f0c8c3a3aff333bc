/* SPDX-License-Identifier: Apache-2.0
 * Text files as people save them. */
#include "core/lines.h"
#include "unit.h"

#include <string.h>

static const struct {
	struct up_span raw;
	enum up_lines_fault fault;
	unsigned long line;
	const char *text;
} files[] = {
	{ UP_SPAN_LIT("a\nb"), UP_LINES_UTF8, 1, "a\nb" },
	{ UP_SPAN_LIT("\xef\xbb\xbf" "a"), UP_LINES_UTF8, 1, "a" },
	{ UP_SPAN_LIT("\xef\xbb\xbf"), UP_LINES_UTF8, 1, "" },
	{ UP_SPAN_LIT(""), UP_LINES_UTF8, 1, "" },
	{ UP_SPAN_LIT("\xff\xfe" "a\0b\0"), UP_LINES_UTF16, 1, NULL },
	{ UP_SPAN_LIT("\xfe\xff\0a\0b"), UP_LINES_UTF16, 1, NULL },
	{ UP_SPAN_LIT("n\0a\0m\0e\0,\0"), UP_LINES_UTF16, 1, NULL },
	{ UP_SPAN_LIT("\0n\0a\0m\0e\0,"), UP_LINES_UTF16, 1, NULL },
	{ UP_SPAN_LIT("a\nb\n\xd5\xc5\xc8\xfd,1"), UP_LINES_GBK, 3, NULL },         /* 张三 */
	/* four bytes of GB 18030 */
	{ UP_SPAN_LIT("a\r\x81\x30\x81\x30\r"), UP_LINES_GBK, 2, NULL },
	{ UP_SPAN_LIT("a\r\nb\0c"), UP_LINES_NUL, 2, NULL },
	{ UP_SPAN_LIT("a\r\n\xd5"), UP_LINES_BROKEN, 2, NULL },
};

static void test_files(void)
{
	for (size_t i = 0; i < UP_ARRAY_LEN(files); i++) {
		const char *row = (const char *)files[i].raw.p;
		struct up_span text;
		unsigned long line;

		UP_CHECK(up_lines_whole(files[i].raw, &text, &line) == files[i].fault, row);
		UP_CHECK(line == files[i].line, row);
		if (files[i].text != NULL)
			UP_CHECK_TEXT(text, files[i].text);
		UP_CHECK(strlen(up_lines_fault_text(files[i].fault, i % 2 == 0)) > 5, row);
	}
}

static void test_lines(void)
{
	static const struct { const char *text, *lines[4]; } rows[] = {
		{ "", { NULL } }, { "a", { "a" } }, { "a\n", { "a" } }, { "a\rb\r", { "a", "b" } },
		{ "a\r\nb\n\nc", { "a", "b", "", "c" } },
		{ "\r\r", { "", "" } }, { "\r\n\r", { "", "" } },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		struct up_span rest = up_span_str(rows[i].text), line;
		size_t n = 0;

		while (up_lines_next(&rest, &line)) {
			CU_ASSERT_FATAL(n < 4 && rows[i].lines[n] != NULL);
			UP_CHECK_TEXT(up_lines_chop(line), rows[i].lines[n]);
			n++;
		}
		UP_CHECK(n == 4 || rows[i].lines[n] == NULL, rows[i].text);
	}
}

UP_SUITE("lines", test_files, test_lines)
