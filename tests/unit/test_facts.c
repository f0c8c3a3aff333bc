/* SPDX-License-Identifier: Apache-2.0
 * The bytes of records, which are signed and hashed: what each fact writes, of fixed inputs. Who
 * changes a line here changes what stands beside all that was recorded before. */
#include <string.h>

#include "server/login/record.h"
#include "unit.h"

static struct up_client portal = { .id = (char *)"portal", .name = (char *)"年报系统",
	.origin = (char *)"https://portal.example.org" };
static struct up_client *clients[] = { &portal };
static const struct up_catalogue catalogue = { .clients = clients, .n_clients = 1 };
static const struct up_login_info info = { .id = "tttttttttttttttttttttt",
	.client = UP_SPAN_LIT("portal"), .item = UP_SPAN_LIT("annual-report"),
	.purpose = UP_SPAN_LIT("年度 \"报告\""), .scope = UP_SPAN_LIT("openid unit"),
	.nonce = UP_SPAN_LIT("not recorded"), .initiator_ip = UP_SPAN_LIT("192.0.2.7"),
	.initiator_agent = UP_SPAN_LIT("Firefox/128.0"), .browser = UP_SPAN_LIT("browser-1"),
	.challenge = "not recorded",
	.handle_hash = "00112233445566778899aabbccddeeff" };
static const struct up_device phone = { .id = 7, .ref = "pppppppppppppppppppppp",
	.person_ref = "nnnnnnnnnnnnnnnnnnnnnn", .person_masked = "李*" };
static const struct up_role role = { .ref = "hhhhhhhhhhhhhhhhhhhhhh",
	.person_ref = "nnnnnnnnnnnnnnnnnnnnnn", .role = (char *)"principal",
	.unit_code = (char *)"12430000100000016Y", .unit_name = (char *)"第三中学",
	.person_masked = (char *)"李*",
	.certificate = (char *)"CERT-3", .assurance = (char *)"roster",
	.certificate_version = 2 };
static const struct up_enrolment code = { .unit_code = (char *)"12430000100000016Y",
	.unit_name = (char *)"第三中学", .role = (char *)"user", .certificate = (char *)"CERT-3",
	.person_masked = (char *)"王*", .certificate_version = 3 };

/* --- each fact alone, of an empty record --- */

static void of_phone(struct up_record *r)
{
	up_facts_phone(r, &phone, "198.51.100.2");
}

static void of_new_phone(struct up_record *r)
{
	static const struct up_device fresh;

	up_facts_phone(r, &fresh, "198.51.100.2");
}

static void of_person(struct up_record *r)
{
	up_facts_person(r, &phone);
}

static void of_role(struct up_record *r)
{
	up_facts_role(r, &role);
}

static void of_edge(struct up_record *r)
{
	up_facts_edge(r, "12430000100000016Y", "第三中学", "manager");
}

static void of_code(struct up_record *r)
{
	up_facts_code(r, &code);
}

static void of_client(struct up_record *r)
{
	up_facts_client(r, &portal);
}

static void of_nobody(struct up_record *r)
{
	up_facts_client(r, NULL);
}

static void of_refusal(struct up_record *r)
{
	r->result = UP_SPAN_LIT("ok");
	up_facts_refused(r, "wrong_password");
}

/* The id is drawn: ours stands in its place. */
static void put_login(struct up_record *r, const struct up_login_info *in, const char *event)
{
	static char id[23];

	up_login_record(r, &catalogue, in, event, id);
	CU_ASSERT(r->id.n == UP_RECORD_ID && r->id.p == (const uint8_t *)id);
	r->id = UP_SPAN_LIT("iiiiiiiiiiiiiiiiiiiiii");
}

static void of_login(struct up_record *r)
{
	put_login(r, &info, "login.scan");
}

static void of_static_login(struct up_record *r)
{
	struct up_login_info still = info;

	still.is_static = true;
	still.client = UP_SPAN_LIT("gone");
	still.item = still.purpose = still.browser = UP_SPAN_LIT("");
	put_login(r, &still, "login.scan");
	/* it borrows from its info, which ends here */
	r->transaction = up_span_str(info.id);
	r->code_hash = up_span_str(info.handle_hash);
}

static void of_unknown_login(struct up_record *r)
{
	put_login(r, NULL, "login.scan");
}

