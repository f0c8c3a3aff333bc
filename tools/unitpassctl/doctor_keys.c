/* SPDX-License-Identifier: Apache-2.0
 * Files of secrets: who can read them, and whether nodes have the same session keys. */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/seal.h"
#include "tools/common/file.h"
#include "tools/common/terminal.h"
#include "tools/unitpassctl/doctor.h"

#define FILE_MAX 65536

bool up_doctor_keys_private(struct up_doctor *d, const char *check, const char *path, long uid)
{
	struct stat st;

	if (stat(path, &st) != 0) {
		up_doctor_find(d, UP_DOCTOR_ERROR, check, "%s: %s", path, strerror(errno));
		up_doctor_remedy(d, "%s",
		    errno == EACCES
			? up_say("run this as root", "请以 root 运行")
			: up_say("name the right file, or make it", "请写对文件名，或生成该文件"));
		return false;
	}
	if ((st.st_mode & 077) != 0) {
		up_doctor_find(d, UP_DOCTOR_ERROR, check,
		    up_say("%s: others may use it (mode %03o)", "%s：他人可以访问（权限 %03o）"),
		    path, st.st_mode & 0777u);
		up_doctor_remedy(d, "chmod %s %s", S_ISDIR(st.st_mode) ? "700" : "600", path);
		return false;
	}
	if (uid >= 0 ? st.st_uid != (uid_t)uid : st.st_uid != 0 && st.st_uid != geteuid()) {
		up_doctor_find(d, UP_DOCTOR_ERROR, check,
		    up_say("%s: belongs to user id %u, who is not the one that reads it",
			"%s：属于用户 %u，而非读取它的用户"),
		    path, (unsigned)st.st_uid);
		up_doctor_remedy(d, "chown %ld %s", uid >= 0 ? uid : 0, path);
		return false;
	}
	return true;
}

/* --- session keys --- */

/* the keys of one file, by fingerprint, newest first */
struct node {
	const char *name;
	char keys[UP_SEAL_KEYS][9];
	size_t n;
};

static bool fingerprints_of(const uint8_t *keys, struct node *node)
{
	struct up_seal *seal;

	for (size_t i = 0; i < node->n; i++) {
		if (up_seal_new(keys + 32 * i, 1, &seal) != UP_OK)
			return false;
		up_seal_fingerprint(seal, node->keys[i]);
		up_seal_free(&seal);
	}
	return true;
}

static void refuse(struct up_doctor *d, const char *path, enum up_err err, unsigned line)
{
	if (err == UP_E_FORMAT)
		up_doctor_find(d, UP_DOCTOR_ERROR, "session-keys",
		    up_say("%s:%u: is not a key", "%s:%u：不是密钥"), path, line);
	else
		up_doctor_find(d, UP_DOCTOR_ERROR, "session-keys",
		    up_say("%s: no key, one twice, or more than %d",
			"%s：没有密钥、有重复或超过 %d 个"),
		    path, UP_SEAL_KEYS);
	up_doctor_remedy(d,
	    up_say("one key a line, newest first; make one with: openssl rand -hex 32 >%s",
		"每行一个密钥，新的在前；生成：openssl rand -hex 32 >%s"),
	    path);
}

static bool read_node(struct up_doctor *d, const char *path, struct node *node)
{
	uint8_t keys[UP_SEAL_KEYS * 32];
	struct up_buf text;
	unsigned line = 0;
	char why[256];
	enum up_err err;
	bool good = false;

	*node = (struct node){ .name = path };
	if (!up_doctor_keys_private(d, "session-keys", path, -1))
		return false;
	if (up_file_read(path, FILE_MAX, true, &text, why) != UP_OK) {
		up_doctor_find(d, UP_DOCTOR_ERROR, "session-keys", "%s", why);
		return false;
	}
	err = up_seal_parse_keys(up_buf_span(&text), keys, &node->n, &line);
	up_buf_free(&text);
	if (err == UP_OK)
		good = fingerprints_of(keys, node);
	else
		refuse(d, path, err, line);
	up_wipe(keys, sizeof(keys));
	d->failed = d->failed || (err == UP_OK && !good);
	if (good)
		up_doctor_find(d, UP_DOCTOR_OK, "session-keys",
		    up_say("%s: newest key %s, %zu in all", "%s：最新密钥 %s，共 %zu 个"), path,
		    node->keys[0], node->n);
	return good;
}

