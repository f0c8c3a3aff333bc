/* SPDX-License-Identifier: Apache-2.0
 * unitpassctl enrol: the window writes a unit's principal and shows the code for her phone (rules
 * 5-7). */
#include <config.h>

#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/enrolment.h"
#include "core/hash.h"
#include "core/person.h"
#include "core/text.h"
#include "core/uscc.h"
#include "server/checks.h"
#include "core/day.h"
#include "tools/common/person.h"
#include "tools/common/qr.h"
#include "tools/common/terminal.h"
#include "tools/unitpassctl/unit.h"

#define CODE_TEXT 22

enum { UNIT = 1, NAME, RESIDENT, MOBILE, PERSON_FILE, CLERK, WINDOW, REPLACE, YES };

const struct argp_option up_enrol_options[] = {
	{ "unit", UNIT, "CODE", 0, UP_WORDS("the unit's unified social credit code",
	    "单位的统一社会信用代码"), 0 },
	{ "person-file", PERSON_FILE, "FILE", 0,
	    UP_WORDS("the person as JSON, - for standard input",
	    "人员信息 JSON 文件，- 表示标准输入"), 0 },
	{ "name", NAME, "NAME", 0, UP_WORDS("the person's name", "姓名"), 0 },
	{ "resident-id", RESIDENT, "ID", 0, UP_WORDS("resident ID number (18 characters)",
	    "公民身份号码（18 位）"), 0 },
	{ "mobile", MOBILE, "NUMBER", 0, UP_WORDS("mobile number", "手机号"), 0 },
	{ "clerk", CLERK, "NAME", 0, UP_WORDS("who checked the papers, for the record",
	    "核对材料的工作人员，记入使用记录"), 0 },
	{ "window", WINDOW, "NAME", 0, UP_WORDS("at which window, for the record",
	    "办理窗口，记入使用记录"), 0 },
	{ "replace", REPLACE, NULL, 0, UP_WORDS("in the place of the unit's present principal, who "
	    "ends with all whom she authorised", "更换现任第一管理责任人：其本人及其授权的全部人员随即失效"), 0 },
	{ "yes", YES, NULL, 0, UP_WORDS("do not ask before replacing", "更换前不再询问"), 0 },
	{ 0 },
};

struct enrol {
	struct up_ctl *ctl;
	char unit[UP_USCC_LEN + 1], clerk[UP_CTL_NAME_SIZE], window[UP_CTL_NAME_SIZE];
	struct up_person person;
	struct up_realname_answer answer;
	char code[CODE_TEXT + 1];
	uint8_t code_hash[32];
	int64_t expires_ms;
	struct up_buf text, masked, unit_name, principal /* masked, of now; or empty */;
	bool unit_ended, replace, yes;
	const char *period;              /* up_unit_period, of now */
	char from[16], to[16];
};

static bool read_person(struct enrol *x, const struct up_command_line *l)
{
	const char *name = l->values[NAME], *resident = l->values[RESIDENT],
		   *mobile = l->values[MOBILE];
	const struct up_person_given given = { up_span_str(name), up_span_str(resident),
	    up_span_str(mobile) };
	const char *file = l->values[PERSON_FILE];
	struct up_person_problem problem;
	uint32_t today = up_day_number((int64_t)time(NULL));
	enum up_err err;

	if (file != NULL && (name != NULL || resident != NULL || mobile != NULL))
		up_command_wrong("%s",
		    up_say("--person-file excludes --name, --resident-id and --mobile",
			"--person-file 不能与 --name、--resident-id、--mobile 同时使用"));
	if (file == NULL && (name == NULL || resident == NULL || mobile == NULL))
		up_command_wrong("%s",
		    up_say("the person is missing: --person-file FILE, or --name, --resident-id "
			   "and --mobile",
			"缺少人员信息：请用 --person-file FILE，或 --name、--resident-id 和 --mobile"));
	err = file != NULL ? up_person_data_read(file, today, &x->person, &problem)
	    : up_person_data_take(&given, today, &x->person, &problem);
	if (err != UP_OK)
		up_ctl_fail(x->ctl, problem.code, "%s", problem.text);
	return err == UP_OK;
}

static bool draw(struct enrol *x)
{
	struct up_span code = up_span_of(x->code, CODE_TEXT);
	uint8_t raw[16];

	if (RAND_bytes(raw, sizeof(raw)) != 1)
		return false;
	up_text_b64url(up_span_of(raw, sizeof(raw)), x->code);
	up_wipe(raw, sizeof(raw));
	up_buf_printf(&x->text, "%s/e/%s", x->ctl->config->issuer, x->code);
	return !x->text.failed && !x->masked.failed &&
	    up_hash_sha256(&code, 1, x->code_hash) == UP_OK;
}

