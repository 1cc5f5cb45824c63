/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* Options by table: unknown, missing, given twice; fallbacks; tables in tables; texts not known. */

#include "option_case.h"

#include <math.h>
#include <stdio.h>

#include "engine/base/clock.h"
#include "engine/config/flow.h"

struct will {
    const char *topic;
    int64_t qos;
    bool retain;
};

struct config {
    double width;
    int64_t heartbeat, tries;
    const char *text, *needed;
    struct mf_texts texts;
    struct mf_range range;
    struct mf_value list, map;
    struct will will, stamp;
    bool has_tries, has_heartbeat, has_will, old;
};

#define MF_CONFIG struct will
static const struct mf_option will_options[] = {
    {"topic", MF_STRING(topic), .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED},
    {"qos", MF_INTEGER(qos), .fallback = "1", MF_LIMITS(0, 2)},
    {"retain", MF_BOOL(retain), .fallback = "true"},
    {0},
};
static const struct mf_table will = {will_options, sizeof(struct will)};
#undef MF_CONFIG

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    {"width", MF_QUANTITY(width), .unit = "W", .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED,
     MF_LIMITS(0, INFINITY)},
    {"heartbeat", MF_DURATION(heartbeat), .fallback = "5min", MF_GIVEN(has_heartbeat)},
    {"tries", MF_INTEGER(tries), MF_GIVEN(has_tries)},
    {"text", MF_STRING(text), .fallback = "\"a text: with #\""},
    {"texts", MF_STRINGS(texts), .fallback = "[one, two]"},
    {"range", MF_SPAN_OF(range), .fallback = "-5..5"},
    {"list", MF_LITERAL(list), .fallback = "[1, {a: b}]"},
    {"map", MF_LITERAL(map), .fallback = "\"5\""},
    {"will", MF_SUBTABLE(will, struct will, &will), MF_GIVEN(has_will)},
    {"stamp", MF_SUBTABLE(stamp, struct will, &will), .fallback = "{topic: x, qos: 2}"},
    {"old", MF_BOOL(old), .deprecated = "tries"},
    {0},
};

static const struct mf_option strict[] = {
    {"needed", MF_STRING(needed), .flags = MF_OPT_REQUIRED},
    {"tries", MF_INTEGER(tries), .flags = MF_OPT_REQUIRED, MF_GIVEN(has_tries)},
    {"text", MF_STRING(text), MF_GIVEN(has_heartbeat)},
    {"width", MF_QUANTITY(width), .fallback = "7"},
    {0},
};

static const struct mf_option nothing[] = {{0}};

struct row {
    const char *yaml;
    const char *said; /* NULL: read without a fault */
};

static void check_rows(const struct row *rows, size_t count, const struct mf_option *table)
{
    for (size_t i = 0; i < count; i++) {
        struct config config = {0};
        struct option_case c;

        options_open(&c, rows[i].yaml);
        options_read(&c, table, &config);
        if (strcmp(options_said(&c), rows[i].said ? rows[i].said : "") != 0)
            fail_msg("%s\n  said:   %s\n  wanted: %s", rows[i].yaml, options_said(&c),
                     rows[i].said ? rows[i].said : "nothing");
        assert_true(c.ok == (c.diags.errors == 0));
        assert_true(c.loaded.failed == !c.ok);
        options_close(&c);
    }
}

