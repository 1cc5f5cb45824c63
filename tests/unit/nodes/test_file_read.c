/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* file.read: columns become outputs, times come from the file, bad lines do no harm. */

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/alloc.h"
#include "tests/support/bench.h"

static struct bench *read_file(const char *yaml, const char *name, const char *text)
{
    return bench_new_with(yaml, (struct bench_options){.is_real = true, .files = {{name, text}}});
}

/* Without `columns` the header says which outputs there are, under names that fit. */
static void header_makes_outputs(void **state)
{
    struct bench *b = read_file("x: {file.read: '${dir}/a.csv'}\n", "a.csv",
                                "Power (W),on,Note\n1,true,\"a, b\"\n2.5,false,7\n,,\n");

    bench_expect(b, "x.power_w", "1 2.5");
    bench_expect(b, "x.on", "true false");
    bench_expect(b, "x.note", "\"a, b\" 7");
    bench_free(b);
}

/* The keys of the first object are the outputs; null and missing keys say nothing. */
static void first_object_makes_outputs(void **state)
{
    struct bench *b = read_file("x: {file.read: '${dir}/a.jsonl'}\n", "a.jsonl",
                                "{\"p\":1,\"q\":\"a\",\"r\":[1,{\"s\":2}]}\n"
                                "\n"
                                "{\"q\":null,\"p\":2.5,\"new\":3}\n");

    bench_expect(b, "x.p", "1 2.5");
    bench_expect(b, "x.q", "\"a\"");
    bench_expect(b, "x.r", "[1,{\"s\":2}]");
    bench_free(b);
}

/* Named columns are the only ones, in any order of the file; a single one is the node itself. */
static void columns_are_chosen(void **state)
{
    struct bench *b = read_file("x: {file.read: '${dir}/a.csv', columns: [c, a]}\n"
                                "y: {file.read: '${dir}/a.csv', columns: b}\n"
                                "z: {scale: 10, from: y}\n",
                                "a.csv", "a,b,c\n1,2,3\n4,5,6\n");

    bench_expect(b, "x.a", "1 4");
    bench_expect(b, "x.c", "3 6");
    bench_expect(b, "z", "20 50");
    bench_free(b);
}

/* `type` and `unit` of the node hold for its outputs: text stays text even where it is digits. */
static void types_are_kept(void **state)
{
    struct bench *b = read_file("x: {file.read: '${dir}/a.csv', type: text}\n", "a.csv",
                                "serial\n007\ntrue\n1e3\n");

    bench_expect(b, "x", "\"007\" \"true\" \"1e3\"");
    bench_free(b);
    b = bench_new_with("y: {file.read: '${dir}/b.csv', type: number, unit: kW}\n"
                       "w: {scale: 1, from: y, unit: W}\n",
                       (struct bench_options){.is_real = true, .files = {{"b.csv", "p\n1\n2\n"}}});
    bench_expect(b, "w", "1000 2000");
    bench_expect_unit(b, "w", "W");
    bench_free(b);
}

/* A line that cannot be used is named by its number, and the rest goes on. */
static void bad_lines_are_rejected(void **state)
{
    struct bench *b = read_file("x: {file.read: '${dir}/a.csv', type: number, on_error: drop}\n",
                                "a.csv", "p,q\n1,2\n3\nx,4\n\"5,6\n7,8\n");

    bench_expect(b, "x.p", "1 7");
    bench_expect(b, "x.q", "2 8");
    bench_expect_log(b, "line 3 of");
    bench_free(b);
    b = read_file("x: {file.read: '${dir}/a.jsonl', on_error: drop}\n", "a.jsonl",
                  "{\"p\":1}\n{\"p\":2\n[3]\n{\"p\":4,\"p\":5}\n{\"p\":6}\n");
    bench_expect(b, "x", "1 6");
    bench_expect_log(b, "line 2 of");
    bench_free(b);
}

/* The time column becomes the time of the values, as text or as seconds. */
static void time_travels(void **state)
{
    struct bench *b =
        read_file("x: {file.read: '${dir}/a.csv', time: when}\n"
                  "y: {file.write: '${dir}/out.jsonl', from: x}\n",
                  "a.csv", "when,p\n2026-03-29T01:55:00Z,1\n1774749301.25,2\nsoon,3\n");

    bench_expect(b, "x", "1 2 bad(2, not decodable)");
    bench_advance(b, "1s");
    bench_expect_file(b, "out.jsonl",
                      "{\"time\":\"2026-03-29T01:55:00Z\",\"x\":1}\n"
                      "{\"time\":\"2026-03-29T01:55:01.25Z\",\"x\":2}\n");
    bench_free(b);
}

