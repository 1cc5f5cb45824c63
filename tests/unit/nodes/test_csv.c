/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* Cells, columns and lines of files: quoting, numbers, times, what is malformed. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/alloc.h"
#include "engine/base/clock.h"
#include "nodes/file/cell.h"
#include "nodes/file/csv.h"
#include "nodes/file/format.h"
#include "nodes/file/lines.h"

/* Cells joined by `|`, as RFC 4180 splits them; NULL: refused. */
static void records_are_split(void **state)
{
    static const struct {
        const char *record, *cells;
        char separator;
    } cases[] = {
        {"", "", ','},
        {"a", "a", ','},
        {"a,b", "a|b", ','},
        {",", "|", ','},
        {"a,,b,", "a||b|", ','},
        {"\"a\"", "a", ','},
        {"\"a,b\",c", "a,b|c", ','},
        {"\"\"", "", ','},
        {"\"\",\"\"", "|", ','},
        {"\"say \"\"x\"\"\"", "say \"x\"", ','},
        {"\"\"\"\"", "\"", ','},
        {"\"two\nlines\",b", "two\nlines|b", ','},
        {"5\" pipe,b", "5\" pipe|b", ','},
        {" \"a\"", " \"a\"", ','},
        {"a;b,c", "a|b,c", ';'},
        {"\"a;b\";c", "a;b|c", ';'},
        {"\"a", NULL, ','},
        {"\"a\"\"", NULL, ','},
        {"\"a\"b", NULL, ','},
        {"x,\"a\" ,b", NULL, ','},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct mf_csv_cell cells[8];
        struct mf_error err = {0};
        struct mf_buf joined = {0};
        char *text = mf_strdup(cases[i].record);
        size_t count = 0;
        int rc = mf_csv_split(text, strlen(text), cases[i].separator, cells, 8, &count, &err);

        if ((rc == 0) != (cases[i].cells != NULL))
            fail_msg("`%s`: %s", cases[i].record, err.text);
        for (size_t k = 0; rc == 0 && k < count; k++) {
            if (k)
                mf_buf_putc(&joined, '|');
            mf_buf_put(&joined, cells[k].text, cells[k].len);
        }
        if (rc == 0)
            assert_string_equal(mf_buf_text(&joined), cases[i].cells);
        mf_buf_done(&joined);
        mf_free(text);
    }
}

/* More cells than there is room for are counted, not written. */
static void room_is_kept(void **state)
{
    struct mf_csv_cell cells[2];
    char text[] = "1,2,3,4";
    size_t count;

    assert_int_equal(mf_csv_split(text, strlen(text), ',', cells, 1, &count, NULL), 0);
    assert_int_equal(count, 4);
    assert_int_equal(cells[0].len, 1);
}

