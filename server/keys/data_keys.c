/* SPDX-License-Identifier: Apache-2.0 */
#include "server/keys/data_keys.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/hash.h"
#include "core/text.h"
#include "server/keys/keys.h"

#define KEY 32
#define KEY_TEXT (2 * KEY + 1)           /* hex digits and the line's end */

struct up_data_keys {
	pthread_mutex_t lock;            /* of all below */
	struct up_vault *vault;          /* NULL: there is no file yet */
	char *dir, path[PATH_MAX];
	uint8_t index_key[UP_VAULT_KEY];
	struct stat seen;                /* the file as it was read */
	int lock_fd;
};

static enum up_err say(char why[256], enum up_err err, const char *path, const char *what)
{
	snprintf(why, 256, "%.150s: %s", path, what);
	return err;
}

/* --- reading --- */

static enum up_err parse(struct up_data_keys *k, struct up_span text, char why[256])
{
	uint8_t keys[UP_SEAL_KEYS * KEY];
	struct up_vault *vault;
	unsigned line;
	size_t n = 0;
	enum up_err err = up_seal_parse_keys(text, keys, &n, &line);

	if (err == UP_OK)
		err = up_vault_new(keys, n, k->index_key, &vault);
	else
		say(why, err, k->path, "must hold 1 to 8 lines of 64 hex digits, no two alike");
	up_wipe(keys, sizeof(keys));
	if (err != UP_OK)
		return err;
	up_vault_free(&k->vault);
	k->vault = vault;
	return UP_OK;
}

/* UP_E_NOT_FOUND: no file. What was known before stays known when this fails. */
static enum up_err load(struct up_data_keys *k, char why[256])
{
	struct up_buf text = { 0 };
	struct stat now;
	enum up_err err;

	if (stat(k->path, &now) != 0)
		return errno == ENOENT ? UP_E_NOT_FOUND
				       : say(why, UP_E_IO, k->path, strerror(errno));
	err = up_keys_read_secret(k->path, &text, why);
	if (err == UP_OK)
		err = parse(k, up_buf_span(&text), why);
	up_buf_free(&text);
	if (err == UP_OK)
		k->seen = now;
	return err;
}

/* A file that is replaced has another number; one that was edited another time. */
static void refresh(struct up_data_keys *k)
{
	struct stat now;
	char why[256];

	if (stat(k->path, &now) != 0)
		return;
	if (now.st_ino == k->seen.st_ino && now.st_dev == k->seen.st_dev &&
	    now.st_size == k->seen.st_size &&
	    now.st_mtim.tv_sec == k->seen.st_mtim.tv_sec &&
	    now.st_mtim.tv_nsec == k->seen.st_mtim.tv_nsec)
		return;
	(void)load(k, why);
}

static enum up_err derive_index(const char *dir, uint8_t out[UP_VAULT_KEY], char why[256])
{
	const struct up_span label = UP_SPAN_LIT("unitpass person index");
	uint8_t master[UP_KEYS_MASTER];
	char path[PATH_MAX];
	enum up_err err;

	snprintf(path, sizeof(path), "%s/server.key", dir);
	err = up_keys_read_master(path, master, why);
	if (err == UP_OK)
		err = up_hash_hmac(up_span_of(master, sizeof(master)), &label, 1, out);
	up_wipe(master, sizeof(master));
	return err;
}

static struct up_data_keys *allocate(void)
{
	struct up_data_keys *k = calloc(1, sizeof(*k));

	if (k == NULL)
		return NULL;
	pthread_mutex_init(&k->lock, NULL);
	k->lock_fd = -1;
	return k;
}

enum up_err up_data_keys_open(const char *dir, struct up_data_keys **out, char why[256])
{
	struct up_data_keys *k = allocate();
	enum up_err err = UP_OK;

	*out = NULL;
	if (k == NULL || (k->dir = strdup(dir)) == NULL)
		err = say(why, UP_E_NOMEM, dir, "out of memory");
	if (err == UP_OK)
		err = derive_index(dir, k->index_key, why);
	if (err == UP_OK) {
		snprintf(k->path, sizeof(k->path), "%s/" UP_DATA_KEYS_FILE, dir);
		err = load(k, why);
		err = err == UP_E_NOT_FOUND ? UP_OK : err;
	}
	if (err != UP_OK)
		up_data_keys_free(&k);
	*out = k;
	return err;
}

