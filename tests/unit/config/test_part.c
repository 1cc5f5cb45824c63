/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* Parts: uses, parameters, outputs, scopes, limits. */

#include "tests/unit/config/flow_case.h"

#define ROOM                                                                                       \
    "moat-flow: 1\n"                                                                               \
    "part: A room\n"                                                                               \
    "params:\n"                                                                                    \
    "  sensor: {type: text}\n"                                                                     \
    "  target: {type: number, unit: °C, default: 21 °C, range: 5..30}\n"                         \
    "nodes:\n"                                                                                     \
    "  temp: {onewire.read: '${sensor}/temperature', link: ow}\n"                                  \
    "  cold: {when: 'temp < ${target}', from: temp}\n"                                             \
    "outputs: {temp: temp, raw: temp.raw}\n"

static struct test_dir dir;

static int enter(void **state)
{
    dir_open(&dir);
    dir_write("parts/room.yaml", ROOM);
    return 0;
}

static int leave(void **state)
{
    dir_close(&dir);
    return 0;
}

static void read_main(struct flow_case *c, const char *yaml)
{
    char *text = mf_asprintf("moat-flow: 1\n%s", yaml);

    case_text(c, text, NULL);
    mf_free(text);
}

/* Each use has nodes of its own, with its own values. */
static void uses_are_expanded(void **state)
{
    struct flow_case c;

    read_main(&c, "vars: {id: '28.1A'}\nuse:\n"
                  "  kitchen: {part: parts/room.yaml, sensor: '${id}'}\n"
                  "  attic: {part: parts/room.yaml, sensor: 28.2B, target: 16}\n"
                  "links: {ow: {owserver: x}}\n");
    assert_string_equal(dump_diags(&c), "");
    assert_string_equal(dump_items(&c),
                        "kitchen.temp = onewire.read \"28.1A/temperature\" {link: \"ow\"}\n"
                        "kitchen.cold = when \"temp < 21 °C\" {from: \"temp\"}\n"
                        "attic.temp = onewire.read \"28.2B/temperature\" {link: \"ow\"}\n"
                        "attic.cold = when \"temp < 16 °C\" {from: \"temp\"}\n"
                        "link ow = owserver \"x\"\n");
    assert_int_equal(c.flow.files, 2);
    case_close(&c);
}

/* Inside, the part's own nodes come first, then those around it; outside, outputs are all there is.
 */
static void names_in_and_out(void **state)
{
    static const struct {
        bool inside;
        const char *name, *node, *rest;
        size_t used, mapped;
    } rows[] = {
        {true, "temp", "kitchen.temp", "", 4, 0},
        {true, "cold", "kitchen.cold", "", 4, 0},
        {true, "temp.raw", "kitchen.temp", "raw", 4, 0},
        {true, "outer", "outer", "", 5, 0},
        {true, "outer.x", "outer", "x", 5, 0},
        {true, "kitchen.temp", "kitchen.temp", "", 12, 0},
        {false, "temp", "temp", "", 4, 0},
        {false, "cold", NULL, "", 0, 0},
        {false, "kitchen.temp", "kitchen.temp", "", 12, 0},
        {false, "kitchen.temp.x", "kitchen.temp", "x", 12, 0},
        {false, "kitchen.raw", "kitchen.temp", "raw", 11, 4},
        {false, "kitchen.raw.x", "kitchen.temp", "raw.x", 11, 4},
        {false, "kitchen.cold", NULL, "", 0, 0},
        {false, "kitchen", NULL, "", 0, 0},
        {false, "kitchen.none", NULL, "", 0, 0},
    };
    const struct mf_scope *scope;
    struct flow_case c;

    read_main(&c, "use: {kitchen: {part: parts/room.yaml, sensor: x}}\n"
                  "nodes: {temp: {log: }, outer: {log: }}\n");
    assert_string_equal(dump_diags(&c), "");
    scope = mf_map_get(&c.flow.instances, "kitchen");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct mf_name found = mf_flow_lookup(&c.flow, rows[i].inside ? scope : scope->outer,
                                              rows[i].name, strlen(rows[i].name));

        if (rows[i].node)
            assert_string_equal(found.node->name, rows[i].node);
        else
            assert_null(found.node);
        assert_string_equal(found.rest, rows[i].rest);
        assert_int_equal(found.used, rows[i].used);
        assert_int_equal(found.mapped, rows[i].mapped);
    }
    assert_string_equal(mf_flow_nearest(&c.flow, NULL, "kitchen.tmp"), "kitchen.temp");
    assert_string_not_equal(mf_flow_nearest(&c.flow, NULL, "kitchen.cld"), "kitchen.cold");
    assert_string_equal(mf_flow_nearest(&c.flow, scope, "cld"), "cold");
    case_close(&c);
}

