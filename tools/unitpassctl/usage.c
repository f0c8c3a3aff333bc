/* SPDX-License-Identifier: Apache-2.0
 * unitpassctl usage list: the usage records (证书使用记录) that an auditor asks for, by page. */
#include <config.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "core/uscc.h"
#include "core/day.h"
#include "tools/common/terminal.h"
#include "tools/common/usage.h"
#include "tools/unitpassctl/ctl.h"

#define LIMIT 50
#define LIMIT_MAX 100000000
#define COUNTED_MAX 100000               /* records counted beyond those shown */

enum { UNIT = 1, PERSON, CLIENT, ITEM, EVENT, RESULT, REASON, ROLE, ADDRESS, TRANSACTION, FROM, TO,
	BEFORE, LIMIT_KEY };

const struct argp_option up_usage_options[] = {
	{ "unit", UNIT, "CODE", 0, UP_WORDS("of this unit", "该单位的"), 0 },
	{ "person", PERSON, "REF", 0, UP_WORDS("of this person (person_ref of a record)",
	    "该人员的（记录中的 person_ref）"), 0 },
	{ "client", CLIENT, "ID", 0, UP_WORDS("at this portal", "该业务系统的"), 0 },
	{ "item", ITEM, "CODE", 0, UP_WORDS("for this item", "该授权事项的"), 0 },
	{ "event", EVENT, "NAME", 0, UP_WORDS("login.scan login.approve login.deny login.expire "
	    "login.redeem login.replay enrolment.code enrolment.open enrolment.done; changes: "
	    "person.check people.add people.code people.delete people.suspend grant.add "
	    "grant.take grant.cancel device.end unit.add unit.change unit.renew unit.cancel "
	    "authority.add authority.change client.add client.rotate client.disable "
	    "client.enable client.remove item.add item.end clock.accept key.rotate",
	    "login.scan login.approve login.deny login.expire login.redeem login.replay "
	    "enrolment.code enrolment.open enrolment.done；变动：person.check people.add "
	    "people.code people.delete people.suspend grant.add grant.take grant.cancel "
	    "device.end unit.add unit.change unit.renew unit.cancel authority.add "
	    "authority.change client.add client.rotate client.disable client.enable "
	    "client.remove item.add item.end clock.accept key.rotate"), 0 },
	{ "result", RESULT, "WORD", 0, UP_WORDS("ok, refused or expired",
	    "ok（成功）、refused（拒绝）或 expired（超时）"), 0 },
	{ "reason", REASON, "WORD", 0, UP_WORDS("refused or expired for this reason, as not_mine, "
	    "wrong_password, stale_frame", "因此原因被拒绝或超时，如 not_mine、wrong_password、"
	    "stale_frame"), 0 },
	{ "role", ROLE, "ROLE", 0, UP_WORDS("by a principal, manager or user",
	    "principal（第一管理责任人）、manager（管理人）或 user（使用人）的"), 0 },
	{ "address", ADDRESS, "IP", 0, UP_WORDS("from this address, of the browser or the phone",
	    "来自此地址（浏览器或手机）"), 0 },
	{ "transaction", TRANSACTION, "ID", 0, UP_WORDS("of this login", "该次登录的"), 0 },
	UP_USAGE_PAGE_OPTIONS(FROM, TO, BEFORE),
	{ "limit", LIMIT_KEY, "N", 0, UP_WORDS("at most so many (default 50; 0: all)",
	    "最多条数（默认 50，0 表示全部）"), 0 },
	{ 0 },
};

/* --- what is asked --- */

