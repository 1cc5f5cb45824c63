/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * completion: scripts for shells, made from the table of commands.
 *
 * Kinds and diagnostic codes are words that commands offer; the scripts ask the
 * program for them (`moat-flow completion words COMMAND`), so they do not age.
 */

#include <stdio.h>
#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include "engine/base/clock.h"
#include "engine/cli/commands.h"
#include "engine/config/diag.h"
#include "engine/control/address.h"
#include "engine/control/client.h"
#include "engine/graph/registry.h"
#include "engine/value/build.h"

enum shell { BASH, ZSH, FISH };
static const char *const shells[] = {"bash", "zsh", "fish", NULL};

static void each_flag(const struct mf_command *command,
                      void (*fn)(const struct mf_command *command, const struct mf_flag *flag))
{
    const struct mf_flag *tables[MF_FLAG_TABLES];

    mf_flag_tables(command, tables);
    for (size_t i = 0; tables[i]; i++)
        for (const struct mf_flag *flag = tables[i]; flag->name; flag++)
            fn(command, flag);
}

/* Text in single quotes, for all three shells. */
static void put_quoted(const char *text)
{
    putchar('\'');
    for (; *text; text++) {
        if (*text == '\'')
            fputs("'\\''", stdout);
        else
            putchar(*text);
    }
    putchar('\'');
}

static void put_choices(const struct mf_flag *flag)
{
    for (const char *const *choice = flag->choices; *choice; choice++)
        printf("%s%s", choice == flag->choices ? "" : " ", *choice);
}

/* ---- bash ---- */

static void bash_flag(const struct mf_command *command, const struct mf_flag *flag)
{
    (void)command;
    printf(" --%s", flag->name);
}

static void bash_choice(const struct mf_command *command, const struct mf_flag *flag)
{
    if (!flag->choices)
        return;
    printf("    '%s --%s') COMPREPLY=($(compgen -W '", command->name, flag->name);
    put_choices(flag);
    puts("' -- \"$cur\")); return ;;");
}

static void print_bash(void)
{
    puts("# bash completion for moat-flow: source <(moat-flow completion bash)\n"
         "_moat_flow() {\n"
         "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} "
         "cmd=${COMP_WORDS[1]} flags=\n"
         "  COMPREPLY=()\n"
         "  if [ \"$COMP_CWORD\" = 1 ]; then");
    fputs("    COMPREPLY=($(compgen -W '", stdout);
    for (const struct mf_command *const *command = mf_commands; *command; command++)
        printf("%s ", (*command)->name);
    puts("' -- \"$cur\")); return\n  fi\n  case \"$cmd $prev\" in");
    for (const struct mf_command *const *command = mf_commands; *command; command++)
        each_flag(*command, bash_choice);
    puts("  esac\n  case \"$cmd\" in");
    for (const struct mf_command *const *command = mf_commands; *command; command++) {
        printf("    %s) flags='", (*command)->name);
        each_flag(*command, bash_flag);
        puts("' ;;");
    }
    puts("  esac\n"
         "  if [ \"${cur#-}\" != \"$cur\" ]; then\n"
         "    COMPREPLY=($(compgen -W \"$flags\" -- \"$cur\")); return\n"
         "  fi\n"
         "  case \"$cmd\" in");
    fputs("    ", stdout);
    for (const struct mf_command *const *command = mf_commands; *command; command++)
        if ((*command)->words)
            printf("%s|", (*command)->name);
    puts("-)\n"
         "      COMPREPLY=($(compgen -W \"$(moat-flow completion words \"$cmd\" 2>/dev/null)\" -- "
         "\"$cur\")) ;;\n"
         "    *) COMPREPLY=($(compgen -f -- \"$cur\")) ;;\n"
         "  esac\n"
         "}\n"
         "complete -o filenames -F _moat_flow moat-flow");
}

/* ---- zsh ---- */

static void zsh_flag(const struct mf_command *command, const struct mf_flag *flag)
{
    char text[400];

    (void)command;
    snprintf(text, sizeof text, "--%s[%s]%s%s", flag->name, flag->summary, flag->arg ? ":" : "",
             flag->arg ? flag->arg : "");
    fputs(" \\\n        ", stdout);
    if (!flag->choices) {
        put_quoted(text);
        return;
    }
    printf("'--%s[%s]:%s:(", flag->name, flag->summary, flag->arg);
    put_choices(flag);
    fputs(")'", stdout);
}

static void print_zsh(void)
{
    puts("#compdef moat-flow\n"
         "# zsh completion for moat-flow: moat-flow completion zsh > ~/.zfunc/_moat-flow\n"
         "_moat_flow() {\n"
         "  local -a commands\n"
         "  commands=(");
    for (const struct mf_command *const *command = mf_commands; *command; command++) {
        char text[400];

        snprintf(text, sizeof text, "%s:%s", (*command)->name, (*command)->summary);
        fputs("    ", stdout);
        put_quoted(text);
        putchar('\n');
    }
    puts("  )\n"
         "  if (( CURRENT == 2 )); then _describe command commands; return; fi\n"
         "  local cmd=$words[2]\n"
         "  shift words; (( CURRENT-- ))\n"
         "  case $cmd in");
    for (const struct mf_command *const *command = mf_commands; *command; command++) {
        printf("    %s) _arguments", (*command)->name);
        each_flag(*command, zsh_flag);
        if ((*command)->words)
            puts(" \\\n        '*:word:($(moat-flow completion words '$cmd' 2>/dev/null))' ;;");
        else
            puts(" \\\n        '*:file:_files' ;;");
    }
    puts("  esac\n}\n_moat_flow \"$@\"");
}

