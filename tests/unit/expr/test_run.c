/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What expressions give, and why they give nothing. */

#include "tests/unit/expr/house.h"

/* Integers and floats are told apart, integers wrap around. */
static void integers(void **state)
{
    static const struct expectation list[] = {
        {"1 + 2", "3"},
        {"1 + 2.0", "3.0"},
        {"7 // 2", "3"},
        {"-7 // 2", "-4"},
        {"7 // -2.0", "-4.0"},
        {"7 / 2", "3.5"},
        {"6 / 2", "3.0"},
        {"-7 % 3", "2"},
        {"n % -3", "-2"},
        {"-n % -3.0", "-1.0"},
        {"2 ^ 3", "8.0"},
        {"math.maxinteger + 1", "-9223372036854775808"},
        {"math.mininteger // -1", "-9223372036854775808"},
        {"math.mininteger % -(1)", "0"},
        {"9007199254740993 == 9007199254740992.0", "false"},
        {"1 == 1.0", "true"},
        {"9007199254740993 < 9007199254740992.0", "false"},
        {"9223372036854775808", "9.223372036854776e+18"},
        {"0x10", "16"},
        {"0xffffffffffffffff", "-1"},
        {"0xA.8p1", "21.0"},
        {"3.", "3.0"},
        {".5e1", "5.0"},
        {"1 << 63", "-9223372036854775808"},
        {"1 << 64", "0"},
        {"1 >> -1", "2"},
        {"-1 >> 1", "9223372036854775807"},
        {"~0", "-1"},
        {"5.0 & 3", "1"},
        {"5 ~ 3 | 8", "14"},
        {"1.0 // 0", "inf"},
        {"-1 % math.huge", "inf"},
    };

    HOUSE_EXPECT(list);
}

/* Operators bind as in Lua. */
static void precedence(void **state)
{
    static const struct expectation list[] = {
        {"2 + 3 * 4 ^ 2 / 8", "8.0"},
        {"-2 ^ 2", "-4.0"},
        {"2 ^ -1", "0.5"},
        {"2 ^ 3 ^ 2", "512.0"},
        {"not true == false", "true"},
        {"1 .. 2 .. 3", "\"123\""},
        {"1 + 2 .. 3 + 4", "\"37\""},
        {"1 | 2 ~ 3 & 4 << 1", "3"},
        {"1 < 2 == true", "true"},
        {"true or false and false", "true"},
        {"(true or false) and false", "false"},
        {"1 or 2", "1"},
        {"nil and 1", "nil"},
        {"false or nil", "nil"},
        {"nil == false", "false"},
        {"#'abc' + 1", "4"},
        {"- - 3", "3"},
        {"not not nil", "false"},
        {"5 - 3 - 1", "1"},
        {"1 - -1", "2"},
    };

    HOUSE_EXPECT(list);
}

/* `and` and `or` give one of their operands, and run no more than they must. */
static void logic(void **state)
{
    static const struct expectation list[] = {
        {"b and 1 or 2", "1"},
        {"not b and 1 or 2", "2"},
        {"any or 5", "5"},
        {"any and any.foo", "nil"},
        {"any == nil", "true"},
        {"b and 1 // (n - 7) or 2", "bad: division by zero"},
        {"not b and 1 // (n - 7) or 2", "2"},
        {"b or 1 // (n - 7)", "true"},
        {"true or any + 1", "true"},
        {"false and any + 1", "false"},
        {"nil or n", "7"},
        {"b and 'yes' or 'no'", "\"yes\""},
        {"list and list[1]", "2"},
    };

    HOUSE_EXPECT(list);
}

/* Texts are joined, measured and compared byte by byte. */
static void texts(void **state)
{
    static const struct expectation list[] = {
        {"t .. ' is ' .. n", "\"on is 7\""},
        {"t .. x .. ' ' .. 20.0 .. ' ' .. 1e300", "\"on2.5 20 1e+300\""},
        {"t == 'on'", "true"},
        {"t ~= 'off'", "true"},
        {"t < 'p'", "true"},
        {"#t", "2"},
        {"\"a\\tb\\\"\\\\\\65\\x42\\u{20AC}\\z   c\"", "\"a\tb\"\\AB€c\""},
        {"t .. t .. t .. t .. t .. t .. t .. t .. t .. t", "\"onononononononononon\""},
        {"string.upper(t .. 'abcdefghijklmnop') .. string.lower('ABCDEFGHIJKLMNOPQ')",
         "\"ONABCDEFGHIJKLMNOPabcdefghijklmnopq\""},
        {"(b and t .. 'aaaaaaaaaaaaaaaaaaaa' or 'bbbbbbbbbbbbbbbbbbbbbbb') .. n",
         "\"onaaaaaaaaaaaaaaaaaaaa7\""},
    };

    HOUSE_EXPECT(list);
}

