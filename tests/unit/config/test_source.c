/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* Sources: reading files once, and positions in them. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/alloc.h"
#include "engine/config/source.h"

/* Lines and columns count from 1, columns count characters, all three line ends are known. */
static void positions_count_characters(void **state)
{
    static const struct {
        const char *text;
        uint32_t offset, line, column;
    } cases[] = {
        {"", 0, 1, 1},
        {"a: 1\nb: 2\n", 0, 1, 1},
        {"a: 1\nb: 2\n", 3, 1, 4},
        {"a: 1\nb: 2\n", 4, 1, 5},
        {"a: 1\nb: 2\n", 5, 2, 1},
        {"a: 1\nb: 2\n", 10, 3, 1},
        {"a: 1\nb: 2\n", 99, 3, 1},
        {"unit: °C\nb", 8, 1, 8},
        {"unit: °C\nb", 10, 2, 1},
        {"日本: x", 8, 1, 5},
        {"a\r\nb\r\nc", 3, 2, 1},
        {"a\r\nb\r\nc", 6, 3, 1},
        {"a\rb\rc", 2, 2, 1},
        {"a\rb\rc", 4, 3, 1},
        {"\n\n\nx", 3, 4, 1},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mf_sources *sources = mf_sources_new();
        const struct mf_source *source =
            mf_sources_add(sources, "x", cases[i].text, strlen(cases[i].text));
        struct mf_position p = mf_source_position(source, cases[i].offset);

        assert_int_equal(p.line, cases[i].line);
        assert_int_equal(p.column, cases[i].column);
        mf_sources_free(sources);
    }
}

/* Asking backwards and forwards gives the same answers: tables made on demand are no state. */
static void positions_do_not_depend_on_order(void **state)
{
    static const char text[] = "é: ü, ö: ä\nbüro: 1, x: ß";
    struct mf_sources *sources = mf_sources_new();
    const struct mf_source *source = mf_sources_add(sources, "x", text, sizeof text - 1);
    struct mf_position forward[sizeof text];

    for (uint32_t i = 0; i < sizeof text; i++)
        forward[i] = mf_source_position(source, i);
    for (uint32_t i = sizeof text; i-- > 0;) {
        struct mf_position p = mf_source_position(source, i);

        assert_int_equal(p.line, forward[i].line);
        assert_int_equal(p.column, forward[i].column);
    }
    mf_sources_free(sources);
}

/* Columns in a huge line are exact as well, at and between the counts that are kept. */
static void positions_in_long_lines(void **state)
{
    enum { CHARS = 20000 };
    char *text = mf_alloc(2 + 2 * CHARS);
    struct mf_sources *sources = mf_sources_new();
    const struct mf_source *source;

    text[0] = 'x';
    text[1] = '\n';
    for (size_t i = 0; i < CHARS; i++)
        memcpy(text + 2 + 2 * i, "ä", 2);
    source = mf_sources_add(sources, "x", text, 2 + 2 * CHARS);
    for (uint32_t i = 0; i <= CHARS; i += i % 2000 < 100 ? 1 : 89) {
        struct mf_position p = mf_source_position(source, 2 + 2 * i);

        assert_int_equal(p.line, 2);
        assert_int_equal(p.column, i + 1);
    }
    mf_sources_free(sources);
    mf_free(text);
}

/* A line comes without its end, whatever that is. */
static void lines_have_no_end(void **state)
{
    static const char text[] = "one\r\ntwo\nthree\rfour";
    static const char *const lines[] = {"one", "two", "three", "four"};
    static const uint32_t starts[] = {0, 5, 9, 15};
    struct mf_sources *sources = mf_sources_new();
    const struct mf_source *source = mf_sources_add(sources, "x", text, sizeof text - 1);

    for (uint32_t i = 0; i < 4; i++) {
        size_t len;
        uint32_t start;
        const char *line = mf_source_line(source, i + 1, &len, &start);

        assert_int_equal(len, strlen(lines[i]));
        assert_memory_equal(line, lines[i], len);
        assert_int_equal(start, starts[i]);
    }
    mf_sources_free(sources);
}

/* A byte order mark is no part of the text, so that columns stay right. */
static void byte_order_mark_is_cut_off(void **state)
{
    struct mf_sources *sources = mf_sources_new();
    const struct mf_source *source = mf_sources_add(sources, "x",
                                                    "\xEF\xBB\xBF"
                                                    "a: 1",
                                                    7);

    assert_int_equal(source->skipped, 3);
    assert_int_equal(source->len, 4);
    assert_string_equal(source->text, "a: 1");
    mf_sources_free(sources);
}

