/* SPDX-License-Identifier: Apache-2.0
 * GET /holder/usage and GET /holder/changes: what a phone's certificates were used for, and what
 * became of them and of who holds them (rules 11, 25), by page. */
#include <stdlib.h>
#include <string.h>

#include "core/day.h"
#include "core/room.h"
#include "server/holder/sight.h"
#include "server/login/holder.h"
#include "server/http/routes.h"

#define PAGE 50
#define PAGE_MAX 500

/* One record in TEXT. */
struct entry {
	int64_t seq;
	size_t at, n;
};

struct page {
	struct up_span certificate;      /* of this one alone, or empty */
	struct up_usage_filter filter;
	int64_t limit;
	struct up_buf text;
	const struct up_sight *sight;    /* of the role that is asked just now */
	struct entry *entries;
	size_t n, cap;
	bool changes;                    /* alone */
	bool any, failed;                /* a live role was asked; no memory */
	enum up_err refused;             /* what the one that may not says, if none may */
};

/* --- what is asked --- */

static enum up_err take_day(const struct up_form *q, const char *name, bool end, int64_t *ms)
{
	struct up_span text = up_form_get(q, name);
	int64_t start_s;
	enum up_err err;

	if (text.n == 0)
		return UP_OK;
	err = up_day_parse(text, &start_s);
	*ms = (start_s + (end ? UP_DAY_S : 0)) * 1000;
	return err == UP_OK ? UP_OK : UP_E_REQUEST;
}

static enum up_err take_number(
    const struct up_form *q, const char *name, uint64_t max, int64_t *out)
{
	struct up_span text = up_form_get(q, name);
	uint64_t n;

	if (text.n == 0)
		return UP_OK;
	if (up_span_u64(text, max, &n) != UP_OK || n == 0)
		return UP_E_REQUEST;
	*out = (int64_t)n;
	return UP_OK;
}

static enum up_err only(const struct up_form *q)
{
	static const char *const names[] = {
	    "certificate", "event", "from", "to", "before", "limit"};
	size_t known = 0;

	for (size_t i = 0; i < q->n; i++)
		for (size_t k = 0; k < UP_ARRAY_LEN(names); k++)
			known += up_span_eq_str(q->at[i].name, names[k]);
	return known == q->n ? UP_OK : UP_E_REQUEST;
}

static enum up_err read_query(const struct up_form *q, struct page *page)
{
	struct up_usage_filter *f = &page->filter;
	enum up_err err = only(q);

	page->limit = PAGE;
	page->certificate = up_form_get(q, "certificate");
	f->event = up_form_get(q, "event");
	if (err == UP_OK)
		err = take_day(q, "from", false, &f->from_ms);
	if (err == UP_OK)
		err = take_day(q, "to", true, &f->to_ms);
	if (err == UP_OK)
		err = take_number(q, "before", INT64_MAX, &f->after_seq);
	if (err == UP_OK)
		err = take_number(q, "limit", PAGE_MAX, &page->limit);
	f->limit = page->limit + 1;      /* one more tells whether there is a next page */
	return err;
}

/* --- from all roles into one order --- */

static int keep(void *arg, int64_t seq, struct up_span canonical)
{
	struct page *page = arg;
	struct entry *more = up_room(page->entries, page->n, &page->cap, sizeof(*more));

	page->failed = more == NULL;
	if (page->failed)
		return 1;
	page->entries = more;
	page->entries[page->n] = (struct entry){ .seq = seq, .at = page->text.n };
	up_sight_put(page->sight, canonical, &page->text);
	page->entries[page->n].n = page->text.n - page->entries[page->n].at;
	page->n++;
	page->failed = page->text.failed;
	return page->failed;
}

static enum up_err ask(struct up_request *r, const struct up_role *role, struct page *page)
{
	const struct up_span none = { NULL, 0 };
	struct up_usage_filter f = page->filter;
	struct up_sight sight;
	enum up_err err;

	if (page->certificate.n > 0 && !up_span_eq_str(page->certificate, role->certificate))
		return UP_OK;
	err = up_holder_may(r, role, UP_USE_SEE_OWN, none);
	if (err != UP_OK) {
		if (page->refused != UP_E_SUSPENDED)
			page->refused = err;
		return UP_OK;
	}
	page->any = true;
	err = up_sight_open(r, role, page->changes, &sight);
	f.unit = up_span_str(role->unit_code);
	f.wanted = up_sight_sees;
	f.wanted_arg = &sight;
	page->sight = &sight;
	if (err == UP_OK)
		err = up_store_usage(r->server->store, &f, keep, page);
	page->sight = NULL;
	up_sight_close(&sight);
	return err;
}

static int newest_first(const void *a, const void *b)
{
	int64_t x = ((const struct entry *)a)->seq, y = ((const struct entry *)b)->seq;

	return (x < y) - (x > y);
}

static enum up_err gather(struct up_request *r, struct page *page)
{
	struct up_role **roles;
	size_t n;
	enum up_err err = up_store_roles(r->server->store, r->device.id, &roles, &n);

	for (size_t i = 0; err == UP_OK && i < n; i++)
		err = ask(r, roles[i], page);
	up_store_roles_free(&roles, n);
	if (err == UP_OK && page->failed)
		err = UP_E_NOMEM;
	/* without any she has no records; but who is suspended is told what to do */
	if (err == UP_OK && !page->any &&
	    (page->certificate.n > 0 || page->refused == UP_E_SUSPENDED))
		err = page->refused;
	if (page->n > 1)
		qsort(page->entries, page->n, sizeof(*page->entries), newest_first);
	return err;
}

/* --- the answer --- */

static void answer(struct up_request *r, const struct page *page)
{
	struct up_json_put j = { .b = &r->out };
	int64_t shown = 0, last = 0;
	size_t i;

	up_json_put_object(&j, NULL);
	up_json_put_array(&j, "records");
	for (i = 0; i < page->n && shown < page->limit; i++) {
		const struct entry *e = &page->entries[i];

		if (e->seq == last)      /* of two roles in one unit */
			continue;
		up_json_put_raw(&j, NULL, up_span_of(page->text.p + e->at, e->n));
		last = e->seq;
		shown++;
	}
	while (i < page->n && page->entries[i].seq == last)
		i++;
	up_json_put_end(&j);
	if (i < page->n)
		up_json_put_int(&j, "next", last);
	up_json_put_end(&j);
	up_reply(r, "application/json");
}

static void list(struct up_request *r, bool changes)
{
	struct page page = { .limit = PAGE, .changes = changes, .refused = UP_E_ROLE };
	struct up_form query;
	enum up_err err = up_form_parse(r->query, &query);

	if (err == UP_OK)
		err = read_query(&query, &page);
	if (err == UP_OK)
		err = gather(r, &page);
	if (err == UP_OK)
		answer(r, &page);
	else
		up_reply_err(r, err);
	up_form_free(&query);
	up_buf_free(&page.text);
	free(page.entries);
}

void up_holder_usage(struct up_request *r)
{
	list(r, false);
}

void up_holder_changes(struct up_request *r)
{
	list(r, true);
}
