/* SPDX-License-Identifier: Apache-2.0
 * Who watches which login: between live, which tells of changes by a login's id, and the suspended
 * connections of waiting pages.
 *
 * libmicrohttpd walks all suspended connections of a thread whenever one of them is resumed. So
 * nobody resumes alone: one thread gathers what is due (frames, keep-alives) and what changed, asks
 * live where those logins stand, and resumes them together, 3 ms after a change and every 100 ms
 * otherwise. It is also the only one that asks live for pages and says good-bye for them: a
 * listener's thread never waits for it. What live does not tell now it is asked for again; the page
 * stays as it is. */
#ifndef UP_HUB_H
#define UP_HUB_H

#include "core/frame.h"
#include "server/http/http.h"

#define UP_HUB_SLOT_MS 100               /* the wheel's step */

struct up_watcher {
	struct up_server *server;
	struct MHD_Connection *conn;
	const struct up_login_info *info; /* a reference; its id is what live calls it by */
	unsigned place;                  /* of its address among all streams */
	/* watch.c's */
	uint8_t handle[UP_FRAME_HANDLE], frame_key[UP_FRAME_KEY];
	int64_t sent_ms;                 /* last write */
	int64_t frame_ms;                /* last frame */
	uint8_t sent_state;              /* + 1; 0: nothing yet */
	uint8_t version;
	bool over;
	/* The hub's: until when which state lasts, as live told last. In one, so that a page is
	 * read without the hub's lock, which the hub holds while it resumes many. */
	_Atomic int64_t state_until;
	/* the hub's, under its lock */
	bool told;                       /* STATE_UNTIL is the hub's own */
	bool suspended, dirty, changed, gone;
	struct up_watcher *next, **link; /* in a slot of the wheel */
	struct up_watcher *same_next, **same_link; /* in a chain of the table */
	struct up_watcher *changed_next, *todo_next, *gone_next;
};

UP_MUST_USE enum up_err up_hub_start(const struct up_server *);
/* Resumes all (they find the server stopping) and ends the thread. */
void up_hub_stop(void);
/* A login changed: what live's settings are given (live.h). */
void up_hub_woken(const char *id);

/* W, whose info is set, hears of changes and has its first state. UP_E_BUSY: no hub; UP_E_LIVE, or
 * a clock that is wrong. W is to leave in any case. */
UP_MUST_USE enum up_err up_hub_join(struct up_watcher *);
/* W goes, and is freed: the stream's place and the login are told. */
void up_hub_leave(struct up_watcher *);
/* Where its login stands, by what was told last. */
enum up_login_state up_hub_state(const struct up_watcher *, int64_t now_ms, int64_t *left_ms);
/* Suspend W's connection until DUE_MS (steady) or a change. False: something changed meanwhile,
 * look again. */
bool up_hub_sleep(struct up_watcher *, int64_t due_ms);
int64_t up_hub_steady_ms(void);

#endif
