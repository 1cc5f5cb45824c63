/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The rest of what a kind may call on its node: looking around, timers, logs, state.
 * Emitting is in node.c.
 */

#include <stdarg.h>
#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/list.h"
#include "engine/run/engine.h"
#include "engine/run/sched.h"
#include "engine/run/state.h"

const char *mf_node_name(const struct mf_node *node)
{
    return node->def->name;
}

const void *mf_node_config(const struct mf_node *node)
{
    return node->config;
}

void *mf_node_state(const struct mf_node *node)
{
    return node->state;
}

struct mf_link *mf_node_link(const struct mf_node *node)
{
    return node->link;
}

int64_t mf_node_now(const struct mf_node *node)
{
    return node->sched->in_turn ? node->sched->wall : mf_clock_wall(&node->sched->clock);
}

int64_t mf_node_mono(const struct mf_node *node)
{
    return node->sched->in_turn ? node->sched->mono : mf_clock_mono(&node->sched->clock);
}

bool mf_node_is_virtual(const struct mf_node *node)
{
    return node->sched->clock.is_virtual && !node->sched->engine->options.starts_outside;
}

bool mf_node_is_covered(const struct mf_node *node)
{
    return node->sched->engine->options.saw_line;
}

void mf_node_saw_line(const struct mf_node *node, const char *file, uint32_t line, bool has_run)
{
    const struct mf_engine_options *options = &node->sched->engine->options;

    if (options->saw_line)
        options->saw_line(options->saw_line_arg, file, line, has_run);
}

bool mf_node_is_timeless(const struct mf_node *node)
{
    return node->sched->clock.is_virtual;
}

const struct mf_unit *mf_node_unit(const struct mf_node *node, unsigned out_port)
{
    return node->def->outs[out_port].unit;
}

uint32_t mf_node_types(const struct mf_node *node, unsigned out_port)
{
    return node->def->outs[out_port].types;
}

void mf_node_judge(struct mf_node *node)
{
    node->is_judge = true;
}

unsigned mf_node_inputs(const struct mf_node *node)
{
    return node->guard ? 1 : node->def->in_count;
}

const struct mf_msg *mf_node_input(const struct mf_node *node, unsigned input)
{
    return &node->messages[input];
}

const struct mf_msg *mf_node_messages(const struct mf_node *node)
{
    return node->messages;
}

bool mf_node_input_has(const struct mf_node *node, unsigned input)
{
    return node->inputs[input].is_known;
}

bool mf_node_input_is_new(const struct mf_node *node, unsigned input)
{
    uint64_t turn = node->inputs[input].turn;

    if (node->is_sharing)
        turn = mf_list_entry(node->messages, struct mf_output, last)->turn;
    return node->inputs[input].is_known && turn == node->sched->turn;
}

bool mf_node_input_is_quiet(const struct mf_node *node, unsigned input)
{
    return node->def->ins[input].is_quiet;
}

unsigned mf_node_input_port(const struct mf_node *node, unsigned input)
{
    return node->def->ins[input].port;
}

const char *mf_node_input_label(const struct mf_node *node, unsigned input)
{
    return node->def->ins[input].label;
}

const char *mf_node_input_node(const struct mf_node *node, unsigned input)
{
    return node->def->ins[input].from->name;
}

const struct mf_unit *mf_node_input_unit(const struct mf_node *node, unsigned input)
{
    return node->def->ins[input].unit;
}

const struct mf_msg *mf_node_input_sibling(const struct mf_node *node, unsigned input,
                                           const char *output)
{
    const struct mf_def *from = node->def->ins[input].from;
    const struct mf_node *source = mf_engine_node(node->sched->engine, from->name);
    int out = mf_def_output(from, output);

    if (!source || out < 0 || !source->outputs[out].is_known)
        return NULL;
    return &source->outputs[out].last;
}

unsigned mf_node_current(const struct mf_node *node)
{
    return node->current;
}

unsigned mf_node_outputs(const struct mf_node *node)
{
    return node->def->out_count;
}

const char *mf_node_output_name(const struct mf_node *node, unsigned out)
{
    return node->def->outs[out].name;
}

bool mf_node_output_is_read(const struct mf_node *node, unsigned out)
{
    return node->outputs[out].edge_count > 0 || node->sched->is_observed;
}

bool mf_node_output_is_wired(const struct mf_node *node, unsigned out)
{
    return node->outputs[out].edge_count > 0;
}

const struct mf_msg *mf_node_last(const struct mf_node *node, unsigned out)
{
    return node->outputs[out].is_known ? &node->outputs[out].last : NULL;
}

/* ---- timers ---- */

