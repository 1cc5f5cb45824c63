/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Compiling: links, common options, loops, checks of the whole, and fingerprints. */

#include "tests/unit/graph/test_kinds.h"

struct row {
    const char *yaml; /* after the first line */
    const char *graph;
    const char *diags;
};

static void check_row(const struct row *row, const struct mf_flow_setup *setup)
{
    char *yaml = mf_asprintf("moat-flow: 1\n%s", row->yaml);
    struct graph_case c;

    graph_open(&c, yaml, setup);
    if (row->diags)
        assert_string_equal(graph_diags(&c), row->diags);
    if (row->graph)
        assert_string_equal(graph_nodes(&c), row->graph);
    graph_close(&c);
    mf_free(yaml);
}

#define CHECK_ROWS(rows, setup)                                                                    \
    for (size_t i = 0; i < sizeof(rows) / sizeof(*(rows)); i++)                                    \
    check_row(&(rows)[i], setup)

/* A node hangs on the link it names, or on the only one of its kind. */
static void links_are_found(void **state)
{
    static const struct row rows[] = {
        {"links: {b: {bus: x}}\nnodes: {a: {src: number}, p: {topic: t, from: a}}\n",
         "a .out:number\np@b <- in/out=a.out:number\n", ""},
        {"links: {b: {bus: x}, c: {bus: y}, r: {radio: z}}\n"
         "nodes: {a: {src: number}, p: {topic: t, link: c, from: a}}\n",
         "a .out:number\np@c <- in/out=a.out:number\n", ""},
        {"links: {bb: {bus: x}, c: {bus: y}}\nnodes:\n  a: {src: number}\n  p: {topic: t, from: "
         "a}\n",
         "",
         "error[MF0308] 5:7 the flow has several links of kind `bus`, and this node does not say "
         "which | help: add `link: …` with the name of one\n"},
        {"nodes:\n  a: {src: number}\n  p: {topic: t, from: a}\n", "",
         "error[MF0308] 4:7 this node needs a link of kind `bus`, and the flow has none | help: "
         "add "
         "one under `links:`, such as `bus: {bus: …}`\n"},
        {"links: {broker: {bus: x}}\nnodes:\n  a: {src: number}\n  p: {topic: t, link: brokr, "
         "from: a}\n",
         "", "error[MF0308] 5:23 there is no link `brokr` | help: did you mean `broker`?\n"},
        {"links: {broker: {bus: x}}\nnodes:\n  a: {src: number}\n  p: {topic: t, link: zz, from: "
         "a}\n",
         "",
         "error[MF0308] 5:23 there is no link `zz` | help: the only link of kind `bus` is "
         "`broker`\n"},
        {"links: {broker: {radio: x}}\nnodes:\n  a: {src: number}\n"
         "  p: {topic: t, link: broker, from: a}\n",
         "",
         "error[MF0308] 5:23 `topic` needs a link of kind `bus`, but `broker` is of kind `radio` | "
         "also 2:9 `broker` is defined here\n"},
        /* What hangs on a link that failed is not mentioned. */
        {"links: {b: {buss: x}}\nnodes:\n  a: {src: number}\n  p: {topic: t, from: a}\n", "",
         "error[MF0309] 2:13 there is no kind of link `buss` | help: did you mean `bus`?\n"},
        {"links: {b: {bus: x, colour: red}}\nnodes:\n  a: {src: number}\n"
         "  p: {topic: t, link: b, from: a}\n  q: {topic: t, from: a}\n",
         "",
         "error[MF0201] 2:21 `bus` has no option `colour` | help: its options are `address`, "
         "`password`\n"},
        {"links: {b: {gone: x}}\n", "",
         "error[MF0309] 2:13 links of kind `gone` are not built in: this needs libgone | help: "
         "build "
         "moat-flow with libgone installed\n"},
        /* A node that is left out needs no link. */
        {"nodes:\n  a: {src: number}\n  p: {topic: t, from: a, enabled: false}\n",
         "a .out:number\n", ""},
    };

    CHECK_ROWS(rows, NULL);
}

