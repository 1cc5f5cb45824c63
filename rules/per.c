/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Durations as units. */

#include "rules/per.h"

#include <stdio.h>
#include <string.h>

#include "engine/base/clock.h"

static const struct {
    int64_t ns;
    const char *name;
} named[] = {
    {MF_MS, "ms"}, {MF_SEC, "s"}, {MF_MINUTE, "min"}, {MF_HOUR, "h"}, {MF_DAY, "d"},
};

void mf_per_unit(int64_t ns, struct mf_unit *ret)
{
    struct mf_buf text = {0};

    for (size_t i = 0; i < sizeof(named) / sizeof(*named); i++)
        if (named[i].ns == ns && mf_unit_read(named[i].name, strlen(named[i].name), ret, NULL) == 0)
            return;
    mf_unit_read("s", 1, ret, NULL);
    ret->factor = (double)ns / MF_SEC;
    mf_duration_print(ns, &text);
    snprintf(ret->name, sizeof(ret->name), "%s", mf_buf_text(&text));
    mf_buf_done(&text);
}

bool mf_per_refuse_offset(struct mf_infer *infer, unsigned input, const char *what)
{
    const struct mf_unit *unit = mf_infer_unit(infer, input);
    const struct mf_check *check = mf_infer_check(infer);
    struct mf_diag *diag;

    if (!unit || !mf_unit_is_affine(unit))
        return false;
    diag = mf_diag(check->diags, MF_ERROR, 203, check->item->kind_at,
                   "the %s of values in %s means nothing, because their zero is arbitrary", what,
                   unit->name);
    mf_diag_help(diag, "subtract a base first, as in `{expr: temp - 20 °C}`: a difference in K can "
                       "be added up");
    return true;
}
