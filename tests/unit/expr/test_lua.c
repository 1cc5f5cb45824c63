/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * Random expressions, compared with the Lua interpreter: each is run with its
 * values as inputs, run again with the values written into it (constants are
 * calculated while compiling), and both must be what Lua says.
 *
 * Left out are the two differences that are meant: texts are not taken for numbers, and floats in
 * texts are written differently.
 */

#include <stdlib.h>
#include <unistd.h>

#include "engine/base/rng.h"
#include "engine/base/text.h"
#include "tests/support/child.h"
#include "tests/unit/expr/expr_case.h"

enum { EXPRESSIONS = 4000, DEPTH = 4, VARIABLES = 6, NUMBERS = 4, SEED = 54 };

/* Values that have edges, as Lua writes them. */
static const char *const numbers[] = {
    "0",
    "1",
    "-1",
    "2",
    "3",
    "7",
    "-7",
    "10",
    "63",
    "64",
    "-64",
    "255",
    "math.maxinteger",
    "math.mininteger",
    "(math.maxinteger - 1)",
    "9007199254740992",
    "9007199254740993",
    "0.0",
    "-0.0",
    "0.5",
    "-0.5",
    "1.0",
    "2.0",
    "-3.0",
    "2.5",
    "-2.5",
    "1e15",
    "0.1",
    "1e308",
    "-1e308",
    "9007199254740992.0",
    "9223372036854775808.0",
    "-9223372036854775808.0",
    "math.huge",
    "-math.huge",
};

static const char *const others[] = {
    "true", "false", "nil", "'a'", "'b'", "''", "'abcdefghijklmnopqrst'",
};

static const char *const arithmetic[] = {"+", "-", "*", "/", "//", "%", "^"};
static const char *const bits[] = {"&", "|", "~", "<<", ">>"};
static const char *const logic[] = {"==", "~=", "<", "<=", ">", ">=", "and", "or", "and", "or"};

static const char *const functions[] = {
    "math.abs",  "math.floor", "math.ceil", "math.max", "math.min",
    "math.fmod", "math.sqrt",  "math.exp",  "type",
};

/* A variable, written as `v3` or, in `literal`, as its value. */
struct writer {
    struct mf_rng rng;
    const char *values[VARIABLES];
    struct mf_buf named, literal;
};

#define PICK(w, list) (list)[mf_rng_below(&(w)->rng, sizeof(list) / sizeof(*(list)))]

static void put(struct writer *w, const char *text)
{
    mf_buf_puts(&w->named, text);
    mf_buf_puts(&w->literal, text);
}

/* The first ones are numbers. */
static void put_variable(struct writer *w, bool is_number)
{
    unsigned i = (unsigned)mf_rng_below(&w->rng, is_number ? NUMBERS : VARIABLES);

    mf_buf_printf(&w->named, "v%u", i);
    mf_buf_printf(&w->literal, "(%s)", w->values[i]);
}

static void put_expr(struct writer *w, unsigned depth, bool is_number);

static void put_call(struct writer *w, unsigned depth)
{
    const char *name = PICK(w, functions);
    /* Lua lets a single argument of math.max() be anything. */
    bool two = mf_text_starts(name, "math.m") || strcmp(name, "math.fmod") == 0;

    put(w, name);
    put(w, "(");
    put_expr(w, depth, true);
    if (two) {
        put(w, ", ");
        put_expr(w, depth, true);
    }
    put(w, ")");
}

static void put_unary(struct writer *w, unsigned depth, bool is_number)
{
    if (mf_rng_below(&w->rng, 12) == 0) {
        put(w, "#");
        put_variable(w, false);
    } else if (is_number) {
        put(w, mf_rng_below(&w->rng, 3) ? "- " : "~ ");
        put_expr(w, depth, true);
    } else {
        put(w, "not ");
        put_expr(w, depth, false);
    }
}

/* Without parentheses as often as with: precedence is what is tested, too. Where a number is
 * wanted there is one most of the time. */
