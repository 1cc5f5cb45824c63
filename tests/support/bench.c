/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The bench: see bench.h. One engine on a virtual clock, and everything that its ports
 * emitted, kept as text until a test asks.
 */

#include "tests/support/bench.h"

#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/text.h"
#include "engine/value/codec.h"
#include "engine/value/path.h"
#include "nodes/kinds.h"
#include "tests/support/bench_priv.h"

/* ---- kinds ---- */

static struct {
    struct mf_kind_set set;
    const struct mf_kind **nodes;
    const struct mf_link_kind **links;
} kinds;

#define COUNT_LIST(list, ret)                                                                      \
    for (ret = 0; (list) && (list)[ret]; ret++)                                                    \
    continue

void bench_use_kinds(const struct mf_kind *const *nodes, const struct mf_link_kind *const *links)
{
    const struct mf_kind_set *all = mf_kinds();
    size_t node_count, link_count, more_nodes, more_links;

    COUNT_LIST(all->nodes, node_count);
    COUNT_LIST(all->links, link_count);
    COUNT_LIST(nodes, more_nodes);
    COUNT_LIST(links, more_links);
    mf_free(kinds.nodes);
    mf_free(kinds.links);
    kinds.nodes = mf_calloc_array(node_count + more_nodes + 2, sizeof(*kinds.nodes));
    kinds.links = mf_calloc_array(link_count + more_links + 1, sizeof(*kinds.links));
    for (size_t i = 0; i < node_count; i++)
        kinds.nodes[i] = all->nodes[i];
    for (size_t i = 0; i < more_nodes; i++)
        kinds.nodes[node_count++] = nodes[i];
    kinds.nodes[node_count] = &bench_kind_source;
    for (size_t i = 0; i < link_count; i++)
        kinds.links[i] = all->links[i];
    for (size_t i = 0; i < more_links; i++)
        kinds.links[link_count++] = links[i];
    kinds.set = (struct mf_kind_set){kinds.nodes, kinds.links, all->absent};
    mf_registry_set(&kinds.set);
}

static void set_up_kinds(void)
{
    if (!kinds.nodes)
        bench_use_kinds(NULL, NULL);
}

/* ---- making one ---- */

static void take_log(void *arg, enum mf_log_level level, const char *line)
{
    struct bench *bench = arg;

    mf_buf_printf(&bench->log, "%s\n", line);
}

static void observe(void *arg, struct mf_node *node, unsigned output, const struct mf_msg *msg)
{
    struct bench *bench = arg;
    struct mf_buf text = {0};

    bench_print_msg(msg, &text);
    mf_grow(&bench->emissions, &bench->emission_cap, bench->emission_count,
            sizeof(*bench->emissions));
    bench->emissions[bench->emission_count++] = (struct bench_emission){
        mf_asprintf("%s.%s", mf_node_name(node), mf_node_output_name(node, output)),
        mf_buf_take(&text),
    };
}

static struct mf_graph *compile(struct bench *bench, const char *yaml)
{
    struct bench_flow flow;

    bench_compile(&flow, yaml, bench->dir);
    if (!flow.graph) {
        struct mf_buf text = {0};

        bench_print_diags(&flow, &text);
        fail_msg("the flow does not compile:\n%s", mf_buf_text(&text));
    }
    return bench_flow_end(&flow);
}

/* Everything that waits, also pulled sources to their end. */
static void settle(struct bench *bench)
{
    mf_engine_advance(&bench->engine, mf_clock_mono(&bench->engine.sched.clock));
}

struct bench *bench_new_with(const char *yaml, struct bench_options options)
{
    struct bench *bench = mf_zalloc(sizeof(*bench));
    struct mf_error err = {0};

    set_up_kinds();
    bench->options = options;
    assert_true(
        mf_time_read(options.start ? options.start : "2026-01-01T00:00:00Z", &bench->start));
    if (options.is_real)
        bench_make_dir(bench);
    for (unsigned i = 0; i < BENCH_FILES && options.files[i].name; i++)
        bench_write_file(bench, options.files[i].name, options.files[i].text);
    mf_log_setup(MF_LOG_INFO, MF_LOG_TEXT, false);
    mf_log_divert(take_log, bench);
    mf_engine_init(&bench->engine, NULL,
                   (struct mf_engine_options){
                       .read_only = options.read_only,
                       .once = options.once,
                       .starts_outside = options.is_real,
                       .state_directory = options.state,
                   });
    mf_clock_init_virtual(&bench->engine.sched.clock, bench->start);
    bench->observer = (struct mf_observer){.saw = observe, .arg = bench};
    mf_engine_observe(&bench->engine, &bench->observer);
    if (mf_engine_load(&bench->engine, compile(bench, yaml), NULL, &err) < 0)
        fail_msg("the flow cannot be loaded: %s", err.text);
    settle(bench);
    return bench;
}

