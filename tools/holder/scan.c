/* SPDX-License-Identifier: Apache-2.0
 * A scanned login (SECURITY 7-9): claim it, show what the server knows of it, sign the decision. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/dpop.h"
#include "core/json.h"
#include "core/normal.h"
#include "core/text.h"
#include "core/day.h"
#include "tools/common/terminal.h"
#include "tools/common/words.h"
#include "tools/holder/holder.h"

#define PASSWORD_TRIES 6

struct scan {
	struct up_holder *h;
	const struct up_holder_consent *consent;
	struct up_holder_answer view, done;
	const json_t *certificate;       /* chosen, borrowed from view */
	const char *decision;            /* approve deny not_mine */
	char password[44];
};

/* --- the claim --- */

static int claim(struct scan *x, struct up_span text)
{
	json_t *body = json_pack("{s:s%}", "text", text.p, text.n);
	const struct up_holder_call c = { .method = "POST", .path = "/holder/scan", .body = body };
	enum up_err err = body != NULL ? up_holder_call(x->h, &c, &x->view) : UP_E_NOMEM;

	json_decref(body);
	if (err != UP_OK)
		return up_holder_fail(x->h, UP_HOLDER_FAILED, up_err_name(err), "%s", x->h->why);
	if (x->view.status != 200)
		return up_holder_refused(x->h, &x->view);
	if (up_span_eq_str(up_holder_text(x->view.body, "issuer"), x->h->issuer))
		return 0;
	return up_holder_fail(x->h, UP_HOLDER_REFUSED, "issuer", "%s",
	    up_say("the server names another issuer; nothing was decided",
		"服务器声明的签发方不一致，未作决定"));
}

/* --- which certificate --- */

static bool eligible(const json_t *c)
{
	return json_is_true(json_object_get(c, "eligible"));
}

static const json_t *by_number(const json_t *all, const char *typed)
{
	struct up_normal_fault fault;
	char number[256];
	const json_t *c, *found = NULL;
	size_t i;

	if (up_normal_take(up_span_str(typed), UP_NORMAL_LINE, number, sizeof(number),
	    &fault) != UP_OK)
		return NULL;

	json_array_foreach(
	    all, i, c) if (up_span_eq_str(up_holder_text(c, "certificate"), number) &&
	    (found == NULL || eligible(c))) found = c;
	return found;
}

/* Role, or why not. */
static void print_standing(const json_t *c)
{
	struct up_buf words = { 0 };

	if (eligible(c)) {
		up_words_put_role(&words, up_holder_text(c, "role"));
	} else {
		up_buf_put_str(&words, up_say("not for this: ", "不可用："));
		up_words_put_reason(&words, up_holder_text(c, "reason"));
	}
	fprintf(stderr, "  %s\n", words.failed ? "" : up_buf_cstr(&words));
	up_buf_free(&words);
}

static const json_t *ask_which(const json_t *all)
{
	char line[16];
	const json_t *c;
	uint64_t n;
	size_t i;

	json_array_foreach(all, i, c) {
		fprintf(stderr, "  %zu  ", i + 1);
		up_terminal_put(stderr, up_holder_text(c, "unit_name"), 60);
		fputs("  ", stderr);
		up_terminal_put(stderr, up_holder_text(c, "certificate"), 60);
		print_standing(c);
	}
	if (up_terminal_ask(up_say("Which certificate? ", "使用哪个证书？"), line, sizeof(line)) != UP_OK)
		return NULL;
	if (up_span_u64(up_span_str(line), json_array_size(all), &n) != UP_OK || n == 0)
		return NULL;
	return json_array_get(all, n - 1);
}

/* To decline, any certificate will do; to approve, one that is good for this. */
static int choose(struct scan *x)
{
	const json_t *all = json_object_get(x->view.body, "certificates"), *c, *only = NULL;
	bool approving = !x->consent->deny && !x->consent->not_mine;
	struct up_buf why = { 0 };
	size_t i, n = 0;

	if (x->consent->certificate != NULL) {
		x->certificate = by_number(all, x->consent->certificate);
		if (x->certificate == NULL)
			return up_holder_fail(x->h, UP_HOLDER_REFUSED, "certificate", "%s",
			    up_say("this phone has no such certificate", "本手机没有该证书"));
	} else {
		json_array_foreach(all, i, c)
			if (eligible(c)) {
				only = only != NULL ? only : c;
				n++;
			}
		if (n > 1 && approving && (x->h->json || !up_terminal_there() || x->consent->yes))
			return up_holder_fail(x->h, UP_COMMAND_USAGE, "certificate", "%s",
			    up_say("several certificates fit: say which with --certificate NO",
				"有多个可用证书：请用 --certificate NO 指定"));
		x->certificate = n > 1 && approving ? ask_which(all)
		    : only != NULL                  ? only
						    : json_array_get(all, 0);
	}
	if (x->certificate == NULL)
		return up_holder_fail(x->h, UP_HOLDER_REFUSED, "certificate", "%s",
		    up_say("no certificate chosen; nothing was decided", "未选择证书，未作决定"));
	if (!approving || eligible(x->certificate))
		return 0;
	up_words_put_reason(&why, up_holder_text(x->certificate, "reason"));
	up_holder_fail(x->h, UP_HOLDER_REFUSED, "not_eligible",
	    up_say("this certificate cannot be used here: %s", "该证书不可用于此业务：%s"),
	    why.failed ? "" : up_buf_cstr(&why));
	up_buf_free(&why);
	return UP_HOLDER_REFUSED;
}

