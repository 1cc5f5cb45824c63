/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Kinds that only the tests of the compiler have, and a flow compiled with them.
 *
 *   src      a source of any number of named outputs     src: number, ports: [a, b]
 *   poll     a polled source                             poll: 5s
 *   band     number → number in the same unit, with a width
 *   gain     number → number of its own unit (watts)
 *   sum      several into one input
 *   wait     delayed
 *   calc     an expression; calc: "a + b"
 *   bundle   named inputs
 *   sink     writes to a target of the outside world
 *   topic    hangs on a link of kind `bus`
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include "engine/graph/graph.h"
#include "engine/graph/registry.h"

/* ---- src ---- */

struct test_src {
    int type;
    struct mf_texts ports;
};

static const struct mf_choice test_types[] = {
    {"number", MF_T(MF_NUMBER), "A number."},
    {"int", MF_T(MF_INT), "A whole number."},
    {"bool", MF_T(MF_BOOL), "Yes or no."},
    {"text", MF_T(MF_TEXT), "A text."},
    {"map", MF_T(MF_MAP), "A map."},
    {"any", (int)MF_T_ANY, "Anything."},
    {0},
};

static void test_src_ports(struct mf_ports *ports, const void *config)
{
    const struct test_src *c = config;

    if (!c->ports.count)
        mf_ports_add(ports, MF_OUT, "out", (uint32_t)c->type, NULL, "The value.");
    for (size_t i = 0; i < c->ports.count; i++)
        mf_ports_add(ports, MF_OUT, c->ports.list[i], (uint32_t)c->type, NULL, "A value.");
}

static const struct mf_option test_src_options[] = {
    {"type", .type = &mf_type_choice, .offset = offsetof(struct test_src, type), .of = test_types,
     .fallback = "number", .flags = MF_OPT_PRIMARY, .summary = "Type."},
    {"ports", .type = &mf_type_texts, .offset = offsetof(struct test_src, ports),
     .summary = "Names of outputs."},
    {0},
};

static const struct mf_kind test_kind_src = {
    .name = "src",
    .summary = "A source.",
    .options = test_src_options,
    .config_size = sizeof(struct test_src),
    .flags = MF_KIND_SOURCE,
    .add_ports = test_src_ports,
};

/* ---- poll ---- */

static int64_t test_poll_period(const void *config)
{
    return *(const int64_t *)config;
}

static const struct mf_port test_poll_outs[] = {
    {"out", MF_OUT, MF_T(MF_NUMBER), .unit = "W", .summary = "Power."},
    {0},
};
static const struct mf_option test_poll_options[] = {
    {"interval", .type = &mf_type_duration, .fallback = "1s", .flags = MF_OPT_PRIMARY,
     .summary = "How often."},
    {0},
};
static const struct mf_kind test_kind_poll = {
    .name = "poll",
    .summary = "A polled source of watts.",
    .ports = test_poll_outs,
    .options = test_poll_options,
    .config_size = sizeof(int64_t),
    .flags = MF_KIND_SOURCE,
    .period = test_poll_period,
};

/* ---- band, gain, sum, wait ---- */

struct test_band {
    double width, floor;
};

static const struct mf_port test_band_ports[] = {
    {"in", MF_IN, MF_T(MF_NUMBER), .summary = "A number."},
    {"out", MF_OUT, MF_T(MF_NUMBER), .unit = "@in", .summary = "The same."},
    {0},
};
static const struct mf_option test_band_options[] = {
    {"width", .type = &mf_type_quantity, .offset = offsetof(struct test_band, width), .unit = "@in",
     .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED | MF_OPT_DELTA, .summary = "Width."},
    {"floor", .type = &mf_type_quantity, .offset = offsetof(struct test_band, floor),
     .fallback = "0", .unit = "@out", .summary = "Lowest output."},
    {0},
};
static const struct mf_kind test_kind_band = {
    .name = "band",
    .summary = "Like deadband.",
    .ports = test_band_ports,
    .options = test_band_options,
    .config_size = sizeof(struct test_band),
    .flags = MF_KIND_PURE,
};

