/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Second step of compiling: `from` and the names in expressions become edges.
 *
 * Names are looked up from the inside out (parts). An edge to something that
 * does not exist is an error with the nearest legal name; an edge to a node that failed
 * already makes this node fail silently.
 */

#include <string.h>

#include "engine/base/buf.h"
#include "engine/graph/compile_priv.h"

struct wiring {
    struct mf_compile *compile;
    struct mf_draft *draft;
    struct mf_def *def;
};

/* A dotted name, resolved. */
struct target {
    struct mf_def *def;
    int out;     /* -1: all (node.*) */
    size_t used;   /* bytes of the text that name node and port */
    size_t mapped; /* of the port, dot included, that a part's `outputs:` put in */
    bool is_previous;
};

static struct mf_span part_of(const struct wiring *w, const struct mf_tree *scalar, size_t from,
                              size_t to)
{
    return mf_tree_span(scalar, w->compile->flow->sources, (uint32_t)from, (uint32_t)to);
}

/* ---- making edges ---- */

static struct mf_in_def *add_input(struct wiring *w, unsigned port, const char *label,
                                   const struct target *target, unsigned out, struct mf_span at)
{
    struct mf_def *def = w->def;
    struct mf_draft *draft = w->draft;
    struct mf_arena *arena = w->compile->arena;
    const struct mf_port *in_port;
    struct mf_in_def *in;

    if (def->in_count == MF_NODE_INPUTS) {
        if (!draft->failed)
            mf_diag(w->compile->diags, MF_ERROR, 313, at,
                    "`%s` would have more than %d inputs, which is the limit", def->name,
                    MF_NODE_INPUTS);
        draft->failed = true;
        return NULL;
    }
    if (def->in_count == draft->in_cap) {
        unsigned cap = draft->in_cap ? 2 * draft->in_cap : 1;
        struct mf_in_def *ins = mf_arena_alloc(arena, cap * sizeof(*ins));

        if (def->in_count)
            memcpy(ins, def->ins, def->in_count * sizeof(*ins));
        def->ins = ins;
        draft->in_cap = cap;
    }
    in = &def->ins[def->in_count++];
    in->port = port;
    in->from = target->def;
    in->from_port = out;
    in->at = at;
    in->label = label ? mf_arena_strdup(arena, label) : target->def->outs[out].name;
    in_port = mf_kind_port(def, (unsigned)(in - def->ins));
    in->is_late = target->is_previous || (in_port->flags & MF_PORT_DELAYED);
    in->is_quiet = target->is_previous || (in_port->flags & MF_PORT_QUIET);
    return in;
}

static void add_all_outputs(struct wiring *w, unsigned port, const struct target *target,
                            struct mf_span at)
{
    for (unsigned i = 0; i < target->def->out_count; i++)
        add_input(w, port, NULL, target, i, at);
}

/* ---- resolving names ---- */

static void unknown_node(struct wiring *w, const char *name, size_t len, struct mf_span at)
{
    const struct mf_flow *flow = w->compile->flow;
    char *text = mf_arena_strndup(flow->arena, name, len);
    const char *best = mf_flow_nearest(flow, w->draft->item->scope, text);
    const struct mf_flow_item *off = mf_map_get(&w->compile->disabled, text);
    struct mf_diag *diag;

    w->draft->failed = true;
    diag = mf_diag(w->compile->diags, MF_ERROR, 301, at, "there is no node `%s`", text);
    if (best)
        mf_diag_help(diag, "did you mean `%s`?", best);
    else if (off)
        mf_diag_related(diag, off->at, "`%s` is defined here", text);
}

static void unknown_port(struct wiring *w, const struct mf_def *from, const char *port,
                         struct mf_span at)
{
    struct mf_nearest nearest;
    struct mf_buf list = {0};
    struct mf_diag *diag;

