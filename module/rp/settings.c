/* SPDX-License-Identifier: Apache-2.0 */
#include "module/rp/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/json.h"
#include "core/text.h"
#include "module/rp/page.h"
#include "module/rp/provider.h"

#define WHY 256
#define IDLE_DEFAULT_S (30 * 60)
#define MAX_DEFAULT_S (8 * 3600)
#define LIMIT_S (31 * 86400)
#define ISSUER_MAX 256
#define CLIENT_MAX 128
#define KID_MAX 128
#define SECRET_MIN 8                     /* what is shorter was cut off, or can be guessed */
#define SECRET_MAX 512
#define PAGE_MAX 262144
#define MARK_MAX 120

/* --- files --- */

static enum up_err check_file(int fd, bool secret, char *why, size_t cap)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		snprintf(why, cap, "is not a regular file");
		return UP_E_IO;
	}
	if (secret && (st.st_mode & 077) != 0) {
		snprintf(why, cap, "is open to group or others (mode %03o); chmod 600 it",
		    (unsigned)(st.st_mode & 0777));
		return UP_E_IO;
	}
	if (secret && st.st_uid != 0 && st.st_uid != geteuid()) {
		snprintf(why, cap,
		    "belongs to another user; chown it to root or the user of this process");
		return UP_E_IO;
	}
	return UP_OK;
}

enum up_err up_settings_read(
    const char *path, bool secret, size_t max, struct up_buf *out, char *why, size_t cap)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	enum up_err err;
	char part[4096];
	ssize_t n = 0;

	if (fd < 0) {
		snprintf(why, cap, "cannot be opened: %s", strerror(errno));
		return UP_E_IO;
	}
	err = check_file(fd, secret, why, cap);
	while (err == UP_OK && (n = read(fd, part, sizeof(part))) > 0) {
		up_buf_put(out, part, (size_t)n);
		if (out->failed)
			err = UP_E_NOMEM;
		else if (out->n > max) {
			snprintf(why, cap, "is larger than %zu bytes", max);
			err = UP_E_IO;
		}
	}
	if (err == UP_OK && n < 0) {
		snprintf(why, cap, "cannot be read: %s", strerror(errno));
		err = UP_E_IO;
	}
	up_wipe(part, sizeof(part));
	close(fd);
	return err;
}

/* The same, with the setting's name put before the reason. */
static enum up_err read_setting(const char *setting, const char *path, bool secret, size_t max,
    struct up_buf *out, char why[WHY])
{
	char reason[160] = "";
	enum up_err err = up_settings_read(path, secret, max, out, reason, sizeof(reason));

	if (err == UP_E_IO) {
		snprintf(why, WHY, "%s: %.60s %.160s", setting, path, reason);
		return UP_E_CONFIG;
	}
	return err;
}

/* --- the settings one by one --- */

static enum up_err refuse(char why[WHY], const char *text)
{
	snprintf(why, WHY, "%s", text);
	return UP_E_CONFIG;
}

static enum up_err set_names(struct up_rp *rp, const struct up_rp_settings *s, char why[WHY])
{
	struct up_span issuer = up_span_str(s->issuer), client = up_span_str(s->client), origin,
		       path;

	if (issuer.n == 0)
		return refuse(why,
		    "issuer: is missing; give the server's address, as https://id.example.org");
	if (issuer.n > ISSUER_MAX || up_target_url(issuer, &origin, &path) != UP_OK)
		return refuse(why,
		    "issuer: must be https://host[:port][/path], or http:// to a loopback host");
	if (path.n > 0 && memchr(path.p, '?', path.n) != NULL)
		return refuse(why, "issuer: must not hold '?' or '#'; write it exactly as the "
		    "server does, with or without a final '/'");
	if (client.n == 0)
		return refuse(
		    why, "client: is missing; give the id under which this portal is registered");
	for (size_t i = 0; i < client.n; i++)
		if (client.n > CLIENT_MAX || client.p[i] <= 0x20 || client.p[i] >= 0x7f ||
		    client.p[i] == '"' || client.p[i] == '\\')
			return refuse(why,
			    "client: must be at most 128 printable ASCII characters without "
			    "spaces, quotes and backslashes");
	rp->issuer = up_span_dup(issuer);
	rp->client = up_span_dup(client);
	return rp->issuer != NULL && rp->client != NULL ? UP_OK : UP_E_NOMEM;
}

