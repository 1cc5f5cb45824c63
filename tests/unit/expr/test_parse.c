/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What is not an expression: said where it stands, with one suggestion. Names, printing, limits. */

#include "engine/expr/functions.h"
#include "tests/unit/expr/house.h"

/* What is missing or too much. */
static void syntax(void **state)
{
    static const struct expectation list[] = {
        {"1 +", "401 <> a value is missing at the end"},
        {"1 + * 2", "401 <*> a value is missing in front of `*`"},
        {"(1 + 2", "401 <(> this `(` is never closed"},
        {"1 + 2)", "401 <)> this `)` closes nothing"},
        {"()", "401 <)> a value is missing in front of `)`"},
        {"n n", "401 <n> an operator is missing in front of `n`"},
        {"n 5", "401 <5> an operator is missing in front of `5`"},
        {"t 'x'", "401 <''x''> an operator is missing in front of `'x'`"},
        {"f 'x'", "401 <''x''> an operator is missing in front of `'x'`"},
        {"n.", "401 <> a name is missing at the end"},
        {"n[1", "401 <> `]` is missing at the end"},
        {"n[", "401 <> a value is missing at the end"},
        {"(n).5", "401 <.5> an operator is missing in front of `.5`"},
        {"math.max(1, 2", "401 <(> this `(` is never closed"},
        {"math.max(1,)", "401 <)> a value is missing in front of `)`"},
        {"math.max(1 2)", "401 <2> `,` or `)` is missing in front of `2`"},
        {"n, x", "404 <,> several results belong in a `lua:` node with `outputs:`"},
        {"n; x", "404 <;> more than one expression belongs in a `lua:` node"},
        {"", "401 <> a value is missing at the end"},
        {"  ", "401 <> a value is missing at the end"},
        {"'abc", "401 <''abc> the text has no end; close it with `'`"},
        {"\"a\\q\"", "402 <\\q> not an escape that Lua knows"},
        {"'\\u{110000}'", "402 <\\u> not an escape that Lua knows"},
        {"'\\300'", "402 <\\3> not an escape that Lua knows"},
        {"3..4", "402 <3..4> `3..4` is not a number; put a blank in front of `..`"},
        {"1.2.3", "402 <1.2.3> `1.2.3` is not a number"},
        {"0x", "402 <0x> `0x` is not a number"},
        {"0x1g", "402 <0x1g> `0x1g` is not a number"},
        {"0x1p", "402 <0x1p> `0x1p` is not a number"},
        {"$n", "403 <$> there is no `$` in expressions; a variable is written `${name}`"},
        {"§", "401 <§> this sign means nothing in an expression"},
    };

    HOUSE_EXPECT(list);
}

/* Signs of other languages, with the one of Lua. */
static void foreign(void **state)
{
    static const struct expectation list[] = {
        {"n != 3", "403 <!=> there is no `!=` in expressions; did you mean `~=`?"},
        {"n !== 3", "403 <!==> there is no `!==` in expressions; did you mean `~=`?"},
        {"n <> 3", "403 <<>> there is no `<>` in expressions; did you mean `~=`?"},
        {"n ≠ 3", "403 <≠> there is no `≠` in expressions; did you mean `~=`?"},
        {"n === 3", "403 <===> there is no `===` in expressions; did you mean `==`?"},
        {"n && b", "403 <&&> there is no `&&` in expressions; did you mean `and`?"},
        {"n || b", "403 <||> there is no `||` in expressions; did you mean `or`?"},
        {"!b", "403 <!> there is no `!` in expressions; did you mean `not`?"},
        {"n = 3", "403 <=> there is no `=` in expressions; did you mean `==`?"},
        {"b ? 1 : 2",
         "403 <?> there is no `?` in expressions; did you mean `x and y or z` for `x ? y : z`?"},
        {"n++",
         "403 <++> there is no `++` in expressions; nothing is changed here; did you mean `+ 1`?"},
        {"n += 1",
         "403 <+=> there is no `+=` in expressions; nothing is changed here; did you mean `+`?"},
        {"n ** 2", "403 <**> there is no `**` in expressions; did you mean `^`?"},
        {"3 ≤ 4", "403 <≤> there is no `≤` in expressions; did you mean `<=`?"},
        {"3 × 4", "403 <×> there is no `×` in expressions; did you mean `*`?"},
        {"n -- 1", "403 <--> there is no `--` in expressions; in Lua it begins a comment; put a "
                   "blank between two signs"},
        {"`n`", "403 <`> there is no ``` in expressions; did you mean `'`?"},
        {"“n”", "403 <“> there is no `“` in expressions; did you mean `\"`?"},
        {"True", "403 <True> there is no `True` in expressions; did you mean `true`?"},
        {"n AND b", "403 <AND> there is no `AND` in expressions; did you mean `and`?"},
        {"null", "403 <null> there is no `null` in expressions; did you mean `nil`?"},
        {"...", "403 <...> there is no `...` in expressions; a function's arguments belong in a "
                "`lua:` node"},
    };

    HOUSE_EXPECT(list);
}

