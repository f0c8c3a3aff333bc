/* SPDX-License-Identifier: Apache-2.0
 * The helper as a process of its own. The host (sshd, sudo) may be setuid, may have threads and
 * handlers: so nothing of HTTP, TLS, JSON or cryptography is loaded into it, the helper gets no
 * environment of the user's, no open file but its socket, and default signals. It stays in the
 * host's process group: an interrupt from the keyboard ends it, which means no. */
#ifndef UP_SPAWN_H
#define UP_SPAWN_H

#include <sys/types.h>

#include "core/span.h"

/* Start PATH with ARGV (ended by NULL). *FD: our end of a SOCK_SEQPACKET pair, its end is its
 * descriptor 0. UP_E_IO; errno says why. */
UP_MUST_USE enum up_err up_spawn(const char *path, char *const argv[], int *fd, pid_t *pid);
/* Close *FD, at which the helper ends, and collect it; one that has not ended after a second is
 * killed. */
void up_spawn_end(int *fd, pid_t pid);

#endif
