/* SPDX-License-Identifier: Apache-2.0
 * The tables of routes, one a room: method, path, who may call, what body, handler; and how the
 * room tells what is refused. */
#ifndef UP_ROUTES_H
#define UP_ROUTES_H

#include "server/http/http.h"

extern const struct up_room up_room_oauth, up_room_login, up_room_public, up_room_holder,
    up_room_admin;
/* What each listener answers; NULL-terminated. */
extern const struct up_room *const up_rooms_main[], *const up_rooms_watch[],
    *const up_rooms_admin[];

/* Sets r->room, r->route and r->tail. UP_E_NOT_FOUND; UP_E_METHOD (with an Allow header). */
UP_MUST_USE enum up_err up_routes_find(const struct up_room *const *rooms, struct up_request *);

/* Handlers, by file. */
void up_discovery_configuration(struct up_request *);            /* discovery.c */
void up_discovery_jwks(struct up_request *);
void up_device_authorization(struct up_request *);               /* device_authorization.c */
void up_token(struct up_request *);                              /* token.c */
void up_userinfo(struct up_request *);                           /* userinfo.c */
void up_watch(struct up_request *);                              /* watch.c */
void up_pages_q(struct up_request *);                            /* pages.c */
void up_pages_e(struct up_request *);
void up_holder_enrolment(struct up_request *);                   /* holder/enrol.c */
void up_holder_enrolment_accept(struct up_request *);
void up_holder_certificates(struct up_request *);                /* certificates.c */
void up_holder_usage(struct up_request *);
void up_holder_changes(struct up_request *);
void up_holder_managers(struct up_request *);                    /* holder/people.c */
void up_holder_manager(struct up_request *);
void up_holder_manager_add(struct up_request *);
void up_holder_manager_code(struct up_request *);
void up_holder_manager_delete(struct up_request *);
void up_holder_users(struct up_request *);
void up_holder_user(struct up_request *);
void up_holder_user_add(struct up_request *);
void up_holder_user_code(struct up_request *);
void up_holder_user_delete(struct up_request *);
void up_holder_items(struct up_request *);                       /* items.c */
void up_holder_grants(struct up_request *);                      /* grants.c */
void up_holder_grant(struct up_request *);
void up_holder_grant_add(struct up_request *);
void up_holder_grant_cancel(struct up_request *);
void up_holder_devices(struct up_request *);                     /* devices.c */
void up_holder_device_end(struct up_request *);
void up_holder_scan(struct up_request *);                        /* login/scan.c */
void up_holder_decision(struct up_request *);                    /* login/decision.c */
void up_admin_health(struct up_request *);                       /* metrics.c */
void up_admin_metrics(struct up_request *);

/* socket.c: a listening descriptor, or -1 and WHY. *UNIX_PATH is the caller's. */
int up_listener_socket(const char *address, char **unix_path, char why[256]);
void up_listener_socket_close(int fd, const char *unix_path);

#endif
