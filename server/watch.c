/* SPDX-License-Identifier: Apache-2.0 */
#include "server/watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/text.h"
#include "server/limits.h"
#include "server/log.h"
#include "server/metrics.h"
#include "server/routes.h"
#include "server/secrets.h"
#include "server/streams.h"

#define SLOT_MS 100                      /* the wheel's step */
#define SLOTS 256                        /* 25.6 s: more than a keep-alive */
#define KEEPALIVE_MS 15000
#define COALESCE_NS 3000000
#define BLOCK 512                        /* one write: state and frame together */

struct watcher {
	struct up_live_watch live;       /* first: live hands it back */
	struct up_server *server;
	struct MHD_Connection *conn;
	uint8_t handle[UP_FRAME_HANDLE], frame_key[UP_FRAME_KEY];
	struct watcher *next, **link;    /* in a slot of the wheel */
	struct watcher *all_next, **all_link;
	struct watcher *changed_next;
	int64_t sent_ms;                 /* last write */
	int64_t frame_ms;                /* last frame */
	unsigned place;                  /* of its address among all streams */
	uint8_t sent_state;              /* + 1; 0: nothing yet */
	uint8_t version;
	bool suspended, dirty, changed, over;
};

/* One lock for wheel, lists and flags: what it guards takes well under a microsecond. Order: a lock of live, then this; never the other way. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	pthread_t thread;
	struct watcher *slots[SLOTS], *all, *changed;
	int64_t turned_ms;               /* slots before this are done */
	bool running, stop;
} hub = { .lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER };

static int64_t steady_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* --- waking; all with hub.lock held --- */

static void unlink_slot(struct watcher *w)
{
	if (w->link == NULL)
		return;
	*w->link = w->next;
	if (w->next != NULL)
		w->next->link = w->link;
	w->link = NULL;
}

static void link_slot(struct watcher *w, int64_t due_ms)
{
	/* Rounded up: woken early, it would find nothing due and come back to a slot that is done, which is a whole turn away. */
	int64_t n = (due_ms + SLOT_MS - 1) / SLOT_MS, next = hub.turned_ms / SLOT_MS + 1;
	struct watcher **slot;

	unlink_slot(w);
	slot = &hub.slots[(n < next ? next : n) % SLOTS];
	w->next = *slot;
	w->link = slot;
	if (w->next != NULL)
		w->next->link = &w->next;
	*slot = w;
}

static void resume(struct watcher *w)
{
	unlink_slot(w);
	if (!w->suspended) {
		w->dirty = true;
		return;
	}
	w->suspended = false;
	MHD_resume_connection(w->conn);
}

static void turn(int64_t now_ms)
{
	while (hub.turned_ms + SLOT_MS <= now_ms) {
		hub.turned_ms += SLOT_MS;
		while (hub.slots[hub.turned_ms / SLOT_MS % SLOTS] != NULL)
			resume(hub.slots[hub.turned_ms / SLOT_MS % SLOTS]);
	}
}

static void resume_changed(void)
{
	struct watcher *w = hub.changed, *next;

	hub.changed = NULL;
	for (; w != NULL; w = next) {
		next = w->changed_next;
		w->changed = false;
		resume(w);
	}
}

static void *run(void *arg)
{
	const struct timespec pause = { 0, COALESCE_NS };
	struct timespec until;

	(void)arg;
	pthread_mutex_lock(&hub.lock);
	while (!hub.stop) {
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += SLOT_MS * 1000000L;
		until.tv_sec += until.tv_nsec / 1000000000L;
		until.tv_nsec %= 1000000000L;
		if (hub.changed == NULL)
			pthread_cond_timedwait(&hub.wake, &hub.lock, &until);
		if (hub.changed != NULL) {
			pthread_mutex_unlock(&hub.lock);
			nanosleep(&pause, NULL);
			pthread_mutex_lock(&hub.lock);
			resume_changed();
		}
		turn(steady_ms());
	}
	pthread_mutex_unlock(&hub.lock);
	return NULL;
}

/* Live calls this under its own lock: flag and return. */
static void on_change(struct up_live_watch *live)
{
	struct watcher *w = (struct watcher *)live;

	pthread_mutex_lock(&hub.lock);
	if (!w->changed) {
		w->changed = true;
		w->changed_next = hub.changed;
		hub.changed = w;
		pthread_cond_signal(&hub.wake);
	}
	pthread_mutex_unlock(&hub.lock);
}

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
static void compose(struct watcher *w, struct up_buf *b)
{
	struct up_json_put j = { .b = b };
	int64_t now, left, steady = steady_ms();
	enum up_login_state state;

	if (up_clock_now(w->server, &now) != UP_OK) {
		w->over = true;
		return;
	}
	state = up_live_watch_state(w->server->live, &w->live, now, &left);
	if (w->sent_state == 0)
		up_buf_put_str(b, "retry: 2000\n");
	if (w->sent_state == 0 || strcmp(up_login_state_public(w->sent_state - 1), up_login_state_public(state)) != 0) {
		up_buf_printf(b, "id: %u\nevent: state\ndata: ", (unsigned)++w->version);
		put_state(&j, state, left);
		up_json_put_end(&j);
		up_buf_put_str(b, "\n\n");
		w->sent_state = (uint8_t)(state + 1);
	}
	if (is_over(state)) {
		w->over = true;
	} else if (state == UP_LOGIN_PENDING && steady - w->frame_ms >= w->server->config->frame_interval * 1000 - SLOT_MS / 2) {
		up_buf_put_str(b, "event: frame\ndata: ");
		j = (struct up_json_put){ .b = b };
		if (put_frame(&j, NULL, w->server, w->handle, w->frame_key,
		    now - w->live.info->started_ms) != UP_OK)
			w->over = true;
		up_buf_put_str(b, "\n\n");
		w->frame_ms = steady;
		up_metrics_count(UP_METRIC_FRAMES);
	} else if (b->n == 0 && steady - w->sent_ms >= KEEPALIVE_MS - SLOT_MS / 2) {
		up_buf_put_str(b, ":\n\n");
	}
	if (b->n > 0)
		w->sent_ms = steady;
}

