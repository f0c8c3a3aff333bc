/* SPDX-License-Identifier: Apache-2.0
 * Who may act for a unit, as its holders see it (people.h). A statement narrows to what the viewer
 * can be meant to see; whether she may see a row, core/authority says. */
#include "server/store/people.h"

#include <string.h>

#include "server/store/persons.h"
#include "server/store/rows.h"

#define LIMIT_MAX 1000

/* Further columns of LISTED_COLUMNS in sql.c, behind those of a target. */
enum { NAME = UP_ROWS_EDGE + 3, PERSON, GRANTOR, GRANTOR_ROLE, MORE };

struct list {
	const struct up_role *viewer;
	bool own;                        /* her own rows alone */
	/* a row that she may see, as its FN gets it; non-zero stops */
	int (*tell)(struct list *, struct up_db *, const struct up_db_rows *,
	    const struct up_rows_target *);
	union {
		up_people_fn people;
		up_grant_fn grants;
		up_phone_fn phones;
		up_item_fn items;
	} fn;
	void *arg;
	struct up_data_keys *keys;
	struct up_person person;         /* name and mobile of the row, opened */
	struct up_buf words;
	size_t seen;
	enum up_err err;
};

/* Whether this is somebody whom she may see; whether she may see anybody now, the caller asked. A
 * user sees herself (rule 11). */
static bool may_see(const struct list *l, const struct up_rows_target *target)
{
	const unsigned of_target = UP_NEED_OTHER_ROLE | UP_NEED_TARGET | UP_NEED_UNDER |
	    UP_NEED_OWN | UP_NEED_USER;
	const struct up_authority_ask ask = { .use = UP_USE_SEE, .target = &target->edge };
	struct up_authority_answer answer;

	if (l->own)
		return strcmp(target->ref, l->viewer->ref) == 0;
	return up_authority_may(&ask, &l->viewer->edge, &answer) == UP_OK ||
	       (answer.lacks & of_target) == 0;
}

static enum up_err walk(struct up_store *s, enum up_sql id, const struct up_db_arg *args, size_t n,
    struct list *l)
{
	struct up_tx_read r;
	enum up_err err = up_tx_read(s, id, args, n, &r);
	bool stop = false;

	l->keys = s->data_keys;
	while (err == UP_OK && r.row && !stop) {
		struct up_rows_target target;

		up_rows_target(r.rows, &target);
		if (may_see(l, &target)) {
			l->seen++;
			stop = l->tell(l, r.db, r.rows, &target) != 0;
		}
		if (!stop)
			err = up_db_next(r.rows, &r.row);
	}
	err = err == UP_OK ? l->err : err;
	if (err == UP_E_STORE && r.db != NULL)
		up_tx_log(s, 'e', "store: list failed", r.db);
	up_tx_read_end(&r);
	up_wipe(&l->person, sizeof(l->person));
	return err;
}

/* Her name in full. */
static enum up_err open_name(struct list *l, struct up_db *db, const struct up_db_rows *rows)
{
	return up_persons_open(db, l->keys, UP_DATA_NAME, up_db_column(rows, PERSON),
	    up_db_column(rows, NAME), l->person.name, sizeof(l->person.name));
}

static struct up_db_arg before_of(const struct up_page *page)
{
	return up_db_int(page->before > 0 ? page->before : INT64_MAX);
}

static struct up_db_arg limit_of(const struct up_page *page)
{
	return up_db_int(
	    page->limit > 0 && page->limit < LIMIT_MAX ? page->limit : LIMIT_MAX);
}

static enum up_authority_role grantor_role(const struct up_db_rows *rows)
{
	return up_authority_role(up_db_column(rows, GRANTOR_ROLE));
}

/* --- managers and users --- */

static struct up_span status_of(const struct up_authority_edge *edge)
{
	if (!edge->person_confirmed)
		return UP_SPAN_LIT("pending");
	return up_span_str(edge->state == UP_EDGE_LIVE ? "live" : "waiting");
}

static int person(struct list *l, struct up_db *db, const struct up_db_rows *rows,
    const struct up_rows_target *target)
{
	l->err = open_name(l, db, rows);
	if (l->err == UP_OK)
		l->err = up_persons_open(db, l->keys, UP_DATA_MOBILE, up_db_column(rows, PERSON),
		    up_db_column(rows, MORE), l->person.mobile, sizeof(l->person.mobile));
	if (l->err != UP_OK)
		return 1;

	const struct up_people_view v = {
	    .number = target->edge.id,
	    .role = target->edge.role,
	    .ref = up_span_str(target->ref),
	    .name = up_span_str(l->person.name),
	    .masked = up_span_str(target->masked),
	    .mobile = up_span_str(l->person.mobile),
	    .status = status_of(&target->edge),
	    .grantor = up_db_column(rows, GRANTOR),
	    .grantor_role = grantor_role(rows),
	    .may_authorise = target->edge.may_authorise,
	    .since_ms = up_db_column_int(rows, up_db_column_null(rows, MORE + 2) ? MORE + 1
									   : MORE + 2),
	    .grants = up_db_column_int(rows, MORE + 3),
	};

	return l->fn.people(l->arg, &v);
}