/* What is wrong is said where it stands, with what was meant; all of it at once. */
static void faults(void **state)
{
    static const struct row rows[] = {
        {"{deadband: 20 W, hartbeat: 5s}",
         "MF0201 1:18 `deadband` has no option `hartbeat` help: did you mean `heartbeat`?"},
        {"{deadband: 20 W, nothing: 5s}",
         "MF0201 1:18 `deadband` has no option `nothing` help: its options are `width`, "
         "`heartbeat`, `tries`, `text`, `texts`, `range`, `list`, `map`, `will`, `stamp`"},
        {"{deadband: }", "MF0202 1:2 `deadband` needs a value: a number, with a unit or without "
                         "help: write it after the colon, `deadband: …`; it is the width"},
        {"{deadband: , width: 20 W}", NULL},
        {"{deadband: 20 W, width: 30 W}",
         "MF0212 1:18 `width` is given twice: it also is what stands after `deadband:` help: leave "
         "one of the two out"},
        {"{deadband: 20 kWh}",
         "MF0203 1:12 `deadband` is in kWh, but W is wanted (energy, expected power) help: give it "
         "in W, or in another unit of power"},
        {"{deadband: -1}", "MF0206 1:12 `deadband` must be at least 0 W, got `-1`"},
        {"{deadband: 1, tries: x, heartbeat: 5}",
         "MF0205 1:22 `tries` wants a whole number, got `x`\n"
         "MF0208 1:36 `heartbeat: 5` has no unit; did you mean `5s`?"},
        {"{deadband: 1, old: yes}", "MF0214 1:15 `old` will go away help: use `tries`"},
    };

    check_rows(rows, COUNT(rows), options);
}

/* A required option that is wrong is not missing as well. */
static void required(void **state)
{
    static const struct row rows[] = {
        {"{kind: , needed: a, tries: 1}", NULL},
        {"{kind: , tries: 1}", "MF0202 1:2 `kind` needs `needed` help: add `needed: …`, a text"},
        {"{kind: , tries: 1.5}", "MF0202 1:2 `kind` needs `needed` help: add `needed: …`, a text\n"
                                 "MF0205 1:17 `tries` wants a whole number, got `1.5`"},
        {"{kind: 5, needed: a, tries: 1}",
         "MF0213 1:8 `kind` takes nothing after its colon help: leave the value out; `moat-flow "
         "nodes kind` shows its options"},
    };

    check_rows(rows, COUNT(rows), strict);
}

/* A kind without options has none to offer. */
static void no_options(void **state)
{
    static const struct row rows[] = {
        {"{latch: }", NULL},
        {"{latch: , set: a}", "MF0201 1:11 `latch` has no option `set`"},
    };
    struct option_case c;

    check_rows(rows, COUNT(rows), nothing);
    options_open(&c, "{latch: }");
    assert_true(options_read(&c, NULL, NULL));
    options_close(&c);
}

/* What the flow language adds to every node is offered, too, but not inside of a table. */
static void further_keys_are_offered(void **state)
{
    struct config config = {0};
    struct option_case c;

    options_open(&c, "{deadband: 1, form: a, will: {topic: a, form: b}}");
    c.load.also = mf_flow_common;
    options_read(&c, options, &config);
    assert_string_equal(options_said(&c),
                        "MF0201 1:15 `deadband` has no option `form` help: did you mean `from`?\n"
                        "MF0201 1:41 `will` has no option `form` help: its options are `topic`, "
                        "`qos`, `retain`");
    options_close(&c);
}

/* Keys that belong to somebody else are passed over. */
static bool is_from(const char *key)
{
    return strcmp(key, "from") == 0;
}

static void foreign_keys_are_skipped(void **state)
{
    struct config config = {0};
    struct option_case c;

    options_open(&c, "{width: 5, from: [a]}");
    assert_true(mf_load_options(&c.load, options, "deadband", c.map->at, NULL, c.map->pairs,
                                c.map->count, is_from, &config));
    assert_true(config.width == 5);
    options_close(&c);
}

