/* SPDX-License-Identifier: Apache-2.0
 * unitpassctl key: the keys under which persons' data lie. */
#include <config.h>

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "server/keys/data_keys.h"
#include "tools/common/terminal.h"
#include "tools/unitpassctl/ctl.h"

#define TELL_EVERY_S 1
#define ROUNDS 5                         /* of sealing what a server sealed meanwhile */

enum { DATA = 1 };

const struct argp_option up_key_rotate_options[] = {
	{ "data", DATA, NULL, 0, UP_WORDS("the key of persons' data (data.keys)",
	    "人员信息的密钥（data.keys）"), 0 },
	{ 0 },
};

struct rotation {
	struct up_ctl *ctl;
	char keys[UP_SEAL_KEYS][UP_VAULT_ID + 1];
	size_t n;
	bool resumed, is_terminal;
	int64_t done;
	time_t told;
};

/* On a terminal one line that goes on, elsewhere one a second. */
static void tell(void *arg, int64_t done, int64_t total)
{
	struct rotation *r = arg;
	time_t now = time(NULL);

	r->done = done;
	if (done != total && now - r->told < TELL_EVERY_S)
		return;
	r->told = now;
	fprintf(stderr, up_say("%ssealed anew: %lld/%lld%s", "%s已重新加密：%lld/%lld%s"),
	    r->is_terminal ? "\r" : "", (long long)done, (long long)total,
	    r->is_terminal && done != total ? "" : "\n");
	fflush(stderr);
}

/* A new key, unless one was begun with and not finished. False: said why. */
static bool begin(struct rotation *r)
{
	struct up_ctl *ctl = r->ctl;
	char why[256] = "";
	int64_t left = 0;
	enum up_err err = up_data_keys_lock(ctl->data_keys, why);

	r->n = up_data_keys_ids(ctl->data_keys, r->keys);
	if (err == UP_OK)
		err = up_store_under_others(ctl->store, r->keys[0], &left);
	r->resumed = left > 0;
	if (err == UP_OK && !r->resumed) {
		err = up_data_keys_add(ctl->data_keys, why);
		r->n = up_data_keys_ids(ctl->data_keys, r->keys);
	}
	if (err == UP_OK)
		return true;
	if (why[0] != '\0')
		up_ctl_fail(ctl, up_err_name(err), "%s", why);
	else
		up_ctl_fail_err(ctl, err, "key rotate");
	return false;
}

/* Until a transaction has seen that nothing lies under another key. */
static enum up_err seal_all(struct rotation *r)
{
	enum up_err err = UP_E_STATE;

	for (int i = 0; err == UP_E_STATE && i < ROUNDS; i++) {
		struct up_op_data_key done = { .key = up_span_str(r->keys[0]) };

		err = up_store_reseal(r->ctl->store, tell, r);
		if (err == UP_OK)
			err = up_ctl_run(r->ctl, UP_OP_DATA_KEY, &done.op);
	}
	return err;
}

static json_t *old_keys(const struct rotation *r)
{
	json_t *list = json_array();

	for (size_t i = 1; i < r->n; i++)
		json_array_append_new(list, json_string(r->keys[i]));
	return list;
}

static int report(const struct rotation *r)
{
	const char *dir = r->ctl->config->keys;

	if (r->ctl->json)
		return up_ctl_print(r->ctl, json_pack("{s:s, s:I, s:b, s:o}", "key", r->keys[0],
		    "persons", (json_int_t)r->done, "resumed", (int)r->resumed, "unused",
		    old_keys(r)));
	printf(up_say("All persons' data are sealed under the key %s, the first line of %s/%s.\n",
	    "所有人员信息现均以密钥 %s 加密（%s/%s 的第一行）。\n"), r->keys[0], dir,
	    UP_DATA_KEYS_FILE);
	if (r->n > 1)
		printf(up_say("Nothing in the database needs the other %zu any more. Remove "
		    "their lines once no backup made until now is to be restored, and save the "
		    "file itself now.\n",
		    "数据库不再需要其余 %zu 个密钥。请立即备份该文件；待此前的备份都不再需要恢复时，"
		    "即可删去其余各行。\n"), r->n - 1);
	return 0;
}

int up_key_rotate(struct up_command_line *l)
{
	struct rotation r = { .ctl = l->program, .is_terminal = isatty(2) == 1 };
	enum up_err err;

	if (!up_ctl_open(r.ctl) || !begin(&r))
		return 1;
	if (r.resumed && !r.ctl->json)
		puts(up_say("A rotation was interrupted: it goes on, with the key it began with.",
		    "上次更换未完成，现以其密钥继续。"));
	err = seal_all(&r);
	if (err != UP_OK)
		return up_ctl_fail(r.ctl, up_err_name(err), up_say("not all of the data are "
		    "sealed under the new key yet (%s); nothing is lost: run this again",
		    "尚有数据未以新密钥加密（%s）；数据无损，请再次运行本命令"), up_err_name(err));
	return report(&r);
}
