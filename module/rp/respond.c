/* SPDX-License-Identifier: Apache-2.0 */
#include "module/rp/respond.h"

#include <stdlib.h>
#include <string.h>

#include "module/rp/page.h"
#include "module/rp/request.h"

#define RETRY_AFTER "5"

void up_respond_header(struct up_rp_response *r, const char *name, const char *value)
{
	char *n, *v;

	if (r->n_headers == UP_ARRAY_LEN(r->headers)) {
		r->body.failed = true;
		return;
	}
	n = strdup(name);
	v = strdup(value);
	if (n == NULL || v == NULL) {
		free(n);
		free(v);
		r->body.failed = true;
		return;
	}
	r->headers[r->n_headers].name = n;
	r->headers[r->n_headers++].value = v;
}

void up_respond_header_buf(struct up_rp_response *r, const char *name, struct up_buf *value)
{
	const char *text = up_buf_cstr(value);

	if (text == NULL || strpbrk(text, "\r\n") != NULL)
		r->body.failed = true;
	else
		up_respond_header(r, name, text);
	up_buf_free(value);
}

void up_respond_common(struct up_rp_response *r)
{
	up_respond_header(r, "Cache-Control", "no-store");
	up_respond_header(r, "X-Content-Type-Options", "nosniff");
	up_respond_header(r, "Referrer-Policy", "no-referrer");
}

void up_respond_json(struct up_rp_response *r, int status)
{
	r->status = status;
	up_respond_header(r, "Content-Type", "application/json");
	up_respond_header(
	    r, "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
	up_respond_common(r);
}

void up_respond_redirect(struct up_rp_response *r, int status, struct up_buf *location)
{
	r->status = status;
	up_respond_header_buf(r, "Location", location);
	up_respond_common(r);
}

void up_respond_back(struct up_exchange *x, struct up_span where)
{
	struct up_json_put j = { .b = &x->resp->body };
	struct up_buf location = { 0 };

	if (up_request_accepts(x->req, "application/json")) {
		up_json_put_object(&j, NULL);
		up_json_put_text(&j, "return", where);
		up_json_put_end(&j);
		up_respond_json(x->resp, 200);
		return;
	}
	up_buf_put_span(&location, where);
	up_respond_redirect(x->resp, 303, &location);
}

void up_respond_login_required(struct up_exchange *x)
{
	struct up_json_put j = { .b = &x->resp->body };

	up_json_put_object(&j, NULL);
	up_json_put_str(&j, "error", "login_required");
	up_json_put_str(&j, "login", UP_RP_PREFIX "login");
	up_json_put_end(&j);
	up_respond_json(x->resp, 401);
}

void up_respond_error(struct up_exchange *x, enum up_err err, int status)
{
	const struct up_reply *reply = up_err_reply(err);
	struct up_json_put j = { .b = &x->resp->body };

	status = status != 0 ? status : reply->http;
	if (up_request_wants_page(x->req)) {
		up_page_error(x, err, status);
	} else {
		up_json_put_object(&j, NULL);
		up_json_put_str(&j, "error", reply->oauth);
		up_json_put_str(&j, "error_description", reply->en);
		up_json_put_str(&j, "message",
		    strcmp(x->lang, "en") == 0 ? reply->en : reply->zh);
		up_json_put_end(&j);
		up_respond_json(x->resp, status);
		up_respond_header(x->resp, "Vary", "Accept, Accept-Language");
	}
	if (status == 503 || status == 429)
		up_respond_header(x->resp, "Retry-After", RETRY_AFTER);
}

void up_respond_finish(struct up_rp_response *r)
{
	if (!r->body.failed && r->status != 0)
		return;
	up_rp_response_free(r);
	r->status = 500;
}

void up_rp_response_free(struct up_rp_response *r)
{
	for (size_t i = 0; i < r->n_headers; i++) {
		free(r->headers[i].name);
		if (r->headers[i].value != NULL)
			up_wipe(r->headers[i].value, strlen(r->headers[i].value));
		free(r->headers[i].value);
	}
	up_buf_free(&r->body);
	memset(r, 0, sizeof(*r));
}

static void put_part(struct up_buf *b, char *sep, const char *name, struct up_span value)
{
	if (value.n == 0)
		return;
	up_buf_put_char(b, *sep);
	up_buf_put_str(b, name);
	up_buf_put_char(b, '=');
	up_buf_put_percent(b, value);
	*sep = '&';
}

void up_respond_put_login(struct up_buf *b, bool again, struct up_span return_to,
    struct up_span item, struct up_span attempt)
{
	char sep = '?';

	up_buf_put_str(b, UP_RP_PREFIX "login");
	put_part(b, &sep, "again", again ? UP_SPAN_LIT("1") : (struct up_span){ 0 });
	put_part(b, &sep, "return", return_to);
	put_part(b, &sep, "item", item);
	put_part(b, &sep, "attempt", attempt);
}
