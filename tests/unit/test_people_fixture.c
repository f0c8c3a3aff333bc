/* SPDX-License-Identifier: Apache-2.0 */
#include "test_people_fixture.h"

#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#define PEOPLE 400

int64_t people_now_ms = NOW;
struct up_span people_proof;
struct up_again *people_again;

static atomic_int codes;                 /* drawn so far: each has a text of its own */

static void next_code(char out[24])
{
	snprintf(out, 24, "c%d-%d-", (int)getpid(), atomic_fetch_add(&codes, 1));
}

struct up_named people_named(int who)
{
	static const int weights[] = { 7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2 };
	static _Thread_local char ids[8][19], mobiles[8][12];
	static _Thread_local unsigned turn;
	char *id = ids[turn % 8], *mobile = mobiles[turn % 8];
	int sum = 0;

	if (who == LI)
		return fixture_li;
	turn++;
	snprintf(id, 19, "430102197%d0101%03d", who / 100 % 10, 100 + who % 100);
	for (int i = 0; i < 17; i++)
		sum += (id[i] - '0') * weights[i];
	id[17] = "10X98765432"[sum % 11];
	id[18] = '\0';
	snprintf(mobile, 12, "137%08d", who);
	return (struct up_named){
	    UP_SPAN_LIT("王芳"), up_span_str(id), up_span_str(mobile) };
}

static void learn_ref(struct fixture *f, struct holder *h)
{
	struct up_role *role;

	CU_ASSERT_EQUAL_FATAL(up_store_role(f->store, h->role, h->device, &role), UP_OK);
	memcpy(h->ref, role->ref, sizeof(h->ref));
	up_store_role_free(&role);
}

void people_principal(struct fixture *f, struct holder *out)
{
	fixture_enrol(f);
	*out = (struct holder){ .who = LI, .is = UP_ROLE_PRINCIPAL,
		.device = f->device, .role = f->role };
	learn_ref(f, out);
}

void people_other_unit(struct fixture *f, struct holder *out)
{
	*out = (struct holder){ .who = 399, .is = UP_ROLE_PRINCIPAL };
	const struct up_named named = people_named(out->who);

	CU_ASSERT_EQUAL_FATAL(fixture_put_code(f->store, U2, &named, "other-unit"), UP_OK);
	CU_ASSERT_EQUAL_FATAL(people_take(f, out, "other-unit"), UP_OK);
}

static struct up_op_by by_of(enum up_op_kind kind, const struct holder *by)
{
	struct up_op_by head = { .op = { .kind = kind, .now_ms = people_now_ms,
		.proof = people_proof, .again = people_again },
		.device = by->device, .role = by->role };

	memset(head.password, 1, sizeof(head.password));
	fixture_tried[kind] = true;
	return head;
}

struct up_op_people_add people_adding(const struct holder *by, const struct holder *one,
    const struct up_named *named)
{
	struct up_op_people_add op = { .by = by_of(UP_OP_PEOPLE_ADD, by), .role = one->is,
		.named = *named, .outcome = UP_SPAN_LIT("match"),
		.assurance = UP_SPAN_LIT("roster"), .may_authorise = true,
		.expires_ms = people_now_ms + 300000 };

	fixture_code(one->code, op.code_hash);
	return op;
}

enum up_err people_add(struct fixture *f, const struct holder *by, struct holder *one)
{
	const struct up_named named = people_named(one->who);
	struct up_op_people_add op;
	enum up_err err;

	next_code(one->code);
	op = people_adding(by, one, &named);
	err = up_store_run(f->store, &op.by.op);
	if (err == UP_OK)
		memcpy(one->ref, op.out_ref, sizeof(one->ref));
	one->status = op.out_status;
	CU_ASSERT((err == UP_OK) == (op.out_status != NULL));
	up_op_clear(&op.by.op);
	return err;
}

enum up_err people_code(struct fixture *f, const struct holder *by, struct holder *one)
{
	struct up_op_people_code op = { .by = by_of(UP_OP_PEOPLE_CODE, by), .role = one->is,
		.ref = up_span_str(one->ref), .expires_ms = people_now_ms + 300000 };

	next_code(one->code);
	fixture_code(one->code, op.code_hash);
	return fixture_run(f, &op.by.op);
}

enum up_err people_take(struct fixture *f, struct holder *h, const char *code)
{
	const struct up_named named = people_named(h->who);
	char ref[23];
	struct up_op_enrol op = fixture_enrolling(code, &named, ref);
	enum up_err err;

	op.op.now_ms = people_now_ms;
	op.op.record.time_ms = 0;
	op.device = h->device;
	err = up_store_run(f->store, &op.op);
	if (err == UP_OK) {
		if (h->device == 0)
			memcpy(h->phone, ref, sizeof(h->phone));
		h->device = op.out_device;
		h->role = op.out_role->id;
		memcpy(h->ref, op.out_role->ref, sizeof(h->ref));
	}
	up_op_clear(&op.op);
	return err;
}

struct holder people_make(
    struct fixture *f, const struct holder *by, enum up_authority_role is, int who)
{
	struct holder one = { .who = who, .is = is };

	CU_ASSERT_EQUAL_FATAL(people_add(f, by, &one), UP_OK);
	CU_ASSERT_EQUAL_FATAL(people_take(f, &one, one.code), UP_OK);
	return one;
}

