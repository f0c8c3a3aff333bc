/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/common/usage.h"

#include <stdlib.h>
#include <string.h>

#include "core/day.h"
#include "tools/common/table.h"
#include "tools/common/terminal.h"
#include "tools/common/words.h"

struct up_usage_table {
	const char *heads[8];
	struct up_table *table;
};

struct words { const char *name, *en, *zh; };

static const struct words events[] = {
	{ "login.scan", "scanned", "扫码" },
	{ "login.approve", "approved login", "确认登录" },
	{ "login.deny", "declined login", "拒绝登录" },
	{ "login.expire", "login timed out", "登录超时" },
	{ "login.redeem", "logged in", "登录完成" },
	{ "login.replay", "used twice", "重复兑换" },
	{ "enrolment.code", "code made", "生成领取码" },
	{ "enrolment.open", "code opened", "打开领取码" },
	{ "enrolment.done", "certificate taken", "领取证书" },
	{ "person.check", "real-name check answered", "实名核验有结果" },
	{ "people.add", "manager or user added", "添加管理人或使用人" },
	{ "people.code", "code made anew", "重新生成领取码" },
	{ "people.delete", "manager or user deleted", "删除管理人或使用人" },
	{ "grant.add", "items granted", "授权" },
	{ "grant.take", "grant taken", "领取授权" },
	{ "grant.cancel", "grant cancelled", "取消授权" },
	{ "device.end", "phone ended", "停用手机" },
	{ "people.suspend", "principal to be confirmed", "第一管理责任人待重新确认" },
	{ "unit.add", "unit added", "添加单位" },
	{ "unit.change", "certificate changed", "证书变更" },
	{ "unit.renew", "certificate renewed", "证书延续" },
	{ "unit.cancel", "unit cancelled", "单位注销" },
	{ "authority.add", "authority added", "添加登记管理机关" },
	{ "authority.change", "authority renamed", "更改登记管理机关" },
	{ "client.add", "portal added", "登记业务系统" },
	{ "client.rotate", "portal's key changed", "更换业务系统密钥" },
	{ "client.disable", "portal disabled", "停用业务系统" },
	{ "client.enable", "portal enabled", "启用业务系统" },
	{ "client.remove", "portal removed", "删除业务系统" },
	{ "item.add", "item added", "登记授权事项" },
	{ "item.end", "item ended", "停用授权事项" },
	{ "key.rotate", "data key changed", "更换数据密钥" },
	{ "clock.accept", "clock accepted", "确认时钟" },
};

static const struct words results[] = {
	{ "ok", "ok", "成功" }, { "refused", "refused", "拒绝" }, { "expired", "timed out", "超时" },
};

