/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* Values: handles, builders, equality and order, messages. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/buf.h"
#include "engine/value/build.h"
#include "engine/value/msg.h"
#include "tests/unit/value/random_value.h"

static struct mf_value list_of(struct mf_value item)
{
    struct mf_builder builder;

    mf_build_start(&builder);
    mf_build_take_item(&builder, item);
    return mf_build_end_list(&builder);
}

/* Texts up to 14 bytes live in the handle, longer ones in a block; both come back whole. */
static void texts_are_kept(void **state)
{
    static const char text[] = "abcdefghijklmnopqrstuvwxyz";

    for (size_t len = 0; len <= 26; len++) {
        struct mf_value value = mf_value_new_text_n(text, len), copy = mf_value_copy(value);
        struct mf_value bytes = mf_value_new_bytes(text, len);
        size_t got;

        assert_memory_equal(mf_value_text(&value, &got), text, len);
        assert_int_equal(got, len);
        assert_int_equal(mf_value_size(&value) == 0, len <= MF_VALUE_INLINE);
        assert_true(mf_value_equal(&value, &copy));
        assert_false(mf_value_equal(&value, &bytes));
        mf_value_drop(value);
        assert_memory_equal(mf_value_text(&copy, &got), text, len);
        mf_value_drop(copy);
        mf_value_drop(bytes);
    }
}

/* Zeroed memory is null, and null holds nothing. */
static void zero_is_null(void **state)
{
    struct mf_value zero, null = mf_value_null();

    memset(&zero, 0, sizeof(zero));
    assert_int_equal(zero.type, MF_NULL);
    assert_true(mf_value_equal(&zero, &null));
    assert_int_equal(mf_value_size(&zero), 0);
    mf_value_drop(zero);
}

/* Only null and false are not true. */
static void truth_is_as_in_lua(void **state)
{
    struct mf_value values[] = {mf_value_null(), mf_value_bool(false), mf_value_bool(true),
                                mf_value_int(0), mf_value_number(0),   mf_value_new_text("")};

    for (size_t i = 0; i < 6; i++)
        assert_int_equal(mf_value_is_true(&values[i]), i >= 2);
}

/* Maps find their keys below and above the size where they are hashed, and keep their order. */
static void maps_find_keys(void **state)
{
    for (int count = 0; count <= 100; count++) {
        struct mf_builder builder;
        struct mf_value map;
        char key[32];

        mf_build_start(&builder);
        for (int i = 0; i < count; i++) {
            snprintf(key, sizeof(key), i % 2 ? "a key of many bytes %d" : "k%d", i);
            mf_build_take_field(&builder, key, mf_value_int(i));
        }
        map = mf_build_end_map(&builder);
        assert_int_equal(mf_value_count(&map), count);
        for (int i = 0; i < count; i++) {
            const struct mf_value *found;

            snprintf(key, sizeof(key), i % 2 ? "a key of many bytes %d" : "k%d", i);
            found = mf_value_get(&map, key, strlen(key));
            assert_non_null(found);
            assert_int_equal(found->integer, i);
            assert_ptr_equal(found, mf_value_at(&map, (size_t)i));
        }
        assert_null(mf_value_get(&map, "k1", 2));
        assert_null(mf_value_get(&map, "", 0));
        mf_value_drop(map);
    }
}

/* A key that comes twice keeps its place and gets the later value; a strict end refuses it. */
static void keys_come_once(void **state)
{
    for (int count = 2; count <= 60; count += 29) {
        struct mf_builder builder;
        struct mf_value map, key;
        size_t len;

        for (int strict = 0; strict < 2; strict++) {
            mf_build_start(&builder);
            for (int i = 0; i < count; i++) {
                char name[8];

                snprintf(name, sizeof(name), "k%d", i);
                mf_build_take_field(&builder, name, list_of(mf_value_int(i)));
            }
            mf_build_take_field(&builder, "k1", mf_value_new_text("a later and longer value"));
            if (strict)
                break;
            map = mf_build_end_map(&builder);
            assert_int_equal(mf_value_count(&map), count);
            assert_int_equal(mf_value_get(&map, "k1", 2)->type, MF_TEXT);
            assert_int_equal(mf_value_at(&map, 1)->type, MF_TEXT);
            mf_value_drop(map);
        }
        assert_false(mf_build_end_map_strict(&builder, &key));
        assert_memory_equal(mf_value_text(&key, &len), "k1", 2);
        mf_value_drop(key);
    }
}

