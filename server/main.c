/* SPDX-License-Identifier: Apache-2.0
 * unitpassd: reads its configuration, binds, drops privileges, serves until told to stop. */
#include <config.h>

#include <argp.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/hash.h"
#include "core/json.h"
#include "core/text.h"
#include "server/checks.h"
#include "server/database.h"
#include "server/login/expiry.h"
#include "server/harden.h"
#include "server/http/http.h"
#include "server/login/hub.h"
#include "server/log.h"
#include "server/http/metrics.h"
#include "server/public/pages.h"
#include "server/http/routes.h"
#include "server/secrets.h"
#include "server/http/steps.h"
#include "web/legal.h"

#define DEFAULT_CONFIG "/etc/unitpass/unitpassd.conf"
#define FINISH_S 10                      /* how long requests under way may take to finish */
#define REPLAYS (1u << 20)
#define RATES (1u << 16)
#define STEPS 64                         /* threads that may wait for live */
#define OPT_MAN 1000

const char *argp_program_version = PACKAGE_STRING;
const char *argp_program_bug_address = PACKAGE_BUGREPORT;

struct options {
	const char *config;
	bool test, print;
	const char *print_man;           /* in which language: en, zh */
};

struct listeners {
	struct up_listener *main, *watch, *admin;
};

static struct up_checks_again *again;    /* NULL: nobody is there to be asked */

static void print_help(void);

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 'c': o->config = arg; return 0;
	case 't': o->test = true; return 0;
	case 'p': o->print = true; return 0;
	case OPT_MAN: o->print_man = arg; return 0;
	case '?': print_help(); return 0;
	case 'V': puts(argp_program_version); exit(0);
	case ARGP_KEY_ARG: argp_error(state, "unexpected argument: %s", arg); return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option options[] = {
	{ "config", 'c', "FILE", 0, NULL, 0 },
	{ "test", 't', NULL, 0, NULL, 0 },
	{ "print-config", 'p', NULL, 0, NULL, 0 },
	{ "print-man", OPT_MAN, "LANGUAGE", OPTION_HIDDEN, NULL, 0 },
	{ "help", '?', NULL, 0, NULL, 0 },
	{ "usage", '?', NULL, OPTION_ALIAS | OPTION_HIDDEN, NULL, 0 },
	{ "version", 'V', NULL, 0, NULL, 0 },
	{ 0 },
};
static const struct argp parser = { options, parse_option, NULL, NULL, NULL, NULL, NULL };

static const char help_en[] =
    "Usage: unitpassd [-c FILE] [-t] [-p]\n"
    "The unitpass server: OAuth 2.0 device grant with animated login QR, certificates of\n"
    "units, usage records.\n\n"
    "  -c, --config=FILE     configuration (default " DEFAULT_CONFIG ")\n"
    "  -t, --test            check configuration, keys and database, and exit\n"
    "  -p, --print-config    print a sample configuration with every key and its\n"
    "                        default, and exit\n"
    "  -?, --help            this help\n"
    "  -V, --version         the program's version\n\n"
    "SIGHUP reloads clients, items and signing keys; SIGTERM finishes requests and stops.\n";
static const char help_zh[] =
    "用法：unitpassd [-c 文件] [-t] [-p]\n"
    "unitpass 服务器：OAuth 2.0 设备授权、动态登录二维码、单位证书、使用记录。\n\n"
    "  -c, --config=文件     配置文件（默认 " DEFAULT_CONFIG "）\n"
    "  -t, --test            检查配置、密钥和数据库后退出\n"
    "  -p, --print-config    输出含全部配置项及默认值的样例，然后退出\n"
    "  -?, --help            显示本帮助\n"
    "  -V, --version         显示程序版本\n\n"
    "SIGHUP 重新加载业务系统、授权事项和签名密钥；SIGTERM 完成正在处理的请求后停止。\n";

static void print_help(void)
{
	bool chinese = up_text_locale_chinese(getenv("LC_ALL"), getenv("LC_MESSAGES"),
	    getenv("LANG"));

	fputs(chinese ? help_zh : help_en, stdout);
	exit(0);
}

