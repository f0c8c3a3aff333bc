/* SPDX-License-Identifier: Apache-2.0
 * Values sealed for their place, and the index by which equal ones are found. */
#include "core/vault.h"

#include <string.h>

#include "unit.h"

#define KEYS 3

static uint8_t keys[KEYS * UP_VAULT_KEY], nonce[UP_SEAL_NONCE];
static const uint8_t index_key[UP_VAULT_KEY] = { 9 }, other_index[UP_VAULT_KEY] = { 8 };
static const char number[] = "430102198808080010";
static const struct up_vault_place place = { "person.resident", "AAAAAAAAAAAAAAAAAAAAAA" };

static struct up_vault *vault(size_t first, size_t n, const uint8_t index[UP_VAULT_KEY])
{
	struct up_vault *v = NULL;

	for (size_t i = 0; i < sizeof(keys); i++)
		keys[i] = (uint8_t)i;
	CU_ASSERT_EQUAL(up_vault_new(keys + first * UP_VAULT_KEY, n, index, &v), UP_OK);
	CU_ASSERT_PTR_NOT_NULL_FATAL(v);
	return v;
}

static enum up_err take(struct up_vault *v, struct up_vault_place at, struct up_span text)
{
	uint8_t out[64];
	size_t n;
	enum up_err err = up_vault_take(v, at, text, out, sizeof(out), &n);

	CU_ASSERT(err != UP_OK || up_span_eq_str(up_span_of(out, n), number));
	return err;
}

static struct up_buf put(struct up_vault *v, struct up_vault_place at)
{
	struct up_buf b = { 0 };

	nonce[0]++;
	CU_ASSERT_EQUAL_FATAL(up_vault_put(v, at, nonce, up_span_str(number), &b), UP_OK);
	return b;
}

static void test_place(void)
{
	static const struct up_vault_place others[] = {
		{ "person.mobile", "AAAAAAAAAAAAAAAAAAAAAA" },   /* another column */
		{ "person.resident", "AAAAAAAAAAAAAAAAAAAAAB" }, /* another row */
		/* the same letters, cut elsewhere */
		{ "person.residentA", "AAAAAAAAAAAAAAAAAAAAA" },
		{ "", "" },
	};
	struct up_vault *v = vault(0, 1, index_key);
	struct up_buf b = put(v, place), again = put(v, place);
	char owner[200];

	CU_ASSERT_EQUAL(take(v, place, up_buf_span(&b)), UP_OK);
	CU_ASSERT(!up_span_eq(up_buf_span(&b), up_buf_span(&again)));
	for (size_t i = 0; i < UP_ARRAY_LEN(others); i++)
		CU_ASSERT_EQUAL(take(v, others[i], up_buf_span(&b)), UP_E_SIGNATURE);
	/* a place that cannot be told from another is refused */
	memset(owner, 'A', sizeof(owner));
	owner[sizeof(owner) - 1] = '\0';
	CU_ASSERT_EQUAL(take(v, (struct up_vault_place){ "c", owner }, up_buf_span(&b)),
	    UP_E_RANGE);
	up_buf_free(&b);
	up_buf_free(&again);
	up_vault_free(&v);
}

static void test_damage(void)
{
	struct up_vault *v = vault(0, 1, index_key);
	struct up_buf b = put(v, place);

	for (size_t n = 0; n < b.n; n++)
		CU_ASSERT_NOT_EQUAL(take(v, place, up_span_of(b.p, n)), UP_OK);
	for (size_t i = 0; i < b.n; i++) {
		b.p[i] ^= 1;
		CU_ASSERT_NOT_EQUAL(take(v, place, up_buf_span(&b)), UP_OK);
		b.p[i] ^= 1;
	}
	CU_ASSERT_EQUAL(take(v, place, up_buf_span(&b)), UP_OK);
	up_buf_free(&b);
	up_vault_free(&v);
}

static void test_keys(void)
{
	struct up_vault *old = vault(1, 1, index_key), *both = vault(0, 2, index_key),
			*newer = vault(0, 1, index_key);
	struct up_buf b = put(old, place), c = put(both, place);
	char id[UP_VAULT_ID + 1], first[UP_VAULT_ID + 1];

	CU_ASSERT_EQUAL(take(both, place, up_buf_span(&b)), UP_OK);      /* the old key opens */
	CU_ASSERT_EQUAL(take(newer, place, up_buf_span(&b)), UP_E_KEY);
	CU_ASSERT_EQUAL(take(newer, place, up_buf_span(&c)), UP_OK);     /* the newest seals */
	CU_ASSERT_EQUAL(take(old, place, up_buf_span(&c)), UP_E_KEY);
	CU_ASSERT(up_vault_id(both, 0, first) && up_vault_id(newer, 0, id));
	CU_ASSERT_STRING_EQUAL(first, id);
	CU_ASSERT(up_vault_id(both, 1, first) && up_vault_id(old, 0, id));
	CU_ASSERT_STRING_EQUAL(first, id);
	CU_ASSERT_EQUAL(strlen(id), UP_VAULT_ID);
	CU_ASSERT_FALSE(up_vault_id(both, 2, id));
	up_buf_free(&b);
	up_buf_free(&c);
	up_vault_free(&old);
	up_vault_free(&both);
	up_vault_free(&newer);
	CU_ASSERT_EQUAL(up_vault_new(keys, 0, index_key, &newer), UP_E_KEY);
	CU_ASSERT_PTR_NULL(newer);
}

static void index_of(const struct up_vault *v, const char *column, const char *value,
    char out[UP_VAULT_INDEX + 1])
{
	CU_ASSERT_EQUAL(up_vault_index(v, column, up_span_str(value), out), UP_OK);
	CU_ASSERT_EQUAL(strlen(out), UP_VAULT_INDEX);
}

static void test_index(void)
{
	struct up_vault *v = vault(0, 1, index_key), *rotated = vault(2, 1, index_key),
			*other = vault(0, 1, other_index);
	char a[UP_VAULT_INDEX + 1], b[UP_VAULT_INDEX + 1];

	index_of(v, "person.resident", number, a);
	index_of(rotated, "person.resident", number, b);         /* whatever the data key */
	CU_ASSERT_STRING_EQUAL(a, b);
	index_of(other, "person.resident", number, b);
	CU_ASSERT_STRING_NOT_EQUAL(a, b);
	index_of(v, "person.mobile", number, b);
	CU_ASSERT_STRING_NOT_EQUAL(a, b);
	index_of(v, "person.resident", "430102198808080061", b);
	CU_ASSERT_STRING_NOT_EQUAL(a, b);
	/* HMAC-SHA-256 of another implementation */
	CU_ASSERT_STRING_EQUAL(a, "SdvUe63269VsPXy03umSxbE_MG6GHnNgALdKPT59AqU");
	up_vault_free(&v);
	up_vault_free(&rotated);
	up_vault_free(&other);
}

UP_SUITE("vault", test_place, test_damage, test_keys, test_index)
