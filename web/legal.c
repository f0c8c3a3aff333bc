/* SPDX-License-Identifier: Apache-2.0 */
#include "web/legal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "web/words.h"

#define TEXT_MAX 8192

struct up_legal {
	json_t *o;                       /* what the spans are borrowed from */
	struct up_span version, zh, en;
};

static enum up_err read_members(struct up_legal *x)
{
	static const char *const members[] = { "version", "zh-CN", "en", NULL };
	enum up_err err = up_json_only(x->o, members);

	if (err == UP_OK)
		err = up_json_text(x->o, "version", UP_LEGAL_VERSION_MAX, &x->version);
	if (err == UP_OK)
		err = up_json_text(x->o, "zh-CN", TEXT_MAX, &x->zh);
	if (err == UP_OK)
		err = up_json_text(x->o, "en", TEXT_MAX, &x->en);
	return err;
}

enum up_err up_legal_parse(struct up_span json, struct up_legal **out)
{
	struct up_legal *x = calloc(1, sizeof(*x));

	*out = NULL;
	if (x == NULL)
		return UP_E_NOMEM;
	if (up_json_parse(json, &x->o) != UP_OK || read_members(x) != UP_OK) {
		up_legal_free(&x);
		return UP_E_FORMAT;
	}
	*out = x;
	return UP_OK;
}

enum up_err up_legal_new(const char *name, struct up_legal **out)
{
	char file[64];
	struct up_span text;

	*out = NULL;
	snprintf(file, sizeof(file), "legal/%s.json", name);
	text = up_words_file(file);
	return text.p != NULL ? up_legal_parse(text, out) : UP_E_NOT_FOUND;
}

void up_legal_free(struct up_legal **x)
{
	if (*x == NULL)
		return;
	json_decref((*x)->o);
	free(*x);
	*x = NULL;
}

struct up_span up_legal_version(const struct up_legal *x)
{
	return x->version;
}

struct up_span up_legal_text(const struct up_legal *x, const char *lang)
{
	return strcmp(lang, "en") == 0 ? x->en : x->zh;
}
