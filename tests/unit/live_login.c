/* SPDX-License-Identifier: Apache-2.0 */
#include "live_login.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "core/dpop.h"
#include "core/hash.h"
#include "core/text.h"
#include "live_faulty.h"
#include "server/login/hub.h"
#include "server/http/routes.h"
#include "server/http/steps.h"

#define ISSUER "https://id.example.org"
#define FORM "Content-Type: application/x-www-form-urlencoded\r\n" \
	"Authorization: Basic c2VjcmV0Om9wZW4=\r\n"      /* secret:open */
#define GRANT "grant_type=urn:ietf:params:oauth:grant-type:device_code&device_code="

struct fixture login_store;
static struct up_config config;
struct up_server login_server = { .catalogue_lock = PTHREAD_MUTEX_INITIALIZER };
struct up_listener *login_listener;
static struct up_listener *watch;
static struct up_jwk *phone;
char login_address[128], login_watch_address[128];
static char folder[] = "/tmp/unitpass-faults-XXXXXX", keys[96];
static char token[44], nonce[32];

/* --- a server with a phone --- */

static void put_client(void)
{
	static struct up_client c = { .id = (char *)"secret", .name = (char *)"S",
		.origin = (char *)"https://s.example.org", .has_secret = true };
	const struct up_span text = UP_SPAN_LIT("open");

	CU_ASSERT_EQUAL_FATAL(up_hash_sha256(&text, 1, c.secret_hash), UP_OK);
	CU_ASSERT_EQUAL_FATAL(fixture_client_put(login_store.store, &c, NOW), UP_OK);
}

/* LI takes U1 on a phone whose key we have. */
static void enrol(void)
{
	struct up_span part;
	struct up_op_enrol op;
	uint8_t raw[32];
	char ref[23];

	CU_ASSERT_EQUAL_FATAL(up_jwk_generate(&phone), UP_OK);
	up_random(raw, sizeof(raw));
	up_text_b64url(up_span_of(raw, sizeof(raw)), token);
	token[43] = '\0';
	part = up_span_str(token);
	CU_ASSERT_EQUAL_FATAL(fixture_put_code(login_store.store, U1, &fixture_li, "first"), UP_OK);
	op = fixture_enrolling("first", &fixture_li, ref);
	up_jwk_public(phone, op.device_key);
	CU_ASSERT_EQUAL_FATAL(up_hash_sha256(&part, 1, op.device_token_hash), UP_OK);
	CU_ASSERT_EQUAL_FATAL(fixture_run(&login_store, &op.op), UP_OK);
}

static void configure(void)
{
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
	snprintf(login_address, sizeof(login_address), "unix:%s/http.sock", folder);
	snprintf(login_watch_address, sizeof(login_watch_address), "unix:%s/watch.sock", folder);
	snprintf(keys, sizeof(keys), "%s/keys", folder);
	config.issuer = (char *)ISSUER;
	config.keys = keys;
	config.rate_percent = 10000;     /* limits are asked, and never reached */
	config.frame_interval = 2;
	config.waiting_pages = 100;
	login_server.config = &config;
	login_server.store = login_store.store;
	atomic_store(&login_server.stopping, false);
}