/* --- making the server --- */

static enum up_log_level level_of(const char *name)
{
	return strcmp(name, "error") == 0  ? UP_LOG_ERROR
	    : strcmp(name, "warning") == 0 ? UP_LOG_WARNING
	    : strcmp(name, "debug") == 0   ? UP_LOG_DEBUG
					   : UP_LOG_INFO;
}

static enum up_err open_store(struct up_server *s, bool writer, char why[256])
{
	struct up_store_settings set = { .writer = writer, .log = up_log_line };
	struct up_buf secret = { 0 };
	struct up_keys *keys;
	enum up_err err = up_keys_load(s->config->keys, &keys, why);

	if (err != UP_OK)
		return err;
	memcpy(set.password_key, keys->password, sizeof(set.password_key));
	up_keys_free(&keys);
	err = up_data_keys_open(s->config->keys, &s->data_keys, why);
	set.data_keys = s->data_keys;
	if (err == UP_OK)
		err = up_database_settings(s->config, &set, &secret, why);
	if (err == UP_OK)
		err = up_store_open(&set, &s->store, why);
	up_buf_free(&secret);
	up_wipe(&set, sizeof(set));
	return err;
}

static enum up_err start_clock(struct up_server *s, char why[256])
{
	enum up_err err = up_clock_start(s);

	if (err != UP_OK)
		strcpy(why, "the usage log cannot be read");
	return err;
}

static void count_abandoned(struct up_span client)
{
	up_metrics_login(client, UP_METRIC_ABANDONED);
}

static enum up_err make_live(struct up_server *s, char why[256])
{
	struct up_live_settings set = {.transactions = (size_t)s->config->transactions,
	    .replays = REPLAYS,
	    .rates = RATES,
	    .abandoned = count_abandoned,
	    .woken = up_hub_woken};
	enum up_err err = up_secrets_start(s, set.seed, why);

	s->live_began_ms = up_clock_steady(s);
	if (err == UP_OK)
		err = up_live_memory_new(&set, &s->live);
	if (err == UP_OK && up_live_shared(s->live))
		err = up_secrets_share_nonces(s, why);
	if (err == UP_OK && up_live_waits(s->live))
		err = up_steps_new(STEPS, up_http_step, &s->steps);
	up_wipe(set.seed, sizeof(set.seed));
	return err;
}

static enum up_err bind_all(struct up_server *s, struct listeners *l, char why[256])
{
	const struct up_config *c = s->config;
	const unsigned threads = (unsigned)c->threads, waiting = (unsigned)c->waiting_pages;
	const struct up_listener_settings main = { .address = c->listen, .rooms = up_rooms_main,
		.threads = threads,
		.connections = (unsigned)c->connections, .pool = UP_HTTP_POOL,
		.head_max = UP_HTTP_HEAD_MAX, .idle_s = 60 };
	const struct up_listener_settings watch = { .address = c->watch_listen,
		.rooms = up_rooms_watch, .threads = threads,
		.connections = waiting,
		.pool = UP_HTTP_WATCH_POOL, .head_max = UP_HTTP_WATCH_HEAD_MAX, .idle_s = 120 };
	const struct up_listener_settings admin = { .address = c->admin_listen,
		.rooms = up_rooms_admin, .threads = 1,
		.connections = 64,
		.pool = UP_HTTP_POOL, .head_max = UP_HTTP_HEAD_MAX, .idle_s = 30 };
	enum up_err err;

	err = up_listener_bind(s, &main, &l->main, why);
	if (err == UP_OK)
		err = up_listener_bind(s, &watch, &l->watch, why);
	if (err == UP_OK)
		err = up_listener_bind(s, &admin, &l->admin, why);
	return err;
}

static enum up_err start_all(struct up_server *s, struct listeners *l, char why[256])
{
	enum up_err err = up_hub_start(s);

