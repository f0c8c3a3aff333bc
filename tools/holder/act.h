/* SPDX-License-Identifier: Apache-2.0
 * What a holder does to others for a unit: which certificate she acts by, what she reads, and what
 * she changes, with her password, signed whole and done once. */
#ifndef UP_HOLDER_ACT_H
#define UP_HOLDER_ACT_H

#include "tools/holder/holder.h"

/* Keys of the options that these commands share; a command's own begin with UP_ACT_OWN. */
enum { UP_ACT_CERTIFICATE = 1, UP_ACT_YES, UP_ACT_PASSWORD_FILE, UP_ACT_BEFORE, UP_ACT_LIMIT,
	UP_ACT_OWN };

#define UP_ACT_CERTIFICATE_OPTION { "certificate", UP_ACT_CERTIFICATE, "NO", 0, \
	    UP_WORDS("for the unit of this certificate, when the phone has several", \
	    "手机上有多个证书时，代表此证书的单位办理"), 0 }
#define UP_ACT_CHANGE_OPTIONS UP_ACT_CERTIFICATE_OPTION, \
	{ "yes", UP_ACT_YES, NULL, 0, UP_WORDS("do it without a question", "不再询问，直接办理"), 0 }, \
	{ "password-file", UP_ACT_PASSWORD_FILE, "FILE", 0, \
	    UP_WORDS("its first line is the certificate password (mode 0600)", \
	    "首行为证书密码的文件（权限 0600）"), 0 }
#define UP_ACT_PAGE_OPTIONS UP_ACT_CERTIFICATE_OPTION, \
	{ "before", UP_ACT_BEFORE, "N", 0, UP_WORDS("the next page: what follows this number", \
	    "下一页：此序号之后的"), 0 }, \
	{ "limit", UP_ACT_LIMIT, "N", 0, UP_WORDS("at most so many, 1 to 500 (default 50)", \
	    "最多条数，1 至 500（默认 50）"), 0 }

struct up_holder_act {
	struct up_holder *h;
	const struct up_command_line *line;
	char certificate[256];           /* its number */
	struct up_holder_answer answer;  /* the last one */
};

/* Open the phone and say for which unit she acts: the one named, the only one, or the one chosen at
 * the terminal. 0, or the exit status: said why. */
UP_MUST_USE int up_holder_act_begin(struct up_holder_act *, struct up_command_line *);
void up_holder_act_end(struct up_holder_act *);

/* Read PATH; the query is the certificate and MORE ("user=..", or NULL), and for a page the options
 * that were given. 0: the answer is there. */
UP_MUST_USE int up_holder_act_get(struct up_holder_act *, const char *path, const char *more);
UP_MUST_USE int up_holder_act_page(struct up_holder_act *, const char *path, const char *more);
/* Change something: BODY, which is taken, without certificate and password. Those are put in, the
 * password asked for again when it was wrong at a terminal. 0: done, with the server's answer. */
UP_MUST_USE int up_holder_act_change(struct up_holder_act *, const char *path, json_t *body);
/* Agreed to QUESTION, by --yes or at the terminal? Without either: 2 or 1, said so. */
UP_MUST_USE int up_holder_act_agree(const struct up_holder_act *, const char *question);

/* "/holder/users/REF/code": PATH of one. Wrong use, and ends, when REF is no reference. */
void up_holder_act_path(char out[128], const char *list, const char *ref, const char *what);

/* --- code.c --- */

/* What the person scans face to face: drawn, with its text, and how long it is good. ANSWER has
 * "code" and "expires"; WHO may be empty. 0, or UP_HOLDER_FAILED. */
UP_MUST_USE int up_holder_code_show(
    const struct up_holder *, const json_t *answer, struct up_span who);

/* --- what main.c has commands of, with the keys of their own options --- */

enum { UP_PEOPLE_PERSON_FILE = UP_ACT_OWN, UP_PEOPLE_NAME, UP_PEOPLE_RESIDENT, UP_PEOPLE_MOBILE,
	UP_PEOPLE_NO_AUTHORISE };
enum { UP_GRANT_ITEM = UP_ACT_OWN, UP_GRANT_FROM, UP_GRANT_TO, UP_GRANT_USER };

int up_holder_manager_list(struct up_command_line *);
int up_holder_manager_add(struct up_command_line *);
int up_holder_manager_show(struct up_command_line *);
int up_holder_manager_code(struct up_command_line *);
int up_holder_manager_delete(struct up_command_line *);
int up_holder_user_list(struct up_command_line *);
int up_holder_user_add(struct up_command_line *);
int up_holder_user_show(struct up_command_line *);
int up_holder_user_code(struct up_command_line *);
int up_holder_user_delete(struct up_command_line *);
int up_holder_item_list(struct up_command_line *);
int up_holder_grant_add(struct up_command_line *);
int up_holder_grant_list(struct up_command_line *);
int up_holder_grant_show(struct up_command_line *);
int up_holder_grant_cancel(struct up_command_line *);
int up_holder_device_list(struct up_command_line *);
int up_holder_device_end(struct up_command_line *);

#endif
