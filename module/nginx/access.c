/* SPDX-License-Identifier: Apache-2.0
 * Guarding locations. On a live session: one cookie opened, the rules compared; no I/O, no lock. */
#include "module/nginx/module.h"

enum up_err up_nginx_access_session(
    ngx_http_request_t *r, up_nginx_location_t *l, struct up_rp_session *s, bool *refresh)
{
	struct up_span cookies;

	*refresh = false;
	if (l->party == NULL || up_nginx_headers_cookies(r, &cookies) != NGX_OK || cookies.n == 0)
		return UP_E_TOKEN;
	/* The event loop's own opener: made in the worker, after fork. */
	if (l->party->opener == NULL && up_rp_opener_new(l->party->rp, &l->party->opener) != UP_OK)
		return UP_E_NOMEM;
	return up_rp_session_open(l->party->opener, cookies, ngx_time(), s, refresh);
}

/* Checking again after an internal redirect must not set the cookie twice. */
static bool has_cookie(const ngx_http_request_t *r)
{
	for (const ngx_list_part_t *part = &r->headers_out.headers.part; part != NULL;
	     part = part->next) {
		const ngx_table_elt_t *h = part->elts;

		for (ngx_uint_t i = 0; i < part->nelts; i++)
			if (h[i].hash != 0 &&
			    up_span_starts(up_nginx_span(h[i].value), UP_RP_SEEN_COOKIE "="))
				return true;
	}
	return false;
}

static ngx_int_t refresh_cookie(
    ngx_http_request_t *r, up_nginx_location_t *l, const struct up_rp_session *s)
{
	static const ngx_str_t name = ngx_string("Set-Cookie");
	struct up_buf b = { 0 };
	ngx_str_t value;
	ngx_int_t rc = NGX_ERROR;

	if (has_cookie(r))
		return NGX_OK;
	if (up_rp_session_refresh(l->party->opener, s, ngx_time(), &b) == UP_OK && !b.failed) {
		value.len = b.n;
		value.data = ngx_pnalloc(r->pool, b.n);
		if (value.data != NULL) {
			ngx_memcpy(value.data, b.p, b.n);
			rc = up_nginx_headers_out(r, name, value);
		}
	}
	up_buf_free(&b);
	return rc;
}

/* The first rule that S does not satisfy. */
static const struct up_rp_rule *broken_rule(const up_nginx_location_t *l,
    const struct up_rp_session *s)
{
	const struct up_rp_rule *rules = l->rules != NULL ? l->rules->elts : NULL;

	for (ngx_uint_t i = 0; l->rules != NULL && i < l->rules->nelts; i++)
		if (!up_rp_rule_holds(&rules[i], s))
			return &rules[i];
	return NULL;
}

/* S, REFRESH: the session that does not satisfy the rules; NULL: there is none. */
static ngx_int_t answer(
    ngx_http_request_t *r, up_nginx_location_t *l, const struct up_rp_session *s, bool refresh)
{
	struct up_rp_response resp = { 0 };
	struct up_rp_request req;
	ngx_int_t rc;

	if (up_nginx_pages_request(r, l, &req) != NGX_OK ||
	    (refresh && refresh_cookie(r, l, s) != NGX_OK))
		return NGX_HTTP_INTERNAL_SERVER_ERROR;
	rc = ngx_http_discard_request_body(r);
	if (rc != NGX_OK)
		return rc;
	if (s != NULL)
		up_rp_forbidden(l->party->rp, &req, s, broken_rule(l, s), &resp);
	else
		up_rp_login_required(l->party->rp, &req, up_nginx_span(l->item), &resp);
	ngx_http_finalize_request(r, up_nginx_pages_send(r, &resp));
	return NGX_DONE;
}

static bool satisfy_any(const ngx_http_request_t *r)
{
	const ngx_http_core_loc_conf_t *core = ngx_http_get_module_loc_conf(
	    r, ngx_http_core_module);

	return core->satisfy == NGX_HTTP_SATISFY_ANY;
}

