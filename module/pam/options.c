/* SPDX-License-Identifier: Apache-2.0 */
#include "module/pam/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/authority.h"
#include "core/text.h"
#include "core/uscc.h"

#define WHY UP_OPTIONS_WHY
#define VALUE_MAX 1024
#define TIMEOUT_MIN 10
#define TIMEOUT_DEFAULT 120
#define ITEM_MAX 64

typedef bool check(struct up_options *, struct up_span value);

static bool any(struct up_options *o, struct up_span v)
{
	(void)o;
	return v.n > 0;
}

static bool is_path(struct up_options *o, struct up_span v)
{
	(void)o;
	return up_span_starts(v, "/");
}

static bool are_units(struct up_options *o, struct up_span v)
{
	struct up_span one;
	size_t n = 0;

	(void)o;
	for (; up_options_next(&v, &one); n++)
		if (up_uscc_check_unit(one) != UP_OK)
			return false;
	return n > 0;
}

static bool are_roles(struct up_options *o, struct up_span v)
{
	struct up_span one;
	size_t n = 0;

	(void)o;
	for (; up_options_next(&v, &one); n++)
		if (up_authority_role(one) == UP_ROLES)
			return false;
	return n > 0;
}

static bool is_item(struct up_options *o, struct up_span v)
{
	(void)o;
	for (size_t i = 0; i < v.n; i++)
		if (!(v.p[i] >= '0' && v.p[i] <= '9') && !(v.p[i] >= 'A' && v.p[i] <= 'Z') &&
		    !(v.p[i] >= 'a' && v.p[i] <= 'z') && memchr("._:-", v.p[i], 4) == NULL)
			return false;
	return v.n > 0 && v.n <= ITEM_MAX;
}

static bool take_timeout(struct up_options *o, struct up_span v)
{
	uint64_t s;

	if (up_span_u64(v, UP_OPTIONS_TIMEOUT_MAX, &s) != UP_OK || s < TIMEOUT_MIN)
		return false;
	o->timeout_s = (int64_t)s;
	return true;
}

static bool word(struct up_span v, const char *const *words, size_t n, size_t *i)
{
	for (*i = 0; *i < n; (*i)++)
		if (up_span_eq_str(v, words[*i]))
			return true;
	return false;
}

static bool take_qr(struct up_options *o, struct up_span v)
{
	/* as the enumeration */
	static const char *const words[] = { "auto", "colour", "dark", "light", "off" };
	size_t i;

	if (!word(v, words, UP_ARRAY_LEN(words), &i))
		return false;
	o->qr = (enum up_options_qr)i;
	return true;
}

static bool take_lang(struct up_options *o, struct up_span v)
{
	static const char *const words[] = { "auto", "zh-CN", "en" };
	size_t i;

	if (!word(v, words, UP_ARRAY_LEN(words), &i))
		return false;
	o->lang = (enum up_options_lang)i;
	return true;
}

static bool take_debug(struct up_options *o, struct up_span v)
{
	o->debug = up_span_eq_str(v, "yes");
	return o->debug || up_span_eq_str(v, "no");
}

static const struct {
	const char *name;
	bool required;
	check *check;
	const char *help;
} keys[UP_OPTIONS_N] = {
	[UP_OPTIONS_CONFIG] = { "config", false, is_path, "must be an absolute path" },
	[UP_OPTIONS_ISSUER] = { "issuer", true, any,
	    "give the server's address, as https://id.example.org" },
	[UP_OPTIONS_CLIENT] = { "client", true, any,
	    "give the id under which this host is registered" },
	[UP_OPTIONS_SECRET_FILE] = { "secret_file", false, is_path, "must be an absolute path" },
	[UP_OPTIONS_KEY_FILE] = { "key_file", false, is_path, "must be an absolute path" },
	[UP_OPTIONS_MAP_FILE] = { "map_file", true, is_path,
	    "give the absolute path of the map from units and holders to accounts" },
	[UP_OPTIONS_UNIT] = { "unit", false, are_units, "must be unit codes of 18 characters" },
	[UP_OPTIONS_ROLE] = { "role", false, are_roles, "must be of principal, manager, user" },
	[UP_OPTIONS_ITEM] = { "item", false, is_item,
	    "must be one item: at most 64 letters, digits and ._:-" },
	[UP_OPTIONS_TIMEOUT] = { "timeout", false, take_timeout, "must be 10 to 600 seconds" },
	[UP_OPTIONS_QR] = { "qr", false, take_qr, "must be auto, colour, dark, light or off" },
	[UP_OPTIONS_LANG] = { "lang", false, take_lang, "must be auto, zh-CN or en" },
	[UP_OPTIONS_DEBUG] = { "debug", false, take_debug, "must be yes or no" },
};