/* What is more than an expression. */
static void lua(void **state)
{
    static const struct expectation list[] = {
        {"function() return 1 end",
         "404 <function> `function` begins a statement, which belongs in a `lua:` node"},
        {"if b then 1 else 2 end", "404 <if> `if` begins a statement, which belongs in a `lua:` "
                                   "node; for a choice write `condition and x or y`"},
        {"local a = 1", "404 <local> `local` begins a statement, which belongs in a `lua:` node"},
        {"return n", "404 <return> `return` begins a statement, which belongs in a `lua:` node"},
        {"for i = 1, 2 do end",
         "404 <for> `for` begins a statement, which belongs in a `lua:` node"},
        {"{1, 2}", "404 <{> tables belong in a `lua:` node"},
        {"t:upper()", "404 <:> methods belong in a `lua:` node"},
        {"n; n", "404 <;> more than one expression belongs in a `lua:` node"},
        {"goto x", "404 <goto> `goto` begins a statement, which belongs in a `lua:` node"},
        {"n::x", "403 <::> there is no `::` in expressions; this belongs in a `lua:` node"},
    };

    HOUSE_EXPECT(list);
}

/* Functions have names and so many arguments. */
static void functions(void **state)
{
    static const struct expectation list[] = {
        {"f(n)", "409 <f> there is no function `f` in expressions; functions of your own belong in "
                 "a `lua:` node"},
        {"max(1, 2)",
         "409 <max> there is no function `max` in expressions; did you mean `math.max`?"},
        {"math.foo(2)", "409 <math.foo> there is no function `math.foo` in expressions; did you "
                        "mean `math.floor`?"},
        {"math.flor(2)", "409 <math.flor> there is no function `math.flor` in expressions; did you "
                         "mean `math.floor`?"},
        {"string.uper(t)", "409 <string.uper> there is no function `string.uper` in expressions; "
                           "did you mean `string.upper`?"},
        {"os.time()", "409 <os.time> there is no function `os.time` in expressions; functions of "
                      "your own belong in a `lua:` node"},
        {"math.max", "409 <math.max> `math.max` is a function: write `math.max(…)`"},
        {"math.foo", "409 <math.foo> there is no function `math.foo` in expressions; did you mean "
                     "`math.floor`?"},
        {"clamp(1, 2)", "410 <clamp(1, 2)> `clamp` takes 3 arguments: `clamp(x, low, high)`"},
        {"round(1, 2, 3)",
         "410 <round(1, 2, 3)> `round` takes at most 2 arguments: `round(x[, step])`"},
        {"math.abs()", "410 <math.abs()> `math.abs` takes 1 argument: `math.abs(x)`"},
        {"string.format()", "410 <string.format()> `string.format` takes at least 1 argument: "
                            "`string.format(form, ...)`"},
        {"sign(1, 2)", "410 <sign(1, 2)> `sign` takes 1 argument: `sign(x)`"},
        {"previous(3)", "408 <3> `previous` takes the name of a node: `previous(plan)`"},
        {"previous(n + 1)", "408 <n +> `previous` takes the name of a node and nothing else"},
        {"previous(n, 1)", "408 <n,> `previous` takes the name of a node and nothing else"},
        {"previous()", "408 <)> `previous` takes the name of a node: `previous(plan)`"},
        {"number(power, 5)",
         "411 <5> `number` wants text, but `5` is int; for a text write `tostring(5)`"},
    };

    HOUSE_EXPECT(list);
}