static struct up_db_arg role_arg(enum up_authority_role which)
{
	return up_db_text(up_span_str(up_authority_role_name(which)));
}

enum up_err up_store_people(struct up_store *s, const struct up_role *viewer,
    enum up_authority_role which, const struct up_page *page, up_people_fn fn, void *arg)
{
	struct list l = { .viewer = viewer, .tell = person, .fn.people = fn, .arg = arg };
	const struct up_db_arg of_unit[] = { up_db_text(up_span_str(viewer->unit_code)),
		role_arg(which), before_of(page), limit_of(page) };
	const struct up_db_arg of_grantor[] = {
	    up_db_int(viewer->id), of_unit[1], of_unit[2], of_unit[3]};

	if (viewer->edge.role == UP_ROLE_PRINCIPAL)
		return walk(s, UP_SQL_PEOPLE_OF_UNIT, of_unit, UP_ARRAY_LEN(of_unit), &l);
	return walk(s, UP_SQL_PEOPLE_OF_GRANTOR, of_grantor, UP_ARRAY_LEN(of_grantor), &l);
}

enum up_err up_store_person(struct up_store *s, const struct up_role *viewer,
    enum up_authority_role which, struct up_span ref, up_people_fn fn, void *arg)
{
	struct list l = { .viewer = viewer, .tell = person, .fn.people = fn, .arg = arg };
	const struct up_db_arg args[] = { up_db_text(ref), role_arg(which) };
	enum up_err err = walk(s, UP_SQL_PEOPLE_OF_REF, args, UP_ARRAY_LEN(args), &l);

	return err == UP_OK && l.seen == 0 ? UP_E_NOT_FOUND : err;
}

enum up_err up_store_people_below(
    struct up_store *s, const struct up_role *viewer, int64_t now_s, up_ref_fn fn, void *arg)
{
	const struct up_db_arg edge = up_db_int(viewer->id);
	struct up_tx_read r;
	enum up_err err = up_tx_read(s, UP_SQL_EDGES_OF_GRANTOR, &edge, 1, &r);
	bool stop = false;

	while (err == UP_OK && r.row && !stop) {
		struct up_authority_answer answer;
		struct up_rows_target target;
		const struct up_authority_ask ask = {
		    .use = UP_USE_SEE_USAGE_OF, .target = &target.edge, .now_s = now_s };

		up_rows_target(r.rows, &target);
		if (up_authority_may(&ask, &viewer->edge, &answer) == UP_OK)
			stop = fn(arg, up_span_str(target.ref)) != 0;
		if (!stop)
			err = up_db_next(r.rows, &r.row);
	}
	up_tx_read_end(&r);
	return err;
}

/* --- grants --- */

static int grant(struct list *l, struct up_db *db, const struct up_db_rows *rows,
    const struct up_rows_target *target)
{
	const struct up_db_arg number = up_db_int(up_db_column_int(rows, MORE));

	l->err = up_rows_words(db, UP_SQL_GRANT_ITEMS, number, &l->words);
	if (l->err == UP_OK)
		l->err = open_name(l, db, rows);
	if (l->err != UP_OK)
		return 1;

	const struct up_grant_view v = {
	    .number = number.i,
	    .ref = up_db_column(rows, MORE + 1),
	    .user = up_span_str(target->ref),
	    .name = up_span_str(l->person.name),
	    .masked = up_span_str(target->masked),
	    .grantor = up_db_column(rows, GRANTOR),
	    .grantor_role = grantor_role(rows),
	    .items = up_buf_span(&l->words),
	    .from_day = (uint32_t)up_db_column_int(rows, MORE + 2),
	    .to_day = (uint32_t)up_db_column_int(rows, MORE + 3),
	    .status = up_db_column(rows, MORE + 4),
	    .created_ms = up_db_column_int(rows, MORE + 5),
	    .live_ms = up_db_column_int(rows, MORE + 6),
	    .ended_ms = up_db_column_int(rows, MORE + 7),
	};

	return l->fn.grants(l->arg, &v);
}

static enum up_err grants_of_holder(
    struct up_store *s, struct up_span ref, const struct up_page *page, struct list *l)
{
	const struct up_db_arg args[] = {
	    up_db_text(ref),
	    before_of(page),
	    limit_of(page),
	    up_db_int(l->viewer->edge.role == UP_ROLE_MANAGER ? l->viewer->id : 0),
	};

