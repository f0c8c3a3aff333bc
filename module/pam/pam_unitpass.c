/* SPDX-License-Identifier: Apache-2.0
 * The PAM module: starts the helper, which knows the relying party, and carries its words to the
 * person and its verdict to PAM. No static state; nothing is left when pam_sm_authenticate returns.
 * Whatever is not an explicit acceptance is a refusal. */
#include <errno.h>
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "module/pam/spawn.h"
#include "module/pam/wire.h"

#define ARGS_MAX 32
#define HELPER_KEY "helper="

/* Whoever is at the keyboard can end the helper. That must not look like a server that is away, for
 * which a stack may have another way in. */
#define NO_VERDICT PAM_SERVICE_ERR

struct talk {
	pam_handle_t *pamh;
	int flags, fd;
	uint8_t packet[UP_WIRE_MAX];
};

static const struct { enum up_wire_verdict verdict; int pam;
} verdicts[] = {
	{ UP_WIRE_ACCEPT, PAM_SUCCESS },
	{ UP_WIRE_DENY, PAM_AUTH_ERR },
	{ UP_WIRE_UNAVAILABLE, PAM_AUTHINFO_UNAVAIL },
	{ UP_WIRE_FORBIDDEN, PAM_PERM_DENIED },
	{ UP_WIRE_UNKNOWN, PAM_USER_UNKNOWN },
	{ UP_WIRE_BROKEN, PAM_SERVICE_ERR },
};

static int code_of(struct up_span text)
{
	for (size_t i = 0; text.n == 1 && i < UP_ARRAY_LEN(verdicts); i++)
		if (text.p[0] == (uint8_t)verdicts[i].verdict)
			return verdicts[i].pam;
	return NO_VERDICT;
}

/* --- the request --- */

static const char *item(pam_handle_t *pamh, int what)
{
	const void *value = NULL;

	return pam_get_item(pamh, what, &value) == PAM_SUCCESS && value != NULL ? value : "";
}

static const char *locale(void)
{
	const char *s = getenv("LC_ALL");

	if (s == NULL || s[0] == '\0')
		s = getenv("LANG");
	return s != NULL && strlen(s) < 64 ? s : "";
}

static enum up_err send_request(struct talk *t, const char *user)
{
	const char *fields[UP_WIRE_FIELDS] = {
		user, item(t->pamh, PAM_SERVICE), item(t->pamh, PAM_RHOST), item(t->pamh, PAM_TTY),
		locale(),
	};
	size_t at = 0;

	for (size_t i = 0; i < UP_WIRE_FIELDS; i++) {
		size_t n = strlen(fields[i]) + 1;

		if (n > sizeof(t->packet) - 1 - at)
			return UP_E_TOO_LARGE;
		memcpy(t->packet + at, fields[i], n);
		at += n;
	}
	return up_wire_send(t->fd, UP_WIRE_REQUEST, (struct up_span){ t->packet, at });
}

/* --- the conversation --- */

static int show(struct talk *t, int style, struct up_span text)
{
	return pam_prompt(t->pamh, style, NULL, "%.*s", (int)text.n, (const char *)text.p);
}

/* What is typed is of no use; it may be a password by mistake, so it is not echoed, and wiped. */
static int ask(struct talk *t, struct up_span text)
{
	char *answer = NULL;
	int r = pam_prompt(
	    t->pamh, PAM_PROMPT_ECHO_OFF, &answer, "%.*s", (int)text.n, (const char *)text.p);

	if (answer != NULL) {
		explicit_bzero(answer, strlen(answer));
		free(answer);
	}
	if (r != PAM_SUCCESS)
		return r;
	/* a helper that did not wait has left its verdict, which comes next; without one that is
	 * the end */
	(void)!up_wire_send(t->fd, UP_WIRE_GO, (struct up_span){ 0 });
	return PAM_SUCCESS;
}

