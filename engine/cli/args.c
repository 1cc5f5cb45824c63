/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* Arguments: getopt_long() fed from the tables of commands, and errors in whole sentences. */

#include "engine/cli/args.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/alloc.h"
#include "engine/base/text.h"
#include "engine/value/unit.h"

enum { FLAGS_MAX = 64, FLAG_BASE = 1000 };

static const char *const color_choices[] = {"auto", "always", "never", NULL};

const struct mf_flag mf_flags_common[] = {
    {"color", 0, "WHEN", color_choices, "Colour the output: auto means on a terminal.", "auto"},
    {"quiet", 'q', NULL, NULL, "Say less; may be repeated.", NULL},
    {"verbose", 'v', NULL, NULL, "Say more; may be repeated.", NULL},
    {"help", 'h', NULL, NULL, "Show help for the command.", NULL},
    {0},
};

const struct mf_flag mf_flags_flow[] = {
    {"set", 0, "NAME=VALUE", NULL, "Set a variable of the flow; wins over `vars:`.", NULL},
    {"secrets", 0, "DIR", NULL, "Directory of secrets, a file each.", "$CREDENTIALS_DIRECTORY"},
    {0},
};

const struct mf_flag mf_flags_state[] = {
    {"state", 0, "DIR", NULL, "Directory of what must outlive the process.",
     "$STATE_DIRECTORY or $XDG_STATE_HOME/moat-flow"},
    {0},
};

const struct mf_flag mf_flags_engine[] = {
    {"socket", 0, "PATH", NULL, "Control socket of the running engine.",
     "in $RUNTIME_DIRECTORY, $XDG_RUNTIME_DIR or /run/moat-flow"},
    {"timeout", 0, "TIME", NULL, "How long to wait for the engine; then exit 6.", NULL},
    {0},
};

void mf_flag_tables(const struct mf_command *command,
                    const struct mf_flag *ret_tables[MF_FLAG_TABLES])
{
    size_t count = 0;

    if (command->flags)
        ret_tables[count++] = command->flags;
    if (command->traits & MF_CMD_READS_FLOW)
        ret_tables[count++] = mf_flags_flow;
    if (command->traits & MF_CMD_HAS_STATE)
        ret_tables[count++] = mf_flags_state;
    if (command->traits & MF_CMD_ASKS_ENGINE)
        ret_tables[count++] = mf_flags_engine;
    ret_tables[count++] = mf_flags_common;
    ret_tables[count] = NULL;
}

int mf_usage_error(const struct mf_command *command_or_null, const char *fmt, ...)
{
    va_list args;

    fputs("moat-flow: ", stderr);
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    if (command_or_null)
        fprintf(stderr, "\nSee `moat-flow help %s`.\n", command_or_null->name);
    else
        fputs("\nSee `moat-flow help`.\n", stderr);
    return MF_EXIT_USAGE;
}

/* The flags of a command, its own first. */
struct flag_list {
    const struct mf_flag *flags[FLAGS_MAX];
    struct option options[FLAGS_MAX + 1];
    char letters[2 * FLAGS_MAX + 3];
    int count;
};

static void add_flags(struct flag_list *list, const struct mf_flag *table)
{
    size_t letters = strlen(list->letters);

    for (; table->name && list->count < FLAGS_MAX; table++) {
        list->options[list->count] =
            (struct option){table->name, table->arg ? required_argument : no_argument, NULL,
                            FLAG_BASE + list->count};
        if (table->letter) {
            list->letters[letters++] = table->letter;
            if (table->arg)
                list->letters[letters++] = ':';
        }
        list->flags[list->count++] = table;
    }
}

static void collect_flags(struct flag_list *list, const struct mf_command *command)
{
    const struct mf_flag *tables[MF_FLAG_TABLES];

    memset(list, 0, sizeof *list);
    list->letters[0] = ':'; /* a missing value is told apart from an unknown option */
    mf_flag_tables(command, tables);
    for (size_t i = 0; tables[i]; i++)
        add_flags(list, tables[i]);
}

static const struct mf_flag *flag_of(const struct flag_list *list, int code)
{
    if (code >= FLAG_BASE)
        return list->flags[code - FLAG_BASE];
    for (int i = 0; i < list->count; i++)
        if (list->flags[i]->letter == code)
            return list->flags[i];
    return NULL;
}

static int unknown_option(const struct flag_list *list, const struct mf_command *command,
                          const char *word)
{
    struct mf_nearest nearest;
    char name[64];
    size_t len = strcspn(word, "=");

    if (!mf_text_starts(word, "--"))
        return mf_usage_error(command, "`%s` has no option `-%c`", command->name, optopt);
    snprintf(name, sizeof name, "%.*s", (int)(len > 2 ? len - 2 : 0), word + 2);
    mf_nearest_init(&nearest, name);
    for (int i = 0; i < list->count; i++) {
        if (strcmp(list->flags[i]->name, name) == 0)
            return mf_usage_error(command, "`--%s` takes no value", name);
        mf_nearest_add(&nearest, list->flags[i]->name);
    }
    if (nearest.best)
        return mf_usage_error(command, "`%s` has no option `--%s`; did you mean `--%s`?",
                              command->name, name, nearest.best);
    return mf_usage_error(command, "`%s` has no option `--%s`", command->name, name);
}

