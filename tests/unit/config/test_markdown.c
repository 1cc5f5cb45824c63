/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* Flows in Markdown: which blocks are found, and that places stay those of the file. */

#include "engine/config/markdown.h"

#include "tests/unit/config/flow_case.h"

/* Each row: a document and the blocks in it, one behind the other, ended by `;`. */
static void blocks(void **state)
{
    static const struct {
        const char *text, *blocks;
    } rows[] = {
        {"", ""},
        {"# A\n```yaml\nmoat-flow: 1\n```\n", "moat-flow: 1\n;"},
        {"```yaml\r\nmoat-flow: 1\r\n```\r\n", "moat-flow: 1\r\n;"},
        {"~~~~ yml title=x\n\n# c\nmoat-flow: 1\n~~~\n~~~~~\n", "\n# c\nmoat-flow: 1\n~~~\n;"},
        {"```yaml\nmoat-flow-test: 1\n```\n", ""},
        {"```yaml\nnodes: {}\nmoat-flow: 1\n```\n", ""},
        {"```\nmoat-flow: 1\n```\n", ""},
        {"```yamlx\nmoat-flow: 1\n```\n", ""},
        /* A block that shows Markdown. */
        {"````markdown\n```yaml\nmoat-flow: 1\n```\n````\n", ""},
        {"```yaml\nmoat-flow: 1\n", "moat-flow: 1\n;"},
        {"```yaml\nmoat-flow: 1\n```\ntext\n```yaml\nmoat-flow: 1\na: b\n```",
         "moat-flow: 1\n;moat-flow: 1\na: b\n;"},
        /* In a list. */
        {"1. a\n\n   ```yaml\n   moat-flow: 1\n   ```\n", "   moat-flow: 1\n;"},
        /* Code in a line is no fence. */
        {"```yaml``` is code\nmoat-flow: 1\n", ""},
        {"```yaml", ""},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct mf_source *source;
        struct mf_buf found = {0};
        struct mf_span *list;
        struct flow_case c;
        size_t count;

        case_open(&c);
        source = mf_sources_add(c.sources, "t.md", rows[i].text, strlen(rows[i].text));
        count = mf_markdown_blocks(source, c.arena, &list);
        for (size_t k = 0; k < count; k++) {
            assert_int_equal(list[k].file, source->number);
            mf_buf_printf(&found, "%.*s;", (int)(list[k].end - list[k].start),
                          source->text + list[k].start);
        }
        assert_string_equal(mf_buf_text(&found), rows[i].blocks);
        mf_buf_done(&found);
        case_close(&c);
    }
}

/* A block is a flow of its own; its faults are placed in the document. */
static void blocks_are_flows(void **state)
{
    static const char text[] =
        "# Title\n\n"
        "- item\n\n"
        "  ```yaml\n  moat-flow: 1\n  nodes:\n    a: {log: }\n    B: {log: }\n"
        "  ```\n";
    const struct mf_source *source;
    struct mf_span *list;
    struct flow_case c;

    case_open(&c);
    source = mf_sources_add(c.sources, "t.md", text, sizeof text - 1);
    assert_int_equal(mf_markdown_blocks(source, c.arena, &list), 1);
    mf_flow_read_block(&c.flow, source, list[0].start, list[0].end, NULL);
    assert_string_equal(dump_items(&c), "a = log\nB = log\n");
    assert_string_equal(dump_diags(&c),
                        "error[MF0135] t.md:9:5 `B` cannot be the name of a node: names are made "
                        "of a-z, 0-9 and `_`, and begin with a letter; help: call it `b`\n");
    case_close(&c);
}

/* A document with one flow can be named like a flow file; with several, nobody guesses. */
static void documents(void **state)
{
    const char *const one[] = {"one.md"}, *const two[] = {"two.md"}, *const none[] = {"none.md"};
    struct test_dir dir;
    struct flow_case c;

    dir_open(&dir);
    dir_write("one.md", "```yaml\nmoat-flow: 1\nnodes: {a: {log: }}\n```\n");
    dir_write("two.md", "```yaml\nmoat-flow: 1\n```\n```yaml\nmoat-flow: 1\n```\n");
    dir_write("none.md", "text\n");
    case_open(&c);
    mf_flow_read(&c.flow, one, 1, NULL);
    assert_string_equal(dump_items(&c), "a = log\n");
    assert_string_equal(dump_diags(&c), "");
    case_close(&c);
    case_open(&c);
    mf_flow_read(&c.flow, two, 1, NULL);
    mf_flow_read(&c.flow, none, 1, NULL);
    assert_string_equal(
        dump_diags(&c),
        "error[MF0130] two.md:5:1 `two.md` holds 2 flows, and only one can be taken "
        "from it; help: copy the one you want into a file of its own\n"
        "error[MF0130] none.md:1:1 `none.md` holds no flow; help: a flow is a block "
        "between ```yaml and ``` that begins with `moat-flow: 1`\n");
    case_close(&c);
    dir_close(&dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks),
        cmocka_unit_test(blocks_are_flows),
        cmocka_unit_test(documents),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
