/* SPDX-License-Identifier: Apache-2.0
 * The command, and the report: one line a check. */
#include <config.h>

#include "tools/unitpassctl/doctor.h"

#include <curl/curl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/target.h"
#include "core/text.h"
#include "tools/common/terminal.h"
#include "tools/unitpassctl/ctl.h"

#define CLIENT_MAX 128
#define TEXT_MAX 600                     /* characters of a line of others */

enum {
	PORTAL_URL = 1,
	ISSUER,
	CLIENT,
	SECRET_FILE,
	KEY_FILE,
	SESSION_KEYS,
	FINGERPRINTS,
	CA,
	NGINX,
	APACHE
};

const struct argp_option up_doctor_options[] = {
	{ "portal-url", PORTAL_URL, "URL", 0, UP_WORDS("check the portal at this origin",
	    "检查此地址的业务系统"), 1 },
	{ "issuer", ISSUER, "URL", 0,
	    UP_WORDS("check the server, or another provider, as a portal sees it",
	    "以业务系统的角度检查此地址的服务器"), 1 },
	{ "client", CLIENT, "ID", 0,
	    UP_WORDS("check that the server takes this client (with --issuer and a file)",
	    "检查服务器是否接受此业务系统（需同时给出 --issuer 和密钥文件）"), 1 },
	{ "secret-file", SECRET_FILE, "FILE", 0, UP_WORDS("the client's secret",
	    "业务系统的密钥"), 1 },
	{ "key-file", KEY_FILE, "FILE", 0,
	    UP_WORDS("the client's private key (JWK), for private_key_jwt",
	    "业务系统的私钥（JWK），用于 private_key_jwt"), 1 },
	{ "session-key-file", SESSION_KEYS, "FILE[,FILE]", 0,
	    UP_WORDS("print the fingerprints of session key files, and compare them",
	    "显示会话密钥文件的指纹并比较"), 1 },
	{ "fingerprint", FINGERPRINTS, "HEX[,HEX]", 0,
	    UP_WORDS("compare with these, printed on other nodes",
	    "与其他节点显示的指纹比较"), 1 },
	{ "ca", CA, "FILE", 0,
	    UP_WORDS("trust the authorities in this PEM file (default: the system's)",
	    "信任此 PEM 文件中的证书机构（默认用系统的）"), 2 },
	{ "nginx-config", NGINX, "FILE", 0,
	    UP_WORDS("the file nginx runs with (default: its own)",
	    "nginx 使用的配置文件（默认用其自带的）"), 2 },
	{ "apache-config", APACHE, "FILE", 0,
	    UP_WORDS("the file Apache runs with (default: its own)",
	    "Apache 使用的配置文件（默认用其自带的）"), 2 },
	{ 0 },
};

static const struct { const char *name, *en, *zh; } levels[UP_DOCTOR_LEVELS] = {
	[UP_DOCTOR_OK] = { "ok", "ok", "正常" },
	[UP_DOCTOR_INFO] = { "info", "info", "提示" },
	[UP_DOCTOR_WARNING] = { "warning", "warning", "警告" },
	[UP_DOCTOR_ERROR] = { "error", "error", "错误" },
};

/* --- the report --- */

static json_t *safe_text(const char *fmt, va_list ap)
{
	struct up_buf b = { 0 };
	char line[2048];
	json_t *text = NULL;

	vsnprintf(line, sizeof(line), fmt, ap);
	up_text_put_safe(&b, up_span_str(line), TEXT_MAX);
	if (!b.failed)
		text = json_stringn((const char *)b.p, b.n);
	up_buf_free(&b);
	return text;
}

void up_doctor_find(
    struct up_doctor *d, enum up_doctor_level level, const char *check, const char *fmt, ...)
{
	json_t *line;
	va_list ap;

	va_start(ap, fmt);
	line = json_pack("{s:s, s:s, s:o}", "check", check, "level", levels[level].name, "text",
	    safe_text(fmt, ap));
	va_end(ap);
	d->counts[level]++;
	if (line == NULL || json_array_append_new(d->checks, line) != 0)
		d->failed = true;
}

void up_doctor_remedy(struct up_doctor *d, const char *fmt, ...)
{
	json_t *line = json_array_get(d->checks, json_array_size(d->checks) - 1);
	va_list ap;

	va_start(ap, fmt);
	if (json_object_set_new(line, "remedy", safe_text(fmt, ap)) != 0)
		d->failed = true;
	va_end(ap);
}

static const char *level_of(const json_t *line)
{
	const char *name = json_string_value(json_object_get(line, "level"));

	for (size_t i = 0; i < UP_DOCTOR_LEVELS; i++)
		if (name != NULL && strcmp(levels[i].name, name) == 0)
			return up_say(levels[i].en, levels[i].zh);
	return "";
}

static void print_lines(const struct up_doctor *d)
{
	json_t *line;
	size_t i;

	json_array_foreach(d->checks, i, line) {
		const char *level = level_of(line),
			   *remedy = json_string_value(json_object_get(line, "remedy"));

		printf("%s%*s%-16s %s", level, 9 - (int)up_terminal_width(up_span_str(level)), "",
		    json_string_value(json_object_get(line, "check")),
		    json_string_value(json_object_get(line, "text")));
		printf("%s%s\n", remedy != NULL ? up_say(" -> ", " → ") : "",
		    remedy != NULL ? remedy : "");
	}
	printf(up_say("errors: %u, warnings: %u, checks passed: %u\n",
		   "错误 %u 项，警告 %u 项，通过 %u 项\n"),
	    d->counts[UP_DOCTOR_ERROR], d->counts[UP_DOCTOR_WARNING], d->counts[UP_DOCTOR_OK]);
}