/* Every node understands the common options; what they cannot do is said, not swallowed. */
static void common_options(void **state)
{
    static const struct row rows[] = {
        {"nodes:\n  a: {src: number}\n  b: {band: 1, form: a}\n", "",
         "error[MF0201] 4:16 `band` has no option `form` | help: did you mean `from`?\n"},
        {"nodes:\n  a: {poll: 1s}\n  b: {gain: , from: a, queue: 5}\n  s: {sink: , from: b}\n",
         NULL,
         "warning[MF0603] 4:24 `queue` has no effect here: `gain` does not wait for anybody | "
         "help: "
         "leave it out\n"},
        {"nodes:\n  a: {poll: 1s}\n  s: {sink: , from: a, stale: 5s}\n", NULL,
         "warning[MF0603] 4:24 `stale` has no effect here: `sink` has no output | help: leave it "
         "out\n"},
        {"nodes:\n  a: {poll: 1s, keep: true}\n", NULL,
         "warning[MF0601] 3:17 `poll` has no state that could be kept | help: leave `keep` out\n"},
        {"links: {b: {bus: x}}\nnodes:\n  a: {poll: 1s}\n  s: {topic: t, from: a, queue: spool}\n",
         "",
         "error[MF0602] 5:33 `queue: spool` does not say how much of the disk it may take | help: "
         "write `queue: spool 50 MiB`\n"},
        {"links: {b: {bus: x}}\nnodes:\n  a: {poll: 1s}\n  s: {topic: t, from: a, queue: spool 5 "
         "kg}\n",
         "", NULL},
        {"nodes:\n  a: {poll: 1s, examples: [{gives: 5 W}]}\n", NULL, ""},
        {"nodes:\n  a: {poll: 1s, examples: [{power: 5 W}]}\n", "",
         "error[MF0205] 3:28 `examples` wants a map with the values of inputs and `gives`, got a "
         "map\n"},
    };

    CHECK_ROWS(rows, NULL);
}

/* A polled source is stale after three intervals, unless `stale` says otherwise. */
static void stale_times(void **state)
{
    static const struct {
        const char *node;
        int64_t seconds;
    } rows[] = {
        {"{poll: 5s}", 15},
        {"{poll: 5s, stale: 7s}", 7},
        {"{poll: 5s, stale: never}", 0},
        {"{src: number}", 0},
        {"{src: number, stale: 1min}", 60},
        {"{poll: 36500d}", INT64_MAX / 4 / 1000000000},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        char *yaml = mf_asprintf("moat-flow: 1\nnodes:\n  a: %s\n", rows[i].node);
        struct graph_case c;

        graph_open(&c, yaml, NULL);
        assert_int_equal(c.diags.errors, 0);
        assert_int_equal(c.graph->nodes[0]->stale / 1000000000, rows[i].seconds);
        graph_close(&c);
        mf_free(yaml);
    }
}

/* A loop is shown whole, once, with the way out of it. */
static void loops_are_refused(void **state)
{
    static const struct row rows[] = {
        {"nodes:\n  plan: {band: 1, from: guard}\n  follow: {band: 1, from: plan}\n"
         "  guard: {band: 1, from: follow}\n  behind: {sink: , from: guard}\n",
         "",
         "error[MF0303] 3:25 the nodes form a loop: plan → follow → guard → plan | help: break it "
         "with a `delay:`, or read `previous(guard)`, the value of the turn before | also 5:26 "
         "`guard` reads `follow` | also 4:27 `follow` reads `plan`\n"},
        {"nodes:\n  a: {band: 1, from: a}\n", "",
         "error[MF0303] 3:22 the nodes form a loop: a → a | help: break it with a `delay:`, or "
         "read "
         "`previous(a)`, the value of the turn before\n"},
        /* Two loops, and one that looks back and is none. */
        {"nodes:\n  a: {band: 1, from: b}\n  b: {band: 1, from: a}\n  c: {sum: , from: [d, a]}\n"
         "  d: {band: 1, from: c}\n  e: {wait: , from: f}\n  f: {band: 1, from: e}\n",
         "",
         "error[MF0303] 3:22 the nodes form a loop: a → b → a | help: break it with a `delay:`, or "
         "read `previous(b)`, the value of the turn before | also 4:22 `b` reads `a`\n"
         "error[MF0303] 5:21 the nodes form a loop: c → d → c | help: break it with a `delay:`, or "
         "read `previous(d)`, the value of the turn before | also 6:22 `d` reads `c`\n"},
    };

    CHECK_ROWS(rows, NULL);
}

