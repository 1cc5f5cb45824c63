/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* Option types: what each takes, what it makes of it, and what it says to the rest. */

#include "option_case.h"

#include <math.h>
#include <stdio.h>

#include "engine/base/clock.h"
#include "engine/value/build.h"
#include "engine/value/path.h"

struct config {
    bool truth;
    int64_t whole, digits, time, shift, pause, size, limited;
    double number, factor, power, level, temperature, step, width;
    struct mf_range range, band, plain;
    const char *text, *secret;
    struct mf_texts texts;
    int choice;
    struct mf_value literal, value, setpoint, path;
    struct mf_unit unit;
};

static const struct mf_choice colors[] = {
    {"red", 1, "The colour red."},
    {"green", 2, "Grass."},
    {"off", 3, "None."},
    {"5", 5, "Five."},
    {0},
};

#define MF_CONFIG struct config
static const struct mf_option table[] = {
    {"truth", MF_BOOL(truth)},
    {"whole", MF_INTEGER(whole)},
    {"digits", MF_INTEGER(digits), MF_LIMITS(0, 9)},
    {"number", MF_REAL(number)},
    {"factor", MF_REAL(factor), MF_LIMITS(-INFINITY, 1)},
    {"power", MF_QUANTITY(power), .unit = "W", MF_LIMITS(0, INFINITY)},
    {"level", MF_QUANTITY(level), .unit = "%", MF_LIMITS(0, 100)},
    {"temperature", MF_QUANTITY(temperature), .unit = "°C"},
    {"step", MF_QUANTITY(step), .unit = "K", .flags = MF_OPT_DELTA},
    {"width", MF_QUANTITY(width), .unit = "@in", MF_LIMITS(0, INFINITY)},
    {"range", MF_SPAN_OF(range), .unit = "%", MF_LIMITS(0, 100)},
    {"band", MF_SPAN_OF(band), .unit = "@in"},
    {"plain", MF_SPAN_OF(plain)},
    {"time", MF_DURATION(time)},
    {"pause", MF_DURATION(pause), MF_LIMITS(0.001, 3600)},
    {"shift", MF_DURATION(shift), MF_LIMITS(-3600, 3600)},
    {"size", MF_SIZE(size)},
    {"limited", MF_SIZE(limited), MF_LIMITS(1024, 1048576)},
    {"text", MF_STRING(text)},
    {"secret", MF_DURATION(time), .flags = MF_OPT_SECRET},
    {"texts", MF_STRINGS(texts)},
    {"choice", MF_CHOICE(choice, colors)},
    {"literal", MF_LITERAL(literal)},
    {"value", MF_LITERAL(value), .unit = "W"},
    {"setpoint", MF_LITERAL(setpoint), .unit = "@out"},
    {"path", MF_PATH_OF(path)},
    {"unit", .type = &mf_type_unit, .offset = MF_MEMBER(struct config, unit, struct mf_unit)},
    {0},
};

/* One row: options after the kind; what the member holds afterwards, printed; what was said. */
struct row {
    const char *yaml;
    const char *value;
    const char *said;
};

static void put_number(struct mf_buf *buf, double number)
{
    mf_quantity_print(number, NULL, buf);
}

static void put_member(struct mf_buf *buf, const struct mf_option *option, const void *member)
{
    const struct mf_type *type = option->type;
    const struct mf_range *range = member;
    const struct mf_texts *texts = member;

    if (type == &mf_type_bool)
        mf_buf_puts(buf, *(const bool *)member ? "true" : "false");
    else if (type == &mf_type_int || type == &mf_type_size)
        mf_buf_printf(buf, "%lld", (long long)*(const int64_t *)member);
    else if (type == &mf_type_number || type == &mf_type_quantity)
        put_number(buf, *(const double *)member);
    else if (type == &mf_type_duration)
        mf_duration_print(*(const int64_t *)member, buf);
    else if (type == &mf_type_text)
        mf_buf_printf(buf, "<%s>", *(const char *const *)member);
    else if (type == &mf_type_choice)
        mf_buf_printf(buf, "%d", *(const int *)member);
    else if (type == &mf_type_unit)
        mf_buf_puts(buf, ((const struct mf_unit *)member)->name);
    else if (type == &mf_type_path)
        mf_path_print(member, buf);
    else if (type == &mf_type_range) {
        put_number(buf, range->low);
        mf_buf_puts(buf, "..");
        put_number(buf, range->high);
    } else if (type == &mf_type_texts) {
        for (size_t i = 0; i < texts->count; i++)
            mf_buf_printf(buf, "<%s>", texts->list[i]);
    } else {
        const struct mf_value *value = member;

        mf_buf_printf(buf, "%s ", mf_value_type_names[value->type]);
        mf_value_print(value, buf);
    }
}

