/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Expressions: one line of Lua, compiled by us.
 *
 * `expr:`, `when:`, `filter:` and options of type `mf_type_expr` take a Lua 5.4
 * expression without function definitions, method calls and table constructors:
 * operators with Lua's precedence and meaning (`and or not == ~= < <= > >= .. + - * / //
 * % ^ & | ~ << >> #`, integers and floats told apart as in Lua), parentheses,
 * indexing (`value.temp`, `value["temp"]`, `value[1]`: 1 is the first item), literals
 * (numbers, 'text', true, false, nil), quantity literals (`3 °C`, `20 W`, `5min`, `50 %`), and
 * the functions of mf_expr_functions(). Names are inputs: nodes, `value` (the `from` input), the
 * names of a `from` map; `previous(node)` is the value of the turn before. What differs
 * from Lua, and why, is in docs/expressions.md, whose examples are tests.
 *
 * Units are checked when a flow is compiled: adding or comparing W and kW converts, W and °C is an
 * error at the operator's place. A bare number beside a unit is taken in that unit. `°C - °C` is a
 * difference in K; `°C ± K` is °C; a mean of °C stays °C.
 * Running needs no Lua state and allocates nothing for numbers and booleans.
 *
 *   parse (names found) → the owner wires refs → check (types, units, code) → run
 *
 * Everything of an expression lives in the arena it was parsed into. The scalar must be there until
 * the last check, the code refers to nothing else. How the folder is made: expr_priv.h.
 */

#include "engine/config/type.h"
#include "engine/value/msg.h"

enum { MF_EXPR_BYTES = 4096, MF_EXPR_DEPTH = 64, MF_EXPR_REFS = 64, MF_EXPR_CODE = 2000 };
#define MF_EXPR_TEXT 65536 /* bytes that `..` may build */

struct mf_expr;

/* A name in an expression that is not a function: to be wired by the owner. Each distinct name
 * (with and without previous()) stands once. */
struct mf_expr_ref {
    const char *name;  /* as written, dots included: "meter.voltage", "value.temp" */
    bool is_previous;  /* previous(name) */
    struct mf_span at; /* first use */
    uint32_t used;  /* set by the owner: bytes of `name` that name the input; the rest are fields */
    uint32_t input; /* set by the owner: index into `inputs` of mf_expr_run() */
};

/* What is known of an input or result before running. */
struct mf_expr_slot {
    uint32_t types;             /* set of MF_T() */
    const struct mf_unit *unit; /* NULL: none */
};

/* Parses a scalar. NULL after reporting (MF0401 …, at the column inside the scalar). The result
 * lives in `arena`; anything beyond the grammar says that it belongs in `lua:`. */
struct mf_expr *mf_expr_parse(struct mf_arena *arena, struct mf_diags *diags,
                              const struct mf_tree *scalar);

struct mf_expr_ref *mf_expr_refs(struct mf_expr *expr, size_t *ret_count);

/* Checks types and units with refs wired; `inputs` is by ref.input. Generates the code.
 * `wanted` (may be NULL) is the unit that a result must have: the conversion is compiled in; a
 * result without unit gets it. False after reporting. */
bool mf_expr_check(struct mf_expr *expr, const struct mf_expr_slot *inputs, size_t input_count,
                   const struct mf_unit *wanted, struct mf_diags *diags,
                   struct mf_expr_slot *ret_result);

/* Runs. True with *ret_value owned by the caller, of one of the types that check() promised; false
 * with *ret_reason (a constant text for msg.reason) when there is no result: arithmetic on nil or
 * text, division of integers by zero, NaN, nil where that was not promised. `inputs` by ref.input;
 * a ref to an input that has had no message yet reads nil. */
bool mf_expr_run(const struct mf_expr *expr, const struct mf_msg *inputs,
                 struct mf_value *ret_value, const char **ret_reason);

/* The value when the expression is a literal, else NULL. After mf_expr_check(). */
const struct mf_value *mf_expr_constant(const struct mf_expr *expr);

/* The expression's source with each ref's name replaced by rename(arg, ref): for `expand`. */
void mf_expr_print(const struct mf_expr *expr,
                   const char *(*rename)(void *arg, const struct mf_expr_ref *ref), void *arg,
                   struct mf_buf *buf);

/* Functions for help and completion. */
struct mf_expr_function {
    const char *name, *usage, *summary;
};
const struct mf_expr_function *mf_expr_functions(size_t *ret_count);
