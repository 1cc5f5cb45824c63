/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Second step of compiling: `from` and the names in expressions become edges.
 *
 * Names are looked up from the inside out (parts). A name that does not exist is an error
 * with the nearest legal one; a node that failed makes those wired to it fail without a word.
 * Also the names in a node that failed for another reason are looked at, so that one run says all.
 */

#include <string.h>

#include "engine/base/buf.h"
#include "engine/graph/guard_priv.h"
#include "engine/graph/resolve.h"

struct wiring {
    struct mf_compile *compile;
    struct mf_draft *draft;
    struct mf_def *def;
    /* Inputs whose label is a name of its own in expressions: `from: {pv: roof.power}`. */
    uint64_t is_local[MF_NODE_INPUTS / 64];
    unsigned from_count; /* inputs made by `from` */
    bool is_full;        /* said once */
};

/* ---- making edges ---- */

static struct mf_in_def *new_input(struct wiring *w)
{
    struct mf_def *def = w->def;
    struct mf_draft *draft = w->draft;

    if (def->in_count == draft->in_cap) {
        unsigned cap = draft->in_cap ? 2 * draft->in_cap : 1;
        struct mf_in_def *ins = mf_arena_alloc(w->compile->arena, cap * sizeof(*ins));
        struct mf_wire *wires = mf_arena_alloc(w->compile->flow->arena, cap * sizeof(*wires));

        if (def->in_count) {
            memcpy(ins, def->ins, def->in_count * sizeof(*ins));
            memcpy(wires, draft->wires, def->in_count * sizeof(*wires));
        }
        def->ins = ins;
        draft->wires = wires;
        draft->in_cap = cap;
    }
    return &def->ins[def->in_count++];
}

/* False after reporting that there is no room. */
static bool add_input(struct wiring *w, unsigned port, const char *label,
                      const struct mf_target *target, unsigned out, struct mf_span at)
{
    struct mf_def *def = w->def;
    const struct mf_port *in_port;
    struct mf_in_def *in;

    if (def->in_count == MF_NODE_INPUTS) {
        w->draft->failed = true;
        if (w->is_full)
            return false;
        w->is_full = true;
        mf_diag(w->compile->diags, MF_ERROR, 313, at,
                "`%s` would have more than %d inputs, which is the limit", def->name,
                MF_NODE_INPUTS);
        return false;
    }
    in = new_input(w);
    in->port = port;
    in->from = target->def;
    in->from_port = out;
    mf_wire(def, in)->at = at;
    in->label = label ? mf_arena_strdup(w->compile->arena, label) : target->def->outs[out].name;
    in_port = mf_kind_port(def, def->in_count - 1);
    in->is_late = target->is_previous || (in_port->flags & (MF_PORT_DELAYED | MF_PORT_APART));
    in->is_quiet = target->is_previous || (in_port->flags & (MF_PORT_QUIET | MF_PORT_APART));
    return true;
}

/* ---- from ---- */

static int find_input(const struct mf_kind *kind, const char *name)
{
    int named = -1;

    for (int i = 0; kind->ports && kind->ports[i].name; i++) {
        if (kind->ports[i].dir != MF_IN)
            continue;
        if (kind->ports[i].flags & MF_PORT_NAMED)
            named = i;
        else if (strcmp(kind->ports[i].name, name) == 0)
            return i;
    }
    return named;
}

/* One name in `from`: node, node.port, node.*, previous(node). `label` is the key before it in a
 * map, else NULL. */
