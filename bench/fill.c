/* SPDX-License-Identifier: Apache-2.0
 * People for measurements, into the database of a unitpassd that runs or not (fill.h).
 *
 *   fill CONF PHONES chains N ITEM OUT    a manager, and under her a user with a grant for ITEM, in
 *                                         the units of the first N phones; OUT: the users' phones
 *   fill CONF PHONES crowd USERS N OUT    that many users under the first phone's principal, each
 *          ITEM...                        with a grant for each ITEM; OUT: the phones of N of them
 *   fill CONF PHONES register UNITS SKIP  a principal with a phone, and a manager and a user with a
 *          ITEM                           grant for ITEM who have not taken it up yet, in every
 *                                         unit of the file UNITS (units.py) but the first SKIP
 *
 * PHONES is what load_unitpass made; OUT has its form. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fill.h"
#include "measure.h"

struct unit { char code[19]; struct up_fill_one principal, manager, user; struct up_span ref; };

static struct {
	struct up_fill *fill;
	json_t *phones;                  /* the file */
	struct up_fill_step steps[UP_FILL_BATCH];
	struct unit units[UP_FILL_BATCH];
	long people;                     /* invented so far */
} run;

static const char *token_of(size_t i)
{
	return json_string_value(
	    json_object_get(json_array_get(json_object_get(run.phones, "phones"), i), "token"));
}

/* A phone that somebody will sign with. */
static bool with_key(struct up_fill_one *p)
{
	return up_jwk_generate(&p->key) == UP_OK;
}

/* --- phones of ours --- */

static bool put_phone(json_t *list, struct up_fill_one *p)
{
	json_t *o = json_pack("{s:o, s:s}", "key", up_jwk_to_json(p->key, true), "token", p->token);

	up_jwk_free(&p->key);
	return o != NULL && json_array_append_new(list, o) == 0;
}

/* LIST is let go of. */
static bool save(const char *file, json_t *list)
{
	json_t *o = json_pack("{s:O, s:O, s:o}", "issuer", json_object_get(run.phones, "issuer"),
	    "password", json_object_get(run.phones, "password"), "phones", list);
	int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool good = o != NULL && fd >= 0 && json_dumpfd(o, fd, JSON_COMPACT) == 0;

	if (!good)
		up_bench_complain("%s: %s", file, strerror(errno));
	if (fd >= 0 && close(fd) != 0)
		good = false;
	json_decref(o);
	return good;
}

/* --- a manager, a user, a grant, in N units --- */

#define EACH(i, n, what) \
	do \
		for (size_t i = 0; i < (n); i++) { what; } \
	while (0)

static bool put_principals(size_t n)
{
	EACH(i, n, up_fill_window(run.fill, &run.steps[i], run.units[i].code,
	    &run.units[i].principal));
	if (!up_fill_run(run.fill, run.steps, n))
		return false;
	EACH(i, n, up_fill_enrol(run.fill, &run.steps[i], &run.units[i].principal));
	return up_fill_run(run.fill, run.steps, n);
}

static bool put_managers(size_t n)
{
	EACH(i, n, up_fill_add(run.fill, &run.steps[i], &run.units[i].principal, UP_ROLE_MANAGER,
	    &run.units[i].manager));
	if (!up_fill_run(run.fill, run.steps, n))
		return false;
	EACH(i, n, up_fill_enrol(run.fill, &run.steps[i], &run.units[i].manager));
	return up_fill_run(run.fill, run.steps, n);
}

