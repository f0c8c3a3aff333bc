/* SPDX-License-Identifier: Apache-2.0 */
#include "server/keys/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/hash.h"
#include "core/json.h"
#include "core/text.h"

#define SECRET_MAX 65536

static enum up_err say(char why[256], enum up_err err, const char *path, const char *what)
{
	snprintf(why, 256, "%.150s: %s", path, what);
	return err;
}

enum up_err up_keys_read_secret(const char *path, struct up_buf *out, char why[256])
{
	enum up_err err = UP_E_IO;
	struct stat st;
	ssize_t n;
	int fd;

	memset(out, 0, sizeof(*out));
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return say(why, UP_E_IO, path, strerror(errno));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		say(why, UP_E_IO, path, "is not a regular file");
		goto out;
	}
	if ((st.st_mode & 077) != 0) {
		err = say(why, UP_E_KEY, path, "can be read by others: chmod 600 it");
		goto out;
	}
	if (st.st_uid != geteuid() && geteuid() != 0) {
		err = say(why, UP_E_KEY, path,
		    "belongs to another user: chown it to the one unitpassd runs as");
		goto out;
	}
	for (;;) {
		uint8_t chunk[4096];

		n = read(fd, chunk, sizeof(chunk));
		if (n > 0)
			up_buf_put(out, chunk, (size_t)n);
		up_wipe(chunk, sizeof(chunk));
		if (n <= 0 || out->failed || out->n > SECRET_MAX)
			break;
	}
	if (n < 0)
		say(why, UP_E_IO, path, strerror(errno));
	else if (out->failed || out->n > SECRET_MAX)
		say(why, UP_E_IO, path, "is larger than 64 KiB");
	else
		err = UP_OK;
out:
	close(fd);
	if (err != UP_OK)
		up_buf_free(out);
	return err;
}

static enum up_err derive(const uint8_t master[32], const char *purpose, uint8_t out[32])
{
	struct up_span part = up_span_str(purpose);

	return up_hash_hmac(up_span_of(master, 32), &part, 1, out);
}

/* NOT_THAT is told of a file that holds something else. */
static enum up_err read_master(
    const char *path, const char *not_that, uint8_t out[UP_KEYS_MASTER], char why[256])
{
	struct up_span line, rest;
	struct up_buf text;
	enum up_err err = up_keys_read_secret(path, &text, why);

	memset(out, 0, UP_KEYS_MASTER);
	if (err != UP_OK)
		return err;
	up_span_cut(up_buf_span(&text), '\n', &line, &rest);
	err = rest.n == 0 ? up_text_hex_decode(up_span_trim(line), out, UP_KEYS_MASTER)
	    : UP_E_FORMAT;
	up_buf_free(&text);
	return err == UP_OK ? UP_OK : say(why, UP_E_KEY, path, not_that);
}

enum up_err up_keys_read_master(const char *path, uint8_t out[UP_KEYS_MASTER], char why[256])
{
	return read_master(path,
	    "must hold one line of 64 hex digits; `openssl rand -hex 32` makes them", out, why);
}

static enum up_err load_master(const char *dir, struct up_keys *k, char why[256])
{
	uint8_t master[UP_KEYS_MASTER];
	char path[4096];
	enum up_err err;

	snprintf(path, sizeof(path), "%s/server.key", dir);
	err = read_master(path,
	    "must hold one line of 64 hex digits; `unitpassctl init` makes it", master, why);
	if (err != UP_OK)
		return err;
	err = derive(master, "unitpass certificate password", k->password);
	if (err == UP_OK)
		err = derive(master, "unitpass access token", k->token);
	up_wipe(master, sizeof(master));
	return err == UP_OK ? UP_OK : say(why, err, path, "no key could be derived");
}

static enum up_err load_signing(const char *dir, struct up_keys *k, char why[256])
{
	json_t *set = NULL, *public_set = NULL;
	char path[4096];
	struct up_buf text;
	enum up_err err;
	size_t n;

