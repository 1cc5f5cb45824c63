/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* See test_file.h: the shape of a file of tests, and the names in it. */

#include <string.h>

#include "engine/base/text.h"
#include "engine/cli/test_priv.h"

/* ---- tables ---- */

/* What is read later, when it is known what for. */
static bool tree_read(struct mf_load *load, const struct mf_option *option,
                      const struct mf_tree *tree, void *ret)
{
    bool is_list = option->type->name[0] == 'l';

    if (tree->kind != (is_list ? MF_TREE_LIST : MF_TREE_MAP) || tree->count == 0)
        return mf_type_mismatch(load, option, tree, option->type->syntax);
    *(const struct mf_tree **)ret = tree;
    return true;
}

static bool scalar_read(struct mf_load *load, const struct mf_option *option,
                        const struct mf_tree *tree, void *ret)
{
    if (!mf_type_scalar(load, option, tree))
        return false;
    *(const struct mf_tree **)ret = tree;
    return true;
}

static const struct mf_type type_cases = {
    .name = "list", .syntax = "a list of tests", .read = tree_read};
static const struct mf_type type_steps = {
    .name = "list",
    .syntax = "a list of steps such as `{at: 0s, set: {power: 6 kW}}`",
    .read = tree_read};
static const struct mf_type type_nodes = {
    .name = "map", .syntax = "a map of nodes such as `{power: 6 kW}`", .read = tree_read};
static const struct mf_type type_names = {
    .name = "map", .syntax = "a map of names", .read = tree_read};
static const struct mf_type type_start = {.name = "time",
                                          .syntax =
                                              "a time such as `2026-03-29 01:55 Europe/Berlin`",
                                          .read = scalar_read};
static const struct mf_type type_version = {.name = "version", .syntax = "1", .read = scalar_read};

#define TREE(struct_type, member) MF_MEMBER(struct_type, member, const struct mf_tree *)

struct head {
    const struct mf_tree *version, *vars, *tests;
    struct mf_texts flow;
};

#define MF_CONFIG struct head
static const struct mf_option head_options[] = {
    {"moat-flow-test", &type_version, TREE(struct head, version), .flags = MF_OPT_REQUIRED,
     .summary = "Version of the language of tests."},
    {"flow", MF_STRINGS(flow), .flags = MF_OPT_REQUIRED,
     .summary = "Files of the flow, relative to this one."},
    {"vars", &type_names, TREE(struct head, vars), .summary = "Variables of the flow."},
    {"tests", &type_cases, TREE(struct head, tests), .flags = MF_OPT_REQUIRED,
     .summary = "The tests."},
    {0},
};
#undef MF_CONFIG

struct body {
    const char *name;
    const struct mf_tree *start, *steps, *series, *expect, *exactly;
};

#define MF_CONFIG struct body
static const struct mf_option case_options[] = {
    {"name", MF_STRING(name), .flags = MF_OPT_REQUIRED, .summary = "What is promised."},
    {"start", &type_start, TREE(struct body, start), .summary = "When it begins."},
    {"steps", &type_steps, TREE(struct body, steps), .summary = "What happens, in order."},
    {"series", &type_nodes, TREE(struct body, series), .summary = "Values at even intervals."},
    {"expect", &type_nodes, TREE(struct body, expect),
     .summary = "What is to be seen at the end; of a list the first values."},
    {"exactly", &type_nodes, TREE(struct body, exactly),
     .summary = "What is to be seen at the end; of a list all values."},
    {0},
};
#undef MF_CONFIG

struct step {
    int64_t at;
    bool has_at;
    const struct mf_tree *set, *fail, *expect;
};

#define MF_CONFIG struct step
static const struct mf_option step_options[] = {
    {"at", MF_DURATION(at), MF_GIVEN(has_at), .summary = "Time since the start."},
    {"set", &type_nodes, TREE(struct step, set), .summary = "What sources say."},
    {"fail", &type_nodes, TREE(struct step, fail), .summary = "Sources that are not good."},
    {"expect", &type_nodes, TREE(struct step, expect), .summary = "What is to be seen then."},
    {0},
};
#undef MF_CONFIG

static bool is_free(const char *key)
{
    return mf_text_starts(key, "x-");
}

static bool load_map(struct mf_load *load, const struct mf_option *table, const char *who,
                     const struct mf_tree *tree, bool (*skip)(const char *key), void *config)
{
    struct mf_loaded into = {config};

    load->into = &into;
    return mf_load_options(load, table, who, tree->at, NULL, tree->pairs, tree->count, skip,
                           config);
}

/* ---- head ---- */

