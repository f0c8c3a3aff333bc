/* SPDX-License-Identifier: Apache-2.0
 * The machine of unitpassd: files, database, listeners, and what is registered. */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/json.h"
#include "server/checks.h"
#include "server/config.h"
#include "server/keys/data_keys.h"
#include "server/database.h"
#include "server/db/db.h"
#include "server/harden.h"
#include "server/keys/keys.h"
#include "server/store/store.h"
#include "tools/common/terminal.h"
#include "tools/unitpassctl/doctor.h"
#include "tools/unitpassctl/doctor_http.h"

#define DISK_WARNING (1024ull << 20)
#define DISK_ERROR (100ull << 20)
#define SOON_S (60 * 86400)
#define NO_WATCH "AAAAAAAAAAAAAAAAAAAAAA"

/* --- files --- */

static long server_uid(struct up_doctor *d, const struct up_config *c)
{
	char why[256];
	long uid, gid;

	if (up_harden_ids(c->user, c->group, &uid, &gid, why) == UP_OK)
		return uid;
	up_doctor_find(d, UP_DOCTOR_ERROR, "user", "%s", why);
	up_doctor_remedy(d,
	    up_say("make the user: adduser --system --group %s",
		"请建立该用户：adduser --system --group %s"),
	    c->user[0] != '\0' ? c->user : "unitpass");
	return -1;
}

static void check_keys(struct up_doctor *d, const struct up_config *c, long uid)
{
	static const char *const names[] = { "", "/server.key", "/signing.jwks",
		"/" UP_DATA_KEYS_FILE };
	struct up_keys *keys = NULL;
	char path[4096], why[256];

	for (size_t i = 0; i < UP_ARRAY_LEN(names); i++) {
		snprintf(path, sizeof(path), "%s%s", c->keys, names[i]);
		/* made at the first start of this release; who should have it, check_store says */
		if (i == UP_ARRAY_LEN(names) - 1 && access(path, F_OK) != 0)
			continue;
		if (!up_doctor_keys_private(d, "keys", path, uid))
			return;
	}
	if (up_keys_load(c->keys, &keys, why) == UP_OK) {
		up_doctor_find(d, UP_DOCTOR_OK, "keys",
		    up_say("%s: private, readable, %zu signing keys",
			"%s：仅本人可读，签名密钥 %zu 个"),
		    c->keys, keys->n_signing);
	} else {
		up_doctor_find(d, UP_DOCTOR_ERROR, "keys", "%s", why);
		up_doctor_remedy(d, "%s",
		    up_say("restore the file from your backup; a new server.key would lock every "
			   "phone out",
			"请从备份恢复该文件；换新的 server.key 会使所有手机失效"));
	}
	up_keys_free(&keys);
}

/* The platform is not asked: that takes a person. */
static void check_platform(struct up_doctor *d, const struct up_config *c)
{
	struct up_checks_source source;
	char why[256] = "";
	enum up_err err = up_checks_open(c, &source, why);

	if (err == UP_OK) {
		up_checks_close(&source);
		up_doctor_find(d, UP_DOCTOR_OK, "realname", "%s", c->realname_url);
		return;
	}
	up_doctor_find(d, UP_DOCTOR_ERROR, "realname", "%s", why[0] ? why : up_err_name(err));
	up_doctor_remedy(d, "%s",
	    up_say("put the secret that was agreed on with the platform there, for unitpassd alone",
		"请将与核验平台约定的密钥写入该文件，仅 unitpassd 可读"));
}

static void check_roster(struct up_doctor *d, const struct up_config *c)
{
	struct stat st;

	if (c->realname_url[0] != '\0') {
		check_platform(d, c);
	} else if (c->roster[0] == '\0') {
		up_doctor_find(d, UP_DOCTOR_WARNING, "roster", "%s",
		    up_say("no real-name check: nobody can be enrolled",
			"没有实名核验：无法为任何人办理"));
		up_doctor_remedy(d, "%s",
		    up_say(
			"name a CSV file (name,resident_id,mobile) as `roster` in unitpassd.conf",
			"请在 unitpassd.conf 的 roster 写明 CSV 文件（name,resident_id,mobile）"));
	} else if (stat(c->roster, &st) != 0) {
		up_doctor_find(d, UP_DOCTOR_ERROR, "roster", "%s: %s", c->roster, strerror(errno));
		up_doctor_remedy(d, "%s",
		    up_say("write the right path as `roster`, or make the file",
			"请在 roster 写对路径，或生成该文件"));
	} else if ((st.st_mode & 027) != 0) {
		up_doctor_find(d, UP_DOCTOR_ERROR, "roster",
		    up_say("%s: others may use it (mode %03o)", "%s：他人可以访问（权限 %03o）"),
		    c->roster, st.st_mode & 0777u);
		up_doctor_remedy(d, "chmod 640 %s", c->roster);
	} else {
		up_doctor_find(d, UP_DOCTOR_OK, "roster", "%s", c->roster);
	}
}

