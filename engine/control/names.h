/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* What requests have in common that name a node or an output of one: `power`, `meter.power`. */

#include "engine/control/request.h"

struct mf_node;

/* Finds `text`, otherwise as below. */
struct mf_node *mf_request_find_node(struct mf_request *request, const char *text,
                                     unsigned *ret_output);
/* Finds what the text argument `name` says. NULL: it is not there, and the request was refused with
 * the nearest name. Without a port in the text *ret_output is the first output. */
struct mf_node *mf_request_node(struct mf_request *request, const char *name, unsigned *ret_output);