static bool check_head(struct mf_test_file *file, const struct mf_tree *tree)
{
    struct mf_diag *diag;

    if (tree->kind != MF_TREE_MAP || tree->count == 0 ||
        !mf_tree_is(tree->pairs[0].key, "moat-flow-test")) {
        diag = mf_diag(file->diags, MF_ERROR, MF_CODE_TEST_FILE, tree->at,
                       "`%s` holds no tests: the first key of a file of tests is `moat-flow-test`",
                       file->source->name);
        mf_diag_help(diag, "begin the file with the line `moat-flow-test: 1`");
        return false;
    }
    if (mf_tree_is(tree->pairs[0].value, "1"))
        return true;
    diag = mf_diag(file->diags, MF_ERROR, MF_CODE_TEST_FILE, tree->pairs[0].value->at,
                   "this program reads version 1 of the language of tests, the file says another");
    mf_diag_help(diag, "write `moat-flow-test: 1`");
    return false;
}

/* Relative to the file of tests, written as people would. */
static const char *join(const struct mf_test_file *file, const char *path)
{
    const char *name = file->source->name, *slash = strrchr(name, '/');

    if (*path == '/' || !slash)
        return mf_arena_strdup(file->arena, path);
    return mf_arena_printf(file->arena, "%.*s%s", (int)(slash + 1 - name), name, path);
}

static void take_paths(struct mf_test_file *file, const struct mf_texts *texts)
{
    file->path_count = texts->count;
    file->paths = mf_arena_alloc(file->arena, (texts->count + 1) * sizeof *file->paths);
    for (size_t i = 0; i < texts->count; i++)
        file->paths[i] = join(file, texts->list[i]);
}

static bool take_vars(struct mf_test_file *file, struct mf_load *load, const struct mf_tree *vars)
{
    static const struct mf_option option = {"vars", &mf_type_text};
    bool ok = true;

    file->sets = mf_arena_alloc(file->arena, (vars ? vars->count : 1) * sizeof *file->sets);
    for (uint32_t i = 0; vars && i < vars->count; i++) {
        const struct mf_tree_pair *pair = &vars->pairs[i];
        const char *text = mf_type_scalar(load, &option, pair->value);

        ok &= text != NULL;
        file->sets[file->set_count++] =
            mf_arena_printf(file->arena, "%s=%s", pair->key->text, text ? text : "");
    }
    return ok;
}

bool mf_test_file_head(struct mf_test_file *file, const struct mf_source *source,
                       struct mf_arena *arena, struct mf_sources *sources, struct mf_diags *diags)
{
    struct mf_load load = {.arena = arena, .diags = diags};
    struct mf_tree *tree;
    struct head head = {0};
    bool ok;

    *file = (struct mf_test_file){source, arena, sources, diags};
    tree = mf_compose(source, 0, source->len, arena, diags);
    if (!tree || !check_head(file, tree))
        return false;
    ok = load_map(&load, head_options, "moat-flow-test", tree, is_free, &head);
    take_paths(file, &head.flow);
    file->tests = head.tests;
    return take_vars(file, &load, head.vars) && ok && diags->errors == 0;
}

/* ---- cases ---- */

static void read_sets(struct mf_test_reading *r, const struct step *from, struct mf_test_step *step)
{
    size_t room = mf_test_count_values(from->set) + mf_test_count_values(from->fail);
    struct mf_test_sets sets = {mf_arena_alloc(r->file->arena, (room + 1) * sizeof *sets.list)};

    for (uint32_t i = 0; from->set && i < from->set->count; i++)
        mf_test_read_set(r, &from->set->pairs[i], &sets);
    for (uint32_t i = 0; from->fail && i < from->fail->count; i++)
        mf_test_read_fail(r, &from->fail->pairs[i], &sets);
    step->sets = sets.list;
    step->set_count = sets.count;
}

static void read_expects(struct mf_test_reading *r, const struct mf_tree *map,
                         struct mf_test_expects *expects)
{
    for (uint32_t i = 0; map && i < map->count; i++)
        mf_test_read_expect(r, &map->pairs[i], expects);
}

static void read_step(struct mf_test_reading *r, const struct mf_tree *tree,
                      const struct mf_test_step *last, struct mf_test_step *ret)
{
    struct step step = {0};
    struct mf_test_expects expects = {0};

    if (tree->kind != MF_TREE_MAP) {
        mf_diag(r->file->diags, MF_ERROR, MF_CODE_TEST_FILE, tree->at,
                "a step is a map such as `{at: 0s, set: {power: 6 kW}}`, this is %s",
                mf_tree_kind_name(tree));
        r->failed = true;
        return;
    }
    r->failed |= !load_map(r->load, step_options, "steps", tree, NULL, &step);
    ret->at = step.has_at ? step.at : last ? last->at : 0;
    if (last && ret->at < last->at) {
        mf_diag_help(mf_diag(r->file->diags, MF_ERROR, MF_CODE_TEST_ORDER, tree->at,
                             "this step is before the one above it"),
                     "write the steps in order of time: `at` counts from the start");
        r->failed = true;
    }
    read_sets(r, &step, ret);
    expects.list = mf_arena_alloc(r->file->arena,
                                  (mf_test_count_values(step.expect) + 1) * sizeof *expects.list);
    read_expects(r, step.expect, &expects);
    ret->expects = expects.list;
    ret->expect_count = expects.count;
}

