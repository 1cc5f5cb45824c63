/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* See example.h. An example is made into a test of a graph that is just the node. */

#include "engine/cli/example.h"

#include <string.h>

#include "engine/base/text.h"
#include "engine/cli/test_case.h"

enum { CODE_EXAMPLE = 815 };

/* What stands in for a source. It is played, as every node is that is neither pure nor of time. */
static const struct mf_kind stand_in = {.name = "example", .flags = MF_KIND_SOURCE};

struct examples {
    const struct mf_flow_item *item;
    const struct mf_def *def;
    struct mf_diags *diags;
    const struct mf_example_done *done;
};

/* ---- the graph of one node ---- */

/* A source that says what the input takes, so that nothing is left to convert. */
static struct mf_def *make_source(struct mf_arena *arena, struct mf_def *reader, unsigned input,
                                  const struct mf_in_def *in)
{
    struct mf_def *def = mf_arena_alloc(arena, sizeof *def);
    struct mf_out_def *out = mf_arena_alloc(arena, sizeof *out);

    *def = (struct mf_def){.name = in->from->name, .kind = &stand_in, .outs = out, .out_count = 1};
    def->order = input;
    *out = in->from->outs[in->from_port];
    out->types = in->types;
    out->unit = in->unit;
    out->is_converted = false;
    out->readers = mf_arena_alloc(arena, sizeof *out->readers);
    out->readers[0] = (struct mf_reader){reader, input};
    out->reader_count = 1;
    return def;
}

static struct mf_def *copy_node(struct mf_arena *arena, const struct mf_def *def)
{
    struct mf_def *copy = mf_arena_alloc(arena, sizeof *copy);

    *copy = *def;
    copy->order = def->in_count;
    copy->ins = mf_arena_alloc(arena, (def->in_count + 1) * sizeof *copy->ins);
    copy->outs = mf_arena_alloc(arena, (def->out_count + 1) * sizeof *copy->outs);
    for (unsigned i = 0; i < def->out_count; i++) {
        copy->outs[i] = def->outs[i];
        copy->outs[i].reader_count = 0;
    }
    return copy;
}

/* The node's configuration and names are those of the whole graph, which lives longer. */
static struct mf_graph *make_graph(const struct mf_def *def)
{
    struct mf_arena *arena = mf_arena_new();
    struct mf_graph *graph = mf_arena_alloc(arena, sizeof *graph);
    struct mf_def *copy = copy_node(arena, def);

    graph->arena = arena;
    graph->count = def->in_count + 1;
    graph->nodes = mf_arena_alloc(arena, graph->count * sizeof(struct mf_def *));
    graph->nodes[def->in_count] = copy;
    for (unsigned i = 0; i < def->in_count; i++) {
        struct mf_in_def *in = &copy->ins[i];

        *in = def->ins[i];
        graph->nodes[i] = in->from = make_source(arena, copy, i, &def->ins[i]);
        in->from_port = 0;
        in->is_converted = in->to_number = in->is_checked = in->is_late = false;
    }
    return graph;
}

/* ---- reading one example ---- */

struct reading {
    const struct mf_def *def; /* of the graph of one node */
    struct mf_load load;
    struct mf_test_case *test;
};

static bool is_named(const struct mf_def *def, const struct mf_in_def *in, const char *name)
{
    const struct mf_out_def *out = &in->from->outs[in->from_port];
    size_t len = strlen(in->from->name);

    if (strcmp(in->label, name) == 0 || strcmp(in->from->name, name) == 0)
        return true;
    return strncmp(in->from->name, name, len) == 0 && name[len] == '.' &&
           strcmp(out->name, name + len + 1) == 0;
}

/* By the whole name first: of two outputs of one node, each has its own. */
static int find_input(const struct mf_def *def, const char *name)
{
    for (unsigned i = 0; i < def->in_count; i++)
        if (strcmp(def->ins[i].label, name) == 0)
            return (int)i;
    for (unsigned i = 0; i < def->in_count; i++)
        if (is_named(def, &def->ins[i], name))
            return (int)i;
    return -1;
}

