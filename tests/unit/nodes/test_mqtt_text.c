/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What the mqtt kinds read: topics, addresses, payloads, and what a connection says when it fails.
 */

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/value/path.h"
#include "nodes/mqtt/client.h"
#include "nodes/mqtt/evaluate.h"
#include "nodes/mqtt/reach.h"
#include "nodes/mqtt/topic.h"
#include "nodes/mqtt/trouble.h"
#include "nodes/mqtt/url.h"
#include "nodes/net/payload.h"
#include "tests/support/bench.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- topics ---- */

/* Filters that are right have no fault; those that are wrong say which byte. */
static void filters(void **state)
{
    static const char *const right[] = {
        "#",           "+",      "/",         "a",        "a/b",    "a//b",
        "+/+",         "a/#",    "+/a/#",     "/#",       "$SYS/#", "$share/g/a/+",
        "$share/g//a", "$share", "$shared/+", "häuser/+",
    };
    static const struct {
        const char *filter, *part;
        size_t from;
    } wrong[] = {
        {"", "empty", 0},
        {"a+/b", "`+` stands for a whole level", 1},
        {"+a", "`+` stands for a whole level", 0},
        {"a#", "`#` stands for whole levels", 1},
        {"a/#b", "`#` stands for whole levels", 2},
        {"#/a", "`#` must be the last level", 0},
        {"a/#/", "`#` must be the last level", 2},
        {"$share/", "name of the group", 0},
        {"$share/g", "the filter is missing", 0},
        {"$share/g/", "the filter is missing", 0},
        {"$share/+/a", "has no wildcards", 7},
        {"a\nb", "control character", 1},
        {"a\xff", "not UTF-8", 1},
    };

    for (size_t i = 0; i < COUNT(right); i++)
        assert_null(mf_mqtt_check_filter(right[i], strlen(right[i])).text);
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct mf_mqtt_fault fault = mf_mqtt_check_filter(wrong[i].filter, strlen(wrong[i].filter));

        assert_non_null(fault.text);
        assert_non_null(strstr(fault.text, wrong[i].part));
        assert_int_equal(fault.from, wrong[i].from);
    }
}

/* One publishes to a topic without wildcards; a pattern has three holes and no others. */
static void topics(void **state)
{
    assert_null(mf_mqtt_check_topic("a/{b}", 5).text);
    assert_non_null(mf_mqtt_check_topic("a/+", 3).text);
    assert_non_null(mf_mqtt_check_topic("#", 1).text);
    assert_non_null(mf_mqtt_check_topic("a\0b", 3).text);
    assert_null(mf_mqtt_check_pattern("{node}/{port}/{topic}", 21).text);
    assert_int_equal(mf_mqtt_check_pattern("a/{name}/b", 10).from, 2);
    assert_int_equal(mf_mqtt_check_pattern("a/{name}/b", 10).to, 8);
    assert_non_null(mf_mqtt_check_pattern("a/{port", 7).text);
    assert_non_null(mf_mqtt_check_pattern("{port}/#", 8).text);
}

static void matching(void **state)
{
    static const struct {
        const char *filter, *topic;
        bool matches;
    } cases[] = {
        {"a/b", "a/b", true},
        {"a/b", "a/c", false},
        {"a/b", "a", false},
        {"a/b", "a/b/c", false},
        {"+", "a", true},
        {"+", "a/b", false},
        {"a/+", "a/b", true},
        {"a/+", "a", false},
        {"a/+", "a/", true},
        {"a/#", "a", true},
        {"a/#", "a/b/c", true},
        {"a/#", "ab", false},
        {"#", "a/b", true},
        {"#", "$SYS/x", false},
        {"+/x", "$SYS/x", false},
        {"$SYS/#", "$SYS/x", true},
        {"/+", "/a", true},
        {"+", "/a", false},
        {"+/+", "/a", true},
        {"a//b", "a//b", true},
        {"a/+/b", "a//b", true},
        {"$share/g/a/+", "a/b", true},
        {"$share/g/#", "$SYS/x", false},
    };

    for (size_t i = 0; i < COUNT(cases); i++)
        if (mf_mqtt_matches(cases[i].filter, cases[i].topic) != cases[i].matches)
            fail_msg("%s against %s", cases[i].filter, cases[i].topic);
}

