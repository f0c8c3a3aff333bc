/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include "tools/common/command.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"

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

/* --- options of the program, wherever they stand --- */

static error_t take_common(int key, char *value, struct argp_state *state)
{
	const struct parse *p = state->input;

	for (const struct argp_option *o = p->program->options; o->name != NULL; o++) {
		if (o->key != key)
			continue;
		if (value != NULL && !up_text_utf8_valid(up_span_str(value)))
			argp_error(state, "--%s: not valid UTF-8", o->name);
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

	return group == NULL || (strlen(group) == n && memcmp(c->name, group, n) == 0);
}

static void put_commands(struct up_buf *b, const struct up_program *p, const char *group)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct up_command *c = &p->commands[i];
		char left[48];

		if (!in_group(c, group))
			continue;
		snprintf(left, sizeof(left), "%s%s%s", c->name, c->argument != NULL ? " " : "", c->argument != NULL ? c->argument : "");
		up_buf_printf(b, "  %-24s %.*s\n", left, (int)strcspn(c->help, "\v"), c->help);
	}
}

static void print_commands(FILE *f, const struct up_program *p, const char *group)
{
	struct up_buf b = { 0 };

	put_commands(&b, p, group);
	fprintf(f, "%s\n", up_buf_cstr(&b));
	up_buf_free(&b);
}

static const struct up_command *find(const struct up_program *p, const char *word, const char *second, int *used)
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
static void __attribute__((noreturn)) unknown(const struct up_program *p, const char *word, const char *second)
{
	bool group = false, help = second != NULL && (strcmp(second, "--help") == 0 || strcmp(second, "-?") == 0);

	for (size_t i = 0; i < p->n; i++)
		group = group || (strchr(p->commands[i].name, ' ') != NULL && in_group(&p->commands[i], word));
	if (group && help) {
		print_commands(stdout, p, word);
		exit(0);
	}
	if (group && second == NULL)
		fprintf(stderr, "%s: '%s' what? There are:\n", program_invocation_short_name, word);
	else
		fprintf(stderr, "%s: no command '%s%s%s'. There are:\n", program_invocation_short_name, word, group ? " " : "", group ? second : "");
	print_commands(stderr, p, group ? word : NULL);
	exit(UP_COMMAND_USAGE);
}

static error_t take_first(int key, char *value, struct argp_state *state)
{
	struct parse *p = state->input;

	(void)value;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = p;
		return 0;
	case ARGP_KEY_ARG:
		p->first = state->next - 1;
		state->next = state->argc;       /* the rest is the command's */
		return 0;
	case ARGP_KEY_NO_ARGS:
		fprintf(stderr, "%s: which command? There are:\n", program_invocation_short_name);
		print_commands(stderr, p->program, NULL);
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
		if ((p->command->required & UP_COMMAND_NEED(key)) != 0 && p->line->values[key] == NULL)
			argp_error(state, "--%s is missing", option_of(p->command, key)->name);
	if (p->command->argument != NULL && p->line->argument == NULL)
		argp_error(state, "%s is missing", p->command->argument);
}

static error_t take_rest(int key, char *value, struct argp_state *state)
{
	struct parse *p = state->input;
	const struct argp_option *o = key > 0 && key < UP_COMMAND_KEYS ? option_of(p->command, key) : NULL;

	if (o != NULL) {
		if (p->line->values[key] != NULL)
			argp_error(state, "--%s is given twice", o->name);
		if (value != NULL && !up_text_utf8_valid(up_span_str(value)))
			argp_error(state, "--%s: not valid UTF-8", o->name);
		p->line->values[key] = value != NULL ? value : "";
		return 0;
	}
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = p;
		return 0;
	case ARGP_KEY_ARG:
		if (p->command->argument == NULL || p->line->argument != NULL || !up_text_utf8_valid(up_span_str(value)))
			argp_error(state, "'%s' is too much here", value);
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
	const struct argp_child children[] = { { .argp = &common }, { 0 } };
	struct up_buf doc = { 0 };
	struct argp argp = { .parser = take_first, .args_doc = "COMMAND ...", .children = children };

	up_buf_printf(&doc, "%s\v", p->program->help);
	up_buf_put_str(&doc, "Commands:\n");
	put_commands(&doc, p->program, NULL);
	up_buf_put_str(&doc, "Each has its own --help.");
	argp.doc = up_buf_cstr(&doc);
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, p);
	up_buf_free(&doc);
}

static void parse_rest(struct parse *p, int argc, char **argv)
{
	const struct argp common = { .options = p->program->options, .parser = take_common };
	const struct argp_child children[] = { { .argp = &common, .header = "Always:" }, { 0 } };
	const struct argp argp = { .options = p->command->options, .parser = take_rest, .args_doc = p->command->argument,
		.doc = p->command->help, .children = children };
	char name[96];

	snprintf(name, sizeof(name), "%s %s", program_invocation_short_name, p->command->name);
	argv[0] = name;
	argp_parse(&argp, argc, argv, 0, NULL, p);
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
