/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/common/words.h"

#include "core/disclosure.h"
#include "tools/common/terminal.h"
#include "tools/common/usage.h"

static bool codes;

static const struct { const char *code, *en, *zh; } roles[] = {
	{ "principal", "principal", "第一管理责任人" },
	{ "manager", "manager", "管理人" },
	{ "user", "user", "使用人" },
};

void up_words_codes(bool shown)
{
	codes = shown;
}

static void put(struct up_buf *b, struct up_span code, const char *words)
{
	if (words != NULL)
		up_buf_put_str(b, words);
	if (code.n == 0 || (words != NULL && (!codes || up_span_eq_str(code, words))))
		return;
	up_buf_put_str(b, words != NULL ? up_say(" (", "（") : "");
	up_buf_put_span(b, code);
	up_buf_put_str(b, words != NULL ? up_say(")", "）") : "");
}

void up_words_put_reason(struct up_buf *b, struct up_span code)
{
	put(b, code, up_usage_reason_word(code));
}

void up_words_put_role(struct up_buf *b, struct up_span code)
{
	const char *words = NULL;

	for (size_t i = 0; i < UP_ARRAY_LEN(roles); i++)
		if (up_span_eq_str(code, roles[i].code))
			words = up_say(roles[i].en, roles[i].zh);
	put(b, code, words);
}

void up_words_put_disclosure(struct up_buf *b, struct up_span name)
{
	put(b, name, up_disclosure_word(name, up_terminal_chinese()));
}