static int report(const struct up_ctl *ctl, const struct up_doctor *d)
{
	if (d->failed)
		return up_ctl_fail_err(ctl, UP_E_NOMEM, "doctor");
	if (!ctl->json)
		print_lines(d);
	else if (up_ctl_print(ctl,
		     json_pack("{s:O, s:i, s:i, s:i}", "checks", d->checks, "errors",
			 (int)d->counts[UP_DOCTOR_ERROR], "warnings",
			 (int)d->counts[UP_DOCTOR_WARNING], "passed",
			 (int)d->counts[UP_DOCTOR_OK])) != 0)
		return 1;
	return d->counts[UP_DOCTOR_ERROR] > 0 ? 1 : 0;
}

/* --- the command --- */

static bool is_origin(const char *url)
{
	struct up_span origin, path;

	return up_target_url(up_span_str(url), &origin, &path) == UP_OK && path.n == 0;
}

/* As the module takes it: perhaps with a path and a final slash, for it is a name,
 * compared byte for byte. */
static bool is_issuer(const char *url)
{
	struct up_span origin, path;

	return up_target_url(up_span_str(url), &origin, &path) == UP_OK && strchr(url, '?') == NULL;
}

/* Another provider's ids are not ours: what the module takes. */
static bool is_client(const char *id)
{
	for (const char *p = id; *p != '\0'; p++)
		if (*p <= 0x20 || *p >= 0x7f || *p == '"' || *p == '\\')
			return false;
	return id[0] != '\0' && strlen(id) <= CLIENT_MAX;
}

/* http://portal.example.org: what an administrator may well have, and what cannot work. */
static bool is_plain(const char *url)
{
	char https[600];

	if (url == NULL || is_origin(url) || strncmp(url, "http://", 7) != 0)
		return false;
	snprintf(https, sizeof(https), "https://%s", url + 7);
	return is_origin(https);
}

static void check_origin(const char *option, const char *url)
{
	if (url != NULL && !is_origin(url))
		up_command_wrong(
		    up_say("--%s: must be like https://portal.example.org, lower case, no path, "
			   "no final slash (http for a loopback host only)",
			"--%s：应形如 https://portal.example.org，小写，不带路径和末尾的斜杠"
			"（http 仅限本机地址）"),
		    option);
}

/* True: there is something of a portal to look at. */
static bool take_portal(const struct up_command_line *l, struct up_doctor_portal *p)
{
	*p = (struct up_doctor_portal) { .url = l->values[PORTAL_URL],
		.issuer = l->values[ISSUER],
		.client = l->values[CLIENT],
		.secret_file = l->values[SECRET_FILE],
		.key_file = l->values[KEY_FILE] };
	p->plain = is_plain(p->url);
	if (!p->plain)
		check_origin("portal-url", p->url);
	if (p->issuer != NULL && !is_issuer(p->issuer))
		up_command_wrong("%s",
		    up_say("--issuer: must be like https://id.example.org or "
			   "https://id.example.org/realms/a, as the provider calls itself "
			   "(http for a loopback host only)",
			"--issuer：应形如 https://id.example.org 或 https://id.example.org/realms/a，"
			"与服务方自己的写法一致（http 仅限本机地址）"));
	if (p->secret_file != NULL && p->key_file != NULL)
		up_command_wrong("%s", up_say("--secret-file and --key-file exclude each other",
					   "--secret-file 与 --key-file 只能用其一"));
	if (p->client != NULL &&
	    (p->issuer == NULL || (p->secret_file == NULL && p->key_file == NULL)))
		up_command_wrong("%s",
		    up_say("--client needs --issuer and --secret-file or --key-file",
			"--client 须与 --issuer 以及 --secret-file 或 --key-file 一起使用"));
	if (p->client == NULL && (p->secret_file != NULL || p->key_file != NULL))
		up_command_wrong("%s",
		    up_say("--secret-file and --key-file need --client and --issuer",
			"--secret-file 和 --key-file 须与 --client、--issuer 一起使用"));
	if (p->client != NULL && !is_client(p->client))
		up_command_wrong("%s",
		    up_say("--client: 1 to 128 printable ASCII characters without spaces, quotes "
			   "and backslashes",
			"--client：应为 1 至 128 个可显示的 ASCII 字符，不含空格、引号和反斜杠"));
	return p->url != NULL || p->issuer != NULL;
}

int up_doctor_run(struct up_command_line *l)
{
	struct up_ctl *ctl = l->program;
	struct up_doctor d = { .ca = l->values[CA],
		.nginx_config = l->values[NGINX],
		.apache_config = l->values[APACHE] };
	const char *files = l->values[SESSION_KEYS], *fingerprints = l->values[FINGERPRINTS];
	struct up_doctor_portal portal;
	bool has_portal = take_portal(l, &portal);
	int status = 1;

	if (fingerprints != NULL && files == NULL)
		up_command_wrong("%s", up_say("--fingerprint needs --session-key-file",
					   "--fingerprint 须与 --session-key-file 一起使用"));
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return up_ctl_fail_err(ctl, UP_E_NOMEM, "doctor");
	d.checks = json_array();
	if (d.checks == NULL) {
		up_ctl_fail_err(ctl, UP_E_NOMEM, "doctor");
		goto out;
	}
	if (!has_portal && files == NULL)
		up_doctor_server(&d, ctl->config_file);
	if (has_portal)
		up_doctor_portal(&d, &portal);
	if (files != NULL)
		up_doctor_keys_session(&d, files, fingerprints);
	status = report(ctl, &d);
out:
	json_decref(d.checks);
	curl_global_cleanup();
	return status;
}