/* WAITS: as an engine on another machine does. */
void login_begin(bool waits)
{
	const struct up_listener_settings settings = { .address = login_address,
		.rooms = up_rooms_main, .threads = 1, .connections = 200, .pool = UP_HTTP_POOL,
		.head_max = UP_HTTP_HEAD_MAX, .idle_s = 60 };
	const struct up_listener_settings waiting = { .address = login_watch_address,
		.rooms = up_rooms_watch, .threads = 1, .connections = 200,
		.pool = UP_HTTP_WATCH_POOL, .head_max = UP_HTTP_WATCH_HEAD_MAX, .idle_s = 60 };
	const struct up_live_settings live = { .transactions = 1000, .replays = 10000,
		.rates = 1000, .seed = "0123456789abcde", .woken = up_hub_woken };
	struct up_live *memory;
	char why[256];

	fixture_open(&login_store, true);
	configure();
	CU_ASSERT_EQUAL_FATAL(up_keys_create(keys, -1, -1, why), UP_OK);
	put_client();
	enrol();
	CU_ASSERT_EQUAL_FATAL(up_live_memory_new(&live, &memory), UP_OK);
	CU_ASSERT_EQUAL_FATAL(faulty_new(memory, waits, &login_server.live), UP_OK);
	if (waits)
		CU_ASSERT_EQUAL_FATAL(up_steps_new(16, up_http_step, &login_server.steps), UP_OK);
	CU_ASSERT_EQUAL_FATAL(up_catalogue_load(&login_server, why), UP_OK);
	CU_ASSERT_EQUAL_FATAL(up_hub_start(&login_server), UP_OK);
	CU_ASSERT_EQUAL_FATAL(
	    up_listener_bind(&login_server, &settings, &login_listener, why), UP_OK);
	CU_ASSERT_EQUAL_FATAL(up_listener_start(login_listener), UP_OK);
	CU_ASSERT_EQUAL_FATAL(up_listener_bind(&login_server, &waiting, &watch, why), UP_OK);
	CU_ASSERT_EQUAL_FATAL(up_listener_start(watch), UP_OK);
}

void login_end(void)
{
	static const char *const files[] = { "keys/server.key", "keys/signing.jwks" };
	char path[128];

	atomic_store(&login_server.stopping, true);
	up_hub_stop();
	if (login_server.steps != NULL)
		up_steps_stop(login_server.steps);
	up_listener_stop(&login_listener);
	up_listener_stop(&watch);
	up_steps_free(&login_server.steps);
	up_catalogue_put(&login_server.owed);
	up_catalogue_put(&login_server.catalogue);
	up_live_free(&login_server.live);
	up_jwk_free(&phone);
	for (size_t i = 0; i < UP_ARRAY_LEN(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, files[i]);
		unlink(path);
	}
	rmdir(keys);
	rmdir(folder);
	fixture_close(&login_store);
}

/* --- calls --- */

char login_answer[LOGIN_TEXT], login_question[LOGIN_TEXT];

int login_connect(const char *where)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(sa.sun_path, where + strlen("unix:"));
	CU_ASSERT_EQUAL_FATAL(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	return fd;
}

/* Sends the question; the status, and the rest in ANSWER. */
static int ask(const char *where)
{
	int fd = login_connect(where);
	size_t n = 0;
	ssize_t got;

	CU_ASSERT_EQUAL(send(fd, login_question, strlen(login_question), MSG_NOSIGNAL),
	    (ssize_t)strlen(login_question));
	while (n < LOGIN_TEXT - 1 &&
	    (got = read(fd, login_answer + n, LOGIN_TEXT - 1 - n)) > 0)
		n += (size_t)got;
	login_answer[n] = '\0';
	close(fd);
	return n > 12 ? atoi(login_answer + 9) : 0;
}

static int post(const char *path, const char *headers, const char *body)
{
	snprintf(login_question, LOGIN_TEXT,
	    "POST %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
	    "%sContent-Length: %zu\r\n\r\n%s", path, headers, strlen(body), body);
	return ask(login_address);
}

bool login_says(const char *text)
{
	return strstr(login_answer, text) != NULL;
}

/* The text member NAME of the answer, wherever it stands; "" without. */
static const char *member(const char *name, char *out, size_t cap)
{
	char head[64];
	const char *p;

	snprintf(head, sizeof(head), "\"%s\":\"", name);
	p = strstr(login_answer, head);
	p = p != NULL ? p + strlen(head) : "";
	snprintf(out, cap, "%.*s", (int)strcspn(p, "\""), p);
	return out;
}

static void note_nonce(void)
{
	const char *p = strstr(login_answer, "\r\nDPoP-Nonce: ");

	if (p != NULL)
		snprintf(nonce, sizeof(nonce), "%.22s", p + strlen("\r\nDPoP-Nonce: "));
}