/* Whoever knows better goes first: what stands there stays. */
static void of_all(struct up_record *r)
{
	r->seq = 42;
	r->time_ms = 1700000000123;
	put_login(r, &info, "login.approve");
	up_facts_phone(r, &phone, "198.51.100.2");
	up_facts_role(r, &role);
	up_facts_code(r, &code);
	up_facts_edge(r, "another", "另一单位", "user");
	up_facts_refused(r, "role_not_live");
}

#define UNIT "\"unit_code\":\"12430000100000016Y\",\"unit_name\":\"第三中学\""
#define PORTAL \
	"\"client\":\"portal\",\"client_name\":\"年报系统\"," \
	"\"client_origin\":\"https://portal.example.org\""
#define HASH "\"code_hash\":\"00112233445566778899aabbccddeeff\""
#define FROM "\"initiator_agent\":\"Firefox/128.0\",\"initiator_ip\":\"192.0.2.7\""
#define LOGIN "\"transaction\":\"tttttttttttttttttttttt\""
#define ID "\"id\":\"iiiiiiiiiiiiiiiiiiiiii\""
#define WHO "\"person_name\":\"李*\",\"person_ref\":\"nnnnnnnnnnnnnnnnnnnnnn\""
#define PHONE "\"device\":\"pppppppppppppppppppppp\""

static const struct {
	const char *name;
	void (*put)(struct up_record *);
	const char *want;
} rows[] = {
	{ "phone", of_phone, "{" PHONE ",\"holder_ip\":\"198.51.100.2\"}" },
	{ "new phone", of_new_phone, "{\"holder_ip\":\"198.51.100.2\"}" },
	{ "person", of_person, "{" PHONE "," WHO "}" },
	{ "role", of_role,
	    "{\"assurance\":\"roster\",\"certificate\":\"CERT-3\",\"certificate_version\":2,"
	    "\"holder_ref\":\"hhhhhhhhhhhhhhhhhhhhhh\"," WHO ",\"role\":\"principal\"," UNIT "}" },
	{ "edge", of_edge, "{\"role\":\"manager\"," UNIT "}" },
	{ "code", of_code,
	    "{\"certificate\":\"CERT-3\",\"certificate_version\":3,\"role\":\"user\"," UNIT "}" },
	{ "client", of_client, "{" PORTAL "}" },
	{ "nobody", of_nobody, "{}" },
	{ "refusal", of_refusal, "{\"reason\":\"wrong_password\",\"result\":\"refused\"}" },
	{ "login", of_login,
	    "{\"browser\":\"browser-1\",\"channel\":\"animated-qr\"," PORTAL "," HASH ","
	    "\"event\":\"login.scan\"," ID "," FROM ",\"item\":\"annual-report\","
	    "\"purpose\":\"年度 \\\"报告\\\"\",\"result\":\"ok\"," LOGIN "}" },
	{ "static login", of_static_login,
	    "{\"channel\":\"static-qr\",\"client\":\"gone\"," HASH ",\"event\":\"login.scan\"," ID
	    "," FROM ",\"result\":\"ok\"," LOGIN "}" },
	{ "unknown login", of_unknown_login,
	    "{\"event\":\"login.scan\"," ID ",\"result\":\"ok\"}" },
	{ "all", of_all,
	    "{\"assurance\":\"roster\",\"browser\":\"browser-1\",\"certificate\":\"CERT-3\","
	    "\"certificate_version\":2,\"channel\":\"animated-qr\"," PORTAL "," HASH "," PHONE ","
	    "\"event\":\"login.approve\",\"holder_ip\":\"198.51.100.2\","
	    "\"holder_ref\":\"hhhhhhhhhhhhhhhhhhhhhh\"," ID "," FROM ",\"item\":\"annual-report\","
	    WHO ",\"purpose\":\"年度 \\\"报告\\\"\",\"reason\":\"role_not_live\","
	    "\"result\":\"refused\",\"role\":\"principal\",\"seq\":42,\"time_ms\":1700000000123,"
	    LOGIN "," UNIT "}" },
};

static void test_bytes(void)
{
	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		struct up_record r = { 0 };
		struct up_buf b = { 0 };

		rows[i].put(&r);
		UP_CHECK(up_record_put(&b, &r) == UP_OK, rows[i].name);
		UP_CHECK_TEXT(up_buf_span(&b), rows[i].want);
		up_buf_free(&b);
	}
}

UP_SUITE("facts", test_bytes)
