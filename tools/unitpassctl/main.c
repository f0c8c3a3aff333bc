/* SPDX-License-Identifier: Apache-2.0
 * unitpassctl: administration of unitpass on the server's own machine. */
#include <config.h>

#include "tools/common/terminal.h"
#include "tools/common/words.h"
#include "tools/unitpassctl/ctl.h"
#include "tools/unitpassctl/doctor.h"


static const struct argp_option common[] = {
	{ "config", 'c', "FILE", 0,
	    UP_WORDS("configuration of unitpassd (default " UP_CTL_CONFIG ")",
	    "unitpassd 的配置文件（默认 " UP_CTL_CONFIG "）"), 0 },
	{ "json", 'j', NULL, 0, UP_WORDS("answer in JSON", "以 JSON 输出"), 0 },
	{ 0 },
};

static const struct up_command commands[] = {
	{ "init", NULL,
	  UP_WORDS("make keys, database and the first authority", "生成密钥、数据库和第一个登记管理机关"),
	  up_init_options, 0, up_init_run },
	{ "authority add", "CODE",
	  UP_WORDS("add a registration authority, or change its name", "添加登记管理机关，或更改其名称"),
	  up_authority_options, UP_COMMAND_NEED(1), up_authority_add },
	{ "authority list", NULL,
	  UP_WORDS("list the registration authorities", "列出登记管理机关"),
	  NULL, 0, up_authority_list },
	{ "unit import", "FILE",
	  UP_WORDS("import units and their certificates from CSV or JSON\v"
	  "Columns: code, name, purpose, address, legal_representative, funding, capital, "
	  "organiser, "
	  "authority, certificate, valid_from, valid_to; or their Chinese names: 统一社会信用代码, 名称, "
	  "宗旨和业务范围, 住所, 法定代表人, 经费来源, 开办资金, 举办单位, 登记管理机关, 证书号, 有效期自, 有效期至. "
	  "Dates are YYYY-MM-DD. A certificate runs 5 years: without valid_to the last day is "
	  "computed. "
	  "All rows are checked first; if one is wrong, nothing is imported.",
	  "从 CSV 或 JSON 导入单位及其证书\v"
	  "列名：统一社会信用代码、名称、宗旨和业务范围、住所、法定代表人、经费来源、开办资金、举办单位、"
	  "登记管理机关、证书号、有效期自、有效期至；也可用英文列名（code、name、purpose 等，见手册）。"
	  "日期格式为 YYYY-MM-DD。证书有效期 5 年，未填有效期至的自动推算。先检查所有行，有一行有误则全部不导入。"),
	  up_unit_import_options, 0, up_unit_import },
	{ "unit show", "CODE",
	  UP_WORDS("show one unit with its certificate", "查看一个单位及其证书"),
	  up_unit_show_options, 0, up_unit_show },
	{ "unit list", NULL, UP_WORDS("list the units", "列出单位"),
	  up_unit_show_options, 0, up_unit_list },
	{ "unit change", "CODE",
	  UP_WORDS("change what a unit's certificate says\v"
	  "The certificate gets another version, the one before ends; both stay on record. With "
	  "another legal representative the principal can do nothing until the window has "
	  "confirmed her (enrol). --certificate gives out another certificate, as when one was "
	  "lost or ran out; then its period may be another too.",
	  "变更单位证书的内容\v"
	  "证书产生新的版本，原版本停用，均留有记录。法定代表人变更后，第一管理责任人须到窗口"
	  "重新确认（enrol）方可操作。--certificate 用于另发证书（补领或到期后），此时有效期也可一并变更。"),
	  up_unit_change_options, 0, up_ctl_unit_change },
	{ "unit renew", "CODE",
	  UP_WORDS("renew a unit's certificate for 5 years\v"
	  "In its last 30 days; it runs 5 years from today on. One that ran out is void: another "
	  "is given out by unit change --certificate.",
	  "延续单位证书，为期 5 年\v"
	  "仅可在最后 30 天内办理，自今日起 5 年有效。已到期的证书作废，请用 unit change "
	  "--certificate 另发证书。"),
	  up_unit_end_options, 0, up_ctl_unit_renew },
	{ "unit cancel", "CODE",
	  UP_WORDS("cancel a unit\v"
	  "At once and for good: its certificate, and every code, session, role and grant of it. "
	  "At a terminal it says what ends and asks first.",
	  "注销单位\v"
	  "立即、永久生效：其证书以及全部码、会话、角色和授权均停用。在终端上先说明将停用的内容"
	  "并请求确认。"),
	  up_unit_end_options, 0, up_ctl_unit_cancel },
	{ "client add", "ID",
	  UP_WORDS("register a portal; prints its secret once\v"
	  "With --key-file or --jwks the portal authenticates by private_key_jwt and gets no "
	  "secret. "
	  "Reload the server afterwards.",
	  "登记业务系统，密钥只显示一次\v"
	  "用 --key-file 或 --jwks 时，业务系统以 private_key_jwt 认证，没有密钥。登记后请让服务器重新加载。"),
	  up_client_options, UP_COMMAND_NEED(1) | UP_COMMAND_NEED(2), up_client_add },
	{ "client rotate", "ID",
	  UP_WORDS("give a portal another secret or key\v"
	  "Sessions at the portal go on. The old secret works until the server is reloaded. With "
	  "--key-file the key before the new one goes on working, until the next change, so nobody "
	  "notices; a secret before it does not.",
	  "更换业务系统的密钥\v"
	  "业务系统的会话不受影响。服务器重新加载前旧密钥仍有效。用 --key-file 时，前一个密钥继续有效，"
	  "直到下一次更换，因此不会中断；原来的 client_secret 则不再有效。"),
	  up_client_rotate_options, 0, up_client_rotate },
	{ "client list", NULL,
	  UP_WORDS("list the portals", "列出业务系统"), up_client_list_options, 0, up_client_list },
	{ "client show", "ID",
	  UP_WORDS("show one portal", "查看一个业务系统"), NULL, 0, up_client_show },
	{ "client disable", "ID",
	  UP_WORDS("end a portal's logins until it is enabled again\v"
	  "At once, without a reload: it can begin no login, and its codes, tokens and sessions "
	  "at the "
	  "server are void, also when it is enabled again.",
	  "停用业务系统，直到重新启用\v"
	  "立即生效，无需重新加载：不能再发起登录，已有的登录码、令牌和服务器上的会话全部失效，重新启用后也不恢复。"),
	  NULL, 0, up_client_disable },
	{ "client enable", "ID",
	  UP_WORDS("let a disabled portal begin logins again", "重新启用已停用的业务系统"),
	  NULL, 0, up_client_enable },
	{ "client remove", "ID",
	  UP_WORDS("end a portal for good\v"
	  "As disable, and it does not come back: its id is never given again, for the usage "
	  "records "
	  "name it. Its items go with it.",
	  "永久删除业务系统\v"
	  "与停用相同，且不能恢复：使用记录中有其编号，编号不再重复使用。其授权事项一并失效。"),
	  NULL, 0, up_client_remove },
	{ "item add", "CODE",
	  UP_WORDS("register an item (授权事项) of a portal", "登记业务系统的授权事项"),
	  up_item_options, UP_COMMAND_NEED(1) | UP_COMMAND_NEED(2), up_item_add },
	{ "item list", NULL, UP_WORDS("list the items", "列出授权事项"), up_item_list_options, 0,
	  up_item_list },
	{ "item end", "CODE",
	  UP_WORDS("end an item for good\v"
	  "At once: what was granted for it is void, and no login asks for it any more. Its code "
	  "is never given again, for the usage records name it.",
	  "永久停用授权事项\v"
	  "立即生效：该事项的授权全部失效，不能再用于登录。使用记录中有其代码，代码不再使用。"),
	  up_item_end_options, 0, up_item_end },
	{ "holder list", NULL,
	  UP_WORDS("list who acts for units: principals, managers, users\v"
	  "A user whom two authorised is there twice. --at gives all that stood at any moment of "
	  "that day.",
	  "列出持证人：第一管理责任人、管理人、使用人\v"
	  "由两人授权的使用人列出两次。--at 列出该日任一时刻存在的全部持证人。"),
	  up_ctl_holder_options, 0, up_ctl_holder_list },
	{ "holder show", "WHAT",
	  UP_WORDS("show by whose right people act, as a tree with their grants\v"
	  "WHAT is a unit's code, or a holder's reference: she, who authorised her, and whom she "
	  "authorised.",
	  "以树状显示授权关系及授权事项\v"
	  "WHAT 为单位的统一社会信用代码，或持证人编号：显示本人、其授权人及其授权的人。"),
	  up_ctl_holder_show_options, 0, up_ctl_holder_show },
	{ "holder end", "REF",
	  UP_WORDS("end a holder's roles in her unit\v"
	  "At once, with her grants, codes and sessions, and all whom she authorised. At a "
	  "terminal it says what ends and asks first.",
	  "停用持证人在其单位的角色\v"
	  "立即生效，其授权、码和会话以及由其授权的人一并停用。在终端上先说明将停用的内容"
	  "并请求确认。"),
	  up_ctl_holder_end_options, 0, up_ctl_holder_end },
	{ "grant list", NULL,
	  UP_WORDS("list what users are granted\v"
	  "Those that stand and have not run out; --at gives all that stood at any moment of that "
	  "day.",
	  "列出对使用人的授权\v"
	  "列出存在且未过期的授权；--at 列出该日任一时刻存在的授权。"),
	  up_ctl_grant_options, 0, up_ctl_grant_list },
	{ "device list", NULL,
	  UP_WORDS("list the phones that hold certificates", "列出持有证书的手机"),
	  up_device_options, 0, up_device_list },
	{ "device end", "DEVICE",
	  UP_WORDS("end a phone: lost, stolen, or no longer hers\v"
	  "At once: its key, and all codes, tokens and sessions that stand on it, are void. A new "
	  "code "
	  "from the window puts the certificate on another phone.",
	  "停用手机：遗失、被盗或不再由本人使用\v"
	  "立即生效：其密钥以及由此产生的登录码、令牌和会话全部失效。可由窗口重新生成领取码，在另一部手机上领取证书。"),
	  NULL, 0, up_device_end },
	{ "enrol", NULL,
	  UP_WORDS("write a principal and show the code for her phone (window)\v"
	  "The person is checked by the real-name check first. Arguments are seen in the list of "
	  "processes: a resident ID number is better given by --person-file, a JSON object "
	  "{\"name\", "
	  "\"resident_id\", \"mobile\"} (- for standard input). The code lives 5 minutes and "
	  "works once.",
	  "登记第一管理责任人并显示手机领取码（窗口）\v"
	  "先进行实名核验。命令行参数会出现在进程列表中，身份证号最好用 --person-file 提供：一个 JSON 对象 "
	  "{\"name\", \"resident_id\", \"mobile\"}（- 表示标准输入）。领取码 5 分钟内一次有效。"),
	  up_enrol_options, UP_COMMAND_NEED(1), up_enrol_run },
	{ "key rotate", NULL,
	  UP_WORDS("seal persons' data under a new key\v"
	  "Resident ID numbers, names and mobile numbers lie in the database sealed under the "
	  "first key of data.keys. This makes another one and seals everything anew, in short "
	  "steps beside a running server; interrupted, it goes on when it is run again. It says "
	  "which keys are not needed any more.",
	  "以新密钥重新加密人员信息\v"
	  "数据库中的身份证号、姓名和手机号以 data.keys 的第一个密钥加密。本命令生成新密钥并分批重新加密，"
	  "服务器可照常运行；中断后再次运行即继续。完成后说明哪些密钥不再需要。"),
	  up_key_rotate_options, UP_COMMAND_NEED(1), up_key_rotate },
	{ "clock accept", NULL,
	  UP_WORDS("say that this machine's clock is right, after it was set back\v"
	  "The server believes no clock that is behind its newest usage record, or that stepped "
	  "ahead while it ran. Set the clock right first. This leaves a usage record with both "
	  "times; the server goes on within a second, and logins that were under way begin anew.",
	  "时钟调回之后，确认本机现在的时间正确\v"
	  "时钟早于最新使用记录，或运行中向前跳变时，服务器不予采信。请先校准时钟。本命令留下一条含两个时间的使用记录；"
	  "服务器一秒内恢复，进行中的登录需重新开始。"),
	  NULL, 0, up_ctl_clock_accept },
	{ "database copy", NULL,
	  UP_WORDS("copy a site to another database, such as PostgreSQL\v"
	  "Stop the server first; it could not write meanwhile. The target must be empty: a file "
	  "that is not there, or a database of a server without tables. Every row is read back and "
	  "compared; the target keeps all, or nothing when something fails, and the copy can be "
	  "begun again. The source is not changed, but that its schema is brought to this "
	  "release's. Passwords stand in a file, not in the URI.",
	  "将站点复制到另一个数据库，例如 PostgreSQL\v"
	  "请先停止服务器，复制期间它也无法写入。目标须为空：尚不存在的文件，或数据库服务器上没有表的数据库。"
	  "每一行都会读回核对；全部成功才保留，出错则目标不留任何内容，可重新开始。源数据库除表结构升级到本版本外不作改动。"
	  "密码请放在文件中，不要写在 URI 里。"),
	  up_database_copy_options, UP_COMMAND_NEED(1) | UP_COMMAND_NEED(2),
	  up_ctl_database_copy },
	{ "doctor", NULL,
	  UP_WORDS("check this installation, and say what to do\v"
	  "Without options it checks the server of the configuration (-c). With --portal-url or "
	  "--issuer "
	  "it checks a portal, from the portal's machine; with --session-key-file the session "
	  "keys of its "
	  "nodes. The exit status is 1 when an error was found.",
	  "检查本机的安装，并说明如何处理\v"
	  "不带选项时检查配置文件（-c）所指的服务器。用 --portal-url 或 --issuer 时，在业务系统的机器上检查业务系统；"
	  "用 --session-key-file 时检查各节点的会话密钥。发现错误时退出状态为 1。"),
	  up_doctor_options, 0, up_doctor_run },
	{ "usage list", NULL,
	  UP_WORDS("list usage records, newest first\v"
	  "A name that no record can have is an error. More records than shown are announced with "
	  "the command for the next page; with --json on standard error.",
	  "列出使用记录，最新的在前\v"
	  "名称不存在时报错，不会给出空表。未列完时提示总数和下一页的命令；用 --json 时提示写到标准错误。"),
	  up_usage_options, 0, up_usage_list },
	{ "usage show", "RECORD",
	  UP_WORDS("show one usage record whole, with its hash\v"
	  "RECORD is the number in the first column of usage list, the record's id, or a receipt "
	  "(JSON: usage_receipt as the portal or the phone got it; - reads it from "
	  "standard input). The hash of a receipt is compared.",
	  "查看一条完整的使用记录及其哈希值\v"
	  "RECORD 是 usage list 第一列的序号、记录编号，或回执（业务系统或手机收到的 usage_receipt，JSON 格式，"
	  "- 表示从标准输入读取）。给出回执时核对其哈希值。"), NULL, 0, up_usage_show },
	{ "usage prove", "RECORD",
	  UP_WORDS("check what a phone signed for a record, and export it\v"
	  "RECORD as for usage show. Says who signed what, or what does not fit. --out writes "
	  "record, proof and the phone's public key, for others to check: usage verify.",
	  "核验手机对一条记录的签名，并导出证明\v"
	  "RECORD 同 usage show。说明何人签署了何内容，或何处不符。--out 写出记录、签名和手机公钥，供他人用 "
	  "usage verify 核验。"), up_usage_prove_options, 0, up_usage_prove },
	{ "usage verify", "FILE",
	  UP_WORDS("check what usage prove wrote, without any database\v"
	  "FILE - is standard input. Compare the hash with the receipt's: then it is the record "
	  "that the portal or the phone was told of.",
	  "核验 usage prove 导出的证明，不需要数据库\v"
	  "FILE 为 - 表示标准输入。请将哈希值与回执核对：一致即为当时告知业务系统或手机的记录。"),
	  up_usage_verify_options, 0, up_usage_verify },
};

static void take(void *arg, int key, const char *value)
{
	struct up_ctl *ctl = arg;

	if (key == 'c')
		ctl->config_file = value;
	else
		ctl->json = true;
}

int main(int argc, char **argv)
{
	struct up_ctl ctl = { .config_file = UP_CTL_CONFIG };
	const struct up_program program = { .help = UP_WORDS("Administration of unitpass.",
		"unitpass 的管理工具。"), .options = common, .take = take,
		.commands = commands, .n = UP_ARRAY_LEN(commands), .arg = &ctl };
	int status;

	up_terminal_setup(NULL);
	up_words_codes(true);
	status = up_command_main(&program, argc, argv);
	up_ctl_close(&ctl);
	return status;
}
