/* SPDX-License-Identifier: Apache-2.0 */
#include "server/config.h"

#include <confuse.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/checks.h"
#include "server/db/db.h"

enum type { TEXT, NUMBER, LIST };

/* The one table: name, where it goes, bounds, default, help. It reads the file, prints the sample
 * and is the man page's list. */
static const struct key {
	const char *name;
	enum type type;
	size_t at;
	bool required;
	const char *text;        /* default of a TEXT; {} for a LIST */
	long number, min, max;   /* default and bounds of a NUMBER */
	const char *help, *zh;
} keys[] = {
	{ "issuer", TEXT, offsetof(struct up_config, issuer), true, NULL, 0, 0, 0,
	    "Origin of this server as phones and portals see it: https://id.example.org, no path "
	    "(http for a loopback host only).",
	    "手机和业务系统所见的本服务器地址：https://id.example.org，不带路径（http "
	    "仅限本机地址）。" },
	{ "listen", TEXT, offsetof(struct up_config, listen), false, "127.0.0.1:9080", 0, 0, 0,
	    "Where to listen: loopback host:port, or unix:/path. TLS ends at the web "
	    "server in front.",
	    "监听地址：本机 主机:端口，或 unix:/路径。TLS 由前面的 Web 服务器终结。" },
	{ "watch_listen", TEXT, offsetof(struct up_config, watch_listen), false, "127.0.0.1:9081",
	    0, 0, 0, "Listener for waiting pages; the web server in front routes /watch/ to it.",
	    "等待页的监听地址；前面的 Web 服务器把 /watch/ 转发到这里。" },
	{ "admin_listen", TEXT, offsetof(struct up_config, admin_listen), false, "127.0.0.1:9082",
	    0, 0, 0, "Listener for /healthz and /metrics; keep it from the outside.",
	    "/healthz 和 /metrics 的监听地址；不得对外开放。" },
	{ "database", TEXT, offsetof(struct up_config, database), false,
	    "/var/lib/unitpass/unitpass.db", 0, 0, 0,
	    "SQLite file, or a PostgreSQL server: postgresql://ROLE@HOST/NAME, with the parameters "
	    "of "
	    "libpq (for a socket: postgresql://ROLE@/NAME?host=/run/postgresql). Unless sslmode "
	    "says otherwise, a server on another machine must show a certificate for HOST that "
	    "sslrootcert=FILE vouches for (verify-full).",
	    "SQLite 文件，或 PostgreSQL 服务器：postgresql://角色@主机/库名，可带 libpq 的参数"
	    "（套接字：postgresql://角色@/库名?host=/run/postgresql）。未指明 sslmode 时，"
	    "其他机器上的服务器必须出示由 sslrootcert=文件 认可的主机证书（verify-full）。" },
	{ "database_password_file", TEXT, offsetof(struct up_config, database_password_file), false,
	    "", 0, 0, 0,
	    "File with the password of the PostgreSQL role in one line; one readable by others is "
	    "refused.",
	    "PostgreSQL 角色密码所在的文件，只有一行；其他人可读的文件会被拒绝。" },
	{ "keys", TEXT, offsetof(struct up_config, keys), false, "/var/lib/unitpass/keys", 0, 0, 0,
	    "Folder of server.key, signing.jwks and data.keys; files readable by others are "
	    "refused.",
	    "server.key、signing.jwks 和 data.keys 所在目录；其他人可读的密钥文件会被拒绝。" },
	{ "live_secret", TEXT, offsetof(struct up_config, live_secret), false, "", 0, 0, 0,
	    "File of 64 hex digits (openssl rand -hex 32), from which the keys of logins under way "
	    "are "
	    "derived: several servers that answer for one another need the same. Without it they "
	    "are drawn at each start. Today the logins under way, and what proofs were used, are "
	    "still in each server's own memory: a restart ends those logins, one server cannot "
	    "go on with another's, and the nonces of phones' proofs are each server's own.",
	    "存放 64 位十六进制数字的文件（openssl rand -hex 32），进行中的登录所用密钥由此派生；"
	    "多台服务器互为备份时须使用同一文件。不设置时每次启动随机生成。"
	    "目前进行中的登录和已用过的证明仍只保存在各服务器自己的内存中：重启即终止这些登录，"
	    "一台服务器不能接续另一台的登录，手机证明所用的 nonce 也由各服务器各自生成。" },
	{ "roster", TEXT, offsetof(struct up_config, roster), false, "", 0, 0, 0,
	    "CSV file (name,resident_id,mobile) of the built-in real-name check; without it every "
	    "check is 'unavailable'.",
	    "内置实名核验的 CSV "
	    "文件（name,resident_id,mobile）；不设置时所有核验均为不可用（unavailable）。" },
	{ "realname_url", TEXT, offsetof(struct up_config, realname_url), false, "", 0, 0, 0,
	    "Address of the population platform that is asked instead of the roster: https "
	    "(http for a "
	    "loopback host only). What is said there: doc/REALNAME.md.",
	    "人口信息核验平台的地址，设置后不再使用名册：须为 https（http 仅限本机地址）。"
	    "通信格式见 doc/REALNAME.md。" },
	{ "realname_secret_file", TEXT, offsetof(struct up_config, realname_secret_file),
	    false, "", 0, 0, 0,
	    "File with the secret shared with the platform in one line of at least 32 bytes; one "
	    "readable by others is refused.",
	    "与核验平台共享的密钥文件，只有一行，至少 32 字节；其他人可读的文件会被拒绝。" },
	{ "realname_key_id", TEXT, offsetof(struct up_config, realname_key_id),
	    false, "unitpass", 0, 0, 0,
	    "Which secret that is, as the platform calls it.",
	    "该密钥在核验平台上的名称。" },
	{ "realname_ca", TEXT, offsetof(struct up_config, realname_ca), false, "", 0, 0, 0,
	    "File of the authorities that vouch for the platform's certificate; the system's when "
	    "empty.",
	    "签发核验平台证书的 CA 文件；为空时用系统的。" },
	{ "realname_name", TEXT, offsetof(struct up_config, realname_name), false, "name", 0, 0, 0,
	    "The platform's name for the member of the request that holds the person's name.",
	    "请求中“姓名”的成员名。" },
	{ "realname_resident_id", TEXT, offsetof(struct up_config, realname_resident_id),
	    false, "resident_id", 0, 0, 0,
	    "The same for the resident ID number.",
	    "请求中“公民身份号码”的成员名。" },
	{ "realname_mobile", TEXT, offsetof(struct up_config, realname_mobile),
	    false, "mobile", 0, 0, 0,
	    "The same for the mobile number.",
	    "请求中“手机号”的成员名。" },
	{ "realname_answer", TEXT, offsetof(struct up_config, realname_answer),
	    false, "outcome", 0, 0, 0,
	    "The member of the answer that says the outcome; a path where it lies deeper "
	    "(data.result).",
	    "应答中表示结果的成员名；在内层时写路径（data.result）。" },
	{ "realname_match", TEXT, offsetof(struct up_config, realname_match),
	    false, "match", 0, 0, 0,
	    "Values there that mean: this person is known so. Several are separated by blanks.",
	    "表示“一致”的值，可有多个，以空格分隔。" },
	{ "realname_mismatch", TEXT, offsetof(struct up_config, realname_mismatch),
	    false, "mismatch", 0, 0, 0,
	    "Values that mean: the number is known, name or mobile are others.",
	    "表示“不一致”的值。" },
	{ "realname_not_found", TEXT, offsetof(struct up_config, realname_not_found),
	    false, "not_found", 0, 0, 0,
	    "Values that mean: the number is not known. Any other value is no answer.",
	    "表示“查无此人”的值。其他值一律视为没有结果。" },
	{ "realname_connect_ms", NUMBER, offsetof(struct up_config, realname_connect_ms),
	    false, NULL,
	    3000, 100, 60000, "Milliseconds to connect to the platform.",
	    "连接核验平台的时限（毫秒）。" },
	{ "realname_timeout_ms", NUMBER, offsetof(struct up_config, realname_timeout_ms),
	    false, NULL,
	    8000, 200, 120000, "Milliseconds for a whole check, all tries together.",
	    "一次核验（含重试）的总时限（毫秒）。" },
	{ "realname_tries", NUMBER, offsetof(struct up_config, realname_tries), false, NULL,
	    3, 1, 10, "Tries of a check, while its time lasts.",
	    "一次核验在时限内最多尝试的次数。" },
	{ "realname_pause_ms", NUMBER, offsetof(struct up_config, realname_pause_ms), false, NULL,
	    300, 1, 10000,
	    "Pause before the second try; doubled before each further one, and varied.",
	    "第二次尝试前的间隔（毫秒），以后逐次加倍并随机浮动。" },
	{ "realname_failures", NUMBER, offsetof(struct up_config, realname_failures), false, NULL,
	    5, 1, 1000, "Failures in a row after which the platform is left in peace.",
	    "连续失败多少次后暂停访问平台。" },
	{ "realname_rest_s", NUMBER, offsetof(struct up_config, realname_rest_s), false, NULL,
	    30, 1, 3600, "For how many seconds; longer each time it fails on, up to ten times.",
	    "暂停的秒数；继续失败则逐次加长，最多十倍。" },
	{ "realname_per_minute", NUMBER, offsetof(struct up_config, realname_per_minute),
	    false, NULL,
	    300, 1, 1000000, "Checks in a minute, at most; who comes later is pending.",
	    "每分钟核验次数上限；超出者列为待核验。" },
	{ "realname_threads", NUMBER, offsetof(struct up_config, realname_threads), false, NULL,
	    4, 1, 64, "Threads that wait for checks.",
	    "等待核验结果的线程数。" },
	{ "realname_again_s", NUMBER, offsetof(struct up_config, realname_again_s), false, NULL,
	    60, 1, 86400,
	    "Seconds between two rounds in which those who are pending are asked for again; longer "
	    "while nobody answers.",
	    "两轮后台重新核验之间的秒数；无结果时逐次加长。" },
	{ "trusted_proxy", LIST, 0, false, "{\"127.0.0.1/32\", \"::1\", \"unix:\"}", 0, 0, 0,
	    "Networks whose X-Forwarded-For counts. The web server in front must set that "
	    "header itself.",
	    "其 X-Forwarded-For 可信的网络。前面的 Web 服务器必须自行设置该头。" },
	{ "user", TEXT, offsetof(struct up_config, user), false, "", 0, 0, 0,
	    "User to become when started as root (required then).",
	    "以 root 启动时切换到的账户（此时必填）。" },
	{ "group", TEXT, offsetof(struct up_config, group), false, "", 0, 0, 0,
	    "Group to become; the user's own when empty.", "切换到的组；为空时用该账户自己的组。" },
	{ "threads", NUMBER, offsetof(struct up_config, threads), false, NULL, 2, 1, 64,
	    "Threads that answer requests.", "处理请求的线程数。" },
	{ "connections", NUMBER, offsetof(struct up_config, connections), false, NULL, 2000, 16,
	    100000, "Connections at once on the main listener.", "主监听地址的最大并发连接数。" },
	{ "waiting_pages", NUMBER, offsetof(struct up_config, waiting_pages), false, NULL, 20000,
	    16, 1000000, "Connections at once on the listener for waiting pages.",
	    "等待页监听地址的最大并发连接数。" },
	{ "transactions", NUMBER, offsetof(struct up_config, transactions), false, NULL, 262144, 64,
	    16777216, "Logins under way at once.", "同时进行的登录的最大数量。" },
	{ "frame_interval", NUMBER, offsetof(struct up_config, frame_interval), false, NULL, 2, 1,
	    5, "Seconds between two frames of the animated QR.", "动态二维码两帧之间的秒数。" },
	{ "rate_percent", NUMBER, offsetof(struct up_config, rate_percent), false, NULL, 100, 1,
	    1000000,
	    "Scale of all request-rate limits: 200 doubles what one address, client or phone may "
	    "do.",
	    "所有请求频率限制的比例：200 表示每个地址、业务系统或手机的限额加倍。" },
	{ "log", TEXT, offsetof(struct up_config, log), false, "plain", 0, 0, 0, "plain or json.",
	    "plain 或 json。" },
	{ "log_level", TEXT, offsetof(struct up_config, log_level), false, "info", 0, 0, 0,
	    "error, warning, info or debug.", "error、warning、info 或 debug。" },
};

