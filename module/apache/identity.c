/* SPDX-License-Identifier: Apache-2.0
 * Identity in, spoofs out (SECURITY 20). */
#include <apr_strings.h>

#include "module/apache/module.h"

/* --- headers that only we may set --- */

static void strip(request_rec *r)
{
	const apr_array_header_t *all = apr_table_elts(r->headers_in);
	const apr_table_entry_t *h = (const apr_table_entry_t *)all->elts;
	int i = 0;

	while (i < all->nelts) {
		/* Nearly all headers end here. */
		if ((h[i].key[0] | 0x20) != 'x' ||
		    !up_rp_is_identity_header(up_span_str(h[i].key))) {
			i++;
			continue;
		}
		/* This takes all of that name out, and what follows moves up. */
		apr_table_unset(r->headers_in, h[i].key);
		i = 0;
	}
}

/* mod_proxy takes out of the request what Connection names, once all of us have added to it. */
static void clean_connection(request_rec *r)
{
	static const char *const names[] = { "Connection", "Proxy-Connection" };

	for (size_t i = 0; i < UP_ARRAY_LEN(names); i++) {
		struct up_span value = up_span_str(apr_table_get(r->headers_in, names[i]));
		struct up_buf b = { 0 };

		if (value.n == 0 || !up_rp_connection_put(value, &b))
			continue;
		if (b.failed)
			ap_abort_on_oom();
		if (b.n == 0)
			apr_table_unset(r->headers_in, names[i]);
		else
			apr_table_setn(r->headers_in, names[i],
			    apr_pstrmemdup(r->pool, (const char *)b.p, b.n));
		up_buf_free(&b);
	}
}

/* httpd's own to take up, but not to hand on. */
static void keep_http2(request_rec *r)
{
	if (r->proxyreq == PROXYREQ_NONE)
		return;
	apr_table_unset(r->headers_in, "HTTP2-Settings");
	if (up_rp_upgrade_is_h2c(up_span_str(apr_table_get(r->headers_in, "Upgrade"))))
		apr_table_unset(r->headers_in, "Upgrade");
}

/* Also in servers without an issuer: they may share an application with one that has. */
static bool any_portal(void)
{
	return up_apache_main->parties->nelts > 0;
}

int up_apache_identity_strip(request_rec *r)
{
	sigset_t kept;

	if (!any_portal())
		return DECLINED;
	strip(r);
	up_apache_child_enter(&kept);
	clean_connection(r);
	up_apache_child_leave(&kept);
	return DECLINED;
}

int up_apache_identity_strip_again(request_rec *r)
{
	/* An internal redirect: where it leads, other rules may hold. And one for the error page of
	 * a request that httpd refused unread never passed by the hook above. */
	if (r->prev != NULL && any_portal())
		strip(r);
	return DECLINED;
}

/* httpd joins repeated lines of HTTP/1 by a comma, which other cookies' values may hold as well: it
 * separates nothing here, and what stands behind it is nobody's session. No browser repeats the
 * line; the crumbs of HTTP/2 come joined by "; " (RFC 9113 section 8.2.3). */
struct up_span up_apache_identity_cookies(request_rec *r)
{
	return up_span_str(apr_table_get(r->headers_in, "Cookie"));
}

/* --- what a request knows --- */

static up_apache_state_t *state_of(const request_rec *r)
{
	return ap_get_module_config(r->request_config, &auth_unitpass_module);
}

up_apache_state_t *up_apache_identity_state(request_rec *r)
{
	up_apache_state_t *st = state_of(r);

	if (st == NULL) {
		st = apr_pcalloc(r->pool, sizeof(*st));
		ap_set_module_config(r->request_config, &auth_unitpass_module, st);
	}
	return st;
}

const up_apache_identity_t *up_apache_identity_known(request_rec *r, const up_apache_party_t *party)
{
	for (const request_rec *q = r; q != NULL; q = q->prev != NULL ? q->prev : q->main) {
		const up_apache_state_t *st = state_of(q);

		if (st != NULL && st->who != NULL && st->who->party == party)
			return st->who;
	}
	return NULL;
}

