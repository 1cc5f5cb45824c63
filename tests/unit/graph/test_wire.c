/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Wiring: `from` and the names in expressions, and what is said when they are wrong. */

#include "tests/unit/graph/test_kinds.h"

struct row {
    const char *nodes; /* content of `nodes:` */
    const char *graph; /* NULL: not looked at */
    const char *diags;
};

static void check_row(const struct row *row)
{
    char *yaml = mf_asprintf("moat-flow: 1\nnodes:\n%s", row->nodes);
    struct graph_case c;

    graph_open(&c, yaml, NULL);
    if (row->diags)
        assert_string_equal(graph_diags(&c), row->diags);
    if (row->graph)
        assert_string_equal(graph_nodes(&c), row->graph);
    graph_close(&c);
    mf_free(yaml);
}

#define CHECK_ROWS(rows)                                                                           \
    for (size_t i = 0; i < sizeof(rows) / sizeof(*(rows)); i++)                                    \
    check_row(&(rows)[i])

/* Every form of `from` leads to the edges that it stands for, in order. */
static void forms_of_from(void **state)
{
    static const struct row rows[] = {
        {"  a: {src: number}\n  x: {sink: , from: a}\n",
         "a .out:number\nx <- in/out=a.out:number\n", ""},
        {"  m: {src: number, ports: [u, v]}\n  x: {sink: , from: m.v}\n",
         "m .u:number .v:number\nx <- in/v=m.v:number\n", ""},
        {"  a: {src: number}\n  b: {src: int}\n  x: {sink: , from: [b, a]}\n",
         "a .out:number\nb .out:int\nx <- in/out=b.out:int, in/out=a.out:number\n", ""},
        {"  m: {src: number, ports: [u, v]}\n  x: {sink: , from: m.*}\n",
         "m .u:number .v:number\nx <- in/u=m.u:number, in/v=m.v:number\n", ""},
        {"  a: {src: number}\n  r: {src: bool}\n  s: {sum: , from: {reset: r, in: [a, a]}}\n"
         "  x: {sink: , from: s}\n",
         "a .out:number\nr .out:bool\n"
         "s .out:number <- reset/reset=r.out:bool, in/in=a.out:number, in/in=a.out:number\n"
         "x <- in/out=s.out:number\n",
         ""},
        {"  a: {src: number}\n  m: {src: any, ports: [u]}\n"
         "  b: {bundle: , from: {p: a, q: m}}\n  x: {sink: , from: b}\n",
         "a .out:number\nm .u:anything\nb .out:map <- inputs/p=a.out:number, "
         "inputs/q=m.u:anything\n"
         "x <- in/out=b.out:map\n",
         ""},
        {"  a: {src: number}\n  m: {src: text, ports: [u, v]}\n"
         "  b: {bundle: , from: [a, m.u, previous(a)]}\n",
         NULL,
         "error[MF0316] 5:32 two inputs of this node would be called `a` | help: name them: `from: "
         "{first: …, second: …}` | also 5:24 the first one\n"},
        {"  a: {src: number}\n  m: {src: text, ports: [u, v]}\n"
         "  b: {bundle: , from: [a, m.u, m.*]}\n  x: {sink: , from: b}\n",
         "a .out:number\nm .u:text .v:text\n"
         "b .out:map <- inputs/a=a.out:number, inputs/m.u=m.u:text, inputs/u=m.u:text, "
         "inputs/v=m.v:text\nx <- in/out=b.out:map\n",
         ""},
        {"  a: {src: number}\n  b: {bundle: , from: {now: a, old: previous( a )}}\n"
         "  x: {sink: , from: b}\n",
         "a .out:number\nb .out:map <- inputs/now=a.out:number, inputs/old=a.out:number late "
         "quiet\n"
         "x <- in/out=b.out:map\n",
         ""},
    };

    CHECK_ROWS(rows);
}

