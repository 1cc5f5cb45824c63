/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See share.h. */

#include "nodes/net/share.h"

enum { CODE_TWO_WAYS = 561, CODE_NO_COMMAND = 563 };

void mf_share_check(struct mf_check *check, const char *thing, bool has_pulse, bool is_pwm)
{
    if (has_pulse && is_pwm)
        mf_diag_help(mf_diag(check->diags, MF_ERROR, CODE_TWO_WAYS, mf_check_at(check, "pwm"),
                             "the %s has either `pulse` or `pwm`", thing),
                     "`pulse` has fixed times, with `pwm` the input says for how much of each "
                     "period the %s is on",
                     thing);
}

void mf_share_infer(struct mf_infer *infer, const char *thing, bool is_pwm)
{
    struct mf_check *check = mf_infer_check(infer);

    for (unsigned i = 0; i < mf_infer_inputs(infer); i++) {
        const struct mf_unit *unit = mf_infer_unit(infer, i);

        if (!unit || (is_pwm && mf_unit_is_ratio(unit)))
            continue;
        mf_diag_help(mf_diag(check->diags, MF_ERROR, CODE_NO_COMMAND, mf_check_at(check, "from"),
                             is_pwm ? "the input is in %s, and the %s wants a share from 0 to 1, "
                                      "or %%"
                                    : "the input is in %s, and the %s is only on or off",
                             unit->name, thing),
                     is_pwm ? "divide it by what full power is"
                            : "say when it is on, with `when`, `expr` or `hysteresis`");
    }
}

int mf_share_read(const struct mf_node *node, const char *thing, bool is_pwm,
                  const struct mf_value *value, double *ret, struct mf_error *err)
{
    const struct mf_unit *unit = mf_node_input_unit(node, 0);
    double share;

    if (value->type == MF_BOOL) {
        *ret = value->boolean;
        return 0;
    }
    share = mf_value_as_number(value) * (unit ? unit->factor : 1);
    if (!is_pwm && share != 0 && share != 1)
        return mf_fail(err, MF_EINVAL, "the %s is on or off, true or 1 and false or 0, not %g",
                       thing, share);
    if (!(share >= 0 && share <= 1))
        return mf_fail(err, MF_EINVAL, "a share is from 0 to 1, not %g", share);
    *ret = share;
    return 0;
}