static void put_expr(struct writer *w, unsigned depth, bool is_number)
{
    bool parens = mf_rng_below(&w->rng, 3) == 0;
    unsigned form = depth == 0 ? 0 : (unsigned)mf_rng_below(&w->rng, 12);

    if (mf_rng_below(&w->rng, 40) == 0)
        is_number = !is_number;
    if (form == 0) {
        put_variable(w, is_number);
        return;
    }
    put(w, parens ? "(" : "");
    if (form == 1) {
        put_unary(w, depth - 1, is_number);
    } else if (form == 2 && is_number) {
        put_call(w, depth - 1);
    } else {
        put_expr(w, depth - 1, is_number);
        put(w, " ");
        put(w, !is_number                      ? PICK(w, logic)
               : mf_rng_below(&w->rng, 5) == 0 ? PICK(w, bits)
                                               : PICK(w, arithmetic));
        put(w, " ");
        put_expr(w, depth - 1, is_number || mf_rng_below(&w->rng, 2));
    }
    put(w, parens ? ")" : "");
}

/* ---- our answer ---- */

static void put_value(const struct mf_value *value, struct mf_buf *out)
{
    const char *text;
    size_t len;

    if (value->type == MF_NULL) {
        mf_buf_puts(out, "nil");
    } else if (value->type == MF_BOOL) {
        mf_buf_puts(out, value->boolean ? "true" : "false");
    } else if (value->type == MF_INT) {
        mf_buf_printf(out, "i%lld", (long long)value->integer);
    } else if (value->type == MF_NUMBER) {
        mf_buf_printf(out, "f%.17g", value->number);
    } else {
        text = mf_value_text(value, &len);
        mf_buf_printf(out, "s%.*s", (int)len, text);
    }
}

/* The value of one of the pool. */
static struct mf_value read_value(const char *literal)
{
    struct mf_value value = mf_value_null();
    const char *reason;
    struct expr_case c;

    case_open(&c, literal, NULL, NULL);
    assert_non_null(c.expr);
    assert_true(mf_expr_run(c.expr, c.inputs, &value, &reason));
    case_close(&c);
    return value;
}

/* "none" when there is no result. False and "refused" when a part of it can have none: Lua only
 * finds that out when it comes to that part. */
static bool answer(const char *text, const struct input *inputs, struct mf_buf *out)
{
    struct mf_value value;
    const char *reason = NULL;
    struct expr_case c;
    bool ok;

    case_open(&c, text, inputs, NULL);
    ok = c.expr != NULL;
    if (ok && mf_expr_run(c.expr, c.inputs, &value, &reason)) {
        assert_true(c.result.types & MF_T(value.type));
        if (mf_expr_constant(c.expr))
            assert_true(mf_value_equal(mf_expr_constant(c.expr), &value));
        put_value(&value, out);
        mf_value_drop(value);
    } else {
        assert_true(!ok || reason);
        mf_buf_puts(out, ok ? "none" : "refused");
    }
    if (!ok)
        for (size_t i = 0; i < c.diags.count; i++)
            if (c.diags.list[i]->code != 411 && c.diags.list[i]->code != 412)
                fail_msg("%s: %s", text, c.diags.list[i]->message);
    case_close(&c);
    return ok;
}

/* ---- both ---- */

static const char prelude[] =
    "local function show(v)\n"
    "  if math.type(v) == 'integer' then return string.format('i%d', v) end\n"
    "  if math.type(v) == 'float' then\n"
    "    return v ~= v and 'none' or 'f' .. string.format('%.17g', v)\n"
    "  end\n"
    "  return type(v) == 'string' and 's' .. v or tostring(v)\n"
    "end\n"
    "local function r(f)\n"
    "  local ok, v = pcall(f)\n"
    "  print(ok and show(v) or 'none')\n"
    "end\n"
    "local v0, v1, v2, v3, v4, v5\n";

static void write_all(int fd, const struct mf_buf *buf)
{
    for (size_t done = 0; done < buf->len;) {
        ssize_t put_now = write(fd, buf->data + done, buf->len - done);

        assert_true(put_now > 0);
        done += (size_t)put_now;
    }
}

