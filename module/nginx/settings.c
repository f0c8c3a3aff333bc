/* SPDX-License-Identifier: Apache-2.0
 * Directives, checked when the configuration is: an error names the directive, what is wrong and
 * what to do. */
#include "module/nginx/module.h"

static const char *const text_names[UP_NGINX_TEXTS] = { "issuer", "client", "client_secret_file",
	"client_key_file", "session_key_file", "page",
	"issuer_name", "emblem", "favicon", "telephone", "app" };
/* How up_rp_new names them. */
static const char *const rp_names[UP_NGINX_TEXTS] = { "issuer", "client", "secret_file", "key_file",
	"session_key_file", "page_file",
	"issuer_name", "emblem", "favicon", "telephone", "app" };

static char *set_text(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
	up_nginx_location_t *l = conf;
	ngx_str_t *value = cf->args->elts;
	up_nginx_text_t *t = NULL;

	for (int i = 0; i < UP_NGINX_TEXTS; i++)
		if (ngx_strcmp(cmd->name.data + sizeof("unitpass_") - 1, text_names[i]) == 0)
			t = &l->texts[i];
	if (t == NULL)
		return NGX_CONF_ERROR;
	if (t->value.data != NULL)
		return (char *)"is duplicate";
	t->value = value[1];
	t->file = cf->conf_file->file.name;
	t->line = cf->conf_file->line;
	/* Files are found as nginx finds its own. */
	if (cmd->offset && ngx_conf_full_name(cf->cycle, &t->value, 1) != NGX_OK)
		return NGX_CONF_ERROR;
	return NGX_CONF_OK;
}

static char *set_require(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
	static const char *const whats[] = { "unit", "role", "item", "certificate" };
	up_nginx_location_t *l = conf;
	ngx_str_t *value = cf->args->elts;
	struct up_rp_rule *rule;
	struct up_span *values;
	ngx_uint_t what = 0;

	(void)cmd;
	while (what < UP_ARRAY_LEN(whats) && ngx_strcmp(value[1].data, whats[what]) != 0)
		what++;
	if (what == UP_ARRAY_LEN(whats))
		return (char *)"needs unit, role, item or certificate, then the values of which "
			       "one must fit";
	for (ngx_uint_t i = 2; i < cf->args->nelts; i++) {
		const char *why = up_rp_rule_refuses(
		    (enum up_rp_what)what, up_nginx_span(value[i]));

		if (why != NULL) {
			ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "unitpass_require %s: %s (%V)",
			    whats[what], why, &value[i]);
			return NGX_CONF_ERROR;
		}
	}
	if (l->rules == NULL)
		l->rules = ngx_array_create(cf->pool, 4, sizeof(struct up_rp_rule));
	rule = l->rules != NULL ? ngx_array_push(l->rules) : NULL;
	values = ngx_palloc(cf->pool, (cf->args->nelts - 2) * sizeof(*values));
	if (rule == NULL || values == NULL)
		return NGX_CONF_ERROR;
	for (ngx_uint_t i = 2; i < cf->args->nelts; i++)
		values[i - 2] = up_nginx_span(value[i]);
	*rule = (struct up_rp_rule) {
		.what = (enum up_rp_what)what, .values = values, .n = cf->args->nelts - 2
	};
	if (what == UP_RP_ITEM && l->item.len == 0)
		l->item = value[2];
	l->required = (up_nginx_text_t) {
		.value = value[1], .file = cf->conf_file->file.name, .line = cf->conf_file->line
	};
	return NGX_CONF_OK;
}

static char *set_session(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
	up_nginx_location_t *l = conf;
	ngx_str_t *value = cf->args->elts;

	(void)cmd;
	if (l->idle != NGX_CONF_UNSET || l->max != NGX_CONF_UNSET)
		return (char *)"is duplicate";
	for (ngx_uint_t i = 1; i < cf->args->nelts; i++) {
		bool idle = ngx_strncmp(value[i].data, "idle=", 5) == 0;
		ngx_str_t text;
		ngx_int_t seconds;

		if (!idle && ngx_strncmp(value[i].data, "max=", 4) != 0)
			return (char *)"takes idle=TIME and max=TIME, such as idle=30m max=8h";
		text.data = value[i].data + (idle ? 5 : 4);
		text.len = value[i].len - (idle ? 5 : 4);
		seconds = ngx_parse_time(&text, 1);
		if (seconds == (ngx_int_t)NGX_ERROR || seconds < 60 || seconds > 31 * 86400)
			return (char *)"takes times from 1m to 31d, such as idle=30m max=8h";
		if (*(idle ? &l->idle : &l->max) != NGX_CONF_UNSET)
			return (char *)"is duplicate";
		*(idle ? &l->idle : &l->max) = seconds;
	}
	return NGX_CONF_OK;
}