/* --- what she sees: the server's word, nothing of the QR --- */

static void show_initiator(const json_t *view)
{
	const json_t *initiator = json_object_get(view, "initiator");
	struct up_span browser = up_holder_text(initiator, "browser"),
		       os = up_holder_text(initiator, "os");
	struct up_buf text = { 0 };
	char time[32];

	up_buf_put_span(&text, browser);
	up_buf_put_str(&text, browser.n > 0 && os.n > 0 ? " / " : "");
	up_buf_put_span(&text, os);
	up_terminal_line(stdout, up_say("browser", "浏览器"),
	    text.n > 0 ? up_buf_span(&text) : up_span_str(up_say("unknown", "未知")));
	up_buf_free(&text);
	up_terminal_line(stdout, up_say("address", "来源地址"), up_holder_text(initiator, "ip"));
	up_day_time_text(json_integer_value(json_object_get(view, "started")) * 1000, time);
	up_terminal_line(stdout, up_say("begun", "发起时间"), up_span_str(time));
	if (json_is_true(json_object_get(initiator, "known")))
		up_terminal_line(stdout, "",
		    up_span_str(up_say(
			"your unit has used this browser before", "本单位曾使用过此浏览器")));
}

static void show_warnings(const json_t *view)
{
	const json_t *w;
	size_t i;

	json_array_foreach(json_object_get(view, "warnings"), i, w) {
		struct up_span code = up_span_str(json_string_value(w));

		if (up_span_eq_str(code, "new_browser")) {
			printf("\n%s\n",
			    up_say("! Your unit has never used this browser. Approve only if the "
				   "page is in front of you.",
				"！本单位从未使用过此浏览器。只有登录页面就在您面前时才可确认。"));
			continue;
		}
		fputs("\n! ", stdout);
		up_terminal_put(stdout, code, 60);
		fputc('\n', stdout);
	}
}

/* The value of what the portal is told, as far as the phone knows it. */
static void put_value(const struct scan *x, struct up_span name, struct up_buf *b)
{
	static const struct { const char *name, *member; } members[] = {
		{ "unit.code", "unit" }, { "unit.name", "unit_name" },
		{ "unit.certificate", "certificate" },
	};
	const json_t *c = x->certificate, *view = x->view.body;
	struct up_span item = up_holder_text(view, "item_name");

	for (size_t i = 0; i < UP_ARRAY_LEN(members); i++)
		if (up_span_eq_str(name, members[i].name))
			up_buf_put_span(b, up_holder_text(c, members[i].member));
	if (up_span_eq_str(name, "unit.certificate_version"))
		up_buf_put_i64(b, json_integer_value(json_object_get(c, "certificate_version")));
	if (up_span_eq_str(name, "holder.role"))
		up_words_put_role(b, up_holder_text(c, "role"));
	if (up_span_eq_str(name, "items"))
		up_buf_put_span(b, item.n > 0 ? item : up_holder_text(view, "item"));
	if (up_span_eq_str(name, "items") && b->n == 0)
		up_buf_put_str(b, up_say("none", "无"));
	if (up_span_eq_str(name, "holder.ref"))
		up_buf_put_str(b, up_say("by which the portal knows you again",
		    "业务系统据此识别您，不含个人信息"));
	if (up_span_eq_str(name, "authority"))
		up_buf_put_str(b, up_say("who authorised whom, from the principal to you",
		    "从第一管理责任人到本人的授权关系，仅含编号"));
	if (up_span_eq_str(name, "holder.name"))
		up_buf_printf(b, up_say("%.*s, in full", "%.*s（全名）"),
		    (int)up_holder_text(c, "person").n,
		    (const char *)up_holder_text(c, "person").p);
}

