/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Amount: a number in an option whose unit is settled by the kind itself.
 */

#include "rules/amount.h"

bool mf_amount_read(struct mf_load *load, const struct mf_option *option,
                    const struct mf_tree *tree, struct mf_amount *ret)
{
    const char *text = mf_type_scalar(load, option, tree);
    struct mf_error err;

    if (!text)
        return false;
    ret->at = tree->at;
    if (tree->is_unknown)
        return true;
    if (mf_quantity_read(text, tree->count, &ret->number, &ret->unit, &ret->has_unit, &err) < 0) {
        if (tree->is_secret)
            return mf_type_mismatch(load, option, tree, "a number, with a unit or without");
        mf_diag(load->diags, MF_ERROR, 205, tree->at,
                "`%s` wants a number, with a unit or without: %s", option->name, err.text);
        return false;
    }
    ret->is_known = true;
    return true;
}

bool mf_amount_settle(struct mf_infer *infer, struct mf_amount *amount, const struct mf_unit *unit,
                      bool delta, const char *what)
{
    struct mf_diags *diags = mf_infer_check(infer)->diags;
    struct mf_linear convert;
    char a[64], b[64];
    struct mf_diag *diag;

    if (!amount->is_known || !amount->has_unit)
        return true;
    if (!unit) {
        diag = mf_diag(diags, MF_WARNING, 211, amount->at,
                       "%s is in %s, but no unit is known here, so it is taken as it is", what,
                       amount->unit.name);
        mf_diag_help(diag, "say `unit: %s` where the value comes from", amount->unit.name);
        return true;
    }
    if (mf_unit_convert(&amount->unit, unit, delta, &convert)) {
        amount->number = convert.mul * amount->number + convert.add;
        amount->unit = *unit;
        return true;
    }
    diag = mf_diag(diags, MF_ERROR, 203, amount->at, "%s is in %s (%s), where %s (%s) is wanted",
                   what, amount->unit.name, mf_unit_dimension(&amount->unit, a), unit->name,
                   mf_unit_dimension(unit, b));
    mf_diag_label(diag, "%s, expected %s", mf_unit_dimension(&amount->unit, a),
                  mf_unit_dimension(unit, b));
    return false;
}