static enum up_err set_times(struct up_rp *rp, const struct up_rp_settings *s, char why[WHY])
{
	rp->idle_s = s->idle_s == 0 ? IDLE_DEFAULT_S : s->idle_s;
	rp->max_s = s->max_s == 0 ? MAX_DEFAULT_S : s->max_s;
	rp->confirm = !s->unasked;
	if (rp->idle_s < 60 || rp->idle_s > LIMIT_S || rp->max_s < 60 || rp->max_s > LIMIT_S)
		return refuse(
		    why, "session: idle and longest time must lie between 1 minute and 31 days");
	return UP_OK;
}

static bool is_telephone(struct up_span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((s.p[i] < '0' || s.p[i] > '9') && memchr("+-() ", s.p[i], 5) == NULL)
			return false;
	return s.n <= MARK_MAX;
}

static bool is_address(struct up_span s)
{
	struct up_span origin, path;

	return up_target_ok(s) ||
	    (s.n <= UP_RP_URL_MAX && up_target_url(s, &origin, &path) == UP_OK);
}

/* What is wrong with VALUE; NULL: nothing. */
static const char *refuse_mark(enum up_rp_mark mark, struct up_span value)
{
	switch (mark) {
	case UP_RP_MARK_NAME:
		return value.n <= MARK_MAX && up_text_utf8_valid(value) ? NULL
		    : "issuer_name: must be a name of at most 120 bytes in UTF-8";
	case UP_RP_MARK_EMBLEM:
		return up_target_ok(value) ? NULL
		    : "emblem: must be the path of a picture on this portal, as /static/emblem.svg";
	case UP_RP_MARK_FAVICON:
		return up_target_ok(value) ? NULL
		    : "favicon: must be the path of a picture on this portal, as /favicon.ico";
	case UP_RP_MARK_TELEPHONE:
		return is_telephone(value) ? NULL
		    : "telephone: must be a number of digits, blanks and + - ( )";
	default:
		return is_address(value) ? NULL : "app: must be https://… or a path of this "
		    "portal, where the phone's app can be had";
	}
}

static enum up_err set_marks(struct up_rp *rp, const struct up_rp_settings *s, char why[WHY])
{
	for (int i = 0; i < UP_RP_MARKS; i++) {
		const char *wrong = s->marks[i] != NULL
		    ? refuse_mark((enum up_rp_mark)i, up_span_str(s->marks[i])) : NULL;

		if (wrong != NULL)
			return refuse(why, wrong);
		if (s->marks[i] != NULL &&
		    (rp->marks[i] = up_span_dup(up_span_str(s->marks[i]))) == NULL)
			return UP_E_NOMEM;
	}
	return UP_OK;
}

static char *purpose(const char *use, const struct up_rp *rp)
{
	struct up_buf b = { 0 };

	up_buf_printf(&b, "%s %s %s", use, rp->issuer, rp->client);
	return up_buf_take(&b);
}

static enum up_err set_session_keys(struct up_rp *rp, const struct up_rp_settings *s, char why[WHY])
{
	struct up_buf text = { 0 };
	struct up_seal *seal = NULL;
	unsigned line = 0;
	enum up_err err;

