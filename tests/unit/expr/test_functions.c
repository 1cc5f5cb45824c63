/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * The table of functions and the page of the manual: docs/expressions.md lists
 * every function, and every example in it gives what it says. The argument is the
 * page's path.
 */

#include <fcntl.h>
#include <unistd.h>

#include "engine/expr/functions.h"
#include "tests/unit/expr/house.h"

static struct mf_buf page;

static void read_page(const char *path)
{
    char chunk[4096];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got;

    while ((got = read(fd, chunk, sizeof(chunk))) > 0)
        mf_buf_put(&page, chunk, (size_t)got);
    close(fd);
}

/* Each function stands in the page as it does in help, and no other. */
static void in_the_manual(void **state)
{
    size_t count, rows = 0;
    const struct mf_expr_function *list = mf_expr_functions(&count);
    const char *text = mf_buf_text(&page);

    for (size_t i = 0; i < count; i++) {
        char *row = mf_asprintf("\n| `%s` | %s |\n", list[i].usage, list[i].summary);

        if (!strstr(text, row))
            fail_msg("docs/expressions.md lacks the row%s", row);
        mf_free(row);
    }
    for (const char *at = text; (at = strstr(at, "\n| function |")) != NULL; at++)
        for (const char *row = strstr(at + 1, "\n| `"); row && row[1] == '|';
             row = strchr(row + 1, '\n'))
            rows++;
    assert_int_equal(rows, count);
}

/* Examples in the manual are true. */
static void examples(void **state)
{
    struct input inputs[INPUTS];
    unsigned tables = 0, rows = 0;

    house_open(inputs);
    for (const char *at = mf_buf_text(&page); (at = strstr(at, "\n| expression |")) != NULL; at++) {
        const char *row = strstr(at + 1, "\n| `");

        tables++;
        for (; row && row[1] == '|'; row = strchr(row + 1, '\n')) {
            const char *text = row + 4, *end = strstr(text, "` | `"), *line = strchr(text, '\n');
            char *expr, *expected;

            assert_true(end && line && end < line && line[-3] == '`');
            expr = mf_strndup(text, (size_t)(end - text));
            expected = mf_strndup(end + 5, (size_t)(line - 3 - (end + 5)));
            case_expect(expr, inputs, NULL, expected);
            mf_free(expr);
            mf_free(expected);
            rows++;
        }
    }
    assert_true(tables >= 4 && rows > 30);
    house_close(inputs);
}

/* Every row of the table makes sense: usage, summary, numbers of arguments. */
static void table(void **state)
{
    size_t count;
    const struct mf_expr_function *list = mf_expr_functions(&count);

    assert_int_equal(count, mf_function_count);
    for (size_t i = 0; i < count; i++) {
        const struct mf_function *f = &mf_function_list[i];
        size_t len = strlen(list[i].summary);

        assert_string_equal(list[i].name, f->name);
        assert_ptr_equal(mf_function_find(f->name), f);
        assert_int_equal(strncmp(list[i].usage, f->name, strlen(f->name)), 0);
        assert_true(list[i].summary[len - 1] == '.' || list[i].summary[len - 1] == '?');
        assert_true(f->min <= f->max && f->max <= MF_EXPR_ARGS);
        assert_true(f->run || f->op != MF_OP_CALL);
        assert_int_equal(f->rule == MF_RULE_CONSTANT, !strchr(list[i].usage, '('));
        assert_true(f->gives || f->takes);
    }
}

