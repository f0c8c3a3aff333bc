/* SPDX-License-Identifier: Apache-2.0 */
#include "module/rp/metadata.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/json.h"
#include "core/jws.h"
#include "core/target.h"
#include "core/text.h"
#include "module/rp/rplog.h"

#define NEVER (-1)
#define TOLD_MAX 128                     /* characters of what a provider calls itself */

/* monotonic seconds; unfit: there was an answer, which did not do */
struct times { int64_t good, tried; bool failed, doubted, unfit; };

struct up_metadata {
	const char *issuer;
	struct up_transport *transport;
	pthread_mutex_t asking;          /* held while the provider is asked */
	pthread_mutex_t lock;            /* of all below; never held over a call */
	char url[UP_METADATA_N][UP_RP_URL_MAX + 1];
	json_t *jwks;
	struct times urls, keys;
};

static int64_t now_mono(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

bool up_metadata_url_ok(const char *url)
{
	struct up_span origin, path;

	for (const char *p = url; *p != '\0'; p++)
		if (*p <= 0x20 || *p >= 0x7f || strchr("\"'<>,;\\", *p) != NULL)
			return false;
	return up_target_url(up_span_str(url), &origin, &path) == UP_OK;
}

enum up_err up_metadata_new(
    const char *issuer, struct up_transport *transport, struct up_metadata **out)
{
	struct up_metadata *m = calloc(1, sizeof(*m));

	*out = NULL;
	if (m == NULL)
		return UP_E_NOMEM;
	m->issuer = issuer;
	m->transport = transport;
	m->urls.good = m->urls.tried = m->keys.good = m->keys.tried = NEVER;
	pthread_mutex_init(&m->asking, NULL);
	pthread_mutex_init(&m->lock, NULL);
	*out = m;
	return UP_OK;
}

void up_metadata_free(struct up_metadata **mp)
{
	struct up_metadata *m = *mp;

	if (m == NULL)
		return;
	json_decref(m->jwks);
	pthread_mutex_destroy(&m->asking);
	pthread_mutex_destroy(&m->lock);
	free(m);
	*mp = NULL;
}

/* Both locks order as: asking, then lock. */
static bool may_ask(const struct times *t, int64_t now)
{
	if (t->tried == NEVER)
		return true;
	return now - t->tried >= (t->failed ? UP_PROVIDER_RETRY_S : UP_PROVIDER_THROTTLE_S);
}

static void note(struct up_metadata *m, struct times *t, bool ok)
{
	pthread_mutex_lock(&m->lock);
	t->tried = now_mono();
	t->failed = !ok;
	if (ok) {
		t->good = t->tried;
		t->doubted = false;
	}
	pthread_mutex_unlock(&m->lock);
}

/* *STATUS 0: no answer at all. */
static enum up_err get(struct up_metadata *m, const char *url, long *status, json_t **out)
{
	struct up_transport_call call = { .url = url, .accept = "application/json" };
	struct up_buf body = { 0 };
	enum up_err err;

	*out = NULL;
	err = up_transport_call(m->transport, &call, status, &body);
	if (err == UP_OK && (*status != 200 || up_json_parse(up_buf_span(&body), out) != UP_OK))
		err = UP_E_UPSTREAM;
	up_buf_free(&body);
	return err;
}

/* --- endpoints --- */

static void refuse_issuer(struct up_span told)
{
	struct up_buf safe = { 0 };
	const char *text;

	up_text_put_safe(&safe, told, TOLD_MAX);
	text = up_buf_cstr(&safe);
	up_rplog('e', "rp_metadata refused: its issuer is not the one configured told=\"%s\"",
	    text != NULL ? text : "");
	up_buf_free(&safe);
}

static bool take_urls(struct up_metadata *m, const json_t *o)
{
	static const char *const names[UP_METADATA_N] = { "device_authorization_endpoint",
		"token_endpoint", "jwks_uri" };
	char url[UP_METADATA_N][UP_RP_URL_MAX + 1];
	struct up_span s;

	/* RFC 8414 section 3.3: identical, or the document must not be used. */
	if (up_json_text(o, "issuer", UP_RP_URL_MAX, &s) != UP_OK ||
	    !up_span_eq_str(s, m->issuer)) {
		refuse_issuer(s);
		return false;
	}
	for (size_t i = 0; i < UP_METADATA_N; i++) {
		if (up_json_text(o, names[i], UP_RP_URL_MAX, &s) != UP_OK) {
			up_rplog('e', "rp_metadata refused: no %s", names[i]);
			return false;
		}
		memcpy(url[i], s.p, s.n);
		url[i][s.n] = '\0';
		if (!up_metadata_url_ok(url[i])) {
			up_rplog(
			    'e', "rp_metadata refused: %s is neither https nor loopback", names[i]);
			return false;
		}
	}
	pthread_mutex_lock(&m->lock);
	memcpy(m->url, url, sizeof(m->url));
	pthread_mutex_unlock(&m->lock);
	return true;
}

/* One place after the other until a document does. */
static bool ask_urls(struct up_metadata *m)
{
	char url[UP_TARGET_METADATA_MAX];
	bool ok = false, unfit = false, away = false;
	long status = 0;

	for (unsigned i = 0; !ok && !away && up_target_metadata(m->issuer, i, url); i++) {
		json_t *o = NULL;

		if (get(m, url, &status, &o) == UP_OK) {
			ok = take_urls(m, o);
			unfit = !ok;
		}
		away = status == 0;
		json_decref(o);
	}
	if (!ok && !unfit)
		up_rplog('e', "rp_metadata not to be had status=%ld", status);
	m->urls.unfit = unfit && !ok;
	note(m, &m->urls, ok);
	return ok;
}

static bool copy_url(struct up_metadata *m, enum up_metadata_what what, bool stale_too, char *url)
{
	bool have;

	pthread_mutex_lock(&m->lock);
	have = m->urls.good != NEVER &&
	    (stale_too || (!m->urls.doubted && now_mono() - m->urls.good < UP_PROVIDER_KEEP_S));
	if (have)
		memcpy(url, m->url[what], UP_RP_URL_MAX + 1);
	pthread_mutex_unlock(&m->lock);
	return have;
}

enum up_err up_metadata_endpoint(
    struct up_metadata *m, enum up_metadata_what what, char url[UP_RP_URL_MAX + 1])
{
	bool have = copy_url(m, what, false, url), unfit;

	if (have)
		return UP_OK;
	if (pthread_mutex_trylock(&m->asking) != 0) {
		/* Another asks already, maybe for long: not worth waiting for with an older address
		 * at hand. */
		if (copy_url(m, what, true, url))
			return UP_OK;
		pthread_mutex_lock(&m->asking);
	}
	have = copy_url(m, what, false, url);      /* while we waited */
	if (!have && may_ask(&m->urls, now_mono()))
		have = ask_urls(m) && copy_url(m, what, true, url);
	unfit = m->urls.unfit;
	pthread_mutex_unlock(&m->asking);
	/* What was right an hour ago is better than nothing: a wrong address answers nothing that
	 * would verify. */
	if (have || copy_url(m, what, true, url))
		return UP_OK;
	return unfit ? UP_E_PROVIDER : UP_E_UPSTREAM;
}

void up_metadata_doubt(struct up_metadata *m)
{
	pthread_mutex_lock(&m->lock);
	m->urls.doubted = true;
	pthread_mutex_unlock(&m->lock);
}

/* --- keys --- */

static bool ask_keys(struct up_metadata *m)
{
	char url[UP_RP_URL_MAX + 1];
	json_t *o = NULL;
	long status;
	bool ok;

	ok = copy_url(m, UP_METADATA_JWKS, true, url) && get(m, url, &status, &o) == UP_OK &&
	    json_is_array(json_object_get(o, "keys"));
	if (ok) {
		pthread_mutex_lock(&m->lock);
		json_decref(m->jwks);
		m->jwks = json_incref(o);
		pthread_mutex_unlock(&m->lock);
	} else {
		up_rplog('e', "rp_keys not to be had");
	}
	json_decref(o);
	note(m, &m->keys, ok);
	return ok;
}

/* UP_E_UPSTREAM: no keys at all. */
static enum up_err verify_at_hand(struct up_metadata *m, const struct up_jwt *jwt, bool stale_too)
{
	enum up_err err = UP_E_UPSTREAM;
	json_t *jwks = NULL;

	pthread_mutex_lock(&m->lock);
	if (m->jwks != NULL && (stale_too || now_mono() - m->keys.good < UP_PROVIDER_KEEP_S))
		jwks = json_incref(m->jwks);
	pthread_mutex_unlock(&m->lock);
	if (jwks != NULL)
		err = up_jws_verify(jwt, jwks);
	json_decref(jwks);
	return err;
}

/* Might newer keys judge otherwise? A bad signature is final where a kid says whose it should
 * be. */
static bool wants_newer_keys(const struct up_jwt *jwt, enum up_err err)
{
	return err == UP_E_KEY || err == UP_E_UPSTREAM ||
	    (err == UP_E_SIGNATURE && json_object_get(jwt->header, "kid") == NULL);
}

enum up_err up_metadata_verify(struct up_metadata *m, const struct up_jwt *jwt)
{
	enum up_err err = verify_at_hand(m, jwt, false);

	if (!wants_newer_keys(jwt, err))
		return err;
	pthread_mutex_lock(&m->asking);
	err = verify_at_hand(m, jwt, false);
	if (wants_newer_keys(jwt, err) && may_ask(&m->keys, now_mono()) && ask_keys(m))
		err = verify_at_hand(m, jwt, true);
	pthread_mutex_unlock(&m->asking);
	return err;
}

static bool keys_fresh(struct up_metadata *m)
{
	bool fresh;

	pthread_mutex_lock(&m->lock);
	fresh = m->jwks != NULL && now_mono() - m->keys.good < UP_PROVIDER_KEEP_S;
	pthread_mutex_unlock(&m->lock);
	return fresh;
}

void up_metadata_warm(struct up_metadata *m)
{
	if (keys_fresh(m) || pthread_mutex_trylock(&m->asking) != 0)
		return;
	if (!keys_fresh(m) && may_ask(&m->keys, now_mono()))
		(void)ask_keys(m);
	pthread_mutex_unlock(&m->asking);
}
