/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Fourth step of compiling: types and units along the edges, in rank order.
 *
 * Each node's inputs are known when it is its turn. Conversions end up as a multiply-add on the
 * edge. A late edge (into a delay, or previous()) that closes a loop comes from a node further on:
 * it is taken with what that node says about itself, and the guess is checked at the end.
 */

#include "engine/graph/infer.h"

#include <string.h>

#include "engine/graph/guard_priv.h"

/* ---- late edges ---- */

static bool comes_later(const struct mf_def *def, const struct mf_in_def *in)
{
    return in->is_late && in->from->order >= def->order;
}

/* `unit:` and the port's own unit are known before the node's turn; anything else is not. */
static const struct mf_unit *early_unit(struct mf_compile *compile, const struct mf_in_def *in)
{
    const struct mf_common *common = &in->from->draft->common;
    const struct mf_out_def *out = &in->from->outs[in->from_port];
    struct mf_linear unused;

    if (!common->has_unit || !(out->types & MF_T_NUMERIC) ||
        (out->unit && !mf_unit_convert(out->unit, &common->unit, false, &unused)))
        return out->unit;
    return mf_compile_unit(compile, &common->unit);
}

/* A reader that insists on a unit has been inferred with it: only the edge was left to settle. */
static bool settle_late(struct mf_in_def *in, const struct mf_wire *wire,
                        const struct mf_unit *unit)
{
    if (wire->early || !in->unit || in->types & MF_T(MF_INT) ||
        !mf_unit_convert(unit, in->unit, false, &in->convert))
        return false;
    in->is_converted = !mf_unit_equal(unit, in->unit);
    return true;
}

/* What a late edge was taken for must be what it turned out to be. */
static void check_late(struct mf_compile *compile, const struct mf_def *def)
{
    for (unsigned i = 0; i < def->in_count; i++) {
        struct mf_in_def *in = &def->ins[i];
        const struct mf_wire *wire = mf_wire(def, in);
        const struct mf_unit *unit = in->from->outs[in->from_port].unit;
        const char *name;
        struct mf_diag *diag;

        if (!comes_later(def, in) || in->from->draft->failed || !unit ||
            (wire->early && mf_unit_equal(wire->early, unit)) || settle_late(in, wire, unit))
            continue;
        name = mf_compile_source(compile, in);
        diag = mf_diag(compile->diags, MF_ERROR, 317, wire->at,
                       "`%s` is in %s, but that comes out only after this value of the turn before "
                       "was read",
                       name, unit->name);
        mf_diag_related(diag, in->from->draft->item->at, "`%s` is defined here", in->from->name);
        mf_diag_help(diag, "add `unit: %s` to `%s`", unit->name, in->from->name);
    }
}

/* ---- inputs ---- */

static void unit_mismatch(struct mf_infer *infer, struct mf_in_def *in, const struct mf_unit *from,
                          const struct mf_unit *wanted)
{
    const char *name = mf_compile_source(infer->compile, in);
    char a[64], b[64];
    struct mf_diag *diag;

    diag = mf_diag(infer->compile->diags, MF_ERROR, 203, mf_wire(infer->def, in)->at,
                   "`%s` is in %s, but `%s` takes %s here", name, from->name, infer->def->name,
                   wanted->name);
    mf_diag_label(diag, "%s, expected %s", mf_unit_dimension(from, a),
                  mf_unit_dimension(wanted, b));
    mf_diag_related(diag, in->from->draft->item->at, "`%s` is in %s", name, from->name);
    infer->def->draft->failed = true;
}

static const struct mf_unit *unit_of_source(struct mf_infer *infer, struct mf_in_def *in)
{
    if (!comes_later(infer->def, in))
        return in->from->outs[in->from_port].unit;
    return mf_wire(infer->def, in)->early = early_unit(infer->compile, in);
}