static char *set_proxies(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
	up_nginx_location_t *l = conf;
	ngx_str_t *value = cf->args->elts;

	(void)cmd;
	if (l->proxies == NULL)
		l->proxies = ngx_array_create(cf->pool, 4, sizeof(struct up_cidr));
	for (ngx_uint_t i = 1; l->proxies != NULL && i < cf->args->nelts; i++) {
		struct up_cidr *c = ngx_array_push(l->proxies);

		if (c == NULL)
			return NGX_CONF_ERROR;
		if (up_target_cidr(up_nginx_span(value[i]), c) != UP_OK)
			return (char *)"takes networks such as 10.0.0.0/8, ::1 or unix:";
	}
	return l->proxies != NULL ? NGX_CONF_OK : NGX_CONF_ERROR;
}

/* The pool that calls to the server run in, instead of our own. */
static char *set_threads(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
	up_nginx_main_t *m = conf;
	ngx_str_t *value = cf->args->elts;

	(void)cmd;
	if (m->threads != NULL)
		return (char *)"is duplicate";
	m->threads = ngx_thread_pool_add(cf, &value[1]);
	return m->threads != NULL ? NGX_CONF_OK : NGX_CONF_ERROR;
}

#define SERVER (NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF)
#define ANYWHERE (SERVER | NGX_HTTP_LOC_CONF)
#define TEXT(name, is_file) \
	{ \
		ngx_string("unitpass_" name), SERVER | NGX_CONF_TAKE1, set_text, \
		    NGX_HTTP_LOC_CONF_OFFSET, is_file, NULL \
	}

ngx_command_t up_nginx_settings_commands[] = {
	{ ngx_string("unitpass"), ANYWHERE | NGX_CONF_FLAG, ngx_conf_set_flag_slot,
	    NGX_HTTP_LOC_CONF_OFFSET, offsetof(up_nginx_location_t, enable), NULL },
	{ ngx_string("unitpass_headers"), ANYWHERE | NGX_CONF_FLAG, ngx_conf_set_flag_slot,
	    NGX_HTTP_LOC_CONF_OFFSET, offsetof(up_nginx_location_t, headers), NULL },
	{ ngx_string("unitpass_cache"), ANYWHERE | NGX_CONF_FLAG, ngx_conf_set_flag_slot,
	    NGX_HTTP_LOC_CONF_OFFSET, offsetof(up_nginx_location_t, cache), NULL },
	{ ngx_string("unitpass_require"), ANYWHERE | NGX_CONF_2MORE, set_require,
	    NGX_HTTP_LOC_CONF_OFFSET, 0, NULL },
	{ ngx_string("unitpass_session"), ANYWHERE | NGX_CONF_TAKE12, set_session,
	    NGX_HTTP_LOC_CONF_OFFSET, 0, NULL },
	TEXT("issuer", 0),
	TEXT("client", 0),
	TEXT("client_secret_file", 1),
	TEXT("client_key_file", 1),
	TEXT("session_key_file", 1),
	TEXT("page", 1),
	TEXT("issuer_name", 0),
	TEXT("emblem", 0),
	TEXT("favicon", 0),
	TEXT("telephone", 0),
	TEXT("app", 0),
	{ ngx_string("unitpass_confirm"), SERVER | NGX_CONF_FLAG, ngx_conf_set_flag_slot,
	    NGX_HTTP_LOC_CONF_OFFSET, offsetof(up_nginx_location_t, confirm), NULL },
	{ ngx_string("unitpass_trusted_proxy"), SERVER | NGX_CONF_1MORE, set_proxies,
	    NGX_HTTP_LOC_CONF_OFFSET, 0, NULL },
	{ ngx_string("unitpass_thread_pool"), NGX_HTTP_MAIN_CONF | NGX_CONF_TAKE1, set_threads,
	    NGX_HTTP_MAIN_CONF_OFFSET, 0, NULL },
	ngx_null_command,
};

static void free_parties(void *data)
{
	up_nginx_main_t *m = data;

	for (ngx_uint_t i = 0; i < m->parties.nelts; i++)
		up_rp_free(&((up_nginx_party_t **)m->parties.elts)[i]->rp);
}

void *up_nginx_settings_main(ngx_conf_t *cf)
{
	up_nginx_main_t *m = ngx_pcalloc(cf->pool, sizeof(*m));
	ngx_pool_cleanup_t *cln = ngx_pool_cleanup_add(cf->pool, 0);

	if (m == NULL || cln == NULL ||
	    ngx_array_init(&m->parties, cf->pool, 4, sizeof(up_nginx_party_t *)) != NGX_OK ||
	    ngx_array_init(&m->locations, cf->pool, 16, sizeof(void **)) != NGX_OK)
		return NULL;
	cln->handler = free_parties;
	cln->data = m;
	return m;
}