bool up_options_next(struct up_span *rest, struct up_span *value)
{
	size_t n = 0;

	while (rest->n > 0 && (rest->p[0] == ' ' || rest->p[0] == ','))
		*rest = up_span_of(rest->p + 1, rest->n - 1);
	while (n < rest->n && rest->p[n] != ' ' && rest->p[n] != ',')
		n++;
	*value = up_span_of(rest->p, n);
	*rest = up_span_of(rest->p + n, rest->n - n);
	return n > 0;
}

/* --- taking --- */

static enum up_err take(
    struct up_options *o, struct up_span name, struct up_span value, char why[WHY])
{
	size_t i = 0;

	while (i < UP_OPTIONS_N && !up_span_eq_str(name, keys[i].name))
		i++;
	if (i == UP_OPTIONS_N) {
		snprintf(why, WHY, "%.*s: is no option; the manual pam_unitpass(8) lists them",
		    name.n > 40 ? 40 : (int)name.n, (const char *)name.p);
		return UP_E_CONFIG;
	}
	if (o->value[i] != NULL) {
		snprintf(why, WHY,
		    "%s: is given twice; give it once, on the PAM line or in the file",
		    keys[i].name);
		return UP_E_CONFIG;
	}
	if (value.n > VALUE_MAX || !up_text_utf8_valid(value) || !keys[i].check(o, value)) {
		snprintf(why, WHY, "%s: %s", keys[i].name, keys[i].help);
		return UP_E_CONFIG;
	}
	o->value[i] = up_span_dup(value);
	return o->value[i] != NULL ? UP_OK : UP_E_NOMEM;
}

enum up_err up_options_argument(struct up_options *o, struct up_span text, char why[WHY])
{
	struct up_span name, value;

	if (up_span_eq_str(text, "debug"))
		return take(o, text, UP_SPAN_LIT("yes"), why);
	(void)up_span_cut(text, '=', &name, &value);
	return take(o, name, value, why);
}

static enum up_err take_line(struct up_options *o, struct up_span line, char why[WHY])
{
	struct up_span name, value;

	if (!up_span_cut(line, '=', &name, &value)) {
		snprintf(why, WHY, "is not of the form key = value");
		return UP_E_CONFIG;
	}
	name = up_span_trim(name);
	value = up_span_trim(value);
	if (value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"')
		value = up_span_of(value.p + 1, value.n - 2);
	if (up_span_eq_str(name, keys[UP_OPTIONS_CONFIG].name)) {
		snprintf(why, WHY, "config: stands on the PAM line only");
		return UP_E_CONFIG;
	}
	return take(o, name, value, why);
}

enum up_err up_options_file(struct up_options *o, struct up_span text, char why[WHY])
{
	char reason[WHY - 32] = "", full[WHY];
	unsigned number = 0;
	struct up_span line;
	enum up_err err = UP_OK;

	while (err == UP_OK && text.n > 0) {
		up_span_cut(text, '\n', &line, &text);
		number++;
		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		line = up_span_trim(line);
		if (line.n > 0 && line.p[0] != '#')
			err = take_line(o, line, full);
	}
	if (err == UP_E_CONFIG) {
		snprintf(reason, sizeof(reason), "%.200s", full);
		snprintf(why, WHY, "line %u: %s", number, reason);
	}
	return err;
}

enum up_err up_options_finish(struct up_options *o, char why[WHY])
{
	for (size_t i = 0; i < UP_OPTIONS_N; i++)
		if (keys[i].required && o->value[i] == NULL) {
			snprintf(why, WHY, "%s: is missing; %s", keys[i].name, keys[i].help);
			return UP_E_CONFIG;
		}
	if (o->value[UP_OPTIONS_TIMEOUT] == NULL)
		o->timeout_s = TIMEOUT_DEFAULT;
	return UP_OK;
}

void up_options_free(struct up_options *o)
{
	for (size_t i = 0; i < UP_OPTIONS_N; i++)
		free(o->value[i]);
	*o = (struct up_options){ 0 };
}
