/* SPDX-License-Identifier: Apache-2.0 */
#include "server/connect/realname.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/connect/csv.h"

#define ANY_DAY 99991231                 /* a roster tells who is, not when */
#define ROSTER_MAX (64 * 1024 * 1024)

enum { NAME, RESIDENT, MOBILE, COLUMNS };

struct search {
	const struct up_person *person;
	bool headed, head_wrong;
	size_t column[COLUMNS], width;
	unsigned found;
	bool match, spoilt;              /* spoilt: her own row cannot be read */
	unsigned long bad;               /* rows that cannot be read; the first one and why: */
	unsigned long bad_line;
	char bad_en[UP_PERSON_FAULT_TEXT], bad_zh[UP_PERSON_FAULT_TEXT];
};

static const char *const heads[COLUMNS][2] = {
	{ "name", "姓名" }, { "resident_id", "公民身份号码" }, { "mobile", "手机号" },
};

static void note_bad(struct search *s, unsigned long line, const char *en, const char *zh,
    bool hers)
{
	/* Her own row's fault is what the window must know. */
	if (s->bad == 0 || (hers && !s->spoilt)) {
		s->bad_line = line;
		snprintf(s->bad_en, sizeof(s->bad_en), "%s", en);
		snprintf(s->bad_zh, sizeof(s->bad_zh), "%s", zh);
	}
	s->bad++;
	s->spoilt = s->spoilt || hers;
}

static enum up_err bad_row(void *arg, unsigned long line, const char *en, const char *zh)
{
	struct search *s = arg;

	note_bad(s, line, en, zh, false);
	/* without a head the rows mean nothing */
	s->head_wrong = s->head_wrong || !s->headed;
	return s->head_wrong ? UP_E_FORMAT : UP_OK;
}

static enum up_err take_head(struct search *s, unsigned long line, const struct up_span *cells,
    size_t n)
{
	size_t seen[COLUMNS] = { 0 };

	for (size_t i = 0; i < n; i++)
		for (size_t c = 0; c < COLUMNS; c++) {
			struct up_normal_fault fault;
			char head[64];

			if (up_normal_take(cells[i], UP_NORMAL_LINE, head, sizeof(head),
			    &fault) == UP_OK &&
			    (strcmp(head, heads[c][0]) == 0 || strcmp(head, heads[c][1]) == 0)) {
				s->column[c] = i;
				seen[c]++;
			}
		}
	s->headed = true;
	s->width = n;
	if (seen[NAME] == 1 && seen[RESIDENT] == 1 && seen[MOBILE] == 1)
		return UP_OK;
	s->head_wrong = true;
	note_bad(s, line, "want the columns name, resident_id and mobile, each once",
	    "表头应有“姓名”“公民身份号码”“手机号”各一列", false);
	return UP_E_FORMAT;
}

static bool same_person(const struct up_person *a, const struct up_person *b)
{
	struct up_buf x = { 0 }, y = { 0 };
	bool same = up_person_put_key(&x, up_span_str(a->name)) == UP_OK &&
	    up_person_put_key(&y, up_span_str(b->name)) == UP_OK &&
	    up_span_eq(up_buf_span(&x), up_buf_span(&y)) && strcmp(a->mobile, b->mobile) == 0;

	up_buf_free(&x);
	up_buf_free(&y);
	return same;
}

enum whose { HERS, ANOTHERS, NOBODYS };

static enum whose whose(const struct search *s, struct up_span resident)
{
	struct up_normal_fault fault;
	char text[UP_RESIDENT_LEN + 1];
	enum whose w = NOBODYS;

	if (up_normal_take(resident, UP_NORMAL_NUMBER, text, sizeof(text), &fault) == UP_OK &&
	    text[0] != '\0')
		w = strcmp(text, s->person->resident) == 0 ? HERS : ANOTHERS;
	up_wipe(text, sizeof(text));
	return w;
}

static void judge_row(struct search *s, unsigned long line, const struct up_person_given *given,
    bool hers)
{
	char en[UP_PERSON_FAULT_TEXT], zh[UP_PERSON_FAULT_TEXT];
	struct up_person_fault fault;
	struct up_person row;

	if (up_person_take(given, ANY_DAY, &row, &fault) == UP_OK) {
		s->found++;
		s->match = same_person(&row, s->person);
	} else {
		up_person_fault_text(&fault, false, en);
		up_person_fault_text(&fault, true, zh);
		note_bad(s, line, en, zh, hers);
	}
	up_wipe(&row, sizeof(row));
}

/* The row of another is not looked at further, as far as it can be told that it is another's. */
static enum up_err take_row(void *arg, unsigned long line, const struct up_span *cells, size_t n)
{
	struct search *s = arg;
	struct up_person_given given;
	enum whose w;

