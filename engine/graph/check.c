/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Last step of compiling: what only shows in the graph as a whole.
 */

#include <string.h>

#include "engine/graph/compile_priv.h"

/* Two nodes that write one thing outside fight each other. */
static void check_writers(struct mf_compile *compile)
{
    struct mf_map writers = {0};

    for (size_t i = 0; i < compile->count; i++) {
        struct mf_def *def = compile->drafts[i]->def;
        const struct mf_def *other;
        const char *target;
        struct mf_diag *diag;

        if (compile->drafts[i]->failed || compile->drafts[i]->loaded.is_unknown ||
            !def->kind->writes)
            continue;
        target = def->kind->writes(def->config, compile->arena);
        if (!target)
            continue;
        other = mf_map_add(&writers, target, def);
        if (!other)
            continue;
        diag = mf_diag(compile->diags, MF_ERROR, 304, def->draft->item->at,
                       "`%s` and `%s` both write `%s`", other->name, def->name,
                       strchr(target, ':') ? strchr(target, ':') + 1 : target);
        mf_diag_related(diag, other->draft->item->at, "`%s` writes it here", other->name);
        mf_diag_help(diag, "let one node write it, fed by `from: [a, b]`, `select` or `merge`");
    }
    mf_map_done(&writers);
}

static bool is_read(const struct mf_def *def)
{
    for (unsigned i = 0; i < def->out_count; i++)
        for (unsigned k = 0; k < def->outs[i].reader_count; k++)
            if (def->outs[i].readers[k].to != def)
                return true;
    return false;
}

/* A transform whose value nobody reads is usually a name mistyped elsewhere. A note: people also
 * look at values with `tap`, and tests read any node. */
static void check_readers(struct mf_compile *compile)
{
    for (size_t i = 0; i < compile->count; i++) {
        const struct mf_draft *draft = compile->drafts[i];
        const struct mf_def *def = draft->def;

        if (draft->failed || !def->out_count || !(def->kind->flags & MF_KIND_PURE) ||
            is_read(def) || draft->item->scope->outer)
            continue;
        mf_diag(compile->diags, MF_NOTE, 310, draft->item->at, "nobody reads `%s`", def->name);
    }
}

void mf_compile_check(struct mf_compile *compile)
{
    check_writers(compile);
    if (!compile->diags->errors)
        check_readers(compile);
}
