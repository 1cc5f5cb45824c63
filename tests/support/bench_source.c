/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * test.source: a source that says what a test feeds it, and nothing else.
 */

#include "tests/support/bench_priv.h"

struct config {
    int types; /* set of MF_T() */
};

static const struct mf_choice types[] = {
    {"bool", MF_T(MF_BOOL), "True or false."},
    {"int", MF_T(MF_INT), "A whole number."},
    {"number", MF_T(MF_NUMBER), "A floating point number."},
    {"text", MF_T(MF_TEXT), "A text."},
    {"bytes", MF_T(MF_BYTES), "Raw bytes."},
    {"list", MF_T(MF_LIST), "A list of values."},
    {"map", MF_T(MF_MAP), "Values by name."},
    {"path", MF_T(MF_PATH), "A MoaT path."},
    {"any", (int)MF_T_ANY, "Anything."},
    {0},
};

static const struct mf_port ports[] = {
    {"out", MF_OUT, MF_T_ANY, .summary = "What the test says."},
    {0},
};

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    {"values", MF_CHOICE(types, types), .fallback = "any", .flags = MF_OPT_PRIMARY,
     .summary = "Type of the values."},
    {0},
};

static void source_infer(struct mf_infer *infer, const void *config)
{
    const struct config *c = config;

    mf_infer_set(infer, 0, (uint32_t)c->types, NULL);
}

const struct mf_kind bench_kind_source = {
    .name = "test.source",
    .summary = "Says what a test feeds it.",
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct config),
    .flags = MF_KIND_SOURCE,
    .infer = source_infer,
};
