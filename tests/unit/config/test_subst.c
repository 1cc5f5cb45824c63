/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* Substitution: values, places, secrets, the environment, limits. */

#include "tests/unit/config/flow_case.h"

#define ROWS(rows) rows, sizeof(rows) / sizeof *(rows)

/* Variables are inserted into texts of values, whatever their order, and nothing else changes. */
static void values(void **state)
{
    static const struct flow_row rows[] = {
        {"vars: {site: home, band: 20 W}\nnodes: {a: {log: '${site}/x ${band}', from: [b, "
         "'${site}']}}\n",
         "a = log \"home/x 20 W\" {from: [\"b\", \"home\"]}\n", ""},
        {"vars: {a: '${b}${b}', b: x, c: ''}\nnodes: {n: {log: '<${a}${c}>'}}\n",
         "n = log \"<xx>\"\n", ""},
        {"nodes: {a: {log: '$$ $${x} $5 $'}}\n", "a = log \"$ ${x} $5 $\"\n", ""},
        /* Keys and names are never substituted. */
        {"vars: {k: v}\nnodes: {a: {log: x, '${k}': y}}\n", "a = log \"x\" {${k}: \"y\"}\n", ""},
        /* A value can never change the structure. */
        {"vars: {k: '{a: [1]}'}\nnodes: {a: {log: '${k}'}}\n", "a = log \"{a: [1]}\"\n", ""},
        /* An empty value is a value, not nothing. */
        {"vars: {k: ''}\nnodes: {a: {log: '${k}'}}\n", "a = log \"\"\n", ""},
        {"vars: {t: Title}\ntitle: ${t}\n", "", ""},
        {"links: {l: {mqtt: '${env:MF_TEST_HOST}'}}\n", "link l = mqtt \"broker\"\n", ""},
        {"nodes: {a: {log: '${env:MF_TEST_NONE:-a b}${env:MF_TEST_HOST:-c}${env:MF_TEST_EMPTY:-d}"
         "${env:MF_TEST_EMPTY}'}}\n",
         "a = log \"a bbrokerd\"\n", ""},
    };

    check_rows(ROWS(rows), NULL);
}

/* --set wins over everything, also for names that the flow does not define. */
static void sets_win(void **state)
{
    static const char *const sets[] = {"site=office", "new=x=y"};
    static const struct mf_flow_setup setup = {.sets = sets, .set_count = 2};
    static const struct flow_row rows[] = {
        {"vars: {site: home, base: '${site}/b'}\nnodes: {a: {log: '${base} ${new}'}}\n",
         "a = log \"office/b x=y\"\n", ""},
    };
    static const char *const bad[] = {"site"};
    static const struct mf_flow_setup bad_setup = {.sets = bad, .set_count = 1};
    static const struct flow_row bad_rows[] = {
        {"", "",
         "error[MF0141] - `--set site` does not name a variable and its value; help: write `--set "
         "name=value`; a name is made of a-z, 0-9 and `_`\n"},
    };

    check_rows(ROWS(rows), &setup);
    check_rows(ROWS(bad_rows), &bad_setup);
}

/* Each fault is said once, at its stretch of the text; the text is unknown from then on. */
static void faults(void **state)
{
    static const struct flow_row rows[] = {
        {"vars: {site: home}\nnodes: {a: {log: 'x/${sit}/y'}}\n", "a = log \"x//y\"?\n",
         "error[MF0140] 3:21 there is no variable `sit`; help: did you mean `${site}`?\n"},
        {"nodes: {a: {log: '${x}'}}\n", "a = log \"\"?\n",
         "error[MF0140] 2:19 there is no variable `x`; help: define it under `vars:`, or with "
         "`--set x=…`; a dollar sign before a brace is written `$$`\n"},
        {"nodes: {a: {log: 'ab ${x'}}\n", "a = log \"ab \"?\n",
         "error[MF0141] 2:22 `${` is not closed; help: add the `}`; a dollar sign before a brace "
         "is written `$$`\n"},
        {"nodes: {a: {log: '${}'}, b: {log: '${ x }'}}\n", NULL,
         "error[MF0141] 2:19 `${…}` wants the name of a variable; help: write `${name}`; a dollar "
         "sign before a brace is written `$$`\n"
         "error[MF0141] 2:36 `${…}` wants the name of a variable; help: write `${name}`; a dollar "
         "sign before a brace is written `$$`\n"},
        {"nodes: {a: {log: '${x:-y}'}}\n", NULL,
         "error[MF0141] 2:19 only `env:` and `secret:` may stand before the colon here; help: "
         "write `${name}`, `${env:NAME}` or `${secret:NAME}`\n"},
        {"nodes: {a: {log: '${env:A B}'}}\n", NULL,
         "error[MF0141] 2:19 `${env:…}` wants the name of an environment variable; help: write "
         "`${env:NAME}`, or `${env:NAME:-text}` for a default\n"},
        {"nodes: {a: {log: '${env:A:-${b}}'}}\n", NULL,
         "error[MF0141] 2:19 the default of `${env:…}` cannot hold another `${…}`; help: give the "
         "default in `vars:`, or write the text itself\n"},
        {"nodes: {a: {log: '${env:MF_TEST_NONE}'}}\n", "a = log \"\"?\n",
         "error[MF0701] 2:19 the environment variable `MF_TEST_NONE` is missing: it is not set; "
         "help: set it, or give a default: `${env:MF_TEST_NONE:-text}`\n"},
        {"vars: {a: '${b}', b: '${c}', c: '${a}'}\nnodes: {n: {log: '${a}'}}\n", "n = log \"\"?\n",
         "error[MF0142] 2:34 the variable `a` is made of itself: a → b → c → a; also 2:8 `a` is "
         "defined here\n"},
        {"vars: {a: 'x${a}'}\nnodes: {n: {log: '${a}'}}\n", NULL,
         "error[MF0142] 2:13 the variable `a` is made of itself: a → a; also 2:8 `a` is defined "
         "here\n"},
    };

    check_rows(ROWS(rows), NULL);
}

