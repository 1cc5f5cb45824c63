/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Types and units along edges, and the quantities of options that depend on them. */

#include "tests/unit/graph/test_kinds.h"

struct row {
    const char *nodes;
    const char *graph;
    const char *diags;
};

static void check_row(const struct row *row)
{
    char *yaml = mf_asprintf("moat-flow: 1\nnodes:\n%s", row->nodes);
    struct graph_case c;

    graph_open(&c, yaml, NULL);
    assert_string_equal(graph_diags(&c), row->diags);
    if (row->graph)
        assert_string_equal(graph_nodes(&c), row->graph);
    graph_close(&c);
    mf_free(yaml);
}

#define CHECK_ROWS(rows)                                                                           \
    for (size_t i = 0; i < sizeof(rows) / sizeof(*(rows)); i++)                                    \
    check_row(&(rows)[i])

/* An edge converts where the dimension agrees; the unit that people wrote stays visible. */
static void edges_convert(void **state)
{
    static const struct row rows[] = {
        /* A port that insists on a unit. */
        {"  a: {src: number, unit: kW}\n  g: {gain: , from: a}\n  s: {sink: , from: g}\n",
         "a .out:number kW\ng .out:number W <- in/out=a.out:number W *1000+0\n"
         "s <- in/out=g.out:number W\n",
         ""},
        /* Temperatures have an offset. */
        {"  a: {src: number, unit: °C}\n  b: {src: number, unit: K}\n  g: {sum: , from: [b, a]}\n"
         "  s: {sink: , from: g}\n",
         "a .out:number °C\nb .out:number K\n"
         "g .out:number K <- in/out=b.out:number K, in/out=a.out:number K *1+273.15\n"
         "s <- in/out=g.out:number K\n",
         ""},
        /* The unit travels through kinds that keep it; `unit:` converts what comes out. */
        {"  a: {poll: 1s}\n  b: {band: 1, from: a, unit: kW}\n  s: {sink: , from: b}\n",
         "a .out:number W\nb .out:number kW *0.001+0 <- in/out=a.out:number W\n"
         "s <- in/out=b.out:number kW\n",
         ""},
        /* Without a unit `unit:` sets it. */
        {"  a: {src: number}\n  b: {band: 1, from: a, unit: kW}\n  s: {sink: , from: b}\n",
         "a .out:number\nb .out:number kW <- in/out=a.out:number\ns <- in/out=b.out:number kW\n",
         ""},
        /* Of several outputs, those of its dimension. */
        {"  m: {src: number, ports: [u, v], unit: V}\n  s: {sink: , from: m.*}\n",
         "m .u:number V .v:number V\ns <- in/u=m.u:number V, in/v=m.v:number V\n", ""},
    };

    CHECK_ROWS(rows);
}

/* Whole numbers become numbers where numbers are wanted; what is not known is looked at later. */
static void types_of_edges(void **state)
{
    static const struct row rows[] = {
        {"  a: {src: int}\n  b: {band: 1, from: a}\n  s: {sink: , from: b}\n",
         "a .out:int\nb .out:number <- in/out=a.out:number int\ns <- in/out=b.out:number\n", ""},
        {"  a: {src: any}\n  b: {band: 1, from: a}\n  s: {sink: , from: b}\n",
         "a .out:anything\nb .out:number <- in/out=a.out:number int checked\n"
         "s <- in/out=b.out:number\n",
         ""},
        {"  a: {src: any}\n  b: {wait: , from: a, type: bool}\n  s: {sink: , from: b}\n",
         "a .out:anything\nb .out:bool <- in/out=a.out:anything late\ns <- in/out=b.out:bool\n",
         ""},
        {"  a: {src: int}\n  b: {wait: , from: a, type: number}\n  s: {sink: , from: b}\n",
         "a .out:int\nb .out:number <- in/out=a.out:int late\ns <- in/out=b.out:number\n", ""},
        {"  a: {src: text}\n  b: {band: 1, from: a}\n", "",
         "error[MF0204] 4:22 `a` gives text, but `band` takes number | text, expected number | "
         "also "
         "3:3 `a` is defined here\n"},
        {"  m: {src: text, ports: [u, v]}\n  b: {band: 1, from: m.v}\n", "",
         "error[MF0204] 4:22 `m.v` gives text, but `band` takes number | text, expected number | "
         "also 3:3 `m` is defined here\n"},
        {"  a: {src: number}\n  b: {band: 1, from: a, type: text}\n", "",
         "error[MF0204] 4:31 `b` cannot give text: it gives number\n"},
    };

    CHECK_ROWS(rows);
}

