/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* What the files about units share: nothing here is for others. */

#include "engine/value/unit.h"

/* One row of the table of units; with a prefix in front it stands for several names. */
struct mf_unit_def {
    const char *name;
    const char *meaning;
    const char *prefixes; /* letters of those that are usual with it; `u` is micro */
    int8_t dim[MF_DIMS];
    double factor, offset;
    bool is_ratio_named;
};
extern const struct mf_unit_def mf_unit_defs[]; /* ended by {0} */

/* Other ways to write a name. */
struct mf_unit_alias {
    const char *alias, *name;
};
extern const struct mf_unit_alias mf_unit_aliases[]; /* ended by {0} */

struct mf_unit_prefix {
    char letter;
    const char *text; /* as written */
    double factor;
};
extern const struct mf_unit_prefix mf_unit_prefixes[]; /* ended by {0} */

/* What a combination of dimensions is called. */
struct mf_unit_dim_name {
    const char *name;
    int8_t dim[MF_DIMS];
};
extern const struct mf_unit_dim_name mf_unit_dim_names[]; /* ended by {0} */
extern const char *const mf_unit_base[];                  /* base units by enum mf_dimension */

/* Every name that stands for itself, prefixes included, made from the tables on first use. */
struct mf_unit_named {
    struct mf_unit unit;
    const struct mf_unit_def *def;
};
const struct mf_unit_named *mf_unit_all(size_t *ret_count);
