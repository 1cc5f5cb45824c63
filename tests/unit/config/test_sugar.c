/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* `to:` and `then:` become plain nodes with predictable names. */

#include "tests/unit/config/flow_case.h"

#define ROWS(rows) rows, sizeof(rows) / sizeof *(rows)

/* Names and wiring of what sugar makes. */
static void sugar_is_plain(void **state)
{
    static const struct flow_row rows[] = {
        {"nodes: {q: {deadband: 1, from: p, to: [{kv.set: a.b}, {log: }]}}\n",
         "q = deadband \"1\" {from: \"p\"}\n"
         "q.to.kv_set = kv.set \"a.b\" {from: \"q\"}\n"
         "q.to.log = log {from: \"q\"}\n",
         ""},
        /* One needs no list. */
        {"nodes: {q: {deadband: 1, to: {log: x, level: info}}}\n",
         "q = deadband \"1\"\nq.to.log = log \"x\" {from: \"q\", level: \"info\"}\n", ""},
        {"nodes: {q: {deadband: 1, to: [{log: a}, {log: b, name: second}]}}\n",
         "q = deadband \"1\"\nq.to.log = log \"a\" {from: \"q\"}\n"
         "q.to.second = log \"b\" {from: \"q\"}\n",
         ""},
        /* Each step takes the former; a named one is a node like any other. */
        {"nodes: {b: {deadband: 1, then: [{debounce: 50ms}, {toggle: off, name: state}, {scale: "
         "2}, "
         "{log: }]}}\n",
         "b = deadband \"1\"\n"
         "b.then.debounce = debounce \"50ms\" {from: \"b\"}\n"
         "state = toggle \"off\" {from: \"b.then.debounce\"}\n"
         "b.then.scale = scale \"2\" {from: \"state\"}\n"
         "b.then.log = log {from: \"b.then.scale\"}\n",
         ""},
        /* Sugar in sugar, and both at once. */
        {"nodes: {b: {deadband: 1, then: [{scale: 2, to: [{log: }]}], to: [{log: }]}}\n",
         "b = deadband \"1\"\n"
         "b.to.log = log {from: \"b\"}\n"
         "b.then.scale = scale \"2\" {from: \"b\"}\n"
         "b.then.scale.to.log = log {from: \"b.then.scale\"}\n",
         ""},
        /* `then` is an option of `when`. */
        {"nodes: {w: {when: x > 1, then: true, else: false, to: [{log: }]}}\n",
         "w = when \"x > 1\" {then: \"true\", else: \"false\"}\nw.to.log = log {from: \"w\"}\n",
         ""},
        {"vars: {v: x}\nnodes: {q: {deadband: 1, to: [{log: '${v}'}]}}\n",
         "q = deadband \"1\"\nq.to.log = log \"x\" {from: \"q\"}\n", ""},
    };

    check_rows(ROWS(rows), NULL);
}

