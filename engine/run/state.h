/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* What save() fills and restore() reads: named values, with the kind and version that wrote them.
 */

#include "engine/value/build.h"

struct mf_state_out {
    struct mf_builder fields;
};

struct mf_state_in {
    struct mf_value fields; /* a map */
};
