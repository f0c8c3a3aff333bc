/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/common/words.h"

#include "core/disclosure.h"
#include "tools/common/terminal.h"
#include "tools/common/usage.h"

static bool codes;

struct words { const char *code, *en, *zh; };

static const struct words roles[] = {
	{ "principal", "principal", "第一管理责任人" },
	{ "manager", "manager", "管理人" },
	{ "user", "user", "使用人" },
};

static const struct words statuses[] = {
	{ "pending", "real-name check not answered", "实名核验中" },
	{ "waiting", "not scanned yet", "待面对面授权" },
	{ "live", "in force", "有效" },
	{ "expired", "over", "已到期" },
	{ "ended", "ended", "已失效" },
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

static void put_of(struct up_buf *b, const struct words *all, size_t n, struct up_span code)
{
	const char *words = NULL;

	for (size_t i = 0; i < n; i++)
		if (up_span_eq_str(code, all[i].code))
			words = up_say(all[i].en, all[i].zh);
	put(b, code, words);
}

void up_words_put_role(struct up_buf *b, struct up_span code)
{
	put_of(b, roles, UP_ARRAY_LEN(roles), code);
}

void up_words_put_status(struct up_buf *b, struct up_span code)
{
	put_of(b, statuses, UP_ARRAY_LEN(statuses), code);
}

void up_words_put_disclosure(struct up_buf *b, struct up_span name)
{
	put(b, name, up_disclosure_word(name, up_terminal_chinese()));
}