/* Thirty pairs with two keys leave a small map that still finds both. */
static void many_doubles_leave_few(void **state)
{
    struct mf_builder builder;
    struct mf_value map;

    mf_build_start(&builder);
    for (int i = 0; i < 300; i++)
        mf_build_take_field(&builder, i % 2 ? "odd" : "even", mf_value_int(i));
    map = mf_build_end_map(&builder);
    assert_int_equal(mf_value_count(&map), 2);
    assert_int_equal(mf_value_get(&map, "odd", 3)->integer, 299);
    assert_int_equal(mf_value_get(&map, "even", 4)->integer, 298);
    mf_value_drop(map);
}

/* A value that is packed into itself again and again stops growing in depth and in size. */
static void growth_ends(void **state)
{
    struct mf_value deep = mf_value_int(1), wide = mf_value_new_text("a text that needs a block");
    struct mf_buf buf = {0};

    for (int i = 0; i < 1000; i++) {
        struct mf_builder builder;

        deep = list_of(deep);
        mf_build_start(&builder);
        mf_build_take_item(&builder, mf_value_copy(wide));
        mf_build_take_item(&builder, wide);
        wide = mf_build_end_list(&builder);
        assert_true(mf_value_size(&wide) <= MF_VALUE_SIZE + 100);
    }
    mf_value_print(&deep, &buf);
    assert_true(buf.len <= 2 * MF_VALUE_DEPTH + 4);
    mf_buf_done(&buf);
    mf_value_drop(deep);
    mf_value_drop(wide);
}

/* A builder that is dropped, or ended without items, holds nothing. */
static void builders_end_empty(void **state)
{
    struct mf_builder builder;
    struct mf_value list;

    mf_build_start(&builder);
    list = mf_build_end_list(&builder);
    assert_int_equal(list.type, MF_LIST);
    assert_int_equal(mf_value_count(&list), 0);
    mf_value_drop(list);
    mf_build_take_item(&builder, mf_value_new_text("a text that needs a block"));
    mf_build_drop(&builder);
    list = mf_build_end_path(&builder);
    assert_int_equal(list.type, MF_PATH);
    assert_int_equal(mf_value_count(&list), 0);
}

/* In rising order; what shares a rank is equal. */
static void order_is_total(void **state)
{
    struct {
        struct mf_value value;
        int rank;
    } cases[] = {
        {mf_value_null(), 0},
        {mf_value_bool(false), 1},
        {mf_value_bool(true), 2},
        {mf_value_number(-INFINITY), 3},
        {mf_value_number(-0x1p64), 4},
        {mf_value_int(INT64_MIN), 5},
        {mf_value_number(-0x1p63), 5},
        {mf_value_int(INT64_MIN + 1), 6},
        {mf_value_number(-0.5), 7},
        {mf_value_int(0), 8},
        {mf_value_number(0.0), 8},
        {mf_value_number(-0.0), 8},
        {mf_value_number(0.5), 9},
        {mf_value_int(1), 10},
        {mf_value_number(1), 10},
        {mf_value_int(INT64_C(9007199254740992)), 11},
        {mf_value_number(9007199254740992.0), 11},
        {mf_value_int(INT64_C(9007199254740993)), 12}, /* no double */
        {mf_value_int(INT64_MAX), 13},
        {mf_value_number(0x1p63), 14},
        {mf_value_number(INFINITY), 15},
        {mf_value_number(NAN), 16},
        {mf_value_number(-NAN), 16},
        {mf_value_new_text(""), 17},
        {mf_value_new_text("a"), 18},
        {mf_value_new_text("a text that needs a block"), 19},
        {mf_value_new_text("a text that needs a block"), 19},
        {mf_value_new_text("b"), 20},
        {mf_value_new_bytes("", 0), 21},
        {mf_value_new_bytes("a", 1), 22},
        {list_of(mf_value_int(1)), 23},
        {list_of(mf_value_number(1)), 23},
        {list_of(mf_value_int(2)), 24},
    };
    size_t count = sizeof(cases) / sizeof(*cases);

    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < count; k++) {
            int order = mf_value_compare(&cases[i].value, &cases[k].value);
            int wanted = cases[i].rank - cases[k].rank;

            if ((order > 0) - (order < 0) != (wanted > 0) - (wanted < 0))
                fail_msg("case %zu beside case %zu gives %d", i, k, order);
            assert_int_equal(mf_value_equal(&cases[i].value, &cases[k].value), wanted == 0);
        }
    for (size_t i = 0; i < count; i++)
        mf_value_drop(cases[i].value);
}

static struct mf_value map_of(int from, int to, int step)
{
    struct mf_builder builder;

    mf_build_start(&builder);
    for (int i = from; i != to; i += step)
        mf_build_take_pair(&builder, mf_value_int(i), mf_value_int(i * i));
    return mf_build_end_map(&builder);
}

