/* SPDX-License-Identifier: Apache-2.0
 * People at a terminal: their language, questions, secrets without echo, text of others made
 * harmless. */
#ifndef UP_TERMINAL_H
#define UP_TERMINAL_H

#include <stdio.h>

#include "core/span.h"

/* Once, at the start. LANG NULL: from LC_ALL, LC_MESSAGES, LANG; "zh..." is Chinese, all else
 * English. Output is UTF-8 in any case. */
void up_terminal_setup(const char *lang);
bool up_terminal_chinese(void);
/* The one of the two that fits. */
const char *up_say(const char *en, const char *zh) __attribute__((format_arg(1), format_arg(2)));

/* Both words in one constant, for tables; up_words gives the one that fits (EN is printed as it is,
 * ZH where Chinese is spoken). */
#define UP_WORDS(en, zh) en "\f" zh
/* Of a text made by UP_WORDS; one without a Chinese half is given whole. */
struct up_span up_words(const char *both);

/* Print text of others, at most MAX characters, without what could steer the terminal or hide
 * (up_text_put_safe). */
void up_terminal_put(FILE *, struct up_span text, size_t max);
/* "label  text", for a view of several lines; nothing when TEXT is empty. */
void up_terminal_line(FILE *, const char *label, struct up_span text);
/* Columns that TEXT takes: Chinese characters take two. */
size_t up_terminal_width(struct up_span text);

/* Ask on standard error, read one line of standard input without its end. UP_E_IO at the end of
 * input, UP_E_TOO_LARGE. */
UP_MUST_USE enum up_err up_terminal_ask(const char *question, char *out, size_t cap);
/* The same without echo; only from a terminal: UP_E_IO otherwise. OUT is the caller's (up_buf_free
 * wipes). */
UP_MUST_USE enum up_err up_terminal_secret(const char *question, struct up_buf *out);
bool up_terminal_there(void);            /* may questions be asked? */

#endif
