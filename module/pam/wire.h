/* SPDX-License-Identifier: Apache-2.0
 * What pam_unitpass.so and its helper say to each other over a SOCK_SEQPACKET pair: one message a
 * packet, a kind byte and its text.
 *
 *   module  REQUEST user NUL service NUL rhost NUL tty NUL locale NUL        once, first
 *           GO                                                               the person has
 * answered the prompt helper  LOG level text; INFO text; PROMPT text; RESULT text              for
 * the log; for the person VERDICT letter                                                   once,
 * last
 *
 * Everything else, a packet that is too long, and the end of the other side's packets mean: no. */
#ifndef UP_WIRE_H
#define UP_WIRE_H

#include "core/span.h"

#define UP_WIRE_MAX 4096                 /* bytes of a packet */
#define UP_WIRE_FIELDS 5                 /* of a request */
#define UP_WIRE_WAIT_MS \
	720000 /* the helper is silent for no longer: UP_OPTIONS_TIMEOUT_MAX and its calls' own \
		  limits */

enum up_wire_kind {
	UP_WIRE_REQUEST = 'Q', UP_WIRE_GO = 'G', UP_WIRE_LOG = 'L', UP_WIRE_INFO = 'I',
	UP_WIRE_PROMPT = 'P', UP_WIRE_RESULT = 'R',
	UP_WIRE_VERDICT = 'V',
};

enum up_wire_verdict {
	UP_WIRE_ACCEPT = 'a',
	/* denied, expired, timed out, too many attempts, or a token that does not do */
	UP_WIRE_DENY = 'd',
	UP_WIRE_UNAVAILABLE = 'u',       /* the server cannot be reached or cannot answer now */
	/* an identity, but not one for this account or with what is required */
	UP_WIRE_FORBIDDEN = 'f',
	UP_WIRE_UNKNOWN = 'n',           /* an identity that the map does not know at all */
	UP_WIRE_BROKEN = 'b',            /* configuration or this machine */
};

/* One packet; no signal when the other side is gone. UP_E_TOO_LARGE, UP_E_IO. */
UP_MUST_USE enum up_err up_wire_send(int fd, enum up_wire_kind, struct up_span text);
/* Wait at most TIMEOUT_MS for one packet into BUF; TEXT points there. UP_E_EXPIRED: nothing came.
 * UP_E_IO: the other side is gone, or the packet is empty or too long. */
UP_MUST_USE enum up_err up_wire_receive(
    int fd, int64_t timeout_ms, uint8_t buf[UP_WIRE_MAX], char *kind, struct up_span *text);

#endif
