/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include "tools/unitpassctl/owner.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/common/terminal.h"

bool up_owner_find(const struct up_ctl *ctl, struct up_owner *o)
{
	const struct passwd *pw;
	const struct group *gr;

	*o = (struct up_owner){ -1, -1 };
	if (geteuid() != 0 || ctl->config->user[0] == '\0')
		return true;
	pw = getpwnam(ctl->config->user);
	if (pw == NULL) {
		up_ctl_fail(ctl, "user",
		    up_say("user '%s' of the configuration does not exist: adduser --system "
			   "--group %s",
			"配置中的用户“%s”不存在，请先创建：adduser --system --group "
			"%s"),
		    ctl->config->user, ctl->config->user);
		return false;
	}
	*o = (struct up_owner){ (long)pw->pw_uid, (long)pw->pw_gid };
	if (ctl->config->group[0] == '\0')
		return true;
	gr = getgrnam(ctl->config->group);
	if (gr == NULL) {
		up_ctl_fail(ctl, "group",
		    up_say("group '%s' of the configuration does not exist",
			"配置中的用户组“%s”不存在"),
		    ctl->config->group);
		return false;
	}
	o->gid = (long)gr->gr_gid;
	return true;
}

bool up_owner_give_database(
    const struct up_ctl *ctl, const struct up_owner *o, const char *database)
{
	static const char *const tails[] = { "", "-wal", "-shm" };

	for (size_t i = 0; o->uid >= 0 && i < UP_ARRAY_LEN(tails); i++) {
		char path[PATH_MAX];

		snprintf(path, sizeof(path), "%s%s", database, tails[i]);
		if (lchown(path, (uid_t)o->uid, (gid_t)o->gid) != 0 &&
		    (errno != ENOENT || i == 0)) {
			up_ctl_fail(ctl, "io", "%s: %s", path, strerror(errno));
			return false;
		}
	}
	return true;
}
