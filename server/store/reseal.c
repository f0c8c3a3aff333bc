/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/reseal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "server/db/schema.h"
#include "server/store/act.h"
#include "server/store/persons.h"

#define BATCH 100                        /* persons a transaction, beside others' */
#define SCRUB "person.scrub"             /* the chore: what was in the clear lies about yet */

struct row { int64_t id; char ref[UP_STORE_REF + 1]; struct up_person person; };
struct batch { size_t n; struct row rows[BATCH]; };

/* --- one batch --- */

/* Not sealed yet: the index is the number itself. */
static enum up_err read_row(struct up_tx *tx, const struct up_db_rows *rows, bool sealed,
    struct row *out)
{
	const struct up_persons_sealed in = {
	    .ref = up_db_column(rows, 1),
	    .resident = up_db_column(rows, 3),
	    .name = up_db_column(rows, 4),
	    .mobile = up_db_column(rows, 5),
	};
	struct up_person *p = &out->person;

	out->id = up_db_column_int(rows, 0);
	up_rows_copy_ref(rows, 1, out->ref);
	if (sealed)
		return up_persons_open_all(tx->db, tx->data_keys, &in, p);
	up_rows_copy(rows, 2, p->resident, sizeof(p->resident));
	up_rows_copy(rows, 4, p->name, sizeof(p->name));
	up_rows_copy(rows, 5, p->mobile, sizeof(p->mobile));
	return UP_OK;
}

static enum up_err read_batch(struct up_tx *tx, const char *key, struct batch *b)
{
	const struct up_db_arg args[] = {up_db_text(up_span_str(key)), up_db_int(BATCH)};
	struct up_db_rows *rows;
	bool row;
	enum up_err err =
	    up_db_first(tx->db, UP_SQL_PERSON_UNDER, args, UP_ARRAY_LEN(args), &rows, &row);

	b->n = 0;
	while (err == UP_OK && row && b->n < BATCH) {
		err = read_row(tx, rows, key[0] != '\0', &b->rows[b->n]);
		if (err == UP_OK)
			b->n++;
		if (err == UP_OK)
			err = up_db_next(rows, &row);
	}
	up_db_end(&rows);
	return err;
}

static enum up_err seal_row(struct up_tx *tx, const struct row *row)
{
	struct up_data_sealed s;
	enum up_err err = up_data_keys_seal(tx->data_keys, row->ref, &row->person, &s);

	if (err == UP_OK) {
		const struct up_db_arg args[] = {
		    up_db_int(row->id),
		    up_db_text(up_span_str(s.index)),
		    up_db_text(up_buf_span(&s.resident)),
		    up_db_text(up_buf_span(&s.name)),
		    up_db_text(up_buf_span(&s.mobile)),
		    up_db_text(up_span_str(s.key)),
		};

		err = up_db_run_one(tx->db, UP_SQL_PERSON_SEAL, args, UP_ARRAY_LEN(args));
	} else {
		err = up_db_fail(tx->db, UP_DB_OTHER, "a person's data cannot be sealed: %s",
		    up_err_name(err));
	}
	up_data_sealed_free(&s);
	return err;
}

/* *N persons of those under KEY, inside a transaction. */
static enum up_err seal_batch(struct up_tx *tx, const char *key, struct batch *b)
{
	enum up_err err = read_batch(tx, key, b);

	for (size_t i = 0; err == UP_OK && i < b->n; i++)
		err = seal_row(tx, &b->rows[i]);
	up_wipe(b->rows, sizeof(b->rows));
	return err;
}

/* --- under which keys --- */

/* The next key id after KEY that rows have; *ANY false: there is none. */
static enum up_err next_key(struct up_db *db, char key[UP_VAULT_ID + 1], bool *any)
{
	const struct up_db_arg after = up_db_text(up_span_str(key));
	struct up_db_rows *rows;
	enum up_err err = up_db_first(db, UP_SQL_PERSON_KEY_NEXT, &after, 1, &rows, any);
	char found[UP_VAULT_ID + 1] = "";

	if (err == UP_OK && *any)
		up_rows_copy(rows, 0, found, sizeof(found));
	up_db_end(&rows);
	memcpy(key, found, sizeof(found));
	return err;
}

enum up_err up_store_under_others(struct up_store *s, const char *key, int64_t *n)
{
	const struct up_db_arg arg = up_db_text(up_span_str(key));
	struct up_tx_read r;
	enum up_err err = up_tx_read(s, UP_SQL_PERSON_KEY_OTHER, &arg, 1, &r);

	*n = err == UP_OK && r.row ? up_db_column_int(r.rows, 0) : 0;
	up_tx_read_end(&r);
	return err;
}

