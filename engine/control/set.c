/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* set and release: a person holds an actuator at a value, and lets it go. */

#include <string.h>

#include "engine/base/text.h"
#include "engine/control/requests.h"
#include "engine/run/engine.h"
#include "engine/run/guard.h"
#include "engine/value/build.h"

#define EXIT_WRONG 1
#define FOR_MIN MF_MS

static void refuse_name(struct mf_request *request, const char *name)
{
    const struct mf_engine *engine = mf_request_engine(request);
    struct mf_nearest nearest;

    mf_nearest_init(&nearest, name);
    for (uint32_t i = 0; i < engine->count; i++)
        if (engine->nodes[i]->guard)
            mf_nearest_add(&nearest, mf_node_name(engine->nodes[i]));
    if (nearest.best)
        mf_request_refuse(request, EXIT_WRONG, "there is no node `%s`; did you mean `%s`?", name,
                          nearest.best);
    else
        mf_request_refuse(request, EXIT_WRONG, "there is no node `%s`", name);
}

/* NULL after refusing. */
static struct mf_node *actuator(struct mf_request *request)
{
    const char *name = mf_request_need_text(request, "node");
    struct mf_node *node = name ? mf_engine_node(mf_request_engine(request), name) : NULL;

    if (!name)
        return NULL;
    if (!node)
        refuse_name(request, name);
    else if (!node->guard)
        mf_request_refuse(request, EXIT_WRONG,
                          "`%s` is not an actuator; only what a flow tells the outside can be set, "
                          "where it is an actuator",
                          name);
    return node && node->guard ? node : NULL;
}

static void done(struct mf_request *request, struct mf_buf *text)
{
    struct mf_builder result;

    mf_build_start(&result);
    mf_build_take_field(&result, "text", mf_value_new_text(mf_buf_text(text)));
    mf_buf_done(text);
    mf_request_done_take(request, mf_build_end_map(&result));
}

/* ---- set ---- */

static bool read_time(struct mf_request *request, int64_t *ret)
{
    const char *text = mf_request_text(request, "for");
    struct mf_error err = {0};

    *ret = 0;
    if (!text)
        return !mf_request_is_over(request);
    if (mf_duration_read(text, strlen(text), false, ret, &err) < 0) {
        mf_request_refuse(request, EXIT_WRONG, "for how long? %s", err.text);
        return false;
    }
    if (*ret >= FOR_MIN)
        return true;
    mf_request_refuse(request, EXIT_WRONG, "for how long? `%s` is no time at all", text);
    return false;
}

/* What a person would wonder about later. */
static void put_remarks(const struct mf_node *node, const struct mf_value *value,
                        struct mf_buf *text)
{
    const struct mf_guard_def *def = node->def->guard;
    struct mf_value within = mf_guard_within(def, value);
    int rival = mf_guard_rival(node);

    if (!mf_value_equal(&within, value)) {
        mf_buf_puts(text, "\nits limit makes that ");
        mf_guard_print(def, &within, text);
    }
    mf_value_drop(within);
    if (rival >= 0)
        mf_buf_printf(text, "\n`%s` comes first in its `priority`, and counts until it gives way",
                      node->def->ins[rival].from->name);
    if (mf_node_is_read_only(node))
        mf_buf_puts(text, "\nnothing is written: the engine runs with --read-only");
    else if (node->link && !mf_link_is_up(node->link))
        mf_buf_printf(text, "\nit is written when the link `%s` is up again",
                      mf_link_name(node->link));
}

static void set_begin(struct mf_request *request)
{
    struct mf_node *node = actuator(request);
    const char *text = node ? mf_request_need_text(request, "value") : NULL;
    struct mf_value value, copy;
    struct mf_error err = {0};
    struct mf_buf answer = {0};
    int64_t time;

    if (!text || !read_time(request, &time))
        return;
    if (mf_guard_read(node->def->guard, text, strlen(text), &value, &err) < 0) {
        mf_request_refuse(request, EXIT_WRONG, "`%s` cannot be set to that: %s", mf_node_name(node),
                          err.text);
        return;
    }
    copy = mf_value_copy(value);
    if (mf_guard_set_take(node, value, time, &err) < 0) {
        mf_value_drop(copy);
        mf_request_refuse(request, EXIT_WRONG, "%s", err.text);
        return;
    }
    mf_buf_printf(&answer, "`%s` is set to ", mf_node_name(node));
    mf_guard_print(node->def->guard, &copy, &answer);
    mf_buf_puts(&answer, time ? " for " : " until it is released");
    if (time)
        mf_duration_print(time, &answer);
    mf_node_log(node, MF_LOG_NOTICE, "%s", mf_buf_text(&answer));
    put_remarks(node, &copy, &answer);
    mf_buf_putc(&answer, '\n');
    mf_value_drop(copy);
    done(request, &answer);
}

const struct mf_request_kind mf_request_set = {
    .name = "set",
    .summary = "Holds an actuator at a value.",
    .begin = set_begin,
};

/* ---- release ---- */

static void release_begin(struct mf_request *request)
{
    struct mf_node *node = actuator(request);
    struct mf_error err = {0};
    struct mf_buf answer = {0};

    if (!node)
        return;
    if (mf_guard_release(node, &err) < 0) {
        mf_request_refuse(request, EXIT_WRONG, "%s", err.text);
        return;
    }
    mf_buf_printf(&answer, "`%s` is released\n", mf_node_name(node));
    mf_node_log(node, MF_LOG_NOTICE, "`%s` is released", mf_node_name(node));
    done(request, &answer);
}

const struct mf_request_kind mf_request_release = {
    .name = "release",
    .summary = "Lets an actuator go that was set.",
    .begin = release_begin,
};
