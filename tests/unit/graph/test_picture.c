/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Pictures: text for people, DOT and Mermaid for programs that draw, JSON for the rest. */

#include <stdio.h>

#include "engine/value/codec.h"
#include "tests/unit/graph/test_kinds.h"

static const char house[] = "moat-flow: 1\ntitle: The \"house\"\n"
                            "links: {b: {bus: x}}\n"
                            "nodes:\n"
                            "  meter: {src: number, ports: [power, volts], unit: W}\n"
                            "  load: {poll: 1s, doc: All \\ consumers}\n"
                            "  quiet: {band: 20 W, from: meter.power, unit: kW}\n"
                            "  excess: {gain: , from: sum, to: {topic: home/x}}\n"
                            "  sum: {sum: , from: [quiet, load]}\n"
                            "  kitchen.temp: {src: int}\n"
                            "  kitchen.hall.light: {sink: /l, from: kitchen.temp}\n"
                            "  old: {wait: , from: sum}\n"
                            "  plan: {calc: old + previous(plan), unit: kW}\n";

static void check_picture(const char *yaml, enum mf_picture format, const char *expected)
{
    struct graph_case c;

    graph_open(&c, yaml, NULL);
    if (!c.graph)
        fail_msg("it does not compile:\n%s", graph_diags(&c));
    mf_buf_clear(&c.text);
    mf_graph_print(c.graph, format, &c.text);
    assert_string_equal(mf_buf_text(&c.text), expected);
    graph_close(&c);
}

/* Sources at the left, their readers one step to the right; each node is shown whole once. */
static void text(void **state)
{
    check_picture(house, MF_PICTURE_TEXT,
                  "The \"house\"\n"
                  "\n"
                  "meter                           src\n"
                  "├─ .power                              W\n"
                  "│  └─ quiet                     band   kW\n"
                  "│     └─ sum                    sum    kW   with load\n"
                  "│        ├─ excess              gain   W\n"
                  "│        │  └─ excess.to.topic  topic       on b\n"
                  "│        └─ old                 wait   kW\n"
                  "│           └─ plan             calc   kW\n"
                  "│              └─ ↺ plan                    next turn\n"
                  "└─ .volts                              W\n"
                  "load                            poll   W    All \\ consumers\n"
                  "└─ → sum\n"
                  "kitchen.temp                    src    int\n"
                  "└─ kitchen.hall.light           sink\n");
}

/* What is deeper than a terminal is wide goes on as a tree of its own. */
static void deep_text(void **state)
{
    struct mf_buf yaml = {0};
    struct graph_case c;

    mf_buf_puts(&yaml, "moat-flow: 1\nnodes:\n  n0: {src: number}\n");
    for (unsigned i = 1; i < 40; i++)
        mf_buf_printf(&yaml, "  n%u: {band: 1, from: n%u}\n", i, i - 1);
    graph_open(&c, mf_buf_text(&yaml), NULL);
    mf_buf_clear(&c.text);
    mf_graph_print(c.graph, MF_PICTURE_TEXT, &c.text);
    for (unsigned i = 0; i < 40; i++) {
        char line[32];

        snprintf(line, sizeof(line), "n%u ", i);
        assert_non_null(strstr(mf_buf_text(&c.text), line));
    }
    assert_non_null(strstr(mf_buf_text(&c.text), "└─ … n16"));
    assert_non_null(strstr(mf_buf_text(&c.text), "\nn16 "));
    graph_close(&c);
    mf_buf_done(&yaml);
}

/* Nodes of a part lie in a frame, parts of parts in a frame within; conversions are named. */
static void dot(void **state)
{
    check_picture(
        house, MF_PICTURE_DOT,
        "digraph flow {\n"
        "rankdir=LR;\n"
        "node [shape=box, style=rounded, fontname=\"sans-serif\"];\n"
        "edge [fontname=\"sans-serif\", fontsize=10];\n"
        "label=\"The \\\"house\\\"\";\n"
        "labelloc=t;\n"
        "\"meter\" [label=\"meter\\nsrc\", shape=cds];\n"
        "\"load\" [label=\"load\\npoll, W\", shape=cds, tooltip=\"All \\\\ consumers\"];\n"
        "\"quiet\" [label=\"quiet\\nband, kW\"];\n"
        "\"sum\" [label=\"sum\\nsum, kW\"];\n"
        "\"excess\" [label=\"excess\\ngain, W\"];\n"
        "\"old\" [label=\"old\\nwait, kW\"];\n"
        "\"excess.to.topic\" [label=\"excess.to.topic\\ntopic\", shape=box, style=bold];\n"
        "\"plan\" [label=\"plan\\ncalc, kW\"];\n"
        "subgraph \"cluster_kitchen\" {\n"
        "label=\"kitchen\";\n"
        "\"kitchen.temp\" [label=\"kitchen.temp\\nsrc\", shape=cds];\n"
        "subgraph \"cluster_kitchen.hall\" {\n"
        "label=\"kitchen.hall\";\n"
        "\"kitchen.hall.light\" [label=\"kitchen.hall.light\\nsink\", shape=box, style=bold];\n"
        "}\n"
        "}\n"
        "\"meter\" -> \"quiet\" [label=\"power\"];\n"
        "\"kitchen.temp\" -> \"kitchen.hall.light\";\n"
        "\"quiet\" -> \"sum\";\n"
        "\"load\" -> \"sum\" [label=\"W → kW\"];\n"
        "\"sum\" -> \"excess\" [label=\"kW → W\"];\n"
        "\"sum\" -> \"old\" [style=dashed];\n"
        "\"excess\" -> \"excess.to.topic\";\n"
        "\"old\" -> \"plan\";\n"
        "\"plan\" -> \"plan\" [style=dashed, constraint=false];\n"
        "}\n");
}

