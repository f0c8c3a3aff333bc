/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "web/embedded.h"
#include "web/words.h"

struct up_words { json_t *zh, *en; };

static enum up_err load(const char *name, json_t **out)
{
	for (size_t i = 0; i < up_embedded_n; i++)
		if (strcmp(up_embedded_files[i].name, name) == 0)
			return up_json_parse(
			    up_span_of(up_embedded_files[i].bytes, up_embedded_files[i].n), out);
	return UP_E_NOT_FOUND;
}

enum up_err up_words_new(struct up_words **out)
{
	struct up_words *w = calloc(1, sizeof(*w));

	*out = NULL;
	if (w == NULL)
		return UP_E_NOMEM;
	if (load("words/zh-CN.json", &w->zh) != UP_OK || load("words/en.json", &w->en) != UP_OK) {
		up_words_free(&w);
		return UP_E_FORMAT;
	}
	*out = w;
	return UP_OK;
}

void up_words_free(struct up_words **wp)
{
	struct up_words *w = *wp;

	if (w == NULL)
		return;
	json_decref(w->zh);
	json_decref(w->en);
	free(w);
	*wp = NULL;
}

struct up_span up_words_get(const struct up_words *w, const char *lang, struct up_span key)
{
	const json_t *table = strcmp(lang, "en") == 0 ? w->en : w->zh, *v;
	char name[64];

	if (key.n >= sizeof(name))
		return (struct up_span){ 0 };
	memcpy(name, key.p, key.n);
	name[key.n] = '\0';
	v = json_object_get(table, name);
	return json_is_string(v) ? up_span_of(json_string_value(v), json_string_length(v))
				 : (struct up_span) { 0 };
}

struct up_span up_words_file(const char *name)
{
	for (size_t i = 0; i < up_embedded_n; i++)
		if (strcmp(up_embedded_files[i].name, name) == 0)
			return up_span_of(up_embedded_files[i].bytes, up_embedded_files[i].n);
	return (struct up_span){ 0 };
}
