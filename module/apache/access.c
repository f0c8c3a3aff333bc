/* SPDX-License-Identifier: Apache-2.0
 * Guarding locations. On a live session: one cookie opened, and httpd's own Require over it; no
 * I/O, no lock. */
#include <apr_strings.h>
#include <string.h>

#include "module/apache/module.h"

APLOG_USE_MODULE(auth_unitpass);

bool up_apache_access_is_ours(request_rec *r)
{
	const char *type = ap_auth_type(r);

	return type != NULL && (strcmp(type, UP_APACHE_TYPE) == 0 ||
	    ap_cstr_casecmp(type, UP_APACHE_TYPE) == 0);
}

/* --- the session --- */

static up_apache_identity_t *keep(request_rec *r, const up_apache_party_t *party,
    const struct up_rp_session *s)
{
	up_apache_identity_t *who = apr_palloc(r->pool, sizeof(*who) + s->all.n);

	who->party = party;
	up_rp_session_copy(s, &who->session, who->texts);
	return who;
}

static enum up_err refresh_cookie(
    request_rec *r, struct up_rp_opener *opener, const up_apache_identity_t *who)
{
	request_rec *top = r;
	struct up_buf b = { 0 };
	enum up_err err = up_rp_session_refresh(opener, &who->session,
	    apr_time_sec(r->request_time), &b);

	if (err == UP_OK && b.failed)
		err = UP_E_NOMEM;
	while (top->main != NULL)
		top = top->main;
	/* Kept over error pages, internal redirects and what a proxied application sets. */
	if (err == UP_OK)
		apr_table_addn(top->err_headers_out, "Set-Cookie",
		    apr_pstrmemdup(top->pool, (const char *)b.p, b.n));
	up_buf_free(&b);
	return err;
}

/* UP_OK: *OUT is who it is. UP_E_TOKEN: nobody. All else: an error of ours. */
static enum up_err session_of(
    request_rec *r, const up_apache_party_t *party, const up_apache_identity_t **out)
{
	struct up_span cookies = up_apache_identity_cookies(r);
	struct up_rp_opener *opener;
	struct up_rp_session s;
	bool refresh;
	enum up_err err;

	*out = up_apache_identity_known(r, party);
	if (*out != NULL)
		return UP_OK;
	opener = up_apache_openers_get(party);
	if (opener == NULL)
		return UP_E_NOMEM;
	if (cookies.n == 0)
		return UP_E_TOKEN;
	err = up_rp_session_open(opener, cookies, apr_time_sec(r->request_time), &s, &refresh);
	if (err != UP_OK)
		return UP_E_TOKEN;
	*out = keep(r, party, &s);
	return refresh ? refresh_cookie(r, opener, *out) : UP_OK;
}

static enum up_err identify(request_rec *r, const up_apache_party_t *party)
{
	const up_apache_identity_t *who;
	sigset_t kept;
	enum up_err err;

	up_apache_child_enter(&kept);
	err = session_of(r, party, &who);
	if (err == UP_OK) {
		up_apache_identity_state(r)->who = who;
		up_apache_identity_publish(r, who);
	}
	up_apache_child_leave(&kept);
	return err;
}

/* --- verdicts --- */

/* A sub-request has nobody to answer to, and the page of an error must not become another's. */
static bool may_answer(const request_rec *r)
{
	if (r->main != NULL)
		return false;
	for (const request_rec *q = r->prev; q != NULL; q = q->prev)
		if (ap_is_HTTP_ERROR(q->status))
			return false;
	return true;
}

/* STATUS: HTTP_UNAUTHORIZED, HTTP_FORBIDDEN, or HTTP_SERVICE_UNAVAILABLE where the session could
 * not even be looked at. */
static int answer(request_rec *r, const up_apache_party_t *party, int status)
{
	struct up_rp_response resp = { 0 };
	struct up_rp_request req;
	sigset_t kept;

	if (!may_answer(r))
		return status;
	up_apache_pages_request(r, &req);
	up_apache_child_enter(&kept);
	if (status == HTTP_UNAUTHORIZED)
		up_rp_login_required(party->rp, &req, up_apache_identity_state(r)->item, &resp);
	else if (status == HTTP_FORBIDDEN)
		up_rp_forbidden(party->rp, &req, &up_apache_identity_state(r)->who->session,
		    up_apache_identity_state(r)->wanted, &resp);
	else
		up_rp_unavailable(party->rp, &req, &resp);
	up_apache_child_leave(&kept);
	up_apache_pages_send(r, &resp);
	return DONE;
}

int up_apache_access_authenticate(request_rec *r)
{
	const up_apache_party_t *party;
	enum up_err err;

	if (!up_apache_access_is_ours(r))
		return DECLINED;
	party = up_apache_parties_of(r);
	if (party == NULL) {
		ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
		    "unitpass: AuthType unitpass for %s, but its server has no UnitpassIssuer: set "
		    "one",
		    r->uri);
		return HTTP_INTERNAL_SERVER_ERROR;
	}
	err = identify(r, party);
	return err == UP_OK
	    ? OK
	    : answer(r, party, err == UP_E_TOKEN ? HTTP_UNAUTHORIZED : HTTP_SERVICE_UNAVAILABLE);
}

/* Every authorization module is asked as ever; only what becomes of a refusal is ours. */
int up_apache_access_authorize(request_rec *r)
{
	up_apache_state_t *st = ap_get_module_config(r->request_config, &auth_unitpass_module);
	int rc;

	/* Somebody is known where up_apache_access_authenticate found that R is ours. */
	if (st == NULL || st->inside || st->who == NULL)
		return DECLINED;
	st->inside = true;
	rc = ap_run_auth_checker(r);
	st->inside = false;
	return rc == HTTP_UNAUTHORIZED || rc == HTTP_FORBIDDEN
	    ? answer(r, st->who->party, HTTP_FORBIDDEN)
	    : rc;
}

/* "Require not unit-role user" says nothing against a nobody: so that he does not pass by not
 * signing in, he must. */
int up_apache_access_force(request_rec *r)
{
	const up_apache_state_t *st = ap_get_module_config(
	    r->request_config, &auth_unitpass_module);

	return st != NULL && st->denies && up_apache_access_is_ours(r) ? OK : DECLINED;
}
