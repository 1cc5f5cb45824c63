/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* All kinds of this build: the one place that knows every one of them. */

#include "engine/graph/registry.h"

/* The set for mf_registry_set(), sorted by name. Made once; the same pointer each time. */
const struct mf_kind_set *mf_kinds(void);
