/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What a WAGO controller says, taken apart. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nodes/wago/line.h"
#include "nodes/wago/lists.h"

/* All that is said, a line each: sort, monitor, text, and of a list its lines. */
static void tell_all(struct mf_wago_reader *reader, struct mf_buf *told)
{
    static const char marks[] = "*+?=CSG";
    struct mf_wago_said said;
    struct mf_error err = {0};
    int rc;

    while ((rc = mf_wago_reader_next(reader, &said, &err)) > 0) {
        mf_buf_printf(told, "%c%lld %s|", marks[said.sort], (long long)said.id, said.text);
        for (const char *at = said.lines; *at; at++)
            mf_buf_putc(told, *at == '\n' ? '/' : *at);
        mf_buf_putc(told, '\n');
    }
    if (rc < 0)
        mf_buf_printf(told, "error: %s\n", err.text);
}

static void expect_told(const char *bytes, const char *wanted)
{
    struct mf_wago_reader reader = {0};
    struct mf_buf told = {0};

    mf_wago_reader_put(&reader, bytes, strlen(bytes));
    tell_all(&reader, &told);
    assert_string_equal(mf_buf_text(&told), wanted);
    mf_buf_done(&told);
    mf_wago_reader_done(&reader);
}

/* Each class of reply is known by how it begins, and both signs of failure are one. */
static void classes(void **state)
{
    expect_told("* WAGO ready.\n", "*0 WAGO ready.|\n");
    expect_told("+Set.\n+\n+1\n", "+0 Set.|\n+0 |\n+0 1|\n");
    expect_told("?already set\n-already set\n", "?0 already set|\n?0 already set|\n");
    expect_told("!+1 monitor created\n!1 H\n!1 PING 3\n",
                "C1 monitor created|\nS1 H|\nS1 PING 3|\n");
    expect_told("!-6 DROP L: saw external change in loop\n!-7\n",
                "G6 DROP L: saw external change in loop|\nG7 |\n");
    expect_told("+OK\r\n", "+0 OK|\n");
}

/* A failure that was sent without its line feed does not swallow the reply behind it. */
static void stuck_failure(void **state)
{
    expect_told("-no +Set.\n-no ?already set\n", "?0 no |\n+0 Set.|\n?0 no |\n?0 already set|\n");
    expect_told("-no memory\n", "?0 no memory|\n");
    expect_told("-no ", "");
}

/* A list ends at a lone point; what looks like a reply in it is not one, and doubled points are
 * single ones. */
static void lists(void **state)
{
    expect_told("=Monitors:\n.\n!1 H\n", "=0 Monitors:|\nS1 H|\n");
    expect_told("=port data\n1 750-4xx\n+x\n..\n...x\n\n.\n+OK\n",
                "=0 port data|1 750-4xx/+x/./..x//\n+0 OK|\n");
    expect_told("=Monitors:\n1 report", "");
}

/* What no controller says is told as what it is, and not taken for anything. */
static void strangers(void **state)
{
    static const char *const lines[] = {
        "HTTP/1.1 400 Bad Request\n", "\n", "!x\n", "!\n", "!+\n", "!0 H\n", "!-5x\n",
        "!99999999999999999999 H\n",
    };

    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
        struct mf_wago_reader reader = {0};
        struct mf_wago_said said;
        struct mf_error err = {0};

        mf_wago_reader_put(&reader, lines[i], strlen(lines[i]));
        assert_int_equal(mf_wago_reader_next(&reader, &said, &err), MF_EINVAL);
        assert_non_null(strstr(err.text, "what came is not from a WAGO controller"));
        mf_wago_reader_done(&reader);
    }
    expect_told("+a\tb\x01\xff\n", "+0 a?b??|\n");
}

/* Neither a line nor a list grows without bound, whether it ends or not. */
static void limits(void **state)
{
    char line[MF_WAGO_LINE + 3];
    struct mf_wago_reader reader = {0};
    struct mf_wago_said said;
    struct mf_error err = {0};
    int rc = 0;

    memset(line, 'a', sizeof(line));
    line[0] = '+';
    mf_wago_reader_put(&reader, line, MF_WAGO_LINE);
    assert_int_equal(mf_wago_reader_next(&reader, &said, &err), 0);
    mf_wago_reader_put(&reader, "\n", 1);
    assert_int_equal(mf_wago_reader_next(&reader, &said, &err), 1);
    mf_wago_reader_put(&reader, line, MF_WAGO_LINE + 1);
    assert_int_equal(mf_wago_reader_next(&reader, &said, &err), MF_ELIMIT);
    mf_wago_reader_clear(&reader);
    line[MF_WAGO_LINE + 1] = '\n';
    mf_wago_reader_put(&reader, line, MF_WAGO_LINE + 2);
    assert_int_equal(mf_wago_reader_next(&reader, &said, &err), MF_ELIMIT);
    mf_wago_reader_clear(&reader);
    mf_wago_reader_put(&reader, "=list\n", 6);
    line[MF_WAGO_LINE] = '\n';
    for (size_t sent = 0; rc == 0 && sent < 2 * MF_WAGO_LIST; sent += MF_WAGO_LINE) {
        mf_wago_reader_put(&reader, line, MF_WAGO_LINE + 1);
        rc = mf_wago_reader_next(&reader, &said, &err);
    }
    assert_int_equal(rc, MF_ELIMIT);
    mf_wago_reader_done(&reader);
}

