/* SPDX-License-Identifier: Apache-2.0 */
#include "server/login/hub.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "server/log.h"
#include "server/http/streams.h"

#define SLOT_MS UP_HUB_SLOT_MS
#define SLOTS 256                        /* 25.6 s: more than a keep-alive */
#define COALESCE_NS 3000000

/* One lock for wheel, lists, table and flags: what it guards takes well under a microsecond. Order:
 * a lock of live, then this; never the other way. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	pthread_t thread;
	struct up_watcher *slots[SLOTS], *changed, *gone;
	struct up_watcher **table;          /* by the transaction's id */
	size_t chains;                   /* of it, a power of two */
	int64_t turned_ms;               /* slots before this are done */
	bool running, stop;
} hub = { .lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER };

int64_t up_hub_steady_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* --- waking; all with hub.lock held --- */

static void unlink_slot(struct up_watcher *w)
{
	if (w->link == NULL)
		return;
	*w->link = w->next;
	if (w->next != NULL)
		w->next->link = w->link;
	w->link = NULL;
}

static void link_slot(struct up_watcher *w, int64_t due_ms)
{
	/* Rounded up: woken early, it would find nothing due and come back to a slot that is done,
	 * which is a whole turn away. */
	int64_t n = (due_ms + SLOT_MS - 1) / SLOT_MS, next = hub.turned_ms / SLOT_MS + 1;
	struct up_watcher **slot;

	unlink_slot(w);
	slot = &hub.slots[(n < next ? next : n) % SLOTS];
	w->next = *slot;
	w->link = slot;
	if (w->next != NULL)
		w->next->link = &w->next;
	*slot = w;
}

static void resume(struct up_watcher *w)
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

/* --- by id --- */

/* FNV-1a: ids are ours, nobody chooses them. */
static struct up_watcher **chain_of(const char *id)
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (; *id != '\0'; id++)
		h = (h ^ (uint8_t)*id) * UINT64_C(1099511628211);
	return &hub.table[(h ^ h >> 32) & (hub.chains - 1)];
}

static void link_chain(struct up_watcher *w)
{
	struct up_watcher **chain = chain_of(w->info->id);

	w->same_next = *chain;
	w->same_link = chain;
	if (w->same_next != NULL)
		w->same_next->same_link = &w->same_next;
	*chain = w;
}

static void unlink_chain(struct up_watcher *w)
{
	if (w->same_link == NULL)
		return;
	*w->same_link = w->same_next;
	if (w->same_next != NULL)
		w->same_next->same_link = w->same_link;
}

static void note_change(struct up_watcher *w)
{
	if (w->changed)
		return;
	w->changed = true;
	w->changed_next = hub.changed;
	hub.changed = w;
}

void up_hub_woken(const char *id)
{
	pthread_mutex_lock(&hub.lock);
	if (hub.table != NULL)
		for (struct up_watcher *w = *chain_of(id); w != NULL; w = w->same_next)
			if (strcmp(w->info->id, id) == 0)
				note_change(w);
	if (hub.changed != NULL)
		pthread_cond_signal(&hub.wake);
	pthread_mutex_unlock(&hub.lock);
}

/* --- what changed, and who went: without hub.lock, since live is asked --- */

static int64_t pack(enum up_login_state state, int64_t until_ms)
{
	return until_ms * UP_LOGIN_STATES + state;
}

static enum up_err ask_state(const struct up_watcher *w, int64_t *state_until)
{
	enum up_login_state state = UP_LOGIN_EXPIRED;
	int64_t now, left = 0;
	enum up_err err = up_clock_now(w->server, &now);

	if (err == UP_OK)
		err = up_live_watch_state(w->server->live, w->info->id, now, &state, &left);
	*state_until = err == UP_OK ? pack(state, now + left) : pack(UP_LOGIN_EXPIRED, 0);
	return err;
}

/* False: live or the clock does not tell; the page stays as it is and is asked for again. */
static bool refresh(struct up_watcher *w)
{
	int64_t state_until;
	enum up_err err = ask_state(w, &state_until);

	pthread_mutex_lock(&hub.lock);
	if (err == UP_OK) {
		atomic_store_explicit(&w->state_until, state_until, memory_order_relaxed);
		w->told = true;
	} else if (!w->gone) {
		note_change(w);
	}
	pthread_mutex_unlock(&hub.lock);
	return err == UP_OK;
}

/* Ask for all of them, then resume all of them. */
static bool tell(struct up_watcher *changed)
{
	struct up_watcher *w;
	bool all = true;

	for (w = changed; w != NULL; w = w->todo_next)
		all = refresh(w) && all;
	pthread_mutex_lock(&hub.lock);
	for (w = changed; w != NULL; w = w->todo_next)
		if (!w->gone && !w->changed) /* changed again, or still to be asked for */
			resume(w);
	pthread_mutex_unlock(&hub.lock);
	return all;
}

static void end(struct up_watcher *w)
{
	enum up_err err;

	up_streams_leave(w->place);
	err = w->info == NULL ? UP_OK : up_live_watch_close(w->server->live, w->info->id);
	if (err != UP_OK)
		up_log(UP_LOG_WARNING, "watch_not_closed", "transaction", w->info->id, "reason",
		    up_err_name(err), NULL);
	up_live_info_unref(&w->info);
	up_wipe(w, sizeof(*w));
	free(w);
}