static bool unknown_input(struct reading *r, const struct mf_tree *key)
{
    struct mf_diag *diag = mf_diag(r->load.diags, MF_ERROR, CODE_EXAMPLE, key->at,
                                   "`%s` has no input `%.100s`", r->def->name, key->text);
    struct mf_nearest nearest;

    mf_nearest_init(&nearest, key->text);
    for (unsigned i = 0; i < r->def->in_count; i++) {
        mf_nearest_add(&nearest, r->def->ins[i].label);
        mf_nearest_add(&nearest, r->def->ins[i].from->name);
    }
    if (nearest.best)
        mf_diag_help(diag, "did you mean `%s`?", nearest.best);
    else if (r->def->in_count)
        mf_diag_help(diag, "its inputs are named as in `from`, such as `%s`",
                     r->def->ins[0].from->name);
    return false;
}

/* A value, `stale` or `bad`. */
static bool read_value(struct reading *r, const struct mf_tree *tree, unsigned input,
                       const char *name, struct mf_test_set *set)
{
    const struct mf_in_def *in = &r->def->ins[input];
    struct mf_test_port port = {name, in->types, in->unit};

    *set = (struct mf_test_set){.at = tree->at, .def = in->from};
    if (tree->kind == MF_TREE_SCALAR && tree->is_plain &&
        (mf_tree_is(tree, "stale") || mf_tree_is(tree, "bad"))) {
        set->quality = mf_tree_is(tree, "stale") ? MF_STALE : MF_BAD;
        set->reason = mf_tree_is(tree, "stale") ? mf_reason_timeout : mf_reason_device;
        return true;
    }
    return mf_test_value_read(&r->load, tree, &port, &set->value);
}

/* Values one after another; a port for lists only takes one list. */
static bool is_sequence(const struct reading *r, const struct mf_tree_pair *pair)
{
    int input = find_input(r->def, pair->key->text);

    return pair->value->kind == MF_TREE_LIST && !mf_tree_is(pair->key, "gives") && input >= 0 &&
           r->def->ins[input].types != MF_T(MF_LIST);
}

static size_t steps_of(const struct reading *r, const struct mf_tree *example)
{
    size_t longest = 1;

    for (uint32_t i = 0; i < example->count; i++)
        if (is_sequence(r, &example->pairs[i]) && example->pairs[i].value->count > longest)
            longest = example->pairs[i].value->count;
    return longest;
}

static void add_set(struct mf_test_step *step, const struct mf_test_set *set)
{
    step->sets[step->set_count++] = *set;
}

static bool read_input(struct reading *r, const struct mf_tree_pair *pair)
{
    const struct mf_tree *value = pair->value;
    int input = find_input(r->def, pair->key->text);
    bool are_many = is_sequence(r, pair), ok = true;
    struct mf_test_set set;

    if (input < 0)
        return unknown_input(r, pair->key);
    for (uint32_t i = 0; i < (are_many ? value->count : 1); i++) {
        const struct mf_tree *one = are_many ? value->items[i].value : value;

        if (read_value(r, one, (unsigned)input, pair->key->text, &set))
            add_set(&r->test->steps[i], &set);
        else
            ok = false;
    }
    return ok;
}

/* ---- gives ---- */

static bool read_gives_of(struct reading *r, const struct mf_tree *tree, int output,
                          const char *name)
{
    const struct mf_out_def *out = &r->def->outs[output];
    struct mf_test_expect *expect = &r->test->ends[r->test->end_count];
    struct mf_test_port port = {name, out->types, out->unit};

    *expect = (struct mf_test_expect){tree->at, name, {r->def, output, -1, out->unit}};
    if (!mf_test_expect_read(&r->load, tree, &port, false, expect))
        return false;
    r->test->end_count++;
    return true;
}

static bool read_gives(struct reading *r, const struct mf_tree *gives)
{
    struct mf_arena *arena = r->load.arena;
    bool by_port =
        gives->kind == MF_TREE_MAP && r->def->out_count > 1 && !mf_tree_get(gives, "about", NULL);
    bool ok = true;

    r->test->ends = mf_arena_alloc(arena, (by_port ? gives->count + 1 : 1) * sizeof *r->test->ends);
    for (uint32_t i = 0; i < (by_port ? gives->count : 1); i++) {
        const struct mf_tree *key = by_port ? gives->pairs[i].key : NULL;
        int output = mf_def_output(r->def, key ? key->text : "");

        if (output < 0) {
            mf_diag(r->load.diags, MF_ERROR, CODE_EXAMPLE, key ? key->at : gives->at,
                    key ? "`%s` has no output `%.100s`"
                        : "`%s` has several outputs, so `gives` is a map of them%s",
                    r->def->name, key ? key->text : "");
            ok = false;
            continue;
        }
        ok &= read_gives_of(r, key ? gives->pairs[i].value : gives, output,
                            key ? mf_arena_printf(arena, "%s.%s", r->def->name, key->text)
                                : r->def->name);
    }
    return ok;
}

