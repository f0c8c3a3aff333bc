/* SPDX-License-Identifier: Apache-2.0
 * Answers. Every one but an asset is no-store; nothing here fails openly: what runs out of memory
 * becomes a bare 500. */
#ifndef UP_RESPOND_H
#define UP_RESPOND_H

#include "core/form.h"
#include "core/json_put.h"
#include "module/rp/inside.h"

/* One request being answered. */
struct up_exchange {
	const struct up_rp *rp;
	struct up_rp_opener *opener;     /* NULL where no cookie is wanted */
	const struct up_rp_request *req;
	struct up_rp_response *resp;
	const char *lang;                /* "zh-CN" or "en" */
	struct up_form query, body;
};

void up_respond_header(struct up_rp_response *, const char *name, const char *value);
/* Takes the content of VALUE, which is empty afterwards. */
void up_respond_header_buf(struct up_rp_response *, const char *name, struct up_buf *value);
/* The headers of every dynamic answer. */
void up_respond_common(struct up_rp_response *);
/* JSON is appended to resp->body by the caller. */
void up_respond_json(struct up_rp_response *, int status);
/* LOCATION's content is taken. */
void up_respond_redirect(struct up_rp_response *, int status, struct up_buf *location);
/* On to WHERE, a path: as JSON for a script, else by 303. */
void up_respond_back(struct up_exchange *, struct up_span where);
/* JSON or page, as the request wants it. STATUS 0: that of E. */
void up_respond_error(struct up_exchange *, enum up_err err, int status);
/* 401 as JSON. The header WWW-Authenticate goes with it, also where a page stands in its place. */
void up_respond_login_required(struct up_exchange *);
#define UP_RESPOND_REALM "Unitpass realm=\"unitpass\", login=\"" UP_RP_PREFIX "login\""
/* At the end: a response that could not be made whole becomes a 500 without body. */
void up_respond_finish(struct up_rp_response *);
/* "/.unitpass/login?again=1&return=...&item=...&attempt=..."; empty parts are left out. */
void up_respond_put_login(struct up_buf *, bool again, struct up_span return_to,
    struct up_span item, struct up_span attempt);

#endif