/* In words and with its values, each on a line of its own: what she consents to. */
static void show_disclosed(const struct scan *x)
{
	const json_t *d;
	size_t i;

	puts(up_say("the portal will be told:", "将提供给该业务系统："));
	json_array_foreach(json_object_get(x->view.body, "disclosed"), i, d) {
		struct up_span name = up_span_str(json_string_value(d));
		struct up_buf label = { 0 }, value = { 0 };

		up_words_put_disclosure(&label, name);
		put_value(x, name, &value);
		if (value.n == 0)
			up_buf_put_str(&value, up_say("(as registered)", "（以登记为准）"));
		if (up_buf_cstr(&label) != NULL)
			up_terminal_line(stdout, up_buf_cstr(&label), up_buf_span(&value));
		up_buf_free(&label);
		up_buf_free(&value);
	}
}

static void show(const struct scan *x)
{
	const json_t *view = x->view.body, *client = json_object_get(view, "client");
	struct up_span item = up_holder_text(view, "item"),
		       item_name = up_holder_text(view, "item_name");

	puts(up_say("Somebody wants to log in:", "登录请求："));
	up_terminal_line(stdout, up_say("portal", "业务系统"), up_holder_text(client, "name"));
	up_terminal_line(stdout, up_say("domain", "网址"), up_holder_text(client, "origin"));
	up_terminal_line(stdout, up_say("item", "事项"), item_name.n > 0 ? item_name : item);
	up_terminal_line(stdout, up_say("purpose", "用途"), up_holder_text(view, "purpose"));
	show_initiator(view);
	puts(up_say("as:", "登录身份："));
	up_terminal_line(stdout, up_say("unit", "单位"), up_holder_text(x->certificate, "unit_name"));
	up_holder_word_line(up_say("role", "角色"), up_words_put_role,
	    up_holder_text(x->certificate, "role"));
	show_disclosed(x);
	show_warnings(view);
	putchar('\n');
}

static int ask(struct scan *x)
{
	char line[16];

	if (x->consent->not_mine || x->consent->deny || x->consent->yes) {
		x->decision = x->consent->not_mine ? "not_mine"
		    : x->consent->deny             ? "deny"
						   : "approve";
		return 0;
	}
	if (up_terminal_ask(up_say("Approve? [y/N/m = I did not start this] ",
				"确认登录？[y 确认 / N 拒绝 / m 不是我发起的] "),
		line, sizeof(line)) != UP_OK)
		return up_holder_fail(x->h, UP_HOLDER_REFUSED, "cancelled", "%s",
		    up_say("nothing was decided; the login will time out", "未作决定，登录将超时"));
	if (strcmp(line, "y") == 0 || strcmp(line, "Y") == 0)
		x->decision = "approve";
	else if (strcmp(line, "m") == 0 || strcmp(line, "M") == 0)
		x->decision = "not_mine";
	else
		x->decision = "deny";
	return 0;
}

/* --- the decision, in the proof --- */

static struct up_decision decision_of(const struct scan *x)
{
	const json_t *view = x->view.body, *client = json_object_get(view, "client");

	return (struct up_decision){
		.transaction = up_holder_text(view, "transaction"),
		.client = up_holder_text(client, "id"),
		.origin = up_holder_text(client, "origin"),
		.issuer = up_span_str(x->h->issuer),
		.unit = up_holder_text(x->certificate, "unit"),
		.certificate = up_holder_text(x->certificate, "certificate"),
		.role = up_holder_text(x->certificate, "role"),
		.item = up_holder_text(view, "item"),
		.nonce = up_holder_text(view, "nonce"),
		.frame = up_holder_text(view, "frame"),
		.decision = up_span_str(x->decision),
		.exp = json_integer_value(json_object_get(view, "expires")),
	};
}

static int send_decision(struct scan *x)
{
	bool approve = strcmp(x->decision, "approve") == 0;
	json_t *body = json_pack("{s:O, s:s*}", "transaction",
	    json_object_get(x->view.body, "transaction"), "password", approve ? x->password : NULL);
	const struct up_decision decision = decision_of(x);
	struct up_holder_call c = { .method = "POST", .path = "/holder/decisions", .body = body,
		.decision = &decision };
	enum up_err err = body != NULL ? UP_OK : UP_E_NOMEM;

	up_holder_answer_free(&x->done);
	if (err == UP_OK)
		err = up_holder_call(x->h, &c, &x->done);
	json_decref(body);
	if (err != UP_OK)
		return up_holder_fail(x->h, UP_HOLDER_FAILED, up_err_name(err), "%s", x->h->why);
	return x->done.status == 200 ? 0 : up_holder_refused(x->h, &x->done);
}

