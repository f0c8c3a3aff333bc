/* SPDX-License-Identifier: Apache-2.0
 * unitpassctl unit change, renew, cancel: what becomes of a unit that is there (rules 28, 30). */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "core/day.h"
#include "tools/common/terminal.h"
#include "tools/unitpassctl/ctl.h"
#include "tools/unitpassctl/unit.h"

enum {
	NAME = 1, PURPOSE, ADDRESS, REPRESENTATIVE, FUNDING, CAPITAL, ORGANISER, CERTIFICATE, FROM,
	TO, YES
};

#define YES_OPTION \
	{ "yes", YES, NULL, 0, UP_WORDS("do not ask first", "不再询问"), 0 }

const struct argp_option up_unit_change_options[] = {
	{ "name", NAME, "NAME", 0, UP_WORDS("the unit's name", "名称"), 0 },
	{ "purpose", PURPOSE, "TEXT", 0, UP_WORDS("purpose and business", "宗旨和业务范围"), 0 },
	{ "address", ADDRESS, "TEXT", 0, UP_WORDS("address", "住所"), 0 },
	{ "legal-representative", REPRESENTATIVE, "NAME", 0,
	    UP_WORDS("legal representative: the principal has to be confirmed at the window",
	    "法定代表人：第一管理责任人须到窗口重新确认"), 0 },
	{ "funding", FUNDING, "TEXT", 0, UP_WORDS("source of funds", "经费来源"), 0 },
	{ "capital", CAPITAL, "TEXT", 0, UP_WORDS("initial capital", "开办资金"), 0 },
	{ "organiser", ORGANISER, "NAME", 0, UP_WORDS("organising body", "举办单位"), 0 },
	{ "certificate", CERTIFICATE, "NUMBER", 0,
	    UP_WORDS("another certificate under this number", "另发此证书号的证书"), 0 },
	{ "valid-from", FROM, "DAY", 0,
	    UP_WORDS("of another certificate, YYYY-MM-DD", "新证书的有效期自，YYYY-MM-DD"), 0 },
	{ "valid-to", TO, "DAY", 0,
	    UP_WORDS("of another certificate; 5 years when left out", "新证书的有效期至，不填为 5 年"),
	    0 },
	YES_OPTION,
	{ 0 },
};
const struct argp_option up_unit_end_options[] = { YES_OPTION, { 0 } };

static const enum up_unit_field fields[] = {
	[NAME] = UP_UNIT_NAME,
	[PURPOSE] = UP_UNIT_PURPOSE,
	[ADDRESS] = UP_UNIT_ADDRESS,
	[REPRESENTATIVE] = UP_UNIT_REPRESENTATIVE,
	[FUNDING] = UP_UNIT_FUNDING,
	[CAPITAL] = UP_UNIT_CAPITAL,
	[ORGANISER] = UP_UNIT_ORGANISER,
	[CERTIFICATE] = UP_UNIT_CERTIFICATE,
	[FROM] = UP_UNIT_FROM,
	[TO] = UP_UNIT_TO,
};

/* --- the unit that the argument names --- */

struct target {
	struct up_ctl *ctl;
	char code[UP_USCC_LEN + 1];
	json_t *unit;                    /* as unit show has it */
	int64_t valid_to_s;
	bool ended;
};

static int keep(void *arg, const struct up_unit_view *u)
{
	struct target *t = arg;

	t->unit = up_unit_view_json(u);
	t->valid_to_s = u->valid_to_s;
	t->ended = !up_span_eq_str(u->status, "live");
	return 1;
}

/* False: said why, and *STATUS says how it ends. */
static bool find(struct target *t, const struct up_command_line *l)
{
	enum up_err err;

	*t = (struct target){ .ctl = l->program };
	if (!up_ctl_uscc(t->ctl, "code", l->argument, false, t->code) || !up_ctl_open(t->ctl))
		return false;
	err = up_store_units(t->ctl->store, up_span_str(t->code), keep, t);
	if (err != UP_OK)
		up_ctl_fail_err(t->ctl, err, t->code);
	else if (t->unit == NULL)
		up_ctl_fail(t->ctl, "not_found",
		    up_say("there is no unit %s; see: unitpassctl unit list",
			"没有单位 %s，请查看：unitpassctl unit list"), t->code);
	return err == UP_OK && t->unit != NULL;
}

static const char *text_of(const json_t *unit, enum up_unit_field field)
{
	const char *name = up_unit_field_name(field, false);
	const json_t *at = json_object_get(unit, name);

	if (at == NULL)
		at = json_object_get(json_object_get(unit, "fields"), name);
	return json_string_value(at) != NULL ? json_string_value(at) : "";
}

static void print_unit(const struct target *t)
{
	up_terminal_put(stdout, up_span_str(text_of(t->unit, UP_UNIT_NAME)), 200);
	printf(" (%s)\n", t->code);
}

/* Before anything is announced. */
static bool is_live(const struct target *t)
{
	if (t->ended)
		up_ctl_fail(t->ctl, "state",
		    up_say("unit %s is cancelled", "单位 %s 已注销"), t->code);
	return !t->ended;
}