/* Units that do not convert are refused where they meet, with both places. */
static void units_that_differ(void **state)
{
    static const struct row rows[] = {
        {"  power: {poll: 1s}\n  quiet: {band: 0.02 kWh, from: power}\n", "",
         "error[MF0203] 4:17 the band is in kWh, but `power` is in W | energy, expected power | "
         "help: did you mean `20 W`? | also 3:3 `power` is in W\n"},
        {"  power: {src: number, unit: kWh}\n  quiet: {band: 5 W, from: power}\n", "",
         "error[MF0203] 4:17 the band is in W, but `power` is in kWh | power, expected energy | "
         "help: did you mean `0.005 kWh`? | also 3:3 `power` is in kWh\n"},
        {"  power: {poll: 1s}\n  quiet: {band: 5 °C, from: power}\n", "",
         "error[MF0203] 4:17 the band is in °C, but `power` is in W | temperature, expected power "
         "| "
         "help: did you mean `5 W`? | also 3:3 `power` is in W\n"},
        {"  t: {src: number, unit: °C}\n  g: {gain: , from: t}\n", "",
         "error[MF0203] 4:21 `t` is in °C, but `g` takes W here | temperature, expected power | "
         "also 3:3 `t` is in °C\n"},
        {"  m: {src: number, ports: [u, v], unit: V}\n  p: {poll: 1s}\n"
         "  g: {sum: , from: [p, m.u]}\n",
         "",
         "error[MF0203] 5:24 `m.u` is in V, but `g` takes W here | voltage, expected power | also "
         "3:3 `m.u` is in V\n"},
        {"  p: {poll: 1s}\n  g: {band: 1, from: p, unit: kWh}\n", "",
         "error[MF0203] 4:31 `g` is in W, which cannot be given in kWh | energy, expected power | "
         "help: leave `unit` out, or give a unit of power\n"},
        {"  t: {src: text, unit: W}\n  s: {sink: , from: t}\n", "",
         "error[MF0210] 3:24 `unit` is for numbers, and `t` gives none | help: leave `unit` out\n"},
        {"  a: {src: number}\n  b: {band: 20 W, from: a}\n  s: {sink: , from: b}\n",
         "a .out:number\nb .out:number <- in/out=a.out:number\ns <- in/out=b.out:number\n",
         "warning[MF0211] 4:13 `a` has no unit, so the number here is taken as it is and W is not "
         "checked | help: say `unit: W` at `a`\n"},
    };

    CHECK_ROWS(rows);
}

static const struct test_band *band_of(const struct graph_case *c, const char *name)
{
    const struct mf_def *def = mf_map_get(&c->graph->by_name, name);

    assert_non_null(def);
    return def->config;
}

/* Quantities of options end up in the unit that the kind sees at run time. */
static void quantities_are_settled(void **state)
{
    static const struct {
        const char *nodes;
        double width, floor;
    } rows[] = {
        {"{band: 20 W, from: a}", 20, 0},
        {"{band: 0.5 kW, from: a}", 500, 0},
        {"{band: 20, from: a}", 20, 0},
        /* The floor is of the output: in the unit that is asked for, when it has none. */
        {"{band: 20, from: a, floor: 3 kW}", 20, 3000},
        {"{band: 20, from: a, floor: 3, unit: kW}", 20, 3000},
        {"{band: 20, from: a, floor: 3}", 20, 3},
        /* A difference of temperatures: no offset. */
        {"{band: 0.9 °F, from: t}", 0.5, 0},
        {"{band: 0.5 K, from: t, floor: 41 °F}", 0.5, 5},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        char *yaml = mf_asprintf("moat-flow: 1\nnodes:\n  a: {poll: 1s}\n"
                                 "  t: {src: number, unit: °C}\n  x: %s\n",
                                 rows[i].nodes);
        struct graph_case c;

        graph_open(&c, yaml, NULL);
        assert_int_equal(c.diags.errors + c.diags.warnings, 0);
        assert_true(band_of(&c, "x")->width == rows[i].width);
        assert_true(band_of(&c, "x")->floor == rows[i].floor);
        graph_close(&c);
        mf_free(yaml);
    }
}

/* A loop that looks back is legal; its unit is known from `unit:`, or asked for. */
static void loops_that_look_back(void **state)
{
    static const struct row rows[] = {
        /* The delay is no loop here: the order follows it all the same. */
        {"  w: {wait: , from: b}\n  b: {band: 1, from: a}\n  a: {poll: 1s}\n  s: {sink: , from: "
         "w}\n",
         "a .out:number W\nb .out:number W <- in/out=a.out:number W\n"
         "w .out:number W <- in/out=b.out:number W late\ns <- in/out=w.out:number W\n",
         ""},
        {"  w: {wait: , from: s}\n  a: {poll: 1s}\n  s: {sum: , from: [a, w], unit: kW}\n",
         "a .out:number W\nw .out:number kW <- in/out=s.out:number kW late\n"
         "s .out:number kW *0.001+0 <- in/out=a.out:number W, in/out=w.out:number W *1000+0\n",
         ""},
        {"  w: {wait: , from: s}\n  a: {poll: 1s}\n  s: {sum: , from: [a, w]}\n", "",
         "error[MF0317] 3:21 `s` is in W, but that comes out only after this value of the turn "
         "before was read | help: add `unit: W` to `s` | also 5:3 `s` is defined here\n"},
        /* Two loops, one behind the other, with a delay between them that is on neither. */
        {"  w2: {wait: , from: s2}\n  s2: {band: 1, from: m, unit: W}\n"
         "  m: {sum: , from: [w2, between]}\n  between: {wait: , from: s1}\n"
         "  s1: {sum: , from: [w1, a], unit: W}\n  w1: {wait: , from: s1}\n  a: {poll: 1s}\n",
         NULL, ""},
    };

    CHECK_ROWS(rows);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(edges_convert),        cmocka_unit_test(types_of_edges),
        cmocka_unit_test(units_that_differ),    cmocka_unit_test(quantities_are_settled),
        cmocka_unit_test(loops_that_look_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
