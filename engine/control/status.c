/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* status: what the engine knows of itself, and the control socket of its callers. */

#include "engine/control/status.h"
#include "engine/control/requests.h"
#include "engine/run/loop_uv.h"
#include "engine/run/overview.h"

static struct mf_value look_at_control(const struct mf_control *control)
{
    struct mf_control_stats stats = mf_control_stats(control);
    struct mf_builder map;

    mf_build_start(&map);
    mf_build_take_field(&map, "callers", mf_value_int((int64_t)stats.callers));
    mf_build_take_field(&map, "accepted", mf_value_int((int64_t)stats.accepted));
    mf_build_take_field(&map, "refused", mf_value_int((int64_t)stats.refused));
    mf_build_take_field(&map, "requests", mf_value_int((int64_t)stats.requests));
    mf_build_take_field(&map, "faults", mf_value_int((int64_t)stats.faults));
    mf_build_take_field(&map, "dropped", mf_value_int((int64_t)stats.dropped));
    return mf_build_end_map(&map);
}

static struct mf_value look_at_http(const struct mf_http *http)
{
    struct mf_http_stats stats = mf_http_stats(http);
    struct mf_builder map;

    mf_build_start(&map);
    mf_build_take_field(&map, "requests", mf_value_int((int64_t)stats.requests));
    mf_build_take_field(&map, "denied", mf_value_int((int64_t)stats.denied));
    return mf_build_end_map(&map);
}

struct mf_value mf_status_of(struct mf_loop *loop, const struct mf_control *control,
                             const struct mf_http *http)
{
    struct mf_value overview = mf_engine_overview(mf_loop_engine(loop));
    struct mf_builder status;

    mf_build_start(&status);
    for (size_t i = 0; i < mf_value_count(&overview); i++)
        mf_build_take_pair(&status, mf_value_copy(*mf_value_key(&overview, i)),
                           mf_value_copy(*mf_value_at(&overview, i)));
    if (control)
        mf_build_take_field(&status, "control", look_at_control(control));
    if (http)
        mf_build_take_field(&status, "http", look_at_http(http));
    mf_value_drop(overview);
    return mf_build_end_map(&status);
}

static void begin(struct mf_request *request)
{
    mf_request_done_take(request,
                         mf_status_of(mf_request_loop(request), mf_request_control(request), NULL));
}

const struct mf_request_kind mf_request_status = {
    .name = "status",
    .summary = "What the engine knows of itself.",
    .begin = begin,
};
