/* SPDX-License-Identifier: Apache-2.0 */
#include "server/connect/platform.h"

#include <curl/curl.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/target.h"
#include "core/text.h"

#define IDLE_MAX 8
#define ANSWER_MAX 65536
#define PAUSE_MAX_MS 10000

struct up_platform {
	struct up_platform_settings of;
	struct up_buf secret;
	struct up_span origin, path;     /* of the URL */
	atomic_bool stop;
	pthread_mutex_t lock;            /* of what follows */
	pthread_cond_t stopped;
	struct up_breaker breaker;
	CURL *idle[IDLE_MAX];            /* they keep their connections */
	size_t n_idle;
};

/* --- what can go wrong, and what follows from it --- */

enum fault {
	NONE, UNREACHABLE, UNTRUSTED, SLOW, BROKEN, BUSY, REFUSED, LARGE, UNSIGNED, CLOCK,
	MALFORMED, UNKNOWN, OPEN, STOPPED, SELF
};

/* AGAIN: it may be gone in a moment. DOWN: it counts for the breaker; what does not was said by a
 * platform that works. */
static const struct { bool again, down; const char *en, *zh; } faults[] = {
	[NONE] = { false, false, "", "" },
	[UNREACHABLE] = { true, true, "cannot be reached", "无法连接" },
	[UNTRUSTED] = { false, true, "shows no certificate that is valid for its name",
	    "未出示与其主机名相符的有效证书" },
	[SLOW] = { true, true, "does not answer in time", "未在时限内应答" },
	[BROKEN] = { true, true, "breaks off its answer", "应答中断" },
	[BUSY] = { true, true, "is busy or fails", "繁忙或出错" },
	[REFUSED] = { false, false, "refuses the request", "拒绝请求" },
	[LARGE] = { false, true, "answers with more than 64 KiB", "应答超过 64 KiB" },
	[UNSIGNED] = { false, true, "answers without the right signature: is the secret the same?",
	    "应答签名不正确：双方密钥是否一致？" },
	[CLOCK] = { false, true, "dates its answer more than 5 minutes from the clock here",
	    "应答时间与本机时钟相差超过 5 分钟" },
	[MALFORMED] = { false, false, "answers what is not understood (realname_answer)",
	    "应答无法理解（realname_answer）" },
	[UNKNOWN] = { false, false, "answers a value that is not configured (realname_match, "
	    "realname_mismatch, realname_not_found)",
	    "应答了未配置的值（realname_match、realname_mismatch、realname_not_found）" },
	[OPEN] = { false, false, "failed several times in a row and is left in peace for a while",
	    "连续多次失败，暂停访问" },
	[STOPPED] = { false, false, "is not asked: shutting down", "未访问：正在停止" },
	[SELF] = { false, false, "cannot be asked: no memory or randomness here",
	    "无法访问：本机内存或随机数不可用" },
};

/* --- small things --- */

static int64_t steady_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* For pauses: what it says need not be secret, and is as good when it fails. */
static uint32_t draw(void)
{
	uint32_t n = UINT32_MAX;

	(void)RAND_bytes((unsigned char *)&n, sizeof(n));
	return n;
}

static bool may_try(struct up_platform *p, uint64_t *ticket)
{
	bool may;

	pthread_mutex_lock(&p->lock);
	may = up_breaker_ask(&p->breaker, &p->of.breaker, steady_ms(), ticket);
	pthread_mutex_unlock(&p->lock);
	return may;
}

static void tell(struct up_platform *p, uint64_t ticket, bool answered)
{
	uint32_t random = draw();

	pthread_mutex_lock(&p->lock);
	up_breaker_tell(&p->breaker, &p->of.breaker, ticket, answered, steady_ms(), random);
	pthread_mutex_unlock(&p->lock);
}

enum up_breaker_state up_platform_breaker(struct up_platform *p)
{
	enum up_breaker_state state;

	pthread_mutex_lock(&p->lock);
	state = p->breaker.state;
	pthread_mutex_unlock(&p->lock);
	return state;
}