/* All that the controller says in the transcript, as one run of bytes. */
static void read_transcript(struct mf_buf *buf)
{
    char line[256];
    FILE *file = fopen(getenv("MF_TEST_TRANSCRIPT"), "r");

    assert_non_null(file);
    while (fgets(line, sizeof(line), file))
        if (line[0] == 'A' && strlen(line) > 12 && line[10] == '<')
            mf_buf_puts(buf, line + 12);
    fclose(file);
}

/* A recorded session is read the same however the network cut it. */
static void transcript(void **state)
{
    struct mf_buf bytes = {0}, whole = {0};

    read_transcript(&bytes);
    for (size_t piece = bytes.len; piece > 0; piece = piece > 9 ? 9 : piece - 1) {
        struct mf_wago_reader reader = {0};
        struct mf_buf told = {0};

        for (size_t at = 0; at < bytes.len; at += piece) {
            mf_wago_reader_put(&reader, bytes.data + at,
                               bytes.len - at < piece ? bytes.len - at : piece);
            tell_all(&reader, &told);
        }
        if (!whole.len)
            mf_buf_puts(&whole, mf_buf_text(&told));
        assert_string_equal(mf_buf_text(&told), mf_buf_text(&whole));
        mf_buf_done(&told);
        mf_wago_reader_done(&reader);
    }
    assert_null(strstr(whole.data, "\nerror"));
    assert_non_null(strstr(whole.data, "=0 Monitors:|6 PWM, off: 2:4 0.298/\n"));
    assert_non_null(strstr(whole.data, "S4 TRIGGER|\nG4 Deleted.|\n"));
    mf_buf_done(&bytes);
    mf_buf_done(&whole);
}

static const char some_cards[] = "4: unknown device:750-6xx\n"
                                 "3: digital output:750-5xx 16 => 00000 00000 00000 0\n"
                                 "2: digital output:750-5xx 16 => 00000 00000 00000 0\n"
                                 "1: digital input:750-4xx 8 <= 00000 0?0\n"
                                 "nonsense\n0: digital input:750-4xx 8 <= 0\n"
                                 "9: digital input:750-4xx\n";

static void expect_refused(unsigned card, unsigned bit, enum mf_wago_card_sort wanted,
                           const char *why)
{
    struct mf_wago_cards cards;
    struct mf_buf text = {0};

    assert_int_equal(mf_wago_cards_read(&cards, some_cards), 4);
    assert_int_equal(mf_wago_cards_refuse(&cards, card, bit, wanted, &text), why != NULL);
    if (why)
        assert_true(strncmp(mf_buf_text(&text), why, strlen(why)) == 0);
    if (why)
        assert_non_null(strstr(mf_buf_text(&text),
                               "the controller has 1: 8 digital inputs, 2: 16 digital outputs, "
                               "3: 16 digital outputs, 4: a card of another sort"));
    mf_buf_done(&text);
}

/* Whether a bit can be had is known from the list of the cards, and what there is instead is said.
 */
static void cards(void **state)
{
    struct mf_wago_cards none;
    struct mf_buf text = {0};

    expect_refused(1, 8, MF_WAGO_INPUTS, NULL);
    expect_refused(3, 16, MF_WAGO_OUTPUTS, NULL);
    expect_refused(1, 9, MF_WAGO_INPUTS, "card 1 has 8 bits, and none with number 9;");
    expect_refused(2, 1, MF_WAGO_INPUTS, "slot 2 has digital outputs, not digital inputs;");
    expect_refused(4, 1, MF_WAGO_OUTPUTS, "slot 4 has a card of another sort, not");
    expect_refused(9, 1, MF_WAGO_INPUTS, "there is no card 9;");
    expect_refused(1000, 1, MF_WAGO_INPUTS, "there is no card 1000;");
    assert_int_equal(mf_wago_cards_read(&none, ""), 0);
    assert_true(mf_wago_cards_refuse(&none, 1, 1, MF_WAGO_INPUTS, &text));
    assert_string_equal(mf_buf_text(&text),
                        "there is no card 1; the controller has no cards at all");
    mf_buf_done(&text);
}

/* Of the monitors those are found that drive an output, with their bit. */
static void monitors(void **state)
{
    const char *at = "9 keepalive: - 0.5\n8 PWM, off: 2:4 0.298\n7 PWM, on: 2:5 1\n"
                     "6 timed set: 3:16 0.901\nx\n5 timed clear: 3:1 9.000\n"
                     "1 report change: 1:3 -\n0 timed set: 1:1 1\n4 timed set: 2\n";
    static const struct mf_wago_listing wanted[] = {
        {8, MF_WAGO_PWM, 2, 4},         {7, MF_WAGO_PWM, 2, 5},       {6, MF_WAGO_TIMED_SET, 3, 16},
        {5, MF_WAGO_TIMED_CLEAR, 3, 1}, {1, MF_WAGO_OTHER_JOB, 1, 3},
    };
    struct mf_wago_listing got;

    for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
        assert_true(mf_wago_next_monitor(&at, &got));
        assert_int_equal(got.id, wanted[i].id);
        assert_int_equal(got.job, wanted[i].job);
        assert_int_equal(got.card, wanted[i].card);
        assert_int_equal(got.bit, wanted[i].bit);
    }
    assert_false(mf_wago_next_monitor(&at, &got));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes),   cmocka_unit_test(stuck_failure), cmocka_unit_test(lists),
        cmocka_unit_test(strangers), cmocka_unit_test(limits),        cmocka_unit_test(transcript),
        cmocka_unit_test(cards),     cmocka_unit_test(monitors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
