/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* Places of single bytes of a scalar: through quotes, escapes, folds, blocks, substitution. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "engine/base/buf.h"
#include "engine/config/tree.h"

struct bench {
    struct mf_sources *sources;
    struct mf_diags diags;
    struct mf_arena *arena;
    const struct mf_source *source;
    struct mf_tree *value; /* of the key `a` */
};

static void bench_open(struct bench *b, const char *text)
{
    struct mf_tree *tree;

    b->sources = mf_sources_new();
    mf_diags_init(&b->diags, b->sources);
    b->arena = mf_arena_new();
    b->source = mf_sources_add(b->sources, "flow.yaml", text, strlen(text));
    tree = mf_compose(b->source, 0, b->source->len, b->arena, &b->diags);
    assert_non_null(tree);
    b->value = mf_tree_get(tree, "a", NULL);
    assert_non_null(b->value);
}

static void bench_close(struct bench *b)
{
    mf_arena_free(b->arena);
    mf_diags_done(&b->diags);
    mf_sources_free(b->sources);
}

static void expect_slice(const struct bench *b, struct mf_span at, const char *slice)
{
    struct mf_buf got = {0};

    assert_int_equal(at.file, 1);
    assert_true(at.end <= b->source->len && at.start <= at.end);
    mf_buf_put(&got, b->source->text + at.start, at.end - at.start);
    assert_string_equal(mf_buf_text(&got), slice);
    mf_buf_done(&got);
}