static void check_disk(struct up_doctor *d, const struct up_config *c)
{
	unsigned long long left;
	enum up_doctor_level level;
	struct statvfs fs;

	/* of a server it is the server's affair; the database's own check says why a file fails */
	if (up_db_file(c->database) == NULL || statvfs(c->database, &fs) != 0)
		return;
	left = (unsigned long long)fs.f_bavail * fs.f_frsize;
	level = left < DISK_ERROR ? UP_DOCTOR_ERROR
	    : left < DISK_WARNING ? UP_DOCTOR_WARNING
				  : UP_DOCTOR_OK;
	up_doctor_find(d, level, "disk",
	    up_say("%llu MiB left for the database", "数据库所在磁盘剩余 %llu MiB"), left >> 20);
	if (level != UP_DOCTOR_OK)
		up_doctor_remedy(d, "%s",
		    up_say("make room: without a usage record there is no login",
			"请清理磁盘：写不了使用记录就不能登录"));
}

/* --- what is in the database --- */

static void check_records(struct up_doctor *d, struct up_store *store, int64_t now_ms)
{
	int64_t shown;
	bool accepted;

	if (up_store_clock(store, &shown, &accepted) != UP_OK) {
		up_doctor_find(d, UP_DOCTOR_ERROR, "records", "%s",
		    up_say("the usage records cannot be read", "无法读取使用记录"));
		up_doctor_remedy(
		    d, "%s", up_say("restore the database from your backup", "请从备份恢复数据库"));
	} else if (now_ms < shown - UP_CLOCK_BACK_MS) {
		up_doctor_find(d, UP_DOCTOR_ERROR, "clock",
		    up_say("the clock is %lld s behind the newest usage record: unitpassd refuses "
			   "logins",
			"时钟比最新使用记录慢 %lld 秒：unitpassd 将拒绝登录"),
		    (long long)((shown - now_ms) / 1000));
		up_doctor_remedy(d, "%s",
		    up_say(up_clock_cure(UP_CLOCK_BEHIND, false),
			up_clock_cure(UP_CLOCK_BEHIND, true)));
	} else {
		up_doctor_find(d, UP_DOCTOR_OK, "records", "%s",
		    up_say("the clock is not behind the newest usage record",
			"时钟不早于最新使用记录"));
	}
}

struct tally { int64_t now_s; unsigned units, without, expired, soon; };

static int count_unit(void *arg, const struct up_unit_view *u)
{
	struct tally *t = arg;

	if (!up_span_eq_str(u->status, "live"))
		return 0;
	t->units++;
	t->without += u->certificate.n == 0;
	if (u->certificate.n == 0)
		return 0;
	t->expired += u->valid_to_s < t->now_s;
	t->soon += u->valid_to_s >= t->now_s && u->valid_to_s < t->now_s + SOON_S;
	return 0;
}

static void check_units(struct up_doctor *d, struct up_store *store, int64_t now_ms)
{
	struct tally t = { .now_s = now_ms / 1000 };

	if (up_store_units(store, up_span_of(NULL, 0), count_unit, &t) != UP_OK)
		up_doctor_find(d, UP_DOCTOR_ERROR, "units", "%s",
		    up_say("the units cannot be read", "无法读取单位"));
	else if (t.units == 0)
		up_doctor_find(d, UP_DOCTOR_WARNING, "units", "%s",
		    up_say("no unit is registered", "尚未登记任何单位"));
	else
		up_doctor_find(d,
		    t.without + t.expired + t.soon > 0 ? UP_DOCTOR_INFO : UP_DOCTOR_OK, "units",
		    up_say("units: %u; certificates: %u missing, %u expired, %u end within 60 days",
			"单位 %u 个；证书：缺 %u，已过期 %u，60 天内到期 %u"),
		    t.units, t.without, t.expired, t.soon);
	if (t.units == 0)
		up_doctor_remedy(d, "unitpassctl unit import FILE");
	else if (t.without + t.expired + t.soon > 0)
		up_doctor_remedy(
		    d, "%s", up_say("see: unitpassctl unit list", "请查看：unitpassctl unit list"));
}

