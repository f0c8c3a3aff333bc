/* SPDX-License-Identifier: Apache-2.0
 * What lists and details have in common that a holder reads: who looks, at which page, and how it
 * ends. */
#ifndef UP_HOLDER_LIST_H
#define UP_HOLDER_LIST_H

#include "server/http/body.h"

struct up_list {
	struct up_body_reader q;         /* the query */
	struct up_form form;
	struct up_role **roles;          /* of the phone */
	size_t n_roles;
	const struct up_role *viewer;    /* of them, borrowed */
	struct up_page page;             /* as the store wants it: one row more than is shown */
	int64_t limit, shown, last;
	bool more;
	struct up_json_put j;            /* into the answer */
};

struct up_list_call {
	const char *const *names;        /* that the query may have; NULL-terminated */
	bool users;                      /* users may look too, at what is their own */
};

/* False: refused, and answered. Else up_list_end is due. */
UP_MUST_USE bool up_list_begin(struct up_request *, const struct up_list_call *, struct up_list *);
/* Before row NUMBER is put. False: the page is full, stop. */
UP_MUST_USE bool up_list_row(struct up_list *, int64_t number);
/* Answer, with "next" where there is more; or ERR. Frees. */
void up_list_end(struct up_request *, struct up_list *, enum up_err);

/* "2026-03-01" */
void up_list_put_day(struct up_json_put *, const char *name, uint32_t day);
/* Space-separated words as a list. */
void up_list_put_words(struct up_json_put *, const char *name, struct up_span words);

#endif
