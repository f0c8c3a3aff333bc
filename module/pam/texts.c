/* SPDX-License-Identifier: Apache-2.0 */
#include "module/pam/texts.h"

#include "core/text.h"

#define SERVICE_MAX 12
#define USER_MAX 32

static const char *const texts[][UP_TEXTS_N] = {
	[UP_TEXTS_EN] = {
		[UP_TEXTS_SCAN] =
		    "unitpass: scan this with the phone that holds your unit's certificate.",
		[UP_TEXTS_TYPE] =
		    "unitpass: confirm on the phone that holds your unit's certificate.",
		[UP_TEXTS_OPEN] = "On the phone, open: ",
		[UP_TEXTS_OR_TYPE] = "Or type this code on the phone: ",
		[UP_TEXTS_CODE] = "Type this code on the phone: ",
		[UP_TEXTS_COMPARE] = "Confirm only if the phone shows: ",
		[UP_TEXTS_PROMPT] = "Press Enter after confirming on the phone: ",
		[UP_TEXTS_DENIED] = "Refused on the phone.",
		[UP_TEXTS_EXPIRED] = "The code has expired. Begin again.",
		[UP_TEXTS_TIMEOUT] = "Not confirmed in time. Begin again.",
		[UP_TEXTS_UNAVAILABLE] = "The unitpass server cannot be reached. Try again later.",
		[UP_TEXTS_BUSY] = "Too many attempts from here. Wait a minute, then try again.",
		[UP_TEXTS_REFUSED] =
		    "The server's answer could not be verified. Begin again; "
		    "if it stays so, tell the administrator.",
		[UP_TEXTS_FORBIDDEN] = "This identity may not be used for this account here.",
		[UP_TEXTS_BROKEN] =
		    "unitpass is not set up rightly on this host. Tell the administrator.",
	},
	[UP_TEXTS_ZH] = {
		[UP_TEXTS_SCAN] = "unitpass：请用存有本单位电子证书的手机扫码。",
		[UP_TEXTS_TYPE] = "unitpass：请在存有本单位电子证书的手机上确认。",
		[UP_TEXTS_OPEN] = "请在手机上打开：",
		[UP_TEXTS_OR_TYPE] = "或在手机上输入代码：",
		[UP_TEXTS_CODE] = "请在手机上输入代码：",
		[UP_TEXTS_COMPARE] = "手机上显示以下用途时方可确认：",
		[UP_TEXTS_PROMPT] = "在手机上确认后，请按回车键：",
		[UP_TEXTS_DENIED] = "已在手机上拒绝。",
		[UP_TEXTS_EXPIRED] = "代码已过期，请重新开始。",
		[UP_TEXTS_TIMEOUT] = "未在规定时间内确认，请重新开始。",
		[UP_TEXTS_UNAVAILABLE] = "无法连接 unitpass 服务器，请稍后再试。",
		[UP_TEXTS_BUSY] = "尝试过于频繁，请稍候一分钟再试。",
		[UP_TEXTS_REFUSED] = "服务器的答复未通过验证，请重新开始；若仍如此，请联系管理员。",
		[UP_TEXTS_FORBIDDEN] = "该身份不能用于此处的这个账号。",
		[UP_TEXTS_BROKEN] = "本机的 unitpass 设置有误，请联系管理员。",
	},
};

static const struct { const char *login, *before, *host, *user; } purposes[] = {
	[UP_TEXTS_EN] = { "ssh login to ", "", " on ", " as " },
	[UP_TEXTS_ZH] = { "SSH 登录 ", "使用 ", "，主机 ", "，账号 " },
};

const char *up_texts_get(enum up_texts_lang lang, enum up_texts_key key)
{
	return texts[lang][key];
}

bool up_texts_utf8(struct up_span locale)
{
	struct up_span rest, set;

	if (!up_span_cut(locale, '.', &rest, &set))
		return false;
	(void)up_span_cut(set, '@', &set, &rest);
	return up_span_ieq_str(set, "UTF-8") || up_span_ieq_str(set, "UTF8");
}

enum up_texts_lang up_texts_lang_of(struct up_span locale)
{
	return up_span_starts(locale, "zh") && up_texts_utf8(locale) ? UP_TEXTS_ZH : UP_TEXTS_EN;
}

static void put_all(
    struct up_buf *b, const char *first, struct up_span host, const char *as, struct up_span user)
{
	struct up_buf who = { 0 };
	size_t room;

	up_text_put_safe(&who, user, USER_MAX);
	room = UP_TEXTS_PURPOSE_MAX - up_text_utf8_count(up_span_str(first)) -
	    up_text_utf8_count(up_span_str(as)) - up_text_utf8_count(up_buf_span(&who));
	up_buf_put_str(b, first);
	up_text_put_safe(b, host, room);
	up_buf_put_str(b, as);
	up_buf_put_span(b, up_buf_span(&who));
	up_buf_free(&who);
}

void up_texts_purpose(struct up_buf *b, enum up_texts_lang lang, struct up_span service,
    struct up_span host, struct up_span user)
{
	struct up_buf first = { 0 };

	if (up_span_eq_str(service, "sshd")) {
		put_all(b, purposes[lang].login, host, purposes[lang].user, user);
		return;
	}
	up_buf_put_str(&first, purposes[lang].before);
	up_text_put_safe(&first, service, SERVICE_MAX);
	up_buf_put_str(&first, purposes[lang].host);
	if (up_buf_cstr(&first) != NULL)
		put_all(b, up_buf_cstr(&first), host, purposes[lang].user, user);
	else
		b->failed = true;
	up_buf_free(&first);
}