/* Her plain code takes the grant as well: it was made after that. */
static bool put_users(size_t n, const struct up_span *item)
{
	EACH(i, n, up_fill_add(run.fill, &run.steps[i], &run.units[i].manager, UP_ROLE_USER,
	    &run.units[i].user));
	if (!up_fill_run(run.fill, run.steps, n))
		return false;
	EACH(i, n, run.units[i].ref = up_span_str(run.units[i].user.ref);
	    up_fill_grant(run.fill, &run.steps[i], &run.units[i].manager, &run.units[i].ref, 1,
		item));
	EACH(i, n, memcpy(run.units[i].user.code, run.steps[i].hashes[0], 32));
	if (!up_fill_run(run.fill, run.steps, n))
		return false;
	EACH(i, n, up_fill_enrol(run.fill, &run.steps[i], &run.units[i].user));
	return up_fill_run(run.fill, run.steps, n);
}

static void invent(struct up_fill_one *p)
{
	up_fill_person(p, run.people++);
}

static bool chains(size_t n, const char *item_code, const char *out)
{
	const struct up_span item = up_span_str(item_code);
	json_t *list = json_array();
	bool good = n <= UP_FILL_BATCH;

	for (size_t i = 0; good && i < n; i++) {
		struct unit *u = &run.units[i];

		invent(&u->manager);
		invent(&u->user);
		good = token_of(i) != NULL && with_key(&u->user) &&
		    up_fill_known(run.fill, token_of(i), &u->principal);
	}
	good = good && put_managers(n) && put_users(n, &item);
	for (size_t i = 0; good && i < n; i++)
		good = put_phone(list, &run.units[i].user);
	return save(out, list) && good;
}

/* --- a crowd in one unit --- */

#define CROWD_MAX UP_FILL_BATCH

struct crowd { struct up_fill_one principal, *users; struct up_span *refs; size_t n; };

static bool add_crowd(struct crowd *c)
{
	bool good = true;

	for (size_t i = 0; good && i < c->n; i += UP_FILL_BATCH) {
		size_t n = c->n - i < UP_FILL_BATCH ? c->n - i : UP_FILL_BATCH;

		EACH(k, n, up_fill_add(run.fill, &run.steps[k], &c->principal, UP_ROLE_USER,
		    &c->users[i + k]));
		good = up_fill_run(run.fill, run.steps, n);
	}
	EACH(i, c->n, c->refs[i] = up_span_str(c->users[i].ref));
	return good;
}

static bool grant_crowd(struct crowd *c, const struct up_span *item)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n && n < UP_FILL_BATCH; i += UP_GRANT_USERS_MAX)
		up_fill_grant(run.fill, &run.steps[n++], &c->principal, c->refs + i,
		    c->n - i < UP_GRANT_USERS_MAX ? c->n - i : UP_GRANT_USERS_MAX, item);
	return up_fill_run(run.fill, run.steps, n);
}

/* One code for her edge and all grants that wait. */
static bool enrol_crowd(struct crowd *c, size_t n, json_t *list)
{
	bool good = true;

	EACH(i, n, good = with_key(&c->users[i]) && good);
	EACH(i, c->n, up_fill_again(run.fill, &run.steps[i], &c->principal, &c->users[i]));
	good = good && up_fill_run(run.fill, run.steps, c->n);
	if (good)
		EACH(i, c->n, up_fill_enrol(run.fill, &run.steps[i], &c->users[i]));
	good = good && up_fill_run(run.fill, run.steps, c->n);
	for (size_t i = 0; good && i < n; i++)
		good = put_phone(list, &c->users[i]);
	return good;
}

static bool crowd(size_t users, size_t phones, const char *out, char **items, int n_items)
{
	struct crowd c = { .n = users };
	json_t *list = json_array();
	bool good = token_of(0) != NULL && users <= CROWD_MAX && phones <= users &&
	    phones <= UP_FILL_BATCH && up_fill_known(run.fill, token_of(0), &c.principal);

	c.users = calloc(users, sizeof(*c.users));
	c.refs = calloc(users, sizeof(*c.refs));
	if (c.users == NULL || c.refs == NULL)
		abort();
	EACH(i, users, invent(&c.users[i]));
	good = good && add_crowd(&c);
	for (int i = 0; good && i < n_items; i++) {
		const struct up_span item = up_span_str(items[i]);

		good = grant_crowd(&c, &item);
	}
	good = good && enrol_crowd(&c, phones, list);
	free(c.users);
	free(c.refs);
	return save(out, list) && good;
}

