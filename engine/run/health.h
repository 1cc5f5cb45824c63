/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Health: is everything fresh, and does what is said arrive?
 *
 * Not healthy are a link that is not up, a node that failed, a source whose value is not good, a
 * disk that cannot be written, a sink whose queue or spool is full or that has lost messages within
 * MF_HEALTH_MEMORY, an actuator at its failsafe value, a reload that was refused. Nodes with
 * `health: false` are not looked at. Nothing here stops the flow: it is for the service manager,
 * for /ready, and for people.
 */

#include <stdbool.h>
#include <stddef.h>

#include "engine/base/clock.h"

enum { MF_HEALTH_SPOOL = 80 };     /* per cent of its size: a spool that full is not well */
#define MF_HEALTH_MEMORY MF_MINUTE /* so long a sink that has lost a message is not well */

struct mf_engine;

/* Calls `say` for each reason; NULL: only counts. Returns how many there are. */
size_t mf_engine_reasons(const struct mf_engine *engine, void (*say)(void *arg, const char *reason),
                         void *arg);
/* Else *why is the first reason. */
bool mf_engine_is_healthy(const struct mf_engine *engine, char *why, size_t why_size);
