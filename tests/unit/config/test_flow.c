/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* The flow reader on one text: top-level keys, names, kinds, lookups. */

#include "tests/unit/config/flow_case.h"

#define ROWS(rows) rows, sizeof(rows) / sizeof *(rows)

/* A flow becomes a plain list of links and nodes, in the order of the file. */
static void items_are_plain(void **state)
{
    static const struct flow_row rows[] = {
        {"nodes:\n", "", ""},
        {"nodes: {}\ndoc: x\ntitle: T\nx-a: [1]\n", "", ""},
        {"links: {broker: {mqtt: 'mqtt://b', login: me}}\n"
         "nodes:\n"
         "  power: {modbus.read: meter, register: 52}\n"
         "  quiet: {deadband: 20 W, from: power}\n",
         "link broker = mqtt \"mqtt://b\" {login: \"me\"}\n"
         "power = modbus.read \"meter\" {register: \"52\"}\n"
         "quiet = deadband \"20 W\" {from: \"power\"}\n",
         ""},
        /* Nothing behind the kind is nothing; a quoted empty text is a text. */
        {"nodes:\n  a: {latch: , from: b}\n  b: {merge: }\n  c: {log: ''}\n",
         "a = latch {from: \"b\"}\nb = merge\nc = log \"\"\n", ""},
        /* Dotted names come from `moat-flow expand`. */
        {"nodes: {kitchen.temp: {log: }, a.to.b: {log: }}\n", "kitchen.temp = log\na.to.b = log\n",
         ""},
        /* A leading << is not the kind; what it brings are options. */
        {"x-slow: &slow {stale: 15min}\nnodes:\n  a: {<<: *slow, mean: 1h}\n",
         "a = mean \"1h\" {stale: \"15min\"}\n", ""},
    };

    check_rows(ROWS(rows), NULL);
}