static const struct mf_port test_gain_ports[] = {
    {"in", MF_IN, MF_T(MF_NUMBER), .unit = "W", .summary = "Power."},
    {"out", MF_OUT, MF_T(MF_NUMBER), .unit = "W", .summary = "Power."},
    {0},
};
static const struct mf_kind test_kind_gain = {
    .name = "gain",
    .summary = "Watts in, watts out.",
    .ports = test_gain_ports,
    .flags = MF_KIND_PURE | MF_KIND_STATEFUL,
};

static const struct mf_port test_sum_ports[] = {
    {"in", MF_IN, MF_T(MF_NUMBER), MF_PORT_MANY, .summary = "Numbers."},
    {"reset", MF_IN, MF_T(MF_BOOL), MF_PORT_OPTIONAL, .summary = "Back to zero."},
    {"out", MF_OUT, MF_T(MF_NUMBER), .unit = "@in", .summary = "The sum."},
    {0},
};
static const struct mf_kind test_kind_sum = {
    .name = "sum",
    .summary = "Adds.",
    .ports = test_sum_ports,
    .flags = MF_KIND_PURE,
};

static const struct mf_port test_wait_ports[] = {
    {"in", MF_IN, MF_T_ANY, MF_PORT_DELAYED, .summary = "Anything."},
    {"out", MF_OUT, MF_T_ANY, .unit = "@in", .summary = "The same, later."},
    {0},
};
static const struct mf_kind test_kind_wait = {
    .name = "wait",
    .summary = "Delays.",
    .ports = test_wait_ports,
    .flags = MF_KIND_PURE,
};

/* ---- calc, bundle ---- */

static void test_calc_infer(struct mf_infer *infer, const void *config)
{
    struct mf_expr_slot result;

    if (mf_infer_expr(infer, *(struct mf_expr *const *)config, mf_infer_asked_unit(infer), &result))
        mf_infer_set(infer, 0, result.types, result.unit);
}

static const struct mf_port test_calc_ports[] = {
    {"value", MF_IN, MF_T_ANY, MF_PORT_OPTIONAL, .summary = "From."},
    {"inputs", MF_IN, MF_T_ANY, MF_PORT_NAMED, .summary = "Names."},
    {"out", MF_OUT, MF_T_ANY, .summary = "The result."},
    {0},
};
static const struct mf_option test_calc_options[] = {
    {"expression", .type = &mf_type_expr, .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED,
     .summary = "What to calculate."},
    {0},
};
static const struct mf_kind test_kind_calc = {
    .name = "calc",
    .summary = "Calculates.",
    .ports = test_calc_ports,
    .options = test_calc_options,
    .config_size = sizeof(struct mf_expr *),
    .flags = MF_KIND_PURE,
    .infer = test_calc_infer,
};

static const struct mf_port test_bundle_ports[] = {
    {"inputs", MF_IN, MF_T_ANY, MF_PORT_NAMED, .summary = "Anything, by name."},
    {"out", MF_OUT, MF_T(MF_MAP), .summary = "A map of them."},
    {0},
};
static const struct mf_kind test_kind_bundle = {
    .name = "bundle",
    .summary = "Makes a map.",
    .ports = test_bundle_ports,
    .flags = MF_KIND_PURE,
};

/* ---- board: inputs that stand among its options, and what it says by itself ---- */

struct test_board {
    struct mf_input_ref left, right;
};

static const struct mf_option test_board_right[] = {
    {"from", .type = &mf_type_input, .summary = "A node."},
    {0},
};
static const struct mf_table test_board_table = {test_board_right, sizeof(struct mf_input_ref)};
static const struct mf_port test_board_ports[] = {
    {"shown", MF_IN, MF_T_NUMERIC, MF_PORT_NAMED | MF_PORT_OPTIONAL | MF_PORT_APART,
     .summary = "Numbers."},
    {"key", MF_OUT, MF_T(MF_NUMBER), .summary = "What was typed."},
    {0},
};
static const struct mf_option test_board_options[] = {
    {"left", .type = &mf_type_input, .offset = offsetof(struct test_board, left),
     .summary = "A node."},
    {"right", .type = &mf_type_table, .offset = offsetof(struct test_board, right),
     .of = &test_board_table, .summary = "Another."},
    {0},
};
static const struct mf_kind test_kind_board = {
    .name = "board",
    .summary = "Shows, and is typed on.",
    .ports = test_board_ports,
    .options = test_board_options,
    .config_size = sizeof(struct test_board),
    .flags = MF_KIND_SOURCE,
};

