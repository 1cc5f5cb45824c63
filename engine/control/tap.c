/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * tap: what nodes say, while they say it.
 *
 * Arguments: nodes (list of texts: names of nodes or outputs, `*` and `?` stand for others), now
 * (bool: first the last values), changes (bool: only what differs from the one before), where,
 * expect (conditions), count (int). A line: node output value unit quality reason time. The tap
 * ends after `count` lines, or with the first message for which `expect` is true, which is its last
 * line.
 *
 * Which outputs are wanted is worked out once per generation, so that a message that is not wanted
 * costs a look into a table. Each caller has its limit of what may wait for it; over that the
 * message is not even made a line of.
 */

#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/text.h"
#include "engine/control/condition.h"
#include "engine/control/names.h"
#include "engine/control/requests.h"
#include "engine/run/engine.h"
#include "engine/value/build.h"
#include "engine/value/field.h"

enum { PATTERNS = 64 };

/* One output of the graph. */
struct watched {
    bool is_wanted, has_last;
    struct mf_condition *where, *expect; /* NULL: none */
    struct mf_value last;
    uint8_t quality;
};

struct tap {
    struct mf_observer observer;
    struct mf_request *request;
    const char *patterns[PATTERNS];
    size_t pattern_count;
    const char *where, *expect; /* NULL: none */
    bool only_changes;
    int64_t limit, lines; /* limit 0: none */
    uint64_t generation;  /* that the tables are of */
    uint32_t *first;      /* by order of the node: index of its first output */
    struct watched *outputs;
    size_t output_count;
};

/* ---- which outputs ---- */

static bool matches(const char *pattern, const struct mf_def *def, const struct mf_out_def *out,
                    struct mf_buf *scratch)
{
    if (mf_text_glob(pattern, def->name))
        return true;
    mf_buf_clear(scratch);
    mf_buf_printf(scratch, "%s.%s", def->name, out->name);
    return mf_text_glob(pattern, mf_buf_text(scratch));
}

static bool is_wanted(const struct tap *tap, const struct mf_def *def, const struct mf_out_def *out,
                      struct mf_buf *scratch)
{
    for (size_t i = 0; i < tap->pattern_count; i++)
        if (matches(tap->patterns[i], def, out, scratch))
            return true;
    return tap->pattern_count == 0;
}

static void forget_outputs(struct tap *tap)
{
    for (size_t i = 0; i < tap->output_count; i++) {
        mf_condition_free(tap->outputs[i].where);
        mf_condition_free(tap->outputs[i].expect);
        mf_value_drop(tap->outputs[i].last);
    }
    mf_free(tap->outputs);
    mf_free(tap->first);
    tap->outputs = NULL;
    tap->first = NULL;
    tap->output_count = 0;
}

/* Where a condition cannot be meant for an output, that output is not wanted. */
static bool add_conditions(const struct tap *tap, struct watched *watched,
                           const struct mf_out_def *out, struct mf_error *err)
{
    if (tap->where)
        watched->where = mf_condition_new(tap->where, out, err);
    if (tap->expect)
        watched->expect = mf_condition_new(tap->expect, out, err);
    return !(tap->where && !watched->where) && !(tap->expect && !watched->expect);
}

/* Returns how many outputs are wanted; `err` tells why one is not. */
static size_t find_outputs(struct tap *tap, const struct mf_engine *engine, struct mf_error *err)
{
    struct mf_buf scratch = {0};
    size_t count = 0, wanted = 0;

    forget_outputs(tap);
    tap->generation = engine->generation;
    tap->first = mf_calloc_array(engine->count + 1, sizeof(*tap->first));
    for (uint32_t i = 0; i < engine->count; i++) {
        tap->first[i] = (uint32_t)count;
        count += engine->nodes[i]->def->out_count;
    }
    tap->output_count = count;
    tap->outputs = mf_calloc_array(count + 1, sizeof(*tap->outputs));
    for (uint32_t i = 0; i < engine->count; i++) {
        const struct mf_def *def = engine->nodes[i]->def;

        for (unsigned k = 0; k < def->out_count; k++) {
            struct watched *watched = &tap->outputs[tap->first[i] + k];

            watched->is_wanted = is_wanted(tap, def, &def->outs[k], &scratch) &&
                                 add_conditions(tap, watched, &def->outs[k], err);
            wanted += watched->is_wanted;
        }
    }
    mf_buf_done(&scratch);
    return wanted;
}

/* ---- lines ---- */

static struct mf_value line_of(const struct mf_node *node, unsigned output,
                               const struct mf_msg *msg)
{
    const struct mf_out_def *out = &node->def->outs[output];
    char time[MF_TIME_TEXT];
    struct mf_builder line;

    mf_time_print(msg->time, time);
    mf_build_start(&line);
    mf_build_take_field(&line, "node", mf_value_new_text(node->def->name));
    mf_build_take_field(&line, "output", mf_value_new_text(out->name));
    mf_build_take_field(&line, "value", mf_value_copy(msg->value));
    mf_build_take_field(&line, "unit",
                        out->unit ? mf_value_new_text(out->unit->name) : mf_value_null());
    mf_build_take_field(&line, "quality", mf_value_new_text(mf_quality_names[msg->quality]));
    mf_build_take_field(&line, "reason",
                        msg->reason ? mf_value_new_text(msg->reason) : mf_value_null());
    mf_build_take_field(&line, "time", mf_value_new_text(time));
    return mf_build_end_map(&line);
}

