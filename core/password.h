/* SPDX-License-Identifier: Apache-2.0
 * Certificate password: rules for choosing (rule 27), stretching on the phone (decision 8 of
 * doc/ARCHITECTURE.md), the verifier kept by the server, and the error counter. */
#ifndef UP_PASSWORD_H
#define UP_PASSWORD_H

#include "core/span.h"

#define UP_PASSWORD_ERRORS_MAX 6         /* consecutive errors that lock (rule 27) */
#define UP_PASSWORD_ITERATIONS 600000    /* PBKDF2-HMAC-SHA-256 */
#define UP_PASSWORD_SALT 16
#define UP_PASSWORD_STRETCHED 32

/* May PASSWORD be set by the person with this RESIDENT id and MOBILE (either may be empty)?
 * 6-64 code points; refused: all the same, an ascending or descending run (123456, 654321, abcdef),
 * a repeated short block (123123, 121212), a short list of the commonest, any 6 or more consecutive
 * digits of the ID or mobile.  UP_E_FORMAT (length, UTF-8), UP_E_WEAK. */
UP_MUST_USE enum up_err up_password_check(
    struct up_span password, struct up_span resident, struct up_span mobile);
UP_MUST_USE enum up_err up_password_stretch(struct up_span password,
    const uint8_t salt[UP_PASSWORD_SALT], unsigned iterations, uint8_t out[UP_PASSWORD_STRETCHED]);
/* HMAC-SHA-256(KEY, "unitpass-password" || 0 || device id || 0 || stretched). */
UP_MUST_USE enum up_err up_password_verifier(
    struct up_span key, struct up_span device, struct up_span stretched, uint8_t out[32]);

/* The counter as a pure step: given the ERRORS so far and whether this try was RIGHT.
 * UP_OK (*next = 0), UP_E_PASSWORD (*next = errors+1), UP_E_LOCKED (already locked: *next = errors,
 * a right password does not unlock; or this error was the sixth: *next = 6). */
UP_MUST_USE enum up_err up_password_step(unsigned errors, bool right, unsigned *next);

#endif
