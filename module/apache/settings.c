/* SPDX-License-Identifier: Apache-2.0
 * Directives, checked as they are read; httpd puts file and line before what is returned here. What
 * needs several directives is in parties.c. */
#include <apr_lib.h>
#include <apr_strings.h>

#include "module/apache/module.h"

#define SESSION_MIN_S 60
#define SESSION_MAX_S (31 * 86400)

up_apache_main_t *up_apache_main;

const char *const up_apache_settings_names[UP_APACHE_TEXTS] = { "UnitpassIssuer", "UnitpassClient",
	"UnitpassClientSecretFile", "UnitpassClientKeyFile", "UnitpassSessionKeyFile",
	"UnitpassPage", "UnitpassIssuerName", "UnitpassEmblem", "UnitpassFavicon",
	"UnitpassTelephone", "UnitpassApp" };

int up_apache_settings_begin(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp)
{
	up_apache_main_t *m = apr_pcalloc(pconf, sizeof(*m));

	(void)plog;
	(void)ptemp;
	m->pool = pconf;
	m->idles = apr_array_make(pconf, 4, sizeof(int64_t));
	m->maxes = apr_array_make(pconf, 4, sizeof(int64_t));
	m->parties = apr_array_make(pconf, 4, sizeof(up_apache_party_t *));
	APR_ARRAY_PUSH(m->idles, int64_t) = 0;
	APR_ARRAY_PUSH(m->maxes, int64_t) = 0;
	for (size_t i = 0; i < UP_RP_VALUES; i++) {
		char *name = apr_pstrdup(pconf, up_rp_value_variable[i]);

		for (char *c = name; *c != '\0'; c++)
			*c = (char)apr_toupper(*c);
		m->variables[i] = name;
	}
	up_apache_main = m;
	return OK;
}

static const char *set_text(cmd_parms *cmd, void *dir, const char *value)
{
	up_apache_server_t *s = ap_get_module_config(
	    cmd->server->module_config, &auth_unitpass_module);
	intptr_t which = (intptr_t)cmd->info;
	up_apache_text_t *t = &s->texts[which];
	bool is_file = which != UP_APACHE_ISSUER && which != UP_APACHE_CLIENT &&
	    which < UP_APACHE_MARKS;

	(void)dir;
	if (t->value != NULL)
		return apr_psprintf(cmd->pool, "%s is said twice, here and in %s:%d; remove one",
		    cmd->cmd->name, t->file, t->line);
	if (value[0] == '\0')
		return apr_psprintf(cmd->pool, "%s needs a value", cmd->cmd->name);
	/* Files are found as httpd finds its own. */
	t->value = is_file ? ap_server_root_relative(cmd->pool, value) : value;
	if (t->value == NULL)
		return apr_psprintf(cmd->pool, "%s: %s is not a path", cmd->cmd->name, value);
	t->file = cmd->directive->filename;
	t->line = cmd->directive->line_num;
	s->said = true;
	return NULL;
}

static const char *set_confirm(cmd_parms *cmd, void *dir, int on)
{
	up_apache_server_t *s = ap_get_module_config(cmd->server->module_config,
	    &auth_unitpass_module);

	(void)dir;
	s->confirm = on;
	s->said = true;
	return NULL;
}

static const char *set_proxy(cmd_parms *cmd, void *dir, const char *value)
{
	up_apache_server_t *s = ap_get_module_config(
	    cmd->server->module_config, &auth_unitpass_module);
	struct up_cidr c;

	(void)dir;
	if (up_target_cidr(up_span_str(value), &c) != UP_OK)
		return apr_psprintf(cmd->pool,
		    "UnitpassTrustedProxy takes networks such as 10.0.0.0/8, ::1 or unix:, not %s",
		    value);
	if (s->proxies == NULL)
		s->proxies = apr_array_make(cmd->pool, 4, sizeof(struct up_cidr));
	APR_ARRAY_PUSH(s->proxies, struct up_cidr) = c;
	s->said = true;
	return NULL;
}

/* "90s", "30m", "1h30m", "7d"; a plain number is seconds. 0: not a time within the limits. */
static int64_t seconds(const char *text)
{
	static const struct {
		char unit;
		int64_t s;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 }, { '\0', 1 } };
	int64_t total = 0;

	do {
		int64_t n = 0;
		size_t u = 0;

		if (!apr_isdigit(*text))
			return 0;
		for (; apr_isdigit(*text); text++)
			if ((n = n * 10 + (*text - '0')) > SESSION_MAX_S)
				return 0;
		while (u < UP_ARRAY_LEN(units) && units[u].unit != *text)
			u++;
		if (u == UP_ARRAY_LEN(units))
			return 0;
		total += n * units[u].s;
		text += *text != '\0';
	} while (*text != '\0');
	return total < SESSION_MIN_S || total > SESSION_MAX_S ? 0 : total;
}

static int place_of(apr_array_header_t *list, int64_t value)
{
	for (int i = 1; i < list->nelts; i++)
		if (APR_ARRAY_IDX(list, i, int64_t) == value)
			return i;
	APR_ARRAY_PUSH(list, int64_t) = value;
	return list->nelts - 1;
}

