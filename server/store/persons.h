/* SPDX-License-Identifier: Apache-2.0
 * Private to server/store: the one place that reads and writes persons' own data (resident ID,
 * name, mobile), which lie sealed in the database (server/keys/data_keys.h). All else knows a
 * person by her row, her reference and her masked name.
 *
 * The row: resident_index is the blind index of the resident ID; resident, name and mobile are
 * sealed for their column and her reference, under the key that key_id names. */
#ifndef UP_PERSONS_H
#define UP_PERSONS_H

#include "core/person.h"
#include "server/keys/data_keys.h"
#include "server/store/tx.h"

/* A person as operations know her. */
struct up_persons_row {
	int64_t id;                      /* 0: there is none */
	char ref[UP_STORE_REF + 1];
	bool confirmed;                  /* the real-name check has matched her */
};
/* By her resident ID in the spelling that is kept (up_person_take). None is no error. */
UP_MUST_USE enum up_err up_persons_find(
    struct up_tx *, struct up_span resident, struct up_persons_row *out);

struct up_persons_put {
	const struct up_person *person;  /* as up_person_take made it */
	struct up_span masked;           /* name, as up_person_mask_name makes it */
	struct up_span assurance;
	bool match;                      /* what the real-name check said; else it is pending */
	int64_t now_ms;
};
/* Her row comes to be, or is brought up to date; *OUT as it stands then. What the real-name check
 * has confirmed is not undone because it is unavailable today: the row stays as it was. The caller
 * appends the record. UP_E_STORE, UP_E_CRYPTO, UP_E_NOMEM. */
UP_MUST_USE enum up_err up_persons_put(
    struct up_tx *, const struct up_persons_put *, struct up_persons_row *out);

/* The data of the person of row ID: for the real-name check, asked again. UP_E_NOT_FOUND; else as
 * above. OUT holds secrets: up_wipe it; it is wiped when this fails. */
UP_MUST_USE enum up_err up_persons_read(struct up_tx *, int64_t id, struct up_person *out);

/* --- columns of statements that read other things beside --- */

/* What a statement read of her: p.ref, and one of p.resident, p.name, p.mobile as SEALED. The
 * value, with NUL, in OUT (the sizes of struct up_person hold them all), which the caller wipes.
 * KEYS: the store's or the transaction's. UP_E_STORE, with DB's words: it is not hers, damaged, or
 * its key is not there. */
UP_MUST_USE enum up_err up_persons_open(struct up_db *, struct up_data_keys *keys,
    enum up_data_column, struct up_span ref, struct up_span sealed, char *out, size_t cap);
/* The same of all three; wiped when it fails. */
struct up_persons_sealed { struct up_span ref, resident, name, mobile; };
UP_MUST_USE enum up_err up_persons_open_all(struct up_db *, struct up_data_keys *keys,
    const struct up_persons_sealed *, struct up_person *out);

#endif
