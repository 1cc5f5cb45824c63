/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Expand: what is printed is a flow that means the same, in one file, and keeps its secrets. */

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/graph/expand.h"
#include "tests/unit/graph/test_kinds.h"

/* A directory of its own, entered, with a part and a secret in it. */
struct dir {
    char path[32], back[512];
};

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(name, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int set_up(void **state)
{
    struct dir *dir = mf_zalloc(sizeof(*dir));

    snprintf(dir->path, sizeof(dir->path), "%s", "/tmp/moat-flow-XXXXXX");
    assert_non_null(getcwd(dir->back, sizeof(dir->back)));
    assert_non_null(mkdtemp(dir->path));
    assert_int_equal(chdir(dir->path), 0);
    write_file("room.yaml",
               "moat-flow: 1\npart: A room\n"
               "params: {sensor: {type: text}, low: {type: number, unit: °C, default: 19 °C}}\n"
               "nodes:\n"
               "  temp: {src: number, unit: °C}\n"
               "  cold: {calc: \"temp < ${low}\"}\n"
               "  both: {bundle: , from: [temp, cold]}\n"
               "  diff: {calc: \"now - previous(temp) + mean\", from: {now: temp}, unit: K}\n"
               "  out: {sink: \"${sensor}\", from: diff}\n"
               "  show: {board: , left: temp, right: {from: previous( temp.out )}}\n"
               "outputs: {temp: temp, value: temp.out, cold: cold}\n");
    write_file("pw", "geheim\n");
    *state = dir;
    return 0;
}

static int tear_down(void **state)
{
    struct dir *dir = *state;

    assert_int_equal(unlink("room.yaml") | unlink("pw"), 0);
    assert_int_equal(chdir(dir->back), 0);
    assert_int_equal(rmdir(dir->path), 0);
    mf_free(dir);
    return 0;
}

static const struct mf_flow_setup with_secrets = {.secrets_dir = "."};

/* What expand prints of a flow that compiles; the caller frees it. */
static char *expanded(const char *yaml, const struct mf_flow_setup *setup)
{
    struct graph_case c;
    struct mf_buf buf = {0};

    graph_open(&c, yaml, setup);
    if (!c.graph)
        fail_msg("it does not compile:\n%s\n%s", graph_diags(&c), yaml);
    mf_expand_print(&c.flow, &buf);
    graph_close(&c);
    return mf_buf_take(&buf);
}

/* The graph as JSON, without the places. */
static char *picture_of(const char *yaml, const struct mf_flow_setup *setup)
{
    struct graph_case c;
    struct mf_buf buf = {0};

    graph_open(&c, yaml, setup);
    if (!c.graph)
        fail_msg("it does not compile:\n%s\n%s", graph_diags(&c), yaml);
    for (size_t i = 0; i < c.graph->count; i++)
        c.graph->nodes[i]->line = c.graph->nodes[i]->column = 0;
    for (size_t i = 0; i < c.graph->link_count; i++)
        c.graph->links[i]->line = c.graph->links[i]->column = 0;
    mf_graph_print(c.graph, MF_PICTURE_JSON, &buf);
    graph_close(&c);
    return mf_buf_take(&buf);
}

/* Sugar, variables, merges and secrets are gone; quotes and the order of nodes stay. */
static void plain_flows(void **state)
{
    static const struct {
        const char *yaml, *expanded;
    } rows[] = {
        {"moat-flow: 1\ntitle: \"Grid: $ meter\"\nvars: {band: 20 W}\n"
         "links: {b: {bus: 'tcp:host:1', password: '${secret:pw}'}}\n"
         "nodes:\n"
         "  power: {poll: 1s}\n"
         "  quiet: {band: '${band}', from: power, to: [{topic: home/x}, {sink: /x, name: file}]}\n"
         "  half: {calc: quiet / 2, then: [{gain: , name: g}, {sink: /y}]}\n",
         "moat-flow: 1\ntitle: \"Grid: $$ meter\"\n\n"
         "links:\n"
         "  b: {bus: \"tcp:host:1\", password: \"${secret:pw}\"}\n\n"
         "nodes:\n"
         "  power: {poll: 1s}\n"
         "  quiet: {band: \"20 W\", from: power}\n"
         "  quiet.to.topic: {topic: home/x, from: quiet}\n"
         "  quiet.to.file: {sink: /x, from: quiet}\n"
         "  half: {calc: quiet / 2}\n"
         "  g: {gain: , from: half}\n"
         "  half.then.sink: {sink: /y, from: g}\n"},
        /* A literal that is quoted is a text, one that is not may be a number. */
        {"moat-flow: 1\nnodes:\n  a: {poll: 1s}\n  s:\n    sink: \"a\\nb\\n\"\n    from: a\n"
         "    start: [1, \"1\", yes, \"x, y\", 'it''s', \"\", {k: \"a: b\", \"2\": -3}]\n",
         "moat-flow: 1\n\nnodes:\n  a: {poll: 1s}\n  s:\n    sink: |\n      a\n      b\n"
         "    from: a\n"
         "    start: [1, \"1\", yes, \"x, y\", \"it's\", \"\", {k: \"a: b\", \"2\": -3}]\n"},
        {"moat-flow: 1\nx-base: &base {from: a, doc: \"tab\\there $$x\"}\nnodes:\n  a: {poll: 1s}\n"
         "  s: {sink: ~, <<: *base}\n",
         "moat-flow: 1\n\nnodes:\n  a: {poll: 1s}\n"
         "  s: {sink: ~, from: a, doc: \"tab\\u0009here $$x\"}\n"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        char *once = expanded(rows[i].yaml, &with_secrets), *twice;

        assert_string_equal(once, rows[i].expanded);
        twice = expanded(once, &with_secrets);
        assert_string_equal(twice, once);
        mf_free(once);
        mf_free(twice);
    }
}

/* Nodes of parts get their full names, wherever they are named. */
static void parts(void **state)
{
    static const char yaml[] = "moat-flow: 1\nnodes:\n"
                               "  mean: {src: number, unit: K}\n"
                               "  any: {calc: kitchen.cold or attic.cold}\n"
                               "  temps: {sink: /t, from: [kitchen.value, attic.temp]}\n"
                               "  last: {sink: , from: any}\n"
                               "use:\n"
                               "  kitchen: {part: room.yaml, sensor: /k}\n"
                               "  attic: {part: room.yaml, sensor: /a, low: 16}\n";
    static const char plain[] =
        "moat-flow: 1\n\nnodes:\n"
        "  mean: {src: number, unit: K}\n"
        "  any: {calc: kitchen.cold or attic.cold}\n"
        "  temps: {sink: /t, from: [kitchen.temp.out, attic.temp]}\n"
        "  last: {sink: , from: any}\n"
        "  kitchen.temp: {src: number, unit: °C}\n"
        "  kitchen.cold: {calc: \"kitchen.temp < 19 °C\"}\n"
        "  kitchen.both: {bundle: , from: {temp: kitchen.temp, cold: kitchen.cold}}\n"
        "  kitchen.diff: {calc: \"now - previous(kitchen.temp) + mean\", from: {now: "
        "kitchen.temp}, "
        "unit: K}\n"
        "  kitchen.out: {sink: \"/k\", from: kitchen.diff}\n"
        "  kitchen.show: {board: , left: kitchen.temp, right: {from: previous(kitchen.temp.out)}}\n"
        "  attic.temp: {src: number, unit: °C}\n"
        "  attic.cold: {calc: \"attic.temp < 16 °C\"}\n"
        "  attic.both: {bundle: , from: {temp: attic.temp, cold: attic.cold}}\n"
        "  attic.diff: {calc: \"now - previous(attic.temp) + mean\", from: {now: attic.temp}, "
        "unit: K}\n"
        "  attic.out: {sink: \"/a\", from: attic.diff}\n"
        "  attic.show: {board: , left: attic.temp, right: {from: previous(attic.temp.out)}}\n";
    char *once = expanded(yaml, &with_secrets);
    char *twice = expanded(once, &with_secrets);
    char *before = picture_of(yaml, &with_secrets), *after = picture_of(once, &with_secrets);

    assert_string_equal(once, plain);
    assert_string_equal(twice, once);
    /* The part's file is named in places only. */
    for (char *at; (at = strstr(before, "room.yaml"));)
        memmove(at + 6, at + 9, strlen(at + 9) + 1), memcpy(at, "t.yaml", 6);
    assert_string_equal(after, before);
    mf_free(once);
    mf_free(twice);
    mf_free(before);
    mf_free(after);
}

/* A secret is never printed, by whatever way it came into a text; nor is what is missing. */
static void secrets(void **state)
{
    static const struct mf_flow_setup missing = {.secrets_dir = "/nonexistent", .no_env = true};
    static const char yaml[] =
        "moat-flow: 1\nvars: {login: 'me:${secret:pw}', cost: 'a$$b'}\n"
        "links: {b: {bus: 'x://${login}@host/$${x}${cost}', password: '${env:MOAT_FLOW_TEST}'}}\n"
        "nodes: {a: {src: number}, p: {topic: '${login}', from: a}}\n";
    static const char plain[] =
        "moat-flow: 1\n\nlinks:\n"
        "  b: {bus: \"x://me:${secret:pw}@host/$${x}a$$b\", password: "
        "\"${env:MOAT_FLOW_TEST}\"}\n\n"
        "nodes:\n  a: {src: number}\n  p: {topic: \"me:${secret:pw}\", from: a}\n";
    static const struct mf_flow_setup here = {.secrets_dir = ".", .no_env = true};
    const struct mf_flow_setup *setups[] = {&missing, &here};

    for (size_t i = 0; i < 2; i++) {
        char *once = expanded(yaml, setups[i]), *twice;

        assert_string_equal(once, plain);
        twice = expanded(once, setups[i]);
        assert_string_equal(twice, once);
        mf_free(once);
        mf_free(twice);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_flows),
        cmocka_unit_test(parts),
        cmocka_unit_test(secrets),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