/* A filter covers another one when it matches all that the other one does. */
static void covering(void **state)
{
    static const struct {
        const char *wide, *narrow;
        bool covers;
    } cases[] = {
        {"#", "a/+", true},        {"#", "$SYS/#", false},     {"a/#", "a", true},
        {"a/#", "a/#", true},      {"a/#", "a/+/#", true},     {"a/+", "a/b", true},
        {"a/+", "a/#", false},     {"a/+", "+/b", false},      {"a/b", "a/+", false},
        {"+/#", "a", true},        {"+/#", "#", false},        {"a/+/c", "a/b/c", true},
        {"a/+/c", "a/+/+", false}, {"#", "$share/g/a", false}, {"$share/g/#", "a", false},
        {"a", "a/#", false},
    };

    for (size_t i = 0; i < COUNT(cases); i++)
        if (mf_mqtt_covers(cases[i].wide, cases[i].narrow) != cases[i].covers)
            fail_msg("%s over %s", cases[i].wide, cases[i].narrow);
}

/* Holes are filled; what comes in through them must leave a topic. */
static void filling(void **state)
{
    struct mf_value text = mf_value_new_text("x/y"), wild = mf_value_new_text("x/#");
    struct mf_value null = mf_value_null();
    struct mf_mqtt_fill fill = {"volt", "meter", &text};
    struct mf_buf buf = {0};
    struct mf_error err;

    assert_int_equal(mf_mqtt_fill("home/{node}/{port}/{topic}!", &fill, &buf, &err), 0);
    assert_string_equal(mf_buf_text(&buf), "home/meter/volt/x/y!");
    mf_buf_clear(&buf);
    fill.topic = &wild;
    assert_int_equal(mf_mqtt_fill("{topic}", &fill, &buf, &err), MF_EINVAL);
    assert_non_null(strstr(err.text, "`x/#` is not a topic"));
    mf_buf_clear(&buf);
    fill.topic = &null;
    assert_int_equal(mf_mqtt_fill("{topic}", &fill, &buf, &err), MF_EINVAL);
    assert_non_null(strstr(err.text, "`meter` came without a topic"));
    mf_buf_done(&buf);
    mf_value_drop(text);
    mf_value_drop(wild);
}

/* ---- addresses ---- */