static bool holds(const struct node *node, const char *fingerprint)
{
	for (size_t i = 0; i < node->n; i++)
		if (strcmp(node->keys[i], fingerprint) == 0)
			return true;
	return false;
}

static void compare(struct up_doctor *d, const struct node *a, const struct node *b)
{
	if (strcmp(a->keys[0], b->keys[0]) == 0) {
		up_doctor_find(d, UP_DOCTOR_OK, "session-keys",
		    up_say("%s and %s: the same newest key", "%s 与 %s：最新密钥相同"), a->name,
		    b->name);
		return;
	}
	if (holds(a, b->keys[0]) && holds(b, a->keys[0])) {
		up_doctor_find(d, UP_DOCTOR_WARNING, "session-keys",
		    up_say("%s and %s: the same keys in another order",
			"%s 与 %s：密钥相同但次序不同"),
		    a->name, b->name);
		up_doctor_remedy(d, "%s",
		    up_say("finish the rotation: the new key first on all nodes",
			"请完成轮换：各节点都把新密钥放在最前"));
		return;
	}
	up_doctor_find(d, UP_DOCTOR_ERROR, "session-keys",
	    up_say("%s (%s) and %s (%s): sessions of one do not open on the other",
		"%s（%s）与 %s（%s）：一个节点的会话在另一个节点无效"),
	    a->name, a->keys[0], b->name, b->keys[0]);
	up_doctor_remedy(d, "%s",
	    up_say("copy the same file to all nodes, then reload each web server",
		"请把同一个文件复制到各节点，再逐一重新加载 Web 服务器"));
}

static bool given_node(const char *fingerprint, struct node *node)
{
	*node = (struct node){ .name = "--fingerprint", .n = 1 };
	if (strlen(fingerprint) != 8 || strspn(fingerprint, "0123456789abcdef") != 8)
		return false;
	memcpy(node->keys[0], fingerprint, 9);
	return true;
}

/* Another node's newest key is known only by its fingerprint: whether it is among ours decides. */
static void compare_given(struct up_doctor *d, const struct node *ours, const struct node *given)
{
	if (strcmp(ours->keys[0], given->keys[0]) != 0 && holds(ours, given->keys[0])) {
		up_doctor_find(d, UP_DOCTOR_WARNING, "session-keys",
		    up_say("%s holds %s, but its newest key is %s", "%s 含有 %s，但最新密钥是 %s"),
		    ours->name, given->keys[0], ours->keys[0]);
		up_doctor_remedy(d, "%s",
		    up_say("finish the rotation: the new key first on all nodes",
			"请完成轮换：各节点都把新密钥放在最前"));
		return;
	}
	compare(d, ours, given);
}

void up_doctor_keys_session(struct up_doctor *d, const char *files, const char *fingerprints)
{
	char *list = strdup(files), *more = fingerprints != NULL ? strdup(fingerprints) : NULL,
	     *save = NULL;
	struct node first = { 0 }, node;
	bool has_first = false;

	d->failed = d->failed || list == NULL || (fingerprints != NULL && more == NULL);
	for (char *p = list != NULL ? strtok_r(list, ",", &save) : NULL; p != NULL;
	     p = strtok_r(NULL, ",", &save)) {
		if (!read_node(d, p, &node))
			continue;
		if (has_first)
			compare(d, &first, &node);
		else
			first = node;
		has_first = true;
	}
	for (char *p = more != NULL ? strtok_r(more, ",", &save) : NULL; p != NULL;
	     p = strtok_r(NULL, ",", &save)) {
		if (!given_node(p, &node))
			up_command_wrong(up_say("--fingerprint: '%s' is not 8 hex digits",
					     "--fingerprint：“%s”不是 8 位十六进制数"), p);
		if (has_first)
			compare_given(d, &first, &node);
	}
	free(list);
	free(more);
}