/* A name that leads nowhere is shown with the nearest one that would be legal there. */
static void unknown_names(void **state)
{
    static const struct row rows[] = {
        {"  power: {src: number}\n  x: {sink: , from: powr}\n", "",
         "error[MF0301] 4:21 there is no node `powr` | help: did you mean `power`?\n"},
        {"  meter: {src: number, ports: [volts, amps]}\n  x: {sink: , from: metr.volts}\n", "",
         "error[MF0301] 4:21 there is no node `metr.volts` | help: did you mean `meter.volts`?\n"},
        {"  meter: {src: number, ports: [volts, amps]}\n  x: {sink: , from: meter.volt}\n", "",
         "error[MF0302] 4:21 `meter` has no output `volt` | help: did you mean `meter.volts`? | "
         "also 3:3 `meter` is defined here\n"},
        {"  meter: {src: number, ports: [volts, amps]}\n  x: {sink: , from: [meter]}\n", "",
         "error[MF0302] 4:22 `meter` has several outputs; say which | help: it has `meter.volts`, "
         "`meter.amps` | also 3:3 `meter` is defined here\n"},
        {"  power: {src: number}\n  x: {sink: , from: power}\n  y: {sink: , from: x}\n", "",
         "error[MF0302] 5:21 `x` has no output to read | also 4:3 `x` is defined here\n"},
        {"  power: {src: number}\n  x: {sink: , from: previous(powr)}\n", "",
         "error[MF0301] 4:30 there is no node `powr` | help: did you mean `power`?\n"},
        {"  power: {src: number}\n  x: {sum: , from: {int: power}}\n", "",
         "error[MF0314] 4:21 `sum` has no input `int` | help: did you mean `in`?\n"},
        {"  off: {src: number, enabled: false}\n  x: {sink: , from: off}\n", "",
         "error[MF0311] 4:21 `off` is disabled, so there is nothing to read | help: enable it, or "
         "disable this node too | also 3:3 `off` has `enabled: false`\n"},
    };

    CHECK_ROWS(rows);
}

/* What stands in `from` must have a shape that wiring knows, and fit the inputs of the kind. */
static void wrong_shapes(void **state)
{
    static const char help[] = " | help: write `from: power`, `from: [a, b]`, or `from: {pv: "
                               "roof.power, load: house}`\n";
    char *map_diag = mf_asprintf("error[MF0306] 4:26 `from` wants the name of a node here, a map "
                                 "came%s",
                                 help);
    char *empty_diag = mf_asprintf(
        "error[MF0306] 4:21 `from` wants the name of a node here, nothing came%s", help);
    const struct row rows[] = {
        {"  a: {src: number}\n  x: {sink: , from: {in: {src: number}}}\n", "", map_diag},
        {"  a: {src: number}\n  x: {sink: , from: }\n", "", empty_diag},
        {"  a: {src: number}\n  b: {src: number, from: a}\n", "",
         "error[MF0307] 4:20 `src` takes no input | help: leave `from` out\n"},
        {"  a: {src: number}\n  x: {bundle: , from: {p: [a, a]}}\n", "",
         "error[MF0306] 4:27 `p` is the name of one input, a list came | help: give each input a "
         "name, or make one of them with `merge`\n"},
        {"  a: {src: number}\n  x: {bundle: , from: {\"P 1\": a}}\n", "",
         "error[MF0135] 4:24 `P 1` is not a name for an input | help: small letters, digits and "
         "`_` make a name, a letter first\n"},
        {"  a: {src: number}\n  x: {band: 1, from: [a, a]}\n", "",
         "error[MF0315] 4:26 `band` takes one value as `in`, and this is a second one | help: make "
         "one stream of them with `merge`, or a node for each\n"},
        {"  x: {band: 1}\n", "",
         "error[MF0305] 3:7 `x` has no input | help: add `from:` and the name of a node\n"},
        {"  x: {bundle: }\n", "",
         "error[MF0305] 3:7 `x` has no input | help: add `from:` and the name of a node\n"},
        {"  a: {src: bool}\n  x: {sum: , from: {reset: a}}\n", "",
         "error[MF0305] 4:7 `x` has no input: nothing is connected to `in` | help: write `from: "
         "{in: …}`\n"},
    };

    CHECK_ROWS(rows);
    mf_free(map_diag);
    mf_free(empty_diag);
}