/* ---- fish ---- */

static void fish_flag(const struct mf_command *command, const struct mf_flag *flag)
{
    printf("complete -c moat-flow -n '__fish_seen_subcommand_from %s' -l %s", command->name,
           flag->name);
    if (flag->letter)
        printf(" -s %c", flag->letter);
    if (flag->arg)
        fputs(" -r", stdout);
    if (flag->choices) {
        fputs(" -f -a '", stdout);
        put_choices(flag);
        putchar('\'');
    }
    fputs(" -d ", stdout);
    put_quoted(flag->summary);
    putchar('\n');
}

static void print_fish(void)
{
    puts("# fish completion for moat-flow: "
         "moat-flow completion fish > ~/.config/fish/completions/moat-flow.fish");
    for (const struct mf_command *const *command = mf_commands; *command; command++) {
        printf("complete -c moat-flow -f -n __fish_use_subcommand -a %s -d ", (*command)->name);
        put_quoted((*command)->summary);
        putchar('\n');
        if ((*command)->words)
            printf("complete -c moat-flow -f -n '__fish_seen_subcommand_from %s' -a "
                   "'(moat-flow completion words %s 2>/dev/null)'\n",
                   (*command)->name, (*command)->name);
        each_flag(*command, fish_flag);
    }
}

/* ---- words ---- */

const char *const mf_words_kinds[] = {NULL};
const char *const mf_words_codes[] = {NULL};
const char *const mf_words_commands[] = {NULL};
const char *const mf_words_nodes[] = {NULL};
const char *const mf_words_starters[] = {"flow", "part", NULL};

/* Without an engine there is nothing to offer, and nobody wants to hear why. */
static void print_nodes(void)
{
    char *path = mf_control_find(NULL, NULL);
    struct mf_value request = mf_value_null(), names = mf_value_null();
    struct mf_client client = {.fd = -1};
    struct mf_clock clock;
    struct mf_builder map;

    mf_clock_init_real(&clock);
    mf_build_start(&map);
    mf_build_take_field(&map, "do", mf_value_new_text("nodes"));
    request = mf_build_end_map(&map);
    if (path && mf_client_open(&client, path, NULL) == 0 &&
        mf_client_ask(&client, &request, NULL) == 0 &&
        mf_client_next(&client, mf_clock_mono(&clock) + MF_SEC, &names, NULL) == MF_ANSWER_DONE)
        for (size_t i = 0; names.type == MF_LIST && i < mf_value_count(&names); i++) {
            struct mf_buf name = {0};

            mf_value_print(mf_value_at(&names, i), &name);
            puts(mf_buf_text(&name));
            mf_buf_done(&name);
        }
    mf_client_close(&client);
    mf_value_drop(request);
    mf_value_drop(names);
    mf_free(path);
}

static void print_words(const struct mf_command *command)
{
    size_t count;
    const struct mf_code *codes = mf_code_list(&count);

    if (command->words == mf_words_nodes) {
        print_nodes();
    } else if (command->words == mf_words_codes) {
        for (size_t i = 0; i < count; i++)
            printf("MF%04u\n", codes[i].number);
    } else if (command->words == mf_words_commands) {
        for (const struct mf_command *const *other = mf_commands; *other; other++)
            puts((*other)->name);
    } else if (command->words == mf_words_kinds || command->words == mf_words_starters) {
        for (const struct mf_kind *const *kind = mf_registry()->nodes; *kind; kind++)
            puts((*kind)->name);
        for (const struct mf_link_kind *const *link = mf_registry()->links; *link; link++)
            puts((*link)->name);
    }
    for (const char *const *word = command->words; word && *word; word++)
        puts(*word);
}

static int run(const struct mf_args *args)
{
    const char *shell = args->operand_count ? args->operands[0] : "";
    const struct mf_command *command;

    if (strcmp(shell, "words") == 0 && args->operand_count == 2) {
        command = mf_command_find(args->operands[1]);
        if (command)
            print_words(command);
        return MF_EXIT_OK;
    }
    if (strcmp(shell, shells[BASH]) == 0)
        print_bash();
    else if (strcmp(shell, shells[ZSH]) == 0)
        print_zsh();
    else if (strcmp(shell, shells[FISH]) == 0)
        print_fish();
    else
        return mf_usage_error(args->command, "say which shell: bash, zsh or fish");
    return MF_EXIT_OK;
}

const struct mf_command mf_command_completion = {
    .name = "completion",
    .operands = "bash|zsh|fish",
    .summary = "Print a completion script for a shell.",
    .examples = "source <(moat-flow completion bash)\n"
                "moat-flow completion zsh > ~/.zfunc/_moat-flow\n"
                "moat-flow completion fish > ~/.config/fish/completions/moat-flow.fish\n",
    .words = shells,
    .max_operands = 2,
    .traits = MF_CMD_RARE,
    .run = run,
};