static void check_portals(struct up_doctor *d, struct up_store *store)
{
	struct up_client **clients = NULL;
	struct up_item *items = NULL;
	size_t n = 0, n_items = 0;

	if (up_store_clients(store, false, &clients, &n) != UP_OK ||
	    up_store_items(store, &items, &n_items) != UP_OK) {
		up_doctor_find(d, UP_DOCTOR_ERROR, "clients", "%s",
		    up_say("the portals cannot be read", "无法读取业务系统"));
	} else if (n == 0) {
		up_doctor_find(d, UP_DOCTOR_WARNING, "clients", "%s",
		    up_say("no portal is registered", "尚未登记任何业务系统"));
		up_doctor_remedy(
		    d, "unitpassctl client add ID --name NAME --origin https://portal.example.org");
	} else {
		up_doctor_find(d, UP_DOCTOR_OK, "clients",
		    up_say("portals: %zu, items: %zu", "业务系统 %zu 个，事项 %zu 个"), n, n_items);
	}
	up_store_clients_free(&clients, n);
	up_store_items_free(&items, n_items);
}

/* UP_OK, or WHY. */
static enum up_err open_store(const struct up_config *c, struct up_data_keys **keys,
    struct up_store **out, char why[256])
{
	struct up_store_settings settings = { 0 };
	struct up_buf secret = { 0 };
	enum up_err err = up_data_keys_open(c->keys, keys, why);

	settings.data_keys = *keys;
	if (err == UP_OK)
		err = up_database_settings(c, &settings, &secret, why);
	if (err == UP_OK)
		err = up_store_open(&settings, out, why);
	if (err == UP_OK)
		err = up_store_healthy(*out);
	up_buf_free(&secret);
	return err;
}

static void store_remedy(struct up_doctor *d, const struct up_config *c, enum up_err err)
{
	if (err == UP_E_KEY)
		up_doctor_remedy(d, up_say("restore the folder %s from your backup",
		    "请从备份恢复目录 %s"), c->keys);
	else if (up_db_file(c->database) != NULL)
		up_doctor_remedy(d, "%s",
		    up_say("run this as root; if the file is damaged, restore it from your backup",
			"请以 root 运行；文件若已损坏，请从备份恢复"));
	else
		up_doctor_remedy(d, up_say("as user %s this must work: psql '%s'",
		    "用户 %s 应能运行：psql '%s'"),
		    c->user[0] != '\0' ? c->user : "unitpass", c->database);
}

static void check_store(struct up_doctor *d, const struct up_config *c, long uid)
{
	const char *secret = up_db_file(c->database);
	struct up_store *store = NULL;
	struct up_data_keys *keys = NULL;
	int64_t now_ms = (int64_t)time(NULL) * 1000;
	char why[256] = "", shown[256];
	enum up_err err;

	if (secret == NULL)
		secret = c->database_password_file;
	if (secret[0] != '\0' && !up_doctor_keys_private(d, "database", secret, uid))
		return;
	up_db_show(c->database, shown);
	err = open_store(c, &keys, &store, why);
	if (err != UP_OK) {
		up_doctor_find(d, UP_DOCTOR_ERROR, "database", "%s: %s", shown,
		    why[0] != '\0' ? why : up_err_reply(UP_E_STORE)->en);
		store_remedy(d, c, err);
	} else {
		up_doctor_find(d, UP_DOCTOR_OK, "database",
		    up_say("%s opens, and its schema fits", "%s 可打开，结构相符"), shown);
		check_records(d, store, now_ms);
		check_portals(d, store);
		check_units(d, store, now_ms);
	}
	up_store_close(&store);
	up_data_keys_free(&keys);
}

/* --- listeners and proxies --- */

/* GET PATH at ADDRESS of the configuration. */
static void get_local(
    struct up_doctor *d, const char *address, const char *path, struct up_doctor_answer *a)
{
	bool is_unix = strncmp(address, "unix:", 5) == 0;
	struct up_doctor_call call = { .unix_path = is_unix ? address + 5 : NULL };
	char url[600];

	snprintf(url, sizeof(url), "http://%s%s", is_unix ? "localhost" : address, path);
	call.url = url;
	if (up_doctor_http(&call, a) != UP_OK)
		d->failed = true;
}

/* What the server itself says is wrong, as /healthz has it. */
static const char *remedy_of(struct up_buf *body)
{
	json_t *health = NULL;
	const char *clock = "";
	const char *remedy =
	    up_say("the server is failing (store or clock): journalctl -u unitpassd",
		"服务器异常（存储或时钟）：journalctl -u unitpassd");

	if (up_json_parse(up_buf_span(body), &health) == UP_OK)
		clock = json_string_value(json_object_get(health, "clock"));
	for (unsigned s = UP_CLOCK_UNSET; clock != NULL && s < UP_CLOCK_STATES; s++)
		if (strcmp(clock, up_clock_name(s)) == 0)
			remedy = up_say(up_clock_cure(s, false), up_clock_cure(s, true));
	json_decref(health);
	return remedy;
}

static void check_listener(
    struct up_doctor *d, const char *name, const char *address, const char *path, long want)
{
	struct up_doctor_answer a;