#define N_KEYS UP_ARRAY_LEN(keys)

/* libconfuse reports through a callback without an argument of ours; configuration is read by one
 * thread. */
static char *why_out;

static void keep_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	int n;

	if (why_out == NULL || why_out[0] != '\0')
		return;
	n = snprintf(
	    why_out, 512, "%s:%d: ", cfg->filename ? cfg->filename : "configuration", cfg->line);
	if (n > 0 && n < 512)
		vsnprintf(why_out + n, 512 - (size_t)n, fmt, ap);
}

static enum up_err refuse(const char *file, char why[512], const char *name, const char *what)
{
	snprintf(why, 512, "%s: %s: %s", file, name, what);
	return UP_E_CONFIG;
}

/* "host:port" or "unix:/path"? */
static bool is_address(const char *text)
{
	struct up_span s = up_span_str(text), port;
	const char *colon = strrchr(text, ':');
	uint64_t n;

	if (up_span_starts(s, "unix:"))
		return text[5] == '/' && s.n - 5 < 108;
	if (colon == NULL || colon == text)
		return false;
	port = up_span_str(colon + 1);
	return up_span_u64(port, 65535, &n) == UP_OK;
}

static char *text_copy(const char *s)
{
	return strdup(s ? s : "");
}

static enum up_err take(cfg_t *cfg, const char *file, struct up_config *c, char why[512])
{
	for (size_t i = 0; i < N_KEYS; i++) {
		const struct key *k = &keys[i];
		char *base = (char *)c;

		if (k->type == LIST)
			continue;
		if (k->type == NUMBER) {
			long v = cfg_getint(cfg, k->name);
			char text[80];

			if (v < k->min || v > k->max) {
				snprintf(text, sizeof(text), "must be %ld to %ld, not %ld", k->min,
				    k->max, v);
				return refuse(file, why, k->name, text);
			}
			memcpy(base + k->at, &v, sizeof(v));
			continue;
		}
		char *s = text_copy(cfg_getstr(cfg, k->name));

		if (s == NULL)
			return UP_E_NOMEM;
		memcpy(base + k->at, &s, sizeof(s));
		if (k->required && s[0] == '\0')
			return refuse(file, why, k->name, "is missing; see unitpassd.conf(5)");
	}
	for (unsigned i = 0; i < cfg_size(cfg, "trusted_proxy"); i++) {
		if (c->n_proxies == UP_CONFIG_PROXIES)
			return refuse(file, why, "trusted_proxy", "more than 16 networks");
		if (up_target_cidr(up_span_str(cfg_getnstr(cfg, "trusted_proxy", i)),
			&c->proxies[c->n_proxies++]) != UP_OK)
			return refuse(file, why, "trusted_proxy",
			    "must be networks such as \"127.0.0.1/32\", \"::1\" or \"unix:\"");
	}
	return UP_OK;
}

