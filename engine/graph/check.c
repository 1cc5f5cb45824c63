/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Last step of compiling: what only shows in the graph as a whole.
 */

#include <string.h>

#include "engine/graph/guard_priv.h"

static void two_writers(struct mf_compile *compile, const struct mf_def *other,
                        const struct mf_def *def, const char *target)
{
    struct mf_diag *diag;

    diag = mf_diag(compile->diags, MF_ERROR, 304, def->draft->item->at,
                   "`%s` and `%s` both write `%s`", other->name, def->name,
                   strchr(target, ':') ? strchr(target, ':') + 1 : target);
    mf_diag_related(diag, other->draft->item->at, "`%s` writes it here", other->name);
    if (def->guard || other->guard)
        mf_diag_help(diag, "let one node write it, with `from: [a, b]` and `priority: [a, b]`");
    else
        mf_diag_help(diag, "let one node write it, fed by `from: [a, b]`, `select` or `merge`");
}

/* Two nodes that write one thing outside fight each other. */
static void check_writers(struct mf_compile *compile)
{
    struct mf_map writers = {0}, guarded = {0};

    for (size_t i = 0; i < compile->count; i++) {
        const struct mf_draft *draft = compile->drafts[i];
        struct mf_def *def = draft->def;
        const struct mf_def *other;
        const char *target;

        if (draft->failed || draft->loaded.is_unknown || !def->kind->writes)
            continue;
        target = def->guard ? def->guard->target : def->kind->writes(def->config, compile->arena);
        if (!target)
            continue;
        other = mf_map_add(&writers, target, def);
        if (other)
            two_writers(compile, other, def, target);
        else if (def->guard)
            mf_map_set(&guarded, target, def);
    }
    /* Past the guard of another node nothing may be written, whatever the kind allows otherwise. */
    for (size_t i = 0; i < compile->count && guarded.count; i++) {
        const struct mf_draft *draft = compile->drafts[i];
        const struct mf_def *other = NULL;
        const char *target;

        if (draft->failed || draft->loaded.is_unknown || draft->def->guard)
            continue;
        target = mf_guard_target(compile, draft);
        if (target)
            other = mf_map_get(&guarded, target);
        if (other && mf_map_get(&writers, target) == other)
            two_writers(compile, other, draft->def, target);
    }
    mf_map_done(&writers);
    mf_map_done(&guarded);
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
