/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include <curl/curl.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "core/dpop.h"
#include "core/text.h"
#include "tools/common/http.h"
#include "tools/common/terminal.h"
#include "tools/holder/holder.h"

#define CONNECT_S 10L
#define TOTAL_S 30L
#define ANSWER_MAX (1024 * 1024)

struct exchange {
	CURL *curl;
	struct curl_slist *headers;
	struct up_buf url, proof, answer;
	char *body;
	char nonce[129];
	char error[CURL_ERROR_SIZE];
};

/* --- what comes back --- */

static size_t take_body(char *p, size_t size, size_t n, void *arg)
{
	struct exchange *x = arg;

	if (x->answer.n + size * n > ANSWER_MAX)
		return 0;
	up_buf_put(&x->answer, p, size * n);
	return x->answer.failed ? 0 : size * n;
}

/* Letters, digits and a few marks (RFC 9449 section 8: NQCHAR), within our bound: anything else is
 * no nonce. */
static size_t take_header(char *p, size_t size, size_t n, void *arg)
{
	static const char name[] = "dpop-nonce:";
	struct up_span value, line = up_span_of(p, size * n);
	struct exchange *x = arg;

	if (line.n <= sizeof(name) - 1 || strncasecmp(p, name, sizeof(name) - 1) != 0)
		return size * n;
	value = up_span_of(line.p + sizeof(name) - 1, line.n - (sizeof(name) - 1));
	while (value.n > 0 && (value.p[value.n - 1] == '\r' || value.p[value.n - 1] == '\n'))
		value.n--;
	value = up_span_trim(value);
	if (value.n == 0 || value.n >= sizeof(x->nonce))
		return size * n;
	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] <= ' ' || value.p[i] >= 0x7f || value.p[i] == '"' ||
		    value.p[i] == '\\')
			return size * n;
	memcpy(x->nonce, value.p, value.n);
	x->nonce[value.n] = '\0';
	return size * n;
}

/* --- what goes out --- */

static enum up_err make_proof(
    const struct up_holder *h, const struct up_holder_call *c, struct exchange *x)
{
	uint8_t raw[16];
	char jti[22];
	struct up_span body = up_span_str(x->body != NULL ? x->body : "");
	struct up_buf htu = { 0 };
	struct up_dpop_make make = { .key = h->key,
		.method = c->method,
		.token = up_span_str(h->token),
		.nonce = up_span_str(h->nonce),
		.jti = up_span_of(jti, sizeof(jti)),
		.decision = c->decision,
		.body = x->body != NULL ? &body : NULL,
		.now_s = (int64_t)time(NULL) };
	enum up_err err;

	if (RAND_bytes(raw, sizeof(raw)) != 1)
		return UP_E_CRYPTO;
	up_text_b64url(up_span_of(raw, sizeof(raw)), jti);
	/* The proof names the issuer, wherever --server says it is reached. */
	up_buf_printf(&htu, "%s%s", h->issuer, c->path);
	make.url = up_buf_span(&htu);
	up_buf_reset(&x->proof);
	up_buf_put_str(&x->proof, "DPoP: ");
	err = htu.failed ? UP_E_NOMEM : up_dpop_make(&make, &x->proof);
	up_buf_free(&htu);
	return err;
}

static bool add_header(struct exchange *x, const char *text)
{
	struct curl_slist *more = text != NULL ? curl_slist_append(x->headers, text) : NULL;

	x->headers = more != NULL ? more : x->headers;
	return more != NULL;
}

/* "NAME VALUE", or nothing. */
static bool add_pair(struct exchange *x, const char *name, const char *value)
{
	struct up_buf text = { 0 };
	bool good;

	if (value == NULL)
		return true;
	up_buf_printf(&text, "%s %s", name, value);
	good = add_header(x, up_buf_cstr(&text));
	up_buf_free(&text);
	return good;
}

static bool put_headers(
    const struct up_holder *h, const struct up_holder_call *c, struct exchange *x)
{
	bool good;

	curl_slist_free_all(x->headers);
	x->headers = NULL;
	good = add_header(x, up_buf_cstr(&x->proof)) &&
	    add_header(
		x, up_terminal_chinese() ? "Accept-Language: zh-CN" : "Accept-Language: en") &&
	    add_header(x, "Accept: application/json") && add_header(x, "Expect:");
	if (good && x->body != NULL)
		good = add_header(x, "Content-Type: application/json");
	return good && add_pair(x, "Idempotency-Key:", c->key) &&
	       add_pair(x, "Authorization: DPoP", h->token);
}

