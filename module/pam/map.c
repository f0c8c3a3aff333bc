/* SPDX-License-Identifier: Apache-2.0 */
#include "module/pam/map.h"

#include "core/text.h"
#include "core/uscc.h"

struct line { struct up_span unit, holder, account; };

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static struct up_span next_field(struct up_span *rest)
{
	struct up_span s = *rest;
	size_t n = 0;

	while (s.n > 0 && is_space(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (n < s.n && !is_space(s.p[n]))
		n++;
	*rest = up_span_of(s.p + n, s.n - n);
	return up_span_of(s.p, n);
}

/* The next line that says something. False: none is left. *OK: it has three fields that may stand
 * there. */
static bool next_line(struct up_span *rest, unsigned *number, struct line *l, bool *ok)
{
	struct up_span s;

	while (rest->n > 0) {
		up_span_cut(*rest, '\n', &s, rest);
		(*number)++;
		if (s.n > 0 && s.p[s.n - 1] == '\r')
			s.n--;
		s = up_span_trim(s);
		if (s.n == 0 || s.p[0] == '#')
			continue;
		l->unit = next_field(&s);
		l->holder = next_field(&s);
		l->account = next_field(&s);
		*ok = up_uscc_check_unit(l->unit) == UP_OK && l->holder.n > 0 && l->account.n > 0 &&
		    l->account.n < UP_MAP_ACCOUNT_MAX && next_field(&s).n == 0;
		return true;
	}
	return false;
}

enum up_err up_map_check(struct up_span text, unsigned *line)
{
	struct line l;
	bool ok;

	*line = 0;
	if (!up_text_utf8_valid(text))
		return UP_E_FORMAT;
	while (next_line(&text, line, &l, &ok))
		if (!ok)
			return UP_E_FORMAT;
	return UP_OK;
}

enum up_err up_map_find(
    struct up_span text, struct up_span unit, struct up_span holder, struct up_span account)
{
	enum up_err err = UP_E_NOT_FOUND;
	unsigned number = 0;
	struct line l;
	bool ok;

	if (unit.n == 0 || holder.n == 0 || account.n == 0)
		return UP_E_NOT_FOUND;
	while (next_line(&text, &number, &l, &ok)) {
		if (!ok)
			return UP_E_NOT_FOUND;
		if (!up_span_eq(l.unit, unit) ||
		    !(up_span_eq_str(l.holder, "*") || up_span_eq(l.holder, holder)))
			continue;
		if (up_span_eq(l.account, account))
			return UP_OK;
		err = UP_E_ROLE;
	}
	return err;
}