/* The head of a file says whether it is a flow at all, and of which version. */
static void head_is_checked(void **state)
{
    static const struct {
        const char *yaml, *diags;
    } rows[] = {
        {"",
         "error[MF0130] 1:1 `t.yaml` is not a flow: the first key of a flow file is `moat-flow`; "
         "help: begin the file with the line `moat-flow: 1`\n"},
        {"nodes: {}\nmoat-flow: 1\n",
         "error[MF0130] 1:1 `t.yaml` is not a flow: the first key of a flow file is `moat-flow`; "
         "help: move the line `moat-flow: 1` to the top\n"},
        {"- a\n",
         "error[MF0130] 1:1 `t.yaml` is not a flow: the first key of a flow file is `moat-flow`; "
         "help: begin the file with the line `moat-flow: 1`\n"},
        {"moat-flow: 2\nnode: 1\n",
         "error[MF0130] 1:12 this program reads version 1 of the flow language, the file says `2`; "
         "help: write `moat-flow: 1`\n"},
        {"moat-flow: [1]\n",
         "error[MF0130] 1:12 `moat-flow` is followed by the version of the language, this is a "
         "list; help: write `moat-flow: 1`\n"},
        {"moat-flow-test: 1\n",
         "error[MF0130] 1:1 `t.yaml` holds tests, not a flow; help: run them with `moat-flow test "
         "t.yaml`\n"},
        {"moat-flow: 1\nnode: {}\n",
         "error[MF0131] 2:1 a flow file has no key `node`; help: did you mean `nodes`?\n"},
        {"moat-flow: 1\nparams: {}\n",
         "error[MF0131] 2:1 a flow file has no key `params`; help: only parts have it: a part has "
         "`part: TITLE` as its second key\n"},
        {"moat-flow: 1\npower: {}\n",
         "error[MF0131] 2:1 a flow file has no key `power`; help: nodes stand under `nodes:`; keys "
         "that begin with `x-` are free\n"},
        {"moat-flow: 1\npart: P\nlinks: {}\ninclude: a\n",
         "error[MF0131] 3:1 a part has no key `links`; help: links belong to the flow; take the "
         "name of one as a parameter\n"
         "error[MF0131] 4:1 a part has no key `include`; help: includes belong to the flow; a part "
         "takes in other parts with `use:`\n"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct flow_case c;

        case_text(&c, rows[i].yaml, NULL);
        assert_string_equal(dump_diags(&c), rows[i].diags);
        case_close(&c);
    }
}

/* Wrong shapes and names are said once, with what to write instead. */
static void faults_of_names_and_shapes(void **state)
{
    static const struct flow_row rows[] = {
        {"nodes: [a]\n", "", "error[MF0143] 2:8 `nodes` is a map of names, this is a list\n"},
        {"title: [a]\n", "", "error[MF0143] 2:8 `title` is a text, this is a list\n"},
        {"vars: {a: [1]}\n", "", "error[MF0143] 2:11 the variable `a` is a text, this is a list\n"},
        {"nodes: {a: log}\n", "a = -\n",
         "error[MF0139] 2:12 a node is a map whose first key is the kind; this is a text; help: "
         "write it like `{deadband: 20 W, from: power}`\n"},
        {"nodes:\n  a:\n  b: [x]\n", "a = -\nb = -\n",
         "error[MF0139] 3:5 a node is a map whose first key is the kind; nothing stands here; "
         "help: write it like `{deadband: 20 W, from: power}`\n"
         "error[MF0139] 4:6 a node is a map whose first key is the kind; this is a list; help: "
         "write it like `{deadband: 20 W, from: power}`\n"},
        {"links: {b: x}\n", "",
         "error[MF0139] 2:12 a link is a map whose first key is the kind; this is a text; help: "
         "write it like `{mqtt: mqtt://broker.lan}`\n"},
        {"nodes: {a: {}}\n", "a = -\n",
         "error[MF0137] 2:12 this node has no kind: its first key must say what it does; help: "
         "write it like `{deadband: 20 W, from: power}`; `moat-flow nodes` lists the kinds\n"},
        {"nodes: {Grid-Power: {log: }}\n", "Grid-Power = log\n",
         "error[MF0135] 2:9 `Grid-Power` cannot be the name of a node: names are made of a-z, 0-9 "
         "and `_`, and begin with a letter; help: call it `grid_power`\n"},
        {"nodes: {a..b: {log: }, a.: {log: }}\n", NULL,
         "error[MF0135] 2:9 `a..b` cannot be the name of a node: names are made of a-z, 0-9 and "
         "`_`, and begin with a letter; help: call it `a_b`\n"
         "error[MF0135] 2:24 `a.` cannot be the name of a node: names are made of a-z, 0-9 and "
         "`_`, and begin with a letter; help: call it `a`\n"},
        {"use: {a: {part: p.yaml}}\nnodes: {a: {log: }}\n", "",
         "error[MF0132] 2:17 cannot read `p.yaml`: No such file or directory; help: paths are "
         "relative to the file they stand in, `t.yaml`\n"
         "error[MF0134] 3:9 `a` is defined twice; help: all files of a flow share their names: "
         "give one of the two another; also 2:7 `a` is defined here, too\n"},
    };

    check_rows(ROWS(rows), NULL);
}

/* The first key is the kind; where it is not one, the message says what was meant. */
static void kinds_come_first(void **state)
{
    static const struct flow_row rows[] = {
        {"nodes: {a: {scale: 2, every: 5s, from: b}}\n",
         "a = scale \"2\" {every: \"5s\", from: \"b\"}\n", ""},
        {"nodes: {a: {from: b, deadband: 20 W, unit: W}}\n",
         "a = deadband \"20 W\" {from: \"b\", unit: \"W\"}\n",
         "error[MF0136] 2:22 `deadband` is the kind of this node, so it must be the first key; "
         "`from` is before it; help: put it first: `{deadband: …, from: …}`; also 2:13 the first "
         "key\n"},
        {"x-d: &d {deadband: 1}\nnodes: {a: {<<: *d, from: b}}\n",
         "a = deadband \"1\" {from: \"b\"}\n",
         "error[MF0136] 2:10 `deadband` is the kind of this node, so it must be the first key; "
         "`from` is before it; help: write the kind into the node itself; `<<` may bring options; "
         "also 3:21 the first key\n"},
        {"nodes: {a: {from: b, unit: W}}\n", "a = - {from: \"b\", unit: \"W\"}\n",
         "error[MF0137] 2:13 this node has no kind: its first key must say what it does; help: "
         "write it like `{deadband: 20 W, from: power}`; `moat-flow nodes` lists the kinds\n"},
        /* A misspelt kind is not mistaken for an option before `every`. */
        {"nodes: {a: {sacle: 2, every: 5s}}\n", "a = sacle \"2\" {every: \"5s\"}\n",
         "error[MF0138] 2:13 there is no kind of node `sacle`; help: did you mean `scale`?\n"},
        {"nodes: {a: {frobnicate: 2}}\n", "a = frobnicate \"2\"\n",
         "error[MF0138] 2:13 there is no kind of node `frobnicate`; help: `moat-flow nodes` lists "
         "the kinds\n"},
        {"nodes: {a: merge}\n", "a = -\n",
         "error[MF0139] 2:12 a node is a map whose first key is the kind; this is a text; help: "
         "write `{merge: …}`\n"},
        /* Which kinds of links there are is for the compiler. */
        {"links: {b: {anything: 1}}\n", "link b = anything \"1\"\n", ""},
    };

    mf_flow_set_kind_facts(&test_facts);
    check_rows(ROWS(rows), NULL);
    mf_flow_set_kind_facts(NULL);
}

/* Names are looked up by the longest node name; the rest is a port or field. */
static void lookups(void **state)
{
    static const struct {
        const char *name, *node, *rest;
    } rows[] = {
        {"power", "power", ""},
        {"power.voltage", "power", "voltage"},
        {"power.a.b", "power", "a.b"},
        {"kitchen.temp", "kitchen.temp", ""},
        {"kitchen.temp.x", "kitchen.temp", "x"},
        {"kitchen", NULL, ""},
        {"kitchen.cold", NULL, ""},
        {"pow", NULL, ""},
        {"", NULL, ""},
    };
    struct flow_case c;

    case_text(&c, "moat-flow: 1\nnodes: {power: {x: }, kitchen.temp: {x: }}\nlinks: {l: {m: }}\n",
              NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        /* As in the middle of an expression: nothing ends the name. */
        char *text = mf_asprintf("%s+1", rows[i].name);
        struct mf_name found = mf_flow_lookup(&c.flow, NULL, text, strlen(rows[i].name));

        if (rows[i].node)
            assert_string_equal(found.node->name, rows[i].node);
        else
            assert_null(found.node);
        assert_string_equal(found.rest, rows[i].rest);
        assert_int_equal(found.used, rows[i].node ? strlen(rows[i].node) : 0);
        assert_int_equal(found.mapped, 0);
        mf_free(text);
    }
    assert_string_equal(mf_flow_lookup_link(&c.flow, NULL, "l")->name, "l");
    assert_null(mf_flow_lookup_link(&c.flow, NULL, "power"));
    assert_string_equal(mf_flow_nearest(&c.flow, NULL, "pwoer"), "power");
    assert_string_equal(mf_flow_nearest(&c.flow, NULL, "pwoer.voltage"), "power");
    assert_null(mf_flow_nearest(&c.flow, NULL, "entirely"));
    case_close(&c);
}

/* When a section could not be read, its nodes are not missed a second time. */
static void no_follow_up_names(void **state)
{
    struct flow_case c;

    case_text(&c, "moat-flow: 1\nnodes: [x]\n", NULL);
    assert_non_null(mf_flow_lookup(&c.flow, NULL, "x", 1).node);
    assert_non_null(mf_flow_lookup_link(&c.flow, NULL, "x"));
    case_close(&c);
}

/* Options are found by name. */
static void options(void **state)
{
    struct flow_case c;

    case_text(&c, "moat-flow: 1\ntitle: Grid\nnodes: {a: {log: x, from: b}}\n", NULL);
    assert_string_equal(c.flow.title, "Grid");
    assert_int_equal(c.flow.files, 1);
    assert_string_equal(mf_flow_option(c.flow.items[0], "from")->value->text, "b");
    assert_null(mf_flow_option(c.flow.items[0], "log"));
    assert_null(mf_flow_option(c.flow.items[0], "to"));
    case_close(&c);
}

/* An error in a node that an alias repeats shows the alias, too. */
static void aliases_show_both_places(void **state)
{
    static const struct flow_row rows[] = {
        {"x-a: &a {from: x, log: 1}\nnodes:\n  b: *a\n", NULL,
         "error[MF0137] 2:10 this node has no kind: its first key must say what it does; help: "
         "write it like `{deadband: 20 W, from: power}`; `moat-flow nodes` lists the kinds; also "
         "4:6 repeated here\n"},
    };

    check_rows(ROWS(rows), NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_are_plain),
        cmocka_unit_test(head_is_checked),
        cmocka_unit_test(faults_of_names_and_shapes),
        cmocka_unit_test(kinds_come_first),
        cmocka_unit_test(lookups),
        cmocka_unit_test(no_follow_up_names),
        cmocka_unit_test(options),
        cmocka_unit_test(aliases_show_both_places),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
