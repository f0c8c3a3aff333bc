/* SPDX-License-Identifier: Apache-2.0
 * A server with the real handlers over a faulty engine, the client "secret" and a phone that is
 * enrolled; and a login's steps at it, each a call over HTTP. */
#ifndef UP_LIVE_LOGIN_H
#define UP_LIVE_LOGIN_H

#include "server/http/http.h"
#include "test_store_fixture.h"

#define LOGIN_TEXT (1 << 16)

extern struct fixture login_store;
extern struct up_server login_server;    /* its live is live_faulty.h's */
extern struct up_listener *login_listener;
extern char login_address[], login_watch_address[];
extern char login_question[], login_answer[];    /* of the last call, whole */

void login_begin(bool waits);            /* WAITS: as an engine on another machine does */
void login_end(void);
int login_connect(const char *where);
bool login_says(const char *text);       /* the last answer */

struct login {
	char device[32], watch[64], frame[160];
	char transaction[32], client[32], origin[64], challenge[32], shown[16];
	char item[32];                   /* that the portal asks for; "": none */
	char unit[32], certificate[64], role[16];
	int64_t deadline;
};

/* Each gives the status. */
int login_call(const char *path, const char *body);      /* the phone's, of another kind */
int login_post(const char *path, const char *headers, const char *body);
int login_start(struct login *);
int login_poll(struct login *);
int login_frame(struct login *);         /* a snapshot, with what the phone scans */
int login_scan(struct login *);
int login_approve(struct login *);
int login_mistype(struct login *);       /* approve with a wrong password */
int login_not_mine(struct login *);

#endif
