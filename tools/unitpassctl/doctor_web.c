/* SPDX-License-Identifier: Apache-2.0
 * The dump of `nginx -T` is every file after a line "# configuration file PATH:", not joined:
 * includes are followed here. */
#include <config.h>

#include "tools/unitpassctl/doctor_web.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/room.h"

#define MARK "# configuration file "
#define WORDS 8                          /* kept of a directive; more are read and dropped */
#define WORD_MAX 1024
#define DEPTH_MAX 16                     /* of includes */
#define NAMES 16                         /* upstreams that lead to one address */

struct block {
	size_t parent;
	bool has_headers, passes;
	enum up_doctor_web_forwarded own;
};

struct scan {
	struct up_span dump;
	const char *address;                     /* NULL: only look for the directive */
	const char *directive;
	bool found, failed;
	/* of the main file: relative includes begin there */
	char dir[WORD_MAX];
	struct block *blocks;
	size_t n, cap;
	char names[NAMES][128];
	size_t n_names;
	char upstream[128];                      /* the block we are in, or "" */
};

struct directive { char word[WORDS][WORD_MAX]; size_t n; char end; };

/* --- words --- */

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip_blank(struct up_span *s)
{
	struct up_span comment;

	for (;;) {
		while (s->n > 0 && is_space(s->p[0]))
			*s = up_span_of(s->p + 1, s->n - 1);
		if (s->n == 0 || s->p[0] != '#')
			return;
		up_span_cut(*s, '\n', &comment, s);
	}
}

static void take_word(struct up_span *s, char out[WORD_MAX])
{
	char quote = s->p[0] == '"' || s->p[0] == '\'' ? (char)s->p[0] : '\0';
	size_t i = quote != '\0', n = 0;

	for (; i < s->n; i++) {
		char c = (char)s->p[i];

		if (quote != '\0' ? c == quote
				  : is_space(s->p[i]) || c == ';' ||
			    (c == '{' && (i == 0 || s->p[i - 1] != '$')))
			break;
		if (c == '\\' && i + 1 < s->n)
			c = (char)s->p[++i];
		if (n < WORD_MAX - 1)
			out[n++] = c;
	}
	out[n] = '\0';
	if (i < s->n && quote != '\0')
		i++;
	*s = up_span_of(s->p + i, s->n - i);
}

/* The next directive: its words up to ';' or '{'; or a lone '}'. False at the end. */
static bool take_directive(struct up_span *s, struct directive *d)
{
	char dropped[WORD_MAX];

	d->n = 0;
	for (;;) {
		skip_blank(s);
		if (s->n == 0)
			return false;
		if (s->p[0] == ';' || s->p[0] == '{' || (s->p[0] == '}' && d->n == 0)) {
			d->end = (char)s->p[0];
			*s = up_span_of(s->p + 1, s->n - 1);
			return true;
		}
		take_word(s, d->n < WORDS ? d->word[d->n] : dropped);
		d->n += d->n < WORDS;
	}
}

/* --- addresses --- */

static const char *address_of(const char *text, char out[256])
{
	if (strncmp(text, "localhost:", 10) == 0)
		snprintf(out, 256, "127.0.0.1:%s", text + 10);
	else
		snprintf(out, 256, "%s", text);
	return out;
}

static bool same_address(const char *a, const char *b)
{
	char left[256], right[256];

	return strcmp(address_of(a, left), address_of(b, right)) == 0;
}

/* "http://NAME/...", "http://127.0.0.1:9080", "http://unix:/path:/uri" */
static bool leads_there(const struct scan *x, const char *url)
{
	char host[256];
	const char *p = strstr(url, "://");
	size_t n;

	if (p == NULL)
		return false;
	p += 3;
	if (strncmp(p, "unix:", 5) == 0)
		n = 5 + strcspn(p + 5, ":");
	else
		n = strcspn(p, "/");
	snprintf(host, sizeof(host), "%.*s", (int)(n < 255 ? n : 255), p);
	for (size_t i = 0; i < x->n_names; i++)
		if (strcmp(host, x->names[i]) == 0)
			return true;
	return same_address(host, x->address);
}

/* --- the walk --- */

static size_t open_block(struct scan *x, size_t parent)
{
	struct block *blocks = up_room(x->blocks, x->n, &x->cap, sizeof(*blocks));

	if (blocks == NULL) {
		x->failed = true;
		return parent;
	}
	x->blocks = blocks;
	x->blocks[x->n] = (struct block){ .parent = parent, .own = UP_DOCTOR_WEB_ABSENT };
	return x->n++;
}

static void look_at(struct scan *x, const struct directive *d, size_t at)
{
	struct block *b = &x->blocks[at];

	if (x->directive != NULL)
		x->found = x->found || strcmp(d->word[0], x->directive) == 0;
	if (x->address == NULL || d->n < 2)
		return;
	if (strcmp(d->word[0], "server") == 0 && x->upstream[0] != '\0' &&
	    same_address(d->word[1], x->address) && x->n_names < NAMES)
		snprintf(x->names[x->n_names++], sizeof(x->names[0]), "%s", x->upstream);
	if (strcmp(d->word[0], "proxy_pass") == 0)
		b->passes = b->passes || leads_there(x, d->word[1]);
	if (strcmp(d->word[0], "proxy_set_header") != 0)
		return;
	b->has_headers = true;
	if (strcasecmp(d->word[1], "X-Forwarded-For") == 0)
		b->own = d->n < 3 || strstr(d->word[2], "$http_") != NULL ? UP_DOCTOR_WEB_COPIED
									  : UP_DOCTOR_WEB_SET;
}