static enum up_err store(struct enrol *x)
{
	struct up_op_code put = {
	    .unit = up_span_str(x->unit),
	    .role = UP_SPAN_LIT("principal"),
	    .outcome = up_span_str(up_realname_name(x->answer.outcome)),
	    .assurance = up_span_str(x->answer.assurance),
	    .clerk = up_span_str(x->clerk),
	    .window = up_span_str(x->window),
	    .named = {up_span_str(x->person.name), up_span_str(x->person.resident),
		up_span_str(x->person.mobile)},
	    .expires_ms = x->expires_ms,
	    .replace = x->replace,
	};

	memcpy(put.code_hash, x->code_hash, sizeof(put.code_hash));
	return up_ctl_run(x->ctl, UP_OP_CODE, &put.op);
}

/* Why there is no code. */
static int refused(struct enrol *x, enum up_err err)
{
	const struct up_ctl *ctl = x->ctl;

	if (err == UP_E_NOT_FOUND)
		return up_ctl_fail(ctl, "unit",
		    up_say("there is no unit %s; import it first: unitpassctl unit import",
			"没有单位 %s，请先导入：unitpassctl unit import"),
		    x->unit);
	if (err == UP_E_STATE && x->unit_ended)
		return up_ctl_fail(ctl, "ended", up_say("the unit %s was cancelled; nobody can be "
		    "enrolled for it", "单位 %s 已注销，不能再登记人员"), x->unit);
	if (err == UP_E_STATE)
		return up_ctl_fail(ctl, "principal",
		    up_say("the unit has another principal already, %s, and can have only one; to "
			   "put this person in her place: --replace",
			"该单位已有另一名第一管理责任人 %s，每个单位只能有一名；确需更换请加 --replace"),
		    up_buf_cstr(&x->principal));
	if (err == UP_E_PENDING)
		return up_ctl_fail(ctl, "unavailable",
		    up_say("the real-name check gives no answer; the person is kept as pending, "
		    "without a code: mend this, then try again: %s",
		    "实名核验没有结果；已登记为待核验，未生成领取码。请处理后重试：%s"),
		    up_say(x->answer.why_en, x->answer.why_zh));
	if (err == UP_E_PERSON && x->answer.outcome == UP_REALNAME_NOT_FOUND)
		return up_ctl_fail(ctl, "not_found", "%s",
		    up_say("real-name check: this person is not known; nothing was saved",
			"实名核验：查无此人；未保存任何数据"));
	if (err == UP_E_PERSON)
		return up_ctl_fail(ctl, "mismatch", "%s",
		    up_say("real-name check: name or mobile number does not fit the resident ID "
			   "number; nothing was saved",
			"实名核验：姓名或手机号与身份证号不一致；未保存任何数据"));
	return up_ctl_fail_err(ctl, err, x->unit);
}

static int take_unit(void *arg, const struct up_unit_view *u)
{
	struct enrol *x = arg;

	up_buf_put_span(&x->unit_name, u->name);
	up_buf_put_span(&x->principal, u->principal);
	x->unit_ended = !up_span_eq_str(u->status, "live");
	x->period = up_unit_period(u, x->ctl->now_ms, x->ctl->now_ms);
	up_day_text(u->valid_from_s, x->from);
	up_day_text(u->valid_to_s, x->to);
	return 1;
}

/* No phone takes a code of a unit whose certificate is not in force. */
static bool check_period(const struct enrol *x)
{
	if (x->unit_ended || x->period == NULL || strcmp(x->period, "live") == 0)
		return true;
	if (strcmp(x->period, "over") == 0)
		up_ctl_fail(x->ctl, "expired",
		    up_say("the certificate of unit %s ran out on %s; nobody can be enrolled under "
			   "it. Issue another one first: unitpassctl unit change --certificate "
			   "NUMBER --valid-from DAY %s",
			"单位 %s 的证书已于 %s 到期，不能登记人员。请先另发证书：unitpassctl unit change "
			"--certificate NUMBER --valid-from DAY %s"), x->unit, x->to, x->unit);
	else
		up_ctl_fail(x->ctl, "early",
		    up_say("the certificate of unit %s is valid from %s on; enrol the person then",
			"单位 %s 的证书自 %s 起有效，请届时再登记人员"), x->unit, x->from);
	return false;
}

/* Unit and person first: who sees a slip here does not hand the phone a wrong code. */
static void show_for_whom(struct enrol *x)
{
	struct up_buf unit = { 0 };

	up_buf_printf(&unit, up_say("%s (%s)", "%s（%s）"), up_buf_cstr(&x->unit_name), x->unit);
	up_terminal_line(stdout, up_say("unit", "单位"), up_buf_span(&unit));
	up_terminal_line(stdout, up_say("person", "人员"), up_buf_span(&x->masked));
	up_terminal_line(stdout, up_say("role", "角色"), up_span_str(up_say("principal", "第一管理责任人")));
	putchar('\n');
	up_buf_free(&unit);
}

