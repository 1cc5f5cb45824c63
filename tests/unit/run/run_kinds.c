/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See run_kinds.h. */

#include "tests/unit/run/run_kinds.h"

#include <string.h>

#include "engine/graph/node.h"

struct mf_buf run_trace;
struct run_sink run_sink;
struct run_wire run_wire;

void run_expect_trace(const char *text)
{
    assert_string_equal(mf_buf_text(&run_trace), text);
    mf_buf_done(&run_trace);
}

bool run_is_ripe;

int run_setup(void **state)
{
    run_is_ripe = false;
    mf_buf_done(&run_trace);
    memset(&run_sink, 0, sizeof(run_sink));
    run_sink.room = SIZE_MAX;
    memset(&run_wire, 0, sizeof(run_wire));
    bench_use_kinds(run_kinds, run_links);
    return 0;
}

static void trace(const struct mf_node *node, const struct mf_msg *msg)
{
    mf_buf_printf(&run_trace, "%s", mf_node_name(node));
    if (msg) {
        mf_buf_putc(&run_trace, '(');
        mf_value_print(&msg->value, &run_trace);
        mf_buf_putc(&run_trace, ')');
    }
    mf_buf_puts(&run_trace, "; ");
}

static const struct mf_port number_ports[] = {
    {"in", MF_IN, MF_T(MF_NUMBER), MF_PORT_MANY, "@in", "Numbers."},
    {"out", MF_OUT, MF_T(MF_NUMBER), 0, "@in", "Numbers."},
    {0},
};

/* ---- transforms ---- */

static const struct mf_port sum_ports[] = {
    {"inputs", MF_IN, MF_T(MF_NUMBER), MF_PORT_NAMED, NULL, "Numbers."},
    {"out", MF_OUT, MF_T(MF_NUMBER), 0, NULL, "Their sum."},
    {0},
};

static void sum_run(struct mf_node *node)
{
    double sum = 0;

    trace(node, NULL);
    for (unsigned i = 0; i < mf_node_inputs(node); i++)
        sum += mf_node_input_has(node, i) ? mf_msg_number(mf_node_input(node, i)) : 0;
    mf_node_emit_number(node, 0, sum);
}

static const struct mf_kind kind_sum = {
    .name = "test.sum",
    .ports = sum_ports,
    .flags = MF_KIND_PURE,
    .run = sum_run,
};

static void pass_receive(struct mf_node *node, unsigned port, const struct mf_msg *msg)
{
    trace(node, msg);
    mf_node_emit_msg(node, 0, msg);
}

static const struct mf_kind kind_pass = {
    .name = "test.pass",
    .ports = number_ports,
    .flags = MF_KIND_PURE,
    .receive = pass_receive,
};

static void step_receive(struct mf_node *node, unsigned port, const struct mf_msg *msg)
{
    double *last = mf_node_state(node);

    trace(node, msg);
    if (mf_msg_number(msg) < *last + 10)
        return;
    *last = mf_msg_number(msg);
    mf_node_emit_number(node, 0, *last);
}

static const struct mf_kind kind_step = {
    .name = "test.step",
    .ports = number_ports,
    .state_size = sizeof(double),
    .flags = MF_KIND_PURE,
    .receive = step_receive,
};

static void twice_receive(struct mf_node *node, unsigned port, const struct mf_msg *msg)
{
    mf_node_emit_number(node, 0, mf_msg_number(msg));
    mf_node_emit_number(node, 0, mf_msg_number(msg) + 0.5);
}

static const struct mf_kind kind_twice = {
    .name = "test.twice",
    .ports = number_ports,
    .flags = MF_KIND_PURE,
    .receive = twice_receive,
};

struct count_config {
    int64_t by;
};

static const struct mf_port count_ports[] = {
    {"in", MF_IN, MF_T_ANY, MF_PORT_MANY, NULL, "Messages."},
    {"out", MF_OUT, MF_T(MF_INT), 0, NULL, "How many came."},
    {0},
};

#define MF_CONFIG struct count_config
static const struct mf_option count_options[] = {
    {"by", MF_INTEGER(by), .fallback = "0", .summary = "What is added."},
    {0},
};
#undef MF_CONFIG