/* A node that failed silences those that hang on it, but not other faults of its own. */
static void no_follow_up_errors(void **state)
{
    static const struct row rows[] = {
        {"  a: {src: nmber}\n  b: {band: 1, from: a}\n  c: {calc: a + b}\n  d: {sink: , from: c}\n",
         "", NULL},
        {"  a: {frobnicate: 1}\n  b: {band: 1 kg, from: a}\n  c: {sink: , from: a.x}\n", "",
         "error[MF0138] 3:7 there is no kind of node `frobnicate` | help: `moat-flow nodes` lists "
         "the kinds\n"},
        {"  a: {gone: 1}\n  b: {band: 1, from: a}\n", "",
         "error[MF0138] 3:7 `gone` is not built in: this needs libgone | help: build moat-flow "
         "with "
         "libgone installed\n"},
        {"  a: {poll: 1s}\n  b: {band: 1 x, from: aa}\n", "",
         "error[MF0205] 4:13 `band` wants a number, with a unit or without: `x` is not a unit\n"
         "error[MF0301] 4:24 there is no node `aa` | help: did you mean `a`?\n"},
        {"  a: {src: text}\n  b: {band: 1, from: a}\n  c: {gain: , from: b}\n", "",
         "error[MF0204] 4:22 `a` gives text, but `band` takes number | text, expected number | "
         "also "
         "3:3 `a` is defined here\n"},
    };
    struct graph_case c;

    for (size_t i = 1; i < sizeof(rows) / sizeof(*rows); i++)
        check_row(&rows[i]);
    graph_open(&c,
               "moat-flow: 1\nnodes:\n  a: {src: nmber}\n  b: {band: 1, from: a}\n"
               "  d: {sink: , from: b}\n",
               NULL);
    assert_int_equal(c.diags.errors, 1);
    assert_int_equal(c.diags.list[0]->code, 207);
    graph_close(&c);
}

/* Names in an expression become inputs: nodes, outputs, names of `from`, the turn before. */
static void names_in_expressions(void **state)
{
    static const struct row rows[] = {
        {"  a: {src: number}\n  m: {src: number, ports: [u]}\n  x: {calc: a + m.u + a}\n"
         "  y: {sink: , from: x}\n",
         "a .out:number\nm .u:number\n"
         "x .out:number <- inputs/a=a.out:number, inputs/m.u=m.u:number\ny <- "
         "in/out=x.out:number\n",
         ""},
        {"  a: {src: number}\n  x: {calc: value * 2, from: a}\n  y: {sink: , from: x}\n",
         "a .out:number\nx .out:number <- value/out=a.out:number\ny <- in/out=x.out:number\n", ""},
        {"  a: {src: number}\n  b: {src: number}\n  x: {calc: pv - b, from: {pv: a}}\n"
         "  y: {sink: , from: x}\n",
         "a .out:number\nb .out:number\n"
         "x .out:number <- inputs/pv=a.out:number, inputs/b=b.out:number\ny <- "
         "in/out=x.out:number\n",
         ""},
        {"  w: {src: map}\n  x: {calc: w.temp.high}\n  y: {sink: , from: x}\n",
         "w .out:map\nx .out:anything <- inputs/w=w.out:map\ny <- in/out=x.out:anything\n", ""},
        {"  a: {src: number}\n  x: {calc: previous(x) or a}\n", NULL,
         "note[MF0310] 4:3 nobody reads `x`\n"},
        {"  a: {src: number}\n  x: {calc: b + 1}\n", "",
         "error[MF0301] 4:13 there is no node `b`\n"},
        {"  a: {src: number}\n  x: {calc: value + 1}\n", "",
         "error[MF0305] 4:13 `value` is what `from` names, and this node has no `from` | help: add "
         "`from: …`, or write the name of a node\n"},
        {"  a: {src: number}\n  x: {calc: a.b + 1}\n", "",
         "error[MF0302] 4:13 `a` has no output `b` | help: its only output is `a` | also 3:3 `a` "
         "is "
         "defined here\n"},
    };

    CHECK_ROWS(rows);
}