enum up_err up_act_data_key(struct up_act *a)
{
	const struct up_op_data_key *d = (const void *)a->op;
	const struct up_db_arg arg = up_db_text(d->key);
	struct up_db_rows *rows;
	bool row;
	enum up_err err = up_db_first(a->tx->db, UP_SQL_PERSON_KEY_OTHER, &arg, 1, &rows, &row);

	if (err == UP_OK && row && up_db_column_int(rows, 0) > 0)
		a->merit = UP_E_STATE;
	up_db_end(&rows);
	a->record.after = up_act_word(a, "key", d->key);
	return err;
}

/* --- beside a server --- */

/* As long again as a batch took: others who wait for the lock get it. */
static void make_way(const struct timespec *since)
{
	struct timespec now, pause;
	int64_t ns;

	clock_gettime(CLOCK_MONOTONIC, &now);
	ns = (now.tv_sec - since->tv_sec) * 1000000000 + now.tv_nsec - since->tv_nsec;
	pause = (struct timespec){ .tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000 };
	nanosleep(&pause, NULL);
}

static enum up_err one_transaction(struct up_store *s, const char *key, struct batch *b)
{
	struct up_tx *tx = &s->write;
	enum up_err err;

	pthread_mutex_lock(&s->write_lock);
	err = up_db_begin(tx->db);
	if (err == UP_OK)
		err = seal_batch(tx, key, b);
	if (err == UP_OK)
		err = up_db_commit(tx->db);
	else
		up_db_rollback(tx->db);
	if (err != UP_OK)
		up_tx_log(s, 'e', "store: persons' data are not sealed anew", tx->db);
	pthread_mutex_unlock(&s->write_lock);
	return err;
}

static enum up_err reseal_under(struct up_store *s, const char *key, struct batch *b,
    up_reseal_fn tell, void *arg, int64_t *done, int64_t total)
{
	enum up_err err;

	do {
		struct timespec since;

		clock_gettime(CLOCK_MONOTONIC, &since);
		err = one_transaction(s, key, b);
		if (err != UP_OK || b->n == 0)
			return err;
		*done += (int64_t)b->n;
		if (tell != NULL)
			tell(arg, *done < total ? *done : total, total);
		make_way(&since);
	} while (b->n == BATCH);
	return err;
}

/* Sealed under the newest as the file says now; a server that read it before has sealed what it
 * seals under the old one when the loop comes back to that. */
static enum up_err reseal_all(struct up_store *s, struct batch *b, up_reseal_fn tell, void *arg)
{
	char keys[UP_SEAL_KEYS][UP_VAULT_ID + 1], key[UP_VAULT_ID + 1] = "";
	int64_t done = 0, total = 0;
	enum up_err err = up_data_keys_ids(s->data_keys, keys) > 0
	    ? up_store_under_others(s, keys[0], &total) : UP_E_KEY;
	bool any = true;

	while (err == UP_OK && any) {
		pthread_mutex_lock(&s->write_lock);
		err = next_key(s->write.db, key, &any);
		pthread_mutex_unlock(&s->write_lock);
		if (err == UP_OK && any && strcmp(key, keys[0]) != 0)
			err = reseal_under(s, key, b, tell, arg, &done, total);
	}
	return err;
}

enum up_err up_store_reseal(struct up_store *s, up_reseal_fn tell, void *arg)
{
	struct batch *b;
	enum up_err err;

	if (s->data_keys == NULL)
		return UP_E_KEY;
	if ((b = calloc(1, sizeof(*b))) == NULL)
		return UP_E_NOMEM;
	err = reseal_all(s, b, tell, arg);
	free(b);
	return err;
}

/* --- at the opening --- */

static enum up_err explain(struct up_store *s, enum up_err err, char why[256])
{
	if (err == UP_E_STORE && why[0] == '\0')
		snprintf(why, 256, "persons' data: %s", up_db_message(s->write.db));
	return err;
}

/* Each key that seals something is there. *SEALED: something is sealed. */
static enum up_err check_keys(struct up_store *s, bool *sealed, char why[256])
{
	char key[UP_VAULT_ID + 1] = "";
	bool any;
	enum up_err err = next_key(s->write.db, key, &any);

	*sealed = err == UP_OK && any;
	while (err == UP_OK && any && s->data_keys != NULL) {
		if (!up_data_keys_know(s->data_keys, up_span_str(key))) {
			snprintf(why, 256, "persons' data are sealed under the key %s, which "
			    "data.keys does not hold: restore the file from your backup", key);
			return UP_E_KEY;
		}
		err = next_key(s->write.db, key, &any);
	}
	return explain(s, err, why);
}

/* The first person under KEY: does the index that she has come from our server.key? */
static enum up_err check_index(struct up_store *s, const char *key, char why[256])
{
	const struct up_db_arg args[] = {up_db_text(up_span_str(key)), up_db_int(1)};
	char index[UP_VAULT_INDEX + 1] = "";
	struct up_db_rows *rows;
	struct row first;
	bool row;
	enum up_err err = up_db_first(
	    s->write.db, UP_SQL_PERSON_UNDER, args, UP_ARRAY_LEN(args), &rows, &row);

