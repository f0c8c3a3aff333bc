/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#include "core/target.h"
#include "core/text.h"
#include "tools/common/terminal.h"
#include "tools/common/words.h"
#include "tools/holder/act.h"

enum {
	YES = 1,
	DENY,
	NOT_MINE,
	CERTIFICATE,
	PASSWORD_FILE,
	AGREE,
	PERSON_FILE,
	NAME,
	RESIDENT,
	MOBILE
};
enum { KEY_SERVER = 256, KEY_CA, KEY_LANG };

static const struct argp_option common[] = {
	{ "dir", 'd', "DIR", 0,
	    UP_WORDS("the phone: a folder of mode 0700 that keeps its keys (required)",
	    "手机：保存其密钥的文件夹，权限 0700（必填）"), 0 },
	{ "json", 'j', NULL, 0, UP_WORDS("answer in JSON and ask nothing",
	    "以 JSON 输出，不提问"), 0 },
	{ "verbose", 'v', NULL, 0, UP_WORDS("show codes beside the words", "在文字旁显示代码"), 0 },
	{ "lang", KEY_LANG, "zh|en", 0, UP_WORDS("language (default: LANG)",
	    "语言（默认按 LANG）"), 0 },
	{ "server", KEY_SERVER, "URL", 0, UP_WORDS("reach the issuer's server at this origin",
	    "经此地址访问颁发方的服务器"), 0 },
	{ "ca", KEY_CA, "FILE", 0, UP_WORDS("trust these certificate authorities (PEM) for TLS",
	    "TLS 连接信任这些证书机构（PEM）"), 0 },
	{ 0 },
};

#define PASSWORD_OPTION { "password-file", PASSWORD_FILE, "FILE", 0, \
	    UP_WORDS("its first line is the certificate password (mode 0600)", \
	    "首行为证书密码的文件（权限 0600）"), 0 }
#define PERSON_OPTIONS \
	{ "agree", AGREE, NULL, 0, UP_WORDS("agree to the download statement", "同意下载声明"), 0 }, \
	{ "person-file", PERSON_FILE, "FILE", 0, UP_WORDS( \
	    "JSON {\"name\", \"resident_id\", \"mobile\"}, - for standard input (mode 0600)", \
	    "JSON 文件 {\"name\", \"resident_id\", \"mobile\"}，- 表示标准输入（权限 0600）"), 0 }, \
	{ "name", NAME, "NAME", 0, UP_WORDS("your name", "本人姓名"), 0 }, \
	{ "resident-id", RESIDENT, "ID", 0, UP_WORDS("your resident ID number; others see it in " \
	    "the list of processes: better --person-file", \
	    "本人公民身份号码；会出现在进程列表中，最好用 --person-file"), 0 }, \
	{ "mobile", MOBILE, "NUMBER", 0, UP_WORDS("your mobile number", "本人手机号"), 0 }

static const struct argp_option enrol_options[] = {
	{ "yes", YES, NULL, 0, UP_WORDS("the issuer and the data shown are right",
	    "确认所显示的颁发方和信息无误"), 0 },
	PASSWORD_OPTION,
	PERSON_OPTIONS,
	{ 0 },
};

static const struct argp_option scan_options[] = {
	{ "yes", YES, NULL, 0, UP_WORDS("approve (for an enrolment code: as enrol --yes)",
	    "确认登录（对领取码：同 enrol --yes）"), 0 },
	{ "deny", DENY, NULL, 0, UP_WORDS("refuse", "拒绝"), 0 },
	{ "not-mine", NOT_MINE, NULL, 0, UP_WORDS("refuse: I did not start this",
	    "拒绝：不是我发起的"), 0 },
	{ "certificate", CERTIFICATE, "NO", 0,
	    UP_WORDS("with this certificate, when the phone has several",
	    "手机上有多个证书时，使用此证书"), 0 },
	PASSWORD_OPTION,
	PERSON_OPTIONS,
	{ 0 },
};

static const struct argp_option deny_options[] = {
	{ "certificate", CERTIFICATE, "NO", 0,
	    UP_WORDS("with this certificate, when the phone has several",
	    "手机上有多个证书时，使用此证书"), 0 },
	{ 0 },
};

static const struct argp_option read_options[] = { UP_ACT_CERTIFICATE_OPTION, { 0 } };
static const struct argp_option page_options[] = { UP_ACT_PAGE_OPTIONS, { 0 } };
static const struct argp_option change_options[] = { UP_ACT_CHANGE_OPTIONS, { 0 } };