static void addresses(void **state)
{
    static const struct {
        const char *text, *host;
        int port;
        bool is_tls;
    } right[] = {
        {"mqtt://localhost", "localhost", 1883, false},
        {"mqtts://broker.lan", "broker.lan", 8883, true},
        {"mqtt://10.0.0.5:1884/", "10.0.0.5", 1884, false},
        {"mqtts://[fe80::1]", "fe80::1", 8883, true},
        {"mqtt://[::1]:99", "::1", 99, false},
        {"mqtt://[fe80::1%eth0]:99", "fe80::1%eth0", 99, false},
        {"mqtt://my_broker-2", "my_broker-2", 1883, false},
    };
    static const struct {
        const char *text, *part;
    } wrong[] = {
        {"", "begins with `mqtt://`"},
        {"broker.lan", "begins with `mqtt://`"},
        {"http://broker", "`http` is not a way"},
        {"ws://broker", "web sockets"},
        {"mqtt://", "the name of the host is missing"},
        {"mqtt://:1883", "the name of the host is missing"},
        {"mqtt://joe:secret@broker", "`login` and `password`"},
        {"mqtt://broker:0", "from 1 to 65535"},
        {"mqtt://broker:65536", "from 1 to 65535"},
        {"mqtt://broker:", "from 1 to 65535"},
        {"mqtt://broker:18x", "from 1 to 65535"},
        {"mqtt://broker/topic", "topics belong to nodes"},
        {"mqtt://broker?x=1", "nothing may follow host and port"},
        {"mqtt://fe80::1", "stands in brackets"},
        {"mqtt://[fe80::1", "the `]` behind the address is missing"},
        {"mqtt://[fe80::1]x", "behind the `]`"},
        {"mqtt://[broker]", "an IPv6 address is wanted"},
        {"mqtt://bro ker", "letters, digits"},
    };
    struct mf_arena *arena = mf_arena_new();
    struct mf_mqtt_address address;
    struct mf_error err;
    size_t from, to;

    for (size_t i = 0; i < COUNT(right); i++) {
        assert_int_equal(mf_mqtt_read_address(right[i].text, arena, &address, &from, &to, &err), 0);
        assert_string_equal(address.host, right[i].host);
        assert_int_equal(address.port, right[i].port);
        assert_int_equal(address.is_tls, right[i].is_tls);
    }
    for (size_t i = 0; i < COUNT(wrong); i++) {
        assert_int_equal(mf_mqtt_read_address(wrong[i].text, arena, &address, &from, &to, &err),
                         MF_EINVAL);
        if (!strstr(err.text, wrong[i].part))
            fail_msg("%s: `%s` does not say `%s`", wrong[i].text, err.text, wrong[i].part);
        assert_true(from <= to && to <= strlen(wrong[i].text));
        assert_null(strstr(err.text, "secret"));
    }
    mf_arena_free(arena);
}

/* ---- payloads ---- */

static struct mf_value path_of(const char *text)
{
    struct mf_value path;

    assert_int_equal(mf_path_read(text, strlen(text), &path, NULL), 0);
    return path;
}

/* `pick` takes a part, `time` says when; what is missing is named. */
static void payloads(void **state)
{
    static const char json[] = "{\"a\": {\"b\": [7, 8]}, \"at\": 1767225600}";
    struct mf_value pick = path_of("a.b:1"), time = path_of("at"), none = path_of("a.x");
    struct mf_payload_reading how = {MF_FORMAT_JSON, &pick, &time};
    struct mf_value value;
    const char *reason;
    struct mf_error err;
    int64_t when = 0;

    assert_int_equal(mf_payload_read(&how, json, strlen(json), &value, &when, &reason, &err), 0);
    assert_int_equal(value.integer, 8);
    assert_int_equal(when, INT64_C(1767225600) * MF_SEC);
    how.pick = &none;
    assert_true(mf_payload_read(&how, json, strlen(json), &value, &when, &reason, &err) < 0);
    assert_ptr_equal(reason, mf_reason_missing);
    assert_string_equal(err.text, "there is no `a.x` in it");
    how.pick = NULL;
    how.time = &pick;
    assert_int_equal(mf_payload_read(&how, json, strlen(json), &value, &when, &reason, &err), 0);
    assert_int_equal(when, 8 * MF_SEC);
    mf_value_drop(value);
    assert_true(mf_payload_read(&how, "{", 1, &value, &when, &reason, &err) < 0);
    assert_ptr_equal(reason, mf_reason_decode);
    mf_value_drop(pick);
    mf_value_drop(time);
    mf_value_drop(none);
}