/* True: suspended. False: something changed meanwhile, look again. */
static bool sleep_until_due(struct watcher *w)
{
	bool pending = w->sent_state == UP_LOGIN_PENDING + 1, slept = false;
	int64_t due = pending ? w->frame_ms + w->server->config->frame_interval * 1000 : w->sent_ms + KEEPALIVE_MS;

	pthread_mutex_lock(&hub.lock);
	if (w->dirty || hub.stop) {
		w->dirty = false;
	} else {
		link_slot(w, due);
		w->suspended = true;
		MHD_suspend_connection(w->conn);
		slept = true;
	}
	pthread_mutex_unlock(&hub.lock);
	return slept;
}

static ssize_t on_read(void *cls, uint64_t pos, char *out, size_t max)
{
	struct watcher *w = cls;
	struct up_buf b = { 0 };
	ssize_t n = 0;

	(void)pos;
	for (;;) {
		if (w->over || atomic_load(&w->server->stopping))
			return MHD_CONTENT_READER_END_OF_STREAM;
		compose(w, &b);
		if (b.n > 0 || w->over)
			break;
		if (sleep_until_due(w))
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
	struct watcher *w = cls, **c;

	/* First, so that live calls nobody who is gone. */
	up_live_watch_close(w->server->live, &w->live);
	up_streams_leave(w->place);
	pthread_mutex_lock(&hub.lock);
	unlink_slot(w);
	*w->all_link = w->all_next;
	if (w->all_next != NULL)
		w->all_next->all_link = w->all_link;
	for (c = &hub.changed; w->changed && *c != NULL; c = &(*c)->changed_next)
		if (*c == w) {
			*c = w->changed_next;
			break;
		}
	pthread_mutex_unlock(&hub.lock);
	up_wipe(w, sizeof(*w));
	free(w);
}

static void allow_origin(struct up_request *r, const struct up_login_info *info)
{
	const struct up_client *c = up_catalogue_client(r->catalogue, info->client);

	if (c != NULL)
		up_reply_header(r, "Access-Control-Allow-Origin", up_span_str(c->origin));
}

static void stream(struct up_request *r, const uint8_t key[UP_LIVE_KEY], const uint8_t watch[16])
{
	struct watcher *w = calloc(1, sizeof(*w));
	enum up_err err = UP_E_NOMEM;

	if (w != NULL) {
		w->server = r->server;
		w->conn = r->conn;
		w->live.wake = on_change;
		err = up_streams_enter(r->server, r->ip, &w->place);
	}
	if (err == UP_OK)
		err = up_secrets_handle(r->server, watch, w->handle);
	if (err == UP_OK)
		err = up_secrets_frame_key(r->server, w->handle, w->frame_key);
	if (err == UP_OK)
		err = up_live_watch_open(r->server->live, key, &w->live, r->now_ms);
	if (err != UP_OK) {
		if (w != NULL)
			up_streams_leave(w->place);
		free(w);
		up_reply_err(r, err);
		return;
	}
	allow_origin(r, w->live.info);
	pthread_mutex_lock(&hub.lock);
	w->all_next = hub.all;
	w->all_link = &hub.all;
	if (w->all_next != NULL)
		w->all_next->all_link = &w->all_next;
	hub.all = w;
	pthread_mutex_unlock(&hub.lock);
	r->stream = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, on_read, w, on_end);
	if (r->stream == NULL) {
		on_end(w);
		up_reply_err(r, UP_E_NOMEM);
		return;
	}
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
		err = up_limits_spend(r->server, UP_LIMIT_WATCH, up_span_of(key, UP_LIVE_KEY), r->now_ms);
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

/* --- the thread --- */

enum up_err up_watch_start(struct up_server *s)
{
	(void)s;
	hub.turned_ms = steady_ms() / SLOT_MS * SLOT_MS;
	hub.stop = false;
	if (pthread_create(&hub.thread, NULL, run, NULL) != 0)
		return UP_E_NOMEM;
	hub.running = true;
	return UP_OK;
}

void up_watch_stop(void)
{
	if (!hub.running)
		return;
	pthread_mutex_lock(&hub.lock);
	hub.stop = true;
	pthread_cond_signal(&hub.wake);
	pthread_mutex_unlock(&hub.lock);
	pthread_join(hub.thread, NULL);
	hub.running = false;
	pthread_mutex_lock(&hub.lock);
	for (struct watcher *w = hub.all; w != NULL; w = w->all_next)
		resume(w);
	pthread_mutex_unlock(&hub.lock);
}
