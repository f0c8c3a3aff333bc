/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/lines.h"
#include "tools/common/terminal.h"

#define LINE_FILE_MAX 4096

static enum up_err say(char why[256], enum up_err err, const char *path, const char *what)
{
	snprintf(why, 256, "%.110s: %.140s", path, what);
	return err;
}

static const char *label_of(const char *path)
{
	return strcmp(path, "-") == 0 ? up_say("standard input", "标准输入") : path;
}

static enum up_err read_all(int fd, const char *path, size_t max, struct up_buf *out, char why[256])
{
	uint8_t chunk[16384];
	ssize_t n;

	while ((n = read(fd, chunk, sizeof(chunk))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return say(why, UP_E_IO, path, strerror(errno));
		up_buf_put(out, chunk, (size_t)n);
		up_wipe(chunk, (size_t)n);
		if (out->failed)
			return say(why, UP_E_NOMEM, path, up_say("no memory", "内存不足"));
		if (out->n > max)
			return say(why, UP_E_TOO_LARGE, path, up_say("is too large", "太大"));
	}
	return UP_OK;
}

enum up_err up_file_read(
    const char *path, size_t max, bool secret, struct up_buf *out, char why[256])
{
	bool input = strcmp(path, "-") == 0;
	const char *label = label_of(path);
	int fd = input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	enum up_err err = UP_OK;
	struct stat st;

	memset(out, 0, sizeof(*out));
	if (fd < 0)
		return say(why, UP_E_IO, label, strerror(errno));
	if (fstat(fd, &st) != 0)
		err = say(why, UP_E_IO, label, strerror(errno));
	else if (S_ISDIR(st.st_mode))
		err = say(why, UP_E_IO, label, up_say("is a folder", "是文件夹"));
	else if (secret && !input && S_ISREG(st.st_mode) && (st.st_mode & 077) != 0)
		err = say(why, UP_E_KEY, label,
		    up_say("can be read by others: chmod 600 it", "其他用户可以读取，请 chmod 600"));
	if (err == UP_OK)
		err = read_all(fd, label, max, out, why);
	if (!input)
		close(fd);
	if (err != UP_OK)
		up_buf_free(out);
	return err;
}

enum up_err up_file_read_text(const char *path, size_t max, bool secret, struct up_buf *out,
    char why[256])
{
	enum up_err err = up_file_read(path, max, secret, out, why);
	enum up_lines_fault fault;
	struct up_span text;
	unsigned long line;
	char what[160];

	if (err != UP_OK)
		return err;
	fault = up_lines_whole(up_buf_span(out), &text, &line);
	if (fault == UP_LINES_UTF8 && text.n > 0)
		memmove(out->p, text.p, text.n);
	out->n = text.n;
	if (fault == UP_LINES_UTF8)
		return UP_OK;
	snprintf(what, sizeof(what), up_say("line %lu %s", "第 %lu 行%s"), line,
	    up_lines_fault_text(fault, up_terminal_chinese()));
	up_buf_free(out);
	return say(why, UP_E_UTF8, label_of(path), what);
}

enum up_err up_file_read_line(const char *path, struct up_buf *out, char why[256])
{
	struct up_buf text;
	struct up_span line, rest;
	enum up_err err;

	memset(out, 0, sizeof(*out));
	err = up_file_read_text(path, LINE_FILE_MAX, true, &text, why);
	if (err != UP_OK)
		return err;
	rest = up_buf_span(&text);
	if (up_lines_next(&rest, &line))
		up_buf_put_span(out, up_lines_chop(line));
	if (out->n == 0)
		err = say(why, UP_E_FORMAT, label_of(path),
		    up_say("its first line is empty", "首行为空"));
	else if (out->failed)
		err = say(why, UP_E_NOMEM, label_of(path), up_say("no memory", "内存不足"));
	up_buf_free(&text);
	if (err != UP_OK)
		up_buf_free(out);
	return err;
}

static bool write_all(int fd, struct up_span text)
{
	while (text.n > 0) {
		ssize_t n = write(fd, text.p, text.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		text = up_span_of(text.p + n, text.n - (size_t)n);
	}
	return fsync(fd) == 0;
}

enum up_err up_file_create(const char *path, struct up_span text, char why[256])
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	enum up_err err = UP_OK;

	if (fd < 0)
		return errno == EEXIST
		    ? say(why, UP_E_STATE, path, up_say("is there already", "已存在"))
		    : say(why, UP_E_IO, path, strerror(errno));
	if (!write_all(fd, text)) {
		err = say(why, UP_E_IO, path, strerror(errno));
		unlink(path);
	}
	close(fd);
	return err;
}

enum up_err up_file_replace(int dirfd, const char *name, struct up_span text, char why[256])
{
	char beside[128];
	bool good;
	int fd;

	snprintf(beside, sizeof(beside), ".%.80s.%ld", name, (long)getpid());
	fd = openat(dirfd, beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return say(why, UP_E_IO, name, strerror(errno));
	good = write_all(fd, text);
	close(fd);
	if (good && renameat(dirfd, beside, dirfd, name) == 0 && fsync(dirfd) == 0)
		return UP_OK;
	say(why, UP_E_IO, name, strerror(errno));
	unlinkat(dirfd, beside, 0);
	return UP_E_IO;
}