static void wire_name(struct wiring *w, unsigned port, const char *label,
                      const struct mf_tree *scalar)
{
    const struct mf_port *in_port = &w->def->kind->ports[port];
    struct mf_target target;
    struct mf_from_name name;

    if (scalar->kind == MF_TREE_SCALAR && scalar->is_unknown)
        w->draft->failed = true; /* a variable that is missing here */
    if (scalar->kind != MF_TREE_SCALAR || scalar->is_unknown || !scalar->count)
        return; /* said already */
    name = mf_from_name(scalar);
    if (!mf_resolve(w->compile, w->draft, name.text, name.len, MF_RESOLVE_FROM,
                    mf_tree_span(scalar, w->compile->flow->sources, name.start,
                                 name.start + (uint32_t)name.len),
                    &target))
        return;
    target.is_previous = name.is_previous;
    if (target.out < 0) {
        for (unsigned i = 0; i < target.def->out_count; i++)
            if (!add_input(w, port, NULL, &target, i, scalar->at))
                return;
        return;
    }
    if (label && (in_port->flags & MF_PORT_NAMED) && w->def->in_count < MF_NODE_INPUTS)
        w->is_local[w->def->in_count / 64] |= UINT64_C(1) << w->def->in_count % 64;
    /* Inputs that the user does not name are known by the name of their node. */
    if (!label && (in_port->flags & MF_PORT_NAMED))
        label = mf_arena_strndup(w->compile->flow->arena, name.text, name.len);
    add_input(w, port, label, &target, (unsigned)target.out, scalar->at);
}

static void wire_value(struct wiring *w, unsigned port, const char *label,
                       const struct mf_tree *value)
{
    if (value->kind != MF_TREE_LIST) {
        wire_name(w, port, label, value);
        return;
    }
    for (uint32_t i = 0; i < value->count; i++)
        wire_name(w, port, label, value->items[i].value);
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
        mf_diag_help(diag, "its %s %s", strchr(mf_buf_text(&list), ',') ? "inputs are" : "input is",
                     mf_buf_text(&list));
    mf_buf_done(&list);
}

/* Dots too: `expand` gives an input the name it has without one, `meter.voltage`. */
static bool is_label(const char *text)
{
    size_t len = strcspn(text, ".");

    while (mf_text_is_name(text, len)) {
        if (!text[len])
            return true;
        text += len + 1;
        len = strcspn(text, ".");
    }
    return false;
}

/* `from: {which: [a, b]}` under a name of the user's: one name, one value. */
static bool is_one_value(struct wiring *w, const struct mf_port *port,
                         const struct mf_tree_pair *pair)
{
    struct mf_diag *diag;

    if (!(port->flags & MF_PORT_NAMED))
        return true;
    if (pair->value->kind == MF_TREE_LIST) {
        diag = mf_diag(w->compile->diags, MF_ERROR, 306, pair->value->at,
                       "`%s` is the name of one input, a list came", pair->key->text);
        mf_diag_help(diag, "give each input a name, or make one of them with `merge`");
    } else if (!is_label(pair->key->text)) {
        diag = mf_diag(w->compile->diags, MF_ERROR, 135, pair->key->at,
                       "`%s` is not a name for an input", pair->key->text);
        mf_diag_help(diag, "small letters, digits and `_` make a name, a letter first");
    } else {
        return true;
    }
    w->draft->failed = true;
    return false;
}

static void wire_from(struct wiring *w, const struct mf_tree_pair *from)
{
    const struct mf_kind *kind = w->def->kind;
    const struct mf_tree *tree = from->value;
    int port = mf_kind_first_input(kind);

    if (port < 0) {
        w->draft->failed = true;
        mf_diag_help(mf_diag(w->compile->diags, MF_ERROR, 307, from->key->at, "`%s` takes no input",
                             kind->name),
                     "leave `from` out");
        return;
    }
    if (tree->kind != MF_TREE_MAP) {
        wire_value(w, (unsigned)port, NULL, tree);
        return;
    }
    for (uint32_t i = 0; i < tree->count; i++) {
        const struct mf_tree_pair *pair = &tree->pairs[i];

        port = find_input(kind, pair->key->text);
        if (port < 0)
            unknown_input(w, pair->key);
        else if (is_one_value(w, &kind->ports[port], pair))
            wire_value(w, (unsigned)port, pair->key->text, pair->value);
    }
}

/* ---- expressions ---- */

/* The port that takes names of expressions. */
static unsigned expression_port(const struct mf_kind *kind)
{
    for (unsigned i = 0; kind->ports && kind->ports[i].name; i++)
        if (kind->ports[i].dir == MF_IN && (kind->ports[i].flags & MF_PORT_NAMED))
            return i;
    return MF_PORT_EXPRESSION;
}

