/* SPDX-License-Identifier: Apache-2.0
 * One login at a terminal, from the first question to the verdict, over the wire to the module. */
#ifndef UP_PAM_LOGIN_H
#define UP_PAM_LOGIN_H

#include "module/pam/options.h"
#include "module/pam/texts.h"
#include "module/pam/wire.h"
#include "module/rp/terminal.h"

struct up_pam_login {                    /* all borrowed */
	int fd;
	const struct up_options *options;
	struct up_terminal *terminal;
	struct up_span map;
	struct up_span user, service, rhost, tty, locale, host;
};

/* The verdict; the person has been told, and the log what happened. 0: the module went away, there
 * is nobody to tell. */
int up_pam_login(const struct up_pam_login *);
/* Tell the person. */
void up_pam_login_tell(const struct up_pam_login *, enum up_texts_key);

#endif