static const struct words reasons[] = {
	{ "not_mine", "not started by her", "非本人发起" },
	{ "not_decided", "not decided in time", "未在时限内确认" },
	{ "not_redeemed", "approved, not fetched in time", "已确认，业务系统未在时限内领取" },
	{ "live_failed", "the server could not finish it", "服务器未能完成" },
	{ "unknown_code", "unknown code", "未知的码" },
	{ "stale_frame", "old picture of the code", "过期的二维码画面" },
	{ "forged_frame", "forged code", "伪造的二维码" },
	{ "static_refused", "a code that does not move", "不接受静态二维码" },
	{ "taken", "scanned by another first", "已被他人先扫" },
	{ "unknown_transaction", "unknown login", "未知的登录" },
	{ "not_yours", "another phone's login", "其他手机的登录" },
	{ "expired_token", "too late", "已超时" },
	{ "decision_differs", "what was signed differs", "签名内容不符" },
	{ "wrong_password", "wrong password", "密码错误" },
	{ "password_locked", "password locked", "密码已锁定" },
	{ "wrong_person", "another person", "非本人" },
	{ "bad_code", "code not good", "码不可用" },
	{ "bad_token", "phone not known", "手机凭证失效" },
	{ "device_ended", "phone ended", "手机已停用" },
	{ "bad_client", "portal not live", "业务系统已停用" },
	{ "bad_proof", "proof wrong", "设备证明有误" },
	{ "replayed_proof", "used before", "重复使用" },
	{ "role_not_live", "role not live", "证书或角色已失效" },
	{ "item_not_granted", "item not granted", "没有该事项授权" },
	{ "bad_item", "no such item", "没有该授权事项" },
	{ "principal_suspended", "not confirmed anew", "第一管理责任人待重新确认" },
	{ "may_not_authorise", "may not authorise", "没有使用人授权权限" },
	{ "managers_full", "three managers already", "管理人已满三名" },
	{ "other_role", "another role already", "已有其他角色" },
	{ "realname_pending", "not checked yet", "实名核验尚无结果" },
	{ "weak_password", "password too easy", "密码过于简单" },
	{ "person_mismatch", "identity does not match", "实名信息不一致" },
	{ "person_unknown", "no such person", "查无此身份证号码" },
	{ "period_past", "begins before today", "开始日期已过" },
	{ "period_too_short", "ends before it begins", "授权期限过短" },
	{ "period_too_long", "longer than a year", "授权期限过长" },
	{ "period_over", "over before it was taken", "领取前已过期" },
	{ "statement_not_agreed", "statement not agreed", "未同意下载声明" },
	{ "wrong_state", "not possible now", "当前状态不允许" },
	{ "not_found", "not known", "查无此人" },
	{ "mismatch", "identity does not match", "实名信息不一致" },
	{ "unavailable", "check not available", "实名核验不可用" },
};

static const struct words *find(const struct words *w, size_t n, struct up_span name)
{
	for (size_t i = 0; i < n; i++)
		if (up_span_eq_str(name, w[i].name))
			return &w[i];
	return NULL;
}

bool up_usage_event_known(struct up_span name)
{
	return find(events, UP_ARRAY_LEN(events), name) != NULL;
}

bool up_usage_reason_known(struct up_span name)
{
	return find(reasons, UP_ARRAY_LEN(reasons), name) != NULL;
}

const char *up_usage_reason_word(struct up_span name)
{
	const struct words *found = find(reasons, UP_ARRAY_LEN(reasons), name);

	return found != NULL ? up_say(found->en, found->zh) : NULL;
}

static void put_names(struct up_buf *b, const struct words *w, size_t n)
{
	for (size_t i = 0; i < n; i++)
		up_buf_printf(b, "%s%s", i > 0 ? " " : "", w[i].name);
}

void up_usage_put_events(struct up_buf *b)
{
	put_names(b, events, UP_ARRAY_LEN(events));
}

void up_usage_put_reasons(struct up_buf *b)
{
	put_names(b, reasons, UP_ARRAY_LEN(reasons));
}

int64_t up_usage_day(
    const struct argp_option *options, const struct up_command_line *l, int key)
{
	const char *text = l->values[key];
	int64_t start_s = 0;

	if (text != NULL && up_day_parse(up_span_str(text), &start_s) != UP_OK)
		up_command_wrong(up_say("--%s: '%s' is not a day YYYY-MM-DD",
				     "--%s：“%s”不是 YYYY-MM-DD 格式的日期"),
		    options[key - 1].name, text);
	return start_s * 1000;
}

void up_usage_print_next(FILE *f, const struct argp_option *options,
    const struct up_command_line *l, int before, int64_t n)
{
	for (int key = 1; options[key - 1].name != NULL; key++)
		if (l->values[key] != NULL && key != before)
			fprintf(f, " --%s %s", options[key - 1].name, l->values[key]);
	fprintf(f, " --before %lld", (long long)n);
}

