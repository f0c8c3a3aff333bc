/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "server/login/hub.h"
#include "server/http/limits.h"
#include "server/http/metrics.h"
#include "server/http/routes.h"
#include "server/secrets.h"
#include "server/http/streams.h"

#define KEEPALIVE_MS 15000
#define BLOCK 512                        /* one write: state and frame together */

/* --- what goes out --- */

/* Leaves the object open. */
static void put_state(struct up_json_put *j, enum up_login_state state, int64_t left_ms)
{
	up_json_put_object(j, NULL);
	up_json_put_str(j, "state", up_login_state_public(state));
	up_json_put_int(j, "expires_in", left_ms / 1000);
}

static enum up_err put_frame(struct up_json_put *j, const char *name, const struct up_server *s,
    const uint8_t handle[UP_FRAME_HANDLE], const uint8_t frame_key[UP_FRAME_KEY], int64_t age_ms)
{
	uint32_t t = age_ms < 0 ? 0 : (uint32_t)(age_ms / 1000);

	up_json_put_object(j, name);
	up_json_put_int(j, "t", t);
	up_json_put_open(j, "text");
	up_buf_put_str(j->b, s->config->issuer);
	up_buf_put_str(j->b, "/q/");
	if (up_frame_put(frame_key, handle, t, j->b) != UP_OK)
		return UP_E_CRYPTO;
	up_json_put_close(j);
	up_json_put_end(j);
	return UP_OK;
}

static bool is_over(enum up_login_state state)
{
	const char *name = up_login_state_public(state);

	return strcmp(name, "pending") != 0 && strcmp(name, "scanned") != 0;
}

/* Everything that is due now; empty: nothing. */
static void compose(struct up_watcher *w, struct up_buf *b)
{
	struct up_json_put j = { .b = b };
	int64_t now, left, steady = up_hub_steady_ms();
	enum up_login_state state;

	if (up_clock_now(w->server, &now) != UP_OK) {
		w->over = true;
		return;
	}
	state = up_hub_state(w, now, &left);
	if (w->sent_state == 0)
		up_buf_put_str(b, "retry: 2000\n");
	if (w->sent_state == 0 ||
	    strcmp(up_login_state_public(w->sent_state - 1), up_login_state_public(state)) != 0) {
		up_buf_printf(b, "id: %u\nevent: state\ndata: ", (unsigned)++w->version);
		put_state(&j, state, left);
		up_json_put_end(&j);
		up_buf_put_str(b, "\n\n");
		w->sent_state = (uint8_t)(state + 1);
	}
	if (is_over(state)) {
		w->over = true;
	} else if (state == UP_LOGIN_PENDING &&
	    steady - w->frame_ms >= w->server->config->frame_interval * 1000 - UP_HUB_SLOT_MS / 2) {
		up_buf_put_str(b, "event: frame\ndata: ");
		j = (struct up_json_put){ .b = b };
		if (put_frame(&j, NULL, w->server, w->handle, w->frame_key,
		    now - w->info->started_ms) != UP_OK)
			w->over = true;
		up_buf_put_str(b, "\n\n");
		w->frame_ms = steady;
		up_metrics_count(UP_METRIC_FRAMES);
	} else if (b->n == 0 && steady - w->sent_ms >= KEEPALIVE_MS - UP_HUB_SLOT_MS / 2) {
		up_buf_put_str(b, ":\n\n");
	}
	if (b->n > 0)
		w->sent_ms = steady;
}

static int64_t due_ms(const struct up_watcher *w)
{
	if (w->sent_state == UP_LOGIN_PENDING + 1)
		return w->frame_ms + w->server->config->frame_interval * 1000;
	return w->sent_ms + KEEPALIVE_MS;
}

static ssize_t on_read(void *cls, uint64_t pos, char *out, size_t max)
{
	struct up_watcher *w = cls;
	struct up_buf b = { 0 };
	ssize_t n = 0;

	(void)pos;
	for (;;) {
		if (w->over || atomic_load(&w->server->stopping))
			return MHD_CONTENT_READER_END_OF_STREAM;
		compose(w, &b);
		if (b.n > 0 || w->over)
			break;
		if (up_hub_sleep(w, due_ms(w)))
			return 0;
	}
	if (b.failed || b.n > max)
		n = MHD_CONTENT_READER_END_WITH_ERROR;
	else if (b.n > 0)
		memcpy(out, b.p, n = (ssize_t)b.n);
	else
		n = MHD_CONTENT_READER_END_OF_STREAM;
	up_buf_free(&b);
	return n;
}