static const char *set_session(cmd_parms *cmd, void *dir, const char *value)
{
	up_apache_dir_t *d = dir;
	bool idle = strncmp(value, "idle=", 5) == 0;
	int64_t s;

	if (!idle && strncmp(value, "max=", 4) != 0)
		return apr_psprintf(cmd->pool,
		    "UnitpassSession takes idle=TIME and max=TIME, such as idle=30m max=8h, not %s",
		    value);
	s = seconds(value + (idle ? 5 : 4));
	if (s == 0)
		return apr_psprintf(cmd->pool,
		    "UnitpassSession takes times from 1m to 31d, such as idle=30m max=8h, not %s",
		    value);
	if (idle)
		d->idle = place_of(up_apache_main->idles, s);
	else
		d->max = place_of(up_apache_main->maxes, s);
	return NULL;
}

#define TEXT(name, which, help) \
	AP_INIT_TAKE1(name, set_text, (void *)(intptr_t)(which), RSRC_CONF, help)

const command_rec up_apache_settings_commands[] = {
	TEXT("UnitpassIssuer", UP_APACHE_ISSUER, "the server: https://id.example.org"),
	TEXT("UnitpassClient", UP_APACHE_CLIENT, "the id under which this portal is registered"),
	TEXT("UnitpassClientSecretFile", UP_APACHE_SECRET,
	    "file with the client's secret, one line"),
	TEXT("UnitpassClientKeyFile", UP_APACHE_KEY,
	    "file with the client's private key (JWK), in place of a secret"),
	TEXT("UnitpassSessionKeyFile", UP_APACHE_SESSION_KEY,
	    "file of session keys, 64 hex digits a line, newest first"),
	TEXT("UnitpassPage", UP_APACHE_PAGE, "a login page of your own around the widget"),
	TEXT("UnitpassIssuerName", UP_APACHE_MARKS + UP_RP_MARK_NAME,
	    "shown on the pages: who issues the certificates"),
	TEXT("UnitpassEmblem", UP_APACHE_MARKS + UP_RP_MARK_EMBLEM,
	    "shown on the pages: a picture, by its path on this portal"),
	TEXT("UnitpassFavicon", UP_APACHE_MARKS + UP_RP_MARK_FAVICON,
	    "small icon of the pages, by its path on this portal"),
	TEXT("UnitpassTelephone", UP_APACHE_MARKS + UP_RP_MARK_TELEPHONE,
	    "shown on the pages: whom to call for help"),
	TEXT("UnitpassApp", UP_APACHE_MARKS + UP_RP_MARK_APP,
	    "shown on the login page: where to get the phone's app"),
	AP_INIT_FLAG("UnitpassConfirm", set_confirm, NULL, RSRC_CONF,
	    "off: sign in at once where a unit has never used the browser"),
	AP_INIT_ITERATE("UnitpassTrustedProxy", set_proxy, NULL, RSRC_CONF,
	    "networks of proxies whose X-Forwarded-For counts"),
	AP_INIT_ITERATE("UnitpassSession", set_session, NULL, RSRC_CONF | ACCESS_CONF,
	    "limits of a session: idle=30m max=8h"),
	AP_INIT_FLAG("UnitpassHeaders", ap_set_flag_slot,
	    (void *)APR_OFFSETOF(up_apache_dir_t, headers), RSRC_CONF | OR_AUTHCFG,
	    "on: pass the identity to the application as X-Unitpass-* request headers"),
	AP_INIT_FLAG("UnitpassCache", ap_set_flag_slot,
	    (void *)APR_OFFSETOF(up_apache_dir_t, cache), RSRC_CONF | OR_AUTHCFG,
	    "on: what caches may keep is left to the application and the site"),
	{ NULL },
};

/* --- merging --- */

void *up_apache_settings_server(apr_pool_t *p, server_rec *s)
{
	up_apache_server_t *own = apr_pcalloc(p, sizeof(*own));

	(void)s;
	own->confirm = -1;
	return own;
}

void *up_apache_settings_server_merge(apr_pool_t *p, void *parent, void *child)
{
	const up_apache_server_t *prev = parent;
	up_apache_server_t *s = apr_pmemdup(p, child, sizeof(*s));

	/* A server with a client authentication of its own does not inherit the other kind. */
	if (s->texts[UP_APACHE_SECRET].value == NULL && s->texts[UP_APACHE_KEY].value == NULL) {
		s->texts[UP_APACHE_SECRET] = prev->texts[UP_APACHE_SECRET];
		s->texts[UP_APACHE_KEY] = prev->texts[UP_APACHE_KEY];
	}
	for (int i = 0; i < UP_APACHE_TEXTS; i++)
		if (s->texts[i].value == NULL && i != UP_APACHE_SECRET && i != UP_APACHE_KEY)
			s->texts[i] = prev->texts[i];
	if (s->proxies == NULL)
		s->proxies = prev->proxies;
	if (s->confirm == -1)
		s->confirm = prev->confirm;
	return s;
}

void *up_apache_settings_dir(apr_pool_t *p, char *dir)
{
	up_apache_dir_t *d = apr_pcalloc(p, sizeof(*d));

	(void)dir;
	d->headers = d->cache = -1;
	return d;
}

void *up_apache_settings_dir_merge(apr_pool_t *p, void *parent, void *child)
{
	const up_apache_dir_t *prev = parent, *own = child;
	up_apache_dir_t *d = apr_palloc(p, sizeof(*d));

	d->headers = own->headers != -1 ? own->headers : prev->headers;
	d->cache = own->cache != -1 ? own->cache : prev->cache;
	d->idle = own->idle != 0 ? own->idle : prev->idle;
	d->max = own->max != 0 ? own->max : prev->max;
	return d;
}