/* Names are looked up from the inside of a part out, through its outputs. */
static void names_of_parts(void **state)
{
    static const struct row rows[] = {
        {"  kitchen.temp: {src: number}\n  x: {sink: , from: kitchen.temp}\n"
         "  y: {sink: /y, from: kitchen.temp.out}\n",
         "kitchen.temp .out:number\nx <- in/out=kitchen.temp.out:number\n"
         "y <- in/out=kitchen.temp.out:number\n",
         ""},
        {"  kitchen.temp: {src: map}\n  x: {calc: kitchen.temp.high}\n  y: {sink: , from: x}\n",
         "kitchen.temp .out:map\nx .out:anything <- inputs/kitchen.temp=kitchen.temp.out:map\n"
         "y <- in/out=x.out:anything\n",
         ""},
    };

    CHECK_ROWS(rows);
}

/* Names of nodes among the options are edges like those of `from`, and may lead back. */
static void inputs_in_options(void **state)
{
    static const struct row rows[] = {
        {"  m: {src: number, ports: [u, v]}\n  b: {board: , left: m.v, right: {from: m.u}}\n",
         "m .u:number .v:number\n"
         "b .key:number <- shown/left=m.v:number late quiet, shown/from=m.u:number late quiet\n",
         ""},
        {"  b: {board: , left: g}\n  g: {gain: , from: b.key}\n",
         "b .key:number <- shown/left=g.out:number W late quiet\n"
         "g .out:number W <- in/key=b.key:number W\n",
         ""},
        {"  power: {src: number}\n  b: {board: , right: {from: powr}}\n", NULL,
         "error[MF0301] 4:30 there is no node `powr` | help: did you mean `power`?\n"},
        {"  m: {src: number, ports: [u, v]}\n  b: {board: , left: m.*}\n", NULL,
         "error[MF0306] 4:22 `left` takes one value here, and these are all of a node | help: name "
         "one output\n"},
        {"  t: {src: text}\n  b: {board: , left: t}\n", NULL,
         "error[MF0204] 4:22 `t` gives text, but `board` takes int or number | text, expected int "
         "or number | also 3:3 `t` is defined here\n"},
    };

    CHECK_ROWS(rows);
}

/* More edges than a node may have are refused once, with the limit. */
static void too_many_inputs(void **state)
{
    struct mf_buf yaml = {0};
    struct graph_case c;

    mf_buf_puts(&yaml, "moat-flow: 1\nnodes:\n  a: {src: number}\n  x: {sink: , from: [");
    for (unsigned i = 0; i < 300; i++)
        mf_buf_printf(&yaml, "%sa", i ? ", " : "");
    mf_buf_puts(&yaml, "]}\n");
    graph_open(&c, mf_buf_text(&yaml), NULL);
    assert_int_equal(c.diags.count, 1);
    assert_string_equal(c.diags.list[0]->message,
                        "`x` would have more than 256 inputs, which is the limit");
    graph_close(&c);
    mf_buf_done(&yaml);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms_of_from),        cmocka_unit_test(unknown_names),
        cmocka_unit_test(wrong_shapes),         cmocka_unit_test(no_follow_up_errors),
        cmocka_unit_test(names_in_expressions), cmocka_unit_test(names_of_parts),
        cmocka_unit_test(inputs_in_options),    cmocka_unit_test(too_many_inputs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