/* --- a stream's life --- */

static void on_end(void *cls)
{
	up_hub_leave(cls);
}

static void allow_origin(struct up_request *r, const struct up_login_info *info)
{
	const struct up_client *c = up_catalogue_client(r->catalogue, info->client);

	if (c != NULL)
		up_reply_header(r, "Access-Control-Allow-Origin", up_span_str(c->origin));
}

static enum up_err begin(struct up_request *r, struct up_watcher *w,
    const uint8_t key[UP_LIVE_KEY], const uint8_t watch[16])
{
	enum up_err err = up_streams_enter(r->server, r->ip, &w->place);

	w->server = r->server;
	w->conn = r->conn;
	if (err == UP_OK)
		err = up_secrets_handle(r->server, watch, w->handle);
	if (err == UP_OK)
		err = up_secrets_frame_key(r->server, w->handle, w->frame_key);
	if (err == UP_OK)
		err = up_live_watch_open(r->server->live, key, r->now_ms, &w->info);
	return err == UP_OK ? up_hub_join(w) : err;
}

static void stream(
    struct up_request *r, const uint8_t key[UP_LIVE_KEY], const uint8_t watch[16])
{
	struct up_watcher *w = calloc(1, sizeof(*w));
	enum up_err err = w != NULL ? begin(r, w, key, watch) : UP_E_NOMEM;

	if (err == UP_OK)
		r->stream = MHD_create_response_from_callback(
		    MHD_SIZE_UNKNOWN, BLOCK, on_read, w, on_end);
	if (r->stream == NULL) {
		if (w != NULL)
			up_hub_leave(w);
		up_reply_err(r, err == UP_OK ? UP_E_NOMEM : err);
		return;
	}
	allow_origin(r, w->info);
	up_reply_header(r, "X-Accel-Buffering", UP_SPAN_LIT("no"));
	up_reply(r, "text/event-stream");
}

static void snapshot(struct up_request *r, const uint8_t key[UP_LIVE_KEY], const uint8_t watch[16])
{
	uint8_t handle[UP_FRAME_HANDLE], frame_key[UP_FRAME_KEY];
	const struct up_login_info *info = NULL;
	enum up_login_state state;
	struct up_json_put j = { .b = &r->out };
	enum up_err err;
	int64_t left;

	err = up_live_watch_peek(r->server->live, key, r->now_ms, &info, &state, &left);
	if (err == UP_OK)
		err = up_limits_spend(
		    r->server, UP_LIMIT_WATCH, up_span_of(key, UP_LIVE_KEY), r->now_ms);
	if (err == UP_OK)
		put_state(&j, state, left);
	if (err == UP_OK && state == UP_LOGIN_PENDING) {
		err = up_secrets_handle(r->server, watch, handle);
		if (err == UP_OK)
			err = up_secrets_frame_key(r->server, handle, frame_key);
		if (err == UP_OK)
			err = put_frame(&j, "frame", r->server, handle, frame_key,
			    r->now_ms - info->started_ms);
		up_wipe(frame_key, sizeof(frame_key));
	}
	if (err == UP_OK) {
		up_json_put_end(&j);
		allow_origin(r, info);
		up_reply(r, "application/json");
	} else {
		up_reply_err(r, err);
	}
	up_live_info_unref(&info);
}

static bool wants_json(struct up_span accept)
{
	struct up_span part, word, rest;

	while (accept.n > 0) {
		up_span_cut(accept, ',', &part, &accept);
		up_span_cut(part, ';', &word, &rest);
		if (up_span_ieq_str(up_span_trim(word), "text/event-stream"))
			return false;
		if (up_span_ieq_str(up_span_trim(word), "application/json"))
			return true;
	}
	return false;
}

void up_watch(struct up_request *r)
{
	uint8_t key[UP_LIVE_KEY];
	enum up_err err = up_secrets_key(up_span_of(r->watch, sizeof(r->watch)), key);

	if (err != UP_OK)
		up_reply_err(r, err);
	else if (wants_json(r->h.accept) || up_span_eq_str(r->method, "HEAD"))
		snapshot(r, key, r->watch);
	else
		stream(r, key, r->watch);
}
