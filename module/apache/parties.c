/* SPDX-License-Identifier: Apache-2.0
 * The relying parties, and what only the whole configuration shows. In check_config, so that
 * "apachectl configtest" sees it too: an error names the directive, where it stands, and what to
 * do. */
#include <apr_strings.h>
#include <unistd.h>

#include "module/apache/module.h"

APLOG_USE_MODULE(auth_unitpass);

/* How up_rp_new names them. */
static const char *const rp_names[UP_APACHE_TEXTS] = { "issuer", "client", "secret_file",
	"key_file", "session_key_file", "page_file",
	"issuer_name", "emblem", "favicon", "telephone", "app" };

static up_apache_server_t *settings_of(const server_rec *s)
{
	return ap_get_module_config(s->module_config, &auth_unitpass_module);
}

const up_apache_party_t *up_apache_parties_of(request_rec *r)
{
	const up_apache_server_t *s = settings_of(r->server);
	const up_apache_dir_t *d = ap_get_module_config(r->per_dir_config, &auth_unitpass_module);

	return s->parties == NULL ? NULL
				  : s->parties[d->idle * up_apache_main->maxes->nelts + d->max];
}

/* --- making them --- */

static up_apache_party_t *find_party(const struct up_rp_settings *s)
{
	for (int i = 0; i < up_apache_main->parties->nelts; i++) {
		up_apache_party_t *p = APR_ARRAY_IDX(
		    up_apache_main->parties, i, up_apache_party_t *);

		if (up_rp_settings_same(&p->settings, s))
			return p;
	}
	return NULL;
}

static void refuse(const up_apache_server_t *s, const char *why)
{
	for (int i = 0; i < UP_APACHE_TEXTS; i++) {
		size_t n = strlen(rp_names[i]);

		if (strncmp(why, rp_names[i], n) != 0 || why[n] != ':' || s->texts[i].value == NULL)
			continue;
		ap_log_error(APLOG_MARK, APLOG_EMERG | APLOG_STARTUP, 0, NULL, "%s%s in %s:%d",
		    up_apache_settings_names[i], why + n, s->texts[i].file, s->texts[i].line);
		return;
	}
	ap_log_error(APLOG_MARK, APLOG_EMERG | APLOG_STARTUP, 0, NULL,
	    "UnitpassIssuer: %s in %s:%d", why, s->texts[UP_APACHE_ISSUER].file,
	    s->texts[UP_APACHE_ISSUER].line);
}

static apr_status_t free_party(void *data)
{
	up_apache_party_t *p = data;

	/* Not in a child, which may end amid an allocation: see child.c. */
	if (p->maker == getpid())
		up_rp_free(&p->rp);
	return APR_SUCCESS;
}

static up_apache_party_t *make_party(const up_apache_server_t *s, int64_t idle, int64_t max)
{
	struct up_rp_settings settings = { .issuer = s->texts[UP_APACHE_ISSUER].value,
		.client = s->texts[UP_APACHE_CLIENT].value,
		.secret_file = s->texts[UP_APACHE_SECRET].value,
		.key_file = s->texts[UP_APACHE_KEY].value,
		.session_key_file = s->texts[UP_APACHE_SESSION_KEY].value,
		.page_file = s->texts[UP_APACHE_PAGE].value,
		.idle_s = idle,
		.max_s = max,
		.unasked = s->confirm == 0 };
	up_apache_party_t *p;
	char why[256] = "";

	for (int i = 0; i < UP_RP_MARKS; i++)
		settings.marks[i] = s->texts[UP_APACHE_MARKS + i].value;
	p = find_party(&settings);
	if (p != NULL)
		return p;
	p = apr_pcalloc(up_apache_main->pool, sizeof(*p));
	p->maker = getpid();
	p->settings = settings;
	p->index = (size_t)up_apache_main->parties->nelts;
	if (up_rp_new(&settings, &p->rp, why) != UP_OK) {
		refuse(s, why);
		return NULL;
	}
	apr_pool_cleanup_register(up_apache_main->pool, p, free_party, apr_pool_cleanup_null);
	APR_ARRAY_PUSH(up_apache_main->parties, up_apache_party_t *) = p;
	return p;
}

static bool make_parties(up_apache_server_t *s)
{
	const apr_array_header_t *idles = up_apache_main->idles, *maxes = up_apache_main->maxes;
	up_apache_party_t **parties = apr_pcalloc(up_apache_main->pool,
	    (size_t)(idles->nelts * maxes->nelts) * sizeof(up_apache_party_t *));

	for (int i = 0; i < idles->nelts; i++)
		for (int j = 0; j < maxes->nelts; j++) {
			up_apache_party_t *p = make_party(
			    s, APR_ARRAY_IDX(idles, i, int64_t), APR_ARRAY_IDX(maxes, j, int64_t));

			if (p == NULL)
				return false;
			parties[i * maxes->nelts + j] = p;
		}
	s->parties = parties;
	return true;
}

/* --- is anything missing? --- */

/* The name of what a portal needs and S does not have; NULL: complete. */
static const char *missing(const up_apache_server_t *s)
{
	static const int needed[] = { UP_APACHE_ISSUER, UP_APACHE_CLIENT, UP_APACHE_SESSION_KEY };

	for (size_t i = 0; i < UP_ARRAY_LEN(needed); i++)
		if (s->texts[needed[i]].value == NULL)
			return up_apache_settings_names[needed[i]];
	if (s->texts[UP_APACHE_SECRET].value == NULL && s->texts[UP_APACHE_KEY].value == NULL)
		return "UnitpassClientSecretFile (or UnitpassClientKeyFile)";
	return NULL;
}

