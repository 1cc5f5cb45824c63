/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* Which files a flow is made of: paths, directories, includes. */

#include "tests/unit/config/flow_case.h"

static struct test_dir dir;

static int enter(void **state)
{
    dir_open(&dir);
    return 0;
}

static int leave(void **state)
{
    dir_close(&dir);
    return 0;
}

static void read_paths(struct flow_case *c, const char *const *paths, size_t count)
{
    case_open(c);
    mf_flow_read(&c->flow, paths, count, NULL);
}

/* A directory gives its flows sorted by name; tests, parts and others are passed over. */
static void directories(void **state)
{
    static const char *const paths[] = {"dir"}, *const slash[] = {"dir/", "dir/b.yaml"};
    struct flow_case c;

    dir_write("dir/b.yaml", "moat-flow: 1\ntitle: B\nnodes: {b: {log: '${v}'}}\n");
    dir_write("dir/a.yaml", "moat-flow: 1\nvars: {v: x}\nnodes: {a: {log: }}\n");
    dir_write("dir/a.test.yaml", "moat-flow-test: 1\n");
    dir_write("dir/t.yaml", "moat-flow-test: 1\n");
    dir_write("dir/p.yaml", "moat-flow: 1\npart: P\nnodes: {p: {log: }}\n");
    dir_write("dir/.hidden.yaml", "x");
    dir_write("dir/readme.txt", "x");
    read_paths(&c, paths, 1);
    assert_string_equal(dump_diags(&c), "");
    assert_string_equal(dump_items(&c), "a = log\nb = log \"x\"\n");
    assert_string_equal(c.flow.title, "B");
    assert_int_equal(c.flow.files, 2);
    case_close(&c);
    /* Reached twice, read once. */
    read_paths(&c, slash, 2);
    assert_string_equal(dump_diags(&c), "");
    assert_int_equal(c.flow.files, 2);
    case_close(&c);
    /* Without a path, the current directory. */
    assert_int_equal(chdir("dir"), 0);
    read_paths(&c, NULL, 0);
    assert_int_equal(chdir(".."), 0);
    assert_int_equal(c.flow.files, 2);
    assert_string_equal(mf_sources_get(c.sources, 1)->name, "a.yaml");
    case_close(&c);
}

/* Includes are relative to their file; patterns are sorted and leave out the file itself. */
static void includes(void **state)
{
    static const char *const paths[] = {"main.yaml"};
    struct flow_case c;

    dir_write("main.yaml", "moat-flow: 1\ninclude: [rooms/all.yaml, none/*.yaml]\n"
                           "nodes: {m: {log: }}\n");
    dir_write("rooms/all.yaml", "moat-flow: 1\ninclude: '*.yaml'\nnodes: {all: {log: }}\n");
    dir_write("rooms/bath.yaml", "moat-flow: 1\nnodes: {bath: {log: }}\n");
    dir_write("rooms/attic.yaml", "moat-flow: 1\ninclude: bath.yaml\nnodes: {attic: {log: }}\n");
    dir_write("rooms/part.yaml", "moat-flow: 1\npart: P\n");
    dir_write("rooms/x.test.yaml", "moat-flow-test: 1\n");
    read_paths(&c, paths, 1);
    assert_string_equal(dump_items(&c), "m = log\nall = log\nattic = log\nbath = log\n");
    assert_string_equal(dump_diags(&c),
                        "warning[MF0144] main.yaml:2:27 no file fits the pattern `none/*.yaml`; "
                        "help: patterns are relative to the file they stand in, `main.yaml`\n");
    assert_int_equal(c.flow.files, 4);
    case_close(&c);
}

