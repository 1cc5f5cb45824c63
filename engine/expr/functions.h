/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Functions: what an expression can call. engine/expr/functions.def is the one
 * table; help, completion, the checks and the machine are made from it.
 */

#include "engine/expr/op.h"

enum { MF_EXPR_ARGS = 16 }; /* of one call */

/* What a function does with the units of its numbers. */
enum mf_unit_rule {
    MF_RULE_CONSTANT, /* not a function: a name for a number */
    MF_RULE_DROP,     /* takes no notice; the result has none */
    MF_RULE_SAME,     /* all are converted to the first; the result is in it */
    MF_RULE_SAME_ALL, /* as SAME, and the arguments are alternatives of any type */
    MF_RULE_STEP,     /* as SAME; the second is a difference */
    MF_RULE_PLAIN,    /* no unit, or a ratio */
    MF_RULE_ANGLE,    /* an angle, or a plain number in radians */
    MF_RULE_RATIO,    /* two of one kind, or plain ones; the result is plain */
    MF_RULE_SCALE,    /* x, x0, x1 in one unit; y0, y1 in another, which is the result's */
    MF_RULE_NUMBER,   /* number(x, 'kW') */
    MF_RULE_QUANTITY, /* quantity(x, 'kW') */
};

struct mf_function {
    const char *name;
    uint8_t min, max; /* arguments */
    uint8_t rule;     /* enum mf_unit_rule */
    uint8_t op;       /* MF_OP_CALL, or the operation that does it pair by pair */
    uint32_t takes;   /* set of types of the first argument */
    uint32_t others;  /* of the others */
    uint32_t gives;   /* set of types; 0: those of the arguments */
    /* Result owned by the caller; false with a reason when there is none. */
    bool (*run)(const struct mf_value *args, unsigned count, struct mf_value *ret,
                const char **ret_reason);
};

extern const struct mf_function mf_function_list[];
extern const unsigned mf_function_count;

/* NULL if there is none. */
const struct mf_function *mf_function_find(const char *name);
/* "math.max" for "max", or the nearest name; NULL if none is near. */
const char *mf_function_nearest(const char *name);
