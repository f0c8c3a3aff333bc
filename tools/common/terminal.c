/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include "tools/common/terminal.h"

#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "core/text.h"

#define LABEL_WIDTH 20
#define SECRET_MAX 1024

static bool chinese;

void up_terminal_setup(const char *lang)
{
	/* For the widths of characters only; Debian always has this locale. */
	setlocale(LC_CTYPE, "C.UTF-8");
	chinese = lang != NULL ? up_text_locale_chinese(lang, NULL, NULL)
	    : up_text_locale_chinese(getenv("LC_ALL"), getenv("LC_MESSAGES"), getenv("LANG"));
}

bool up_terminal_chinese(void)
{
	return chinese;
}

const char *up_say(const char *en, const char *zh)
{
	return chinese ? zh : en;
}

struct up_span up_words(const char *both)
{
	struct up_span en, zh;

	if (!up_span_cut(up_span_str(both), '\f', &en, &zh) || !chinese)
		return en;
	return zh;
}

void up_terminal_put(FILE *f, struct up_span text, size_t max)
{
	struct up_buf b = { 0 };

	up_text_put_safe(&b, text, max);
	if (!b.failed && b.n > 0)
		fwrite(b.p, 1, b.n, f);
	up_buf_free(&b);
}

size_t up_terminal_width(struct up_span s)
{
	size_t width = 0, n;
	uint32_t cp;

	for (; s.n > 0; s = up_span_of(s.p + n, s.n - n)) {
		int w;

		n = up_text_utf8_next(s, &cp);
		if (n == 0)
			n = 1;
		w = wcwidth((wchar_t)cp);
		width += w > 0 ? (size_t)w : 0;
	}
	return width;
}

void up_terminal_line(FILE *f, const char *label, struct up_span text)
{
	size_t width = up_terminal_width(up_span_str(label));

	if (text.n == 0)
		return;
	fprintf(f, "  %s%*s", label, (int)(width < LABEL_WIDTH ? LABEL_WIDTH - width : 1), "");
	up_terminal_put(f, text, 400);
	fputc('\n', f);
}

bool up_terminal_there(void)
{
	return isatty(STDIN_FILENO) != 0;
}

enum up_err up_terminal_ask(const char *question, char *out, size_t cap)
{
	size_t n;

	fflush(stdout);
	fputs(question, stderr);
	fflush(stderr);
	if (fgets(out, (int)cap, stdin) == NULL) {
		out[0] = '\0';
		fputc('\n', stderr);
		return UP_E_IO;
	}
	n = strcspn(out, "\r\n");
	if (n + 1 == cap)
		return UP_E_TOO_LARGE;
	out[n] = '\0';
	return UP_OK;
}

static struct termios before;

static void restore(int sig)
{
	tcsetattr(STDIN_FILENO, TCSANOW, &before);
	signal(sig, SIG_DFL);
	raise(sig);
}

enum up_err up_terminal_secret(const char *question, struct up_buf *out)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGQUIT, SIGHUP };
	struct termios quiet;
	char line[SECRET_MAX];
	enum up_err err;

	memset(out, 0, sizeof(*out));
	if (tcgetattr(STDIN_FILENO, &before) != 0)
		return UP_E_IO;
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	for (size_t i = 0; i < UP_ARRAY_LEN(signals); i++)
		signal(signals[i], restore);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	err = up_terminal_ask(question, line, sizeof(line));
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
	for (size_t i = 0; i < UP_ARRAY_LEN(signals); i++)
		signal(signals[i], SIG_DFL);
	if (err == UP_OK)
		fputc('\n', stderr);
	up_buf_put_str(out, err == UP_OK ? line : "");
	up_wipe(line, sizeof(line));
	return err == UP_OK && out->failed ? UP_E_NOMEM : err;
}