	if (err == UP_OK)
		err = up_checks_again_start(s, s->checks, &again);
	if (err == UP_OK)
		err = up_expiry_start(s);
	if (err == UP_OK)
		err = up_listener_start(l->watch);
	if (err == UP_OK)
		err = up_listener_start(l->admin);
	if (err == UP_OK)
		err = up_listener_start(l->main);
	if (err != UP_OK)
		strcpy(why, "threads or listeners could not be started");
	return err;
}

static enum up_err load_statement(struct up_server *s, char why[256])
{
	enum up_err err = up_legal_new("download", &s->statement);

	if (err != UP_OK)
		strcpy(why, "the download statement is damaged: install again");
	return err;
}

/* --- running and stopping --- */

static void finish(struct up_server *s, struct listeners *l)
{
	const struct timespec pause = { 0, 20000000 };

	atomic_store(&s->stopping, true);
	if (l->main != NULL)
		up_listener_quiesce(l->main);
	if (l->watch != NULL)
		up_listener_quiesce(l->watch);
	up_hub_stop();
	/* first: who waits for a check goes on to the store */
	if (s->checks != NULL)
		up_checks_stop(s->checks);
	for (int i = 0; i < FINISH_S * 50 && up_http_busy() > 0; i++)
		nanosleep(&pause, NULL);
	up_checks_again_end(&again);
	/* Who still waits for the store gets his answer now: libmicrohttpd cannot stop with
	 * suspended connections. */
	up_expiry_stop();
	if (s->store != NULL)
		up_store_drain(s->store);
	if (s->steps != NULL)
		up_steps_stop(s->steps);
	up_listener_stop(&l->main);
	up_listener_stop(&l->watch);
	up_listener_stop(&l->admin);
	up_store_close(&s->store);
	up_data_keys_free(&s->data_keys);
	up_steps_free(&s->steps);
	up_checks_free(&s->checks);
	up_live_free(&s->live);
	up_catalogue_put(&s->owed);
	up_catalogue_put(&s->catalogue);
}

static void reload(struct up_server *s)
{
	char why[256];

	if (up_catalogue_load(s, why) == UP_OK)
		up_log(UP_LOG_INFO, "reloaded", NULL);
	else
		up_log(UP_LOG_ERROR, "reload_failed", "reason", why, "effect",
		    "clients and keys stay as they were", NULL);
}

static void wait_for_signals(struct up_server *s, const sigset_t *signals)
{
	int sig;

	while (sigwait(signals, &sig) == 0) {
		if (sig != SIGHUP) {
			up_log(UP_LOG_INFO, "stopping", "signal", strsignal(sig), NULL);
			return;
		}
		reload(s);
	}
}

/* OpenSSL 3.0 remembers an algorithm as missing for the life of the process when memory ran out at
 * its first use: use each once, now. */
static void warm_up(void)
{
	const struct up_span part = UP_SPAN_LIT("warm");
	uint8_t out[UP_HASH_LEN], key[32] = { 1 };
	struct up_seal *seal = NULL;
	struct up_jwk *jwk = NULL;

	if (up_hash_sha256(&part, 1, out) != UP_OK || up_hash_hmac(part, &part, 1, out) != UP_OK ||
	    up_seal_new(key, 1, &seal) != UP_OK || up_jwk_generate(&jwk) != UP_OK)
		up_log(UP_LOG_ERROR, "cryptography_unusable", NULL);
	up_seal_free(&seal);
	up_jwk_free(&jwk);
}

static void wipe_and_free(void *p)
{
	if (p != NULL)
		up_wipe(p, malloc_usable_size(p));
	free(p);
}

/* Requests come and go all the time: memory that is free now is wanted again at once, so it is not
 * given back in small pieces. */
static void tune_memory(void)
{
#ifndef UP_JEMALLOC                      /* which knows by itself */
	mallopt(M_TRIM_THRESHOLD, 64 << 20);
	mallopt(M_TOP_PAD, 1 << 20);
	mallopt(M_MMAP_THRESHOLD, 1 << 20);
#endif
	/* Stretched passwords and persons go through JSON objects. */
	json_set_alloc_funcs(malloc, wipe_and_free);
}