/* Types that do not fit. */
static void types(void **state)
{
    static const struct expectation list[] = {
        {"b + 1",
         "411 <b> `+` wants int or number, but `b` is bool; for a number write `(b and 1 or 0)`"},
        {"1 - b",
         "411 <b> `-` wants int or number, but `b` is bool; for a number write `(b and 1 or 0)`"},
        {"t * 2",
         "411 <t> `*` wants int or number, but `t` is text; for a number write `tonumber(t)`"},
        {"nil + 1", "411 <nil> `+` wants int or number, but `nil` is null"},
        {"-t",
         "411 <t> `-` wants int or number, but `t` is text; for a number write `tonumber(t)`"},
        {"~t",
         "411 <t> `~` wants int or number, but `t` is text; for a number write `tonumber(t)`"},
        {"#n", "411 <n> `#` wants text, bytes, list, map or path, but `n` is int"},
        {"#b", "411 <b> `#` wants text, bytes, list, map or path, but `b` is bool"},
        {"b .. t",
         "411 <b> `..` wants int, number or text, but `b` is bool; for a text write `tostring(b)`"},
        {"n .. nil", "411 <nil> `..` wants int, number or text, but `nil` is null"},
        {"b < 1", "411 <<> `<` compares two numbers or two texts, not bool and int"},
        {"1 < 2 < 3", "411 <<> `<` compares two numbers or two texts, not bool and int; write `a < "
                      "b and b < c`"},
        {"1 <= n < 10", "411 <<> `<` compares two numbers or two texts, not bool and int; write `a "
                        "<= b and b < c`"},
        {"t < 1", "411 <<> `<` compares two numbers or two texts, not text and int"},
        {"b == 1", "412 <==> this is always false: `b` is bool, `1` is int; did you mean `b`?"},
        {"t ~= 1", "412 <~=> this is always true: `t` is text, `1` is int"},
        {"list == 'x'", "412 <==> this is always false: `list` is list, `'x'` is text"},
        {"not n == 1",
         "412 <==> this is always false: `not n` is bool, `1` is int; did you mean `not n`?"},
        {"n.foo", "411 <n.foo> `n` is int and has no field `foo`"},
        {"t.foo", "411 <t.foo> `t` is text and has no field `foo`"},
        {"b[1]", "411 <b> a field or an item wants list, map or path, but `b` is bool"},
        {"math.sin(t)", "411 <t> `math.sin` wants int or number, but `t` is text; for a number "
                        "write `tonumber(t)`"},
        {"string.upper(n)",
         "411 <n> `string.upper` wants text, but `n` is int; for a text write `tostring(n)`"},
        {"tonumber(b) + t",
         "411 <t> `+` wants int or number, but `t` is text; for a number write `tonumber(t)`"},
        {"list + 1", "411 <list> `+` wants int or number, but `list` is list"},
    };

    HOUSE_EXPECT(list);
}

/* Constants without a result. */
static void constants(void **state)
{
    static const struct expectation list[] = {
        {"1 // 0", "412 <1 // 0> `1 // 0` never has a result: division by zero"},
        {"5 % 0", "412 <5 % 0> `5 % 0` never has a result: division by zero"},
        {"0/0", "412 <0/0> `0/0` never has a result: not a number"},
        {"math.sqrt(-1)", "412 <math.sqrt(-1)> `math.sqrt(-1)` never has a result: not a number"},
        {"1.5 & 1", "412 <1.5 & 1> `1.5 & 1` never has a result: not an integer"},
        {"'a' < 1", "411 <<> `<` compares two numbers or two texts, not text and int"},
        {"clamp(1, 3, 2)",
         "412 <clamp(1, 3, 2)> `clamp(1, 3, 2)` never has a result: wrong argument"},
        {"string.format('%d', 1.5)", "412 <string.format(''%d'', 1.5)> `string.format('%d', 1.5)` "
                                     "never has a result: not an integer"},
        {"math.fmod(1, 0)",
         "412 <math.fmod(1, 0)> `math.fmod(1, 0)` never has a result: division by zero"},
        {"n + 1 // 0", "412 <1 // 0> `1 // 0` never has a result: division by zero"},
    };

    HOUSE_EXPECT(list);
}

/* Names are found once each, with and without previous(), at their first place. */
static void names(void **state)
{
    static const struct input inputs[] = {
        {"a", MF_T(MF_NUMBER)}, {"b.c", MF_T_ANY}, {"value", MF_T_ANY}, {0}};
    struct mf_buf out = {0};
    struct mf_expr_ref *refs;
    struct expr_case c;
    size_t count;

    case_open(&c, "a + b.c.d * a - previous(a) + value['x'] + previous( b . c ) + previous(a)",
              inputs, NULL);
    refs = mf_expr_refs(c.expr, &count);
    for (size_t i = 0; i < count; i++)
        mf_buf_printf(&out, "%s%s@%u ", refs[i].is_previous ? "previous " : "", refs[i].name,
                      refs[i].at.start - 4);
    assert_string_equal(mf_buf_text(&out), "a@0 b.c.d@4 previous a@16 value@30 previous b.c@45 ");
    mf_buf_done(&out);
    case_close(&c);
}

static const char *in_kitchen(void *arg, const struct mf_expr_ref *ref)
{
    return mf_arena_printf(arg, "kitchen.%s", ref->name);
}