/* Quotes only where they are needed; what is written is split into the same. */
static void cells_are_quoted(void **state)
{
    static const struct {
        const char *cell, *written;
    } cases[] = {
        {"", ""},           {"plain", "plain"},     {"a b", "a b"},
        {"a,b", "\"a,b\""}, {"a\"b", "\"a\"\"b\""}, {"a\nb", "\"a\nb\""},
        {"a\r", "\"a\r\""}, {" a", "\" a\""},       {"a ", "\"a \""},
        {"a;b", "a;b"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct mf_csv_cell cell;
        struct mf_buf buf = {0};
        size_t count;

        mf_csv_put(&buf, cases[i].cell, strlen(cases[i].cell), ',');
        assert_string_equal(mf_buf_text(&buf), cases[i].written);
        mf_buf_puts(&buf, "");
        assert_int_equal(mf_csv_split(buf.data, buf.len, ',', &cell, 1, &count, NULL), 0);
        assert_int_equal(count, 1);
        assert_int_equal(cell.len, strlen(cases[i].cell));
        assert_memory_equal(cell.text, cases[i].cell, cell.len);
        mf_buf_done(&buf);
    }
}

/* What a cell is depends on what it looks like and on what the port takes. */
static void cells_have_types(void **state)
{
    enum { ANY = MF_T_NUMERIC | MF_T(MF_BOOL) | MF_T(MF_TEXT) };
    static const struct {
        const char *cell;
        uint32_t types;
        int type; /* -1: refused */
    } cases[] = {
        {"", ANY, MF_NULL},
        {"  ", ANY, MF_NULL},
        {"12", ANY, MF_INT},
        {" -12 ", ANY, MF_INT},
        {"007", ANY, MF_INT},
        {"12.5", ANY, MF_NUMBER},
        {"1e3", ANY, MF_NUMBER},
        {"99999999999999999999", ANY, MF_NUMBER},
        {"0x10", ANY, MF_TEXT},
        {"12 W", ANY, MF_TEXT},
        {"12,5", ANY, MF_TEXT},
        {"nan", ANY, MF_TEXT},
        {"true", ANY, MF_BOOL},
        {"FALSE", ANY, MF_BOOL},
        {"on", ANY, MF_TEXT},
        {"2026-01-01", ANY, MF_TEXT},
        {"12", MF_T(MF_TEXT), MF_TEXT},
        {"true", MF_T(MF_TEXT), MF_TEXT},
        {"", MF_T(MF_TEXT), MF_NULL},
        {"12", MF_T(MF_NUMBER), MF_INT},
        {"12.5", MF_T(MF_INT), -1},
        {"abc", MF_T_NUMERIC, -1},
        {"1", MF_T(MF_BOOL), MF_BOOL},
        {"off", MF_T(MF_BOOL), MF_BOOL},
        {"2", MF_T(MF_BOOL), -1},
        {"\xff", ANY, -1},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct mf_error err = {0};
        struct mf_value value = mf_value_null();
        int rc = mf_cell_value(cases[i].cell, strlen(cases[i].cell), cases[i].types, &value, &err);

        if ((rc == 0) != (cases[i].type >= 0))
            fail_msg("`%s`: %s", cases[i].cell, err.text);
        if (rc == 0 && value.type != cases[i].type)
            fail_msg("`%s` is %s", cases[i].cell, mf_value_type_names[value.type]);
        mf_value_drop(value);
    }
}

/* ISO 8601 and seconds, exact to the nanosecond. */
static void cells_are_times(void **state)
{
    static const struct {
        const char *cell;
        bool is_time;
        int64_t wall;
    } cases[] = {
        {"1970-01-01T00:00:01Z", true, MF_SEC},
        {" 1970-01-01 01:00:01+01:00 ", true, MF_SEC},
        {"0", true, 0},
        {"1766577900.123456789", true, INT64_C(1766577900123456789)},
        {"1766577900.5", true, INT64_C(1766577900500000000)},
        {"-0.5", true, -MF_SEC / 2},
        {"-1.25", true, -MF_SEC - MF_SEC / 4},
        {"1.5e3", true, 1500 * MF_SEC},
        {"1.0000000019", true, MF_SEC + 1},
        {"", false, 0},
        {"now", false, 0},
        {"1e300", false, 0},
        {"99999999999", false, 0},
        {"12:30", false, 0},
        {"2026-13-01", false, 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        int64_t wall = 0;

        if (mf_cell_time(cases[i].cell, strlen(cases[i].cell), &wall) != cases[i].is_time)
            fail_msg("`%s`", cases[i].cell);
        assert_int_equal(wall, cases[i].wall);
    }
}

/* A column has one name as a port, whatever people call it. */
static void columns_become_names(void **state)
{
    static const struct {
        const char *column, *name;
    } cases[] = {
        {"power", "power"},
        {"Power (W)", "power_w"},
        {"grid.power", "grid_power"},
        {"  x  ", "x"},
        {"2026", "c2026"},
        {"", "column"},
        {"\xc3\xa4", "column"},
        {"W\xc3\xa4rme 1", "w_rme_1"},
        {"__a__", "a"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char *name = mf_file_port_name(cases[i].column, strlen(cases[i].column));

        assert_string_equal(name, cases[i].name);
        mf_free(name);
    }
}

/* ---- lines ---- */

static const char path[] = "test_csv.tmp";

static void write_file(const char *text, size_t len)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static void open_lines(struct mf_lines *lines, char separator)
{
    struct mf_error err = {0};

    if (mf_lines_open(lines, path, separator, &err) < 0)
        fail_msg("%s", err.text);
}

/* Next record, or "WAIT", "END", or the complaint; with its line number in front. */
static void expect_line(struct mf_lines *lines, const char *wanted)
{
    struct mf_error err = {0};
    struct mf_buf got = {0};
    size_t len = 0;
    char *text;
    int rc = mf_lines_next(lines, &text, &len, &err);

    if (rc == MF_LINES_WAIT || rc == MF_LINES_END)
        mf_buf_puts(&got, rc == MF_LINES_WAIT ? "WAIT" : "END");
    else
        mf_buf_printf(&got, "%d ", (int)lines->line);
    if (rc == MF_LINES_GOT)
        mf_buf_put(&got, text, len);
    else if (rc < 0)
        mf_buf_puts(&got, err.text);
    assert_string_equal(mf_buf_text(&got), wanted);
    mf_buf_done(&got);
}

/* Line ends of all systems, a mark at the start, a last line without an end. */
static void lines_are_read(void **state)
{
    static const char text[] = "\xef\xbb\xbf"
                               "a\r\nb\n\n  c";
    struct mf_lines lines;

    write_file(text, sizeof(text) - 1);
    open_lines(&lines, 0);
    expect_line(&lines, "1 a");
    expect_line(&lines, "2 b");
    expect_line(&lines, "3 ");
    expect_line(&lines, "4   c");
    expect_line(&lines, "END");
    expect_line(&lines, "END");
    mf_lines_close(&lines);
    unlink(path);
}

/* A record of CSV ends outside of quotes; one quote too few spoils its own line only. */
static void quoted_line_ends_belong_to_cells(void **state)
{
    static const char text[] = "a,\"b\nc\"\nd\n\"e,f\ng,h\n";
    struct mf_lines lines;

    write_file(text, sizeof(text) - 1);
    open_lines(&lines, ',');
    expect_line(&lines, "1 a,\"b\nc\"");
    expect_line(&lines, "3 d");
    expect_line(&lines, "4 a quote is not closed");
    expect_line(&lines, "5 g,h");
    expect_line(&lines, "END");
    mf_lines_close(&lines);
    unlink(path);
}

/* A record over the limit is left out, those around it are not, however reads fall. */
static void long_records_are_left_out(void **state)
{
    size_t size = 3 * MF_LINES_RECORD, len = 0;
    char *text = mf_alloc(size);
    struct mf_lines lines;

    memset(text, 'x', size);
    memcpy(text, "first\n", 6);
    len = 6 + MF_LINES_RECORD + 300000;
    memcpy(text + len, "\nsecond\n", 8);
    memcpy(text + size - 7, "\nthird\n", 7);
    write_file(text, size);
    open_lines(&lines, 0);
    expect_line(&lines, "1 first");
    expect_line(&lines, "2 the record is longer than 1048576 bytes");
    expect_line(&lines, "3 second");
    expect_line(&lines, "4 the record is longer than 1048576 bytes");
    expect_line(&lines, "5 third");
    expect_line(&lines, "END");
    mf_lines_close(&lines);
    mf_free(text);
    unlink(path);
}

/* Another reader can go on where one was, with the right line number. */
static void reading_is_resumed(void **state)
{
    struct mf_lines lines;
    uint64_t offset, line;

    write_file("a\nb\nc\n", 6);
    open_lines(&lines, 0);
    expect_line(&lines, "1 a");
    offset = lines.offset;
    line = lines.lines;
    mf_lines_close(&lines);
    open_lines(&lines, 0);
    assert_true(mf_lines_seek(&lines, offset, line));
    expect_line(&lines, "2 b");
    assert_false(mf_lines_seek(&lines, 7, 9));
    expect_line(&lines, "3 c");
    mf_lines_close(&lines);
    unlink(path);
}

/* A FIFO without a writer, or with one that thinks, is asked again later. */
static void fifos_do_not_block(void **state)
{
    struct mf_lines lines;
    int fd;

    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    open_lines(&lines, 0);
    expect_line(&lines, "WAIT");
    fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    expect_line(&lines, "WAIT");
    assert_int_equal(write(fd, "a\nb", 3), 3);
    expect_line(&lines, "1 a");
    expect_line(&lines, "WAIT");
    assert_int_equal(write(fd, "c\n", 2), 2);
    expect_line(&lines, "2 bc");
    close(fd);
    expect_line(&lines, "END");
    fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_int_equal(write(fd, "d\n", 2), 2);
    expect_line(&lines, "3 d");
    close(fd);
    mf_lines_close(&lines);
    unlink(path);
}

/* What cannot be read says why. */
static void unreadable_files_are_refused(void **state)
{
    struct mf_error err = {0};
    struct mf_lines lines;

    assert_true(mf_lines_open(&lines, "no/such/file", 0, &err) < 0);
    assert_string_equal(err.text, "cannot read `no/such/file`: No such file or directory");
    assert_true(mf_lines_open(&lines, ".", 0, &err) < 0);
    assert_string_equal(err.text, "cannot read `.`: Is a directory");
}

int main(void)
{
    char dir[] = "/tmp/moat-flow-csv-XXXXXX";
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_split),
        cmocka_unit_test(room_is_kept),
        cmocka_unit_test(cells_are_quoted),
        cmocka_unit_test(cells_have_types),
        cmocka_unit_test(cells_are_times),
        cmocka_unit_test(columns_become_names),
        cmocka_unit_test(lines_are_read),
        cmocka_unit_test(quoted_line_ends_belong_to_cells),
        cmocka_unit_test(long_records_are_left_out),
        cmocka_unit_test(reading_is_resumed),
        cmocka_unit_test(fifos_do_not_block),
        cmocka_unit_test(unreadable_files_are_refused),
    };
    int failed;

    if (!mkdtemp(dir) || chdir(dir) < 0)
        return 99;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(dir);
    return failed;
}
