/* SPDX-License-Identifier: Apache-2.0 */
#include "module/pam/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define END_TRIES 100
#define END_STEP_NS 10000000

static int set_signals(posix_spawnattr_t *attr)
{
	sigset_t all, none;
	int r;

	sigfillset(&all);
	sigemptyset(&none);
	r = posix_spawnattr_setsigdefault(attr, &all);
	if (r == 0)
		r = posix_spawnattr_setsigmask(attr, &none);
	return r != 0
	    ? r
	    : posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
}

static int set_files(posix_spawn_file_actions_t *files, int fd)
{
	int r = posix_spawn_file_actions_adddup2(files, fd, 0);

	for (int i = 1; r == 0 && i <= 2; i++)
		r = posix_spawn_file_actions_addopen(files, i, "/dev/null", O_RDWR, 0);
	if (r == 0)
		r = posix_spawn_file_actions_addclosefrom_np(files, 3);
	return r != 0 ? r : posix_spawn_file_actions_addchdir_np(files, "/");
}

static int spawn(const char *path, char *const argv[], int fd, pid_t *pid)
{
	static char *const environment[] = { (char *)"PATH=/usr/sbin:/usr/bin:/sbin:/bin",
		(char *)"LC_ALL=C.UTF-8", NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	int r = posix_spawn_file_actions_init(&files);

	if (r != 0)
		return r;
	r = posix_spawnattr_init(&attr);
	if (r != 0)
		goto out;
	r = set_files(&files, fd);
	if (r == 0)
		r = set_signals(&attr);
	if (r == 0)
		r = posix_spawn(pid, path, &files, &attr, argv, environment);
	posix_spawnattr_destroy(&attr);
out:
	posix_spawn_file_actions_destroy(&files);
	return r;
}

enum up_err up_spawn(const char *path, char *const argv[], int *fd, pid_t *pid)
{
	int pair[2], r;

	*fd = -1;
	*pid = -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return UP_E_IO;
	r = spawn(path, argv, pair[1], pid);
	close(pair[1]);
	if (r != 0) {
		close(pair[0]);
		errno = r;
		return UP_E_IO;
	}
	*fd = pair[0];
	return UP_OK;
}

/* The host may collect children of its own accord: then there is nothing left to collect, which is
 * as good. */
static bool is_gone(pid_t pid)
{
	pid_t r;

	do
		r = waitpid(pid, NULL, WNOHANG);
	while (r < 0 && errno == EINTR);
	return r != 0;
}

void up_spawn_end(int *fd, pid_t pid)
{
	const struct timespec step = { 0, END_STEP_NS };

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	if (pid <= 0)
		return;
	for (int i = 0; i < END_TRIES; i++) {
		if (is_gone(pid))
			return;
		nanosleep(&step, NULL);
	}
	/* not collected a moment ago, so PID is still our helper */
	if (is_gone(pid) || kill(pid, SIGKILL) != 0)
		return;
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}
