/* SPDX-License-Identifier: Apache-2.0
 * unitpassctl client: looking at portals, and ending them. */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "core/day.h"
#include "tools/common/terminal.h"
#include "tools/unitpassctl/client.h"

enum { ALL = 1 };

const struct argp_option up_client_list_options[] = {
	{ "all", ALL, NULL, 0, UP_WORDS("those too that were removed", "包括已删除的业务系统"), 0 },
	{ 0 },
};

/* --- one client --- */

/* There is no such client: says how to list them; gives exit status 1. */
static int unknown(const struct up_ctl *ctl, const char *id)
{
	return up_ctl_fail(ctl, "client",
	    up_say("there is no client '%s'; see: unitpassctl client list",
		"没有业务系统“%s”，请查看：unitpassctl client list"),
	    id);
}

int up_client_with(
    struct up_command_line *l, int (*fn)(const struct up_command_line *, const struct up_client *))
{
	struct up_ctl *ctl = l->program;
	const struct up_client *known = NULL;
	struct up_client **clients = NULL;
	int status;
	enum up_err err;
	size_t n = 0;

	if (!up_ctl_open(ctl))
		return 1;
	err = up_store_clients(ctl->store, true, &clients, &n);
	for (size_t i = 0; i < n; i++)
		if (strcmp(clients[i]->id, l->argument) == 0)
			known = clients[i];
	if (err != UP_OK)
		status = up_ctl_fail_err(ctl, err, l->argument);
	else
		status = known != NULL ? fn(l, known) : unknown(ctl, l->argument);
	up_store_clients_free(&clients, n);
	return status;
}

static const char *status_word(const char *status)
{
	if (strcmp(status, "live") == 0)
		return up_say("live", "启用");
	return strcmp(status, "disabled") == 0 ? up_say("disabled", "已停用")
					       : up_say("removed", "已删除");
}

static const char *authentication(const struct up_client *c)
{
	return c->has_secret ? "client_secret" : "private_key_jwt";
}

static json_t *client_json(const struct up_client *c)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:b, s:s, s:s, s:I}", "client_id", c->id, "name",
	    c->name, "origin", c->origin, "status", c->status, "static_qr", c->is_static,
	    "authentication", authentication(c), "items", c->items, "created_ms",
	    (json_int_t)c->created_ms);
}

/* --- show --- */

static json_t *key_ids(const struct up_client *c)
{
	json_t *set = c->jwks != NULL ? json_loads(c->jwks, 0, NULL) : NULL, *ids = json_array(),
	       *key;
	size_t i;

	json_array_foreach(json_object_get(set, "keys"), i, key)
		json_array_append(ids, json_object_get(key, "kid"));
	json_decref(set);
	return ids;
}

static void show_line(const char *label, const char *text)
{
	up_terminal_line(stdout, label, up_span_str(text));
}

static int show(const struct up_command_line *l, const struct up_client *c)
{
	const struct up_ctl *ctl = l->program;
	json_t *ids = key_ids(c), *id;
	char created[32], since[32];
	size_t i;

	if (ctl->json) {
		json_t *o = client_json(c);

		if (c->jwks != NULL)
			json_object_set(o, "keys", ids);
		if (c->since_ms != 0)
			json_object_set_new(o, "changed_ms", json_integer(c->since_ms));
		json_decref(ids);
		return up_ctl_print(ctl, o);
	}
	up_day_time_text(c->created_ms, created);
	up_day_time_text(c->since_ms, since);
	show_line(up_say("client id", "编号"), c->id);
	show_line(up_say("name", "名称"), c->name);
	show_line(up_say("origin", "来源"), c->origin);
	show_line(up_say("status", "状态"), status_word(c->status));
	show_line(up_say("QR codes", "二维码"),
	    c->is_static
		? up_say("static, typed codes too (weaker)", "静态，也接受手工输入（较弱）")
		: up_say("animated", "动态"));
	show_line(up_say("authentication", "认证方式"), authentication(c));
	json_array_foreach(ids, i, id)
		show_line(i == 0 ? up_say("keys", "密钥") : "", json_string_value(id));
	show_line(up_say("items", "事项"), c->items);
	show_line(up_say("registered", "登记时间"), created);
	if (c->since_ms != 0)
		show_line(up_say("status since", "状态变更时间"), since);
	json_decref(ids);
	return 0;
}

