/* SPDX-License-Identifier: Apache-2.0
 * The connector against tools/realname-sample, over loopback. */
#include "server/connect/platform.h"
#include "unit.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TODAY 20261123
#define SECRET "0123456789abcdef0123456789abcdef"

static char dir[] = "/tmp/test_platform.XXXXXX";
static char url[96];
static pid_t sample;

static void write_file(const char *name, const char *text)
{
	char path[128], other[160];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	snprintf(other, sizeof(other), "%s.new", path);
	f = fopen(other, "w");
	CU_ASSERT_FATAL(f != NULL);
	fputs(text, f);
	CU_ASSERT_FATAL(fclose(f) == 0 && rename(other, path) == 0);
}

/* How many lines of the sample's log begin with WORD. */
static unsigned noted(const char *word)
{
	char path[128], line[128];
	unsigned n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/log", dir);
	f = fopen(path, "r");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		n += strncmp(line, word, strlen(word)) == 0;
	if (f != NULL)
		fclose(f);
	return n;
}

static void mood(const char *name)
{
	write_file("mood", name);
	write_file("log", "");
}

static void run_sample(int out)
{
	const char *top = getenv("srcdir");
	char program[512];

	snprintf(program, sizeof(program), "%s/tools/realname-sample", top != NULL ? top : ".");
	if (dup2(out, STDOUT_FILENO) < 0 || chdir(dir) != 0)
		_exit(126);
	execlp("python3", "python3", program, "--roster", "roster.csv", "--secret-file", "secret",
	    "--mood", "mood", "--log", "log", "--names", "xm,sfzh,sjh", "--answer", "data.result",
	    "--values", "00,01,02", (char *)NULL);
	_exit(127);
}

static void start(void)
{
	char line[64] = "", *top = realpath(getenv("srcdir") ? getenv("srcdir") : ".", NULL);
	unsigned port;
	int out[2];
	FILE *f;

	CU_ASSERT_FATAL(top != NULL && setenv("srcdir", top, 1) == 0);
	free(top);
	CU_ASSERT_FATAL(mkdtemp(dir) != NULL && pipe(out) == 0);
	write_file("secret", SECRET "\n");
	write_file("roster.csv", "name,resident_id,mobile,mood\n"
	    "张测试,430102198808080010,13800005678,\n"
	    "李测试,43010219880808007X,13800005670,hang\n");
	sample = fork();
	if (sample == 0)
		run_sample(out[1]);
	close(out[1]);
	f = fdopen(out[0], "r");
	CU_ASSERT_FATAL(f != NULL && fgets(line, sizeof(line), f) != NULL);
	CU_ASSERT_FATAL(sscanf(line, "listening %u", &port) == 1);
	fclose(f);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/check?v=1", port);
}

static void end(void)
{
	static const char *const files[] = { "secret", "roster.csv", "mood", "log" };
	char path[128];

	kill(sample, SIGKILL);
	waitpid(sample, NULL, 0);
	for (size_t i = 0; i < UP_ARRAY_LEN(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		unlink(path);
	}
	rmdir(dir);
}

static struct up_platform_settings usual(void)
{
	return (struct up_platform_settings){ .url = url, .key_id = "unitpass", .ca = "",
		.secret = UP_SPAN_LIT(SECRET),
		.mapping = { "xm", "sfzh", "sjh", "data.result", "00", "01", "02" },
		.connect_ms = 20000, .timeout_ms = 60000, .tries = 1, .pause_ms = 1,
		.breaker = { 1000, 60000, 60000 } };
}

static void ask(struct up_platform *p, const char *name, const char *id, const char *mobile,
    struct up_realname_answer *a)
{
	const struct up_realname c = up_platform_connector(p);
	const struct up_person_given given = { up_span_str(name), up_span_str(id),
		up_span_str(mobile) };
	struct up_person_fault fault;
	struct up_person person;
	bool clean;

	CU_ASSERT_FATAL(up_person_take(&given, TODAY, &person, &fault) == UP_OK);
	up_realname_check(&c, &person, a);
	clean = strstr(a->why_en, "4301") == NULL && strstr(a->why_en, "1380") == NULL &&
	    strstr(a->why_zh, "张") == NULL;
	UP_CHECK(clean, a->why_en);
}

static void ask_her(const struct up_platform_settings *of, struct up_realname_answer *a)
{
	struct up_platform *p;

	CU_ASSERT_FATAL(up_platform_new(of, &p) == UP_OK);
	ask(p, "张测试", "430102198808080010", "13800005678", a);
	up_platform_free(&p);
}

/* --- what the roster says --- */

static const struct { const char *name, *id, *mobile; enum up_realname_outcome outcome; } rows[] = {
	{ "张测试", "430102198808080010", "13800005678", UP_REALNAME_MATCH },
	{ "张测试", "430102198808080010", "+86 138 0000 5678", UP_REALNAME_MATCH },
	{ "张测", "430102198808080010", "13800005678", UP_REALNAME_MISMATCH },
	{ "张测试", "430102198808080010", "13800005679", UP_REALNAME_MISMATCH },
	{ "张测试", "34052419800101001X", "13800005678", UP_REALNAME_NOT_FOUND },
};

static void test_outcomes(void)
{
	struct up_platform_settings of = usual();
	struct up_realname_answer a;
	struct up_platform *p;

	mood("ok");
	CU_ASSERT_FATAL(up_platform_new(&of, &p) == UP_OK);
	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		ask(p, rows[i].name, rows[i].id, rows[i].mobile, &a);
		UP_CHECK(a.outcome == rows[i].outcome, up_realname_name(a.outcome));
		UP_CHECK(strcmp(a.assurance, "platform") == 0, a.assurance);
		UP_CHECK(a.why_en[0] == '\0' && a.why_zh[0] == '\0', a.why_en);
	}
	up_platform_free(&p);
}

