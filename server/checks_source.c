/* SPDX-License-Identifier: Apache-2.0
 * From the keys of the configuration to a connector. */
#include <stdio.h>
#include <string.h>

#include "core/target.h"
#include "server/checks.h"
#include "server/connect/platform.h"
#include "server/keys/keys.h"

/* A breaker that stays open rests no longer than so many times the first rest. */
#define REST_MAX 10

static struct up_platform_mapping mapping_of(const struct up_config *c)
{
	return (struct up_platform_mapping){
		.name = c->realname_name,
		.resident = c->realname_resident_id,
		.mobile = c->realname_mobile,
		.answer = c->realname_answer,
		.match = c->realname_match,
		.mismatch = c->realname_mismatch,
		.not_found = c->realname_not_found,
	};
}

bool up_checks_configured(const struct up_config *c)
{
	return c->realname_url[0] != '\0' || c->roster[0] != '\0';
}

/* A header's value, as one word. */
static bool is_word(const char *s)
{
	size_t n = strlen(s);

	for (size_t i = 0; i < n; i++)
		if (s[i] <= ' ' || s[i] >= 0x7f)
			return false;
	return n > 0 && n <= 128;
}

const char *up_checks_wrong(const struct up_config *c, const char **key)
{
	const struct up_platform_mapping mapping = mapping_of(c);
	static char name[64];            /* the configuration is read by one thread */
	struct up_span origin, path;
	const char *which, *wrong;

	if (c->realname_url[0] == '\0')
		return NULL;
	*key = "realname_url";
	if (up_target_url(up_span_str(c->realname_url), &origin, &path) != UP_OK)
		return "must be https://host/path; http is for loopback hosts";
	if (c->roster[0] != '\0')
		return "is set beside roster: only one of them is asked, name only that";
	*key = "realname_secret_file";
	if (c->realname_secret_file[0] == '\0')
		return "is missing: the platform is asked with a signature";
	*key = "realname_key_id";
	if (!is_word(c->realname_key_id))
		return "must be 1 to 128 visible ASCII characters without blanks";
	*key = "realname_connect_ms";
	if (c->realname_connect_ms > c->realname_timeout_ms)
		return "must not be longer than realname_timeout_ms";
	wrong = up_platform_mapping_wrong(&mapping, &which);
	if (wrong != NULL) {
		snprintf(name, sizeof(name), "realname_%s", which);
		*key = name;
	}
	return wrong;
}

static enum up_err read_secret(const char *path, struct up_buf *out, char why[256])
{
	enum up_err err = up_keys_read_secret(path, out, why);
	struct up_span line, rest;

	if (err != UP_OK)
		return err;
	up_span_cut(up_buf_span(out), '\n', &line, &rest);
	out->n = line.n;
	if (rest.n == 0 && line.n >= UP_PLATFORM_SECRET_MIN &&
	    memchr(line.p, '\0', line.n) == NULL)
		return UP_OK;
	up_buf_free(out);
	snprintf(why, 256, "%.150s: must hold the secret in one line of at least %d bytes", path,
	    UP_PLATFORM_SECRET_MIN);
	return UP_E_CONFIG;
}

static enum up_err open_platform(const struct up_config *c, struct up_span secret,
    struct up_checks_source *out)
{
	const struct up_platform_settings settings = {
		.url = c->realname_url,
		.key_id = c->realname_key_id,
		.ca = c->realname_ca,
		.secret = secret,
		.mapping = mapping_of(c),
		.connect_ms = c->realname_connect_ms,
		.timeout_ms = c->realname_timeout_ms,
		.tries = (unsigned)c->realname_tries,
		.pause_ms = c->realname_pause_ms,
		.breaker = { (unsigned)c->realname_failures, c->realname_rest_s * 1000,
		    c->realname_rest_s * 1000 * REST_MAX },
	};
	enum up_err err = up_platform_new(&settings, &out->platform);

	if (err == UP_OK)
		out->connector = up_platform_connector(out->platform);
	return err;
}

enum up_err up_checks_open(const struct up_config *c, struct up_checks_source *out, char why[256])
{
	struct up_buf secret;
	enum up_err err;

	*out = (struct up_checks_source){ .connector = up_realname_roster(c->roster) };
	if (c->realname_url[0] == '\0')
		return UP_OK;
	err = read_secret(c->realname_secret_file, &secret, why);
	if (err != UP_OK)
		return err;
	err = open_platform(c, up_buf_span(&secret), out);
	up_buf_free(&secret);
	if (err != UP_OK)
		snprintf(why, 256, "the real-name check cannot be set up: %s", up_err_name(err));
	return err;
}

void up_checks_close(struct up_checks_source *source)
{
	up_platform_free(&source->platform);
	*source = (struct up_checks_source){ .platform = NULL };
}