static int check_choice(const struct mf_command *command, const struct mf_flag *flag,
                        const char *value)
{
    struct mf_nearest nearest;

    if (!flag->choices)
        return 0;
    mf_nearest_init(&nearest, value);
    for (const char *const *choice = flag->choices; *choice; choice++) {
        if (strcmp(*choice, value) == 0)
            return 0;
        mf_nearest_add(&nearest, *choice);
    }
    fprintf(stderr, "moat-flow: `--%s` takes one of", flag->name);
    for (const char *const *choice = flag->choices; *choice; choice++)
        fprintf(stderr, "%s `%s`", choice == flag->choices ? "" : ",", *choice);
    fprintf(stderr, ", not `%s`", value);
    if (nearest.best)
        fprintf(stderr, "; did you mean `%s`?", nearest.best);
    fprintf(stderr, "\nSee `moat-flow help %s`.\n", command->name);
    return MF_EXIT_USAGE;
}

static int take_option(struct mf_args *args, const struct flag_list *list, int code)
{
    const struct mf_flag *flag = flag_of(list, code);
    int rc = flag->arg ? check_choice(args->command, flag, optarg) : 0;

    if (rc)
        return rc;
    if (strcmp(flag->name, "help") == 0)
        return -1;
    args->talk += strcmp(flag->name, "verbose") == 0;
    args->talk -= strcmp(flag->name, "quiet") == 0;
    args->given[args->given_count++] = (struct mf_given){flag, flag->arg ? optarg : ""};
    return 0;
}

int mf_args_read(struct mf_args *args, const struct mf_command *command, int argc, char **argv)
{
    struct flag_list list;
    int code, rc = 0;

    *args = (struct mf_args){.command = command};
    /* At most one option per character of argv, so short ones joined in a word fit as well. */
    size_t room = 1;
    for (int i = 0; i < argc; i++)
        room += strlen(argv[i]);
    args->given = mf_calloc_array(room, sizeof *args->given);
    collect_flags(&list, command);
    opterr = 0;
    optind = 0;
    /* getopt wants the program's name first: the command's word stands there. */
    while (rc == 0 && (code = getopt_long(argc, argv, list.letters, list.options, NULL)) != -1) {
        if (code == ':')
            rc = mf_usage_error(command, "`%s` wants a value behind it", argv[optind - 1]);
        else if (code == '?')
            rc = unknown_option(&list, command, argv[optind - 1]);
        else
            rc = take_option(args, &list, code);
    }
    if (rc)
        return rc;
    args->operands = (const char *const *)(argv + optind);
    args->operand_count = (size_t)(argc - optind);
    if (args->operand_count > command->max_operands)
        return command->max_operands
                   ? mf_usage_error(command, "`%s` is one argument too many for `%s`",
                                    args->operands[command->max_operands], command->name)
                   : mf_usage_error(command, "`%s` takes no arguments, `%s` came", command->name,
                                    args->operands[0]);
    return 0;
}

void mf_args_done(struct mf_args *args)
{
    mf_free(args->given);
    args->given = NULL;
}

const char *mf_args_get(const struct mf_args *args, const char *name)
{
    for (size_t i = args->given_count; i-- > 0;)
        if (strcmp(args->given[i].flag->name, name) == 0)
            return args->given[i].value;
    return NULL;
}

bool mf_args_has(const struct mf_args *args, const char *name)
{
    return mf_args_get(args, name) != NULL;
}

int mf_args_choice(const struct mf_args *args, const char *name, int fallback)
{
    for (size_t i = args->given_count; i-- > 0;) {
        const struct mf_given *given = &args->given[i];

        if (strcmp(given->flag->name, name) != 0)
            continue;
        for (int choice = 0; given->flag->choices[choice]; choice++)
            if (strcmp(given->flag->choices[choice], given->value) == 0)
                return choice;
    }
    return fallback;
}

const char **mf_args_all(const struct mf_args *args, const char *name, size_t *ret_count)
{
    const char **list = mf_calloc_array(args->given_count + 1, sizeof *list);
    size_t count = 0;

    for (size_t i = 0; i < args->given_count; i++)
        if (strcmp(args->given[i].flag->name, name) == 0)
            list[count++] = args->given[i].value;
    if (ret_count)
        *ret_count = count;
    return list;
}

bool mf_args_duration(const struct mf_args *args, const char *name, int64_t fallback,
                      int64_t *ret_ns)
{
    const char *text = mf_args_get(args, name);
    struct mf_error err = {0};

    *ret_ns = fallback;
    if (!text || mf_duration_read(text, strlen(text), false, ret_ns, &err) == 0)
        return true;
    mf_usage_error(args->command, "`--%s`: %s", name, err.text);
    return false;
}

bool mf_args_color(const struct mf_args *args, int fd)
{
    enum { AUTO, ALWAYS };
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    int when = mf_args_choice(args, "color", AUTO);

    if (when != AUTO)
        return when == ALWAYS;
    return !(no_color && *no_color) && isatty(fd) && !(term && strcmp(term, "dumb") == 0);
}
