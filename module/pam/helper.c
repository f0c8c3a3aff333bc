/* SPDX-License-Identifier: Apache-2.0
 * The helper of pam_unitpass.so: reads its files as the host's user (root for sshd and sudo), gives
 * up all privilege, then talks to the server. Started by the module with its socket as descriptor
 * 0; of no use otherwise. */
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/text.h"
#include "module/pam/login.h"
#include "module/pam/map.h"
#include "module/rp/rplog.h"
#include "module/rp/settings.h"

#define REQUEST_WAIT_MS 5000
#define CONFIG_MAX 65536
#define MAP_MAX 1048576
#define LOCALE_MAX 4096
#define LOG_MAX 700

struct helper {
	struct up_pam_login login;
	struct up_options options;
	struct up_buf map, locale;
	struct up_terminal *terminal;
	uint8_t packet[UP_WIRE_MAX];
	char host[256], why[UP_OPTIONS_WHY];
};

/* su and others pass on what the person has set with ulimit: too little of it would make the server
 * seem to be away. */
static bool lift_limits(void)
{
	static const struct { int what; rlim_t needed; } limits[] = {
		{ RLIMIT_NOFILE, 64 }, { RLIMIT_NPROC, 256 }, { RLIMIT_CPU, 120 },
		{ RLIMIT_DATA, 256 << 20 }, { RLIMIT_AS, 1 << 30 },
	};
	struct rlimit l;

	for (size_t i = 0; i < UP_ARRAY_LEN(limits); i++) {
		if (getrlimit(limits[i].what, &l) != 0)
			return false;
		if (l.rlim_cur >= limits[i].needed)
			continue;
		l.rlim_cur = limits[i].needed;
		if (l.rlim_max < l.rlim_cur)
			l.rlim_max = l.rlim_cur;
		if (setrlimit(limits[i].what, &l) != 0)
			return false;
	}
	return true;
}

static void harden(void)
{
	const struct rlimit none = { 0, 0 };

	prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L);
	prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L);
	setrlimit(RLIMIT_CORE, &none);
	umask(077);
}

static void log_line(void *arg, char level, const char *line)
{
	struct helper *h = arg;
	struct up_buf b = { 0 };

	if (level == 'i' && !h->options.debug)
		return;
	up_buf_put_char(&b, level);
	up_text_put_safe(&b, up_span_str(line), LOG_MAX);
	if (!b.failed)
		(void)!up_wire_send(h->login.fd, UP_WIRE_LOG, up_buf_span(&b));
	up_buf_free(&b);
}

/* --- the request --- */

static bool take_request(struct helper *h)
{
	struct up_pam_login *l = &h->login;
	struct up_span *fields[UP_WIRE_FIELDS] = { &l->user, &l->service, &l->rhost, &l->tty,
		&l->locale };
	struct up_span rest;
	char kind;

	if (up_wire_receive(l->fd, REQUEST_WAIT_MS, h->packet, &kind, &rest) != UP_OK ||
	    kind != UP_WIRE_REQUEST)
		return false;
	for (size_t i = 0; i < UP_WIRE_FIELDS; i++)
		if (!up_span_cut(rest, '\0', fields[i], &rest))
			return false;
	return rest.n == 0 && l->user.n > 0;
}

/* --- the files --- */

/* All three say who gets in, so none may be open to others. */
static enum up_err read_file(
    struct helper *h, const char *key, const char *path, size_t max, struct up_buf *out)
{
	char reason[160] = "";
	enum up_err err = up_settings_read(path, true, max, out, reason, sizeof(reason));

	if (err == UP_OK)
		return UP_OK;
	snprintf(h->why, sizeof(h->why), "%s: %.60s %.160s", key, path,
	    err == UP_E_IO ? reason : "does not fit into memory");
	return UP_E_CONFIG;
}

static enum up_err read_options(struct helper *h, int argc, char **argv)
{
	struct up_options *o = &h->options;
	struct up_buf text = { 0 };
	char reason[UP_OPTIONS_WHY];
	const char *path;
	enum up_err err = UP_OK;

	for (int i = 1; err == UP_OK && i < argc; i++)
		err = up_options_argument(o, up_span_str(argv[i]), h->why);
	if (err != UP_OK)
		return err;
	path = o->value[UP_OPTIONS_CONFIG];
	if (path == NULL && o->value[UP_OPTIONS_ISSUER] == NULL)
		path = UP_OPTIONS_FILE;
	if (path != NULL) {
		err = read_file(h, "config", path, CONFIG_MAX, &text);
		if (err == UP_OK &&
		    (err = up_options_file(o, up_buf_span(&text), reason)) == UP_E_CONFIG)
			snprintf(h->why, sizeof(h->why), "%.60s %.190s", path, reason);
	}
	up_buf_free(&text);
	return err == UP_OK ? up_options_finish(o, h->why) : err;
}

