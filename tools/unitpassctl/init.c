/* SPDX-License-Identifier: Apache-2.0
 * unitpassctl init, authority: the beginning of an installation. */
#include <config.h>

#include <errno.h>
#include <limits.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/uscc.h"
#include "server/keys/data_keys.h"
#include "server/database.h"
#include "server/db/db.h"
#include "server/keys/keys.h"
#include "tools/common/terminal.h"
#include "tools/unitpassctl/ctl.h"
#include "tools/unitpassctl/owner.h"

enum { CODE = 1, NAME };

const struct argp_option up_init_options[] = {
	{ "authority-code", CODE, "USCC", 0,
	    UP_WORDS("unified social credit code of the registration authority",
	    "登记管理机关的统一社会信用代码"), 0 },
	{ "authority-name", NAME, "NAME", 0, UP_WORDS("its name", "其名称"), 0 },
	{ 0 },
};

const struct argp_option up_authority_options[] = {
	{ "name", 1, "NAME", 0, UP_WORDS("its name", "其名称"), 0 },
	{ 0 },
};

/* --- authorities --- */

struct authority {
	char code[UP_USCC_LEN + 1], name[UP_CTL_NAME_SIZE];
};

static bool take_authority(const struct up_ctl *ctl, const char *code, const char *option,
    const char *name, struct authority *out)
{
	return up_ctl_uscc(ctl, "authority", code, false, out->code) &&
	    up_ctl_name(ctl, option, name, out->name);
}

static enum up_err put_authority(const struct up_ctl *ctl, const struct authority *a)
{
	struct up_op_authority put = {.code = up_span_str(a->code), .name = up_span_str(a->name)};

	return up_ctl_run(ctl, UP_OP_AUTHORITY, &put.op);
}

int up_authority_add(struct up_command_line *l)
{
	struct up_ctl *ctl = l->program;
	struct authority a;
	enum up_err err;

	if (!take_authority(ctl, l->argument, "--name", l->values[1], &a) || !up_ctl_open(ctl))
		return 1;
	err = put_authority(ctl, &a);
	if (err != UP_OK)
		return up_ctl_fail_err(ctl, err, l->argument);
	if (ctl->json)
		return up_ctl_print(ctl, json_pack("{s:s, s:s}", "code", a.code, "name", a.name));
	printf("%s %s\n", a.code, a.name);
	return 0;
}

static int list_one(void *arg, struct up_span code, struct up_span name)
{
	struct up_ctl_list *x = arg;

	if (x->json != NULL) {
		json_array_append_new(x->json,
		    json_pack("{s:o, s:o}", "code", up_ctl_text(code), "name", up_ctl_text(name)));
		return 0;
	}
	up_table_put(x->table, code);
	up_table_put(x->table, name);
	return 0;
}

int up_authority_list(struct up_command_line *l)
{
	const char *const heads[] = {up_say("CODE", "代码"), up_say("NAME", "名称")};
	struct up_ctl *ctl = l->program;
	struct up_ctl_list x;
	int status = 1;

	if (up_ctl_list_begin(&x, ctl, heads, UP_ARRAY_LEN(heads)))
		status = up_ctl_list_end(&x, up_store_authorities(ctl->store, list_one, &x),
		    "authority list", "authorities");
	up_ctl_list_free(&x);
	return status;
}

/* --- init --- */

static void key_file(const struct up_ctl *ctl, const char *name, char out[PATH_MAX])
{
	snprintf(out, PATH_MAX, "%s/%s", ctl->config->keys, name);
}

static bool has_file(const struct up_ctl *ctl)
{
	return up_db_file(ctl->config->database) != NULL;
}

static bool nothing_there(const struct up_ctl *ctl)
{
	char path[4][PATH_MAX];

	key_file(ctl, "server.key", path[0]);
	key_file(ctl, "signing.jwks", path[1]);
	key_file(ctl, UP_DATA_KEYS_FILE, path[2]);
	snprintf(path[3], PATH_MAX, "%s", ctl->config->database);
	for (size_t i = 0; i < (has_file(ctl) ? 4 : 3); i++) {
		struct stat st;

		if (lstat(path[i], &st) == 0) {
			up_ctl_fail(ctl, "exists",
			    up_say(
				"%s is there already; nothing was changed (init never overwrites)",
				"%s 已存在，未作任何改动（init 从不覆盖）"),
			    path[i]);
			return false;
		}
		if (errno != ENOENT && errno != ENOTDIR) {
			up_ctl_fail(ctl, "io", "%s: %s", path[i], strerror(errno));
			return false;
		}
	}
	return true;
}

/* The folder of PATH, if it is missing. Its own parent must be there. */
static bool make_parent(const struct up_ctl *ctl, const char *path, const struct up_owner *o)
{
	char copy[PATH_MAX];
	const char *dir;

	snprintf(copy, sizeof(copy), "%s", path);
	dir = dirname(copy);
	if (mkdir(dir, 0700) != 0) {
		if (errno == EEXIST)
			return true;
		up_ctl_fail(ctl, "io", "%s: %s", dir, strerror(errno));
		return false;
	}
	if (o->uid >= 0 && chown(dir, (uid_t)o->uid, (gid_t)o->gid) != 0) {
		up_ctl_fail(ctl, "io", "%s: %s", dir, strerror(errno));
		return false;
	}
	return true;
}

static int count_one(void *arg, const struct up_unit_view *u)
{
	(void)u;
	*(int *)arg += 1;
	return 1;
}

/* A server's database may be there already, but not in use: with new keys no password in it would
 * fit. */