/* --- change --- */

struct change {
	struct target t;
	struct up_unit_change ask;
	struct up_buf texts[TO + 1];
};

/* In the one spelling that is kept. */
static bool take_values(struct change *c, const struct up_command_line *l)
{
	struct up_normal_fault fault;
	char why[UP_NORMAL_FAULT_TEXT];
	bool any = false;

	for (int key = NAME; key <= TO; key++) {
		enum up_unit_field field = fields[key];

		if (l->values[key] == NULL)
			continue;
		any = c->ask.asked[field] = true;
		if (up_unit_put_value(&c->texts[key], field, up_span_str(l->values[key]), &fault) !=
		    UP_OK) {
			up_normal_fault_text(&fault, up_terminal_chinese(), why);
			up_ctl_fail(c->t.ctl, "field", up_say("%s: %s", "%s：%s"),
			    up_unit_field_name(field, up_terminal_chinese()), why);
			return false;
		}
		c->ask.values[field] = up_buf_span(&c->texts[key]);
	}
	if (!any)
		up_command_wrong("%s", up_say("nothing to change: say what, as --name or --address",
		    "请指明变更内容，例如 --name 或 --address"));
	return true;
}

/* What stands now, and what will. */
static void print_change(const struct change *c)
{
	print_unit(&c->t);
	for (int key = NAME; key <= TO; key++) {
		struct up_buf line = { 0 };

		if (!c->ask.asked[fields[key]])
			continue;
		up_buf_printf(&line, "%s → ", text_of(c->t.unit, fields[key]));
		up_buf_put_span(&line, c->ask.values[fields[key]]);
		up_terminal_line(stdout, up_unit_field_name(fields[key], up_terminal_chinese()),
		    up_buf_span(&line));
		up_buf_free(&line);
	}
	if (c->ask.asked[UP_UNIT_REPRESENTATIVE])
		puts(up_say("With another legal representative the principal can do nothing until "
		    "the window has confirmed her (unitpassctl enrol); managers and users go on.",
		    "法定代表人变更后，第一管理责任人须到窗口重新确认（unitpassctl enrol）方可操作；"
		    "管理人和使用人不受影响。"));
}

static int change_refused(const struct change *c, const struct up_op_unit_change *op)
{
	const struct up_ctl *ctl = c->t.ctl;

	if (op->op.err == UP_E_FORMAT && op->bad_en != NULL)
		return up_ctl_fail(ctl, "field", up_say("%s %s", "%s：%s"),
		    up_unit_field_name(op->bad, up_terminal_chinese()),
		    up_say(op->bad_en, op->bad_zh));
	if (op->op.err == UP_E_STATE && c->ask.asked[UP_UNIT_CERTIFICATE])
		return up_ctl_fail(ctl, "state", "%s",
		    up_say("this certificate number is taken", "该证书号已被使用"));
	if (op->op.err == UP_E_STATE)
		return up_ctl_fail(ctl, "state", "%s",
		    up_say("the unit is cancelled", "单位已注销"));
	return up_ctl_fail_err(ctl, op->op.err, c->t.code);
}

static int change_done(const struct change *c, const struct up_op_unit_change *op)
{
	if (c->t.ctl->json)
		return up_ctl_print(c->t.ctl,
		    json_pack("{s:s, s:I, s:I, s:b}", "unit", c->t.code, "changed",
			(json_int_t)op->out_n, "certificate_version", (json_int_t)op->out_version,
			"principal_suspended", op->out_suspended));
	if (op->out_n == 0) {
		puts(up_say("It is so already; nothing was changed.", "内容相同，未作更改。"));
		return 0;
	}
	printf(up_say("The certificate has version %lld now.\n", "证书现为第 %lld 版。\n"),
	    (long long)op->out_version);
	if (op->out_suspended)
		puts(up_say("The principal is suspended; confirm her: unitpassctl enrol",
		    "第一管理责任人已暂停，请重新确认：unitpassctl enrol"));
	return 0;
}

static int change(struct change *c, const struct up_command_line *l)
{
	struct up_op_unit_change op = { .code = up_span_str(c->t.code), .change = &c->ask };

	if (!take_values(c, l) || !is_live(&c->t))
		return 1;
	if (!c->t.ctl->json)
		print_change(c);
	if (!up_ctl_confirm(c->t.ctl, l->values[YES] != NULL,
		up_say("Change it? [y/N] ", "确认变更？[y/N] ")))
		return 1;
	up_ctl_run(c->t.ctl, UP_OP_UNIT_CHANGE, &op.op);
	return op.op.err == UP_OK ? change_done(c, &op) : change_refused(c, &op);
}

int up_ctl_unit_change(struct up_command_line *l)
{
	struct change c = { .t.ctl = l->program };
	int status = 1;

	if (find(&c.t, l))
		status = change(&c, l);
	for (int key = NAME; key <= TO; key++)
		up_buf_free(&c.texts[key]);
	json_decref(c.t.unit);
	return status;
}

/* --- renew --- */