struct bench *bench_new(const char *yaml)
{
    return bench_new_with(yaml, (struct bench_options){0});
}

struct bench *bench_new_at(const char *yaml, const char *start)
{
    return bench_new_with(yaml, (struct bench_options){.start = start});
}

void bench_free(struct bench *bench)
{
    mf_engine_stop(&bench->engine);
    mf_engine_done(&bench->engine);
    mf_log_divert(NULL, NULL);
    for (size_t i = 0; i < bench->emission_count; i++) {
        mf_free(bench->emissions[i].port);
        mf_free(bench->emissions[i].text);
    }
    mf_free(bench->emissions);
    mf_buf_done(&bench->log);
    bench_remove_dir(bench);
    mf_free(bench);
}

struct mf_engine *bench_engine(struct bench *bench)
{
    return &bench->engine;
}

void bench_look_away(struct bench *bench)
{
    mf_engine_unobserve(&bench->engine, &bench->observer);
}

/* ---- names ---- */

/* `node` or `node.port`; names of nodes in parts have dots of their own. */
static struct mf_node *find_output(struct bench *bench, const char *name, unsigned *ret_out)
{
    struct mf_node *node = mf_engine_node(&bench->engine, name);
    const char *dot = strrchr(name, '.'), *port = "";
    int out;

    if (!node && dot) {
        char *before = mf_strndup(name, (size_t)(dot - name));

        node = mf_engine_node(&bench->engine, before);
        mf_free(before);
        port = dot + 1;
    }
    if (!node)
        fail_msg("the flow has no node `%s`", name);
    out = mf_def_output(node->def, port);
    if (out < 0)
        fail_msg("`%s` names no output", name);
    *ret_out = (unsigned)out;
    return node;
}

/* ---- feeding ---- */

/* JSON has neither bytes nor paths: for a source of these a text stands for them. */
static struct mf_value read_value(const struct mf_node *node, unsigned out, const char *json,
                                  size_t len)
{
    uint32_t types = node->outputs[out].def->types;
    struct mf_value value = mf_value_null(), text;
    struct mf_error err = {0};
    const char *data;

    if (mf_json_read(json, len, &value, &err) < 0)
        fail_msg("`%.*s` is not JSON: %s", (int)len, json, err.text);
    if (value.type != MF_TEXT || types == MF_T_ANY || !(types & (MF_T(MF_BYTES) | MF_T(MF_PATH))) ||
        (types & MF_T(MF_TEXT)))
        return value;
    text = value;
    data = mf_value_text(&text, &len);
    if (types & MF_T(MF_BYTES))
        value = mf_value_new_bytes(data, len);
    else if (mf_path_read(data, len, &value, &err) < 0)
        fail_msg("%s is not a path: %s", json, err.text);
    mf_value_drop(text);
    return value;
}

static void play(struct bench *bench, const char *name, const char *json, size_t len, int64_t time)
{
    unsigned out = 0;
    struct mf_node *node = find_output(bench, name, &out);

    mf_engine_play(&bench->engine, node, out, read_value(node, out, json, len), time);
}

void bench_feed(struct bench *bench, const char *node, const char *json)
{
    play(bench, node, json, strlen(json), mf_clock_wall(&bench->engine.sched.clock));
    settle(bench);
}

void bench_feed_at(struct bench *bench, const char *node, const char *json, double time)
{
    play(bench, node, json, strlen(json), bench->start + (int64_t)(time * MF_SEC));
    settle(bench);
}

/* Length of a JSON text that ends at a blank outside of quotes. */
static size_t json_length(const char *text)
{
    bool is_quoted = false;
    size_t len = 0;

    while (text[len] && (is_quoted || text[len] != ' ')) {
        if (text[len] == '"')
            is_quoted = !is_quoted;
        else if (is_quoted && text[len] == '\\' && text[len + 1])
            len++;
        len++;
    }
    return len;
}

void bench_feed_many(struct bench *bench, const char *assignments)
{
    const char *at = assignments;

    while (*(at += strspn(at, " "))) {
        size_t name_len = strcspn(at, "="), len;
        char *name = mf_strndup(at, name_len);

        if (!at[name_len])
            fail_msg("`%s` is not a list of assignments", assignments);
        at += name_len + 1;
        len = json_length(at);
        play(bench, name, at, len, mf_clock_wall(&bench->engine.sched.clock));
        at += len;
        mf_free(name);
    }
    settle(bench);
}

void bench_fail(struct bench *bench, const char *name, const char *reason)
{
    unsigned out = 0;
    struct mf_node *node = find_output(bench, name, &out);
    bool is_stale = strcmp(reason, mf_quality_names[MF_STALE]) == 0;
    const char *known = is_stale ? mf_reason_timeout : mf_reason_by_name(reason);

    if (!known)
        fail_msg("`%s` is no reason that the engine knows", reason);
    mf_engine_play_bad(&bench->engine, node, is_stale ? MF_STALE : MF_BAD, known);
    settle(bench);
}

