/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * MQTT in → expr → MQTT out, against the least that libmosquitto can do.
 *
 *   bench_mqtt MOAT-FLOW [MESSAGES]
 *
 * Starts a broker, and one after the other an echo made of nothing but the
 * library's own loop (this program again) and the flow. Each gets the same messages, so many under
 * way at a time; what counts is the CPU time that the kernel charges to it meanwhile. The rounds
 * alternate, and the best of each is compared.
 */

#include <fcntl.h>
#include <mosquitto.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/base/alloc.h"
#include "engine/base/num.h"
#include "tests/support/flow_run.h"
#include "tests/support/outsider.h"

enum { MESSAGES = 20000, ROUNDS = 3, WARM_UP = 500 };

/* ---- the bare echo ---- */

static int echo_qos;

static void echo_connected(struct mosquitto *mosq, void *self, int rc)
{
    mosquitto_subscribe(mosq, NULL, "in", echo_qos);
}

static void echo_message(struct mosquitto *mosq, void *self, const struct mosquitto_message *m)
{
    mosquitto_publish(mosq, NULL, "out", m->payloadlen, m->payload, echo_qos, false);
}

static int echo(int port, int qos)
{
    struct mosquitto *mosq;

    echo_qos = qos;
    mosquitto_lib_init();
    mosq = mosquitto_new("echo", true, NULL);
    mosquitto_int_option(mosq, MOSQ_OPT_PROTOCOL_VERSION, 5);
    mosquitto_int_option(mosq, MOSQ_OPT_TCP_NODELAY, 1);
    mosquitto_connect_callback_set(mosq, echo_connected);
    mosquitto_message_callback_set(mosq, echo_message);
    if (mosquitto_connect(mosq, "127.0.0.1", port, 60) != MOSQ_ERR_SUCCESS)
        return 1;
    return mosquitto_loop_forever(mosq, -1, 1);
}

/* ---- measuring ---- */

/* ns on a processor, from the kernel's own books. */
static int64_t cpu_of(int pid)
{
    char path[64], text[64] = "";
    int64_t ns = 0;
    int fd;

    snprintf(path, sizeof(path), "/proc/%d/schedstat", pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0 ||
        !mf_num_read_int(text, strcspn(text, " "), &ns))
        fail_msg("no CPU time of %d", pid);
    close(fd);
    return ns;
}

/* Sends `count` messages, `window` at a time, and waits for as many. */
static void pump(struct outsider *o, int count, int window, int qos)
{
    size_t target = o->count + (size_t)count;
    size_t sent = o->count;
    char text[16];

    while (o->count < target) {
        while (sent < target && sent - o->count < (size_t)window) {
            snprintf(text, sizeof(text), "%zu", sent % 1000);
            outsider_send(o, "in", text, qos);
            sent++;
        }
        outsider_turn(o, 1000);
    }
}

/* In pieces, so that the outsider need not keep them all. */
static double per_message(const struct peer *peer, int pid, int count, int window, int qos)
{
    struct outsider o;
    int64_t before, after;

    outsider_open(&o, &(struct outsider_setup){.port = peer_port(peer), .id = "driver"});
    outsider_subscribe(&o, "out", qos, 1, 0);
    pump(&o, WARM_UP, window, qos);
    before = cpu_of(pid);
    for (int done = 0; done < count; done += MESSAGES / 10) {
        pump(&o, MESSAGES / 10, window, qos);
        while (o.count) { /* forget */
            o.count--;
            mf_free(o.list[o.count].topic);
            mf_free(o.list[o.count].payload);
        }
    }
    after = cpu_of(pid);
    outsider_close(&o);
    return (double)(after - before) / count / 1000;
}

static double run_echo(struct peer *peer, const char *self, int count, int window, int qos)
{
    struct child child = {0};
    char port[16], level[4];
    double us;

    snprintf(port, sizeof(port), "%d", peer_port(peer));
    snprintf(level, sizeof(level), "%d", qos);
    child_start(&child, (const char *[]){self, "echo", port, level, NULL});
    peer_wait_for(peer, qos ? "echo 1 in" : "echo 0 in");
    us = per_message(peer, child.pid, count, window, qos);
    child_done(&child);
    return us;
}

static double run_flow(struct peer *peer, int count, int window, int qos)
{
    struct mf_buf flow = {0};
    struct flow_run run;
    double us;

    mf_buf_printf(&flow,
                  "moat-flow: 1\n"
                  "links: {broker: {mqtt: \"mqtt://127.0.0.1:${port}\", client_id: flow}}\n"
                  "nodes:\n"
                  "  in: {mqtt.subscribe: in, format: number, qos: %d}\n"
                  "  twice: {expr: in * 2}\n"
                  "  out: {mqtt.publish: out, from: twice, qos: %d}\n",
                  qos, qos);
    flow_run_start(&run, peer, mf_buf_text(&flow), NULL);
    peer_wait_for(peer, qos ? "flow 1 in" : "flow 0 in");
    us = per_message(peer, run.child.pid, count, window, qos);
    flow_run_end(&run);
    mf_buf_done(&flow);
    return us;
}

static void compare(struct peer *peer, const char *self, int count, int window, int qos)
{
    double echo_us = 1e9, flow_us = 1e9;

    for (int i = 0; i < ROUNDS; i++) {
        double us = run_echo(peer, self, count, window, qos);

        echo_us = us < echo_us ? us : echo_us;
        us = run_flow(peer, count, window, qos);
        flow_us = us < flow_us ? us : flow_us;
    }
    printf("| %d | %d | %.1f µs | %.1f µs | %.2f |\n", qos, window, echo_us, flow_us,
           flow_us / echo_us);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    int64_t count = MESSAGES, port, qos;
    struct peer *peer;

    if (argc == 4 && strcmp(argv[1], "echo") == 0 &&
        mf_num_read_int(argv[2], strlen(argv[2]), &port) &&
        mf_num_read_int(argv[3], strlen(argv[3]), &qos))
        return echo((int)port, (int)qos);
    if (argc < 2 || (argc > 2 && !mf_num_read_int(argv[2], strlen(argv[2]), &count))) {
        fprintf(stderr, "bench_mqtt MOAT-FLOW [MESSAGES]\n");
        return 2;
    }
    setenv("MOAT_FLOW", argv[1], 1);
    peer = peer_new(0, "max_queued_messages 0\nset_tcp_nodelay true\n");
    if (!peer) {
        fprintf(stderr, "mosquitto is not installed\n");
        return 1;
    }
    printf("| QoS | under way | echo | flow | ratio |\n|---|---|---|---|---|\n");
    for (int level = 0; level < 2; level++) {
        compare(peer, argv[0], (int)count, 1, level);
        compare(peer, argv[0], (int)count, 16, level);
    }
    peer_free(peer);
    return 0;
}