	if (s->session_key_file == NULL)
		return refuse(
		    why, "session_key_file: is missing; make one with: openssl rand -hex 32");
	err = read_setting("session_key_file", s->session_key_file, true, 8192, &text, why);
	if (err != UP_OK)
		goto out;
	err = up_seal_parse_keys(up_buf_span(&text), rp->keys, &rp->n_keys, &line);
	if (err == UP_E_FORMAT)
		snprintf(why, WHY,
		    "session_key_file: line %u is not a key; a key is 64 hex digits (openssl rand "
		    "-hex 32)",
		    line);
	else if (err == UP_E_KEY)
		snprintf(why, WHY, "session_key_file: holds no key, more than %d, or one twice",
		    UP_SEAL_KEYS);
	if (err == UP_E_FORMAT || err == UP_E_KEY)
		err = UP_E_CONFIG;
	if (err == UP_OK)
		err = up_seal_new(rp->keys, rp->n_keys, &seal);
	rp->session_purpose = purpose("session", rp);
	rp->seen_purpose = purpose("seen", rp);
	rp->login_purpose = purpose("login", rp);
	if (err == UP_OK && (rp->session_purpose == NULL || rp->seen_purpose == NULL ||
	    rp->login_purpose == NULL))
		err = UP_E_NOMEM;
out:
	up_seal_free(&seal);
	up_buf_free(&text);
	return err;
}

/* KID, when the key has one, is appended. */
static enum up_err take_key(struct up_span text, struct up_jwk **out, struct up_buf *kid,
    char why[WHY])
{
	struct up_span name;
	json_t *o = NULL;
	enum up_err err = UP_OK;

	if (up_json_parse(text, &o) != UP_OK || up_jwk_from_json(o, false, out) != UP_OK ||
	    !up_jwk_is_private(*out) ||
	    up_json_text_opt(o, "kid", KID_MAX, &name) != UP_OK) {
		up_jwk_free(out);
		err = refuse(why,
		    "key_file: is not a private P-256 key as JWK (RFC 7517), with member d");
	} else {
		up_buf_put_span(kid, name);
		err = kid->failed ? UP_E_NOMEM : UP_OK;
	}
	json_decref(o);
	return err;
}

/* RFC 6749 appendix A.2 and beyond: any character but controls, blanks at either end too, for it is
 * the provider's to choose. */
static enum up_err check_secret(struct up_span secret, char why[WHY])
{
	if (secret.n < SECRET_MIN || secret.n > SECRET_MAX)
		return refuse(why, "secret_file: must hold one line of 8 to 512 bytes");
	for (size_t i = 0; i < secret.n; i++)
		if (secret.p[i] < 0x20 || secret.p[i] == 0x7f)
			return refuse(why,
			    "secret_file: must hold one line, without control characters");
	return UP_OK;
}

static enum up_err set_provider(struct up_rp *rp, const struct up_rp_settings *s, char why[WHY])
{
	struct up_buf text = { 0 }, kid = { 0 };
	struct up_jwk *key = NULL;
	struct up_span secret = { 0 };
	enum up_err err;

	if ((s->secret_file == NULL) == (s->key_file == NULL))
		return refuse(why, "secret_file, key_file: give exactly one of the two");
	if (s->key_file != NULL) {
		err = read_setting("key_file", s->key_file, true, 4096, &text, why);
		if (err == UP_OK)
			err = take_key(up_buf_span(&text), &key, &kid, why);
	} else {
		err = read_setting("secret_file", s->secret_file, true, 4096, &text, why);
		secret = up_text_line(up_buf_span(&text));
		if (err == UP_OK)
			err = check_secret(secret, why);
	}
	if (err == UP_OK)
		err = up_provider_new(rp->issuer, rp->client, secret, key, up_buf_span(&kid),
		    &rp->provider);
	else
		up_jwk_free(&key);
	up_buf_free(&text);
	up_buf_free(&kid);
	return err;
}

static enum up_err set_page(struct up_rp *rp, const struct up_rp_settings *s, char why[WHY])
{
	struct up_buf text = { 0 };
	char reason[120];
	enum up_err err = up_words_new(&rp->words);

	if (err == UP_E_FORMAT)
		return refuse(why, "words: the built-in tables are damaged; install again");
	if (err != UP_OK || s->page_file == NULL)
		return err;
	err = read_setting("page_file", s->page_file, false, PAGE_MAX, &text, why);
	if (err == UP_OK && !up_text_utf8_valid(up_buf_span(&text)))
		err = refuse(why, "page_file: is not valid UTF-8");
	if (err == UP_OK && (rp->page = up_buf_take(&text)) == NULL)
		err = UP_E_NOMEM;
	if (err == UP_OK && !up_page_check(rp, reason, sizeof(reason))) {
		snprintf(why, WHY, "page_file: %s", reason);
		err = UP_E_CONFIG;
	}
	up_buf_free(&text);
	return err;
}