static bool is_new(const struct up_ctl *ctl)
{
	int n = 0;
	enum up_err err = up_store_units(ctl->store, up_span_of(NULL, 0), count_one, &n);

	if (err != UP_OK)
		up_ctl_fail_err(ctl, err, "units");
	else if (n > 0)
		up_ctl_fail(ctl, "exists", "%s",
		    up_say("the database holds units already: its keys belong to it, bring "
			   "them from where they are",
			"数据库中已有单位：请使用与之配套的原有密钥"));
	return err == UP_OK && n == 0;
}

static bool make_database(struct up_ctl *ctl, const struct up_owner *o, const struct authority *a)
{
	struct up_store_settings settings = { .create = true,
		.administrator = up_ctl_administrator() };
	struct up_buf secret = { 0 };
	char why[256];
	enum up_err err = up_data_keys_open(ctl->config->keys, &ctl->data_keys, why);

	settings.data_keys = ctl->data_keys;
	if (err == UP_OK)
		err = up_database_settings(ctl->config, &settings, &secret, why);
	if (err == UP_OK)
		err = up_store_open(&settings, &ctl->store, why);
	up_buf_free(&secret);
	if (err != UP_OK) {
		up_ctl_fail(ctl, "store", "%s", why);
		return false;
	}
	if (!is_new(ctl))
		return false;
	err = a == NULL ? UP_OK : put_authority(ctl, a);
	if (err != UP_OK) {
		up_ctl_fail_err(ctl, err, ctl->config->database);
		return false;
	}
	return !has_file(ctl) || up_owner_give_database(ctl, o, ctl->config->database);
}

/* What was begun and not finished goes, so that init can be tried again. Only after nothing_there.
 */
static void undo(struct up_ctl *ctl)
{
	static const char *const tails[] = { "", "-wal", "-shm" };
	char path[PATH_MAX];

	up_store_close(&ctl->store);
	for (size_t i = 0; has_file(ctl) && i < UP_ARRAY_LEN(tails); i++) {
		snprintf(path, sizeof(path), "%s%s", ctl->config->database, tails[i]);
		unlink(path);
	}
	key_file(ctl, "server.key", path);
	unlink(path);
	key_file(ctl, "signing.jwks", path);
	unlink(path);
	key_file(ctl, UP_DATA_KEYS_FILE, path);
	unlink(path);
}

/* What follows. An option that only says the default would make her think that it is needed. */
static void say_next(const struct up_ctl *ctl, bool has_authority)
{
	char option[PATH_MAX + 8] = "";
	bool usual = strcmp(ctl->config_file, UP_CTL_CONFIG) == 0;

	if (!usual)
		snprintf(option, sizeof(option), " -c %s", ctl->config_file);
	printf("%s", up_say("Next:\n", "下一步：\n"));
	if (!has_authority)
		printf("  unitpassctl%s authority add CODE --name NAME\n", option);
	printf("  unitpassctl%s unit import FILE\n  unitpassctl%s client add ID --name NAME "
	       "--origin https://...\n"
	       "  unitpassctl%s enrol --unit CODE --person-file FILE\n",
	    option, option, option);
	if (usual)
		puts("  systemctl enable --now unitpassd");
	else
		printf("  unitpassd%s\n", option);
}

static int report(const struct up_ctl *ctl, const char *code)
{
	if (ctl->json)
		return up_ctl_print(ctl,
		    json_pack("{s:s, s:s, s:s, s:s*}", "issuer", ctl->config->issuer, "keys",
			ctl->config->keys, "database", ctl->config->database, "authority", code));
	printf(up_say("Made:\n  keys      %s/server.key, signing.jwks, " UP_DATA_KEYS_FILE
		      "  (back them up, apart from the database; without server.key no phone's "
		      "password works, without " UP_DATA_KEYS_FILE " no person's data can be "
		      "read)\n  database  %s\n",
		   "已创建：\n  密钥    %s/server.key、signing.jwks、" UP_DATA_KEYS_FILE
		   "（请与数据库分开备份；丢失 server.key 后所有手机的证书密码都将失效，丢失 "
		   UP_DATA_KEYS_FILE " 后人员信息无法读取）\n  数据库  %s\n"),
	    ctl->config->keys, ctl->config->database);
	say_next(ctl, code != NULL);
	return 0;
}

int up_init_run(struct up_command_line *l)
{
	struct up_ctl *ctl = l->program;
	const char *code = l->values[CODE], *name = l->values[NAME];
	struct authority a;
	struct up_owner owner;
	char why[256];

	if ((code == NULL) != (name == NULL))
		up_command_wrong("%s",
		    up_say("--authority-code and --authority-name belong together",
			"--authority-code 与 --authority-name 须同时给出"));
	if (code != NULL && !take_authority(ctl, code, "--authority-name", name, &a))
		return 1;
	if (!up_ctl_configure(ctl) || !up_owner_find(ctl, &owner) || !nothing_there(ctl))
		return 1;
	if (has_file(ctl) && !make_parent(ctl, ctl->config->database, &owner))
		return 1;
	if (!make_parent(ctl, ctl->config->keys, &owner))
		return 1;
	if (up_keys_create(ctl->config->keys, owner.uid, owner.gid, why) != UP_OK) {
		undo(ctl);
		return up_ctl_fail(ctl, "keys", "%s", why);
	}
	if (!make_database(ctl, &owner, code != NULL ? &a : NULL)) {
		undo(ctl);
		return 1;
	}
	return report(ctl, code);
}
