/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* The renderings of diagnostics, letter by letter: people and programs rely on them. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "engine/base/buf.h"
#include "engine/config/render.h"

static const char meter[] =
    "moat-flow: 1\n\n\n\n\n\n\n\n\n\n\nnodes:\n"
    "  power:   {modbus.read: meter, register: 52, type: float32, unit: W, every: 1s}\n"
    "  quiet:   {deadband: 0.02 kWh, from: power, heartbeat: 5min}\n";

struct bench {
    struct mf_sources *sources;
    struct mf_diags diags;
    const struct mf_source *source;
    struct mf_buf out;
};

static void bench_open(struct bench *b, const char *name, const char *text)
{
    memset(b, 0, sizeof *b);
    b->sources = mf_sources_new();
    mf_diags_init(&b->diags, b->sources);
    b->source = mf_sources_add(b->sources, name, text, strlen(text));
}

static void bench_close(struct bench *b)
{
    mf_buf_done(&b->out);
    mf_diags_done(&b->diags);
    mf_sources_free(b->sources);
}

/* The first place of `part` in the text. */
static struct mf_span find(const struct bench *b, const char *part)
{
    const char *found = strstr(b->source->text, part);
    uint32_t start;

    assert_non_null(found);
    start = (uint32_t)(found - b->source->text);
    return (struct mf_span){b->source->number, start, start + (uint32_t)strlen(part)};
}

static const char *render(struct bench *b, enum mf_diag_format format, bool color)
{
    mf_buf_clear(&b->out);
    mf_diags_sort(&b->diags);
    mf_diags_render(&b->diags, format, (struct mf_diag_counts){1, 2}, color, &b->out);
    return mf_buf_text(&b->out);
}

static void open_meter(struct bench *b)
{
    struct mf_diag *d;

    bench_open(b, "meter.yaml", meter);
    d = mf_diag(&b->diags, MF_ERROR, 203, find(b, "0.02 kWh"),
                "the deadband is in kWh, but `power` is in W");
    mf_diag_label(d, "energy, expected power");
    mf_diag_related(d, find(b, "power"), "`power` is in W");
    mf_diag_help(d, "did you mean `20 W`?");
}

/* The layout of the manual: place, excerpt, caret, related place, help, where to read more. */
static void text_of_one_record(void **state)
{
    struct bench b;

    open_meter(&b);
    assert_string_equal(
        render(&b, MF_DIAG_TEXT, false),
        "error[MF0203]: the deadband is in kWh, but `power` is in W\n"
        "  --> meter.yaml:14:23\n"
        "   |\n"
        "14 |   quiet:   {deadband: 0.02 kWh, from: power, heartbeat: 5min}\n"
        "   |                       ^^^^^^^^ energy, expected power\n"
        "   |\n"
        "  ::: meter.yaml:13:3\n"
        "13 |   power:   {modbus.read: meter, register: 52, type: float32, unit: W, every: 1s}\n"
        "   |   ----- `power` is in W\n"
        "   = help: did you mean `20 W`?\n"
        "   = more: moat-flow explain MF0203\n");
    bench_close(&b);
}

/* `more` stands once for each code; records without a place have no excerpt. */
static void text_of_several_records(void **state)
{
    struct bench b;

    bench_open(&b, "a.yaml", "a: 1\nb: 2\n");
    mf_diag(&b.diags, MF_ERROR, 103, find(&b, "a"), "one");
    mf_diag(&b.diags, MF_WARNING, 103, find(&b, "b"), "two");
    mf_diag_related(mf_diag(&b.diags, MF_NOTE, 104, (struct mf_span){0}, "nowhere"),
                    (struct mf_span){0}, "on the command line");
    assert_string_equal(render(&b, MF_DIAG_TEXT, false), "note[MF0104]: nowhere\n"
                                                         "  = note: on the command line\n"
                                                         "  = more: moat-flow explain MF0104\n"
                                                         "\n"
                                                         "error[MF0103]: one\n"
                                                         " --> a.yaml:1:1\n"
                                                         "  |\n"
                                                         "1 | a: 1\n"
                                                         "  | ^\n"
                                                         "  = more: moat-flow explain MF0103\n"
                                                         "\n"
                                                         "warning[MF0103]: two\n"
                                                         " --> a.yaml:2:1\n"
                                                         "  |\n"
                                                         "2 | b: 2\n"
                                                         "  | ^\n");
    bench_close(&b);
}