	if (!s->headed)
		return take_head(s, line, cells, n);
	given = (struct up_person_given){ up_csv_cell(cells, n, s->column[NAME]),
	    up_csv_cell(cells, n, s->column[RESIDENT]),
		up_csv_cell(cells, n, s->column[MOBILE]) };
	w = whose(s, given.resident);
	if (up_csv_overfull(cells, n, s->width))
		note_bad(s, line, UP_CSV_OVERFULL_EN, UP_CSV_OVERFULL_ZH, w == HERS);
	else if (w != ANOTHERS && given.name.n + given.resident.n + given.mobile.n > 0)
		judge_row(s, line, &given, w == HERS);
	return UP_OK;
}

/* What is wrong, in English and Chinese. */
typedef const char *const words[2];

static void say(struct up_realname_answer *a, const char *path, words what)
{
	snprintf(a->why_en, sizeof(a->why_en), "roster %.150s %s", path, what[0]);
	snprintf(a->why_zh, sizeof(a->why_zh), "名册 %.150s %s", path, what[1]);
}

static const char *const *file_wrong(const struct stat *st)
{
	static words special = { "is not a regular file", "不是普通文件" };
	static words open_to_others = { "is open to others: chmod 640 (or 600) it",
		"可被其他用户访问：请 chmod 640（或 600）" };
	static words large = { "is larger than 64 MiB", "大于 64 MiB" };

	if (!S_ISREG(st->st_mode))
		return special;
	if ((st->st_mode & 027) != 0)
		return open_to_others;
	return st->st_size > ROSTER_MAX ? large : NULL;
}

static words unreadable = { "cannot be read", "无法读取" };

static bool read_roster(const char *path, struct up_buf *out, struct up_realname_answer *a)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	const char *const *wrong;
	uint8_t chunk[16384];
	struct stat st;
	ssize_t n = 0;

	if (fd < 0) {
		const char *reason[] = { strerror(errno), strerror(errno) };

		say(a, path, reason);
		return false;
	}
	wrong = fstat(fd, &st) != 0 ? unreadable : file_wrong(&st);
	while (wrong == NULL && (n = read(fd, chunk, sizeof(chunk))) > 0)
		up_buf_put(out, chunk, (size_t)n);
	up_wipe(chunk, sizeof(chunk));
	if (wrong == NULL && (n < 0 || out->failed))
		wrong = unreadable;
	if (wrong != NULL)
		say(a, path, wrong);
	close(fd);
	return wrong == NULL;
}

static void say_bad(struct up_realname_answer *a, const char *path, const struct search *s)
{
	snprintf(a->why_en, sizeof(a->why_en), "roster %.150s, line %lu: %.200s%s", path,
	    s->bad_line, s->bad_en,
	    s->bad > 1 ? "; more rows are wrong" : "");
	snprintf(a->why_zh, sizeof(a->why_zh), "名册 %.150s 第 %lu 行：%.200s%s", path,
	    s->bad_line, s->bad_zh,
	    s->bad > 1 ? "；另有其他行有误" : "");
}

static void conclude(struct up_realname_answer *a, const char *path, const struct search *s)
{
	static words empty = { "is empty", "为空" };
	static words twice = { "holds this resident ID number more than once",
		"中此身份证号出现不止一次" };

	if (s->bad > 0)
		say_bad(a, path, s);
	else if (!s->headed)
		say(a, path, empty);
	if (s->head_wrong || !s->headed || s->spoilt || (s->found == 0 && s->bad > 0))
		return;
	if (s->found > 1) {
		say(a, path, twice);
		return;
	}
	a->assurance = "roster";
	a->outcome = s->found == 0 ? UP_REALNAME_NOT_FOUND : s->match ? UP_REALNAME_MATCH
	    : UP_REALNAME_MISMATCH;
}

static void check_roster(const struct up_realname *c, const struct up_person *person,
    struct up_realname_answer *a)
{
	struct search s = { .person = person };
	const struct up_csv_taker taker = { .arg = &s, .row = take_row, .bad = bad_row };
	struct up_buf text = { 0 };

	a->outcome = UP_REALNAME_UNAVAILABLE;
	a->assurance = "formats";
	if (c->source == NULL || c->source[0] == '\0') {
		snprintf(a->why_en, sizeof(a->why_en),
		    "no roster is configured: set \"roster\" in unitpassd.conf");
		snprintf(a->why_zh, sizeof(a->why_zh),
		    "未配置名册：请在 unitpassd.conf 中设置 roster");
		return;
	}
	if (read_roster(c->source, &text, a)) {
		if (up_csv_read(up_buf_span(&text), &taker) == UP_E_NOMEM)
			say(a, c->source, unreadable);
		else
			conclude(a, c->source, &s);
	}
	up_buf_free(&text);
}

struct up_realname up_realname_roster(const char *file)
{
	return (struct up_realname){ .check = check_roster, .source = file };
}

void up_realname_check(const struct up_realname *c, const struct up_person *person,
    struct up_realname_answer *a)
{
	memset(a, 0, sizeof(*a));
	c->check(c, person, a);
}

const char *up_realname_name(enum up_realname_outcome o)
{
	static const char *const names[] = { "unavailable", "match", "mismatch", "not_found" };

	return (unsigned)o < UP_ARRAY_LEN(names) ? names[o] : names[0];
}
