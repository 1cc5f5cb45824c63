/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Child: another program in a test, with its output.
 *
 * Standard output and error come together, in order. What a test waits for it
 * waits for in that output or in the child's end, never for a time; the limit only keeps a test
 * that has failed from hanging.
 */

#include <stdbool.h>
#include <stddef.h>

#include "engine/base/buf.h"

enum { CHILD_LIMIT_S = 60 }; /* after which waiting fails the test */

struct child {
    int pid;            /* 0: it is not running */
    int out;            /* its output */
    int in;             /* its standard input, -1: none */
    struct mf_buf text; /* output so far */
    size_t seen;        /* of it, by child_wait_for() */
};

/* Starts argv[0], found in PATH or as a path; `argv` ends with NULL. Fails the test when it cannot.
 */
void child_start(struct child *child, const char *const *argv);
/* Waits until `text` stands in the output behind what was found last. Fails the test with the
 * output when the child ends without it. */
void child_wait_for(struct child *child, const char *text);
/* False when it ended without that text. */
bool child_says(struct child *child, const char *text);
/* All output until now. */
const char *child_output(struct child *child);
void child_signal(struct child *child, int number);
/* Waits for its end; the exit code, or 128 + the signal. */
int child_end(struct child *child);
/* Kills what is still running and frees the output. */
void child_done(struct child *child);

/* Runs a program to its end and fails the test unless it exits with 0. */
void child_run(const char *const *argv);
/* Is the program there, in PATH or among the usual places for daemons? Its path, or NULL. */
const char *child_find(const char *name);
/* How often a text stands in another one. */
size_t child_count(const char *text, const char *part);