static int renew_refused(const struct target *t, enum up_err err)
{
	const char *to = text_of(t->unit, UP_UNIT_TO);

	if (err == UP_E_RANGE)
		return up_ctl_fail(t->ctl, "early",
		    up_say("the certificate runs to %s; it is renewed in its last %d days",
			"证书有效期至 %s，仅可在最后 %d 天内办理延续"), to, UP_UNIT_RENEW_DAYS);
	if (err == UP_E_EXPIRED)
		return up_ctl_fail(t->ctl, "expired",
		    up_say("the certificate ran out on %s and is void; another one: "
			   "unitpassctl unit change --certificate NUMBER --valid-from DAY",
			"证书已于 %s 到期作废，请另发证书：unitpassctl unit change --certificate NUMBER "
			"--valid-from DAY"), to);
	if (err == UP_E_STATE)
		return up_ctl_fail(t->ctl, "state", "%s",
		    up_say("the unit is cancelled", "单位已注销"));
	return up_ctl_fail_err(t->ctl, err, t->code);
}

static int renew(const struct target *t)
{
	struct up_op_unit_renew op = { .code = up_span_str(t->code) };
	char from[16], to[16];

	if (up_ctl_run(t->ctl, UP_OP_UNIT_RENEW, &op.op) != UP_OK)
		return renew_refused(t, op.op.err);
	up_day_text(op.out_from_s, from);
	up_day_text(op.out_to_s, to);
	if (t->ctl->json)
		return up_ctl_print(t->ctl,
		    json_pack("{s:s, s:s, s:s, s:I}", "unit", t->code, "valid_from", from,
			"valid_to", to, "certificate_version", (json_int_t)op.out_version));
	printf(up_say("The certificate runs from %s to %s (version %lld).\n",
	    "证书有效期：%s 至 %s（第 %lld 版）。\n"), from, to, (long long)op.out_version);
	return 0;
}

static bool may_renew(const struct target *t)
{
	int64_t from_s, to_s;
	enum up_err err;

	if (!is_live(t))
		return false;
	err = up_unit_renew(t->valid_to_s, t->ctl->now_ms / 1000, &from_s, &to_s);
	if (err != UP_OK)
		renew_refused(t, err);
	return err == UP_OK;
}

int up_ctl_unit_renew(struct up_command_line *l)
{
	struct target t;
	int status = 1;

	if (find(&t, l) && may_renew(&t)) {
		if (!t.ctl->json)
			print_unit(&t);
		if (up_ctl_confirm(t.ctl, l->values[YES] != NULL,
			up_say("Renew its certificate for 5 years from today on? [y/N] ",
			    "自今日起延续证书 5 年？[y/N] ")))
			status = renew(&t);
	}
	json_decref(t.unit);
	return status;
}

/* --- cancel --- */

static bool print_standing(const struct target *t)
{
	struct up_standing n;
	enum up_err err = up_store_standing_unit(t->ctl->store, up_span_str(t->code), &n);

	if (err != UP_OK) {
		up_ctl_fail_err(t->ctl, err, t->code);
		return false;
	}
	if (t->ctl->json)
		return true;
	print_unit(t);
	printf(up_say("This ends the unit and its certificate, and at once and for good: %lld "
		      "principal, %lld managers, %lld users, %lld grants, %lld open codes, and "
		      "all sessions.\n",
		   "将注销单位及其证书，并立即、永久停用：第一管理责任人 %lld 名、管理人 %lld 名、"
		   "使用人 %lld 名、授权 %lld 项、未用的码 %lld 个，以及全部会话。\n"),
	    (long long)n.principals, (long long)n.managers, (long long)n.users,
	    (long long)n.grants, (long long)n.codes);
	return true;
}

static int cancelled_already(const struct target *t)
{
	return up_ctl_fail(t->ctl, "unchanged",
	    up_say("unit %s is cancelled already", "单位 %s 此前已注销"), t->code);
}

static int cancel(const struct target *t)
{
	struct up_op_unit_cancel op = { .code = up_span_str(t->code) };
	enum up_err err = up_ctl_run(t->ctl, UP_OP_UNIT_CANCEL, &op.op);

	if (err == UP_E_STATE)
		return cancelled_already(t);
	if (err != UP_OK)
		return up_ctl_fail_err(t->ctl, err, t->code);
	if (t->ctl->json)
		return up_ctl_print(t->ctl,
		    json_pack("{s:s, s:s, s:I}", "unit", t->code, "status", "ended", "roles_ended",
			(json_int_t)op.out_roles));
	printf(up_say("Unit %s is cancelled; %zu roles have ended.\n",
	    "单位 %s 已注销，%zu 个角色已停用。\n"), t->code, op.out_roles);
	return 0;
}

int up_ctl_unit_cancel(struct up_command_line *l)
{
	struct target t;
	int status = 1;

	if (!find(&t, l))
		goto out;
	if (t.ended)
		cancelled_already(&t);
	else if (print_standing(&t) &&
	    up_ctl_confirm(t.ctl, l->values[YES] != NULL,
		up_say("Cancel it? [y/N] ", "确认注销？[y/N] ")))
		status = cancel(&t);
out:
	json_decref(t.unit);
	return status;
}
