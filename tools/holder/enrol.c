/* SPDX-License-Identifier: Apache-2.0
 * Taking a role on this phone (rules 6-9): look, confirm one's own data, agree, set the password,
 * download. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/target.h"
#include "core/text.h"
#include "tools/common/terminal.h"
#include "tools/holder/holder.h"

#define CODE_TEXT 22

/* --- the steps --- */

struct enrol {
	struct up_holder *h;
	const struct up_holder_consent *consent;
	struct up_span code;
	struct up_person person;
	struct up_holder_answer found, done;
	bool new_phone, locked;          /* locked: the code lets her set a new password */
	char password[44];
};

bool up_holder_split(struct up_span text, char kind, struct up_span *issuer, struct up_span *rest)
{
	struct up_span path;
	const char want[] = { '/', kind, '/', '\0' };

	if (up_target_url(text, issuer, &path) != UP_OK || !up_span_starts(path, want))
		return false;
	*rest = up_span_of(path.p + 3, path.n - 3);
	return rest->n > 0;
}

static bool check_issuer(struct enrol *x, struct up_span issuer)
{
	struct up_holder *h = x->h;

	if (h->issuer != NULL) {
		if (up_span_eq_str(issuer, h->issuer))
			return true;
		up_holder_fail(h, UP_HOLDER_REFUSED, "issuer",
		    up_say("this code is of %.*s, but this phone is enrolled at %s",
			"此码由 %.*s 发出，而本手机的证书由 %s 签发"),
		    (int)issuer.n, (const char *)issuer.p, h->issuer);
		return false;
	}
	h->issuer = up_span_dup(issuer);
	if (h->issuer == NULL)
		return false;
	if (x->consent->yes)
		return true;
	fprintf(stderr, up_say("The certificate comes from: %s\n", "证书签发服务器：%s\n"), h->issuer);
	if (up_holder_ask(up_say("Is that your registration authority's server? [y/N] ",
		"这是您的登记管理机关的服务器吗？[y/N] ")))
		return true;
	up_holder_fail(
	    h, UP_HOLDER_REFUSED, "cancelled", "%s", up_say("nothing was sent", "未提交任何信息"));
	return false;
}

static json_t *person_json(const struct enrol *x)
{
	return json_pack("{s:s, s:s, s:s}", "name", x->person.name, "resident_id",
	    x->person.resident, "mobile", x->person.mobile);
}

/* 0: the server answered something. */
static int ask_server(struct enrol *x, const char *path, json_t *body,
    struct up_holder_answer *answer)
{
	const struct up_holder_call c = { .method = "POST", .path = path, .body = body };
	enum up_err err = body != NULL ? up_holder_call(x->h, &c, answer) : UP_E_NOMEM;

	json_decref(body);
	return err == UP_OK ? 0 : up_holder_fail(x->h, UP_HOLDER_FAILED, up_err_name(err), "%s",
	    x->h->why);
}

static int conclude(const struct enrol *x, int status, const struct up_holder_answer *answer)
{
	return status == 0 && answer->status != 200 ? up_holder_refused(x->h, answer) : status;
}

static int ask_code(struct enrol *x)
{
	up_holder_answer_free(&x->found);
	return ask_server(x, "/holder/enrolments",
	    json_pack("{s:s%, s:o}", "code", x->code.p, x->code.n, "person", person_json(x)),
	    &x->found);
}

/* A phone that the server ended begins anew, with another key. */
static int begin_anew(struct enrol *x)
{
	fprintf(stderr, "%s\n",
	    up_say("This phone was replaced or ended; it enrols as a new one, with a new key.",
	    "本手机此前已被更换或停用，将作为新手机重新领取（生成新的密钥）。"));
	up_holder_forget(x->h);
	x->new_phone = true;
	if (up_holder_new_key(x->h) != UP_OK)
		return up_holder_fail_err(x->h, UP_HOLDER_FAILED, UP_E_CRYPTO);
	return ask_code(x);
}

static int look(struct enrol *x)
{
	int status = ask_code(x);

	if (status == 0 && !x->new_phone && up_span_eq_str(up_holder_text(x->found.body, "error"),
	    "device_ended"))
		status = begin_anew(x);
	x->locked = up_span_eq_str(up_holder_text(x->found.body, "password_state"), "locked");
	return conclude(x, status, &x->found);
}