/* Sugar in a part is wired by the names that the part itself uses. */
static void sugar_in_parts(void **state)
{
    struct flow_case c;

    dir_write("sugar.yaml", "moat-flow: 1\npart: S\nnodes: {a: {scale: 2, then: [{debounce: 1s}, "
                            "{toggle: off, name: b}], to: [{log: }]}}\n");
    read_main(&c, "use: {s: {part: sugar.yaml}}\n");
    assert_string_equal(dump_diags(&c), "");
    assert_string_equal(dump_items(&c), "s.a = scale \"2\"\n"
                                        "s.a.to.log = log {from: \"a\"}\n"
                                        "s.a.then.debounce = debounce \"1s\" {from: \"a\"}\n"
                                        "s.b = toggle \"off\" {from: \"a.then.debounce\"}\n");
    assert_string_equal(
        mf_flow_lookup(&c.flow, c.flow.items[3]->scope, "a.then.debounce", 15).node->name,
        "s.a.then.debounce");
    case_close(&c);
}

/* Parts use parts, relative to their own file; outputs lead through both. */
static void parts_in_parts(void **state)
{
    const struct mf_origin *origin;
    struct mf_name found;
    struct flow_case c;

    dir_write("parts/floor.yaml",
              "moat-flow: 1\npart: F\nparams: {id: }\nvars: {sensor: '28.${id}'}\n"
              "use: {bath: {part: room.yaml, sensor: '${sensor}'}}\n"
              "outputs: {t: bath.temp}\n");
    read_main(&c, "use: {upper: {part: parts/floor.yaml, id: X}}\n");
    assert_string_equal(dump_diags(&c), "");
    assert_string_equal(dump_items(&c),
                        "upper.bath.temp = onewire.read \"28.X/temperature\" {link: \"ow\"}\n"
                        "upper.bath.cold = when \"temp < 21 °C\" {from: \"temp\"}\n");
    found = mf_flow_lookup(&c.flow, NULL, "upper.t.value", 13);
    assert_string_equal(found.node->name, "upper.bath.temp");
    assert_string_equal(found.rest, "value");
    assert_int_equal(found.used, 7);
    assert_null(mf_flow_lookup(&c.flow, NULL, "upper.bath.temp", 15).node);
    /* What is said about the node shows both uses. */
    origin = c.flow.items[0]->origin;
    assert_string_equal(origin->text, "in this use of the part");
    assert_non_null(origin->outer);
    assert_null(origin->outer->outer);
    case_close(&c);
}

