/* SPDX-License-Identifier: Apache-2.0
 * What a phone signed: the proof is kept whole beside its records (SECURITY 31), and a request with
 * a key of its own is answered again (SECURITY 32). An answer may hold a code, so it lies sealed
 * under what the database does not know. */
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "core/hash.h"
#include "core/password.h"
#include "core/seal.h"
#include "core/text.h"
#include "server/store/act.h"

#define PURPOSE UP_SPAN_LIT("unitpass answer")

/* --- the proof --- */

enum up_err up_act_sign(struct up_act *a)
{
	uint8_t hash[32];

	if (a->op->proof.n == 0)
		return UP_OK;
	if (up_hash_sha256(&a->op->proof, 1, hash) != UP_OK)
		return UP_E_CRYPTO;
	up_text_hex(up_span_of(hash, sizeof(hash)), a->evidence);
	a->record.evidence = up_span_of(a->evidence, sizeof(a->evidence));
	return UP_OK;
}

enum up_err up_act_keep_proof(struct up_act *a)
{
	const struct up_db_arg args[] = {
	    up_db_int(a->record.seq),
	    up_db_text(a->op->proof),
	};

	if (a->op->proof.n == 0 || a->recorded > 0)
		return UP_OK;
	return up_db_run_one(a->tx->db, UP_SQL_PROOF_ADD, args, UP_ARRAY_LEN(args));
}

/* --- the answer --- */

/* Whose key is made of what she asked: another request opens nothing. */
static enum up_err seal_of(
    const uint8_t *password_key, const struct up_again *again, struct up_seal **out)
{
	const struct up_span parts[] = {
	    UP_SPAN_LIT("unitpass answer key"),
	    up_span_of(again->key, sizeof(again->key)),
	    up_span_of(again->request, sizeof(again->request)),
	    up_span_of(&again->device, sizeof(again->device)),
	};
	uint8_t key[32];
	enum up_err err;

	*out = NULL;
	err = up_hash_hmac(up_span_of(password_key, 32), parts, UP_ARRAY_LEN(parts), key);
	if (err == UP_OK)
		err = up_seal_new(key, 1, out);
	up_wipe(key, sizeof(key));
	return err;
}

static enum up_err open_answer(
    const uint8_t *password_key, struct up_again *again, struct up_span sealed)
{
	uint8_t *plain = malloc(sealed.n + 1);
	struct up_seal *seal = NULL;
	size_t n = 0;
	bool old;
	enum up_err err = plain != NULL ? seal_of(password_key, again, &seal) : UP_E_NOMEM;

	if (err == UP_OK)
		err = up_seal_take(seal, PURPOSE, sealed, plain, sealed.n, &n, &old);
	if (err == UP_OK)
		up_buf_put(&again->out, plain, n);
	up_seal_free(&seal);
	if (plain != NULL)
		up_wipe(plain, n);
	free(plain);
	return err;
}

/* Of the row: request_hash, err, tries, sealed. */
static enum up_err take_answer(
    const uint8_t *password_key, struct up_again *again, const struct up_db_rows *rows)
{
	const struct up_span request = up_db_column(rows, 0), sealed = up_db_column(rows, 3);
	char name[32];

	if (!up_span_eq(request, up_span_of(again->request, sizeof(again->request))))
		return UP_E_REUSED;
	up_rows_copy(rows, 1, name, sizeof(name));
	again->found = true;
	again->err = up_err_named(name);
	if (again->tries != NULL)
		*again->tries = (unsigned)up_db_column_int(rows, 2);
	return sealed.n > 0 ? open_answer(password_key, again, sealed) : UP_OK;
}

static enum up_err find(struct up_db *db, const uint8_t *password_key, struct up_again *again,
    int64_t now_ms)
{
	const struct up_db_arg args[] = {
	    up_db_int(again->device),
	    up_db_blob(again->key, sizeof(again->key)),
	    up_db_int(now_ms - UP_AGAIN_MS),
	};
	struct up_db_rows *rows;
	bool row;
	enum up_err err = up_db_first(db, UP_SQL_ANSWER, args, UP_ARRAY_LEN(args), &rows, &row);

	again->found = false;
	up_buf_reset(&again->out);
	if (err == UP_OK && row)
		err = take_answer(password_key, again, rows);
	up_db_end(&rows);
	return err;
}

