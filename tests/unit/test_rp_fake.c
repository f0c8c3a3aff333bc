/* SPDX-License-Identifier: Apache-2.0 */
#include "test_rp_fake.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROUTES 16
#define FILES 32

const char fake_key_a[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const char fake_key_b[] = "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff";
char fake_logged[65536];

/* --- files and portals --- */

static char folder[64];
static char files[FILES][128];
static size_t n_files;

const char *fake_file(const char *name, const char *text, int mode)
{
	FILE *f;

	if (folder[0] == '\0') {
		snprintf(folder, sizeof(folder), "/tmp/unitpass-test-XXXXXX");
		if (mkdtemp(folder) == NULL)
			abort();
	}
	if (n_files == FILES)
		abort();
	snprintf(files[n_files], sizeof(files[0]), "%s/%zu-%s", folder, n_files, name);
	f = fopen(files[n_files], "w");
	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0 ||
	    chmod(files[n_files], (mode_t)mode) != 0)
		abort();
	return files[n_files++];
}

void fake_clean(void)
{
	for (size_t i = 0; i < n_files; i++)
		unlink(files[i]);
	if (folder[0] != '\0')
		rmdir(folder);
	folder[0] = '\0';
	n_files = 0;
}

struct up_rp *fake_rp(const char *issuer, const char *client, const char *session_keys)
{
	return fake_rp_asking(issuer, client, session_keys, false);
}

struct up_rp *fake_rp_asking(const char *issuer, const char *client, const char *session_keys,
    bool asking)
{
	struct up_rp_settings s = { .issuer = issuer, .client = client, .unasked = !asking };
	struct up_rp *rp;
	char why[256];

	s.secret_file = fake_file("secret", FAKE_SECRET "\n", 0600);
	s.session_key_file = fake_file("keys", session_keys, 0600);
	if (up_rp_new(&s, &rp, why) != UP_OK) {
		fprintf(stderr, "up_rp_new: %s\n", why);
		abort();
	}
	fake_clean();
	return rp;
}

/* --- the server --- */

struct route { char path[128], headers[512], *body; int status; unsigned count; char last[8192]; };

static struct {
	pthread_mutex_t lock;
	pthread_t thread;
	int fd;
	char origin[64];
	struct route routes[ROUTES];
	size_t n;
} server = { .lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1 };

static struct route *route_of(const char *path, size_t n)
{
	for (size_t i = 0; i < server.n; i++)
		if (strlen(server.routes[i].path) == n &&
		    memcmp(server.routes[i].path, path, n) == 0)
			return &server.routes[i];
	if (server.n == ROUTES || n >= sizeof(server.routes[0].path))
		abort();
	memcpy(server.routes[server.n].path, path, n);
	server.routes[server.n].status = 404;
	return &server.routes[server.n++];
}

static size_t read_request(int fd, char *buf, size_t cap)
{
	size_t n = 0, want = 0;
	ssize_t got;

	while (n + 1 < cap && (got = read(fd, buf + n, cap - 1 - n)) > 0) {
		char *end, *length;

		n += (size_t)got;
		buf[n] = '\0';
		end = strstr(buf, "\r\n\r\n");
		if (end == NULL)
			continue;
		length = strstr(buf, "\r\nContent-Length:");
		want = (size_t)(end + 4 - buf) +
		    (length != NULL && length < end ? strtoul(length + 17, NULL, 10) : 0);
		if (n >= want)
			break;
	}
	return n;
}

static void write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t done = send(fd, p, n, MSG_NOSIGNAL);

		if (done <= 0)
			return;
		p += done;
		n -= (size_t)done;
	}
}

static void answer(int fd)
{
	char request[8192], head[1024], byte;
	char *path, *body = NULL;
	struct route *r;
	int status, len;

	if (read_request(fd, request, sizeof(request)) == 0)
		return;
	path = strchr(request, ' ');
	if (path == NULL)
		return;
	path++;
	pthread_mutex_lock(&server.lock);
	r = route_of(path, strcspn(path, " ?"));
	r->count++;
	snprintf(r->last, sizeof(r->last), "%s", request);
	status = r->status;
	body = strdup(r->body != NULL ? r->body : "");
	len = snprintf(head, sizeof(head),
	    "HTTP/1.1 %d X\r\nConnection: close\r\nContent-Length: %zu\r\n%s\r\n", status,
	    strlen(body), r->headers);
	pthread_mutex_unlock(&server.lock);
	if (status == 0) {
		while (read(fd, &byte, 1) > 0)
			;
	} else {
		write_all(fd, head, (size_t)len);
		write_all(fd, body, strlen(body));
	}
	free(body);
}

