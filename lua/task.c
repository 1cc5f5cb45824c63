/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * task: a rule that takes its time. A script of coroutines, run by lua/task_state.h.
 *
 * The engine supervises it: a script that fails, or comes to its end, is a node that fails, and is
 * started again with back-off in a new state; only the table `state` goes over.
 */

#include <math.h>
#include <string.h>

#include "engine/base/log.h"
#include "engine/graph/node.h"
#include "engine/value/unit.h"
#include "lua/api.h"
#include "lua/budget.h"
#include "lua/outputs.h"
#include "lua/script.h"
#include "lua/task_state.h"

enum { TIMER_NEXT };
enum { DEAD_MARK, DEAD_IGNORE };

struct limits {
    int64_t memory, instructions, time, emit, tasks, backlog;
};

struct config {
    struct mf_lua_script script;
    struct mf_lua_outputs outputs;
    struct limits limits;
    int dead;
};

struct state {
    struct mf_task task;
    struct mf_value kept; /* the table `state` while no script runs; else null */
    bool has_begun;
    struct mf_lua_overruns overruns;
    uint64_t failures;            /* metric: overruns included */
    uint64_t calls, instructions; /* metric: of former states */
};

/* ---- life ---- */

static int task_create(struct mf_node *node, struct mf_error *err)
{
    const struct config *c = mf_node_config(node);

    if (c->dead == DEAD_IGNORE)
        mf_node_judge(node);
    return 0;
}

static void keep_state(struct mf_node *node)
{
    struct state *s = mf_node_state(node);
    struct mf_error err;

    mf_value_drop(s->kept);
    if (mf_lua_get_state(s->task.lua, &s->kept, &err) < 0)
        mf_node_log(node, MF_LOG_WARNING, "a part of `state` is lost: %s", err.text);
}

static void close_task(struct mf_node *node)
{
    struct state *s = mf_node_state(node);

    if (!s->task.lua)
        return;
    keep_state(node);
    s->calls += s->task.lua->calls;
    s->instructions += s->task.lua->instructions;
    mf_task_close(&s->task);
    mf_node_disarm(node, TIMER_NEXT);
}

static struct mf_lua *open_lua(struct mf_node *node)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    const struct mf_lua_limits limits = {
        .memory = c->limits.memory,
        .instructions = c->limits.instructions,
        .time = mf_node_is_timeless(node) ? 0 : c->limits.time,
        .emits = c->limits.emit,
    };
    struct mf_lua *lua = mf_lua_new(&limits, node);

    lua->modules = c->script.modules;
    mf_lua_open_api(lua);
    if (s->kept.type == MF_MAP)
        mf_lua_set_state(lua, &s->kept);
    mf_value_drop(s->kept);
    s->kept = mf_value_null();
    return lua;
}

/* The script itself begins in the first turn, where it may fail like any time later. */
static int task_start(struct mf_node *node, struct mf_error *err)
{
    const struct config *c = mf_node_config(node);
    const struct mf_task_limits limits = {c->limits.tasks, c->limits.backlog};
    struct state *s = mf_node_state(node);
    int rc;

    s->task.timer = TIMER_NEXT;
    s->has_begun = false;
    rc = mf_task_open(&s->task, open_lua(node), &limits, err);
    if (rc == 0)
        rc = mf_lua_load(s->task.lua->L, &c->script.source, err);
    if (rc < 0)
        close_task(node);
    else
        mf_node_arm(node, TIMER_NEXT, 0);
    return rc;
}

static void task_stop(struct mf_node *node)
{
    struct state *s = mf_node_state(node);
    struct mf_error err;

    if (s->has_begun && mf_task_stop(&s->task, &err) < 0)
        mf_node_log(node, MF_LOG_WARNING, "while the tasks were cancelled: %s", err.text);
    close_task(node);
}

static void task_destroy(struct mf_node *node)
{
    struct state *s = mf_node_state(node);

    mf_task_close(&s->task);
    mf_value_drop(s->kept);
}

/* ---- running ---- */