static void count_receive(struct mf_node *node, unsigned port, const struct mf_msg *msg)
{
    const struct count_config *config = mf_node_config(node);
    int64_t *count = mf_node_state(node);

    mf_node_emit_int(node, 0, ++*count + config->by);
}

static void count_save(const struct mf_node *node, struct mf_state_out *out)
{
    int64_t *count = mf_node_state(node);

    mf_state_put_int(out, "count", *count);
}

static int count_restore(struct mf_node *node, struct mf_state_in *in, struct mf_error *err)
{
    if (!mf_state_get_int(in, "count", mf_node_state(node)))
        return mf_fail(err, MF_EINVAL, "there is no count");
    return 0;
}

static const struct mf_kind kind_count = {
    .name = "test.count",
    .ports = count_ports,
    .options = count_options,
    .config_size = sizeof(struct count_config),
    .state_size = sizeof(int64_t),
    .flags = MF_KIND_PURE | MF_KIND_STATEFUL,
    .receive = count_receive,
    .save = count_save,
    .restore = count_restore,
};

static const struct mf_port past_ports[] = {
    {"in", MF_IN, MF_T(MF_NUMBER), MF_PORT_DELAYED | MF_PORT_MANY, NULL, "Numbers."},
    {"out", MF_OUT, MF_T(MF_NUMBER), 0, NULL, "The same, a turn later."},
    {0},
};

static const struct mf_kind kind_past = {
    .name = "test.past",
    .ports = past_ports,
    .flags = MF_KIND_PURE,
    .receive = pass_receive,
};

static void spin_receive(struct mf_node *node, unsigned port, const struct mf_msg *msg)
{
    mf_node_emit_msg(node, 0, msg);
}

static const struct mf_kind kind_spin = {
    .name = "test.spin",
    .ports = past_ports,
    .flags = MF_KIND_PURE,
    .receive = spin_receive,
};

static void fussy_receive(struct mf_node *node, unsigned port, const struct mf_msg *msg)
{
    if (mf_msg_number(msg) < 0)
        mf_node_reject(node, mf_reason_range, "%g is negative", mf_msg_number(msg));
    else if (mf_msg_number(msg) == 0)
        mf_node_emit_number(node, 0, 1 / mf_msg_number(msg));
    else
        mf_node_emit_msg(node, 0, msg);
}

static const struct mf_kind kind_fussy = {
    .name = "test.fussy",
    .ports = number_ports,
    .flags = MF_KIND_PURE,
    .receive = fussy_receive,
};

/* ---- sources ---- */

struct amount_config {
    int64_t amount;
};

static const struct mf_port int_port[] = {
    {"out", MF_OUT, MF_T(MF_INT), 0, NULL, "Numbers."},
    {0},
};

#define MF_CONFIG struct amount_config
static const struct mf_option interval_options[] = {
    {"interval", MF_DURATION(amount), .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED,
     .summary = "Interval."},
    {0},
};
static const struct mf_option amount_options[] = {
    {"amount", MF_INTEGER(amount), .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED,
     .summary = "How many."},
    {0},
};
#undef MF_CONFIG

static int64_t amount(const struct mf_node *node)
{
    return ((const struct amount_config *)mf_node_config(node))->amount;
}

static int beat_start(struct mf_node *node, struct mf_error *err)
{
    mf_node_arm(node, 0, amount(node));
    return 0;
}

static void beat_timeout(struct mf_node *node, unsigned timer)
{
    mf_node_arm_at(node, 0, mf_node_mono(node) + amount(node));
    mf_node_emit_int(node, 0, ++*(int64_t *)mf_node_state(node));
}

static int64_t amount_period(const void *config)
{
    return ((const struct amount_config *)config)->amount;
}

static const struct mf_kind kind_beat = {
    .name = "test.beat",
    .ports = int_port,
    .options = interval_options,
    .config_size = sizeof(struct amount_config),
    .state_size = sizeof(int64_t),
    .timers = 1,
    .flags = MF_KIND_TIME,
    .start = beat_start,
    .timeout = beat_timeout,
    .period = amount_period,
};