/* --- a register --- */

/* Of people at phones as many as make the tables great: what is written at random places of their
 * indexes is what takes the time. */
static bool put_people(size_t n, const struct up_span *item)
{
	EACH(i, n, up_fill_add(run.fill, &run.steps[i], &run.units[i].principal, UP_ROLE_MANAGER,
	    &run.units[i].manager));
	if (!up_fill_run(run.fill, run.steps, n))
		return false;
	EACH(i, n, up_fill_add(run.fill, &run.steps[i], &run.units[i].principal, UP_ROLE_USER,
	    &run.units[i].user));
	if (!up_fill_run(run.fill, run.steps, n))
		return false;
	EACH(i, n, run.units[i].ref = up_span_str(run.units[i].user.ref);
	    up_fill_grant(run.fill, &run.steps[i], &run.units[i].principal, &run.units[i].ref, 1,
		item));
	return up_fill_run(run.fill, run.steps, n);
}

static bool next_units(FILE *f, size_t *n)
{
	char line[2000];

	for (*n = 0; *n < UP_FILL_BATCH && fgets(line, sizeof(line), f) != NULL; ++*n) {
		struct unit *u = &run.units[*n];

		if (strcspn(line, ",") != 18)
			return false;
		memcpy(u->code, line, 18);
		invent(&u->principal);
		invent(&u->manager);
		invent(&u->user);
	}
	return true;
}

static bool fill_register(const char *file, long skip, const char *item_code)
{
	const struct up_span item = up_span_str(item_code);
	int64_t began = up_bench_now_us();
	FILE *f = fopen(file, "re");
	char line[2000];
	size_t n = 0, done = 0;
	bool good = f != NULL;

	for (long i = 0; good && i <= skip; i++)         /* the heads too */
		good = fgets(line, sizeof(line), f) != NULL;
	while (good && next_units(f, &n) && n > 0) {
		good = put_principals(n) && put_people(n, &item);
		done += n;
		if (good)
			fprintf(stderr, "%zu units after %.0f s\n", done,
			    (double)(up_bench_now_us() - began) / 1e6);
	}
	if (!good)
		up_bench_complain("%s: cannot be used from unit %zu on", file, done);
	if (f != NULL)
		fclose(f);
	return good;
}

/* --- arguments --- */

static int usage(void)
{
	fputs("usage: fill CONF PHONES chains N ITEM OUT\n"
	      "       fill CONF PHONES crowd USERS N OUT ITEM...\n"
	      "       fill CONF PHONES register UNITS SKIP ITEM\n", stderr);
	return 2;
}

static bool perform(int argc, char **argv)
{
	if (strcmp(argv[3], "chains") == 0)
		return chains((size_t)up_bench_number("N", argv[4], 1, UP_FILL_BATCH), argv[5],
		    argv[6]);
	run.people = 1000;
	if (strcmp(argv[3], "crowd") == 0)
		return crowd((size_t)up_bench_number("USERS", argv[4], 1, CROWD_MAX),
		    (size_t)up_bench_number("N", argv[5], 1, UP_FILL_BATCH), argv[6], argv + 7,
		    argc - 7);
	run.people += CROWD_MAX;
	return fill_register(argv[4], up_bench_number("SKIP", argv[5], 0, 1000000), argv[6]);
}

int main(int argc, char **argv)
{
	const char *password;

	if (argc < 7)
		return usage();
	run.phones = json_load_file(argv[2], 0, NULL);
	password = json_string_value(json_object_get(run.phones, "password"));
	run.fill = up_fill_open(argv[1], password != NULL ? password : "");
	bool good = run.fill != NULL && perform(argc, argv);
	up_fill_close(&run.fill);
	json_decref(run.phones);
	return good ? 0 : 1;
}