#define OTHER_PERSON_OPTIONS \
	{ "person-file", UP_PEOPLE_PERSON_FILE, "FILE", 0, UP_WORDS( \
	    "JSON {\"name\", \"resident_id\", \"mobile\"}, - for standard input (mode 0600)", \
	    "JSON 文件 {\"name\", \"resident_id\", \"mobile\"}，- 表示标准输入（权限 0600）"), 0 }, \
	{ "name", UP_PEOPLE_NAME, "NAME", 0, UP_WORDS("her name", "姓名"), 0 }, \
	{ "resident-id", UP_PEOPLE_RESIDENT, "ID", 0, UP_WORDS("her resident ID number; others " \
	    "see it in the list of processes: better --person-file", \
	    "公民身份号码；会出现在进程列表中，最好用 --person-file"), 0 }, \
	{ "mobile", UP_PEOPLE_MOBILE, "NUMBER", 0, UP_WORDS("her mobile number", "手机号"), 0 }

static const struct argp_option manager_add_options[] = {
	UP_ACT_CHANGE_OPTIONS,
	OTHER_PERSON_OPTIONS,
	{ "no-authorise", UP_PEOPLE_NO_AUTHORISE, NULL, 0,
	    UP_WORDS("she may not add or authorise users (default: she may)",
	    "不授予“使用人授权”权限（默认授予）"), 0 },
	{ 0 },
};
static const struct argp_option user_add_options[] = { UP_ACT_CHANGE_OPTIONS, OTHER_PERSON_OPTIONS,
	{ 0 } };

static const struct argp_option grant_add_options[] = {
	UP_ACT_CHANGE_OPTIONS,
	{ "item", UP_GRANT_ITEM, "ITEM", UP_OPTION_REPEATS,
	    UP_WORDS("what she may do, as item list shows it; may be repeated",
	    "授权事项，见 item list；可重复给出"), 0 },
	{ "from", UP_GRANT_FROM, "DAY", 0, UP_WORDS("from this day on, YYYY-MM-DD (default: today)",
	    "授权开始日期，YYYY-MM-DD（默认今天）"), 0 },
	{ "to", UP_GRANT_TO, "DAY", 0,
	    UP_WORDS("to the end of this day; at most one year", "授权结束日期（含当日），最长一年"), 0 },
	{ "user", UP_GRANT_USER, "REF", UP_OPTION_REPEATS,
	    UP_WORDS("to whom, as user list shows it; may be repeated",
	    "被授权的使用人，见 user list；可重复给出"), 0 },
	{ 0 },
};
static const struct argp_option grant_list_options[] = {
	UP_ACT_PAGE_OPTIONS,
	{ "user", UP_GRANT_USER, "REF", 0, UP_WORDS("of this user alone", "仅此使用人的"), 0 },
	{ 0 },
};

/* --- scan, deny, enrol --- */

static struct up_holder_consent consent_of(const struct up_command_line *l)
{
	return (struct up_holder_consent) {
		.yes = l->values[YES] != NULL,
		.agree = l->values[AGREE] != NULL,
		.deny = l->values[DENY] != NULL,
		.not_mine = l->values[NOT_MINE] != NULL,
		.certificate = l->values[CERTIFICATE],
		.password_file = l->values[PASSWORD_FILE],
		.person = { l->values[PERSON_FILE], l->values[NAME], l->values[RESIDENT],
		    l->values[MOBILE] },
	};
}

static int enrol(struct up_command_line *l)
{
	const struct up_holder_consent c = consent_of(l);
	struct up_holder *h = l->program;

	if (c.person.file != NULL &&
	    (c.person.name != NULL || c.person.resident != NULL || c.person.mobile != NULL))
		up_command_wrong("%s",
		    up_say("--person-file excludes --name, --resident-id and --mobile",
			"--person-file 不能与 --name、--resident-id、--mobile 同时使用"));
	if (!up_holder_open(h, true))
		return UP_HOLDER_FAILED;
	return up_holder_enrol(h, up_text_scanned(up_span_str(l->argument)), &c);
}

static int scan(struct up_command_line *l)
{
	const struct up_holder_consent c = consent_of(l);
	struct up_span text = up_text_scanned(up_span_str(l->argument)), issuer, rest;
	struct up_holder *h = l->program;

	if (c.yes + c.deny + c.not_mine > 1)
		up_command_wrong("%s", up_say("--yes, --deny and --not-mine exclude each other",
					   "--yes、--deny、--not-mine 只能用其一"));
	if ((up_holder_split(text, 'e', &issuer, &rest) || up_holder_is_code(text)) && !c.deny &&
	    !c.not_mine)
		return enrol(l);
	if (!up_holder_open(h, false))
		return UP_HOLDER_FAILED;
	return up_holder_scan(h, text, &c);
}