/* Let in as S. */
static ngx_int_t admit(
    ngx_http_request_t *r, up_nginx_location_t *l, const struct up_rp_session *s, bool refresh)
{
	if (up_nginx_variables_user(r, s) != NGX_OK ||
	    (l->headers && up_nginx_headers_identity(r, s) != NGX_OK))
		return NGX_HTTP_INTERNAL_SERVER_ERROR;
	if (refresh && refresh_cookie(r, l, s) != NGX_OK)
		return NGX_HTTP_INTERNAL_SERVER_ERROR;
	return NGX_OK;
}

ngx_int_t up_nginx_access_handler(ngx_http_request_t *r)
{
	up_nginx_location_t *l = ngx_http_get_module_loc_conf(r, ngx_http_unitpass_module);
	struct up_rp_session s;
	bool refresh, known;

	if (!l->enable)
		return NGX_DECLINED;
	known = up_nginx_access_session(r, l, &s, &refresh) == UP_OK;
	if (known && broken_rule(l, &s) == NULL)
		return admit(r, l, &s, refresh);
	/* With "satisfy any" another module may still let the request in: the answer waits for
	 * up_nginx_access_last. A verdict all the same, so that the request is not let in should
	 * nobody come to answer. */
	return satisfy_any(r) ? (known ? NGX_HTTP_FORBIDDEN : NGX_HTTP_UNAUTHORIZED)
			      : answer(r, l, known ? &s : NULL, refresh);
}

ngx_int_t up_nginx_access_last(ngx_http_request_t *r)
{
	up_nginx_location_t *l = ngx_http_get_module_loc_conf(r, ngx_http_unitpass_module);
	struct up_rp_session s;
	bool refresh, known;

	if (!l->enable || !satisfy_any(r))
		return NGX_DECLINED;
	known = up_nginx_access_session(r, l, &s, &refresh) == UP_OK;
	return answer(r, l, known ? &s : NULL, refresh);
}

/* Is R how its parent finds out whether to let the request in (auth_request), under the same
 * guard? */
static bool asks_for_parent(const ngx_http_request_t *r, const up_nginx_location_t *l)
{
	const ngx_http_core_main_conf_t *core =
	    ngx_http_get_module_main_conf(r, ngx_http_core_module);
	const ngx_http_phase_handler_t *all = core->phase_engine.handlers;
	const up_nginx_location_t *from =
	    ngx_http_get_module_loc_conf(r->parent, ngx_http_unitpass_module);

	return all[r->parent->phase_handler].checker == ngx_http_core_access_phase &&
	    from->enable && from->rules == l->rules && from->party == l->party;
}

/* With "satisfy any" other modules may let R in, and nginx asks none of them for a subrequest.
 * Their verdict on its parent holds where R is in the very same location: another one may have
 * other rules. */
static bool is_decided(const ngx_http_request_t *r, const up_nginx_location_t *l)
{
	return satisfy_any(r) && (r->loc_conf == r->parent->loc_conf || asks_for_parent(r, l));
}

/* nginx does not run the access phase for subrequests; yet "auth_request" to a protected
 * location, or an SSI include of one, must not be let in for it. Its cookie is the main
 * request's to refresh. */
ngx_int_t up_nginx_access_subrequest(ngx_http_request_t *r)
{
	up_nginx_location_t *l = ngx_http_get_module_loc_conf(r, ngx_http_unitpass_module);
	struct up_rp_session s;
	bool refresh;
	ngx_int_t rc;

	if (r == r->main || !l->enable || is_decided(r, l))
		return NGX_DECLINED;
	if (up_nginx_access_session(r->main, l, &s, &refresh) != UP_OK)
		return NGX_HTTP_UNAUTHORIZED;
	if (broken_rule(l, &s) != NULL)
		return NGX_HTTP_FORBIDDEN;
	rc = admit(r, l, &s, false);
	return rc == NGX_OK ? NGX_DECLINED : rc;
}