struct up_usage_table *up_usage_table_new(void)
{
	struct up_usage_table *t = calloc(1, sizeof(*t));
	const char *const heads[] = { up_say("SEQ", "序号"), up_say("TIME", "时间"),
		up_say("WHAT", "事项"), up_say("RESULT", "结果"), up_say("UNIT", "单位"),
		up_say("PERSON", "人员"), up_say("PORTAL", "业务系统"),
		up_say("FROM", "来源地址") };

	if (t == NULL)
		return NULL;
	memcpy(t->heads, heads, sizeof(heads));
	t->table = up_table_new(t->heads, UP_ARRAY_LEN(heads));
	if (t->table == NULL)
		up_usage_table_free(&t);
	return t;
}

static const char *text_of(const json_t *r, const char *name)
{
	const char *s = json_string_value(json_object_get(r, name));

	return s != NULL ? s : "";
}

/* For people; what has no words is shown as it is. */
static const char *say(const struct words *w, size_t n, const char *name)
{
	const struct words *found = find(w, n, up_span_str(name));

	return found != NULL ? up_say(found->en, found->zh) : name;
}

static void put(struct up_usage_table *t, const char *text)
{
	up_table_put(t->table, up_span_str(text));
}

static void put_two(struct up_usage_table *t, const char *a, const char *b)
{
	struct up_buf both = { 0 };

	up_buf_printf(&both, "%s%s%s", a, a[0] != '\0' && b[0] != '\0' ? " " : "", b);
	up_table_put(t->table, up_buf_span(&both));
	up_buf_free(&both);
}

static void put_result(struct up_usage_table *t, const json_t *r)
{
	const char *reason = text_of(r, "reason");
	struct up_buf b = { 0 };

	up_buf_put_str(&b, say(results, UP_ARRAY_LEN(results), text_of(r, "result")));
	if (reason[0] != '\0')
		up_buf_put_str(&b, up_say(": ", "："));
	up_words_put_reason(&b, up_span_str(reason));
	up_table_put(t->table, up_buf_span(&b));
	up_buf_free(&b);
}

static void put_person(struct up_usage_table *t, const json_t *r)
{
	struct up_buf b = { 0 };

	up_buf_put_str(&b, text_of(r, "person_name"));
	up_buf_put_str(&b, b.n > 0 && text_of(r, "role")[0] != '\0' ? " " : "");
	up_words_put_role(&b, up_span_str(text_of(r, "role")));
	up_table_put(t->table, up_buf_span(&b));
	up_buf_free(&b);
}

void up_usage_table_put_json(struct up_usage_table *t, const json_t *r)
{
	const char *name = text_of(r, "client_name");
	char seq[24], time[32];

	snprintf(
	    seq, sizeof(seq), "%lld", (long long)json_integer_value(json_object_get(r, "seq")));
	up_day_time_text(json_integer_value(json_object_get(r, "time_ms")), time);
	put(t, seq);
	put(t, time);
	put(t, say(events, UP_ARRAY_LEN(events), text_of(r, "event")));
	put_result(t, r);
	put(t, text_of(r, "unit_name"));
	put_person(t, r);
	put_two(t, name[0] != '\0' ? name : text_of(r, "client"), text_of(r, "item"));
	put(t, text_of(r, text_of(r, "initiator_ip")[0] != '\0' ? "initiator_ip" : "holder_ip"));
}

enum up_err up_usage_table_put(struct up_usage_table *t, struct up_span canonical)
{
	json_t *r = json_loadb((const char *)canonical.p, canonical.n, 0, NULL);

	if (!json_is_object(r)) {
		json_decref(r);
		return UP_E_FORMAT;
	}
	up_usage_table_put_json(t, r);
	json_decref(r);
	return UP_OK;
}

enum up_err up_usage_table_print(const struct up_usage_table *t, FILE *f)
{
	return up_table_print(t->table, f);
}

void up_usage_table_free(struct up_usage_table **t)
{
	if (*t == NULL)
		return;
	up_table_free(&(*t)->table);
	free(*t);
	*t = NULL;
}