/* --- its moods --- */

static const struct { const char *mood, *why; bool answered; unsigned tries; long timeout_ms;
} moods[] = {
	{ "ok", "", true, 1, 0 },
	{ "slow", "", true, 1, 0 },
	{ "slow", "in time", false, 1, 300 },
	{ "hang", "in time", false, 1, 500 },
	{ "fail", "busy or fails (HTTP 503)", false, 3, 0 },
	{ "cut", "breaks off", false, 3, 0 },
	/* another try does not mend these */
	{ "refuse", "refuses the request (HTTP 401)", false, 1, 0 },
	{ "redirect", "refuses the request (HTTP 302)", false, 1, 0 },
	{ "unsigned", "without the right signature", false, 1, 0 },
	{ "wrong", "without the right signature", false, 1, 0 },
	{ "swapped", "without the right signature", false, 1, 0 },
	{ "stale", "dates its answer", false, 1, 0 },
	{ "malformed", "not understood", false, 1, 0 },
	{ "unknown", "not configured", false, 1, 0 },
	{ "large", "64 KiB", false, 1, 0 },
};

static void test_moods(void)
{
	for (size_t i = 0; i < UP_ARRAY_LEN(moods); i++) {
		struct up_platform_settings of = usual();
		struct up_realname_answer a;

		of.tries = 3;
		if (moods[i].timeout_ms != 0)
			of.timeout_ms = moods[i].timeout_ms;
		mood(moods[i].mood);
		ask_her(&of, &a);
		UP_CHECK(a.outcome == (moods[i].answered ? UP_REALNAME_MATCH
		    : UP_REALNAME_UNAVAILABLE), moods[i].mood);
		UP_CHECK(strcmp(a.assurance, moods[i].answered ? "platform" : "formats") == 0,
		    moods[i].mood);
		UP_CHECK(strstr(a.why_en, moods[i].why) != NULL, a.why_en);
		UP_CHECK((a.why_en[0] == '\0') == moods[i].answered &&
		    (a.why_zh[0] == '\0') == moods[i].answered, moods[i].mood);
		/* when it is so short, the request may not even come there */
		UP_CHECK(noted(moods[i].mood) == moods[i].tries ||
		    (moods[i].timeout_ms != 0 && noted(moods[i].mood) == 0), moods[i].mood);
	}
}

/* What failed once is tried again, with another nonce (the sample takes each once). */
static void test_again(void)
{
	struct up_platform_settings of = usual();
	struct up_realname_answer a;
	struct up_platform *p;

	of.tries = 2;
	mood("flaky");
	CU_ASSERT_FATAL(up_platform_new(&of, &p) == UP_OK);
	for (int i = 0; i < 3; i++) {
		ask(p, "张测试", "430102198808080010", "13800005678", &a);
		CU_ASSERT_EQUAL(a.outcome, UP_REALNAME_MATCH);
	}
	up_platform_free(&p);
	CU_ASSERT(noted("flaky") >= 5 && noted("flaky") <= 6);
	CU_ASSERT_EQUAL(noted("refused"), 0);
}

/* --- our side is wrong --- */

static void unavailable(const struct up_platform_settings *of, const char *why)
{
	struct up_realname_answer a;

	ask_her(of, &a);
	CU_ASSERT_EQUAL(a.outcome, UP_REALNAME_UNAVAILABLE);
	UP_CHECK(strstr(a.why_en, why) != NULL, a.why_en);
}

