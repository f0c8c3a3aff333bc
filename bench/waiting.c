/* SPDX-License-Identifier: Apache-2.0 */
/* Login pages that wait: what each costs unitpassd.
 *
 *   waiting --listen IP:PORT --watch IP:PORT --client ID --secret-file FILE --pages N --seconds S
 * --pid SERVER
 *
 * Begins N logins, opens one stream of server-sent events for each at --watch,
 * waits until every page has a frame, lets them wait for S seconds and reads
 * what the server's process has used.  Memory is resident memory of the whole
 * process: before, with the logins begun, with the pages waiting; kernel
 * memory of the sockets is not in it.  Pages are opened OPENING at a time, as
 * fast as they get their first frame.  One JSON line on stdout; a page that
 * ends or answers anything but 200 is an error, and the exit status is 1. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http.h"
#include "measure.h"
#include "portal.h"

#define OPENING 256
#define EVENTS 512
#define GIVE_UP_US 60000000

struct page {
	int fd;			/* -1: not open */
	bool seen;		/* has had a frame */
	char path[32];		/* /watch/... */
};

static struct {
	const char *listen, *watch, *client, *secret_file;
	long n, seconds, pid;
	struct page *pages;
	struct sockaddr_in addr;
	int epoll;
	long opened, seen, frames, errors;
} run;

/* --- logins --- */

static bool begin_one(
    struct up_bench_conn *conn, struct up_bench_response *res, const char *headers, long i)
{
	struct page *p = &run.pages[i];
	char body[512], nonce[32];

	/* A browser of its own: the server ends the oldest of many attempts of one. */
	up_bench_portal_begin(i, i, nonce, body, sizeof(body));
	const struct up_bench_request req = {
		.method = "POST", .path = "/device_authorization", .headers = headers, .body = body,
		.body_len = strlen(body),
	};

	p->fd = -1;
	if (up_bench_conn_request(conn, &req, res) != 0 || res->status != 200) {
		up_bench_complain("device authorization: status %d: %.300s", res->status,
		    res->body.p ? res->body.p : strerror(errno));
		return false;
	}
	const char *path = strstr(res->body.p, "/watch/");
	size_t n = path != NULL ? strcspn(path, "\"") : 0;
	if (n == 0 || n >= sizeof(p->path))
		return false;
	memcpy(p->path, path, n);
	return true;
}

static bool begin_all(void)
{
	struct up_bench_response res = { 0 };
	struct up_bench_conn *conn = NULL;
	char headers[512];
	bool ok = up_bench_portal_headers(run.client, run.secret_file, headers, sizeof(headers)) &&
	    up_bench_conn_new(run.listen, &conn) == 0;

	for (long i = 0; ok && i < run.n; i++)
		ok = begin_one(conn, &res, headers, i);
	up_bench_conn_free(&conn);
	up_bench_buf_free(&res.body);
	return ok;
}

/* --- pages --- */

static void end_page(struct page *p, const char *why)
{
	up_bench_complain("page %s: %s", p->path, why);
	close(p->fd);
	p->fd = -1;
	run.errors++;
}

static void open_page(struct page *p)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = p };
	char request[256];

	run.opened++;
	int n = snprintf(request, sizeof(request),
	    "GET %s HTTP/1.1\r\nHost: %s\r\nAccept: text/event-stream\r\n\r\n", p->path, run.watch);
	p->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (p->fd < 0 ||
	    connect(p->fd, (const struct sockaddr *)&run.addr, sizeof(run.addr)) != 0 ||
	    send(p->fd, request, (size_t)n, MSG_NOSIGNAL) != n ||
	    fcntl(p->fd, F_SETFL, O_NONBLOCK) != 0 ||
	    epoll_ctl(run.epoll, EPOLL_CTL_ADD, p->fd, &ev) != 0)
		end_page(p, strerror(errno));
}

/* A frame is one write of the server and much less than a packet: it is not
 * split.  An answer's head may come in the same read, or one before. */
static void read_page(struct page *p)
{
	char buf[8192];
	ssize_t n = recv(p->fd, buf, sizeof(buf) - 1, 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		end_page(p, n == 0 ? "the server closed it" : strerror(errno));
		return;
	}
	buf[n] = '\0';
	if (strncmp(buf, "HTTP/1.1 ", 9) == 0 && strncmp(buf + 9, "200", 3) != 0) {
		end_page(p, "the answer is not 200");
		return;
	}
	if (strstr(buf, "\"state\":\"expired\"") != NULL) {
		end_page(p, "its login has expired");
		return;
	}
	for (const char *at = buf; (at = strstr(at, "event: frame\n")) != NULL; at++) {
		run.frames++;
		run.seen += !p->seen;
		p->seen = true;
	}
}

static void turn(int timeout_ms)
{
	struct epoll_event events[EVENTS];
	int n = epoll_wait(run.epoll, events, EVENTS, timeout_ms);

	for (int i = 0; i < n; i++) {
		struct page *p = events[i].data.ptr;
		if (p->fd >= 0)
			read_page(p);
	}
}