static int report(struct enrol *x)
{
	const char *text = up_buf_cstr(&x->text), *masked = up_buf_cstr(&x->masked);
	char until[32];

	if (x->ctl->json)
		return up_ctl_print(
		    x->ctl, json_pack("{s:s, s:I, s:s, s:s, s:s, s:s, s:s}", "text", text,
				"expires", (json_int_t)(x->expires_ms / 1000), "unit", x->unit,
				"unit_name", up_buf_cstr(&x->unit_name), "role", "principal",
				"person", masked, "assurance", x->answer.assurance));
	up_day_time_text(x->expires_ms, until);
	show_for_whom(x);
	if (up_qr_print(stdout, text, isatty(STDOUT_FILENO) != 0) != UP_OK)
		return up_ctl_fail_err(x->ctl, UP_E_NOMEM, "QR");
	printf("\n  %s\n\n", text);
	printf(up_say("  %s scans this with her phone until %s (5 minutes, once).\n",
		   "  请 %s 本人用手机扫描，有效至 %s（5 分钟，一次有效）。\n"),
	    masked, until + 11);
	return 0;
}

/* In the foreground: the window waits for the answer. False: said why it cannot be asked. */
static bool check_person(struct enrol *x)
{
	struct up_checks_source source;
	char why[256] = "";
	enum up_err err = up_checks_open(x->ctl->config, &source, why);

	if (err != UP_OK) {
		up_ctl_fail(x->ctl, "config", "%s", why[0] != '\0' ? why : up_err_name(err));
		return false;
	}
	up_realname_check(&source.connector, &x->person, &x->answer);
	up_checks_close(&source);
	return true;
}

/* Before anything is asked or done. Whether she is the one who is there already the store finds
 * out; then nobody ends. */
static bool confirm(struct enrol *x)
{
	struct up_standing s;
	enum up_err err;

	if (!x->replace || x->principal.n == 0 || x->ctl->json)
		return true;
	err = up_store_standing_unit(x->ctl->store, up_span_str(x->unit), &s);
	if (err != UP_OK) {
		up_ctl_fail_err(x->ctl, err, x->unit);
		return false;
	}
	fprintf(stderr, up_say("Unless %s is %s already, the present principal ends at once, with "
	    "managers %lld, users %lld, grants %lld.\n", "除非 %s 就是现任的 %s，否则现任第一管理责任人立即失效，"
	    "一并失效的有管理人 %lld 名、使用人 %lld 名、授权 %lld 项。\n"), up_buf_cstr(&x->masked),
	    up_buf_cstr(&x->principal), (long long)s.managers, (long long)s.users,
	    (long long)s.grants);
	return up_ctl_confirm(x->ctl, x->yes, up_say("Replace her? [y/N] ", "确认更换？[y/N] "));
}

static int run(struct enrol *x)
{
	enum up_err err = up_store_units(x->ctl->store, up_span_str(x->unit), take_unit, x);

	if (err == UP_OK && (x->unit_name.failed || x->principal.failed))
		err = UP_E_NOMEM;
	if (err != UP_OK)
		return up_ctl_fail_err(x->ctl, err, x->unit);
	up_person_mask_name(&x->masked, up_span_str(x->person.name));
	if (!check_period(x) || !confirm(x) || !check_person(x))
		return 1;
	if (x->answer.outcome != UP_REALNAME_UNAVAILABLE && x->answer.why_en[0] != '\0')
		up_ctl_warn(up_say(x->answer.why_en, x->answer.why_zh));
	x->expires_ms = x->ctl->now_ms + UP_ENROLMENT_LIFE_MS;
	if (!draw(x))
		return up_ctl_fail_err(x->ctl, UP_E_CRYPTO, "code");
	err = store(x);
	return err == UP_OK ? report(x) : refused(x, err);
}

/* Empty when not given. */
static bool take_label(struct enrol *x, const char *option, const char *value,
    char out[UP_CTL_NAME_SIZE])
{
	out[0] = '\0';
	return value == NULL || up_ctl_name(x->ctl, option, value, out);
}

int up_enrol_run(struct up_command_line *l)
{
	struct enrol x = { .ctl = l->program, .replace = l->values[REPLACE] != NULL,
		.yes = l->values[YES] != NULL };
	int status = 1;

	if (!up_ctl_uscc(x.ctl, "unit", l->values[UNIT], true, x.unit) ||
	    !take_label(&x, "--clerk", l->values[CLERK], x.clerk) ||
	    !take_label(&x, "--window", l->values[WINDOW], x.window))
		return 1;
	if (read_person(&x, l) && up_ctl_open(x.ctl))
		status = run(&x);
	up_wipe(&x.person, sizeof(x.person));
	up_buf_free(&x.text);
	up_buf_free(&x.masked);
	up_buf_free(&x.unit_name);
	up_buf_free(&x.principal);
	up_wipe(x.code, sizeof(x.code));
	return status;
}