/* ---- sink, topic ---- */

struct test_sink {
    const char *target;
    struct mf_value start;
};

static const char *test_sink_writes(const void *config, struct mf_arena *arena)
{
    const struct test_sink *c = config;

    return c->target ? mf_arena_printf(arena, "file:%s", c->target) : NULL;
}

static int test_deliver(struct mf_node *node, const struct mf_letter *letter, struct mf_error *err)
{
    return 0;
}

static const struct mf_port test_sink_ports[] = {
    {"in", MF_IN, MF_T_ANY, MF_PORT_MANY, .summary = "What is written."},
    {0},
};
static const struct mf_option test_sink_options[] = {
    {"target", .type = &mf_type_text, .offset = offsetof(struct test_sink, target),
     .flags = MF_OPT_PRIMARY, .summary = "Where to."},
    {"start", .type = &mf_type_literal, .offset = offsetof(struct test_sink, start),
     .summary = "Written first."},
    {0},
};
static const struct mf_kind test_kind_sink = {
    .name = "sink",
    .summary = "Writes.",
    .ports = test_sink_ports,
    .options = test_sink_options,
    .config_size = sizeof(struct test_sink),
    .flags = MF_KIND_SINK,
    .writes = test_sink_writes,
};

static const struct mf_option test_bus_options[] = {
    {"address", .type = &mf_type_text, .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED,
     .summary = "Where it is."},
    {"password", .type = &mf_type_text, .offset = sizeof(char *), .flags = MF_OPT_SECRET,
     .summary = "Secret."},
    {0},
};
static const struct mf_link_kind test_kind_bus = {
    .name = "bus",
    .summary = "A bus.",
    .options = test_bus_options,
    .config_size = 2 * sizeof(char *),
};
static const struct mf_link_kind test_kind_radio = {
    .name = "radio",
    .summary = "A radio.",
    .options = test_bus_options,
    .config_size = 2 * sizeof(char *),
};

static const struct mf_option test_topic_options[] = {
    {"topic", .type = &mf_type_text, .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED,
     .summary = "Topic."},
    {"link", .type = &mf_type_text, .offset = sizeof(char *), .flags = MF_OPT_LINK,
     .summary = "Which link."},
    {0},
};
static const struct mf_kind test_kind_topic = {
    .name = "topic",
    .summary = "Publishes.",
    .link = &test_kind_bus,
    .ports = test_sink_ports,
    .options = test_topic_options,
    .config_size = 2 * sizeof(char *),
    .flags = MF_KIND_SINK,
    .deliver = test_deliver,
};

static void use_test_kinds(void)
{
    static const struct mf_kind *const nodes[] = {
        &test_kind_band, &test_kind_board, &test_kind_bundle, &test_kind_calc,
        &test_kind_gain, &test_kind_poll,  &test_kind_sink,   &test_kind_src,
        &test_kind_sum,  &test_kind_topic, &test_kind_wait,   NULL,
    };
    static const struct mf_link_kind *const links[] = {&test_kind_bus, &test_kind_radio, NULL};
    static const struct mf_absent_kind absent[] = {{"gone", "libgone"}, {0}};
    static const struct mf_kind_set set = {nodes, links, absent};

    mf_registry_set(&set);
}

/* ---- a flow, compiled ---- */

struct graph_case {
    struct mf_arena *arena;
    struct mf_sources *sources;
    struct mf_diags diags;
    struct mf_flow flow;
    struct mf_graph *graph;
    struct mf_buf text; /* of the last dump */
};

