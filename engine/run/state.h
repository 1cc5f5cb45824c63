/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* What save() fills and restore() reads: named values, with the kind and version that wrote them.
 */

#include "engine/value/build.h"

struct mf_state_out {
    struct mf_builder fields;
    int64_t grain; /* ns to which points in time are rounded, so that a state that has not changed
                    * looks the same each time; 0: not at all */
};

struct mf_state_in {
    struct mf_value fields; /* a map */
    bool is_handed_over;    /* by a reload */
};