enum up_err people_delete(
    struct fixture *f, const struct holder *by, const struct holder *one, size_t *n)
{
	struct up_op_people_delete op = { .by = by_of(UP_OP_PEOPLE_DELETE, by),
		.role = one->is, .ref = up_span_str(one->ref) };
	enum up_err err = up_store_run(f->store, &op.by.op);

	if (n != NULL)
		*n = op.out_n;
	CU_ASSERT((err == UP_OK) == (op.out_n > 0));
	CU_ASSERT(op.out_n == 0 || strcmp(op.out_ended[0].ref, one->ref) == 0);
	up_op_clear(&op.by.op);
	return err;
}

enum up_err people_grant(struct fixture *f, const struct holder *by, const struct holder *one,
    uint32_t from_day, uint32_t to_day, struct given *out)
{
	static const struct up_span items[] = { UP_SPAN_LIT("annual-report") };
	const struct up_span users[] = { up_span_str(one->ref) };
	uint8_t hashes[1][32];
	struct up_op_grant_add op = { .by = by_of(UP_OP_GRANT_ADD, by), .users = users,
		.n_users = 1, .items = items, .n_items = 1, .from_day = from_day,
		.to_day = to_day, .code_hashes = (const uint8_t (*)[32])hashes,
		.expires_ms = people_now_ms + 300000 };
	enum up_err err;

	next_code(out->code);
	fixture_code(out->code, hashes[0]);
	err = up_store_run(f->store, &op.by.op);
	memcpy(out->grant, op.out_grants[0].grant, sizeof(out->grant));
	up_op_clear(&op.by.op);
	return err;
}

enum up_err people_cancel(struct fixture *f, const struct holder *by, const char *grant)
{
	struct up_op_grant_cancel op = {
	    .by = by_of(UP_OP_GRANT_CANCEL, by), .grant = up_span_str(grant)};

	return fixture_run(f, &op.by.op);
}

enum up_err people_end_phone(struct fixture *f, const struct holder *by, const char *phone)
{
	struct up_op_phone_end op = {
	    .by = by_of(UP_OP_PHONE_END, by), .ref = up_span_str(phone)};

	return fixture_run(f, &op.by.op);
}

enum up_err people_login(struct fixture *f, const struct holder *h, const char *item)
{
	struct up_op_decide op = fixture_decide(f, true);

	op.op.now_ms = people_now_ms;
	op.op.record.time_ms = 0;
	op.device = h->device;
	op.role = h->role;
	op.item = up_span_str(item);
	return fixture_run(f, &op.op);
}

enum up_err people_redeem(struct fixture *f, const struct holder *h, const char *item,
    const char *session, struct up_chain **chain)
{
	struct up_op_redeem op = fixture_redeem(f, session);
	enum up_err err;

	op.op.now_ms = people_now_ms;
	op.op.record.time_ms = 0;
	op.device = h->device;
	op.role = h->role;
	op.item = up_span_str(item);
	err = up_store_run(f->store, &op.op);
	CU_ASSERT((err == UP_OK) == (op.out_chain != NULL));
	if (chain != NULL) {
		*chain = op.out_chain;
		op.out_chain = NULL;
	}
	up_op_clear(&op.op);
	return err;
}

int64_t people_records(struct fixture *f, const char *event, const char *result)
{
	return (int64_t)fixture_query(f->store, (struct up_usage_filter){
	    .event = up_span_str(event), .result = up_span_str(result) }).n;
}

/* Each way in which rows come, change and go, and the events that tell of it. */
static const struct { const char *rows, *events[4]; } told[] = {
	{ "role WHERE role <> 'principal'", { "people.add" } },
	{ "role WHERE status = 'ended'", { "people.delete" } },
	{ "item_grant", { "grant.add" } },
	{ "grant_item", { "grant.add" } },
	{ "item_grant WHERE live_ms IS NOT NULL", { "grant.take" } },
	{ "agreement", { "enrolment.done" } },
	{ "device WHERE status = 'ended'", { "device.end" } },
	{ "enrolment", { "people.add", "people.code", "grant.add", "enrolment.code" } },
	{ "session", { "login.redeem" } },
	/* nobody lives by a grantor who does not, and nothing hangs on who does not live */
	{ "role r JOIN role g ON g.id = r.grantor WHERE r.status <> 'ended'"
	    " AND g.status = 'ended'", { NULL } },
	{ "item_grant g JOIN role r ON r.id = g.edge WHERE g.status <> 'ended'"
	    " AND r.status = 'ended'", { NULL } },
	{ "enrolment e JOIN role r ON r.id = e.role WHERE e.status = 'open'"
	    " AND r.status = 'ended'", { NULL } },
};

void people_agree(struct fixture *f)
{
	CU_ASSERT(fixture_gapless(f));
	for (size_t i = 0; i < UP_ARRAY_LEN(told); i++) {
		char sql[200];
		int64_t want = 0;

		snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", told[i].rows);
		for (size_t k = 0; k < 4 && told[i].events[k] != NULL; k++)
			want += people_records(f, told[i].events[k], "ok");
		UP_CHECK(fixture_count(f, sql) == want, told[i].rows);
	}
}