/* All but the names stays as it was written. */
static void printing(void **state)
{
    static const struct input inputs[] = {{"a", MF_T(MF_NUMBER)}, {"m", MF_T_ANY}, {0}};
    static const char *const cases[][2] = {
        {"a", "kitchen.a"},
        {" a  +a ", " kitchen.a  +kitchen.a "},
        {"clamp(a, 5 , m . b)", "clamp(kitchen.a, 5 , kitchen.m.b)"},
        {"previous( a )^-a", "previous(kitchen.a)^-kitchen.a"},
        {"'a' .. m[a]", "'a' .. kitchen.m[kitchen.a]"},
        {"1 + 2", "1 + 2"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct mf_buf out = {0};
        struct expr_case c;

        case_open(&c, cases[i][0], inputs, NULL);
        assert_non_null(c.expr);
        mf_expr_print(c.expr, in_kitchen, c.arena, &out);
        assert_string_equal(mf_buf_text(&out), cases[i][1]);
        mf_buf_done(&out);
        case_close(&c);
    }
}

static void repeat(struct mf_buf *buf, const char *text, unsigned times)
{
    while (times-- > 0)
        mf_buf_puts(buf, text);
}

/* Everything that can grow has a limit that is named; what is below it works. */
static void limits(void **state)
{
    static const struct {
        const char *before, *again, *middle, *after, *behind;
        unsigned fine, wrong;
        const char *says;
    } cases[] = {
        {"", "(", "1", ")", "", MF_EXPR_DEPTH - 1, MF_EXPR_DEPTH, "nested at most 64 deep"},
        {"", "- ", "1", "", "", MF_EXPR_DEPTH - 1, MF_EXPR_DEPTH, "nested at most 64 deep"},
        {"", "2^", "1", "", "", MF_EXPR_DEPTH - 1, MF_EXPR_DEPTH, "nested at most 64 deep"},
        {"", "1 +", "1", "", "", 1000, 1500, "at most 4096 bytes long"},
        {"", "n +", "n", "", "", 1300, 1400, "at most 4096 bytes long"},
        {"", "n+", "n", "", "", 1990, 2030, "more than 2000 steps"},
        {"", "n..", "n", "", "", 60, 70, "nested at most 64 deep"},
        {"mean(", "n,", "n", "", ")", MF_EXPR_ARGS - 1, MF_EXPR_ARGS, "at most 16 arguments"},
    };
    struct input inputs[INPUTS];

    house_open(inputs);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        for (unsigned wrong = 0; wrong < 2; wrong++) {
            unsigned times = wrong ? cases[i].wrong : cases[i].fine;
            struct mf_buf text = {0};
            struct expr_case c;

            mf_buf_puts(&text, cases[i].before);
            repeat(&text, cases[i].again, times);
            mf_buf_puts(&text, cases[i].middle);
            repeat(&text, cases[i].after, times);
            mf_buf_puts(&text, cases[i].behind);
            case_open(&c, mf_buf_text(&text), inputs, NULL);
            if (!wrong && c.diags.count)
                fail_msg("%.40s: %s", mf_buf_text(&text), c.diags.list[0]->message);
            if (wrong && (c.diags.count != 1 || c.diags.list[0]->code != 407 ||
                          !strstr(c.diags.list[0]->message, cases[i].says)))
                fail_msg("%.40s: %s", mf_buf_text(&text),
                         c.diags.count ? c.diags.list[0]->message : "no fault");
            case_close(&c);
            mf_buf_done(&text);
        }
    house_close(inputs);
}

/* Many names, and one too many. */
static void many_names(void **state)
{
    for (unsigned count = MF_EXPR_REFS; count <= MF_EXPR_REFS + 1; count++) {
        struct mf_buf yaml = {0}, text = {0};
        struct mf_diags diags;
        struct mf_sources *sources = mf_sources_new();
        struct mf_arena *arena = mf_arena_new();
        const struct mf_source *source;
        struct mf_expr *expr;
        size_t found;

        for (unsigned i = 0; i < count; i++)
            mf_buf_printf(&text, "%sn%u", i ? "+" : "", i);
        mf_buf_printf(&yaml, "x: %s\n", mf_buf_text(&text));
        mf_diags_init(&diags, sources);
        source = mf_sources_add(sources, "a", mf_buf_text(&yaml), yaml.len);
        expr = mf_expr_parse(
            arena, &diags,
            mf_tree_get(mf_compose(source, 0, source->len, arena, &diags), "x", NULL));
        assert_int_equal(expr != NULL, count == MF_EXPR_REFS);
        assert_int_equal(diags.count, count - MF_EXPR_REFS);
        if (expr) {
            assert_string_equal(mf_expr_refs(expr, &found)[63].name, "n63");
            assert_int_equal(found, count);
        }
        mf_buf_done(&yaml);
        mf_buf_done(&text);
        mf_arena_free(arena);
        mf_diags_done(&diags);
        mf_sources_free(sources);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(syntax),     cmocka_unit_test(foreign),  cmocka_unit_test(lua),
        cmocka_unit_test(functions),  cmocka_unit_test(types),    cmocka_unit_test(constants),
        cmocka_unit_test(names),      cmocka_unit_test(printing), cmocka_unit_test(limits),
        cmocka_unit_test(many_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