static int deny(struct up_command_line *l)
{
	struct up_holder_consent c = { .deny = true, .certificate = l->values[CERTIFICATE] };
	struct up_holder *h = l->program;

	if (!up_holder_open(h, false))
		return UP_HOLDER_FAILED;
	return up_holder_scan(h, up_text_scanned(up_span_str(l->argument)), &c);
}

/* --- what only reads --- */

static bool listed(const json_t *all, struct up_span number)
{
	const json_t *c;
	size_t i;

	json_array_foreach(all, i, c)
		if (up_span_eq(up_holder_text(c, "certificate"), number))
			return true;
	return false;
}

/* What was downloaded here and is no longer this phone's: taken to another one, or ended. */
static void show_lost(const struct up_holder *h, const json_t *all)
{
	const json_t *kept, *c;
	size_t i;

	json_array_foreach(h->certificates, i, kept) {
		c = json_object_get(kept, "certificate");
		if (listed(all, up_holder_text(c, "certificate")))
			continue;
		printf("\n%s\n",
		    up_say("No longer on this phone (taken to another phone, or ended):",
		    "已不在本手机上（已转到另一部手机，或已失效）："));
		up_terminal_line(stdout, up_say("unit", "单位"), up_holder_text(c, "unit_name"));
		up_terminal_line(stdout, up_say("certificate", "证书号"),
		    up_holder_text(c, "certificate"));
	}
}

static int certificates(struct up_command_line *l)
{
	struct up_holder *h = l->program;
	struct up_holder_answer a;
	int status = up_holder_get(h, "/holder/certificates", NULL, &a);
	const json_t *all = json_object_get(a.body, "certificates"), *c;
	size_t i;

	if (status == 0 && h->json)
		status = up_holder_print(json_incref(a.body));
	else if (status == 0 && json_array_size(all) == 0)
		puts(up_say("There is no certificate on this phone.", "本手机上没有证书。"));
	else if (status == 0)
		json_array_foreach(all, i, c) {
			if (i > 0)
				putchar('\n');
			up_holder_show_certificate(c);
		}
	if (status == 0 && !h->json)
		show_lost(h, all);
	up_holder_answer_free(&a);
	return status;
}

/* --- */