/* What is wrong about a file is said where it was named. */
static void faults(void **state)
{
    static const struct {
        const char *main, *a, *diags;
    } rows[] = {
        {"include: sub/none.yaml\n", "",
         "error[MF0132] f.yaml:2:10 cannot read `sub/none.yaml`: No such file or directory; help: "
         "paths are relative to the file they stand in, `f.yaml`\n"},
        {"include: sub/a.yaml\n", "include: ../f.yaml\n",
         "error[MF0133] sub/a.yaml:2:10 a file cannot include itself: f.yaml → sub/a.yaml → "
         "f.yaml; help: leave out one of the includes: all files of a flow share their names; "
         "also f.yaml:2:10 `sub/a.yaml` is included here\n"},
        {"include: f.yaml\n", "",
         "error[MF0133] f.yaml:2:10 a file cannot include itself: f.yaml → f.yaml; help: leave out "
         "one of the includes: all files of a flow share their names\n"},
        {"include: sub/a.yaml\n", "part: P\n",
         "error[MF0130] f.yaml:2:10 `sub/a.yaml` is a part, so it cannot be included; help: give "
         "it a name under `use:`: `kitchen: {part: sub/a.yaml}`\n"},
        {"include: sub\n", "",
         "error[MF0132] f.yaml:2:10 `sub` is a directory, a file is wanted\n"},
        {"include: [[x]]\n", "",
         "error[MF0143] f.yaml:2:11 `include` takes the paths of files, this is a list; help: "
         "write it like `include: [links.yaml, rooms/*.yaml]`\n"},
        {"include: '${x}.yaml'\n", "",
         "error[MF0141] f.yaml:2:10 `include` cannot hold variables: files are read before them; "
         "help: name the files, or use a pattern such as `rooms/*.yaml`\n"},
        {"include: sub/a.yaml\nnodes: {x: {log: }}\nlinks: {l: {m: }}\nvars: {v: 1}\n",
         "nodes: {x: {log: }}\nlinks: {l: {m: }, x: {m: }}\nvars: {v: 1, x: 2}\n",
         "error[MF0134] sub/a.yaml:2:9 `x` is defined twice; help: all files of a flow share their "
         "names: give one of the two another; also f.yaml:3:9 `x` is defined here, too\n"
         "error[MF0134] sub/a.yaml:3:9 `l` is defined twice; help: all files of a flow share their "
         "names: give one of the two another; also f.yaml:4:9 `l` is defined here, too\n"
         "error[MF0134] sub/a.yaml:4:8 `v` is defined twice; help: all files of a flow share their "
         "names: give one of the two another; also f.yaml:5:8 `v` is defined here, too\n"},
    };
    static const char *const paths[] = {"f.yaml"};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *main = mf_asprintf("moat-flow: 1\n%s", rows[i].main);
        char *a = mf_asprintf("moat-flow: 1\n%s", rows[i].a);
        struct flow_case c;

        dir_write("f.yaml", main);
        dir_write("sub/a.yaml", a);
        read_paths(&c, paths, 1);
        assert_string_equal(dump_diags(&c), rows[i].diags);
        case_close(&c);
        mf_free(main);
        mf_free(a);
    }
}

/* Paths of the command line have no place; all of them are looked at. */
static void command_line(void **state)
{
    static const char *const paths[] = {"none.yaml", "empty", "empty/x.yml", "t.test.yaml"};
    struct flow_case c;

    dir_write("empty/x.yml", "a: b\n");
    dir_write("t.test.yaml", "moat-flow-test: 1\n");
    read_paths(&c, paths, 4);
    assert_string_equal(
        dump_diags(&c),
        "error[MF0703] - cannot read `none.yaml`: No such file or directory\n"
        "error[MF0703] - there is no flow file (*.yaml) in the directory `empty`\n"
        "error[MF0130] empty/x.yml:1:1 `empty/x.yml` is not a flow: the first key of a flow file "
        "is "
        "`moat-flow`; help: begin the file with the line `moat-flow: 1`\n"
        "error[MF0130] t.test.yaml:1:1 `t.test.yaml` holds tests, not a flow; help: run them with "
        "`moat-flow test t.test.yaml`\n");
    /* A name that nobody knows may be in the file that is missing. */
    assert_non_null(mf_flow_lookup(&c.flow, NULL, "x", 1).node);
    case_close(&c);
}

/* Standard input has the name it is given, and its includes are relative to that. */
static void standard_input(void **state)
{
    static const struct mf_flow_setup setup = {.stdin_name = "rooms/in.yaml"};
    static const char *const paths[] = {"-"};
    struct flow_case c;
    int saved = dup(STDIN_FILENO);

    dir_write("rooms/bath.yaml", "moat-flow: 1\nnodes: {bath: {log: }}\n");
    dir_write("in", "moat-flow: 1\ninclude: bath.yaml\nnodes: {A: {log: }}\n");
    assert_non_null(freopen("in", "r", stdin));
    case_open(&c);
    mf_flow_read(&c.flow, paths, 1, &setup);
    assert_string_equal(dump_items(&c), "A = log\nbath = log\n");
    assert_string_equal(
        dump_diags(&c),
        "error[MF0135] rooms/in.yaml:3:9 `A` cannot be the name of a node: names are "
        "made of a-z, 0-9 and `_`, and begin with a letter; help: call it `a`\n");
    case_close(&c);
    assert_int_equal(dup2(saved, STDIN_FILENO), STDIN_FILENO);
    close(saved);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(directories),  cmocka_unit_test(includes),       cmocka_unit_test(faults),
        cmocka_unit_test(command_line), cmocka_unit_test(standard_input),
    };

    return cmocka_run_group_tests(tests, enter, leave);
}