/* The order of pairs does not count, their number, keys and values do. */
static void maps_compare_by_content(void **state)
{
    for (int count = 1; count <= 40; count += 13) {
        struct mf_value up = map_of(0, count, 1), down = map_of(count - 1, -1, -1);
        struct mf_value more = map_of(0, count + 1, 1), other = map_of(1, count + 1, 1);

        assert_true(mf_value_equal(&up, &down));
        assert_int_equal(mf_value_compare(&up, &down), 0);
        assert_false(mf_value_equal(&up, &more));
        assert_true(mf_value_compare(&up, &more) < 0);
        assert_false(mf_value_equal(&up, &other));
        assert_true(mf_value_compare(&up, &other) < 0);
        assert_true(mf_value_compare(&other, &up) > 0);
        mf_value_drop(up);
        mf_value_drop(down);
        mf_value_drop(more);
        mf_value_drop(other);
    }
}

/* For any two values equality, order and its reverse agree. */
static void order_agrees_with_equality(void **state)
{
    struct mf_rng rng;

    mf_rng_seed(&rng, 3);
    for (int i = 0; i < 20000; i++) {
        struct mf_value a = random_value(&rng, MF_T_ANY, 2), b = random_value(&rng, MF_T_ANY, 2);
        int order = mf_value_compare(&a, &b), back = mf_value_compare(&b, &a);

        assert_int_equal((order > 0) - (order < 0), (back < 0) - (back > 0));
        assert_int_equal(order == 0, mf_value_equal(&a, &b));
        assert_int_equal(mf_value_equal(&b, &a), mf_value_equal(&a, &b));
        assert_true(mf_value_equal(&a, &a));
        assert_int_equal(mf_value_compare(&a, &a), 0);
        mf_value_drop(a);
        mf_value_drop(b);
    }
}

/* Sets of types read as a sentence does. */
static void types_are_named(void **state)
{
    static const struct {
        uint32_t types;
        const char *text;
    } cases[] = {
        {0, "nothing"},
        {MF_T(MF_BOOL), "bool"},
        {MF_T_NUMERIC, "int or number"},
        {MF_T(MF_TEXT) | MF_T(MF_BYTES) | MF_T(MF_MAP), "text, bytes or map"},
        {MF_T_ANY, "anything"},
        {MF_T_ANY & ~MF_T(MF_NULL), "bool, int, number, text, bytes, list, map or path"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char text[96];

        assert_string_equal(mf_types_print(cases[i].types, text), cases[i].text);
    }
}

/* People see bare text, short numbers, hex for bytes. */
static void values_print_for_people(void **state)
{
    struct {
        struct mf_value value;
        const char *text;
    } cases[] = {
        {mf_value_null(), "null"},
        {mf_value_bool(true), "true"},
        {mf_value_int(INT64_MIN), "-9223372036854775808"},
        {mf_value_number(20), "20"},
        {mf_value_number(NAN), "nan"},
        {mf_value_new_text("say \"x\""), "say \"x\""},
        {mf_value_new_bytes("\x01\xff", 2), "01ff"},
        {list_of(mf_value_new_text("x")), "[\"x\"]"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct mf_buf buf = {0};

        mf_value_print(&cases[i].value, &buf);
        assert_string_equal(mf_buf_text(&buf), cases[i].text);
        mf_buf_done(&buf);
        mf_value_drop(cases[i].value);
    }
}

/* A message owns its value once it was copied; reasons are known by name and by pointer. */
static void messages_are_copied(void **state)
{
    struct mf_msg msg = {.value = mf_value_new_text("a text that needs a block"),
                         .time = 5,
                         .quality = MF_BAD,
                         .reason = mf_reason_timeout};
    struct mf_msg copy = mf_msg_copy(&msg);

    mf_msg_drop(&msg);
    assert_int_equal(msg.value.type, MF_NULL);
    assert_int_equal(copy.value.type, MF_TEXT);
    assert_ptr_equal(mf_reason_by_name("timeout"), copy.reason);
    assert_ptr_equal(mf_reason_by_name("link down"), mf_reason_link);
    assert_null(mf_reason_by_name("weather"));
    assert_string_equal(mf_quality_names[MF_STALE], "stale");
    mf_msg_drop(&copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_kept),
        cmocka_unit_test(zero_is_null),
        cmocka_unit_test(truth_is_as_in_lua),
        cmocka_unit_test(maps_find_keys),
        cmocka_unit_test(keys_come_once),
        cmocka_unit_test(many_doubles_leave_few),
        cmocka_unit_test(growth_ends),
        cmocka_unit_test(builders_end_empty),
        cmocka_unit_test(order_is_total),
        cmocka_unit_test(maps_compare_by_content),
        cmocka_unit_test(order_agrees_with_equality),
        cmocka_unit_test(types_are_named),
        cmocka_unit_test(values_print_for_people),
        cmocka_unit_test(messages_are_copied),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
