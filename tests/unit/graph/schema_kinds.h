/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* Kinds for the test of the schema: every type of option, and words that are kinds and options. */

#include <math.h>

#include "engine/graph/registry.h"

struct schema_config {
    double width, factor, level, power, step;
    int64_t interval, heartbeat, tries, limit, offset;
    struct mf_range range, band;
    const char *text, *link;
    struct mf_texts texts;
    struct mf_value value, path;
    struct mf_unit unit;
    bool reject, initial;
    int choice;
    struct {
        const char *topic;
        int64_t qos;
    } will, stamp;
};
enum { SCHEMA_CONFIG_SIZE = sizeof(struct schema_config) };

#define MF_CONFIG struct schema_config

static const struct mf_choice first_last[] = {{"first", 0, "x."}, {"last", 1, "x."}, {0}};
static const struct mf_choice versions[] = {{"5", 5, "x."}, {"3", 3, "x."}, {"off", 0, "x."}, {0}};

static const struct mf_option deadband_options[] = {
    {"width", MF_QUANTITY(width), .unit = "@in", .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED,
     MF_LIMITS(0, INFINITY), .summary = "x."},
    {"heartbeat", MF_DURATION(heartbeat), .fallback = "0s", .summary = "x."},
    {0},
};
static const struct mf_option every_options[] = {
    {"interval", MF_DURATION(interval), .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED,
     MF_LIMITS(0.001, 1e9), .summary = "x."},
    {"offset", MF_DURATION(offset), MF_LIMITS(-3600, 3600), .summary = "x."},
    {"value", MF_LITERAL(value), .summary = "x."},
    {0},
};
static const struct mf_option mean_options[] = {
    {"window", MF_DURATION(interval), .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED, .summary = "x."},
    {"every", MF_DURATION(heartbeat), .summary = "x."},
    {0},
};
static const struct mf_option throttle_options[] = {
    {"interval", MF_DURATION(interval), .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED, .summary = "x."},
    {"keep", MF_CHOICE(choice, first_last), .fallback = "first", .summary = "x."},
    {0},
};
static const struct mf_option when_options[] = {
    {"when", MF_STRING(text), .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED, .summary = "x."},
    {"then", MF_LITERAL(value), .summary = "x."},
    {0},
};
static const struct mf_option latch_options[] = {{0}};
static const struct mf_option toggle_options[] = {
    {"initial", MF_BOOL(initial), .fallback = "false", .flags = MF_OPT_PRIMARY, .summary = "x."},
    {0},
};

static const struct mf_option will_options[] = {
    {"topic", .type = &mf_type_text, .offset = 0, .flags = MF_OPT_REQUIRED, .summary = "x."},
    {"qos", .type = &mf_type_int, .offset = 8, MF_LIMITS(0, 2), .fallback = "0", .summary = "x."},
    {0},
};
static const struct mf_option stamp_options[] = {
    {"topic", .type = &mf_type_text, .offset = 0, .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED,
     .summary = "x."},
    {"qos", .type = &mf_type_int, .offset = 8, MF_LIMITS(0, 2), .fallback = "0", .summary = "x."},
    {0},
};
static const struct mf_table will = {will_options, 16}, stamp = {stamp_options, 16};

static const struct mf_option all_options[] = {
    {"path", MF_PATH_OF(path), .flags = MF_OPT_PRIMARY, .summary = "x."},
    {"factor", MF_REAL(factor), MF_LIMITS(-INFINITY, 1), .summary = "x."},
    {"level", MF_QUANTITY(level), .unit = "%", MF_LIMITS(0, 100), .summary = "x."},
    {"power", MF_QUANTITY(power), .unit = "W", .summary = "x."},
    {"step", MF_QUANTITY(step), .summary = "x."},
    {"tries", MF_INTEGER(tries), MF_LIMITS(0, 9), .summary = "x."},
    {"batch", MF_SIZE(limit), .summary = "x."},
    {"range", MF_SPAN_OF(range), .unit = "%", .summary = "x."},
    {"band", MF_SPAN_OF(band), .summary = "x."},
    {"text", MF_STRING(text), .summary = "x."},
    {"texts", MF_STRINGS(texts), .summary = "x."},
    {"reject", MF_BOOL(reject), .summary = "x."},
    {"version", MF_CHOICE(choice, versions), .summary = "x."},
    {"will", .type = &mf_type_table, .offset = offsetof(MF_CONFIG, will), .of = &will,
     .summary = "x."},
    {"stamp", .type = &mf_type_table, .offset = offsetof(MF_CONFIG, stamp), .of = &stamp,
     .summary = "x."},
    {"old", MF_BOOL(initial), .deprecated = "reject", .summary = "x."},
    {0},
};
static const struct mf_option mqtt_options[] = {
    {"address", MF_STRING(text), .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED, .summary = "x."},
    {"keepalive", MF_DURATION(interval), .fallback = "60s", .summary = "x."},
    {0},
};

static const struct mf_kind kind_all = {.name = "all", .options = all_options};
static const struct mf_kind kind_deadband = {.name = "deadband", .options = deadband_options};
static const struct mf_kind kind_every = {.name = "every", .options = every_options};
static const struct mf_kind kind_latch = {
    .name = "latch", .options = latch_options, .flags = MF_KIND_STATEFUL};
static const struct mf_kind kind_mean = {.name = "mean", .options = mean_options};
static const struct mf_kind kind_throttle = {.name = "throttle", .options = throttle_options};
static const struct mf_kind kind_toggle = {
    .name = "toggle", .options = toggle_options, .flags = MF_KIND_STATEFUL};
static const struct mf_kind kind_when = {.name = "when", .options = when_options};
static const struct mf_kind *const schema_nodes[] = {
    &kind_all,      &kind_deadband, &kind_every, &kind_latch, &kind_mean,
    &kind_throttle, &kind_toggle,   &kind_when,  NULL,
};
static const struct mf_link_kind link_mqtt = {.name = "mqtt", .options = mqtt_options};
static const struct mf_link_kind link_gpio = {.name = "gpio"};
static const struct mf_link_kind *const schema_links[] = {&link_gpio, &link_mqtt, NULL};
static const struct mf_absent_kind schema_absent[] = {{0}};
static const struct mf_kind_set schema_kinds = {schema_nodes, schema_links, schema_absent};
#undef MF_CONFIG
