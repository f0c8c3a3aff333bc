/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UP_BENCH_PORTAL_H
#define UP_BENCH_PORTAL_H

#include <stdbool.h>
#include <stddef.h>

/* What a portal's server sends: the two parts that every load shares. */

/* Header lines of client CLIENT with client_secret_basic (RFC 6749 section
 * 2.3.1; id and secret are of characters that form encoding leaves alone) and
 * the type of a form.  The secret is the first line of SECRET_FILE.  False:
 * said why. */
bool up_bench_portal_headers(const char *client, const char *secret_file, char *out, size_t size);

/* Body of login NUMBER's POST /device_authorization, begun in browser BROWSER:
 * what a portal tells, as doc/PROTOCOL.md has it.  Its nonce is put in NONCE. */
void up_bench_portal_begin(long number, long browser, char nonce[32], char *out, size_t size);

#endif
