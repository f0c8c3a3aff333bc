/* SPDX-License-Identifier: Apache-2.0
 * The --help of programs with subcommands, in the language of the person who asks. argp's own wraps
 * by bytes and speaks English. */
#ifndef UP_HELP_H
#define UP_HELP_H

#include "tools/common/command.h"

/* All commands with what they do; GROUP not NULL: those of this first word only. */
void up_help_commands(FILE *, const struct up_program *, const char *group);
void up_help_program(FILE *, const struct up_program *);
void up_help_command(FILE *, const struct up_program *, const struct up_command *);

#endif