void mf_node_arm(struct mf_node *node, unsigned timer, int64_t after_ns)
{
    mf_node_arm_at(node, timer, mf_node_mono(node) + after_ns);
}

void mf_node_arm_at(struct mf_node *node, unsigned timer, int64_t mono)
{
    node->fired &= (uint16_t) ~(1u << timer);
    mf_timer_arm(node->sched, &node->timers[timer].timer, mono);
    if (!node->sched->in_turn)
        mf_engine_wake(node->sched->engine); /* its sleep may be longer than that */
}

void mf_node_disarm(struct mf_node *node, unsigned timer)
{
    node->fired &= (uint16_t) ~(1u << timer);
    mf_timer_disarm(node->sched, &node->timers[timer].timer);
}

bool mf_node_is_armed(const struct mf_node *node, unsigned timer)
{
    return node->timers[timer].timer.pos != 0;
}

int64_t mf_node_deadline(const struct mf_node *node, unsigned timer)
{
    return mf_node_is_armed(node, timer) ? node->timers[timer].timer.at : MF_NEVER;
}

/* ---- log ---- */

void mf_node_log(struct mf_node *node, int level, const char *fmt, ...)
{
    struct mf_buf text = {.limit = 1000};
    va_list args;

    va_start(args, fmt);
    mf_buf_vprintf(&text, fmt, args);
    va_end(args);
    mf_log_limited(&node->log_rate, mf_node_mono(node), (enum mf_log_level)level, node->def->name,
                   "%s", mf_buf_text(&text));
    mf_buf_done(&text);
}

/* ---- state that outlives the node ---- */

void mf_node_job(struct mf_node *node, struct mf_job *job)
{
    const struct mf_host *host = node->sched->engine->host;

    if (host) {
        host->job(host->self, job);
    } else {
        job->run(job);
        job->done(job);
    }
}

struct mf_watch *mf_node_watch(struct mf_node *node, void (*ready)(void *arg, unsigned events),
                               void *arg)
{
    const struct mf_host *host = node->sched->engine->host;

    return host->watch(host->self, &(struct mf_watcher){.ready = ready, .arg = arg});
}

void mf_state_put(struct mf_state_out *out, const char *name, const struct mf_value *value)
{
    mf_build_take_field(&out->fields, name, mf_value_copy(*value));
}

void mf_state_put_number(struct mf_state_out *out, const char *name, double number)
{
    mf_build_take_field(&out->fields, name, mf_value_number(number));
}

void mf_state_put_int(struct mf_state_out *out, const char *name, int64_t value)
{
    mf_build_take_field(&out->fields, name, mf_value_int(value));
}

void mf_state_put_bool(struct mf_state_out *out, const char *name, bool value)
{
    mf_build_take_field(&out->fields, name, mf_value_bool(value));
}

/* As wall time: mono time means nothing to another process. */
void mf_state_put_timer(struct mf_state_out *out, const char *name, const struct mf_node *node,
                        unsigned timer)
{
    int64_t at, grain = out->grain;

    if (!mf_node_is_armed(node, timer))
        return;
    at = mf_node_now(node) + mf_node_deadline(node, timer) - mf_node_mono(node);
    mf_state_put_int(out, name, grain ? (at + grain / 2) / grain * grain : at);
}

const struct mf_value *mf_state_get(struct mf_state_in *in, const char *name)
{
    return mf_value_get(&in->fields, name, strlen(name));
}

bool mf_state_get_number(struct mf_state_in *in, const char *name, double *ret)
{
    const struct mf_value *value = mf_state_get(in, name);

    if (!value || !(MF_T(value->type) & MF_T_NUMERIC))
        return false;
    *ret = mf_value_as_number(value);
    return true;
}

bool mf_state_get_int(struct mf_state_in *in, const char *name, int64_t *ret)
{
    const struct mf_value *value = mf_state_get(in, name);

    if (!value || value->type != MF_INT)
        return false;
    *ret = value->integer;
    return true;
}

bool mf_state_get_bool(struct mf_state_in *in, const char *name, bool *ret)
{
    const struct mf_value *value = mf_state_get(in, name);

    if (!value || value->type != MF_BOOL)
        return false;
    *ret = value->boolean;
    return true;
}

bool mf_state_is_handed_over(const struct mf_state_in *in)
{
    return in->is_handed_over;
}

bool mf_state_get_timer(struct mf_state_in *in, const char *name, struct mf_node *node,
                        unsigned timer)
{
    int64_t wall;

    if (!mf_state_get_int(in, name, &wall))
        return false;
    wall -= mf_node_now(node);
    mf_node_arm(node, timer, wall > 0 ? wall : 0);
    return true;
}