static void put_late(struct mf_buf *buf, const struct mf_loaded *loaded)
{
    for (const struct mf_late_quantity *late = loaded->quantities; late; late = late->next) {
        mf_buf_printf(buf, " late %s ", late->option->name);
        mf_quantity_print(*late->number, late->has_unit ? &late->unit : NULL, buf);
    }
}

static void check_row(const struct row *row)
{
    struct config config = {0};
    struct option_case c;
    struct mf_buf buf = {0};
    char yaml[400];

    snprintf(yaml, sizeof(yaml), "{kind: , %s}", row->yaml);
    options_open(&c, yaml);
    options_read(&c, table, &config);
    if (strcmp(options_said(&c), row->said ? row->said : "") != 0)
        fail_msg("%s\n  said:   %s\n  wanted: %s", row->yaml, options_said(&c),
                 row->said ? row->said : "nothing");
    assert_true(c.ok == !row->said);
    assert_true(c.loaded.failed == !c.ok);
    for (const struct mf_option *option = table; c.ok && option->name; option++)
        if (mf_tree_is(c.map->pairs[1].key, option->name))
            put_member(&buf, option, (const char *)&config + option->offset);
    put_late(&buf, &c.loaded);
    if (row->value && strcmp(mf_buf_text(&buf), row->value) != 0)
        fail_msg("%s\n  gave:   %s\n  wanted: %s", row->yaml, mf_buf_text(&buf), row->value);
    mf_buf_done(&buf);
    options_close(&c);
}

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check_row(&rows[i]);
}

/* Truth has six words in three spellings, quoted or not, and no others. */
static void truth(void **state)
{
    static const struct row rows[] = {
        {"truth: true", "true"},
        {"truth: off", "false"},
        {"truth: yes", "true"},
        {"truth: \"no\"", "false"},
        {"truth: True", "true"},
        {"truth: ON", "true"},
        {"truth: 1", NULL, "MF0205 1:17 `truth` wants `true` or `false`, got `1`"},
        {"truth: oN", NULL, "MF0205 1:17 `truth` wants `true` or `false`, got `oN`"},
        {"truth: ", NULL, "MF0205 1:17 `truth` wants `true` or `false`, got nothing"},
        {"truth: \"\"", NULL, "MF0205 1:17 `truth` wants `true` or `false`, got an empty text"},
        {"truth: [true]", NULL, "MF0205 1:17 `truth` wants `true` or `false`, got a list"},
    };

    check_rows(rows, COUNT(rows));
}

/* Whole numbers are exact, and may be written as YAML has numbers. */
static void whole_numbers(void **state)
{
    static const struct row rows[] = {
        {"whole: 5", "5"},
        {"whole: -0x1f", "-31"},
        {"whole: 0b101", "5"},
        {"whole: \"7\"", "7"},
        {"whole: 1e3", "1000"},
        {"whole: 5.0", "5"},
        {"whole: 9223372036854775807", "9223372036854775807"},
        {"whole: -9223372036854775808", "-9223372036854775808"},
        {"whole: 9223372036854775808", NULL,
         "MF0205 1:17 `whole` wants a whole number, got `9223372036854775808`"},
        {"whole: 1.5", NULL, "MF0205 1:17 `whole` wants a whole number, got `1.5`"},
        {"whole: 1_000", NULL, "MF0205 1:17 `whole` wants a whole number, got `1_000`"},
        {"whole: five", NULL, "MF0205 1:17 `whole` wants a whole number, got `five`"},
        {"whole: {a: 1}", NULL, "MF0205 1:17 `whole` wants a whole number, got a map"},
        {"digits: 9", "9"},
        {"digits: 10", NULL, "MF0206 1:18 `digits` must be from 0 to 9, got `10`"},
        {"digits: -1", NULL, "MF0206 1:18 `digits` must be from 0 to 9, got `-1`"},
    };

    check_rows(rows, COUNT(rows));
}

