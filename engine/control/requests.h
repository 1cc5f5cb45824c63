/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* All requests; the list of them is mf_request_kinds[] in requests.c. */

#include "engine/control/request.h"

extern const struct mf_request_kind mf_request_confirm;
extern const struct mf_request_kind mf_request_dlq;
extern const struct mf_request_kind mf_request_nodes;
extern const struct mf_request_kind mf_request_plan;
extern const struct mf_request_kind mf_request_record;
extern const struct mf_request_kind mf_request_release;
extern const struct mf_request_kind mf_request_reload;
extern const struct mf_request_kind mf_request_rollback;
extern const struct mf_request_kind mf_request_set;
extern const struct mf_request_kind mf_request_state;
extern const struct mf_request_kind mf_request_status;
extern const struct mf_request_kind mf_request_tap;
extern const struct mf_request_kind mf_request_why;
