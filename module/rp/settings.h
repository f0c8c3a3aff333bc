/* SPDX-License-Identifier: Apache-2.0
 * Reading of the files that settings name. */
#ifndef UP_SETTINGS_H
#define UP_SETTINGS_H

#include "module/rp/inside.h"

/* A regular file of at most MAX bytes into OUT. SECRET: group and others must have no permission,
 * and the owner must be root or this process's user. UP_E_IO with a reason in WHY (at most CAP
 * bytes), UP_E_NOMEM. */
UP_MUST_USE enum up_err up_settings_read(
    const char *path, bool secret, size_t max, struct up_buf *out, char *why, size_t cap);

/* A relying party that only begins, polls and checks: no session keys, no pages (session_key_file
 * and page_file are not looked at). Like up_rp_new in all else. */
UP_MUST_USE enum up_err up_settings_bare(
    const struct up_rp_settings *, struct up_rp **out, char why[256]);

#endif
