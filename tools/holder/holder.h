/* SPDX-License-Identifier: Apache-2.0
 * unitpass-holder, the reference phone on the command line: one folder is one phone. Exit status: 0
 * done as asked, 1 refused by the server (or by the person at the terminal), 2 wrong use, 3 the
 * phone's own folder or the network failed. */
#ifndef UP_HOLDER_TOOL_H
#define UP_HOLDER_TOOL_H

#include <jansson.h>

#include "core/jwk.h"
#include "core/password.h"
#include "core/person.h"
#include "tools/common/command.h"

#define UP_HOLDER_REFUSED 1
#define UP_HOLDER_FAILED 3

struct up_holder {
	/* --dir, --server, --ca, --lang, or NULL */
	const char *dir_name, *server, *ca, *lang;
	bool json, verbose;
	int dir;                                 /* descriptor of the folder; -1 */
	char *issuer, *token;                    /* NULL before the first certificate */
	char *device;                            /* reference, as records name this phone */
	struct up_jwk *key;
	uint8_t salt[UP_PASSWORD_SALT];
	json_t *certificates;                    /* array: what was downloaded */
	char nonce[129];                         /* last DPoP-Nonce of the server, "" at first */
	char why[256];                           /* what failed, for people */
};

/* --- state.c: the folder. Files of mode 0600, each replaced whole: phone.json (issuer, token, key,
 * salt, certificates), nonce. --- */

/* Open the folder and read what is there. ENROLS: make the folder (0700) when it is missing, and
 * lock it against another process that enrols; otherwise a phone without a certificate is an error.
 * A folder or file that others can use is refused. False: said why. */
bool up_holder_open(struct up_holder *, bool enrols);
void up_holder_close(struct up_holder *);        /* wipes */
/* Draw key and salt of a new phone. */
UP_MUST_USE enum up_err up_holder_new_key(struct up_holder *);
/* The server ended this phone: nothing of it is of use but the issuer. */
void up_holder_forget(struct up_holder *);
/* Write phone.json. UP_E_IO with why. */
UP_MUST_USE enum up_err up_holder_save(struct up_holder *);
void up_holder_save_nonce(struct up_holder *);

/* --- api.c: calls of the server --- */

struct up_holder_answer {
	long status;                             /* of HTTP */
	json_t *body;                            /* an object, owned */
};

struct up_holder_call {
	const char *method, *path;               /* "/holder/scan" */
	const char *query;                       /* without its question mark; or NULL */
	json_t *body;                            /* sent when not NULL; borrowed */
	const struct up_decision *decision;      /* in the proof, or NULL */
	const char *key;                         /* Idempotency-Key, or NULL */
};

/* Proof, request, and once more with the nonce when the server wants a newer one. UP_OK: the server
 * answered with a JSON object, which may be a refusal. UP_E_UPSTREAM and others: why. The caller
 * frees ANSWER in all cases. */
UP_MUST_USE enum up_err up_holder_call(
    struct up_holder *, const struct up_holder_call *, struct up_holder_answer *answer);
void up_holder_answer_free(struct up_holder_answer *);
/* "&NAME=VALUE", escaped; nothing for NULL. */
void up_holder_query_put(struct up_buf *query, const char *name, const char *value);
/* Open the phone and read PATH (QUERY may be NULL). 0, or the exit status: said why. The caller
 * frees ANSWER in all cases. */
int up_holder_get(
    struct up_holder *, const char *path, const char *query, struct up_holder_answer *answer);

/* --- show.c: what people see, and how commands end --- */

int up_holder_fail(const struct up_holder *, int status, const char *error, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
int up_holder_fail_err(const struct up_holder *, int status, enum up_err err);
/* The server's refusal: its error code and its words. Gives UP_HOLDER_REFUSED. */
int up_holder_refused(const struct up_holder *, const struct up_holder_answer *);
/* Print V as a line of JSON and let go of it. Gives 0, or UP_HOLDER_FAILED. */
int up_holder_print(json_t *v);
/* member, empty when it is no string */
struct up_span up_holder_text(const json_t *o, const char *name);
/* Seconds of the epoch as people read them; a text as it is. */
void up_holder_put_time(struct up_buf *, const json_t *when);
/* "label  words" of a code: up_words_put_role and its like. */
void up_holder_word_line(const char *label, void (*put_word)(struct up_buf *, struct up_span),
    struct up_span code);
/* Certificate, unit, role, fields as lines. */
void up_holder_show_certificate(const json_t *c);
/* Yes or no; no at the end of input. */
bool up_holder_ask(const char *question);

/* --- enrol.c, scan.c, person.c, password.c: the steps, also of each other --- */

struct up_holder_given {                 /* a person on the command line: a file, or its parts */
	const char *file, *name, *resident, *mobile;
};

/* What was said beforehand, on the command line. */
struct up_holder_consent {
	bool yes, agree, deny, not_mine;
	const char *certificate, *password_file;
	struct up_holder_given person;
};

int up_holder_usage(struct up_command_line *);   /* usage.c */
int up_holder_changes(struct up_command_line *);
extern const struct argp_option up_holder_usage_options[];

int up_holder_enrol(struct up_holder *, struct up_span text, const struct up_holder_consent *);
int up_holder_scan(struct up_holder *, struct up_span text, const struct up_holder_consent *);
/* A person's data, checked; what GIVEN lacks is asked for at a terminal, the name by the question
 * WHOSE. Gives 0, or the exit status: said why. The caller wipes *OUT. */
int up_holder_person(struct up_holder *, const struct up_holder_given *, const char *whose,
    struct up_person *out);
/* The certificate password, stretched. From the file, or asked; NEW: chosen, twice, by the rules,
 * which know the person's own numbers (OWN: resident ID and mobile; NULL: not new). Gives 0, or the
 * exit status. */
int up_holder_password(
    struct up_holder *, const char *file, const struct up_span *own, char out[44]);

/* Is it an enrolment code alone, without its issuer? */
bool up_holder_is_code(struct up_span text);
/* "{issuer}/{kind}/{rest}", KIND 'q' or 'e'. False when TEXT is not that. */
bool up_holder_split(struct up_span text, char kind, struct up_span *issuer, struct up_span *rest);

#endif
