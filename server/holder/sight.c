/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE 1                    /* memmem */
#include "server/holder/sight.h"

#include <stdlib.h>
#include <string.h>

#include "core/room.h"
#include "server/login/holder.h"
#include "server/store/people.h"

static int keep(void *arg, struct up_span ref)
{
	struct up_sight *s = arg;
	char (*more)[UP_STORE_REF + 1] = up_room(s->below, s->n, &s->cap, sizeof(*more));

	s->failed = more == NULL || ref.n != UP_STORE_REF;
	if (more != NULL)
		s->below = more;
	if (s->failed)
		return 1;
	memcpy(s->below[s->n], ref.p, ref.n);
	s->below[s->n++][ref.n] = '\0';
	return 0;
}

enum up_err up_sight_open(struct up_request *r, const struct up_role *viewer, bool changes,
    struct up_sight *out)
{
	const struct up_span none = { NULL, 0 };
	enum up_err err = UP_OK;

	*out = (struct up_sight){ .viewer = viewer, .changes = changes };
	out->whole = up_holder_may(r, viewer, UP_USE_SEE_UNIT, none) == UP_OK;
	if (!out->whole)
		err = up_store_people_below(
		    r->server->store, viewer, r->now_ms / 1000, keep, out);
	return err == UP_OK && out->failed ? UP_E_NOMEM : err;
}

void up_sight_close(struct up_sight *s)
{
	free(s->below);
	*s = (struct up_sight){ 0 };
}

static int compare(const void *ref, const void *entry)
{
	return strcmp(ref, entry);
}

static bool is_below(const struct up_sight *s, struct up_span ref)
{
	char text[UP_STORE_REF + 1] = "";

	if (ref.n != UP_STORE_REF || s->n == 0)
		return false;
	memcpy(text, ref.p, ref.n);
	return bsearch(text, s->below, s->n, sizeof(s->below[0]), compare) != NULL;
}

static bool is_me(const struct up_sight *s, struct up_span ref)
{
	return up_span_eq_str(ref, s->viewer->ref);
}

/* The value of a member that never needs an escape, out of canonical bytes: most records are none
 * of hers, and a unit has many. MEMBER: "NAME":", quotes and all, which within a text would be
 * escaped. */
static struct up_span cut_member(struct up_span record, const char *member)
{
	const size_t n = strlen(member);
	struct up_span rest = record, value;
	const uint8_t *at;

	while ((at = memmem(rest.p, rest.n, member, n)) != NULL) {
		rest = up_span_of(at + n, rest.n - (size_t)(at - rest.p) - n);
		if (at == record.p || (at[-1] != ',' && at[-1] != '{'))
			continue;
		up_span_cut(rest, '"', &value, &rest);
		return value;
	}
	return up_span_of(NULL, 0);
}

static struct up_span text_of(const json_t *o, const char *name)
{
	const char *text = json_string_value(json_object_get(o, name));

	return up_span_str(text != NULL ? text : "");
}

/* What a change was before or after: is it about her, or about one whom she authorised? */
static bool is_about(const struct up_sight *s, struct up_span state)
{
	json_t *o = NULL;
	bool about = false;

	if (state.n > 0 && up_json_parse(state, &o) == UP_OK)
		about = is_me(s, text_of(o, "ref")) || is_me(s, text_of(o, "grantor")) ||
		    is_below(s, text_of(o, "ref"));
	json_decref(o);
	return about;
}

static bool concerns(const struct up_sight *s, struct up_span canonical)
{
	json_t *record;
	bool seen;

	if (up_json_parse(canonical, &record) != UP_OK)
		return false;
	seen = is_me(s, text_of(record, "grantor")) || is_about(s, text_of(record, "before")) ||
	    is_about(s, text_of(record, "after"));
	json_decref(record);
	return seen;
}

bool up_sight_sees(void *sight, struct up_span canonical)
{
	const struct up_sight *s = sight;
	struct up_span event = cut_member(canonical, "\"event\":\""), holder;

	if (up_record_kind(event) != (s->changes ? UP_RECORD_CHANGE : UP_RECORD_USE))
		return false;
	holder = cut_member(canonical, "\"holder_ref\":\"");
	if (s->whole || is_me(s, holder) || is_below(s, holder))
		return true;
	return s->changes && (up_span_starts(event, "unit.") || concerns(s, canonical));
}

static void put_without(struct up_span canonical, const char *const *members, struct up_buf *out)
{
	json_t *record;
	char *text = NULL;

	if (up_json_parse(canonical, &record) == UP_OK) {
		for (; *members != NULL; members++)
			json_object_del(record, *members);
		text = json_dumps(record, JSON_COMPACT);
		json_decref(record);
	}
	if (text != NULL)
		up_buf_put_str(out, text);
	else
		out->failed = true;
	free(text);
}

void up_sight_put(const struct up_sight *s, struct up_span canonical, struct up_buf *out)
{
	static const char *const others[] = {
	    "device", "holder_ip", "initiator_ip", "person_ref", NULL};
	const struct up_span holder = cut_member(canonical, "\"holder_ref\":\"");

	if (s->whole || holder.n == 0 || is_me(s, holder) || is_below(s, holder))
		up_buf_put_span(out, canonical);
	else
		put_without(canonical, others, out);
}