static void fail(struct mf_node *node, const struct mf_error *err)
{
    struct state *s = mf_node_state(node);
    bool is_over = err->code == MF_ELIMIT;

    s->failures++;
    if (is_over)
        mf_node_held(node, "budget", NAN);
    for (unsigned i = 0; i < mf_node_outputs(node); i++)
        mf_node_emit_bad(node, i, MF_BAD, is_over ? mf_reason_budget : mf_reason_script);
    if (is_over && mf_lua_overrun(&s->overruns, mf_node_mono(node)))
        mf_node_disable(node, mf_reason_budget, err->text);
    else
        mf_node_fail(node, err);
}

static int begin(struct mf_node *node, struct mf_error *err)
{
    struct state *s = mf_node_state(node);

    if (s->has_begun)
        return 0;
    s->has_begun = true;
    return mf_task_start(&s->task, err);
}

static void task_receive(struct mf_node *node, unsigned port, const struct mf_msg *msg)
{
    struct state *s = mf_node_state(node);
    struct mf_error err;

    if (begin(node, &err) < 0 || mf_task_deliver(&s->task, mf_node_current(node), msg, &err) < 0)
        fail(node, &err);
}

static void task_timeout(struct mf_node *node, unsigned timer)
{
    struct state *s = mf_node_state(node);
    bool is_first = !s->has_begun;
    struct mf_error err;

    if (begin(node, &err) < 0 || (!is_first && mf_task_fire(&s->task, &err) < 0))
        fail(node, &err);
}

/* ---- what a reload takes over ---- */

static void task_save(const struct mf_node *node, struct mf_state_out *out)
{
    const struct state *s = mf_node_state(node);
    struct mf_value value = mf_value_copy(s->kept);
    struct mf_error err;

    if (s->task.lua) {
        mf_value_drop(value);
        mf_lua_get_state(s->task.lua, &value, &err);
    }
    mf_state_put(out, "state", &value);
    mf_value_drop(value);
}

static int task_restore(struct mf_node *node, struct mf_state_in *in, struct mf_error *err)
{
    struct state *s = mf_node_state(node);
    const struct mf_value *value = mf_state_get(in, "state");

    if (value)
        s->kept = mf_value_copy(*value);
    return 0;
}

static void task_stats(const struct mf_node *node, mf_stat_fn put, void *arg)
{
    const struct state *s = mf_node_state(node);
    const struct mf_lua *lua = s->task.lua;

    put(arg, "calls", (double)(s->calls + (lua ? lua->calls : 0)), true);
    put(arg, "instructions", (double)(s->instructions + (lua ? lua->instructions : 0)), true);
    put(arg, "memory_bytes", lua ? (double)lua->memory : 0, false);
    put(arg, "failures", (double)s->failures, true);
    put(arg, "overruns", (double)s->overruns.count, true);
    put(arg, "messages_dropped", (double)s->task.dropped, true);
}

/* ---- compiling ---- */

static void task_add_ports(struct mf_ports *ports, const void *config)
{
    const struct config *c = config;

    mf_lua_add_outputs(ports, &c->outputs);
}

static void task_fingerprint(const void *config, struct mf_buf *buf)
{
    const struct config *c = config;

    mf_lua_script_print(&c->script, buf);
}

static void task_infer(struct mf_infer *infer, const void *config)
{
    static const char *const globals[] = {"all",   "channel", "input",   "race", "scope",
                                          "sleep", "spawn",   "timeout", NULL};
    static const struct mf_lua_entry entries[] = {{NULL}}; /* it begins with its first line */
    const struct config *c = config;

    mf_lua_check(infer, &c->script, c->outputs.names, c->outputs.count, entries, globals);
}

static const struct mf_port ports[] = {
    {"inputs", MF_IN, MF_T_ANY, MF_PORT_NAMED | MF_PORT_OPTIONAL | MF_PORT_TOLD,
     .summary = "What the script finds in `input`."},
    {0},
};

static const struct mf_choice dead_choices[] = {
    {"mark", DEAD_MARK,
     "While an input is stale or bad, what the task emits is marked so, as with all kinds."},
    {"ignore", DEAD_IGNORE, "The script judges for itself what its inputs are worth."},
    {0},
};