static int pull_pull(struct mf_node *node)
{
    int64_t *next = mf_node_state(node);

    if (*next == amount(node))
        return MF_PULL_END;
    mf_node_emit_int(node, 0, (*next)++);
    return MF_PULL_MORE;
}

static const struct mf_kind kind_pull = {
    .name = "test.pull",
    .ports = int_port,
    .options = amount_options,
    .config_size = sizeof(struct amount_config),
    .state_size = sizeof(int64_t),
    .flags = MF_KIND_SOURCE,
    .pull = pull_pull,
};

/* ---- nodes that fail ---- */

static int weak_start(struct mf_node *node, struct mf_error *err)
{
    int64_t *tries = mf_node_state(node);

    if ((*tries)++ < amount(node))
        return mf_fail(err, MF_EIO, "not yet");
    mf_buf_puts(&run_trace, "started; ");
    return 0;
}

static const struct mf_kind kind_weak = {
    .name = "test.weak",
    .ports = number_ports,
    .options = amount_options,
    .config_size = sizeof(struct amount_config),
    .state_size = sizeof(int64_t),
    .flags = MF_KIND_PURE,
    .start = weak_start,
    .receive = pass_receive,
};

static void fragile_receive(struct mf_node *node, unsigned port, const struct mf_msg *msg)
{
    int64_t *count = mf_node_state(node);
    struct mf_error err;

    ++*count;
    if (mf_msg_number(msg) < (double)amount(node)) {
        mf_node_emit_int(node, 0, *count);
        return;
    }
    mf_fail(&err, MF_EIO, "too much");
    mf_node_fail(node, &err);
}

static const struct mf_port fragile_ports[] = {
    {"in", MF_IN, MF_T(MF_NUMBER), 0, NULL, "Numbers."},
    {"out", MF_OUT, MF_T(MF_INT), 0, NULL, "How many came."},
    {0},
};

static const struct mf_kind kind_fragile = {
    .name = "test.fragile",
    .ports = fragile_ports,
    .options = amount_options,
    .config_size = sizeof(struct amount_config),
    .state_size = sizeof(int64_t),
    .flags = MF_KIND_PURE | MF_KIND_STATEFUL,
    .receive = fragile_receive,
    .save = count_save,
    .restore = count_restore,
};

static int rotten_create(struct mf_node *node, struct mf_error *err)
{
    return run_is_ripe ? 0 : mf_fail(err, MF_EIO, "it is rotten");
}

static const struct mf_kind kind_rotten = {
    .name = "test.rotten",
    .ports = number_ports,
    .flags = MF_KIND_PURE,
    .create = rotten_create,
    .receive = pass_receive,
};

/* ---- sinks ---- */

static const struct mf_port sink_ports[] = {
    {"in", MF_IN, MF_T_ANY, MF_PORT_MANY, NULL, "Anything."},
    {0},
};

static int sink_deliver(struct mf_node *node, const struct mf_letter *letter, struct mf_error *err)
{
    if (run_sink.room == 0)
        return MF_ELINK;
    if (run_sink.room != SIZE_MAX)
        run_sink.room--;
    mf_buf_printf(&run_trace, "%s.%s=", letter->node_name, letter->label);
    mf_value_print(&letter->msg.value, &run_trace);
    mf_buf_puts(&run_trace, letter->is_retry ? " again; " : "; ");
    run_sink.letters[run_sink.count++ % 4096] = letter->number;
    if (run_sink.settles_itself)
        mf_node_settle(node, letter->number, MF_OK, NULL);
    if (run_sink.result < 0)
        return mf_fail(err, run_sink.result, "the sink does not like it");
    return run_sink.result;
}

static void sink_stop(struct mf_node *node)
{
    mf_buf_printf(&run_trace, "%s stops; ", mf_node_name(node));
}

#define MF_CONFIG struct count_config
static const struct mf_option sink_options[] = {
    {"by", MF_INTEGER(by), .fallback = "0", .summary = "Something to change."},
    {0},
};
#undef MF_CONFIG

