/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The table of functions, for the checker and for help. */

#include "engine/expr/functions.h"

#include <string.h>

#include "engine/base/text.h"
#include "engine/expr/expr.h"
#include "engine/expr/functions_priv.h"

/* Rows of two shapes from one table, so that their indices agree. */
#define MF_FUNCTION(name, usage, summary, min, max, rule, op, takes, others, gives, run)           \
    {name, min, max, MF_RULE_##rule, MF_OP_##op, takes, others, gives, run},
const struct mf_function mf_function_list[] = {
#include "engine/expr/functions.def"
};
#undef MF_FUNCTION

#define MF_FUNCTION(name, usage, summary, ...) {name, usage, summary},
static const struct mf_expr_function described[] = {
#include "engine/expr/functions.def"
};
#undef MF_FUNCTION

const unsigned mf_function_count = sizeof(mf_function_list) / sizeof(*mf_function_list);

const struct mf_expr_function *mf_expr_functions(size_t *ret_count)
{
    *ret_count = mf_function_count;
    return described;
}

const struct mf_function *mf_function_find(const char *name)
{
    for (unsigned i = 0; i < mf_function_count; i++)
        if (strcmp(mf_function_list[i].name, name) == 0)
            return &mf_function_list[i];
    return NULL;
}

/* The name behind the dot, where there is one. */
static const char *last_part(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot ? dot + 1 : name;
}

const char *mf_function_nearest(const char *name)
{
    struct mf_nearest nearest;

    for (unsigned i = 0; i < mf_function_count; i++)
        if (strcmp(last_part(mf_function_list[i].name), last_part(name)) == 0)
            return mf_function_list[i].name;
    mf_nearest_init(&nearest, name);
    for (unsigned i = 0; i < mf_function_count; i++)
        mf_nearest_add(&nearest, mf_function_list[i].name);
    if (nearest.best)
        return nearest.best;
    mf_nearest_init(&nearest, last_part(name));
    for (unsigned i = 0; i < mf_function_count; i++)
        mf_nearest_add(&nearest, last_part(mf_function_list[i].name));
    for (unsigned i = 0; nearest.best && i < mf_function_count; i++)
        if (last_part(mf_function_list[i].name) == nearest.best)
            return mf_function_list[i].name;
    return NULL;
}