static void pause_for(struct up_platform *p, int64_t ms)
{
	int64_t until = steady_ms() + ms;
	const struct timespec t = { until / 1000, until % 1000 * 1000000 };

	pthread_mutex_lock(&p->lock);
	while (!atomic_load(&p->stop) &&
	    pthread_cond_timedwait(&p->stopped, &p->lock, &t) == 0)
		;
	pthread_mutex_unlock(&p->lock);
}

static CURL *take(struct up_platform *p)
{
	CURL *c = NULL;

	pthread_mutex_lock(&p->lock);
	if (p->n_idle > 0)
		c = p->idle[--p->n_idle];
	pthread_mutex_unlock(&p->lock);
	return c != NULL ? c : curl_easy_init();
}

/* The reset forgets the options and keeps the connections. */
static void give(struct up_platform *p, CURL *c)
{
	curl_easy_reset(c);
	pthread_mutex_lock(&p->lock);
	if (p->n_idle < IDLE_MAX) {
		p->idle[p->n_idle++] = c;
		c = NULL;
	}
	pthread_mutex_unlock(&p->lock);
	if (c != NULL)
		curl_easy_cleanup(c);
}

/* --- one try --- */

struct try {
	struct up_platform *p;
	struct up_span body;
	char time[24], nonce[UP_PLATFORM_NONCE + 1], signature[UP_PLATFORM_SIGNATURE + 1];
	struct curl_slist *headers;
	struct up_buf answer;
	bool large;
	long left_ms, status;
};

static bool add_header(struct try *t, const char *name, const char *value)
{
	struct up_buf line = { 0 };
	struct curl_slist *more = NULL;

	up_buf_printf(&line, "%s: %s", name, value);
	if (up_buf_cstr(&line) != NULL)
		more = curl_slist_append(t->headers, up_buf_cstr(&line));
	up_buf_free(&line);
	if (more != NULL)
		t->headers = more;
	return more != NULL;
}

static bool sign(struct try *t)
{
	const struct up_platform *p = t->p;
	uint8_t raw[16];
	struct up_platform_signed of = { UP_SPAN_LIT("POST"), p->path, { 0 }, { 0 } };

	if (RAND_bytes(raw, sizeof(raw)) != 1)
		return false;
	up_text_b64url(up_span_of(raw, sizeof(raw)), t->nonce);
	t->nonce[UP_PLATFORM_NONCE] = '\0';
	snprintf(t->time, sizeof(t->time), "%lld", (long long)time(NULL));
	of.time = up_span_str(t->time);
	of.nonce = up_span_str(t->nonce);
	return up_platform_sign_request(
		   up_buf_span(&p->secret), &of, t->body, t->signature) == UP_OK &&
	    add_header(t, "Content-Type", "application/json") &&
	    add_header(t, "Accept", "application/json") &&
	    add_header(t, "Expect", "") && add_header(t, "Realname-Key", p->of.key_id) &&
	    add_header(t, "Realname-Time", t->time) && add_header(t, "Realname-Nonce", t->nonce) &&
	    add_header(t, "Realname-Signature", t->signature);
}

static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
	struct try *t = arg;

	t->large = size * n > ANSWER_MAX - t->answer.n;
	if (t->large)
		return 0;
	up_buf_put(&t->answer, data, size * n);
	return t->answer.failed ? 0 : size * n;
}

static int on_progress(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const struct up_platform *p = arg;

	(void)a;
	(void)b;
	(void)c;
	(void)d;
	return atomic_load(&p->stop) ? 1 : 0;
}