/* What the interpreter prints for the script. */
static void ask_lua(const struct mf_buf *script, struct mf_buf *out)
{
    char path[] = "/tmp/moat-flow-lua-XXXXXX";
    int fd = mkstemp(path);
    struct child child = {0};

    assert_true(fd >= 0);
    write_all(fd, script);
    close(fd);
    child_start(&child, (const char *const[]){"lua5.4", path, NULL});
    assert_int_equal(child_end(&child), 0);
    mf_buf_puts(out, child_output(&child));
    child_done(&child);
    unlink(path);
}

/* One random expression: ours into `ours`, a line each, its Lua into `script`. */
static void make_one(struct writer *w, struct mf_buf *ours, struct mf_buf *texts,
                     struct mf_buf *script)
{
    static const char *const names[VARIABLES] = {"v0", "v1", "v2", "v3", "v4", "v5"};
    struct input inputs[VARIABLES + 1] = {{0}};
    struct mf_buf folded = {0};
    size_t start = ours->len;

    mf_buf_clear(&w->named);
    mf_buf_clear(&w->literal);
    for (unsigned i = 0; i < VARIABLES; i++) {
        w->values[i] = i < NUMBERS ? PICK(w, numbers) : PICK(w, others);
        inputs[i] = (struct input){names[i], MF_T_ANY, NULL, read_value(w->values[i])};
        mf_buf_printf(script, "v%u = %s\n", i, w->values[i]);
    }
    put_expr(w, 1 + (unsigned)mf_rng_below(&w->rng, DEPTH), mf_rng_below(&w->rng, 2));
    mf_buf_printf(script, "r(function() return %s end)\n", mf_buf_text(&w->named));
    mf_buf_printf(texts, "%s\n", mf_buf_text(&w->literal));
    /* With constants, less is accepted, but nothing else comes out. */
    if (answer(mf_buf_text(&w->named), inputs, ours) &&
        answer(mf_buf_text(&w->literal), NULL, &folded) &&
        strcmp(mf_buf_text(&folded), mf_buf_text(ours) + start) != 0)
        fail_msg("%s is %s, with constants %s", mf_buf_text(&w->literal), mf_buf_text(ours) + start,
                 mf_buf_text(&folded));
    mf_buf_putc(ours, '\n');
    mf_buf_done(&folded);
    for (unsigned i = 0; i < VARIABLES; i++)
        mf_value_drop(inputs[i].value);
}

static size_t line_length(const char *text)
{
    return strcspn(text, "\n");
}

/* Numbers, logic and comparisons are Lua's, to the last bit. */
static void same_as_lua(void **state)
{
    struct mf_buf ours = {0}, texts = {0}, script = {0}, theirs = {0};
    struct writer w = {0};
    const char *a, *b, *t;
    size_t results = 0;

    if (!child_find("lua5.4"))
        skip();
    mf_rng_seed(&w.rng, SEED);
    mf_buf_puts(&script, prelude);
    for (unsigned i = 0; i < EXPRESSIONS; i++)
        make_one(&w, &ours, &texts, &script);
    ask_lua(&script, &theirs);
    a = mf_buf_text(&ours);
    b = mf_buf_text(&theirs);
    t = mf_buf_text(&texts);
    for (unsigned i = 0; i < EXPRESSIONS; i++) {
        size_t a_len = line_length(a), b_len = line_length(b), t_len = line_length(t);

        if (memcmp(a, "refused", 7) != 0 && (a_len != b_len || memcmp(a, b, a_len) != 0))
            fail_msg("seed %d, %.*s\n  is    %.*s\n  Lua   %.*s", SEED, (int)t_len, t, (int)a_len,
                     a, (int)b_len, b);
        results += memcmp(a, "none", 4) != 0 && memcmp(a, "refused", 7) != 0;
        a += a_len + 1;
        b += b_len + 1;
        t += t_len + 1;
    }
    assert_true(results > EXPRESSIONS / 3); /* or the test tests nothing */
    mf_buf_done(&ours);
    mf_buf_done(&texts);
    mf_buf_done(&script);
    mf_buf_done(&theirs);
    mf_buf_done(&w.named);
    mf_buf_done(&w.literal);
}

