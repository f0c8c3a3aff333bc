/* SPDX-License-Identifier: Apache-2.0 */
#include "server/realname.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/person.h"
#include "server/csv.h"

#define ROSTER_MAX (64 * 1024 * 1024)

enum { NAME, RESIDENT, MOBILE, COLUMNS };

struct search {
	const struct up_realname_person *person;
	bool headed;
	size_t column[COLUMNS], width;
	unsigned found;
	bool match;
};

static const char *const heads[COLUMNS][2] = { { "name", "姓名" }, { "resident_id", "公民身份号码" }, { "mobile", "手机号" } };

static enum up_err take_head(struct search *s, const struct up_span *cells, size_t n)
{
	size_t seen[COLUMNS] = { 0 };

	for (size_t i = 0; i < n; i++)
		for (size_t c = 0; c < COLUMNS; c++)
			if (up_span_eq_str(cells[i], heads[c][0]) || up_span_eq_str(cells[i], heads[c][1])) {
				s->column[c] = i;
				seen[c]++;
			}
	s->headed = true;
	s->width = n;
	return seen[NAME] == 1 && seen[RESIDENT] == 1 && seen[MOBILE] == 1 ? UP_OK : UP_E_FORMAT;
}

static bool same_name(struct up_span a, struct up_span b)
{
	struct up_buf x = { 0 }, y = { 0 };
	bool same;

	up_person_put_name(&x, a);
	up_person_put_name(&y, b);
	same = !x.failed && !y.failed && up_span_eq(up_buf_span(&x), up_buf_span(&y));
	up_buf_free(&x);
	up_buf_free(&y);
	return same;
}

static enum up_err take_row(void *arg, unsigned long line, const struct up_span *cells, size_t n)
{
	struct search *s = arg;
	char mobile[12];

	(void)line;
	if (!s->headed)
		return take_head(s, cells, n);
	if (n != s->width)
		return UP_E_FORMAT;
	if (!up_span_eq(cells[s->column[RESIDENT]], s->person->resident))
		return UP_OK;
	s->found++;
	s->match = up_person_parse_mobile(cells[s->column[MOBILE]], mobile) == UP_OK && up_span_eq_str(s->person->mobile, mobile) &&
	    same_name(cells[s->column[NAME]], s->person->name);
	up_wipe(mobile, sizeof(mobile));
	return UP_OK;
}

static bool read_roster(const char *path, struct up_buf *out, char why[256])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	const char *wrong = NULL;
	struct stat st;
	ssize_t n = 0;

	if (fd < 0) {
		snprintf(why, 256, "roster %.150s: %s", path, strerror(errno));
		return false;
	}
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		wrong = "is not a regular file";
	else if ((st.st_mode & 027) != 0)
		wrong = "is open to others: chmod 640 (or 600) it";
	else if (st.st_size > ROSTER_MAX)
		wrong = "is larger than 64 MiB";
	while (wrong == NULL) {
		uint8_t chunk[16384];

		n = read(fd, chunk, sizeof(chunk));
		if (n <= 0)
			break;
		up_buf_put(out, chunk, (size_t)n);
		up_wipe(chunk, (size_t)n);
	}
	if (wrong == NULL && (n < 0 || out->failed))
		wrong = "cannot be read";
	if (wrong != NULL)
		snprintf(why, 256, "roster %.150s %s", path, wrong);
	close(fd);
	return wrong == NULL;
}

static void check_roster(const struct up_realname *c, const struct up_realname_person *person, struct up_realname_answer *a)
{
	struct search s = { .person = person };
	struct up_buf text = { 0 };
	unsigned long line = 0;

	a->outcome = UP_REALNAME_UNAVAILABLE;
	a->assurance = "formats";
	if (c->source == NULL || c->source[0] == '\0') {
		snprintf(a->why, sizeof(a->why), "no roster is configured: set \"roster\" in unitpassd.conf");
		return;
	}
	if (!read_roster(c->source, &text, a->why))
		goto out;
	/* A file that is broken somewhere answers for nobody. */
	if (up_csv_read(up_buf_span(&text), take_row, &s, &line) != UP_OK || !s.headed) {
		snprintf(a->why, sizeof(a->why), "roster %.150s, line %lu: want CSV with the columns name,resident_id,mobile", c->source, line);
		goto out;
	}
	if (s.found > 1) {
		snprintf(a->why, sizeof(a->why), "roster %.150s holds this resident ID number more than once", c->source);
		goto out;
	}
	a->assurance = "roster";
	a->outcome = s.found == 0 ? UP_REALNAME_NOT_FOUND : s.match ? UP_REALNAME_MATCH : UP_REALNAME_MISMATCH;
out:
	up_buf_free(&text);
}

struct up_realname up_realname_roster(const char *file)
{
	return (struct up_realname){ .check = check_roster, .source = file };
}

enum up_err up_realname_check(const struct up_realname *c, const struct up_realname_person *person, uint32_t today,
    struct up_realname_answer *a, const char **wrong)
{
	struct up_realname_person p = *person;
	char mobile[12];
	enum up_err err;

	memset(a, 0, sizeof(*a));
	a->assurance = "formats";
	*wrong = "name";
	err = up_person_check_name(p.name);
	if (err == UP_OK) {
		*wrong = "resident_id";
		err = up_person_check_resident(p.resident, today);
	}
	if (err == UP_OK) {
		*wrong = "mobile";
		err = up_person_parse_mobile(p.mobile, mobile);
	}
	if (err != UP_OK)
		return err;
	*wrong = NULL;
	p.mobile = up_span_str(mobile);
	c->check(c, &p, a);
	up_wipe(mobile, sizeof(mobile));
	return UP_OK;
}

const char *up_realname_name(enum up_realname_outcome o)
{
	static const char *const names[] = { "unavailable", "match", "mismatch", "not_found" };

	return (unsigned)o < UP_ARRAY_LEN(names) ? names[o] : names[0];
}
