/* SPDX-License-Identifier: Apache-2.0
 * The nginx module: thin glue over module/rp. settings.c reads directives, access.c guards
 * locations, pages.c answers /.unitpass/, headers.c moves identity in and spoofs out, variables.c
 * gives $unitpass_*, cache.c tells caches what to keep. */
#ifndef UP_NGINX_MODULE_H
#define UP_NGINX_MODULE_H

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "module/rp/rp.h"

extern ngx_module_t ngx_http_unitpass_module;

/* One relying party, shared by all locations with the same settings; the opener is the worker's
 * event loop's own. */
typedef struct {
	struct up_rp_settings settings;
	struct up_rp *rp;
	struct up_rp_opener *opener;
} up_nginx_party_t;

typedef struct {
	ngx_array_t parties;             /* up_nginx_party_t * */
	ngx_array_t locations;           /* void **: the settings of all modules there */
	ngx_thread_pool_t *threads;
} up_nginx_main_t;

enum { UP_NGINX_ISSUER, UP_NGINX_CLIENT, UP_NGINX_SECRET, UP_NGINX_KEY, UP_NGINX_SESSION_KEY,
	UP_NGINX_PAGE, UP_NGINX_MARKS, UP_NGINX_TEXTS = UP_NGINX_MARKS + UP_RP_MARKS };

typedef struct {
	ngx_str_t value;
	ngx_str_t file;                  /* where it was said */
	ngx_uint_t line;
} up_nginx_text_t;

typedef struct {
	ngx_flag_t enable, headers, cache, confirm;
	up_nginx_text_t texts[UP_NGINX_TEXTS];
	time_t idle, max;
	ngx_array_t *rules;              /* struct up_rp_rule */
	ngx_array_t *proxies;            /* struct up_cidr */
	up_nginx_text_t required;        /* where the last rule was said */
	ngx_str_t item;                  /* first value of the first "item" rule */
	up_nginx_party_t *party;         /* NULL: no issuer here */
} up_nginx_location_t;

/* settings.c */
extern ngx_command_t up_nginx_settings_commands[];
void *up_nginx_settings_main(ngx_conf_t *cf);
char *up_nginx_settings_init(ngx_conf_t *cf, void *conf);
void *up_nginx_settings_location(ngx_conf_t *cf);
char *up_nginx_settings_merge(ngx_conf_t *cf, void *parent, void *child);

/* headers.c */
/* before the first request */
void up_nginx_headers_init(void);
/* identity headers of the client, and our own of an earlier pass */
ngx_int_t up_nginx_headers_strip(ngx_http_request_t *r, bool ours_too);
/* rewrite phase: the client's again, for named locations */
ngx_int_t up_nginx_headers_handler(ngx_http_request_t *r);
ngx_int_t up_nginx_headers_identity(ngx_http_request_t *r, const struct up_rp_session *s);
ngx_int_t up_nginx_headers_out(ngx_http_request_t *r, ngx_str_t name, ngx_str_t value);
/* all Cookie lines as one */
ngx_int_t up_nginx_headers_cookies(ngx_http_request_t *r, struct up_span *out);
/* What tells a navigation from the rest. */
void up_nginx_headers_kind(const ngx_http_request_t *r, struct up_rp_request *q);

/* pages.c */
/* server-rewrite phase: /.unitpass/ */
ngx_int_t up_nginx_pages_handler(ngx_http_request_t *r);
ngx_int_t up_nginx_pages_request(
    ngx_http_request_t *r, up_nginx_location_t *l, struct up_rp_request *out);
/* frees RESP; what ngx_http_finalize_request wants */
ngx_int_t up_nginx_pages_send(ngx_http_request_t *r, struct up_rp_response *resp);

/* access.c */
/* first in the access phase: checks the session, answers without one */
ngx_int_t up_nginx_access_handler(ngx_http_request_t *r);
ngx_int_t up_nginx_access_last(
    ngx_http_request_t *r); /* last there: with "satisfy any" answers, since nobody let it in */
/* precontent phase: subrequests, which have no access phase */
ngx_int_t up_nginx_access_subrequest(ngx_http_request_t *r);
/* The session of this request, if there is a good one; valid until the next call. */
enum up_err up_nginx_access_session(
    ngx_http_request_t *r, up_nginx_location_t *l, struct up_rp_session *s, bool *refresh);

/* variables.c */
ngx_int_t up_nginx_variables_add(ngx_conf_t *cf);
/* after all variables are known: $remote_user becomes ours where we guard */
ngx_int_t up_nginx_variables_take_user(ngx_conf_t *cf);
/* the request was let in as S */
ngx_int_t up_nginx_variables_user(ngx_http_request_t *r, const struct up_rp_session *s);
/* Its unit code, if it was. */
const ngx_str_t *up_nginx_variables_known(const ngx_http_request_t *r);

static inline struct up_span up_nginx_span(ngx_str_t s)
{
	return up_span_of(s.data, s.len);
}

#endif