void up_data_keys_free(struct up_data_keys **kp)
{
	struct up_data_keys *k = *kp;

	*kp = NULL;
	if (k == NULL)
		return;
	if (k->lock_fd >= 0)
		close(k->lock_fd);
	up_vault_free(&k->vault);
	pthread_mutex_destroy(&k->lock);
	free(k->dir);
	up_wipe(k, sizeof(*k));
	free(k);
}

bool up_data_keys_ready(const struct up_data_keys *k)
{
	return k->vault != NULL;
}

/* --- writing --- */

/* Under root the keys stay the server's: they are whose the folder is. */
static bool give(int fd, const struct up_data_keys *k)
{
	struct stat dir;

	return geteuid() != 0 ||
	    (stat(k->dir, &dir) == 0 && fchown(fd, dir.st_uid, dir.st_gid) == 0);
}

static bool sync_dir(const struct up_data_keys *k)
{
	int fd = open(k->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool good = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0)
		close(fd);
	return good;
}

/* TEXT as a whole file beside it, which then takes its name; unless REPLACE only where there is
 * none. */
static enum up_err write_file(
    struct up_data_keys *k, struct up_span text, bool replace, char why[256])
{
	char beside[PATH_MAX + 16];
	bool good;
	int fd;

	snprintf(beside, sizeof(beside), "%s.%ld", k->path, (long)getpid());
	fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return say(why, UP_E_IO, beside, strerror(errno));
	good = write(fd, text.p, text.n) == (ssize_t)text.n && give(fd, k) && fsync(fd) == 0;
	if (good)
		good = replace ? rename(beside, k->path) == 0
			       : link(beside, k->path) == 0 || errno == EEXIST;
	if (!good)
		say(why, UP_E_IO, k->path, strerror(errno));
	close(fd);
	if (!good || !replace)
		unlink(beside);
	if (good && !sync_dir(k))
		good = say(why, UP_E_IO, k->dir, strerror(errno)) == UP_OK;
	return good ? UP_OK : UP_E_IO;
}

/* A new key as its line in TEXT. */
static enum up_err draw(char text[KEY_TEXT])
{
	uint8_t key[KEY];

	if (RAND_bytes(key, sizeof(key)) != 1)
		return UP_E_CRYPTO;
	up_text_hex(up_span_of(key, sizeof(key)), text);
	text[KEY_TEXT - 1] = '\n';
	up_wipe(key, sizeof(key));
	return UP_OK;
}

enum up_err up_data_keys_create(struct up_data_keys *k, char why[256])
{
	char text[KEY_TEXT];
	enum up_err err;

	if (k->dir == NULL)
		return say(why, UP_E_KEY, "(no file)", "there is no key");
	pthread_mutex_lock(&k->lock);
	err = draw(text);
	if (err != UP_OK)
		say(why, err, k->path, "no randomness");
	if (err == UP_OK)
		err = write_file(k, up_span_of(text, sizeof(text)), false, why);
	up_wipe(text, sizeof(text));
	if (err == UP_OK)
		err = load(k, why);
	pthread_mutex_unlock(&k->lock);
	return err;
}

static enum up_err add(struct up_data_keys *k, char why[256])
{
	char key[KEY_TEXT], id[UP_VAULT_ID + 1];
	struct up_buf old = { 0 }, text = { 0 };
	enum up_err err = up_keys_read_secret(k->path, &old, why);

	if (err == UP_OK && up_vault_id(k->vault, UP_SEAL_KEYS - 1, id))
		err = say(why, UP_E_STATE, k->path,
		    "holds 8 keys: remove the lines of those that seal nothing any more");
	if (err == UP_OK && (err = draw(key)) != UP_OK)
		say(why, err, k->path, "no randomness");
	if (err == UP_OK) {
		up_buf_put(&text, key, sizeof(key));
		up_buf_put_span(&text, up_buf_span(&old));
		err = text.failed ? say(why, UP_E_NOMEM, k->path, "out of memory") : UP_OK;
	}
	if (err == UP_OK)
		err = write_file(k, up_buf_span(&text), true, why);
	up_wipe(key, sizeof(key));
	up_buf_free(&old);
	up_buf_free(&text);
	return err == UP_OK ? load(k, why) : err;
}

enum up_err up_data_keys_add(struct up_data_keys *k, char why[256])
{
	enum up_err err = UP_E_KEY;

	pthread_mutex_lock(&k->lock);
	refresh(k);
	if (k->dir != NULL && k->vault != NULL)
		err = add(k, why);
	else
		say(why, err, k->path, "there is no key yet");
	pthread_mutex_unlock(&k->lock);
	return err;
}

