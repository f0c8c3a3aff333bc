/* SPDX-License-Identifier: Apache-2.0
 * Scopes (RFC 6749 section 3.3): which there are, and what of a request is granted. */
#ifndef UP_SCOPE_H
#define UP_SCOPE_H

#include "core/span.h"

#define UP_SCOPES "openid unit"          /* all that there are, and the default */

/* Those of ASKED that we know, each once, in our order; *GRANTED is text for ever. Unknown ones are
 * ignored (OpenID Connect Core 5.4): all that there are, when no known one is asked for.
 * UP_E_SCOPE: characters that no scope has. */
UP_MUST_USE enum up_err up_scope_grant(struct up_span asked, struct up_span *granted);

#endif
