/* SPDX-License-Identifier: Apache-2.0
 * What the commands of unitpassctl share. Exit status: 0 done, 1 refused or failed (standard error
 * says why), 2 wrong use. With --json, standard output is one JSON object (or one a line),
 * {"error","message"} when it failed. */
#ifndef UP_CTL_H
#define UP_CTL_H

#include <jansson.h>

#include "core/uscc.h"
#include "server/config.h"
#include "server/store/op.h"
#include "server/store/view.h"
#include "tools/common/command.h"
#include "tools/common/table.h"

#define UP_CTL_CONFIG "/etc/unitpass/unitpassd.conf"
#define UP_CTL_NAME_MAX 60               /* characters of a name of a client, item, clerk, window */
#define UP_CTL_NAME_SIZE (4 * UP_CTL_NAME_MAX + 1)

struct up_ctl {
	const char *config_file;
	bool json;
	struct up_config *config;
	struct up_data_keys *data_keys;
	struct up_store *store;
	int64_t now_ms;
};

/* Configuration, then the database unless the command makes it. False: said why. */
bool up_ctl_configure(struct up_ctl *);
bool up_ctl_open(struct up_ctl *);
void up_ctl_close(struct up_ctl *);
/* Run OP as KIND, now. */
enum up_err up_ctl_run(const struct up_ctl *, enum up_op_kind kind, struct up_op *op);
/* Who sits at the command line, as change records name him: of several who become root by sudo,
 * which one. */
const char *up_ctl_administrator(void);

/* Say what failed; gives exit status 1. CODE: stable word for scripts. */
int up_ctl_fail(const struct up_ctl *, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The same for ERR, with its own text. WHAT: which thing. */
int up_ctl_fail_err(const struct up_ctl *, enum up_err err, const char *what);
/* Say what is not as it should be, while the command goes on. */
void up_ctl_warn(const char *text);
/* Print V as one line and let go of it. Gives exit status 0, or 1 when V is NULL (no memory) or
 * cannot be written. */
int up_ctl_print(const struct up_ctl *, json_t *v);
json_t *up_ctl_text(struct up_span);

/* What the commands that list things gather: with --json an array, else a table. */
struct up_ctl_list {
	const struct up_ctl *ctl;
	struct up_table *table;
	json_t *json;                    /* NULL without --json */
};
/* HEADS as up_table_new takes them; opens the database. False: said why, unless memory ran out. */
bool up_ctl_list_begin(struct up_ctl_list *, struct up_ctl *, const char *const *heads, size_t n);
/* Print what was gathered, the array as NAME of one object; ERR, how gathering it ended, is said of
 * COMMAND ("unit list"). Gives the exit status. */
int up_ctl_list_end(
    const struct up_ctl_list *, enum up_err err, const char *command, const char *name);
void up_ctl_list_free(struct up_ctl_list *);     /* after a begin that failed too */

/* Is there such a thing, now or ever? True too for KEY NULL. False: said that there is none, and
 * how to list them. */
bool up_ctl_knows(const struct up_ctl *, enum up_known kind, const char *key);

/* Text that people will read on phones and in records, in the one spelling that is stored
 * (core/normal.h): 1 to UP_CTL_NAME_MAX characters. False: said what is wrong with OPTION
 * ("--name"). */
bool up_ctl_name(const struct up_ctl *, const char *option, const char *text,
    char out[UP_CTL_NAME_SIZE]);
/* A unified social credit code as people type it; UNIT: of a public institution. False: said why,
 * under CODE. */
bool up_ctl_uscc(const struct up_ctl *, const char *code, const char *text, bool unit,
    char out[UP_USCC_LEN + 1]);
/* The same for an option --unit that may be NULL: gives NULL or OUT; wrong is wrong use,
 * and ends. */
const char *up_ctl_unit_option(const char *text, char out[UP_USCC_LEN + 1]);
/* --at and --all of a command that asks about the past; AT NULL, not ALL: what stands now. A day
 * that has not come, or is none, is wrong use, and ends. */
struct up_when up_ctl_when(const char *at, bool all);
/* The state of what was made, taken and ended at these times (ms, 0: not), as of WHEN: "waiting",
 * "live", "ended". */
const char *up_ctl_state(
    const struct up_when *, int64_t live_ms, int64_t ended_ms);
const char *up_ctl_state_word(const char *state);
/* "2026-03-01" of ms; "" for 0. */
const char *up_ctl_day(int64_t ms, char out[16]);
/* Asks QUESTION, at a terminal and without YES: what was told before cannot be undone. A script
 * that names the command means it. */
bool up_ctl_confirm(const struct up_ctl *, bool yes, const char *question);
/* Lower-case letters, digits, '.', '_', '-', beginning with a letter or digit, at most 64: ids of
 * clients and items. */
bool up_ctl_id_ok(const char *text);

int up_ctl_clock_accept(struct up_command_line *);
int up_ctl_database_copy(struct up_command_line *);
extern const struct argp_option up_database_copy_options[];

int up_key_rotate(struct up_command_line *);
extern const struct argp_option up_key_rotate_options[];

int up_init_run(struct up_command_line *);
extern const struct argp_option up_init_options[];
int up_authority_add(struct up_command_line *);
int up_authority_list(struct up_command_line *);
extern const struct argp_option up_authority_options[];
int up_unit_import(struct up_command_line *);
int up_unit_show(struct up_command_line *);
int up_unit_list(struct up_command_line *);
int up_ctl_unit_change(struct up_command_line *);
int up_ctl_unit_renew(struct up_command_line *);
int up_ctl_unit_cancel(struct up_command_line *);
extern const struct argp_option up_unit_import_options[], up_unit_show_options[],
    up_unit_change_options[], up_unit_end_options[];
int up_client_add(struct up_command_line *);
int up_client_rotate(struct up_command_line *);
int up_client_list(struct up_command_line *);
int up_client_show(struct up_command_line *);
int up_client_disable(struct up_command_line *);
int up_client_enable(struct up_command_line *);
int up_client_remove(struct up_command_line *);
extern const struct argp_option up_client_options[], up_client_rotate_options[],
    up_client_list_options[];
int up_device_list(struct up_command_line *);
int up_device_end(struct up_command_line *);
extern const struct argp_option up_device_options[];
int up_item_add(struct up_command_line *);
int up_item_list(struct up_command_line *);
int up_item_end(struct up_command_line *);
extern const struct argp_option up_item_options[], up_item_list_options[],
    up_item_end_options[];
int up_ctl_holder_list(struct up_command_line *);
int up_ctl_holder_show(struct up_command_line *);
int up_ctl_holder_end(struct up_command_line *);
extern const struct argp_option up_ctl_holder_options[], up_ctl_holder_show_options[],
    up_ctl_holder_end_options[];
int up_ctl_grant_list(struct up_command_line *);
extern const struct argp_option up_ctl_grant_options[];
int up_enrol_run(struct up_command_line *);
extern const struct argp_option up_enrol_options[];
int up_usage_list(struct up_command_line *);
int up_usage_show(struct up_command_line *);
int up_usage_prove(struct up_command_line *);
int up_usage_verify(struct up_command_line *);
extern const struct argp_option up_usage_options[], up_usage_prove_options[],
    up_usage_verify_options[];

#endif