/* A chain of any length is ranked, and a loop of any length is shown in short. */
static void long_chains(void **state)
{
    struct mf_buf yaml = {0};
    struct graph_case c;

    mf_buf_puts(&yaml, "moat-flow: 1\nnodes:\n  n20000: {poll: 1s}\n");
    for (unsigned i = 0; i < 20000; i++)
        mf_buf_printf(&yaml, "  n%u: {band: 1 W, from: n%u}\n", i, i + 1);
    mf_buf_puts(&yaml, "  s: {sink: , from: n0}\n");
    graph_open(&c, mf_buf_text(&yaml), NULL);
    assert_int_equal(c.diags.count, 0);
    assert_int_equal(c.graph->count, 20002);
    assert_string_equal(c.graph->nodes[20000]->name, "n0");
    assert_string_equal(c.graph->nodes[20000]->outs[0].unit->name, "W");
    graph_close(&c);

    mf_buf_clear(&yaml);
    mf_buf_puts(&yaml, "moat-flow: 1\nnodes:\n");
    for (unsigned i = 0; i < 5000; i++)
        mf_buf_printf(&yaml, "  n%u: {band: 1, from: n%u}\n", i, (i + 1) % 5000);
    graph_open(&c, mf_buf_text(&yaml), NULL);
    assert_int_equal(c.diags.errors, 1);
    assert_non_null(strstr(c.diags.list[0]->message, "n0 → … (4988 more) → n11 → n10"));
    graph_close(&c);
    mf_buf_done(&yaml);
}

/* Two nodes must not write one thing; a value that nobody reads is worth a note. */
static void the_graph_as_a_whole(void **state)
{
    static const struct row rows[] = {
        {"nodes:\n  a: {src: number}\n  s: {sink: /x, from: a}\n  t: {sink: /x, from: a}\n", "",
         "error[MF0304] 5:3 `s` and `t` both write `/x` | help: let one node write it, fed by "
         "`from: [a, b]`, `select` or `merge` | also 4:3 `s` writes it here\n"},
        {"nodes:\n  a: {poll: 1s}\n  b: {gain: , from: a}\n", NULL,
         "note[MF0310] 4:3 nobody reads `b`\n"},
        /* A node that failed hides who would have read. */
        {"nodes:\n  a: {poll: 1s}\n  b: {gain: , from: a}\n  c: {band: , from: b}\n", "",
         "error[MF0202] 5:7 `band` needs a value: a number, with a unit or without | help: write "
         "it "
         "after the colon, `band: …`; it is the width\n"},
    };

    CHECK_ROWS(rows, NULL);
}

/* Where secrets and variables may be missing, what depends on them is left open. */
static void missing_surroundings(void **state)
{
    static const struct mf_flow_setup setup = {.no_env = true, .secrets_dir = "/nonexistent"};
    static const char note[] = "help: set it, or give a default: `${env:MOAT_FLOW_TEST:-text}`\n";
    char *expected = mf_asprintf("note[MF0701] 4:14 the environment variable `MOAT_FLOW_TEST` is "
                                 "missing: it is not set | %s",
                                 note);
    struct row rows[] = {
        {"nodes:\n  a: {poll: 1s}\n  b: {band: \"${env:MOAT_FLOW_TEST}\", from: a}\n"
         "  c: {sink: , from: b}\n",
         NULL, expected},
        {"nodes:\n  a: {poll: 1s}\n  s: {sink: \"${env:MOAT_FLOW_TEST}\", from: a}\n"
         "  t: {sink: \"${env:MOAT_FLOW_TEST}\", from: a}\n",
         NULL, NULL},
        {"links:\n  b: {bus: x, password: \"${secret:pw}\"}\nnodes:\n  a: {poll: 1s}\n"
         "  p: {topic: t, from: a}\n",
         "a .out:number W\np@b <- in/out=a.out:number W\n", NULL},
    };

    CHECK_ROWS(rows, &setup);
    mf_free(expected);
}