static void check_words(const struct up_command_line *l)
{
	static const char *const results[] = { "ok", "refused", "expired", NULL };
	static const char *const roles[] = { "principal", "manager", "user", NULL };
	static const struct { int key; const char *const *words; const char *en, *zh;
	} rows[] = {
	    {RESULT, results, "--result is ok, refused or expired",
		"--result 应为 ok、refused 或 expired"},
	    {ROLE, roles, "--role is principal, manager or user",
		"--role 应为 principal、manager 或 user"},
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		const char *value = l->values[rows[i].key];
		bool known = value == NULL;

		for (const char *const *w = rows[i].words; !known && *w != NULL; w++)
			known = strcmp(value, *w) == 0;
		if (!known)
			up_command_wrong("%s", up_terminal_chinese() ? rows[i].zh : rows[i].en);
	}
}

static int64_t number_of(const struct up_command_line *l, int key, uint64_t otherwise)
{
	uint64_t n = otherwise;

	if (l->values[key] != NULL &&
	    up_span_u64(up_span_str(l->values[key]), LIMIT_MAX, &n) != UP_OK)
		up_command_wrong(up_say("--%s: a number from 0 to %d", "--%s：应为 0 至 %d 的整数"),
		    up_usage_options[key - 1].name, LIMIT_MAX);
	return (int64_t)n;
}

/* As records write it: ::1, not 0:0:0:0:0:0:0:1. */
static struct up_span address_of(const char *given, char text[INET6_ADDRSTRLEN])
{
	uint8_t raw[16];

	if (given == NULL)
		return up_span_str(NULL);
	if (inet_pton(AF_INET, given, raw) == 1 &&
	    inet_ntop(AF_INET, raw, text, INET6_ADDRSTRLEN) != NULL)
		return up_span_str(text);
	if (inet_pton(AF_INET6, given, raw) == 1 &&
	    inet_ntop(AF_INET6, raw, text, INET6_ADDRSTRLEN) != NULL)
		return up_span_str(text);
	up_command_wrong(
	    up_say("--address: '%s' is not an IP address", "--address：“%s”不是 IP 地址"), given);
}

static void read_filter(
    const struct up_command_line *l, struct up_usage_filter *f, char address[INET6_ADDRSTRLEN])
{
	*f = (struct up_usage_filter){.unit = up_span_str(l->values[UNIT]),
	    .person_ref = up_span_str(l->values[PERSON]),
	    .client = up_span_str(l->values[CLIENT]),
	    .item = up_span_str(l->values[ITEM]),
	    .event = up_span_str(l->values[EVENT]),
	    .result = up_span_str(l->values[RESULT]),
	    .reason = up_span_str(l->values[REASON]),
	    .role = up_span_str(l->values[ROLE]),
	    .transaction = up_span_str(l->values[TRANSACTION])};
	for (int key = UNIT; key <= TRANSACTION; key++)
		if (l->values[key] != NULL && l->values[key][0] == '\0')
			up_command_wrong(
			    up_say("--%s is empty", "--%s 为空"), up_usage_options[key - 1].name);
	check_words(l);
	f->address = address_of(l->values[ADDRESS], address);
	f->from_ms = up_usage_day(up_usage_options, l, FROM);
	if (l->values[TO] != NULL)
		f->to_ms = up_usage_day(up_usage_options, l, TO) + UP_DAY_S * 1000;
	f->after_seq = number_of(l, BEFORE, 0);
	if (f->to_ms != 0 && f->from_ms >= f->to_ms)
		up_command_wrong("%s", up_say("--from is after --to", "--from 晚于 --to"));
}

/* --- what is not there --- */

static bool unknown_word(
    const struct up_ctl *ctl, const char *what, const char *value, void (*put)(struct up_buf *))
{
	struct up_buf all = { 0 };

	put(&all);
	up_ctl_fail(ctl, what,
	    up_say(
		"no record has the %s '%s'; there are: %s", "没有 %s 为“%s”的记录，可用的有：%s"),
	    what, value, all.failed ? "" : up_buf_cstr(&all));
	up_buf_free(&all);
	return false;
}