static bool one_of(const char *s, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strcmp(s, *words) == 0)
			return true;
	return false;
}

static enum up_err check(const char *file, const struct up_config *c, char why[512])
{
	static const char *const logs[] = { "plain", "json", NULL };
	static const char *const levels[] = { "error", "warning", "info", "debug", NULL };
	const char *const listens[][2] = { { "listen", c->listen },
		{ "watch_listen", c->watch_listen }, { "admin_listen", c->admin_listen } };
	struct up_span origin, path;
	const char *key, *wrong;

	if (up_target_url(up_span_str(c->issuer), &origin, &path) != UP_OK || path.n != 0)
		return refuse(file, why, "issuer",
		    "must be an origin such as \"https://id.example.org\" without a path; http is "
		    "for loopback hosts");
	for (size_t i = 0; i < UP_ARRAY_LEN(listens); i++)
		if (!is_address(listens[i][1]))
			return refuse(file, why, listens[i][0],
			    "must be \"127.0.0.1:9080\" or \"unix:/path\"");
	if (up_db_wrong(c->database) != NULL)
		return refuse(file, why, "database", up_db_wrong(c->database));
	if (up_db_has_password(c->database))
		return refuse(file, why, "database",
		    "holds a password, which others may read: name a file as "
		    "database_password_file");
	wrong = up_checks_wrong(c, &key);
	if (wrong != NULL)
		return refuse(file, why, key, wrong);
	if (!one_of(c->log, logs))
		return refuse(file, why, "log", "must be plain or json");
	if (!one_of(c->log_level, levels))
		return refuse(file, why, "log_level", "must be error, warning, info or debug");
	return UP_OK;
}