    w->draft->failed = true;
    if (!*port)
        diag = mf_diag(w->compile->diags, MF_ERROR, 302, at,
                       from->out_count ? "`%s` has several outputs; say which"
                                       : "`%s` is a sink: it has no output to read",
                       from->name);
    else
        diag = mf_diag(w->compile->diags, MF_ERROR, 302, at, "`%s` has no output `%s`", from->name,
                       port);
    mf_diag_related(diag, from->draft->item->at, "`%s` is defined here", from->name);
    mf_nearest_init(&nearest, port);
    for (unsigned i = 0; i < from->out_count; i++) {
        mf_nearest_add(&nearest, from->outs[i].name);
        if (i < 12)
            mf_buf_printf(&list, "%s`%s.%s`", i ? ", " : "", from->name, from->outs[i].name);
    }
    if (*port && nearest.best)
        mf_diag_help(diag, "did you mean `%s.%s`?", from->name, nearest.best);
    else if (from->out_count)
        mf_diag_help(diag, "it has %s%s", mf_buf_text(&list), from->out_count > 12 ? ", …" : "");
    mf_buf_done(&list);
}

static void disabled_node(struct wiring *w, const struct mf_flow_item *item, struct mf_span at)
{
    struct mf_diag *diag;

    w->draft->failed = true;
    diag = mf_diag(w->compile->diags, MF_ERROR, 311, at,
                   "`%s` is disabled, so there is nothing to read", item->name);
    mf_diag_related(diag, item->at, "`%s` has `enabled: false`", item->name);
    mf_diag_help(diag, "enable it, or disable this node too");
}

/* Splits what follows the node's name into a port and, for expressions, fields behind it. */
static bool find_port(struct wiring *w, struct target *target, const char *rest, size_t rest_len,
                      bool may_have_fields, struct mf_span at)
{
    size_t len = 0;
    char *first;

    if (rest_len == 1 && *rest == '*' && !may_have_fields) {
        target->out = -1;
        target->used += 2;
        return true;
    }
    while (len < rest_len && (rest[len] != '.' || !may_have_fields))
        len++;
    first = mf_arena_strndup(w->compile->flow->arena, rest, len);
    target->out = mf_def_output(target->def, first);
    if (target->out >= 0) {
        target->used += rest_len ? len + 1 - target->mapped : 0;
        return true;
    }
    /* `weather.temp` where weather is one output that is a map. */
    if (rest_len && may_have_fields && !target->mapped) {
        target->out = mf_def_output(target->def, "");
        if (target->out >= 0 &&
            (target->def->outs[target->out].types & (MF_T(MF_MAP) | MF_T(MF_LIST))))
            return true;
    }
    unknown_port(w, target->def, first, at);
    return false;
}

static bool resolve(struct wiring *w, const char *name, size_t len, bool may_have_fields,
                    struct mf_span at, struct target *ret)
{
    struct mf_name found = mf_flow_lookup(w->compile->flow, w->draft->item->scope, name, len);
    const struct mf_flow_item *off;

    memset(ret, 0, sizeof(*ret));
    if (!found.node) {
        unknown_node(w, name, len, at);
        return false;
    }
    off = mf_map_get(&w->compile->disabled, found.node->name);
    if (off) {
        disabled_node(w, off, at);
        return false;
    }
    ret->def = mf_map_get(&w->compile->by_name, found.node->name);
    if (!ret->def || ret->def->draft->failed) {
        w->draft->failed = true; /* said already */
        return false;
    }
    ret->used = found.used;
    ret->mapped = found.mapped;
    return find_port(w, ret, found.rest, strlen(found.rest), may_have_fields, at);
}

/* ---- from ---- */

static int first_input_port(const struct mf_kind *kind)
{
    for (unsigned i = 0; kind->ports && kind->ports[i].name; i++)
        if (kind->ports[i].dir == MF_IN)
            return (int)i;
    return -1;
}

static int named_input_port(const struct mf_kind *kind, const char *name)
{
    int named = -1;

    for (unsigned i = 0; kind->ports && kind->ports[i].name; i++) {
        if (kind->ports[i].dir != MF_IN)
            continue;
        if (kind->ports[i].flags & MF_PORT_NAMED)
            named = (int)i;
        else if (strcmp(kind->ports[i].name, name) == 0)
            return (int)i;
    }
    return named;
}