/* Numbers since 1970 are told apart by size, exactly at the edges; text is ISO 8601. */
static void times(void **state)
{
    static const struct {
        const char *json;
        int64_t ns;
    } right[] = {
        {"0", 0},
        {"-1", -MF_SEC},
        {"1767225600", INT64_C(1767225600) * MF_SEC},
        {"1767225600.25", INT64_C(1767225600) * MF_SEC + 250 * MF_MS},
        {"-0.5", -MF_SEC / 2},
        {"9223372036", INT64_C(9223372036) * MF_SEC},
        {"100000000000", INT64_C(100000000000) * MF_MS},
        {"1767225600123", INT64_C(1767225600123) * MF_MS},
        {"1767225600123456", INT64_C(1767225600123456) * MF_US},
        {"1767225600123456789", INT64_C(1767225600123456789)},
        {"\"2026-01-01T00:00:00.5Z\"", INT64_C(1767225600) * MF_SEC + 500 * MF_MS},
        {"\"2026-01-01 01:00:00+01:00\"", INT64_C(1767225600) * MF_SEC},
    };
    static const char *const wrong[] = {"true",          "null",         "[1]",
                                        "\"yesterday\"", "\"\"",         "1e300",
                                        "99999999999",   "9223372036.9", "99999999999999"};
    struct mf_value value;
    struct mf_error err;
    int64_t ns;

    for (size_t i = 0; i < COUNT(right); i++) {
        assert_int_equal(mf_json_read(right[i].json, strlen(right[i].json), &value, &err), 0);
        if (mf_payload_read_time(&value, &ns, &err) < 0)
            fail_msg("%s: %s", right[i].json, err.text);
        if (ns != right[i].ns)
            fail_msg("%s is %lld", right[i].json, (long long)ns);
        mf_value_drop(value);
    }
    for (size_t i = 0; i < COUNT(wrong); i++) {
        assert_int_equal(mf_json_read(wrong[i], strlen(wrong[i]), &value, &err), 0);
        assert_int_equal(mf_payload_read_time(&value, &ns, &err), MF_EINVAL);
        mf_value_drop(value);
    }
}

/* ---- trouble ---- */

static const struct mf_mqtt_setup plain = {
    .host = "broker.lan", .port = 1883, .client_id = "me", .version = 5, .keepalive = 60};

/* Each way to fail has a sentence that names what to set. */
static void troubles(void **state)
{
    static const struct {
        bool is_tls, has_login, was_open, is_lost;
        int connack, disconnect;
        const char *heard, *part;
        int code;
    } cases[] = {
        {.connack = 1, .part = "set `version: 3`", .code = MF_EINVAL},
        {.connack = 132, .part = "set `version: 3`", .code = MF_EINVAL},
        {.connack = 133, .part = "client id `me`", .code = MF_EDENIED},
        {.connack = 5, .part = "set `login` and `password`", .code = MF_EDENIED},
        {.connack = 134, .has_login = true, .part = "the login `joe`", .code = MF_EDENIED},
        {.connack = 136, .part = "cannot serve now", .code = MF_ELINK},
        {.connack = 138, .part = "banned", .code = MF_EDENIED},
        {.connack = 159, .part = "reason 159 (text)", .code = MF_EDENIED},
        {.was_open = true, .disconnect = 142, .part = "`client_id`", .code = MF_EDENIED},
        {.was_open = true, .disconnect = 139, .part = "shutting down", .code = MF_ELINK},
        {.was_open = true, .disconnect = 149, .part = "too large", .code = MF_ELINK},
        {.was_open = true, .is_lost = true, .part = "closed the connection", .code = MF_ELINK},
        {.was_open = true, .disconnect = 2, .part = "broke: text", .code = MF_ELINK},
        {.is_lost = true, .part = "want TLS (`mqtts://`)?", .code = MF_ELINK},
        {.is_tls = true,
         .heard = "OpenSSL Error[0]: error:0A000086:SSL routines::certificate verify failed",
         .part = "set `ca`",
         .code = MF_EDENIED},
        {.is_tls = true,
         .heard = "Error: host name verification failed.",
         .part = "is not for `broker.lan`",
         .code = MF_EDENIED},
        {.is_tls = true,
         .heard = "OpenSSL Error[0]: error:0A00010B:SSL routines::wrong version number",
         .part = "begin with `mqtt://`?",
         .code = MF_EINVAL},
        {.is_tls = true,
         .heard = "OpenSSL Error[0]: error:0A00045C:SSL routines::tlsv13 alert certificate "
                  "required",
         .part = "set `cert` and `key`",
         .code = MF_EDENIED},
        {.is_tls = true,
         .heard = "OpenSSL Error[0]: error:0A000418:SSL routines::tlsv1 alert unknown ca",
         .part = "does not accept the certificate of `cert`",
         .code = MF_EDENIED},
        {.is_tls = true,
         .heard = "Error: Unable to load CA certificates, check cafile \"x\".",
         .part = "no CA certificates",
         .code = MF_EINVAL},
        {.is_tls = true,
         .heard = "Error: Unable to load client key file \"x\".",
         .part = "the file of `key`",
         .code = MF_EINVAL},
        {.is_tls = true,
         .heard = "Error: Unable to load client certificate \"x\".",
         .part = "the file of `cert`",
         .code = MF_EINVAL},
        {.is_tls = true,
         .heard = "something new",
         .part = "failed: something new",
         .code = MF_ELINK},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct mf_mqtt_setup setup = plain;
        struct mf_mqtt_trouble trouble;
        struct mf_error err;

        setup.is_tls = cases[i].is_tls;
        setup.login = cases[i].has_login ? "joe" : NULL;
        mf_mqtt_trouble_init(&trouble, &setup);
        if (cases[i].heard)
            mf_mqtt_trouble_hear(&trouble, cases[i].heard);
        trouble.connack = cases[i].connack;
        trouble.disconnect = cases[i].disconnect;
        trouble.is_lost = cases[i].is_lost;
        assert_int_equal(mf_mqtt_trouble_explain(&trouble, cases[i].was_open, "text", &err),
                         cases[i].code);
        if (!strstr(err.text, cases[i].part))
            fail_msg("`%s` does not say `%s`", err.text, cases[i].part);
        mf_mqtt_trouble_done(&trouble);
    }
}

