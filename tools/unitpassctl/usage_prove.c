/* SPDX-License-Identifier: Apache-2.0
 * unitpassctl usage prove and verify: what a phone signed for a record, checked and handed on. */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "core/day.h"
#include "core/json.h"
#include "core/json_put.h"
#include "core/proof.h"
#include "tools/common/file.h"
#include "tools/common/words.h"
#include "tools/unitpassctl/usage.h"

#define FILE_MAX 65536

enum { BODY = 1, OUT };

#define BODY_OPTION { "body", BODY, "FILE", 0, \
	UP_WORDS("what the phone sent, if somebody kept it", "手机当时发送的内容（如有保存）"), 0 }
const struct argp_option up_usage_verify_options[] = { BODY_OPTION, { 0 } };
const struct argp_option up_usage_prove_options[] = {
	BODY_OPTION,
	{ "out", OUT, "FILE", 0, UP_WORDS("write the proof to this new file",
	    "将证明写入此新文件"), 0 },
	{ 0 },
};

/* --- what it is, in words --- */

static const struct { const char *what, *en, *zh;
} faults[] = {
	{ "record", "the record cannot be read", "记录无法解析" },
	{ "leaf_hash", "the record was changed, or its hash: they do not fit",
	    "记录或其哈希值被改动过：二者不符" },
	{ "evidence", "the proof was changed, or is another record's: the record names one with "
	    "another hash", "签名数据被改动过或属于其他记录：与记录中的哈希值（evidence）不符" },
	{ "proof", "the proof cannot be read", "签名数据无法解析" },
	{ "key", "another key than this phone's made the proof", "签名所用的不是该手机的公钥" },
	{ "signature", "the signature is not by this phone's key", "签名与该手机的公钥不符" },
	{ "device", "the record is of another phone", "记录属于其他手机" },
	{ "iat", "it was signed at another time than the record's", "签名时间与记录时间不符" },
	{ "decision", "she decided otherwise than the record says", "签署的决定与记录不符" },
	{ "body", "the phone signed for other contents than these", "手机签署的内容与所给内容不符" },
};

/* A member of the decision is its own name. */
static int fail(const struct up_ctl *ctl, const char *what)
{
	for (size_t i = 0; i < UP_ARRAY_LEN(faults); i++)
		if (strcmp(what, faults[i].what) == 0)
			return up_ctl_fail(ctl, what, "%s: %s", what,
			    up_say(faults[i].en, faults[i].zh));
	return up_ctl_fail(ctl, what, up_say("%s: she signed another one than the record has",
	    "%s：签署的与记录中的不同"), what);
}

static struct up_span text_of(const json_t *o, const char *name)
{
	const json_t *v = json_object_get(o, name);

	return json_is_string(v) ? up_span_of(json_string_value(v), json_string_length(v))
				 : up_span_of(NULL, 0);
}

static void line_time(const char *label, int64_t ms)
{
	char time[40];

	up_day_time_text(ms, time);
	strcat(time, " +08:00");
	up_terminal_line(stdout, label, up_span_str(time));
}

static void line_person(const json_t *record)
{
	struct up_buf b = { 0 };

	up_buf_put_span(&b, text_of(record, "person_name"));
	up_buf_put_str(&b, b.n > 0 ? " " : "");
	up_words_put_role(&b, text_of(record, "role"));
	up_terminal_line(stdout, up_say("by", "签署人"), up_buf_span(&b));
	up_buf_free(&b);
}

static void line_asked(const json_t *claims)
{
	struct up_buf b = { 0 };

	up_buf_put_span(&b, text_of(claims, "htm"));
	up_buf_put_str(&b, " ");
	up_buf_put_span(&b, text_of(claims, "htu"));
	up_terminal_line(stdout, up_say("asked", "请求"), up_buf_span(&b));
	up_buf_free(&b);
}