static bool set_options(CURL *c, struct try *t)
{
	const struct up_platform_settings *of = &t->p->of;
	bool plain = up_span_starts(up_span_str(of->url), "http://");
	long connect_ms = of->connect_ms < t->left_ms ? of->connect_ms : t->left_ms;
	CURLcode err = CURLE_OK;

	err |= curl_easy_setopt(c, CURLOPT_URL, of->url);
	err |= curl_easy_setopt(c, CURLOPT_PATH_AS_IS, 1L);
	err |= curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, plain ? "http" : "https");
	err |= curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	err |= curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	err |= curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
	err |= curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
	err |= curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	err |= curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, connect_ms);
	err |= curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, t->left_ms);
	err |= curl_easy_setopt(c, CURLOPT_HTTPHEADER, t->headers);
	err |= curl_easy_setopt(c, CURLOPT_USERAGENT, "unitpass");
	err |= curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->body.n);
	err |= curl_easy_setopt(c, CURLOPT_POSTFIELDS, t->body.p);
	err |= curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
	err |= curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
	err |= curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
	err |= curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
	err |= curl_easy_setopt(c, CURLOPT_XFERINFODATA, t->p);
	if (plain)
		err |= curl_easy_setopt(c, CURLOPT_NOPROXY, "*");
	if (of->ca[0] != '\0') {         /* and none of the system's, which lie in a folder too */
		err |= curl_easy_setopt(c, CURLOPT_CAINFO, of->ca);
		err |= curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
	}
	return err == CURLE_OK;
}

static enum fault fault_of(CURLcode code, const struct try *t)
{
	switch (code) {
	case CURLE_OK:
		return NONE;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_CONNECT:
		return UNREACHABLE;
	case CURLE_OPERATION_TIMEDOUT:
		return SLOW;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CACERT_BADFILE:
		return UNTRUSTED;
	case CURLE_ABORTED_BY_CALLBACK:
		return STOPPED;
	case CURLE_OUT_OF_MEMORY:
		return SELF;
	case CURLE_WRITE_ERROR:
		return t->large ? LARGE : SELF;
	default:
		return BROKEN;
	}
}

/* Of a header that stands there once. */
static struct up_span header(CURL *c, const char *name)
{
	struct curl_header *h;

	if (curl_easy_header(c, name, 0, CURLH_HEADER, -1, &h) != CURLHE_OK || h->amount != 1)
		return up_span_of(NULL, 0);
	return up_span_str(h->value);
}

static enum fault check_signature(CURL *c, const struct try *t)
{
	const struct up_platform_signed of = { UP_SPAN_LIT("200"), { 0 },
		header(c, "Realname-Time"), up_span_str(t->nonce) };
	enum up_err err = up_platform_check_answer(up_buf_span(&t->p->secret), &of,
	    up_buf_span(&t->answer), header(c, "Realname-Signature"), (int64_t)time(NULL));

	return err == UP_OK ? NONE : err == UP_E_CLOCK ? CLOCK : err == UP_E_CRYPTO ? SELF
	    : UNSIGNED;
}

static enum fault judge(CURL *c, struct try *t, enum up_realname_outcome *outcome)
{
	enum fault fault;
	enum up_err err;

	curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &t->status);
	if (t->status == 429 || t->status >= 500)
		return BUSY;
	if (t->status != 200)
		return REFUSED;
	fault = check_signature(c, t);
	if (fault != NONE)
		return fault;
	err = up_platform_read_answer(&t->p->of.mapping, up_buf_span(&t->answer), outcome);
	return err == UP_OK ? NONE : err == UP_E_NOMEM ? SELF : err == UP_E_RANGE ? UNKNOWN
	    : MALFORMED;
}

static enum fault try_once(struct try *t, enum up_realname_outcome *outcome)
{
	CURL *c = take(t->p);
	enum fault fault = SELF;

	if (c != NULL && sign(t) && set_options(c, t))
		fault = fault_of(curl_easy_perform(c), t);
	if (fault == NONE)
		fault = judge(c, t, outcome);
	if (c != NULL)
		give(t->p, c);
	curl_slist_free_all(t->headers);
	up_buf_free(&t->answer);
	return fault;
}

/* --- a check --- */

struct check { struct up_platform *p; struct up_buf body; int64_t until; long status; };

static enum fault try_guarded(struct check *x, enum up_realname_outcome *outcome)
{
	struct try t = { .p = x->p,
		.body = up_buf_span(&x->body),
		.left_ms = (long)(x->until - steady_ms()) };
	enum fault fault;
	uint64_t ticket;