static enum up_err read_map(struct helper *h)
{
	const char *path = h->options.value[UP_OPTIONS_MAP_FILE];
	enum up_err err = read_file(h, "map_file", path, MAP_MAX, &h->map);
	unsigned line;

	if (err != UP_OK || up_map_check(up_buf_span(&h->map), &line) == UP_OK)
		return err;
	snprintf(h->why, sizeof(h->why),
	    "map_file: %.60s line %u is not: unit code, holder or *, account", path, line);
	return UP_E_CONFIG;
}

static enum up_err read_all(struct helper *h, int argc, char **argv)
{
	const struct up_options *o = &h->options;
	enum up_err err = read_options(h, argc, argv);

	if (err == UP_OK)
		err = read_map(h);
	if (err != UP_OK)
		return err;
	return up_terminal_new(
	    &(struct up_rp_settings) {
		.issuer = o->value[UP_OPTIONS_ISSUER],
		.client = o->value[UP_OPTIONS_CLIENT],
		.secret_file = o->value[UP_OPTIONS_SECRET_FILE],
		.key_file = o->value[UP_OPTIONS_KEY_FILE],
	    },
	    &h->terminal, h->why);
}

/* sshd gives its PAM modules no locale: then the system's, as a session would have it
 * (locale.conf(5)). */
static void find_locale(struct helper *h)
{
	static const char *const paths[] = { "/etc/default/locale", "/etc/locale.conf" };
	struct up_span rest, line, name, value;
	char reason[160];

	for (size_t i = 0; i < UP_ARRAY_LEN(paths) && h->login.locale.n == 0; i++) {
		up_buf_reset(&h->locale);
		if (up_settings_read(
			paths[i], false, LOCALE_MAX, &h->locale, reason, sizeof(reason)) != UP_OK)
			continue;
		rest = up_buf_span(&h->locale);
		while (rest.n > 0) {
			up_span_cut(rest, '\n', &line, &rest);
			(void)up_span_cut(up_span_trim(line), '=', &name, &value);
			if (!up_span_eq_str(name, "LANG"))
				continue;
			if (value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"')
				value = up_span_of(value.p + 1, value.n - 2);
			h->login.locale = value;
		}
	}
}

/* What is read from the network is read by nobody. */
static bool drop_privilege(void)
{
	const struct passwd *p;

	if (geteuid() != 0)
		return true;
	p = getpwnam("nobody");
	if (p == NULL || p->pw_uid == 0 || setgroups(0, NULL) != 0 ||
	    setresgid(p->pw_gid, p->pw_gid, p->pw_gid) != 0 ||
	    setresuid(p->pw_uid, p->pw_uid, p->pw_uid) != 0)
		return false;
	/* a change of user makes a process dumpable as the system has it set */
	return prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L) == 0 && setuid(0) != 0;
}

/* --- the whole --- */

static int broken(struct helper *h, const char *why)
{
	up_rplog('e', "pam_config %s", why);
	up_pam_login_tell(&h->login, UP_TEXTS_BROKEN);
	return UP_WIRE_BROKEN;
}

static int run(struct helper *h, int argc, char **argv)
{
	enum up_err err = read_all(h, argc, argv);
	bool lifted = lift_limits(), dropped = drop_privilege();

	find_locale(h);
	if (up_rp_init(log_line, h) != UP_OK) {
		log_line(h, 'e', "pam_config the libraries cannot be initialised");
		return UP_WIRE_BROKEN;
	}
	if (err != UP_OK)
		return broken(h, h->why[0] != '\0' ? h->why : up_err_name(err));
	if (!lifted)
		return broken(
		    h, "limits (ulimit) of this process are too small and cannot be raised");
	if (!dropped)
		return broken(h, "privileges cannot be dropped: there must be a user nobody");
	if (gethostname(h->host, sizeof(h->host)) != 0)
		h->host[0] = '\0';
	h->host[sizeof(h->host) - 1] = '\0';
	h->login.host = up_span_str(h->host);
	h->login.map = up_buf_span(&h->map);
	h->login.terminal = h->terminal;
	return up_pam_login(&h->login);
}

int main(int argc, char **argv)
{
	struct helper h;
	uint8_t verdict;

	harden();
	memset(&h, 0, sizeof(h));
	h.login.options = &h.options;
	if (!take_request(&h)) {
		fputs("This is the helper of pam_unitpass.so and is started by it.\n", stderr);
		return 2;
	}
	verdict = (uint8_t)run(&h, argc, argv);
	if (verdict != 0)
		(void)!up_wire_send(h.login.fd, UP_WIRE_VERDICT, up_span_of(&verdict, 1));
	up_terminal_free(&h.terminal);
	up_buf_free(&h.map);
	up_buf_free(&h.locale);
	up_options_free(&h.options);
	up_rp_shutdown();
	up_wipe(&h, sizeof(h));
	return 0;
}