/* ---- reaching ---- */

/* A host that does not answer is given up: a listener whose queue is full takes no more. */
static void reaching(void **state)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int others[4];
    atomic_bool is_abandoned = false;
    struct mf_error err;

    assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
    getsockname(listener, (struct sockaddr *)&address, &size);
    assert_int_equal(
        mf_mqtt_reach_address((struct sockaddr *)&address, size, MF_SEC, &is_abandoned, &err),
        MF_ELINK);
    assert_string_equal(err.text, "Connection refused");
    assert_int_equal(listen(listener, 0), 0);
    assert_int_equal(
        mf_mqtt_reach_address((struct sockaddr *)&address, size, MF_SEC, &is_abandoned, &err), 0);
    for (unsigned i = 0; i < COUNT(others); i++) {
        others[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        connect(others[i], (struct sockaddr *)&address, size);
    }
    assert_int_equal(
        mf_mqtt_reach_address((struct sockaddr *)&address, size, 200 * MF_MS, &is_abandoned, &err),
        MF_ETIMEOUT);
    atomic_store(&is_abandoned, true);
    assert_int_equal(
        mf_mqtt_reach_address((struct sockaddr *)&address, size, MF_HOUR, &is_abandoned, &err),
        MF_ETIMEOUT);
    for (unsigned i = 0; i < COUNT(others); i++)
        close(others[i]);
    close(listener);
}

/* ---- values of the command line ---- */

static void evaluating(void **state)
{
    static const struct {
        const char *text, *json;
    } right[] = {
        {"5", "5"},        {"{\"a\": [1]}", "{\"a\":[1]}"},
        {"3 * 4", "12"},   {"'a' .. 'b'", "\"ab\""},
        {"1 < 2", "true"}, {"null", "null"},
    };
    static const struct {
        const char *text, *part;
    } wrong[] = {
        {"power", "there is no `power` here"},
        {"1 +", ""},
        {"", ""},
    };
    struct mf_buf buf = {0};
    struct mf_value value;
    struct mf_error err;

    for (size_t i = 0; i < COUNT(right); i++) {
        if (mf_mqtt_evaluate(right[i].text, strlen(right[i].text), &value, &err) < 0)
            fail_msg("%s: %s", right[i].text, err.text);
        mf_buf_clear(&buf);
        mf_json_write(&value, &buf);
        assert_string_equal(mf_buf_text(&buf), right[i].json);
        mf_value_drop(value);
    }
    for (size_t i = 0; i < COUNT(wrong); i++) {
        assert_int_equal(mf_mqtt_evaluate(wrong[i].text, strlen(wrong[i].text), &value, &err),
                         MF_EINVAL);
        assert_non_null(strstr(err.text, wrong[i].part));
    }
    mf_buf_done(&buf);
}