/* A plain number has no unit, and says so. */
static void numbers(void **state)
{
    static const struct row rows[] = {
        {"number: 0.1", "0.1"},
        {"number: -1e3", "-1000"},
        {"number: 0x10", "16"},
        {"number: .5", "0.5"},
        {"number: 5 kW", NULL,
         "MF0209 1:18 `number` is a plain number, without a unit; got `5 kW` help: leave `kW` out"},
        {"number: nan", NULL, "MF0205 1:18 `number` wants a number, got `nan`"},
        {"number: .inf", NULL, "MF0205 1:18 `number` wants a number, got `.inf`"},
        {"number: 1e999", NULL, "MF0205 1:18 `number` wants a number, got `1e999`"},
        {"number: 1,5", NULL,
         "MF0201 1:20 `kind` has no option `5` help: its options are `truth`, `whole`, `digits`, "
         "`number`, `factor`, `power`, `level`, `temperature`, `step`, `width`, `range`, `band`, "
         "…"},
        {"factor: 1", "1"},
        {"factor: 1.01", NULL, "MF0206 1:18 `factor` must be at most 1, got `1.01`"},
    };

    check_rows(rows, COUNT(rows));
}

/* A quantity comes out in the option's unit; a bare number is in it already. */
static void quantities(void **state)
{
    static const struct row rows[] = {
        {"power: 20 W", "20"},
        {"power: 1.5 kW", "1500"},
        {"power: 1.5kW", "1500"},
        {"power: 20", "20"},
        {"power: \"20 W\"", "20"},
        {"power: 3.6 kWh/h", "3600"},
        {"power: 2 kWh", NULL,
         "MF0203 1:17 `power` is in kWh, but W is wanted (energy, expected power) help: give it in "
         "W, or in another unit of power"},
        {"power: 2 kw", NULL,
         "MF0205 1:17 `power` wants a number, with a unit or without: `kw` is not a unit; did you "
         "mean `kW`?"},
        {"power: much", NULL,
         "MF0205 1:17 `power` wants a number, with a unit or without: `much` is not a number"},
        {"power: -1 kW", NULL, "MF0206 1:17 `power` must be at least 0 W, got `-1 kW`"},
        {"level: 50 %", "50"},
        {"level: 500 ‰", "50"},
        {"level: 120 %", NULL, "MF0206 1:17 `level` must be from 0 % to 100 %, got `120 %`"},
        {"temperature: 68 °F", "20"},
        {"temperature: 293.15 K", "20"},
        {"step: 10 °C", "10"},
        {"step: 18 °F", "10"},
    };

    check_rows(rows, COUNT(rows));
}

/* Where the unit is that of a port, the quantity waits as it was written. */
static void late_quantities(void **state)
{
    static const struct row rows[] = {
        {"width: 20 W", "20 late width 20 W"},
        {"width: 5 %", "5 late width 5 %"},
        {"width: 20", "20 late width 20"},
        {"width: -1 W", NULL, "MF0206 1:17 `width` must be at least 0, got `-1 W`"},
        {"band: 1..2 kW", "1..2 late band 2 kW late band 1 kW"},
        {"band: 500 W..2 kW", "500..2 late band 2 kW late band 500 W"},
        {"band: ..5", "-inf..5 late band 5"},
        {"band: 5.. °C", "5..inf late band 5 °C"},
        {"band: 5 W.. °C", NULL,
         "MF0206 1:16 `band`: the ends of the range `5 W.. °C` are in units of different kinds"},
        {"band: 2 kW..500 W", NULL,
         "MF0206 1:16 `band`: the range `2 kW..500 W` ends before it begins"},
        {"band: 2 kWh..500 W", NULL,
         "MF0206 1:16 `band`: the ends of the range `2 kWh..500 W` are in units of different "
         "kinds"},
        {"setpoint: 2 kW", "number 2 late setpoint 2 kW"},
        {"setpoint: 2", "int 2"},
        {"setpoint: on", "text on"},
    };

    check_rows(rows, COUNT(rows));
}

