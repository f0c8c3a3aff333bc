/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/tx.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "core/text.h"
#include "server/store/usage.h"

enum up_err up_tx_take(struct up_store *s, struct up_db **out)
{
	char why[256];

	if (up_pool_take(&s->readers, out, why) == UP_OK)
		return UP_OK;
	up_tx_log(s, 'e', why, NULL);
	return UP_E_STORE;
}

void up_tx_put(struct up_store *s, struct up_db **db)
{
	up_pool_put(&s->readers, db);
}

enum up_err up_tx_read(struct up_store *s, enum up_sql id, const struct up_db_arg *args, size_t n,
    struct up_tx_read *out)
{
	enum up_err err;

	*out = (struct up_tx_read){.store = s};
	err = up_tx_take(s, &out->db);
	return err == UP_OK ? up_db_first(out->db, id, args, n, &out->rows, &out->row) : err;
}

void up_tx_read_end(struct up_tx_read *r)
{
	up_db_end(&r->rows);
	up_tx_put(r->store, &r->db);
}

enum up_err up_tx_begin(struct up_tx *tx)
{
	enum up_err err = up_db_begin(tx->db);

	if (err != UP_OK)
		return err;
	err = up_usage_begin(tx);
	if (err != UP_OK)
		up_db_rollback(tx->db);
	return err;
}

enum up_err up_tx_commit(struct up_tx *tx)
{
	enum up_err err = up_usage_flush(tx);

	if (err == UP_OK)
		return up_db_commit(tx->db);
	up_db_rollback(tx->db);
	return err;
}

void up_tx_rollback(struct up_tx *tx)
{
	up_db_rollback(tx->db);
}

bool up_tx_is_down(const struct up_tx *tx)
{
	enum up_db_trouble trouble = up_db_trouble(tx->db);

	return trouble == UP_DB_DOWN || trouble == UP_DB_UNKNOWN;
}

enum up_err up_tx_draw(char out[UP_STORE_REF + 1])
{
	uint8_t rnd[16];

	if (RAND_bytes(rnd, sizeof(rnd)) != 1)
		return UP_E_CRYPTO;
	up_text_b64url(up_span_of(rnd, sizeof(rnd)), out);
	out[UP_STORE_REF] = '\0';
	return UP_OK;
}

void up_tx_log(const struct up_store *s, char level, const char *what, const struct up_db *db)
{
	char line[512];

	if (s->log == NULL)
		return;
	if (db != NULL)
		snprintf(line, sizeof(line), "%s code=%s cause=\"%s\"", what, up_db_code(db),
		    up_db_message(db));
	else
		snprintf(line, sizeof(line), "%s", what);
	s->log(level, line);
}