static void note(struct talk *t, struct up_span text)
{
	int priority = LOG_ERR;

	if (text.n < 2)
		return;
	if (text.p[0] == 'w')
		priority = LOG_WARNING;
	else if (text.p[0] == 'n')
		priority = LOG_NOTICE;
	else if (text.p[0] == 'i')
		priority = LOG_INFO;
	pam_syslog(t->pamh, priority, "%.*s", (int)text.n - 1, (const char *)text.p + 1);
}

/* PAM_SILENT is for chatter, and sudo sets it as a rule: code and prompt are the question itself.
 */
static int talk(struct talk *t)
{
	struct up_span text;
	int r = PAM_SUCCESS;
	char kind;

	while (r == PAM_SUCCESS) {
		if (up_wire_receive(t->fd, UP_WIRE_WAIT_MS, t->packet, &kind, &text) != UP_OK) {
			pam_syslog(t->pamh, LOG_ERR, "the helper ended without a verdict");
			return NO_VERDICT;
		}
		switch ((enum up_wire_kind)kind) {
		case UP_WIRE_LOG:
			note(t, text);
			break;
		case UP_WIRE_INFO:
			r = show(t, PAM_TEXT_INFO, text);
			break;
		case UP_WIRE_PROMPT:
			r = ask(t, text);
			break;
		case UP_WIRE_RESULT:
			if (!(t->flags & PAM_SILENT))
				(void)show(t, PAM_ERROR_MSG, text);
			break;
		case UP_WIRE_VERDICT:
			return code_of(text);
		case UP_WIRE_REQUEST:
		case UP_WIRE_GO:
		default:
			return NO_VERDICT;
		}
	}
	return r;
}

/* --- the entries --- */

/* The module's arguments are the helper's, but for its own path. */
static const char *take_arguments(
    int argc, const char **argv, const char *helper_argv[ARGS_MAX + 2])
{
	const char *path = UP_PAM_HELPER;
	size_t n = 0;

	helper_argv[n++] = "unitpass-pam-helper";
	for (int i = 0; i < argc; i++) {
		if (strncmp(argv[i], HELPER_KEY, sizeof(HELPER_KEY) - 1) == 0)
			path = argv[i] + sizeof(HELPER_KEY) - 1;
		else if (n <= ARGS_MAX)
			helper_argv[n++] = argv[i];
		else
			return NULL;
	}
	helper_argv[n] = NULL;
	return path[0] == '/' ? path : NULL;
}

static int authenticate(struct talk *t, const char *user, int argc, const char **argv)
{
	const char *helper_argv[ARGS_MAX + 2], *path = take_arguments(argc, argv, helper_argv);
	int r = NO_VERDICT;
	pid_t pid;

	if (path == NULL) {
		pam_syslog(t->pamh, LOG_ERR,
		    "helper: must be an absolute path, beside at most %d arguments", ARGS_MAX);
		return PAM_SERVICE_ERR;
	}
	if (up_spawn(path, (char *const *)(uintptr_t)helper_argv, &t->fd, &pid) != UP_OK) {
		pam_syslog(
		    t->pamh, LOG_ERR, "helper: %s cannot be started: %s", path, strerror(errno));
		return PAM_SERVICE_ERR;
	}
	if (send_request(t, user) == UP_OK)
		r = talk(t);
	else
		pam_syslog(t->pamh, LOG_ERR, "the helper took no request");
	up_spawn_end(&t->fd, pid);
	explicit_bzero(t->packet, sizeof(t->packet));
	return r;
}

PAM_EXTERN int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct talk *t;
	const char *user = NULL;
	int r = pam_get_user(pamh, &user, NULL);

	if (r != PAM_SUCCESS)
		return r == PAM_CONV_AGAIN ? PAM_INCOMPLETE : r;
	if (user == NULL || user[0] == '\0')
		return PAM_USER_UNKNOWN;
	t = calloc(1, sizeof(*t));
	if (t == NULL)
		return PAM_BUF_ERR;
	t->pamh = pamh;
	t->flags = flags;
	t->fd = -1;
	r = authenticate(t, user, argc, argv);
	free(t);
	return r;
}

/* There are no credentials to set. */
PAM_EXTERN int pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh;
	(void)flags;
	(void)argc;
	(void)argv;
	return PAM_SUCCESS;
}
