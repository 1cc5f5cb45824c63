/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* explain: the long text of a diagnostic. */

#include <stdio.h>
#include <string.h>

#include "engine/base/num.h"
#include "engine/base/text.h"
#include "engine/cli/commands.h"
#include "engine/config/diag.h"

static void list_codes(void)
{
    size_t count;
    const struct mf_code *codes = mf_code_list(&count);

    for (size_t i = 0; i < count; i++)
        printf("MF%04u  %-7s  %s\n", codes[i].number, mf_severity_names[codes[i].severity],
               codes[i].title);
}

/* `MF0203`, `mf203` and `203` mean the same. */
static const struct mf_code *find_code(const char *text)
{
    int64_t number;

    if ((text[0] == 'M' || text[0] == 'm') && (text[1] == 'F' || text[1] == 'f'))
        text += 2;
    if (!mf_num_read_int(text, strlen(text), &number) || number < 0 || number > 9999)
        return NULL;
    return mf_code_get((unsigned)number);
}

static int run(const struct mf_args *args)
{
    const struct mf_code *code;

    if (args->operand_count == 0) {
        list_codes();
        return MF_EXIT_OK;
    }
    code = find_code(args->operands[0]);
    if (!code)
        return mf_usage_error(args->command,
                              "there is no diagnostic `%s`; `moat-flow explain` lists them",
                              args->operands[0]);
    printf("%s[MF%04u]: %s\n\n%s", mf_severity_names[code->severity], code->number, code->title,
           code->text);
    return MF_EXIT_OK;
}

const struct mf_command mf_command_explain = {
    .name = "explain",
    .operands = "[CODE]",
    .summary = "Explain a diagnostic at length.",
    .examples = "moat-flow explain MF0203    # what it means, a wrong and a right example\n"
                "moat-flow explain           # all codes\n",
    .words = mf_words_codes,
    .max_operands = 1,
    .run = run,
};