static cfg_t *make_parser(void)
{
	cfg_opt_t opts[N_KEYS + 1];

	for (size_t i = 0; i < N_KEYS; i++) {
		const struct key *k = &keys[i];
		/* libconfuse parses a list's default from a copy; its prototype only forgot the
		 * const. */
		char *list_default = (char *)(uintptr_t)k->text;
		const cfg_opt_t text = CFG_STR(k->name, k->text, CFGF_NONE);
		const cfg_opt_t number = CFG_INT(k->name, k->number, CFGF_NONE);
		const cfg_opt_t list = CFG_STR_LIST(k->name, list_default, CFGF_NONE);

		opts[i] = k->type == TEXT ? text : k->type == NUMBER ? number : list;
	}
	opts[N_KEYS] = (cfg_opt_t)CFG_END();
	return cfg_init(opts, CFGF_NONE);
}

/* What keeps FILE from being read, or NULL. The parser ends the process over a folder. */
static const char *unreadable(const char *file)
{
	struct stat st;

	if (access(file, R_OK) != 0 || stat(file, &st) != 0)
		return strerror(errno);
	return S_ISDIR(st.st_mode) ? strerror(EISDIR) : NULL;
}

enum up_err up_config_read(const char *file, struct up_config **out, char why[512])
{
	const char *fault = unreadable(file);
	struct up_config *c = NULL;
	enum up_err err = UP_E_CONFIG;
	cfg_t *cfg;

