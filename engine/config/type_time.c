/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Option types: durations and sizes. */

#include "engine/config/type.h"

#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/num.h"
#include "engine/config/schema.h"
#include "engine/config/type_priv.h"

/* ---- duration ---- */

/* Limits of durations are in seconds. */
static void print_duration(const struct mf_option *option, double limit, struct mf_buf *buf)
{
    double ns = limit * (double)MF_SEC;

    mf_duration_print(ns >= 0x1p63 ? INT64_MAX : ns <= -0x1p63 ? INT64_MIN : (int64_t)ns, buf);
}

static bool duration_read(struct mf_load *load, const struct mf_option *option,
                          const struct mf_tree *tree, void *ret)
{
    bool allow_negative = option->min < option->max && option->min < 0;
    const char *text = mf_type_scalar(load, option, tree);
    struct mf_error err;
    double number;
    int64_t ns;

    if (!text)
        return false;
    if (mf_duration_read(text, tree->count, allow_negative, &ns, &err) == 0) {
        if (!mf_type_limits(load, option, tree, (double)ns / (double)MF_SEC, print_duration))
            return false;
        *(int64_t *)ret = ns;
        return true;
    }
    if (!mf_num_read_double(text, tree->count, &number) || mf_type_is_secret(option, tree))
        return mf_type_fault(load, option, tree, &err);
    mf_diag(load->diags, MF_ERROR, MF_CODE_NO_UNIT, tree->at,
            "`%s: %s` has no unit; did you mean `%ss`?", mf_type_key(load, option), text, text);
    return false;
}

const struct mf_type mf_type_duration = {
    .name = "duration",
    .syntax = "a time with a unit, such as 5s or 1h30m",
    .size = sizeof(int64_t),
    .read = duration_read,
    .schema = mf_schema_duration,
};

/* ---- size ---- */

static void print_size(const struct mf_option *option, double limit, struct mf_buf *buf)
{
    mf_size_print(limit >= 0x1p63 ? INT64_MAX : (int64_t)limit, buf);
}

static bool size_read(struct mf_load *load, const struct mf_option *option,
                      const struct mf_tree *tree, void *ret)
{
    const char *text = mf_type_scalar(load, option, tree);
    struct mf_error err;
    int64_t bytes;

    if (!text)
        return false;
    if (mf_size_read(text, tree->count, &bytes, &err) < 0)
        return mf_type_fault(load, option, tree, &err);
    if (!mf_type_limits(load, option, tree, (double)bytes, print_size))
        return false;
    *(int64_t *)ret = bytes;
    return true;
}

const struct mf_type mf_type_size = {
    .name = "size",
    .syntax = "a size in bytes, such as 64 KiB or 50 MB",
    .size = sizeof(int64_t),
    .read = size_read,
    .schema = mf_schema_size,
};
