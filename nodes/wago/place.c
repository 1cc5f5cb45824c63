/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See place.h. */

#include "nodes/wago/place.h"

#include <string.h>

#include "engine/base/num.h"
#include "engine/config/diag.h"
#include "nodes/wago/lists.h"

enum { CODE_PLACE = 570, BIT_MAX = 999 };

static bool read_number(const char *text, size_t len, int64_t max, unsigned *ret)
{
    int64_t number;

    if (!mf_num_read_int(text, len, &number) || number < 1 || number > max)
        return false;
    *ret = (unsigned)number;
    return true;
}

static bool place_read(struct mf_load *load, const struct mf_option *option,
                       const struct mf_tree *tree, void *ret)
{
    struct mf_wago_place *place = ret;
    const char *text = mf_type_scalar(load, option, tree), *slash;

    if (!text)
        return false;
    slash = strchr(text, '/');
    if (slash && read_number(text, (size_t)(slash - text), MF_WAGO_CARDS, &place->card) &&
        read_number(slash + 1, strlen(slash + 1), BIT_MAX, &place->bit))
        return true;
    mf_diag_help(mf_diag(load->diags, MF_ERROR, CODE_PLACE, tree->at,
                         "%s is not a card and a bit of a WAGO controller",
                         mf_type_shown(load, option, tree)),
                 "write `2/4` for bit 4 of the second card; both are counted from 1");
    return false;
}

static void place_schema(const struct mf_option *option, struct mf_buf *buf)
{
    mf_buf_puts(buf, "{\"type\":\"string\",\"pattern\":\"^[0-9]+/[0-9]+$|\\\\$\\\\{\"}");
}

const struct mf_type mf_type_wago_place = {
    .name = "card and bit",
    .syntax = "a card and a bit on it, both from 1: `2/4`",
    .size = sizeof(struct mf_wago_place),
    .read = place_read,
    .schema = place_schema,
};

const struct mf_choice mf_wago_actives[] = {
    {"high", 1, "The bit is set when the thing is on."},
    {"low", 0, "The bit is clear when the thing is on."},
    {0},
};
