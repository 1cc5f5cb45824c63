/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Names of nodes and their outputs: see resolve.h. */

#include "engine/graph/resolve.h"

#include <string.h>

#include "engine/base/buf.h"

enum { LISTED_MAX = 12 }; /* outputs that a message names */

struct mf_from_name mf_from_name(const struct mf_tree *scalar)
{
    static const char previous[] = "previous(";
    struct mf_from_name name = {scalar->text, scalar->count, 0, false};

    if (!mf_text_starts(name.text, previous) || name.text[name.len - 1] != ')')
        return name;
    name.is_previous = true;
    name.start = sizeof(previous) - 1;
    name.text += name.start;
    name.len -= name.start + 1;
    while (name.len && name.text[name.len - 1] == ' ')
        name.len--;
    while (name.len && *name.text == ' ') {
        name.text++;
        name.start++;
        name.len--;
    }
    return name;
}

/* ---- what is wrong ---- */

/* `metr.voltage` → `meter.voltage`, where only the node was mistyped. */
static bool offer_with_port(struct mf_compile *compile, const struct mf_draft *draft,
                            const char *name, const char *best, struct mf_diag *diag)
{
    const char *dot = strchr(name, '.');
    struct mf_name found;
    const struct mf_draft *target;

    if (!dot || strchr(best, '.'))
        return false;
    found = mf_flow_lookup(compile->flow, draft->item->scope, best, strlen(best));
    target = found.node ? mf_map_get(&compile->by_name, found.node->name) : NULL;
    if (!target || !target->has_ports || mf_def_output(target->def, dot + 1) < 0)
        return false;
    mf_diag_help(diag, "did you mean `%s%s`?", best, dot);
    return true;
}

static void unknown_node(struct mf_compile *compile, const struct mf_draft *draft, const char *name,
                         size_t len, struct mf_span at)
{
    char *text = mf_arena_strndup(compile->flow->arena, name, len);
    const char *best = mf_flow_nearest(compile->flow, draft->item->scope, text);
    struct mf_diag *diag =
        mf_diag(compile->diags, MF_ERROR, 301, at, "there is no node `%s`", text);

    if (best && strcmp(best, draft->item->name) != 0 &&
        !offer_with_port(compile, draft, text, best, diag))
        mf_diag_help(diag, "did you mean `%s`?", best);
}

/* `node` is as it was written there; `port` "" is none. */
static void unknown_port(struct mf_compile *compile, const struct mf_draft *from, const char *node,
                         const char *port, struct mf_span at)
{
    const struct mf_def *def = from->def;
    struct mf_nearest nearest;
    struct mf_buf list = {0};
    struct mf_diag *diag;

    if (*port)
        diag = mf_diag(compile->diags, MF_ERROR, 302, at, "`%s` has no output `%s`", node, port);
    else
        diag = mf_diag(compile->diags, MF_ERROR, 302, at,
                       def->out_count ? "`%s` has several outputs; say which"
                                      : "`%s` has no output to read",
                       node);
    mf_diag_related(diag, from->item->at, "`%s` is defined here", node);
    mf_nearest_init(&nearest, port);
    for (unsigned i = 0; i < def->out_count; i++) {
        mf_nearest_add(&nearest, def->outs[i].name);
        if (i < LISTED_MAX)
            mf_buf_printf(&list, "%s`%s.%s`", i ? ", " : "", node, def->outs[i].name);
    }
    if (*port && nearest.best)
        mf_diag_help(diag, "did you mean `%s.%s`?", node, nearest.best);
    else if (def->out_count == 1)
        mf_diag_help(diag, "its only output is `%s`", node);
    else if (def->out_count)
        mf_diag_help(diag, "it has %s%s", mf_buf_text(&list),
                     def->out_count > LISTED_MAX ? ", …" : "");
    mf_buf_done(&list);
}

static void disabled_node(struct mf_compile *compile, const struct mf_flow_item *item,
                          struct mf_span at)
{
    struct mf_diag *diag = mf_diag(compile->diags, MF_ERROR, 311, at,
                                   "`%s` is disabled, so there is nothing to read", item->name);

    mf_diag_related(diag, item->at, "`%s` has `enabled: false`", item->name);
    mf_diag_help(diag, "enable it, or disable this node too");
}

/* ---- ports ---- */

/* Splits what follows the node's name into a port and, in expressions, fields behind it. */
static bool find_port(struct mf_compile *compile, const struct mf_draft *from,
                      const struct mf_name *found, const char *name, enum mf_resolve how,
                      struct mf_span at, struct mf_target *ret)
{
    const struct mf_def *def = from->def;
    const char *rest = found->rest, *shown = def->name;
    size_t rest_len = strlen(rest), len = rest_len;
    char *port;

    if (how == MF_RESOLVE_FROM && strcmp(rest, "*") == 0 && def->out_count) {
        ret->out = -1;
        return true;
    }
    if (how == MF_RESOLVE_EXPRESSION)
        len = strcspn(rest, ".");
    port = mf_arena_strndup(compile->flow->arena, rest, len);
    ret->out = mf_def_output(def, port);
    if (ret->out >= 0) {
        ret->used += rest_len ? len + 1 - found->mapped : 0;
        return true;
    }
    /* `weather.temp` where weather is one output that may be a map. */
    if (rest_len && how == MF_RESOLVE_EXPRESSION && !found->mapped) {
        ret->out = mf_def_output(def, "");
        if (ret->out >= 0 && (def->outs[ret->out].types & (MF_T(MF_MAP) | MF_T(MF_LIST))))
            return true;
    }
    if (!found->mapped)
        shown = mf_arena_strndup(compile->flow->arena, name, found->used);
    unknown_port(compile, from, shown, strcmp(port, "*") == 0 ? "" : port, at);
    return false;
}

bool mf_resolve(struct mf_compile *compile, struct mf_draft *draft, const char *name, size_t len,
                enum mf_resolve how, struct mf_span at, struct mf_target *ret)
{
    struct mf_name found = mf_flow_lookup(compile->flow, draft->item->scope, name, len);
    const struct mf_draft *from =
        found.node ? mf_map_get(&compile->by_name, found.node->name) : NULL;

    *ret = (struct mf_target){.def = from ? from->def : NULL, .used = found.used};
    if (!found.node)
        unknown_node(compile, draft, name, len, at);
    else if (from && from->is_off)
        disabled_node(compile, from->item, at);
    else if (from && from->has_ports && find_port(compile, from, &found, name, how, at, ret))
        return true;
    draft->failed = true;
    return false;
}
