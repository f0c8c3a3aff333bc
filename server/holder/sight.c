/* SPDX-License-Identifier: Apache-2.0 */
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

static bool is_below(const struct up_sight *s, const char *ref)
{
	return ref[0] != '\0' && s->n > 0 &&
	    bsearch(ref, s->below, s->n, sizeof(s->below[0]), compare) != NULL;
}

static bool is_me(const struct up_sight *s, const char *ref)
{
	return strcmp(ref, s->viewer->ref) == 0;
}

static const char *text_of(const json_t *o, const char *name)
{
	const char *text = json_string_value(json_object_get(o, name));

	return text != NULL ? text : "";
}

/* What a change was before or after: is it about her, or about one whom she authorised? */
static bool is_about(const struct up_sight *s, const char *state)
{
	json_t *o = NULL;
	bool about = false;

	if (state[0] != '\0' && up_json_parse(up_span_str(state), &o) == UP_OK)
		about = is_me(s, text_of(o, "ref")) || is_me(s, text_of(o, "grantor")) ||
		    is_below(s, text_of(o, "ref"));
	json_decref(o);
	return about;
}

static bool sees(const struct up_sight *s, const json_t *record)
{
	const struct up_span event = up_span_str(text_of(record, "event"));
	const char *holder = text_of(record, "holder_ref");
	enum up_record_kind kind = up_record_kind(event);

	if (s->changes && kind != UP_RECORD_CHANGE)
		return false;
	if (s->whole || is_me(s, holder))
		return true;
	if (kind == UP_RECORD_USE)
		return is_below(s, holder);
	if (!s->changes)
		return false;
	return up_span_starts(event, "unit.") || up_span_starts(event, "certificate.") ||
	    is_below(s, holder) || is_me(s, text_of(record, "grantor")) ||
	    is_about(s, text_of(record, "before")) || is_about(s, text_of(record, "after"));
}

bool up_sight_sees(void *sight, struct up_span canonical)
{
	const struct up_sight *s = sight;
	json_t *record;
	bool seen;

	if (s->whole && !s->changes)
		return true;
	if (up_json_parse(canonical, &record) != UP_OK)
		return false;
	seen = sees(s, record);
	json_decref(record);
	return seen;
}
