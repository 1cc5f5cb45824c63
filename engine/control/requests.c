/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* The list of requests, in the order of the alphabet. */

#include "engine/control/requests.h"

const struct mf_request_kind *const mf_request_kinds[] = {
    /* One a line, so that two who add one do not meet. */
    // clang-format off
    &mf_request_confirm,
    &mf_request_dlq,
    &mf_request_nodes,
    &mf_request_plan,
    &mf_request_record,
    &mf_request_release,
    &mf_request_reload,
    &mf_request_rollback,
    &mf_request_set,
    &mf_request_state,
    &mf_request_status,
    &mf_request_tap,
    &mf_request_why,
    // clang-format on
    NULL,
};
