/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/facts.h"

void up_facts_text(struct up_span *member, struct up_span value)
{
	if (member->n == 0)
		*member = value;
}

void up_facts_str(struct up_span *member, const char *value)
{
	if (member->n == 0)
		*member = up_span_str(value);
}

static void version(struct up_record *r, int64_t certificate_version)
{
	if (r->certificate_version == 0)
		r->certificate_version = certificate_version;
}

void up_facts_phone(struct up_record *r, const struct up_device *d, const char *ip)
{
	up_facts_str(&r->holder_ip, ip);
	if (d->id != 0)                  /* a new phone has none */
		up_facts_str(&r->device, d->ref);
}

void up_facts_person(struct up_record *r, const struct up_device *d)
{
	up_facts_str(&r->device, d->ref);
	up_facts_str(&r->person_ref, d->person_ref);
	up_facts_str(&r->person_name, d->person_masked);
}

void up_facts_edge(struct up_record *r, const char *unit_code, const char *unit_name,
    const char *role)
{
	up_facts_str(&r->unit_code, unit_code);
	up_facts_str(&r->unit_name, unit_name);
	up_facts_str(&r->role, role);
}

void up_facts_role(struct up_record *r, const struct up_role *role)
{
	up_facts_edge(r, role->unit_code, role->unit_name, role->role);
	up_facts_str(&r->certificate, role->certificate);
	up_facts_str(&r->holder_ref, role->ref);
	up_facts_str(&r->person_ref, role->person_ref);
	up_facts_str(&r->person_name, role->person_masked);
	up_facts_str(&r->assurance, role->assurance);
	version(r, role->certificate_version);
}

void up_facts_code(struct up_record *r, const struct up_enrolment *e)
{
	up_facts_edge(r, e->unit_code, e->unit_name, e->role);
	up_facts_str(&r->certificate, e->certificate);
	version(r, e->certificate_version);
}

void up_facts_client(struct up_record *r, const struct up_client *client)
{
	if (client == NULL)
		return;
	up_facts_str(&r->client, client->id);
	up_facts_str(&r->client_name, client->name);
	up_facts_str(&r->client_origin, client->origin);
}

void up_facts_refused(struct up_record *r, const char *reason)
{
	r->result = UP_SPAN_LIT("refused");
	r->reason = up_span_str(reason);
}