/* One scalar of `from`: a name, or previous(name). */
static void wire_scalar(struct wiring *w, unsigned port, const char *label,
                        const struct mf_tree *scalar)
{
    static const char previous[] = "previous(";
    const char *name = scalar->text;
    size_t len = scalar->count, skip = 0;
    bool is_previous = false, is_named;
    struct target target;

    if (scalar->is_unknown) {
        w->draft->failed = true; /* a variable whose value is not known here */
        return;
    }
    if (mf_text_starts(name, previous) && name[len - 1] == ')') {
        skip = sizeof(previous) - 1;
        len -= skip + 1;
        is_previous = true;
    }
    if (!resolve(w, name + skip, len, false, part_of(w, scalar, skip, skip + len), &target))
        return;
    target.is_previous = is_previous;
    if (target.out < 0) {
        add_all_outputs(w, port, &target, scalar->at);
        return;
    }
    /* Inputs that the user does not name are known by the name of their node. */
    is_named = w->def->kind->ports[port].flags & MF_PORT_NAMED;
    if (!label && is_named)
        label = mf_arena_strndup(w->compile->flow->arena, name + skip, len);
    add_input(w, port, label, &target, (unsigned)target.out, scalar->at);
}

static void wrong_from(struct wiring *w, const struct mf_tree *tree)
{
    w->draft->failed = true;
    mf_diag_help(mf_diag(w->compile->diags, MF_ERROR, 306, tree->at,
                         "`from` wants the name of a node here, %s came", mf_tree_kind_name(tree)),
                 "write `from: power`, `from: [a, b]`, or `from: {pv: roof.power, load: house}`");
}

static void unknown_input(struct wiring *w, const struct mf_tree *key)
{
    const struct mf_kind *kind = w->def->kind;
    struct mf_nearest nearest;
    struct mf_diag *diag;
    struct mf_buf list = {0};

    w->draft->failed = true;
    diag = mf_diag(w->compile->diags, MF_ERROR, 314, key->at, "`%s` has no input `%s`", kind->name,
                   key->text);
    mf_nearest_init(&nearest, key->text);
    for (const struct mf_port *port = kind->ports; port && port->name; port++)
        if (port->dir == MF_IN) {
            mf_nearest_add(&nearest, port->name);
            mf_buf_printf(&list, "%s`%s`", list.len ? ", " : "", port->name);
        }
    if (nearest.best)
        mf_diag_help(diag, "did you mean `%s`?", nearest.best);
    else
        mf_diag_help(diag, "its inputs are %s", mf_buf_text(&list));
    mf_buf_done(&list);
}

static void wire_map(struct wiring *w, const struct mf_tree *map)
{
    for (uint32_t i = 0; i < map->count; i++) {
        const struct mf_tree_pair *pair = &map->pairs[i];
        int port = named_input_port(w->def->kind, pair->key->text);

        if (port < 0) {
            unknown_input(w, pair->key);
            continue;
        }
        if (pair->value->kind == MF_TREE_LIST)
            for (uint32_t k = 0; k < pair->value->count; k++) {
                if (pair->value->items[k].value->kind == MF_TREE_SCALAR)
                    wire_scalar(w, (unsigned)port, pair->key->text, pair->value->items[k].value);
                else
                    wrong_from(w, pair->value->items[k].value);
            }
        else if (pair->value->kind == MF_TREE_SCALAR)
            wire_scalar(w, (unsigned)port, pair->key->text, pair->value);
        else
            wrong_from(w, pair->value);
    }
}

static void wire_from(struct wiring *w, const struct mf_tree_pair *from)
{
    int port = first_input_port(w->def->kind);
    const struct mf_tree *tree = from->value;

    if (port < 0) {
        w->draft->failed = true;
        mf_diag(w->compile->diags, MF_ERROR, 307, from->key->at, "`%s` takes no input",
                w->def->kind->name);
        return;
    }
    if (tree->kind == MF_TREE_MAP) {
        wire_map(w, tree);
    } else if (tree->kind == MF_TREE_LIST) {
        for (uint32_t i = 0; i < tree->count; i++) {
            if (tree->items[i].value->kind == MF_TREE_SCALAR)
                wire_scalar(w, (unsigned)port, NULL, tree->items[i].value);
            else
                wrong_from(w, tree->items[i].value);
        }
    } else {
        wire_scalar(w, (unsigned)port, NULL, tree);
    }
}

/* ---- expressions ---- */

/* Index of the port that takes names of expressions. */
static unsigned expression_port(const struct mf_kind *kind)
{
    for (unsigned i = 0; kind->ports && kind->ports[i].name; i++)
        if (kind->ports[i].dir == MF_IN && (kind->ports[i].flags & MF_PORT_NAMED))
            return i;
    return MF_PORT_EXPRESSION;
}