/* A phone's call with a proof of its own. */
static int call_once(const char *path, const char *body, const struct up_decision *decision)
{
	struct up_buf head = { 0 };
	char url[200], jti[23];
	int status;

	up_random_id(jti);
	snprintf(url, sizeof(url), ISSUER "%s", path);
	const struct up_dpop_make make = { .key = phone, .method = "POST",
		.url = up_span_str(url), .token = up_span_str(token), .nonce = up_span_str(nonce),
		.jti = up_span_str(jti), .decision = decision, .now_s = time(NULL) };

	up_buf_put_str(&head, "Content-Type: application/json\r\nDPoP: ");
	CU_ASSERT_EQUAL(up_dpop_make(&make, &head), UP_OK);
	up_buf_printf(&head, "\r\nAuthorization: DPoP %s\r\n", token);
	status = post(path, up_buf_cstr(&head), body);
	up_buf_free(&head);
	note_nonce();
	return status;
}

static int call(const char *path, const char *body, const struct up_decision *decision)
{
	int status = call_once(path, body, decision);

	if (status == 401 && login_says("use_dpop_nonce"))
		status = call_once(path, body, decision);
	return status;
}

int login_call(const char *path, const char *body)
{
	return call(path, body, NULL);
}

/* --- a login, step by step --- */

int login_post(const char *path, const char *headers, const char *body)
{
	return post(path, headers, body);
}

int login_start(struct login *x)
{
	char body[200];
	int status;

	snprintf(body, sizeof(body), "scope=openid&initiator_ip=192.0.2.7"
	    "&browser=AAAAAAAAAAAAAAAAAAAAAA%s%s", x->item[0] != '\0' ? "&item=" : "", x->item);
	status = post("/device_authorization", FORM, body);
	member("device_code", x->device, sizeof(x->device));
	member("watch_uri", x->watch, sizeof(x->watch));
	return status;
}

int login_poll(struct login *x)
{
	char body[200];

	snprintf(body, sizeof(body), GRANT "%s", x->device);
	return post("/token", FORM, body);
}

int login_frame(struct login *x)
{
	const char *path = strstr(x->watch, "/watch/");
	int status;

	snprintf(login_question, LOGIN_TEXT,
	    "GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
	    "Accept: application/json\r\n\r\n", path != NULL ? path : "/watch/x");
	status = ask(login_watch_address);
	member("text", x->frame, sizeof(x->frame));
	return status;
}

int login_scan(struct login *x)
{
	char body[300];
	const char *p;
	int status;

	snprintf(body, sizeof(body), "{\"text\":\"%s\"}", x->frame);
	status = call("/holder/scan", body, NULL);
	member("transaction", x->transaction, sizeof(x->transaction));
	member("id", x->client, sizeof(x->client));
	member("origin", x->origin, sizeof(x->origin));
	member("nonce", x->challenge, sizeof(x->challenge));
	member("frame", x->shown, sizeof(x->shown));
	member("unit", x->unit, sizeof(x->unit));
	member("certificate", x->certificate, sizeof(x->certificate));
	member("role", x->role, sizeof(x->role));
	p = strstr(login_answer, "\"expires\":");
	x->deadline = p != NULL ? atoll(p + strlen("\"expires\":")) : 0;
	return status;
}

static int decide(struct login *x, const char *word, uint8_t password_byte)
{
	const struct up_decision decision = { .transaction = up_span_str(x->transaction),
		.client = up_span_str(x->client), .origin = up_span_str(x->origin),
		.issuer = UP_SPAN_LIT(ISSUER), .unit = up_span_str(x->unit),
		.certificate = up_span_str(x->certificate), .role = up_span_str(x->role),
		.item = up_span_str(x->item),
		.nonce = up_span_str(x->challenge), .frame = up_span_str(x->shown),
		.decision = up_span_str(word), .exp = x->deadline };
	char body[200], password[44] = "";
	uint8_t raw[32];

	memset(raw, password_byte, sizeof(raw));
	up_text_b64url(up_span_of(raw, sizeof(raw)), password);
	snprintf(body, sizeof(body), "{\"transaction\":\"%s\",\"password\":\"%.43s\"}",
	    x->transaction, password);
	return call("/holder/decisions", body, &decision);
}

int login_approve(struct login *x)
{
	return decide(x, "approve", 1);
}

int login_mistype(struct login *x)
{
	return decide(x, "approve", 2);
}

int login_not_mine(struct login *x)
{
	return decide(x, "not_mine", 1);
}
