/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include "tools/unitpassctl/doctor_http.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#include "tools/common/http.h"

struct receive {
	struct up_doctor_answer *answer;
	/* an event came whole: the transfer is ended by us */
	bool first_event, complete;
};

static size_t on_header(char *p, size_t size, size_t n, void *arg)
{
	struct up_buf *b = &((struct receive *)arg)->answer->headers;
	size_t len = size * n;

	if (up_span_starts(up_span_of(p, len), "HTTP/"))
		up_buf_reset(b);
	if (len > UP_DOCTOR_HTTP_BODY_MAX - b->n)
		return 0;
	up_buf_put(b, p, len);
	return b->failed ? 0 : len;
}

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
	struct receive *r = arg;
	struct up_buf *b = &r->answer->body;
	size_t len = size * n;

	if (len > UP_DOCTOR_HTTP_BODY_MAX - b->n)
		return 0;
	up_buf_put(b, p, len);
	if (b->failed)
		return 0;
	r->complete = r->first_event && memmem(b->p, b->n, "data:", 5) != NULL &&
	    memmem(b->p, b->n, "\n\n", 2) != NULL;
	return r->complete ? 0 : len;
}

static bool set_options(CURL *c, const struct up_doctor_call *call, struct curl_slist *headers,
    struct receive *r, char error[CURL_ERROR_SIZE])
{
	/* Portal and server speak directly: so does this. */
	bool plain = up_span_starts(up_span_str(call->url), "http://");
	CURLcode e = CURLE_OK;

	if (!up_http_prepare(c, plain, call->ca, error))
		return false;
	e |= curl_easy_setopt(c, CURLOPT_URL, call->url);
	e |= curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	e |= curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)UP_DOCTOR_HTTP_CONNECT_MS);
	e |= curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)UP_DOCTOR_HTTP_TOTAL_MS);
	e |= curl_easy_setopt(c, CURLOPT_CERTINFO, 1L);
	e |= curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	e |= curl_easy_setopt(c, CURLOPT_USERAGENT, "unitpassctl-doctor");
	e |= curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
	e |= curl_easy_setopt(c, CURLOPT_HEADERDATA, r);
	e |= curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
	e |= curl_easy_setopt(c, CURLOPT_WRITEDATA, r);
	if (call->unix_path != NULL)
		e |= curl_easy_setopt(c, CURLOPT_UNIX_SOCKET_PATH, call->unix_path);
	if (call->form != NULL)
		e |= curl_easy_setopt(c, CURLOPT_POSTFIELDS, call->form);
	if (call->user != NULL) {
		e |= curl_easy_setopt(c, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
		e |= curl_easy_setopt(c, CURLOPT_USERNAME, call->user);
		e |= curl_easy_setopt(c, CURLOPT_PASSWORD, call->password);
	}
	return e == CURLE_OK;
}

static void take_certificate(const struct curl_slist *c, struct up_doctor_answer *a)
{
	const char *subject = "";
	time_t end;

	for (; c != NULL; c = c->next) {
		if (strncmp(c->data, "Subject:", 8) == 0)
			subject = c->data + 8;
		if (strncmp(c->data, "Expire date:", 12) != 0)
			continue;
		end = curl_getdate(c->data + 12, NULL);
		if (end != (time_t)-1 && (!a->has_certificates || (int64_t)end < a->expires_s)) {
			a->has_certificates = true;
			a->expires_s = (int64_t)end;
			snprintf(a->subject, sizeof(a->subject), "%s", subject);
		}
	}
}

static void take_answer(CURL *c, struct up_doctor_answer *a)
{
	struct curl_certinfo *info = NULL;
	struct up_span date = up_doctor_http_header(a, "Date");
	char text[64];

	curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &a->status);
	if (curl_easy_getinfo(c, CURLINFO_CERTINFO, &info) == CURLE_OK && info != NULL)
		for (int i = 0; i < info->num_of_certs; i++)
			take_certificate(info->certinfo[i], a);
	if (date.n > 0 && date.n < sizeof(text)) {
		time_t t;

		snprintf(text, sizeof(text), "%.*s", (int)date.n, (const char *)date.p);
		t = curl_getdate(text, NULL);
		a->date_s = t == (time_t)-1 ? 0 : (int64_t)t;
	}
}

enum up_err up_doctor_http(const struct up_doctor_call *call, struct up_doctor_answer *a)
{
	struct receive r = { .answer = a, .first_event = call->first_event };
	char accept[96], error[CURL_ERROR_SIZE] = "";
	struct curl_slist *headers;
	enum up_err err = UP_E_NOMEM;
	CURL *c = curl_easy_init();
	CURLcode code;

	memset(a, 0, sizeof(*a));
	snprintf(accept, sizeof(accept), "Accept: %s",
	    call->accept != NULL ? call->accept : "application/json");
	headers = curl_slist_append(NULL, accept);
	if (c == NULL || headers == NULL || !set_options(c, call, headers, &r, error))
		goto out;
	err = UP_OK;
	code = curl_easy_perform(c);
	if (code == CURLE_OK || (code == CURLE_WRITE_ERROR && r.complete)) {
		take_answer(c, a);
		goto out;
	}
	a->certificate_refused = code == CURLE_PEER_FAILED_VERIFICATION;
	a->timed_out = code == CURLE_OPERATION_TIMEDOUT;
	snprintf(a->why, sizeof(a->why), "%s", error[0] != '\0' ? error : curl_easy_strerror(code));
out:
	if (c != NULL)
		curl_easy_cleanup(c);
	curl_slist_free_all(headers);
	return err;
}

void up_doctor_http_free(struct up_doctor_answer *a)
{
	up_buf_free(&a->headers);
	up_buf_free(&a->body);
	memset(a, 0, sizeof(*a));
}

struct up_span up_doctor_http_header(const struct up_doctor_answer *a, const char *name)
{
	struct up_span rest = up_buf_span(&a->headers), line, key, value;

	while (rest.n > 0) {
		up_span_cut(rest, '\n', &line, &rest);
		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		if (up_span_cut(line, ':', &key, &value) && up_span_ieq_str(key, name))
			return up_span_trim(value);
	}
	return up_span_of(NULL, 0);
}

void up_doctor_http_error(const struct up_doctor_answer *a, char out[UP_OAUTH_ERROR])
{
	up_oauth_error(up_buf_span(&a->body), out, NULL);
	/* it goes to a terminal */
	for (char *c = out; *c != '\0'; c++)
		if (*c < 0x20 || *c >= 0x7f)
			*c = '?';
}
