/* SPDX-License-Identifier: Apache-2.0 */
#include "module/rp/rplog.h"

#include <curl/curl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LINE_MAX_BYTES 512
#define TOKEN_RUN 16

static struct {
	up_rp_log log;
	void *arg;
	oauth2_log_t *oauth2;
} process;

static bool is_token_char(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	    c == '-' || c == '_' || c == '%' || c == '+' || c == '=';
}

static size_t put(char *out, size_t at, size_t cap, const char *p, size_t n)
{
	for (size_t i = 0; i < n && at + 1 < cap; i++)
		out[at++] = (unsigned char)p[i] < 0x20 || (unsigned char)p[i] >= 0x7f ? '?' : p[i];
	return at;
}

void up_rplog_redact(const char *text, char *out, size_t cap)
{
	size_t at = 0;
	const char *p = text;

	while (*p != '\0') {
		size_t run = 0;
		while (is_token_char((unsigned char)p[run]))
			run++;
		if (run >= TOKEN_RUN)
			at = put(out, at, cap, "...", 3);
		else
			at = put(out, at, cap, p, run);
		p += run;
		if (*p == '?') {
			at = put(out, at, cap, "?...", 4);
			p += strcspn(p, " \t\n\"'<>()");
		} else if (*p != '\0') {
			at = put(out, at, cap, p++, 1);
		}
	}
	if (cap > 0)
		out[at] = '\0';
}

void up_rplog(char level, const char *fmt, ...)
{
	char line[LINE_MAX_BYTES];
	va_list ap;

	if (process.log == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	process.log(process.arg, level, line);
}

oauth2_log_t *up_rplog_oauth2(void)
{
	return process.oauth2;
}

/* liboauth2 quotes bodies and tokens at its debug level, and now and then at the error level too.
 */
static void sink(oauth2_log_sink_t *s, const char *file, unsigned long line, const char *function,
    oauth2_log_level_t level, const char *msg)
{
	char safe[LINE_MAX_BYTES / 2];

	(void)s;
	(void)file;
	(void)line;
	if (level > OAUTH2_LOG_WARN || msg == NULL)
		return;
	up_rplog_redact(msg, safe, sizeof(safe));
	up_rplog(level == OAUTH2_LOG_ERROR ? 'e' : 'w', "rp_oauth2 function=%s text=\"%s\"",
	    function, safe);
}

enum up_err up_rp_init(up_rp_log log, void *arg)
{
	oauth2_log_sink_t *s;

	process.log = log;
	process.arg = arg;
	if (process.oauth2 != NULL)
		return UP_OK;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return UP_E_IO;
	s = oauth2_log_sink_create(OAUTH2_LOG_WARN, sink, NULL);
	if (s != NULL)
		process.oauth2 = oauth2_init(OAUTH2_LOG_WARN, s);
	if (process.oauth2 == NULL) {
		curl_global_cleanup();
		return UP_E_NOMEM;
	}
	return UP_OK;
}

void up_rp_shutdown(void)
{
	if (process.oauth2 == NULL)
		return;
	oauth2_shutdown(process.oauth2);
	process.oauth2 = NULL;
	curl_global_cleanup();
}
