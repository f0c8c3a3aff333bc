/* SPDX-License-Identifier: Apache-2.0 */
#include "server/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/json_put.h"
#include "core/text.h"

static bool as_json;
static enum up_log_level least_level = UP_LOG_INFO;

static const char *const level_names[] = { "error", "warning", "info", "debug" };

void up_log_setup(bool json, enum up_log_level least)
{
	as_json = json;
	least_level = least;
}

/* The last DIGITS of V, with zeros in front, and AFTER. */
static void put_digits(struct up_buf *b, long v, int digits, char after)
{
	char text[5];

	for (int i = digits; i > 0; i--, v /= 10)
		text[i - 1] = (char)('0' + v % 10);
	text[digits] = after;
	up_buf_put(b, text, (size_t)digits + 1);
}

static void put_time(struct up_buf *b)
{
	struct timespec ts;
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &ts);
	gmtime_r(&ts.tv_sec, &tm);
	put_digits(b, tm.tm_year + 1900, 4, '-');
	put_digits(b, tm.tm_mon + 1, 2, '-');
	put_digits(b, tm.tm_mday, 2, 'T');
	put_digits(b, tm.tm_hour, 2, ':');
	put_digits(b, tm.tm_min, 2, ':');
	put_digits(b, tm.tm_sec, 2, '.');
	put_digits(b, ts.tv_nsec / 1000000, 3, 'Z');
}

static void put_begin(struct up_json_put *j, enum up_log_level level, const char *tag)
{
	if (!as_json) {
		put_time(j->b);
		up_buf_put_char(j->b, ' ');
		up_buf_put_str(j->b, level_names[level]);
		up_buf_put_char(j->b, ' ');
		up_buf_put_str(j->b, tag);
		return;
	}
	up_json_put_object(j, NULL);
	up_json_put_open(j, "time");
	put_time(j->b);
	up_json_put_close(j);
	up_json_put_str(j, "level", level_names[level]);
	up_json_put_str(j, "event", tag);
}

/* Values come from anywhere: only safe text goes out, so that a line stays a line. */
static void put_value(struct up_json_put *j, const char *key, const char *value)
{
	struct up_buf safe = { 0 };

	if (up_text_utf8_valid(up_span_str(value)))
		up_text_put_safe(&safe, up_span_str(value), 400);
	else
		up_buf_put_str(&safe, "(not UTF-8)");
	if (as_json) {
		up_json_put_text(j, key, up_buf_span(&safe));
	} else {
		up_buf_put_char(j->b, ' ');
		up_buf_put_str(j->b, key);
		up_buf_put_char(j->b, '=');
		up_buf_put_json(j->b, up_buf_span(&safe));
	}
	up_buf_free(&safe);
}

static void write_line(struct up_buf *b)
{
	up_buf_put_char(b, '\n');
	if (b->failed)
		return;
	/* One write a line: lines of threads do not mix. Nobody is left to tell when it fails. */
	if (write(STDERR_FILENO, b->p, b->n) < 0)
		return;
}

void up_log(enum up_log_level level, const char *tag, ...)
{
	struct up_buf b = { 0 };
	struct up_json_put j = { .b = &b };
	const char *key, *value;
	va_list ap;

	if (level > least_level)
		return;
	put_begin(&j, level, tag);
	va_start(ap, tag);
	while ((key = va_arg(ap, const char *)) != NULL) {
		value = va_arg(ap, const char *);
		if (value != NULL)
			put_value(&j, key, value);
	}
	va_end(ap);
	if (as_json)
		up_json_put_end(&j);
	write_line(&b);
	up_buf_free(&b);
}

void up_log_line(char level, const char *line)
{
	enum up_log_level l = level == 'e' ? UP_LOG_ERROR
	    : level == 'w'                 ? UP_LOG_WARNING
	    : level == 'i'                 ? UP_LOG_INFO
					   : UP_LOG_DEBUG;

	up_log(l, "library", "text", line, NULL);
}