static const char *decision_word(struct up_span decision)
{
	if (up_span_eq_str(decision, "approve"))
		return up_say("approved", "确认登录");
	return up_span_eq_str(decision, "deny") ? up_say("declined", "拒绝登录")
						: up_say("not started by her", "非本人发起");
}

static void print(const struct up_proof *p, const struct up_proof_seen *seen)
{
	const json_t *record = seen->record, *claims = seen->jwt.claims;
	const struct up_decision *d = &seen->decision;

	printf("%s\n", up_say("good: this phone signed what the record says",
			   "核验通过：记录内容由该手机签署"));
	up_terminal_line(stdout, up_say("record", "记录"), text_of(record, "id"));
	up_terminal_line(stdout, up_say("event", "事项"), text_of(record, "event"));
	line_time(up_say("time", "时间"),
	    json_integer_value(json_object_get(record, "time_ms")));
	up_terminal_line(stdout, up_say("unit", "单位"), text_of(record, "unit_name"));
	line_person(record);
	up_terminal_line(stdout, up_say("phone", "手机"), p->device);
	line_time(up_say("signed", "签署时间"),
	    json_integer_value(json_object_get(claims, "iat")) * 1000);
	line_asked(claims);
	if (seen->decided) {
		up_terminal_line(stdout, up_say("decision", "决定"),
		    up_span_str(decision_word(d->decision)));
		up_terminal_line(stdout, up_say("portal", "业务系统"), d->origin);
		up_terminal_line(stdout, up_say("certificate", "证书号"), d->certificate);
		up_terminal_line(stdout, up_say("item", "授权事项"), d->item);
	}
	up_terminal_line(stdout, up_say("contents", "内容哈希"), text_of(claims, "bh"));
	up_terminal_line(stdout, up_say("hash", "记录哈希"), p->leaf_hash);
}

static int report(const struct up_ctl *ctl, const struct up_proof *p)
{
	struct up_proof_seen seen;
	enum up_err err = up_proof_check(p, &seen);
	int status = 0;

	if (err == UP_E_SIGNATURE)
		status = fail(ctl, seen.wrong);
	else if (err != UP_OK)
		status = up_ctl_fail_err(ctl, err, "proof");
	else if (ctl->json)
		status = up_ctl_print(ctl, json_pack("{s:b, s:O, s:O}", "good", 1, "record",
		    seen.record, "signed", seen.jwt.claims));
	else
		print(p, &seen);
	up_proof_free(&seen);
	return status;
}

/* --- files --- */

static bool read_body(const struct up_command_line *l, struct up_buf *text, struct up_span *body)
{
	const char *path = l->values[BODY];
	char why[256];

	if (path == NULL)
		return true;
	if (up_file_read(path, FILE_MAX, false, text, why) != UP_OK) {
		up_ctl_fail(l->program, "io", "%s", why);
		return false;
	}
	*body = up_buf_span(text);
	return true;
}

/* The record's bytes stand in it as a text, not as an object: the hash is over them. */
static int write_out(const struct up_ctl *ctl, const char *path, const struct up_proof *p)
{
	struct up_buf b = { 0 };
	struct up_json_put j = { .b = &b };
	char why[256];
	enum up_err err;

	up_json_put_object(&j, NULL);
	up_json_put_text(&j, "record", p->record);
	up_json_put_text(&j, "leaf_hash", p->leaf_hash);
	up_json_put_text(&j, "proof", p->proof);
	up_json_put_text(&j, "device", p->device);
	up_json_put_object(&j, "key");
	up_json_put_str(&j, "kty", "EC");
	up_json_put_str(&j, "crv", "P-256");
	up_json_put_b64url(&j, "x", up_span_of(p->key, 32));
	up_json_put_b64url(&j, "y", up_span_of(p->key + 32, 32));
	up_json_put_end(&j);
	up_json_put_end(&j);
	up_buf_put_str(&b, "\n");
	err = b.failed ? UP_E_NOMEM : up_file_create(path, up_buf_span(&b), why);
	up_buf_free(&b);
	if (err == UP_E_NOMEM)
		return up_ctl_fail_err(ctl, err, path);
	return err == UP_OK ? 0 : up_ctl_fail(ctl, "io", "%s", why);
}

