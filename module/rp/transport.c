/* SPDX-License-Identifier: Apache-2.0 */
#include "module/rp/transport.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/target.h"
#include "module/rp/rplog.h"

#define IDLE_MAX 8

struct up_transport {
	pthread_mutex_t lock;
	CURL *idle[IDLE_MAX];
	size_t n;
	bool stuck;                      /* calls time out, none has been answered since */
	int64_t retry_ms, answered_ms;
};

enum up_err up_transport_new(struct up_transport **out)
{
	struct up_transport *t = calloc(1, sizeof(*t));

	*out = NULL;
	if (t == NULL)
		return UP_E_NOMEM;
	pthread_mutex_init(&t->lock, NULL);
	*out = t;
	return UP_OK;
}

void up_transport_free(struct up_transport **tp)
{
	struct up_transport *t = *tp;

	if (t == NULL)
		return;
	for (size_t i = 0; i < t->n; i++)
		curl_easy_cleanup(t->idle[i]);
	pthread_mutex_destroy(&t->lock);
	free(t);
	*tp = NULL;
}

static CURL *take(struct up_transport *t)
{
	CURL *c = NULL;

	pthread_mutex_lock(&t->lock);
	if (t->n > 0)
		c = t->idle[--t->n];
	pthread_mutex_unlock(&t->lock);
	return c != NULL ? c : curl_easy_init();
}

/* curl_easy_reset forgets the options (credentials among them) and keeps the connections. */
static void give(struct up_transport *t, CURL *c)
{
	curl_easy_reset(c);
	pthread_mutex_lock(&t->lock);
	if (t->n < IDLE_MAX) {
		t->idle[t->n++] = c;
		c = NULL;
	}
	pthread_mutex_unlock(&t->lock);
	if (c != NULL)
		curl_easy_cleanup(c);
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* While the server hangs, one caller at a time tries it; the others hear at once that it does, and
 * hold no thread of the web server. */
static bool may_call(struct up_transport *t, int64_t now)
{
	bool may;

	pthread_mutex_lock(&t->lock);
	may = !t->stuck || now >= t->retry_ms;
	if (may)
		t->retry_ms = now + UP_TRANSPORT_RETRY_MS;
	pthread_mutex_unlock(&t->lock);
	return may;
}

static void note(struct up_transport *t, int64_t began, CURLcode code)
{
	pthread_mutex_lock(&t->lock);
	if (code == CURLE_OK) {
		t->stuck = false;
		t->answered_ms = now_ms();
	} else if (code == CURLE_OPERATION_TIMEDOUT && t->answered_ms < began && !t->stuck) {
		t->stuck = true;
		t->retry_ms = now_ms() + UP_TRANSPORT_RETRY_MS;
	}
	pthread_mutex_unlock(&t->lock);
}

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
	struct up_buf *b = arg;
	size_t len = size * n;

	if (len > UP_TRANSPORT_BODY_MAX - b->n)
		return 0;
	up_buf_put(b, p, len);
	return b->failed ? 0 : len;
}

static bool set_options(
    CURL *c, const struct up_transport_call *call, struct curl_slist *headers, struct up_buf *body)
{
	bool loopback = up_span_starts(up_span_str(call->url), "http://");
	CURLcode e = CURLE_OK;

	e |= curl_easy_setopt(c, CURLOPT_URL, call->url);
	e |= curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, loopback ? "http" : "https");
	e |= curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	e |= curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	e |= curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)UP_TRANSPORT_CONNECT_MS);
	e |= curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)UP_TRANSPORT_TOTAL_MS);
	e |= curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
	e |= curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
	e |= curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	e |= curl_easy_setopt(c, CURLOPT_USERAGENT, "unitpass");
	e |= curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
	e |= curl_easy_setopt(c, CURLOPT_WRITEDATA, body);
	if (loopback)
		e |= curl_easy_setopt(c, CURLOPT_NOPROXY, "*");
	if (call->form != NULL)
		e |= curl_easy_setopt(c, CURLOPT_POSTFIELDS, call->form);
	if (call->user != NULL) {
		e |= curl_easy_setopt(c, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
		e |= curl_easy_setopt(c, CURLOPT_USERNAME, call->user);
		e |= curl_easy_setopt(c, CURLOPT_PASSWORD, call->password);
	}
	return e == CURLE_OK;
}

enum up_err up_transport_call(
    struct up_transport *t, const struct up_transport_call *call, long *status, struct up_buf *body)
{
	enum up_err err = UP_E_UPSTREAM;
	struct curl_slist *headers = NULL;
	struct up_span origin, path;
	int64_t began = now_ms();
	char accept[96];
	CURL *c = NULL;
	CURLcode code;

	*status = 0;
	if (up_target_url(up_span_str(call->url), &origin, &path) != UP_OK) {
		up_rplog('e', "rp_url refused: neither https nor loopback");
		return UP_E_UPSTREAM;
	}
	if (!may_call(t, began))
		return UP_E_UPSTREAM;
	snprintf(accept, sizeof(accept), "Accept: %s", call->accept);
	headers = curl_slist_append(NULL, accept);
	c = take(t);
	if (headers == NULL || c == NULL || !set_options(c, call, headers, body)) {
		err = UP_E_NOMEM;
		goto out;
	}
	code = curl_easy_perform(c);
	note(t, began, code);
	if (code != CURLE_OK) {
		up_rplog('e', "rp_upstream unreachable origin=%.*s reason=\"%s\"", (int)origin.n,
		    (const char *)origin.p,
		    code == CURLE_WRITE_ERROR ? "answer too large" : curl_easy_strerror(code));
		goto out;
	}
	curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, status);
	err = UP_OK;
out:
	if (c != NULL)
		give(t, c);
	curl_slist_free_all(headers);
	return err;
}
