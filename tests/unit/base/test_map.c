/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* String maps and the hash under them. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/hash.h"
#include "engine/base/map.h"

enum { MANY = 5000 };

/* Found is what was put in, iteration is in order of insertion, at any size. */
static void map_keeps_order(void **state)
{
    static char keys[MANY][8];
    struct mf_map map = {0};

    assert_null(mf_map_get(&map, "absent"));
    for (int i = 0; i < MANY; i++) {
        snprintf(keys[i], sizeof(keys[i]), "k%d", i);
        assert_null(mf_map_add(&map, keys[i], keys[i]));
    }
    assert_int_equal(map.count, MANY);
    for (int i = 0; i < MANY; i++) {
        char key[8];

        snprintf(key, sizeof(key), "k%d", i);
        assert_ptr_equal(mf_map_get(&map, key), keys[i]);
        assert_ptr_equal(map.entries[i].value, keys[i]);
    }
    assert_null(mf_map_get(&map, "k"));
    assert_null(mf_map_get(&map, "k50000"));
    mf_map_done(&map);
    assert_null(mf_map_get(&map, "k1"));
}

/* Adding keeps the old value and says so; setting replaces it in its place. */
static void add_and_set_differ(void **state)
{
    int one, two;
    struct mf_map map = {0};

    assert_null(mf_map_add(&map, "a", &one));
    assert_ptr_equal(mf_map_add(&map, "a", &two), &one);
    assert_ptr_equal(mf_map_get(&map, "a"), &one);
    mf_map_set(&map, "a", &two);
    mf_map_set(&map, "b", &one);
    assert_ptr_equal(mf_map_get(&map, "a"), &two);
    assert_int_equal(map.count, 2);
    assert_string_equal(map.entries[0].key, "a");
    mf_map_done(&map);
}

/* A part of a longer text is a key. */
static void keys_have_lengths(void **state)
{
    int value;
    struct mf_map map = {0};

    mf_map_set(&map, "grid", &value);
    mf_map_set(&map, "", &value);
    assert_ptr_equal(mf_map_get_n(&map, "grid.power", 4), &value);
    assert_null(mf_map_get_n(&map, "grid.power", 3));
    assert_null(mf_map_get_n(&map, "grid.power", 10));
    assert_ptr_equal(mf_map_get_n(&map, "x", 0), &value);
    mf_map_done(&map);
}

/* Each byte and the length count; the fixed hash never changes between builds. */
static void hashes_differ(void **state)
{
    char text[40] = {0};
    uint64_t seen[40];

    for (size_t len = 0; len < 40; len++) {
        seen[len] = mf_hash(text, len);
        assert_true(seen[len] == mf_hash(text, len));
        for (size_t i = 0; i < len; i++) {
            assert_true(seen[i] != seen[len]);
            text[i] ^= 1;
            assert_true(mf_hash(text, len) != seen[len]);
            text[i] ^= 1;
        }
    }
    assert_true(mf_hash_fixed("moat-flow", 9) == UINT64_C(0x15f91c783d4cde2a));
    assert_true(mf_hash_fixed("moat-flow", 9) != mf_hash("moat-flow", 9));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(map_keeps_order),
        cmocka_unit_test(add_and_set_differ),
        cmocka_unit_test(keys_have_lengths),
        cmocka_unit_test(hashes_differ),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