static int decide(struct scan *x)
{
	bool approve = strcmp(x->decision, "approve") == 0;
	bool again = x->consent->password_file == NULL && !x->h->json;
	int status = 0;

	for (int tries = 0; tries < PASSWORD_TRIES; tries++) {
		if (approve && x->password[0] == '\0')
			status = up_holder_password(
			    x->h, x->consent->password_file, NULL, x->password);
		if (status == 0)
			status = send_decision(x);
		up_wipe(x->password, sizeof(x->password));
		if (!again || status == 0 ||
		    !up_span_eq_str(up_holder_text(x->done.body, "error"), "wrong_password"))
			break;
		status = 0;
	}
	return status;
}

static int report(struct scan *x)
{
	const json_t *receipt = json_object_get(x->done.body, "usage_receipt");
	struct up_span state = up_holder_text(x->done.body, "state");

	if (x->h->json)
		return up_holder_print(json_pack("{s:s, s:O, s:O*, s:O}", "decision", x->decision,
		    "state", json_object_get(x->done.body, "state"), "usage_receipt", receipt,
		    "request", x->view.body));
	if (up_span_eq_str(state, "approved"))
		puts(up_say(
		    "Approved. The page in front of you goes on, or asks first whether it is you.",
		    "已确认登录。电脑页面将自动继续，或先请您确认是本人。"));
	else if (strcmp(x->decision, "not_mine") == 0)
		puts(up_say("Refused and reported: you did not start this.", "已拒绝并上报：不是您发起的登录。"));
	else
		puts(up_say("Refused.", "已拒绝登录。"));
	up_terminal_line(stdout, up_say("record", "记录号"), up_holder_text(receipt, "record"));
	if (x->h->verbose)
		up_terminal_line(stdout, up_say("leaf hash", "记录哈希"),
		    up_holder_text(receipt, "leaf_hash"));
	return 0;
}

/* --- */

/* A text that this phone may send to its server: of its own issuer, or a typed user code. */
static int check_text(struct up_holder *h, struct up_span text)
{
	struct up_span issuer, rest;
	struct up_normal_fault fault;
	char typed[32], code[9];

	if (up_normal_take(text, UP_NORMAL_NUMBER, typed, sizeof(typed), &fault) == UP_OK &&
	    up_text_base20_parse(up_span_str(typed), code) == UP_OK)
		return 0;
	if (!up_holder_split(text, 'q', &issuer, &rest))
		return up_holder_fail(h, UP_COMMAND_USAGE, "text", "%s",
		    up_say("this is neither a login code (https://.../q/...) nor a typed code "
			   "(XXXX-XXXX, "
			   "of the letters BCDFGHJKLMNPQRSTVWXZ)",
			"这既不是登录二维码（https://.../q/...），也不是登录短码（XXXX-XXXX，"
			"只含字母 BCDFGHJKLMNPQRSTVWXZ）"));
	if (up_span_eq_str(issuer, h->issuer))
		return 0;
	return up_holder_fail(h, UP_HOLDER_REFUSED, "issuer",
	    up_say("this code is of %.*s; this phone answers only to %s",
		"此码由 %.*s 发出；本手机只认 %s"),
	    (int)issuer.n, (const char *)issuer.p, h->issuer);
}

int up_holder_scan(struct up_holder *h, struct up_span text, const struct up_holder_consent *c)
{
	struct scan x = { .h = h, .consent = c };
	int status;

	if (h->json && !c->yes && !c->deny && !c->not_mine)
		return up_holder_fail(h, UP_COMMAND_USAGE, "decision", "%s",
		    up_say("--json asks no questions: give --yes, --deny or --not-mine",
			"--json 不会询问：请给出 --yes、--deny 或 --not-mine"));
	status = check_text(h, text);
	/* A password that cannot be had shows before the login is claimed. */
	if (status == 0 && c->yes && (c->password_file != NULL || h->json || !up_terminal_there()))
		status = up_holder_password(h, c->password_file, NULL, x.password);
	if (status == 0)
		status = claim(&x, text);
	if (status == 0)
		status = choose(&x);
	if (status == 0 && !h->json)
		show(&x);
	if (status == 0)
		status = ask(&x);
	if (status == 0)
		status = decide(&x);
	if (status == 0)
		status = report(&x);
	up_wipe(x.password, sizeof(x.password));
	up_holder_answer_free(&x.view);
	up_holder_answer_free(&x.done);
	return status;
}