/* ---- fingerprints ---- */

static uint64_t hash_of(const char *yaml, const char *node)
{
    char *text = mf_asprintf("moat-flow: 1\n%s", yaml);
    const struct mf_def *def;
    struct graph_case c;
    uint64_t hash;

    graph_open(&c, text, NULL);
    assert_int_equal(c.diags.errors, 0);
    def = mf_map_get(&c.graph->by_name, node);
    assert_non_null(def);
    hash = def->hash[0] ^ def->hash[1];
    graph_close(&c);
    mf_free(text);
    return hash;
}

/* A fingerprint changes when what the node does changes, and only then. */
static void fingerprints(void **state)
{
    static const char base[] = "nodes:\n  a: {src: number, unit: W}\n"
                               "  x: {band: 20 W, from: a, floor: 1}\n";
    static const struct {
        const char *yaml;
        bool is_same;
    } rows[] = {
        {"# a remark\n\nnodes:\n\n  x: {band: 20 W,   from: a, floor: 1}\n  a: {src: number, unit: "
         "W}\n",
         true},
        {"nodes:\n  a: {src: number, unit: W}\n  x: {band: 20 W, floor: 1, from: [a]}\n", true},
        {"vars: {w: 20 W}\nnodes:\n  a: {src: number, unit: W}\n"
         "  x:\n    band: ${w}\n    doc: A remark\n    from: a\n    floor: 1\n",
         true},
        {"nodes:\n  a: {src: number, unit: W, doc: Other}\n  b: {poll: 1s}\n"
         "  x: {band: 20 W, from: a, floor: 1}\n  s: {sink: , from: x}\n",
         true},
        {"nodes:\n  a: {src: number, unit: W}\n  x: {band: 20 W, from: a, floor: 1, examples: "
         "[]}\n",
         true},
        {"nodes:\n  a: {src: number, unit: W}\n  x: {band: 21 W, from: a, floor: 1}\n", false},
        {"nodes:\n  a: {src: number, unit: W}\n  x: {band: 20 W, from: a, floor: 1, unit: kW}\n",
         false},
        {"nodes:\n  a: {src: number, unit: W}\n  b: {src: number, unit: W}\n"
         "  x: {band: 20 W, from: b, floor: 1}\n",
         false},
        /* The same text means something else when the unit of the source changes. */
        {"nodes:\n  a: {src: number, unit: kW}\n  x: {band: 20 W, from: a, floor: 1}\n", false},
        {"nodes:\n  a: {src: int, unit: W}\n  x: {band: 20 W, from: a, floor: 1}\n", false},
        {"nodes:\n  a: {src: number, unit: W}\n  x: {band: 20 W, from: a, floor: 1, stale: 5s}\n",
         false},
    };
    uint64_t hash = hash_of(base, "x");

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        bool is_same = hash_of(rows[i].yaml, "x") == hash;

        if (is_same != rows[i].is_same)
            fail_msg("row %zu: the fingerprint %s", i, is_same ? "stayed" : "changed");
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(links_are_found),      cmocka_unit_test(common_options),
        cmocka_unit_test(stale_times),          cmocka_unit_test(loops_are_refused),
        cmocka_unit_test(long_chains),          cmocka_unit_test(the_graph_as_a_whole),
        cmocka_unit_test(missing_surroundings), cmocka_unit_test(fingerprints),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
