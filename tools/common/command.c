/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include "tools/common/command.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "tools/common/help.h"
#include "tools/common/terminal.h"

const char *argp_program_version = PACKAGE_STRING;
const char *argp_program_bug_address = PACKAGE_BUGREPORT;

struct parse {
	const struct up_program *program;
	const struct up_command *command;
	struct up_command_line *line;
	int first;                       /* index of the command's first word */
};

void up_command_wrong(const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(UP_COMMAND_USAGE);
}

/* As argp_error does, which speaks English and of --usage where the C library has no catalogue. */
static void __attribute__((noreturn, format(printf, 2, 3)))
misuse(const struct argp_state *state, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s: ", state->name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, up_say("; see: %s --help\n", "；参见：%s --help\n"), state->name);
	exit(UP_COMMAND_USAGE);
}

/* --- options of the program, wherever they stand --- */

enum { USAGE = 1000 };

/* argp's own, in our words (ARGP_NO_HELP). */
static const struct argp_option own[] = {
	{ "help", '?', NULL, 0, NULL, 0 },
	{ "usage", USAGE, NULL, OPTION_HIDDEN, NULL, 0 },
	{ "version", 'V', NULL, 0, NULL, 0 },
	{ 0 },
};

static error_t take_own(int key, char *value, struct argp_state *state)
{
	const struct parse *p = state->input;

	(void)value;
	if (key == 'V')
		puts(argp_program_version);
	else if (key != '?' && key != USAGE)
		return ARGP_ERR_UNKNOWN;
	else if (p->command != NULL)
		up_help_command(stdout, p->program, p->command);
	else
		up_help_program(stdout, p->program);
	exit(0);
}