static bool same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

bool up_rp_settings_same(const struct up_rp_settings *a, const struct up_rp_settings *b)
{
	for (int i = 0; i < UP_RP_MARKS; i++)
		if (!same(a->marks[i], b->marks[i]))
			return false;
	return same(a->issuer, b->issuer) && same(a->client, b->client) &&
	    same(a->secret_file, b->secret_file) && same(a->key_file, b->key_file) &&
	    same(a->session_key_file, b->session_key_file) && same(a->page_file, b->page_file) &&
	    a->idle_s == b->idle_s && a->max_s == b->max_s &&
	    a->unasked == b->unasked;
}

/* --- the whole --- */

/* BARE: no session keys, no pages. */
static enum up_err make(
    const struct up_rp_settings *s, bool bare, struct up_rp **out, char why[WHY])
{
	struct up_rp *rp = calloc(1, sizeof(*rp));
	enum up_err err = UP_E_NOMEM;

	*out = NULL;
	snprintf(why, WHY, "out of memory");
	if (rp == NULL)
		return UP_E_NOMEM;
	err = set_names(rp, s, why);
	if (err == UP_OK && !bare)
		err = set_times(rp, s, why);
	if (err == UP_OK && !bare)
		err = set_marks(rp, s, why);
	if (err == UP_OK && !bare)
		err = set_session_keys(rp, s, why);
	if (err == UP_OK)
		err = set_provider(rp, s, why);
	if (err == UP_OK && !bare)
		err = set_page(rp, s, why);
	if (err == UP_OK && !bare && (rp->recent = up_recent_new()) == NULL)
		err = UP_E_NOMEM;
	if (err == UP_OK) {
		why[0] = '\0';
		*out = rp;
		rp = NULL;
	}
	up_rp_free(&rp);
	return err == UP_OK || err == UP_E_NOMEM ? err : UP_E_CONFIG;
}

enum up_err up_rp_new(const struct up_rp_settings *s, struct up_rp **out, char why[WHY])
{
	return make(s, false, out, why);
}

enum up_err up_settings_bare(const struct up_rp_settings *s, struct up_rp **out, char why[WHY])
{
	return make(s, true, out, why);
}

void up_rp_free(struct up_rp **rpp)
{
	struct up_rp *rp = *rpp;

	if (rp == NULL)
		return;
	up_provider_free(&rp->provider);
	up_words_free(&rp->words);
	up_recent_free(&rp->recent);
	free(rp->issuer);
	free(rp->client);
	free(rp->session_purpose);
	free(rp->seen_purpose);
	free(rp->login_purpose);
	free(rp->page);
	for (int i = 0; i < UP_RP_MARKS; i++)
		free(rp->marks[i]);
	up_wipe(rp, sizeof(*rp));
	free(rp);
	*rpp = NULL;
}

enum up_err up_rp_opener_new(const struct up_rp *rp, struct up_rp_opener **out)
{
	struct up_rp_opener *o = calloc(1, sizeof(*o));
	enum up_err err;

	*out = NULL;
	if (o == NULL)
		return UP_E_NOMEM;
	o->rp = rp;
	o->session_purpose = up_span_str(rp->session_purpose);
	err = up_seal_new(rp->keys, rp->n_keys, &o->seal);
	if (err != UP_OK) {
		free(o);
		return err;
	}
	*out = o;
	return UP_OK;
}

void up_rp_opener_free(struct up_rp_opener **op)
{
	struct up_rp_opener *o = *op;

	if (o == NULL)
		return;
	up_seal_free(&o->seal);
	up_recent_leave(&o->held);
	up_wipe(o, sizeof(*o));
	free(o);
	*op = NULL;
}
