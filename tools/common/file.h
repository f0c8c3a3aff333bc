/* SPDX-License-Identifier: Apache-2.0
 * Files as tools need them: whole, bounded, and never half-written. */
#ifndef UP_FILE_H
#define UP_FILE_H

#include "core/span.h"

/* Whole content of PATH ("-": standard input), at most MAX bytes. SECRET: a regular file must not
 * be readable by group or others. OUT is the caller's (up_buf_free wipes). WHY: "path: what and
 * what to do". UP_E_IO, UP_E_TOO_LARGE, UP_E_KEY (too open), UP_E_NOMEM. */
UP_MUST_USE enum up_err up_file_read(
    const char *path, size_t max, bool secret, struct up_buf *out, char why[256]);
/* The same of a text file: without byte order mark. UP_E_UTF8: another encoding, which WHY names
 * with its line. */
UP_MUST_USE enum up_err up_file_read_text(const char *path, size_t max, bool secret,
    struct up_buf *out, char why[256]);
/* The first line of a secret text file: a password. UP_E_FORMAT: empty. */
UP_MUST_USE enum up_err up_file_read_line(const char *path, struct up_buf *out, char why[256]);
/* A new file of mode 0600; UP_E_STATE when PATH is there already. */
UP_MUST_USE enum up_err up_file_create(const char *path, struct up_span text, char why[256]);
/* Put TEXT in the place of file NAME of folder DIRFD: written beside it, synced, renamed; mode
 * 0600. UP_E_IO. */
UP_MUST_USE enum up_err up_file_replace(
    int dirfd, const char *name, struct up_span text, char why[256]);

#endif