static void test_settings(void)
{
	struct up_platform_settings of = usual();
	struct up_platform *p;

	mood("ok");
	of.secret = UP_SPAN_LIT("0123456789abcdef0123456789abcdeF");
	unavailable(&of, "(HTTP 401)");
	CU_ASSERT_EQUAL(noted("refused: wrong signature"), 1);
	of = usual();
	of.key_id = "other";
	unavailable(&of, "(HTTP 401)");
	CU_ASSERT_EQUAL(noted("refused: unknown key"), 1);
	of = usual();
	of.mapping.name = "name";
	unavailable(&of, "(HTTP 400)");
	of = usual();
	of.mapping.answer = "data.outcome";
	unavailable(&of, "not understood");
	of = usual();
	of.url = "http://127.0.0.1:1/";      /* nobody listens */
	unavailable(&of, "http://127.0.0.1:1 cannot be reached");
	of.url = "http://platform.example/";
	CU_ASSERT(up_platform_new(&of, &p) == UP_E_FORMAT && p == NULL);
	of.url = "https://127.0.0.1:1/#x";
	CU_ASSERT(up_platform_new(&of, &p) == UP_E_FORMAT && p == NULL);
}

/* --- the breaker stands before it --- */

static void test_breaker(void)
{
	struct up_platform_settings of = usual();
	struct up_realname_answer a;
	struct up_platform *p;

	of.breaker = (struct up_breaker_limits){ 2, 400, 400 };
	mood("fail");
	CU_ASSERT_FATAL(up_platform_new(&of, &p) == UP_OK);
	for (int i = 0; i < 10; i++)
		ask(p, "张测试", "430102198808080010", "13800005678", &a);
	/* a slow machine may come round to one more */
	UP_CHECK(noted("fail") == 2 || noted("fail") == 3, a.why_en);
	mood("ok");
	for (int i = 0; i < 100 && a.outcome != UP_REALNAME_MATCH; i++) {
		ask(p, "张测试", "430102198808080010", "13800005678", &a);
		nanosleep(&(struct timespec){ 0, 50000000 }, NULL);
	}
	CU_ASSERT_EQUAL(a.outcome, UP_REALNAME_MATCH);
	CU_ASSERT_EQUAL(noted("ok"), 1);
	up_platform_free(&p);
}

/* --- threads --- */

static void *ask_twenty(void *arg)
{
	struct up_realname_answer a;

	for (int i = 0; i < 20; i++) {
		ask(arg, "张测试", "430102198808080010", "13800005678", &a);
		UP_CHECK(a.outcome == UP_REALNAME_MATCH, a.why_en);
	}
	return NULL;
}

static void test_threads(void)
{
	struct up_platform_settings of = usual();
	struct up_platform *p;
	pthread_t threads[6];

	mood("ok");
	CU_ASSERT_FATAL(up_platform_new(&of, &p) == UP_OK);
	for (size_t i = 0; i < UP_ARRAY_LEN(threads); i++)
		CU_ASSERT_FATAL(pthread_create(&threads[i], NULL, ask_twenty, p) == 0);
	for (size_t i = 0; i < UP_ARRAY_LEN(threads); i++)
		pthread_join(threads[i], NULL);
	up_platform_free(&p);
	CU_ASSERT_EQUAL(noted("ok match"), 120);
}

static void *ask_who_hangs(void *arg)
{
	struct up_realname_answer a;

	ask(arg, "李测试", "43010219880808007X", "13800005670", &a);
	UP_CHECK(a.outcome == UP_REALNAME_UNAVAILABLE &&
	    strstr(a.why_en, "shutting down") != NULL, a.why_en);
	return NULL;
}

/* A check under way ends when it is told to, long before its time. */
static void test_stop(void)
{
	struct up_platform_settings of = usual();
	struct timespec began, ended;
	struct up_realname_answer a;
	struct up_platform *p;
	pthread_t thread;

	of.timeout_ms = 600000;
	mood("ok");
	CU_ASSERT_FATAL(up_platform_new(&of, &p) == UP_OK);
	CU_ASSERT_FATAL(pthread_create(&thread, NULL, ask_who_hangs, p) == 0);
	while (noted("hang") == 0)
		nanosleep(&(struct timespec){ 0, 10000000 }, NULL);
	clock_gettime(CLOCK_MONOTONIC, &began);
	up_platform_stop(p);
	pthread_join(thread, NULL);
	clock_gettime(CLOCK_MONOTONIC, &ended);
	CU_ASSERT(ended.tv_sec - began.tv_sec < 30);
	ask(p, "张测试", "430102198808080010", "13800005678", &a);
	CU_ASSERT_EQUAL(a.outcome, UP_REALNAME_UNAVAILABLE);
	CU_ASSERT_EQUAL(noted("ok"), 0);
	up_platform_free(&p);
}

UP_SUITE("platform", start, test_outcomes, test_moods, test_again, test_settings, test_breaker,
    test_threads, test_stop, end)
