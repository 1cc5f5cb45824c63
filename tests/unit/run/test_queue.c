/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The queue of a sink: in order, at least once, never more than it may hold. */

#include "engine/run/queue.h"

#include "engine/base/alloc.h"
#include "tests/unit/run/run_kinds.h"

static bool put(struct mf_queue *queue, int number)
{
    struct mf_letter letter = {.msg = {.value = mf_value_int(number)}, .label = "out"};

    return mf_queue_take(queue, &letter);
}

static struct mf_queue *fifo(int64_t capacity)
{
    return mf_queue_new((struct mf_queue_def){MF_QUEUE_FIFO, capacity});
}

/* Takes the next letter as carried; its value, or -1. */
static int64_t carry(struct mf_queue *queue)
{
    struct mf_letter *letter = mf_queue_next(queue);
    int64_t value = letter ? letter->msg.value.integer : -1;

    if (letter)
        mf_queue_sent(queue, letter->number);
    return value;
}

/* Letters leave in order; settling in another order keeps nothing and loses nothing. */
static void any_order_of_settling(void **state)
{
    static const uint64_t orders[][4] = {{0, 1, 2, 3}, {3, 2, 1, 0}, {1, 3, 0, 2}, {2, 0, 3, 1}};

    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
        struct mf_queue *queue = fifo(10);

        for (int k = 0; k < 4; k++)
            assert_false(put(queue, k));
        for (int k = 0; k < 4; k++)
            assert_int_equal(carry(queue), k);
        assert_int_equal(carry(queue), -1);
        for (int k = 0; k < 4; k++)
            assert_true(mf_queue_settle(queue, orders[i][k], true));
        assert_true(mf_queue_is_empty(queue));
        assert_false(mf_queue_settle(queue, 2, true));
        assert_int_equal(mf_queue_stats(queue).delivered, 4);
        mf_queue_free(queue);
    }
}

/* After the link broke, what had not arrived is carried again, in order and marked. */
static void recalled_in_order(void **state)
{
    struct mf_queue *queue = fifo(10);

    for (int k = 0; k < 5; k++)
        put(queue, k);
    for (int k = 0; k < 4; k++)
        carry(queue);
    mf_queue_settle(queue, 1, true);
    mf_queue_recall(queue);
    assert_int_equal(mf_queue_stats(queue).waiting, 4);
    assert_true(mf_queue_next(queue)->is_retry);
    assert_int_equal(carry(queue), 0);
    assert_int_equal(carry(queue), 2);
    assert_int_equal(carry(queue), 3);
    assert_false(mf_queue_next(queue)->is_retry);
    assert_int_equal(carry(queue), 4);
    mf_queue_free(queue);
}

/* One letter that came back goes first. */
static void returned_goes_first(void **state)
{
    struct mf_queue *queue = fifo(10);

    for (int k = 0; k < 4; k++)
        put(queue, k);
    for (int k = 0; k < 3; k++)
        carry(queue);
    mf_queue_return(queue, 1);
    mf_queue_return(queue, 1);
    assert_int_equal(carry(queue), 1);
    assert_int_equal(carry(queue), 3);
    assert_int_equal(mf_queue_stats(queue).in_flight, 4);
    mf_queue_free(queue);
}

/* A full queue drops the oldest that nobody carries, and counts it. */
static void full_drops_the_oldest(void **state)
{
    struct mf_queue *queue = fifo(4);

    for (int k = 0; k < 4; k++)
        put(queue, k);
    carry(queue);
    carry(queue);
    assert_true(put(queue, 4));
    assert_int_equal(mf_queue_stats(queue).dropped, 1);
    assert_int_equal(carry(queue), 3);
    assert_int_equal(carry(queue), 4);
    assert_int_equal(mf_queue_stats(queue).in_flight, 4);
    mf_queue_free(queue);
}