/* The input that `from` calls so: a key of its map, or `value`. */
static int input_of_from(const struct wiring *w, const char *name, size_t len)
{
    int first = mf_kind_first_input(w->def->kind);

    for (unsigned i = 0; i < w->from_count; i++)
        if ((w->is_local[i / 64] >> i % 64 & 1) && mf_text_eq(name, len, w->def->ins[i].label))
            return (int)i;
    if (!mf_text_eq(name, len, "value"))
        return -1;
    for (unsigned i = 0; i < w->from_count; i++)
        if (w->def->ins[i].port == (unsigned)first && !(w->is_local[i / 64] >> i % 64 & 1))
            return (int)i;
    return -1;
}

static int input_of_target(const struct wiring *w, const struct mf_target *target)
{
    for (unsigned i = 0; i < w->def->in_count; i++) {
        const struct mf_in_def *in = &w->def->ins[i];

        if (in->from == target->def && in->from_port == (unsigned)target->out &&
            (mf_kind_port(w->def, i)->flags & MF_PORT_NAMED) && in->is_late == target->is_previous)
            return (int)i;
    }
    return -1;
}

static void no_value(struct wiring *w, const struct mf_expr_ref *ref)
{
    w->draft->failed = true;
    mf_diag_help(mf_diag(w->compile->diags, MF_ERROR, 305, ref->at,
                         "`value` is what `from` names, and this node has no `from`"),
                 "add `from: …`, or write the name of a node");
}

/* A name that `from` gives to an input which could not be wired: that has been said already. */
static bool is_failed_label(const struct wiring *w, const char *name, size_t len)
{
    const struct mf_tree_pair *from = mf_flow_option(w->draft->item, "from");

    if (!w->draft->failed || !from || from->value->kind != MF_TREE_MAP)
        return false;
    for (uint32_t i = 0; i < from->value->count; i++)
        if (mf_text_eq(name, len, from->value->pairs[i].key->text))
            return true;
    return false;
}

