/* SPDX-License-Identifier: Apache-2.0 */
#include "server/keys/data_keys.h"
#include "server/database.h"
#include "tools/unitpassctl/ctl.h"

#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/text.h"
#include "tools/common/terminal.h"

static void log_line(char level, const char *line)
{
	if (level == 'e')
		fprintf(stderr, "unitpassctl: %s\n", line);
}

bool up_ctl_configure(struct up_ctl *ctl)
{
	struct timespec now;
	char why[512];

	clock_gettime(CLOCK_REALTIME, &now);
	ctl->now_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
	if (up_config_read(ctl->config_file, &ctl->config, why) == UP_OK)
		return true;
	up_ctl_fail(ctl, "config", "%s", why[0] != '\0' ? why : up_err_reply(UP_E_NOMEM)->en);
	return false;
}

const char *up_ctl_administrator(void)
{
	const char *sudo = getuid() == 0 ? getenv("SUDO_USER") : NULL;
	const struct passwd *pw = getpwuid(getuid());

	if (sudo != NULL && sudo[0] != '\0' && strlen(sudo) <= 64 &&
	    up_text_utf8_valid(up_span_str(sudo)))
		return sudo;
	return pw != NULL ? pw->pw_name : "unknown";
}

bool up_ctl_open(struct up_ctl *ctl)
{
	struct up_store_settings settings = {
	    .log = log_line, .administrator = up_ctl_administrator()};
	struct up_buf secret = { 0 };
	enum up_err err;
	char why[256];

	if (!up_ctl_configure(ctl))
		return false;
	err = up_data_keys_open(ctl->config->keys, &ctl->data_keys, why);
	settings.data_keys = ctl->data_keys;
	if (err == UP_OK)
		err = up_database_settings(ctl->config, &settings, &secret, why);
	if (err == UP_OK)
		err = up_store_open(&settings, &ctl->store, why);
	up_buf_free(&secret);
	if (err == UP_OK)
		return true;
	up_ctl_fail(ctl, "store",
	    up_say("%s (a new installation begins with: unitpassctl init)",
		"%s（新安装请先运行：unitpassctl init）"),
	    why);
	return false;
}

enum up_err up_ctl_run(const struct up_ctl *ctl, enum up_op_kind kind, struct up_op *op)
{
	op->kind = kind;
	op->now_ms = ctl->now_ms;
	return up_store_run(ctl->store, op);
}

void up_ctl_close(struct up_ctl *ctl)
{
	up_store_close(&ctl->store);
	up_data_keys_free(&ctl->data_keys);
	up_config_free(&ctl->config);
}

