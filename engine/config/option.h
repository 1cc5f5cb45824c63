/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Options: what a kind of node or link can be told in a flow file.
 *
 * A table of `struct mf_option`, ended by {0}, is the single source for reading,
 * checking, help, JSON Schema and the reference manual. Defaults (`fallback`)
 * are text as in a flow file and read by the same code as the user's.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum mf_option_flag {
    MF_OPT_PRIMARY = 1 << 0,  /* the value after the kind: `deadband: 20 W` */
    MF_OPT_REQUIRED = 1 << 1, /* no fallback: leaving it out is an error */
    MF_OPT_LIVE = 1 << 2,     /* may change while running, see reconfigure() */
    MF_OPT_SECRET = 1 << 3,   /* never printed, logged or served */
    MF_OPT_DELTA = 1 << 4,    /* quantity: a difference; °C and K are the same */
    MF_OPT_LINK = 1 << 5,     /* text: the name of the link the node hangs on */
};

struct mf_type;

struct mf_option {
    const char *name;           /* key in a flow file */
    const struct mf_type *type; /* reads, prints, describes: engine/config/type.h */
    size_t offset;              /* of the member in the config struct */
    const char *fallback;       /* as in a flow file; NULL: absent leaves the member zero */
    const char *summary;        /* one sentence with a full stop */
    const void *of;             /* choices, sub-table, or element type */
    double min, max;        /* inclusive, in the option's own unit (durations: s); if min < max */
    const char *unit;       /* "W"; "@in", "@out": unit of port `in`, `out`; NULL: plain number */
    uint32_t flags;         /* set of enum mf_option_flag */
    size_t has;             /* offset of a bool set when the option was given, + 1; 0: none */
    const char *deprecated; /* what to use instead */
};

/* One way to say a choice. The table is ended by {0}; the member is an int. */
struct mf_choice {
    const char *name;
    int value;
    const char *summary;
};

/* A table inside an option (`will: {topic: …, value: …}`): the member is a struct. */
struct mf_table {
    const struct mf_option *options;
    size_t size; /* of the struct, for lists */
};

/* Offset of a member; the compiler complains if the member has another type. */
#define MF_MEMBER(st, member, ctype)                                                               \
    (offsetof(st, member) + 0 * sizeof((ctype *)0 == &((st *)0)->member))

/* The file that uses these defines MF_CONFIG as its config struct first. */
#define MF_BOOL(member) .type = &mf_type_bool, .offset = MF_MEMBER(MF_CONFIG, member, bool)
#define MF_INTEGER(member) .type = &mf_type_int, .offset = MF_MEMBER(MF_CONFIG, member, int64_t)
#define MF_REAL(member) .type = &mf_type_number, .offset = MF_MEMBER(MF_CONFIG, member, double)
#define MF_QUANTITY(member)                                                                        \
    .type = &mf_type_quantity, .offset = MF_MEMBER(MF_CONFIG, member, double)
#define MF_SPAN_OF(member)                                                                         \
    .type = &mf_type_range, .offset = MF_MEMBER(MF_CONFIG, member, struct mf_range)
#define MF_STRING(member)                                                                          \
    .type = &mf_type_text, .offset = MF_MEMBER(MF_CONFIG, member, const char *)
#define MF_DURATION(member)                                                                        \
    .type = &mf_type_duration, .offset = MF_MEMBER(MF_CONFIG, member, int64_t)
#define MF_SIZE(member) .type = &mf_type_size, .offset = MF_MEMBER(MF_CONFIG, member, int64_t)
#define MF_CHOICE(member, list)                                                                    \
    .type = &mf_type_choice, .offset = MF_MEMBER(MF_CONFIG, member, int), .of = (list)
#define MF_LITERAL(member)                                                                         \
    .type = &mf_type_literal, .offset = MF_MEMBER(MF_CONFIG, member, struct mf_value)
#define MF_EXPRESSION(member)                                                                      \
    .type = &mf_type_expr, .offset = MF_MEMBER(MF_CONFIG, member, struct mf_expr *)
#define MF_PATH_OF(member)                                                                         \
    .type = &mf_type_path, .offset = MF_MEMBER(MF_CONFIG, member, struct mf_value)
#define MF_STRINGS(member)                                                                         \
    .type = &mf_type_texts, .offset = MF_MEMBER(MF_CONFIG, member, struct mf_texts)
#define MF_SUBTABLE(member, st, table)                                                             \
    .type = &mf_type_table, .offset = MF_MEMBER(MF_CONFIG, member, st), .of = (table)
#define MF_GIVEN(member) .has = MF_MEMBER(MF_CONFIG, member, bool) + 1
#define MF_LIMITS(lo, hi) .min = (lo), .max = (hi)