/* Converts the edge to `wanted`, on top of nothing. */
static void want_unit(struct mf_infer *infer, struct mf_in_def *in, const struct mf_unit *wanted)
{
    const struct mf_unit *from = unit_of_source(infer, in);

    if (!from || !wanted) {
        in->unit = wanted ? wanted : from;
        return;
    }
    if (!mf_unit_convert(from, wanted, false, &in->convert)) {
        unit_mismatch(infer, in, from, wanted);
        return;
    }
    in->unit = wanted;
    in->is_converted = !mf_unit_equal(from, wanted);
    if (in->is_converted && (in->types & MF_T(MF_INT)))
        in->types = (in->types & ~MF_T(MF_INT)) | MF_T(MF_NUMBER);
}

static void infer_input_types(struct mf_infer *infer, struct mf_in_def *in,
                              const struct mf_port *port)
{
    const struct mf_out_def *out = &in->from->outs[in->from_port];
    const char *name;
    uint32_t accept = port->types;
    char a[96], b[96];
    struct mf_diag *diag;

    if (accept & MF_T(MF_NUMBER))
        accept |= MF_T(MF_INT);
    in->to_number = !(port->types & MF_T(MF_INT)) && (port->types & MF_T(MF_NUMBER)) &&
                    (out->types & MF_T(MF_INT));
    in->is_checked = (out->types & ~accept) != 0;
    in->types = out->types & accept;
    if (in->to_number)
        in->types = (in->types & ~MF_T(MF_INT)) | MF_T(MF_NUMBER);
    if (in->types)
        return;
    name = mf_compile_source(infer->compile, in);
    diag = mf_diag(infer->compile->diags, MF_ERROR, 204, mf_wire(infer->def, in)->at,
                   "`%s` gives %s, but `%s` takes %s", name, mf_types_print(out->types, a),
                   infer->def->kind->name, mf_types_print(port->types, b));
    mf_diag_label(diag, "%s, expected %s", mf_types_print(out->types, a),
                  mf_types_print(port->types, b));
    mf_diag_related(diag, in->from->draft->item->at, "`%s` is defined here", in->from->name);
    infer->def->draft->failed = true;
}

static void infer_inputs(struct mf_infer *infer)
{
    struct mf_def *def = infer->def;
    int first = mf_infer_in_port(def->kind);

    for (unsigned i = 0; i < def->in_count; i++) {
        struct mf_in_def *in = &def->ins[i];
        const struct mf_port *port = mf_kind_port(def, i);
        const struct mf_unit *wanted;

        if (in->from->draft->failed) {
            def->draft->failed = true; /* said already */
            continue;
        }
        infer_input_types(infer, in, port);
        if (def->draft->failed)
            continue;
        wanted = mf_compile_port_unit(infer->compile, port);
        if (port->unit && strcmp(port->unit, "@in") == 0 && first >= 0)
            wanted = mf_infer_port_unit(def, (unsigned)first);
        else if (!wanted && (!(port->flags & MF_PORT_NAMED) || def->guard))
            wanted = mf_infer_port_unit(def, in->port); /* `from: [a, b]`: the first decides */
        want_unit(infer, in, wanted);
    }
}

/* ---- outputs ---- */

static uint32_t types_of_port(const struct mf_def *def, unsigned port)
{
    uint32_t types = 0;

    for (unsigned i = 0; i < def->in_count; i++)
        if (def->ins[i].port == port)
            types |= def->ins[i].types;
    return types;
}

/* What the table says; infer() of the kind may know better. */
static void infer_outputs(struct mf_infer *infer)
{
    struct mf_def *def = infer->def;
    int in = mf_infer_in_port(def->kind);
    unsigned out = 0;

    for (const struct mf_port *port = def->kind->ports; port && port->name; port++) {
        uint32_t types;

        if (port->dir != MF_OUT)
            continue;
        if (port->unit && strcmp(port->unit, "@in") == 0 && in >= 0) {
            def->outs[out].unit = mf_infer_port_unit(def, (unsigned)in);
            types = types_of_port(def, (unsigned)in) & port->types;
            if (types)
                def->outs[out].types = types;
        }
        out++;
    }
    if (def->kind->infer)
        def->kind->infer(infer, def->config);
}

