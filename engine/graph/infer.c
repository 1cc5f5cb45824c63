/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Fourth step of compiling: types and units along the edges, in rank order.
 *
 * Each node's inputs are known when it is its turn (a late edge may come from a
 * node further on: its declared types are taken as they are). Conversions end
 * up as a multiply-add on the edge; quantities of options that wait for the
 * unit of a port are settled here.
 */

#include <string.h>

#include "engine/base/buf.h"
#include "engine/graph/compile_priv.h"

enum { EXPRS_DONE = 64 };

struct mf_infer {
    struct mf_compile *compile;
    struct mf_def *def;
    struct mf_check check;
    const struct mf_expr *checked[EXPRS_DONE];
    unsigned checked_count;
};

static const struct mf_unit *keep_unit(struct mf_arena *arena, const struct mf_unit *unit)
{
    struct mf_unit *copy;

    if (!unit)
        return NULL;
    copy = mf_arena_alloc(arena, sizeof(*copy));
    *copy = *unit;
    return copy;
}

/* ---- inputs ---- */

static void unit_mismatch(struct mf_infer *infer, struct mf_in_def *in, const struct mf_unit *from,
                          const struct mf_unit *wanted)
{
    char a[64], b[64];
    struct mf_diag *diag;

    diag = mf_diag(infer->compile->diags, MF_ERROR, 203, in->at,
                   "`%s` is in %s (%s), but `%s` wants %s (%s)", in->from->name, from->name,
                   mf_unit_dimension(from, a), infer->def->name, wanted->name,
                   mf_unit_dimension(wanted, b));
    mf_diag_label(diag, "%s, expected %s", mf_unit_dimension(from, a),
                  mf_unit_dimension(wanted, b));
    mf_diag_related(diag, in->from->draft->item->at, "`%s` is in %s", in->from->name, from->name);
    infer->def->draft->failed = true;
}

/* Converts the edge to `wanted`, on top of nothing: called once per edge. */
static void want_unit(struct mf_infer *infer, struct mf_in_def *in, const struct mf_unit *wanted)
{
    const struct mf_unit *from = in->from->outs[in->from_port].unit;

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
    diag = mf_diag(infer->compile->diags, MF_ERROR, 204, in->at, "`%s` gives %s, but `%s` takes %s",
                   in->from->name, mf_types_print(out->types, a), infer->def->kind->name,
                   mf_types_print(port->types, b));
    mf_diag_label(diag, "%s, expected %s", mf_types_print(out->types, a),
                  mf_types_print(port->types, b));
    mf_diag_related(diag, in->from->draft->item->at, "`%s` is defined here", in->from->name);
    infer->def->draft->failed = true;
}

/* The unit of port `in`: that of its first edge that has one. */
static const struct mf_unit *unit_of_port(const struct mf_def *def, unsigned port)
{
    for (unsigned i = 0; i < def->in_count; i++)
        if (def->ins[i].port == port && def->ins[i].unit)
            return def->ins[i].unit;
    return NULL;
}