static void walk(struct scan *, struct up_span file, size_t at, int depth);

static bool next_file(struct up_span *rest, struct up_span *path, struct up_span *text)
{
	const uint8_t *p, *end;
	struct up_span line;

	p = rest->n > 0 ? memmem(rest->p, rest->n, MARK, sizeof(MARK) - 1) : NULL;
	if (p == NULL)
		return false;
	*rest = up_span_of(p, rest->n - (size_t)(p - rest->p));
	up_span_cut(*rest, '\n', &line, text);
	*path = up_span_of(line.p + sizeof(MARK) - 1, line.n - (sizeof(MARK) - 1));
	while (path->n > 0 && (path->p[path->n - 1] == ':' || path->p[path->n - 1] == '\r'))
		path->n--;
	end = text->n > 0 ? memmem(text->p, text->n, "\n" MARK, sizeof(MARK)) : NULL;
	if (end != NULL)
		text->n = (size_t)(end - text->p) + 1;
	*rest = up_span_of(text->p + text->n, rest->n - line.n - (rest->n > line.n) - text->n);
	return true;
}

static void include(struct scan *x, const char *pattern, size_t at, int depth)
{
	struct up_span rest = x->dump, path, text;
	char full[2 * WORD_MAX + 2], name[WORD_MAX];

	snprintf(full, sizeof(full), "%s%s%s", pattern[0] == '/' ? "" : x->dir,
	    pattern[0] == '/' ? "" : "/", pattern);
	while (depth < DEPTH_MAX && next_file(&rest, &path, &text)) {
		snprintf(name, sizeof(name), "%.*s",
		    (int)(path.n < WORD_MAX ? path.n : WORD_MAX - 1), (const char *)path.p);
		if (fnmatch(full, name, FNM_PATHNAME) == 0)
			walk(x, text, at, depth + 1);
	}
}

static void walk(struct scan *x, struct up_span file, size_t at, int depth)
{
	struct directive *d = malloc(sizeof(*d));
	const size_t top = at;

	x->failed = x->failed || d == NULL;
	while (!x->failed && take_directive(&file, d)) {
		if (d->end == '}') {
			at = at != top ? x->blocks[at].parent : at;
			x->upstream[0] = '\0';
			continue;
		}
		if (d->n == 0)
			continue;
		look_at(x, d, at);
		if (d->end == '{') {
			at = open_block(x, at);
			snprintf(x->upstream, sizeof(x->upstream), "%.127s",
			    strcmp(d->word[0], "upstream") == 0 && d->n > 1 ? d->word[1] : "");
		} else if (strcmp(d->word[0], "include") == 0 && d->n > 1) {
			include(x, d->word[1], at, depth);
		}
	}
	free(d);
}

static void scan(struct scan *x)
{
	struct up_span rest = x->dump, path, text;
	char *slash;

	x->n = 0;
	open_block(x, 0);
	if (x->failed || !next_file(&rest, &path, &text))
		return;
	snprintf(x->dir, sizeof(x->dir), "%.*s", (int)(path.n < WORD_MAX ? path.n : WORD_MAX - 1),
	    (const char *)path.p);
	slash = strrchr(x->dir, '/');
	if (slash != NULL)
		*slash = '\0';
	walk(x, text, 0, 0);
}

/* --- the questions --- */

static enum up_doctor_web_forwarded effective(const struct scan *x, size_t at)
{
	while (!x->blocks[at].has_headers && at != 0)
		at = x->blocks[at].parent;
	return x->blocks[at].own;
}

enum up_err up_doctor_web_forwarded(
    struct up_span dump, const char *address, enum up_doctor_web_forwarded *out)
{
	struct scan x = { .dump = dump, .address = address };

	*out = UP_DOCTOR_WEB_ELSEWHERE;
	/* Twice: an upstream may stand after the block that uses it. */
	scan(&x);
	scan(&x);
	for (size_t i = 0; !x.failed && i < x.n; i++)
		if (x.blocks[i].passes && effective(&x, i) > *out)
			*out = effective(&x, i);
	free(x.blocks);
	return x.failed ? UP_E_NOMEM : UP_OK;
}

bool up_doctor_web_uses(struct up_span dump, const char *directive)
{
	struct scan x = { .dump = dump, .directive = directive };

	scan(&x);
	free(x.blocks);
	return x.found;
}

/* How both programs end, whatever was wrong. */
static bool is_closing(struct up_span line)
{
	return line.n == 0 || up_span_starts(line, "Action '") ||
	    up_span_starts(line, "The Apache error log") ||
	    memmem(line.p, line.n, "test failed", 11) != NULL;
}

struct up_span up_doctor_web_complaint(struct up_span s)
{
	struct up_span line, last = { NULL, 0 };

	while (s.n > 0) {
		up_span_cut(s, '\n', &line, &s);
		if (!is_closing(up_span_trim(line)))
			last = up_span_trim(line);
	}
	return last;
}
