/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* Buffers, arenas, limited memory: bytes come back as they went in, limits hold. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/arena.h"
#include "engine/base/buf.h"

/* A buffer is text at every moment, whatever was put into it. */
static void buf_grows(void **state)
{
    struct mf_buf buf = {0};

    assert_string_equal(mf_buf_text(&buf), "");
    mf_buf_puts(&buf, "ab");
    mf_buf_putc(&buf, 'c');
    mf_buf_printf(&buf, "%d-%s", 12, "x");
    assert_string_equal(mf_buf_text(&buf), "abc12-x");
    for (int i = 0; i < 1000; i++)
        mf_buf_printf(&buf, "%s", "0123456789");
    assert_int_equal(buf.len, 7 + 10000);
    assert_int_equal(buf.data[buf.len], 0);
    mf_buf_clear(&buf);
    assert_string_equal(mf_buf_text(&buf), "");
    for (int i = 0; i < 300; i++)
        mf_buf_putc(&buf, (char)i);
    assert_int_equal(buf.len, 300);
    for (int i = 0; i < 300; i++)
        assert_int_equal(buf.data[i], (char)i);
    mf_buf_done(&buf);
    assert_int_equal(buf.cap, 0);
}

/* One long formatted text is as good as many short ones. */
static void long_formats_fit(void **state)
{
    struct mf_buf buf = {0};
    char *text = mf_alloc(5001);

    memset(text, 'x', 5000);
    text[5000] = 0;
    mf_buf_puts(&buf, "head ");
    mf_buf_printf(&buf, "%s|", text);
    assert_int_equal(buf.len, 5 + 5000 + 1);
    assert_memory_equal(buf.data + 5, text, 5000);
    mf_free(text);
    mf_buf_done(&buf);
}

/* Bytes beyond the limit are dropped and said to be; those that just fit are not. */
static void limit_holds(void **state)
{
    struct mf_buf buf = {.limit = 10};

    mf_buf_printf(&buf, "%s", "0123456789");
    assert_false(buf.overflow);
    assert_string_equal(mf_buf_text(&buf), "0123456789");
    mf_buf_putc(&buf, 'x');
    assert_true(buf.overflow);
    mf_buf_puts(&buf, "more");
    mf_buf_printf(&buf, "%d", 7);
    assert_string_equal(mf_buf_text(&buf), "0123456789");
    mf_buf_clear(&buf);
    assert_false(buf.overflow);
    mf_buf_printf(&buf, "%s", "short");
    assert_false(buf.overflow);
    mf_buf_printf(&buf, "%s", "and too long by far, with more than the buffer ever had room for");
    assert_true(buf.overflow);
    assert_string_equal(mf_buf_text(&buf), "shortand t");
    mf_buf_done(&buf);
}

/* Integers lie in network order. */
static void integers_are_big_endian(void **state)
{
    struct mf_buf buf = {0};

    mf_buf_be(&buf, 0x1234, 2);
    mf_buf_be(&buf, 0xff00000001, 5);
    mf_buf_be(&buf, 0x0102030405060708, 8);
    assert_int_equal(buf.len, 15);
    assert_memory_equal(buf.data, "\x12\x34\xff\0\0\0\x01\x01\x02\x03\x04\x05\x06\x07\x08", 15);
    mf_buf_done(&buf);
}

/* Taking hands over a text that the caller frees, also from an empty buffer. */
static void taking_empties(void **state)
{
    struct mf_buf buf = {0};
    char *text;

    mf_buf_puts(&buf, "kept");
    text = mf_buf_take(&buf);
    assert_string_equal(text, "kept");
    assert_int_equal(buf.len, 0);
    mf_free(text);
    text = mf_buf_take(&buf);
    assert_string_equal(text, "");
    mf_free(text);
}

/* Blocks are zeroed, aligned, apart from each other, of any size. */
static void arena_gives_memory(void **state)
{
    struct mf_arena *arena = mf_arena_new();
    char *small[200], *large = NULL;

    for (size_t i = 0; i < 200; i++) {
        small[i] = mf_arena_alloc(arena, i);
        assert_int_equal((uintptr_t)small[i] % 16, 0);
        for (size_t k = 0; k < i; k++)
            assert_int_equal(small[i][k], 0);
        memset(small[i], (int)i, i);
    }
    large = mf_arena_alloc(arena, 3000000);
    assert_int_equal(large[0] | large[2999999], 0);
    memset(large, 0xff, 3000000);
    assert_true(mf_arena_size(arena) >= 3000000);
    assert_true(mf_arena_size(arena) < 3200000);
    for (size_t i = 1; i < 200; i++)
        assert_int_equal(small[i][i - 1], (char)i);
    mf_arena_free(arena);
    mf_arena_free(NULL);
}

