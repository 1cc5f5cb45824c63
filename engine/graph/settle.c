/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Quantities of options whose unit is that of a port (`deadband: 20 W`): settled here, once the
 * unit is known.
 */

#include <string.h>

#include "engine/base/buf.h"
#include "engine/graph/infer.h"

int mf_infer_in_port(const struct mf_kind *kind)
{
    for (int i = 0; kind->ports && kind->ports[i].name; i++)
        if (kind->ports[i].dir == MF_IN && strcmp(kind->ports[i].name, "in") == 0)
            return i;
    return mf_kind_first_input(kind);
}

static const struct mf_in_def *edge_with_unit(const struct mf_def *def, unsigned port)
{
    for (unsigned i = 0; i < def->in_count; i++)
        if (def->ins[i].port == port && def->ins[i].unit)
            return &def->ins[i];
    return NULL;
}

const struct mf_unit *mf_infer_port_unit(const struct mf_def *def, unsigned port)
{
    const struct mf_in_def *in = edge_with_unit(def, port);

    return in ? in->unit : NULL;
}

/* ---- what is wrong ---- */

/* Power and energy, or a flow and an amount, are what people mix up: the same quantity per time
 * or times it. Writes the number as it would be in `wanted`. */
static void guess(const struct mf_late_quantity *late, const struct mf_unit *wanted,
                  struct mf_buf *buf)
{
    static const char *const times[] = {"h", "min", "s"};
    double number = *late->number;
    struct mf_linear convert;

    for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
        struct mf_unit time, per, by;

        if (mf_unit_read(times[i], strlen(times[i]), &time, NULL) < 0)
            continue;
        mf_unit_divide(&late->unit, &time, &per);
        mf_unit_multiply(&late->unit, &time, &by);
        if (mf_unit_convert(&per, wanted, true, &convert) ||
            mf_unit_convert(&by, wanted, true, &convert)) {
            number = mf_unit_convert_literal(&convert, number);
            break;
        }
    }
    mf_quantity_print(number, wanted, buf);
}

static void mismatch(struct mf_infer *infer, const struct mf_late_quantity *late,
                     const char *source, const struct mf_def *from, const struct mf_unit *wanted)
{
    const struct mf_option *option = late->option;
    struct mf_def *def = infer->def;
    struct mf_buf text = {0};
    char a[64], b[64];
    struct mf_diag *diag;

    diag = mf_diag(infer->compile->diags, MF_ERROR, 203, late->at,
                   "the %s is in %s, but `%s` is in %s",
                   option->flags & MF_OPT_PRIMARY ? def->kind->name : option->name, late->unit.name,
                   source, wanted->name);
    mf_diag_label(diag, "%s, expected %s", mf_unit_dimension(&late->unit, a),
                  mf_unit_dimension(wanted, b));
    if (from != def)
        mf_diag_related(diag, from->draft->item->at, "`%s` is in %s", source, wanted->name);
    guess(late, wanted, &text);
    mf_diag_help(diag, "did you mean `%s`?", mf_buf_text(&text));
    mf_buf_done(&text);
    def->draft->failed = true;
}

static void no_unit(struct mf_infer *infer, const struct mf_late_quantity *late, const char *source)
{
    struct mf_diag *diag = mf_diag(infer->compile->diags, MF_WARNING, 211, late->at,
                                   "`%s` has no unit, so the number here is taken as it is and %s "
                                   "is not checked",
                                   source, late->unit.name);

    mf_diag_help(diag, "say `unit: %s` at `%s`", late->unit.name, source);
}

/* ---- settling ---- */

static void convert(struct mf_infer *infer, const struct mf_late_quantity *late,
                    const struct mf_unit *from, const struct mf_unit *to, const char *source,
                    const struct mf_def *at)
{
    struct mf_linear linear;

    if (!mf_unit_convert(from, to, late->option->flags & MF_OPT_DELTA, &linear))
        mismatch(infer, late, source, at, to);
    else if (!mf_unit_equal(from, to))
        *late->number = mf_unit_convert_literal(&linear, *late->number);
}

static void settle_in(struct mf_infer *infer, const struct mf_late_quantity *late)
{
    struct mf_def *def = infer->def;
    int port = mf_infer_in_port(def->kind);
    const struct mf_in_def *in = port < 0 ? NULL : edge_with_unit(def, (unsigned)port);

    if (!late->has_unit)
        return; /* taken in the unit of the port */
    if (in)
        convert(infer, late, &late->unit, in->unit, mf_compile_source(infer->compile, in),
                in->from);
    else
        no_unit(infer, late,
                def->in_count ? mf_compile_source(infer->compile, &def->ins[0]) : def->name);
}

bool mf_infer_in_unit(struct mf_infer *infer, const struct mf_option *option, struct mf_span at,
                      const struct mf_unit *unit, double *number)
{
    const struct mf_late_quantity late = {
        .option = option, .number = number, .unit = *unit, .has_unit = true, .at = at};

    settle_in(infer, &late);
    return !infer->def->draft->failed;
}

/* The kind calculates in the unit it infers; what people see is the one that `unit:` asks for, and
 * so is a bare number. */
static void settle_out(struct mf_infer *infer, const struct mf_late_quantity *late)
{
    struct mf_def *def = infer->def;
    const struct mf_unit *asked = mf_infer_asked_unit(infer);
    const struct mf_unit *unit = def->out_count && def->outs[0].unit ? def->outs[0].unit : asked;
    struct mf_linear unused;

    if (!unit) {
        if (late->has_unit)
            no_unit(infer, late, def->name);
    } else if (late->has_unit) {
        convert(infer, late, &late->unit, unit, def->name, def);
    } else if (asked && mf_unit_convert(asked, unit, false, &unused)) {
        convert(infer, late, asked, unit, def->name, def);
    }
}

void mf_infer_settle(struct mf_infer *infer)
{
    for (const struct mf_late_quantity *late = infer->def->draft->loaded.quantities; late;
         late = late->next) {
        if (strcmp(late->option->unit, "@out") == 0)
            settle_out(infer, late);
        else
            settle_in(infer, late);
    }
}
