/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See type_zone.h. */

#include "engine/config/type_zone.h"

#include "engine/config/diag.h"
#include "engine/config/schema.h"

static bool zone_read(struct mf_load *load, const struct mf_option *option,
                      const struct mf_tree *tree, void *ret)
{
    const char *text = mf_type_scalar(load, option, tree);
    const struct mf_zone *zone;
    struct mf_error err;

    if (!text)
        return false;
    zone = *text ? mf_zone_get(text, &err) : NULL;
    if (!zone) {
        struct mf_diag *diag = mf_diag(load->diags, MF_ERROR, 224, tree->at, "%s",
                                       *text ? err.text : "a time zone has a name");

        mf_diag_help(diag, "names are those of the directory /usr/share/zoneinfo");
        return false;
    }
    *(const struct mf_zone **)ret = zone;
    return true;
}

const struct mf_type mf_type_zone = {
    .name = "time zone",
    .syntax = "the name of a time zone, such as Europe/Berlin",
    .size = sizeof(const struct mf_zone *),
    .read = zone_read,
    .schema = mf_schema_text,
};

const struct mf_zone *mf_zone_or_local(const struct mf_zone *zone, struct mf_error *err)
{
    return zone ? zone : mf_zone_get(NULL, err);
}