static bool open_all(void)
{
	int64_t end = up_bench_now_us() + GIVE_UP_US;

	while (run.seen + run.errors < run.n && up_bench_now_us() < end) {
		while (run.opened < run.n && run.opened - run.seen - run.errors < OPENING)
			open_page(&run.pages[run.opened]);
		turn(100);
	}
	if (run.seen == run.n)
		return true;
	up_bench_complain("only %ld of %ld pages have a frame", run.seen, run.n);
	return false;
}

static void hold(double *cpu_ms, long *frames)
{
	int64_t end = up_bench_now_us() + run.seconds * 1000000;
	long before = run.frames;
	double cpu = up_bench_cpu_ms(run.pid);

	while (up_bench_now_us() < end)
		turn(100);
	*cpu_ms = up_bench_cpu_ms(run.pid) - cpu;
	*frames = run.frames - before;
}

static int measure(void)
{
	long rss[3], frames;
	double cpu_ms;

	rss[0] = up_bench_rss_kb(run.pid);
	if (!begin_all())
		return 1;
	rss[1] = up_bench_rss_kb(run.pid);
	int64_t t = up_bench_now_us();
	if (!open_all())
		return 1;
	double opening = (double)(up_bench_now_us() - t) / 1e6;
	hold(&cpu_ms, &frames);
	rss[2] = up_bench_rss_kb(run.pid);
	printf("{\"pages\":%ld,\"opening_s\":%.2f,\"seconds\":%ld,\"rss_before_kb\":%ld,\"rss_"
	       "begun_kb\":%ld,\"rss_waiting_kb\":%ld,"
	       "\"kb_per_page\":%.3f,\"kb_per_stream\":%.3f,\"cpu_share\":%.4f,\"frames_per_s\":%."
	       "1f,\"cpu_us_per_frame\":%.2f,"
	       "\"errors\":%ld}\n",
	    run.n, opening, run.seconds, rss[0], rss[1], rss[2],
	    (double)(rss[2] - rss[0]) / (double)run.n, (double)(rss[2] - rss[1]) / (double)run.n,
	    cpu_ms / 1e3 / (double)run.seconds, (double)frames / (double)run.seconds,
	    frames > 0 ? cpu_ms * 1e3 / (double)frames : 0, run.errors);
	return run.errors == 0 && rss[0] > 0 ? 0 : 1;
}

/* --- arguments --- */

static void usage(void)
{
	fputs("usage: waiting --listen IP:PORT --watch IP:PORT --client ID --secret-file FILE "
	      "--pages N --seconds S --pid SERVER\n",
	    stderr);
	exit(2);
}

static void parse_args(int argc, char **argv)
{
	static const struct option options[] = {
		{ "listen", required_argument, NULL, 'l' },
		{ "watch", required_argument, NULL, 'w' },
		{ "client", required_argument, NULL, 'c' },
		{ "secret-file", required_argument, NULL, 's' },
		{ "pages", required_argument, NULL, 'n' },
		{ "seconds", required_argument, NULL, 't' },
		{ "pid", required_argument, NULL, 'p' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (c) {
		case 'l': run.listen = optarg; break;
		case 'w': run.watch = optarg; break;
		case 'c': run.client = optarg; break;
		case 's': run.secret_file = optarg; break;
		case 'n': run.n = up_bench_number("--pages", optarg, 1, 1000000); break;
		case 't': run.seconds = up_bench_number("--seconds", optarg, 1, 250); break;
		case 'p': run.pid = up_bench_number("--pid", optarg, 1, 0x7fffffff); break;
		default: usage();
		}
	if (run.listen == NULL || run.watch == NULL || run.client == NULL ||
	    run.secret_file == NULL || run.n == 0 || run.seconds == 0 || run.pid == 0 ||
	    optind != argc)
		usage();
}

static void parse_watch(void)
{
	const char *colon = strchr(run.watch, ':');
	char ip[INET_ADDRSTRLEN] = "";

	if (colon != NULL && (size_t)(colon - run.watch) < sizeof(ip))
		memcpy(ip, run.watch, (size_t)(colon - run.watch));
	if (inet_pton(AF_INET, ip, &run.addr.sin_addr) != 1)
		usage();
	run.addr.sin_family = AF_INET;
	run.addr.sin_port = htons((uint16_t)up_bench_number("port", colon + 1, 1, 65535));
}

int main(int argc, char **argv)
{
	struct rlimit files;

	parse_args(argc, argv);
	parse_watch();
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
		if (files.rlim_max < (rlim_t)run.n + 16) {
			fprintf(stderr, "waiting: at most %lu files at once here\n",
			    (unsigned long)files.rlim_max);
			return 2;
		}
	}
	run.pages = calloc((size_t)run.n, sizeof(*run.pages));
	run.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (run.pages == NULL || run.epoll < 0)
		abort();
	int rc = measure();
	free(run.pages);
	close(run.epoll);
	return rc;
}
