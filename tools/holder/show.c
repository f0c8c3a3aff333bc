/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/day.h"
#include "core/text.h"
#include "tools/common/terminal.h"
#include "tools/common/words.h"
#include "tools/holder/holder.h"

static int say(const struct up_holder *h, int status, const char *error, struct up_span text)
{
	fputs("unitpass-holder: ", stderr);
	up_terminal_put(stderr, text, 1000);
	fputc('\n', stderr);
	if (h->json)
		up_holder_print(
		    json_pack("{s:s, s:s%}", "error", error, "message", text.p, text.n));
	return status;
}

int up_holder_fail(const struct up_holder *h, int status, const char *error, const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	return say(h, status, error, up_span_str(line));
}

int up_holder_fail_err(const struct up_holder *h, int status, enum up_err err)
{
	const struct up_reply *r = up_err_reply(err);

	return say(h, status, up_err_name(err), up_span_str(up_terminal_chinese() ? r->zh : r->en));
}

int up_holder_refused(const struct up_holder *h, const struct up_holder_answer *a)
{
	struct up_span error = up_holder_text(a->body, "error"),
		       text = up_holder_text(a->body, "message");
	struct up_span detail = up_holder_text(a->body, "detail");

	if (text.n == 0)
		text = up_holder_text(a->body, "error_description");
	fprintf(stderr, "unitpass-holder: %s", up_say("refused: ", "服务器拒绝："));
	up_terminal_put(stderr, detail.n > 0 ? detail : text, 400);
	if (h->verbose) {
		fputs(" (", stderr);
		up_terminal_put(stderr, error.n > 0 ? error : UP_SPAN_LIT("?"), 60);
		fprintf(stderr, ", HTTP %ld)", a->status);
	}
	fputc('\n', stderr);
	if (json_is_integer(json_object_get(a->body, "tries_left")))
		fprintf(stderr, up_say("tries left: %d\n", "还可尝试 %d 次\n"),
		    (int)json_integer_value(json_object_get(a->body, "tries_left")));
	if (h->json)
		up_holder_print(json_incref(a->body));
	return UP_HOLDER_REFUSED;
}

int up_holder_print(json_t *v)
{
	bool good = v != NULL && json_dumpf(v, stdout, JSON_COMPACT) == 0 &&
	    fputc('\n', stdout) != EOF && fflush(stdout) == 0;

	json_decref(v);
	if (!good)
		fprintf(stderr, "unitpass-holder: the answer could not be written\n");
	return good ? 0 : UP_HOLDER_FAILED;
}

struct up_span up_holder_text(const json_t *o, const char *name)
{
	const json_t *v = json_object_get(o, name);

	return json_is_string(v) ? up_span_of(json_string_value(v), json_string_length(v))
				 : up_span_str("");
}

void up_holder_put_time(struct up_buf *b, const json_t *when)
{
	char text[32];

	if (json_is_string(when)) {
		up_buf_put_str(b, json_string_value(when));
		return;
	}
	if (json_integer_value(when) <= 0)
		return;
	up_day_time_text(json_integer_value(when) * 1000, text);
	up_buf_put_str(b, text);
}

void up_holder_word_line(const char *label, void (*put_word)(struct up_buf *, struct up_span),
    struct up_span code)
{
	struct up_buf words = { 0 };

	put_word(&words, code);
	up_terminal_line(stdout, label, up_buf_span(&words));
	up_buf_free(&words);
}

void up_holder_show_certificate(const json_t *c)
{
	static const struct { const char *name, *en, *zh;
	} fields[] = {
		{ "purpose", "purpose", "宗旨和业务范围" },
		{ "address", "address", "住所" },
		{ "legal_representative", "legal repr.", "法定代表人" },
		{ "funding", "funding", "经费来源" },
		{ "capital", "capital", "开办资金" },
		{ "organiser", "organiser", "举办单位" },
	};
	const json_t *all = json_object_get(c, "fields");

	up_terminal_line(stdout, up_say("unit", "单位"), up_holder_text(c, "unit_name"));
	up_terminal_line(stdout, up_say("code", "统一社会信用代码"), up_holder_text(c, "unit"));
	up_terminal_line(stdout, up_say("certificate", "证书号"), up_holder_text(c, "certificate"));
	up_holder_word_line(up_say("role", "角色"), up_words_put_role, up_holder_text(c, "role"));
	up_terminal_line(stdout, up_say("person", "本人"), up_holder_text(c, "person"));
	for (size_t i = 0; i < UP_ARRAY_LEN(fields); i++)
		up_terminal_line(stdout, up_say(fields[i].en, fields[i].zh),
		    up_holder_text(all, fields[i].name));
	up_terminal_line(stdout, up_say("valid from", "有效期自"), up_holder_text(c, "valid_from"));
	up_terminal_line(stdout, up_say("valid to", "有效期至"), up_holder_text(c, "valid_to"));
	if (json_is_false(json_object_get(c, "live")))
		up_terminal_line(stdout, up_say("status", "状态"),
		    up_span_str(up_say("no longer valid", "已失效")));
}

bool up_holder_ask(const char *question)
{
	char line[64];

	if (up_terminal_ask(question, line, sizeof(line)) != UP_OK)
		return false;
	return strcmp(line, "y") == 0 || strcmp(line, "Y") == 0 || strcmp(line, "yes") == 0 ||
	    strcmp(line, "是") == 0;
}