/* With --no-env what is missing is a note, and nobody complains about the content. */
static void no_env(void **state)
{
    static const struct mf_flow_setup setup = {.no_env = true, .secrets_dir = "/nonexistent"};
    static const struct flow_row rows[] = {
        {"links: {l: {mqtt: 'a', password: '${secret:pw}', x: '${env:MF_TEST_NONE}'}}\n",
         "link l = mqtt \"a\" {password: \"\"!?, x: \"\"?}\n",
         "note[MF0702] 2:35 the secret `pw` is missing: `/nonexistent/pw`: No such file or "
         "directory; help: put it into a file of that name, or give `--secrets DIR`\n"
         "note[MF0701] 2:54 the environment variable `MF_TEST_NONE` is missing: it is not set; "
         "help: set it, or give a default: `${env:MF_TEST_NONE:-text}`\n"},
    };

    check_rows(ROWS(rows), &setup);
}

/* A secret is the file's text without its last line break, and marks whatever it gets into. */
static void secrets(void **state)
{
    static const struct mf_flow_setup setup = {.secrets_dir = "."};
    static const struct flow_row rows[] = {
        {"vars: {p: '${secret:pw}'}\n"
         "links: {l: {mqtt: 'u:${p}', a: '${secret:crlf}', b: '${secret:two}', c: plain}}\n",
         "link l = mqtt \"u:hunter2\"! {a: \"x\"!, b: \"x\n\"!, c: \"plain\"}\n", ""},
        {"links: {l: {mqtt: '${secret:../pw}'}}\n", NULL,
         "error[MF0141] 2:20 `${secret:…}` wants the name of a file, without a path; help: "
         "letters, digits, `_`, `-` and `.` make a name, and no dot comes first\n"},
        {"links: {l: {mqtt: '${secret:.hidden}'}}\n", NULL,
         "error[MF0141] 2:20 `${secret:…}` wants the name of a file, without a path; help: "
         "letters, digits, `_`, `-` and `.` make a name, and no dot comes first\n"},
        {"links: {l: {mqtt: '${secret:large}'}}\n", NULL,
         "error[MF0702] 2:20 the secret `large` is missing: `./large` is over 65536 bytes, the "
         "limit; help: put it into a file of that name, or give `--secrets DIR`\n"},
        {"links: {l: {mqtt: '${secret:nul}'}}\n", NULL,
         "error[MF0702] 2:20 the secret `nul` is missing: `./nul` holds a NUL byte, so it is no "
         "text; help: put it into a file of that name, or give `--secrets DIR`\n"},
        {"links: {l: {mqtt: '${secret:dir}'}}\n", NULL,
         "error[MF0702] 2:20 the secret `dir` is missing: `./dir` is not a file; help: put it into "
         "a file of that name, or give `--secrets DIR`\n"},
    };
    static const struct flow_row nowhere[] = {
        {"links: {l: {mqtt: '${secret:pw}'}}\n", NULL,
         "error[MF0702] 2:20 the secret `pw` is missing: neither --secrets nor "
         "$CREDENTIALS_DIRECTORY says where secrets are; help: put it into a file of that name, or "
         "give `--secrets DIR`\n"},
    };
    static const struct flow_row systemd[] = {
        {"links: {l: {mqtt: '${secret:pw}'}}\n", "link l = mqtt \"hunter2\"!\n", ""},
    };
    char *large = mf_zalloc(65536 + 2);
    struct test_dir dir;

    dir_open(&dir);
    dir_write("pw", "hunter2\n");
    dir_write("crlf", "x\r\n");
    dir_write("two", "x\n\n");
    dir_write_n("nul", "a\0b", 3);
    dir_write("dir/x", "");
    memset(large, 'x', 65537);
    dir_write("large", large);
    check_rows(ROWS(rows), &setup);
    unsetenv("CREDENTIALS_DIRECTORY");
    check_rows(ROWS(nowhere), NULL);
    setenv("CREDENTIALS_DIRECTORY", dir.path, 1);
    check_rows(ROWS(systemd), NULL);
    unsetenv("CREDENTIALS_DIRECTORY");
    /* As much as is allowed, and the line break does not count. */
    large[65536] = '\n';
    dir_write("large", large);
    {
        struct flow_case c;

        case_text(&c, "moat-flow: 1\nlinks: {l: {mqtt: '${secret:large}'}}\n", &setup);
        assert_int_equal(c.diags.errors, 0);
        assert_int_equal(c.flow.items[0]->main->count, 65536);
        case_close(&c);
    }
    dir_close(&dir);
    mf_free(large);
}