/* ---- files ---- */

struct folder {
    char path[64];
};

static void make_path(char *out, size_t size, const struct folder *folder, const char *name)
{
    assert_true(snprintf(out, size, "%s/%s", folder->path, name) < (int)size);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static int make_folder(void **state)
{
    static struct folder folder;

    memcpy(folder.path, "/tmp/mf-source-XXXXXX", sizeof "/tmp/mf-source-XXXXXX");
    *state = &folder;
    return mkdtemp(folder.path) ? 0 : -1;
}

static int remove_folder(void **state)
{
    const struct folder *folder = *state;

    return rmdir(folder->path);
}

/* A file reached over two names is read once. */
static void a_file_is_read_once(void **state)
{
    struct mf_sources *sources = mf_sources_new();
    const struct mf_source *first, *again;
    char path[PATH_MAX], other[PATH_MAX];
    struct mf_error err = {0};
    bool is_known = true;

    make_path(path, sizeof path, *state, "a.yaml");
    make_path(other, sizeof other, *state, "b.yaml");
    write_file(path, "a: 1\n");
    assert_int_equal(symlink("a.yaml", other), 0);
    first = mf_sources_read(sources, path, &is_known, &err);
    assert_non_null(first);
    assert_false(is_known);
    assert_string_equal(first->text, "a: 1\n");
    assert_string_equal(first->name, path);
    assert_int_equal(first->number, 1);
    again = mf_sources_read(sources, other, &is_known, &err);
    assert_ptr_equal(again, first);
    assert_true(is_known);
    assert_int_equal(mf_sources_count(sources), 1);
    assert_ptr_equal(mf_sources_get(sources, 1), first);
    assert_null(mf_sources_get(sources, 0));
    assert_null(mf_sources_get(sources, 2));
    unlink(path);
    unlink(other);
    mf_sources_free(sources);
}

/* What cannot be a flow file is refused with its name and the reason. */
static void other_things_are_refused(void **state)
{
    const struct folder *folder = *state;
    struct mf_sources *sources = mf_sources_new();
    char large[PATH_MAX], absent[PATH_MAX];
    bool is_known;

    make_path(large, sizeof large, folder, "large.yaml");
    make_path(absent, sizeof absent, folder, "absent.yaml");
    write_file(large, "");
    assert_int_equal(truncate(large, (off_t)MF_SOURCE_SIZE + 4), 0);
    {
        const struct {
            const char *path;
            int code;
            const char *says;
        } cases[] = {
            {absent, MF_EIO, "absent.yaml"},
            {folder->path, MF_EINVAL, "directory"},
            {large, MF_ELIMIT, "16 MB"},
            {"/dev/zero", MF_EINVAL, "neither a file nor a pipe"},
        };

        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            struct mf_error err = {0};

            assert_null(mf_sources_read(sources, cases[i].path, &is_known, &err));
            assert_int_equal(err.code, cases[i].code);
            assert_non_null(strstr(err.text, cases[i].says));
        }
    }
    assert_int_equal(mf_sources_count(sources), 0);
    unlink(large);
    mf_sources_free(sources);
}

/* A flow of more files than the limit ends with an error that names it. */
static void number_of_files_is_limited(void **state)
{
    struct mf_sources *sources = mf_sources_new();
    char path[PATH_MAX];
    struct mf_error err = {0};
    bool is_known;

    for (int i = 0; i < MF_SOURCE_FILES; i++)
        mf_sources_add(sources, "x", "", 0);
    make_path(path, sizeof path, *state, "one.yaml");
    write_file(path, "a: 1\n");
    assert_null(mf_sources_read(sources, path, &is_known, &err));
    assert_int_equal(err.code, MF_ELIMIT);
    assert_non_null(strstr(err.text, "1000"));
    unlink(path);
    mf_sources_free(sources);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(positions_count_characters),
        cmocka_unit_test(positions_do_not_depend_on_order),
        cmocka_unit_test(positions_in_long_lines),
        cmocka_unit_test(lines_have_no_end),
        cmocka_unit_test(byte_order_mark_is_cut_off),
        cmocka_unit_test_setup_teardown(a_file_is_read_once, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(other_things_are_refused, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(number_of_files_is_limited, make_folder, remove_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