/* Carets stand under what the terminal shows: wide characters, tabs, escapes, line ends. */
static void carets_stand_right(void **state)
{
    static const struct {
        const char *text, *part, *line, *carets;
    } cases[] = {
        {"日本: x\n", "x", "日本: x", "      ^"},
        {"a: 日本\n", "日本", "a: 日本", "   ^^^^"},
        {"é: ü\n", "ü", "é: ü", "   ^"},
        {"a:\tb\n", "b", "a: b", "   ^"},
        {"a: \x1b[2Jb\n", "b", "a: \\x1b[2Jb", "          ^"},
        {"a: \"one\n  two\"\n", "\"one\n  two\"", "a: \"one", "   ^^^^"},
        {"a: b\r\nc\r\n", "b\r\nc", "a: b", "   ^"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mf_buf expected = {0};
        struct bench b;

        bench_open(&b, "a.yaml", cases[i].text);
        mf_diag(&b.diags, MF_ERROR, 101, find(&b, cases[i].part), "wrong");
        mf_buf_printf(&expected, "  |\n1 | %s\n  | %s\n  =", cases[i].line, cases[i].carets);
        if (!strstr(render(&b, MF_DIAG_TEXT, false), mf_buf_text(&expected)))
            fail_msg("wanted:\n%s\ngot:\n%s", mf_buf_text(&expected), mf_buf_text(&b.out));
        mf_buf_done(&expected);
        bench_close(&b);
    }
}

/* At the end of the text there is nothing to mark, but a place to show. */
static void end_of_text_has_a_caret(void **state)
{
    struct bench b;

    bench_open(&b, "a.yaml", "a: [\n");
    mf_diag(&b.diags, MF_ERROR, 101, (struct mf_span){1, 5, 5}, "more is wanted");
    assert_non_null(strstr(render(&b, MF_DIAG_TEXT, false), " --> a.yaml:2:1\n  |\n2 |\n  | ^\n"));
    bench_close(&b);
}

/* Long lines are cut around the caret, which still stands under its place. */
static void long_lines_are_cut(void **state)
{
    struct mf_buf text = {0};
    const char *excerpt, *carets, *end, *hit;
    struct bench b;

    mf_buf_puts(&text, "a: [");
    for (int i = 0; i < 200000; i++)
        mf_buf_puts(&text, "ä, ");
    mf_buf_puts(&text, "HERE");
    for (int i = 0; i < 1000; i++)
        mf_buf_puts(&text, ", b");
    bench_open(&b, "a.yaml", mf_buf_text(&text));
    mf_diag(&b.diags, MF_ERROR, 101, find(&b, "HERE"), "wrong");
    render(&b, MF_DIAG_TEXT, false);
    assert_true(b.out.len < 1000);
    excerpt = strstr(b.out.data, "\n1 | …");
    assert_non_null(excerpt);
    excerpt += 5;
    end = strchr(excerpt, '\n');
    hit = strstr(excerpt, "HERE");
    assert_true(hit && hit < end);
    carets = strchr(end, '^');
    assert_non_null(carets);
    assert_int_equal(carets - (end + 1) - 4, 1 + 60);
    assert_int_equal(strspn(carets, "^"), 4);
    bench_close(&b);
    mf_buf_done(&text);
}

/* Colour only when asked for, and nothing of a file can add to it. */
static void colour_is_a_choice(void **state)
{
    struct bench b;

    bench_open(&b, "evil\x1b[31m.yaml", "a: \x1b[31mred\n");
    mf_diag_help(mf_diag(&b.diags, MF_ERROR, 101, find(&b, "red"), "say \x1b]0;x\x07"), "\x1b[0m");
    assert_null(strchr(render(&b, MF_DIAG_TEXT, false), '\x1b'));
    assert_null(strchr(render(&b, MF_DIAG_SHORT, true), '\x1b'));
    assert_non_null(strstr(render(&b, MF_DIAG_TEXT, true), "\x1b[1;31merror[MF0101]\x1b[0m"));
    assert_null(strstr(b.out.data, "\x1b[31m"));
    assert_null(strstr(b.out.data, "\x1b]0;"));
    bench_close(&b);
}

/* What did not fit into the list is said to exist. */
static void dropped_records_are_counted(void **state)
{
    struct bench b;

    bench_open(&b, "a.yaml", meter);
    for (uint32_t i = 0; i < MF_DIAGS_MAX + 3; i++)
        mf_diag(&b.diags, MF_ERROR, 101 + i / 200, (struct mf_span){1, i % 200, i % 200 + 1}, "x");
    assert_non_null(strstr(render(&b, MF_DIAG_TEXT, false), "\n… and 3 more\n"));
    bench_close(&b);
}

static void short_format(void **state)
{
    struct bench b;

    open_meter(&b);
    mf_diag(&b.diags, MF_WARNING, 701, (struct mf_span){0}, "no\nplace");
    assert_string_equal(
        render(&b, MF_DIAG_SHORT, false),
        "warning[MF0701]: no\\x0aplace\n"
        "meter.yaml:14:23: error[MF0203]: the deadband is in kWh, but `power` is in W\n");
    bench_close(&b);
}

/* ---- formats for programs ---- */

static const char *skip_space(const char *p)
{
    return p + strspn(p, " \n");
}

/* Reads one JSON value, no more than the renderers write; NULL when it is none. */
static const char *read_json(const char *p)
{
    char close = *p == '{' ? '}' : ']';

    if (*p == '"') {
        for (p++; *p != '"'; p++) {
            if ((unsigned char)*p < 0x20)
                return NULL;
            if (*p == '\\' && !strchr("\"\\/bfnrtu", *++p))
                return NULL;
        }
        return p + 1;
    }
    if (*p != '{' && *p != '[') {
        size_t len = strspn(p, "0123456789");

        return len ? p + len : strncmp(p, "null", 4) == 0 ? p + 4 : NULL;
    }
    p = skip_space(p + 1);
    if (*p == close)
        return p + 1;
    for (;;) {
        if (close == '}') {
            if (*p != '"' || !(p = read_json(p)) || *(p = skip_space(p)) != ':')
                return NULL;
            p = skip_space(p + 1);
        }
        p = read_json(p);
        if (!p)
            return NULL;
        p = skip_space(p);
        if (*p == close)
            return p + 1;
        if (*p != ',')
            return NULL;
        p = skip_space(p + 1);
    }
}

static void expect_json(const char *text)
{
    const char *end = read_json(text);

    if (!end || *skip_space(end))
        fail_msg("not JSON: %s", text);
}

static void json_format(void **state)
{
    struct bench b;

    open_meter(&b);
    mf_diag(&b.diags, MF_WARNING, 701, (struct mf_span){0}, "say \"a\\b\"\n");
    assert_string_equal(
        render(&b, MF_DIAG_JSON, true),
        "{\"files\": 1, \"nodes\": 2, \"errors\": 1, \"warnings\": 1, \"diagnostics\": [\n"
        "  {\"severity\": \"warning\", \"code\": \"MF0701\", \"message\": \"say "
        "\\\"a\\\\b\\\"\\n\", "
        "\"file\": null, \"line\": null, \"column\": null, \"end_line\": null, "
        "\"end_column\": null, \"help\": null, \"related\": []},\n"
        "  {\"severity\": \"error\", \"code\": \"MF0203\", "
        "\"message\": \"the deadband is in kWh, but `power` is in W\", "
        "\"file\": \"meter.yaml\", \"line\": 14, \"column\": 23, \"end_line\": 14, "
        "\"end_column\": 31, \"help\": \"did you mean `20 W`?\", "
        "\"related\": [{\"message\": \"`power` is in W\", \"file\": \"meter.yaml\", "
        "\"line\": 13, \"column\": 3}]}\n"
        "]}\n");
    expect_json(b.out.data);
    bench_close(&b);
}

/* No fault is an object as well. */
static void json_of_nothing(void **state)
{
    struct bench b;

    bench_open(&b, "a.yaml", "");
    assert_string_equal(render(&b, MF_DIAG_JSON, false),
                        "{\"files\": 1, \"nodes\": 2, \"errors\": 0, \"warnings\": 0, "
                        "\"diagnostics\": []}\n");
    expect_json(b.out.data);
    expect_json(render(&b, MF_DIAG_SARIF, false));
    assert_string_equal(render(&b, MF_DIAG_TEXT, false), "");
    bench_close(&b);
}

static void sarif_format(void **state)
{
    static const char *const parts[] = {
        "\"version\": \"2.1.0\"",
        "\"columnKind\": \"unicodeCodePoints\"",
        "{\"id\": \"MF0103\", \"shortDescription\": {\"text\": \"a key stands twice in one map\"}, "
        "\"help\": {\"text\": \"Of two equal keys",
        "\"defaultConfiguration\": {\"level\": \"error\"}}",
        "{\"ruleId\": \"MF0103\", \"ruleIndex\": 0, \"level\": \"error\", "
        "\"message\": {\"text\": \"twice\\nhelp: remove one\"}, "
        "\"locations\": [{\"physicalLocation\": {\"artifactLocation\": "
        "{\"uri\": \"my%20flow%23.yaml\"}, \"region\": {\"startLine\": 2, \"startColumn\": 1, "
        "\"endLine\": 2, \"endColumn\": 2}}}], "
        "\"relatedLocations\": [{\"id\": 0, \"physicalLocation\": ",
        "\"message\": {\"text\": \"first\"}}]}",
        "{\"ruleId\": \"MF0104\", \"ruleIndex\": 1, \"level\": \"warning\", "
        "\"message\": {\"text\": \"nowhere\"}}",
        "{\"ruleId\": \"MF0103\", \"ruleIndex\": 0, \"level\": \"note\"",
    };
    struct mf_diag *d;
    struct bench b;

    bench_open(&b, "my flow#.yaml", "a: 1\nb: 2\n");
    d = mf_diag(&b.diags, MF_ERROR, 103, find(&b, "b"), "twice");
    mf_diag_help(d, "remove one");
    mf_diag_related(d, find(&b, "a"), "first");
    mf_diag_related(d, (struct mf_span){0}, "nowhere");
    mf_diag(&b.diags, MF_NOTE, 103, find(&b, "2"), "note");
    mf_diag(&b.diags, MF_WARNING, 104, (struct mf_span){2, 0, 0}, "nowhere");
    render(&b, MF_DIAG_SARIF, false);
    expect_json(b.out.data);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!strstr(b.out.data, parts[i]))
            fail_msg("%s\nis not in\n%s", parts[i], b.out.data);
    bench_close(&b);
}