/* Every part of a substituted text leads back to its place, in all ways to write a text. */
static void places(void **state)
{
    static const struct {
        const char *yaml, *wanted, *at;
    } rows[] = {
        {"log: 'x ${v} bad'", "bad", "bad"},
        {"log: 'x ${v} bad'", "value", "${v}"},
        {"log: \"x \\t${v} $$ bad\"", "bad", "bad"},
        {"log: \"$1 ${v} bad\"", "bad", "bad"},
        {"log: x ${v} bad", "bad", "bad"},
        {"log: |\n      a ${v}\n      b $$ ${v} bad", "bad", "bad"},
        {"log: > # costs $5\n      a ${v}\n      b ${env:MF_TEST_NONE:-c d} bad", "bad", "bad"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *yaml =
            mf_asprintf("moat-flow: 1\nvars: {v: value}\nnodes:\n  a:\n    %s\n", rows[i].yaml);
        const struct mf_tree *main;
        struct flow_case c;
        struct mf_span at;
        const char *found;

        case_text(&c, yaml, NULL);
        assert_string_equal(dump_diags(&c), "");
        main = c.flow.items[0]->main;
        found = strstr(main->text, rows[i].wanted);
        assert_non_null(found);
        at = mf_tree_span(main, c.sources, (uint32_t)(found - main->text),
                          (uint32_t)(found - main->text + strlen(rows[i].wanted)));
        assert_int_equal(at.start, strstr(strstr(yaml, "log:"), rows[i].at) - yaml);
        assert_int_equal(at.end - at.start, strlen(rows[i].at));
        case_close(&c);
        mf_free(yaml);
    }
}

/* Trees without a dollar sign are not copied, nor is what stands beside one that has. */
static void nothing_is_copied(void **state)
{
    struct flow_case c;
    const struct mf_flow_item *a, *b;

    case_text(&c,
              "moat-flow: 1\nvars: {v: x}\nx-s: &s [1, 2]\n"
              "nodes: {a: {log: *s}, b: {log: *s, from: '${v}'}}\n",
              NULL);
    a = c.flow.items[0];
    b = c.flow.items[1];
    assert_ptr_equal(a->main, b->main);
    assert_string_equal(b->options[0].value->text, "x");
    case_close(&c);
}

/* Variables that double themselves meet a limit with a name before memory does. */
static void limits(void **state)
{
    struct mf_buf yaml = {0};
    struct flow_case c;

    mf_buf_puts(&yaml, "moat-flow: 1\nvars:\n  v0: 0123456789abcdef\n");
    for (int i = 1; i <= 30; i++)
        mf_buf_printf(&yaml, "  v%d: '${v%d}${v%d}'\n", i, i - 1, i - 1);
    mf_buf_puts(&yaml, "nodes: {a: {log: '${v30}'}}\n");
    case_text(&c, yaml.data, NULL);
    assert_non_null(strstr(dump_diags(&c),
                           "error[MF0160] 20:8 with its variables this text is over "
                           "1048576 bytes, the limit of one text\n"));
    case_close(&c);
    mf_buf_clear(&yaml);

    mf_buf_puts(&yaml, "moat-flow: 1\nvars:\n  v0: x\n");
    for (int i = 1; i <= 33; i++)
        mf_buf_printf(&yaml, "  v%d: '${v%d}'\n", i, i - 1);
    mf_buf_puts(&yaml, "nodes: {a: {log: '${v33}'}}\n");
    case_text(&c, yaml.data, NULL);
    assert_string_equal(dump_diags(&c), "error[MF0160] 5:8 variables are made of variables more "
                                        "than 32 deep here, the limit\n");
    case_close(&c);
    mf_buf_clear(&yaml);

    mf_buf_puts(&yaml, "moat-flow: 1\nvars:\n");
    for (int i = 0; i <= MF_FLOW_VARS; i++)
        mf_buf_printf(&yaml, "  v%d: x\n", i);
    case_text(&c, yaml.data, NULL);
    assert_string_equal(
        dump_diags(&c),
        "error[MF0160] 10003:3 the flow has more than 10000 variables, the limit\n");
    case_close(&c);
    mf_buf_done(&yaml);
}

static int set_environment(void **state)
{
    setenv("MF_TEST_HOST", "broker", 1);
    setenv("MF_TEST_EMPTY", "", 1);
    unsetenv("MF_TEST_NONE");
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values), cmocka_unit_test(sets_win),          cmocka_unit_test(faults),
        cmocka_unit_test(no_env), cmocka_unit_test(secrets),           cmocka_unit_test(places),
        cmocka_unit_test(limits), cmocka_unit_test(nothing_is_copied),
    };

    return cmocka_run_group_tests(tests, set_environment, NULL);
}