#define MF_CONFIG struct limits
static const struct mf_option limit_options[] = {
    MF_LUA_LIMIT_MEMORY("Memory of the script, all its tasks together."),
    MF_LUA_LIMIT_INSTRUCTIONS(
        "Instructions from an event to the moment when all tasks wait again."),
    MF_LUA_LIMIT_TIME("Time from an event to the moment when all tasks wait again"),
    MF_LUA_LIMIT_EMIT("Values emitted from an event to the moment when all tasks wait again."),
    {
        "tasks",
        MF_INTEGER(tasks),
        .fallback = "100",
        MF_LIMITS(1, 10000),
        .summary = "Tasks at once, the script itself included.",
    },
    {
        "backlog",
        MF_INTEGER(backlog),
        .fallback = "64",
        MF_LIMITS(1, 100000),
        .summary = "Messages that wait for the script, per input; the oldest is dropped and "
                   "counted.",
    },
    {0},
};
static const struct mf_table limit_table = {limit_options, sizeof(struct limits)};

#undef MF_CONFIG
#define MF_CONFIG struct config
static const struct mf_option options[] = {
    {
        "script",
        MF_SCRIPT(script),
        .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED,
        .summary = "The script: the path of a `.lua` file, or Lua itself.",
    },
    {
        "outputs",
        MF_OUTPUTS(outputs),
        .fallback = "[out]",
        .summary = "Names of the outputs, for emit(), with their types or units where they have "
                   "one.",
    },
    {
        "limits",
        MF_SUBTABLE(limits, struct limits, &limit_table),
        .fallback = "{}",
        .summary = "What the script may take at most.",
    },
    {
        "dead",
        MF_CHOICE(dead, dead_choices),
        .fallback = "mark",
        .summary = "What a stale or bad input means for the outputs.",
    },
    {0},
};

const struct mf_kind mf_kind_task = {
    .name = "task",
    .summary = "Runs a Lua script that waits: for inputs, for time, for what comes first.",
    .doc =
        "The script runs from its first line to its last and waits where it says so: `for msg in "
        "input.button do … end`, `sleep(\"500ms\")`, `timeout(\"2s\", fn)`, `race{…}`, `all{…}`, "
        "`spawn(fn)` inside `scope(fn)`, `channel()`. A scope never ends before its last task, a "
        "failure cancels the siblings and reaches whoever waits for the scope, and cancelling "
        "runs `<close>` variables. `emit(\"light\", 40)` says a value, `now()` is the flow's "
        "clock, and all time is that clock. The page docs/tasks.md has it all.\n"
        "\n"
        "A loop over an input passes over messages that are stale or bad; while an input is so, "
        "the outputs are marked as with all kinds, unless `dead: ignore` leaves the judgement to "
        "the script.\n"
        "\n"
        "A task that fails or comes to its end turns its outputs bad (\"script error\") and "
        "begins again, after 1 s at first, at most 60 s. The table `state` survives that, and a "
        "reload of a changed script; a reload cancels everything else.\n"
        "\n"
        "`limits` counts from an event to the moment when all tasks wait again: `instructions` "
        "(200000), `time` (5ms), `emit` (64 values); and at any time: `memory` (1 MiB), `tasks` "
        "(100), `backlog` (64 messages that wait, per input). A script over a limit is thrown "
        "away and begins again; three times within a minute, and the node is switched off until "
        "the flow is reloaded.",
    .example = "button: {sim.wave: square, every: 1s, period: 10s}\n"
               "pressed: {expr: button > 0}\n"
               "stairs:\n"
               "  task: |\n"
               "    for msg in input.button do\n"
               "      if msg.value then\n"
               "        emit(\"light\", true)\n"
               "        sleep(\"3min\")\n"
               "        emit(\"light\", false)\n"
               "      end\n"
               "    end\n"
               "  from: {button: pressed}\n"
               "  outputs: [light]\n"
               "show: {log: notice, from: stairs.light}\n",
    .flags = MF_KIND_PURE | MF_KIND_STATEFUL,
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct config),
    .state_size = sizeof(struct state),
    .timers = 1,
    .state_version = 1,
    .add_ports = task_add_ports,
    .fingerprint = task_fingerprint,
    .infer = task_infer,
    .create = task_create,
    .start = task_start,
    .stop = task_stop,
    .destroy = task_destroy,
    .receive = task_receive,
    .timeout = task_timeout,
    .save = task_save,
    .restore = task_restore,
    .stats = task_stats,
};
