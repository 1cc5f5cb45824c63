/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* lua: a rule written in Lua. What happens in a call is in rule.c. */

#include "engine/base/alloc.h"
#include "engine/base/log.h"
#include "lua/api.h"
#include "lua/rule.h"

enum { TIMER_TICK };
enum { DEAD_MARK, DEAD_IGNORE };

static int lua_create(struct mf_node *node, struct mf_error *err)
{
    const struct mf_lua_rule_config *c = mf_node_config(node);
    struct mf_lua_rule *s = mf_node_state(node);

    s->pushed = mf_calloc_array(mf_node_inputs(node) + 1, sizeof(*s->pushed));
    if (c->dead == DEAD_IGNORE)
        mf_node_judge(node);
    return mf_lua_rule_load(node, err);
}

static int lua_start(struct mf_node *node, struct mf_error *err)
{
    const struct mf_lua_rule_config *c = mf_node_config(node);
    struct mf_lua_rule *s = mf_node_state(node);
    int rc = 0;

    if (!s->lua) {
        rc = mf_lua_rule_load(node, err);
        if (rc == 0 && s->kept.type != MF_NULL)
            mf_lua_set_state(s->lua, &s->kept);
    }
    if (rc == 0) {
        s->lua->is_live = true;
        if (mf_lua_rule_has(s, MF_LUA_SLOT_INIT))
            rc = mf_lua_rule_enter(node, MF_LUA_SLOT_INIT, 0, err);
    }
    if (rc < 0) {
        mf_lua_rule_drop(node);
        return rc;
    }
    if (c->every && !mf_node_is_armed(node, TIMER_TICK))
        mf_node_arm(node, TIMER_TICK, c->every);
    return 0;
}

static bool is_ready(struct mf_node *node)
{
    for (unsigned i = 0; i < mf_node_inputs(node); i++)
        if (!mf_node_input_has(node, i) && !mf_node_input_is_quiet(node, i))
            return false;
    return true;
}

static void lua_run(struct mf_node *node)
{
    struct mf_lua_rule *s = mf_node_state(node);

    if (!s->is_ready)
        s->is_ready = is_ready(node);
    if (s->is_ready)
        mf_lua_rule_call(node, MF_LUA_SLOT_RUN);
}

static void lua_timeout(struct mf_node *node, unsigned timer)
{
    const struct mf_lua_rule_config *c = mf_node_config(node);

    mf_node_arm(node, TIMER_TICK, c->every);
    mf_lua_rule_call(node, MF_LUA_SLOT_TICK);
}

static void lua_save(const struct mf_node *node, struct mf_state_out *out)
{
    struct mf_lua_rule *s = mf_node_state(node);
    struct mf_value value;
    struct mf_error err;

    if (s->lua)
        mf_lua_get_state(s->lua, &value, &err);
    else
        value = mf_value_copy(s->kept);
    mf_state_put(out, "state", &value);
    mf_value_drop(value);
    mf_state_put_timer(out, "tick", node, TIMER_TICK);
}

static int lua_restore(struct mf_node *node, struct mf_state_in *in, struct mf_error *err)
{
    const struct mf_lua_rule_config *c = mf_node_config(node);
    const struct mf_lua_rule *s = mf_node_state(node);
    const struct mf_value *value = mf_state_get(in, "state");

    if (s->lua && value && (value->type == MF_MAP || value->type == MF_LIST))
        mf_lua_set_state(s->lua, value);
    if (c->every)
        mf_state_get_timer(in, "tick", node, TIMER_TICK);
    return 0;
}

static void lua_stop(struct mf_node *node)
{
    struct mf_lua_rule *s = mf_node_state(node);
    struct mf_error err;

    if (!mf_lua_rule_has(s, MF_LUA_SLOT_STOP))
        return;
    s->lua->is_live = false;
    if (mf_lua_rule_enter(node, MF_LUA_SLOT_STOP, 0, &err) < 0)
        mf_node_log(node, MF_LOG_WARNING, "%s", err.text);
}

static void lua_destroy(struct mf_node *node)
{
    struct mf_lua_rule *s = mf_node_state(node);

    mf_lua_rule_drop(node);
    mf_lua_rule_forget(node);
    mf_free(s->pushed);
    mf_value_drop(s->kept);
}

static void lua_stats(const struct mf_node *node, mf_stat_fn put, void *arg)
{
    const struct mf_lua_rule *s = mf_node_state(node);
    const struct mf_lua *lua = s->lua;

    put(arg, "calls", (double)(s->calls + (lua ? lua->calls : 0)), true);
    put(arg, "instructions", (double)(s->instructions + (lua ? lua->instructions : 0)), true);
    put(arg, "errors", (double)s->errors, true);
    put(arg, "overruns", (double)s->overruns.count, true);
    put(arg, "memory_bytes", lua ? (double)lua->memory : 0, false);
    put(arg, "memory_peak_bytes", (double)(lua && lua->peak > s->peak ? lua->peak : s->peak),
        false);
}

static void lua_add_ports(struct mf_ports *ports, const void *config)
{
    const struct mf_lua_rule_config *c = config;

    mf_lua_add_outputs(ports, &c->outputs);
}

