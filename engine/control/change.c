/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* plan, reload, confirm, rollback: changing the flow of a running engine. */

#include "engine/base/alloc.h"
#include "engine/base/list.h"
#include "engine/control/requests.h"
#include "engine/run/loop_uv.h"
#include "engine/value/build.h"
#include "engine/value/field.h"

enum { EXIT_WRONG = 1 };

/* ---- reload, rollback ---- */

static struct mf_value item_value(const struct mf_reload_item *item)
{
    struct mf_builder map;

    mf_build_start(&map);
    mf_build_take_field(&map, "node", mf_value_new_text(item->name));
    mf_build_take_field(&map, "kind", mf_value_new_text(item->kind));
    if (item->former_kind)
        mf_build_take_field(&map, "former_kind", mf_value_new_text(item->former_kind));
    mf_build_take_field(&map, "fate", mf_value_new_text(mf_fate_names[item->fate]));
    mf_build_take_field(&map, "values", mf_value_int((int64_t)item->fields));
    mf_build_take_field(&map, "messages", mf_value_int((int64_t)item->letters));
    return mf_build_end_map(&map);
}

static void put_report(struct mf_builder *map, const struct mf_reload_report *report)
{
    struct mf_builder items;

    mf_build_take_field(map, "kept", mf_value_int((int64_t)report->kept));
    mf_build_take_field(map, "links_kept", mf_value_int((int64_t)report->links_kept));
    mf_build_take_field(map, "links_added", mf_value_int((int64_t)report->links_added));
    mf_build_take_field(map, "links_removed", mf_value_int((int64_t)report->links_removed));
    mf_build_start(&items);
    for (size_t i = 0; i < report->item_count; i++)
        mf_build_take_item(&items, item_value(&report->items[i]));
    mf_build_take_field(map, "nodes", mf_build_end_list(&items));
}

static void put_live(struct mf_builder *map, const struct mf_engine *engine)
{
    mf_build_take_field(map, "generation", mf_value_int((int64_t)engine->live.number));
    mf_build_take_field(map, "confirm_until", mf_value_int((int64_t)mf_generation_until(engine)));
}

static void answer(void *arg, struct mf_loop *loop, const struct mf_loop_answer *answer)
{
    struct mf_request *request = arg;
    const struct mf_engine *engine = mf_loop_engine(loop);
    struct mf_builder map;

    if (!answer->is_done) {
        mf_request_refuse(request, EXIT_WRONG, "refused, generation %llu goes on: %s",
                          (unsigned long long)engine->live.number, answer->why);
        return;
    }
    mf_build_start(&map);
    put_live(&map, engine);
    mf_build_take_field(&map, "prepared", mf_value_number((double)answer->prepared / MF_MS));
    mf_build_take_field(&map, "held", mf_value_number((double)answer->held / MF_MS));
    put_report(&map, &engine->report);
    mf_request_done_take(request, mf_build_end_map(&map));
}

static void ask(struct mf_request *request, int64_t confirm, uint64_t generation)
{
    struct mf_loop_ask ask = {
        .confirm = confirm, .generation = generation, .done = answer, .arg = request};
    struct mf_error err = {0};

    if (mf_loop_ask(mf_request_loop(request), &ask, &err) < 0)
        mf_request_refuse(request, EXIT_WRONG, "%s", err.text);
}

/* `confirm`: ns, absent or 0: nobody need to. */
static void reload_begin(struct mf_request *request)
{
    const struct mf_value *confirm = mf_request_arg(request, "confirm");

    if (confirm && (confirm->type != MF_INT || confirm->integer < 0))
        mf_request_refuse(request, EXIT_WRONG, "`confirm` wants a number of nanoseconds");
    else
        ask(request, confirm ? confirm->integer : 0, 0);
}

static void forget(struct mf_request *request)
{
    mf_loop_forget(mf_request_loop(request), request);
}

const struct mf_request_kind mf_request_reload = {
    .name = "reload",
    .summary = "Reads the flow again and switches to it.",
    .begin = reload_begin,
    .drop = forget,
};

