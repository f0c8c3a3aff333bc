/* SPDX-License-Identifier: Apache-2.0
 * Pages from the embedded templates and word tables, with the headers of SECURITY 23. */
#ifndef UP_PAGE_H
#define UP_PAGE_H

#include "module/rp/respond.h"
#include "web/words.h"

struct up_page_login {                   /* borrowed */
	const char *state;               /* pending scanned approved denied expired */
	bool plain;                      /* for a browser in which the widget does not run */
	struct up_span attempt, return_to, item, watch_uri, client_name, item_name,
	    verification_uri, user_code;
	int64_t expires_in_s, frame_interval_s;
};
/* 200 with the login page. */
void up_page_login(struct up_exchange *, const struct up_page_login *);

struct up_page_message {                 /* empty: not shown */
	int status;
	const char *title_key;           /* of the word tables, as are the other keys */
	struct up_span text, action_uri, post_uri, return_to, hint, detail;
	const char *action_key, *post_key, *action_target;
	/* Whom the page is about: unit, person (as she may be shown) and role;
	 * what the location wants instead. */
	const struct up_rp_session *who;
	struct up_span person;
	const struct up_rp_rule *wanted;
	struct up_span attempt;          /* asks whether WHO may be signed in by it */
};
/* In a frame a page that only leads on may be shown, and its link leaves the frame:
 * else nothing is seen there at all. */
void up_page_message(struct up_exchange *, const struct up_page_message *);
/* 401 for a frame: sign in outside of it. */
void up_page_way_out(struct up_exchange *, struct up_span return_to, struct up_span item);
/* 401 for a form: what was sent has not arrived, and how to send it again. */
void up_page_unsent(struct up_exchange *, struct up_span item);
/* What went wrong, and the way to start again. */
void up_page_error(struct up_exchange *, enum up_err err, int status);
/* A file of web/login or web/design: PATH begins "assets/". 304 when the browser has it. */
void up_page_asset(struct up_exchange *, struct up_span path);

/* Does the site's own template render? WHY says what is wrong with it. */
bool up_page_check(const struct up_rp *, char *why, size_t cap);

#endif