static bool read_example(struct reading *r, const struct mf_tree *example)
{
    struct mf_arena *arena = r->load.arena;
    size_t steps = steps_of(r, example);
    bool ok = true;

    r->test->is_example = true;
    r->test->at = example->at;
    mf_test_start_read(&r->load, NULL, &r->test->start, &r->test->zone);
    r->test->step_count = steps;
    r->test->steps = mf_arena_alloc(arena, steps * sizeof *r->test->steps);
    for (size_t i = 0; i < steps; i++) {
        r->test->steps[i].at = (int64_t)i * MF_SEC;
        r->test->steps[i].sets =
            mf_arena_alloc(arena, (example->count + 1) * sizeof *r->test->steps[i].sets);
    }
    for (uint32_t i = 0; i < example->count; i++) {
        const struct mf_tree_pair *pair = &example->pairs[i];

        ok &= mf_tree_is(pair->key, "gives") ? read_gives(r, pair->value) : read_input(r, pair);
    }
    return ok;
}

/* ---- running ---- */

static void run_example(struct examples *e, const struct mf_tree *example, size_t number)
{
    struct mf_graph *graph = make_graph(e->def);
    struct mf_arena *arena = mf_arena_new();
    struct mf_test_case test = {
        .name = mf_arena_printf(arena, "example %zu of `%s`", number, e->def->name)};
    struct reading r = {graph->nodes[e->def->in_count], {.arena = arena, .diags = e->diags}, &test};
    size_t first = e->diags->count;
    int64_t began = mf_clock_cpu();
    bool ok;

    if (!e->done || !e->done->is_wanted ||
        e->done->is_wanted(e->done->arg, test.name, example->at)) {
        ok = read_example(&r, example) && mf_test_case_run(&test, &graph, e->diags, NULL);
        if (e->done)
            e->done->done(e->done->arg, test.name, example->at, first, ok, mf_clock_cpu() - began);
    }
    mf_graph_free(graph);
    mf_arena_free(arena);
}

static bool is_unknown(const struct mf_tree *tree)
{
    if (!tree)
        return false;
    if (tree->kind == MF_TREE_SCALAR)
        return tree->is_unknown;
    for (uint32_t i = 0; i < tree->count; i++)
        if (is_unknown(tree->kind == MF_TREE_LIST ? tree->items[i].value : tree->pairs[i].value))
            return true;
    return false;
}

static bool is_complete(const struct mf_flow_item *item)
{
    bool ok = !is_unknown(item->main);

    for (size_t i = 0; i < item->option_count; i++)
        ok &= !is_unknown(item->options[i].value);
    return ok;
}

static bool is_pure(const struct examples *e, const struct mf_tree_pair *pair)
{
    struct mf_diag *diag;

    if ((e->def->kind->flags & MF_KIND_PURE) && e->def->out_count && e->def->in_count)
        return true;
    diag = mf_diag(e->diags, MF_ERROR, CODE_EXAMPLE, pair->key->at,
                   "`%s` cannot have examples: its output does not follow from inputs alone",
                   e->def->kind->name);
    mf_diag_help(diag, "write a test, which says what sources say and when: *.test.yaml");
    return false;
}

static void run_examples(struct examples *e, const struct mf_tree_pair *pair)
{
    const struct mf_origin *outer = mf_diags_set_origin(e->diags, e->item->origin);
    size_t first = e->diags->count;

    if (is_pure(e, pair))
        for (uint32_t i = 0; i < pair->value->count; i++)
            run_example(e, pair->value->items[i].value, i + 1);
    else if (e->done)
        e->done->done(e->done->arg, e->def->name, pair->key->at, first, false, 0);
    mf_diags_set_origin(e->diags, outer);
}

void mf_examples_run(const struct mf_flow *flow, const struct mf_graph *graph,
                     struct mf_diags *diags, const struct mf_example_done *done)
{
    for (size_t i = 0; i < flow->count; i++) {
        const struct mf_flow_item *item = flow->items[i];
        const struct mf_tree_pair *pair =
            item->item_type == MF_ITEM_NODE ? mf_flow_option(item, "examples") : NULL;
        struct examples e = {item, NULL, diags, done};

        if (!pair || !is_complete(item))
            continue;
        e.def = mf_map_get(&graph->by_name, item->name);
        if (e.def) /* else it is left out with `enabled: false` */
            run_examples(&e, pair);
    }
}