int up_client_show(struct up_command_line *l)
{
	return up_client_with(l, show);
}

/* --- disable, enable, remove --- */

static int set(const struct up_command_line *l, const struct up_client *c, const char *status)
{
	const struct up_ctl *ctl = l->program;
	struct up_op_client_set put = {.id = up_span_str(c->id), .status = status};
	enum up_err err = up_ctl_run(ctl, UP_OP_CLIENT_SET, &put.op);

	if (err == UP_E_NOT_FOUND)
		return up_ctl_fail(ctl, "removed",
		    up_say("client '%s' was removed; it does not come back: register another",
			"业务系统“%s”已删除，不能恢复，请另行登记"),
		    c->id);
	if (err == UP_E_STATE)
		return up_ctl_fail(ctl, "unchanged",
		    up_say("client '%s' is %s already", "业务系统“%s”的状态已是：%s"), c->id,
		    status_word(status));
	if (err != UP_OK)
		return up_ctl_fail_err(ctl, err, c->id);
	if (ctl->json)
		return up_ctl_print(
		    ctl, json_pack("{s:s, s:s}", "client_id", c->id, "status", status));
	printf("%s  %s\n", c->id, status_word(status));
	if (strcmp(status, "live") == 0)
		puts(up_say("It may begin logins within a second; what it began before stays void.",
		    "一秒内即可发起登录；此前发起的登录和会话仍然无效。"));
	else
		puts(up_say("Its codes, tokens and sessions at the server have ended. Sessions "
			    "that the portal itself keeps go on to their limit.",
		    "其登录码、令牌和服务器上的会话均已失效。业务系统自己保存的会话仍会持续到期限"
		    "。"));
	return 0;
}

static int disable(const struct up_command_line *l, const struct up_client *c)
{
	return set(l, c, "disabled");
}

static int enable(const struct up_command_line *l, const struct up_client *c)
{
	return set(l, c, "live");
}

static int remove_one(const struct up_command_line *l, const struct up_client *c)
{
	return set(l, c, "removed");
}

int up_client_disable(struct up_command_line *l)
{
	return up_client_with(l, disable);
}

int up_client_enable(struct up_command_line *l)
{
	return up_client_with(l, enable);
}

int up_client_remove(struct up_command_line *l)
{
	return up_client_with(l, remove_one);
}

/* --- list --- */

static bool listed(const struct up_command_line *l, const struct up_client *c)
{
	return l->values[ALL] != NULL || strcmp(c->status, "removed") != 0;
}

static void list_one(const struct up_ctl_list *x, const struct up_client *c)
{
	const char *qr = c->is_static ? up_say("static", "静态") : up_say("animated", "动态");
	const char *const row[] = {c->id, c->name, c->origin, qr, authentication(c),
	    status_word(c->status), c->items};

	if (x->json != NULL) {
		json_array_append_new(x->json, client_json(c));
		return;
	}
	for (size_t k = 0; k < UP_ARRAY_LEN(row); k++)
		up_table_put(x->table, up_span_str(row[k]));
}

int up_client_list(struct up_command_line *l)
{
	const char *const heads[] = {"ID", up_say("NAME", "名称"), up_say("ORIGIN", "来源"),
	    up_say("QR", "二维码"), up_say("AUTHENTICATION", "认证方式"), up_say("STATUS", "状态"),
	    up_say("ITEMS", "事项")};
	struct up_ctl *ctl = l->program;
	struct up_client **clients = NULL;
	struct up_ctl_list x;
	int status = 1;
	enum up_err err;
	size_t n = 0;

	if (up_ctl_list_begin(&x, ctl, heads, UP_ARRAY_LEN(heads))) {
		err = up_store_clients(ctl->store, true, &clients, &n);
		for (size_t i = 0; i < n; i++)
			if (listed(l, clients[i]))
				list_one(&x, clients[i]);
		status = up_ctl_list_end(&x, err, "client list", "clients");
	}
	up_store_clients_free(&clients, n);
	up_ctl_list_free(&x);
	return status;
}
