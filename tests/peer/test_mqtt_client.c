/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* nodes/mqtt/client.h on the real library with a real broker, and what it says when it cannot. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/mqtt_cases.h"
#include "tests/support/outsider.h"
#include "tests/support/peer.h"

enum { SKIPPED = 77 };

/* The same as for the broker in memory. */
static void conformance(void **state)
{
    struct peer *peer = peer_new(0, NULL);

    mqtt_cases(peer_port(peer));
    peer_free(peer);
}

static void expect_error(const struct outsider_setup *setup, int code, const char *part)
{
    struct outsider o;
    struct mf_error err = {0};

    assert_int_equal(outsider_try_open(&o, setup, &err), code);
    if (!strstr(err.text, part))
        fail_msg("`%s` does not say `%s`", err.text, part);
}

/* A login that is wrong or missing is said as such, in both versions. */
static void passwords(void **state)
{
    struct peer *peer = peer_new(PEER_PASSWORD, NULL);
    struct outsider o;

    for (int version = 3; version <= 5; version += 2) {
        struct outsider_setup setup = {
            .port = peer_port(peer), .id = "a", .version = version, .login = "flow"};

        setup.password = "right";
        outsider_open(&o, &setup);
        outsider_close(&o);
        setup.password = "wrong";
        expect_error(&setup, MF_EDENIED, "refused the login `flow`: check `login` and `password`");
        setup.login = setup.password = NULL;
        expect_error(&setup, MF_EDENIED, "wants a login: set `login` and `password`");
    }
    peer_free(peer);
}

/* TLS works with the right CA; each way in which it does not names what to set. */
static void tls(void **state)
{
    struct peer *peer = peer_new(PEER_TLS, NULL);
    struct outsider_setup setup = {.port = peer_port(peer), .id = "a", .ca = peer_ca(peer)};
    struct outsider o;

    outsider_open(&o, &setup);
    outsider_subscribe(&o, "secret", 1, 1, 0);
    outsider_publish(&o, "secret", "hush", 1, false);
    outsider_expect(&o, "secret", "hush");
    outsider_close(&o);
    setup.ca = peer_other_ca(peer);
    expect_error(&setup, MF_EDENIED, "set `ca`");
    setup.ca = peer_ca(peer);
    setup.host = "127.0.0.1";
    expect_error(&setup, MF_EDENIED, "is not for `127.0.0.1`");
    setup.host = NULL;
    setup.ca = peer_path(peer, "missing.pem");
    expect_error(&setup, MF_EINVAL, "cannot read the CA certificates");
    setup.ca = peer_path(peer, "mosquitto.conf");
    expect_error(&setup, MF_EINVAL, "holds no CA certificates");
    setup.ca = NULL;
    expect_error(&setup, MF_ELINK, "want TLS (`mqtts://`)?");
    peer_free(peer);
}

/* The other way round: TLS to a broker that speaks none. */
static void tls_to_plain(void **state)
{
    struct peer *with_tls = peer_new(PEER_TLS, NULL), *plain = peer_new(0, NULL);
    struct outsider_setup setup = {.port = peer_port(plain), .id = "a", .ca = peer_ca(with_tls)};
    struct outsider o;
    struct mf_error err = {0};

    assert_true(outsider_try_open(&o, &setup, &err) < 0);
    assert_non_null(strstr(err.text, "TLS"));
    peer_free(plain);
    peer_free(with_tls);
}

/* Nobody there, and a name that leads nowhere. */
static void unreachable(void **state)
{
    struct peer *peer = peer_new(0, NULL);
    struct outsider_setup setup = {.port = peer_port(peer), .id = "a"};

    peer_stop(peer);
    expect_error(&setup, MF_ELINK, "Connection refused");
    setup.host = "no-such-host.invalid";
    expect_error(&setup, MF_ELINK, "the name `no-such-host.invalid` leads nowhere");
    peer_free(peer);
}

/* What the broker does not allow is refused with its reason (only version 5 can say so). */
static void refused(void **state)
{
    struct peer *peer =
        peer_new_with_acl(PEER_PASSWORD, NULL, "user flow\ntopic readwrite allowed/#\n");
    struct outsider o;

    outsider_open(&o,
                  &(struct outsider_setup){
                      .port = peer_port(peer), .id = "a", .login = "flow", .password = "right"});
    outsider_publish(&o, "allowed/x", "1", 1, false);
    assert_int_equal(o.refused, 0);
    outsider_publish(&o, "forbidden/x", "1", 1, false);
    assert_int_equal(o.refused, MF_EDENIED);
    outsider_publish(&o, "forbidden/x", "1", 2, false);
    assert_int_equal(o.refused, MF_EDENIED);
    outsider_close(&o);
    peer_free(peer);
}

/* A second client of the same id throws the first one out, which says what happened. */
static void taken_over(void **state)
{
    struct peer *peer = peer_new(0, NULL);
    struct outsider_setup setup = {.port = peer_port(peer), .id = "twin"};
    struct outsider a, b;

    outsider_open(&a, &setup);
    outsider_open(&b, &setup);
    while (mf_mqtt_client_phase(a.client) != MF_MQTT_CLOSED)
        outsider_turn(&a, 1000);
    assert_non_null(strstr(mf_mqtt_client_error(a.client)->text, "another client"));
    assert_non_null(strstr(mf_mqtt_client_error(a.client)->text, "`twin`"));
    assert_non_null(strstr(mf_mqtt_client_error(a.client)->text, "`client_id`"));
    outsider_close(&a);
    outsider_close(&b);
    peer_free(peer);
}

/* The limits of a broker of version 5 are known after connecting, and kept. */
static void limits(void **state)
{
    struct peer *peer = peer_new(0, "max_packet_size 1000\nmax_inflight_messages 3\n"
                                    "retain_available false\nmax_qos 1\n");
    struct outsider o;
    const struct mf_mqtt_limits *got;
    char large[1200];
    struct mf_error err;
    int mid;

    outsider_open(&o, &(struct outsider_setup){.port = peer_port(peer), .id = "a"});
    got = mf_mqtt_client_limits(o.client);
    assert_int_equal(got->in_flight, 3);
    assert_int_equal(got->max_packet, 1000);
    assert_int_equal(got->max_qos, 1);
    assert_false(got->has_retain);
    assert_true(got->has_ids);
    memset(large, 'x', sizeof(large));
    assert_int_equal(
        mf_mqtt_client_publish(o.client, "a", large, sizeof(large), 1, false, &mid, &err),
        MF_EINVAL);
    assert_non_null(strstr(err.text, "at most 1000 bytes"));
    outsider_publish(&o, "a", "small", 1, false); /* the connection is still there */
    outsider_close(&o);
    peer_free(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conformance),  cmocka_unit_test(passwords),   cmocka_unit_test(tls),
        cmocka_unit_test(tls_to_plain), cmocka_unit_test(unreachable), cmocka_unit_test(refused),
        cmocka_unit_test(taken_over),   cmocka_unit_test(limits),
    };

    if (!child_find("mosquitto"))
        return SKIPPED;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
