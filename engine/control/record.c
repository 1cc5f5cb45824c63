/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * record: what the sources say from now on, for as long as the caller listens, or `for` ns. Each
 * line of the answer is one line of a record (engine/run/record.h) as a text.
 */

#include "engine/run/record.h"
#include "engine/base/alloc.h"
#include "engine/base/list.h"
#include "engine/control/requests.h"
#include "engine/value/build.h"

struct record {
    struct mf_recorder recorder;
    struct mf_request *request;
    struct mf_timer end;
    char *only;
};

static bool take_line(void *arg, const char *text, size_t len)
{
    const struct record *record = arg;

    return mf_request_say_take(record->request, mf_value_new_text_n(text, len));
}

static void ended(struct mf_timer *timer)
{
    struct record *record = mf_list_entry(timer, struct record, end);
    struct mf_builder result;

    mf_recorder_stop(&record->recorder);
    mf_free(record->only);
    mf_build_start(&result);
    mf_build_take_field(&result, "lines", mf_value_int((int64_t)record->recorder.lines));
    mf_request_done_take(record->request, mf_build_end_map(&result));
}

static void begin(struct mf_request *request)
{
    struct record *record = mf_request_data(request);
    struct mf_engine *engine = mf_request_engine(request);
    const char *only = mf_request_text(request, "node");
    const struct mf_value *span = mf_request_arg(request, "for");

    if (span && (span->type != MF_INT || span->integer <= 0))
        mf_request_refuse(request, 2, "`for` is a number of nanoseconds");
    if (mf_request_is_over(request))
        return;
    record->request = request;
    record->only = mf_strdup(only);
    record->end.fire = ended;
    mf_recorder_start(&record->recorder, engine, record->only, take_line, record);
    if (span)
        mf_timer_arm(&engine->sched, &record->end,
                     mf_clock_mono(&engine->sched.clock) + span->integer);
    mf_engine_wake(engine);
}

static void drop(struct mf_request *request)
{
    struct record *record = mf_request_data(request);

    mf_timer_disarm(&record->recorder.engine->sched, &record->end);
    mf_recorder_drop(&record->recorder);
    mf_free(record->only);
}

const struct mf_request_kind mf_request_record = {
    .name = "record",
    .summary = "What the sources say from now on.",
    .data_size = sizeof(struct record),
    .begin = begin,
    .drop = drop,
};
