/* SPDX-License-Identifier: Apache-2.0 */
#include "server/holder/list.h"

#include <stdio.h>

#include "server/login/holder.h"

#define PAGE 50
#define PAGE_MAX 500
#define CERTIFICATE_MAX 128

/* A principal or manager looks at others; a user at herself. */
static enum up_err may_look(
    const struct up_request *r, const struct up_role *role, bool users)
{
	const bool own = users && role->edge.role == UP_ROLE_USER;

	return up_holder_may(
	    r, role, own ? UP_USE_SEE_OWN : UP_USE_SEE, (struct up_span){ NULL, 0 });
}

/* Of several edges for one certificate any that may. */
static enum up_err find_viewer(struct up_request *r, const struct up_list_call *call,
    struct up_span certificate, struct up_list *l)
{
	enum up_err err = up_store_roles(r->server->store, r->device.id, &l->roles, &l->n_roles);
	enum up_err why = UP_E_ROLE;

	for (size_t i = 0; err == UP_OK && l->viewer == NULL && i < l->n_roles; i++) {
		if (!up_span_eq_str(certificate, l->roles[i]->certificate))
			continue;
		why = may_look(r, l->roles[i], call->users);
		if (why == UP_OK)
			l->viewer = l->roles[i];
	}
	return err == UP_OK && l->viewer == NULL ? why : err;
}

static void release(struct up_list *l)
{
	up_store_roles_free(&l->roles, l->n_roles);
	up_form_free(&l->form);
}

bool up_list_begin(struct up_request *r, const struct up_list_call *call, struct up_list *l)
{
	struct up_span certificate;
	enum up_err err;

	*l = (struct up_list){ .j = { .b = &r->out } };
	err = up_form_parse(r->query, &l->form);
	if (err != UP_OK) {
		up_reply_err(r, err);
		return false;
	}
	l->q = up_body_of(r, &l->form);
	up_body_only(&l->q, call->names);
	certificate = up_body_text(&l->q, "certificate", CERTIFICATE_MAX);
	l->page.before = up_body_number(&l->q, "before", INT64_MAX, 0);
	l->limit = up_body_number(&l->q, "limit", PAGE_MAX, PAGE);
	l->page.limit = l->limit + 1;
	if (l->q.err != UP_OK) {
		up_body_refuse(r, &l->q);
		release(l);
		return false;
	}
	err = find_viewer(r, call, certificate, l);
	if (err == UP_OK)
		return true;
	up_reply_err(r, err);
	release(l);
	return false;
}

bool up_list_row(struct up_list *l, int64_t number)
{
	l->more = l->shown == l->limit;
	if (l->more)
		return false;
	l->shown++;
	l->last = number;
	return true;
}

void up_list_end(struct up_request *r, struct up_list *l, enum up_err err)
{
	if (l->q.err != UP_OK) {
		up_body_refuse(r, &l->q);
	} else if (err != UP_OK) {
		up_reply_err(r, err);
	} else {
		if (l->more)
			up_json_put_int(&l->j, "next", l->last);
		up_json_put_end(&l->j);
		up_reply(r, "application/json");
	}
	release(l);
}

void up_list_put_day(struct up_json_put *j, const char *name, uint32_t day)
{
	char text[16];

	snprintf(text, sizeof(text), "%04u-%02u-%02u", (unsigned)(day / 10000),
	    (unsigned)(day / 100 % 100), (unsigned)(day % 100));
	up_json_put_str(j, name, text);
}

void up_list_put_words(struct up_json_put *j, const char *name, struct up_span words)
{
	struct up_span word;

	up_json_put_array(j, name);
	while (words.n > 0) {
		up_span_cut(words, ' ', &word, &words);
		up_json_put_text(j, NULL, word);
	}
	up_json_put_end(j);
}