static void to_number(struct mf_out_def *out)
{
    if (out->types & MF_T(MF_INT))
        out->types = (out->types & ~MF_T(MF_INT)) | MF_T(MF_NUMBER);
}

/* `type:` narrows outputs that could be anything. */
static void apply_type(struct mf_infer *infer)
{
    struct mf_def *def = infer->def;
    uint32_t asked = (uint32_t)def->draft->common.type;
    char a[96], b[96];
    bool fits = false;

    for (unsigned i = 0; i < def->out_count && asked; i++) {
        struct mf_out_def *out = &def->outs[i];

        if (asked == MF_T(MF_NUMBER))
            to_number(out); /* what whole numbers become on their way out */
        if (out->types & asked) {
            out->types &= asked;
            fits = true;
        }
    }
    if (fits || !asked)
        return;
    mf_diag(infer->compile->diags, MF_ERROR, 204, mf_check_at(&infer->check, "type"),
            "`%s` cannot give %s: it gives %s", def->name, mf_types_print(asked, a),
            def->out_count ? mf_types_print(def->outs[0].types, b) : "nothing");
    def->draft->failed = true;
}

static void unit_fits_nowhere(struct mf_infer *infer, const struct mf_unit *asked,
                              const struct mf_unit *other)
{
    struct mf_def *def = infer->def;
    char a[64], b[64];
    struct mf_diag *diag;

    def->draft->failed = true;
    if (!other) {
        diag = mf_diag(infer->compile->diags, MF_ERROR, 210, mf_check_at(&infer->check, "unit"),
                       "`unit` is for numbers, and `%s` gives none", def->name);
        mf_diag_help(diag, "leave `unit` out");
        return;
    }
    diag =
        mf_diag(infer->compile->diags, MF_ERROR, 203, mf_check_at(&infer->check, "unit"),
                "`%s` is in %s, which cannot be given in %s", def->name, other->name, asked->name);
    mf_diag_label(diag, "%s, expected %s", mf_unit_dimension(asked, a),
                  mf_unit_dimension(other, b));
    mf_diag_help(diag, "leave `unit` out, or give a unit of %s", mf_unit_dimension(other, a));
}

/* `unit:` converts outputs of the same dimension and sets it where there is none. */
static void apply_unit(struct mf_infer *infer)
{
    struct mf_def *def = infer->def;
    const struct mf_unit *asked = mf_compile_unit(infer->compile, mf_infer_asked_unit(infer));
    const struct mf_unit *other = NULL;
    bool fits = false;

    for (unsigned i = 0; i < def->out_count && asked; i++) {
        struct mf_out_def *out = &def->outs[i];

        if (!(out->types & MF_T_NUMERIC))
            continue;
        if (out->unit && !mf_unit_convert(out->unit, asked, false, &out->convert)) {
            other = out->unit;
            continue;
        }
        out->is_converted = out->unit && !mf_unit_equal(out->unit, asked);
        out->unit = asked;
        if (out->is_converted)
            to_number(out);
        fits = true;
    }
    if (asked && !fits)
        unit_fits_nowhere(infer, asked, other);
}

/* ---- expressions that the kind's infer() did not ask for ---- */

static void check_left_expressions(struct mf_infer *infer)
{
    struct mf_expr_slot result;

    for (const struct mf_late_expr *late = infer->def->draft->loaded.exprs; late;
         late = late->next) {
        bool done = false;

        for (unsigned i = 0; i < infer->checked_count; i++)
            done |= infer->checked[i] == late->expr;
        if (!done)
            mf_infer_expr(infer, late->expr, NULL, &result);
    }
}

