/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * A file of tests: what stands in NAME.test.yaml.
 *
 * It is read in two steps. The head says which flow the tests are about; once that is compiled, the
 * cases are read against its graph, so that a name, a type or a unit that does not fit is a fault
 * with a place, as in a flow file. What a case asks for is in plain structs then, and
 * engine/cli/test_case.h runs it.
 */

#include "engine/config/flow.h"
#include "engine/config/type.h"
#include "engine/graph/graph.h"

enum {
    MF_TEST_CASES = 10000,     /* of one file */
    MF_TEST_STEPS = 100000,    /* of one case */
    MF_TEST_SERIES = 10000000, /* values of one series */
};

#define MF_TEST_START "2026-01-01T00:00:00Z"

/* Codes of tests, see codes.def. */
enum {
    MF_CODE_TEST_FILE = 801,
    MF_CODE_TEST_NODE = 802,
    MF_CODE_TEST_NO_SOURCE = 803,
    MF_CODE_TEST_ORDER = 804,
    MF_CODE_TEST_START = 805,
    MF_CODE_TEST_REASON = 806,
    MF_CODE_TEST_SERIES = 807,
    MF_CODE_TEST_ABOUT = 808,
    MF_CODE_TEST_PORT = 809,
    MF_CODE_TEST_TWICE = 810,
    MF_CODE_TEST_IDLE = 811,
    MF_CODE_TEST_LIMIT = 812,
    MF_CODE_TEST_FAILED = 813,
    MF_CODE_EXAMPLE_FAILED = 814,
};

/* What a source is made to say. */
struct mf_test_set {
    struct mf_span at;
    const struct mf_def *def;
    unsigned output;
    struct mf_value value;
    uint8_t quality;    /* enum mf_quality; not good: `value` does not matter */
    const char *reason; /* of not good */
};

enum mf_test_form {
    MF_TEST_NONE,   /* nothing was said so far */
    MF_TEST_STALE,  /* the last message was stale */
    MF_TEST_BAD,    /* … or bad */
    MF_TEST_VALUE,  /* the last message was good, and this */
    MF_TEST_ABOUT,  /* … or not further from it than `tolerance` */
    MF_TEST_ALL,    /* all good values so far, in order */
    MF_TEST_PREFIX, /* … the first ones */
};

/* What is looked at: an output of a node, or what reaches a node that has none. */
struct mf_test_point {
    const struct mf_def *def;
    int output;                 /* -1: what reaches it, through … */
    int input;                  /* … this input, -1: any */
    const struct mf_unit *unit; /* NULL: none */
};

struct mf_test_expect {
    struct mf_span at;
    const char *name; /* as written: "meter.voltage" */
    struct mf_test_point point;
    enum mf_test_form form;
    struct mf_value value; /* ALL, PREFIX: a list */
    double tolerance;
};

struct mf_test_step {
    int64_t at; /* ns after the start */
    struct mf_test_set *sets;
    size_t set_count;
    struct mf_test_expect *expects;
    size_t expect_count;
};

/* `power: 0 W + 100 W x 20 every 1s`: count values, the first at the start. */
struct mf_test_series {
    struct mf_test_set set; /* value: the first */
    double add;
    int64_t count, every;
    const struct mf_test_set *list; /* the values one by one, or NULL */
};

struct mf_test_case {
    const char *name;
    struct mf_span at; /* of the name */
    int64_t start;     /* wall ns */
    const struct mf_zone *zone;
    struct mf_test_step *steps;
    size_t step_count;
    struct mf_test_series *series;
    size_t series_count;
    struct mf_test_expect *ends; /* after the last step and value */
    size_t end_count;
    bool is_example; /* of a node: see example.h */
    bool failed;     /* a fault was reported: not to be run */
};

struct mf_test_file {
    const struct mf_source *source;
    struct mf_arena *arena;     /* borrowed */
    struct mf_sources *sources; /* borrowed */
    struct mf_diags *diags;     /* borrowed */
    const char **paths;         /* of the flow, as seen from here */
    size_t path_count;
    const char **sets; /* `vars`: "name=value" */
    size_t set_count;
    const struct mf_tree *tests;
    struct mf_test_case *cases;
    size_t case_count;
    const struct mf_flow *flow; /* while cases are read */
    const struct mf_graph *graph;
};

/* Reads the head of a source. False after reporting. */
bool mf_test_file_head(struct mf_test_file *file, const struct mf_source *source,
                       struct mf_arena *arena, struct mf_sources *sources, struct mf_diags *diags);
/* Reads the cases. Those with faults are marked; the others can be run. */
void mf_test_file_cases(struct mf_test_file *file, const struct mf_flow *flow,
                        const struct mf_graph *graph);

/* ---- test_value.c: values, as the port they are for wants them ---- */

struct mf_test_port {
    const char *name; /* for messages */
    uint32_t types;
    const struct mf_unit *unit;
};
/* Reads a literal for a port: by its types, not by its look; units are converted. The arena keeps
 * the value. False after reporting. */
bool mf_test_value_read(struct mf_load *load, const struct mf_tree *tree,
                        const struct mf_test_port *port, struct mf_value *ret);
/* Reads one of the forms of `expect` for one port. `is_prefix`: what a list is. */
bool mf_test_expect_read(struct mf_load *load, const struct mf_tree *tree,
                         const struct mf_test_port *port, bool is_prefix,
                         struct mf_test_expect *ret);
/* Equal, numbers within 1e-9 of each other (of the larger one, above 1). */
bool mf_test_value_equal(const struct mf_value *a, const struct mf_value *b);

/* ---- test_series.c ---- */

bool mf_test_series_read(struct mf_load *load, const struct mf_tree *tree,
                         const struct mf_test_port *port, struct mf_test_series *ret);

/* ---- test_start.c ---- */

/* `2026-03-29 01:55 Europe/Berlin`, with seconds or without; ISO 8601 with an offset. *ret_help is
 * set when it is none. */
int mf_start_read(const char *text, int64_t *ret_wall, const struct mf_zone **ret_zone,
                  const char **ret_help, struct mf_error *err);
/* NULL: MF_TEST_START. */
bool mf_test_start_read(struct mf_load *load, const struct mf_tree *tree, int64_t *ret_wall,
                        const struct mf_zone **ret_zone);