void bench_advance(struct bench *bench, const char *duration)
{
    struct mf_error err = {0};
    int64_t ns = 0;

    if (mf_duration_read(duration, strlen(duration), false, &ns, &err) < 0)
        fail_msg("%s", err.text);
    mf_engine_advance(&bench->engine, mf_clock_mono(&bench->engine.sched.clock) + ns);
}

void bench_set_clock(struct bench *bench, const char *time)
{
    assert_true(mf_time_read(time, &bench->engine.sched.clock.wall));
}

/* ---- expecting ---- */

/* Takes what `port` emitted out of the list. */
static void take_emissions(struct bench *bench, const char *port, struct mf_buf *text)
{
    size_t kept = 0;

    for (size_t i = 0; i < bench->emission_count; i++) {
        struct bench_emission *emission = &bench->emissions[i];

        if (strcmp(emission->port, port) != 0) {
            bench->emissions[kept++] = *emission;
            continue;
        }
        mf_buf_printf(text, "%s%s", text->len ? " " : "", emission->text);
        mf_free(emission->port);
        mf_free(emission->text);
    }
    bench->emission_count = kept;
}

void bench_expect(struct bench *bench, const char *port, const char *emissions)
{
    struct mf_buf text = {0};
    unsigned out = 0;
    const struct mf_node *node = find_output(bench, port, &out);
    char *full = mf_asprintf("%s.%s", mf_node_name(node), mf_node_output_name(node, out));

    take_emissions(bench, full, &text);
    if (!bench_same_text(mf_buf_text(&text), emissions))
        fail_msg("`%s` emitted\n    %s\nexpected\n    %s", full, mf_buf_text(&text), emissions);
    mf_free(full);
    mf_buf_done(&text);
}

void bench_expect_unit(struct bench *bench, const char *port, const char *unit)
{
    unsigned out = 0;
    const struct mf_node *node = find_output(bench, port, &out);
    const struct mf_unit *found = mf_node_unit(node, out);

    assert_string_equal(found ? found->name : "", unit);
}

void bench_expect_log(struct bench *bench, const char *part)
{
    const char *text = mf_buf_text(&bench->log);

    if (part ? !strstr(text, part) : *text != 0)
        fail_msg("expected %s%s%s in the log, which is\n%s", part ? "`" : "",
                 part ? part : "nothing", part ? "`" : "", text);
    mf_buf_clear(&bench->log);
}

void bench_reload(struct bench *bench, const char *yaml)
{
    struct mf_error err = {0};

    if (mf_engine_load(&bench->engine, compile(bench, yaml), NULL, &err) < 0)
        fail_msg("the reload was refused: %s", err.text);
    settle(bench);
}

void bench_reload_refused(struct bench *bench, const char *yaml, const char *part)
{
    struct mf_error err = {0};

    if (mf_engine_load(&bench->engine, compile(bench, yaml), NULL, &err) == 0)
        fail_msg("the reload was not refused");
    if (!strstr(err.text, part))
        fail_msg("the reload was refused with `%s`, expected `%s`", err.text, part);
    settle(bench);
}

static bool says(const struct mf_diag *diag, const char *part)
{
    return strstr(diag->message, part) || (diag->label && strstr(diag->label, part)) ||
           (diag->help && strstr(diag->help, part));
}

void bench_expect_fault(const char *yaml, const char *code, const char *part)
{
    struct bench_flow flow;
    struct mf_buf text = {0};
    bool is_found = false;

    set_up_kinds();
    bench_compile(&flow, yaml, NULL);
    bench_print_diags(&flow, &text);
    for (size_t i = 0; i < flow.diags.count; i++) {
        char *number = mf_asprintf("MF%04u", flow.diags.list[i]->code);

        is_found |= strcmp(number, code) == 0 && says(flow.diags.list[i], part);
        mf_free(number);
    }
    if (flow.graph)
        fail_msg("expected %s `%s`, but it compiles:\n%s", code, part, mf_buf_text(&text));
    if (!is_found)
        fail_msg("expected %s `%s`, but there is\n%s", code, part, mf_buf_text(&text));
    mf_buf_done(&text);
    mf_graph_free(bench_flow_end(&flow));
}

void bench_expect_clean(const char *yaml)
{
    struct bench_flow flow;
    struct mf_buf text = {0};

    set_up_kinds();
    bench_compile(&flow, yaml, NULL);
    bench_print_diags(&flow, &text);
    if (flow.diags.errors || flow.diags.warnings)
        fail_msg("there are faults:\n%s", mf_buf_text(&text));
    mf_buf_done(&text);
    mf_graph_free(bench_flow_end(&flow));
}
