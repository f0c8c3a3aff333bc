/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/common/usage.h"

#include <stdlib.h>
#include <string.h>

#include "tools/common/day.h"
#include "tools/common/table.h"
#include "tools/common/terminal.h"

struct up_usage_table {
	const char *heads[8];
	struct up_table *table;
};

/* Words for people; an event that has none is shown as it is. */
static const struct { const char *event, *en, *zh; } events[] = {
	{ "login.scan", "scanned", "扫码" }, { "login.approve", "approved login", "确认登录" }, { "login.deny", "declined login", "拒绝登录" },
	{ "login.expire", "login timed out", "登录超时" }, { "login.redeem", "logged in", "登录完成" }, { "login.replay", "used twice", "重复兑换" },
	{ "enrolment.code", "code made", "生成领取码" }, { "enrolment.open", "code opened", "打开领取码" }, { "enrolment.done", "certificate taken", "领取证书" },
	{ "clock.accept", "clock accepted", "确认时钟" },
};

struct up_usage_table *up_usage_table_new(void)
{
	struct up_usage_table *t = calloc(1, sizeof(*t));
	const char *const heads[] = { up_say("SEQ", "序号"), up_say("TIME", "时间"), up_say("WHAT", "事项"), up_say("RESULT", "结果"),
		up_say("UNIT", "单位"), up_say("PERSON", "人员"), up_say("PORTAL", "业务系统"), up_say("FROM", "来源地址") };

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

static const char *event_of(const json_t *r)
{
	const char *event = text_of(r, "event");

	for (size_t i = 0; i < UP_ARRAY_LEN(events); i++)
		if (strcmp(event, events[i].event) == 0)
			return up_say(events[i].en, events[i].zh);
	return event;
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

void up_usage_table_put_json(struct up_usage_table *t, const json_t *r)
{
	const char *name = text_of(r, "client_name");
	char seq[24], time[32];

	snprintf(seq, sizeof(seq), "%lld", (long long)json_integer_value(json_object_get(r, "seq")));
	up_day_time_text(json_integer_value(json_object_get(r, "time_ms")), time);
	put(t, seq);
	put(t, time);
	put(t, event_of(r));
	put_two(t, strcmp(text_of(r, "result"), "ok") == 0 ? up_say("ok", "成功") : up_say("refused", "拒绝"), text_of(r, "reason"));
	put(t, text_of(r, "unit_name"));
	put_two(t, text_of(r, "person_name"), text_of(r, "role"));
	put_two(t, name[0] != '\0' ? name : text_of(r, "client"), text_of(r, "item"));
	put(t, text_of(r, "initiator_ip"));
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