/* What is not given comes from the fallbacks, read by the same code, lists and maps as well. */
static void fallbacks(void **state)
{
    struct config config = {0};
    struct option_case c;

    options_open(&c, "{deadband: 1}");
    assert_true(options_read(&c, options, &config));
    assert_int_equal(config.heartbeat, 5 * MF_MINUTE);
    assert_int_equal(config.tries, 0);
    assert_string_equal(config.text, "a text: with #");
    assert_int_equal(config.texts.count, 2);
    assert_string_equal(config.texts.list[1], "two");
    assert_true(config.range.low == -5 && config.range.high == 5);
    assert_int_equal(config.list.type, MF_LIST);
    assert_int_equal(mf_value_count(&config.list), 2);
    assert_int_equal(config.map.type, MF_TEXT);
    assert_null(config.will.topic);
    assert_string_equal(config.stamp.topic, "x");
    assert_int_equal(config.stamp.qos, 2);
    assert_true(config.stamp.retain);
    assert_false(config.has_heartbeat || config.has_tries || config.has_will);
    options_close(&c);
}

/* `has` tells whether the user gave the option. */
static void given(void **state)
{
    struct config config = {0};
    struct option_case c;

    options_open(&c, "{deadband: 1, tries: 0, heartbeat: 5min, will: a}");
    assert_true(options_read(&c, options, &config));
    assert_true(config.has_heartbeat && config.has_tries && config.has_will);
    options_close(&c);
}

/* A table has its own fallbacks, requirements and main option. */
static void tables(void **state)
{
    static const struct row rows[] = {
        {"{deadband: 1, will: {topic: a}}", NULL},
        {"{deadband: 1, will: {qos: 1}}",
         "MF0202 1:21 `will` needs a value: a text help: write it after the colon, `will: …`; it "
         "is the topic"},
        {"{deadband: 1, will: {topic: a, qos: 3}}",
         "MF0206 1:37 `qos` must be from 0 to 2, got `3`"},
        {"{deadband: 1, will: {topic: a, retian: no}}",
         "MF0201 1:32 `will` has no option `retian` help: did you mean `retain`?"},
        {"{deadband: 1, will: [a]}", "MF0205 1:21 `will` wants a text, got a list"},
    };
    struct config config = {0};
    struct option_case c;

    check_rows(rows, COUNT(rows), options);
    options_open(&c, "{deadband: 1, will: a}");
    assert_true(options_read(&c, options, &config));
    assert_string_equal(config.will.topic, "a");
    assert_int_equal(config.will.qos, 1);
    assert_true(config.will.retain);
    options_close(&c);
}

/* Text that is not known here: texts keep what there is, the fallback stands for the rest, and
 * without one a required option silences its owner. No fault is said. */
static void unknown_texts(void **state)
{
    static const struct {
        const char *yaml;
        const char *unknown; /* key whose text is not known */
        bool ok;
        const char *text;
        int64_t tries;
        double width;
    } rows[] = {
        {"{kind: , needed: a, tries: 3, text: b}", "text", true, "b", 3, 7},
        {"{kind: , needed: a, tries: 3, width: x}", "width", true, NULL, 3, 7},
        {"{kind: , needed: a, tries: x}", "tries", false, NULL, 0, 7},
        {"{kind: , needed: a, tries: 3}", "needed", true, NULL, 3, 7},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct config config = {0};
        struct option_case c;

        options_open(&c, rows[i].yaml);
        mf_tree_get(c.map, rows[i].unknown, NULL)->is_unknown = true;
        assert_true(options_read(&c, strict, &config) == rows[i].ok);
        assert_true(c.loaded.is_unknown);
        assert_true(c.loaded.failed == !rows[i].ok);
        assert_int_equal(c.diags.count, 0);
        assert_int_equal(config.tries, rows[i].tries);
        assert_true(config.width == rows[i].width);
        assert_true(config.has_tries == (config.tries != 0));
        if (rows[i].text)
            assert_string_equal(config.text, rows[i].text);
        assert_string_equal(config.needed, "a");
        options_close(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faults),
        cmocka_unit_test(required),
        cmocka_unit_test(no_options),
        cmocka_unit_test(further_keys_are_offered),
        cmocka_unit_test(foreign_keys_are_skipped),
        cmocka_unit_test(fallbacks),
        cmocka_unit_test(given),
        cmocka_unit_test(tables),
        cmocka_unit_test(unknown_texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
