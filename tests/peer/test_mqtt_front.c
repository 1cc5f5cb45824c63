/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* `moat-flow mqtt pub` and `mqtt sub` with a real broker. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/outsider.h"
#include "tests/support/peer.h"

enum { SKIPPED = 77, ARGS = 24 };

/* Starts the program with the broker's address and the words given, which end with NULL. */
static void start(struct child *child, const struct peer *peer, const char *what,
                  const char *const *words)
{
    const char *argv[ARGS] = {getenv("MOAT_FLOW"), "mqtt", what, "--uri"};
    char uri[64];
    unsigned count = 4;

    memset(child, 0, sizeof(*child));
    snprintf(uri, sizeof(uri), "mqtt://localhost:%d", peer_port(peer));
    argv[count++] = uri;
    while (*words)
        argv[count++] = *words++;
    child_start(child, argv);
}

static void pub(const struct peer *peer, int code, const char *input, const char *const *words)
{
    struct child child;

    start(&child, peer, "pub", words);
    if (input) {
        assert_int_equal(write(child.in, input, strlen(input)), strlen(input));
        close(child.in);
        child.in = -1;
    }
    if (child_end(&child) != code)
        fail_msg("pub did not end with %d:\n%s", code, child_output(&child));
    child_done(&child);
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Messages from options, expressions, files and standard input, in the order given. */
static void publishing(void **state)
{
    struct peer *peer = peer_new(0, NULL);
    struct outsider o;

    outsider_open(&o, &(struct outsider_setup){.port = peer_port(peer), .id = "outsider"});
    outsider_subscribe(&o, "t", 2, 1, 0);
    pub(peer, 0, NULL, WORDS("-t", "t", "-m", "one", "-M", "3 * 4", "-m", "two", "-q", "1"));
    outsider_expect(&o, "t", "one");
    outsider_expect(&o, "t", "12");
    outsider_expect(&o, "t", "two");
    pub(peer, 0, NULL, WORDS("-t", "t", "-C", "json", "-m", "text", "-M", "{\"a\": [1, 2.5]}"));
    outsider_expect(&o, "t", "\"text\"");
    outsider_expect(&o, "t", "{\"a\":[1,2.5]}");
    peer_write(peer, "lines", "a\nb");
    pub(peer, 0, NULL, WORDS("-t", "t", "-q", "2", "-f", peer_path(peer, "lines")));
    outsider_expect(&o, "t", "a\n");
    outsider_expect(&o, "t", "b");
    pub(peer, 0, "x\ny\n", WORDS("-t", "t", "-s"));
    outsider_expect(&o, "t", "x");
    outsider_expect(&o, "t", "y");
    pub(peer, 0, "1 + 1\n[3]\n", WORDS("-t", "t", "-S"));
    outsider_expect(&o, "t", "2");
    outsider_expect(&o, "t", "[3]");
    pub(peer, 0, "all\nof it", WORDS("-t", "t", "-R", "-r"));
    outsider_expect(&o, "t", "all\nof it");
    outsider_close(&o);
    outsider_open(&o, &(struct outsider_setup){.port = peer_port(peer), .id = "outsider"});
    outsider_subscribe(&o, "t", 1, 1, 0);
    outsider_expect(&o, "t", "all\nof it"); /* retained */
    outsider_close(&o);
    peer_free(peer);
}

/* A line per message with its kind; ends when each filter has had its number. */
static void subscribing(void **state)
{
    struct peer *peer = peer_new(0, NULL);
    struct outsider o;
    struct child child;

    outsider_open(&o, &(struct outsider_setup){.port = peer_port(peer), .id = "outsider"});
    outsider_publish(&o, "a/1", "one \"1\"", 1, true);
    outsider_publish(&o, "a/2", "\xff\x01", 1, true);
    start(&child, peer, "sub", WORDS("-t", "a/#", "-n", "2", "-i", "me"));
    assert_int_equal(child_end(&child), 0);
    assert_string_equal(child_output(&child), "a/1\tU\t\"one \\\"1\\\"\"\na/2\tR\t\\xff\\x01\n");
    child_done(&child);
    outsider_publish(&o, "j", "{\"v\": 1}", 1, true);
    start(&child, peer, "sub", WORDS("-t", "j", "-n", "1", "-C", "json"));
    assert_int_equal(child_end(&child), 0);
    assert_string_equal(child_output(&child), "j\t-\t{\"v\":1}\n");
    child_done(&child);
    start(&child, peer, "sub", WORDS("-t", "a/2", "-t", "j", "-n", "1", "-C", "raw"));
    assert_int_equal(child_end(&child), 0);
    assert_string_equal(child_output(&child), "a/2\tB\tff01\nj\tB\t7b2276223a20317d\n");
    child_done(&child);
    outsider_close(&o);
    peer_free(peer);
}

/* What is wrong with the command line ends with 2, what is wrong with the broker with 5. */
static void failing(void **state)
{
    struct peer *peer = peer_new(PEER_PASSWORD, NULL);

    pub(peer, 2, NULL, WORDS("-t", "a/+", "-m", "x"));
    pub(peer, 2, NULL, WORDS("-m", "x"));
    pub(peer, 2, NULL, WORDS("-t", "a"));
    pub(peer, 2, NULL, WORDS("-t", "a", "-m", "x", "-C", "jsn"));
    pub(peer, 2, NULL, WORDS("-t", "a", "-R", "-s"));
    pub(peer, 5, NULL, WORDS("-t", "a", "-m", "x"));
    pub(peer, 0, NULL, WORDS("-t", "a", "-m", "x", "--login", "flow", "--password", "right"));
    pub(peer, 2, NULL, WORDS("-t", "a", "-M", "nobody", "--login", "flow", "--password", "right"));
    peer_stop(peer);
    pub(peer, 5, NULL, WORDS("-t", "a", "-m", "x"));
    peer_free(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(publishing),
        cmocka_unit_test(subscribing),
        cmocka_unit_test(failing),
    };

    if (!child_find("mosquitto"))
        return SKIPPED;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
