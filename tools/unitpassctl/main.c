/* SPDX-License-Identifier: Apache-2.0
 * unitpassctl: administration of unitpass on the server's own machine. */
#include <config.h>

#include "tools/common/terminal.h"
#include "tools/unitpassctl/ctl.h"
#include "tools/unitpassctl/doctor.h"


static const struct argp_option common[] = {
	{ "config", 'c', "FILE", 0, "configuration of unitpassd (default " UP_CTL_CONFIG ")", 0 },
	{ "json", 'j', NULL, 0, "answer in JSON", 0 },
	{ 0 },
};

static const struct up_command commands[] = {
	{ "init", NULL, "make keys, database and the first authority", up_init_options, 0, up_init_run },
	{ "authority add", "CODE", "add a registration authority, or change its name", up_authority_options, UP_COMMAND_NEED(1), up_authority_add },
	{ "authority list", NULL, "list the registration authorities", NULL, 0, up_authority_list },
	{ "unit import", "FILE", "import units and their certificates from CSV or JSON\v"
	  "Columns: code, name, purpose, address, legal_representative, funding, capital, organiser, authority, certificate, valid_from, valid_to; or "
	  "统一社会信用代码, 名称, 宗旨和业务范围, 住所, 法定代表人, 经费来源, 开办资金, 举办单位, 登记管理机关, 证书号, 有效期自, 有效期至. "
	  "Dates are YYYY-MM-DD. A certificate runs 5 years: without valid_to the last day is computed. All rows are checked first; if one is wrong, nothing is imported.",
	  up_unit_import_options, 0, up_unit_import },
	{ "unit show", "CODE", "show one unit with its certificate", NULL, 0, up_unit_show },
	{ "unit list", NULL, "list the units", NULL, 0, up_unit_list },
	{ "client add", "ID", "register a portal; prints its secret once\v"
	  "With --key-file or --jwks the portal authenticates by private_key_jwt and gets no secret. Reload the server afterwards.",
	  up_client_options, UP_COMMAND_NEED(1) | UP_COMMAND_NEED(2), up_client_add },
	{ "client rotate", "ID", "give a portal another secret or key\v"
	  "Sessions at the portal go on. The old secret works until the server is reloaded. With --key-file the key before the new one goes on working, "
	  "until the next change, so nobody notices; a secret before it does not.",
	  up_client_rotate_options, 0, up_client_rotate },
	{ "client list", NULL, "list the portals", NULL, 0, up_client_list },
	{ "item add", "CODE", "register an item (授权事项) of a portal", up_item_options, UP_COMMAND_NEED(1) | UP_COMMAND_NEED(2), up_item_add },
	{ "item list", NULL, "list the items", NULL, 0, up_item_list },
	{ "enrol", NULL, "write a principal and show the code for her phone (window)\v"
	  "The person is checked by the real-name check first. Arguments are seen in the list of processes: a resident ID number is better given by "
	  "--person-file, a JSON object {\"name\", \"resident_id\", \"mobile\"} (- for standard input). The code lives 5 minutes and works once.",
	  up_enrol_options, UP_COMMAND_NEED(1), up_enrol_run },
	{ "doctor", NULL, "check this installation, and say what to do\v"
	  "Without options it checks the server of the configuration (-c). With --portal-url or --issuer it checks a portal, from the portal's machine; with "
	  "--session-key-file the session keys of its nodes. The exit status is 1 when an error was found.",
	  up_doctor_options, 0, up_doctor_run },
	{ "usage list", NULL, "list usage records, newest first", up_usage_options, 0, up_usage_list },
	{ "usage show", "SEQ", "show one usage record whole", NULL, 0, up_usage_show },
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
	const struct up_program program = { .help = "Administration of unitpass.", .options = common, .take = take,
		.commands = commands, .n = UP_ARRAY_LEN(commands), .arg = &ctl };
	int status;

	up_terminal_setup(NULL);
	status = up_command_main(&program, argc, argv);
	up_ctl_close(&ctl);
	return status;
}