static void read_steps(struct mf_test_reading *r, const struct mf_tree *list,
                       struct mf_test_case *test)
{
    if (!list)
        return;
    if (list->count > MF_TEST_STEPS) {
        mf_diag(r->file->diags, MF_ERROR, MF_CODE_TEST_LIMIT, list->at,
                "a test has at most %d steps, this one has %u", MF_TEST_STEPS, list->count);
        r->failed = true;
        return;
    }
    test->step_count = list->count;
    test->steps = mf_arena_alloc(r->file->arena, list->count * sizeof *test->steps);
    for (uint32_t i = 0; i < list->count; i++)
        read_step(r, list->items[i].value, i ? &test->steps[i - 1] : NULL, &test->steps[i]);
}

static void read_series(struct mf_test_reading *r, const struct mf_tree *map,
                        struct mf_test_case *test)
{
    if (!map)
        return;
    test->series = mf_arena_alloc(r->file->arena, map->count * sizeof *test->series);
    for (uint32_t i = 0; i < map->count; i++)
        test->series_count +=
            mf_test_read_series(r, &map->pairs[i], &test->series[test->series_count]);
}

static void read_ends(struct mf_test_reading *r, const struct body *body, struct mf_test_case *test)
{
    size_t room = mf_test_count_values(body->expect) + mf_test_count_values(body->exactly);
    struct mf_test_expects expects = {.is_prefix = true};

    expects.list = mf_arena_alloc(r->file->arena, (room + 1) * sizeof *expects.list);
    read_expects(r, body->expect, &expects);
    expects.is_prefix = false;
    read_expects(r, body->exactly, &expects);
    test->ends = expects.list;
    test->end_count = expects.count;
}

/* A test that looks at nothing cannot fail. */
static void check_idle(struct mf_test_reading *r, const struct mf_test_case *test)
{
    size_t count = test->end_count;

    for (size_t i = 0; i < test->step_count; i++)
        count += test->steps[i].expect_count;
    if (count == 0 && !r->failed)
        mf_diag_help(mf_diag(r->file->diags, MF_WARNING, MF_CODE_TEST_IDLE, test->at,
                             "this test expects nothing, so it cannot fail"),
                     "add `expect:` to a step");
}

static void check_name(struct mf_test_reading *r, struct mf_map *names, struct mf_test_case *test)
{
    const struct mf_test_case *first = mf_map_add(names, test->name, test);

    if (!first)
        return;
    mf_diag_related(mf_diag(r->file->diags, MF_ERROR, MF_CODE_TEST_TWICE, test->at,
                            "two tests have the same name"),
                    first->at, "this is the first");
    r->failed = true;
}

static void read_case(struct mf_test_reading *r, const struct mf_tree *tree,
                      struct mf_test_case *test)
{
    struct body body = {0};
    const struct mf_tree *name;

    test->at = tree->at;
    test->name = "";
    if (tree->kind != MF_TREE_MAP) {
        mf_diag(r->file->diags, MF_ERROR, MF_CODE_TEST_FILE, tree->at,
                "a test is a map with `name:` and `steps:`, this is %s", mf_tree_kind_name(tree));
        r->failed = true;
        return;
    }
    r->failed |= !load_map(r->load, case_options, "tests", tree, NULL, &body);
    name = mf_tree_get(tree, "name", NULL);
    if (name)
        test->at = name->at;
    if (body.name)
        test->name = body.name;
    r->failed |= !mf_test_start_read(r->load, body.start, &test->start, &test->zone);
    read_steps(r, body.steps, test);
    read_series(r, body.series, test);
    read_ends(r, &body, test);
    check_idle(r, test);
}

void mf_test_file_cases(struct mf_test_file *file, const struct mf_flow *flow,
                        const struct mf_graph *graph)
{
    struct mf_load load = {.arena = file->arena, .diags = file->diags};
    struct mf_map names = {0};
    size_t count = file->tests->count;

    file->flow = flow;
    file->graph = graph;
    if (count > MF_TEST_CASES) {
        mf_diag(file->diags, MF_ERROR, MF_CODE_TEST_LIMIT, file->tests->at,
                "a file has at most %d tests, this one has %zu", MF_TEST_CASES, count);
        count = MF_TEST_CASES;
    }
    file->cases = mf_arena_alloc(file->arena, count * sizeof *file->cases);
    file->case_count = count;
    for (size_t i = 0; i < count; i++) {
        struct mf_test_reading r = {file, &load};

        read_case(&r, file->tests->items[i].value, &file->cases[i]);
        if (file->cases[i].name[0])
            check_name(&r, &names, &file->cases[i]);
        file->cases[i].failed = r.failed;
    }
    mf_map_done(&names);
}
