/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See condition.h. The text goes through the reader of flow files, as one scalar of a document. */

#include "engine/control/condition.h"

#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/arena.h"
#include "engine/base/text.h"
#include "engine/config/diag.h"
#include "engine/config/source.h"
#include "engine/config/tree.h"
#include "engine/expr/expr.h"

static const char name[] = "value";

struct mf_condition {
    struct mf_arena *arena;
    struct mf_expr *expr;
};

/* As the scalar of a flow file, in quotes. */
static const struct mf_tree *scalar_of(const char *text, struct mf_arena *arena,
                                       struct mf_diags *diags)
{
    const struct mf_source *source;
    const struct mf_tree *tree;
    struct mf_buf yaml = {0};

    mf_buf_puts(&yaml, "x: ");
    mf_text_quote_json(&yaml, text, strlen(text));
    mf_buf_putc(&yaml, '\n');
    source = mf_sources_add(diags->sources, "condition", mf_buf_text(&yaml), yaml.len);
    tree = mf_compose(source, 0, source->len, arena, diags);
    mf_buf_done(&yaml);
    return tree ? mf_tree_get(tree, "x", NULL) : NULL;
}

static bool wire(struct mf_expr *expr, struct mf_error *err)
{
    size_t count, len = strlen(name);
    struct mf_expr_ref *refs = mf_expr_refs(expr, &count);

    for (size_t i = 0; i < count; i++) {
        bool is_value = strncmp(refs[i].name, name, len) == 0 &&
                        (!refs[i].name[len] || refs[i].name[len] == '.');

        if (!is_value || refs[i].is_previous) {
            mf_fail(err, MF_EINVAL, "`%s` means nothing here; the message is `value`",
                    refs[i].name);
            return false;
        }
        refs[i].used = (uint32_t)len;
        refs[i].input = 0;
    }
    return true;
}

static struct mf_expr *compile(const char *text, const struct mf_out_def *output,
                               struct mf_arena *arena, struct mf_diags *diags, struct mf_error *err)
{
    const struct mf_tree *scalar = scalar_of(text, arena, diags);
    struct mf_expr *expr = scalar ? mf_expr_parse(arena, diags, scalar) : NULL;
    struct mf_expr_slot slot = {output->types, output->unit}, result;

    if (expr && !wire(expr, err))
        return NULL;
    if (expr && mf_expr_check(expr, &slot, 1, NULL, diags, &result))
        return expr;
    mf_fail(err, MF_EINVAL, "%s", diags->count ? diags->list[0]->message : "not an expression");
    return NULL;
}

struct mf_condition *mf_condition_new(const char *text, const struct mf_out_def *output,
                                      struct mf_error *err)
{
    struct mf_condition *condition = mf_zalloc(sizeof(*condition));
    struct mf_sources *sources = mf_sources_new();
    struct mf_diags diags;

    condition->arena = mf_arena_new();
    mf_diags_init(&diags, sources);
    condition->expr = compile(text, output, condition->arena, &diags, err);
    mf_diags_done(&diags);
    mf_sources_free(sources);
    if (condition->expr)
        return condition;
    mf_condition_free(condition);
    return NULL;
}

void mf_condition_free(struct mf_condition *condition)
{
    if (!condition)
        return;
    mf_arena_free(condition->arena);
    mf_free(condition);
}

bool mf_condition_holds(const struct mf_condition *condition, const struct mf_msg *msg)
{
    struct mf_value result;
    const char *reason;
    bool is_true;

    if (msg->quality != MF_GOOD || !mf_expr_run(condition->expr, msg, &result, &reason))
        return false;
    is_true = mf_value_is_true(&result);
    mf_value_drop(result);
    return is_true;
}
