/* SPDX-License-Identifier: Apache-2.0
 * What tests against a real PostgreSQL share. The server is the one of $UNITPASS_POSTGRES
 * (script/postgres run), else one that is started for this program and ends with it. */
#ifndef UP_TEST_POSTGRES_H
#define UP_TEST_POSTGRES_H

#include "unit.h"

#define POSTGRES_URL 400

/* A database of one's own; its owner is no superuser. */
struct postgres_base {
	char name[48], url[POSTGRES_URL], admin[POSTGRES_URL] /* superuser's URL */;
};
void postgres_make(struct postgres_base *);
void postgres_drop(struct postgres_base *);
/* Make and drop cost seconds under load: remember the rows and sequences of its tables, and put
 * them back, whoever is connected to it. The tables themselves must not be altered between. */
void postgres_keep(struct postgres_base *);
void postgres_restore(struct postgres_base *);
/* At the server where postgres_make would make one? */
bool postgres_is_here(const struct postgres_base *);
/* First column of the first row, 0 without rows; -1: failed. By a connection of its own. */
int64_t postgres_number(const char *url, const char *sql);
/* Wait until SQL gives N. False: not within 10 s. */
bool postgres_wait(const char *url, const char *sql, int64_t n);

/* A server of one's own that may be stopped; FOLDER is made by it. */
struct postgres_server { char folder[64], base[POSTGRES_URL] /* superuser's URL */; };
void postgres_server_start(struct postgres_server *, const char *settings);      /* again, too */
void postgres_server_stop(struct postgres_server *, const char *mode);
void postgres_server_drop(struct postgres_server *);

/* Stands between client and server, and cuts the connection over which a COMMIT comes: */
enum proxy_mode {
	PROXY_THROUGH,
	PROXY_CUT_BEFORE,                /* the server does not get it */
	PROXY_CUT_AFTER,                 /* the server answered, the client does not hear it */
	PROXY_CUT_AT_ONCE,               /* sent on, both sides closed in that moment */
	PROXY_HALF_BEFORE,               /* the server neither gets it nor is told of the end */
	PROXY_HALF_AFTER,                /* the server gets it and is not told of the end */
};
struct proxy;
/* URL: the way through the proxy to the database of TO. */
struct proxy *proxy_start(const char *to, char url[POSTGRES_URL]);
void proxy_arm(struct proxy *, enum proxy_mode); /* for the next COMMIT, once */
bool proxy_did(struct proxy *);                  /* cut since it was armed? */
void proxy_stop(struct proxy **);

#endif
