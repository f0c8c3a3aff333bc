/* SPDX-License-Identifier: Apache-2.0 */
#include "core/record.h"

#include "core/hash.h"
#include "core/json_put.h"
#include "core/text.h"

/* In ASCII order of the names: the order of the rows is the canonical form. */
#define TEXT(member) { #member, offsetof(struct up_record, member), false }
#define INTEGER(member) { #member, offsetof(struct up_record, member), true }
static const struct member {
	const char *name;
	size_t offset;
	bool integer;
} members[] = {
	TEXT(after),
	TEXT(assurance),
	TEXT(before),
	TEXT(browser),
	TEXT(business),
	TEXT(certificate),
	INTEGER(certificate_version),
	TEXT(channel),
	TEXT(client),
	TEXT(client_name),
	TEXT(client_origin),
	INTEGER(clock_ms),
	TEXT(code_hash),
	INTEGER(count),
	TEXT(device),
	TEXT(disclosed),
	TEXT(event),
	TEXT(evidence),
	TEXT(grant),
	TEXT(grantor),
	TEXT(holder_ip),
	TEXT(holder_ref),
	TEXT(id),
	TEXT(initiator_agent),
	TEXT(initiator_ip),
	TEXT(item),
	TEXT(items),
	/* a reserved word for those who include us from C++ */
	{ "operator", offsetof(struct up_record, operator_), false },
	TEXT(period),
	TEXT(person_name),
	TEXT(person_ref),
	TEXT(purpose),
	TEXT(reason),
	TEXT(result),
	TEXT(role),
	INTEGER(seq),
	TEXT(session),
	INTEGER(time_ms),
	TEXT(transaction),
	TEXT(unit_code),
	TEXT(unit_name),
	TEXT(window),
};

static struct up_span text_of(const struct up_record *r, const struct member *m)
{
	return *(const struct up_span *)(const void *)((const char *)r + m->offset);
}

static int64_t integer_of(const struct up_record *r, const struct member *m)
{
	return *(const int64_t *)(const void *)((const char *)r + m->offset);
}

static bool absent(const struct up_record *r, const struct member *m)
{
	return m->integer ? integer_of(r, m) == 0 : text_of(r, m).n == 0;
}

enum up_err up_record_put(struct up_buf *b, const struct up_record *r)
{
	struct up_json_put j = { .b = b };

	/* before the first byte: a record is appended whole or not at all */
	for (size_t i = 0; i < UP_ARRAY_LEN(members); i++)
		if (!members[i].integer && !up_text_utf8_valid(text_of(r, &members[i])))
			return UP_E_UTF8;
	up_json_put_object(&j, NULL);
	for (size_t i = 0; i < UP_ARRAY_LEN(members); i++) {
		const struct member *m = &members[i];

		if (absent(r, m))
			continue;
		if (m->integer)
			up_json_put_int(&j, m->name, integer_of(r, m));
		else
			up_json_put_text(&j, m->name, text_of(r, m));
	}
	up_json_put_end(&j);
	return b->failed ? UP_E_NOMEM : UP_OK;
}

/* Every event that there is: the store writes no other. */
static const struct { const char *event; enum up_record_kind kind; } kinds[] = {
	{ "login.scan", UP_RECORD_USE },
	{ "login.approve", UP_RECORD_USE },
	{ "login.redeem", UP_RECORD_USE },
	{ "login.deny", UP_RECORD_USE },
	{ "login.expire", UP_RECORD_USE },
	{ "login.replay", UP_RECORD_USE },
	{ "enrolment.code", UP_RECORD_CHANGE },
	{ "enrolment.open", UP_RECORD_OTHER },
	{ "enrolment.done", UP_RECORD_CHANGE },
	{ "person.check", UP_RECORD_CHANGE },
	{ "people.add", UP_RECORD_CHANGE },
	{ "people.code", UP_RECORD_CHANGE },
	{ "people.delete", UP_RECORD_CHANGE },
	{ "people.suspend", UP_RECORD_CHANGE },
	{ "grant.add", UP_RECORD_CHANGE },
	{ "grant.take", UP_RECORD_CHANGE },
	{ "grant.cancel", UP_RECORD_CHANGE },
	{ "device.end", UP_RECORD_CHANGE },
	{ "unit.add", UP_RECORD_CHANGE },
	{ "unit.change", UP_RECORD_CHANGE },
	{ "unit.renew", UP_RECORD_CHANGE },
	{ "unit.cancel", UP_RECORD_CHANGE },
	/* of the installation, of no unit: for those who administer it */
	{ "authority.add", UP_RECORD_OTHER },
	{ "authority.change", UP_RECORD_OTHER },
	{ "client.add", UP_RECORD_OTHER },
	{ "client.rotate", UP_RECORD_OTHER },
	{ "client.enable", UP_RECORD_OTHER },
	{ "client.disable", UP_RECORD_OTHER },
	{ "client.remove", UP_RECORD_OTHER },
	{ "item.add", UP_RECORD_OTHER },
	{ "item.end", UP_RECORD_OTHER },
	{ "key.rotate", UP_RECORD_OTHER },
	{ "clock.accept", UP_RECORD_OTHER },
};

const char *up_record_event(size_t i)
{
	return i < UP_ARRAY_LEN(kinds) ? kinds[i].event : NULL;
}

enum up_record_kind up_record_kind(struct up_span event)
{
	for (size_t i = 0; i < UP_ARRAY_LEN(kinds); i++)
		if (up_span_eq_str(event, kinds[i].event))
			return kinds[i].kind;
	return UP_RECORD_UNKNOWN;
}

enum up_err up_record_leaf(struct up_span canonical, uint8_t hash[32])
{
	static const uint8_t leaf_prefix;
	const struct up_span parts[] = { { &leaf_prefix, 1 }, canonical };

	return up_hash_sha256(parts, UP_ARRAY_LEN(parts), hash);
}