	snprintf(path, sizeof(path), "%s/signing.jwks", dir);
	err = up_keys_read_secret(path, &text, why);
	if (err != UP_OK)
		return err;
	err = up_json_parse(up_buf_span(&text), &set);
	up_buf_free(&text);
	n = json_array_size(json_object_get(set, "keys"));
	if (err != UP_OK || n == 0 || n > UP_KEYS_MAX) {
		err = say(why, UP_E_KEY, path,
		    "must be a JWK Set of 1 to 8 private P-256 keys; `unitpassctl init` makes it");
		goto out;
	}
	public_set = json_array();
	for (size_t i = 0; i < n; i++) {
		json_t *pub;

		err = up_jwk_from_json(
		    json_array_get(json_object_get(set, "keys"), i), false, &k->signing[i]);
		if (err != UP_OK || !up_jwk_is_private(k->signing[i])) {
			err = say(
			    why, UP_E_KEY, path, "holds a key that is not a private P-256 JWK");
			goto out;
		}
		k->n_signing = i + 1;
		pub = up_jwk_to_json(k->signing[i], false);
		json_object_set_new(pub, "use", json_string("sig"));
		json_object_set_new(pub, "alg", json_string("ES256"));
		json_array_append_new(public_set, pub);
	}
	public_set = json_pack("{s:o}", "keys", public_set);
	k->jwks = public_set ? json_dumps(public_set, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
	err = k->jwks ? UP_OK : UP_E_NOMEM;
out:
	json_decref(set);
	json_decref(public_set);
	return err;
}

enum up_err up_keys_load(const char *dir, struct up_keys **out, char why[256])
{
	struct up_keys *k = calloc(1, sizeof(*k));
	enum up_err err;

	*out = NULL;
	if (k == NULL)
		return say(why, UP_E_NOMEM, dir, "out of memory");
	err = load_master(dir, k, why);
	if (err == UP_OK)
		err = load_signing(dir, k, why);
	if (err == UP_OK)
		*out = k;
	else
		up_keys_free(&k);
	return err;
}

void up_keys_free(struct up_keys **k)
{
	if (*k == NULL)
		return;
	for (size_t i = 0; i < UP_KEYS_MAX; i++)
		up_jwk_free(&(*k)->signing[i]);
	free((*k)->jwks);
	up_wipe(*k, sizeof(**k));
	free(*k);
	*k = NULL;
}

static enum up_err write_secret(
    const char *path, long uid, long gid, struct up_span text, char why[256])
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	bool good;

	if (fd < 0)
		return say(why, errno == EEXIST ? UP_E_STATE : UP_E_IO, path,
		    errno == EEXIST ? "is there already; keys are never overwritten"
				    : strerror(errno));
	good = write(fd, text.p, text.n) == (ssize_t)text.n && fsync(fd) == 0;
	if (good && uid >= 0)
		good = fchown(fd, (uid_t)uid, (gid_t)gid) == 0;
	if (!good)
		say(why, UP_E_IO, path, strerror(errno));
	close(fd);
	if (good)
		return UP_OK;
	unlink(path);
	return UP_E_IO;
}

static enum up_err create_master(const char *dir, long uid, long gid, char why[256])
{
	uint8_t master[32];
	char path[4096], text[65];
	enum up_err err;

	snprintf(path, sizeof(path), "%s/server.key", dir);
	if (RAND_bytes(master, sizeof(master)) != 1)
		return say(why, UP_E_CRYPTO, path, "no randomness");
	up_text_hex(up_span_of(master, 32), text);
	text[64] = '\n';
	err = write_secret(path, uid, gid, up_span_of(text, 65), why);
	up_wipe(master, sizeof(master));
	up_wipe(text, sizeof(text));
	return err;
}

static enum up_err create_signing(const char *dir, long uid, long gid, char why[256])
{
	struct up_jwk *key = NULL;
	json_t *set = NULL;
	char path[4096], *text = NULL;
	enum up_err err;

	snprintf(path, sizeof(path), "%s/signing.jwks", dir);
	err = up_jwk_generate(&key);
	if (err != UP_OK)
		return say(why, err, path, "no key could be made");
	set = json_pack("{s:[o]}", "keys", up_jwk_to_json(key, true));
	text = set ? json_dumps(set, JSON_INDENT(1) | JSON_SORT_KEYS) : NULL;
	err = text ? write_secret(path, uid, gid, up_span_str(text), why)
		   : say(why, UP_E_NOMEM, path, "out of memory");
	if (text != NULL)
		up_wipe(text, strlen(text));
	free(text);
	json_decref(set);
	up_jwk_free(&key);
	return err;
}

enum up_err up_keys_create(const char *dir, long uid, long gid, char why[256])
{
	enum up_err err;

	if (mkdir(dir, 0700) != 0 && errno != EEXIST)
		return say(why, UP_E_IO, dir, strerror(errno));
	if (uid >= 0 && chown(dir, (uid_t)uid, (gid_t)gid) != 0)
		return say(why, UP_E_IO, dir, strerror(errno));
	err = create_master(dir, uid, gid, why);
	return err == UP_OK ? create_signing(dir, uid, gid, why) : err;
}
