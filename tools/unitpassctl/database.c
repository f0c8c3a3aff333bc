/* SPDX-License-Identifier: Apache-2.0
 * unitpassctl database copy: a site from one database to another. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "server/keys/data_keys.h"
#include "server/db/copy.h"
#include "tools/common/file.h"
#include "tools/common/terminal.h"
#include "tools/unitpassctl/ctl.h"
#include "tools/unitpassctl/owner.h"

#define TELL_EVERY_MS 200

enum { FROM = 1, TO, FROM_PASSWORD, TO_PASSWORD };

const struct argp_option up_database_copy_options[] = {
	{ "from", FROM, "DATABASE", 0,
	    UP_WORDS("what is copied: the path of an SQLite file, or postgresql://...",
	    "源数据库：SQLite 文件的路径，或 postgresql://..."), 0 },
	{ "to", TO, "DATABASE", 0,
	    UP_WORDS("where to: a new file, or an empty database of a server",
	    "目标数据库：新文件，或数据库服务器上的空数据库"), 0 },
	{ "from-password-file", FROM_PASSWORD, "FILE", 0,
	    UP_WORDS("the password of the server of --from",
	    "源数据库服务器的密码所在的文件"), 0 },
	{ "to-password-file", TO_PASSWORD, "FILE", 0,
	    UP_WORDS("the password of the server of --to",
	    "目标数据库服务器的密码所在的文件"), 0 },
	{ 0 },
};

/* --- progress --- */

struct progress {
	json_t *tables;                  /* name: rows */
	int64_t told_ms;
	bool is_terminal;
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* On a terminal one line that goes on, elsewhere one line for each table. */
static void tell(void *arg, const char *table, int64_t done, int64_t total, bool comparing)
{
	struct progress *p = arg;
	const char *what =
	    comparing ? up_say("compared", "已核对") : up_say("copied", "已复制");

	if (done == total && comparing)
		json_object_set_new(p->tables, table, json_integer(done));
	if (done != total && (!p->is_terminal || now_ms() - p->told_ms < TELL_EVERY_MS))
		return;
	p->told_ms = now_ms();
	fprintf(stderr, "%s%s %s: %lld/%lld%s", p->is_terminal ? "\r" : "", what, table,
	    (long long)done, (long long)total, done == total ? "\n" : "");
	fflush(stderr);
}

/* --- the command --- */

/* *PASSWORD stays NULL without PATH. False: said why. */
static bool take_password(const struct up_ctl *ctl, const char *path, struct up_buf *out,
    const char **password)
{
	char why[256];

	if (path == NULL)
		return true;
	if (up_file_read_line(path, out, why) != UP_OK) {
		up_ctl_fail(ctl, "password", "%s", why);
		return false;
	}
	*password = up_buf_cstr(out);
	return true;
}

static int fail(const struct up_ctl *ctl, enum up_err err, const char *why)
{
	if (err == UP_E_STATE)
		return up_ctl_fail(ctl, "not_empty", "%s", why);
	return up_ctl_fail(ctl, up_err_name(err), "%s", why);
}

static int report(const struct up_ctl *ctl, struct up_copy *copy, json_t *tables)
{
	char from[256], to[256];

	up_db_show(copy->from.database, from);
	up_db_show(copy->to.database, to);
	if (ctl->json)
		return up_ctl_print(ctl, json_pack("{s:s, s:s, s:I, s:O}", "from", from, "to", to,
		    "rows", (json_int_t)copy->rows, "tables", tables));
	printf(up_say("%lld rows of %zu tables are in %s as they are in %s.\n",
	    "%2$zu 个表的 %1$lld 行已在 %3$s 中，与 %4$s 一致。\n"),
	    (long long)copy->rows, json_object_size(tables), to, from);
	printf(up_say("The keys are not in it: %s goes where the server goes.\n",
	    "密钥不在数据库中：请将 %s 一并迁移。\n"), ctl->config->keys);
	printf(up_say("Next: set database = \"%s\"%s in %s, and start the server.\n",
	    "下一步：在 %3$s 中设置 database = \"%1$s\"%2$s，然后启动服务器。\n"),
	    copy->to.database, copy->to.password != NULL ? up_say(" and database_password_file",
	    " 以及 database_password_file") : "", ctl->config_file);
	return 0;
}

/* A site of an older release: its persons' data are sealed as its own server would do it. */
static enum up_err seal_source(struct up_ctl *ctl, const struct up_copy *copy, char why[256])
{
	struct up_store_settings settings = { .database = copy->from.database,
		.password = copy->from.password };
	struct up_store *store = NULL;
	enum up_err err = up_data_keys_open(ctl->config->keys, &ctl->data_keys, why);

	settings.data_keys = ctl->data_keys;
	if (err == UP_OK)
		err = up_store_open(&settings, &store, why);
	up_store_close(&store);
	return err;
}

static int copy_with(struct up_ctl *ctl, struct up_copy *copy, const struct up_owner *owner)
{
	struct progress progress = { .tables = json_object(), .is_terminal = isatty(2) == 1 };
	char why[256];
	enum up_err err;
	int status = 1;

	copy->tell = tell;
	copy->arg = &progress;
	err = up_copy_run(copy, why);
	if (err == UP_E_KEY && (err = seal_source(ctl, copy, why)) == UP_OK)
		err = up_copy_run(copy, why);
	if (err != UP_OK)
		status = fail(ctl, err, why);
	else if (up_db_file(copy->to.database) == NULL ||
	    up_owner_give_database(ctl, owner, copy->to.database))
		status = report(ctl, copy, progress.tables);
	json_decref(progress.tables);
	return status;
}

static void refuse_wrong(const char *option, const char *database)
{
	if (up_db_wrong(database) != NULL)
		up_command_wrong("%s: %s", option, up_db_wrong(database));
}

int up_ctl_database_copy(struct up_command_line *l)
{
	struct up_ctl *ctl = l->program;
	struct up_copy copy = {
		.from = { .database = l->values[FROM] },
		.to = { .database = l->values[TO], .create = true },
	};
	struct up_buf passwords[2] = { { 0 }, { 0 } };
	struct up_owner owner;
	int status = 1;

	if (strcmp(copy.from.database, copy.to.database) == 0)
		up_command_wrong("%s",
		    up_say("--from and --to are the same", "--from 与 --to 相同"));
	refuse_wrong("--from", copy.from.database);
	refuse_wrong("--to", copy.to.database);
	if (up_db_has_password(copy.from.database) ||
	    up_db_has_password(copy.to.database))
		up_command_wrong("%s",
		    up_say("a password does not belong on the command line: see "
			   "--from-password-file and --to-password-file",
			"密码不应写在命令行中：请用 --from-password-file 和 --to-password-file"));
	if (up_ctl_configure(ctl) && up_owner_find(ctl, &owner) &&
	    take_password(ctl, l->values[FROM_PASSWORD], &passwords[0], &copy.from.password) &&
	    take_password(ctl, l->values[TO_PASSWORD], &passwords[1], &copy.to.password))
		status = copy_with(ctl, &copy, &owner);
	up_buf_free(&passwords[0]);
	up_buf_free(&passwords[1]);
	return status;
}