int up_ctl_fail(const struct up_ctl *ctl, const char *code, const char *fmt, ...)
{
	struct up_buf text = { 0 };
	char line[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	up_text_put_safe(&text, up_span_str(line), 1000);
	fprintf(stderr, "unitpassctl: %s\n", text.failed ? code : up_buf_cstr(&text));
	if (ctl->json)
		up_ctl_print(ctl,
		    json_pack("{s:s, s:s}", "error", code, "message",
			text.failed ? code : up_buf_cstr(&text)));
	up_buf_free(&text);
	return 1;
}

int up_ctl_fail_err(const struct up_ctl *ctl, enum up_err err, const char *what)
{
	const struct up_reply *r = up_err_reply(err);

	return up_ctl_fail(
	    ctl, up_err_name(err), "%s: %s", what, up_terminal_chinese() ? r->zh : r->en);
}

void up_ctl_warn(const char *text)
{
	struct up_buf safe = { 0 };

	up_text_put_safe(&safe, up_span_str(text), 1000);
	fprintf(stderr, "unitpassctl: %s\n", safe.failed ? "" : up_buf_cstr(&safe));
	up_buf_free(&safe);
}

int up_ctl_print(const struct up_ctl *ctl, json_t *v)
{
	bool good = v != NULL && json_dumpf(v, stdout, JSON_COMPACT) == 0 &&
	    fputc('\n', stdout) != EOF && fflush(stdout) == 0;

	(void)ctl;
	json_decref(v);
	if (!good)
		fprintf(stderr, "unitpassctl: the answer could not be written\n");
	return good ? 0 : 1;
}

json_t *up_ctl_text(struct up_span s)
{
	return json_stringn(s.n > 0 ? (const char *)s.p : "", s.n);
}

bool up_ctl_list_begin(
    struct up_ctl_list *x, struct up_ctl *ctl, const char *const *heads, size_t n)
{
	*x = (struct up_ctl_list){.ctl = ctl, .table = up_table_new(heads, n)};
	if (ctl->json)
		x->json = json_array();
	return x->table != NULL && (x->json != NULL || !ctl->json) && up_ctl_open(ctl);
}

int up_ctl_list_end(
    const struct up_ctl_list *x, enum up_err err, const char *command, const char *name)
{
	if (err == UP_OK && x->json == NULL)
		err = up_table_print(x->table, stdout);
	if (err != UP_OK)
		return up_ctl_fail_err(x->ctl, err, command);
	return x->json != NULL ? up_ctl_print(x->ctl, json_pack("{s:O}", name, x->json)) : 0;
}

void up_ctl_list_free(struct up_ctl_list *x)
{
	up_table_free(&x->table);
	json_decref(x->json);
	x->json = NULL;
}

bool up_ctl_knows(const struct up_ctl *ctl, enum up_known kind, const char *key)
{
	static const struct { const char *code, *en, *zh, *list;
	} words[] = {
	    [UP_KNOWN_UNIT] = {"unit", "unit", "单位", "unit list"},
	    [UP_KNOWN_PERSON] = {"person", "person (person_ref)", "人员（person_ref）",
		"device list --all"},
	    [UP_KNOWN_CLIENT] = {"client", "client", "业务系统", "client list --all"},
	    [UP_KNOWN_ITEM] = {"item", "item", "授权事项", "item list --all"},
	    [UP_KNOWN_HOLDER] = {"holder", "holder", "持证人", "holder list --all"},
	};
	bool known = true;
	enum up_err err =
	    key != NULL ? up_store_known(ctl->store, kind, up_span_str(key), &known) : UP_OK;

	if (err != UP_OK)
		up_ctl_fail_err(ctl, err, key);
	else if (!known)
		up_ctl_fail(ctl, words[kind].code,
		    up_say("there is no %s '%s'; see: unitpassctl %s",
			"没有%s“%s”，请查看：unitpassctl %s"),
		    up_terminal_chinese() ? words[kind].zh : words[kind].en, key, words[kind].list);
	return err == UP_OK && known;
}

bool up_ctl_name(const struct up_ctl *ctl, const char *option, const char *text,
    char out[UP_CTL_NAME_SIZE])
{
	struct up_normal_fault fault;
	char why[UP_NORMAL_FAULT_TEXT];
	enum up_err err = up_normal_take(up_span_str(text), UP_NORMAL_LINE, out, UP_CTL_NAME_SIZE,
	    &fault);

	if (err == UP_OK && out[0] != '\0' &&
	    up_text_utf8_count(up_span_str(out)) <= UP_CTL_NAME_MAX)
		return true;
	if (err == UP_E_CHARACTER)
		up_normal_fault_text(&fault, up_terminal_chinese(), why);
	else
		snprintf(why, sizeof(why), up_say("1 to %d characters", "1 至 %d 个字符"),
		    UP_CTL_NAME_MAX);
	up_ctl_fail(ctl, "name", up_say("%s: %s", "%s：%s"), option, why);
	return false;
}

bool up_ctl_uscc(const struct up_ctl *ctl, const char *code, const char *text, bool unit,
    char out[UP_USCC_LEN + 1])
{
	struct up_normal_fault fault;
	char why[UP_NORMAL_FAULT_TEXT];
	enum up_err err = up_uscc_parse(up_span_str(text), out, &fault);

	if (err == UP_OK && unit)
		err = up_uscc_check_unit(up_span_str(out));
	if (err == UP_OK)
		return true;
	if (err == UP_E_CHARACTER)
		up_normal_fault_text(&fault, up_terminal_chinese(), why);
	else
		snprintf(why, sizeof(why), "%s", unit
		    ? up_say("is not the right code of a public institution",
		    "不是正确的事业单位统一社会信用代码")
		    : up_say("is not a right unified social credit code",
		    "不是正确的统一社会信用代码"));
	up_ctl_fail(ctl, code, up_say("'%s': %s", "“%s”：%s"), text, why);
	return false;
}

const char *up_ctl_unit_option(const char *text, char out[UP_USCC_LEN + 1])
{
	struct up_normal_fault fault;

	if (text == NULL)
		return NULL;
	if (up_uscc_parse(up_span_str(text), out, &fault) != UP_OK)
		up_command_wrong(up_say("--unit: '%s' is not a right unified social credit code",
		    "--unit：“%s”不是正确的统一社会信用代码"), text);
	return out;
}

bool up_ctl_id_ok(const char *text)
{
	size_t n = strlen(text);

	return n > 0 && n <= 64 && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789._-") == n &&
	    strchr("._-", text[0]) == NULL;
}