/* Ranges have one end at least; the unit behind the second counts for both. */
static void ranges(void **state)
{
    static const struct row rows[] = {
        {"range: 10..90 %", "10..90"},
        {"range: 10 %..90 %", "10..90"},
        {"range: 100 ‰..90 %", "10..90"},
        {"range: 100 .. 900 ‰", "10..90"},
        {"range: 10..", "10..inf"},
        {"range: 100.. ‰", "10..inf"},
        {"range: .. ‰", NULL,
         "MF0205 1:17 `range` wants a range with at least one end, got `.. ‰`"},
        {"range: \"%..5\"", NULL,
         "MF0205 1:17 `range` wants a range such as 5..30, either end may be left out: `%` is not "
         "a "
         "number"},
        {"range: ..90", "-inf..90"},
        {"range: 5..5", "5..5"},
        {"range: \"..\"", NULL,
         "MF0205 1:17 `range` wants a range with at least one end, got `..`"},
        {"range: 5", NULL,
         "MF0205 1:17 `range` wants a range such as 5..30, either end may be left out, got `5`"},
        {"range: 90..10", NULL, "MF0206 1:17 `range`: the range `90..10` ends before it begins"},
        {"range: 10..120", NULL, "MF0206 1:17 `range` must be from 0 % to 100 %, got `10..120`"},
        {"range: 10..90 W", NULL,
         "MF0203 1:17 `range` is in W, but % is wanted (power, expected a ratio) help: give it in "
         "%, or in another unit of a ratio"},
        {"range: a..b", NULL,
         "MF0205 1:17 `range` wants a range such as 5..30, either end may be left out: `a` is not "
         "a number"},
        {"plain: -5..5", "-5..5"},
        {"plain: 1...5", NULL, "MF0206 1:17 `plain`: the range `1...5` ends before it begins"},
        {"plain: 1..5 W", NULL,
         "MF0209 1:17 `plain` is a range of plain numbers, without a unit; got `1..5 W` help: "
         "leave "
         "the unit out"},
    };

    check_rows(rows, COUNT(rows));
}

/* A time needs a unit, and says which key wants it. */
static void durations(void **state)
{
    static const struct row rows[] = {
        {"time: 5s", "5s"},
        {"time: 1h30m", "1h30m"},
        {"time: 0", "0s"},
        {"time: \"250ms\"", "250ms"},
        {"time: 5", NULL, "MF0208 1:16 `time: 5` has no unit; did you mean `5s`?"},
        {"time: 0.5", NULL, "MF0208 1:16 `time: 0.5` has no unit; did you mean `0.5s`?"},
        {"time: -5s", NULL,
         "MF0205 1:16 `time` wants a time with a unit, such as 5s or 1h30m: `-5s` is negative"},
        {"time: soon", NULL,
         "MF0205 1:16 `time` wants a time with a unit, such as 5s or 1h30m: `soon` is not a time; "
         "write it like `5s`, `250ms` or `1h30m`"},
        {"time: [5s]", NULL,
         "MF0205 1:16 `time` wants a time with a unit, such as 5s or 1h30m, got a list"},
        {"pause: 1ms", "1ms"},
        {"pause: 0s", NULL, "MF0206 1:17 `pause` must be from 1ms to 1h, got `0s`"},
        {"pause: 2h", NULL, "MF0206 1:17 `pause` must be from 1ms to 1h, got `2h`"},
        {"shift: -30min", "-30min"},
        {"shift: -2h", NULL, "MF0206 1:17 `shift` must be from -1h to 1h, got `-2h`"},
    };

    check_rows(rows, COUNT(rows));
}