static void drop_tap(struct mf_request *request)
{
    struct tap *tap = mf_request_data(request);

    mf_engine_unobserve(mf_request_engine(request), &tap->observer);
    forget_outputs(tap);
}

static void finish(struct tap *tap, bool is_met)
{
    struct mf_request *request = tap->request;
    struct mf_builder result;

    mf_build_start(&result);
    mf_build_take_field(&result, "lines", mf_value_int(tap->lines));
    mf_build_take_field(&result, "is_met", mf_value_bool(is_met));
    drop_tap(request);
    mf_request_done_take(request, mf_build_end_map(&result));
}

static bool is_news(struct watched *watched, const struct mf_msg *msg)
{
    if (watched->has_last && watched->quality == msg->quality &&
        mf_value_equal(&watched->last, &msg->value))
        return false;
    mf_value_drop(watched->last);
    watched->last = mf_value_copy(msg->value);
    watched->quality = msg->quality;
    watched->has_last = true;
    return true;
}

/* False: the tap has ended. */
static bool show(struct tap *tap, struct watched *watched, const struct mf_node *node,
                 unsigned output, const struct mf_msg *msg)
{
    bool is_met = watched->expect && mf_condition_holds(watched->expect, msg);

    if (watched->where && !mf_condition_holds(watched->where, msg))
        return true;
    if (tap->only_changes && !is_news(watched, msg) && !is_met)
        return true;
    if (mf_request_has_room(tap->request))
        mf_request_say_take(tap->request, line_of(node, output, msg));
    tap->lines++;
    if (!is_met && !(tap->limit && tap->lines >= tap->limit))
        return true;
    finish(tap, is_met);
    return false;
}

static void saw(void *arg, struct mf_node *node, unsigned output, const struct mf_msg *msg)
{
    struct tap *tap = arg;
    const struct mf_engine *engine = node->sched->engine;
    struct watched *watched;

    if (tap->generation != engine->generation)
        find_outputs(tap, engine, NULL);
    watched = &tap->outputs[tap->first[node->order] + output];
    if (watched->is_wanted)
        show(tap, watched, node, output, msg);
}

/* False: the tap has ended. */
static bool show_last_values(struct tap *tap, const struct mf_engine *engine)
{
    for (uint32_t i = 0; i < engine->count; i++)
        for (unsigned k = 0; k < engine->nodes[i]->def->out_count; k++) {
            const struct mf_output *out = &engine->nodes[i]->outputs[k];
            struct watched *watched = &tap->outputs[tap->first[i] + k];

            if (watched->is_wanted && out->is_known &&
                !show(tap, watched, engine->nodes[i], k, &out->last))
                return false;
        }
    return true;
}

/* ---- the request ---- */

/* False after refusing. */
static bool read_patterns(struct tap *tap, struct mf_request *request)
{
    const struct mf_value *nodes = mf_request_arg(request, "nodes");
    size_t count = nodes && nodes->type == MF_LIST ? mf_value_count(nodes) : 0;

    if (count > PATTERNS)
        mf_request_refuse(request, 2, "a tap takes at most %d names", PATTERNS);
    for (size_t i = 0; i < count && !mf_request_is_over(request); i++)
        tap->patterns[tap->pattern_count++] =
            mf_request_copy_text(request, mf_value_at(nodes, i), "nodes");
    return !mf_request_is_over(request);
}

static void refuse_nothing(struct tap *tap, const struct mf_error *err)
{
    unsigned output;

    if (err->code)
        mf_request_refuse(tap->request, 2, "the condition cannot be used: %s", err->text);
    for (size_t i = 0; i < tap->pattern_count && !mf_request_is_over(tap->request); i++)
        if (!strpbrk(tap->patterns[i], "*?"))
            mf_request_find_node(tap->request, tap->patterns[i], &output);
    mf_request_refuse(tap->request, 1, "no node of that name says anything");
}

static void begin(struct mf_request *request)
{
    struct mf_engine *engine = mf_request_engine(request);
    struct tap *tap = mf_request_data(request);
    const struct mf_value *limit = mf_request_arg(request, "count");
    const struct mf_value *now = mf_request_arg(request, "now");
    const struct mf_value *changes = mf_request_arg(request, "changes");
    struct mf_error err = {0};

    tap->request = request;
    tap->observer = (struct mf_observer){.saw = saw, .arg = tap};
    tap->where = mf_request_text(request, "where");
    tap->expect = mf_request_text(request, "expect");
    tap->only_changes = changes && mf_value_is_true(changes);
    tap->limit = limit && limit->type == MF_INT && limit->integer > 0 ? limit->integer : 0;
    if (mf_request_is_over(request) || !read_patterns(tap, request))
        return;
    if (find_outputs(tap, engine, &err) == 0) {
        refuse_nothing(tap, &err);
        forget_outputs(tap);
        return;
    }
    mf_engine_observe(engine, &tap->observer);
    if ((now && mf_value_is_true(now)) || tap->expect)
        show_last_values(tap, engine);
}

const struct mf_request_kind mf_request_tap = {
    .name = "tap",
    .summary = "What nodes say, while they say it.",
    .data_size = sizeof(struct tap),
    .begin = begin,
    .drop = drop_tap,
};