static void infer_node(struct mf_compile *compile, struct mf_def *def)
{
    struct mf_infer infer;
    size_t errors = compile->diags->errors;

    infer.compile = compile;
    infer.def = def;
    infer.check = (struct mf_check){compile->diags, compile->arena, def->draft->item};
    infer.checked_count = 0;
    infer_inputs(&infer);
    if (!def->draft->failed)
        infer_outputs(&infer);
    if (!def->draft->failed)
        mf_infer_settle(&infer);
    if (!def->draft->failed && def->draft->guard)
        mf_guard_infer(&infer);
    if (!def->draft->failed)
        check_left_expressions(&infer);
    if (compile->diags->errors != errors)
        def->draft->failed = true;
    if (!def->draft->failed)
        apply_type(&infer);
    if (!def->draft->failed)
        apply_unit(&infer);
}

void mf_compile_infer(struct mf_compile *compile)
{
    const struct mf_graph *graph = compile->graph;
    const struct mf_origin *outer = mf_diags_set_origin(compile->diags, NULL);

    /* Nodes on a loop or behind one were not ranked: nothing is inferred for them. */
    for (size_t i = 0; i < graph->count; i++) {
        if (graph->nodes[i]->draft->failed)
            continue;
        mf_compile_enter(compile, graph->nodes[i]);
        infer_node(compile, graph->nodes[i]);
    }
    for (size_t i = 0; i < graph->count; i++) {
        if (graph->nodes[i]->draft->failed)
            continue;
        mf_compile_enter(compile, graph->nodes[i]);
        check_late(compile, graph->nodes[i]);
    }
    mf_diags_set_origin(compile->diags, outer);
}

/* ---- what a kind's infer() may call ---- */

unsigned mf_infer_inputs(const struct mf_infer *infer)
{
    return infer->def->in_count;
}

int mf_infer_by_port(const struct mf_infer *infer, unsigned port)
{
    for (unsigned i = 0; i < infer->def->in_count; i++)
        if (infer->def->ins[i].port == port)
            return (int)i;
    return -1;
}

const char *mf_infer_label(const struct mf_infer *infer, unsigned input)
{
    return infer->def->ins[input].label;
}

uint32_t mf_infer_types(const struct mf_infer *infer, unsigned input)
{
    return infer->def->ins[input].types;
}

const struct mf_unit *mf_infer_unit(const struct mf_infer *infer, unsigned input)
{
    return infer->def->ins[input].unit;
}

void mf_infer_set(struct mf_infer *infer, unsigned port, uint32_t types,
                  const struct mf_unit *unit_or_null)
{
    infer->def->outs[port].types = types;
    infer->def->outs[port].unit = mf_compile_unit(infer->compile, unit_or_null);
}

void mf_infer_want(struct mf_infer *infer, unsigned input, const struct mf_unit *unit)
{
    want_unit(infer, &infer->def->ins[input], mf_compile_unit(infer->compile, unit));
}

struct mf_check *mf_infer_check(struct mf_infer *infer)
{
    return &infer->check;
}

bool mf_infer_expr(struct mf_infer *infer, struct mf_expr *expr, const struct mf_unit *wanted,
                   struct mf_expr_slot *ret_result)
{
    const struct mf_def *def = infer->def;
    struct mf_expr_slot slots[MF_NODE_INPUTS];

    for (unsigned i = 0; i < def->in_count; i++)
        slots[i] = (struct mf_expr_slot){def->ins[i].types, def->ins[i].unit};
    if (infer->checked_count < MF_INFER_EXPRS)
        infer->checked[infer->checked_count++] = expr;
    if (mf_expr_check(expr, slots, def->in_count, wanted, infer->compile->diags, ret_result))
        return true;
    infer->def->draft->failed = true;
    return false;
}

struct mf_arena *mf_infer_arena(struct mf_infer *infer)
{
    return infer->compile->arena;
}

const void *mf_infer_link(const struct mf_infer *infer)
{
    return infer->def->link ? infer->def->link->config : NULL;
}

const struct mf_unit *mf_infer_asked_unit(const struct mf_infer *infer)
{
    const struct mf_common *common = &infer->def->draft->common;

    return common->has_unit ? &common->unit : NULL;
}