/* Even when something came back from the middle. */
static void full_after_a_return(void **state)
{
    struct mf_queue *queue = fifo(4);

    for (int k = 0; k < 4; k++)
        put(queue, k);
    for (int k = 0; k < 4; k++)
        carry(queue);
    mf_queue_return(queue, 2);
    assert_true(put(queue, 4));
    assert_int_equal(carry(queue), 4);
    mf_queue_free(queue);
}

/* `latest` keeps one that waits. */
static void latest_replaces(void **state)
{
    struct mf_queue *queue = mf_queue_new((struct mf_queue_def){MF_QUEUE_LATEST, 1});

    put(queue, 1);
    assert_false(put(queue, 2));
    assert_int_equal(carry(queue), 2);
    put(queue, 3);
    put(queue, 4);
    assert_int_equal(mf_queue_stats(queue).waiting, 1);
    assert_int_equal(mf_queue_stats(queue).in_flight, 1);
    assert_int_equal(carry(queue), 4);
    assert_false(mf_queue_is_high(queue));
    mf_queue_free(queue);
}

/* High at three quarters, low at a half: it does not flap. */
static void marks(void **state)
{
    struct mf_queue *queue = fifo(8);
    uint64_t settled = 0;

    for (int k = 0; k < 5; k++)
        put(queue, k);
    assert_false(mf_queue_is_high(queue) || mf_queue_is_low(queue));
    put(queue, 5);
    assert_true(mf_queue_is_high(queue));
    while (!mf_queue_is_low(queue))
        mf_queue_settle(queue, settled++, true);
    assert_int_equal(mf_queue_stats(queue).waiting, 4);
    mf_queue_free(queue);
}

/* Letters of a node that was replaced move in order; names of inputs that are gone stay readable.
 */
static void moved_to_a_successor(void **state)
{
    struct mf_queue *from = fifo(10), *to = fifo(3);
    char *label = mf_strdup("voltage"), *node = mf_strdup("meter");
    static const uint32_t inputs[] = {UINT32_MAX, 5};

    for (int k = 0; k < 4; k++) {
        struct mf_letter letter = {
            .msg = {.value = mf_value_new_text("a text that is longer than a handle")},
            .label = label,
            .node_name = node,
            .topic = mf_value_new_text("another one that does not fit"),
            .input = (uint32_t)k & 1,
        };

        mf_queue_take(from, &letter);
    }
    carry(from);
    mf_queue_move(to, from, inputs);
    mf_queue_free(from);
    mf_free(label);
    mf_free(node);
    assert_int_equal(mf_queue_stats(to).waiting, 3);
    assert_int_equal(mf_queue_stats(to).dropped, 1);
    assert_int_equal(mf_queue_next(to)->input, 5);
    carry(to);
    assert_string_equal(mf_queue_next(to)->label, "voltage");
    assert_string_equal(mf_queue_next(to)->node_name, "meter");
    mf_queue_free(to);
}

/* Memory grows with what waits, over many rounds of the ring. */
static void many_rounds(void **state)
{
    struct mf_queue *queue = fifo(1000);
    int64_t next = 0;

    for (int k = 0; k < 10000; k++) {
        put(queue, k);
        if (k % 3)
            continue;
        while (mf_queue_stats(queue).waiting > (unsigned)k % 700) {
            assert_int_equal(mf_queue_next(queue)->msg.value.integer, next++);
            mf_queue_settle(queue, mf_queue_next(queue)->number, true);
        }
    }
    assert_int_equal(mf_queue_stats(queue).dropped, 0);
    mf_queue_free(queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_order_of_settling),
        cmocka_unit_test(recalled_in_order),
        cmocka_unit_test(returned_goes_first),
        cmocka_unit_test(full_drops_the_oldest),
        cmocka_unit_test(full_after_a_return),
        cmocka_unit_test(latest_replaces),
        cmocka_unit_test(marks),
        cmocka_unit_test(moved_to_a_successor),
        cmocka_unit_test(many_rounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
