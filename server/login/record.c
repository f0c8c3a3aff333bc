/* SPDX-License-Identifier: Apache-2.0 */
#include "server/login/record.h"

#include "server/log.h"

void up_login_record(struct up_record *rec, const struct up_catalogue *c,
    const struct up_login_info *in, const char *event, char id[23])
{
	const struct up_client *client;

	up_random_id(id);
	rec->id = up_span_str(id);
	rec->event = up_span_str(event);
	rec->result = UP_SPAN_LIT("ok");
	if (in == NULL)
		return;
	client = up_catalogue_client(c, in->client);
	rec->transaction = up_span_str(in->id);
	rec->code_hash = up_span_str(in->handle_hash);
	rec->client = in->client;
	up_facts_client(rec, client);
	rec->item = in->item;
	rec->purpose = in->purpose;
	rec->channel = in->is_static ? UP_SPAN_LIT("static-qr") : UP_SPAN_LIT("animated-qr");
	rec->initiator_ip = in->initiator_ip;
	rec->initiator_agent = in->initiator_agent;
	rec->browser = in->browser;
}

void up_login_note(enum up_err err, const char *tag, const struct up_login_info *info)
{
	if (err != UP_OK)
		up_log(
		    UP_LOG_ERROR, tag, "transaction", info->id, "reason", up_err_name(err), NULL);
}