	if (t.left_ms <= 0)
		return SLOW;
	if (!may_try(x->p, &ticket))
		return OPEN;
	fault = try_once(&t, outcome);
	x->status = t.status;
	tell(x->p, ticket, !faults[fault].down);
	return fault;
}

static enum fault try_all(struct check *x, enum up_realname_outcome *outcome)
{
	const struct up_platform_settings *of = &x->p->of;
	enum fault fault = STOPPED, next;
	int64_t pause;

	for (unsigned n = 1; !atomic_load(&x->p->stop); n++) {
		next = try_guarded(x, outcome);
		/* why it was left in peace tells more than that it was */
		fault = next == OPEN && n > 1 ? fault : next;
		if (next == OPEN || !faults[fault].again || n >= of->tries)
			return fault;
		pause = up_breaker_backoff(n, of->pause_ms, PAUSE_MAX_MS, draw());
		if (steady_ms() + pause >= x->until)
			return fault;
		pause_for(x->p, pause);
	}
	return fault;
}

static void say(struct up_realname_answer *a, const struct check *x, enum fault fault)
{
	struct up_span o = x->p->origin;
	int n = o.n < 150 ? (int)o.n : 150;
	char status[32] = "";

	if (fault == BUSY || fault == REFUSED)
		snprintf(status, sizeof(status), " (HTTP %ld)", x->status);
	snprintf(a->why_en, sizeof(a->why_en), "platform %.*s %s%s", n, (const char *)o.p,
	    faults[fault].en, status);
	snprintf(a->why_zh, sizeof(a->why_zh), "核验平台 %.*s %s%s", n, (const char *)o.p,
	    faults[fault].zh, status);
}

static void check(const struct up_realname *c, const struct up_person *person,
    struct up_realname_answer *a)
{
	struct up_platform *p = c->state;
	struct check x = { .p = p, .until = steady_ms() + p->of.timeout_ms };
	enum fault fault = SELF;

	a->outcome = UP_REALNAME_UNAVAILABLE;
	a->assurance = "formats";
	up_platform_put_request(&x.body, &p->of.mapping, person);
	if (!x.body.failed)
		fault = try_all(&x, &a->outcome);
	if (fault == NONE)
		a->assurance = "platform";
	else
		say(a, &x, fault);
	up_buf_free(&x.body);
}

/* --- making one --- */

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;

static void start_curl(void)
{
	(void)curl_global_init(CURL_GLOBAL_DEFAULT);
}

enum up_err up_platform_new(const struct up_platform_settings *settings, struct up_platform **out)
{
	struct up_platform *p = calloc(1, sizeof(*p));
	pthread_condattr_t steady;

	*out = NULL;
	if (p == NULL)
		return UP_E_NOMEM;
	pthread_once(&curl_once, start_curl);
	pthread_mutex_init(&p->lock, NULL);
	pthread_condattr_init(&steady);
	pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
	pthread_cond_init(&p->stopped, &steady);
	pthread_condattr_destroy(&steady);
	p->of = *settings;
	up_buf_put_span(&p->secret, settings->secret);
	if (p->secret.failed ||
	    up_target_url(up_span_str(settings->url), &p->origin, &p->path) != UP_OK) {
		enum up_err err = p->secret.failed ? UP_E_NOMEM : UP_E_FORMAT;

		up_platform_free(&p);
		return err;
	}
	if (p->path.n == 0)
		p->path = UP_SPAN_LIT("/");
	*out = p;
	return UP_OK;
}

void up_platform_free(struct up_platform **platform)
{
	struct up_platform *p = *platform;

	*platform = NULL;
	if (p == NULL)
		return;
	while (p->n_idle > 0)
		curl_easy_cleanup(p->idle[--p->n_idle]);
	up_buf_free(&p->secret);
	pthread_cond_destroy(&p->stopped);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

struct up_realname up_platform_connector(struct up_platform *p)
{
	return (struct up_realname){ .check = check, .source = p->of.url, .state = p };
}

void up_platform_stop(struct up_platform *p)
{
	pthread_mutex_lock(&p->lock);
	atomic_store(&p->stop, true);
	pthread_cond_broadcast(&p->stopped);
	pthread_mutex_unlock(&p->lock);
}
