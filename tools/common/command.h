/* SPDX-License-Identifier: Apache-2.0
 * Programs with subcommands, over glibc's argp: a table of commands, each with its own options and
 * --help. Wrong use ends with exit status 2 and a text that names what exists. */
#ifndef UP_COMMAND_H
#define UP_COMMAND_H

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/span.h"
#include "tools/common/terminal.h"

#define UP_COMMAND_KEYS 32               /* option keys of a command: 1 .. 31 */
#define UP_COMMAND_REPEATED 64           /* values of repeated options in one command line */
#define UP_OPTION_REPEATS 0x1000         /* among an option's flags: may be given again */
#define UP_COMMAND_USAGE 2               /* exit status for wrong use */

struct up_command_line {                 /* borrowed from argv; all of it is valid UTF-8 */
	const char *values[UP_COMMAND_KEYS]; /* by key; "" for a flag that was given, NULL for what
						was not; of a repeated one the first */
	struct { int key; const char *value; } repeated[UP_COMMAND_REPEATED];    /* in order */
	size_t n_repeated;
	const char *argument;
	void *program;                           /* of struct up_program */
};

struct up_command {
	const char *name;                        /* "init", "unit import" */
	const char *argument;                    /* name of the one argument, or NULL for none */
	const char *help; /* what it does; after \v the details; UP_WORDS, as the docs of options */
	const struct argp_option *options;       /* or NULL */
	uint32_t required;                       /* bit of each key that must be given */
	int (*run)(struct up_command_line *);    /* gives the exit status */
};
#define UP_COMMAND_NEED(key) (UINT32_C(1) << (key))

struct up_program {
	const char *help;                        /* UP_WORDS */
	/* allowed before and after the command; keys are letters or >= 256 */
	const struct argp_option *options;
	void (*take)(void *arg, int key, const char *value);
	/* after all options: NULL, or what is wrong; may be NULL */
	const char *(*check)(const void *arg);
	const struct up_command *commands;
	size_t n;
	void *arg;
};

/* Parse and run. Returns the command's exit status; leaves by exit() after --help (0) and wrong use
 * (2). */
int up_command_main(const struct up_program *, int argc, char **argv);
/* Is this an id as the server makes them: base64url of 128 bits? */
bool up_command_id(const char *text);
/* Wrong use found later: print and exit(2). */
void up_command_wrong(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
