/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Printing: the text of an expression with other names in it. */

#include "engine/expr/expr_priv.h"

struct printer {
    const struct mf_expr *expr;
    const char *(*rename)(void *arg, const struct mf_expr_ref *ref);
    void *arg;
    struct mf_buf *buf;
    uint32_t done; /* bytes of the text that are printed */
};

static void print_ref(struct printer *p, const struct mf_ast *ast)
{
    const struct mf_expr_ref *ref = &p->expr->refs[ast->ref];
    const char *name = p->rename(p->arg, ref);

    mf_buf_put(p->buf, p->expr->text + p->done, ast->from - p->done);
    mf_buf_printf(p->buf, ref->is_previous ? "previous(%s)" : "%s", name);
    p->done = ast->to;
}

/* The tree is in the order of the text. */
static void print_ast(struct printer *p, const struct mf_ast *ast)
{
    if (!ast || ast->kind == MF_AST_CONST)
        return;
    if (ast->kind == MF_AST_REF) {
        print_ref(p, ast);
        return;
    }
    if (ast->kind == MF_AST_CALL) {
        for (const struct mf_ast *arg = ast->left; arg; arg = arg->next)
            print_ast(p, arg);
        return;
    }
    print_ast(p, ast->left);
    print_ast(p, ast->right);
}

void mf_expr_print(const struct mf_expr *expr,
                   const char *(*rename)(void *arg, const struct mf_expr_ref *ref), void *arg,
                   struct mf_buf *buf)
{
    struct printer p = {.expr = expr, .rename = rename, .arg = arg, .buf = buf};

    print_ast(&p, expr->root);
    mf_buf_puts(buf, expr->text + p.done);
}
