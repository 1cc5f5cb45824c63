/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* file.write: lines and headers, what happens to a file that is there, full disks. */

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/alloc.h"
#include "tests/support/bench.h"

static struct bench *start(const char *yaml)
{
    return bench_new_with(yaml, (struct bench_options){.is_real = true});
}

static struct bench *start_with(const char *yaml, const char *name, const char *text)
{
    return bench_new_with(yaml, (struct bench_options){.is_real = true, .files = {{name, text}}});
}

/* A line for each value, with the time it was true; there after 20 ms. */
static void lines_are_written(void **state)
{
    struct bench *b = start("p: {test.source: any}\n"
                            "w: {file.write: '${dir}/a.jsonl', from: p}\n");

    bench_feed(b, "p", "1");
    bench_feed_at(b, "p", "\"a \\\"b\\\"\"", 1.5);
    bench_expect_file(b, "a.jsonl", "");
    bench_advance(b, "20ms");
    bench_expect_file(b, "a.jsonl",
                      "{\"time\":\"2026-01-01T00:00:00Z\",\"p\":1}\n"
                      "{\"time\":\"2026-01-01T00:00:01.5Z\",\"p\":\"a \\\"b\\\"\"}\n");
    bench_free(b);
}

/* What is new in one turn is one line, whatever the number of inputs; the rest stays empty. */
static void turns_are_lines(void **state)
{
    struct bench *b = start("a: {test.source: any}\n"
                            "b: {test.source: any}\n"
                            "w: {file.write: '${dir}/a.csv', from: {x: a, y: b}}\n");

    bench_feed_many(b, "a=1 b=true");
    bench_advance(b, "1s");
    bench_feed(b, "b", "\"a,b\"");
    bench_advance(b, "1s");
    bench_feed(b, "a", "2");
    bench_feed(b, "a", "3");
    bench_advance(b, "1s");
    bench_expect_file(b, "a.csv",
                      "time,x,y\n"
                      "2026-01-01T00:00:00Z,1,true\n"
                      "2026-01-01T00:00:01Z,,\"a,b\"\n"
                      "2026-01-01T00:00:02Z,2,\n"
                      "2026-01-01T00:00:02Z,3,\n");
    bench_free(b);
}

/* Every port of a node is a column. */
static void ports_are_columns(void **state)
{
    struct bench *b = start_with("m: {file.read: '${dir}/in.csv', time: t}\n"
                                 "w: {file.write: '${dir}/out.csv', from: m.*}\n",
                                 "in.csv", "power,t,name\n1,0,a\n2,60,\n");

    bench_advance(b, "1s");
    bench_expect_file(b, "out.csv",
                      "time,power,name\n"
                      "1970-01-01T00:00:00Z,1,a\n"
                      "1970-01-01T00:01:00Z,2,\n");
    bench_free(b);
}

/* The members of a map are the columns; ones that come later have no place in CSV. */
static void maps_are_spread(void **state)
{
    struct bench *b = start("m: {test.source: any}\n"
                            "w: {file.write: '${dir}/a.csv', from: m}\n"
                            "v: {file.write: '${dir}/a.jsonl', from: m}\n");

    bench_feed(b, "m", "{\"u\":1,\"v\":[1,2]}");
    bench_feed(b, "m", "{\"v\":null,\"w\":3}");
    bench_feed(b, "m", "{\"time\":\"noon\"}");
    bench_advance(b, "1s");
    bench_expect_file(b, "a.csv",
                      "time,u,v\n"
                      "2026-01-01T00:00:00Z,1,\"[1,2]\"\n"
                      "2026-01-01T00:00:00Z,,\n"
                      "noon,,\n");
    bench_expect_log(b, "has no column for all of `m`");
    bench_expect_file(b, "a.jsonl",
                      "{\"time\":\"2026-01-01T00:00:00Z\",\"u\":1,\"v\":[1,2]}\n"
                      "{\"time\":\"2026-01-01T00:00:00Z\",\"v\":null,\"w\":3}\n"
                      "{\"time\":\"noon\"}\n");
    bench_free(b);
}

