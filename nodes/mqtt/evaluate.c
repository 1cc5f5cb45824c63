/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Values of the command line, read by the same code as those in flows. */

#include "nodes/mqtt/evaluate.h"

#include "engine/config/diag.h"
#include "engine/expr/expr.h"
#include "engine/value/codec.h"

static int first_fault(const struct mf_diags *diags, struct mf_error *err)
{
    return mf_fail(err, MF_EINVAL, "%s",
                   diags->count ? diags->list[0]->message : "the expression cannot be read");
}

static int run(struct mf_expr *expr, struct mf_diags *diags, struct mf_value *ret,
               struct mf_error *err)
{
    struct mf_expr_slot result;
    struct mf_expr_ref *refs;
    const char *reason;
    size_t count;

    if (!expr)
        return first_fault(diags, err);
    refs = mf_expr_refs(expr, &count);
    if (count)
        return mf_fail(err, MF_EINVAL, "there is no `%s` here; texts stand in quotes",
                       refs[0].name);
    if (!mf_expr_check(expr, NULL, 0, NULL, diags, &result))
        return first_fault(diags, err);
    if (!mf_expr_run(expr, NULL, ret, &reason))
        return mf_fail(err, MF_EINVAL, "the expression has no value: %s", reason);
    return 0;
}

int mf_mqtt_evaluate(const char *text, size_t len, struct mf_value *ret, struct mf_error *err)
{
    struct mf_sources *sources;
    struct mf_arena *arena;
    struct mf_diags diags;
    struct mf_tree tree = {.kind = MF_TREE_SCALAR, .is_plain = true, .count = (uint32_t)len};
    const struct mf_source *source;
    int rc;

    if (mf_json_read(text, len, ret, NULL) == 0)
        return 0;
    sources = mf_sources_new();
    arena = mf_arena_new();
    mf_diags_init(&diags, sources);
    source = mf_sources_add(sources, "the command line", text, len);
    tree.text = source->text;
    tree.at = (struct mf_span){source->number, 0, (uint32_t)len};
    rc = run(mf_expr_parse(arena, &diags, &tree), &diags, ret, err);
    mf_diags_done(&diags);
    mf_arena_free(arena);
    mf_sources_free(sources);
    return rc;
}
