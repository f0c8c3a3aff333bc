/* SPDX-License-Identifier: Apache-2.0
 * The URI of a PostgreSQL server, as libpq reads it: whoever reads it in another way finds no
 * secret where libpq finds one. Its own messages quote the text and go nowhere.
 * Source: documentation of PostgreSQL 15, section 34.1. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/db/postgres.h"

#define UNREADABLE "postgresql://..."

static const char *set_in(const PQconninfoOption *options, const char *name)
{
	for (; options->keyword != NULL; options++)
		if (strcmp(options->keyword, name) == 0)
			return options->val;
	return NULL;
}

static const char *value_of(const PQconninfoOption *options, const char *name)
{
	const char *value = set_in(options, name);

	return value != NULL ? value : "";
}

/* --- reading --- */

static const char *words_for(const char *error)
{
	static const struct { const char *theirs, *ours; } table[] = {
		{ "query parameter", "an invalid URI query parameter" },
		{ "percent-encoded", "an invalid URI: a percent sign without two digits" },
	};

	for (size_t i = 0; error != NULL && i < UP_ARRAY_LEN(table); i++)
		if (strstr(error, table[i].theirs) != NULL)
			return table[i].ours;
	return error != NULL ? "an invalid URI" : "no memory";
}

/* user:password/name, where the host was forgotten, has a password as its port; libpq complains
 * when it connects, and names it. */
static bool are_ports(const char *ports)
{
	return ports[strspn(ports, "0123456789,")] == '\0';
}

/* Of user:pass/word@host, libpq takes what is before the slash for a host and its port, and the
 * rest, half of a password, for a database's name; of user:pass@word@host, "word@host" for a host.
 * Both go into messages and over the wire. Whoever means an @ writes %40. */
static bool has_stray_at(const char *uri)
{
	const char *p = strstr(uri, "://"), *user;

	if (p == NULL)
		return false;
	user = p += strlen("://");
	p += strcspn(p, "@/");
	p = *p == '@' ? p + 1 : user;
	return memchr(p, '@', strcspn(p, "?")) != NULL;
}

PQconninfoOption *up_postgres_uri(const char *uri, const char **wrong)
{
	char *error = NULL;
	PQconninfoOption *options = PQconninfoParse(uri, &error);

	*wrong = NULL;
	if (options == NULL) {
		*wrong = words_for(error);
		PQfreemem(error);
	} else if (!are_ports(value_of(options, "port"))) {
		*wrong = "an invalid URI: a port that is no number";
	} else if (has_stray_at(uri)) {
		*wrong = "an invalid URI: an @ too many; percent-encode the password, or put it "
			 "into database_password_file";
	}
	if (*wrong != NULL) {
		PQconninfoFree(options);         /* takes NULL */
		options = NULL;
	}
	return options;
}

const char *up_postgres_uri_wrong(const char *uri)
{
	const char *wrong;

	PQconninfoFree(up_postgres_uri(uri, &wrong));    /* takes NULL */
	return wrong;
}

/* A password is a secret by its name; '*' marks what libpq itself would hide. */
static bool is_secret(const PQconninfoOption *o)
{
	return o->dispchar[0] == '*' || strcmp(o->keyword, "password") == 0 ||
	    strcmp(o->keyword, "sslpassword") == 0;
}

bool up_postgres_uri_has_secret(const char *uri)
{
	const char *wrong;
	PQconninfoOption *options = up_postgres_uri(uri, &wrong);
	bool has = false;

	for (const PQconninfoOption *o = options; o != NULL && o->keyword != NULL; o++)
		has = has || (is_secret(o) && o->val != NULL && o->val[0] != '\0');
	PQconninfoFree(options);
	return has;
}

/* --- how much proof it takes --- */

/* As libpq takes it: what the URI leaves out, though not what it leaves empty, the environment
 * says. */
static struct up_span effective(
    const PQconninfoOption *options, const char *name, const char *variable)
{
	const char *value = set_in(options, name);

	return up_span_str(value != NULL ? value : getenv(variable));
}

