/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Back-pressure: while a sink's queue is nearly full, sources upstream that can
 * pause do: files are not read on, links that can pause are not read from.
 */

#include "engine/run/engine.h"

/* After the queue of `sink` grew or shrank. */
void mf_pressure_update(struct mf_node *sink);
/* Counts anew after a reload; needed when a sink was blocked before. */
void mf_pressure_recount(struct mf_engine *engine);