/* A part of the text stands where a reader would look for it. */
static void parts_are_found(void **state)
{
    static const struct {
        const char *yaml, *part, *slice;
    } cases[] = {
        {"a: one two\n", "two", "two"},
        {"ä: ö\na: ü two\n", "two", "two"},
        {"a: one\n  two\n  three\n", "three", "three"},
        {"a: one\n  two\n", "e t", "e\n  t"},
        {"a: one\n\n\n  two\n", "\n\n", "\n\n\n  "},
        {"a: one\r\n  two\r\n", "e t", "e\r\n  t"},
        {"a: 'it''s on'\n", "'s", "''s"},
        {"a: 'it''s on'\n", "on", "on"},
        {"a: 'one  \n   two'\n", " ", "  \n   "},
        {"a: \"x\\ty\\\"z\"\n", "z", "z"},
        {"a: \"x\\ty\\\"z\"\n", "\t", "\\t"},
        {"a: \"x\\ty\\\"z\"\n", "\"", "\\\""},
        {"a: \"\\u00e9\\x41\\U0001F600b\"\n", "b", "b"},
        {"a: \"\\u00e9\\x41\\U0001F600b\"\n", "A", "\\x41"},
        {"a: \"\\u00e9\\x41\\U0001F600b\"\n", "é", "\\u00e9"},
        {"a: \"\\N\\_\\L\\P\\0\\e\\/b\"\n", "/", "\\/"},
        {"a: \"one \\\n   two\"\n", "two", "two"},
        {"a: \"one\n   \\  two\"\n", "two", "two"},
        {"a: \"one  \n\n  two\"\n", "\ntwo", "  \n\n  two"},
        {"a: |\n  one\n  two\n", "two", "two"},
        {"a: |\n  one\n    two\n\n  three\n", "  two", "  two"},
        {"a: |\n  one\n    two\n\n  three\n", "three", "three"},
        {"a: |\n\n  one\n  two\n", "two", "two"},
        {"a: |2-\n    one\n  two\n", "  one", "  one"},
        {"a: |2-\n    one\n  two\n", "two", "two"},
        {"a: | # why 3\n  one\n  two\n", "two", "two"},
        {"a: |\r\n  one\r\n  two\r\n", "two", "two"},
        {"a: >\n  one\n  two\n", "two", "two"},
        {"a: >\n  one\n  two\n\n  three\n", "three", "three"},
        {"a: >\n\n  one\n    two\n  three\n", "three", "three"},
        {"a: >\n\n\n  one\n  two\n", "two", "two"},
        {"a: >+\n  one\n\n\n    two\n\n  three\n  four\n", "four", "four"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench b;
        const char *part;
        uint32_t from;

        bench_open(&b, cases[i].yaml);
        /* memmem, because a text may hold NUL bytes */
        part = memmem(b.value->text, b.value->count, cases[i].part, strlen(cases[i].part));
        assert_non_null(part);
        from = (uint32_t)(part - b.value->text);
        expect_slice(&b,
                     mf_tree_span(b.value, b.sources, from, from + (uint32_t)strlen(cases[i].part)),
                     cases[i].slice);
        bench_close(&b);
    }
}

/* Every single byte of every form leads to the source that made it, in order. */
static void each_byte_is_found(void **state)
{
    static const char *const cases[] = {
        "a: plain text, x # c\n",
        "a: pl\u00e4in\n  folded\n\n\n  text\n",
        "a: 'quo''ted \n   te''xt'\n",
        "a: \"dou\\x41ble \\\n  jo\\nined\n  fo\\\"lded\"\n",
        "a: |\n  one\n    two\n\n  three\n",
        "a: |3\n     one\n   two\n",
        "a: >\n  one\n  two\n\n    three\n   \n  four\n  five\n",
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t last = 0;
        struct bench b;

        bench_open(&b, cases[i]);
        for (uint32_t k = 0; k < b.value->count; k++) {
            struct mf_span at = mf_tree_span(b.value, b.sources, k, k + 1);
            char made = b.value->text[k];

            /* The feed that ends a block stands behind its span. */
            if (at.start == b.value->at.end)
                break;
            assert_true(at.start >= last && at.end <= b.value->at.end);
            assert_true(at.end - at.start < b.value->at.end - b.value->at.start);
            if (made > ' ' && b.source->text[at.start] != '\\' && b.source->text[at.start] != '\'')
                assert_int_equal(b.source->text[at.start], made);
            last = at.start;
        }
        bench_close(&b);
    }
}

/* An empty part is a point; parts beyond the text are its end; other trees are themselves. */
static void edges(void **state)
{
    struct bench b;
    struct mf_tree made;

    bench_open(&b, "a: one two\nb: [1]\n");
    assert_int_equal(mf_tree_span(b.value, b.sources, 4, 4).start, 7);
    assert_int_equal(mf_tree_span(b.value, b.sources, 4, 4).end, 7);
    assert_int_equal(mf_tree_span(b.value, b.sources, 7, 7).start, 10);
    assert_int_equal(mf_tree_span(b.value, b.sources, 90, 99).start, 10);
    expect_slice(&b, mf_tree_span(b.value, b.sources, 4, 99), "two");
    /* A text that the source does not hold: the whole, never a wrong part. */
    made = *b.value;
    made.text = "other text";
    made.count = 10;
    expect_slice(&b, mf_tree_span(&made, b.sources, 2, 4), "one two");
    made.at = (struct mf_span){0};
    assert_int_equal(mf_tree_span(&made, b.sources, 2, 4).file, 0);
    bench_close(&b);
}

/* Substituted stretches lead to their `${…}`, and the text behind them is still found. */
static void substitution(void **state)
{
    static const char yaml[] = "a: \"x\\t${site}/${n}-end\"\n";
    uint32_t site = 7, n = 15;
    struct mf_tree_piece pieces[] = {
        {2, 8, {1, site, site + 7}},
        {9, 9, {1, n, n + 4}},
    };
    struct mf_tree made;
    struct bench b;

    bench_open(&b, yaml);
    made = *b.value;
    made.text = "x\tgarden/-end";
    made.count = 13;
    made.pieces = pieces;
    made.piece_count = 2;
    expect_slice(&b, mf_tree_span(&made, b.sources, 0, 1), "x");
    expect_slice(&b, mf_tree_span(&made, b.sources, 3, 5), "${site}");
    expect_slice(&b, mf_tree_span(&made, b.sources, 1, 3), "\\t${site}");
    expect_slice(&b, mf_tree_span(&made, b.sources, 8, 9), "/");
    expect_slice(&b, mf_tree_span(&made, b.sources, 10, 13), "end");
    expect_slice(&b, mf_tree_span(&made, b.sources, 4, 13), "${site}/${n}-end");
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_found),
        cmocka_unit_test(each_byte_is_found),
        cmocka_unit_test(edges),
        cmocka_unit_test(substitution),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