/* The same for Markdown; what has a meaning in a label is an entity. */
static void mermaid(void **state)
{
    check_picture("moat-flow: 1\nnodes:\n  a: {src: number, ports: ['p\"#<']}\n"
                  "  room.b: {sink: , from: a}\n",
                  MF_PICTURE_MERMAID,
                  "flowchart LR\n"
                  "n0([\"a<br/>src\"])\n"
                  "subgraph g_room [\"room\"]\n"
                  "n1[[\"room.b<br/>sink\"]]\n"
                  "end\n"
                  "n0 --> n1\n");
    check_picture("moat-flow: 1\nnodes:\n  a: {src: number, ports: ['p\"#<', q]}\n"
                  "  b: {sink: , from: ['a.p\"#<', previous(a.q)]}\n",
                  MF_PICTURE_MERMAID,
                  "flowchart LR\n"
                  "n0([\"a<br/>src\"])\n"
                  "n1[[\"b<br/>sink\"]]\n"
                  "n0 -->|\"p#34;#35;#60;\"| n1\n"
                  "n0 -.->|\"q\"| n1\n");
}

/* Every format can show a flow without nodes, and JSON is JSON. */
static void edge_cases(void **state)
{
    struct graph_case c;
    struct mf_value value;
    struct mf_error err;

    check_picture("moat-flow: 1\n", MF_PICTURE_TEXT, "");
    check_picture("moat-flow: 1\n", MF_PICTURE_MERMAID, "flowchart LR\n");
    check_picture("moat-flow: 1\n", MF_PICTURE_JSON,
                  "{\"title\":null,\"links\":[],\"nodes\":[]}\n");
    graph_open(&c, house, NULL);
    mf_buf_clear(&c.text);
    mf_graph_print(c.graph, MF_PICTURE_JSON, &c.text);
    assert_int_equal(mf_json_read(c.text.data, c.text.len, &value, &err), 0);
    assert_int_equal(mf_value_count(mf_value_get(&value, "nodes", 5)), c.graph->count);
    mf_value_drop(value);
    graph_close(&c);
}

/* A node in JSON says what it is, where it stands, what it reads and what it gives. */
static void json(void **state)
{
    check_picture("moat-flow: 1\nlinks: {b: {bus: x}}\nnodes:\n  a: {src: int, unit: kW}\n"
                  "  p: {topic: t, from: a, doc: D}\n",
                  MF_PICTURE_JSON,
                  "{\"title\":null,\"links\":[\n"
                  "{\"name\":\"b\",\"kind\":\"bus\",\"file\":\"t.yaml\",\"line\":2,\"column\":9}],"
                  "\"nodes\":[\n"
                  "{\"name\":\"a\",\"kind\":\"src\",\"link\":null,\"doc\":null,\"file\":\"t.yaml\","
                  "\"line\":4,\"column\":3,\"inputs\":[],\"outputs\":[{\"name\":\"out\",\"types\":["
                  "\"int\"],\"unit\":\"kW\"}]},\n"
                  "{\"name\":\"p\",\"kind\":\"topic\",\"link\":\"b\",\"doc\":\"D\",\"file\":"
                  "\"t.yaml\",\"line\":5,\"column\":3,\"inputs\":[{\"port\":\"in\",\"from\":\"a\","
                  "\"output\":\"out\",\"types\":[\"int\"],\"unit\":\"kW\",\"late\":false}],"
                  "\"outputs\":[]}]}\n");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(text),    cmocka_unit_test(deep_text),  cmocka_unit_test(dot),
        cmocka_unit_test(mermaid), cmocka_unit_test(edge_cases), cmocka_unit_test(json),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
