/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * What option types share: shapes, limits, and how messages name things.
 *
 * A secret is never repeated in a message, neither its text nor a part of it.
 */

#include "engine/config/type.h"

#include <math.h>
#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/text.h"
#include "engine/config/type_priv.h"

enum { SHOWN = 40 }; /* columns of a value that a message repeats */

const char *mf_type_key(const struct mf_load *load, const struct mf_option *option)
{
    return load->key ? load->key : option->name;
}

bool mf_type_is_secret(const struct mf_option *option, const struct mf_tree *tree)
{
    return (option->flags & MF_OPT_SECRET) || (tree->kind == MF_TREE_SCALAR && tree->is_secret);
}

const char *mf_type_shown(const struct mf_load *load, const struct mf_option *option,
                          const struct mf_tree *tree)
{
    struct mf_buf buf = {0};
    const char *shown;

    if (tree->kind != MF_TREE_SCALAR)
        return mf_tree_kind_name(tree);
    if (mf_type_is_secret(option, tree))
        return "a secret that is none";
    if (tree->count == 0)
        return tree->is_plain ? "nothing" : "an empty text";
    mf_text_printable(&buf, tree->text, tree->count, SHOWN);
    shown = mf_arena_printf(load->arena, "`%s`", mf_buf_text(&buf));
    mf_buf_done(&buf);
    return shown;
}

bool mf_type_mismatch(struct mf_load *load, const struct mf_option *option,
                      const struct mf_tree *tree, const char *wanted)
{
    mf_diag(load->diags, MF_ERROR, MF_CODE_WRONG_VALUE, tree->at, "`%s` wants %s, got %s",
            mf_type_key(load, option), wanted, mf_type_shown(load, option, tree));
    return false;
}

bool mf_type_fault(struct mf_load *load, const struct mf_option *option, const struct mf_tree *tree,
                   const struct mf_error *err)
{
    if (mf_type_is_secret(option, tree))
        return mf_type_mismatch(load, option, tree, option->type->syntax);
    mf_diag(load->diags, MF_ERROR, MF_CODE_WRONG_VALUE, tree->at, "`%s` wants %s: %s",
            mf_type_key(load, option), option->type->syntax, err->text);
    return false;
}

const char *mf_type_scalar(struct mf_load *load, const struct mf_option *option,
                           const struct mf_tree *tree)
{
    if (tree->kind != MF_TREE_SCALAR || (tree->count == 0 && tree->is_plain)) {
        mf_type_mismatch(load, option, tree, option->type->syntax);
        return NULL;
    }
    if (strlen(tree->text) != tree->count) {
        mf_diag(load->diags, MF_ERROR, MF_CODE_WRONG_VALUE, tree->at,
                "`%s` cannot hold the character `\\0`", mf_type_key(load, option));
        return NULL;
    }
    return tree->text;
}

bool mf_type_limits(struct mf_load *load, const struct mf_option *option,
                    const struct mf_tree *tree, double number,
                    void (*print)(const struct mf_option *option, double limit, struct mf_buf *buf))
{
    const char *key = mf_type_key(load, option), *shown;
    struct mf_buf low = {0}, high = {0};

    if (!(option->min < option->max) || (number >= option->min && number <= option->max))
        return true;
    shown = mf_type_shown(load, option, tree);
    print(option, option->min, &low);
    print(option, option->max, &high);
    if (isinf(option->max))
        mf_diag(load->diags, MF_ERROR, MF_CODE_LIMITS, tree->at, "`%s` must be at least %s, got %s",
                key, mf_buf_text(&low), shown);
    else if (isinf(option->min))
        mf_diag(load->diags, MF_ERROR, MF_CODE_LIMITS, tree->at, "`%s` must be at most %s, got %s",
                key, mf_buf_text(&high), shown);
    else
        mf_diag(load->diags, MF_ERROR, MF_CODE_LIMITS, tree->at,
                "`%s` must be from %s to %s, got %s", key, mf_buf_text(&low), mf_buf_text(&high),
                shown);
    mf_buf_done(&low);
    mf_buf_done(&high);
    return false;
}

void mf_type_late(struct mf_load *load, const struct mf_option *option, struct mf_span at,
                  double *number, const struct mf_unit *unit, bool has_unit)
{
    struct mf_late_quantity *late =
        mf_arena_alloc(load->scratch ? load->scratch : load->arena, sizeof(*late));

    late->next = load->into->quantities;
    late->option = option;
    late->number = number;
    late->has_unit = has_unit;
    if (has_unit)
        late->unit = *unit;
    late->at = at;
    load->into->quantities = late;
}

static void drop_value(void *arg)
{
    mf_value_drop(*(struct mf_value *)arg);
}

void mf_type_keep_value(struct mf_arena *arena, struct mf_value value)
{
    struct mf_value *kept;

    if (value.length != MF_VALUE_BLOCK)
        return;
    kept = mf_arena_alloc(arena, sizeof(*kept));
    *kept = value;
    mf_arena_defer(arena, drop_value, kept);
}