static const struct up_command commands[] = {
    {"enrol", "TEXT",
	UP_WORDS("take a role and download the certificate\v"
		 "TEXT is what the window's QR says. Data, statement and password are asked for "
		 "unless given.",
	    "领取角色并下载证书\v"
	    "TEXT 是窗口二维码的内容。未给出的个人信息、下载声明和密码会逐项询问。"),
	enrol_options, 0, enrol},
    {"certificates", NULL, UP_WORDS("list the certificates on this phone", "列出本手机上的证书"),
	NULL, 0, certificates},
    {"scan", "TEXT",
	UP_WORDS("scan a login code, look at it, approve or refuse\v"
		 "TEXT is what the QR says, or a typed code XXXX-XXXX. An enrolment code goes the "
		 "way of enrol.",
	    "扫描登录码，查看后确认或拒绝\v"
	    "TEXT 是二维码的内容，或手工输入的代码 XXXX-XXXX。领取码按 enrol 处理。"),
	scan_options, 0, scan},
    {"deny", "TEXT", UP_WORDS("scan a login code and refuse it", "扫描登录码并拒绝"), deny_options,
	0, deny},
    {"usage", NULL,
	UP_WORDS("list what this phone's certificates were used for", "列出本手机证书的使用记录"),
	up_holder_usage_options, 0, up_holder_usage},
    {"changes", NULL,
	UP_WORDS("list what changed in the units and people of this phone's certificates",
	    "列出本手机证书的变动记录"),
	up_holder_usage_options, 0, up_holder_changes},
    {"manager list", NULL, UP_WORDS("list the unit's managers", "列出本单位管理人"), page_options, 0,
	up_holder_manager_list},
    {"manager add", NULL,
	UP_WORDS("add a manager and show the code she scans\v"
		 "For the principal; at most three. Her data are asked for unless given.",
	    "添加管理人并显示其授权二维码\v"
	    "限第一管理责任人，最多三名。未给出的个人信息会逐项询问。"),
	manager_add_options, 0, up_holder_manager_add},
    {"manager show", "REF", UP_WORDS("show a manager", "查看管理人详细信息"), read_options, 0,
	up_holder_manager_show},
    {"manager code", "REF", UP_WORDS("make her code anew, face to face", "面对面授权：重新生成授权二维码"),
	change_options, 0, up_holder_manager_code},
    {"manager delete", "REF",
	UP_WORDS("delete a manager, and with her the roles and grants she gave",
	    "删除管理人，其授权的使用人一并取消"),
	change_options, 0, up_holder_manager_delete},
    {"user list", NULL, UP_WORDS("list the users whom one may see", "列出使用人"), page_options, 0,
	up_holder_user_list},
    {"user add", NULL,
	UP_WORDS("add a user and show the code she scans\v"
		 "For the principal, and managers who may authorise. Her data are asked for unless "
		 "given.",
	    "添加使用人并显示其授权二维码\v"
	    "限第一管理责任人和有“使用人授权”权限的管理人。未给出的个人信息会逐项询问。"),
	user_add_options, 0, up_holder_user_add},
    {"user show", "REF", UP_WORDS("show a user and her grants", "查看使用人详细信息和授权"),
	read_options, 0, up_holder_user_show},
    {"user code", "REF", UP_WORDS("make her code anew, face to face", "面对面授权：重新生成授权二维码"),
	change_options, 0, up_holder_user_code},
    {"user delete", "REF", UP_WORDS("delete a user and all her grants", "删除使用人及其所有授权"),
	change_options, 0, up_holder_user_delete},
    {"item list", NULL, UP_WORDS("list what users can be granted", "列出授权事项"), read_options, 0,
	up_holder_item_list},
    {"grant add", NULL,
	UP_WORDS("grant items to users for a period, and show the codes they scan",
	    "添加授权：选定事项、期限和使用人，显示授权二维码"),
	grant_add_options,
	UP_COMMAND_NEED(UP_GRANT_ITEM) | UP_COMMAND_NEED(UP_GRANT_TO) |
	    UP_COMMAND_NEED(UP_GRANT_USER),
	up_holder_grant_add},
    {"grant list", NULL, UP_WORDS("list grants", "列出授权信息"), grant_list_options, 0,
	up_holder_grant_list},
    {"grant show", "ID", UP_WORDS("show a grant", "查看授权详细信息"), read_options, 0,
	up_holder_grant_show},
    {"grant cancel", "ID", UP_WORDS("cancel a grant", "取消授权"), change_options, 0,
	up_holder_grant_cancel},
    {"device list", NULL, UP_WORDS("list the phones that one may end", "列出可停用的手机"),
	page_options, 0, up_holder_device_list},
    {"device end", "REF", UP_WORDS("end a phone, as a lost one", "停用手机（如已丢失）"),
	change_options, 0, up_holder_device_end},
};

static void take(void *arg, int key, const char *value)
{
	struct up_holder *h = arg;

	switch (key) {
	case 'd':
		h->dir_name = value;
		break;
	case 'j':
		h->json = true;
		break;
	case 'v':
		up_words_codes(true);
		h->verbose = true;
		break;
	case KEY_SERVER:
		h->server = value;
		break;
	case KEY_CA:
		h->ca = value;
		break;
	case KEY_LANG:
		h->lang = value;
		up_terminal_setup(value);
		break;
	}
}

static const char *check(const void *arg)
{
	const struct up_holder *h = arg;
	struct up_span origin, path;

	if (h->dir_name == NULL)
		return up_say("which phone? -d DIR", "哪一部手机？请用 -d DIR");
	if (h->lang != NULL && strcmp(h->lang, "zh") != 0 && strcmp(h->lang, "en") != 0)
		return up_say("--lang is zh or en", "--lang 为 zh 或 en");
	if (h->server != NULL &&
	    (up_target_url(up_span_str(h->server), &origin, &path) != UP_OK || path.n != 0))
		return up_say("--server: an origin such as https://id.example.org without a path "
		    "(http for a loopback host only)",
		    "--server：应形如 https://id.example.org，不带路径（http 仅限本机地址）");
	return NULL;
}

int main(int argc, char **argv)
{
	struct up_holder h = { .dir = -1 };
	const struct up_program program = {
	    .help = UP_WORDS("The reference phone of unitpass, on the command line.",
		"unitpass 的命令行参考手机。"),
	    .options = common,
	    .take = take,
	    .check = check,
	    .commands = commands,
	    .n = UP_ARRAY_LEN(commands),
	    .arg = &h};
	int status;

	up_terminal_setup(NULL);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	status = up_command_main(&program, argc, argv);
	up_holder_close(&h);
	curl_global_cleanup();
	return status;
}
