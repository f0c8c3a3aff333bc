/* SPDX-License-Identifier: Apache-2.0
 * HTTPS to the server: GET and form POST over libcurl, with connections kept alive.
 *
 * Why not oauth2_http_get and oauth2_http_post_form of liboauth2 1.4.5.4 -- seen by running them
 * against a scripted server:
 *  - a 307 or 308 is followed, and the body (device code, client assertion) is sent again to
 * whichever host is named there, http too, with no way to forbid it; the other host's answer is
 * then taken for the server's;
 *  - there is no connect timeout, and the answer may have 1 MiB;
 *  - every call makes a new connection, so a new TLS handshake.
 * liboauth2's private_key_jwt signs with RSA keys only ("jwk is not an RSA key", followed by stray
 * bytes), while the server takes ES256 only, so the assertion is made by core/jwt.h. What is used
 * of liboauth2 here: the parameter list and its form encoding, the encoding of client id and secret
 * (RFC 6749 section 2.3.1), the process-wide initialisation, and its log. */
#ifndef UP_TRANSPORT_H
#define UP_TRANSPORT_H

#include "core/span.h"

#define UP_TRANSPORT_BODY_MAX 65536      /* bytes of an answer */
#define UP_TRANSPORT_CONNECT_MS 3000
#define UP_TRANSPORT_TOTAL_MS 5000
#define UP_TRANSPORT_RETRY_MS 3000       /* between attempts at a server that hangs */

struct up_transport;                     /* idle connections; may be used from several threads */

UP_MUST_USE enum up_err up_transport_new(struct up_transport **out);
void up_transport_free(struct up_transport **);

struct up_transport_call {
	/* https, or http to a loopback host (UP_E_UPSTREAM otherwise) */
	const char *url;
	const char *form;                /* encoded body of a POST, or NULL: GET */
	const char *user, *password;     /* HTTP Basic, already form-encoded; or NULL */
	const char *accept;              /* media type */
};

/* UP_OK: an answer came whole, *STATUS is its status (redirects are answers, never followed), BODY
 * holds it. UP_E_UPSTREAM: refused, unreachable, too slow, too large; logged; or, not logged,
 * hanging for others already. Blocks at most UP_TRANSPORT_TOTAL_MS. */
UP_MUST_USE enum up_err up_transport_call(
    struct up_transport *, const struct up_transport_call *, long *status, struct up_buf *body);

#endif
