/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/day.h"
#include "tools/common/qr.h"
#include "tools/common/terminal.h"
#include "tools/holder/act.h"

static void say_until(int64_t expires_s, struct up_span who)
{
	int64_t left = expires_s - (int64_t)time(NULL);
	char until[32];

	up_day_time_text(expires_s * 1000, until);
	left = left > 0 ? left : 0;
	fputs(up_say("  ", "  请"), stdout);
	if (who.n > 0)
		up_terminal_put(stdout, who, 60);
	else
		fputs(up_say("The person named", "被授权人"), stdout);
	printf(up_say(" scans this face to face with her phone, until %s (%d min %d s, once).\n",
		   "本人用电子证书“扫一扫”面对面扫描，有效至 %s（还剩 %d 分 %d 秒，一次有效）。\n"),
	    until + 11, (int)(left / 60), (int)(left % 60));
}

int up_holder_code_show(const struct up_holder *h, const json_t *answer, struct up_span who)
{
	struct up_span code = up_holder_text(answer, "code"), issuer, rest;
	struct up_buf text = { 0 };
	enum up_err err = UP_E_NOMEM;

	if (up_holder_split(code, 'e', &issuer, &rest))
		up_buf_put_span(&text, code);
	else
		up_buf_printf(&text, "%s/e/%.*s", h->issuer, (int)code.n, (const char *)code.p);
	if (up_buf_cstr(&text) != NULL)
		err = up_qr_print(stdout, up_buf_cstr(&text), isatty(STDOUT_FILENO) != 0);
	if (err == UP_OK) {
		printf("\n  %s\n\n", up_buf_cstr(&text));
		say_until(json_integer_value(json_object_get(answer, "expires")), who);
	}
	up_buf_free(&text);
	return err == UP_OK ? 0 : up_holder_fail_err(h, UP_HOLDER_FAILED, err);
}
