/* SPDX-License-Identifier: Apache-2.0
 * The keys under which persons' data lies in the database (core/vault.h): DIR/data.keys, one key of
 * 64 hex digits a line, newest first; the first seals, all open. The key of the blind index is
 * derived from DIR/server.key, which is durable, and does not change with them.
 *
 * The file may change while a server runs (unitpassctl key rotate --data): it is read again before
 * something is sealed, and when a value names a key that is not known. So the one who changes it
 * need only change the file first and the rows then. Thread-safe. */
#ifndef UP_DATA_KEYS_H
#define UP_DATA_KEYS_H

#include "core/person.h"
#include "core/vault.h"

#define UP_DATA_KEYS_FILE "data.keys"

struct up_data_keys;

/* A missing data.keys is no error: see up_data_keys_ready. WHY: what is wrong with which file, and
 * what to do. UP_E_KEY, UP_E_IO, UP_E_NOMEM, UP_E_CRYPTO. */
UP_MUST_USE enum up_err up_data_keys_open(
    const char *dir, struct up_data_keys **out, char why[256]);
void up_data_keys_free(struct up_data_keys **);

/* Is there a key? Else somebody has to make one, who knows that no value was sealed under one that
 * is lost. */
bool up_data_keys_ready(const struct up_data_keys *);
/* Make data.keys with one key, unless it is there (another program was faster). It is on disk when
 * this returns, mode 0600, owned by the owner of DIR. UP_E_IO, UP_E_KEY, ... with WHY. */
UP_MUST_USE enum up_err up_data_keys_create(struct up_data_keys *, char why[256]);
/* Put a new key before the others; as above. UP_E_STATE: the file holds as many as it may. */
UP_MUST_USE enum up_err up_data_keys_add(struct up_data_keys *, char why[256]);
/* One program at a time changes keys: held until the keys are freed or the program ends.
 * UP_E_BUSY: another one has it. */
UP_MUST_USE enum up_err up_data_keys_lock(struct up_data_keys *, char why[256]);

/* The ids of the keys as the file holds them now, newest first, in OUT; how many. */
size_t up_data_keys_ids(struct up_data_keys *, char out[UP_SEAL_KEYS][UP_VAULT_ID + 1]);
bool up_data_keys_know(struct up_data_keys *, struct up_span id);

/* --- persons --- */

/* A person's data as the database holds them. */
struct up_data_sealed {
	char key[UP_VAULT_ID + 1];       /* under which */
	char index[UP_VAULT_INDEX + 1];  /* of the resident ID */
	struct up_buf resident, name, mobile;
};
/* OWNER: her reference, which stays what it is. Free OUT with up_data_sealed_free, also after a
 * failure. UP_E_KEY: there is none; UP_E_CRYPTO, UP_E_NOMEM. */
UP_MUST_USE enum up_err up_data_keys_seal(struct up_data_keys *, const char *owner,
    const struct up_person *, struct up_data_sealed *out);
void up_data_sealed_free(struct up_data_sealed *);
UP_MUST_USE enum up_err up_data_keys_index(struct up_data_keys *, struct up_span resident,
    char out[UP_VAULT_INDEX + 1]);

enum up_data_column { UP_DATA_RESIDENT, UP_DATA_NAME, UP_DATA_MOBILE };
/* One value of hers, with NUL, in OUT; wiped on error. UP_E_KEY: sealed under a key that is not
 * there; UP_E_SIGNATURE, UP_E_FORMAT: not hers, not of this column, or damaged. */
UP_MUST_USE enum up_err up_data_keys_take(struct up_data_keys *, enum up_data_column,
    const char *owner, struct up_span sealed, char *out, size_t cap);

#endif