/* `columns` says what is written and in which order. */
static void columns_are_chosen(void **state)
{
    struct bench *b =
        start("a: {test.source: any}\n"
              "b: {test.source: any}\n"
              "w: {file.write: '${dir}/a.csv', from: [a, b], columns: [b, none, a],"
              " separator: \";\"}\n"
              "v: {file.write: '${dir}/a.jsonl', from: [a, b], columns: [b, time]}\n");

    bench_feed_many(b, "a=1 b=\"x;y\"");
    bench_advance(b, "1s");
    bench_expect_file(b, "a.csv", "b;none;a\n\"x;y\";;1\n");
    bench_expect_file(b, "a.jsonl", "{\"b\":\"x;y\",\"time\":\"2026-01-01T00:00:00Z\"}\n");
    bench_free(b);
}

/* A file that is there is appended to, under the header it has, in its order. */
static void files_are_appended_to(void **state)
{
    struct bench *b = start_with("a: {test.source: any}\n"
                                 "b: {test.source: any}\n"
                                 "w: {file.write: '${dir}/a.csv', from: [a, b]}\n",
                                 "a.csv", "b,time,a\n1,then,2\n");

    bench_feed_many(b, "a=3 b=4");
    bench_advance(b, "1s");
    bench_expect_file(b, "a.csv", "b,time,a\n1,then,2\n4,2026-01-01T00:00:00Z,3\n");
    bench_free(b);
}

/* A file with another header is not spoilt: the node says what is wrong and keeps the values. */
static void other_headers_are_left_alone(void **state)
{
    struct bench *b = start_with("a: {test.source: any}\n"
                                 "w: {file.write: '${dir}/a.csv', from: a, columns: [time, a]}\n",
                                 "a.csv", "time,b\n");

    bench_expect_log(b, "has other columns, `time`, `b`");
    bench_feed(b, "a", "1");
    bench_advance(b, "1s");
    bench_expect_file(b, "a.csv", "time,b\n");
    bench_write_file(b, "a.csv", "time,a\n");
    bench_advance(b, "3min");
    bench_expect_file(b, "a.csv", "time,a\n2026-01-01T00:00:00Z,1\n");
    bench_free(b);
}

/* A half line that a power cut left is taken away, a whole one without its end gets it. */
static void last_lines_are_repaired(void **state)
{
    static const struct {
        const char *name, *before, *after;
    } cases[] = {
        {"a.csv", "time,p\nt,1\nt", "time,p\nt,1\n"},
        {"a.csv", "time,p\nt,1\n\"t", "time,p\nt,1\n"},
        {"a.csv", "time,p\nt,1", "time,p\nt,1\n"},
        {"a.csv", "time,p", "time,p\n"},
        {"a.jsonl", "{\"p\":1}\n{\"p\":2", "{\"p\":1}\n"},
        {"a.jsonl", "{\"p\":1}\n{\"p\":2}", "{\"p\":1}\n{\"p\":2}\n"},
        {"a.jsonl", "{\"p\"", ""},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char *yaml = mf_asprintf("p: {test.source: any}\n"
                                 "w: {file.write: '${dir}/%s', from: p}\n",
                                 cases[i].name);
        struct bench *b = start_with(yaml, cases[i].name, cases[i].before);
        char *after =
            mf_asprintf("%s%s", cases[i].after,
                        cases[i].name[2] == 'c' ? "2026-01-01T00:00:00Z,9\n"
                                                : "{\"time\":\"2026-01-01T00:00:00Z\",\"p\":9}\n");

        bench_expect_log(b, "the last line of");
        bench_feed(b, "p", "9");
        bench_advance(b, "1s");
        bench_expect_file(b, cases[i].name, after);
        bench_free(b);
        mf_free(after);
        mf_free(yaml);
    }
}

/* Values that are not good are left out, or written as what they are. */
static void quality_is_an_option(void **state)
{
    struct bench *b = start("p: {test.source: any}\n"
                            "w: {file.write: '${dir}/a.csv', from: p}\n"
                            "v: {file.write: '${dir}/b.csv', from: p, quality: true}\n");

    bench_feed(b, "p", "1");
    bench_fail(b, "p", "timeout");
    bench_feed(b, "p", "2");
    bench_advance(b, "1s");
    bench_expect_file(b, "a.csv", "time,p\n2026-01-01T00:00:00Z,1\n2026-01-01T00:00:00Z,2\n");
    bench_expect_file(b, "b.csv",
                      "time,p,quality\n"
                      "2026-01-01T00:00:00Z,1,good\n"
                      "2026-01-01T00:00:00Z,1,bad: timeout\n"
                      "2026-01-01T00:00:00Z,2,good\n");
    bench_free(b);
}