/* Sizes are in bytes, and their limits read like sizes. */
static void sizes(void **state)
{
    static const struct row rows[] = {
        {"size: 64 KiB", "65536"},
        {"size: 512", "512"},
        {"size: -1", NULL,
         "MF0205 1:16 `size` wants a size in bytes, such as 64 KiB or 50 MB: `-1` is negative"},
        {"size: 5 W", NULL,
         "MF0205 1:16 `size` wants a size in bytes, such as 64 KiB or 50 MB: `5 W` is not a size; "
         "write it like `64 KiB` or `50 MB`"},
        {"limited: 2 MiB", NULL, "MF0206 1:19 `limited` must be from 1 KiB to 1 MiB, got `2 MiB`"},
    };

    check_rows(rows, COUNT(rows));
}

/* Texts are whatever stands there, but something has to. */
static void texts(void **state)
{
    static const struct row rows[] = {
        {"text: hello", "<hello>"},
        {"text: off", "<off>"},
        {"text: 08:30", "<08:30>"},
        {"text: null", "<null>"},
        {"text: \"\"", "<>"},
        {"text: ", NULL, "MF0205 1:16 `text` wants a text, got nothing"},
        {"text: \"a\\0b\"", NULL, "MF0205 1:16 `text` cannot hold the character `\\0`"},
        {"text: {a: b}", NULL, "MF0205 1:16 `text` wants a text, got a map"},
        {"texts: one", "<one>"},
        {"texts: [one, 2, \"\"]", "<one><2><>"},
        {"texts: []", ""},
        {"texts: [one, [two]]", NULL,
         "MF0205 1:23 `texts` wants a text or a list of texts, got a list"},
        {"texts: {a: b}", NULL, "MF0205 1:17 `texts` wants a text or a list of texts, got a map"},
    };

    check_rows(rows, COUNT(rows));
}

/* Of a few words, the nearest is offered. */
static void choices(void **state)
{
    static const struct row rows[] = {
        {"choice: red", "1"},
        {"choice: off", "3"},
        {"choice: 5", "5"},
        {"choice: gren", NULL,
         "MF0207 1:18 `choice` is one of `red`, `green`, `off` or `5`, got `gren` help: did you "
         "mean `green`?"},
        {"choice: blue", NULL,
         "MF0207 1:18 `choice` is one of `red`, `green`, `off` or `5`, got `blue`"},
        {"choice: [red]", NULL,
         "MF0207 1:18 `choice` is one of `red`, `green`, `off` or `5`, got a list"},
    };

    check_rows(rows, COUNT(rows));
}

/* A literal goes by its look; quotes make a text of it. */
static void literals(void **state)
{
    static const struct row rows[] = {
        {"literal: 5", "int 5"},
        {"literal: 5.0", "number 5"},
        {"literal: 0x1f", "int 31"},
        {"literal: 1e3", "number 1000"},
        {"literal: true", "bool true"},
        {"literal: on", "text on"},
        {"literal: 08:30", "text 08:30"},
        {"literal: 1h30m", "text 1h30m"},
        {"literal: \"5\"", "text 5"},
        {"literal: \"true\"", "text true"},
        {"literal: null", "null null"},
        {"literal: ~", "null null"},
        {"literal: ", "null null"},
        {"literal: 3 apples", "text 3 apples"},
        {"literal: [1, two, [true]]", "list [1,\"two\",[true]]"},
        {"literal: {a: 1, b: {c: null}}", "map {\"a\":1,\"b\":{\"c\":null}}"},
        {"literal: {1: one, true: yes}", NULL},
        {"literal: 99999999999999999999", "number 1e+20"},
        {"literal: \"5 kW\"", "text 5 kW"},
        {"literal: 5 kW", NULL,
         "MF0209 1:19 `literal` has no unit; got `5 kW` help: leave `kW` out, or quote it if it is "
         "a text"},
        {"literal: [1, 5 kW]", NULL,
         "MF0209 1:23 in lists and maps, numbers have no unit; got `5 kW` help: leave `kW` out, or "
         "quote it if it is a text"},
        {"value: 5 kW", "number 5000"},
        {"value: 5", "int 5"},
        {"value: none", "text none"},
        {"value: 5 kWh", NULL,
         "MF0203 1:17 `value` is in kWh, but W is wanted (energy, expected power) help: give it in "
         "W, or in another unit of power"},
    };

    check_rows(rows, COUNT(rows));
}

