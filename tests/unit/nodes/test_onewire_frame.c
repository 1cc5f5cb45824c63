/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* owserver's protocol: what a real server said, byte by byte, and what is asked of it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nodes/onewire/frame.h"

enum { MESSAGE = 4096 };

/* One message of a dump: a line that says what it is, then lines of hexadecimal bytes. */
struct message {
    bool is_answer;
    int payload, code, size;
    char bytes[MESSAGE];
    size_t len;
};

static size_t take_hex(const char *line, char *out)
{
    size_t len = 0;
    unsigned byte;

    /* "  0010  00 00 …  text": the text is in column 58. */
    for (const char *at = line + 8; at < line + 56 && *at != ' ' && sscanf(at, "%2x", &byte) == 1;
         at += 3)
        out[len++] = (char)byte;
    return len;
}

static void check_answer(const struct message *message)
{
    struct mf_ow_answer answer;

    for (size_t len = 0; len < message->len; len++)
        assert_int_equal(mf_ow_take(message->bytes, len, &answer), 0);
    assert_int_equal(mf_ow_take(message->bytes, message->len, &answer), message->len);
    assert_int_equal(answer.is_ping, message->payload < 0);
    assert_int_equal(answer.code, message->code);
    /* The answer to a question for presence is the only one that says no size. */
    if (message->payload > 0 && message->size)
        assert_int_equal(answer.len, message->size);
    if (message->code < 0)
        assert_string_not_equal(mf_ow_reason(message->code), "owserver error");
}

static unsigned check_dump(const char *name)
{
    struct message message = {0};
    unsigned count = 0;
    char path[1000], line[200];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s.txt", getenv("MF_TEST_OWSERVER"), name);
    file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file)) {
        if (line[0] == ' ') {
            message.len += take_hex(line, message.bytes + message.len);
            continue;
        }
        if (message.is_answer && message.len) {
            check_answer(&message);
            count++;
        }
        memset(&message, 0, sizeof(message));
        if (sscanf(line, "S>C (%*[^)]) version=0 payload=%d ret=%d flags=%*s size=%d",
                   &message.payload, &message.code, &message.size) == 3)
            message.is_answer = true;
    }
    if (message.is_answer) {
        check_answer(&message);
        count++;
    }
    fclose(file);
    return count;
}

/* Every answer and ping of a real server is understood, in whatever pieces it comes, and every
 * error has a name. */
static void real_answers_are_understood(void **state)
{
    assert_in_range(check_dump("exchanges"), 51, 1000);
    assert_in_range(check_dump("dir"), 5, 1000);
    assert_in_range(check_dump("pings"), 5, 1000);
}

/* What is asked for looks like this on the wire: persistent, uncached, trimmed. */
static void requests_are_as_documented(void **state)
{
    static const unsigned char read[] = {0,    0, 0, 0,    0, 0, 0, 5, 0, 0,   0,   2,   0,   0, 1,
                                         0x64, 0, 0, 0x20, 0, 0, 0, 0, 0, '/', 'a', '/', 'b', 0};
    static const unsigned char write[] = {0, 0, 0,   0,   0,    0,   0, 7,   0,   0, 0,
                                          3, 0, 0,   1,   0x64, 0,   0, 0,   0x2, 0, 0,
                                          0, 0, '/', 'a', '/',  'b', 0, '8', '5'};
    static const unsigned char nop[] = {0, 0, 0, 0,    0, 0, 0, 0, 0, 0, 0, 1,
                                        0, 0, 1, 0x64, 0, 0, 0, 0, 0, 0, 0, 0};
    struct mf_buf buf = {0};

    mf_ow_ask(MF_OW_READ, "/a/b", NULL, &buf);
    assert_int_equal(buf.len, sizeof(read));
    assert_memory_equal(buf.data, read, sizeof(read));
    mf_buf_clear(&buf);
    mf_ow_ask(MF_OW_WRITE, "/a/b", "85", &buf);
    assert_int_equal(buf.len, sizeof(write));
    assert_memory_equal(buf.data, write, sizeof(write));
    mf_buf_clear(&buf);
    mf_ow_ask(MF_OW_NOP, NULL, NULL, &buf);
    assert_int_equal(buf.len, sizeof(nop));
    assert_memory_equal(buf.data, nop, sizeof(nop));
    mf_buf_done(&buf);
}

/* Another version, a length that cannot be: this is no owserver. */
static void others_are_refused(void **state)
{
    struct mf_ow_answer answer;

    assert_true(mf_ow_take("HTTP/1.1 400 Bad Request", 24, &answer) < 0);
    assert_true(
        mf_ow_take("\0\0\0\0\xff\xff\xff\xfe\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 24, &answer) < 0);
    assert_true(mf_ow_take("\0\0\0\0\0\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 24, &answer) < 0);
}

/* Errors that may pass are told from those that do not. */
static void errors_are_told_apart(void **state)
{
    assert_true(mf_ow_is_absent(-1));
    assert_true(mf_ow_is_absent(-41));
    assert_true(mf_ow_is_absent(-44));
    assert_true(mf_ow_is_absent(-5));
    assert_false(mf_ow_is_absent(-28));
    assert_false(mf_ow_is_absent(-95));
    assert_false(mf_ow_is_absent(MF_OW_CHECKSUM));
    assert_string_equal(mf_ow_reason(-28), "wrong checksum in the name");
    assert_string_equal(mf_ow_reason(-51), "error on the bus");
    assert_string_equal(mf_ow_reason(MF_OW_CHECKSUM), "wrong checksum");
    assert_string_equal(mf_ow_reason(-209), "owserver error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_answers_are_understood),
        cmocka_unit_test(requests_are_as_documented),
        cmocka_unit_test(others_are_refused),
        cmocka_unit_test(errors_are_told_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