extern ngx_module_t ngx_thread_pool_module;

/* A pool of our own, since a stuck server would hold every thread of nginx's default one and so
 * what "aio threads" reads. The site's, if it made one by that name; else by nginx's own directive,
 * as there is no other way to say how many. */
static ngx_thread_pool_t *own_threads(ngx_conf_t *cf)
{
	static ngx_str_t words[] = { ngx_string("thread_pool"), ngx_string("unitpass"),
		ngx_string("threads=16"), ngx_string("max_queue=256") };
	ngx_array_t args = { .elts = words,
		.nelts = UP_ARRAY_LEN(words),
		.size = sizeof(words[0]),
		.nalloc = UP_ARRAY_LEN(words),
		.pool = cf->pool };
	ngx_command_t *directive = ngx_thread_pool_module.commands;
	ngx_conf_t said = *cf;

	if (ngx_thread_pool_get(cf->cycle, &words[1]) != NULL)
		return ngx_thread_pool_get(cf->cycle, &words[1]);
	said.args = &args;
	if (directive->set(&said, directive, NULL) != NGX_CONF_OK)
		return NULL;
	return ngx_thread_pool_get(cf->cycle, &words[1]);
}

char *up_nginx_settings_init(ngx_conf_t *cf, void *conf)
{
	up_nginx_main_t *m = conf;

	if (m->threads == NULL)
		m->threads = own_threads(cf);
	return m->threads != NULL ? NGX_CONF_OK : NGX_CONF_ERROR;
}