/* A file over its size makes room for a new one with a header; the oldest goes. */
static void files_rotate(void **state)
{
    struct bench *b = start("p: {test.source: any}\n"
                            "w: {file.write: '${dir}/a.csv', from: p, columns: p, rotate: 6, "
                            "files: 2}\n");

    for (int i = 1; i <= 4; i++) {
        char text[8];

        snprintf(text, sizeof(text), "%d%d", i, i);
        bench_feed(b, "p", text);
        bench_advance(b, "1s");
    }
    bench_expect_file(b, "a.csv", "p\n44\n");
    bench_expect_file(b, "a.csv.1", "p\n33\n");
    bench_expect_file(b, "a.csv.2", "p\n22\n");
    bench_free(b);
}

/* A file that somebody moved away is begun anew. */
static void moved_files_are_begun_anew(void **state)
{
    struct bench *b = start("p: {test.source: any}\n"
                            "w: {file.write: '${dir}/a.csv', from: p, columns: p}\n");
    char *from = mf_asprintf("%s/a.csv", bench_dir(b)), *to = mf_asprintf("%s.old", from);

    bench_feed(b, "p", "1");
    bench_advance(b, "1s");
    assert_int_equal(rename(from, to), 0);
    bench_feed(b, "p", "2");
    bench_advance(b, "1s");
    bench_expect_file(b, "a.csv.old", "p\n1\n");
    bench_expect_file(b, "a.csv", "p\n2\n");
    bench_free(b);
    mf_free(from);
    mf_free(to);
}

static void limit_file_size(rlim_t bytes)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* A disk that is full takes part of a line at most: nothing half stays, nothing is lost, and the
 * rest of the flow goes on. */
static void full_disks_are_waited_for(void **state)
{
    struct bench *b = start("p: {test.source: any}\n"
                            "w: {file.write: '${dir}/a.csv', from: p, columns: p}\n"
                            "q: {scale: 2, from: p, type: number}\n");

    bench_feed(b, "p", "11111");
    bench_advance(b, "1s");
    signal(SIGXFSZ, SIG_IGN);
    limit_file_size(11);
    bench_feed(b, "p", "22222");
    bench_feed(b, "p", "33333");
    bench_advance(b, "1s");
    bench_expect_file(b, "a.csv", "p\n11111\n");
    bench_expect_log(b, "File too large; 2 records are kept, trying again in 1 s");
    bench_feed(b, "p", "44444");
    bench_advance(b, "10s");
    bench_expect_file(b, "a.csv", "p\n11111\n");
    bench_expect(b, "q", "22222 44444 66666 88888");
    limit_file_size(RLIM_INFINITY);
    bench_advance(b, "1min");
    bench_expect_file(b, "a.csv", "p\n11111\n22222\n33333\n44444\n");
    bench_expect_log(b, "is written again");
    bench_free(b);
}

/* /dev/full is always full. */
static void full_devices_are_told(void **state)
{
    struct bench *b = start("p: {test.source: any}\n"
                            "w: {file.write: /dev/full, format: jsonl, from: p}\n");

    bench_feed(b, "p", "1");
    bench_advance(b, "1s");
    bench_expect_log(b, "cannot write `/dev/full`: No space left on device");
    bench_free(b);
}

