/* SPDX-License-Identifier: Apache-2.0
 * Text files as people save them: with or without byte order mark, lines that end as on any system,
 * and encodings that are not UTF-8, which are recognised and named. */
#ifndef UP_LINES_H
#define UP_LINES_H

#include "core/span.h"

enum up_lines_fault {
	UP_LINES_UTF8,           /* as it should be */
	UP_LINES_UTF16,
	UP_LINES_GBK,            /* GBK or GB 18030 */
	UP_LINES_NUL,
	UP_LINES_BROKEN,         /* no encoding that we know */
};

/* The text of a file: RAW without its mark. UP_LINES_UTF16 when its lines cannot even be told
 * apart; single lines are for up_lines_check. */
enum up_lines_fault up_lines_open(struct up_span raw, struct up_span *text);
/* The next line with its end (LF, CRLF, or CR alone) of REST, which moves on. False at the end. */
bool up_lines_next(struct up_span *rest, struct up_span *line);
struct up_span up_lines_chop(struct up_span line);       /* without its end */
enum up_lines_fault up_lines_check(struct up_span line);
/* The whole of RAW is UTF-8: *TEXT without mark. Otherwise which line (from 1) is the first that is
 * not, and why. */
enum up_lines_fault up_lines_whole(struct up_span raw, struct up_span *text, unsigned long *line);
/* "is GBK, not UTF-8; ..." */
const char *up_lines_fault_text(enum up_lines_fault, bool chinese);

#endif