	get_local(d, address, path, &a);
	if (a.status == want) {
		up_doctor_find(d, UP_DOCTOR_OK, name, up_say("%s answers", "%s 有应答"), address);
	} else if (a.status == 0) {
		up_doctor_find(d, UP_DOCTOR_ERROR, name,
		    up_say("%s does not answer: %s", "%s 无应答：%s"), address, a.why);
		up_doctor_remedy(d, "%s",
		    up_say("start the server and read its log: systemctl start unitpassd; "
			   "journalctl -u unitpassd",
			"请启动服务器并查看日志：systemctl start unitpassd；journalctl -u "
			"unitpassd"));
	} else {
		up_doctor_find(d, UP_DOCTOR_ERROR, name,
		    up_say("%s answers %ld to %s: %.200s", "%1$s 对 %3$s 返回 %2$ld：%4$.200s"),
		    address, a.status, path, a.body.n > 0 ? up_buf_cstr(&a.body) : "");
		up_doctor_remedy(d, "%s",
		    a.status == 503
			? remedy_of(&a.body)
			: up_say(
			      "another program holds this address; give unitpassd one of its own",
			      "该地址被其他程序占用，请为 unitpassd 另选地址"));
	}
	up_doctor_http_free(&a);
}

static void check_proxies(struct up_doctor *d, const struct up_config *c)
{
	bool is_unix = strncmp(c->listen, "unix:", 5) == 0;
	struct up_span front = is_unix ? UP_SPAN_LIT("unix:")
	    : c->listen[0] == '['      ? UP_SPAN_LIT("::1")
				       : UP_SPAN_LIT("127.0.0.1");

	for (size_t i = 0; i < c->n_proxies; i++) {
		const struct up_cidr *net = &c->proxies[i];

		if ((net->family != 4 || net->bits >= 8) && (net->family != 6 || net->bits >= 32))
			continue;
		up_doctor_find(d, UP_DOCTOR_ERROR, "trusted-proxy",
		    up_say("trusted_proxy has a network of /%u: whoever is in it can claim any "
			   "address",
			"trusted_proxy 含 /%u 的网段：其中任何人都能冒充任意地址"),
		    net->bits);
		up_doctor_remedy(d, "%s",
		    up_say(
			"name only the web server in front: {\"127.0.0.1/32\", \"::1\", \"unix:\"}",
			"只写前端 Web 服务器：{\"127.0.0.1/32\", \"::1\", \"unix:\"}"));
		return;
	}
	if (up_target_in(front, c->proxies, c->n_proxies)) {
		up_doctor_find(d, UP_DOCTOR_OK, "trusted-proxy",
		    up_say("the web server in front (%.*s) is trusted, and no wide network is",
			"信任前端 Web 服务器（%.*s），没有过宽的网段"),
		    (int)front.n, (const char *)front.p);
		return;
	}
	up_doctor_find(d, UP_DOCTOR_ERROR, "trusted-proxy",
	    up_say("trusted_proxy lacks %.*s: all visitors seem to come from one address and share "
		   "its limits",
		"trusted_proxy 缺少 %.*s：所有访问者会被视为同一地址，共用限额"),
	    (int)front.n, (const char *)front.p);
	up_doctor_remedy(d,
	    up_say("add \"%.*s\" to trusted_proxy and restart unitpassd",
		"请在 trusted_proxy 加入“%.*s”并重启 unitpassd"),
	    (int)front.n, (const char *)front.p);
}

void up_doctor_server(struct up_doctor *d, const char *config_file)
{
	struct up_doctor_issuer issuer;
	struct up_config *c = NULL;
	char why[512] = "";
	long uid;

	if (up_config_read(config_file, &c, why) != UP_OK) {
		up_doctor_find(d, UP_DOCTOR_ERROR, "config", "%s", why);
		up_doctor_remedy(d, "%s",
		    up_say("correct that line; see unitpassd.conf(5), or name the file with -c",
			"请改正该行，参见 unitpassd.conf(5)；或用 -c 指明文件"));
		return;
	}
	up_doctor_find(d, UP_DOCTOR_OK, "config",
	    up_say("%s is read, issuer %s", "%s 已读取，issuer 为 %s"), config_file, c->issuer);
	uid = server_uid(d, c);
	check_keys(d, c, uid);
	check_store(d, c, uid);
	check_roster(d, c);
	check_disk(d, c);
	check_listener(d, "listen", c->listen, "/jwks", 200);
	check_listener(d, "watch-listen", c->watch_listen, "/watch/" NO_WATCH, 404);
	check_listener(d, "admin-listen", c->admin_listen, "/healthz", 200);
	check_proxies(d, c);
	up_doctor_front_issuer(d, c->issuer, &issuer);
	if (issuer.reachable)
		up_doctor_front_routes(d, c);
	up_config_free(&c);
}