static void say_live(struct mf_request *request)
{
    struct mf_builder map;

    mf_build_start(&map);
    put_live(&map, mf_request_engine(request));
    mf_request_done_take(request, mf_build_end_map(&map));
}

/* To `generation`; without one to the one before the live one. */
static void rollback_begin(struct mf_request *request)
{
    const struct mf_value *number = mf_request_arg(request, "generation");
    struct mf_engine *engine = mf_request_engine(request);
    struct mf_error err = {0};

    if (number && (number->type != MF_INT || number->integer < 1)) {
        mf_request_refuse(request, EXIT_WRONG, "`generation` wants the number of a generation");
    } else if (mf_loop_is_reading(mf_request_loop(request))) {
        mf_request_refuse(request, EXIT_WRONG, "another reload is under way");
    } else if (engine->trial.is_on &&
               (!number || (uint64_t)number->integer == engine->trial.former.number)) {
        if (mf_generation_back(engine, "asked for", &err) < 0)
            mf_request_refuse(request, EXIT_WRONG, "%s", err.text);
        else
            say_live(request);
    } else if (number || engine->former) {
        ask(request, 0, number ? (uint64_t)number->integer : engine->former);
    } else {
        mf_request_refuse(request, EXIT_WRONG,
                          "generation %llu is the first since the start: say which one to go back "
                          "to",
                          (unsigned long long)engine->live.number);
    }
}

const struct mf_request_kind mf_request_rollback = {
    .name = "rollback",
    .summary = "Goes back to a former generation.",
    .begin = rollback_begin,
    .drop = forget,
};

static void confirm_begin(struct mf_request *request)
{
    struct mf_error err = {0};

    if (mf_generation_confirm(mf_request_engine(request), &err) < 0)
        mf_request_refuse(request, EXIT_WRONG, "%s", err.text);
    else
        say_live(request);
}

const struct mf_request_kind mf_request_confirm = {
    .name = "confirm",
    .summary = "Keeps the generation that waits for it.",
    .begin = confirm_begin,
};

/* ---- plan ---- */

struct planning {
    struct mf_job job;
    struct mf_loop *loop;
    struct mf_request *request; /* NULL: nobody wants to know any more */
    char *origin;
    struct mf_value plan;
    struct mf_buf faults;
};

static void plan_run(struct mf_job *job)
{
    struct planning *planning = mf_list_entry(job, struct planning, job);

    planning->plan = mf_loop_plan(planning->loop, planning->origin, &planning->faults);
}

static void plan_done(struct mf_job *job)
{
    struct planning *planning = mf_list_entry(job, struct planning, job);

    if (planning->request && planning->plan.type != MF_NULL)
        mf_request_done_take(planning->request, mf_value_copy(planning->plan));
    else if (planning->request)
        mf_request_refuse(planning->request, EXIT_WRONG, "the flow has errors\n%s",
                          mf_buf_text(&planning->faults));
    mf_value_drop(planning->plan);
    mf_buf_done(&planning->faults);
    mf_free(planning->origin);
    mf_free(planning);
}

static void plan_begin(struct mf_request *request)
{
    const struct mf_engine *engine = mf_request_engine(request);
    struct planning *planning, **data = mf_request_data(request);

    if (!engine->graph->origin) {
        mf_request_refuse(request, EXIT_WRONG, "this engine does not know what it was read from");
        return;
    }
    *data = planning = mf_zalloc(sizeof(*planning));
    planning->job.run = plan_run;
    planning->job.done = plan_done;
    planning->loop = mf_request_loop(request);
    planning->request = request;
    planning->origin = mf_strdup(engine->graph->origin);
    mf_loop_do(planning->loop, &planning->job);
}

static void plan_drop(struct mf_request *request)
{
    struct planning **data = mf_request_data(request);

    if (*data)
        (*data)->request = NULL;
}

const struct mf_request_kind mf_request_plan = {
    .name = "plan",
    .summary = "What a reload would change.",
    .data_size = sizeof(struct planning *),
    .begin = plan_begin,
    .drop = plan_drop,
};
