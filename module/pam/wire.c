/* SPDX-License-Identifier: Apache-2.0 */
#include "module/pam/wire.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

enum up_err up_wire_send(int fd, enum up_wire_kind kind, struct up_span text)
{
	uint8_t k = (uint8_t)kind;
	struct iovec parts[2] = { { &k, 1 }, { (void *)(uintptr_t)text.p, text.n } };
	struct msghdr m = { .msg_iov = parts, .msg_iovlen = text.n > 0 ? 2 : 1 };
	ssize_t n;

	if (text.n >= UP_WIRE_MAX)
		return UP_E_TOO_LARGE;
	do
		n = sendmsg(fd, &m, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)text.n + 1 ? UP_OK : UP_E_IO;
}

/* The host's signals may interrupt the wait: what is left of it is waited on. */
static enum up_err wait_for(int fd, int64_t timeout_ms)
{
	int64_t end = now_ms() + timeout_ms, left = timeout_ms;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int n;

	do {
		n = poll(&p, 1, left > INT32_MAX ? INT32_MAX : (int)left);
		left = end - now_ms();
	} while (n < 0 && errno == EINTR && left > 0);
	if (n > 0)
		return UP_OK;
	return n < 0 && errno != EINTR ? UP_E_IO : UP_E_EXPIRED;
}

enum up_err up_wire_receive(
    int fd, int64_t timeout_ms, uint8_t buf[UP_WIRE_MAX], char *kind, struct up_span *text)
{
	enum up_err err = wait_for(fd, timeout_ms > 0 ? timeout_ms : 0);
	ssize_t n;

	*kind = 0;
	*text = (struct up_span){ 0 };
	if (err != UP_OK)
		return err;
	do
		n = recv(fd, buf, UP_WIRE_MAX, MSG_TRUNC);
	while (n < 0 && errno == EINTR);
	if (n < 1 || n > UP_WIRE_MAX)
		return UP_E_IO;
	*kind = (char)buf[0];
	*text = (struct up_span){ buf + 1, (size_t)n - 1 };
	return UP_OK;
}