void *up_nginx_settings_location(ngx_conf_t *cf)
{
	up_nginx_location_t *l = ngx_pcalloc(cf->pool, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->enable = l->headers = l->cache = l->confirm = NGX_CONF_UNSET;
	l->idle = l->max = NGX_CONF_UNSET;
	return l;
}

/* --- merging, and making the relying parties --- */

static const char *text_or_null(const up_nginx_text_t *t)
{
	return t->value.len > 0 ? (const char *)t->value.data : NULL;
}

static up_nginx_party_t *find_party(up_nginx_main_t *m, const struct up_rp_settings *s)
{
	for (ngx_uint_t i = 0; i < m->parties.nelts; i++) {
		up_nginx_party_t *p = ((up_nginx_party_t **)m->parties.elts)[i];

		if (up_rp_settings_same(&p->settings, s))
			return p;
	}
	return NULL;
}

/* Merging has no line of its own: the server's stands for it. */
static char *refuse_server(ngx_conf_t *cf, const char *setting, const char *why)
{
	const ngx_http_core_srv_conf_t *server = ngx_http_conf_get_module_srv_conf(
	    cf, ngx_http_core_module);

	ngx_log_error(NGX_LOG_EMERG, cf->log, 0, "unitpass_%s%s, for the server in %s:%ui", setting,
	    why, server->file_name, server->line);
	return NGX_CONF_ERROR;
}

static char *refuse(ngx_conf_t *cf, const up_nginx_location_t *l, const char *why)
{
	for (int i = 0; i < UP_NGINX_TEXTS; i++) {
		size_t n = ngx_strlen(rp_names[i]);

		if (ngx_strncmp(why, rp_names[i], n) != 0 || why[n] != ':' ||
		    l->texts[i].value.data == NULL)
			continue;
		ngx_log_error(NGX_LOG_EMERG, cf->log, 0, "unitpass_%s%s in %V:%ui", text_names[i],
		    why + n, &l->texts[i].file, l->texts[i].line);
		return NGX_CONF_ERROR;
	}
	return refuse_server(cf, why, "");
}

static char *make_party(ngx_conf_t *cf, up_nginx_location_t *l)
{
	up_nginx_main_t *m = ngx_http_conf_get_module_main_conf(cf, ngx_http_unitpass_module);
	struct up_rp_settings s = { .issuer = text_or_null(&l->texts[UP_NGINX_ISSUER]),
		.client = text_or_null(&l->texts[UP_NGINX_CLIENT]),
		.secret_file = text_or_null(&l->texts[UP_NGINX_SECRET]),
		.key_file = text_or_null(&l->texts[UP_NGINX_KEY]),
		.session_key_file = text_or_null(&l->texts[UP_NGINX_SESSION_KEY]),
		.page_file = text_or_null(&l->texts[UP_NGINX_PAGE]),
		.idle_s = l->idle,
		.max_s = l->max,
		.unasked = !l->confirm };
	up_nginx_party_t **slot;
	char why[256] = "";

	for (int i = 0; i < UP_RP_MARKS; i++)
		s.marks[i] = text_or_null(&l->texts[UP_NGINX_MARKS + i]);
	l->party = find_party(m, &s);
	if (l->party != NULL)
		return NGX_CONF_OK;
	slot = ngx_array_push(&m->parties);
	if (slot == NULL || (*slot = ngx_pcalloc(cf->pool, sizeof(**slot))) == NULL)
		return NGX_CONF_ERROR;
	(*slot)->settings = s;
	if (up_rp_new(&s, &(*slot)->rp, why) != UP_OK) {
		m->parties.nelts--;
		return refuse(cf, l, why);
	}
	l->party = *slot;
	return NGX_CONF_OK;
}

static void inherit(up_nginx_location_t *l, const up_nginx_location_t *prev)
{
	/* A server with a client authentication of its own does not inherit the other kind. */
	if (l->texts[UP_NGINX_SECRET].value.data == NULL &&
	    l->texts[UP_NGINX_KEY].value.data == NULL) {
		l->texts[UP_NGINX_SECRET] = prev->texts[UP_NGINX_SECRET];
		l->texts[UP_NGINX_KEY] = prev->texts[UP_NGINX_KEY];
	}
	for (int i = 0; i < UP_NGINX_TEXTS; i++)
		if (l->texts[i].value.data == NULL && i != UP_NGINX_SECRET && i != UP_NGINX_KEY)
			l->texts[i] = prev->texts[i];
	if (l->proxies == NULL)
		l->proxies = prev->proxies;
	if (l->rules == NULL) {
		l->rules = prev->rules;
		l->item = prev->item;
	}
}

/* What is missing or one too many, else NULL. */
static char *check(ngx_conf_t *cf, const up_nginx_location_t *l)
{
	static const int needed[] = { UP_NGINX_ISSUER, UP_NGINX_CLIENT, UP_NGINX_SESSION_KEY };
	bool secret = l->texts[UP_NGINX_SECRET].value.len > 0,
	     key = l->texts[UP_NGINX_KEY].value.len > 0;

	for (size_t i = 0; i < UP_ARRAY_LEN(needed); i++)
		if (l->texts[needed[i]].value.len == 0)
			return refuse_server(cf, text_names[needed[i]],
			    " is missing: set it in the server or in http { }");
	if (!secret && !key)
		return refuse_server(cf, "client_secret_file",
		    " or unitpass_client_key_file is missing: set one of the two");
	if (secret && key)
		return refuse_server(cf, "client_secret_file",
		    " and unitpass_client_key_file are both set: keep one of the two");
	return NGX_CONF_OK;
}

/* For up_nginx_cache_pass_by. */
static ngx_int_t keep_place(ngx_conf_t *cf)
{
	up_nginx_main_t *m = ngx_http_conf_get_module_main_conf(cf, ngx_http_unitpass_module);
	void ***place = ngx_array_push(&m->locations);

	if (place == NULL)
		return NGX_ERROR;
	*place = ((ngx_http_conf_ctx_t *)cf->ctx)->loc_conf;
	return NGX_OK;
}

char *up_nginx_settings_merge(ngx_conf_t *cf, void *parent, void *child)
{
	const ngx_http_core_loc_conf_t *core = ngx_http_conf_get_module_loc_conf(
	    cf, ngx_http_core_module);
	up_nginx_location_t *prev = parent, *l = child;
	bool said = l->enable != NGX_CONF_UNSET;

	ngx_conf_merge_value(l->enable, prev->enable, 0);
	ngx_conf_merge_value(l->headers, prev->headers, 0);
	ngx_conf_merge_value(l->cache, prev->cache, 0);
	ngx_conf_merge_value(l->confirm, prev->confirm, 1);
	if (keep_place(cf) != NGX_OK)
		return NGX_CONF_ERROR;
	ngx_conf_merge_sec_value(l->idle, prev->idle, 0);
	ngx_conf_merge_sec_value(l->max, prev->max, 0);
	/* Rules that guard nothing look as if they did. (A server has no name here; its rules are
	 * for its locations.) */
	if (l->rules != NULL && !l->enable && !said && core->name.len > 0) {
		ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
		    "unitpass_require has no effect without \"unitpass on\": add that, or "
		    "\"unitpass off\" in %V:%ui",
		    &l->required.file, l->required.line);
		return NGX_CONF_ERROR;
	}
	inherit(l, prev);
	if (!l->enable && l->texts[UP_NGINX_ISSUER].value.len == 0)
		return NGX_CONF_OK;
	if (check(cf, l) != NGX_CONF_OK)
		return NGX_CONF_ERROR;
	return make_party(cf, l);
}
