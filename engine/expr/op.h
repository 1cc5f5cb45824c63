/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Operators: what they mean for any two values, as Lua 5.4 has it.
 *
 * These are the slow halves: the machine handles floats itself and comes here
 * for integers, mixtures, texts and everything that goes wrong. Folding of
 * constants uses the same functions, so both agree.
 *
 * Two differences from Lua, on purpose: a text is never taken for a number, and a
 * float is written as short as it reads back (`20`, not `20.0`).
 */

#include <stdbool.h>

#include "engine/base/buf.h"
#include "engine/value/value.h"

enum mf_op {
    /* binary */
    MF_OP_ADD,
    MF_OP_SUB,
    MF_OP_MUL,
    MF_OP_DIV,
    MF_OP_IDIV,
    MF_OP_MOD,
    MF_OP_POW,
    MF_OP_BAND,
    MF_OP_BOR,
    MF_OP_BXOR,
    MF_OP_SHL,
    MF_OP_SHR,
    MF_OP_CONCAT,
    MF_OP_EQ,
    MF_OP_NE,
    MF_OP_LT,
    MF_OP_LE,
    MF_OP_GT,
    MF_OP_GE,
    MF_OP_MAX,
    MF_OP_MIN,
    MF_OP_INDEX,
    /* unary */
    MF_OP_NEG,
    MF_OP_NOT,
    MF_OP_BNOT,
    MF_OP_LEN,
    MF_OP_ABS,
    /* only in code */
    MF_OP_LINEAR,     /* a number times constant b, plus the constant behind it */
    MF_OP_MOVE,       /* copies the handle */
    MF_OP_UNLESS,     /* a is false: result is a, jump */
    MF_OP_IF,         /* a is true: result is a, jump */
    MF_OP_IF_PRESENT, /* a is not null: result is a, jump */
    MF_OP_CALL,       /* arguments in registers from a on */
    MF_OP_RETURN,     /* a */
};

/* As written, for messages. */
const char *mf_op_text(enum mf_op op);

/* Why there is no result; constants for msg.reason. */
extern const char mf_reason_no_value[];       /* "no value": arithmetic on nil */
extern const char mf_reason_zero[];           /* "division by zero" */
extern const char mf_reason_no_integer[];     /* "not an integer" */
extern const char mf_reason_long_text[];      /* "text too long" */
extern const char mf_reason_wrong_argument[]; /* "wrong argument" */

/* False with *ret_reason when there is no result. What `..` makes is owned by the caller; all else
 * has no block or is borrowed from an operand. `ret` may be one of the operands. */
bool mf_op_binary(enum mf_op op, const struct mf_value *a, const struct mf_value *b,
                  struct mf_value *ret, const char **ret_reason);
bool mf_op_unary(enum mf_op op, const struct mf_value *a, struct mf_value *ret,
                 const char **ret_reason);
/* In place, on numbers; everything else stays as it is. */
void mf_op_linear(struct mf_value *value, double mul, double add);

/* The integer that a number is, without rounding. */
bool mf_op_integer(const struct mf_value *value, int64_t *ret);
/* A float that is whole becomes an integer where it fits. */
struct mf_value mf_op_whole(double number);
/* Reason for a value that is no number: nil has one of its own. */
const char *mf_op_not_number(const struct mf_value *value);
/* Text as it is, numbers as `..` writes them; false for the rest. */
bool mf_op_put_text(const struct mf_value *value, struct mf_buf *buf);