static int serve(struct up_server *s)
{
	struct listeners l = { NULL, NULL, NULL };
	char why[256] = "";
	sigset_t signals;
	enum up_err err;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	/* Before the first thread: all inherit the mask, one waits. */
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	err = bind_all(s, &l, why);
	if (err == UP_OK)
		err = up_harden_drop(s->config->user, s->config->group, why);
	if (err == UP_OK)
		err = open_store(s, true, why);
	if (err == UP_OK)
		err = up_catalogue_load(s, why);
	if (err == UP_OK)
		err = start_clock(s, why);
	if (err == UP_OK)
		err = make_live(s, why);
	if (err == UP_OK)
		err = up_checks_start(s, &s->checks, why);
	if (err == UP_OK)
		err = up_pages_start(why);
	if (err == UP_OK)
		err = load_statement(s, why);
	if (err == UP_OK)
		err = start_all(s, &l, why);
	if (err == UP_OK) {
		up_log(UP_LOG_INFO, "started", "version", PACKAGE_VERSION, "issuer",
		    s->config->issuer, "listen", s->config->listen, NULL);
		wait_for_signals(s, &signals);
	} else {
		up_log(UP_LOG_ERROR, "cannot_start", "reason",
		    why[0] != '\0' ? why : up_err_name(err), NULL);
	}
	finish(s, &l);
	up_pages_stop();
	up_legal_free(&s->statement);
	return err == UP_OK ? 0 : 1;
}

static enum up_err check_secret(struct up_server *s, char why[256])
{
	uint8_t seed[16];
	enum up_err err = up_secrets_start(s, seed, why);

	up_wipe(seed, sizeof(seed));
	return err;
}

static enum up_err check_realname(struct up_server *s, char why[256])
{
	struct up_checks_source source;
	enum up_err err = up_checks_open(s->config, &source, why);

	if (err == UP_OK)
		up_checks_close(&source);
	return err;
}

static int test(struct up_server *s)
{
	char why[256] = "";
	long uid, gid;
	enum up_err err = up_harden_ids(s->config->user, s->config->group, &uid, &gid, why);

	if (err == UP_OK)
		err = open_store(s, false, why);
	if (err == UP_OK)
		err = up_catalogue_load(s, why);
	if (err == UP_OK)
		err = check_secret(s, why);
	if (err == UP_OK)
		err = check_realname(s, why);
	if (err == UP_OK)
		printf("configuration, keys and database are good: %zu clients, %zu items\n",
		    s->catalogue->n_clients, s->catalogue->n_items);
	else
		fprintf(stderr, "unitpassd: %s\n", why[0] != '\0' ? why : up_err_name(err));
	up_store_close(&s->store);
	up_data_keys_free(&s->data_keys);
	up_catalogue_put(&s->catalogue);
	return err == UP_OK ? 0 : 1;
}

int main(int argc, char **argv)
{
	static struct up_server server = { .catalogue_lock = PTHREAD_MUTEX_INITIALIZER };
	struct options o = { .config = DEFAULT_CONFIG };
	char why[512];
	int rc;

	argp_parse(&parser, argc, argv, ARGP_NO_HELP, NULL, &o);
	if (o.print)
		up_config_print_sample(stdout);
	if (o.print_man != NULL)
		up_config_print_man(stdout, strcmp(o.print_man, "zh") == 0);
	if (o.print || o.print_man != NULL)
		return 0;
	if (up_config_read(o.config, &server.config, why) != UP_OK) {
		fprintf(stderr, "unitpassd: %s\n", why);
		return 1;
	}
	up_log_setup(strcmp(server.config->log, "json") == 0, level_of(server.config->log_level));
	up_harden_process();
	tune_memory();
	warm_up();
	rc = o.test ? test(&server) : serve(&server);
	up_config_free(&server.config);
	return rc;
}