/* What cannot be meant is said with what to write. */
static void faults(void **state)
{
    static const struct flow_row rows[] = {
        {"nodes: {q: {deadband: 1, to: log}}\n", "q = deadband \"1\"\n",
         "error[MF0157] 2:30 `to` takes a list of nodes, this is a text; help: write `to: "
         "[{kv.set: "
         "home.grid.power}]`\n"},
        {"nodes: {q: {deadband: 1, then: }}\n", NULL,
         "error[MF0157] 2:32 `then` takes a list of nodes, this is empty; help: write `then: "
         "[{debounce: 50ms}]`\n"},
        {"nodes: {q: {deadband: 1, to: [log, [x]]}}\n", NULL,
         "error[MF0157] 2:31 what stands in `to` is a map whose first key is the kind; this is a "
         "text; help: write `{log: …}`\n"
         "error[MF0157] 2:36 what stands in `to` is a map whose first key is the kind; this is a "
         "list; help: write it like `{deadband: 20 W, from: power}`\n"},
        {"nodes: {q: {deadband: 1, to: [{log: a}, {log: b}]}}\n", NULL,
         "error[MF0158] 2:42 there is a `log` in this `to` already, so this one needs a name; "
         "help: add `name: log_2`; also 2:32 the first one\n"},
        {"nodes: {q: {deadband: 1, then: [{scale: 1}, {scale: 2}], to: []}, q_scale: {log: }}\n",
         NULL,
         "error[MF0158] 2:46 there is a `scale` in this `then` already, so this one needs a name; "
         "help: add `name: q_scale`; also 2:34 the first one\n"},
        {"nodes: {b_toggle: {log: }, b: {deadband: 1, then: [{toggle: off}, {log: }]}}\n",
         "b_toggle = log\nb = deadband \"1\"\nb.then.toggle#1 = toggle \"off\" {from: \"b\"}\n"
         "b.then.log = log {from: \"b.then.toggle#1\"}\n",
         "error[MF0158] 2:53 `toggle` keeps state, so this step needs a name to keep it under; "
         "help: add `name: b_toggle_2`\n"},
        {"nodes: {q: {deadband: 1, to: [{log: , from: x}]}}\n",
         "q = deadband \"1\"\nq.to.log = log {from: \"q\"}\n",
         "error[MF0159] 2:39 a node in `to` takes the value of `q`, so it has no `from` of its "
         "own; help: leave `from` out, or write the node on its own under `nodes:`\n"},
        {"nodes: {q: {deadband: 1, then: [{log: , name: A b}]}}\n", NULL,
         "error[MF0135] 2:47 `A b` cannot be the name of a step: names are made of a-z, 0-9 and "
         "`_`, and begin with a letter; help: call it `a_b`\n"},
        {"vars: {v: x}\nnodes: {q: {deadband: 1, then: [{log: , name: '${v}'}]}}\n", NULL,
         "error[MF0135] 3:47 names are not made with `${…}`; help: write the name itself; nodes of "
         "a part get the name of the use in front\n"},
        {"nodes: {q: {deadband: 1, then: [{log: , name: q}]}}\n", "q = deadband \"1\"\n",
         "error[MF0134] 2:47 `q` is defined twice; help: all files of a flow share their names: "
         "give one of the two another; also 2:9 `q` is defined here, too\n"},
        {"nodes: {q: {deadband: 1, then: [{level: x}]}}\n", NULL,
         "error[MF0138] 2:34 there is no kind of node `level`; help: `moat-flow nodes` lists the "
         "kinds\n"},
        {"nodes: {q: {deadband: 1, then: [{}, {log: }]}}\n",
         "q = deadband \"1\"\nq.then.#1 = - {from: \"q\"}\nq.then.log = log {from: "
         "\"q.then.#1\"}\n",
         "error[MF0137] 2:33 this node has no kind: its first key must say what it does; help: "
         "write it like `{deadband: 20 W, from: power}`; `moat-flow nodes` lists the kinds\n"},
    };

    check_rows(ROWS(rows), NULL);
}

/* The item tells where it came from: names, whether it has one of its own, the places. */
static void items_know_their_origin(void **state)
{
    static const char yaml[] =
        "moat-flow: 1\nnodes: {q: {deadband: 1, then: [{log: , name: n}, {scale: 1}]}}\n";
    struct flow_case c;
    const struct mf_flow_item *named, *plain;

    case_text(&c, yaml, NULL);
    named = mf_map_get(&c.flow.names, "n");
    plain = mf_map_get(&c.flow.names, "q.then.scale");
    assert_string_equal(named->sugar, "then");
    assert_true(named->is_named);
    assert_int_equal(named->at.start, strstr(yaml, "n}") - yaml);
    assert_string_equal(plain->sugar, "then");
    assert_false(plain->is_named);
    assert_int_equal(plain->at.start, strstr(yaml, "scale") - yaml);
    assert_null(mf_flow_option(named, "name"));
    assert_string_equal(mf_flow_option(plain, "from")->value->text, "n");
    assert_null(c.flow.items[0]->sugar);
    case_close(&c);
}

/* Without knowledge of options, a `then` that is a text is one. */
static void text_is_an_option(void **state)
{
    static const struct flow_row rows[] = {
        {"nodes: {w: {when: x, then: true}}\n", "w = when \"x\" {then: \"true\"}\n", ""},
        {"nodes: {w: {when: x, then: [{log: }]}}\n",
         "w = when \"x\"\nw.then.log = log {from: \"w\"}\n", ""},
    };

    mf_flow_set_kind_facts(NULL);
    check_rows(ROWS(rows), NULL);
    mf_flow_set_kind_facts(&test_facts);
}

static int set_facts(void **state)
{
    mf_flow_set_kind_facts(&test_facts);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sugar_is_plain),
        cmocka_unit_test(faults),
        cmocka_unit_test(items_know_their_origin),
        cmocka_unit_test(text_is_an_option),
    };

    return cmocka_run_group_tests(tests, set_facts, NULL);
}
