/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* The list of diagnostics: what is kept, what is counted, in which order. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "engine/base/alloc.h"
#include "engine/config/diag.h"

static struct mf_span at(uint32_t file, uint32_t start)
{
    return (struct mf_span){file, start, start + 1};
}

/* A second record of one code at one place says nothing new. */
static void doubles_are_dropped(void **state)
{
    struct mf_diags diags;

    mf_diags_init(&diags, NULL);
    mf_diag(&diags, MF_ERROR, 101, at(1, 5), "first");
    mf_diag_help(mf_diag(&diags, MF_ERROR, 101, at(1, 5), "again"), "unseen");
    mf_diag(&diags, MF_ERROR, 102, at(1, 5), "other code");
    mf_diag(&diags, MF_ERROR, 101, at(1, 6), "other place");
    mf_diag(&diags, MF_ERROR, 101, at(2, 5), "other file");
    mf_diag(&diags, MF_ERROR, 101, (struct mf_span){0}, "nowhere");
    mf_diag(&diags, MF_ERROR, 101, (struct mf_span){0}, "nowhere either");
    assert_int_equal(diags.count, 6);
    assert_int_equal(diags.errors, 6);
    assert_int_equal(diags.dropped, 0);
    assert_string_equal(diags.list[0]->message, "first");
    assert_null(diags.list[0]->help);
    mf_diags_done(&diags);
}

/* Each severity has its counter; label and help can be said again, the last word counts. */
static void records_hold_what_was_said(void **state)
{
    struct mf_diags diags;
    struct mf_diag *d;

    mf_diags_init(&diags, NULL);
    d = mf_diag(&diags, MF_WARNING, 203, at(1, 0), "%s is in %s", "power", "W");
    mf_diag_label(d, "one");
    mf_diag_label(d, "two");
    mf_diag_help(d, "did you mean `%d W`?", 20);
    for (int i = 0; i < MF_DIAG_RELATED + 3; i++)
        mf_diag_related(d, at(1, (uint32_t)i), "place %d", i);
    mf_diag(&diags, MF_NOTE, 204, at(1, 0), "note");
    assert_int_equal(diags.errors, 0);
    assert_int_equal(diags.warnings, 1);
    assert_int_equal(diags.notes, 1);
    assert_string_equal(d->message, "power is in W");
    assert_string_equal(d->label, "two");
    assert_string_equal(d->help, "did you mean `20 W`?");
    assert_int_equal(d->related_count, MF_DIAG_RELATED);
    assert_string_equal(d->related[MF_DIAG_RELATED - 1].text, "place 7");
    mf_diags_done(&diags);
}

/* The list is bounded, the counts are not, and warnings cannot keep an error out. */
static void errors_find_room(void **state)
{
    struct mf_diags diags;

    mf_diags_init(&diags, NULL);
    for (uint32_t i = 0; i < 2 * MF_DIAGS_MAX; i++)
        mf_diag(&diags, MF_WARNING, 101, at(1, i), "warning");
    assert_true(diags.count < MF_DIAGS_MAX);
    assert_int_equal(diags.warnings, 2 * MF_DIAGS_MAX);
    assert_int_equal(diags.dropped, diags.warnings - diags.count);
    assert_string_equal(mf_diag(&diags, MF_ERROR, 102, at(1, 0), "error")->message, "error");
    assert_string_equal(diags.list[diags.count - 1]->message, "error");
    for (uint32_t i = 0; i < 2 * MF_DIAGS_MAX; i++)
        mf_diag_related(mf_diag(&diags, MF_ERROR, 103, at(1, i), "error"), at(1, i), "here");
    assert_int_equal(diags.count, MF_DIAGS_MAX);
    assert_int_equal(diags.errors, 2 * MF_DIAGS_MAX + 1);
    mf_diags_done(&diags);
}