/* What functions give at their edges. */
static void edges(void **state)
{
    static const struct expectation list[] = {
        {"math.floor(-2.5)", "-3"},
        {"math.ceil(-2.5)", "-2"},
        {"math.floor(1e300)", "1e+300"},
        {"math.abs(math.mininteger)", "-9223372036854775808"},
        {"math.fmod(-7, 3)", "-1"},
        {"math.fmod(math.mininteger, -1)", "0"},
        {"math.fmod(5.5, -2)", "1.5"},
        {"math.log(8, 2)", "3.0"},
        {"math.log(1000, 10)", "3.0"},
        {"math.log(0)", "-inf"},
        {"math.atan(1, -1) * 4 / math.pi", "3.0"},
        {"math.tointeger(3.5)", "nil"},
        {"math.tointeger('3')", "nil"},
        {"math.max(1, 2.5, 2)", "2.5"},
        {"math.min(3)", "3"},
        {"clamp(5, 1, 3)", "3"},
        {"clamp(-5, 1, 3.5)", "1"},
        {"round(2.5)", "3"},
        {"round(-2.5)", "-3"},
        {"round(0.49999999999999994)", "0"},
        {"round(1e300)", "1e+300"},
        {"round(0.3, 0.1)", "0.3"},
        {"round(7, 5)", "5"},
        {"round(8, 5)", "10"},
        {"round(21.23, 0.25)", "21.25"},
        {"round(9007199254740993)", "9007199254740993"},
        {"round(x, 0)", "bad: wrong argument"},
        {"round(1234567.0, 0.0)",
         "412 <round(1234567.0, 0.0)> `round(1234567.0, 0.0)` never has a result: wrong argument"},
        {"sign(-0.0)", "0"},
        {"sign(-0.1)", "-1"},
        {"mean(1, 2, 6)", "3.0"},
        {"scale(5, 0, 0, 1, 2)",
         "412 <scale(5, 0, 0, 1, 2)> `scale(5, 0, 0, 1, 2)` never has a result: division by zero"},
        {"scale(20, 0, 10, 0, 1)", "2.0"},
        {"coalesce(any, any, n)", "7"},
        {"coalesce(any, nil)", "nil"},
        {"coalesce(b, 1)", "true"},
        {"type(list) .. type(map) .. type(b)", "\"tabletableboolean\""},
        {"tostring(nil)", "\"nil\""},
        {"tostring(list)", "\"[2,\"a\",true]\""},
        {"tostring(0.1)", "\"0.1\""},
        {"tonumber(b)", "nil"},
        {"tonumber(n)", "7"},
        {"tonumber('10', 2)", "2"},
        {"tonumber('10', n * 10)", "bad: wrong argument"},
        {"string.sub(t, n)", "\"\""},
        {"string.sub(t, math.mininteger, math.maxinteger)", "\"on\""},
        {"string.format('%q', 'a\"b')", "\"\"a\\\"b\"\""},
        {"string.format('%s', list)", "\"[2,\"a\",true]\""},
        {"string.format('%5s|%-5s|%.1s', t, t, t)", "\"   on|on   |o\""},
        {"contains(list, 2.0)", "true"},
        {"contains(list, 3)", "false"},
        {"contains(map, 'temp')", "true"},
        {"contains(t, '')", "true"},
        {"contains(t, n)", "bad: wrong argument"},
        {"starts_with('moat', 'mo') and ends_with('moat', 'at')", "true"},
        {"starts_with('m', 'mo') or ends_with('t', 'at')", "false"},
    };

    HOUSE_EXPECT(list);
}

/* Texts have a limit, whoever builds them. */
static void long_texts(void **state)
{
    struct mf_buf text = {0};
    struct input inputs[] = {{"t", MF_T(MF_TEXT)}, {0}};

    while (text.len < MF_EXPR_TEXT - 2)
        mf_buf_putc(&text, 'a');
    inputs[0].value = mf_value_new_text_n(text.data, text.len);
    case_expect("#(t .. 'bc')", inputs, NULL, "65536");
    case_expect("t .. 'bcd'", inputs, NULL, "bad: text too long");
    case_expect("string.format('%s%s', t, t)", inputs, NULL, "bad: text too long");
    case_expect("#string.upper(t)", inputs, NULL, "65534");
    mf_value_drop(inputs[0].value);
    mf_buf_done(&text);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_the_manual), cmocka_unit_test(examples),   cmocka_unit_test(table),
        cmocka_unit_test(edges),         cmocka_unit_test(long_texts),
    };
    int failed;

    if (argc != 2)
        return 2;
    read_page(argv[1]);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    mf_buf_done(&page);
    return failed;
}