static error_t take_common(int key, char *value, struct argp_state *state)
{
	const struct parse *p = state->input;

	for (const struct argp_option *o = p->program->options; o->name != NULL; o++) {
		if (o->key != key)
			continue;
		if (value != NULL && !up_text_utf8_valid(up_span_str(value)))
			misuse(state,
			    up_say("--%s: not valid UTF-8", "--%s：不是有效的 UTF-8"), o->name);
		p->program->take(p->program->arg, key, value);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

/* --- finding the command --- */

static size_t first_word(const char *name)
{
	return strcspn(name, " ");
}

static bool in_group(const struct up_command *c, const char *group)
{
	size_t n = first_word(c->name);

	return strlen(group) == n && memcmp(c->name, group, n) == 0;
}

static const struct up_command *find(
    const struct up_program *p, const char *word, const char *second, int *used)
{
	char both[64];

	snprintf(both, sizeof(both), "%s %s", word, second != NULL ? second : "");
	for (size_t i = 0; i < p->n; i++) {
		*used = 1;
		if (strcmp(p->commands[i].name, word) == 0)
			return &p->commands[i];
		*used = 2;
		if (second != NULL && strcmp(p->commands[i].name, both) == 0)
			return &p->commands[i];
	}
	return NULL;
}

/* Name what exists, and leave. */
static void __attribute__((noreturn))
unknown(const struct up_program *p, const char *word, const char *second)
{
	bool group = false,
	     help = second != NULL && (strcmp(second, "--help") == 0 || strcmp(second, "-?") == 0);

	for (size_t i = 0; i < p->n; i++)
		group = group ||
		    (strchr(p->commands[i].name, ' ') != NULL && in_group(&p->commands[i], word));
	if (group && help) {
		up_help_commands(stdout, p, word);
		exit(0);
	}
	if (group && second == NULL)
		fprintf(stderr,
		    up_say("%s: '%s' what? There are:\n", "%s：“%s”需要进一步的命令，可用的有：\n"),
		    program_invocation_short_name, word);
	else
		fprintf(stderr,
		    up_say("%s: no command '%s%s%s'. There are:\n",
			"%s：没有命令“%s%s%s”，可用的有：\n"),
		    program_invocation_short_name, word, group ? " " : "", group ? second : "");
	up_help_commands(stderr, p, group ? word : NULL);
	exit(UP_COMMAND_USAGE);
}

static error_t take_first(int key, char *value, struct argp_state *state)
{
	struct parse *p = state->input;

	(void)value;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = state->child_inputs[1] = p;
		return 0;
	case ARGP_KEY_ARG:
		p->first = state->next - 1;
		state->next = state->argc;       /* the rest is the command's */
		return 0;
	case ARGP_KEY_NO_ARGS:
		fprintf(stderr,
		    up_say("%s: which command? There are:\n", "%s：缺少命令，可用的有：\n"),
		    program_invocation_short_name);
		up_help_commands(stderr, p->program, NULL);
		exit(UP_COMMAND_USAGE);
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* --- options of the command --- */

static const struct argp_option *option_of(const struct up_command *c, int key)
{
	for (const struct argp_option *o = c->options; o != NULL && o->name != NULL; o++)
		if (o->key == key)
			return o;
	return NULL;
}

static void check_complete(const struct parse *p, struct argp_state *state)
{
	for (int key = 1; key < UP_COMMAND_KEYS; key++)
		if ((p->command->required & UP_COMMAND_NEED(key)) != 0 &&
		    p->line->values[key] == NULL)
			misuse(state, up_say("--%s is missing", "缺少 --%s"),
			    option_of(p->command, key)->name);
	if (p->command->argument != NULL && p->line->argument == NULL)
		misuse(state, up_say("%s is missing", "缺少 %s"), p->command->argument);
}

static void take_option(struct parse *p, const struct argp_option *o, const char *value,
    struct argp_state *state)
{
	struct up_command_line *l = p->line;
	bool repeats = (o->flags & UP_OPTION_REPEATS) != 0;

	if (l->values[o->key] != NULL && !repeats)
		misuse(state, up_say("--%s is given twice", "--%s 重复给出"), o->name);
	if (!up_text_utf8_valid(up_span_str(value)))
		misuse(state, up_say("--%s: not valid UTF-8", "--%s：不是有效的 UTF-8"), o->name);
	if (repeats && l->n_repeated == UP_COMMAND_REPEATED)
		misuse(state, up_say("--%s is given too often", "--%s 给出次数过多"), o->name);
	if (l->values[o->key] == NULL)
		l->values[o->key] = value;
	if (!repeats)
		return;
	l->repeated[l->n_repeated].key = o->key;
	l->repeated[l->n_repeated++].value = value;
}

static error_t take_rest(int key, char *value, struct argp_state *state)
{
	struct parse *p = state->input;
	const struct argp_option *o = key > 0 && key < UP_COMMAND_KEYS ? option_of(p->command, key)
								       : NULL;

	if (o != NULL) {
		take_option(p, o, value != NULL ? value : "", state);
		return 0;
	}
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = state->child_inputs[1] = p;
		return 0;
	case ARGP_KEY_ARG:
		if (p->command->argument == NULL || p->line->argument != NULL ||
		    !up_text_utf8_valid(up_span_str(value)))
			misuse(state, up_say("'%s' is too much here", "此处不应有“%s”"), value);
		p->line->argument = value;
		return 0;
	case ARGP_KEY_END:
		check_complete(p, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* --- both steps --- */

static void parse_first(struct parse *p, int argc, char **argv)
{
	const struct argp common = { .options = p->program->options, .parser = take_common };
	const struct argp ours = { .options = own, .parser = take_own };
	const struct argp_child children[] = { { .argp = &common }, { .argp = &ours }, { 0 } };
	const struct argp argp = {
	    .parser = take_first, .args_doc = "COMMAND ...", .children = children};

	argp_parse(&argp, argc, argv, ARGP_IN_ORDER | ARGP_NO_HELP, NULL, p);
}

bool up_command_id(const char *text)
{
	uint8_t raw[16];

	return text != NULL && up_text_b64url_fixed(up_span_str(text), raw, sizeof(raw)) == UP_OK;
}

/* An id may begin with '-', which argp would take for options: it is taken from ARGV as the
 * argument before argp sees it. Returns what is left of ARGC. */
static int take_id(struct parse *p, int argc, char **argv)
{
	for (int i = 1; p->command->argument != NULL && i < argc; i++) {
		if (argv[i][0] != '-' || !up_command_id(argv[i]))
			continue;
		p->line->argument = argv[i];
		memmove(argv + i, argv + i + 1, (size_t)(argc - i) * sizeof(*argv));
		return argc - 1;
	}
	return argc;
}

static void parse_rest(struct parse *p, int argc, char **argv)
{
	const struct argp common = { .options = p->program->options, .parser = take_common };
	const struct argp ours = { .options = own, .parser = take_own };
	const struct argp_child children[] = { { .argp = &common }, { .argp = &ours }, { 0 } };
	const struct argp argp = {.options = p->command->options,
	    .parser = take_rest,
	    .args_doc = p->command->argument,
	    .children = children};
	char name[96];

	snprintf(name, sizeof(name), "%s %s", program_invocation_short_name, p->command->name);
	argv[0] = name;
	argc = take_id(p, argc, argv);
	argp_parse(&argp, argc, argv, ARGP_NO_HELP, NULL, p);
}

int up_command_main(const struct up_program *program, int argc, char **argv)
{
	struct up_command_line line = { .program = program->arg };
	struct parse p = { .program = program, .line = &line };
	const char *second, *wrong;
	int used;

	argp_err_exit_status = UP_COMMAND_USAGE;
	parse_first(&p, argc, argv);
	second = p.first + 1 < argc ? argv[p.first + 1] : NULL;
	p.command = find(program, argv[p.first], second, &used);
	if (p.command == NULL)
		unknown(program, argv[p.first], second);
	parse_rest(&p, argc - p.first - used + 1, argv + p.first + used - 1);
	wrong = program->check != NULL ? program->check(program->arg) : NULL;
	if (wrong != NULL)
		up_command_wrong("%s", wrong);
	return p.command->run(&line);
}