/* An input that is there already: by the label in `from`, or `value`. */
static int input_by_label(const struct wiring *w, const char *label, size_t len)
{
    bool is_value = mf_text_eq(label, len, "value");

    for (unsigned i = 0; i < w->def->in_count; i++) {
        const struct mf_in_def *in = &w->def->ins[i];
        bool is_named = mf_kind_port(w->def, i)->flags & MF_PORT_NAMED;

        if (is_value && !is_named)
            return (int)i;
        if (is_named && mf_text_eq(label, len, in->label))
            return (int)i;
    }
    return -1;
}

static bool wire_ref(struct wiring *w, struct mf_expr_ref *ref)
{
    size_t len = strlen(ref->name), first = strcspn(ref->name, ".");
    struct target target;
    struct mf_in_def *in;
    int known = -1;

    if (!ref->is_previous) {
        known = input_by_label(w, ref->name, first);
        if (known >= 0) {
            ref->used = (uint32_t)first;
            ref->input = (uint32_t)known;
            return true;
        }
        if (mf_text_eq(ref->name, first, "value") &&
            !mf_flow_lookup(w->compile->flow, w->draft->item->scope, "value", 5).node) {
            w->draft->failed = true;
            mf_diag_help(mf_diag(w->compile->diags, MF_ERROR, 305, ref->at,
                                 "`value` is what `from` names, and this node has no `from`"),
                         "add `from: …`, or write the name of a node");
            return false;
        }
    }
    if (!resolve(w, ref->name, len, true, ref->at, &target))
        return false;
    target.is_previous = ref->is_previous;
    ref->used = (uint32_t)target.used;
    for (unsigned i = 0; i < w->def->in_count; i++)
        if (w->def->ins[i].from == target.def && w->def->ins[i].from_port == (unsigned)target.out &&
            (mf_kind_port(w->def, i)->flags & MF_PORT_NAMED) &&
            w->def->ins[i].is_late == ref->is_previous) {
            ref->input = i;
            return true;
        }
    in = add_input(w, expression_port(w->def->kind),
                   mf_arena_strndup(w->compile->flow->arena, ref->name, target.used), &target,
                   (unsigned)target.out, ref->at);
    ref->input = in ? w->def->in_count - 1 : 0;
    return in != NULL;
}

static void wire_expressions(struct wiring *w)
{
    for (struct mf_late_expr *late = w->draft->loaded.exprs; late; late = late->next) {
        size_t count;
        struct mf_expr_ref *refs = mf_expr_refs(late->expr, &count);

        for (size_t i = 0; i < count; i++)
            wire_ref(w, &refs[i]);
    }
}

/* ---- inputs that must be there ---- */

static void check_inputs(struct wiring *w)
{
    const struct mf_kind *kind = w->def->kind;
    const struct mf_flow_item *item = w->draft->item;

    for (unsigned i = 0; kind->ports && kind->ports[i].name; i++) {
        const struct mf_port *port = &kind->ports[i];
        struct mf_diag *diag;
        bool found = false;

        if (port->dir != MF_IN || (port->flags & (MF_PORT_OPTIONAL | MF_PORT_NAMED)))
            continue;
        for (unsigned k = 0; k < w->def->in_count; k++)
            found |= w->def->ins[k].port == i;
        if (found || w->draft->failed)
            continue;
        w->draft->failed = true;
        diag = mf_diag(w->compile->diags, MF_ERROR, 305, item->kind_at,
                       "`%s` has no input: nothing is connected to `%s`", w->def->name, port->name);
        if (first_input_port(kind) == (int)i)
            mf_diag_help(diag, "add `from:` and the name of a node");
        else
            mf_diag_help(diag, "write `from: {%s: …}`", port->name);
    }
}

void mf_compile_wire(struct mf_compile *compile)
{
    for (size_t i = 0; i < compile->count; i++) {
        struct mf_draft *draft = compile->drafts[i];
        struct wiring w = {compile, draft, draft->def};
        const struct mf_tree_pair *from;
        const struct mf_origin *outer;

        if (draft->failed)
            continue;
        outer = mf_compile_enter(compile, draft->def);
        from = mf_flow_option(draft->item, "from");
        if (from)
            wire_from(&w, from);
        wire_expressions(&w);
        check_inputs(&w);
        mf_diags_set_origin(compile->diags, outer);
    }
}