static inline void graph_open(struct graph_case *c, const char *yaml,
                              const struct mf_flow_setup *setup)
{
    memset(c, 0, sizeof(*c));
    use_test_kinds();
    c->arena = mf_arena_new();
    c->sources = mf_sources_new();
    mf_diags_init(&c->diags, c->sources);
    mf_flow_init(&c->flow, c->arena, c->sources, &c->diags);
    mf_flow_read_text(&c->flow, "t.yaml", yaml, strlen(yaml), setup);
    c->graph = mf_compile(&c->flow);
    mf_diags_sort(&c->diags);
}

static inline void graph_close(struct graph_case *c)
{
    mf_graph_free(c->graph);
    mf_buf_done(&c->text);
    mf_flow_done(&c->flow);
    mf_diags_done(&c->diags);
    mf_sources_free(c->sources);
    mf_arena_free(c->arena);
}

/* `error[MF0301] 3:10 message | label | help: … | also 1:3 text` */
static inline const char *graph_diags(struct graph_case *c)
{
    mf_buf_clear(&c->text);
    for (size_t i = 0; i < c->diags.count; i++) {
        const struct mf_diag *diag = c->diags.list[i];
        const struct mf_source *source = mf_sources_get(c->sources, diag->at.file);
        struct mf_position at =
            source ? mf_source_position(source, diag->at.start) : (struct mf_position){0};

        mf_buf_printf(&c->text, "%s[MF%04u] %u:%u %s", mf_severity_names[diag->severity],
                      diag->code, at.line, at.column, diag->message);
        if (diag->label)
            mf_buf_printf(&c->text, " | %s", diag->label);
        if (diag->help)
            mf_buf_printf(&c->text, " | help: %s", diag->help);
        for (unsigned k = 0; k < diag->related_count; k++) {
            source = mf_sources_get(c->sources, diag->related[k].at.file);
            at = source ? mf_source_position(source, diag->related[k].at.start)
                        : (struct mf_position){0};
            mf_buf_printf(&c->text, " | also %u:%u %s", at.line, at.column, diag->related[k].text);
        }
        mf_buf_putc(&c->text, '\n');
        assert_non_null(mf_code_get(diag->code));
    }
    return mf_buf_text(&c->text);
}

/* `quiet:number W <- in=power number W*1000 late quiet` */
static inline const char *graph_nodes(struct graph_case *c)
{
    char types[96];

    mf_buf_clear(&c->text);
    for (size_t i = 0; c->graph && i < c->graph->count; i++) {
        const struct mf_def *def = c->graph->nodes[i];

        assert_int_equal(def->order, i);
        mf_buf_puts(&c->text, def->name);
        if (def->link)
            mf_buf_printf(&c->text, "@%s", def->link->name);
        for (unsigned k = 0; k < def->out_count; k++) {
            const struct mf_out_def *out = &def->outs[k];

            mf_buf_printf(&c->text, " .%s:%s", out->name, mf_types_print(out->types, types));
            if (out->unit)
                mf_buf_printf(&c->text, " %s", out->unit->name);
            if (out->is_converted)
                mf_buf_printf(&c->text, " *%g%+g", out->convert.mul, out->convert.add);
        }
        for (unsigned k = 0; k < def->in_count; k++) {
            const struct mf_in_def *in = &def->ins[k];

            mf_buf_printf(&c->text, "%s %s/%s=%s.%s:%s", k ? "," : " <-",
                          mf_kind_port(def, k)->name, in->label, in->from->name,
                          in->from->outs[in->from_port].name, mf_types_print(in->types, types));
            if (in->unit)
                mf_buf_printf(&c->text, " %s", in->unit->name);
            if (in->is_converted)
                mf_buf_printf(&c->text, " *%g%+g", in->convert.mul, in->convert.add);
            mf_buf_printf(&c->text, "%s%s%s%s", in->to_number ? " int" : "",
                          in->is_checked ? " checked" : "", in->is_late ? " late" : "",
                          in->is_quiet ? " quiet" : "");
        }
        mf_buf_putc(&c->text, '\n');
    }
    return mf_buf_text(&c->text);
}