static void *serve(void *arg)
{
	int fd;

	(void)arg;
	while ((fd = accept(server.fd, NULL, NULL)) >= 0) {
		answer(fd);
		close(fd);
	}
	return NULL;
}

const char *fake_start(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(a);

	if (server.fd >= 0)
		return server.origin;
	server.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (server.fd < 0 || bind(server.fd, (struct sockaddr *)&a, n) != 0 ||
	    listen(server.fd, 64) != 0 || getsockname(server.fd, (struct sockaddr *)&a, &n) != 0 ||
	    pthread_create(&server.thread, NULL, serve, NULL) != 0)
		abort();
	snprintf(server.origin, sizeof(server.origin), "http://127.0.0.1:%d", ntohs(a.sin_port));
	return server.origin;
}

void fake_stop(void)
{
	if (server.fd < 0)
		return;
	shutdown(server.fd, SHUT_RDWR);
	pthread_join(server.thread, NULL);
	close(server.fd);
	server.fd = -1;
	fake_reset();
}

void fake_answer(const char *path, int status, const char *headers, const char *body)
{
	struct route *r;

	pthread_mutex_lock(&server.lock);
	r = route_of(path, strlen(path));
	free(r->body);
	r->body = strdup(body);
	r->status = status;
	snprintf(r->headers, sizeof(r->headers), "%s", headers);
	pthread_mutex_unlock(&server.lock);
}

void fake_answer_many(const char *path, int status, size_t bytes)
{
	char *body = malloc(bytes + 32);

	if (body == NULL)
		abort();
	memcpy(body, "{\"x\":\"", 6);
	memset(body + 6, 'a', bytes);
	memcpy(body + 6 + bytes, "\"}", 3);
	fake_answer(path, status, "", body);
	free(body);
}

unsigned fake_count(const char *path)
{
	unsigned n;

	pthread_mutex_lock(&server.lock);
	n = route_of(path, strlen(path))->count;
	pthread_mutex_unlock(&server.lock);
	return n;
}

const char *fake_last(const char *path)
{
	static char copy[8192];

	pthread_mutex_lock(&server.lock);
	snprintf(copy, sizeof(copy), "%s", route_of(path, strlen(path))->last);
	pthread_mutex_unlock(&server.lock);
	return copy;
}

void fake_reset(void)
{
	pthread_mutex_lock(&server.lock);
	for (size_t i = 0; i < server.n; i++)
		free(server.routes[i].body);
	memset(server.routes, 0, sizeof(server.routes));
	server.n = 0;
	pthread_mutex_unlock(&server.lock);
}

void fake_provider(const char *issuer, const struct up_jwk *key)
{
	struct up_buf b = { 0 };
	json_t *jwk = up_jwk_to_json(key, false);
	char *text = json_dumps(jwk, 0);

	up_buf_printf(&b,
	    "{\"issuer\":\"%s\",\"device_authorization_endpoint\":\"%s/"
	    "da\",\"token_endpoint\":\"%s/token\",\"jwks_uri\":\"%s/jwks\"}",
	    issuer, issuer, issuer, issuer);
	fake_answer("/.well-known/openid-configuration", 200, "", up_buf_cstr(&b));
	up_buf_reset(&b);
	up_buf_printf(&b, "{\"keys\":[%s]}", text);
	fake_answer("/jwks", 200, "", up_buf_cstr(&b));
	up_buf_free(&b);
	free(text);
	json_decref(jwk);
}

/* --- requests and answers --- */

const char *fake_cookie(const struct fake_browser *b, const char *name)
{
	static char out[4096];
	const char *p = b->cookies;
	size_t n = strlen(name);

	while ((p = strstr(p, name)) != NULL && p[n] != '=')
		p += n;
	if (p == NULL)
		return NULL;
	snprintf(out, sizeof(out), "%.*s", (int)strcspn(p, ";"), p);
	return out;
}

