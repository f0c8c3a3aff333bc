/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include "tools/holder/again.h"

#include <dirent.h>
#include <fcntl.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/hash.h"
#include "core/text.h"
#include "tools/common/file.h"

#define PREFIX "again."

static bool fail(const struct up_holder *h, const char *why)
{
	up_holder_fail(h, UP_HOLDER_FAILED, "folder", "%s", why);
	return false;
}

/* The salt as key: who reads a file's name alone cannot try persons' numbers. */
static bool name_file(
    struct up_holder *h, const char *path, const json_t *body, struct up_holder_again *a)
{
	char *text = json_dumps(body, JSON_COMPACT | JSON_SORT_KEYS), name[43];
	const struct up_span parts[] = { up_span_of(path, strlen(path) + 1),
		up_span_str(text != NULL ? text : "") };
	uint8_t hash[UP_HASH_LEN];
	enum up_err err = text != NULL
	    ? up_hash_hmac(up_span_of(h->salt, sizeof(h->salt)), parts, UP_ARRAY_LEN(parts), hash)
	    : UP_E_NOMEM;

	if (text != NULL)
		up_wipe(text, strlen(text));
	free(text);
	if (err != UP_OK) {
		up_holder_fail_err(h, UP_HOLDER_FAILED, err);
		return false;
	}
	up_text_b64url(up_span_of(hash, sizeof(hash)), name);
	snprintf(a->file, sizeof(a->file), PREFIX "%.43s", name);
	return true;
}

static bool is_old(const struct up_holder *h, const char *name)
{
	struct stat st;

	return fstatat(h->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       st.st_mtime + UP_AGAIN_KEPT_S < time(NULL);
}

/* Nobody asked again while the server would have known. */
static void drop_old(const struct up_holder *h)
{
	int fd = openat(h->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *entry;

	if (folder == NULL) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((entry = readdir(folder)) != NULL)
		if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) == 0 && is_old(h, entry->d_name))
			unlinkat(h->dir, entry->d_name, 0);
	closedir(folder);
}

static bool read_key(const struct up_holder *h, struct up_holder_again *a)
{
	int fd = openat(h->dir, a->file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t n = fd >= 0 ? read(fd, a->key, sizeof(a->key)) : -1;
	uint8_t raw[16];

	if (fd >= 0)
		close(fd);
	if (n != 22 || up_text_b64url_fixed(up_span_of(a->key, 22), raw, sizeof(raw)) != UP_OK)
		return false;
	a->key[22] = '\0';
	return true;
}

bool up_holder_again_renew(struct up_holder *h, struct up_holder_again *a)
{
	uint8_t raw[16];

	if (RAND_bytes(raw, sizeof(raw)) != 1) {
		up_holder_fail_err(h, UP_HOLDER_FAILED, UP_E_CRYPTO);
		return false;
	}
	up_text_b64url(up_span_of(raw, sizeof(raw)), a->key);
	a->key[22] = '\0';
	return up_file_replace(h->dir, a->file, up_span_str(a->key), h->why) == UP_OK ||
	       fail(h, h->why);
}

bool up_holder_again_take(
    struct up_holder *h, const char *path, const json_t *body, struct up_holder_again *a)
{
	*a = (struct up_holder_again){ 0 };
	drop_old(h);
	if (!name_file(h, path, body, a))
		return false;
	a->before = read_key(h, a);
	return a->before || up_holder_again_renew(h, a);
}

void up_holder_again_answered(struct up_holder *h, const struct up_holder_again *a)
{
	unlinkat(h->dir, a->file, 0);
}
