/* SPDX-License-Identifier: Apache-2.0 */
#include "server/connect/platform_wire.h"

#include <stdio.h>

#include "core/hash.h"
#include "core/json.h"
#include "core/json_put.h"
#include "core/text.h"

#define LF UP_SPAN_LIT("\n")
#define MEMBER_MAX 64
#define VALUE_MAX 64

/* --- the mapping --- */

/* Letters, digits and _ - of any script but nothing that JSON escapes, nor a blank. DOT: paths. */
static const char *name_wrong(const char *name, bool dot)
{
	struct up_span s = up_span_str(name);

	if (s.n == 0 || s.n > MEMBER_MAX)
		return "must have 1 to 64 bytes";
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] == 0x7f || s.p[i] == '"' || s.p[i] == '\\' ||
		    (s.p[i] == '.' && (!dot || i == 0 || i + 1 == s.n || s.p[i + 1] == '.')))
			return "must be a member's name, without blanks, quotes and controls";
	return up_text_utf8_valid(s) ? NULL : "must be UTF-8";
}

/* The next word of *WORDS; false when there is none. */
static bool next_word(struct up_span *words, struct up_span *word)
{
	do {
		up_span_cut(*words, ' ', word, words);
	} while (word->n == 0 && words->n > 0);
	return word->n > 0;
}

static bool has_word(const char *words, struct up_span value)
{
	struct up_span rest = up_span_str(words), word;

	while (next_word(&rest, &word))
		if (up_span_eq(word, value))
			return true;
	return false;
}

static bool share_a_word(const char *a, const char *b)
{
	struct up_span rest = up_span_str(a), word;

	while (next_word(&rest, &word))
		if (has_word(b, word))
			return true;
	return false;
}

static bool has_none(const char *words)
{
	struct up_span rest = up_span_str(words), word;

	return !next_word(&rest, &word);
}

static const char *values_wrong(const struct up_platform_mapping *m, const char **which)
{
	const struct { const char *name, *words, *other; } rows[] = {
		{ "match", m->match, m->mismatch },
		{ "mismatch", m->mismatch, m->not_found },
		{ "not_found", m->not_found, m->match },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		*which = rows[i].name;
		if (has_none(rows[i].words))
			return "must have a value";
		if (share_a_word(rows[i].words, rows[i].other))
			return "has a value that means something else too";
	}
	return NULL;
}

const char *up_platform_mapping_wrong(const struct up_platform_mapping *m, const char **which)
{
	const struct { const char *name, *value; bool dot; } rows[] = {
		{ "name", m->name, false }, { "resident_id", m->resident, false },
		{ "mobile", m->mobile, false }, { "answer", m->answer, true },
	};
	const char *wrong;

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		*which = rows[i].name;
		wrong = name_wrong(rows[i].value, rows[i].dot);
		if (wrong != NULL)
			return wrong;
		for (size_t k = 0; !rows[i].dot && k < i; k++)
			if (strcmp(rows[i].value, rows[k].value) == 0)
				return "is the name of another member";
	}
	return values_wrong(m, which);
}

/* --- bodies --- */

void up_platform_put_request(
    struct up_buf *b, const struct up_platform_mapping *m, const struct up_person *person)
{
	struct up_json_put j = { .b = b };

	up_json_put_object(&j, NULL);
	up_json_put_str(&j, m->name, person->name);
	up_json_put_str(&j, m->resident, person->resident);
	up_json_put_str(&j, m->mobile, person->mobile);
	up_json_put_end(&j);
}

static const json_t *walk(const json_t *o, struct up_span path)
{
	char name[MEMBER_MAX + 1];
	struct up_span part;

	do {
		up_span_cut(path, '.', &part, &path);
		if (part.n == 0 || part.n > MEMBER_MAX)
			return NULL;
		memcpy(name, part.p, part.n);
		name[part.n] = '\0';
		o = json_object_get(o, name);
	} while (o != NULL && path.n > 0);
	return o;
}

/* As the mapping writes it; empty: it is no scalar, or too long. */
static struct up_span scalar(const json_t *v, char text[VALUE_MAX])
{
	if (json_is_string(v))
		return up_span_of(json_string_value(v), json_string_length(v));
	if (json_is_integer(v)) {
		snprintf(text, VALUE_MAX, "%lld", (long long)json_integer_value(v));
		return up_span_str(text);
	}
	if (json_is_boolean(v))
		return up_span_str(json_is_true(v) ? "true" : "false");
	return up_span_of(NULL, 0);
}

static enum up_err judge(
    const struct up_platform_mapping *m, struct up_span value, enum up_realname_outcome *out)
{
	const struct { const char *words; enum up_realname_outcome outcome; } rows[] = {
		{ m->match, UP_REALNAME_MATCH },
		{ m->mismatch, UP_REALNAME_MISMATCH },
		{ m->not_found, UP_REALNAME_NOT_FOUND },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++)
		if (has_word(rows[i].words, value)) {
			*out = rows[i].outcome;
			return UP_OK;
		}
	return UP_E_RANGE;
}

enum up_err up_platform_read_answer(const struct up_platform_mapping *m, struct up_span body,
    enum up_realname_outcome *out)
{
	char text[VALUE_MAX];
	struct up_span value;
	json_t *answer;
	enum up_err err = up_json_parse(body, &answer);

	*out = UP_REALNAME_UNAVAILABLE;
	if (err != UP_OK)
		return err == UP_E_NOMEM ? err : UP_E_REQUEST;
	value = scalar(walk(answer, up_span_str(m->answer)), text);
	err = value.n > 0 ? judge(m, value, out) : UP_E_REQUEST;
	json_decref(answer);
	return err;
}

/* --- signatures --- */

static enum up_err sign(struct up_span secret, const struct up_span *parts, size_t n,
    char signature[UP_PLATFORM_SIGNATURE + 1])
{
	uint8_t mac[UP_HASH_LEN];
	enum up_err err = up_hash_hmac(secret, parts, n, mac);

	up_text_hex(up_span_of(mac, sizeof(mac)), signature);
	signature[UP_PLATFORM_SIGNATURE] = '\0';
	return err;
}

enum up_err up_platform_sign_request(struct up_span secret, const struct up_platform_signed *of,
    struct up_span body, char signature[UP_PLATFORM_SIGNATURE + 1])
{
	const struct up_span parts[] = { UP_SPAN_LIT("unitpass-realname-request-v1\n"),
		of->what, LF, of->path, LF, of->time, LF, of->nonce, LF, body };

	return sign(secret, parts, UP_ARRAY_LEN(parts), signature);
}

enum up_err up_platform_check_answer(struct up_span secret, const struct up_platform_signed *of,
    struct up_span body, struct up_span signature, int64_t now_s)
{
	const struct up_span parts[] = { UP_SPAN_LIT("unitpass-realname-answer-v1\n"),
		of->what, LF, of->time, LF, of->nonce, LF, body };
	char good[UP_PLATFORM_SIGNATURE + 1];
	uint64_t time_s;
	enum up_err err = sign(secret, parts, UP_ARRAY_LEN(parts), good);

	if (err != UP_OK)
		return err;
	if (!up_span_eq_ct(up_span_str(good), signature) ||
	    up_span_u64(of->time, INT64_MAX, &time_s) != UP_OK)
		return UP_E_SIGNATURE;
	return (int64_t)time_s >= now_s - UP_PLATFORM_SKEW_S &&
		(int64_t)time_s <= now_s + UP_PLATFORM_SKEW_S ? UP_OK : UP_E_CLOCK;
}
