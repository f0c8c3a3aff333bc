/* SPDX-License-Identifier: Apache-2.0
 * Listening sockets: loopback TCP or Unix. TLS ends at the web server in front, so an address that
 * others reach is refused. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "server/http/http.h"
#include "server/http/routes.h"

#define BACKLOG 1024

static int fail(int fd, const char *address, const char *what, char why[256])
{
	snprintf(why, 256, "cannot listen on %.100s: %s", address, what);
	if (fd >= 0)
		close(fd);
	return -1;
}

/* A socket file that nobody answers on is left from an earlier run; one that answers is another
 * server's. */
static bool stale(const struct sockaddr_un *sa)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool refused = fd >= 0 && connect(fd, (const struct sockaddr *)sa, sizeof(*sa)) != 0 &&
	    errno == ECONNREFUSED;

	if (fd >= 0)
		close(fd);
	return refused;
}

static int unix_socket(const char *address, char **path, char why[256])
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	mode_t old;
	int fd, bound;

	if (strlen(address + 5) >= sizeof(sa.sun_path))
		return fail(-1, address, "the path is too long", why);
	strcpy(sa.sun_path, address + 5);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return fail(fd, address, strerror(errno), why);
	if (stale(&sa))
		unlink(sa.sun_path);
	/* The web server's user reaches the socket through the folder's permissions and this group
	 * bit. */
	old = umask(0117);
	bound = bind(fd, (struct sockaddr *)&sa, sizeof(sa));
	umask(old);
	if (bound != 0 || listen(fd, BACKLOG) != 0)
		return fail(fd, address, strerror(errno), why);
	*path = strdup(sa.sun_path);
	return fd;
}

static bool is_loopback(const struct sockaddr *sa)
{
	if (sa->sa_family == AF_INET)
		return ntohl(((const struct sockaddr_in *)(const void *)sa)->sin_addr.s_addr) >>
		    24 ==
		    127;
	return sa->sa_family == AF_INET6 &&
	    IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr);
}

static int tcp_socket(const char *address, char why[256])
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE }, *ai = NULL;
	const char *colon = strrchr(address, ':');
	char host[128];
	int fd, one = 1, rc;

	snprintf(host, sizeof(host), "%.*s", (int)(colon - address), address);
	if (host[0] == '[' && host[strlen(host) - 1] == ']') {
		host[strlen(host) - 1] = '\0';
		memmove(host, host + 1, strlen(host));
	}
	rc = getaddrinfo(host, colon + 1, &hints, &ai);
	if (rc != 0)
		return fail(-1, address, gai_strerror(rc), why);
	if (!is_loopback(ai->ai_addr)) {
		freeaddrinfo(ai);
		return fail(-1, address,
		    "not a loopback address; TLS ends at the web server in front, which forwards "
		    "to loopback or a Unix socket",
		    why);
	}
	fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	rc = fd >= 0 && bind(fd, ai->ai_addr, ai->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0
	    ? 0
	    : errno;
	freeaddrinfo(ai);
	return rc == 0 ? fd : fail(fd, address, strerror(rc), why);
}

int up_listener_socket(const char *address, char **unix_path, char why[256])
{
	*unix_path = NULL;
	return strncmp(address, "unix:", 5) == 0 ? unix_socket(address, unix_path, why)
						 : tcp_socket(address, why);
}

void up_listener_socket_close(int fd, const char *unix_path)
{
	if (unix_path != NULL)
		unlink(unix_path);
	if (fd >= 0)
		close(fd);
}