/* Each fault of a use or a part, said at its place with the other one. */
static void faults(void **state)
{
    static const struct {
        const char *part, *use, *diags;
    } rows[] = {
        {ROOM, "{part: p.yaml}",
         "error[MF0151] 2:7 this use of `p.yaml` does not give the parameter `sensor`; help: add "
         "`sensor: …`, or a `default` where it is declared; also p.yaml:4:3 `sensor` is declared "
         "here, without a default\n"},
        {ROOM, "{part: p.yaml, sensor: x, tagret: 1}",
         "error[MF0150] 2:36 the part `p.yaml` has no parameter `tagret`; help: did you mean "
         "`target`?\n"},
        {ROOM, "{part: p.yaml, tar: 1}",
         "error[MF0151] 2:7 this use of `p.yaml` does not give the parameter `sensor`; help: add "
         "`sensor: …`, or a `default` where it is declared; also p.yaml:4:3 `sensor` is declared "
         "here, without a default\n"
         "error[MF0150] 2:25 the part `p.yaml` has no parameter `tar`; help: did you mean "
         "`target`?\n"},
        {ROOM, "{part: p.yaml, sensor: [x]}",
         "error[MF0152] 2:33 parameter `sensor` is a text, this is a list; also p.yaml:4:3 "
         "`sensor` is declared here\n"},
        {ROOM, "{part: p.yaml, sensor: x, target: warm}",
         "error[MF0152] 2:44 parameter `target` wants a number in °C, got `warm`*"},
        {ROOM, "{part: p.yaml, sensor: x, target: 20 W}",
         "error[MF0152] 2:44 parameter `target` wants a number in °C, got `20 W`: `W` is power, "
         "but °C is temperature; also p.yaml:5:3 `target` is declared here\n"},
        {ROOM, "{part: p.yaml, sensor: x, target: 31}",
         "error[MF0152] 2:44 parameter `target` is outside of its range 5..30 °C; also p.yaml:5:3 "
         "`target` is declared here\n"},
        {ROOM, "{sensor: x, part: p.yaml}",
         "error[MF0136] 2:22 `part` says what is used, so it must be the first key; `sensor` is "
         "before it; help: put it first: `{part: …, sensor: …}`; also 2:11 the first key\n"},
        {ROOM, "{sensor: x}",
         "error[MF0137] 2:11 a use names its part first: `part` is missing; help: write it like "
         "`kitchen: {part: parts/room.yaml, …}`\n"},
        {ROOM, "p.yaml",
         "error[MF0139] 2:10 a use is a map whose first key is `part`, this is a text; help: write "
         "it like `u: {part: parts/room.yaml, …}`\n"},
        {ROOM, "{part: [p]}",
         "error[MF0154] 2:17 `part` wants the path of a file, this is a list; help: write it like "
         "`part: parts/room.yaml`\n"},
        {ROOM, "{part: none.yaml}",
         "error[MF0132] 2:17 cannot read `none.yaml`: No such file or directory; help: paths are "
         "relative to the file they stand in, `t.yaml`\n"},
        {"moat-flow: 1\n", "{part: p.yaml}",
         "error[MF0154] 2:17 `p.yaml` is not a part; help: a part has the key `part:` with its "
         "title; flows are taken in with `include:`\n"},
        {"a: b\n", "{part: p.yaml}",
         "error[MF0154] 2:17 `p.yaml` is not a part; help: a part begins with `moat-flow: 1` and "
         "`part: TITLE`\n"},
        {"moat-flow: 1\npart: P\nuse: {x: {part: p.yaml}}\n", "{part: p.yaml}",
         "error[MF0153] p.yaml:3:17 a part cannot use itself: p.yaml → p.yaml; help: take what "
         "both need into a part of its own; also 2:7 in this use of the part\n"},
        {"moat-flow: 1\npart: P\nnodes: {a: {log: }}\noutputs: {x: b, y: aa, z: [c]}\n",
         "{part: p.yaml}",
         "error[MF0155] p.yaml:4:27 an output is the name of one of the part's nodes, this is a "
         "list; help: write it like `outputs: {temp: temp}`\n"},
        {"moat-flow: 1\npart: P\nnodes: {alpha: {log: }}\noutputs: {x: b, y: alhpa}\n",
         "{part: p.yaml}",
         "error[MF0155] p.yaml:4:14 the output `x` is `b`, but the part has no such node or port; "
         "help: "
         "write it like `outputs: {NAME: NODE}` or `{NAME: NODE.PORT}`; also 2:7 in this use of "
         "the "
         "part\n"
         "error[MF0155] p.yaml:4:20 the output `y` is `alhpa`, but the part has no such node "
         "or port; help: did you mean `alpha`?; also 2:7 in this use of the part\n"},
        {"moat-flow: 1\npart: P\nnodes: {alpha: {log: }}\noutputs: {x: alpha.a, y: alpha.a.b}\n",
         "{part: p.yaml}",
         "error[MF0155] p.yaml:4:26 the output `y` is `alpha.a.b`, but the part has no such node "
         "or "
         "port; help: did you mean `alpha`?; also 2:7 in this use of the part\n"},
        {"moat-flow: 1\npart: P\nparams: {a: {default: 1}, b: {default: 2}}\n"
         "nodes: {n: {log: '${b}'}}\n",
         "{part: p.yaml}",
         "warning[MF0156] p.yaml:3:10 nothing uses the parameter `a`; help: use it with `${a}`, or "
         "remove it\n"},
        {"moat-flow: 1\npart: P\nparams: {in: {type: node}}\nnodes: {n: {log: , from: '${in}'}}\n",
         "{part: p.yaml, in: n.out}",
         "error[MF0152] 2:29 `n.out` would mean the part's own `n`, not the one outside; help: "
         "rename one of the two; also p.yaml:4:9 `n` of the part\n"},
        {"moat-flow: 1\npart: P\nnodes: {n: {log: '${non}'}}\n", "{part: p.yaml}",
         "error[MF0140] p.yaml:3:19 there is no variable `non`; help: define it under `vars:`, or "
         "with `--set non=…`; a dollar sign before a brace is written `$$`; also 2:7 in this use "
         "of the part\n"},
        {"moat-flow: 1\npart: P\nvars: {a: x}\nparams: {a: {default: 1}, part: }\n",
         "{part: p.yaml}",
         "error[MF0134] p.yaml:3:8 `a` is defined twice; help: all files of a flow share their "
         "names: give one of the two another; also p.yaml:4:10 `a` is defined here, too\n"
         "error[MF0135] p.yaml:4:27 a parameter cannot be called `part`: in `use:` this key names "
         "the file\n"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *yaml = mf_asprintf("use: {u: %s}\n", rows[i].use);
        struct flow_case c;

        dir_write("p.yaml", rows[i].part);
        read_main(&c, yaml);
        /* A star stands for the words of another module. */
        if (strchr(rows[i].diags, '*'))
            assert_memory_equal(dump_diags(&c), rows[i].diags, strcspn(rows[i].diags, "*"));
        else
            assert_string_equal(dump_diags(&c), rows[i].diags);
        /* Nobody misses the nodes of a use that failed. */
        if (c.diags.errors && c.flow.count == 0 && !strstr(rows[i].diags, "in this use"))
            assert_non_null(mf_flow_lookup(&c.flow, NULL, "u.any", 5).node);
        case_close(&c);
        mf_free(yaml);
    }
}

/* Values are checked by the declared type, and inserted as text. */
static void types_of_parameters(void **state)
{
    static const struct {
        const char *declaration, *value, *text; /* NULL: refused */
    } rows[] = {
        {"", "x", "x"},
        {"{type: any}", "x", "x"},
        {"{type: text}", "''", ""},
        {"{type: number}", "1.5", "1.5"},
        {"{type: number}", "1.5 W", NULL},
        {"{type: number, unit: W}", "1.5", "1.5 W"},
        {"{type: number, unit: W}", "1.5 kW", "1.5 kW"},
        {"{type: number, unit: W, range: 0..1 kW}", "1.5 kW", NULL},
        {"{type: number, unit: W, range: 1..2 kW}", "0.5 kW", NULL},
        {"{type: number, unit: W, range: 1..2 kW}", "1500", "1500 W"},
        {"{type: number, range: ..5}", "-100", "-100"},
        {"{type: number, range: 5..}", "4", NULL},
        {"{type: quantity}", "3 W", "3 W"},
        {"{type: quantity}", "x", NULL},
        {"{type: int}", "0x1f", "0x1f"},
        {"{type: int}", "1.5", NULL},
        {"{type: int, unit: W}", "2", "2 W"},
        {"{type: int, unit: W}", "2.5", NULL},
        {"{type: bool}", "off", "off"},
        {"{type: bool}", "maybe", NULL},
        {"{type: duration}", "5s", "5s"},
        {"{type: duration}", "5", NULL},
        {"{type: duration, range: 1s..1m}", "61s", NULL},
        {"{type: node}", "meter.voltage", "meter.voltage"},
        {"{type: node}", "Meter", NULL},
        {"{type: node}", "a.", NULL},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *part = mf_asprintf("moat-flow: 1\npart: P\nparams:\n  v: %s\n"
                                 "nodes: {n: {log: '<${v}>'}}\n",
                                 rows[i].declaration);
        char *yaml = mf_asprintf("use:\n  u: {part: p.yaml, v: %s}\n", rows[i].value);
        struct flow_case c;

        dir_write("p.yaml", part);
        read_main(&c, yaml);
        if (rows[i].text) {
            char *text = mf_asprintf("u.n = log \"<%s>\"\n", rows[i].text);

            assert_string_equal(dump_diags(&c), "");
            assert_string_equal(dump_items(&c), text);
            mf_free(text);
        } else {
            assert_int_equal(c.diags.errors, 1);
            assert_int_equal(c.diags.list[0]->code, 152);
        }
        case_close(&c);
        mf_free(part);
        mf_free(yaml);
    }
}

/* A wrong declaration is said where it stands, once for all uses. */
static void declarations(void **state)
{
    static const struct {
        const char *declaration, *diags;
    } rows[] = {
        {"x", "error[MF0149] p.yaml:4:6 parameter `v`: it is declared with a map; help: write it "
              "like `{type: number, unit: °C, default: 21 °C}`\n"},
        {"{type: numbr}", "error[MF0149] p.yaml:4:13 parameter `v`: there is no type `numbr`; "
                          "help: did you mean `number`?\n"},
        {"{typ: text}",
         "error[MF0149] p.yaml:4:7 parameter `v`: `typ` means nothing here; help: did you mean "
         "`type`?\n"},
        {"{type: [text]}",
         "error[MF0149] p.yaml:4:13 parameter `v`: `type` is a text, this is a list\n"},
        {"{unit: W}", "error[MF0149] p.yaml:4:13 parameter `v`: only numbers have a unit; help: "
                      "say `type: number` or `type: quantity`\n"},
        {"{type: text, range: 1..2}", "error[MF0149] p.yaml:4:26 parameter `v`: only numbers and "
                                      "durations have a range\n"},
        {"{range: 5-30, type: number}",
         "error[MF0149] p.yaml:4:14 parameter `v`: a range is written `a..b`\n"},
        {"{range: 30..5, type: number}",
         "error[MF0149] p.yaml:4:14 parameter `v`: the range ends before it begins\n"},
        {"{range: a..b, type: int}",
         "error[MF0149] p.yaml:4:14 parameter `v`: the range is not made of such values; help: "
         "write it like `5..30`; either end may be left out\n"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *part = mf_asprintf("moat-flow: 1\npart: P\nparams:\n  v: %s\n"
                                 "nodes: {n: {log: '${v}'}}\n",
                                 rows[i].declaration);
        struct flow_case c;

        dir_write("p.yaml", part);
        read_main(&c, "use: {a: {part: p.yaml, v: 1}, b: {part: p.yaml, v: 1}}\n");
        assert_string_equal(dump_diags(&c), rows[i].diags);
        case_close(&c);
        mf_free(part);
    }
}

/* A secret given to a part stays one, and is not shown when it does not fit. */
static void secrets_in_parts(void **state)
{
    static const struct mf_flow_setup setup = {.secrets_dir = "."};
    static const char yaml[] = "moat-flow: 1\nuse: {u: {part: p.yaml, v: '${secret:pw}'}}\n";
    struct flow_case c;

    dir_write("pw", "hunter2\n");
    dir_write("p.yaml", "moat-flow: 1\npart: P\nparams: {v: }\nnodes: {n: {log: '${v}'}}\n");
    case_text(&c, yaml, &setup);
    assert_string_equal(dump_items(&c), "u.n = log \"hunter2\"!\n");
    case_close(&c);
    dir_write("p.yaml", "moat-flow: 1\npart: P\nparams: {v: {type: int}}\n"
                        "nodes: {n: {log: '${v}'}}\n");
    case_text(&c, yaml, &setup);
    assert_string_equal(dump_diags(&c),
                        "error[MF0152] 2:28 parameter `v` wants a whole number, got a secret; also "
                        "p.yaml:3:10 `v` is declared here\n");
    case_close(&c);
}

/* A part named on its own is checked as far as it goes, and is not part of the flow. */
static void part_alone(void **state)
{
    const char *const paths[] = {"p.yaml"}, *const both[] = {"main.yaml", "parts/room.yaml"};
    struct flow_case c;

    dir_write("p.yaml", "moat-flow: 1\npart: P\nparams: {v: , w: {type: int, default: x}}\n"
                        "nodes: {n: {log: '${v} ${w} ${site} ${vv}', to: x}}\n");
    case_open(&c);
    mf_flow_read(&c.flow, paths, 1, NULL);
    assert_string_equal(dump_items(&c), "");
    assert_string_equal(dump_diags(&c),
                        "error[MF0152] p.yaml:3:39 parameter `w` wants a whole number, got `x`; "
                        "also p.yaml:3:15 `w` is declared here\n");
    case_close(&c);
    dir_write("main.yaml", "moat-flow: 1\nuse: {k: {part: parts/room.yaml, sensor: x}}\n");
    case_open(&c);
    mf_flow_read(&c.flow, both, 2, NULL);
    assert_string_equal(dump_diags(&c), "");
    assert_int_equal(c.flow.count, 2);
    assert_int_equal(c.flow.files, 2);
    case_close(&c);
}

/* Parts that multiply without end meet a limit. */
static void depth(void **state)
{
    struct flow_case c;

    for (int i = 0; i < 18; i++) {
        char *name = mf_asprintf("d%d.yaml", i);
        char *text = mf_asprintf("moat-flow: 1\npart: D\nuse: {u: {part: d%d.yaml}}\n", i + 1);

        dir_write(name, text);
        mf_free(name);
        mf_free(text);
    }
    read_main(&c, "use: {u: {part: d0.yaml}}\n");
    assert_int_equal(c.diags.count, 1);
    assert_string_equal(c.diags.list[0]->message,
                        "parts use parts more than 16 deep here, the limit");
    case_close(&c);
}

/* A few lines that make millions of uses meet one, too, and the work stops there. */
static void too_many(void **state)
{
    struct flow_case c;

    for (int i = 0; i < 3; i++) {
        struct mf_buf text = {0};
        char *name = mf_asprintf("m%d.yaml", i);

        mf_buf_puts(&text, "moat-flow: 1\npart: M\nparams:\n");
        for (int k = 0; k < 5000; k++)
            mf_buf_printf(&text, "  p%d: {default: 1}\n", k);
        mf_buf_puts(&text, "use:\n");
        for (int k = 0; k < 1000 && i < 2; k++)
            mf_buf_printf(&text, "  u%d: {part: m%d.yaml}\n", k, i + 1);
        dir_write(name, text.data);
        mf_buf_done(&text);
        mf_free(name);
    }
    read_main(&c, "use: {u: {part: m0.yaml}}\n");
    assert_int_equal(c.diags.errors, 1);
    assert_int_equal(c.diags.list[0]->code, 160);
    assert_string_equal(c.diags.list[0]->message, "the uses of parts have more than 5000000 "
                                                  "parameters and variables in all, the limit");
    case_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(uses_are_expanded),
        cmocka_unit_test(names_in_and_out),
        cmocka_unit_test(sugar_in_parts),
        cmocka_unit_test(parts_in_parts),
        cmocka_unit_test(faults),
        cmocka_unit_test(types_of_parameters),
        cmocka_unit_test(declarations),
        cmocka_unit_test(secrets_in_parts),
        cmocka_unit_test(part_alone),
        cmocka_unit_test(depth),
        cmocka_unit_test(too_many),
    };

    return cmocka_run_group_tests(tests, enter, leave);
}