/* --- prove --- */

/* UP_E_NOT_FOUND: nobody signed it, or what he signed was not kept. */
static enum up_err gather(const struct up_ctl *ctl, const struct up_usage_one *x,
    struct up_buf *text, struct up_proof *p)
{
	enum up_err err = UP_E_NOT_FOUND;

	p->record = up_buf_span(&x->canonical);
	p->leaf_hash = up_span_str(x->hash);
	p->device = text_of(x->record, "device");
	if (json_object_get(x->record, "evidence") != NULL)
		err = up_store_proof(ctl->store, x->seq, text);
	p->proof = up_buf_span(text);
	if (err == UP_OK && p->proof.n == 0)
		err = UP_E_NOT_FOUND;
	return err == UP_OK ? up_store_device_key(ctl->store, p->device, p->key) : err;
}

static int prove(const struct up_command_line *l, const struct up_usage_one *x,
    struct up_buf *text, struct up_proof *p)
{
	const struct up_ctl *ctl = l->program;
	enum up_err err = gather(ctl, x, text, p);
	int status;

	if (err == UP_E_NOT_FOUND)
		return up_ctl_fail(ctl, "unsigned", up_say("no phone signed the record %lld",
		    "记录 %lld 没有手机签名"), (long long)x->seq);
	if (err != UP_OK)
		return up_ctl_fail_err(ctl, err, "usage prove");
	status = report(ctl, p);
	if (status == 0 && l->values[OUT] != NULL)
		status = write_out(ctl, l->values[OUT], p);
	return status;
}

int up_usage_prove(struct up_command_line *l)
{
	struct up_proof p = { .body = NULL };
	struct up_buf text = { 0 }, kept = { 0 };
	struct up_usage_one x = { 0 };
	struct up_span body;
	int status = 1;

	if (read_body(l, &kept, &body))
		status = up_usage_find(l->program, l->argument, &x);
	if (l->values[BODY] != NULL)
		p.body = &body;
	if (status == 0)
		status = prove(l, &x, &text, &p);
	up_usage_one_free(&x);
	up_buf_free(&text);
	up_buf_free(&kept);
	return status;
}

/* --- verify --- */

static enum up_err take(const json_t *o, struct up_proof *p)
{
	const struct { const char *name; struct up_span *to; } rows[] = {
		{ "record", &p->record }, { "leaf_hash", &p->leaf_hash },
		{ "proof", &p->proof }, { "device", &p->device } };
	enum up_err err = UP_OK;

	for (size_t i = 0; err == UP_OK && i < UP_ARRAY_LEN(rows); i++)
		err = up_json_text(o, rows[i].name, FILE_MAX, rows[i].to);
	return err == UP_OK ? up_jwk_xy(json_object_get(o, "key"), true, p->key) : err;
}

int up_usage_verify(struct up_command_line *l)
{
	const struct up_ctl *ctl = l->program;
	struct up_proof p = { .body = NULL };
	struct up_buf text = { 0 }, kept = { 0 };
	struct up_span body;
	json_t *o = NULL;
	char why[256];
	int status = 1;

	if (l->values[BODY] != NULL)
		p.body = &body;
	if (up_file_read(l->argument, FILE_MAX, false, &text, why) != UP_OK)
		up_ctl_fail(ctl, "io", "%s", why);
	else if (up_json_parse(up_span_trim(up_buf_span(&text)), &o) != UP_OK ||
	    take(o, &p) != UP_OK)
		up_ctl_fail(ctl, "format", up_say("%s: not what usage prove wrote",
		    "%s：不是 usage prove 写出的证明"), l->argument);
	else if (read_body(l, &kept, &body))
		status = report(ctl, &p);
	json_decref(o);
	up_buf_free(&text);
	up_buf_free(&kept);
	return status;
}