/* Fields and items are found; what is not there is nil. */
static void fields(void **state)
{
    static const struct expectation list[] = {
        {"map.temp", "20.5"},
        {"map['temp']", "20.5"},
        {"map.inner.a", "1"},
        {"map['inner']['a'] + 1", "2"},
        {"map.inner['a']", "1"},
        {"map.nothing", "nil"},
        {"map.nothing == nil", "true"},
        {"map.nothing.more", "bad: field missing"},
        {"map.text .. '!'", "\"a longer text than a handle holds!\""},
        {"(map.inner).a", "1"},
        {"map[n]", "nil"},
        {"list[1]", "2"},
        {"list[3]", "true"},
        {"list[0]", "nil"},
        {"list[4]", "nil"},
        {"list[1.0]", "2"},
        {"list['x']", "nil"},
        {"list[list[1]]", "\"a\""},
        {"#list", "3"},
        {"#map", "4"},
        {"map.list[2]", "\"a\""},
        {"map == map", "true"},
        {"list == map.list", "true"},
    };

    HOUSE_EXPECT(list);
}

/* Names of inputs, with dots and in the turn before. */
static void names(void **state)
{
    static const struct expectation list[] = {
        {"previous(n) + n", "14"},          {"garage.power", "40.0"},
        {"garage . power", "40.0"},         {"garage.power * 2", "80.0"},
        {"previous(garage.power)", "40.0"}, {"math.pi > 3", "true"},
    };

    HOUSE_EXPECT(list);
}

/* There is no result, and the reason says why. */
static void reasons(void **state)
{
    static const struct expectation list[] = {
        {"any + 1", "bad: no value"},
        {"any < 1", "bad: no value"},
        {"any .. 'x'", "bad: no value"},
        {"-any", "bad: no value"},
        {"map.text + 1", "bad: wrong type"},
        {"b and map.text < 1", "bad: wrong type"},
        {"map.inner .. 'x'", "bad: wrong type"},
        {"n // (n - 7)", "bad: division by zero"},
        {"n % (n - 7)", "bad: division by zero"},
        {"x // (x - x)", "inf"},
        {"0 * x / (x - x)", "bad: not a number"},
        {"math.sqrt(-x)", "bad: not a number"},
        {"x & 1", "bad: not an integer"},
        {"x | 0", "bad: not an integer"},
        {"any.foo", "bad: field missing"},
        {"map.text.foo", "bad: wrong type"},
        {"any[1]", "bad: field missing"},
        {"list[1] < 'a'", "bad: wrong type"},
        {"math.max(1, any)", "bad: no value"},
        {"math.max(any)", "bad: no value"},
        {"clamp(n, x, 1)", "bad: wrong argument"},
        {"round(x, n - 7)", "bad: wrong argument"},
        {"string.sub(t, x)", "bad: not an integer"},
        {"string.format('%d', x)", "bad: not an integer"},
        {"string.format(t .. '%q', n)", "bad: wrong argument"},
    };

    HOUSE_EXPECT(list);
}

/* What is known before running is said, so that a node can emit it once. */
static void constants(void **state)
{
    static const struct {
        const char *text;
        bool is_constant;
    } list[] = {
        {"5 kW", true},       {"'on'", true},           {"2 * (3 + 4)", true},
        {"true and 5", true}, {"b and 5", false},       {"n", false},
        {"nil or 3", true},   {"math.max(1, 2)", true}, {"coalesce(1, n)", false},
    };
    struct input inputs[INPUTS];

    house_open(inputs);
    for (size_t i = 0; i < sizeof(list) / sizeof(*list); i++) {
        struct expr_case c;

        case_open(&c, list[i].text, inputs, NULL);
        assert_non_null(c.expr);
        if ((mf_expr_constant(c.expr) != NULL) != list[i].is_constant)
            fail_msg("%s", list[i].text);
        case_close(&c);
    }
    house_close(inputs);
}