static const struct mf_kind kind_sink = {
    .name = "test.sink",
    .ports = sink_ports,
    .options = sink_options,
    .config_size = sizeof(struct count_config),
    .flags = MF_KIND_SINK,
    .deliver = sink_deliver,
    .stop = sink_stop,
};

static void write_receive(struct mf_node *node, unsigned port, const struct mf_msg *msg)
{
    trace(node, msg);
}

static const struct mf_kind kind_write = {
    .name = "test.write",
    .ports = sink_ports,
    .flags = MF_KIND_SINK,
    .receive = write_receive,
};

/* ---- actuators ---- */

struct act_config {
    const char *what;
};

#define MF_CONFIG struct act_config
static const struct mf_option act_options[] = {
    {"what", MF_STRING(what), .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED, .summary = "A thing."},
    {0},
};
#undef MF_CONFIG

static const char *act_writes(const void *config, struct mf_arena *arena)
{
    return ((const struct act_config *)config)->what;
}

static bool act_is_momentary(const void *config)
{
    return strcmp(((const struct act_config *)config)->what, "bell") == 0;
}

static void act_receive(struct mf_node *node, unsigned port, const struct mf_msg *msg)
{
    struct mf_error err = {0};

    trace(node, msg);
    if (run_sink.result < 0 && mf_fail(&err, run_sink.result, "the thing is stuck"))
        mf_node_fail(node, &err);
}

static const struct mf_kind kind_act = {
    .name = "test.act",
    .ports = sink_ports,
    .options = act_options,
    .config_size = sizeof(struct act_config),
    .flags = MF_KIND_ACTUATOR,
    .writes = act_writes,
    .is_momentary = act_is_momentary,
    .receive = act_receive,
};

/* ---- a link, and what hangs on it ---- */

static void wire_start(struct mf_link *link)
{
    run_wire.starts++;
}

static void wire_stop(struct mf_link *link)
{
    run_wire.stops++;
    if (!run_wire.stops_later)
        mf_link_stopped(link);
}

static void wire_pause(struct mf_link *link, bool paused)
{
    if (paused)
        run_wire.pauses++;
    else
        run_wire.resumes++;
}

#define MF_CONFIG struct count_config
static const struct mf_link_kind link_wire = {
    .name = "test.wire",
    .options = sink_options,
    .config_size = sizeof(struct count_config),
    .start = wire_start,
    .stop = wire_stop,
    .pause = wire_pause,
};
#undef MF_CONFIG

static const struct mf_port any_port[] = {
    {"out", MF_OUT, MF_T(MF_NUMBER), 0, NULL, "Numbers."},
    {0},
};

static const struct mf_kind kind_event = {
    .name = "test.event",
    .link = &link_wire,
    .ports = any_port,
    .flags = MF_KIND_SOURCE,
};

static const struct mf_kind kind_poll = {
    .name = "test.poll",
    .link = &link_wire,
    .ports = any_port,
    .options = interval_options,
    .config_size = sizeof(struct amount_config),
    .flags = MF_KIND_SOURCE,
    .period = amount_period,
};

static const struct mf_kind kind_send = {
    .name = "test.send",
    .link = &link_wire,
    .ports = sink_ports,
    .options = sink_options,
    .config_size = sizeof(struct count_config),
    .flags = MF_KIND_SINK,
    .deliver = sink_deliver,
};

static const struct mf_kind kind_motor = {
    .name = "test.motor",
    .link = &link_wire,
    .ports = sink_ports,
    .options = act_options,
    .config_size = sizeof(struct act_config),
    .flags = MF_KIND_ACTUATOR,
    .writes = act_writes,
    .deliver = sink_deliver,
    .stop = sink_stop,
};

const struct mf_kind *const run_kinds[] = {
    &kind_act,  &kind_beat, &kind_count, &kind_event, &kind_fragile, &kind_fussy, &kind_motor,
    &kind_pass, &kind_past, &kind_poll,  &kind_pull,  &kind_rotten,  &kind_send,  &kind_sink,
    &kind_spin, &kind_step, &kind_sum,   &kind_twice, &kind_weak,    &kind_write, NULL,
};

const struct mf_link_kind *const run_links[] = {&link_wire, NULL};