static void end_all(struct up_watcher *gone)
{
	struct up_watcher *w, *next;

	for (w = gone; w != NULL; w = next) {
		next = w->gone_next;
		end(w);
	}
}

static void wait_for_more(bool all)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += SLOT_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	if ((hub.changed == NULL || !all) && hub.gone == NULL)
		pthread_cond_timedwait(&hub.wake, &hub.lock, &until);
}

/* From now on a change is a new one. */
static struct up_watcher *take_changed(void)
{
	struct up_watcher *list = hub.changed;

	for (struct up_watcher *w = list; w != NULL; w = w->changed_next) {
		w->changed = false;
		w->todo_next = w->changed_next;
	}
	hub.changed = NULL;
	return list;
}

/* Nobody is freed but here, after his changes: they are taken at once. */
static bool settle(void)
{
	struct up_watcher *changed = take_changed(), *gone = hub.gone;
	bool all = true;

	hub.gone = NULL;
	if (changed == NULL && gone == NULL)
		return true;
	pthread_mutex_unlock(&hub.lock);
	if (changed != NULL)
		all = tell(changed);
	end_all(gone);
	pthread_mutex_lock(&hub.lock);
	return all;
}

static void *run(void *arg)
{
	const struct timespec pause = { 0, COALESCE_NS };
	bool all = true;

	(void)arg;
	pthread_mutex_lock(&hub.lock);
	while (!hub.stop) {
		wait_for_more(all);
		if (hub.changed != NULL) {
			pthread_mutex_unlock(&hub.lock);
			nanosleep(&pause, NULL);
			pthread_mutex_lock(&hub.lock);
		}
		all = settle();
		turn(up_hub_steady_ms());
	}
	pthread_mutex_unlock(&hub.lock);
	return NULL;
}

/* --- a watcher's life --- */

/* False: there is no hub (any more). */
static bool link_watcher(struct up_watcher *w)
{
	bool running;

	pthread_mutex_lock(&hub.lock);
	running = hub.running;
	if (running)
		link_chain(w);
	pthread_mutex_unlock(&hub.lock);
	return running;
}

/* In the table first, so that no change is missed: what the hub has learned since is newer. */
enum up_err up_hub_join(struct up_watcher *w)
{
	int64_t state_until;
	enum up_err err;

	if (!link_watcher(w))
		return UP_E_BUSY;
	err = ask_state(w, &state_until);
	pthread_mutex_lock(&hub.lock);
	if (!w->told)
		atomic_store_explicit(&w->state_until, state_until, memory_order_relaxed);
	pthread_mutex_unlock(&hub.lock);
	return err;
}

void up_hub_leave(struct up_watcher *w)
{
	bool running;

	pthread_mutex_lock(&hub.lock);
	unlink_slot(w);
	unlink_chain(w);
	w->gone = true;
	running = hub.running;
	if (running) {
		w->gone_next = hub.gone;
		hub.gone = w;
		pthread_cond_signal(&hub.wake);
	}
	pthread_mutex_unlock(&hub.lock);
	if (!running)
		end(w);
}

enum up_login_state up_hub_state(const struct up_watcher *w, int64_t now, int64_t *left_ms)
{
	int64_t state_until = atomic_load_explicit(&w->state_until, memory_order_relaxed);
	int64_t until_ms = state_until / UP_LOGIN_STATES;

	*left_ms = until_ms > now ? until_ms - now : 0;
	return (enum up_login_state)(state_until % UP_LOGIN_STATES);
}

bool up_hub_sleep(struct up_watcher *w, int64_t due_ms)
{
	bool slept = false;

	pthread_mutex_lock(&hub.lock);
	if (w->dirty || hub.stop) {
		w->dirty = false;
	} else {
		link_slot(w, due_ms);
		w->suspended = true;
		MHD_suspend_connection(w->conn);
		slept = true;
	}
	pthread_mutex_unlock(&hub.lock);
	return slept;
}

/* --- the thread's life --- */

enum up_err up_hub_start(const struct up_server *s)
{
	size_t chains = 64;

	while (chains < (size_t)s->config->waiting_pages / 2)
		chains *= 2;
	pthread_mutex_lock(&hub.lock);
	free(hub.table);
	hub.table = calloc(chains, sizeof(struct up_watcher *));
	hub.chains = chains;
	hub.turned_ms = up_hub_steady_ms() / SLOT_MS * SLOT_MS;
	hub.stop = false;
	hub.running = hub.table != NULL &&
	    pthread_create(&hub.thread, NULL, run, NULL) == 0;
	pthread_mutex_unlock(&hub.lock);
	return hub.running ? UP_OK : UP_E_NOMEM;
}

static void resume_all(void)
{
	for (size_t i = 0; i < hub.chains; i++)
		for (struct up_watcher *w = hub.table[i]; w != NULL; w = w->same_next)
			resume(w);
}

void up_hub_stop(void)
{
	struct up_watcher *gone;

	if (!hub.running)
		return;
	pthread_mutex_lock(&hub.lock);
	hub.stop = true;
	pthread_cond_signal(&hub.wake);
	pthread_mutex_unlock(&hub.lock);
	pthread_join(hub.thread, NULL);
	pthread_mutex_lock(&hub.lock);
	hub.running = false;
	hub.changed = NULL;              /* the last pages are freed as they end */
	gone = hub.gone;
	hub.gone = NULL;
	resume_all();
	pthread_mutex_unlock(&hub.lock);
	end_all(gone);
}