static void infer_inputs(struct mf_infer *infer)
{
    struct mf_def *def = infer->def;

    for (unsigned i = 0; i < def->in_count; i++) {
        struct mf_in_def *in = &def->ins[i];
        const struct mf_port *port = mf_kind_port(def, (unsigned)(in - def->ins));
        const struct mf_unit *wanted = NULL;
        struct mf_unit fixed;

        if (in->from->draft->failed) {
            def->draft->failed = true; /* said already */
            continue;
        }
        infer_input_types(infer, in, port);
        if (def->draft->failed)
            continue;
        if (port->unit && strcmp(port->unit, "@in") == 0)
            wanted = unit_of_port(def, 0);
        else if (port->unit && mf_unit_read(port->unit, strlen(port->unit), &fixed, NULL) == 0)
            wanted = keep_unit(infer->compile->arena, &fixed);
        else if (!(port->flags & MF_PORT_NAMED))
            wanted = unit_of_port(def, in->port); /* `from: [a, b]`: the first decides */
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
    unsigned out = 0;
    int in = -1;

    for (unsigned i = 0; def->kind->ports && def->kind->ports[i].name && in < 0; i++)
        if (def->kind->ports[i].dir == MF_IN)
            in = (int)i;
    for (unsigned i = 0; def->kind->ports && def->kind->ports[i].name; i++) {
        const struct mf_port *port = &def->kind->ports[i];
        struct mf_unit fixed;

        if (port->dir != MF_OUT)
            continue;
        if (port->unit && strcmp(port->unit, "@in") == 0 && in >= 0) {
            uint32_t types = types_of_port(def, (unsigned)in) & port->types;

            def->outs[out].unit = unit_of_port(def, (unsigned)in);
            if (types)
                def->outs[out].types = types;
        } else if (port->unit && mf_unit_read(port->unit, strlen(port->unit), &fixed, NULL) == 0) {
            def->outs[out].unit = keep_unit(infer->compile->arena, &fixed);
        }
        out++;
    }
    if (def->kind->infer && !def->draft->failed)
        def->kind->infer(infer, def->config);
}

/* `type:` narrows outputs that could be anything. */
static void apply_type(struct mf_infer *infer)
{
    struct mf_def *def = infer->def;
    uint32_t asked = (uint32_t)def->draft->common.type;
    struct mf_span at = mf_check_at(&infer->check, "type");
    char a[96], b[96];
    bool fits = false;

    if (!asked)
        return;
    for (unsigned i = 0; i < def->out_count; i++)
        if (def->outs[i].types & asked) {
            def->outs[i].types &= asked;
            fits = true;
        }
    if (fits)
        return;
    mf_diag(infer->compile->diags, MF_ERROR, 204, at, "`%s` cannot give %s: it gives %s", def->name,
            mf_types_print(asked, a),
            def->out_count ? mf_types_print(def->outs[0].types, b) : "nothing");
    def->draft->failed = true;
}

/* `unit:` converts outputs of the same dimension and sets it where there is none. */
static void apply_unit(struct mf_infer *infer)
{
    struct mf_def *def = infer->def;
    const struct mf_unit *asked = mf_infer_asked_unit(infer), *other = NULL;
    char a[64], b[64];
    struct mf_diag *diag;
    bool fits = false;

    if (!asked)
        return;
    for (unsigned i = 0; i < def->out_count; i++) {
        struct mf_out_def *out = &def->outs[i];

        if (!(out->types & MF_T_NUMERIC))
            continue;
        if (!out->unit) {
            out->unit = keep_unit(infer->compile->arena, asked);
            fits = true;
        } else if (mf_unit_convert(out->unit, asked, false, &out->convert)) {
            out->is_converted = !mf_unit_equal(out->unit, asked);
            out->unit = keep_unit(infer->compile->arena, asked);
            if (out->is_converted && (out->types & MF_T(MF_INT)))
                out->types = (out->types & ~MF_T(MF_INT)) | MF_T(MF_NUMBER);
            fits = true;
        } else {
            other = out->unit;
        }
    }
    if (fits)
        return;
    def->draft->failed = true;
    if (!other) {
        mf_diag(infer->compile->diags, MF_ERROR, 210, mf_check_at(&infer->check, "unit"),
                "`unit` needs an output that is a number, and `%s` has none", def->name);
        return;
    }
    diag = mf_diag(infer->compile->diags, MF_ERROR, 203, mf_check_at(&infer->check, "unit"),
                   "`%s` is in %s (%s), which does not convert to %s (%s)", def->name, other->name,
                   mf_unit_dimension(other, a), asked->name, mf_unit_dimension(asked, b));
    mf_diag_help(diag, "leave `unit` out, or give a unit of %s", mf_unit_dimension(other, a));
}

/* ---- quantities that waited for the unit of a port ---- */

static void late_mismatch(struct mf_infer *infer, const struct mf_late_quantity *late,
                          const struct mf_unit *wanted)
{
    struct mf_def *def = infer->def;
    const struct mf_def *from = def->in_count ? def->ins[0].from : def;
    char a[64], b[64];
    struct mf_diag *diag;

    diag = mf_diag(infer->compile->diags, MF_ERROR, 203, late->at,
                   "the %s is in %s, but `%s` is in %s",
                   late->option->flags & MF_OPT_PRIMARY ? def->kind->name : late->option->name,
                   late->unit.name, from->name, wanted->name);
    mf_diag_label(diag, "%s, expected %s", mf_unit_dimension(&late->unit, a),
                  mf_unit_dimension(wanted, b));
    mf_diag_related(diag, from->draft->item->at, "`%s` is in %s", from->name, wanted->name);
    mf_diag_help(diag, "give it in %s, or in another unit of %s", wanted->name,
                 mf_unit_dimension(wanted, a));
    def->draft->failed = true;
}

static void settle_quantities(struct mf_infer *infer)
{
    struct mf_def *def = infer->def;

    for (const struct mf_late_quantity *late = def->draft->loaded.quantities; late;
         late = late->next) {
        bool of_input = strcmp(late->option->unit, "@out") != 0;
        const struct mf_unit *unit = of_input
                                         ? unit_of_port(def, def->in_count ? def->ins[0].port : 0)
                                     : def->out_count ? def->outs[0].unit
                                                      : NULL;
        struct mf_linear convert;

        if (!late->has_unit)
            continue;
        if (!unit) {
            mf_diag_help(
                mf_diag(infer->compile->diags, MF_WARNING, 211, late->at,
                        "`%s` has no unit, so the %s here is not checked and taken as it is",
                        of_input && def->in_count ? def->ins[0].from->name : def->name,
                        late->unit.name),
                "say `unit: %s` where the value comes from", late->unit.name);
            continue;
        }
        if (!mf_unit_convert(&late->unit, unit, late->option->flags & MF_OPT_DELTA, &convert)) {
            late_mismatch(infer, late, unit);
            continue;
        }
        *late->number = convert.mul * *late->number + convert.add;
    }
}

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

void mf_compile_infer(struct mf_compile *compile)
{
    /* Nodes on a loop or behind one were not ranked: nothing is inferred for them. */
    for (size_t i = 0; i < compile->graph->count; i++) {
        struct mf_def *def = compile->graph->nodes[i];
        struct mf_infer infer = {compile, def, {compile->diags, compile->arena, def->draft->item}};
        const struct mf_origin *outer;
        size_t errors = compile->diags->errors;

        if (def->draft->failed)
            continue;
        outer = mf_compile_enter(compile, def);
        infer_inputs(&infer);
        if (!def->draft->failed)
            infer_outputs(&infer);
        if (!def->draft->failed)
            settle_quantities(&infer);
        if (!def->draft->failed)
            check_left_expressions(&infer);
        if (!def->draft->failed && compile->diags->errors == errors) {
            apply_type(&infer);
            apply_unit(&infer);
        }
        if (compile->diags->errors != errors)
            def->draft->failed = true;
        mf_diags_set_origin(compile->diags, outer);
    }
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
    infer->def->outs[port].unit = keep_unit(infer->compile->arena, unit_or_null);
}

void mf_infer_want(struct mf_infer *infer, unsigned input, const struct mf_unit *unit)
{
    want_unit(infer, &infer->def->ins[input], keep_unit(infer->compile->arena, unit));
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
    if (infer->checked_count < EXPRS_DONE)
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

const struct mf_unit *mf_infer_asked_unit(const struct mf_infer *infer)
{
    const struct mf_common *common = &infer->def->draft->common;

    return common->has_unit ? &common->unit : NULL;
}
