/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* The composer: what YAML becomes, where everything stands, and what is refused how. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include "engine/config/tree.h"

struct bench {
    struct mf_sources *sources;
    struct mf_diags diags;
    struct mf_arena *arena;
    const struct mf_source *source;
    struct mf_tree *tree;
};

static void bench_open_part(struct bench *b, const char *text, size_t len, size_t start, size_t end)
{
    b->sources = mf_sources_new();
    mf_diags_init(&b->diags, b->sources);
    b->arena = mf_arena_new();
    b->source = mf_sources_add(b->sources, "flow.yaml", text, len);
    b->tree = mf_compose(b->source, start, end, b->arena, &b->diags);
    mf_diags_sort(&b->diags);
}

static void bench_open(struct bench *b, const char *text, size_t len)
{
    bench_open_part(b, text, len, 0, len);
}

static void bench_close(struct bench *b)
{
    mf_arena_free(b->arena);
    mf_diags_done(&b->diags);
    mf_sources_free(b->sources);
}

/* ---- what a text becomes ---- */

static void put_slice(const struct bench *b, struct mf_span at, struct mf_buf *out)
{
    assert_int_equal(at.file, 1);
    assert_true(at.start <= at.end && at.end <= b->source->len);
    mf_buf_putc(out, '<');
    mf_buf_put(out, b->source->text + at.start, at.end - at.start);
    mf_buf_putc(out, '>');
}

/* Plain texts bare, quoted ones in quotes, block texts in bars; `<source>` behind a text that
 * differs from what its span covers; `*` with the alias in front of what came through one. */
static void put_tree(const struct bench *b, const struct mf_tree *tree, struct mf_buf *out)
{
    size_t len = tree->at.end - tree->at.start;
    const char *quote = tree->is_plain ? "" : tree->is_block ? "|" : "\"";

    if (tree->kind == MF_TREE_SCALAR) {
        mf_buf_puts(out, quote);
        mf_buf_put(out, tree->text, tree->count);
        mf_buf_puts(out, quote);
        assert_int_equal(tree->text[tree->count], 0);
        if (len != tree->count || memcmp(tree->text, b->source->text + tree->at.start, len) != 0)
            put_slice(b, tree->at, out);
        return;
    }
    mf_buf_putc(out, tree->kind == MF_TREE_MAP ? '{' : '[');
    for (uint32_t i = 0; i < tree->count; i++) {
        struct mf_span via = tree->kind == MF_TREE_MAP ? tree->pairs[i].via : tree->items[i].via;

        if (i > 0)
            mf_buf_puts(out, ", ");
        if (tree->kind == MF_TREE_MAP) {
            put_tree(b, tree->pairs[i].key, out);
            mf_buf_puts(out, ": ");
        }
        if (via.file)
            put_slice(b, via, out);
        put_tree(b, tree->kind == MF_TREE_MAP ? tree->pairs[i].value : tree->items[i].value, out);
    }
    mf_buf_putc(out, tree->kind == MF_TREE_MAP ? '}' : ']');
}

