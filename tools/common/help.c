/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include "tools/common/help.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/text.h"
#include "tools/common/terminal.h"

#define WIDTH 80
#define COMMAND_INDENT 26
#define OPTION_INDENT 30

/* --- text in lines --- */

static bool stands_alone(uint32_t cp)
{
	return cp >= 0x2e80;             /* Chinese: a line may end after any character */
}

static bool closes(uint32_t cp)
{
	return cp == 0x3001 || cp == 0x3002 || cp == 0xff0c || cp == 0xff1b || cp == 0xff1a ||
	       cp == 0xff09 || cp == 0x201d;
}

/* What may not be broken at the beginning of S: a word, or one Chinese character with the mark
 * behind it. */
static size_t token(struct up_span s)
{
	size_t at = 0, n;
	uint32_t cp;

	for (; at < s.n && s.p[at] != ' '; at += n) {
		n = up_text_utf8_next(up_span_of(s.p + at, s.n - at), &cp);
		if (n == 0)
			return s.n;
		if (at > 0 && stands_alone(cp) && !closes(cp))
			break;
		if (at > 0 && !stands_alone(cp)) {
			uint32_t first;

			(void)up_text_utf8_next(s, &first);
			if (stands_alone(first))
				break;
		}
	}
	return at;
}

/* TEXT from column COL on, further lines indented by INDENT. */
static void put_text(FILE *f, struct up_span text, size_t col, size_t indent)
{
	bool blank = false;

	while (text.n > 0) {
		size_t n = token(text), width = up_terminal_width(up_span_of(text.p, n));

		if (n == 0) {
			blank = true;
			text = up_span_of(text.p + 1, text.n - 1);
			continue;
		}
		if (col > indent && col + blank + width > WIDTH) {
			fprintf(f, "\n%*s", (int)indent, "");
			col = indent;
			blank = false;
		}
		fprintf(f, "%s%.*s", blank ? " " : "", (int)n, (const char *)text.p);
		col += blank + width;
		blank = false;
		text = up_span_of(text.p + n, text.n - n);
	}
	fputc('\n', f);
}

static void put_pair(FILE *f, const char *left, struct up_span text, size_t indent)
{
	size_t width = up_terminal_width(up_span_str(left));

	fputs(left, f);
	if (width + 1 < indent)
		fprintf(f, "%*s", (int)(indent - width), "");
	else
		fprintf(f, "\n%*s", (int)indent, "");
	put_text(f, text, indent, indent);
}

/* --- commands --- */

static bool in_group(const struct up_command *c, const char *group)
{
	size_t n = strcspn(c->name, " ");

	return group == NULL || (strlen(group) == n && memcmp(c->name, group, n) == 0);
}

/* What it does; after \v the details. */
static struct up_span part(const char *both, bool details)
{
	struct up_span first, rest;

	up_span_cut(up_words(both), '\v', &first, &rest);
	return details ? rest : first;
}

void up_help_commands(FILE *f, const struct up_program *p, const char *group)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct up_command *c = &p->commands[i];
		char left[64];

		if (!in_group(c, group))
			continue;
		snprintf(left, sizeof(left), "  %s%s%s", c->name, c->argument != NULL ? " " : "",
		    c->argument != NULL ? c->argument : "");
		put_pair(f, left, part(c->help, false), COMMAND_INDENT);
	}
}

/* --- options --- */

static void put_options(FILE *f, const struct argp_option *options)
{
	for (const struct argp_option *o = options; o != NULL && o->name != NULL; o++) {
		char left[80], letter[8] = "    ";

		if ((o->flags & OPTION_HIDDEN) != 0)
			continue;
		if (isprint(o->key) && o->key < 128)
			snprintf(letter, sizeof(letter), "-%c, ", o->key);
		snprintf(left, sizeof(left), "  %s--%s%s%s", letter, o->name,
		    o->arg != NULL ? "=" : "", o->arg != NULL ? o->arg : "");
		put_pair(f, left, up_words(o->doc), OPTION_INDENT);
	}
}

static void put_always(FILE *f, const struct up_program *p)
{
	static const struct argp_option own[] = {
		{ "help", '?', NULL, 0, UP_WORDS("this help", "显示本帮助"), 0 },
		{ "version", 'V', NULL, 0, UP_WORDS("the program's version", "显示程序版本"), 0 },
		{ 0 },
	};

	put_options(f, p->options);
	put_options(f, own);
}

void up_help_program(FILE *f, const struct up_program *p)
{
	fprintf(f, up_say("Usage: %s [OPTION...] COMMAND ...\n", "用法：%s [选项...] 命令 ...\n"),
	    program_invocation_short_name);
	put_text(f, up_words(p->help), 0, 0);
	fprintf(f, "\n%s\n", up_say("Commands:", "命令："));
	up_help_commands(f, p, NULL);
	fprintf(
	    f, "\n%s\n", up_say("Options, before or after the command:", "选项（命令前后均可）："));
	put_always(f, p);
	fprintf(
	    f, "\n%s\n", up_say("Each command has its own --help.", "每个命令都有自己的 --help。"));
}

void up_help_command(FILE *f, const struct up_program *p, const struct up_command *c)
{
	struct up_span details = part(c->help, true);

	fprintf(f, up_say("Usage: %s %s [OPTION...]%s%s\n", "用法：%s %s [选项...]%s%s\n"),
	    program_invocation_short_name, c->name, c->argument != NULL ? " " : "",
	    c->argument != NULL ? c->argument : "");
	put_text(f, part(c->help, false), 0, 0);
	if (c->options != NULL) {
		fputc('\n', f);
		put_options(f, c->options);
	}
	fprintf(f, "\n%s\n", up_say("Always:", "通用选项："));
	put_always(f, p);
	if (details.n > 0) {
		fputc('\n', f);
		put_text(f, details, 0, 0);
	}
}