/* ---- what a flow says ---- */

#define BROKER(options) "moat-flow: 1\nlinks: {broker: {mqtt: " options "}}\nnodes:\n"
#define WAVE "  wave: {sim.wave: sine, every: 1s}\n"

/* Options that do not go together are told at their place. */
static void together(void **state)
{
    bench_expect_fault(BROKER("mqtt://localhost, ca: ca.pem") WAVE, "MF0220", "`ca` is for TLS");
    bench_expect_fault(BROKER("mqtts://localhost, cert: c.pem") WAVE, "MF0220", "`key` is missing");
    bench_expect_fault(BROKER("mqtt://localhost, password: x") WAVE, "MF0220", "needs a `login`");
    bench_expect_fault(BROKER("mqtt://localhost, session_expiry: 1h") WAVE, "MF0220",
                       "without a session");
    bench_expect_fault(BROKER("mqtt://localhost, clean: false, version: 3, session_expiry: 1h")
                           WAVE,
                       "MF0220", "needs version 5");
    bench_expect_fault(BROKER("mqtt://localhost") "  in: {mqtt.subscribe: a, format: number, pick: "
                                                  "b}\n  show: {log: info, from: in}\n",
                       "MF0220", "`pick` looks into a map");
    bench_expect_clean(BROKER("mqtts://localhost, clean: false, session_expiry: 1h, login: a, "
                              "password: b, ca: ca.pem, cert: c.pem, key: k.pem, keepalive: 10s, "
                              "will: {topic: state, value: off, qos: 1, retain: true}") WAVE);
}

/* Two nodes that publish to one retained topic fight over it; commands may come from several. */
static void two_writers(void **state)
{
    bench_expect_fault(BROKER("mqtt://localhost") WAVE
                       "  a: {mqtt.publish: state, from: wave, retain: true}\n"
                       "  b: {mqtt.publish: state, from: wave, retain: true}\n",
                       "MF0304", "the retained topic `state`");
    bench_expect_clean(BROKER("mqtt://localhost") WAVE
                       "  a: {mqtt.publish: command, from: wave}\n"
                       "  b: {mqtt.publish: command, from: wave}\n"
                       "  c: {mqtt.publish: \"{node}\", from: wave, retain: true}\n"
                       "  d: {mqtt.publish: \"{node}\", from: wave, retain: true}\n");
}

/* The type of the port follows from the format; `type` says what JSON holds. */
static void types(void **state)
{
    bench_expect_fault(BROKER("mqtt://localhost") "  in: {mqtt.subscribe: a, format: text}\n"
                                                  "  twice: {scale: 2, from: in}\n",
                       "MF0204", "gives text");
    bench_expect_clean(
        BROKER("mqtt://localhost") "  in: {mqtt.subscribe: a, format: number, unit: W}\n"
                                   "  any: {mqtt.subscribe: a, pick: b.c, type: number, unit: kW}\n"
                                   "  sum: {expr: in + any, unit: W}\n"
                                   "  out: {mqtt.publish: out, from: sum}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters),     cmocka_unit_test(topics),     cmocka_unit_test(matching),
        cmocka_unit_test(covering),    cmocka_unit_test(filling),    cmocka_unit_test(addresses),
        cmocka_unit_test(payloads),    cmocka_unit_test(times),      cmocka_unit_test(troubles),
        cmocka_unit_test(reaching),    cmocka_unit_test(evaluating), cmocka_unit_test(together),
        cmocka_unit_test(two_writers), cmocka_unit_test(types),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
