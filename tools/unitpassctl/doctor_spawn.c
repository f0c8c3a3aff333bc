/* SPDX-License-Identifier: Apache-2.0
 * Running `nginx -T` and `apachectl -M`: their output, bounded in size and time. */
#include <config.h>

#include "tools/unitpassctl/doctor_web.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define OUTPUT_MAX (4u << 20)
#define WAIT_MS 10000

extern char **environ;

static const char *const folders[] = { "/usr/sbin", "/usr/local/sbin", "/usr/bin", "/usr/local/bin",
	"/usr/local/nginx/sbin" };

static bool find(const char *name, char out[128])
{
	for (size_t i = 0; i < UP_ARRAY_LEN(folders); i++) {
		snprintf(out, 128, "%s/%s", folders[i], name);
		if (access(out, X_OK) == 0)
			return true;
	}
	return false;
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Until the end of output. False: too much, or too slow. */
static bool read_all(int fd, struct up_buf *out)
{
	const int64_t end = now_ms() + WAIT_MS;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char chunk[8192];
	ssize_t n;

	for (;;) {
		int64_t left = end - now_ms();

		if (left <= 0 || (poll(&p, 1, (int)left) < 0 && errno != EINTR))
			return false;
		if (p.revents == 0)
			continue;
		n = read(fd, chunk, sizeof(chunk));
		if (n <= 0)
			return n == 0;
		up_buf_put(out, chunk, (size_t)n);
		if (out->failed || out->n > OUTPUT_MAX)
			return false;
	}
}

static bool spawn(char *const argv[], int out, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	bool good;

	if (posix_spawn_file_actions_init(&actions) != 0)
		return false;
	good = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0) == 0 &&
	    posix_spawn_file_actions_adddup2(&actions, out, 1) == 0 &&
	    posix_spawn_file_actions_adddup2(&actions, out, 2) == 0 &&
	    posix_spawn(pid, argv[0], &actions, NULL, argv, environ) == 0;
	posix_spawn_file_actions_destroy(&actions);
	return good;
}

static enum up_doctor_web_run run(char *const argv[], struct up_buf *out)
{
	int ends[2], status = 0;
	bool whole;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return UP_DOCTOR_WEB_FAILED;
	if (!spawn(argv, ends[1], &pid)) {
		close(ends[0]);
		close(ends[1]);
		return UP_DOCTOR_WEB_FAILED;
	}
	close(ends[1]);
	whole = read_all(ends[0], out);
	close(ends[0]);
	if (!whole)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return whole && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? UP_DOCTOR_WEB_DONE
								      : UP_DOCTOR_WEB_FAILED;
}

enum up_doctor_web_run up_doctor_web_nginx(const char *config, struct up_buf *out)
{
	char program[128],
	    *argv[] = { program, (char *)"-T", config != NULL ? (char *)"-c" : NULL, (char *)config,
		    NULL };

	*out = (struct up_buf){ 0 };
	return find("nginx", program) ? run(argv, out) : UP_DOCTOR_WEB_MISSING;
}

enum up_doctor_web_run up_doctor_web_apache(const char *config, struct up_buf *out)
{
	static const char *const names[] = { "apachectl", "apache2ctl", "httpd" };
	char program[128],
	    *argv[] = { program, (char *)"-M", config != NULL ? (char *)"-f" : NULL, (char *)config,
		    NULL };

	*out = (struct up_buf){ 0 };
	for (size_t i = 0; i < UP_ARRAY_LEN(names); i++)
		if (find(names[i], program))
			return run(argv, out);
	return UP_DOCTOR_WEB_MISSING;
}
