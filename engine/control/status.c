/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* status: what the engine knows of itself, as text for people. */

#include "engine/control/requests.h"
#include "engine/run/engine.h"
#include "engine/value/build.h"

static void begin(struct mf_request *request)
{
    struct mf_builder result;
    struct mf_buf text = {0};

    mf_engine_print_status(mf_request_engine(request), &text);
    mf_build_start(&result);
    mf_build_take_field(&result, "text", mf_value_new_text(mf_buf_text(&text)));
    mf_buf_done(&text);
    mf_request_done_take(request, mf_build_end_map(&result));
}

const struct mf_request_kind mf_request_status = {
    .name = "status",
    .summary = "What the engine knows of itself.",
    .begin = begin,
};