/* Scalars stay text and every one of them knows its exact place. */
static void texts_and_places(void **state)
{
    static const struct {
        const char *yaml, *tree;
    } cases[] = {
        {"", "{}"},
        {"# nothing\n", "{}"},
        {"---\n", "{}"},
        {"a: 1\n", "{a: 1}"},
        {"off: no\nat: 08:30\nx: 0x1f\n", "{off: no, at: 08:30, x: 0x1f}"},
        {"a:\nb: ~\n", "{a: , b: ~}"},
        {"a: ''\n", "{a: \"\"<''>}"},
        {"ä: °C\nb: 日本 # c\nc: x\n", "{ä: °C, b: 日本, c: x}"},
        {"é: \"\\u00e9\\n\"\n'x y': 'it''s'\n",
         "{é: \"é\n\"<\"\\u00e9\\n\">, \"x y\"<'x y'>: \"it's\"<'it''s'>}"},
        {"a: one\n  two\n\n  three\nb: 1\n", "{a: one two\nthree<one\n  two\n\n  three>, b: 1}"},
        {"a: |\n  x\n   y\n\n  z\nb: 1\n", "{a: |x\n y\n\nz\n|<|\n  x\n   y\n\n  z>, b: 1}"},
        {"a: >-\n  x\n  y\n\nb: 1\n", "{a: |x y|<>-\n  x\n  y>, b: 1}"},
        {"- a\n- - b\n  - c\n-\n", "[a, [b, c], ]"},
        {"{a: [b, {c: d}], e}", "{a: [b, {c: d}], e: }"},
        {"[a: b, c]", "[{a: b}, c]"},
        {"a: [b,\n  c,\n]\n", "{a: [b, c]}"},
        {"? a\n: b\n", "{a: b}"},
        {"a: 1\r\nb:\r\n  - x\r\n", "{a: 1, b: [x]}"},
        {"\xEF\xBB\xBF"
         "a: 1\n",
         "{a: 1}"},
        {"%YAML 1.2\n---\na: 1\n...\n# end\n", "{a: 1}"},
        {"plain\n", "plain"},
        /* anchors and aliases */
        {"a: &x 1\nb: *x\n", "{a: 1, b: <*x>1}"},
        {"a: &x # why\n  {k: 1}\nb: [*x]\n", "{a: {k: 1}, b: [<*x>{k: 1}]}"},
        {"&k key: 1\nb: *k\n", "{key: 1, b: <*k>key}"},
        {"a: &x 1\nb: &x 2\nc: *x\n", "{a: 1, b: 2, c: <*x>2}"},
        {"a: &x\nb: *x\n", "{a: , b: <*x>}"},
        /* merges: own pairs first and first in rank, then the maps in their order */
        {"a: &a {k: 1, l: 2}\nb: {<<: *a, k: 3}\n", "{a: {k: 1, l: 2}, b: {k: 3, l: <*a>2}}"},
        {"a: &a {k: 1}\nb: &b {k: 2, l: 3}\nc:\n  <<: [*a, *b]\n  m: 4\n",
         "{a: {k: 1}, b: {k: 2, l: 3}, c: {m: 4, k: <*a>1, l: <*b>3}}"},
        {"a: {<<: {k: 1, l: 2}, l: 3}\n", "{a: {l: 3, k: 1}}"},
        {"a: &a {k: 1}\nb: &b {<<: *a, l: 2}\nc: {<<: *b}\n",
         "{a: {k: 1}, b: {l: 2, k: <*a>1}, c: {l: <*b>2, k: <*b>1}}"},
        {"'<<': 1\n", "{\"<<\"<'<<'>: 1}"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mf_buf out = {0};
        struct bench b;

        bench_open(&b, cases[i].yaml, strlen(cases[i].yaml));
        assert_int_equal(b.diags.count, 0);
        assert_non_null(b.tree);
        put_tree(&b, b.tree, &out);
        assert_string_equal(mf_buf_text(&out), cases[i].tree);
        mf_buf_done(&out);
        bench_close(&b);
    }
}

/* Lists and maps span from their first to their last character, without comments behind them. */
static void collections_have_places(void **state)
{
    static const struct {
        const char *yaml, *slice; /* of the value of `a` */
    } cases[] = {
        {"a: {b: 1, c: [2]} # x\nd: 1\n", "{b: 1, c: [2]}"},
        {"a:\n  b: 1\n  c: \"é\"\n\n# x\nd: 1\n", "b: 1\n  c: \"é\""},
        {"a:\n  - b\n  - {c: 1}\n\nd: 1\n", "- b\n  - {c: 1}"},
        {"é: [ß]\na: &x [1,\n  2]\n", "[1,\n  2]"},
        {"a:\n  b: |\n    x\n    y\n\nc: 1\n", "b: |\n    x\n    y"},
        {"x: &x 1\na:\n  b: *x\nc: 1\n", "b: *x"},
        {"a:\n  - b: 1\n    c: 2\n", "- b: 1\n    c: 2"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct mf_tree *value;
        struct bench b;

        bench_open(&b, cases[i].yaml, strlen(cases[i].yaml));
        assert_non_null(b.tree);
        value = mf_tree_get(b.tree, "a", NULL);
        assert_non_null(value);
        assert_int_equal(value->at.end - value->at.start, strlen(cases[i].slice));
        assert_memory_equal(b.source->text + value->at.start, cases[i].slice,
                            strlen(cases[i].slice));
        bench_close(&b);
    }
}

/* The size of a subtree counts keys and what aliases repeat: it is the bound of all expansion. */
static void nodes_are_counted(void **state)
{
    static const char yaml[] = "a: &a [1, 2]\nb: [*a, *a]\n";
    struct bench b;

    bench_open(&b, yaml, sizeof yaml - 1);
    assert_non_null(b.tree);
    assert_int_equal(mf_tree_get(b.tree, "a", NULL)->nodes, 3);
    assert_int_equal(mf_tree_get(b.tree, "b", NULL)->nodes, 7);
    assert_int_equal(b.tree->nodes, 1 + 1 + 3 + 1 + 7);
    assert_ptr_equal(mf_tree_get(b.tree, "b", NULL)->items[1].value,
                     mf_tree_get(b.tree, "a", NULL));
    bench_close(&b);
}

/* A YAML block in another text is read alone, with the positions of the whole. */
static void part_of_a_file(void **state)
{
    static const char text[] = "# Über\n```yaml\na: 1\nb: x\n```\n: not YAML [";
    size_t start = 16, end = 26;
    struct bench b;

    bench_open_part(&b, text, sizeof text - 1, start, end);
    assert_int_equal(b.diags.count, 0);
    assert_non_null(b.tree);
    assert_int_equal(b.tree->count, 2);
    assert_int_equal(b.tree->pairs[1].value->at.start, 24);
    assert_int_equal(mf_source_position(b.source, b.tree->pairs[1].value->at.start).line, 4);
    bench_close(&b);
}

/* Looking up and naming. */
static void helpers(void **state)
{
    static const char yaml[] = "a: text\nb: [1]\nc: {d: 1}\n";
    const struct mf_tree_pair *pair = NULL;
    struct bench b;

    bench_open(&b, yaml, sizeof yaml - 1);
    assert_ptr_equal(mf_tree_get(b.tree, "b", &pair), b.tree->pairs[1].value);
    assert_ptr_equal(pair, &b.tree->pairs[1]);
    assert_null(mf_tree_get(b.tree, "e", NULL));
    assert_null(mf_tree_get(b.tree->pairs[0].value, "a", NULL));
    assert_true(mf_tree_is(b.tree->pairs[0].value, "text"));
    assert_false(mf_tree_is(b.tree->pairs[0].value, "tex"));
    assert_false(mf_tree_is(b.tree->pairs[1].value, "text"));
    assert_string_equal(mf_tree_kind_name(b.tree->pairs[0].value), "a text");
    assert_string_equal(mf_tree_kind_name(b.tree->pairs[1].value), "a list");
    assert_string_equal(mf_tree_kind_name(b.tree->pairs[2].value), "a map");
    bench_close(&b);
}

/* ---- what is refused ---- */

struct fault_case {
    const char *yaml;
    size_t len; /* 0: strlen */
    unsigned code;
    const char *place; /* "line:column-line:column" */
    const char *says;  /* part of message, label or help */
    bool has_tree;     /* the rest can be used */
};

static void check_fault(const struct fault_case *c)
{
    size_t len = c->len ? c->len : strlen(c->yaml);
    struct mf_position start, end;
    const struct mf_diag *d;
    char place[64];
    struct bench b;

    bench_open(&b, c->yaml, len);
    assert_int_equal(b.diags.errors, 1);
    d = b.diags.list[0];
    start = mf_source_position(b.source, d->at.start);
    end = mf_source_position(b.source, d->at.end);
    snprintf(place, sizeof place, "%u:%u-%u:%u", start.line, start.column, end.line, end.column);
    if (d->code != c->code || strcmp(place, c->place) != 0 ||
        !(strstr(d->message, c->says) || (d->help && strstr(d->help, c->says)) ||
          (d->label && strstr(d->label, c->says))))
        fail_msg("`%s`: MF%04u at %s: %s (%s)", c->yaml, d->code, place, d->message,
                 d->help ? d->help : "no help");
    assert_int_equal(b.tree != NULL, c->has_tree);
    assert_non_null(mf_code_get(d->code));
    bench_close(&b);
}

/* libyaml's faults are said in the reader's words, at the right place. */
static void syntax_faults(void **state)
{
    static const struct fault_case cases[] = {
        {"nodes:\n\ta: 1\n", 0, 102, "2:1-2:2", "line 2 is indented with a tab"},
        {"nodes:\n  a: 1\n  \tb: 1\n", 0, 102, "3:3-3:4", "line 3 is indented with a tab"},
        {"a: b\n\tc\n", 0, 102, "2:1-2:2", "YAML wants spaces"},
        {"a: |\n\tc\n", 0, 102, "2:1-2:2", "line 2"},
        {"title: Grid: meter\n", 0, 101, "1:12-1:13", "put the text in quotes"},
        {"ä: ö: ü\n", 0, 101, "1:5-1:6", "without quotes"},
        {"a: 1\n  b: 2\n", 0, 101, "2:3-2:4", "deeper than the one above"},
        {"a:\n    b: 1\n  c: 2\n", 0, 101, "3:3-3:7", "does not fit the indentation above"},
        {"a:\n  - b\n  c: d\n", 0, 101, "3:3-3:7", "does not fit the indentation above"},
        {"a: \"x\" y\n", 0, 101, "1:8-1:9", "put the whole value in quotes"},
        {"a: {b: 1\nc: 2\n", 0, 101, "2:2-2:3", "closing `}` is missing"},
        {"a: {b: 1\n", 0, 101, "1:4-1:5", "never closed"},
        {"a: [b, c\n", 0, 101, "1:4-1:5", "never closed"},
        {"a: [b, c\nd: 1\n", 0, 101, "2:2-2:3", "closing `]` is missing"},
        {"a: b]\nc: ]\n", 0, 101, "2:4-2:5", "value is missing"},
        {"a: [1]]\n", 0, 101, "1:7-1:8", "closes nothing"},
        {"a: @foo\n", 0, 101, "1:4-1:5", "cannot begin with `@`"},
        {"a: %foo\n", 0, 101, "1:4-1:5", "cannot begin with `%`"},
        {"cron: */5 * * * *\n", 0, 101, "1:7-1:18", "alias"},
        {"a: & b\n", 0, 101, "1:4-1:7", "anchor"},
        {"a: \"\\d\"\n", 0, 101, "1:5-1:7", "`\\d` is no escape"},
        {"a: \"\\xZZ\"\n", 0, 101, "1:7-1:8", "hexadecimal"},
        {"a: \"\\uD800\"\n", 0, 101, "1:7-1:8", "names no character"},
        {"é: 'foo\nb: 1\n", 0, 101, "1:4-1:5", "never closed"},
        {"a: \"x\n---\ny\"\n", 0, 101, "2:1-2:4", "cannot stand in a quoted text"},
        {"a: - b\n", 0, 101, "1:4-1:5", "in a line of its own"},
        {"a: 1\nfoo\nb: 2\n", 0, 101, "2:1-2:4", "has no `: `"},
        {"foo\nb: 2\n", 0, 101, "1:1-1:4", "has no `: `"},
        {"a: |0\n  x\n", 0, 101, "1:5-1:6", "digit from 1 to 9"},
        {"a: | foo\n  x\n", 0, 101, "1:6-1:9", "begins in the next line"},
        {"a: [b, , c]\n", 0, 101, "1:8-1:9", "a value is missing"},
        {"a: ? b\n", 0, 101, "1:4-1:5", "with `?`"},
        {"a: 1\n---\nb: 2\n", 0, 107, "2:1-2:4", "a second YAML document"},
        {"{a: 1} b\n", 0, 101, "1:8-1:9", "behind the end"},
        {"a: 1\n...\n%TAG ! x\n", 0, 107, "3:1-3:2", "a second YAML document"},
        {"%TAG ! b\n---\na: 1\n", 0, 108, "1:1-1:9", "remove the line"},
        {"# x\n%YAML 2.0\n---\na: 1\n", 0, 108, "2:1-2:10", "remove the line"},
        {"%YAML 1.1\n%YAML 1.1\n---\na: 1\n", 0, 108, "2:1-2:10", "second directive"},
        {"a: !x!y z\n", 0, 108, "1:4-1:10", "tags"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_fault(&cases[i]);
}

/* Faults that YAML itself allows; where the rest can be used, it is. */
static void our_faults(void **state)
{
    static const struct fault_case cases[] = {
        {"a: 1\nb: 2\na: 3\n", 0, 103, "3:1-3:2", "`a` stands twice", true},
        {"é: {k: 1, 'k': 2}\n", 0, 103, "1:11-1:14", "`k` stands twice", true},
        {"x: &x {a: 1}\ny: {<<: *x, <<: *x}\n", 0, 103, "2:13-2:15", "[*one, *two]", true},
        {"a: &slow 1\nb: *slwo\n", 0, 104, "2:4-2:9", "did you mean `*slow`?"},
        {"b: *x\n", 0, 104, "1:4-1:6", "in quotes"},
        {"*x : 1\n", 0, 104, "1:1-1:3", "`*x`"},
        {"b: {<<: *x}\n", 0, 104, "1:9-1:11", "`*x`"},
        {"a: &a [*a]\n", 0, 113, "1:8-1:10", "inside of what it repeats"},
        {"a: !secret broker\n", 0, 108, "1:4-1:11", "${secret:NAME}", true},
        {"a: &x !env_var broker\n", 0, 108, "1:7-1:15", "${env:NAME}", true},
        {"a: !!str 5\n", 0, 108, "1:4-1:9", "`!!str`", true},
        {"a: !include x.yaml\n", 0, 108, "1:4-1:12", "`include:`", true},
        {"a: !x [1]\n", 0, 108, "1:4-1:6", "`!x`", true},
        {"a: &a 5\nb: {<<: *a}\n", 0, 111, "2:9-2:11", "this is a text", true},
        {"b: {<<: [{a: 1}, c]}\n", 0, 111, "1:18-1:19", "this is a text", true},
        {"a: {{ x }}\n", 0, 112, "1:5-1:10", "this is a map", true},
        {"? [a]\n: b\n", 0, 112, "1:3-1:6", "this is a list", true},
        {"a: {: b}\n", 0, 112, "1:5-1:6", "is missing"},
        {"? \n: b\n", 0, 112, "1:2-1:2", "is missing", true},
        {": 5\n", 0, 112, "1:1-1:2", "is missing"},
        {"\"a\\0b\": 5\n", 0, 112, "1:1-1:7", "\\0", true},
        {"unit: \xB0"
         "C\n",
         0, 109, "1:7-1:7", "0xB0 is not UTF-8"},
        {"ä: \xC3\n", 0, 109, "1:4-1:5", "0xC3 is not UTF-8"},
        {"a: \x1B[31m\n", 0, 109, "1:4-1:5", "U+001B"},
        {"a: \xC2\x9B\n", 0, 109, "1:4-1:5", "U+009B"},
        {"a: \xEF\xBB\xBF"
         "b\n",
         0, 109, "1:4-1:5", "byte order mark"},
        {"a: 1\n\0b", 7, 109, "2:1-2:2", "binary"},
        {"\xFF\xFE"
         "a\0",
         4, 109, "1:1-1:2", "UTF-16"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_fault(&cases[i]);
}

/* All faults of a file are found in one go, each once, and the first of equal keys stays. */
static void all_faults_at_once(void **state)
{
    static const char yaml[] = "a: 1\na: 2\nb: !x 1\na: 3\nc: {[d]: e, f: g}\n";
    struct bench b;

    bench_open(&b, yaml, sizeof yaml - 1);
    assert_int_equal(b.diags.errors, 4);
    assert_int_equal(b.diags.list[0]->code, 103);
    assert_int_equal(b.diags.list[0]->related_count, 1);
    assert_int_equal(b.diags.list[0]->related[0].at.start, 0);
    assert_int_equal(b.diags.list[1]->code, 108);
    assert_int_equal(b.diags.list[2]->code, 103);
    assert_int_equal(b.diags.list[3]->code, 112);
    assert_non_null(b.tree);
    assert_int_equal(b.tree->count, 3);
    assert_true(mf_tree_is(mf_tree_get(b.tree, "a", NULL), "1"));
    assert_int_equal(mf_tree_get(b.tree, "c", NULL)->count, 1);
    bench_close(&b);
}

/* ---- limits ---- */

static void put_many(struct mf_buf *buf, const char *text, size_t count)
{
    for (size_t i = 0; i < count; i++)
        mf_buf_puts(buf, text);
}

/* The text has exactly one error, of this code. */
static void check_limit(struct mf_buf *text, unsigned code, const char *says)
{
    struct bench b;

    bench_open(&b, mf_buf_text(text), text->len);
    assert_int_equal(b.diags.errors, 1);
    assert_int_equal(b.diags.list[0]->code, code);
    assert_non_null(strstr(b.diags.list[0]->message, says));
    assert_null(b.tree);
    bench_close(&b);
    mf_buf_done(text);
}

/* 64 levels are read, 65 are refused, in brackets, lines, dashes and question marks. */
static void depth_is_limited(void **state)
{
    static const struct {
        const char *open, *close;
    } shapes[] = {{"[", "]"}, {"{a: ", "}"}, {"- ", ""}, {"? ", ""}, {"[\n", "]"}};

    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct mf_buf text = {0};
        struct bench b;

        put_many(&text, shapes[i].open, MF_TREE_DEPTH);
        put_many(&text, shapes[i].close, MF_TREE_DEPTH);
        bench_open(&b, mf_buf_text(&text), text.len);
        for (size_t k = 0; k < b.diags.count; k++)
            assert_int_not_equal(b.diags.list[k]->code, 105);
        bench_close(&b);
        mf_buf_clear(&text);
        put_many(&text, shapes[i].open, 40000);
        check_limit(&text, 105, "64");
    }
}

/* Depth counts through aliases: a chain of anchors is no way around it. */
static void depth_counts_through_aliases(void **state)
{
    struct mf_buf text = {0};

    mf_buf_puts(&text, "a0: &a0 [x]\n");
    for (int i = 1; i < 100; i++)
        mf_buf_printf(&text, "a%d: &a%d [*a%d]\n", i, i, i - 1);
    check_limit(&text, 105, "*a62");
}

/* Aliases that double themselves end at the limit, in lists and in merges. */
static void alias_bombs_end(void **state)
{
    struct mf_buf text = {0};

    mf_buf_puts(&text, "a: &a [x,x,x,x,x,x,x,x,x]\n");
    for (char c = 'b'; c <= 'z'; c++)
        mf_buf_printf(&text, "%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n", c, c, c - 1, c - 1,
                      c - 1, c - 1, c - 1, c - 1, c - 1, c - 1, c - 1);
    check_limit(&text, 106, "200000");
    mf_buf_puts(&text, "b: &b {");
    for (int i = 0; i < 1000; i++)
        mf_buf_printf(&text, "k%d: 1, ", i);
    mf_buf_puts(&text, "}\nl:\n");
    put_many(&text, "- {<<: *b}\n", 200);
    check_limit(&text, 106, "200000");
}

/* A file of directives would keep libyaml busy for hours; it does not get to see it. */
static void directives_do_not_pile_up(void **state)
{
    struct mf_buf text = {0};

    for (int i = 0; i < 200000; i++)
        mf_buf_printf(&text, "%%TAG !a%d! b\n", i);
    check_limit(&text, 108, "directive");
    mf_buf_puts(&text, "a: 1\n...\n");
    for (int i = 0; i < 200000; i++)
        mf_buf_printf(&text, "%%TAG !a%d! b\n", i);
    check_limit(&text, 107, "second YAML document");
}

/* A key beyond libyaml's lookahead is called too long, not a wrong line. */
static void long_keys_are_named(void **state)
{
    struct mf_buf text = {0};

    put_many(&text, "x", 2000);
    mf_buf_puts(&text, ": 1\n");
    check_limit(&text, 101, "1024");
}

/* A text of more than the largest file is refused without being looked at. */
static void size_is_limited(void **state)
{
    size_t len = 100u * 1024 * 1024;
    char *text = mf_alloc(len);
    struct bench b;

    memset(text, '[', len);
    bench_open(&b, text, len);
    assert_int_equal(b.diags.errors, 1);
    assert_int_equal(b.diags.list[0]->code, 110);
    assert_null(b.tree);
    bench_close(&b);
    mf_free(text);
}

/* A million faults are counted, a thousand are kept. */
static void faults_are_limited(void **state)
{
    struct mf_buf text = {0};
    struct bench b;

    put_many(&text, "a: 1\n", 100000);
    bench_open(&b, mf_buf_text(&text), text.len);
    assert_int_equal(b.diags.errors, 99999);
    assert_int_equal(b.diags.count, MF_DIAGS_MAX);
    assert_int_equal(b.diags.dropped, 99999 - MF_DIAGS_MAX);
    bench_close(&b);
    mf_buf_done(&text);
}

/* Large maps find their double keys too, by another way than small ones. */
static void large_maps(void **state)
{
    struct mf_buf text = {0};
    struct bench b;

    mf_buf_puts(&text, "base: &base {k5: own, extra: 1}\nmap:\n  <<: *base\n");
    for (int i = 0; i < 1000; i++)
        mf_buf_printf(&text, "  k%d: v%d\n", i, i);
    mf_buf_puts(&text, "  k500: again\n");
    bench_open(&b, mf_buf_text(&text), text.len);
    assert_int_equal(b.diags.errors, 1);
    assert_int_equal(b.diags.list[0]->code, 103);
    assert_non_null(b.tree);
    assert_int_equal(mf_tree_get(b.tree, "map", NULL)->count, 1001);
    assert_true(mf_tree_is(mf_tree_get(mf_tree_get(b.tree, "map", NULL), "k5", NULL), "v5"));
    assert_true(mf_tree_is(mf_tree_get(mf_tree_get(b.tree, "map", NULL), "k500", NULL), "v500"));
    assert_true(mf_tree_is(mf_tree_get(mf_tree_get(b.tree, "map", NULL), "extra", NULL), "1"));
    bench_close(&b);
    mf_buf_done(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_and_places),
        cmocka_unit_test(collections_have_places),
        cmocka_unit_test(nodes_are_counted),
        cmocka_unit_test(part_of_a_file),
        cmocka_unit_test(helpers),
        cmocka_unit_test(syntax_faults),
        cmocka_unit_test(our_faults),
        cmocka_unit_test(all_faults_at_once),
        cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(depth_counts_through_aliases),
        cmocka_unit_test(alias_bombs_end),
        cmocka_unit_test(directives_do_not_pile_up),
        cmocka_unit_test(long_keys_are_named),
        cmocka_unit_test(size_is_limited),
        cmocka_unit_test(faults_are_limited),
        cmocka_unit_test(large_maps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