enum up_err up_store_again(struct up_store *s, struct up_again *again, int64_t now_ms)
{
	struct up_db *db;
	enum up_err err = up_tx_take(s, &db);

	if (err != UP_OK)
		return err;
	err = find(db, s->password_key, again, now_ms);
	up_tx_put(s, &db);
	return err;
}

/* Under a key that was used, "the same" and "something else" tell whether the password is the same:
 * who has somebody's phone would guess it so, and nobody would count. So something else is told
 * with the right password alone, a wrong one counts (rule 27), and a locked phone is told nothing.
 */
static enum up_err guard(struct up_act *a, bool same)
{
	struct up_op_by *by = (void *)a->op;
	enum up_err err = up_act_note(a, by->device, by->role);

	up_facts_str(&a->record.channel, "phone");
	if (err != UP_OK || (same && a->device.device.errors < UP_PASSWORD_ERRORS_MAX))
		return err;
	a->judged = true;
	if (same)
		a->merit = UP_E_LOCKED;
	else
		err = up_act_password(a, by->password, &by->tries_left);
	up_act_judge(a, false, UP_E_REUSED);
	return err;
}

enum up_err up_act_again(struct up_act *a)
{
	struct up_again *again = a->op->again;
	bool reused;
	enum up_err err;

	if (again == NULL)
		return UP_OK;
	err = find(a->tx->db, a->tx->password_key, again, a->op->now_ms);
	reused = err == UP_E_REUSED;
	if (reused || (err == UP_OK && again->found))
		err = guard(a, !reused);
	again->found = again->found && !a->judged;
	a->told = again->found;
	if (a->told)
		a->merit = again->err;
	return err;
}

static enum up_err put_sealed(struct up_act *a, struct up_buf *out)
{
	struct up_again *again = a->op->again;
	uint8_t nonce[UP_SEAL_NONCE];
	struct up_seal *seal;
	enum up_err err;

	if (a->merit != UP_OK)
		return UP_OK;
	again->answer(a->op, &again->out);
	if (again->out.failed || RAND_bytes(nonce, sizeof(nonce)) != 1)
		return UP_E_NOMEM;
	err = seal_of(a->tx->password_key, again, &seal);
	if (err == UP_OK)
		err = up_seal_put(seal, PURPOSE, nonce, up_buf_span(&again->out), out);
	up_seal_free(&seal);
	return err;
}

/* What nobody judged is not kept: it may be asked again. Nor is a refusal that was only counted, or
 * a phone could fill the table at will; but for a wrong password, which counts once. */
static bool is_final(const struct up_act *a)
{
	return a->recorded > 0 || (a->op->counted && a->merit == UP_E_PASSWORD);
}

enum up_err up_act_keep_answer(struct up_act *a)
{
	const struct up_again *again = a->op->again;
	struct up_buf sealed = { 0 };
	enum up_err err;

	if (again == NULL || again->found || a->judged || !is_final(a))
		return UP_OK;
	a->op->err = a->merit;           /* the answer may look at it */
	err = put_sealed(a, &sealed);

	const struct up_db_arg args[] = {
	    up_db_int(again->device),
	    up_db_blob(again->key, sizeof(again->key)),
	    up_db_blob(again->request, sizeof(again->request)),
	    up_db_int(a->op->now_ms),
	    up_db_text(up_span_str(up_err_name(a->merit))),
	    up_db_int(again->tries != NULL ? (int64_t)*again->tries : 0),
	    up_db_text(up_buf_span(&sealed)),
	};
	const struct up_db_arg old = up_db_int(a->op->now_ms - UP_AGAIN_MS);

	if (err == UP_OK)
		err = up_db_run(a->tx->db, UP_SQL_ANSWERS_END, &old, 1, NULL);
	if (err == UP_OK)
		err = up_db_run_one(a->tx->db, UP_SQL_ANSWER_ADD, args, UP_ARRAY_LEN(args));
	up_buf_free(&sealed);
	return err;
}
