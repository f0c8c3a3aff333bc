/* SPDX-License-Identifier: Apache-2.0
 * The certificate password (rule 27): chosen by the rules, or asked; stretched before it leaves. */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "core/text.h"
#include "tools/common/file.h"
#include "tools/common/terminal.h"
#include "tools/holder/holder.h"

/* Told before the first try, and again when one was not good. */
static const char *rules_text(void)
{
	return up_say("6 to 64 characters; no run (123456, fedcba), no repetition (111111, "
	    "123123), no common password, no six digits in a row of your own ID or mobile number",
	    "6 至 64 个字符；不得为连续（123456、fedcba）或重复（111111、123123）的字符、常见密码，不得含本人证件号或手机号中连续六位数字");
}

static const char *weak_text(enum up_err err)
{
	if (err == UP_E_WEAK)
		return up_say("the password is too easy to guess: no runs, repetitions, common "
		    "words or digits of your own numbers",
		    "密码过于简单：不得为连续、重复、常见密码或本人号码中的数字");
	return up_say("the password must have 6 to 64 characters", "密码应为 6 至 64 个字符");
}

/* OWN: the person's own numbers, when a password is chosen. */
static int choose_password(struct up_holder *h, const struct up_span *own, struct up_buf *out)
{
	struct up_buf again;
	enum up_err err;
	bool same;

	fprintf(stderr, "%s%s\n", up_say("The certificate password: ", "证书密码："), rules_text());
	for (int tries = 0; tries < 5; tries++) {
		if (up_terminal_secret(
			up_say("Choose a certificate password: ", "请设置证书密码："), out) !=
		    UP_OK)
			break;
		err = up_password_check(up_buf_span(out), own[0], own[1]);
		if (err != UP_OK) {
			fprintf(stderr, "%s\n", weak_text(err));
			up_buf_free(out);
			continue;
		}
		if (up_terminal_secret(up_say("Once more: ", "请再次输入："), &again) != UP_OK)
			break;
		same = up_span_eq_ct(up_buf_span(out), up_buf_span(&again));
		up_buf_free(&again);
		if (same)
			return 0;
		fprintf(stderr, "%s\n", up_say("the two differ", "两次输入不一致"));
		up_buf_free(out);
	}
	return up_holder_fail(
	    h, UP_HOLDER_REFUSED, "password", "%s", up_say("no password was set", "未设置密码"));
}

static int get_password(
    struct up_holder *h, const char *file, const struct up_span *own, struct up_buf *out)
{
	enum up_err err;

	memset(out, 0, sizeof(*out));
	if (file == NULL && (h->json || !up_terminal_there()))
		return up_holder_fail(h, UP_COMMAND_USAGE, "password", "%s",
		    up_say("the password cannot be asked for here: --password-file FILE",
			"此处无法输入密码：请使用 --password-file FILE"));
	if (file == NULL && own != NULL)
		return choose_password(h, own, out);
	if (file == NULL) {
		if (up_terminal_secret(up_say("Certificate password: ", "证书密码："), out) ==
			UP_OK &&
		    out->n > 0)
			return 0;
		return up_holder_fail(h, UP_HOLDER_REFUSED, "password", "%s",
		    up_say("no password given; nothing was sent", "未输入密码，未提交"));
	}
	if (up_file_read_line(file, out, h->why) != UP_OK)
		return up_holder_fail(h, UP_HOLDER_FAILED, "password_file", "%s", h->why);
	err = own != NULL ? up_password_check(up_buf_span(out), own[0], own[1]) : UP_OK;
	return err == UP_OK
	    ? 0
	    : up_holder_fail(h, UP_HOLDER_REFUSED, "weak_password", "%s", weak_text(err));
}

int up_holder_password(
    struct up_holder *h, const char *file, const struct up_span *own, char out[44])
{
	uint8_t stretched[UP_PASSWORD_STRETCHED];
	struct up_buf password;
	int status = get_password(h, file, own, &password);

	if (status == 0 &&
	    up_password_stretch(
		up_buf_span(&password), h->salt, UP_PASSWORD_ITERATIONS, stretched) != UP_OK)
		status = up_holder_fail_err(h, UP_HOLDER_FAILED, UP_E_CRYPTO);
	if (status == 0) {
		up_text_b64url(up_span_of(stretched, sizeof(stretched)), out);
		out[43] = '\0';
	}
	up_wipe(stretched, sizeof(stretched));
	up_buf_free(&password);
	return status;
}
