/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Questions to an Akumuli database, and the lines of its answers.
 *
 * Pure functions. A question is a JSON object; the answer is CSV that quotes nothing: `metric
 * tag=value …,ts=NANOSECONDS,number`. What goes wrong comes with status 200, too: as a line with a
 * minus in front.
 */

#include "engine/base/buf.h"
#include "engine/base/error.h"
#include "engine/config/type.h"

struct mf_akumuli_question {
    const char *series;    /* metric, and tags that must be so */
    const char *aggregate; /* NULL: the rows themselves */
    int64_t group;         /* ns that are put together; 0: all, with `aggregate` */
    int64_t from, to;      /* ns since 1970; `from` belongs to it */
    int64_t limit;         /* rows */
};

void mf_akumuli_put_question(const struct mf_akumuli_question *question, struct mf_buf *buf);

struct mf_akumuli_point {
    const char *series; /* within the line */
    size_t series_len;
    int64_t time;
    double value;
};

/* MF_EDENIED: it is the database's error, which `err` has as a sentence. MF_EINVAL: not
 * understood. */
int mf_akumuli_read_line(const char *line, size_t len, struct mf_akumuli_point *ret,
                         struct mf_error *err);

/* "20261123T210500.000000000", UTC. */
enum { MF_AKUMULI_TIME = 32 };
void mf_akumuli_print_time(int64_t time, char out[MF_AKUMULI_TIME]);

/* Option types: a series whose tags may be left out (const char *), and a time (int64_t). */
extern const struct mf_type mf_type_akumuli_selection;
extern const struct mf_type mf_type_akumuli_time;
