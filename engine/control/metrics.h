/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Metrics: the status as Prometheus reads it (text format 0.0.4).
 *
 * One table says which field of the status becomes which metric; a counter ends in `_total`. Values
 * of outputs are there when they are numbers or booleans. What is absent has no sample.
 */

#include "engine/base/buf.h"
#include "engine/value/value.h"

/* `status` is what mf_status_of() gives. */
void mf_metrics_print(const struct mf_value *status, struct mf_buf *buf);