/* `1x` says each record as long after the first as it was true after it. */
static void rate_is_kept(void **state)
{
    static const char csv[] = "t,p\n100,1\n101,2\n101,3\n99,4\n160,5\n";
    struct bench *b =
        read_file("x: {file.read: '${dir}/a.csv', time: t, rate: 1x}\n", "a.csv", csv);

    bench_expect(b, "x", "1");
    bench_advance(b, "999ms");
    bench_expect(b, "x", "");
    bench_advance(b, "1ms");
    bench_expect(b, "x", "2 3 4");
    bench_advance(b, "1min");
    bench_expect(b, "x", "5");
    bench_free(b);
    b = read_file("x: {file.read: '${dir}/a.jsonl', time: t, rate: 60x}\n", "a.jsonl",
                  "{\"t\":0,\"p\":1}\n{\"t\":\"1970-01-01T00:01:00Z\",\"p\":2}\n");
    bench_advance(b, "999ms");
    bench_expect(b, "x", "1");
    bench_advance(b, "1ms");
    bench_expect(b, "x", "2");
    bench_free(b);
}

/* Other separators, no header, other names. */
static void other_forms_are_read(void **state)
{
    struct bench *b = read_file("x: {file.read: '${dir}/a.txt', format: csv, separator: \";\", "
                                "header: false, columns: [a, b]}\n",
                                "a.txt", "1;\"2\"\n3;4,5\n");

    bench_expect(b, "x.a", "1 3");
    bench_expect(b, "x.b", "2 \"4,5\"");
    bench_free(b);
}

/* A file that comes late is found; until then the node says what is wrong. */
static void late_files_are_found(void **state)
{
    struct bench *b = bench_new_with("x: {file.read: '${dir}/late.csv', columns: p}\n",
                                     (struct bench_options){.is_real = true});

    bench_expect_log(b, "No such file or directory");
    bench_write_file(b, "late.csv", "q\n1\n");
    bench_advance(b, "10s");
    bench_expect_log(b, "no column `p`, but `q`");
    bench_write_file(b, "late.csv", "p\n1\n2\n");
    bench_advance(b, "3min");
    bench_expect(b, "x", "bad(null, device error) 1 2");
    bench_free(b);
}

/* A FIFO is read as it is written, and holds nothing up. */
static void fifos_are_read(void **state)
{
    struct bench *b = bench_new_with("x: {file.read: '${dir}/pipe', format: jsonl, columns: p}\n",
                                     (struct bench_options){.is_real = true});
    char *path = mf_asprintf("%s/pipe", bench_dir(b));
    int fd;

    assert_int_equal(mkfifo(path, 0600), 0);
    bench_advance(b, "3s");
    fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "{\"p\":1}\n{\"p\"", 12), 12);
    bench_advance(b, "100ms");
    bench_expect(b, "x", "bad(null, device error) 1");
    assert_int_equal(write(fd, ":2}\n", 4), 4);
    bench_advance(b, "100ms");
    bench_expect(b, "x", "2");
    close(fd);
    bench_advance(b, "100ms");
    fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    assert_int_equal(write(fd, "{\"p\":3}\n", 8), 8);
    close(fd);
    bench_advance(b, "100ms");
    bench_expect(b, "x", "3");
    bench_free(b);
    mf_free(path);
}

/* A changed node reads on where it was. */
static void reload_reads_on(void **state)
{
    static const char csv[] = "t,p\n0,1\n10,2\n20,3\n30,4\n";
    struct bench *b =
        read_file("x: {file.read: '${dir}/a.csv', time: t, rate: 1x}\n", "a.csv", csv);

    bench_advance(b, "10s");
    bench_expect(b, "x", "1 2");
    bench_reload(b, "x: {file.read: '${dir}/a.csv', time: t, rate: max}\n");
    bench_advance(b, "1s");
    bench_expect(b, "x", "3 4");
    bench_free(b);
}

/* Mistakes are told at the check. */
static void mistakes_are_told(void **state)
{
    bench_expect_fault("x: {file.read: a.dat, columns: p}\n", "MF0520", "`a.dat`");
    bench_expect_fault("x: {file.read: no/such.csv}\n", "MF0521", "No such file");
    bench_expect_fault("x: {file.read: '-', format: csv}\n", "MF0521", "standard input");
    bench_expect_fault("x: {file.read: a.csv, columns: p, rate: 1x}\n", "MF0220", "`rate`");
    bench_expect_fault("x: {file.read: a.csv, header: false}\n", "MF0220", "header");
    bench_expect_fault("x: {file.read: a.csv, columns: [p, P]}\n", "MF0312", "`p`");
    bench_expect_clean("x: {file.read: later.csv, columns: [p]}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_makes_outputs),   cmocka_unit_test(first_object_makes_outputs),
        cmocka_unit_test(columns_are_chosen),     cmocka_unit_test(types_are_kept),
        cmocka_unit_test(bad_lines_are_rejected), cmocka_unit_test(time_travels),
        cmocka_unit_test(rate_is_kept),           cmocka_unit_test(other_forms_are_read),
        cmocka_unit_test(late_files_are_found),   cmocka_unit_test(fifos_are_read),
        cmocka_unit_test(reload_reads_on),        cmocka_unit_test(mistakes_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
