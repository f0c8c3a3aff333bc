/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/text.h"
#include "tools/common/file.h"
#include "tools/common/terminal.h"
#include "tools/holder/holder.h"

#define PHONE "phone.json"
#define NONCE "nonce"
#define PHONE_MAX (1024 * 1024)

static bool refuse(const struct up_holder *h, const char *what)
{
	up_holder_fail(h, UP_HOLDER_FAILED, "folder", "%s: %s", h->dir_name, what);
	return false;
}

static bool open_folder(struct up_holder *h, bool create)
{
	struct stat st;

	if (create && mkdir(h->dir_name, 0700) != 0 && errno != EEXIST)
		return refuse(h, strerror(errno));
	h->dir = open(h->dir_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (h->dir < 0 && errno == ENOENT)
		return refuse(h,
		    up_say(
			"there is no such phone; it begins with: unitpass-holder -d DIR enrol TEXT",
			"没有这部手机；请先领取证书：unitpass-holder -d DIR enrol TEXT"));
	if (h->dir < 0 || fstat(h->dir, &st) != 0)
		return refuse(h, strerror(errno));
	if ((st.st_mode & 077) != 0)
		return refuse(h,
		    up_say("others can use this folder: chmod 700 it",
			"其他用户可以访问该文件夹，请 chmod 700"));
	if (st.st_uid != geteuid())
		return refuse(h, up_say("the folder belongs to another user", "该文件夹属于其他用户"));
	return true;
}

/* Content of a file of the folder; *there tells whether it exists. */
static enum up_err read_file(
    struct up_holder *h, const char *name, size_t max, struct up_buf *out, bool *there)
{
	char path[4096];

	memset(out, 0, sizeof(*out));
	*there = faccessat(h->dir, name, F_OK, 0) == 0;
	if (!*there)
		return UP_OK;
	snprintf(path, sizeof(path), "%s/%s", h->dir_name, name);
	return up_file_read(path, max, true, out, h->why);
}

static bool take_text(const json_t *o, const char *name, char **out)
{
	const char *s = json_string_value(json_object_get(o, name));

	*out = s != NULL && s[0] != '\0' ? strdup(s) : NULL;
	return *out != NULL;
}

static bool take_phone(struct up_holder *h, const json_t *o)
{
	struct up_span salt = up_holder_text(o, "salt");

	if (!take_text(o, "issuer", &h->issuer) || !take_text(o, "device_token", &h->token) ||
	    !take_text(o, "device", &h->device))
		return false;
	if (up_text_b64url_fixed(salt, h->salt, sizeof(h->salt)) != UP_OK)
		return false;
	if (up_jwk_from_json(json_object_get(o, "key"), false, &h->key) != UP_OK ||
	    !up_jwk_is_private(h->key))
		return false;
	h->certificates = json_incref(json_object_get(o, "certificates"));
	return json_is_array(h->certificates);
}

static bool read_phone(struct up_holder *h, bool *there)
{
	struct up_buf text;
	json_t *o;
	bool good;

	if (read_file(h, PHONE, PHONE_MAX, &text, there) != UP_OK) {
		up_holder_fail(h, UP_HOLDER_FAILED, "folder", "%s", h->why);
		return false;
	}
	if (!*there)
		return true;
	o = json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
	good = json_is_object(o) && take_phone(h, o);
	json_decref(o);
	up_buf_free(&text);
	return good ||
	    refuse(h,
		up_say(PHONE " is damaged; enrol anew in another folder",
		    PHONE " 已损坏；请在另一个文件夹中重新领取"));
}

static void read_nonce(struct up_holder *h)
{
	struct up_buf text;
	bool there;

	/* Only a saved round trip: without it the server names one. */
	if (read_file(h, NONCE, sizeof(h->nonce) - 1, &text, &there) == UP_OK && there)
		snprintf(h->nonce, sizeof(h->nonce), "%.*s", (int)text.n, (const char *)text.p);
	up_buf_free(&text);
}

bool up_holder_open(struct up_holder *h, bool enrols)
{
	bool there;

	if (!open_folder(h, enrols))
		return false;
	/* Before reading: what another process is about to write must not be overwritten. */
	if (enrols && flock(h->dir, LOCK_EX | LOCK_NB) != 0)
		return refuse(h,
		    errno == EWOULDBLOCK ? up_say("another unitpass-holder is enrolling here",
					       "另一个 unitpass-holder 正在此领取证书")
					 : strerror(errno));
	if (!read_phone(h, &there))
		return false;
	if (!enrols && !there)
		return refuse(h,
		    up_say("this phone has no certificate yet; see: unitpass-holder enrol --help",
			"这部手机还没有证书；参见：unitpass-holder enrol --help"));
	read_nonce(h);
	return true;
}

static void free_secret(char **s)
{
	if (*s != NULL)
		up_wipe(*s, strlen(*s));
	free(*s);
	*s = NULL;
}

void up_holder_forget(struct up_holder *h)
{
	free_secret(&h->token);
	free(h->device);
	h->device = NULL;
	up_jwk_free(&h->key);
	json_decref(h->certificates);
	h->certificates = NULL;
}

void up_holder_close(struct up_holder *h)
{
	up_holder_forget(h);
	free(h->issuer);
	if (h->dir >= 0)
		close(h->dir);
	up_wipe(h, sizeof(*h));
	h->dir = -1;
}

enum up_err up_holder_new_key(struct up_holder *h)
{
	if (RAND_bytes(h->salt, sizeof(h->salt)) != 1)
		return UP_E_CRYPTO;
	if (h->certificates == NULL)
		h->certificates = json_array();
	up_jwk_free(&h->key);
	return h->certificates != NULL ? up_jwk_generate(&h->key) : UP_E_NOMEM;
}

enum up_err up_holder_save(struct up_holder *h)
{
	char salt[23], *text;
	enum up_err err;
	json_t *o;

	up_text_b64url(up_span_of(h->salt, sizeof(h->salt)), salt);
	salt[22] = '\0';
	o = json_pack("{s:s, s:s, s:s, s:s, s:o, s:O}", "issuer", h->issuer, "device", h->device,
	    "device_token", h->token, "salt", salt, "key", up_jwk_to_json(h->key, true),
	    "certificates", h->certificates);
	text = o != NULL ? json_dumps(o, JSON_INDENT(1)) : NULL;
	err = text != NULL ? up_file_replace(h->dir, PHONE, up_span_str(text), h->why) : UP_E_NOMEM;
	if (text != NULL)
		up_wipe(text, strlen(text));
	free(text);
	json_decref(o);
	return err;
}

void up_holder_save_nonce(struct up_holder *h)
{
	if (h->dir >= 0 && up_file_replace(h->dir, NONCE, up_span_str(h->nonce), h->why) != UP_OK)
		fprintf(stderr, "unitpass-holder: %s\n", h->why);
}
