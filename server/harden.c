/* SPDX-License-Identifier: Apache-2.0 */
#include "server/harden.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* The leak checker of a sanitizer build reads its own process, which a process that gave up dumping
 * may not. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define DUMPABLE 1
#else
#define DUMPABLE 0
#endif

void up_harden_process(void)
{
	struct rlimit none = { 0, 0 }, files;

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, DUMPABLE, 0, 0, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
}

enum up_err up_harden_ids(const char *user, const char *group, long *uid, long *gid, char why[256])
{
	const struct passwd *pw;
	const struct group *gr;

	*uid = *gid = -1;
	if (user[0] == '\0')
		return UP_OK;
	pw = getpwnam(user);
	if (pw == NULL) {
		snprintf(why, 256,
		    "user: no user %.60s on this machine; adduser --system --group it", user);
		return UP_E_CONFIG;
	}
	*uid = (long)pw->pw_uid;
	*gid = (long)pw->pw_gid;
	if (group[0] == '\0')
		return UP_OK;
	gr = getgrnam(group);
	if (gr == NULL) {
		snprintf(why, 256, "group: no group %.60s on this machine", group);
		return UP_E_CONFIG;
	}
	*gid = (long)gr->gr_gid;
	return UP_OK;
}

enum up_err up_harden_drop(const char *user, const char *group, char why[256])
{
	long uid, gid;
	enum up_err err = up_harden_ids(user, group, &uid, &gid, why);

	if (err != UP_OK || geteuid() != 0)
		return err;
	if (uid < 0) {
		snprintf(why, 256,
		    "user: started as root without a user to become; set user = \"unitpass\"");
		return UP_E_CONFIG;
	}
	if (uid == 0)
		return UP_OK;
	if (setgroups(0, NULL) != 0 || setgid((gid_t)gid) != 0 || setuid((uid_t)uid) != 0 ||
	    setuid(0) == 0) {
		snprintf(why, 256, "user: cannot become %.60s: %s", user, strerror(errno));
		return UP_E_CONFIG;
	}
	/* Changing ids made the process dumpable-as-configured again. */
	prctl(PR_SET_DUMPABLE, DUMPABLE, 0, 0, 0);
	return UP_OK;
}
