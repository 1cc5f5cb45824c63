/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Commands and their arguments: one table, from which reading, help, the list of
 * commands and shell completion are made.
 *
 * A command is one `const struct mf_command` in the file that implements it; the list of them is
 * in commands.c. Options are read with getopt_long(), so that `--set a=b`, `--set=a=b`, `-qv`, `--`
 * and options behind operands work as people expect.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the process ends with: the contract of the command line. */
enum mf_exit {
    MF_EXIT_OK = 0,
    MF_EXIT_WRONG = 1,    /* what was checked is wrong */
    MF_EXIT_USAGE = 2,    /* the command line is wrong */
    MF_EXIT_WARNINGS = 3, /* warnings only, with --deny-warnings */
    MF_EXIT_ENV = 4,      /* the files are right, the surroundings are not */
    MF_EXIT_PEER = 5,     /* nobody there to talk to */
    MF_EXIT_TIME = 6,     /* a time limit was reached */
    MF_EXIT_BUG = 70,     /* a bug in moat-flow */
    MF_EXIT_FLOW = 78,    /* `run` refuses to start because of the flow */
};

struct mf_flag {
    const char *name;           /* "format" is --format */
    char letter;                /* 'f' is -f; 0: none */
    const char *arg;            /* what follows, for help: "FILE"; NULL: nothing does */
    const char *const *choices; /* ended by NULL; NULL: any text */
    const char *summary;        /* one sentence with a full stop */
    const char *fallback;       /* for help; NULL: none */
};

enum mf_command_trait {
    MF_CMD_READS_FLOW = 1 << 0,  /* understands --set and --secrets, operands are paths */
    MF_CMD_RARE = 1 << 1,        /* not among what `moat-flow` alone prints */
    MF_CMD_HAS_STATE = 1 << 2,   /* understands --state: engine/cli/state_dir.h */
    MF_CMD_ASKS_ENGINE = 1 << 3, /* understands --socket and --timeout: engine/cli/ask.h */
};

struct mf_args;

struct mf_command {
    const char *name;            /* "validate"; two words for a command of a group: "mqtt pub" */
    const char *operands;        /* for help: "[PATH…]"; "" if it takes none */
    const char *summary;         /* one sentence with a full stop */
    const char *examples;        /* lines of "command  # what for", shown first in help */
    const char *doc;             /* further paragraphs */
    const struct mf_flag *flags; /* ended by {0}; NULL: none */
    const char *const *words;    /* operands that completion offers, ended by NULL */
    unsigned max_operands;
    uint32_t traits; /* set of enum mf_command_trait */
    int (*run)(const struct mf_args *args);
};

/* One option as it was given. */
struct mf_given {
    const struct mf_flag *flag;
    const char *value; /* "" without one */
};

struct mf_args {
    const struct mf_command *command;
    struct mf_given *given;
    size_t given_count;
    const char *const *operands;
    size_t operand_count;
    int talk; /* -v counts up, -q down */
};

/* Options that every command has: --color, --quiet, --verbose, --help. */
extern const struct mf_flag mf_flags_common[];
/* Options of commands that read a flow. */
extern const struct mf_flag mf_flags_flow[];
/* Options of commands that keep or look at state. */
extern const struct mf_flag mf_flags_state[];
/* Options of commands that ask a running engine. */
extern const struct mf_flag mf_flags_engine[];

/* All tables of options that a command understands, its own first, ended by NULL. */
enum { MF_FLAG_TABLES = 8 };
void mf_flag_tables(const struct mf_command *command,
                    const struct mf_flag *ret_tables[MF_FLAG_TABLES]);

/* Reads argv[0..argc), options and operands behind the command's name. Returns 0, MF_EXIT_USAGE
 * after saying what is wrong, or -1 when --help was given. */
int mf_args_read(struct mf_args *args, const struct mf_command *command, int argc, char **argv);
void mf_args_done(struct mf_args *args);

bool mf_args_has(const struct mf_args *args, const char *name);
const char *mf_args_get(const struct mf_args *args, const char *name); /* the last, or NULL */
/* Index into the flag's choices; `fallback` when it was not given. */
int mf_args_choice(const struct mf_args *args, const char *name, int fallback);
/* All values of an option that may stand several times, in order; NULL-ended, mf_free() the list.
 */
const char **mf_args_all(const struct mf_args *args, const char *name, size_t *ret_count);
/* A duration such as 10s. False after saying what is wrong. */
bool mf_args_duration(const struct mf_args *args, const char *name, int64_t fallback,
                      int64_t *ret_ns);

/* Colour on this stream (1 or 2)? By --color, NO_COLOR and what the stream is. */
bool mf_args_color(const struct mf_args *args, int fd);

/* Says on stderr that the command line is wrong, and how to find out more. Returns MF_EXIT_USAGE.
 */
int mf_usage_error(const struct mf_command *command_or_null, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- commands.c ---- */

extern const struct mf_command *const mf_commands[]; /* ended by NULL, in the order of help */
const struct mf_command *mf_command_find(const char *name);