/* A name that nothing has is a slip of the pen, not an empty answer. False: said so. */
static bool names_exist(const struct up_ctl *ctl, const struct up_command_line *l)
{
	static const struct {
		int key;
		enum up_known kind;
	} rows[] = {{UNIT, UP_KNOWN_UNIT}, {PERSON, UP_KNOWN_PERSON}, {CLIENT, UP_KNOWN_CLIENT},
	    {ITEM, UP_KNOWN_ITEM}};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++)
		if (!up_ctl_knows(ctl, rows[i].kind, l->values[rows[i].key]))
			return false;
	if (l->values[EVENT] != NULL && !up_usage_event_known(up_span_str(l->values[EVENT])))
		return unknown_word(ctl, "event", l->values[EVENT], up_usage_put_events);
	if (l->values[REASON] != NULL && !up_usage_reason_known(up_span_str(l->values[REASON])))
		return unknown_word(ctl, "reason", l->values[REASON], up_usage_put_reasons);
	return true;
}

/* --- the answer --- */

struct listing {
	const struct up_ctl *ctl;
	struct up_usage_table *table;
	int64_t limit, shown, found, last;
	bool failed;
};

static int list_one(void *arg, int64_t seq, struct up_span canonical)
{
	struct listing *x = arg;

	if (x->limit != 0 && x->found++ >= x->limit)
		return x->found - x->limit >= COUNTED_MAX;
	x->shown++;
	x->last = seq;
	if (x->ctl->json)
		x->failed = fwrite(canonical.p, 1, canonical.n, stdout) != canonical.n ||
		    fputc('\n', stdout) == EOF;
	else
		x->failed = up_usage_table_put(x->table, canonical) != UP_OK;
	return x->failed;
}

/* "50 of 4711, next: ...": nothing is cut in silence. Beside JSON it goes to standard error. */
static void say_more(const struct up_command_line *l, const struct listing *x)
{
	FILE *f = x->ctl->json ? stderr : stdout;
	bool many = x->found - x->limit >= COUNTED_MAX;

	if (x->limit == 0 || x->found <= x->limit)
		return;
	fprintf(f,
	    up_say("%lld of %s%lld, next: unitpassctl usage list",
		"%lld / %s%lld 条，下一页：unitpassctl usage list"),
	    (long long)x->shown, many ? up_say("more than ", "超过 ") : "",
	    (long long)(many ? x->found - 1 : x->found));
	up_usage_print_next(f, up_usage_options, l, BEFORE, x->last);
	if (strcmp(x->ctl->config_file, UP_CTL_CONFIG) != 0)
		fprintf(f, " -c %s", x->ctl->config_file);
	fputc('\n', f);
}

int up_usage_list(struct up_command_line *l)
{
	struct listing x = { .ctl = l->program, .table = up_usage_table_new() };
	struct up_ctl *ctl = l->program;
	char unit[UP_USCC_LEN + 1], address[INET6_ADDRSTRLEN];
	struct up_usage_filter f;
	int status = 1;
	enum up_err err;

	l->values[UNIT] = up_ctl_unit_option(l->values[UNIT], unit);
	read_filter(l, &f, address);
	x.limit = number_of(l, LIMIT_KEY, LIMIT);
	if (x.table == NULL || !up_ctl_open(ctl) || !names_exist(ctl, l))
		goto out;
	err = up_store_usage(ctl->store, &f, list_one, &x);
	if (err == UP_OK && f.transaction.n > 0 && f.after_seq == 0 && x.shown == 0) {
		up_ctl_fail(ctl, "transaction",
		    up_say("there is no such record of login '%s'; see: unitpassctl usage list",
			"没有登录“%s”的此类记录，请查看：unitpassctl usage list"),
		    l->values[TRANSACTION]);
		goto out;
	}
	if (err == UP_OK && !ctl->json)
		err = up_usage_table_print(x.table, stdout);
	status = err == UP_OK && !x.failed
	    ? 0
	    : up_ctl_fail_err(ctl, err != UP_OK ? err : UP_E_IO, "usage list");
	if (status == 0)
		say_more(l, &x);
out:
	up_usage_table_free(&x.table);
	return status;
}