	*out = NULL;
	why[0] = '\0';
	if (fault != NULL) {
		snprintf(why, 512, "%s: %s", file, fault);
		return UP_E_IO;
	}
	cfg = make_parser();
	c = calloc(1, sizeof(*c));
	if (cfg == NULL || c == NULL) {
		err = UP_E_NOMEM;
		goto out;
	}
	cfg_set_error_function(cfg, keep_error);
	why_out = why;
	if (cfg_parse(cfg, file) != CFG_SUCCESS) {
		if (why[0] == '\0')
			snprintf(why, 512, "%s: cannot be read", file);
		goto out;
	}
	err = take(cfg, file, c, why);
	if (err == UP_OK)
		err = check(file, c, why);
	if (err == UP_OK) {
		*out = c;
		c = NULL;
	}
out:
	why_out = NULL;
	if (cfg != NULL)
		cfg_free(cfg);
	up_config_free(&c);
	return err;
}

void up_config_free(struct up_config **c)
{
	if (*c == NULL)
		return;
	for (size_t i = 0; i < N_KEYS; i++) {
		char *s;

		if (keys[i].type != TEXT)
			continue;
		memcpy(&s, (char *)*c + keys[i].at, sizeof(s));
		free(s);
	}
	free(*c);
	*c = NULL;
}

void up_config_print_sample(FILE *f)
{
	fputs("# unitpassd.conf: every key with its default. See unitpassd.conf(5).\n", f);
	for (size_t i = 0; i < N_KEYS; i++) {
		const struct key *k = &keys[i];

		fprintf(f, "\n# %s\n", k->help);
		if (k->type == NUMBER)
			fprintf(
			    f, "# (%ld to %ld)\n#%s = %ld\n", k->min, k->max, k->name, k->number);
		else if (k->type == LIST)
			fprintf(f, "#%s = %s\n", k->name, k->text);
		else if (k->required)
			fprintf(f, "%s = \"https://id.example.org\"\n", k->name);
		else
			fprintf(f, "#%s = \"%s\"\n", k->name, k->text);
	}
}

static void put_roff(FILE *f, const char *s)
{
	for (; *s != '\0'; s++)
		fprintf(f, *s == '-' ? "\\-" : *s == '\\' ? "\\e" : "%c", *s);
}

void up_config_print_man(FILE *f, bool chinese)
{

	for (size_t i = 0; i < N_KEYS; i++) {
		const struct key *k = &keys[i];

		fprintf(f, ".TP\n.B %s\n", k->name);
		put_roff(f, chinese ? k->zh : k->help);
		if (k->type == NUMBER)
			fprintf(f, chinese ? "%ld 至 %ld，默认 %ld。\n"
			    : " From %ld to %ld; default %ld.\n", k->min, k->max, k->number);
		else if (k->required)
			fputs(chinese ? "必填。\n" : " Required.\n", f);
		else if (k->type == TEXT && k->text[0] != '\0') {
			fputs(chinese ? "默认：" : " Default: ", f);
			put_roff(f, k->text);
			fputs(chinese ? "。\n" : ".\n", f);
		} else {
			fputc('\n', f);
		}
	}
}