	return walk(s, UP_SQL_GRANTS_OF_HOLDER, args, UP_ARRAY_LEN(args), l);
}

static enum up_err grants_of_edge(
    struct up_store *s, const struct up_page *page, struct list *l)
{
	const bool all = l->viewer->edge.role == UP_ROLE_PRINCIPAL;
	const struct up_db_arg args[] = {
	    all ? up_db_text(up_span_str(l->viewer->unit_code)) : up_db_int(l->viewer->id),
	    before_of(page),
	    limit_of(page),
	};

	return walk(s, all ? UP_SQL_GRANTS_OF_UNIT : UP_SQL_GRANTS_OF_GRANTOR, args,
	    UP_ARRAY_LEN(args), l);
}

static enum up_err grant_of_ref(struct up_store *s, const struct up_grant_filter *f,
    struct list *l)
{
	const struct up_db_arg ref = up_db_text(f->grant);
	enum up_err err = walk(s, UP_SQL_GRANTS_OF_REF, &ref, 1, l);

	return err == UP_OK && l->seen == 0 ? UP_E_NOT_FOUND : err;
}

enum up_err up_store_grants(struct up_store *s, const struct up_role *viewer,
    const struct up_grant_filter *f, const struct up_page *page, up_grant_fn fn, void *arg)
{
	struct list l = { .viewer = viewer, .tell = grant, .fn.grants = fn, .arg = arg };
	const bool user = viewer->edge.role == UP_ROLE_USER;
	enum up_err err;

	l.own = user;
	if (f->grant.n > 0)
		err = grant_of_ref(s, f, &l);
	else if (user)
		err = grants_of_holder(s, up_span_str(viewer->ref), page, &l);
	else if (f->user.n > 0)
		err = grants_of_holder(s, f->user, page, &l);
	else
		err = grants_of_edge(s, page, &l);
	up_buf_free(&l.words);
	return err;
}

/* --- items --- */

enum up_err up_store_catalogue(struct up_store *s, up_item_fn fn, void *arg)
{
	struct up_tx_read r;
	enum up_err err = up_tx_read(s, UP_SQL_ITEMS_GRANTABLE, NULL, 0, &r);
	bool stop = false;

	while (err == UP_OK && r.row && !stop) {
		const struct up_item_view v = {
		    .item = up_db_column(r.rows, 0),
		    .name = up_db_column(r.rows, 1),
		    .client = up_db_column(r.rows, 2),
		    .client_name = up_db_column(r.rows, 3),
		};

		stop = fn(arg, &v) != 0;
		if (!stop)
			err = up_db_next(r.rows, &r.row);
	}
	up_tx_read_end(&r);
	return err;
}

/* --- phones --- */

static int phone(struct list *l, struct up_db *db, const struct up_db_rows *rows,
    const struct up_rows_target *target)
{
	const struct up_phone_view v = {
	    .number = target->edge.id,
	    .ref = up_db_column(rows, MORE),
	    .name = up_db_column(rows, MORE + 1),
	    .user = up_span_str(target->ref),
	    .person = up_span_str(target->masked),
	    .role = target->edge.role,
	    .own = l->own,
	    .since_ms = up_db_column_int(rows, MORE + 2),
	};

	(void)db;
	return l->fn.phones(l->arg, &v);
}

/* Her own, as far as it is known in this unit, come first, on the first page. */
enum up_err up_store_phones(struct up_store *s, const struct up_role *viewer,
    const struct up_page *page, up_phone_fn fn, void *arg)
{
	struct list own = { .viewer = viewer, .own = true, .tell = phone, .fn.phones = fn,
		.arg = arg };
	struct list others = { .viewer = viewer, .tell = phone, .fn.phones = fn, .arg = arg };
	const bool all = viewer->edge.role == UP_ROLE_PRINCIPAL;
	const struct up_db_arg me = up_db_text(up_span_str(viewer->ref));
	const struct up_db_arg args[] = {
	    all ? up_db_text(up_span_str(viewer->unit_code)) : up_db_int(viewer->id),
	    before_of(page),
	    limit_of(page),
	};
	enum up_err err = UP_OK;

	if (page->before == 0)
		err = walk(s, UP_SQL_PHONES_OF_HOLDER, &me, 1, &own);
	if (err != UP_OK || viewer->edge.role == UP_ROLE_USER)
		return err;
	return walk(s, all ? UP_SQL_PHONES_OF_UNIT : UP_SQL_PHONES_OF_GRANTOR, args,
	    UP_ARRAY_LEN(args), &others);
}