static void lua_infer(struct mf_infer *infer, const void *config)
{
    const struct mf_lua_rule_config *c = config;
    bool has_inputs = mf_infer_inputs(infer) > 0;
    const struct mf_lua_entry entries[] = {
        {"run", has_inputs && !c->every, !has_inputs,
         has_inputs ? "write `function run(input, now) … end`"
                    : "add `from:` and the names of nodes"},
        {"tick", c->every > 0, !c->every,
         c->every ? "write `function tick(now) … end`" : "add `every:` and a time"},
        {NULL},
    };

    mf_lua_check(infer, &c->script, c->outputs.names, c->outputs.count, entries, NULL);
}

static void lua_fingerprint(const void *config, struct mf_buf *buf)
{
    const struct mf_lua_rule_config *c = config;

    mf_lua_script_print(&c->script, buf);
}

static const struct mf_port ports[] = {
    {"inputs", MF_IN, MF_T_ANY, MF_PORT_NAMED | MF_PORT_OPTIONAL,
     .summary = "What the script finds in `input`."},
    {0},
};

static const struct mf_choice dead_choices[] = {
    {"mark", DEAD_MARK,
     "While an input is stale or bad the script is not run, and the outputs are marked so."},
    {"ignore", DEAD_IGNORE,
     "The script is run all the same, and judges for itself what its inputs are worth."},
    {0},
};

#undef MF_CONFIG
#define MF_CONFIG struct mf_lua_rule_limits
static const struct mf_option limit_options[] = {
    MF_LUA_LIMIT_MEMORY("Memory of the script, with all it keeps."),
    MF_LUA_LIMIT_INSTRUCTIONS("Instructions of one call."),
    MF_LUA_LIMIT_TIME("Time of one call"),
    MF_LUA_LIMIT_EMIT("Values that one call may emit()."),
    {0},
};
static const struct mf_table limit_table = {limit_options, sizeof(struct mf_lua_rule_limits)};

#undef MF_CONFIG
#define MF_CONFIG struct mf_lua_rule_config
static const struct mf_option options[] = {
    {
        "script",
        MF_SCRIPT(script),
        .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED,
        .summary = "The path of a `.lua` file, relative to the flow file, or Lua itself.",
    },
    {
        "outputs",
        MF_OUTPUTS(outputs),
        .fallback = "out",
        .summary = "Names of the outputs, as a list, or as a map with the type or unit of each.",
    },
    {
        "every",
        MF_DURATION(every),
        MF_LIMITS(0.001, 3.2e9),
        .summary = "Interval between two calls of tick().",
    },
    {
        "dead",
        MF_CHOICE(dead, dead_choices),
        .fallback = "mark",
        .summary = "What inputs that are stale or bad mean.",
    },
    {
        "limits",
        MF_SUBTABLE(limits, struct mf_lua_rule_limits, &limit_table),
        .fallback = "{}",
        .summary = "What the script may use at most.",
    },
    {0},
};

const struct mf_kind mf_kind_lua = {
    .name = "lua",
    .summary = "Runs a rule written in Lua.",
    .doc =
        "The script defines `run(input, now)`, which is called once per turn when an input has a "
        "new value and all have had one. `input.power` is the value of the input `power`, "
        "`input.power_age` its age in seconds, `now` the flow's time in seconds. What run() "
        "returns goes out: one value for each of `outputs`, in order; nil says nothing. "
        "`emit(\"alarm\", true)` does so by name, at any moment.\n"
        "\n"
        "It may define `init()`, called before the first message, `tick(now)`, called `every` so "
        "often, and `stop()`. The table `state` survives a call, a reload, and with `keep: true` a "
        "restart; all else does not.\n"
        "\n"
        "A script that uses more than its `limits` is stopped at that line, its outputs turn bad, "
        "and it begins anew with the next message, `state` as it was; after three times in a "
        "minute the node is switched off until the flow is reloaded. No other node notices. An "
        "error in the script is a message that cannot be used: see `on_error`.\n"
        "\n"
        "`docs/lua.md` lists what scripts may call, and the modules that require() finds.",
    .example = "power: {sim.wave: noise, min: -2000, max: 2000, unit: W, every: 1s}\n"
               "soc: {sim.wave: sine, min: 5, max: 95, unit: '%', every: 1s}\n"
               "limit:\n"
               "  lua: |\n"
               "    function run(input, now)\n"
               "      if input.soc < 10 then return 0, true end\n"
               "      return math.min(input.power, 1500), false\n"
               "    end\n"
               "  from: {power: power, soc: soc}\n"
               "  outputs: {setpoint: {unit: W}, alarm: bool}\n",
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct mf_lua_rule_config),
    .state_size = sizeof(struct mf_lua_rule),
    .state_version = 1,
    .timers = 1,
    .flags = MF_KIND_PURE | MF_KIND_STATEFUL,
    .add_ports = lua_add_ports,
    .infer = lua_infer,
    .fingerprint = lua_fingerprint,
    .create = lua_create,
    .start = lua_start,
    .run = lua_run,
    .timeout = lua_timeout,
    .save = lua_save,
    .restore = lua_restore,
    .stats = lua_stats,
    .stop = lua_stop,
    .destroy = lua_destroy,
};