bool up_apache_identity_anybody(const request_rec *r)
{
	for (; r != NULL; r = r->prev != NULL ? r->prev : r->main)
		if (state_of(r) != NULL && state_of(r)->who != NULL)
			return true;
	return false;
}

/* --- to the application --- */

/* In raw UTF-8, as long as WHO. */
static void values_of(request_rec *r, const up_apache_identity_t *who,
    const char *value[UP_RP_VALUES])
{
	for (size_t i = 0; i < UP_RP_VALUES; i++) {
		value[i] = up_rp_value_text(&who->session, i);
		if (value[i] == NULL)
			value[i] = apr_off_t_toa(r->pool, who->session.auth_time_s);
	}
}

/* All values percent-encoded, in one piece of the request's memory. */
static void encode(request_rec *r, const up_apache_identity_t *who, const char *value[UP_RP_VALUES])
{
	struct up_buf b = { 0 };
	size_t at[UP_RP_VALUES];
	const char *all;

	up_buf_reserve(&b, 500);
	for (size_t i = 0; i < UP_RP_VALUES; i++) {
		at[i] = b.n;
		up_rp_value(&who->session, i, true, &b);
		up_buf_put_char(&b, '\0');
	}
	/* Out of memory: httpd ends on that in its own pools, too. */
	if (b.failed)
		ap_abort_on_oom();
	all = apr_pmemdup(r->pool, b.p, b.n);
	for (size_t i = 0; i < UP_RP_VALUES; i++)
		value[i] = all + at[i];
	up_buf_free(&b);
}

/* Is any of our variables there? A sub-request begins with its parent's, and others may have set
 * one. Only then each must be looked for: as all names begin alike,
 * that costs as much as the rest. */
static bool has_variables(const apr_table_t *env)
{
	const apr_array_header_t *all = apr_table_elts(env);
	const apr_table_entry_t *at = (const apr_table_entry_t *)all->elts;
	static const char prefix[] = "unitpass_";

	for (int i = 0; i < all->nelts; i++)
		if ((at[i].key[0] | 0x20) == 'u' &&
		    ap_cstr_casecmpn(at[i].key, prefix, sizeof(prefix) - 1) == 0)
			return true;
	return false;
}

static void put_variables(apr_table_t *env, const char *const value[UP_RP_VALUES])
{
	bool some = has_variables(env);

	for (size_t i = 0; i < UP_RP_VALUES; i++)
		if (some)
			apr_table_setn(env, up_apache_main->variables[i], value[i]);
		else
			apr_table_addn(env, up_apache_main->variables[i], value[i]);
}

void up_apache_identity_publish(request_rec *r, const up_apache_identity_t *who)
{
	const up_apache_dir_t *d = ap_get_module_config(r->per_dir_config, &auth_unitpass_module);
	const char *value[UP_RP_VALUES];

	values_of(r, who, value);
	put_variables(r->subprocess_env, value);
	r->user = apr_pstrdup(r->pool, value[0]);
	r->ap_auth_type = (char *)(uintptr_t)UP_APACHE_TYPE;
	if (d->headers != 1)
		return;
	encode(r, who, value);
	for (size_t i = 0; i < UP_RP_VALUES; i++)
		apr_table_setn(r->headers_in, up_rp_value_header[i], value[i]);
}

/* A sub-request or internal redirect under the same rules: httpd takes over its parent's verdict
 * and user, and runs no hook of ours. */
static void inherit(request_rec *r)
{
	const up_apache_identity_t *who;
	const up_apache_party_t *party;
	sigset_t kept;

	if ((r->main == NULL && r->prev == NULL) || r->user == NULL || r->ap_auth_type == NULL ||
	    strcmp(r->ap_auth_type, UP_APACHE_TYPE) != 0)
		return;
	if (state_of(r) != NULL && state_of(r)->who != NULL)
		return;
	party = up_apache_parties_of(r);
	who = party != NULL ? up_apache_identity_known(r, party) : NULL;
	if (who == NULL)
		return;
	up_apache_child_enter(&kept);
	up_apache_identity_publish(r, who);
	up_apache_child_leave(&kept);
}

int up_apache_identity_fixups(request_rec *r)
{
	if (any_portal())
		keep_http2(r);
	inherit(r);
	return DECLINED;
}