/* Functions of texts give what Lua's give. */
static void same_texts(void **state)
{
    static const char *const cases[] = {
        "'a' .. 'b' .. 1 .. -2",
        "'\\65\\x42\\u{20AC}\\t\\z   x'",
        "string.sub('hello', 2, 4)",
        "string.sub('hello', -3)",
        "string.sub('hello', 0, -2)",
        "string.sub('hello', 4, 2)",
        "string.sub('hello', -100, 100)",
        "string.sub('hello', 2, -100)",
        "string.sub('', 1)",
        "string.upper('aBc-\\200')",
        "string.lower('aBc-\\200')",
        "string.len('a\\0b')",
        "#'\\u{7FF}'",
        "'a' < 'b' and 'a' < 'aa' and not ('b' < 'a') and 'Z' < 'a'",
        "'' == ''",
        "tonumber('  0x1F  ')",
        "tonumber('12', 3)",
        "tonumber('-ff', 16)",
        "tonumber('zZ', 36)",
        "tonumber('8', 8)",
        "tonumber('1e1')",
        "tonumber('')",
        "tonumber('1 2')",
        "tonumber('0x')",
        "tonumber('9223372036854775808')",
        "tonumber(' 5. ')",
        "tonumber('.5')",
        "tonumber('.')",
        "tonumber('1e')",
        "string.format('%d|%5d|%-5d|%05d|%+d|% d', 3, 3, 3, -3, 3, 3)",
        "string.format('%.3d|%8.3d', 7, -7)",
        "string.format('%x|%X|%#x|%08x|%#06x', 255, 255, 255, -1, 255)",
        "string.format('%o|%i', 8, 9.0)",
        "string.format('%f|%.2f|%8.2f|%-8.2f|%08.2f|%+.1f', 1.5, 1.005, 2.5, 2.5, -2.5, 3)",
        "string.format('%e|%.0e|%G|%g|%g', 12345.678, 5, 1e-10, 0.1, 1e20)",
        "string.format('%5.1f|%05.1f', math.huge, -math.huge)",
        "string.format('%s|%10s|%-10s|%.2s|%%', 'abc', 'abc', 'abc', 'abc')",
        "string.format('%s %s %s', true, nil, 12)",
        "string.format('%#.3g|%#x', 1, 0)",
        "string.format('%d', 1.5)",
        "string.format('%d')",
        "string.format('%y', 1)",
        "string.format('%', 1)",
        "string.format('%.20f', 0.1)",
        "string.format('%99.99f', 1e300)",
        "type(nil) .. type(1) .. type('') .. type(true)",
        "math.type(1) .. math.type(1.0)",
        "math.tointeger(3.0) == 3 and math.tointeger(3.5) == nil",
        "2^53 == 2^53 + 1",
        "0x7fffffffffffffff + 1 == 0x8000000000000000",
        "0xffffffffffffffffff",
        "0x.8p1 + 0xAp-2 + 0x1.",
        "1e400",
        "3 .. '' == '3'",
    };
    struct mf_buf ours = {0}, script = {0}, theirs = {0};
    const char *a, *b;

    if (!child_find("lua5.4"))
        skip();
    mf_buf_puts(&script, prelude);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        size_t start = ours.len;

        answer(cases[i], NULL, &ours);
        /* Nothing but constants: what has no result is found while compiling. */
        if (strcmp(mf_buf_text(&ours) + start, "refused") == 0) {
            ours.len = start;
            mf_buf_puts(&ours, "none");
        }
        mf_buf_putc(&ours, '\n');
        mf_buf_printf(&script, "r(function() return %s end)\n", cases[i]);
    }
    ask_lua(&script, &theirs);
    a = mf_buf_text(&ours);
    b = mf_buf_text(&theirs);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        size_t a_len = line_length(a), b_len = line_length(b);

        if (a_len != b_len || memcmp(a, b, a_len) != 0)
            fail_msg("%s\n  is   %.*s\n  Lua  %.*s", cases[i], (int)a_len, a, (int)b_len, b);
        a += a_len + 1;
        b += b_len + 1;
    }
    mf_buf_done(&ours);
    mf_buf_done(&script);
    mf_buf_done(&theirs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_as_lua),
        cmocka_unit_test(same_texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
