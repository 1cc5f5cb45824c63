/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * How an expression is made, for the files of this folder.
 *
 *   lex      text → tokens; quantity literals                        lex.c, lex_unit.c
 *   parse    tokens → tree of `struct mf_ast`, names → refs           parse.c
 *   check    types, folding of constants                             check.c
 *   units    what each operator and function does with units         unit_*.c
 *   gen      tree → flat code                                        gen.c
 *   run      the machine                                             run.c, run_slow.c
 *   op       what the operators of Lua mean, for run and folding     op.c
 *
 * The tree keeps places and literals only. What check finds out about each of
 * its nodes (`struct mf_fact`) is dropped when the code is there, so an
 * expression can be checked again with other inputs.
 */

#include "engine/base/arena.h"
#include "engine/expr/expr.h"
#include "engine/expr/op.h"

struct mf_function;

enum mf_ast_kind {
    MF_AST_CONST,  /* value, unit */
    MF_AST_REF,    /* ref */
    MF_AST_INDEX,  /* left[right] */
    MF_AST_CALL,   /* function; arguments from `left` on by `next` */
    MF_AST_UNARY,  /* op left */
    MF_AST_BINARY, /* left op right */
    MF_AST_AND,
    MF_AST_OR,
};

struct mf_ast {
    uint8_t kind; /* enum mf_ast_kind */
    uint8_t op;   /* enum mf_op of unary and binary ones */
    bool in_parens;
    uint8_t args;           /* of a call */
    uint16_t id;            /* index of its fact */
    uint16_t from, to;      /* bytes of the text */
    uint16_t op_at, op_end; /* of the operator; call: of the function's name */
    struct mf_ast *next;    /* argument after this one */
    union {
        struct { /* CONST */
            struct mf_value value;
            const struct mf_unit *unit; /* of a quantity literal */
        };
        struct { /* INDEX, CALL, UNARY, BINARY, AND, OR */
            struct mf_ast *left, *right;
            const struct mf_function *function;
        };
        uint32_t ref; /* REF */
    };
};
_Static_assert(sizeof(struct mf_ast) <= 48, "the tree stays in memory with the flow");

/* Where an operand lies: a base, and a distance from it in bytes. */
enum mf_base { MF_BASE_REGISTER, MF_BASE_CONSTANT, MF_BASE_INPUT, MF_BASES };

struct mf_operand {
    uint8_t base; /* enum mf_base */
    uint32_t offset;
};

/* Registers of the machine; those that own a block are numbered from the end. */
enum { MF_EXPR_REGISTERS = 256 };

struct mf_instruction {
    uint8_t op;             /* enum mf_op */
    uint8_t count;          /* arguments of a call */
    uint8_t a_base, b_base; /* operands */
    uint16_t to;            /* register of the result, in bytes */
    uint16_t c;             /* jumps: index of the next instruction; call: index of the function */
    uint32_t a, b;
};

/* A block that constants of an expression hold, dropped with the arena. */
struct mf_held {
    struct mf_held *next;
    struct mf_value value;
};

struct mf_expr {
    struct mf_arena *arena;
    const struct mf_tree *scalar; /* for places, while the flow is compiled */
    const char *text;             /* a copy */
    struct mf_ast *root;
    struct mf_expr_ref *refs;
    uint32_t ref_count, node_count;
    struct mf_held *held;
    /* Made by check. */
    const struct mf_instruction *code;
    const struct mf_value *constants;
    uint32_t owners; /* registers that own what they hold */
    uint32_t types;  /* of the result */
    bool is_constant;
    struct mf_value constant;
};

/*
 * What is known of a node of the tree before running.
 *
 * Temperatures have a weight: 1 is a point of the scale, 0 a difference, 2 the sum of two points on
 * the way to their mean. NaN is not decided: `temp - 20` is a point or a difference, whatever
 * its use wants, and so is anything in K. A difference of two °C has the unit K.
 */
struct mf_fact {
    uint32_t types;   /* set of MF_T(); null only where the text says so */
    bool can_be_true; /* with MF_T(MF_BOOL) */
    bool is_constant; /* `value` */
    bool is_bare;     /* a literal number without unit: takes the one beside it */
    bool failed;      /* a fault was reported */
    bool has_convert; /* `convert` is applied to the result */
    const struct mf_unit *unit;
    double weight;
    struct mf_linear convert;
    struct mf_value value;
};

struct mf_checker {
    struct mf_expr *expr;
    const struct mf_expr_slot *inputs;
    size_t input_count;
    struct mf_diags *diags;
    struct mf_fact *facts;
    bool failed;
};

static inline struct mf_fact *mf_fact(const struct mf_checker *c, const struct mf_ast *ast)
{
    return &c->facts[ast->id];
}

/* A fault was reported: nothing more is said about what depends on it. */
static inline void mf_fact_fail(struct mf_checker *c, const struct mf_ast *ast)
{
    mf_fact(c, ast)->failed = c->failed = true;
}

/* ---- places and values ---- */

struct mf_span mf_expr_at(const struct mf_expr *expr, const struct mf_diags *diags, uint32_t from,
                          uint32_t to);
struct mf_span mf_expr_at_ast(const struct mf_checker *c, const struct mf_ast *ast);
struct mf_span mf_expr_at_op(const struct mf_checker *c, const struct mf_ast *ast);
/* The text of a node, cut to fit into a message. */
const char *mf_expr_quote(const struct mf_checker *c, const struct mf_ast *ast);
/* Takes care of the block of a constant. */
void mf_expr_hold(struct mf_expr *expr, struct mf_value value);

/* ---- unit rules: unit_rules.c ---- */

enum mf_joining { MF_JOIN_ADD, MF_JOIN_SUB, MF_JOIN_COMPARE };

/* Settles the unit of the node `ast` and the conversions of its operands. They report what is
 * wrong and set `failed` in the fact. */
void mf_units_join(struct mf_checker *c, const struct mf_ast *ast, const struct mf_ast *left,
                   const struct mf_ast *right, enum mf_joining joining);
void mf_units_binary(struct mf_checker *c, const struct mf_ast *ast);
void mf_units_unary(struct mf_checker *c, const struct mf_ast *ast);
void mf_units_call(struct mf_checker *c, const struct mf_ast *ast);
/* The end of the expression. */
void mf_units_result(struct mf_checker *c, const struct mf_unit *wanted);
/* Converts the result of a node; at once when it is a constant. */
void mf_units_convert(struct mf_checker *c, const struct mf_ast *ast, struct mf_linear convert);
/* No sum of temperatures; a bare number beside °C counts as a point. */
void mf_units_need_point(struct mf_checker *c, const struct mf_ast *ast);

/* ---- code: gen.c, run_slow.c ---- */

/* False after reporting that it does not fit. */
bool mf_expr_generate(struct mf_checker *c);

/* What an instruction does with any values. False with *ret_reason. */
bool mf_expr_run_slowly(const struct mf_instruction *in, const struct mf_value *a,
                        const struct mf_value *b, struct mf_value *to, const char **ret_reason);