	if (err == UP_OK && row)
		err = read_row(&s->write, rows, true, &first);
	if (err == UP_OK && row)
		err = up_data_keys_index(
		    s->data_keys, up_span_str(first.person.resident), index);
	if (err == UP_OK && row && !up_span_eq_str(up_db_column(rows, 2), index)) {
		snprintf(why, 256, "server.key is not the one that this database was used with: "
		    "no person would be found: restore it from your backup");
		err = UP_E_KEY;
	}
	up_db_end(&rows);
	up_wipe(&first, sizeof(first));
	return explain(s, err, why);
}

static enum up_err check(struct up_store *s, char why[256])
{
	char key[UP_VAULT_ID + 1] = "";
	bool sealed, any;
	enum up_err err = check_keys(s, &sealed, why);

	if (err != UP_OK || s->data_keys == NULL)
		return err;
	if (!up_data_keys_ready(s->data_keys))
		return up_data_keys_create(s->data_keys, why);
	if (!sealed)
		return UP_OK;
	err = next_key(s->write.db, key, &any);
	return err == UP_OK ? check_index(s, key, why) : explain(s, err, why);
}

/* All in one transaction, with the chore that it leaves. */
static enum up_err seal_first(struct up_store *s, char why[256])
{
	const struct up_db_arg chore = up_db_text(UP_SPAN_LIT(SCRUB));
	struct up_tx *tx = &s->write;
	struct batch *b = calloc(1, sizeof(*b));
	enum up_err err = b != NULL ? up_db_begin(tx->db) : UP_E_NOMEM;
	int64_t n = 0;

	do {
		err = err == UP_OK ? seal_batch(tx, "", b) : err;
		n += err == UP_OK ? (int64_t)b->n : 0;
	} while (err == UP_OK && b->n == BATCH);
	if (err == UP_OK && n > 0)
		err = up_db_run(tx->db, UP_SQL_CHORE_ADD, &chore, 1, NULL);
	if (err == UP_OK)
		err = up_db_commit(tx->db);
	else
		up_db_rollback(tx->db);
	free(b);
	return explain(s, err, why);
}

/* What is hindered (another program reads, the disk is full) is tried again at the next opening. */
static enum up_err scrub(struct up_store *s, char why[256])
{
	const struct up_db_schema *schema = up_schema_of(s->write.db);
	const struct up_db_arg chore = up_db_text(UP_SPAN_LIT(SCRUB));
	int64_t hindered = 0;
	enum up_err err = UP_OK;

	for (size_t i = 0; err == UP_OK && hindered == 0 && i < UP_ARRAY_LEN(schema->scrub); i++)
		err = up_db_number(s->write.db, schema->scrub[i], &hindered);
	if (err != UP_OK || hindered != 0) {
		up_tx_log(s, 'w', "store: persons' data are sealed, but what was in the clear "
		    "still lies in the files; to be tried again at the next opening",
		    err != UP_OK ? s->write.db : NULL);
		return UP_OK;
	}
	return explain(s, up_db_run(s->write.db, UP_SQL_CHORE_DONE, &chore, 1, NULL), why);
}

static enum up_err has_chore(struct up_store *s, bool *has, char why[256])
{
	const struct up_db_arg chore = up_db_text(UP_SPAN_LIT(SCRUB));
	struct up_db_rows *rows;
	enum up_err err = up_db_first(s->write.db, UP_SQL_CHORE, &chore, 1, &rows, has);

	up_db_end(&rows);
	return explain(s, err, why);
}

/* Are there persons in the clear? */
static enum up_err has_clear(struct up_store *s, bool *has, char why[256])
{
	const struct up_db_arg args[] = {up_db_text(UP_SPAN_LIT("")), up_db_int(1)};
	struct up_db_rows *rows;
	enum up_err err = up_db_first(
	    s->write.db, UP_SQL_PERSON_UNDER, args, UP_ARRAY_LEN(args), &rows, has);

	up_db_end(&rows);
	return explain(s, err, why);
}

enum up_err up_reseal_prepare(struct up_store *s, char why[256])
{
	bool clear = false, chore = false;
	enum up_err err = check(s, why);

	if (err == UP_OK)
		err = has_clear(s, &clear, why);
	if (err == UP_OK && clear && s->data_keys == NULL) {
		snprintf(why, 256, "persons' data are to be sealed, and the keys are not given");
		err = UP_E_KEY;
	}
	if (err == UP_OK && clear)
		err = seal_first(s, why);
	if (err == UP_OK)
		err = has_chore(s, &chore, why);
	if (err == UP_OK && chore)
		err = scrub(s, why);
	return err;
}
