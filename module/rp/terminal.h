/* SPDX-License-Identifier: Apache-2.0
 * A login without a browser (RFC 8628): begin, show text, poll, verified identity. No page, no
 * cookie, no session. For a client that the server has registered with --static-qr. up_rp_init
 * comes before up_terminal_begin. One thread at a time. */
#ifndef UP_TERMINAL_H
#define UP_TERMINAL_H

#include "module/rp/idtoken.h"

struct up_terminal;

/* session_key_file and page_file of the settings are not looked at. WHY as up_rp_new. UP_E_CONFIG,
 * UP_E_NOMEM. */
UP_MUST_USE enum up_err up_terminal_new(
    const struct up_rp_settings *, struct up_terminal **out, char why[256]);
void up_terminal_free(struct up_terminal **);                /* wipes */

struct up_terminal_ask {                 /* borrowed; empty: not sent */
	struct up_span item;
	struct up_span purpose;          /* at most 60 code points */
	struct up_span initiator_ip, initiator_user_agent, ui_locales;
	int64_t now_s;
};

struct up_terminal_view {                /* spans are valid until the next begin */
	/* text of the QR; empty when the provider gives no complete address */
	struct up_span qr;
	struct up_span uri, user_code;   /* where to type it, and what; either may be empty */
	struct up_span client_name, item_name;
	int64_t expires_in_s;
};

/* A provider's texts are checked: printable ASCII in the address and the code. UP_E_CONFIG: the
 * client is not registered for a code without live frames (logged); otherwise as up_provider_begin.
 */
UP_MUST_USE enum up_err up_terminal_begin(
    struct up_terminal *, const struct up_terminal_ask *, struct up_terminal_view *);

/* Ask the token endpoint once. UP_OK: *ID is checked. UP_E_PENDING: ask again after
 * up_terminal_interval. UP_E_DENIED, UP_E_EXPIRED (unknown and used codes too), UP_E_UPSTREAM (a
 * passing failure: ask again); all else: refused for good (logged). Free *ID in all cases. */
UP_MUST_USE enum up_err up_terminal_poll(
    struct up_terminal *, int64_t now_s, struct up_identity *id);
/* seconds to the next poll, RFC 8628 section 3.5 */
int64_t up_terminal_interval(const struct up_terminal *);

#endif