/* What a grant's code gives beside the role. */
static void show_grant(const json_t *found)
{
	const json_t *grant = json_object_get(found, "grant"), *item;
	struct up_buf names = { 0 };
	size_t i;

	json_array_foreach(json_object_get(grant, "items"), i, item) {
		struct up_span name = up_holder_text(item, "name");

		up_buf_put_str(&names, i > 0 ? up_say(", ", "、") : "");
		up_buf_put_span(&names, name.n > 0 ? name : up_holder_text(item, "item"));
	}
	up_terminal_line(stdout, up_say("items", "授权事项"), up_buf_span(&names));
	up_terminal_line(stdout, up_say("from", "授权开始时间"), up_holder_text(grant, "from"));
	up_terminal_line(stdout, up_say("to", "授权结束时间"), up_holder_text(grant, "to"));
	up_buf_free(&names);
}

/* Her own data, then the statement. */
static bool consent(struct enrol *x)
{
	const json_t *statement = json_object_get(x->found.body, "statement");
	struct up_span text = up_holder_text(statement, up_terminal_chinese() ? "zh" : "en");

	if (!x->h->json || !x->consent->yes || !x->consent->agree) {
		puts(up_say("To be downloaded:", "将下载："));
		up_holder_show_certificate(x->found.body);
		show_grant(x->found.body);
		printf("\n%s\n  ", up_say("Statement:", "下载声明："));
		up_terminal_put(stdout, text, 2000);
		puts("\n");
	}
	if (!x->consent->yes &&
	    !up_holder_ask(up_say("Are these your data? [y/N] ", "以上是您本人的信息吗？[y/N] "))) {
		up_holder_fail(x->h, UP_HOLDER_REFUSED, "cancelled", "%s",
		    up_say(
			"nothing was downloaded; tell the window", "未下载；请告知窗口工作人员"));
		return false;
	}
	if (x->consent->agree ||
	    up_holder_ask(
		up_say("Do you agree to the statement? [y/N] ", "您同意以上声明吗？[y/N] ")))
		return true;
	up_holder_fail(x->h, UP_HOLDER_REFUSED, "statement_not_agreed", "%s",
	    up_say("not agreed; nothing was downloaded", "未同意声明，未下载"));
	return false;
}

static int accept(struct enrol *x)
{
	const json_t *statement = json_object_get(x->found.body, "statement");
	char host[65] = "", name[128];
	json_t *body;

	gethostname(host, sizeof(host) - 1);
	snprintf(name, sizeof(name), "unitpass-holder%s%s", host[0] != '\0' ? " on " : "", host);
	body = json_pack("{s:s%, s:o, s:O, s:s, s:{s:s}}", "code", x->code.p, x->code.n, "person",
	    person_json(x),
	    "statement_version", json_object_get(statement, "version"), "password", x->password,
	    "device", "name", name);
	if (x->locked)
		json_object_set_new(body, "unlock", json_true());
	return conclude(x, ask_server(x, "/holder/enrolments/accept", body, &x->done), &x->done);
}

/* One entry per certificate: a newer download of the same replaces it. */
static void keep_certificate(struct up_holder *h, const json_t *answer)
{
	struct up_span number = up_holder_text(
	    json_object_get(answer, "certificate"), "certificate");
	json_t *kept;
	size_t i;

	json_array_foreach(h->certificates, i,
	    kept) if (up_span_eq(up_holder_text(json_object_get(kept, "certificate"),
				     "certificate"),
			  number))
	{
		json_array_remove(h->certificates, i);
		break;
	}
	json_array_append_new(h->certificates,
	    json_pack("{s:O, s:O}", "certificate", json_object_get(answer, "certificate"),
		"certificate_jws", json_object_get(answer, "certificate_jws")));
}

