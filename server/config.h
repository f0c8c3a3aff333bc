/* SPDX-License-Identifier: Apache-2.0
 * Configuration of unitpassd: one table of keys (config.c), parsed by libconfuse. */
#ifndef UP_CONFIG_H
#define UP_CONFIG_H

#include <stdio.h>

#include "core/span.h"
#include "core/target.h"

#define UP_CONFIG_PROXIES 16

struct up_config {
	char *issuer;            /* origin of the server as others see it */
	char *listen, *watch_listen, *admin_listen;  /* "host:port" or "unix:/path" */
	char *database;          /* file or postgresql:// URI */
	char *database_password_file;                /* or "" */
	char *keys;              /* folder of key files */
	char *live_secret;       /* file of the secret behind the keys of logins under way, or "" */
	char *roster;            /* CSV of the real-name check, or "" */
	/* The platform of the real-name check, or "": its address, key, and names (platform.h) */
	char *realname_url, *realname_key_id, *realname_secret_file, *realname_ca;
	char *realname_name, *realname_resident_id, *realname_mobile, *realname_answer;
	char *realname_match, *realname_mismatch, *realname_not_found;
	long realname_connect_ms, realname_timeout_ms, realname_tries, realname_pause_ms;
	long realname_failures, realname_rest_s, realname_threads, realname_again_s;
	long realname_per_minute;
	char *user, *group;      /* who to become when started as root */
	char *log;               /* plain | json */
	char *log_level;         /* error | warning | info | debug */
	long threads, connections, waiting_pages, transactions, frame_interval, rate_percent;
	struct up_cidr proxies[UP_CONFIG_PROXIES];
	size_t n_proxies;
};

/* Read FILE. On error *OUT is NULL and WHY holds "file:line: what is wrong and what to do".
 * UP_E_CONFIG, UP_E_IO. */
UP_MUST_USE enum up_err up_config_read(const char *file, struct up_config **out, char why[512]);
void up_config_free(struct up_config **);
/* The table as a commented sample file, and as the list of the man page (man(7) macros). */
void up_config_print_sample(FILE *);
void up_config_print_man(FILE *, bool chinese);

#endif