/* Sources that can wait do while the disk is full, so that no record is lost. */
static void sources_wait_for_the_disk(void **state)
{
    enum { RECORDS = 5000 };
    char *csv = mf_alloc(RECORDS * 6 + 3), *jsonl = mf_alloc(RECORDS * 16);
    size_t in = 2, out = 0;
    struct bench *b;

    memcpy(csv, "p\n", 3);
    for (int i = 0; i < RECORDS; i++) {
        in += (size_t)snprintf(csv + in, 8, "%d\n", i);
        out += (size_t)snprintf(jsonl + out, 16, "{\"x\":%d}\n", i);
    }
    signal(SIGXFSZ, SIG_IGN);
    limit_file_size(40000); /* more than the input, less than the output */
    b = start_with("x: {file.read: '${dir}/in.csv', columns: p}\n"
                   "w: {file.write: '${dir}/out.jsonl', from: x, columns: x, queue: 100}\n",
                   "in.csv", csv);
    bench_advance(b, "10s");
    limit_file_size(RLIM_INFINITY);
    bench_advance(b, "3min");
    bench_expect_file(b, "out.jsonl", jsonl);
    bench_free(b);
    mf_free(csv);
    mf_free(jsonl);
}

/* What waits is written when the node stops. */
static void stop_writes_what_waits(void **state)
{
    struct bench *b = start("p: {test.source: any}\n"
                            "w: {file.write: '${dir}/a.csv', from: p, columns: p}\n");

    bench_feed(b, "p", "1");
    bench_reload(b, "p: {test.source: any}\n");
    bench_expect_file(b, "a.csv", "p\n1\n");
    bench_free(b);
}

/* Nothing is touched under --read-only. */
static void read_only_touches_nothing(void **state)
{
    struct bench *b = bench_new_with(
        "p: {test.source: any}\nw: {file.write: '${dir}/a.csv', from: p, columns: p}\n",
        (struct bench_options){
            .is_real = true, .read_only = true, .files = {{"a.csv", "p\n1\n2"}}});

    bench_feed(b, "p", "3");
    bench_advance(b, "1s");
    bench_expect_file(b, "a.csv", "p\n1\n2");
    bench_free(b);
}

/* A file that cannot be opened is tried again; the values wait. */
static void missing_directories_are_waited_for(void **state)
{
    struct bench *b = start("p: {test.source: any}\n"
                            "w: {file.write: '${dir}/sub/a.csv', from: p, columns: p}\n");
    char *dir = mf_asprintf("%s/sub", bench_dir(b)), *file = mf_asprintf("%s/a.csv", dir);

    bench_expect_log(b, "No such file or directory");
    bench_feed(b, "p", "1");
    assert_int_equal(mkdir(dir, 0700), 0);
    bench_advance(b, "3min");
    bench_expect_file(b, "sub/a.csv", "p\n1\n");
    bench_free(b);
    unlink(file);
    rmdir(dir);
    mf_free(file);
    mf_free(dir);
}

/* Two nodes do not write one file, however its path is spelt. */
static void files_have_one_writer(void **state)
{
    bench_expect_fault("p: {test.source: any}\n"
                       "a: {file.write: /tmp/x/../a.csv, from: p}\n"
                       "b: {file.write: /tmp//./a.csv, from: p}\n",
                       "MF0304", "/tmp/a.csv");
    bench_expect_clean("p: {test.source: any}\n"
                       "a: {file.write: a.csv, from: p}\n"
                       "b: {file.write: b.csv, from: p}\n");
    bench_expect_fault("p: {test.source: any}\na: {file.write: a.txt, from: p}\n", "MF0520",
                       "`a.txt`");
    bench_expect_fault("a: {file.write: a.csv}\n", "MF0305", "`a`");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_written),
        cmocka_unit_test(turns_are_lines),
        cmocka_unit_test(ports_are_columns),
        cmocka_unit_test(maps_are_spread),
        cmocka_unit_test(columns_are_chosen),
        cmocka_unit_test(files_are_appended_to),
        cmocka_unit_test(other_headers_are_left_alone),
        cmocka_unit_test(last_lines_are_repaired),
        cmocka_unit_test(quality_is_an_option),
        cmocka_unit_test(files_rotate),
        cmocka_unit_test(moved_files_are_begun_anew),
        cmocka_unit_test(full_disks_are_waited_for),
        cmocka_unit_test(full_devices_are_told),
        cmocka_unit_test(sources_wait_for_the_disk),
        cmocka_unit_test(stop_writes_what_waits),
        cmocka_unit_test(read_only_touches_nothing),
        cmocka_unit_test(missing_directories_are_waited_for),
        cmocka_unit_test(files_have_one_writer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
