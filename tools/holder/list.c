/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include "tools/holder/list.h"

#include <stdio.h>

#include "tools/common/terminal.h"

static enum up_err print_table(const struct up_holder_list *list, const json_t *all)
{
	struct up_table *t = up_table_new(list->heads, list->columns);
	enum up_err err = UP_E_NOMEM;
	const json_t *row;
	size_t i;

	if (t == NULL)
		return err;
	json_array_foreach(all, i, row)
		list->put_row(t, row);
	err = up_table_print(t, stdout);
	up_table_free(&t);
	return err;
}

/* Where the answer has a "next": the command for the page after this one. */
static void print_next(const struct up_holder_act *x, const struct up_holder_list *list)
{
	const json_t *next = json_object_get(x->answer.body, "next");
	const char *limit = x->line->values[UP_ACT_LIMIT];

	if (!json_is_integer(next))
		return;
	printf(up_say("next: unitpass-holder %s", "下一页：unitpass-holder %s"), list->command);
	printf("%s --certificate '%s' --before %lld", list->options, x->certificate,
	    (long long)json_integer_value(next));
	printf("%s%s -d %s\n", limit != NULL ? " --limit " : "", limit != NULL ? limit : "",
	    x->h->dir_name);
}

int up_holder_list_print(const struct up_holder_act *x, const struct up_holder_list *list)
{
	const json_t *all = json_object_get(x->answer.body, list->member);
	enum up_err err = UP_OK;

	if (x->h->json)
		return up_holder_print(json_incref(x->answer.body));
	if (json_array_size(all) == 0)
		puts(list->none);
	else
		err = print_table(list, all);
	if (err != UP_OK)
		return up_holder_fail_err(x->h, UP_HOLDER_FAILED, err);
	print_next(x, list);
	return 0;
}