/* Texts in an arena are copies with an end. */
static void arena_keeps_texts(void **state)
{
    struct mf_arena *arena = mf_arena_new();
    char text[] = "grid.power";

    assert_string_equal(mf_arena_strndup(arena, text, 4), "grid");
    assert_string_equal(mf_arena_strdup(arena, text), "grid.power");
    assert_null(mf_arena_strdup(arena, NULL));
    assert_string_equal(mf_arena_printf(arena, "%s/%d", text, 7), "grid.power/7");
    assert_string_equal(mf_arena_printf(arena, "%s", ""), "");
    mf_arena_free(arena);
}

struct call {
    char *log;
    char name;
};

static void note(void *arg)
{
    struct call *call = arg;

    call->log[strlen(call->log)] = call->name;
}

/* What hangs on an arena is let go in the opposite order, while the arena is still there. */
static void arena_defers(void **state)
{
    struct mf_arena *arena = mf_arena_new();
    char log[8] = "";

    for (char name = 'a'; name <= 'c'; name++) {
        struct call *call = mf_arena_alloc(arena, sizeof(*call));

        *call = (struct call){log, name};
        mf_arena_defer(arena, note, call);
    }
    assert_string_equal(log, "");
    mf_arena_free(arena);
    assert_string_equal(log, "cba");
}

/* A size from outside is checked, and the sentence names thing and limit. */
static void sizes_from_outside_are_limited(void **state)
{
    struct mf_error err = {0};
    void *block = mf_alloc_limited(100, 100, "a message", &err);

    assert_non_null(block);
    mf_free(block);
    assert_null(mf_alloc_limited(101, 100, "a message", &err));
    assert_int_equal(err.code, MF_ELIMIT);
    assert_string_equal(err.text, "a message of 101 bytes is over the limit of 100 bytes");
    assert_null(mf_alloc_limited(101, 100, "a message", NULL));
    block = mf_alloc_limited(0, 0, "nothing", &err);
    assert_non_null(block);
    mf_free(block);
}

/* An array grows by one element at a time and keeps what it has. */
static void arrays_grow(void **state)
{
    size_t cap = 0;
    int *list = NULL;

    for (int i = 0; i < 1000; i++) {
        mf_grow(&list, &cap, (size_t)i, sizeof(*list));
        assert_true(cap > (size_t)i);
        list[i] = i;
    }
    for (int i = 0; i < 1000; i++)
        assert_int_equal(list[i], i);
    mf_free(list);
}

/* A failure is one line; its text is cut, never written beyond the record. */
static void errors_are_filled(void **state)
{
    struct mf_error err;
    char text[400];

    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = 0;
    assert_int_equal(mf_fail(&err, MF_ELINK, "broker %s", text), MF_ELINK);
    assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
    for (size_t i = 0; i + 1 < sizeof(text); i += 3) /* 3 bytes each: cut before, in and behind */
        memcpy(text + i, "\u20ac", 3);
    for (size_t i = 0; i < 3; i++) {
        mf_fail(&err, MF_ELINK, "%s%s", &"ab"[i], text);
        assert_int_equal(strlen(err.text), 239 - (239 - (2 - i)) % 3);
    }
    assert_int_equal(mf_fail_sys(&err, MF_EIO, 2, "cannot open `%s`", "x"), MF_EIO);
    assert_string_equal(err.text, "cannot open `x`: No such file or directory");
    assert_int_equal(err.sys, 2);
    assert_int_equal(mf_fail(NULL, MF_EINVAL, "nobody listens"), MF_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buf_grows),
        cmocka_unit_test(long_formats_fit),
        cmocka_unit_test(limit_holds),
        cmocka_unit_test(integers_are_big_endian),
        cmocka_unit_test(taking_empties),
        cmocka_unit_test(arena_gives_memory),
        cmocka_unit_test(arena_keeps_texts),
        cmocka_unit_test(arena_defers),
        cmocka_unit_test(sizes_from_outside_are_limited),
        cmocka_unit_test(arrays_grow),
        cmocka_unit_test(errors_are_filled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