static bool save(struct enrol *x)
{
	struct up_span token = up_holder_text(x->done.body, "device_token"),
		       device = up_holder_text(x->done.body, "device");
	struct up_holder *h = x->h;

	if (x->new_phone) {
		h->token = token.n == 43 ? up_span_dup(token) : NULL;
		h->device = up_span_dup(device);
		if (h->token == NULL || h->device == NULL) {
			up_holder_fail(h, UP_HOLDER_FAILED, "answer", "%s",
			    up_say("the server's answer lacks the device token",
				"服务器应答中缺少设备令牌"));
			return false;
		}
	}
	keep_certificate(h, x->done.body);
	if (up_holder_save(h) == UP_OK)
		return true;
	up_holder_fail(h, UP_HOLDER_FAILED, "folder",
	    up_say("%s; the certificate could not be kept: ask the window for a new code",
		"%s；证书未能保存，请向窗口申请新的领取码"),
	    h->why);
	return false;
}

static int report(struct enrol *x)
{
	const json_t *receipt = json_object_get(x->done.body, "usage_receipt");

	if (x->h->json)
		return up_holder_print(json_pack("{s:s, s:O, s:O, s:O*}", "state", "enrolled",
		    "device", json_object_get(x->done.body, "device"), "certificate",
		    json_object_get(x->done.body, "certificate"), "usage_receipt", receipt));
	puts(up_say("Downloaded:", "下载成功："));
	up_holder_show_certificate(json_object_get(x->done.body, "certificate"));
	up_terminal_line(stdout, up_say("record", "记录号"), up_holder_text(receipt, "record"));
	return 0;
}

static int run(struct enrol *x)
{
	struct up_span own[2];
	int status;

	if (x->new_phone && up_holder_new_key(x->h) != UP_OK)
		return up_holder_fail_err(x->h, UP_HOLDER_FAILED, UP_E_CRYPTO);
	status = look(x);
	if (status != 0)
		return status;
	if (!consent(x))
		return UP_HOLDER_REFUSED;
	own[0] = up_span_str(x->person.resident);
	own[1] = up_span_str(x->person.mobile);
	if (x->locked)
		fprintf(stderr, "%s\n",
		    up_say("The password of this phone is locked after six errors; this code lets "
		    "you set a new one.",
		    "本手机的证书密码因连续输错六次已锁定，凭此领取码可重新设置。"));
	status = up_holder_password(x->h, x->consent->password_file, x->new_phone || x->locked ? own
	    : NULL, x->password);
	if (status == 0)
		status = accept(x);
	if (status != 0)
		return status;
	return save(x) ? report(x) : UP_HOLDER_FAILED;
}

bool up_holder_is_code(struct up_span text)
{
	uint8_t raw[16];

	return text.n == CODE_TEXT && up_text_b64url_fixed(text, raw, sizeof(raw)) == UP_OK;
}

/* A code alone, as answers in JSON have it, is of the phone's issuer, or of the one named by
 * --server. */
static bool find_code(const struct up_holder *h, struct up_span text, struct up_span *issuer,
    struct up_span *code)
{
	const char *own = h->issuer != NULL ? h->issuer : h->server;

	if (up_holder_split(text, 'e', issuer, code))
		return code->n == CODE_TEXT;
	*issuer = up_span_str(own != NULL ? own : "");
	*code = text;
	return own != NULL && up_holder_is_code(text);
}

int up_holder_enrol(struct up_holder *h, struct up_span text, const struct up_holder_consent *c)
{
	struct enrol x = { .h = h, .consent = c, .new_phone = h->token == NULL };
	struct up_span issuer;
	int status;

	if (!find_code(h, text, &issuer, &x.code))
		return up_holder_fail(h, UP_COMMAND_USAGE, "text", "%s",
		    up_say("this is not the text of an enrolment code: https://.../e/...",
			"这不是授权领取二维码的内容：https://.../e/..."));
	if (h->json && !(c->yes && c->agree))
		return up_holder_fail(h, UP_COMMAND_USAGE, "consent", "%s",
		    up_say("--json asks no questions: give --yes and --agree",
			"--json 不会询问：请给出 --yes 和 --agree"));
	status = check_issuer(&x, issuer) ? up_holder_person(h, &c->person,
	    up_say("Your name: ", "姓名："), &x.person) : UP_HOLDER_REFUSED;
	if (status == 0)
		status = run(&x);
	up_wipe(&x.person, sizeof(x.person));
	up_wipe(x.password, sizeof(x.password));
	up_holder_answer_free(&x.found);
	up_holder_answer_free(&x.done);
	return status;
}