/* One jar entry per name, newest value; Max-Age=0 removes. */
static void keep_cookie(struct fake_browser *b, const char *set_cookie)
{
	size_t name = strcspn(set_cookie, "="), all = strcspn(set_cookie, ";");
	char rest[sizeof(b->cookies)] = "", *save = NULL;

	for (char *p = strtok_r(b->cookies, ";", &save); p != NULL;
	     p = strtok_r(NULL, ";", &save)) {
		p += strspn(p, " ");
		if (strncmp(p, set_cookie, name + 1) != 0 &&
		    strlen(rest) + strlen(p) + 3 < sizeof(rest))
			strcat(strcat(rest, rest[0] != '\0' ? "; " : ""), p);
	}
	if (strstr(set_cookie, "Max-Age=0") != NULL)
		snprintf(b->cookies, sizeof(b->cookies), "%s", rest);
	else
		snprintf(b->cookies, sizeof(b->cookies), "%.8000s%s%.*s", rest,
		    rest[0] != '\0' ? "; " : "", (int)all, set_cookie);
}

static void send_request(const struct up_rp *rp, struct fake_browser *b, struct up_rp_request *req,
    const char *target, const char *form, struct up_rp_response *resp)
{
	struct up_rp_opener *opener;

	if (up_rp_opener_new(rp, &opener) != UP_OK)
		abort();
	up_span_cut(up_span_str(target), '?', &req->path, &req->query);
	req->uri = up_span_str(target);
	req->host = UP_SPAN_LIT("portal.example.org");
	req->cookies = up_span_str(b->cookies);
	req->accept_language = UP_SPAN_LIT("en");
	req->client_ip = UP_SPAN_LIT("192.0.2.7");
	req->user_agent = UP_SPAN_LIT(
	    "Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Firefox/115.0");
	req->now_s = b->now_s + b->more_ms / 1000;
	req->now_ms = b->now_s * 1000 + b->more_ms;
	req->sec_fetch_dest = up_span_str(b->dest);
	req->purpose = up_span_str(b->purpose);
	if (form != NULL) {
		req->content_type = UP_SPAN_LIT("application/x-www-form-urlencoded");
		req->body = up_span_str(form);
	}
	up_rp_handle(rp, opener, req, resp);
	for (size_t i = 0; i < resp->n_headers; i++)
		if (strcmp(resp->headers[i].name, "Set-Cookie") == 0)
			keep_cookie(b, resp->headers[i].value);
	up_rp_opener_free(&opener);
}

void fake_fetch(const struct up_rp *rp, struct fake_browser *b, const char *method,
    const char *target, const char *form, struct up_rp_response *resp)
{
	struct up_rp_request req = { .method = up_span_str(method),
		.accept = UP_SPAN_LIT("application/json"),
		.sec_fetch_site = UP_SPAN_LIT("same-origin"),
		.sec_fetch_mode = UP_SPAN_LIT("cors") };

	send_request(rp, b, &req, target, form, resp);
}

void fake_visit(const struct up_rp *rp, struct fake_browser *b, const char *method,
    const char *target, const char *form, struct up_rp_response *resp)
{
	struct up_rp_request req = { .method = up_span_str(method),
		.accept = UP_SPAN_LIT("text/html,application/xhtml+xml,*/*;q=0.8"),
		.sec_fetch_site = UP_SPAN_LIT("same-origin"),
		.sec_fetch_mode = UP_SPAN_LIT("navigate"),
		.origin = UP_SPAN_LIT("null") };

	send_request(rp, b, &req, target, form, resp);
}

const char *fake_header(const struct up_rp_response *r, const char *name)
{
	for (size_t i = 0; i < r->n_headers; i++)
		if (strcasecmp(r->headers[i].name, name) == 0)
			return r->headers[i].value;
	return NULL;
}

const char *fake_member(const char *text, const char *name)
{
	static char out[1024];
	char json[80], form[80];
	const char *p;

	snprintf(json, sizeof(json), "\"%s\":\"", name);
	snprintf(form, sizeof(form), "&%s=", name);
	p = strstr(text, json);
	if (p != NULL)
		snprintf(out, sizeof(out), "%.*s", (int)strcspn(p + strlen(json), "\""),
		    p + strlen(json));
	else if ((p = strstr(text, form)) != NULL)
		snprintf(out, sizeof(out), "%.*s", (int)strcspn(p + strlen(form), "& \r\n"),
		    p + strlen(form));
	else
		out[0] = '\0';
	return out;
}

void fake_log(void *arg, char level, const char *line)
{
	size_t n = strlen(fake_logged);

	(void)arg;
	if (n + strlen(line) + 4 < sizeof(fake_logged))
		snprintf(fake_logged + n, sizeof(fake_logged) - n, "%c %s\n", level, line);
}