/* Types of a result are as narrow as they can be told. */
static void types(void **state)
{
    static const struct {
        const char *text;
        uint32_t types;
    } list[] = {
        {"n + 1", MF_T(MF_INT)},
        {"n + 1.0", MF_T(MF_NUMBER)},
        {"n / 2", MF_T(MF_NUMBER)},
        {"n & 1", MF_T(MF_INT)},
        {"x > 1", MF_T(MF_BOOL)},
        {"b and 1 or 2", MF_T(MF_INT)},
        {"x > 1 and 'high' or 'low'", MF_T(MF_TEXT)},
        {"b and x", MF_T(MF_BOOL) | MF_T(MF_NUMBER)},
        {"x or n", MF_T(MF_INT) | MF_T(MF_NUMBER)},
        {"not x", MF_T(MF_BOOL)},
        {"b and x or t", MF_T(MF_TEXT) | MF_T(MF_NUMBER)},
        {"b and x > 1 or t", MF_T(MF_TEXT) | MF_T(MF_BOOL)},
        {"b and x or nil", MF_T(MF_NULL) | MF_T(MF_NUMBER)},
        {"t .. n", MF_T(MF_TEXT)},
        {"math.max(x, 0.0)", MF_T(MF_NUMBER)},
        {"math.max(x, 0)", MF_T_NUMERIC},
        {"coalesce(any, 0)", MF_T_ANY & ~MF_T(MF_NULL)},
        {"map.temp", MF_T_ANY},
        {"5 W + quantity(n, 'kW')", MF_T(MF_NUMBER)},
    };
    struct input inputs[INPUTS];

    house_open(inputs);
    for (size_t i = 0; i < sizeof(list) / sizeof(*list); i++) {
        struct expr_case c;
        char is[96], wanted[96];

        case_open(&c, list[i].text, inputs, NULL);
        assert_non_null(c.expr);
        if (c.result.types != list[i].types)
            fail_msg("%s is %s, wanted %s", list[i].text, mf_types_print(c.result.types, is),
                     mf_types_print(list[i].types, wanted));
        case_close(&c);
    }
    house_close(inputs);
}

/* A result is of the promised types, also while an input has no value. */
static void promises(void **state)
{
    static const struct input inputs[] = {
        {"a", MF_T(MF_NUMBER)},
        {"b", MF_T(MF_BOOL)},
        {"i", MF_T(MF_NUMBER), NULL, {.type = MF_INT, .integer = 3}},
        {0}};

    case_expect("a", inputs, NULL, "bad: no value");
    case_expect("previous(a)", inputs, NULL, "bad: no value");
    case_expect("a or 5", inputs, NULL, "5");
    case_expect("b and 5", inputs, NULL, "bad: no value");
    case_expect("not b", inputs, NULL, "true");
    case_expect("a == nil", inputs, NULL, "true");
    case_expect("b or nil", inputs, NULL, "nil");
    case_expect("i", inputs, NULL, "3.0");
    case_expect("i * 2", inputs, NULL, "6.0");
}

/* An expression can be checked again, with other inputs, and runs as often as one likes. */
static void checked_again(void **state)
{
    const struct input inputs[] = {{"a", MF_T(MF_NUMBER), "W", mf_value_number(1)},
                                   {"b", MF_T(MF_TEXT), NULL, mf_value_new_text("x")},
                                   {0}};
    struct mf_expr_slot slots[2] = {{MF_T(MF_NUMBER), NULL}, {MF_T(MF_TEXT), NULL}};
    struct expr_case c;
    struct mf_buf out = {0};

    case_open(&c, "'a quite long text ' .. b .. a * 2 .. (a * 1 kW)", inputs, NULL);
    assert_non_null(c.expr);
    slots[0].unit = case_unit(&c, "kW");
    for (unsigned i = 0; i < 3; i++) {
        assert_true(mf_expr_check(c.expr, slots, 2, NULL, &c.diags, &c.result));
        case_run(&c, &out);
        case_run(&c, &out);
    }
    assert_int_equal(mf_buf_text(&out)[out.len - 1], '"');
    assert_int_equal(out.len, 6 * strlen("\"a quite long text x21\""));
    mf_buf_done(&out);
    case_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers), cmocka_unit_test(precedence),    cmocka_unit_test(logic),
        cmocka_unit_test(texts),    cmocka_unit_test(fields),        cmocka_unit_test(names),
        cmocka_unit_test(reasons),  cmocka_unit_test(constants),     cmocka_unit_test(types),
        cmocka_unit_test(promises), cmocka_unit_test(checked_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
