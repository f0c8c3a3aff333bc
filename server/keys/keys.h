/* SPDX-License-Identifier: Apache-2.0
 * The server's key files: DIR/server.key (one line of 64 hex digits: the master secret, from which
 * each purpose has a key of its own) and DIR/signing.jwks (private JWK Set, newest first: the first
 * signs, all are published). A file that group or others can read is refused. */
#ifndef UP_KEYS_H
#define UP_KEYS_H

#include "core/jwk.h"

#define UP_KEYS_MAX 8

struct up_keys {
	/* verifier of certificate passwords; durable: a new server.key locks every phone out */
	uint8_t password[32];
	uint8_t token[32];       /* seals access tokens */
	struct up_jwk *signing[UP_KEYS_MAX];
	size_t n_signing;
	char *jwks;              /* public JWK Set as served */
};

/* WHY: what is wrong with which file, and what to do. UP_E_KEY, UP_E_IO, UP_E_NOMEM. */
UP_MUST_USE enum up_err up_keys_load(const char *dir, struct up_keys **out, char why[256]);
void up_keys_free(struct up_keys **);
/* Make both files (mode 0600, folder 0700, owner UID:GID unless -1); never overwrites: UP_E_STATE
 * when one is there. */
UP_MUST_USE enum up_err up_keys_create(const char *dir, long uid, long gid, char why[256]);

/* Whole content of a file of secrets (<= 64 KiB): regular, ours, no permission for group or others.
 * OUT is the caller's (up_buf_free wipes). */
UP_MUST_USE enum up_err up_keys_read_secret(const char *path, struct up_buf *out, char why[256]);

/* A master secret: one line of 64 hex digits in a file as above. */
#define UP_KEYS_MASTER 32
UP_MUST_USE enum up_err up_keys_read_master(
    const char *path, uint8_t out[UP_KEYS_MASTER], char why[256]);

#endif