static void wire_ref(struct wiring *w, struct mf_expr_ref *ref)
{
    size_t len = strlen(ref->name), first = strcspn(ref->name, ".");
    const struct mf_flow *flow = w->compile->flow;
    struct mf_target target;
    int known;

    known = ref->is_previous ? -1 : input_of_from(w, ref->name, first);
    if (known >= 0) {
        ref->used = (uint32_t)first;
        ref->input = (uint32_t)known;
        return;
    }
    if (mf_text_eq(ref->name, first, "value") &&
        !mf_flow_lookup(flow, w->draft->item->scope, "value", first).node) {
        if (!w->draft->failed)
            no_value(w, ref);
        return;
    }
    if (is_failed_label(w, ref->name, first) ||
        !mf_resolve(w->compile, w->draft, ref->name, len, MF_RESOLVE_EXPRESSION, ref->at, &target))
        return;
    target.is_previous = ref->is_previous;
    ref->used = (uint32_t)target.used;
    known = input_of_target(w, &target);
    if (known < 0 && add_input(w, expression_port(w->def->kind),
                               mf_arena_strndup(flow->arena, ref->name, target.used), &target,
                               (unsigned)target.out, ref->at))
        known = (int)w->def->in_count - 1;
    ref->input = known < 0 ? 0 : (uint32_t)known;
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

/* ---- inputs that stand among the options ---- */

static void wire_input(struct wiring *w, const struct mf_late_input *late)
{
    struct mf_from_name name = mf_from_name(late->name);
    struct mf_target target;

    if (!mf_resolve(w->compile, w->draft, name.text, name.len, MF_RESOLVE_FROM,
                    mf_tree_span(late->name, w->compile->flow->sources, name.start,
                                 name.start + (uint32_t)name.len),
                    &target))
        return;
    target.is_previous = name.is_previous;
    if (target.out < 0) {
        w->draft->failed = true;
        mf_diag_help(mf_diag(w->compile->diags, MF_ERROR, 306, late->name->at,
                             "`%s` takes one value here, and these are all of a node",
                             late->option->name),
                     "name one output");
        return;
    }
    if (add_input(w, expression_port(w->def->kind),
                  late->ref->label ? late->ref->label : late->option->name, &target,
                  (unsigned)target.out, late->name->at))
        late->ref->index = w->def->in_count - 1;
}

/* ---- what came of it ---- */

static void check_missing(struct wiring *w, const struct mf_port *port, bool is_first)
{
    const struct mf_tree_pair *from = mf_flow_option(w->draft->item, "from");
    struct mf_diag *diag;

    w->draft->failed = true;
    if (is_first && !(from && from->value->kind == MF_TREE_MAP && from->value->count)) {
        diag = mf_diag(w->compile->diags, MF_ERROR, 305, w->draft->item->kind_at,
                       "`%s` has no input", w->def->name);
        mf_diag_help(diag, "add `from:` and the name of a node");
        return;
    }
    diag = mf_diag(w->compile->diags, MF_ERROR, 305, w->draft->item->kind_at,
                   "`%s` has no input: nothing is connected to `%s`", w->def->name, port->name);
    mf_diag_help(diag, "write `from: {%s: …}`", port->name);
}

/* The second edge into a port that takes one. */
static void check_several(struct wiring *w, const struct mf_port *port, struct mf_span at)
{
    w->draft->failed = true;
    mf_diag_help(mf_diag(w->compile->diags, MF_ERROR, 315, at,
                         "`%s` takes one value as `%s`, and this is a second one",
                         w->def->kind->name, port->name),
                 "make one stream of them with `merge`, or a node for each");
}

/* Inputs of one name; edges that expressions make do not count, they are told apart by node. */
static void check_labels(struct wiring *w)
{
    for (unsigned i = 1; i < w->from_count; i++)
        for (unsigned k = 0; k < i && (mf_kind_port(w->def, i)->flags & MF_PORT_NAMED); k++) {
            struct mf_in_def *a = &w->def->ins[k], *b = &w->def->ins[i];
            struct mf_diag *diag;

            if (a->port != b->port || strcmp(a->label, b->label) != 0)
                continue;
            w->draft->failed = true;
            diag = mf_diag(w->compile->diags, MF_ERROR, 316, mf_wire(w->def, b)->at,
                           "two inputs of this node would be called `%s`", b->label);
            mf_diag_related(diag, mf_wire(w->def, a)->at, "the first one");
            mf_diag_help(diag, "name them: `from: {first: …, second: …}`");
            return;
        }
}

static void check_inputs(struct wiring *w)
{
    const struct mf_kind *kind = w->def->kind;
    int first = mf_kind_first_input(kind);

    for (int i = 0; kind->ports && kind->ports[i].name; i++) {
        const struct mf_port *port = &kind->ports[i];
        unsigned count = 0;

        if (port->dir != MF_IN)
            continue;
        for (unsigned k = 0; k < w->def->in_count; k++)
            if (w->def->ins[k].port == (unsigned)i && ++count == 2 && !w->draft->guard &&
                !(port->flags & (MF_PORT_MANY | MF_PORT_NAMED)))
                check_several(w, port, w->draft->wires[k].at);
        if (!count && !(port->flags & MF_PORT_OPTIONAL) && !w->draft->failed &&
            (i == first || !(port->flags & MF_PORT_NAMED)))
            check_missing(w, port, i == first);
    }
    check_labels(w);
}

void mf_compile_wire(struct mf_compile *compile)
{
    for (size_t i = 0; i < compile->count; i++) {
        struct mf_draft *draft = compile->drafts[i];
        struct wiring w = {compile, draft, draft->def};
        const struct mf_tree_pair *from;
        const struct mf_origin *outer;

        if (!draft->def->kind)
            continue;
        outer = mf_compile_enter(compile, draft->def);
        from = mf_flow_option(draft->item, "from");
        if (from)
            wire_from(&w, from);
        w.from_count = draft->def->in_count;
        wire_expressions(&w);
        for (const struct mf_late_input *late = draft->loaded.inputs; late; late = late->next)
            wire_input(&w, late);
        check_inputs(&w);
        mf_guard_wire(compile, draft);
        mf_diags_set_origin(compile->diags, outer);
    }
}