/* Workflow commands end at `::` and the line end, properties at `,` and `:` too. */
static void github_format(void **state)
{
    struct mf_diag *d;
    struct bench b;

    bench_open(&b, "a,b:c%.yaml", "a: 1\nb: \"x\ny\"\n");
    d = mf_diag(&b.diags, MF_ERROR, 103, find(&b, "1"), "100%% wrong: a, b\r\n::error::x");
    mf_diag_help(d, "mend it");
    mf_diag(&b.diags, MF_WARNING, 104, find(&b, "\"x\ny\""), "two lines");
    mf_diag(&b.diags, MF_NOTE, 105, (struct mf_span){0}, "nowhere");
    assert_string_equal(
        render(&b, MF_DIAG_GITHUB, false),
        "::notice title=MF0105::nowhere\n"
        "::error file=a%2Cb%3Ac%25.yaml,line=1,endLine=1,col=4,endColumn=5,title=MF0103"
        "::100%25 wrong: a, b%0D%0A::error::x%0Ahelp: mend it\n"
        "::warning file=a%2Cb%3Ac%25.yaml,line=2,endLine=3,title=MF0104::two lines\n");
    bench_close(&b);
}

/* The names are those of the option `--format`. */
static void formats_have_names(void **state)
{
    static const char *const names[] = {"text", "short", "json", "sarif", "github"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_string_equal(mf_diag_format_names[i], names[i]);
    assert_null(mf_diag_format_names[MF_DIAG_GITHUB + 1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_of_one_record),
        cmocka_unit_test(text_of_several_records),
        cmocka_unit_test(carets_stand_right),
        cmocka_unit_test(end_of_text_has_a_caret),
        cmocka_unit_test(long_lines_are_cut),
        cmocka_unit_test(colour_is_a_choice),
        cmocka_unit_test(dropped_records_are_counted),
        cmocka_unit_test(short_format),
        cmocka_unit_test(json_format),
        cmocka_unit_test(json_of_nothing),
        cmocka_unit_test(sarif_format),
        cmocka_unit_test(github_format),
        cmocka_unit_test(formats_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
