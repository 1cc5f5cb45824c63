/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Tokens of an expression. A number and the unit behind it are one token, so
 * that `50 %`, `5min` and `20 W/s` never meet the operators.
 */

#include "engine/expr/expr_priv.h"

enum mf_token_type {
    MF_TOKEN_END,
    MF_TOKEN_NUMBER, /* value, unit */
    MF_TOKEN_TEXT,   /* value */
    MF_TOKEN_NAME,
    MF_TOKEN_AND,
    MF_TOKEN_OR,
    MF_TOKEN_NOT,
    MF_TOKEN_TRUE,
    MF_TOKEN_FALSE,
    MF_TOKEN_NIL,
    MF_TOKEN_SIGN,  /* operators and brackets: the text tells which */
    MF_TOKEN_FAULT, /* said already */
};

struct mf_token {
    enum mf_token_type type;
    uint32_t from, to;
    struct mf_value value;
    const struct mf_unit *unit;
};

struct mf_lexer {
    struct mf_expr *expr;
    struct mf_diags *diags;
    const char *text;
    uint32_t len, pos;
};

struct mf_token mf_lex_next(struct mf_lexer *lexer);

/* Reports at [from, to) of the text: `lexer` is anything with `expr` and `diags`. */
#define MF_LEX_FAULT(lexer, severity, code, from, to, ...)                                         \
    mf_diag((lexer)->diags, severity, code,                                                        \
            mf_expr_at((lexer)->expr, (lexer)->diags, (from), (to)), __VA_ARGS__)

/* ---- between lex.c and lex_unit.c ---- */

uint32_t mf_lex_skip_blanks(const struct mf_lexer *lexer, uint32_t pos);
/* The unit that may follow the number token, whose end is moved. False after a fault. */
bool mf_lex_unit(struct mf_lexer *lexer, struct mf_token *token);
/* What people write in other languages. NULL if nothing of that stands at the place. */
struct mf_foreign {
    const char *text, *help;
};
const struct mf_foreign *mf_lex_foreign(const struct mf_lexer *lexer, uint32_t pos);