/* By its bytes: 127.example.com is a name, and anybody's. */
static bool is_loopback(struct up_span address)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr six;
	struct in_addr four;

	if (address.n >= sizeof(text))
		return false;
	memcpy(text, address.p, address.n);
	text[address.n] = '\0';
	if (inet_pton(AF_INET, text, &four) == 1)
		return ntohl(four.s_addr) >> 24 == 127;
	return inet_pton(AF_INET6, text, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

/* Are all HOSTS (with commas between them) on this machine? An empty one is libpq's own socket. */
static bool are_hosts_local(struct up_span hosts)
{
	struct up_span host;

	do {
		up_span_cut(hosts, ',', &host, &hosts);
		if (host.n > 0 && host.p[0] != '/' && host.p[0] != '@' &&
		    !up_span_eq_str(host, "localhost") && !is_loopback(host))
			return false;
	} while (hosts.n > 0);
	return true;
}

/* An address goes before its host; where one of the list is empty, its host is where we go. */
static bool is_local(struct up_span addresses, struct up_span hosts)
{
	struct up_span address;

	if (addresses.n == 0)
		return are_hosts_local(hosts);
	if (addresses.p[addresses.n - 1] == ',' && !are_hosts_local(hosts))
		return false;
	while (addresses.n > 0) {
		up_span_cut(addresses, ',', &address, &addresses);
		if (address.n == 0 ? !are_hosts_local(hosts) : !is_loopback(address))
			return false;
	}
	return true;
}

/* Who the server is must be proven wherever somebody could stand in between. A service is a file
 * that may name any host. */
const char *up_postgres_sslmode(const PQconninfoOption *options)
{
	struct up_span addresses = effective(options, "hostaddr", "PGHOSTADDR");
	struct up_span hosts = effective(options, "host", "PGHOST");
	bool has_service = set_in(options, "service") != NULL || getenv("PGSERVICE") != NULL;

	return !has_service && is_local(addresses, hosts) ? "prefer" : "verify-full";
}

/* --- showing --- */

/* As in a URI, but that what stands in paths and lists stays readable. */
static void put_value(struct up_buf *b, const char *value)
{
	for (; *value != '\0'; value++) {
		if (strchr("/,:", *value) != NULL)
			up_buf_put_char(b, *value);
		else
			up_buf_put_percent(b, up_span_of(value, 1));
	}
}

static void put_parameter(struct up_buf *b, const PQconninfoOption *options, const char *name,
    char *separator)
{
	const char *value = value_of(options, name);

	if (value[0] == '\0')
		return;
	up_buf_put_char(b, *separator);
	up_buf_put_str(b, name);
	up_buf_put_char(b, '=');
	put_value(b, value);
	*separator = '&';
}

/* Sockets and several hosts read better behind the name of the database. */
static bool fits_in_front(const PQconninfoOption *options)
{
	const char *host = value_of(options, "host");

	return host[0] != '\0' && host[strcspn(host, "/@,:")] == '\0';
}

static void put_uri(struct up_buf *b, const PQconninfoOption *options)
{
	const char *user = value_of(options, "user"), *port = value_of(options, "port");
	bool in_front = fits_in_front(options);
	char separator = '?';

	up_buf_put_str(b, "postgresql://");
	up_buf_put_percent(b, up_span_str(user));
	up_buf_put_str(b, user[0] != '\0' ? "@" : "");
	if (in_front) {
		up_buf_put_percent(b, up_span_str(value_of(options, "host")));
		up_buf_put_str(b, port[0] != '\0' ? ":" : "");
		up_buf_put_str(b, port);
	}
	up_buf_put_char(b, '/');
	up_buf_put_percent(b, up_span_str(value_of(options, "dbname")));
	if (!in_front) {
		put_parameter(b, options, "host", &separator);
		put_parameter(b, options, "port", &separator);
	}
	put_parameter(b, options, "hostaddr", &separator);
	put_parameter(b, options, "service", &separator);
}

void up_postgres_uri_show(const char *uri, char out[256])
{
	const char *wrong, *text = NULL;
	PQconninfoOption *options = up_postgres_uri(uri, &wrong);
	struct up_buf b = { 0 };

	if (options != NULL) {
		put_uri(&b, options);
		text = up_buf_cstr(&b);
	}
	snprintf(out, 256, "%s", text != NULL ? text : UNREADABLE);
	PQconninfoFree(options);
	up_buf_free(&b);
}