/* What is said while a part is read tells in which use, innermost first. */
static void origins_are_listed(void **state)
{
    struct mf_origin outer = {at(1, 10), "in this use of the part", NULL};
    struct mf_origin inner = {at(2, 20), "repeated here", &outer};
    struct mf_diags diags;
    struct mf_diag *d;

    mf_diags_init(&diags, NULL);
    assert_null(mf_diags_set_origin(&diags, &outer));
    assert_ptr_equal(mf_diags_set_origin(&diags, &inner), &outer);
    d = mf_diag(&diags, MF_ERROR, 101, at(3, 0), "wrong");
    mf_diag_related(d, at(3, 5), "own");
    assert_int_equal(d->related_count, 3);
    assert_string_equal(d->related[0].text, "repeated here");
    assert_string_equal(d->related[1].text, "in this use of the part");
    assert_string_equal(d->related[2].text, "own");
    assert_ptr_equal(mf_diags_set_origin(&diags, NULL), &inner);
    assert_int_equal(mf_diag(&diags, MF_ERROR, 101, at(3, 1), "wrong")->related_count, 0);
    mf_diags_done(&diags);
}

/* A long chain leaves room for what the caller has to show. */
static void origins_leave_room(void **state)
{
    struct mf_origin chain[20];
    struct mf_diags diags;
    struct mf_diag *d;

    mf_diags_init(&diags, NULL);
    for (uint32_t i = 0; i < 20; i++)
        chain[i] = (struct mf_origin){at(1, i), "in this use", i ? &chain[i - 1] : NULL};
    mf_diags_set_origin(&diags, &chain[19]);
    d = mf_diag(&diags, MF_ERROR, 101, at(3, 0), "wrong");
    mf_diag_related(d, at(3, 5), "own");
    assert_string_equal(d->related[d->related_count - 1].text, "own");
    mf_diags_done(&diags);
}

/* By file, then place, then order of discovery. */
static void sorting(void **state)
{
    static const char order[] = "nabcdef";
    struct mf_diags diags;

    mf_diags_init(&diags, NULL);
    mf_diag(&diags, MF_ERROR, 102, at(1, 7), "b");
    mf_diag(&diags, MF_ERROR, 101, at(1, 7), "c");
    mf_diag(&diags, MF_ERROR, 101, at(2, 0), "e");
    mf_diag(&diags, MF_NOTE, 101, at(1, 3), "a");
    mf_diag(&diags, MF_ERROR, 101, at(2, 9), "f");
    mf_diag(&diags, MF_ERROR, 101, at(1, 9), "d");
    mf_diag(&diags, MF_ERROR, 101, (struct mf_span){0}, "n");
    mf_diags_sort(&diags);
    for (size_t i = 0; i < diags.count; i++)
        assert_int_equal(diags.list[i]->message[0], order[i]);
    mf_diags_done(&diags);
}

/* A message is cut, not refused, when a file makes it huge. */
static void messages_are_bounded(void **state)
{
    size_t len = 1000000;
    char *text = mf_alloc(len + 1);
    struct mf_diags diags;
    struct mf_diag *d;

    memset(text, 'x', len);
    text[len] = '\0';
    mf_diags_init(&diags, NULL);
    d = mf_diag(&diags, MF_ERROR, 101, at(1, 0), "%s", text);
    assert_true(strlen(d->message) > 100 && strlen(d->message) < 10000);
    mf_diags_done(&diags);
    mf_free(text);
}

/* Every code is in order, has a title, and shows what is wrong and what is right. */
static void codes_are_explained(void **state)
{
    size_t count;
    const struct mf_code *list = mf_code_list(&count);

    assert_true(count > 0);
    for (size_t i = 0; i < count; i++) {
        assert_true(i == 0 || list[i].number > list[i - 1].number);
        assert_true(list[i].number >= 101 && list[i].number <= 899);
        assert_true(strlen(list[i].title) > 5);
        if (!strstr(list[i].text, "Wrong") || !strstr(list[i].text, "Right"))
            fail_msg("MF%04u is explained without a wrong and a right example", list[i].number);
        assert_ptr_equal(mf_code_get(list[i].number), &list[i]);
    }
    assert_null(mf_code_get(0));
    assert_null(mf_code_get(9999));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(doubles_are_dropped),  cmocka_unit_test(records_hold_what_was_said),
        cmocka_unit_test(errors_find_room),     cmocka_unit_test(origins_are_listed),
        cmocka_unit_test(origins_leave_room),   cmocka_unit_test(sorting),
        cmocka_unit_test(messages_are_bounded), cmocka_unit_test(codes_are_explained),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
