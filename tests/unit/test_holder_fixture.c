/* SPDX-License-Identifier: Apache-2.0 */
#include "test_holder_fixture.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/dpop.h"
#include "core/text.h"
#include "server/checks.h"
#include "server/http/http.h"
#include "server/http/routes.h"
#include "server/log.h"

#define ISSUER "https://id.example.org"

struct fixture wire_f;
struct up_server wire_server = { .catalogue_lock = PTHREAD_MUTEX_INITIALIZER };
enum wire_sign wire_sign;
const char *wire_headers = "", *wire_language = "Accept-Language: en\r\n";
char wire_proof[4096];

static struct up_config config;
static struct up_listener *listener;
static char address[128], folder[64], keys[96], roster[96], nonce[32];
static char answer[1 << 18], question[1 << 17];

/* --- a server --- */

static bool clocks(int64_t *wall_ms, int64_t *steady_ms)
{
	*wall_ms = *steady_ms = people_now_ms;
	return true;
}

static void write_roster(void)
{
	FILE *file = fopen(roster, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fprintf(file, "name,resident_id,mobile\n");
	for (int who = 1; who < 200; who++) {
		const struct up_named n = people_named(who);

		fprintf(file, "%s,%.*s,%.*s\n", who < 100 ? "王芳" : "王芬",
		    (int)n.resident.n, (const char *)n.resident.p,
		    (int)n.mobile.n, (const char *)n.mobile.p);
	}
	fclose(file);
	CU_ASSERT_EQUAL_FATAL(chmod(roster, 0600), 0);
}

static void start(void)
{
	const struct up_listener_settings settings = { .address = address, .rooms = up_rooms_main,
		.threads = 2, .connections = 200, .pool = UP_HTTP_POOL,
		.head_max = UP_HTTP_HEAD_MAX, .idle_s = 60 };
	struct up_live_settings live = { .transactions = 100, .replays = 100000, .rates = 1000 };
	char why[256];

	wire_server.config = &config;
	wire_server.store = wire_f.store;
	wire_server.read_clocks = clocks;
	CU_ASSERT_EQUAL_FATAL(up_clock_start(&wire_server), UP_OK);
	CU_ASSERT_EQUAL_FATAL(up_live_memory_new(&live, &wire_server.live), UP_OK);
	CU_ASSERT_EQUAL_FATAL(up_catalogue_load(&wire_server, why), UP_OK);
	CU_ASSERT_EQUAL_FATAL(up_checks_start(&wire_server, &wire_server.checks, why), UP_OK);
	CU_ASSERT_EQUAL_FATAL(up_listener_bind(&wire_server, &settings, &listener, why), UP_OK);
	CU_ASSERT_EQUAL_FATAL(up_listener_start(listener), UP_OK);
	nonce[0] = '\0';
}

static void stop(void)
{
	up_checks_stop(wire_server.checks);
	up_listener_stop(&listener);
	up_checks_free(&wire_server.checks);
	up_catalogue_put(&wire_server.catalogue);
	up_live_free(&wire_server.live);
}

void wire_begin(void)
{
	char why[256];

	up_log_setup(false, UP_LOG_ERROR);       /* what is refused on purpose is told as well */
	people_now_ms = NOW;
	fixture_open(&wire_f, true);
	strcpy(folder, "/tmp/unitpass-wire-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
	snprintf(address, sizeof(address), "unix:%s/http.sock", folder);
	snprintf(keys, sizeof(keys), "%s/keys", folder);
	snprintf(roster, sizeof(roster), "%s/roster.csv", folder);
	CU_ASSERT_EQUAL_FATAL(up_keys_create(keys, -1, -1, why), UP_OK);
	write_roster();
	config = (struct up_config){ .issuer = (char *)ISSUER, .keys = keys, .roster = roster,
		.realname_url = (char *)"", .realname_threads = 2,
		.realname_per_minute = 1000000, .rate_percent = 1000000 };
	wire_sign = SIGN_BODY;
	wire_headers = "";
	start();
}

void wire_restart(void)
{
	stop();
	fixture_reopen(&wire_f, true);
	start();
}

void wire_end(void)
{
	char path[128];

	stop();
	unlink(roster);
	snprintf(path, sizeof(path), "%s/server.key", keys);
	unlink(path);
	snprintf(path, sizeof(path), "%s/signing.jwks", keys);
	unlink(path);
	rmdir(keys);
	rmdir(folder);
	fixture_close(&wire_f);
}

/* --- phones --- */

static void put_hex(struct up_buf *sql, const char *column, const uint8_t *p, size_t n)
{
	char hex[129];

	up_text_hex(up_span_of(p, n), hex);
	up_buf_printf(sql, fixture_on_postgres() ? "%s = decode('%.*s', 'hex')" : "%s = x'%.*s'",
	    column, (int)(2 * n), hex);
}

struct phone wire_phone(const struct holder *h)
{
	static int made;
	struct phone p = { .h = *h };
	struct up_buf sql = { 0 };
	uint8_t xy[64], hash[32];

	CU_ASSERT_EQUAL_FATAL(up_jwk_generate(&p.key), UP_OK);
	snprintf(p.token, sizeof(p.token), "%043d", ++made);
	fixture_code(p.token, hash);
	up_jwk_public(p.key, xy);
	up_buf_put_str(&sql, "UPDATE device SET ");
	put_hex(&sql, "key", xy, 64);
	up_buf_put_str(&sql, ", ");
	put_hex(&sql, "token_hash", hash, 32);
	up_buf_printf(&sql, " WHERE id = %lld", (long long)h->device);
	CU_ASSERT_EQUAL_FATAL(fixture_change(&wire_f, up_buf_cstr(&sql)), UP_OK);
	up_buf_free(&sql);
	return p;
}

void wire_hang_up(struct phone *p)
{
	up_jwk_free(&p->key);
}

struct phone wire_principal(void)
{
	struct holder li;

	people_principal(&wire_f, &li);
	return wire_phone(&li);
}

struct phone wire_stranger(void)
{
	struct holder other;

	people_other_unit(&wire_f, &other);
	return wire_phone(&other);
}

struct phone wire_make(const struct phone *by, enum up_authority_role role, int who)
{
	const struct holder h = people_make(&wire_f, &by->h, role, who);

	return wire_phone(&h);
}

/* --- calls --- */

static void put_proof(const struct phone *p, const char *method, const char *path,
    struct up_span body, struct up_buf *out)
{
	static const struct up_span other = UP_SPAN_LIT("{}");
	struct up_buf url = { 0 };
	char jti[23] = "0123456789012345678901";
	struct up_dpop_make m = { .key = p->key, .method = method,
		.token = up_span_str(p->token), .nonce = up_span_str(nonce),
		.jti = up_span_str(jti), .now_s = people_now_ms / 1000 };

	up_random_id(jti);
	if (body.n > 0 && wire_sign != SIGN_NO_BODY)
		m.body = wire_sign == SIGN_BODY ? &body : &other;
	up_buf_printf(&url, ISSUER "%.*s", (int)strcspn(path, "?"), path);
	m.url = up_buf_span(&url);
	CU_ASSERT_EQUAL_FATAL(up_dpop_make(&m, out), UP_OK);
	snprintf(wire_proof, sizeof(wire_proof), "%s", up_buf_cstr(out));
	up_buf_free(&url);
}

static int ask(const char *text, size_t n)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t at = 0;
	ssize_t got;

	strcpy(sa.sun_path, address + strlen("unix:"));
	CU_ASSERT_EQUAL_FATAL(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	while (n > 0 && (got = send(fd, text, n, MSG_NOSIGNAL)) > 0) {
		text += got;
		n -= (size_t)got;
	}
	while (at < sizeof(answer) - 1 &&
	    (got = read(fd, answer + at, sizeof(answer) - 1 - at)) > 0)
		at += (size_t)got;
	answer[at] = '\0';
	close(fd);
	return at > 12 ? atoi(answer + 9) : 0;
}

static void learn_nonce(void)
{
	const char *at = strstr(answer, "\r\nDPoP-Nonce: ");

	if (at != NULL)
		snprintf(nonce, sizeof(nonce), "%.22s", at + 14);
}

static int try_once(const struct phone *p, const char *method, const char *path,
    const char *body)
{
	const char *sent = body != NULL ? body : "";
	struct up_buf proof = { 0 };
	int n, status;

	put_proof(p, method, path, up_span_str(sent), &proof);
	n = snprintf(question, sizeof(question), "%s %s HTTP/1.1\r\nHost: a\r\n"
	    "Connection: close\r\nAuthorization: DPoP %s\r\nDPoP: %s\r\n"
	    "%s%s%sContent-Length: %zu\r\n\r\n%s", method, path, p->token, up_buf_cstr(&proof),
	    wire_language, wire_headers, body != NULL ? "Content-Type: application/json\r\n" : "",
	    strlen(sent), sent);
	CU_ASSERT_FATAL(n > 0 && (size_t)n < sizeof(question));
	up_buf_free(&proof);
	status = ask(question, (size_t)n);
	learn_nonce();
	return status;
}

static int call(const struct phone *p, const char *method, const char *path, const char *body)
{
	int status = try_once(p, method, path, body);

	if (status == 401 && strstr(answer, "use_dpop_nonce") != NULL)
		status = try_once(p, method, path, body);
	return status;
}

int wire_get(const struct phone *p, const char *path)
{
	return call(p, "GET", path, NULL);
}

int wire_post(const struct phone *p, const char *path, const char *body)
{
	return call(p, "POST", path, body);
}

const char *wire_body(void)
{
	const char *at = strstr(answer, "\r\n\r\n");

	return at != NULL ? at + 4 : "";
}

bool wire_says(const char *text)
{
	return strstr(answer, text) != NULL;
}

const char *wire_member(const char *name)
{
	static char out[8][256];
	static unsigned turn;
	char *text = out[turn++ % 8], quoted[64];
	const char *at;

	text[0] = '\0';
	snprintf(quoted, sizeof(quoted), "\"%s\":", name);
	at = strstr(wire_body(), quoted);
	if (at == NULL)
		return text;
	at += strlen(quoted);
	if (*at == '"')
		snprintf(text, 256, "%.*s", (int)strcspn(at + 1, "\""), at + 1);
	else
		snprintf(text, 256, "%.*s", (int)strcspn(at, ",}]"), at);
	return text;
}

const char *wire_person(int who)
{
	static char body[512];
	const struct up_named n = people_named(who);

	snprintf(body, sizeof(body), "{" WHO ",\"person\":{\"name\":\"%.*s\","
	    "\"resident_id\":\"%.*s\",\"mobile\":\"%.*s\"}}", (int)n.name.n,
	    (const char *)n.name.p, (int)n.resident.n, (const char *)n.resident.p,
	    (int)n.mobile.n, (const char *)n.mobile.p);
	return body;
}
