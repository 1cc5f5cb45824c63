/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* What a reload did to each node, for people. */

#include "engine/base/buf.h"
#include "engine/run/change.h"

/* Into the engine's report, before anything is stopped: names are copied, they outlive both
 * graphs. */
void mf_report_fill(struct mf_change *change);