static bool incomplete(const server_rec *first, const server_rec *server, const char *what)
{
	const up_apache_server_t *s = settings_of(server);
	const up_apache_text_t *t = NULL;

	for (int i = 0; i < UP_APACHE_TEXTS && t == NULL; i++)
		t = s->texts[i].value != NULL ? &s->texts[i] : NULL;
	/* The main server may hold what its virtual hosts have in common; a virtual host that says
	 * nothing has the very settings of the main one. */
	if (!s->said || (server == first ? first->next != NULL : s == settings_of(first)))
		return true;
	ap_log_error(APLOG_MARK, APLOG_EMERG | APLOG_STARTUP, 0, NULL,
	    "%s is missing: set it beside %s in %s:%d, or for all virtual hosts", what,
	    t != NULL ? up_apache_settings_names[t - s->texts] : "UnitpassTrustedProxy",
	    t != NULL ? t->file : server->defn_name,
	    t != NULL ? t->line : (int)server->defn_line_number);
	return false;
}

static bool check_server(const server_rec *first, server_rec *server)
{
	up_apache_server_t *s = settings_of(server);
	const char *what = missing(s);

	if (what != NULL)
		return incomplete(first, server, what);
	if (s->texts[UP_APACHE_SECRET].value != NULL && s->texts[UP_APACHE_KEY].value != NULL) {
		ap_log_error(APLOG_MARK, APLOG_EMERG | APLOG_STARTUP, 0, NULL,
		    "UnitpassClientSecretFile in %s:%d and UnitpassClientKeyFile in %s:%d: keep "
		    "one",
		    s->texts[UP_APACHE_SECRET].file, s->texts[UP_APACHE_SECRET].line,
		    s->texts[UP_APACHE_KEY].file, s->texts[UP_APACHE_KEY].line);
		return false;
	}
	return make_parties(s);
}

/* --- what stands in the whole tree --- */

typedef struct {
	server_rec *first, *server;      /* SERVER: of the virtual host, or the main one */
	apr_pool_t *temp;
} up_apache_walk_t;

static bool has_portal(const up_apache_walk_t *w)
{
	if (w->server->is_virtual)
		return settings_of(w->server)->parties != NULL;
	/* What the main server says, virtual hosts inherit. */
	for (const server_rec *s = w->first; s != NULL; s = s->next)
		if (settings_of(s)->parties != NULL)
			return true;
	return false;
}

static bool has_require(const ap_directive_t *d)
{
	for (; d != NULL; d = d->next)
		if (ap_cstr_casecmpn(d->directive + (d->directive[0] == '<'), "Require", 7) == 0)
			return true;
	return false;
}

static bool check_type(
    const up_apache_walk_t *w, const ap_directive_t *d, const ap_directive_t *siblings)
{
	const char *args = d->args;

	if (ap_cstr_casecmp(ap_getword_conf(w->temp, &args), UP_APACHE_TYPE) != 0)
		return true;
	if (!has_portal(w)) {
		ap_log_error(APLOG_MARK, APLOG_EMERG | APLOG_STARTUP, 0, NULL,
		    "AuthType unitpass in %s:%d: UnitpassIssuer is missing: set it in this server, "
		    "with UnitpassClient, UnitpassClientSecretFile and UnitpassSessionKeyFile",
		    d->filename, d->line_num);
		return false;
	}
	/* httpd asks for a user only where a Require does. One from further out may: so no more
	 * than a word. */
	if (!has_require(siblings))
		ap_log_error(APLOG_MARK, APLOG_WARNING | APLOG_STARTUP, 0, NULL,
		    "AuthType unitpass in %s:%d has no Require beside it and protects nothing "
		    "by itself: add \"Require valid-user\"",
		    d->filename, d->line_num);
	return true;
}

/* Trailers come after the headers were cleaned, in whichever server. */
static bool check_trailers(const ap_directive_t *d)
{
	if (up_apache_main->parties->nelts == 0 || ap_cstr_casecmp(d->args, "on") != 0)
		return true;
	ap_log_error(APLOG_MARK, APLOG_EMERG | APLOG_STARTUP, 0, NULL, "MergeTrailers on would let "
	    "clients bring X-Unitpass-* headers: remove it from %s:%d", d->filename, d->line_num);
	return false;
}

static server_rec *host_of(const up_apache_walk_t *w, const ap_directive_t *d)
{
	for (server_rec *s = w->first; s != NULL; s = s->next)
		if (s->is_virtual && s->defn_name != NULL &&
		    strcmp(s->defn_name, d->filename) == 0 &&
		    (int)s->defn_line_number == d->line_num)
			return s;
	return w->server;
}

static bool check_tree(const up_apache_walk_t *w, const ap_directive_t *siblings)
{
	for (const ap_directive_t *d = siblings; d != NULL; d = d->next) {
		up_apache_walk_t below = *w;

		if (ap_cstr_casecmp(d->directive, "AuthType") == 0 && !check_type(w, d, siblings))
			return false;
		if (ap_cstr_casecmp(d->directive, "MergeTrailers") == 0 && !check_trailers(d))
			return false;
		if (ap_cstr_casecmp(d->directive, "<VirtualHost") == 0)
			below.server = host_of(w, d);
		if (d->first_child != NULL && !check_tree(&below, d->first_child))
			return false;
	}
	return true;
}

int up_apache_parties_check(
    apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *first)
{
	up_apache_walk_t w = { first, first, ptemp };

	(void)pconf;
	(void)plog;
	for (server_rec *s = first; s != NULL; s = s->next)
		if (!check_server(first, s))
			return HTTP_INTERNAL_SERVER_ERROR;
	return check_tree(&w, ap_conftree) ? OK : HTTP_INTERNAL_SERVER_ERROR;
}