static enum up_err set_options(
    const struct up_holder *h, const struct up_holder_call *c, struct exchange *x)
{
	const char *base = h->server != NULL ? h->server : h->issuer;
	/* up_target_url let it pass: a loopback host */
	bool plain = strncmp(base, "http:", 5) == 0;
	CURL *curl = x->curl;

	/* The proof's htu has no query (RFC 9449 section 4.2). */
	up_buf_printf(&x->url, "%s%s%s%s", base, c->path, c->query != NULL ? "?" : "",
	    c->query != NULL ? c->query : "");
	if (up_buf_cstr(&x->url) == NULL || !up_http_prepare(curl, plain, h->ca, x->error))
		return UP_E_NOMEM;
	curl_easy_setopt(curl, CURLOPT_URL, up_buf_cstr(&x->url));
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, plain ? "http" : "https");
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_S);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, TOTAL_S);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "unitpass-holder/" PACKAGE_VERSION);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, x);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, x);
	if (x->body != NULL)
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, x->body);
	return UP_OK;
}

/* --- one call --- */

static enum up_err once(struct up_holder *h, const struct up_holder_call *c, struct exchange *x,
    struct up_holder_answer *answer)
{
	enum up_err err = make_proof(h, c, x);
	CURLcode code;

	if (err != UP_OK || !put_headers(h, c, x))
		return err != UP_OK ? err : UP_E_NOMEM;
	up_buf_reset(&x->answer);
	x->nonce[0] = x->error[0] = '\0';
	curl_easy_setopt(x->curl, CURLOPT_HTTPHEADER, x->headers);
	code = curl_easy_perform(x->curl);
	if (code != CURLE_OK) {
		snprintf(h->why, sizeof(h->why), "%.120s: %.120s",
		    h->server != NULL ? h->server : h->issuer,
		    x->error[0] != '\0' ? x->error : curl_easy_strerror(code));
		return UP_E_UPSTREAM;
	}
	curl_easy_getinfo(x->curl, CURLINFO_RESPONSE_CODE, &answer->status);
	if (x->nonce[0] != '\0' && strcmp(x->nonce, h->nonce) != 0) {
		memcpy(h->nonce, x->nonce, sizeof(h->nonce));
		up_holder_save_nonce(h);
	}
	json_decref(answer->body);
	answer->body = json_loadb(
	    (const char *)x->answer.p, x->answer.n, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(answer->body))
		return UP_OK;
	snprintf(h->why, sizeof(h->why),
	    up_say("%.120s does not answer as a unitpass server (HTTP %ld)",
		"%.120s 的应答不是 unitpass 服务器的应答（HTTP %ld）"),
	    h->server != NULL ? h->server : h->issuer, answer->status);
	return UP_E_UPSTREAM;
}

static bool wants_nonce(const struct up_holder_answer *answer)
{
	return answer->status == 401 &&
	    up_span_eq_str(up_holder_text(answer->body, "error"), "use_dpop_nonce");
}

enum up_err up_holder_call(
    struct up_holder *h, const struct up_holder_call *c, struct up_holder_answer *answer)
{
	struct exchange x = { .curl = curl_easy_init() };
	enum up_err err = UP_E_NOMEM;

	*answer = (struct up_holder_answer){ 0 };
	snprintf(h->why, sizeof(h->why), "%s", up_err_reply(UP_E_NOMEM)->en);
	if (c->body != NULL)
		x.body = json_dumps(c->body, JSON_COMPACT);
	if (x.curl == NULL || (c->body != NULL && x.body == NULL))
		goto out;
	err = set_options(h, c, &x);
	if (err == UP_OK)
		err = once(h, c, &x, answer);
	if (err == UP_OK && wants_nonce(answer))
		err = once(h, c, &x, answer);
out:
	curl_easy_cleanup(x.curl);
	curl_slist_free_all(x.headers);
	if (x.body != NULL)
		up_wipe(x.body, strlen(x.body));
	free(x.body);
	up_buf_free(&x.url);
	up_buf_free(&x.proof);
	up_buf_free(&x.answer);
	return err;
}

void up_holder_answer_free(struct up_holder_answer *a)
{
	json_decref(a->body);
	a->body = NULL;
}

void up_holder_query_put(struct up_buf *query, const char *name, const char *value)
{
	char *escaped = value != NULL ? curl_easy_escape(NULL, value, 0) : NULL;

	if (value == NULL)
		return;
	query->failed = query->failed || escaped == NULL;
	up_buf_printf(query, "%s%s=%s", query->n == 0 ? "" : "&", name,
	    escaped != NULL ? escaped : "");
	curl_free(escaped);
}

int up_holder_get(
    struct up_holder *h, const char *path, const char *query, struct up_holder_answer *answer)
{
	const struct up_holder_call c = { .method = "GET", .path = path, .query = query };
	enum up_err err;

	*answer = (struct up_holder_answer){ 0 };
	if (!up_holder_open(h, false))
		return UP_HOLDER_FAILED;
	err = up_holder_call(h, &c, answer);
	if (err != UP_OK)
		return up_holder_fail(h, UP_HOLDER_FAILED, up_err_name(err), "%s", h->why);
	return answer->status == 200 ? 0 : up_holder_refused(h, answer);
}