/* Keys of a literal map go by their look, too: a lookup finds the number 1. */
static void literal_keys(void **state)
{
    struct config config = {0};
    struct option_case c;

    options_open(&c, "{kind: , literal: {1: one, \"2\": two, true: yes}}");
    assert_true(options_read(&c, table, &config));
    assert_int_equal(mf_value_count(&config.literal), 3);
    assert_int_equal(mf_value_key(&config.literal, 0)->type, MF_INT);
    assert_int_equal(mf_value_key(&config.literal, 1)->type, MF_TEXT);
    assert_int_equal(mf_value_key(&config.literal, 2)->type, MF_BOOL);
    options_close(&c);
}

/* Units and paths say what is wrong with them. */
static void units_and_paths(void **state)
{
    static const struct row rows[] = {
        {"unit: kW", "kW"},
        {"unit: EUR/kWh", "EUR/kWh"},
        {"unit: \"%\"", "%"},
        {"unit: kw", NULL, "MF0215 1:16 `kw` is not a unit; did you mean `kW`?"},
        {"unit: [W]", NULL, "MF0205 1:16 `unit` wants a unit such as W, °C or l/min, got a list"},
        {"path: home.grid.power", "home.grid.power"},
        {"path: {a: b}", NULL,
         "MF0205 1:16 `path` wants a path such as home.grid.power, got a map"},
    };

    check_rows(rows, COUNT(rows));
}

/* A bad path is refused with what the reader of paths says. */
static void bad_path(void **state)
{
    struct config config = {0};
    struct option_case c;

    options_open(&c, "{kind: , path: \"home..power\"}");
    assert_false(options_read(&c, table, &config));
    assert_non_null(strstr(options_said(&c), "MF0216 1:16 `path` is not a path: "));
    options_close(&c);
}

/* Nothing of a secret is repeated, whatever is wrong with it. */
static void secrets_stay_secret(void **state)
{
    static const char *const yamls[] = {"{kind: , secret: hunter2}", "{kind: , secret: 4711}",
                                        "{kind: , secret: -5s}"};

    for (size_t i = 0; i < COUNT(yamls); i++) {
        struct config config = {0};
        struct option_case c;

        options_open(&c, yamls[i]);
        assert_false(options_read(&c, table, &config));
        assert_string_equal(options_said(&c), "MF0205 1:18 `secret` wants a time with a unit, such "
                                              "as 5s or 1h30m, got a secret that is none");
        options_close(&c);
    }
}

/* A substituted secret is one, too, whatever the option thinks of it. */
static void substituted_secrets_stay_secret(void **state)
{
    static const char *const keys[] = {"truth", "whole",  "number", "power",  "width",
                                       "range", "time",   "size",   "choice", "unit",
                                       "pause", "digits", "plain",  "limited"};

    for (size_t i = 0; i < COUNT(keys); i++) {
        struct config config = {0};
        struct option_case c;
        char yaml[100];

        snprintf(yaml, sizeof(yaml), "{kind: , %s: \"4711x\"}", keys[i]);
        options_open(&c, yaml);
        c.map->pairs[1].value->is_secret = true;
        assert_false(options_read(&c, table, &config));
        if (strstr(options_said(&c), "4711"))
            fail_msg("%s", options_said(&c));
        options_close(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(truth),
        cmocka_unit_test(whole_numbers),
        cmocka_unit_test(numbers),
        cmocka_unit_test(quantities),
        cmocka_unit_test(late_quantities),
        cmocka_unit_test(ranges),
        cmocka_unit_test(durations),
        cmocka_unit_test(sizes),
        cmocka_unit_test(texts),
        cmocka_unit_test(choices),
        cmocka_unit_test(literals),
        cmocka_unit_test(literal_keys),
        cmocka_unit_test(units_and_paths),
        cmocka_unit_test(bad_path),
        cmocka_unit_test(secrets_stay_secret),
        cmocka_unit_test(substituted_secrets_stay_secret),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