enum up_err up_data_keys_lock(struct up_data_keys *k, char why[256])
{
	int fd = open(k->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return say(why, UP_E_IO, k->dir, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		close(fd);
		return say(why, UP_E_BUSY, k->dir, "another program is changing the keys");
	}
	k->lock_fd = fd;
	return UP_OK;
}

/* --- which keys --- */

static size_t ids(const struct up_data_keys *k, char out[UP_SEAL_KEYS][UP_VAULT_ID + 1])
{
	size_t n = 0;

	while (k->vault != NULL && n < UP_SEAL_KEYS && up_vault_id(k->vault, n, out[n]))
		n++;
	return n;
}

size_t up_data_keys_ids(struct up_data_keys *k, char out[UP_SEAL_KEYS][UP_VAULT_ID + 1])
{
	size_t n;

	pthread_mutex_lock(&k->lock);
	refresh(k);
	n = ids(k, out);
	pthread_mutex_unlock(&k->lock);
	return n;
}

bool up_data_keys_know(struct up_data_keys *k, struct up_span id)
{
	char known[UP_SEAL_KEYS][UP_VAULT_ID + 1];
	size_t n = up_data_keys_ids(k, known);

	for (size_t i = 0; i < n; i++)
		if (up_span_eq_str(id, known[i]))
			return true;
	return false;
}

/* --- persons --- */

/* Never another word for a column: what is sealed would not open any more. */
static const char *const columns[] = {
	[UP_DATA_RESIDENT] = "person.resident",
	[UP_DATA_NAME] = "person.name",
	[UP_DATA_MOBILE] = "person.mobile",
};

static enum up_err seal(struct up_data_keys *k, enum up_data_column column, const char *owner,
    const char *plain, struct up_buf *out)
{
	const struct up_vault_place place = { columns[column], owner };
	uint8_t nonce[UP_SEAL_NONCE];

	if (RAND_bytes(nonce, sizeof(nonce)) != 1)
		return UP_E_CRYPTO;
	return up_vault_put(k->vault, place, nonce, up_span_str(plain), out);
}

static enum up_err seal_all(struct up_data_keys *k, const char *owner,
    const struct up_person *person, struct up_data_sealed *out)
{
	enum up_err err = up_vault_index(k->vault, columns[UP_DATA_RESIDENT],
	    up_span_str(person->resident), out->index);

	(void)up_vault_id(k->vault, 0, out->key);
	if (err == UP_OK)
		err = seal(k, UP_DATA_RESIDENT, owner, person->resident, &out->resident);
	if (err == UP_OK)
		err = seal(k, UP_DATA_NAME, owner, person->name, &out->name);
	if (err == UP_OK)
		err = seal(k, UP_DATA_MOBILE, owner, person->mobile, &out->mobile);
	return err;
}

enum up_err up_data_keys_seal(struct up_data_keys *k, const char *owner,
    const struct up_person *person, struct up_data_sealed *out)
{
	enum up_err err = UP_E_KEY;

	memset(out, 0, sizeof(*out));
	pthread_mutex_lock(&k->lock);
	refresh(k);
	if (k->vault != NULL)
		err = seal_all(k, owner, person, out);
	pthread_mutex_unlock(&k->lock);
	return err;
}

void up_data_sealed_free(struct up_data_sealed *s)
{
	up_buf_free(&s->resident);
	up_buf_free(&s->name);
	up_buf_free(&s->mobile);
}

enum up_err up_data_keys_index(struct up_data_keys *k, struct up_span resident,
    char out[UP_VAULT_INDEX + 1])
{
	enum up_err err = UP_E_KEY;

	pthread_mutex_lock(&k->lock);
	if (k->vault != NULL)
		err = up_vault_index(k->vault, columns[UP_DATA_RESIDENT], resident, out);
	pthread_mutex_unlock(&k->lock);
	return err;
}

enum up_err up_data_keys_take(struct up_data_keys *k, enum up_data_column column,
    const char *owner, struct up_span sealed, char *out, size_t cap)
{
	const struct up_vault_place place = { columns[column], owner };
	enum up_err err = UP_E_KEY;
	size_t n = 0;

	memset(out, 0, cap);
	pthread_mutex_lock(&k->lock);
	for (int tries = 0; tries < 2 && err == UP_E_KEY; tries++) {
		if (tries > 0)
			refresh(k);
		if (k->vault != NULL)
			err = up_vault_take(
			    k->vault, place, sealed, (uint8_t *)out, cap - 1, &n);
	}
	pthread_mutex_unlock(&k->lock);
	out[n] = '\0';
	return err;
}
